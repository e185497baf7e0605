"""Figures of the heat: duration curves, months, excess, days, and where the savings come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from dhsim.report.style import (
    GUIDE_COLOUR,
    PART_COLOURS,
    VARIANT_COLOURS,
    figure_of,
    headroom,
    label_outer,
    panel_grid,
    panels,
    scenario_colours,
    scenario_lines,
    signed,
    styled,
)

MONTHS = ("J", "F", "M", "A", "M", "J", "J", "A", "S", "O", "N", "D")
PART_LABELS = {
    "dhw": "domestic hot water",
    "loss": "pipe losses",
    "needed": "space heating for 20 °C",
    "excess": "excess",
}


@styled
def duration(curves: Sequence[pd.Series[float]], ax: Axes | None = None) -> Figure:
    """Draw heat-load duration curves, the reference first: heat taken from the primary [kW] over hours [h]."""
    if ax is None:
        _, (ax,) = panels(height_in=3.9)
    names = [str(curve.name) for curve in curves]
    colours, lines = scenario_colours(names), scenario_lines(names)
    for curve in reversed(curves):
        name = str(curve.name)
        first = name == names[0]
        ax.plot(
            curve.index,
            curve,
            color=colours[name],
            linestyle=lines[name],
            linewidth=2.8 if first else 1.3,
            zorder=2 if first else 3,
        )
    ax.set(
        xlabel="Hours with at least this load, h", ylabel="Heat from the primary, kW", title="Heat-load duration curves"
    )
    ax.set_ylim(bottom=0)
    ax.margins(x=0.01)
    ax.legend(handles=_scenario_patches(names), loc="upper right", ncols=1 + len(names) // 4)
    return figure_of(ax)


def _scenario_patches(names: Sequence[str]) -> list[Patch]:
    colours = scenario_colours(names)
    return [Patch(color=colours[name], label=name) for name in names]


@styled
def monthly(heat: pd.DataFrame, electricity: pd.DataFrame, axes: Sequence[Axes] | None = None) -> Figure:
    """Draw heat and pump electricity of each month as grouped bars [MWh]: index month 1 ... 12, a column a scenario."""
    if axes is None:
        _, axes = panels(2, height_in=5.6)
    for panel, frame, title in zip(
        axes, (heat, electricity), ("Heat from the primary by month", "Pump electricity by month"), strict=True
    ):
        names = [str(column) for column in frame.columns]
        colours = scenario_colours(names)
        width = 0.84 / len(names)
        for position, name in enumerate(names):
            x = frame.index.to_numpy() - 0.42 + (position + 0.5) * width
            panel.bar(x, frame[name], width=0.92 * width, color=colours[name])
        panel.set_xticks(range(1, 13), MONTHS)
        panel.set(title=title, ylabel="MWh")
        panel.grid(visible=False, axis="x")
        panel.margins(x=0.01)
    figure = figure_of(axes[0])
    names = [str(column) for column in heat.columns]
    figure.legend(handles=_scenario_patches(names), loc="outside lower center", ncols=min(6, len(names)))
    return figure


@styled
def excess(months: Mapping[str, pd.DataFrame], axes: Sequence[Axes] | None = None) -> Figure:
    """Draw delivered heat of each month, a panel a scenario: what was needed (hot water, losses, 20 degC) and excess.

    Parameters: months: name -> columns dhw, loss, needed, excess [MWh], index month. A negative excess (rooms colder
    than 20 degC took less than the linear load) is drawn below zero.
    """
    if axes is None:
        _, axes = panel_grid(len(months))
    colours = scenario_colours(list(months))
    for panel, (name, frame) in zip(axes, months.items(), strict=True):
        bottom = np.zeros(len(frame))
        for part in ("dhw", "loss", "needed"):
            panel.bar(frame.index, frame[part], bottom=bottom, width=0.78, color=PART_COLOURS[part])
            bottom += frame[part].to_numpy()
        above = frame["excess"].clip(lower=0.0)
        panel.bar(frame.index, above, bottom=bottom, width=0.78, color=PART_COLOURS["excess"])
        below = frame["excess"].clip(upper=0.0)
        panel.bar(
            frame.index, below, width=0.78, color="none", edgecolor=PART_COLOURS["excess"], hatch="////", linewidth=0.6
        )
        panel.set_title(name, color=colours[name])
        text = f"{signed(float(above.sum()))} MWh excess"
        if below.sum() <= -0.5:
            text += f"\n{signed(float(below.sum()))} MWh short"
        panel.annotate(
            text,
            (0.55, 0.95),
            xycoords="axes fraction",
            ha="center",
            va="top",
            fontsize=8,
            color=PART_COLOURS["excess"],
        )
        panel.set_xticks(range(1, 13), MONTHS)
        panel.grid(visible=False, axis="x")
        panel.axhline(0.0, color=GUIDE_COLOUR, linewidth=0.8)
    stacked = [
        frame[["dhw", "loss", "needed"]].sum(axis=1) + frame["excess"].clip(lower=0.0) for frame in months.values()
    ]
    lowest = min(min(0.0, float(frame["excess"].min())) for frame in months.values())
    headroom(axes, max(float(total.max()) for total in stacked), lowest, share=0.08)
    label_outer(axes, "", "MWh a month")
    keys = [Patch(color=PART_COLOURS[part], label=PART_LABELS[part]) for part in ("excess", "needed", "loss", "dhw")]
    if any((frame["excess"] < 0).any() for frame in months.values()):
        shortfall = "less than for 20 °C (negative excess)"
        keys.append(
            Patch(facecolor="none", edgecolor=PART_COLOURS["excess"], hatch="////", linewidth=0.6, label=shortfall)
        )
    figure = figure_of(axes[0])
    figure.suptitle("Delivered and needed heat by month", x=0.01, ha="left")
    figure.legend(handles=keys, loc="outside lower center", ncols=5 if len(months) > 1 else 3)
    return figure


@styled
def day_profile(profiles: Mapping[str, pd.DataFrame], axes: Sequence[Axes] | None = None) -> Figure:
    """Draw space heating and hot water over the mean winter day, one panel a building type: hour x (sh, dhw) [kW]."""
    if axes is None:
        _, axes = panel_grid(len(profiles), panel_height_in=2.9, share=False)
    for panel, (kind, frame) in zip(axes, profiles.items(), strict=True):
        hours = np.append(frame.index.to_numpy(), frame.index[-1] + 1)
        sh = np.append(frame["sh"].to_numpy(), frame["sh"].iloc[-1])
        top = sh + np.append(frame["dhw"].to_numpy(), frame["dhw"].iloc[-1])
        panel.fill_between(hours, 0, sh, step="post", color=PART_COLOURS["needed"], linewidth=0)
        panel.fill_between(hours, sh, top, step="post", color=PART_COLOURS["dhw"], linewidth=0)
        total = float(frame[["sh", "dhw"]].to_numpy().sum())
        share = float(frame["sh"].sum()) / total if total else float("nan")
        panel.set_title(f"{kind}: space heating {100 * share:.0f} %, hot water {100 - 100 * share:.0f} %")
        panel.set(xlabel="Hour of the day", ylabel="kW a building", xlim=(0, 24), ylim=(0, None))
        panel.set_xticks(range(0, 25, 3))
    keys = [
        Patch(color=PART_COLOURS["needed"], label="space heating"),
        Patch(color=PART_COLOURS["dhw"], label="domestic hot water"),
    ]
    figure = figure_of(axes[0])
    figure.suptitle("Mean winter day by type of building", x=0.01, ha="left")
    figure.legend(handles=keys, loc="outside lower center", ncols=2)
    return figure


@styled
def attribution(table: pd.DataFrame, axes: Sequence[Axes] | None = None) -> Figure:
    """Draw what each step saves, starting where the one before it ended: heat (year, above the CPT) and electricity.

    Parameters: table: columns step, from, to, heat_saved_mwh, heat_saved_above_cpt_mwh, electricity_saved_mwh. Steps
    may branch: a bar starts at what its `from` has saved.
    """
    if axes is None:
        _, axes = panels(1, 2, height_in=1.3 + 0.55 * max(2, len(table)), share_y=True)
    for panel, column, title in zip(
        axes,
        ("heat_saved_mwh", "electricity_saved_mwh"),
        ("Heat saved, MWh", "Pump electricity saved, MWh"),
        strict=True,
    ):
        level: dict[str, float] = {}
        for row, step in enumerate(table.to_dict("records")):
            start = level.get(str(step["from"]), 0.0)
            saved = float(step[column])
            level[str(step["to"])] = start + saved
            panel.barh(row, saved, left=start, height=0.55, color=VARIANT_COLOURS[2 if saved >= 0 else 1])
            if column == "heat_saved_mwh":
                inner = float(step["heat_saved_above_cpt_mwh"])
                panel.barh(row, inner, left=start, height=0.2, color="#1b1b1b", alpha=0.55)
                text = f"{signed(saved)}, of it {signed(inner)} above CPT"
            else:
                text = signed(saved)
            panel.annotate(
                text,
                (max(start, start + saved), row),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=8.5,
            )
        panel.axvline(0.0, color=GUIDE_COLOUR, linewidth=0.9)
        panel.set(xlabel=title, title="")
        low, high = min(0.0, *level.values()), max(0.0, *level.values())
        panel.set_xlim(
            low - 0.03 * (high - low), high + (0.75 if column == "heat_saved_mwh" else 0.16) * (high - low or 1.0)
        )
        panel.grid(visible=False, axis="y")
    axes[0].set_yticks(
        range(len(table)), [f"{row['step']}\n{row['from']} to {row['to']}" for row in table.to_dict("records")]
    )
    axes[0].set_ylim(len(table) - 0.5, -0.5)
    figure = figure_of(axes[0])
    figure.suptitle("Where the savings come from (each bar starts where its reference ends)", x=0.01, ha="left")
    keys = [
        Patch(color=VARIANT_COLOURS[2], label="saved"),
        Patch(color=VARIANT_COLOURS[1], label="used more"),
        Patch(color="#1b1b1b", alpha=0.55, label="of it in the hours above the CPT"),
    ]
    figure.legend(handles=keys, loc="outside lower center", ncols=3)
    return figure
