from __future__ import annotations

import datetime as dt
import json
import math
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from dhsim.errors import ScenarioError
from dhsim.scenario.load import load_scenario, load_scenarios, scenario_files
from dhsim.scenario.schema import Scenario
from dhsim.scenario.source import Place

Write = Callable[..., Path]
Complaints = Callable[..., list[str]]


def test_a_valid_file_is_read_with_its_places(write: Write, valid: str) -> None:
    scenario = load_scenario(write(valid))
    assert scenario.name == "case"
    assert scenario.time.start == dt.date(2021, 1, 1)
    assert scenario.buildings[1].heat_design_kw == 280.5
    assert scenario.where("buildings.1.heat_design_kw") == Place("case.yaml", 22, 5)
    assert scenario.where("pipes.1.start") == Place("case.yaml", 26, 14)
    assert scenario.where("control.cpt_c") == Place("case.yaml", 27, 1), "a default stands at its section"
    assert scenario.where("economics.capex") == Place("case.yaml", 1, 1)
    assert (
        str(scenario.problem("plant.dp_available_kpa", "too low")) == "case.yaml:9:3: plant.dp_available_kpa: too low"
    )
    assert scenario.folder == Path.cwd()


def test_the_folder_holds_after_a_change_of_directory(
    write: Write, valid: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = load_scenario(write(valid, "deep/case.yaml"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert scenario.folder == tmp_path / "deep"


def test_integers_are_numbers_and_times_are_times(write: Write, valid: str) -> None:
    text = valid.replace("policy: baseline", "policy: compensated\n  setback: {start: '22:00', end: 5:30, delta_k: 3}")
    text += "  faults:\n    - {kind: pump_out, start: 2021-01-03 06:00}\n    - {kind: sensor_out, start: 2021-01-04}\n"
    text += "economics: {capex: []}\n"
    control = load_scenario(write(text)).control
    assert control.setback is not None
    assert (control.setback.start, control.setback.end) == (dt.time(22), dt.time(5, 30))
    assert type(control.filter_h) is float
    assert [fault.start for fault in control.faults] == [dt.datetime(2021, 1, 3, 6), dt.datetime(2021, 1, 4)]


def test_pairs_of_points(write: Write, valid: str) -> None:
    text = valid.replace("  temp_floor_c: 70", "  line: points\n  points: [[-30, 110], [0, 70]]")
    assert load_scenario(write(text)).plant.points == [(-30.0, 110.0), (0.0, 70.0)]


def test_byte_order_mark_and_windows_line_ends_change_nothing(write: Write, valid: str) -> None:
    plain = load_scenario(write(valid))
    marked = load_scenario(write(b"\xef\xbb\xbf" + valid.replace("\n", "\r\n").encode()))
    assert marked == plain
    assert marked.where("schema_version") == Place("case.yaml", 1, 1)
    assert marked.where("plant.temp_floor_c") == plain.where("plant.temp_floor_c")


def test_merge_keys_and_aliases(write: Write, valid: str) -> None:
    text = valid.replace("  - id: b1\n", "  - &house\n    id: b1\n    persons: 20\n")
    text = text.replace("  - id: b2\n", "  - <<: *house\n    id: b2\n")
    buildings = load_scenario(write(text)).buildings
    assert [(b.id, b.persons, b.heat_design_kw) for b in buildings] == [("b1", 20, 300), ("b2", 20, 280.5)]


# --- files that cannot be read -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "case.yaml:1:1: the file is empty"),
        ("# only a remark\n", "case.yaml:1:1: the file is empty"),
        ("- a\n- b\n", "case.yaml:1:1: expected `key: value` lines (got a list)"),
        ("just words\n", "case.yaml:1:1: expected `key: value` lines (got a text or number)"),
        ("time:\n\tdays: 3\n", "case.yaml:2:1: not YAML: a tab: YAML is indented with spaces"),
        (
            "a: b: c\n",
            "case.yaml:1:5: not YAML: a colon where none can stand: wrong indentation, or quotes are missing",
        ),
        ("a: 1\nb: [1,\n", "case.yaml:3:1: not YAML: the file ends inside a quotation or bracket"),
        ("a: {b: 1\nc: 2\n", "case.yaml:2:2: not YAML: a comma or a closing bracket is missing"),
        (
            "a:\n  b: 1\n c: 2\n",
            "case.yaml:3:2: not YAML: wrong indentation: this does not line up with what stands above",
        ),
        ("a: *b\n", "case.yaml:1:4: not YAML: an alias (`*name`) of nothing: a text that begins with * needs quotes"),
        ("a: 1\n---\nb: 2\n", "case.yaml:2:1: not YAML: a second document (`---`): one scenario a file"),
        ("a: 1\nb: \x07\n", "case.yaml:2:4: not YAML: special characters are not allowed"),
        ("a: &b\n  c: *b\n", "case.yaml:2:3: an alias inside what it stands for"),
        ("caf\u00e9: 1\n".encode("latin-1"), "case.yaml:1:4: not UTF-8 text (byte 0xe9): save the file as UTF-8"),
        ("a: 1\n".encode("utf-16"), "case.yaml:1:1: not UTF-8 but UTF-16 text: save the file as UTF-8"),
        ("a: " + "[" * 5000, "case.yaml: nested too deeply"),
        (
            "# old\n%YAML 1.1\n---\na: 1\n",
            "case.yaml:2:1: YAML 1.2 is read here (1.1 takes 22:00 for a number): leave the %YAML line out",
        ),
        ("%YAML 1.2\n---\n- 1\n", "case.yaml:3:1: expected `key: value` lines (got a list)"),
    ],
)
def test_unreadable_files(complaints: Complaints, content: str | bytes, expected: str) -> None:
    assert complaints(content) == [expected]


def test_missing_file_and_folder(write: Write, valid: str) -> None:
    write(valid, "folder/baseline.yaml")
    with pytest.raises(ScenarioError, match=r"^folder/baselin\.yaml: no such file \(did you mean baseline\.yaml\)$"):
        load_scenario("folder/baselin.yaml")
    with pytest.raises(ScenarioError, match=r"^nowhere/at_all\.yaml: no such file$"):
        load_scenario("nowhere/at_all.yaml")
    with pytest.raises(ScenarioError, match=r"^folder: is a folder \(name a scenario file\)$"):
        load_scenario("folder")
    with pytest.raises(ScenarioError, match=r"cannot be read"):
        load_scenario("a\0b.yaml")


def test_aliases_that_multiply_each_other(complaints: Complaints) -> None:
    text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    for one, two in zip("abcdefg", "bcdefgh", strict=True):
        text += f"{two}: &{two} [{', '.join([f'*{one}'] * 10)}]\n"
    (only,) = complaints(text)
    assert only.endswith("aliases that multiply each other?")


# --- one bad key ---------------------------------------------------------------------------------------------------

_PUMP_COUNT = "    count: 2"
_HEAT = "    heat_design_kw: 300"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        # unknown, misplaced, misspelt, wrong unit
        ("  days: 10", "  dayz: 10", "case.yaml:5:3: time.dayz: unknown key (did you mean days)"),
        ("plant:", "plnt:", "case.yaml:8:1: plnt: unknown key (did you mean plant)"),
        (
            "  filter_h: 24",
            "  viewpoint: utility",
            "case.yaml:29:3: control.viewpoint: unknown key here: it belongs to `economics`",
        ),
        (
            "  dp_available_kpa: 170",
            "  dp_available_bar: 1.7",
            "case.yaml:9:3: plant.dp_available_bar: wrong unit: this key is in kPa "
            "(got 'dp_available_bar'; did you mean dp_available_kpa)",
        ),
        (
            _HEAT,
            "    heat_design_w: 300",
            "case.yaml:20:5: buildings.0.heat_design_w: wrong unit: this key is in kW "
            "(got 'heat_design_w'; did you mean heat_design_kw)",
        ),
        (
            _HEAT,
            "    heat_design_mw: 0.3",
            "case.yaml:20:5: buildings.0.heat_design_mw: wrong unit: this key is in kW "
            "(got 'heat_design_mw'; did you mean heat_design_kw)",
        ),
        (
            _HEAT,
            "    heat_design: 300",
            "case.yaml:20:5: buildings.0.heat_design: unit missing: this key is in kW "
            "(got 'heat_design'; did you mean heat_design_kw)",
        ),
        (
            "  temp_floor_c: 70",
            "  temp_floor_k: 343",
            "case.yaml:10:3: plant.temp_floor_k: wrong unit: this key is in degC "
            "(got 'temp_floor_k'; did you mean temp_floor_c)",
        ),
        # missing
        ("  - id: b1\n    heat", "  - heat", "case.yaml:19:5: buildings.0.id: missing key"),
        ("  - id: b2\n    heat", "  - heat", "case.yaml:21:5: buildings.1.id: missing key"),
        ("schema_version: 1", "", "case.yaml:1:1: schema_version: missing key"),
        (
            "length_m: 10, diameter_inner_mm: 82.5",
            "length_m: 10",
            "case.yaml:25:5: pipes.0: needs either pipe (an id of the catalogue) or diameter_inner_mm",
        ),
        (
            "  pumps:\n    model: generic_inline_25m3h_20m\n    count: 2",
            "  flow_relative: 1",
            "case.yaml:11:1: substation.pumps: missing key",
        ),
        # wrong type
        (
            _HEAT,
            "    heat_design_kw: 300 kW",
            "case.yaml:20:5: buildings.0.heat_design_kw: expected a number in kW (got '300 kW')",
        ),
        (
            _HEAT,
            "    heat_design_kw: '300'",
            "case.yaml:20:5: buildings.0.heat_design_kw: expected a number in kW (got '300'; without quotes)",
        ),
        (
            _HEAT,
            "    heat_design_kw: 280,5",
            "case.yaml:20:5: buildings.0.heat_design_kw: expected a number in kW (got '280,5'; "
            "the decimal sign is a point)",
        ),
        (
            _HEAT,
            "    heat_design_kw: on",
            "case.yaml:20:5: buildings.0.heat_design_kw: expected a number in kW (got 'on')",
        ),
        (
            _HEAT,
            "    heat_design_kw: true",
            "case.yaml:20:5: buildings.0.heat_design_kw: expected a number in kW (got true)",
        ),
        (
            _HEAT,
            "    heat_design_kw: [300]",
            "case.yaml:20:5: buildings.0.heat_design_kw: expected a number in kW (got a list)",
        ),
        ("  days: 10", "  days: 10.5", "case.yaml:5:3: time.days: expected a whole number (got 10.5)"),
        (
            "  days: 10",
            "  days: 10.0",
            "case.yaml:5:3: time.days: expected a whole number (got 10.0; without decimals)",
        ),
        ("  days: 10", "  days: yes", "case.yaml:5:3: time.days: expected a whole number (got 'yes')"),
        ("  days: 10", "  days: true", "case.yaml:5:3: time.days: expected a whole number (got true)"),
        (
            "monitored: false",
            "monitored: no",
            "case.yaml:23:5: buildings.1.monitored: expected true or false (got 'no')",
        ),
        ("monitored: false", "monitored: 0", "case.yaml:23:5: buildings.1.monitored: expected true or false (got 0)"),
        ("id: b1\n", "id: 101\n", "case.yaml:19:5: buildings.0.id: expected text (got 101; put it in quotes)"),
        (
            "  days: 10",
            "  step_min: true",
            "case.yaml:5:3: time.step_min: expected one of 1, 2, 3, 5, 6, 10, 12, 15, 20, 30, 60 (got true)",
        ),
        (
            "  days: 10",
            "  step_min: 7",
            "case.yaml:5:3: time.step_min: expected one of 1, 2, 3, 5, 6, 10, 12, 15, 20, 30, 60 (got 7)",
        ),
        (
            "policy: baseline",
            "policy: cap_70",
            "case.yaml:28:3: control.policy: expected one of baseline, vfd_only, cap70, variable_flow, compensated, "
            "compensated_trim (got 'cap_70'; did you mean cap70)",
        ),
        (
            "time:\n  start: 2021-01-01\n  days: 10",
            "time: 10",
            "case.yaml:3:1: time: expected a mapping of start, days, step_min, temp_indoor_start_c (got 10)",
        ),
        (
            "building_types:\n  residential:\n    radiator_exponent: 1.25",
            "building_types: [residential]",
            "case.yaml:15:1: building_types: expected a mapping (got a list)",
        ),
        (
            "  filter_h: 24",
            "  secondary_points: [[0, 70], [5]]",
            "case.yaml:29:31: control.secondary_points.1: expected a list of 2 numbers (got a list)",
        ),
        (
            "  filter_h: 24",
            "  secondary_points: [[0, 70], [5, hot]]",
            "case.yaml:29:35: control.secondary_points.1.1: expected a number (got 'hot')",
        ),
        # out of range
        ("  days: 10", "  days: 0", "case.yaml:5:3: time.days: must be at least 1 (got 0)"),
        (_HEAT, "    heat_design_kw: -3", "case.yaml:20:5: buildings.0.heat_design_kw: must be above 0 kW (got -3)"),
        (_HEAT, "    heat_design_kw: 0", "case.yaml:20:5: buildings.0.heat_design_kw: must be above 0 kW (got 0)"),
        (
            "  temp_floor_c: 70",
            "  temp_floor_c: 343",
            "case.yaml:10:3: plant.temp_floor_c: must be at most 200 degC (got 343)",
        ),
        (_PUMP_COUNT, "    count: 9", "case.yaml:14:5: substation.pumps.count: must be at most 8 (got 9)"),
        (
            "length_m: 10, diameter_inner_mm: 82.5",
            "length_m: 0, diameter_inner_mm: 82.5",
            "case.yaml:25:42: pipes.0.length_m: must be above 0 m (got 0)",
        ),
        ("  - id: b1\n", "  - id: ''\n", "case.yaml:19:5: buildings.0.id: must not be empty"),
        (
            "  filter_h: 24",
            "  secondary_points: [[0, 70]]",
            "case.yaml:29:3: control.secondary_points: needs at least 2 entries (got 1)",
        ),
        # not finite
        (
            _HEAT,
            "    heat_design_kw: .nan",
            "case.yaml:20:5: buildings.0.heat_design_kw: must be a finite number (got .nan)",
        ),
        (
            "latitude_deg: 54.99",
            "latitude_deg: .NaN",
            "case.yaml:2:20: site.latitude_deg: must be a finite number (got .nan)",
        ),
        (
            _HEAT,
            "    heat_design_kw: .inf",
            "case.yaml:20:5: buildings.0.heat_design_kw: must be a finite number "
            "(got an infinite or far too large one)",
        ),
        (
            _HEAT,
            f"    heat_design_kw: 1{'0' * 400}",
            "case.yaml:20:5: buildings.0.heat_design_kw: must be a finite number "
            "(got an infinite or far too large one)",
        ),
        # dates and times
        (
            "2021-01-01",
            "2021-02-29",
            "case.yaml:4:3: time.start: there is no such date in the calendar (got 2021-02-29)",
        ),
        (
            "2021-01-01",
            "'2021-02-29'",
            "case.yaml:4:3: time.start: there is no such date in the calendar (got 2021-02-29)",
        ),
        ("2021-01-01", "1.1.2021", "case.yaml:4:3: time.start: expected a date, YYYY-MM-DD (got '1.1.2021')"),
        ("2021-01-01", "2021", "case.yaml:4:3: time.start: expected a date, YYYY-MM-DD (got 2021)"),
        (
            "2021-01-01",
            "2021-01-01 10:00:00",
            "case.yaml:4:3: time.start: expected a date, YYYY-MM-DD (got '2021-01-01 10:00:00')",
        ),
        (
            "  filter_h: 24",
            "  setback: {start: 22, end: '05:00', delta_k: 1}",
            "case.yaml:29:13: control.setback.start: expected a time of day, 'HH:MM' (got 22)",
        ),
        (
            "  filter_h: 24",
            "  setback: {start: '24:00', end: '05:00', delta_k: 1}",
            "case.yaml:29:13: control.setback.start: there is no such time of the day (got 24:00)",
        ),
        (
            "  filter_h: 24",
            "  faults: [{kind: pump_out, start: 2021-01-05T10:00:00Z}]",
            "case.yaml:29:29: control.faults.0.start: expected a date and time, "
            "YYYY-MM-DD HH:MM (got '2021-01-05T10:00:00Z')",
        ),
        # duplicate keys, tags, versions
        ("  days: 10", "  days: 10\n  days: 10", "case.yaml:6:3: time.days: duplicate key (first in line 5)"),
        ("plant:", "time: {}\nplant:", "case.yaml:8:1: time: duplicate key (first in line 3)"),
        (
            _HEAT,
            f"{_HEAT}\n    monitored: !yes true",
            "case.yaml:21:16: buildings.0.monitored: the tag !yes is not for scenarios",
        ),
        (
            "schema_version: 1",
            "schema_version: 2",
            "case.yaml:1:1: schema_version: expected 1, the only schema version this dhsim reads (got 2)",
        ),
        (
            "schema_version: 1",
            "schema_version: true",
            "case.yaml:1:1: schema_version: expected 1, the only schema version this dhsim reads (got true)",
        ),
        # a section that contradicts itself
        (
            "  temp_floor_c: 70",
            "  temp_floor_c: 120",
            "case.yaml:8:1: plant: floor above cap (temp_floor_c 120 > temp_cap_c 110)",
        ),
        (
            "  climate: omsk",
            "  climate: omsk\n  constant_temp_outdoor_c: -5",
            "case.yaml:6:1: weather: needs exactly one of climate, file, constant_temp_outdoor_c "
            "(got climate, constant_temp_outdoor_c)",
        ),
    ],
)
def test_one_bad_key_is_named_with_its_place(
    complaints: Complaints, valid: str, old: str, new: str, expected: str
) -> None:
    assert old in valid
    assert complaints(valid.replace(old, new, 1)) == [expected]


