"""What hangs on one node of a condensed circuit and has no free valve, as functions of that node's pressure.

A riser above its valve is such a port. Its flows are smooth functions of one pressure: polynomials of log flow in log
pressure, fitted at Chebyshev points, stand for all its edges. They only steer the
optimiser; results are solved exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.polynomial import chebyshev

from dhsim.balancing.condense import Condensed
from dhsim.errors import ConvergenceError
from dhsim.model.building import Building
from dhsim.network.branches import COLEBROOK_ONLY, Branches
from dhsim.network.newton import empty_potential, problem_of, solve
from dhsim.network.parts import Floats, Ints

_DEGREE = 9
_SAMPLES = 18
_LOG_PRESSURE_LOW = -7.0
"""Of the present pressure, down to which a port is described: some 3 % of its flow."""
_MARGIN = 0.02


@dataclass(frozen=True, eq=False)
class Ports:
    """Ports of a circuit; arrays."""

    node: Ints
    """(n_port,): node of the circuit that is left"""
    pressure_pa: Floats
    """(n_port,): as it stands"""
    middle: Floats
    """(n_port,): ``log(P/P0) = middle + half u`` with u from -1 to 1"""
    half: Floats
    total: Floats
    """(n_port, degree + 1): log of the volume flow into the port, coefficients of the powers of u"""
    zone_port: Ints
    """(n_term,): port of each zone's share"""
    zone: Ints
    zone_flow: Floats
    """(n_term, degree + 1): log of the flow through the zone's radiators of that port"""


def without_ports(found: Condensed, building: Building, pressure_pa: Floats) -> tuple[Condensed, Ports]:
    """Return the circuit without what hangs on its ports, and the ports.

    Parameters
    ----------
    found
        A condensed circuit whose edges lead in the direction of the flow.
    building
        That it was made of.
    pressure_pa
        Present pressure of each of its nodes [Pa].

    Returns
    -------
    tuple
        The rest of the circuit, and its ports.
    """
    inside, node = _subtrees(found)
    if not node.size:
        none = np.zeros(0, dtype=np.int64)
        empty = np.zeros((0, _DEGREE + 1))
        return found, Ports(none, np.zeros(0), np.zeros(0), np.zeros(0), empty, none, none, empty)
    top = np.log(building.dp_pump_pa / pressure_pa[node]) + _MARGIN
    half = 0.5 * (top - _LOG_PRESSURE_LOW)
    middle = 0.5 * (top + _LOG_PRESSURE_LOW)
    u = np.cos(np.pi * (np.arange(_SAMPLES) + 0.5) / _SAMPLES)
    levels = pressure_pa[node] * np.exp(middle + half * u[:, None])
    flow = _sampled(found, building, inside, node, levels)
    total = np.array([flow[:, inside & (found.start == n)].sum(axis=1) for n in node])
    port_of_edge = _owner(found, inside, node)
    radiators = building.radiators[found.edge_of[building.radiators] >= 0]
    radiators = radiators[inside[found.edge_of[radiators]]]
    keys = np.column_stack([port_of_edge[found.edge_of[radiators]], building.zone[radiators]])
    pairs, label = np.unique(keys, axis=0, return_inverse=True)
    shares = np.zeros((len(pairs), _SAMPLES))
    np.add.at(shares, label.ravel(), flow.T[found.edge_of[radiators]] * found.share_of[radiators, None])
    rest, names = _rest(found, inside, node)
    ports = Ports(names[node], pressure_pa[node], middle, half, _powers(u, total), pairs[:, 0], pairs[:, 1],
                  _powers(u, shares))  # fmt: skip
    return rest, ports


def _powers(u: Floats, flow: Floats) -> Floats:
    """Return the coefficients of the powers of u of log flow, one row each."""
    fitted = chebyshev.chebfit(u, np.log(flow).T, _DEGREE)
    change = np.array([np.pad(chebyshev.cheb2poly(row), (0, _DEGREE - k)) for k, row in enumerate(_unit_rows())])
    return np.asarray(fitted.T @ change)


def _unit_rows() -> list[Floats]:
    return [np.eye(k + 1)[k] for k in range(_DEGREE + 1)]


def _subtrees(found: Condensed) -> tuple[np.ndarray, Ints]:
    """Return which edges lie in ports, and the nodes that these hang on."""
    n_edge, start, end = found.start.size, found.start, found.end
    has_valve = np.zeros(n_edge, bool)
    has_valve[found.valve_edge] = True
    leaving: list[list[int]] = [[] for _ in range(found.n_node)]
    entering = np.bincount(end, minlength=found.n_node)
    for e in range(n_edge):
        leaving[start[e]].append(e)
    depth_first, stack, seen = [], [0], {0, 1}
    while stack:
        node = stack.pop()
        depth_first.append(node)
        for e in leaving[node]:
            if end[e] not in seen:
                seen.add(int(end[e]))
                stack.append(int(end[e]))
    closed = np.zeros(found.n_node, bool)
    closed[1] = True
    for node in reversed(depth_first):
        whole = entering[node] == 1 and bool(leaving[node])
        closed[node] = node > 1 and whole and all(closed[end[e]] and not has_valve[e] for e in leaving[node])
    inside = np.array([closed[a] for a in start])
    parent = np.full(found.n_node, -1)
    parent[end] = start
    nodes = [n for n in range(2, found.n_node) if closed[n] and not closed[parent[n]]]
    return inside, np.array(nodes, dtype=np.int64)


