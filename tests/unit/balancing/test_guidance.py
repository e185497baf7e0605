"""The list of valves and what is expected of it."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from dhsim.balancing.bounds import supply_box
from dhsim.balancing.expectation import heat_supply_ratio_rel, steady_spread_k, steady_spread_range_k
from dhsim.balancing.guidance import changed_valves, changes_frame, riser_valves, valve_changes, zones_behind
from dhsim.balancing.protocol import open_building
from dhsim.balancing.synthetic_building import synthetic_building, toy_building

FLATS12 = Path(__file__).parents[3] / "scenarios" / "buildings" / "flats12"


@pytest.fixture(scope="module")
def case():
    return open_building(FLATS12)


def turned(case, **factors):
    settings = case.building.resistance_valves_pa_s2_m6.copy()
    for name, factor in factors.items():
        settings[case.building.valve_ids.index(name.replace("__", " ").replace("_", "."))] *= factor
    return settings


def test_riser_valves_are_those_of_the_basement(case) -> None:
    named = [case.building.valve_ids[v] for v in riser_valves(case.building)]
    assert named == [name for name in case.building.valve_ids if name.startswith("riser")]
    made = synthetic_building(20, random=np.random.default_rng(2))
    assert np.array_equal(riser_valves(made.building), made.riser_valves)
    assert riser_valves(toy_building()).size == 0


def test_order_is_risers_branch_by_branch_then_flats(case) -> None:
    settings = turned(case, v4_2=1.5, v4_1=1.5, riser__valve__1=0.8, riser__valve__5=0.8)
    changes = valve_changes(case.building, case.valve_types, settings)
    assert [change.order for change in changes] == [1, 2, 3, 4]
    assert [change.valve for change in changes] == ["riser valve 5", "riser valve 1", "v4.1", "v4.2"]
    assert [change.place for change in changes] == ["riser", "riser", "radiator", "radiator"]
    assert changes[0].direction == "open"
    assert changes[0].flow_new_l_h > changes[0].flow_present_l_h
    assert changes[2].direction == "close"
    assert changes[2].kv_new_m3_h == pytest.approx(changes[2].kv_present_m3_h / np.sqrt(1.5))
    assert changes[0].type_name.startswith("STAD")
    assert len(changes[0].zones) == 3


def test_unchanged_valves_are_not_listed(case) -> None:
    settings = turned(case)
    assert changed_valves(case.building, settings).size == 0
    assert valve_changes(case.building, case.valve_types, settings) == ()
    assert changes_frame(()).empty


def test_table_has_a_row_a_valve(case) -> None:
    frame = changes_frame(valve_changes(case.building, case.valve_types, turned(case, v1_1=1.2)))
    assert frame.index.tolist() == [1]
    assert frame.loc[1, "zones"] == zones_behind(case.building, [case.building.valve_ids.index("v1.1")])[0]


def test_numbers_of_the_table_are_those_that_can_be_read(case) -> None:
    frame = changes_frame(valve_changes(case.building, case.valve_types, turned(case, riser__valve__5=0.8)))
    assert frame.loc[1, "turn"].startswith("+")
    assert len(frame.loc[1, "turn"].split(".")[1]) == 2
    for name in ("kv_present_m3_h", "kv_new_m3_h", "flow_present_l_h", "flow_new_l_h"):
        assert len(str(frame.loc[1, name]).split(".")[1]) <= 3


def test_one_wing_is_done_before_the_other(case) -> None:
    every = {f"riser__valve__{k}": 0.8 for k in (1, 4, 7, 10)}
    changes = valve_changes(case.building, case.valve_types, turned(case, **every))
    assert [change.valve.split()[-1] for change in changes] == ["4", "1", "7", "10"]


def test_heat_supply_stays_in_its_box() -> None:
    ratio = np.array([0.0, 0.3, 1.0, 1.7])
    for ntu in (1e-3, 0.4, 8.0):
        change = heat_supply_ratio_rel(ratio, ntu)
        assert (change >= np.minimum(1.0, ratio) - 1e-12).all()
        assert (change <= np.maximum(1.0, ratio) + 1e-12).all()
    assert heat_supply_ratio_rel(1.7, 30.0) == pytest.approx(1.7)  # the water gives all it has
    assert heat_supply_ratio_rel(0.5, 1e-6) == pytest.approx(1.0, abs=1e-5)  # the radiator is as warm as the supply


@pytest.mark.parametrize("seed", range(12))
def test_spread_range_agrees_with_all_vertices_and_a_dense_sample(seed) -> None:
    random = np.random.default_rng(seed)
    n = 6
    theta, nu = random.uniform(0.5, 1.5, (2, n))
    box = supply_box(nu, random.uniform(0.5, 1.6, n))
    low, high = steady_spread_range_k(theta, box, 21.0, 1.0)
    corners = np.array([np.where(bits, box.high_per_s, box.low_per_s) for bits in product((False, True), repeat=n)])
    assert high == pytest.approx(steady_spread_k(theta, corners, 21.0, 1.0).max(), rel=1e-9)
    inside = box.low_per_s + (box.high_per_s - box.low_per_s) * random.random((20000, n))
    assert low <= steady_spread_k(theta, inside, 21.0, 1.0).min() + 1e-12
    assert low <= steady_spread_k(theta, corners, 21.0, 1.0).min() + 1e-12


def test_spread_can_vanish_in_the_best_case() -> None:
    theta, nu = np.ones(2), np.array([1.0, 2.0])
    low, high = steady_spread_range_k(theta, supply_box(nu, [2.0, 1.0]), 21.0, 1.0)
    assert low == pytest.approx(0.0, abs=1e-6)
    assert high == pytest.approx(float(steady_spread_k(theta, nu, 21.0, 1.0)))
