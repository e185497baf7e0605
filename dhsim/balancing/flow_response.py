"""How a zone's heat supply follows its flow, from periods with different flows: C and L m of eq. (10).

``nu(m) = C c_p m (1 - exp(-UA/(c_p m)))``. One period tells only nu at its flow; two tell the shape between, if the
flow really changed. Section 6.3 of doi 10.1016/j.enbuild.2025.116464 proposes it; UA is its Q L m.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dhsim.balancing.flags import Flag, zone_names
from dhsim.balancing.identification import DRAWS, Readings, checked_readings
from dhsim.balancing.posterior import LEVEL
from dhsim.balancing.prior import NtuPrior, ThetaPrior, prior_of_time_constants, prior_per_zone
from dhsim.balancing.regression import Sums, conditional_draws, most_likely, reduced, regression_sums, variance_grid
from dhsim.errors import DhsimError
from dhsim.physics.water import HEAT_CAPACITY_WATER_J_KGK

Floats = NDArray[np.float64]

SHARE_FLAGGED_REL = 0.8
_GRID = 161
_WIDTH_SD = 5.0


class Period(NamedTuple):
    """Series under one set of flows."""

    temp_zone_c: ArrayLike
    temp_supply_c: ArrayLike
    temp_outdoor_c: ArrayLike
    mass_flow_zone_kg_s: ArrayLike
    """Flow of each zone, shape (n_zone,)."""


@dataclass(frozen=True)
class FlowResponse:
    """Leakage, heat supply and transfer units of each zone at the flows of the first period; shape (n_zone,)."""

    zone_ids: tuple[str, ...]
    theta_per_s: Floats
    nu_per_s: Floats
    ntu: Floats
    """UA/(c_p m) at the first period's flow, maximum a posteriori [-]."""
    ua_zone_w_k: Floats
    """Q L m of the zone's radiators [W/K]."""
    temp_rise_k_j: Floats
    """C: rise of the zone's temperature for a joule [K/J]."""
    theta_samples_per_s: Floats
    nu_samples_per_s: Floats
    ntu_samples: Floats
    mass_flow_zone_kg_s: Floats
    heat_capacity_j_kgk: float
    ntu_share_rel: Floats
    """Posterior over prior standard deviation of log(ntu) [-]: near 1 the data say nothing about it."""
    flags: tuple[Flag, ...]

    @property
    def ua_zone_samples_w_k(self) -> Floats:
        """Draws of UA, shape (n_draw, n_zone)."""
        return self.ntu_samples * self.heat_capacity_j_kgk * self.mass_flow_zone_kg_s

    @property
    def temp_rise_samples_k_j(self) -> Floats:
        """Draws of C, shape (n_draw, n_zone)."""
        return _temp_rise(self.nu_samples_per_s, self.ntu_samples, self.mass_flow_zone_kg_s, self.heat_capacity_j_kgk)

    def nu_samples_at_per_s(self, flow_ratio_rel: ArrayLike) -> Floats:
        """Return draws of the heat supply at other flows, given over the first period's; shape (n_draw, n_zone)."""
        return self.nu_samples_per_s * supply_ratio_rel(self.ntu_samples, np.asarray(flow_ratio_rel, np.float64))

    def nu_interval_at_per_s(self, flow_ratio_rel: ArrayLike, level_rel: float = LEVEL) -> Floats:
        """Return the credible interval of the heat supply at other flows, shape (2, n_zone)."""
        tails = [(1.0 - level_rel) / 2.0, (1.0 + level_rel) / 2.0]
        return np.asarray(np.quantile(self.nu_samples_at_per_s(flow_ratio_rel), tails, axis=0))


