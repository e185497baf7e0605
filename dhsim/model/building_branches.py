"""A building's circuit in the terms of the network solver: one branch an edge, in flow of mass."""

from __future__ import annotations

from typing import Literal

import numpy as np

from dhsim.errors import DhsimError
from dhsim.model.building import Building
from dhsim.network.branches import COLEBROOK_ONLY, SQUARE_LAW, Branches
from dhsim.network.parts import Ints

Friction = Literal["colebrook", "laminar_aware"]
COLEBROOK_CONSTANT = 3.72
"""As in eq. (5d) of doi 10.1016/j.enbuild.2025.116464."""
_NAMES_SHOWN = 5


def require_resistances(building: Building) -> None:
    """Refuse a building whose radiators do not all have a resistance.

    Parameters
    ----------
    building
        The circuit.

    Raises
    ------
    DhsimError
        With the names of the first few.
    """
    unknown = building.radiators[np.isnan(building.resistance_pa_s2_m6[building.radiators])]
    if unknown.size:
        shown = ", ".join(building.edge_ids[e] for e in unknown[:_NAMES_SHOWN])
        raise DhsimError(f"{unknown.size} radiators have no resistance ({shown}): fit them to the protocol first")


def building_branches(
    building: Building,
    friction: Friction = "colebrook",
    edges: Ints | None = None,
    *,
    square_law: bool = False,
) -> Branches:
    """Return a building's edges as branches of the network solver.

    Parameters
    ----------
    building
        The circuit.
    friction
        "colebrook": eq. (5d) of the paper, laminar or not, down to Re 20; "laminar_aware": 64/Re below 2300, Colebrook
        above 4000.
    edges
        Which edges; all if left out.
    square_law
        Whether fixed resistances go with the flow's square down to next to no flow, as valves all but closed need it;
        otherwise in line below a hundredth of a gram a second, which is easier to solve while heads move.

    Returns
    -------
    Branches
        In the order of the edges, in flow of mass.

    Raises
    ------
    DhsimError
        For another word of friction.
    """
    if friction not in ("colebrook", "laminar_aware"):
        raise DhsimError(f"unknown friction {friction!r}: colebrook or laminar_aware")
    chosen = np.arange(building.kind.size) if edges is None else edges
    fluid, pipe = building.fluid, building.frictional[chosen]
    diameter = np.where(pipe, building.diameter_m[chosen], 1.0)
    area_m2 = 0.25 * np.pi * diameter**2
    length = np.where(pipe, building.length_m[chosen], 0.0)
    roughness = np.where(pipe, building.roughness_m[chosen], 0.0)
    fixed = np.where(pipe, 0.0, building.resistance_pa_s2_m6[chosen])
    open_pipe = COLEBROOK_ONLY if friction == "colebrook" else 1
    zeros, none = np.zeros(chosen.size), np.zeros(chosen.size, dtype=np.int64)
    return Branches(
        node_start=building.upstream[chosen],
        node_end=building.downstream[chosen],
        reynolds_per_flow_s_kg=np.where(pipe, 4.0 / (np.pi * diameter * fluid.viscosity_pa_s), 0.0),
        roughness_share=roughness / diameter / COLEBROOK_CONSTANT,
        friction_pa_s2_kg2=length / diameter / (2.0 * fluid.density_kg_m3 * area_m2**2),
        fitting_pa_s2_kg2=fixed / fluid.density_kg_m3**2,
        rise_a0_pa=zeros,
        rise_a1_pa_s_kg=zeros,
        rise_a2_pa_s2_kg2=zeros,
        one_way=none,
        is_open=np.where(pipe, open_pipe, SQUARE_LAW if square_law else open_pipe),
    )
