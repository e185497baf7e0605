"""A test signal on the supply temperature that tells leakage from heat supply, within what tenants may feel.

In normal operation the supply follows the outdoor temperature and the two regressors of eq. (23) hardly differ. A
random switching of the supply between two levels, held for hours, parts them: the longer the hold, the more the rooms
move. Response and posterior are linear, so that for each hold the largest amplitude within the comfort bound and the
posterior it leads to are known beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from dhsim.balancing.posterior import Posterior
from dhsim.errors import DhsimError
from dhsim.units import S_PER_H

Floats = NDArray[np.float64]

HOLDS_H = (6.0, 12.0, 24.0, 36.0, 48.0, 72.0)
AMPLITUDE_MAX_K = 6.0
SUPPLY_RANGE_C = (20.0, 80.0)
_SEQUENCES = 8


class Precision(NamedTuple):
    """What a plan of inputs is expected to tell."""

    theta_share_rel: Floats
    """Posterior over prior standard deviation of theta [-], shape (n_zone,)."""
    angle_sd_rad: float
    """Standard deviation of the angle over all zones [rad], to first order."""


@dataclass(frozen=True)
class Excitation:
    """A proposed test signal, what it costs in comfort and what it is expected to tell."""

    offset_k: Floats
    """To be added to the planned supply temperature [K], shape (n_time,)."""
    amplitude_k: float
    hold_s: float
    comfort_peak_k: float
    """Largest departure of any room from its course without the signal [K]."""
    without: Precision
    expected: Precision
    candidates: pd.DataFrame
    """All that were looked at: hold_h, amplitude_k, comfort_peak_k, theta_share_rel, angle_sd_rad."""


def switching_signal(count: int, hold_steps: int, random: np.random.Generator) -> Floats:
    """Return a random binary signal of mean zero that may change sign every `hold_steps` samples.

    As many holds lie above as below (for an odd number of holds the last one is zero), in random order.

    Parameters
    ----------
    count
        Number of samples.
    hold_steps
        Samples between possible changes.
    random
        Generator.

    Returns
    -------
    ndarray
        -1, 0 or 1, shape (n_time,).
    """
    holds = count // hold_steps
    levels = np.repeat([1.0, -1.0], holds // 2)
    random.shuffle(levels)
    signal = np.zeros(count)
    signal[: len(levels) * hold_steps] = np.repeat(levels, hold_steps)
    return signal


def room_response_k(theta_per_s: ArrayLike, nu_per_s: ArrayLike, offset_k: ArrayLike, step_s: float) -> Floats:
    """Return how far rooms depart from their course when the supply temperature is offset.

    ``d(dy)/dt = -(theta + nu) dy + nu du``, exact between samples

    Parameters
    ----------
    theta_per_s, nu_per_s
        Of each zone [1/s].
    offset_k
        Offset du of the supply, constant between samples [K].
    step_s
        Sampling interval [s].

    Returns
    -------
    ndarray
        Departure at the start of each sample [K], shape (n_time, n_zone).
    """
    theta, nu = np.atleast_1d(np.asarray(theta_per_s, np.float64)), np.atleast_1d(np.asarray(nu_per_s, np.float64))
    offset = np.asarray(offset_k, np.float64)
    rate = theta + nu
    kept, gain = np.exp(-rate * step_s), -np.expm1(-rate * step_s) / rate * nu
    response = np.zeros((len(offset), len(theta)))
    for k in range(len(offset) - 1):
        response[k + 1] = kept * response[k] + gain * offset[k]
    return response


def expected_precision(
    fit: Posterior, temp_supply_c: ArrayLike, temp_outdoor_c: ArrayLike, offset_k: ArrayLike | None = None
) -> Precision:
    """Return what a period with these inputs would tell about theta and the angle.

    The rooms are put on the course of the fitted model, the sums of eq. (23) are formed, and the posterior's covariance
    at the fitted disturbance follows; noise of the sensors is not counted.

    Parameters
    ----------
    fit
        From an earlier period.
    temp_supply_c, temp_outdoor_c
        Planned or forecast inputs without the signal, shape (n_time,) [degC].
    offset_k
        The signal [K]; None for none.

    Returns
    -------
    Precision
        Share of the prior that is left, per zone, and standard deviation of the angle.
    """
    supply, outdoor = _inputs(temp_supply_c, temp_outdoor_c)
    offset = np.zeros(len(supply)) if offset_k is None else np.asarray(offset_k, np.float64)
    room = _course_c(fit, supply, outdoor)
    if offset_k is not None:
        room = room + room_response_k(fit.theta_per_s, fit.nu_per_s, offset, fit.step_s)
    a, b = (outdoor[:, None] - room)[:-1], ((supply + offset)[:, None] - room)[:-1]
    # variance of theta and nu per step, from the normal equations with the prior
    variance = fit.residual_sd_k**2
    prior = (np.asarray(fit.prior.sd_per_s) * fit.step_s) ** -2.0
    aa, ab, bb = (np.einsum("kz,kz->z", *pair) / variance for pair in ((a, a), (a, b), (b, b)))
    determinant = (aa + prior) * bb - ab**2
    theta_variance, covariance, nu_variance = bb / determinant, -ab / determinant, (aa + prior) / determinant
    return Precision(
        np.sqrt(theta_variance * prior),
        _angle_sd(fit.theta_per_s, fit.nu_per_s, theta_variance, covariance, nu_variance, fit.step_s),
    )


def _inputs(temp_supply_c: ArrayLike, temp_outdoor_c: ArrayLike) -> tuple[Floats, Floats]:
    supply, outdoor = np.asarray(temp_supply_c, np.float64), np.asarray(temp_outdoor_c, np.float64)
    if supply.ndim != 1 or supply.shape != outdoor.shape or len(supply) < 2:
        raise DhsimError(f"planned inputs need one shape (n_time,): got {supply.shape} and {outdoor.shape}")
    missing = int(np.count_nonzero(~np.isfinite(supply + outdoor)))
    if missing:
        raise DhsimError(f"planned inputs have gaps ({missing} of {len(supply)} samples): plan the whole test period")
    return supply, outdoor


def _course_c(fit: Posterior, supply: Floats, outdoor: Floats) -> Floats:
    """Return the rooms' course under the plan, from the steady state of its first sample."""
    theta, nu = fit.theta_per_s, fit.nu_per_s
    rate = theta + nu
    steady = (theta * outdoor[:, None] + nu * supply[:, None]) / rate
    kept = np.exp(-rate * fit.step_s)
    room = steady.copy()
    for k in range(len(supply) - 1):
        room[k + 1] = steady[k] + kept * (room[k] - steady[k])
    return room


