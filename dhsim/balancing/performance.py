"""How well flows fit the flats: performance proxy, angle, feed-forward gain, and what a change of flows may bring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dhsim.balancing.bounds import Box, best_case, numbers, power_of_two, supply_box, worst_case
from dhsim.errors import DhsimError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Performance:
    """The proxy at the present flows and its exact range after a change of flows."""

    proxy_per_s2: float
    """L at the present flows, eqs. (18) and (21) [1/s2]."""
    angle_rad: float
    """phi at the present flows, eq. (37) [rad]."""
    feedforward_rel: float
    """Optimal feed-forward gain F_w at the present flows, eq. (17) [-]."""
    proxy_best_per_s2: float
    """L_bc, eq. (31) [1/s2]."""
    proxy_worst_per_s2: float
    """L_wc, eq. (32) [1/s2]."""
    angle_best_rad: float
    """phi_bc [rad]: the lower end of the range."""
    angle_worst_rad: float
    """phi_wc [rad]: the upper end of the range."""
    feedforward_best_rel: float
    """F_w in the best case [-]."""
    feedforward_worst_rel: float
    """F_w in the worst case [-]."""
    nu_best_per_s: Floats
    """Heat supply of the best case [1/s], shape (n_zone,)."""
    nu_worst_per_s: Floats
    """Heat supply of the worst case [1/s], shape (n_zone,)."""
    worst_open_per_s2: float = 0.0
    """How far `proxy_worst_per_s2` may lie above the truth [1/s2]; 0 where the search came to its end."""


def performance(
    theta_per_s: ArrayLike, nu_per_s: ArrayLike, flow_ratio_rel: ArrayLike = 1.0, *, box: Box | None = None
) -> Performance:
    """Return proxy, angle and feed-forward gain of the present flows and their range after a change of flows.

    ``L = min_F |theta + F nu|^2 = |theta|^2 sin^2 phi``

    Any unit of time does, so long as theta and nu share it; L is then in its inverse square.

    Parameters
    ----------
    theta_per_s
        Thermal leakage theta of each zone [1/s], not negative.
    nu_per_s
        Heat supply coefficient nu of each zone at the present flows [1/s], not negative.
    flow_ratio_rel
        New over present flow of each zone [-]; 1 leaves the flows as they are.
    box
        What the heat supply may become, as `radiator_box` has it; None for the box of eq. (27).

    Returns
    -------
    Performance
        Numbers, and the two heat supplies that bound the range.

    Raises
    ------
    DhsimError
        If a value is no number, negative or not finite, the lengths differ, theta or nu is zero in every zone, or L is
        beyond what a number can hold.

    Notes
    -----
    Source: eqs. (17), (18), (21), (31), (32) and (37) of doi 10.1016/j.enbuild.2025.116464. The worst case is a maximum
    over independent zones: zones on one riser move together, so that the truth is better.

    Examples
    --------
    >>> result = performance([1.0, 1.0], [1.0, 2.0], [1.0, 0.5])
    >>> round(result.proxy_per_s2, 3), round(result.proxy_best_per_s2, 3), round(result.proxy_worst_per_s2, 3)
    (0.2, 0.0, 0.2)
    """
    theta, nu = numbers(theta_per_s, "theta"), numbers(nu_per_s, "nu")
    if theta.ndim != 1 or theta.shape != nu.shape:
        raise DhsimError(f"theta and nu need one value a zone: got shapes {theta.shape} and {nu.shape}")
    if box is None:
        box = supply_box(nu, flow_ratio_rel)
    best, worst = best_case(theta, box), worst_case(theta, box)
    if not (theta.any() and nu.any()):
        raise DhsimError(f"{'nu' if theta.any() else 'theta'} is zero in every zone: there is no direction to compare")
    worst_angle = angle_rad(theta, worst.nu_per_s)
    if worst.open_per_s2 > 0.0:
        worst_angle = float(np.arcsin(min(1.0, np.sqrt(worst.proxy_per_s2 / float(theta @ theta)))))
    return Performance(
        proxy_per_s2=performance_proxy_per_s2(theta, nu),
        angle_rad=angle_rad(theta, nu),
        feedforward_rel=feedforward_rel(theta, nu),
        proxy_best_per_s2=best.proxy_per_s2,
        proxy_worst_per_s2=worst.proxy_per_s2,
        angle_best_rad=angle_rad(theta, best.nu_per_s),
        angle_worst_rad=worst_angle,
        feedforward_best_rel=-best.scale,
        feedforward_worst_rel=-worst.scale,
        nu_best_per_s=best.nu_per_s,
        nu_worst_per_s=worst.nu_per_s,
        worst_open_per_s2=worst.open_per_s2,
    )


def angle_rad(theta_per_s: ArrayLike, nu_per_s: ArrayLike) -> float:
    """Return the angle between leakage and heat supply.

    ``phi = 2 atan2(|a - b|, |a + b|)`` on the unit vectors a and b, which stays exact where arccos has lost all digits

    Parameters
    ----------
    theta_per_s
        Thermal leakage [1/s].
    nu_per_s
        Heat supply coefficient [1/s].

    Returns
    -------
    float
        Angle [rad]; pi/2 where the heat supply is zero everywhere, NaN where the leakage is.

    Notes
    -----
    Source: eq. (37) of doi 10.1016/j.enbuild.2025.116464; W. Kahan's form of the angle.

    Examples
    --------
    >>> round(angle_rad([1.0, 0.0], [1.0, 1.0]), 6)
    0.785398
    """
    return float(angles_rad(numbers(theta_per_s, "theta"), numbers(nu_per_s, "nu")))


def angles_rad(theta_per_s: ArrayLike, nu_per_s: ArrayLike) -> Floats:
    """Return the angle between leakage and heat supply for many draws at once.

    Parameters
    ----------
    theta_per_s, nu_per_s
        Zones along the last axis [1/s].

    Returns
    -------
    ndarray
        Angles [rad], one axis less.
    """
    theta, nu = (_unit_largest(np.asarray(side, np.float64)) for side in (theta_per_s, nu_per_s))
    size_theta, size_nu = (np.linalg.norm(vector, axis=-1, keepdims=True) for vector in (theta, nu))
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = theta / size_theta, nu / size_nu
    angle = 2.0 * np.arctan2(np.linalg.norm(a - b, axis=-1), np.linalg.norm(a + b, axis=-1))
    return np.asarray(np.where((size_nu[..., 0] == 0.0) & (size_theta[..., 0] > 0.0), np.pi / 2.0, angle))


def _unit_largest(vectors: Floats) -> Floats:
    """Return vectors with their largest value near 1, lest a square under- or overflow; no digit is lost."""
    exponent = np.frexp(np.abs(vectors).max(axis=-1, keepdims=True, initial=0.0))[1]
    return np.asarray(np.ldexp(vectors, -exponent))


def feedforward_rel(theta_per_s: ArrayLike, nu_per_s: ArrayLike) -> float:
    """Return the feed-forward gain that makes the proxy smallest.

    ``F_w = -(theta nu) / |nu|^2``

    Parameters
    ----------
    theta_per_s
        Thermal leakage [1/s].
    nu_per_s
        Heat supply coefficient [1/s].

    Returns
    -------
    float
        Gain [-]; 0 where the heat supply is zero everywhere.

    Notes
    -----
    Without feedback the supply follows ``u = y_ref - F_w (y_ref - w)``: F_w is the slope of the heating curve, supply
    over outdoor temperature. Source: eq. (17) of doi 10.1016/j.enbuild.2025.116464.

    Examples
    --------
    >>> feedforward_rel([1.0, 1.0], [0.5, 0.5])
    -2.0
    """
    theta, nu = numbers(theta_per_s, "theta"), numbers(nu_per_s, "nu")
    unit_theta, unit_nu = power_of_two(np.abs(theta)), power_of_two(np.abs(nu))
    theta, nu = theta / unit_theta, nu / unit_nu
    square = float(nu @ nu)
    return -float(theta @ nu) / square * (unit_theta / unit_nu) if square > 0.0 else 0.0


def performance_proxy_per_s2(theta_per_s: ArrayLike, nu_per_s: ArrayLike) -> float:
    """Return the performance proxy L.

    ``L = |theta + F_w nu|^2``

    Parameters
    ----------
    theta_per_s
        Thermal leakage [1/s].
    nu_per_s
        Heat supply coefficient [1/s].

    Returns
    -------
    float
        L [1/s2].

    Notes
    -----
    Source: eq. (18) of doi 10.1016/j.enbuild.2025.116464.

    Examples
    --------
    >>> performance_proxy_per_s2([3.0, 4.0], [6.0, 8.0])
    0.0
    """
    theta, nu = numbers(theta_per_s, "theta"), numbers(nu_per_s, "nu")
    rest = theta + feedforward_rel(theta, nu) * nu
    return float(rest @ rest)


def single_radiator_error_rel(
    mass_flow_radiator_kg_s: ArrayLike, ua_radiator_w_k: ArrayLike, zone: ArrayLike, heat_capacity_j_kgk: float
) -> Floats:
    """Return by how much a zone's heat is overrated when its radiators are taken as one.

    ``m (1 - exp(-UA / (c_p m))) / sum m_r (1 - exp(-UA_r / (c_p m_r))) - 1`` with ``m = sum m_r``, ``UA = sum UA_r``

    Parameters
    ----------
    mass_flow_radiator_kg_s
        Flow of each radiator [kg/s].
    ua_radiator_w_k
        Length times heat transfer coefficient L m of each radiator [W/K].
    zone
        Number of the zone of each radiator, 0 to n_zone - 1.
    heat_capacity_j_kgk
        Heat capacity of the water c_p [J/(kg K)].

    Returns
    -------
    ndarray
        Relative error [-], shape (n_zone,), never negative; 0 where all radiators of a zone have one ratio of UA to
        flow, NaN where no water flows.

    Raises
    ------
    DhsimError
        If lengths differ, a flow is negative, or a UA is not positive.

    Notes
    -----
    Source: eqs. (A.10) to (A.13) of doi 10.1016/j.enbuild.2025.116464 in closed form; there all radiators of a zone
    have one UA.

    Examples
    --------
    >>> round(float(single_radiator_error_rel([0.01, 0.03], [10.0, 10.0], [0, 0], 4190.0)[0]), 4)
    0.0186
    """
    flow, ua = (np.atleast_1d(np.asarray(side, np.float64)) for side in (mass_flow_radiator_kg_s, ua_radiator_w_k))
    number = np.atleast_1d(np.asarray(zone, np.int64))
    if not flow.shape == ua.shape == number.shape:
        raise DhsimError(f"one flow, UA and zone a radiator: got shapes {flow.shape}, {ua.shape} and {number.shape}")
    wrong = np.flatnonzero(~((flow >= 0.0) & (ua > 0.0) & np.isfinite(flow) & np.isfinite(ua)) | (number < 0))
    if len(wrong):
        r = int(wrong[0])
        shown = f"radiator {r} has flow {flow[r]:g} kg/s, UA {ua[r]:g} W/K and zone {number[r]}"
        raise DhsimError(f"{shown}: flows must not be negative, UA must be positive ({len(wrong)} radiators)")
    given = np.bincount(number, _given_w_k(flow, ua, heat_capacity_j_kgk))
    flow_zone, ua_zone = (np.bincount(number, part).astype(np.float64) for part in (flow, ua))
    single = _given_w_k(flow_zone, ua_zone, heat_capacity_j_kgk)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(given > 0.0, single / given - 1.0, np.nan)


def _given_w_k(mass_flow_kg_s: Floats, ua_w_k: Floats, heat_capacity_j_kgk: float) -> Floats:
    """Return the heat a radiator gives per kelvin of supply over room, eq. (A.8)."""
    capacity = heat_capacity_j_kgk * mass_flow_kg_s
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(capacity > 0.0, -capacity * np.expm1(-ua_w_k / capacity), 0.0)
