"""Plug flow: what a time step makes of a pipe's inlet temperature when the water needs time to come through.

Water moves through a pipe in parcels, each of one temperature, and loses heat by the age of its middle. From inlet to
outlet that adds up to the time it took to come through, so steady flow has the steady outlet, however long the step.
Averaging the decay itself, on entering and again on leaving, would not: it is warmer by ``(k step)^2 / 12``. A parcel
that leaves in two steps, or goes back, is off by up to ``k step / 4`` of its excess in the one and by the opposite in
the other: its ends are of different age.

`plug_transfer` reads the parcels and says how the outlet follows the inlet; `plug_commit` moves them once the inlet is
known. Both write into what they are given only.

The formulas below are in temperatures above the surroundings, E, and in ``k = U L / (c M)``, the rate at which a
pipe's content M, water plus wall, cools.
"""

from __future__ import annotations

import math

import numpy as np

from dhsim.elementwise import compiled
from dhsim.network.parcels import Parcels, add_parcel, place_of
from dhsim.network.parts import Floats, Ints, Line

_SERIES_BELOW = 0.02


@compiled
def plug_transfer(
    line: Line,
    mass_flow_kg_s: Floats,
    temp_ground_c: float,
    temp_air_c: float,
    heat_capacity_j_kgk: float,
    step_s: float,
    parcels: Parcels,
    a: Floats,
    b: Floats,
) -> None:
    """Write what each pipe makes of its inlet temperature in a time step; the parcels stay as they are.

    ``T_out = a + b T_in``: a is what was in the pipe already, b what enters and leaves within the step.

    Parameters
    ----------
    line
        The pipes.
    mass_flow_kg_s
        Flow of each pipe [kg/s].
    temp_ground_c, temp_air_c
        Around buried pipes, and around the others [degC].
    heat_capacity_j_kgk
        Of the water [J/(kg K)].
    step_s
        Length of the step [s].
    parcels
        What is in the pipes at the step's begin.
    a, b
        Written, shape (n_pipe,): of the step's mean outlet temperature; where nothing flows, a is that
        at the pipe's end.
    """
    for j in range(mass_flow_kg_s.size):
        ambient_c = temp_ground_c if line.buried[j] else temp_air_c
        rate = line.u_w_mk[j] * line.length_m[j] / (heat_capacity_j_kgk * parcels.mass_pipe_kg[j])
        mixed_kg = parcels.mass_mixed_kg[j]
        flow = abs(mass_flow_kg_s[j])
        forward = mass_flow_kg_s[j] >= 0.0
        if flow == 0.0:
            place = place_of(parcels.n_parcel[j] - 1, parcels.head[j], parcels.mass_kg.shape[1])
            end_c = parcels.temp_end_c[j] if mixed_kg > 0.0 else parcels.temp_c[j, place]
            a[j] = ambient_c + (end_c - ambient_c) * _mean_kept(rate * step_s)
            b[j] = 0.0
            continue
        passing_kg = flow * step_s
        heat, _, entered_kg, _, _ = _leaving(
            parcels.mass_kg,
            parcels.temp_c,
            parcels.head,
            parcels.n_parcel,
            j,
            forward,
            passing_kg,
            ambient_c,
            rate / flow,
        )
        offset = heat / passing_kg
        factor = 0.0
        if entered_kg < passing_kg:
            factor = (passing_kg - entered_kg) / passing_kg * (1.0 - _gone(rate * entered_kg / flow))
        if mixed_kg > 0.0:
            upstream_c = parcels.temp_start_c[j] if forward else parcels.temp_end_c[j]
            downstream_c = parcels.temp_end_c[j] if forward else parcels.temp_start_c[j]
            kept = math.exp(-rate * mixed_kg / flow)
            own = _mean_kept(passing_kg / mixed_kg + rate * step_s)
            passed = kept * (1.0 - own)
            offset = own * (downstream_c - ambient_c) + passed * (offset + factor * own * (upstream_c - ambient_c))
            factor *= passed * passed
        a[j] = ambient_c + offset - factor * ambient_c
        b[j] = factor


