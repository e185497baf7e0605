"""The shortest way through a network, for a profile along it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_NOWHERE = -9999
"""What scipy writes where a node has no predecessor."""


def path_between(
    node_start: ArrayLike, node_end: ArrayLike, length_m: ArrayLike, start: int, end: int
) -> tuple[Ints, Ints]:
    """Return the nodes and the pipes of the shortest way between two nodes, whichever way the water flows.

    Parameters
    ----------
    node_start, node_end
        Index of the node at either end of each pipe, shape (n_pipe,).
    length_m
        Length of each pipe [m], shape (n_pipe,). Zero is allowed: a valve or a pump on the way.
    start, end
        Index of the first and of the last node of the way.

    Returns
    -------
    tuple
        Nodes in the order of the way, shape (n_way + 1,), and the pipes between them, shape (n_way,). Of parallel
        pipes the shortest is taken.

    Raises
    ------
    ValueError
        If a length is negative or no number, an index is no node, or no way leads from start to end.

    Notes
    -----
    Source: Dijkstra's algorithm, doi 10.1007/BF01386390, as scipy.sparse.csgraph has it.

    Examples
    --------
    >>> nodes, pipes = path_between([0, 1, 0], [1, 2, 2], [30.0, 40.0, 90.0], 0, 2)
    >>> nodes.tolist(), pipes.tolist()
    ([0, 1, 2], [0, 1])
    """
    first, last = np.asarray(node_start, dtype=np.int64), np.asarray(node_end, dtype=np.int64)
    lengths = np.asarray(length_m, dtype=np.float64)
    wrong = np.flatnonzero(~(lengths >= 0.0) | np.isinf(lengths))
    if wrong.size:
        raise ValueError(f"length_m must be a number of zero or more; it is not for pipes {wrong.tolist()}")
    if min(start, end, *first, *last) < 0:
        raise ValueError("a node's index is negative: count nodes from 0")
    if start == end:
        return np.array([start], dtype=np.int64), np.array([], dtype=np.int64)
    before = _predecessors(first, last, lengths, start, end)
    way = [end]
    while way[-1] != start:
        if before[way[-1]] == _NOWHERE:
            raise ValueError(f"no way leads from node {start} to node {end}: look for islands with `topology`")
        way.append(int(before[way[-1]]))
    nodes = np.array(way[::-1], dtype=np.int64)
    return nodes, _pipes_on(nodes, first, last, lengths)


def _predecessors(first: Ints, last: Ints, lengths: Floats, start: int, end: int) -> Ints:
    size = 1 + max(start, end, int(first.max(initial=0)), int(last.max(initial=0)))
    # A matrix has one place for a pair of nodes: only the shortest of parallel pipes goes in, or lengths would add up.
    low, high = np.minimum(first, last), np.maximum(first, last)
    order = np.lexsort((lengths, high, low))
    _, unique = np.unique(low[order] * size + high[order], return_index=True)
    chosen = order[unique]
    graph = coo_array((lengths[chosen], (low[chosen], high[chosen])), shape=(size, size)).tocsr()
    _, before = dijkstra(graph, directed=False, indices=[start], return_predecessors=True)
    return np.asarray(before[0], dtype=np.int64)


def _pipes_on(nodes: Ints, first: Ints, last: Ints, lengths: Floats) -> Ints:
    steps = {frozenset((int(a), int(b))): k for k, (a, b) in enumerate(pairwise(nodes))}
    pipes = np.full(len(steps), -1, dtype=np.int64)
    for pipe, pair in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        k = steps.get(frozenset(pair), -1)
        if k >= 0 and (pipes[k] < 0 or lengths[pipe] < lengths[pipes[k]]):
            pipes[k] = pipe
    return pipes
