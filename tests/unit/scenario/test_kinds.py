from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dhsim.errors import ScenarioError
from dhsim.scenario.kinds import documents, kind_of


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("scenarios/buildings/toy.yaml", "building"),
        ("scenarios/buildings/flats70.yaml", "building"),
        ("scenarios/buildings/flats12", "building"),
        ("scenarios/networks/village.yaml", "network"),
        ("scenarios/networks/town.geojson", "network"),
        ("scenarios/networks/district", "network"),
        ("scenarios/omsk/baseline.yaml", "scenario"),
        ("scenarios/pump_place", "scenario"),
    ],
)
def test_shipped_files_are_known_for_what_they_are(project_root: Path, path: str, kind: str) -> None:
    assert kind_of(project_root / path) == kind


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        ("zonse: []\nradiators: []\npipes: []\nname: x\n", "a.yaml", "building"),  # a typo beside a known key
        ("synthetic: {flats: 9}\n", "a.yaml", "building"),
        ('{"zones": [], "pipes": []}', "a.json", "building"),
        ('{"type": "FeatureCollection", "features": []}', "a.json", "network"),
        ("consumers: []\nproducers: []\n", "a.yaml", "network"),
        ("extends: b.yaml\nname: x\n", "a.yaml", "scenario"),
        ("extends: b.yaml\nzones: []\n", "a.yaml", "scenario"),
        ("a: [", "a.yaml", "scenario"),
        ("", "a.json", "scenario"),
        ("id\n", "house/radiators.csv", "building"),
        ("id\n", "house/consumers.csv", "network"),
    ],
)
def test_a_file_is_known_by_its_keys(write: Callable[..., Path], text: str, name: str, kind: str) -> None:
    path = write(text, name)
    assert kind_of(path.parent if path.suffix == ".csv" else path) == kind


def test_a_folder_is_sorted_out(write: Callable[..., Path], valid: str) -> None:
    write(valid, "mine/case.yaml")
    write("synthetic: {flats: 9}\n", "mine/house.yaml")
    write("id\n", "tables/radiators.csv")
    found = documents([Path("mine"), Path("tables")])
    assert {(str(path), kind) for path, kind in found} == {
        ("mine/case.yaml", "scenario"), ("mine/house.yaml", "building"), ("tables", "building"),
    }  # fmt: skip


def test_what_is_not_there_is_told() -> None:
    with pytest.raises(ScenarioError, match="no such file or folder"):
        documents([Path("nowhere.yaml")])
    with pytest.raises(ScenarioError, match="no scenario files given"):
        documents([])
