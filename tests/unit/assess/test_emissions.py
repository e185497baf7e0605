from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from dhsim import catalogue
from dhsim.assess.economics import YearFacts, incremental
from dhsim.assess.emissions import (
    abatement_capex_eur_t,
    abatement_cost_eur_t,
    carnot_factor,
    emissions,
    gas_volume_m3_kg,
    share_fuel_heat,
    table1,
)
from dhsim.errors import DhsimError
from dhsim.model.assumptions import CapexLine, Economics, Emissions, Fuel, Tariff

TEMPS = {"temp_supply_mean_c": 82.0, "temp_return_mean_c": 47.0, "temp_outdoor_mean_c": -8.0}


def fuel(name: str = "ekibastuz_ss") -> Fuel:
    row: dict[str, Any] = dict(catalogue.entry("fuels", name))
    return Fuel(**row)


def assumed(**changes: Any) -> Emissions:
    made = Emissions(
        fuel=fuel(),
        allocation="energy",
        efficiency_boiler=0.90,
        efficiency_network=0.90,
        chp_power_to_heat=0.45,
        efficiency_reference_heat=0.88,
        efficiency_reference_power=0.40,
        excess_air=1.4,
        q4_percent=1.5,
        ash_carryover=0.95,
        efficiency_filter=0.98,
        so2_bound_in_ash=0.02,
        so2_scrubbed=0.0,
        nox_kg_gj=0.25,
        electricity_co2_kg_mwh=450.0,
        electricity_ch4_kg_mwh=1.0,
        gwp_ch4=28.0,
    )
    return dataclasses.replace(made, **changes)


def test_omsk_check_values_per_kwh_of_heat():
    score = emissions(11_700.0, 25.0, assumed())
    assert score.co2_kg_kwh == pytest.approx(0.418, abs=0.0005)
    assert score.so2_kg_kwh == pytest.approx(0.0041, abs=0.00005)
    assert score.fly_ash_kg_kwh == pytest.approx(0.0020, abs=0.00005)
    assert score.nox_kg_kwh == pytest.approx(0.0011, abs=0.00005)
    assert score.fuel_t / 11_700.0 == pytest.approx(0.265, abs=0.0005)
    assert score.fuel_mwh == pytest.approx(11_700.0 / 0.81)
    assert score.co2_t == pytest.approx(11_700.0 * score.co2_kg_kwh)


def test_gas_volume_comes_from_the_fuel():
    assert gas_volume_m3_kg(fuel(), 1.0) == pytest.approx(4.79, abs=0.005)
    assert gas_volume_m3_kg(fuel(), 1.4) == pytest.approx(6.59, abs=0.01)


def test_carbon_balance_holds_to_one_percent_for_every_fuel():
    for name in catalogue.table("fuels"):
        score = emissions(100.0, 0.0, assumed(fuel=fuel(name)))
        assert 0.005 < score.carbon_balance_rel < 0.01


def test_pump_electricity_in_co2eq():
    score = emissions(0.0, 20.0, assumed())
    assert score.co2_t == 0.0
    assert score.co2_electricity_t == pytest.approx(9.0)
    assert score.ch4_electricity_t == pytest.approx(0.020)
    assert score.co2eq_t == pytest.approx(9.0 + 0.020 * 28.0)


def test_co2_does_not_depend_on_excess_air():
    at = [emissions(100.0, 0.0, assumed(excess_air=alpha)).co2_t for alpha in (1.0, 1.4, 2.0)]
    assert at[1] == pytest.approx(at[0])
    assert at[2] == pytest.approx(at[0])


def test_energy_method_is_eq_13_whatever_the_plant():
    fuels = [emissions(100.0, 0.0, assumed(chp_power_to_heat=s)).fuel_mwh for s in (0.0, 0.45, 1.0)]
    assert fuels == pytest.approx([100.0 / 0.81] * 3)


def test_without_electricity_every_method_charges_all_fuel_to_heat():
    for method in ("energy", "alternative_generation", "exergy"):
        score = emissions(100.0, 0.0, assumed(allocation=method, chp_power_to_heat=0.0), **TEMPS)
        assert score.fuel_mwh == pytest.approx(100.0 / 0.81)


def test_alternative_generation_by_hand():
    share = share_fuel_heat(assumed(allocation="alternative_generation"))
    heat, power = 1.0 / 0.88, 0.45 / 0.40
    assert share == pytest.approx(heat / (heat + power))
    score = emissions(100.0, 0.0, assumed(allocation="alternative_generation"))
    assert score.fuel_mwh == pytest.approx(100.0 / 0.81 * 1.45 * share)


