"""Small tables filled in by hand: titles in any order, any separator, lines counted as an editor does."""

from __future__ import annotations

from pathlib import Path

import pytest

from dhsim.balancing.work_tables import TableRow, read_work_table
from dhsim.errors import ScenarioError

COLUMNS = {"valve": ("id", "valve"), "setting": ("setting", "made")}


@pytest.mark.parametrize(
    "content",
    [
        "id,setting\n\n# a remark\nv1, 3 \n",
        "\ufeffSetting;other;ID\n\n\n3;x;v1\n",
        'made\tvalve\r\n\r\n\r\n"3"\tv1\r\n',
    ],
)
def test_rows_are_read_with_their_line(content: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content.encode())
    assert read_work_table(path, COLUMNS) == [TableRow(4, {"valve": "v1", "setting": "3"})]


def test_commas_within_quotes_part_nothing(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('id,flats,setting\nv1,"flat 1, flat 2",3\n', encoding="utf-8")
    assert read_work_table(path, COLUMNS)[0].cells["setting"] == "3"


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("name,new\nv1,3\nv2\nv3,4,5\n", encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        read_work_table(path, COLUMNS)
    assert [(problem.line, problem.key) for problem in caught.value.problems] == [
        (1, "id"),
        (1, "setting"),
        (3, ""),
        (4, ""),
    ]
    path.write_bytes(b"id,setting\n\xe4,3\n")
    with pytest.raises(ScenarioError, match="UTF-8"):
        read_work_table(path, COLUMNS)
