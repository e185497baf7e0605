"""The first step of a round: its readings, checked against the round before, and the fit of leakage and heat supply."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from dhsim.balancing.completion import completed
from dhsim.balancing.flags import listed
from dhsim.balancing.identification import identify
from dhsim.balancing.kalman import identify_kalman
from dhsim.balancing.posterior import Posterior
from dhsim.balancing.protocol import BuildingCase, open_building
from dhsim.balancing.round_files import write_posterior, write_series
from dhsim.balancing.round_response import with_response
from dhsim.balancing.sensor_data import OUTDOOR, SUPPLY, SensorSeries, read_sensor_file
from dhsim.balancing.sensor_table import is_made_up
from dhsim.balancing.state import STATE_NAME, STOP_PROXY_REL, ReadingsState, RoundState, State, read_state, write_state
from dhsim.balancing.workflow import (
    POSTERIOR_NAME,
    SERIES_NAME,
    Workflow,
    is_synthetic,
    open_workflow,
    round_folder,
    write_building,
)
from dhsim.errors import DhsimError
from dhsim.units import S_PER_MIN

METHODS = ("kalman", "regression")
_DRAWS_KEPT = 2000
_TOLD_MAX = 3
_FIRST = re.compile(r"the first (-?[\d.]+)")
"""In the message of a flag on readings out of range."""


class FitPlan(NamedTuple):
    """What a fit would be for."""

    number: int
    """Of the round."""
    is_anew: bool
    """Whether that round was fitted before."""
    drops: tuple[str, ...] = ()
    """What of that round a new fit makes void: front, choice, settings made."""


def planned_fit(folder: str | Path, again: bool = False) -> FitPlan:
    """Return which round a fit would be for, and what it would drop.

    Parameters
    ----------
    folder
        Of the workflow; it may be empty yet.
    again
        As in `fit_round`.

    Returns
    -------
    FitPlan
        The first round where nothing is kept yet.
    """
    if not (Path(folder) / STATE_NAME).is_file():
        return FitPlan(1, False)
    state = read_state(Path(folder))
    number = len(state.past(again)) + 1
    if number > len(state.rounds):
        return FitPlan(number, False)
    last = state.rounds[-1]
    parts = {"front": last.front, "choice": last.choice, "settings made": last.made}
    return FitPlan(number, True, tuple(name for name, part in parts.items() if part is not None))


def fit_round(
    folder: str | Path,
    building: str | Path | None = None,
    data: str | Path | None = None,
    *,
    method: str = "kalman",
    time_zone: str | None = None,
    start: str | None = None,
    end: str | None = None,
    stop_proxy_rel: float | None = None,
    again: bool = False,
    synthetic: bool = False,
    overlap: bool = False,
    ignore: Sequence[str] = (),
    step_s: float | None = None,
) -> Workflow:
    """Fit leakage and heat supply of all zones to a round's readings.

    The first call starts a workflow. A call after a choice starts the next round, with the valves as `record_made` has
    them, else as chosen; a call before one, or with `again`, fits the round at hand anew and drops its front, its
    choice and what was made of it (`planned_fit` says which it is). From the second round on all rounds are fitted
    together as well. How readings are read, by the building's `sensors:` and the options, is kept for later rounds.

    Parameters
    ----------
    folder
        Of the workflow; made if need be.
    building
        File or folder of the building; only for the first round.
    data
        The readings; where the building's file says, if left out.
    method
        "kalman" (knows the sensors' noise) or "regression" (eq. (23)).
    time_zone
        Of times that bear none, in the readings and in `start` and `end`, which are UTC without it.
    start, end
        Part of the series to use, the end excluded.
    stop_proxy_rel
        L over the square of theta at which the work may stop [-]; kept for later rounds.
    again
        Fit the last round anew although its settings were chosen.
    synthetic
        Whether the readings were made up; then the report says so.
    overlap
        Take readings although they begin before the round before ends.
    ignore
        Columns or series to leave out, beside those of the building's `sensors:`.
    step_s
        Step of the grid [s]; an hour, or as the building says, if left out.

    Returns
    -------
    Workflow
        With the fitted round as its last.

    Raises
    ------
    DhsimError
        For a folder that cannot go on this way, or unfit readings.
    """
    if method not in METHODS:
        raise DhsimError(f"--method: got {method!r}; it takes {' or '.join(METHODS)}")
    if stop_proxy_rel is not None and not 0.0 < stop_proxy_rel < 1.0:
        raise DhsimError(f"the threshold of L over the square of theta lies between 0 and 1 (got {stop_proxy_rel:g})")
    at = Path(folder)
    before = open_workflow(at) if (at / STATE_NAME).is_file() else None
    case, state = _begun(at, before, building)
    how = _how_read(case, state, time_zone, step_s, ignore)
    path = _file(how, data, state)
    state = replace(state, synthetic=state.synthetic or synthetic or is_made_up(path), readings=how)
    if stop_proxy_rel is not None:
        state = replace(state, stop_proxy_rel=stop_proxy_rel)
    past = state.past(again)
    number = len(past) + 1
    series = read_sensor_file(
        path, time_zone=how.time_zone, step_s=how.step_s, zone_ids=case.building.zone_ids, ignore=how.ignore
    )
    if start is not None or end is not None:
        series = _part(series, start, end, how.time_zone)
    if past and not overlap:
        _refuse_overlap(series, past[-1])
    fit = _fitted(series, method)
    completed(fit, case.building.zone_ids)  # refuses what no later step could use
    told = RoundState(number, str(path), str(series.time[0]), str(series.time[-1]), method)
    place = round_folder(at, number)
    write_series(place / SERIES_NAME, series)
    write_posterior(place / POSTERIOR_NAME, fit)
    if before is None:
        write_building(at, case)
    write_state(at, replace(state, rounds=(*past, told)))
    return with_response(open_workflow(at))


def _begun(folder: Path, before: Workflow | None, building: str | Path | None) -> tuple[BuildingCase, State]:
    if before is None:
        if building is None:
            raise DhsimError(f"{folder}: a new balancing needs --building")
        case = open_building(building)
        return case, State(str(building), is_synthetic(case), STOP_PROXY_REL)
    if building is not None:
        case = open_building(building)
        if case.scenario.model_copy(update={"sensors": None}).content_hash() != before.case.scenario.content_hash():
            raise DhsimError(
                f"{building}: another building than the one this folder was begun with ({before.state.source}), or "
                "changed since; its hydraulics stay as they are through all rounds: begin in a new folder"
            )
        return case, before.state
    return before.case, before.state


def _how_read(
    case: BuildingCase, state: State, time_zone: str | None, step_s: float | None, ignore: Sequence[str]
) -> ReadingsState:
    """Return how readings are read: as the building says, else as before; options come on top."""
    how, said = state.readings or ReadingsState(), case.scenario.sensors
    if said is not None:
        file = Path(case.scenario.path).parent / said.file
        how = ReadingsState(str(file), said.time_zone, said.step_min * S_PER_MIN, tuple(said.ignore))
    return replace(
        how,
        time_zone=how.time_zone if time_zone is None else time_zone,
        step_s=how.step_s if step_s is None else step_s,
        ignore=tuple(dict.fromkeys((*how.ignore, *ignore))),
    )


def _file(how: ReadingsState, data: str | Path | None, state: State) -> Path:
    """Return the file of the readings."""
    if data is not None:
        return Path(data)
    if not how.file:
        raise DhsimError(f"no readings: give --data FILE (the building, {state.source}, names none under `sensors:`)")
    return Path(how.file)


def _part(series: SensorSeries, start: str | None, end: str | None, time_zone: str | None) -> SensorSeries:
    """Return the readings from a start to an end, either of which may be open."""
    last = series.time[-1] + pd.Timedelta(seconds=series.step_s)
    try:
        first = series.time[0] if start is None else _moment(start, time_zone)
        return series.between(first, last if end is None else _moment(end, time_zone))
    except KeyError:
        raise DhsimError(f"--time-zone: unknown time zone {time_zone!r}; write Europe/Stockholm") from None
    except ValueError as error:
        raise DhsimError(f"--start, --end: not a time ({error}); write 2024-02-07 or 2024-02-07T13:00+01:00") from error


def _moment(text: str, time_zone: str | None) -> pd.Timestamp:
    """Return a time; one without an offset is local in the time zone, or UTC where there is none."""
    stamp = pd.Timestamp(text)
    if pd.isna(stamp):
        raise ValueError(f"got {text!r}")
    return stamp if stamp.tzinfo is not None else stamp.tz_localize(time_zone or "UTC")


def _refuse_overlap(series: SensorSeries, before: RoundState) -> None:
    """Refuse readings that begin before those of the round before end: they were taken at the old settings."""
    first, end = series.time[0], pd.Timestamp(before.end)
    if first > end:
        return
    following = f"{(end + pd.Timedelta(days=1)):%Y-%m-%d}"
    way = f"cut these by --start {following} or later" if series.time[-1] > end else "these are no newer"
    raise DhsimError(
        f"the readings begin {first:%Y-%m-%d %H:%M} UTC, but those of round {before.number} end "
        f"{end:%Y-%m-%d %H:%M} UTC: a new round takes readings from after its valves were turned. Give newer ones by "
        f"--data FILE; {way}; `--again` fits round {before.number} anew; --overlap takes them as they are"
    )


def _fitted(series: SensorSeries, method: str) -> Posterior:
    """Return the fit of the zones whose readings serve the method."""
    usable = series.usable(paired=method == "regression")
    if not usable.zone_ids:
        raise DhsimError(_why_nothing(series))
    readings = usable.temp_zone_c, usable.temp_supply_c, usable.temp_outdoor_c, usable.step_s
    fit = identify if method == "regression" else identify_kalman
    return fit(*readings, zone_ids=usable.zone_ids, draw_count=_DRAWS_KEPT)


def _why_nothing(series: SensorSeries) -> str:
    """Return what became of all sensors, the first reason of each zone."""
    first: dict[str, str] = {}
    outside = set()
    for flag in sorted(series.flags, key=lambda flag: flag.kind != "range"):
        if flag.zone not in ("", SUPPLY, OUTDOOR):
            first.setdefault(flag.zone, flag.message)
            outside |= {flag.zone} if flag.kind == "range" else set()
    reasons = "; ".join(f"{zone}: {text}" for zone, text in list(first.items())[:_TOLD_MAX])
    more = f"; and {len(first) - _TOLD_MAX} more zones" if len(first) > _TOLD_MAX else ""
    found = [float(said[1]) for said in map(_FIRST.search, (first[zone] for zone in outside)) if said]
    hint = "readings are taken as degC: are these kelvin or degF? " if found and min(found) > 0.0 else ""
    return f"{hint}{reasons}{more}: no zone has a usable sensor ({listed(first)}), and nothing can be fitted"