def supply_ratio_rel(ntu: ArrayLike, flow_ratio_rel: ArrayLike) -> Floats:
    """Return the new over the present heat supply of a zone when its flow changes.

    ``r (1 - exp(-N/r)) / (1 - exp(-N))``

    Parameters
    ----------
    ntu
        Transfer units N at the present flow.
    flow_ratio_rel
        New over present flow r [-].

    Returns
    -------
    ndarray
        Ratio [-], between 1 and r; 0 at r = 0.

    Notes
    -----
    Source: eq. (10) of doi 10.1016/j.enbuild.2025.116464.

    Examples
    --------
    >>> round(float(supply_ratio_rel(1.0, 2.0)), 4)
    1.2449
    """
    units, ratio = np.asarray(ntu, np.float64), np.asarray(flow_ratio_rel, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(ratio > 0.0, ratio * np.expm1(-units / ratio) / np.expm1(-units), 0.0)


def _temp_rise(nu: Floats, ntu: Floats, flow: Floats, heat_capacity: float) -> Floats:
    return np.asarray(nu / (-np.expm1(-ntu) * heat_capacity * flow))


def identify_flow_response(
    periods: Sequence[Period],
    step_s: float,
    prior: ThetaPrior | tuple[ArrayLike, ArrayLike] | None = None,
    ntu_prior: NtuPrior | None = None,
    *,
    heat_capacity_j_kgk: float = HEAT_CAPACITY_WATER_J_KGK,
    zone_ids: Sequence[str] | None = None,
    draw_count: int = DRAWS,
    random: np.random.Generator | None = None,
) -> FlowResponse:
    """Fit leakage, heat supply and transfer units of every zone to periods with different flows.

    The regression of eq. (23) with one theta for all periods and ``nu_p = nu_1 r (1 - exp(-N/r))/(1 - exp(-N))``: for a
    given N it is linear and solved exactly; N is taken on a grid of its logarithm.

    Parameters
    ----------
    periods
        At least two; the first one's flows are the reference.
    step_s
        Sampling interval [s].
    prior
        Mean and standard deviation of theta; None for time constants of 4 to 12 days.
    ntu_prior
        Of the transfer units at the first period's flow; None for the one of dhsim.
    heat_capacity_j_kgk
        Heat capacity of the water [J/(kg K)].
    zone_ids
        Names of the zones.
    draw_count
        Number of draws from the posterior.
    random
        Generator of the draws; None for one of fixed seed.

    Returns
    -------
    FlowResponse
        Values, draws, and a flag for each zone whose data hardly tell N from its prior.

    Raises
    ------
    DhsimError
        If fewer than two periods are given, zones differ, a flow is not positive, or a series is unfit for a fit.

    Notes
    -----
    Each period is weighed by its own residuals. Sensor noise inflates nu of all periods alike and hardly moves N.
    """
    readings, ratio, flow = _checked_periods(periods, step_s, zone_ids)
    names = readings[0].zone_ids
    believed = prior_per_zone(prior_of_time_constants() if prior is None else prior, len(names))
    mean, sd = np.asarray(believed.mean_per_s) * step_s, np.asarray(believed.sd_per_s) * step_s
    sums = [_weighed(regression_sums(*reading[:3]), mean, sd) for reading in readings]
    units = NtuPrior() if ntu_prior is None else ntu_prior
    generator = random or np.random.default_rng(0)
    modes, samples, shares = [], [], []
    for z in range(len(names)):
        of_zone = [Sums._make(part[z] for part in period) for period in sums]
        mode, sample, share = _zone_fit(of_zone, ratio[:, z], (mean[z], sd[z]), units, draw_count, generator)
        modes.append(mode)
        samples.append(sample)
        shares.append(share)
    theta, nu, ntu = np.array(modes).T
    drawn = np.stack(samples, axis=-1)
    return FlowResponse(
        zone_ids=names,
        theta_per_s=theta / step_s,
        nu_per_s=nu / step_s,
        ntu=ntu,
        ua_zone_w_k=ntu * heat_capacity_j_kgk * flow,
        temp_rise_k_j=_temp_rise(nu / step_s, ntu, flow, heat_capacity_j_kgk),
        theta_samples_per_s=drawn[0] / step_s,
        nu_samples_per_s=drawn[1] / step_s,
        ntu_samples=drawn[2],
        mass_flow_zone_kg_s=flow,
        heat_capacity_j_kgk=heat_capacity_j_kgk,
        ntu_share_rel=np.array(shares),
        flags=_flags(names, np.array(shares), ratio),
    )


def _checked_periods(
    periods: Sequence[Period], step_s: float, zone_ids: Sequence[str] | None
) -> tuple[list[Readings], Floats, Floats]:
    if len(periods) < 2:
        raise DhsimError(f"C and L m need periods with different flows: at least two (got {len(periods)})")
    readings = [checked_readings(*period[:3], step_s, zone_ids) for period in periods]
    counts = {len(reading.zone_ids) for reading in readings}
    if len(counts) > 1:
        raise DhsimError(f"all periods need the same zones (got {', '.join(map(str, sorted(counts)))} columns)")
    given = [np.asarray(period[3], np.float64) for period in periods]
    for number, flow in enumerate(given, start=1):
        if flow.shape not in ((), (*counts,)):
            raise DhsimError(f"period {number}: one flow a zone is needed, {(*counts,)}: got shape {flow.shape}")
    flows = np.array([np.broadcast_to(flow, (*counts,)) for flow in given])
    wrong = np.argwhere(~(np.isfinite(flows) & (flows > 0.0)))
    if len(wrong):
        names = zone_names(zone_ids, *counts)
        shown = "; ".join(f"{names[z]}: {flows[p, z]:g} kg/s in period {p + 1}" for p, z in wrong[:5])
        raise DhsimError(f"{shown} ({len(wrong)} values): flows must be positive, leave closed zones out")
    return readings, flows / flows[0], flows[0]


def _weighed(sums: Sums, mean: Floats, sd: Floats) -> Sums:
    """Return the sums over the variance of the period's own fit, so that a restless period counts for less."""
    variance = most_likely(reduced(sums, mean), mean, sd)[2]
    return Sums._make([*(part / variance for part in sums[:-1]), sums.steps])


def _joined(periods: list[Sums], ratio: Floats, ntu: Floats) -> Sums:
    """Return the sums of all periods with the supply's regressor scaled to the first one's flow."""
    scale = [supply_ratio_rel(ntu, r) for r in ratio]
    powers = (0, 1, 2, 0, 1, 0, 0)
    columns = [
        sum(part[k] * factor**power for part, factor in zip(periods, scale, strict=True))
        for k, power in enumerate(powers)
    ]
    return Sums._make(np.broadcast_to(np.asarray(column, np.float64), ntu.shape) for column in columns)


def _zone_fit(
    periods: list[Sums],
    ratio: Floats,
    prior: tuple[float, float],
    units: NtuPrior,
    count: int,
    random: np.random.Generator,
) -> tuple[tuple[float, float, float], Floats, float]:
    """Return the mode (T, V, N), draws of the three, and the posterior share of log N."""
    centre, width = np.log(units.median), units.log_sd
    log_ntu = centre + width * np.linspace(-_WIDTH_SD, _WIDTH_SD, _GRID)
    mean, sd = (np.full(_GRID, value) for value in prior)
    line = reduced(_joined(periods, ratio, np.exp(log_ntu)), mean)
    believed = -0.5 * ((log_ntu - centre) / width) ** 2
    best = int(np.argmax(most_likely(line, mean, sd)[3] + believed))
    mode = _mode(periods, ratio, prior, units, log_ntu[max(best - 1, 0)], log_ntu[min(best + 1, _GRID - 1)])
    grid = variance_grid(line, mean, sd)
    log_density = grid.log_evidence + believed
    density = np.exp(log_density - log_density.max())
    density /= density.sum()
    middle = density @ log_ntu
    share = float(np.sqrt(density @ (log_ntu - middle) ** 2) / width)
    running = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2.0)])
    drawn = np.interp(random.random(count) * running[-1], running, log_ntu)
    variance = _variances(grid.log_variance, grid.density, drawn, log_ntu, random)
    joined = reduced(_joined(periods, ratio, np.exp(drawn)), np.full(count, prior[0]))
    first, second = conditional_draws(joined, variance, np.full(count, prior[0]), np.full(count, prior[1]), random)
    return mode, np.stack([first, second, np.exp(drawn)]), share


