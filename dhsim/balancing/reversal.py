"""Which edges of a circuit can carry water either way: those that lie on a loop of the mains.

Water runs from the outlet to the inlet and never meets a node twice. An edge can be run through from b to a only if b
can be reached without passing a, and the inlet can be reached from a without passing b. In terms of graphs: a does not
dominate b, seen from the outlet, and b does not dominate a, seen backwards from the inlet.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dhsim.network.parts import Ints

OUTLET, INLET = 0, 1


def reversible(n_node: int, start: Ints, end: Ints, one_way: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which edges can carry water against their direction.

    Parameters
    ----------
    n_node
        Number of nodes; 0 is the pump's outlet, 1 its inlet.
    start, end
        Nodes of each edge, shape (n_edge,).
    one_way
        Edges that water only runs through forwards, shape (n_edge,): those with radiators or valves.

    Returns
    -------
    ndarray
        Shape (n_edge,). No edge that can turn is left out; one that cannot may be among them.
    """
    arcs = list(zip(start.tolist(), end.tolist(), strict=True))
    arcs += [(b, a) for (a, b), only in zip(arcs, one_way.tolist(), strict=True) if not only]
    from_outlet = _dominators(n_node, arcs, OUTLET)
    from_inlet = _dominators(n_node, [(b, a) for a, b in arcs], INLET)
    found = np.zeros(start.size, bool)
    for e in np.flatnonzero(~one_way).tolist():
        a, b = arcs[e]
        found[e] = not _dominates(from_outlet, a, b) and not _dominates(from_inlet, b, a)
    return found


def _dominators(n_node: int, arcs: list[tuple[int, int]], root: int) -> list[int]:
    """Return the nearest node that all ways from the root to a node pass; the root has itself, unreached nodes -1."""
    leaving: list[list[int]] = [[] for _ in range(n_node)]
    entering: list[list[int]] = [[] for _ in range(n_node)]
    for a, b in arcs:
        leaving[a].append(b)
        entering[b].append(a)
    finished = _finished(leaving, root)
    number = [-1] * n_node
    for i, node in enumerate(finished):
        number[node] = i
    nearest = [-1] * n_node
    nearest[root] = root
    changed = True
    while changed:
        changed = False
        for node in finished[-2::-1]:  # the root is the last
            common = -1
            for before in entering[node]:
                if nearest[before] >= 0:
                    common = before if common < 0 else _shared(nearest, number, before, common)
            if nearest[node] != common:
                nearest[node], changed = common, True
    return nearest


def _finished(leaving: list[list[int]], root: int) -> list[int]:
    """Return the nodes in the order in which a search into the depth is done with them."""
    order, seen, stack = [], {root}, [(root, iter(leaving[root]))]
    while stack:
        node, others = stack[-1]
        for other in others:
            if other not in seen:
                seen.add(other)
                stack.append((other, iter(leaving[other])))
                break
        else:
            order.append(node)
            stack.pop()
    return order


def _shared(nearest: list[int], number: list[int], one: int, other: int) -> int:
    while one != other:
        while number[one] < number[other]:
            one = nearest[one]
        while number[other] < number[one]:
            other = nearest[other]
    return one


def _dominates(nearest: list[int], by: int, node: int) -> bool:
    """Return whether all ways to a node pass another; so they do where there are none."""
    while nearest[node] >= 0 and nearest[node] != node and node != by:
        node = nearest[node]
    return node == by or nearest[node] < 0
