"""The formats of weather files: CSV, ISD-lite and EPW become rows of numbers with a time stamp each.

What a row means: a temperature holds at an instant, an irradiance for a whole interval. A time stamp (or
`hour_of_year` from 0) names the instant and begins the interval; an hour from 1 to 24 ends it.
"""

from __future__ import annotations

import csv
import datetime as dt
import difflib
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dhsim.errors import MissingExtraError, Problem, ScenarioError
from dhsim.scenario.schema import SiteSection, WeatherSection

Floats = NDArray[np.float64]
Stamps = NDArray[np.datetime64]

KEY = "weather.file"
TEMPERATURE = "temp_outdoor_c"
IRRADIANCE = ("irradiance_horizontal_w_m2", "irradiance_direct_normal_w_m2", "irradiance_diffuse_w_m2")
PROBLEMS_SHOWN = 20
_YEAR_UNDATED, _YEAR_UNDATED_LEAP = 2001, 2000
_HOURS_TO_MARCH, _HOURS_YEAR, _HOURS_LEAP_YEAR = 1416, 8760, 8784

_ALIASES: dict[str, tuple[str, ...]] = {
    "time": ("time", "timestamp", "datetime", "date_time", "date", "time_local", "time_utc"),
    "hour_of_year": ("hour_of_year", "hoy"),
    "year": ("year",),
    "month": ("month",),
    "day": ("day",),
    "hour": ("hour",),
    TEMPERATURE: (
        *(TEMPERATURE, "t_c", "temp_c", "temperature_c", "temperature", "temp", "temp_air", "air_temperature", "t2m"),
        *("dry_bulb", "drybulb", "dry_bulb_temperature", "temp_outdoor", "t_out", "tout", "t_outdoor", "t_amb", "tamb"),
    ),
    IRRADIANCE[0]: (IRRADIANCE[0], "ghi", "ghi_wh_m2", "ghi_w_m2", "global_horizontal"),
    IRRADIANCE[1]: (IRRADIANCE[1], "dni", "dni_wh_m2", "dni_w_m2", "direct_normal"),
    IRRADIANCE[2]: (IRRADIANCE[2], "dhi", "dhi_wh_m2", "dhi_w_m2", "diffuse_horizontal"),
    "wind_speed_m_s": ("wind_speed_m_s", "wind_m_s", "wind_speed", "wind"),
}
_OFFSET = re.compile(r"\d[ T]\d\d(:?\d\d){0,2}([.,]\d+)?\s*([zZ]|[+-]\d\d(:?\d\d)?)$")
_ISD_LITE = re.compile(r"\d{4} +\d{1,2} +\d{1,2} +\d{1,2}( +-?\d+){8} *$")
_EMPTY = frozenset({"", "nan", "na", "n/a", "null", "none", "-"})


class Problems:
    """Collects what is wrong with one file, and raises it all at once."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.found: list[Problem] = []

    def add(self, message: str, line: int | None = None, key: str = KEY) -> None:
        """Remember one more."""
        self.found.append(Problem(message, self.path, line, None, key))

    def raise_if_any(self) -> None:
        """Raise what was found so far, by row."""
        if not self.found:
            return
        found = sorted(self.found, key=lambda problem: problem.line or 0)
        shown = found[:PROBLEMS_SHOWN]
        if len(found) > PROBLEMS_SHOWN:
            shown.append(Problem(f"and {len(found) - PROBLEMS_SHOWN} more problems", self.path, None, None, KEY))
        raise ScenarioError(shown)


@dataclass
class Rows:
    """Rows as they stand in the file: beginning of the interval, numbers (NaN where there is none), line number."""

    line: NDArray[np.int64]
    stamp: Stamps
    values: dict[str, Floats]
    hour_ending: bool = False
    in_utc: bool = False
    dated: bool = True
    site: SiteSection | None = None
    notes: list[str] = field(default_factory=list)


def sniff(name: str, text: str) -> str:
    """Return which format a file's name and first row look like."""
    if name.lower().removesuffix(".gz").endswith(".epw") or text.startswith("LOCATION,"):
        return "epw"
    first = next(line for line in text.splitlines() if line.strip())
    return "isd_lite" if _ISD_LITE.match(first) else "csv"


