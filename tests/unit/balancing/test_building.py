from __future__ import annotations

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest

from dhsim.balancing.synthetic_building import toy_building
from dhsim.errors import DhsimError
from dhsim.model.building import Building, EdgeKind

PIPE, RADIATOR, VALVE = "pipe", "radiator", "valve"


def two_flats(**changes) -> Building:
    """Pump - pipe - two branches of radiator and valve - pipe - pump."""
    nan = np.nan
    parts = {
        "kind": [PIPE, RADIATOR, VALVE, RADIATOR, VALVE, PIPE],
        "upstream": [1, 2, 3, 2, 4, 5],
        "downstream": [2, 3, 5, 4, 5, 6],
        "dp_pump_pa": 1e4,
        "resistance_pa_s2_m6": [nan, 4e12, 1e13, 4e12, 1e13, nan],
        "length_m": [10.0, nan, nan, nan, nan, 10.0],
        "diameter_m": [0.0161, nan, nan, nan, nan, 0.0161],
        "roughness_m": [4.5e-5, nan, nan, nan, nan, 4.5e-5],
        "zone": [-1, 0, -1, 1, -1, -1],
        "resistance_min_pa_s2_m6": [nan, nan, 1e12, nan, 1e12, nan],
        "resistance_max_pa_s2_m6": [nan, nan, 1e15, nan, 1e15, nan],
        "edge_ids": ["main", "radiator A", "valve A", "radiator B", "valve B", "return"],
    }
    return Building.from_edges(**(parts | changes))


def replaced(values, place, value):
    return [value if i == place else other for i, other in enumerate(values)]


def test_nodes_are_numbered_anew_and_the_pump_is_found() -> None:
    building = two_flats()
    assert building.node_ids == ("1", "2", "3", "4", "5", "6")
    assert (building.node_ids[building.outlet], building.node_ids[building.inlet]) == ("1", "6")
    assert building.valves.tolist() == [2, 4]
    assert building.radiators.tolist() == [1, 3]
    assert building.n_zone == 2


def test_kinds_may_be_numbers_and_nodes_names() -> None:
    building = two_flats(
        kind=[int(EdgeKind[k.upper()]) for k in (PIPE, RADIATOR, VALVE, RADIATOR, VALVE, PIPE)],
        upstream=["out", "a", "b", "a", "c", "d"],
        downstream=["a", "b", "d", "c", "d", "in"],
    )
    assert building.node_ids[building.outlet] == "out"


def test_a_building_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        two_flats().dp_pump_pa = 1.0  # type: ignore[misc]


