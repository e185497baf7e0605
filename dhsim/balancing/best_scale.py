"""The scale of the heat supply at which leakage and box come closest: the one variable of the best case."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_ROUNDING = 8.0 * np.finfo(float).eps


def best_scale(theta: Floats, low: Floats, high: Floats) -> float:
    """Return the scale at which the best-case sum is smallest.

    ``argmin_s sum max(s lo - theta, 0)^2 + max(theta - s hi, 0)^2``

    Running sums over the sorted breakpoints say between which two of them it lies. Where zones differ by many powers of
    ten such sums lose all digits: that place counts only if the minimum of its own parabola, freshly summed, lies well
    inside; if not, the breakpoints are bisected.

    Parameters
    ----------
    theta, low, high
        Leakage and both ends of the heat supply of each zone, not negative and with their largest near 1 [-].

    Returns
    -------
    float
        Scale [-]; 0 where no zone asks for heat.

    Notes
    -----
    Source: eq. (31) of doi 10.1016/j.enbuild.2025.116464.

    Examples
    --------
    >>> import numpy as np
    >>> round(best_scale(np.array([1.0, 1.0]), np.array([0.5, 1.0]), np.array([1.0, 4.0])), 6)
    1.0
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        leave = np.where(high > 0.0, theta / high, np.inf)
        enter = np.where(low > 0.0, theta / low, np.inf)
    points = np.concatenate([leave, enter])
    order = np.argsort(points, kind="stable")
    points = points[order]
    finite = int(np.searchsorted(points, np.inf))
    if finite == 0:
        return 0.0
    # slope/2 = A s - B: beyond its theta/hi a zone no longer asks for more, beyond theta/lo it asks for less
    quadratic = np.cumsum(np.concatenate([[high @ high], np.concatenate([-high * high, low * low])[order]]))
    linear = np.cumsum(np.concatenate([[theta @ high], np.concatenate([-theta * high, theta * low])[order]]))
    rising = quadratic[1 : finite + 1] * points[:finite] >= linear[1 : finite + 1]
    k = int(np.argmax(rising)) if rising.any() else finite
    floor, ceiling = _segment(points[:finite], k)
    ends = _ends(theta, low, high, _between(points[:finite], k))
    square = float(ends @ ends)
    if square > 0.0:
        scale = float(ends @ theta) / square
        if floor * (1.0 + _ROUNDING) < scale < ceiling * (1.0 - _ROUNDING):
            return scale
    return _bisected(theta, low, high, np.unique(points[:finite]))


def _segment(points: Floats, k: int) -> tuple[float, float]:
    """Return the scales between which point k - 1 and point k leave every zone at one end."""
    return (float(points[k - 1]) if k else 0.0), (float(points[k]) if k < len(points) else np.inf)


def _between(points: Floats, k: int) -> float:
    """Return a scale inside that segment."""
    floor, ceiling = _segment(points, k)
    return 0.5 * floor + 0.5 * ceiling if ceiling < np.inf else 2.0 * floor + 1.0


def _ends(theta: Floats, low: Floats, high: Floats, scale: float) -> Floats:
    """Return the end of its range at which each zone would stop, 0 where it meets theta within it."""
    return np.where(scale * low > theta, low, np.where(scale * high < theta, high, 0.0))


def _bisected(theta: Floats, low: Floats, high: Floats, points: Floats) -> float:
    """Return the best scale by bisection of the sorted breakpoints, with the slope at each summed afresh.

    A zone that only rounding keeps from its own breakpoint has no say there: it may be the one of the largest numbers.
    """

    def slope(scale: float) -> float:
        ends = _ends(theta, low, high, scale)
        beyond = scale * ends - theta
        return float(ends @ np.where(np.abs(beyond) > _ROUNDING * theta, beyond, 0.0))

    begin, end = 0, len(points)
    with np.errstate(over="ignore"):
        while begin < end:
            middle = (begin + end) // 2
            if slope(float(points[middle])) >= 0.0:
                end = middle
            else:
                begin = middle + 1
    floor, ceiling = _segment(points, begin)
    ends = _ends(theta, low, high, _between(points, begin))
    square = float(ends @ ends)
    return min(max(float(ends @ theta) / square, floor), ceiling) if square > 0.0 else min(ceiling, float(points[-1]))
