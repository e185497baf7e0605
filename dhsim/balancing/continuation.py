"""The Pareto problem from weight to weight: each solution starts the next, and kicks look for better valleys."""

from __future__ import annotations

import numpy as np

from dhsim.balancing.crossing import Sides
from dhsim.balancing.search import KICK_SHARES, UNCHANGED, Candidate, Search
from dhsim.balancing.vertices import polished_exactly, vertex_problem
from dhsim.errors import ConvergenceError, DhsimError

ZETA_LEAST = 1e-3
"""Stands for the limit at zero, where the front is only weakly Pareto-optimal."""
ZETA_FIRST = 0.05
ZETA_LAST = 0.95
_STEP_MAX = 0.1
_KICKS = ((0.1, 0.35), (0.45, 1.5), (0.55, 4.0), (0.65, 4.0), (0.85, 6.0))
"""Moves away from what is known, on the way up and again on the way down, from which weighting on."""
_WEIGHTS_KICKED = 21
"""Number of weights to which the number of kicks belongs: where fewer are asked, each gets more, up to a limit, and
those between them get some too."""
_MORE_MAX = 3.5
_KICK_EVERY = 4
"""One move in so many is a random kick; the others put a zone onto its other side."""
_VALVES_KICKED = 64
"""Number of valves to which the number of kicks belongs; fewer valves get more."""
_MORE_SMALL_MAX = 2.0
_VALVES_SMALL = 16
"""Number of valves up to which kicks also go anywhere in the ranges, at every weighting."""
_KICKS_SMALL = 3
_MORE_EXACT_MAX = 8.0
"""The same for kicks of what is solved for the worst case itself."""
_KICKS_EXACT = 3.0
"""Kicks of that kind at each weight from the next number on, where 21 are asked; none below it."""
_ZETA_VALLEYS = 0.45
_GAIN_LEAST = 1e-11
_SEED = 35


def followed(search: Search, weights: list[float], effort: float) -> dict[float, Candidate]:
    """Return the best candidate of each weight: up along the weighting and down again, with kicks where it pays."""
    asked = {max(zeta, ZETA_LEAST) for zeta in weights}
    first = min(asked, key=lambda zeta: abs(zeta - ZETA_FIRST))
    first = ZETA_FIRST if first > ZETA_FIRST else first
    more = _more(asked, _MORE_MAX) if effort > 0.0 else 1.0
    last = ZETA_LAST if more > 1.0 else first  # valleys of larger weights lead to others on the way down
    upward = _with_steps(sorted({zeta for zeta in asked if zeta > first} | {first, max(first, last)}))
    downward = [zeta for zeta in upward[::-1] if zeta >= min(asked)]
    below = sorted((zeta for zeta in asked if zeta < first), reverse=True)
    random, sides = np.random.default_rng(_SEED), Sides(search)
    best: dict[float, Candidate] = {}
    start = here = search.cold(first)
    for zeta in below:
        here = _improved(search, best, here, zeta, 0, random, sides)
    here = start
    size = _VALVES_KICKED / search.free.size
    share = effort * max(size**0.5, min(size, _MORE_SMALL_MAX))  # a large problem's solution takes longer
    small = search.free.size <= _VALVES_SMALL
    for zeta in [*upward, *downward]:
        usual = max(_kicks(zeta), _KICKS_SMALL if small else 0.0)
        factor = more if zeta in asked else 0.0 if small or more == 1.0 else 1.0
        here = _improved(search, best, here, zeta, round(share * factor * usual), random, sides)
    if not best:
        raise ConvergenceError("no weighting could be solved: look at the building's ranges and coefficients")
    return {zeta: _chosen(search, best, zeta) for zeta in asked}


