"""Solutions of the Pareto problem at one weighting: solved, evaluated at exact flows, kicked out of poor valleys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dhsim.balancing.bounds import best_case, relaxed_worst_case, supply_box, worst_case
from dhsim.balancing.lifted import Found, Lifted, Thermal, run, start_at
from dhsim.errors import DhsimError
from dhsim.model.building_hydraulics import BuildingFlow, Circuit, solve_flows
from dhsim.network.parts import Floats, Ints

KICK_SHARES = (0.1, 0.3, 1.0)
"""Of the valves that a kick moves, in turns: a few, more, or all, so that another valley is likely."""
KICK_SD = 1.0
"""Of log k, by how much."""
ZONES_EXACT = 30
"""Number of zones up to which the worst case takes the place of its bound when candidates are compared."""
UNCHANGED = 1e-6
"""Change of log k that is none."""
_TOTAL_SLACK = 1e-7


class Candidate(NamedTuple):
    """Settings with their bounds at exact flows: the best case exactly, the worst case too or by its upper bound U."""

    log_setting: Floats
    """(n_free,): log(k/k0) of the free valves"""
    flow: BuildingFlow
    best_rel: Floats
    """(n_sample,): L_bc over the square of theta"""
    worst_rel: Floats
    """(n_sample,): L_wc, or U, over the square of theta"""
    found: Found | None
    """What the solver had; None for settings that were only evaluated"""


@dataclass(frozen=True, eq=False)
class Search:
    """A building and its coefficients, ready to be searched."""

    circuit: Circuit
    present: BuildingFlow
    thermal: Thermal
    free: Ints
    model: Lifted
    total_flow_tolerance_rel: float | None

    @property
    def exact(self) -> bool:
        """Whether candidates are judged by the worst case itself: for few zones, where its bound U lies off."""
        return bool(self.thermal.theta_per_s.shape[1] <= ZONES_EXACT)

    @property
    def low(self) -> Floats:
        """Smallest log(k/k0) of each free valve."""
        return self.model.rows.low[: self.free.size]

    @property
    def high(self) -> Floats:
        """Largest log(k/k0) of each free valve."""
        return self.model.rows.high[: self.free.size]

    def settings(self, log_setting: Floats) -> Floats:
        """Return the resistances of all valves [Pa s2/m6]."""
        building = self.circuit.building
        resistance = building.resistance_valves_pa_s2_m6.copy()
        ends = building.resistance_min_pa_s2_m6[building.valves], building.resistance_max_pa_s2_m6[building.valves]
        resistance[self.free] *= np.exp(log_setting)
        resistance[self.free] = np.clip(resistance, *ends)[self.free]
        return resistance

    def evaluate(self, log_setting: Floats, found: Found | None = None) -> Candidate:
        """Return the bounds of settings at their exact flows."""
        clipped = np.clip(log_setting, self.low, self.high)
        clipped = np.where(np.abs(clipped) < UNCHANGED, 0.0, clipped)
        flow = solve_flows(self.circuit, self.settings(clipped))
        ratio = np.maximum(flow.flow_zone_m3_s / self.present.flow_zone_m3_s, 0.0)
        best, worst = [], []
        bound = worst_case if self.exact else relaxed_worst_case
        for theta, nu in zip(*self.thermal, strict=True):
            box, square = supply_box(nu, ratio), float(theta @ theta)
            best.append(best_case(theta, box).proxy_per_s2 / square)
            worst.append(bound(theta, box).proxy_per_s2 / square)
        return Candidate(clipped, flow, np.array(best), np.array(worst), found)

    def objective_rel(self, candidate: Candidate, zeta: float) -> float:
        """Return F/|theta|^2, eq. (35), its mean or its upper tail over the samples; infinite where not allowed."""
        tolerance = self.total_flow_tolerance_rel
        if tolerance is not None:
            off = abs(candidate.flow.flow_total_m3_s / self.present.flow_total_m3_s - 1.0)
            if off > tolerance + _TOTAL_SLACK:
                return np.inf
        each = zeta * candidate.best_rel + (1.0 - zeta) * candidate.worst_rel
        return aggregate(each, self.model.quantile)

    def cold(self, zeta: float) -> Candidate | None:
        """Return the solution from the present settings, or None where the solver failed."""
        x = start_at(self.model, self.present, np.zeros(self.free.size), zeta)
        return self._checked(run(self.model, self.model.cold, zeta, x))

    def along(self, candidate: Candidate, zeta: float) -> Candidate | None:
        """Return the solution at another weighting, or after other valves were held, from a solution nearby."""
        if candidate.found is None:
            return self.polished(candidate, zeta)
        return self._checked(run(self.model, self.model.warm, zeta, candidate.found.x, candidate.found))

    def polished(self, candidate: Candidate, zeta: float, held: Ints | None = None, level: Floats | None = None
                 ) -> Candidate | None:  # fmt: skip
        """Return the solution nearest to settings; valves in `held` (of the free ones) stay at `level`."""
        x = start_at(self.model, candidate.flow, candidate.log_setting, zeta)
        return self._checked(run(self.model, self.model.kick, zeta, x, held=held, held_at=level))

    def moved(
        self,
        candidate: Candidate,
        random: np.random.Generator,
        share: float = KICK_SHARES[0],
        *,
        anywhere: bool = False,
        only_changed: bool = False,
    ) -> Candidate | None:
        """Return settings of which some were moved at random, or put anywhere they can be; None without flows."""
        n = self.free.size
        some = random.random(n) < max(share, min(1.0, 2.0 / n))
        if only_changed:
            some &= np.abs(candidate.log_setting) >= UNCHANGED
        target = candidate.log_setting + KICK_SD * random.standard_normal(n)
        if anywhere:
            target = random.uniform(self.low, self.high)
        try:
            return self.evaluate(np.where(some, target, candidate.log_setting))
        except DhsimError:
            return None

    def kicked(
        self,
        candidate: Candidate,
        zeta: float,
        random: np.random.Generator,
        share: float = KICK_SHARES[0],
        *,
        anywhere: bool = False,
    ) -> Candidate | None:
        """Return the solution that is reached after some valves were moved at random."""
        start = self.moved(candidate, random, share, anywhere=anywhere)
        return None if start is None else self.polished(start, zeta)

    def _checked(self, found: Found) -> Candidate | None:
        if not found.converged:
            return None
        try:
            return self.evaluate(found.x[: self.free.size], found)
        except DhsimError:
            return None


def aggregate(each: Floats, quantile: float | None) -> float:
    """Return the mean, or the mean of the worst share 1 - quantile (the tail that an average can bound)."""
    if quantile is None:
        return float(each.mean())
    level = np.quantile(each, quantile, method="inverted_cdf")
    return float(level + np.maximum(each - level, 0.0).sum() / (each.size * (1.0 - quantile)))