def _owner(found: Condensed, inside: np.ndarray, node: Ints) -> Ints:
    """Return the port of each edge inside one, -1 elsewhere."""
    of_node = np.full(found.n_node, -1)
    of_node[node] = np.arange(node.size)
    while True:
        inner = inside & (found.end != 1)
        spread = inner & (of_node[found.start] >= 0) & (of_node[found.end] < 0)
        if not spread.any():
            break
        of_node[found.end[spread]] = of_node[found.start[spread]]
    return np.where(inside, of_node[found.start], -1)


def _sampled(found: Condensed, building: Building, inside: np.ndarray, node: Ints, levels: Floats) -> Floats:
    """Return the flow of all edges at several pressures of the ports, shape (n_level, n_edge); NaN outside ports."""
    density = building.fluid.density_kg_m3
    pipes = np.flatnonzero(inside[found.pipe_edge])
    plain = np.flatnonzero(inside & (found.quadratic_pa_s2_m6 > 0.0))
    edge = np.concatenate([found.pipe_edge[pipes], plain])
    order = np.argsort(edge, kind="stable")
    edge = edge[order]
    first = np.concatenate([[True], edge[1:] != edge[:-1]])
    last = np.concatenate([edge[1:] != edge[:-1], [True]])
    between = found.n_node + np.arange(edge.size)  # a node behind each part of an edge but its last
    begin = np.where(first, found.start[edge], np.concatenate([[0], between[:-1]]))
    finish = np.where(last, found.end[edge], between)
    names, ends = np.unique(np.concatenate([[1], node, begin, finish]), return_inverse=True)
    zeros = np.zeros(plain.size)
    friction = found.pipe_drop_pa[pipes] * found.pipe_reynolds_s_m3[pipes] ** 2 / density**2
    columns = [
        np.concatenate([found.pipe_reynolds_s_m3[pipes] / density, zeros]),
        np.concatenate([found.pipe_share[pipes], zeros]),
        np.concatenate([friction, zeros]),
        np.concatenate([np.zeros(pipes.size), found.quadratic_pa_s2_m6[plain] / density**2]),
    ]
    n, none, nothing = edge.size, np.zeros(edge.size, dtype=np.int64), np.zeros(edge.size)
    tips = ends[1 + node.size :]
    reynolds, share, friction, fitting = (column[order] for column in columns)
    law = none + COLEBROOK_ONLY
    branches = Branches(tips[:n], tips[n:], reynolds, share, friction, fitting, nothing, nothing, nothing, none, law)
    given = ends[: 1 + node.size].astype(np.int64)
    problem = problem_of(branches, names.size, given)
    potential = empty_potential(problem)
    flow = np.full((len(levels), found.start.size), np.nan)
    for i, pressure in enumerate(levels):
        potential.pressure_pa[given[1:]] = pressure
        if solve(problem, potential) < 0:
            raise ConvergenceError("the flows of a riser did not settle: look for edges of extreme resistance")
        flow[i, edge] = potential.mass_flow_kg_s / density
    return flow


def _rest(found: Condensed, inside: np.ndarray, node: Ints) -> tuple[Condensed, Ints]:
    """Return the circuit without the edges inside ports, and the new number of each node that is left."""
    kept = np.flatnonzero(~inside)
    used = np.unique(np.concatenate([[0, 1], found.start[kept], found.end[kept], node]))
    names = np.full(found.n_node, -1)
    names[used] = np.arange(used.size)
    number = np.full(found.start.size, -1)
    number[kept] = np.arange(kept.size)
    pipes = number[found.pipe_edge] >= 0
    mapped = np.where(found.edge_of >= 0, number[found.edge_of], -1)
    rest = replace(
        found,
        n_node=used.size,
        start=names[found.start[kept]],
        end=names[found.end[kept]],
        quadratic_pa_s2_m6=found.quadratic_pa_s2_m6[kept],
        pipe_edge=number[found.pipe_edge[pipes]],
        pipe_drop_pa=found.pipe_drop_pa[pipes],
        pipe_reynolds_s_m3=found.pipe_reynolds_s_m3[pipes],
        pipe_share=found.pipe_share[pipes],
        valve_edge=number[found.valve_edge],
        edge_of=mapped,
    )
    return rest, names
