"""The closed loop of a rebalancing, tried on synthetic buildings whose true leakage and heat supply stay hidden.

A winter is simulated with the building as it stands, its heads off; noisy readings of it are all that the method gets.
It identifies, optimises and rounds; the valves are turned, and the same winter is simulated again with the truth.
`pytest -m "slow or not slow" -s` on this file prints the tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from dhsim.balancing.classical import classical_balancing
from dhsim.balancing.expectation import Expectation, expectation
from dhsim.balancing.hydraulics import solve_flows
from dhsim.balancing.identification import identify
from dhsim.balancing.kalman import identify_kalman
from dhsim.balancing.pareto import pareto, rounded
from dhsim.balancing.performance import Performance, angle_rad, feedforward_rel, performance
from dhsim.balancing.posterior import Posterior
from dhsim.balancing.protocol import BuildingCase, open_building
from dhsim.balancing.synthetic import SyntheticWeather, synthetic_weather
from dhsim.balancing.synthetic_building import SyntheticBuilding
from dhsim.balancing.valves import levels_pa_s2_m6
from dhsim.engine.circuit import simulate_building
from dhsim.engine.circuit_drive import BuildingDrive, supply_series
from dhsim.engine.circuit_run import BuildingRun
from dhsim.engine.circuit_truth import SensorReadings, TrueParameters, sensor_readings, true_parameters
from dhsim.engine.circuit_zones import thermostats_of, zones_of_truth
from dhsim.model.building import Building
from dhsim.model.zones import BuildingZones
from dhsim.network.parts import Floats
from dhsim.units import H_PER_DAY, S_PER_DAY, S_PER_H

pytest.importorskip("casadi", reason="the Pareto optimiser needs the extra [balancing]")

SCENARIO = Path(__file__).parents[2] / "scenarios" / "buildings" / "flats70.yaml"
TEMP_REF_C = 21.0
ZETA = 0.5
SETTLING_DAYS = 20
"""Left out of what is read and compared: the winter starts with all rooms alike, which would tell too much."""
STEP_S = 900.0
"""Of the simulator; it steps implicitly, and at an hour its rooms would seem 0.7 % slower than they are."""
NOISE_K = 0.05
SHARE_FEW = 10.0 / 61.0
"""Of the risers, as many as the technician of the case study touched."""
KEEP_FLOW_REL = 1e-3


class World(NamedTuple):
    """How the simulated building differs from the method's model: by default not at all."""

    exponent: float = 1.0
    ua_neighbour_w_k: float = 0.0
    gain_w: float = 0.0
    """Mean of people and appliances in each flat; with it as much noise."""
    heat_capacity_radiator_j_k: float = 0.0


OF_THE_PAPER = World()
ROUGH = World(exponent=1.3, ua_neighbour_w_k=20.0, gain_w=150.0, heat_capacity_radiator_j_k=3.0e4)


class Winter(NamedTuple):
    """One simulated winter."""

    run: BuildingRun
    truth: TrueParameters

    @property
    def spread_k(self) -> float:
        return self.run.mean_spread_k(SETTLING_DAYS * S_PER_DAY)

    @property
    def temp_mean_c(self) -> float:
        return float(self.run["temp_zone_c"][round(SETTLING_DAYS * S_PER_DAY / self.run.step_s) :].mean())

    @property
    def angle_rad(self) -> float:
        return angle_rad(self.truth.theta_per_s, self.truth.nu_per_s)


