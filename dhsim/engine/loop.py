"""One solve of the secondary loop: mixing, pipes, buildings and DHW at one instant, iterated until it closes."""

from __future__ import annotations

import math
from typing import NamedTuple

from dhsim.control.commands import Commands
from dhsim.control.laws import BYPASS, SUMMER_DHW
from dhsim.elementwise import inlined
from dhsim.engine.dhw import local_dhw
from dhsim.engine.state import Memory, Parts, State, Work
from dhsim.engine.substation import Demand, OperatingPoint, operating_point
from dhsim.errors import Status
from dhsim.model.system import Buildings, Floats
from dhsim.network.plug_flow import plug_commit, plug_transfer
from dhsim.network.transport import mix_sweep
from dhsim.physics.mixing import mixed_temp_c, mixing_share
from dhsim.physics.radiator import heat_flow_w
from dhsim.physics.zone import mass_temp_next_c, room_free_temp_c, room_rise_k_w, window_ua_w_k

_DHW_SHORT = int(Status.DHW_SHORT)
_NOT_CONVERGED = int(Status.NOT_CONVERGED)
_ITERATIONS_MAX = 80
_ITERATIONS_FREE = 20
"""After these the draws of local exchangers move in part only."""
_DRAW_STEP = 0.3
_SLOPE_MAX = -0.1
"""Steepness below which the secant is trusted: the residual falls with the return temperature."""
TOLERANCE_K = 1e-10
TOLERANCE_DRAW_REL = 1e-14
"""Of the flow: a trickle cools on its way and asks for more the colder it comes, so that draws settle slowly."""


class Instant(NamedTuple):
    """What the boundary and the laws say at this instant; scalars."""

    temp_outdoor_c: float
    temp_ground_c: float
    irradiance_w_m2: float
    temp_supply_primary_c: float
    dp_available_pa: float
    temp_cold_c: float
    heating_season: int
    mode: int
    temp_set_c: float
    flow_rel: float
    share_low: float
    """The mixing share the valves can reach, lower end."""
    share_high: float


class LoopPoint(NamedTuple):
    """The solved loop; scalars (the buildings' numbers stand in Work)."""

    point: OperatingPoint
    temp_mixed_c: float
    temp_supply_c: float
    temp_return_c: float
    iterations: int
    status: int


@inlined
def prepare_rooms(
    buildings: Buildings, instant: Instant, heat_gain_w: Floats, state: State, step_s: float, work: Work
) -> None:
    """Write what every room does without radiator heat, and per W of it."""
    for i in range(buildings.node.size):
        inner, outer = buildings.ua_inner_w_k[i], buildings.ua_outer_w_k[i]
        ua_total = buildings.ua_direct_w_k[i] + inner * outer / (inner + outer)
        window = window_ua_w_k(
            state.temp_room_c[i],
            ua_total,
            buildings.temp_window_open_c[i],
            buildings.window_share_per_k[i],
            buildings.window_share_max[i],
        )
        direct = buildings.ua_direct_w_k[i] + window
        room_j_k, mass_j_k = buildings.heat_capacity_room_j_k[i], buildings.heat_capacity_mass_j_k[i]
        work.ua_window_w_k[i] = window
        work.room_free_c[i] = room_free_temp_c(
            state.temp_room_c[i],
            state.temp_mass_c[i],
            instant.temp_outdoor_c,
            heat_gain_w[i] + buildings.aperture_solar_m2[i] * instant.irradiance_w_m2,
            direct,
            inner,
            outer,
            room_j_k,
            mass_j_k,
            step_s,
        )
        work.room_rise_k_w[i] = room_rise_k_w(direct, inner, outer, room_j_k, mass_j_k, step_s)


