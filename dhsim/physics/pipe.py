"""How much water cools on its way: outlet temperature of a pipe, and U-values per metre.

Steel and casing are in `pipe_wall`; twin pipes, ducts and wind in `pipe_surroundings`.
"""

from __future__ import annotations

import math

import numpy as np

from dhsim.elementwise import elementwise

SURFACE_INSULANCE_GROUND_M2K_W = 0.0685
"""Between ground surface and air, m2 K/W (EN 13941-1); it acts like more cover."""


@elementwise
def outlet_temp_c(
    temp_inlet_c: float,
    temp_ambient_c: float,
    mass_flow_kg_s: float,
    u_w_mk: float,
    length_m: float,
    heat_capacity_j_kgk: float,
) -> float:
    """Return the temperature at the downstream end of a pipe in steady state.

    ``T_out = T_a + (T_in - T_a) exp(-U L / (|m| c))``

    Parameters
    ----------
    temp_inlet_c
        Temperature at the upstream end T_in [degC].
    temp_ambient_c
        Ground or air temperature T_a [degC].
    mass_flow_kg_s
        Mass flow m, either direction [kg/s].
    u_w_mk
        Heat loss per metre and kelvin U [W/(m K)].
    length_m
        Length L [m].
    heat_capacity_j_kgk
        Heat capacity of the water c [J/(kg K)].

    Returns
    -------
    float
        Outlet temperature [degC]; the ambient temperature at zero flow.

    Notes
    -----
    Source: energy balance of plug flow without axial conduction.

    Examples
    --------
    >>> round(float(outlet_temp_c(70.0, 10.0, 1.0, 0.419, 1000.0, 4190.0)), 3)
    64.29
    """
    if mass_flow_kg_s == 0.0:
        return temp_ambient_c
    decay = math.exp(-u_w_mk * length_m / (abs(mass_flow_kg_s) * heat_capacity_j_kgk))
    return temp_ambient_c + (temp_inlet_c - temp_ambient_c) * decay


@elementwise
def layer_resistance_mk_w(diameter_inner_m: float, diameter_outer_m: float, conductivity_w_mk: float) -> float:
    """Return the thermal resistance of a cylindrical layer.

    ``R = ln(D / d) / (2 pi lambda)``

    Parameters
    ----------
    diameter_inner_m
        Inner diameter d [m].
    diameter_outer_m
        Outer diameter D [m].
    conductivity_w_mk
        Conductivity lambda [W/(m K)].

    Returns
    -------
    float
        Resistance of one metre [m K/W]. NaN unless D >= d > 0.

    Notes
    -----
    Source: Fourier's law in a cylinder; layers add up.

    Examples
    --------
    >>> round(float(layer_resistance_mk_w(0.0603, 0.0863, 0.04)), 4)
    1.4264
    """
    if not diameter_outer_m >= diameter_inner_m > 0.0:
        return np.nan
    return math.log(diameter_outer_m / diameter_inner_m) / (2.0 * math.pi * conductivity_w_mk)


@elementwise
def film_resistance_mk_w(diameter_outer_m: float, film_coefficient_w_m2k: float) -> float:
    """Return the thermal resistance between a pipe's surface and the air.

    ``R = 1 / (pi D h)``

    Parameters
    ----------
    diameter_outer_m
        Outer diameter D [m].
    film_coefficient_w_m2k
        Convection and radiation h [W/(m2 K)].

    Returns
    -------
    float
        Resistance of one metre [m K/W].

    Notes
    -----
    Source: definition of the film coefficient.

    Examples
    --------
    >>> round(float(film_resistance_mk_w(0.0863, 5.0)), 4)
    0.7377
    """
    return 1.0 / (math.pi * diameter_outer_m * film_coefficient_w_m2k)


@elementwise
def soil_resistance_mk_w(diameter_casing_m: float, depth_axis_m: float, conductivity_soil_w_mk: float) -> float:
    """Return the thermal resistance between a buried casing and the ground surface.

    ``R = acosh(2 Z / D) / (2 pi lambda)`` with ``Z = depth + 0.0685 lambda``

    Parameters
    ----------
    diameter_casing_m
        Outer diameter of the casing D [m].
    depth_axis_m
        Depth of the pipe's axis below the surface [m].
    conductivity_soil_w_mk
        Conductivity of the soil lambda [W/(m K)]: 1.0 dry to 2.0 moist.

    Returns
    -------
    float
        Resistance of one metre [m K/W]. NaN where the casing would stick out of the ground.

    Notes
    -----
    Source: shape factor of an isothermal cylinder in a half-space; the surface term as in EN 13941-1, which writes the
    same with ln(4 Z / D), good for Z much larger than D.

    Examples
    --------
    >>> round(float(soil_resistance_mk_w(0.25, 1.0, 1.5)), 4)
    0.3042
    """
    depth_m = depth_axis_m + SURFACE_INSULANCE_GROUND_M2K_W * conductivity_soil_w_mk
    if not 2.0 * depth_axis_m >= diameter_casing_m:
        return np.nan
    return math.acosh(2.0 * depth_m / diameter_casing_m) / (2.0 * math.pi * conductivity_soil_w_mk)