def test_all_problems_at_once_in_the_order_of_the_lines(complaints: Complaints, valid: str) -> None:
    text = valid.replace("  days: 10", "  dayz: 10").replace(_HEAT, "    heat_design_kw: -3")
    text = text.replace("policy: baseline", "policy: cap70").replace("id: p2", "id: p1") + "filter_h: 3\n"
    assert complaints(text) == [
        "case.yaml:1:1: economics.capex: CapEx missing: policy cap70 needs economics.capex "
        "(an empty list if there is none)",
        "case.yaml:5:3: time.dayz: unknown key (did you mean days)",
        "case.yaml:20:5: buildings.0.heat_design_kw: must be above 0 kW (got -3)",
        "case.yaml:26:6: pipes.1.id: duplicate id 'p1' (first in pipes.0)",
        "case.yaml:30:1: filter_h: unknown key here: it belongs to `control`",
    ]


def test_no_word_of_the_machinery(complaints: Complaints, valid: str) -> None:
    text = (
        valid.replace("2021-01-01", "[]").replace("days: 10", "days: {}").replace("omsk", "3").replace("b2", "{a: 1}")
    )
    said = "\n".join(complaints(text))
    assert "http" not in said
    assert "pydantic" not in said.lower()
    assert "Input should" not in said
    assert len(said.splitlines()) == 5


