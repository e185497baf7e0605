"""What a change of flows is expected to do: angle and temperature spread before and after, as honest intervals.

Two uncertainties are told apart. How a zone's heat supply follows its flow is only known to lie in a box, that of eq.
(27) or one made of the zone's radiators; the best and the worst case over it are exact. What the zones' leakage and
heat supply are now is known as well as the fit knows it; its draws widen the range. Between them stands what a radiator
of usual size would do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dhsim.balancing.bounds import Box, best_case, worst_case
from dhsim.balancing.performance import angles_rad, performance
from dhsim.balancing.posterior import LEVEL, Posterior, positive_draws
from dhsim.balancing.prior import NtuPrior
from dhsim.balancing.radiator_box import RadiatorChange
from dhsim.errors import DhsimError

Floats = NDArray[np.float64]

DRAWS_MAX = 400
"""Draws of the posterior whose bounds are computed."""
_SEED = 20251016
_TOLERANCE_REL = 1e-12


class Interval(NamedTuple):
    """A number between two others."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True)
class Outlook:
    """One quantity before and after; every interval at the level of the expectation."""

    before: Interval
    """Most likely value and credible interval of the draws."""
    best: float
    """Best case over the box, for the most likely leakage and heat supply."""
    worst: float
    """Worst case over the box, likewise."""
    after: Interval
    """From the best case to the worst case with the uncertainty of the fit; in the middle the usual radiator."""
    usual: Interval
    """If radiators respond as usual ones do (`NtuPrior`): narrower, and only as good as that assumption."""
    probability_decrease_rel: float
    """That it falls, for usual radiators."""


@dataclass(frozen=True)
class Expectation:
    """What a change of flows is expected to do."""

    angle_rad: Outlook
    spread_k: Outlook
    """Standard deviation of the rooms' steady temperatures, the supply such that their mean is the reference."""
    temp_ref_c: float
    temp_outdoor_c: float
    """At which the spread is stated."""
    level_rel: float
    flow_total_rel: float
    """New over present total flow."""


