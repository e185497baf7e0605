"""From sensor series to thermal leakage and heat supply of every zone: Bayesian regression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dhsim.balancing.diagnostics import diagnose, flags_of
from dhsim.balancing.flags import Flag, zone_names
from dhsim.balancing.posterior import Posterior
from dhsim.balancing.prior import ThetaPrior, prior_of_time_constants, prior_per_zone
from dhsim.balancing.regression import draws, moments, most_likely, reduced, regression_sums, variance_grid
from dhsim.errors import DhsimError

Floats = NDArray[np.float64]

DRAWS = 4000
_PAIRS_MIN = 24
_CONSTANT_K = 1e-9
_NO_RANDOM = 0


class Readings(NamedTuple):
    """Checked series on an even grid; NaN where a reading lacks."""

    temp_zone_c: Floats
    temp_supply_c: Floats
    temp_outdoor_c: Floats
    step_s: float
    zone_ids: tuple[str, ...]


def identify(
    temp_zone_c: ArrayLike,
    temp_supply_c: ArrayLike,
    temp_outdoor_c: ArrayLike,
    step_s: float,
    prior: ThetaPrior | tuple[ArrayLike, ArrayLike] | None = None,
    *,
    zone_ids: Sequence[str] | None = None,
    draw_count: int = DRAWS,
    random: np.random.Generator | None = None,
) -> Posterior:
    """Identify thermal leakage and heat supply of every zone by Bayesian regression.

    ``(y+ - y)/dt = theta (w - y) + nu (u - y) + noise``, theta ~ N(mean, sd^2), nu flat, p(s2) ~ 1/s2

    A step counts where both of its ends and both inputs are there: missing readings (NaN) are left out, not filled.
    Any unit of time does, so long as step and prior share it; theta and nu are then per that unit.

    Parameters
    ----------
    temp_zone_c
        Room temperatures y, shape (n_time, n_zone), NaN where missing [degC].
    temp_supply_c
        Supply temperature u, shape (n_time,) [degC].
    temp_outdoor_c
        Outdoor temperature w, shape (n_time,) [degC].
    step_s
        Sampling interval [s].
    prior
        Mean and standard deviation of theta, numbers or one a zone; None for time constants of 4 to 12 days.
    zone_ids
        Names of the zones, for messages and tables.
    draw_count
        Number of draws from the posterior.
    random
        Generator of the draws; None for one of fixed seed.

    Returns
    -------
    Posterior
        Joint maximum of (theta, nu, s2), draws, intervals, and flags for a strong prior, sensor noise and thermostats.

    Raises
    ------
    DhsimError
        If shapes differ, a series is constant or nearly empty, or an input does not vary; all of it at once.

    Notes
    -----
    The difference quotient of eq. (23) understates theta + nu by half of (theta + nu) dt, 1 % at hourly steps and
    below. Sensor noise inflates theta and nu (see flags); `identify_kalman` does without both. Source: eqs. (23) and
    (38) of doi 10.1016/j.enbuild.2025.116464.
    """
    readings = checked_readings(temp_zone_c, temp_supply_c, temp_outdoor_c, step_s, zone_ids)
    believed = prior_per_zone(prior_of_time_constants() if prior is None else prior, len(readings.zone_ids))
    mean, sd = np.asarray(believed.mean_per_s) * step_s, np.asarray(believed.sd_per_s) * step_s
    sums = regression_sums(*readings[:3])
    line = reduced(sums, mean)
    theta, nu, variance, _ = most_likely(line, mean, sd)
    grid = variance_grid(line, mean, sd)
    theta_draws, nu_draws = draws(line, grid, mean, sd, draw_count, random or np.random.default_rng(_NO_RANDOM))
    share = moments(line, grid, mean, sd)[1] / sd
    found = diagnose(*readings[:3], theta, nu, sd)
    return Posterior(
        zone_ids=readings.zone_ids,
        method="regression",
        step_s=step_s,
        prior=believed,
        theta_per_s=theta / step_s,
        nu_per_s=nu / step_s,
        residual_sd_k=np.sqrt(variance),
        theta_samples_per_s=theta_draws / step_s,
        nu_samples_per_s=nu_draws / step_s,
        prior_share_rel=share,
        pairs=sums.steps.astype(np.int64),
        flags=(*flags_of(readings.zone_ids, found, share), *sign_flags(readings.zone_ids, theta, nu)),
    )


def sign_flags(zone_ids: tuple[str, ...], theta: Floats, nu: Floats) -> list[Flag]:
    """Return a flag for each zone whose leakage or heat supply came out negative."""
    return [
        Flag("negative", zone_ids[z], f"{name} came out negative: the model does not fit this zone, leave it out")
        for name, values in (("theta", theta), ("nu", nu))
        for z in np.flatnonzero(values <= 0.0)
    ]


def checked_readings(
    temp_zone_c: ArrayLike,
    temp_supply_c: ArrayLike,
    temp_outdoor_c: ArrayLike,
    step_s: float,
    zone_ids: Sequence[str] | None,
) -> Readings:
    """Return the series as arrays, or one error with everything that makes them unfit for a fit."""
    zone = np.asarray(temp_zone_c, np.float64)
    zone = zone[:, None] if zone.ndim == 1 else zone
    supply, outdoor = np.asarray(temp_supply_c, np.float64), np.asarray(temp_outdoor_c, np.float64)
    if zone.ndim != 2 or supply.shape != zone.shape[:1] or outdoor.shape != zone.shape[:1]:
        shapes = f"{zone.shape}, {supply.shape} and {outdoor.shape}"
        raise DhsimError(f"zones need shape (n_time, n_zone), supply and outdoor (n_time,): got {shapes}")
    if not 0.0 < step_s < np.inf:
        raise DhsimError(f"the step must be positive (got {step_s:g})")
    names = zone_names(zone_ids, zone.shape[1])
    problems = [*_input_problems(supply, outdoor), *_zone_problems(zone, supply, outdoor, names)]
    if problems:
        raise DhsimError("\n".join(problems))
    # what is not finite is no reading, however a logger wrote it
    zone, supply, outdoor = (np.where(np.isfinite(values), values, np.nan) for values in (zone, supply, outdoor))
    return Readings(zone, supply, outdoor, float(step_s), names)


def _input_problems(supply: Floats, outdoor: Floats) -> list[str]:
    problems = []
    for name, values in (("supply", supply), ("outdoor", outdoor)):
        there = values[np.isfinite(values)]
        if len(there) < _PAIRS_MIN:
            problems.append(f"{name} temperature: {len(there)} readings, at least {_PAIRS_MIN} are needed")
        elif np.ptp(there) <= _CONSTANT_K:
            message = "theta and nu cannot be told apart; vary it or choose another period"
            problems.append(f"{name} temperature: constant at {there[0]:g} degC: {message}")
    return problems


def _zone_problems(zone: Floats, supply: Floats, outdoor: Floats, names: tuple[str, ...]) -> list[str]:
    problems = []
    inputs = np.isfinite(supply) & np.isfinite(outdoor)
    for z, name in enumerate(names):
        there = np.isfinite(zone[:, z])
        pairs = int(np.count_nonzero(there[:-1] & there[1:] & inputs[:-1]))
        if pairs < _PAIRS_MIN:
            problems.append(f"{name}: {pairs} steps with all readings, at least {_PAIRS_MIN} are needed: leave it out")
        elif np.ptp(zone[there, z]) <= _CONSTANT_K:
            stuck = f"constant at {zone[there, z][0]:g} degC over {there.sum()} readings"
            problems.append(f"{name}: {stuck}: a stuck sensor? leave it out")
        elif np.nanmax(np.abs(supply - zone[:, z])[inputs & there]) <= _CONSTANT_K:
            problems.append(f"{name}: always at the supply temperature: the sensor hangs on a pipe? leave it out")
    return problems
