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
from dhsim.balancing.sensor_slots import on_slots, rows_of, seconds, spacing_s
from dhsim.balancing.sensor_table import Long, long_table
from dhsim.errors import DhsimError, Problem, ScenarioError
from dhsim.units import S_PER_H

Floats = NDArray[np.float64]

SUPPLY, OUTDOOR = "temp_supply_c", "temp_outdoor_c"
PAIRS_MIN = 24
"""Steps with all readings below which no fit is tried."""
_PROBLEMS_MAX = 20
_UNFIT, _APART = ("constant", "empty", "few", "same"), "apart"
_OF_THE_FILE = ("missing", "range", "same")
"""Kinds that a part of the readings cannot show any more, or less surely than all of them."""
_SAME_K = 1e-9


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
        """Return the series of some zones, in that order, with their flags and those of the two inputs."""
        chosen = zone_indices(zones, self.zone_ids)
        about = {"", SUPPLY, OUTDOOR, *zones}
        kept = tuple(flag for flag in self.flags if flag.zone in about)
        return dataclasses.replace(self, temp_zone_c=self.temp_zone_c[:, chosen], zone_ids=tuple(zones), flags=kept)

    def usable(self, paired: bool = True) -> SensorSeries:
        """Return the series without the zones that a fit would refuse.

        Those are the ones flagged as "constant", "empty", "few" (readings) or "same" (as an input), and, for a fit that
        needs pairs of readings as the regression does, those whose readings lie "apart".
        """
        kinds = (*_UNFIT, _APART) if paired else _UNFIT
        unfit = {flag.zone for flag in self.flags if flag.kind in kinds}
        return self.select([zone for zone in self.zone_ids if zone not in unfit])

    def between(self, start: str | pd.Timestamp, end: str | pd.Timestamp) -> SensorSeries:
        """Return a period, its end excluded, with its flags; times without a zone are taken as UTC.

        Gaps and sensors that stand still are those of the period; what was left out as out of range is said of the
        whole file.
        """
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
        stay = tuple(flag for flag in self.flags if flag.kind in _OF_THE_FILE)
        return dataclasses.replace(cut, flags=(*_flags(cut), *stay))


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
    decimal comma is understood. A CSV file may begin with remarks, lines with `#`.

    A room counts as it stood at the start of each step (its reading nearest to it), the inputs count as their means
    over the step; a step without a reading stays empty. Export momentary room temperatures: a logger's own hourly means
    are half a step late and make leakage and heat supply come out too small. Readings may come some seconds early
    or late; where they come at a fixed time, such as half past, the steps begin then.

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
        With flags for gaps, values out of range (left out), constant and stuck series, zones with few readings or with
        those of an input, and missing zones.

    Raises
    ------
    ScenarioError
        All problems of the file at once, each with its line: times that cannot be read, hours that do not exist or
        come twice, doubled readings, text for numbers, unknown zones, missing or doubled columns, a step finer than
        the readings of an input or of all rooms.
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
            way = f"--ignore {name!r}, or `ignore:` under `sensors:`"
            message = f"sensor of an unknown zone{hint} (to leave it out: {way})"
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
    spacings = {}
    for name, rows in rows_of(table).items():
        spacing = spacing_s(seconds(table.time[rows[np.isfinite(table.temp_c[rows])]]))
        spacings[name] = spacing if np.isfinite(spacing) else 0.0  # a single reading has no spacing
    coarse = [name for name, spacing in spacings.items() if spacing > 1.01 * step_s]
    rooms = [name for name in spacings if name not in (SUPPLY, OUTDOOR)]
    for name in coarse:
        # one coarse room among others is flagged as having few steps and does not stop the rest
        if name in (SUPPLY, OUTDOOR) or set(rooms) <= set(coarse):
            message = (
                f"readings come every {spacings[name] / S_PER_H:g} h, and the step is {step_s / S_PER_H:.3g} h: "
                f"--step-h {spacings[name] / S_PER_H:g}, or `step_min:` under `sensors:`"
            )
            problems.append(Problem(message, path, key=name))


