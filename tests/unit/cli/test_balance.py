"""dhsim balance from the shell: synthetic readings of 12 flats, from the first fit to the page of the second round."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from dhsim.balancing.protocol import open_building
from dhsim.balancing.synthetic import simulate_zones, synthetic_weather
from dhsim.cli import app
from dhsim.units import S_PER_DAY, S_PER_H

FLATS12 = Path(__file__).parents[3] / "scenarios" / "buildings" / "flats12"


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["balance", *map(str, arguments)], prog_name="dhsim")


def assert_refused(result: Result, *parts: str) -> None:
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.stderr
    assert all(part in result.stderr for part in parts), result.stderr
    assert result.stdout == ""


@pytest.fixture(scope="module")
def readings(tmp_path_factory) -> Path:
    random = np.random.default_rng(4)
    weather = synthetic_weather(24 * 35, S_PER_H, random, supply_sd_k=2.0)
    theta = np.clip(1.0 / 6.0 + random.standard_normal(12) / 40.0, 0.1, 0.24) / S_PER_DAY
    nu = 0.85 * theta * np.exp(0.12 * random.standard_normal(12))
    inputs = weather.temp_supply_c, weather.temp_outdoor_c
    rooms = simulate_zones(theta, nu, *inputs, S_PER_H, random, process_sd_k=0.03, sensor_sd_k=0.05)
    table = pd.DataFrame(rooms, columns=open_building(FLATS12).building.zone_ids)
    table.insert(0, "time", pd.date_range("2024-12-01", periods=len(table), freq="h", tz="UTC").astype(str))
    table["temp_supply_c"], table["temp_outdoor_c"] = inputs
    path = tmp_path_factory.mktemp("readings") / "readings.csv"
    table.to_csv(path, index=False, float_format="%.3f")
    return path


@pytest.fixture(scope="module")
def work(tmp_path_factory, readings) -> Path:
    """A folder with a first fit."""
    folder = tmp_path_factory.mktemp("work") / "state"
    result = invoke("fit", folder, "--building", FLATS12, "--data", readings, "--method", "regression")
    assert result.exit_code == 0, result.output
    assert "flat 34" in result.stdout
    assert "(synthetic data)" in result.stdout
    assert f"next: dhsim balance front {folder}" in result.stderr
    return folder


@pytest.mark.parametrize("command", ["", "fit", "front", "choose", "report", "classical"])
def test_help_exits_well(command: str) -> None:
    result = invoke(*filter(None, [command]), "--help")
    assert result.exit_code == 0
    assert f"Usage: dhsim balance {command}".strip() in result.stdout


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, dhsim.cli.balance; print(*(n for n in ('numpy', 'pandas', 'numba', 'casadi') if n in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_from_fit_to_page_and_on_to_the_next_round(work: Path, readings: Path, tmp_path: Path) -> None:
    pytest.importorskip("casadi", reason="the Pareto optimiser needs the extra [balancing]")
    front = invoke("front", work, "--zetas", "0.2,0.6", "--effort", "0")
    assert front.exit_code == 0, front.output
    assert "phi worst, rad" in front.stdout
    chosen = invoke("choose", work, "--zeta", "0.6", "--max-valves", "4", "--effort", "0")
    assert chosen.exit_code == 0, chosen.output
    assert "valves to turn, in the order of work" in chosen.stdout
    assert "spread, K" in chosen.stdout
    told = invoke("report", work, "--out", tmp_path, "--json")
    assert told.exit_code == 0, told.output
    state = json.loads(told.stdout)
    assert state["synthetic"] is True
    assert [point["zeta"] for point in state["front"]] == [0.2, 0.6]
    valves = state["choice"]["valves"]
    assert 1 <= len(valves) <= 4
    interval = state["choice"]["expected"]["angle_rad"]["after"]
    assert interval["low"] <= state["choice"]["expected"]["angle_rad"]["usual"]["middle"] <= interval["high"]
    page = (tmp_path / "balancing.html").read_text(encoding="utf-8")
    assert "Synthetic data." in page
    assert all(valve["valve"] in page for valve in valves)
    assert (tmp_path / "round1" / "valves.csv").read_bytes() == (tmp_path / "valves.csv").read_bytes()
    assert pd.read_csv(tmp_path / "valves.csv")["valve"].tolist() == [valve["valve"] for valve in valves]
    again = invoke("front", work, "--zetas", "0.2,1.0", "--effort", "0")
    assert again.exit_code == 0, again.output
    assert "caution: --zetas: 1 left out" in again.stderr
    assert "UserWarning" not in again.stderr
    assert "the choice of round 1 (zeta 0.6) is kept" in again.stderr
    later = ["--data", readings, "--method", "regression", "--start", "2024-12-05"]
    assert_refused(invoke("fit", work, *later), "begin 2024-12-05", "round 1 end 2025-01-04", "--overlap")
    following = invoke("fit", work, *later, "--overlap", "--json")
    assert "round 2 begins: the valves are taken to stand as chosen in round 1" in following.stderr
    assert following.exit_code == 0, following.output
    assert json.loads(following.stdout)["round"] == 2
    assert json.loads(following.stdout)["start"].startswith("2024-12-05")
    shutil.copy(tmp_path / "valves.csv", work / "valves.csv")
    page = invoke("report", work)
    assert page.exit_code == 0
    assert not (work / "valves.csv").exists()  # or last round's valves would be turned again
    assert "valves.csv was a list of valves turned" in page.stderr
    assert (work / "round2" / "balancing.html").is_file()
    anew = invoke("fit", work, *later, "--overlap")
    assert anew.exit_code == 0, anew.output
    assert "round 2 is fitted anew, for no settings were chosen" in anew.stderr
    assert "The angle of every round" in (work / "balancing.html").read_text(encoding="utf-8")


def test_classical_lists_what_the_plan_asks_for(tmp_path: Path) -> None:
    told = invoke("classical", FLATS12, "--json")
    assert told.exit_code == 0, told.output
    state = json.loads(told.stdout)
    assert len(state["valves"]) == 40
    shown = invoke("classical", FLATS12)
    changed = [row["valve"] for row in state["valves"] if row["changed"]]
    assert f"{len(changed)} of 40 valves" in shown.stdout
    assert all(name in shown.stdout for name in changed)
    assert "caution" not in shown.stderr
    old = shutil.copytree(FLATS12, tmp_path / "old")
    valves = old / "valves.csv"
    valves.write_text(valves.read_text(encoding="utf-8").replace("ra_n_15", "ra_n_15_earlier"), encoding="utf-8")
    assert "caution: Kv tables" in invoke("classical", old).stderr


def test_an_empty_folder_is_refused_with_the_next_step(tmp_path: Path) -> None:
    for command in ("front", "choose", "report"):
        assert_refused(invoke(command, tmp_path / "none"), "dhsim balance fit")
    assert not (tmp_path / "none").exists()


def test_bad_input_is_refused(work: Path, readings: Path, tmp_path: Path) -> None:
    assert_refused(invoke("fit", tmp_path / "new", "--data", readings), "--building")
    assert_refused(invoke("fit", tmp_path / "new", "--building", FLATS12), "sensors", "--data FILE")
    table = pd.read_csv(readings).rename(columns={"flat 11": "flat 99"})
    table.to_csv(tmp_path / "odd.csv", index=False)
    odd = invoke("fit", tmp_path / "new", "--building", FLATS12, "--data", tmp_path / "odd.csv")
    assert_refused(odd, "flat 99", "unknown zone")
    assert_refused(invoke("fit", tmp_path / "new", "-b", FLATS12, "-d", readings, "--start", "soon"), "not a time")
    assert_refused(invoke("fit", tmp_path / "new", "-b", FLATS12, "-d", readings, "--stop", "2"), "threshold")
    assert not (tmp_path / "new").exists()
    assert_refused(invoke("front", work, "--zetas", "0.1;0.5"), "--zetas")
    assert_refused(invoke("front", work, "--valves", "v1.1,v99"), "v99")
    assert_refused(invoke("front", work, "--valves", "riser valv 1"), "did you mean riser valve 1?")
    assert_refused(invoke("front", work, "--quantile", "0.5"), "--quantile: it takes --samples")
    assert_refused(invoke("front", work, "--effort", "-1"), "--effort")
    assert_refused(invoke("front", work, "--riser-only", "--valves", "v1.1"), "none of v1.1 is a riser valve")
    assert_refused(invoke("choose", work, "--max-valves", "0"), "--max-valves")
    assert_refused(invoke("choose", work, "--zeta", "1.5"), "--zeta", "0 to 0.95")


def test_columns_may_be_ignored_and_steps_longer(readings: Path, tmp_path: Path) -> None:
    table = pd.read_csv(readings)
    table["hall"] = 15.0 + 0.1 * np.arange(len(table)) % 3
    table.to_csv(tmp_path / "more.csv", index=False)
    fit = ["fit", tmp_path / "new", "-b", FLATS12, "-d", tmp_path / "more.csv", "--method", "regression"]
    assert_refused(invoke(*fit), "hall")
    made = invoke(*fit, "--ignore", "hall", "--step-h", "2", "--json")
    assert made.exit_code == 0, made.output
    kept = json.loads((tmp_path / "new" / "state.json").read_text(encoding="utf-8"))["readings"]
    assert (kept["step_s"], kept["ignore"]) == (7200.0, ["hall"])


def test_without_casadi_the_extra_is_named(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "casadi", None)
    assert_refused(invoke("front", work), "dhsim[balancing]", "pip install")


def test_an_interrupt_ends_the_process_though_a_solver_would_take_it() -> None:
    code = """
import os, signal
from dhsim.cli.balance_answers import ended_by_interrupt
with ended_by_interrupt():
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except KeyboardInterrupt:
        pass  # as CasADi does
print("went on")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (130, "")
    assert "stopped; nothing was written" in done.stderr
