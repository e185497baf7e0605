"""dhsim network from the shell."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from dhsim.cli import app
from dhsim.errors import ConvergenceError
from dhsim.scenario.network_read import load_network

NETWORKS = Path(__file__).parents[3] / "scenarios" / "networks"
VILLAGE, TOWN, DISTRICT = NETWORKS / "village.yaml", NETWORKS / "town.geojson", NETWORKS / "district"
PNG = b"\x89PNG\r\n\x1a\n"


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="dhsim")


def assert_refused(result: Result, *parts: str, code: int = 2) -> None:
    """A message on stderr, nothing on stdout, no traceback."""
    assert result.exit_code == code, result.output
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.stderr
    assert all(part in result.stderr for part in parts), result.stderr
    assert result.stdout == ""


def files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    def of(name: str, text: str) -> Path:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return of


@pytest.mark.parametrize("command", ["", "solve", "run", "size", "throttle", "map", "check"])
def test_help_exits_well(command: str) -> None:
    result = invoke("network", *filter(None, [command]), "--help")
    assert result.exit_code == 0
    assert f"Usage: dhsim network {command}".strip() in result.stdout


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, dhsim.cli.network; print(*(n for n in ('numpy', 'pandas', 'numba', 'rich') if n in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {"rich"}  # typer's own


def test_solve_says_what_people_want_to_know() -> None:
    result = invoke("network", "solve", VILLAGE)
    assert result.exit_code == 0, result.output
    words = ("11 consumers", "boilers", "2.08", "All 11 consumers get their heat; h4 has least to spare: 0.80 bar")
    assert all(word in result.stdout for word in words), result.stdout
    assert result.stderr == ""


def test_solve_names_who_is_short_and_what_to_do(write: Callable[[str, str], Path]) -> None:
    weak = write("weak.yaml", VILLAGE.read_text(encoding="utf-8").replace("dp_set_kpa: 80", "dp_set_kpa: 20"))
    result = invoke("network", "solve", weak)
    assert result.exit_code == 0
    assert "Consumers short of pressure or heat: 3 of 11" in result.stdout
    assert "DP_SHORT: consumer h4" in result.stdout
    assert "Raise the plant's lift by" in result.stdout


def test_solve_writes_tables_map_and_pictures(tmp_path: Path) -> None:
    out = tmp_path / "new" / "results"
    result = invoke("network", "solve", TOWN, "--out", out)
    assert result.exit_code == 0, result.output
    tables = {f"{name}.csv" for name in ("nodes", "pipes", "consumers", "producers", "elements")}
    assert files_in(out) == {*tables, "network.geojson", "map.png", "profile.png"}
    for picture in ("map.png", "profile.png"):
        assert (out / picture).read_bytes().startswith(PNG)
    pipes = pd.read_csv(out / "pipes.csv", index_col="pipe")
    features = json.loads((out / "network.geojson").read_text(encoding="utf-8"))["features"]
    shown = {
        feature["properties"]["id"]: feature["properties"]["result_mass_flow_kg_s"]
        for feature in features
        if feature["properties"]["kind"] == "pipe"
    }
    assert shown == pytest.approx(pipes["mass_flow_kg_s"].to_dict())
    assert load_network(out / "network.geojson") == load_network(TOWN)


def test_json_is_all_that_stdout_gets() -> None:
    result = invoke("network", "solve", VILLAGE, "--json")
    said = json.loads(result.stdout)
    assert said["status"] == []
    assert {row["consumer"] for row in said["consumers"]} >= {"school", "h1"}
    assert abs(said["balance"]["heat_residual_rel"]) < 1e-9


def test_run_writes_series_and_leaves_no_scratch(write: Callable[[str, str], Path], tmp_path: Path) -> None:
    series = write("s.csv", "time,heat_rel\n2021-01-01 00:00,0.5\n2021-01-01 01:00,1.0\n")
    out = tmp_path / "out"
    options = ("--plug-flow", "--out", out, "--formats", "csv,parquet")
    result = invoke("network", "run", VILLAGE, "--series", series, *options)
    assert result.exit_code == 0, result.output
    assert "2 steps of 3600 s, plug flow" in result.stdout
    assert {"consumers.csv", "totals.json", "heat_consumer_w.csv", "heat_consumer_w.parquet"} <= files_in(out)
    assert not list(out.rglob("*.npy"))
    frame = pd.read_parquet(out / "heat_consumer_w.parquet")
    assert frame["school"].tolist() == pytest.approx([210e3, 420e3])
    said = json.loads(invoke("network", "run", VILLAGE, "--series", series, "--json").stdout)
    assert said["totals"]["heat_consumed_kwh"] == pytest.approx(1.5 * 1915.0)


def test_size_writes_a_network_that_keeps_the_limits(tmp_path: Path) -> None:
    result = invoke("network", "size", VILLAGE, "--gradient-max", 150, "--series", 2, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "en253_dn125_s2" in result.stdout
    assert files_in(tmp_path / "out") == {"pipes.csv", "network.geojson", "map.png"}
    said = json.loads(invoke("network", "solve", tmp_path / "out" / "network.geojson", "--json").stdout)
    assert max(pipe["pressure_gradient_pa_m"] for pipe in said["pipes"]) <= 150.0
    rows = json.loads(invoke("network", "size", VILLAGE, "--gradient-max", 150, "--json").stdout)["pipes"]
    assert {row["pipe"] for row in rows} == {pipe["pipe"] for pipe in said["pipes"]}


@pytest.mark.parametrize("kind", ["orifice", "nozzle", "valve"])
def test_throttle_writes_a_network_in_which_all_get_their_flow(kind: str, tmp_path: Path) -> None:
    result = invoke("network", "throttle", DISTRICT, "--kind", kind, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "throttles to install" in result.stdout
    assert files_in(tmp_path / "out") == {"throttles.csv", "consumers.csv", "network.geojson", "map.png"}
    said = json.loads(invoke("network", "solve", tmp_path / "out" / "network.geojson", "--json").stdout)
    flows = {row["consumer"]: row["mass_flow_kg_s"] for row in said["consumers"]}
    assert flows["b1"] == pytest.approx(2.2)
    assert flows["b6 west"] == pytest.approx(1.7)


@pytest.mark.parametrize("name", ["map.png", "map.svg"])
@pytest.mark.parametrize(
    "options",
    [
        ("--color-by", "flow_class", "--line", "return"),
        ("--color-by", "temp", "--before", DISTRICT),
        ("--path", "b5"),
        ("--path", "b5", "--before", DISTRICT),
    ],
)
def test_map_draws(name: str, options: tuple[object, ...], tmp_path: Path) -> None:
    result = invoke("network", "map", DISTRICT, *options, "--out", tmp_path / name)
    assert result.exit_code == 0, result.output
    start = (tmp_path / name).read_bytes()[:8]
    assert start == PNG if name.endswith("png") else start.startswith(b"<?xml")


def test_check_says_what_a_network_is_or_all_that_is_wrong(write: Callable[[str, str], Path]) -> None:
    result = invoke("network", "check", VILLAGE, TOWN, DISTRICT)
    assert result.exit_code == 0, result.output
    assert [line.split(": ")[1] for line in result.stdout.splitlines()] == ["ok, village", "ok, town", "ok, district"]
    assert ["loops: 0" in line for line in result.stdout.splitlines()] == [True, False, True]
    assert "loops: 1," in result.stdout.splitlines()[1]
    broken = VILLAGE.read_text(encoding="utf-8").replace("heat_kw: 420", "heat_kw: lots").replace("end: A,", "end: AA,")
    result = invoke("network", "check", VILLAGE, write("broken.yaml", broken))
    assert result.exit_code == 2
    assert "village" in result.stdout
    assert "consumers.0.heat_kw: consumer 'school': expected a number in kW (got 'lots')" in result.stderr
    assert "broken.yaml:" in result.stderr
    assert "'AA'" in result.stderr


def test_bad_input_is_told_and_leaves_nothing(write: Callable[[str, str], Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert_refused(invoke("network", "solve", tmp_path / "none.yaml", "--out", out), "none.yaml: no such file")
    bad = write("bad.csv", "heat_rel,h1\n1,2\nx,3\n")
    refused = invoke("network", "run", VILLAGE, "--series", bad, "--out", out)
    assert_refused(refused, "bad.csv:3:1: heat_rel: expected a number (got 'x')")
    assert_refused(invoke("network", "run", VILLAGE, "--series", bad, "--formats", "xlsx"), "--formats")
    assert_refused(invoke("network", "size", VILLAGE, "--family", "en25", "--out", out), "no family of pipes 'en25'")
    assert_refused(invoke("network", "size", TOWN, "--narrowing-only"), "narrowing_only")
    assert_refused(invoke("network", "map", VILLAGE, "--out", tmp_path / "map.pdf"), ".png or .svg")
    assert_refused(invoke("network", "map", VILLAGE, "--path", "hh4", "--out", tmp_path / "p.png"), "did you mean h4?")
    assert_refused(invoke("network", "solve", VILLAGE, "--out", bad / "x"), "cannot write to")
    assert files_in(tmp_path) == {"bad.csv"}
    assert not out.exists()


def test_no_convergence_has_its_own_exit_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ConvergenceError("flows and pressures did not settle")

    monkeypatch.setattr("dhsim.network.run.solve_network", fail)
    refused = invoke("network", "solve", VILLAGE, "--out", tmp_path / "out")
    assert_refused(refused, "did not settle", code=3)
    assert not (tmp_path / "out").exists()


def test_validation_writes_its_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def page(folder: Path, out: Path, **_: object) -> Path:
        (out / "validation.html").write_text(folder.name, encoding="utf-8")
        return out / "validation.html"

    monkeypatch.setattr("dhsim.report.validation_page.validation_page", page)
    (tmp_path / "cases").mkdir()
    result = invoke("validation", tmp_path / "cases", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert files_in(tmp_path / "out") == {"validation.html"}
    assert_refused(invoke("validation", tmp_path / "none", "--out", tmp_path / "out"), "no such folder")
