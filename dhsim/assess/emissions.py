"""Fuel and smoke of the heat that a substation takes from the network, eqs. (12)-(19).

A CHP plant makes heat Q and electricity E = sigma Q from one fuel, F = (Q + E)/eta_KA. What of F is charged to heat
is a choice, `Emissions.allocation`:

- `energy`: share = Q/(Q + E), so F_heat = Q/eta_KA. This is what eqs. (12)-(13) do, as if a boiler made the heat.
- `alternative_generation`: share = (Q/eta_h)/(Q/eta_h + E/eta_e), in proportion to the fuel that separate plants of
  the reference efficiencies eta_h and eta_e would need.
- `exergy`: share = Q c/(Q c + E), with the Carnot factor c = 1 - T_outdoor/T_m of the heat at the log-mean T_m
  [K] of supply and return.

Without electricity (sigma = 0) all three charge all the fuel to heat.
"""

from __future__ import annotations

import math

import pandas as pd

from dhsim.assess.cashflow import annuity_factor
from dhsim.assess.types import EconomicScore, EmissionScore
from dhsim.errors import DhsimError
from dhsim.model.assumptions import Emissions, Fuel
from dhsim.physics import combustion, pollutants
from dhsim.units import J_PER_MWH, KELVIN_AT_0_C, KG_PER_T

_TABLE1 = (("NOx", "nox"), ("SO2", "so2"), ("CO2", "co2"))


def emissions(
    heat_primary_mwh: float,
    energy_pump_mwh: float,
    assumptions: Emissions,
    *,
    temp_supply_mean_c: float | None = None,
    temp_return_mean_c: float | None = None,
    temp_outdoor_mean_c: float | None = None,
) -> EmissionScore:
    """Return fuel, smoke and CO2 equivalent of one year's heat and pump electricity.

    Parameters
    ----------
    heat_primary_mwh
        Heat taken from the primary [MWh].
    energy_pump_mwh
        Electricity of the substation's pumps [MWh].
    assumptions
        Fuel, plant and emission factors.
    temp_supply_mean_c, temp_return_mean_c, temp_outdoor_mean_c
        Means over the year's heat [degC]; only the exergy method needs them.

    Returns
    -------
    EmissionScore
        Masses [t]; `co2_t` is the fuel's by eq. (18), on the basis 1.9768 kg/m3 x 0.01866 m3/kg per cent, which is
        0.7 % above 44.01/12.011 (`carbon_balance_rel`).

    Raises
    ------
    DhsimError
        Unknown allocation, or the exergy method without its temperatures.
    """
    a, fuel = assumptions, assumptions.fuel
    at_boiler = combustion.fuel_mass_kg(
        heat_primary_mwh * J_PER_MWH, fuel.lhv_j_kg, a.efficiency_boiler, a.efficiency_network
    )
    total = at_boiler * (1.0 + a.chp_power_to_heat)
    fuel_kg = float(total * share_fuel_heat(a, temp_supply_mean_c, temp_return_mean_c, temp_outdoor_mean_c))
    burnt = combustion.fuel_burnt_kg(fuel_kg, a.q4_percent)
    gas = gas_volume_m3_kg(fuel, a.excess_air)
    concentration = pollutants.concentration_co2_g_m3(combustion.volume_co2_m3_kg(fuel.carbon_percent), gas)
    co2_t = float(pollutants.co2_kg(burnt, concentration, gas)) / KG_PER_T
    carbon_t = float(pollutants.co2_carbon_kg(burnt, fuel.carbon_percent)) / KG_PER_T
    sulphur = pollutants.sulphur_kg(burnt, fuel.sulphur_percent, a.so2_bound_in_ash)
    so2_t = float(pollutants.so2_kg(sulphur, a.so2_scrubbed)) / KG_PER_T
    nox_t = float(pollutants.nox_kg(burnt, fuel.lhv_j_kg, a.nox_kg_gj)) / KG_PER_T
    ash = pollutants.fly_ash_kg(
        fuel_kg, fuel.ash_percent, a.ash_carryover, a.q4_percent, fuel.lhv_j_kg, a.efficiency_filter
    )
    fly_ash_t = float(ash) / KG_PER_T
    co2_electricity_t = energy_pump_mwh * a.electricity_co2_kg_mwh / KG_PER_T
    ch4_electricity_t = energy_pump_mwh * a.electricity_ch4_kg_mwh / KG_PER_T
    per_kwh = 1.0 / heat_primary_mwh if heat_primary_mwh else math.nan  # t/MWh is kg/kWh
    return EmissionScore(
        fuel_name=fuel.name,
        allocation=a.allocation,
        fuel_t=fuel_kg / KG_PER_T,
        fuel_mwh=fuel_kg * fuel.lhv_j_kg / J_PER_MWH,
        co2_t=co2_t,
        so2_t=so2_t,
        nox_t=nox_t,
        fly_ash_t=fly_ash_t,
        co2_electricity_t=co2_electricity_t,
        ch4_electricity_t=ch4_electricity_t,
        co2eq_t=co2_t + co2_electricity_t + a.gwp_ch4 * ch4_electricity_t,
        co2_kg_kwh=co2_t * per_kwh,
        so2_kg_kwh=so2_t * per_kwh,
        nox_kg_kwh=nox_t * per_kwh,
        fly_ash_kg_kwh=fly_ash_t * per_kwh,
        carbon_balance_rel=co2_t / carbon_t - 1.0 if carbon_t else math.nan,
    )