# --- extends -------------------------------------------------------------------------------------------------------


def test_extends_merges_deeply_and_remembers_where(write: Write, valid: str) -> None:
    write("name: base\nreference: true\ndescription: the base\n" + valid, "base.yaml")
    write("extends: base.yaml\nplant:\n  temp_floor_c: 65\ncontrol: {temp_floor_alarm_c: 60}\n", "middle.yaml")
    path = write(
        "extends: middle.yaml\nplant: {dp_available_kpa: null}\nbuildings:\n  - {id: b1}\npipes: []\nweather:\n",
        "leaf.yaml",
    )
    with pytest.raises(ScenarioError, match=r"^leaf\.yaml:6:1: weather: missing key$"):
        load_scenario(path)
    path.write_text(path.read_text().replace("weather:\n", ""))
    leaf = load_scenario(path)
    assert (leaf.name, leaf.reference, leaf.description) == ("leaf", False, "")
    assert leaf.plant.temp_floor_c == 65
    assert leaf.plant.dp_available_kpa == 170, "null: the default"
    assert [building.id for building in leaf.buildings] == ["b1"], "lists replace"
    assert leaf.time.days == 10
    assert leaf.where("plant.temp_floor_c") == Place("middle.yaml", 3, 3)
    assert leaf.where("plant.dp_available_kpa") == Place("leaf.yaml", 2, 9)
    assert leaf.where("time.days") == Place("base.yaml", 8, 3)
    assert leaf.where("plant") == Place("leaf.yaml", 2, 1)


