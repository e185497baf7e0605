"""Settings really made: read, checked against the valves, kept in their round, and taken by the next fit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dhsim.balancing.guidance import changes_frame, valve_changes
from dhsim.balancing.made import (
    made_beside_chosen,
    read_settings_made,
    record_made,
    setting_kv_m3_h,
    settings_of_options,
)
from dhsim.balancing.round_response import implausible
from dhsim.balancing.steps import fit_round
from dhsim.balancing.workflow import STATE_NAME, Round, open_workflow
from dhsim.errors import DhsimError
from dhsim.model.valve_type import catalogue_valve

Copy = Callable[[Path], Path]


def settings(at: Round, name: str) -> tuple[float, float, float]:
    """Resistance of a valve before, as chosen and as made."""
    v = at.building.valve_ids.index(name)
    sides = at.building.resistance_valves_pa_s2_m6, at.choice.resistance_valves_pa_s2_m6
    return (*(float(side[v]) for side in sides), float(at.made.resistance_valves_pa_s2_m6[v]))


@pytest.mark.parametrize(
    ("text", "kv_m3_h"),
    [
        ("2", 0.571),
        ("2,0", 0.571),
        (" 2.0 turns", 0.571),
        ("2 turn", 0.571),
        ("Kv 0.571 m3/h", 0.571),
        ("kv=0,571", 0.571),
    ],
)
def test_a_setting_is_read_as_people_write_it(text: str, kv_m3_h: float) -> None:
    assert setting_kv_m3_h(catalogue_valve("stad_dn15"), text) == pytest.approx(kv_m3_h)
    assert setting_kv_m3_h(None, "0.571") == pytest.approx(0.571)


def test_a_preset_may_be_a_word() -> None:
    kind = catalogue_valve("ra_n_15")
    assert setting_kv_m3_h(kind, "N on the scale") == setting_kv_m3_h(kind, "n") == kind.kv_m3_h[-1]


@pytest.mark.parametrize(("text", "message"), [("9", "beyond its range"), ("wide", "no setting"), ("Kv x", "no Kv")])
def test_what_is_no_setting_is_refused(text: str, message: str) -> None:
    with pytest.raises(DhsimError, match=message):
        setting_kv_m3_h(catalogue_valve("stad_dn15"), text)
    with pytest.raises(DhsimError, match="no Kv"):
        setting_kv_m3_h(None, "-1")


def test_a_stuck_valve_stays_and_the_others_are_as_chosen(chosen_once: Path, work: Copy) -> None:
    folder = work(chosen_once)
    [stuck, *_] = valve_changes(*_choice(open_workflow(folder).last))
    flow = record_made(folder, None, [f"{stuck.valve}={stuck.present}"])
    before, chosen, made = settings(flow.last, stuck.valve)
    assert made == before != chosen
    others = [one for one in made_beside_chosen(flow.last) if one.valve != stuck.valve]
    assert [one.as_chosen for one in others] == [True, True]
    [mine] = [one for one in made_beside_chosen(flow.last) if one.valve == stuck.valve]
    assert mine.reported
    assert mine.made == stuck.present


def _choice(at: Round) -> tuple:
    return at.building, at.case.valve_types, at.choice.resistance_valves_pa_s2_m6


def test_the_next_fit_takes_what_was_made(chosen_once: Path, work: Copy) -> None:
    folder = work(chosen_once)
    kept = record_made(folder, None, ["riser valve 5=3.3"]).last.made.resistance_valves_pa_s2_m6
    flow = fit_round(folder, data=chosen_once.parent / "first.csv", method="regression", overlap=True)
    assert np.array_equal(flow.last.building.resistance_valves_pa_s2_m6, kept)
    assert flow.rounds[0].applied is flow.rounds[0].made
    assert not np.allclose(kept, flow.rounds[0].choice.resistance_valves_pa_s2_m6)


def test_nothing_touched(chosen_once: Path, work: Copy) -> None:
    flow = record_made(work(chosen_once), untouched=True)
    assert np.array_equal(flow.last.made.resistance_valves_pa_s2_m6, flow.last.building.resistance_valves_pa_s2_m6)
    assert not any(one.as_chosen for one in made_beside_chosen(flow.last))


def test_the_reports_list_comes_back_filled_in(chosen_once: Path, work: Copy, tmp_path: Path) -> None:
    folder = work(chosen_once)
    table = changes_frame(valve_changes(*_choice(open_workflow(folder).last)))
    table.to_csv(tmp_path / "same.csv")
    assert read_settings_made(tmp_path / "same.csv") == []  # nothing filled in says nothing
    table.loc[table["valve"] == "riser valve 8", "made"] = "3,5 turns"
    table.to_csv(tmp_path / "filled.csv")
    flow = record_made(folder, tmp_path / "filled.csv")
    assert flow.last.state.made.reported == ("riser valve 8",)
    assert [one.made for one in made_beside_chosen(flow.last) if not one.as_chosen] == ["3.5 turns"]


def test_a_label_means_the_setting_behind_it(chosen_once: Path, work: Copy) -> None:
    folder = work(chosen_once)
    changes = valve_changes(*_choice(open_workflow(folder).last))
    flow = record_made(folder, None, [f"{one.valve}={one.new}" for one in changes])
    made = flow.last.made.resistance_valves_pa_s2_m6
    assert np.array_equal(made, flow.last.choice.resistance_valves_pa_s2_m6)
    assert all(one.as_chosen and one.reported for one in made_beside_chosen(flow.last))


def test_all_that_is_wrong_is_said_at_once_with_its_line(chosen_once: Path, work: Copy, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("# by Ola\nid;setting\nriser valve 5;9\nrisr valve 6;2\nv2.1;Q\nv3.1;5\nv3.1;6\n", encoding="utf-8")
    folder = work(chosen_once)
    with pytest.raises(DhsimError) as caught:
        record_made(folder, path, ["v4.1"])
    text = str(caught.value)
    assert "bad.csv:3: riser valve 5: STAD DN 15: a setting of 9 is beyond its range, 0.5 to 4 turns" in text
    assert "bad.csv:4: risr valve 6: the building has no such valve; did you mean riser valve 6?" in text
    assert "bad.csv:5: v2.1: RA-N 15: no setting 'Q'" in text
    assert "bad.csv:7: v3.1: comes twice (line 6)" in text
    assert "--valve: v4.1: it takes NAME=SETTING" in text
    assert open_workflow(folder).last.state.made is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is empty"),
        ("valve,new\nv1.1,3\n", "bad.csv:1: setting: no such column"),
        ("id,setting\nv1.1\n", "bad.csv:2: 1 cells under 2 columns"),
        ("id,setting\n,3\n", "bad.csv:2: id: no valve named"),
    ],
)
def test_odd_tables_are_refused(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text(content, encoding="utf-8")
    with pytest.raises(DhsimError, match=message):
        read_settings_made(tmp_path / "bad.csv")
    with pytest.raises(DhsimError, match="no such file"):
        read_settings_made(tmp_path / "none.csv")


def test_options_are_split_at_the_first_sign() -> None:
    [one] = settings_of_options(["v1=kv=0.5"])
    assert (one.valve, one.setting) == ("v1", "kv=0.5")


def test_saying_nothing_and_other_rounds_are_refused(chosen_once: Path, work: Copy) -> None:
    folder = work(chosen_once)
    with pytest.raises(DhsimError, match="nothing was said"):
        record_made(folder)
    with pytest.raises(DhsimError, match="--round"):
        record_made(folder, untouched=True, number=3)


def test_a_range_without_a_scale_is_checked(chosen_once: Path, work: Copy) -> None:
    with pytest.raises(DhsimError, match=r"v2\.1: Kv 50 .* is beyond its range, Kv 0\.04 to 0\.73 m3/h"):
        record_made(work(chosen_once), None, ["v2.1=Kv 50 m3/h"])


def test_what_is_told_late_changes_the_flows_of_the_round_after(two_rounds: Path, work: Copy) -> None:
    folder = work(two_rounds)
    old = open_workflow(folder)
    ntu = old.last.response.ntu
    assert not implausible(old.last.response).any()
    flow = record_made(folder, None, ["riser valve 5=2.4"])
    assert flow.rounds[0].state.made is not None
    assert flow.last.state.number == 2
    assert np.array_equal(flow.last.fit.theta_per_s, old.last.fit.theta_per_s)  # readings are what they are
    assert not np.allclose(flow.last.building.resistance_pa_s2_m6, old.last.building.resistance_pa_s2_m6)
    assert not np.allclose(flow.last.response.ntu, ntu)
    # it was turned after all: the flows are now wrong, and radiators come out that nobody builds
    suspect = [z for z, one in zip(flow.last.response.zone_ids, implausible(flow.last.response), strict=True) if one]
    assert suspect
    assert set(suspect) <= {"flat 12", "flat 22", "flat 32"}


def test_folders_of_the_first_version_still_open(chosen_once: Path, work: Copy) -> None:
    folder = work(chosen_once)
    said = json.loads((folder / STATE_NAME).read_text(encoding="utf-8"))
    said["schema_version"] = 1
    for row in said["rounds"]:
        del row["made"], row["response"]
    (folder / STATE_NAME).write_text(json.dumps(said), encoding="utf-8")
    flow = open_workflow(folder)
    assert flow.last.choice is not None
    assert flow.last.made is None
    assert record_made(folder, untouched=True).last.made is not None
    assert json.loads((folder / STATE_NAME).read_text(encoding="utf-8"))["schema_version"] == 2
