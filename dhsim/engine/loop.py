"""One solve of the secondary loop: mixing, pipes, buildings and DHW at one instant, iterated until it closes."""

from __future__ import annotations

import math
from typing import NamedTuple

from dhsim.control.commands import Commands
from dhsim.control.laws import BYPASS
from dhsim.elementwise import compiled
from dhsim.engine.state import State, Work
from dhsim.engine.substation import Demand, OperatingPoint, operating_point
from dhsim.errors import Status
from dhsim.model.system import Buildings, Control, Pumps, Substation
from dhsim.network.thermal import return_sweep, supply_sweep
from dhsim.network.topology import Floats, Pipes
from dhsim.physics.exchanger import hot_return_temp_c
from dhsim.physics.mixing import mixing_share
from dhsim.physics.radiator import heat_flow_w
from dhsim.physics.zone import room_free_temp_c, room_rise_k_w, window_ua_w_k

_DHW_SHORT = int(Status.DHW_SHORT)
_NOT_CONVERGED = int(Status.NOT_CONVERGED)
_ITERATIONS_MAX = 80
_ITERATIONS_FREE = 20
TOLERANCE_K = 1e-10
_TOLERANCE_DRAW_REL = 1e-14
"""Of the flow: a trickle to a far exchanger changes its supply temperature strongly, and its draw settles slowly."""
CIRCULATION_DROP_K = 5.0
"""Temperature drop of the third pipe's circulation, which sizes its flow."""
DHW_APPROACH_MIN_K = 3.0
"""Hot water cannot come closer to its heating water than this."""


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
    heat_loss_w: float
    iterations: int
    status: int


class DhwPoint(NamedTuple):
    """A DHW heater at work; scalars."""

    mass_flow_kg_s: float
    temp_return_c: float
    heat_tap_w: float
    heat_loss_w: float
    status: int


@compiled
def dhw_heater(
    temp_supply_c: float,
    tap_kg_s: float,
    temp_cold_c: float,
    temp_hot_c: float,
    loss_circulation_w: float,
    ua_w_k: float,
    heat_capacity_j_kgk: float,
) -> DhwPoint:
    """Return flow and return temperature of a counterflow DHW heater that covers draw and circulation.

    Where the supply is too cold, the water is delivered colder and the status says DHW_SHORT.

    Parameters
    ----------
    temp_supply_c
        Heating water [degC].
    tap_kg_s
        Hot water drawn [kg/s].
    temp_cold_c, temp_hot_c
        Cold water, and hot water wanted [degC].
    loss_circulation_w
        Heat loss of the circulation, which comes back 5 K colder [W].
    ua_w_k
        Of the exchanger [W/K].
    heat_capacity_j_kgk
        Of water [J/(kg K)].
    """
    if tap_kg_s <= 0.0 and loss_circulation_w <= 0.0:
        return DhwPoint(0.0, temp_supply_c, 0.0, 0.0, 0)
    status = 0
    hot = temp_hot_c
    if hot > temp_supply_c - DHW_APPROACH_MIN_K:
        hot, status = temp_supply_c - DHW_APPROACH_MIN_K, _DHW_SHORT
    if hot <= temp_cold_c:
        return DhwPoint(0.0, temp_supply_c, 0.0, 0.0, _DHW_SHORT)
    circulating = loss_circulation_w / (heat_capacity_j_kgk * CIRCULATION_DROP_K)
    back = max(hot - CIRCULATION_DROP_K, temp_cold_c)
    for _ in range(60):
        inlet = (tap_kg_s * temp_cold_c + circulating * back) / (tap_kg_s + circulating)
        heat_tap = tap_kg_s * heat_capacity_j_kgk * (hot - temp_cold_c)
        heat_loss = circulating * heat_capacity_j_kgk * (hot - back)
        temp_return = hot_return_temp_c(temp_supply_c, inlet, hot, heat_tap + heat_loss, ua_w_k)
        if not math.isnan(temp_return) and temp_return < temp_supply_c:
            flow = (heat_tap + heat_loss) / (heat_capacity_j_kgk * (temp_supply_c - temp_return))
            return DhwPoint(flow, temp_return, heat_tap, heat_loss, status)
        hot = inlet + 0.9 * (hot - inlet)
        back = max(min(back, hot - CIRCULATION_DROP_K), temp_cold_c)
        status = _DHW_SHORT
    return DhwPoint(0.0, temp_supply_c, 0.0, 0.0, _DHW_SHORT)


