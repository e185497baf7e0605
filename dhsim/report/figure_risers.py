"""The schematic of a building's circuit, figure 5: mains, risers with their valves, radiators, and what is turned."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from dhsim.balancing.guidance import riser_valves
from dhsim.model.building import Building
from dhsim.model.building_paths import radiators_behind
from dhsim.network.parts import Floats
from dhsim.report.style import GUIDE_COLOUR, VARIANT_COLOURS, panels, styled

_OPEN, _CLOSE = VARIANT_COLOURS[0], VARIANT_COLOURS[1]
_SAME_REL = 1e-6
_COLUMNS_NAMED = 30
_SIZE_SEEN = 55.0


@styled
def riser_schematic(building: Building, resistance_valves_pa_s2_m6: Floats | None = None) -> Figure:
    """Draw every riser as a column with its valve at the foot and its radiators above it.

    Parameters
    ----------
    building
        The circuit.
    resistance_valves_pa_s2_m6
        Settings to come: valves to be opened and closed are coloured; None colours none [Pa s2/m6].
    """
    columns, lone = _columns(building)
    figure, (panel,) = panels(height_in=3.8)
    tall = max((len(radiators) for _, radiators in columns), default=1)
    turned = np.zeros(building.valves.size)
    if resistance_valves_pa_s2_m6 is not None:
        step = np.log(resistance_valves_pa_s2_m6 / building.resistance_valves_pa_s2_m6)
        turned = np.where(np.abs(step) > _SAME_REL, -np.sign(step), 0.0)
    panel.plot([-0.8, len(columns) - 0.5], [0.0, 0.0], color=GUIDE_COLOUR, linewidth=2.5)
    panel.annotate("pump", (-0.8, 0.0), xytext=(-2, 6), textcoords="offset points", fontsize=8.0)
    size = float(np.clip(600.0 / max(len(columns), 1), 12.0, 70.0))
    for x, (valve, radiators) in enumerate(columns):
        panel.plot([x, x], [0.0, len(radiators)], color=GUIDE_COLOUR, linewidth=0.8, zorder=1)
        if valve >= 0:
            panel.scatter(
                x,
                0.35,
                marker="v",
                s=_size(size, turned[valve]),
                color=_shade(turned[valve]),
                zorder=3,
                edgecolor="#555555",
                linewidth=0.5,
            )
        for y, r in enumerate(radiators, start=1):
            shade = _shade(turned[lone[r]]) if lone[r] >= 0 else "#ffffff"
            panel.scatter(
                x,
                y,
                marker="s",
                s=size if shade == "#ffffff" else _size(size, 1.0),
                color=shade,
                zorder=3,
                edgecolor="#555555",
                linewidth=0.5,
            )
    if len(columns) <= _COLUMNS_NAMED:
        names = [building.valve_ids[v] if v >= 0 else "" for v, _ in columns]
        panel.set_xticks(range(len(columns)), names, rotation=60, ha="right", fontsize=7.0)
    else:
        panel.set_xticks([])
    panel.set_yticks([])
    panel.grid(visible=False)
    panel.spines[["left", "bottom"]].set_visible(False)
    panel.tick_params(length=0)
    panel.set_ylim(-0.4, tall + 0.7)
    _legend(panel, resistance_valves_pa_s2_m6 is not None)
    return figure


def _columns(building: Building) -> tuple[list[tuple[int, list[int]]], dict[int, int]]:
    """Return risers as (valve, radiators), and the valve of each radiator alone, -1 where it has none."""
    behind = radiators_behind(building)
    risers, count = riser_valves(building), behind.number(building.valves.size)
    free = set(range(building.radiators.size))
    columns = []
    for v in sorted(risers.tolist(), key=lambda v: count[v]):  # the valve nearest to the radiators names the column
        mine = [r for r in behind.of(v).tolist() if r in free]
        if mine:
            columns.append((v, mine))
            free -= set(mine)
    columns.sort(key=lambda column: column[0])
    columns += [(-1, [r]) for r in sorted(free)]
    lone = dict.fromkeys(range(building.radiators.size), -1)
    for v, r in zip(behind.valve.tolist(), behind.radiator.tolist(), strict=True):
        if count[v] == 1 and v not in set(risers.tolist()):
            lone[r] = v
    return columns, lone


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
