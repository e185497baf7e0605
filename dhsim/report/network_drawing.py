"""The strokes of a network map: pipes, arrows, nodes, names, and the keys that explain them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize, PowerNorm
from matplotlib.lines import Line2D

from dhsim.model.system import Floats
from dhsim.report.network_labels import draw_arrows, draw_scale_bar, label_nodes, points_of, round_length_m
from dhsim.report.network_layout import Placement
from dhsim.report.network_shades import (
    NO_VALUE_COLOUR,
    ColorBy,
    PipeLine,
    class_colours,
    colour_map,
    label_of,
    shown_values,
    signed_flow_kg_s,
    value_limits,
)
from dhsim.report.style import figure_of
from dhsim.study.flow_classes import FLOW_CLASSES
from dhsim.units import M_PER_MM

_MANY_PIPES = 150
_WIDTHS_PT, _WIDTHS_MANY_PT = (1.8, 6.5), (1.0, 4.5)
_ARROW_PT, _ARROW_MANY_PT = 9.0, 5.0
_SHORTEST_WITH_ARROW, _SHORTEST_WITH_ARROW_MANY = 1.5, 4.5
"""Lengths of an arrow that a pipe must have on the page to get one."""
_ABOVE_GROUND = (0, (1.6, 0.6))
"""Dashes of pipes above ground, in widths of the line."""
_MARGIN_SHARE = 0.08
_UNEVEN_SHARE = 0.05
"""Median over largest value, below which a colour scale from zero goes with the square root."""
_NO_FLOW_SHARE = 1e-9
"""Flows smaller than that share of the largest have no direction."""
NODE_STYLES: dict[str, dict[str, Any]] = {
    "producer": {"marker": "^", "s": 110.0, "color": "#c1121f", "zorder": 5.5},
    "consumer": {"marker": "s", "s": 30.0, "color": "#3a3a3a", "zorder": 5.0},
    "junction": {"marker": "o", "s": 12.0, "color": "#8a8a8a", "zorder": 4.5},
}
_NODE_SHARE_MANY = 0.25
"""Of the area of a node's mark, on a map of many pipes."""


@dataclass(frozen=True)
class NetworkMap:
    """One state of a network, and where it stands on the page."""

    pipes: pd.DataFrame
    nodes: pd.DataFrame
    place: Placement
    line: PipeLine
    diameters_m: tuple[float, float]
    """The smallest and the largest, of all maps side by side."""

    @property
    def is_crowded(self) -> bool:
        """True for so many pipes that lines, marks and arrows are drawn small."""
        return len(self.pipes) > _MANY_PIPES


def extent(maps: Sequence[NetworkMap]) -> tuple[Floats, Floats]:
    """Return the lower left and the upper right corner of what is drawn, with margins for names and the scale bar."""
    points = np.vstack([array for one in maps for array in (one.place.nodes, *one.place.pipes)])
    low, high = points.min(axis=0), points.max(axis=0)
    size = float((high - low).max()) or 1.0
    # A network in one straight line still needs room for its names.
    grow = np.maximum(0.25 * size - (high - low), 0.0) / 2.0 + _MARGIN_SHARE * size
    return low - grow, high + grow


def line_widths_pt(diameter_m: Floats, diameters_m: tuple[float, float], count: int) -> Floats:
    """Return the width of each pipe's line in points: in line with its diameter between the smallest and the largest.

    Parameters: diameter_m [m]; diameters_m: the smallest and the largest [m]; count: pipes on the map, many are thin.
    """
    thin, thick = _WIDTHS_PT if count <= _MANY_PIPES else _WIDTHS_MANY_PT
    low, high = diameters_m
    if not high > low:
        return np.full(len(diameter_m), (thin + thick) / 2.0)
    return thin + (thick - thin) * (np.asarray(diameter_m, dtype=np.float64) - low) / (high - low)


def draw_coloured(
    axes: Sequence[Axes],
    maps: Sequence[NetworkMap],
    color_by: ColorBy,
    limits: tuple[float, float] | None,
    density_kg_m3: float,
    *,
    own: bool,
) -> bool:
    """Draw pipes on one common scale, and what explains it; return True if the keys below must explain `no value`."""
    values = [shown_values(one.pipes, color_by, one.line, density_kg_m3) for one in maps]
    if color_by == "flow_class":
        for ax, one, array in zip(axes, maps, values, strict=True):
            draw_pipes(ax, one, class_colours(array))
        _class_key(axes[-1], density_kg_m3, own=own)
        return False
    found = value_limits(values, color_by)
    low, high = limits if limits is not None else found
    is_uneven = low == 0.0 and _is_uneven(values, high)
    norm = PowerNorm(0.5, low, high) if is_uneven else Normalize(low, high)
    scale = ScalarMappable(norm, colour_map(color_by))
    for ax, one, array in zip(axes, maps, values, strict=True):
        draw_pipes(ax, one, rgba_of(scale, array))
    beyond = {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}
    extend = beyond[found[0] < low, found[1] > high]
    label = label_of(color_by, maps[0].line) + (" (square-root scale)" if is_uneven else "")
    figure_of(axes[0]).colorbar(scale, ax=list(axes), label=label, shrink=0.8, extend=extend)
    return not all(bool(np.isfinite(array).all()) for array in values)


