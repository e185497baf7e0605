from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dhsim.errors import ScenarioError
from dhsim.scenario.network_read import load_network
from dhsim.scenario.network_schema import NetworkScenario

METRES = {"coordinates": "metres", "temp_ground_c": 8}


def _feature(kind: str | None, coordinates: list[Any] | None, **said: Any) -> dict[str, Any]:
    shape = "LineString" if coordinates and isinstance(coordinates[0], list) else "Point"
    geometry = None if coordinates is None else {"type": shape, "coordinates": coordinates}
    properties = said if kind is None else {"kind": kind, **said}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


PLANT = _feature("producer", [0, 0], id="plant", temp_supply_c=90, pressure_return_kpa=200, lift_kpa=300)
P1 = _feature(None, [[0.1, 0], [100, 0], [100, 50]], id=1, diameter_inner_mm=100)
P2 = _feature("pipe", [[100, 50.2], [200, 50]], id="p2", diameter_inner_mm=80, result_velocity_m_s=1.2, zeta=None)
HOUSE = _feature("consumer", [200, 50.4], id="house", heat_kw=30, temp_drop_k=30)
BASE = [PLANT, P1, P2, HOUSE]


@pytest.fixture
def loaded(write: Callable[..., Path]) -> Callable[..., NetworkScenario]:
    def of(features: list[Any], dhsim: Any = METRES, **members: Any) -> NetworkScenario:
        lines = ",\n".join(json.dumps(feature) for feature in features)
        head = json.dumps({"type": "FeatureCollection", "dhsim": dhsim, **members})
        return load_network(write(f'{head[:-1]}, "features": [\n{lines}\n]}}', "map.geojson"))

    return of


@pytest.fixture
def told(loaded: Callable[..., NetworkScenario]) -> Callable[..., list[str]]:
    def of(features: list[Any], dhsim: Any = METRES, **members: Any) -> list[str]:
        with pytest.raises(ScenarioError) as caught:
            loaded(features, dhsim, **members)
        return [str(problem) for problem in caught.value.problems]

    return of


def test_ends_within_the_tolerance_are_one_node(loaded: Callable[..., NetworkScenario]) -> None:
    network = loaded(BASE)
    assert [(pipe.id, pipe.start, pipe.end) for pipe in network.pipes] == [("1", "plant", "n1"), ("p2", "n1", "house")]
    assert [(node.id, node.x, node.y) for node in network.nodes] == [
        ("plant", 0.1, 0.0),
        ("n1", 100.0, 50.0),
        ("house", 200.0, 50.0),
    ]
    assert network.pipes[0].route == [[0.1, 0.0], [100.0, 0.0], [100.0, 50.0]]
    assert network.pipes[1].route == [[100.0, 50.2], [200.0, 50.0]]
    assert (network.consumers[0].node, network.consumers[0].y) == ("house", 50.4)


def test_a_straight_line_needs_no_route_and_a_height_becomes_an_elevation(
    loaded: Callable[..., NetworkScenario],
) -> None:
    straight = _feature(None, [[100, 50], [200, 50]], id="p2", diameter_inner_mm=80)
    network = loaded([PLANT, P1, straight, HOUSE, _feature("node", [100, 50, 7.5], id="cross")])
    assert network.pipes[1].route is None
    assert network.nodes[0].model_dump(exclude_unset=True) == {"id": "cross", "x": 100, "y": 50, "elevation_m": 7.5}


def test_single_parts_of_multi_geometries_are_read(loaded: Callable[..., NetworkScenario]) -> None:
    multi = {**P1, "geometry": {"type": "MultiLineString", "coordinates": [P1["geometry"]["coordinates"]]}}
    assert loaded([PLANT, multi, P2, HOUSE]) == loaded(BASE)
    feature_id = {**P1, "id": 1, "properties": {"diameter_inner_mm": 100}}
    assert loaded([PLANT, feature_id, P2, HOUSE]) == loaded(BASE)


def test_a_valve_as_a_point_parts_two_lines(loaded: Callable[..., NetworkScenario]) -> None:
    valve = _feature("valve", [100, 50], id="v", line="both", kvs_m3_h=63, check_valve=True)
    network = loaded([*BASE, valve])
    assert [(pipe.start, pipe.end) for pipe in network.pipes] == [("plant", "v in"), ("v out", "house")]
    assert (network.valves[0].start, network.valves[0].end) == ("v in", "v out")


