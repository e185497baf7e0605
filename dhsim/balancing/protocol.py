"""A building ready for balancing: read or made up, its radiators' resistances fitted to the balancing protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from dhsim.balancing.flags import Flag, listed
from dhsim.balancing.sensor_data import SensorSeries, read_sensor_file
from dhsim.balancing.synthetic_building import SyntheticBuilding, synthetic_building
from dhsim.build.building import BuildingPlan, build_building
from dhsim.errors import DhsimError, Problem, ScenarioError
from dhsim.model.building import Building
from dhsim.model.building_branches import Friction
from dhsim.model.building_hydraulics import dp_left_pa, fit_radiators, solve_flows
from dhsim.model.building_protocol import protocol_flows
from dhsim.model.valve_type import ValveType, catalogue_valve
from dhsim.network.parts import Floats
from dhsim.scenario.building_read import load_building
from dhsim.scenario.building_schema import BuildingScenario, SyntheticBuildingSection
from dhsim.units import M3_PER_L, PA_PER_KPA, S_PER_H, S_PER_MIN

ODD_TIMES = 30.0
"""Fitted radiator resistances this many times above or below their median are flagged."""
_L_H = S_PER_H / M3_PER_L
"""Litres per hour in a m3/s, for messages."""
_PROBLEMS_MAX = 20


@dataclass(frozen=True, eq=False)
class BuildingCase:
    """A building with all its resistances, and what plan and protocol say of it."""

    scenario: BuildingScenario
    building: Building
    valve_types: tuple[ValveType | None, ...]
    """Of each of `Building.valves`; None where only a range is known."""
    friction: Friction
    flow_radiators_m3_s: Floats
    """As the building stands, shape (n_radiator,)."""
    flow_design_m3_s: Floats
    """Of the plan, shape (n_radiator,); NaN where it does not say."""
    heat_design_w: Floats
    """Of the plan, shape (n_radiator,); NaN where it does not say."""
    flags: tuple[Flag, ...]
    truth: SyntheticBuilding | None = None
    """What a synthetic building hides."""


def open_building(source: str | Path | BuildingScenario, overrides: Mapping[str, Any] | None = None) -> BuildingCase:
    """Read, build and fit a building, or make up the synthetic one it asks for.

    Parameters
    ----------
    source
        File, folder of tables, or what was read of it.
    overrides
        As in `load_building`; only for a file or folder.

    Returns
    -------
    BuildingCase
        With flags for all that was assumed.

    Raises
    ------
    ScenarioError
        With all problems of the file, or a protocol whose flows contradict the pump.
    """
    scenario = source if isinstance(source, BuildingScenario) else load_building(source, overrides)
    if scenario.synthetic is not None:
        return _made_up(scenario, scenario.synthetic)
    return fitted(build_building(scenario))


def fitted(plan: BuildingPlan) -> BuildingCase:
    """Return a described building with its radiators fitted to the protocol, eq. (22).

    Without a protocol the radiators must have a Kv of their own, and the present flows are computed.

    Parameters
    ----------
    plan
        As built.

    Returns
    -------
    BuildingCase
        See `open_building`.

    Raises
    ------
    ScenarioError
        If flows are missing or contradict the pump, by name and number.
    """
    scenario, building = plan.scenario, plan.building
    flags = [Flag("assumed", "", note.message) for note in plan.notes]
    flags += _unverified(plan.valve_types)
    try:
        if np.isfinite(plan.flow_measured_m3_s).any():
            flow, found = radiator_flows_m3_s(building, plan.flow_measured_m3_s, plan.flow_design_m3_s)
            _refuse_contradictions(plan, flow)
            building = fit_radiators(building, flow, friction=scenario.friction)
            flags += [*found, *_odd(building)]
        else:
            flow = solve_flows(building, friction=scenario.friction).flow_m3_s[building.radiators]
    except ScenarioError:
        raise
    except DhsimError as error:
        key = "protocol" if scenario.protocol else ""
        raise ScenarioError([scenario.problem(key, line) for line in str(error).splitlines()]) from None
    return BuildingCase(
        scenario,
        building,
        plan.valve_types,
        scenario.friction,
        flow,
        plan.flow_design_m3_s,
        plan.heat_design_w,
        tuple(flags),
    )


def _refuse_contradictions(plan: BuildingPlan, flow_m3_s: Floats) -> None:
    """Refuse flows that leave no pressure for their radiator, each at its row of the protocol."""
    scenario, building = plan.scenario, plan.building
    left = dp_left_pa(building, flow_m3_s, scenario.friction)
    short = np.flatnonzero(~(left > 0.0))
    if not short.size:
        return
    row_of = {row.id: f"protocol.{index}" for index, row in enumerate(scenario.protocol)}
    problems = []
    for r in short[np.argsort(left[short])][:_PROBLEMS_MAX]:
        name = building.edge_ids[building.radiators[r]]
        message = (
            f"radiator {name!r}: {flow_m3_s[r] * _L_H:.4g} l/h leave it {left[r] / PA_PER_KPA:.3g} kPa of the pump's "
            f"{building.dp_pump_pa / PA_PER_KPA:g} kPa (k_rad = {left[r] / flow_m3_s[r] ** 2:.3g} Pa s2/m6): check "
            "this flow, the settings on its way and the pump's pressure"
        )
        problems.append(scenario.problem(row_of.get(name, "protocol"), message))
    if short.size > len(problems):
        problems.append(Problem(f"and {short.size - len(problems)} more radiators", scenario.path))
    raise ScenarioError(problems)


def radiator_flows_m3_s(
    building: Building, flow_measured_m3_s: Floats, weight: Floats | None = None
) -> tuple[Floats, tuple[Flag, ...]]:
    """Return the flow of every radiator from what was measured at radiators and valves; see `protocol_flows`.

    Parameters
    ----------
    building
        The circuit.
    flow_measured_m3_s
        Of each edge, NaN where nothing was measured [m3/s], shape (n_edge,).
    weight
        Of each radiator, as the plan's flow; where one is NaN the riser's radiators count alike.

    Returns
    -------
    tuple
        Flows [m3/s], shape (n_radiator,), and its remarks as flags: `split`, `sum`, `unused`.

    Raises
    ------
    DhsimError
        As `protocol_flows`.
    """
    flow, remarks = protocol_flows(building, flow_measured_m3_s, weight)
    return flow, tuple(Flag(remark.kind, "", remark.message, remark.value) for remark in remarks)


def _odd(building: Building) -> list[Flag]:
    """Return flags for radiators whose fitted resistance is far from the others'."""
    k = building.resistance_pa_s2_m6[building.radiators]
    times = k / np.median(k)
    odd = np.flatnonzero((times > ODD_TIMES) | (times < 1.0 / ODD_TIMES))
    return [
        Flag(
            "odd_resistance",
            building.zone_ids[building.zone[building.radiators[r]]],
            f"{building.edge_ids[building.radiators[r]]}: the protocol gives it {times[r]:.3g} times the median "
            "resistance of all radiators: check its flow and its valve's setting",
            float(times[r]),
        )
        for r in odd
    ]


