"""Readings of a round: not those of the round before, read as the building says, in local time, with reasons."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dhsim.balancing.flags import Flag
from dhsim.balancing.steps import fit_round
from dhsim.balancing.workflow import open_workflow
from dhsim.errors import DhsimError

FLATS12 = Path(__file__).parents[3] / "scenarios" / "buildings" / "flats12"
Copy = Callable[[Path], Path]


def test_readings_from_before_the_valves_were_turned_are_refused(chosen_once: Path, work: Copy) -> None:
    folder, readings = work(chosen_once), chosen_once.parent / "first.csv"
    with pytest.raises(DhsimError, match=r"begin 2024-12-01 00:00 UTC, but those of round 1 end 2025-01-09 23:00 UTC"):
        fit_round(folder, data=readings, method="regression")
    assert len(open_workflow(folder).rounds) == 1
    late = readings.with_name("late.csv")
    table = pd.read_csv(readings)
    table["time"] = (pd.to_datetime(table["time"]) + pd.Timedelta(days=20)).astype(str)
    table.to_csv(late, index=False)
    with pytest.raises(DhsimError, match="cut these by --start 2025-01-10"):
        fit_round(folder, data=late, method="regression")
    assert len(fit_round(folder, data=late, method="regression", start="2025-01-10").rounds) == 2


def test_the_buildings_way_to_read_is_kept_for_later_rounds(chosen_once: Path, tmp_path: Path) -> None:
    house = shutil.copytree(FLATS12, tmp_path / "house")
    table = pd.read_csv(chosen_once.parent / "first.csv")
    table["time"] = pd.to_datetime(table["time"]).dt.tz_localize(None).astype(str)  # no offset
    table["hall"] = 15.0 + np.arange(len(table)) % 3
    table.to_csv(house / "rooms.csv", index=False)
    plan = house / "building.yaml"
    said = "sensors: {file: rooms.csv, time_zone: Europe/Stockholm, step_min: 120, ignore: [hall]}\n"
    plan.write_text(plan.read_text(encoding="utf-8") + said, encoding="utf-8")
    folder = tmp_path / "work"
    fit_round(folder, house, method="regression")
    flow = fit_round(folder, method="regression")  # anew, by what the first fit kept
    assert flow.last.series.step_s == 7200.0
    assert flow.last.series.time[0] == pd.Timestamp("2024-11-30T22:00", tz="UTC")  # steps of 2 h
    assert "hall" not in flow.last.series.zone_ids
    part = fit_round(folder, method="regression", start="2024-12-03T01:00")  # in Stockholm
    assert part.last.series.time[0] == pd.Timestamp("2024-12-03T00:00", tz="UTC")


def test_without_readings_the_way_out_is_named(tmp_path: Path) -> None:
    with pytest.raises(DhsimError, match="give --data FILE"):
        fit_round(tmp_path / "work", FLATS12)


def test_kelvin_is_told_as_such(chosen_once: Path, tmp_path: Path) -> None:
    table = pd.read_csv(chosen_once.parent / "first.csv")
    rooms = [name for name in table.columns if name.startswith("flat")]
    table[rooms] += 273.15
    table.to_csv(tmp_path / "kelvin.csv", index=False)
    with pytest.raises(DhsimError) as caught:
        fit_round(tmp_path / "work", FLATS12, tmp_path / "kelvin.csv")
    text = str(caught.value)
    assert text.index("kelvin") < text.index("outside 0 to 45 degC") < text.index("no zone has a usable sensor")


def test_codes_of_broken_sensors_are_not_taken_for_kelvin(chosen_once: Path, tmp_path: Path) -> None:
    table = pd.read_csv(chosen_once.parent / "first.csv")
    table[[name for name in table.columns if name.startswith("flat")]] = -127.0
    table.to_csv(tmp_path / "dead.csv", index=False)
    with pytest.raises(DhsimError, match=r"^flat 11: .*-127") as caught:
        fit_round(tmp_path / "work", FLATS12, tmp_path / "dead.csv")
    assert "kelvin" not in str(caught.value)


def test_an_unknown_time_zone_is_named(chosen_once: Path, tmp_path: Path) -> None:
    readings = chosen_once.parent / "first.csv"
    with pytest.raises(DhsimError, match="--time-zone: unknown time zone 'Nowhere/X'"):
        fit_round(tmp_path / "work", FLATS12, readings, time_zone="Nowhere/X", start="2024-12-05")


def test_a_thermostat_is_flagged_once(chosen_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dhsim.balancing import steps

    def flagged(function, text):
        def fitted(*readings, **options):
            fit = function(*readings, **options)
            return dataclasses.replace(fit, flags=(*fit.flags, Flag("trv", "flat 11", text)))

        return fitted

    monkeypatch.setattr(steps, "identify", flagged(steps.identify, "by the regression"))
    monkeypatch.setattr(steps, "identify_kalman", flagged(steps.identify_kalman, "by the filter"))
    flow = fit_round(tmp_path / "work", FLATS12, chosen_once.parent / "first.csv", end="2024-12-12")
    assert [flag.message for flag in flow.last.whole.flags if flag.kind == "trv"] == ["by the filter"]


def test_an_older_folder_is_read(chosen_once: Path, work: Copy) -> None:
    folder = work(chosen_once)
    state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
    state.pop("readings")
    (folder / "state.json").write_text(json.dumps(state), encoding="utf-8")
    assert open_workflow(folder).state.readings is None
