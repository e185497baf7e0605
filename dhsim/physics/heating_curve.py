"""Which network temperatures carry the heat, eqs. (2)-(6), for any secondary flow.

All functions use the arithmetic radiator head: ``T_r = t_n + dt q^m - 0.5 theta q / g`` with the relative load q, the
flow relative to design g, the mean radiator head dt, the radiator drop theta and the network drop dtau at design, and
the curve's exponent m = 1/n of the radiators. With the design values 150/95/70 degC and a room of 20 degC:
dt = 62.5 K, theta = 25 K, dtau = 80 K.
"""

from __future__ import annotations

import math

import numpy as np

from dhsim.elementwise import elementwise

_BISECTIONS = 60  # halves 0 ... 1 down to 1e-18: below one ulp of any load that matters


@elementwise
def supply_temp_c(
    load_rel: float,
    flow_rel: float,
    temp_indoor_c: float,
    head_design_k: float,
    drop_radiator_k: float,
    drop_network_k: float,
    exponent: float,
) -> float:
    """Return the supply temperature of the network that keeps the rooms at t_n.

    ``T_s = t_n + dt q^m + (dtau - 0.5 theta) q / g``

    Parameters
    ----------
    load_rel
        Load relative to design q [-].
    flow_rel
        Secondary flow relative to design g [-].
    temp_indoor_c
        Room temperature t_n [degC].
    head_design_k
        Mean radiator head at design dt [K].
    drop_radiator_k
        Radiator drop at design theta [K].
    drop_network_k
        Network drop at design dtau [K].
    exponent
        Curve exponent m = 1/n [-].

    Returns
    -------
    float
        Supply temperature [degC]. t_n at q = 0; NaN for q < 0, or for q > 0 without flow.

    Notes
    -----
    Source: eq. (2) of doi 10.3390/en18112772 is the case g = 1; the quotient q/g follows from a constant mixing ratio.

    Examples
    --------
    >>> round(float(supply_temp_c(1.0, 1.0, 20.0, 62.5, 25.0, 80.0, 0.8)), 2)
    150.0
    """
    if load_rel == 0.0:
        return temp_indoor_c
    if load_rel < 0.0 or flow_rel <= 0.0:
        return np.nan
    mean = temp_indoor_c + head_design_k * math.pow(load_rel, exponent)
    return mean + (drop_network_k - 0.5 * drop_radiator_k) * load_rel / flow_rel


@elementwise
def return_temp_c(
    load_rel: float,
    flow_rel: float,
    temp_indoor_c: float,
    head_design_k: float,
    drop_radiator_k: float,
    drop_network_k: float,
    exponent: float,
) -> float:
    """Return the return temperature that belongs to `supply_temp_c`.

    ``T_r = t_n + dt q^m - 0.5 theta q / g``

    Parameters
    ----------
    load_rel
        Load relative to design q [-].
    flow_rel
        Secondary flow relative to design g [-].
    temp_indoor_c
        Room temperature t_n [degC].
    head_design_k
        Mean radiator head at design dt [K].
    drop_radiator_k
        Radiator drop at design theta [K].
    drop_network_k
        Network drop at design dtau [K]; without effect, so that the arguments equal those of `supply_temp_c`.
    exponent
        Curve exponent m = 1/n [-].

    Returns
    -------
    float
        Return temperature [degC]. t_n at q = 0; NaN for q < 0, or for q > 0 without flow.

    Notes
    -----
    Source: eq. (3) of doi 10.3390/en18112772 is the case g = 1.

    Examples
    --------
    >>> round(float(return_temp_c(1.0, 1.0, 20.0, 62.5, 25.0, 80.0, 0.8)), 2)
    70.0
    """
    if load_rel == 0.0:
        return temp_indoor_c
    if load_rel < 0.0 or flow_rel <= 0.0:
        return np.nan
    return temp_indoor_c + head_design_k * math.pow(load_rel, exponent) - 0.5 * drop_radiator_k * load_rel / flow_rel


@elementwise
def radiator_supply_temp_c(
    load_rel: float,
    flow_rel: float,
    temp_indoor_c: float,
    head_design_k: float,
    drop_radiator_k: float,
    exponent: float,
) -> float:
    """Return the supply temperature of the radiators, after the jet pump.

    ``T_3 = T_r + theta q / g``

    Parameters
    ----------
    load_rel
        Load relative to design q [-].
    flow_rel
        Secondary flow relative to design g [-].
    temp_indoor_c
        Room temperature t_n [degC].
    head_design_k
        Mean radiator head at design dt [K].
    drop_radiator_k
        Radiator drop at design theta [K].
    exponent
        Curve exponent m = 1/n [-].

    Returns
    -------
    float
        Radiator supply temperature [degC]. t_n at q = 0; NaN for q < 0, or for q > 0 without flow.

    Notes
    -----
    Source: eqs. (3) and (5) of doi 10.3390/en18112772.

    Examples
    --------
    >>> round(float(radiator_supply_temp_c(1.0, 1.0, 20.0, 62.5, 25.0, 0.8)), 2)
    95.0
    """
    if load_rel == 0.0:
        return temp_indoor_c
    if load_rel < 0.0 or flow_rel <= 0.0:
        return np.nan
    return temp_indoor_c + head_design_k * math.pow(load_rel, exponent) + 0.5 * drop_radiator_k * load_rel / flow_rel