def exactly(
    search: Search, found: dict[float, Candidate], max_changed: int | None, effort: float
) -> dict[float, Candidate]:
    """Return candidates improved for the worst case itself: up along the weighting with kicks, and down again."""
    problem, random = vertex_problem(search.model), np.random.default_rng(_SEED)
    more, upward = _more(set(found), _MORE_EXACT_MAX), sorted(found)
    better: dict[float, Candidate] = {}

    def offer(start: Candidate, zeta: float) -> None:
        use = None if max_changed is None else np.flatnonzero(np.abs(start.log_setting) >= UNCHANGED)
        _offer(search, better, zeta, polished_exactly(search, problem, start, zeta, use))

    for before, zeta in zip([None, *upward], upward, strict=False):
        offer(found[zeta], zeta)
        if before is not None:
            offer(better[before], zeta)
        usual = _KICKS_EXACT if zeta >= _ZETA_VALLEYS else 0.0
        for _ in range(round(effort * (max(usual, more) if more > 1.0 else usual))):
            moved = search.moved(better[zeta], random, only_changed=max_changed is not None)
            if moved is not None:
                offer(moved, zeta)
    for after, zeta in zip(upward[:0:-1], upward[-2::-1], strict=True):
        offer(better[after], zeta)
    return better


def _more(asked: set[float], most: float) -> float:
    """Return how many times the kicks each weight gets, since few are asked."""
    return min(most, max(1.0, _WEIGHTS_KICKED / len(asked)))


def _with_steps(path: list[float]) -> list[float]:
    """Return weights with others between them, where needed to keep the steps of the continuation short."""
    steps = [path[0]]
    for zeta in path[1:]:
        count = int(np.ceil((zeta - steps[-1]) / _STEP_MAX - 1e-9))
        steps += [float(between) for between in np.linspace(steps[-1], zeta, max(count, 1) + 1)[1:-1]] + [zeta]
    return steps


def _kicks(zeta: float) -> float:
    return next((count for start, count in reversed(_KICKS) if zeta >= start), 0.0)


def _improved(
    search: Search,
    best: dict[float, Candidate],
    here: Candidate | None,
    zeta: float,
    kicks: int,
    random: np.random.Generator,
    sides: Sides,
) -> Candidate | None:
    """Write the best candidate found at a weight, from a neighbour's, from crossings and kicks; return it."""
    trial = search.along(here, zeta) if here is not None else None
    if trial is None:
        trial = search.polished(here, zeta) if here is not None else search.cold(zeta)
    _offer(search, best, zeta, trial)
    for i in range(kicks):
        if zeta in best:
            _offer(search, best, zeta, _elsewhere(search, best[zeta], zeta, i, random, sides))
    return best.get(zeta, here)


def _elsewhere(
    search: Search, candidate: Candidate, zeta: float, i: int, random: np.random.Generator, sides: Sides
) -> Candidate | None:
    """Return what the i-th move away from a candidate leads to: a zone onto its other side, or now and then a kick."""
    if i % _KICK_EVERY:
        start = sides.following(candidate, zeta)
        if start is not None:
            try:
                return search.polished(search.evaluate(start), zeta)
            except DhsimError:
                return None
    kick = i // _KICK_EVERY
    anywhere = kick % 2 == 0 and search.free.size <= _VALVES_SMALL
    share = KICK_SHARES[kick % len(KICK_SHARES)]
    return search.kicked(candidate, zeta, random, share=share, anywhere=anywhere)


def _offer(search: Search, best: dict[float, Candidate], zeta: float, trial: Candidate | None) -> None:
    if trial is None:
        return
    value = search.objective_rel(trial, zeta)
    if np.isfinite(value) and (zeta not in best or value < search.objective_rel(best[zeta], zeta) - _GAIN_LEAST):
        best[zeta] = trial


def _chosen(search: Search, best: dict[float, Candidate], zeta: float) -> Candidate:
    """Return the best of all candidates at a weight, doing nothing among them."""
    nothing = search.evaluate(np.zeros(search.free.size))
    return min([*best.values(), nothing], key=lambda candidate: search.objective_rel(candidate, zeta))
