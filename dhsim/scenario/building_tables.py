"""Read a building from a folder of CSV tables: a row a radiator, a column a key, and the scalars in building.yaml."""

from __future__ import annotations

from pathlib import Path

from dhsim.errors import Problem
from dhsim.scenario.building_parts import (
    BuildingNeighbours,
    BuildingPipe,
    BuildingRadiator,
    BuildingValve,
    BuildingValveType,
    BuildingZone,
    ProtocolRow,
)
from dhsim.scenario.network_tables import ignored, table_rows
from dhsim.scenario.read import read_entry
from dhsim.scenario.section import Section
from dhsim.scenario.source import Entry, Place, problem_at

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
SCALARS = "building.yaml"
_NEEDED = ("zones", "radiators", "pipes")


def building_tables_entry(folder: Path, problems: list[Problem]) -> Entry | None:
    """Return what a folder's tables say in the shape of the schema, or None; what is wrong goes to `problems`."""
    said = read_entry(folder / SCALARS, problems)
    if said is None:
        return None
    made = Entry(dict(said.value), said.place)
    present = [name for name in TABLES if (folder / f"{name}.csv").is_file()]
    for name in _NEEDED:
        if name not in present and name not in made.value:
            problems.append(problem_at(Place(str(folder / f"{name}.csv")), "no such file"))
    left_out = ignored(made.value)
    for name in present:
        if name in made.value:
            problems.append(problem_at(made.value[name].place, f"stands in {name}.csv too: leave one out", name))
        rows = table_rows(folder / f"{name}.csv", name, TABLES[name], left_out, problems)
        if rows is not None:
            made.value[name] = rows
    return made if all(name in made.value for name in _NEEDED) else None