@compiled
def plug_commit(
    line: Line,
    mass_flow_kg_s: Floats,
    temp_inlet_c: Floats,
    temp_ground_c: float,
    temp_air_c: float,
    heat_capacity_j_kgk: float,
    step_s: float,
    parcels: Parcels,
    heat_loss_j: Floats,
    heat_stored_j: Floats,
) -> None:
    """Move the parcels of each pipe by one time step.

    What flows in less what flows out, ``|m| c step (T_in - T_out)`` with the outlet of `plug_transfer`, is the loss and
    the rise of what is stored.

    Parameters
    ----------
    line
        The pipes.
    mass_flow_kg_s
        Flow of each pipe [kg/s].
    temp_inlet_c
        Mean temperature of the step where the water enters, shape (n_pipe,) [degC].
    temp_ground_c, temp_air_c
        Around buried pipes, and around the others [degC].
    heat_capacity_j_kgk
        Of the water [J/(kg K)].
    step_s
        Length of the step [s].
    parcels
        What is in the pipes; written.
    heat_loss_j
        Written, shape (n_pipe,): lost in the step, each parcel's own cooling added up [J].
    heat_stored_j
        Written, shape (n_pipe,): held by water and wall at the step's end, above 0 degC [J]. Where the flow
        is NaN both are, and the parcels stay.
    """
    for j in range(mass_flow_kg_s.size):
        ambient_c = temp_ground_c if line.buried[j] else temp_air_c
        rate = line.u_w_mk[j] * line.length_m[j] / (heat_capacity_j_kgk * parcels.mass_pipe_kg[j])
        flow = abs(mass_flow_kg_s[j])
        if not flow < np.inf:  # a flow that nobody found: the parcels stay, the books do not close
            heat_loss_j[j] = np.nan
            heat_stored_j[j] = np.nan
            continue
        forward = mass_flow_kg_s[j] >= 0.0
        excess_k = temp_inlet_c[j] - ambient_c if flow > 0.0 else 0.0
        mixed_kg = parcels.mass_mixed_kg[j]
        lost = 0.0
        if mixed_kg > 0.0:
            mixed_c = parcels.temp_start_c if forward else parcels.temp_end_c
            excess_k, cooled = _mix_end(mixed_c, j, mixed_kg, flow, step_s, rate, ambient_c, excess_k)
            lost += cooled
        if flow > 0.0:
            excess_k, cooled = _shift(
                parcels.mass_kg, parcels.temp_c, parcels.head, parcels.n_parcel,
                j, forward, flow, step_s, rate, ambient_c, excess_k,
            )  # fmt: skip
        else:
            cooled = _cool(
                parcels.mass_kg, parcels.temp_c, parcels.head[j], parcels.n_parcel[j], j, rate * step_s, ambient_c
            )
        lost += cooled
        if mixed_kg > 0.0:
            mixed_c = parcels.temp_end_c if forward else parcels.temp_start_c
            excess_k, cooled = _mix_end(mixed_c, j, mixed_kg, flow, step_s, rate, ambient_c, excess_k)
            lost += cooled
        held = mixed_kg * (parcels.temp_start_c[j] + parcels.temp_end_c[j])
        for i in range(parcels.n_parcel[j]):
            place = place_of(i, parcels.head[j], parcels.mass_kg.shape[1])
            held += parcels.mass_kg[j, place] * parcels.temp_c[j, place]
        heat_loss_j[j] = heat_capacity_j_kgk * lost
        heat_stored_j[j] = heat_capacity_j_kgk * held


@compiled
def _gone(x: float) -> float:
    """Return ``1 - exp(-x)``, by its series where x is small, as it mostly is here."""
    if x < _SERIES_BELOW:
        return x * (1.0 - x / 2.0 * (1.0 - x / 3.0 * (1.0 - x / 4.0 * (1.0 - x / 5.0 * (1.0 - x / 6.0)))))
    return -math.expm1(-x)


@compiled
def _mean_kept(x: float) -> float:
    """Return the mean of ``exp(-t)`` over t from 0 to x."""
    return _gone(x) / x if x > 0.0 else 1.0