def _on_grid(table: Long, step_s: float, zone_ids: Sequence[str] | None) -> SensorSeries:
    """Put the readings on an even grid, impossible ones left out first; nothing is filled."""
    found = [name for name in table.names if name not in (SUPPLY, OUTDOOR)]
    wanted = found if zone_ids is None else [zone for zone in zone_ids if zone in set(found)]
    missing = [] if zone_ids is None else [zone for zone in zone_ids if zone not in set(found)]
    possible, flags = _possible(table, (SUPPLY, OUTDOOR, *wanted), step_s)
    flags += _same(possible, wanted)
    flags += [Flag("missing", zone, "no sensor: the zone cannot be identified") for zone in missing]
    time, columns = on_slots(possible, (SUPPLY, OUTDOOR), wanted, step_s)
    zones = np.column_stack([columns[name] for name in wanted]) if wanted else np.empty((len(time), 0))
    series = SensorSeries(time, step_s, zones, columns[SUPPLY], columns[OUTDOOR], tuple(wanted))
    return dataclasses.replace(series, flags=(*_flags(series), *flags))


def _possible(table: Long, names: Sequence[str], step_s: float) -> tuple[Long, list[Flag]]:
    """Return the readings without impossible ones, which would spoil the mean of a step unseen, and their flags."""
    temp_c, flags, rows = table.temp_c.copy(), [], rows_of(table)
    for name in names:
        mine = rows[name]
        kept, found = screened(temp_c[mine, None], [name], table.time[mine], step_s)
        temp_c[mine] = kept[:, 0]
        flags += [flag for flag in found if flag.kind == "range"]
    return table._replace(temp_c=temp_c), flags


def _same(table: Long, rooms: Sequence[str]) -> list[Flag]:
    """Return a flag for each room whose readings are those of the supply or of the outdoor temperature."""
    rows = rows_of(table)
    flags = []
    for name in (SUPPLY, OUTDOOR):
        given = pd.Series(table.temp_c[rows[name]], table.time[rows[name]])
        for room in rooms:
            off = given.reindex(table.time[rows[room]]).to_numpy() - table.temp_c[rows[room]]
            off = np.abs(off[np.isfinite(off)])
            if len(off) >= PAIRS_MIN and off.max() <= _SAME_K:
                said, place = ("supply", "on a pipe") if name == SUPPLY else ("outdoor", "outdoors")
                text = f"always at the {said} temperature ({len(off)} readings): a doubled column, or a sensor that "
                text += f"hangs {place}; the zone is left out, find its own sensor"
                flags.append(Flag("same", room, text, float(len(off))))
    return flags


def _flags(series: SensorSeries) -> list[Flag]:
    """Return what the readings of a grid betray."""
    names = (SUPPLY, OUTDOOR, *series.zone_ids)
    table = np.column_stack([series.temp_supply_c, series.temp_outdoor_c, series.temp_zone_c])
    flags = screened(table, names, series.time, series.step_s)[1]
    said = {flag.zone for flag in flags if flag.kind in ("constant", "empty")}
    return [*flags, *(flag for flag in _few(series) if flag.zone not in said)]


def _few(series: SensorSeries) -> list[Flag]:
    """Return a flag for each zone with too few steps that have all readings: "apart" where readings are enough."""
    inputs = np.isfinite(series.temp_supply_c) & np.isfinite(series.temp_outdoor_c)
    if inputs.sum() < PAIRS_MIN:
        return []  # not the zones' fault: the fit says what the input lacks
    there = np.isfinite(series.temp_zone_c)
    pairs = np.count_nonzero(there[:-1] & there[1:] & inputs[:-1, None], axis=0)
    flags = []
    for z in np.flatnonzero(pairs < PAIRS_MIN):
        step_h = series.step_s / S_PER_H
        usual_h = spacing_s(np.flatnonzero(there[:, z]).astype(np.float64)) * step_h
        rate = f", one every {usual_h:g} h," if np.isfinite(usual_h) else ""
        count = int(np.count_nonzero(there[:, z] & inputs))
        text = f"{int(there[:, z].sum())} readings{rate} make {pairs[z]} steps of {step_h:g} h with all readings, "
        enough = count >= PAIRS_MIN
        who = "the regression leaves the zone out, the Kalman fit takes it" if enough else "the zone is left out"
        text += f"{PAIRS_MIN} are needed: {who}; mend its sensor or take a longer period"
        more = " or a longer step (step_min)" if usual_h > step_h else ""
        flags.append(Flag(_APART if enough else "few", series.zone_ids[z], text + more, float(pairs[z])))
    return flags