def test_a_valve_without_a_range_cannot_be_turned() -> None:
    nan = np.nan
    building = two_flats(resistance_min_pa_s2_m6=None, resistance_max_pa_s2_m6=[nan, nan, 1e14, nan, nan, nan])
    assert building.resistance_min_pa_s2_m6[[2, 4]].tolist() == [1e13, 1e13]
    assert building.resistance_max_pa_s2_m6[[2, 4]].tolist() == [1e14, 1e13]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"length_m": [-10.0, *[np.nan] * 4, 10.0]}, r"lengths must be positive: main \(length_m -10\)"),
        ({"resistance_pa_s2_m6": [np.nan, 4e12, 5e15, 4e12, 1e13, np.nan]}, r"beyond their range.*valve A .*5e\+15"),
        ({"resistance_pa_s2_m6": [np.nan, -4e12, 1e13, 4e12, 1e13, np.nan]}, r"radiator resistances.*radiator A"),
        ({"zone": [-1, 0, -1, 2, -1, -1]}, r"zones without a radiator \(1\): zone 1"),
        ({"zone": [-1, 0, -1, -1, -1, -1]}, "radiators without a zone: radiator B"),
        ({"zone": [0, 0, -1, 1, -1, -1]}, "only radiators heat a zone: main"),
        ({"dp_pump_pa": 0.0}, "dp_pump_pa 0"),
        ({"diameter_m": [16.1, *[np.nan] * 4, 0.0161]}, "diameters must be given in m: main"),
        ({"kind": [PIPE, "tap", VALVE, RADIATOR, VALVE, PIPE]}, "unknown kind tap"),
        ({"edge_ids": ["a", "a", "b", "c", "d", "e"]}, "not unique: a"),
        ({"outlet": 99}, "outlet 99 is no node"),
        ({"resistance_min_pa_s2_m6": [np.nan, np.nan, 2e15, np.nan, 1e12, np.nan]}, "turned round: valve A"),
        ({"length_m": [10.0] * 3}, r"length_m: one value an edge, 6"),
        ({"zone": [-1, 0.5, -1, 1, -1, -1]}, r"zone of radiator A is 0\.5: whole numbers from 0"),
        ({"zone": [-1, 0, -1, -5, -1, -1]}, r"zone of radiator B is -5: whole numbers from 0"),
        (
            {"zone": [-1, 10, -1, 20, -1, -1]},
            r"zone of radiator A is 10, radiator B is 20: numbered zones count from 0",
        ),
        ({"zone": [-1, 1, -1, 2, -1, -1]}, r"zones without a radiator \(1\): zone 0 \(numbered zones count from 0\)"),
        ({"zone": [-1, 0, 1]}, r"zone: one value an edge, 6, but got shape \(3,\)"),
        ({"zone": 0}, r"zone: one value an edge, 6, but got shape \(1,\)"),
        (
            {"zone": [None, "hall", None, "attic", None, None], "zone_ids": ["hall", "loft"]},
            "attic is not among zone_ids",
        ),
        ({"zone": ["hall", "hall", "", "attic", "", ""]}, "only radiators heat a zone: main"),
        ({"zone": [-1, [0], -1, 1, -1, -1]}, r"zone of radiator A is \[0\]: whole numbers from 0"),
        ({"dp_pump_pa": None}, "dp_pump_pa: one number is needed, got None"),
        ({"dp_pump_pa": "high"}, "dp_pump_pa: one number is needed, got 'high'"),
        ({"dp_pump_pa": [1e4, 2e4]}, "dp_pump_pa: one number is needed"),
        ({"length_m": ["long", *[np.nan] * 4, 10.0]}, "length_m: numbers are needed, but main has 'long'"),
        ({"resistance_pa_s2_m6": "much"}, "resistance_pa_s2_m6: numbers are needed, got 'much'"),
        (
            {"length_m": [np.nan] * 5 + [10.0], "resistance_pa_s2_m6": [np.inf, 4e12, 1e13, 4e12, 1e13, np.nan]},
            r"a pipe needs a length or a positive, finite resistance: main \(resistance_pa_s2_m6 inf\)",
        ),
        ({"kind": [0.0, 1.5, 2.0, 1.0, 2.0, 0.0]}, r"unknown kind 1\.5"),
        ({"upstream": [1, 2, None, 2, 4, 5]}, "edges without an upstream node: valve A"),
        ({"downstream": [2, 3, np.nan, 4, 5, 6]}, "edges without a downstream node: valve A"),
        ({"upstream": np.ones((6, 2))}, "one kind, upstream and downstream an edge"),
    ],
)
def test_what_is_wrong_is_named(changes, message) -> None:
    with pytest.raises(DhsimError, match=message):
        two_flats(**changes)


@pytest.mark.parametrize("none", [np.nan, None, -1, -1.0])
def test_no_zone_may_be_left_blank_in_any_way(none) -> None:
    building = two_flats(zone=[none, 0, none, 1, none, none])
    assert building.zone.tolist() == [-1, 0, -1, 1, -1, -1]
    assert building.zone_ids == ("zone 0", "zone 1")


def test_a_table_column_of_zones_is_taken() -> None:
    table = pd.DataFrame({"zone": [np.nan, 1.0, np.nan, 0.0, np.nan, np.nan]})
    assert two_flats(zone=table["zone"]).zone.tolist() == [-1, 1, -1, 0, -1, -1]
    assert two_flats(zone=table["zone"].astype("Int64")).zone.tolist() == [-1, 1, -1, 0, -1, -1]


@pytest.mark.parametrize("none", ["", None, np.nan])
def test_zones_may_be_named(none) -> None:
    building = two_flats(zone=[none, "loft", none, "hall", none, none])
    assert building.zone.tolist() == [-1, 0, -1, 1, -1, -1]
    assert building.zone_ids == ("loft", "hall")
    ordered = two_flats(zone=[none, "loft", none, "hall", none, none], zone_ids=["hall", "loft"])
    assert ordered.zone.tolist() == [-1, 1, -1, 0, -1, -1]
    assert ordered.zone_ids == ("hall", "loft")


