"""How temperatures go through a line: what each pipe makes of its inlet's, and ideal mixing where pipes meet.

In one time step every pipe gives ``T_out = a + b T_in``, means of the step. `steady_transfer` here and `plug_transfer`
in `plug_flow` write a and b; `mix_sweep` then goes through the pipes in the order of `flow_order`, as often as the
inlet temperatures change.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dhsim.elementwise import compiled
from dhsim.network.parts import Floats, Ints, Line
from dhsim.physics.pipe import outlet_temp_c


class OrderWork(NamedTuple):
    """Room for `flow_order` to work in."""

    node_waits: Ints
    """(n_node,): pipes that flow to a node and are not in the order yet"""
    node_first: Ints
    """(n_node,): first pipe of the chain of those that leave a node, -1: none"""
    node_ready: Ints
    """(n_node,): nodes to go on from"""
    pipe_next: Ints
    """(n_pipe,): next pipe of the chain, -1: none"""


def order_work(n_node: int, n_pipe: int) -> OrderWork:
    """Return room for `flow_order`."""
    return OrderWork(*(np.zeros(size, dtype=np.int64) for size in (n_node, n_node, n_node, n_pipe)))


@compiled
def steady_transfer(
    line: Line,
    mass_flow_kg_s: Floats,
    temp_ground_c: float,
    temp_air_c: float,
    heat_capacity_j_kgk: float,
    a: Floats,
    b: Floats,
) -> None:
    """Write what each pipe makes of its inlet temperature in steady state.

    ``b = exp(-U L / (|m| c))``, ``a = T_ambient (1 - b)``: see `dhsim.physics.pipe.outlet_temp_c`

    Parameters
    ----------
    line
        The pipes.
    mass_flow_kg_s
        Flow of each pipe [kg/s].
    temp_ground_c, temp_air_c
        Around buried pipes, and around the others [degC].
    heat_capacity_j_kgk
        Of the water [J/(kg K)].
    a, b
        Written, shape (n_pipe,). Water that stands has the temperature around it: b is 0.
    """
    for j in range(mass_flow_kg_s.size):
        ambient_c = temp_ground_c if line.buried[j] else temp_air_c
        b[j] = outlet_temp_c(1.0, 0.0, mass_flow_kg_s[j], line.u_w_mk[j], line.length_m[j], heat_capacity_j_kgk)
        a[j] = ambient_c - ambient_c * b[j]


@compiled
def mix_sweep(
    node_start: Ints,
    node_end: Ints,
    order: Ints,
    mass_flow_kg_s: Floats,
    a: Floats,
    b: Floats,
    mass_node: Floats,
    heat_node: Floats,
    temp_node_c: Floats,
    temp_inlet_c: Floats,
    temp_outlet_c: Floats,
) -> None:
    """Write the temperatures of nodes and pipes: ``T_node = sum(m T) / sum(m)`` over all that flows in.

    Parameters
    ----------
    node_start, node_end
        Of the pipes.
    order
        From `flow_order`, for the signs of these flows.
    mass_flow_kg_s
        Flow of each pipe, positive from start to end [kg/s].
    a, b
        What each pipe makes of its inlet temperature, shape (n_pipe,).
    mass_node, heat_node
        Shape (n_node,), kg/s and kg/s * degC: what producers or consumers put into each node before the sweep; the
        pipes' water is added. Fill them anew before the next sweep.
    temp_node_c
        Written, shape (n_node,); a node that nothing flows into keeps what is there [degC].
    temp_inlet_c, temp_outlet_c
        Written, shape (n_pipe,): upstream and downstream end; where nothing flows both are a [degC].
    """
    for entry in order:
        j = entry if entry >= 0 else -1 - entry
        flow = mass_flow_kg_s[j]
        if flow == 0.0:
            temp_inlet_c[j] = a[j]
            temp_outlet_c[j] = a[j]
            continue
        upstream = node_start[j] if flow > 0.0 else node_end[j]
        downstream = node_end[j] if flow > 0.0 else node_start[j]
        if entry >= 0 and mass_node[upstream] > 0.0:
            inlet_c = heat_node[upstream] / mass_node[upstream]
        else:
            inlet_c = temp_node_c[upstream]
        outlet_c = a[j] + b[j] * inlet_c
        mass_node[downstream] += abs(flow)
        heat_node[downstream] += abs(flow) * outlet_c
        temp_inlet_c[j] = inlet_c
        temp_outlet_c[j] = outlet_c
    for node in range(temp_node_c.size):
        if mass_node[node] > 0.0:
            temp_node_c[node] = heat_node[node] / mass_node[node]


@compiled
def flow_order(node_start: Ints, node_end: Ints, mass_flow_kg_s: Floats, work: OrderWork, order: Ints) -> int:
    """Write an order in which every pipe comes after all that feed it, at a cost in line with the number of pipes.

    Where the flow goes round in a circle there is no such order. One node of the circle then goes first, and the pipes
    that leave it stand in the order as ``-1 - pipe``: `mix_sweep` takes their inlet from the node's last temperature,
    and is to be repeated until the temperatures settle.

    Parameters
    ----------
    node_start, node_end
        Of the pipes.
    mass_flow_kg_s
        Flow of each pipe, of which the sign counts [kg/s].
    work
        Room from `order_work`.
    order
        Written, shape (n_pipe,); pipes without flow stand at its end.

    Returns
    -------
    int
        How many pipes come after all that feed them; fewer than there are: a flow goes round.
    """
    work.node_waits[:] = 0
    work.node_first[:] = -1
    last = order.size
    for j in range(order.size):
        if mass_flow_kg_s[j] == 0.0:
            last -= 1
            order[last] = j
            continue
        upstream = node_start[j] if mass_flow_kg_s[j] > 0.0 else node_end[j]
        work.node_waits[node_start[j] + node_end[j] - upstream] += 1
        work.pipe_next[j] = work.node_first[upstream]
        work.node_first[upstream] = j
    n_ready = 0
    for node in range(work.node_waits.size):
        if work.node_waits[node] == 0:
            work.node_ready[n_ready] = node
            n_ready += 1
    done, looked_at, found, forced = 0, 0, 0, 0
    while True:
        while looked_at < n_ready:
            node = work.node_ready[looked_at]
            looked_at += 1
            found, n_ready = _leave(node, node_start, node_end, work, order, found, n_ready, False)
        while done < work.node_waits.size and work.node_waits[done] <= 0:
            done += 1
        if done == work.node_waits.size:
            return order.size - forced
        before = found
        work.node_waits[done] = 0
        found, n_ready = _leave(done, node_start, node_end, work, order, found, n_ready, True)
        forced += found - before


@compiled
def _leave(
    node: int,
    node_start: Ints,
    node_end: Ints,
    work: OrderWork,
    order: Ints,
    found: int,
    n_ready: int,
    is_forced: bool,
) -> tuple[int, int]:
    """Append the pipes that leave a node; return how many are in the order and how many nodes are ready."""
    j = work.node_first[node]
    while j >= 0:
        order[found] = -1 - j if is_forced else j
        found += 1
        downstream = node_start[j] + node_end[j] - node
        work.node_waits[downstream] -= 1
        if work.node_waits[downstream] == 0:
            work.node_ready[n_ready] = downstream
            n_ready += 1
        j = work.pipe_next[j]
    return found, n_ready
