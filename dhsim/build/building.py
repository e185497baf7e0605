"""From what is said of a building to its circuit: nodes and edges numbered, settings turned into resistances."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dhsim.errors import DhsimError, Problem, ScenarioError
from dhsim.model.building import Building, EdgeKind
from dhsim.model.valve_type import ValveType, catalogue_valve, make_valve_type, valve_resistance_pa_s2_m6
from dhsim.network.parts import Floats, Fluid
from dhsim.physics.water import density_kg_m3, dynamic_viscosity_pa_s, heat_capacity_j_kgk
from dhsim.scenario.building_layout import BuildingEdge, building_edges, pump_nodes
from dhsim.scenario.building_schema import BuildingScenario, BuildingValve, ProtocolRow
from dhsim.scenario.network_schema import FluidSection
from dhsim.units import M3_PER_L, M_PER_MM, PA_PER_KPA, S_PER_H

_KINDS = {"radiator": EdgeKind.RADIATOR, "valve": EdgeKind.VALVE, "pipe": EdgeKind.PIPE}
_ORDER = {"radiator": 0, "valve": 1, "pipe": 2}
_AT_REL = 1e-9


@dataclass(frozen=True, eq=False)
class BuildingPlan:
    """A described building: its circuit with the valves as they stand, and what plan and protocol say."""

    scenario: BuildingScenario
    building: Building
    """Radiators without a Kv of their own have no resistance (NaN) until the protocol is fitted."""
    valve_types: tuple[ValveType | None, ...]
    """Of each of `Building.valves`; None where only a range of Kv is known."""
    flow_measured_m3_s: Floats
    """Of the protocol, shape (n_edge,); NaN where nothing was measured."""
    heat_design_w: Floats
    """Of each radiator, shape (n_radiator,); NaN where the plan does not say."""
    flow_design_m3_s: Floats
    """Of each radiator, shape (n_radiator,); NaN where the plan does not say."""
    notes: tuple[Problem, ...]
    """What was assumed, with its place."""


def build_building(scenario: BuildingScenario) -> BuildingPlan:
    """Return a described building as the solvers take it: radiators first, then valves as listed, then pipes.

    Parameters
    ----------
    scenario
        As read; a synthetic one is made by `dhsim.balancing.protocol.open_building`.

    Returns
    -------
    BuildingPlan
        The protocol is read into it but not yet fitted.

    Raises
    ------
    ScenarioError
        Settings beyond a valve's range, valves without a setting under a protocol, connections that do not work: all
        problems at once, by name and number.
    """
    if scenario.synthetic is not None:
        raise DhsimError(
            f"{scenario.name}: a synthetic building has no parts to build from: "
            "`dhsim.balancing.protocol.open_building` makes it up (its `building`, its `truth`), and "
            "`dhsim.engine.circuit_zones.synthetic_zones` draws the rooms of that building"
        )
    edges = sorted(building_edges(scenario), key=lambda edge: (_ORDER[edge.kind], edge.row))
    fluid = _fluid(scenario.fluid)
    types = _valve_types(scenario)
    problems, notes = list[Problem](), list[Problem]()
    low, high, present = _valve_columns(scenario, types, fluid, problems, notes)
    if problems:
        raise ScenarioError(problems)
    building = _building(scenario, edges, fluid, (low, high, present))
    heat = _design_heat_w(scenario, problems)
    if problems:
        raise ScenarioError(problems)
    return BuildingPlan(
        scenario=scenario,
        building=building,
        valve_types=types,
        flow_measured_m3_s=_measured(scenario, building),
        heat_design_w=heat,
        flow_design_m3_s=_design_flow_m3_s(scenario, heat, fluid),
        notes=tuple(notes),
    )


def _fluid(said: FluidSection) -> Fluid:
    temp_c = said.temp_c
    if temp_c is not None:
        return Fluid(
            float(density_kg_m3(temp_c)), float(dynamic_viscosity_pa_s(temp_c)), float(heat_capacity_j_kgk(temp_c))
        )
    constants = (said.density_kg_m3, said.viscosity_pa_s, said.heat_capacity_j_kgk)
    return Fluid(*(float(constant) for constant in constants if constant is not None))


def _valve_types(scenario: BuildingScenario) -> tuple[ValveType | None, ...]:
    """Return the type of each valve; raises if one of the catalogue has no Kv of its own."""
    own = {
        said.id: make_valve_type(
            said.id,
            said.positions,
            said.kv_m3_h,
            scale=said.scale,
            step=said.step,
            labels=None if said.labels is None else [x if isinstance(x, str) else f"{x:g}" for x in said.labels],
            source=said.source,
        )
        for said in scenario.valve_types
    }
    made: list[ValveType | None] = []
    problems = []
    for index, valve in enumerate(scenario.valves):
        chosen = None
        if valve.type is not None:
            try:
                chosen = own[valve.type] if valve.type in own else catalogue_valve(valve.type)
            except DhsimError as error:
                problems.append(scenario.problem(f"valves.{index}.type", f"valve {valve.id!r}: {error}"))
        made.append(chosen)
    if problems:
        raise ScenarioError(problems)
    return tuple(made)


def _valve_columns(
    scenario: BuildingScenario,
    types: Sequence[ValveType | None],
    fluid: Fluid,
    problems: list[Problem],
    notes: list[Problem],
) -> tuple[Floats, Floats, Floats]:
    """Return smallest, largest and present resistance of each valve."""
    rows = _protocol_rows(scenario)
    columns = np.full((3, len(scenario.valves)), np.nan)
    for index, (valve, kind) in enumerate(zip(scenario.valves, types, strict=True)):
        said_at, row = rows.get(valve.id, (-1, None))
        key = f"protocol.{said_at}" if row is not None else f"valves.{index}"
        try:
            kv = _present_kv_m3_h(valve, row, kind)
        except DhsimError as error:
            problems.append(scenario.problem(f"{key}.setting", f"valve {valve.id!r}: {error}"))
            continue
        ends = _kv_range_m3_h(valve, kind, kv)
        if kv is None and scenario.protocol:
            message = f"valve {valve.id!r}: no setting, here or in the protocol, whose flows ran at some setting"
            problems.append(scenario.problem(f"valves.{index}", message))
        elif ends is None:
            message = f"valve {valve.id!r}: a fixed valve without kv_m3_h needs its `type` and setting"
            problems.append(scenario.problem(f"valves.{index}", message))
        elif kv is not None and not ends[0] * (1.0 - _AT_REL) <= kv <= ends[1] * (1.0 + _AT_REL):
            message = f"valve {valve.id!r}: Kv {kv:g} m3/h is beyond its range, {ends[0]:g} to {ends[1]:g} m3/h"
            problems.append(scenario.problem(f"{key}.kv_m3_h", message))
        else:
            if kv is None:
                kv = ends[1]
                notes.append(
                    scenario.problem(f"valves.{index}", f"valve {valve.id!r}: no setting: taken as fully open")
                )
            kept = (kv, kv) if valve.fixed else ends
            columns[:, index] = valve_resistance_pa_s2_m6([kept[1], kept[0], kv], fluid.density_kg_m3)
    return columns[0], columns[1], columns[2]


def _protocol_rows(scenario: BuildingScenario) -> dict[str, tuple[int, ProtocolRow]]:
    """Return what the protocol says of the setting of each valve, by the valve's name."""
    before = {valve.radiator: valve.id for valve in scenario.valves if valve.radiator is not None}
    made = {}
    for index, row in enumerate(scenario.protocol):
        if row.setting is not None or row.kv_m3_h is not None:
            made[before.get(row.id, row.id)] = (index, row)
    return made


