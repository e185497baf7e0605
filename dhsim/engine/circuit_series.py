"""Which parts of a circuit carry the same water, and one branch for all of them.

Two edges carry the same flow whatever the pressures if cutting both parts the circuit in two: all parts of a radiator's
connection, but also a section of the supply and its counterpart of the return. A circulation of random whole numbers
finds them: where two edges carry the same number in every circulation, they carry the same in a random one (and the
odds that two others do are one in 10^19). Their drops then stand in one branch, and the flows are exactly those of the
whole circuit.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from dhsim.model.system import Floats, Ints
from dhsim.network.branches import Branches

_SEED = 20251016
Labels = NDArray[np.uint64]


class Series(NamedTuple):
    """What carries the same flow."""

    of_edge: Ints
    """(n_edge,): the series an edge belongs to; -1 where nothing can flow"""
    sign: Ints
    """(n_edge,): 1 where the edge counts its flow as its series does, -1 where the other way round"""
    n_series: int


class Condensed(NamedTuple):
    """A circuit with one branch, or a few pipes of different width, for every series."""

    branches: Branches
    node_of: Ints
    """(n_node,): node of the condensed circuit; -1 where nothing can flow"""
    n_node: int
    branch_of_edge: Ints
    """(n_edge,): the branch that carries the edge's flow and its fittings and valves; -1 where nothing can flow"""
    sign_of_edge: Ints


def series_of(node_start: Ints, node_end: Ints, n_node: int, pump: tuple[int, int]) -> Series:
    """Return what carries the same flow in a circuit that is closed by its pump.

    Parameters
    ----------
    node_start, node_end
        Of every edge.
    n_node
        Number of nodes.
    pump
        Node at its inlet and node at its outlet.

    Returns
    -------
    Series
        Of the edges without the pump.
    """
    start = np.append(node_start, pump[0]).astype(np.int64)
    end = np.append(node_end, pump[1]).astype(np.int64)
    label = _circulation(start, end, n_node)[:-1]
    mirrored = (~label) + np.uint64(1)
    key = np.minimum(label, mirrored)
    _, first, of_edge = np.unique(key, return_index=True, return_inverse=True)
    of_edge = np.where(label == 0, -1, of_edge).astype(np.int64)
    sign = np.where(label == label[first][of_edge], 1, -1).astype(np.int64)
    return Series(of_edge, sign, len(first))


def _circulation(start: Ints, end: Ints, n_node: int) -> Labels:
    """Return a random flow on every edge that balances at every node, in whole numbers modulo 2^64."""
    proper = start != end
    graph = csr_array((np.ones(int(proper.sum())), (start[proper], end[proper])), shape=(n_node, n_node))
    between = {frozenset((int(start[e]), int(end[e]))): int(e) for e in np.flatnonzero(proper)[::-1]}
    edge_up, order = [-1] * n_node, []
    for root in np.unique(connected_components(graph, directed=False)[1], return_index=True)[1]:
        nodes, before = breadth_first_order(graph, int(root), directed=False)
        order.extend(nodes.tolist())
        for node in nodes[1:].tolist():
            edge_up[node] = between[frozenset((node, int(before[node])))]
    label = np.random.default_rng(_SEED).integers(1, 2**63, size=start.size).astype(object)
    label[~proper] = 0
    label[[edge for edge in edge_up if edge >= 0]] = 0
    surplus = np.zeros(n_node, dtype=object)
    np.add.at(surplus, end, label)
    np.subtract.at(surplus, start, label)
    for node in reversed(order):
        edge = edge_up[node]
        if edge >= 0:
            forward = int(start[edge]) == node
            label[edge] = surplus[node] if forward else -surplus[node]
            surplus[end[edge] if forward else start[edge]] += surplus[node]
    return np.array([value % 2**64 for value in label], dtype=np.uint64)


def taken(branches: Branches, edges: Ints) -> Branches:
    """Return some of the branches, in the order of the given edges."""
    columns: list[Any] = [column[edges] for column in branches]
    return Branches(*columns)


def condensed(branches: Branches, n_node: int, pump: tuple[int, int]) -> Condensed:
    """Return a circuit with the drops of every series in one place.

    Pipes of one series and one diameter and roughness become one pipe; fittings, valves and radiators of the series
    stand in its first one. The others shrink to a point, and dead ends vanish.

    Parameters
    ----------
    branches
        All edges; no pumps and no check valves among them, and all of them open.
    n_node
        Number of nodes.
    pump
        Node at its inlet and node at its outlet.

    Returns
    -------
    Condensed
        With the way back from edges to branches.
    """
    series = series_of(branches.node_start, branches.node_end, n_node, pump)
    is_pipe = branches.friction_pa_s2_kg2 > 0.0
    shape = np.where(is_pipe, branches.reynolds_per_flow_s_kg, -1.0)
    rough = np.where(is_pipe, branches.roughness_share, -1.0)
    flowing = np.flatnonzero(series.of_edge >= 0)
    # within a series pipes come first, narrow ones before wide ones: fittings join the first group
    order = flowing[np.lexsort((flowing, rough[flowing], -shape[flowing], series.of_edge[flowing]))]
    new_series = np.append(True, np.diff(series.of_edge[order]) != 0)[: order.size]
    new_shape = np.append(True, (np.diff(shape[order]) != 0.0) | (np.diff(rough[order]) != 0.0))[: order.size]
    first_of = new_series | (new_shape & is_pipe[order])
    group = np.cumsum(first_of) - 1
    first_group = group[np.flatnonzero(new_series)][np.cumsum(new_series) - 1]
    keep = order[first_of]
    friction: Floats = np.bincount(group, np.where(is_pipe[order], branches.friction_pa_s2_kg2[order], 0.0)).astype(
        np.float64
    )
    fitting: Floats = np.bincount(first_group, branches.fitting_pa_s2_kg2[order], keep.size).astype(np.float64)
    branch_of_edge = np.full(branches.node_start.size, -1, dtype=np.int64)
    branch_of_edge[order] = first_group
    turned = series.sign[keep] < 0
    start = np.where(turned, branches.node_end[keep], branches.node_start[keep])
    end = np.where(turned, branches.node_start[keep], branches.node_end[keep])
    shrunk = np.setdiff1d(np.arange(branches.node_start.size), keep)
    ties = (np.ones(shrunk.size), (branches.node_start[shrunk], branches.node_end[shrunk]))
    _, part = connected_components(csr_array(ties, shape=(n_node, n_node)), directed=False)
    used = np.unique(np.concatenate([part[start], part[end], part[list(pump)]]))
    node_of = np.full(part.max() + 1, -1, dtype=np.int64)
    node_of[used] = np.arange(used.size)
    node_of = node_of[part]
    kept_pipe = is_pipe[keep]
    made = taken(branches, keep)._replace(
        node_start=node_of[start],
        node_end=node_of[end],
        reynolds_per_flow_s_kg=np.where(kept_pipe, branches.reynolds_per_flow_s_kg[keep], 0.0),
        roughness_share=np.where(kept_pipe, branches.roughness_share[keep], 0.0),
        friction_pa_s2_kg2=friction,
        fitting_pa_s2_kg2=fitting,
    )
    return Condensed(made, node_of, int(used.size), branch_of_edge, series.sign)
