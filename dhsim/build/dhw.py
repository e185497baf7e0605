"""What people do: hot water drawn, cold water's temperature, and the heat of people and appliances."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dhsim.build.climate import stream
from dhsim.catalogue import entry, points
from dhsim.scenario.schema import Scenario
from dhsim.units import M3_PER_L, S_PER_DAY, W_PER_KW

Floats = NDArray[np.float64]

DENSITY_HOT_WATER_KG_M3 = 983.0
"""Water at 60 degC (IAPWS-95: 983.2)."""
DAY_COLDEST_WATER = 46
"""15 February: the ground lags the air by about a month; from memory of mains water series, +-3 weeks."""
_DAYS_PER_YEAR = 365.25
_WEEKDAYS, _WEEKEND_DAYS = 5, 2


def tap_mass_flow_kg_s(scenario: Scenario, time: pd.DatetimeIndex, rng: np.random.Generator | None = None) -> Floats:
    """Return the hot water drawn by each building.

    Equation: mean = persons x litres a day x 983 kg/m3 x hourly shape; drawn singly, the number of tappings in a step
    is Poisson with the mean volume over `draw_mean_l`, and each volume is exponential.

    Parameters
    ----------
    scenario
        Persons, litres, profiles and `dhw`.
    time
        Beginning of each step, local standard time.
    rng
        Source of one number, from which every building's own stream grows, keyed by its id: the order of the
        buildings does not matter. Left out: the scenario's seed.

    Returns
    -------
    ndarray
        Mass flow [kg/s] at `dhw.temp_hot_c`, shape (n_time, n_building). A tapping falls into one step, so steps of
        a few minutes show higher peaks than a fixture lets through.

    Source: hourly shapes: table `dhw_profiles`; the compound Poisson process is dhsim's own.
    """
    rng = stream(scenario.seed, "dhw") if rng is None else rng
    root, step_s = int(rng.integers(2**62)), _step_s(time)
    made = np.empty((len(time), len(scenario.buildings)))
    for k, building in enumerate(scenario.buildings):
        kind = scenario.building_types[building.type]
        litres_s = building.persons * kind.dhw_litres_person_day / S_PER_DAY
        expected_l = litres_s * step_s * hourly_shape("dhw_profiles", kind.profile, time)
        if scenario.dhw.stochastic:
            expected_l = _tappings(expected_l, scenario.dhw.draw_mean_l, _stream(root, building.id))
        made[:, k] = expected_l * M3_PER_L * DENSITY_HOT_WATER_KG_M3 / step_s
    return made


def _tappings(expected_l: Floats, draw_mean_l: float, rng: np.random.Generator) -> Floats:
    """Return volumes drawn in each step; the sum of n exponentials is a gamma variable of shape n."""
    count = rng.poisson(expected_l / draw_mean_l)
    volume: Floats = draw_mean_l * rng.standard_gamma(count)
    return volume


def _stream(root: int, building_id: str) -> np.random.Generator:
    key = int.from_bytes(hashlib.sha256(building_id.encode()).digest()[:8], "little")
    return np.random.default_rng(np.random.SeedSequence([root, key]))


def _step_s(time: pd.DatetimeIndex) -> float:
    return float((time[1] - time[0]).total_seconds())


def hourly_shape(table_name: str, profile: str, time: pd.DatetimeIndex) -> Floats:
    """Return a profile's hourly shape on the time grid, scaled so that a week's mean is 1 [-], shape (n_time,).

    Examples
    --------
    >>> week = pd.date_range("2021-01-04", periods=168, freq="h")
    >>> round(float(hourly_shape("dhw_profiles", "residential", week).mean()), 9)
    1.0
    """
    weekday, weekend = (
        np.array(points(entry(table_name, f"{profile}:{day}"), "hours_points_rel")) for day in ("weekday", "weekend")
    )
    mean = (_WEEKDAYS * weekday.mean() + _WEEKEND_DAYS * weekend.mean()) / (_WEEKDAYS + _WEEKEND_DAYS)
    hour = np.asarray(time.hour)
    shape: Floats = np.where(np.asarray(time.day_of_week) < _WEEKDAYS, weekday[hour], weekend[hour]) / mean
    return shape


def temp_cold_c(scenario: Scenario, time: pd.DatetimeIndex) -> Floats:
    """Return the temperature of the cold water.

    Equation: T = mean - amplitude cos(2 pi (day - 46) / 365.25); half a year later south of the equator.

    Parameters
    ----------
    scenario
        `dhw.temp_cold_winter_c`, `dhw.temp_cold_summer_c` and the site.
    time
        Beginning of each step.

    Returns
    -------
    ndarray
        Temperature [degC], shape (n_time,).

    Source: own; a seasonal wave between the two values the scenario names.
    """
    winter, summer = scenario.dhw.temp_cold_winter_c, scenario.dhw.temp_cold_summer_c
    coldest = DAY_COLDEST_WATER + (0.5 * _DAYS_PER_YEAR if scenario.site.latitude_deg < 0.0 else 0.0)
    day = time.day_of_year.to_numpy() + np.asarray(time.hour, dtype=np.float64) / 24.0
    wave = np.cos(2.0 * np.pi * (day - coldest) / _DAYS_PER_YEAR)
    temp: Floats = 0.5 * (winter + summer) - 0.5 * (summer - winter) * wave
    return temp


def heat_gain_w(scenario: Scenario, time: pd.DatetimeIndex) -> Floats:
    """Return the heat of people, light and appliances in each building.

    Equation: gain = gain_share_design x heat_design x (1 + demand_growth) x hourly shape.

    Parameters
    ----------
    scenario
        Buildings, their types and `heat_load.demand_growth`.
    time
        Beginning of each step, local standard time.

    Returns
    -------
    ndarray
        Heat [W], shape (n_time, n_building).

    Source: hourly shapes: table `gain_profiles`.
    """
    made = np.empty((len(time), len(scenario.buildings)))
    for k, building in enumerate(scenario.buildings):
        kind = scenario.building_types[building.type]
        mean_w = kind.gain_share_design * building.heat_design_kw * W_PER_KW
        shape = hourly_shape("gain_profiles", kind.profile, time)
        made[:, k] = mean_w * (1.0 + scenario.heat_load.demand_growth) * shape
    return made
