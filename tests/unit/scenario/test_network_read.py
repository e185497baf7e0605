from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from dhsim.errors import ScenarioError
from dhsim.scenario.network_read import load_network

PLANT = "{id: plant, temp_supply_c: 90, pressure_return_kpa: 200, lift_kpa: 300}"
VALID = f"""\
temp_ground_c: 8
pipes:
  - {{id: p1, start: plant, end: a, length_m: 100, diameter_inner_mm: 100}}
  - {{id: p2, start: a, end: h1, length_m: 50, diameter_inner_mm: 70}}
  - {{id: p3, start: a, end: h2, length_m: 60, diameter_inner_mm: 70}}
consumers:
  - {{id: h1, heat_kw: 100, temp_drop_k: 30}}
  - {{id: h2, heat_kw: 80, temp_return_c: 50}}
producers:
  - {PLANT}
"""


@pytest.fixture
def told(write: Callable[..., Path]) -> Callable[..., list[str]]:
    """Return the problems of a network's text."""

    def of(content: str | bytes, name: str = "net.yaml", **overrides: object) -> list[str]:
        path = write(content, name)
        with pytest.raises(ScenarioError) as caught:
            load_network(path, overrides)
        return [str(problem) for problem in caught.value.problems]

    return of


def test_a_network_knows_its_keys_and_its_defaults(write: Callable[..., Path]) -> None:
    network = load_network(write(VALID, "north.yaml"))
    assert network.name == "north"
    assert network.fluid.temp_c == 70.0
    assert network.colebrook_constant == 3.71
    assert network.consumers[0].pressure_max_kpa == 600.0
    assert str(network.where("pipes.1.length_m")).endswith("north.yaml:4:33")


def test_yaml_and_json_say_the_same(write: Callable[..., Path]) -> None:
    from ruamel.yaml import YAML

    plain = YAML(typ="safe", pure=True).load(VALID)
    assert load_network(write(json.dumps(plain, indent=1), "net.json")) == load_network(write(VALID, "net.yaml"))


def test_overrides(write: Callable[..., Path]) -> None:
    network = load_network(write(VALID), {"consumers.1.on": False, "fluid.temp_c": 60})
    assert not network.consumers[1].on
    assert network.fluid.temp_c == 60


def test_all_problems_of_a_file_at_once(told: Callable[..., list[str]]) -> None:
    broken = (
        VALID.replace("length_m: 100", "length_m: -100")
        .replace("heat_kw: 80", "heat_kw: 80 kW")
        .replace("end: h2", "end: h3")
        .replace("id: p2", "id: p1")
        .replace("lift_kpa", "lift_bar")
    )
    assert told(broken) == [
        "net.yaml:3:36: pipes.0.length_m: pipe 'p1': must be above 0 m (got -100)",
        "net.yaml:4:6: pipes.1.id: duplicate id 'p1' (first in pipes.0)",
        "net.yaml:5:24: pipes.2.end: dangling: at the end 'h3' of pipe 'p3' there is no consumer, producer, valve or "
        "other pipe",
        "net.yaml:8:5: consumers.1: consumer 'h2' names no node, and no pipe, valve or pump ends at one of its id "
        "(got 'h2')",
        "net.yaml:8:14: consumers.1.heat_kw: consumer 'h2': expected a number in kW (got '80 kW')",
        "net.yaml:10:62: producers.0.lift_bar: producer 'plant': wrong unit: this key is in kPa (got 'lift_bar'; did "
        "you mean lift_kpa)",
    ]


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (
            "{id: h1, heat_kw: 100}",
            "needs a flow, or heat_kw with either temp_drop_k or temp_return_c (got heat_kw)",
        ),
        (
            "{id: h1, mass_flow_kg_s: 1, kvs_m3_h: 2, heat_kw: 5}",
            "one key fixes the flow (got mass_flow_kg_s and kvs_m3_h)",
        ),
        ("{id: h1, nozzle_mm: 8}", "nozzle_mm needs one of heat_kw, temp_drop_k, temp_return_c beside it (got none)"),
        (
            "{id: h1, mass_flow_design_kg_s: 1, heat_kw: 5}",
            "mass_flow_design_kg_s and dp_design_kpa belong together",
        ),
        ("{id: h1, heat_kw: 100, temp_drop_k: 0}", "temp_drop_k must be above 0 where it fixes the flow"),
    ],
)
def test_what_fixes_a_consumer(told: Callable[..., list[str]], said: str, problem: str) -> None:
    text = VALID.replace("{id: h1, heat_kw: 100, temp_drop_k: 30}", said)
    assert told(text) == [f"net.yaml:7:5: consumers.0: consumer 'h1': {problem}"]


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("pressure_return_kpa: 2", "producers.0: producer 'plant': control fixed needs lift_kpa or mass_flow_kg_s"),
        (
            "pressure_return_kpa: 2, mass_flow_kg_s: 3, lift_kpa: 3",
            "producers.0: producer 'plant': mass_flow_kg_s alone fixes what it feeds (got lift_kpa too)",
        ),
        (
            "pressure_return_kpa: 2, control: worst_consumer",
            "producers.0: producer 'plant': control worst_consumer needs dp_set_kpa",
        ),
        (
            "lift_kpa: 3",
            "producers.0: producer 'plant' is the first one and holds the pressure: pressure_return_kpa missing",
        ),
    ],
)
def test_what_fixes_a_producer(told: Callable[..., list[str]], said: str, problem: str) -> None:
    text = VALID.replace("pressure_return_kpa: 200, lift_kpa: 300", said)
    assert told(text) == [f"net.yaml:10:5: {problem}"]


