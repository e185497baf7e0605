"""The better fit: the likelihood of a Kalman filter, which knows that sensors have noise and solves steps exactly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.optimize
from numpy.typing import ArrayLike, NDArray

from dhsim.balancing.diagnostics import PRIOR_SHARE_FLAGGED_REL
from dhsim.balancing.flags import Flag
from dhsim.balancing.identification import DRAWS, Readings, air_of, checked_readings, sign_flags, stated
from dhsim.balancing.posterior import Posterior
from dhsim.balancing.prior import NoisePrior, ThetaPrior
from dhsim.balancing.regression import Sums, most_likely, reduced, regression_sums
from dhsim.balancing.sensitivity import PARAMETERS, kalman_scores
from dhsim.balancing.sensor_data import PAIRS_MIN
from dhsim.balancing.thermostats import screened_flags, thermostats
from dhsim.balancing.whiteness import widened_flags, widening
from dhsim.elementwise import compiled

Floats = NDArray[np.float64]

_STEP_REL = 2e-2
"""Of the differences behind the curvature, in units near one standard deviation."""
_CURVATURE_MIN = 1e-8
_SD_START_K = 0.05
"""Of a step, where no two readings follow each other to tell."""


@compiled
def kalman_deviance(
    temp_zone_c: Floats,
    temp_supply_c: Floats,
    temp_outdoor_c: Floats,
    theta_step: float,
    nu_step: float,
    process_variance: float,
    sensor_variance: float,
) -> float:
    """Return minus twice the logarithm of the likelihood of one zone's readings, up to a constant.

    ``x+ = x + (T (w - x) + V (u - x)) (1 - exp(-T - V))/(T + V) + process noise``, ``y = x + sensor noise``

    Parameters
    ----------
    temp_zone_c
        Readings y, NaN where missing [degC].
    temp_supply_c, temp_outdoor_c
        Inputs, constant until the next sample [degC]; after a gap in them the filter starts anew.
    theta_step, nu_step
        T = theta dt and V = nu dt.
    process_variance, sensor_variance
        Variances within a step and of a reading, in K2.

    Returns
    -------
    float
        Deviance.
    """
    rate = theta_step + nu_step
    span = -math.expm1(-rate) / rate if abs(rate) > 1e-12 else 1.0
    kept = 1.0 - rate * span
    deviance, known, state, variance = 0.0, False, 0.0, 0.0
    for k in range(len(temp_zone_c)):
        reading = temp_zone_c[k]
        if not math.isnan(reading):
            if known:
                total = variance + sensor_variance
                off = reading - state
                deviance += math.log(total) + off * off / total
                gain = variance / total
                state += gain * off
                variance *= 1.0 - gain
            else:
                known, state, variance = True, reading, sensor_variance
        push = theta_step * temp_outdoor_c[k] + nu_step * temp_supply_c[k]
        if math.isnan(push):
            known = False
        else:
            state = kept * state + span * push
            variance = kept * kept * variance + process_variance
    return deviance


def identify_kalman(
    temp_zone_c: ArrayLike,
    temp_supply_c: ArrayLike,
    temp_outdoor_c: ArrayLike,
    step_s: float,
    prior: ThetaPrior | tuple[ArrayLike, ArrayLike] | None = None,
    noise_prior: NoisePrior | None = None,
    *,
    zone_ids: Sequence[str] | None = None,
    draw_count: int = DRAWS,
    random: np.random.Generator | None = None,
    walls_rel: ArrayLike | None = None,
    gains: bool = False,
    screen: bool | None = None,
) -> Posterior:
    """Identify leakage, heat supply, disturbance and sensor noise of every zone by a Kalman filter's likelihood.

    Readings may miss, even every second one: the filter goes on without them, and starts anew after a gap in supply or
    outdoor temperature.

    Parameters
    ----------
    temp_zone_c, temp_supply_c, temp_outdoor_c
        Readings as in `identify` [degC].
    step_s
        Sampling interval [s].
    prior
        Of theta, as in `identify`.
    noise_prior
        Of the sensor's standard deviation; None for 0.05 K, a factor of e either way.
    zone_ids, draw_count, random, walls_rel
        As in `identify`; walls as ratios [-].
    gains
        Whether to fit a steady heat gain beside theta and nu, as degrees by which it seems warmer outside. The paper's
        model has none, and takes people and appliances for leakage and heat supply.
    screen
        As in `identify`.

    Returns
    -------
    Posterior
        Maximum of the posterior over (theta, nu, log process sd, log sensor sd), and draws from its Gaussian
        approximation there (Laplace), widened where residuals are not white. Its pairs are readings beside the first.

    Raises
    ------
    DhsimError
        If shapes differ, a series is constant or nearly empty, or an input does not vary; all of it at once.

    Notes
    -----
    Disturbances are independent from step to step here as in eq. (23); occupants are not, and what moves a flat for
    hours (sun, visitors) is not: what that does to the residuals is measured, and the draws are widened by it
    (`dhsim.balancing.whiteness`, flag "not white"). Source of the filter: R. E. Kalman,
    J. Basic Eng. 82 (1960) 35, doi 10.1115/1.3662552; of the model: eq. (11) of doi 10.1016/j.enbuild.2025.116464.
    """
    asked = checked_readings(temp_zone_c, temp_supply_c, temp_outdoor_c, step_s, zone_ids, paired=False)
    readings, believed, share_walls, mean, sd = stated(asked, prior, walls_rel, paired=False)
    noise = NoisePrior() if noise_prior is None else noise_prior
    start = _start(readings, mean, sd)
    generator = random or np.random.default_rng(0)
    fits = [
        _fitted_zone(readings, z, (float(mean[z]), float(sd[z])), [float(part[z]) for part in start], noise, gains)
        for z in range(len(readings.zone_ids))
    ]
    modes = np.array([mode for mode, _, _ in fits])
    wider = [_widened_root(readings, z, float(sd[z]), noise, fit) for z, fit in enumerate(fits)]
    drawn = [
        mode[:2] + generator.standard_normal((draw_count, mode.size)) @ root[:2].T
        for (mode, _, _), (root, _) in zip(fits, wider, strict=True)
    ]
    samples = np.stack(drawn, axis=1)
    share = np.array([np.sqrt(root[0] @ root[0]) for root, _ in wider]) / sd
    factors = np.array([factor for _, factor in wider])
    flags = [*_flags(readings.zone_ids, fits, share), *widened_flags(readings.zone_ids, factors)]
    flags += screened_flags(readings.zone_ids, lambda: thermostats(*readings[:3], start, (mean, sd), noise), screen)
    return Posterior(
        zone_ids=readings.zone_ids,
        method="kalman",
        step_s=step_s,
        prior=believed,
        theta_per_s=modes[:, 0] / share_walls / step_s,
        nu_per_s=modes[:, 1] / step_s,
        residual_sd_k=np.exp(modes[:, 2]),
        theta_samples_per_s=samples[..., 0] / share_walls / step_s,
        nu_samples_per_s=samples[..., 1] / step_s,
        prior_share_rel=share,
        pairs=np.count_nonzero(np.isfinite(readings.temp_zone_c), axis=0) - 1,
        sensor_sd_k=np.exp(modes[:, 3]),
        flags=(*flags, *sign_flags(readings.zone_ids, modes[:, 0], modes[:, 1])),
    )


def _start(readings: Readings, mean: Floats, sd: Floats) -> tuple[Floats, Floats, Floats]:
    """Return theta, nu and the variance of a step where a search starts: the regression's, if it has any to say.

    Where readings hardly ever follow each other, theta is the prior's, and nu what keeps the room's mean.
    """
    sums = regression_sums(*readings[:3])
    few = sums.steps < PAIRS_MIN
    start = most_likely(reduced(Sums._make(np.where(few, 1.0, part) for part in sums), mean), mean, sd)[:3]
    if not few.any():
        return start
    outdoor, supply = readings.temp_outdoor_c, readings.temp_supply_c[:, None]
    air = outdoor if outdoor.ndim == 2 else outdoor[:, None]
    lost, given = (np.nanmean(part, axis=0) for part in (readings.temp_zone_c - air, supply - readings.temp_zone_c))
    likely = (lost > 0.0) & (given > 0.0)
    ratio = np.where(likely, lost, 1.0) / np.where(likely, given, 1.0)
    instead = mean, mean * ratio, np.full(mean.shape, _SD_START_K**2)
    theta, nu, variance = (np.where(few, other, part) for other, part in zip(instead, start, strict=True))
    return theta, nu, variance


def _widened_root(
    readings: Readings, z: int, sd: float, noise: NoisePrior, fit: tuple[Floats, Floats, bool]
) -> tuple[Floats, float]:
    """Return the root of a zone's covariance, widened where its residuals are not white, and the largest factor."""
    mode, root, regular = fit
    if not regular:
        return root, 1.0
    offset = mode[4] if mode.size > 4 else 0.0
    point = np.array([mode[0], mode[1], 0.0, mode[0] * offset, mode[2], mode[3]])
    column = np.ascontiguousarray(readings.temp_zone_c[:, z])
    score, square = np.zeros((column.size, PARAMETERS)), np.zeros((PARAMETERS, PARAMETERS))
    kalman_scores(column, readings.temp_supply_c, air_of(readings, z), 0.0, point, score, square, np.zeros_like(square))
    of_offset = mode[0] * score[:, 3]
    score[:, 0] += offset * score[:, 3]  # a gain m is theta times the offset
    told = np.column_stack([score[:, [0, 1, 4, 5]], of_offset])[:, : mode.size]
    prior = np.zeros((mode.size, mode.size))
    prior[0, 0], prior[3, 3] = sd**-2.0, noise.log_sd**-2.0
    matrix, factor = widening(root @ root.T, prior, told)
    return np.vstack([matrix @ root[:2], root[2:]]), factor


