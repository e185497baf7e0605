"""Read JSON into entries that know their place; the module `json` keeps none."""

from __future__ import annotations

import re
from bisect import bisect_right
from json.decoder import JSONDecodeError, scanstring  # type: ignore[attr-defined]
from typing import Any

from dhsim.errors import Problem
from dhsim.scenario.source import Entry, Place, joined, problem_at

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?")
_WORDS = {"true": True, "false": False, "null": None}
_DEPTH_MAX = 200


class _BrokenError(Exception):
    def __init__(self, at: int, message: str) -> None:
        super().__init__(message)
        self.at = at


def json_entry(path: str, text: str, problems: list[Problem]) -> Entry | None:
    """Return the object that a JSON text holds, or None; what is wrong is appended to `problems`."""
    reader = _Reader(path, text, problems)
    try:
        value, at = reader.value(reader.skip(0), "", 0)
        if reader.skip(at) < len(text):
            raise _BrokenError(reader.skip(at), "the text goes on after its end")
        if not isinstance(value, dict):
            raise _BrokenError(reader.skip(0), "expected an object, {...}")
    except _BrokenError as broken:
        problems.append(problem_at(reader.place(broken.at), f"not JSON: {broken}"))
        return None
    return Entry(value, Place(path, 1, 1))


class _Reader:
    def __init__(self, path: str, text: str, problems: list[Problem]) -> None:
        self.path, self.text, self.problems = path, text, problems
        self.lines = [0, *(found.end() for found in re.finditer(r"\r\n|\r|\n", text))]

    def place(self, at: int) -> Place:
        line = bisect_right(self.lines, at)
        return Place(self.path, line, at - self.lines[line - 1] + 1)

    def skip(self, at: int) -> int:
        found = _SPACE.match(self.text, at)
        return found.end() if found else at

    def value(self, at: int, key: str, depth: int) -> tuple[Any, int]:
        """Return the value that begins here, and where it ends."""
        first = self.text[at : at + 1]
        if depth > _DEPTH_MAX:
            raise _BrokenError(at, "nested too deeply")
        if first == "{":
            return self._object(at, key, depth)
        if first == "[":
            return self._list(at, key, depth)
        if first == '"':
            return self._text(at)
        for word, value in _WORDS.items():
            if self.text.startswith(word, at):
                return value, at + len(word)
        found = _NUMBER.match(self.text, at)
        if found is None:
            raise _BrokenError(
                at, f"no value here (got {self.text[at : at + 12]!r})" if first else "the text ends early"
            )
        whole = found.group(1) is None and found.group(2) is None and len(found.group()) < 300
        return (int(found.group()) if whole else float(found.group())), found.end()

    def _text(self, at: int) -> tuple[str, int]:
        try:
            made: tuple[str, int] = scanstring(self.text, at + 1, True)
        except JSONDecodeError as error:
            raise _BrokenError(error.pos, error.msg.lower()) from None
        return made

    def _object(self, at: int, key: str, depth: int) -> tuple[dict[str, Entry], int]:
        made: dict[str, Entry] = {}
        at = self.skip(at + 1)
        while self.text[at : at + 1] != "}":
            if self.text[at : at + 1] != '"':
                raise _BrokenError(at, "expected a key in double quotes, or `}`")
            start, (name, at) = at, self._text(at)
            at = self.skip(at)
            if self.text[at : at + 1] != ":":
                raise _BrokenError(at, "expected `:` after a key")
            value, at = self.value(self.skip(at + 1), joined(key, name), depth + 1)
            if name in made:
                message = f"duplicate key (first in line {made[name].place.line})"
                self.problems.append(problem_at(self.place(start), message, joined(key, name)))
            else:
                made[name] = Entry(value, self.place(start))
            at = self._next(at, "}")
        return made, at + 1

    def _list(self, at: int, key: str, depth: int) -> tuple[list[Entry], int]:
        made: list[Entry] = []
        at = self.skip(at + 1)
        while self.text[at : at + 1] != "]":
            value, end = self.value(at, joined(key, len(made)), depth + 1)
            made.append(Entry(value, self.place(at)))
            at = self._next(end, "]")
        return made, at + 1

    def _next(self, at: int, closing: str) -> int:
        """Return where the next item begins, or the closing bracket stands."""
        at = self.skip(at)
        if self.text[at : at + 1] == ",":
            at = self.skip(at + 1)
            if self.text[at : at + 1] == closing:
                raise _BrokenError(at, f"a comma before `{closing}`")
        elif self.text[at : at + 1] != closing:
            raise _BrokenError(at, f"expected `,` or `{closing}`")
        return at
