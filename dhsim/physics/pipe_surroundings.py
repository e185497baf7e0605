"""What a pipe lies in: two pipes in one casing, a duct in the ground, wind over a pipe in the open."""

from __future__ import annotations

import math

import numpy as np

from dhsim.elementwise import elementwise
from dhsim.physics.pipe import soil_resistance_mk_w
from dhsim.units import KELVIN_AT_0_C

FILM_OPEN_AIR_W_M2K = 25.0
"""In the open with nothing said about the wind: `film_wind_w_m2k` gives it for 5 m/s over 0.25 m."""

FILM_DUCT_W_M2K = 10.0
"""In still air, to a pipe's surface or a duct's wall: near 8.5 + 0.05 dT of EN ISO 12241 for non-metal surfaces."""

EMISSIVITY_CASING = 0.9
"""Of polyethylene and of dusty sheet metal; bright galvanised sheet has about 0.25."""

# air at 0 degC and 1013 hPa, VDI heat atlas
_CONDUCTIVITY_AIR_W_MK = 0.0244
_VISCOSITY_AIR_M2_S = 13.5e-6
_PRANDTL_AIR = 0.71
_STEFAN_BOLTZMANN_W_M2K4 = 5.670374e-8


@elementwise
def twin_symmetric_resistance_mk_w(
    diameter_pipe_m: float,
    diameter_insulation_m: float,
    distance_axes_m: float,
    conductivity_insulation_w_mk: float,
    conductivity_soil_w_mk: float,
) -> float:
    """Return what each of two equal pipes in one insulation loses its heat through when both are equally warm.

    ``R_s = (ln(r_c^2 / (2 e r)) + s ln(r_c^4 / (r_c^4 - e^4)) - a^2 / b) / (2 pi lambda)`` with half the distance of
    the axes e, ``s = (lambda - lambda_g) / (lambda + lambda_g)``, ``a = r / (2 e) - 2 s r e^3 / (r_c^4 - e^4)``,
    ``b = 1 + (r / (2 e))^2 + s (2 r r_c^2 e / (r_c^4 - e^4))^2``.

    The resistance of casing and ground comes on top, twice (the heat of both pipes goes through it).

    Parameters
    ----------
    diameter_pipe_m
        Outer diameter of each steel pipe 2 r [m].
    diameter_insulation_m
        Outer diameter of the insulation 2 r_c [m].
    distance_axes_m
        Distance of the two axes 2 e [m].
    conductivity_insulation_w_mk
        Conductivity of the insulation lambda [W/(m K)].
    conductivity_soil_w_mk
        Conductivity of what lies around lambda_g [W/(m K)].

    Returns
    -------
    float
        Resistance of one metre of one pipe [m K/W]. NaN where the pipes overlap or stick out of the insulation.

    Notes
    -----
    Source: P. Wallenten, Steady-state heat loss from insulated pipes, Lund (1991), first-order multipole formula; in
    EN 13941-1 and in Annex 60's Modelica library. Its ground term is left out here. Within 0.3 % of the exact solution
    for twin pipes as they are sold.

    Examples
    --------
    >>> round(float(twin_symmetric_resistance_mk_w(0.0761, 0.225, 0.0961, 0.027, 1.8)), 4)
    6.0155
    """
    pipe_m, casing_m, half_m = 0.5 * diameter_pipe_m, 0.5 * diameter_insulation_m, 0.5 * distance_axes_m
    if not (pipe_m > 0.0 and half_m >= pipe_m and half_m + pipe_m <= casing_m):
        return np.nan
    sigma = (conductivity_insulation_w_mk - conductivity_soil_w_mk) / (
        conductivity_insulation_w_mk + conductivity_soil_w_mk
    )
    gap_m4 = casing_m**4 - half_m**4
    shift = pipe_m / (2.0 * half_m) - 2.0 * sigma * pipe_m * half_m**3 / gap_m4
    weight = 1.0 + (pipe_m / (2.0 * half_m)) ** 2 + sigma * (2.0 * pipe_m * casing_m**2 * half_m / gap_m4) ** 2
    sources = math.log(casing_m**2 / (2.0 * half_m * pipe_m)) + sigma * math.log(casing_m**4 / gap_m4)
    return (sources - shift * shift / weight) / (2.0 * math.pi * conductivity_insulation_w_mk)


