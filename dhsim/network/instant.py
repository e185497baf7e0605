"""One instant of a network: flows that consumers ask for, pressures, and temperatures that follow the water."""

from __future__ import annotations

import math
from typing import NamedTuple

from dhsim.elementwise import compiled, inlined
from dhsim.errors import Status
from dhsim.network.balance import (
    DROP_MIN_K,
    add_up_tree,
    ask_for_flow,
    outflow_kg_s,
    solve_hydraulics,
    write_pressures,
)
from dhsim.network.parcels import Parcels
from dhsim.network.parts import (
    ConsumerKind,
    Consumers,
    Elements,
    Floats,
    Fluid,
    Ints,
    Line,
    NetworkState,
    Nodes,
    Plant,
    ProducerKind,
    Producers,
)
from dhsim.network.plug_flow import plug_commit, plug_transfer
from dhsim.network.setup import Setup, Shape, Work
from dhsim.network.transport import flow_order, mix_sweep, steady_transfer

_TREE = int(Shape.TREE)
_FULL = int(Shape.FULL)
_TEMP_RETURN = int(ConsumerKind.TEMP_RETURN)
_PRESSURE = int(ConsumerKind.PRESSURE)
_FIXED_FLOW = int(ProducerKind.MASS_FLOW)
_NOT_CONVERGED = int(Status.NOT_CONVERGED)
_HEAT_SHORT = int(Status.HEAT_SHORT)
_CUT_OFF = int(Status.CUT_OFF)
TOLERANCE_FLOW_REL = 1e-9
"""Of the flows that follow the supply temperature."""
ITERATIONS_MAX = 60
ROUNDS_CIRCLING = 40
"""Sweeps where a pump sends water round in a line: each round cools it a little more."""
TEMP_RETURN_MIN_C = 0.0
"""A consumer cannot cool its water below this."""


class NetworkParts(NamedTuple):
    """A network as compiled code takes it."""

    nodes: Nodes
    supply: Line
    return_line: Line
    elements: Elements
    consumers: Consumers
    producers: Producers
    plant: Plant
    fluid: Fluid


class Drive(NamedTuple):
    """What moves the network at one instant; lift and supply temperatures stand in the producers."""

    heat_w: Floats
    """(n_consumer,); NaN: the consumer's own drop or return temperature holds"""
    mass_flow_kg_s: Floats
    """(n_consumer,): of consumers with a given flow"""
    temp_ground_c: float
    temp_air_c: float


@inlined
def _seed_supply(parts: NetworkParts, made: Setup, work: Work, state: NetworkState) -> None:
    """Write the producers' flows, and what they feed into the supply nodes."""
    producers = parts.producers
    work.mass_node_kg_s[:] = 0.0
    work.heat_node_kg_s_c[:] = 0.0
    for i in range(producers.node.size):
        node = producers.node[i]
        if producers.kind[i] == _FIXED_FLOW:
            flow = producers.mass_flow_kg_s[i]
        elif made.producer_branch[i] >= 0:
            flow = work.potential.mass_flow_kg_s[made.producer_branch[i]]
        else:
            flow = outflow_kg_s(made, work.potential, node)
        state.mass_flow_producer_kg_s[i] = flow
        if flow > 0.0:
            work.mass_node_kg_s[node] += flow
            work.heat_node_kg_s_c[node] += flow * producers.temp_supply_c[i]


@inlined
def _write_flows(parts: NetworkParts, made: Setup, work: Work, state: NetworkState) -> None:
    """Write the flows of both lines and of the consumers."""
    flow, n_supply = work.potential.mass_flow_kg_s, state.mass_flow_supply_kg_s.size
    n_return = state.mass_flow_return_kg_s.size
    for j in range(n_supply):
        state.mass_flow_supply_kg_s[j] = flow[j]
    for j in range(n_return):
        state.mass_flow_return_kg_s[j] = flow[n_supply + j] if made.shape == _FULL else -flow[j]
    for j in range(state.mass_flow_element_kg_s.size):
        state.mass_flow_element_kg_s[j] = flow[made.first_element + j]
    for i in range(parts.consumers.node.size):
        branch = made.consumer_branch[i]
        driven = flow[branch] if branch >= 0 else 0.0
        state.mass_flow_consumer_kg_s[i] = max(driven, 0.0) if branch >= 0 else work.mass_flow_asked_kg_s[i]


@inlined
def _consume(parts: NetworkParts, heat_w: Floats, work: Work, state: NetworkState) -> int:
    """Write heat and return temperature of every consumer, seed the return nodes, and return the status."""
    consumers, cp = parts.consumers, parts.fluid.heat_capacity_j_kgk
    status = 0
    work.mass_node_kg_s[:] = 0.0
    work.heat_node_kg_s_c[:] = 0.0
    for i in range(consumers.node.size):
        node, flow = consumers.node[i], state.mass_flow_consumer_kg_s[i]
        supply = state.temp_supply_c[node]
        back, heat = supply, 0.0
        if flow > 0.0:
            if not math.isnan(heat_w[i]):
                back = supply - heat_w[i] / (flow * cp)
            elif not math.isnan(consumers.temp_drop_k[i]):
                back = supply - consumers.temp_drop_k[i]
            else:
                back = min(consumers.temp_return_c[i], supply)
            if back < TEMP_RETURN_MIN_C:
                back = min(TEMP_RETURN_MIN_C, supply)
                status |= _HEAT_SHORT
            heat = flow * cp * (supply - back)
            if consumers.kind[i] == _TEMP_RETURN and supply - consumers.temp_return_c[i] < DROP_MIN_K:
                status |= _HEAT_SHORT
            work.mass_node_kg_s[node] += flow
            work.heat_node_kg_s_c[node] += flow * back
        elif heat_w[i] > 0.0 and consumers.is_on[i] == 1:
            status |= _HEAT_SHORT
        state.temp_return_consumer_c[i] = back
        state.heat_consumer_w[i] = heat
    return status


