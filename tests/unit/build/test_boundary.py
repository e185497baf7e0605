"""What happens on the time grid: the plant's supply, season, groups of hours and the ground."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dhsim.build.boundary import (
    WARM_UP_DAYS,
    build_boundary,
    change_point_c,
    counted_of,
    ground_of,
    group_of,
    plant_supply_c,
    season_of,
)
from dhsim.build.weather import make_weather
from dhsim.errors import ScenarioError
from dhsim.model.boundary import ABOVE_CPT, BELOW_CPT, N_CLASS, OUT_OF_SEASON


def test_operational_line_with_floor_cap_and_overshoot(small_scenario):
    scenario = small_scenario("baseline")
    cpt = change_point_c(scenario)
    outdoor = np.array([-40.0, -28.0, -14.0, cpt - 1e-9, cpt, 10.0, 25.0])
    middle = 110.0 - 40.0 * (-14.0 + 28.0) / (cpt + 28.0)
    expected = [110.0, 110.0, middle, 70.0, 77.2, 77.2, 77.2]
    np.testing.assert_allclose(plant_supply_c(scenario, outdoor), expected, atol=1e-6)


def test_design_line_is_the_curve_between_floor_and_cap(small_scenario):
    scenario = small_scenario("baseline", {"plant.line": "design", "plant.overshoot_k": 0.0})
    outdoor = np.array([-30.0, -10.0, 0.0, 5.0])
    q = 30.0 / 57.0, 20.0 / 57.0
    on_curve = [20.0 + 62.5 * load**0.8 + 67.5 * load for load in q]
    np.testing.assert_allclose(plant_supply_c(scenario, outdoor), [110.0, *on_curve, 70.0], atol=1e-9)


def test_points_replace_the_line_and_are_constant_outside(small_scenario):
    points = {"plant.line": "points", "plant.points": [[-20, 120], [0, 80], [10, 60]], "plant.overshoot_k": 0.0}
    supply = plant_supply_c(small_scenario("baseline", points), np.array([-30.0, -5.0, 5.0, 20.0]))
    np.testing.assert_allclose(supply, [120.0, 90.0, 70.0, 60.0])


def test_operational_line_cannot_start_above_the_change_point(small_scenario):
    scenario = small_scenario("baseline", {"plant.operational_temp_outdoor_c": 1.0})
    with pytest.raises(ScenarioError, match=r"plant\.operational_temp_outdoor_c: must be below the CPT of 0\.32"):
        plant_supply_c(scenario, np.array([0.0]))


@pytest.mark.parametrize(("rule", "value"), [("always", 1), ("never", 0)])
def test_season_can_be_said(small_scenario, rule, value):
    season = season_of(small_scenario(overrides={"heat_load.heating_season": rule}), np.full(96, 15.0), 96)
    assert np.all(season == value)


def test_season_follows_five_days_of_weather(small_scenario):
    outdoor = np.repeat([2.0] * 10 + [15.0] * 10, 24)
    season = season_of(small_scenario(), outdoor, 24)
    assert season[0] == 1
    assert season[-1] == 0
    assert np.count_nonzero(np.diff(season)) == 1


def test_first_days_of_a_season_do_not_count_for_comfort():
    season = np.repeat([1, 0, 1, 1, 1, 1, 1], 4)
    counted = counted_of(season, 4)
    assert WARM_UP_DAYS == 3
    np.testing.assert_array_equal(counted, np.repeat([1, 0, 0, 0, 0, 1, 1], 4))
    np.testing.assert_array_equal(season, np.repeat([1, 0, 1, 1, 1, 1, 1], 4))  # not written to


def test_groups_are_month_and_class():
    time = pd.DatetimeIndex(["2021-01-31 23:00", "2021-02-01 00:00", "2021-07-01 00:00", "2021-12-31 23:00"])
    group = group_of(time, np.array([-10.0, 5.0, 5.0, 0.3]), np.array([1, 1, 0, 1]), 0.3)
    assert group.tolist() == [BELOW_CPT, N_CLASS + ABOVE_CPT, 6 * N_CLASS + OUT_OF_SEASON, 11 * N_CLASS + BELOW_CPT]


def test_ground_of_a_short_run_of_an_unknown_year_is_its_mean(small_scenario):
    weather = dataclasses.replace(make_weather(small_scenario()), year=None)
    np.testing.assert_array_equal(ground_of(weather), np.full(len(weather.time), weather.temp_outdoor_c.mean()))


def test_ground_of_a_year_is_damped_and_late(small_scenario):
    year = {"time.start": "2021-01-01", "time.days": 365, "time.step_min": 60}
    weather = make_weather(small_scenario(overrides=year))
    day = np.arange(len(weather.time)) / 24.0
    swing = 2.0 - 18.0 * np.cos(2.0 * np.pi * (day - 15.0) / 365.25)
    ground = ground_of(dataclasses.replace(weather, temp_outdoor_c=swing, year=None))
    # damping depth sqrt(2 a / omega) = 2.46 m: at 1.5 m the swing is exp(-0.61) of the air's and 35 days late
    depth = np.sqrt(2.0 * 0.6e-6 * 365.25 * 86400.0 / (2.0 * np.pi))
    assert ground.mean() == pytest.approx(2.0, abs=0.1)
    assert np.ptp(ground) / 2.0 == pytest.approx(18.0 * np.exp(-1.5 / depth), rel=0.01)
    assert day[ground.argmin()] == pytest.approx(15.0 + 365.25 / (2.0 * np.pi) * 1.5 / depth, abs=1.0)


def test_a_week_has_the_ground_of_its_year(small_scenario):
    year = {"time.start": "2021-01-01", "time.days": 365}
    whole, week = (make_weather(small_scenario(overrides=said)) for said in (year, {}))
    assert len(week.time) == 7 * 96
    ground = pd.Series(ground_of(whole), whole.time)[week.time]
    np.testing.assert_allclose(ground_of(week), ground, atol=0.05)


def test_boundary_is_whole_and_its_peak_sizes_the_heaters(small_scenario):
    scenario = small_scenario(overrides={"time.step_min": 30, "time.days": 3})
    boundary, peak = build_boundary(scenario)
    n = 3 * 48
    assert boundary.step_s == 1800.0
    assert boundary.time[0] == pd.Timestamp("2021-03-25")
    for name, values in boundary.arrays._asdict().items():
        assert len(values) == n, name
        assert np.all(np.isfinite(values)), name
    assert boundary.arrays.heat_gain_w.shape == boundary.arrays.mass_flow_tap_kg_s.shape == (n, 4)
    assert np.all(boundary.arrays.dp_available_pa == 170e3)
    heat = boundary.arrays.mass_flow_tap_kg_s * 4190.0 * (60.0 - boundary.arrays.temp_cold_c)[:, np.newaxis]
    np.testing.assert_allclose(peak.heat_flow_w, heat.max(axis=0), rtol=1e-12)
    assert peak.heat_flow_total_w == pytest.approx(heat.sum(axis=1).max(), rel=1e-12)
    assert peak.heat_flow_total_w <= peak.heat_flow_w.sum()
    assert "synthetic" in boundary.weather_source


def test_constant_weather_has_no_sun(small_scenario):
    boundary, _ = build_boundary(small_scenario(overrides={"weather": {"constant_temp_outdoor_c": -7.5}}))
    assert np.all(boundary.arrays.temp_outdoor_c == -7.5)
    assert np.all(boundary.arrays.irradiance_w_m2 == 0.0)


def test_points_of_the_plant_are_neither_floored_nor_capped(small_scenario: Any) -> None:
    points = [[-30.0, 130.0], [0.0, 60.0], [10.0, 50.0]]
    scenario = small_scenario("baseline", {"plant.line": "points", "plant.points": points, "plant.overshoot_k": 0.0})
    found = plant_supply_c(scenario, np.array([-30.0, -15.0, 10.0, 20.0]))
    assert found == pytest.approx([130.0, 95.0, 50.0, 50.0])


def test_an_operational_line_that_ends_above_the_cpt_is_refused(small_scenario: Any) -> None:
    scenario = small_scenario("baseline", {"plant.operational_temp_outdoor_c": 5.0})
    with pytest.raises(ScenarioError, match=r"operational_temp_outdoor_c: must be below the CPT"):
        plant_supply_c(scenario, np.array([0.0]))


def test_a_short_run_stands_on_the_ground_of_its_year(small_scenario: Any) -> None:
    week, _ = build_boundary(small_scenario("baseline"))
    year, _ = build_boundary(small_scenario("baseline", {"time.start": "2021-01-01", "time.days": 365}))
    first = int(year.time.searchsorted(week.time[0]))
    piece = year.arrays.temp_ground_c[first : first + len(week.time)]
    assert week.arrays.temp_ground_c == pytest.approx(piece, abs=1e-9)