def _is_uneven(values: Sequence[Floats], high: float) -> bool:
    """True where most values lie so near zero that an even scale would give them all one colour."""
    finite = np.concatenate([array[np.isfinite(array)] for array in values])
    return bool(finite.size and np.median(finite) < _UNEVEN_SHARE * high)


def rgba_of(scale: ScalarMappable, values: Floats) -> Floats:
    """Return the colour of each value, shape (n, 4); of no number the pale grey."""
    made: Floats = np.asarray(scale.to_rgba(np.ma.masked_invalid(values))).reshape(-1, 4)
    return made


def draw_pipes(ax: Axes, one: NetworkMap, colours: Floats) -> None:
    """Draw each pipe as a line, those in the ground solid, those above it dashed."""
    widths = line_widths_pt(one.pipes["diameter_m"].to_numpy(dtype=np.float64), one.diameters_m, len(one.pipes))
    buried = _is_buried(one.pipes)
    # Thick ones first, so that no service pipe disappears under its main.
    order = np.argsort(-widths, kind="stable")
    for chosen, name in ((order[buried[order]], "buried"), (order[~buried[order]], "above ground")):
        lines = LineCollection(
            [one.place.pipes[k] for k in chosen],
            colors=colours[chosen],
            linewidths=widths[chosen],
            linestyles="solid" if name == "buried" else [_ABOVE_GROUND],
            capstyle="round" if name == "buried" else "butt",
            zorder=2.0,
        )
        lines.set_gid(name)
        ax.add_collection(lines, autolim=False)


def _is_buried(pipes: pd.DataFrame) -> Any:
    if "buried" not in pipes:
        return np.ones(len(pipes), dtype=np.bool_)
    return pipes["buried"].to_numpy(dtype=np.float64) != 0.0


def finish(axes: Sequence[Axes], maps: Sequence[NetworkMap], *, own: bool, has_gaps: bool) -> None:
    """Frame the maps, and add all that must know the final size on the page: arrows, nodes, names, scale bar, keys."""
    low, high = extent(maps)
    for ax, one in zip(axes, maps, strict=True):
        ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xticks=[], yticks=[])
        ax.set_aspect("equal")
        ax.grid(visible=False)
        ax.spines[:].set_visible(False)
        _draw_nodes(ax, one)
        _draw_scale(ax, one, low, high)
    _keys(axes, maps, own=own, has_gaps=has_gaps)
    engine = figure_of(axes[0]).get_layout_engine()
    if engine is not None:
        engine.execute(figure_of(axes[0]))
    for ax, one in zip(axes, maps, strict=True):
        ax.apply_aspect()
        _draw_directions(ax, one)
        texts = ["" if pd.isna(text) else str(text) for text in one.nodes["label"]]
        is_producer = one.nodes["kind"].to_numpy() == "producer"
        label_nodes(ax, texts, one.place.nodes, one.place.pipes, is_producer)


def _draw_nodes(ax: Axes, one: NetworkMap) -> None:
    for kind in _drawn_kinds(one):
        marks = NODE_STYLES[kind]
        here = one.place.nodes[one.nodes["kind"].to_numpy() == kind]
        size = marks["s"] * (_NODE_SHARE_MANY if one.is_crowded and kind != "producer" else 1.0)
        ax.scatter(
            here[:, 0],
            here[:, 1],
            **{**marks, "s": size},
            edgecolor="white",
            linewidth=0.0 if one.is_crowded else 0.5,
            gid=kind,
        )


def _drawn_kinds(one: NetworkMap) -> list[str]:
    """Return the kinds of nodes to mark; junctions only where there is room for them."""
    there = set(one.nodes["kind"])
    return [kind for kind in NODE_STYLES if kind in there and not (kind == "junction" and one.is_crowded)]


def _draw_scale(ax: Axes, one: NetworkMap, low: Floats, high: Floats) -> None:
    margin = 0.3 * _MARGIN_SHARE * float((high - low).max())
    if not one.place.is_schematic:
        span = float(high[0] - low[0])
        bottom = float(low[1]) + margin
        length = round_length_m(span)
        left = _freest(one, [float(low[0]) + margin, float(high[0]) - margin - length], bottom, length)
        draw_scale_bar(ax, left, bottom, span)
        return
    ax.annotate("tidy tree, not to scale", (0.01, 0.01), xycoords="axes fraction", fontsize=8, color="#555555")


