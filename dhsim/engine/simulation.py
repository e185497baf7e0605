"""Run a Case: physics is the master and consults the agenda between blocks."""

from __future__ import annotations

import logging
import math
import time as clock
from collections.abc import Callable
from functools import partial

import numpy as np

from dhsim import __version__
from dhsim.control.agenda import Agenda
from dhsim.control.commands import Observation, TripReport
from dhsim.elementwise import compilation_pending, mark_compiled
from dhsim.engine.detailed import simulate_detailed
from dhsim.engine.kernel import advance
from dhsim.engine.state import (
    BuildingSeries,
    Memory,
    Output,
    PipeSeries,
    State,
    SubstationSeries,
    Work,
    empty_output,
    parts_of,
    start_memory,
    start_state,
    work_space,
)
from dhsim.errors import ConvergenceError, Status
from dhsim.model.case import Case
from dhsim.model.system import Floats, System
from dhsim.physics.mixing import mixed_temp_c
from dhsim.solution import BUILDING_TOTALS, EXTREMES, SUBSTATION_TOTALS, Solution
from dhsim.units import S_PER_H

Progress = Callable[[float], None]
_LOG = logging.getLogger("dhsim")
_LOCAL_DHW_HINT = (
    "With local hot-water exchangers a single draw may ask for more than the network can push in a short step: "
    "take time.step_min 15 or dhw.stochastic false."
)
_FORECAST_H = 24


def simulate(case: Case, *, keep_pipes: bool = True, progress: Progress | None = None) -> Solution:
    """Simulate a Case over its whole time grid, with its buildings in detail if it has some.

    Parameters
    ----------
    case
        What `build_case` made; nothing is written into it.
    keep_pipes
        Whether flow and temperature of every pipe are kept.
    progress
        Called with the share done between blocks.

    Returns
    -------
    Solution
        Series, integrals, events and status of every step.

    Raises
    ------
    ConvergenceError
        If an iteration failed or a value left the range of its formula; it names the first bad time.
    """
    once = partial(_simulated, keep_pipes=keep_pipes)
    if case.details:
        return simulate_detailed(case, once, progress)
    return once(case, progress)


def _simulated(case: Case, progress: Progress | None, *, keep_pipes: bool) -> Solution:
    """Run a Case once, its buildings lumped or with their heat given."""
    began = clock.perf_counter()
    system, boundary = case.system, case.boundary
    n_time, n_building, n_pipe = len(boundary.time), len(system.building_ids), len(system.pipe_ids)
    if compilation_pending():
        _LOG.warning("compiling the simulation kernel (once after an install or upgrade, about 20 s)")
    parts = parts_of(system)
    agenda = Agenda(
        case.strategy,
        pumps_count=system.pumps.n_pumps,
        has_bypass=bool(system.control.has_bypass),
        start=boundary.time[0],
        duration_s=n_time * boundary.step_s,
    )
    memory = start_memory(boundary.arrays.temp_outdoor_c[0])
    state = start_state(
        system, case.temp_start_c, float(boundary.arrays.temp_supply_primary_c[0]), memory.temp_return_c
    )
    store_start, pipes_start_j = _store_j(system, state), _pipes_j(state)
    work = work_space(n_building, n_pipe)
    out = empty_output(n_time, n_building, n_pipe, n_time if keep_pipes else 0)
    k, blocks = 0, 0
    while k < n_time:
        agenda.run_due(k * boundary.step_s, partial(_observe, case, memory, (state, work), k, agenda))
        k_end = agenda.next_step(boundary.step_s, n_time)
        done = advance(
            parts,
            boundary.arrays,
            boundary.given,
            agenda.commands,
            memory,
            state,
            work,
            out,
            boundary.step_s,
            k,
            k_end,
            keep_pipes,
        )
        k, memory, blocks = done.k, done.memory, blocks + 1
        if done.trip:
            agenda.trip(k * boundary.step_s, TripReport(done.trip, done.wanted))
        if progress is not None:
            progress(k / n_time)
    mark_compiled()
    _raise_if_bad(case, out)
    stores = (_store_j(system, state) - store_start, _pipes_j(state) - pipes_start_j)
    return _solution(case, out, agenda, stores, blocks, clock.perf_counter() - began)