@elementwise
def flow_of_supply_rel(
    load_rel: float,
    temp_supply_c: float,
    temp_indoor_c: float,
    head_design_k: float,
    drop_radiator_k: float,
    drop_network_k: float,
    exponent: float,
) -> float:
    """Return the relative flow at which the curve asks for a given supply temperature.

    ``g = (dtau - 0.5 theta) q / (T_s - t_n - dt q^m)``

    Parameters
    ----------
    load_rel
        Load relative to design q [-].
    temp_supply_c
        Supply temperature T_s [degC].
    temp_indoor_c
        Room temperature t_n [degC].
    head_design_k
        Mean radiator head at design dt [K].
    drop_radiator_k
        Radiator drop at design theta [K].
    drop_network_k
        Network drop at design dtau [K].
    exponent
        Curve exponent m = 1/n [-].

    Returns
    -------
    float
        Flow relative to design [-]. 0 at q = 0; infinite where no flow is enough; NaN for q < 0.

    Notes
    -----
    Source: the inverse of `supply_temp_c` in g.

    Examples
    --------
    >>> round(float(flow_of_supply_rel(15.0 / 57.0, 70.0, 20.0, 62.5, 25.0, 80.0, 0.8)), 2)
    0.62
    """
    if load_rel == 0.0:
        return 0.0
    if load_rel < 0.0:
        return np.nan
    spare_k = temp_supply_c - temp_indoor_c - head_design_k * math.pow(load_rel, exponent)
    if spare_k <= 0.0:
        return np.inf
    return (drop_network_k - 0.5 * drop_radiator_k) * load_rel / spare_k


@elementwise
def change_point_temp_c(
    temp_floor_c: float,
    temp_indoor_c: float,
    temp_design_outdoor_c: float,
    head_design_k: float,
    drop_radiator_k: float,
    drop_network_k: float,
    exponent: float,
) -> float:
    """Return the CPT: the outdoor temperature at which the design curve (g = 1) meets the floor.

    ``t_n + dt q^m + (dtau - 0.5 theta) q = T_floor`` by bisection in q, then ``CPT = t_n - q (t_n - DOT)``

    Parameters
    ----------
    temp_floor_c
        Floor of the supply temperature [degC].
    temp_indoor_c
        Room temperature t_n [degC].
    temp_design_outdoor_c
        Design outdoor temperature DOT [degC].
    head_design_k
        Mean radiator head at design dt [K].
    drop_radiator_k
        Radiator drop at design theta [K].
    drop_network_k
        Network drop at design dtau [K].
    exponent
        Curve exponent m = 1/n [-].

    Returns
    -------
    float
        Change-point temperature [degC], to 1e-10 K. t_n if the floor is at or below t_n; NaN if it is above the
        design supply.

    Notes
    -----
    Source: eqs. (1) and (2) of doi 10.3390/en18112772; the paper prints +0.3 degC.

    Examples
    --------
    >>> round(float(change_point_temp_c(70.0, 20.0, -37.0, 62.5, 25.0, 80.0, 0.8)), 2)
    0.32
    """
    slope_k = drop_network_k - 0.5 * drop_radiator_k
    rise_k = temp_floor_c - temp_indoor_c
    if rise_k <= 0.0:
        return temp_indoor_c
    if np.isnan(rise_k) or rise_k > head_design_k + slope_k:
        return np.nan
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        if head_design_k * math.pow(middle, exponent) + slope_k * middle < rise_k:
            low = middle
        else:
            high = middle
    return temp_indoor_c - high * (temp_indoor_c - temp_design_outdoor_c)


@elementwise
def operational_supply_temp_c(
    temp_outdoor_c: float, cpt_c: float, temp_floor_c: float, temp_outdoor_cap_c: float, temp_cap_c: float
) -> float:
    """Return the supply temperature of the operational line: floor, straight line, cap.

    Parameters
    ----------
    temp_outdoor_c
        Outdoor temperature [degC].
    cpt_c
        Outdoor temperature at and above which the floor holds [degC].
    temp_floor_c
        Floor of the supply temperature [degC].
    temp_outdoor_cap_c
        Outdoor temperature at and below which the cap holds [degC].
    temp_cap_c
        Cap of the supply temperature [degC].

    Returns
    -------
    float
        Supply temperature [degC]. NaN unless the CPT is above `temp_outdoor_cap_c`.

    Notes
    -----
    Source: 70 degC at +0.3 degC and 110 degC at -28 degC are stated in doi 10.3390/en18112772; the straight line
    between them is the simplest reading, since -28 degC is not on the curve of eq. (2).

    Examples
    --------
    >>> round(float(operational_supply_temp_c(-8.0, 0.3, 70.0, -28.0, 110.0)), 1)
    81.7
    """
    if not cpt_c > temp_outdoor_cap_c:
        return np.nan
    if temp_outdoor_c >= cpt_c:
        return temp_floor_c
    if temp_outdoor_c <= temp_outdoor_cap_c:
        return temp_cap_c
    return temp_floor_c + (temp_cap_c - temp_floor_c) * (cpt_c - temp_outdoor_c) / (cpt_c - temp_outdoor_cap_c)