@elementwise
def twin_antisymmetric_resistance_mk_w(
    diameter_pipe_m: float,
    diameter_insulation_m: float,
    distance_axes_m: float,
    conductivity_insulation_w_mk: float,
    conductivity_soil_w_mk: float,
) -> float:
    """Return the resistance to the heat that two pipes in one insulation exchange.

    ``R_a = (ln(2 e / r) + s ln((r_c^2 + e^2) / (r_c^2 - e^2)) - a^2 / b) / (2 pi lambda)`` with
    ``a = r / (2 e) + 2 s r r_c^2 e / (r_c^4 - e^4)``,
    ``b = 1 - (r / (2 e))^2 + 2 s r^2 r_c^2 (r_c^4 + e^4) / (r_c^4 - e^4)^2``, e and s as in the symmetric one.

    The warmer pipe gives ``(T_1 - T_2) / (2 R_a)`` beside its symmetric loss; the colder one gets it.

    Parameters
    ----------
    diameter_pipe_m
        Outer diameter of each steel pipe 2 r [m].
    diameter_insulation_m
        Outer diameter of the insulation 2 r_c [m].
    distance_axes_m
        Distance of the two axes 2 e [m].
    conductivity_insulation_w_mk
        Conductivity of the insulation lambda [W/(m K)].
    conductivity_soil_w_mk
        Conductivity of what lies around lambda_g [W/(m K)].

    Returns
    -------
    float
        Resistance of one metre [m K/W]. NaN where the pipes overlap or stick out of the insulation.

    Notes
    -----
    Source: as the symmetric one, for a casing deep in the ground (its surface left out). Up to 8 % above the exact
    solution where the pipes fill the casing (DN 200 in 560 mm); 1 % for small ones.

    Examples
    --------
    >>> round(float(twin_antisymmetric_resistance_mk_w(0.0761, 0.225, 0.0961, 0.027, 1.8)), 4)
    3.24
    """
    pipe_m, casing_m, half_m = 0.5 * diameter_pipe_m, 0.5 * diameter_insulation_m, 0.5 * distance_axes_m
    if not (pipe_m > 0.0 and half_m >= pipe_m and half_m + pipe_m <= casing_m):
        return np.nan
    sigma = (conductivity_insulation_w_mk - conductivity_soil_w_mk) / (
        conductivity_insulation_w_mk + conductivity_soil_w_mk
    )
    gap_m4 = casing_m**4 - half_m**4
    shift = pipe_m / (2.0 * half_m) + 2.0 * sigma * pipe_m * casing_m**2 * half_m / gap_m4
    weight = (
        1.0
        - (pipe_m / (2.0 * half_m)) ** 2
        + 2.0 * sigma * (pipe_m * casing_m) ** 2 * (casing_m**4 + half_m**4) / gap_m4**2
    )
    sources = math.log(2.0 * half_m / pipe_m) + sigma * math.log((casing_m**2 + half_m**2) / (casing_m**2 - half_m**2))
    return (sources - shift * shift / weight) / (2.0 * math.pi * conductivity_insulation_w_mk)


@elementwise
def duct_resistance_mk_w(
    width_m: float, height_m: float, depth_axis_m: float, conductivity_soil_w_mk: float, film_coefficient_w_m2k: float
) -> float:
    """Return the thermal resistance from the air in a duct to the surface of the ground.

    ``R = 1 / (2 (b + h) alpha) + R_soil(D)`` with ``D = 2 b h / (b + h)``

    Parameters
    ----------
    width_m
        Inner width of the duct b [m].
    height_m
        Inner height of the duct h [m].
    depth_axis_m
        Depth of the duct's middle below the surface [m].
    conductivity_soil_w_mk
        Conductivity of the soil [W/(m K)]; the duct's concrete counts as soil.
    film_coefficient_w_m2k
        From the air to the duct's walls alpha [W/(m2 K)].

    Returns
    -------
    float
        Resistance of one metre [m K/W]; all pipes in the duct share it. NaN where the duct would stick out.

    Notes
    -----
    Source: equivalent diameter as in SNiP 2.04.14 (SP 61.13330) and Minenergo's method No. 278 for non-passable ducts;
    the film over the duct's own perimeter.

    Examples
    --------
    >>> round(float(duct_resistance_mk_w(0.9, 0.6, 1.2, 1.5, 10.0)), 4)
    0.2413
    """
    diameter_m = 2.0 * width_m * height_m / (width_m + height_m)
    film_mk_w = 1.0 / (2.0 * (width_m + height_m) * film_coefficient_w_m2k)
    return film_mk_w + soil_resistance_mk_w(diameter_m, depth_axis_m, conductivity_soil_w_mk)


@elementwise
def film_wind_w_m2k(diameter_outer_m: float, speed_wind_m_s: float, temp_air_c: float, emissivity: float) -> float:
    """Return the film coefficient of a pipe in the wind: forced convection and radiation.

    ``h = Nu lambda / D + 4 eps sigma T^3`` with
    ``Nu = 0.3 + 0.62 Re^(1/2) Pr^(1/3) / (1 + (0.4 / Pr)^(2/3))^(1/4) (1 + (Re / 282000)^(5/8))^(4/5)``

    Parameters
    ----------
    diameter_outer_m
        Outer diameter of the casing D [m].
    speed_wind_m_s
        Wind across the pipe [m/s]; from 0.5 up (below, free convection takes over, which is not in here).
    temp_air_c
        Temperature of air and surroundings [degC], for the radiation only; the air's properties are those at 0 degC.
    emissivity
        Of the surface eps [-].

    Returns
    -------
    float
        Film coefficient [W/(m2 K)]. NaN below 0.5 m/s.

    Notes
    -----
    Wind along the pipe and shelter lower it. Source: S. W. Churchill, M. Bernstein, J. Heat Transfer 99 (1977) 300,
    doi:10.1115/1.3450685, for Re Pr > 0.2; radiation linearised for a surface about as warm as the air.

    Examples
    --------
    >>> round(float(film_wind_w_m2k(0.25, 5.0, 0.0, 0.9)), 1)
    24.1
    """
    if not speed_wind_m_s >= 0.5:
        return np.nan
    reynolds = speed_wind_m_s * diameter_outer_m / _VISCOSITY_AIR_M2_S
    front = 0.62 * math.sqrt(reynolds) * math.pow(_PRANDTL_AIR, 1.0 / 3.0)
    front /= math.pow(1.0 + math.pow(0.4 / _PRANDTL_AIR, 2.0 / 3.0), 0.25)
    nusselt = 0.3 + front * math.pow(1.0 + math.pow(reynolds / 282000.0, 0.625), 0.8)
    temp_k = temp_air_c + KELVIN_AT_0_C
    radiation_w_m2k = 4.0 * emissivity * _STEFAN_BOLTZMANN_W_M2K4 * temp_k * temp_k * temp_k
    return nusselt * _CONDUCTIVITY_AIR_W_MK / diameter_outer_m + radiation_w_m2k
