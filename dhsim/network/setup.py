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
from dhsim.network.topology import reached
from dhsim.network.transport import OrderWork, order_work

_RESISTANCE_IDEAL_PA_S_KG = 1e-3


class Shape(IntEnum):
    """Which problem is solved."""

    TREE = 0
    """Mirrored tree in which every flow is asked for"""
    HALF = 1
    """Mirrored"""
    FULL = 2
    """Both lines, each with its own pipes and elements"""


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


class Work(NamedTuple):
    """Scratch arrays of one run."""

    potential: Potential
    order_supply: Ints
    order_return: Ints
    sign_supply: Ints
    """Direction of the flow that the order was made for; 0: none"""
    sign_return: Ints
    order_work: OrderWork
    a_supply: Floats
    b_supply: Floats
    a_return: Floats
    b_return: Floats
    inlet_supply_c: Floats
    inlet_return_c: Floats
    heat_stored_supply_j: Floats
    """(n_pipe,): in plug flow, heat content above 0 degC"""
    heat_stored_return_j: Floats
    mass_node_kg_s: Floats
    heat_node_kg_s_c: Floats
    mass_flow_asked_kg_s: Floats
    """(n_consumer,)"""
    numbers: Floats
    """(4,): lift, and what the control of the lift remembers"""


def setup(network: Network) -> Setup:
    """Return the problem of a network."""
    consumers, n_node, n_consumer = network.consumers, len(network.node_ids), len(network.consumer_ids)
    driven = np.flatnonzero(consumers.kind == ConsumerKind.PRESSURE)
    consumer_branch = np.full(n_consumer, -1, dtype=np.int64)
    producer_branch = np.full(len(network.producer_ids), -1, dtype=np.int64)
    further = np.flatnonzero(network.producers.kind == ProducerKind.LIFT)[1:]
    conductance = np.where(consumers.is_on[driven] == 1, consumers.conductance_kg_s_pa05[driven], 0.0)
    closed = conductance <= 0.0
    resistance = 1.0 / np.where(closed, 1.0, conductance) ** 2
    is_open = np.where(closed, 0, 1)
    if network.mirrored:
        ground = n_node
        pipes = pipe_branches(network.supply, network.fluid, network.colebrook_constant, times=2.0)
        ends = np.full(driven.size, ground, dtype=np.int64)
        users = other_branches(consumers.node[driven], ends, resistance, is_open=is_open)
        given = np.concatenate([[0], network.producers.node[further], [ground]])
        problem = problem_of(joined(pipes, users), n_node + 1, np.unique(given).astype(np.int64))
        first = pipes.node_start.size
        consumer_branch[driven] = first + np.arange(driven.size)
        is_tree = network.supply.node_end.size == n_node - 1 and bool(
            np.array_equal(network.supply.node_end, np.arange(1, n_node))
        )
        shape = Shape.TREE if is_tree and not driven.size and not further.size else Shape.HALF
        return Setup(
            int(shape), problem, first, consumer_branch, first, producer_branch, np.ones(n_consumer, dtype=np.int64)
        )
    supply = pipe_branches(network.supply, network.fluid, network.colebrook_constant)
    back = _shifted(pipe_branches(network.return_line, network.fluid, network.colebrook_constant), n_node)
    elements = _element_branches(network.elements, network.fluid, n_node)
    users = other_branches(consumers.node[driven], consumers.node[driven] + n_node, resistance, is_open=is_open)
    lifts = _lift_branches(network, further)
    first_element = supply.node_start.size + back.node_start.size
    first = first_element + elements.node_start.size
    consumer_branch[driven] = first + np.arange(driven.size)
    producer_branch[further] = first + driven.size + np.arange(further.size)
    branches = joined(supply, back, elements, users, lifts)
    touched = np.zeros(2 * n_node, dtype=bool)
    touched[branches.node_start] = touched[branches.node_end] = True
    given = np.unique(np.concatenate([[0, n_node], np.flatnonzero(~touched)])).astype(np.int64)
    open_branch = branches.is_open == 1
    known = reached(2 * n_node, branches.node_start[open_branch], branches.node_end[open_branch], np.array([0, n_node]))
    reachable = known[consumers.node] & known[consumers.node + n_node]
    return Setup(
        int(Shape.FULL),
        problem_of(branches, 2 * n_node, given),
        first,
        consumer_branch,
        first_element,
        producer_branch,
        reachable.astype(np.int64),
    )


def _shifted(branches: Branches, by: int) -> Branches:
    return branches._replace(node_start=branches.node_start + by, node_end=branches.node_end + by)


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
    """Return further producers as branches that raise the pressure by a fixed amount, almost whatever the flow."""
    n_node, node = len(network.node_ids), network.producers.node[which]
    zeros = np.zeros(which.size)
    rise = (network.producers.lift_pa[which], zeros - _RESISTANCE_IDEAL_PA_S_KG, zeros)
    return other_branches(node + n_node, node, zeros, rise=rise)


def empty_work(network: Network, made: Setup) -> Work:
    """Return the scratch arrays of a run, which starts cold."""
    in_tree_order = 1 if made.shape == Shape.TREE else 0  # a tree's pipes stand in the order of the flow already
    n_node, n_supply, n_return = len(network.node_ids), len(network.supply_ids), len(network.return_ids)
    return Work(
        potential=empty_potential(made.problem),
        order_supply=np.arange(n_supply),
        order_return=np.arange(n_return)[::-1].copy(),
        sign_supply=np.full(n_supply, in_tree_order, dtype=np.int64),
        sign_return=np.full(n_return, -in_tree_order, dtype=np.int64),
        order_work=order_work(n_node, max(n_supply, n_return)),
        a_supply=np.zeros(n_supply),
        b_supply=np.zeros(n_supply),
        a_return=np.zeros(n_return),
        b_return=np.zeros(n_return),
        inlet_supply_c=np.zeros(n_supply),
        inlet_return_c=np.zeros(n_return),
        heat_stored_supply_j=np.zeros(n_supply),
        heat_stored_return_j=np.zeros(n_return),
        mass_node_kg_s=np.zeros(n_node),
        heat_node_kg_s_c=np.zeros(n_node),
        mass_flow_asked_kg_s=np.zeros(len(network.consumer_ids)),
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
