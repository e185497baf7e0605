"""What spoils the regression (23), measured on its own residuals: sensor noise and a strong prior.

Thermostats have a module of their own, `dhsim.balancing.thermostats`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dhsim.balancing.flags import Flag
from dhsim.balancing.regression import regressors

Floats = NDArray[np.float64]

BIAS_FLAGGED_REL = 0.05
PRIOR_SHARE_FLAGGED_REL = 0.5
_CORRELATION_T_VALUE = -3.0


class Diagnostics(NamedTuple):
    """Numbers behind the flags; arrays of shape (n_zone,)."""

    sensor_sd_k: Floats
    """Standard deviation of sensor noise that the residuals betray [K]; 0 where none."""
    theta_bias_rel: Floats
    """By how much that noise inflates theta [-]."""
    nu_bias_rel: Floats
    """By how much it inflates nu [-]."""
    input_correlation_rel: Floats
    """Correlation of the two regressors w - y and u - y [-]: near -1 the data cannot tell theta from nu."""


def diagnose(
    temp_zone_c: Floats,
    temp_supply_c: Floats,
    temp_outdoor_c: Floats,
    theta_step: Floats,
    nu_step: Floats,
    theta_prior_sd_step: Floats,
) -> Diagnostics:
    """Measure what spoils a regression, on its residuals.

    Parameters
    ----------
    temp_zone_c
        Room temperatures, shape (n_time, n_zone), NaN where missing [degC].
    temp_supply_c, temp_outdoor_c
        Supply and outdoor temperature, shape (n_time,) [degC]; the latter may be (n_time, n_zone).
    theta_step, nu_step
        Fitted theta and nu times the step.
    theta_prior_sd_step
        Standard deviation of the prior times the step.

    Returns
    -------
    Diagnostics
        One number of each kind a zone.

    Notes
    -----
    Noise v of the sensor makes neighbouring residuals move against each other: their covariance is ``-var(v)``. The
    same noise stands in the regressors, and their covariance with the error, ``var(v) (1 - T - V)``, is carried through
    the normal equations to the bias. Slow disturbances hide part of it, so that the number is a lower bound.
    """
    change, outdoor, supply = regressors(temp_zone_c, temp_supply_c, temp_outdoor_c)
    rest = change - theta_step * outdoor - nu_step * supply
    noise_variance = _noise_variance(rest)
    theta_bias, nu_bias = _bias(outdoor, supply, rest, theta_step, nu_step, theta_prior_sd_step, noise_variance)
    return Diagnostics(
        sensor_sd_k=np.sqrt(noise_variance),
        theta_bias_rel=theta_bias,
        nu_bias_rel=nu_bias,
        input_correlation_rel=_correlation(outdoor, supply),
    )


def _noise_variance(rest: Floats) -> Floats:
    """Return the variance of the sensor noise, zero where neighbouring residuals are not clearly opposed."""
    both = rest[1:] * rest[:-1]
    count = np.maximum(np.isfinite(both).sum(axis=0), 1)
    covariance = np.nansum(both, axis=0) / count
    variance = np.nansum(rest**2, axis=0) / np.maximum(np.isfinite(rest).sum(axis=0), 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        clear = covariance / variance * np.sqrt(count) < _CORRELATION_T_VALUE
    return np.where(clear, -covariance, 0.0)


def _bias(
    outdoor: Floats, supply: Floats, rest: Floats, theta: Floats, nu: Floats, prior_sd: Floats, noise: Floats
) -> tuple[Floats, Floats]:
    count = np.maximum(np.isfinite(rest).sum(axis=0), 1)
    variance = np.nansum(rest**2, axis=0) / count
    a = np.nansum(outdoor**2, axis=0) + variance / prior_sd**2
    b, c = np.nansum(outdoor * supply, axis=0), np.nansum(supply**2, axis=0)
    pull = count * noise * (1.0 - theta - nu)
    determinant = a * c - b * b
    with np.errstate(divide="ignore", invalid="ignore"):
        theta_off, nu_off = pull * (c - b) / determinant, pull * (a - b) / determinant
        parts = (theta_off / (theta - theta_off), nu_off / (nu - nu_off))
    return np.where(noise > 0.0, parts[0], 0.0), np.where(noise > 0.0, parts[1], 0.0)


def _correlation(outdoor: Floats, supply: Floats) -> Floats:
    a, b = outdoor - np.nanmean(outdoor, axis=0), supply - np.nanmean(supply, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.nansum(a * b, axis=0) / np.sqrt(np.nansum(a * a, axis=0) * np.nansum(b * b, axis=0)))


def flags_of(zone_ids: tuple[str, ...], found: Diagnostics, prior_share_rel: Floats) -> list[Flag]:
    """Return a flag for each zone and cause, with its number and the way out."""
    flags = []
    for z, zone in enumerate(zone_ids):
        share, bias = float(prior_share_rel[z]), float(found.theta_bias_rel[z])
        if share > PRIOR_SHARE_FLAGGED_REL:
            text = f"theta is mostly the prior: posterior over prior sd {share:.2f}, correlation of the inputs "
            text += f"{found.input_correlation_rel[z]:.2f}; vary the supply temperature (dhsim balance excite)"
            flags.append(Flag("prior", zone, text, share))
        if max(abs(bias), abs(float(found.nu_bias_rel[z]))) > BIAS_FLAGGED_REL:
            text = f"sensor noise of at least {found.sensor_sd_k[z]:.3f} K inflates theta by {100 * bias:.0f} % and nu "
            text += f"by {100 * found.nu_bias_rel[z]:.0f} %: 1/theta is no time constant here; use identify_kalman"
            flags.append(Flag("sensor noise", zone, text, bias))
    return flags
