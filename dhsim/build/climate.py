"""A synthetic climate: seeded hourly temperatures and daily clearness drawn from a place's monthly figures."""

from __future__ import annotations

import functools
import zlib
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import solve_banded

from dhsim.catalogue import entry, number, table
from dhsim.scenario.schema import SiteSection

Floats = NDArray[np.float64]

PHI_DAILY = 0.78
"""Lag-one correlation of the daily mean's anomaly (0.78 in the TMY3 year of Northway, 0.72 in Stockholm's 2019)."""
HOUR_WARMEST_SOLAR = 14.0
CLEARNESS_DEFAULT_REL = 0.45
"""Where no climate of the catalogue lies within ten degrees of latitude."""
_LATITUDE_NEAR_DEG = 10.0
_CLEARNESS_LOW, _CLEARNESS_HIGH, _CLEARNESS_SD = 0.05, 0.78, 0.15
_HARMONICS = 8
_PADDING_DAYS = 10
_MIDDAY_H = 11.5
"""The middle of the hours 0 ... 23."""


@dataclass(frozen=True)
class Climate:
    """A place of the climate catalogue; arrays of shape (12,)."""

    place: str
    site: SiteSection
    temp_mean_c: Floats
    temp_sd_daily_k: Floats
    swing_diurnal_k: Floats
    clearness_rel: Floats
    source: str


def climate_of(place: str) -> Climate:
    """Return a place of the climate catalogue; raises CatalogueError with the nearest name."""
    row = entry("climates_sites", place)
    months = [entry("climates", f"{place}:{month}") for month in range(1, 13)]
    site = SiteSection(
        name=str(row["name"]),
        latitude_deg=number(row, "latitude_deg"),
        longitude_deg=number(row, "longitude_deg"),
        utc_offset_h=number(row, "utc_offset_h"),
    )
    columns = {
        name: np.array([number(month, name) for month in months])
        for name in ("temp_mean_c", "temp_sd_daily_k", "swing_diurnal_k", "clearness_rel")
    }
    sources = dict.fromkeys(part for month in months for part in str(month["source"]).split("; "))
    return Climate(place, site, source="; ".join(sources), **columns)


def normals_of(place: str) -> dict[str, tuple[float, str]]:
    """Return the published figures of a place: quantity -> value and where it is from."""
    rows = [row for row in table("climates_normals").values() if row["place"] == place]
    return {str(row["quantity"]): (number(row, "value"), f"{row['source']}; {row['note']}") for row in rows}