@inlined
def move_building(
    parts: Parts, instant: Instant, heat_gain_w: float, i: int, state: State, work: Work, substep_s: float
) -> tuple[float, float, float, float]:
    """Move a building one sub-step on; return solar gain, heat through walls and openings [W], and the residual [J]."""
    buildings, outdoor = parts.buildings, instant.temp_outdoor_c
    room = work.temp_room_next_c[i]
    mass = mass_temp_next_c(
        state.temp_mass_c[i],
        room,
        outdoor,
        buildings.ua_inner_w_k[i],
        buildings.ua_outer_w_k[i],
        buildings.heat_capacity_mass_j_k[i],
        substep_s,
    )
    solar = buildings.aperture_solar_m2[i] * instant.irradiance_w_m2
    envelope = buildings.ua_outer_w_k[i] * (mass - outdoor)
    ventilation = (buildings.ua_direct_w_k[i] + work.ua_window_w_k[i]) * (room - outdoor)
    stored = buildings.heat_capacity_room_j_k[i] * (room - state.temp_room_c[i])
    stored += buildings.heat_capacity_mass_j_k[i] * (mass - state.temp_mass_c[i])
    if not math.isnan(work.given.heat_outdoor_w[i]):
        envelope, ventilation = work.given.heat_outdoor_w[i], 0.0
        stored = substep_s * (work.heat_sh_w[i] + heat_gain_w + solar - envelope)
    state.temp_room_c[i] = room
    state.temp_mass_c[i] = mass
    residual = substep_s * (work.heat_sh_w[i] + heat_gain_w + solar - envelope - ventilation) - stored
    return solar, envelope, ventilation, residual


@inlined
def buildings_return(
    buildings: Buildings, mass_flow_jet_kg_s: Floats, temp_cold_c: float, heat_capacity_j_kgk: float, work: Work
) -> None:
    """Write heat and return temperature of every building's radiators, and the mixed return with its local DHW.

    What the tap water gains, the exchanger's water loses, also while the iteration is under way.
    """
    for i in range(buildings.node.size):
        supply = work.temp_supply_node_c[buildings.node[i]]
        jet_w_k = mass_flow_jet_kg_s[i] * heat_capacity_j_kgk
        draw_w_k = work.draw_kg_s[i] * heat_capacity_j_kgk
        heat, more = 0.0, 0.0
        if jet_w_k > 0.0:
            more = work.given.heat_more_w[i]
            heat = heat_flow_w(
                supply,
                mass_flow_jet_kg_s[i],
                buildings.mixing_ratio_jet[i],
                work.room_free_c[i],
                work.room_rise_k_w[i],
                buildings.heat_design_w[i],
                buildings.temp_excess_design_k[i],
                buildings.radiator_exponent[i],
                buildings.radiator_log_mean[i],
                heat_capacity_j_kgk,
            )
        room = work.room_free_c[i] + work.room_rise_k_w[i] * heat
        heat += more
        jet = supply - heat / jet_w_k if jet_w_k > 0.0 else room
        tap = min(work.heat_tap_w[i], draw_w_k * max(supply - temp_cold_c, 0.0))
        dhw = supply - tap / draw_w_k if draw_w_k > 0.0 else jet
        work.heat_sh_w[i] = heat
        work.temp_room_next_c[i] = room
        work.heat_tap_w[i] = tap
        work.mass_consumer_kg_s[i] = mass_flow_jet_kg_s[i] + work.draw_kg_s[i]
        work.temp_return_jet_c[i] = jet
        work.temp_return_consumer_c[i] = jet
        if draw_w_k > 0.0:
            work.temp_return_consumer_c[i] = (jet_w_k * jet + draw_w_k * dhw) / (jet_w_k + draw_w_k)


@inlined
def _open_consumers(buildings: Buildings, instant: Instant, local: bool, work: Work) -> None:
    """Open the jet pumps while the houses are heated, and forget the local draws where the third pipe serves."""
    is_heating = instant.heating_season == 1 and instant.mode != SUMMER_DHW
    for i in range(buildings.node.size):
        given = work.given.conductance_kg_s_pa05[i]
        conductance = buildings.conductance_kg_s_pa05[i] if math.isnan(given) else given
        work.conductance_kg_s_pa05[i] = conductance if is_heating else 0.0
        if not local:
            work.draw_kg_s[i] = 0.0
            work.heat_tap_w[i] = 0.0
    if local:
        work.temp_supply_node_c[:] = instant.temp_supply_primary_c