def test_null_then_a_new_mapping_does_not_bring_the_old_back(write: Write, valid: str) -> None:
    write(valid, "base.yaml")
    write("extends: base.yaml\ntime: null\n", "middle.yaml")
    leaf = load_scenario(write("extends: middle.yaml\ntime: {step_min: 5}\n", "leaf.yaml"))
    assert (leaf.time.days, leaf.time.step_min) == (365, 5)


def test_a_building_type_of_nothing_has_all_defaults(write: Write, valid: str) -> None:
    scenario = load_scenario(write(valid.replace("    radiator_exponent: 1.25\n", "")))
    assert scenario.building_types["residential"].time_constant_h == 80


def test_null_does_not_hide_an_unknown_key(complaints: Complaints, valid: str) -> None:
    assert complaints(valid + "contrl: null\n") == ["case.yaml:30:1: contrl: unknown key (did you mean control)"]


def test_an_error_in_an_inherited_key_names_the_parent(complaints: Complaints, write: Write, valid: str) -> None:
    write(valid.replace("days: 10", "days: -1"), "base.yaml")
    assert complaints("extends: base.yaml\nplant: {temp_floor_c: 990}\n", "leaf.yaml") == [
        "leaf.yaml:2:9: plant.temp_floor_c: must be at most 200 degC (got 990)",
        "base.yaml:5:3: time.days: must be at least 1 (got -1)",
    ]


