"""Flows and pressures of a mirrored supply/return tree with pressure-driven consumers.

Every element's pressure drop is written as r m^2 with r from the last flow; the tree of such quadratic elements is
solved exactly by one sweep up (conductances) and one sweep down (flows), and repeated until r no longer changes. With
fully rough friction that is two sweeps; a warm start makes it one.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from dhsim.elementwise import compiled
from dhsim.network.parts import Floats, Ints, Line
from dhsim.physics.friction import pressure_drop_pa

COLEBROOK_CONSTANT = 3.71
TOLERANCE_REL = 1e-13
ITERATIONS_MAX = 200
_FLOW_START_KG_S = 1.0


class TreeFlow(NamedTuple):
    """Flows and pressures of a tree; arrays, kept as the warm start of the next solve."""

    mass_flow_pipe_kg_s: Floats
    """(n_pipe,)"""
    mass_flow_consumer_kg_s: Floats
    """(n_consumer,): through the pressure-driven branch"""
    dp_consumer_pa: Floats
    """(n_consumer,)"""
    conductance_node_kg_s_pa05: Floats
    """(n_pipe + 1,): work space"""
    dp_node_pa: Floats
    """(n_pipe + 1,)"""
    resistance_pipe_pa_s2_kg2: Floats
    """(n_pipe,): supply and return drop over flow squared"""


def empty_flow(n_pipe: int, n_consumer: int) -> TreeFlow:
    """Return a cold start for `solve_tree`."""
    return TreeFlow(
        np.zeros(n_pipe),
        np.zeros(n_consumer),
        np.zeros(n_consumer),
        np.zeros(n_pipe + 1),
        np.zeros(n_pipe + 1),
        np.zeros(n_pipe),
    )


@compiled
def pipe_resistance(
    pipes: Line, index: int, mass_flow_kg_s: float, density_kg_m3: float, viscosity_pa_s: float
) -> float:
    """Return supply and return drop of a trench over flow squared [Pa s2/kg2]."""
    flow = abs(mass_flow_kg_s)
    if flow < 1e-9:
        flow = 1e-9
    drop: float = pressure_drop_pa(
        flow,
        pipes.length_m[index],
        pipes.diameter_m[index],
        pipes.roughness_m[index],
        pipes.zeta[index],
        density_kg_m3,
        viscosity_pa_s,
        COLEBROOK_CONSTANT,
    )
    return 2.0 * drop / (flow * flow)


@compiled
def solve_tree(
    pipes: Line,
    node_consumer: Ints,
    conductance_kg_s_pa05: Floats,
    mass_flow_draw_kg_s: Floats,
    dp_source_pa: float,
    density_kg_m3: float,
    viscosity_pa_s: float,
    flow: TreeFlow,
) -> int:
    """Solve m_i = K_i sqrt(dp_i) + draw_i in a tree that is fed with `dp_source_pa` at its root; writes into `flow`.

    Parameters
    ----------
    pipes
        The tree, ordered from the root.
    node_consumer
        Node of each consumer.
    conductance_kg_s_pa05
        K_i of the pressure-driven branch; 0 = closed [kg/(s sqrt(Pa))].
    mass_flow_draw_kg_s
        Flow that a consumer takes whatever the pressure [kg/s].
    dp_source_pa
        Supply minus return pressure at the root [Pa]; at or below 0 nothing flows.
    density_kg_m3, viscosity_pa_s
        Of the water [kg/m3], [Pa s].
    flow
        In: warm start (zeros for a cold one). Out: the solution.

    Returns
    -------
    int
        Iterations; negative if the tolerance was not reached.
    """
    n_pipe = pipes.length_m.size
    n_consumer = node_consumer.size
    if dp_source_pa <= 0.0:
        flow.mass_flow_pipe_kg_s[:] = 0.0
        flow.mass_flow_consumer_kg_s[:] = 0.0
        flow.dp_consumer_pa[:] = 0.0
        return 0
    for iteration in range(1, ITERATIONS_MAX + 1):
        for node in range(n_pipe + 1):
            flow.conductance_node_kg_s_pa05[node] = 0.0
        for i in range(n_consumer):
            k = conductance_kg_s_pa05[i]
            if mass_flow_draw_kg_s[i] > 0.0:
                dp = flow.dp_consumer_pa[i] if flow.dp_consumer_pa[i] > 1.0 else dp_source_pa
                k += mass_flow_draw_kg_s[i] / math.sqrt(dp)
            flow.conductance_node_kg_s_pa05[node_consumer[i]] += k
        for j in range(n_pipe - 1, -1, -1):
            below = flow.conductance_node_kg_s_pa05[j + 1]
            if below > 0.0:
                start = flow.mass_flow_pipe_kg_s[j] if flow.mass_flow_pipe_kg_s[j] > 0.0 else _FLOW_START_KG_S
                r = pipe_resistance(pipes, j, start, density_kg_m3, viscosity_pa_s)
                flow.resistance_pipe_pa_s2_kg2[j] = r
                flow.conductance_node_kg_s_pa05[pipes.node_start[j]] += below / math.sqrt(1.0 + r * below * below)
        flow.dp_node_pa[0] = dp_source_pa
        change = 0.0
        for j in range(n_pipe):
            below = flow.conductance_node_kg_s_pa05[j + 1]
            old = flow.mass_flow_pipe_kg_s[j]
            new = 0.0
            dp_start = flow.dp_node_pa[pipes.node_start[j]]
            flow.dp_node_pa[j + 1] = dp_start
            if below > 0.0:
                r = flow.resistance_pipe_pa_s2_kg2[j]
                new = below * math.sqrt(dp_start / (1.0 + r * below * below))
                flow.dp_node_pa[j + 1] = dp_start / (1.0 + r * below * below)
            flow.mass_flow_pipe_kg_s[j] = new
            change = max(change, abs(new - old) / max(new, 1e-6))
        for i in range(n_consumer):
            dp = flow.dp_node_pa[node_consumer[i]]
            change = max(change, abs(dp - flow.dp_consumer_pa[i]) / dp_source_pa)
            flow.dp_consumer_pa[i] = dp
            flow.mass_flow_consumer_kg_s[i] = conductance_kg_s_pa05[i] * math.sqrt(dp)
        if change < TOLERANCE_REL:
            return iteration
    return -ITERATIONS_MAX
