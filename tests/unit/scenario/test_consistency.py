from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dhsim.errors import ScenarioError
from dhsim.scenario.load import load_scenario

Write = Callable[..., Path]
Complaints = Callable[..., list[str]]

_FLOOR = "  temp_floor_c: 70"
_P2 = "{id: p2, start: b1, end: b2,"
_BASELINE = "policy: baseline"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        # ids and types
        ("id: b2", "id: b1", ["case.yaml:21:5: buildings.1.id: duplicate id 'b1' (first in buildings.0)", "dangling"]),
        ("id: p2", "id: p1", ["case.yaml:26:6: pipes.1.id: duplicate id 'p1' (first in pipes.0)"]),
        (
            "  - id: b1\n",
            "  - id: b1\n    type: residental\n",
            ["case.yaml:20:5: buildings.0.type: unknown building type (got 'residental'; did you mean residential)"],
        ),
        (
            "  - id: b1\n",
            "  - id: b1\n    type: x\n",
            ["case.yaml:20:5: buildings.0.type: unknown building type (got 'x'; known: residential)"],
        ),
        (
            "  - id: b2\n",
            "  - id: substation\n",
            ["case.yaml:21:5: buildings.1.id: 'substation' is the name of the header, not of a building", "dangling"],
        ),
        # the tree of pipes
        (
            _P2,
            "{id: p2, start: b7, end: b2,",
            [
                "case.yaml:26:14: pipes.1.start: unknown node: neither 'substation' nor the end of a pipe "
                "(got 'b7'; known: substation, b1, b2)"
            ],
        ),
        (
            _P2,
            "{id: p2, start: b2, end: b2,",
            ["case.yaml:26:14: pipes.1.start: island: a ring of its own, not fed from 'substation' (pipes 'p2')"],
        ),
        (
            "{id: p1, start: substation, end: b1,",
            "{id: p1, start: b2, end: b1,",
            ["case.yaml:25:14: pipes.0.start: island: a ring of its own, not fed from 'substation' (pipes 'p1', 'p2')"],
        ),
        (
            _P2,
            "{id: p2, start: b1, end: substation,",
            [
                "case.yaml:21:5: buildings.1.id: no pipe ends at this building (got 'b2'; known: substation)",
                "case.yaml:26:25: pipes.1.end: a pipe cannot end at 'substation': the network would be a loop",
            ],
        ),
        (
            _P2,
            "{id: p2, start: substation, end: b2, length_m: 5, diameter_inner_mm: 50}\n"
            "  - {id: p3, start: b1, end: b2,",
            ["case.yaml:27:25: pipes.2.end: node 'b2' is the end of pipe 'p2' already: the network would be a loop"],
        ),
        (
            _P2,
            "{id: p2, start: b1, end: b22,",
            [
                "case.yaml:21:5: buildings.1.id: no pipe ends at this building (got 'b2'; did you mean b22)",
                "case.yaml:26:25: pipes.1.end: dangling: neither a building nor the start of another pipe "
                "(got 'b22'; did you mean b2)",
            ],
        ),
        # policies
        (
            _BASELINE,
            "policy: vfd_only",
            ["case.yaml:1:1: economics.capex: CapEx missing: policy vfd_only needs economics.capex"],
        ),
        (
            _FLOOR,
            "  temp_floor_c: 90\n"
            "curve: {temp_supply_design_c: 85, temp_return_design_c: 60, temp_radiator_supply_design_c: 80}",
            [
                "case.yaml:8:1: plant.temp_cap_c: must be at most curve.temp_supply_design_c, 85 degC (got 110)",
                "case.yaml:10:3: plant.temp_floor_c: must be at most curve.temp_supply_design_c, 85 degC (got 90)",
            ],
        ),
        (
            _FLOOR,
            "  temp_cap_c: 160",
            ["case.yaml:10:3: plant.temp_cap_c: must be at most curve.temp_supply_design_c, 150 degC (got 160)"],
        ),
        (
            "plant:",
            "heat_load: {temp_design_outdoor_c: 20}\nplant:",
            [
                "case.yaml:8:13: heat_load.temp_design_outdoor_c: must be below "
                "heat_load.temp_indoor_c, 20 degC (got 20)"
            ],
        ),
        (
            _FLOOR,
            "  temp_floor_c: 60",
            [
                "case.yaml:27:1: control.temp_floor_alarm_c: must be at most plant.temp_floor_c, 60 degC, "
                "or it always rings (got 67)"
            ],
        ),
        (
            "  filter_h: 24",
            "  setback: {start: '22:00', end: '05:00', delta_k: 5}",
            [
                "case.yaml:29:3: control.setback: a setback needs policy compensated or compensated_trim "
                "(policy is baseline)"
            ],
        ),
        (
            "  climate: omsk",
            "  climate: omsk\n  seed: -1",
            ["case.yaml:8:3: weather.seed: must be at least 0 (got -1)"],
        ),
        ("plant:", "seed: -2\nplant:", ["case.yaml:8:1: seed: must be at least 0 (got -2)"]),
    ],
)
def test_contradictions_are_named(complaints: Complaints, valid: str, old: str, new: str, expected: list[str]) -> None:
    assert old in valid
    said = complaints(valid.replace(old, new, 1))
    assert len(said) == len(expected)
    for problem, part in zip(said, expected, strict=True):
        assert part in problem


