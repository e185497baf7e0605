"""From readings at any times to an even grid: the room as it stood at the start of a step, the inputs as their means.

Eq. (23) pairs the change of a room from one grid time to the next with the inputs between the two. A room's mean over
the step would be half a step late for that: the change from mean to mean belongs half to the next step's inputs, which
makes leakage and heat supply too small, and neighbouring changes share noise, which makes intervals too narrow.
Nothing is interpolated either, since between two readings that would average again; the nearest reading is taken as
it is, and as long as readings keep a rhythm the grid is laid where they fall.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dhsim.balancing.sensor_table import Long

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_RHYTHM_MIN_REL = 0.5
"""Length of the mean of readings as hands on a clock (1: all at one place, 0: anywhere) that makes a rhythm."""
_PHASE_MIN_REL = 0.05
"""Share of a step below which the grid stays on round times."""
_COARSE_REL = 0.75
"""Share of a step from which on a sensor counts as one that reads once a step."""
_REACH_SPACING_REL, _REACH_STEP_REL = 0.6, 0.1
_ROUNDING_REL, _ROUNDING_S, _DIGITS = 1e-6, 1e-3, 6
"""Times since 1970 are good to a fraction of a microsecond: ties within that are settled one way."""


class Slots(NamedTuple):
    """Series on an even grid, NaN where there is no reading."""

    time: pd.DatetimeIndex
    columns: dict[str, Floats]


def seconds(time: pd.DatetimeIndex) -> Floats:
    """Return times in seconds since 1970."""
    return np.asarray(time.as_unit("ns").asi8 / 1e9)


def spacing_s(time_s: Floats) -> float:
    """Return how far apart readings typically are: the median [s]; infinite below two readings."""
    change = np.diff(np.unique(time_s))
    return float(np.median(change)) if len(change) else float("inf")


def on_slots(table: Long, inputs: Sequence[str], rooms: Sequence[str], step_s: float) -> Slots:
    """Return the readings on a grid; nothing is filled.

    A room's value is its reading nearest to the start of the step: within 0.6 of its usual spacing or a tenth of a
    step, whichever is longer, and never half a step off, so that no reading serves twice and none reaches into a gap.
    An input's value is the mean of its readings within the step. Where readings come at a fixed time within their
    spacing, such as hourly at half past, the grid begins there. A sensor that reads once a step may come early or late
    by some seconds or minutes and keeps its place.

    Parameters
    ----------
    table
        Readings, not finite where there is none.
    inputs, rooms
        Series to be averaged, and to be taken at the start of each step.
    step_s
        Step of the grid [s].

    Returns
    -------
    Slots
        One column a series.
    """
    every, known = seconds(table.time), np.isfinite(table.temp_c)
    rows = rows_of(table)
    there = {name: rows[name][known[rows[name]]] for name in (*inputs, *rooms)}
    phase = _phase_s([every[there[name]] for name in rooms], step_s)
    # rows without a value count too: the grid spans the file
    ends = [_covered(every[rows[name]], phase, step_s) for name in (*inputs, *rooms)]
    first, last = min(first for first, _ in ends), max(last for _, last in ends)
    count = last - first + 1
    columns = {}
    for names, taken in ((inputs, _means), (rooms, _at_start)):
        for name in names:
            readings = every[there[name]], table.temp_c[there[name]]
            columns[name] = taken(*readings, phase, step_s, first, count)
    return Slots(pd.to_datetime((first + np.arange(count)) * step_s + phase, unit="s", utc=True), columns)


def rows_of(table: Long) -> dict[str, Ints]:
    """Return the rows of each series, in order of appearance."""
    code, names = pd.factorize(table.series)
    order = np.argsort(code, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(code, minlength=len(names)))[:-1])
    return {str(name): part for name, part in zip(names, parts, strict=True)}


def _covered(time_s: Floats, phase_s: float, step_s: float) -> tuple[int, int]:
    """Return the first and the last step that a series has to do with."""
    slot = _slot_within(time_s, phase_s, step_s, _early_s(time_s, step_s))
    return int(slot.min()), int(slot.max())


def _phase_s(rooms: Sequence[Floats], step_s: float) -> float:
    """Return where within their usual spacing the rooms' readings come, 0 without a rhythm or near to round times."""
    spacings = [spacing_s(time_s) for time_s in rooms]
    usual = min(float(np.median(spacings)) if spacings else step_s, step_s)
    # only a rhythm that fits a whole number of times into the step comes at the same place of every step
    phase = _rhythm_s(np.concatenate([np.empty(0), *rooms]), step_s / round(step_s / usual))
    if phase is None:
        return 0.0
    whole = float(np.floor(phase + 0.5 + _ROUNDING_S))
    return whole if abs(whole) >= _PHASE_MIN_REL * step_s else 0.0


