"""The weather in which a building is tried: a made-up winter, or the coldest stretch of a weather file."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from dhsim.balancing.synthetic import synthetic_weather
from dhsim.errors import DhsimError, Problem, ScenarioError
from dhsim.network.parts import Floats
from dhsim.scenario.series import read_weather_file
from dhsim.scenario.surroundings import WeatherSection
from dhsim.units import H_PER_DAY, S_PER_H, S_PER_MIN

SYNTHETIC = "synthetic"
PLANT_SD_K = 0.8
"""How far a plant strays from its heating curve, as in `synthetic_weather`."""
_TEMP_BALANCE_C = 21.0
_DAYS_OF_YEAR = 365
_TEMP_WINTER_MAX_C = 15.0


class TrialWeather(NamedTuple):
    """Outdoor temperature, and how far the supply strays from its curve; hourly, shape (n_hour,)."""

    temp_outdoor_c: Floats
    plant_k: Floats
    source: str
    """In words."""
    synthetic: bool


def trial_weather(
    days: float, source: str = SYNTHETIC, *, seed: int = 1, mean_c: float = 0.0, plant_sd_k: float = PLANT_SD_K
) -> TrialWeather:
    """Return the weather for so many days.

    Parameters
    ----------
    days
        Length in days.
    source
        `synthetic`, or a file (EPW, CSV, ISD-lite), of which the coldest stretch of that length is taken.
    seed
        Of a synthetic winter, and of what the plant does beside its curve.
    mean_c
        Mean outdoor temperature of a synthetic winter [degC].
    plant_sd_k
        Standard deviation of the supply about its curve [K], with a memory of 6 h.

    Returns
    -------
    TrialWeather
        Hourly.

    Raises
    ------
    ScenarioError
        All problems of the file, or one that is too short or too warm.
    """
    count = round(days * H_PER_DAY)
    random = np.random.default_rng(seed)
    outdoor, supply = synthetic_weather(count, S_PER_H, random, mean_c, plant_sd_k)
    plant_k = supply - (2.0 * _TEMP_BALANCE_C - outdoor)
    if source == SYNTHETIC:
        return TrialWeather(outdoor, plant_k, f"synthetic weather (seed {seed}, mean {outdoor.mean():.1f} degC)", True)
    hourly, length = _hourly_c(source)
    found = _coldest_c(hourly, count, length >= _DAYS_OF_YEAR, source)
    return TrialWeather(found, plant_k, f"{Path(source).name}, its coldest {days:g} days", False)


def _hourly_c(source: str) -> tuple[Floats, float]:
    """Return the hourly outdoor temperature of a file, and its length in days."""
    file = read_weather_file(source, WeatherSection(file=source))
    step_s = file.step_min * S_PER_MIN
    at = np.arange(file.temp_outdoor_c.size) * step_s
    hours = np.arange(0.0, at[-1] + 0.5 * step_s, S_PER_H)
    return np.interp(hours, at, file.temp_outdoor_c), float(at[-1] + step_s) / S_PER_H / H_PER_DAY


def _coldest_c(hourly_c: Floats, count: int, around: bool, source: str) -> Floats:
    """Return the coldest stretch; in a file of a year or more it may run over the file's end into its beginning."""
    if hourly_c.size < count:
        days = hourly_c.size / H_PER_DAY
        text = f"holds {days:.1f} days, {count / H_PER_DAY:g} are needed with those to settle: lower --days"
        raise ScenarioError([Problem(text, source)])
    long = np.concatenate([hourly_c, hourly_c[: count - 1]]) if around else hourly_c
    total = np.concatenate([[0.0], np.cumsum(long)])
    first = int(np.argmin(total[count:] - total[:-count]))
    found = long[first : first + count]
    if found.mean() > _TEMP_WINTER_MAX_C:
        text = f"no winter: its coldest {count / H_PER_DAY:g} days have {found.mean():.1f} degC"
        raise ScenarioError([Problem(text, source)])
    return found


def on_steps(hourly: Floats, step_s: float) -> Floats:
    """Return hourly values on shorter steps, held through the hour.

    Parameters
    ----------
    hourly
        Any hourly values, shape (n_hour,).
    step_s
        Step; a whole part of an hour, or an hour [s].

    Returns
    -------
    ndarray
        Shape (n_time,).

    Raises
    ------
    DhsimError
        If steps do not fit into an hour.
    """
    times = round(S_PER_H / step_s)
    if times < 1 or abs(times * step_s - S_PER_H) > 1e-6 * S_PER_H:
        raise DhsimError(f"steps of {step_s:g} s do not fit into an hour: take 60, 300, 900, 1800 or 3600 s")
    return np.repeat(hourly, times)
