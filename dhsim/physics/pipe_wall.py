"""What a pre-insulated pipe is made of: resistance of its layers, heat capacity of its steel, its volume."""

from __future__ import annotations

import math

import numpy as np

from dhsim.elementwise import elementwise
from dhsim.physics.pipe import layer_resistance_mk_w

CONDUCTIVITY_STEEL_W_MK = 55.0
"""Of carbon steel near 100 degC, W/(m K): EN 1993-1-2, 3.4.1.3, 54 - 0.0333 T is 51 there; 55 as in MoSDH's records.
Its resistance is a thousandth of the insulation's."""

CONDUCTIVITY_CASING_W_MK = 0.40
"""Of high-density polyethylene, W/(m K): the figure that EN 253 products are calculated with."""

DENSITY_STEEL_KG_M3 = 7850.0
"""Of carbon steel: EN 1993-1-1, 3.2.6."""

HEAT_CAPACITY_STEEL_J_KGK = 490.0
"""Of carbon steel near 100 degC: EN 1993-1-2, 3.4.1.2, gives 440 at 20 degC and 488 at 100 degC."""


@elementwise
def construction_resistance_mk_w(
    diameter_inner_m: float,
    diameter_pipe_m: float,
    diameter_insulation_m: float,
    diameter_casing_m: float,
    conductivity_insulation_w_mk: float,
) -> float:
    """Return the thermal resistance of a pre-insulated pipe: steel wall, insulation and casing.

    ``R = (ln(d_o / d_i) / lambda_steel + ln(D_i / d_o) / lambda + ln(D / D_i) / lambda_casing) / (2 pi)``

    Parameters
    ----------
    diameter_inner_m
        Inner diameter of the steel pipe d_i [m].
    diameter_pipe_m
        Outer diameter of the steel pipe d_o [m].
    diameter_insulation_m
        Outer diameter of the insulation D_i [m].
    diameter_casing_m
        Outer diameter of the casing D [m].
    conductivity_insulation_w_mk
        Conductivity of the insulation lambda [W/(m K)].

    Returns
    -------
    float
        Resistance of one metre [m K/W]. NaN unless the diameters ascend.

    Notes
    -----
    Source: Fourier's law in a cylinder; layers add up. The film between water and steel is left out (EN 13941-1 does).

    Examples
    --------
    >>> round(float(construction_resistance_mk_w(0.1071, 0.1143, 0.2182, 0.225, 0.027)), 4)
    3.8238
    """
    return (
        layer_resistance_mk_w(diameter_inner_m, diameter_pipe_m, CONDUCTIVITY_STEEL_W_MK)
        + layer_resistance_mk_w(diameter_pipe_m, diameter_insulation_m, conductivity_insulation_w_mk)
        + layer_resistance_mk_w(diameter_insulation_m, diameter_casing_m, CONDUCTIVITY_CASING_W_MK)
    )


@elementwise
def heat_capacity_wall_j_mk(diameter_inner_m: float, diameter_outer_m: float) -> float:
    """Return the heat capacity of a metre of steel pipe.

    ``C = rho c pi (d_o^2 - d_i^2) / 4``

    Parameters
    ----------
    diameter_inner_m
        Inner diameter d_i [m].
    diameter_outer_m
        Outer diameter of the steel d_o [m].

    Returns
    -------
    float
        Heat capacity of a metre of wall [J/(m K)]. NaN unless d_o >= d_i.

    Notes
    -----
    Insulation and casing are left out: the foam weighs little, and the casing does not follow the water. Source:
    definition; steel after EN 1993-1-1 and 1993-1-2.

    Examples
    --------
    >>> round(float(heat_capacity_wall_j_mk(0.1071, 0.1143)))
    4816
    """
    if not diameter_outer_m >= diameter_inner_m:
        return np.nan
    area_m2 = 0.25 * math.pi * (diameter_outer_m * diameter_outer_m - diameter_inner_m * diameter_inner_m)
    return DENSITY_STEEL_KG_M3 * HEAT_CAPACITY_STEEL_J_KGK * area_m2


@elementwise
def volume_water_m3(diameter_inner_m: float, length_m: float) -> float:
    """Return the volume of water in a pipe.

    ``V = pi d^2 L / 4``

    Parameters
    ----------
    diameter_inner_m
        Inner diameter d [m].
    length_m
        Length L [m].

    Returns
    -------
    float
        Volume [m3].

    Notes
    -----
    Source: geometry.

    Examples
    --------
    >>> round(float(volume_water_m3(0.1071, 100.0)), 4)
    0.9009
    """
    return 0.25 * math.pi * diameter_inner_m * diameter_inner_m * length_m
