"""Walls between flats in a fit: what borders on a zone beside the outdoor air, where conductances are known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dhsim.balancing.flags import zone_indices
from dhsim.errors import DhsimError

Floats = NDArray[np.float64]

GAP_STEPS_MAX = 12
"""A neighbour's reading is taken from a line over gaps of so many steps at most; beyond, the wall is unknown."""


class Surroundings(NamedTuple):
    """What zones lose heat to, as one temperature each."""

    temp_c: Floats
    """Mean of outdoor air and neighbours, by conductance, shape (n_time, n_zone) [degC]."""
    share_rel: Floats
    """All conductance of a zone over that to the outdoor air [-], shape (n_zone,)."""


def wall_ratios_rel(
    pairs: Sequence[tuple[str, str]], ua_w_k: ArrayLike, ua_outdoor_w_k: ArrayLike, zone_ids: Sequence[str]
) -> Floats:
    """Return the conductance from every zone to every other over that to the outdoor air.

    Parameters
    ----------
    pairs
        Zones with a wall between them, by name.
    ua_w_k
        Conductance of each wall [W/K].
    ua_outdoor_w_k
        Conductance of each zone to the outdoor air, in the order of `zone_ids` [W/K].
    zone_ids
        Of the fit; walls to zones that are not among them (no sensor) are left out.

    Returns
    -------
    ndarray
        Ratios [-], shape (n_zone, n_zone): what the row loses to the column.

    Raises
    ------
    DhsimError
        If a conductance is negative or not finite, or one to the outdoor air not positive.
    """
    outdoor = np.asarray(ua_outdoor_w_k, np.float64)
    walls = np.broadcast_to(np.asarray(ua_w_k, np.float64), (len(pairs),))
    if outdoor.shape != (len(zone_ids),) or not ((outdoor > 0.0) & np.isfinite(outdoor)).all():
        raise DhsimError(f"{len(zone_ids)} positive conductances to the outdoor air are needed (got {outdoor.shape})")
    if not ((walls >= 0.0) & np.isfinite(walls)).all():
        raise DhsimError("conductances between zones must not be negative: look at neighbours.ua_w_k")
    known = set(zone_ids)
    matrix = np.zeros((len(zone_ids), len(zone_ids)))
    for pair, wall in zip(pairs, walls, strict=True):
        if set(pair) <= known:
            first, second = zone_indices(pair, zone_ids)
            matrix[first, second] += wall
            matrix[second, first] += wall
    return np.asarray(matrix / outdoor[:, None])


def surroundings(temp_zone_c: Floats, temp_outdoor_c: Floats, ratios_rel: ArrayLike) -> Surroundings:
    """Return outdoor air and neighbours as one temperature a zone.

    ``theta (w - y) + theta sum_n g_n (y_n - y) = theta (1 + g) (w' - y)``, ``w' = (w + sum_n g_n y_n)/(1 + g)``

    Parameters
    ----------
    temp_zone_c
        Room temperatures, shape (n_time, n_zone), NaN where missing [degC].
    temp_outdoor_c
        Outdoor temperature, shape (n_time,) [degC].
    ratios_rel
        g as `wall_ratios_rel` has them [-], shape (n_zone, n_zone).

    Returns
    -------
    Surroundings
        NaN where the outdoor temperature or a neighbour with a wall lacks.

    Raises
    ------
    DhsimError
        If the ratios are negative, not finite, or not one a pair of zones.

    Notes
    -----
    No unknown is added: the ratios come from a plan, theta stays the zone's own. The neighbours' sensor noise enters
    w', a hundredth of what the outdoor air moves.
    """
    ratios, count = np.asarray(ratios_rel, np.float64), temp_zone_c.shape[1]
    if ratios.shape != (count, count) or not (np.isfinite(ratios) & (ratios >= 0.0)).all():
        raise DhsimError(f"walls need a ratio for each pair of {count} zones, not negative (got {ratios.shape})")
    bridged = np.column_stack([_bridged(temp_zone_c[:, z]) for z in range(count)])
    there = np.where(np.isnan(bridged), 0.0, bridged) @ ratios.T
    there[np.isnan(bridged).astype(np.float64) @ (ratios > 0.0).T.astype(np.float64) > 0.0] = np.nan
    share = 1.0 + ratios.sum(axis=1)
    return Surroundings((temp_outdoor_c[:, None] + there) / share, share)


def _bridged(column: Floats) -> Floats:
    """Return a series with its short gaps on a line between the readings at both ends."""
    known = np.flatnonzero(np.isfinite(column))
    if not known.size:
        return column
    place = np.arange(column.size)
    after = np.searchsorted(known, place)
    before = np.maximum(np.searchsorted(known, place, side="right") - 1, 0)
    wide = known[np.minimum(after, known.size - 1)] - known[before] > GAP_STEPS_MAX + 1
    outside = (place < known[0]) | (place > known[-1])
    return np.where(wide | outside, np.nan, np.interp(place, known, column[known]))
