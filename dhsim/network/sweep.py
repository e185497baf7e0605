"""Water on its way through both lines: temperatures from the producers to the consumers and back."""

from __future__ import annotations

import math
from typing import NamedTuple

from dhsim.elementwise import compiled, inlined
from dhsim.errors import Status
from dhsim.network.balance import DROP_MIN_K, outflow_kg_s
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
from dhsim.network.setup import CIRCLES_MAX, Circles, Setup, Shape, Ways, Work
from dhsim.network.transport import OrderWork, flow_order, mix_sweep

_FULL = int(Shape.FULL)
_TEMP_RETURN = int(ConsumerKind.TEMP_RETURN)
_FIXED_FLOW = int(ProducerKind.MASS_FLOW)
_NOT_CONVERGED = int(Status.NOT_CONVERGED)
_HEAT_SHORT = int(Status.HEAT_SHORT)
ROUNDS_CIRCLING = CIRCLES_MAX + 10
"""Sweeps at most, where a pump sends water round in a line."""
TOLERANCE_CIRCLING_K = 1e-10
_TRIAL_K = 10.0
_PIVOT_MIN = 1e-12
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
def write_flows(parts: NetworkParts, made: Setup, work: Work, state: NetworkState) -> None:
    """Write the flows of both lines and of the consumers."""
    flow, n_supply = work.potential.mass_flow_kg_s, state.mass_flow_supply_kg_s.size
    n_return = state.mass_flow_return_kg_s.size
    for j in range(n_supply):
        state.mass_flow_supply_kg_s[j] = flow[j]
        work.flow_supply_kg_s[j] = flow[j]
    for j in range(n_return):
        back = flow[n_supply + j] if made.shape == _FULL else -flow[j]
        state.mass_flow_return_kg_s[j] = back
        work.flow_return_kg_s[j] = back
    for j in range(state.mass_flow_element_kg_s.size):
        state.mass_flow_element_kg_s[j] = flow[made.first_element + j]
    for j in range(made.supply_ways.element.size):
        work.flow_supply_kg_s[n_supply + j] = flow[made.first_element + made.supply_ways.element[j]]
    for j in range(made.return_ways.element.size):
        work.flow_return_kg_s[n_return + j] = flow[made.first_element + made.return_ways.element[j]]
    for i in range(parts.consumers.node.size):
        branch = made.consumer_branch[i]
        driven = flow[branch] if branch >= 0 else 0.0
        state.mass_flow_consumer_kg_s[i] = max(driven, 0.0) if branch >= 0 else work.mass_flow_asked_kg_s[i]


@inlined
def _seed_supply(parts: NetworkParts, made: Setup, work: Work, state: NetworkState) -> None:
    """Write the producers' flows, and what they feed into the supply nodes."""
    producers = parts.producers
    work.mass_node_kg_s[:] = 0.0
    work.heat_node_kg_s_c[:] = 0.0
    for i in range(producers.node.size):
        node = producers.node[i]
        if producers.kind[i] == _FIXED_FLOW:
            flow = producers.mass_flow_kg_s[i] * made.producer_reachable[i]
        elif made.producer_branch[i] >= 0:
            flow = work.potential.mass_flow_kg_s[made.producer_branch[i]]
        else:
            flow = outflow_kg_s(made, work.potential, node)
        state.mass_flow_producer_kg_s[i] = flow
        if flow > 0.0:
            work.mass_node_kg_s[node] += flow
            work.heat_node_kg_s_c[node] += flow * producers.temp_supply_c[i]


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
    for i in range(parts.producers.node.size):  # what is pushed backwards through a producer is not heated
        flow, node = state.mass_flow_producer_kg_s[i], parts.producers.node[i]
        if flow < 0.0:
            work.mass_node_kg_s[node] -= flow
            work.heat_node_kg_s_c[node] -= flow * state.temp_supply_c[node]
    return status


@compiled
def _keep_order(ways: Ways, mass_flow_kg_s: Floats, order_work: OrderWork, sign: Ints, order: Ints) -> int:
    """Make the order anew where a flow has turned; return how many flows go round in a circle."""
    turned, circling = 0, 0
    for j in range(mass_flow_kg_s.size):
        if mass_flow_kg_s[j] * sign[j] < 0.0 or (sign[j] == 0 and mass_flow_kg_s[j] != 0.0):
            turned = 1
        if order[j] < 0:
            circling += 1
    if turned == 1:
        circling = order.size - flow_order(ways.node_start, ways.node_end, mass_flow_kg_s, order_work, order)
        for j in range(mass_flow_kg_s.size):
            sign[j] = 0
            if mass_flow_kg_s[j] != 0.0:
                sign[j] = 1 if mass_flow_kg_s[j] > 0.0 else -1
    return circling


@compiled
def _cut_circles(ways: Ways, order: Ints, mass_flow_kg_s: Floats, circles: Circles, temp_node_c: Floats) -> int:
    """Write the nodes where circles are cut open, and what is guessed of them; return how many there are."""
    count, last = 0, -1
    for entry in order:
        if entry < 0:
            j = -1 - entry
            node = ways.node_start[j] if mass_flow_kg_s[j] > 0.0 else ways.node_end[j]
            if node != last and mass_flow_kg_s[j] != 0.0:
                last = node
                if count < circles.node.size:
                    circles.node[count] = node
                    circles.given_c[count] = temp_node_c[node]
                count += 1
    return count


