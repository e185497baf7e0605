"""From a network to what the compiled solver takes: which problem is solved, and the arrays it works in.

Three kinds of network are told apart. In a mirrored one supply and return have the same pipes, so that the differential
pressure of each place is solved for, with both lines' drop in one; where it is a tree and every flow is asked for, the
flows are plain sums. Otherwise both lines are solved with all their elements.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from dhsim.network.branches import Branches, joined, other_branches, pipe_branches
from dhsim.network.newton import Potential, Problem, empty_potential, problem_of
from dhsim.network.parts import (
    ConsumerKind,
    Elements,
    Floats,
    Fluid,
    Ints,
    Network,
    NetworkState,
    ProducerKind,
)
from dhsim.network.soundness import refuse_unsound
from dhsim.network.ties import Islands, fed_from, islands_of, parts_of
from dhsim.network.transport import OrderWork, order_work

CIRCLES_MAX = 24
"""Circles in one line that can be solved at once."""


class Shape(IntEnum):
    """Which problem is solved."""

    TREE = 0
    """Mirrored tree in which every flow is asked for"""
    HALF = 1
    """Mirrored"""
    FULL = 2
    """Both lines, each with its own pipes and elements"""


class Ways(NamedTuple):
    """What water goes through in one line: its pipes, then its elements; arrays of shape (n_way,)."""

    node_start: Ints
    node_end: Ints
    element: Ints
    """(n_way - n_pipe,): number of each element"""


class Setup(NamedTuple):
    """What stays while a network stands."""

    shape: int
    problem: Problem
    first_consumer: int
    """Branch of the first pressure-driven consumer"""
    consumer_branch: Ints
    """(n_consumer,): branch of a pressure-driven consumer, or -1"""
    first_element: int
    producer_branch: Ints
    """(n_producer,): branch of a further producer with a fixed lift where both lines are solved, or -1"""
    reachable: Ints
    """(n_consumer,): 0 where closed valves cut a consumer off"""
    producer_reachable: Ints
    """(n_producer,): 0 where closed valves cut a producer with a given flow off"""
    islands: Islands
    untouched: Ints
    """(2 n_node,) where both lines are solved: 1 where a line does not reach; otherwise (0,)"""
    supply_ways: Ways
    return_ways: Ways


class Circles(NamedTuple):
    """Nodes where flows that go round in a line are cut open to be swept; arrays of CIRCLES_MAX."""

    node: Ints
    given_c: Floats
    """With which a sweep began"""
    base_c: Floats
    """That the first sweep found"""
    miss_k: Floats
    effect: Floats
    """(found, given): by how much one degree given changes what is found"""
    matrix: Floats
    """(CIRCLES_MAX, CIRCLES_MAX + 1): room to solve in"""


def _no_circles() -> Circles:
    n = CIRCLES_MAX
    return Circles(
        np.zeros(n, dtype=np.int64), np.zeros(n), np.zeros(n), np.zeros(n), np.zeros((n, n)), np.zeros((n, n + 1))
    )


class Work(NamedTuple):
    """Scratch arrays of one run."""

    potential: Potential
    order_supply: Ints
    order_return: Ints
    sign_supply: Ints
    """Direction of the flow that the order was made for; 0: none"""
    sign_return: Ints
    order_work: OrderWork
    flow_supply_kg_s: Floats
    """(n_way of the supply line,), as all of the next"""
    flow_return_kg_s: Floats
    a_supply: Floats
    b_supply: Floats
    a_return: Floats
    b_return: Floats
    inlet_supply_c: Floats
    inlet_return_c: Floats
    outlet_supply_c: Floats
    outlet_return_c: Floats
    heat_stored_supply_j: Floats
    """(n_pipe,): in plug flow, heat content above 0 degC"""
    heat_stored_return_j: Floats
    mass_node_kg_s: Floats
    heat_node_kg_s_c: Floats
    circles: Circles
    mass_flow_asked_kg_s: Floats
    """(n_consumer,)"""
    asked_before_kg_s: Floats
    """(n_consumer,): some rounds ago, and how much more was wanted then"""
    asked_miss_kg_s: Floats
    pace: Floats
    """(n_consumer,): share of the step that each flow takes, with the step's sign"""
    numbers: Floats
    """(4,): lift, and what the control of the lift remembers"""


def setup(network: Network) -> Setup:
    """Return the problem of a network.

    Parameters
    ----------
    network
        The network.

    Raises
    ------
    ValueError
        If it has no answer, with everything that is wrong.
    """
    refuse_unsound(network)
    return _setup_half(network) if network.mirrored else _setup_full(network)