def clearness_near(latitude_deg: float) -> tuple[Floats, str]:
    """Return monthly clearness for a place without measured sun, and where it is from."""
    sites = table("climates_sites")
    near = min(sites, key=lambda place: abs(number(sites[place], "latitude_deg") - latitude_deg))
    if abs(number(sites[near], "latitude_deg") - latitude_deg) > _LATITUDE_NEAR_DEG:
        return np.full(12, CLEARNESS_DEFAULT_REL), f"a clearness of {CLEARNESS_DEFAULT_REL:g} in all months"
    return climate_of(near).clearness_rel, f"the monthly clearness of {near}, the nearest climate by latitude"


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the random stream of one purpose: the same for the same seed, independent of all others."""
    return np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(name.encode())]))


def monthly_curve(values: Floats, time: pd.DatetimeIndex) -> Floats:
    """Return a smooth yearly curve whose mean over every whole month is the month's value.

    Equation: harmonics of the year; of all curves that meet the twelve means the one of least curvature.

    Parameters
    ----------
    values
        One figure a month, shape (12,).
    time
        Instants, local standard time.

    Returns
    -------
    ndarray
        The curve at `time`, shape (n_time,), in the unit of `values`.

    Source: own; the means are met exactly over the hours of each calendar year, leap years too.

    Examples
    --------
    >>> year = pd.date_range("2021-01-01", "2021-12-31 23:00", freq="h")
    >>> curve = monthly_curve(np.arange(12.0), year)
    >>> round(float(curve[year.month == 4].mean()), 6)
    3.0
    """
    leap = np.asarray(time.is_leap_year)
    hours = (time.day_of_year.to_numpy() - 1) * 24.0 + _hour_of_day(time)
    made = np.empty(len(time))
    for is_leap in (False, True):
        here = leap == is_leap
        made[here] = _harmonics(hours[here] / (8784.0 if is_leap else 8760.0)) @ (_fit(is_leap) @ values)
    return made


def _hour_of_day(time: pd.DatetimeIndex) -> Floats:
    return np.asarray(time.hour, dtype=np.float64) + np.asarray(time.minute, dtype=np.float64) / 60.0


def _harmonics(share_of_year: Floats) -> Floats:
    angle = 2.0 * np.pi * np.outer(share_of_year, np.arange(1, _HARMONICS + 1))
    return np.hstack([np.ones((len(share_of_year), 1)), np.cos(angle), np.sin(angle)])


@functools.cache
def _fit(leap: bool) -> Floats:
    """Return the matrix (n_coefficient, 12) from monthly means to harmonics of least curvature."""
    year = pd.date_range("2020-01-01" if leap else "2021-01-01", periods=8784 if leap else 8760, freq="h")
    basis, month = _harmonics(np.arange(len(year)) / len(year)), np.asarray(year.month)
    means = np.array([basis[month == m].mean(axis=0) for m in range(1, 13)])
    order = np.arange(1.0, _HARMONICS + 1)
    freedom = np.concatenate([[1e3], order**-4.0, order**-4.0])
    fitted: Floats = (freedom[:, None] * means.T) @ np.linalg.inv((means * freedom) @ means.T)
    return fitted


def draw_clearness(clearness_monthly_rel: Floats, days: pd.DatetimeIndex, rng: np.random.Generator) -> Floats:
    """Draw each day's clearness from a beta distribution about the month's, bounded by overcast and clear skies.

    Parameters
    ----------
    clearness_monthly_rel
        Mean of each month [-], shape (12,).
    days
        The days.
    rng
        Source of randomness.

    Returns
    -------
    ndarray
        Clearness [-], shape (n_day,), between 0.05 and 0.78.

    Source: own; the daily sd of 0.15 is that of the Northway TMY3 and Stockholm 2019 files (0.10 to 0.20).
    """
    width = _CLEARNESS_HIGH - _CLEARNESS_LOW
    mean = np.clip((clearness_monthly_rel[np.asarray(days.month) - 1] - _CLEARNESS_LOW) / width, 0.05, 0.95)
    spread = np.minimum((_CLEARNESS_SD / width) ** 2, 0.5 * mean * (1.0 - mean))
    concentration = mean * (1.0 - mean) / spread - 1.0
    drawn: Floats = _CLEARNESS_LOW + width * rng.beta(mean * concentration, (1.0 - mean) * concentration)
    return drawn


def draw_temperature(climate: Climate, hours: pd.DatetimeIndex, clearness_daily_rel: Floats, seed: int) -> Floats:
    """Draw hourly outdoor temperatures.

    Equation: T = mean curve + sd x AR(1) of the day, in straight lines + swing/2 cos(2 pi (t_solar - 14)/24).

    Parameters
    ----------
    climate
        The place.
    hours
        Whole hours from a midnight on, local standard time.
    clearness_daily_rel
        Clearness of each day [-]: clear days swing more.
    seed
        Of the stream of anomalies.

    Returns
    -------
    ndarray
        Temperature [degC], shape (n_hour,).

    Source: own; the expectation of every month's mean is the catalogue's.
    """
    days = pd.date_range(hours[0], periods=len(clearness_daily_rel), freq="D")
    hour = np.arange(len(hours), dtype=np.float64)
    padded = pd.date_range(hours[0] - pd.Timedelta(days=_PADDING_DAYS), periods=len(days) + 2 * _PADDING_DAYS, freq="D")
    spread = monthly_curve(climate.temp_sd_daily_k, padded + pd.Timedelta(hours=12))
    daily_anomaly = spread * _autoregression(len(padded), stream(seed, "temperature"))
    slow = _through_means(daily_anomaly, hour + 24.0 * _PADDING_DAYS)
    relative = clearness_daily_rel / climate.clearness_rel[np.asarray(days.month) - 1]
    swing = (monthly_curve(climate.swing_diurnal_k, days + pd.Timedelta(hours=12)) * relative)[
        np.minimum((hour // 24).astype(np.int64), len(days) - 1)
    ]
    solar_h = hour % 24.0 + climate.site.longitude_deg / 15.0 - climate.site.utc_offset_h
    daily = 0.5 * swing * np.cos(2.0 * np.pi * (solar_h - HOUR_WARMEST_SOLAR) / 24.0)
    temp: Floats = monthly_curve(climate.temp_mean_c, hours) + slow + daily
    return temp


def to_normal_months(temp_c: Floats, hours: pd.DatetimeIndex, temp_mean_c: Floats) -> Floats:
    """Shift hourly temperatures smoothly so that every month of every year has its normal's mean.

    Parameters
    ----------
    temp_c
        Hourly temperatures of whole calendar years, shape (n_hour,) [degC].
    hours
        Their hours.
    temp_mean_c
        Normal mean of each month, shape (12,) [degC].

    Returns
    -------
    ndarray
        Shifted temperatures, shape (n_hour,) [degC].
    """
    shifted = temp_c.copy()
    for year in np.unique(hours.year):
        here = np.asarray(hours.year == year)
        months, own = np.asarray(hours[here].month), temp_c[here]
        off = np.array([own[months == month].mean() - temp_mean_c[month - 1] for month in range(1, 13)])
        shifted[here] = own - monthly_curve(off, hours[here])
    return shifted


def _autoregression(n_day: int, rng: np.random.Generator) -> Floats:
    """Return an AR(1) series of standard deviation 1."""
    noise = rng.standard_normal(n_day)
    made = np.empty(n_day)
    made[0] = noise[0]
    innovation = np.sqrt(1.0 - PHI_DAILY**2)
    for day in range(1, n_day):
        made[day] = PHI_DAILY * made[day - 1] + innovation * noise[day]
    return made


def _through_means(daily_mean: Floats, hour: Floats) -> Floats:
    """Return straight lines between middays at hours after the first midnight, with the given means of each day.

    A day's mean is 1/8, 6/8, 1/8 of the middays of yesterday, today and tomorrow; solved for the middays.
    """
    bands = np.full((3, len(daily_mean)), 0.125)
    bands[1] = 0.75
    bands[1, [0, -1]] = 0.875
    midday = solve_banded((1, 1), bands, daily_mean)
    line: Floats = np.interp(hour, 24.0 * np.arange(len(daily_mean)) + _MIDDAY_H, midday)
    return line
