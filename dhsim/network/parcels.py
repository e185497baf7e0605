"""What is in the pipes between two time steps: parcels of water, and water mixed with wall at both ends.

The wall takes heat from the water that passes and gives it back. In the mean that delays a front as if the pipe held
``C_wall / c`` more water, so every mass here is water plus wall, counted as water. Between water and wall stands
a film, which flattens the front as well: that is what the mixed ends are for (`mixed_end_kg`).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from dhsim.elementwise import compiled, elementwise
from dhsim.network.parts import Floats, Fluid, Ints, Line

MERGED_WITHIN_K = 1e-9
"""A parcel this close to the one before it becomes a part of it."""
VELOCITY_FILM_M_S = 1.0
"""Where the film's coefficient is taken, as the flow's is not known yet; the mixed mass goes with its power of 0.1."""
CONDUCTIVITY_WATER_W_MK = 0.65
"""Between 0.63 at 40 and 0.68 at 100 degC (IAPWS R15-11)."""
MIXED_SHARE_MAX = 0.25
"""Of a pipe's whole content, at each end: at least half of a pipe stays plug flow, however short it is."""


class Parcels(NamedTuple):
    """The content of the pipes of one line; every mass is water plus wall, and the pipes are always full.

    Parcel i of pipe j, counted from the pipe's start, stands at place ``(head[j] + i) % capacity``.
    """

    mass_kg: Floats
    """(n_pipe, capacity)"""
    temp_c: Floats
    """(n_pipe, capacity)"""
    head: Ints
    """(n_pipe,): place of the parcel next to the pipe's start"""
    n_parcel: Ints
    """(n_pipe,): parcels in use, at least one"""
    mass_mixed_kg: Floats
    """(n_pipe,): fully mixed, at each end; 0 for a wall without heat capacity"""
    temp_start_c: Floats
    """(n_pipe,): of what is mixed at the start"""
    temp_end_c: Floats
    """(n_pipe,): of what is mixed at the end"""
    mass_pipe_kg: Floats
    """(n_pipe,): parcels and both ends"""


@elementwise
def mixed_end_kg(
    length_m: float,
    diameter_m: float,
    heat_capacity_wall_j_mk: float,
    density_kg_m3: float,
    viscosity_pa_s: float,
    heat_capacity_j_kgk: float,
) -> float:
    """Return the mass to mix at each end of a pipe, so that a front flattens as the film between water and wall has it.

    ``M_mix = M_wall / sqrt(N)`` with ``M_wall = L C / c``, ``N = 4 St L / d`` and ``St = 0.023 Re^-0.2 Pr^(-2/3)``

    Water that meets the wall N times on its way, at random, and stays ``t_wall / N`` in the mean each time, is late by
    t_wall with a variance of ``2 t_wall^2 / N``. Two mixed ends of ``M_mix / m`` each have a variance of
    ``2 (M_mix / m)^2``; the delay itself is that of the whole mass, however it is divided.

    Parameters
    ----------
    length_m
        Length L [m].
    diameter_m
        Inner diameter d [m].
    heat_capacity_wall_j_mk
        Heat capacity of one metre of wall C [J/(m K)].
    density_kg_m3
        Density of the water [kg/m3].
    viscosity_pa_s
        Its dynamic viscosity [Pa s].
    heat_capacity_j_kgk
        Its heat capacity c [J/(kg K)].

    Returns
    -------
    float
        Mass of water plus wall [kg], at most a quarter of the pipe's.

    Notes
    -----
    Valid for turbulent flow; at 1 m/s, and within 15 % from 0.3 to 4 m/s.
    Source: heat transfer of Colburn, Trans. AIChE 29 (1933); delay and variance of a transit with random stops of
    Giddings and Eyring, J. Phys. Chem. 59 (1955), which solves plug flow along a wall exactly.

    Examples
    --------
    >>> round(float(mixed_end_kg(39.0, 0.05248, 2765.0, 990.0, 6e-4, 4185.0)), 2)
    15.24
    """
    mass_wall_kg = length_m * heat_capacity_wall_j_mk / heat_capacity_j_kgk
    mass_pipe_kg = mass_wall_kg + length_m * density_kg_m3 * math.pi * diameter_m * diameter_m / 4.0
    reynolds = density_kg_m3 * VELOCITY_FILM_M_S * diameter_m / viscosity_pa_s
    prandtl = viscosity_pa_s * heat_capacity_j_kgk / CONDUCTIVITY_WATER_W_MK
    stanton = 0.023 * reynolds**-0.2 * prandtl ** (-2.0 / 3.0)
    transfer_units = 4.0 * stanton * length_m / diameter_m
    return min(mass_wall_kg / math.sqrt(transfer_units), MIXED_SHARE_MAX * mass_pipe_kg)


