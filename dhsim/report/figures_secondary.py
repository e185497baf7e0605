"""The secondary network in every scenario: maps on one scale, as many as there are runs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dhsim.report.network_drawing import NetworkMap, draw_coloured, extent, finish
from dhsim.report.network_layout import place
from dhsim.report.network_shades import ColorBy, PipeLine, shade_of, title_of
from dhsim.report.style import panels, styled

_WIDE_IN = 12.0
_COLUMNS_MAX = 3
_HEIGHTS_IN = (2.2, 9.0)
_KEYS_IN = 1.0


@styled
def network_maps(
    states: Mapping[str, pd.DataFrame],
    nodes: pd.DataFrame,
    *,
    color_by: ColorBy = "flow_class",
    line: PipeLine = "supply",
    period: str = "",
    density_kg_m3: float,
) -> Figure:
    """Draw states of one network in a grid, at most three in a row, on one scale of colours and of widths.

    Parameters: states: title -> pipes as `figures_network.network_map` takes them; nodes: likewise; color_by, line:
    likewise; period: what the values are means of, for the heading; density_kg_m3: for m3/h.

    Raises: ValueError for a missing column, an unknown node or an unknown color_by.
    """
    shade_of(color_by)
    diameters = np.concatenate([pipes["diameter_m"].to_numpy(dtype=np.float64) for pipes in states.values()])
    ends = (float(diameters.min()), float(diameters.max()))
    maps = [NetworkMap(pipes, nodes, place(pipes, nodes), line, ends) for pipes in states.values()]
    figure, axes = _grid(maps)
    has_gaps = draw_coloured(axes, maps, color_by, None, density_kg_m3, own=True)
    for ax, title in zip(axes, states, strict=True):
        ax.set_title(title)
    figure.suptitle(title_of(color_by, line) + (f": {period}" if period else ""), x=0.01, ha="left")
    finish(axes, maps, own=True, has_gaps=has_gaps)
    return figure


def _grid(maps: list[NetworkMap]) -> tuple[Figure, list[Axes]]:
    """Return a figure with one panel a map, about as high as they need."""
    columns = min(len(maps), 2 if len(maps) in (2, 4) else _COLUMNS_MAX)
    rows = -(-len(maps) // columns)
    low, high = extent(maps)
    panel_in = 0.8 * _WIDE_IN / columns
    height_in = float(np.clip(panel_in * (high[1] - low[1]) / (high[0] - low[0]), *_HEIGHTS_IN))
    figure, axes = panels(rows, columns, width_in=_WIDE_IN, height_in=rows * (height_in + 0.35) + _KEYS_IN)
    for spare in axes[len(maps) :]:
        spare.remove()
    return figure, axes[: len(maps)]
