"""The secondary loop at one instant: mixing with the space-heating return, and hot water by third pipe or exchanger."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from dhsim.engine import simulate
from dhsim.errors import Status
from dhsim.model.case import FaultPlan
from dhsim.model.system import Mode

HOUR = 3600.0
MILD = {
    "weather": {"constant_temp_outdoor_c": 5.0},
    "heat_load.heating_season": "always",
    "control.filter_h": 0.0,
    "time.days": 3,
}


@pytest.fixture(scope="module")
def run(small_case):
    def simulated(policy="compensated", overrides=MILD, faults=()):
        case = small_case(policy, overrides)
        case = dataclasses.replace(case, strategy=dataclasses.replace(case.strategy, faults=tuple(faults)))
        return case, simulate(case)

    return simulated


def column(solution, name):
    return solution.arrays[name][:, 0]


def test_share_follows_from_the_return_of_the_space_heating(run):
    _case, solution = run()
    later = slice(8, None)  # the valves have found their place
    t1, t2 = (column(solution, name)[later] for name in ("temp_supply_primary_c", "temp_return_secondary_c"))
    t_set, share = (column(solution, name)[later] for name in ("temp_set_c", "mixing_share_rel"))
    assert np.all(column(solution, "mode")[later] == Mode.BYPASS)
    np.testing.assert_allclose(share, np.clip((t1 - t_set) / (t1 - t2), 0.0, 0.85), rtol=1e-9)
    np.testing.assert_allclose(column(solution, "temp_mixed_c")[later], t_set, atol=1e-8)
    # the combined return, with the third pipe's in it, is another temperature
    assert np.max(np.abs(column(solution, "temp_return_primary_c")[later] - t2)) > 1.0


def test_share_stops_at_its_maximum(run):
    _, solution = run("compensated", {**MILD, "substation.mixing_share_max": 0.2})
    assert column(solution, "mixing_share_rel")[-1] == pytest.approx(0.2, abs=1e-12)
    assert column(solution, "temp_mixed_c")[-1] > column(solution, "temp_set_c")[-1] + 1.0


def test_set_point_is_the_unfloored_curve_but_not_below_its_minimum(run):
    _, solution = run()
    q = 15.0 / 57.0
    assert column(solution, "temp_set_c")[-1] == pytest.approx(20.0 + 62.5 * q**0.8 + 67.5 * q, abs=1e-9)
    _, held = run("compensated", {**MILD, "control.temp_mixed_min_c": 64.0})
    assert column(held, "temp_mixed_c")[-1] == pytest.approx(64.0, abs=1e-8)


def test_valves_take_their_time(run):
    _, solution = run("compensated", {**MILD, "time.step_min": 1, "time.days": 1})
    share = column(solution, "mixing_share_rel")
    assert share[0] <= 0.05 + 1e-12
    assert np.max(np.abs(np.diff(share))) <= 0.05 + 1e-12
    opening = np.flatnonzero(np.diff(share) > 0.049)
    assert len(opening) >= 4  # 5 % a minute


def test_fail_safe_closes_the_bypass_at_once(run):
    # steps of a minute, in which a valve at its own speed moves by 5 %
    minutes = {**MILD, "time.step_min": 1, "time.days": 2}
    _, solution = run("compensated", minutes, [FaultPlan("sensor_out", 30 * HOUR, 2 * HOUR, None)])
    share, k = column(solution, "mixing_share_rel"), round(30 * HOUR / solution.step_s)
    assert share[k - 1] > 0.2
    assert share[k] == 0.0
    assert column(solution, "mode")[k] == Mode.WINTER
    assert share[-1] > 0.2


def test_setback_lowers_the_mixture_at_night(run):
    night = {"control.setback": {"start": "22:00", "end": "05:00", "delta_k": 6}}
    _, solution = run("compensated", {**MILD, **night})
    mixed = solution.series("temp_mixed_c")
    day = mixed[(mixed.index.day == 27) & (mixed.index.hour == 12)]
    late = mixed[(mixed.index.day == 27) & (mixed.index.hour == 2)]
    np.testing.assert_allclose(day.mean() - late.mean(), 6.0, atol=1e-6)


def test_trim_brings_the_coldest_room_to_its_set_point(run):
    quiet = {f"building_types.{kind}.aperture_solar_m2_per_kw": 0.0 for kind in ("residential", "office")}
    _, solution = run("compensated_trim", {**MILD, **quiet, "time.days": 40, "time.step_min": 60})
    coldest = solution.frame("temp_indoor_c").tail(24 * 7).min(axis=1)
    assert coldest.mean() == pytest.approx(20.5, abs=0.15)


def test_tap_takes_the_heat_that_its_water_needs(run):
    case, solution = run()
    arrays, substation = case.boundary.arrays, case.system.substation
    tap = arrays.mass_flow_tap_kg_s * substation.heat_capacity_water_j_kgk * (60.0 - arrays.temp_cold_c)[:, np.newaxis]
    np.testing.assert_allclose(solution.arrays["heat_flow_dhw_w"], tap, rtol=1e-12, atol=1e-9)
    assert float(solution.totals["heat_tap_j"].sum()) == pytest.approx(float(tap.sum()) * solution.step_s, rel=1e-12)


def test_third_pipe_heater_is_fed_upstream_of_the_mixing_point(run):
    case, solution = run()
    substation, cp = case.system.substation, case.system.substation.heat_capacity_water_j_kgk
    share, secondary = column(solution, "mixing_share_rel")[8:], column(solution, "mass_flow_secondary_kg_s")[8:]
    primary, dhw = column(solution, "mass_flow_primary_kg_s")[8:], column(solution, "mass_flow_dhw_primary_kg_s")[8:]
    np.testing.assert_allclose(primary, secondary * (1.0 - share) + dhw, rtol=1e-9)
    # its heat is draw and circulation, at the primary supply temperature and not at the mixture's
    t1, t2 = column(solution, "temp_supply_primary_c")[8:], column(solution, "temp_return_secondary_c")[8:]
    rest = column(solution, "heat_flow_primary_w")[8:] - secondary * (1.0 - share) * cp * (t1 - t2)
    tapped = solution.arrays["heat_flow_dhw_w"][8:].sum(axis=1)
    np.testing.assert_allclose(rest, tapped + substation.loss_third_pipe_w, rtol=1e-6)
    assert substation.loss_third_pipe_w == pytest.approx(10.0 * 175.0)


def test_third_pipe_does_not_touch_the_secondary_side(run):
    _, wet = run()
    _, dry = run("compensated", {**MILD, **{f"buildings.{i}.persons": 0 for i in range(4)}})
    for name in ("temp_indoor_c", "mass_flow_building_kg_s", "heat_flow_sh_w"):
        np.testing.assert_allclose(wet.arrays[name], dry.arrays[name], rtol=1e-12, err_msg=name)


def test_local_exchangers_take_over_when_the_third_pipe_is_out(run):
    outage = FaultPlan("third_pipe_out", 24 * HOUR, 24 * HOUR, None)
    case, solution = run("compensated", MILD, [outage])
    first, after = (round(hour * HOUR / solution.step_s) for hour in (24, 48))
    mode, share = column(solution, "mode"), column(solution, "mixing_share_rel")
    assert np.all(mode[first:after] == Mode.WINTER)
    assert np.all(share[first:after] == 0.0)
    assert mode[first - 1] == Mode.BYPASS
    assert mode[-1] == Mode.BYPASS
    # the exchangers' water now comes through the secondary network
    primary, secondary = column(solution, "mass_flow_primary_kg_s"), column(solution, "mass_flow_secondary_kg_s")
    np.testing.assert_allclose(primary[first:after], secondary[first:after], rtol=1e-12)
    jets = solution.arrays["mass_flow_building_kg_s"].sum(axis=1)
    drawn = (secondary - jets)[first:after]
    np.testing.assert_allclose(drawn, column(solution, "mass_flow_dhw_primary_kg_s")[first:after], atol=1e-9)
    assert drawn.max() > 0.0
    np.testing.assert_allclose((secondary - jets)[:first], 0.0, atol=1e-9)
    # and the taps run as hot as before, at 77 degC in the main
    tap = case.boundary.arrays.mass_flow_tap_kg_s * 4190.0
    wanted = tap * (60.0 - case.boundary.arrays.temp_cold_c)[:, np.newaxis]
    np.testing.assert_allclose(solution.arrays["heat_flow_dhw_w"], wanted, rtol=2e-3, atol=1.0)


def test_cold_primary_water_cannot_heat_the_tap_and_says_so(run):
    cold = {**MILD, "plant.temp_floor_c": 45.0, "plant.overshoot_k": 0.0, "control.temp_floor_alarm_c": 40.0}
    cold |= {"weather": {"constant_temp_outdoor_c": 12.0}, "plant.line": "design"}
    case, solution = run("baseline", cold)
    assert np.all(solution.status & int(Status.DHW_SHORT))
    wanted = case.boundary.arrays.mass_flow_tap_kg_s.sum() * 4190.0 * 50.0
    assert solution.arrays["heat_flow_dhw_w"].sum() < wanted


def test_heat_given_to_a_building_is_what_its_water_lost(run):
    case, solution = run()
    flow, heat = solution.arrays["mass_flow_building_kg_s"], solution.arrays["heat_flow_sh_w"]
    fall = solution.arrays["temp_supply_building_c"] - solution.arrays["temp_return_building_c"]
    cp = case.system.substation.heat_capacity_water_j_kgk
    np.testing.assert_allclose(flow[8:] * cp * fall[8:], heat[8:], rtol=1e-9)


def test_summer_stops_the_space_heating_but_not_the_hot_water(run):
    _, solution = run("compensated", {"time.start": "2021-07-10", "time.days": 3})
    assert np.all(column(solution, "mode") == Mode.SUMMER_DHW)
    assert np.all(solution.arrays["heat_flow_sh_w"] == 0.0)
    assert np.all(column(solution, "mass_flow_secondary_kg_s") == 0.0)
    assert np.all(column(solution, "power_pump_w") == 0.0)
    assert solution.arrays["heat_flow_dhw_w"].sum() > 0.0
