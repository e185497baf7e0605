"""Weather files as series: read, checked row by row, gaps filled where allowed, on an even grid."""

from __future__ import annotations

import difflib
import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dhsim.scenario.schema import SiteSection, WeatherSection
from dhsim.scenario.weather_formats import IRRADIANCE, READERS, TEMPERATURE, Floats, Problems, Rows, sniff

GAP_ISD_LITE_H = 24
"""Gaps that are filled in ISD-lite by default: stations pause for up to a day (22 h at Northway in 2019)."""
TEMP_RANGE_C = (-90.0, 60.0)
IRRADIANCE_MAX_W_M2 = 1600.0
_GAP_MAX_H = 48


@dataclass(frozen=True)
class WeatherFile:
    """A weather file on an even grid: interval i begins at `start` + i `step_min`, on the file's own clock."""

    path: str
    format: str
    start: pd.Timestamp
    step_min: int
    temp_outdoor_c: Floats
    hour_ending: bool
    """The temperature belongs to the end of its interval instead of the beginning."""
    irradiance_horizontal_w_m2: Floats | None = None
    irradiance_direct_normal_w_m2: Floats | None = None
    irradiance_diffuse_w_m2: Floats | None = None
    in_utc: bool = False
    """Its clock is UTC; otherwise the local standard time of its site."""
    dated: bool = True
    """It names its year."""
    site: SiteSection | None = None
    """As its header says."""
    notes: tuple[str, ...] = ()


def read_weather_file(path: str | Path, section: WeatherSection) -> WeatherFile:
    """Read a weather file and check every row of it.

    Parameters
    ----------
    path
        The file; `.gz` is unpacked.
    section
        The scenario's `weather`: format, columns, year and the gaps to fill.

    Returns
    -------
    WeatherFile
        On an even grid without gaps.

    Raises
    ------
    ScenarioError
        All problems of the file, each with its row (up to twenty).
    MissingExtraError
        EPW without pvlib.
    """
    name = str(path)
    problems = Problems(name)
    text = _text(Path(path), problems)
    kind = section.format if section.format != "auto" else sniff(name, text)
    rows = READERS[kind](text, section, problems)
    problems.raise_if_any()
    limit_h = section.fill_gaps_up_to_h
    if limit_h is None:
        limit_h = GAP_ISD_LITE_H if kind == "isd_lite" else 0
    return _even_grid(rows, kind, limit_h, problems)


def _text(path: Path, problems: Problems) -> str:
    try:
        raw = path.read_bytes()
        if raw[:2] == b"\x1f\x8b":
            raw = gzip.decompress(raw)
    except FileNotFoundError:
        problems.add(no_such_file(path))
    except (OSError, EOFError, zlib.error) as error:
        problems.add(f"cannot be read ({error})")
    problems.raise_if_any()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    if not text.strip():
        problems.add("the file is empty")
    problems.raise_if_any()
    return text


def no_such_file(path: Path) -> str:
    """Return the message for a missing file, with the nearest name in its folder."""
    others = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, others, n=1)
    return f"no such file: {path.name}" + (f"; did you mean {near[0]}?" if near else "")


def _even_grid(rows: Rows, kind: str, limit_h: float, problems: Problems) -> WeatherFile:
    """Put the rows on an even grid: ranges, step, order, gaps; fill what may be filled."""
    _check_ranges(rows, problems)
    step_min = _step_min(rows, problems)
    clock_changes = _check_order(rows, step_min, problems)
    first, last = rows.stamp.min(), rows.stamp.max()
    if kind == "isd_lite":  # a station's year begins and ends with it, as far as gaps may be filled
        first, last = _year_ends(first, last, limit_h)
    edges = (first, last)
    filled: set[tuple[str, float]] = set()
    for name in rows.values:
        filled |= _gaps(rows, name, step_min, edges, limit_h, clock_changes, problems)
    problems.raise_if_any()
    step = np.timedelta64(step_min, "m")
    at = ((rows.stamp - first) / step).round().astype(np.int64)
    grid = np.arange(round(float((last - first) / step)) + 1)
    values = {name: _interpolated(grid, at, column) for name, column in rows.values.items()}
    return WeatherFile(
        path=problems.path,
        format=kind,
        start=pd.Timestamp(first),
        step_min=step_min,
        temp_outdoor_c=values[TEMPERATURE],
        hour_ending=rows.hour_ending,
        irradiance_horizontal_w_m2=values.get(IRRADIANCE[0]),
        irradiance_direct_normal_w_m2=values.get(IRRADIANCE[1]),
        irradiance_diffuse_w_m2=values.get(IRRADIANCE[2]),
        in_utc=rows.in_utc,
        dated=rows.dated,
        site=rows.site,
        notes=(*rows.notes, *_filling_note(filled)),
    )


def _interpolated(grid: NDArray[np.int64], at: NDArray[np.int64], column: Floats) -> Floats:
    known = np.isfinite(column)
    return np.interp(grid, at[known], column[known])


def _filling_note(filled: set[tuple[str, float]]) -> tuple[str, ...]:
    if not filled:
        return ()
    hours = [hours for _, hours in filled]
    gaps = "1 gap" if len(hours) == 1 else f"{len(hours)} gaps"
    total = f"{sum(hours):g} hours missing in the weather file were interpolated"
    return (f"{total} ({gaps}, the longest {max(hours):g} h).",)


