"""The flow classes of figures 9 and 11 of the Omsk paper (Energies 2025, 18(11), 2772)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from dhsim.model.system import Floats


class FlowClass(NamedTuple):
    """A range of volume flow: above `low_m3_h`, up to and with `high_m3_h`."""

    low_m3_h: float
    high_m3_h: float
    colour: str
    label: str


FLOW_CLASSES = (
    FlowClass(0.0, 5.0, "#0b5394", "up to 5"),
    FlowClass(5.0, 15.0, "#6ab7e8", "5 to 15"),
    FlowClass(15.0, 20.0, "#2e8b57", "15 to 20"),
    FlowClass(20.0, 30.0, "#f0a202", "20 to 30"),
    FlowClass(30.0, 40.0, "#7a5195", "30 to 40 (not in the paper)"),
    FlowClass(40.0, math.inf, "#c1121f", "over 40"),
)
"""Flow classes in the colours of figures 9 and 11 of the Omsk paper (Energies 2025, 18(11), 2772).

The paper prints for figure 9: orange 20 to 30, green 30 or lower, red over 40 m3/h: the first two overlap, and 30 to 40
has no colour. For figure 11 it prints "20 and below", light blue where flows are about 10, blue where they are less.
Here no classes overlap and each lies inside the range that the paper prints for its colour: orange and red as printed,
green is what is left of "30 or lower" above the blues, light blue is round 10, and 30 to 40 got a colour of its own.
The bounds 5 and 15 are ours."""


def class_of(flow_m3_h: Floats) -> list[FlowClass | None]:
    """Return the class of each volume flow [m3/h], None where it is no number; an upper bound belongs to its class."""
    bounds = [one.high_m3_h for one in FLOW_CLASSES]
    found = np.searchsorted(bounds, np.abs(flow_m3_h), side="left")
    return [FLOW_CLASSES[k] if k < len(FLOW_CLASSES) else None for k in found]
