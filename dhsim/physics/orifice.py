"""What a hole in a plate burns: orifice plates after ISO 5167, and the throttle washer of Soviet practice."""

from __future__ import annotations

import math

import numpy as np

from dhsim.elementwise import elementwise
from dhsim.physics.friction import reynolds
from dhsim.units import KG_PER_T, S_PER_H

DIAMETER_MIN_MM = 3.0
"""Holes and nozzles narrower than this clog."""

_BETA_MAX = 0.75
_BETA_MIN = 1e-4  # only where the search for a diameter begins
_REYNOLDS_MIN = 5000.0
_SMALL_PIPE_M = 0.07112
_M_PER_INCH = 0.0254
_PA_PER_M_WATER = 9806.65
_WASHER_MM = 10.0


@elementwise
def discharge_coefficient(beta: float, diameter_pipe_m: float, reynolds: float) -> float:
    """Return the discharge coefficient of a sharp orifice plate with corner taps.

    ``C = 0.5961 + 0.0261 b^2 - 0.216 b^8 + 0.000521 (1e6 b / Re)^0.7 + (0.0188 + 0.0063 A) b^3.5 (1e6 / Re)^0.3``
    with ``A = (19000 b / Re)^0.8``, plus ``0.011 (0.75 - b) (2.8 - D / 25.4 mm)`` in pipes narrower than 71 mm

    Parameters
    ----------
    beta
        Diameter of the hole over that of the pipe b [-].
    diameter_pipe_m
        Inner diameter of the pipe D [m].
    reynolds
        Reynolds number of the pipe Re [-].

    Returns
    -------
    float
        Discharge coefficient C [-]. NaN outside 0 < b <= 0.75 or for Re < 5000.

    Notes
    -----
    Validity: the standard asks for D = 50 ... 1000 mm, a hole of 12.5 mm and b of 0.1 at least; below, the equation is
    carried on (it tends to 0.596, as a hole in a wide wall does), without the standard's 0.5 % but good for a throttle.
    Source: Reader-Harris/Gallagher equation, ISO 5167-2:2003, 5.3.2.1, eq. (4).

    Examples
    --------
    >>> round(float(discharge_coefficient(0.5, 0.1, 1e5)), 4)
    0.6069
    """
    if not (0.0 < beta <= _BETA_MAX and reynolds >= _REYNOLDS_MIN):
        return np.nan
    beta2 = beta * beta
    beta8 = beta2 * beta2 * beta2 * beta2
    large: float = (19000.0 * beta / reynolds) ** 0.8
    coefficient: float = 0.5961 + 0.0261 * beta2 - 0.216 * beta8 + 0.000521 * (1e6 * beta / reynolds) ** 0.7
    coefficient += (0.0188 + 0.0063 * large) * beta2 * beta * math.sqrt(beta) * (1e6 / reynolds) ** 0.3
    if diameter_pipe_m < _SMALL_PIPE_M:
        coefficient += 0.011 * (0.75 - beta) * (_SMALL_PIPE_M - diameter_pipe_m) / _M_PER_INCH
    return coefficient


@elementwise
def loss_share_rel(beta: float, discharge_coefficient: float) -> float:
    """Return which part of an orifice plate's differential pressure is lost for good.

    ``(sqrt(1 - b^4 (1 - C^2)) - C b^2) / (sqrt(1 - b^4 (1 - C^2)) + C b^2)``

    Parameters
    ----------
    beta
        Diameter of the hole over that of the pipe b [-].
    discharge_coefficient
        Discharge coefficient C [-].

    Returns
    -------
    float
        Lost share [-]: near 1 for a small hole, 0.45 at b = 0.75. NaN outside 0 ... 1 of either.

    Notes
    -----
    Source: ISO 5167-2:2003, 5.4.1, eq. (7); about ``1 - b^1.9``.

    Examples
    --------
    >>> round(float(loss_share_rel(0.5, 0.606)), 3)
    0.732
    """
    if not (0.0 <= beta <= 1.0 and 0.0 <= discharge_coefficient <= 1.0):
        return np.nan
    recovered = discharge_coefficient * beta * beta
    root = math.sqrt(1.0 - beta**4 * (1.0 - discharge_coefficient * discharge_coefficient))
    return (root - recovered) / (root + recovered)


