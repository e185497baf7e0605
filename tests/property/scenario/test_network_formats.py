"""A network says the same in every form it can be written in, and whatever is broken is said with its place."""

from __future__ import annotations

import copy
import csv
import dataclasses
import json
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dhsim.build.network import build_network, pipe_signs
from dhsim.errors import Problem, ScenarioError
from dhsim.network.parts import Network
from dhsim.report.geojson import write_geojson
from dhsim.scenario.network_read import load_network
from dhsim.scenario.network_schema import NetworkScenario

Said = dict[str, Any]


@st.composite
def networks(draw: st.DrawFn) -> Said:
    """A tree with up to three chords on a grid of 50 m, pipes said either way round, in any order."""
    chance = random.Random(draw(st.integers(0, 10**6)))
    n_node = draw(st.integers(2, 14))
    cells = chance.sample(range(36), n_node)
    nodes = [
        {"id": f"k{i}", "x": 50.0 * (cell % 6), "y": 50.0 * (cell // 6), "elevation_m": chance.choice([0.0, 3.5])}
        for i, cell in enumerate(cells)
    ]
    pairs = [(chance.randrange(i), i) for i in range(1, n_node)]
    pairs += [tuple(chance.sample(range(n_node), 2)) for _ in range(draw(st.integers(0, 3)))]
    chance.shuffle(pairs)
    pipes = []
    for number, pair in enumerate(pairs):
        a, b = pair if chance.random() < 0.5 else pair[::-1]
        pipe: Said = {
            "id": f"p{number}",
            "start": f"k{a}",
            "end": f"k{b}",
            "diameter_inner_mm": chance.choice([50, 82.5]),
        }
        if chance.random() < 0.5:
            pipe["length_m"] = chance.choice([75.0, 120.25])
        if chance.random() < 0.3:
            ends = [[nodes[i]["x"], nodes[i]["y"]] for i in (a, b)]
            pipe["route"] = [ends[0], [ends[0][0] + 0.123, ends[1][1] - 7.7], ends[1]]
        if chance.random() < 0.3:
            pipe |= {"u_supply_w_mk": 0.3, "u_return_w_mk": 0.25, "placement": "above_ground"}
        pipes.append(pipe)
    kinds: list[Said] = [
        {"temp_drop_k": 30, "heat_kw": 12.5},
        {"temp_return_c": 45, "heat_kw": 9, "on": False},
        {"kvs_m3_h": 6.3, "heat_kw": 3},
    ]
    consumers = [{"id": f"h{i}", "node": f"k{i}", **chance.choice(kinds)} for i in range(1, n_node)]
    plant = {"id": "plant", "node": "k0", "temp_supply_c": 90, "pressure_return_kpa": 200, "lift_kpa": 300}
    lists: Said = {"nodes": nodes, "pipes": pipes, "consumers": consumers, "producers": [plant]}
    if n_node > 3 and chance.random() < 0.4:
        a, b = chance.sample(range(n_node), 2)
        valve = {"id": "v", "start": f"k{a}", "end": f"k{b}", "line": chance.choice(["supply", "both"]), "kvs_m3_h": 40}
        lists["valves"] = [{**valve, "check_valve": chance.random() < 0.5}]
    return {"name": "drawn", "temp_ground_c": 8, "temp_air_c": -5.5, "coordinates": "metres", **lists}


def _write_tables(folder: Path, said: Said) -> None:
    folder.mkdir()
    scalars = {name: value for name, value in said.items() if not isinstance(value, list)}
    (folder / "network.yaml").write_text(json.dumps(scalars))
    for name, items in said.items():
        if isinstance(items, list):
            columns = list(dict.fromkeys(column for item in items for column in item))
            with (folder / f"{name}.csv").open("w", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(columns)
                for item in items:
                    writer.writerow([_cell(item.get(column)) for column in columns])


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return "|".join(" ".join(repr(number) for number in position) for position in value)
    return "" if value is None else value


def _same(a: Network, b: Network) -> None:
    for field in dataclasses.fields(Network):
        one, other = getattr(a, field.name), getattr(b, field.name)
        if isinstance(one, tuple) and hasattr(one, "_fields"):
            for name in one._fields:
                assert np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True), (field.name, name)
        else:
            assert one == other, field.name


@given(networks())
def test_every_form_gives_the_same_network(said: Said) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "net.yaml").write_text(json.dumps(said, indent=2))
        (folder / "net.json").write_text(json.dumps(said))
        _write_tables(folder / "tables", said)
        spoken = load_network(folder / "net.yaml")
        write_geojson(folder / "net.geojson", spoken)
        for other in ("net.json", "tables", "net.geojson"):
            read = load_network(folder / other)
            assert read == spoken, other
            _same(build_network(read), build_network(spoken))


@given(networks())
def test_the_order_of_the_arrays(said: Said) -> None:
    scenario = NetworkScenario(**said)
    network = build_network(scenario)
    n_node = len(network.node_ids)
    assert network.node_ids[0] == "k0"
    assert network.mirrored == ("valves" not in said)
    if network.mirrored:
        assert network.supply.node_end[: n_node - 1].tolist() == list(range(1, n_node))
        assert (network.supply.node_start[: n_node - 1] < network.supply.node_end[: n_node - 1]).all()
    signs = pipe_signs(scenario, network).supply
    for id_, sign, start, end in zip(
        network.supply_ids, signs, network.supply.node_start, network.supply.node_end, strict=True
    ):
        pipe = next(pipe for pipe in scenario.pipes if pipe.id == id_)
        ends = [network.node_ids[start], network.node_ids[end]][::sign]
        assert ends == [pipe.start, pipe.end]


def _drawn_only(said: Said, chance: random.Random) -> Said:
    """Return the network as a map without names of nodes: lines end within 0.2 m of each other."""

    def near(position: list[float]) -> list[float]:
        return [number + chance.uniform(-0.1, 0.1) for number in position]

    at = {node["id"]: [node["x"], node["y"]] for node in said["nodes"]}
    features = []
    for pipe in said["pipes"]:
        route = pipe.get("route") or [at[pipe["start"]], at[pipe["end"]]]
        route = [near(route[0]), *route[1:-1], near(route[-1])]
        rest = {key: value for key, value in pipe.items() if key not in ("start", "end", "route")}
        features.append(_feature("pipe", "LineString", route, rest))
    for group in ("consumers", "producers"):
        for item in said[group]:
            rest = {key: value for key, value in item.items() if key != "node"}
            features.append(_feature(group.removesuffix("s"), "Point", near(at[item["node"]]), rest))
    scalars = {name: value for name, value in said.items() if not isinstance(value, list)}
    return {"type": "FeatureCollection", "dhsim": scalars, "features": features}


def _feature(kind: str, shape: str, coordinates: list[Any], said: Said) -> Said:
    geometry = {"type": shape, "coordinates": coordinates}
    return {"type": "Feature", "geometry": geometry, "properties": {"kind": kind, **said}}


@given(networks(), st.randoms(use_true_random=False))
def test_a_map_alone_tells_who_is_connected(said: Said, chance: random.Random) -> None:
    plain = {name: value for name, value in said.items() if name != "valves"}
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "map.geojson"
        path.write_text(json.dumps(_drawn_only(plain, chance)))
        drawn = load_network(path)
    name_of = {consumer.node: f"k{consumer.id[1:]}" for consumer in drawn.consumers} | {drawn.producers[0].node: "k0"}
    assert len(drawn.nodes) == len(said["nodes"])
    ends = [(name_of[pipe.start], name_of[pipe.end]) for pipe in drawn.pipes]
    assert ends == [(pipe["start"], pipe["end"]) for pipe in said["pipes"]]


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    yield path
    for name, part in parts:
        yield from _paths(part, (*path, name))


_texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=6)
_scalars = st.none() | st.booleans() | st.integers() | st.floats() | _texts | st.sampled_from(["k0", "k1", "both", "v"])
_values = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3), max_leaves=5
)


def _problems(path: Path) -> tuple[Problem, ...]:
    try:
        build_network(load_network(path))
    except ScenarioError as error:
        return error.problems
    return ()


@settings(max_examples=150)
@given(networks(), st.data())
def test_whatever_is_broken_is_a_network_or_a_problem_with_a_place(said: Said, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        form = data.draw(st.sampled_from(["yaml", "json", "geojson"]))
        whole = copy.deepcopy(said)
        if form == "geojson":
            write_geojson(folder / "whole.geojson", NetworkScenario(**said))
            whole = json.loads((folder / "whole.geojson").read_text())
        place = data.draw(st.sampled_from(list(_paths(whole))[1:]))
        part: Any = whole
        for step in place[:-1]:
            part = part[step]
        if data.draw(st.booleans()):
            del part[place[-1]]
        else:
            part[place[-1]] = data.draw(_values)
        path = folder / f"net.{form}"
        path.write_text(json.dumps(whole, indent=1), encoding="utf-8")
        for problem in _problems(path):
            assert problem.message
            assert problem.path == str(path)
            assert problem.line
