"""The documentation of the scenario file, made from the schema itself."""

from __future__ import annotations

import types
from typing import Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from dhsim.scenario.schema import Scenario, Section
from dhsim.scenario.wording import bare, is_section, shown, wanted

_SIGNS = ((Gt, "gt", "above"), (Ge, "ge", "at least"), (Lt, "lt", "below"), (Le, "le", "at most"))


def schema_reference() -> str:
    """Return all keys of a scenario file as Markdown: type with unit, limits, default and meaning."""
    lines = ["# Keys of a scenario file", ""]
    lines += [
        "- `extends` (text, optional): another scenario file, relative to this one, that this one is laid over: "
        "mappings merge, lists and values replace, `null` resets to the default."
    ]
    later: list[tuple[str, type[Section]]] = []
    lines += _section("", Scenario, later)
    while later:
        key, section = later.pop(0)
        below: list[tuple[str, type[Section]]] = []
        lines += ["", f"## {key}", "", (section.__doc__ or "").strip(), "", *_section(key, section, below)]
        later = below + later
    return "\n".join(lines) + "\n"


def _section(key: str, section: type[Section], later: list[tuple[str, type[Section]]]) -> list[str]:
    lines = []
    for name, field in section.model_fields.items():
        kind = bare(field.annotation)
        path = f"{key}.{name}" if key else name
        inner, inner_path = _inner(kind, path)
        if is_section(inner):
            later.append((inner_path, inner))
        what = [_what(kind, name), *_limits(field), _default(field)]
        meaning = " ".join((field.description or "").split())
        lines.append(f"- `{path}` ({', '.join(part for part in what if part)})" + (f": {meaning}" if meaning else ""))
    return lines


def _inner(kind: Any, path: str) -> tuple[Any, str]:
    if get_origin(kind) is list:
        return bare(get_args(kind)[0]), f"{path}[]"
    if get_origin(kind) is dict:
        return bare(get_args(kind)[1]), f"{path}.NAME"
    return kind, path


def _what(kind: Any, name: str) -> str:
    if is_section(kind):
        return "mapping"
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(f"`{option}`" for option in get_args(kind))
    if get_origin(kind) is dict:
        return "mapping of names to " + ("mappings" if is_section(get_args(kind)[1]) else "text")
    return wanted(kind, name).removeprefix("a ")


def _limits(field: FieldInfo) -> list[str]:
    said = []
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


def _default(field: FieldInfo) -> str:
    if field is Scenario.model_fields["name"]:
        return "default the file's name"
    if field.default is PydanticUndefined:
        return "required"
    if field.default is None or is_section(type(field.default)):
        return "optional"
    if field.default in ([], {}, ""):
        return "default empty"
    return f"default {field.default if isinstance(field.default, str) else shown(field.default)}"