class Case(NamedTuple):
    """A building, its winter's weather and the world it stands in."""

    opened: BuildingCase
    truth: SyntheticBuilding
    weather: SyntheticWeather
    world: World

    def zones(self, building: Building, heads_on: bool) -> BuildingZones:
        order = np.arange(building.n_zone)
        return zones_of_truth(
            building,
            self.truth.theta_per_s,
            self.truth.heat_loss_w_k,
            self.truth.ua_radiator_w_k,
            exponent=self.world.exponent,
            excess_ref_k=15.0,
            trvs=thermostats_of(building, temp_set_c=TEMP_REF_C, head_on=int(heads_on)),
            neighbours=list(zip(order[:-1].tolist(), order[1:].tolist(), strict=True)),
            ua_neighbour_w_k=self.world.ua_neighbour_w_k,
            heat_capacity_radiator_j_k=self.world.heat_capacity_radiator_j_k,
        )

    def winter(self, building: Building, heads_on: bool = False) -> Winter:
        """Return the winter with the heating curve that suits these valves best, as an operator would find it."""
        zones = self.zones(building, heads_on)
        outdoor_c, usual_c = (np.repeat(series, round(S_PER_H / STEP_S)) for series in self.weather)
        # the point of operation of the mean winter's day: with exponent 1 it does not matter
        truth = true_parameters(building, zones, temp_supply_c=2.0 * TEMP_REF_C - float(outdoor_c.mean()))
        slope = feedforward_rel(truth.theta_per_s, truth.nu_per_s)
        plant_k = usual_c - (2.0 * TEMP_REF_C - outdoor_c)
        supply = supply_series(TEMP_REF_C - slope * (TEMP_REF_C - outdoor_c) + plant_k)
        random = np.random.default_rng(3)
        gain_w = self.world.gain_w * (1.0 + random.standard_normal((outdoor_c.size, building.n_zone)))
        drive = BuildingDrive(outdoor_c, supply, heat_gain_w=gain_w)
        return Winter(simulate_building(building, zones, drive, STEP_S, temp_start_c=TEMP_REF_C), truth)


class Trial(NamedTuple):
    """One rebalancing: what was expected of it, and what it did."""

    expected: Expectation
    bounds: Performance
    """For the true leakage and heat supply."""
    nu_outside_rel: float
    """Share of the flats whose true heat supply left its box of eq. (27): flats of several radiators can."""
    nu_beyond_rel: float
    """By how much at most, over the true heat supply before."""
    off: Winter
    on: Winter
    fit: Posterior
    """Of the winter with heads off."""


class Loop(NamedTuple):
    """The whole loop for one building."""

    case: Case
    off: Winter
    on: Winter
    fit: Posterior
    trials: dict[str, Trial]


def readings_of(winter: Winter, seed: int) -> SensorReadings:
    whole = sensor_readings(winter.run, S_PER_H, np.random.default_rng(seed), noise_sd_k=NOISE_K)
    return SensorReadings(*(series[round(SETTLING_DAYS * H_PER_DAY) :] for series in whole))


def fitted(winter: Winter, seed: int) -> Posterior:
    readings = readings_of(winter, seed)
    series = readings.temp_zone_c, readings.temp_supply_c, readings.temp_outdoor_c
    return identify_kalman(*series, S_PER_H, zone_ids=winter.run.zone_ids)


def settings_of(case: Case, fit: Posterior) -> Iterator[tuple[str, Floats]]:
    """Give the settings to be tried, by name; as a hand can set them but for the few, which keep the total flow."""
    building, types = case.opened.building, case.opened.valve_types
    risers, levels = case.truth.riser_valves, levels_pa_s2_m6(building, types)
    few = {"max_changed": max(2, round(SHARE_FEW * risers.size)), "total_flow_tolerance_rel": KEEP_FLOW_REL}
    for name, free, limits in (("riser valves", risers, {}), ("few risers", risers, few), ("all valves", None, {})):
        front = pareto(building, fit.theta_per_s, fit.nu_per_s, [ZETA], free, **limits)  # type: ignore[arg-type]
        point = front.points[0]
        if not limits:
            free_levels = {v: k for v, k in levels.items() if v in set(front.search.free.tolist())}
            point = rounded(front, point, free_levels)
        yield name, point.resistance_valves_pa_s2_m6
    yield "classical", classical_balancing(building, case.opened.flow_design_m3_s, types).resistance_set_pa_s2_m6


def tried(case: Case, fit: Posterior, settings: Floats, before: TrueParameters) -> Trial:
    present, new = case.opened.building, case.opened.building.with_valves(settings)
    ratio = solve_flows(new).flow_zone_m3_s / solve_flows(present).flow_zone_m3_s
    off = case.winter(new)
    moved = off.truth.nu_per_s / before.nu_per_s
    beyond = np.maximum(np.minimum(ratio, 1.0) - moved, moved - np.maximum(ratio, 1.0))
    return Trial(
        expected=expectation(fit, ratio, temp_outdoor_c=float(case.weather.temp_outdoor_c.mean())),
        bounds=performance(before.theta_per_s, before.nu_per_s, ratio),
        nu_outside_rel=float((beyond > 1e-9).mean()),
        nu_beyond_rel=max(float(beyond.max()), 0.0),
        off=off,
        on=case.winter(new, heads_on=True),
        fit=fitted(off, seed=6),
    )