def _users(network: Network, driven: Ints, node_end: Ints) -> Branches:
    """Return the pressure-driven consumers as branches; nothing flows back through them."""
    consumers = network.consumers
    conductance = np.where(consumers.is_on[driven] == 1, consumers.conductance_kg_s_pa05[driven], 0.0)
    closed = conductance <= 0.0
    resistance = 1.0 / np.where(closed, 1.0, conductance) ** 2
    is_open, one_way = np.where(closed, 0, 1), np.ones(driven.size, dtype=np.int64)
    return other_branches(consumers.node[driven], node_end, resistance, one_way=one_way, is_open=is_open)


def _setup_half(network: Network) -> Setup:
    """Return the problem of a mirrored network: differential pressures, above a node that stands for the return."""
    n_node, n_consumer, n_producer = len(network.node_ids), len(network.consumer_ids), len(network.producer_ids)
    driven = np.flatnonzero(network.consumers.kind == ConsumerKind.PRESSURE)
    further = np.flatnonzero(network.producers.kind == ProducerKind.LIFT)[1:]
    pipes = pipe_branches(network.supply, network.fluid, network.colebrook_constant, times=2.0)
    users = _users(network, driven, np.full(driven.size, n_node, dtype=np.int64))
    given = np.unique(np.concatenate([[0], network.producers.node[further], [n_node]])).astype(np.int64)
    branches, first = joined(pipes, users), pipes.node_start.size
    consumer_branch = np.full(n_consumer, -1, dtype=np.int64)
    consumer_branch[driven] = first + np.arange(driven.size)
    start, end = network.supply.node_start, network.supply.node_end
    is_tree = np.array_equal(end, np.arange(1, n_node)) and bool(np.all(start < end))
    return Setup(
        int(Shape.TREE if is_tree and not driven.size and not further.size else Shape.HALF),
        problem_of(branches, n_node + 1, given),
        first,
        consumer_branch,
        first,
        np.full(n_producer, -1, dtype=np.int64),
        np.ones(n_consumer, dtype=np.int64),
        np.ones(n_producer, dtype=np.int64),
        islands_of(n_node + 1, branches, given),
        np.zeros(0, dtype=np.int64),
        _ways(network, 0),
        _ways(network, 1),
    )


def _setup_full(network: Network) -> Setup:
    """Return the problem of both lines; the nodes of the return line follow those of the supply line."""
    consumers, producers, n_node = network.consumers, network.producers, len(network.node_ids)
    driven = np.flatnonzero(consumers.kind == ConsumerKind.PRESSURE)
    further = np.flatnonzero(producers.kind == ProducerKind.LIFT)[1:]
    supply = pipe_branches(network.supply, network.fluid, network.colebrook_constant)
    back = _shifted(pipe_branches(network.return_line, network.fluid, network.colebrook_constant), n_node)
    elements = _element_branches(network.elements, network.fluid, n_node)
    lifts = _lift_branches(network, further)
    users = _users(network, driven, consumers.node[driven] + n_node)
    branches = joined(supply, back, elements, users, lifts)
    first_element = supply.node_start.size + back.node_start.size
    first = first_element + elements.node_start.size
    consumer_branch = np.full(len(network.consumer_ids), -1, dtype=np.int64)
    consumer_branch[driven] = first + np.arange(driven.size)
    producer_branch = np.full(len(network.producer_ids), -1, dtype=np.int64)
    producer_branch[further] = first + driven.size + np.arange(further.size)
    touched = np.zeros(2 * n_node, dtype=bool)
    for group in (supply, back, elements, lifts):
        touched[group.node_start] = touched[group.node_end] = True
    known = np.unique(np.concatenate([[0, n_node], np.flatnonzero(~touched)])).astype(np.int64)
    islands = islands_of(2 * n_node, branches, known)
    lines = joined(supply, back, elements)
    part = _circuits(joined(lines, lifts), n_node)
    fed = fed_from(2 * n_node, lines, producers.node)
    drained = fed_from(2 * n_node, _turned(lines), producers.node + n_node)
    reachable = part[consumers.node] == part[consumers.node + n_node]
    reachable &= (fed[consumers.node] == 1) & (drained[consumers.node + n_node] == 1)
    return Setup(
        int(Shape.FULL),
        problem_of(branches, 2 * n_node, np.union1d(known, islands.node_held)),
        first,
        consumer_branch,
        first_element,
        producer_branch,
        reachable.astype(np.int64),
        (part[producers.node] == part[producers.node + n_node]).astype(np.int64),
        islands,
        (~touched).astype(np.int64),
        _ways(network, 0),
        _ways(network, 1),
    )


