"""The schematic of a building's circuit, figure 5: mains, risers with their valves, radiators, and what is turned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from dhsim.balancing.guidance import riser_valves
from dhsim.balancing.work_order import wings
from dhsim.model.building import Building
from dhsim.model.building_paths import radiators_behind
from dhsim.network.parts import Floats
from dhsim.report.style import GUIDE_COLOUR, VARIANT_COLOURS, panels, styled

_OPEN, _CLOSE = VARIANT_COLOURS[0], VARIANT_COLOURS[1]
_SAME_REL = 1e-6
_COLUMNS_NAMED = 100
"""Columns up to which every riser is named; beyond it only those to be turned."""
_COLUMNS_SLANTED = 30
_SIZE_SEEN = 55.0
_GAP = 1.5
"""Columns between two wings."""


class _Column(NamedTuple):
    """A riser with its radiators, or a radiator that hangs on none."""

    x: float
    valve: int
    """Place among `Building.valves`; -1 without one."""
    radiators: tuple[int, ...]


@styled
def riser_schematic(building: Building, resistance_valves_pa_s2_m6: Floats | None = None) -> Figure:
    """Draw every riser as a column with its valve at the foot and its radiators above it, the pump between the wings.

    Parameters
    ----------
    building
        The circuit.
    resistance_valves_pa_s2_m6
        Settings to come: valves to be opened and closed are coloured; None colours none [Pa s2/m6].
    """
    columns, pump, lone = _columns(building)
    figure, (panel,) = panels(height_in=4.2)
    tall = max((len(column.radiators) for column in columns), default=1)
    turned = np.zeros(building.valves.size)
    if resistance_valves_pa_s2_m6 is not None:
        step = np.log(resistance_valves_pa_s2_m6 / building.resistance_valves_pa_s2_m6)
        turned = np.where(np.abs(step) > _SAME_REL, -np.sign(step), 0.0)
    ends = [pump, *(column.x for column in columns)]
    panel.plot([min(ends), max(ends)], [0.0, 0.0], color=GUIDE_COLOUR, linewidth=2.5, zorder=1)
    panel.plot([pump, pump], [0.0, -0.75], color=GUIDE_COLOUR, linewidth=2.5, zorder=1)
    panel.plot(pump, -0.75, "o", markersize=11, markerfacecolor="#ffffff", markeredgecolor="#555555", zorder=3)
    panel.annotate("pump", (pump, -0.75), xytext=(9, 0), textcoords="offset points", va="center", fontsize=8.0)
    size = float(np.clip(600.0 / max(len(columns), 1), 12.0, 70.0))
    for column in columns:
        _draw(panel, column, turned, lone, size)
    _name(panel, building, columns, turned)
    panel.set_yticks([])
    panel.grid(visible=False)
    panel.spines[["left", "bottom"]].set_visible(False)
    panel.tick_params(length=0)
    panel.set_ylim(-1.15, tall + 1.3)
    _legend(panel, resistance_valves_pa_s2_m6 is not None)
    return figure


def _draw(panel: Axes, column: _Column, turned: Floats, lone: dict[int, int], size: float) -> None:
    panel.plot([column.x] * 2, [0.0, len(column.radiators)], color=GUIDE_COLOUR, linewidth=0.8, zorder=1)
    edge: Any = {"zorder": 3, "edgecolor": "#555555", "linewidth": 0.5}
    if column.valve >= 0:
        direction = float(turned[column.valve])
        panel.scatter(column.x, 0.35, marker="v", s=_size(size, direction), color=_shade(direction), **edge)
    for y, r in enumerate(column.radiators, start=1):
        direction = float(turned[lone[r]]) if lone[r] >= 0 else 0.0
        panel.scatter(column.x, y, marker="s", s=_size(size, direction), color=_shade(direction), **edge)


def _name(panel: Axes, building: Building, columns: Sequence[_Column], turned: Floats) -> None:
    """Write the risers' names under them: all, or those to be turned where there are many."""
    every = len(columns) <= _COLUMNS_NAMED
    named = [column for column in columns if column.valve >= 0 and (every or turned[column.valve] != 0.0)]
    few = len(columns) <= _COLUMNS_SLANTED
    panel.set_xticks(
        [column.x for column in named],
        [building.valve_ids[column.valve] for column in named],
        rotation=60 if few else 90,
        ha="right" if few else "center",
        fontsize=7.0 if few else 5.5,
    )


def _columns(building: Building) -> tuple[list[_Column], float, dict[int, int]]:
    """Return risers from left to right, where the pump stands, and the valve of each radiator alone, -1 without one."""
    behind = radiators_behind(building)
    risers, count = riser_valves(building), behind.number(building.valves.size)
    free = set(range(building.radiators.size))
    held: dict[int, tuple[int, ...]] = {}
    for v in sorted(risers.tolist(), key=lambda v: count[v]):  # the valve nearest to the radiators names the column
        mine = tuple(r for r in behind.of(v).tolist() if r in free)
        if mine:
            held[v] = mine
            free -= set(mine)
    walks = [list(wing) for wing in wings(building, held)]
    left = list(reversed(walks.pop(0))) if len(walks) > 1 else []
    columns = [_Column(float(x), v, held[v]) for x, v in enumerate(left)]
    pump = len(left) - 1 + _GAP if left else -_GAP
    at = pump + _GAP
    for wing in walks:
        for v in wing:
            columns.append(_Column(at, v, held[v]))
            at += 1.0
        at += _GAP - 1.0
    columns += [_Column(at + k, -1, (r,)) for k, r in enumerate(sorted(free))]
    lone = dict.fromkeys(range(building.radiators.size), -1)
    for v, r in zip(behind.valve.tolist(), behind.radiator.tolist(), strict=True):
        if count[v] == 1 and v not in set(risers.tolist()):
            lone[r] = v
    return columns, pump, lone


def _size(size: float, direction: float) -> float:
    """Return the size of a marker: what is turned must be seen among many."""
    return size if direction == 0.0 else max(size, _SIZE_SEEN)


def _shade(direction: float) -> str:
    return _OPEN if direction > 0.0 else _CLOSE if direction < 0.0 else "#ffffff"


def _legend(panel: Axes, has_change: bool) -> None:
    def mark(marker: str, face: str, label: str) -> Line2D:
        return Line2D([], [], marker=marker, linestyle="", markerfacecolor=face, markeredgecolor="#555555", label=label)

    marks = [mark("v", "#ffffff", "riser valve"), mark("s", "#ffffff", "radiator with its valve")]
    if has_change:
        marks += [mark("o", _OPEN, "to be opened"), mark("o", _CLOSE, "to be closed")]
    panel.legend(handles=marks, ncols=4, loc="upper right")
