"""The pressure drop of everything that water flows through, and its slope: one law for pipes, valves and pumps.

    dp(m) = (f(Re) F + Z) m |m| - (A0 + A1 m + A2 m^2)

A pipe has F and Z, a valve Z alone, a pump the A's. What is closed has an infinite slope: no flow and no say. A check
valve that holds is a resistance so large that next to nothing flows, and that still feels which way the pressure acts.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from dhsim.elementwise import inlined
from dhsim.network.parts import Floats, Fluid, Ints, Line
from dhsim.physics.friction import (
    REYNOLDS_LAMINAR,
    REYNOLDS_TURBULENT,
    colebrook_root,
    colebrook_slope,
    friction_factor,
    friction_slope,
)

RESISTANCE_CLOSED_PA_S_KG = 1e13
"""Of a check valve that holds: 1 bar drives 0.01 mg/s through it."""
COLEBROOK_ONLY = 2
"""Of an open pipe in which Colebrook's law holds for laminar flow too, as some texts on buildings have it."""
REYNOLDS_COLEBROOK_FIRST = 20.0
"""Colebrook's law leaves a drop at no flow: below this Reynolds number such a pipe's drop falls in a line to zero."""
SQUARE_LAW = 3
"""Of an open valve whose drop grows with the flow's square from next to nothing on: balancing valves all but closed."""
_FLOW_LINEAR_KG_S = 1e-5  # below it a valve's drop is linear, so that its slope never vanishes
_FLOW_LINEAR_SQUARE_LAW_KG_S = 1e-12
_SLOPE_MIN_PA_S_KG = 1e-5


class Branches(NamedTuple):
    """What water flows through, from node to node; arrays of shape (n_branch,)."""

    node_start: Ints
    node_end: Ints
    reynolds_per_flow_s_kg: Floats
    """Re over |m|: 4 / (pi d mu)"""
    roughness_share: Floats
    """k/d over Colebrook's constant"""
    friction_pa_s2_kg2: Floats
    """F = L / d / (2 rho A^2); 0 for what is no pipe"""
    fitting_pa_s2_kg2: Floats
    """Z = zeta / (2 rho A^2) of a pipe, 1/K^2 of a valve"""
    rise_a0_pa: Floats
    rise_a1_pa_s_kg: Floats
    rise_a2_pa_s2_kg2: Floats
    one_way: Ints
    is_open: Ints
    """0: closed, 1: open, COLEBROOK_ONLY: open, and a pipe has no laminar part, SQUARE_LAW: open, and no pipe"""


def pipe_branches(line: Line, fluid: Fluid, colebrook_constant: float, *, times: float = 1.0) -> Branches:
    """Return the pipes of a line as branches; `times` = 2 counts supply and mirrored return as one."""
    area_m2 = 0.25 * math.pi * line.diameter_m**2
    dynamic = times / (2.0 * fluid.density_kg_m3 * area_m2**2)
    zeros = np.zeros(line.length_m.size)
    return Branches(
        line.node_start,
        line.node_end,
        4.0 / (math.pi * line.diameter_m * fluid.viscosity_pa_s),
        line.roughness_m / line.diameter_m / colebrook_constant,
        line.length_m / line.diameter_m * dynamic,
        line.zeta * dynamic,
        zeros,
        zeros,
        zeros,
        np.zeros(line.length_m.size, dtype=np.int64),
        np.ones(line.length_m.size, dtype=np.int64),
    )


def other_branches(
    node_start: Ints,
    node_end: Ints,
    resistance_pa_s2_kg2: Floats,
    *,
    rise: tuple[Floats, Floats, Floats] | None = None,
    one_way: Ints | None = None,
    is_open: Ints | None = None,
) -> Branches:
    """Return valves, check valves and pumps as branches; `rise` is A0, A1, A2 in flow of mass."""
    zeros, none = np.zeros(node_start.size), np.zeros(node_start.size, dtype=np.int64)
    a0, a1, a2 = rise if rise is not None else (zeros, zeros, zeros)
    return Branches(
        node_start,
        node_end,
        zeros,
        zeros,
        zeros,
        resistance_pa_s2_kg2,
        a0,
        a1,
        a2,
        one_way if one_way is not None else none,
        is_open if is_open is not None else none + 1,
    )


def joined(*groups: Branches) -> Branches:
    """Return groups of branches as one, in their order."""
    columns = [np.concatenate(parts) for parts in zip(*groups, strict=True)]
    return Branches(*columns)


@inlined
def drop_and_slope(branches: Branches, e: int, mass_flow_kg_s: float, root: Floats) -> tuple[float, float]:
    """Return the pressure drop [Pa] of branch e and its slope in the flow [Pa s/kg], positive; infinite: closed.

    `root` (n_branch,) keeps the inverse root of every friction factor as the start of the next evaluation.
    """
    flow = abs(mass_flow_kg_s)
    friction, fitting = branches.friction_pa_s2_kg2[e], branches.fitting_pa_s2_kg2[e]
    if branches.is_open[e] == 0:
        drop, slope = 0.0, math.inf
    elif branches.one_way[e] == 1 and mass_flow_kg_s < 0.0:
        drop, slope = RESISTANCE_CLOSED_PA_S_KG * mass_flow_kg_s - branches.rise_a0_pa[e], RESISTANCE_CLOSED_PA_S_KG
    else:
        if friction > 0.0:
            number, share = branches.reynolds_per_flow_s_kg[e] * flow, branches.roughness_share[e]
            only_colebrook = branches.is_open[e] == COLEBROOK_ONLY
            if number <= (REYNOLDS_COLEBROOK_FIRST if only_colebrook else REYNOLDS_LAMINAR):
                number_factor = 64.0
                if only_colebrook:
                    number_factor = REYNOLDS_COLEBROOK_FIRST / colebrook_root(REYNOLDS_COLEBROOK_FIRST, share, 0.0) ** 2
                linear = number_factor * friction / branches.reynolds_per_flow_s_kg[e]
                drop = linear * flow + fitting * flow * flow
                slope = linear + 2.0 * fitting * flow
            else:
                if only_colebrook or number >= REYNOLDS_TURBULENT:
                    root[e] = colebrook_root(number, share, root[e])
                    factor = 1.0 / (root[e] * root[e])
                    bend = colebrook_slope(number, share, root[e])
                else:
                    factor = friction_factor(number, share, 1.0)
                    bend = friction_slope(number, share, root[e])
                lost = factor * friction + fitting
                drop = lost * flow * flow
                slope = 2.0 * lost * flow + friction * flow * number * bend
        else:
            straight = _FLOW_LINEAR_SQUARE_LAW_KG_S if branches.is_open[e] == SQUARE_LAW else _FLOW_LINEAR_KG_S
            linear = max(fitting * straight, _SLOPE_MIN_PA_S_KG)
            if fitting * flow > linear or fitting == 0.0:
                drop, slope = fitting * flow * flow, 2.0 * fitting * flow
            else:
                drop, slope = linear * flow, linear
        if mass_flow_kg_s < 0.0:
            drop = -drop
        if branches.rise_a0_pa[e] != 0.0 or branches.rise_a2_pa_s2_kg2[e] != 0.0:
            a1, a2 = branches.rise_a1_pa_s_kg[e], branches.rise_a2_pa_s2_kg2[e]
            drop -= branches.rise_a0_pa[e] + (a1 + a2 * flow) * mass_flow_kg_s
            slope -= a1 + 2.0 * a2 * flow
        slope = max(slope, _SLOPE_MIN_PA_S_KG)
    return drop, slope
