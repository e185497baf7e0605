"""Pumps, valves and jet pumps in one hydraulic system: what the pump's place, its size and its stages do."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from dhsim.engine import simulate
from dhsim.errors import Status
from dhsim.model.case import FaultPlan
from dhsim.model.system import Mode
from dhsim.physics.jet_pump import dp_needed_pa
from dhsim.physics.pump import efficiency
from dhsim.units import PA_PER_KPA

BIG = {"model": "generic_inline_50m3h_32m", "count": 2}
MILD = {
    "weather": {"constant_temp_outdoor_c": 5.0},
    "heat_load.heating_season": "always",
    "control.filter_h": 0.0,
    "dhw.stochastic": False,
    "time.days": 2,
    "substation.pumps": BIG,
}
FROST = {**MILD, "weather": {"constant_temp_outdoor_c": -15.0}}


@pytest.fixture(scope="module")
def last(small_case):
    """The last step of a run, and its Case."""

    def run(policy="compensated", overrides=MILD, faults=(), **more):
        case = small_case(policy, {**overrides, **{key.replace("__", "."): value for key, value in more.items()}})
        case = dataclasses.replace(case, strategy=dataclasses.replace(case.strategy, faults=tuple(faults)))
        solution = simulate(case)
        step = {
            name: float(values[-1, 0]) if solution.columns(name) == ("substation",) else values[-1]
            for name, values in solution.arrays.items()
        }
        return step | {"status": Status(int(solution.status[-1])), "warnings": solution.warnings()}, case

    return run


def test_every_jet_pump_gets_what_it_needs_at_the_set_point(last):
    step, case = last("vfd_only", FROST)
    buildings, substation = case.system.buildings, case.system.substation
    assert step["dp_secondary_pa"] == pytest.approx(substation.dp_set_pa, rel=1e-12)
    factor = step["mass_flow_building_kg_s"] / buildings.mass_flow_design_kg_s
    np.testing.assert_allclose(factor, 1.2 * np.array([1.05, 0.97, 0.95, 1.0]), rtol=1e-9)
    needed = np.array([dp_needed_pa(10.0 * PA_PER_KPA, u) for u in buildings.mixing_ratio_jet]) * factor**2
    assert np.all(step["dp_building_pa"] >= needed * (1.0 - 1e-9))
    assert step["dp_building_pa"].min() > 1e5  # 1.4 h (1+u)^2 is 143 kPa at design flow
    assert np.isclose(step["dp_building_pa"], needed).sum() == 1  # the one that the set-point is made for
    assert not step["warnings"]


def test_baseline_gives_the_commissioned_flow_by_throttling(last):
    step, case = last("baseline", FROST)
    substation = case.system.substation
    assert step["dp_secondary_pa"] == pytest.approx(substation.dp_set_pa, rel=1e-9)
    assert step["speed_pump_rel"] == 1.0
    driven, _ = last("vfd_only", FROST)
    assert step["mass_flow_secondary_kg_s"] == pytest.approx(driven["mass_flow_secondary_kg_s"], rel=1e-9)
    assert step["power_pump_w"] > driven["power_pump_w"] > 0.0


def test_mixing_leaves_the_secondary_flow_and_cuts_the_primary(last):
    # jet pumps: flow follows sqrt(dp), whatever the temperature
    mixing, _case = last("compensated")
    plain, _ = last("vfd_only")
    assert mixing["mixing_share_rel"] > 0.2
    assert mixing["mass_flow_secondary_kg_s"] == pytest.approx(plain["mass_flow_secondary_kg_s"], rel=1e-9)
    through_main = mixing["mass_flow_primary_kg_s"] - mixing["mass_flow_dhw_primary_kg_s"]
    share = mixing["mixing_share_rel"]
    assert through_main == pytest.approx((1.0 - share) * mixing["mass_flow_secondary_kg_s"], rel=1e-12)


@pytest.mark.parametrize("flow", [0.6, 1.0, 1.3])
def test_flow_follows_the_root_of_the_pressure(last, flow):
    short_circuit = {"pipes": []}
    one, _case = last("vfd_only", {**FROST, **short_circuit, "substation.flow_relative": 1.0})
    other, _ = last("vfd_only", {**FROST, **short_circuit, "substation.flow_relative": flow})
    one_k = one["mass_flow_building_kg_s"] / np.sqrt(one["dp_building_pa"])
    other_k = other["mass_flow_building_kg_s"] / np.sqrt(other["dp_building_pa"])
    np.testing.assert_allclose(other_k, one_k, rtol=1e-9)
    assert other["dp_secondary_pa"] / one["dp_secondary_pa"] == pytest.approx(flow**2, rel=1e-9)


def test_place_decides_the_power(last):
    power = {}
    for place in ("secondary_supply", "secondary_return", "bypass_line"):
        step, _ = last("compensated", substation__pump_place=place)
        assert step["mode"] == Mode.BYPASS
        power[place] = step["power_pump_w"]
    # both secondary places lie in the same loop; in the bypass line only the mixed share is lifted
    assert power["secondary_supply"] == power["secondary_return"]
    assert 0.0 < power["bypass_line"] < 0.6 * power["secondary_supply"]


@pytest.mark.parametrize("place", ["secondary_supply", "bypass_line"])
def test_pump_work_by_hand_while_mixing(last, place):
    step, case = last("compensated", substation__pump_place=place)
    substation = case.system.substation
    share, flow = step["mixing_share_rel"], step["mass_flow_secondary_kg_s"]
    bypass_pa = (share * flow / substation.conductance_bypass_kg_s_pa05) ** 2
    assert step["dp_pump_pa"] == pytest.approx(step["dp_secondary_pa"] + bypass_pa, rel=1e-9)
    carried = share * flow if place == "bypass_line" else flow
    assert step["mass_flow_pump_kg_s"] == pytest.approx(carried, rel=1e-12)
    hydraulic_w = carried / substation.density_water_kg_m3 * step["dp_pump_pa"]
    pumps, running = case.system.pumps, step["pumps_running"]
    best = efficiency(
        carried / substation.density_water_kg_m3 / running,
        step["speed_pump_rel"],
        pumps.efficiency_best,
        pumps.flow_best_m3_s,
        pumps.flow_end_m3_s,
    )
    assert hydraulic_w / step["power_pump_water_w"] == pytest.approx(float(best), rel=1e-9)
    assert 0.1 < best <= pumps.efficiency_best
    electric = step["power_pump_water_w"] / (pumps.efficiency_motor * pumps.efficiency_vfd)
    assert step["power_pump_w"] == pytest.approx(electric, rel=1e-12)


def test_main_valve_burns_all_primary_pressure_while_mixing(last):
    supply, case = last("compensated", substation__pump_place="secondary_supply")
    available = case.boundary.arrays.dp_available_pa[-1]
    bypass_pa = supply["dp_pump_pa"] - supply["dp_secondary_pa"]
    assert supply["dp_valve_main_pa"] == pytest.approx(available + bypass_pa, rel=1e-9)
    line, _ = last("compensated", substation__pump_place="bypass_line", plant__dp_available_kpa=400)
    assert line["dp_valve_main_pa"] == pytest.approx(400e3 - line["dp_secondary_pa"], rel=1e-9)


def test_affinity_of_a_drive(last):
    # all resistances quadratic and no help from the primary: power goes with the cube of the flow, but for efficiency
    still = {**MILD, "pipes": [], "substation.pumps": {**BIG, "count": 1}}
    half, _case = last("compensated", {**still, "substation.flow_relative": 0.6})
    full, _ = last("compensated", {**still, "substation.flow_relative": 1.2})
    ratio = full["mass_flow_secondary_kg_s"] / half["mass_flow_secondary_kg_s"]
    assert ratio == pytest.approx(2.0, rel=1e-9)
    # the mixing share differs a little, and with it the drop of the bypass line
    assert full["dp_pump_pa"] / half["dp_pump_pa"] == pytest.approx(4.0, rel=0.02)
    assert full["speed_pump_rel"] / half["speed_pump_rel"] == pytest.approx(2.0, rel=0.02)
    assert full["power_pump_water_w"] / half["power_pump_water_w"] == pytest.approx(8.0, rel=0.05)


def test_too_small_a_pump_is_said_and_gives_less(last):
    small = {**FROST, "substation.pumps": {"model": "generic_inline_12m3h_10m", "count": 1}}
    weak, case = last("vfd_only", {**small, "plant.dp_available_kpa": 120})
    assert weak["status"] == Status.DP_SHORT | Status.PUMP_AT_LIMIT
    assert weak["speed_pump_rel"] == pytest.approx(1.0, rel=1e-12)
    assert weak["dp_secondary_pa"] < 0.95 * case.system.substation.dp_set_pa
    strong, _ = last("vfd_only", {**FROST, "plant.dp_available_kpa": 120})
    assert weak["mass_flow_secondary_kg_s"] < 0.98 * strong["mass_flow_secondary_kg_s"]
    assert strong["status"] == Status.OK


def test_bypass_pump_at_its_limit_mixes_less_than_asked(last):
    tiny = {"model": "generic_inline_12m3h_10m", "count": 1}
    line = {**MILD, "substation.pump_place": "bypass_line", "plant.dp_available_kpa": 400}
    step, _ = last("compensated", {**line, "substation.pumps": tiny})
    assert Status.PUMP_AT_LIMIT in step["status"]
    assert step["temp_mixed_c"] > step["temp_set_c"] + 1.0


def test_without_pumps_the_primary_pressure_moves_the_water(last):
    step, case = last("baseline", {**FROST, "substation.pumps": {"count": 0}, "plant.dp_available_kpa": 150})
    assert step["pumps_running"] == step["power_pump_w"] == step["mass_flow_pump_kg_s"] == 0.0
    substation = case.system.substation
    valve_pa = (step["mass_flow_secondary_kg_s"] / substation.conductance_main_kg_s_pa05) ** 2
    assert step["dp_secondary_pa"] == pytest.approx(150e3 - valve_pa, rel=1e-9)
    assert step["dp_secondary_pa"] < substation.dp_set_pa
    assert Status.DP_SHORT in step["status"]
    assert Status.PUMP_AT_LIMIT not in step["status"]


def test_mixing_without_a_running_pump_stays_at_zero_and_is_said(last):
    both = [FaultPlan("pump_out", 0.0, 1e6, None)] * 2
    step, _ = last("compensated", faults=both)
    assert step["mode"] == Mode.BYPASS
    assert step["mixing_share_rel"] == 0.0
    assert Status.NO_PUMP in step["status"]
    assert step["temp_mixed_c"] == step["temp_supply_primary_c"]


def test_one_broken_pump_leaves_the_other(last):
    step, _ = last("compensated", faults=[FaultPlan("pump_out", 0.0, 1e6, None)])
    assert step["pumps_running"] == 1.0
    assert step["mixing_share_rel"] > 0.2


def test_heat_50_runs_short_where_the_flow_does_not_fall(last):
    # below half of the design load one pump goes off, but jet pumps want their full flow: too little arrives
    wanted = {**FROST, "weather": {"constant_temp_outdoor_c": -5.0}, "plant.dp_available_kpa": 60}
    curve = {"flow_m3_h": [0, 5, 10, 15], "head_m": [24, 22, 17, 8]}
    pumps = {**curve, "efficiency_best": 0.6, "flow_best_m3_h": 9, "count": 2}
    by_heat, case = last("vfd_only", {**wanted, "substation.pumps": {**pumps, "staging": "heat_50"}})
    by_flow, _ = last("vfd_only", {**wanted, "substation.pumps": {**pumps, "staging": "flow_dp"}})
    assert by_heat["pumps_running"] == 1.0
    assert by_flow["pumps_running"] == 2.0
    assert Status.DP_SHORT in by_heat["status"]
    assert Status.DP_SHORT not in by_flow["status"]
    assert by_heat["mass_flow_secondary_kg_s"] < 0.97 * by_flow["mass_flow_secondary_kg_s"]
    assert by_flow["dp_secondary_pa"] == pytest.approx(case.system.substation.dp_set_pa, rel=1e-9)
    # in frost the load is above 60 %, and both run
    cold = {**FROST, "plant.dp_available_kpa": 60}
    frost, _ = last("vfd_only", {**cold, "substation.pumps": {**pumps, "staging": "heat_50"}})
    assert frost["pumps_running"] == 2.0


def test_staging_by_flow_stops_a_pump_that_is_not_needed(last):
    step, _ = last("vfd_only", {**FROST, "substation.pumps": {"model": "generic_inline_25m3h_20m", "count": 3}})
    assert 0.0 < step["pumps_running"] < 3.0
    assert Status.DP_SHORT not in step["status"]


def test_variable_flow_gives_what_the_general_curve_asks(last):
    step, case = last("variable_flow")
    q = 15.0 / 57.0
    # T_s = t_n + 62.5 q^0.8 + 67.5 q/g at 70 degC
    wanted = 67.5 * q / (70.0 - 20.0 - 62.5 * q**0.8)
    assert wanted == pytest.approx(0.62, abs=0.01)
    found = step["mass_flow_secondary_kg_s"] / case.system.substation.mass_flow_design_kg_s
    assert found == pytest.approx(wanted, rel=1e-9)
    low, _ = last("variable_flow", {**MILD, "weather": {"constant_temp_outdoor_c": 8.0}})
    assert Status.FLOW_LOW in low["status"]
    assert math.isclose(
        low["mass_flow_secondary_kg_s"] / case.system.substation.mass_flow_design_kg_s, 0.44, abs_tol=0.01
    )
