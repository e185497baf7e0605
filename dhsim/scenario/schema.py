"""What a scenario file may say. The docstring under each key is its documentation; `dhsim init` writes them out."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from dhsim.errors import Problem
from dhsim.scenario.consistency import InconsistentError, disagreements
from dhsim.scenario.source import Place, SourceMap, problem_at

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
OutdoorTemp = Annotated[float, Field(ge=-70, le=60, allow_inf_nan=False)]
WaterTemp = Annotated[float, Field(ge=0, le=200, allow_inf_nan=False)]
RoomTemp = Annotated[float, Field(ge=0, le=40, allow_inf_nan=False)]


class Section(BaseModel):
    """A part of a scenario: frozen, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


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
    """Gaps up to this long are interpolated and reported. Left out: 0 (a gap is an error), 24 for ISD-lite, which is rarely complete."""
    solar: Literal["auto", "synthetic", "none"] = "auto"
    """`auto` takes the file's irradiance, and a synthetic one where the file has none."""
    temp_shift_k: Finite = 0.0
    """Added to every outdoor temperature (climate change, uncertainty)."""
    months: Literal["normal", "drawn"] = "normal"
    """Of a synthetic climate: `normal` gives every month its normal mean, `drawn` lets the months vary from year to year."""
    seed: int | None = None
    """Seed of the synthetic generator; the scenario's seed if left out."""

    @model_validator(mode="after")
    def _one_source(self) -> WeatherSection:
        given = [name for name in ("climate", "file", "constant_temp_outdoor_c") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"needs exactly one of climate, file, constant_temp_outdoor_c (got {', '.join(given) or 'none'})")
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


CurvePoints = Annotated[list[tuple[float, float]], Field(min_length=2)]


def _ascending(points: list[tuple[float, float]] | None) -> None:
    if points and any(b[0] <= a[0] for a, b in zip(points, points[1:], strict=False)):
        raise ValueError("points must ascend in outdoor temperature")


class PlantSection(Section):
    """What arrives at the substation's inlet."""

    line: Literal["design", "operational", "points"] = "operational"
    """`design`: eq. (2). `operational`: straight from the CPT at the floor to `operational_temp_outdoor_c` at the cap."""
    temp_floor_c: WaterTemp = 70.0
    temp_cap_c: WaterTemp = 110.0
    operational_temp_outdoor_c: OutdoorTemp = -28.0
    """Outdoor temperature at and below which the operational line is at its cap."""
    overshoot_k: Annotated[float, Field(ge=0, le=40)] = 0.0
    """Delivered above the line at and above the CPT (a calibrated input)."""
    points: CurvePoints | None = None
    """For `line: points`: [outdoor degC, supply degC], ascending; constant outside."""
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
        _ascending(self.points)
        return self


class PumpSection(Section):
    """The circulation pumps of the substation: equal, in parallel."""

    model: str | None = None
    """An entry of the pump catalogue; or give the curve below."""
    flow_m3_h: Annotated[list[NotNegative], Field(min_length=3)] | None = None
    head_m: Annotated[list[NotNegative], Field(min_length=3)] | None = None
    """Head of one pump at nominal speed, at the flows of `flow_m3_h`."""
    efficiency_best: Annotated[float, Field(gt=0.05, lt=0.95)] | None = None
    flow_best_m3_h: Positive | None = None
    efficiency_motor: Annotated[float, Field(gt=0.3, le=1)] = 0.9
    efficiency_vfd: Annotated[float, Field(gt=0.3, le=1)] = 0.97
    count: Annotated[int, Field(ge=0, le=8)] = 2
    """0: the primary differential pressure alone moves the water."""
    speed_min_rel: Annotated[float, Field(ge=0.05, le=1)] = 0.3
    staging: Literal["flow_dp", "heat_50"] = "flow_dp"
    """`flow_dp`: a pump stops when the rest hold the set-point. `heat_50`: the paper's rule, one off below 50 % of design heat."""
    min_run_min: NotNegative = 30.0
    """Minimum time between two stagings."""

    @model_validator(mode="after")
    def _curve(self) -> PumpSection:
        curve = (self.flow_m3_h, self.head_m, self.efficiency_best, self.flow_best_m3_h)
        if self.count and (self.model is None) == any(part is None for part in curve):
            raise ValueError("needs either model, or all of flow_m3_h, head_m, efficiency_best, flow_best_m3_h")
        if self.flow_m3_h is not None and self.head_m is not None:
            if len(self.flow_m3_h) != len(self.head_m):
                raise ValueError("flow_m3_h and head_m differ in length")
            if any(b <= a for a, b in zip(self.flow_m3_h, self.flow_m3_h[1:], strict=False)):
                raise ValueError("flow_m3_h must ascend")
            if any(b >= a for a, b in zip(self.head_m, self.head_m[1:], strict=False)):
                raise ValueError("impossible pump: head_m must fall as the flow rises")
        return self


