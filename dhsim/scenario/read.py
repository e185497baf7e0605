"""Read one YAML file into entries that know their place. YAML 1.2: `on`, `yes` and 22:00 are text."""

from __future__ import annotations

import difflib
import math
import os
import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from dhsim.errors import Problem
from dhsim.scenario.encoding import place_after, utf8_text
from dhsim.scenario.source import Entry, Place, joined, problem_at

ENTRIES_MAX = 300_000
"""More is no scenario but aliases that multiply each other."""

_TAG = "tag:yaml.org,2002:"
_PLAIN_WORDS = (
    (r"found character '\\t'", "a tab: YAML is indented with spaces"),
    (r"mapping values are not allowed", "a colon where none can stand: wrong indentation, or quotes are missing"),
    (r"found another document", "a second document (`---`): one scenario a file"),
    (r"found undefined alias", "an alias (`*name`) of nothing: a text that begins with * needs quotes"),
    (r"unexpected end of stream|found '<stream end>'", "the file ends inside a quotation or bracket"),
    (r"expected <block end>", "wrong indentation: this does not line up with what stands above"),
    (r"could not find expected ':'", "a key without a colon"),
    (r"expected ',' or", "a comma or a closing bracket is missing"),
)


class _Unreadable(Exception):  # noqa: N818  (never leaves this module)
    """Nothing can be made of the file; holds the one problem."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.problem = problem_at(place, message)


def read_entry(path: Path, problems: list[Problem], said_at: Place | None = None, key: str = "") -> Entry | None:
    """Return the file's mapping, or None if it cannot be read at all; what is wrong is appended to `problems`.

    Parameters
    ----------
    path
        The file; its text form stands in the problems.
    problems
        What was found so far; grows.
    said_at
        Where the file was asked for, if another file did: a missing file is that place's problem.
    key
        The key that asked for it.
    """
    try:
        data = _bytes(path)
    except _Unreadable as unreadable:
        found = unreadable.problem
        problems.append(problem_at(said_at, f"{_short(path.as_posix())}: {found.message}", key) if said_at else found)
        return None
    try:
        return _Reader(str(path), problems).entry_of(_text(str(path), data))
    except _Unreadable as unreadable:
        problems.append(unreadable.problem)
    except RecursionError:
        problems.append(problem_at(Place(str(path)), "nested too deeply"))
    return None


def _bytes(path: Path) -> bytes:
    place = Place(str(path))
    if os.path.isdir(path):  # unlike Path.is_dir, false for an impossible name
        raise _Unreadable(place, "is a folder (name a scenario file)")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise _Unreadable(place, "no such file" + _neighbour(path)) from None
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        place = Place(_short(place.path))
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _Unreadable(place, f"cannot be read: {reason.lower()}") from None


def _neighbour(path: Path) -> str:
    try:
        names = [other.name for other in path.parent.iterdir() if other.suffix in (".yaml", ".yml")]
    except OSError:
        return ""
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.8)
    return f" (did you mean {near[0]})" if near else ""


def _text(path: str, data: bytes) -> str:
    text = utf8_text(path, data)
    if isinstance(text, Problem):
        raise _Unreadable(Place(text.path, text.line, text.column), text.message)
    return text


class _Reader:
    """Turns the nodes of one file into entries."""

    def __init__(self, path: str, problems: list[Problem]) -> None:
        self.path = path
        self.problems = problems
        self.yaml: Any = YAML(typ="safe", pure=True)
        self.yaml.composer.warn_double_anchors = False
        self.open: set[int] = set()
        self.count = 0

    def entry_of(self, text: str) -> Entry:
        """Return the whole file as one entry."""
        if directive := re.match(r"(?:[ \t]*(?:#.*)?\r?\n)*%YAML[ \t]+(?!1\.2\b)", text):
            place = place_after(self.path, directive.group().rpartition("%")[0])
            raise _Unreadable(place, "YAML 1.2 is read here (1.1 takes 22:00 for a number): leave the %YAML line out")
        try:
            node = self.yaml.compose(text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = Place(self.path, mark.line + 1, mark.column + 1) if mark else Place(self.path)
            raise _Unreadable(place, f"not YAML: {_plain_words(error)}") from None
        except YAMLError as error:
            place = place_after(self.path, text[: getattr(error, "position", 0)])
            reason = getattr(error, "reason", None) or str(error)
            raise _Unreadable(place, f"not YAML: {str(reason).splitlines()[0]}") from None
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            # the parser trips over some malformed directives and escapes itself
            raise _Unreadable(Place(self.path), f"not YAML: {error}") from None
        start = Place(self.path, 1, 1)
        if node is None or (isinstance(node, ScalarNode) and node.tag == _TAG + "null"):
            raise _Unreadable(start, "the file is empty")
        if not isinstance(node, MappingNode):
            what = "a list" if isinstance(node, SequenceNode) else "a text or number"
            raise _Unreadable(self._place(node), f"expected `key: value` lines (got {what})")
        return self._entry(node, start, "")

    def _place(self, node: Node) -> Place:
        return Place(self.path, node.start_mark.line + 1, node.start_mark.column + 1)

    def _entry(self, node: Node, place: Place, key: str) -> Entry:
        self.count += 1
        if self.count > ENTRIES_MAX:
            raise _Unreadable(place, f"more than {ENTRIES_MAX} entries: aliases that multiply each other?")
        if id(node) in self.open:
            raise _Unreadable(place, "an alias inside what it stands for")
        if isinstance(node, ScalarNode):
            return Entry(self._scalar(node, key), place)
        self.open.add(id(node))
        value: Any
        if isinstance(node, MappingNode):
            value = self._mapping(node, key)
        else:
            value = [self._entry(item, self._place(item), joined(key, i)) for i, item in enumerate(node.value)]
        self.open.discard(id(node))
        if node.tag not in (_TAG + "map", _TAG + "seq"):
            self._say(node, key, f"the tag {_short(str(node.tag))} is not for scenarios")
        return Entry(value, place)

    def _mapping(self, node: MappingNode, key: str) -> dict[str, Entry]:
        made: dict[str, Entry] = {}
        shared: list[Node] = []
        for name_node, value_node in node.value:
            if not isinstance(name_node, ScalarNode):
                self._say(name_node, key, "a key must be one word (a text in {...} needs quotes)")
            elif name_node.tag == _TAG + "merge":
                shared += value_node.value if isinstance(value_node, SequenceNode) else [value_node]
            elif name_node.value in made:
                first = made[name_node.value].place.line
                self._say(name_node, joined(key, name_node.value), f"duplicate key (first in line {first})")
            else:
                name = name_node.value
                made[name] = self._entry(value_node, self._place(name_node), joined(key, name))
        for part in shared:  # `<<`: what stands here already wins
            if isinstance(part, MappingNode):
                for name, entry in self._entry(part, self._place(part), key).value.items():
                    made.setdefault(name, entry)
            else:
                self._say(part, key, "`<<` needs a mapping")
        return made

    def _scalar(self, node: ScalarNode, key: str) -> Any:
        kind = str(node.tag).removeprefix(_TAG)
        if kind in ("str", "timestamp"):  # the schema knows whether a date is wanted or a text
            return node.value
        if kind == "null":
            return None
        if kind not in ("bool", "int", "float"):
            self._say(node, key, f"the tag {_short(str(node.tag))} is not for scenarios")
            return node.value
        try:
            value = getattr(self.yaml.constructor, f"construct_yaml_{kind}")(node)
            finite = math.isfinite(value)
        except OverflowError:
            finite = False
        except (ValueError, LookupError, TypeError):
            self._say(node, key, f"cannot be read as a number (got {_short(node.value)})")
            return node.value
        if not finite:
            # reported by the schema's own check, which sees numbers set from Python as well
            return float("nan") if "nan" in node.value.lower() else math.inf
        return value

    def _say(self, node: Node, key: str, message: str) -> None:
        self.problems.append(problem_at(self._place(node), message, key))


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."


def _plain_words(error: MarkedYAMLError) -> str:
    said = " ".join(str(part) for part in (error.problem,) if part)
    for pattern, words in _PLAIN_WORDS:
        if re.search(pattern, said):
            return words
    return said or "cannot be parsed"