def full_pipes(line: Line, fluid: Fluid, temp_c: float | Floats, capacity: int = 64) -> Parcels:
    """Return pipes filled with water of one temperature, or of one a pipe.

    Parameters
    ----------
    line
        The pipes.
    fluid
        The water; its heat capacity has to be the one that transfers are asked for with.
    temp_c
        Temperature of all, or of each of the pipes [degC].
    capacity
        Parcels that a pipe can hold.

    Returns
    -------
    Parcels
        Arrays that `plug_commit` will write into.

    Raises
    ------
    ValueError
        Where a pipe would have no content, or no room for two parcels.
    """
    n_pipe = line.length_m.size
    if capacity < 2:
        raise ValueError(f"capacity: a pipe needs room for at least 2 parcels (got {capacity})")
    water_kg_m = fluid.density_kg_m3 * np.pi * line.diameter_m**2 / 4.0
    mass_pipe_kg = line.length_m * (water_kg_m + line.heat_capacity_wall_j_mk / fluid.heat_capacity_j_kgk)
    if not np.all((mass_pipe_kg > 0.0) & np.isfinite(mass_pipe_kg)):
        raise ValueError(f"pipes without content: number {np.flatnonzero(~(mass_pipe_kg > 0.0)).tolist()}")
    mixed_kg = np.asarray(mixed_end_kg(line.length_m, line.diameter_m, line.heat_capacity_wall_j_mk, *fluid))
    temp_pipe_c = np.broadcast_to(np.asarray(temp_c, dtype=np.float64), n_pipe)
    parcels = Parcels(
        mass_kg=np.zeros((n_pipe, capacity)),
        temp_c=np.zeros((n_pipe, capacity)),
        head=np.zeros(n_pipe, dtype=np.int64),
        n_parcel=np.ones(n_pipe, dtype=np.int64),
        mass_mixed_kg=mixed_kg,
        temp_start_c=temp_pipe_c.copy(),
        temp_end_c=temp_pipe_c.copy(),
        mass_pipe_kg=mass_pipe_kg,
    )
    parcels.mass_kg[:, 0] = mass_pipe_kg - 2.0 * mixed_kg
    parcels.temp_c[:, 0] = temp_pipe_c
    return parcels


@compiled
def place_of(i: int, head: int, capacity: int) -> int:
    """Return where parcel i from the pipe's start stands in the ring; i may be -1."""
    place = head + i
    if place >= capacity:
        return place - capacity
    return place + capacity if place < 0 else place


@compiled
def merge_nearest(mass_kg: Floats, temp_c: Floats, head: Ints, n_parcel: Ints, pipe: int) -> None:
    """Make one of the two neighbouring parcels of a pipe whose temperatures are nearest; mass and heat stay."""
    capacity = mass_kg.shape[1]
    best, least_k = 0, np.inf
    here = head[pipe]
    for i in range(n_parcel[pipe] - 1):
        after = here + 1 if here + 1 < capacity else 0
        apart_k = abs(temp_c[pipe, after] - temp_c[pipe, here])
        if apart_k < least_k:
            best, least_k = i, apart_k
        here = after
    here = place_of(best, head[pipe], capacity)
    after = place_of(best + 1, head[pipe], capacity)
    _pour(mass_kg, temp_c, pipe, after, mass_kg[pipe, here], temp_c[pipe, here])
    for i in range(best, 0, -1):
        to = place_of(i, head[pipe], capacity)
        source = place_of(i - 1, head[pipe], capacity)
        mass_kg[pipe, to] = mass_kg[pipe, source]
        temp_c[pipe, to] = temp_c[pipe, source]
    head[pipe] = place_of(1, head[pipe], capacity)
    n_parcel[pipe] -= 1


@compiled
def add_parcel(
    mass_kg: Floats,
    temp_c: Floats,
    head: Ints,
    n_parcel: Ints,
    pipe: int,
    at_start: bool,
    added_kg: float,
    added_c: float,
) -> None:
    """Put a parcel in at one end of a pipe, or into the parcel there where it has the same temperature."""
    capacity = mass_kg.shape[1]
    if n_parcel[pipe] > 0:
        outermost = place_of(0 if at_start else n_parcel[pipe] - 1, head[pipe], capacity)
        if abs(temp_c[pipe, outermost] - added_c) <= MERGED_WITHIN_K:
            _pour(mass_kg, temp_c, pipe, outermost, added_kg, added_c)
            return
    if n_parcel[pipe] == capacity:
        merge_nearest(mass_kg, temp_c, head, n_parcel, pipe)
    if at_start:
        head[pipe] = place_of(-1, head[pipe], capacity)
        place = head[pipe]
    else:
        place = place_of(n_parcel[pipe], head[pipe], capacity)
    n_parcel[pipe] += 1
    mass_kg[pipe, place] = added_kg
    temp_c[pipe, place] = added_c


@compiled
def _pour(mass_kg: Floats, temp_c: Floats, pipe: int, place: int, added_kg: float, added_c: float) -> None:
    """Mix water into a parcel."""
    total_kg = mass_kg[pipe, place] + added_kg
    if total_kg > 0.0:
        temp_c[pipe, place] += (added_c - temp_c[pipe, place]) * (added_kg / total_kg)
    mass_kg[pipe, place] = total_kg
