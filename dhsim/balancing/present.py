"""A circuit as it stands, condensed and measured: what the optimiser's variables are scaled by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dhsim.balancing.condense import Condensed, condense
from dhsim.balancing.ports import Ports, without_ports
from dhsim.balancing.reversal import INLET, reversible
from dhsim.model.building import Building
from dhsim.model.building_hydraulics import BuildingFlow, Circuit
from dhsim.network.parts import Floats, Ints

COLEBROOK_FLOW = 2.51
_ROOT_STEPS = 60
_FLOW_NONE_REL = 1e-7
_SCALE_LEAST = 1e-3  # of what passes an edge's ends: a flow that stands at next to nothing is no measure

Walk = tuple[tuple[int, int, int, float], ...]
"""Edge, known node, new node and sign: the order in which pressures follow from drops."""


@dataclass(frozen=True, eq=False)
class Present:
    """The circuit as it stands: what everything is scaled by."""

    circuit: Circuit
    flow: BuildingFlow
    condensed: Condensed
    """Without what hangs on its ports"""
    ports: Ports
    free: Ints
    """Which of the building's valves may be turned."""
    flow_edge_m3_s: Floats
    """(n_edge of the condensed circuit,)"""
    scale_edge_m3_s: Floats
    """(n_edge,): what flows are measured by: the present one, or what passes the ends of an edge that can turn round"""
    both_ways: NDArray[np.bool_]
    """(n_edge,): whether the flow of an edge can turn round, since it lies on a loop"""
    variable_pipe: Floats
    """(n_pipe,): y at that scale"""
    drop_edge_pa: Floats
    main_pipe: Ints
    """(n_edge,): the friction law whose y stands for the flow, or -1"""
    walk: Walk


def friction_variable(reynolds: Floats, share: Floats) -> Floats:
    """Return ``y = Re sqrt(f)`` of Colebrook's law, by Newton's method from above (Re(y) is convex and grows)."""
    y = 0.35 * np.abs(reynolds) + 50.0
    for _ in range(_ROOT_STEPS):
        inside = COLEBROOK_FLOW / y + share
        value = -2.0 * y * np.log10(inside) - np.abs(reynolds)
        slope = -2.0 * np.log10(inside) + 2.0 * (COLEBROOK_FLOW / y) / inside / np.log(10.0)
        step = value / slope
        y = y - step
        if (np.abs(step) <= 1e-12 * y).all():
            break
    return np.asarray(y)


def present_of(circuit: Circuit, flow: BuildingFlow, free: Ints) -> Present:
    """Return the condensed circuit with its present flows; edges are turned so that these are positive."""
    building = circuit.building
    found = condense(building, free)
    back = flow_through(found, flow) < 0.0
    forced = np.flatnonzero((building.is_radiator | building.is_valve) & (found.edge_of >= 0))
    back[found.edge_of[forced]] = found.share_of[forced] < 0.0  # even where next to nothing flows
    found = found.turned(back)
    through = flow_through(found, flow)
    drop = drops(found, building, free, through, np.zeros(free.size))
    pressure = pressures(found, _walk(found), drop, building.dp_pump_pa)
    found, ports = without_ports(found, building, pressure)
    through = flow_through(found, flow)
    both_ways = _both_ways(found, building, ports)
    scale = _scale(found, through, both_ways)
    y = friction_variable(found.pipe_reynolds_s_m3 * scale[found.pipe_edge], found.pipe_share)
    main = np.full(through.size, -1)
    order = np.argsort(found.pipe_drop_pa * y**2)
    main[found.pipe_edge[order]] = order  # the last, largest one stays
    drop = drops(found, building, free, through, np.zeros(free.size))
    walk = _walk(found)
    return Present(circuit, flow, found, ports, free, through, scale, both_ways, y, drop, main, walk)


def _both_ways(found: Condensed, building: Building, ports: Ports) -> NDArray[np.bool_]:
    """Return which edges can turn round; what hangs on a port only takes water in."""
    one_way = np.zeros(found.start.size, bool)
    forced = np.flatnonzero((building.is_radiator | building.is_valve) & (found.edge_of >= 0))
    one_way[found.edge_of[forced]] = True
    start = np.concatenate([found.start, ports.node])
    end = np.concatenate([found.end, np.full(ports.node.size, INLET)])
    only = np.concatenate([one_way, np.ones(ports.node.size, bool)])
    return reversible(found.n_node, start, end, only)[: found.start.size]


def _scale(found: Condensed, through: Floats, both_ways: NDArray[np.bool_]) -> Floats:
    """Return what the flow of each edge is measured by [m3/s]."""
    passing = np.zeros(found.n_node)
    for side in (found.start, found.end):
        np.add.at(passing, side, 0.5 * np.abs(through))
    near = np.maximum(passing[found.start], passing[found.end])
    return np.where(both_ways, near, np.maximum(np.abs(through), _SCALE_LEAST * near))


def flow_through(found: Condensed, flow: BuildingFlow) -> Floats:
    """Return the flow of each condensed edge, never quite nothing."""
    part = np.flatnonzero(found.edge_of >= 0)
    through = np.zeros(found.start.size)
    through[found.edge_of[part]] = flow.flow_m3_s[part] / found.share_of[part]
    least = _FLOW_NONE_REL * np.abs(flow.flow_m3_s).max()
    return np.where(np.abs(through) < least, least, through)


def drops(found: Condensed, building: Building, free: Ints, through: Floats, log_setting: Floats) -> Floats:
    """Return the pressure drop of each condensed edge at given flows and log(k/k0) of the free valves [Pa]."""
    y = friction_variable(found.pipe_reynolds_s_m3 * through[found.pipe_edge], found.pipe_share)
    drop = found.quadratic_pa_s2_m6 * through * np.abs(through)
    np.add.at(drop, found.pipe_edge, found.pipe_drop_pa * y**2 * np.sign(through[found.pipe_edge]))
    settings = building.resistance_valves_pa_s2_m6[free] * np.exp(log_setting)
    np.add.at(drop, found.valve_edge, settings * through[found.valve_edge] ** 2)
    return drop


def pressures(found: Condensed, walk: Walk, drop: Floats, dp_pa: float) -> Floats:
    """Return the pressure of each condensed node from the drops on the way to it [Pa]."""
    pressure, lost = [dp_pa, 0.0, *[0.0] * (found.n_node - 2)], drop.tolist()
    for e, node, other, sign in walk:
        pressure[other] = pressure[node] + sign * lost[e]
    return np.array(pressure)


def _walk(found: Condensed) -> Walk:
    near: list[list[tuple[int, int, float]]] = [[] for _ in range(found.n_node)]
    for e, (a, b) in enumerate(zip(found.start.tolist(), found.end.tolist(), strict=True)):
        near[a].append((e, b, -1.0))
        near[b].append((e, a, 1.0))
    known, order, steps = [True, True, *[False] * (found.n_node - 2)], [0], []
    for node in order:
        for e, other, sign in near[node]:
            if not known[other]:
                known[other] = True
                order.append(other)
                steps.append((e, node, other, sign))
    return tuple(steps)
