"""Scenario file -> Scenario: parents merged, keys checked, everything that is wrong said at once."""

from __future__ import annotations

import copy
import datetime as dt
import difflib
import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, cast, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from dhsim.errors import Problem, ScenarioError
from dhsim.scenario.consistency import Finding, InconsistentError, disagreements
from dhsim.scenario.read import read_entry
from dhsim.scenario.schema import PolicyName, Scenario
from dhsim.scenario.secondary import with_network
from dhsim.scenario.source import (
    OVERRIDE,
    Entry,
    Place,
    SourceMap,
    joined,
    merged,
    overridden,
    problem_at,
    rebased,
    yielding,
)
from dhsim.scenario.wording import is_section, out_of_range, part_type, shown, unknown_key, wrong_type

NOT_INHERITED = ("name", "description", "reference")
FILE_KEYS = (("weather", "file"), ("network",), ("details", "*", "building"), ("details", "*", "settings"))
"""Keys that name a file relative to the scenario file they stand in."""
ALTERNATIVES: dict[tuple[str, ...], tuple[frozenset[str], ...]] = {
    (): (frozenset({"network"}), frozenset({"pipes", "nodes"})),
    ("weather",): (
        frozenset({"climate", "months"}),
        frozenset({"file", "format", "columns", "year", "fill_gaps_up_to_h"}),
        frozenset({"constant_temp_outdoor_c"}),
    ),
    ("substation", "pumps"): (
        frozenset({"model"}),
        frozenset({"flow_m3_h", "head_m", "efficiency_best", "flow_best_m3_h"}),
    ),
}
"""Groups of keys that stand for one another: a file that says one does not inherit the others."""


def load_scenario(path: str | Path, overrides: Mapping[str, Any] | None = None) -> Scenario:
    """Read a scenario file and everything it extends.

    `extends: other.yaml` (relative to the file) lays this file over another: mappings merge deeply, lists and values
    replace, `null` resets a key to its default; name, description and reference are not inherited. The name falls back
    to the file's.

    Parameters
    ----------
    path
        The YAML file.
    overrides
        Dotted keys set after the merge: `{"control.policy": "cap70", "buildings.0.heat_design_kw": 280}`; None resets.

    Returns
    -------
    Scenario
        Checked; knows the file, line and column of every key (`where`).

    Raises
    ------
    ScenarioError
        With all problems of the file, each with its place.
    """
    problems: list[Problem] = []
    scenario = _load(Path(path), overrides or {}, problems)
    if scenario is None or problems:
        raise ScenarioError(problems)
    return scenario


def scenario_files(paths: Sequence[str | Path]) -> list[Path]:
    """Return scenario files: of a folder its *.yaml and *.yml by name (no sub-folders), a file as it is.

    Raises
    ------
    ScenarioError
        A path that does not exist, a folder without scenarios, or no paths at all.
    """
    files: dict[Path, Path] = {}
    problems: list[Problem] = []
    for path in map(Path, paths):
        found = [path]
        if os.path.isdir(path):  # unlike Path.is_dir, false for an impossible name
            found = sorted(entry for entry in path.iterdir() if entry.suffix in (".yaml", ".yml") and entry.is_file())
            if not found:
                problems.append(Problem("no *.yaml or *.yml in this folder", str(path)))
        elif not os.path.exists(path):
            problems.append(Problem("no such file or folder", str(path)))
        for file in found:
            files.setdefault(file.absolute(), file)
    if not paths:
        problems.append(Problem("no scenario files given"))
    if problems:
        raise ScenarioError(problems)
    return list(files.values())


def load_scenarios(paths: Sequence[str | Path], overrides: Mapping[str, Any] | None = None) -> list[Scenario]:
    """Read several scenario files (or folders of them) that are to be compared.

    Returns
    -------
    list[Scenario]
        The reference first: the one that says `reference: true`, else the first. Then as the paths were given; within a
        folder from the simplest policy to the most advanced, and by name among equals.

    Raises
    ------
    ScenarioError
        With all problems of all files; also two scenarios of one name, or more than one reference.
    """
    problems: list[Problem] = []
    loaded = [(file, _load(file, overrides or {}, problems)) for file in scenario_files(paths)]
    scenarios = _in_order([(file, scenario) for file, scenario in loaded if scenario is not None], paths)
    first_of: dict[str, Scenario] = {}
    for scenario in scenarios:
        first = first_of.setdefault(scenario.name, scenario)
        if first is not scenario:
            other = first.where("name")
            problems.append(scenario.problem("name", f"two scenarios are named {scenario.name!r} (the other: {other})"))
    references = [scenario for scenario in scenarios if scenario.reference]
    for extra in references[1:]:
        message = f"more than one reference (the other: {references[0].where('reference')})"
        problems.append(extra.problem("reference", message))
    if problems:
        raise ScenarioError(problems)
    return sorted(scenarios, key=lambda scenario: not scenario.reference)


