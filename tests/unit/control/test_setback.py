"""Setback spans: over midnight, on weekdays, at the edges of the run."""

from __future__ import annotations

import pandas as pd
import pytest

from dhsim.control.setback import setback_spans, setback_text
from dhsim.errors import DhsimError
from dhsim.model.case import SetbackPlan

HOUR = 3600.0
DAY = 86400.0
MONDAY = pd.Timestamp("2021-01-04")


def plan(start_h, end_h, *, weekdays_only=False):
    return SetbackPlan(start_h * HOUR, end_h * HOUR, 3.0, weekdays_only)


def hours(setback, start=MONDAY, days=1.0):
    return [(begin / HOUR, end / HOUR) for begin, end in setback_spans(setback, start, days * DAY)]


def test_within_a_day():
    assert hours(plan(9, 17), days=2) == [(9, 17), (33, 41)]


def test_over_midnight_the_night_before_counts():
    assert hours(plan(22, 6), days=2) == [(0, 6), (22, 30), (46, 54)]


def test_from_midnight_and_until_midnight():
    assert hours(plan(0, 6), days=2) == [(0, 6), (24, 30)]
    assert hours(plan(22, 0), days=2) == [(22, 24), (46, 48)]
    assert hours(plan(22, 24), days=2) == [(22, 24), (46, 48)]


def test_run_that_starts_in_the_middle_of_a_day():
    assert hours(plan(9, 17), start=MONDAY + pd.Timedelta(hours=12), days=1.5) == [(0, 5), (21, 29)]


def test_weekdays_are_those_on_which_the_span_begins():
    friday = pd.Timestamp("2021-01-08")
    assert hours(plan(22, 6, weekdays_only=True), start=friday, days=4) == [(0, 6), (22, 30), (94, 102)]
    monday_morning = hours(plan(22, 6, weekdays_only=True), start=MONDAY, days=1)
    assert monday_morning == [(22, 30)]  # the night before began on a Sunday


def test_length_of_a_year_of_nights():
    nights = list(setback_spans(plan(22, 6), pd.Timestamp("2021-01-01"), 365 * DAY))
    assert len(nights) == 366
    assert sum(min(end, 365 * DAY) - begin for begin, end in nights) == 365 * 8 * HOUR


@pytest.mark.parametrize(("start_h", "end_h"), [(6, 6), (0, 24), (-1, 6), (22, 25)])
def test_nonsense_is_refused_before_the_run(start_h, end_h):
    with pytest.raises(DhsimError, match="setback"):
        setback_spans(plan(start_h, end_h), MONDAY, DAY)


def test_text_names_the_days():
    assert setback_text(plan(22, 6.5)) == "setback of 3 K from 22:00 to 06:30"
    assert setback_text(plan(22, 6, weekdays_only=True)).endswith("Monday to Friday")
