"""Figures of money and smoke: cumulative cash flow with payback, and emissions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from dhsim.report.style import GUIDE_COLOUR, REFERENCE_COLOUR, figure_of, panels, styled

THIN_SPACE = "\u2009"
POLLUTANTS = {"co2eq_t": "CO$_2$eq", "so2_t": "SO$_2$", "nox_t": "NO$_x$", "fly_ash_t": "Fly ash"}


@dataclass(frozen=True)
class CashCurve:
    """The cumulative cash flow of one variant, its paybacks and its colour."""

    cash_flow: pd.DataFrame
    """index year; columns cumulative, cumulative_discounted [EUR]"""
    payback_simple_y: float | None
    payback_discounted_y: float | None
    colour: str = REFERENCE_COLOUR


def thousands(value: float, _position: float | None = None) -> str:
    """Return a whole number with thin spaces between thousands and a real minus sign."""
    return f"{value:,.0f}".replace(",", THIN_SPACE).replace("-", "\u2212")


@styled
def cash_flow(curves: Mapping[str, CashCurve], title: str, ax: Axes | None = None) -> Figure:
    """Draw cumulative cash flows, simple and discounted, with the payback times marked where the lines cross zero."""
    if ax is None:
        _, (ax,) = panels(height_in=4.3)
    keys: list[Line2D] = []
    for name, curve in curves.items():
        flow = curve.cash_flow
        ax.plot(flow.index, flow["cumulative"], color=curve.colour, marker=".", markersize=3)
        ax.plot(flow.index, flow["cumulative_discounted"], color=curve.colour, linestyle="--", linewidth=1.1)
        for payback, filled in ((curve.payback_simple_y, True), (curve.payback_discounted_y, False)):
            if payback is not None:
                face = curve.colour if filled else "white"
                ax.plot([payback], [0], marker="D", markersize=6, color=curve.colour, markerfacecolor=face, zorder=4)
        keys.append(Line2D([], [], color=curve.colour, label=f"{name}: {_payback_text(curve)}"))
    ax.axhline(0.0, color=GUIDE_COLOUR, linewidth=1.0)
    ax.yaxis.set_major_formatter(FuncFormatter(thousands))
    ax.set(xlabel="Year", ylabel="Cumulative cash flow, EUR", title=title)
    ax.margins(x=0.01)
    keys += [
        Line2D([], [], color="#666666", marker="D", markersize=5, label="simple, and its payback"),
        Line2D(
            [],
            [],
            color="#666666",
            linestyle="--",
            marker="D",
            markerfacecolor="white",
            markersize=5,
            label="discounted",
        ),
    ]
    figure = figure_of(ax)
    figure.legend(handles=keys, loc="outside lower center", ncols=2)
    return figure


def _payback_text(curve: CashCurve) -> str:
    simple, discounted = curve.payback_simple_y, curve.payback_discounted_y
    if simple is None:
        return "does not pay back"
    return f"pays back in {simple:.1f} y, discounted " + ("never" if discounted is None else f"{discounted:.1f} y")


@styled
def emissions(table: pd.DataFrame, colours: Mapping[str, str], axes: Sequence[Axes] | None = None) -> Figure:
    """Draw yearly emissions as bars with their value and the change to the first row.

    Parameters: table: index scenario, the reference first; columns co2eq_t, so2_t, nox_t, fly_ash_t [t].
    """
    if axes is None:
        _, axes = panels(2, 2, height_in=1.6 + 0.62 * len(table), share_y=True)
    for panel, (column, label) in zip(axes, POLLUTANTS.items(), strict=True):
        values = table[column]
        largest = float(values.abs().max()) or 1.0
        for row, (name, value) in enumerate(values.items()):
            panel.barh(row, value, height=0.68, color=colours[str(name)])
            panel.annotate(
                _bar_text(float(value), float(values.iloc[0]), first=row == 0),
                (max(float(value), 0.0), row),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
            )
        panel.set_title(f"{label}, t")
        panel.set_xlim(min(0.0, float(values.min())), 1.36 * largest)
        if largest >= 1000:
            panel.xaxis.set_major_formatter(FuncFormatter(thousands))
        panel.set_yticks(range(len(table)), [str(name) for name in table.index])
        panel.set_ylim(len(table) - 0.4, -0.6)
        panel.grid(visible=False, axis="y")
    figure = figure_of(axes[0])
    figure.suptitle("Emissions, t in the run, and change to the reference", x=0.01, ha="left")
    return figure


def _bar_text(value: float, reference: float, *, first: bool) -> str:
    number = thousands(value) if abs(value) >= 100 else f"{value:#.3g}"
    if first or not reference:
        return number
    return f"{number}  ({100 * (value - reference) / abs(reference):+.1f} %)".replace("-", "\u2212")
