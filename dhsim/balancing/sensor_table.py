"""The rows of a sensor file as one long table in UTC, each with its line."""

from __future__ import annotations

import collections
import csv
import difflib
import io
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dhsim.errors import Problem
from dhsim.scenario.encoding import utf8_text

Floats = NDArray[np.float64]

TIME, SERIES, VALUE = "time", "series", "temp_c"
_SIGN_OF_OFFSET = r"[T ]\d[^+-]*[+-]"
_YEARS = range(1900, 2200)
REMARK, MADE_UP = "#", "synthetic"
"""Lines before the header that begin with the first say something of the file; with the second, that it is made up."""
REMARK_KEY = b"remark"
"""Where a Parquet file has the same in the metadata of its schema."""
_OFFSET = r"[T ]\d\S*\s?(?:Z|[+-]\d{2}(?::?\d{2})?)$"
"""Behind a time of day, so that a date's own hyphens do not count; databases write +01 for +01:00."""


class Long(NamedTuple):
    """Readings, one a row."""

    time: pd.DatetimeIndex
    series: NDArray[np.object_]
    temp_c: Floats
    line: NDArray[np.int64]

    @property
    def names(self) -> list[str]:
        """The series in order of appearance."""
        return list(dict.fromkeys(self.series.tolist()))

    def without(self, ignored: Sequence[str]) -> Long:
        """Return the rows of the other series."""
        keep = ~np.isin(self.series.astype(str), list(ignored))
        return Long(self.time[keep], self.series[keep], self.temp_c[keep], self.line[keep])


def remarks(path: Path) -> list[str]:
    """Return the remarks at the head of a CSV file, without their mark.

    Parameters
    ----------
    path
        Any file; one that is no text or not there has none.

    Returns
    -------
    list of str
        One a line.
    """
    if path.suffix == ".parquet" or not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", errors="replace") as text:
        head = itertools.takewhile(lambda line: line.startswith(REMARK), text)
        return [line.removeprefix(REMARK).strip() for line in head]


def is_made_up(path: Path) -> bool:
    """Return whether a file of readings says at its head that they are synthetic.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    bool
        False where it says nothing.
    """
    said = _remarks_of_schema(path) if path.suffix == ".parquet" else remarks(path)
    return any(line.lower().startswith(MADE_UP) for line in said)


def _remarks_of_schema(path: Path) -> list[str]:
    """Return what the schema of a Parquet file remarks under the key `remark`."""
    import pyarrow.parquet

    try:
        found = pyarrow.parquet.read_schema(path).metadata or {}
    except (OSError, ValueError):
        return []
    return str(found.get(REMARK_KEY, b""), "utf-8").splitlines()


def long_table(path: Path, time_zone: str | None, problems: list[Problem]) -> Long:
    """Return a file's readings; what is wrong with it is added to the problems.

    Parameters
    ----------
    path
        `.csv` or `.parquet`.
    time_zone
        Of times that bear none.
    problems
        Grows.

    Returns
    -------
    Long
        Empty where the file cannot be read.
    """
    empty = Long(pd.DatetimeIndex([], tz="UTC"), np.empty(0, object), np.empty(0), np.empty(0, np.int64))
    before = len(problems)
    frame = _frame(path, problems)
    if len(problems) > before:
        return empty
    if frame is None:
        return empty
    if TIME not in frame.columns:
        near = difflib.get_close_matches(TIME, [str(name).lower() for name in frame.columns], n=1, cutoff=0.5)
        hint = f" (did you mean {near[0]}?)" if near else ""
        problems.append(
            Problem(
                f"no column of times{hint}; the columns are {', '.join(map(str, frame.columns))}", str(path), key=TIME
            )
        )
        return empty
    line = np.arange(len(frame)) + 2 + len(remarks(path))  # the header is the first line behind the remarks
    if {SERIES, VALUE} <= set(frame.columns):
        rows = frame[[TIME, SERIES, VALUE]].copy()
    else:
        rows = frame.melt(id_vars=TIME, var_name=SERIES, value_name=VALUE)
        line = np.tile(line, len(frame.columns) - 1)
    values = _numbers(rows, line, str(path), problems)
    times = _times(rows, line, time_zone, str(path), problems)
    series = rows[SERIES].astype(str).str.strip().to_numpy(object)
    return Long(times, series, values, line)


