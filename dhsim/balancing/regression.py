"""Bayesian regression of a zone's temperature change: sums, most likely values, draws. All per step and without loops.

``y+ - y = T (w - y) + V (u - y) + noise``, with T = theta dt, V = nu dt, eq. (23) of doi 10.1016/j.enbuild.2025.116464;
T is normal beforehand, V flat, and the variance s2 has the density 1/s2. For a given s2 the posterior is Gaussian;
s2 itself is one-dimensional and taken on a grid of its logarithm.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_GRID_COARSE, _GRID_FINE = 400, 240
_FALL = 35.0  # logarithm of the density at which a grid ends
_HALVINGS = 200


class Sums(NamedTuple):
    """Sums over the steps with all readings; arrays of one shape, zones along the last axis."""

    outdoor_square: Floats
    cross: Floats
    supply_square: Floats
    outdoor_change: Floats
    supply_change: Floats
    change_square: Floats
    steps: Floats


class Reduced(NamedTuple):
    """V at its best: the sum of squares is ``rest + weight (T - best)^2``, V is ``best_supply - slope (T - best)``."""

    best: Floats
    weight: Floats
    rest: Floats
    best_supply: Floats
    slope: Floats
    supply_square: Floats
    steps: Floats


class VarianceGrid(NamedTuple):
    """Density of the logarithm of s2; the grid runs along the first axis."""

    log_variance: Floats
    density: Floats
    """Sums to 1 over the grid."""
    log_evidence: Floats
    """Logarithm of the integral over T, V and s2, up to a constant of the data."""


def regression_sums(temp_zone_c: Floats, temp_supply_c: Floats, temp_outdoor_c: Floats) -> Sums:
    """Return the sums of eq. (23); a step counts where both of its ends and both inputs are there."""
    change, outdoor, supply = regressors(temp_zone_c, temp_supply_c, temp_outdoor_c)
    there = np.isfinite(change)
    change, outdoor, supply = (np.where(there, values, 0.0) for values in (change, outdoor, supply))
    pairs = [(outdoor, outdoor), (outdoor, supply), (supply, supply), (outdoor, change), (supply, change)]
    sums = [np.einsum("kz,kz->z", a, b) for a, b in [*pairs, (change, change)]]
    return Sums._make([*sums, there.sum(axis=0).astype(np.float64)])


def regressors(temp_zone_c: Floats, temp_supply_c: Floats, temp_outdoor_c: Floats) -> tuple[Floats, Floats, Floats]:
    """Return y+ - y, w - y and u - y of every step, NaN in all three where a reading lacks; w may be one a zone."""
    zone = temp_zone_c[:-1]
    change = np.diff(temp_zone_c, axis=0)
    air = temp_outdoor_c if temp_outdoor_c.ndim == 2 else temp_outdoor_c[:, None]
    outdoor, supply = air[:-1] - zone, temp_supply_c[:-1, None] - zone
    lacking = ~(np.isfinite(change) & np.isfinite(outdoor) & np.isfinite(supply))
    return tuple(np.where(lacking, np.nan, values) for values in (change, outdoor, supply))  # type: ignore[return-value]


def reduced(sums: Sums, mean: Floats) -> Reduced:
    """Return the sums with V eliminated; where the data cannot tell T, its best value is the prior's."""
    slope = sums.cross / sums.supply_square
    weight = sums.outdoor_square - slope * sums.cross
    told = weight > 1e-12 * sums.outdoor_square
    weight = np.where(told, weight, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        best = np.where(told, (sums.outdoor_change - slope * sums.supply_change) / weight, mean)
    rest = sums.change_square - sums.supply_change**2 / sums.supply_square - weight * best**2
    floor = 1e-15 * sums.change_square + np.finfo(float).tiny  # data without noise: rounding is all that is left
    return Reduced(
        best=best,
        weight=weight,
        rest=np.maximum(rest, floor),
        best_supply=(sums.supply_change - sums.cross * best) / sums.supply_square,
        slope=slope,
        supply_square=sums.supply_square,
        steps=sums.steps,
    )


def most_likely(line: Reduced, mean: Floats, sd: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return T, V and s2 at the joint maximum of the posterior, and the maximum's logarithm up to a constant.

    With s2 = (sum of squares)/(n + 2) and V eliminated, ``T = best + x t`` (x = mean - best) solves
    ``A t^3 - A t^2 + B t - rest = 0`` with ``A = weight x^2``, ``B = rest + sd^2 (n + 2) weight``. All real roots lie
    in (0, 1]; where there are three, prior and data contradict each other and the outer two are compared.
    """
    distance = mean - line.best
    cubic = line.weight * distance**2
    linear = line.rest + sd**2 * (line.steps + 2.0) * line.weight
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.maximum(1.0 - 3.0 * np.where(cubic > 0.0, linear / cubic, np.inf), 0.0))
    low, high = (1.0 - spread) / 3.0, (1.0 + spread) / 3.0

    def value(t: Floats) -> Floats:
        return np.asarray(cubic * t * t * (t - 1.0) + linear * t - line.rest)

    zero, one = np.zeros_like(cubic), np.ones_like(cubic)
    several = (spread > 0.0) & (value(low) > 0.0) & (value(high) < 0.0)
    first = _root(value, zero, np.where(several, low, one))
    last = np.where(several, _root(value, np.where(several, high, zero), one), first)
    heights = [_log_posterior(line, distance * (t - 1.0), distance * t, sd) for t in (first, last)]
    t = np.where(heights[1] > heights[0], last, first)
    best = line.best + distance * t
    supply = line.best_supply - line.slope * distance * t
    variance = (line.rest + line.weight * (distance * t) ** 2) / (line.steps + 2.0)
    return best, supply, variance, np.maximum(*heights)


def _log_posterior(line: Reduced, off_prior: Floats, off_data: Floats, sd: Floats) -> Floats:
    square = line.rest + line.weight * off_data**2
    return np.asarray(-0.5 * (line.steps + 2.0) * np.log(square) - 0.5 * (off_prior / sd) ** 2)


def _root(value: object, low: Floats, high: Floats) -> Floats:
    """Return where a rising function changes sign, by halving: every zone at once, to the last digit."""
    assert callable(value)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        above = value(middle) > 0.0
        low, high = np.where(above, low, middle), np.where(above, middle, high)
        if np.all(high - low <= np.spacing(high)):
            break
    return 0.5 * (low + high)


def variance_grid(line: Reduced, mean: Floats, sd: Floats) -> VarianceGrid:
    """Return the density of log s2 with T and V integrated out, on a grid that follows its width."""
    square = line.rest + line.weight * (mean - line.best) ** 2
    width = 12.0 * np.sqrt(2.0 / line.steps)
    ends = np.log(line.rest / line.steps) - width, np.log(square / line.steps) + width
    coarse = _between(*ends, _GRID_COARSE)
    height = _log_density(line, coarse, mean, sd)
    inside = height > height.max(axis=0) - _FALL
    first, last = np.argmax(inside, axis=0), _GRID_COARSE - 1 - np.argmax(inside[::-1], axis=0)
    pick = np.clip(np.stack([first - 1, last + 1]), 0, _GRID_COARSE - 1)
    low, high = np.take_along_axis(coarse, pick, axis=0)
    fine = _between(low, high, _GRID_FINE)
    height = _log_density(line, fine, mean, sd)
    top = height.max(axis=0)
    density = np.exp(height - top)
    total = density.sum(axis=0)
    spacing = fine[1] - fine[0]
    return VarianceGrid(fine, density / total, top + np.log(total * spacing))


def _between(low: Floats, high: Floats, count: int) -> Floats:
    share = np.linspace(0.0, 1.0, count).reshape(-1, *[1] * low.ndim)
    return np.asarray(low + share * (high - low))


def _log_density(line: Reduced, log_variance: Floats, mean: Floats, sd: Floats) -> Floats:
    variance = np.exp(log_variance)
    spread = line.weight * sd**2 + variance
    data = -0.5 * (line.steps - 2.0) * log_variance - 0.5 * line.rest / variance
    prior = -0.5 * np.log(spread) - 0.5 * line.weight * (mean - line.best) ** 2 / spread
    return np.asarray(data + prior - 0.5 * np.log(line.supply_square))


def moments(line: Reduced, grid: VarianceGrid, mean: Floats, sd: Floats) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of T: a mixture of Gaussians over the grid."""
    middle, spread = _given_variance(line, np.exp(grid.log_variance), mean, sd)
    average = np.sum(grid.density * middle, axis=0)
    return average, np.sqrt(np.sum(grid.density * (spread**2 + (middle - average) ** 2), axis=0))


def _given_variance(line: Reduced, variance: Floats, mean: Floats, sd: Floats) -> tuple[Floats, Floats]:
    total = line.weight / variance + sd**-2.0
    return (line.weight / variance * line.best + mean / sd**2) / total, total**-0.5


def draws(
    line: Reduced, grid: VarianceGrid, mean: Floats, sd: Floats, count: int, random: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return draws of T and V, shape (count, n_zone): s2 from its grid, then T, then V, each given what came before."""
    shape = (count, *line.best.shape)
    share = random.random(shape)
    running = np.cumsum((grid.density[1:] + grid.density[:-1]) / 2.0, axis=0)
    running = np.concatenate([np.zeros((1, *line.best.shape)), running / running[-1]])
    log_variance = np.empty(shape)
    for z in range(line.best.shape[0]):
        log_variance[:, z] = np.interp(share[:, z], running[:, z], grid.log_variance[:, z])
    return conditional_draws(line, np.exp(log_variance), mean, sd, random)


def conditional_draws(
    line: Reduced, variance: Floats, mean: Floats, sd: Floats, random: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return one draw of T and V for each variance."""
    middle, spread = _given_variance(line, variance, mean, sd)
    first = middle + spread * random.standard_normal(variance.shape)
    second = line.best_supply - line.slope * (first - line.best)
    return first, second + np.sqrt(variance / line.supply_square) * random.standard_normal(variance.shape)
