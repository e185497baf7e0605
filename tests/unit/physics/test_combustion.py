"""Check values of the Omsk method, section 1: Ekibastuz coal SS."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dhsim.physics import combustion as c
from dhsim.physics import pollutants as p

CARBON, HYDROGEN, SULPHUR, OXYGEN, NITROGEN, WATER, ASH = 43.4, 2.9, 0.8, 7.0, 0.8, 7.0, 38.1
LHV = 16.75e6
Q4 = 1.5


@pytest.fixture
def air():
    return c.volume_air_m3_kg(CARBON, HYDROGEN, SULPHUR, OXYGEN)


@pytest.fixture
def gas_stoichiometric(air):
    triatomic = c.volume_ro2_m3_kg(CARBON, SULPHUR)
    return triatomic + c.volume_n2_m3_kg(air, NITROGEN) + c.volume_h2o_m3_kg(HYDROGEN, WATER, air)


def test_gas_volumes_meet_the_tables(air, gas_stoichiometric):
    assert air == pytest.approx(4.42, abs=0.005)
    assert c.volume_ro2_m3_kg(CARBON, SULPHUR) == pytest.approx(0.815, abs=0.001)
    assert c.volume_n2_m3_kg(air, NITROGEN) == pytest.approx(3.50, abs=0.005)
    assert c.volume_h2o_m3_kg(HYDROGEN, WATER, air) == pytest.approx(0.48, abs=0.005)
    assert gas_stoichiometric == pytest.approx(4.79, abs=0.005)


def test_smoke_per_kwh_of_heat_at_090_times_090(air, gas_stoichiometric):
    fuel = c.fuel_mass_kg(3.6e6, LHV, 0.90, 0.90)
    burnt = c.fuel_burnt_kg(fuel, Q4)
    gas = c.volume_gas_m3_kg(gas_stoichiometric, air, 1.4)
    co2 = p.co2_kg(burnt, p.concentration_co2_g_m3(c.volume_co2_m3_kg(CARBON), gas), gas)
    assert fuel == pytest.approx(0.265, abs=0.0005)
    assert co2 == pytest.approx(0.418, abs=0.0005)
    assert p.so2_kg(p.sulphur_kg(burnt, SULPHUR, 0.02), 0.0) == pytest.approx(0.0041, abs=0.00005)
    assert p.fly_ash_kg(fuel, ASH, 0.95, Q4, LHV, 0.98) == pytest.approx(0.0020, abs=0.00005)
    assert p.nox_kg(burnt, LHV, 0.25) == pytest.approx(0.0011, abs=0.00005)


def test_co2_factors_of_the_fuel():
    without_q4 = p.co2_carbon_kg(1.0, CARBON)
    assert without_q4 == pytest.approx(1.59, abs=0.005)
    assert without_q4 / LHV * 1e9 == pytest.approx(94.9, abs=0.1)
    assert without_q4 / LHV * 3.6e6 == pytest.approx(0.342, abs=0.0005)
    burnt = c.fuel_burnt_kg(c.fuel_mass_kg(3.6e6, LHV, 0.9, 0.9), Q4)
    assert p.co2_carbon_kg(burnt, CARBON) == pytest.approx(0.4156, abs=0.0003)


def test_smoke_per_kwh_of_electricity_at_037(air, gas_stoichiometric):
    """The published figures for Ekibastuz coal: gas 4.05 m3, raw fly ash 253 g, SOx 9.1 g, NOx 3.2 g."""
    fuel = c.fuel_mass_kg(3.6e6, LHV, 0.37, 1.0)
    gas_m3 = fuel * c.volume_gas_m3_kg(gas_stoichiometric, air, 1.4)
    assert gas_m3 == pytest.approx(3.8, abs=0.05)
    assert gas_m3 / 4.05 - 1.0 == pytest.approx(-0.05, abs=0.01)
    assert 1e3 * p.so2_kg(p.sulphur_kg(fuel, SULPHUR, 0.02), 0.0) == pytest.approx(9.1, abs=0.05)
    assert 1e3 * p.fly_ash_kg(fuel, ASH, 0.95, 0.0, LHV, 0.0) == pytest.approx(210.0, abs=1.0)
    assert 1e3 * p.nox_kg(fuel, LHV, 0.25) == pytest.approx(2.4, abs=0.05)
    assert 1e3 * p.nox_kg(fuel, LHV, 0.33) == pytest.approx(3.2, abs=0.05)


def test_the_alpha_pitfall_is_37_percent(air, gas_stoichiometric):
    wet = c.volume_gas_m3_kg(gas_stoichiometric, air, 1.4)
    co2 = c.volume_co2_m3_kg(CARBON)
    right = p.co2_kg(1.0, p.concentration_co2_g_m3(co2, wet), wet)
    wrong = p.co2_kg(1.0, p.concentration_co2_g_m3(co2, gas_stoichiometric), wet)
    assert wrong / right - 1.0 == pytest.approx(0.37, abs=0.006)
    assert right == pytest.approx(p.co2_carbon_kg(1.0, CARBON), rel=0.01)
    assert right > p.co2_carbon_kg(1.0, CARBON) * 1.005


def test_methane_burns_as_chemistry_says():
    """CH4 + 2 O2: 2 mol of oxygen, i.e. 2/0.21 mol of air, and 1 mol of CO2 for each mol of fuel."""
    mol_m3_kg = 22.41 / 16.043
    assert c.volume_air_m3_kg(74.87, 25.13, 0.0, 0.0) == pytest.approx(2.0 / 0.21 * mol_m3_kg, rel=0.01)
    assert c.volume_co2_m3_kg(74.87) == pytest.approx(mol_m3_kg, rel=0.002)


def test_sulphur_burns_as_chemistry_says():
    """S + O2 = SO2: a mol of each."""
    mol_m3_kg = 22.41 / 32.06
    assert c.volume_air_m3_kg(0.0, 0.0, 100.0, 0.0) == pytest.approx(mol_m3_kg / 0.21, rel=0.005)
    assert c.volume_ro2_m3_kg(0.0, 100.0) == pytest.approx(mol_m3_kg, rel=0.005)


def test_burnt_sulphur_doubles_its_mass():
    assert p.so2_kg(p.sulphur_kg(100.0, 1.0, 0.0), 0.0) == pytest.approx(2.0, rel=0.001)
    assert p.so2_kg(1.0, 0.25) == pytest.approx(0.75 * p.so2_kg(1.0, 0.0))


@pytest.mark.parametrize(
    "value",
    [
        c.volume_gas_m3_kg(4.79, 4.42, 0.99),
        c.fuel_mass_kg(1.0, LHV, 0.0, 0.9),
        c.fuel_mass_kg(1.0, 0.0, 0.9, 0.9),
        c.fuel_burnt_kg(1.0, 101.0),
        p.fly_ash_kg(1.0, ASH, 0.95, Q4, LHV, 1.1),
        p.concentration_co2_g_m3(0.8, 0.0),
    ],
)
def test_out_of_range_is_nan(value):
    assert math.isnan(value)


def test_formulas_take_arrays():
    heat = np.array([0.0, 3.6e6, 7.2e6])
    fuel = c.fuel_mass_kg(heat, LHV, 0.9, 0.9)
    assert fuel.shape == (3,)
    assert fuel[2] == pytest.approx(2.0 * fuel[1])