def test_a_parent_in_another_folder(write: Write, valid: str) -> None:
    write(valid.replace("climate: omsk", "file: series/omsk.csv"), "common/base.yaml")
    leaf = load_scenario(write("extends: ../common/base.yaml\n", "leaves/leaf.yaml"))
    assert leaf.weather.file == "../common/series/omsk.csv"
    assert leaf.where("weather.file") == Place(str(Path("leaves/../common/base.yaml")), 7, 3)
    assert load_scenario("common/base.yaml").weather.file == "series/omsk.csv"


def test_circles_are_refused(complaints: Complaints, write: Write, valid: str) -> None:
    write("extends: c.yaml\n", "b.yaml")
    write("\nextends: b.yaml\n", "c.yaml")
    assert complaints("extends: b.yaml\n" + valid, "a.yaml") == [
        "c.yaml:2:1: extends: extends itself in a circle: a.yaml -> b.yaml -> c.yaml -> b.yaml"
    ]
    assert complaints("extends: ./self.yaml\n", "self.yaml") == [
        "self.yaml:1:1: extends: extends itself in a circle: self.yaml -> self.yaml"
    ]


def test_extends_of_the_wrong_kind_or_missing(complaints: Complaints, write: Write, valid: str) -> None:
    assert complaints("extends: [a.yaml]\n" + valid) == [
        "case.yaml:1:1: extends: expected the name of one file (got a list)"
    ]
    assert complaints("\nextends: nope.yaml\n") == ["case.yaml:2:1: extends: nope.yaml: no such file"]
    (longest,) = complaints(f"extends: {'x' * 5000}\n")
    assert longest.startswith("case.yaml:1:1: extends: xxx")
    assert len(longest) < 200
    write("a: [1\n", "broken.yaml")
    assert complaints("extends: broken.yaml\n")[0].startswith("broken.yaml:2:1: not YAML")


