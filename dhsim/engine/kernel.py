"""The only time loop: laws, the loop's physics, integrals and series, compiled.

`advance` runs steps k ... k_end - 1. It comes back early, before a step, when a law wants what only the agenda may
decide (a mode, a number of pumps, an alarm).
"""

from __future__ import annotations

import math
from typing import NamedTuple

from dhsim.control.commands import Commands, Trip
from dhsim.control.laws import (
    BYPASS,
    WINTER,
    filtered_temp_c,
    flow_wanted_rel,
    is_fail_safe,
    mode_wanted,
    pumps_wanted,
    temp_set_c,
    trim_next_k,
    undersupply_kind,
    undersupply_now,
)
from dhsim.elementwise import compiled, inlined
from dhsim.engine.loop import Instant, LoopPoint, move_pipes, prepare_rooms, solve_loop
from dhsim.engine.primary import Primary, primary_side
from dhsim.engine.record import (
    Slot,
    record_buildings,
    record_pipes,
    record_series,
    record_totals,
    settle_hour,
)
from dhsim.engine.state import Memory, Output, Parts, State, SubstationSeries, Work
from dhsim.errors import Status
from dhsim.model.boundary import BoundaryArrays, Given

_TRIP_MODE = int(Trip.MODE)
_TRIP_STAGING = int(Trip.STAGING)
_TRIP_UNDERSUPPLY_ON = int(Trip.UNDERSUPPLY_ON)
_TRIP_UNDERSUPPLY_OFF = int(Trip.UNDERSUPPLY_OFF)
_FLOW_LOW = int(Status.FLOW_LOW)
_NOT_FINITE = int(Status.NOT_FINITE)
_PUMP_AT_LIMIT = int(Status.PUMP_AT_LIMIT)
_MODE = SubstationSeries._fields.index("mode")
FLOW_LOW_REL = 0.6
SUBSTEP_S = 60.0
"""While a valve is on its way a step is cut into pieces of this length."""


class Advance(NamedTuple):
    """Where `advance` stopped, why, and what it remembers there."""

    k: int
    trip: int
    wanted: int
    memory: Memory


@inlined
def _trip(
    parts: Parts, boundary: BoundaryArrays, commands: Commands, memory: Memory, temp_filtered_c: float, k: int
) -> tuple[int, int]:
    """Return the trip that the laws ask for before step k (0 = none), and what they want."""
    latch = undersupply_now(memory.undersupply_latch, boundary.temp_supply_primary_c[k], parts.control)
    mode = mode_wanted(commands, parts.control, boundary.heating_season[k], temp_filtered_c)
    free = commands.mode_locked == 0 or (is_fail_safe(commands) and (mode == WINTER or commands.mode == BYPASS))
    code, wanted = 0, 0
    if latch != memory.undersupply_latch:
        code, wanted = _TRIP_UNDERSUPPLY_OFF, 0
        if latch == 1:
            code = _TRIP_UNDERSUPPLY_ON
            wanted = undersupply_kind(boundary.heating_season[k], temp_filtered_c, parts.control)
    elif mode != commands.mode and free:
        code, wanted = _TRIP_MODE, mode
    elif commands.staging_locked == 0:
        pumps = pumps_wanted(
            commands,
            parts.control,
            parts.curve,
            parts.pumps,
            memory.flow_pump_m3_s,
            memory.dp_pump_pa,
            temp_filtered_c,
            memory.pump_short,
        )
        if pumps != commands.pumps_on:
            code, wanted = _TRIP_STAGING, pumps
    return code, wanted