def test_the_first_producer_holds_the_pressure_and_no_other(told: Callable[..., list[str]]) -> None:
    second = "  - {id: b, node: a, temp_supply_c: 80, lift_kpa: 3, pressure_return_kpa: 1}\n"
    assert told(VALID + second) == [
        "net.yaml:11:54: producers.1.pressure_return_kpa: only the first producer, 'plant', holds the pressure: leave "
        "it out"
    ]
    flow = VALID.replace("lift_kpa: 300", "mass_flow_kg_s: 3")
    assert told(flow) == [
        "net.yaml:10:62: producers.0.mass_flow_kg_s: producer 'plant' is the first one and holds the pressure: it "
        "needs lift_kpa or pumps, not a given flow (list another one first)"
    ]


def test_surroundings_are_needed_where_heat_is_lost(told: Callable[..., list[str]], write: Callable[..., Path]) -> None:
    silent = VALID.replace("temp_ground_c: 8\n", "")
    assert told(silent) == [
        "net.yaml:1:1: temp_ground_c: missing key: pipe 'p1' lies in the ground and loses heat",
    ]
    tight = silent.replace("diameter_inner_mm: ", "u_w_mk: 0, diameter_inner_mm: ")
    assert load_network(write(tight)).temp_ground_c is None


def test_a_length_comes_from_coordinates_or_is_missed(told: Callable[..., list[str]]) -> None:
    text = "nodes:\n  - {id: a, x: 0, y: 0}\n  - {id: h1, x: 0, y: 0}\n" + VALID.replace("length_m: 50, ", "")
    text = text.replace("length_m: 60, ", "")
    assert told(text) == [
        "net.yaml:7:5: pipes.1: pipe 'p2': its ends 'a' and 'h1' stand at one place: zero length (give length_m)",
        "net.yaml:8:5: pipes.2: pipe 'p3': length_m missing, and no coordinates at node 'h2' to take it from",
    ]


def test_metres_taken_for_degrees(told: Callable[..., list[str]]) -> None:
    nodes = "coordinates: lonlat\nnodes:\n  - {id: a, x: 500, y: 3}\n"
    assert told(nodes + VALID) == [
        "net.yaml:3:5: nodes.0: node 'a': no longitude and latitude in degrees: are these metres? Then say "
        "`coordinates: metres` (got 500, 3)"
    ]


def test_a_route_runs_from_node_to_node(told: Callable[..., list[str]]) -> None:
    nodes = "nodes:\n  - {id: plant, x: 0, y: 0}\n  - {id: a, x: 0, y: 90}\n"
    text = nodes + VALID.replace("end: a,", "end: a, route: [[0, 0], [50, 0], [50, 90]],")
    assert told(text) == [
        "net.yaml:6:36: pipes.0.route: pipe 'p1': its route ends 50 m off node 'a' (at most 0.5 m, snap_tolerance_m)"
    ]


def test_unknown_pump_and_pipe_of_the_catalogue(told: Callable[..., list[str]]) -> None:
    text = VALID.replace("diameter_inner_mm: 100", "pipe: en253_dn66_s2")
    (problem,) = told(text)
    assert problem.startswith("net.yaml:3:5: pipes.0: pipe 'p1': no pipe 'en253_dn66_s2' in the catalogue")
    pumps = VALID + "pumps: [{id: b, line: supply, start: a, end: h1, model: generic_inline_25m3h_21m}]\n"
    (problem,) = told(pumps)
    assert "pumps.0.model: pumps: no entry 'generic_inline_25m3h_21m'" in problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"pipes": [1, 2,]}', "net.json:1:17: not JSON: a comma before `]`"),
        ('{"pipes": [1\n 2]}', "net.json:2:2: not JSON: expected `,` or `]`"),
        ('{"pipes" 1}', "net.json:1:10: not JSON: expected `:` after a key"),
        ("[]", "net.json:1:1: not JSON: expected an object, {...}"),
        ('{"name": NaN}', "net.json:1:10: not JSON: no value here (got 'NaN}')"),
        ('{"name": "x"} {}', "net.json:1:15: not JSON: the text goes on after its end"),
        ('{"name": "x', "net.json:1:10: not JSON: unterminated string starting at"),
    ],
)
def test_broken_json_has_a_place(told: Callable[..., list[str]], text: str, problem: str) -> None:
    assert told(text, "net.json") == [problem]


def test_a_key_twice_in_json(told: Callable[..., list[str]]) -> None:
    (*_, last) = told('{"name": "x",\n "name": "y"}', "net.json")
    assert last == "net.json:2:2: name: duplicate key (first in line 1)"


def test_a_missing_file_has_neighbours(told: Callable[..., list[str]], write: Callable[..., Path]) -> None:
    write(VALID, "network.json")
    with pytest.raises(ScenarioError) as caught:
        load_network("netwrok.json")
    assert str(caught.value) == "netwrok.json: no such file (did you mean network.json)"
