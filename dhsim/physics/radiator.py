"""How much heat a radiator gives, and how cold its water leaves.

The heat is ``Q = Q_D (excess / excess_D)^n`` (EN 442) with the logarithmic or the arithmetic mean excess temperature.
"""

from __future__ import annotations

import math

import numpy as np

from dhsim.elementwise import elementwise
from dhsim.physics.exchanger import lmtd_k

_ITERATIONS = 50
_LAST_STEP = 1e-7  # Newton is quadratic here: a step this small leaves an error near 1e-15


@elementwise
def excess_log_mean_k(temp_supply_c: float, temp_return_c: float, temp_room_c: float) -> float:
    """Return the logarithmic mean excess temperature.

    ``(T_3 - T_2) / ln((T_3 - T_room) / (T_2 - T_room))``

    Parameters
    ----------
    temp_supply_c
        Radiator supply T_3 [degC].
    temp_return_c
        Radiator return T_2 [degC].
    temp_room_c
        Room temperature [degC].

    Returns
    -------
    float
        Excess temperature [K]; 0 where the return is at room temperature, NaN where one of both is below it.

    Notes
    -----
    Source: EN 442-2, logarithmic excess temperature.

    Examples
    --------
    >>> round(float(excess_log_mean_k(75.0, 65.0, 20.0)), 3)
    49.833
    """
    return lmtd_k(temp_supply_c - temp_room_c, temp_return_c - temp_room_c)


@elementwise
def excess_arithmetic_k(temp_supply_c: float, temp_return_c: float, temp_room_c: float) -> float:
    """Return the arithmetic mean excess temperature.

    ``(T_3 + T_2) / 2 - T_room``

    Parameters
    ----------
    temp_supply_c
        Radiator supply T_3 [degC].
    temp_return_c
        Radiator return T_2 [degC].
    temp_room_c
        Room temperature [degC].

    Returns
    -------
    float
        Excess temperature [K].

    Notes
    -----
    Validity: ``(T_2 - T_room) / (T_3 - T_room) > 0.7`` by EN 442; below, it gives too much heat. Eqs. (2)-(4) of
    doi 10.3390/en18112772 use it. Source: EN 442-2.

    Examples
    --------
    >>> float(excess_arithmetic_k(95.0, 70.0, 20.0))
    62.5
    """
    return 0.5 * (temp_supply_c + temp_return_c) - temp_room_c


@elementwise
def heat_flow_of_excess_w(excess_k: float, heat_design_w: float, excess_design_k: float, exponent: float) -> float:
    """Return the heat of a radiator at a mean excess temperature.

    ``Q = Q_D (excess / excess_D)^n``

    Parameters
    ----------
    excess_k
        Mean excess temperature [K].
    heat_design_w
        Design heat Q_D [W].
    excess_design_k
        Mean excess temperature at design [K].
    exponent
        Radiator exponent n [-].

    Returns
    -------
    float
        Heat flow [W]. NaN for a negative excess temperature.

    Notes
    -----
    Validity: n = 1.2 ... 1.4 for radiators, 1.0 ... 1.1 for floor heating. Source: EN 442-2, characteristic equation.

    Examples
    --------
    >>> round(float(heat_flow_of_excess_w(31.25, 1000.0, 62.5, 1.25)), 1)
    420.4
    """
    if excess_k < 0.0:
        return np.nan
    return heat_design_w * math.pow(excess_k / excess_design_k, exponent)


@elementwise
def _share_log_mean(strength: float, return_share: float, exponent: float) -> float:
    """Return x = Q / Q_max with the log-mean head.

    With w = ln(excess of supply / excess of return) the equation is ``w = B x(w)^p``, p = 1 - 1/n and
    ``x(w) = (1 - e^-w) / (1 - k e^-w)``. In logarithms its slope lies between 1/n and 1 everywhere, so that Newton's
    method needs about three steps from any start. `strength` is B, `return_share` is 1 - k.
    """
    power = 1.0 - 1.0 / exponent
    log_strength = math.log(strength)
    w = strength
    if strength < return_share:  # far from saturation x is about w / (1 - k)
        w = return_share * math.pow(strength / return_share, exponent)
    for _ in range(_ITERATIONS):
        loss = -math.expm1(-w)
        below = return_share + (1.0 - return_share) * loss
        share = loss / below
        slope = 1.0 - power * w * (1.0 - loss) * return_share / (loss * below)
        step = (math.log(w) - log_strength - power * math.log(share)) / slope
        if abs(step) < _LAST_STEP:
            loss = -math.expm1(-w * (1.0 - step))
            return loss / (return_share + (1.0 - return_share) * loss)
        w *= math.exp(-max(-50.0, min(step, 50.0)))
    return np.nan