@pytest.mark.parametrize("policy", ["cap70", "variable_flow", "compensated", "compensated_trim", "vfd_only"])
def test_policies_need_capex_and_a_pump(complaints: Complaints, valid: str, policy: str) -> None:
    text = valid.replace(_BASELINE, f"policy: {policy}").replace("    count: 2", "    count: 0")
    capex, count = complaints(text)
    assert f"policy {policy} needs economics.capex (an empty list if there is none)" in capex
    assert count.startswith(f"case.yaml:14:5: substation.pumps.count: policy {policy} needs at least 1 pump")


def test_vfd_only_has_no_bypass_line(complaints: Complaints, valid: str) -> None:
    text = valid.replace(_BASELINE, "policy: vfd_only").replace("  pumps:", "  pump_place: bypass_line\n  pumps:")
    assert complaints(text + "economics: {capex: []}\n") == [
        "case.yaml:12:3: substation.pump_place: policy vfd_only has no bypass line: "
        "its pumps stand in secondary_supply or secondary_return (got bypass_line)"
    ]


def test_what_is_fine(write: Write, valid: str) -> None:
    backwards = valid.replace("  - {id: p1, start: substation, end: b1, length_m: 10, diameter_inner_mm: 82.5}\n", "")
    backwards = backwards.replace(
        "control:", "  - {id: p1, start: substation, end: b1, length_m: 10, diameter_inner_mm: 82.5}\ncontrol:"
    )
    scenario = load_scenario(write(backwards))
    assert [pipe.id for pipe in scenario.pipes] == ["p2", "p1"], "any order"
    assert sum(building.persons for building in scenario.buildings) == 0
    assert load_scenario(write(valid), {"pipes": []}).pipes == []
    no_pumps = load_scenario(write(valid), {"substation.pumps": {"count": 0}})
    assert no_pumps.substation.pumps.count == 0


def test_pipes_behind_an_unknown_node_are_not_reported_again(complaints: Complaints, valid: str) -> None:
    text = valid.replace("{id: p1, start: substation,", "{id: p1, start: nowhere,")
    (only,) = complaints(text)
    assert only.startswith("case.yaml:25:14: pipes.0.start: unknown node")


def test_a_broken_section_does_not_hide_contradictions_of_the_others(complaints: Complaints, valid: str) -> None:
    text = valid.replace("climate: omsk", "climat: omsk").replace("id: b2", "id: b1")
    said = [problem.split(": ")[1] for problem in complaints(text)]
    assert said == ["weather.climat", "buildings.1.id", "pipes.1.end"]


def _omsk(overrides: dict[str, object]) -> str:
    folder = Path(__file__).parents[3] / "scenarios" / "omsk"
    with pytest.raises(ScenarioError) as refused:
        load_scenario(folder / "compensated_trim.yaml", overrides)
    return str(refused.value)


@pytest.mark.parametrize(
    ("overrides", "key", "words"),
    [
        ({"curve.temp_return_design_c": 20.0}, "curve.temp_return_design_c", "no radiator is large enough"),
        ({"economics.capex.0.year": 30}, "economics.capex.0.year", "beyond economics.lifetime_y, 25"),
        ({"dhw.temp_hot_c": 12.0}, "dhw.temp_hot_c", "must be above the cold water, 15 degC"),
        ({f"buildings.{i}.monitored": False for i in range(12)}, "control.policy", "at least one monitored building"),
        ({"control.setback": {"start": "22:00", "end": "22:00", "delta_k": 3}}, "control.setback", "the same time"),
    ],
)
def test_impossible_cases_are_named(overrides: dict[str, object], key: str, words: str) -> None:
    said = _omsk(overrides)
    assert key in said
    assert words in said


def test_the_baseline_has_no_bypass_line() -> None:
    folder = Path(__file__).parents[3] / "scenarios" / "omsk"
    with pytest.raises(ScenarioError, match="policy baseline has no bypass line"):
        load_scenario(folder / "baseline.yaml", {"substation.pump_place": "bypass_line"})


def test_problems_of_every_kind_are_told_at_once(tmp_path: Path) -> None:
    parent = (Path(__file__).parents[3] / "scenarios" / "omsk" / "compensated.yaml").as_posix()
    lines = [
        f"extends: {parent}",
        "plant: {temp_floor_c: 120, overshoot_bar: 3}",
        "weather: {file: nowhere.csv}",
        "emissions: {fuel: ekibastus, q4_percnt: 3}",
        "substation: {pumps: {model: generic_inline_25m3h_33m}}",
        "economics: {discount_rate: .nan, capex: [{item: nonsense}]}",
        "pipes: [{id: P1, start: substation, end: '46', length_m: -4, diameter_inner_mm: 100}]",
    ]
    file = tmp_path / "bad.yaml"
    file.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ScenarioError) as refused:
        load_scenario(file)
    said = {(problem.line, problem.key) for problem in refused.value.problems}
    assert said >= {
        (2, "plant"),  # floor above cap
        (2, "plant.overshoot_bar"),
        (3, "weather.file"),
        (4, "emissions.fuel"),
        (4, "emissions.q4_percnt"),
        (5, "substation.pumps.model"),
        (6, "economics.discount_rate"),
        (6, "economics.capex.0.item"),
        (7, "pipes.0.length_m"),
    }
