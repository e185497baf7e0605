from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dhsim.errors import ScenarioError
from dhsim.scenario.load import load_scenario

OMSK = "scenarios/omsk"


@pytest.fixture
def map_and_case(project_root: Path, tmp_path: Path) -> tuple[dict[str, Any], Path]:
    drawn = json.loads((project_root / OMSK / "network.geojson").read_text())
    case = tmp_path / "case.yaml"
    case.write_text((project_root / OMSK / "baseline.yaml").read_text())
    return drawn, case


def _feature(drawn: dict[str, Any], name: str) -> dict[str, Any]:
    return next(feature for feature in drawn["features"] if feature["properties"]["id"] == name)


def _complaints(drawn: dict[str, Any], case: Path) -> list[str]:
    (case.parent / "network.geojson").write_text(json.dumps(drawn, indent=1))
    with pytest.raises(ScenarioError) as caught:
        load_scenario(case)
    return [str(problem).replace(str(case.parent) + "/", "") for problem in caught.value.problems]


def test_pipes_and_places_come_from_the_map(project_root: Path) -> None:
    scenario = load_scenario(project_root / OMSK / "baseline.yaml")
    pipe = next(pipe for pipe in scenario.pipes if pipe.id == "S155")
    assert (pipe.start, pipe.end, pipe.pipe, pipe.zeta) == ("E", "155", "gost30732_76_t1", 4.0)
    assert pipe.length_m == pytest.approx(45.0)
    assert {node.id: (node.x, node.y) for node in scenario.nodes}["155"] == (136.0, -97.0)
    index = scenario.pipes.index(pipe)
    assert scenario.where(f"pipes.{index}.zeta").path.endswith("network.geojson")


def test_a_child_with_pipes_of_its_own_leaves_the_map_behind(project_root: Path, tmp_path: Path) -> None:
    child = tmp_path / "child.yaml"
    pipes = [{"id": "p", "start": "substation", "end": "46", "length_m": 9, "diameter_inner_mm": 70}]
    parent = (project_root / OMSK / "baseline.yaml").as_posix()
    lines = {"extends": parent, "buildings": [{"id": "46"}], "pipes": pipes}
    child.write_text("\n".join(f"{key}: {json.dumps(value)}" for key, value in lines.items()))
    scenario = load_scenario(child)
    assert ([pipe.id for pipe in scenario.pipes], scenario.nodes, scenario.network) == (["p"], [], None)


def test_what_is_wrong_with_the_map_is_said_at_the_map(map_and_case: tuple[dict[str, Any], Path]) -> None:
    drawn, case = map_and_case
    _feature(drawn, "P2")["properties"]["pipe"] = "gost30732_133_t9"
    _feature(drawn, "46")["properties"]["id"] = "47"
    found = _complaints(drawn, case)
    assert len(found) == 1
    assert found[0].startswith("network.geojson:")
    assert "no pipe 'gost30732_133_t9' in the catalogue" in found[0]
    _feature(drawn, "P2")["properties"]["pipe"] = "gost30732_133_t1"
    found = _complaints(drawn, case)
    assert any("no pipe ends at this building (got '46'" in text for text in found)
    assert any("dangling" in text and "got '47'" in text for text in found)


def test_a_secondary_network_is_a_mirrored_tree_from_the_substation(map_and_case: tuple[dict[str, Any], Path]) -> None:
    drawn, case = map_and_case
    _feature(drawn, "substation")["properties"]["id"] = "plant"
    assert any("expected the node 'substation' (got 'plant')" in text for text in _complaints(drawn, case))
    _feature(drawn, "plant")["properties"]["id"] = "substation"
    chord = {"kind": "pipe", "id": "ring", "pipe": "gost30732_76_t1"}
    line = {"type": "LineString", "coordinates": [[155, 0], [100, -70]]}
    drawn["features"].append({"type": "Feature", "properties": chord, "geometry": line})
    assert any("the network would be a loop" in text for text in _complaints(drawn, case))


def test_pipes_beside_a_map_are_refused(map_and_case: tuple[dict[str, Any], Path]) -> None:
    drawn, case = map_and_case
    case.write_text(case.read_text() + "\nnodes: [{id: A, x: 0, y: 0}]\n")
    assert any("nodes: stand in network.geojson already" in text for text in _complaints(drawn, case))


def test_two_substations_may_share_a_building_s_node(project_root: Path) -> None:
    parent = load_scenario(project_root / OMSK / "baseline.yaml")
    last = len(parent.buildings) - 1
    overrides = {f"buildings.{last}": {"id": "155-2", "node": "155"}, f"buildings.{last - 1}": {"id": "155"}}
    with pytest.raises(ScenarioError, match="dangling"):  # nobody is left at 153
        load_scenario(project_root / OMSK / "baseline.yaml", overrides)
    pipes = [{"id": "p", "start": "substation", "end": "155", "length_m": 9, "diameter_inner_mm": 70}]
    buildings = [{"id": "155"}, {"id": "155-2", "node": "155"}]
    two = load_scenario(
        project_root / OMSK / "baseline.yaml", {"buildings": buildings, "pipes": pipes, "network": None}
    )
    assert [building.node for building in two.buildings] == [None, "155"]
