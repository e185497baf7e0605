"""Maps of a network: its pipes coloured by flow, velocity, temperature, loss or gradient, and before beside after."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from dhsim.physics.water import REFERENCE_DENSITY_WATER_KG_M3
from dhsim.report.network_drawing import (
    NODE_STYLES,
    NetworkMap,
    draw_coloured,
    draw_pipes,
    extent,
    finish,
    rgba_of,
)
from dhsim.report.network_layout import place, require
from dhsim.report.network_shades import (
    ColorBy,
    PipeLine,
    change_map,
    label_of,
    shade_of,
    shown_values,
    title_of,
)
from dhsim.report.style import WIDTH_IN, figure_of, panels, styled
from dhsim.study.flow_classes import FLOW_CLASSES, FlowClass

__all__ = ["FLOW_CLASSES", "ColorBy", "FlowClass", "PipeLine", "map_difference", "maps_before_after", "network_map"]

_WIDE_IN = 12.0
"""Of two maps side by side."""
_HEIGHTS_IN = (2.8, 9.0)
_KEYS_IN = 0.9


@styled
def network_map(
    pipes: pd.DataFrame,
    nodes: pd.DataFrame,
    *,
    color_by: ColorBy = "flow",
    line: PipeLine = "supply",
    title: str | None = None,
    limits: tuple[float, float] | None = None,
    density_kg_m3: float = REFERENCE_DENSITY_WATER_KG_M3,
    ax: Axes | None = None,
) -> Figure:
    """Draw a network: colour by a quantity of its pipes, width by diameter, arrows along the flow, names of nodes.

    Parameters: pipes: index pipe; columns start, end, diameter_m [m], mass_flow_kg_s [kg/s] from start to end and, for
    the quantity shown, velocity_m_s, temp_supply_c, temp_return_c, heat_loss_w or pressure_gradient_pa_m; optional
    geometry (points from start to end), buried (not: dashed), mass_flow_return_kg_s (else the supply's, turned round);
    nodes: index node; columns x_m, y_m, kind (producer, consumer, junction), label. If any node lacks coordinates, all
    are laid out as a tidy tree, not to scale. color_by: flow_class takes the classes of FLOW_CLASSES; line: whose
    temperature and direction; limits: ends of the colour scale in the unit shown; density_kg_m3: for m3/h.

    Raises: ValueError for a missing column, an unknown node or an unknown color_by.
    """
    shade_of(color_by)
    maps = _prepared([pipes], nodes, line)
    figure, axes = _axes_of(maps, None if ax is None else [ax])
    has_gaps = draw_coloured(axes, maps, color_by, limits, density_kg_m3, own=ax is None)
    axes[0].set_title(title if title is not None else title_of(color_by, line))
    finish(axes, maps, own=ax is None, has_gaps=has_gaps)
    return figure


@styled
def maps_before_after(
    before: pd.DataFrame,
    after: pd.DataFrame,
    nodes: pd.DataFrame,
    *,
    color_by: ColorBy = "flow",
    titles: tuple[str, str] = ("before", "after"),
    line: PipeLine = "supply",
    density_kg_m3: float = REFERENCE_DENSITY_WATER_KG_M3,
    axes: Sequence[Axes] | None = None,
) -> Figure:
    """Draw two states of a network side by side, on one colour scale and one scale of widths; see `network_map`."""
    shade_of(color_by)
    maps = _prepared([before, after], nodes, line)
    figure, panels_of_maps = _axes_of(maps, axes)
    has_gaps = draw_coloured(panels_of_maps, maps, color_by, None, density_kg_m3, own=axes is None)
    for panel, title in zip(panels_of_maps, titles, strict=True):
        panel.set_title(title)
    figure.suptitle(title_of(color_by, line), x=0.01, ha="left")
    finish(panels_of_maps, maps, own=axes is None, has_gaps=has_gaps)
    return figure


@styled
def map_difference(
    before: pd.DataFrame,
    after: pd.DataFrame,
    nodes: pd.DataFrame,
    *,
    color_by: ColorBy = "flow",
    title: str | None = None,
    line: PipeLine = "supply",
    density_kg_m3: float = REFERENCE_DENSITY_WATER_KG_M3,
    ax: Axes | None = None,
) -> Figure:
    """Draw what changed, after minus before: blue less, grey as before, red more; arrows and widths are those after.

    Flows, velocities and gradients count without their direction. A pipe that was not there before has no value.
    """
    shade = shade_of(color_by)
    maps = _prepared([after], nodes, line)
    figure, axes = _axes_of(maps, None if ax is None else [ax])
    old = pd.Series(shown_values(before, color_by, line, density_kg_m3), index=before.index).reindex(after.index)
    change = shown_values(after, color_by, line, density_kg_m3) - old.to_numpy(dtype=np.float64)
    largest = float(np.max(np.abs(change[np.isfinite(change)]), initial=0.0)) or 1.0
    scale = ScalarMappable(Normalize(-largest, largest), change_map())
    draw_pipes(axes[0], maps[0], rgba_of(scale, change))
    what = label_of(color_by, line).rpartition(",")[0]
    figure.colorbar(scale, ax=axes[0], label=f"Change of {what[0].lower()}{what[1:]}, {shade.unit_change}", shrink=0.8)
    axes[0].set_title(
        title if title is not None else f"{title_of(color_by, line).rpartition(',')[0]}: after minus before"
    )
    finish(axes, maps, own=ax is None, has_gaps=not bool(np.isfinite(change).all()))
    return figure


def _prepared(frames: Sequence[pd.DataFrame], nodes: pd.DataFrame, line: PipeLine) -> list[NetworkMap]:
    for frame in frames:
        require(frame, ("start", "end", "diameter_m", "mass_flow_kg_s"), "pipes")
    require(nodes, ("x_m", "y_m", "kind", "label"), "nodes")
    strange = sorted(set(nodes["kind"]) - set(NODE_STYLES))
    if strange:
        raise ValueError(f"kinds of nodes are {', '.join(NODE_STYLES)}; got {', '.join(map(str, strange))}")
    diameters = np.concatenate([frame["diameter_m"].to_numpy(dtype=np.float64) for frame in frames])
    ends = (float(diameters.min(initial=np.inf)), float(diameters.max(initial=0.0)))
    return [NetworkMap(frame, nodes, place(frame, nodes), line, ends) for frame in frames]


def _axes_of(maps: Sequence[NetworkMap], axes: Sequence[Axes] | None) -> tuple[Figure, list[Axes]]:
    """Return the figure and its axes; new ones are about as wide and as high as what they will hold."""
    if axes is not None:
        return figure_of(axes[0]), list(axes)
    low, high = extent(maps)
    width_in = WIDTH_IN if len(maps) == 1 else _WIDE_IN
    panel_in = 0.8 * width_in / len(maps)
    height_in = float(np.clip(panel_in * (high[1] - low[1]) / (high[0] - low[0]), *_HEIGHTS_IN)) + _KEYS_IN
    return panels(1, len(maps), width_in=width_in, height_in=height_in)
