"""What a jet pump (hydro-elevator) mixes, and what pressure it needs."""

from __future__ import annotations

import math

import numpy as np

from dhsim.elementwise import elementwise
from dhsim.units import KG_PER_T, S_PER_H

_PA_PER_M_WATER = 9806.65
_DP_FACTOR = 1.4
_NOZZLE_MM = 9.6


@elementwise
def mixing_ratio(temp_supply_c: float, temp_mixed_c: float, temp_return_c: float) -> float:
    """Return the mixing ratio: return water drawn in over network water.

    ``u = (T_1 - T_3) / (T_3 - T_2)``

    Parameters
    ----------
    temp_supply_c
        Network supply temperature T_1 [degC].
    temp_mixed_c
        Radiator supply temperature T_3 [degC].
    temp_return_c
        Return temperature T_2 [degC].

    Returns
    -------
    float
        Mixing ratio [-]. NaN unless T_1 >= T_3 > T_2.

    Notes
    -----
    Source: heat balance of the mixture; with eq. (6) of doi 10.3390/en18112772.

    Examples
    --------
    >>> float(mixing_ratio(150.0, 95.0, 70.0))
    2.2
    """
    if not temp_supply_c >= temp_mixed_c > temp_return_c:
        return np.nan
    return (temp_supply_c - temp_mixed_c) / (temp_mixed_c - temp_return_c)


@elementwise
def mixed_temp_c(temp_supply_c: float, temp_return_c: float, mixing_ratio: float) -> float:
    """Return the temperature after the jet pump.

    ``T_3 = (T_1 + u T_2) / (1 + u)``

    Parameters
    ----------
    temp_supply_c
        Network supply temperature T_1 [degC].
    temp_return_c
        Return temperature T_2 [degC].
    mixing_ratio
        Mixing ratio u [-].

    Returns
    -------
    float
        Radiator supply temperature [degC]. NaN for u < 0.

    Notes
    -----
    Source: heat balance at constant heat capacity.

    Examples
    --------
    >>> round(float(mixed_temp_c(150.0, 70.0, 2.2)), 6)
    95.0
    """
    if mixing_ratio < 0.0:
        return np.nan
    return (temp_supply_c + mixing_ratio * temp_return_c) / (1.0 + mixing_ratio)


@elementwise
def dp_needed_pa(dp_circuit_pa: float, mixing_ratio: float) -> float:
    """Return the differential pressure that a jet pump needs before its nozzle.

    ``H = 1.4 h (1 + u)^2``

    Parameters
    ----------
    dp_circuit_pa
        Pressure loss of the building circuit behind the jet pump h [Pa].
    mixing_ratio
        Mixing ratio u [-].

    Returns
    -------
    float
        Differential pressure needed [Pa]. NaN for u < 0 or h < 0.

    Notes
    -----
    Source: the design rule of Soviet heating practice (E. Ya. Sokolov, Teplofikatsiya i teplovye seti; 1.4 is its
    margin for the losses inside the jet pump), quoted from memory.

    Examples
    --------
    >>> round(float(dp_needed_pa(10e3, 2.2)))
    143360
    """
    if mixing_ratio < 0.0 or dp_circuit_pa < 0.0:
        return np.nan
    return _DP_FACTOR * dp_circuit_pa * (1.0 + mixing_ratio) ** 2


@elementwise
def nozzle_diameter_mm(mass_flow_kg_s: float, dp_pa: float) -> float:
    """Return the nozzle diameter that passes a flow at a differential pressure.

    ``d = 9.6 (G^2 / H)^(1/4)``, G in t/h, H in metres of water

    Parameters
    ----------
    mass_flow_kg_s
        Network water through the nozzle [kg/s].
    dp_pa
        Differential pressure before the jet pump [Pa].

    Returns
    -------
    float
        Nozzle diameter [mm]. NaN for a negative flow or a differential pressure that is not positive.

    Notes
    -----
    Source: the same design rule as `dp_needed_pa`, quoted from memory. It is a free jet ``v = phi sqrt(2 g H)`` with
    phi = 0.87 at 1000 kg/m3; nozzles of practice are at least 3 mm wide.

    Examples
    --------
    >>> round(float(nozzle_diameter_mm(0.9, 143360.0)), 2)
    8.84
    """
    if mass_flow_kg_s < 0.0 or dp_pa <= 0.0:
        return np.nan
    flow_t_h = mass_flow_kg_s * S_PER_H / KG_PER_T
    head_m = dp_pa / _PA_PER_M_WATER
    return _NOZZLE_MM * math.sqrt(math.sqrt(flow_t_h * flow_t_h / head_m))
