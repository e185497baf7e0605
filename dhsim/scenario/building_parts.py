"""What a building file may say of its parts: zones, radiators, valves, pipes, protocol, sensors."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dhsim.scenario.section import NotNegative, OutdoorTemp, Positive, RoomTemp, Section, WaterTemp

Name = Annotated[str, Field(min_length=1)]
Turns = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
# Wide enough for any building's circuit, narrow enough that a figure in another unit falls out.
PumpLift = Annotated[float, Field(ge=0.1, le=200, allow_inf_nan=False)]
PipeLength = Annotated[float, Field(ge=0.01, le=2000, allow_inf_nan=False)]
PipeDiameter = Annotated[float, Field(ge=3, le=500, allow_inf_nan=False)]
RadiatorHeat = Annotated[float, Field(ge=20, le=100_000, allow_inf_nan=False)]
ZoneHeat = Annotated[float, Field(ge=20, le=1_000_000, allow_inf_nan=False)]
RadiatorFlow = Annotated[float, Field(ge=0.5, le=10_000, allow_inf_nan=False)]
MeasuredFlow = Annotated[float, Field(ge=0.5, le=500_000, allow_inf_nan=False)]
Kv = Annotated[float, Field(gt=0, le=2000, allow_inf_nan=False)]
RadiatorKv = Annotated[float, Field(gt=0, le=50, allow_inf_nan=False)]
Conductance = Annotated[float, Field(ge=0.1, le=10_000, allow_inf_nan=False)]


class BuildingPump(Section):
    """The pump, which holds a constant pressure difference."""

    dp_kpa: PumpLift
    """Between its outlet and inlet; a metre of head is 9.8 kPa."""
    at: Name | None = None
    """Place where the mains begin; or:"""
    outlet: Name | None = None
    """Node at the pump's outlet."""
    inlet: Name | None = None
    """Node at the pump's inlet."""


class BuildingDesign(Section):
    """The day the plan was made for."""

    temp_supply_c: WaterTemp = 60.0
    """Of the water to the radiators."""
    temp_return_c: WaterTemp = 45.0
    """Of the water from the radiators."""
    temp_indoor_c: RoomTemp = 20.0
    temp_outdoor_c: OutdoorTemp = -18.0


class BuildingZone(Section):
    """A zone, usually a flat: one temperature."""

    id: Name
    """As radiators and readings call it."""
    heat_design_w: ZoneHeat | None = None
    """Heat loss on the design day; the radiators' sum if left out. Spread over radiators that say none."""
    ua_outdoor_w_k: Conductance | None = None
    """Loss per kelvin to the outdoors; design heat over design difference if left out."""
    time_constant_d: Annotated[float, Field(gt=0, le=60, allow_inf_nan=False)] | None = None
    """Heat capacity over that loss; only the dynamic simulation needs it."""
    floor: str | None = None
    """Storey; only for groups and pictures."""
    area_m2: Annotated[float, Field(gt=0, le=100_000, allow_inf_nan=False)] | None = None


class BuildingRadiator(Section):
    """A radiator: `at` a place of mirrored mains, or between two nodes."""

    id: Name
    zone: Name
    """The zone that it heats."""
    at: Name | None = None
    """Place of mirrored mains; or:"""
    start: Name | None = None
    """Node that its water comes from."""
    end: Name | None = None
    """Node that its water goes to."""
    heat_design_w: RadiatorHeat | None = None
    """At the design temperatures; an equal share of what its zone has left if left out."""
    flow_design_l_h: RadiatorFlow | None = None
    """Design flow of the plan; design heat over design temperature drop if left out."""
    kv_m3_h: RadiatorKv | None = None
    """Its own fixed resistance, where no protocol gives it."""
    exponent: Annotated[float, Field(ge=1, le=2, allow_inf_nan=False)] = 1.3