class SubstationSection(Section):
    """The group substation."""

    pump_place: Literal["bypass_line", "secondary_supply", "secondary_return"] = "secondary_supply"
    pumps: PumpSection
    flow_relative: Annotated[float, Field(gt=0.1, le=3)] = 1.0
    """Secondary flow at the dp set-point relative to design, set when the system was commissioned (a calibrated input)."""
    valve_main_kvs_m3_h: Positive = 100.0
    valve_bypass_kvs_m3_h: Positive = 100.0
    stroke_share_per_min: Annotated[float, Field(gt=0, le=1)] = 0.05
    """Speed of the complementary main and bypass valves, share of the stroke a minute."""
    mixing_share_max: Annotated[float, Field(ge=0, lt=1)] = 0.85


class BuildingType(Section):
    """What buildings of one kind have in common."""

    profile: Literal["residential", "office"] = "residential"
    mixing_ratio_jet: NotNegative | None = None
    """Jet pump ratio return/supply; the curve's design temperatures fix it if left out (2.2 for 150/95/70)."""
    dp_circuit_kpa: Positive = 10.0
    """Pressure loss of the building circuit at design flow; the jet pump needs 1.4 h (1+u)^2."""
    radiator_exponent: Annotated[float, Field(ge=1, le=1.6)] = 1.25
    radiator_head: Literal["arithmetic", "log_mean"] = "log_mean"
    time_constant_h: Positive = 80.0
    share_capacity_room: Annotated[float, Field(gt=0, lt=1)] = 0.10
    """Share of the heat capacity in the room node (air, furniture, surfaces)."""
    share_ua_direct: Annotated[float, Field(ge=0, lt=1)] = 0.30
    """Share of the heat loss coefficient that bypasses the mass (ventilation, windows)."""
    share_resistance_inner: Annotated[float, Field(gt=0, lt=1)] = 0.25
    """Share of the wall's resistance between room and mass."""
    ua_sizing: Literal["with_gains", "without_gains"] = "with_gains"
    """`with_gains`: UA = (Q_design + mean gains)/(t_n - DOT), so that gains do not overheat at design."""
    gain_share_design: Share = 0.05
    """Mean internal gains relative to the design heat demand."""
    aperture_solar_m2_per_kw: NotNegative = 0.5
    """Effective solar aperture (glass x g-value x shading) per kW of design heat demand."""
    temp_window_open_c: RoomTemp = 23.5
    """Occupants start to open windows above this room temperature."""
    window_share_per_k: NotNegative = 0.12
    """Growth of the heat loss coefficient per K above it."""
    window_share_max: NotNegative = 0.5
    dhw_litres_person_day: NotNegative = 60.0
    """Hot water drawn at `dhw.temp_hot_c`."""


class Building(Section):
    """One building behind the substation."""

    id: Annotated[str, Field(min_length=1)]
    type: str = "residential"
    heat_design_kw: Positive = 300.0
    persons: NotNegative = 0.0
    flow_factor: Annotated[float, Field(gt=0.1, le=3)] = 1.0
    """Flow relative to the building's fair share (imbalance)."""
    monitored: bool = True
    """Its room temperature is seen by the trim control."""


class Pipe(Section):
    """A trench of the secondary network: supply and mirrored return."""

    id: Annotated[str, Field(min_length=1)]
    start: str
    """`substation`, or a node that another pipe ends at."""
    end: str
    """A new node; a building is connected to the node that bears its id."""
    length_m: Positive
    diameter_inner_mm: Positive
    roughness_mm: NotNegative = 0.5
    zeta: NotNegative = 0.0
    """Sum of the minor loss coefficients."""
    u_supply_w_mk: NotNegative = 0.35
    """Heat loss per metre and kelvin."""
    u_return_w_mk: NotNegative = 0.35
    placement: Literal["buried", "above_ground"] = "buried"


class DhwSection(Section):
    """Domestic hot water."""

    supply: Literal["third_pipe", "local"] = "third_pipe"
    """`third_pipe`: one heater at the substation, fed upstream of the mixing point. `local`: exchangers in the buildings."""
    temp_hot_c: WaterTemp = 60.0
    temp_cold_winter_c: WaterTemp = 5.0
    temp_cold_summer_c: WaterTemp = 15.0
    stochastic: bool = True
    """Draw single tappings (seeded); otherwise the smooth profile."""
    draw_mean_l: Positive = 30.0
    """Mean volume of one tapping."""
    loss_third_pipe_w_m: NotNegative = 10.0
    """Circulation loss of the third pipe per metre of trench."""
    approach_design_k: Positive = 5.0
    """Exchanger sizing: at the supply floor and peak draw the return leaves this much above the cold water."""


