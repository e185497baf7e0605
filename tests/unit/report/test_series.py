from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dhsim.report import series
from dhsim.study.types import Comparison


def test_parquet_holds_everything_to_seven_digits(single: Comparison, tmp_path: Path) -> None:
    run = single.runs[0]
    (path,) = series.write_series(run, tmp_path, ("parquet",))
    back = pd.read_parquet(path)
    pd.testing.assert_frame_equal(back, run.solution.table(), check_freq=False, check_dtype=False, rtol=1e-6)
    assert path.name == "baseline.parquet"


def test_csv_is_native_step_with_units_in_its_names(single: Comparison, tmp_path: Path) -> None:
    run = single.runs[0]
    (path,) = series.write_series(run, tmp_path, ("csv",))
    back = pd.read_csv(path, index_col="time", parse_dates=True)
    table = run.solution.table()
    assert list(back.columns) == list(table.columns)
    assert (back.index == table.index).all()
    np.testing.assert_allclose(back["temp_indoor_c:b01"], table["temp_indoor_c:b01"], atol=5.1e-5, rtol=0)
    np.testing.assert_allclose(back["power_pump_w"], table["power_pump_w"], atol=0.051, rtol=0)


def test_missing_values_are_empty_cells(single: Comparison, tmp_path: Path) -> None:
    run = single.runs[0]
    table = run.solution.table().iloc[:3].astype(float)
    table.iloc[1, 0] = np.nan
    path = tmp_path / "x.csv"
    series._csv(table)(path)
    assert path.read_text().splitlines()[2].split(",")[1] == ""


def test_scorecards_are_strict_json(comparison: Comparison, tmp_path: Path) -> None:
    path = series.write_scorecards(comparison, tmp_path / "deep" / "scorecard.json")
    cards = json.loads(path.read_text(encoding="utf-8"), parse_constant=lambda text: pytest.fail(text))
    assert [card["name"] for card in cards] == list(comparison.names)
    assert cards[0]["economics"]["irr"] is None
    assert cards[1]["energy"]["year"]["heat_total_mwh"] == pytest.approx(
        comparison.runs[1].score.energy.year.heat_total_mwh
    )


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("old")

    def broken(partial: Path) -> None:
        partial.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        series.write_whole(path, broken)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_all_runs_are_written_in_the_order_of_the_comparison(comparison: Comparison, tmp_path: Path) -> None:
    paths = series.write_all_series(comparison, tmp_path, ("parquet",))
    assert [path.stem for path in paths] == list(comparison.names)
    back = pd.read_parquet(paths[2])["temp_supply_secondary_c"].to_numpy()
    computed = comparison.runs[2].solution.arrays["temp_supply_secondary_c"][:, 0]
    assert (back == computed.astype(np.float32)).all()


def test_names_become_files_of_their_own() -> None:
    assert series.file_stems(["a/b", "a b", "A_B", "."]) == {
        "a/b": "a_b",
        "a b": "a_b_2",
        "A_B": "A_B_3",
        ".": "scenario",
    }