def _present_kv_m3_h(valve: BuildingValve, row: ProtocolRow | None, kind: ValveType | None) -> float | None:
    for said in (row, valve):
        if said is None:
            continue
        if said.kv_m3_h is not None:
            return float(said.kv_m3_h)
        if said.setting is not None and kind is not None:
            return float(kind.kv_at_m3_h(kind.position_of(said.setting)))
    return None


def _kv_range_m3_h(valve: BuildingValve, kind: ValveType | None, kv: float | None) -> tuple[float, float] | None:
    if kind is not None:
        return kind.kv_m3_h[0], kind.kv_m3_h[-1]
    if valve.kv_min_m3_h is not None and valve.kv_max_m3_h is not None:
        return valve.kv_min_m3_h, valve.kv_max_m3_h
    return None if kv is None else (kv, kv)


def _building(
    scenario: BuildingScenario, edges: Sequence[BuildingEdge], fluid: Fluid, valves: tuple[Floats, Floats, Floats]
) -> Building:
    zone_of = {zone.id: z for z, zone in enumerate(scenario.zones)}
    n_edge = len(edges)
    columns = {
        name: np.full(n_edge, np.nan) for name in ("resistance", "low", "high", "length", "diameter", "roughness")
    }
    zone = np.full(n_edge, -1)
    for e, edge in enumerate(edges):
        if edge.kind == "radiator":
            radiator = scenario.radiators[edge.row]
            zone[e] = zone_of[radiator.zone]
            columns["resistance"][e] = _fixed_resistance(radiator.kv_m3_h, fluid)
        elif edge.kind == "valve":
            columns["low"][e], columns["high"][e], columns["resistance"][e] = (part[edge.row] for part in valves)
        else:
            pipe = scenario.pipes[edge.row]
            columns["resistance"][e] = _fixed_resistance(pipe.kv_m3_h, fluid)
            if pipe.kv_m3_h is None:
                rough = pipe.roughness_mm if pipe.roughness_mm is not None else scenario.roughness_mm
                assert pipe.length_m is not None
                assert pipe.diameter_inner_mm is not None
                assert rough is not None
                columns["length"][e] = pipe.length_m
                columns["diameter"][e], columns["roughness"][e] = pipe.diameter_inner_mm * M_PER_MM, rough * M_PER_MM
    outlet, inlet = pump_nodes(scenario)
    assert scenario.pump is not None
    try:
        return Building.from_edges(
            [_KINDS[edge.kind] for edge in edges],
            [edge.start for edge in edges],
            [edge.end for edge in edges],
            dp_pump_pa=scenario.pump.dp_kpa * PA_PER_KPA,
            resistance_pa_s2_m6=columns["resistance"],
            length_m=columns["length"],
            diameter_m=columns["diameter"],
            roughness_m=columns["roughness"],
            zone=zone,
            resistance_min_pa_s2_m6=columns["low"],
            resistance_max_pa_s2_m6=columns["high"],
            fluid=fluid,
            outlet=outlet,
            inlet=inlet,
            edge_ids=[edge.id for edge in edges],
            zone_ids=[zone.id for zone in scenario.zones],
        )
    except DhsimError as error:
        raise ScenarioError([scenario.problem("", line) for line in str(error).splitlines()]) from None


