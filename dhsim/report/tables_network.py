"""Tables of the secondary network: every building and every pipe, before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from dhsim.report.tables import Block, format_number
from dhsim.study.secondary import building_flows, pipe_flows
from dhsim.study.types import Comparison
from dhsim.units import M_PER_MM, W_PER_KW

ARROW = "\u2009\u2192\u2009"


@dataclass(frozen=True)
class Shown:
    """A column of a table: the quantity's column, its heading, how many decimals, and what it is multiplied with."""

    column: str
    heading: str
    decimals: int = 2
    factor: float = 1.0


BUILDING_COLUMNS = (
    Shown("volume_flow_season_m3_h", "Flow in the season, m³/h"),
    Shown("volume_flow_above_cpt_m3_h", "Flow above the CPT, m³/h"),
    Shown("volume_flow_max_m3_h", "Peak flow, m³/h"),
    Shown("temp_supply_above_cpt_c", "Supply above the CPT, °C", 1),
    Shown("temp_return_above_cpt_c", "Return above the CPT, °C", 1),
    Shown("heat_sh_above_cpt_mwh", "Space heating above the CPT, MWh", 1),
    Shown("heat_dhw_above_cpt_mwh", "Hot water above the CPT, MWh", 1),
)
PIPE_COLUMNS = (
    Shown("volume_flow_season_m3_h", "Flow in the season, m³/h"),
    Shown("volume_flow_above_cpt_m3_h", "Flow above the CPT, m³/h"),
    Shown("volume_flow_max_m3_h", "Peak flow, m³/h"),
    Shown("velocity_above_cpt_m_s", "Velocity above the CPT, m/s"),
    Shown("temp_supply_above_cpt_c", "Supply at the end above the CPT, °C", 1),
    Shown("temp_return_above_cpt_c", "Return at the start above the CPT, °C", 1),
    Shown("heat_loss_above_cpt_w", "Loss above the CPT, kW", 2, 1.0 / W_PER_KW),
)


@dataclass(frozen=True)
class NetworkTables:
    """The tables of a report's section: flow side by side, temperatures side by side, then each variant in full."""

    flow: Block
    temperature: Block
    pipe_flow: Block
    buildings: list[Block]
    """Of each variant against the reference; of the reference alone where there is no variant."""
    pipes: list[Block]


def network_tables(comparison: Comparison) -> NetworkTables:
    """Return every table of the secondary network. All runs must have kept their buildings and pipes."""
    buildings, pipes = building_flows(comparison), pipe_flows(comparison)
    names, first = comparison.names, comparison.reference.name
    shown = names[1:] or names
    return NetworkTables(
        flow=_side_by_side(buildings, names, "Building", ("volume_flow_above_cpt_m3_h",), 2),
        temperature=_side_by_side(
            buildings, names, "Building", ("temp_supply_above_cpt_c", "temp_return_above_cpt_c"), 1
        ),
        pipe_flow=_side_by_side(pipes, names, "Pipe", ("volume_flow_above_cpt_m3_h",), 2),
        buildings=[_before_after(buildings, first, name, "Building", BUILDING_COLUMNS) for name in shown],
        pipes=[_pipes_before_after(pipes, first, name) for name in shown],
    )


def _side_by_side(
    frame: pd.DataFrame, names: Sequence[str], label: str, columns: Sequence[str], decimals: int
) -> Block:
    """Return one or two quantities of everything, a column a scenario."""
    order = frame.loc[names[0]].index
    rows = []
    for item in order:
        cells = []
        for name in names:
            own = frame.loc[name]
            values = [float(own.loc[item, column]) if item in own.index else float("nan") for column in columns]
            cells.append(" / ".join(format_number(value, decimals) for value in values))
        rows.append((str(item), *cells))
    return Block(label, (label, *names), tuple(rows))


def _before_after(frame: pd.DataFrame, first: str, name: str, label: str, columns: Sequence[Shown]) -> Block:
    before, after = frame.loc[first], frame.loc[name]
    rows = tuple((str(item), *(_change(before, after, item, shown) for shown in columns)) for item in after.index)
    return Block(name, (label, *(shown.heading for shown in columns)), rows)


def _pipes_before_after(frame: pd.DataFrame, first: str, name: str) -> Block:
    block = _before_after(frame, first, name, "Pipe", PIPE_COLUMNS)
    before, after = frame.loc[first], frame.loc[name]
    rows = []
    for row, (item, pipe) in zip(block.rows, after.iterrows(), strict=True):
        old = str(before.loc[item, "flow_class_above_cpt"]) if item in before.index else ""
        new = str(pipe["flow_class_above_cpt"])
        place = f"{pipe['start']} to {pipe['end']}"
        size = f"{format_number(float(pipe['length_m']), 0)} m, {float(pipe['diameter_m']) / M_PER_MM:.0f} mm"
        rows.append((row[0], place, size, *row[1:], new if old in (new, "") else f"{old}{ARROW}{new}"))
    columns = (block.columns[0], "From, to", "Length, inside", *block.columns[1:], "Class of the paper, m³/h")
    return Block(name, columns, tuple(rows))


def _change(before: pd.DataFrame, after: pd.DataFrame, item: object, shown: Shown) -> str:
    """Return `before -> after`, or one number where both read the same."""
    new = format_number(shown.factor * float(after.loc[item, shown.column]), shown.decimals)
    if item not in before.index:
        return new
    old = format_number(shown.factor * float(before.loc[item, shown.column]), shown.decimals)
    return new if old == new else f"{old}{ARROW}{new}"