@compiled
def _leaving(
    mass_kg: Floats,
    temp_c: Floats,
    head: Ints,
    n_parcel: Ints,
    pipe: int,
    forward: bool,
    passing_kg: float,
    ambient_c: float,
    rate_per_kg: float,
) -> tuple[float, float, float, int, float]:
    """Return what leaves the parcels of a pipe while a mass passes its outlet.

    A parcel has cooled until its middle leaves. Returned are heat and loss, both above the surroundings and over c
    [kg K], the mass that leaves [kg], which is less than what passes where the parcels end first, how many parcels go
    in whole, and the mass of one more [kg].
    """
    heat, lost, left_kg = 0.0, 0.0, 0.0
    n = n_parcel[pipe]
    for i in range(n):
        place = place_of(n - 1 - i if forward else i, head[pipe], mass_kg.shape[1])
        excess_k = temp_c[pipe, place] - ambient_c
        held_kg = mass_kg[pipe, place]
        taken_kg = min(held_kg, passing_kg - left_kg)
        gone = _gone(rate_per_kg * (left_kg + 0.5 * taken_kg))
        heat += taken_kg * excess_k * (1.0 - gone)
        lost += taken_kg * excess_k * gone
        if taken_kg < held_kg:
            return heat, lost, passing_kg, i, taken_kg
        left_kg += held_kg
    return heat, lost, left_kg, n, 0.0


@compiled
def _shift(
    mass_kg: Floats,
    temp_c: Floats,
    head: Ints,
    n_parcel: Ints,
    pipe: int,
    forward: bool,
    flow: float,
    step_s: float,
    rate: float,
    ambient_c: float,
    excess_k: float,
) -> tuple[float, float]:
    """Let water flow through the parcels of a pipe; return its mean excess where it leaves [K] and the loss [kg K].

    What enters and stays has cooled since its middle entered; what enters and leaves within the step, for as long as
    the parcels take to fill.
    """
    passing_kg = flow * step_s
    heat, lost, entered_kg, n_gone, taken_kg = _leaving(
        mass_kg, temp_c, head, n_parcel, pipe, forward, passing_kg, ambient_c, rate / flow
    )
    if not forward:
        head[pipe] = place_of(n_gone, head[pipe], mass_kg.shape[1])
    n_parcel[pipe] -= n_gone
    if n_parcel[pipe] > 0:
        outlet = place_of(n_parcel[pipe] - 1 if forward else 0, head[pipe], mass_kg.shape[1])
        mass_kg[pipe, outlet] -= taken_kg
        lost += _cool(mass_kg, temp_c, head[pipe], n_parcel[pipe], pipe, rate * step_s, ambient_c)
    through_kg = passing_kg - entered_kg
    cooling = rate * entered_kg / flow
    gone = _gone(0.5 * cooling)
    lost += entered_kg * excess_k * gone
    if entered_kg > 0.0:
        entered_c = ambient_c + excess_k * (1.0 - gone)
        add_parcel(mass_kg, temp_c, head, n_parcel, pipe, forward, entered_kg, entered_c)
    if through_kg > 0.0:
        gone = _gone(cooling)
        heat += through_kg * excess_k * (1.0 - gone)
        lost += through_kg * excess_k * gone
    return heat / passing_kg, lost


@compiled
def _cool(mass_kg: Floats, temp_c: Floats, head: int, count: int, pipe: int, cooling: float, ambient_c: float) -> float:
    """Cool every parcel of a pipe by ``exp(-cooling)``; return the loss over c [kg K]."""
    gone = _gone(cooling)
    lost = 0.0
    for i in range(count):
        place = place_of(i, head, mass_kg.shape[1])
        drop_k = gone * (temp_c[pipe, place] - ambient_c)
        temp_c[pipe, place] -= drop_k
        lost += mass_kg[pipe, place] * drop_k
    return lost


@compiled
def _mix_end(
    mixed_c: Floats,
    pipe: int,
    mixed_kg: float,
    flow: float,
    step_s: float,
    rate: float,
    ambient_c: float,
    excess_k: float,
) -> tuple[float, float]:
    """Let water of a mean excess flow through one mixed end; return its mean excess after it [K] and the loss [kg K].

    The end tends to ``E_in exp(-k M / m)`` at the rate ``m / M + k``. In the limit that is what plug flow through the
    same mass has, so a steady pipe has the steady outlet; a fully mixed one would have ``1 / (1 + k M / m)``.
    """
    limit_k = excess_k * math.exp(-rate * mixed_kg / flow) if flow > 0.0 else 0.0
    passing_kg = flow * step_s
    settled = passing_kg / mixed_kg + rate * step_s
    gone = _gone(settled)
    own = gone / settled if settled > 0.0 else 1.0
    before_k = mixed_c[pipe] - ambient_c - limit_k
    mixed_c[pipe] -= before_k * gone
    lost = passing_kg * (excess_k - limit_k) + before_k * own * mixed_kg * rate * step_s
    return limit_k + before_k * own, lost
