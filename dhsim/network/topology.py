"""The shape of a network: plain arrays in an order that makes every sweep one loop."""

from __future__ import annotations

import numpy as np

from dhsim.network.parts import Ints


def order_of_tree(start: list[str], end: list[str], root: str) -> list[int]:
    """Return the pipes' order in which every pipe comes after the one that feeds it.

    Parameters
    ----------
    start, end
        Names of the nodes of each pipe, upstream and downstream.
    root
        Name of the source node.

    Raises
    ------
    ValueError
        If a node is reached twice (a loop) or not at all (an island); the names are given.
    """
    waiting: dict[str, list[int]] = {}
    for index, name in enumerate(start):
        waiting.setdefault(name, []).append(index)
    order: list[int] = []
    reached = {root}
    frontier = [root]
    while frontier:
        for index in waiting.get(frontier.pop(0), []):
            if end[index] in reached:
                raise ValueError(f"node {end[index]!r} is reached twice: the network must be a tree")
            reached.add(end[index])
            frontier.append(end[index])
            order.append(index)
    islands = sorted({name for name in start if name not in reached})
    if islands:
        raise ValueError(f"not connected to {root!r}: {', '.join(islands)}")
    return order


def tree(order: list[int], start: list[str], end: list[str], root: str) -> tuple[Ints, dict[str, int]]:
    """Return the upstream node of each pipe in `order`, and the index of every named node (the root is 0)."""
    node = {root: 0} | {end[index]: position + 1 for position, index in enumerate(order)}
    return np.array([node[start[index]] for index in order], dtype=np.int64), node
