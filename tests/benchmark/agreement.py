"""Where two Solutions of one Case differ by more than rounding."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from dhsim.solution import Solution

RELATIVE = 1e-9
OF_LARGEST = 1e-12
"""A number that should be zero may be this small, relative to the largest of its series."""
_NOISE = "balance_step_max_j"
"""Of the extremes, what is nothing but rounding and the tolerance of the loop."""
BALANCE_MAX_J = 1.0


def differences(found: Solution, expected: Solution) -> list[str]:
    """Return one sentence for every series, integral, extreme, status or event that disagrees."""
    pairs: dict[str, tuple[ArrayLike, ArrayLike]] = {
        "temp_indoor_min_c": (found.temp_indoor_min_c, expected.temp_indoor_min_c),
        "temp_indoor_max_c": (found.temp_indoor_max_c, expected.temp_indoor_max_c),
        "store_change_j": (found.store_change_j, expected.store_change_j),
        "store_change_pipes_j": (found.store_change_pipes_j, expected.store_change_pipes_j),
    }
    texts = []
    for kind in ("arrays", "totals", "extremes"):
        ours, theirs = getattr(found, kind), getattr(expected, kind)
        if set(ours) != set(theirs):
            texts.append(f"{kind}: {sorted(set(ours) ^ set(theirs))} only once")
        pairs |= {name: (ours[name], theirs[name]) for name in ours if name in theirs and name != _NOISE}
    texts += [text for name, (a, b) in pairs.items() if (text := _difference(name, np.asarray(a), np.asarray(b)))]
    steps = np.flatnonzero(found.status != expected.status)
    if steps.size:
        k = steps[0]
        texts.append(
            f"status of {steps.size} steps, first {found.time[k]}: {found.status[k]}, not {expected.status[k]}"
        )
    if found.events != expected.events:
        texts.append(f"events: {found.events}, not {expected.events}")
    return texts


def _difference(name: str, found: np.ndarray, expected: np.ndarray) -> str:
    if found.shape != expected.shape:
        return f"{name}: shape {found.shape}, not {expected.shape}"
    finite = np.isfinite(expected)
    if not np.array_equal(found[~finite], expected[~finite], equal_nan=True):
        return f"{name}: not finite in other places"
    found, expected = found[finite], expected[finite]
    if not found.size:
        return ""
    off = np.abs(found - expected)
    allowed = RELATIVE * np.abs(expected) + OF_LARGEST * np.max(np.abs(expected))
    worst = int(np.argmax(off - allowed))
    if off[worst] <= allowed[worst]:
        return ""
    return f"{name}: {found[worst]!r}, not {expected[worst]!r} ({np.count_nonzero(off > allowed)} of {off.size} differ)"