def _rhythm_s(time_s: Floats, period_s: float) -> float | None:
    """Return the mean place of times within a period, -1/2 to 1/2 of it, or None where they come anywhere."""
    if not len(time_s):
        return None
    hand = np.exp(2j * np.pi * (time_s % period_s) / period_s).mean()
    if abs(hand) <= _RHYTHM_MIN_REL + _ROUNDING_REL:
        return None
    place = float(np.angle(hand) / (2.0 * np.pi) * period_s)
    # half a period early is half a period late, whatever the last digit says
    return place + period_s if place < -0.5 * period_s + _ROUNDING_S else place


def _steadied_s(time_s: Floats, step_s: float) -> Floats:
    """Return the times of a sensor that reads about once a step without what each is early or late."""
    if spacing_s(time_s) < _COARSE_REL * step_s:
        return time_s
    rhythm = _rhythm_s(time_s, step_s)
    return time_s if rhythm is None else rhythm + step_s * np.floor((time_s - rhythm) / step_s + 0.5 + _ROUNDING_REL)


def _early_s(time_s: Floats, step_s: float) -> float:
    """Return how early a reading may come for its step: it stands for the time after it."""
    return min(spacing_s(time_s), step_s) / 4.0


def _slot_within(time_s: Floats, phase_s: float, step_s: float, early_s: float) -> Ints:
    """Return the step within which times lie, which may be early for it."""
    return np.floor((time_s - phase_s + early_s) / step_s + _ROUNDING_REL).astype(np.int64)


def _means(time_s: Floats, values_c: Floats, phase_s: float, step_s: float, first: int, count: int) -> Floats:
    """Return the mean of each step."""
    slot = _slot_within(_steadied_s(time_s, step_s), phase_s, step_s, _early_s(time_s, step_s)) - first
    inside = (slot >= 0) & (slot < count)
    number = np.bincount(slot[inside], minlength=count)
    total = np.bincount(slot[inside], values_c[inside], minlength=count)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(number > 0, total / number, np.nan)


def _at_start(time_s: Floats, values_c: Floats, phase_s: float, step_s: float, first: int, count: int) -> Floats:
    """Return the reading nearest to the start of each step."""
    found = np.full(count, np.nan)
    place = (_steadied_s(time_s, step_s) - phase_s) / step_s
    slot = np.floor(place + 0.5 + _ROUNDING_REL).astype(np.int64)
    off = np.abs(place - slot)
    spacing = spacing_s(time_s) / step_s
    reach = 0.5 if spacing >= _COARSE_REL else max(_REACH_SPACING_REL * spacing, _REACH_STEP_REL)
    near = (off <= reach + 2.0 * _ROUNDING_REL) & (slot >= first) & (slot < first + count)
    # nearest last, since of several readings for a step the last one written stays; the same for any order of rows
    off_raw = np.abs((time_s - phase_s) / step_s - slot)
    order = np.lexsort((time_s[near], off_raw[near].round(_DIGITS), off[near].round(_DIGITS)))[::-1]
    found[slot[near][order] - first] = values_c[near][order]
    return found
