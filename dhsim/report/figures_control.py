"""Figures of the control: supply and return against the outdoor temperature, and a week of spring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from dhsim.model.system import Mode
from dhsim.report.style import (
    GUIDE_COLOUR,
    MODE_COLOURS,
    MODE_LABELS,
    axis_label,
    date_axis,
    date_number,
    display_factor,
    figure_of,
    label_outer,
    mark_cpt,
    panel_grid,
    panels,
    scenario_colours,
    scenario_lines,
    styled,
)

PLANT_COLOUR = "#cfcfcf"
SUPPLY, RETURN = "temp_supply_secondary_c", "temp_return_secondary_c"
WEEK_PANELS = (
    "temp_supply_secondary_c",
    "temp_return_secondary_c",
    "mixing_share_rel",
    "mass_flow_primary_kg_s",
    "mass_flow_secondary_kg_s",
)


@styled
def supply_return(
    points: Mapping[str, pd.DataFrame],
    plant_line: pd.Series[float],
    cpt_c: float,
    design_line: pd.Series[float] | None = None,
    axes: Sequence[Axes] | None = None,
) -> Figure:
    """Draw secondary supply and return against the outdoor temperature, one panel a scenario, with the CPT marked.

    Parameters: points: name -> temp_outdoor_c, temp_supply_secondary_c, temp_return_secondary_c [degC]; plant_line and
    design_line: temperature [degC] over outdoor temperature; cpt_c [degC].
    """
    if axes is None:
        _, axes = panel_grid(len(points))
    colours = scenario_colours(list(points))
    for position, (panel, (name, frame)) in enumerate(zip(axes, points.items(), strict=True)):
        outdoor = frame["temp_outdoor_c"]
        panel.scatter(
            outdoor, frame[SUPPLY], s=5, color=colours[name], alpha=0.5, linewidths=0, zorder=2, rasterized=True
        )
        rings = panel.scatter(
            outdoor, frame[RETURN], s=5, zorder=2, facecolors="none", edgecolors=colours[name], rasterized=True
        )
        rings.set(alpha=0.35, linewidth=0.5)
        panel.plot(plant_line.index, plant_line, color=PLANT_COLOUR, linewidth=5, solid_capstyle="butt", zorder=1.2)
        if design_line is not None:
            panel.plot(design_line.index, design_line, color="black", linewidth=1.0, linestyle=":")
        mark_cpt(panel, cpt_c, text=position == 0)
        panel.set_title(name, color=colours[name])
    label_outer(axes, axis_label("temp_outdoor_c"), "Temperature, °C")
    keys = [
        Line2D([], [], marker="o", markersize=4, color="#666666", linestyle="", label="secondary supply"),
        Line2D(
            [],
            [],
            marker="o",
            markersize=4,
            color="#666666",
            markerfacecolor="none",
            linestyle="",
            label="secondary return",
        ),
        Line2D([], [], color=PLANT_COLOUR, linewidth=5, label="from the plant (median, reference)"),
    ]
    if design_line is not None:
        keys.append(Line2D([], [], color="black", linewidth=1.0, linestyle=":", label="design curve"))
    figure = figure_of(axes[0])
    figure.suptitle("Supply and return against the outdoor temperature, heating season", x=0.01, ha="left")
    figure.legend(handles=keys, loc="outside lower center", ncols=2 if len(points) == 1 else 4)
    return figure


@styled
def week(
    frames: Mapping[str, pd.DataFrame],
    modes: Mapping[str, pd.Series[int]],
    cpt_c: float | None = None,
    axes: Sequence[Axes] | None = None,
) -> Figure:
    """Draw one week: temperatures, mixing share, flows of all scenarios over each other, and their modes as strips.

    Parameters: frames: name -> hourly substation quantities (see WEEK_PANELS; those missing are left out); modes: name
    -> mode number at each step; cpt_c: drawn in the panel of the outdoor temperature [degC].
    """
    names = list(frames)
    reference = frames[names[0]]
    shown = [name for name in WEEK_PANELS if all(name in frame for frame in frames.values())]
    ratios = [0.8, *[1.0] * len(shown), 0.25 + 0.16 * len(names)]
    if axes is None:
        _, axes = panels(len(ratios), height_in=1.35 * sum(ratios) + 1.0, height_ratios=ratios, share_x=True)
    colours, lines = scenario_colours(names), scenario_lines(names)
    axes[0].plot(reference.index, reference["temp_outdoor_c"], color="black", linewidth=1.2)
    axes[0].set_title(
        axis_label("temp_outdoor_c") + (" (dashed: CPT)" if cpt_c is not None else ""), fontsize=9, fontweight="normal"
    )
    if cpt_c is not None:
        axes[0].axhline(cpt_c, color=GUIDE_COLOUR, linestyle=(0, (4, 2)), linewidth=1.0)
    for panel, quantity in zip(axes[1:], shown, strict=False):
        for name in names:
            values = frames[name][quantity] * display_factor(quantity)
            width = 2.8 if name == names[0] else 1.3
            panel.plot(values.index, values, color=colours[name], linestyle=lines[name], linewidth=width)
        panel.set_title(axis_label(quantity), fontsize=9, fontweight="normal")
        panel.margins(x=0, y=0.12)
    if "temp_supply_primary_c" in reference and SUPPLY in shown:
        panel = axes[1 + shown.index(SUPPLY)]
        panel.plot(reference.index, reference["temp_supply_primary_c"], color="black", linestyle=":", linewidth=1.1)
        panel.set_title(f"{axis_label(SUPPLY)} (dotted: primary supply)", fontsize=9, fontweight="normal")
    _mode_strips(axes[-1], modes)
    date_axis(axes[-1], "%a %d %b")
    first, last = date_number(pd.DatetimeIndex(reference.index[[0, -1]]))
    axes[-1].set_xlim(float(first), float(last))
    figure = figure_of(axes[0])
    figure.suptitle("A spring week, hourly means", x=0.01, ha="left")
    keys: list[Artist] = [Line2D([], [], color=colours[name], linestyle=lines[name], label=name) for name in names]
    keys += [Patch(color=MODE_COLOURS[mode], label=MODE_LABELS[mode]) for mode in Mode]
    figure.legend(handles=keys, loc="outside lower center", ncols=min(5, len(keys)))
    return figure


def _mode_strips(panel: Axes, modes: Mapping[str, pd.Series[int]]) -> None:
    for row, mode in enumerate(modes.values()):
        if mode.empty:
            continue
        values = mode.to_numpy()
        step = mode.index[1] - mode.index[0] if len(mode) > 1 else pd.Timedelta(hours=1)
        edges = np.flatnonzero(np.diff(values, prepend=values[0] - 1))
        time = pd.DatetimeIndex(mode.index)
        starts = date_number(time[edges])
        widths = np.diff(starts, append=date_number(time[-1:] + step))
        spans = [(float(start), float(width)) for start, width in zip(starts, widths, strict=True)]
        panel.broken_barh(spans, (row - 0.4, 0.8), facecolors=[MODE_COLOURS[Mode(value)] for value in values[edges]])
    panel.set_yticks(range(len(modes)), list(modes))
    panel.set_ylim(len(modes) - 0.5, -0.5)
    panel.tick_params(axis="y", length=0, labelsize=8)
    panel.grid(visible=False, axis="y")
    panel.set_title("Mode", fontsize=9, fontweight="normal")
    panel.spines["left"].set_color(GUIDE_COLOUR)
