"""Laying a weather file on the run's calendar: cut where it holds the run's dates, re-dated where it does not."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dhsim.errors import ScenarioError
from dhsim.scenario.series import WeatherFile

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_MIN_PER_H = 60.0
_UTC_OFFSET_MAX_H = 14
_WHOLE_YEAR_DAYS = 365


@dataclass(frozen=True)
class Laid:
    """Which interval of the file stands where in the run; minutes count from the run's start."""

    minute: Floats
    """Beginning of each interval that the run needs, evenly spaced; the first may begin before the run."""
    index: Ints
    """Its place in the file."""
    temp_minute: Floats
    """Instants of the temperatures, one more at either end where the file has it."""
    temp_index: Ints
    notes: tuple[str, ...]


def lay(file: WeatherFile, start: dt.date, days: int, utc_offset_h: float, path: str) -> Laid:
    """Find the file's intervals for a run.

    The run's hours are looked up on the file's own clock. An hour that the file holds is taken as it is. Any other is
    looked up at the same month, day and hour of one of the file's years: 29 February is dropped, or repeated from the
    28th.

    Parameters
    ----------
    file
        The weather file.
    start
        First day of the run, local standard time.
    days
        Length of the run.
    utc_offset_h
        Local standard time minus UTC [h], where the file was measured.
    path
        The file's name for messages.

    Raises
    ------
    ScenarioError
        The file is too short for the run.
    """
    step = float(file.step_min)
    ahead = utc_offset_h * _MIN_PER_H if file.in_utc else 0.0  # the run's clock minus the file's
    phase = file.start.minute % step
    first = np.floor((-ahead - phase) / step) * step + phase
    count = int(np.ceil((days * 1440.0 - ahead - first) / step))
    on_file_clock = first + step * np.arange(-2, count + 2)  # two more at either end for the temperatures
    when = pd.DatetimeIndex(pd.Timestamp(start) + pd.to_timedelta(on_file_clock, unit="min"))
    index, redated, repeated = _look_up(file, when, start.year)
    needed = slice(2, 2 + count)
    if np.any(index[needed] < 0):
        raise ScenarioError.single(_too_short(file, when[needed], index[needed], days), path=path, key="weather.file")
    minute = on_file_clock + ahead
    temp_minute = minute + (step if file.hour_ending else 0.0)
    # beyond what the run needs only the neighbours that follow on in the file, not the other end of its year
    follows = (index >= 0) & (~redated | redated[needed].all())
    follows[needed] = True
    return Laid(
        minute=minute[needed],
        index=index[needed],
        temp_minute=temp_minute[follows],
        temp_index=index[follows],
        notes=_notes(file, when[needed], redated[needed], repeated[needed], start.year),
    )


def _file_years(file: WeatherFile) -> list[int]:
    """Return the calendar years that the file holds nearly whole; all it touches if there is none."""
    end = file.start + pd.Timedelta(minutes=file.step_min * (len(file.temp_outdoor_c) - 1))
    touched = list(range(file.start.year, end.year + 1))
    first, last = file.start.normalize(), end.normalize()
    days = [(min(last, pd.Timestamp(y, 12, 31)) - max(first, pd.Timestamp(y, 1, 1))).days + 1 for y in touched]
    return [year for year, count in zip(touched, days, strict=True) if count >= _WHOLE_YEAR_DAYS] or touched


def _look_up(file: WeatherFile, when: pd.DatetimeIndex, first_year: int) -> tuple[Ints, Flags, Flags]:
    """Return places in the file (-1: none), where they were re-dated, and where a 28 February stands for the 29th."""
    size, step = len(file.temp_outdoor_c), pd.Timedelta(minutes=file.step_min)
    index = np.asarray((when - file.start) // step, dtype=np.int64)
    held = (index >= 0) & (index < size) if file.dated else np.zeros(len(when), dtype=np.bool_)
    index[~held] = -1
    years, since = np.array(_file_years(file)), np.asarray(when.year) - first_year
    repeated = np.zeros(len(when), dtype=np.bool_)
    for turn in range(len(years)):
        there, leap = _same_date(file, when, years[(since + turn) % len(years)])
        found = (index < 0) & (there >= 0) & (there < size)
        index[found] = there[found]
        repeated |= found & leap
    return index, ~held, repeated


def _same_date(file: WeatherFile, when: pd.DatetimeIndex, year: Ints) -> tuple[Ints, Flags]:
    """Return the places of the same dates in other years, and where 28 February stands for the 29th."""
    month, day = np.asarray(when.month), np.asarray(when.day)
    is_leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    leap = (month == 2) & (day == 29) & ~is_leap
    date = pd.DatetimeIndex(
        pd.to_datetime(pd.DataFrame({"year": year, "month": month, "day": np.where(leap, 28, day)}))
    )
    step = pd.Timedelta(minutes=file.step_min)
    return np.asarray((date + (when - when.normalize()) - file.start) // step, dtype=np.int64), leap


def _too_short(file: WeatherFile, when: pd.DatetimeIndex, index: Ints, days: int) -> str:
    missing = np.flatnonzero(index < 0)
    end = file.start + pd.Timedelta(minutes=file.step_min * len(file.temp_outdoor_c))
    held = f"{file.start:%d %b} to {end:%d %b}" if not file.dated else f"{file.start} to {end}"
    hours = len(missing) * file.step_min / _MIN_PER_H
    return (
        f"too short for a run of {days} days: it holds {held}; {hours:g} h are missing, "
        f"the first at {when[missing[0]]:%d %b %H:%M} of the run"
    )


def _notes(
    file: WeatherFile, when: pd.DatetimeIndex, redated: Flags, repeated: Flags, first_year: int
) -> tuple[str, ...]:
    notes = []
    years = _file_years(file)
    said = f"{years[0]}" if len(years) == 1 else f"{years[0]}-{years[-1]}"
    hours = float(np.count_nonzero(redated)) * file.step_min / _MIN_PER_H
    if not file.dated:
        notes.append(f"The weather file names no year: its calendar is laid on {first_year}.")
    elif redated.all():
        notes.append(f"The weather of {said} is laid on {first_year} by month, day and hour.")
    elif file.in_utc and 0 < hours <= _UTC_OFFSET_MAX_H:
        notes.append(f"{hours:g} hours at the run's edge are from the other end of {said}: the file's clock is UTC.")
    elif hours:
        notes.append(f"{hours:g} hours are not in the weather file; they are those of the same dates in {said}.")
    if repeated.any():
        notes.append("The weather file has no 29 February: the 28th is repeated.")
    month, day = np.asarray(when.month), np.asarray(when.day)
    passes_february = bool(np.any(redated & (month == 2)) and np.any(redated & (month == 3)))
    has_leap_day = any(pd.Timestamp(year, 1, 1).is_leap_year for year in years)
    if has_leap_day and passes_february and not np.any((month == 2) & (day == 29)):
        notes.append("The weather file's 29 February is left out.")
    return tuple(notes)
