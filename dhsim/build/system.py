"""From what the scenario says to what exists: network, buildings, substation, pumps and control as arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dhsim import catalogue
from dhsim.build.pipes import pipe_data
from dhsim.errors import ScenarioError
from dhsim.model.system import (
    Buildings,
    Comfort,
    Control,
    Curve,
    Floats,
    FlowLaw,
    PumpPlace,
    Pumps,
    SetPointLaw,
    Staging,
    Substation,
    System,
)
from dhsim.network.hydraulics import pipe_resistance
from dhsim.network.parts import Line, Nodes
from dhsim.network.topology import order_of_tree, tree
from dhsim.physics.exchanger import lmtd_k, ua_for_w_k
from dhsim.physics.heating_curve import change_point_temp_c
from dhsim.physics.jet_pump import dp_needed_pa, mixing_ratio
from dhsim.physics.pump import fit_curve, flow_at_m3_s, pressure_rise_pa
from dhsim.physics.valve import conductance_kg_s_pa05
from dhsim.physics.water import (
    GRAVITY_M_S2,
    HEAT_CAPACITY_WATER_J_KGK,
    REFERENCE_DENSITY_WATER_KG_M3,
    dynamic_viscosity_pa_s,
)
from dhsim.scenario.schema import Building, BuildingType, Scenario
from dhsim.units import PA_PER_KPA, S_PER_H, S_PER_MIN, W_PER_KW

ROOT = "substation"
TEMP_REFERENCE_C = 70.0
"""Water properties of the secondary network are taken at this temperature."""
PIPE_COOLING_K = 3.0
"""Local DHW exchangers are sized for a supply this much below the floor."""
DHW_APPROACH_HOT_K = 3.0
_NO_UA_W_K = 1.0

_LAWS: dict[str, tuple[bool, SetPointLaw, FlowLaw, bool]] = {
    "baseline": (False, SetPointLaw.AS_DELIVERED, FlowLaw.CONSTANT_SPEED, False),
    "vfd_only": (False, SetPointLaw.AS_DELIVERED, FlowLaw.DP_HELD, False),
    "cap70": (True, SetPointLaw.CAP, FlowLaw.DP_HELD, False),
    "variable_flow": (True, SetPointLaw.CAP, FlowLaw.GENERAL_CURVE, False),
    "compensated": (True, SetPointLaw.COMPENSATED, FlowLaw.DP_HELD, False),
    "compensated_trim": (True, SetPointLaw.COMPENSATED, FlowLaw.DP_HELD, True),
}
"""policy -> bypass line, set-point law, flow law, trim"""


@dataclass(frozen=True)
class DhwPeak:
    """What the DHW heaters are sized for."""

    heat_flow_w: Floats
    """(n_building,): highest draw"""
    heat_flow_total_w: float
    """Highest draw of all buildings together."""
    temp_cold_c: float


def curve_of(scenario: Scenario) -> Curve:
    """Return the heating curve, eqs. (2)-(6), with the points that replace it in the secondary set-point, if any."""
    spec, load = scenario.curve, scenario.heat_load
    points = scenario.control.secondary_points or []
    return Curve(
        temp_indoor_c=load.temp_indoor_c,
        temp_design_outdoor_c=load.temp_design_outdoor_c,
        head_design_k=(spec.temp_radiator_supply_design_c + spec.temp_return_design_c) / 2.0 - load.temp_indoor_c,
        drop_radiator_k=spec.temp_radiator_supply_design_c - spec.temp_return_design_c,
        drop_network_k=spec.temp_supply_design_c - spec.temp_return_design_c,
        exponent=spec.exponent,
        points_outdoor_c=np.array([x for x, _ in points], dtype=np.float64),
        points_supply_c=np.array([y for _, y in points], dtype=np.float64),
    )


def change_point_c(scenario: Scenario) -> float:
    """Return the CPT of the scenario's design curve and floor [degC]."""
    curve = curve_of(scenario)
    return float(
        change_point_temp_c(
            scenario.plant.temp_floor_c,
            curve.temp_indoor_c,
            curve.temp_design_outdoor_c,
            curve.head_design_k,
            curve.drop_radiator_k,
            curve.drop_network_k,
            curve.exponent,
        )
    )