def gas_volume_m3_kg(fuel: Fuel, excess_air: float) -> float:
    """Return the wet flue gas of a fuel at an excess air, eq. (19) [m3/kg]."""
    air = combustion.volume_air_m3_kg(
        fuel.carbon_percent, fuel.hydrogen_percent, fuel.sulphur_percent, fuel.oxygen_percent
    )
    stoichiometric = (
        combustion.volume_ro2_m3_kg(fuel.carbon_percent, fuel.sulphur_percent)
        + combustion.volume_n2_m3_kg(air, fuel.nitrogen_percent)
        + combustion.volume_h2o_m3_kg(fuel.hydrogen_percent, fuel.water_percent, air)
    )
    return float(combustion.volume_gas_m3_kg(stoichiometric, air, excess_air))


def share_fuel_heat(
    assumptions: Emissions,
    temp_supply_mean_c: float | None = None,
    temp_return_mean_c: float | None = None,
    temp_outdoor_mean_c: float | None = None,
) -> float:
    """Return the share of the CHP plant's fuel that is charged to heat, by the allocation method (see the module).

    Raises
    ------
    DhsimError
        Unknown allocation, or the exergy method without its temperatures.
    """
    ratio = assumptions.chp_power_to_heat
    if assumptions.allocation == "energy":
        return 1.0 / (1.0 + ratio)
    if assumptions.allocation == "alternative_generation":
        heat = 1.0 / assumptions.efficiency_reference_heat
        return heat / (heat + ratio / assumptions.efficiency_reference_power)
    if assumptions.allocation != "exergy":
        raise DhsimError(
            f"emissions.allocation: no method {assumptions.allocation!r} (energy, alternative_generation, exergy)"
        )
    if temp_supply_mean_c is None or temp_return_mean_c is None or temp_outdoor_mean_c is None:
        raise DhsimError("emissions.allocation: exergy needs the mean supply, return and outdoor temperatures")
    if ratio == 0.0:
        return 1.0
    factor = carnot_factor(temp_supply_mean_c, temp_return_mean_c, temp_outdoor_mean_c)
    return factor / (factor + ratio)


def carnot_factor(temp_supply_mean_c: float, temp_return_mean_c: float, temp_outdoor_mean_c: float) -> float:
    """Return the exergy per heat of water that cools from supply to return, above the outdoor temperature.

    c = 1 - T_outdoor / T_m,  T_m = (T_s - T_r)/ln(T_s/T_r), in kelvin; NaN where the outdoors is not colder.

    Examples
    --------
    >>> round(carnot_factor(80.0, 50.0, -8.0), 3)
    0.215
    """
    supply, back, outdoor = (t + KELVIN_AT_0_C for t in (temp_supply_mean_c, temp_return_mean_c, temp_outdoor_mean_c))
    mean = supply if math.isclose(supply, back) else (supply - back) / math.log(supply / back)
    return 1.0 - outdoor / mean if outdoor < mean else math.nan


def table1(before: EmissionScore, after: EmissionScore) -> pd.DataFrame:
    """Return the paper's Table 1: NOx, SO2 and CO2 of the heat, before and after, absolute and per kWh of heat.

    The kg/kWh are per kWh of each case's own heat: the chain (12)-(18) is linear, so saving heat saves smoke in
    proportion and leaves the kg/kWh as they are.

    Returns
    -------
    DataFrame
        Index `pollutant`; columns before_t_y, after_t_y, difference_t_y, difference_percent, before_kg_kwh,
        after_kg_kwh, difference_kg_kwh. Differences are after - before.
    """
    rows = {}
    for label, name in _TABLE1:
        mass = [float(getattr(score, f"{name}_t")) for score in (before, after)]
        specific = [float(getattr(score, f"{name}_kg_kwh")) for score in (before, after)]
        rows[label] = {
            "before_t_y": mass[0],
            "after_t_y": mass[1],
            "difference_t_y": mass[1] - mass[0],
            "difference_percent": 100.0 * (mass[1] / mass[0] - 1.0) if mass[0] else math.nan,
            "before_kg_kwh": specific[0],
            "after_kg_kwh": specific[1],
            "difference_kg_kwh": specific[1] - specific[0],
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("pollutant")


def abatement_cost_eur_t(
    incremental: EconomicScore, before: EmissionScore, after: EmissionScore, years: float = 1.0
) -> float | None:
    """Return the annualised net cost per avoided tonne of CO2eq; negative where the measure pays by itself.

    cost = -NPV(without the CO2 price) * annuity / (CO2eq_before - CO2eq_after)

    The CO2 price is left out of the cash flow, because it would pay for the tonnes it is divided by. `years` is the
    length of the run whose tonnes these are. None if nothing is avoided.
    """
    avoided_t_y = (before.co2eq_t - after.co2eq_t) / max(years, 1.0)
    if avoided_t_y <= 0.0:
        return None
    flow = incremental.cash_flow
    rate, lifetime_y = float(flow.attrs["discount_rate"]), len(flow) - 1
    net = flow["net"] - flow["co2"]
    npv_eur = sum(float(amount) / (1.0 + rate) ** year for year, amount in enumerate(net))
    return -npv_eur * annuity_factor(rate, lifetime_y) / avoided_t_y


def abatement_capex_eur_t(
    incremental: EconomicScore, before: EmissionScore, after: EmissionScore, years: float = 1.0
) -> float | None:
    """Return the undiscounted investment over the avoided CO2eq of the whole lifetime.

    This is the paper's figure (25,280 EUR / 15,909 t = 1.59 EUR/t). It is no cost per year and counts neither savings
    nor interest: label it so. None if nothing is avoided.
    """
    avoided_t_y = (before.co2eq_t - after.co2eq_t) / max(years, 1.0)
    lifetime_y = len(incremental.cash_flow) - 1
    return incremental.capex_eur / (avoided_t_y * lifetime_y) if avoided_t_y > 0.0 else None
