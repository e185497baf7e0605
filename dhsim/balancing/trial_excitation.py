"""A test signal for a building at work: planned for a period like the last one of its readings."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from dhsim.balancing.excitation import AMPLITUDE_MAX_K, SUPPLY_RANGE_C, Excitation, propose_excitation
from dhsim.balancing.flags import Flag
from dhsim.balancing.posterior import Posterior
from dhsim.balancing.sensor_data import SensorSeries
from dhsim.errors import DhsimError
from dhsim.network.parts import Floats
from dhsim.units import S_PER_DAY, S_PER_H

_GAP_FLAG_REL = 0.05


class PlannedTest(NamedTuple):
    """A test signal and what it was planned for."""

    plan: Excitation
    temp_supply_c: Floats
    """Without the signal [degC], shape (n_time,)."""
    step_s: float
    about: str
    flags: tuple[Flag, ...]


def planned_test(
    series: SensorSeries,
    fit: Posterior,
    comfort_k: float,
    days: float,
    *,
    amplitude_max_k: float = AMPLITUDE_MAX_K,
    supply_max_c: float = SUPPLY_RANGE_C[1],
) -> PlannedTest:
    """Propose a test for a period whose weather and supply are those of the last days of the readings.

    Parameters
    ----------
    series
        The last readings.
    fit
        Of them.
    comfort_k
        How far any room may move [K].
    days
        Length of the test in days.
    amplitude_max_k
        Largest step of the supply up or down [K].
    supply_max_c
        What the plant can supply [degC].

    Returns
    -------
    PlannedTest
        Gaps of the readings are bridged in a straight line.

    Raises
    ------
    DhsimError
        If the readings are shorter than the test, or no signal is possible.
    """
    count = round(days * S_PER_DAY / series.step_s)
    there = series.time.size * series.step_s / S_PER_DAY
    if count > series.time.size:
        raise DhsimError(
            f"--days: the test is planned for weather like that of the readings, which are {there:g} days long (got "
            f"{days:g}): ask for at most so many"
        )
    supply, outdoor = (_bridged(side[-count:]) for side in (series.temp_supply_c, series.temp_outdoor_c))
    gaps = float(np.mean(~np.isfinite(series.temp_supply_c[-count:] + series.temp_outdoor_c[-count:])))
    text = f"{100 * gaps:.0f} % of the period have no supply or outdoor reading: bridged in a straight line"
    flags = (Flag("gaps", "", text, gaps),) if gaps > _GAP_FLAG_REL else ()
    low = min(SUPPLY_RANGE_C[0], float(supply.min()))
    plan = propose_excitation(
        fit, supply, outdoor, comfort_k, amplitude_max_k=amplitude_max_k, supply_range_c=(low, supply_max_c)
    )
    first, end = (f"{series.time[k]:%Y-%m-%d}" for k in (-count, -1))
    return PlannedTest(plan, supply, series.step_s, f"weather and supply like {first} to {end}", flags)


def _bridged(values: Floats) -> Floats:
    known = np.flatnonzero(np.isfinite(values))
    if not known.size:
        raise DhsimError("supply or outdoor temperature has no reading in the last days: choose a longer --days")
    return np.interp(np.arange(values.size), known, values[known])


def signal_frame(test: PlannedTest, start: str | None = None) -> pd.DataFrame:
    """Return the signal as a control system takes it: the shift of the set-point, one row a step.

    Parameters
    ----------
    test
        The proposal.
    start
        First time, in UTC; without it rows are counted in hours.

    Returns
    -------
    DataFrame
        Columns hour, time where there is a start, and offset_k.
    """
    hours = np.arange(test.plan.offset_k.size) * test.step_s / S_PER_H
    table = pd.DataFrame({"hour": hours, "offset_k": test.plan.offset_k})
    if start is None:
        return table
    try:
        first = pd.Timestamp(start)
    except ValueError as error:
        raise DhsimError(f"--start: not a time ({error}); write 2025-01-15") from error
    first = first.tz_localize("UTC") if first.tzinfo is None else first.tz_convert("UTC")
    stamps = pd.DatetimeIndex(first + pd.to_timedelta(hours, unit="h")).strftime("%Y-%m-%dT%H:%M:%SZ")
    table.insert(1, "time", stamps)
    return table