def _frame(path: Path, problems: list[Problem]) -> pd.DataFrame | None:
    if not path.is_file():
        others = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
        near = difflib.get_close_matches(path.name, others, n=1)
        problems.append(Problem("no such file" + (f"; did you mean {near[0]}?" if near else ""), str(path)))
        return None
    try:
        if path.suffix == ".parquet":
            frame = pd.read_parquet(path)
            frame = frame.reset_index() if frame.index.name == TIME else frame
        else:
            text = utf8_text(str(path), path.read_bytes())
            if isinstance(text, Problem):
                problems.append(text)
                return None
            frame = _csv_frame(text, len(remarks(path)), path, problems)
    except (OSError, ValueError) as error:
        problems.append(Problem(f"cannot be read as CSV or Parquet ({error})", str(path)))
        return None
    frame.columns = pd.Index([str(name).strip() for name in frame.columns])
    if path.suffix == ".parquet":
        _check_columns(list(frame.columns), path, None, problems)
    if frame.empty:
        problems.append(Problem("the file holds no reading", str(path)))
        return None
    return frame


def _csv_frame(text: str, skip: int, path: Path, problems: list[Problem]) -> pd.DataFrame:
    """Return the rows behind the remarks, whatever of comma, semicolon and tab the header has most of."""
    header = next(itertools.islice(io.StringIO(text), skip, None), "")
    separator = max(",;\t", key=header.count)
    names = next(csv.reader([header], delimiter=separator, skipinitialspace=True), [])
    _check_columns(names, path, skip, problems)
    return pd.read_csv(
        io.StringIO(text), sep=separator, dtype=str, skipinitialspace=True, skip_blank_lines=False, skiprows=skip
    )


def _check_columns(names: Sequence[str], path: Path, remarks_before: int | None, problems: list[Problem]) -> None:
    """Refuse names that come twice, which the reader of CSV files would rename without a word."""
    count = collections.Counter(name.strip() for name in names)
    line = None if remarks_before is None else remarks_before + 1
    for name, times in count.items():
        if name and times > 1:
            message = f"the column comes {times} times: rename or remove all but one"
            problems.append(Problem(message, str(path), line, key=name))


