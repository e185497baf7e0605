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
    undersupply_now,
)
from dhsim.elementwise import compiled
from dhsim.engine.loop import Instant, prepare_rooms, solve_loop
from dhsim.engine.record import record_substep, settle_hour
from dhsim.engine.state import Output, State, SubstationSeries, Work
from dhsim.errors import Status
from dhsim.model.boundary import BoundaryArrays
from dhsim.model.system import Buildings, Comfort, Control, Curve, Pumps, Substation
from dhsim.network.topology import Pipes

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


class Parts(NamedTuple):
    """What exists, as the kernel sees it."""

    pipes: Pipes
    buildings: Buildings
    substation: Substation
    pumps: Pumps
    curve: Curve
    control: Control
    comfort: Comfort


class Advance(NamedTuple):
    """Where `advance` stopped, why, and the state there."""

    k: int
    trip: int
    wanted: int
    state: State


@compiled
def _trip(
    parts: Parts, boundary: BoundaryArrays, commands: Commands, state: State, temp_filtered_c: float, k: int
) -> tuple[int, int]:
    latch = undersupply_now(state.undersupply_latch, boundary.temp_supply_primary_c[k], parts.control)
    if latch != state.undersupply_latch:
        return (_TRIP_UNDERSUPPLY_ON if latch == 1 else _TRIP_UNDERSUPPLY_OFF), latch
    mode = mode_wanted(commands, parts.control, boundary.heating_season[k], temp_filtered_c)
    free = commands.mode_locked == 0 or (mode == WINTER and is_fail_safe(commands))
    if mode != commands.mode and free:
        return _TRIP_MODE, mode
    if commands.staging_locked == 0:
        wanted = pumps_wanted(
            commands,
            parts.control,
            parts.curve,
            parts.pumps,
            state.flow_pump_m3_s,
            state.dp_pump_pa,
            temp_filtered_c,
            state.pump_short,
        )
        if wanted != commands.pumps_on:
            return _TRIP_STAGING, wanted
    return 0, 0


@compiled
def _instant(
    parts: Parts,
    boundary: BoundaryArrays,
    commands: Commands,
    state: State,
    temp_filtered_c: float,
    k: int,
    reach: float,
) -> Instant:
    setting = temp_set_c(
        commands.mode,
        commands,
        parts.control,
        parts.curve,
        temp_filtered_c,
        boundary.temp_supply_primary_c[k],
        state.trim_k,
    )
    flow_rel = flow_wanted_rel(
        commands.mode,
        commands,
        parts.control,
        parts.curve,
        parts.substation,
        boundary.heating_season[k],
        temp_filtered_c,
        setting,
    )
    low, high = max(state.mixing_share - reach, 0.0), state.mixing_share + reach
    if is_fail_safe(commands):
        low, high = 0.0, 0.0
    return Instant(
        boundary.temp_outdoor_c[k],
        boundary.temp_ground_c[k],
        boundary.irradiance_w_m2[k],
        boundary.temp_supply_primary_c[k],
        boundary.dp_available_pa[k],
        boundary.temp_cold_c[k],
        boundary.heating_season[k],
        commands.mode,
        setting,
        flow_rel,
        low,
        high,
    )