def test_the_version_of_every_file_counts(complaints: Complaints, write: Write, valid: str) -> None:
    write(valid.replace("schema_version: 1", "schema_version: 3"), "base.yaml")
    assert complaints("extends: base.yaml\nschema_version: 1\n", "leaf.yaml") == [
        "base.yaml:1:1: schema_version: expected 1, the only schema version this dhsim reads (got 3)"
    ]


# --- overrides -----------------------------------------------------------------------------------------------------


def test_overrides(write: Write, valid: str) -> None:
    scenario = load_scenario(
        write(valid),
        {
            "control.policy": "cap70",
            "economics.capex": [{"item": "pipe", "unit_cost_eur": 5}],
            "buildings.0.heat_design_kw": np.float64(280),
            "time.days": np.int64(3),
            "time.start": dt.date(2024, 2, 29),
            "plant.temp_floor_c": None,
            "calibrated.plant.overshoot_k": "measured",
            "name": "other",
        },
    )
    assert scenario.control.policy == "cap70"
    assert scenario.buildings[0].heat_design_kw == 280
    assert (scenario.time.days, scenario.time.start) == (3, dt.date(2024, 2, 29))
    assert scenario.economics.capex is not None
    assert scenario.economics.capex[0].unit_cost_eur == 5
    assert scenario.calibrated == {"plant.overshoot_k": "measured"}
    assert scenario.name == "other"
    assert scenario.where("control.policy") == Place("override")
    assert scenario.where("buildings.0.id") == Place("case.yaml", 19, 5)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("control.polcy", "cap70", "override: control.polcy: unknown key (did you mean policy)"),
        ("contrl.policy", None, "override: contrl: unknown key (did you mean control)"),
        (
            "buildings.7.persons",
            1,
            "override: buildings.7.persons: no such entry: the list has 2, counted from 0 (got 7)",
        ),
        (
            "buildings.b1.persons",
            1,
            "override: buildings.b1.persons: no such entry: the list has 2, counted from 0 (got b1)",
        ),
        ("time.days", "3", "override: time.days: expected a whole number (got '3'; without quotes)"),
        ("time.days", True, "override: time.days: expected a whole number (got true)"),
        ("plant.temp_floor_c", math.nan, "override: plant.temp_floor_c: must be a finite number (got .nan)"),
        ("plant..temp", 1, "override: plant..temp: not a dotted key"),
        ("extends", "other.yaml", "override: extends: unknown key"),
    ],
)
def test_bad_overrides(complaints: Complaints, valid: str, key: str, value: object, expected: str) -> None:
    (only,) = complaints(valid, **{key: value})
    assert only.startswith(expected)