class BuildingValve(Section):
    """A valve that is set by hand: between two nodes, before a radiator, or at the near end of a pipe."""

    id: Name
    radiator: Name | None = None
    """Stands before this radiator."""
    pipe: Name | None = None
    """Stands at that end of this pipe (`line: both`) that is nearer to the pump."""
    line: Literal["supply", "return"] = "return"
    """Of the pipe."""
    start: Name | None = None
    """Node that its water comes from."""
    end: Name | None = None
    """Node that its water goes to."""
    type: Name | None = None
    """Of the catalogue or of `valve_types`; or kv_min_m3_h and kv_max_m3_h."""
    setting: Turns | Name | None = None
    """Turns, or the number or word of a preset; the protocol may say it instead."""
    kv_m3_h: Kv | None = None
    """In place of a setting."""
    kv_min_m3_h: Kv | None = None
    """At its smallest setting, where the type is not known."""
    kv_max_m3_h: Kv | None = None
    """Fully open."""
    fixed: bool = False
    """Must not be turned."""


class BuildingValveType(Section):
    """A type of valve that the catalogue does not have."""

    id: Name
    positions: Annotated[list[float], Field(min_length=2)]
    """Turns or numbers of the scale, rising."""
    labels: list[Turns | Name] | None = None
    """What stands on the scale at these positions, where not their number: `[1, 2, 3, N]`."""
    kv_m3_h: Annotated[list[Annotated[float, Field(le=2000)]], Field(min_length=2)]
    """Flow of cold water at 1 bar at these positions, rising."""
    scale: Literal["turns", "preset"] = "turns"
    step: Positive = 0.1
    """What the scale shows."""
    source: Name
    """The data sheet."""


class BuildingPipe(Section):
    """A length of pipe, or a fixed resistance by its Kv."""

    id: Name
    start: Name
    """Nearer to the pump."""
    end: Name
    line: Literal["supply", "return", "both"] | None = None
    """If said, start and end are places of mirrored mains; if not, they are nodes."""
    length_m: PipeLength | None = None
    """Of one line."""
    diameter_inner_mm: PipeDiameter | None = None
    roughness_mm: NotNegative | None = None
    kv_m3_h: Kv | None = None
    """In place of length and diameter: heat meter, filter, heat exchanger."""


class BuildingNeighbours(Section):
    """Two zones with a wall between them; only the dynamic simulation needs it."""

    first: Name
    second: Name
    ua_w_k: Conductance


class ProtocolRow(Section):
    """What a technician wrote down of a radiator or a valve."""

    id: Name
    """Of the radiator or valve."""
    flow_l_h: MeasuredFlow | None = None
    """Measured."""
    setting: Turns | Name | None = None
    """Of the valve, or of the only valve before the radiator."""
    kv_m3_h: Kv | None = None
    """Of the valve, in place of a setting."""


class BuildingSensors(Section):
    """Where the room, supply and outdoor temperatures are."""

    file: Name
    """CSV or Parquet, relative to this file."""
    time_zone: str | None = None
    """Of times without an offset: `Europe/Stockholm`."""
    step_min: Annotated[float, Field(gt=0, le=1440, allow_inf_nan=False)] = 60.0
    """Grid on which the readings are put."""
    ignore: list[str] = Field(default_factory=list)
    """Series that are no concern of dhsim."""


class SyntheticBuildingSection(Section):
    """A made-up building of this size."""

    flats: Annotated[int, Field(ge=1, le=5000)] = 70
    risers: Annotated[int, Field(ge=1, le=5000)] | None = None
    """61 for 70 flats, and in proportion, if left out."""
    floors: Annotated[int, Field(ge=1, le=60)] = 5
    seed: Annotated[int, Field(ge=0)] = 1
    scatter_rel: Annotated[float, Field(ge=0, le=0.5, allow_inf_nan=False)] = 0.1
    """Standard deviation of the building about its plan."""
    valve_riser_type: Name | None = None
    """Of the catalogue: gives the riser valves its range and scale."""
    valve_radiator_type: Name | None = None
