"""How a thermostatic radiator valve answers the room: sensor with lag, play in the stem, proportional band, valve.

The set-point is the room temperature at which the valve stands at its nominal opening; it closes in line over the
proportional band above it. That is how heads are rated: by the flow at 2 K below the temperature that closes them
(EN 215, S - 2 K); valves with a preset hardly let more through when it is colder still, so the opening ends at 1.
"""

from __future__ import annotations

import math

import numpy as np

from dhsim.elementwise import elementwise


@elementwise
def sensor_next_c(temp_sensor_c: float, temp_room_c: float, lag_s: float, step_s: float) -> float:
    """Return the temperature of the sensor after a step in a room of constant temperature.

    ``T_s' = T + (T_s - T) exp(-dt / tau)``

    Parameters
    ----------
    temp_sensor_c
        Sensor at the start of the step T_s [degC].
    temp_room_c
        Room T [degC].
    lag_s
        Time constant of the head tau [s]; 0 for none.
    step_s
        Time step dt [s].

    Returns
    -------
    float
        Temperature of the sensor [degC].

    Notes
    -----
    The hot valve and the radiator beside the head are left out. Source: first-order lag, exact.

    Examples
    --------
    >>> round(float(sensor_next_c(20.0, 22.0, 1200.0, 1200.0)), 4)
    21.2642
    """
    if lag_s <= 0.0:
        return temp_room_c
    return temp_room_c + (temp_sensor_c - temp_room_c) * math.exp(-step_s / lag_s)


@elementwise
def stem_next_c(temp_stem_c: float, temp_sensor_c: float, hysteresis_k: float) -> float:
    """Return the temperature that the stem stands for, which trails the sensor's by half the hysteresis.

    ``min(max(T_stem, T_s - h/2), T_s + h/2)``

    Parameters
    ----------
    temp_stem_c
        What the stem stood for before [degC].
    temp_sensor_c
        Sensor T_s [degC].
    hysteresis_k
        Width of the loop h between opening and closing at the same opening [K].

    Returns
    -------
    float
        Temperature [degC]. NaN for a negative width.

    Notes
    -----
    Source: the play operator of mechanical backlash; EN 215 bounds its width by 1 K.

    Examples
    --------
    >>> [float(stem_next_c(20.0, t, 0.5)) for t in (20.2, 20.75, 19.0)]
    [20.0, 20.5, 19.25]
    """
    if not hysteresis_k >= 0.0:
        return np.nan
    half_k = 0.5 * hysteresis_k
    if temp_stem_c < temp_sensor_c - half_k:
        return temp_sensor_c - half_k
    if temp_stem_c > temp_sensor_c + half_k:
        return temp_sensor_c + half_k
    return temp_stem_c


@elementwise
def opening_rel(temp_stem_c: float, temp_set_c: float, band_k: float) -> float:
    """Return the opening of the valve.

    ``1 - (T_stem - T_set) / X_p``, not below 0 and not above 1

    Parameters
    ----------
    temp_stem_c
        What the stem stands for T_stem [degC].
    temp_set_c
        Set-point T_set [degC].
    band_k
        Proportional band X_p [K]; 0 for an on-off valve.

    Returns
    -------
    float
        Opening [-]. NaN for a negative band.

    Notes
    -----
    Validity: mechanical heads, X_p = 1 ... 2 K. Source: EN 215 rates a valve at 2 K below the closing temperature.

    Examples
    --------
    >>> [float(opening_rel(t, 21.0, 2.0)) for t in (20.0, 22.0, 23.5)]
    [1.0, 0.5, 0.0]
    """
    if not band_k >= 0.0:
        return np.nan
    if temp_stem_c <= temp_set_c:
        return 1.0
    if temp_stem_c >= temp_set_c + band_k:
        return 0.0
    return 1.0 - (temp_stem_c - temp_set_c) / band_k


@elementwise
def conductance_share_rel(opening_rel: float, exponent: float, leakage_rel: float) -> float:
    """Return the flow coefficient of the valve over the one at nominal opening (its preset).

    ``Kv / Kv_preset = l + (1 - l) h^a``

    Parameters
    ----------
    opening_rel
        Opening h [-].
    exponent
        Shape of the characteristic a; 1 for a linear one [-].
    leakage_rel
        What a closed valve still lets through l [-].

    Returns
    -------
    float
        Share of the flow coefficient [-]. NaN for an opening outside 0 ... 1.

    Notes
    -----
    Validity: Kv against temperature deviation is close to a straight line up to the nominal point in data sheets of
    radiator valves with preset. Source: definition.

    Examples
    --------
    >>> float(conductance_share_rel(0.5, 1.0, 0.0))
    0.5
    """
    if not 0.0 <= opening_rel <= 1.0:
        return np.nan
    if opening_rel == 1.0:
        return 1.0
    return leakage_rel + (1.0 - leakage_rel) * math.pow(opening_rel, exponent)


@elementwise
def resistance_factor_rel(conductance_share_rel: float, valve_share_rel: float) -> float:
    """Return the resistance of a part that holds the valve, over the one at nominal opening.

    ``1 - a + a / s^2``

    Parameters
    ----------
    conductance_share_rel
        Flow coefficient of the valve over its nominal one s [-].
    valve_share_rel
        What share of the part's resistance is the valve's at nominal opening a [-]: 1 where the part is the valve.

    Returns
    -------
    float
        Factor [-]; infinite for a closed valve.

    Notes
    -----
    Source: resistances in series, each in proportion to 1/Kv^2.

    Examples
    --------
    >>> [float(resistance_factor_rel(s, 0.6)) for s in (1.0, 0.5)]
    [1.0, 2.8]
    """
    if valve_share_rel == 0.0:
        return 1.0
    if conductance_share_rel <= 0.0:
        return np.inf
    return 1.0 - valve_share_rel + valve_share_rel / (conductance_share_rel * conductance_share_rel)
