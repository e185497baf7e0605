"""Everything on the time grid that the run is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd

from dhsim.model.system import Floats, Ints

N_CLASS = 3
BELOW_CPT, ABOVE_CPT, OUT_OF_SEASON = range(N_CLASS)
N_GROUP = 12 * N_CLASS


class GivenHeat(NamedTuple):
    """What a building in detail does otherwise than its lumped twin; (n_time, n_given) in a boundary."""

    heat_more_w: Floats
    """Added to the heat that the lumped building takes, while water flows."""
    temp_room_more_k: Floats
    """Added to its room temperature, for control and comfort."""
    conductance_kg_s_pa05: Floats
    """Of entry and circuit; NaN where the lumped building's own holds."""
    heat_outdoor_w: Floats
    """Lost to the outdoor air in its place; NaN where the lumped building counts itself."""


class Given(NamedTuple):
    """Which buildings are in detail, and what they do."""

    building: Ints
    """(n_given,)"""
    heat: GivenHeat


NOTHING_GIVEN = Given(np.zeros(0, dtype=np.int64), GivenHeat(*(np.zeros((0, 0)) for _ in GivenHeat._fields)))


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
    given: Given = NOTHING_GIVEN
    """Of buildings in detail."""
