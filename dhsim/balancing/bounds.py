"""Best and worst performance proxy over the box of heat supplies that a change of flows leaves possible: exact.

With ``L(v) = min_s |theta - s v|^2`` and v anywhere between lo and hi (eq. (27) of doi 10.1016/j.enbuild.2025.116464;
s is minus the feed-forward gain), the best case is a convex problem in s alone. The worst case lies at a vertex, since
the cosine of the angle is quasi-concave on the box; which vertex is a combinatorial question, answered here by a bound
that is tight to a part in many thousands and a search among the few zones that the bound leaves open.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dhsim.errors import DhsimError

Floats = NDArray[np.float64]

_STATES_MAX = 3_000_000
_ROUNDING = 4.0 * np.finfo(float).eps
_NAMED = 5


class Box(NamedTuple):
    """What the heat supply may become, per zone; arrays of shape (n_zone,) in the unit of nu."""

    low_per_s: Floats
    high_per_s: Floats


class Extreme(NamedTuple):
    """One end of the proxy's range."""

    proxy_per_s2: float
    """L [1/s2]."""
    scale: float
    """s = -F_w [-], at which L is reached."""
    nu_per_s: Floats
    """The heat supply that gives it [1/s], shape (n_zone,)."""
    open_per_s2: float = 0.0
    """By how much the true extreme may lie beyond `proxy_per_s2` [1/s2]; 0 where the search came to its end."""


class Relaxed(NamedTuple):
    """The upper bound U of the worst case: convex in its only variable, for an optimiser."""

    proxy_per_s2: float
    """U [1/s2], never below the worst case."""
    scale: float
    """s [-] at its minimum."""


def supply_box(nu_per_s: ArrayLike, flow_ratio_rel: ArrayLike) -> Box:
    """Return the bounds on the heat supply after a change of flows.

    ``lo = nu min(1, r)``, ``hi = nu max(1, r)``: the heat supply grows with the flow, and less than in proportion.

    Parameters
    ----------
    nu_per_s
        Heat supply coefficient nu of each zone at the present flows [1/s].
    flow_ratio_rel
        New over present flow r of each zone [-].

    Returns
    -------
    Box
        Two arrays of shape (n_zone,).

    Raises
    ------
    DhsimError
        If a value is negative or not finite, or the lengths differ.

    Notes
    -----
    Source: eqs. (25) and (27) of doi 10.1016/j.enbuild.2025.116464.
    """
    nu, ratio = np.broadcast_arrays(*_same_length(nu_per_s, flow_ratio_rel))
    _require_positive(nu, "nu", "a heat supply cannot be negative: leave the zone out or identify it again")
    _require_positive(ratio, "flow_ratio", "a flow cannot turn round: give the new over the present flow")
    return Box(nu * np.minimum(1.0, ratio), nu * np.maximum(1.0, ratio))


def _same_length(first: ArrayLike, second: ArrayLike) -> tuple[Floats, Floats]:
    a, b = np.atleast_1d(np.asarray(first, np.float64)), np.atleast_1d(np.asarray(second, np.float64))
    if a.ndim != 1 or b.ndim != 1 or (len(a) != len(b) and 1 not in (len(a), len(b))):
        raise DhsimError(f"one value a zone is needed: got shapes {a.shape} and {b.shape}")
    return a, b


def _require_positive(values: Floats, name: str, hint: str) -> None:
    wrong = np.flatnonzero(~(np.isfinite(values) & (values >= 0.0)))
    if len(wrong):
        shown = ", ".join(f"{name}[{z}] = {values[z]:g}" for z in wrong[:_NAMED])
        more = f" and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
        raise DhsimError(f"{shown}{more}: {hint}")