# --- the Scenario object -------------------------------------------------------------------------------------------


def test_content_hash_equality_and_pickle(write: Write, valid: str, tmp_path: Path) -> None:
    scenario = load_scenario(write(valid))
    moved = load_scenario(write("# moved down\n\n" + valid, "deep/case.yaml"))
    assert moved == scenario
    assert moved.content_hash() == scenario.content_hash()
    assert hash(moved) == hash(scenario)
    assert len(scenario.content_hash()) == 64
    other = load_scenario(write(valid), {"time.days": 11})
    assert other != scenario
    assert other.content_hash() != scenario.content_hash()
    copy = pickle.loads(pickle.dumps(scenario))
    assert copy == scenario
    assert copy.where("time.days") == scenario.where("time.days")
    assert copy.folder == scenario.folder


def test_a_scenario_made_in_python(write: Write, valid: str) -> None:
    scenario = load_scenario(write(valid))
    made = Scenario(**scenario.model_dump())
    assert made == scenario
    assert made.where("time.days") == Place()
    assert str(made.problem("time.days", "too few")) == "time.days: too few"
    assert made.folder == Path.cwd()
    assert json.loads(made.model_dump_json())["time"]["days"] == 10
    said = scenario.model_dump() | {"control": {"policy": "cap70"}}
    with pytest.raises(ValidationError, match="CapEx missing"):
        Scenario(**said)


