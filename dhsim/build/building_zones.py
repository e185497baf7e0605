"""The rooms of a described building for the dynamic simulation: heat loss, heat capacity, radiators, heads."""

from __future__ import annotations

import math

import numpy as np

from dhsim.build.building import BuildingPlan
from dhsim.errors import Problem, ScenarioError
from dhsim.model.building import Building
from dhsim.model.building_paths import radiators_behind
from dhsim.model.system import Ints
from dhsim.model.valve_type import ValveType
from dhsim.model.zones import NO_EDGE, BuildingZones, building_zones, neighbours_of, radiators_of, trvs_of
from dhsim.network.parts import Floats
from dhsim.units import S_PER_DAY


def plan_zones(
    plan: BuildingPlan, *, heads_on: bool = True, temp_set_c: float | None = None, band_k: float = 2.0
) -> BuildingZones:
    """Return the zones of a described building with what warms them.

    A zone loses `ua_outdoor_w_k`, or its design heat over the design difference; its capacity is that loss times its
    time constant. A radiator gives its design heat at the design temperatures. A thermostatic head sits on every
    radiator valve of the catalogue's kind "radiator" that stands before one radiator alone.

    Parameters
    ----------
    plan
        As built.
    heads_on
        False: the heads are off and the valves stand at their presets.
    temp_set_c
        Set-point of the heads [degC]; one kelvin above the plan's room temperature if left out.
    band_k
        Their proportional band [K].

    Returns
    -------
    BuildingZones
        In the order of the building's zones and radiators.

    Raises
    ------
    ScenarioError
        Zones without heat loss or time constant, radiators without design heat: all by name.
    """
    scenario, building = plan.scenario, plan.building
    design = scenario.design
    loss, capacity = _losses(plan)
    high, low = design.temp_supply_c - design.temp_indoor_c, design.temp_return_c - design.temp_indoor_c
    problems = [] if low > 0.0 else [scenario.problem("design.temp_return_c", "must be above temp_indoor_c")]
    problems += _silent(plan, loss, capacity)
    if problems:
        raise ScenarioError(problems)
    radiators = radiators_of(
        building.radiators,
        building.zone[building.radiators],
        plan.heat_design_w,
        excess_design_k=(high - low) / math.log(high / low),
        exponent=[radiator.exponent for radiator in scenario.radiators],
    )
    place = {zone.id: z for z, zone in enumerate(scenario.zones)}
    pairs = [(place[said.first], place[said.second]) for said in scenario.neighbours]
    trvs = trvs_of(
        head_edges(building, plan.valve_types),
        temp_set_c=design.temp_indoor_c + 1.0 if temp_set_c is None else temp_set_c,
        band_k=band_k,
        head_on=int(heads_on),
    )
    ua_neighbours = [said.ua_w_k for said in scenario.neighbours]
    return building_zones(
        building.zone_ids,
        capacity,
        loss,
        radiators,
        trvs=trvs,
        neighbours=neighbours_of(pairs, ua_neighbours) if pairs else None,
    )


def head_edges(building: Building, types: tuple[ValveType | None, ...]) -> Ints:
    """Return the edge of each radiator's thermostatic valve, NO_EDGE where it has none, shape (n_radiator,).

    Parameters
    ----------
    building
        The circuit.
    types
        Type of each of `Building.valves`.

    Returns
    -------
    ndarray
        Edges.
    """
    behind = radiators_behind(building)
    count = behind.number(building.valves.size)
    edge = np.full(building.radiators.size, NO_EDGE, dtype=np.int64)
    for v, r in zip(behind.valve, behind.radiator, strict=True):
        kind = types[v]
        if count[v] == 1 and kind is not None and kind.kind == "radiator" and kind.scale == "preset":
            edge[r] = building.valves[v]
    return edge


def _losses(plan: BuildingPlan) -> tuple[Floats, Floats]:
    """Return heat loss [W/K] and heat capacity [J/K] of each zone, NaN where nothing tells them."""
    scenario, building = plan.scenario, plan.building
    difference_k = scenario.design.temp_indoor_c - scenario.design.temp_outdoor_c
    given = np.bincount(building.zone[building.radiators], plan.heat_design_w, minlength=building.n_zone)
    heat = np.array([given[z] if s.heat_design_w is None else s.heat_design_w for z, s in enumerate(scenario.zones)])
    said = np.array([math.nan if zone.ua_outdoor_w_k is None else zone.ua_outdoor_w_k for zone in scenario.zones])
    loss = np.where(np.isnan(said), heat / difference_k, said)
    days = np.array([math.nan if zone.time_constant_d is None else zone.time_constant_d for zone in scenario.zones])
    return loss, loss * days * S_PER_DAY


def _silent(plan: BuildingPlan, loss: Floats, capacity: Floats) -> list[Problem]:
    scenario, made = plan.scenario, list[Problem]()
    for z, zone in enumerate(scenario.zones):
        if not loss[z] > 0.0:
            text = "needs heat_design_w or ua_outdoor_w_k for the simulation"
            made.append(scenario.problem(f"zones.{z}", f"zone {zone.id!r}: {text}"))
        elif np.isnan(capacity[z]):
            text = "needs time_constant_d for the simulation (multi-family buildings: 4 to 12 days)"
            made.append(scenario.problem(f"zones.{z}", f"zone {zone.id!r}: {text}"))
    for r, radiator in enumerate(scenario.radiators):
        if np.isnan(plan.heat_design_w[r]):
            text = "no design heat, here or in its zone"
            made.append(scenario.problem(f"radiators.{r}", f"radiator {radiator.id!r}: {text}"))
    return made