@compiled
def _close_circles(circles: Circles, count: int, round_: int, temp_node_c: Floats) -> float:
    """Return by how much the temperatures miss where circles were cut open, and write the next ones to try.

    What a sweep finds there is in line with what it was given. The first sweep is the base, each of the next tells what
    one node does to all, and then they are solved for.
    """
    miss = 0.0
    if count > circles.node.size:
        return math.inf
    for i in range(count):
        found = temp_node_c[circles.node[i]]
        if round_ == 0 or round_ > count:
            circles.miss_k[i] = found - circles.given_c[i]
            circles.base_c[i] = found
            miss = max(miss, abs(circles.miss_k[i]))
        else:
            circles.effect[i, round_ - 1] = (found - circles.base_c[i]) / _TRIAL_K
    if round_ >= count and not (round_ > count and miss <= TOLERANCE_CIRCLING_K):
        _solve_circles(circles, count)
    for i in range(count):
        temp_node_c[circles.node[i]] = circles.given_c[i] + (_TRIAL_K if round_ == i else 0.0)
    return miss if round_ > count else math.inf


@compiled
def _solve_circles(circles: Circles, count: int) -> None:
    """Add to the given temperatures what makes them come back as they were: Gauss, the diagonal being the largest."""
    matrix = circles.matrix
    for i in range(count):
        for k in range(count):
            matrix[i, k] = (1.0 if i == k else 0.0) - circles.effect[i, k]
        matrix[i, count] = circles.miss_k[i]
    for k in range(count):
        if abs(matrix[k, k]) < _PIVOT_MIN:  # goes round without loss or inflow: any temperature stays
            matrix[k, k] = math.inf
        for i in range(k + 1, count):
            share = matrix[i, k] / matrix[k, k]
            for c in range(k, count + 1):
                matrix[i, c] -= share * matrix[k, c] if share != 0.0 else 0.0
    for i in range(count - 1, -1, -1):
        for k in range(i + 1, count):
            matrix[i, count] -= matrix[i, k] * matrix[k, count]
        matrix[i, count] /= matrix[i, i]
        circles.given_c[i] += matrix[i, count]


@inlined
def _cool_idle(temp_ground_c: float, work: Work, temp_node_c: Floats) -> None:
    """Give nodes that nothing flows into the ground's temperature: where they end if nothing ever does."""
    for node in range(temp_node_c.size):
        if work.mass_node_kg_s[node] <= 0.0:
            temp_node_c[node] = temp_ground_c


@inlined
def _show_standing(ways: Ways, flow: Floats, outlet_c: Floats, n_pipe: int, work: Work, temp_node_c: Floats) -> None:
    """Give nodes at the end of pipes in which water stands the temperature that it has there."""
    for j in range(n_pipe):
        if flow[j] == 0.0 and work.mass_node_kg_s[ways.node_end[j]] <= 0.0:
            temp_node_c[ways.node_end[j]] = outlet_c[j]


@inlined
def sweep_supply(parts: NetworkParts, made: Setup, drive: Drive, step_s: float, work: Work, state: NetworkState) -> int:
    """Send the producers' water through the supply line; return the status."""
    ways, flow = made.supply_ways, work.flow_supply_kg_s
    circling = _keep_order(ways, flow, work.order_work, work.sign_supply, work.order_supply)
    count, miss, temp, inlet = 0, 0.0, state.temp_supply_c, work.inlet_supply_c
    if circling > 0:
        count = _cut_circles(ways, work.order_supply, flow, work.circles, temp)
    for round_ in range(ROUNDS_CIRCLING if circling > 0 else 1):
        _seed_supply(parts, made, work, state)
        mix_sweep(
            ways.node_start, ways.node_end, work.order_supply, flow, work.a_supply, work.b_supply,
            work.mass_node_kg_s, work.heat_node_kg_s_c, temp, inlet, work.outlet_supply_c,
        )  # fmt: skip
        if circling > 0:
            miss = _close_circles(work.circles, count, round_, temp)
            if miss <= TOLERANCE_CIRCLING_K:
                break
    if step_s == 0.0:
        _cool_idle(drive.temp_ground_c, work, temp)
    else:
        _show_standing(ways, flow, work.outlet_supply_c, state.temp_outlet_supply_c.size, work, temp)
    for j in range(state.temp_outlet_supply_c.size):
        state.temp_outlet_supply_c[j] = work.outlet_supply_c[j]
    return 0 if miss <= TOLERANCE_CIRCLING_K else _NOT_CONVERGED


@inlined
def sweep_return(parts: NetworkParts, made: Setup, drive: Drive, step_s: float, work: Work, state: NetworkState) -> int:
    """Send the consumers' water back; return the status."""
    ways, flow = made.return_ways, work.flow_return_kg_s
    circling = _keep_order(ways, flow, work.order_work, work.sign_return, work.order_return)
    status, count, miss, temp, inlet = 0, 0, 0.0, state.temp_return_c, work.inlet_return_c
    if circling > 0:
        count = _cut_circles(ways, work.order_return, flow, work.circles, temp)
    for round_ in range(ROUNDS_CIRCLING if circling > 0 else 1):
        status = _consume(parts, drive.heat_w, work, state)
        mix_sweep(
            ways.node_start, ways.node_end, work.order_return, flow, work.a_return, work.b_return,
            work.mass_node_kg_s, work.heat_node_kg_s_c, temp, inlet, work.outlet_return_c,
        )  # fmt: skip
        if circling > 0:
            miss = _close_circles(work.circles, count, round_, temp)
            if miss <= TOLERANCE_CIRCLING_K:
                break
    if step_s == 0.0:
        _cool_idle(drive.temp_ground_c, work, temp)
    else:
        _show_standing(ways, flow, work.outlet_return_c, state.temp_outlet_return_c.size, work, temp)
    for j in range(state.temp_outlet_return_c.size):
        state.temp_outlet_return_c[j] = work.outlet_return_c[j]
    return status if miss <= TOLERANCE_CIRCLING_K else status | _NOT_CONVERGED