def _checked(theta_per_s: ArrayLike, box: Box) -> tuple[Floats, Floats, Floats]:
    theta = np.atleast_1d(np.asarray(theta_per_s, np.float64))
    low, high = (np.atleast_1d(np.asarray(side, np.float64)) for side in box)
    if theta.ndim != 1 or theta.shape != low.shape or theta.shape != high.shape or not len(theta):
        shapes = f"{theta.shape}, {low.shape} and {high.shape}"
        raise DhsimError(f"theta and both sides of the box need one value a zone: got shapes {shapes}")
    _require_positive(theta, "theta", "a leakage cannot be negative: leave the zone out or identify it again")
    _require_positive(low, "low", "a heat supply cannot be negative")
    _require_positive(high - low, "high - low", "the box is the wrong way round")
    return theta, low, high


def best_case(theta_per_s: ArrayLike, box: Box) -> Extreme:
    """Return the smallest proxy that the box allows.

    ``L_bc = min_s sum max(s lo - theta, 0)^2 + max(theta - s hi, 0)^2``, reached at ``v = clip(theta/s, lo, hi)``

    The breakpoints theta/hi and theta/lo are sorted and the slope of the convex, piecewise quadratic sum is followed
    to its change of sign: exact, in O(Z log Z).

    Parameters
    ----------
    theta_per_s
        Thermal leakage theta of each zone [1/s].
    box
        From `supply_box`.

    Returns
    -------
    Extreme
        The proxy, its scale and the heat supply.

    Raises
    ------
    DhsimError
        If a value is negative or not finite, or the lengths differ.

    Notes
    -----
    Source: eq. (31) of doi 10.1016/j.enbuild.2025.116464, reduced to one variable by exchanging the two minima.
    """
    theta, low, high = _checked(theta_per_s, box)
    scale = _best_scale(theta, low, high)
    if scale > 0.0:
        nu = np.clip(theta / scale, low, high)
        fit = _proxy_at(theta, nu)
        return Extreme(fit.proxy_per_s2, fit.scale, nu)
    return Extreme(float(theta @ theta), 0.0, high.copy())


def _best_scale(theta: Floats, low: Floats, high: Floats) -> float:
    """Return s where the slope of the best-case sum changes sign, by its breakpoints and running sums."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        leave = np.where(high > 0.0, theta / high, np.inf)
        enter = np.where(low > 0.0, theta / low, np.inf)
    points = np.concatenate([leave, enter])
    order = np.argsort(points, kind="stable")
    points = points[order]
    # slope/2 = A s - B: beyond its theta/hi a zone no longer asks for more, beyond theta/lo it asks for less
    quadratic = np.cumsum(np.concatenate([[high @ high], np.concatenate([-high * high, low * low])[order]]))
    linear = np.cumsum(np.concatenate([[theta @ high], np.concatenate([-theta * high, theta * low])[order]]))
    finite = int(np.searchsorted(points, np.inf))
    if finite == 0:
        return 0.0
    slope = quadratic[: finite + 1][1:] * points[:finite] - linear[: finite + 1][1:]
    k = int(np.argmax(slope >= 0.0)) if (slope >= 0.0).any() else finite
    floor = float(points[k - 1]) if k else 0.0
    ceiling = float(points[k]) if k < finite else np.inf
    scale = min(max(linear[k] / quadratic[k], floor), ceiling) if quadratic[k] > 0.0 else floor
    return _polished(theta, low, high, scale)


def _polished(theta: Floats, low: Floats, high: Floats, scale: float) -> float:
    """Take one Newton step with sums made afresh: running sums lose digits where zones differ by many powers of ten."""
    above, below = scale * low > theta, theta > scale * high
    quadratic = low[above] @ low[above] + high[below] @ high[below]
    if not quadratic > 0.0:
        return scale
    step = (low[above] @ theta[above] + high[below] @ theta[below]) / quadratic
    return min((scale, float(step)), key=lambda s: _best_sum(theta, low, high, s))


def _best_sum(theta: Floats, low: Floats, high: Floats, scale: float) -> float:
    outside = np.maximum(scale * low - theta, 0.0) + np.maximum(theta - scale * high, 0.0)
    return float(outside @ outside)


def _proxy_at(theta: Floats, nu: Floats) -> Extreme:
    """Return L of one heat supply, from the residual: no digits are lost where the angle is small."""
    square = float(nu @ nu)
    scale = float(theta @ nu) / square if square > 0.0 else 0.0
    rest = theta - scale * nu
    return Extreme(float(rest @ rest), scale, nu)


def relaxed_worst_case(theta_per_s: ArrayLike, box: Box) -> Relaxed:
    """Return the upper bound of the worst case that an optimiser can use.

    ``U = min_s sum max((theta - s lo)^2, (theta - s hi)^2)``, with the breakpoints ``2 theta/(lo + hi)``

    Parameters
    ----------
    theta_per_s
        Thermal leakage theta of each zone [1/s].
    box
        From `supply_box`.

    Returns
    -------
    Relaxed
        The bound and its scale. It is never below `worst_case`.

    Raises
    ------
    DhsimError
        If a value is negative or not finite, or the lengths differ.
    """
    theta, low, high = _checked(theta_per_s, box)
    scale = _relaxed_scale(theta, low, high, np.argsort(_turn(theta, low, high), kind="stable"))
    return Relaxed(_relaxed_sum(theta, low, high, scale), scale)


def _turn(theta: Floats, low: Floats, high: Floats) -> Floats:
    """Return 2 theta/(lo + hi): beyond it the upper end of a zone's range lies farther off than the lower."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(low + high > 0.0, 2.0 * theta / (low + high), np.inf)


