"""Rooms judged by hand-made integrals and by a run."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from dhsim.assess.comfort import assess_comfort
from dhsim.engine import simulate

HOUR = 3600.0


@pytest.fixture(scope="module")
def case(small_case):
    return small_case("baseline", {"time.days": 5})


@pytest.fixture(scope="module")
def solution(case):
    return simulate(case)


def test_integrals_become_hours_and_means(case, solution):
    totals = {name: np.zeros_like(values) for name, values in solution.totals.items()}
    totals["seconds_counted"][0] = 100 * HOUR
    totals["temp_indoor_ks"][0] = 100 * HOUR * np.array([19.0, 20.0, 21.0, 24.0])
    totals["overheating_ks"][0] = HOUR * np.array([0.0, 0.0, 0.0, 200.0])
    totals["underheating_ks"][0] = HOUR * np.array([100.0, 0.0, 0.0, 0.0])
    totals["seconds_in_band"][0] = 100 * HOUR * np.array([0.0, 1.0, 1.0, 0.0])
    made = dataclasses.replace(
        solution,
        totals=totals,
        temp_indoor_min_c=np.array([17.0, 19.5, 20.5, 22.0]),
        temp_indoor_max_c=np.array([20.0, 20.5, 21.5, 26.0]),
    )
    score = assess_comfort(made, case.system)
    assert score.temp_mean_c == pytest.approx(21.0)
    assert (score.temp_coldest_c, score.coldest_building) == (17.0, "a")
    assert (score.temp_warmest_c, score.warmest_building) == (26.0, "d")
    assert (score.overheating_kh, score.underheating_kh) == pytest.approx((50.0, 25.0))
    assert score.share_in_band == pytest.approx(0.5)
    assert score.by_building.loc["d", "overheating_kh"] == pytest.approx(200.0)
    assert score.by_building["type"].tolist() == ["residential", "office", "residential", "residential"]


def test_a_run_is_judged_by_its_series(case, solution):
    score = assess_comfort(solution, case.system)
    rooms = solution.arrays["temp_indoor_c"]
    assert np.all(case.boundary.arrays.comfort_counted == 1)
    np.testing.assert_allclose(score.by_building["temp_mean_c"], rooms.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(score.by_building["temp_max_c"], rooms.max(axis=0), rtol=1e-12)
    np.testing.assert_allclose(score.by_building["temp_min_c"], rooms.min(axis=0), rtol=1e-12)
    over = np.maximum(rooms - 22.0, 0.0).sum(axis=0) * solution.step_s / HOUR
    np.testing.assert_allclose(score.by_building["overheating_kh"], over, rtol=1e-9)
    inside = ((rooms >= 20.0) & (rooms <= 22.0)).mean(axis=0)
    np.testing.assert_allclose(score.by_building["share_in_band"], inside, rtol=1e-9)


def test_summer_has_no_verdict(small_case):
    case = small_case("baseline", {"time.start": "2021-07-05", "time.days": 3})
    score = assess_comfort(simulate(case), case.system)
    assert math.isnan(score.temp_mean_c)
    assert math.isnan(score.temp_coldest_c)
    assert math.isnan(score.share_in_band)
    assert (score.coldest_building, score.warmest_building) == ("", "")
    assert (score.overheating_kh, score.underheating_kh) == (0.0, 0.0)


def test_heat_of_the_buildings_adds_up(case, solution):
    table = assess_comfort(solution, case.system).by_building
    assert table["heat_sh_mwh"].sum() == pytest.approx(solution.totals["heat_sh_j"].sum() / 3.6e9)
    assert table["heat_dhw_mwh"].sum() == pytest.approx(solution.totals["heat_tap_j"].sum() / 3.6e9)
