"""Synthetic sensor series of zones with known leakage and heat supply, for tests and studies of the method."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dhsim.units import H_PER_DAY, S_PER_DAY, S_PER_H

Floats = NDArray[np.float64]


class SyntheticWeather(NamedTuple):
    """Outdoor temperature and the supply temperature of a heating curve; arrays of shape (n_time,)."""

    temp_outdoor_c: Floats
    temp_supply_c: Floats


def synthetic_weather(
    count: int, step_s: float, random: np.random.Generator, mean_c: float = 0.0, supply_sd_k: float = 0.8
) -> SyntheticWeather:
    """Return a winter's outdoor temperature and a supply temperature that follows it. Synthetic.

    ``u = 21 + 1.0 (21 - w)`` plus slow noise of the plant; w is a daily wave of 2 K on a random walk that returns to
    its mean within some days, with a standard deviation of 5 K.

    Parameters
    ----------
    count
        Number of samples.
    step_s
        Sampling interval [s].
    random
        Generator.
    mean_c
        Mean outdoor temperature [degC].
    supply_sd_k
        Standard deviation of the supply about its curve [K], with a memory of 6 h.

    Returns
    -------
    SyntheticWeather
        Two series.
    """
    walk = _slow_noise(count, step_s, 3.0 * S_PER_DAY, random)
    wave = np.cos(2.0 * np.pi * (np.arange(count) * step_s / S_PER_H - 15.0) / H_PER_DAY)
    outdoor = mean_c + 5.0 * walk + 2.0 * wave
    supply = 21.0 + (21.0 - outdoor) + supply_sd_k * _slow_noise(count, step_s, 6.0 * S_PER_H, random)
    return SyntheticWeather(outdoor, supply)


def _slow_noise(count: int, step_s: float, memory_s: float, random: np.random.Generator) -> Floats:
    """Return noise of unit variance whose memory decays with a time constant."""
    kept = np.exp(-step_s / memory_s)
    noise = random.standard_normal(count)
    noise[1:] *= np.sqrt(1.0 - kept**2)
    for k in range(1, count):
        noise[k] += kept * noise[k - 1]
    return noise


def simulate_zones(
    theta_per_s: ArrayLike,
    nu_per_s: ArrayLike,
    temp_supply_c: ArrayLike,
    temp_outdoor_c: ArrayLike,
    step_s: float,
    random: np.random.Generator,
    process_sd_k: float = 0.0,
    sensor_sd_k: float = 0.0,
    exact: bool = True,
    trv_slope_per_k: float = 0.0,
) -> Floats:
    """Return room temperatures as a sensor would read them, from the steady state of the first sample.

    ``dy/dt = theta (w - y) + nu (u - y)``, plus noise in each step and noise in each reading. Synthetic.

    Parameters
    ----------
    theta_per_s, nu_per_s
        Of each zone [1/s].
    temp_supply_c, temp_outdoor_c
        Inputs, constant between samples [degC].
    step_s
        Sampling interval [s].
    random
        Generator.
    process_sd_k
        What else moves a zone within a step, standard deviation [K].
    sensor_sd_k
        Noise of the sensor, standard deviation [K].
    exact
        Whether the step is solved exactly; otherwise by the difference quotient of eq. (23).
    trv_slope_per_k
        Relative change of nu for a kelvin above the zone's first temperature [1/K], never below zero flow: a crude
        thermostatic valve.

    Returns
    -------
    ndarray
        Temperatures [degC], shape (n_time, n_zone).
    """
    theta, nu = np.atleast_1d(np.asarray(theta_per_s, np.float64)), np.atleast_1d(np.asarray(nu_per_s, np.float64))
    supply, outdoor = np.asarray(temp_supply_c, np.float64), np.asarray(temp_outdoor_c, np.float64)
    state = np.empty((len(supply), len(theta)))
    state[0] = (theta * outdoor[0] + nu * supply[0]) / (theta + nu)
    noise = process_sd_k * random.standard_normal(state.shape)
    for k in range(len(supply) - 1):
        open_rel = np.maximum(0.0, 1.0 + trv_slope_per_k * (state[k] - state[0]))
        push = theta * (outdoor[k] - state[k]) + nu * open_rel * (supply[k] - state[k])
        rate = theta + nu * open_rel
        span = -np.expm1(-rate * step_s) / rate if exact else step_s
        state[k + 1] = state[k] + push * span + noise[k]
    return state + sensor_sd_k * random.standard_normal(state.shape)
