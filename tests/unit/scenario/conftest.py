from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dhsim.errors import ScenarioError
from dhsim.scenario.load import load_scenario

VALID = """\
schema_version: 1
site: {name: Omsk, latitude_deg: 54.99, longitude_deg: 73.37, utc_offset_h: 6}
time:
  start: 2021-01-01
  days: 10
weather:
  climate: omsk
plant:
  dp_available_kpa: 170
  temp_floor_c: 70
substation:
  pumps:
    model: generic_inline_25m3h_20m
    count: 2
building_types:
  residential:
    radiator_exponent: 1.25
buildings:
  - id: b1
    heat_design_kw: 300
  - id: b2
    heat_design_kw: 280.5
    monitored: false
pipes:
  - {id: p1, start: substation, end: b1, length_m: 10, diameter_inner_mm: 82.5}
  - {id: p2, start: b1, end: b2, length_m: 10, diameter_inner_mm: 54.5}
control:
  policy: baseline
  filter_h: 24
"""


@pytest.fixture
def valid() -> str:
    return VALID


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Write a file into the working directory, so that problems name it shortly."""
    monkeypatch.chdir(tmp_path)

    def write_file(content: str | bytes, name: str = "case.yaml") -> Path:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


@pytest.fixture
def complaints(write: Callable[..., Path]) -> Callable[..., list[str]]:
    """Return the problems of a file's text."""

    def of(content: str | bytes, name: str = "case.yaml", **overrides: object) -> list[str]:
        path = write(content, name)
        with pytest.raises(ScenarioError) as caught:
            load_scenario(path, overrides)
        return [str(problem) for problem in caught.value.problems]

    return of