def test_exergy_charges_heat_least_then_alternative_then_energy():
    methods = ("exergy", "alternative_generation", "energy")
    fuels = [emissions(100.0, 0.0, assumed(allocation=method), **TEMPS).fuel_mwh for method in methods]
    assert fuels == sorted(fuels)
    assert fuels[0] < fuels[1] < fuels[2]


def test_carnot_factor_of_a_narrow_and_a_wide_span():
    assert carnot_factor(80.0, 80.0, -8.0) == pytest.approx(88.0 / 353.15)
    assert carnot_factor(80.0, 79.999, -8.0) == pytest.approx(88.0 / 353.15, abs=1e-5)
    assert carnot_factor(80.0, 50.0, -8.0) < carnot_factor(80.0, 80.0, -8.0)


def test_colder_supply_makes_exergy_heat_cheaper():
    warm = share_fuel_heat(assumed(allocation="exergy"), 90.0, 50.0, -8.0)
    cold = share_fuel_heat(assumed(allocation="exergy"), 60.0, 40.0, -8.0)
    assert cold < warm


def test_exergy_without_temperatures_and_unknown_methods_are_refused():
    with pytest.raises(DhsimError, match="exergy needs the mean supply"):
        emissions(100.0, 0.0, assumed(allocation="exergy"))
    with pytest.raises(DhsimError, match="no method 'by_taste'"):
        emissions(100.0, 0.0, assumed(allocation="by_taste"))


def test_table1_before_and_after():
    before, after = emissions(11_700.0, 25.0, assumed()), emissions(11_115.0, 20.0, assumed())
    table = table1(before, after)
    assert list(table.index) == ["NOx", "SO2", "CO2"]
    assert table["difference_percent"].to_numpy() == pytest.approx([-5.0] * 3)
    assert table.loc["CO2", "before_t_y"] == before.co2_t
    assert table.loc["CO2", "difference_t_y"] == pytest.approx(after.co2_t - before.co2_t)
    assert table["difference_kg_kwh"].to_numpy() == pytest.approx([0.0] * 3, abs=1e-12)


def pair(saved_mwh: float, capex_eur: float, price_co2: float = 0.0) -> Any:
    flat = Economics(
        viewpoint="society",
        lifetime_y=25,
        discount_rate=0.08,
        tariff=Tariff(44.0, 0.0, 0.0, 50.0),
        price_heat_eur_mwh=(44.0,) * 25,
        price_fuel_eur_mwh=(12.0,) * 25,
        price_electricity_eur_mwh=(60.0,) * 25,
        price_co2_eur_t=price_co2,
        service_eur_y=0.0,
        staff_eur_y=0.0,
        capex=(),
    )
    with_capex = dataclasses.replace(flat, capex=(CapexLine("bypass", 1.0, "piece", capex_eur, 0, "test"),))
    before, after = emissions(11_700.0, 25.0, assumed()), emissions(11_700.0 - saved_mwh, 25.0, assumed())

    def facts(heat_mwh: float, fuel_mwh: float, co2_t: float) -> YearFacts:
        return YearFacts(heat_mwh, heat_mwh, heat_mwh, 25.0, 3000.0, 45.0, fuel_mwh, co2_t, 100.0)

    score = incremental(
        (facts(11_700.0, before.fuel_mwh, before.co2_t), flat),
        (facts(11_700.0 - saved_mwh, after.fuel_mwh, after.co2_t), with_capex),
    )
    return score, before, after


def test_abatement_cost_by_hand():
    score, before, after = pair(500.0, 25_280.0)
    annuity = 0.08 / (1.0 - 1.08**-25)
    saved_fuel_eur_y = 500.0 / 0.81 * 12.0
    avoided = before.co2eq_t - after.co2eq_t
    assert abatement_cost_eur_t(score, before, after) == pytest.approx(
        (25_280.0 * annuity - saved_fuel_eur_y) / avoided
    )
    assert abatement_cost_eur_t(score, before, after) < 0.0


def test_abatement_cost_does_not_count_the_price_of_co2():
    without, before, after = pair(500.0, 25_280.0)
    priced, _, _ = pair(500.0, 25_280.0, price_co2=80.0)
    assert priced.npv_eur > without.npv_eur
    assert abatement_cost_eur_t(priced, before, after) == pytest.approx(abatement_cost_eur_t(without, before, after))


def test_the_papers_capex_over_lifetime_tonnes():
    score, before, after = pair(500.0, 25_280.0)
    after = dataclasses.replace(after, co2eq_t=before.co2eq_t - 15_909.0 / 25.0)
    assert abatement_capex_eur_t(score, before, after) == pytest.approx(1.589, abs=0.0005)


def test_no_abatement_no_cost_of_it():
    score, before, _ = pair(0.0, 25_280.0)
    assert abatement_cost_eur_t(score, before, before) is None
    assert abatement_capex_eur_t(score, before, before) is None