# --- many files ----------------------------------------------------------------------------------------------------


def test_scenario_files(write: Write) -> None:
    for name in ("b.yaml", "a.yml", "sub/c.yaml", "notes.txt"):
        write("x", name)
    Path("d.yaml").mkdir()
    assert scenario_files([Path()]) == [Path("a.yml"), Path("b.yaml")]
    assert scenario_files(["sub/c.yaml", Path(), "b.yaml"]) == [Path("sub/c.yaml"), Path("a.yml"), Path("b.yaml")]
    with pytest.raises(ScenarioError) as caught:
        scenario_files(["d.yaml", "nowhere"])
    assert [str(problem) for problem in caught.value.problems] == [
        "d.yaml: no *.yaml or *.yml in this folder",
        "nowhere: no such file or folder",
    ]
    with pytest.raises(ScenarioError, match="no scenario files given"):
        scenario_files([])


def test_load_scenarios_puts_the_reference_first(write: Write, valid: str) -> None:
    write(valid, "a.yaml")
    write("extends: a.yaml\nreference: true\n", "b.yaml")
    write("extends: b.yaml\n", "c.yaml")
    assert [scenario.name for scenario in load_scenarios(["."])] == ["b", "a", "c"]
    assert [scenario.name for scenario in load_scenarios(["c.yaml", "a.yaml"])] == ["c", "a"]


def test_load_scenarios_says_everything_at_once(write: Write, valid: str) -> None:
    write(valid + "reference: true\n", "a.yaml")
    write("name: a\nextends: a.yaml\nreference: true\n", "b.yaml")
    write("extends: a.yaml\ntime: {days: 0}\n", "c.yaml")
    write("x: [\n", "d.yaml")
    with pytest.raises(ScenarioError) as caught:
        load_scenarios(["."])
    assert [str(problem) for problem in caught.value.problems] == [
        "c.yaml:2:8: time.days: must be at least 1 (got 0)",
        "d.yaml:2:1: not YAML: the file ends inside a quotation or bracket",
        "b.yaml:1:1: name: two scenarios are named 'a' (the other: a.yaml:1:1)",
        "b.yaml:3:1: reference: more than one reference (the other: a.yaml:30:1)",
    ]


def test_a_moved_case_still_loads(write: Write, valid: str, tmp_path: Path) -> None:
    write(valid.replace("climate: omsk", "file: series/w.csv"), "one/base.yaml")
    write("extends: base.yaml\n", "one/leaf.yaml")
    before = load_scenario("one/leaf.yaml")
    shutil.move("one", "two")
    assert load_scenario("two/leaf.yaml").content_hash() == before.content_hash()
