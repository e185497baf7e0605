"""One instant of a network: flows that consumers ask for, pressures, and temperatures that follow the water."""

from __future__ import annotations

import math

from dhsim.elementwise import compiled, inlined
from dhsim.errors import Status
from dhsim.network.balance import (
    add_up_tree,
    ask_for_flow,
    dp_at_pa,
    solve_hydraulics,
    write_pressures,
)
from dhsim.network.parcels import Parcels
from dhsim.network.parts import Floats, Line, NetworkState
from dhsim.network.plug_flow import plug_commit, plug_transfer
from dhsim.network.setup import Setup, Shape, Work
from dhsim.network.sweep import Drive, NetworkParts, sweep_return, sweep_supply, write_flows
from dhsim.network.transport import steady_transfer

__all__ = ["Drive", "NetworkParts", "solve_instant"]

_TREE = int(Shape.TREE)
_NOT_CONVERGED = int(Status.NOT_CONVERGED)
_NOT_FINITE = int(Status.NOT_FINITE)
_DP_SHORT = int(Status.DP_SHORT)
_CUT_OFF = int(Status.CUT_OFF)
TOLERANCE_FLOW_REL = 1e-9
"""Of the flows that follow the supply temperature."""
ITERATIONS_MAX = 300
DP_TOLERANCE_REL = 1e-6
"""Of the lift: how much of its differential pressure a consumer may lack before it is said."""


@inlined
def _transfer(
    line: Line, flow: Floats, drive: Drive, cp: float, step_s: float, parcels: Parcels, a: Floats, b: Floats
) -> None:
    """Write what the pipes make of their inlet: in a step of plug flow, or in steady state where the step is 0."""
    if step_s > 0.0:
        plug_transfer(line, flow, drive.temp_ground_c, drive.temp_air_c, cp, step_s, parcels, a, b)
    else:
        steady_transfer(line, flow, drive.temp_ground_c, drive.temp_air_c, cp, a, b)


@inlined
def _settle_flows(
    parts: NetworkParts,
    made: Setup,
    drive: Drive,
    step_s: float,
    parcels: Parcels,
    work: Work,
    state: NetworkState,
) -> int:
    """Find flows and supply temperatures that agree; return the status."""
    n_node, cp = parts.nodes.elevation_m.size, parts.fluid.heat_capacity_j_kgk
    settled, solved, status, change, hottest_c = 0, 1, 0, 0.0, -math.inf
    for temp_c in parts.producers.temp_supply_c:
        hottest_c = max(hottest_c, temp_c)
    for iteration in range(ITERATIONS_MAX):
        change = ask_for_flow(
            parts.consumers,
            made,
            drive.heat_w,
            drive.mass_flow_kg_s,
            state.temp_supply_c,
            hottest_c,
            min(drive.temp_ground_c, drive.temp_air_c),
            parts.fluid,
            iteration,
            work,
        )
        if math.isnan(change) or (settled == 1 and change <= TOLERANCE_FLOW_REL):
            break
        if made.shape == _TREE:  # pressures have no say in the flows: they come once, at the end
            add_up_tree(parts.consumers, parts.producers, made, n_node, work)
        else:
            solved = solve_hydraulics(parts.consumers, parts.producers, parts.plant, parts.fluid, made, n_node, work)
        write_flows(parts, made, work, state)
        _transfer(parts.supply, state.mass_flow_supply_kg_s, drive, cp, step_s, parcels, work.a_supply, work.b_supply)
        status = sweep_supply(parts, made, drive, step_s, work, state)
        settled = 1
    if made.shape == _TREE:
        solved = solve_hydraulics(parts.consumers, parts.producers, parts.plant, parts.fluid, made, n_node, work)
    return status if solved == 1 and change <= TOLERANCE_FLOW_REL else status | _NOT_CONVERGED


