"""What hangs together in a network of two lines: whom closed valves cut off, and at what pressure they leave it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from dhsim.elementwise import inlined
from dhsim.network.branches import Branches
from dhsim.network.parts import Floats, Ints

NO_ISLAND = -1


class Islands(NamedTuple):
    """Parts of a network behind closed valves, each after the one it borders on; nothing goes in or out."""

    island_of_node: Ints
    """(n_node,); NO_ISLAND where open branches tie a node to the plant"""
    node_held: Ints
    """(n_island,): the node whose pressure is given instead of solved for"""
    node_outside: Ints
    """(n_island,): across a closed valve from it, with the pressure that seeps through"""
    node_behind: Ints
    """(n_island,): on the island's side of that valve"""


def parts_of(n_node: int, node_start: Ints, node_end: Ints) -> Ints:
    """Return a number for every node that those tied to each other share, shape (n_node,)."""
    ties = coo_array((np.ones(node_start.size), (node_start, node_end)), shape=(n_node, n_node))
    part: Ints = connected_components(ties, directed=False)[1].astype(np.int64)
    return part


def fed_from(n_node: int, branches: Branches, sources: Ints) -> Ints:
    """Return which nodes water can come to from any of the sources, check valves heeded, shape (n_node,)."""
    is_open, two_ways = branches.is_open != 0, (branches.is_open == 1) & (branches.one_way == 0)
    start = np.concatenate([branches.node_start[is_open], branches.node_end[two_ways], np.full(sources.size, n_node)])
    end = np.concatenate([branches.node_end[is_open], branches.node_start[two_ways], sources])
    ways = coo_array((np.ones(start.size), (start, end)), shape=(n_node + 1, n_node + 1)).tocsr()
    found = np.zeros(n_node + 1, dtype=np.int64)
    found[breadth_first_order(ways, n_node, return_predecessors=False)] = 1
    return found[:n_node]


def islands_of(n_node: int, branches: Branches, given: Ints) -> Islands:
    """Return the islands of a network.

    Parameters
    ----------
    n_node
        Number of nodes.
    branches
        All of them, closed ones too.
    given
        Nodes whose pressure is given.

    Raises
    ------
    ValueError
        If nothing, not even a closed valve, ties some node to a given pressure.
    """
    is_open = branches.is_open != 0
    part = parts_of(n_node, branches.node_start[is_open], branches.node_end[is_open])
    closed = list(zip(branches.node_start[~is_open].tolist(), branches.node_end[~is_open].tolist(), strict=True))
    known = set(part[given].tolist())
    islands: list[tuple[int, int]] = []
    while True:
        bordering = _bordering(closed, part, known)
        if bordering is None:
            break
        islands.append(bordering)
        known.add(int(part[bordering[1]]))
    if len(known) <= part.max(initial=-1):
        lost = np.flatnonzero(~np.isin(part, list(known)))
        raise ValueError(f"{lost.size} nodes are tied to no producer, by no pipe and no valve (first: {lost[0]})")
    number = {int(part[behind]): k for k, (_, behind) in enumerate(islands)}
    outside, behind = (np.array([island[i] for island in islands], dtype=np.int64) for i in (0, 1))
    held = np.array([int(np.flatnonzero(part == part[node])[0]) for node in behind], dtype=np.int64)
    return Islands(np.array([number.get(int(p), NO_ISLAND) for p in part], dtype=np.int64), held, outside, behind)


def _bordering(closed: Iterable[tuple[int, int]], part: Ints, known: set[int]) -> tuple[int, int] | None:
    """Return a closed branch from a known part to another one: the node here and the node there."""
    for start, end in closed:
        here, there = int(part[start]) in known, int(part[end]) in known
        if here != there:
            return (start, end) if here else (end, start)
    return None


@inlined
def level_islands(islands: Islands, pressure_pa: Floats) -> None:
    """Give every island the pressure that seeps in through its closed valve; writes into `pressure_pa`."""
    for k in range(islands.node_held.size):
        rise = pressure_pa[islands.node_outside[k]] - pressure_pa[islands.node_behind[k]]
        for node in range(islands.island_of_node.size):
            if islands.island_of_node[node] == k:
                pressure_pa[node] += rise
