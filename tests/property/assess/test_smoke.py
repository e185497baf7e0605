"""What must hold for any fuel and any plant."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhsim import catalogue
from dhsim.assess.emissions import emissions
from dhsim.model.assumptions import Emissions, Fuel

METHODS = ("energy", "alternative_generation", "exergy")
TEMPS = {"temp_supply_mean_c": 82.0, "temp_return_mean_c": 47.0, "temp_outdoor_mean_c": -8.0}


@st.composite
def plants(draw):
    row = dict(catalogue.entry("fuels", draw(st.sampled_from(sorted(catalogue.table("fuels"))))))
    return Emissions(
        fuel=Fuel(**row),
        allocation=draw(st.sampled_from(METHODS)),
        efficiency_boiler=draw(st.floats(0.5, 1.0)),
        efficiency_network=draw(st.floats(0.5, 1.0)),
        chp_power_to_heat=draw(st.floats(0.0, 1.5)),
        efficiency_reference_heat=draw(st.floats(0.5, 1.0)),
        efficiency_reference_power=draw(st.floats(0.25, 0.6)),
        excess_air=draw(st.floats(1.0, 3.0)),
        q4_percent=draw(st.floats(0.0, 10.0)),
        ash_carryover=draw(st.floats(0.0, 1.0)),
        efficiency_filter=draw(st.floats(0.0, 1.0)),
        so2_bound_in_ash=draw(st.floats(0.0, 0.5)),
        so2_scrubbed=draw(st.floats(0.0, 1.0)),
        nox_kg_gj=draw(st.floats(0.0, 0.5)),
        electricity_co2_kg_mwh=450.0,
        electricity_ch4_kg_mwh=1.0,
        gwp_ch4=28.0,
    )


@given(plants(), st.floats(1.0, 1e5), st.floats(0.0, 0.5))
def test_smoke_is_linear_in_heat(plant, heat, saved):
    before, after = emissions(heat, 0.0, plant, **TEMPS), emissions(heat * (1.0 - saved), 0.0, plant, **TEMPS)
    for field in ("fuel_t", "co2_t", "so2_t", "nox_t", "fly_ash_t", "co2eq_t"):
        assert getattr(after, field) == pytest.approx((1.0 - saved) * getattr(before, field), rel=1e-9, abs=1e-12)


@given(plants())
def test_smoke_weighs_no_more_than_the_fuel_holds(plant):
    score = emissions(1000.0, 0.0, plant, **TEMPS)
    assert 0.0 <= score.so2_t <= 2.0 * score.fuel_t * plant.fuel.sulphur_percent / 100.0
    assert 0.005 < score.carbon_balance_rel < 0.01
    assert 0.0 <= score.fly_ash_t <= score.fuel_t


@given(plants())
def test_heat_is_never_charged_more_than_the_whole_plants_fuel(plant):
    whole = 1000.0 / plant.efficiency_network * (1.0 + plant.chp_power_to_heat) / plant.efficiency_boiler
    charged = [emissions(1000.0, 0.0, dataclasses.replace(plant, allocation=m), **TEMPS).fuel_mwh for m in METHODS]
    assert all(0.0 < fuel <= whole * (1.0 + 1e-9) for fuel in charged)