def heat_design_w(scenario: Scenario) -> Floats:
    """Return the design heat demand of every building with its growth, shape (n_building,) [W]."""
    growth = 1.0 + scenario.heat_load.demand_growth
    return np.array([building.heat_design_kw * W_PER_KW * growth for building in scenario.buildings])


def build_system(scenario: Scenario, dhw: DhwPeak) -> System:
    """Return everything that exists.

    Parameters
    ----------
    scenario
        The scenario.
    dhw
        Peak draws, which size the DHW heaters.

    Raises
    ------
    ScenarioError
        For an unknown or impossible pump, a network that is no tree, or hot water above what the floor can heat.
    """
    supply, u_return_w_mk, pipe_ids, nodes = _pipes(scenario)
    curve, pumps = curve_of(scenario), _pumps(scenario)
    buildings, dp_set_pa = _buildings(scenario, supply, nodes, curve, dhw)
    substation = _substation(scenario, pumps, buildings, dp_set_pa, dhw)
    return System(
        building_ids=tuple(building.id for building in scenario.buildings),
        building_types=tuple(building.type for building in scenario.buildings),
        pipe_ids=pipe_ids,
        node_ids=tuple(nodes),
        nodes=_nodes(scenario, nodes),
        supply=supply,
        return_line=supply._replace(u_w_mk=u_return_w_mk),
        buildings=buildings,
        substation=substation,
        pumps=pumps,
        curve=curve,
        control=_control(scenario),
        comfort=Comfort(scenario.comfort.temp_low_c, scenario.comfort.temp_high_c, scenario.heat_load.temp_indoor_c),
        building_heights_m=np.array([math.nan if b.height_m is None else b.height_m for b in scenario.buildings]),
    )


def _pipes(scenario: Scenario) -> tuple[Line, Floats, tuple[str, ...], dict[str, int]]:
    """Return the supply line, the U-values of the return, the pipes' names and the index of every node."""
    start, end = [pipe.start for pipe in scenario.pipes], [pipe.end for pipe in scenario.pipes]
    try:
        order = order_of_tree(start, end, ROOT)
    except ValueError as error:
        raise ScenarioError([scenario.problem("pipes", str(error))]) from None
    node_start, nodes = tree(order, start, end, ROOT)
    specs = [scenario.pipes[index] for index in order]
    made = [pipe_data(spec) for spec in specs]
    supply = Line(
        node_start=node_start,
        node_end=np.arange(1, len(specs) + 1),
        length_m=np.array([spec.length_m for spec in specs], dtype=np.float64),
        diameter_m=np.array([pipe.diameter_inner_m for pipe in made], dtype=np.float64),
        roughness_m=np.array([pipe.roughness_m for pipe in made], dtype=np.float64),
        zeta=np.array([spec.zeta for spec in specs], dtype=np.float64),
        u_w_mk=np.array([pipe.u_supply_w_mk for pipe in made], dtype=np.float64),
        heat_capacity_wall_j_mk=np.array([pipe.heat_capacity_wall_j_mk for pipe in made], dtype=np.float64),
        buried=np.array([pipe.buried for pipe in made], dtype=np.int64),
    )
    return supply, np.array([pipe.u_return_w_mk for pipe in made]), tuple(spec.id for spec in specs), nodes


def _nodes(scenario: Scenario, nodes: dict[str, int]) -> Nodes:
    """Return where the nodes lie, as far as that was said."""
    said = {node.id: node for node in scenario.nodes}
    places = [(said[name].x, said[name].y) if name in said else (None, None) for name in nodes]
    return Nodes(
        elevation_m=np.array([said[name].elevation_m if name in said else 0.0 for name in nodes]),
        x_m=np.array([math.nan if x is None else x for x, _ in places]),
        y_m=np.array([math.nan if y is None else y for _, y in places]),
    )