@elementwise
def _share_arithmetic(strength: float, return_share: float, exponent: float) -> float:
    """Return x = Q / Q_max with the arithmetic head.

    With y = x^(1/n) the equation is ``a y + h y^n = 1``, a = (1 - k) / B and h = (1 + k) / 2: increasing and convex,
    so that Newton's method comes down to the root monotonically. `strength` is B, `return_share` is 1 - k.
    """
    steepness = return_share / strength
    half = 1.0 - 0.5 * return_share
    if steepness + half <= 1.0:  # the head would draw more than the water holds
        return 1.0
    y = 1.0 / (steepness + half)
    for _ in range(_ITERATIONS):
        power = math.pow(y, exponent - 1.0)
        step = (y * (steepness + half * power) - 1.0) / (steepness + exponent * half * power)
        y -= step
        if abs(step) < _LAST_STEP * y:
            return math.pow(y, exponent)
    return np.nan


@elementwise
def heat_flow_w(
    temp_supply_c: float,
    mass_flow_kg_s: float,
    mixing_ratio: float,
    temp_room_free_c: float,
    room_rise_k_w: float,
    heat_design_w: float,
    excess_design_k: float,
    exponent: float,
    log_mean: float,
    heat_capacity_j_kgk: float,
) -> float:
    """Return the heat of a building's radiators, with the jet pump and the room's answer solved inside.

    ``Q = Q_D (excess / excess_D)^n`` with ``T_2 = T_s - Q / (m c)``, ``T_3 = (T_s + u T_2) / (1 + u)`` and
    ``T_room = T_free + R Q``

    Parameters
    ----------
    temp_supply_c, mass_flow_kg_s, mixing_ratio
        Supply T_s [degC] and flow m [kg/s] before the jet pump, and its mixing ratio u [-], 0 without one.
    temp_room_free_c, room_rise_k_w
        Room at the end of the step without radiator heat T_free [degC], and its rise per watt R [K/W].
    heat_design_w, excess_design_k, exponent
        Design heat Q_D [W] at the mean excess temperature [K] and radiator exponent n [-].
    log_mean
        1 for the logarithmic, 0 for the arithmetic mean excess temperature (the design excess likewise).
    heat_capacity_j_kgk
        Heat capacity of the water c [J/(kg K)].

    Returns
    -------
    float
        Heat flow [W], to about 1e-14 relative. 0 where the supply is not above the room or nothing flows. At most
        ``(T_s - T_free) / (1/(m c) + R)``: the water leaves at room temperature; the arithmetic head would pass that
        at very low flow. NaN for n < 1, u < 0, R < 0 and a negative design.

    Notes
    -----
    Source: EN 442-2 and heat balances. With x = Q / Q_max and E = T_s - T_free both excess temperatures are linear in
    x, ``E (1 - k x)`` and ``E (1 - x)``; one equation in x remains.

    Examples
    --------
    >>> round(float(heat_flow_w(150.0, 300e3 / 4190.0 / 80.0, 2.2, 20.0, 0.0, 300e3, 62.5, 1.25, 0.0, 4190.0)), 3)
    300000.0
    """
    drive_k = temp_supply_c - temp_room_free_c
    capacity_w_k = mass_flow_kg_s * heat_capacity_j_kgk
    if drive_k <= 0.0 or capacity_w_k <= 0.0 or heat_design_w == 0.0:
        return 0.0
    if not (mixing_ratio >= 0.0 and room_rise_k_w >= 0.0 and exponent >= 1.0 and heat_design_w > 0.0):
        return np.nan
    damping = 1.0 + capacity_w_k * room_rise_k_w
    largest_w = drive_k * capacity_w_k / damping
    return_share = 1.0 / ((1.0 + mixing_ratio) * damping)
    strength = return_share * drive_k / excess_design_k * math.pow(heat_design_w / largest_w, 1.0 / exponent)
    if not strength > 0.0:
        return np.nan
    if log_mean != 0.0:
        return largest_w * _share_log_mean(strength, return_share, exponent)
    return largest_w * _share_arithmetic(strength, return_share, exponent)