def _unverified(types: tuple[ValveType | None, ...]) -> list[Flag]:
    names = sorted({kind.name for kind in types if kind is not None and not kind.verified})
    if not names:
        return []
    message = f"Kv tables with figures from one source only: {listed(names)}; compare with the data sheet"
    return [Flag("unverified_valve", "", message)]


def _made_up(scenario: BuildingScenario, said: SyntheticBuildingSection) -> BuildingCase:
    """Return the synthetic building; valve types, where named, give their valves range and scale."""
    truth = synthetic_building(
        said.flats,
        said.risers,
        said.floors,
        random=np.random.default_rng(said.seed),
        scatter_rel=said.scatter_rel,
    )
    building = truth.building
    is_riser = np.zeros(building.valves.size, bool)
    is_riser[truth.riser_valves] = True
    chosen = [said.valve_riser_type if riser else said.valve_radiator_type for riser in is_riser]
    types = tuple(None if name is None else catalogue_valve(name) for name in chosen)
    building, flags = _with_types(building, types)
    truth = replace(truth, building=building)
    flow = solve_flows(building, friction=scenario.friction).flow_m3_s[building.radiators]
    fluid = building.fluid
    design = scenario.design
    drop_k = design.temp_supply_c - design.temp_return_c
    heat = fluid.density_kg_m3 * fluid.heat_capacity_j_kgk * drop_k * truth.flow_design_m3_s
    flags += [Flag("synthetic", "", "a made-up building"), *_unverified(types)]
    return BuildingCase(
        scenario, building, types, scenario.friction, flow, truth.flow_design_m3_s, heat, tuple(flags), truth
    )


def _with_types(building: Building, types: tuple[ValveType | None, ...]) -> tuple[Building, list[Flag]]:
    low, high = building.resistance_min_pa_s2_m6.copy(), building.resistance_max_pa_s2_m6.copy()
    resistance = building.resistance_pa_s2_m6.copy()
    for edge, kind in zip(building.valves, types, strict=True):
        if kind is not None:
            low[edge], high[edge] = kind.range_pa_s2_m6(building.fluid.density_kg_m3)
    kept = np.clip(resistance[building.valves], low[building.valves], high[building.valves])
    moved = int((np.abs(kept / resistance[building.valves] - 1.0) > 1e-9).sum())
    resistance[building.valves] = kept
    made = replace(building, resistance_pa_s2_m6=resistance, resistance_min_pa_s2_m6=low, resistance_max_pa_s2_m6=high)
    flags = [Flag("clipped", "", f"{moved} valves stood beyond their type's range and were put at its end", moved)]
    return made, flags if moved else []


def read_sensors(case: BuildingCase, path: str | Path | None = None) -> SensorSeries:
    """Return the building's sensor series; sensors of zones it does not have are refused, missing ones flagged.

    Parameters
    ----------
    case
        The building.
    path
        The file; where the scenario says if left out.

    Returns
    -------
    SensorSeries
        See `read_sensor_file`.

    Raises
    ------
    ScenarioError
        With all problems of the file.
    """
    scenario = case.scenario
    said = scenario.sensors
    if said is None and path is None:
        raise ScenarioError([scenario.problem("sensors", "missing key: the file with the temperatures")])
    if path is None and said is not None:
        path = Path(scenario.path).parent / said.file
    assert path is not None
    return read_sensor_file(
        path,
        time_zone=None if said is None else said.time_zone,
        step_s=S_PER_H if said is None else said.step_min * S_PER_MIN,
        zone_ids=case.building.zone_ids,
        ignore=() if said is None else said.ignore,
    )