def test_numbers_of_zones_may_be_text() -> None:
    assert two_flats(zone=["", "1", "", "0", "", ""]).zone.tolist() == [-1, 1, -1, 0, -1, -1]
    assert two_flats(zone=["", "102", "", "101", "", ""]).zone_ids == ("102", "101")


def test_numbers_and_bytes_from_a_table_are_taken() -> None:
    plain = two_flats()
    numbered = two_flats(
        kind=[0.0, 1.0, 2.0, 1.0, 2.0, 0.0],
        upstream=[1.0, 2.0, 3.0, 2.0, 4.0, 5.0],
        downstream=np.array(["2", "3", "5", "4", "5", "6"], dtype="S"),
        outlet=1,
        inlet=6.0,
    )
    assert numbered.node_ids == plain.node_ids
    assert numbered.kind.tolist() == plain.kind.tolist()
    assert (numbered.outlet, numbered.inlet) == (plain.outlet, plain.inlet)
    words = np.array([PIPE, RADIATOR, VALVE, RADIATOR, VALVE, PIPE], dtype="S")
    assert two_flats(kind=words).kind.tolist() == plain.kind.tolist()


def test_with_radiators_checks_what_it_is_given() -> None:
    building = two_flats()
    with pytest.raises(
        DhsimError, match=r"radiator resistances must be positive: radiator A .* 0\); radiator B .*-1e\+11"
    ):
        building.with_radiators([0.0, -1e11])
    with pytest.raises(DhsimError, match=r"radiator resistances: numbers are needed, but radiator B has 'much'"):
        building.with_radiators([1e11, "much"])
    assert np.isnan(building.with_radiators([np.nan, 1e11]).resistance_pa_s2_m6[1])
    with pytest.raises(DhsimError, match="valve settings: numbers are needed, but valve B has 'shut'"):
        building.with_valves([1e13, "shut"])


def test_all_problems_of_columns_come_at_once() -> None:
    with pytest.raises(DhsimError) as caught:
        two_flats(dp_pump_pa=None, length_m=["long"] * 6, zone=[-1, 0.5, -1, 1, -1, -1])
    assert len(str(caught.value).splitlines()) == 3


def test_all_problems_come_at_once() -> None:
    with pytest.raises(DhsimError) as caught:
        two_flats(dp_pump_pa=-1.0, length_m=[-10.0, *[np.nan] * 4, 10.0], zone=[-1, 0, -1, 2, -1, -1])
    assert len(str(caught.value).splitlines()) == 3


def test_an_unconnected_radiator_is_named() -> None:
    with pytest.raises(DhsimError, match=r"not connected to both sides of the pump: radiator B"):
        two_flats(
            upstream=[1, 2, 3, 7, 4, 5],
            outlet=1,
        )


def test_a_radiator_the_wrong_way_round_is_named() -> None:
    with pytest.raises(DhsimError, match=r"upstream node lies in the return line: radiator B"):
        Building.from_edges(
            ["pipe", "radiator", "radiator", "pipe"], [0, 1, 2, 2], [1, 2, 1, 3], dp_pump_pa=1e4,
            resistance_pa_s2_m6=[1e11, 1e12, 1e12, 1e11], zone=[-1, 0, 1, -1],
            edge_ids=["main", "radiator A", "radiator B", "return"],
        )  # fmt: skip


def test_with_valves_checks_the_range_and_leaves_the_building() -> None:
    building = two_flats()
    assert building.with_valves([2e13, 3e13]).resistance_valves_pa_s2_m6.tolist() == [2e13, 3e13]
    assert building.resistance_valves_pa_s2_m6.tolist() == [1e13, 1e13]
    with pytest.raises(DhsimError, match=re.escape("valve B (resistance_pa_s2_m6 1e+16")):
        building.with_valves([2e13, 1e16])
    with pytest.raises(DhsimError, match="2 valves, but 1 settings"):
        building.with_valves([2e13])


def test_the_toy_has_the_size_of_figure_1() -> None:
    toy = toy_building()
    counts = [int((toy.kind == kind).sum()) for kind in (EdgeKind.RADIATOR, EdgeKind.VALVE, EdgeKind.PIPE)]
    assert counts == [3, 3, 11]
    assert len(toy.node_ids) == 16
