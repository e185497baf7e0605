"""Building file or folder of tables -> BuildingScenario: read, checked, everything that is wrong said at once."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from dhsim.errors import Problem, ScenarioError
from dhsim.scenario.building_schema import BuildingScenario
from dhsim.scenario.building_tables import SCALARS, building_tables_entry
from dhsim.scenario.consistency import Finding, InconsistentError
from dhsim.scenario.json_read import json_entry
from dhsim.scenario.network_read import native_values, plain_english
from dhsim.scenario.network_tables import read_text
from dhsim.scenario.read import read_entry
from dhsim.scenario.source import OVERRIDE, Entry, Place, SourceMap, overridden, problem_at
from dhsim.scenario.wording import shown

_SINGULAR = {
    "zones": "zone",
    "radiators": "radiator",
    "valves": "valve",
    "pipes": "pipe",
    "valve_types": "valve type",
    "protocol": "row of",
}


def load_building(path: str | Path, overrides: Mapping[str, Any] | None = None) -> BuildingScenario:
    """Read a building, whatever its form.

    A folder holds `radiators.csv`, `valves.csv`, `pipes.csv`, `zones.csv`, `protocol.csv` and so on, with the scalars
    in `building.yaml`; `.json` is read as JSON, anything else as YAML. The name falls back to the file's.

    Parameters
    ----------
    path
        The file or folder.
    overrides
        Dotted keys set after reading: `{"pump.dp_kpa": 12, "synthetic.flats": 200}`.

    Returns
    -------
    BuildingScenario
        Checked; knows the file, line and column of every key (`where`).

    Raises
    ------
    ScenarioError
        With all problems, each with its place.
    """
    path, problems = Path(path), list[Problem]()
    scenario = None
    entry = _entry_of(path, problems)
    if entry is not None:
        for key, value in (overrides or {}).items():
            try:
                entry = overridden(entry, str(key), value)
            except (LookupError, RecursionError) as error:
                problems.append(problem_at(Place(OVERRIDE), str(error.args[0]), str(key)))
        if "name" not in entry.value or entry.value["name"].value is None:
            entry.value["name"] = Entry(path.resolve().stem, entry.place)
        scalars = path / SCALARS if os.path.isdir(path) else path
        scenario = _checked(entry, SourceMap.of(scalars, entry), problems)
    if scenario is None or problems:
        raise ScenarioError(sorted(problems, key=lambda said: (said.path, said.line or 0, said.column or 0)))
    return scenario


def _entry_of(path: Path, problems: list[Problem]) -> Entry | None:
    """Return what a file or folder says in the shape of the schema, or None."""
    if os.path.isdir(path):  # unlike Path.is_dir, false for an impossible name
        return building_tables_entry(path, problems)
    if path.suffix.lower() != ".json":
        return read_entry(path, problems)
    text = read_text(path, problems)
    return None if text is None else json_entry(str(path), text, problems)


def _checked(entry: Entry, source: SourceMap, problems: list[Problem]) -> BuildingScenario | None:
    """Return the building if all is well with its keys; append what is not."""
    said = native_values(BuildingScenario, entry)
    known = {problem.key for problem in problems if problem.key}
    try:
        return BuildingScenario.model_validate(said, strict=True).placed(source)
    except ValidationError as error:
        findings = _said_by_schema(error.errors(), said)
    problems += [problem_at(source.where(key), message, key) for key, message in findings if key not in known]
    return None


def _said_by_schema(errors: Sequence[ErrorDetails], said: Mapping[str, Any]) -> list[Finding]:
    """Return the schema's errors in plain English, one a key."""
    made: dict[str, Finding] = {}
    for error in errors:
        reason = error.get("ctx", {}).get("error")
        if isinstance(reason, InconsistentError):
            return list(reason.findings)
        loc = error["loc"]
        if "setting" in loc:  # a number or a word: the schema complains of both
            loc = loc[: loc.index("setting") + 1]
            message = f"expected turns, or the number or word of a preset (got {shown(error.get('input'))})"
        else:
            message = plain_english(error, BuildingScenario)
        key = ".".join(str(part) for part in loc)
        made.setdefault(key, Finding(key, _whose(loc, said) + message))
    return list(made.values())


def _whose(loc: Sequence[int | str], said: Mapping[str, Any]) -> str:
    """Return `valve 'v7': ` for an error inside a valve that has an id."""
    if len(loc) < 2 or loc[0] not in _SINGULAR or not isinstance(loc[1], int):
        return ""
    item = said[str(loc[0])][loc[1]]
    id_ = item.get("id") if isinstance(item, dict) else None
    return f"{_SINGULAR[str(loc[0])]} {id_!r}: " if isinstance(id_, str) and id_ and loc[-1] != "id" else ""
