"""A building's circuit in the terms of the network solver."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from dhsim.engine.circuit_series import taken
from dhsim.errors import DhsimError
from dhsim.model.building import Building
from dhsim.model.system import Ints
from dhsim.network.branches import COLEBROOK_ONLY, Branches, joined, other_branches, pipe_branches
from dhsim.network.parts import Line

Friction = Literal["colebrook", "laminar_aware"]
COLEBROOK_CONSTANT = 3.72
"""As in eq. (5d) of doi 10.1016/j.enbuild.2025.116464."""
_NAMES_SHOWN = 5


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
    if friction not in ("colebrook", "laminar_aware"):
        raise DhsimError(f"unknown friction {friction!r}: colebrook or laminar_aware")
    unknown = building.radiators[np.isnan(building.resistance_pa_s2_m6[building.radiators])]
    if unknown.size:
        shown = ", ".join(building.edge_ids[e] for e in unknown[:_NAMES_SHOWN])
        raise DhsimError(f"{unknown.size} radiators have no resistance ({shown}): fit them to the protocol first")
    return Graph(
        edge_ids=building.edge_ids,
        zone_ids=building.zone_ids,
        branches=_branches(building, friction),
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


def _branches(building: Building, friction: Friction) -> Branches:
    pipe, other = np.flatnonzero(building.frictional), np.flatnonzero(~building.frictional)
    zeros = np.zeros(pipe.size)
    line = Line(
        building.upstream[pipe],
        building.downstream[pipe],
        building.length_m[pipe],
        building.diameter_m[pipe],
        building.roughness_m[pipe],
        zeros,
        zeros,
        zeros,
        np.zeros(pipe.size, dtype=np.int64),
    )
    fixed = building.resistance_pa_s2_m6[other] / building.fluid.density_kg_m3**2
    pipes = pipe_branches(line, building.fluid, COLEBROOK_CONSTANT)
    both = joined(pipes, other_branches(building.upstream[other], building.downstream[other], fixed))
    place = np.argsort(np.concatenate([pipe, other]))
    branches = taken(both, place)
    if friction == "colebrook":
        branches = branches._replace(is_open=np.full(place.size, COLEBROOK_ONLY, dtype=np.int64))
    return branches
