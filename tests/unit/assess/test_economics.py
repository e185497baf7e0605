from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from dhsim.assess.economics import (
    PARTS,
    YearFacts,
    cost_saved_heat_eur_mwh,
    economics,
    incremental,
    om_table,
    tariff_revenue_eur_y,
)
from dhsim.errors import DhsimError
from dhsim.model.assumptions import CapexLine, Economics, Tariff

T = 25
FACTS = YearFacts(
    heat_primary_mwh=1000.0,
    heat_useful_mwh=800.0,
    heat_delivered_mwh=950.0,
    energy_pump_mwh=20.0,
    heat_flow_hour_max_kw=400.0,
    temp_return_primary_mean_c=55.0,
    fuel_mwh=1250.0,
    co2_t=420.0,
    heat_loss_mwh=50.0,
)
BYPASS = CapexLine("bypass", 2.0, "piece", 5_000.0, 0, "test")
PUMP = CapexLine("pump", 1.0, "piece", 1_700.0, 12, "test")


def assumed(**changes: Any) -> Economics:
    made = Economics(
        viewpoint="society",
        lifetime_y=T,
        discount_rate=0.08,
        tariff=Tariff(44.0, 10.0, 0.5, 50.0),
        price_heat_eur_mwh=tuple(44.0 * 1.01**k for k in range(T)),
        price_fuel_eur_mwh=(12.0,) * T,
        price_electricity_eur_mwh=(60.0,) * T,
        price_co2_eur_t=20.0,
        service_eur_y=300.0,
        staff_eur_y=200.0,
        capex=(BYPASS, PUMP),
    )
    return dataclasses.replace(made, **changes)


def saving(heat_mwh: float = 100.0, pump_mwh: float = -5.0) -> YearFacts:
    left = 1.0 - heat_mwh / FACTS.heat_primary_mwh
    return dataclasses.replace(
        FACTS,
        heat_primary_mwh=FACTS.heat_primary_mwh * left,
        fuel_mwh=FACTS.fuel_mwh * left,
        co2_t=FACTS.co2_t * left,
        energy_pump_mwh=FACTS.energy_pump_mwh - pump_mwh,
    )


@pytest.mark.parametrize(
    ("viewpoint", "heat", "fuel", "co2"),
    [
        ("utility", 44_000.0 + 4_000.0 + 2_500.0, -15_000.0, 0.0),
        ("housing_company", -(44_000.0 + 4_000.0 + 2_500.0), 0.0, 0.0),
        ("society", 0.0, -15_000.0, -8_400.0),
    ],
)
def test_first_year_by_viewpoint(viewpoint, heat, fuel, co2):
    year = economics(FACTS, assumed(viewpoint=viewpoint)).cash_flow.loc[1]
    assert year["heat"] == pytest.approx(heat)
    assert year["fuel"] == pytest.approx(fuel)
    assert year["co2"] == pytest.approx(co2)
    assert year["electricity"] == pytest.approx(-1_200.0)
    assert year["service"] == pytest.approx(-300.0)
    assert year["staff"] == pytest.approx(-200.0)


@pytest.mark.parametrize("viewpoint", ["utility", "housing_company", "society"])
def test_money_in_is_money_out(viewpoint):
    score = economics(FACTS, assumed(viewpoint=viewpoint))
    flow = score.cash_flow
    assert list(flow.index) == list(range(T + 1))
    assert flow["net"].to_numpy() == pytest.approx(flow[list(PARTS)].sum(axis=1).to_numpy(), abs=0.01)
    assert flow["discounted"].sum() == pytest.approx(score.npv_eur, abs=0.01)
    assert flow["cumulative"].iloc[-1] == pytest.approx(flow["net"].sum(), abs=0.01)
    assert flow["cumulative_discounted"].iloc[-1] == pytest.approx(score.npv_eur, abs=0.01)
    assert score.capex["cost_eur"].sum() == pytest.approx(-flow["capex"].sum(), abs=0.01)
    assert score.capex_eur == pytest.approx(11_700.0)
    assert flow.loc[0, "net"] == pytest.approx(-10_000.0)
    assert flow.loc[12, "capex"] == pytest.approx(-1_700.0)


def test_no_negative_zeros_in_the_table():
    flow = economics(FACTS, assumed(viewpoint="utility")).cash_flow
    assert not np.signbit(flow["co2"].to_numpy()).any()


