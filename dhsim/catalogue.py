"""The shipped tables (fuels, pumps, pipes, prices, climates ...): read once, checked, and read-only.

A table is a CSV file in the package's `data` folder. Its first column is `id` (unique), and every row names its
`source`. A column whose name ends in a unit holds numbers; one with `_points_` in its name holds numbers parted by
`;`. Lines that begin with `#` are remarks.
"""

from __future__ import annotations

import csv
import difflib
import functools
import math
from collections.abc import Iterable, Mapping
from importlib import resources
from types import MappingProxyType

from dhsim.errors import CatalogueError

Value = float | str
Row = Mapping[str, Value]

_TEXT_COLUMNS = frozenset({"id", "name", "unit", "source", "note", "material", "kind", "type"})
_UNIT_SUFFIXES = (
    *("_percent", "_rel", "_share", "_deg", "_c", "_k", "_w", "_kw", "_mw", "_j_kg", "_mj_kg", "_w_k", "_w_mk"),
    *("_w_m", "_w_m2", "_w_m2_k", "_wh_m2", "_kwh_m2_day", "_j_kgk", "_pa", "_kpa", "_bar", "_m", "_mm", "_m2", "_m3"),
    *("_m3_h", "_m3_s", "_m_s", "_kg", "_kg_s", "_kg_m", "_kg_m3", "_kg_gj", "_kg_mwh", "_t", "_t_y", "_g", "_l"),
    *("_eur", "_eur_y", "_eur_m", "_eur_mwh", "_eur_kw", "_eur_kw_y", "_eur_t", "_s", "_min", "_h", "_d", "_y"),
)
_NUMBER_PREFIXES = ("efficiency_", "share_", "exponent_", "zeta_", "count_")


def table(name: str) -> Mapping[str, Row]:
    """Return a shipped table as read-only mappings: id -> column -> number or text.

    Parameters
    ----------
    name
        The file's name without `.csv`.

    Raises
    ------
    CatalogueError
        No such table, or a row of it is broken (the text names file and line).

    Examples
    --------
    >>> table("fuels")["ekibastuz_ss"]["carbon_percent"]
    43.4
    """
    return _read(name)


def entry(table_name: str, id: str) -> Row:
    """Return one row of a shipped table; an unknown id is answered with the nearest one and the list.

    Examples
    --------
    >>> entry("fuels", "ekibastuz_ss")["ash_percent"]
    38.1
    """
    rows = table(table_name)
    if id not in rows:
        raise CatalogueError(f"{table_name}: no entry {id!r}{_suggestion(id, rows)}")
    return rows[id]


def number(row: Row, column: str) -> float:
    """Return a numeric cell as a float.

    Examples
    --------
    >>> number(entry("fuels", "ekibastuz_ss"), "water_percent")
    7.0
    """
    value = row.get(column)
    if not isinstance(value, float):
        raise CatalogueError(f"{row['id']}: column {column!r} holds no number (got {value!r})")
    return value


def points(row: Row, column: str) -> tuple[float, ...]:
    """Return the numbers of a `_points_` cell, which are parted by `;`.

    Examples
    --------
    >>> len(points(entry("pumps", "generic_inline_25m3h_32m"), "flow_points_m3_h"))
    7
    """
    try:
        return tuple(_parse(part) for part in str(row[column]).split(";"))
    except (KeyError, ValueError) as error:
        raise CatalogueError(f"{row['id']}: column {column!r} holds no list of numbers: {error}") from None


def table_names() -> tuple[str, ...]:
    """Return the names of the shipped tables, sorted."""
    folder = resources.files("dhsim") / "data"
    return tuple(sorted(file.name[:-4] for file in folder.iterdir() if file.name.endswith(".csv")))


@functools.cache
def _read(name: str) -> Mapping[str, Row]:
    if name not in table_names():
        raise CatalogueError(f"no catalogue table {name!r}{_suggestion(name, table_names())}")
    text = (resources.files("dhsim") / "data" / f"{name}.csv").read_text(encoding="utf-8")
    return parse_table(text, f"{name}.csv")


def parse_table(text: str, file_name: str) -> Mapping[str, Row]:
    """Return the rows of a table's text; see `table` for the rules.

    Raises
    ------
    CatalogueError
        Every problem found, one a line, as `file:line: message`.
    """
    lines = [(at, line) for at, line in enumerate(text.splitlines(), start=1) if line.strip() and line[0] != "#"]
    try:
        cells = [next(csv.reader([line], strict=True)) for _, line in lines]
    except csv.Error as error:
        raise CatalogueError(f"{file_name}: broken quotes: {error}") from None
    if not cells:
        raise CatalogueError(f"{file_name}: the table is empty")
    header, body = cells[0], list(zip((at for at, _ in lines[1:]), cells[1:], strict=True))
    problems = [f"{file_name}:{lines[0][0]}: {message}" for message in _header_problems(header)]
    problems += [f"{file_name}:{at}: {message}" for at, row in body for message in _row_problems(header, row)]
    ids = [row[0] for _, row in body]
    problems += [f"{file_name}:{at}: id {row[0]!r} again" for i, (at, row) in enumerate(body) if row[0] in ids[:i]]
    if problems:
        raise CatalogueError("\n".join(problems))
    numeric = {column for k, column in enumerate(header) if _is_numeric(column, (row[k] for _, row in body))}
    made: dict[str, Row] = {}
    for _, row in body:
        values = {c: _parse(cell) if c in numeric else cell.strip() for c, cell in zip(header, row, strict=True)}
        made[row[0]] = MappingProxyType(values)
    return MappingProxyType(made)


def _header_problems(header: list[str]) -> list[str]:
    problems = []
    if header[0] != "id":
        problems.append(f"the first column must be 'id' (got {header[0]!r})")
    if "source" not in header:
        problems.append("a column 'source' is missing")
    problems += [f"column {c!r} again" for i, c in enumerate(header) if c in header[:i]]
    return problems


def _row_problems(header: list[str], row: list[str]) -> list[str]:
    if len(row) != len(header):
        return [f"{len(row)} cells under {len(header)} columns"]
    problems = []
    for column, cell in zip(header, row, strict=True):
        parts = cell.split(";") if "_points_" in column else [cell]
        if column in ("id", "source") and not cell.strip():
            problems.append(f"{column} is empty")
        elif _must_be_number(column) and not all(_is_number(part) for part in parts):
            problems.append(f"{column}: not a number (got {cell!r})")
    return problems


def _must_be_number(column: str) -> bool:
    return column not in _TEXT_COLUMNS and (column.endswith(_UNIT_SUFFIXES) or column.startswith(_NUMBER_PREFIXES))


def _is_numeric(column: str, cells: Iterable[str]) -> bool:
    if column in _TEXT_COLUMNS or "_points_" in column:
        return False
    return _must_be_number(column) or all(_is_number(cell) for cell in cells)


def _parse(cell: str) -> float:
    value = float(cell)
    if not math.isfinite(value):
        raise ValueError(f"not a finite number: {cell!r}")
    return value


def _is_number(cell: str) -> bool:
    try:
        _parse(cell)
    except ValueError:
        return False
    return True


def _suggestion(name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"{hint} (there are: {', '.join(names) or 'none'})"
