"""Network file, folder of tables or map -> NetworkScenario: read, checked, everything that is wrong said at once."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from dhsim.errors import Problem, ScenarioError
from dhsim.scenario.consistency import Finding, InconsistentError
from dhsim.scenario.geojson import map_entry
from dhsim.scenario.json_read import json_entry
from dhsim.scenario.network_layout import layout_findings, layout_of
from dhsim.scenario.network_schema import NetworkScenario
from dhsim.scenario.network_tables import read_text, tables_entry
from dhsim.scenario.read import read_entry
from dhsim.scenario.section import Section
from dhsim.scenario.source import OVERRIDE, Entry, Place, SourceMap, overridden, problem_at
from dhsim.scenario.wording import out_of_range, part_type, unknown_key, wrong_type

_SINGULAR = {
    "nodes": "node",
    "pipes": "pipe",
    "valves": "valve",
    "pumps": "pump",
    "consumers": "consumer",
    "producers": "producer",
}


def load_network(path: str | Path, overrides: Mapping[str, Any] | None = None) -> NetworkScenario:
    """Read a network, whatever its form.

    A folder holds `pipes.csv`, `consumers.csv` and so on, with the scalars in `network.yaml`; a `.geojson` file is a
    map; `.json` is either, by its `type`; anything else is read as YAML. The name falls back to the file's.

    Parameters
    ----------
    path
        The file or folder.
    overrides
        Dotted keys set after reading: `{"fluid.temp_c": 60, "consumers.0.on": False}`.

    Returns
    -------
    NetworkScenario
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
            entry.value["name"] = Entry(path.stem, entry.place)
        scenario = _checked(entry, SourceMap.of(path, entry), problems)
    if scenario is None or problems:
        raise ScenarioError(sorted(problems, key=lambda said: (said.path, said.line or 0, said.column or 0)))
    return scenario


def _entry_of(path: Path, problems: list[Problem]) -> Entry | None:
    """Return what a file or folder says in the shape of the schema, or None."""
    if os.path.isdir(path):  # unlike Path.is_dir, false for an impossible name
        return tables_entry(path, problems)
    if path.suffix.lower() not in (".json", ".geojson"):
        return read_entry(path, problems)
    text = read_text(path, problems)
    entry = None if text is None else json_entry(str(path), text, problems)
    if entry is None:
        return None
    kind = entry.value.get("type")
    if path.suffix.lower() == ".geojson" or (kind is not None and "Feature" in str(kind.value)):
        return map_entry(entry, problems)
    return entry


def _checked(entry: Entry, source: SourceMap, problems: list[Problem]) -> NetworkScenario | None:
    """Return the network if all is well with its keys; append what is not."""
    said = native_values(NetworkScenario, entry)
    known = {problem.key for problem in problems if problem.key}
    try:
        return NetworkScenario.model_validate(said, strict=True).placed(source)
    except ValidationError as error:
        findings = _said_by_schema(error.errors(), said)
    problems += [problem_at(source.where(key), message, key) for key, message in findings if key not in known]
    return None


def native_values(kind: Any, entry: Entry) -> Any:
    """Return an entry as plain values without the nulls."""
    value = entry.value
    if isinstance(value, dict):
        return {
            name: native_values(part_type(kind, name), part) for name, part in value.items() if part.value is not None
        }
    if isinstance(value, list):
        return [native_values(part_type(kind, index), part) for index, part in enumerate(value)]
    return value


def _said_by_schema(errors: Sequence[ErrorDetails], said: Mapping[str, Any]) -> list[Finding]:
    """Return the schema's errors in plain English; names that are well are still compared with each other."""
    made: list[Finding] = []
    for error in errors:
        reason = error.get("ctx", {}).get("error")
        if isinstance(reason, InconsistentError):
            return list(reason.findings)
        key = ".".join(str(part) for part in error["loc"])
        made.append(Finding(key, _whose(error["loc"], said) + plain_english(error, NetworkScenario)))
    broken = {finding.key for finding in made}
    layout = layout_of(said) if _lists_of_mappings(said) else None
    if layout is not None and layout.edges:
        made += [finding for finding in layout_findings(layout) if finding.key not in broken]
    return made


def _lists_of_mappings(said: Mapping[str, Any]) -> bool:
    groups = [said.get(name, []) for name in _SINGULAR]
    return all(isinstance(group, list) and all(isinstance(item, dict) for item in group) for group in groups)


def _whose(loc: Sequence[int | str], said: Mapping[str, Any]) -> str:
    """Return `pipe 'p7': ` for an error inside a pipe that has an id."""
    if len(loc) < 2 or loc[0] not in _SINGULAR or not isinstance(loc[1], int):
        return ""
    item = said[str(loc[0])][loc[1]]
    id_ = item.get("id") if isinstance(item, dict) else None
    return f"{_SINGULAR[str(loc[0])]} {id_!r}: " if isinstance(id_, str) and id_ and loc[-1] != "id" else ""


def plain_english(error: ErrorDetails, root: type[Section]) -> str:
    """Return what is wrong, in words of the file; `root` is the section that the whole file is."""
    loc, kind_of_error, value = error["loc"], error["type"], error.get("input")
    name = next((part for part in reversed(loc) if isinstance(part, str)), "")
    section: Any = root
    for part in loc[:-1]:
        section = part_type(section, part)
    if kind_of_error == "missing":
        return "missing key"
    if kind_of_error == "extra_forbidden":
        return unknown_key(name, section.model_fields, {})
    if kind_of_error == "value_error":
        return str(error["ctx"]["error"])
    limit = out_of_range(kind_of_error, error.get("ctx", {}), name, value)
    return limit or wrong_type(part_type(section, loc[-1]), name, value)
