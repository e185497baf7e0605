"""The Pareto front (35): valve settings between what a rebalancing may gain and what it may risk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dhsim.balancing.continuation import ZETA_LEAST, exactly, followed
from dhsim.balancing.lifted import casadi_module, lifted
from dhsim.balancing.pareto_arguments import ZETA_MAX as ZETA_MAX
from dhsim.balancing.pareto_arguments import coefficients_of, free_of, levels_of, limits_of, weights_of
from dhsim.balancing.performance import Performance, performance
from dhsim.balancing.present import present_of
from dhsim.balancing.search import UNCHANGED, Candidate, Search, aggregate
from dhsim.balancing.selection import at_levels, few_valves
from dhsim.model.building import Building
from dhsim.model.building_hydraulics import make_circuit, solve_flows
from dhsim.network.parts import Floats, Ints

Valves = Sequence[int] | Sequence[str] | Sequence[bool] | Ints | NDArray[np.bool_] | int | str
"""Some valves: numbers in the order of `Building.valves`, names, or a mask over all of them."""


@dataclass(frozen=True, eq=False)
class ParetoPoint:
    """One compromise; arrays."""

    zeta: float
    """Weight of the best case."""
    resistance_valves_pa_s2_m6: Floats
    """New setting of each valve, in the order of `Building.valves`."""
    changed: Ints
    """Which of them differ from the present ones."""
    flow_zone_m3_s: Floats
    flow_ratio_rel: Floats
    """New over present flow of each zone."""
    flow_total_rel: float
    """New over present total flow."""
    objective_rel: float
    """F over the square of theta; over samples their mean or tail."""
    performances: tuple[Performance, ...]
    """Exact bounds, one a sample."""

    @property
    def performance(self) -> Performance:
        """The bounds of the only, or first, sample."""
        return self.performances[0]

    @property
    def objective_per_s2(self) -> float:
        """F = zeta L_bc + (1 - zeta) L_wc of the only, or first, sample."""
        first = self.performances[0]
        return self.zeta * first.proxy_best_per_s2 + (1.0 - self.zeta) * first.proxy_worst_per_s2


@dataclass(frozen=True, eq=False)
class ParetoFront:
    """Compromises, one for each weight of the best case in the order asked."""

    building: Building
    points: tuple[ParetoPoint, ...]
    search: Search = field(repr=False)
    """For rounding and further questions."""

    @property
    def zetas(self) -> Floats:
        """Weights, shape (n_point,)."""
        return np.array([point.zeta for point in self.points])

    @property
    def objectives_rel(self) -> Floats:
        """F over the square of theta, shape (n_point,)."""
        return np.array([point.objective_rel for point in self.points])

    @property
    def angles_rad(self) -> Floats:
        """Best-case and worst-case angle of the first sample, shape (n_point, 2)."""
        return np.array([[p.performance.angle_best_rad, p.performance.angle_worst_rad] for p in self.points])


def pareto(
    building: Building,
    theta_per_s: ArrayLike,
    nu_per_s: ArrayLike,
    zetas: ArrayLike | None = None,
    free_valves: Valves | None = None,
    *,
    max_changed: int | None = None,
    total_flow_tolerance_rel: float | None = None,
    quantile: float | None = None,
    effort: float = 1.0,
) -> ParetoFront:
    """Return the best valve settings for each weight zeta of the best case, eq. (35).

    ``min zeta L_bc + (1 - zeta) L_wc`` over the settings, subject to the circuit's hydraulics

    Parameters
    ----------
    building
        As it stands, with the resistances of its radiators.
    theta_per_s, nu_per_s
        Thermal leakage and heat supply of each zone at the present flows; or samples of them, one a row [1/s].
    zetas
        Weights from 0 to 0.95 in any order; 21 of them if left out.
    free_valves
        Valves that may be turned: numbers in the order of `Building.valves`, names, or a mask (booleans) over all;
        all if left out.
    max_changed
        At most so many valves are turned.
    total_flow_tolerance_rel
        By how much the total flow may change [-]; at will if left out.
    quantile
        With samples: the mean of F over the worst share 1 - quantile takes the place of the mean over all.
    effort
        Factor on the number of kicks that look for better valleys; 0 follows the continuation alone.

    Returns
    -------
    ParetoFront
        One point for each weight in the order asked, with exact L_bc, L_wc and angles. At zeta = 0 it is the limit from
        above.

    Raises
    ------
    DhsimError
        If an argument does not fit the building.
    MissingExtraError
        Without CasADi.
    ConvergenceError
        If no weighting could be solved.

    Warns
    -----
    UserWarning
        Where weights beyond 0.95 are left out.

    Notes
    -----
    The worst case is optimised by its bound U (`relaxed_worst_case`), for up to 30 zones itself as well, and reported
    exactly. Friction is Colebrook's at every Reynolds number. From about zeta = 0.55 on there are many local optima:
    what is found is seldom, but sometimes, not the best. Where few weights are asked, each gets more kicks. The same
    call gives the same points.
    Source: eq. (35) of doi 10.1016/j.enbuild.2025.116464, which lost ``zeta L_bc`` in print.
    """
    casadi_module()
    weights = weights_of(zetas)
    thermal = coefficients_of(building, theta_per_s, nu_per_s)
    count, tolerance_rel, quantile, effort = limits_of(max_changed, total_flow_tolerance_rel, quantile, effort)
    free = free_of(building, free_valves)
    circuit = make_circuit(building)
    present = solve_flows(circuit)
    model = lifted(present_of(circuit, present, free), thermal, tolerance_rel, quantile)
    search = Search(circuit, present, thermal, free, model, tolerance_rel)
    found = followed(search, weights, effort)
    if count is not None and count < free.size:
        found = few_valves(search, found, count)
    if search.exact and quantile is None:
        found = exactly(search, found, count, effort)
    points = {zeta: point_of(search, found[max(zeta, ZETA_LEAST)], zeta) for zeta in sorted(set(weights))}
    return ParetoFront(building, tuple(points[zeta] for zeta in weights), search)


def point_of(search: Search, candidate: Candidate, zeta: float) -> ParetoPoint:
    """Return a candidate as a point of the front, with its exact bounds."""
    ratio = candidate.flow.flow_zone_m3_s / search.present.flow_zone_m3_s
    exact = tuple(performance(theta, nu, ratio) for theta, nu in zip(*search.thermal, strict=True))
    ends = np.array([[bound.proxy_best_per_s2, bound.proxy_worst_per_s2] for bound in exact])
    each = (ends @ [zeta, 1.0 - zeta]) / (search.thermal.theta_per_s**2).sum(axis=1)
    return ParetoPoint(
        zeta=zeta,
        resistance_valves_pa_s2_m6=search.settings(candidate.log_setting),
        changed=search.free[np.abs(candidate.log_setting) >= UNCHANGED],
        flow_zone_m3_s=candidate.flow.flow_zone_m3_s,
        flow_ratio_rel=ratio,
        flow_total_rel=candidate.flow.flow_total_m3_s / search.present.flow_total_m3_s,
        objective_rel=aggregate(each, search.model.quantile),
        performances=exact,
    )


def rounded(
    front: ParetoFront,
    point: ParetoPoint,
    levels_pa_s2_m6: ArrayLike | Mapping[int, ArrayLike] | Mapping[str, ArrayLike],
) -> ParetoPoint:
    """Return a point whose changed valves stand at settings that can be made: turns of a handwheel or presets.

    Valve after valve is put to a level next to it, the nearest first, and the rest solved anew; then single valves are
    moved by a level as long as that helps.

    Parameters
    ----------
    front
        That the point belongs to.
    point
        What to round.
    levels_pa_s2_m6
        Resistances that can be set, the same for all valves, or for each valve by its number or name; valves without
        levels stay as they are in the point. The present setting is always one of them [Pa s2/m6].

    Returns
    -------
    ParetoPoint
        With exact bounds.

    Raises
    ------
    DhsimError
        If levels are not positive or belong to no valve. ConvergenceError if the total flow cannot be kept, since
        valves without levels are turned.
    """
    search = front.search
    building, levels = front.building, {}
    by_valve = levels_of(building, levels_pa_s2_m6)
    for i, v in enumerate(search.free.tolist()):
        if v in by_valve:
            steps = np.log(by_valve[v] / building.resistance_valves_pa_s2_m6[v])
            inside = steps[(steps >= search.low[i] - 1e-9) & (steps <= search.high[i] + 1e-9)]
            levels[i] = np.unique(np.append(inside, 0.0))
    zeta = max(point.zeta, ZETA_LEAST)
    present = building.resistance_valves_pa_s2_m6[search.free]
    start = search.evaluate(np.log(point.resistance_valves_pa_s2_m6[search.free] / present))
    return point_of(search, at_levels(search, start, zeta, levels), point.zeta)