@inlined
def _prepare_pipes(parts: Parts, instant: Instant, substep_s: float, is_first: bool, state: State, work: Work) -> None:
    """Write what every pipe makes of its inlet temperature in this sub-step, unless the flows are those it is for."""
    flow, prepared = state.flow.mass_flow_pipe_kg_s, work.mass_flow_prepared_kg_s
    changed = is_first
    for j in range(flow.size):
        changed = changed or flow[j] != prepared[j]
        prepared[j] = flow[j]
    if changed:
        cp = parts.substation.heat_capacity_water_j_kgk
        ground, air = instant.temp_ground_c, instant.temp_outdoor_c
        plug_transfer(
            parts.supply, flow, ground, air, cp, substep_s, state.parcels_supply, work.a_supply_c, work.b_supply
        )
        plug_transfer(
            parts.return_line,
            prepared,
            ground,
            air,
            cp,
            substep_s,
            state.parcels_return,
            work.a_return_c,
            work.b_return,
        )


@inlined
def _send_out(parts: Parts, temp_supply_c: float, mass_flow_kg_s: float, state: State, work: Work) -> None:
    """Send the secondary supply through the pipes; a node that nothing flows into has what stands in its pipe."""
    work.mass_node_kg_s[:] = 0.0
    work.heat_node_kg_s_c[:] = 0.0
    work.mass_node_kg_s[0] = mass_flow_kg_s
    work.heat_node_kg_s_c[0] = mass_flow_kg_s * temp_supply_c
    work.temp_supply_node_c[0] = temp_supply_c
    mix_sweep(
        parts.supply.node_start,
        parts.supply.node_end,
        work.order_supply,
        state.flow.mass_flow_pipe_kg_s,
        work.a_supply_c,
        work.b_supply,
        work.mass_node_kg_s,
        work.heat_node_kg_s_c,
        work.temp_supply_node_c,
        work.inlet_supply_c,
        work.temp_supply_pipe_c,
    )
    for j in range(parts.supply.length_m.size):
        if work.mass_node_kg_s[j + 1] <= 0.0:
            work.temp_supply_node_c[j + 1] = work.temp_supply_pipe_c[j]


@inlined
def _bring_back(parts: Parts, work: Work) -> None:
    """Send what the buildings give back through the pipes."""
    work.mass_node_kg_s[:] = 0.0
    work.heat_node_kg_s_c[:] = 0.0
    for i in range(parts.buildings.node.size):
        node = parts.buildings.node[i]
        work.mass_node_kg_s[node] += work.mass_consumer_kg_s[i]
        work.heat_node_kg_s_c[node] += work.mass_consumer_kg_s[i] * work.temp_return_consumer_c[i]
    mix_sweep(
        parts.return_line.node_start,
        parts.return_line.node_end,
        work.order_return,
        work.mass_flow_prepared_kg_s,
        work.a_return_c,
        work.b_return,
        work.mass_node_kg_s,
        work.heat_node_kg_s_c,
        work.temp_return_node_c,
        work.inlet_return_c,
        work.temp_return_pipe_c,
    )
    for j in range(parts.supply.length_m.size - 1, -1, -1):
        if work.mass_node_kg_s[parts.supply.node_start[j]] <= 0.0:
            work.temp_return_node_c[parts.supply.node_start[j]] = work.temp_return_pipe_c[j]


@inlined
def move_pipes(parts: Parts, instant: Instant, substep_s: float, state: State, work: Work) -> tuple[float, float]:
    """Move the water in the pipes one sub-step on; return the heat lost [W] and the rise of what is stored [J]."""
    cp, ground, air = parts.substation.heat_capacity_water_j_kgk, instant.temp_ground_c, instant.temp_outdoor_c
    before = state.heat_stored_supply_j.sum() + state.heat_stored_return_j.sum()
    plug_commit(
        parts.supply,
        state.flow.mass_flow_pipe_kg_s,
        work.inlet_supply_c,
        ground,
        air,
        cp,
        substep_s,
        state.parcels_supply,
        work.heat_loss_supply_j,
        state.heat_stored_supply_j,
    )
    plug_commit(
        parts.return_line,
        work.mass_flow_prepared_kg_s,
        work.inlet_return_c,
        ground,
        air,
        cp,
        substep_s,
        state.parcels_return,
        work.heat_loss_return_j,
        state.heat_stored_return_j,
    )
    lost_j = work.heat_loss_supply_j.sum() + work.heat_loss_return_j.sum()
    return lost_j / substep_s, state.heat_stored_supply_j.sum() + state.heat_stored_return_j.sum() - before


