"""Flows and pressures of any network: Newton's method on the pressures of its nodes.

Every branch is replaced by its tangent at the flow of the last round, m = s + c (P_start - P_end); the balance of mass
at the nodes then is a linear system for the pressures. The energy that the branches store as a function of the flow is
convex, so a step that goes too far is seen by the slope along it and shortened.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from dhsim.elementwise import compiled, inlined
from dhsim.network.branches import RESISTANCE_CLOSED_PA_S_KG, Branches, drop_and_slope
from dhsim.network.factor import Factor, Pattern, empty_factor, factorise, pattern_of, substitute
from dhsim.network.parts import Floats, Ints

TOLERANCE_REL = 1e-7
"""Of the last step; Newton is quadratic, so that what remains is far below."""
TOLERANCE_FLOW_REL = 1e-9
"""Of the largest flow: how small a step is none."""
FLOW_NONE_KG_S = 1e-12
"""How small a step is none where nothing flows."""
ITERATIONS_MAX = 100
_SLOPE_KEPT = 0.5
_STEP_SMALL = 1e3  # times what counts as none: of smaller steps the slope is mostly rounding, they go in whole
_SHORTENINGS_MAX = 6
_ROUNDS_FREE = 30  # in which check valves may fall shut without holding up the others; then no step overshoots one
_FLOW_START_M_KG_S = 1.0


class Problem(NamedTuple):
    """What the solver needs to know of a network: it does not change while the network stands."""

    branches: Branches
    pattern: Pattern
    given: Ints
    """Nodes whose pressure is given"""


class Potential(NamedTuple):
    """Flows and pressures of a problem; arrays, kept as the warm start of the next solve."""

    mass_flow_kg_s: Floats
    """(n_branch,)"""
    pressure_pa: Floats
    """(n_node,): above the level of the water (static height taken off); in: at the given nodes"""
    draw_kg_s: Floats
    """(n_node,): in: what leaves the network at each node"""
    drop_pa: Floats
    slope_pa_s_kg: Floats
    conductance_kg_s_pa: Floats
    step_kg_s: Floats
    correction_pa: Floats
    """(n_node,): of the pressures, in the last round; 0 at the given nodes"""
    root: Floats
    factor: Factor


def problem_of(branches: Branches, n_node: int, given: Ints) -> Problem:
    """Return a problem; open branches must tie every node to a given pressure."""
    return Problem(branches, pattern_of(n_node, branches.node_start, branches.node_end, given), given)


def empty_potential(problem: Problem) -> Potential:
    """Return a cold start."""
    n_branch, n_node = problem.branches.node_start.size, problem.pattern.row_of_node.size
    return Potential(
        mass_flow_kg_s=np.zeros(n_branch),
        pressure_pa=np.zeros(n_node),
        draw_kg_s=np.zeros(n_node),
        drop_pa=np.zeros(n_branch),
        slope_pa_s_kg=np.zeros(n_branch),
        conductance_kg_s_pa=np.zeros(n_branch),
        step_kg_s=np.zeros(n_branch),
        correction_pa=np.zeros(n_node),
        root=np.zeros(n_branch),
        factor=empty_factor(problem.pattern),
    )


@inlined
def _evaluate(branches: Branches, potential: Potential) -> None:
    for e in range(potential.mass_flow_kg_s.size):
        drop, slope = drop_and_slope(branches, e, potential.mass_flow_kg_s[e], potential.root)
        potential.drop_pa[e] = drop
        potential.slope_pa_s_kg[e] = slope


@inlined
def _solve_tangents(problem: Problem, potential: Potential) -> None:
    """Write the pressures that the tangents of all branches ask for, and the steps of flow at the pressures before.

    The unknowns are corrections of the pressures: what rounding leaves of the pressures themselves, 1e-10 Pa, would
    let through a wide pipe more than a still network may lose.
    """
    branches, row_of_node = problem.branches, problem.pattern.row_of_node
    factor, pressure, correction = potential.factor, potential.pressure_pa, potential.correction_pa
    factor.diagonal[:] = 0.0
    for node in range(row_of_node.size):
        row = row_of_node[node]
        if row >= 0:
            factor.solution[row] = -potential.draw_kg_s[node]
    for e in range(potential.mass_flow_kg_s.size):
        start, end = branches.node_start[e], branches.node_end[e]
        conductance = 1.0 / potential.slope_pa_s_kg[e]
        potential.conductance_kg_s_pa[e] = conductance
        step = (pressure[start] - pressure[end] - potential.drop_pa[e]) * conductance
        potential.step_kg_s[e] = step
        flow = potential.mass_flow_kg_s[e] + step
        i, j = row_of_node[start], row_of_node[end]
        if i >= 0:
            factor.diagonal[i] += conductance
            factor.solution[i] -= flow
        if j >= 0:
            factor.diagonal[j] += conductance
            factor.solution[j] += flow
    factorise(problem.pattern, factor, potential.conductance_kg_s_pa)
    substitute(problem.pattern, factor)
    for node in range(row_of_node.size):
        row = row_of_node[node]
        if row >= 0:
            correction[node] = factor.solution[row]
            pressure[node] += factor.solution[row]


@inlined
def _start(problem: Problem, potential: Potential) -> None:
    """Make sure of a start: a cold one where nothing flows or the last solve came to nothing."""
    branches, flow = problem.branches, potential.mass_flow_kg_s
    total = 0.0
    for e in range(flow.size):
        if branches.is_open[e] == 0:
            flow[e] = 0.0
        total += abs(flow[e])
    if not 0.0 < total < np.inf:
        for e in range(flow.size):
            number_per_flow = branches.reynolds_per_flow_s_kg[e]
            flow[e] = min(1e5 / number_per_flow, _FLOW_START_M_KG_S) if number_per_flow > 0.0 else _FLOW_START_M_KG_S
            if branches.is_open[e] == 0:
                flow[e] = 0.0
        for node in range(problem.pattern.row_of_node.size):
            if problem.pattern.row_of_node[node] >= 0:
                potential.pressure_pa[node] = 0.0


@inlined
def _slope_along(branches: Branches, potential: Potential, passed_over_pa_s_kg: float) -> float:
    """Return the slope of the convex energy along the last step [W]; not heard: that slope, and closed ones."""
    slope = 0.0
    for e in range(potential.mass_flow_kg_s.size):
        if potential.slope_pa_s_kg[e] not in (passed_over_pa_s_kg, math.inf):
            across = potential.pressure_pa[branches.node_start[e]] - potential.pressure_pa[branches.node_end[e]]
            slope += (potential.drop_pa[e] - across) * potential.step_kg_s[e]
    return slope


@compiled
def solve(problem: Problem, potential: Potential) -> int:
    """Solve for the flows and pressures at which mass and pressure balance everywhere; writes into `potential`.

    Parameters
    ----------
    problem
        The network.
    potential
        In: draws, given pressures, and flows as a warm start (all zeros for a cold one). Out: the solution.

    Returns
    -------
    int
        Rounds taken; negative where the tolerance was not reached.
    """
    branches, flow, correction = problem.branches, potential.mass_flow_kg_s, potential.correction_pa
    n_branch = flow.size
    _start(problem, potential)
    balanced = False  # the first step also brings the nodes' mass into balance: it is not shortened
    _evaluate(branches, potential)
    for iteration in range(1, ITERATIONS_MAX + 1):
        _solve_tangents(problem, potential)
        passed_over = RESISTANCE_CLOSED_PA_S_KG if iteration < _ROUNDS_FREE else math.inf
        largest, total, slope_start = 0.0, 0.0, 0.0
        for e in range(n_branch):
            across = correction[branches.node_start[e]] - correction[branches.node_end[e]]
            step = potential.step_kg_s[e] + across * potential.conductance_kg_s_pa[e]
            potential.step_kg_s[e] = step
            if potential.slope_pa_s_kg[e] not in (passed_over, math.inf):
                slope_start += step * step * potential.slope_pa_s_kg[e]
            flow[e] += step
            largest = max(largest, abs(flow[e]))
            total += flow[e]
        if not abs(total) < np.inf:  # a comparison with NaN would pass for settled
            return -iteration
        floor = TOLERANCE_FLOW_REL * largest + FLOW_NONE_KG_S
        worst, step_largest = 0.0, 0.0
        for e in range(n_branch):
            change = abs(potential.step_kg_s[e])
            step_largest = max(step_largest, change)
            if change > floor:
                worst = max(worst, change / (abs(flow[e]) + floor))
        if worst <= TOLERANCE_REL and balanced:
            return iteration
        _evaluate(branches, potential)
        share = 1.0
        for _ in range(_SHORTENINGS_MAX):
            slope_end = _slope_along(branches, potential, passed_over)
            if not balanced or step_largest < _STEP_SMALL * floor or slope_end <= _SLOPE_KEPT * slope_start:
                break
            shorter = share * max(slope_start / (slope_start + slope_end), 0.1)
            for e in range(n_branch):
                flow[e] += (shorter - share) * potential.step_kg_s[e]
            share = shorter
            _evaluate(branches, potential)
        balanced = True
    return -ITERATIONS_MAX
