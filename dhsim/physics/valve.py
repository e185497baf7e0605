"""What a valve lets through."""

from __future__ import annotations

import math

import numpy as np

from dhsim.elementwise import elementwise
from dhsim.units import PA_PER_BAR, S_PER_H

_REFERENCE_DENSITY_KG_M3 = 1000.0  # kvs is defined with cold water


@elementwise
def conductance_kg_s_pa05(kvs_m3_h: float, density_kg_m3: float) -> float:
    """Return the conductance K of a valve, so that ``m = K sqrt(dp)``.

    From ``V = kvs sqrt(dp / 1 bar * 1000 / rho)``: ``K = kvs / 3600 * sqrt(1000 rho / 1e5)``

    Parameters
    ----------
    kvs_m3_h
        Flow of cold water at 1 bar [m3/h].
    density_kg_m3
        Density of the water rho [kg/m3].

    Returns
    -------
    float
        Conductance [kg/s/Pa^0.5]. NaN for negative inputs.

    Notes
    -----
    Validity: turbulent flow without cavitation. Source: IEC 60534-2-1.

    Examples
    --------
    >>> round(float(conductance_kg_s_pa05(36.0, 1000.0)) * 1e5**0.5, 9)
    10.0
    """
    if kvs_m3_h < 0.0 or density_kg_m3 < 0.0:
        return np.nan
    return kvs_m3_h / S_PER_H * math.sqrt(_REFERENCE_DENSITY_KG_M3 * density_kg_m3 / PA_PER_BAR)


@elementwise
def pressure_drop_pa(mass_flow_kg_s: float, conductance_kg_s_pa05: float) -> float:
    """Return the pressure drop of a valve in the direction of the flow's sign.

    ``dp = m |m| / K^2``

    Parameters
    ----------
    mass_flow_kg_s
        Mass flow m [kg/s].
    conductance_kg_s_pa05
        Conductance K [kg/s/Pa^0.5].

    Returns
    -------
    float
        Pressure drop [Pa]; 0 at zero flow, infinite for flow through a closed valve, NaN for K < 0.

    Notes
    -----
    Source: the inverse of `conductance_kg_s_pa05`.

    Examples
    --------
    >>> float(pressure_drop_pa(-2.0, 0.01))
    -40000.0
    """
    if conductance_kg_s_pa05 < 0.0:
        return np.nan
    if mass_flow_kg_s == 0.0:
        return 0.0
    if conductance_kg_s_pa05 == 0.0:
        return math.copysign(np.inf, mass_flow_kg_s)
    speed = mass_flow_kg_s / conductance_kg_s_pa05
    return speed * abs(speed)
