from __future__ import annotations

import io
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from dhsim.report import tables
from dhsim.study.table import comparison_table, differences
from dhsim.study.types import Comparison

REFERENCE_GROUPS = {"Savings", "Money, against the reference"}


def test_savings_are_given_twice(comparison: Comparison) -> None:
    scores = [run.score for run in comparison.runs]
    table = comparison.table.loc["Savings"]
    before, after = scores[0].energy, scores[2].energy
    year = before.year.heat_total_mwh - after.year.heat_total_mwh
    above = before.above_cpt.heat_total_mwh - after.above_cpt.heat_total_mwh
    assert table.loc[("Heat saved, of the year", "MWh"), "compensated"] == pytest.approx(year)
    assert table.loc[("Heat saved, of the year", "%"), "compensated"] == pytest.approx(
        100 * year / before.year.heat_total_mwh
    )
    percent = 100 * above / before.above_cpt.heat_total_mwh
    assert table.loc[("Heat saved, of the hours above the CPT", "%"), "compensated"] == pytest.approx(percent)
    assert table["baseline"].isna().all()


def test_one_scenario_has_nothing_to_compare_with(single: Comparison) -> None:
    table = comparison_table([single.runs[0].score])
    assert not REFERENCE_GROUPS & set(table.index.get_level_values("group"))
    assert list(table.columns) == ["baseline"]


def test_differences_are_absolute_and_in_percent(comparison: Comparison) -> None:
    made = differences(comparison.table)
    row = made.loc[("Heat, year", "Heat from the primary", "MWh")]
    own = comparison.table.loc[("Heat, year", "Heat from the primary", "MWh")]
    assert row["cap70", "absolute"] == pytest.approx(own["cap70"] - own["baseline"])
    assert row["cap70", "percent"] == pytest.approx(100 * (own["cap70"] / own["baseline"] - 1))


def test_no_percent_of_temperatures_and_of_nothing(comparison: Comparison) -> None:
    made = differences(comparison.table)
    assert math.isnan(made.loc[("Comfort", "Coldest room", "degC"), ("cap70", "percent")])
    assert math.isnan(made.loc[("Money, each alone", "Investment", "EUR"), ("cap70", "percent")])
    assert not REFERENCE_GROUPS & set(made.index.get_level_values("group"))


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (1234567.8, 0, "1 234 568"),
        (-0.04, 1, "0.0"),
        (-12.345, 2, "−12.35"),
        (math.nan, 2, "–"),
        (None, 0, "–"),
        (math.inf, 0, "∞"),
    ],
)
def test_format_number(value: float | None, decimals: int, text: str) -> None:
    assert tables.format_number(value, decimals).replace(tables.THIN_SPACE, " ") == text


@given(st.floats(-1e9, 1e9), st.integers(0, 3))
def test_printed_numbers_read_back(value: float, decimals: int) -> None:
    text = tables.format_number(value, decimals).replace(tables.THIN_SPACE, "").replace(tables.MINUS, "-")
    assert float(text) == pytest.approx(value, abs=0.51 * 10**-decimals)


def test_row_decimals_show_four_digits() -> None:
    assert tables.row_decimals("MWh", [3854.2, math.nan]) == 0
    assert tables.row_decimals("MWh", [35.8, 2.1]) == 2
    assert tables.row_decimals("MWh", [0.0012]) == 3
    assert tables.row_decimals("EUR", [12.5]) == 0


@pytest.mark.parametrize("names", [("baseline",), ("baseline", "cap70"), None])
def test_terminal_table_fits_120_columns(make_comparison, names) -> None:
    made = make_comparison(
        names or ("baseline", "vfd_only", "cap70", "variable_flow", "compensated", "compensated_trim"), days=30
    )
    console = Console(width=400, record=True, file=io.StringIO())
    console.print(tables.render_table(made.table))
    if len(made.runs) > 1:
        console.print(tables.render_differences(made.differences))
    lines = console.export_text().splitlines()
    assert max(len(line.rstrip()) for line in lines) <= tables.TERMINAL_WIDTH
    assert sum("Heat from the primary" in line for line in lines) == (2 if len(made.runs) == 1 else 4)


@pytest.mark.parametrize("width", [80, 100])
def test_a_narrow_terminal_gets_tables_below_each_other(make_comparison, width: int) -> None:
    made = make_comparison(
        ("baseline", "vfd_only", "cap70", "variable_flow", "compensated", "compensated_trim"), days=30
    )
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(tables.render_table(made.table, width))
    text = console.export_text()
    assert "(1 of 2)" in text
    assert all(text.count(name) == 1 for name in ("baseline", "vfd_only", "cap70"))
    heat = [line for line in text.splitlines() if line.startswith("  Heat from the primary")][::2]
    assert len(heat) == 2, "of the year, in both parts"
    block = tables.comparison_blocks(made.table)[0]
    row = next(row for row in block.rows if row[0] == "Heat from the primary")
    assert [cell for line in heat for cell in line.split()[5:]] == list(row[2:])


def test_names_fold_at_underscores() -> None:
    assert tables.fold_name("compensated_trim", 12).plain == "compensated_\ntrim"
    assert tables.fold_name("cap70", 12).plain == "cap70"


def test_cash_flow_block_sums_what_can_be_summed() -> None:
    flow = pd.DataFrame({"capex": [-100.0, 0.0], "net": [-100.0, 60.4], "cumulative": [-100.0, -39.6]}, index=[0, 1])
    block = tables.cash_flow_block(flow)
    assert block.rows[-1] == ("Sum", "−100", "−40", tables.NOTHING)
    assert block.columns == ("Year", "capex", "net", "cumulative")


def test_capex_block_has_its_sum() -> None:
    line = {
        "item": "Pump",
        "quantity": 2.0,
        "unit": "piece",
        "unit_cost_eur": 50.0,
        "year": 0,
        "cost_eur": 100.0,
        "source": "x",
    }
    block = tables.capex_block(pd.DataFrame([line]))
    assert block.rows[0] == ("Pump", "2", "piece", "50.00", "0", "100", "x")
    assert block.rows[-1][5] == "100"


def test_cells_of_percent_rows_are_not_lost_in_compact_tables(comparison: Comparison) -> None:
    blocks = {block.heading: block for block in tables.difference_blocks(comparison.differences, compact=True)}
    coldest = next(row for row in blocks["Comfort"].rows if row[0] == "Coldest room")
    values = comparison.table.loc[("Comfort", "Coldest room", "degC")]
    assert coldest[1] == "K"
    assert float(coldest[2].replace(tables.MINUS, "-")) == pytest.approx(
        np.round(values["cap70"] - values["baseline"], 2)
    )