@inlined
def _keep_order(line: Line, mass_flow_kg_s: Floats, work: Work, sign: Ints, order: Ints) -> int:
    """Make the order anew where a flow has turned; return how many flows go round in a circle."""
    turned, circling = 0, 0
    for j in range(mass_flow_kg_s.size):
        if mass_flow_kg_s[j] * sign[j] < 0.0 or (sign[j] == 0 and mass_flow_kg_s[j] != 0.0):
            turned = 1
        if order[j] < 0:
            circling += 1
    if turned == 1:
        circling = order.size - flow_order(line.node_start, line.node_end, mass_flow_kg_s, work.order_work, order)
        for j in range(mass_flow_kg_s.size):
            sign[j] = 0
            if mass_flow_kg_s[j] != 0.0:
                sign[j] = 1 if mass_flow_kg_s[j] > 0.0 else -1
    return circling


@inlined
def _cool_idle(temp_ground_c: float, work: Work, temp_node_c: Floats) -> None:
    """Give nodes that nothing flows into the ground's temperature: where they end if nothing ever does."""
    for node in range(temp_node_c.size):
        if work.mass_node_kg_s[node] <= 0.0:
            temp_node_c[node] = temp_ground_c


@inlined
def _sweep_supply(
    parts: NetworkParts, made: Setup, drive: Drive, step_s: float, work: Work, state: NetworkState
) -> None:
    """Send the producers' water through the supply line."""
    circling = _keep_order(parts.supply, state.mass_flow_supply_kg_s, work, work.sign_supply, work.order_supply)
    for _ in range(ROUNDS_CIRCLING if circling > 0 else 1):
        _seed_supply(parts, made, work, state)
        mix_sweep(
            parts.supply.node_start,
            parts.supply.node_end,
            work.order_supply,
            state.mass_flow_supply_kg_s,
            work.a_supply,
            work.b_supply,
            work.mass_node_kg_s,
            work.heat_node_kg_s_c,
            state.temp_supply_c,
            work.inlet_supply_c,
            state.temp_outlet_supply_c,
        )
    if step_s == 0.0:
        _cool_idle(drive.temp_ground_c, work, state.temp_supply_c)


@inlined
def _sweep_return(parts: NetworkParts, drive: Drive, step_s: float, work: Work, state: NetworkState) -> int:
    """Send the consumers' water back; return the status."""
    circling = _keep_order(parts.return_line, state.mass_flow_return_kg_s, work, work.sign_return, work.order_return)
    status = 0
    for _ in range(ROUNDS_CIRCLING if circling > 0 else 1):
        status = _consume(parts, drive.heat_w, work, state)
        mix_sweep(
            parts.return_line.node_start,
            parts.return_line.node_end,
            work.order_return,
            state.mass_flow_return_kg_s,
            work.a_return,
            work.b_return,
            work.mass_node_kg_s,
            work.heat_node_kg_s_c,
            state.temp_return_c,
            work.inlet_return_c,
            state.temp_outlet_return_c,
        )
    if step_s == 0.0:
        _cool_idle(drive.temp_ground_c, work, state.temp_return_c)
    return status


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
    settled, solved = 0, 1
    for iteration in range(ITERATIONS_MAX):
        change = ask_for_flow(
            parts.consumers,
            made,
            drive.heat_w,
            drive.mass_flow_kg_s,
            state.temp_supply_c,
            parts.producers.temp_supply_c[0],
            drive.temp_ground_c,
            parts.fluid,
            iteration,
            work.mass_flow_asked_kg_s,
        )
        if settled == 1 and change <= TOLERANCE_FLOW_REL:
            break
        if made.shape == _TREE:  # pressures have no say in the flows: they come once, at the end
            add_up_tree(parts.consumers, parts.producers, made, n_node, work)
        else:
            solved = solve_hydraulics(parts.consumers, parts.producers, parts.plant, parts.fluid, made, n_node, work)
        _write_flows(parts, made, work, state)
        _transfer(parts.supply, state.mass_flow_supply_kg_s, drive, cp, step_s, parcels, work.a_supply, work.b_supply)
        _sweep_supply(parts, made, drive, step_s, work, state)
        settled = 1
    if made.shape == _TREE:
        solved = solve_hydraulics(parts.consumers, parts.producers, parts.plant, parts.fluid, made, n_node, work)
    return 0 if solved == 1 and change <= TOLERANCE_FLOW_REL else _NOT_CONVERGED


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
    status |= _sweep_return(parts, drive, step_s, work, state)
    write_pressures(parts.nodes, parts.plant, parts.fluid, made, parts.nodes.elevation_m.size, work, state)
    for i in range(parts.producers.node.size):
        back = state.temp_return_c[parts.producers.node[i]]
        flow = max(state.mass_flow_producer_kg_s[i], 0.0)
        state.temp_return_producer_c[i] = back
        state.heat_producer_w[i] = flow * cp * (parts.producers.temp_supply_c[i] - back)
    for i in range(parts.consumers.node.size):
        if made.reachable[i] == 0 and parts.consumers.is_on[i] == 1:
            status |= _CUT_OFF
    _lose(parts.supply, state.mass_flow_supply_kg_s, drive, step_s, parcels_supply, cp, work, state, True)
    _lose(parts.return_line, state.mass_flow_return_kg_s, drive, step_s, parcels_return, cp, work, state, False)
    return status


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