def _observe(case: Case, memory: Memory, now: tuple[State, Work], k: int, agenda: Agenda) -> Observation:
    (state, work), arrays, step_s = now, case.boundary.arrays, case.boundary.step_s
    seen = 1.0 if agenda.commands.sensor_ok else math.nan
    hours = max(1, round(S_PER_H / step_s))
    ahead = arrays.temp_outdoor_c[k : k + _FORECAST_H * hours : hours]
    rooms = {
        name: float(state.temp_room_c[i] + work.given.temp_room_more_k[i])
        for i, name in enumerate(case.system.building_ids)
        if case.system.buildings.monitored[i]
    }
    t1 = seen * float(arrays.temp_supply_primary_c[k])
    return Observation(
        time_s=k * step_s,
        temp_outdoor_c=seen * float(arrays.temp_outdoor_c[k]),
        temp_outdoor_filtered_c=float(memory.temp_outdoor_filtered_c),
        temp_supply_primary_c=t1,
        temp_return_secondary_c=seen * float(memory.temp_return_c),
        temp_mixed_c=float(mixed_temp_c(t1, memory.temp_return_c, memory.mixing_share)),
        mass_flow_secondary_kg_s=float(state.flow.mass_flow_consumer_kg_s.sum()),
        mode=agenda.commands.mode,
        heating_season=bool(arrays.heating_season[k]),
        temp_indoor_c=rooms,
        forecast_temp_outdoor_c=tuple(float(value) for value in ahead),
    )


def _store_j(system: System, state: State) -> Floats:
    buildings = system.buildings
    stored: Floats = (
        buildings.heat_capacity_room_j_k * state.temp_room_c + buildings.heat_capacity_mass_j_k * state.temp_mass_c
    )
    return stored


def _pipes_j(state: State) -> float:
    return float(state.heat_stored_supply_j.sum() + state.heat_stored_return_j.sum())


def _raise_if_bad(case: Case, out: Output) -> None:
    bad = np.flatnonzero(out.status & int(Status.NOT_CONVERGED | Status.NOT_FINITE))
    if bad.size:
        status = Status(int(out.status[bad[0]]))
        rooms = out.building[0, bad[0]]
        names = [name for name, room in zip(case.system.building_ids, rooms, strict=True) if not np.isfinite(room)]
        where = f" in {', '.join(names)}" if names else ""
        local = not case.strategy.third_pipe or any(fault.kind == "third_pipe_out" for fault in case.strategy.faults)
        hint = f" {_LOCAL_DHW_HINT}" if local else ""
        raise ConvergenceError(
            f"{case.assumptions.name}: {bad.size} of {out.status.size} steps failed, the first at "
            f"{case.boundary.time[bad[0]]}{where}. {(status & (Status.NOT_CONVERGED | Status.NOT_FINITE)).advice}{hint}"
        )


def _solution(
    case: Case, out: Output, agenda: Agenda, stores: tuple[Floats, float], blocks: int, seconds: float
) -> Solution:
    arrays = {name: out.substation[j][:, np.newaxis] for j, name in enumerate(SubstationSeries._fields)}
    arrays |= {name: out.building[j] for j, name in enumerate(BuildingSeries._fields)}
    if out.pipe.shape[1]:
        arrays |= {name: out.pipe[j] for j, name in enumerate(PipeSeries._fields)}
    totals = {name: out.substation_totals[:, j] for j, name in enumerate(SUBSTATION_TOTALS)}
    totals |= {name: out.building_totals[:, j, :] for j, name in enumerate(BUILDING_TOTALS)}
    return Solution(
        time=case.boundary.time,
        step_s=case.boundary.step_s,
        arrays=arrays,
        building_ids=case.system.building_ids,
        pipe_ids=case.system.pipe_ids,
        totals=totals,
        extremes={name: float(value) for name, value in zip(EXTREMES, out.extremes, strict=True)},
        temp_indoor_min_c=out.temp_indoor_min_c,
        temp_indoor_max_c=out.temp_indoor_max_c,
        store_change_j=stores[0],
        store_change_pipes_j=stores[1],
        status=out.status,
        events=agenda.events,
        stats={"blocks": float(blocks), "loop_solves": float(out.iterations.sum()), "wall_s": seconds},
        provenance={
            "dhsim": __version__,
            "scenario": case.assumptions.name,
            "scenario_hash": case.scenario_hash,
            "seed": str(case.strategy.seed),
            "weather": case.boundary.weather_source,
        },
    )
