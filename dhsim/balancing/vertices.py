"""The Pareto problem with the worst case itself in the place of its upper bound: for few zones, where they differ.

The worst case is the largest of the proxies at the vertices of the box. Those that have been the worst are constraints,
``t >= 1 - cos^2(theta, v)``; the problem is solved, the vertex that is now the worst is added, and so on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dhsim.balancing.bounds import supply_box, worst_case
from dhsim.balancing.lifted import OBJECTIVE_UNIT, Lifted, casadi_module, hydraulic_part, kick_options, solved, start_at
from dhsim.balancing.search import Candidate, Search
from dhsim.errors import DhsimError
from dhsim.network.parts import Floats, Ints

_SLOTS = 12
_ROUNDS_MAX = 12
_GAIN_LEAST = 1e-12


@dataclass(frozen=True, eq=False)
class VertexProblem:
    """A solver with room for some vertices in each sample, given as parameters."""

    solver: Any
    low: Floats
    high: Floats
    row_low: Floats
    row_high: Floats
    n_hydraulic: int


def vertex_problem(model: Lifted) -> VertexProblem:
    """Return the problem of a lifted one (whose objective is a mean) with vertices in the place of the bound."""
    ca = casadi_module()
    n_sample, n_zone = model.thermal.theta_per_s.shape
    part = hydraulic_part(ca, model.present)
    scale, level = ca.SX.sym("scale", n_sample), ca.SX.sym("level", n_sample)
    alpha, zeta = ca.SX.sym("alpha", n_zone, n_sample), ca.SX.sym("zeta")
    at_new = ca.SX.sym("at_new", n_zone, _SLOTS * n_sample)
    rows, each = [*part["rows"], part["total"]], []
    for i in range(n_sample):
        theta, nu = model.thermal.theta_per_s[i], model.thermal.nu_per_s[i]
        for k in range(_SLOTS):
            vertex = nu * (1.0 + at_new[:, i * _SLOTS + k] * (part["ratio"] - 1.0))
            proxy = 1.0 - ca.dot(theta, vertex) ** 2 / ca.sumsqr(vertex)
            rows.append(level[i] - proxy / OBJECTIVE_UNIT)
        best = ca.sumsqr(theta - scale[i] * nu * (1.0 + alpha[:, i] * (part["ratio"] - 1.0)))
        each.append(zeta * best / OBJECTIVE_UNIT + (1.0 - zeta) * level[i])
    x, parameters = ca.vertcat(*part["x"], scale, ca.vec(alpha), level), ca.vertcat(zeta, ca.vec(at_new))
    problem = {"x": x, "f": sum(each) / n_sample, "g": ca.vertcat(*rows), "p": parameters}
    solver = ca.nlpsol("vertices", "ipopt", problem, kick_options())
    n_hydraulic = sum(variables.numel() for variables in part["x"])
    ends = [model.rows.low[:n_hydraulic], model.rows.high[:n_hydraulic]]
    zeros, infinite = np.zeros(n_sample), np.full(n_sample, np.inf)
    first = slice(n_hydraulic, n_hydraulic + 2 * n_sample, 2)  # scales of best and worst case take turns
    low = np.concatenate([ends[0], model.rows.low[first], np.zeros(n_zone * n_sample), zeros])
    high = np.concatenate([ends[1], model.rows.high[first], np.ones(n_zone * n_sample), infinite])
    n_row = model.row_total + 1
    more = np.zeros(_SLOTS * n_sample)
    row_low = np.concatenate([model.rows.row_low[:n_row], more])
    row_high = np.concatenate([model.rows.row_high[:n_row], more + np.inf])
    return VertexProblem(solver, low, high, row_low, row_high, n_hydraulic)


def polished_exactly(
    search: Search, problem: VertexProblem, start: Candidate, zeta: float, use: Ints | None = None
) -> Candidate:
    """Return a candidate improved for the exact worst case, never a worse one; only valves in `use` are turned."""
    best, here = start, start
    n_sample, n_zone = search.thermal.theta_per_s.shape
    slots: list[list[Floats]] = [[] for _ in range(n_sample)]
    for _ in range(_ROUNDS_MAX):
        worst = _worst_vertices(search, here)
        if all(any((w == known).all() for known in row) for w, row in zip(worst, slots, strict=True)):
            break
        for vertex, row in zip(worst, slots, strict=True):
            row.append(vertex)
            del row[:-_SLOTS]
        shown = np.concatenate([w for row in slots for w in (row + [row[-1]] * _SLOTS)[:_SLOTS]])
        low, high = problem.low.copy(), problem.high.copy()
        if use is not None:
            held = np.setdiff1d(np.arange(search.free.size), use)
            low[held] = high[held] = 0.0
        x = start_at(search.model, here.flow, here.log_setting, zeta)
        goal = x[problem.n_hydraulic :]
        scales = goal[: 2 * n_sample : 2]
        alphas = goal[2 * n_sample : 2 * n_sample + n_sample * n_zone]
        begin = np.concatenate([x[: problem.n_hydraulic], scales, alphas, here.worst_rel / OBJECTIVE_UNIT])
        ends = {"lbx": low, "ubx": high, "lbg": problem.row_low, "ubg": problem.row_high}
        result, converged = solved(problem.solver, x0=begin, p=np.concatenate([[zeta], shown]), **ends)
        if not converged:
            break
        try:
            here = search.evaluate(np.asarray(result["x"]).ravel()[: search.free.size])
        except DhsimError:
            break
        if search.objective_rel(here, zeta) < search.objective_rel(best, zeta) - _GAIN_LEAST:
            best = here
    return best


def _worst_vertices(search: Search, candidate: Candidate) -> list[Floats]:
    """Return for each sample which zones stand at the end of their new flow in the worst case (1) or at the old (0)."""
    ratio = candidate.flow.flow_zone_m3_s / search.present.flow_zone_m3_s
    found = []
    for theta, nu in zip(*search.thermal, strict=True):
        vertex = worst_case(theta, supply_box(nu, ratio)).nu_per_s
        found.append((np.abs(vertex - nu * ratio) < np.abs(vertex - nu)).astype(np.float64))
    return found
