"""The Pareto front (35): valve settings between what a rebalancing may gain and what it may risk."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from dhsim.balancing.continuation import ZETA_LEAST, exactly, followed
from dhsim.balancing.hydraulics import make_circuit, solve_flows
from dhsim.balancing.lifted import Thermal, casadi_module, lifted
from dhsim.balancing.performance import Performance, performance
from dhsim.balancing.present import present_of
from dhsim.balancing.search import UNCHANGED, Candidate, Search, aggregate
from dhsim.balancing.selection import at_levels, few_valves
from dhsim.errors import DhsimError
from dhsim.model.building import Building
from dhsim.network.parts import Floats, Ints

ZETA_MAX = 0.95
"""Beyond it the independent alphas are exploited: the true angle gets worse than doing nothing."""


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
    """Compromises by rising weight of the best case."""

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
    free_valves: Sequence[int] | Sequence[str] | Ints | None = None,
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
        Weights from 0 to 0.95; 21 of them if left out.
    free_valves
        Valves that may be turned: numbers in the order of `Building.valves` or names; all if left out.
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
        Points with exact L_bc, L_wc and angles. At zeta = 0 it is the limit from above.

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
    what is found is seldom, but sometimes, not the best. The same call gives the same points.
    Source: eq. (35) of doi 10.1016/j.enbuild.2025.116464, which lost ``zeta L_bc`` in print.
    """
    casadi_module()
    weights = _weights(zetas)
    search = _search(building, theta_per_s, nu_per_s, free_valves, total_flow_tolerance_rel, quantile)
    if max_changed is not None and max_changed < 1:
        raise DhsimError(f"max_changed {max_changed}: at least one valve must be free to turn")
    found = followed(search, weights, effort)
    if max_changed is not None and max_changed < search.free.size:
        found = few_valves(search, found, max_changed)
    if search.exact and quantile is None:
        found = exactly(search, found, max_changed)
    points = [point_of(search, found[max(zeta, ZETA_LEAST)], zeta) for zeta in weights]
    return ParetoFront(building, tuple(points), search)


def _weights(zetas: ArrayLike | None) -> list[float]:
    given = np.linspace(0.0, ZETA_MAX, 21) if zetas is None else np.atleast_1d(np.asarray(zetas, np.float64))
    if not given.size or not ((given >= 0.0) & (given <= 1.0)).all():
        raise DhsimError("zetas: give weights from 0 to 1")
    beyond = np.unique(given[given > ZETA_MAX + 1e-9])
    if beyond.size:
        warnings.warn(
            f"weights beyond {ZETA_MAX} exploit the independence of the zones' best cases and make the true angle "
            f"worse: {', '.join(f'{zeta:g}' for zeta in beyond)} left out",
            UserWarning,
            stacklevel=3,
        )
    kept = np.unique(given[given <= ZETA_MAX + 1e-9])
    if not kept.size:
        raise DhsimError(f"zetas: none is at or below {ZETA_MAX}")
    return [float(zeta) for zeta in kept]


def _search(
    building: Building,
    theta_per_s: ArrayLike,
    nu_per_s: ArrayLike,
    free_valves: Sequence[int] | Sequence[str] | Ints | None,
    tolerance_rel: float | None,
    quantile: float | None,
) -> Search:
    theta, nu = (np.atleast_2d(np.asarray(side, np.float64)) for side in (theta_per_s, nu_per_s))
    if theta.shape != nu.shape or theta.shape[1] != building.n_zone:
        raise DhsimError(
            f"theta and nu need one value for each of {building.n_zone} zones, in one row or one a sample: "
            f"got shapes {np.shape(theta_per_s)} and {np.shape(nu_per_s)}"
        )
    for name, values in (("theta", theta), ("nu", nu)):
        if not ((values > 0.0) & np.isfinite(values)).all():
            zone = int(np.flatnonzero(~((values > 0.0) & np.isfinite(values)).all(axis=0))[0])
            raise DhsimError(
                f"{name} of {building.zone_ids[zone]} is not positive: leave the zone out or identify again"
            )
    if tolerance_rel is not None and not tolerance_rel >= 0.0:
        raise DhsimError(f"total_flow_tolerance_rel {tolerance_rel:g} must not be negative")
    if quantile is not None and not 0.0 <= quantile < 1.0:
        raise DhsimError(f"quantile {quantile:g} must lie from 0 to below 1")
    free = _free(building, free_valves)
    circuit = make_circuit(building)
    present = solve_flows(circuit)
    thermal = Thermal(theta, nu)
    model = lifted(present_of(circuit, present, free), thermal, tolerance_rel, quantile)
    return Search(circuit, present, thermal, free, model, tolerance_rel)


def _free(building: Building, given: Sequence[int] | Sequence[str] | Ints | None) -> Ints:
    """Return the numbers of the valves that may be turned, each once."""
    count, ids = building.valves.size, building.valve_ids
    if given is None:
        free = list(range(count))
    else:
        unknown = [v for v in given if (v not in ids if isinstance(v, str) else not 0 <= int(v) < count)]
        if unknown:
            raise DhsimError(f"unknown valves {', '.join(map(str, unknown[:5]))}: the building has {count}")
        free = sorted({ids.index(v) if isinstance(v, str) else int(v) for v in given})
    edges = building.valves[free]
    turnable = building.resistance_max_pa_s2_m6[edges] > building.resistance_min_pa_s2_m6[edges]
    if not turnable.any():
        raise DhsimError("no valve may be turned: give ranges, or other free_valves")
    return np.array(free, dtype=np.int64)[turnable]


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
    front: ParetoFront, point: ParetoPoint, levels_pa_s2_m6: ArrayLike | Mapping[int, ArrayLike]
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
        Resistances that can be set, the same for all valves, or for each valve by its number; valves without levels
        stay as they are in the point. The present setting is always one of them [Pa s2/m6].

    Returns
    -------
    ParetoPoint
        With exact bounds.

    Raises
    ------
    DhsimError
        If levels are not positive, or the rounded settings cannot keep the total flow.
    """
    search = front.search
    by_valve = levels_pa_s2_m6 if isinstance(levels_pa_s2_m6, Mapping) else dict.fromkeys(
        range(front.building.valves.size), levels_pa_s2_m6
    )  # fmt: skip
    building, levels = front.building, {}
    for i, v in enumerate(search.free.tolist()):
        if v not in by_valve:
            continue
        values = np.atleast_1d(np.asarray(by_valve[v], np.float64))
        if not values.size or not ((values > 0.0) & np.isfinite(values)).all():
            raise DhsimError(f"levels of {building.valve_ids[v]} must be positive resistances")
        steps = np.log(values / building.resistance_valves_pa_s2_m6[v])
        inside = steps[(steps >= search.low[i] - 1e-9) & (steps <= search.high[i] + 1e-9)]
        levels[i] = np.unique(np.append(inside, 0.0))
    zeta = max(point.zeta, ZETA_LEAST)
    present = building.resistance_valves_pa_s2_m6[search.free]
    start = search.evaluate(np.log(point.resistance_valves_pa_s2_m6[search.free] / present))
    return point_of(search, at_levels(search, start, zeta, levels), point.zeta)