def _fixed_resistance(kv_m3_h: float | None, fluid: Fluid) -> float:
    return math.nan if kv_m3_h is None else float(valve_resistance_pa_s2_m6(kv_m3_h, fluid.density_kg_m3))


def _measured(scenario: BuildingScenario, building: Building) -> Floats:
    flow = np.full(building.kind.size, np.nan)
    place = {name: e for e, name in enumerate(building.edge_ids)}
    for row in scenario.protocol:
        if row.flow_l_h is not None:
            flow[place[row.id]] = row.flow_l_h * M3_PER_L / S_PER_H
    return flow


def _design_heat_w(scenario: BuildingScenario, problems: list[Problem]) -> Floats:
    """Return each radiator's share of its zone's design heat: what it says itself, equal shares of the rest."""
    heat = np.array([math.nan if r.heat_design_w is None else r.heat_design_w for r in scenario.radiators])
    zone_of = np.array([radiator.zone for radiator in scenario.radiators])
    for index, zone in enumerate(scenario.zones):
        mine = np.flatnonzero(zone_of == zone.id)
        silent = mine[np.isnan(heat[mine])]
        if zone.heat_design_w is None or not silent.size:
            continue
        rest = zone.heat_design_w - float(np.nansum(heat[mine]))
        if rest <= 0.0:
            left = f"leave {rest:g} W for {silent.size} radiators without their own"
            message = f"zone {zone.id!r}: its {zone.heat_design_w:g} W {left}"
            problems.append(scenario.problem(f"zones.{index}.heat_design_w", message))
        heat[silent] = rest / silent.size
    return heat


def _design_flow_m3_s(scenario: BuildingScenario, heat_w: Floats, fluid: Fluid) -> Floats:
    said = [math.nan if r.flow_design_l_h is None else r.flow_design_l_h for r in scenario.radiators]
    drop_k = scenario.design.temp_supply_c - scenario.design.temp_return_c
    by_heat = design_flow_m3_s(heat_w, drop_k, fluid) if drop_k > 0.0 else np.full(heat_w.size, np.nan)
    return np.where(np.isnan(said), by_heat, np.array(said) * M3_PER_L / S_PER_H)


def design_flow_m3_s(heat_design_w: Floats, temp_drop_k: float, fluid: Fluid) -> Floats:
    """Return the flow that gives up a design heat at a design temperature drop.

    ``V = Q / (rho c_p dT)``

    Parameters
    ----------
    heat_design_w
        Design heat Q [W].
    temp_drop_k
        Design drop dT from supply to return [K].
    fluid
        Constants of the water.

    Returns
    -------
    ndarray
        Volume flow [m3/s].

    Raises
    ------
    DhsimError
        If the drop is not positive.

    Notes
    -----
    Source: heat balance of the water.
    """
    if not temp_drop_k > 0.0:
        raise DhsimError(f"the design return must be colder than the supply (drop {temp_drop_k:g} K)")
    return np.asarray(heat_design_w, np.float64) / (fluid.density_kg_m3 * fluid.heat_capacity_j_kgk * temp_drop_k)
