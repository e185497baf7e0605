"""From sensor series to thermal leakage and heat supply of every zone: Bayesian regression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dhsim.balancing.diagnostics import diagnose, flags_of
from dhsim.balancing.flags import Flag, listed, zone_names
from dhsim.balancing.neighbour_walls import surroundings
from dhsim.balancing.posterior import Posterior
from dhsim.balancing.prior import ThetaPrior, prior_of_time_constants, prior_per_zone
from dhsim.balancing.regression import (
    Sums,
    draws,
    moments,
    most_likely,
    reduced,
    regression_sums,
    regressors,
    variance_grid,
)
from dhsim.balancing.sensor_data import PAIRS_MIN
from dhsim.balancing.thermostats import screened_flags, thermostats
from dhsim.balancing.whiteness import widened_flags, widening
from dhsim.errors import DhsimError

Floats = NDArray[np.float64]

DRAWS = 4000
_CONSTANT_K = 1e-9
_NO_RANDOM = 0


class Readings(NamedTuple):
    """Checked series on an even grid; NaN where a reading lacks."""

    temp_zone_c: Floats
    temp_supply_c: Floats
    temp_outdoor_c: Floats
    """(n_time,), or (n_time, n_zone) where neighbours are counted in."""
    step_s: float
    zone_ids: tuple[str, ...]


class Task(NamedTuple):
    """What a fit starts from: checked readings and the prior, theta of a step with its walls."""

    readings: Readings
    """Neighbours counted as outdoor air where there are walls."""
    believed: ThetaPrior
    """Of theta itself, one number a zone."""
    share_walls_rel: Floats
    """By how much a zone's theta is larger with its walls [-]."""
    mean_step: Floats
    sd_step: Floats
    """Prior of what is fitted: theta times step and share of walls."""


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
    walls_rel: ArrayLike | None = None,
    screen: bool | None = None,
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
    walls_rel
        Conductance from every zone to every other over that to the outdoor air [-], shape (n_zone, n_zone), as
        `wall_ratios_rel` has it; None leaves walls between flats out.
    screen
        Whether to look for thermostats, which takes some milliseconds a zone and winter; None for up to 500 zones.

    Returns
    -------
    Posterior
        Joint maximum of (theta, nu, s2), draws, intervals, and flags for a strong prior, sensor noise, thermostats, and
        residuals that are not white; where they are not, the draws are widened (`dhsim.balancing.whiteness`).

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
    asked = checked_readings(temp_zone_c, temp_supply_c, temp_outdoor_c, step_s, zone_ids)
    readings, believed, share_walls, mean, sd = stated(asked, prior, walls_rel)
    sums = regression_sums(*readings[:3])
    line = reduced(sums, mean)
    theta, nu, variance, _ = most_likely(line, mean, sd)
    grid = variance_grid(line, mean, sd)
    drawn = draws(line, grid, mean, sd, draw_count, random or np.random.default_rng(_NO_RANDOM))
    drawn, widened, theta_widened = _widened(readings, sums, (theta, nu, variance), sd, drawn)
    share = moments(line, grid, mean, sd)[1] / sd * theta_widened
    found = diagnose(*readings[:3], theta, nu, sd)
    flags = [*flags_of(readings.zone_ids, found, share), *widened_flags(readings.zone_ids, widened)]
    flags += screened_flags(
        readings.zone_ids, lambda: thermostats(*readings[:3], (theta, nu, variance), (mean, sd)), screen
    )
    return Posterior(
        zone_ids=readings.zone_ids,
        method="regression",
        step_s=step_s,
        prior=believed,
        theta_per_s=theta / share_walls / step_s,
        nu_per_s=nu / step_s,
        residual_sd_k=np.sqrt(variance),
        theta_samples_per_s=drawn[0] / share_walls / step_s,
        nu_samples_per_s=drawn[1] / step_s,
        prior_share_rel=share,
        pairs=sums.steps.astype(np.int64),
        flags=(*flags, *sign_flags(readings.zone_ids, theta, nu)),
    )


def stated(
    readings: Readings,
    prior: ThetaPrior | tuple[ArrayLike, ArrayLike] | None,
    walls_rel: ArrayLike | None,
    *,
    paired: bool = True,
) -> Task:
    """Return what a fit starts from; a fit finds theta times the share of walls, nu is the zone's own.

    Parameters
    ----------
    readings
        As checked.
    prior, walls_rel
        As in `identify`; walls as ratios [-].
    paired
        As in `checked_readings`.

    Returns
    -------
    Task
        With the prior of time constants where there is none.

    Raises
    ------
    DhsimError
        If prior or walls are unfit, or neighbours hardly have readings.
    """
    count = len(readings.zone_ids)
    believed = prior_per_zone(prior_of_time_constants() if prior is None else prior, count)
    share = np.ones(count)
    if walls_rel is not None:
        readings, share = _with_walls(readings, walls_rel, paired)
    mean, sd = (np.asarray(side) * readings.step_s * share for side in believed)
    return Task(readings, believed, share, mean, sd)


def _with_walls(readings: Readings, walls_rel: ArrayLike, paired: bool) -> tuple[Readings, Floats]:
    """Return readings with neighbours counted as outdoor air, and by how much theta is larger then [-]."""
    around = surroundings(readings.temp_zone_c, readings.temp_outdoor_c, walls_rel)
    there = _counted(readings.temp_zone_c, np.isfinite(around.temp_c), paired)
    few = [readings.zone_ids[z] for z in np.flatnonzero(there < PAIRS_MIN)]
    if few:
        raise DhsimError(f"{listed(few)}: hardly a step where all neighbours have readings: leave their walls out")
    return readings._replace(temp_outdoor_c=around.temp_c), around.share_rel