@inlined
def _instant(
    parts: Parts,
    boundary: BoundaryArrays,
    commands: Commands,
    memory: Memory,
    temp_filtered_c: float,
    k: int,
    substep_s: float,
) -> Instant:
    """Return boundary and laws at a sub-step of step k; the valves reach as far as `substep_s` lets them."""
    supply, season = boundary.temp_supply_primary_c[k], boundary.heating_season[k]
    setting = temp_set_c(commands.mode, commands, parts.control, parts.curve, temp_filtered_c, supply, memory.trim_k)
    flow_rel = flow_wanted_rel(
        commands.mode, commands, parts.control, parts.curve, parts.substation, season, temp_filtered_c, setting
    )
    reach = parts.substation.stroke_share_per_s * substep_s
    low, high = max(memory.mixing_share - reach, 0.0), memory.mixing_share + reach
    if is_fail_safe(commands):
        low, high = 0.0, 0.0
    return Instant(
        temp_outdoor_c=boundary.temp_outdoor_c[k],
        temp_ground_c=boundary.temp_ground_c[k],
        irradiance_w_m2=boundary.irradiance_w_m2[k],
        temp_supply_primary_c=supply,
        dp_available_pa=boundary.dp_available_pa[k],
        temp_cold_c=boundary.temp_cold_c[k],
        heating_season=season,
        mode=commands.mode,
        temp_set_c=setting,
        flow_rel=flow_rel,
        share_low=low,
        share_high=high,
    )


@inlined
def _remember(
    parts: Parts,
    commands: Commands,
    memory: Memory,
    loop: LoopPoint,
    primary: Primary,
    state: State,
    work: Work,
    substep_s: float,
) -> Memory:
    """Return the memory after a sub-step."""
    coldest = math.inf
    for i in range(parts.buildings.node.size):
        if parts.buildings.monitored[i] == 1:
            coldest = min(coldest, state.temp_room_c[i] + work.given.temp_room_more_k[i])
    point = loop.point
    return Memory(
        temp_outdoor_filtered_c=memory.temp_outdoor_filtered_c,
        mixing_share=point.mixing_share,
        temp_return_c=loop.temp_return_c if point.mass_flow_kg_s > 0.0 else memory.temp_return_c,
        trim_k=trim_next_k(memory.trim_k, commands.mode, parts.control, commands.sensor_ok, coldest, substep_s),
        undersupply_latch=memory.undersupply_latch,
        flow_pump_m3_s=point.mass_flow_pump_kg_s / parts.substation.density_water_kg_m3,
        dp_pump_pa=point.dp_pump_pa,
        pump_short=1 if loop.status & _PUMP_AT_LIMIT else 0,
        heat_hour_j=memory.heat_hour_j + primary.heat_w * substep_s,
        seconds_hour=memory.seconds_hour + substep_s,
    )


@inlined
def _with_memory(
    memory: Memory, temp_filtered_c: float, undersupply_latch: int, heat_hour_j: float, seconds_hour: float
) -> Memory:
    """Return the memory with what changes once a step (compiled code has no `_replace`)."""
    return Memory(
        temp_filtered_c,
        memory.mixing_share,
        memory.temp_return_c,
        memory.trim_k,
        undersupply_latch,
        memory.flow_pump_m3_s,
        memory.dp_pump_pa,
        memory.pump_short,
        heat_hour_j,
        seconds_hour,
    )


@inlined
def _take_given(given: Given, k: int, work: Work) -> None:
    """Write what buildings in detail do otherwise in this step."""
    for j in range(given.building.size):
        i = given.building[j]
        work.given.heat_more_w[i] = given.heat.heat_more_w[k, j]
        work.given.temp_room_more_k[i] = given.heat.temp_room_more_k[k, j]
        work.given.conductance_kg_s_pa05[i] = given.heat.conductance_kg_s_pa05[k, j]
        work.given.heat_outdoor_w[i] = given.heat.heat_outdoor_w[k, j]


@inlined
def _substep(
    parts: Parts,
    boundary: BoundaryArrays,
    given: Given,
    commands: Commands,
    memory: Memory,
    state: State,
    work: Work,
    out: Output,
    temp_filtered_c: float,
    slot: Slot,
    keep_pipes: bool,
) -> Memory:
    """Run one sub-step: laws, rooms, loop, records; return what is remembered."""
    k, substep_s = slot.k, slot.substep_s
    instant = _instant(parts, boundary, commands, memory, temp_filtered_c, k, substep_s)
    tap = boundary.mass_flow_tap_kg_s[k]
    gains = boundary.heat_gain_w[k]
    _take_given(given, k, work)
    prepare_rooms(parts.buildings, instant, gains, state, substep_s, work)
    loop = solve_loop(parts, commands, instant, tap, memory, substep_s, state, work)
    heat_loss_w, heat_stored_j = move_pipes(parts, instant, substep_s, state, work)
    primary = primary_side(parts.substation, commands, instant, loop, tap, work)
    residual = record_buildings(parts, instant, gains, slot, state, work, out)
    record_totals(instant, loop, primary, slot, heat_loss_w, residual - heat_stored_j, work, out)
    record_series(commands, instant, temp_filtered_c, loop, primary, slot, heat_loss_w, out)
    if keep_pipes:
        record_pipes(slot, state, work, out)
    status = loop.status | primary.status
    if instant.heating_season == 1 and instant.flow_rel < FLOW_LOW_REL:
        status |= _FLOW_LOW
    if not math.isfinite(primary.heat_w):
        status |= _NOT_FINITE
    out.status[k] |= status
    out.iterations[k] += loop.iterations
    return _remember(parts, commands, memory, loop, primary, state, work, substep_s)


