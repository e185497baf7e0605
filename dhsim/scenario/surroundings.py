"""Time, weather, heat load, heating curve and plant: what comes to the substation from outside."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, model_validator

from dhsim.scenario.section import (
    CurvePoints,
    Finite,
    NotNegative,
    OutdoorTemp,
    Positive,
    RoomTemp,
    Section,
    WaterTemp,
    require_ascending,
)


class TimeSection(Section):
    """The time grid."""

    start: dt.date = dt.date(2021, 1, 1)
    """First day, local standard time (no daylight saving)."""
    days: Annotated[int, Field(ge=1, le=3660)] = 365
    """Length of the run, days."""
    step_min: Literal[1, 2, 3, 5, 6, 10, 12, 15, 20, 30, 60] = 15
    """Control step, minutes; actuators move on finer sub-steps inside it."""
    temp_indoor_start_c: RoomTemp = 20.0
    """Temperature of rooms and walls at the start."""


class SiteSection(Section):
    """Where the place is; used for the sun."""

    name: str
    latitude_deg: Annotated[float, Field(ge=-90, le=90)]
    longitude_deg: Annotated[float, Field(ge=-180, le=180)]
    utc_offset_h: Annotated[float, Field(ge=-12, le=14)]
    """Local standard time minus UTC."""


class WeatherSection(Section):
    """Hourly weather: exactly one of `climate`, `file` and `constant_temp_outdoor_c`."""

    climate: str | None = None
    """A place of the climate catalogue: a seeded synthetic year is drawn from its monthly means."""
    file: str | None = None
    """EPW, CSV or ISD-lite file (may be gzipped), relative to the scenario file."""
    constant_temp_outdoor_c: OutdoorTemp | None = None
    """One outdoor temperature at all hours and no sun, for hand checks."""
    format: Literal["auto", "csv", "epw", "isd_lite"] = "auto"
    columns: dict[str, str] | None = None
    """For CSV: dhsim's column name -> the file's (time, temp_outdoor_c, irradiance_horizontal_w_m2, wind_speed_m_s)."""
    year: Annotated[int, Field(ge=1900, le=2200)] | None = None
    """The calendar year of a file that names hours but no year."""
    site: SiteSection | None = None
    """Where the file was measured, if it does not say so itself and is not the scenario's site."""
    fill_gaps_up_to_h: Annotated[int, Field(ge=0, le=48)] | None = None
    """Gaps up to this long are interpolated and reported. Left out: 0 (a gap is an error), 24 for ISD-lite, whose
    stations rarely report every hour."""
    solar: Literal["auto", "synthetic", "none"] = "auto"
    """`auto` takes the file's irradiance, and a synthetic one where the file has none."""
    temp_shift_k: Finite = 0.0
    """Added to every outdoor temperature (climate change, uncertainty)."""
    months: Literal["normal", "drawn"] = "normal"
    """Of a synthetic climate: `normal` gives every month its normal mean, `drawn` lets the months vary by year."""
    seed: int | None = None
    """Seed of the synthetic generator; the scenario's seed if left out."""

    @model_validator(mode="after")
    def _one_source(self) -> WeatherSection:
        given = [name for name in ("climate", "file", "constant_temp_outdoor_c") if getattr(self, name) is not None]
        if len(given) != 1:
            got = ", ".join(given) or "none"
            raise ValueError(f"needs exactly one of climate, file, constant_temp_outdoor_c (got {got})")
        return self


class HeatLoadSection(Section):
    """The linear heat load, eq. (1)."""

    temp_indoor_c: RoomTemp = 20.0
    temp_design_outdoor_c: OutdoorTemp = -37.0
    demand_growth: Annotated[float, Field(ge=-0.5, le=1)] = 0.0
    """Share added to every design demand (the paper: 0.009)."""
    heating_limit_temp_c: Finite = 8.0
    """The heating season runs while the 5-day mean outdoor temperature is at or below this."""
    heating_season: Literal["by_temperature", "always", "never"] = "by_temperature"


class CurveSection(Section):
    """The heating curve, eqs. (2)-(6)."""

    temp_supply_design_c: WaterTemp = 150.0
    temp_return_design_c: WaterTemp = 70.0
    temp_radiator_supply_design_c: WaterTemp = 95.0
    """After the jet pump, t3."""
    exponent: Annotated[float, Field(gt=0.3, le=1)] = 0.8
    """1/n of the radiators in the curve."""

    @model_validator(mode="after")
    def _order(self) -> CurveSection:
        if not self.temp_supply_design_c >= self.temp_radiator_supply_design_c > self.temp_return_design_c:
            raise ValueError("needs temp_supply_design_c >= temp_radiator_supply_design_c > temp_return_design_c")
        return self


class PlantSection(Section):
    """What arrives at the substation's inlet."""

    line: Literal["design", "operational", "points"] = "operational"
    """`design`: eq. (2). `operational`: from the CPT at the floor to the cap at `operational_temp_outdoor_c`."""
    temp_floor_c: WaterTemp = 70.0
    temp_cap_c: WaterTemp = 110.0
    operational_temp_outdoor_c: OutdoorTemp = -28.0
    """Outdoor temperature at and below which the operational line is at its cap."""
    overshoot_k: Annotated[float, Field(ge=0, le=40)] = 0.0
    """Delivered above the line at and above the CPT (a calibrated input)."""
    points: CurvePoints | None = None
    """For `line: points`: [outdoor degC, supply degC], ascending; constant outside, and neither floored nor capped."""
    dp_available_kpa: Positive = 170.0
    """Differential pressure between primary supply and return at the inlet."""
    pressure_return_kpa: NotNegative = 300.0
    """Gauge pressure of the primary return at the inlet, for the pressure diagram."""

    @model_validator(mode="after")
    def _consistent(self) -> PlantSection:
        if self.temp_floor_c > self.temp_cap_c:
            raise ValueError(f"floor above cap (temp_floor_c {self.temp_floor_c:g} > temp_cap_c {self.temp_cap_c:g})")
        if (self.line == "points") != (self.points is not None):
            raise ValueError("points and `line: points` belong together")
        require_ascending(self.points)
        return self
