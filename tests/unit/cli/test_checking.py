"""dhsim check of buildings and networks, and the building that dhsim init begins with."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dhsim.cli import app


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="dhsim")


def test_a_building_is_checked_as_one(project_root: Path) -> None:
    result = invoke("check", project_root / "scenarios" / "buildings" / "flats12")
    assert result.exit_code == 0, result.output
    assert "ok, 12 flats (synthetic): 12 flats of" in result.stdout
    assert "30 radiators, 40 valves, 10 of them for several radiators (risers)" in result.stdout
    assert "l/h at 12 kPa, as the protocol has it; made-up figures\n" in result.stdout


def test_a_folder_of_buildings_is_checked(project_root: Path) -> None:
    result = invoke("check", project_root / "scenarios" / "buildings")
    assert result.exit_code == 0, result.output
    assert "toy.yaml: ok, toy of figures 1 and 2: 3 flats" in result.stdout
    assert "flats70.yaml: ok" in result.stdout
    assert "61 of them for several radiators" in result.stdout


def test_networks_are_checked_as_networks(project_root: Path) -> None:
    folder = project_root / "scenarios" / "networks"
    result = invoke("check", folder / "village.yaml", folder / "district")
    assert result.exit_code == 0, result.output
    assert result.stdout.count("consumers:") == 2


def test_a_wrong_network_does_not_hide_a_right_building(project_root: Path, tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text("consumers: []\nproducers: []\n", encoding="utf-8")
    result = invoke("check", tmp_path / "net.yaml", project_root / "scenarios" / "buildings" / "toy.yaml")
    assert result.exit_code == 2
    assert "net.yaml: not good" in result.stderr
    assert "toy.yaml: ok" in result.stdout


def test_a_protocol_that_contradicts_the_pump_is_told(project_root: Path, tmp_path: Path) -> None:
    text = (project_root / "scenarios" / "buildings" / "toy.yaml").read_text(encoding="utf-8")
    (tmp_path / "gården.yaml").write_text(text.replace("flow_l_h: 72", "flow_l_h: 720"), encoding="utf-8")
    result = invoke("check", tmp_path / "gården.yaml")
    assert result.exit_code == 2
    assert "gården.yaml: not good" in result.stderr
    assert "kPa of the pump's 8 kPa" in result.stderr
    assert "unknown key" not in result.stderr
    assert result.stdout == ""


def test_init_building_check_classical_is_a_way_that_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first = invoke("init", "--building", "my_house")
    assert first.exit_code == 0, first.output
    assert "next: dhsim check my_house && dhsim balance classical my_house" in first.stdout
    checked = invoke("check", "my_house")
    assert checked.exit_code == 0, checked.output
    assert "ok, my house: 4 flats of 6.5 kW" in checked.stdout
    assert checked.stderr == "", "the starter gives no caution"
    classical = invoke("balance", "classical", "my_house")
    assert classical.exit_code == 0, classical.output
    assert classical.stderr.replace("calculating", "").strip() == ""
    again = invoke("init", "--building", "my_house")
    assert again.exit_code == 2
    assert "exists already" in again.stderr


def test_the_readings_that_a_building_names_are_checked_too(tmp_path: Path) -> None:
    house = tmp_path / "my_house"
    assert invoke("init", "--building", house).exit_code == 0
    file = house / "building.yaml"
    text = file.read_text(encoding="utf-8")
    for line in ("sensors:", "  file: rooms.csv", "  time_zone: Europe/Stockholm", "  step_min: 60"):
        assert f"# {line}" in text
        text = text.replace(f"# {line}", line)
    file.write_text(text, encoding="utf-8")
    missing = invoke("check", house)
    assert missing.exit_code == 2
    assert "rooms.csv: no such file" in missing.stderr
    rows = [
        f"2024-11-{1 + hour // 24:02d} {hour % 24:02d}:00,{40 + hour % 7},{hour % 5 - 2},"
        + ",".join(f"{20 + (hour * flat) % 3 / 10:.1f}" for flat in range(1, 5))
        for hour in range(72)
    ]
    header = "time,temp_supply_c,temp_outdoor_c,flat 11,flat 12,flat 21,flat 22\n"
    (house / "rooms.csv").write_text(header + "\n".join(rows) + "\n", encoding="utf-8")
    result = invoke("check", house)
    assert result.exit_code == 0, result.output
    assert "readings of 4 flats: 72 steps of 60 min from 2024-10-31 23:00" in result.stdout


def test_a_building_with_semicolons_and_decimal_commas(project_root: Path, tmp_path: Path) -> None:
    shutil.copytree(project_root / "scenarios" / "buildings" / "flats12", tmp_path / "house")
    for table in (tmp_path / "house").glob("*.csv"):
        text = table.read_text(encoding="utf-8").replace(",", ";")
        if table.stem in ("radiators", "pipes"):
            text = re.sub(r";(\d+)\.(\d+)(?=;|$)", r";\1,\2", text, flags=re.MULTILINE)
        table.write_text(text, encoding="utf-8")
    assert "1270,0" in (tmp_path / "house" / "radiators.csv").read_text(encoding="utf-8")
    plain = invoke("check", project_root / "scenarios" / "buildings" / "flats12").stdout.split(": ok")[1]
    assert invoke("check", tmp_path / "house").stdout.split(": ok")[1].split(": ", 1)[1] == plain.split(": ", 1)[1]
