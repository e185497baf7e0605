"""A single line of pipes with given pressures and draws, as water-supply programs have it, by the network's solvers.

A `Network` has a supply and a return. The reference nets of water-supply programs have one line: sources of a given
pressure, sinks and sources of a given flow. This puts them to the solver of `dhsim.network` as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dhsim.errors import ConvergenceError
from dhsim.network.branches import Branches, joined, pipe_branches
from dhsim.network.newton import Potential, Problem, empty_potential, problem_of, solve
from dhsim.network.parts import Floats, Fluid, Ints, Line
from dhsim.network.transport import flow_order, mix_sweep, order_work, steady_transfer
from dhsim.physics.friction import COLEBROOK_CONSTANT
from dhsim.physics.water import GRAVITY_M_S2

FrictionLaw = Callable[[Floats, Floats], Floats]
"""(Reynolds number, relative roughness) -> Darcy's friction factor"""
_ROUNDS_MAX = 200
_SETTLED_REL = 1e-9


@dataclass(frozen=True)
class OpenLine:
    """Pipes, and other branches behind them; arrays."""

    pipes: Line
    others: Branches
    elevation_m: Floats
    given: Ints
    """Nodes whose pressure is given"""
    pressure_given_pa: Floats
    draw_kg_s: Floats
    """(n_node,): positive where water leaves"""
    fluid: Fluid


@dataclass(frozen=True)
class OpenFlow:
    """What was found; arrays."""

    mass_flow_kg_s: Floats
    """(n_branch,): pipes first"""
    pressure_pa: Floats
    """(n_node,): height taken into account"""


def solve_flows(
    line: OpenLine, *, law: FrictionLaw | None = None, colebrook_constant: float = COLEBROOK_CONSTANT
) -> OpenFlow:
    """Return flows and pressures.

    Parameters
    ----------
    line
        What is solved.
    law
        Another friction law than dhsim's own: every pipe then is a resistance that is renewed until it agrees with
        the law at its flow.
    colebrook_constant
        Under the relative roughness, in dhsim's own law [-].

    Raises
    ------
    ConvergenceError
        If nothing settled.
    """
    pipes = pipe_branches(line.pipes, line.fluid, colebrook_constant)
    n_pipe = pipes.node_start.size
    branches = joined(pipes, line.others)
    friction = pipes.friction_pa_s2_kg2
    if law is not None:
        branches = branches._replace(friction_pa_s2_kg2=np.zeros(branches.node_start.size))
    given = np.unique(line.given).astype(np.int64)
    problem = problem_of(branches, line.elevation_m.size, given)
    potential = empty_potential(problem)
    static_pa = line.fluid.density_kg_m3 * GRAVITY_M_S2 * line.elevation_m
    potential.pressure_pa[line.given] = line.pressure_given_pa + static_pa[line.given]
    potential.draw_kg_s[:] = line.draw_kg_s
    if law is None:
        _solve(problem, potential)
    else:
        _solve_by_law(problem, potential, law, friction, n_pipe, line)
    return OpenFlow(potential.mass_flow_kg_s.copy(), potential.pressure_pa - static_pa)


def _solve(problem: Problem, potential: Potential) -> None:
    if solve(problem, potential) < 0:
        raise ConvergenceError("a reference net did not settle: look at its given pressures and draws")


def _solve_by_law(
    problem: Problem, potential: Potential, law: FrictionLaw, friction: Floats, n_pipe: int, line: OpenLine
) -> None:
    """Renew the resistances of the pipes until they agree with the law."""
    branches = problem.branches
    rough = line.pipes.roughness_m / line.pipes.diameter_m
    flow = np.full(n_pipe, 1.0)
    for _ in range(_ROUNDS_MAX):
        number = np.maximum(branches.reynolds_per_flow_s_kg[:n_pipe] * np.abs(flow), 1.0)
        resistance = branches.fitting_pa_s2_kg2.copy()
        resistance[:n_pipe] += law(number, rough) * friction
        now = problem._replace(branches=branches._replace(fitting_pa_s2_kg2=resistance))
        _solve(now, potential)
        change = float(np.max(np.abs(potential.mass_flow_kg_s[:n_pipe] - flow)))
        flow = potential.mass_flow_kg_s[:n_pipe].copy()
        if change <= _SETTLED_REL * float(np.max(np.abs(flow))):
            return
    raise ConvergenceError("a reference net did not settle with its friction law")


def solve_temperatures(
    pipes: Line,
    mass_flow_kg_s: Floats,
    inflow_kg_s: Floats,
    temp_inflow_c: Floats,
    temp_ambient_c: Floats,
    heat_capacity_j_kgk: float,
    *,
    n_mixed: Ints | None = None,
) -> tuple[Floats, Floats]:
    """Return temperatures of nodes and at the outlets of the pipes in steady state.

    Parameters
    ----------
    pipes
        With their heat loss.
    mass_flow_kg_s
        Of each pipe, positive from start to end [kg/s].
    inflow_kg_s
        What enters at each node from outside [kg/s].
    temp_inflow_c
        How warm that is [degC].
    temp_ambient_c
        Around each pipe [degC].
    heat_capacity_j_kgk
        Of the water [J/(kg K)].
    n_mixed
        Take every pipe as that many mixed volumes in a row instead of as plug flow: what a program with finite
        volumes solves.

    Returns
    -------
    tuple of arrays
        Nodes, shape (n_node,), and outlets, shape (n_pipe,) [degC].
    """
    n_node, n_pipe = inflow_kg_s.size, mass_flow_kg_s.size
    a, b, order = np.zeros(n_pipe), np.zeros(n_pipe), np.zeros(n_pipe, dtype=np.int64)
    steady_transfer(pipes, mass_flow_kg_s, 0.0, 0.0, heat_capacity_j_kgk, a, b)
    if n_mixed is not None:
        units = pipes.u_w_mk * pipes.length_m / (np.abs(mass_flow_kg_s) * heat_capacity_j_kgk)
        b = (1.0 + units / n_mixed) ** -n_mixed.astype(float)
    a = temp_ambient_c * (1.0 - b)
    flow_order(pipes.node_start, pipes.node_end, mass_flow_kg_s, order_work(n_node, n_pipe), order)
    nodes, inlets, outlets = np.zeros(n_node), np.zeros(n_pipe), np.zeros(n_pipe)
    mix_sweep(
        pipes.node_start, pipes.node_end, order, mass_flow_kg_s, a, b,
        inflow_kg_s.copy(), inflow_kg_s * temp_inflow_c, nodes, inlets, outlets,
    )  # fmt: skip
    return nodes, outlets


def plain_line(
    node_start: Ints, node_end: Ints, length_m: Floats, diameter_m: Floats, roughness_m: Floats, u_w_mk: Floats
) -> Line:
    """Return pipes without fittings and without a wall that stores heat."""
    zeros = np.zeros(length_m.size)
    buried = np.ones(length_m.size, dtype=np.int64)
    return Line(node_start, node_end, length_m, diameter_m, roughness_m, zeros, u_w_mk, zeros, buried)


def no_branches() -> Branches:
    """Return no branches at all."""
    whole, real = np.zeros(0, dtype=np.int64), np.zeros(0)
    return Branches(whole, whole, real, real, real, real, real, real, real, whole, whole)
