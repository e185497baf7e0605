"""The walk through the basement: from the pump wing by wing, and in a wing branch by branch, without turning back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order

from dhsim.model.building import Building
from dhsim.model.building_paths import radiators_behind
from dhsim.network.parts import Floats

_PUMP = -1


class _Tree(NamedTuple):
    """The supply line as seen from the pump; by node."""

    parent: dict[int, int]
    """Of each node that water reaches, the pump's outlet first."""
    far_m: Floats


def distance_m(building: Building) -> Floats:
    """Return how far each edge is from the pump, along the way with the fewest parts [m], shape (n_edge,)."""
    far = np.minimum(*(_tree(building, root).far_m for root in (building.outlet, building.inlet)))
    return np.asarray(np.minimum(far[building.upstream], far[building.downstream]))


def wings(building: Building, valves: Iterable[int]) -> tuple[tuple[int, ...], ...]:
    """Return valves in the order of a walk from the pump, a tuple a wing.

    A wing is a main that leaves the first fork; what hangs on the trunk before it makes a wing of its own, the first.
    In a wing every branch is walked to its end before the next one, the nearest first, and single risers before mains.

    Parameters
    ----------
    building
        The circuit; in a loop the way with the fewest parts counts.
    valves
        Places among `Building.valves`.

    Returns
    -------
    tuple of tuple of int
        Every valve once; those that cannot be reached come last, in a wing of their own.
    """
    tree = _tree(building, building.outlet)
    far_m = distance_m(building)[building.valves]
    at = _places(building, valves, tree)
    below: dict[int, list[int]] = {node: [] for node in tree.parent}
    for valve, node in at.items():
        while node != _PUMP:
            below[node].append(valve)
            node = tree.parent[node]
    children: dict[int, list[int]] = {node: [] for node in tree.parent}
    for node, parent in tree.parent.items():
        if parent != _PUMP and below[node]:
            children[parent].append(node)
    for nodes in children.values():
        nodes.sort(key=lambda node: (len(below[node]) > 1, min(far_m[v] for v in below[node]), node))

    def walk(start: int) -> list[int]:
        found, todo = list[int](), [start]
        while todo:
            node = todo.pop()
            found += sorted((v for v, place in at.items() if place == node), key=lambda v: (far_m[v], v))
            todo += reversed(children[node])
        return found

    trunk, node = list[int](), building.outlet
    while True:
        trunk += sorted((v for v, place in at.items() if place == node), key=lambda v: (far_m[v], v))
        mains = [child for child in children[node] if len(below[child]) > 1]
        trunk += [v for child in children[node] if child not in mains for v in walk(child)]
        if len(mains) != 1:
            break
        node = mains[0]
    lost = sorted(set(valves) - set(at), key=lambda v: (far_m[v], v))
    made = [trunk, *(walk(main) for main in mains), lost]
    return tuple(tuple(wing) for wing in made if wing)


def _places(building: Building, valves: Iterable[int], tree: _Tree) -> dict[int, int]:
    """Return the supply line's node at which each valve's radiators begin, or its own."""
    behind = radiators_behind(building)
    order = {node: k for k, node in enumerate(tree.parent)}
    made = {}
    for v in valves:
        edges = building.radiators[behind.of(v)]
        nodes = building.upstream[edges] if edges.size else building.upstream[building.valves[[v]]]
        reached = [int(node) for node in nodes if int(node) in order]
        if reached:
            made[v] = min(reached, key=lambda node: order[node])
    return made


def _tree(building: Building, root: int) -> _Tree:
    """Return the lines that hang on one side of the pump, without radiators."""
    n_node, length = len(building.node_ids), np.nan_to_num(building.length_m)
    edge_of = {}
    for e, pair in enumerate(zip(building.upstream.tolist(), building.downstream.tolist(), strict=True)):
        edge_of[frozenset(pair)] = e
    keep = ~building.is_radiator
    graph = coo_array(
        (np.ones(int(keep.sum())), (building.upstream[keep], building.downstream[keep])), shape=(n_node, n_node)
    )
    nodes, parent = breadth_first_order(graph.tocsr(), root, directed=False)
    far, parents = np.full(n_node, np.inf), {int(root): _PUMP}
    far[root] = 0.0
    for node in nodes[1:].tolist():
        up = int(parent[node])
        parents[node] = up
        far[node] = far[up] + length[edge_of[frozenset((up, node))]]
    return _Tree(parents, far)
