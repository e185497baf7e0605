"""Tables of a building: a row a radiator, a column a key, and the scalars in building.yaml."""

from __future__ import annotations

from dhsim.scenario.building_parts import (
    BuildingNeighbours,
    BuildingPipe,
    BuildingRadiator,
    BuildingValve,
    BuildingValveType,
    BuildingZone,
    ProtocolRow,
)
from dhsim.scenario.section import Section
from dhsim.scenario.tables import Tables

TABLES: dict[str, type[Section]] = {
    "zones": BuildingZone,
    "radiators": BuildingRadiator,
    "valves": BuildingValve,
    "pipes": BuildingPipe,
    "valve_types": BuildingValveType,
    "neighbours": BuildingNeighbours,
    "protocol": ProtocolRow,
}
"""Name of a table, which is a key of the building -> what a row of it is."""
BUILDING_TABLES = Tables(TABLES, ("zones", "radiators", "pipes"), "building.yaml", scalars_needed=True)
