"""Tables for people: numbers with sensible digits, for the terminal (rich) and for the page."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import pandas as pd
from rich import box
from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from dhsim.assess.types import EconomicScore
from dhsim.study.table import comparison_table, differences

__all__ = [
    "Block",
    "capex_block",
    "cash_flow_block",
    "comparison_blocks",
    "comparison_table",
    "difference_blocks",
    "differences",
    "format_number",
    "render_differences",
    "render_table",
]

THIN_SPACE = "\u2009"
MINUS = "\u2212"
NOTHING = "\u2013"
TERMINAL_WIDTH = 120
QUANTITY_WIDTH_MIN = 26
NAME_WIDTH = 20
MAX_VARIANTS_BOTH = 3
"""Variants beside which a difference can be shown as a number and in percent."""

_UNIT_TEXT = {"degC": "°C", "K h": "K·h", "-": ""}
_DECIMALS = {"EUR": 0, "EUR/y": 0, "EUR/MWh": 2, "%": 1, "y": 1, "degC": 2, "h": 0, "K h": 0, "kW": 0, "t/h": 2}
_SIGNIFICANT = 4
_MAX_DECIMALS = 3


@dataclass(frozen=True)
class Block:
    """A part of a table, already in text: a heading, column names and rows of cells; the first column is a label."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def format_number(value: float | None, decimals: int, *, signed: bool = False) -> str:
    """Return a number with thin spaces between thousands, a real minus sign, and a dash for what does not exist.

    >>> format_number(-1234.56, 1).replace(THIN_SPACE, "_")
    '−1_234.6'
    """
    if value is None or math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return ("" if value > 0 else MINUS) + "∞"
    rounded = round(value, decimals) + 0.0
    text = f"{rounded:{'+' if signed and rounded else ''},.{decimals}f}"
    return text.replace(",", THIN_SPACE).replace("-", MINUS)


def row_decimals(unit: str, values: Iterable[float]) -> int:
    """Return how many decimals a row deserves: by its unit, or so that its largest value shows four digits."""
    if unit in _DECIMALS:
        return _DECIMALS[unit]
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if largest == 0.0:
        return 0
    return max(0, min(_MAX_DECIMALS, _SIGNIFICANT - 1 - math.floor(math.log10(largest))))


def unit_text(unit: str) -> str:
    """Return a unit as it is printed."""
    return _UNIT_TEXT.get(unit, unit)


def comparison_blocks(table: pd.DataFrame) -> list[Block]:
    """Return the comparison as one block a group: quantity, unit, then a cell a scenario."""
    names = tuple(str(name) for name in table.columns)
    blocks = []
    for group in dict.fromkeys(table.index.get_level_values("group")):
        rows = []
        for key, values in table.xs(group, level="group").iterrows():
            quantity, unit = cast("tuple[str, str]", key)
            numbers = [float(value) for value in values]
            decimals = row_decimals(unit, numbers)
            rows.append((quantity, unit_text(unit), *(format_number(number, decimals) for number in numbers)))
        blocks.append(Block(str(group), ("Quantity", "Unit", *names), tuple(rows)))
    return blocks


def difference_blocks(table: pd.DataFrame, *, compact: bool = False) -> list[Block]:
    """Return the differences as one block a group: quantity, unit, then `absolute (percent)` a scenario.

    `compact`: percent alone where there is one.
    """
    names = tuple(dict.fromkeys(str(name) for name in table.columns.get_level_values(0)))
    blocks = []
    for group in dict.fromkeys(table.index.get_level_values("group")):
        rows = []
        for key, values in table.xs(group, level="group").iterrows():
            quantity, unit = cast("tuple[str, str]", key)
            absolute = [float(values[name, "absolute"]) for name in names]
            decimals = row_decimals(unit, absolute)
            percent = [float(values[name, "percent"]) for name in names]
            cells = [_both(a, p, decimals, compact=compact) for a, p in zip(absolute, percent, strict=True)]
            rows.append((quantity, _difference_unit(unit), *cells))
        blocks.append(Block(str(group), ("Quantity", "Unit", *names), tuple(rows)))
    return blocks


def _difference_unit(unit: str) -> str:
    return {"degC": "K", "%": "%-points"}.get(unit, unit_text(unit))


def _both(absolute: float, percent: float, decimals: int, *, compact: bool) -> str:
    if not math.isnan(absolute) and round(absolute, decimals) == 0.0:
        return "0"
    text = format_number(absolute, decimals, signed=True)
    if math.isnan(percent) or text == NOTHING:
        return text
    share = f"{format_number(percent, 1, signed=True)}{THIN_SPACE}%"
    return share if compact else f"{text} ({share})"


def cash_flow_block(cash_flow: pd.DataFrame) -> Block:
    """Return a cash-flow table in whole EUR, with the sums of what is added up year by year."""
    names = [str(name) for name in cash_flow.columns]
    rows = [(str(year), *(format_number(float(row[name]), 0) for name in names)) for year, row in cash_flow.iterrows()]
    sums = [
        NOTHING if name.startswith("cumulative") else format_number(float(cash_flow[name].sum()), 0) for name in names
    ]
    return Block("Cash flow, EUR", ("Year", *(_words(name) for name in names)), (*rows, ("Sum", *sums)))


