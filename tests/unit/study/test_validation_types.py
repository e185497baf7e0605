from __future__ import annotations

import math

import pandas as pd
import pytest

from dhsim.study.validation.types import CaseResult, Check, Verdict, at_most, between, within


@pytest.mark.parametrize(
    ("value", "verdict"), [(10.05, Verdict.PASSED), (9.95, Verdict.PASSED), (10.2, Verdict.FAILED)]
)
def test_within_an_absolute_tolerance(value: float, verdict: Verdict) -> None:
    assert within("q", "K", value, 10.0, absolute=0.1).verdict is verdict


def test_a_relative_tolerance_of_a_negative_reference() -> None:
    check = within("q", "m/s", -1.0, -1.005, relative=0.01, peers=pd.Series([-1.1, -0.9]))
    assert check.verdict is Verdict.PASSED
    assert (check.peers_low, check.peers_high) == (-1.1, -0.9)
    assert check.criterion == "± 1 %"


def test_what_is_not_a_number_never_passes() -> None:
    assert within("q", "K", math.nan, 10.0, absolute=0.1).verdict is Verdict.FAILED
    assert within("q", "K", 10.0, math.nan, absolute=0.1).verdict is Verdict.SHOWN


def test_another_definition_is_said_only_where_it_matters() -> None:
    assert within("q", "K", 11.0, 10.0, absolute=0.1, not_alike=True).verdict is Verdict.DIFFERENT
    assert within("q", "K", 10.0, 10.0, absolute=0.1, not_alike=True).verdict is Verdict.PASSED


def test_ranges_and_limits() -> None:
    assert between("q", "W", 3.0, 2.0, 3.0).verdict is Verdict.PASSED
    assert at_most("q", "%", 0.2, 0.1).verdict is Verdict.FAILED
    assert at_most("q", "%", 0.2, 0.3).criterion == "at most 0.3"


def test_a_case_passes_unless_a_check_fails() -> None:
    shown, bad = Check("a", "K", 1.0, 1.0), between("b", "K", 1.0, 2.0, 3.0)
    assert shown.verdict is Verdict.SHOWN
    assert CaseResult("c", "C", "", "", (shown,)).passed
    assert not CaseResult("c", "C", "", "", (shown, bad)).passed
