"""Where every key stands: file, line and column, kept while files are merged and keys are set from outside."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from dhsim.errors import Problem

OVERRIDE = "override"
"""Stands for the file in the place of a key that was not read but set by Python."""


class Place(NamedTuple):
    """A place in a file, lines and columns from 1; all empty where there is none."""

    path: str = ""
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in self if part not in ("", None))


def problem_at(place: Place, message: str, key: str = "") -> Problem:
    """Return a problem that bears the place."""
    return Problem(message, place.path, place.line, place.column, key)


@dataclass(frozen=True)
class Entry:
    """A value of the file and the place of its key; mappings and lists hold entries again."""

    value: Any
    place: Place

    def keys(self, key: str = "") -> Iterator[tuple[str, Place]]:
        """Yield (dotted key, place) of this entry and all below it."""
        yield key, self.place
        parts: Iterator[tuple[Any, Entry]] = iter(())
        if isinstance(self.value, dict):
            parts = iter(self.value.items())
        elif isinstance(self.value, list):
            parts = iter(enumerate(self.value))
        for name, entry in parts:
            yield from entry.keys(joined(key, name))


@dataclass(frozen=True)
class SourceMap:
    """Dotted key -> place, and the file it all began with."""

    path: str = ""
    places: Mapping[str, Place] = field(default_factory=dict)

    @classmethod
    def of(cls, path: Path, entry: Entry) -> SourceMap:
        """Return the map of a file's merged entries; the path is made absolute, to hold after a change of folder."""
        return cls(str(path.absolute()), dict(entry.keys()))

    def where(self, key: str) -> Place:
        """Return the place of a key; of the mapping around it if the key is not written down."""
        while key and key not in self.places:
            key = key.rpartition(".")[0]
        return self.places.get(key, Place())


def joined(key: str, name: object) -> str:
    """Return the dotted key of a part.

    >>> joined(joined("buildings", 0), "id")
    'buildings.0.id'
    """
    return f"{key}.{name}" if key else str(name)


def merged(parent: Entry, child: Entry) -> Entry:
    """Return the parent with the child laid over it: mappings deeply, all else replaced."""
    if not (isinstance(parent.value, dict) and isinstance(child.value, dict)):
        return child
    value = dict(parent.value)
    for name, entry in child.value.items():
        value[name] = merged(value[name], entry) if name in value else entry
    return Entry(value, child.place)


def yielding(parent: Entry, child: Entry, key: tuple[str, ...], groups: Sequence[frozenset[str]]) -> Entry:
    """Return the parent without what the child replaces by another kind of the same thing.

    `groups` are sets of keys of the mapping under `key` that stand for one another, as a climate and a weather file do:
    where the child says a key of one group, the parent's keys of the others go.
    """
    if not (isinstance(parent.value, dict) and isinstance(child.value, dict)):
        return parent
    if key:
        if key[0] not in parent.value or key[0] not in child.value:
            return parent
        part = yielding(parent.value[key[0]], child.value[key[0]], key[1:], groups)
        return Entry({**parent.value, key[0]: part}, parent.place)
    said = {name for name, entry in child.value.items() if entry.value is not None}
    gone = {name for group in groups if not group & said for name in group} if any(g & said for g in groups) else set()
    return Entry({name: entry for name, entry in parent.value.items() if name not in gone}, parent.place)


def rebased(entry: Entry, key: tuple[str, ...], folder: Path, onto: Path) -> Entry:
    """Return the entry with the relative file name under `key` said from another folder; `*` stands for every key."""
    if not key:
        if not isinstance(entry.value, str) or Path(entry.value).is_absolute():
            return entry
        try:
            name = Path(os.path.relpath(folder / entry.value, onto)).as_posix()
        except ValueError:  # another drive
            name = (folder.absolute() / entry.value).as_posix()
        return Entry(name, entry.place)
    if not isinstance(entry.value, dict):
        return entry
    names = [name for name in entry.value if key[0] in ("*", name)]
    parts = {name: rebased(entry.value[name], key[1:], folder, onto) for name in names}
    return Entry({**entry.value, **parts}, entry.place)


def overridden(entry: Entry, key: str, value: Any) -> Entry:
    """Return the entry with a dotted key set to a Python value; raises LookupError with the reason."""
    parts = key.split(".")
    if parts[0] == "calibrated":  # its keys are dotted themselves
        parts = [parts[0], *([".".join(parts[1:])] if parts[1:] else [])]
    if not all(parts):
        raise LookupError("not a dotted key")
    return _set(entry, parts, entry_of(value))


def _set(entry: Entry | None, parts: list[str], new: Entry) -> Entry:
    if not parts:
        return new
    head, rest = parts[0], parts[1:]
    if entry is not None and isinstance(entry.value, list):
        if not head.isdecimal() or int(head) >= len(entry.value):
            raise LookupError(f"no such entry: the list has {len(entry.value)}, counted from 0 (got {head})")
        items = list(entry.value)
        items[int(head)] = _set(items[int(head)], rest, new)
        return Entry(items, entry.place)
    here = dict(entry.value) if entry is not None and isinstance(entry.value, dict) else {}
    here[head] = _set(here.get(head), rest, new)
    kept = entry is not None and isinstance(entry.value, dict)
    return Entry(here, entry.place if kept and entry is not None else Place(OVERRIDE))


def entry_of(value: Any) -> Entry:
    """Return a Python value as entries whose place is `override`."""
    place = Place(OVERRIDE)
    if hasattr(value, "model_dump"):  # a section made in Python
        value = value.model_dump(exclude_unset=True)
    elif hasattr(value, "tolist"):  # NumPy numbers and arrays, as sweeps draw them
        value = value.tolist()
    if isinstance(value, Mapping):
        return Entry({str(name): entry_of(item) for name, item in value.items()}, place)
    if isinstance(value, (list, tuple)):
        return Entry([entry_of(item) for item in value], place)
    return Entry(str(value) if isinstance(value, os.PathLike) else value, place)
