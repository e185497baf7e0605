"""What control and physics say to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple


class Trip(IntEnum):
    """Why the kernel came back before the end of its block."""

    NONE = 0
    MODE = 1
    """The mode law wants another mode than the commanded one."""
    STAGING = 2
    """The staging law wants another number of pumps."""
    UNDERSUPPLY_ON = 3
    """The primary supply fell below the alarm threshold; `wanted` is laws.UNDERSUPPLY_COLD or _MILD."""
    UNDERSUPPLY_OFF = 4
    """It rose above the threshold and its hysteresis."""


class Commands(NamedTuple):
    """What the agenda tells the kernel; scalars, read at the start of every block."""

    mode: int
    """Commanded dhsim.model.system.Mode."""
    mode_locked: int
    """1 while the dwell time runs: normal transitions wait; fail-safe ones do not."""
    pumps_on: int
    """Pumps switched on by staging."""
    pumps_available: int
    """Pumps that are not broken."""
    staging_locked: int
    third_pipe_ok: int
    sensor_ok: int
    undersupply: int
    """1 after the primary supply was too low for the alarm's delay."""
    temp_offset_k: float
    """Setback and user offset on the secondary set-point (negative = colder)."""
    temp_set_c: float
    """User set-point of the secondary supply in BYPASS; NaN = by the policy."""
    flow_set_rel: float
    """User flow set-point relative to design; NaN = by the policy."""


class TripReport(NamedTuple):
    """What tripped, and what the law wants instead."""

    code: int
    wanted: int


@dataclass(frozen=True)
class Observation:
    """What a user strategy may see; sensors that are out read NaN."""

    time_s: float
    """Seconds since the start of the run."""
    temp_outdoor_c: float
    temp_outdoor_filtered_c: float
    temp_supply_primary_c: float
    temp_return_secondary_c: float
    temp_mixed_c: float
    mass_flow_secondary_kg_s: float
    mode: int
    heating_season: bool
    temp_indoor_c: Mapping[str, float]
    """Monitored rooms."""
    forecast_temp_outdoor_c: tuple[float, ...]
    """The next 24 hours (perfect forecast), hourly."""
