"""Buildings in detail behind a substation: read, fitted to their protocol, set, and commissioned at their entry."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from dhsim.build.building import BuildingPlan, build_building
from dhsim.build.building_zones import plan_zones
from dhsim.errors import DhsimError, Problem, ScenarioError
from dhsim.model.building import Building
from dhsim.model.building_branches import Friction
from dhsim.model.building_hydraulics import fit_radiators, solve_flows
from dhsim.model.building_protocol import protocol_flows
from dhsim.model.detailed import DetailedBuilding
from dhsim.model.system import Floats, System
from dhsim.model.valve_type import valve_resistance_pa_s2_m6
from dhsim.model.zones import BuildingZones
from dhsim.physics.jet_pump import dp_needed_pa
from dhsim.scenario.building_read import load_building
from dhsim.scenario.detail import DetailSection, ValveStand, load_settings
from dhsim.scenario.schema import Scenario
from dhsim.scenario.source import problem_at
from dhsim.scenario.wording import nearest, shown
from dhsim.units import PA_PER_KPA, W_PER_KW

HEAT_APART_REL = 0.05
"""How far the design heat and the heat loss of a building in detail may be from those of the scenario's."""
TEMP_APART_K = 5.0
"""How far the design temperatures of its radiators may be from the scenario's."""
_TOLERANCE_FLOW_REL = 1e-12
_ROUNDS_MAX = 60


def build_details(scenario: Scenario, system: System) -> tuple[DetailedBuilding, ...]:
    """Return the buildings of a scenario that are simulated flat by flat, in the order of the buildings.

    Parameters
    ----------
    scenario
        As read.
    system
        As built of it; gives flows and pressures at the entries.

    Returns
    -------
    tuple of DetailedBuilding
        Empty where the scenario names none.

    Raises
    ------
    ScenarioError
        Files that are not there or not good, valves that are unknown or beyond their range, and buildings that do not
        agree with the scenario's in heat, temperatures or pressure: all at once, with both numbers.
    """
    problems: list[Problem] = []
    made = []
    for index, name in enumerate(system.building_ids):
        if name not in scenario.details:
            continue
        try:
            made.append(_detailed(scenario, system, index))
        except ScenarioError as error:
            problems += error.problems
    if problems:
        raise ScenarioError(problems)
    return tuple(made)


def _detailed(scenario: Scenario, system: System, index: int) -> DetailedBuilding:
    key = f"details.{system.building_ids[index]}"
    said = scenario.details[system.building_ids[index]]
    stands = [] if said.settings is None else load_settings(_file(scenario, key, "settings", said.settings))
    described = load_building(_file(scenario, key, "building", said.building))
    if described.synthetic is not None:
        text = "a synthetic building has no plan to be simulated by: write its tables, or name another building"
        raise ScenarioError([scenario.problem(f"{key}.building", text)])
    plan = build_building(described)
    building = _with_settings(plan, _fitted(plan), stands)
    zones = plan_zones(plan, heads_on=said.heads, temp_set_c=said.temp_head_c)
    problems = _unlike(scenario, key, said, plan, zones, float(system.buildings.heat_design_w[index]))
    if problems:
        raise ScenarioError(problems)
    return _commissioned(scenario, system, index, building, zones, described.friction)


def _file(scenario: Scenario, key: str, name: str, said: str) -> Path:
    path = Path(scenario.folder) / said
    if not path.exists():
        raise ScenarioError([scenario.problem(f"{key}.{name}", f"no such file or folder (got {shown(said)})")])
    return path


def _fitted(plan: BuildingPlan) -> Building:
    """Return the building with the resistances of its radiators that the protocol's flows imply."""
    scenario, building = plan.scenario, plan.building
    try:
        if not np.isfinite(plan.flow_measured_m3_s).any():
            solve_flows(building, friction=scenario.friction)  # refuses what cannot flow
            return building
        flow_m3_s, _ = protocol_flows(building, plan.flow_measured_m3_s, plan.flow_design_m3_s)
        return fit_radiators(building, flow_m3_s, friction=scenario.friction)
    except DhsimError as error:
        key = "protocol" if scenario.protocol else ""
        raise ScenarioError([scenario.problem(key, line) for line in str(error).splitlines()]) from None


def _with_settings(plan: BuildingPlan, building: Building, stands: list[ValveStand]) -> Building:
    """Return the building with some of its valves set anew."""
    ids = list(building.valve_ids)
    k, problems = building.resistance_valves_pa_s2_m6.copy(), list[Problem]()
    low, high = (values[building.valves] for values in (building.resistance_min_pa_s2_m6,
                                                        building.resistance_max_pa_s2_m6))  # fmt: skip
    for stand in stands:
        if stand.valve not in ids:
            near = nearest(stand.valve, ids)
            hint = f"did you mean {near}" if near else f"it has {len(ids)}, the first is {ids[0]!r}" if ids else "none"
            text = f"no valve {stand.valve!r} in {plan.scenario.name} ({hint})"
            problems.append(problem_at(stand.place, text, "id"))
            continue
        v = ids.index(stand.valve)
        try:
            kv = _kv_m3_h(plan, v, stand)
        except DhsimError as error:
            problems.append(problem_at(stand.place, f"valve {stand.valve!r}: {error}", "setting"))
            continue
        k[v] = float(valve_resistance_pa_s2_m6(kv, building.fluid.density_kg_m3))
        if not low[v] * (1.0 - 1e-9) <= k[v] <= high[v] * (1.0 + 1e-9):
            text = f"valve {stand.valve!r}: Kv {kv:g} m3/h is beyond its range, or it is fixed"
            problems.append(problem_at(stand.place, text, "kv_m3_h"))
    if problems:
        raise ScenarioError(problems)
    return building.with_valves(k)


