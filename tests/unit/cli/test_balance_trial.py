"""dhsim balance readings, try, excite from the shell: the toy of three flats, from readings to a test signal."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from dhsim.balancing.round_files import write_arrays
from dhsim.balancing.sensor_table import is_made_up
from dhsim.balancing.steps import fit_round
from dhsim.balancing.workflow import (
    CHOICE_NAME,
    MADE_NAME,
    ChoiceState,
    FrontOptions,
    MadeState,
    open_workflow,
    write_state,
)
from dhsim.cli import app

BUILDINGS = Path(__file__).parents[3] / "scenarios" / "buildings"
TOY, FLATS12 = BUILDINGS / "toy.yaml", BUILDINGS / "flats12"


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["balance", *map(str, arguments)], prog_name="dhsim")


def done(*arguments: object) -> Result:
    result = invoke(*arguments)
    assert result.exit_code == 0, result.output
    return result


def assert_refused(result: Result, *parts: str) -> None:
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.stderr
    assert all(part in result.stderr for part in parts), result.stderr
    assert result.stdout == ""


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Readings of the toy, its truth beside them."""
    folder = tmp_path_factory.mktemp("made")
    result = done("readings", TOY, "--out", folder / "rooms.csv", "--days", 30)
    assert "synthetic readings of 3 flats" in result.stdout
    assert "truth.json" in result.stderr
    return folder


def choose_by_hand(folder: Path) -> None:
    """Choose settings without the optimiser: the second valve at a quarter of its Kv."""
    flow = open_workflow(folder)
    settings = flow.last.building.resistance_valves_pa_s2_m6 * [1.0, 16.0, 1.0]
    write_arrays(flow.last.folder / CHOICE_NAME, resistance_valves_pa_s2_m6=settings)
    choice = ChoiceState(zeta=0.5, options=FrontOptions(), rounded=False, from_front=False)
    told = dataclasses.replace(flow.last.state, choice=choice)
    write_state(folder, dataclasses.replace(flow.state, rounds=(*flow.state.rounds[:-1], told)))


@pytest.fixture(scope="module")
def work(made: Path) -> Path:
    """A folder with a fit and a choice."""
    folder = made / "house"
    fit_round(folder, TOY, made / "rooms.csv", method="regression")
    choose_by_hand(folder)
    return folder


@pytest.mark.parametrize("command", ["readings", "try", "excite"])
def test_help_exits_well(command: str) -> None:
    assert f"Usage: dhsim balance {command}" in done(command, "--help").stdout


def test_import_loads_nothing_heavy() -> None:
    code = "import sys, dhsim.cli; print(*(n for n in ('numpy', 'pandas', 'numba', 'casadi') if n in sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""


def test_readings_are_what_fit_reads_and_say_that_they_are_made_up(made: Path, tmp_path: Path) -> None:
    lines = (made / "rooms.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# synthetic")
    assert lines[1] == "time,temp_supply_c,temp_outdoor_c,flat 1,flat 2,flat 3"
    assert len(lines) == 2 + 30 * 24
    # a building that says nothing of itself: the file alone makes the work synthetic
    plain = tmp_path / "plain.yaml"
    said = TOY.read_text(encoding="utf-8").splitlines(keepends=True)
    silent = (line for line in said if not line.startswith(("description:", "made_up:")))
    plain.write_text("".join(silent), encoding="utf-8")
    told = json.loads(done("fit", tmp_path / "w", "-b", plain, "-d", made / "rooms.csv", "--json").stdout)
    assert told["synthetic"] is True
    (tmp_path / "bare.csv").write_text("\n".join(lines[1:]) + "\n", encoding="utf-8")
    told = json.loads(done("fit", tmp_path / "v", "-b", plain, "-d", tmp_path / "bare.csv", "--json").stdout)
    assert told["synthetic"] is False