@compiled
def solve_instant(
    parts: NetworkParts,
    made: Setup,
    drive: Drive,
    step_s: float,
    parcels_supply: Parcels,
    parcels_return: Parcels,
    work: Work,
    state: NetworkState,
) -> int:
    """Solve one instant, or one step of plug flow.

    Parameters
    ----------
    parts
        The network; lift and supply temperatures of the producers are those of the instant.
    made
        Its problem.
    drive
        Heat, flows and surroundings.
    step_s
        Length of the step; 0: temperatures in steady state [s].
    parcels_supply, parcels_return
        What is in the pipes, moved on by the step; not looked at in steady state.
    work
        Scratch, and the warm start.
    state
        Written; the temperatures in it are the start of the iteration.

    Returns
    -------
    int
        Status flags.
    """
    cp = parts.fluid.heat_capacity_j_kgk
    status = _settle_flows(parts, made, drive, step_s, parcels_supply, work, state)
    _transfer(
        parts.return_line, state.mass_flow_return_kg_s, drive, cp, step_s, parcels_return, work.a_return, work.b_return
    )
    status |= sweep_return(parts, made, drive, step_s, work, state)
    write_pressures(parts.nodes, parts.plant, parts.fluid, made, parts.nodes.elevation_m.size, work, state)
    for i in range(parts.producers.node.size):
        back = state.temp_return_c[parts.producers.node[i]]
        flow = max(state.mass_flow_producer_kg_s[i], 0.0)
        state.temp_return_producer_c[i] = back
        state.heat_producer_w[i] = flow * cp * (parts.producers.temp_supply_c[i] - back)
    _lose(parts.supply, state.mass_flow_supply_kg_s, drive, step_s, parcels_supply, cp, work, state, True)
    _lose(parts.return_line, state.mass_flow_return_kg_s, drive, step_s, parcels_return, cp, work, state, False)
    return status | _verdict(parts, made, work, state)


@inlined
def _verdict(parts: NetworkParts, made: Setup, work: Work, state: NetworkState) -> int:
    """Return what consumers and producers lack."""
    consumers, n_node, lift = parts.consumers, parts.nodes.elevation_m.size, work.numbers[0]
    status, total, margin_pa = 0, lift, DP_TOLERANCE_REL * abs(lift)
    for i in range(consumers.node.size):
        total += state.heat_consumer_w[i] + state.mass_flow_consumer_kg_s[i]
        if consumers.is_on[i] == 1:
            dp = dp_at_pa(work.potential, made.shape, n_node, consumers.node[i])
            if made.reachable[i] == 0:
                status |= _CUT_OFF
            elif dp < consumers.dp_min_pa[i] - margin_pa or dp < -margin_pa:
                status |= _DP_SHORT
    for i in range(parts.producers.node.size):
        total += state.heat_producer_w[i] + state.mass_flow_producer_kg_s[i]
        if made.producer_reachable[i] == 0 and parts.producers.mass_flow_kg_s[i] != 0.0:
            status |= _CUT_OFF
    return status if abs(total) < math.inf else status | _NOT_FINITE


@inlined
def _lose(
    line: Line,
    flow: Floats,
    drive: Drive,
    step_s: float,
    parcels: Parcels,
    cp: float,
    work: Work,
    state: NetworkState,
    is_supply: bool,
) -> None:
    """Write the heat loss of every pipe [W] and, in plug flow, move the water on."""
    inlet = work.inlet_supply_c if is_supply else work.inlet_return_c
    outlet = state.temp_outlet_supply_c if is_supply else state.temp_outlet_return_c
    loss = state.heat_loss_supply_w if is_supply else state.heat_loss_return_w
    stored = work.heat_stored_supply_j if is_supply else work.heat_stored_return_j
    if step_s > 0.0:
        plug_commit(line, flow, inlet, drive.temp_ground_c, drive.temp_air_c, cp, step_s, parcels, loss, stored)
        for j in range(flow.size):
            loss[j] /= step_s
    else:
        for j in range(flow.size):
            loss[j] = abs(flow[j]) * cp * (inlet[j] - outlet[j])
