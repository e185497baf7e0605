"""Folders of a synthetic building's balancing: 12 flats, riser valves turned far, readings with noise."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dhsim.balancing.expectation import heat_supply_ratio_rel
from dhsim.balancing.protocol import open_building
from dhsim.balancing.round_files import write_arrays
from dhsim.balancing.steps import fit_round
from dhsim.balancing.synthetic import simulate_zones, synthetic_weather
from dhsim.balancing.workflow import CHOICE_NAME, ChoiceState, FrontOptions, open_workflow, round_folder, write_state
from dhsim.units import S_PER_DAY, S_PER_H

FLATS12 = Path(__file__).parents[3] / "scenarios" / "buildings" / "flats12"
NTU = 0.8
DAYS = 40
TURNED = {"riser valve 4": 8.0, "riser valve 5": 8.0, "riser valve 8": 0.4}
"""Riser valve -> new over present resistance."""


def write_readings(path: Path, nu_rel: np.ndarray, seed: int) -> Path:
    zones = open_building(FLATS12).building.zone_ids
    theta = np.linspace(0.13, 0.2, len(zones)) / S_PER_DAY
    random = np.random.default_rng(seed)
    weather = synthetic_weather(24 * DAYS, S_PER_H, random, supply_sd_k=2.0)
    inputs = weather.temp_supply_c, weather.temp_outdoor_c
    rooms = simulate_zones(theta, 0.15 / S_PER_DAY * nu_rel, *inputs, S_PER_H, random, 0.02, 0.02)
    table = pd.DataFrame(rooms, columns=zones)
    start = "2024-12-01" if seed == 1 else "2025-02-01"
    table.insert(0, "time", pd.date_range(start, periods=len(table), freq="h", tz="UTC").astype(str))
    table["temp_supply_c"], table["temp_outdoor_c"] = inputs
    table.to_csv(path, index=False, float_format="%.3f")
    return path


def choose(folder: Path, factors: dict[str, float]) -> None:
    """Put a choice beside the last fit, without the optimiser."""
    flow = open_workflow(folder)
    settings = flow.last.building.resistance_valves_pa_s2_m6.copy()
    for name, factor in factors.items():
        settings[flow.last.building.valve_ids.index(name)] *= factor
    last = flow.last.state
    write_arrays(round_folder(folder, last.number) / CHOICE_NAME, resistance_valves_pa_s2_m6=settings)
    told = dataclasses.replace(last, choice=ChoiceState(0.5, FrontOptions(), rounded=False, from_front=False))
    write_state(folder, dataclasses.replace(flow.state, rounds=(*flow.state.rounds[:-1], told)))


@pytest.fixture(scope="session")
def chosen_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one fit and a choice; not to be written to."""
    folder = tmp_path_factory.mktemp("chosen")
    readings = write_readings(folder / "first.csv", np.ones(12), 1)
    fit_round(folder / "state", FLATS12, readings, method="regression")
    choose(folder / "state", TURNED)
    return folder / "state"


@pytest.fixture(scope="session")
def two_rounds(chosen_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two fits, the second with the valves as chosen; not to be written to."""
    folder = tmp_path_factory.mktemp("rounds")
    shutil.copytree(chosen_once, folder / "state")
    change = heat_supply_ratio_rel(open_workflow(chosen_once).last.choice.flow_ratio_rel, NTU)
    fit_round(folder / "state", data=write_readings(folder / "second.csv", change, 2), method="regression")
    return folder / "state"


@pytest.fixture
def work(tmp_path: Path) -> Callable[[Path], Path]:
    """Return a copy of a folder that may be written to."""

    def copy(source: Path) -> Path:
        shutil.copytree(source, tmp_path / "work")
        return tmp_path / "work"

    return copy