@compiled
def prepare_rooms(
    buildings: Buildings, instant: Instant, heat_gain_w: Floats, state: State, step_s: float, work: Work
) -> None:
    """Write what every room does without radiator heat, and per W of it.

    One call for all buildings: handing the tuples of arrays to a function costs more than the formulas in it.
    """
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


@compiled
def local_dhw(
    buildings: Buildings, substation: Substation, temp_cold_c: float, tap_kg_s: Floats, step_share: float, work: Work
) -> tuple[float, int]:
    """Write flow and heat of every local DHW exchanger; return the largest change of a flow [kg/s] and the status.

    The flows go the way to what the present supply temperatures ask for by `step_share` (1 = all of it).
    """
    change, status = 0.0, 0
    for i in range(buildings.node.size):
        point = dhw_heater(
            work.temp_supply_node_c[buildings.node[i]],
            tap_kg_s[i],
            temp_cold_c,
            substation.temp_hot_c,
            0.0,
            buildings.ua_dhw_w_k[i],
            substation.heat_capacity_water_j_kgk,
        )
        moved = step_share * (point.mass_flow_kg_s - work.draw_kg_s[i])
        change = max(change, abs(moved))
        work.draw_kg_s[i] += moved
        work.heat_tap_w[i] = point.heat_tap_w
        status |= point.status
    return change, status


@compiled
def buildings_return(
    buildings: Buildings, mass_flow_jet_kg_s: Floats, temp_cold_c: float, heat_capacity_j_kgk: float, work: Work
) -> None:
    """Write heat and return temperature of every building's radiators, and the mixed return with its local DHW.

    What the tap water gains, the exchanger's water loses, also while the iteration is under way.
    """
    for i in range(buildings.node.size):
        supply = work.temp_supply_node_c[buildings.node[i]]
        jet = mass_flow_jet_kg_s[i]
        heat = 0.0
        if jet > 0.0:
            heat = heat_flow_w(
                supply,
                jet,
                buildings.mixing_ratio_jet[i],
                work.room_free_c[i],
                work.room_rise_k_w[i],
                buildings.heat_design_w[i],
                buildings.temp_excess_design_k[i],
                buildings.radiator_exponent[i],
                buildings.radiator_log_mean[i],
                heat_capacity_j_kgk,
            )
        work.heat_sh_w[i] = heat
        work.temp_room_next_c[i] = work.room_free_c[i] + work.room_rise_k_w[i] * heat
        work.temp_return_jet_c[i] = (
            supply - heat / (jet * heat_capacity_j_kgk) if jet > 0.0 else work.temp_room_next_c[i]
        )
        total = jet + work.draw_kg_s[i]
        work.mass_consumer_kg_s[i] = total
        work.temp_return_consumer_c[i] = work.temp_return_jet_c[i]
        draw_w_k = work.draw_kg_s[i] * heat_capacity_j_kgk
        work.heat_tap_w[i] = min(work.heat_tap_w[i], draw_w_k * max(supply - temp_cold_c, 0.0))
        if draw_w_k > 0.0:
            dhw = supply - work.heat_tap_w[i] / draw_w_k
            work.temp_return_consumer_c[i] = (jet * work.temp_return_jet_c[i] + work.draw_kg_s[i] * dhw) / total


