from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dhsim.report import selection
from dhsim.study.types import Comparison


def test_block_mean_leaves_out_an_unfinished_block() -> None:
    values = np.arange(7.0)[:, None]
    assert selection.block_mean(values, 3).ravel().tolist() == [1.0, 4.0]


def test_hourly_means_of_quarter_hours(make_comparison) -> None:
    run = make_comparison(("baseline",), days=3, step_s=900.0).runs[0]
    frame = selection.hourly(run, "temp_outdoor_c")
    raw = run.solution.arrays["temp_outdoor_c"][:, 0]
    assert len(frame) == 72
    assert frame["substation"].iloc[5] == pytest.approx(raw[20:24].mean())
    assert frame.index[5] == run.solution.time[20]


def test_points_are_of_the_heating_season_only(comparison: Comparison) -> None:
    run = comparison.runs[0]
    points = selection.supply_return_points(run)
    season = selection.heating_season(run)
    assert season[points.index].all()
    assert 0 < len(points) < 0.25 * len(season)


def test_spring_week_is_seven_days_of_spring_near_the_cpt(comparison: Comparison) -> None:
    run = comparison.runs[0]
    start, end = selection.spring_week(run)
    assert end - start == pd.Timedelta(days=7)
    assert start.month in selection.MONTHS_SPRING
    mean = selection.week_frame(run, start, end)["temp_outdoor_c"].mean()
    assert abs(mean - run.score.cpt_c - 2.0) < 2.0


def test_a_run_shorter_than_a_week_is_shown_whole(make_comparison) -> None:
    run = make_comparison(("baseline",), days=3).runs[0]
    start, end = selection.spring_week(run)
    assert (start, end) == (run.solution.time[0], run.solution.time[-1] + pd.Timedelta(hours=1))


def test_duration_curve_falls_and_keeps_its_ends(comparison: Comparison) -> None:
    run = comparison.runs[1]
    curve = selection.duration_curve(run)
    load_kw = run.solution.arrays["heat_flow_primary_w"][:, 0] / 1e3
    assert (np.diff(curve) <= 0).all()
    assert curve.iloc[0] == pytest.approx(load_kw.max())
    assert curve.iloc[-1] == pytest.approx(load_kw.min())
    assert len(curve) == 400


def test_bands_add_up_to_the_hours_of_the_season(comparison: Comparison) -> None:
    run = comparison.runs[0]
    bands = selection.indoor_bands(run)
    assert bands.to_numpy().sum() == pytest.approx(selection.heating_season(run).sum())
    rooms = run.solution.arrays["temp_indoor_c"][run.case.boundary.arrays.heating_season == 1]
    assert bands["below 18"].sum() == pytest.approx((rooms < 18.0).mean() * len(rooms))


def test_daily_extremes_are_buildings_not_hours(comparison: Comparison) -> None:
    daily = selection.indoor_daily(comparison.runs[0])
    assert (daily["coldest"] <= daily["mean"]).all()
    assert (daily["mean"] <= daily["warmest"]).all()
    first = comparison.runs[0].solution.arrays["temp_indoor_c"][:24].mean(axis=0)
    assert daily["coldest"].iloc[0] == pytest.approx(first.min())


def test_months_split_the_space_heating(comparison: Comparison) -> None:
    score = comparison.runs[0].score
    months = selection.heat_by_month(score)
    assert (months["needed"] + months["excess"]).sum() == pytest.approx(score.energy.year.heat_sh_mwh)


def test_profiles_are_by_type_and_in_kw(comparison: Comparison) -> None:
    profiles = selection.day_profiles(comparison.runs[0])
    assert list(profiles) == ["residential", "office"]
    assert profiles["office"].shape == (24, 2)
    assert 50.0 < profiles["residential"]["sh"].mean() < 400.0


def test_summer_is_out_of_season(comparison: Comparison) -> None:
    run = comparison.runs[0]
    stretches = selection.out_of_season(run)
    hours = sum((end - start) / pd.Timedelta(hours=1) for start, end in stretches)
    assert hours == pytest.approx((~selection.heating_season(run)).sum())
    assert any(start < pd.Timestamp("2021-07-01") < end for start, end in stretches)
