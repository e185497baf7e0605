"""Substation, pumps, buildings, pipes and hot water: what stands there."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from dhsim.scenario.piping import PipeConstruction
from dhsim.scenario.section import Finite, NotNegative, Positive, RoomTemp, Section, Share, WaterTemp, refuse_bad_points


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
    """`flow_dp`: a pump stops when the rest hold the set-point. `heat_50`: one is off below 50 % of design heat."""
    min_run_min: NotNegative = 30.0
    """Minimum time between two stagings."""

    @model_validator(mode="after")
    def _curve(self) -> PumpSection:
        curve = (self.flow_m3_h, self.head_m, self.efficiency_best, self.flow_best_m3_h)
        if self.count and (self.model is None) == any(part is None for part in curve):
            raise ValueError("needs either model, or all of flow_m3_h, head_m, efficiency_best, flow_best_m3_h")
        refuse_bad_points(self.flow_m3_h, self.head_m)
        return self


class SubstationSection(Section):
    """The group substation."""

    pump_place: Literal["bypass_line", "secondary_supply", "secondary_return"] = "secondary_supply"
    pumps: PumpSection
    flow_relative: Annotated[float, Field(gt=0.1, le=3)] = 1.0
    """Secondary flow at the dp set-point relative to design, set at commissioning (a calibrated input)."""
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
    node: Annotated[str, Field(min_length=1)] | None = None
    """Where it is connected: the node that bears its id if left out. Several substations of one building share one."""
    height_m: NotNegative | None = None
    """Of its highest radiator above the node; for the pressure it needs."""
    flow_factor: Annotated[float, Field(gt=0.1, le=3)] = 1.0
    """Flow relative to the building's fair share (imbalance)."""
    monitored: bool = True
    """Its room temperature is seen by the trim control."""


class Pipe(PipeConstruction):
    """A trench of the secondary network: supply and mirrored return."""

    id: Annotated[str, Field(min_length=1)]
    start: str
    """`substation`, or a node that another pipe ends at."""
    end: str
    """A new node; a building is connected to the node that bears its id."""
    length_m: Positive
    zeta: NotNegative = 0.0
    """Sum of the minor loss coefficients."""
    route: list[list[Finite]] | None = None
    """Positions from start to end in metres, for the map; the straight line if left out."""


class DhwSection(Section):
    """Domestic hot water."""

    supply: Literal["third_pipe", "local"] = "third_pipe"
    """`third_pipe`: one heater at the substation, fed upstream of the mixing. `local`: exchangers in the buildings."""
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