def _mode(
    periods: list[Sums], ratio: Floats, prior: tuple[float, float], units: NtuPrior, low: float, high: float
) -> tuple[float, float, float]:
    """Refine the maximum over log N between two points of the grid, by ever finer grids."""
    theta = nu = log_ntu = np.zeros(1)
    best = 0
    for _ in range(6):
        log_ntu = np.linspace(low, high, 21)
        mean, sd = (np.full(21, value) for value in prior)
        line = reduced(_joined(periods, ratio, np.exp(log_ntu)), mean)
        theta, nu, _, height = most_likely(line, mean, sd)
        best = int(np.argmax(height - 0.5 * ((log_ntu - np.log(units.median)) / units.log_sd) ** 2))
        low, high = log_ntu[max(best - 1, 0)], log_ntu[min(best + 1, 20)]
    return float(theta[best]), float(nu[best]), float(np.exp(log_ntu[best]))


def _variances(
    log_variance: Floats, density: Floats, drawn: Floats, log_ntu: Floats, random: np.random.Generator
) -> Floats:
    """Return a draw of s2 for each drawn N, from the grid of the nearest one."""
    nearest = np.clip(np.rint((drawn - log_ntu[0]) / (log_ntu[1] - log_ntu[0])).astype(np.int64), 0, len(log_ntu) - 1)
    running = np.cumsum(density, axis=0)
    place = np.sum(running[:, nearest] < random.random(len(drawn)), axis=0)
    return np.asarray(np.exp(log_variance[np.minimum(place, len(log_variance) - 1), nearest]))


def _flags(names: tuple[str, ...], shares: Floats, ratio: Floats) -> tuple[Flag, ...]:
    change = np.exp(np.abs(np.log(ratio)).max(axis=0))
    return tuple(
        Flag(
            "flow",
            names[z],
            f"the periods hardly tell the radiators' transfer units (posterior over prior sd {shares[z]:.2f}, flow "
            f"changed by a factor of {change[z]:.2f} at most): C and L m here are the prior's",
            float(shares[z]),
        )
        for z in np.flatnonzero(shares > SHARE_FLAGGED_REL)
    )