def case_of(flats: int, risers: int, days: int, world: World) -> Case:
    opened = open_building(SCENARIO, {"synthetic.flats": flats, "synthetic.risers": risers})
    assert opened.truth is not None
    weather = synthetic_weather(round(days * H_PER_DAY), S_PER_H, np.random.default_rng(4))
    return Case(opened, opened.truth, weather, world)


@cache
def loop_of(flats: int, risers: int, days: int, world: World) -> Loop:
    case = case_of(flats, risers, days, world)
    building = case.opened.building
    off, on = case.winter(building), case.winter(building, heads_on=True)
    fit = fitted(off, seed=5)
    trials = {name: tried(case, fit, settings, off.truth) for name, settings in settings_of(case, fit)}
    return Loop(case, off, on, fit, trials)


def table_of(loop: Loop) -> pd.DataFrame:
    """Return what was expected and what came, one row a rebalancing."""
    rows = {
        "before": {"phi true": loop.off.angle_rad, "phi fitted": loop.fit.angle_rad(), **_spreads(loop.off, loop.on)}
    }
    for name, trial in loop.trials.items():
        angle = trial.expected.angle_rad
        rows[name] = {
            "phi true": trial.off.angle_rad,
            "phi fitted": trial.fit.angle_rad(),
            "low": angle.after.low,
            "high": angle.after.high,
            "usual low": angle.usual.low,
            "usual high": angle.usual.high,
            "box low": trial.bounds.angle_best_rad,
            "box high": trial.bounds.angle_worst_rad,
            "nu outside": trial.nu_outside_rel,
            "nu beyond": trial.nu_beyond_rel,
            **_spreads(trial.off, trial.on),
        }
    return pd.DataFrame(rows).T


def _spreads(off: Winter, on: Winter) -> dict[str, float]:
    heat = on.run.totals["heat_water_j"] / off.run.totals["heat_water_j"]
    flow = float(on.run["mass_flow_kg_s"].mean() / off.run["mass_flow_kg_s"].mean())
    spreads = {"spread off": off.spread_k, "spread on": on.spread_k, "mean off": off.temp_mean_c}
    return spreads | {"mean on": on.temp_mean_c, "heat on/off": heat, "flow on/off": flow}


def shown(title: str, loop: Loop) -> None:
    with pd.option_context("display.width", 220, "display.max_columns", 20):
        print(f"\n{title} (synthetic)\n{table_of(loop).round(4).to_string()}")


SMALL = (12, 6, 80, OF_THE_PAPER)
WHOLE = (70, 61, 150, OF_THE_PAPER)
ROUGH_WHOLE = (70, 61, 150, ROUGH)
SIZES = [
    pytest.param(SMALL, id="12-flats"),
    pytest.param(WHOLE, id="70-flats", marks=pytest.mark.slow),
]
OPTIMISED = ("riser valves", "few risers", "all valves")


