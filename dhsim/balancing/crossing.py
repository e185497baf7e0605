"""Moves that put a zone's flow onto the other side of its present one: what one valley and the next differ by.

The best case has a concave kink wherever a zone's flow passes its present value: which zones get more and which get
less is a question of combination, and single answers to it are turned round here. The valves that do so, the other
zones being left alone as far as they can be, follow from the slopes of the flows.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import csc_matrix
from scipy.sparse.linalg import splu

from dhsim.balancing.lifted import Lifted, Thermal, start_at
from dhsim.balancing.search import Candidate, Search
from dhsim.network.parts import Floats, Ints

_BEYOND = (0.03, 0.1, 0.2, 0.4, 0.7)
"""How far beyond its present value a flow may be put, in its logarithm."""
_SETTING_COST = 1e-3
"""Of a change of log k beside one of the logarithm of the other zones' flows, both squared."""
_ZONES_MOST = 100
"""Number of zones that are looked at: those whose flow has changed least."""
_RATIO_LEAST = 1e-9
_RISE_MOST = 5.0
_SCALE_STEPS = 4


class Crossing(NamedTuple):
    """Settings that put one zone's flow onto the other side."""

    zone: int
    log_setting: Floats
    """(n_free,)"""


def crossings(search: Search, candidate: Candidate, zeta: float) -> list[Crossing]:
    """Return the moves by which single zones change sides, those first that promise most.

    ``change of log k = D (D' D + c)^-1 e_z`` for the slopes D' = d log q/d log k, scaled to reach beyond the kink

    Parameters
    ----------
    search
        The problem.
    candidate
        A solution.
    zeta
        Weight of the best case [-].

    Returns
    -------
    list of Crossing
        One for each zone that can change sides; they are starts for the solver, not solutions.

    Notes
    -----
    How much a move promises is judged by slopes alone: what is best is only known after the solver.
    """
    slope = flow_slopes(search.model, candidate)
    if not np.isfinite(slope).all():
        return []
    ratio = np.maximum(candidate.flow.flow_zone_m3_s / search.present.flow_zone_m3_s, _RATIO_LEAST)
    rise = np.log(ratio)
    zone = np.argsort(np.abs(rise), kind="stable")[:_ZONES_MOST]
    reach = np.linalg.solve(slope @ slope.T + _SETTING_COST * np.eye(rise.size), slope)[zone]
    over = np.where(rise[zone] > 0.0, -1.0, 1.0)
    wanted = -rise[zone] + over * np.array(_BEYOND)[:, None]
    setting = np.clip(candidate.log_setting + wanted[:, :, None] * reach, search.low, search.high)
    expected = rise + (setting - candidate.log_setting) @ slope.T
    crossed = over * np.take_along_axis(expected, np.broadcast_to(zone[:, None], (*wanted.shape, 1)), axis=2)[..., 0]
    value = _objective(search.model.thermal, np.exp(np.clip(expected, -_RISE_MOST, _RISE_MOST)), zeta)
    value = np.where(crossed > 0.0, value, np.inf)
    far = np.argmin(value, axis=0)
    each = np.arange(zone.size)
    return [
        Crossing(int(zone[i]), setting[far[i], i])
        for i in np.argsort(value[far, each], kind="stable").tolist()
        if np.isfinite(value[far[i], i])
    ]


def flow_slopes(model: Lifted, candidate: Candidate) -> Floats:
    """Return the slopes of the logarithms of the zones' flows over log k, shape (n_zone, n_free); NaN where singular.

    ``d log q/dk = (dr/dk - dr/du (dh/du)^-1 dh/dk)/r`` with the circuit's equations h = 0 and its variables u
    """
    n_free = model.n_free
    n_variable = model.slopes.size1_in(0)
    x = start_at(model, candidate.flow, candidate.log_setting, 0.5)[:n_variable]
    rows, ratio, value = (csc_matrix(part) for part in model.slopes(x))
    try:
        moved = splu(rows[:, n_free:].tocsc()).solve(-rows[:, :n_free].toarray())
    except RuntimeError:  # no flow somewhere
        return np.full((ratio.shape[0], n_free), np.nan)
    slope = ratio[:, :n_free].toarray() + ratio[:, n_free:] @ moved
    return np.asarray(slope / np.maximum(value.toarray(), _RATIO_LEAST))


def _objective(thermal: Thermal, ratio: Floats, zeta: float) -> Floats:
    """Return F with U for the worst case, nearly, for flow ratios along the last axis; the mean over the samples."""
    total = np.zeros(ratio.shape[:-1])
    for theta, nu in zip(*thermal, strict=True):
        low, high = nu * np.minimum(1.0, ratio), nu * np.maximum(1.0, ratio)
        scale = np.ones((*ratio.shape[:-1], 1))
        for _ in range(_SCALE_STEPS):
            ends = np.where(scale * low > theta, low, np.where(scale * high < theta, high, 0.0))
            scale = _scale(theta, ends, scale)
        best = np.maximum(scale * low - theta, 0.0) + np.maximum(theta - scale * high, 0.0)
        for _ in range(_SCALE_STEPS):
            ends = np.where(2.0 * theta > scale * (low + high), low, high)
            scale = _scale(theta, ends, scale)
        worst = np.maximum(np.abs(theta - scale * low), np.abs(theta - scale * high))
        total += zeta * (best**2).sum(axis=-1) + (1.0 - zeta) * (worst**2).sum(axis=-1)
    return np.asarray(total / len(thermal.theta_per_s))


def _scale(theta: Floats, ends: Floats, before: Floats) -> Floats:
    square = (ends**2).sum(axis=-1, keepdims=True)
    return np.where(
        square > 0.0, (ends * theta).sum(axis=-1, keepdims=True) / np.where(square > 0.0, square, 1.0), before
    )


class Sides:
    """Which sides have been tried at each weight, and what comes next."""

    def __init__(self, search: Search) -> None:
        self.search = search
        self.tried: dict[float, Ints] = {}
        self.known: dict[float, tuple[Candidate, list[Crossing]]] = {}

    def following(self, candidate: Candidate, zeta: float) -> Floats | None:
        """Return the settings of the most promising move among those tried least from this weight's best."""
        if zeta not in self.known or self.known[zeta][0] is not candidate:
            self.known[zeta] = candidate, crossings(self.search, candidate, zeta)
        moves = self.known[zeta][1]
        if not moves:
            return None
        tried = self.tried.setdefault(zeta, np.zeros(self.search.present.flow_zone_m3_s.size, np.int64))
        move = min(moves, key=lambda each: tried[each.zone])
        tried[move.zone] += 1
        return move.log_setting
