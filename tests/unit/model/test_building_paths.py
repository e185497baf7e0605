from __future__ import annotations

from typing import Any

import numpy as np

from dhsim.model.building import Building
from dhsim.model.building_paths import radiators_behind


def building(edges: list[tuple[str, str, str]], **more: Any) -> Building:
    kind = [edge[0] for edge in edges]
    radiators = np.cumsum([one == "radiator" for one in kind]) - 1
    return Building.from_edges(
        kind,
        [edge[1] for edge in edges],
        [edge[2] for edge in edges],
        dp_pump_pa=1e4,
        resistance_pa_s2_m6=np.full(len(edges), 1e12),
        zone=np.where([one == "radiator" for one in kind], radiators, -1),
        **more,
    )


TREE = [
    ("valve", "0", "1"),
    ("pipe", "1", "2"),
    ("radiator", "1", "8"),
    ("valve", "2", "3"),
    ("radiator", "3", "7"),
    ("radiator", "2", "7"),
    ("valve", "7", "8"),
    ("pipe", "8", "9"),
]


def test_valves_in_supply_and_return_have_what_hangs_on_them() -> None:
    behind = radiators_behind(building(TREE))
    assert [behind.of(v).tolist() for v in range(3)] == [[0, 1, 2], [1], [1, 2]]
    assert behind.number(3).tolist() == [3, 1, 2]


def test_a_valve_in_a_loop_has_none() -> None:
    looped = [*TREE, ("valve", "1", "2")]
    behind = radiators_behind(building(looped))
    assert [behind.of(v).tolist() for v in range(4)] == [[0, 1, 2], [1], [1, 2], []]


def test_a_valve_in_a_bypass_has_none() -> None:
    behind = radiators_behind(building([*TREE, ("valve", "1", "8")]))
    assert behind.of(3).size == 0
    assert behind.of(0).tolist() == [0, 1, 2]


def test_climbing_and_removal_agree() -> None:
    tree = building(TREE)
    with_loop = building([*TREE, ("pipe", "8", "9")])  # a second pipe beside the last: the general way is taken
    assert [radiators_behind(tree).of(v).tolist() for v in range(3)] == [
        radiators_behind(with_loop).of(v).tolist() for v in range(3)
    ]
