"""The rows of a sensor file as one long table in UTC, each with its line."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dhsim.errors import Problem

Floats = NDArray[np.float64]

TIME, SERIES, VALUE = "time", "series", "temp_c"
_OFFSET = r"(?:Z|[+-]\d{2}:?\d{2})$"


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
    frame = _frame(path, problems)
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
    line = np.arange(len(frame)) + 2  # the header is line 1
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
            with path.open(encoding="utf-8-sig") as text:
                separator = ";" if ";" in text.readline() else ","
            frame = pd.read_csv(
                path, sep=separator, dtype=str, encoding="utf-8-sig", skipinitialspace=True, skip_blank_lines=False
            )
    except (OSError, ValueError) as error:
        problems.append(Problem(f"cannot be read as CSV or Parquet ({error})", str(path)))
        return None
    frame.columns = pd.Index([str(name).strip() for name in frame.columns])
    if frame.empty:
        problems.append(Problem("the file holds no reading", str(path)))
        return None
    return frame


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
    if isinstance(raw.dtype, pd.DatetimeTZDtype):
        return pd.DatetimeIndex(raw).tz_convert("UTC")
    if pd.api.types.is_datetime64_any_dtype(raw):
        return _localised(pd.DatetimeIndex(raw), rows, line, time_zone, path, problems)
    text = raw.astype("string").str.strip()
    offset = text.str.contains(_OFFSET, regex=True).fillna(False).to_numpy(bool)
    nowhere = pd.DatetimeIndex([pd.NaT] * len(rows), tz="UTC")
    if offset.any() and not offset.all():
        k = int(np.flatnonzero(offset != offset[0])[0])
        message = f"times with and without an offset are mixed (got {text.iloc[k]!r} after {text.iloc[0]!r})"
        problems.append(Problem(message, path, int(line[k]), key=TIME))
        return nowhere
    stamps = pd.to_datetime(text, format="ISO8601", errors="coerce", utc=bool(offset.any()))
    bad = np.flatnonzero(stamps.isna().to_numpy())
    for k in np.unique(line[bad], return_index=True)[1]:
        message = f"not a time (got {rows[TIME].iloc[bad[k]]!r}); write 2024-02-07 13:00 or 2024-02-07T13:00+01:00"
        problems.append(Problem(message, path, int(line[bad[k]]), key=TIME))
    if len(bad):
        return nowhere
    stamps_index = pd.DatetimeIndex(stamps)
    return stamps_index if offset.any() else _localised(stamps_index, rows, line, time_zone, path, problems)


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
        message = "the times bear no offset: name their zone, for example time_zone='Europe/Stockholm' or 'UTC'"
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
        mine = np.flatnonzero(doubtful & (rows[SERIES] == name).to_numpy(bool))
        again = np.concatenate([[False], np.diff(stamps[mine].as_unit("ns").asi8) <= 0])
        second = np.cumsum(again) > 0
        if not again.any() or again.sum() > 1:
            message = f"{stamps[mine[0]]} comes twice on the clocks of {time_zone}, and the rows do not tell which it "
            problems.append(Problem(f"{message}is: export in UTC", path, int(line[mine[0]]), key=str(name)))
            continue
        resolved = stamps[mine].tz_localize(time_zone, ambiguous=~second)
        times[mine] = resolved.tz_convert("UTC").as_unit("ns").asi8
    return pd.DatetimeIndex(times.view("M8[ns]")).tz_localize("UTC")
