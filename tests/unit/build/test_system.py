"""Words become things: conductances, capacities and laws that a reader can check with a pocket calculator."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dhsim.build.system import DhwPeak, build_system, change_point_c, curve_of, heat_design_w
from dhsim.errors import ScenarioError
from dhsim.model.system import FlowLaw, PumpPlace, SetPointLaw, Staging
from dhsim.network.hydraulics import empty_flow, solve_tree
from dhsim.physics.jet_pump import dp_needed_pa
from dhsim.physics.pump import pressure_rise_pa

PEAK = DhwPeak(np.array([50e3, 20e3, 60e3, 40e3]), 140e3, 5.0)
SPAN_K = 57.0


@pytest.fixture(scope="module")
def built(small_scenario):
    return lambda policy="cap70", overrides=None: build_system(small_scenario(policy, overrides), PEAK)


def test_curve_and_its_change_point(small_scenario):
    scenario = small_scenario()
    curve = curve_of(scenario)
    assert (curve.head_design_k, curve.drop_radiator_k, curve.drop_network_k) == (62.5, 25.0, 80.0)
    assert change_point_c(scenario) == pytest.approx(0.32, abs=0.02)


def test_own_change_point_replaces_the_curves(built):
    assert built(overrides={"control.cpt_c": 1.5}).control.cpt_c == 1.5


def test_heat_loss_holds_twenty_at_design_with_the_gains(built):
    system = built()
    buildings = system.buildings
    wall = 1.0 / (1.0 / buildings.ua_inner_w_k + 1.0 / buildings.ua_outer_w_k)
    ua = buildings.ua_direct_w_k + wall
    gains = np.array([0.05, 0.08, 0.05, 0.05])
    np.testing.assert_allclose(ua, buildings.heat_design_w * (1.0 + gains) / SPAN_K, rtol=1e-12)
    np.testing.assert_allclose(buildings.ua_direct_w_k / ua, 0.30, rtol=1e-12)
    np.testing.assert_allclose(wall / buildings.ua_inner_w_k, 0.25, rtol=1e-12)
    capacity = buildings.heat_capacity_room_j_k + buildings.heat_capacity_mass_j_k
    np.testing.assert_allclose(capacity / ua / 3600.0, 80.0, rtol=1e-12)
    np.testing.assert_allclose(buildings.heat_capacity_room_j_k / capacity, 0.10, rtol=1e-12)


def test_sizing_without_gains_leaves_them_on_top(built):
    sizing = {f"building_types.{kind}.ua_sizing": "without_gains" for kind in ("residential", "office")}
    buildings = built(overrides=sizing).buildings
    ua = buildings.ua_direct_w_k + 1.0 / (1.0 / buildings.ua_inner_w_k + 1.0 / buildings.ua_outer_w_k)
    np.testing.assert_allclose(ua, buildings.heat_design_w / SPAN_K, rtol=1e-12)


def test_demand_growth_is_added_to_every_building(small_scenario):
    grown = heat_design_w(small_scenario(overrides={"heat_load.demand_growth": 0.009}))
    np.testing.assert_allclose(grown, 1.009 * np.array([312e3, 270e3, 330e3, 300e3]), rtol=1e-12)


def test_jet_pumps_and_radiators_by_the_curve(built):
    buildings = built().buildings
    np.testing.assert_allclose(buildings.mixing_ratio_jet, 2.2, rtol=1e-12)
    np.testing.assert_allclose(buildings.mass_flow_design_kg_s * 4190.0 * 80.0, buildings.heat_design_w, rtol=1e-9)
    np.testing.assert_allclose(buildings.temp_excess_design_k, 25.0 / math.log(75.0 / 50.0), rtol=1e-12)
    plain = {f"building_types.{kind}.radiator_head": "arithmetic" for kind in ("residential", "office")}
    np.testing.assert_allclose(built(overrides=plain).buildings.temp_excess_design_k, 62.5, rtol=1e-12)


@pytest.mark.parametrize("pipes", ["tree", "none"])
def test_set_point_gives_every_building_its_commissioned_flow(built, pipes):
    system = built(overrides={} if pipes == "tree" else {"pipes": []})
    buildings, substation = system.buildings, system.substation
    flow = empty_flow(len(system.pipe_ids), 4)
    solve_tree(
        system.supply, buildings.node, buildings.conductance_kg_s_pa05, np.zeros(4), substation.dp_set_pa,
        substation.density_water_kg_m3, substation.viscosity_water_pa_s, flow,
    )  # fmt: skip
    factor = 1.2 * np.array([1.05, 0.97, 0.95, 1.0])
    np.testing.assert_allclose(flow.mass_flow_consumer_kg_s, factor * buildings.mass_flow_design_kg_s, rtol=1e-9)
    needed = np.array([dp_needed_pa(10e3, 2.2)] * 4) * factor**2
    assert np.all(flow.dp_consumer_pa >= needed * (1.0 - 1e-9))
    assert np.min(flow.dp_consumer_pa / needed) == pytest.approx(1.0, rel=1e-9)
    assert substation.flow_set_rel == 1.2
    assert substation.mass_flow_design_kg_s == pytest.approx(1212e3 / (4190.0 * 80.0))


def test_throttle_burns_what_the_constant_speed_pumps_have_too_much(built):
    system = built("baseline")
    substation, pumps = system.substation, system.pumps
    flow = 1.2 * float((system.buildings.mass_flow_design_kg_s * [1.05, 0.97, 0.95, 1.0]).sum())
    each = flow / substation.density_water_kg_m3 / pumps.n_pumps
    rise = float(pressure_rise_pa(each, 1.0, pumps.head_a0_pa, pumps.head_a1_pa_s_m3, pumps.head_a2_pa_s2_m6))
    valve = (flow / substation.conductance_main_kg_s_pa05) ** 2
    throttle = substation.dp_throttle_pa_s2_kg2 * flow**2
    assert 170e3 + rise == pytest.approx(valve + throttle + substation.dp_set_pa, rel=1e-9)


@pytest.mark.parametrize(
    ("policy", "laws"),
    [
        ("baseline", (0, SetPointLaw.AS_DELIVERED, FlowLaw.CONSTANT_SPEED, 0)),
        ("vfd_only", (0, SetPointLaw.AS_DELIVERED, FlowLaw.DP_HELD, 0)),
        ("cap70", (1, SetPointLaw.CAP, FlowLaw.DP_HELD, 0)),
        ("variable_flow", (1, SetPointLaw.CAP, FlowLaw.GENERAL_CURVE, 0)),
        ("compensated", (1, SetPointLaw.COMPENSATED, FlowLaw.DP_HELD, 0)),
        ("compensated_trim", (1, SetPointLaw.COMPENSATED, FlowLaw.DP_HELD, 1)),
    ],
)
def test_a_policy_is_taken_apart_into_laws(built, policy, laws):
    control = built(policy).control
    assert (control.has_bypass, control.set_point_law, control.flow_law, control.has_trim) == laws


def test_flow_law_of_vfd_only_can_be_the_general_curve(built):
    assert built("vfd_only", {"control.flow_law": "general_curve"}).control.flow_law == FlowLaw.GENERAL_CURVE


def test_units_change_on_the_way_in(built):
    system = built(overrides={"substation.pump_place": "bypass_line", "substation.pumps.staging": "heat_50"})
    assert system.substation.pump_place == PumpPlace.BYPASS_LINE
    assert system.pumps.staging == Staging.HEAT_50
    assert system.substation.stroke_share_per_s == pytest.approx(0.05 / 60.0)
    assert system.substation.pressure_return_pa == 300e3
    assert system.control.trim_gain_per_s == pytest.approx(8.0 / (48.0 * 3600.0))
    assert system.supply.diameter_m[0] == pytest.approx(0.1)
    # kvs is the flow of water in m3/h at 1 bar
    kvs = system.substation.conductance_bypass_kg_s_pa05 * math.sqrt(1e5) * 3600.0 / 1000.0
    assert kvs == pytest.approx(100.0, rel=0.02)


def test_pipes_are_put_in_order_and_buildings_at_their_nodes(small_scenario):
    scenario = small_scenario(overrides={"pipes": list(reversed(small_scenario().model_dump()["pipes"]))})
    system = build_system(scenario, PEAK)
    assert sorted(system.pipe_ids) == ["P1", "Pa", "Pb", "Pc", "Pd"]
    at = {name: k + 1 for k, name in enumerate(system.pipe_ids)}
    assert system.buildings.node.tolist() == [at["Pa"], at["Pb"], at["Pc"], at["Pd"]]
    upstream = {name: system.supply.node_start[k] for k, name in enumerate(system.pipe_ids)}
    assert upstream == {"P1": 0, "Pd": 0, "Pa": at["P1"], "Pb": at["P1"], "Pc": at["Pb"]}


def test_third_pipe_loses_by_its_length_and_local_exchangers_need_none(built):
    assert built().substation.loss_third_pipe_w == pytest.approx(10.0 * 175.0)
    assert built(overrides={"dhw.supply": "local"}).substation.loss_third_pipe_w == 0.0


def test_dhw_heater_covers_its_peak_at_the_floor(built):
    substation = built().substation
    peak = PEAK.heat_flow_total_w + substation.loss_third_pipe_w
    ends = (70.0 - 60.0, 5.0)  # hot end, and the return 5 K above cold water
    lmtd = (ends[0] - ends[1]) / math.log(ends[0] / ends[1])
    assert substation.ua_dhw_w_k == pytest.approx(peak / lmtd, rel=1e-12)


def test_no_pumps_is_a_system_too(built):
    assert built("baseline", {"substation.pumps": {"count": 0}}).pumps.n_pumps == 0


def test_unknown_pump_is_named_with_its_key(built):
    with pytest.raises(ScenarioError, match=r"substation\.pumps\.model: .*no_such_pump"):
        built(overrides={"substation.pumps.model": "no_such_pump"})


def test_floor_too_cold_for_hot_water_is_refused(small_scenario):
    cold = small_scenario("baseline", {"plant.temp_floor_c": 6.0, "control.temp_floor_alarm_c": 5.0})
    with pytest.raises(ScenarioError, match=r"plant\.temp_floor_c"):
        build_system(cold, PEAK)
