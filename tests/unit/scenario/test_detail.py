"""The key `details`, its file names, and tables of settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from dhsim.errors import ScenarioError
from dhsim.scenario.detail import load_settings
from dhsim.scenario.load import load_scenario

RISERS = Path(__file__).parents[3] / "scenarios" / "risers"


def settings(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "set.csv"
    path.write_text(text)
    return path


def test_rows_hold_numbers_and_words(tmp_path: Path) -> None:
    rows = load_settings(settings(tmp_path, "# by hand\nid,setting,kv_m3_h\nv1,N,\nv2,2.5,\nv3,,0.4\n"))
    assert [(row.valve, row.setting, row.kv_m3_h) for row in rows] == [
        ("v1", "N", None),
        ("v2", 2.5, None),
        ("v3", None, 0.4),
    ]
    assert rows[2].place.line == 5


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (",3,", ":2:1: id: no valve named"),
        ("v1,3,0.2", "give its setting or its kv_m3_h, one of both"),
        ("v1,,", "give its setting or its kv_m3_h, one of both"),
        ("v1,,-2", "expected a positive number"),
        ("v1,,wide", "expected a positive number"),
        ("v1,3,\nv1,4,", ":3:1: id: valve 'v1': a second row (first in line 2)"),
    ],
)
def test_bad_rows_are_refused(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_settings(settings(tmp_path, f"id,setting,kv_m3_h\n{row}\n"))
    assert message in str(caught.value)


def test_unknown_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="seting"):
        load_settings(settings(tmp_path, "id,seting\nv1,3\n"))


def test_details_must_name_a_building() -> None:
    with pytest.raises(ScenarioError, match=r"details.AA: no building 'AA'"):
        load_scenario(RISERS / "baseline.yaml", {"details.AA.building": "../buildings/flats12"})


def test_file_names_are_relative_to_the_file_that_says_them(tmp_path: Path) -> None:
    variant = tmp_path / "variant.yaml"
    variant.write_text(f"extends: {RISERS / 'rebalanced.yaml'}\ndetails: {{A: {{heads: false}}}}\n")
    said = load_scenario(variant).details["A"]
    assert said.heads is False
    assert (tmp_path / said.building).resolve() == (RISERS.parent / "buildings" / "flats12").resolve()
    assert said.settings is not None
    assert (tmp_path / said.settings).resolve() == (RISERS / "rebalanced.csv").resolve()
