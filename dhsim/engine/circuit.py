"""Simulate a building with all its radiators, heads and zones.

What is left out: the time water needs through the pipes and what the pipes lose. Every radiator gets the water as it
enters the building, and the return is the mixture of what leaves the radiators in the same step. In a building a riser
is passed within minutes, so steps of a minute see the water a little early; the energy is right at every step length.
"""

from __future__ import annotations

import time as clock
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from dhsim.engine.circuit_drive import BuildingDrive, inputs_of
from dhsim.engine.circuit_flow import DP, DP_ZERO, FLOW, SOLVES
from dhsim.engine.circuit_graph import Friction, graph_of
from dhsim.engine.circuit_kernel import advance_building
from dhsim.engine.circuit_run import BuildingRun
from dhsim.engine.circuit_setup import parts_of_building
from dhsim.engine.circuit_state import (
    CircuitSeries,
    Inputs,
    Output,
    Parts,
    RadiatorSeries,
    State,
    ZoneSeries,
    empty_output,
    empty_work,
    start_state,
)
from dhsim.errors import ConvergenceError, DhsimError, Status
from dhsim.model.building import Building
from dhsim.model.system import Floats
from dhsim.model.zones import BuildingZones

TOLERANCE_VALVE_REL = 1e-3


def simulate_building(
    building: Building,
    zones: BuildingZones,
    drive: BuildingDrive,
    step_s: float,
    *,
    temp_start_c: ArrayLike = 21.0,
    save: Iterable[str] = ZoneSeries._fields,
    mass_flow_radiator_kg_s: ArrayLike | None = None,
    friction: Friction = "colebrook",
    tolerance_valve_rel: float = TOLERANCE_VALVE_REL,
) -> BuildingRun:
    """Simulate a building over the steps of its drive.

    Parameters
    ----------
    building
        The circuit, with its valves as they stand; nothing is written into it.
    zones
        Zones, radiators and thermostatic heads.
    drive
        Weather, gains, supply temperature and pump.
    step_s
        Time step [s]; a minute to an hour.
    temp_start_c
        Zones, radiators and heads before the first step, one or one a zone [degC].
    save
        Which series of zones and radiators are kept: names of `ZoneSeries` and `RadiatorSeries`.
    mass_flow_radiator_kg_s
        Flows of the radiators where they are given; then the circuit is not solved and no head may be on [kg/s].
    friction
        Law of the pipes, as in `graph_of`.
    tolerance_valve_rel
        Flows are found anew where a valve's flow coefficient has moved by more than this share of the open one's [-].

    Returns
    -------
    BuildingRun
        Series, totals, and the status of every step.

    Raises
    ------
    ConvergenceError
        If a step did not settle; it names the first, and the zones.
    DhsimError
        If building, zones and drive do not fit together; all problems at once.
    """
    began = clock.perf_counter()
    if not step_s > 0.0:
        raise DhsimError(f"the step must be positive (got {step_s:g} s)")
    wanted, known = frozenset(save), {*ZoneSeries._fields, *RadiatorSeries._fields}
    if wanted - known:
        raise DhsimError(f"save: unknown {', '.join(sorted(wanted - known))} (known: {', '.join(sorted(known))})")
    graph = graph_of(building, friction)
    inputs = inputs_of(drive, len(zones.zone_ids), graph.dp_pump_pa)
    parts = parts_of_building(graph, zones, mass_flow_radiator_kg_s)
    state = _start(parts, temp_start_c, mass_flow_radiator_kg_s)
    before = state.temp_zone_c.copy()
    stores = _stores_j(parts, state)
    out = empty_output(zones, inputs.temp_outdoor_c.size, wanted)
    advance_building(parts, inputs, state, empty_work(parts), out, float(step_s), tolerance_valve_rel)
    _raise_if_bad(zones, state, out, step_s)
    stored = tuple(now - then for now, then in zip(_stores_j(parts, state), stores, strict=True))
    return _run(zones, inputs, (before, state), out, step_s, stored, clock.perf_counter() - began)


