"""Where nodes and pipes stand on the page: their own coordinates, or a tidy tree where there are none."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from dhsim.model.system import Floats

_WIDTH, _HEIGHT = 16.0, 9.0
"""Of a tidy tree, in units of the page."""


class Placement(NamedTuple):
    """Positions of nodes and the lines of pipes."""

    nodes: Floats
    """(n_node, 2)"""
    pipes: list[Floats]
    """Of each pipe its points from start to end, (n_point, 2)."""
    is_schematic: bool
    """True: a tidy tree, lengths mean nothing."""


def place(pipes: pd.DataFrame, nodes: pd.DataFrame) -> Placement:
    """Return where everything stands: coordinates [m], or a tidy tree if any node lacks them.

    Parameters: pipes: columns start, end and perhaps geometry (points from start to end); nodes: columns x_m, y_m,
    kind; the tree grows from the producers.

    Raises: ValueError if a column is missing or a pipe names a node that is not there.
    """
    require(pipes, ("start", "end"), "pipes")
    require(nodes, ("x_m", "y_m", "kind"), "nodes")
    index = {node: k for k, node in enumerate(nodes.index)}
    strange = sorted({str(node) for end in ("start", "end") for node in pipes[end] if node not in index})
    if strange:
        raise ValueError(f"pipes name nodes that are not in the frame of nodes: {', '.join(strange)}")
    start = [index[node] for node in pipes["start"]]
    end = [index[node] for node in pipes["end"]]
    positions = nodes[["x_m", "y_m"]].to_numpy(dtype=np.float64)
    is_schematic = not bool(np.isfinite(positions).all())
    if is_schematic:
        roots = [k for k, kind in enumerate(nodes["kind"]) if kind == "producer"]
        positions = tree_layout(len(nodes), start, end, roots)
    drawn = pipes["geometry"] if "geometry" in pipes and not is_schematic else [None] * len(pipes)
    lines = [
        positions[[a, b]] if _is_missing(points) else np.asarray(points, dtype=np.float64)
        for a, b, points in zip(start, end, drawn, strict=True)
    ]
    return Placement(positions, lines, is_schematic)


def _is_missing(points: object) -> bool:
    return points is None or (isinstance(points, float) and np.isnan(points))


def require(frame: pd.DataFrame, columns: Sequence[str], name: str) -> None:
    """Raise ValueError that names every column that a frame lacks."""
    missing = [column for column in columns if column not in frame]
    if missing:
        raise ValueError(f"the frame of {name} lacks {', '.join(missing)}; it has {', '.join(map(str, frame.columns))}")


def tree_layout(count: int, start: Sequence[int], end: Sequence[int], roots: Sequence[int]) -> Floats:
    """Return places of the nodes of a network without coordinates, shape (count, 2).

    Nodes stand in columns by the number of pipes from the nearest root. The longest branch goes straight on, the others
    stand as near beside it as fits, so that no two pipes of a tree cross. A loop's closing pipe cuts across. What no
    root reaches stands below as a tree of its own.
    """
    parent, depth, order = _spanning_forest(count, start, end, roots)
    rows = _rows(parent, depth, order)
    columns = np.array(depth, dtype=np.float64)
    wide = _WIDTH / max(float(columns.max(initial=0.0)), 1.0)
    high = min(_HEIGHT / max(float(np.ptp(rows)) if count else 0.0, 1.0), wide)
    return np.column_stack([columns * wide, rows * high])


def _spanning_forest(
    count: int, start: Sequence[int], end: Sequence[int], roots: Sequence[int]
) -> tuple[list[int], list[int], list[int]]:
    """Return parent (-1 for a root), depth and an order from the roots outwards, each by breadth-first search."""
    beside: list[list[int]] = [[] for _ in range(count)]
    for a, b in zip(start, end, strict=True):
        beside[a].append(b)
        beside[b].append(a)
    parent, depth, order = [-1] * count, [-1] * count, []
    waiting: deque[int] = deque()
    for group in (list(roots), *([node] for node in range(count))):
        for node in group:
            if depth[node] < 0:
                depth[node] = 0
                waiting.append(node)
        while waiting:
            node = waiting.popleft()
            order.append(node)
            for other in beside[node]:
                if depth[other] < 0:
                    parent[other], depth[other] = node, depth[node] + 1
                    waiting.append(other)
    return parent, depth, order


def _rows(parent: list[int], depth: list[int], order: list[int]) -> Floats:
    """Return the row of each node; edges of the outline of each tree are kept per level, the deepest level first."""
    children: list[list[int]] = [[] for _ in parent]
    for node in order:
        if parent[node] >= 0:
            children[parent[node]].append(node)
    outline: dict[int, tuple[list[float], list[float]]] = {}
    shift = np.zeros(len(parent))
    for node in reversed(order):
        low, high = _side_by_side(children[node], outline, shift, upwards=depth[node] % 2 == 0)
        low.append(0.0)
        high.append(0.0)
        outline[node] = low, high
    top = 0.0
    for root in (node for node in order if parent[node] < 0):
        low, high = outline[root]
        shift[root] = top - max(high)
        top += min(low) - max(high) - 1.0
    rows = shift.copy()
    for node in order:
        if parent[node] >= 0:
            rows[node] += rows[parent[node]]
    return rows


def _side_by_side(
    children: list[int], outline: dict[int, tuple[list[float], list[float]]], shift: Floats, *, upwards: bool
) -> tuple[list[float], list[float]]:
    """Return the outline of a node's subtrees side by side; writes the children's rows against it into `shift`."""
    by_depth = sorted(children, key=lambda child: -len(outline[child][0]))
    if not by_depth:
        return [], []
    low, high = outline.pop(by_depth[0])
    for position, child in enumerate(by_depth[1:]):
        own_low, own_high = outline.pop(child)
        levels = range(-len(own_low), 0)
        if (position % 2 == 0) == upwards:
            shift[child] = max(high[level] - own_low[level] for level in levels) + 1.0
            high[-len(own_high) :] = [edge + shift[child] for edge in own_high]
        else:
            shift[child] = min(low[level] - own_high[level] for level in levels) - 1.0
            low[-len(own_low) :] = [edge + shift[child] for edge in own_low]
    return low, high
