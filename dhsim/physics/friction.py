"""What pressure a pipe costs: Darcy-Weisbach with a friction factor for every Reynolds number."""

from __future__ import annotations

import math

from dhsim.elementwise import elementwise

REYNOLDS_LAMINAR = 2300.0
REYNOLDS_TURBULENT = 4000.0
COLEBROOK_CONSTANT = 3.71
"""The usual constant under the relative roughness; some programs use 3.7 or 3.72."""

_REYNOLDS_SMALLEST = 1e-9  # keeps 64/Re finite; the pressure drop is zero long before
_COLEBROOK_FLOW = 2.51
_TWO_PER_LN10 = 2.0 / math.log(10.0)
_ROOT_STEP = 1e-6  # Newton is quadratic: what this step leaves is below 1e-13 of the root


@elementwise
def reynolds(mass_flow_kg_s: float, diameter_m: float, viscosity_pa_s: float) -> float:
    """Return the Reynolds number in a round pipe.

    ``Re = 4 |m| / (pi d mu)``

    Parameters
    ----------
    mass_flow_kg_s
        Mass flow m, either direction [kg/s].
    diameter_m
        Inner diameter d [m].
    viscosity_pa_s
        Dynamic viscosity mu [Pa s].

    Returns
    -------
    float
        Reynolds number [-], not negative.

    Notes
    -----
    Source: definition, with v = m / (rho pi d^2 / 4).

    Examples
    --------
    >>> round(float(reynolds(-10.0, 0.1, 4e-4)))
    318310
    """
    return 4.0 * abs(mass_flow_kg_s) / (math.pi * diameter_m * viscosity_pa_s)


@elementwise
def colebrook_root(reynolds: float, roughness_share: float, root_start: float) -> float:
    """Return the inverse root of Colebrook's friction factor.

    ``x = 1/sqrt(f)`` with ``x = -2 log10(s + 2.51 x / Re)``

    Parameters
    ----------
    reynolds
        Reynolds number Re [-].
    roughness_share
        Relative roughness over Colebrook's constant, s = k/d / C [-].
    root_start
        First guess, or 0 for none [-].

    Returns
    -------
    float
        Inverse root of the friction factor x [-], to machine precision.

    Notes
    -----
    Validity: Re from 2300. Source: as `friction_factor`, by Newton's method.

    Examples
    --------
    >>> round(float(colebrook_root(1e5, 1e-4 / 3.7, 0.0)) ** -2, 5)
    0.01851
    """
    flow_share = _COLEBROOK_FLOW / reynolds
    root = root_start
    if not root > 0.0:
        root = -_TWO_PER_LN10 * math.log(roughness_share + 13.0 / reynolds)
    for _ in range(9):
        inside = roughness_share + flow_share * root
        step = (root + _TWO_PER_LN10 * math.log(inside)) / (1.0 + _TWO_PER_LN10 * flow_share / inside)
        root -= step
        if abs(step) < _ROOT_STEP:
            break
    return root


@elementwise
def colebrook_slope(reynolds: float, roughness_share: float, root: float) -> float:
    """Return the slope of Colebrook's friction factor in the Reynolds number, df/dRe.

    ``f' = -2 x' / x^3`` with the inverse root x of f

    Parameters
    ----------
    reynolds
        Reynolds number Re [-].
    roughness_share
        Relative roughness over Colebrook's constant [-].
    root
        `colebrook_root` at this Reynolds number [-].

    Returns
    -------
    float
        Slope [-], negative.

    Notes
    -----
    Source: the derivative of Colebrook's equation, as `friction_factor`.

    Examples
    --------
    >>> root = colebrook_root(1e5, 1e-4 / 3.7, 0.0)
    >>> round(float(colebrook_slope(1e5, 1e-4 / 3.7, root)) * 1e8, 3)
    -3.46
    """
    flow_share = _COLEBROOK_FLOW / reynolds
    inside = roughness_share + flow_share * root
    root_slope = _TWO_PER_LN10 * flow_share * root / (reynolds * (inside + _TWO_PER_LN10 * flow_share))
    return -2.0 * root_slope / (root * root * root)


@elementwise
def _transition(reynolds: float, roughness_share: float, as_slope: bool) -> float:
    """Return the cubic between laminar and turbulent flow, or its slope in Re."""
    root = colebrook_root(REYNOLDS_TURBULENT, roughness_share, 0.0)
    width = REYNOLDS_TURBULENT - REYNOLDS_LAMINAR
    low, low_slope = 64.0 / REYNOLDS_LAMINAR, -64.0 * width / (REYNOLDS_LAMINAR * REYNOLDS_LAMINAR)
    high, high_slope = 1.0 / (root * root), width * colebrook_slope(REYNOLDS_TURBULENT, roughness_share, root)
    s = (reynolds - REYNOLDS_LAMINAR) / width
    rise = high - low
    square = 3.0 * rise - 2.0 * low_slope - high_slope
    cube = low_slope + high_slope - 2.0 * rise
    if as_slope:
        return (low_slope + s * (2.0 * square + s * 3.0 * cube)) / width
    return low + s * (low_slope + s * (square + s * cube))


