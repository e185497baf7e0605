"""When water boils: saturation pressure and boiling temperature."""

from __future__ import annotations

import math

import numpy as np

from dhsim.elementwise import elementwise
from dhsim.units import KELVIN_AT_0_C, PA_PER_MPA

ATMOSPHERIC_PRESSURE_PA = 101325.0
"""Standard atmosphere: overpressure plus this is the absolute pressure."""

_TEMP_MAX_C = 180.0
_PRESSURE_MIN_PA = 611.2
_PRESSURE_MAX_PA = 1.00281e6
_N1, _N2, _N3, _N4, _N5 = 1167.0521452767, -724213.16703206, -17.073846940092, 12020.82470247, -3232555.0322333
_N6, _N7, _N8, _N9, _N10 = 14.91510861353, -4823.2657361591, 405113.40542057, -0.23855557567849, 650.17534844798


@elementwise
def saturation_pressure_pa(temp_c: float) -> float:
    """Return the absolute pressure below which water of a temperature boils.

    ``p = (2 C / (-B + sqrt(B^2 - 4 A C)))^4`` MPa with quadratics A, B, C in ``theta = T + n9 / (T - n10)``, T in K

    Parameters
    ----------
    temp_c
        Water temperature [degC].

    Returns
    -------
    float
        Saturation pressure, absolute [Pa]. NaN outside 0 ... 180 degC.

    Notes
    -----
    Accuracy: the equation itself, so IAPWS-IF97's own; it lies within 0.025 % of the scientific formulation.
    Source: IAPWS-IF97 (R7-97), region 4, eq. (30) and table 34.

    Examples
    --------
    >>> round(float(saturation_pressure_pa(150.0)))
    476101
    """
    if not 0.0 <= temp_c <= _TEMP_MAX_C:
        return np.nan
    temp_k = temp_c + KELVIN_AT_0_C
    theta = temp_k + _N9 / (temp_k - _N10)
    a = theta * (theta + _N1) + _N2
    b = theta * (_N3 * theta + _N4) + _N5
    c = theta * (_N6 * theta + _N7) + _N8
    root = 2.0 * c / (-b + math.sqrt(b * b - 4.0 * a * c))
    return PA_PER_MPA * (root * root) * (root * root)


@elementwise
def boiling_temp_c(pressure_absolute_pa: float) -> float:
    """Return the temperature at which water under an absolute pressure boils.

    ``T = (n10 + D - sqrt((n10 + D)^2 - 4 (n9 + n10 D))) / 2`` K, the inverse of `saturation_pressure_pa`;
    D from quadratics E, F, G in the fourth root of the pressure

    Parameters
    ----------
    pressure_absolute_pa
        Absolute pressure [Pa].

    Returns
    -------
    float
        Boiling temperature [degC]. NaN outside 0.0006 ... 1.0028 MPa (0 ... 180 degC).

    Notes
    -----
    Source: IAPWS-IF97 (R7-97), region 4, eq. (31); the same coefficients as the saturation pressure.

    Examples
    --------
    >>> round(float(boiling_temp_c(101325.0)), 2)
    99.97
    """
    if not _PRESSURE_MIN_PA <= pressure_absolute_pa <= _PRESSURE_MAX_PA:
        return np.nan
    beta = math.sqrt(math.sqrt(pressure_absolute_pa / PA_PER_MPA))
    e = beta * (beta + _N3) + _N6
    f = beta * (_N1 * beta + _N4) + _N7
    g = beta * (_N2 * beta + _N5) + _N8
    d = 2.0 * g / (-f - math.sqrt(f * f - 4.0 * e * g))
    total = _N10 + d
    return 0.5 * (total - math.sqrt(total * total - 4.0 * (_N9 + _N10 * d))) - KELVIN_AT_0_C