def _year_ends(first: np.datetime64, last: np.datetime64, limit_h: float) -> tuple[np.datetime64, np.datetime64]:
    """Return the year's first and last hour where the gap to them may be filled."""
    start = first.astype("datetime64[Y]").astype("datetime64[m]")
    end = (last.astype("datetime64[Y]") + 1).astype("datetime64[m]") - np.timedelta64(60, "m")
    limit = np.timedelta64(int(limit_h * 60), "m")
    return (start if first - start <= limit else first), (end if end - last <= limit else last)


def _step_min(rows: Rows, problems: Problems) -> int:
    """Return the step of the file, its most frequent one."""
    change = np.diff(np.unique(rows.stamp)).astype(np.int64)
    if not len(change):
        problems.add("a single hour is no series")
        problems.raise_if_any()
    steps, counts = np.unique(change, return_counts=True)
    step = int(steps[np.argmax(counts)])
    if step > 60 or 60 % step:
        problems.add(f"needs hourly weather, or an even part of an hour (the file's step is {step} min)")
        problems.raise_if_any()
    return step


def _check_ranges(rows: Rows, problems: Problems) -> None:
    temp = rows.values[TEMPERATURE]
    if not np.isfinite(temp).any():
        problems.add("the temperature column holds no number")
        problems.raise_if_any()
    low, high = TEMP_RANGE_C
    middle = float(np.nanmedian(temp))
    unit = "; is the file in Kelvin?" if middle > 150.0 else "; is the file in Fahrenheit?" if middle > 30.0 else ""
    for k in np.flatnonzero((temp < low) | (temp > high)):
        code = "; a code for a missing value? leave the cell empty" if abs(temp[k]) >= 99.0 else ""
        message = f"outdoor temperature outside {low:g} ... {high:g} degC (got {temp[k]:g}{unit or code})"
        problems.add(message, int(rows.line[k]))
    for name in IRRADIANCE:
        values = rows.values.get(name)
        if values is None:
            continue
        if not np.isfinite(values).any():
            problems.add(f"{name}: the column holds no number")
        for k in np.flatnonzero((values < 0.0) | (values > IRRADIANCE_MAX_W_M2)):
            message = f"{name} outside 0 ... {IRRADIANCE_MAX_W_M2:g} W/m2 (got {values[k]:g})"
            problems.add(message, int(rows.line[k]))


def _check_order(rows: Rows, step_min: int, problems: Problems) -> set[int]:
    """Refuse doubled, disordered and uneven time stamps and clocks with daylight saving; return the latter's rows."""
    change = np.diff(rows.stamp).astype(np.int64)
    clock_changes: set[int] = set()
    for k in np.flatnonzero(change != step_min):
        row, before, now = int(rows.line[k + 1]), pd.Timestamp(rows.stamp[k]), pd.Timestamp(rows.stamp[k + 1])
        if not rows.in_utc and _is_clock_change(now, int(change[k]) - step_min):
            clock_changes.add(row)
            kind = "gap" if change[k] > step_min else "doubled hour"
            hint = "export in standard time or UTC"
            problems.add(f"daylight-saving {kind} at row {row}: {hint} ({now} after {before})", row)
        elif change[k] == 0:
            problems.add(f"the same time again ({now})", row)
        elif change[k] < 0:
            problems.add(f"wrong order: {now} after {before}", row)
        elif change[k] % step_min:
            problems.add(f"uneven step: {now} after {before} (the file's step is {step_min} min)", row)
    return clock_changes


def _is_clock_change(now: pd.Timestamp, jump_min: int) -> bool:
    """Return whether a jump looks like daylight saving: one hour, early on a Sunday, in spring or autumn."""
    return abs(jump_min) == 60 and now.month in (3, 4, 9, 10, 11) and now.day_of_week == 6 and now.hour <= 4


def _gaps(
    rows: Rows,
    name: str,
    step_min: int,
    edges: tuple[np.datetime64, np.datetime64],
    limit_h: float,
    clock_changes: set[int],
    problems: Problems,
) -> set[tuple[str, float]]:
    """Refuse a column's gaps above the limit, return the others: beginning and hours. An empty cell is a gap too."""
    step = np.timedelta64(step_min, "m")
    order = np.argsort(rows.stamp, kind="stable")
    stamp, line = rows.stamp[order], rows.line[order]
    known = np.flatnonzero(np.isfinite(rows.values[name][order]))
    times = np.concatenate([[edges[0] - step], stamp[known], [edges[1] + step]])
    missing = (np.diff(times) / step).round().astype(np.int64) - 1
    filled: set[tuple[str, float]] = set()
    for k in np.flatnonzero(missing > 0):
        after = int(known[k - 1]) + 1 if k else 0
        row, hours = int(line[min(after, len(line) - 1)]), float(missing[k] * step_min / 60.0)
        begin = str(pd.Timestamp(times[k] + step))
        if row in clock_changes:
            continue
        if hours <= limit_h:
            filled.add((begin, hours))
            continue
        allow = f" or set weather.fill_gaps_up_to_h: {int(np.ceil(hours))}" if hours <= _GAP_MAX_H else ""
        message = f"gap in {name}: {hours:g} h missing from {begin} (filled up to {limit_h:g} h)"
        problems.add(f"{message}; repair the file{allow}", row)
    return filled
