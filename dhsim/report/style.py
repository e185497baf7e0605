"""How figures look: colours, sizes, labels and the units that people read."""

from __future__ import annotations

import base64
import functools
import io
from collections.abc import Callable, Sequence
from typing import Any, Literal, ParamSpec, TypeVar

import matplotlib as mpl
import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from dhsim.model.system import Floats, Mode
from dhsim.quantities import QUANTITIES
from dhsim.units import KG_PER_T, PA_PER_KPA, S_PER_H, W_PER_KW

P = ParamSpec("P")
R = TypeVar("R")

REFERENCE_COLOUR = "#4a4a4a"
VARIANT_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Okabe and Ito's palette, told apart by colour-blind readers; without its yellow, which is too pale for lines."""
LineStyle = Literal["-", "--", ":", "-."]
LINE_STYLES: tuple[LineStyle, ...] = ("-", "--", ":", "-.")

MODE_COLOURS = {Mode.WINTER: "#7fa6c9", Mode.BYPASS: "#f2a65a", Mode.SUMMER_DHW: "#e3e3c8"}
MODE_LABELS = {Mode.WINTER: "WINTER", Mode.BYPASS: "BYPASS", Mode.SUMMER_DHW: "SUMMER (DHW only)"}
PART_COLOURS = {"dhw": "#6fb1d8", "loss": "#b9b9b9", "needed": "#e3c078", "excess": "#b2182b"}
BAND_COLOURS = ("#2166ac", "#92c5de", "#e4ece0", "#f4a582", "#b2182b")

GUIDE_COLOUR = "#8a8a8a"
WIDTH_IN = 10.0
PANEL_HEIGHT_IN = 2.5
MIN_PANELS_HEIGHT_IN = 3.0
RASTER_DPI = 110

_RC: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9.0,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#777777",
    "grid.color": "#e2e2e2",
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.4,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "figure.titlesize": 11.0,
    "figure.titleweight": "bold",
    "svg.hashsalt": "dhsim",
    "svg.fonttype": "path",
    "path.simplify": True,
}

_DISPLAY = {
    "degC": ("°C", 1.0),
    "W": ("kW", 1.0 / W_PER_KW),
    "Pa": ("kPa", 1.0 / PA_PER_KPA),
    "kg/s": ("t/h", S_PER_H / KG_PER_T),
    "W/m2": ("W/m²", 1.0),
}


def styled(function: Callable[P, R]) -> Callable[P, R]:
    """Run a figure function under dhsim's style, whatever the user's own settings are, and restore those."""

    @functools.wraps(function)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        with mpl.rc_context(_RC):
            return function(*args, **kwargs)

    return inside