@elementwise
def pressure_loss_pa(
    mass_flow_kg_s: float,
    diameter_hole_m: float,
    diameter_pipe_m: float,
    density_kg_m3: float,
    viscosity_pa_s: float,
) -> float:
    """Return the lasting pressure loss of an orifice plate in the direction of the flow's sign.

    ``dp = share (1 - b^4) m |m| / (2 rho (C A)^2)``, A the area of the hole

    Parameters
    ----------
    mass_flow_kg_s
        Mass flow m [kg/s].
    diameter_hole_m
        Diameter of the hole [m].
    diameter_pipe_m
        Inner diameter of the pipe [m].
    density_kg_m3
        Density of the water rho [kg/m3].
    viscosity_pa_s
        Dynamic viscosity [Pa s].

    Returns
    -------
    float
        Pressure upstream minus pressure some six pipe diameters downstream [Pa]; 0 at zero flow. NaN for a hole wider
        than 0.75 pipe diameters or a Reynolds number below 5000.

    Notes
    -----
    Validity: no cavitation. Source: ISO 5167-2:2003, with ISO 5167-1:2003, eq. (1).

    Examples
    --------
    >>> round(float(pressure_loss_pa(5.0, 0.05, 0.1, 977.8, 4.04e-4)))
    6200
    """
    if mass_flow_kg_s == 0.0:
        return 0.0
    beta = diameter_hole_m / diameter_pipe_m
    number = reynolds(mass_flow_kg_s, diameter_pipe_m, viscosity_pa_s)
    coefficient = discharge_coefficient(beta, diameter_pipe_m, number)
    effective_m2 = coefficient * 0.25 * math.pi * diameter_hole_m * diameter_hole_m
    dp_taps_pa = (1.0 - beta**4) * mass_flow_kg_s * abs(mass_flow_kg_s) / (2.0 * density_kg_m3 * effective_m2**2)
    return loss_share_rel(beta, coefficient) * dp_taps_pa


@elementwise
def plate_conductance_kg_s_pa05(
    mass_flow_kg_s: float,
    diameter_hole_m: float,
    diameter_pipe_m: float,
    density_kg_m3: float,
    viscosity_pa_s: float,
) -> float:
    """Return the conductance K of an orifice plate near a flow, so that ``m = K sqrt(dp)``.

    ``K = |m| / sqrt(|dp|)``, dp from `pressure_loss_pa`

    Parameters
    ----------
    mass_flow_kg_s
        Mass flow m at which it is wanted, not 0 [kg/s].
    diameter_hole_m
        Diameter of the hole [m].
    diameter_pipe_m
        Inner diameter of the pipe [m].
    density_kg_m3
        Density of the water [kg/m3].
    viscosity_pa_s
        Dynamic viscosity [Pa s].

    Returns
    -------
    float
        Conductance [kg/s/Pa^0.5]; it hardly moves with the flow. NaN where `pressure_loss_pa` is, or at zero flow.

    Notes
    -----
    Source: the inverse of `pressure_loss_pa`.

    Examples
    --------
    >>> round(float(plate_conductance_kg_s_pa05(5.0, 0.05, 0.1, 977.8, 4.04e-4)), 5)
    0.06350
    """
    if mass_flow_kg_s == 0.0:
        return np.nan
    loss_pa = pressure_loss_pa(mass_flow_kg_s, diameter_hole_m, diameter_pipe_m, density_kg_m3, viscosity_pa_s)
    return abs(mass_flow_kg_s) / math.sqrt(abs(loss_pa))


