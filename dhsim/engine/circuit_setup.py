"""From a building and its zones to what the kernel takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order

from dhsim.engine.circuit_graph import Graph
from dhsim.engine.circuit_series import Condensed, condensed, series_of
from dhsim.engine.circuit_state import Hydraulics, Parts
from dhsim.errors import DhsimError
from dhsim.model.zones import NO_EDGE, BuildingZones
from dhsim.network.factor import pattern_of
from dhsim.network.newton import problem_of

_NAMES_SHOWN = 5


def parts_of_building(graph: Graph, zones: BuildingZones, mass_flow_kg_s: ArrayLike | None = None) -> Parts:
    """Return a building as the kernel takes it; the arrays it writes into are its own.

    Parameters
    ----------
    graph
        The circuit.
    zones
        Zones, radiators and heads.
    mass_flow_kg_s
        Flows of the radiators where they are given and not to be found [kg/s], shape (n_radiator,).

    Returns
    -------
    Parts
        The building.

    Raises
    ------
    DhsimError
        All radiators at once that are none in the circuit, that no water reaches or that stand behind another one, and
        heads on edges that do not belong to their radiator.
    """
    problems = _problems(graph, zones)
    if mass_flow_kg_s is not None and (zones.trvs.head_on & (zones.trvs.edge != NO_EDGE)).any():
        problems.append("flows are given while thermostatic heads are on: take the heads off (head_on=0)")
    if problems:
        raise DhsimError("\n".join(problems))
    made = condensed(graph.branches, graph.n_node, (graph.node_return, graph.node_supply))
    count, (first, second, ua_w_k) = len(zones.zone_ids), zones.neighbours
    conductance = zones.zones.ua_outdoor_w_k.copy()
    np.add.at(conductance, first, ua_w_k)
    np.add.at(conductance, second, ua_w_k)
    return Parts(
        hydraulics=_hydraulics(graph, zones, made, mass_flow_kg_s is not None),
        zones=zones.zones,
        ua_pair_w_k=ua_w_k,
        conductance_zone_w_k=conductance,
        pattern=pattern_of(count, first, second, np.zeros(0, dtype=np.int64)),
        radiators=zones.radiators,
        trvs=zones.trvs,
        heat_capacity_j_kgk=graph.heat_capacity_j_kgk,
        density_kg_m3=graph.density_kg_m3,
    )


def _hydraulics(graph: Graph, zones: BuildingZones, made: Condensed, is_given: bool) -> Hydraulics:
    supply, back = int(made.node_of[graph.node_supply]), int(made.node_of[graph.node_return])
    edge, valve = zones.radiators.edge, zones.trvs.edge
    with_valve = valve != NO_EDGE
    out, into = made.branches.node_start == supply, made.branches.node_end == supply
    at_pump = np.flatnonzero(out != into)
    given = np.unique(np.array([supply, back], dtype=np.int64))
    return Hydraulics(
        problem=problem_of(made.branches, made.n_node, given),
        fitting_open_pa_s2_kg2=made.branches.fitting_pa_s2_kg2.copy(),
        branch_of_radiator=made.branch_of_edge[edge],
        branch_of_valve=np.where(with_valve, made.branch_of_edge[valve], -1),
        resistance_valve_pa_s2_kg2=np.where(with_valve, graph.branches.fitting_pa_s2_kg2[valve], 0.0),
        outlet_branch=at_pump.astype(np.int64),
        outlet_sign=np.where(out[at_pump], 1.0, -1.0),
        node_supply=supply,
        node_return=back,
        given=int(is_given),
    )


def _problems(graph: Graph, zones: BuildingZones) -> list[str]:
    branches, edge, valve = graph.branches, zones.radiators.edge, zones.trvs.edge
    n_edge = branches.node_start.size
    outside = [*edge[(edge < 0) | (edge >= n_edge)], *valve[(valve < NO_EDGE) | (valve >= n_edge)]]
    if len(zones.zone_ids) != len(graph.zone_ids):
        return [f"{len(zones.zone_ids)} zones for a building of {len(graph.zone_ids)}"]
    if outside:
        return [f"edge {int(outside[0])} of a radiator or its valve: the building has {n_edge} edges, counted from 0"]
    names = np.array(graph.edge_ids, dtype=object)
    problems = [_listed("not a radiator of the building", names[edge[graph.is_radiator[edge] == 0]])]
    taken, number = np.unique(edge, return_counts=True)
    problems.append(_listed("named by more than one radiator", names[taken[number > 1]]))
    bare = np.setdiff1d(np.flatnonzero(graph.is_radiator), edge)
    problems.append(_listed("a radiator of the building without a zone or design heat", names[bare]))
    home = graph.zone_of_edge[edge]
    moved = np.flatnonzero((home >= 0) & (home != zones.radiators.zone))
    for r in moved[:_NAMES_SHOWN]:
        here = zones.zone_ids[zones.radiators.zone[r]]
        problems.append(f"{names[edge[r]]} heats {graph.zone_ids[home[r]]} in the building, but {here} here")
    series = series_of(branches.node_start, branches.node_end, graph.n_node, (graph.node_return, graph.node_supply))
    problems.append(_listed("no water can flow through it", names[edge[series.of_edge[edge] < 0]]))
    fed = _fed_fresh(graph)
    far = ~(fed[branches.node_start[edge]] | fed[branches.node_end[edge]])
    problems.append(_listed("fed through another radiator: only two-pipe circuits are known", names[edge[far]]))
    apart = (valve != NO_EDGE) & (series.of_edge[valve] != series.of_edge[edge])
    problems.append(_listed("its thermostatic valve does not lie on its own connection", names[edge[apart]]))
    return [problem for problem in problems if problem]


def _fed_fresh(graph: Graph) -> NDArray[np.bool_]:
    """Return, for every node, whether water comes there from the pump without passing a radiator."""
    other = np.flatnonzero(graph.is_radiator == 0)
    ties = (np.ones(other.size), (graph.branches.node_start[other], graph.branches.node_end[other]))
    tied = csr_array(ties, shape=(graph.n_node, graph.n_node))
    fresh = np.zeros(graph.n_node, dtype=bool)
    fresh[breadth_first_order(tied, graph.node_supply, directed=False, return_predecessors=False)] = True
    return fresh


def _listed(rule: str, names: ArrayLike) -> str:
    found = [str(name) for name in np.atleast_1d(np.asarray(names, dtype=object))]
    if not found:
        return ""
    return f"{', '.join(found[:_NAMES_SHOWN])}: {rule} ({len(found)} in all)"