def _circuits(branches: Branches, n_node: int) -> Ints:
    """Return a number for every node that is the same for a supply and a return side joined through a producer.

    Only then can a flow be given between the two: consumers do not count, or one would be fed through another.
    """
    is_open = branches.is_open != 0
    start = np.concatenate([branches.node_start[is_open], [n_node]])
    return parts_of(2 * n_node, start, np.concatenate([branches.node_end[is_open], [0]]))


def _ways(network: Network, is_return: int) -> Ways:
    line = network.return_line if is_return else network.supply
    element = np.flatnonzero(network.elements.is_return == is_return)
    return Ways(
        np.concatenate([line.node_start, network.elements.node_start[element]]),
        np.concatenate([line.node_end, network.elements.node_end[element]]),
        element,
    )


def _shifted(branches: Branches, by: int) -> Branches:
    return branches._replace(node_start=branches.node_start + by, node_end=branches.node_end + by)


def _turned(branches: Branches) -> Branches:
    return branches._replace(node_start=branches.node_end, node_end=branches.node_start)


def _element_branches(elements: Elements, fluid: Fluid, n_node: int) -> Branches:
    """Return valves and pumps as branches: heads over the volume flow of one pump become heads over the mass flow."""
    shift = elements.is_return * n_node
    per_pump = 1.0 / (np.maximum(elements.n_parallel, 1) * fluid.density_kg_m3)
    rise = (
        elements.head_a0_pa * elements.speed_rel**2,
        elements.head_a1_pa_s_m3 * elements.speed_rel * per_pump,
        elements.head_a2_pa_s2_m6 * per_pump**2,
    )
    return other_branches(
        elements.node_start + shift,
        elements.node_end + shift,
        elements.resistance_pa_s2_kg2,
        rise=rise,
        one_way=elements.one_way,
        is_open=elements.is_open,
    )


def _lift_branches(network: Network, which: Ints) -> Branches:
    """Return further producers as branches that raise the pressure by a fixed amount, whatever the flow."""
    n_node, node = len(network.node_ids), network.producers.node[which]
    zeros = np.zeros(which.size)
    return other_branches(node + n_node, node, zeros, rise=(network.producers.lift_pa[which], zeros, zeros))


def empty_work(network: Network, made: Setup) -> Work:
    """Return the scratch arrays of a run, which starts cold."""
    in_tree_order = 1 if made.shape == Shape.TREE else 0  # a tree's pipes stand in the order of the flow already
    n_node, n_supply, n_return = len(network.node_ids), len(network.supply_ids), len(network.return_ids)
    n_consumer = len(network.consumer_ids)
    ways_supply, ways_return = made.supply_ways.node_start.size, made.return_ways.node_start.size
    return Work(
        potential=empty_potential(made.problem),
        order_supply=np.arange(ways_supply),
        order_return=np.arange(ways_return)[::-1].copy(),
        sign_supply=np.full(ways_supply, in_tree_order, dtype=np.int64),
        sign_return=np.full(ways_return, -in_tree_order, dtype=np.int64),
        order_work=order_work(n_node, max(ways_supply, ways_return)),
        flow_supply_kg_s=np.zeros(ways_supply),
        flow_return_kg_s=np.zeros(ways_return),
        a_supply=np.zeros(ways_supply),
        b_supply=np.ones(ways_supply),  # an element passes on what it gets
        a_return=np.zeros(ways_return),
        b_return=np.ones(ways_return),
        inlet_supply_c=np.zeros(ways_supply),
        inlet_return_c=np.zeros(ways_return),
        outlet_supply_c=np.zeros(ways_supply),
        outlet_return_c=np.zeros(ways_return),
        heat_stored_supply_j=np.zeros(n_supply),
        heat_stored_return_j=np.zeros(n_return),
        mass_node_kg_s=np.zeros(n_node),
        heat_node_kg_s_c=np.zeros(n_node),
        circles=_no_circles(),
        mass_flow_asked_kg_s=np.zeros(n_consumer),
        asked_before_kg_s=np.zeros(n_consumer),
        asked_miss_kg_s=np.zeros(n_consumer),
        pace=np.ones(n_consumer),
        numbers=np.zeros(4),
    )


def empty_state(network: Network) -> NetworkState:
    """Return the arrays of a state, not yet found."""
    n_node, n_supply, n_return = len(network.node_ids), len(network.supply_ids), len(network.return_ids)
    n_consumer, n_producer = len(network.consumer_ids), len(network.producer_ids)
    sizes = [n_supply, n_return, len(network.element_ids), n_consumer, n_producer]
    sizes += [n_node, n_node, n_node, n_node, n_supply, n_return, n_supply, n_return]
    sizes += [n_consumer, n_consumer, n_producer, n_producer]
    return NetworkState(*(np.zeros(size) for size in sizes))