@elementwise
def plate_diameter_m(
    mass_flow_kg_s: float, dp_pa: float, diameter_pipe_m: float, density_kg_m3: float, viscosity_pa_s: float
) -> float:
    """Return the hole of an orifice plate that burns a pressure at a flow.

    The root of ``pressure_loss_pa(m, d) = dp``, which falls as d grows

    Parameters
    ----------
    mass_flow_kg_s
        Mass flow m [kg/s].
    dp_pa
        Pressure to lose for good [Pa].
    diameter_pipe_m
        Inner diameter of the pipe [m].
    density_kg_m3
        Density of the water [kg/m3].
    viscosity_pa_s
        Dynamic viscosity [Pa s].

    Returns
    -------
    float
        Diameter of the hole [m]. NaN where the pressure is not positive, the Reynolds number is below 5000, or so
        little is to be lost that the hole would exceed 0.75 pipe diameters.

    Notes
    -----
    Source: the inverse of `pressure_loss_pa`.

    Examples
    --------
    >>> round(float(plate_diameter_m(5.0, 6200.0, 0.1, 977.8, 4.04e-4)), 4)
    0.05
    """
    flow_kg_s = abs(mass_flow_kg_s)
    if not dp_pa > 0.0 or flow_kg_s == 0.0:
        return np.nan
    low, high = math.log(_BETA_MIN), math.log(_BETA_MAX)
    least_pa = pressure_loss_pa(
        flow_kg_s, _BETA_MAX * diameter_pipe_m * (1.0 - 1e-15), diameter_pipe_m, density_kg_m3, viscosity_pa_s
    )
    if not least_pa <= dp_pa:
        return np.nan
    for _ in range(60):
        middle = 0.5 * (low + high)
        hole_m = math.exp(middle) * diameter_pipe_m
        if pressure_loss_pa(flow_kg_s, hole_m, diameter_pipe_m, density_kg_m3, viscosity_pa_s) > dp_pa:
            low = middle
        else:
            high = middle
    return math.exp(0.5 * (low + high)) * diameter_pipe_m


@elementwise
def washer_diameter_mm(mass_flow_kg_s: float, dp_pa: float) -> float:
    """Return the hole of a throttle washer that burns a pressure at a flow.

    ``d = 10 (G^2 / H)^(1/4)``, G in t/h, H in metres of water

    Parameters
    ----------
    mass_flow_kg_s
        Mass flow [kg/s].
    dp_pa
        Pressure to burn [Pa].

    Returns
    -------
    float
        Diameter of the hole [mm]. NaN for a negative flow or a pressure that is not positive.

    Notes
    -----
    Validity: a hole much narrower than the pipe; which pipe does not enter. The 10 stands for ``C = 0.80`` of lasting
    loss in water of 1000 kg/m3; a sharp plate after ISO 5167 has 0.60 where it is small in its pipe (its hole is then
    15 % wider), 0.73 at half the pipe's diameter and more above: the two rules differ, and neither is trimmed here.
    Source: the rule of Soviet practice for throttle diaphragms (SP 41-101-95, section 4; at least 3 mm, or several in
    series), quoted from memory.

    Examples
    --------
    >>> round(float(washer_diameter_mm(1.0, 98066.5)), 2)
    10.67
    """
    if mass_flow_kg_s < 0.0 or not dp_pa > 0.0:
        return np.nan
    flow_t_h = mass_flow_kg_s * S_PER_H / KG_PER_T
    return _WASHER_MM * math.sqrt(math.sqrt(flow_t_h * flow_t_h * _PA_PER_M_WATER / dp_pa))


@elementwise
def washer_conductance_kg_s_pa05(diameter_mm: float) -> float:
    """Return the conductance K of a throttle washer, so that ``m = K sqrt(dp)``.

    ``G = (d / 10)^2 sqrt(H)``, the inverse of `washer_diameter_mm`

    Parameters
    ----------
    diameter_mm
        Diameter of the hole [mm].

    Returns
    -------
    float
        Conductance [kg/s/Pa^0.5]. NaN for a negative diameter.

    Notes
    -----
    Source: as `washer_diameter_mm`.

    Examples
    --------
    >>> round(float(washer_conductance_kg_s_pa05(10.0)) * 98066.5**0.5, 4)
    0.8784
    """
    if diameter_mm < 0.0:
        return np.nan
    return (diameter_mm / _WASHER_MM) ** 2 * KG_PER_T / S_PER_H / math.sqrt(_PA_PER_M_WATER)