def _freest(one: NetworkMap, lefts: Sequence[float], bottom: float, length: float) -> float:
    """Return the left end of the scale bar: the first, unless a node or a pipe is near it and farther from the other.

    `length`: of the bar; what is nearer to its middle than that is near.
    """
    points = np.vstack([one.place.nodes, *one.place.pipes])
    room = [float(np.hypot(*(points - (left + length / 2.0, bottom)).T).min()) for left in lefts]
    return lefts[int(room[0] < length and room[1] > room[0])]


def _draw_directions(ax: Axes, one: NetworkMap) -> None:
    """Draw an arrow head in the middle of each pipe in which water flows and that is long enough on the page."""
    size_pt, shortest = (
        (_ARROW_MANY_PT, _SHORTEST_WITH_ARROW_MANY) if one.is_crowded else (_ARROW_PT, _SHORTEST_WITH_ARROW)
    )
    flow = signed_flow_kg_s(one.pipes, one.line)
    least = _NO_FLOW_SHARE * float(np.max(np.abs(flow[np.isfinite(flow)]), initial=0.0))
    middles, angles = [], []
    for points, value in zip(one.place.pipes, flow, strict=True):
        on_page = points_of(ax, points)
        if abs(value) > least and np.hypot(*np.diff(on_page, axis=0).T).sum() >= shortest * size_pt:
            middle, direction = _middle(points)
            middles.append(middle)
            angles.append(np.arctan2(*(direction * np.sign(value))[::-1]))
    draw_arrows(ax, np.array(middles).reshape(-1, 2), np.array(angles), size_pt, edge_pt=0.3 if one.is_crowded else 0.9)


def _middle(points: Floats) -> tuple[Floats, Floats]:
    """Return the point half-way along a line, and the direction there from its start to its end."""
    steps = np.diff(points, axis=0)
    length = np.hypot(steps[:, 0], steps[:, 1])
    reached = np.cumsum(length)
    k = int(np.searchsorted(reached, reached[-1] / 2.0))
    share = 1.0 - (reached[k] - reached[-1] / 2.0) / length[k]
    return points[k] + share * steps[k], steps[k]


def _keys(axes: Sequence[Axes], maps: Sequence[NetworkMap], *, own: bool, has_gaps: bool) -> None:
    """Explain marks and widths below the maps, only what is there."""
    keys = [_node_key(kind) for kind in _drawn_kinds(maps[0])]
    sizes = np.unique(np.concatenate([one.pipes["diameter_m"].to_numpy(dtype=np.float64) for one in maps]))
    shown = np.unique(sizes[[0, len(sizes) // 2, -1]]) if len(sizes) else sizes
    for diameter, width in zip(shown, line_widths_pt(shown, maps[0].diameters_m, len(maps[0].pipes)), strict=True):
        keys.append(Line2D([], [], color="#777777", linewidth=width, label=f"inside {diameter / M_PER_MM:.0f} mm"))
    if not all(_is_buried(one.pipes).all() for one in maps):
        keys.append(Line2D([], [], color="#777777", linewidth=3.5, linestyle=_ABOVE_GROUND, label="above ground"))
    if has_gaps:
        keys.append(Line2D([], [], color=NO_VALUE_COLOUR, linewidth=3.5, label="no value"))
    if own:
        figure_of(axes[0]).legend(handles=keys, loc="outside lower center", ncols=len(keys) if len(keys) < 8 else 4)
    else:
        axes[0].legend(handles=keys, loc="upper left", bbox_to_anchor=(0.0, -0.01), ncols=3)


def _node_key(kind: str) -> Line2D:
    marks = NODE_STYLES[kind]
    size = float(np.sqrt(marks["s"]))
    return Line2D([], [], linestyle="", marker=marks["marker"], color=marks["color"], markersize=size, label=kind)


def _class_key(ax: Axes, density_kg_m3: float, *, own: bool) -> None:
    keys = [Line2D([], [], color=one.colour, linewidth=5, label=one.label) for one in FLOW_CLASSES]
    keys.append(Line2D([], [], color=NO_VALUE_COLOUR, linewidth=5, label="no value"))
    title = f"Flow, m³/h\n(water of {density_kg_m3:.0f} kg/m³)"
    if own:
        legend = figure_of(ax).legend(handles=keys, title=title, loc="outside right upper")
    else:
        legend = ax.legend(handles=keys, title=title, loc="upper left", bbox_to_anchor=(1.01, 1.0))
        ax.add_artist(legend)
    legend.get_title().set_fontsize(8.5)
    legend.set_gid("classes")
