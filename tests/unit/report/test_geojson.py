from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dhsim.report.geojson import network_geojson, write_geojson
from dhsim.scenario.network_read import load_network
from dhsim.scenario.network_schema import NetworkScenario


@pytest.fixture
def scenario() -> NetworkScenario:
    return NetworkScenario(
        name="Nord–Süd",
        coordinates="lonlat",
        temp_ground_c=8.0,
        nodes=[
            {"id": "plant", "x": 73.37, "y": 54.99, "elevation_m": 90},
            {"id": "a", "x": 73.38, "y": 54.99},
            {"id": "b", "x": 73.38, "y": 54.99},
            {"id": "unplaced"},
        ],
        pipes=[
            {
                "id": "p1",
                "start": "plant",
                "end": "a",
                "diameter_inner_mm": 100,
                "route": [[73.37, 54.99], [73.375, 54.995, 12.5], [73.38, 54.990001]],
            },
            {"id": "p2", "start": "b", "end": "unplaced", "diameter_inner_mm": 80, "length_m": 30},
            {"id": "p3", "start": "unplaced", "end": "implicit", "diameter_inner_mm": 80, "length_m": 30},
        ],
        valves=[{"id": "v", "start": "a", "end": "b", "line": "return", "kvs_m3_h": 63}],
        consumers=[
            {"id": "h1", "node": "b", "x": 73.3801, "y": 54.99, "heat_kw": 100, "temp_drop_k": 30},
            {"id": "h2", "node": "implicit", "heat_kw": 100, "temp_return_c": 40, "on": False},
        ],
        producers=[{"id": "plant", "temp_supply_c": 90, "pressure_return_kpa": 200, "lift_kpa": 300}],
    )


def _by_id(made: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    found = [feature for feature in made["features"] if feature["properties"]["kind"] == kind]
    return {feature["properties"]["id"]: feature for feature in found}


def test_what_is_written_is_read_again(scenario: NetworkScenario, tmp_path: Path) -> None:
    pipes = pd.DataFrame({"mass_flow_supply_kg_s": [1.5, float("nan")]}, index=["p1", "p2"])
    write_geojson(tmp_path / "map.geojson", scenario, pipes)
    assert load_network(tmp_path / "map.geojson") == scenario
    again = tmp_path / "again.geojson"
    write_geojson(again, load_network(tmp_path / "map.geojson"), pipes)
    assert again.read_text(encoding="utf-8") == (tmp_path / "map.geojson").read_text(encoding="utf-8")


def test_results_stand_beside_what_was_given(scenario: NetworkScenario) -> None:
    pipes = pd.DataFrame({"mass_flow_supply_kg_s": [1.5, float("nan")], "count": [1, 2]}, index=["p1", "p2"])
    nodes = pd.DataFrame({"temp_supply_c": [90.0, 80.0]}, index=["plant", "implicit"])
    made = network_geojson(scenario, pipes, nodes, pd.DataFrame({"dp_kpa": [75.0]}, index=["h1"]))
    lines = _by_id(made, "pipe")
    assert lines["p1"]["properties"]["result_mass_flow_supply_kg_s"] == 1.5
    assert lines["p1"]["properties"]["diameter_inner_mm"] == 100
    assert lines["p2"]["properties"]["result_mass_flow_supply_kg_s"] is None
    assert "result_count" not in lines["p3"]["properties"]
    assert _by_id(made, "node")["plant"]["properties"]["result_temp_supply_c"] == 90.0
    assert "implicit" not in _by_id(made, "node")
    assert _by_id(made, "consumer")["h1"]["properties"]["result_dp_kpa"] == 75.0


def test_it_is_geojson(scenario: NetworkScenario, tmp_path: Path) -> None:
    write_geojson(tmp_path / "map.geojson", scenario)
    text = (tmp_path / "map.geojson").read_text(encoding="utf-8")
    made = json.loads(text)
    assert "Nord–Süd" in text
    assert "crs" not in made
    assert made["type"] == "FeatureCollection"
    for feature in made["features"]:
        assert set(feature) == {"type", "geometry", "properties"}
        assert feature["type"] == "Feature"
    assert _by_id(made, "pipe")["p1"]["geometry"] == {
        "type": "LineString",
        "coordinates": [[73.37, 54.99], [73.375, 54.995, 12.5], [73.38, 54.990001]],
    }
    assert _by_id(made, "pipe")["p2"]["geometry"] is None
    assert _by_id(made, "valve")["v"]["geometry"] == {"type": "Point", "coordinates": [73.38, 54.99]}
    assert _by_id(made, "producer")["plant"]["geometry"]["coordinates"] == [73.37, 54.99]


def test_metres_keep_their_system(scenario: NetworkScenario) -> None:
    twin = scenario.model_copy(update={"coordinates": "metres", "crs": "EPSG:32643"})
    made = network_geojson(twin)
    assert made["crs"] == {"type": "name", "properties": {"name": "EPSG:32643"}}
    assert made["dhsim"]["coordinates"] == "metres"


def test_results_of_something_else_are_refused(scenario: NetworkScenario) -> None:
    with pytest.raises(ValueError, match=r"results for pipes that are not in the network: h1"):
        network_geojson(scenario, pd.DataFrame({"dp_kpa": [1.0]}, index=["h1"]))
    with pytest.raises(ValueError, match=r"two rows of results for 'p1' of pipes"):
        network_geojson(scenario, pd.DataFrame({"dp_kpa": [1.0, 2.0]}, index=["p1", "p1"]))