def test_what_utility_and_housing_company_pay_each_other_cancels():
    bills = [economics(FACTS, assumed(viewpoint=v)).cash_flow["heat"] for v in ("utility", "housing_company")]
    assert (bills[0] + bills[1]).abs().max() == 0.0


def test_return_temperature_below_the_reference_is_a_bonus():
    cold = dataclasses.replace(FACTS, temp_return_primary_mean_c=45.0)
    warm_bill, cold_bill = tariff_revenue_eur_y(FACTS, assumed()), tariff_revenue_eur_y(cold, assumed())
    assert warm_bill[0] - cold_bill[0] == pytest.approx(1000.0 * 0.5 * 10.0)


def test_price_path_moves_the_energy_part_only():
    bill = tariff_revenue_eur_y(FACTS, assumed())
    assert bill[1] - bill[0] == pytest.approx(1000.0 * 44.0 * 0.01)


def test_om_without_heat_or_fuel():
    assert economics(FACTS, assumed()).om_eur_y == pytest.approx(1_700.0)


def test_om_table_itemises_and_values_losses_by_viewpoint():
    society, company = om_table(FACTS, assumed()), om_table(FACTS, assumed(viewpoint="housing_company"))
    assert society["cost_eur"].iloc[0] == pytest.approx(50.0 * 12.0 * 1.25)
    assert company["cost_eur"].iloc[0] == pytest.approx(50.0 * 44.0)
    assert society["cost_eur"].iloc[1:].sum() == pytest.approx(economics(FACTS, assumed()).om_eur_y)


def test_a_scenario_of_costs_only_has_no_irr_and_no_payback():
    score = economics(FACTS, assumed())
    assert score.irr is None
    assert "all cost" in score.irr_note
    assert score.payback_simple_y is None
    assert score.payback_mean_y is None


def test_lcoh_by_hand_and_per_useful_heat_is_dearer():
    score = economics(FACTS, assumed(capex=(BYPASS,)))
    annuity = 0.08 / (1.0 - 1.08**-T)
    yearly = 10_000.0 * annuity + 15_000.0 + 8_400.0 + 1_200.0 + 500.0
    assert score.lcoh_delivered_eur_mwh == pytest.approx(yearly / 950.0)
    assert score.lcoh_useful_eur_mwh == pytest.approx(yearly / 800.0)


def test_lcoh_of_the_utility_counts_no_revenue():
    with_tariff = economics(FACTS, assumed(viewpoint="utility"))
    for_free = economics(FACTS, assumed(viewpoint="utility", price_heat_eur_mwh=(0.0,) * T))
    assert with_tariff.lcoh_delivered_eur_mwh == pytest.approx(for_free.lcoh_delivered_eur_mwh)


def test_cutting_waste_raises_lcoh_per_delivered_but_not_per_useful_heat():
    free_variant = dataclasses.replace(saving(100.0, 0.0), heat_delivered_mwh=850.0)
    plain = assumed(viewpoint="housing_company", capex=())
    before, after = economics(FACTS, plain), economics(free_variant, plain)
    assert after.lcoh_delivered_eur_mwh > before.lcoh_delivered_eur_mwh
    assert after.lcoh_useful_eur_mwh < before.lcoh_useful_eur_mwh


def test_no_heat_no_lcoh():
    dry = dataclasses.replace(FACTS, heat_delivered_mwh=0.0, heat_useful_mwh=0.0)
    assert economics(dry, assumed()).lcoh_delivered_eur_mwh is None


@pytest.mark.parametrize(("viewpoint", "worth_eur"), [("society", 15.0 + 8.4), ("housing_company", 44.5 + 2.0)])
def test_a_saved_mwh_is_worth_its_fuel_to_one_and_its_price_to_the_other(viewpoint, worth_eur):
    flat = assumed(viewpoint=viewpoint, price_heat_eur_mwh=(44.0,) * T, capex=())
    variant = dataclasses.replace(saving(100.0, 0.0), temp_return_primary_mean_c=51.0)
    base = dataclasses.replace(FACTS, temp_return_primary_mean_c=51.0)
    variant = dataclasses.replace(variant, heat_flow_hour_max_kw=380.0)
    score = incremental((base, flat), (variant, flat))
    assert score.cash_flow.loc[1, "net"] == pytest.approx(100.0 * worth_eur)