def air_of(readings: Readings, z: int) -> Floats:
    """Return what a zone loses heat to."""
    outdoor = readings.temp_outdoor_c
    return np.ascontiguousarray(outdoor[:, z]) if outdoor.ndim == 2 else outdoor


def _widened(
    readings: Readings, sums: Sums, middle: tuple[Floats, Floats, Floats], sd: Floats, drawn: tuple[Floats, Floats]
) -> tuple[tuple[Floats, Floats], Floats, Floats]:
    """Return the draws, widened where residuals are not white, the largest factor, and that on theta."""
    theta, nu, variance = middle
    change, outdoor, supply = (np.nan_to_num(part) for part in regressors(*readings[:3]))
    error = (change - theta * outdoor - nu * supply) / variance
    wider = drawn[0].copy(), drawn[1].copy()
    largest, on_theta = np.ones(theta.size), np.ones(theta.size)
    for z in range(theta.size):
        told = np.array([[sums.outdoor_square[z], sums.cross[z]], [sums.cross[z], sums.supply_square[z]]]) / variance[z]
        prior = np.diag([sd[z] ** -2.0, 0.0])
        covariance = np.linalg.inv(told + prior)
        score = np.column_stack([outdoor[:, z], supply[:, z]]) * error[:, z, None]
        matrix, largest[z] = widening(covariance, prior, score)
        if largest[z] > 1.0:
            on_theta[z] = np.sqrt((matrix @ covariance @ matrix.T)[0, 0] / covariance[0, 0])
            both = np.stack([drawn[0][:, z], drawn[1][:, z]])
            centre = both.mean(axis=1, keepdims=True)
            wider[0][:, z], wider[1][:, z] = centre + matrix @ (both - centre)
    return wider, largest, on_theta


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
    *,
    paired: bool = True,
) -> Readings:
    """Return the series as arrays, or one error with everything that makes them unfit for a fit.

    Parameters
    ----------
    temp_zone_c, temp_supply_c, temp_outdoor_c
        As in `identify` [degC].
    step_s
        Sampling interval [s].
    zone_ids
        As in `identify`.
    paired
        Whether a reading counts only where the next one is there, too, as eq. (23) has it.

    Returns
    -------
    Readings
        NaN for what is not finite.

    Raises
    ------
    DhsimError
        All problems, a line each.
    """
    zone = np.asarray(temp_zone_c, np.float64)
    zone = zone[:, None] if zone.ndim == 1 else zone
    supply, outdoor = np.asarray(temp_supply_c, np.float64), np.asarray(temp_outdoor_c, np.float64)
    if zone.ndim != 2 or supply.shape != zone.shape[:1] or outdoor.shape != zone.shape[:1]:
        shapes = f"{zone.shape}, {supply.shape} and {outdoor.shape}"
        raise DhsimError(f"zones need shape (n_time, n_zone), supply and outdoor (n_time,): got {shapes}")
    if not 0.0 < step_s < np.inf:
        raise DhsimError(f"the step must be positive (got {step_s:g})")
    names = zone_names(zone_ids, zone.shape[1])
    problems = [*_input_problems(supply, outdoor), *_zone_problems(zone, supply, outdoor, names, paired)]
    if problems:
        raise DhsimError("\n".join(problems))
    # what is not finite is no reading, however a logger wrote it
    zone, supply, outdoor = (np.where(np.isfinite(values), values, np.nan) for values in (zone, supply, outdoor))
    return Readings(zone, supply, outdoor, float(step_s), names)


def _input_problems(supply: Floats, outdoor: Floats) -> list[str]:
    problems = []
    for name, values in (("supply", supply), ("outdoor", outdoor)):
        there = values[np.isfinite(values)]
        if len(there) < PAIRS_MIN:
            problems.append(f"{name} temperature: {len(there)} readings, at least {PAIRS_MIN} are needed")
        elif np.ptp(there) <= _CONSTANT_K:
            # a set-point may stand still, what a sensor measures does not
            stuck = f"constant at {there[0]:g} degC over {len(there)} readings: a dead sensor, or a set-point?"
            problems.append(f"{name} temperature: {stuck} give what was measured, or choose another period")
    return problems


def _counted(zone: Floats, inputs: NDArray[np.bool_], paired: bool) -> NDArray[np.int64]:
    """Return how many readings of each zone count for a fit."""
    there, known = np.isfinite(zone), inputs if inputs.ndim == 2 else inputs[:, None]
    counts = there[:-1] & there[1:] & known[:-1] if paired else there & known
    return np.asarray(np.count_nonzero(counts, axis=0), np.int64)


def _zone_problems(zone: Floats, supply: Floats, outdoor: Floats, names: tuple[str, ...], paired: bool) -> list[str]:
    problems = []
    inputs = np.isfinite(supply) & np.isfinite(outdoor)
    counted, kind = _counted(zone, inputs, paired), "steps" if paired else "times"
    for z, name in enumerate(names):
        there = np.isfinite(zone[:, z])
        if counted[z] < PAIRS_MIN:
            few = f"{counted[z]} {kind} with all readings, at least {PAIRS_MIN} are needed: leave it out"
            problems.append(f"{name}: {few}")
        elif np.ptp(zone[there, z]) <= _CONSTANT_K:
            stuck = f"constant at {zone[there, z][0]:g} degC over {there.sum()} readings"
            problems.append(f"{name}: {stuck}: a stuck sensor? leave it out")
        elif np.nanmax(np.abs(supply - zone[:, z])[inputs & there]) <= _CONSTANT_K:
            problems.append(f"{name}: always at the supply temperature: the sensor hangs on a pipe? leave it out")
    return problems
