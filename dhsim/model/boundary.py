"""Everything on the time grid that the run is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import pandas as pd

from dhsim.model.system import Floats, Ints

N_CLASS = 3
BELOW_CPT, ABOVE_CPT, OUT_OF_SEASON = range(N_CLASS)
N_GROUP = 12 * N_CLASS


class BoundaryArrays(NamedTuple):
    """What the kernel sees: arrays of shape (n_time,), and (n_time, n_building) where said."""

    temp_outdoor_c: Floats
    temp_ground_c: Floats
    irradiance_w_m2: Floats
    """Mean irradiance on the facades."""
    temp_supply_primary_c: Floats
    dp_available_pa: Floats
    temp_cold_c: Floats
    heating_season: Ints
    comfort_counted: Ints
    """1 where rooms count for comfort: the heating season without its first days, when they come up from the cold."""
    group: Ints
    """(month - 1) * N_CLASS + class; integrals accumulate by it."""
    heat_gain_w: Floats
    """(n_time, n_building)"""
    mass_flow_tap_kg_s: Floats
    """(n_time, n_building): hot water drawn"""


@dataclass(frozen=True)
class Boundary:
    """The time grid (local standard time, start of each step) and what happens on it."""

    time: pd.DatetimeIndex
    step_s: float
    arrays: BoundaryArrays
    cpt_c: float
    """Change-point of the design curve: parts the hours above and below the CPT."""
    weather_source: str
    """What the weather is, in words; says `synthetic` where it is."""
    weather_statistics: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    """What was filled, shifted or made up, one sentence each."""
