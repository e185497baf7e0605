"""Which vertex of the box is the worst, among the zones that the bound leaves open: exchanges first, then all sums."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ROUNDING = 4.0 * np.finfo(float).eps
"""Of the square of theta, below which proxies are the same."""
_STATES_MAX = 3_000_000
_TINY = np.finfo(float).tiny
_EXCHANGES_MAX = 100


def exchanged(theta: Floats, low: Floats, high: Floats, nu: Floats, free: NDArray[np.intp]) -> Floats:
    """Return a vertex after zones were put to their other ends, one or two at a time, as long as that helps.

    Zones whose flow hardly changes are many and weigh next to nothing: what they add up to is met by exchanges far
    sooner than by a search that tells all their sums apart.
    """
    for _ in range(_EXCHANGES_MAX):
        product, square = float(theta @ nu), float(nu @ nu)
        other = low[free] + high[free] - nu[free]
        by, more = theta[free] * (other - nu[free]), other**2 - nu[free] ** 2
        product_two, square_two = by[:, None] + by, more[:, None] + more
        np.fill_diagonal(product_two, by)
        np.fill_diagonal(square_two, more)
        pair = np.unravel_index(int(np.argmin((product + product_two) ** 2 / (square + square_two))), by.shape * 2)
        changed = np.unique(pair)
        trial = nu.copy()
        trial[free[changed]] = np.where(nu[free] == low[free], high[free], low[free])[changed]
        if (theta @ trial) ** 2 / (trial @ trial) >= product**2 / square:
            break
        nu = trial
    return nu


def best_vertex(
    theta: Floats, low: Floats, high: Floats, base: Floats, free: NDArray[np.intp], gap: Floats, bound: float,
    slack: float,
) -> tuple[Floats, bool]:  # fmt: skip
    """Return the best vertex over the free zones and whether the search came to its end.

    Zones that are exactly alike are one group, of which only the number at the upper end matters.
    """
    fixed = np.ones(len(theta), bool)
    fixed[free] = False
    product, square = np.array([theta[fixed] @ base[fixed]]), np.array([base[fixed] @ base[fixed]])
    loss, history, work = np.zeros(1), [], 0
    total = float(theta @ theta)
    least = bound - slack + ROUNDING * total
    for group in _alike(theta, low, high, free, gap):
        z, count, size = group[0], np.arange(len(group) + 1)[:, None], len(product)
        deviating = len(group) - count if base[z] == high[z] else count
        product = (product + theta[z] * (low[z] * (len(group) - count) + high[z] * count)).ravel()
        square = (square + low[z] ** 2 * (len(group) - count) + high[z] ** 2 * count).ravel()
        loss = (loss + gap[z] * deviating).ravel()
        work += len(product)
        keep = _undominated(product, square, loss, slack)
        fixed[group] = True
        rest = np.flatnonzero(~fixed)
        keep = keep[_highest(product[keep], square[keep], total, theta[rest], low[rest], high[rest]) > least]
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


def _highest(product: Floats, square: Floats, total: float, theta: Floats, low: Floats, high: Floats) -> Floats:
    """Return for each sum a bound on what the zones that are left can make of it: U at a scale of its own."""
    scale = (product + 0.5 * theta @ (low + high)) / np.maximum(square + 0.5 * (low @ low + high @ high), _TINY)
    bound = total - 2.0 * scale * product + scale**2 * square
    for each, one, other in zip(theta, low, high, strict=True):
        bound += np.maximum(scale * one * (scale * one - 2.0 * each), scale * other * (scale * other - 2.0 * each))
    return np.asarray(bound)


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