def _kv_m3_h(plan: BuildingPlan, v: int, stand: ValveStand) -> float:
    kind = plan.valve_types[v]
    if stand.kv_m3_h is not None:
        return stand.kv_m3_h
    assert stand.setting is not None
    if kind is None:
        raise DhsimError("has no type whose scale the setting is on: give kv_m3_h")
    return float(kind.kv_at_m3_h(kind.position_of(stand.setting)))


def _unlike(
    scenario: Scenario, key: str, said: DetailSection, plan: BuildingPlan, zones: BuildingZones, heat_w: float
) -> list[Problem]:
    """Return where the building in detail is another than the scenario's."""
    load, curve, design = scenario.heat_load, scenario.curve, plan.scenario.design
    difference_k = load.temp_indoor_c - load.temp_design_outdoor_c
    houses = f"{said.copies} houses" if said.copies > 1 else "house"
    problems = []
    for what, theirs_w in (
        ("design heat of its radiators", float(plan.heat_design_w.sum())),
        (f"heat loss at {difference_k:g} K", float(zones.zones.ua_outdoor_w_k.sum()) * difference_k),
    ):
        all_w = said.copies * theirs_w
        if abs(all_w / heat_w - 1.0) > HEAT_APART_REL:
            text = (
                f"{what}: {all_w / W_PER_KW:.4g} kW ({houses}), but the scenario's building has "
                f"{heat_w / W_PER_KW:.4g} kW: change its heat_design_kw or `copies` (nearest: "
                f"{max(round(heat_w / theirs_w), 1)})"
            )
            problems.append(scenario.problem(f"{key}.building", text))
    for what, theirs_c, ours_c in (
        ("supply", design.temp_supply_c, curve.temp_radiator_supply_design_c),
        ("return", design.temp_return_c, curve.temp_return_design_c),
    ):
        if abs(theirs_c - ours_c) > TEMP_APART_K:
            text = f"radiators designed for a {what} of {theirs_c:g} degC, but the scenario's curve has {ours_c:g}"
            problems.append(scenario.problem(f"{key}.building", text))
    return problems


def _commissioned(
    scenario: Scenario, system: System, index: int, building: Building, zones: BuildingZones, friction: Friction
) -> DetailedBuilding:
    """Return the building with the entry that gives it the scenario's flow while all its heads are open."""
    name, buildings = system.building_ids[index], system.buildings
    said = scenario.details[name]
    ratio = float(buildings.mixing_ratio_jet[index])
    flow_factor = system.substation.flow_set_rel * scenario.buildings[index].flow_factor
    entry_kg_s = float(buildings.mass_flow_design_kg_s[index]) * flow_factor
    house_kg_s = entry_kg_s / said.copies
    dp_entry_pa = (entry_kg_s / float(buildings.conductance_kg_s_pa05[index])) ** 2
    dp_pa = _dp_for_flow_pa(building, (1.0 + ratio) * house_kg_s, friction)
    needed_pa = float(dp_needed_pa(dp_pa, ratio)) if ratio > 0.0 else dp_pa
    if needed_pa > dp_entry_pa * (1.0 + 1e-9):
        text = (
            f"its circuit takes {dp_pa / PA_PER_KPA:.3g} kPa at {(1.0 + ratio) * house_kg_s:.3g} kg/s, which needs "
            f"{needed_pa / PA_PER_KPA:.3g} kPa at its entry, but the scenario has {dp_entry_pa / PA_PER_KPA:.3g} kPa: "
            f"raise building_types.{scenario.buildings[index].type}.dp_circuit_kpa to {dp_pa / PA_PER_KPA:.3g} or open "
            "valves"
        )
        raise ScenarioError([scenario.problem(f"details.{name}.building", text)])
    share: Floats = zones.zones.ua_outdoor_w_k / zones.zones.ua_outdoor_w_k.sum()
    aperture_m2 = float(buildings.aperture_solar_m2[index]) / said.copies * share
    fluid = building.fluid._replace(heat_capacity_j_kgk=system.substation.heat_capacity_water_j_kgk)
    return DetailedBuilding(
        index=index,
        building=replace(building, fluid=fluid),
        zones=replace(zones, zones=zones.zones._replace(aperture_solar_m2=aperture_m2)),
        gain_share_rel=share,
        copies=said.copies,
        mixing_ratio_jet=ratio,
        mass_flow_entry_kg_s=house_kg_s,
        dp_circuit_pa=dp_pa,
        resistance_entry_pa_s2_kg2=0.0 if ratio > 0.0 else (dp_entry_pa - dp_pa) / house_kg_s**2,
        friction=friction,
    )


def _dp_for_flow_pa(building: Building, mass_flow_kg_s: float, friction: Friction) -> float:
    """Return the pressure difference at which a circuit takes a flow: it goes about with the flow's square."""
    dp_pa = building.dp_pump_pa
    for _ in range(_ROUNDS_MAX):
        flow = (
            solve_flows(replace(building, dp_pump_pa=dp_pa), friction=friction).flow_total_m3_s
            * building.fluid.density_kg_m3
        )
        if abs(flow / mass_flow_kg_s - 1.0) <= _TOLERANCE_FLOW_REL:
            break
        dp_pa *= (mass_flow_kg_s / flow) ** 2
    return dp_pa
