"""Piezometric profiles: heads of supply, return and standing water above the ground along a way through a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import ArrayLike

from dhsim.model.system import Floats
from dhsim.physics.water import GRAVITY_M_S2, REFERENCE_DENSITY_WATER_KG_M3
from dhsim.report.diagram import LINE_COLOURS
from dhsim.report.network_labels import POINTS_PER_INCH
from dhsim.report.network_layout import require
from dhsim.report.style import WIDTH_IN, figure_of, panels, styled
from dhsim.units import PA_PER_BAR

STATIC_COLOUR, GROUND_COLOUR, GROUND_EDGE_COLOUR = "#3d7a4e", "#d9cbb8", "#8a7350"
BUILDING_COLOUR, BUILDING_SHORT_COLOUR = "#b5b5b5", "#e69f00"
MAX_COLOUR, BOILING_COLOUR, WRONG_COLOUR = "#1a1a1a", "#7b5ea7", "#1a1a1a"
_HEIGHT_IN = 5.2
_BUILDING_SHARE = 0.012
"""Width of a building's bar over the length of the way."""
_GROUND_SHARE = 0.22
"""Room below the lowest ground for the names of nodes, as a share of the height of what is drawn."""
_NAME_PITCH_PT = 11.0
_KM_FROM_M = 5000.0
M_PER_KM = 1000.0


class _Heads(NamedTuple):
    """Lines of one profile, m above sea level; NaN where nothing was given."""

    distance_m: Floats
    ground: Floats
    supply: Floats
    return_: Floats
    static: Floats
    roof: Floats
    most: Floats
    boiling: Floats


@styled
def piezometric_profile(
    path: pd.DataFrame,
    *,
    title: str = "Piezometric profile",
    density_kg_m3: float = REFERENCE_DENSITY_WATER_KG_M3,
    ax: Axes | None = None,
) -> Figure:
    """Draw heads above sea level along a way: head = elevation + overpressure / (density g).

    Parameters: path: a row a node in the order of the way; columns distance_m, elevation_m [m], node, overpressures
    pressure_supply_pa, pressure_return_pa and static_pa (pumps at rest) [Pa]; optional height_m of a building (NaN:
    none there), pressure_max_pa that the return must not pass and pressure_boiling_pa that the supply must not fall
    below, both at the height of the ground (NaN or infinite: no limit); density_kg_m3: one for all lines, so that the
    static line of one water level is flat.

    Places where a limit is passed bear a cross; buildings whose roof is above the return line are orange. The right
    axis gives the overpressure at the height of the first node's ground.

    Raises: ValueError for a missing column or distances that fall.
    """
    own = ax is None
    if ax is None:
        _, (ax,) = panels(height_in=_HEIGHT_IN)
    heads = _heads(path, density_kg_m3)
    _frame(ax, [heads])
    _draw(ax, path, heads, density_kg_m3, title)
    _second_axis(ax, float(heads.ground[0]), density_kg_m3)
    _keys(ax, [heads], own=own)
    _label_nodes([ax], [path], [heads])
    return figure_of(ax)


@styled
def profiles_before_after(
    paths: Mapping[str, pd.DataFrame],
    *,
    density_kg_m3: float = REFERENCE_DENSITY_WATER_KG_M3,
    axes: Sequence[Axes] | None = None,
) -> Figure:
    """Draw several profiles side by side on one scale of heads: before and after, or several ways.

    Parameters: paths: title -> as `piezometric_profile` takes it; density_kg_m3.
    """
    own = axes is None
    if axes is None:
        width_in = WIDTH_IN * (1.0 if len(paths) == 1 else 1.25)
        _, axes = panels(1, len(paths), width_in=width_in, height_in=_HEIGHT_IN, share_y=True)
    heads = [_heads(path, density_kg_m3) for path in paths.values()]
    _frame(axes[0], heads)
    # One right axis does for all where all start from the same ground.
    levels = {float(one.ground[0]) for one in heads}
    for position, (ax, (title, path), one) in enumerate(zip(axes, paths.items(), heads, strict=True)):
        ax.set_ylim(axes[0].get_ylim())
        _draw(ax, path, one, density_kg_m3, title)
        if len(levels) > 1 or position == len(paths) - 1:
            _second_axis(ax, float(one.ground[0]), density_kg_m3)
        if position:
            ax.set_ylabel("")
    _keys(axes[0], heads, own=own)
    _label_nodes(axes, list(paths.values()), heads)
    return figure_of(axes[0])


def head_m(elevation_m: Floats, pressure_pa: Floats, density_kg_m3: float) -> Floats:
    """Return the head above sea level: elevation + overpressure / (density g).

    Parameters
    ----------
    elevation_m
        Height of the place above sea level [m].
    pressure_pa
        Overpressure there [Pa].
    density_kg_m3
        Density of the water [kg/m3].

    Returns
    -------
    array
        Head [m], in metres of that water; NaN where the pressure is not finite.

    Examples
    --------
    >>> round(float(head_m(np.array(85.0), np.array(3e5), 977.8)), 2)
    116.29
    """
    made: Floats = np.where(
        np.isfinite(pressure_pa), elevation_m + pressure_pa / (density_kg_m3 * GRAVITY_M_S2), np.nan
    )
    return made


