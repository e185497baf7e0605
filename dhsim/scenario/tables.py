"""CSV tables of a folder as entries: a row a part, a column a key, nested keys dotted, the scalars in a YAML file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, get_origin

from dhsim.errors import Problem
from dhsim.scenario.encoding import utf8_text
from dhsim.scenario.read import read_entry
from dhsim.scenario.section import Section
from dhsim.scenario.source import Entry, Place, problem_at
from dhsim.scenario.wording import is_section, nearest, part_type, unknown_key

_CELL = {sign: re.compile(rf' *(?:"((?:[^"]|"")*)" *|([^{sign}"]*))({sign}|$)') for sign in ",;\t"}
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+([eE][-+]?\d+)?")
NUMBER_FORMAT = (
    "in a table the decimal sign is a point, or a comma where columns are parted by semicolons or tabs; thousands are "
    "not parted"
)
"""What to say of a cell that should be a number and is not."""


class _Cell(NamedTuple):
    text: str
    column: int
    """of its first character, from 1"""


class Tables(NamedTuple):
    """The files of a folder."""

    kinds: Mapping[str, type[Section]]
    """Name of a table, which is a key of the whole -> what a row of it is."""
    needed: tuple[str, ...]
    """Tables that must be there, unless the scalars' file says their key."""
    scalars: str
    """Name of the file of scalars."""
    scalars_needed: bool


def tables_entry(folder: Path, tables: Tables, problems: list[Problem]) -> Entry | None:
    """Return what a folder's tables say in the shape of the schema, or None; what is wrong goes to `problems`.

    The columns are the keys of a row's kind, nested ones dotted (`pumps.model`), and parted by commas, semicolons or
    tabs; the numbers of a list are parted by spaces or semicolons. Where the columns are not parted by commas, a comma
    may be the decimal sign, as spreadsheets of many countries write it, and `|` may part the numbers of a list. An
    empty cell is a key that was not said.
    """
    made = Entry({}, Place(str(folder)))
    if tables.scalars_needed or (folder / tables.scalars).exists():
        said = read_entry(folder / tables.scalars, problems)
        if said is None:
            return None
        made = Entry(dict(said.value), said.place)
    present = [name for name in tables.kinds if (folder / f"{name}.csv").is_file()]
    for name in tables.needed:
        if name not in present and name not in made.value:
            near = _neighbour(folder, f"{name}.csv")
            problems.append(problem_at(Place(str(folder / f"{name}.csv")), f"no such file{near}"))
    left_out = ignored(made.value)
    for name in present:
        if name in made.value:
            problems.append(problem_at(made.value[name].place, f"stands in {name}.csv too: leave one out", name))
        rows = table_rows(folder / f"{name}.csv", name, tables.kinds[name], left_out, problems)
        if rows is not None:
            made.value[name] = rows
    return made if all(name in made.value for name in tables.needed) else None


def ignored(said: dict[str, Entry]) -> set[str]:
    """Return the columns or properties that are to be left out."""
    listed = said["ignore"].value if "ignore" in said else None
    return {item.value for item in listed if isinstance(item.value, str)} if isinstance(listed, list) else set()


