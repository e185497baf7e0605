"""What happened in a detailed building."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dhsim.errors import DhsimError
from dhsim.model.system import Floats, Ints
from dhsim.units import S_PER_H


@dataclass(frozen=True)
class BuildingRun:
    """The result of one run; rows are steps."""

    zone_ids: tuple[str, ...]
    zone_of_radiator: Ints
    step_s: float
    temp_outdoor_c: Floats
    """(n_time,)"""
    temp_zone_start_c: Floats
    """(n_zone,): before the first step"""
    temp_zone_end_c: Floats
    """(n_zone,): after the last one"""
    arrays: Mapping[str, Floats]
    """Zones `temp_zone_c` (at the end of the step), `heat_zone_w`, `mass_flow_zone_kg_s`; radiators
    `mass_flow_radiator_kg_s`, `heat_radiator_w`, `temp_return_radiator_c`, `opening_radiator_rel`, as far as they were
    asked for; and of the whole `temp_supply_c`, `temp_return_c`, `mass_flow_kg_s`, `heat_water_w`, `dp_pump_pa`,
    shape (n_time,)."""
    heat_zone_j: Floats
    """(n_zone,): from the radiators"""
    totals: Mapping[str, float]
    """`heat_water_j`, `heat_radiator_j`, `heat_gain_j`, `heat_solar_j`, `heat_outdoor_j`, `store_zone_j` and
    `store_radiator_j` (end minus start), `energy_pump_water_j`"""
    status: Ints
    """(n_time,): dhsim.errors.Status flags"""
    stats: Mapping[str, float]
    """`flow_solves`, `radiator_rounds`, `wall_s`"""

    def __getitem__(self, name: str) -> Floats:
        """Return one series."""
        if name not in self.arrays:
            raise DhsimError(f"{name!r} was not kept (there are {', '.join(sorted(self.arrays))}); name it in save=")
        return self.arrays[name]

    @property
    def balance_rel(self) -> float:
        """Return what the heat balance misses, over the heat that went through: rounding only [-]."""
        totals = self.totals
        came = totals["heat_water_j"] + totals["heat_gain_j"] + totals["heat_solar_j"]
        missing = came - totals["heat_outdoor_j"] - totals["store_zone_j"] - totals["store_radiator_j"]
        through = abs(totals["heat_water_j"]) + abs(totals["heat_outdoor_j"]) + abs(totals["store_zone_j"])
        return float(missing / max(through, 1.0))

    @property
    def temp_zone_reading_c(self) -> Floats:
        """Return the zones at the start of each step, beside the supply and outdoor temperature that hold from then."""
        return np.vstack([self.temp_zone_start_c, self["temp_zone_c"][:-1]])

    def mean_spread_k(self, skip_s: float = 0.0) -> float:
        """Return the standard deviation over the zones, averaged over time after a first while [K]."""
        first = round(skip_s / self.step_s)
        return float(self["temp_zone_c"][first:].std(axis=1).mean())

    def __repr__(self) -> str:
        hours = self.status.size * self.step_s / S_PER_H
        return f"BuildingRun({len(self.zone_ids)} zones, {self.zone_of_radiator.size} radiators, {hours:g} h)"
