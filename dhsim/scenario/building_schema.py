"""What a building file may say, whatever its form: YAML or JSON, a folder of tables, or the size of a synthetic one."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from dhsim.scenario.building_agreement import building_disagreements
from dhsim.scenario.building_parts import (
    BuildingDesign,
    BuildingNeighbours,
    BuildingPipe,
    BuildingPump,
    BuildingRadiator,
    BuildingSensors,
    BuildingValve,
    BuildingValveType,
    BuildingZone,
    ProtocolRow,
    SyntheticBuildingSection,
)
from dhsim.scenario.consistency import InconsistentError
from dhsim.scenario.document import Document
from dhsim.scenario.network_schema import FluidSection
from dhsim.scenario.section import NotNegative

__all__ = [
    "BuildingDesign",
    "BuildingNeighbours",
    "BuildingPipe",
    "BuildingPump",
    "BuildingRadiator",
    "BuildingScenario",
    "BuildingSensors",
    "BuildingValve",
    "BuildingValveType",
    "BuildingZone",
    "ProtocolRow",
    "SyntheticBuildingSection",
]


class BuildingScenario(Document):
    """One building's heating circuit, read and checked."""

    schema_version: Literal[1] = 1
    name: Annotated[str, Field(min_length=1)]
    description: str = ""
    made_up: bool = False
    """The figures are invented, not a real building's: every page says so."""
    synthetic: SyntheticBuildingSection | None = None
    """In place of all that follows, but sensors."""
    fluid: FluidSection = FluidSection(temp_c=60.0)
    """Water at 60 degC if left out."""
    friction: Literal["colebrook", "laminar_aware"] = "colebrook"
    """Of the pipes; `laminar_aware` counts slow flows as laminar."""
    pump: BuildingPump | None = None
    """Needed, unless `synthetic`; as zones, radiators and pipes."""
    design: BuildingDesign = BuildingDesign()
    roughness_mm: NotNegative | None = None
    """Of pipes that do not say their own."""
    ignore: list[str] = Field(default_factory=list)
    """Of tables: columns that are no concern of dhsim."""
    zones: list[BuildingZone] = Field(default_factory=list)
    radiators: list[BuildingRadiator] = Field(default_factory=list)
    valves: list[BuildingValve] = Field(default_factory=list)
    pipes: list[BuildingPipe] = Field(default_factory=list)
    valve_types: list[BuildingValveType] = Field(default_factory=list)
    neighbours: list[BuildingNeighbours] = Field(default_factory=list)
    protocol: list[ProtocolRow] = Field(default_factory=list)
    sensors: BuildingSensors | None = None

    @model_validator(mode="after")
    def _parts_agree(self) -> BuildingScenario:
        findings = building_disagreements(self)
        if findings:
            raise InconsistentError(findings)
        return self

    @property
    def path(self) -> str:
        """The file or folder it was read from; empty if made in Python."""
        return self._source.path