def _heads(path: pd.DataFrame, density_kg_m3: float) -> _Heads:
    needed = ("distance_m", "node", "elevation_m", "pressure_supply_pa", "pressure_return_pa", "static_pa")
    require(path, needed, "the path")
    if path.empty:
        raise ValueError("the path has no nodes: a profile needs at least one row")

    def values(column: str) -> Floats:
        if column not in path:
            return np.full(len(path), np.nan)
        return path[column].to_numpy(dtype=np.float64)

    distance, ground = values("distance_m"), values("elevation_m")
    if np.any(~(np.diff(distance) >= 0.0)):
        raise ValueError("distance_m of a path must grow from row to row: sort the nodes in the order of the way")
    columns = ("pressure_supply_pa", "pressure_return_pa", "static_pa", "pressure_max_pa", "pressure_boiling_pa")
    supply, return_, static, most, boiling = (head_m(ground, values(column), density_kg_m3) for column in columns)
    return _Heads(distance, ground, supply, return_, static, ground + values("height_m"), most, boiling)


def _frame(ax: Axes, heads: Sequence[_Heads]) -> None:
    """Set the limits of heads so that all lines fit, with room for names in the ground."""
    points = np.concatenate([line for one in heads for line in one[1:]])
    low, high = float(np.nanmin(points)), float(np.nanmax(points))
    span = max(high - low, 1.0)
    ax.set_ylim(low - _GROUND_SHARE * span, high + 0.05 * span)


def _draw(ax: Axes, path: pd.DataFrame, heads: _Heads, density_kg_m3: float, title: str) -> None:
    far = float(heads.distance_m[-1])
    scale = 1.0 / M_PER_KM if far > _KM_FROM_M else 1.0
    x = heads.distance_m * scale
    room = 0.02 * max(far * scale, 1e-3)
    ax.set_xlim(-room, far * scale + room)
    _draw_ground(ax, np.concatenate([[-room], x, [far * scale + room]]), heads.ground)
    _draw_buildings(ax, x, heads, _BUILDING_SHARE * max(far * scale, 1e-9))
    for line, colour, style, name in (
        (heads.static, STATIC_COLOUR, "--", "static"),
        (heads.most, MAX_COLOUR, ":", "most"),
        (heads.boiling, BOILING_COLOUR, "-.", "boiling"),
        (heads.return_, LINE_COLOURS["return"], "-", "return"),
        (heads.supply, LINE_COLOURS["supply"], "-", "supply"),
    ):
        if np.isfinite(line).any():
            width = 2.0 if name in ("supply", "return") else 1.3
            ax.plot(x, line, color=colour, linestyle=style, linewidth=width, zorder=3.0, gid=name)
    for line, wrong in ((heads.return_, heads.return_ > heads.most), (heads.supply, heads.supply < heads.boiling)):
        ax.plot(x[wrong], line[wrong], "X", color=WRONG_COLOUR, markersize=8, markeredgecolor="white", zorder=5.0)
    ax.set_xlabel(f"Distance, {'km' if far > _KM_FROM_M else 'm'}")
    ax.set_ylabel(f"Head above sea level, m of water of {density_kg_m3:.0f} kg/m³")
    ax.set_title(f"{title}\n", loc="left")
    ax.annotate(
        _available(path, heads),
        (0.0, 1.0),
        xycoords="axes fraction",
        xytext=(0, 4),
        textcoords="offset points",
        fontsize=8.5,
        color="#444444",
    )
    ax.grid(visible=False, axis="x")


def _draw_ground(ax: Axes, x: Floats, ground: Floats) -> None:
    """Draw the ground, level beyond the ends of the way, so that the names of the ends stand in it."""
    wide = np.concatenate([ground[:1], ground, ground[-1:]])
    ax.fill_between(x, wide, ax.get_ylim()[0], color=GROUND_COLOUR, linewidth=0.0, zorder=1.0)
    ax.plot(x, wide, color=GROUND_EDGE_COLOUR, linewidth=1.2, zorder=2.0, gid="ground")


def _available(path: pd.DataFrame, heads: _Heads) -> str:
    """Return the pressure difference between the lines at the start, at the end and where it is least."""
    available = (path["pressure_supply_pa"] - path["pressure_return_pa"]).to_numpy(dtype=np.float64) / PA_PER_BAR
    ends = f"Supply minus return: {available[0]:.2f} bar at {path['node'].iloc[0]}"
    if len(available) == 1 or not np.isfinite(available).any():
        return ends
    least = int(np.nanargmin(available))
    if least not in (0, len(available) - 1):
        ends += f", least {available[least]:.2f} bar at {path['node'].iloc[least]}"
    return f"{ends}, {available[-1]:.2f} bar at {path['node'].iloc[-1]}".replace(" -", " \u2212")