def _relaxed_scale(theta: Floats, low: Floats, high: Floats, order: NDArray[np.intp]) -> float:
    points = _turn(theta, low, high)[order]
    theta, low, high = theta[order], low[order], high[order]
    quadratic = np.cumsum(np.concatenate([[low @ low], (high - low) * (high + low)]))
    linear = np.cumsum(np.concatenate([[theta @ low], theta * (high - low)]))
    # slope/2 just beyond each breakpoint; at the kink itself it jumps upwards
    finite = int(np.searchsorted(points, np.inf))
    beyond = quadratic[1 : finite + 1] * points[:finite] - linear[1 : finite + 1]
    k = int(np.argmax(beyond >= 0.0)) if (beyond >= 0.0).any() else finite
    floor = float(points[k - 1]) if k else 0.0
    ceiling = float(points[k]) if k < finite else np.inf
    scale = linear[k] / quadratic[k] if quadratic[k] > 0.0 else floor
    return float(min(max(scale, floor), ceiling))


def _relaxed_sum(theta: Floats, low: Floats, high: Floats, scale: float) -> float:
    return float(np.sum(np.maximum((theta - scale * low) ** 2, (theta - scale * high) ** 2)))


def worst_case(theta_per_s: ArrayLike, box: Box) -> Extreme:
    """Return the largest proxy that the box allows.

    ``L_wc = max over the vertices of |theta|^2 - (theta v)^2/|v|^2``

    Parameters
    ----------
    theta_per_s
        Thermal leakage theta of each zone [1/s].
    box
        From `supply_box`.

    Returns
    -------
    Extreme
        The proxy, its scale and the vertex. `open_per_s2` is 0 unless more than some million sums would have to be
        looked at, which takes many zones that are nearly, but not quite, alike; the proxy then lies on the safe side
        by it.

    Raises
    ------
    DhsimError
        If a value is negative or not finite, or the lengths differ.

    Notes
    -----
    A vertex that differs from the farthest-endpoint assignment at the bound's scale s in the zones D has a proxy of at
    most ``U - sum over D of s (hi - lo) |2 theta - s (lo + hi)|``. Zones whose gap exceeds U less the best vertex known
    are thereby settled. Among the others, sums (theta v, v v) are built zone by zone; a sum with a larger product and a
    smaller square than another is never better, whatever follows, and is dropped. Source: eq. (32) of
    doi 10.1016/j.enbuild.2025.116464.
    """
    theta, low, high = _checked(theta_per_s, box)
    order = np.argsort(_turn(theta, low, high), kind="stable")
    scale = _relaxed_scale(theta, low, high, order)
    bound = _relaxed_sum(theta, low, high, scale)
    nu = _best_prefix(theta, low, high, order)
    known = _proxy_at(theta, nu)
    slack = bound - known.proxy_per_s2
    if slack <= _ROUNDING * float(theta @ theta):
        return known
    gap = scale * (high - low) * np.abs(2.0 * theta - scale * (low + high))
    free = np.flatnonzero((gap < slack) & (high > low))
    base = np.where(_turn(theta, low, high) < scale, high, low)
    found, finished = _search(theta, low, high, base, free, gap, slack)
    best = max(known, _proxy_at(theta, found), key=lambda extreme: extreme.proxy_per_s2)
    return best if finished else best._replace(proxy_per_s2=bound, open_per_s2=bound - best.proxy_per_s2)