class Fault(Section):
    """Something breaks: at a moment, or at random (seeded)."""

    kind: Literal["third_pipe_out", "sensor_out", "pump_out"]
    start: dt.datetime | None = None
    duration_h: Positive = 24.0
    """Time to repair; the mean of it if the fault is random."""
    mean_time_between_h: Positive | None = None

    @model_validator(mode="after")
    def _when(self) -> Fault:
        if (self.start is None) == (self.mean_time_between_h is None):
            raise ValueError("needs exactly one of start and mean_time_between_h")
        return self


class Setback(Section):
    """Lower secondary supply set-point between two times of the day."""

    start: dt.time
    end: dt.time
    delta_k: Positive
    weekdays_only: bool = False


PolicyName = Literal["baseline", "vfd_only", "cap70", "variable_flow", "compensated", "compensated_trim"]


class ControlSection(Section):
    """How the substation is run."""

    policy: PolicyName = "baseline"
    flow_law: Literal["dp", "general_curve"] | None = None
    """For `vfd_only`: hold dp (default), or the flow the general curve asks for at the delivered temperature."""
    temp_cap_secondary_c: WaterTemp = 70.0
    """`cap70` and `variable_flow`: highest secondary supply in BYPASS."""
    temp_mixed_min_c: WaterTemp = 40.0
    secondary_points: CurvePoints | None = None
    """The compensated curve as points [outdoor degC, supply degC] instead of eq. (2)."""
    filter_h: NotNegative = 24.0
    """Time constant of the outdoor temperature filter; 0 = raw, as the paper has it."""
    cpt_c: Finite | None = None
    """Change-point temperature of the switch; the design curve's own if left out."""
    hysteresis_k: NotNegative = 0.5
    temp_floor_alarm_c: WaterTemp = 67.0
    floor_alarm_hysteresis_k: NotNegative = 1.0
    floor_alarm_delay_min: NotNegative = 30.0
    dwell_min: NotNegative = 120.0
    """Least time between two normal mode changes; fail-safe changes are immediate."""
    flow_min_rel: Annotated[float, Field(gt=0, le=1)] = 0.3
    """Lower limit of the general curve's flow."""
    trim_temp_room_c: RoomTemp = 20.5
    """Set-point of the coldest monitored room."""
    trim_integral_h: Positive = 48.0
    """Integral time: 1 K of error for this long moves the set-point by 1 K x `trim_gain`."""
    trim_gain: Positive = 8.0
    trim_limit_k: NotNegative = 8.0
    setback: Setback | None = None
    faults: list[Fault] = []
    strategy: str | None = None
    """A function `module:function` beside the scenario: decide(observation) -> Commands."""
    strategy_period_min: Positive = 60.0

    @model_validator(mode="after")
    def _points(self) -> ControlSection:
        _ascending(self.secondary_points)
        if self.flow_law is not None and self.policy != "vfd_only":
            raise ValueError("flow_law belongs to policy vfd_only")
        return self


class CapexItem(Section):
    """One line of the investment."""

    item: str
    """An entry of the unit cost catalogue, or free text with unit_cost_eur."""
    quantity: Positive = 1.0
    unit_cost_eur: NotNegative | None = None
    """Overrides the catalogue's."""
    year: Annotated[int, Field(ge=0, le=60)] = 0


class TariffSection(Section):
    """What the housing company pays for heat."""

    energy_eur_mwh: NotNegative = 44.0
    capacity_eur_kw_y: NotNegative = 0.0
    """On the highest hourly mean heat flow."""
    return_temp_eur_mwh_k: NotNegative = 0.0
    """Malus per MWh and K of return above the reference (a bonus below)."""
    return_temp_reference_c: WaterTemp = 50.0


class EconomicsSection(Section):
    """Money, eqs. (8)-(11)."""

    viewpoint: Literal["utility", "housing_company", "society"] = "society"
    lifetime_y: Annotated[int, Field(ge=1, le=60)] = 25
    discount_rate: Annotated[float, Field(gt=-0.5, le=1)] = 0.08
    tariff: TariffSection = TariffSection()
    price_fuel_eur_mwh: NotNegative = 12.0
    """Coal at the plant, per MWh of lower heating value."""
    price_electricity_eur_mwh: NotNegative = 60.0
    price_co2_eur_t: NotNegative = 0.0
    """Counted by viewpoint `society` only."""
    escalation_heat: Annotated[float, Field(gt=-0.5, le=0.5)] = 0.0
    """Yearly real growth of heat and fuel prices."""
    escalation_electricity: Annotated[float, Field(gt=-0.5, le=0.5)] = 0.0
    price_heat_path_eur_mwh: Annotated[list[NotNegative], Field(min_length=1)] | None = None
    """Heat price year by year instead of the escalation; the last one holds on."""
    service_eur_y: NotNegative = 0.0
    """Service of the substation: valves, pumps, sensors, pipes."""
    staff_eur_y: NotNegative = 0.0
    capex: list[CapexItem] | None = None
    """Required (may be empty) for every policy but the baseline."""


