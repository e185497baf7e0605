"""What the user must know about a series or a fit before believing it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dhsim.errors import DhsimError

_NAMED = 5
_SPELT_OUT = 2


@dataclass(frozen=True)
class Flag:
    """One remark, with the zone it is about ('' for all), a number and what to do."""

    kind: str
    zone: str
    message: str
    value: float = float("nan")

    def __str__(self) -> str:
        return f"{self.zone}: {self.message}" if self.zone else self.message


def zone_names(zone_ids: Sequence[str] | None, count: int) -> tuple[str, ...]:
    """Return the zones' names, or their numbers as names.

    Parameters
    ----------
    zone_ids
        Names, or None.
    count
        Number of zones.

    Returns
    -------
    tuple of str
        One a zone.

    Raises
    ------
    DhsimError
        If there are more or fewer names than zones, or a name comes twice.
    """
    if zone_ids is None:
        return tuple(f"zone {z}" for z in range(count))
    names = tuple(str(name) for name in zone_ids)
    if len(names) != count:
        raise DhsimError(f"{len(names)} zone names for {count} columns of temperatures")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DhsimError(f"zone names must differ: {listed(twice)} come more than once")
    return names


def listed(names: Iterable[object]) -> str:
    """Return names for a message, the first few and how many more."""
    every = [str(name) for name in names]
    more = f" and {len(every) - _NAMED} more" if len(every) > _NAMED else ""
    return ", ".join(every[:_NAMED]) + more


def told_together(flags: Sequence[Flag]) -> list[str]:
    """Return what flags say, those of one kind in one text: the zones, and what is said of the first.

    Parameters
    ----------
    flags
        In any order.

    Returns
    -------
    list of str
        One a kind, kinds in order of appearance; up to two flags of a kind are spelt out.
    """
    kinds: dict[str, list[Flag]] = {}
    for flag in flags:
        kinds.setdefault(flag.kind if flag.zone else str(flag), []).append(flag)
    texts: list[str] = []
    for alike in kinds.values():
        if len(alike) <= _SPELT_OUT:
            texts += map(str, alike)
        else:
            texts.append(f"{listed(flag.zone for flag in alike)}; of the first: {alike[0].message}")
    return texts


def zone_indices(zones: Sequence[str] | None, zone_ids: Sequence[str]) -> NDArray[np.int64]:
    """Return where zones stand among all.

    Parameters
    ----------
    zones
        Names; None for all.
    zone_ids
        Names of all zones, in order.

    Returns
    -------
    ndarray
        Indices, shape (n_chosen,).

    Raises
    ------
    DhsimError
        If a name is unknown.
    """
    if zones is None:
        return np.arange(len(zone_ids))
    place = {name: z for z, name in enumerate(zone_ids)}
    unknown = [name for name in zones if name not in place]
    if unknown:
        raise DhsimError(f"unknown zones {listed(unknown)}; known are {listed(zone_ids)}")
    return np.array([place[name] for name in zones], np.int64)
