"""What a network file may say, whatever its form: YAML or JSON, a folder of tables, or a GeoJSON map."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from dhsim.scenario.consistency import InconsistentError
from dhsim.scenario.document import Document
from dhsim.scenario.network_agreement import network_disagreements
from dhsim.scenario.network_parts import (
    NetworkConsumer,
    NetworkNode,
    NetworkPipe,
    NetworkProducer,
    NetworkPump,
    NetworkValve,
    ProducerPumps,
    PumpCurve,
)
from dhsim.scenario.places import Coordinates
from dhsim.scenario.section import Finite, Positive, Section

__all__ = [
    "FluidSection",
    "NetworkConsumer",
    "NetworkNode",
    "NetworkPipe",
    "NetworkProducer",
    "NetworkPump",
    "NetworkScenario",
    "NetworkValve",
    "ProducerPumps",
    "PumpCurve",
]


class FluidSection(Section):
    """The water: at a mean temperature, or by its constants."""

    temp_c: Annotated[float, Field(ge=0, le=150, allow_inf_nan=False)] | None = None
    """Water's properties are taken at this temperature."""
    density_kg_m3: Positive | None = None
    viscosity_pa_s: Positive | None = None
    heat_capacity_j_kgk: Positive | None = None

    @model_validator(mode="after")
    def _one_way(self) -> FluidSection:
        constants = (self.density_kg_m3, self.viscosity_pa_s, self.heat_capacity_j_kgk)
        if (self.temp_c is None) == (None in constants) or (self.temp_c is not None and any(constants)):
            raise ValueError("needs either temp_c, or all of density_kg_m3, viscosity_pa_s, heat_capacity_j_kgk")
        return self


class NetworkScenario(Document):
    """One network, read and checked."""

    schema_version: Literal[1] = 1
    name: Annotated[str, Field(min_length=1)]
    description: str = ""
    fluid: FluidSection = FluidSection(temp_c=70.0)
    """Water at 70 degC if left out."""
    colebrook_constant: Annotated[float, Field(ge=3.6, le=3.8)] = 3.71
    """k/(C d) in Colebrook's law: 3.7 to 3.72 in use."""
    temp_ground_c: Finite | None = None
    """Needed as soon as a pipe in the ground loses heat."""
    temp_air_c: Finite | None = None
    """Needed as soon as a pipe above ground loses heat."""
    coordinates: Coordinates = "metres"
    """Of nodes and routes: `metres`, or `lonlat` (longitude and latitude in degrees, WGS 84)."""
    crs: str | None = None
    """Name of the coordinate reference system of `metres`; kept for the map program, not used."""
    snap_tolerance_m: Positive = 0.5
    """Of a map: ends of lines and points closer than this are one place."""
    ignore: list[str] = Field(default_factory=list)
    """Of a map or tables: properties or columns that are no concern of dhsim."""
    nodes: list[NetworkNode] = Field(default_factory=list)
    """May be left out, or some of them: the ends of pipes, valves and pumps are nodes too."""
    pipes: Annotated[list[NetworkPipe], Field(min_length=1)]
    valves: list[NetworkValve] = Field(default_factory=list)
    pumps: list[NetworkPump] = Field(default_factory=list)
    consumers: Annotated[list[NetworkConsumer], Field(min_length=1)]
    producers: Annotated[list[NetworkProducer], Field(min_length=1)]
    """The first one holds the pressure level."""

    @model_validator(mode="after")
    def _parts_agree(self) -> NetworkScenario:
        findings = network_disagreements(self)
        if findings:
            raise InconsistentError(findings)
        return self
