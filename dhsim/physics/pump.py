"""What a pump lifts and what it draws; curves scale with speed by the affinity laws.

One pump at relative speed n and volume flow V: ``dp = a0 n^2 + a1 n V + a2 V^2`` with a2 < 0.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dhsim.elementwise import elementwise

EFFICIENCY_FLOOR_REL = 0.05
"""Of the best efficiency; see `efficiency`."""
_LARGEST_MISFIT_REL = 0.1


@elementwise
def pressure_rise_pa(flow_m3_s: float, speed_rel: float, a0_pa: float, a1_pa_s_m3: float, a2_pa_s2_m6: float) -> float:
    """Return the pressure rise of a pump.

    ``dp = a0 n^2 + a1 n V + a2 V^2``

    Parameters
    ----------
    flow_m3_s
        Volume flow of one pump V [m3/s].
    speed_rel
        Speed relative to nominal n [-].
    a0_pa
        Shut-off pressure at nominal speed [Pa].
    a1_pa_s_m3
        Linear term [Pa s/m3].
    a2_pa_s2_m6
        Quadratic term, negative [Pa s2/m6].

    Returns
    -------
    float
        Pressure rise [Pa]; negative beyond the end of the curve.

    Notes
    -----
    Source: affinity laws V ~ n, dp ~ n^2 applied to a parabola.

    Examples
    --------
    >>> round(float(pressure_rise_pa(0.005, 0.5, 2e5, 0.0, -1e9)), 6)
    25000.0
    """
    return a0_pa * speed_rel * speed_rel + (a1_pa_s_m3 * speed_rel + a2_pa_s2_m6 * flow_m3_s) * flow_m3_s


@elementwise
def efficiency(
    flow_m3_s: float, speed_rel: float, efficiency_best: float, flow_best_m3_s: float, flow_end_m3_s: float
) -> float:
    """Return the hydraulic efficiency of a pump, without motor and drive.

    ``eta = eta_best (1 - s^2)`` with ``phi = V / n``; ``s = (phi - phi_best) / phi_best`` below the best point and
    ``s = (phi - phi_best) / (phi_end - phi_best)`` above it; not below 0.05 eta_best

    Parameters
    ----------
    flow_m3_s
        Volume flow of one pump V [m3/s].
    speed_rel
        Speed relative to nominal n [-].
    efficiency_best
        Efficiency at the best point [-].
    flow_best_m3_s
        Flow of the best point at nominal speed [m3/s].
    flow_end_m3_s
        Flow at which the head is used up at nominal speed, above the best flow [m3/s].

    Returns
    -------
    float
        Efficiency [-].

    Notes
    -----
    Efficiency and hydraulic power both end at zero flow and at the end of the curve, so that the shaft power, their
    quotient, stays finite there: the floor stands for the pump stirring its own water.
    Source: two half parabolas, with the affinity laws. Validity: radial pumps, best for 0.3 < phi/phi_best < 1.4.

    Examples
    --------
    >>> round(float(efficiency(0.005, 1.0, 0.7, 0.01, 0.025)), 4)
    0.525
    """
    floor = EFFICIENCY_FLOOR_REL * efficiency_best
    if flow_m3_s <= 0.0 or speed_rel <= 0.0:
        return floor
    off = flow_m3_s / speed_rel - flow_best_m3_s
    width = flow_best_m3_s if off < 0.0 else flow_end_m3_s - flow_best_m3_s
    if width <= 0.0:
        return floor
    found = efficiency_best * (1.0 - off * off / (width * width))
    if found < floor:
        return floor
    return found


@elementwise
def speed_for_rel(
    flow_m3_s: float, pressure_rise_pa: float, a0_pa: float, a1_pa_s_m3: float, a2_pa_s2_m6: float
) -> float:
    """Return the speed at which a pump gives a pressure rise at a flow.

    The positive root n of ``a0 n^2 + a1 V n + a2 V^2 - dp = 0``

    Parameters
    ----------
    flow_m3_s
        Volume flow of one pump V [m3/s].
    pressure_rise_pa
        Pressure rise wanted dp [Pa].
    a0_pa
        Shut-off pressure at nominal speed [Pa].
    a1_pa_s_m3
        Linear term [Pa s/m3].
    a2_pa_s2_m6
        Quadratic term, negative [Pa s2/m6].

    Returns
    -------
    float
        Speed relative to nominal [-], may be above 1. NaN if there is no root that is not negative.

    Notes
    -----
    Source: the inverse of `pressure_rise_pa`.

    Examples
    --------
    >>> round(float(speed_for_rel(0.005, 25e3, 2e5, 0.0, -1e9)), 9)
    0.5
    """
    slope = a1_pa_s_m3 * flow_m3_s
    wanted_pa = pressure_rise_pa - a2_pa_s2_m6 * flow_m3_s * flow_m3_s
    under_root = slope * slope + 4.0 * a0_pa * wanted_pa
    if under_root < 0.0 or a0_pa <= 0.0:
        return np.nan
    root = math.sqrt(under_root)
    # two forms of the same root, each where it does not cancel
    speed_rel = (root - slope) / (2.0 * a0_pa) if slope <= 0.0 else 2.0 * wanted_pa / (slope + root)
    if speed_rel < 0.0:
        return np.nan
    return speed_rel


@elementwise
def flow_at_m3_s(
    pressure_rise_pa: float, speed_rel: float, a0_pa: float, a1_pa_s_m3: float, a2_pa_s2_m6: float
) -> float:
    """Return the flow of a pump at a pressure rise, on the falling branch of its curve.

    The larger root V of ``a2 V^2 + a1 n V + a0 n^2 - dp = 0``

    Parameters
    ----------
    pressure_rise_pa
        Pressure rise dp [Pa].
    speed_rel
        Speed relative to nominal n [-].
    a0_pa
        Shut-off pressure at nominal speed [Pa].
    a1_pa_s_m3
        Linear term [Pa s/m3].
    a2_pa_s2_m6
        Quadratic term, negative [Pa s2/m6].

    Returns
    -------
    float
        Volume flow of one pump [m3/s]; 0 where the pump cannot reach the pressure (its check valve is closed). NaN
        unless a2 < 0.

    Notes
    -----
    Source: the inverse of `pressure_rise_pa`.

    Examples
    --------
    >>> round(float(flow_at_m3_s(25e3, 0.5, 2e5, 0.0, -1e9)), 9)
    0.005
    """
    if not a2_pa_s2_m6 < 0.0:
        return np.nan
    slope = a1_pa_s_m3 * speed_rel
    spare_pa = a0_pa * speed_rel * speed_rel - pressure_rise_pa
    under_root = slope * slope - 4.0 * a2_pa_s2_m6 * spare_pa
    if under_root < 0.0:
        return 0.0
    root = math.sqrt(under_root)
    # two forms of the same root, each where it does not cancel
    flow_m3_s = (slope + root) / (-2.0 * a2_pa_s2_m6) if slope >= 0.0 else 2.0 * spare_pa / (root - slope)
    if flow_m3_s < 0.0:
        return 0.0
    return flow_m3_s


@elementwise
def shaft_power_w(flow_m3_s: float, pressure_rise_pa: float, efficiency: float) -> float:
    """Return the power at the shaft of a pump.

    ``P = V dp / eta``

    Parameters
    ----------
    flow_m3_s
        Volume flow of one pump V [m3/s].
    pressure_rise_pa
        Pressure rise dp [Pa].
    efficiency
        Hydraulic efficiency eta [-].

    Returns
    -------
    float
        Shaft power [W]. NaN unless the efficiency is positive.

    Notes
    -----
    Source: definition of the hydraulic efficiency.

    Examples
    --------
    >>> round(float(shaft_power_w(0.01, 1.5e5, 0.75)), 6)
    2000.0
    """
    if not efficiency > 0.0:
        return np.nan
    return flow_m3_s * pressure_rise_pa / efficiency


def fit_curve(flow_m3_s: ArrayLike, pressure_rise_pa: ArrayLike) -> tuple[float, float, float]:
    """Return a0, a1 and a2 of a falling pump curve through points at nominal speed.

    Least squares with a2 < 0 and a1 <= 0, so that the curve falls from shut-off on and every pressure belongs to one
    flow. Where the free parabola would rise at first (a1 > 0), the best one with a1 = 0 is taken.

    Parameters
    ----------
    flow_m3_s
        Volume flows of one pump [m3/s], at least three different ones.
    pressure_rise_pa
        Pressure rises at these flows [Pa].

    Returns
    -------
    tuple of float
        a0 [Pa], a1 [Pa s/m3], a2 [Pa s2/m6].

    Raises
    ------
    ValueError
        "impossible pump: ..." where the points rise with flow, bend upward, or lie farther than 10 % of the shut-off
        pressure from every such parabola.

    Notes
    -----
    Source: linear least squares.

    Examples
    --------
    >>> [round(a / 1e5, 3) for a in fit_curve([0.0, 0.005, 0.01], [2e5, 1.75e5, 1e5])]
    [2.0, 0.0, -10000.0]
    """
    flow, rise = _checked_points(flow_m3_s, pressure_rise_pa)
    scale = float(flow.max())
    share = flow / scale
    a0, a1, a2 = np.linalg.lstsq(np.stack([np.ones_like(share), share, share**2], axis=1), rise)[0]
    if a1 > 0.0:
        a0, a2 = np.linalg.lstsq(np.stack([np.ones_like(share), share**2], axis=1), rise)[0]
        a1 = 0.0
    if not a2 < -1e-9 * abs(a0):
        raise ValueError("impossible pump: the curve does not bend downward, a2 must be negative")
    misfit_pa = float(np.max(np.abs(a0 + a1 * share + a2 * share**2 - rise)))
    if misfit_pa > _LARGEST_MISFIT_REL * a0:
        raise ValueError(f"impossible pump: a falling parabola misses a point by {misfit_pa:.3g} Pa")
    return float(a0), float(a1) / scale, float(a2) / scale**2


def _checked_points(
    flow_m3_s: ArrayLike, pressure_rise_pa: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    flow = np.asarray(flow_m3_s, dtype=np.float64)
    rise = np.asarray(pressure_rise_pa, dtype=np.float64)
    if flow.ndim != 1 or flow.shape != rise.shape:
        raise ValueError("impossible pump: flows and pressure rises must be two lists of the same length")
    if not (np.isfinite(flow).all() and np.isfinite(rise).all() and (flow >= 0).all()):
        raise ValueError("impossible pump: flows must be finite and not negative, pressure rises finite")
    order = np.argsort(flow, kind="stable")
    flow, rise = flow[order], rise[order]
    if len(np.unique(flow)) < 3:
        raise ValueError(f"impossible pump: needs three different flows (got {len(np.unique(flow))})")
    if (np.diff(rise) > 0).any():
        raise ValueError("impossible pump: the pressure rises with flow")
    return flow, rise