@compiled
def solve_loop(
    pipes: Pipes,
    buildings: Buildings,
    substation: Substation,
    pumps: Pumps,
    control: Control,
    commands: Commands,
    instant: Instant,
    tap_kg_s: Floats,
    state: State,
    work: Work,
) -> LoopPoint:
    """Solve the secondary loop so that return, mixing, flows and rooms agree; `prepare_rooms` comes before it.

    Returns
    -------
    LoopPoint
        The substation's side; flows, temperatures and heat of the buildings are in `state.flow` and `work`.
    """
    cp = substation.heat_capacity_water_j_kgk
    local = commands.third_pipe_ok == 0
    for i in range(buildings.node.size):
        work.conductance[i] = buildings.conductance_kg_s_pa05[i] if instant.heating_season == 1 else 0.0
        if not local:
            work.draw_kg_s[i] = 0.0
            work.heat_tap_w[i] = 0.0
    temp_return = state.temp_return_c
    temp_before, residual_before = 0.0, 0.0
    status = 0
    for iteration in range(1, _ITERATIONS_MAX + 1):
        share = 0.0
        if instant.mode == BYPASS:
            share = mixing_share(
                instant.temp_supply_primary_c, temp_return, instant.temp_set_c, substation.mixing_share_max
            )
        share = min(max(share, instant.share_low), instant.share_high)
        change_draw, status_dhw = 0.0, 0
        if local:
            if iteration == 1:
                work.temp_supply_node_c[:] = instant.temp_supply_primary_c
            step_share = 1.0 if iteration < _ITERATIONS_FREE else 0.3
            change_draw, status_dhw = local_dhw(buildings, substation, instant.temp_cold_c, tap_kg_s, step_share, work)
        demand = Demand(instant.dp_available_pa, share, instant.flow_rel)
        point = operating_point(
            pipes, buildings, substation, pumps, control, commands, demand, work.conductance, work.draw_kg_s, state.flow
        )
        flow = point.mass_flow_kg_s
        mixed = instant.temp_supply_primary_c - point.mixing_share * (instant.temp_supply_primary_c - temp_return)
        supply = mixed + (point.power_water_w / (flow * cp) if flow > 0.0 else 0.0)
        loss = supply_sweep(
            pipes,
            state.flow.mass_flow_pipe_kg_s,
            supply,
            instant.temp_ground_c,
            instant.temp_outdoor_c,
            cp,
            work.temp_supply_node_c,
        )
        buildings_return(buildings, state.flow.mass_flow_consumer_kg_s, instant.temp_cold_c, cp, work)
        loss += return_sweep(
            pipes,
            state.flow.mass_flow_pipe_kg_s,
            buildings.node,
            work.mass_consumer_kg_s,
            work.temp_return_consumer_c,
            instant.temp_ground_c,
            instant.temp_outdoor_c,
            cp,
            work.temp_return_node_c,
            work.temp_return_pipe_c,
            work.mass_node_kg_s,
        )
        status = point.status | status_dhw
        found = work.temp_return_node_c[0]
        if flow <= 0.0:
            return LoopPoint(point, mixed, supply, found, 0.0, iteration, status)
        residual = found - temp_return
        settled = change_draw <= _TOLERANCE_DRAW_REL * flow
        if point.mixing_share * abs(residual) <= TOLERANCE_K and settled:
            return LoopPoint(point, mixed, supply, found, loss, iteration, status)
        following = found
        if iteration > 1 and residual != residual_before and not local:
            slope = (residual - residual_before) / (temp_return - temp_before)
            if slope < -0.1:
                following = temp_return - residual / slope
        temp_before, residual_before = temp_return, residual
        temp_return = following
    # Draws that never settle are a trickle too small to reach the exchanger warm: hot water is short, the heat adds up.
    unsettled = _DHW_SHORT if local and point.mixing_share * abs(residual) <= TOLERANCE_K else _NOT_CONVERGED
    return LoopPoint(point, mixed, supply, found, loss, _ITERATIONS_MAX, status | unsettled)
