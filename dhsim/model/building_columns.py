"""The columns that a building is made of, as lists, arrays and tables have them: numbers, kinds, nodes, zones, names.

What cannot be taken is noted as a sentence in `problems`, with the edge and the value, so that all of it comes at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dhsim.errors import DhsimError
from dhsim.model.building_edges import EdgeKind
from dhsim.network.parts import Floats, Ints

_NAMED = 5
_BLANK = frozenset({"", "nan", "none", "<na>", "nat"})


def word(value: object) -> str:
    """Return a name as text; 2.0 is 2, as tables have it where a column has gaps."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(int(value)) if isinstance(value, EdgeKind) else str(value)


def is_blank(value: object) -> bool:
    """Return whether a cell says nothing."""
    return word(value).strip().lower() in _BLANK


def cells(values: ArrayLike) -> NDArray[np.object_]:
    """Return values of any kind as an array of one axis or more."""
    return np.atleast_1d(np.asarray(values, dtype=object))


def shown(edge_ids: tuple[str, ...], edges: Ints, values: NDArray[np.object_] | None = None, verb: str = "is") -> str:
    """Return the first of some edges by name, with their values."""
    each = [edge_ids[e] + ("" if values is None else f" {verb} {word(values[e])}") for e in edges[:_NAMED]]
    return ", ".join(each) + (f" and {edges.size - _NAMED} more" if edges.size > _NAMED else "")


def all_or_nothing(problems: list[str]) -> None:
    """Raise what was found, if anything was."""
    if problems:
        raise DhsimError("\n".join(problems))


def one_number(value: object, name: str, problems: list[str]) -> float:
    """Return a single number."""
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        problems.append(f"{name}: one number is needed, got {value!r}")
        return 1.0


def numbers(values: ArrayLike | None, edge_ids: tuple[str, ...], name: str, problems: list[str]) -> Floats:
    """Return a number for each edge, NaN where none was given; a single one holds for all."""
    none = np.full(len(edge_ids), np.nan)
    if values is None:
        return none
    try:
        column = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        given = np.asarray(values, dtype=object)
        if given.shape != none.shape:
            problems.append(f"{name}: numbers are needed, got {values!r}")
            return none
        read = [_read(value) for value in given]
        wrong = [i for i, value in enumerate(read) if value is None]
        if wrong:
            each = ", ".join(f"{edge_ids[i]} has {given[i]!r}" for i in wrong[:_NAMED])
            problems.append(f"{name}: numbers are needed, but {each} ({len(wrong)} in all)")
            return none
        column = np.array(read, np.float64)
    if column.ndim == 0:
        return np.full(len(edge_ids), float(column))
    if column.shape != none.shape:
        problems.append(f"{name}: one value an edge, {len(edge_ids)}, but got shape {column.shape}")
        return none
    return np.array(column)


def _read(value: object) -> float | None:
    if is_blank(value):
        return float("nan")
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def kinds_of(kind: ArrayLike) -> Ints:
    """Return the kind of each edge, given as EdgeKind, number or name."""
    by_name = {member.name.lower(): int(member) for member in EdgeKind} | {str(int(m)): int(m) for m in EdgeKind}
    words = [word(value).strip().lower() for value in cells(kind).ravel()]
    wrong = sorted({each for each in words if each not in by_name})
    if wrong or not words:
        raise DhsimError(f"unknown kind {', '.join(wrong[:_NAMED])}: give pipe, radiator or valve for each edge")
    return np.array([by_name[each] for each in words], dtype=np.int64)


def nodes_of(sides: dict[str, NDArray[np.object_]], edge_ids: tuple[str, ...]) -> tuple[Ints, Ints, list[str]]:
    """Return the nodes at both ends of each edge, numbered anew, and their names: numbers first, in their order."""
    problems: list[str] = []
    for side, given in sides.items():
        missing = np.flatnonzero([is_blank(value) for value in given])
        if missing.size:
            article = "an" if side[0] in "aeiou" else "a"
            problems.append(f"edges without {article} {side} node: {shown(edge_ids, missing)}")
    all_or_nothing(problems)
    words = [[word(value) for value in given] for given in sides.values()]
    names = sorted({each for side in words for each in side}, key=_by_number)
    place = {name: i for i, name in enumerate(names)}
    start, end = (np.array([place[name] for name in side], dtype=np.int64) for side in words)
    return start, end, names