def test_a_bad_line_is_named_behind_the_remark(made: Path, tmp_path: Path) -> None:
    lines = (made / "rooms.csv").read_text(encoding="utf-8").splitlines()
    lines[9] = lines[9].rsplit(",", 1)[0] + ",warm"
    (tmp_path / "odd.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert_refused(invoke("fit", tmp_path / "w", "-b", TOY, "-d", tmp_path / "odd.csv"), "odd.csv:10: flat 3", "warm")


def test_readings_come_again_from_their_seed(made: Path, tmp_path: Path) -> None:
    for seed in (1, 2):
        done("readings", TOY, "--out", tmp_path / str(seed) / "rooms.csv", "--days", 30, "--seed", seed)
    first = (made / "rooms.csv").read_bytes()
    assert (tmp_path / "1" / "rooms.csv").read_bytes() == first
    assert (tmp_path / "2" / "rooms.csv").read_bytes() != first
    assert (tmp_path / "1" / "truth.json").read_bytes() == (made / "truth.json").read_bytes()


def test_a_truth_is_not_overwritten_by_that_of_other_readings(made: Path) -> None:
    before = (made / "truth.json").read_bytes()
    assert_refused(invoke("readings", TOY, "--out", made / "more.csv"), "truth of rooms.csv", "--truth")
    assert (made / "truth.json").read_bytes() == before


def test_heads_and_finer_readings(tmp_path: Path) -> None:
    told = {}
    for heads in ("off", "on"):
        out = tmp_path / heads / "rooms.csv"
        result = done("readings", TOY, "-o", out, "--days", 5, "--step", 0.25, "--heads", heads, "--room", 22, "--json")
        told[heads] = json.loads(result.stdout)
        assert told[heads]["rows"] == 5 * 96
    warm = {heads: said["temp_mean_c"]["flat 3"] for heads, said in told.items()}
    assert warm["on"] < warm["off"]


def test_try_says_what_the_new_settings_do(work: Path, made: Path, tmp_path: Path) -> None:
    truth = ("--truth", made / "truth.json", "--days", 20)
    told = json.loads(done("try", work, "--out", tmp_path, *truth, "--json").stdout)
    cases = {(case["setting"], case["heads"]): case for case in told["cases"]}
    assert len(cases) == 6
    assert told["weather_synthetic"] is True
    now, new = cases["present", "off"], cases["chosen", "off"]
    assert new["flow_l_h"] < now["flow_l_h"]
    assert new["coldest"] == "flat 2"
    assert new["spread_mean_k"] > now["spread_mean_k"]  # a quarter of the Kv is no balancing
    assert now["temp_mean_c"] == pytest.approx(new["temp_mean_c"], abs=0.1)
    assert cases["chosen", "on"]["flow_l_h"] < new["flow_l_h"]
    page = (tmp_path / "try.html").read_text(encoding="utf-8")
    assert "Synthetic readings and weather." in page
    table = pd.read_csv(tmp_path / "try.csv")
    assert table["heat_kwh"].tolist() == pytest.approx([case["heat_kwh"] for case in told["cases"]], rel=1e-4)
    assert list(pd.read_csv(tmp_path / "try_flats.csv")["flat"]) == ["flat 1", "flat 2", "flat 3"]
    assert (tmp_path / "try_flats.png").read_bytes().startswith(b"\x89PNG")


def test_try_takes_a_weather_file_and_one_kind_of_heads(work: Path, tmp_path: Path) -> None:
    hours = pd.date_range("2024-01-01", periods=24 * 60, freq="h")
    cold = np.where((hours.day_of_year > 20) & (hours.day_of_year <= 45), -10.0, 5.0)
    sky = pd.DataFrame({"time": hours.strftime("%Y-%m-%d %H:%M"), "temp_outdoor_c": cold})
    sky.to_csv(tmp_path / "sky.csv", index=False)
    options = ("--heads", "off", "--no-plan", "--weather", tmp_path / "sky.csv", "--room", 20)
    result = done("try", work, "--days", 10, "--out", tmp_path, *options)
    assert "sky.csv, its coldest 25 days" in result.stdout
    assert "Heads on" not in result.stdout
    assert "chosen" in result.stdout
    assert "synthetic weather" not in result.stdout
    assert_refused(invoke("try", work, "--weather", tmp_path / "sky.csv"), "sky.csv", "60.0 days", "--days")
    assert_refused(invoke("try", work, "--weather", tmp_path / "no.csv"), "no.csv", "no such file")


def test_readings_of_the_next_round_need_the_same_truth(work: Path, made: Path, tmp_path: Path) -> None:
    assert_refused(invoke("readings", work, "--out", tmp_path / "rooms2.csv"), "--truth truth.json")
    truth = ("--truth", made / "truth.json")
    done("readings", work, "--out", tmp_path / "rooms2.csv", "--days", 30, *truth)
    assert not (tmp_path / "truth.json").exists()
    before, after = (pd.read_csv(path, comment="#") for path in (made / "rooms.csv", tmp_path / "rooms2.csv"))
    assert after["flat 2"].mean() < before["flat 2"].mean() - 1.0


def test_try_takes_the_settings_that_were_made(work: Path, made: Path, tmp_path: Path) -> None:
    house = tmp_path / "house"
    shutil.copytree(work, house)
    flow = open_workflow(house)
    settings = flow.last.building.resistance_valves_pa_s2_m6 * [1.0, 4.0, 1.0]  # half the Kv, not a quarter
    write_arrays(flow.last.folder / MADE_NAME, resistance_valves_pa_s2_m6=settings)
    told = dataclasses.replace(flow.last.state, made=MadeState("by hand", ("valve 2",)))
    write_state(house, dataclasses.replace(flow.state, rounds=(told,)))
    options = ("--truth", made / "truth.json", "--days", 20, "--heads", "off", "--no-plan", "--json")
    flows = {}
    for folder, name in ((work, "chosen"), (house, "made")):
        result = done("try", folder, "--out", tmp_path, *options)
        said = json.loads(result.stdout)
        assert [case["setting"] for case in said["cases"]] == ["present", name]
        assert ("recorded as made" in result.stderr) == (name == "made")
        flows[name] = said["cases"][1]["flow_l_h"]
    assert flows["made"] > flows["chosen"]


def test_parquet_readings_say_that_they_are_made_up(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "rooms.parquet"
    done("readings", TOY, "--out", out, "--days", 30)
    table, same = pd.read_parquet(out), pd.read_csv(made / "rooms.csv", comment="#")
    pd.testing.assert_frame_equal(table, same, check_exact=False, atol=2e-3, check_dtype=False)
    assert is_made_up(out)
    table.to_parquet(tmp_path / "bare.parquet")
    assert not is_made_up(tmp_path / "bare.parquet")
    (tmp_path / "odd.parquet").write_text("none", encoding="utf-8")
    assert not is_made_up(tmp_path / "odd.parquet")
    flow = fit_round(tmp_path / "w", TOY, out, method="regression")
    assert flow.state.synthetic


def test_a_rough_world_can_be_asked_for(tmp_path: Path) -> None:
    def read(name: str, *options: object) -> tuple[pd.DataFrame, dict[str, Any]]:
        out = tmp_path / name / "rooms.csv"
        done("readings", TOY, "-o", out, "--days", 10, *options)
        truth = json.loads((out.parent / "truth.json").read_text(encoding="utf-8"))
        return pd.read_csv(out, comment="#").select_dtypes("number"), truth

    (plain, truth), (warm, _) = read("plain"), read("warm", "--gains", 200)
    assert (warm.mean() - plain.mean())[["flat 1", "flat 2", "flat 3"]].min() > 1.0
    _, rough = read("rough", "--exponent", 1.5, "--walls", 7)
    assert {row["exponent"] for row in rough["radiators"]} == {1.5}
    assert {row["ua_w_k"] for row in rough["neighbours"]} == {7.0}
    assert len(rough["neighbours"]) == 2
    assert [row["heat_loss_w_k"] for row in rough["zones"]] == [row["heat_loss_w_k"] for row in truth["zones"]]
    odd = invoke("readings", TOY, "-o", tmp_path / "r.csv", "--exponent", 9)
    assert_refused(odd, "--exponent", "1 to 2")
    given = ("--truth", tmp_path / "plain" / "truth.json")
    assert_refused(invoke("readings", TOY, "-o", tmp_path / "r.csv", "--walls", 7, *given), "--walls", "leave them out")


def test_excite_writes_a_signal_within_comfort(work: Path, tmp_path: Path) -> None:
    out = tmp_path / "signal.csv"
    result = done("excite", work, "--comfort-k", 0.5, "--days", 14, "--out", out, "--start", "2025-02-01", "--json")
    told = json.loads(result.stdout)
    table = pd.read_csv(out)
    assert list(table.columns) == ["hour", "time", "offset_k"]
    assert len(table) == 14 * 24
    assert table["time"].iloc[1] == "2025-02-01T01:00:00Z"
    assert table["offset_k"].abs().max() == pytest.approx(told["amplitude_k"], abs=0.006)
    assert told["comfort_peak_k"] <= 0.5 + 1e-9
    shares = told["theta_share_rel"]
    assert all(shares["with_test"][zone] < shares["without"][zone] for zone in ("flat 1", "flat 2", "flat 3"))
    assert out.with_suffix(".png").is_file()
    shown = done("excite", work, "--out", out)
    assert "(proposed)" in shown.stdout
    assert list(pd.read_csv(out).columns) == ["hour", "offset_k"]


def test_bad_input_is_refused(work: Path, made: Path, tmp_path: Path) -> None:
    odd = invoke("readings", TOY, "--out", tmp_path / "rooms.txt", "--days", 0.1, "--step", 0.7, "--noise", -1)
    assert_refused(odd, "--out", "--days", "--step", "--noise")
    assert_refused(invoke("readings", TOY, "--out", tmp_path / "r.csv", "--start", "soon"), "--start")
    assert_refused(invoke("readings", TOY, "--out", tmp_path / "r.csv", "--deviation", -1), "--deviation")
    silent = tmp_path / "silent.yaml"
    silent.write_text(TOY.read_text(encoding="utf-8").replace(", time_constant_d: 6", ""), encoding="utf-8")
    assert_refused(
        invoke("readings", silent, "--out", tmp_path / "r.csv"), "silent.yaml:", "zones.0", "time_constant_d"
    )
    for command in ("try", "excite"):
        assert_refused(invoke(command, tmp_path / "none"), "dhsim balance fit")
    fit_round(tmp_path / "fresh", TOY, made / "rooms.csv", method="regression")
    assert_refused(invoke("try", tmp_path / "fresh"), "dhsim balance choose")
    assert_refused(invoke("excite", work, "--days", 99), "--days", "30 days")
    assert_refused(invoke("excite", work, "--out", tmp_path / "s.xlsx"), ".csv")
    assert_refused(invoke("excite", work, "--start", "soon", "--out", tmp_path / "s.csv"), "--start")
    assert not {"rooms.txt", "r.csv", "s.csv"} & {path.name for path in tmp_path.iterdir()}


def test_an_unfit_truth_is_refused_by_key(work: Path, made: Path, tmp_path: Path) -> None:
    def refused(change: dict[str, object], *parts: str) -> None:
        path = tmp_path / "odd.json"
        path.write_text(json.dumps({**json.loads((made / "truth.json").read_text("utf-8")), **change}), "utf-8")
        assert_refused(invoke("try", work, "--truth", path), "odd.json", *parts)

    assert_refused(invoke("try", work, "--truth", tmp_path / "none.json"), "none.json", "dhsim balance readings")
    (tmp_path / "broken.json").write_text('{"zones": [', encoding="utf-8")
    assert_refused(invoke("try", work, "--truth", tmp_path / "broken.json"), "broken.json:1:")
    refused({"schema_version": 9}, "schema_version")
    refused({"zones": []}, "zones", "flat 1", "nothing is said")
    room = {"id": "flat 1", "heat_loss_w_k": "much", "heat_capacity_j_k": 1.0}
    refused({"zones": [room]}, "zones.0.heat_loss_w_k", "'much'")
    odd = [{"id": name, "heat_loss_w_k": 20.0, "heat_capacity_j_k": -1.0} for name in ("flat 1", "flat 2", "flat 3")]
    refused({"zones": odd}, "heat capacity", "flat 1")
    refused({"zones": [*odd, {**odd[0], "id": "flat 11"}]}, "did you mean flat 1?")
    refused({"neighbours": [{"first": "flat 1", "second": "attic", "ua_w_k": 1.0}]}, "neighbours.second", "attic")


@pytest.mark.slow
def test_from_readings_to_trial_as_the_readme_has_it(tmp_path: Path) -> None:
    pytest.importorskip("casadi", reason="the Pareto optimiser needs the extra [balancing]")
    rooms, house = tmp_path / "rooms.csv", tmp_path / "my_house"
    done("readings", FLATS12, "--out", rooms)
    fitted = json.loads(done("fit", house, "--building", FLATS12, "--data", rooms, "--json").stdout)
    assert fitted["synthetic"] is True
    done("front", house)
    done("choose", house, "--zeta", 0.5, "--max-valves", 6)
    for truth in ((), ("--truth", tmp_path / "truth.json")):
        told = json.loads(done("try", house, "--json", *truth).stdout)
        cases = {(case["setting"], case["heads"]): case for case in told["cases"]}
        low, high = told["expected_angle_rad"]
        assert low <= cases["chosen", "off"]["angle_rad"] <= high
        for heads in ("off", "on"):
            assert cases["chosen", heads]["spread_mean_k"] < 0.8 * cases["present", heads]["spread_mean_k"]
    # as fitted: phi of the trial's present settings is that of the fit
    told = json.loads(done("try", house, "--json", "--heads", "off", "--days", 10).stdout)
    assert told["cases"][0]["angle_rad"] == pytest.approx(fitted["angle_rad"], rel=1e-6)
    done("excite", house)
    assert (house / "excitation.csv").is_file()