@compiled
def _substep(
    parts: Parts,
    boundary: BoundaryArrays,
    commands: Commands,
    state: State,
    work: Work,
    out: Output,
    temp_filtered_c: float,
    k: int,
    substep_s: float,
    step_s: float,
    keep_pipes: bool,
) -> State:
    buildings = parts.buildings
    instant = _instant(
        parts, boundary, commands, state, temp_filtered_c, k, parts.substation.stroke_share_per_s * substep_s
    )
    prepare_rooms(buildings, instant, boundary.heat_gain_w[k], state, substep_s, work)
    loop = solve_loop(
        parts.pipes,
        buildings,
        parts.substation,
        parts.pumps,
        parts.control,
        commands,
        instant,
        boundary.mass_flow_tap_kg_s[k],
        state,
        work,
    )
    point = loop.point
    status = loop.status
    if commands.mode == BYPASS and instant.flow_rel < FLOW_LOW_REL:
        status |= _FLOW_LOW
    heat_primary, status_dhw = record_substep(
        parts.pipes,
        buildings,
        parts.substation,
        parts.curve,
        parts.comfort,
        boundary,
        commands,
        instant,
        loop,
        state,
        work,
        out,
        temp_filtered_c,
        k,
        substep_s,
        step_s,
        keep_pipes,
    )
    coldest = math.inf
    for i in range(buildings.node.size):
        if buildings.monitored[i] == 1:
            coldest = min(coldest, state.temp_room_c[i])
    trim = trim_next_k(state.trim_k, commands.mode, parts.control, commands.sensor_ok, coldest, substep_s)
    if not math.isfinite(heat_primary):
        status |= _NOT_FINITE
    out.status[k] |= status | status_dhw
    out.iterations[k] += loop.iterations
    return State(
        state.temp_room_c,
        state.temp_mass_c,
        state.flow,
        state.temp_outdoor_filtered_c,
        point.mixing_share,
        loop.temp_return_c if point.mass_flow_kg_s > 0.0 else state.temp_return_c,
        trim,
        state.undersupply_latch,
        point.mass_flow_pump_kg_s / parts.substation.density_water_kg_m3,
        point.dp_pump_pa,
        1 if status & _PUMP_AT_LIMIT else 0,
        state.heat_hour_j + heat_primary * substep_s,
        state.seconds_hour + substep_s,
    )


@compiled
def _is_valve_far(
    parts: Parts, boundary: BoundaryArrays, commands: Commands, state: State, temp_filtered_c: float, k: int
) -> bool:
    """Return whether the valves need longer than one sub-step to where the laws want them now."""
    reach = parts.substation.stroke_share_per_s * SUBSTEP_S
    instant = _instant(parts, boundary, commands, state, temp_filtered_c, k, reach)
    wanted = 0.0
    if commands.mode == BYPASS and instant.share_high > 0.0:
        spread = instant.temp_supply_primary_c - state.temp_return_c
        if spread > 0.0:
            wanted = min(
                (instant.temp_supply_primary_c - instant.temp_set_c) / spread, parts.substation.mixing_share_max
            )
    return wanted < instant.share_low or wanted > instant.share_high


@compiled
def _with_memory(
    state: State, temp_filtered_c: float, undersupply_latch: int, heat_hour_j: float, seconds_hour: float
) -> State:
    return State(
        state.temp_room_c,
        state.temp_mass_c,
        state.flow,
        temp_filtered_c,
        state.mixing_share,
        state.temp_return_c,
        state.trim_k,
        undersupply_latch,
        state.flow_pump_m3_s,
        state.dp_pump_pa,
        state.pump_short,
        heat_hour_j,
        seconds_hour,
    )


@compiled
def advance(
    parts: Parts,
    boundary: BoundaryArrays,
    commands: Commands,
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
    commands
        What the agenda says.
    state
        State at the start of step k; its arrays are written, so hand in copies.
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
        The first step not run, the trip that stopped it (0 = none), and the state there.
    """
    while k < k_end:
        filtered = state.temp_outdoor_filtered_c
        if commands.sensor_ok == 1:
            filtered = filtered_temp_c(filtered, boundary.temp_outdoor_c[k], parts.control.filter_s, step_s)
        code, wanted = _trip(parts, boundary, commands, state, filtered, k)
        if code != 0:
            if code in (_TRIP_UNDERSUPPLY_ON, _TRIP_UNDERSUPPLY_OFF):
                state = _with_memory(
                    state, state.temp_outdoor_filtered_c, wanted, state.heat_hour_j, state.seconds_hour
                )
            return Advance(k, code, wanted, state)
        pieces = 1
        if step_s > SUBSTEP_S and _is_valve_far(parts, boundary, commands, state, filtered, k):
            pieces = math.ceil(step_s / SUBSTEP_S)
        for _ in range(pieces):
            state = _substep(
                parts, boundary, commands, state, work, out, filtered, k, step_s / pieces, step_s, keep_pipes
            )
        out.substation[_MODE, k] = commands.mode
        going_on = 0.0 if settle_hour(state.heat_hour_j, state.seconds_hour, out) else 1.0
        state = _with_memory(
            state, filtered, state.undersupply_latch, going_on * state.heat_hour_j, going_on * state.seconds_hour
        )
        k += 1
    return Advance(k, 0, 0, state)