def heat_supply_ratio_rel(flow_ratio_rel: ArrayLike, ntu: ArrayLike) -> Floats:
    """Return new over present heat supply of a zone whose flow changes.

    ``nu'/nu = r (1 - exp(-N/r)) / (1 - exp(-N))``

    Parameters
    ----------
    flow_ratio_rel
        New over present flow r [-].
    ntu
        Transfer units N of its radiators at the present flow [-].

    Returns
    -------
    ndarray
        Ratio [-], between 1 and r.

    Notes
    -----
    Source: eq. (10) of doi 10.1016/j.enbuild.2025.116464.

    Examples
    --------
    >>> round(float(heat_supply_ratio_rel(0.5, 0.4)), 4)
    0.8352
    """
    r, n = np.asarray(flow_ratio_rel, np.float64), np.asarray(ntu, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(r > 0.0, -r * np.expm1(-n / r), 0.0) / -np.expm1(-n)


def steady_spread_k(
    theta_per_s: ArrayLike, nu_per_s: ArrayLike, temp_ref_c: float, temp_outdoor_c: float
) -> NDArray[np.float64]:
    """Return the standard deviation of the rooms' steady temperatures at one supply temperature for all.

    ``y_z = w + rho_z (u - w)``, ``rho = nu / (theta + nu)``, u such that the mean of y is the reference

    Parameters
    ----------
    theta_per_s, nu_per_s
        Zones along the last axis [1/s].
    temp_ref_c
        Mean of the rooms [degC].
    temp_outdoor_c
        Outdoor temperature w [degC].

    Returns
    -------
    ndarray
        Spread [K], with n - 1 in the denominator; one axis less.

    Notes
    -----
    Source: eq. (11) of doi 10.1016/j.enbuild.2025.116464 at rest.

    Examples
    --------
    >>> round(float(steady_spread_k([1.0, 1.0], [1.0, 1.1], 21.0, 1.0)), 3)
    0.658
    """
    theta, nu = np.asarray(theta_per_s, np.float64), np.asarray(nu_per_s, np.float64)
    rho = nu / (theta + nu)
    return np.asarray((temp_ref_c - temp_outdoor_c) * rho.std(axis=-1, ddof=1) / rho.mean(axis=-1))


def steady_spread_range_k(
    theta_per_s: ArrayLike, box: Box, temp_ref_c: float, temp_outdoor_c: float
) -> tuple[float, float]:
    """Return the smallest and the largest steady spread over a box of heat supplies, exactly.

    The coefficient of variation of rho is the tangent of the angle between rho and the vector of ones, and rho grows
    with nu, so that both ends follow from the same search as the best and the worst case of the proxy.

    Parameters
    ----------
    theta_per_s
        Leakage [1/s].
    box
        What the heat supply may become.
    temp_ref_c, temp_outdoor_c
        As in `steady_spread_k` [degC].

    Returns
    -------
    tuple of float
        Spread in the best and in the worst case [K].
    """
    theta = np.asarray(theta_per_s, np.float64)
    shares = Box(*(side / (theta + side) for side in box))
    n = theta.size
    ones = np.ones(n)
    ends = []
    for extreme in (best_case(ones, shares), worst_case(ones, shares)):
        square = min(max(extreme.proxy_per_s2, 0.0), n * (1.0 - _TOLERANCE_REL))  # dimensionless here
        variation = np.sqrt(square / (n - square) * n / (n - 1))
        ends.append(float((temp_ref_c - temp_outdoor_c) * variation))
    return ends[0], ends[1]


def expectation(
    fit: Posterior,
    flow_ratio_rel: ArrayLike,
    *,
    temp_ref_c: float = 21.0,
    temp_outdoor_c: float = 0.0,
    flow_total_rel: float = 1.0,
    level_rel: float = LEVEL,
    ntu_prior: NtuPrior | None = None,
    radiators: RadiatorChange | None = None,
    shares_known: bool = True,
) -> Expectation:
    """Return what a change of flows is expected to do to angle and temperature spread.

    Parameters
    ----------
    fit
        Of all zones, with draws.
    flow_ratio_rel
        New over present flow of each zone [-], shape (n_zone,).
    temp_ref_c, temp_outdoor_c
        Rooms' mean and outdoor temperature for which the spread is stated [degC].
    flow_total_rel
        New over present total flow [-], passed through.
    level_rel
        Of the intervals [-].
    ntu_prior
        Of usual radiators; None for `NtuPrior()`.
    radiators
        How each radiator's flow changes (`radiator_change`); None takes all radiators of a zone to change alike, which
        is wrong where they hang on different risers.
    shares_known
        Whether the shares of radiators in the heat supply of their zone are believed; False widens the box to any.

    Returns
    -------
    Expectation
        The interval after the change holds the best and the worst case of every draw between its quantiles, and those
        of the most likely values.

    Raises
    ------
    DhsimError
        If there are fewer than two zones, one whose leakage or heat supply came out negative, no zone that keeps a
        flow, or it is not colder outside than inside.

    Notes
    -----
    With `radiators` the box is ``nu sum_r w_r [min(1, r_r), max(1, r_r)]`` and the usual radiator's answer the sum of
    eq. (10) over radiators, ``nu sum_r w_r h(r_r, N)`` with one N a zone; shares w_r go by design heat where the plan
    has it, else by present flow. Without, it is eq. (27) and one answer a zone, which the optimiser uses as well.

    Draws that are negative count as a thousandth of the most likely value. Draws of the angle lie above the angle of
    the most likely values (`Posterior.angle_noise_rad`), before and after alike. The worst case takes all zones as
    independent, which zones on one riser are not. Thermostatic heads are not counted: with them the rooms differ less,
    and the flows are not those of the settings.

    The interval is about the angle that a fit of the same model would find. What the model has not, no interval of it
    knows: walls between flats carry heat from warm to cold ones, and a fit takes that for heat supply, so that a
    building looks better balanced than its valves make it (`identify` with `walls_rel` where conductances are known).
    Steady gains do the like the other way round (`identify_kalman` with `gains`).
    """
    ratio = np.asarray(flow_ratio_rel, np.float64)
    if ratio.shape != fit.theta_per_s.shape or ratio.size < 2:
        raise DhsimError(f"one ratio of flows a zone, at least two: got {ratio.shape} for {len(fit.zone_ids)} zones")
    if not temp_outdoor_c < temp_ref_c:
        raise DhsimError(f"it must be colder outside ({temp_outdoor_c:g} degC) than inside ({temp_ref_c:g} degC)")
    supply = _Supply.of(ratio, radiators, shares_known)
    if not (supply.ratio_rel > 0.0).any():
        raise DhsimError("no zone keeps a flow: nothing can be said of rooms without heat")
    theta, nu = (side[_some(len(side))] for side in positive_draws(fit))
    believed = NtuPrior() if ntu_prior is None else ntu_prior
    random = np.random.default_rng(_SEED)
    ntu = believed.median * np.exp(believed.log_sd * random.standard_normal(theta.shape))
    turned = nu * supply.usual_rel(ntu)
    usual = fit.nu_per_s * supply.usual_rel(np.full(ratio.shape, believed.median))
    bounds = np.array([_bounds(t, v, supply, temp_ref_c, temp_outdoor_c) for t, v in zip(theta, nu, strict=True)])
    likely = _bounds(fit.theta_per_s, fit.nu_per_s, supply, temp_ref_c, temp_outdoor_c)
    temps = (temp_ref_c, temp_outdoor_c)
    angle = _outlook(
        angles_rad(np.vstack([fit.theta_per_s, theta]), np.vstack([fit.nu_per_s, nu])),
        angles_rad(np.vstack([fit.theta_per_s, theta]), np.vstack([usual, turned])),
        (likely[:2], bounds[:, :2]),
        level_rel,
    )
    spread = _outlook(
        steady_spread_k(np.vstack([fit.theta_per_s, theta]), np.vstack([fit.nu_per_s, nu]), *temps),
        steady_spread_k(np.vstack([fit.theta_per_s, theta]), np.vstack([usual, turned]), *temps),
        (likely[2:], bounds[:, 2:]),
        level_rel,
    )
    return Expectation(angle, spread, temp_ref_c, temp_outdoor_c, level_rel, flow_total_rel)


def _some(count: int) -> NDArray[np.int64]:
    """Return evenly spaced draws."""
    return np.unique(np.linspace(0, count - 1, min(count, DRAWS_MAX)).round().astype(np.int64))


class _Supply(NamedTuple):
    """What a change of flows does to the heat supply, over the present one; by zone."""

    low_rel: Floats
    high_rel: Floats
    ratio_rel: Floats
    radiators: RadiatorChange | None

    @classmethod
    def of(cls, ratio: Floats, radiators: RadiatorChange | None, shares_known: bool) -> _Supply:
        if radiators is None:
            negative = np.flatnonzero(~(np.isfinite(ratio) & (ratio >= 0.0)))
            if negative.size:
                shown = f"flow_ratio[{negative[0]}] = {ratio[negative[0]]:g}"
                raise DhsimError(f"{shown}: a flow cannot turn round: give the new over the present flow")
            return cls(np.minimum(1.0, ratio), np.maximum(1.0, ratio), ratio, None)
        if radiators.n_zone != ratio.size:
            raise DhsimError(f"radiators of {radiators.n_zone} zones, but {ratio.size} zones were fitted")
        return cls(*radiators.range_rel(shares_known), ratio, radiators)

    def box(self, nu: Floats) -> Box:
        """Return the bounds for a present heat supply."""
        return Box(nu * self.low_rel, nu * self.high_rel)

    def usual_rel(self, ntu: Floats) -> Floats:
        """Return the answer of radiators with these transfer units, zones along the last axis."""
        if self.radiators is None:
            return heat_supply_ratio_rel(self.ratio_rel, ntu)
        return self.radiators.zone_mean(
            heat_supply_ratio_rel(self.radiators.flow_ratio_rel, ntu[..., self.radiators.zone])
        )


def _bounds(theta: Floats, nu: Floats, supply: _Supply, temp_ref_c: float, temp_outdoor_c: float) -> Floats:
    """Return best and worst angle and spread of one draw."""
    box = supply.box(nu)
    found = performance(theta, nu, box=box)
    spread = steady_spread_range_k(theta, box, temp_ref_c, temp_outdoor_c)
    return np.array([found.angle_best_rad, found.angle_worst_rad, *spread])


def _outlook(before: Floats, after: Floats, bounds: tuple[Floats, Floats], level_rel: float) -> Outlook:
    """Return an outlook; the first value of each series belongs to the most likely values, the rest to the draws."""
    likely, drawn = bounds
    tails = [(1.0 - level_rel) / 2.0, (1.0 + level_rel) / 2.0]
    low, high = np.quantile(before[1:], tails)
    low_usual, high_usual = np.quantile(after[1:], tails)
    lowest, highest = float(np.quantile(drawn[:, 0], tails[0])), float(np.quantile(drawn[:, 1], tails[1]))
    middle, now = float(after[0]), float(before[0])
    return Outlook(
        before=Interval(min(float(low), now), now, max(float(high), now)),
        best=float(likely[0]),
        worst=float(likely[1]),
        after=Interval(min(lowest, float(likely[0])), middle, max(highest, float(likely[1]))),
        usual=Interval(min(float(low_usual), middle), middle, max(float(high_usual), middle)),
        probability_decrease_rel=float(np.mean(after[1:] < before[1:])),
    )
