"""A rebalancing tried in the simulator: the heating curve, what is kept of a winter, and the fit's own building."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dhsim.balancing.performance import feedforward_rel
from dhsim.balancing.protocol import BuildingCase, open_building
from dhsim.balancing.trial import Winter, curve_slope_rel, simulated_winter
from dhsim.balancing.trial_truth import drawn_truth, with_heads
from dhsim.balancing.trial_weather import TrialWeather, trial_weather
from dhsim.engine.circuit_truth import true_parameters
from dhsim.errors import DhsimError
from dhsim.units import J_PER_KWH, S_PER_DAY, S_PER_H

BUILDINGS = Path(__file__).parents[3] / "scenarios" / "buildings"


@pytest.fixture(scope="module")
def toy() -> BuildingCase:
    return open_building(BUILDINGS / "toy.yaml")


@pytest.fixture(scope="module")
def small() -> BuildingCase:
    return open_building(BUILDINGS / "flats70.yaml", {"synthetic.flats": 12, "synthetic.risers": 6})


def level(days: float, temp_c: float) -> TrialWeather:
    count = round(days * 24)
    return TrialWeather(np.full(count, temp_c), np.zeros(count), "always alike", True)


def winter(case: BuildingCase, sky: TrialWeather, heads_on: bool = False, **options: float) -> Winter:
    hidden = drawn_truth(case, np.random.default_rng(2))
    zones = with_heads(case, hidden.zones, heads_on, 21.0)
    return simulated_winter(case.building, zones, sky, friction=case.friction, **options)


class TestHeatingCurve:
    def test_one_zone_gives_the_papers_feedforward(self, toy: BuildingCase) -> None:
        hidden = drawn_truth(toy, np.random.default_rng(2)).zones
        alike = replace(
            hidden, zones=hidden.zones._replace(**{k: np.full(3, v[0]) for k, v in hidden.zones._asdict().items()})
        )
        nu = np.full(3, 3e-6)
        theta = alike.zones.ua_outdoor_w_k / alike.zones.heat_capacity_j_k
        assert curve_slope_rel(alike, nu) == pytest.approx(-feedforward_rel(theta, nu), rel=1e-12)

    @pytest.mark.parametrize("temp_c", [-15.0, 0.0, 8.0])
    def test_keeps_the_mean_in_steady_weather_with_linear_radiators(self, small: BuildingCase, temp_c: float) -> None:
        made = winter(small, level(90, temp_c), settling_days=85)
        assert made.temp_mean_zone_c.mean() == pytest.approx(21.0, abs=1e-3)
        assert made.temp_mean_zone_c.std() > 0.1

    def test_keeps_the_mean_with_walls_and_exponents_at_the_weather_it_was_made_for(self, toy: BuildingCase) -> None:
        assert winter(toy, level(90, -5.0), settling_days=85).temp_mean_zone_c.mean() == pytest.approx(21.0, abs=0.02)

    def test_no_heat_is_refused(self, toy: BuildingCase) -> None:
        hidden = drawn_truth(toy, np.random.default_rng(2)).zones
        with pytest.raises(DhsimError, match="no flat gets heat"):
            curve_slope_rel(hidden, np.zeros(3))


class TestWinter:
    def test_heat_of_the_water_is_what_the_flats_lose_in_steady_weather(self, toy: BuildingCase) -> None:
        made = winter(toy, level(90, -5.0), settling_days=80)
        hidden = drawn_truth(toy, np.random.default_rng(2)).zones
        lost_w = hidden.zones.ua_outdoor_w_k @ (made.temp_mean_zone_c + 5.0)
        assert made.heat_kwh == pytest.approx(lost_w * 10 * S_PER_DAY / J_PER_KWH, rel=1e-3)

    def test_work_of_the_pump_is_rise_times_flow(self, toy: BuildingCase) -> None:
        made = winter(toy, level(20, 0.0), settling_days=10)
        flow_m3_s = made.flow_l_h / 1000.0 / S_PER_H
        expected_kwh = toy.building.dp_pump_pa * flow_m3_s * 10 * S_PER_DAY / J_PER_KWH
        assert made.energy_pump_kwh == pytest.approx(expected_kwh, rel=1e-9)

    def test_heads_throttle_what_is_too_warm(self, small: BuildingCase) -> None:
        sky = trial_weather(30, seed=3)
        off, on = (winter(small, sky, heads_on) for heads_on in (False, True))
        assert on.flow_l_h < off.flow_l_h
        assert on.temp_mean_zone_c.max() < off.temp_mean_zone_c.max() - 0.2
        assert on.spread_mean_k < off.spread_mean_k
        assert on.angle_rad == off.angle_rad  # the truth of the settings, heads off

    def test_days_to_settle_are_left_out(self, toy: BuildingCase) -> None:
        made = winter(toy, level(20, 0.0), settling_days=15)
        assert made.kept("temp_zone_c").shape == (5 * 96, 3)

    def test_truth_is_that_of_the_simulated_zones(self, small: BuildingCase) -> None:
        made = winter(small, level(2, 0.0), settling_days=0)
        hidden = drawn_truth(small, np.random.default_rng(2)).zones
        assert made.truth.nu_per_s == pytest.approx(true_parameters(small.building, hidden).nu_per_s, rel=1e-9)
