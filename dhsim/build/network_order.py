"""In which order the nodes and pipes of a network come: breadth first from the first producer."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from dhsim.scenario.network_layout import Edge, Layout, passages_of


class Way(NamedTuple):
    """A pipe of a line in the arrays: its index in the scenario, and its ends as numbers."""

    pipe: int
    start: int
    end: int


class Order(NamedTuple):
    """Numbers of the nodes, and the pipes of both lines, each with its spanning tree first."""

    node: dict[str, int]
    """name -> number, in rising order"""
    supply: list[Way]
    back: list[Way]


def order_of(layout: Layout) -> Order:
    """Return the order of a network whose parts hang together.

    The nodes are numbered as the supply line reaches them from the first producer, then those of the return line alone.
    A pipe by which a node was reached leads to it, however it was said; the others (they close loops) stay as they are.
    """
    root = layout.terminals[0].node
    pipes = [edge for edge in layout.edges if edge.what == "pipe"]
    index_of = {edge.key: index for index, edge in enumerate(pipes)}
    trees = [_tree(layout, root, line) for line in (0, 1)]
    node = {root: 0}
    for tree in trees:
        for name in tree:
            node.setdefault(name, len(node))
    ways = []
    for line, tree in enumerate(trees):
        reaching = [(edge, name) for name, edge in tree.items() if edge is not None and edge.what == "pipe"]
        in_tree = {edge.key for edge, _ in reaching}
        made = [
            Way(index_of[edge.key], node[edge.end if name == edge.start else edge.start], node[name])
            for edge, name in reaching
        ]
        made += [
            Way(index_of[edge.key], node[edge.start], node[edge.end])
            for edge in pipes
            if edge.lines[line] and edge.key not in in_tree
        ]
        ways.append(made)
    return Order(node, *ways)


def _tree(layout: Layout, root: str, line: int) -> dict[str, Edge | None]:
    """Return node -> what it was reached by from the root, in the order of reaching; None for root and passages."""
    around: dict[str, list[tuple[str, Edge | None]]] = {}
    for edge in layout.edges:
        if edge.lines[line]:
            around.setdefault(edge.start, []).append((edge.end, edge))
            around.setdefault(edge.end, []).append((edge.start, edge))
    for beside in passages_of(layout):
        if beside.line == line:
            around.setdefault(beside.start, []).append((beside.end, None))
            around.setdefault(beside.end, []).append((beside.start, None))
    reached: dict[str, Edge | None] = {root: None}
    waiting = deque([root])
    while waiting:
        for name, by in around.get(waiting.popleft(), ()):
            if name not in reached:
                reached[name] = by
                waiting.append(name)
    return reached
