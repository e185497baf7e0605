"""What colours mean on a network map: quantities with a colour bar, and the flow classes of the Omsk paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.colors import Colormap, LinearSegmentedColormap, ListedColormap, to_rgba

from dhsim.model.system import Floats
from dhsim.report.network_layout import require
from dhsim.study.flow_classes import class_of
from dhsim.units import KG_PER_T, S_PER_H, W_PER_KW

ColorBy = Literal["flow", "flow_class", "velocity", "temp", "loss", "gradient"]
PipeLine = Literal["supply", "return"]

NO_VALUE_COLOUR = "#dedede"


class Shade(NamedTuple):
    """How a quantity of pipes is shown."""

    label: str
    unit: str
    unit_change: str
    """Of a difference of two values."""
    colours: str
    """A perceptually uniform colour map of matplotlib."""
    is_from_zero: bool


SHADES: dict[ColorBy, Shade] = {
    "flow": Shade("Flow", "t/h", "t/h", "viridis", is_from_zero=True),
    "flow_class": Shade("Flow", "m³/h", "m³/h", "viridis", is_from_zero=True),
    "velocity": Shade("Velocity", "m/s", "m/s", "viridis", is_from_zero=True),
    "temp": Shade("temperature", "°C", "K", "plasma", is_from_zero=False),
    "loss": Shade("Heat loss", "kW", "kW", "plasma", is_from_zero=True),
    "gradient": Shade("Pressure gradient", "Pa/m", "Pa/m", "viridis", is_from_zero=True),
}


def shade_of(color_by: str) -> Shade:
    """Return how a quantity is shown. Raises ValueError, with the names there are, if it is not known."""
    if color_by not in SHADES:
        raise ValueError(f"color_by is {color_by!r}; it can be {', '.join(get_args(ColorBy))}")
    return SHADES[color_by]


def signed_flow_kg_s(pipes: pd.DataFrame, line: PipeLine) -> Floats:
    """Return the flow from start to end [kg/s]; where no return was given it is the supply's, turned round."""
    if line == "return" and "mass_flow_return_kg_s" in pipes:
        return pipes["mass_flow_return_kg_s"].to_numpy(dtype=np.float64)
    require(pipes, ("mass_flow_kg_s",), "pipes")
    flow = pipes["mass_flow_kg_s"].to_numpy(dtype=np.float64)
    return flow if line == "supply" else -flow


def shown_values(pipes: pd.DataFrame, color_by: ColorBy, line: PipeLine, density_kg_m3: float) -> Floats:
    """Return one quantity of the pipes in the unit in which it is shown; flows and gradients without their sign."""
    if color_by == "flow":
        return np.abs(signed_flow_kg_s(pipes, line)) * (S_PER_H / KG_PER_T)
    if color_by == "flow_class":
        return np.abs(signed_flow_kg_s(pipes, line)) * (S_PER_H / density_kg_m3)
    column, factor = {
        "velocity": ("velocity_m_s", 1.0),
        "temp": (f"temp_{line}_c", 1.0),
        "loss": ("heat_loss_w", 1.0 / W_PER_KW),
        "gradient": ("pressure_gradient_pa_m", 1.0),
    }[color_by]
    require(pipes, (column,), "pipes")
    values = pipes[column].to_numpy(dtype=np.float64) * factor
    return np.abs(values) if color_by in ("velocity", "gradient") else values


def label_of(color_by: ColorBy, line: PipeLine) -> str:
    """Return what a colour bar says: the quantity and its unit."""
    shade = SHADES[color_by]
    label = f"{line.capitalize()} {shade.label}" if color_by == "temp" else shade.label
    return f"{label}, {shade.unit}"


def title_of(color_by: ColorBy, line: PipeLine) -> str:
    """Return what a map shows, its line named where the quantity has one."""
    shade = SHADES[color_by]
    if color_by in ("temp", "loss"):
        return label_of(color_by, line)
    return f"{shade.label} in the {line} line, {shade.unit}"


def value_limits(values: Sequence[Floats], color_by: ColorBy) -> tuple[float, float]:
    """Return the ends of a colour scale that all the values fit into."""
    finite = np.concatenate([array[np.isfinite(array)] for array in values])
    if not finite.size:
        return 0.0, 1.0
    low = 0.0 if SHADES[color_by].is_from_zero and finite.min() >= 0.0 else float(finite.min())
    high = float(finite.max())
    return (low, high) if high > low else (low, low + 1.0)


def colour_map(color_by: ColorBy) -> Colormap:
    """Return the colours of a quantity without the palest, which no one sees as a line on white."""
    colours = mpl.colormaps[SHADES[color_by].colours](np.linspace(0.0, 0.9, 256))
    return ListedColormap(colours, name=f"{SHADES[color_by].colours} to 0.9").with_extremes(bad=NO_VALUE_COLOUR)


def change_map() -> Colormap:
    """Return blue (less), grey (as before), red (more): the ends as dark as each other, the middle still visible."""
    ends = ["#053061", "#4393c3", "#a0a0a0", "#d6604d", "#67001f"]
    # An odd number of steps, so that no change is exactly grey.
    made = LinearSegmentedColormap.from_list("change", ends, N=257)
    return made.with_extremes(bad=NO_VALUE_COLOUR)


def class_colours(flow_m3_h: Floats) -> Floats:
    """Return the colour of each volume flow's class, shape (n, 4)."""
    named = [one.colour if one is not None else NO_VALUE_COLOUR for one in class_of(flow_m3_h)]
    return np.array([to_rgba(colour) for colour in named]).reshape(-1, 4)