def _best_prefix(theta: Floats, low: Floats, high: Floats, order: NDArray[np.intp]) -> Floats:
    """Return the best of the Z + 1 vertices that have their upper ends first in the order of the breakpoints."""
    low_, high_, theta_ = low[order], high[order], theta[order]
    product = np.cumsum(np.concatenate([[theta @ low], theta_ * (high_ - low_)]))
    square = np.cumsum(np.concatenate([[low @ low], (high_ - low_) * (high_ + low_)]))
    with np.errstate(divide="ignore", invalid="ignore"):
        k = int(np.argmin(np.where(square > 0.0, product**2 / square, 0.0)))
    nu = low.copy()
    nu[order[:k]] = high[order[:k]]
    return nu


def _search(
    theta: Floats, low: Floats, high: Floats, base: Floats, free: NDArray[np.intp], gap: Floats, slack: float
) -> tuple[Floats, bool]:
    """Return the best vertex over the free zones and whether the search came to its end.

    Zones that are exactly alike are one group, of which only the number at the upper end matters.
    """
    fixed = np.ones(len(theta), bool)
    fixed[free] = False
    product, square = np.array([theta[fixed] @ base[fixed]]), np.array([base[fixed] @ base[fixed]])
    loss, history, work = np.zeros(1), [], 0
    for group in _alike(theta, low, high, free, gap):
        z, count, size = group[0], np.arange(len(group) + 1)[:, None], len(product)
        deviating = len(group) - count if base[z] == high[z] else count
        product = (product + theta[z] * (low[z] * (len(group) - count) + high[z] * count)).ravel()
        square = (square + low[z] ** 2 * (len(group) - count) + high[z] ** 2 * count).ravel()
        loss = (loss + gap[z] * deviating).ravel()
        work += len(product)
        keep = _undominated(product, square, loss, slack)
        history.append((group, keep, size))
        product, square, loss = product[keep], square[keep], loss[keep]
        if work > _STATES_MAX or not len(product):
            return base, not len(product)
    with np.errstate(divide="ignore", invalid="ignore"):
        state = int(np.argmin(np.where(square > 0.0, product**2 / square, 0.0)))
    nu = base.copy()
    for group, keep, size in reversed(history):
        upper, state = divmod(int(keep[state]), size)
        nu[group] = np.where(np.arange(len(group)) < upper, high[group], low[group])
    return nu, True


def _alike(theta: Floats, low: Floats, high: Floats, free: NDArray[np.intp], gap: Floats) -> list[NDArray[np.intp]]:
    """Return the free zones in groups of equal ones, the widest gap first: what is settled early need not be kept."""
    keys = np.column_stack([-gap, theta, low, high])[free]
    order = np.lexsort(keys.T[::-1])
    ends = np.flatnonzero(np.any(np.diff(keys[order], axis=0) != 0.0, axis=1)) + 1
    return np.split(free[order], ends)


def _undominated(product: Floats, square: Floats, loss: Floats, slack: float) -> NDArray[np.intp]:
    """Return the sums that may still win: within the bound, and with a larger square than any of smaller product."""
    inside = np.flatnonzero(loss < slack)
    order = inside[np.lexsort((-square[inside], product[inside]))]
    best = np.maximum.accumulate(square[order])
    ahead = np.ones(len(order), bool)
    ahead[1:] = square[order][1:] > best[:-1] * (1.0 + np.finfo(float).eps)
    return order[ahead]
