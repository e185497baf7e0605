"""Tables of networks for the terminal: pressures in bar, heat in kW, flows in t/h."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from dhsim.report.tables import NOTHING, format_number
from dhsim.study.network_types import NetworkHistory, NetworkSizing, NetworkSolution, NetworkThrottling
from dhsim.study.network_views import worst_consumer
from dhsim.units import J_PER_KWH, J_PER_MWH, KG_PER_T, M_PER_MM, PA_PER_BAR, S_PER_H, W_PER_KW

_ROWS_MAX = 30
_WARNINGS_MAX = 10
_T_H = S_PER_H / KG_PER_T
_BALANCE_MAX_REL = 1e-6


class Column(NamedTuple):
    """A column of a table for people."""

    name: str
    """In the frame."""
    heading: str
    factor: float = 1.0
    decimals: int = 1


def frame_table(frame: pd.DataFrame, title: str, columns: Sequence[Column], *, label: str = "") -> RenderableType:
    """Return the chosen columns of a frame as a table, at most some thirty rows of it.

    Parameters
    ----------
    frame
        Its index is the first column.
    title
        Above it.
    columns
        What is shown, and how.
    label
        Heading of the first column; the name of the index where left out.
    """
    made = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    made.add_column(label or str(frame.index.name or ""), no_wrap=True)
    for column in columns:
        is_text = not pd.api.types.is_numeric_dtype(frame[column.name])
        made.add_column(column.heading, justify="left" if is_text else "right", no_wrap=not is_text)
    for name, row in frame.head(_ROWS_MAX).iterrows():
        made.add_row(Text(str(name)), *(Text(_cell(row[column.name], column)) for column in columns))
    if len(frame) <= _ROWS_MAX:
        return made
    return Group(made, Text(f"and {len(frame) - _ROWS_MAX} more (all of them with --out or --json)"))


def _cell(value: object, column: Column) -> str:
    if isinstance(value, str):
        return value or NOTHING
    if isinstance(value, (float, int, np.floating, np.integer)):
        return format_number(float(value) * column.factor, column.decimals)
    return str(value)


def render_solution(solution: NetworkSolution) -> Group:
    """Return what people want to know of a state: who gives, who is short, what is strained, what to do."""
    network, balance = solution.network, solution.balance
    head = (
        f"{network.name}: {len(network.node_ids)} nodes, {len(solution.pipes)} pipes, "
        f"{len(network.consumer_ids)} consumers, {len(network.producer_ids)} producers"
    )
    producers = frame_table(
        solution.producers,
        "Producers",
        [
            Column("mass_flow_kg_s", "flow t/h", _T_H, 2),
            Column("heat_w", "heat kW", 1.0 / W_PER_KW, 1),
            Column("temp_supply_c", "supply °C"),
            Column("temp_return_c", "return °C"),
            Column("lift_pa", "lift bar", 1.0 / PA_PER_BAR, 2),
            Column("pressure_return_pa", "return bar", 1.0 / PA_PER_BAR, 2),
            Column("power_hydraulic_w", "hydraulic kW", 1.0 / W_PER_KW, 2),
        ],
    )
    share = balance.heat_lost_w / balance.heat_produced_w if balance.heat_produced_w else math.nan
    heat = (
        f"Heat: {format_number(balance.heat_produced_w / W_PER_KW, 1)} kW produced, "
        f"{format_number(balance.heat_consumed_w / W_PER_KW, 1)} consumed, "
        f"{format_number(balance.heat_lost_w / W_PER_KW, 1)} lost ({share:.1%})"
    )
    parts: list[RenderableType] = [Text(head, style="bold"), producers, Text(heat)]
    if abs(balance.heat_residual_rel) > _BALANCE_MAX_REL:
        parts.append(Text(f"The heat does not balance: {balance.heat_residual_rel:.2%} of it is missing.", style="red"))
    return Group(*parts, *_short(solution), *_extremes(solution), *_warnings(solution))


def _short(solution: NetworkSolution) -> list[RenderableType]:
    consumers = solution.consumers
    on = consumers[consumers["on"]]
    short = on[(on["dp_short_pa"] > 0.0) | (on["heat_short_w"] > 0.0) | on["dp_pa"].isna()]
    if len(short):
        columns = [
            Column("mass_flow_kg_s", "flow t/h", _T_H, 2),
            Column("dp_pa", "dp bar", 1.0 / PA_PER_BAR, 3),
            Column("dp_min_pa", "needs bar", 1.0 / PA_PER_BAR, 3),
            Column("heat_w", "heat kW", 1.0 / W_PER_KW, 1),
            Column("heat_asked_w", "asks for kW", 1.0 / W_PER_KW, 1),
            Column("temp_supply_c", "supply °C"),
            Column("temp_return_c", "return °C"),
        ]
        short = short.sort_values(["dp_short_pa", "heat_short_w"], ascending=False)
        return [frame_table(short, f"Consumers short of pressure or heat: {len(short)} of {len(on)}", columns)]
    if on.empty:
        return [Text("No consumer is on.")]
    worst = worst_consumer(solution)
    dp, needed = (f"{float(consumers[name].loc[worst]) / PA_PER_BAR:.2f}" for name in ("dp_pa", "dp_min_pa"))
    return [Text(f"All {len(on)} consumers get their heat; {worst} has least to spare: {dp} bar, needs {needed}.")]


def _extremes(solution: NetworkSolution) -> list[RenderableType]:
    pipes = solution.pipes
    said = []
    for what, unit, decimals, names in (
        ("Fastest", "m/s", 2, ("velocity_m_s", "velocity_return_m_s")),
        ("steepest", "Pa/m", 0, ("pressure_gradient_pa_m", "pressure_gradient_return_pa_m")),
    ):
        values = pipes[list(names)].max(axis=1)
        if values.notna().any():
            said.append(f"{what} {format_number(float(values.max()), decimals)} {unit} in {values.idxmax()}")
    coldest = solution.consumers["temp_supply_c"]
    if coldest.notna().any():
        said.append(f"coldest supply {format_number(float(coldest.min()), 1)} °C at {coldest.idxmin()}")
    return [Text("; ".join(said) + ".")] if said else []


def _warnings(solution: NetworkSolution) -> list[RenderableType]:
    parts: list[RenderableType] = [Text(solution.status.advice, style="yellow")] if solution.status else []
    if not solution.warnings:
        return [*parts, Text("All pressure and velocity limits are kept.")]
    parts.append(Text(f"Limits passed: {len(solution.warnings)}", style="bold"))
    parts += [Text(f"- {warning}") for warning in solution.warnings[:_WARNINGS_MAX]]
    if len(solution.warnings) > _WARNINGS_MAX:
        parts.append(Text(f"and {len(solution.warnings) - _WARNINGS_MAX} more (all of them with --out or --json)"))
    return parts


def render_sizing(sizing: NetworkSizing) -> Group:
    """Return the pipes chosen beside those that were there."""
    mm = 1.0 / M_PER_MM
    columns = [
        Column("length_m", "m", 1.0, 0),
        Column("mass_flow_design_kg_s", "flow t/h", _T_H, 2),
        Column("diameter_before_m", "was mm", mm, 1),
        Column("velocity_before_m_s", "m/s", 1.0, 2),
        Column("pressure_gradient_before_pa_m", "Pa/m", 1.0, 0),
        Column("pipe_chosen", "chosen"),
        Column("dn", "DN", 1.0, 0),
        Column("diameter_m", "mm", mm, 1),
        Column("velocity_m_s", "m/s", 1.0, 2),
        Column("pressure_gradient_pa_m", "Pa/m", 1.0, 0),
        Column("change", "change"),
    ]
    pipes, lifts = sizing.pipes, (sizing.before.producers["lift_pa"], sizing.after.producers["lift_pa"])
    by_dn = pipes.groupby("dn")["length_m"].sum()
    metres = ", ".join(f"DN {dn}: {format_number(float(length), 0)} m" for dn, length in by_dn.items())
    dp = [one.consumers["dp_pa"][one.consumers["on"]].min() / PA_PER_BAR for one in (sizing.before, sizing.after)]
    return Group(
        frame_table(pipes, f"{sizing.network.name}: pipes at the design flows", columns),
        Text(f"Trench lengths: {metres}"),
        Text(
            f"Least dp at a consumer: {dp[0]:.2f} bar before, {dp[1]:.2f} after; lift of the plant: "
            f"{lifts[0].iloc[0] / PA_PER_BAR:.2f} bar before, {lifts[1].iloc[0] / PA_PER_BAR:.2f} after."
        ),
        *_warnings(sizing.after),
    )


def render_throttling(throttling: NetworkThrottling) -> Group:
    """Return the list of throttles to install, and the proof that every consumer gets its flow."""
    parts: list[RenderableType] = []
    if throttling.throttles.empty:
        parts.append(Text(f"{throttling.network.name}: nothing to install."))
    else:
        columns = [
            Column("device", "device"),
            Column("line", "line"),
            Column("n_series", "in series", 1.0, 0),
            Column("mass_flow_kg_s", "flow t/h", _T_H, 2),
            Column("dp_pa", "burns bar", 1.0 / PA_PER_BAR, 3),
            Column("diameter_mm", "hole mm", 1.0, 1),
            Column("kvs_m3_h", "kvs m³/h", 1.0, 2),
        ]
        title = f"{throttling.network.name}: throttles to install"
        parts.append(frame_table(throttling.throttles.set_index("consumer"), title, columns))
    columns = [
        Column("mass_flow_design_kg_s", "design t/h", _T_H, 2),
        Column("mass_flow_before_kg_s", "was t/h", _T_H, 2),
        Column("mass_flow_kg_s", "becomes t/h", _T_H, 2),
        Column("flow_error_rel", "off %", 100.0, 2),
        Column("dp_available_pa", "dp bar", 1.0 / PA_PER_BAR, 3),
        Column("dp_needed_pa", "needs bar", 1.0 / PA_PER_BAR, 3),
        Column("dp_short_pa", "short bar", 1.0 / PA_PER_BAR, 3),
        Column("advice", "advice"),
    ]
    parts.append(frame_table(throttling.consumers, "Solved again with them", columns))
    return Group(*parts, *_warnings(throttling.after))


def render_history(history: NetworkHistory, summary: pd.DataFrame) -> Group:
    """Return what came of a run: heat in all, and each consumer's share."""
    totals = history.totals * (J_PER_KWH / J_PER_MWH)
    kind = "plug flow" if history.is_plug_flow else "steady state at every step"
    stored = f", {format_number(totals['heat_stored_kwh'], 2)} stored in the pipes" if history.is_plug_flow else ""
    columns = [
        Column("heat_mwh", "heat MWh", 1.0, 2),
        Column("mass_flow_mean_kg_s", "mean t/h", _T_H, 2),
        Column("mass_flow_peak_kg_s", "peak t/h", _T_H, 2),
        Column("temp_supply_min_c", "coldest supply °C"),
        Column("temp_return_mean_c", "mean return °C"),
        Column("dp_min_pa", "least dp bar", 1.0 / PA_PER_BAR, 3),
    ]
    flags = ", ".join(f"{name} in {count}" for name, count in history.status_counts().items())
    return Group(
        Text(f"{history.network.name}: {len(history.time)} steps of {history.step_s:g} s, {kind}", style="bold"),
        frame_table(summary, "Consumers", columns),
        Text(
            f"Heat: {format_number(totals['heat_produced_kwh'], 2)} MWh produced, "
            f"{format_number(totals['heat_consumed_kwh'], 2)} consumed, "
            f"{format_number(totals['heat_lost_kwh'], 2)} lost{stored}; residual {history.totals['residual_rel']:.1e}"
        ),
        Text(f"Steps with something to say: {flags}." if flags else "Nothing to say about any step."),
    )
