"""A radiator whose water and steel hold heat: its body warms and cools, with the log-mean heat of EN 442 at rest.

One state, the mean temperature of the body B. With ' for the end of a step, X = B' - T_room and E = T_s - T_room:

``C (B' - B) / dt = P - Q``,  ``Q = Q_D (X / X_D)^n``,  ``P = m c (T_s - T_2)``

The return T_2 is the one whose logarithmic mean with the supply is X, so that a steady radiator is the one of
`dhsim.physics.radiator`. A body that is warmer than its supply or colder than the room has no such return: there the
water leaves at the body's temperature, which joins the other law without a jump. Outside this module a tuple of three
floats is taken: heat to the room, body at the end of the step, and how the heat falls with a warmer room.
"""

from __future__ import annotations

import math

import numpy as np

from dhsim.elementwise import compiled, elementwise
from dhsim.physics.radiator import heat_flow_w

_ITERATIONS = 60
_LAST_STEP = 1e-9
_UNITS_SMALL = 1e-4  # below it the series is exact to machine precision


@elementwise
def mean_share(units: float) -> float:
    """Return the log-mean excess over the supply's excess.

    ``g(w) = (1 - e^-w) / w`` with ``w = ln(E / E_return)``

    Parameters
    ----------
    units
        Transfer units w [-], not negative.

    Returns
    -------
    float
        Share [-], 1 at w = 0.

    Notes
    -----
    Source: the logarithmic mean of E and E e^-w.

    Examples
    --------
    >>> round(float(mean_share(1.0)), 6)
    0.632121
    """
    if units < _UNITS_SMALL:
        return 1.0 - 0.5 * units + units * units / 6.0
    return -math.expm1(-units) / units


@elementwise
def mean_share_slope(units: float) -> float:
    """Return the derivative of `mean_share` in w.

    ``g'(w) = (e^-w - g) / w``

    Parameters
    ----------
    units
        Transfer units w [-], not negative.

    Returns
    -------
    float
        Slope [-], negative.

    Notes
    -----
    Source: the derivative.

    Examples
    --------
    >>> round(float(mean_share_slope(1.0)), 6)
    -0.264241
    """
    if units < _UNITS_SMALL:
        return -0.5 + units / 3.0 - units * units / 8.0
    return (math.exp(-units) - mean_share(units)) / units


@compiled
def steady_heat(
    temp_supply_c: float,
    temp_room_c: float,
    capacity_w_k: float,
    heat_design_w: float,
    excess_design_k: float,
    exponent: float,
) -> tuple[float, float]:
    """Return heat [W] and its fall with a warmer room [W/K] of a radiator without thermal mass.

    Parameters
    ----------
    temp_supply_c, temp_room_c
        Supply and room [degC].
    capacity_w_k
        Capacity flow of the water m c [W/K].
    heat_design_w, excess_design_k, exponent
        Design heat [W] at a log-mean excess [K] and radiator exponent [-].

    Returns
    -------
    tuple of float
        Heat [W] as `dhsim.physics.radiator.heat_flow_w` has it, and -dQ/dT_room [W/K].

    Examples
    --------
    >>> [round(part, 1) for part in steady_heat(75.0, 20.0, 50.0, 1000.0, 50.0, 1.3)]
    [886.2, 19.9]
    """
    # with a flow of capacity_w_k and c = 1
    heat_w = heat_flow_w(
        temp_supply_c, capacity_w_k, 0.0, temp_room_c, 0.0, heat_design_w, excess_design_k, exponent, 1.0, 1.0
    )
    excess_k = temp_supply_c - temp_room_c
    if not heat_w > 0.0:
        return heat_w, 0.0
    share = heat_w / (capacity_w_k * excess_k)
    if share >= 1.0:
        return heat_w, capacity_w_k
    units = -math.log1p(-share)
    left = (1.0 - share) / share
    gain = 1.0 + left * (exponent - 1.0) / (exponent / units - (exponent - 1.0) * left)
    return heat_w, heat_w / excess_k * gain


