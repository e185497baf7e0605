"""File or folder of tables that lists parts (network, building) -> its document: read, checked, all faults at once."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from dhsim.errors import Problem, ScenarioError
from dhsim.scenario.consistency import Finding
from dhsim.scenario.document import Document
from dhsim.scenario.json_read import json_entry
from dhsim.scenario.read import read_entry
from dhsim.scenario.section import Section
from dhsim.scenario.source import OVERRIDE, Entry, Place, SourceMap, overridden, problem_at
from dhsim.scenario.tables import NUMBER_FORMAT, Tables, read_text, tables_entry
from dhsim.scenario.wording import out_of_range, part_type, unknown_key, wrong_type

DocumentT = TypeVar("DocumentT", bound=Document)


class Form(NamedTuple, Generic[DocumentT]):
    """What a document is made of."""

    kind: type[DocumentT]
    tables: Tables
    of_json: Callable[[Path, Entry, list[Problem]], Entry | None]
    """What a JSON file says, given its content: a map may stand in it."""
    findings: Callable[[Sequence[ErrorDetails], Mapping[str, Any]], list[Finding]]
    """The schema's errors in plain English."""
    json_suffixes: tuple[str, ...] = (".json",)


def load_document(path: Path, overrides: Mapping[str, Any] | None, form: Form[DocumentT]) -> DocumentT:
    """Read a document whatever its form: a folder of tables, JSON by its suffix, anything else as YAML.

    The name falls back to the file's.

    Parameters
    ----------
    path
        The file or folder.
    overrides
        Dotted keys set after reading.
    form
        What it is made of.

    Returns
    -------
    Document
        Checked; knows the file, line and column of every key (`where`).

    Raises
    ------
    ScenarioError
        With all problems, each with its place.
    """
    problems = list[Problem]()
    document = None
    entry = _entry_of(path, form, problems)
    if entry is not None:
        file = Path(entry.place.path)
        for key, value in (overrides or {}).items():
            try:
                entry = overridden(entry, str(key), value)
            except (LookupError, RecursionError) as error:
                problems.append(problem_at(Place(OVERRIDE), str(error.args[0]), str(key)))
        if "name" not in entry.value or entry.value["name"].value is None:
            entry.value["name"] = Entry(path.resolve().stem, entry.place)
        document = _checked(entry, SourceMap.of(file, entry), form, problems)
    if document is None or problems:
        raise ScenarioError(sorted(problems, key=lambda said: (said.path, said.line or 0, said.column or 0)))
    return document


def _entry_of(path: Path, form: Form[Any], problems: list[Problem]) -> Entry | None:
    """Return what a file or folder says in the shape of the schema, or None."""
    if os.path.isdir(path):  # unlike Path.is_dir, false for an impossible name
        return tables_entry(path, form.tables, problems)
    if path.suffix.lower() not in form.json_suffixes:
        return read_entry(path, problems)
    text = read_text(path, problems)
    entry = None if text is None else json_entry(str(path), text, problems)
    return None if entry is None else form.of_json(path, entry, problems)


def _checked(entry: Entry, source: SourceMap, form: Form[DocumentT], problems: list[Problem]) -> DocumentT | None:
    """Return the document if all is well with its keys; append what is not."""
    said = native_values(form.kind, entry)
    known = {problem.key for problem in problems if problem.key}
    try:
        return form.kind.model_validate(said, strict=True).placed(source)
    except ValidationError as error:
        findings = form.findings(error.errors(), said)
    problems += [
        problem_at(source.where(key), message + _cell_format(source.where(key), message), key)
        for key, message in findings
        if key not in known
    ]
    return None


def _cell_format(place: Place, message: str) -> str:
    """Return how a table writes numbers, for a cell that should hold one and does not."""
    of_table = place.path.endswith(".csv") and re.search(r"expected .*\bnumber", message)
    return f"; {NUMBER_FORMAT}" if of_table else ""


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


def whose(loc: Sequence[int | str], said: Mapping[str, Any], singular: Mapping[str, str]) -> str:
    """Return `pipe 'p7': ` for an error inside a pipe that has an id; `singular` names one of each list."""
    if len(loc) < 2 or loc[0] not in singular or not isinstance(loc[1], int):
        return ""
    item = said[str(loc[0])][loc[1]]
    id_ = item.get("id") if isinstance(item, dict) else None
    return f"{singular[str(loc[0])]} {id_!r}: " if isinstance(id_, str) and id_ and loc[-1] != "id" else ""


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
