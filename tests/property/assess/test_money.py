"""What must hold for any prices, savings and investments."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhsim.assess.cashflow import indicators, internal_rate, payback_years
from dhsim.assess.economics import PARTS, VIEWPOINTS, YearFacts, economics, incremental
from dhsim.model.assumptions import CapexLine, Economics, Tariff

amounts = st.floats(0.0, 1e5)
rates = st.floats(0.0, 0.3)
flows = st.lists(st.integers(-10_000, 10_000).map(float), min_size=2, max_size=30)


@st.composite
def facts(draw):
    heat = draw(st.floats(1.0, 1e5))
    parts = [draw(st.floats(0.0, 1.0)) for _ in range(3)]
    return YearFacts(
        heat_primary_mwh=heat,
        heat_useful_mwh=heat * parts[0] * parts[1],
        heat_delivered_mwh=heat * parts[0],
        energy_pump_mwh=draw(st.floats(0.0, 100.0)),
        heat_flow_hour_max_kw=draw(amounts),
        temp_return_primary_mean_c=draw(st.floats(20.0, 90.0)),
        fuel_mwh=heat * draw(st.floats(0.5, 2.0)),
        co2_t=draw(amounts),
        heat_loss_mwh=heat * parts[2],
    )


@st.composite
def pairs(draw):
    """Two assumptions that differ in capex, service and staff only."""
    years = draw(st.integers(1, 30))

    def path():
        return tuple(draw(st.lists(st.floats(0.0, 200.0), min_size=years, max_size=years)))

    def lines():
        one = st.builds(
            CapexLine,
            item=st.sampled_from(["pump", "vfd", "pipe"]),
            quantity=st.integers(1, 9).map(float),
            unit=st.just("piece"),
            unit_cost_eur=amounts,
            year=st.integers(0, years),
            source=st.just("test"),
        )
        return tuple(draw(st.lists(one, max_size=4)))

    shared = {
        "viewpoint": draw(st.sampled_from(VIEWPOINTS)),
        "lifetime_y": years,
        "discount_rate": draw(rates),
        "tariff": Tariff(44.0, draw(st.floats(0, 50)), draw(st.floats(0, 2)), 50.0),
        "price_heat_eur_mwh": path(),
        "price_fuel_eur_mwh": path(),
        "price_electricity_eur_mwh": path(),
        "price_co2_eur_t": draw(st.floats(0.0, 200.0)),
    }
    return [
        Economics(**shared, service_eur_y=draw(amounts), staff_eur_y=draw(amounts), capex=lines()) for _ in range(2)
    ]


@given(facts(), facts(), pairs())
def test_the_accounts_close_to_a_cent(base, variant, assumptions):
    alone = [economics(base, assumptions[0]), economics(variant, assumptions[1])]
    difference = incremental((base, assumptions[0]), (variant, assumptions[1]))
    for score in (*alone, difference):
        flow = score.cash_flow
        cent = 0.01
        assert np.abs(flow["net"] - sum(flow[part] for part in PARTS)).max() <= cent
        assert abs(flow["discounted"].sum() - score.npv_eur) <= cent
        assert abs(score.capex["cost_eur"].sum() + flow["capex"].sum()) <= cent
        assert abs(score.capex_eur + flow["capex"].sum()) <= cent
    gap = difference.cash_flow - (alone[1].cash_flow - alone[0].cash_flow)
    assert float(gap.abs().to_numpy().max()) <= 0.01


@given(flows)
def test_a_rate_that_is_returned_is_a_root_and_otherwise_there_is_a_reason(flow):
    rate, note = internal_rate(flow)
    assert (rate is None) == bool(note)
    if rate is not None:
        x = 1.0 / (1.0 + rate)
        # relative to the largest discounted amount: at a rate near -99 % the terms are huge
        terms = [amount * x**year for year, amount in enumerate(flow)]
        assert abs(math.fsum(terms)) <= 1e-6 * max(abs(term) for term in terms)


@given(flows, rates)
def test_discounting_an_investment_never_hastens_its_payback(flow, rate):
    conventional = [-abs(flow[0]) - 1.0, *(abs(amount) for amount in flow[1:])]
    made = indicators(conventional, rate)
    if made.payback_discounted_y is not None:
        assert made.payback_simple_y is not None
        assert made.payback_discounted_y >= made.payback_simple_y - 1e-9


@given(flows)
def test_payback_exists_where_the_sum_is_not_negative(flow):
    years = payback_years(flow)
    if any(np.cumsum(flow)):
        assert (years is not None) == (sum(flow) >= 0.0)
    if years is not None:
        assert 0.0 <= years <= len(flow) - 1


@given(st.floats(1.0, 1e6), st.floats(1.0, 1e6), rates)
def test_irr_above_the_discount_rate_is_the_same_as_a_gain(capex, income, rate):
    made = indicators([-capex] + [income] * 20, rate)
    if made.irr is not None and abs(made.npv_eur) > 0.01:
        assert (made.irr > rate) == (made.npv_eur > 0.0)


@given(st.floats(0.0, 1e4), st.floats(0.0, 1e4))
def test_npv_is_linear(first, second):
    flow_a, flow_b = [-first, second, first], [second, -first, second]
    together = indicators([a + b for a, b in zip(flow_a, flow_b, strict=True)], 0.07).npv_eur
    assert together == pytest.approx(indicators(flow_a, 0.07).npv_eur + indicators(flow_b, 0.07).npv_eur, abs=1e-6)
