"""When the set-point is lowered: spans of time between two times of the day."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from dhsim.errors import DhsimError
from dhsim.model.case import SetbackPlan
from dhsim.units import S_PER_DAY, S_PER_H, S_PER_MIN

_SATURDAY = 5


def setback_spans(plan: SetbackPlan, start: pd.Timestamp, duration_s: float) -> Iterator[tuple[float, float]]:
    """Yield (start, end) of each setback that touches the run, in order and without overlap.

    A span may run over midnight; with `weekdays_only` the day on which it begins counts (Monday to Friday). A span that
    began before the run starts at 0.

    Parameters
    ----------
    plan : SetbackPlan
        The two times of the day.
    start : pandas.Timestamp
        Start of the run, local standard time.
    duration_s : float
        Length of the run [s].

    Returns
    -------
    Iterator of tuple
        Start and end since the run's start [s], 0 <= start < duration_s.

    Raises
    ------
    DhsimError
        If a time lies outside the day or both are the same (all day or never: nobody can tell).

    >>> plan = SetbackPlan(start_s=22 * 3600.0, end_s=6 * 3600.0, delta_k=3.0, weekdays_only=False)
    >>> list(setback_spans(plan, pd.Timestamp("2021-01-01"), 86400.0))
    [(0.0, 21600.0), (79200.0, 108000.0)]
    """
    for time_of_day_s in (plan.start_s, plan.end_s):
        if not 0.0 <= time_of_day_s <= S_PER_DAY:
            raise DhsimError(f"setback: {time_of_day_s} s after midnight is not a time of the day")
    length_s = (plan.end_s - plan.start_s) % S_PER_DAY
    if length_s == 0.0:
        raise DhsimError("setback: start and end are the same time of the day")
    return _spans(plan, length_s, start, duration_s)


def _spans(plan: SetbackPlan, length_s: float, start: pd.Timestamp, duration_s: float) -> Iterator[tuple[float, float]]:
    midnight_s = (start.normalize() - start).total_seconds() - S_PER_DAY
    weekday = (start.weekday() - 1) % 7
    while midnight_s + plan.start_s < duration_s:
        begin_s = midnight_s + plan.start_s
        if begin_s + length_s > 0.0 and not (plan.weekdays_only and weekday >= _SATURDAY):
            yield max(begin_s, 0.0), begin_s + length_s
        midnight_s += S_PER_DAY
        weekday = (weekday + 1) % 7


def setback_text(plan: SetbackPlan) -> str:
    """Return the plan in words.

    >>> setback_text(SetbackPlan(start_s=79200.0, end_s=21600.0, delta_k=3.0, weekdays_only=True))
    'setback of 3 K from 22:00 to 06:00, Monday to Friday'
    """
    days = ", Monday to Friday" if plan.weekdays_only else ""
    return f"setback of {plan.delta_k:g} K from {_clock(plan.start_s)} to {_clock(plan.end_s)}{days}"


def _clock(time_of_day_s: float) -> str:
    hours, rest_s = divmod(time_of_day_s, S_PER_H)
    return f"{int(hours):02d}:{int(rest_s // S_PER_MIN):02d}"
