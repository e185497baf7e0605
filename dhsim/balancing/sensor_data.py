"""Sensor series from CSV or Parquet: time zones resolved, an even grid, gaps kept as gaps, oddities flagged."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dhsim.balancing.flags import Flag, listed, zone_indices
from dhsim.balancing.sensor_screen import screened
from dhsim.balancing.sensor_table import Long, long_table
from dhsim.errors import DhsimError, Problem, ScenarioError
from dhsim.units import S_PER_H

Floats = NDArray[np.float64]

SUPPLY, OUTDOOR = "temp_supply_c", "temp_outdoor_c"
_PROBLEMS_MAX = 20


@dataclass(frozen=True)
class SensorSeries:
    """Readings on an even grid in UTC; NaN where there is none."""

    time: pd.DatetimeIndex
    step_s: float
    temp_zone_c: Floats
    """Room temperatures [degC], shape (n_time, n_zone)."""
    temp_supply_c: Floats
    temp_outdoor_c: Floats
    zone_ids: tuple[str, ...]
    flags: tuple[Flag, ...] = ()

    def select(self, zones: Sequence[str]) -> SensorSeries:
        """Return the series of some zones, in that order."""
        chosen = zone_indices(zones, self.zone_ids)
        kept = tuple(flag for flag in self.flags if not flag.zone or flag.zone in set(zones))
        return dataclasses.replace(self, temp_zone_c=self.temp_zone_c[:, chosen], zone_ids=tuple(zones), flags=kept)

    def usable(self) -> SensorSeries:
        """Return the series without the zones that a fit would refuse: those flagged as constant or empty."""
        unfit = {flag.zone for flag in self.flags if flag.kind in ("constant", "empty")}
        return self.select([zone for zone in self.zone_ids if zone not in unfit])

    def between(self, start: str | pd.Timestamp, end: str | pd.Timestamp) -> SensorSeries:
        """Return a period, its end excluded, with the flags of that period; times without a zone are taken as UTC."""
        first, last = (_in_utc(moment) for moment in (start, end))
        inside = np.asarray((self.time >= first) & (self.time < last))
        if inside.sum() < 2:
            raise DhsimError(f"no readings from {first} to {last}; the series runs {self.time[0]} to {self.time[-1]}")
        cut = dataclasses.replace(
            self,
            time=self.time[inside],
            temp_zone_c=self.temp_zone_c[inside],
            temp_supply_c=self.temp_supply_c[inside],
            temp_outdoor_c=self.temp_outdoor_c[inside],
        )
        absent = tuple(flag for flag in self.flags if flag.kind == "missing")
        return dataclasses.replace(cut, flags=(*_flags(cut)[1], *absent))


def _in_utc(moment: str | pd.Timestamp) -> pd.Timestamp:
    stamp = pd.Timestamp(moment)
    return stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")


def read_sensor_file(
    path: str | Path,
    *,
    time_zone: str | None = None,
    step_s: float = S_PER_H,
    zone_ids: Sequence[str] | None = None,
    ignore: Sequence[str] = (),
) -> SensorSeries:
    """Read room, supply and outdoor temperatures from a CSV or Parquet file.

    Wide: a column `time`, columns `temp_supply_c` and `temp_outdoor_c`, and one column a zone. Long: columns `time`,
    `series` and `temp_c`, where `series` names a zone or one of the two. Commas or semicolons; with semicolons a
    decimal comma is understood. Several readings within a step are averaged; a step without reading stays empty.

    Parameters
    ----------
    path
        The file, `.csv` or `.parquet`.
    time_zone
        Of times that bear none, such as "Europe/Stockholm"; times with an offset need none.
    step_s
        Step of the grid [s].
    zone_ids
        Zones of the building; a sensor of any other is refused, a zone without one flagged. None takes what is there.
    ignore
        Columns or series to leave out.

    Returns
    -------
    SensorSeries
        With flags for gaps, values out of range (left out), constant and stuck series, and missing zones.

    Raises
    ------
    ScenarioError
        All problems of the file at once, each with its line: times that cannot be read, hours that do not exist or
        come twice, doubled readings, text for numbers, unknown zones, missing columns, a step finer than the readings.
    """
    problems: list[Problem] = []
    table = long_table(Path(path), time_zone, problems)
    _raise(problems)
    table = table.without(ignore)
    _check_names(table, zone_ids, str(path), problems)
    _check_doubled(table, str(path), problems)
    _check_step(table, step_s, str(path), problems)
    _raise(problems)
    return _on_grid(table, step_s, zone_ids)


def _raise(problems: list[Problem]) -> None:
    if problems:
        rest = len(problems) - _PROBLEMS_MAX
        more = [Problem(f"and {rest} more problems", problems[0].path)] if rest > 0 else []
        raise ScenarioError([*problems[:_PROBLEMS_MAX], *more])


def _check_names(table: Long, zone_ids: Sequence[str] | None, path: str, problems: list[Problem]) -> None:
    there = table.names
    for name in (SUPPLY, OUTDOOR):
        if name not in there:
            near = difflib.get_close_matches(name, there, n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; there are {listed(there)}"
            problems.append(Problem(f"no such series{hint}", path, key=name))
    zones = [name for name in there if name not in (SUPPLY, OUTDOOR)]
    if not zones:
        problems.append(Problem("no series of a zone", path))
    if zone_ids is None:
        return
    for name in zones:
        if name not in set(zone_ids):
            near = difflib.get_close_matches(name, zone_ids, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            message = f"sensor of an unknown zone{hint} (to leave it out: ignore=[{name!r}])"
            problems.append(Problem(message, path, key=name))


def _check_doubled(table: Long, path: str, problems: list[Problem]) -> None:
    frame = pd.DataFrame({"time": table.time, "series": table.series})
    for k in np.flatnonzero(frame.duplicated().to_numpy()):
        message = f"a second reading at {table.time[int(k)]}; remove one"
        problems.append(Problem(message, path, int(table.line[k]), key=str(table.series[k])))


def _check_step(table: Long, step_s: float, path: str, problems: list[Problem]) -> None:
    if not step_s > 0.0:
        problems.append(Problem(f"the step must be positive (got {step_s:g} s)", path, key="step_s"))
        return
    for name in table.names:
        change = np.diff(np.unique(_seconds(table.time[table.series == name])))
        if len(change):
            typical = float(np.median(change))
            if typical > 1.01 * step_s:
                message = f"readings come every {typical:g} s; set step_s to at least that (it is {step_s:g})"
                problems.append(Problem(message, path, key=name))


def _seconds(time: pd.DatetimeIndex) -> Floats:
    return np.asarray(time.as_unit("ns").asi8 / 1e9)


def _on_grid(table: Long, step_s: float, zone_ids: Sequence[str] | None) -> SensorSeries:
    """Average the readings of each step; nothing is filled."""
    slot = np.floor(_seconds(table.time) / step_s + 1e-6).astype(np.int64)
    first, count = int(slot.min()), int(slot.max() - slot.min()) + 1
    found = [name for name in table.names if name not in (SUPPLY, OUTDOOR)]
    wanted = found if zone_ids is None else [zone for zone in zone_ids if zone in set(found)]
    missing = [] if zone_ids is None else [zone for zone in zone_ids if zone not in set(found)]
    columns = {}
    known = np.isfinite(table.temp_c)
    for name in (SUPPLY, OUTDOOR, *wanted):
        mine = (table.series == name) & known
        number = np.bincount(slot[mine] - first, minlength=count)
        total = np.bincount(slot[mine] - first, table.temp_c[mine], minlength=count)
        with np.errstate(invalid="ignore", divide="ignore"):
            columns[name] = np.where(number > 0, total / number, np.nan)
    time = pd.to_datetime((first + np.arange(count)) * step_s, unit="s", utc=True)
    zones = np.column_stack([columns[name] for name in wanted]) if wanted else np.empty((count, 0))
    series = SensorSeries(time, step_s, zones, columns[SUPPLY], columns[OUTDOOR], tuple(wanted))
    cleaned, flags = _flags(series)
    absent = [Flag("missing", zone, "no sensor: the zone cannot be identified") for zone in missing]
    return dataclasses.replace(cleaned, flags=(*flags, *absent))


def _flags(series: SensorSeries) -> tuple[SensorSeries, tuple[Flag, ...]]:
    """Return the series without values out of range, and what was found."""
    names = (SUPPLY, OUTDOOR, *series.zone_ids)
    table = np.column_stack([series.temp_supply_c, series.temp_outdoor_c, series.temp_zone_c])
    kept, flags = screened(table, names, series.time, series.step_s)
    cleaned = dataclasses.replace(
        series, temp_supply_c=kept[:, 0], temp_outdoor_c=kept[:, 1], temp_zone_c=kept[:, 2:], flags=tuple(flags)
    )
    return cleaned, tuple(flags)