def _by_number(name: str) -> tuple[int, float, str]:
    return (0, float(name), name) if name.lstrip("-").isdecimal() else (1, 0.0, name)


def zones_of(
    zone: ArrayLike | None, zone_ids: ArrayLike | None, edge_ids: tuple[str, ...], problems: list[str]
) -> tuple[Ints, tuple[str, ...]]:
    """Return the zone of each edge, -1 for none, and the zones' names.

    Zones are numbers from 0, or names: then they are counted in the order of `zone_ids`, or of their first appearance.
    """
    none = np.full(len(edge_ids), -1, dtype=np.int64)
    if zone is None:
        return none, ()
    given = cells(zone)
    if given.shape != none.shape:
        problems.append(f"zone: one value an edge, {len(edge_ids)}, but got shape {given.shape}")
        return none, ()
    told = np.flatnonzero([not is_blank(value) and word(value) != "-1" for value in given])
    words = [word(given[e]).strip() for e in told]
    known = [] if zone_ids is None else [word(name) for name in cells(zone_ids).ravel()]
    if _are_names([given[e] for e in told], words, known):
        return _named(told, words, known, edge_ids, problems)
    wrong = np.array([e for e, each in zip(told, words, strict=True) if not each.isdecimal()], dtype=np.int64)
    if wrong.size:
        hint = "whole numbers from 0 are needed, or names; nothing or -1 for what is no radiator"
        problems.append(f"zone of {shown(edge_ids, wrong, given)}: {hint}")
        return none, ()
    far = np.array([e for e, each in zip(told, words, strict=True) if int(each) >= len(edge_ids)], dtype=np.int64)
    if far.size:
        hint = "numbered zones count from 0 without gaps; give names as text otherwise"
        problems.append(f"zone of {shown(edge_ids, far, given)}: {hint}")
        return none, ()
    none[told] = [int(each) for each in words]
    return none, names_of(zone_ids, int(none.max(initial=-1)) + 1, "zone", problems)


def _are_names(values: list[object], words: list[str], known: list[str]) -> bool:
    """Return whether zones are names: text that is no number, or is one of the names, or does not count from 0."""
    if not all(isinstance(value, (str, bytes)) for value in values):
        return any(isinstance(value, (str, bytes)) and not _is_number(value) for value in values)
    if known and set(words) <= set(known):
        return True
    return any(not _is_number(each) for each in words) or {each.lstrip("0") or "0" for each in words} != {
        str(i) for i in range(len(set(words)))
    }


def _is_number(value: str | bytes) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _named(
    told: Ints, words: list[str], known: list[str], edge_ids: tuple[str, ...], problems: list[str]
) -> tuple[Ints, tuple[str, ...]]:
    zones = np.full(len(edge_ids), -1, dtype=np.int64)
    names = tuple(known or dict.fromkeys(words))
    strange = sorted(set(words) - set(names))
    if strange:
        problems.append(f"zone: {', '.join(strange[:_NAMED])} is not among zone_ids ({len(strange)} in all)")
        return zones, ()
    place = {name: i for i, name in enumerate(names)}
    zones[told] = [place[each] for each in words]
    return zones, names_of(list(names), len(names), "zone", problems)


def names_of(given: ArrayLike | None, count: int, kind: str, problems: list[str]) -> tuple[str, ...]:
    """Return the names of edges or zones: as given, or numbered."""
    numbered = tuple(f"{kind} {i}" for i in range(count))
    if given is None:
        return numbered
    names = tuple(word(name) for name in cells(given).ravel())
    if len(names) < count or (kind == "edge" and len(names) != count):
        problems.append(f"{len(names)} names for {count} {kind}s: give one for each")
        return numbered
    if len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        problems.append(f"{kind} names are not unique: {', '.join(twice)}")
        return numbered
    return names