def _in_order(loaded: Sequence[tuple[Path, Scenario]], paths: Sequence[str | Path]) -> list[Scenario]:
    """Keep the order of the paths; within a folder go up the ladder of policies."""
    ladder = get_args(PolicyName)
    named = [Path(path).absolute() for path in paths]

    def place(item: tuple[Path, Scenario]) -> tuple[int, int]:
        file, scenario = item
        if file.absolute() in named:
            return named.index(file.absolute()), 0
        return named.index(file.absolute().parent), ladder.index(scenario.control.policy)

    return [scenario for _, scenario in sorted(loaded, key=place)]


def _load(path: Path, overrides: Mapping[str, Any], problems: list[Problem]) -> Scenario | None:
    """Return the scenario, or None; problems of this file are appended in the order of its lines."""
    found: list[Problem] = []
    scenario = None
    entry = _extended(path, (), found)
    if entry is not None:
        for key, value in overrides.items():
            try:
                said = overridden(Entry({}, Place(OVERRIDE)), str(key), value)
                entry = overridden(_yielding_all(entry, said), str(key), value)
            except (LookupError, RecursionError) as error:
                found.append(problem_at(Place(OVERRIDE), str(error.args[0]), str(key)))
        if "name" not in entry.value or entry.value["name"].value is None:
            entry.value["name"] = Entry(path.stem, entry.place)
        entry = with_network(entry, path.parent, found)
        scenario = _checked(entry, SourceMap.of(path, entry), found)
    problems += sorted(found, key=lambda said: (said.path != str(path), said.path, said.line or 0, said.column or 0))
    return scenario


def _extended(path: Path, trail: tuple[Path, ...], problems: list[Problem], asked: Place | None = None) -> Entry | None:
    """Return a file laid over what it extends; `trail` holds the files on the way here."""
    entry = read_entry(path, problems, asked, "extends" if asked else "")
    if entry is None:
        return None
    said = entry.value.pop("extends", None)
    _check_version(entry, problems)
    if said is None or said.value is None:
        return entry
    if not isinstance(said.value, str) or not said.value:
        problems.append(problem_at(said.place, f"expected the name of one file (got {shown(said.value)})", "extends"))
        return entry
    trail = (*trail, path.resolve())
    parent_path = path.parent / said.value
    try:
        known = parent_path.resolve() in trail
    except (OSError, ValueError, RuntimeError):  # no such file; the reader says so
        known = False
    if known:
        message = f"extends itself in a circle: {' -> '.join(file.name for file in trail)} -> {parent_path.name}"
        problems.append(problem_at(said.place, message, "extends"))
        return None
    parent = _extended(parent_path, trail, problems, said.place)
    if parent is None:
        return None
    inherited = {name: part for name, part in parent.value.items() if name not in NOT_INHERITED}
    parent = Entry(inherited, parent.place)
    for key in FILE_KEYS:
        parent = rebased(parent, key, parent_path.parent, path.parent)
    return merged(_yielding_all(parent, entry), entry)


def _yielding_all(parent: Entry, child: Entry) -> Entry:
    for key, groups in ALTERNATIVES.items():
        parent = yielding(parent, child, key, groups)
    return parent


def _check_version(entry: Entry, problems: list[Problem]) -> None:
    """Refuse a version that this package does not read, in every file of the chain."""
    said = entry.value.get("schema_version")
    if said is not None and said.value is not None and not (said.value == 1 and type(said.value) is int):
        message = f"expected 1, the only schema version this dhsim reads (got {shown(said.value)})"
        problems.append(problem_at(said.place, message, "schema_version"))
        entry.value["schema_version"] = Entry(1, said.place)