@inlined
def _circulate(
    parts: Parts, instant: Instant, point: OperatingPoint, temp_return_c: float, state: State, work: Work
) -> tuple[float, float]:
    """Send the water round once; return mixed and secondary supply [degC]."""
    cp = parts.substation.heat_capacity_water_j_kgk
    mixed = mixed_temp_c(instant.temp_supply_primary_c, temp_return_c, point.mixing_share)
    supply = mixed
    if point.mass_flow_kg_s > 0.0:
        supply += point.power_water_w / (point.mass_flow_kg_s * cp)
    _send_out(parts, supply, point.mass_flow_kg_s, state, work)
    buildings_return(parts.buildings, state.flow.mass_flow_consumer_kg_s, instant.temp_cold_c, cp, work)
    _bring_back(parts, work)
    return mixed, supply


@inlined
def _share_asked(instant: Instant, temp_return_c: float, mixing_share_max: float) -> float:
    """Return the mixing share for the set-point, within what the valves can reach."""
    share = 0.0
    if instant.mode == BYPASS:
        share = mixing_share(instant.temp_supply_primary_c, temp_return_c, instant.temp_set_c, mixing_share_max)
    return min(max(share, instant.share_low), instant.share_high)


@inlined
def solve_loop(
    parts: Parts,
    commands: Commands,
    instant: Instant,
    tap_kg_s: Floats,
    memory: Memory,
    substep_s: float,
    state: State,
    work: Work,
) -> LoopPoint:
    """Solve the secondary loop so that return, mixing, flows and rooms agree; `prepare_rooms` comes before it.

    The unknown is the return temperature: mixing makes the supply from it, the buildings make it from the supply. It is
    found by secants; with a closed bypass one round is enough.

    Returns
    -------
    LoopPoint
        The substation's side; flows, temperatures and heat of the buildings are in `state.flow` and `work`.
    """
    local = commands.third_pipe_ok == 0
    _open_consumers(parts.buildings, instant, local, work)
    temp_return, temp_before, residual_before = memory.temp_return_c, 0.0, 0.0
    work.temp_return_node_c[0] = temp_return  # stays where there is neither flow nor pipe
    change_draw, status_dhw, iteration = 0.0, 0, 0
    while True:
        iteration += 1
        share = _share_asked(instant, temp_return, parts.substation.mixing_share_max)
        if local:
            change_draw, status_dhw = local_dhw(
                parts.buildings,
                parts.substation,
                instant.temp_cold_c,
                tap_kg_s,
                1.0 if iteration < _ITERATIONS_FREE else _DRAW_STEP,
                work,
            )
        point = operating_point(
            parts.supply,
            parts.buildings,
            parts.substation,
            parts.pumps,
            parts.control,
            commands,
            Demand(instant.dp_available_pa, share, instant.flow_rel),
            work.conductance_kg_s_pa05,
            work.draw_kg_s,
            state.flow,
        )
        _prepare_pipes(parts, instant, substep_s, iteration == 1, state, work)
        mixed, supply = _circulate(parts, instant, point, temp_return, state, work)
        status = point.status | status_dhw
        found = work.temp_return_node_c[0]
        residual = found - temp_return
        closed = point.mass_flow_kg_s <= 0.0 or point.mixing_share * abs(residual) <= TOLERANCE_K
        settled = change_draw <= TOLERANCE_DRAW_REL * point.mass_flow_kg_s
        if (closed and settled) or iteration == _ITERATIONS_MAX:
            break
        slope = 0.0
        if iteration > 1 and temp_return != temp_before and not local:
            slope = (residual - residual_before) / (temp_return - temp_before)
        temp_before, residual_before = temp_return, residual
        temp_return = temp_return - residual / slope if slope < _SLOPE_MAX else found
    if not closed:
        status |= _NOT_CONVERGED
    elif not settled:  # a trickle too small to reach the exchanger warm; the heat adds up all the same
        status |= _DHW_SHORT
    return LoopPoint(point, mixed, supply, found, iteration, status)
