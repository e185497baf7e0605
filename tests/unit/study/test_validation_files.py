from __future__ import annotations

from pathlib import Path

import pytest

from dhsim.errors import ScenarioError
from dhsim.study.validation.cases import all_cases
from dhsim.study.validation.files import EXPECTED, columns, json_of, require_complete


def test_no_folder_says_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"not a folder.*destest_network, ulg_pipe"):
        all_cases(tmp_path / "absent")


def test_all_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        require_complete(tmp_path)
    assert len(caught.value.problems) == len(EXPECTED)
    assert all(name in str(caught.value) for name in EXPECTED)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text("a,b\n1,2\n")
    assert columns(file, ["b"], index="a")["b"].tolist() == [2]
    with pytest.raises(ScenarioError, match=r"table\.csv:1: c: column missing \(there are: a, b\)"):
        columns(file, ["a", "c"])


def test_what_is_no_table_or_no_json(tmp_path: Path) -> None:
    file = tmp_path / "empty.csv"
    file.write_text("")
    with pytest.raises(ScenarioError, match="cannot be read as a table"):
        columns(file, ["a"])
    with pytest.raises(ScenarioError, match="no JSON"):
        json_of(file)
    file.write_text("[1]")
    with pytest.raises(ScenarioError, match="expected an object"):
        json_of(file)