# --- CSV ------------------------------------------------------------------------------------------------------------


def read_csv(text: str, section: WeatherSection, problems: Problems) -> Rows:
    """Read a table with a header; see `WeatherSection.columns` for the names."""
    numbered = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip() and line[0] != "#"]
    delimiter = max(";,\t", key=numbered[0][1].count)
    table = list(csv.reader((line for _, line in numbered), delimiter=delimiter))
    header = [cell.strip() for cell in table[0]]
    columns = _columns(header, section, problems)
    if len(table) == 1:
        problems.add("a header and no rows", numbered[0][0])
    problems.raise_if_any()
    body: list[list[str]] = []
    for (number, _), row in zip(numbered[1:], table[1:], strict=True):
        if len(row) != len(header):
            problems.add(f"{len(row)} cells under {len(header)} columns", number)
        else:
            body.append(row)
    problems.raise_if_any()
    line = np.array([number for number, _ in numbered[1:]])

    def cells(name: str) -> list[str]:
        at = columns[name]
        return [row[at].strip() for row in body]

    def numbers(name: str) -> Floats:
        decimal_comma = delimiter != ","
        return _numbers(cells(name), line, header[columns[name]], decimal_comma, problems)

    values = {name: numbers(name) for name in (TEMPERATURE, *IRRADIANCE) if name in columns}
    if "time" in columns:
        stamp, in_utc = _stamps(cells("time"), line, problems)
        problems.raise_if_any()
        _check_year(section, stamp, problems)
        return Rows(line, stamp, values, in_utc=in_utc)
    calendar: tuple[str, ...] = ("hour_of_year", "year", "month", "day", "hour")
    parts = {name: numbers(name) for name in calendar if name in columns}
    problems.raise_if_any()
    if "hour_of_year" in parts:
        return _rows_by_hour_of_year(line, values, parts["hour_of_year"], section, problems)
    return _rows_by_calendar(line, values, parts, section, problems)