@elementwise
def friction_slope(reynolds: float, roughness_share: float, root: float) -> float:
    """Return the slope of Darcy's friction factor in the Reynolds number, df/dRe.

    Parameters
    ----------
    reynolds
        Reynolds number Re [-].
    roughness_share
        Relative roughness over Colebrook's constant [-].
    root
        `colebrook_root` at this Reynolds number; it is used from 4000 on [-].

    Returns
    -------
    float
        Slope [-]; negative but for a part of the transition.

    Notes
    -----
    Source: the derivative of `friction_factor`.

    Examples
    --------
    >>> round(float(friction_slope(1000.0, 1e-4, 0.0)) * 1e6, 6)
    -64.0
    """
    if reynolds <= REYNOLDS_LAMINAR:
        bounded = max(reynolds, _REYNOLDS_SMALLEST)
        return -64.0 / (bounded * bounded)
    if reynolds < REYNOLDS_TURBULENT:
        return _transition(reynolds, roughness_share, True)
    return colebrook_slope(reynolds, roughness_share, root)


@elementwise
def friction_factor(reynolds: float, roughness_rel: float, colebrook_constant: float) -> float:
    """Return Darcy's friction factor.

    Laminar ``f = 64 / Re`` up to 2300; from 4000 on Colebrook, solved to machine precision,
    ``1/sqrt(f) = -2 log10(k/d / C + 2.51 / (Re sqrt(f)))``; between them a cubic in Re with both end slopes.

    Parameters
    ----------
    reynolds
        Reynolds number Re [-].
    roughness_rel
        Roughness over inner diameter k/d [-].
    colebrook_constant
        C, usually 3.71 [-].

    Returns
    -------
    float
        Darcy friction factor f [-]; finite also at Re = 0.

    Notes
    -----
    Validity: k/d from 0 to 0.05. The transition is a convention, not a measurement.
    Source: C. F. Colebrook, J. Inst. Civ. Eng. 11 (1939) 133, doi 10.1680/ijoti.1939.13150; Hagen-Poiseuille.

    Examples
    --------
    >>> round(float(friction_factor(1e5, 1e-4, 3.7)), 5)
    0.01851
    """
    if reynolds <= REYNOLDS_LAMINAR:
        return 64.0 / max(reynolds, _REYNOLDS_SMALLEST)
    share = roughness_rel / colebrook_constant
    if reynolds < REYNOLDS_TURBULENT:
        return _transition(reynolds, share, False)
    root = colebrook_root(reynolds, share, 0.0)
    return 1.0 / (root * root)


@elementwise
def pressure_drop_pa(
    mass_flow_kg_s: float,
    length_m: float,
    diameter_m: float,
    roughness_m: float,
    zeta: float,
    density_kg_m3: float,
    viscosity_pa_s: float,
    colebrook_constant: float,
) -> float:
    """Return the pressure drop of a pipe in the direction of the flow's sign.

    ``dp = (f L / d + zeta) m |m| / (2 rho A^2)``

    Parameters
    ----------
    mass_flow_kg_s
        Mass flow m, positive from start to end [kg/s].
    length_m
        Length L [m].
    diameter_m
        Inner diameter d [m].
    roughness_m
        Sand roughness k [m].
    zeta
        Sum of the loss coefficients of fittings [-].
    density_kg_m3
        Density rho [kg/m3].
    viscosity_pa_s
        Dynamic viscosity [Pa s].
    colebrook_constant
        Colebrook's constant, usually 3.71 [-].

    Returns
    -------
    float
        Pressure at the start minus pressure at the end without height [Pa]; odd in the flow, exactly 0 at 0.

    Notes
    -----
    Source: Darcy-Weisbach.

    Examples
    --------
    >>> round(float(pressure_drop_pa(10.0, 100.0, 0.1, 0.0005, 0.0, 977.8, 4.04e-4, 3.71)))
    25408
    """
    if mass_flow_kg_s == 0.0:
        return 0.0
    area_m2 = 0.25 * math.pi * diameter_m * diameter_m
    number = reynolds(mass_flow_kg_s, diameter_m, viscosity_pa_s)
    factor = friction_factor(number, roughness_m / diameter_m, colebrook_constant)
    lost_heads = factor * length_m / diameter_m + zeta
    return lost_heads * mass_flow_kg_s * abs(mass_flow_kg_s) / (2.0 * density_kg_m3 * area_m2 * area_m2)