def test_incremental_is_the_difference_column_by_column():
    base, variant = assumed(capex=(), service_eur_y=0.0), assumed()
    score = incremental((FACTS, base), (saving(), variant))
    alone = [economics(*side).cash_flow for side in ((FACTS, base), (saving(), variant))]
    for column in (*PARTS, "net", "discounted"):
        assert score.cash_flow[column].to_numpy() == pytest.approx((alone[1] - alone[0])[column].to_numpy(), abs=0.01)
    assert score.incremental
    assert score.npv_eur == pytest.approx(
        economics(saving(), variant).npv_eur - economics(FACTS, base).npv_eur, abs=0.01
    )
    assert score.lcoh_delivered_eur_mwh is None
    assert score.capex_eur == pytest.approx(11_700.0)


def test_incremental_investment_lists_what_is_not_shared():
    vfd = CapexLine("vfd", 2.0, "piece", 450.0, 0, "test")
    score = incremental((FACTS, assumed(capex=(BYPASS, PUMP))), (saving(), assumed(capex=(BYPASS, BYPASS, vfd))))
    assert score.capex[["item", "cost_eur"]].to_numpy().tolist() == [
        ["bypass", 10_000.0],
        ["vfd", 900.0],
        ["pump", -1_700.0],
    ]
    assert score.capex["cost_eur"].sum() == pytest.approx(-score.cash_flow["capex"].sum(), abs=0.01)


def test_incremental_level_flow_through_the_same_functions():
    """25,280 EUR and 6,444 EUR/y give 25.4 %."""
    plain = assumed(capex=(), price_co2_eur_t=0.0)
    invested = dataclasses.replace(plain, capex=(CapexLine("all", 1.0, "piece", 25_280.0, 0, "test"),))
    variant = dataclasses.replace(FACTS, fuel_mwh=FACTS.fuel_mwh - 6_444.0 / 12.0)
    score = incremental((FACTS, plain), (variant, invested))
    assert score.irr == pytest.approx(0.254, abs=0.0005)
    assert score.irr_note == ""
    assert score.payback_simple_y == pytest.approx(3.92, abs=0.005)
    assert score.payback_mean_y == pytest.approx(3.92, abs=0.005)
    assert score.payback_discounted_y > score.payback_simple_y


def test_a_scenario_against_itself_is_worth_nothing():
    score = incremental((FACTS, assumed()), (FACTS, assumed()))
    assert score.npv_eur == 0.0
    assert score.irr is None
    assert "nothing flows" in score.irr_note
    assert score.payback_simple_y is None
    assert score.capex.empty


@pytest.mark.parametrize(
    "change",
    [
        {"discount_rate": 0.05},
        {"viewpoint": "utility"},
        {"price_co2_eur_t": 1.0},
        {"tariff": Tariff(1.0, 0.0, 0.0, 50.0)},
    ],
)
def test_unlike_assumptions_have_no_difference(change):
    with pytest.raises(DhsimError, match=next(iter(change))):
        incremental((FACTS, assumed()), (FACTS, assumed(**change)))


def test_cost_of_a_saved_mwh():
    base, variant = assumed(capex=(), service_eur_y=0.0), assumed(capex=(BYPASS,))
    score = incremental((FACTS, base), (saving(), variant))
    annuity = 0.08 / (1.0 - 1.08**-T)
    expected = (10_000.0 * annuity + 300.0 + 5.0 * 60.0) / 100.0
    assert cost_saved_heat_eur_mwh(score, FACTS, saving()) == pytest.approx(expected)
    assert cost_saved_heat_eur_mwh(score, FACTS, FACTS) is None


def test_an_unset_malus_ignores_a_missing_return_temperature():
    still = dataclasses.replace(FACTS, temp_return_primary_mean_c=float("nan"))
    bill = tariff_revenue_eur_y(still, assumed(tariff=Tariff(44.0, 10.0, 0.0, 50.0)))
    assert bill[0] == pytest.approx(48_000.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"viewpoint": "landlord"}, "no viewpoint 'landlord'"),
        ({"price_fuel_eur_mwh": (12.0,)}, "price_fuel_eur_mwh: needs a price for each of 25 years"),
        ({"capex": (dataclasses.replace(PUMP, year=26),)}, "pump: year 26 is outside 0 ... 25"),
    ],
)
def test_impossible_assumptions_are_refused(change, message):
    with pytest.raises(DhsimError, match=message):
        economics(FACTS, assumed(**change))
