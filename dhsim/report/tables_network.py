"""Tables of the secondary network: every building and every pipe, before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from dhsim.report.tables import NOTHING, Block, format_number
from dhsim.study.secondary import building_flows, flows_of, pipe_flows
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
    """Return one or two quantities of everything the reference has, a column a scenario."""
    order = flows_of(frame, names[0]).index
    cells = []
    for name in names:
        own = flows_of(frame, name).reindex(order)
        values = [_numbers(own, Shown(column, "", decimals)) for column in columns]
        cells.append([" / ".join(texts) for texts in zip(*values, strict=True)])
    rows = zip(map(str, order), *cells, strict=True)
    return Block(label, (label, *names), tuple(rows))


def _numbers(frame: pd.DataFrame, shown: Shown) -> list[str]:
    return [format_number(shown.factor * float(value), shown.decimals) for value in frame[shown.column].to_numpy()]


def _before_after(frame: pd.DataFrame, first: str, name: str, label: str, columns: Sequence[Shown]) -> Block:
    """Return `before -> after` of everything the run has, or one number where both read the same."""
    after = flows_of(frame, name)
    before = flows_of(frame, first).reindex(after.index)
    cells = [map(_change, _numbers(before, shown), _numbers(after, shown)) for shown in columns]
    rows = zip(map(str, after.index), *cells, strict=True)
    return Block(name, (label, *(shown.heading for shown in columns)), tuple(rows))


def _change(old: str, new: str) -> str:
    return new if old in (new, NOTHING, "") else f"{old}{ARROW}{new}"


def _pipes_before_after(frame: pd.DataFrame, first: str, name: str) -> Block:
    """Return the pipes with where they run, their size and their class of flow."""
    block = _before_after(frame, first, name, "Pipe", PIPE_COLUMNS)
    after = flows_of(frame, name)
    before = flows_of(frame, first).reindex(after.index)["flow_class_above_cpt"].fillna("")
    way = [
        f"{pipe['start']} to {pipe['end']}, {pipe['length_m']:.0f} m, {pipe['diameter_m'] / M_PER_MM:.0f} mm"
        for pipe in after.to_dict("records")
    ]
    classes = (
        _change(_short(old), _short(new)) for old, new in zip(before, after["flow_class_above_cpt"], strict=True)
    )
    rows = tuple((row[0], *more, *row[1:]) for row, *more in zip(block.rows, way, classes, strict=True))
    columns = (block.columns[0], "From, to; length, inside", "Class above the CPT, m³/h", *block.columns[1:])
    return Block(name, columns, rows)


def _short(flow_class: str) -> str:
    """Return the label of a flow class without what the key of the map says of it.

    >>> _short("30 to 40 (not in the paper)")
    '30 to 40'
    """
    return flow_class.partition(" (")[0]