def _fitted_zone(
    readings: Readings, z: int, prior: tuple[float, float], start: list[float], noise: NoisePrior, gains: bool
) -> tuple[Floats, Floats, bool]:
    """Return mode (T, V, log process sd, log sensor sd and, with gains, what they add to the outdoor temperature in K),
    a root of its covariance, and whether the search ended well.

    The search runs in units near one posterior standard deviation each. Theta and nu scale together almost freely, so
    that V is searched as its ratio to T.
    """
    column = np.ascontiguousarray(readings.temp_zone_c[:, z])
    supply, air = readings.temp_supply_c, air_of(readings, z)
    mean, sd = prior
    ratio_start = start[1] / start[0] if start[0] > 0.0 and start[1] > 0.0 else 1.0
    log_sd = 0.5 * math.log(start[2])
    count = 5 if gains else 4
    unit = np.array([sd, 0.02 * ratio_start, 0.05, 0.2, 0.5])[:count]
    centre = np.array([mean, ratio_start, log_sd, math.log(noise.median_k), 0.0])[:count]

    def natural(point: Floats) -> Floats:
        theta, ratio, *others = centre + unit * point
        return np.array([theta, theta * ratio, *others])

    def half_deviance(point: Floats) -> float:
        theta, nu, process, sensor, *offset = natural(point)
        spread = math.exp(2.0 * min(process, 20.0)), math.exp(2.0 * min(sensor, 20.0))
        outside = air + offset[0] if offset else air
        deviance = kalman_deviance(column, supply, outside, theta, nu, *spread)
        believed = point[0] ** 2 + ((sensor - math.log(noise.median_k)) / noise.log_sd) ** 2
        return 0.5 * (float(deviance) + float(believed))

    found = _searched(half_deviance, count)
    values, vectors = np.linalg.eigh(_curvature(half_deviance, found.x))
    regular = bool(values.min() > _CURVATURE_MIN)
    root = vectors / np.sqrt(np.maximum(values, _CURVATURE_MIN))
    theta, ratio = (centre + unit * found.x)[:2]
    turn = np.diag(unit)
    turn[1, :2] = ratio * unit[0], theta * unit[1]
    return natural(found.x), turn @ root, regular