def _pumps(scenario: Scenario) -> Pumps:
    spec = scenario.substation.pumps
    staging = int(Staging.HEAT_50 if spec.staging == "heat_50" else Staging.FLOW_DP)
    tail = (spec.efficiency_motor, spec.efficiency_vfd, spec.speed_min_rel, staging)
    if spec.count == 0:
        return Pumps(0, 1.0, 0.0, -1.0, 0.5, 0.5, 1.0, *tail)
    flow_m3_h, head_m, best, flow_best_m3_h = spec.flow_m3_h, spec.head_m, spec.efficiency_best, spec.flow_best_m3_h
    if spec.model is not None:
        row = catalogue.entry("pumps", spec.model)
        flow_m3_h = [float(part) for part in str(row["flow_points_m3_h"]).split(";")]
        head_m = [float(part) for part in str(row["head_points_m"]).split(";")]
        best, flow_best_m3_h = float(row["efficiency_best"]), float(row["flow_best_m3_h"])
    assert flow_m3_h is not None
    assert head_m is not None
    assert best is not None
    assert flow_best_m3_h is not None
    rise_pa = np.array(head_m) * REFERENCE_DENSITY_WATER_KG_M3 * GRAVITY_M_S2
    try:
        a0, a1, a2 = fit_curve(np.array(flow_m3_h) / S_PER_H, rise_pa)
    except ValueError as error:
        raise ScenarioError([scenario.problem("substation.pumps", str(error))]) from None
    flow_best, flow_end = flow_best_m3_h / S_PER_H, float(flow_at_m3_s(0.0, 1.0, a0, a1, a2))
    if flow_best >= flow_end:
        message = f"impossible pump: its best flow of {flow_best_m3_h:g} m3/h lies beyond the end of its curve"
        raise ScenarioError([scenario.problem("substation.pumps.flow_best_m3_h", message)])
    return Pumps(spec.count, a0, a1, a2, best, flow_best, flow_end, *tail)


def _buildings(
    scenario: Scenario, pipes: Line, nodes: dict[str, int], curve: Curve, dhw: DhwPeak
) -> tuple[Buildings, float]:
    """Return the buildings and the header dp at which every building gets its commissioned flow."""
    specs = [(building, scenario.building_types[building.type]) for building in scenario.buildings]
    heat_w = heat_design_w(scenario)
    flow_design = heat_w / (HEAT_CAPACITY_WATER_J_KGK * curve.drop_network_k)
    ratio = np.array([_mixing_ratio(scenario, kind) for _, kind in specs])
    node = np.array([nodes.get(building.node or building.id, 0) for building, _ in specs], dtype=np.int64)
    factor = np.array([building.flow_factor for building, _ in specs])
    relative = scenario.substation.flow_relative * factor
    needed = dp_needed_pa(np.array([kind.dp_circuit_kpa * PA_PER_KPA for _, kind in specs]), ratio) * relative**2
    flow = flow_design * relative
    drop = _drop_to_node_pa(pipes, node, flow)[node]
    dp_set_pa = float(np.max(needed + drop))
    ua, ua_inner, ua_outer, ua_direct = _heat_loss(specs, heat_w, curve)
    tau_s = np.array([kind.time_constant_h * S_PER_H for _, kind in specs])
    room = np.array([kind.share_capacity_room for _, kind in specs])
    buildings = Buildings(
        node=node,
        heat_design_w=heat_w,
        mass_flow_design_kg_s=flow_design,
        conductance_kg_s_pa05=flow / np.sqrt(dp_set_pa - drop),
        mixing_ratio_jet=ratio,
        radiator_exponent=np.array([kind.radiator_exponent for _, kind in specs]),
        radiator_log_mean=np.array([kind.radiator_head == "log_mean" for _, kind in specs], dtype=np.int64),
        temp_excess_design_k=np.array([_excess_design_k(scenario, kind, curve) for _, kind in specs]),
        ua_direct_w_k=ua_direct,
        ua_inner_w_k=ua_inner,
        ua_outer_w_k=ua_outer,
        heat_capacity_room_j_k=tau_s * ua * room,
        heat_capacity_mass_j_k=tau_s * ua * (1.0 - room),
        aperture_solar_m2=heat_w / W_PER_KW * np.array([kind.aperture_solar_m2_per_kw for _, kind in specs]),
        temp_window_open_c=np.array([kind.temp_window_open_c for _, kind in specs]),
        window_share_per_k=np.array([kind.window_share_per_k for _, kind in specs]),
        window_share_max=np.array([kind.window_share_max for _, kind in specs]),
        ua_dhw_w_k=np.array([_ua_dhw_w_k(scenario, heat, dhw.temp_cold_c, PIPE_COOLING_K) for heat in dhw.heat_flow_w]),
        monitored=np.array([building.monitored for building, _ in specs], dtype=np.int64),
    )
    return buildings, dp_set_pa


