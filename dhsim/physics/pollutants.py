"""What leaves the stack, eqs. (15)-(18): fly ash, sulphur dioxide, carbon dioxide, nitrogen oxides.

Percentages are mass per cent of the fuel as received. Gas volumes are at 0 degC and 101.325 kPa.
"""

from __future__ import annotations

import math

from dhsim.elementwise import elementwise


@elementwise
def fly_ash_kg(
    fuel_kg: float,
    ash_percent: float,
    ash_carryover: float,
    q4_percent: float,
    lhv_j_kg: float,
    efficiency_filter: float,
) -> float:
    """Return the solid particles that leave the stack, eq. (15).

    M = B (A/100 a_un + q4/100 LHV/32.68e6) (1 - eta_f)

    Parameters
    ----------
    fuel_kg
        Fuel fired, B [kg].
    ash_percent
        Ash of the fuel [%].
    ash_carryover
        Share of the ash that flies, a_un.
    q4_percent
        Unburnt carbon [%].
    lhv_j_kg
        Lower heating value [J/kg].
    efficiency_filter
        Share that the filter holds back, eta_f; NaN outside 0 ... 1.

    Returns
    -------
    float
        Fly ash and soot behind the filter [kg].

    Notes
    -----
    32.68 MJ/kg is the heating value of carbon. Source: paper eq. (15); the second term reconstructed.

    Examples
    --------
    >>> round(float(fly_ash_kg(0.265, 38.1, 0.95, 1.5, 16.75e6, 0.98)), 4)
    0.002
    """
    if efficiency_filter < 0.0 or efficiency_filter > 1.0:
        return math.nan
    raw = ash_percent / 100.0 * ash_carryover + q4_percent / 100.0 * lhv_j_kg / 32.68e6
    return fuel_kg * raw * (1.0 - efficiency_filter)


@elementwise
def sulphur_kg(burnt_kg: float, sulphur_percent: float, bound_in_ash: float) -> float:
    """Return the sulphur that goes into the gas, eq. (16).

    M_S = B_p S/100 (1 - eta')

    Parameters
    ----------
    burnt_kg
        Fuel burnt, B_p [kg].
    sulphur_percent
        Sulphur of the fuel [%].
    bound_in_ash
        Share bound by the ash, eta' (0.02 for Ekibastuz).

    Returns
    -------
    float
        Sulphur in the flue gas [kg].

    Notes
    -----
    Source: paper eq. (16).

    Examples
    --------
    >>> round(float(sulphur_kg(100.0, 0.8, 0.02)), 3)
    0.784
    """
    return burnt_kg * sulphur_percent / 100.0 * (1.0 - bound_in_ash)


@elementwise
def so2_kg(sulphur_kg: float, scrubbed: float) -> float:
    """Return the sulphur dioxide that leaves the stack, eq. (17).

    M_SO2 = M_S mu_SO2 / mu_S (1 - eta'')

    Parameters
    ----------
    sulphur_kg
        Sulphur in the flue gas, M_S [kg].
    scrubbed
        Share held back by a scrubber, eta'' (0 behind a dry filter).

    Returns
    -------
    float
        SO2 [kg].

    Notes
    -----
    Molar masses 64.06 and 32.06 g/mol. Source: paper eq. (17).

    Examples
    --------
    >>> round(float(so2_kg(1.0, 0.0)), 3)
    1.998
    """
    return sulphur_kg * 64.06 / 32.06 * (1.0 - scrubbed)


@elementwise
def concentration_co2_g_m3(volume_co2_m3_kg: float, volume_gas_m3_kg: float) -> float:
    """Return the carbon dioxide in a cubic metre of flue gas, for eq. (18).

    C_CO2 = 1000 * 1.9768 V_CO2 / V_g

    Parameters
    ----------
    volume_co2_m3_kg
        CO2 per kg of fuel [m3/kg].
    volume_gas_m3_kg
        Flue gas per kg of fuel [m3/kg], at the excess air at which the concentration is wanted; NaN at or below 0.

    Returns
    -------
    float
        Concentration at 0 degC [g/m3].

    Notes
    -----
    1.9768 kg/m3 is the real-gas density of CO2 at 0 degC and 101.325 kPa.

    Examples
    --------
    >>> round(float(concentration_co2_g_m3(0.81, 6.59)), 1)
    243.0
    """
    divisor = volume_gas_m3_kg if volume_gas_m3_kg > 0.0 else math.nan
    return 1000.0 * 1.9768 * volume_co2_m3_kg / divisor


@elementwise
def co2_kg(burnt_kg: float, concentration_co2_g_m3: float, volume_gas_m3_kg: float) -> float:
    """Return the carbon dioxide that leaves the stack, eq. (18).

    M_CO2 = B_p C_CO2 V_g / 1000

    Parameters
    ----------
    burnt_kg
        Fuel burnt, B_p [kg].
    concentration_co2_g_m3
        CO2 in the flue gas [g/m3].
    volume_gas_m3_kg
        Flue gas per kg of fuel [m3/kg], at the *same* excess air as the concentration.

    Returns
    -------
    float
        CO2 [kg].

    Notes
    -----
    A concentration at excess air 1 times the volume at 1.4 would be 37 % too much. The result does not depend on the
    excess air; it is 0.7 % above the carbon balance `co2_carbon_kg`, because 1.9768 is a real-gas density and 0.01866
    an ideal volume. Source: paper eq. (18).

    Examples
    --------
    >>> round(float(co2_kg(1.0, 243.0, 6.59)), 2)
    1.6
    """
    return burnt_kg * concentration_co2_g_m3 * volume_gas_m3_kg / 1000.0


@elementwise
def co2_carbon_kg(burnt_kg: float, carbon_percent: float) -> float:
    """Return the carbon dioxide by the fuel's carbon, the cross-check of eq. (18).

    M_CO2 = B_p 44.01 / 12.011 C/100

    Parameters
    ----------
    burnt_kg
        Fuel burnt, B_p [kg].
    carbon_percent
        Carbon of the fuel [%].

    Returns
    -------
    float
        CO2 [kg].

    Notes
    -----
    Source: molar masses.

    Examples
    --------
    >>> round(float(co2_carbon_kg(1.0, 43.4)), 2)
    1.59
    """
    return burnt_kg * 44.01 / 12.011 * carbon_percent / 100.0


@elementwise
def nox_kg(burnt_kg: float, lhv_j_kg: float, nox_kg_gj: float) -> float:
    """Return the nitrogen oxides, as NO2.

    M_NOx = B_p LHV K_NOx 1e-9

    Parameters
    ----------
    burnt_kg
        Fuel burnt, B_p [kg].
    lhv_j_kg
        Lower heating value [J/kg].
    nox_kg_gj
        Emission factor K_NOx per GJ of fuel [kg/GJ], 0.20-0.30 for pulverised hard coal.

    Returns
    -------
    float
        NOx [kg].

    Notes
    -----
    The paper shows NOx in its Table 1 but gives no formula. Source: the usual factor method, mass per energy of fuel.

    Examples
    --------
    >>> round(float(nox_kg(0.261, 16.75e6, 0.25)), 4)
    0.0011
    """
    return burnt_kg * lhv_j_kg * 1e-9 * nox_kg_gj