def _draw_buildings(ax: Axes, x: Floats, heads: _Heads, width: float) -> None:
    """Draw bars from the ground to the roof; those that the return line does not reach stand out."""
    there = np.isfinite(heads.roof)
    short = heads.roof > heads.return_
    for chosen, colour, name in (
        (there & ~short, BUILDING_COLOUR, "building"),
        (there & short, BUILDING_SHORT_COLOUR, "building above the return line"),
    ):
        bars = ax.bar(
            x[chosen],
            (heads.roof - heads.ground)[chosen],
            bottom=heads.ground[chosen],
            width=width,
            color=colour,
            edgecolor="#6a6a6a",
            linewidth=0.5,
            zorder=2.5,
        )
        for bar in bars:
            bar.set_gid(name)


def _second_axis(ax: Axes, level_m: float, density_kg_m3: float) -> None:
    per_metre = density_kg_m3 * GRAVITY_M_S2 / PA_PER_BAR

    def bar_of(head: ArrayLike) -> Floats:
        return (np.asarray(head, dtype=np.float64) - level_m) * per_metre

    def head_of(bar: ArrayLike) -> Floats:
        return np.asarray(bar, dtype=np.float64) / per_metre + level_m

    right = ax.secondary_yaxis("right", functions=(bar_of, head_of))
    right.set_ylabel(f"Overpressure at {level_m:g} m, bar")


def _keys(ax: Axes, heads: Sequence[_Heads], *, own: bool) -> None:
    """Explain what is drawn in any of the profiles, and nothing else."""

    def anywhere(line: str) -> bool:
        return any(bool(np.isfinite(getattr(one, line)).any()) for one in heads)

    keys: list[Line2D | Patch] = [
        Line2D([], [], color=LINE_COLOURS["supply"], linewidth=2.0, label="supply"),
        Line2D([], [], color=LINE_COLOURS["return"], linewidth=2.0, label="return"),
    ]
    if anywhere("static"):
        keys.append(Line2D([], [], color=STATIC_COLOUR, linestyle="--", label="static, pumps at rest"))
    if anywhere("most"):
        keys.append(Line2D([], [], color=MAX_COLOUR, linestyle=":", label="highest return allowed"))
    if anywhere("boiling"):
        keys.append(Line2D([], [], color=BOILING_COLOUR, linestyle="-.", label="supply boils below"))
    if any(bool(np.any(one.return_ > one.most) | np.any(one.supply < one.boiling)) for one in heads):
        keys.append(Line2D([], [], color=WRONG_COLOUR, marker="X", linestyle="", markersize=7, label="limit passed"))
    keys.append(Patch(facecolor=GROUND_COLOUR, edgecolor=GROUND_EDGE_COLOUR, label="ground"))
    if any(bool(np.any(one.roof <= one.return_)) for one in heads):
        keys.append(Patch(facecolor=BUILDING_COLOUR, edgecolor="#6a6a6a", label="building"))
    if any(bool(np.any(one.roof > one.return_)) for one in heads):
        keys.append(Patch(facecolor=BUILDING_SHORT_COLOUR, edgecolor="#6a6a6a", label="building above the return line"))
    if own:
        figure_of(ax).legend(handles=keys, loc="outside lower center", ncols=min(len(keys), 5))
    else:
        ax.legend(handles=keys, loc="upper left", bbox_to_anchor=(0.0, -0.12), ncols=3)


def _label_nodes(axes: Sequence[Axes], paths: Sequence[pd.DataFrame], heads: Sequence[_Heads]) -> None:
    """Write names of nodes upright in the ground: first the ends and the buildings, then others where room is left."""
    engine = figure_of(axes[0]).get_layout_engine()
    if engine is not None:
        engine.execute(figure_of(axes[0]))
    for ax, path, one in zip(axes, paths, heads, strict=True):
        scale = 1.0 / M_PER_KM if one.distance_m[-1] > _KM_FROM_M else 1.0
        x = one.distance_m * scale
        left, right = ax.get_xlim()
        width_pt = ax.get_window_extent().width * POINTS_PER_INCH / figure_of(ax).dpi
        place_pt = (x - left) / (right - left) * width_pt
        last = len(x) - 1
        ranks = [0 if k in (0, last) else 1 if np.isfinite(one.roof[k]) else 2 for k in range(len(x))]
        taken: list[float] = []
        for k in sorted(range(len(x)), key=lambda k: ranks[k]):
            name = str(path["node"].iloc[k])
            if not name or any(abs(place_pt[k] - other) < _NAME_PITCH_PT for other in taken):
                continue
            taken.append(float(place_pt[k]))
            ax.annotate(
                name,
                (x[k], one.ground[k]),
                xytext=(0, -4),
                textcoords="offset points",
                rotation=90,
                ha="center",
                va="top",
                fontsize=8,
                color="#3a3020",
                zorder=4.0,
                gid="node",
            )
