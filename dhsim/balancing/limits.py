"""What the optimiser may do, as somebody asks for it: checked against the building, and narrowed for a choice."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from dhsim.balancing.flags import listed
from dhsim.balancing.guidance import riser_valves
from dhsim.balancing.state import FrontOptions
from dhsim.errors import DhsimError
from dhsim.model.building import Building

KEEP_FLOW_REL = 1e-3
"""What "the total flow is kept" means."""
ZETA_LARGEST = 0.95
"""Larger weights of the best case trust to all flats answering at their best at once."""
_SLACK = 1e-9


class Weights(NamedTuple):
    """Weights of the best case, those that can be used and those that are left out."""

    kept: tuple[float, ...]
    beyond: tuple[float, ...]


def weights_kept(zetas: Sequence[float]) -> Weights:
    """Return which weights of the best case can be used.

    Parameters
    ----------
    zetas
        From 0 to 1; those beyond 0.95 are left out.

    Returns
    -------
    Weights
        Both in the order given.

    Raises
    ------
    DhsimError
        If one is no weight, or none can be used.

    Examples
    --------
    >>> weights_kept([0.1, 1.0])
    Weights(kept=(0.1,), beyond=(1.0,))
    """
    odd = [zeta for zeta in zetas if not 0.0 <= zeta <= 1.0]
    kept = tuple(float(zeta) for zeta in zetas if zeta <= ZETA_LARGEST + _SLACK)
    if odd or not kept:
        given = listed(f"{zeta:g}" for zeta in (odd or zetas)) or "none"
        raise DhsimError(f"--zetas: weights from 0 to {ZETA_LARGEST:g} (got {given})")
    return Weights(kept, tuple(float(zeta) for zeta in zetas if zeta > ZETA_LARGEST + _SLACK))


def check_zeta(zeta: float) -> None:
    """Refuse a weight that no choice can have."""
    if not 0.0 <= zeta <= ZETA_LARGEST + _SLACK:
        raise DhsimError(f"--zeta: a weight from 0 to {ZETA_LARGEST:g} (got {zeta:g})")


def check_options(building: Building, options: FrontOptions, effort: float) -> None:
    """Refuse what no optimiser could do, all at once.

    Parameters
    ----------
    building
        That the valves belong to.
    options
        As asked for.
    effort
        Factor on the search for better settings [-].

    Raises
    ------
    DhsimError
        For unknown valves, each with a name like it, and for numbers that make no sense.
    """
    problems = []
    known = building.valve_ids
    for name in options.valves:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {listed(known)}"
            problems.append(f"--valves: the building has no valve {name!r}; {hint}")
    if options.max_changed is not None and options.max_changed < 1:
        problems.append(f"--max-valves: at least one valve must be free to turn (got {options.max_changed})")
    if not 0.0 <= effort < np.inf:
        problems.append(f"--effort: a factor of 0 or more (got {effort:g})")
    if options.samples < 0:
        problems.append(f"--samples: a number of draws, 0 for the likeliest values (got {options.samples})")
    if options.quantile is not None:
        if not 0.0 <= options.quantile < 1.0:
            problems.append(f"--quantile: from 0 to below 1 (got {options.quantile:g})")
        if not options.samples:
            problems.append("--quantile: it takes --samples, the draws whose worst part counts")
    if problems:
        raise DhsimError("\n".join(problems))


def free_valves(building: Building, options: FrontOptions) -> list[int] | None:
    """Return the places among `Building.valves` of those that may be turned; None for all.

    Raises
    ------
    DhsimError
        If no riser valve is left where only these may be turned.
    """
    named = [building.valve_ids.index(name) for name in options.valves]
    if not options.riser_only:
        return named or None
    risers = [int(v) for v in riser_valves(building)]
    if not risers:
        raise DhsimError("--riser-only: the building has no riser valve (a valve that several radiators hang on)")
    free = [v for v in risers if v in set(named)] if named else risers
    if not free:
        there = listed(building.valve_ids[v] for v in risers)
        raise DhsimError(f"--riser-only: none of {listed(options.valves)} is a riser valve; those are {there}")
    return free


def narrowed(front: FrontOptions, own: FrontOptions | None) -> FrontOptions:
    """Return the options of a front narrowed by others; what to optimise over stays the front's.

    Parameters
    ----------
    front
        Of the front.
    own
        Of the choice; None for no further ones.

    Returns
    -------
    FrontOptions
        The tighter of each.

    Raises
    ------
    DhsimError
        For valves that the front was not allowed to turn.
    """
    if own is None:
        return front
    outside = [name for name in own.valves if front.valves and name not in front.valves]
    if outside:
        raise DhsimError(
            f"--valves: the front was computed for {listed(front.valves)} only, without {listed(outside)}: leave them "
            "out, or compute a front that may turn them"
        )
    counts = [one.max_changed for one in (front, own) if one.max_changed is not None]
    tolerances = [o.total_flow_tolerance_rel for o in (front, own) if o.total_flow_tolerance_rel is not None]
    return replace(
        front,
        valves=own.valves or front.valves,
        riser_only=own.riser_only or front.riser_only,
        max_changed=min(counts, default=None),
        total_flow_tolerance_rel=min(tolerances, default=None),
    )