def _mixing_ratio(scenario: Scenario, kind: BuildingType) -> float:
    if kind.mixing_ratio_jet is not None:
        return kind.mixing_ratio_jet
    spec = scenario.curve
    return float(mixing_ratio(spec.temp_supply_design_c, spec.temp_radiator_supply_design_c, spec.temp_return_design_c))


def _excess_design_k(scenario: Scenario, kind: BuildingType, curve: Curve) -> float:
    if kind.radiator_head == "arithmetic":
        return curve.head_design_k
    spec = scenario.curve
    return float(
        lmtd_k(
            spec.temp_radiator_supply_design_c - curve.temp_indoor_c, spec.temp_return_design_c - curve.temp_indoor_c
        )
    )


def _heat_loss(
    specs: list[tuple[Building, BuildingType]], heat_w: Floats, curve: Curve
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return UA in all, and of room-mass, mass-outdoor and room-outdoor, each (n_building,) [W/K]."""
    share = [kind.gain_share_design if kind.ua_sizing == "with_gains" else 0.0 for _, kind in specs]
    gains = heat_w * np.array(share)
    ua = (heat_w + gains) / (curve.temp_indoor_c - curve.temp_design_outdoor_c)
    direct = np.array([kind.share_ua_direct for _, kind in specs]) * ua
    inner = np.array([kind.share_resistance_inner for _, kind in specs])
    return ua, (ua - direct) / inner, (ua - direct) / (1.0 - inner), direct


def _drop_to_node_pa(pipes: Line, node: np.typing.NDArray[np.int64], flow_kg_s: Floats) -> Floats:
    """Return supply and return pressure drop from the root to every node at given consumer flows, (n_node,) [Pa]."""
    n_pipe = pipes.length_m.size
    below, drop = np.zeros(n_pipe + 1), np.zeros(n_pipe + 1)
    np.add.at(below, node, flow_kg_s)
    for j in range(n_pipe - 1, -1, -1):
        below[pipes.node_start[j]] += below[j + 1]
    viscosity = float(dynamic_viscosity_pa_s(TEMP_REFERENCE_C))
    for j in range(n_pipe):
        r = pipe_resistance(pipes, j, below[j + 1], REFERENCE_DENSITY_WATER_KG_M3, viscosity)
        drop[j + 1] = drop[pipes.node_start[j]] + r * below[j + 1] ** 2
    return drop


def _ua_dhw_w_k(scenario: Scenario, heat_flow_w: float, temp_cold_c: float, cooling_k: float) -> float:
    """Return the UA of a heater that covers a peak at the floor temperature less `cooling_k` [W/K]."""
    if heat_flow_w <= 0.0:
        return _NO_UA_W_K
    supply = scenario.plant.temp_floor_c - cooling_k
    hot = min(scenario.dhw.temp_hot_c, supply - DHW_APPROACH_HOT_K)
    if hot <= temp_cold_c:
        message = f"a floor of {supply:g} degC cannot heat tap water of {temp_cold_c:g} degC"
        raise ScenarioError([scenario.problem("plant.temp_floor_c", message)])
    return float(ua_for_w_k(supply, temp_cold_c + scenario.dhw.approach_design_k, temp_cold_c, hot, heat_flow_w))


def _substation(scenario: Scenario, pumps: Pumps, buildings: Buildings, dp_set_pa: float, dhw: DhwPeak) -> Substation:
    spec, density = scenario.substation, REFERENCE_DENSITY_WATER_KG_M3
    main = float(conductance_kg_s_pa05(spec.valve_main_kvs_m3_h, density))
    design = float(buildings.mass_flow_design_kg_s.sum())
    factor = np.array([building.flow_factor for building in scenario.buildings])
    flow = float((buildings.mass_flow_design_kg_s * spec.flow_relative * factor).sum())
    loss_w = 0.0
    if scenario.dhw.supply == "third_pipe":
        loss_w = scenario.dhw.loss_third_pipe_w_m * sum(pipe.length_m for pipe in scenario.pipes)
    rise = 0.0
    if pumps.n_pumps:
        per_pump = flow / (pumps.n_pumps * density)
        rise = float(pressure_rise_pa(per_pump, 1.0, pumps.head_a0_pa, pumps.head_a1_pa_s_m3, pumps.head_a2_pa_s2_m6))
    surplus = scenario.plant.dp_available_kpa * PA_PER_KPA + max(rise, 0.0) - (flow / main) ** 2 - dp_set_pa
    return Substation(
        pump_place=int(PumpPlace[spec.pump_place.upper()]),
        dp_set_pa=dp_set_pa,
        mass_flow_design_kg_s=design,
        flow_set_rel=spec.flow_relative,
        conductance_main_kg_s_pa05=main,
        conductance_bypass_kg_s_pa05=float(conductance_kg_s_pa05(spec.valve_bypass_kvs_m3_h, density)),
        dp_throttle_pa_s2_kg2=max(surplus, 0.0) / flow**2,
        stroke_share_per_s=spec.stroke_share_per_min / S_PER_MIN,
        mixing_share_max=spec.mixing_share_max,
        ua_dhw_w_k=_ua_dhw_w_k(scenario, dhw.heat_flow_total_w + loss_w, dhw.temp_cold_c, 0.0),
        temp_hot_c=scenario.dhw.temp_hot_c,
        loss_third_pipe_w=loss_w,
        heat_capacity_water_j_kgk=HEAT_CAPACITY_WATER_J_KGK,
        density_water_kg_m3=density,
        viscosity_water_pa_s=float(dynamic_viscosity_pa_s(TEMP_REFERENCE_C)),
        pressure_return_pa=scenario.plant.pressure_return_kpa * PA_PER_KPA,
    )


def _control(scenario: Scenario) -> Control:
    spec = scenario.control
    has_bypass, set_point, flow_law, trim = _LAWS[spec.policy]
    if spec.flow_law == "general_curve":
        flow_law = FlowLaw.GENERAL_CURVE
    return Control(
        has_bypass=int(has_bypass),
        set_point_law=int(set_point),
        flow_law=int(flow_law),
        has_trim=int(trim),
        temp_cap_c=spec.temp_cap_secondary_c,
        temp_mixed_min_c=spec.temp_mixed_min_c,
        filter_s=spec.filter_h * S_PER_H,
        cpt_c=change_point_c(scenario) if spec.cpt_c is None else spec.cpt_c,
        hysteresis_k=spec.hysteresis_k,
        temp_floor_alarm_c=spec.temp_floor_alarm_c,
        floor_alarm_hysteresis_k=spec.floor_alarm_hysteresis_k,
        flow_min_rel=spec.flow_min_rel,
        trim_temp_room_c=spec.trim_temp_room_c,
        trim_gain_per_s=spec.trim_gain / (spec.trim_integral_h * S_PER_H),
        trim_limit_k=spec.trim_limit_k,
    )
