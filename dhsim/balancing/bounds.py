"""Best and worst performance proxy over the box of heat supplies that a change of flows leaves possible: exact.

With ``L(v) = min_s |theta - s v|^2`` and v anywhere between lo and hi (eq. (27) of doi 10.1016/j.enbuild.2025.116464;
s is minus the feed-forward gain), the best case is a convex problem in s alone. The worst case lies at a vertex, since
the cosine of the angle is quasi-concave on the box; which vertex is a combinatorial question, answered here by a bound
that is tight to a part in many thousands and a search among the few zones that the bound leaves open.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dhsim.balancing.best_scale import best_scale
from dhsim.balancing.vertex_search import ROUNDING, best_vertex, exchanged
from dhsim.errors import DhsimError

Floats = NDArray[np.float64]

_SIZE_MAX = 1e150
_EXCHANGED_LEAST, _EXCHANGED_MOST = 8, 500
"""Number of zones left open from and up to which exchanges are tried before the search."""
_NAMED = 5
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


class _Case(NamedTuple):
    """Leakage and box in units of their largest value, powers of two: no square overflows, no digit is lost."""

    theta: Floats
    low: Floats
    high: Floats
    unit_theta: float
    unit_nu: float

    def told(self, extreme: Extreme) -> Extreme:
        """Return an extreme in the units that were given."""
        square = self.unit_theta**2
        scale = extreme.scale * (self.unit_theta / self.unit_nu)
        nu = extreme.nu_per_s * self.unit_nu
        return Extreme(extreme.proxy_per_s2 * square, scale, nu, extreme.open_per_s2 * square)


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
    given = _same_length(numbers(nu_per_s, "nu"), numbers(flow_ratio_rel, "flow_ratio"))
    nu, ratio = np.broadcast_arrays(*given)
    _require_positive(nu, "nu", "a heat supply cannot be negative: leave the zone out or identify it again")
    _require_positive(ratio, "flow_ratio", "a flow cannot turn round: give the new over the present flow")
    return Box(nu * np.minimum(1.0, ratio), nu * np.maximum(1.0, ratio))


def numbers(values: ArrayLike, name: str) -> Floats:
    """Return values as an array of one axis or more; what is no number is refused by name."""
    try:
        return np.atleast_1d(np.asarray(values, np.float64))
    except (TypeError, ValueError):
        raise DhsimError(f"{name}: numbers are needed, got {_no_number(values)}, one value a zone") from None


def _no_number(values: object) -> str:
    each: list[Any] = list(values) if isinstance(values, (list, tuple, np.ndarray)) else [values]
    for value in each:
        try:
            float(value)
        except (TypeError, ValueError):
            return repr(value)
    return "rows of different length"


def _same_length(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    if first.ndim != 1 or second.ndim != 1 or (len(first) != len(second) and 1 not in (len(first), len(second))):
        raise DhsimError(f"one value a zone is needed: got shapes {first.shape} and {second.shape}")
    return first, second


def _require_positive(values: Floats, name: str, hint: str) -> None:
    wrong = np.flatnonzero(~(np.isfinite(values) & (values >= 0.0)))
    if len(wrong):
        shown = ", ".join(f"{name}[{z}] = {values[z]:g}" for z in wrong[:_NAMED])
        more = f" and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
        raise DhsimError(f"{shown}{more}: {hint}")


def _checked(theta_per_s: ArrayLike, box: Box) -> _Case:
    theta, low, high = numbers(theta_per_s, "theta"), numbers(box[0], "low"), numbers(box[1], "high")
    if theta.ndim != 1 or theta.shape != low.shape or theta.shape != high.shape or not len(theta):
        shapes = f"{theta.shape}, {low.shape} and {high.shape}"
        raise DhsimError(f"theta and both sides of the box need one value a zone: got shapes {shapes}")
    _require_positive(theta, "theta", "a leakage cannot be negative: leave the zone out or identify it again")
    _require_positive(low, "low", "a heat supply cannot be negative")
    _require_positive(high - low, "high - low", "the box is the wrong way round")
    unit_theta, unit_nu = power_of_two(theta), power_of_two(high)
    for unit, name in ((unit_theta, "theta"), (unit_nu, "the heat supply")):
        if not 1.0 / _SIZE_MAX <= unit <= _SIZE_MAX:
            raise DhsimError(f"{name} is about {unit:.0e}, and no number can hold its square: give theta and nu in "
                             "another unit of time")  # fmt: skip
    return _Case(theta / unit_theta, low / unit_nu, high / unit_nu, unit_theta, unit_nu)


def power_of_two(values: Floats) -> float:
    """Return a unit in which the largest of these values, none negative, lies between 1 and 2; 1 for zeros."""
    largest = float(values.max(initial=0.0))
    return math.ldexp(1.0, math.frexp(largest)[1] - 1) if largest > 0.0 else 1.0


def best_case(theta_per_s: ArrayLike, box: Box) -> Extreme:
    """Return the smallest proxy that the box allows.

    ``L_bc = min_s sum max(s lo - theta, 0)^2 + max(theta - s hi, 0)^2``, reached at ``v = clip(theta/s, lo, hi)``

    The breakpoints theta/hi and theta/lo are sorted; between the two where the slope of the convex, piecewise quadratic
    sum changes its sign, the minimum has a closed form: exact, in O(Z log Z).

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
        If a value is negative or not finite, the lengths differ, or L is beyond what a number can hold.

    Notes
    -----
    Source: eq. (31) of doi 10.1016/j.enbuild.2025.116464, reduced to one variable by exchanging the two minima.
    """
    case = _checked(theta_per_s, box)
    theta, low, high = case[:3]
    scale = best_scale(theta, low, high)
    if scale > 0.0:
        nu = np.clip(theta / scale, low, high)
        return case.told(_proxy_at(theta, nu)._replace(nu_per_s=nu))
    return case.told(Extreme(float(theta @ theta), 0.0, high))


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
    theta, low, high, unit_theta, unit_nu = _checked(theta_per_s, box)
    scale = _relaxed_scale(theta, low, high, np.argsort(_turn(theta, low, high), kind="stable"))
    return Relaxed(_relaxed_sum(theta, low, high, scale) * unit_theta**2, scale * (unit_theta / unit_nu))


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
    case = _checked(theta_per_s, box)
    return case.told(_worst(case.theta, case.low, case.high))


def _worst(theta: Floats, low: Floats, high: Floats) -> Extreme:
    order = np.argsort(_turn(theta, low, high), kind="stable")
    scale = _relaxed_scale(theta, low, high, order)
    bound = _relaxed_sum(theta, low, high, scale)
    nu = _best_prefix(theta, low, high, order)
    known = _proxy_at(theta, nu)
    slack = bound - known.proxy_per_s2
    if slack <= ROUNDING * float(theta @ theta):
        return known
    gap = scale * (high - low) * np.abs(2.0 * theta - scale * (low + high))
    free = np.flatnonzero((gap < slack) & (high > low))
    if _EXCHANGED_LEAST < len(free) <= _EXCHANGED_MOST:
        known = max(known, _proxy_at(theta, exchanged(theta, low, high, nu, free)), key=lambda e: e.proxy_per_s2)
        slack = bound - known.proxy_per_s2
        if slack <= ROUNDING * float(theta @ theta):
            return known
        free = np.flatnonzero((gap < slack) & (high > low))
    base = np.where(_turn(theta, low, high) < scale, high, low)
    found, finished = best_vertex(theta, low, high, base, free, gap, bound, slack)
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
