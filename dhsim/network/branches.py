"""The pressure drop of everything that water flows through, and its slope: one law for pipes, valves and pumps.

    dp(m) = (f(Re) F + Z) m |m| - (A0 + A1 m + A2 m^2)

A pipe has F and Z, a valve Z alone, a pump the A's. What is closed is a resistance so large that nothing flows but that
still ties the pressure of what lies behind it to something.
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
    friction_factor,
    friction_slope,
)

RESISTANCE_CLOSED_PA_S_KG = 1e13
"""Of a closed branch: 1 bar drives 0.01 mg/s through it."""
_FLOW_LINEAR_KG_S = 1e-5  # below it a valve's drop is linear, so that its slope never vanishes
_SLOPE_MIN_PA_S_KG = 1e-3


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
    """Return the pressure drop [Pa] of branch e and its slope in the flow [Pa s/kg], which is positive.

    `root` (n_branch,) keeps the inverse root of every friction factor as the start of the next evaluation.
    """
    flow = abs(mass_flow_kg_s)
    friction, fitting = branches.friction_pa_s2_kg2[e], branches.fitting_pa_s2_kg2[e]
    if branches.is_open[e] == 0 or (branches.one_way[e] == 1 and mass_flow_kg_s < 0.0):
        drop, slope = RESISTANCE_CLOSED_PA_S_KG * mass_flow_kg_s - branches.rise_a0_pa[e], RESISTANCE_CLOSED_PA_S_KG
        if branches.is_open[e] == 0:
            drop += branches.rise_a0_pa[e]
    else:
        if friction > 0.0:
            number = branches.reynolds_per_flow_s_kg[e] * flow
            if number <= REYNOLDS_LAMINAR:
                linear = 64.0 * friction / branches.reynolds_per_flow_s_kg[e]
                drop = linear * flow + fitting * flow * flow
                slope = linear + 2.0 * fitting * flow
            else:
                share = branches.roughness_share[e]
                if number >= REYNOLDS_TURBULENT:
                    root[e] = colebrook_root(number, share, root[e])
                    factor = 1.0 / (root[e] * root[e])
                else:
                    factor = friction_factor(number, share, 1.0)
                lost = factor * friction + fitting
                drop = lost * flow * flow
                slope = 2.0 * lost * flow + friction * flow * number * friction_slope(number, share, root[e])
        else:
            bounded = max(flow, _FLOW_LINEAR_KG_S)
            drop = fitting * bounded * flow
            slope = 2.0 * fitting * flow if flow > _FLOW_LINEAR_KG_S else fitting * bounded
        if mass_flow_kg_s < 0.0:
            drop = -drop
        if branches.rise_a0_pa[e] != 0.0 or branches.rise_a2_pa_s2_kg2[e] != 0.0:
            a1, a2 = branches.rise_a1_pa_s_kg[e], branches.rise_a2_pa_s2_kg2[e]
            drop -= branches.rise_a0_pa[e] + (a1 + a2 * flow) * mass_flow_kg_s
            slope -= a1 + 2.0 * a2 * flow
        slope = max(slope, _SLOPE_MIN_PA_S_KG)
    return drop, slope