def test_a_check_valve_needs_a_direction(
    told: Callable[..., list[str]], loaded: Callable[..., NetworkScenario]
) -> None:
    turned = _feature("pipe", [[200, 50], [100, 50.2]], id="p2", diameter_inner_mm=80)
    valve = _feature("valve", [100, 50], id="v", line="both", kvs_m3_h=63, check_valve=True)
    assert told([PLANT, P1, turned, HOUSE, valve]) == [
        "map.geojson:6:1: valves.0: the direction of valve 'v' is not clear: turn one of pipe '1' and pipe 'p2' round"
    ]
    plain = _feature("valve", [100, 50], id="v", line="both", kvs_m3_h=63)
    assert loaded([PLANT, P1, turned, HOUSE, plain]).pipes[1].end == "v out"


def test_a_valve_at_the_end_of_one_line(told: Callable[..., list[str]]) -> None:
    valve = _feature("valve", [200, 50], id="v", line="both", kvs_m3_h=63)
    assert told([*BASE, valve])[0] == (
        "map.geojson:6:1: valves.0: valve 'v' stands where two lines meet, or names its start and end (the ends of 1 "
        "lines are here)"
    )


def test_names_count_before_the_map(loaded: Callable[..., NetworkScenario]) -> None:
    unplaced = [
        _feature("pipe", None, id="p3", start="house", end="far", length_m=500, diameter_inner_mm=50),
        _feature("consumer", None, id="far", heat_kw=5, temp_drop_k=30),
    ]
    network = loaded([*BASE, *unplaced])
    assert (network.pipes[2].route, network.pipes[2].length_m) == (None, 500)