def _numbers(rows: pd.DataFrame, line: NDArray[np.int64], path: str, problems: list[Problem]) -> Floats:
    raw = rows[VALUE]
    if not pd.api.types.is_numeric_dtype(raw):
        raw = raw.astype("string").str.strip().str.replace(",", ".")
        raw = raw.mask(raw.str.lower().isin(["", "nan", "null", "none", "na"]))
    values = pd.to_numeric(raw, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    for k in np.flatnonzero(~np.isfinite(values) & raw.notna().to_numpy(bool)):
        message = f"not a temperature (got {rows[VALUE].iloc[k]!r}); leave the cell empty where there is no reading"
        problems.append(Problem(message, path, int(line[k]), key=str(rows[SERIES].iloc[k])))
    return np.asarray(values)


def _times(
    rows: pd.DataFrame, line: NDArray[np.int64], time_zone: str | None, path: str, problems: list[Problem]
) -> pd.DatetimeIndex:
    """Return the times in UTC: with an offset as they are, without one by the given zone."""
    raw = rows[TIME]
    nowhere = pd.DatetimeIndex([pd.NaT] * len(rows), tz="UTC")
    if pd.api.types.is_datetime64_any_dtype(raw) and raw.isna().any():
        problems.append(Problem("a row without a time", path, int(line[np.flatnonzero(raw.isna())[0]]), key=TIME))
        return nowhere
    if isinstance(raw.dtype, pd.DatetimeTZDtype):
        return pd.DatetimeIndex(raw).tz_convert("UTC")
    if pd.api.types.is_datetime64_any_dtype(raw):
        return _localised(pd.DatetimeIndex(raw), rows, line, time_zone, path, problems)
    text = raw.astype("string").str.strip()
    offset = text.str.contains(_OFFSET, regex=True).fillna(False).to_numpy(bool)
    if offset.any() and not offset.all():
        k = int(np.flatnonzero(offset != offset[0])[0])
        message = f"times with and without an offset are mixed (got {text.iloc[k]!r} after {text.iloc[0]!r})"
        problems.append(Problem(message, path, int(line[k]), key=TIME))
        return nowhere
    stamps = pd.to_datetime(text, format="ISO8601", errors="coerce", utc=True)
    # another spelling of an offset, such as +1, would pass as a local time
    other = ~offset & text.str.contains(_SIGN_OF_OFFSET, regex=True).fillna(False).to_numpy(bool)
    far = ~np.isin(stamps.dt.year, _YEARS)
    bad = np.flatnonzero(stamps.isna().to_numpy() | other | far)
    for k in np.unique(line[bad], return_index=True)[1]:
        message = f"not a time (got {rows[TIME].iloc[bad[k]]!r}); write 2024-02-07 13:00 or 2024-02-07T13:00+01:00"
        problems.append(Problem(message, path, int(line[bad[k]]), key=TIME))
    if len(bad):
        return nowhere
    known = pd.DatetimeIndex(stamps)
    return known if offset.any() else _localised(known.tz_localize(None), rows, line, time_zone, path, problems)


def _localised(
    stamps: pd.DatetimeIndex,
    rows: pd.DataFrame,
    line: NDArray[np.int64],
    time_zone: str | None,
    path: str,
    problems: list[Problem],
) -> pd.DatetimeIndex:
    """Return local times in UTC; the doubled hour of autumn is told by the order of each series' rows."""
    nowhere = pd.DatetimeIndex([pd.NaT] * len(stamps), tz="UTC")
    if time_zone is None:
        way = "--time-zone Europe/Stockholm (or UTC), or `time_zone:` under `sensors:`"
        message = f"the times bear no offset: name their zone: {way}"
        problems.append(Problem(message, path, key=TIME))
        return nowhere
    try:
        gone = stamps.tz_localize(time_zone, ambiguous="NaT", nonexistent="shift_forward")
        sure = stamps.tz_localize(time_zone, ambiguous="NaT", nonexistent="NaT")
    except (KeyError, ValueError, OSError) as error:
        problems.append(Problem(f"unknown time zone {time_zone!r} ({error})", path, key="time_zone"))
        return nowhere
    for k in np.flatnonzero(np.asarray(sure.isna()) & ~np.asarray(gone.isna())):
        message = f"{stamps[int(k)]} does not exist in {time_zone} (clocks go forward): export in UTC or with offsets"
        problems.append(Problem(message, path, int(line[k]), key=str(rows[SERIES].iloc[k])))
    times = sure.tz_convert("UTC").as_unit("ns").asi8.copy()
    doubtful = np.asarray(gone.isna())
    for name in dict.fromkeys(rows[SERIES][doubtful].tolist()):
        mine = np.flatnonzero((rows[SERIES] == name).to_numpy(bool))
        found = _doubled_hours(stamps[mine], times[mine], doubtful[mine], time_zone)
        if isinstance(found, str):
            first = mine[doubtful[mine]][0]
            message = f"{stamps[first]} comes twice on the clocks of {time_zone}, and {found}: export in UTC"
            problems.append(Problem(message, path, int(line[first]), key=str(name)))
        else:
            times[mine] = found
    return pd.DatetimeIndex(times.view("M8[ns]")).tz_localize("UTC")


def _doubled_hours(
    stamps: pd.DatetimeIndex, times: NDArray[np.int64], doubtful: NDArray[np.bool_], time_zone: str
) -> NDArray[np.int64] | str:
    """Return a series' times [ns] by the order of its rows, oldest or newest first, or why it does not tell."""
    why = "the rows do not tell which it is"
    for turn in (slice(None), slice(None, None, -1)):
        at = np.flatnonzero(doubtful)[turn]
        local = stamps[at]
        day = local.normalize()
        again = np.concatenate([[False], (np.diff(local.as_unit("ns").asi8) <= 0) & (day[1:] == day[:-1])])
        per_day = pd.Series(again).groupby(np.asarray(day))
        if not (per_day.sum() == 1).all():
            continue
        first = ~(per_day.cumsum() > 0).to_numpy(bool)
        resolved = times.copy()
        resolved[at] = local.tz_localize(time_zone, ambiguous=first).tz_convert("UTC").as_unit("ns").asi8
        if (np.diff(resolved[turn]) >= 0).all():
            return resolved
        why = "the rows are neither in rising nor in falling order"
    return why
