from __future__ import annotations

import numpy as np
import pytest

from dhsim.balancing.pareto_arguments import free_of, levels_of, limits_of, weights_of
from dhsim.balancing.synthetic_building import toy_building
from dhsim.errors import DhsimError

NAMES = toy_building().valve_ids


@pytest.mark.parametrize(
    ("given", "free"),
    [
        (None, [0, 1, 2]),
        ([2, 0, 2], [0, 2]),
        (np.array([2, 1]), [1, 2]),
        ([1.0], [1]),
        (1, [1]),
        (np.int64(1), [1]),
        (NAMES[2], [2]),
        ([NAMES[2], 0], [0, 2]),
        (np.array(NAMES[1:]), [1, 2]),
        ([False, True, True], [1, 2]),
        (np.array([True, False, False]), [0]),
    ],
)
def test_valves_are_taken_by_number_name_or_mask(given, free) -> None:
    assert free_of(toy_building(), given).tolist() == free


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([1.9], r"unknown valves 1\.9: the building has 3"),
        ([-1], "unknown valves -1"),
        ("tap", "unknown valves tap"),
        ([None], "unknown valves None"),
        ([True, 1], "unknown valves True"),
        ([np.nan], "unknown valves nan"),
        ([True, False], "a mask needs one value for each of 3 valves, got 2"),
        ([False] * 3, "no valve may be turned"),
        ([], "no valve may be turned"),
    ],
)
def test_what_names_no_valve_is_refused(given, message) -> None:
    with pytest.raises(DhsimError, match=message):
        free_of(toy_building(), given)


def test_levels_belong_to_all_valves_or_to_those_named() -> None:
    toy = toy_building()
    assert {v: values.tolist() for v, values in levels_of(toy, 1e12).items()} == {v: [1e12] for v in range(3)}
    found = levels_of(toy, {NAMES[1]: [1e12, 2e12], 2: 3e12})
    assert {v: values.tolist() for v, values in found.items()} == {1: [1e12, 2e12], 2: [3e12]}
    with pytest.raises(DhsimError, match="unknown valves 999: the building has 3"):
        levels_of(toy, {999: [1e12]})
    with pytest.raises(DhsimError, match="unknown valves edge 99"):
        levels_of(toy, {"edge 99": [1e12]})
    with pytest.raises(DhsimError, match=r"levels of .* it takes numbers"):
        levels_of(toy, {0: ["half"]})


def test_weights_keep_the_order_they_are_asked_in() -> None:
    assert weights_of([0.6, 0.3, 0.6]) == [0.6, 0.3, 0.6]
    assert weights_of(0.4) == [0.4]
    assert len(weights_of(None)) == 21


@pytest.mark.parametrize("zetas", [["half"], [None], [[0.1, 0.2], [0.3]], [np.nan], [-0.1], []])
def test_weights_that_are_none_are_refused(zetas) -> None:
    with pytest.raises(DhsimError, match="zetas"):
        weights_of(zetas)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_changed", 1.5),
        ("max_changed", 0),
        ("max_changed", True),
        ("max_changed", np.nan),
        ("max_changed", "two"),
        ("total_flow_tolerance_rel", -0.1),
        ("total_flow_tolerance_rel", np.nan),
        ("quantile", 1.0),
        ("quantile", "half"),
        ("effort", np.nan),
        ("effort", -1.0),
        ("effort", np.inf),
        ("effort", None),
    ],
)
def test_limits_that_are_none_are_refused(name, value) -> None:
    asked = {"max_changed": None, "total_flow_tolerance_rel": None, "quantile": None, "effort": 1.0} | {name: value}
    with pytest.raises(DhsimError, match=name):
        limits_of(**asked)


def test_limits_come_back_as_numbers() -> None:
    assert limits_of(np.int64(2), 0, None, 1) == (2, 0.0, None, 1.0)
    assert limits_of(2.0, None, 0.5, 0.0) == (2, None, 0.5, 0.0)
