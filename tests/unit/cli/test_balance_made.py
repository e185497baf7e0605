"""dhsim balance made and compare from the shell: what was really set, and flats beside flats."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from dhsim.balancing.protocol import open_building
from dhsim.balancing.round_files import write_arrays
from dhsim.balancing.synthetic import simulate_zones, synthetic_weather
from dhsim.balancing.workflow import CHOICE_NAME, ChoiceState, FrontOptions, open_workflow, round_folder, write_state
from dhsim.cli import app
from dhsim.units import S_PER_DAY, S_PER_H

FLATS12 = Path(__file__).parents[3] / "scenarios" / "buildings" / "flats12"


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["balance", *map(str, arguments)], prog_name="dhsim")


def assert_refused(result: Result, *parts: str) -> None:
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.stderr
    assert all(part in result.stderr for part in parts), result.stderr
    assert result.stdout == ""


@pytest.fixture(scope="module")
def readings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    random = np.random.default_rng(4)
    weather = synthetic_weather(24 * 35, S_PER_H, random, supply_sd_k=2.0)
    theta = np.linspace(0.13, 0.2, 12) / S_PER_DAY
    inputs = weather.temp_supply_c, weather.temp_outdoor_c
    rooms = simulate_zones(theta, 0.9 * theta, *inputs, S_PER_H, random, process_sd_k=0.03, sensor_sd_k=0.05)
    table = pd.DataFrame(rooms, columns=open_building(FLATS12).building.zone_ids)
    table.insert(0, "time", pd.date_range("2024-12-01", periods=len(table), freq="h", tz="UTC").astype(str))
    table["temp_supply_c"], table["temp_outdoor_c"] = inputs
    path = tmp_path_factory.mktemp("readings") / "readings.csv"
    table.to_csv(path, index=False, float_format="%.3f")
    return path


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory, readings: Path) -> Path:
    """A folder with a fit and a choice that the optimiser did not make."""
    folder = tmp_path_factory.mktemp("work") / "state"
    result = invoke("fit", folder, "--building", FLATS12, "--data", readings, "--method", "regression")
    assert result.exit_code == 0, result.output
    flow = open_workflow(folder)
    settings = flow.last.building.resistance_valves_pa_s2_m6.copy()
    settings[flow.last.building.valve_ids.index("riser valve 5")] *= 4.0
    write_arrays(round_folder(folder, 1) / CHOICE_NAME, resistance_valves_pa_s2_m6=settings)
    told = dataclasses.replace(flow.last.state, choice=ChoiceState(0.5, FrontOptions(), False, False))
    write_state(folder, dataclasses.replace(flow.state, rounds=(told,)))
    return folder


@pytest.fixture
def work(chosen: Path, tmp_path: Path) -> Path:
    shutil.copytree(chosen, tmp_path / "state")
    return tmp_path / "state"


def test_the_list_goes_out_and_comes_back(work: Path, readings: Path, tmp_path: Path) -> None:
    assert invoke("report", work, "--out", tmp_path).exit_code == 0
    table = pd.read_csv(tmp_path / "valves.csv", dtype={"made": str})
    assert table["made"].isna().all()
    table.loc[0, "made"] = "2.2"
    table.to_csv(tmp_path / "filled.csv", index=False)
    result = invoke("made", work, "--file", tmp_path / "filled.csv")
    assert result.exit_code == 0, result.output
    assert "1 of 1 differ from the choice: riser valve 5" in " ".join(result.stdout.split())
    assert f"next: dhsim balance fit {work} --data FILE" in result.stderr
    following = invoke("fit", work, "--data", readings, "--method", "regression", "--overlap", "--json")
    assert following.exit_code == 0, following.output
    assert "as they were made, " in following.stderr
    state = json.loads(following.stdout)
    [valve] = state["rounds"][0]["made"]["valves"]
    assert (valve["valve"], valve["made"], valve["as_chosen"]) == ("riser valve 5", "2.2 turns", False)
    assert state["response"] is not None
    assert len(state["single_radiator"]) == 12
    for law in state["integrated_error"]["laws"]:
        assert 0.0 < law["mean_square_k2"] <= law["bound_mean_square_k2"]
    # afterwards it can still be put right
    late = invoke("made", work, "--untouched")
    assert late.exit_code == 0, late.output
    assert "round 2: its flows are computed anew" in late.stderr


def test_groups_are_compared(work: Path, readings: Path, tmp_path: Path) -> None:
    assert_refused(invoke("compare", work), "one round was fitted")
    assert_refused(invoke("report", work, "--touched", "floor:1"), "leave them out")
    assert invoke("fit", work, "--data", readings, "--method", "regression", "--overlap").exit_code == 0
    shown = invoke("compare", work, "--touched", "floor:1", "--control", "top=floor:3")
    assert shown.exit_code == 0, shown.output
    assert "intervened" in shown.stdout
    assert "top" in shown.stdout
    told = json.loads(invoke("compare", work, "--touched", "floor:1", "--control", "top=floor:3", "--json").stdout)
    assert [group["name"] for group in told["groups"]] == ["intervened", "top"]
    assert_refused(invoke("compare", work, "--touched", "flat 99,flat 11"), "--touched", "flat 99")
    page = invoke("report", work, "--out", tmp_path, "--touched", "floor:1", "--control", "top=floor:3", "--json")
    assert page.exit_code == 0, page.output
    assert [group["name"] for group in json.loads(page.stdout)["comparison"]["groups"]] == ["intervened", "top"]
    assert "top" in (tmp_path / "balancing.html").read_text(encoding="utf-8")


def test_bad_settings_are_refused_all_at_once(work: Path, tmp_path: Path) -> None:
    path = tmp_path / "made.csv"
    path.write_text("id,setting\nriser valve 5,9\nv99,2\n", encoding="utf-8")
    assert_refused(invoke("made", work, "--file", path), "made.csv:2: riser valve 5", "made.csv:3: v99", "0.5 to 4")
    assert_refused(invoke("made", work, "--valve", "v1.1"), "NAME=SETTING")
    assert_refused(invoke("made", work), "nothing was said")
    assert_refused(invoke("made", tmp_path / "none", "--untouched"), "dhsim balance fit")


@pytest.mark.parametrize("command", ["made", "compare"])
def test_help_exits_well(command: str) -> None:
    result = invoke(command, "--help")
    assert result.exit_code == 0
    assert f"Usage: dhsim balance {command}" in result.stdout