class EmissionsSection(Section):
    """Boiler fuel and smoke, eqs. (12)-(19)."""

    fuel: str = "ekibastuz_ss"
    allocation: Literal["energy", "alternative_generation", "exergy"] = "energy"
    """How the CHP plant's fuel is shared between heat and electricity."""
    efficiency_boiler: Annotated[float, Field(gt=0.1, le=1.1)] = 0.90
    efficiency_network: Annotated[float, Field(gt=0.1, le=1)] = 0.90
    """1 - loss share of the city network."""
    chp_power_to_heat: NotNegative = 0.45
    """Electricity per heat of the CHP plant, for the alternative-generation and exergy methods."""
    efficiency_reference_heat: Annotated[float, Field(gt=0.1, le=1.1)] = 0.88
    efficiency_reference_power: Annotated[float, Field(gt=0.1, le=1)] = 0.40
    excess_air: Annotated[float, Field(ge=1, le=4)] = 1.4
    q4_percent: Annotated[float, Field(ge=0, le=20)] = 1.5
    ash_carryover: Share = 0.95
    efficiency_filter: Share = 0.98
    so2_bound_in_ash: Share = 0.02
    so2_scrubbed: Share = 0.0
    nox_kg_gj: NotNegative = 0.25
    electricity_co2_kg_mwh: NotNegative = 450.0
    electricity_ch4_kg_mwh: NotNegative = 1.0
    gwp_ch4: NotNegative = 28.0


class ComfortSection(Section):
    """What counts as comfortable."""

    temp_low_c: RoomTemp = 20.0
    temp_high_c: RoomTemp = 22.0

    @model_validator(mode="after")
    def _order(self) -> ComfortSection:
        if self.temp_low_c >= self.temp_high_c:
            raise ValueError("needs temp_low_c < temp_high_c")
        return self


class Scenario(Section):
    """One scenario file, read and checked."""

    schema_version: Literal[1]
    name: Annotated[str, Field(min_length=1)]
    description: str = ""
    reference: bool = False
    """The one the others are compared with."""
    calibrated: dict[str, str] = {}
    """Inputs chosen to meet measured totals, key -> why; shown wherever results are."""
    seed: int = 1
    site: SiteSection
    time: TimeSection = TimeSection()
    weather: WeatherSection
    heat_load: HeatLoadSection = HeatLoadSection()
    curve: CurveSection = CurveSection()
    plant: PlantSection = PlantSection()
    substation: SubstationSection
    building_types: Annotated[dict[str, BuildingType], Field(min_length=1)]
    buildings: Annotated[list[Building], Field(min_length=1)]
    pipes: list[Pipe] = []
    """Empty: every building sits at the substation's header."""
    dhw: DhwSection = DhwSection()
    control: ControlSection = ControlSection()
    economics: EconomicsSection = EconomicsSection()
    emissions: EmissionsSection = EmissionsSection()
    comfort: ComfortSection = ComfortSection()

    _source: SourceMap = PrivateAttr(default_factory=SourceMap)

    @model_validator(mode="after")
    def _sections_agree(self) -> Scenario:
        findings = disagreements(self)
        if findings:
            raise InconsistentError(findings)
        return self

    def __eq__(self, other: object) -> bool:
        # what is said counts, not where it stands
        return isinstance(other, Scenario) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash(self.content_hash())

    def placed(self, source: SourceMap) -> Self:
        """Return the same scenario with the places of its keys."""
        twin = self.model_copy()
        twin._source = source
        return twin

    @property
    def folder(self) -> Path:
        """The file's directory, which relative file names start from; the working directory without a file."""
        return Path(self._source.path).parent if self._source.path else Path.cwd()

    def where(self, key: str) -> Place:
        """Return where a dotted key stands (`buildings.0.heat_design_kw`); the mapping around it if it is a default."""
        return self._source.where(key)

    def problem(self, key: str, message: str) -> Problem:
        """Return a problem with the place of the key."""
        return problem_at(self.where(key), message, key)

    def content_hash(self) -> str:
        """Return the SHA-256 of everything the scenario says, wherever its file stands."""
        said = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(said.encode()).hexdigest()
