"""The pressure diagram of a substation: pressures along the water's way at one operating point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dhsim.report.style import GUIDE_COLOUR, figure_of, panels, styled
from dhsim.units import PA_PER_KPA

Line = Literal["supply", "return", "bypass"]
LINE_COLOURS: dict[Line, str] = {"supply": "#b2182b", "return": "#2166ac", "bypass": "#7b5ea7"}
LINE_LABELS: dict[Line, str] = {"supply": "supply line", "return": "return line", "bypass": "bypass line"}


@dataclass(frozen=True)
class PressurePoint:
    """Pressure at a place; two of one line at the same distance are a step."""

    label: str
    distance: float
    """Along the page, any unit: 0 = inlet, growing towards the farthest building."""
    pressure_pa: float
    line: Line = "supply"


@styled
def pressure_diagram(
    points: Sequence[PressurePoint],
    title: str,
    *,
    pressure_boiling_pa: float | None = None,
    pressure_static_pa: float | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw the pressures along supply, return and bypass line, in the order given.

    Parameters: points: two of one line at the same distance make a step (a valve's loss, a pump's rise);
    pressure_boiling_pa: below it the supply water boils [Pa]; pressure_static_pa: when no pump runs [Pa]; gauge.
    """
    if ax is None:
        _, (ax,) = panels(height_in=4.4)
    for line, colour in LINE_COLOURS.items():
        own = [point for point in points if point.line == line]
        if not own:
            continue
        pressures = [point.pressure_pa / PA_PER_KPA for point in own]
        ax.plot(
            [point.distance for point in own],
            pressures,
            color=colour,
            marker="o",
            markersize=4,
            linewidth=1.8,
            linestyle="--" if line == "bypass" else "-",
            label=LINE_LABELS[line],
        )
    _label_points(ax, points)
    for value, text in ((pressure_boiling_pa, "boiling limit of the supply"), (pressure_static_pa, "static pressure")):
        if value is not None:
            ax.axhline(value / PA_PER_KPA, color=GUIDE_COLOUR, linestyle=":", linewidth=1.2, label=text)
    ax.set(ylabel="Gauge pressure, kPa", title=title)
    ax.set_xticks([])
    ax.margins(x=0.04, y=0.16)
    ax.grid(visible=False, axis="x")
    figure = figure_of(ax)
    figure.legend(loc="outside lower center", ncols=5)
    return figure


def _label_points(ax: Axes, points: Sequence[PressurePoint]) -> None:
    """Number the points, and list the numbers with names and pressures beside the axes, where nothing can overlap."""
    listed: list[PressurePoint] = []
    for point in points:
        if any((point.distance, point.pressure_pa) == (other.distance, other.pressure_pa) for other in listed):
            continue
        listed.append(point)
        twins = [other for other in points if other.distance == point.distance and other.line == point.line]
        above = (
            point.line == "supply"
            if len(twins) == 1
            else point.pressure_pa == max(other.pressure_pa for other in twins)
        )
        ax.annotate(
            str(len(listed)),
            (point.distance, point.pressure_pa / PA_PER_KPA),
            xytext=(0, 6 if above else -6),
            textcoords="offset points",
            ha="center",
            va="bottom" if above else "top",
            fontsize=8.5,
            fontweight="bold",
            color=LINE_COLOURS[point.line],
        )
    for number, point in enumerate(listed, start=1):
        ax.annotate(
            f"{number:>2}  {point.pressure_pa / PA_PER_KPA:.0f} kPa  {point.label}",
            (1.01, 1.0 - (number - 1) * 0.062),
            xycoords="axes fraction",
            va="top",
            fontsize=8.5,
            color=LINE_COLOURS[point.line],
        )