def read_text(path: Path, problems: list[Problem]) -> str | None:
    """Return a UTF-8 file's text, or None; what is wrong goes to `problems`."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        message = "no such file" + _neighbour(path.parent, path.name)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        message = f"cannot be read: {(getattr(error, 'strerror', None) or str(error)).lower()}"
    else:
        text = utf8_text(str(path), data)
        if isinstance(text, str):
            return text
        problems.append(text)
        return None
    problems.append(problem_at(Place(str(path)), message))
    return None


def _neighbour(folder: Path, name: str) -> str:
    try:
        near = nearest(name, [other.name for other in folder.iterdir()])
    except OSError:
        return ""
    return f" (did you mean {near})" if near else ""


def table_rows(path: Path, name: str, kind: type[Section], left_out: set[str], problems: list[Problem]) -> Entry | None:
    """Return a table's rows as a list of mappings, or None if it cannot be read at all."""
    text = read_text(path, problems)
    if text is None:
        return None
    every = enumerate(re.split(r"\r\n|\r|\n", text), start=1)
    # spreadsheets leave rows of empty cells below the last one
    lines = [(at, line) for at, line in every if line.strip(" ,;\t") and line[0] != "#"]
    if not lines:
        problems.append(problem_at(Place(str(path)), "the file is empty: its first line names the columns"))
        return None
    sign = max(",;\t", key=lines[0][1].count)
    first, titles = lines[0]
    header = _cells(titles, sign) or []
    names = [cell.text for cell in header]
    for cell in header:
        if not cell.text or names.count(cell.text) > 1:
            what = f"column {cell.text!r} stands here twice" if cell.text else "a column without a name"
            problems.append(problem_at(Place(str(path), first, cell.column), what, name))
            return None
        if cell.text not in left_out and (wrong := _strange(cell.text, kind)):
            problems.append(problem_at(Place(str(path), first, cell.column), wrong, f"{name}.{cell.text}"))
            left_out = left_out | {cell.text}
    rows: list[Entry] = []
    for at, line in lines[1:]:
        cells = _cells(line, sign)
        place = Place(str(path), at, 1)
        if cells is None or len(cells) != len(names):
            got = "a quotation that does not end" if cells is None else f"{len(cells)} cells under {len(names)} columns"
            many = cells is not None and len(cells) > len(names)
            comma = f"; {NUMBER_FORMAT}" if sign == "," and many else ""
            problems.append(problem_at(place, f"expected one cell a column (got {got}){comma}", f"{name}.{len(rows)}"))
        pairs = [(title, cell) for title, cell in zip(names, cells or [], strict=False) if title not in left_out]
        rows.append(Entry(_row(pairs, kind, Place(str(path), at), decimal_comma=sign != ","), place))
    return Entry(rows, Place(str(path), first, 1))


def _cells(line: str, sign: str) -> list[_Cell] | None:
    """Return the cells of a line; None if its quotation marks do not pair up."""
    cells: list[_Cell] = []
    at = 0
    while (found := _CELL[sign].match(line, at)) is not None:
        quoted, plain, parted = found.groups()
        text = plain.strip() if quoted is None else quoted.replace('""', '"')
        cells.append(_Cell(text, found.start(2 if quoted is None else 1) + 1))
        at = found.end()
        if not parted:
            return cells
    return None


def _strange(title: str, kind: type[Section]) -> str:
    """Return what is wrong with the name of a column, if anything."""
    head, _, tail = title.partition(".")
    inner = part_type(kind, head)
    if not tail or not is_section(inner):
        return "" if title in kind.model_fields else unknown_key(title, kind.model_fields, {})
    return "" if tail in inner.model_fields else unknown_key(tail, inner.model_fields, {})


def _row(cells: list[tuple[str, _Cell]], kind: type[Section], line: Place, *, decimal_comma: bool) -> dict[str, Entry]:
    """Return the keys of a row; dotted columns become mappings."""
    made: dict[str, Entry] = {}
    for title, cell in cells:
        place = line._replace(column=cell.column)
        head, _, tail = title.partition(".")
        if not cell.text:
            continue
        if tail:
            part = _value(part_type(part_type(kind, head), tail), cell.text, place, decimal_comma)
            made.setdefault(head, Entry({}, place)).value[tail] = part
        else:
            made[title] = _value(part_type(kind, title), cell.text, place, decimal_comma)
    return made


def _value(kind: Any, text: str, place: Place, decimal_comma: bool) -> Entry:
    """Return a cell as its key wants it; what does not fit stays text, for the schema to complain of."""
    value: Any = text
    if get_origin(kind) is list:
        inner = part_type(kind, 0)
        signs = r"[;|\s]+" if decimal_comma else r"[;\s]+"
        parts = text.split("|") if get_origin(inner) is list else re.split(signs, text.strip())
        value = [_value(inner, part, place, decimal_comma) for part in parts]
    elif kind is bool and text.lower() in ("true", "false"):
        value = text.lower() == "true"
    elif kind in (int, float):
        plain = text.replace(",", ".") if decimal_comma and _DECIMAL_COMMA.fullmatch(text) else text
        if _NUMBER.fullmatch(plain):
            value = int(plain) if re.fullmatch(r"[-+]?\d{1,300}", plain) else float(plain)
    return Entry(value, place)
