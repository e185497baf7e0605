"""Undisturbed ground temperature."""

from __future__ import annotations

import math

from dhsim.elementwise import elementwise
from dhsim.units import S_PER_DAY

DAYS_PER_YEAR = 365.25


@elementwise
def ground_temp_c(
    day_of_year: float,
    temp_mean_c: float,
    amplitude_k: float,
    day_coldest: float,
    depth_m: float,
    diffusivity_m2_s: float,
) -> float:
    """Return the undisturbed ground temperature at a depth.

    T = T_mean - A exp(-z/d) cos(2 pi/365.25 (day - day_coldest) - z/d), d = sqrt(2 a/omega)

    Parameters
    ----------
    day_of_year
        Day of the year, may be fractional.
    temp_mean_c
        Annual mean of the surface temperature [degC].
    amplitude_k
        Half the yearly swing of the surface temperature [K].
    day_coldest
        Day of the coldest surface.
    depth_m
        Depth [m], 0 ... 20.
    diffusivity_m2_s
        Thermal diffusivity of the soil [m2/s], typically 0.4e-6 ... 1.0e-6.

    Returns
    -------
    float
        Ground temperature [degC].

    Notes
    -----
    Source: conduction into a half space under a sinusoidal surface temperature (Carslaw and Jaeger, Conduction of Heat
    in Solids, section 2.6); the form is Kusuda and Achenbach's (ASHRAE Transactions 71(1), 1965).

    Examples
    --------
    >>> round(float(ground_temp_c(20.0, 2.0, 18.0, 20.0, 0.0, 6e-7)), 6)
    -16.0
    """
    omega = 2.0 * math.pi / (DAYS_PER_YEAR * S_PER_DAY)
    ratio = depth_m * math.sqrt(omega / (2.0 * diffusivity_m2_s))
    phase = 2.0 * math.pi * (day_of_year - day_coldest) / DAYS_PER_YEAR - ratio
    return temp_mean_c - amplitude_k * math.exp(-ratio) * math.cos(phase)
