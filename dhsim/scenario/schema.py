"""What a scenario file may say. The docstring under each key is its documentation; `dhsim init` writes them out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from dhsim.scenario.consistency import InconsistentError, disagreements
from dhsim.scenario.detail import DetailSection
from dhsim.scenario.document import Document
from dhsim.scenario.equipment import Building, BuildingType, DhwSection, Pipe, PumpSection, SubstationSection
from dhsim.scenario.network_parts import NetworkNode
from dhsim.scenario.operation import ControlSection, Fault, PolicyName, Setback
from dhsim.scenario.section import Section
from dhsim.scenario.surroundings import (
    CurveSection,
    HeatLoadSection,
    PlantSection,
    SiteSection,
    TimeSection,
    WeatherSection,
)
from dhsim.scenario.worth import CapexItem, ComfortSection, EconomicsSection, EmissionsSection, TariffSection

__all__ = [
    "Building",
    "BuildingType",
    "CapexItem",
    "ComfortSection",
    "ControlSection",
    "CurveSection",
    "DetailSection",
    "DhwSection",
    "EconomicsSection",
    "EmissionsSection",
    "Fault",
    "HeatLoadSection",
    "Pipe",
    "PlantSection",
    "PolicyName",
    "PumpSection",
    "Scenario",
    "Section",
    "Setback",
    "SiteSection",
    "SubstationSection",
    "TariffSection",
    "TimeSection",
    "WeatherSection",
]


class Scenario(Document):
    """One scenario file, read and checked."""

    schema_version: Literal[1]
    name: Annotated[str, Field(min_length=1)]
    description: str = ""
    reference: bool = False
    """The one the others are compared with."""
    calibrated: dict[str, str] = Field(default_factory=dict)
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
    details: dict[str, DetailSection] = Field(default_factory=dict)
    """Buildings that are simulated flat by flat, by their id; in place of their one room and radiator."""
    network: str | None = None
    """File or folder with the secondary network (GeoJSON map, tables, YAML), relative to this file; or `pipes`."""
    pipes: list[Pipe] = Field(default_factory=list)
    """Empty: every building sits at the substation's header."""
    nodes: list[NetworkNode] = Field(default_factory=list)
    """Where the ends of the pipes lie, in metres, and how high; for maps and pressures."""
    dhw: DhwSection = DhwSection()
    control: ControlSection = ControlSection()
    economics: EconomicsSection = EconomicsSection()
    emissions: EmissionsSection = EmissionsSection()
    comfort: ComfortSection = ComfortSection()

    @model_validator(mode="after")
    def _sections_agree(self) -> Scenario:
        findings = disagreements(self)
        if findings:
            raise InconsistentError(findings)
        return self

    @property
    def folder(self) -> Path:
        """The file's directory, which relative file names start from; the working directory without a file."""
        return Path(self._source.path).parent if self._source.path else Path.cwd()
