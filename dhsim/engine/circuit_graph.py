"""A building's circuit in the terms of the network solver."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dhsim.model.building import Building
from dhsim.model.building_branches import Friction, building_branches, require_resistances
from dhsim.model.system import Ints
from dhsim.network.branches import Branches

__all__ = ["Friction", "Graph", "graph_of"]


class Graph(NamedTuple):
    """A building's circuit in the network's terms."""

    edge_ids: tuple[str, ...]
    zone_ids: tuple[str, ...]
    branches: Branches
    """All edges."""
    n_node: int
    node_supply: int
    """At the pump's outlet."""
    node_return: int
    is_radiator: Ints
    is_valve: Ints
    zone_of_edge: Ints
    """(n_edge,): zone of a radiator; -1 for other edges"""
    dp_pump_pa: float
    density_kg_m3: float
    heat_capacity_j_kgk: float


def graph_of(building: Building, friction: Friction = "colebrook") -> Graph:
    """Return a building's circuit, in flow of mass.

    Parameters
    ----------
    building
        With all its resistances.
    friction
        "colebrook": eq. (5d) of the paper at every Reynolds number; "laminar_aware": 64/Re below 2300 and Colebrook
        above 4000.

    Returns
    -------
    Graph
        Edges in their order.

    Raises
    ------
    DhsimError
        If a radiator has no resistance, or for another word.
    """
    require_resistances(building)
    return Graph(
        edge_ids=building.edge_ids,
        zone_ids=building.zone_ids,
        branches=building_branches(building, friction),
        n_node=len(building.node_ids),
        node_supply=building.outlet,
        node_return=building.inlet,
        is_radiator=building.is_radiator.astype(np.int64),
        is_valve=building.is_valve.astype(np.int64),
        zone_of_edge=building.zone,
        dp_pump_pa=building.dp_pump_pa,
        density_kg_m3=building.fluid.density_kg_m3,
        heat_capacity_j_kgk=building.fluid.heat_capacity_j_kgk,
    )
