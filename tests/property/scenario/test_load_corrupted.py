"""Whatever is done to a key of a valid scenario, the answer is a Scenario or a ScenarioError with places."""

from __future__ import annotations

import copy
import datetime as dt
import io
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from dhsim.errors import ScenarioError
from dhsim.scenario.load import load_scenario
from dhsim.scenario.schema import Scenario

STARTER = resources.files("dhsim").joinpath("data", "starter", "baseline.yaml").read_text(encoding="utf-8")
VALID: dict[str, Any] = YAML(typ="safe", pure=True).load(STARTER)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for name, part in parts for found in _paths(part, (*path, name)))]


PATHS = _paths(VALID)[1:]

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | texts
    | st.dates()
    | st.datetimes(min_value=dt.datetime(1000, 1, 1))
    | st.sampled_from(["300 kW", "on", "22:00", "1e400", "2021-02-29", "substation", "b01", "n1", "cap70", "", "."])
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6
)
quiet = settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _attempt(path: Path, overrides: dict[str, Any] | None = None) -> Scenario | ScenarioError:
    try:
        return load_scenario(path, overrides)
    except ScenarioError as error:
        return error


def _loads_or_complains(path: Path, overrides: dict[str, Any] | None = None) -> None:
    made = _attempt(path, overrides)
    if isinstance(made, Scenario):
        assert len(made.content_hash()) == 64
        return
    assert made.problems
    for problem in made.problems:
        assert problem.message
        assert problem.path in (str(path), "override")
        assert problem.path == "override" or problem.line
        assert "pydantic" not in str(problem).lower()
        assert "Input should" not in str(problem)


@quiet
@given(path=st.sampled_from(PATHS), value=values)
def test_one_value_replaced(tmp_path: Path, path: tuple[Any, ...], value: Any) -> None:
    case = copy.deepcopy(VALID)
    part = case
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = value
    buffer = io.StringIO()
    YAML(typ="safe", pure=True).dump(case, buffer)
    file = tmp_path / "case.yaml"
    file.write_text(buffer.getvalue(), encoding="utf-8")
    _loads_or_complains(file)


@quiet
@given(path=st.sampled_from(PATHS), value=values)
def test_one_override(tmp_path: Path, path: tuple[Any, ...], value: Any) -> None:
    file = tmp_path / "case.yaml"
    file.write_text(STARTER, encoding="utf-8")
    _loads_or_complains(file, {".".join(map(str, path)): value})


@quiet
@given(path=st.sampled_from(PATHS))
def test_one_key_removed(tmp_path: Path, path: tuple[Any, ...]) -> None:
    case = copy.deepcopy(VALID)
    part = case
    for name in path[:-1]:
        part = part[name]
    del part[path[-1]]
    buffer = io.StringIO()
    YAML(typ="safe", pure=True).dump(case, buffer)
    file = tmp_path / "case.yaml"
    file.write_text(buffer.getvalue(), encoding="utf-8")
    _loads_or_complains(file)


@quiet
@given(data=st.data())
def test_a_few_characters_replaced(tmp_path: Path, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(STARTER)))
    length = data.draw(st.integers(0, 12))
    noise = data.draw(
        st.text(st.sampled_from("abz019:-{}[]#&*!|>'\"%@`,? \t\n\\.~<=\x00\x85\ufeff\U0001f525"), max_size=8)
    )
    file = tmp_path / "case.yaml"
    file.write_bytes((STARTER[:start] + noise + STARTER[start + length :]).encode())
    made = _attempt(file)
    if isinstance(made, ScenarioError):
        assert all(problem.path == str(file) and problem.message for problem in made.problems)


@quiet
@given(content=st.binary(max_size=60))
def test_any_bytes(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "case.yaml"
    file.write_bytes(content)
    with pytest.raises(ScenarioError):
        load_scenario(file)