def _angle_sd(theta: Floats, nu: Floats, vt: Floats, c: Floats, vn: Floats, step_s: float) -> float:
    """Return the standard deviation of the angle from its gradient in the plane of theta and nu."""
    size_theta, size_nu = np.linalg.norm(theta), np.linalg.norm(nu)
    a, b = theta / size_theta, nu / size_nu
    cosine = float(a @ b)
    sine = float(np.sqrt(max(1.0 - cosine**2, np.finfo(float).eps)))
    by_theta, by_nu = -(b - cosine * a) / (sine * size_theta), -(a - cosine * b) / (sine * size_nu)
    variance = np.sum(by_theta**2 * vt + 2.0 * by_theta * by_nu * c + by_nu**2 * vn)
    return float(np.sqrt(variance) / step_s)


def propose_excitation(
    fit: Posterior,
    temp_supply_c: ArrayLike,
    temp_outdoor_c: ArrayLike,
    comfort_k: float,
    *,
    amplitude_max_k: float = AMPLITUDE_MAX_K,
    holds_h: Sequence[float] = HOLDS_H,
    supply_range_c: tuple[float, float] = SUPPLY_RANGE_C,
    random: np.random.Generator | None = None,
) -> Excitation:
    """Propose a switching of the supply temperature that shrinks the posterior most within a comfort bound.

    Parameters
    ----------
    fit
        From an earlier period in normal operation.
    temp_supply_c, temp_outdoor_c
        Planned or forecast inputs of the test period, at the step of the fit, shape (n_time,) [degC].
    comfort_k
        How far any room may depart from its course without the signal [K].
    amplitude_max_k
        Largest step of the supply up or down [K].
    holds_h
        Times between possible switches to try [h].
    supply_range_c
        What the plant can supply [degC].
    random
        Generator of the sequences; None for one of fixed seed.

    Returns
    -------
    Excitation
        The signal of smallest mean posterior share of theta, the other candidates, and the plan without a signal.

    Raises
    ------
    DhsimError
        If the bound is not positive, a hold does not fit twice into the period, or no amplitude is left.

    Notes
    -----
    The share is the one at the fitted disturbance and model: sensors with noise tell less. Rooms under comfort control
    or with thermostatic valves answer less than assumed, which is safe for comfort and costs information. Shorter holds
    allow larger steps and mostly win; holds below 6 h are left out all the same, since the model knows neither the heat
    in radiators and pipes nor the difference between air and walls, which rule the first hours after a step.
    """
    supply, outdoor = _inputs(temp_supply_c, temp_outdoor_c)
    if not comfort_k > 0.0 or not amplitude_max_k > 0.0:
        raise DhsimError(f"comfort bound and amplitude must be positive (got {comfort_k:g} and {amplitude_max_k:g} K)")
    generator = random or np.random.default_rng(0)
    rows, signals = [], []
    for hold_h in holds_h:
        steps = round(hold_h * S_PER_H / fit.step_s)
        if steps < 1 or 2 * steps > len(supply):
            continue
        for _ in range(_SEQUENCES):
            unit = switching_signal(len(supply), steps, generator)
            # one sample more: the rooms go on moving to the end of the last hold
            through = np.append(unit, 0.0)
            peak = float(np.abs(room_response_k(fit.theta_per_s, fit.nu_per_s, through, fit.step_s)).max())
            amplitude = min(amplitude_max_k, comfort_k / peak, _plant_limit_k(supply, unit, supply_range_c))
            if amplitude > 0.0:
                told = expected_precision(fit, supply, outdoor, amplitude * unit)
                share = float(told.theta_share_rel.mean())
                rows.append((hold_h, amplitude, amplitude * peak, share, told.angle_sd_rad))
                signals.append((amplitude * unit, told))
    if not rows:
        days = len(supply) * fit.step_s / S_PER_H
        low, high = supply_range_c
        raise DhsimError(
            f"no signal is possible: {days:g} h of plan for holds of {', '.join(f'{h:g}' for h in holds_h)} h, supply "
            f"{supply.min():g} to {supply.max():g} degC within {low:g} to {high:g}; lengthen the test or shorten holds"
        )
    names = ["hold_h", "amplitude_k", "comfort_peak_k", "theta_share_rel", "angle_sd_rad"]
    table = pd.DataFrame(rows, columns=pd.Index(names))
    best = int(np.argmin(table["theta_share_rel"].to_numpy()))
    return Excitation(
        offset_k=signals[best][0],
        amplitude_k=rows[best][1],
        hold_s=rows[best][0] * S_PER_H,
        comfort_peak_k=rows[best][2],
        without=expected_precision(fit, supply, outdoor),
        expected=signals[best][1],
        candidates=table,
    )


def _plant_limit_k(supply: Floats, unit: Floats, supply_range_c: tuple[float, float]) -> float:
    """Return the largest amplitude that keeps the supply within the plant's range all the time."""
    low, high = supply_range_c
    up, down = unit > 0.0, unit < 0.0
    return float(min(np.min(high - supply[up], initial=np.inf), np.min(supply[down] - low, initial=np.inf)))
