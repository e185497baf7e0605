"""The temperature error that the control law leaves, simulated, beside its upper bound.

``de/dt = (-diag(theta + nu) + nu F_e^T) e + (theta + F_w nu) (y_ref - w)``, eq. (14) of
doi 10.1016/j.enbuild.2025.116464, exact between samples for an outdoor temperature that is constant there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import ArrayLike, NDArray

from dhsim.balancing.performance import feedforward_rel
from dhsim.errors import DhsimError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ErrorRun:
    """A simulated course of the error e = y_ref - y and what it amounts to; squares are summed over the zones."""

    error_k: Floats
    """e at the samples, the first one zero [K], shape (n_time, n_zone)."""
    temp_supply_c: Floats
    """Supply temperature u that the law asks for [degC], shape (n_time,)."""
    mean_square: float
    """Mean over time of |e|^2, the J of eq. (2) for this law [K2]."""
    bound_square: Floats
    """L I(t), eq. (15) and (16), which |e|^2 never exceeds [K2], shape (n_time,)."""
    bound_mean_square: float
    """L times the mean of I(t), eq. (20) [K2]: never below `mean_square`."""
    proxy_per_s2: float
    """|theta + F_w nu|^2 of the gain used [1/s2]; L where the gain is the optimal one."""
    feedforward_rel: float
    gamma_s: float
    """Constant of eq. (16) [s]."""
    decay_per_s: float
    """Constant lambda of eq. (16) [1/s]."""


def mean_feedback_rel(count: int, gain_rel: float) -> Floats:
    """Return the feedback that answers the mean error of all zones.

    ``F_e = -gain/Z``: one kelvin too cold on average raises the supply by `gain_rel` kelvin

    Parameters
    ----------
    count
        Number of zones Z.
    gain_rel
        Kelvin of supply for a kelvin of mean error [-]; not negative, and then always stable.

    Returns
    -------
    ndarray
        F_e [-], shape (n_zone,).

    Raises
    ------
    DhsimError
        If the gain is negative: it would heat where it is too warm.
    """
    if not gain_rel >= 0.0:
        raise DhsimError(f"a feedback gain below zero heats where it is too warm (got {gain_rel:g})")
    return np.full(count, -gain_rel / count)


def supply_temp_c(
    error_k: ArrayLike, temp_outdoor_c: ArrayLike, temp_ref_c: float, feedback_rel: ArrayLike, feedforward_rel: float
) -> Floats:
    """Return the supply temperature of the control law.

    ``u = y_ref - F_e e - F_w (y_ref - w)``

    Parameters
    ----------
    error_k
        e = y_ref - y, zones along the last axis [K].
    temp_outdoor_c
        Outdoor temperature w [degC].
    temp_ref_c
        Reference y_ref of the rooms [degC].
    feedback_rel
        F_e [-], shape (n_zone,).
    feedforward_rel
        F_w [-].

    Returns
    -------
    ndarray
        Supply temperature [degC].

    Notes
    -----
    Source: eq. (13) of doi 10.1016/j.enbuild.2025.116464. Unlimited: what a plant can give is the caller's affair.
    """
    fed_back = np.asarray(error_k, np.float64) @ np.asarray(feedback_rel, np.float64)
    return np.asarray(temp_ref_c - fed_back - feedforward_rel * (temp_ref_c - np.asarray(temp_outdoor_c, np.float64)))


def integrated_error(
    theta_per_s: ArrayLike,
    nu_per_s: ArrayLike,
    temp_outdoor_c: ArrayLike,
    step_s: float,
    temp_ref_c: float = 21.0,
    feedback_rel: ArrayLike | None = None,
    feedforward_gain_rel: float | None = None,
) -> ErrorRun:
    """Simulate the error under the control law and set its mean square beside the bound.

    ``J <= L lim 1/T int I dt`` with ``I(t) = gamma int exp(-lambda (t - tau)) |y_ref - w|^2 dtau``

    Parameters
    ----------
    theta_per_s, nu_per_s
        Thermal leakage and heat supply coefficient of each zone [1/s].
    temp_outdoor_c
        Outdoor temperature at the samples [degC], constant until the next.
    step_s
        Sampling interval [s].
    temp_ref_c
        Reference of the rooms [degC].
    feedback_rel
        F_e [-], shape (n_zone,); None for none. See `mean_feedback_rel`.
    feedforward_gain_rel
        F_w [-]; None for the optimal one of eq. (17).

    Returns
    -------
    ErrorRun
        Course, mean square and bound.

    Raises
    ------
    DhsimError
        If the feedback makes the loop unstable, or a series has a gap.

    Notes
    -----
    gamma and lambda follow from the decay of the loop: with ``|exp(A t)| <= kappa exp(-mu t)`` and the inequality of
    Cauchy and Schwarz, ``lambda = mu``, ``gamma = kappa^2 / mu``. Without feedback kappa = 1 and mu is the smallest
    theta + nu. The simulated value belongs to this law; the minimum over all supply temperatures in eq. (2) is no
    larger. Source: eqs. (13) to (16) and (20) of doi 10.1016/j.enbuild.2025.116464.
    """
    theta, nu = np.atleast_1d(np.asarray(theta_per_s, np.float64)), np.atleast_1d(np.asarray(nu_per_s, np.float64))
    outdoor = np.asarray(temp_outdoor_c, np.float64)
    _check(theta, nu, outdoor, step_s)
    gain = feedforward_rel(theta, nu) if feedforward_gain_rel is None else feedforward_gain_rel
    back = np.zeros(len(theta)) if feedback_rel is None else np.asarray(feedback_rel, np.float64)
    if back.shape != theta.shape:
        raise DhsimError(f"the feedback needs one gain a zone: got shape {back.shape} for {len(theta)} zones")
    drive, cold = theta + gain * nu, temp_ref_c - outdoor
    kappa, decay = _decay(theta, nu, back)
    error = _course(theta, nu, back, drive, cold, step_s)
    square = np.sum(error**2, axis=1)
    history = _decaying_sum(cold**2, decay, step_s)
    gamma = kappa**2 / decay
    proxy = float(drive @ drive)
    return ErrorRun(
        error_k=error,
        temp_supply_c=supply_temp_c(error, outdoor, temp_ref_c, back, gain),
        mean_square=float(square.mean()),
        bound_square=np.asarray(proxy * gamma * history),
        bound_mean_square=proxy * gamma * float(history.mean()),
        proxy_per_s2=proxy,
        feedforward_rel=gain,
        gamma_s=gamma,
        decay_per_s=decay,
    )


def _check(theta: Floats, nu: Floats, outdoor: Floats, step_s: float) -> None:
    if theta.shape != nu.shape or theta.ndim != 1:
        raise DhsimError(f"one theta and nu a zone: got shapes {theta.shape} and {nu.shape}")
    if not ((theta > 0.0).all() and (nu >= 0.0).all() and np.isfinite(theta + nu).all()):
        raise DhsimError("theta must be positive and nu not negative in every zone, and both finite")
    if outdoor.ndim != 1 or len(outdoor) < 2 or not np.isfinite(outdoor).all():
        missing = int(np.count_nonzero(~np.isfinite(outdoor)))
        raise DhsimError(f"the outdoor temperature must be one series without gaps ({missing} values missing)")
    if not step_s > 0.0:
        raise DhsimError(f"the step must be positive (got {step_s:g} s)")


def _decay(theta: Floats, nu: Floats, feedback: Floats) -> tuple[float, float]:
    """Return kappa and mu with |exp(A t)| <= kappa exp(-mu t): the pair that bounds the error more tightly."""
    if not feedback.any():
        return 1.0, float(np.min(theta + nu))
    matrix = -np.diag(theta + nu) + np.outer(nu, feedback)
    values, vectors = np.linalg.eig(matrix)
    slowest = -float(values.real.max())
    if slowest <= 0.0:
        raise DhsimError(
            f"the feedback makes the loop unstable (an error would grow by {-slowest:.2g} a second): "
            "answer cold rooms with warmer supply (negative F_e) or lower the gain"
        )
    pairs = [(float(np.linalg.cond(vectors)), slowest)]
    symmetric = -float(np.linalg.eigvalsh((matrix + matrix.T) / 2.0).max())
    if symmetric > 0.0:
        pairs.append((1.0, symmetric))
    return min(pairs, key=lambda pair: pair[0] / pair[1])


def _course(theta: Floats, nu: Floats, feedback: Floats, drive: Floats, cold: Floats, step_s: float) -> Floats:
    """Return the error at the samples from e = 0, by the exact transition over one step."""
    error = np.zeros((len(cold), len(theta)))
    if not feedback.any():
        rate = theta + nu
        kept, added = np.exp(-rate * step_s), -np.expm1(-rate * step_s) / rate * drive
        for k in range(len(cold) - 1):
            error[k + 1] = kept * error[k] + added * cold[k]
        return error
    size = len(theta)
    block = np.zeros((size + 1, size + 1))
    block[:size, :size] = -np.diag(theta + nu) + np.outer(nu, feedback)
    block[:size, size] = drive
    moved = scipy.linalg.expm(block * step_s)
    kept, added = moved[:size, :size], moved[:size, size]
    for k in range(len(cold) - 1):
        error[k + 1] = kept @ error[k] + added * cold[k]
    return error


def _decaying_sum(square: Floats, decay: float, step_s: float) -> Floats:
    """Return the integral of eq. (16) without gamma at the samples, exact for a piecewise constant square."""
    kept, weight = np.exp(-decay * step_s), -np.expm1(-decay * step_s) / decay
    history = np.zeros(len(square))
    for k in range(len(square) - 1):
        history[k + 1] = kept * history[k] + weight * square[k]
    return history
