"""How warm the heating water leaves a counterflow exchanger."""

from __future__ import annotations

import math

import numpy as np

from dhsim.elementwise import elementwise

_ITERATIONS = 60


@elementwise
def lmtd_k(dt_a_k: float, dt_b_k: float) -> float:
    """Return the logarithmic mean of two temperature differences.

    ``(a - b) / ln(a / b)``

    Parameters
    ----------
    dt_a_k
        Difference at one end a [K].
    dt_b_k
        Difference at the other end b [K].

    Returns
    -------
    float
        Logarithmic mean [K]; 0 if one of them is 0, NaN if one is negative. Full accuracy also at a = b.

    Notes
    -----
    Source: exact for constant heat capacity flows and U, counterflow or parallel flow.

    Examples
    --------
    >>> round(float(lmtd_k(20.0, 10.0)), 4)
    14.427
    """
    low, high = min(dt_a_k, dt_b_k), max(dt_a_k, dt_b_k)
    if np.isnan(dt_a_k) or np.isnan(dt_b_k) or low < 0.0:
        return np.nan
    if low == 0.0:
        return 0.0
    gap = high - low
    if gap == 0.0:
        return high
    if gap < low:
        return gap / math.log1p(gap / low)
    return gap / (math.log(high) - math.log(low))


@elementwise
def _bernoulli_inverse(value: float) -> float:
    """Return s <= 0 with s / (e^s - 1) = value, for value >= 1."""
    if value > 40.0:  # e^s is below half an ulp
        return -value
    s = max(2.0 * (1.0 - value), -value)  # left of the root; the function is convex: Newton climbs to it monotonically
    for _ in range(_ITERATIONS):
        if abs(s) < 1e-4:
            current, slope = 1.0 - s * (0.5 - s / 12.0), -0.5 + s / 6.0
        else:
            grown = math.expm1(s)
            current = s / grown
            slope = (1.0 - current * (1.0 + grown)) / grown
        step = (current - value) / slope
        s -= step
        if abs(step) <= 1e-9 * (1.0 + abs(s)):
            break
    return min(s, 0.0)


@elementwise
def _mean_inverse(value: float) -> float:
    """Return s >= 0 with (e^s - 1) / s = value, for value >= 1."""
    value_log = math.log(value)
    s = 2.0 * value_log  # right of the root; the logarithm is convex: Newton comes down to it monotonically
    for _ in range(_ITERATIONS):
        if s < 1e-4:
            off, slope = s * (0.5 + s / 24.0) - value_log, 0.5 + s / 12.0
        else:
            grown = -math.expm1(-s)
            off, slope = s + math.log(grown / s) - value_log, 1.0 / grown - 1.0 / s
        s -= off / slope
        if abs(off) <= 1e-9 * (1.0 + s):
            break
    return max(s, 0.0)


@elementwise
def hot_return_temp_c(
    temp_hot_in_c: float, temp_cold_in_c: float, temp_cold_out_c: float, heat_flow_w: float, ua_w_k: float
) -> float:
    """Return the hot outlet temperature of a counterflow exchanger of given UA and duty.

    Solves ``Q = UA (a - b) / ln(a / b)`` for b, with a = T_hot_in - T_cold_out and b = T_hot_out - T_cold_in.

    Parameters
    ----------
    temp_hot_in_c
        Hot inlet [degC].
    temp_cold_in_c, temp_cold_out_c
        Cold inlet, and cold outlet that control holds [degC].
    heat_flow_w, ua_w_k
        Duty Q [W] and UA of the exchanger [W/K].

    Returns
    -------
    float
        Hot outlet [degC]; the cold inlet at Q = 0. NaN where the duty is out of reach: the hot inlet is not above the
        cold outlet, or the hot water would have to leave warmer than it came.

    Notes
    -----
    Source: LMTD method; with s = ln(b/a) the equation is s/(e^s - 1) = UA a / Q, solved by Newton's method.

    Examples
    --------
    >>> round(float(hot_return_temp_c(70.0, 5.0, 60.0, 14427.0, 1000.0)), 2)
    25.0
    """
    hot_end_k = temp_hot_in_c - temp_cold_out_c
    if heat_flow_w < 0.0 or hot_end_k <= 0.0 or ua_w_k <= 0.0:
        return np.nan
    if heat_flow_w == 0.0:
        return temp_cold_in_c
    mean_k = heat_flow_w / ua_w_k
    if mean_k <= hot_end_k:
        cold_end_k = hot_end_k * math.exp(_bernoulli_inverse(hot_end_k / mean_k))
    elif mean_k <= temp_hot_in_c - temp_cold_in_c:
        cold_end_k = hot_end_k * math.exp(_mean_inverse(mean_k / hot_end_k))
    else:  # a mean is never above both ends
        return np.nan
    if not cold_end_k <= temp_hot_in_c - temp_cold_in_c:
        return np.nan
    return temp_cold_in_c + cold_end_k


@elementwise
def ua_for_w_k(
    temp_hot_in_c: float, temp_hot_out_c: float, temp_cold_in_c: float, temp_cold_out_c: float, heat_flow_w: float
) -> float:
    """Return the UA that a counterflow exchanger needs.

    ``UA = Q / LMTD``

    Parameters
    ----------
    temp_hot_in_c
        Hot inlet [degC].
    temp_hot_out_c
        Hot outlet [degC].
    temp_cold_in_c
        Cold inlet [degC].
    temp_cold_out_c
        Cold outlet [degC].
    heat_flow_w
        Duty Q [W].

    Returns
    -------
    float
        UA [W/K]. NaN where the temperatures cross or touch.

    Notes
    -----
    Source: LMTD method.

    Examples
    --------
    >>> round(float(ua_for_w_k(70.0, 25.0, 5.0, 60.0, 14427.0)), 1)
    1000.0
    """
    mean_k = lmtd_k(temp_hot_in_c - temp_cold_out_c, temp_hot_out_c - temp_cold_in_c)
    if not mean_k > 0.0:
        return np.nan
    return heat_flow_w / mean_k
