"""Groups of flats for a comparison: named by the user, by floor, or by what the rebalancing did to their flow."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dhsim.balancing.flags import listed
from dhsim.balancing.protocol import BuildingCase
from dhsim.balancing.work_tables import read_work_table
from dhsim.errors import Problem, ScenarioError
from dhsim.scenario.read import read_entry

TOUCHED = "touched"
"""Name of the group that the rebalancing was to change; all others are controls."""
_FLOOR = "floor:"

Groups = Mapping[str, tuple[str, ...]]


class Member(NamedTuple):
    """A flat, or `floor:2`, of a group, and where it was said."""

    group: str
    name: str
    path: str
    line: int | None = None

    def problem(self, message: str) -> Problem:
        """Return what is wrong with it."""
        return Problem(message, self.path, self.line, key=self.group)


def groups_said(
    case: BuildingCase, touched: str | None = None, controls: Sequence[str] = (), file: str | Path | None = None
) -> Groups:
    """Return the groups that options and a file name, checked.

    Parameters
    ----------
    case
        The building.
    touched
        Flats by commas; `floor:2` for all of a floor.
    controls
        Each as `NAME=flats by commas`.
    file
        CSV with columns `zone` and `group`, or YAML and JSON with a list of flats for every group.

    Returns
    -------
    mapping
        Group -> flats; `touched` may be absent, and then goes by the change of flow.

    Raises
    ------
    ScenarioError
        For unknown flats and floors, flats that stand in two groups, and groups of one, each with its place.
    """
    said, problems = list[Member](), list[Problem]()
    if file is not None:
        said += _of_file(Path(file))
    if touched is not None:
        said += [Member(TOUCHED, name, "--touched") for name in _names(touched)]
    for text in controls:
        group, sign, names = text.partition("=")
        if not (sign and group.strip() and _names(names)) or group.strip() == TOUCHED:
            problems.append(Problem(f"got {text!r}; it takes NAME=FLATS, as east=flat 11,flat 21", "--control"))
        said += [Member(group.strip(), name, "--control") for name in _names(names)]
    groups: dict[str, dict[str, Member]] = {}
    for member in said:
        flats = _flats(case, member, problems)
        for flat in flats:
            other = next((group for group, known in groups.items() if flat in known), None)
            if other is not None:
                problems.append(member.problem(f"{flat} stands in {other} already: take it out of one"))
            else:
                groups.setdefault(member.group, {})[flat] = member
    for known in groups.values():
        if len(known) < 2:
            problems.append(next(iter(known.values())).problem(f"one flat ({next(iter(known))}): a group needs two"))
    if problems:
        raise ScenarioError(problems)
    return {group: tuple(known) for group, known in groups.items()}


def _names(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _flats(case: BuildingCase, member: Member, problems: list[Problem]) -> tuple[str, ...]:
    if member.name.lower().startswith(_FLOOR):
        floor = member.name[len(_FLOOR) :].strip()
        rows = case.scenario.zones or ()
        found = tuple(row.id for row in rows if row.floor is not None and str(row.floor) == floor)
        if not found:
            known = sorted({str(row.floor) for row in rows if row.floor is not None})
            there = f"there are {listed(known)}" if known else "the building's zones name none"
            problems.append(member.problem(f"no flat on floor {floor!r}; {there}"))
        return found
    if member.name in case.building.zone_ids:
        return (member.name,)
    near = difflib.get_close_matches(member.name, case.building.zone_ids, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {listed(case.building.zone_ids)}"
    problems.append(member.problem(f"no such flat: {member.name!r}; {hint}"))
    return ()


def _of_file(path: Path) -> list[Member]:
    if path.suffix.lower() == ".csv":
        rows = read_work_table(path, {"zone": ("zone", "flat", "id"), "group": ("group",)})
        return [
            Member(row.cells["group"], row.cells["zone"], str(path), row.line) for row in rows if row.cells["group"]
        ]
    problems: list[Problem] = []
    entry = read_entry(path, problems)
    if problems or entry is None:
        raise ScenarioError(problems)
    said = list[Member]()
    for group, part in entry.value.items():
        members: Any = part.value
        if not isinstance(members, list) or any(isinstance(one.value, dict | list) for one in members):
            message = "expected a list of flats, as [flat 11, flat 21]"
            problems.append(Problem(message, part.place.path, part.place.line, part.place.column, str(group)))
            continue
        said += [Member(str(group), str(one.value), str(path), one.place.line) for one in members]
    if problems:
        raise ScenarioError(problems)
    return said
