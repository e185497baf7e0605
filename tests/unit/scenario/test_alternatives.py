"""A scenario that says one kind of a thing does not inherit another kind of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dhsim.errors import ScenarioError
from dhsim.scenario.load import load_scenario

BASELINE = Path(__file__).parents[3] / "scenarios" / "omsk" / "baseline.yaml"


def child(folder: Path, text: str) -> Path:
    path = folder / "child.yaml"
    path.write_text(f"extends: {BASELINE.as_posix()}\n{text}\n", encoding="utf-8")
    return path


def test_a_weather_file_replaces_the_inherited_climate(tmp_path: Path) -> None:
    scenario = load_scenario(child(tmp_path, "weather: {file: year.csv}"))
    assert scenario.weather.file == "year.csv"
    assert scenario.weather.climate is None


def test_an_override_replaces_the_inherited_climate() -> None:
    scenario = load_scenario(BASELINE, {"weather.constant_temp_outdoor_c": -5.0})
    assert scenario.weather.constant_temp_outdoor_c == -5.0
    assert scenario.weather.climate is None


def test_a_pump_curve_replaces_the_inherited_model(tmp_path: Path) -> None:
    curve = "{flow_m3_h: [0, 20, 40], head_m: [20, 18, 10], efficiency_best: 0.6, flow_best_m3_h: 25}"
    scenario = load_scenario(child(tmp_path, f"substation: {{pumps: {curve}}}"))
    assert scenario.substation.pumps.model is None
    assert scenario.substation.pumps.count == 2


def test_a_shift_alone_keeps_the_climate(tmp_path: Path) -> None:
    scenario = load_scenario(child(tmp_path, "weather: {temp_shift_k: 1.5}"))
    assert scenario.weather.climate == "omsk"
    assert scenario.weather.temp_shift_k == 1.5


def test_two_kinds_in_one_file_are_still_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="exactly one of climate, file"):
        load_scenario(child(tmp_path, "weather: {file: year.csv, climate: omsk}"))