def _searched(target: Any, count: int) -> Any:
    """Return the minimum from two starts, a quiet sensor and a noisy one: the two explanations may both have a hill."""
    starts = ([0.0, 0.0, -4.0, 0.0, 0.0], [0.0, 0.0, 0.0, -5.0, 0.0])
    found = [scipy.optimize.minimize(target, start[:count], method="BFGS", options={"gtol": 1e-4}) for start in starts]
    return min(found, key=lambda result: result.fun)


def _curvature(target: Any, point: Floats) -> Floats:
    """Return the matrix of second derivatives by central differences."""
    size = len(point)
    shift = _STEP_REL * np.eye(size)
    matrix = np.empty((size, size))
    middle = target(point)
    for i in range(size):
        matrix[i, i] = (target(point + shift[i]) - 2.0 * middle + target(point - shift[i])) / shift[i, i] ** 2
        for j in range(i):
            corners = [target(point + a * shift[i] + b * shift[j]) * a * b for a in (1, -1) for b in (1, -1)]
            matrix[i, j] = matrix[j, i] = sum(corners) / (4.0 * shift[i, i] * shift[j, j])
    return matrix


def _flags(zone_ids: tuple[str, ...], fits: list[tuple[Floats, Floats, bool]], share: Floats) -> list[Flag]:
    flags = []
    for zone, (_, _, regular), part in zip(zone_ids, fits, share, strict=True):
        if part > PRIOR_SHARE_FLAGGED_REL:
            text = f"theta is mostly the prior: posterior over prior sd {part:.2f}"
            text += "; vary the supply temperature (dhsim balance excite)"
            flags.append(Flag("prior", zone, text, float(part)))
        if not regular:
            flags.append(Flag("flat", zone, "the likelihood has no clear maximum: its intervals are not to be trusted"))
    return flags
