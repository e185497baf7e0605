"""The weather of a trial: made up, or the coldest stretch of a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dhsim.balancing.trial_weather import on_steps, trial_weather
from dhsim.errors import DhsimError, ScenarioError


def written(folder: Path, temp_c: np.ndarray, start: str = "2023-01-01", step: str = "h") -> str:
    time = pd.date_range(start, periods=len(temp_c), freq=step).strftime("%Y-%m-%d %H:%M")
    path = folder / "sky.csv"
    pd.DataFrame({"time": time, "temp_outdoor_c": temp_c}).to_csv(path, index=False)
    return str(path)


def test_synthetic_weather_says_so_and_comes_again() -> None:
    first, again, other = (trial_weather(10, seed=seed) for seed in (1, 1, 2))
    assert first.synthetic
    assert "synthetic" in first.source
    assert first.temp_outdoor_c.shape == first.plant_k.shape == (240,)
    assert np.array_equal(first.temp_outdoor_c, again.temp_outdoor_c)
    assert not np.array_equal(first.temp_outdoor_c, other.temp_outdoor_c)
    assert trial_weather(400, plant_sd_k=0.8).plant_k.std() == pytest.approx(0.8, rel=0.1)
    assert np.abs(trial_weather(10, plant_sd_k=0.0).plant_k).max() < 1e-12


def test_the_coldest_stretch_of_a_file_is_taken(tmp_path: Path) -> None:
    temp = np.full(24 * 60, 4.0)
    temp[24 * 30 : 24 * 40] = -12.0
    found = trial_weather(10, written(tmp_path, temp))
    assert not found.synthetic
    assert (found.temp_outdoor_c == -12.0).all()
    assert found.source == "sky.csv, its coldest 10 days"


def test_a_year_is_taken_around_its_end(tmp_path: Path) -> None:
    day = np.arange(365)
    temp = np.repeat(np.where((day < 20) | (day >= 345), -5.0, 12.0), 24)
    assert (trial_weather(40, written(tmp_path, temp)).temp_outdoor_c == -5.0).all()
    short = trial_weather(40, written(tmp_path, temp[24 * 5 :]))  # no whole year: no way around
    assert short.temp_outdoor_c.max() == 12.0


def test_too_short_and_too_warm_files_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"sky\.csv: holds 5\.0 days, 20 are needed .* --days"):
        trial_weather(20, written(tmp_path, np.zeros(24 * 5)))
    with pytest.raises(ScenarioError, match=r"sky\.csv: no winter"):
        trial_weather(2, written(tmp_path, np.full(24 * 5, 25.0)))
    with pytest.raises(ScenarioError, match="no such file"):
        trial_weather(2, str(tmp_path / "none.csv"))


def test_hours_are_held_through_their_steps() -> None:
    assert on_steps(np.array([1.0, 2.0]), 1800.0).tolist() == [1.0, 1.0, 2.0, 2.0]
    with pytest.raises(DhsimError, match="do not fit into an hour"):
        on_steps(np.array([1.0]), 1000.0)
