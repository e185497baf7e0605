"""The documentation of scenario, network and building files, made from the schemas themselves."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from typing import Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from dhsim.scenario.building_schema import BuildingScenario
from dhsim.scenario.building_tables import BUILDING_TABLES
from dhsim.scenario.kinds import Kind
from dhsim.scenario.network_schema import NetworkScenario
from dhsim.scenario.network_tables import NETWORK_TABLES
from dhsim.scenario.schema import Scenario, Section
from dhsim.scenario.tables import NUMBER_FORMAT, Tables
from dhsim.scenario.wording import bare, is_section, shown, wanted

_SIGNS = ((Gt, "gt", "above"), (Ge, "ge", "at least"), (Lt, "lt", "below"), (Le, "le", "at most"))


_ROOTS = (Scenario, NetworkScenario, BuildingScenario)


def schema_reference(kind: Kind | None = None) -> str:
    """Return all keys of scenario, network and building files as Markdown: type with unit, limits, default, meaning.

    Parameters
    ----------
    kind
        scenario, network or building; all three if left out.

    Returns
    -------
    str
        Markdown text.
    """
    chosen = _FILES.values() if kind is None else [_FILES[kind]]
    return "\n".join("\n".join(keys()) + "\n" for keys in chosen)


def _scenario_keys() -> list[str]:
    extends = (
        "- `extends` (text, optional): another scenario file, relative to this one, that this one is laid over: "
        "mappings merge, lists and values replace, `null` resets to the default."
    )
    return ["# Keys of a scenario file", "", extends, *_keys(Scenario, "")]


def _network_keys() -> list[str]:
    return ["# Keys of a network file", "", _tables_said(NETWORK_TABLES), "", *_keys(NetworkScenario, " of a network")]


def _building_keys() -> list[str]:
    heading = ["# Keys of a building file", "", _tables_said(BUILDING_TABLES), ""]
    return [*heading, *_keys(BuildingScenario, " of a building")]


def _tables_said(tables: Tables) -> str:
    """Return how a folder of tables says the same as a file."""
    names = ", ".join(f"`{name}.csv`" for name in tables.kinds)
    return (
        f"Or a folder: {names}, each with a row an entry of the list and a column a key of it, nested ones dotted "
        f"(`pumps.model`); all other keys in `{tables.scalars}`. Columns are parted by commas, semicolons or tabs, the "
        f"numbers of a list by spaces, and {NUMBER_FORMAT}. Lines that begin with # are remarks."
    )


def _keys(root: type[Section], whose: str) -> list[str]:
    later: list[tuple[str, type[Section]]] = []
    lines = _section("", root, later)
    while later:
        key, section = later.pop(0)
        below: list[tuple[str, type[Section]]] = []
        meaning = inspect.cleandoc(section.__doc__ or "")
        lines += ["", f"## {key}{whose}", "", meaning, "", *_section(key, section, below)]
        later = below + later
    return lines


_FILES: dict[Kind, Callable[[], list[str]]] = {
    "scenario": _scenario_keys,
    "network": _network_keys,
    "building": _building_keys,
}


def _section(key: str, section: type[Section], later: list[tuple[str, type[Section]]]) -> list[str]:
    lines = []
    for name, field in section.model_fields.items():
        kind = bare(field.annotation)
        path = f"{key}.{name}" if key else name
        inner, inner_path = _inner(kind, path)
        if is_section(inner):
            later.append((inner_path, inner))
        what = [_what(kind, field, name), *_limits(field), _default(name, field)]
        meaning = " ".join((field.description or "").split())
        lines.append(f"- `{path}` ({', '.join(part for part in what if part)})" + (f": {meaning}" if meaning else ""))
    return lines


def _inner(kind: Any, path: str) -> tuple[Any, str]:
    if get_origin(kind) is list:
        return bare(get_args(kind)[0]), f"{path}[]"
    if get_origin(kind) is dict:
        return bare(get_args(kind)[1]), f"{path}.NAME"
    return kind, path


def _what(kind: Any, field: FieldInfo, name: str) -> str:
    if _is_number_or_text(field.annotation):
        return "number or text"
    if get_origin(kind) is list and not is_section(bare(get_args(kind)[0])):
        return _list_of(get_args(kind)[0], name)
    if is_section(kind):
        return "mapping"
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(f"`{option}`" for option in get_args(kind))
    if get_origin(kind) is dict:
        return "mapping of names to " + ("mappings" if is_section(get_args(kind)[1]) else "text")
    return wanted(kind, name).removeprefix("a ")


def _list_of(inner: Any, name: str) -> str:
    if _is_number_or_text(inner):
        return "list of numbers or texts"
    if bare(inner) is str:
        return "list of texts"
    if get_origin(bare(inner)) is list:
        return "list of lists of numbers"
    return wanted(list[inner], name).removeprefix("a ")


def _is_number_or_text(annotation: Any) -> bool:
    """Return whether a key takes either: a setting of a valve is turns, or a word of its scale."""
    parts = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else ()
    return {float, str} <= {bare(part) for part in parts if part is not type(None)}


def _limits(field: FieldInfo) -> list[str]:
    said: list[str] = []
    if _is_number_or_text(field.annotation):
        return said  # those of the number are not the text's
    for mark in [*field.metadata, *_metadata(field.annotation)]:
        said += [f"{word} {getattr(mark, name):g}" for kind, name, word in _SIGNS if isinstance(mark, kind)]
        if isinstance(mark, MinLen):
            said.append(
                f"{mark.min_length} or more" if get_origin(bare(field.annotation)) in (list, dict) else "not empty"
            )
    return said


def _metadata(annotation: Any) -> list[Any]:
    """Return the constraints inside `| None`, which are not the field's own."""
    if get_origin(annotation) in (Union, types.UnionType):
        parts = [part for part in get_args(annotation) if part is not type(None)]
        return [mark for part in parts for mark in _metadata(part)]
    marks = []
    for mark in getattr(annotation, "__metadata__", ()):
        marks += mark.metadata if isinstance(mark, FieldInfo) else [mark]
    return marks


def _default(name: str, field: FieldInfo) -> str:
    if any(field is root.model_fields[name] for root in _ROOTS if name == "name"):
        return "default the file's name"
    if field.default_factory is not None:
        return "default empty"
    if field.default is PydanticUndefined:
        return "required"
    if field.default is None or is_section(type(field.default)):
        return "optional"
    if field.default in ([], {}, ""):
        return "default empty"
    return f"default {field.default if isinstance(field.default, str) else shown(field.default)}"