@pytest.mark.parametrize(
    ("extra", "problems"),
    [
        (
            _feature("consumer", [120, 60], id="h2", heat_kw=1, temp_drop_k=30),
            [
                "map.geojson:6:1: consumers.1: consumer 'h2' is nowhere near a pipe: the nearest end, of pipe '1', is "
                "22.4 m away (snap_tolerance_m is 0.5 m)"
            ],
        ),
        (
            _feature("consumer", [150, 50.1], id="h2", heat_kw=1, temp_drop_k=30),
            [
                "map.geojson:6:1: consumers.1: consumer 'h2' is nowhere near a pipe: it lies on pipe 'p2' between its "
                "ends, split that pipe there"
            ],
        ),
        (
            _feature("pipe", [[100, 50], [100.1, 50.2]], id="p3", diameter_inner_mm=50),
            [
                "map.geojson:6:1: pipes.2.end: pipe 'p3' is 0.224 m long, shorter than snap_tolerance_m, 0.5 m: both "
                "ends are one place"
            ],
        ),
        (
            _feature("pipe", [[100, 50], [100, 50]], id="p3", diameter_inner_mm=50),
            ["map.geojson:6:1: pipes.2.end: pipe 'p3' has zero length: both ends are one place"],
        ),
        (
            _feature("pipe", [[50, 0], [50, 40]], id="p3", diameter_inner_mm=50),
            [
                "map.geojson:6:1: pipes.2: island: not connected with producer 'plant' (pipe 'p3'); node 'n2' lies on "
                "pipe '1' between its ends: split that pipe there"
            ],
        ),
        (
            _feature("pipe", [[100, 50], [100, 90]], id="p3", diameter_inner_mm=50),
            [
                "map.geojson:6:1: pipes.2.end: dangling: at the end 'n2' of pipe 'p3' there is no consumer, producer, "
                "valve or other pipe"
            ],
        ),
        (
            _feature("pipe", [[100, 50], [200, 50]], id="p2", diameter_inner_mm=50),
            ["map.geojson:6:127: pipes.2.id: duplicate id 'p2' (first in pipes.1)"],
        ),
        (
            _feature("pipe", [[100, 50], [200, 50]], id="p3", diameter_inner_mm=50, length_m=-2),
            ["map.geojson:6:164: pipes.2.length_m: pipe 'p3': must be above 0 m (got -2)"],
        ),
        (
            _feature("pipe", [[100, 50], [200, 50]], id="p3", diameter_inner_m=0.05),
            [
                "map.geojson:6:139: pipes.2.diameter_inner_m: pipe 'p3': wrong unit: this key is in mm (got "
                "'diameter_inner_m'; did you mean diameter_inner_mm)",
            ],
        ),
        (
            _feature("consummer", [200, 50], id="h2"),
            [
                "map.geojson:6:93: features.4.properties.kind: expected one of node, pipe, valve, pump, consumer, "
                "producer (got 'consummer'; did you mean consumer) (feature 'h2')"
            ],
        ),
        (
            _feature(None, [200, 50], id="h2"),
            [
                "map.geojson:6:1: features.4.properties.kind: expected one of node, pipe, valve, pump, consumer, "
                "producer (got nothing) (feature 'h2')"
            ],
        ),
        (
            _feature("consumer", [[200, 50], [1, 1]], id="h2"),
            ["map.geojson:6:1: features.4.geometry: a consumer is a Point (got a LineString) (feature 'h2')"],
        ),
        (
            {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": []}, "properties": {"kind": "pipe"}},
            ["map.geojson:6:21: features.4.geometry: expected a LineString or Point (got 'Polygon')"],
        ),
        (
            _feature("pipe", [[200, 50]], id="p3"),
            [
                "map.geojson:6:21: features.4.geometry.coordinates: a LineString needs at least 2 positions of 2 or 3 "
                "numbers"
            ],
        ),
    ],
)
def test_what_is_wrong_is_named(told: Callable[..., list[str]], extra: dict[str, Any], problems: list[str]) -> None:
    assert sorted(told([*BASE, extra])) == sorted(problems)


def test_lon_lat_is_the_default_and_gives_lengths(loaded: Callable[..., NetworkScenario]) -> None:
    plant = {**PLANT, "geometry": {"type": "Point", "coordinates": [73.37, 54.99]}}
    pipe = _feature("pipe", [[73.37, 54.99], [73.38, 54.99]], id="p", diameter_inner_mm=80)
    house = _feature("consumer", [73.380001, 54.990001], id="house", heat_kw=30, temp_drop_k=30)
    network = loaded([plant, pipe, house], {"temp_ground_c": 8})
    assert network.coordinates == "lonlat"
    assert network.pipes[0].length_m is None


def test_coordinates_that_are_no_degrees(told: Callable[..., list[str]]) -> None:
    assert told(BASE, {"temp_ground_c": 8}) == [
        "map.geojson:4:1: coordinates: pipe 'p2': no longitude and latitude in degrees: are these metres? Then say "
        "`coordinates: metres` (got 200, 50)"
    ]


def _crs(name: str) -> dict[str, Any]:
    return {"type": "name", "properties": {"name": name}}


def test_a_projected_system_is_in_metres_and_is_kept(loaded: Callable[..., NetworkScenario]) -> None:
    network = loaded(BASE, {"temp_ground_c": 8}, crs=_crs("urn:ogc:def:crs:EPSG::32643"))
    assert (network.coordinates, network.crs) == ("metres", "urn:ogc:def:crs:EPSG::32643")
    degrees = loaded(
        [
            {**PLANT, "geometry": {"type": "Point", "coordinates": [0, 0]}},
            _feature("pipe", [[0, 0], [0.01, 0]], id="p", diameter_inner_mm=80),
            _feature("consumer", [0.01, 0], id="h", heat_kw=1, temp_drop_k=20),
        ],
        {"temp_ground_c": 8},
        crs=_crs("urn:ogc:def:crs:OGC:1.3:CRS84"),
    )
    assert (degrees.coordinates, degrees.crs) == ("lonlat", None)


def test_an_unknown_system_must_say_that_it_is_in_metres(
    told: Callable[..., list[str]], loaded: Callable[..., NetworkScenario]
) -> None:
    (problem, *_) = told(BASE, {"temp_ground_c": 8}, crs=_crs("EPSG:3857"))
    assert problem == (
        "map.geojson:1:62: crs: is neither lon/lat nor a grid known to be in metres: say `coordinates: metres`, or "
        "save as EPSG:4326 (got 'EPSG:3857')"
    )
    assert loaded(BASE, METRES, crs=_crs("EPSG:3857")).crs == "EPSG:3857"


def test_strange_members_and_properties(told: Callable[..., list[str]], loaded: Callable[..., NetworkScenario]) -> None:
    assert told(BASE, METRES, temp_grond_c=3) == [
        "map.geojson:1:87: temp_grond_c: unknown key (did you mean temp_ground_c)"
    ]
    named = [*BASE[:3], _feature("consumer", [200, 50.4], id="house", heat_kw=30, temp_drop_k=30, street="High Street")]
    assert loaded(named, {**METRES, "ignore": ["street"]}).consumers == loaded(BASE).consumers
    assert told(BASE, {**METRES, "coordinates": "km"}) == [
        "map.geojson:1:41: coordinates: expected one of metres, lonlat (got 'km')"
    ]
    assert told(BASE, {**METRES, "snap_tolerance_m": 0}) == [
        "map.geojson:1:86: snap_tolerance_m: must be above 0 m (got 0)"
    ]


def test_a_json_file_may_be_a_map(write: Callable[..., Path]) -> None:
    path = write(json.dumps({"type": "FeatureCollection", "dhsim": METRES, "features": BASE}), "map.json")
    assert load_network(path).pipes[0].id == "1"
    with pytest.raises(ScenarioError, match=r"expected a FeatureCollection with features \(got 'Feature'\)"):
        load_network(write(json.dumps(P1), "one.json"))
