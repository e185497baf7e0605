"""Figures of the rooms: room temperature over time and in bands by outdoor temperature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from dhsim.report.selection import BIN_WIDTH_K
from dhsim.report.style import (
    BAND_COLOURS,
    GUIDE_COLOUR,
    date_axis,
    date_number,
    figure_of,
    headroom,
    label_outer,
    panel_grid,
    scenario_colours,
    styled,
)

SHORT_RUN_DAYS = 100
Stretch = tuple[pd.Timestamp, pd.Timestamp]


@styled
def indoor_time(
    daily: Mapping[str, pd.DataFrame],
    band_c: tuple[float, float],
    out_of_season: Sequence[Stretch] = (),
    axes: Sequence[Axes] | None = None,
) -> Figure:
    """Draw daily means of the coldest, the mean and the warmest building, one panel a scenario.

    Parameters: daily: name -> columns coldest, mean, warmest [degC]; band_c: comfort band [degC]; out_of_season:
    stretches drawn grey because the heating is off.
    """
    if axes is None:
        _, axes = panel_grid(len(daily))
    names = list(daily)
    colours = scenario_colours(names)
    reference = daily[names[0]]["mean"]
    for panel, (name, frame) in zip(axes, daily.items(), strict=True):
        for start, end in out_of_season:
            first, last = date_number(pd.DatetimeIndex([start, end]))
            panel.axvspan(float(first), float(last), color="#efefef", linewidth=0, zorder=0)
        panel.axhspan(*band_c, color=BAND_COLOURS[2], linewidth=0, zorder=0.5)
        panel.fill_between(
            frame.index, frame["coldest"], frame["warmest"], color=colours[name], alpha=0.28, linewidth=0
        )
        if name != names[0]:
            panel.plot(reference.index, reference, color=colours[names[0]], linewidth=0.8)
        panel.plot(frame.index, frame["mean"], color=colours[name], linewidth=1.1)
        panel.set_title(name, color=colours[name])
        date_axis(panel, "%d %b" if len(frame) < SHORT_RUN_DAYS else "%b", ticks=7)
        panel.margins(x=0)
    label_outer(axes, "", "Room temperature, °C")
    keys = [
        Line2D([], [], color="#666666", label="mean of the buildings"),
        Patch(color="#666666", alpha=0.28, label="coldest to warmest building"),
        Patch(color=BAND_COLOURS[2], label=f"comfort band {band_c[0]:g}-{band_c[1]:g} °C"),
        Patch(color="#efefef", label="outside the heating season"),
    ]
    if len(names) > 1:
        keys.append(Line2D([], [], color=colours[names[0]], linewidth=0.8, label=f"mean of {names[0]}"))
    figure = figure_of(axes[0])
    figure.suptitle("Room temperature over time, daily means", x=0.01, ha="left")
    figure.legend(handles=keys, loc="outside lower center", ncols=3)
    return figure


@styled
def indoor_bands(bands: Mapping[str, pd.DataFrame], axes: Sequence[Axes] | None = None) -> Figure:
    """Draw how many hours the rooms spend in each band, by outdoor temperature, one panel a scenario.

    Parameters: bands: name -> hours (mean of the buildings), index: lower edge of the outdoor bin [degC], a
    column a band.
    """
    if axes is None:
        _, axes = panel_grid(len(bands))
    colours = scenario_colours(list(bands))
    labels: list[str] = []
    tallest = max((float(frame.sum(axis=1).max()) for frame in bands.values() if len(frame)), default=1.0)
    for panel, (name, frame) in zip(axes, bands.items(), strict=True):
        labels = [str(column) for column in frame.columns]
        bottom = np.zeros(len(frame))
        for colour, column in zip(BAND_COLOURS, frame.columns, strict=False):
            values = frame[column].to_numpy()
            panel.bar(
                frame.index.to_numpy() + BIN_WIDTH_K / 2,
                values,
                width=0.86 * BIN_WIDTH_K,
                bottom=bottom,
                color=colour,
                edgecolor="#9a9a9a",
                linewidth=0.3,
            )
            bottom += values
        total = bottom.sum()
        if total:
            inside = frame[labels[2]].sum() / total if len(labels) > 2 else 0.0
            panel.annotate(
                f"{100 * inside:.0f} % of the hours in {labels[2]} °C",
                (0.02, 0.97),
                xycoords="axes fraction",
                va="top",
                fontsize=8,
                color="#444444",
            )
        panel.set_title(name, color=colours[name])
        panel.grid(visible=False, axis="x")
    headroom(axes, tallest)
    label_outer(axes, "Outdoor temperature, °C", "Hours, mean of the buildings")
    keys = [
        Patch(facecolor=colour, edgecolor=GUIDE_COLOUR, linewidth=0.5, label=f"{label} °C")
        for colour, label in zip(BAND_COLOURS, labels, strict=False)
    ]
    figure = figure_of(axes[0])
    figure.suptitle("Room temperature in bands by outdoor temperature, heating season", x=0.01, ha="left")
    figure.legend(handles=keys, loc="outside lower center", ncols=5)
    return figure
