"""Plain cash flows; the paper's by section 2d of the Omsk method."""

from __future__ import annotations

import math

import pytest

from dhsim.assess.cashflow import annuity_factor, indicators, internal_rate, payback_years
from dhsim.errors import DhsimError

STAGED = [13_683.0 - 19_598.0 * math.exp(-k / 8.50) for k in range(25)]
"""Yearly flows 2023-2047, investment inside them; as flows of years 1 ... 25 they follow an empty year 0."""


def level(capex: float, income: float) -> list[float]:
    return [-capex] + [income] * 25


def test_level_flow_of_25_percent_pays_back_in_under_four_years():
    made = indicators(level(3.92e3, 1e3), 0.08)
    assert made.irr == pytest.approx(0.254, abs=0.0005)
    assert made.payback_simple_y == pytest.approx(3.92)
    assert made.payback_mean_y == pytest.approx(3.92)


def test_level_flow_of_ten_years_payback_yields_9_percent():
    made = indicators(level(10e3, 1e3), 0.08)
    assert made.irr == pytest.approx(0.088, abs=0.0005)
    assert made.payback_simple_y == pytest.approx(10.0)
    assert made.payback_discounted_y is not None
    assert made.payback_discounted_y > 10.0


def test_the_papers_level_pairs():
    assert indicators(level(25_280.0, 6_992.0), 0.08).irr == pytest.approx(0.276, abs=0.0005)
    assert indicators(level(25_280.0, 6_992.0), 0.08).payback_simple_y == pytest.approx(3.6, abs=0.05)
    assert indicators(level(25_280.0, 6_444.0), 0.08).irr == pytest.approx(0.254, abs=0.0005)


def test_staged_schedule_holds_what_it_was_made_for():
    made = indicators([0.0, *STAGED], 0.08)
    assert STAGED[0] == pytest.approx(-5_915.0)
    assert made.total_eur == pytest.approx(174_800.0, abs=50.0)
    assert STAGED[-1] == pytest.approx(12_518.0, abs=5.0)
    assert sum(flow for flow in STAGED if flow < 0.0) == pytest.approx(-11_550.0, abs=10.0)
    assert made.irr == pytest.approx(0.254, abs=0.0005)
    assert made.payback_simple_y == pytest.approx(7.65, abs=0.005)
    assert made.payback_discounted_y == pytest.approx(8.78, abs=0.005)


@pytest.mark.parametrize(("rate", "in_ninth_year"), [(0.026, False), (0.028, True), (0.091, True), (0.093, False)])
def test_staged_schedule_turns_positive_in_the_ninth_year(rate, in_ninth_year):
    years = indicators([0.0, *STAGED], rate).payback_discounted_y
    assert years is not None
    assert (8.0 <= years < 9.0) is in_ninth_year


def test_npv_by_hand():
    assert indicators([-100.0, 60.0, 60.0], 0.1).npv_eur == pytest.approx(-100.0 + 60.0 / 1.1 + 60.0 / 1.21)


def test_npv_at_the_irr_is_zero():
    irr = indicators([0.0, *STAGED], 0.08).irr
    assert irr is not None
    assert indicators([0.0, *STAGED], irr).npv_eur == pytest.approx(0.0, abs=1e-4)


def test_payback_never():
    assert payback_years([-10.0, 1.0, 1.0]) is None
    assert indicators([-10.0, 1.0, 1.0], 0.08).payback_mean_y == pytest.approx(10.0)


def test_payback_counts_the_last_change_of_sign():
    assert payback_years([-10.0, 20.0, -15.0, 10.0]) == pytest.approx(2.5)


def test_payback_of_who_never_pays_is_zero_and_of_nothing_is_none():
    assert payback_years([0.0, 5.0, 5.0]) == 0.0
    assert payback_years([0.0, 0.0, 0.0]) is None


def test_payback_on_the_last_day():
    assert payback_years([-10.0, 5.0, 5.0]) == pytest.approx(2.0)


def test_discounted_payback_may_be_missing_where_the_simple_one_exists():
    made = indicators([-100.0] + [11.0] * 10, 0.08)
    assert made.payback_simple_y == pytest.approx(100.0 / 11.0)
    assert made.payback_discounted_y is None


@pytest.mark.parametrize(
    ("flow", "word"),
    [
        ([-1000.0, -10.0, -10.0], "all cost"),
        ([0.0, 10.0, 10.0], "all income"),
        ([0.0, 0.0, 0.0], "nothing flows"),
        ([0.0, 1e-9, -1e-9], "nothing flows"),
        ([1000.0, -400.0, -700.0], "income first"),
        ([-100.0, 230.0, -132.0], "roots at 10.0 %, 20.0 %"),
        ([-100.0, 220.0, -125.0], "no root"),
    ],
)
def test_an_irr_that_does_not_exist_is_said_so(flow, word):
    rate, note = internal_rate(flow)
    assert rate is None
    assert word in note


def test_reinvestment_keeps_a_proved_unique_rate():
    flow = [-1000.0] + [300.0] * 11 + [-200.0] + [300.0] * 12
    rate, note = internal_rate(flow)
    assert note == ""
    assert rate is not None
    assert indicators(flow, rate).npv_eur == pytest.approx(0.0, abs=1e-4)


def test_a_single_root_without_a_proof_is_not_returned():
    """Cumulative -100, 100, -50, 150: three changes of sign, so Norstrom's criterion proves nothing."""
    rate, note = internal_rate([-100.0, 200.0, -150.0, 200.0])
    assert rate is None
    assert "not unique" in note


def test_empty_years_at_the_start_do_not_move_the_rate():
    assert internal_rate([0.0, 0.0, -100.0, 110.0])[0] == pytest.approx(0.10)


def test_a_loss_has_a_negative_rate():
    assert internal_rate([-100.0, 40.0, 40.0])[0] == pytest.approx(-0.1367, abs=0.0001)


def test_mean_payback_takes_staged_investment():
    made = indicators([-100.0, -50.0, 100.0], 0.05, capex_eur=[-100.0, -100.0, 0.0])
    assert made.payback_mean_y == pytest.approx(200.0 / 75.0)


def test_annuity_without_interest_is_the_papers_division_by_25():
    assert annuity_factor(0.0, 25) == pytest.approx(1.0 / 25.0)
    assert 411_000.0 * annuity_factor(0.0, 25) == pytest.approx(16_440.0)


@pytest.mark.parametrize("flow", [[1.0], [[1.0, 2.0]], [-1.0, float("nan")], [-1.0, float("inf")]])
def test_what_is_no_cash_flow_is_refused(flow):
    with pytest.raises(DhsimError, match="cash flow"):
        indicators(flow, 0.08)