def _start(parts: Parts, temp_start_c: ArrayLike, mass_flow_kg_s: ArrayLike | None) -> State:
    n_zone, n_radiator = parts.zones.heat_capacity_j_k.size, parts.radiators.zone.size
    given = np.asarray(temp_start_c, dtype=np.float64)
    if given.shape not in ((), (n_zone,)) or not np.isfinite(given).all():
        raise DhsimError(f"temp_start_c: one value or {n_zone} are needed, none missing (got {given.shape})")
    temp_zone_c = np.broadcast_to(given, (n_zone,)).astype(np.float64)
    state = start_state(parts, temp_zone_c, temp_zone_c[parts.radiators.zone])
    state.dp[SOLVES] = 0.0
    if mass_flow_kg_s is not None:
        flow = np.asarray(mass_flow_kg_s, dtype=np.float64)
        if flow.shape not in ((), (n_radiator,)) or not (np.isfinite(flow) & (flow >= 0.0)).all():
            raise DhsimError(f"mass_flow_radiator_kg_s: {n_radiator} values, none negative, are needed")
        state.mass_flow_kg_s[:] = flow
        state.dp[DP], state.dp[DP_ZERO], state.dp[FLOW] = 0.0, 0.0, float(state.mass_flow_kg_s.sum())
    return state


def _stores_j(parts: Parts, state: State) -> tuple[float, float]:
    """Return the heat in zones and in radiators above 0 degC."""
    zones = float(parts.zones.heat_capacity_j_k @ state.temp_zone_c)
    return zones, float(parts.radiators.heat_capacity_j_k @ state.temp_body_c)


def _raise_if_bad(zones: BuildingZones, state: State, out: Output, step_s: float) -> None:
    bad = np.flatnonzero(out.status & int(Status.NOT_CONVERGED | Status.NOT_FINITE))
    if bad.size:
        status = Status(int(out.status[bad[0]]))
        lost = [name for name, value in zip(zones.zone_ids, state.temp_zone_c, strict=True) if not np.isfinite(value)]
        where = f" in {', '.join(lost[:5])}" if lost else ""
        raise ConvergenceError(
            f"{bad.size} of {out.status.size} steps of {step_s:g} s failed, the first is step {bad[0]}{where}. "
            f"{(status & (Status.NOT_CONVERGED | Status.NOT_FINITE)).advice}"
        )


def _run(
    zones: BuildingZones,
    inputs: Inputs,
    ends: tuple[Floats, State],
    out: Output,
    step_s: float,
    stored: tuple[float, ...],
    wall_s: float,
) -> BuildingRun:
    arrays: dict[str, Floats] = {}
    for names, kept in ((ZoneSeries._fields, out.zone), (RadiatorSeries._fields, out.radiator)):
        arrays |= {name: values for name, values in zip(names, kept, strict=True) if values.shape[0]}
    arrays |= dict(zip(CircuitSeries._fields, out.circuit, strict=True))
    totals = {name: float(values.sum()) for name, values in zip(out.totals._fields, out.totals, strict=True)}
    totals |= {"store_zone_j": stored[0], "store_radiator_j": stored[1]}
    return BuildingRun(
        zone_ids=zones.zone_ids,
        zone_of_radiator=zones.radiators.zone,
        step_s=float(step_s),
        temp_outdoor_c=inputs.temp_outdoor_c,
        temp_zone_start_c=ends[0],
        temp_zone_end_c=ends[1].temp_zone_c,
        arrays=arrays,
        heat_zone_j=out.totals.heat_radiator_j,
        totals=totals,
        status=out.status,
        stats={
            "flow_solves": float(ends[1].dp[SOLVES]),
            "radiator_rounds": float(out.iterations.sum()),
            "wall_s": wall_s,
        },
    )
