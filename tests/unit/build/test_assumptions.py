"""Prices and fuels looked up once; what is not known is named, all of it at once."""

from __future__ import annotations

import pytest

from dhsim import catalogue
from dhsim.build.assumptions import build_assumptions
from dhsim.errors import ScenarioError


@pytest.fixture(scope="module")
def made(small_scenario):
    return lambda policy="cap70", overrides=None: build_assumptions(small_scenario(policy, overrides))


def test_catalogue_gives_unit_cost_and_source(made):
    (line,) = made(overrides={"economics.capex": [{"item": "control_valve_dn100", "quantity": 3}]}).economics.capex
    row = catalogue.entry("unit_costs", "control_valve_dn100")
    assert line.unit_cost_eur == float(row["unit_cost_eur"])
    assert line.source == row["source"]
    assert line.cost_eur == pytest.approx(3 * line.unit_cost_eur)


def test_own_price_overrides_the_catalogue_and_free_text_needs_one(made):
    own = {"item": "control_valve_dn100", "unit_cost_eur": 1234}
    items = [own, {"item": "a new door", "unit_cost_eur": 500, "year": 3}]
    valve, door = made(overrides={"economics.capex": items}).economics.capex
    assert (valve.unit_cost_eur, valve.source) == (1234.0, "scenario")
    assert (door.item, door.cost_eur, door.year, door.source) == ("a new door", 500.0, 3, "scenario")


def test_everything_unknown_is_named_at_once(made):
    wrong = {
        "economics.capex": [{"item": "flux_capacitor"}, {"item": "control_valve_dn100"}, {"item": "warp_coil"}],
        "emissions.fuel": "moonshine",
    }
    with pytest.raises(ScenarioError) as caught:
        made(overrides=wrong)
    keys = [problem.key for problem in caught.value.problems]
    assert sorted(keys) == ["economics.capex.0.item", "economics.capex.2.item", "emissions.fuel"]
    assert "unit_cost_eur" in str(caught.value)


def test_prices_grow_from_the_second_year(made):
    growth = {"economics.escalation_heat": 0.02, "economics.escalation_electricity": 0.05, "economics.lifetime_y": 3}
    economics = made(overrides={**growth, "economics.tariff.energy_eur_mwh": 50}).economics
    assert economics.price_heat_eur_mwh == pytest.approx((50.0, 51.0, 52.02))
    assert economics.price_fuel_eur_mwh == pytest.approx((12.0, 12.24, 12.4848))
    assert economics.price_electricity_eur_mwh == pytest.approx((60.0, 63.0, 66.15))


def test_a_price_path_holds_its_last_value(made):
    path = {"economics.price_heat_path_eur_mwh": [44, 46], "economics.lifetime_y": 4}
    assert made(overrides=path).economics.price_heat_eur_mwh == (44.0, 46.0, 46.0, 46.0)


def test_fuel_comes_from_the_catalogue(made):
    fuel = made().emissions.fuel
    assert fuel.id == "ekibastuz_ss"
    assert (fuel.carbon_percent, fuel.ash_percent, fuel.lhv_j_kg) == (43.4, 38.1, 16.75e6)
    parts = (fuel.water_percent, fuel.ash_percent, fuel.sulphur_percent, fuel.carbon_percent)
    assert sum(parts) + fuel.hydrogen_percent + fuel.nitrogen_percent + fuel.oxygen_percent == pytest.approx(100.0)


def test_who_is_the_reference_and_what_was_calibrated(made):
    base, variant = made("baseline"), made("cap70")
    assert (base.name, base.policy, base.reference) == ("baseline", "baseline", True)
    assert (variant.name, variant.policy, variant.reference) == ("cap70", "cap70", False)
    assert {"plant.overshoot_k", "substation.flow_relative"} <= {key for key, _ in variant.calibrated}
