"""Small tables that people fill in by hand, as they come back: a header, rows, and the line of each."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from dhsim.balancing.flags import listed
from dhsim.errors import Problem, ScenarioError
from dhsim.scenario.tables import read_text


class TableRow(NamedTuple):
    """Cells of a row by the names that were asked for."""

    line: int
    cells: Mapping[str, str]


def read_work_table(path: str | Path, columns: Mapping[str, Sequence[str]]) -> list[TableRow]:
    """Return the rows of a CSV table; other columns are left alone.

    Parameters
    ----------
    path
        UTF-8 text with commas, semicolons or tabs, as a spreadsheet saves it; lines with # in front are remarks.
    columns
        Name -> titles it may have in the header, the first found counts.

    Returns
    -------
    list of TableRow
        Cells without blanks around them.

    Raises
    ------
    ScenarioError
        If the file cannot be read, lacks a column, or a row has more or fewer cells than the header.
    """
    problems: list[Problem] = []
    text = read_text(Path(path), problems)
    if text is None:
        raise ScenarioError(problems)
    lines = [(at, line) for at, line in enumerate(text.splitlines(), 1) if line.strip() and line.lstrip()[0] != "#"]
    if not lines:
        raise ScenarioError.single("the file is empty: its first line names the columns", path=str(path))
    sign = max(",;\t", key=lines[0][1].count)
    header = [cell.strip().lower() for cell in _cells(lines[0][1], sign)]
    place: dict[str, int] = {}
    for name, titles in columns.items():
        found = next((title for title in titles if title in header), None)
        if found is None:
            message = (
                f"no such column (or {listed(titles[1:])}); there are {listed(header)}"
                if titles[1:]
                else (f"no such column; there are {listed(header)}")
            )
            problems.append(Problem(message, str(path), lines[0][0], key=titles[0]))
        else:
            place[name] = header.index(found)
    rows = []
    for at, line in lines[1:]:
        cells = _cells(line, sign)
        if len(cells) != len(header):
            problems.append(Problem(f"{len(cells)} cells under {len(header)} columns", str(path), at))
        elif not problems:
            rows.append(TableRow(at, {name: cells[k].strip() for name, k in place.items()}))
    if problems:
        raise ScenarioError(problems)
    return rows


def _cells(line: str, sign: str) -> list[str]:
    return next(csv.reader(io.StringIO(line), delimiter=sign))