@elementwise
def neighbour_resistance_mk_w(depth_axis_m: float, distance_axes_m: float, conductivity_soil_w_mk: float) -> float:
    """Return the coupling resistance of two equal pipes side by side in the ground.

    ``R_h = ln(1 + (2 Z / s)^2) / (4 pi lambda)`` with ``Z = depth + 0.0685 lambda``

    Parameters
    ----------
    depth_axis_m
        Depth of the axes below the surface [m].
    distance_axes_m
        Distance of the axes s [m]; infinite for a single pipe.
    conductivity_soil_w_mk
        Conductivity of the soil lambda [W/(m K)].

    Returns
    -------
    float
        Resistance of one metre [m K/W]; 0 for a single pipe.

    Notes
    -----
    Source: line sources and their mirror images, as in EN 13941-1.

    Examples
    --------
    >>> round(float(neighbour_resistance_mk_w(1.0, 0.4, 1.5)), 4)
    0.1829
    """
    depth_m = depth_axis_m + SURFACE_INSULANCE_GROUND_M2K_W * conductivity_soil_w_mk
    ratio = 2.0 * depth_m / distance_axes_m
    return math.log(1.0 + ratio * ratio) / (4.0 * math.pi * conductivity_soil_w_mk)


@elementwise
def u_buried_w_mk(
    diameter_pipe_m: float,
    diameter_casing_m: float,
    conductivity_insulation_w_mk: float,
    depth_axis_m: float,
    distance_axes_m: float,
    conductivity_soil_w_mk: float,
) -> float:
    """Return the U-value of one pipe of a buried pair of equal pre-insulated pipes.

    ``U = 1 / (R_insulation + R_soil + R_h)``: each pipe loses U (T - T_ground). The sum over the pair is exact for any
    two temperatures; only its split between supply and return is simplified.

    Parameters
    ----------
    diameter_pipe_m
        Outer diameter of the steel pipe [m].
    diameter_casing_m
        Outer diameter of the casing [m]; its thin wall counts as insulation.
    conductivity_insulation_w_mk
        Conductivity of the insulation [W/(m K)].
    depth_axis_m
        Depth of the axes below the surface [m].
    distance_axes_m
        Distance of the axes [m]; infinite for a single pipe.
    conductivity_soil_w_mk
        Conductivity of the soil [W/(m K)].

    Returns
    -------
    float
        Heat loss per metre and kelvin [W/(m K)].

    Notes
    -----
    Source: EN 13941-1, annex on heat loss: the difference U1 - U2 of its two coefficients.

    Examples
    --------
    >>> round(float(u_buried_w_mk(0.1143, 0.25, 0.03, 1.0, 0.4, 1.5)), 4)
    0.2156
    """
    resistance_mk_w = (
        layer_resistance_mk_w(diameter_pipe_m, diameter_casing_m, conductivity_insulation_w_mk)
        + soil_resistance_mk_w(diameter_casing_m, depth_axis_m, conductivity_soil_w_mk)
        + neighbour_resistance_mk_w(depth_axis_m, distance_axes_m, conductivity_soil_w_mk)
    )
    return 1.0 / resistance_mk_w


@elementwise
def u_above_ground_w_mk(
    diameter_pipe_m: float,
    diameter_casing_m: float,
    conductivity_insulation_w_mk: float,
    film_coefficient_w_m2k: float,
) -> float:
    """Return the U-value of an insulated pipe in air.

    ``U = 1 / (R_insulation + R_film)``

    Parameters
    ----------
    diameter_pipe_m
        Outer diameter of the steel pipe [m].
    diameter_casing_m
        Outer diameter of the insulation [m].
    conductivity_insulation_w_mk
        Conductivity of the insulation [W/(m K)].
    film_coefficient_w_m2k
        Convection and radiation at the surface [W/(m2 K)]: 5 ... 10 indoors, about 25 in wind.

    Returns
    -------
    float
        Heat loss per metre and kelvin [W/(m K)].

    Notes
    -----
    Source: resistances in series.

    Examples
    --------
    >>> round(float(u_above_ground_w_mk(0.0603, 0.0863, 0.04, 5.0)), 3)
    0.462
    """
    insulation_mk_w = layer_resistance_mk_w(diameter_pipe_m, diameter_casing_m, conductivity_insulation_w_mk)
    return 1.0 / (insulation_mk_w + film_resistance_mk_w(diameter_casing_m, film_coefficient_w_m2k))
