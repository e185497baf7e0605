"""The water in the pipes of the reference stepper: queues of parcels in plain lists, one pipe at a time.

Shares nothing with dhsim.network but `mixed_end_kg` and the documented rules. A pipe is up to three stretches one after
the other, mixed, queued and mixed; each says how its mean outlet follows its mean inlet, and so does their chain.
Temperatures in here are excesses over the surroundings, and water counts with the wall that it wets.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dhsim.model.system import Substation
from dhsim.network.parcels import mixed_end_kg
from dhsim.network.parts import Line

Floats = NDArray[np.float64]
PARCELS_MAX = 32
SAME_K = 1e-9
"""Water of the same temperature as the last that came in belongs to its parcel."""


def mean_of_decay(x: float) -> float:
    """Return the mean of exp(-t) from 0 to x."""
    return -math.expm1(-x) / x if x > 0.0 else 1.0


class Mixed:
    """A stretch of one temperature. It tends to what the inlet would be after plug flow through the same mass."""

    def __init__(self, mass_kg: float, temp_c: float) -> None:
        self.mass_kg, self.temp_c = mass_kg, temp_c

    def response(self, flow: float, cooling_per_s: float, seconds: float, ambient_c: float) -> tuple[float, float]:
        """Return (own, share): the mean outlet is own + share * inlet."""
        mean = mean_of_decay((flow / self.mass_kg + cooling_per_s) * seconds)
        through = math.exp(-cooling_per_s * self.mass_kg / flow) if flow > 0.0 else 0.0
        return mean * (self.temp_c - ambient_c), (1.0 - mean) * through

    def advance(self, flow: float, cooling_per_s: float, seconds: float, ambient_c: float, inlet_k: float) -> None:
        """Let water of an excess flow in for some time."""
        settles_at_k = inlet_k * math.exp(-cooling_per_s * self.mass_kg / flow) if flow > 0.0 else 0.0
        left = math.exp(-(flow / self.mass_kg + cooling_per_s) * seconds)
        self.temp_c = ambient_c + settles_at_k + (self.temp_c - ambient_c - settles_at_k) * left

    def held_kg_k(self, ambient_c: float) -> float:
        """Return mass times excess."""
        return self.mass_kg * (self.temp_c - ambient_c)


class Queue:
    """A stretch where first in is first out: pairs of mass and temperature, the next to leave first.

    Whatever leaves or stays has cooled for as long as the middle of its parcel has been in here since the step began.
    """

    def __init__(self, mass_kg: float, temp_c: float) -> None:
        self.parcels = [(mass_kg, temp_c)]

    def _cut(self, passing_kg: float) -> tuple[list[tuple[float, float]], list[tuple[float, float]], float]:
        """Return the parcels that leave and those that stay while a mass passes, and the mass that leaves."""
        leaving: list[tuple[float, float]] = []
        out_kg = 0.0
        for i, (mass, temp) in enumerate(self.parcels):
            if out_kg + mass > passing_kg:
                part = passing_kg - out_kg
                return [*leaving, (part, temp)], [(mass - part, temp), *self.parcels[i + 1 :]], passing_kg
            leaving.append((mass, temp))
            out_kg += mass
        return leaving, [], out_kg

    def response(self, flow: float, cooling_per_s: float, seconds: float, ambient_c: float) -> tuple[float, float]:
        """Return (own, share): the mean outlet is own + share * inlet."""
        if flow == 0.0:
            return mean_of_decay(cooling_per_s * seconds) * (self.parcels[0][1] - ambient_c), 0.0
        passing_kg = flow * seconds
        leaving, _, out_kg = self._cut(passing_kg)
        heat, before_kg = 0.0, 0.0
        for mass, temp in leaving:
            heat += mass * (temp - ambient_c) * math.exp(-cooling_per_s * (before_kg + mass / 2.0) / flow)
            before_kg += mass
        return heat / passing_kg, (1.0 - out_kg / passing_kg) * math.exp(-cooling_per_s * out_kg / flow)

    def advance(self, flow: float, cooling_per_s: float, seconds: float, ambient_c: float, inlet_k: float) -> None:
        """Let water of an excess flow in for some time."""
        _, staying, in_kg = self._cut(flow * seconds) if flow > 0.0 else ([], self.parcels, 0.0)
        left = math.exp(-cooling_per_s * seconds)
        self.parcels = [(mass, ambient_c + (temp - ambient_c) * left) for mass, temp in staying]
        if in_kg > 0.0:
            self._add(in_kg, ambient_c + inlet_k * math.exp(-cooling_per_s * in_kg / 2.0 / flow))

    def _add(self, mass_kg: float, temp_c: float) -> None:
        if self.parcels and abs(self.parcels[-1][1] - temp_c) <= SAME_K:
            self.parcels[-1] = _together(self.parcels[-1], (mass_kg, temp_c))
            return
        if len(self.parcels) == PARCELS_MAX:
            apart_k = [abs(b[1] - a[1]) for a, b in zip(self.parcels, self.parcels[1:], strict=False)]
            i = apart_k.index(min(apart_k))
            self.parcels[i : i + 2] = [_together(self.parcels[i], self.parcels[i + 1])]
        self.parcels.append((mass_kg, temp_c))

    def held_kg_k(self, ambient_c: float) -> float:
        """Return mass times excess."""
        return sum(mass * (temp - ambient_c) for mass, temp in self.parcels)


def _together(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    mass = one[0] + other[0]
    return mass, (one[0] * one[1] + other[0] * other[1]) / mass


class Water:
    """What is in the pipes of one line; in a tree the flow through a pipe never turns."""

    def __init__(self, line: Line, substation: Substation, temp_c: float) -> None:
        self.cp = substation.heat_capacity_water_j_kgk
        fluid = (substation.density_water_kg_m3, substation.viscosity_water_pa_s, self.cp)
        water_kg_m = substation.density_water_kg_m3 * np.pi * (line.diameter_m / 2.0) ** 2
        mass_kg = line.length_m * (water_kg_m + line.heat_capacity_wall_j_mk / self.cp)
        mixed_kg = mixed_end_kg(line.length_m, line.diameter_m, line.heat_capacity_wall_j_mk, *fluid)
        self.cooling_per_s = (line.u_w_mk * line.length_m / (mass_kg * self.cp)).tolist()
        self.pipes: list[list[Mixed | Queue]] = [
            [Mixed(mixed, temp_c), Queue(whole - 2.0 * mixed, temp_c), Mixed(mixed, temp_c)]
            if mixed > 0.0
            else [Queue(whole, temp_c)]
            for whole, mixed in zip(mass_kg.tolist(), np.atleast_1d(mixed_kg).tolist(), strict=True)
        ]

    def parcels_most(self) -> int:
        """Return the number of parcels in the fullest queue."""
        return max(len(part.parcels) for pipe in self.pipes for part in pipe if isinstance(part, Queue))

    def response(self, flow_kg_s: Floats, ambient_c: Floats, seconds: float) -> tuple[Floats, Floats]:
        """Return (own, share) of every pipe, in degC: its mean outlet is own + share * inlet."""
        result = np.empty((2, flow_kg_s.size))
        for j, (flow, ambient) in enumerate(zip(flow_kg_s.tolist(), ambient_c.tolist(), strict=True)):
            own_k, share = 0.0, 1.0
            for stretch in self.pipes[j]:
                of_stretch_k, of_inlet = stretch.response(flow, self.cooling_per_s[j], seconds, ambient)
                own_k, share = of_stretch_k + of_inlet * own_k, of_inlet * share
            result[:, j] = ambient + own_k - share * ambient, share
        return result[0], result[1]

    def advance(self, flow_kg_s: Floats, inlet_c: Floats, ambient_c: Floats, seconds: float) -> tuple[float, float]:
        """Move the water; return the heat lost, and the rise of what is stored [J].

        What came in and neither went out nor is still there was lost.
        """
        lost_j, rise_j = 0.0, 0.0
        values = (flow_kg_s.tolist(), inlet_c.tolist(), ambient_c.tolist(), self.cooling_per_s, self.pipes)
        for flow, inlet, ambient, cooling, pipe in zip(*values, strict=True):
            before = sum(stretch.held_kg_k(ambient) for stretch in pipe)
            excess_k = inlet - ambient if flow > 0.0 else 0.0
            came = flow * seconds * excess_k
            for stretch in pipe:
                own_k, share = stretch.response(flow, cooling, seconds, ambient)
                stretch.advance(flow, cooling, seconds, ambient, excess_k)
                excess_k = own_k + share * excess_k
            rise = self.cp * (sum(stretch.held_kg_k(ambient) for stretch in pipe) - before)
            rise_j += rise
            lost_j += self.cp * (came - flow * seconds * excess_k) - rise
        return lost_j, rise_j