@inlined
def _is_valve_far(
    parts: Parts, boundary: BoundaryArrays, commands: Commands, memory: Memory, temp_filtered_c: float, k: int
) -> bool:
    """Return whether the valves need longer than one sub-step to where the laws want them now."""
    wanted = 0.0
    if commands.mode == BYPASS and not is_fail_safe(commands):
        supply = boundary.temp_supply_primary_c[k]
        setting = temp_set_c(
            commands.mode, commands, parts.control, parts.curve, temp_filtered_c, supply, memory.trim_k
        )
        spread = supply - memory.temp_return_c
        if spread > 0.0:
            wanted = min((supply - setting) / spread, parts.substation.mixing_share_max)
    reach = parts.substation.stroke_share_per_s * SUBSTEP_S
    return not is_fail_safe(commands) and abs(wanted - memory.mixing_share) > reach


@compiled
def advance(
    parts: Parts,
    boundary: BoundaryArrays,
    given: Given,
    commands: Commands,
    memory: Memory,
    state: State,
    work: Work,
    out: Output,
    step_s: float,
    k: int,
    k_end: int,
    keep_pipes: bool,
) -> Advance:
    """Run steps k ... k_end - 1 under fixed commands.

    Parameters
    ----------
    parts
        What exists.
    boundary
        What the run is given, on the time grid.
    given
        What buildings in detail do in the place of their lumped twins.
    commands
        What the agenda says.
    memory
        Of laws and iterations, at the start of step k.
    state
        Rooms, walls and flows at the start of step k; moved on in place.
    work
        Scratch.
    out
        Series and integrals; written at and after k.
    step_s
        Length of a step [s].
    k, k_end
        First step, and the one after the last.
    keep_pipes
        Whether the pipes' series are written.

    Returns
    -------
    Advance
        The first step not run, the trip that stopped it (0 = none), and the memory there.
    """
    while k < k_end:
        filtered = memory.temp_outdoor_filtered_c
        if commands.sensor_ok == 1:
            filtered = filtered_temp_c(filtered, boundary.temp_outdoor_c[k], parts.control.filter_s, step_s)
        code, wanted = _trip(parts, boundary, commands, memory, filtered, k)
        if code != 0:
            latch = memory.undersupply_latch
            if code in (_TRIP_UNDERSUPPLY_ON, _TRIP_UNDERSUPPLY_OFF):
                latch = 1 if code == _TRIP_UNDERSUPPLY_ON else 0
            before = memory.temp_outdoor_filtered_c
            return Advance(
                k, code, wanted, _with_memory(memory, before, latch, memory.heat_hour_j, memory.seconds_hour)
            )
        pieces = 1
        if step_s > SUBSTEP_S and _is_valve_far(parts, boundary, commands, memory, filtered, k):
            pieces = math.ceil(step_s / SUBSTEP_S)
        slot = Slot(k, boundary.group[k], boundary.comfort_counted[k], step_s / pieces, 1.0 / pieces)
        for _ in range(pieces):
            memory = _substep(parts, boundary, given, commands, memory, state, work, out, filtered, slot, keep_pipes)
        out.substation[_MODE, k] = commands.mode
        going_on = 0.0 if settle_hour(memory.heat_hour_j, memory.seconds_hour, out) else 1.0
        memory = _with_memory(
            memory,
            filtered,
            memory.undersupply_latch,
            going_on * memory.heat_hour_j,
            going_on * memory.seconds_hour,
        )
        k += 1
    return Advance(k, 0, 0, memory)