def panels(
    rows: int = 1,
    columns: int = 1,
    *,
    width_in: float = WIDTH_IN,
    height_in: float | None = None,
    height_ratios: Sequence[float] | None = None,
    share_x: bool = False,
    share_y: bool = False,
) -> tuple[Figure, list[Axes]]:
    """Return a new Figure and its axes, row by row. No pyplot, so nothing global is touched."""
    figure = Figure(figsize=(width_in, height_in or PANEL_HEIGHT_IN * rows + 0.8), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(
        rows, columns, squeeze=False, sharex=share_x, sharey=share_y, gridspec_kw={"height_ratios": height_ratios}
    )
    return figure, list(np.ravel(axes))


def panel_grid(
    count: int, *, panel_height_in: float = PANEL_HEIGHT_IN, share: bool = True
) -> tuple[Figure, list[Axes]]:
    """Return a Figure with one panel a scenario, at most three in a row, and exactly `count` axes."""
    columns = min(count, 2 if count in (2, 4) else 3)
    rows = -(-count // columns)
    height_in = max(panel_height_in * rows, MIN_PANELS_HEIGHT_IN) + 1.0
    figure, axes = panels(rows, columns, height_in=height_in, share_x=share, share_y=share)
    for spare in axes[count:]:
        spare.remove()
    if share:
        for above in axes[max(0, count - columns) : count]:
            above.tick_params(labelbottom=True)
    return figure, axes[:count]


def label_outer(axes: Sequence[Axes], x_label: str, y_label: str) -> None:
    """Label only the left-most and the lowest panels of a grid."""
    specs = [spec for panel in axes if (spec := panel.get_subplotspec()) is not None]
    columns = max((spec.colspan.stop for spec in specs), default=1)
    for panel in axes:
        spec = panel.get_subplotspec()
        if spec is None or spec.is_first_col():
            panel.set_ylabel(y_label)
    for panel in axes[-columns:]:
        panel.set_xlabel(x_label)


def figure_of(axes: Axes) -> Figure:
    """Return the Figure that axes stand in."""
    figure = axes.get_figure(root=True)
    if not isinstance(figure, Figure):
        raise TypeError("axes without a figure")
    return figure


def scenario_colours(names: Sequence[str]) -> dict[str, str]:
    """Return name -> colour: the reference (first) is grey, the variants keep theirs in every figure."""
    variants = {name: VARIANT_COLOURS[k % len(VARIANT_COLOURS)] for k, name in enumerate(names[1:])}
    return {names[0]: REFERENCE_COLOUR, **variants} if names else {}


def scenario_lines(names: Sequence[str]) -> dict[str, LineStyle]:
    """Return name -> line style; it changes only where the colours have run out."""
    styles: dict[str, LineStyle] = {
        name: LINE_STYLES[(k // len(VARIANT_COLOURS)) % len(LINE_STYLES)] for k, name in enumerate(names[1:])
    }
    return {names[0]: "-", **styles} if names else {}


def display_unit(name: str) -> str:
    """Return the unit in which a registered quantity is shown to people."""
    unit = QUANTITIES[name].unit
    return _DISPLAY.get(unit, (unit, 1.0))[0]


def display_factor(name: str) -> float:
    """Return what a registered quantity is multiplied with before it is shown."""
    return _DISPLAY.get(QUANTITIES[name].unit, ("", 1.0))[1]


def axis_label(name: str) -> str:
    """Return `label, unit` of a registered quantity."""
    unit = display_unit(name)
    return QUANTITIES[name].label + (f", {unit}" if unit != "-" else "")


def headroom(axes: Sequence[Axes], top: float, bottom: float = 0.0, *, share: float = 0.16) -> None:
    """Leave room above bars: stacked bars pin the limits to their own edges, so margins do not act on them."""
    span = max(top - bottom, 1e-9)
    for panel in axes:
        panel.set_ylim(bottom - (0.04 * span if bottom < 0 else 0.0), top + share * span)


def signed(value: float) -> str:
    """Return a number with its sign: whole above ten, else with one decimal."""
    if abs(value) < 0.05:
        return "0"
    return (f"{value:+,.0f}" if abs(value) >= 10 else f"{value:+.1f}").replace(",", "\u2009").replace("-", "\u2212")


def date_axis(panel: Axes, date_format: str, *, ticks: int | None = None) -> None:
    """Let the x axis show dates, one a day, or about `ticks` of them."""
    locator: Any = mdates.DayLocator()  # type: ignore[no-untyped-call]
    if ticks is not None:
        locator = mdates.AutoDateLocator(maxticks=ticks)  # type: ignore[no-untyped-call]
    panel.xaxis.set_major_locator(locator)
    panel.xaxis.set_major_formatter(mdates.DateFormatter(date_format))  # type: ignore[no-untyped-call]


def date_number(time: pd.DatetimeIndex) -> Floats:
    """Return moments as matplotlib counts them, in days."""
    made: Floats = np.asarray(mdates.date2num(time.to_numpy()), dtype=np.float64)  # type: ignore[no-untyped-call]
    return made


def mark_cpt(axes: Axes, cpt_c: float, *, text: bool = True) -> None:
    """Draw the change-point temperature as a vertical line on axes whose x is the outdoor temperature."""
    axes.axvline(cpt_c, color=GUIDE_COLOUR, linewidth=1.0, linestyle=(0, (4, 2)), zorder=1.5)
    if text:
        axes.annotate(
            f"CPT {cpt_c:+.1f} °C",
            (cpt_c, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(3, -3),
            textcoords="offset points",
            va="top",
            fontsize=8,
            color="#555555",
        )


def svg_bytes(figure: Figure) -> bytes:
    """Return the Figure as SVG: the same bytes for the same figure (no date, fixed ids)."""
    buffer = io.BytesIO()
    with mpl.rc_context(_RC):
        engine = figure.get_layout_engine()
        if engine is not None:
            # Laid out once here; left to savefig, every figure would be drawn a second time just for that.
            engine.execute(figure)
            figure.set_layout_engine("none")
            # The solver's last digits vary from run to run, and the SVG's ids are hashes of all digits.
            for axes in figure.axes:
                left, bottom, width, height = (round(value, 5) for value in axes.get_position().bounds)
                axes.set_position((left, bottom, width, height))
        figure.savefig(buffer, format="svg", dpi=RASTER_DPI, metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def svg_data_uri(figure: Figure) -> str:
    """Return the Figure as a data URI: ids stay apart, and the page needs no other file."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg_bytes(figure)).decode("ascii")
