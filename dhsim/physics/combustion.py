"""Fuel and flue gas, eqs. (12)-(14) and (19): from the fuel's composition to gas volumes and fuel masses.

Percentages are mass per cent of the fuel as received. Gas volumes are per kg of fuel at 0 degC and 101.325 kPa.
"""

from __future__ import annotations

import math

from dhsim.elementwise import elementwise


@elementwise
def volume_air_m3_kg(
    carbon_percent: float, hydrogen_percent: float, sulphur_percent: float, oxygen_percent: float
) -> float:
    """Return the dry air that complete combustion needs (excess air 1).

    V0 = 0.0889 (C + 0.375 S) + 0.265 H - 0.0333 O

    Parameters
    ----------
    carbon_percent, hydrogen_percent, sulphur_percent, oxygen_percent
        Composition of the fuel [%].

    Returns
    -------
    float
        Air volume per kg of fuel [m3/kg].

    Notes
    -----
    Valid for solid and liquid fuels, and gases given by mass. Source: stoichiometry; normative method of boiler
    calculation (1973). Used in eq. (19).

    Examples
    --------
    >>> round(float(volume_air_m3_kg(43.4, 2.9, 0.8, 7.0)), 2)
    4.42
    """
    return 0.0889 * (carbon_percent + 0.375 * sulphur_percent) + 0.265 * hydrogen_percent - 0.0333 * oxygen_percent


@elementwise
def volume_co2_m3_kg(carbon_percent: float) -> float:
    """Return the carbon dioxide of complete combustion.

    V_CO2 = 0.01866 C

    Parameters
    ----------
    carbon_percent
        Carbon of the fuel [%].

    Returns
    -------
    float
        CO2 volume per kg of fuel [m3/kg].

    Notes
    -----
    0.01866 is 22.41 / 12.01 / 100, the ideal molar volume. Source: stoichiometry; eq. (18).

    Examples
    --------
    >>> round(float(volume_co2_m3_kg(43.4)), 3)
    0.81
    """
    return 0.01866 * carbon_percent


@elementwise
def volume_ro2_m3_kg(carbon_percent: float, sulphur_percent: float) -> float:
    """Return carbon dioxide and sulphur dioxide of complete combustion together.

    V_RO2 = 0.01866 (C + 0.375 S)

    Parameters
    ----------
    carbon_percent, sulphur_percent
        Composition of the fuel [%].

    Returns
    -------
    float
        Volume of the triatomic gases per kg of fuel [m3/kg].

    Notes
    -----
    Source: stoichiometry; normative method of boiler calculation (1973).

    Examples
    --------
    >>> round(float(volume_ro2_m3_kg(43.4, 0.8)), 3)
    0.815
    """
    return 0.01866 * (carbon_percent + 0.375 * sulphur_percent)


@elementwise
def volume_n2_m3_kg(volume_air_m3_kg: float, nitrogen_percent: float) -> float:
    """Return the nitrogen of the flue gas at excess air 1.

    V_N2 = 0.79 V0 + 0.008 N

    Parameters
    ----------
    volume_air_m3_kg
        Theoretical air V0 [m3/kg].
    nitrogen_percent
        Nitrogen of the fuel [%].

    Returns
    -------
    float
        Nitrogen volume per kg of fuel [m3/kg].

    Notes
    -----
    Source: stoichiometry; normative method of boiler calculation (1973).

    Examples
    --------
    >>> round(float(volume_n2_m3_kg(4.42, 0.8)), 2)
    3.5
    """
    return 0.79 * volume_air_m3_kg + 0.008 * nitrogen_percent


@elementwise
def volume_h2o_m3_kg(hydrogen_percent: float, water_percent: float, volume_air_m3_kg: float) -> float:
    """Return the water vapour of the flue gas at excess air 1.

    V_H2O = 0.111 H + 0.0124 W + 0.0161 V0

    Parameters
    ----------
    hydrogen_percent, water_percent
        Composition of the fuel [%].
    volume_air_m3_kg
        Theoretical air V0 [m3/kg]; it brings 10 g of moisture a kg.

    Returns
    -------
    float
        Vapour volume per kg of fuel [m3/kg].

    Notes
    -----
    Source: stoichiometry; normative method of boiler calculation (1973).

    Examples
    --------
    >>> round(float(volume_h2o_m3_kg(2.9, 7.0, 4.42)), 2)
    0.48
    """
    return 0.111 * hydrogen_percent + 0.0124 * water_percent + 0.0161 * volume_air_m3_kg


@elementwise
def volume_gas_m3_kg(volume_gas_stoichiometric_m3_kg: float, volume_air_m3_kg: float, excess_air: float) -> float:
    """Return the flue gas at the actual excess air, eq. (19).

    V_g = V_g2 + 1.0161 (alpha - 1) V0

    Parameters
    ----------
    volume_gas_stoichiometric_m3_kg
        V_g2 = V_RO2 + V_N2 + V_H2O, at excess air 1 [m3/kg].
    volume_air_m3_kg
        Theoretical air V0 [m3/kg].
    excess_air
        Air over theoretical air, alpha; NaN below 1.

    Returns
    -------
    float
        Wet flue gas per kg of fuel [m3/kg].

    Notes
    -----
    1.0161 counts the moisture of the excess air. Source: paper eq. (19).

    Examples
    --------
    >>> round(float(volume_gas_m3_kg(4.79, 4.42, 1.4)), 2)
    6.59
    """
    if excess_air < 1.0:
        return math.nan
    return volume_gas_stoichiometric_m3_kg + 1.0161 * (excess_air - 1.0) * volume_air_m3_kg


@elementwise
def fuel_mass_kg(heat_j: float, lhv_j_kg: float, efficiency_boiler: float, efficiency_network: float) -> float:
    """Return the fuel for a quantity of heat, eq. (13).

    B = Q / (LHV eta_KA eta_m)

    Parameters
    ----------
    heat_j
        Heat taken by the consumer [J].
    lhv_j_kg
        Lower heating value [J/kg].
    efficiency_boiler
        Boiler efficiency eta_KA; NaN at or below 0.
    efficiency_network
        1 - loss share of the network, eta_m; NaN at or below 0.

    Returns
    -------
    float
        Fuel mass [kg].

    Notes
    -----
    The heat form of (12)-(13); it charges a CHP plant's fuel to heat by the energy method.

    Examples
    --------
    >>> round(float(fuel_mass_kg(3.6e6, 16.75e6, 0.9, 0.9)), 3)
    0.265
    """
    useful_j_kg = lhv_j_kg * efficiency_boiler * efficiency_network
    if lhv_j_kg <= 0.0 or efficiency_boiler <= 0.0 or efficiency_network <= 0.0:
        useful_j_kg = math.nan  # the compiler may divide before it branches: a NaN divisor raises no flag, 0 does
    return heat_j / useful_j_kg


@elementwise
def fuel_burnt_kg(fuel_kg: float, q4_percent: float) -> float:
    """Return the fuel that really burns, eq. (14).

    B_p = B (1 - q4/100)

    Parameters
    ----------
    fuel_kg
        Fuel fired, B [kg].
    q4_percent
        Unburnt carbon in the ash, as a share of the heat [%]; NaN outside 0 ... 100.

    Returns
    -------
    float
        Fuel burnt [kg].

    Notes
    -----
    Source: paper eq. (14).

    Examples
    --------
    >>> round(float(fuel_burnt_kg(100.0, 1.5)), 1)
    98.5
    """
    if q4_percent < 0.0 or q4_percent > 100.0:
        return math.nan
    return fuel_kg * (1.0 - q4_percent / 100.0)
