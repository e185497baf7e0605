"""Few valves instead of all, and settings that a handwheel can make: both by solving the rest of the problem anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from dhsim.balancing.lifted import OBJECTIVE_UNIT, without_total
from dhsim.balancing.search import UNCHANGED, Candidate, Search
from dhsim.errors import ConvergenceError, DhsimError
from dhsim.network.parts import Floats, Ints

_DROP_SHARE = 0.25
"""Of the valves in use, given up between two solutions."""
_SWAPS_MAX = 8
_SWAP_OUT = 3
_SWAP_IN = 5
_GROWN_EVERY = 0.2
"""Of the weight, between sets that are made afresh."""
_TRIALS = (-1.5, -0.6, 0.6, 1.5)
"""Changes of log k by which a valve outside shows what it could do."""
_GAIN_LEAST = 1e-9
_MOVES_MAX = 20


def few_valves(search: Search, full: Mapping[float, Candidate], max_changed: int) -> dict[float, Candidate]:
    """Return the best candidates that change at most so many valves.

    Valve after valve is taken in, those first that promise most when turned alone; then valves in use are swapped for
    others as long as that helps. The set of one weight is also tried at the others.

    Parameters
    ----------
    search
        The problem.
    full
        Best candidates with all valves, by weight.
    max_changed
        Number of valves.

    Returns
    -------
    dict
        Candidates by weight.
    """
    chosen: dict[float, Candidate] = {}
    before: Candidate | None = None
    grown_at = -np.inf
    for zeta in sorted(full):
        trials = [_reduced(search, full[zeta], zeta, max_changed)]
        if before is not None:
            trials.append(_solved_with(search, before, zeta, _used(before)))
        if zeta >= grown_at + _GROWN_EVERY or zeta == max(full):
            trials.append(_grown(search, zeta, max_changed))
            grown_at = zeta
        before = _swapped(search, _best_of(search, trials, zeta), zeta, max_changed)
        chosen[zeta] = before
    for zeta in sorted(full, reverse=True):  # a later set may suit an earlier weight
        other = _best_of(search, list(chosen.values()), zeta)
        if _value(search, other, zeta) < _value(search, chosen[zeta], zeta) - _GAIN_LEAST:
            chosen[zeta] = _best_of(search, [other, _solved_with(search, other, zeta, _used(other))], zeta)
    return chosen


def _best_of(search: Search, trials: list[Candidate], zeta: float) -> Candidate:
    return min(trials, key=lambda candidate: search.objective_rel(candidate, zeta))


def ranked(search: Search, full: Candidate, zeta: float, max_changed: int) -> Candidate:
    """Return the candidate with the valves that the full solution moves most: the plain rule, as a comparison."""
    use = np.argsort(-np.abs(full.log_setting))[:max_changed]
    return _solved_with(search, full, zeta, np.sort(use))


def _value(search: Search, candidate: Candidate, zeta: float) -> float:
    return search.objective_rel(candidate, zeta)


def _used(candidate: Candidate) -> Ints:
    return np.flatnonzero(np.abs(candidate.log_setting) >= UNCHANGED)


def _solved_with(search: Search, start: Candidate, zeta: float, use: Ints) -> Candidate:
    """Return the solution in which only some valves are turned, never worse than doing nothing."""
    held = np.setdiff1d(np.arange(search.free.size), use)
    log_setting = start.log_setting.copy()
    log_setting[held] = 0.0
    options = [search.evaluate(np.zeros(search.free.size))]
    try:
        begin = search.evaluate(log_setting)
    except DhsimError:
        begin = options[0]
    found = search.polished(begin, zeta, held, np.zeros(held.size)) if use.size else None
    options += [candidate for candidate in (begin, found) if candidate is not None]
    return _best_of(search, options, zeta)


def _reduced(search: Search, full: Candidate, zeta: float, max_changed: int) -> Candidate:
    here, use = full, _used(full)
    while use.size > max_changed:
        loss = np.array([_lagrangian(search, here, zeta, {int(v): 0.0}) for v in use])
        kept = max(max_changed, min(use.size - 1, int(np.ceil((1.0 - _DROP_SHARE) * use.size))))
        use = np.sort(use[np.argsort(-loss)[:kept]])
        here = _solved_with(search, here, zeta, use)
        use = np.intersect1d(use, _used(here)) if _used(here).size else use[:max_changed]
    return here


def _grown(search: Search, zeta: float, max_changed: int) -> Candidate:
    """Return the candidate that is reached by taking in valve after valve, the total flow free at first."""
    loose = replace(search, total_flow_tolerance_rel=None, model=without_total(search.model))
    here = loose.evaluate(np.zeros(search.free.size))
    while _used(here).size < max_changed:
        following = _best_addition(loose, here, zeta, _used(here), None)
        if _value(loose, following, zeta) >= _value(loose, here, zeta) - _GAIN_LEAST:
            break
        here = following
    return here if search.total_flow_tolerance_rel is None else _solved_with(search, here, zeta, _used(here))


def _lagrangian(search: Search, here: Candidate, zeta: float, moves: Mapping[int, float]) -> float:
    """Return F after some valves were moved, the change of total flow priced as the solver found it."""
    log_setting = here.log_setting.copy()
    for v, value in moves.items():
        log_setting[v] = value
    try:
        trial = search.evaluate(log_setting)
    except DhsimError:
        return np.inf
    value = float(np.mean(zeta * trial.best_rel + (1.0 - zeta) * trial.worst_rel))
    if search.total_flow_tolerance_rel is None or here.found is None:
        return value
    price = here.found.dual_rows[search.model.row_total] * OBJECTIVE_UNIT
    change = (trial.flow.flow_total_m3_s - here.flow.flow_total_m3_s) / search.present.flow_total_m3_s
    return value + float(price) * change


def _swapped(search: Search, best: Candidate, zeta: float, max_changed: int) -> Candidate:
    """Return the candidate after valves were taken in for unused places, or for the valves that matter least."""
    for _ in range(_SWAPS_MAX):
        use = _used(best)
        outs: list[int | None] = [None]
        if use.size >= max_changed:
            loss = [_lagrangian(search, best, zeta, {int(v): 0.0}) for v in use]
            outs = [int(v) for v in use[np.argsort(loss)[:_SWAP_OUT]]]
        before = _value(search, best, zeta)
        for out in outs:
            trial = _best_addition(search, best, zeta, use, out)
            if _value(search, trial, zeta) < _value(search, best, zeta) - _GAIN_LEAST:
                best = trial
        if _value(search, best, zeta) >= before - _GAIN_LEAST:
            break
    return best


def _best_addition(search: Search, here: Candidate, zeta: float, use: Ints, out: int | None) -> Candidate:
    """Return the best solution with one valve more, in the place of another if one is named."""
    rest = use if out is None else use[use != out]
    base = here if out is None else _solved_with(search, here, zeta, rest)
    outside = np.setdiff1d(np.arange(search.free.size), use)
    score = np.array([
        min(
            _lagrangian(search, base, zeta, {int(v): float(np.clip(step, search.low[v], search.high[v]))})
            for step in _TRIALS
        )
        for v in outside
    ])  # fmt: skip
    trials = [here]
    for v in outside[np.argsort(score)[:_SWAP_IN]]:
        trials.append(_solved_with(search, base, zeta, np.sort(np.append(rest, v))))
    return _best_of(search, trials, zeta)


def at_levels(search: Search, start: Candidate, zeta: float, levels: Mapping[int, Floats]) -> Candidate:
    """Return the best settings found whose valves stand at levels of log(k/k0); untouched valves stay.

    Parameters
    ----------
    search
        The problem.
    start
        Settings to be rounded.
    zeta
        Weight of the best case.
    levels
        Rising levels of each free valve that is to be rounded.

    Returns
    -------
    Candidate
        Evaluated settings.

    Raises
    ------
    DhsimError
        If no settings at levels were found that keep the total flow.
    """
    changed = [v for v in levels if abs(start.log_setting[v]) >= UNCHANGED]
    touched = list(changed)
    fixed = {v: 0.0 for v in range(search.free.size) if abs(start.log_setting[v]) < UNCHANGED}
    fixed |= {v: float(start.log_setting[v]) for v in range(search.free.size) if v not in levels}
    here, log_setting = start, start.log_setting.copy()
    while touched:
        off = [float(np.min(np.abs(levels[v] - here.log_setting[v]))) for v in touched]
        v = touched.pop(int(np.argmin(off)))
        fixed[v] = float(levels[v][np.argmin(np.abs(levels[v] - here.log_setting[v]))])
        held = np.array(sorted(fixed))
        level = np.array([fixed[i] for i in held])
        log_setting = here.log_setting.copy()
        log_setting[held] = level
        begin = search.evaluate(log_setting)
        # the last valves are not solved anew where the total flow leaves them no room
        here = (search.polished(begin, zeta, held, level) if touched else None) or begin
        log_setting = here.log_setting.copy()
        log_setting[held] = level
    best = _walked(search, search.evaluate(log_setting), zeta, levels, changed)
    if all((levels[v] == 0.0).any() for v in changed):  # the way back, where rounding comes to nothing
        log_setting = start.log_setting.copy()
        log_setting[changed] = 0.0
        before = search.evaluate(log_setting)
        if _value(search, before, zeta) < _value(search, best, zeta):
            best = _walked(search, before, zeta, levels, changed)
    if not np.isfinite(_value(search, best, zeta)):
        raise ConvergenceError("no settings at these levels keep the total flow: give finer levels or more tolerance")
    return best


def _walked(search: Search, best: Candidate, zeta: float, levels: Mapping[int, Floats], moving: list[int]) -> Candidate:
    """Return the candidate after single valves were moved to neighbouring levels as long as that helps."""
    for _ in range(_MOVES_MAX):
        before = _penalised(search, best, zeta)
        for v in moving:
            here = int(np.argmin(np.abs(levels[v] - best.log_setting[v])))
            for step in (-1, 1):
                if 0 <= here + step < levels[v].size:
                    log_setting = best.log_setting.copy()
                    log_setting[v] = levels[v][here + step]
                    trial = search.evaluate(log_setting)
                    if _penalised(search, trial, zeta) < _penalised(search, best, zeta) - _GAIN_LEAST:
                        best = trial
        if _penalised(search, best, zeta) >= before - _GAIN_LEAST:
            break
    return best


def _penalised(search: Search, candidate: Candidate, zeta: float) -> float:
    """Return F, or how far the total flow is off where it is not allowed, which outweighs every F."""
    value = search.objective_rel(candidate, zeta)
    if np.isfinite(value):
        return value
    return 1.0 + abs(candidate.flow.flow_total_m3_s / search.present.flow_total_m3_s - 1.0)