def om_block(scores: Mapping[str, EconomicScore]) -> Block:
    """Return operation and maintenance of the first year, items down and scenarios across, in EUR."""
    items = list(dict.fromkeys(str(item) for score in scores.values() for item in score.om["item"]))
    rows = []
    for item in items:
        costs = [float(score.om.loc[score.om["item"] == item, "cost_eur"].sum()) for score in scores.values()]
        rows.append((item[:1].upper() + item[1:], *(format_number(cost, 0) for cost in costs)))
    return Block("Operation and maintenance", ("First year, EUR", *scores), tuple(rows))


def capex_block(capex: pd.DataFrame) -> Block:
    """Return the investment, line by line, with its sum."""
    rows = [
        (
            str(line["item"]),
            f"{float(line['quantity']):,.6g}".replace(",", THIN_SPACE),
            str(line["unit"]),
            format_number(float(line["unit_cost_eur"]), 2),
            f"{int(line['year'])}",
            format_number(float(line["cost_eur"]), 0),
            str(line["source"]),
        )
        for line in capex.to_dict("records")
    ]
    total = float(capex["cost_eur"].sum()) if len(capex) else 0.0
    rows.append(("Sum", "", "", "", "", format_number(total, 0), ""))
    return Block("Investment", ("Item", "Quantity", "Unit", "EUR a unit", "Year", "EUR", "Source"), tuple(rows))


def _words(name: str) -> str:
    return name.replace("_", " ").replace("co2", "CO2")


def render_table(table: pd.DataFrame, width: int = TERMINAL_WIDTH) -> Group:
    """Return the comparison for a terminal so many characters wide; what does not fit beside goes below."""
    return _render(comparison_blocks(table), "Scenarios side by side", width)


def render_differences(table: pd.DataFrame, width: int = TERMINAL_WIDTH) -> Group:
    """Return the differences to the reference for a terminal so many characters wide.

    With more than three variants there is room for one number each: percent where it means something.
    """
    names = list(dict.fromkeys(table.columns.get_level_values(0)))
    compact = len(names) > MAX_VARIANTS_BOTH
    return _render(difference_blocks(table, compact=compact), "Differences to the reference", width)


def render_paper(page: pd.DataFrame) -> Table:
    """Return the paper page for the terminal."""
    names = [str(name) for name in page.columns if name != "section"]
    table = Table(
        title="The paper's figures and what dhsim computes", title_justify="left", box=box.SIMPLE_HEAD, expand=True
    )
    shares = {"why": 5, "figure": 3, "computed": 3, "reported": 2, "verdict": None}
    for name in names:
        table.add_column(name, overflow="fold", no_wrap=name == "verdict", ratio=shares.get(name, 1))
    for section, part in page.astype(str).groupby("section", sort=False):
        table.add_section()
        table.add_row(str(section).upper())
        for row in part[names].itertuples(index=False):
            table.add_row(*row)
    return table


def _render(blocks: Sequence[Block], title: str, width: int) -> Group:
    """Return as many tables as it takes, none wider than the terminal unless a single column is."""
    rows = [row for block in blocks for row in block.rows]
    names = blocks[0].columns[2:] if blocks else ()
    widths = [_column_width(name, [row[2 + index] for row in rows]) for index, name in enumerate(names)]
    longest = max((len(row[0]) + 1 for row in rows), default=0)
    unit = max((len(row[1]) for row in rows), default=0)

    def room(part: Sequence[int]) -> int:  # what the quantity's column may have beside these columns
        return width - (len(part) + 3) - max(unit, len("Unit")) - sum(widths[index] for index in part)

    for count in range(1, max(1, len(names)) + 1):
        parts = _parts(len(names), count)
        if all(room(part) >= min(longest, QUANTITY_WIDTH_MIN) for part in parts):
            break
    made = []
    for number, part in enumerate(parts, start=1):
        heading = title if len(parts) == 1 else f"{title} ({number} of {len(parts)})"
        label = max(QUANTITY_WIDTH_MIN, min(longest, room(part)))
        made.append(_part_table(blocks, heading, part, label, widths))
    return Group(*made)


def _parts(count: int, parts: int) -> list[range]:
    """Return so many runs of column numbers, as even as can be."""
    edges = [round(count * part / parts) for part in range(parts + 1)]
    return [range(start, end) for start, end in itertools.pairwise(edges)]


def _column_width(name: str, cells: Iterable[str]) -> int:
    """Return the width that holds all cells and the name, folded where it may be."""
    widest = max(map(len, cells), default=0)
    return max(widest, *map(len, fold_name(name, min(NAME_WIDTH, max(widest, 8))).plain.split("\n")))


def _part_table(blocks: Sequence[Block], title: str, part: Sequence[int], label: int, widths: Sequence[int]) -> Table:
    made = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, padding=0)
    made.add_column("Quantity", width=label)
    made.add_column("Unit", no_wrap=True)
    for index in part:
        name = fold_name(blocks[0].columns[2 + index], max(8, widths[index]))
        made.add_column(name, justify="right", no_wrap=True)
    for block in blocks:
        made.add_row(Text(block.heading, style="bold"))
        for row in block.rows:
            made.add_row(Padding(row[0], (0, 0, 0, 1)), Text(row[1]), *(Text(row[2 + index]) for index in part))
        made.add_section()
    return made


def fold_name(name: str, width: int) -> Text:
    """Return a name broken after underscores, hyphens and spaces, so that no line is wider than it must be."""
    lines = [""]
    for piece in re.findall(r"[^_\- ]+[_\- ]*|[_\- ]+", name):
        if lines[-1] and len(lines[-1] + piece) > width:
            lines.append("")
        lines[-1] += piece
    return Text("\n".join(lines))
