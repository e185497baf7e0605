"""Which radiators get all their water through which valve."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from dhsim.model.building import Building
from dhsim.model.system import Ints


class Behind(NamedTuple):
    """Pairs of a valve and a radiator behind it; arrays of shape (n_pair,)."""

    valve: Ints
    """Place among `Building.valves`."""
    radiator: Ints
    """Place among `Building.radiators`."""

    def of(self, valve: int) -> Ints:
        """Return the radiators behind a valve."""
        return np.asarray(self.radiator[self.valve == valve])

    def number(self, n_valve: int) -> Ints:
        """Return how many radiators are behind each valve, shape (n_valve,)."""
        return np.bincount(self.valve, minlength=n_valve)


def radiators_behind(building: Building) -> Behind:
    """Return which radiators get all their water through which valve.

    A valve in a loop of the mains has none behind it, for water can go the other way; nor has a valve in a bypass.

    Parameters
    ----------
    building
        Supply and return lines may have loops.

    Returns
    -------
    Behind
        Sorted by valve, then by radiator.
    """
    others = np.flatnonzero(~building.is_radiator)
    graph = _graph(building, others)
    count, label = connected_components(graph, directed=False)
    is_forest = label[building.outlet] != label[building.inlet] and others.size == label.size - count
    pairs = _by_climbing(building, others, graph) if is_forest else _by_removal(building, others)
    order = np.lexsort(pairs[::-1])
    return Behind(pairs[0][order], pairs[1][order])


def _graph(building: Building, edges: Ints) -> coo_array:
    n_node = len(building.node_ids)
    ends = (building.upstream[edges], building.downstream[edges])
    return coo_array((np.ones(edges.size), ends), shape=(n_node, n_node))


def _by_climbing(building: Building, others: Ints, graph: coo_array) -> tuple[Ints, Ints]:
    """Climb from both ends of all radiators at once to the pump, and note the valves on the way."""
    n_node = len(building.node_ids)
    parent = np.full(n_node, -1, dtype=np.int64)
    for root in (building.outlet, building.inlet):
        found = breadth_first_order(graph, root, directed=False)
        reached = found[0][1:]
        parent[reached] = found[1][reached]
    place = np.full(building.kind.size, -1, dtype=np.int64)
    place[building.valves] = np.arange(building.valves.size)
    start, end = building.upstream[others], building.downstream[others]
    above = np.full(n_node, -1, dtype=np.int64)  # the valve, if any, in the edge from a node to its parent
    above[start[parent[start] == end]] = place[others[parent[start] == end]]
    above[end[parent[end] == start]] = place[others[parent[end] == start]]
    radiators = np.arange(building.radiators.size)
    at = np.concatenate([building.upstream[building.radiators], building.downstream[building.radiators]])
    whose = np.concatenate([radiators, radiators])
    valves, served = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    while at.size:
        met = above[at] >= 0
        valves.append(above[at][met])
        served.append(whose[met])
        onward = parent[at] >= 0
        at, whose = parent[at][onward], whose[onward]
    return np.concatenate(valves), np.concatenate(served)


def _by_removal(building: Building, others: Ints) -> tuple[Ints, Ints]:
    """Take each valve out in turn and see which radiators lose the pump."""
    start, end = building.upstream[building.radiators], building.downstream[building.radiators]

    def joined(edges: Ints) -> NDArray[np.bool_]:
        label = connected_components(_graph(building, edges), directed=False)[1]
        return np.asarray((label[start] == label[building.outlet]) & (label[end] == label[building.inlet]))

    whole = joined(others)
    valves, served = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for v, edge in enumerate(building.valves):
        lost = np.flatnonzero(whole & ~joined(others[others != edge]))
        valves.append(np.full(lost.size, v))
        served.append(lost)
    return np.concatenate(valves), np.concatenate(served)
