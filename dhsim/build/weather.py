"""The weather of a run on its own time grid: from a file, drawn from a climate, or constant."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dhsim.build.calendar import Laid, lay
from dhsim.build.climate import (
    Climate,
    clearness_near,
    climate_of,
    draw_clearness,
    draw_temperature,
    monthly_curve,
    normals_of,
    stream,
    to_normal_months,
)
from dhsim.build.irradiance import SunPath, irradiance_facade, share_in_the_dark, sun_path
from dhsim.errors import ScenarioError
from dhsim.scenario.schema import Scenario, SiteSection
from dhsim.scenario.series import WeatherFile, no_such_file, read_weather_file
from dhsim.units import H_PER_DAY, S_PER_H, S_PER_MIN

Floats = NDArray[np.float64]

HEATING_LIMIT_NORMAL_C = 8.0
"""The limit that published heating seasons refer to; the statistics use it whatever the scenario's own limit is."""
_DAYS_MEAN = 5
_DARK_SHARE_MAX = 0.02
_WARMEST_SOLAR_H = (10.0, 19.0)
_SWING_SEEN_K = 1.0
_KWH_PER_WH = 1e-3
_FAR_DEG = 2.0


@dataclass(frozen=True)
class Weather:
    """Weather on the run's grid; values at the beginning of a step (temperature) and over it (irradiance)."""

    time: pd.DatetimeIndex
    temp_outdoor_c: Floats
    irradiance_horizontal_w_m2: Floats
    irradiance_facade_w_m2: Floats
    """Mean of four vertical facades."""
    source: str
    statistics: dict[str, float]
    notes: tuple[str, ...] = ()
    year: pd.Series[float] | None = None
    """Hourly outdoor temperature of the whole calendar year that the run is a piece of, where it is known [degC]."""


