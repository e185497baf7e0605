"""Density, viscosity and heat capacity of liquid water at 0 ... 150 degC.

Polynomials of the fifth degree in ``z = (t - 75) / 75``, fitted to IAPWS-IF97 (density, heat capacity) and the IAPWS
viscosity formulation of 2008 at 0.6 MPa; between 0.2 and 1.6 MPa the density moves by less than 0.1 %.
"""

from __future__ import annotations

import math

import numpy as np

from dhsim.elementwise import elementwise

HEAT_CAPACITY_WATER_J_KGK = 4190.0
"""Heat capacity that eq. (7) uses, J/(kg K): water at about 75 degC."""
REFERENCE_DENSITY_WATER_KG_M3 = 977.8
"""Density at 70 degC, kg/m3."""

GRAVITY_M_S2 = 9.80665
"""Standard gravity, m/s2: what a metre of water weighs."""
_MIDDLE_C = 75.0
_TEMP_MAX_C = 150.0


@elementwise
def density_kg_m3(temp_c: float) -> float:
    """Return the density of water.

    Parameters
    ----------
    temp_c
        Water temperature [degC].

    Returns
    -------
    float
        Density [kg/m3], within 0.01 % of IAPWS-IF97 at 0.6 MPa. NaN outside 0 ... 150 degC.

    Notes
    -----
    Source: own fit to IAPWS-IF97 (R7-97).

    Examples
    --------
    >>> round(float(density_kg_m3(70.0)), 1)
    978.0
    """
    if not 0.0 <= temp_c <= _TEMP_MAX_C:
        return np.nan
    z = (temp_c - _MIDDLE_C) / _MIDDLE_C
    return 975.066 + z * (-44.7828 + z * (-14.489 + z * (2.37576 + z * (-1.94876 + z * 0.883052))))


@elementwise
def dynamic_viscosity_pa_s(temp_c: float) -> float:
    """Return the dynamic viscosity of water.

    Parameters
    ----------
    temp_c
        Water temperature [degC].

    Returns
    -------
    float
        Dynamic viscosity [Pa s], within 0.3 % of IAPWS 2008 at 0.6 MPa. NaN outside 0 ... 150 degC.

    Notes
    -----
    Source: own fit of the logarithm to IAPWS R12-08.

    Examples
    --------
    >>> round(float(dynamic_viscosity_pa_s(70.0)) * 1e6)
    404
    """
    if not 0.0 <= temp_c <= _TEMP_MAX_C:
        return np.nan
    z = (temp_c - _MIDDLE_C) / _MIDDLE_C
    return math.exp(-7.88122 + z * (-0.981648 + z * (0.330203 + z * (-0.110943 + z * (0.0824153 - z * 0.0482132)))))


@elementwise
def heat_capacity_j_kgk(temp_c: float) -> float:
    """Return the isobaric heat capacity of water.

    Parameters
    ----------
    temp_c
        Water temperature [degC].

    Returns
    -------
    float
        Heat capacity [J/(kg K)], within 0.1 % of IAPWS-IF97 at 0.6 MPa. NaN outside 0 ... 150 degC.

    Notes
    -----
    Source: own fit to IAPWS-IF97 (R7-97).

    Examples
    --------
    >>> round(float(heat_capacity_j_kgk(75.0)))
    4191
    """
    if not 0.0 <= temp_c <= _TEMP_MAX_C:
        return np.nan
    z = (temp_c - _MIDDLE_C) / _MIDDLE_C
    return 4190.87 + z * (54.1324 + z * (50.481 + z * (11.887 + z * (20.1858 - z * 18.6668))))
