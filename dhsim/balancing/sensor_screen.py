"""What a series of readings betrays before any fit: gaps, impossible values, sensors that stand still."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dhsim.balancing.flags import Flag
from dhsim.units import H_PER_DAY, S_PER_H

Floats = NDArray[np.float64]

RANGE_C = {"temp_supply_c": (0.0, 120.0), "temp_outdoor_c": (-60.0, 50.0)}
"""What a reading may be; rooms have `RANGE_ROOM_C`. Codes of broken sensors (-127, 85, 999) lie outside for rooms."""
RANGE_ROOM_C = (0.0, 45.0)
GAP_FLAGGED_REL = 0.05
STUCK_FLAGGED_H = 72.0
_CONSTANT_K = 1e-9


def screened(temp_c: Floats, names: Sequence[str], time: pd.DatetimeIndex, step_s: float) -> tuple[Floats, list[Flag]]:
    """Return the readings without impossible ones, and a flag for everything found.

    Parameters
    ----------
    temp_c
        One column a series, NaN where missing [degC].
    names
        Of the columns.
    time
        Of the rows.
    step_s
        Step of the rows [s].

    Returns
    -------
    tuple
        The readings, NaN where one was out of range, and the flags.
    """
    kept, flags = temp_c.copy(), []
    for column, name in enumerate(names):
        low, high = RANGE_C.get(name, RANGE_ROOM_C)
        values = kept[:, column]
        odd = np.flatnonzero((values < low) | (values > high))
        if len(odd):
            text = f"{len(odd)} readings outside {low:g} to {high:g} degC left out, the first {values[odd[0]]:g} at "
            flags.append(Flag("range", name, f"{text}{time[odd[0]]}", float(len(odd))))
            values[odd] = np.nan
        flags += _series_flags(values, name, time, step_s / S_PER_H)
    return kept, flags


def _series_flags(values: Floats, name: str, time: pd.DatetimeIndex, step_h: float) -> list[Flag]:
    there = np.isfinite(values)
    if not there.any():
        return [Flag("empty", name, "no reading at all", 0.0)]
    flags = []
    share = 1.0 - float(there.mean())
    if share > GAP_FLAGGED_REL:
        start, length = _longest(~there)
        text = f"{100 * share:.0f} % of the steps have no reading, the longest gap {length * step_h:g} h from "
        flags.append(Flag("gap", name, f"{text}{time[start]}; left as gaps", share))
    if np.ptp(values[there]) <= _CONSTANT_K:
        text = f"constant at {values[there][0]:g} degC over {int(there.sum())} readings: a stuck or dead sensor?"
        return [*flags, Flag("constant", name, text, float(values[there][0]))]
    start, length = _longest(np.concatenate([[False], (np.diff(values) == 0.0)]))
    hours = (length + 1) * step_h
    if hours >= STUCK_FLAGGED_H:
        text = f"stands still at {values[start]:g} degC for {hours / H_PER_DAY:.1f} days from {time[start - 1]}"
        flags.append(Flag("stuck", name, f"{text}: a stuck sensor? leave that time out", hours))
    return flags


def _longest(mask: NDArray[np.bool_]) -> tuple[int, int]:
    """Return start and length of the longest run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return 0, 0
    best = int(np.argmax(ends - starts))
    return int(starts[best]), int(ends[best] - starts[best])