def _checked(entry: Entry, source: SourceMap, problems: list[Problem]) -> Scenario | None:
    """Return the scenario if all is well with its keys; append what is not."""
    known = {problem.key for problem in problems}
    conversion: dict[str, str] = {}
    said = _native(Scenario, entry, "", conversion)
    problems += [problem_at(source.where(key), text, key) for key, text in conversion.items() if key not in known]
    known |= conversion.keys()
    try:
        scenario = Scenario.model_validate(said, strict=True)
    except ValidationError as error:
        problems += _said_by_schema(error.errors(), said, source, known)
        problems += _missing_weather(said, source, {problem.key for problem in problems})
        return None
    return None if conversion else scenario.placed(source)


def _missing_weather(said: Mapping[str, Any], source: SourceMap, known: set[str]) -> list[Problem]:
    """Say with the other problems that the weather file is not there, which the build would say only after them."""
    weather = said.get("weather")
    name = weather.get("file") if isinstance(weather, dict) else None
    if not isinstance(name, str) or "weather.file" in known or (Path(source.path).parent / name).is_file():
        return []
    return [problem_at(source.where("weather.file"), f"no such file (got {shown(name)})", "weather.file")]


def _said_by_schema(
    errors: Sequence[ErrorDetails], said: Mapping[str, Any], source: SourceMap, known: Iterable[str]
) -> list[Problem]:
    """Return the schema's errors in plain English; sections that are well are still compared with each other."""
    made: list[Problem] = []
    findings: list[Finding] = []
    for error in errors:
        reason = error.get("ctx", {}).get("error")
        if isinstance(reason, InconsistentError):
            findings += list(reason.findings)
            continue
        loc = error["loc"]
        if error["type"] == "missing" and isinstance(loc[-1], int):  # a pair of one number: look at the pair
            loc = loc[:-1]
        key = ".".join(str(part) for part in loc)
        if key not in known:
            made.append(problem_at(source.where(key), _plain_english(error, said, source), key))
    if not findings:
        broken = {error["loc"][0] for error in errors if error["loc"]}
        mended = _without([error["loc"] for error in errors if error["type"] != "missing"], said)
        known = {*known, *(problem.key for problem in made)}
        hidden: list[ErrorDetails] = []
        findings = disagreements(_sound_sections(mended, broken, hidden))
        for error in hidden:
            key = ".".join(str(part) for part in error["loc"])
            gone = [str(one["loc"][-1]) for one in errors if one["loc"][:1] == error["loc"][:1]]
            if key not in known and not _follows(error["msg"], gone):
                made.append(problem_at(source.where(key), _plain_english(error, mended, source), key))
    known = {*known, *(problem.key for problem in made)}
    return made + [problem_at(source.where(key), text, key) for key, text in findings if key not in known]


def _follows(message: str, gone: Sequence[str]) -> bool:
    """Return whether a section's complaint may only follow from keys that were left out as broken."""
    words = re.findall(r"\w+", message)
    return any(difflib.get_close_matches(name, words, n=1, cutoff=0.8) for name in gone)