@pytest.mark.parametrize("which", SIZES)
class TestWorldOfThePaper:
    """Linear radiators, no neighbours, no gains: what the method assumes, but for flats of several radiators."""

    def test_is_shown(self, which: tuple[int, int, int, World]) -> None:
        loop = loop_of(*which)
        shown(f"{which[0]} flats, {which[2]} days, the paper's world", loop)
        assert abs(loop.off.run.balance_rel) < 1e-9

    def test_the_truth_is_found_from_noisy_readings(self, which: tuple[int, int, int, World]) -> None:
        loop = loop_of(*which)
        low, high = loop.fit.theta_interval_per_s(0.9999)
        theta = loop.off.truth.theta_per_s
        assert ((low <= theta) & (theta <= high)).all()
        assert loop.fit.angle_rad() == pytest.approx(loop.off.angle_rad, rel=0.03)

    @pytest.mark.parametrize("name", OPTIMISED)
    def test_rooms_come_closer_together(self, which: tuple[int, int, int, World], name: str) -> None:
        loop = loop_of(*which)
        assert loop.trials[name].off.spread_k < loop.off.spread_k
        assert loop.trials[name].off.angle_rad < loop.off.angle_rad

    @pytest.mark.parametrize("name", [*OPTIMISED, "classical"])
    def test_angle_lies_in_the_predicted_interval(self, which: tuple[int, int, int, World], name: str) -> None:
        trial = loop_of(*which).trials[name]
        expected = trial.expected.angle_rad.after
        assert expected.low <= trial.off.angle_rad <= expected.high
        assert expected.low <= trial.fit.angle_rad() <= expected.high

    @pytest.mark.parametrize("name", [*OPTIMISED, "classical"])
    def test_spread_lies_in_the_predicted_interval(self, which: tuple[int, int, int, World], name: str) -> None:
        # the steady spread of the mean winter's day, for the truth
        trial = loop_of(*which).trials[name]
        cold_k = TEMP_REF_C - trial.expected.temp_outdoor_c
        share = trial.off.truth.nu_per_s / (trial.off.truth.theta_per_s + trial.off.truth.nu_per_s)
        spread_k = cold_k * share.std(ddof=1) / share.mean()
        assert trial.expected.spread_k.after.low <= spread_k <= trial.expected.spread_k.after.high

    def test_all_valves_do_more_than_risers_and_these_more_than_the_plan(
        self, which: tuple[int, int, int, World]
    ) -> None:
        trials = loop_of(*which).trials
        assert trials["all valves"].off.spread_k < trials["riser valves"].off.spread_k
        assert trials["all valves"].off.spread_k < trials["classical"].off.spread_k

    def test_heads_only_throttle(self, which: tuple[int, int, int, World]) -> None:
        # beyond that nothing must be so: what heads do to spread, mean and heat stands in the table
        loop = loop_of(*which)
        for off, on in [(loop.off, loop.on), *((trial.off, trial.on) for trial in loop.trials.values())]:
            assert (on.run["mass_flow_kg_s"] <= off.run["mass_flow_kg_s"] * (1.0 + 1e-3)).all()

    def test_no_heads_are_seen_where_there_are_none(self, which: tuple[int, int, int, World]) -> None:
        loop = loop_of(*which)
        seen = {}
        for name, winter in (("off", loop.off), ("on", loop.on)):
            readings = readings_of(winter, seed=7)
            series = readings.temp_zone_c, readings.temp_supply_c, readings.temp_outdoor_c
            fit = identify(*series, S_PER_H, zone_ids=winter.run.zone_ids, draw_count=100)
            seen[name] = sum(flag.kind == "trv" for flag in fit.flags)
            print(
                f"\nheads {name}: phi by regression {fit.angle_rad():.4f}, {seen[name]} flats flagged for thermostats"
            )
        assert seen["off"] <= 1 + 0.05 * len(loop.off.run.zone_ids)


def test_walls_between_flats_make_a_building_look_better_balanced() -> None:
    # a cold flat lives on its neighbours: the fit takes that for heat supply, the flats differ less
    alone, beside = ((case, case.winter(case.opened.building)) for case in map(small_case, (0.0, 20.0)))
    assert beside[1].angle_rad == pytest.approx(alone[1].angle_rad, rel=1e-12)
    assert beside[1].spread_k < alone[1].spread_k
    assert fitted(beside[1], seed=5).angle_interval_rad()[1] < beside[1].angle_rad


def small_case(ua_neighbour_w_k: float) -> Case:
    flats, risers, days, _ = SMALL
    return case_of(flats, risers, days, World(ua_neighbour_w_k=ua_neighbour_w_k))


@pytest.mark.slow
class TestRoughWorld:
    """Radiators of exponent 1.3 with heat of their own, neighbours and gains: none of it is in the method's model.

    Then the interval is a promise about the angle that a fit finds afterwards. The hidden angle of leakage and supply
    lies above what is fitted, before and after alike, and may lie outside (see the table): the posterior knows nothing
    of the model's own error.
    """

    def test_is_shown(self) -> None:
        loop = loop_of(*ROUGH_WHOLE)
        shown("70 flats, 150 days, rough world", loop)
        assert abs(loop.off.run.balance_rel) < 1e-9

    @pytest.mark.parametrize("name", OPTIMISED)
    def test_rooms_come_closer_together(self, name: str) -> None:
        loop = loop_of(*ROUGH_WHOLE)
        assert loop.trials[name].off.spread_k < loop.off.spread_k
        assert loop.trials[name].off.angle_rad < loop.off.angle_rad

    @pytest.mark.parametrize("name", [*OPTIMISED, "classical"])
    def test_fitted_angle_lies_in_the_predicted_interval(self, name: str) -> None:
        trial = loop_of(*ROUGH_WHOLE).trials[name]
        expected = trial.expected.angle_rad.after
        assert expected.low <= trial.fit.angle_rad() <= expected.high
