from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import dhsim
from dhsim.cli import app
from dhsim.errors import ConvergenceError
from dhsim.scenario.starter import init_case

SHORT = """\
schema_version: 1
extends: {starter}
name: {name}
time:
  start: 2021-03-01
  days: 2
"""


@pytest.fixture(scope="module")
def case_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two scenarios of two days each on top of the starter."""
    folder = tmp_path_factory.mktemp("case")
    written = init_case(folder / "starter")
    starter = next(path for path in written if path.suffix == ".yaml")
    for name in ("first", "second"):
        text = SHORT.format(starter=starter.relative_to(folder), name=name)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


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


def _no_simulation(*_: object, **__: object) -> None:
    raise AssertionError("simulated although the output folder cannot be written")


def test_version() -> None:
    assert invoke("version").stdout == f"dhsim {dhsim.__version__}\n"


@pytest.mark.parametrize("arguments", [["--help"], ["compare", "--help"]])
def test_help_exits_well(arguments: list[str]) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 0
    assert "Usage: dhsim" in result.stdout


def test_module_is_the_same_command(project_root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dhsim", "version"], capture_output=True, text=True, check=True, cwd=project_root
    )
    assert done.stdout == f"dhsim {dhsim.__version__}\n"


def test_check_says_what_a_case_is(case_folder: Path) -> None:
    result = invoke("check", case_folder)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert [line.partition(": ")[0] for line in lines] == [str(case_folder / f"{n}.yaml") for n in ("first", "second")]
    for line in lines:
        assert all(word in line for word in ("ok", "buildings", "MW", "CPT +0.3", "2 days from 2021-03-01")), line


def test_check_tells_all_problems_of_all_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text("schema_version: 1\nnonsense: 3\nseed: many\n", encoding="utf-8")
    assert_refused(invoke("check", tmp_path), "one.yaml:2:1: nonsense", "one.yaml:3:", "two.yaml:2:1: nonsense", "seed")


def test_compare_tells_all_problems_of_all_files(case_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "case"
    shutil.copytree(case_folder, folder)
    (folder / "first.yaml").write_text("extends: starter/baseline.yaml\nplant: {bogus: 1}\n", encoding="utf-8")
    (folder / "third.yaml").write_text("extends: starter/baseline.yaml\nemissions: {fuel: xx}\n", encoding="utf-8")
    result = invoke("compare", folder, "--out", tmp_path / "out")
    assert_refused(result, "first.yaml:2:9: plant.bogus", "third.yaml:2:13: emissions.fuel")
    assert result.stderr.count("plant.bogus") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("reference", ["nowhere:decide", "broken:decide", "broken.py"])
def test_a_user_strategy_that_cannot_be_loaded_is_bad_input(reference: str, case_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(case_folder / "starter", tmp_path / "starter")
    (tmp_path / "broken.py").write_text("raise RuntimeError('no')\n", encoding="utf-8")
    text = f'extends: starter/baseline.yaml\ncontrol: {{strategy: "{reference}"}}\n'
    (tmp_path / "own.yaml").write_text(text, encoding="utf-8")
    assert_refused(invoke("check", tmp_path / "own.yaml"), "own.yaml:2:11: control.strategy: user strategy", reference)


def test_problems_of_other_files_are_named_from_the_working_directory(
    case_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(case_folder / "starter", tmp_path / "starter")
    (tmp_path / "w.csv").write_text("time,temp_outdoor_c\n", encoding="utf-8")
    (tmp_path / "own.yaml").write_text("extends: starter/baseline.yaml\nweather: {file: w.csv}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    result = invoke("check", "own.yaml")
    assert_refused(result)
    assert result.stderr.splitlines()[1].startswith("w.csv:1: weather.file: ")


def test_check_sees_what_is_wrong_between_files(case_folder: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        text = SHORT.format(starter=case_folder / "first.yaml", name="same")
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    result = invoke("check", tmp_path)
    assert result.exit_code == 2
    assert "same" in result.stderr
    assert invoke("check", tmp_path / "a.yaml").exit_code == 0


@pytest.mark.parametrize("command", ["check", "compare", "run"])
def test_missing_file_is_bad_input(command: str, tmp_path: Path) -> None:
    assert_refused(invoke(command, tmp_path / "none.yaml"), "none.yaml", "no such file")


def test_compare_prints_and_writes(case_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "results"
    result = invoke("compare", case_folder, "--out", out, "--formats", "csv,parquet")
    assert result.exit_code == 0, result.output
    assert "first" in result.stdout
    assert "second" in result.stdout
    series = {f"{name}.{kind}" for name in ("first", "second") for kind in ("csv", "parquet")}
    assert files_in(out) == {"report.html", "scorecard.json", "buildings.csv", "pipes.csv", *series}
    scores = json.loads((out / "scorecard.json").read_text(encoding="utf-8"))
    assert [score["name"] for score in scores] == ["first", "second"]
    assert len(pd.read_parquet(out / "first.parquet")) == 2 * 24 * 4


def test_compare_writes_what_is_asked_for(case_folder: Path, tmp_path: Path) -> None:
    assert invoke("compare", case_folder, "--out", tmp_path, "--no-report", "--no-series").exit_code == 0
    assert files_in(tmp_path) == {"scorecard.json"}


def test_json_is_all_that_stdout_gets(case_folder: Path, tmp_path: Path) -> None:
    result = invoke("compare", case_folder, "--json", "--out", tmp_path, "--no-report", "--no-series")
    assert result.exit_code == 0, result.output
    assert result.stdout == (tmp_path / "scorecard.json").read_text(encoding="utf-8")
    assert json.loads(result.stdout)[0]["name"] == "first"


def test_run_is_one_scenario(case_folder: Path) -> None:
    result = invoke("run", case_folder / "second.yaml", "--json")
    assert [score["name"] for score in json.loads(result.stdout)] == ["second"]
    assert_refused(invoke("run", case_folder), "is a folder", "dhsim compare")


def test_unwritable_place_is_told_before_the_simulation(
    case_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dhsim.study.run.simulate", _no_simulation)
    (tmp_path / "file").write_text("a file is no folder", encoding="utf-8")
    assert_refused(invoke("compare", case_folder, "--out", tmp_path / "file" / "results"), "cannot write to")
    assert files_in(tmp_path) == {"file"}


@pytest.mark.parametrize("formats", ["xlsx", "", "csv;parquet"])
def test_unknown_format_is_told_before_the_simulation(
    formats: str, case_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dhsim.study.run.simulate", _no_simulation)
    result = invoke("compare", case_folder, "--out", tmp_path, "--formats", formats)
    assert_refused(result, "--formats", "csv, parquet")


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (ConvergenceError("the first at 2021-03-01"), 3, "the first at 2021-03-01"),
        (KeyboardInterrupt(), 130, "nothing was written"),
    ],
)
def test_a_simulation_that_ends_early_leaves_nothing(
    error: BaseException, code: int, words: str, case_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("dhsim.study.run.simulate", fail)
    assert_refused(invoke("compare", case_folder, "--out", tmp_path / "results"), words, code=code)
    assert not (tmp_path / "results").exists()


def test_a_full_disk_leaves_the_old_results_whole(
    case_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "scorecard.json").write_text("old", encoding="utf-8")
    monkeypatch.setattr("dhsim.report.html.write_report", fail)
    result = invoke("compare", case_folder, "--out", tmp_path)
    assert_refused(result, "cannot write to", os.strerror(errno.ENOSPC))
    assert files_in(tmp_path) == {"scorecard.json"}
    assert (tmp_path / "scorecard.json").read_text(encoding="utf-8") == "old"


def test_init_check_compare_is_a_way_that_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first = invoke("init", "my_case")
    assert first.exit_code == 0, first.output
    assert "dhsim check my_case" in first.stdout
    assert invoke("check", "my_case").exit_code == 0


def test_init_does_not_overwrite(tmp_path: Path) -> None:
    assert invoke("init", tmp_path / "case").exit_code == 0
    before = {path: path.read_bytes() for path in (tmp_path / "case").rglob("*") if path.is_file()}
    assert_refused(invoke("init", tmp_path / "case"), "case")
    assert {path: path.read_bytes() for path in (tmp_path / "case").rglob("*") if path.is_file()} == before


def test_paper_asks_for_what_it_needs(tmp_path: Path) -> None:
    assert_refused(invoke("paper", "tomsk"), "no paper 'tomsk'", "omsk")
    assert_refused(invoke("paper", "omsk", "--scenarios", tmp_path / "none"), "no such file or folder")


def test_first_run_announces_the_compilation(case_folder: Path, tmp_path: Path, project_root: Path) -> None:
    """On stderr, once; stdout stays clean."""
    shutil.copytree(project_root / "dhsim", tmp_path / "dhsim", ignore=shutil.ignore_patterns("__pycache__"))
    environment = {**os.environ, "DHSIM_CACHE_DIR": str(tmp_path / "cache"), "NUMBA_DISABLE_JIT": "0"}
    said = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-m", "dhsim", "run", str(case_folder / "first.yaml"), "--json"],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
            env=environment,
        )
        assert json.loads(done.stdout)[0]["name"] == "first"
        said.append(done.stderr)
    assert said[0].count("compiling the simulation kernel") == 1
    assert "compiling" not in said[1]