def _without(places: Iterable[tuple[int | str, ...]], said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was said without the keys at these places; items of lists keep their place."""
    mended: dict[str, Any] = copy.deepcopy(dict(said))
    for place in places:
        part: Any = mended
        for step in place[:-1]:
            inside = isinstance(part, list) or (isinstance(part, dict) and step in part)
            part = part[step] if inside else None
        if isinstance(part, dict) and len(place) > 1:
            part.pop(place[-1], None)
    return mended


def _sound_sections(said: Mapping[str, Any], broken: set[int | str], hidden: list[ErrorDetails]) -> SimpleNamespace:
    """Return the sections that are well, or are without their broken keys; what these had hidden goes to `hidden`."""
    sound = SimpleNamespace()
    for name, field in Scenario.model_fields.items():
        kind: Any = field.annotation
        adapter: TypeAdapter[Any] = TypeAdapter(kind)
        default = field.get_default(call_default_factory=True, validated_data={})
        if name in broken and name not in said:
            continue
        try:
            setattr(sound, name, adapter.validate_python(said[name], strict=True) if name in said else default)
        except ValidationError as error:
            whole = [{**one, "loc": (name, *one["loc"])} for one in error.errors() if one["type"] == "value_error"]
            hidden += cast("list[ErrorDetails]", whole)
    return sound


def _plain_english(error: ErrorDetails, said: Mapping[str, Any], source: SourceMap) -> str:
    """Return what is wrong, in words of the file."""
    loc, kind_of_error, value = error["loc"], error["type"], error.get("input")
    name = next((part for part in reversed(loc) if isinstance(part, str)), "")
    section: Any = Scenario
    for part in loc[:-1]:
        section = part_type(section, part)
    if kind_of_error == "missing":
        return "missing key" if isinstance(loc[-1], str) else wrong_type(section, name, error["input"])
    if kind_of_error == "extra_forbidden":
        tops = {top: part_type(Scenario, top) for top in Scenario.model_fields}
        elsewhere = {top: kind.model_fields for top, kind in tops.items() if is_section(kind) and kind is not section}
        return unknown_key(name, section.model_fields, elsewhere)
    if kind_of_error == "value_error":
        return str(error["ctx"]["error"]) + _inherited(error["loc"], source)
    limit = out_of_range(kind_of_error, error.get("ctx", {}), name, value)
    return limit or wrong_type(part_type(section, loc[-1]), name, value)


def _inherited(loc: tuple[int | str, ...], source: SourceMap) -> str:
    """Return a hint where a section's keys come from more than one file."""
    key = ".".join(str(part) for part in loc)
    files = {place.path for name, place in source.places.items() if name == key or name.startswith(f"{key}.")}
    return "; an inherited key is reset with null" if len(files - {OVERRIDE}) > 1 else ""


def _native(kind: Any, entry: Entry, key: str, wrong: dict[str, str]) -> Any:
    """Return an entry as the schema wants it: nulls dropped, dates and times read, pairs as tuples."""
    value = entry.value
    if isinstance(value, dict):
        made: dict[str, Any] = {}
        for name, part in value.items():
            inner = part_type(kind, name)
            if part.value is None and (get_origin(kind) is dict or (is_section(kind) and name in kind.model_fields)):
                if get_origin(kind) is dict and is_section(inner):  # an entry of all defaults
                    made[name] = {}
                continue
            made[name] = _native(inner, part, joined(key, name), wrong)
        return made
    if isinstance(value, list):
        items = [_native(part_type(kind, i), part, joined(key, i), wrong) for i, part in enumerate(value)]
        return tuple(items) if get_origin(kind) is tuple else items
    return _scalar(kind, value, key, wrong)


def _scalar(kind: Any, value: Any, key: str, wrong: dict[str, str]) -> Any:
    name = key.rpartition(".")[2]
    if isinstance(value, float) and not math.isfinite(value):
        wrong[key] = f"must be a finite number (got {'.nan' if value != value else 'an infinite or far too large one'})"
    elif get_origin(kind) is Literal and type(value) not in {type(option) for option in get_args(kind)}:
        wrong[key] = wrong_type(kind, name, value)
    elif kind in _MOMENTS and isinstance(value, str):
        pattern, read = _MOMENTS[kind]
        if not re.fullmatch(pattern, value, re.ASCII):
            wrong[key] = wrong_type(kind, name, value)
            return value
        try:
            return read(value)
        except ValueError:
            what = "of the day" if kind is dt.time else "in the calendar"
            wrong[key] = f"there is no such {'time' if kind is dt.time else 'date'} {what} (got {value})"
    elif kind in (dt.datetime, dt.time) and getattr(value, "tzinfo", None) is not None:
        wrong[key] = f"expected local standard time without a time zone (got {value.isoformat()})"
    return value


def _time_of_day(text: str) -> dt.time:
    return dt.time.fromisoformat(text.zfill(5) if text.count(":") == 1 else text.zfill(8))


_DATE = r"\d{4}-\d{2}-\d{2}"
_MOMENTS: dict[Any, tuple[str, Any]] = {
    dt.date: (_DATE, dt.date.fromisoformat),
    dt.datetime: (_DATE + r"([Tt ]\d{2}:\d{2}(:\d{2})?)?", dt.datetime.fromisoformat),
    dt.time: (r"\d{1,2}:\d{2}(:\d{2})?", _time_of_day),
}
