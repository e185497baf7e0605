"""The five core types: frozen, picklable, and left as they were by what uses them."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pydantic
import pytest

import dhsim
from dhsim.scenario.starter import init_case


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = next(path for path in init_case(tmp_path_factory.mktemp("starter")) if path.suffix == ".yaml")
    scenario = dhsim.load_scenario(path, {"time.days": 3})
    case = dhsim.build_case(scenario)
    before = pickle.dumps(case)
    solution = dhsim.simulate(case)
    score = dhsim.assess(solution, case)
    return {"Scenario": scenario, "Case": case, "Solution": solution, "Scorecard": score, "before": before}


def assert_equal(a: Any, b: Any, where: str = "") -> None:
    assert type(a) is type(b), where
    if isinstance(a, pd.DataFrame):
        pd.testing.assert_frame_equal(a, b)
    elif isinstance(a, np.ndarray):
        np.testing.assert_array_equal(a, b, err_msg=where)
    elif dataclasses.is_dataclass(a):
        for field in dataclasses.fields(a):
            assert_equal(getattr(a, field.name), getattr(b, field.name), f"{where}.{field.name}")
    elif isinstance(a, dict):
        assert list(a) == list(b), where
        for key in a:
            assert_equal(a[key], b[key], f"{where}[{key!r}]")
    elif isinstance(a, tuple):
        assert len(a) == len(b), where
        for index, (one, other) in enumerate(zip(a, b, strict=True)):
            assert_equal(one, other, f"{where}[{index}]")
    elif isinstance(a, pd.Index):
        assert a.equals(b), where
    else:
        assert a == b or (a != a and b != b), f"{where}: {a!r} != {b!r}"


@pytest.mark.parametrize("name", ["Scenario", "Case", "Solution", "Scorecard"])
def test_core_types_pickle(name: str, core: dict[str, Any]) -> None:
    assert isinstance(core[name], getattr(dhsim, name))
    assert_equal(core[name], pickle.loads(pickle.dumps(core[name])), name)


@pytest.mark.parametrize("name", ["Scenario", "Case", "Solution", "Scorecard"])
def test_core_types_are_frozen(name: str, core: dict[str, Any]) -> None:
    thing = core[name]
    field = next(iter(type(thing).model_fields if name == "Scenario" else thing.__dataclass_fields__))
    with pytest.raises((dataclasses.FrozenInstanceError, pydantic.ValidationError)):
        setattr(thing, field, None)


def test_a_case_is_left_as_it_was_and_can_run_again(core: dict[str, Any]) -> None:
    assert_equal(pickle.loads(core["before"]), core["Case"], "Case")
    again = dhsim.simulate(core["Case"])
    for name, values in core["Solution"].arrays.items():
        assert values.tobytes() == again.arrays[name].tobytes(), name


def test_a_solution_is_saved_and_read_back(core: dict[str, Any], tmp_path: Path) -> None:
    path = core["Solution"].save(tmp_path / "solution")
    assert_equal(core["Solution"], dhsim.Solution.load(path), "Solution")
