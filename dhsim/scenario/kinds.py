"""What a file or folder is by what it says: a scenario, a network or a building."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from dhsim.errors import Problem
from dhsim.scenario.building_schema import BuildingScenario
from dhsim.scenario.building_tables import BUILDING_TABLES
from dhsim.scenario.json_read import json_entry
from dhsim.scenario.load import scenario_files
from dhsim.scenario.network_schema import NetworkScenario
from dhsim.scenario.network_tables import NETWORK_TABLES
from dhsim.scenario.read import read_entry
from dhsim.scenario.schema import Scenario
from dhsim.scenario.tables import Tables, read_text

Kind = Literal["scenario", "network", "building"]

_SCENARIO, _NETWORK, _BUILDING = (
    frozenset(kind.model_fields) for kind in (Scenario, NetworkScenario, BuildingScenario)
)
_OWN_KEYS: tuple[tuple[Kind, frozenset[str]], ...] = (
    ("scenario", _SCENARIO - _NETWORK - _BUILDING),
    ("network", _NETWORK - _SCENARIO - _BUILDING),
    ("building", _BUILDING - _SCENARIO - _NETWORK),
)
"""Keys that only one kind of file has."""
_TABLES: tuple[tuple[Kind, Tables], ...] = (("building", BUILDING_TABLES), ("network", NETWORK_TABLES))


def kind_of(path: Path) -> Kind:
    """Return what a file or folder is, by the keys or tables that only one kind has; a scenario where none tells.

    Parameters
    ----------
    path
        YAML, JSON, GeoJSON, or a folder; one that cannot be read is taken for a scenario.

    Returns
    -------
    str
        scenario, network or building.
    """
    if os.path.isdir(path):  # unlike Path.is_dir, false for an impossible name
        return _kind_of_folder(path)
    if path.suffix.lower() == ".geojson":
        return "network"
    unread: list[Problem] = []
    if path.suffix.lower() == ".json":
        text = read_text(path, unread)
        entry = None if text is None else json_entry(str(path), text, unread)
    else:
        entry = read_entry(path, unread)
    if entry is None or "extends" in entry.value:
        return "scenario"
    if "type" in entry.value and "Feature" in str(entry.value["type"].value):
        return "network"
    return max(_OWN_KEYS, key=lambda own: len(own[1] & entry.value.keys()))[0]


def _kind_of_folder(path: Path) -> Kind:
    there = {entry.name for entry in path.iterdir()}
    for kind, tables in _TABLES:
        others = {name for other, its in _TABLES if other != kind for name in its.kinds}
        own = {f"{name}.csv" for name in tables.kinds if name not in others}
        if tables.scalars in there or own & there:
            return kind
    return "scenario"


def documents(paths: Sequence[Path]) -> list[tuple[Path, Kind]]:
    """Return files, and folders of tables, with what each is; of any other folder its YAML files.

    Parameters
    ----------
    paths
        Files and folders.

    Returns
    -------
    list of tuple
        Path and kind.

    Raises
    ------
    ScenarioError
        As `scenario_files`.
    """
    of_tables = [(path, kind_of(path)) for path in paths if os.path.isdir(path)]
    whole = [(path, kind) for path, kind in of_tables if kind != "scenario"]
    rest = [path for path in paths if path not in {path for path, _ in whole}]
    found = scenario_files(rest) if rest or not whole else []
    return [*whole, *((file, kind_of(file)) for file in found)]