@compiled
def body_step(
    temp_body_c: float,
    temp_supply_c: float,
    temp_room_c: float,
    capacity_w_k: float,
    store_w_k: float,
    heat_design_w: float,
    excess_design_k: float,
    exponent: float,
) -> tuple[float, float, float]:
    """Return heat to the room [W], body at the end of the step [degC], and the heat's fall with a warmer room [W/K].

    Parameters
    ----------
    temp_body_c
        Body at the start of the step [degC].
    temp_supply_c, temp_room_c
        Supply during the step and room at its end [degC].
    capacity_w_k
        Capacity flow of the water m c [W/K]; 0 for none.
    store_w_k
        Heat capacity of water and steel over the time step C/dt [W/K], positive.
    heat_design_w, excess_design_k, exponent
        Design heat [W] at a log-mean excess [K] and radiator exponent [-].

    Returns
    -------
    tuple of float
        Heat [W], body [degC], slope [W/K]; NaN where no solution was found.

    Examples
    --------
    >>> [round(part, 1) for part in body_step(60.0, 75.0, 20.0, 50.0, 20.0, 1000.0, 50.0, 1.3)]
    [865.0, 64.7, 20.6]
    """
    emission = heat_design_w / math.pow(excess_design_k, exponent)
    start_k = temp_body_c - temp_room_c
    supply_k = temp_supply_c - temp_room_c
    # what the body's balance leaves over at X = E and at X = 0: the signs tell which law holds
    at_supply_w = store_w_k * (supply_k - start_k) + emission * math.pow(max(supply_k, 0.0), exponent)
    at_room_w = -store_w_k * start_k - capacity_w_k * supply_k
    if supply_k > 0.0 and at_supply_w > 0.0 and at_room_w < 0.0:
        return _log_mean_step(start_k, supply_k, temp_room_c, capacity_w_k, store_w_k, emission, exponent)
    excess_k = (store_w_k * start_k + capacity_w_k * supply_k) / (store_w_k + capacity_w_k)
    found = False
    for _ in range(_ITERATIONS):
        size = abs(excess_k)
        given_w = math.copysign(emission * math.pow(size, exponent), excess_k)
        slope = emission * exponent * math.pow(size, exponent - 1.0)
        left_w = store_w_k * (excess_k - start_k) - capacity_w_k * (supply_k - excess_k) + given_w
        step_k = left_w / (store_w_k + capacity_w_k + slope)
        excess_k -= step_k
        if abs(step_k) <= _LAST_STEP * (1.0 + size):
            found = True
            break
    if not found:
        return np.nan, np.nan, np.nan
    taken_w = capacity_w_k * (supply_k - excess_k)
    slope = emission * exponent * math.pow(abs(excess_k), exponent - 1.0)
    both = store_w_k + capacity_w_k
    return taken_w - store_w_k * (excess_k - start_k), temp_room_c + excess_k, slope * both / (both + slope)


@compiled
def _log_mean_step(
    start_k: float,
    supply_k: float,
    temp_room_c: float,
    capacity_w_k: float,
    store_w_k: float,
    emission: float,
    exponent: float,
) -> tuple[float, float, float]:
    """Solve for w, in which the balance falls from a positive to a negative value: Newton inside a bracket."""
    share = min(max(start_k / supply_k, 0.02), 0.98)
    units = 2.0 * (1.0 - share) / share
    low, high = 0.0, np.inf
    found = False
    for _ in range(_ITERATIONS):
        mean, mean_slope = mean_share(units), mean_share_slope(units)
        excess_k = supply_k * mean
        given_w = emission * math.pow(excess_k, exponent)
        left_w = store_w_k * (excess_k - start_k) - capacity_w_k * excess_k * units + given_w
        if left_w > 0.0:
            low = units
        else:
            high = units
        slope = supply_k * mean_slope * (store_w_k + exponent * given_w / excess_k)
        slope -= capacity_w_k * supply_k * math.exp(-units)
        step = left_w / slope
        if abs(step) <= _LAST_STEP * units:
            units -= step
            found = True
            break
        new = units - step
        if not low < new < high:
            new = 2.0 * units + 1.0 if high == np.inf else 0.5 * (low + high)
        units = new
    if not found:
        return np.nan, np.nan, np.nan
    mean, mean_slope = mean_share(units), mean_share_slope(units)
    excess_k = supply_k * mean
    taken_w = capacity_w_k * excess_k * units
    heat_slope = emission * exponent * math.pow(excess_k, exponent - 1.0)
    left = math.exp(-units)
    taken_by_excess = capacity_w_k * left / mean_slope
    taken_by_supply = capacity_w_k * (mean * units - left * mean / mean_slope)
    slope = heat_slope * (store_w_k + taken_by_supply) / (store_w_k - taken_by_excess + heat_slope)
    return taken_w - store_w_k * (excess_k - start_k), temp_room_c + excess_k, slope