def _columns(header: list[str], section: WeatherSection, problems: Problems) -> dict[str, int]:
    """Return where dhsim's columns stand; what the scenario names goes before what is recognised."""
    found: dict[str, int] = {}
    for name, given in (section.columns or {}).items():
        if name not in _ALIASES:
            near = difflib.get_close_matches(name, _ALIASES, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f" (there are: {', '.join(_ALIASES)})"
            problems.add(f"no column of dhsim is called {name!r}{hint}", key="weather.columns")
        elif given not in header:
            near = difflib.get_close_matches(given, header, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            problems.add(f"{name}: the file has no column {given!r}{hint} (it has: {', '.join(header)})", 1)
        else:
            found[name] = header.index(given)
    plain = [re.sub(r"[^a-z0-9]+", "_", re.sub(r"[(\[].*?[)\]]", "", cell.lower())).strip("_") for cell in header]
    for name, aliases in _ALIASES.items():
        hits = [at for at, cell in enumerate(plain) if cell in aliases]
        if name in found or name in (section.columns or {}) or not hits:
            continue
        if len(hits) > 1:
            said = ", ".join(header[at] for at in hits)
            problems.add(f"{name} may be each of {said}: say which in weather.columns", 1)
        found[name] = hits[0]
    if TEMPERATURE not in found and TEMPERATURE not in (section.columns or {}):
        problems.add(f"no temperature column among {', '.join(header)}: name it in weather.columns", 1)
    if not ({"time", "hour_of_year"} & found.keys() or {"month", "day", "hour"} <= found.keys()):
        needs = "needs time, hour_of_year, or month, day and hour (see weather.columns)"
        problems.add(f"no time among {', '.join(header)}: {needs}", 1)
    return found


def _numbers(
    cells: Sequence[str], line: NDArray[np.int64], name: str, decimal_comma: bool, problems: Problems
) -> Floats:
    """Return the column as floats, NaN where a cell is empty; anything else that is no number is a problem."""
    made = np.full(len(cells), np.nan)
    for k, cell in enumerate(cells):
        if cell.lower() in _EMPTY:
            continue
        try:
            made[k] = float(cell.replace(",", ".") if decimal_comma else cell)
        except ValueError:
            problems.add(f"{name}: not a number (got {cell!r})", int(line[k]))
            continue
        if np.isinf(made[k]):
            problems.add(f"{name}: not a finite number (got {cell!r})", int(line[k]))
    return made


def _stamps(cells: Sequence[str], line: NDArray[np.int64], problems: Problems) -> tuple[Stamps, bool]:
    """Return the time stamps, in UTC if they bear an offset."""
    with_offset = np.array([bool(_OFFSET.search(cell)) for cell in cells])
    in_utc = bool(with_offset.all())
    if not in_utc and with_offset.any():
        at = int(np.flatnonzero(with_offset != with_offset[0])[0])
        problems.add("some time stamps bear an offset from UTC and others do not", int(line[at]))
    read = pd.to_datetime(pd.Series(list(cells), dtype="str"), format="ISO8601", errors="coerce", utc=True)
    for k in np.flatnonzero(read.isna().to_numpy()).tolist():
        problems.add(f"not an ISO time, such as 2021-01-31 13:00 (got {cells[k]!r})", int(line[k]))
    return read.dt.tz_localize(None).to_numpy().astype("datetime64[m]"), in_utc


def _check_year(section: WeatherSection, stamp: Stamps, problems: Problems) -> None:
    years = sorted({int(year) for year in stamp.astype("datetime64[Y]").astype(np.int64) + 1970})
    if section.year is not None and section.year not in years:
        problems.add(f"the file names its own year ({years[0]}): leave {section.year} out", key="weather.year")
        problems.raise_if_any()


def _rows_by_hour_of_year(
    line: NDArray[np.int64], values: dict[str, Floats], hour: Floats, section: WeatherSection, problems: Problems
) -> Rows:
    for k in np.flatnonzero(~((hour >= 0) & (hour < _HOURS_LEAP_YEAR) & (hour == np.round(hour)))):
        problems.add(f"hour_of_year counts whole hours from 0 to 8759 or 8783 (got {hour[k]:g})", int(line[k]))
    problems.raise_if_any()
    leap_day, past_february = bool(hour.max() >= _HOURS_YEAR), bool(hour.max() >= _HOURS_TO_MARCH)
    year, dated, notes = _year_of_undated(section, leap_day, past_february, problems)
    stamp = np.datetime64(f"{year}-01-01T00:00", "m") + (hour * 60).astype("timedelta64[m]")
    return Rows(line, stamp, values, dated=dated, notes=notes)


def _rows_by_calendar(
    line: NDArray[np.int64],
    values: dict[str, Floats],
    parts: Mapping[str, Floats],
    section: WeatherSection,
    problems: Problems,
) -> Rows:
    month, day, hour = parts["month"], parts["day"], parts["hour"]
    leap_day = bool(np.any((month == 2) & (day == 29)))
    notes: list[str] = []
    if "year" in parts and len(np.unique(parts["year"])) <= _years_spanned(month):
        year, dated = parts["year"], True
    else:
        if "year" in parts:
            notes.append("The months of the file come from different years: a typical year.")
        chosen, dated, more = _year_of_undated(section, leap_day, bool(np.any(month > 2)), problems)
        year = np.full(len(month), float(chosen))
        notes += more
    hour_ending = not bool(np.any(hour == 0))
    first, last = (1, 24) if hour_ending else (0, 23)
    stamp = np.full(len(line), np.datetime64("NaT"), dtype="datetime64[m]")
    for k, (y, m, d, h) in enumerate(zip(year, month, day, hour, strict=True)):
        try:
            if not first <= h <= last or any(part != int(part) for part in (y, m, d, h)):
                raise ValueError
            stamp[k] = np.datetime64(dt.datetime(int(y), int(m), int(d), int(h) - first), "m")
        except ValueError:
            said = f"year {y:g} month {m:g} day {d:g} hour {h:g}"
            problems.add(f"no such hour: {said} (hours run {first} to {last})", int(line[k]))
    problems.raise_if_any()
    if dated:
        _check_year(section, stamp, problems)
    return Rows(line, stamp, values, hour_ending=hour_ending, dated=dated, notes=notes)


def _years_spanned(month: Floats) -> int:
    """Return how many calendar years the rows run through, counting each fall of the month as a new year."""
    return 1 + int(np.count_nonzero(np.diff(month) < 0))


def _year_of_undated(
    section: WeatherSection, leap_day: bool, past_february: bool, problems: Problems
) -> tuple[int, bool, list[str]]:
    """Return the calendar year of rows that name none, whether it is meant, and what to say about it."""
    if section.year is None:
        return (_YEAR_UNDATED_LEAP if leap_day else _YEAR_UNDATED), False, []
    leap = pd.Timestamp(section.year, 1, 1).is_leap_year
    if leap_day and not leap:
        problems.add(f"{section.year} is no leap year, but the file has 366 days", key="weather.year")
        problems.raise_if_any()
    if leap and not leap_day and past_february:
        return _YEAR_UNDATED, False, [f"The file has 365 days: the leap year {section.year} lacks its 29 February."]
    return section.year, True, []


# --- ISD-lite and EPW -----------------------------------------------------------------------------------------------


def read_isd_lite(text: str, section: WeatherSection, problems: Problems) -> Rows:
    """Read NOAA's ISD-lite: year month day hour (UTC), then temperature x 10 and others; -9999 is missing."""
    lines, stamps, temps = [], [], []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            year, month, day, hour, temp = (int(cell) for cell in line.split()[:5])
            stamps.append(np.datetime64(dt.datetime(year, month, day, hour), "m"))
        except ValueError:
            needs = "year month day hour temperature ..."
            problems.add(f"not an ISD-lite row: {needs} (got {line.strip()[:40]!r})", number)
            continue
        lines.append(number)
        temps.append(np.nan if temp == -9999 else temp / 10.0)
    problems.raise_if_any()
    stamp = np.array(stamps)
    _check_year(section, stamp, problems)
    return Rows(np.array(lines), stamp, {TEMPERATURE: np.array(temps)}, in_utc=True)


def read_epw(text: str, section: WeatherSection, problems: Problems) -> Rows:
    """Read EPW with pvlib; its hours end at their number, its header names the site."""
    try:
        from pvlib import iotools
    except ImportError:
        raise MissingExtraError('EPW files need pvlib: pip install "dhsim[weather]"') from None
    try:
        frame, header = iotools.read_epw(io.StringIO(text))
        site = SiteSection(
            name=str(header["city"]) or "EPW",
            latitude_deg=header["latitude"],
            longitude_deg=header["longitude"],
            utc_offset_h=header["TZ"],
        )
        parts = {name: frame[name].to_numpy(dtype=np.float64) for name in ("year", "month", "day", "hour")}
        values = {
            name: frame[column].to_numpy(dtype=np.float64, copy=True)
            for name, column in zip((TEMPERATURE, *IRRADIANCE), ("temp_air", "ghi", "dni", "dhi"), strict=True)
        }
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        problems.add(f"not a readable EPW file ({type(error).__name__}: {error})")
        problems.raise_if_any()
    values[TEMPERATURE][values[TEMPERATURE] == 99.9] = np.nan
    for name in IRRADIANCE:
        values[name][values[name] >= 9999.0] = np.nan
    line = np.arange(9, 9 + len(frame))
    if not len(frame):
        problems.add("a header and no rows")
        problems.raise_if_any()
    rows = _rows_by_calendar(line, values, parts, section, problems)
    rows.site = site
    return rows


READERS: dict[str, Callable[[str, WeatherSection, Problems], Rows]] = {
    "csv": read_csv,
    "epw": read_epw,
    "isd_lite": read_isd_lite,
}
