"""A building's circuit with as few edges as its flows need: what an optimiser works on.

Edges that carry the same flow whatever the valves do become one: those in series, and pairs that together cut the
circuit in two, as supply and return section of a two-pipe tree. A circulation of random whole numbers finds them all:
two edges carry the same share of every circulation if, and only if, they do so in this one. All but one of a class can
be contracted, so that a mirrored building becomes a tree whose return is a single node. Parallel edges of fixed
resistance, without friction law or free valve, share their flow in a fixed proportion and become one as well.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dhsim.model.building import Building
from dhsim.model.building_branches import COLEBROOK_CONSTANT
from dhsim.network.parts import Floats, Ints

_BITS = 62


@dataclass(frozen=True, eq=False)
class Condensed:
    """A circuit between node 0 (the pump's outlet) and node 1 (its inlet); arrays."""

    n_node: int
    start: Ints
    """(n_edge,)"""
    end: Ints
    quadratic_pa_s2_m6: Floats
    """(n_edge,): sum of the fixed resistances"""
    pipe_edge: Ints
    """(n_pipe,): edge of each friction law; pipes of one diameter and roughness in one edge are one"""
    pipe_drop_pa: Floats
    """(n_pipe,): K of ``dp = K (y / c)^2`` with ``y = Re sqrt(f)``, over c squared"""
    pipe_reynolds_s_m3: Floats
    """(n_pipe,): c, the Reynolds number over the volume flow"""
    pipe_share: Floats
    """(n_pipe,): relative roughness over Colebrook's constant"""
    valve_edge: Ints
    """(n_free,): edge of each free valve"""
    edge_of: Ints
    """(n_edge of the building,): edge that an edge has become a part of, or -1 where nothing can flow"""
    share_of: Floats
    """(n_edge of the building,): its flow over that of the edge"""

    def turned(self, edges: NDArray[np.bool_]) -> Condensed:
        """Return it with some edges turned round."""
        start, end = np.where(edges, self.end, self.start), np.where(edges, self.start, self.end)
        back = (self.edge_of >= 0) & edges[self.edge_of]
        return replace(self, start=start, end=end, share_of=np.where(back, -self.share_of, self.share_of))


def condense(building: Building, free_valves: Ints) -> Condensed:
    """Return the smallest circuit with the same flows.

    Parameters
    ----------
    building
        With the resistances of its radiators.
    free_valves
        Which of `Building.valves` may be turned; the others stay as they are set.

    Returns
    -------
    Condensed
        Edges, and how those of the building are mapped to them.
    """
    n_edge = building.kind.size
    free = building.valves[free_valves]
    held = building.frictional.copy()
    held[free] = True
    start, end = building.upstream.copy(), building.downstream.copy()
    edge_of, share_of = np.arange(n_edge), np.ones(n_edge)
    quadratic = np.where(held, 0.0, np.nan_to_num(building.resistance_pa_s2_m6))
    while True:
        n_before = start.size
        start, end, label, sign = _series(start, end, building.outlet, building.inlet)
        edge_of, share_of = _mapped(edge_of, share_of, label, sign)
        quadratic = _summed(label, quadratic, start.size)
        held = np.bincount(label[label >= 0], held[label >= 0], minlength=start.size) > 0
        start, end, label, share, quadratic, held = _parallel(start, end, quadratic, held)
        edge_of, share_of = _mapped(edge_of, share_of, label, share)
        if start.size == n_before:
            break
    start, end, n_node = _renumbered(start, end, building.outlet, building.inlet)
    pipe_edge, drop, reynolds, pipe_share = _pipes(building, edge_of)
    return Condensed(
        n_node,
        start,
        end,
        quadratic,
        pipe_edge,
        drop,
        reynolds,
        pipe_share,
        edge_of[free],
        edge_of,
        share_of,
    )


def _summed(label: Ints, values: Floats, count: int) -> Floats:
    """Return the sums of values by label; -1 is left out."""
    total = np.zeros(count)
    np.add.at(total, label[label >= 0], values[label >= 0])
    return total


def _mapped(edge_of: Ints, share_of: Floats, label: Ints, share: Floats) -> tuple[Ints, Floats]:
    """Follow the edges of the building through one more step."""
    alive = edge_of >= 0
    following, factor = np.full(edge_of.size, -1), np.zeros(edge_of.size)
    following[alive] = label[edge_of[alive]]
    factor[alive] = share_of[alive] * share[edge_of[alive]]
    factor[following < 0] = 0.0
    return following, factor


def _series(start: Ints, end: Ints, outlet: int, inlet: int) -> tuple[Ints, Ints, Ints, Floats]:
    """Return the graph with one edge for each class of equal flow, and class and direction of each edge.

    Of each class the edge nearest to the outlet stays; the ends of the others are joined.
    """
    flow, depth = _random_circulation(start, end, outlet, inlet)
    sizes = [abs(value) for value in flow]
    index: dict[int, int] = {}
    order = sorted((e for e in range(start.size) if sizes[e]), key=lambda e: (depth[e], e))
    for e in order:
        index.setdefault(sizes[e], len(index))
    label = np.array([index[size] if size else -1 for size in sizes], dtype=np.int64)
    first = np.full(len(index), -1)
    for e in order:
        if first[label[e]] < 0:
            first[label[e]] = e
    positive = np.array([value > 0 for value in flow])
    sign = np.where(label >= 0, np.where(positive == positive[first[label]], 1.0, -1.0), 0.0)
    rest = np.setdiff1d(np.flatnonzero(label >= 0), first)
    joined = _joined(int(max(start.max(), end.max(), outlet, inlet)) + 1, start[rest], end[rest])
    # the pump's own nodes keep their numbers: whatever is joined to them takes these
    names = np.arange(joined.size)
    names[joined[outlet]], names[joined[inlet]] = outlet, inlet
    names = names[joined]
    return names[start[first]], names[end[first]], label, sign


def _joined(n_node: int, start: Ints, end: Ints) -> Ints:
    """Return for each node the node that stands for all it is joined with."""
    parent = list(range(n_node))
    for a, b in zip(start.tolist(), end.tolist(), strict=True):
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        while parent[b] != b:
            parent[b] = parent[parent[b]]
            b = parent[b]
        parent[a] = b
    for node in range(n_node):
        while parent[node] != parent[parent[node]]:
            parent[node] = parent[parent[node]]
    return np.array(parent, dtype=np.int64)


def _random_circulation(start: Ints, end: Ints, outlet: int, inlet: int) -> tuple[list[int], list[int]]:
    """Return a random whole-numbered flow of each edge that is balanced at every node, and each edge's depth.

    The pump closes the circuit. Edges outside a spanning tree get random numbers, those of the tree what balances.
    """
    n_edge = start.size
    tails, heads = [*start.tolist(), inlet], [*end.tolist(), outlet]
    near: list[list[int]] = [[] for _ in range(max(*tails, *heads) + 1)]
    for e in range(n_edge + 1):
        near[tails[e]].append(e)
        near[heads[e]].append(e)
    up_edge, level, order = [-1] * len(near), [-1] * len(near), [outlet]
    level[outlet] = 0
    for node in order:
        for e in near[node]:
            other = heads[e] if tails[e] == node else tails[e]
            if level[other] < 0 and e < n_edge:  # the pump closes a cycle: it is never of the tree
                level[other], up_edge[other] = level[node] + 1, e
                order.append(other)
    random = np.random.default_rng(0)
    flow = [int(value) for value in random.integers(1, 2**_BITS, n_edge + 1)]
    in_tree = {e for e in up_edge if e >= 0}
    excess = [0] * len(near)
    for e in range(n_edge + 1):
        if e not in in_tree and level[tails[e]] >= 0:
            excess[heads[e]] += flow[e]
            excess[tails[e]] -= flow[e]
    for node in reversed(order[1:]):
        e = up_edge[node]
        above = heads[e] if tails[e] == node else tails[e]
        flow[e] = -excess[node] if heads[e] == node else excess[node]
        excess[above] += excess[node]
    level_edge = [min(level[tails[e]], level[heads[e]]) for e in range(n_edge)]
    return [flow[e] if level_edge[e] >= 0 else 0 for e in range(n_edge)], level_edge


def _parallel(
    start: Ints, end: Ints, quadratic: Floats, held: NDArray[np.bool_]
) -> tuple[Ints, Ints, Ints, Floats, Floats, NDArray[np.bool_]]:
    """Return the graph with parallel fixed edges as one; label and share of flow of each edge."""
    key = list(zip(start.tolist(), end.tolist(), strict=True))
    index: dict[tuple[int, int, int], int] = {}
    label = np.zeros(start.size, dtype=np.int64)
    for e, (a, b) in enumerate(key):
        label[e] = index.setdefault((a, b, -1 if not held[e] else e), len(index))
    conductance = np.where(held, 1.0, 1.0 / np.sqrt(np.where(quadratic > 0.0, quadratic, 1.0)))
    total = np.bincount(label, conductance)
    first = np.unique(label, return_index=True)[1]
    merged = np.where(held[first], quadratic[first], 1.0 / total**2)
    return start[first], end[first], label, conductance / total[label], merged, held[first]


def _renumbered(start: Ints, end: Ints, outlet: int, inlet: int) -> tuple[Ints, Ints, int]:
    names = np.concatenate([[outlet, inlet], start, end])
    _, first, inverse = np.unique(names, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))
    numbers = rank[inverse]
    n = start.size
    return numbers[2 : 2 + n], numbers[2 + n :], first.size


def _pipes(building: Building, edge_of: Ints) -> tuple[Ints, Floats, Floats, Floats]:
    """Return the friction laws: pipes of one diameter and roughness in one edge are added up."""
    pipe = np.flatnonzero(building.frictional & (edge_of >= 0))
    if not pipe.size:
        return np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0), np.zeros(0)
    fluid, d = building.fluid, building.diameter_m[pipe]
    keys = np.column_stack([edge_of[pipe], d, building.roughness_m[pipe]])
    _, first, label = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    length = np.bincount(label.ravel(), building.length_m[pipe])
    d, roughness = d[first], building.roughness_m[pipe][first]
    reynolds = 4.0 * fluid.density_kg_m3 / (np.pi * d * fluid.viscosity_pa_s)
    drop = 8.0 * fluid.density_kg_m3 * length / (np.pi**2 * d**5) / reynolds**2
    return edge_of[pipe][first], drop, reynolds, roughness / d / COLEBROOK_CONSTANT