def time_grid(scenario: Scenario) -> pd.DatetimeIndex:
    """Return the beginning of every step, local standard time."""
    step_min, days = scenario.time.step_min, scenario.time.days
    return pd.date_range(scenario.time.start, periods=days * 1440 // step_min, freq=f"{step_min}min", name="time")


def make_weather(scenario: Scenario) -> Weather:
    """Return the weather of a scenario.

    Raises
    ------
    ScenarioError
        An unknown climate, or anything wrong with the weather file.
    MissingExtraError
        An EPW file without pvlib.
    """
    said, time = scenario.weather, time_grid(scenario)
    if said.climate is not None:
        made = _from_climate(scenario, time, said.climate)
    elif said.file is not None:
        made = _from_file(scenario, time, said.file)
    else:
        none = np.zeros(len(time))
        temp = np.full(len(time), said.constant_temp_outdoor_c, dtype=np.float64)
        made = Weather(time, temp, none, none, f"constant {said.constant_temp_outdoor_c:g} degC, no sun", {})
    notes = list(made.notes)
    temp = made.temp_outdoor_c + said.temp_shift_k
    if said.temp_shift_k:
        notes.append(f"{said.temp_shift_k:+g} K were added to every outdoor temperature.")
    steps_per_day = 1440 // scenario.time.step_min
    found = statistics(temp, made.irradiance_horizontal_w_m2, steps_per_day)
    year = None if made.year is None else made.year + said.temp_shift_k
    return replace(made, temp_outdoor_c=temp, statistics=found | made.statistics, notes=tuple(notes), year=year)


# --- From a climate -------------------------------------------------------------------------------------------------


def _from_climate(scenario: Scenario, time: pd.DatetimeIndex, place: str) -> Weather:
    climate = climate_of(place)
    said = scenario.weather
    if said.site is not None:
        climate = replace(climate, site=said.site)
    seed = scenario.seed if said.seed is None else said.seed
    years = range(time[0].year, time[-1].year + 1)
    days = pd.date_range(f"{years[0]}-01-01", f"{years[-1]}-12-31", freq="D")
    hours = pd.date_range(days[0], periods=24 * len(days), freq="h")
    clearness = draw_clearness(climate.clearness_rel, days, stream(seed, "clearness"))
    temp_hourly = draw_temperature(climate, hours, clearness, seed)
    if said.months == "normal":
        temp_hourly = to_normal_months(temp_hourly, hours, climate.temp_mean_c)
    step_min, first = scenario.time.step_min, int((time[0] - hours[0]) // pd.Timedelta(hours=1))
    temp = np.interp(first + np.arange(len(time)) * step_min / 60.0, np.arange(len(hours)), temp_hourly)
    horizontal = facade = np.zeros(len(time))
    if said.solar != "none":
        run = slice(first, first + 24 * scenario.time.days)
        path = sun_path(hours[run], S_PER_H, climate.site)
        sun = path.irradiance_extraterrestrial_w_m2 * np.repeat(clearness, 24)[run]
        walls = irradiance_facade(path, sun, None, None)
        horizontal, facade = (_mean_over_steps(values, 60.0, 0.0, step_min, len(time)) for values in (sun, walls))
    normals, notes = _normals(climate)
    kind = "months shifted to their normal means" if said.months == "normal" else "months drawn"
    source = f"synthetic hourly weather of {climate.site.name}, {kind}, seed {seed}"
    notes += _elsewhere_note(climate.site, scenario.site)
    return Weather(time, temp, horizontal, facade, source, normals, notes, pd.Series(temp_hourly, hours))


def _normals(climate: Climate) -> tuple[dict[str, float], tuple[str, ...]]:
    """Return what the draw can be held against: the table's own annual mean, and published figures."""
    year = pd.date_range("2021-01-01", periods=8760, freq="h")
    values = {"normal_temp_mean_c": float(monthly_curve(climate.temp_mean_c, year).mean())}
    name = climate.site.name
    notes = [
        f"The weather is synthetic, drawn from monthly figures of {name}: it is no real year.",
        f"Monthly figures of {name}: {climate.source}.",
    ]
    for quantity, (value, origin) in normals_of(climate.place).items():
        values[f"normal_{quantity}"] = value
        notes.append(f"Published for {name}: {quantity} {value:g} ({origin}).")
    return values, tuple(notes)


def _elsewhere_note(site: SiteSection, scenario_site: SiteSection) -> tuple[str, ...]:
    far = abs(site.latitude_deg - scenario_site.latitude_deg) > _FAR_DEG
    if not far and site.utc_offset_h == scenario_site.utc_offset_h:
        return ()
    return (
        f"The weather is that of {site.name}, sun and clock included; the scenario's site is {scenario_site.name}.",
    )


# --- From a file ----------------------------------------------------------------------------------------------------


def _from_file(scenario: Scenario, time: pd.DatetimeIndex, name: str) -> Weather:
    path = scenario.folder / name
    if not path.is_file():
        raise ScenarioError([scenario.problem("weather.file", no_such_file(path))])
    file = read_weather_file(path, scenario.weather)
    site = scenario.weather.site or file.site
    notes = list(file.notes)
    if site is None:
        site = scenario.site
        clock = "the sun and the offset from UTC are" if file.in_utc else "the sun is"
        notes.append(f"The weather file names no site: {clock} that of {site.name} (set weather.site otherwise).")
    laid = lay(file, scenario.time.start, scenario.time.days, site.utc_offset_h, f"{path}")
    notes += laid.notes
    minutes = np.arange(len(time)) * float(scenario.time.step_min)
    temp = np.interp(minutes, laid.temp_minute, file.temp_outdoor_c[laid.temp_index])
    notes += _warmest_hour_note(temp, time, site)
    horizontal, facade, more = _file_sun(scenario, file, laid, site, len(time))
    measured = file.irradiance_horizontal_w_m2 is not None and scenario.weather.solar == "auto"
    sun = "no sun" if scenario.weather.solar == "none" else "sun of the file" if measured else "synthetic sun"
    source = f"{path.name} ({file.format}), site {site.name}, {sun}"
    return Weather(time, temp, horizontal, facade, source, {}, (*notes, *more))


def _file_sun(
    scenario: Scenario, file: WeatherFile, laid: Laid, site: SiteSection, n_time: int
) -> tuple[Floats, Floats, list[str]]:
    """Return irradiance on the run's grid, horizontal and on facades, and what to say about it."""
    said = scenario.weather
    if said.solar == "none":
        return np.zeros(n_time), np.zeros(n_time), []
    begin = pd.Timestamp(scenario.time.start) + pd.to_timedelta(laid.minute, unit="min")
    path = sun_path(pd.DatetimeIndex(begin), file.step_min * S_PER_MIN, site)
    notes: list[str] = []
    measured = file.irradiance_horizontal_w_m2
    if measured is not None and said.solar == "auto":
        sun = measured[laid.index]
        beam, diffuse = (
            None if values is None else values[laid.index]
            for values in (file.irradiance_direct_normal_w_m2, file.irradiance_diffuse_w_m2)
        )
        notes += _dark_note(path, sun, site)
    else:
        sun, note = _synthetic_sun(scenario, path, laid, site)
        beam = diffuse = None
        notes.append(note)
    walls = irradiance_facade(path, sun, beam, diffuse)
    first, step_min = float(laid.minute[0]), scenario.time.step_min
    horizontal, facade = (_mean_over_steps(values, file.step_min, first, step_min, n_time) for values in (sun, walls))
    return horizontal, facade, notes


def _synthetic_sun(scenario: Scenario, path: SunPath, laid: Laid, site: SiteSection) -> tuple[Floats, str]:
    said = scenario.weather
    seed = scenario.seed if said.seed is None else said.seed
    monthly, origin = clearness_near(site.latitude_deg)
    days = pd.date_range(scenario.time.start, periods=scenario.time.days, freq="D")
    daily = draw_clearness(monthly, days, stream(seed, "clearness"))
    day = np.clip(laid.minute // 1440, 0, len(days) - 1).astype(np.int64)
    return path.irradiance_extraterrestrial_w_m2 * daily[day], f"The irradiance is synthetic (seed {seed}): {origin}."


def _mean_over_steps(values: Floats, interval_min: float, first_min: float, step_min: int, n_time: int) -> Floats:
    """Return means over the run's steps of what is constant over intervals: the integral is kept exactly."""
    edges = first_min + interval_min * np.arange(len(values) + 1)
    integral = np.concatenate([[0.0], np.cumsum(values * interval_min)])
    at = np.interp(np.arange(n_time + 1) * float(step_min), edges, integral)
    mean: Floats = np.maximum(np.diff(at) / step_min, 0.0)
    return mean


def _dark_note(path: SunPath, sun: Floats, site: SiteSection) -> list[str]:
    share = share_in_the_dark(path, sun)
    if share <= _DARK_SHARE_MAX:
        return []
    return [f"{share:.0%} of the file's irradiance falls while the sun is down at {site.name}: check weather.site."]


def _warmest_hour_note(temp: Floats, time: pd.DatetimeIndex, site: SiteSection) -> list[str]:
    """Return a warning if the mean day is warmest at night: a wrong offset from UTC does that."""
    hour = np.asarray(time.hour + time.minute / 60.0, dtype=np.float64)
    wave = 2.0 * np.mean((temp - temp.mean()) * np.exp(2j * np.pi * hour / H_PER_DAY))
    solar_h = (np.angle(wave) * H_PER_DAY / (2.0 * np.pi) + site.longitude_deg / 15.0 - site.utc_offset_h) % H_PER_DAY
    if len(time) * (time[1] - time[0]) < pd.Timedelta(days=30) or abs(wave) < 0.5 * _SWING_SEEN_K:
        return []
    if _WARMEST_SOLAR_H[0] <= solar_h <= _WARMEST_SOLAR_H[1]:
        return []
    return [f"The file's mean day is warmest at {solar_h:.0f} h solar time: check weather.site and its utc_offset_h."]


# --- What the year is like ------------------------------------------------------------------------------------------


def five_day_mean(temp_outdoor_c: Floats, steps_per_day: int) -> Floats:
    """Return the mean of each day and the four before it (fewer at the start) [degC], shape (n_day,)."""
    daily = temp_outdoor_c.reshape(-1, steps_per_day).mean(axis=1)
    total = np.concatenate([[0.0], np.cumsum(daily)])
    end = np.arange(1, len(daily) + 1)
    begin = np.maximum(end - _DAYS_MEAN, 0)
    mean: Floats = (total[end] - total[begin]) / (end - begin)
    return mean


def heating_season(temp_outdoor_c: Floats, steps_per_day: int, limit_temp_c: float) -> NDArray[np.bool_]:
    """Return where the heating season runs, whole days.

    A day is cold if the mean of that day and the four before is at or below the limit. The season begins with the
    first of at least five cold days in a row and ends with the first of at least five that are not; shorter spells
    change nothing, nor do spells that the end of the run cuts short of five days. The first day decides how the run
    begins. It is the season as it is read from a record: an operator would know of each change five days later.

    Parameters
    ----------
    temp_outdoor_c
        Outdoor temperature [degC], shape (n_time,), whole days.
    steps_per_day
        Steps of a day.
    limit_temp_c
        Limit of the five-day mean [degC].

    Returns
    -------
    ndarray
        True in the heating season, shape (n_time,).

    Source: the five-day rule at 8 degC of SNiP 23-01-99; the rule against chatter is dhsim's own.

    Examples
    --------
    >>> int(heating_season(np.array([0.0] * 10 + [20.0] * 10), 1, 8.0).sum())
    12
    """
    cold = five_day_mean(temp_outdoor_c, steps_per_day) <= limit_temp_c
    changes = np.concatenate([[0], np.flatnonzero(np.diff(cold)) + 1, [len(cold)]])
    running, days = bool(cold[0]), np.empty(len(cold), dtype=np.bool_)
    for begin, end in itertools.pairwise(changes):
        if end - begin >= _DAYS_MEAN:
            running = bool(cold[begin])
        days[begin:end] = running
    return np.repeat(days, steps_per_day)


def statistics(temp_outdoor_c: Floats, irradiance_horizontal_w_m2: Floats, steps_per_day: int) -> dict[str, float]:
    """Return what to hold against a place's normals: means, extremes and the heating season at 8 degC.

    Parameters
    ----------
    temp_outdoor_c
        Outdoor temperature [degC], shape (n_time,), whole days.
    irradiance_horizontal_w_m2
        Global irradiance [W/m2], shape (n_time,).
    steps_per_day
        Steps of a day.

    Returns
    -------
    dict
        `heating_days` [d]; `temp_season_mean_c` is NaN without a season, `temp_coldest_five_days_c` without five days.
    """
    season = heating_season(temp_outdoor_c, steps_per_day, HEATING_LIMIT_NORMAL_C)
    five = five_day_mean(temp_outdoor_c, steps_per_day)[_DAYS_MEAN - 1 :]
    sun_wh_m2 = float(irradiance_horizontal_w_m2.sum()) * H_PER_DAY / steps_per_day
    return {
        "temp_mean_c": float(temp_outdoor_c.mean()),
        "temp_min_c": float(temp_outdoor_c.min()),
        "temp_max_c": float(temp_outdoor_c.max()),
        "heating_days": float(np.count_nonzero(season)) / steps_per_day,
        "temp_season_mean_c": float(temp_outdoor_c[season].mean()) if season.any() else float("nan"),
        "temp_coldest_five_days_c": float(five.min()) if len(five) else float("nan"),
        "irradiance_horizontal_kwh_m2": sun_wh_m2 * _KWH_PER_WH,
    }
