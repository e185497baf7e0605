from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dhsim.errors import ScenarioError
from dhsim.scenario.building_layout import building_edges
from dhsim.scenario.building_read import load_building

VALID = """\
name: two flats
pump: {dp_kpa: 8, at: cellar}
roughness_mm: 0.045
zones:
  - {id: left, heat_design_w: 900}
  - {id: right, heat_design_w: 1000}
radiators:
  - {id: r1, zone: left, at: foot}
  - {id: r2, zone: right, at: top}
valves:
  - {id: v1, radiator: r1, type: ra_n_15, setting: 5}
  - {id: v2, radiator: r2, type: ra_n_15, setting: N}
  - {id: riser valve, pipe: p1, type: stad_dn15, setting: 2.3}
pipes:
  - {id: p1, start: cellar, end: foot, line: both, length_m: 6, diameter_inner_mm: 16.1}
  - {id: p2, start: foot, end: top, line: both, length_m: 3, diameter_inner_mm: 12.6}
protocol:
  - {id: r1, flow_l_h: 55}
  - {id: r2, flow_l_h: 60}
"""
TABLES = {
    "building.yaml": "name: two flats\npump: {dp_kpa: 8, at: cellar}\nroughness_mm: 0.045\n",
    "zones.csv": "id,heat_design_w\nleft,900\nright,1000\n",
    "radiators.csv": "id;zone;at\nr1;left;foot\nr2;right;top\n",
    "valves.csv": "id,radiator,pipe,type,setting\nv1,r1,,ra_n_15,5\nv2,r2,,ra_n_15,N\nriser valve,,p1,stad_dn15,2.3\n",
    "pipes.csv": "id,start,end,line,length_m,diameter_inner_mm\np1,cellar,foot,both,6,16.1\np2,foot,top,both,3,12.6\n",
    "protocol.csv": "id,flow_l_h\nr1,55\nr2,60\n",
}


@pytest.fixture
def told(write: Callable[..., Path]) -> Callable[..., list[str]]:
    """Return the problems of the valid building with some text exchanged, in short."""

    def of(*changes: tuple[str, str]) -> list[str]:
        text = VALID
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        with pytest.raises(ScenarioError) as caught:
            load_building(write(text, "b.yaml"))
        return [str(problem) for problem in caught.value.problems]

    return of


def test_mirrored_mains_unfold_with_their_valves(write: Callable[..., Path]) -> None:
    building = load_building(write(VALID, "b.yaml"))
    made = {edge.id: (edge.kind, edge.start, edge.end) for edge in building_edges(building)}
    assert made["v1"] == ("valve", "foot supply", "behind v1")
    assert made["r1"] == ("radiator", "behind v1", "foot return")
    assert made["riser valve"] == ("valve", "before riser valve", "cellar return")
    assert made["p1 return"] == ("pipe", "foot return", "before riser valve")
    assert made["p1 supply"] == ("pipe", "cellar supply", "foot supply")
    assert len(made) == 9


def test_tables_and_json_say_the_same_as_yaml(write: Callable[..., Path]) -> None:
    from_yaml = load_building(write(VALID, "b.yaml"))
    for name, text in TABLES.items():
        write(text, f"house/{name}")
    from_tables = load_building("house")
    write(from_yaml.model_dump_json(exclude_unset=True), "b.json")
    assert from_tables == from_yaml == load_building("b.json")
    assert str(from_tables.where("valves.2.setting")).endswith("valves.csv:4:27")
    assert from_tables.content_hash() == from_yaml.content_hash()


def test_a_wrong_cell_is_named_by_file_line_and_column(write: Callable[..., Path]) -> None:
    for name, text in (TABLES | {"protocol.csv": "id,flow_l_h\nr1,55\nr2,-60\n"}).items():
        write(text, f"house/{name}")
    with pytest.raises(ScenarioError) as caught:
        load_building("house")
    said = "house/protocol.csv:3:4: protocol.1.flow_l_h: row of 'r2': must be at least 0.5 l/h (got -60)"
    assert str(caught.value) == said


def test_a_folder_needs_its_tables(write: Callable[..., Path]) -> None:
    write(TABLES["building.yaml"], "house/building.yaml")
    with pytest.raises(ScenarioError, match=r"house/pipes.csv: no such file") as caught:
        load_building("house")
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("zone: left", "zone: lef", "b.yaml:8:14: radiators.0.zone: radiator 'r1': no zone 'lef' (did you mean left)"),
        ("type: stad_dn15", "type: stad_15", "valves.2.type: valve 'riser valve': no valve type 'stad_15'"),
        ("pipe: p1", "pipe: p9", "valves.2.pipe: valve 'riser valve': no pipe 'p9'"),
        ("id: v2,", "id: v1,", "valves.1.id: duplicate id 'v1' (first at valves.0)"),
        ("at: top", "at: attic", "radiators.1: radiator 'r2': not connected: no pipe leads from the pump to its"),
        ("start: foot", "start: fot", "radiators.1: radiator 'r2': not connected"),
        ("at: cellar", "at: celler", "pump.at: no pipe meets the pump's outlet 'celler supply' (did you mean cellar"),
        (", at: cellar", "", "pump: where does it stand?"),
        ("length_m: 3, ", "", "pipes.1: pipe 'p2': missing length_m (or kv_m3_h"),
        ("roughness_mm: 0.045\n", "", "pipes.0: pipe 'p1': missing roughness_mm"),
        ("roughness_mm: 0.045", "roughness_mm: 4.5", "pipes.0.roughness_mm: pipe 'p1': roughness of 4.5 mm"),
        ("setting: 5", "setting: [5]", "valves.0.setting: valve 'v1': expected turns, or the number or word"),
        ("setting: 5", "setting: -1", "valves.0.setting: valve 'v1': expected turns, or the number or word"),
        ("type: ra_n_15, setting: 5", "setting: 5", "valves.0: valve 'v1': give its `type`, or kv_min_m3_h"),
        ("setting: 5", "setting: 5, kv_m3_h: 0.3", "valves.0.setting: valve 'v1': takes setting or kv_m3_h, not both"),
        ("radiator: r1", "radiator: r1, pipe: p1", "valves.0: valve 'v1': where does it stand?"),
        ("{id: r1, flow", "{id: r7, flow", "protocol.0.id: no radiator or valve 'r7'"),
        ("{id: r2, flow", "{id: r1, flow", "protocol.1.id: a second row of 'r1' (first at protocol.0)"),
        ("flow_l_h: 55", "setting: 4", "protocol.0.setting: valve 'v1': the protocol says 4.0, the list of valves 5.0"),
        ("flow_l_h: 55", "flow_l_s: 0.01", "protocol.0.flow_l_s: row of 'r1': wrong unit: this key is in l/h"),
        ("{id: r1, flow_l_h: 55}", "{id: r1}", "protocol.0: 'r1': says nothing"),
        ("zone: right", "zone: left", "zones.1: zone 'right': no radiator names it"),
        ("pump:", "design: {temp_return_c: 60}\npump:", "design.temp_return_c: must be below temp_supply_c"),
        ("pump:", "synthetic: {flats: 9}\npump:", "zones: a synthetic building makes its own"),
        ("protocol:", "neighbours:\n  - {first: left, second: rihgt, ua_w_k: 3}\nprotocol:", "(did you mean right)"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(told: Callable[..., list[str]], old: str, new: str, problem: str) -> None:
    assert any(problem in said for said in told((old, new))), told((old, new))


def test_all_problems_are_told_at_once(told: Callable[..., list[str]]) -> None:
    said = told(("zone: left", "zone: lef"), ("type: stad_dn15", "type: x"), ("flow_l_h: 60", "setting: 4"))
    assert [one.split(":")[3].strip() for one in said] == [
        "zones.0",
        "radiators.0.zone",
        "valves.2.type",
        "protocol.1.setting",
    ]


def test_a_radiator_the_wrong_way_round_is_told(told: Callable[..., list[str]]) -> None:
    problems = told(("{id: r2, zone: right, at: top}", "{id: r2, zone: right, start: top return, end: top supply}"),
                    ("  - {id: v2, radiator: r2, type: ra_n_15, setting: N}\n", ""))  # fmt: skip
    assert problems == [
        "b.yaml:9:5: radiators.1: radiator 'r2': its start is in the return line: exchange start and end"
    ]


def test_a_pipe_to_nowhere_is_told(told: Callable[..., list[str]]) -> None:
    lost = "  - {id: p3, start: x, end: y, length_m: 1, diameter_inner_mm: 10}\nprotocol:"
    assert told(("protocol:", lost)) == ["b.yaml:17:5: pipes.2: pipe 'p3': nothing joins it to the pump"]


def test_own_valve_types_are_checked(told: Callable[..., list[str]], write: Callable[..., Path]) -> None:
    own = "valve_types:\n  - {id: asv_bd_20, positions: [1, 2, 3], kv_m3_h: [1, 0.5, 3], source: sheet}\npipes:"
    assert "must ascend" in told(("pipes:", own))[0]
    good = VALID.replace("pipes:", own.replace("0.5", "2")).replace("stad_dn15", "asv_bd_20")
    assert load_building(write(good, "b.yaml")).valves[2].type == "asv_bd_20"


def test_an_unknown_valve_type_is_told_how_to_bring_its_table_once(told: Callable[..., list[str]]) -> None:
    said = told(("type: ra_n_15, setting: 5", "type: asv_bd"), ("type: ra_n_15, setting: N", "type: asv_bd"))
    assert [one.split(": ")[1] for one in said] == ["valves.0.type", "valves.1.type"]
    assert "valve 'v1': no valve type 'asv_bd'" in said[0]
    assert "table of its data sheet under `valve_types`: {id: asv_bd, positions: [" in said[0]
    assert "valve_types.csv" in said[0]
    assert said[1].endswith("valve 'v2': no valve type 'asv_bd'")


def test_the_table_of_a_data_sheet_may_stand_in_a_folder(write: Callable[..., Path]) -> None:
    own = "id,positions,kv_m3_h,scale,step,source\nasv_bd,1 2 3,0.5 1 2,turns,0.1,made up for this test\n"
    for name, text in (TABLES | {"valve_types.csv": own}).items():
        write(text.replace("stad_dn15", "asv_bd"), f"house/{name}")
    (made,) = load_building("house").valve_types
    assert (made.positions, made.kv_m3_h, made.scale, made.step) == ([1.0, 2.0, 3.0], [0.5, 1.0, 2.0], "turns", 0.1)


def test_overrides_are_set_after_reading(write: Callable[..., Path]) -> None:
    path = write("synthetic: {flats: 20}\n", "small.yaml")
    building = load_building(path, {"synthetic.flats": 30})
    assert building.name == "small"
    assert building.synthetic is not None
    assert building.synthetic.flats == 30


@pytest.mark.parametrize("name", ["toy.yaml", "flats12", "flats70.yaml"])
def test_shipped_buildings_are_valid_and_say_that_they_are_made_up(project_root: Path, name: str) -> None:
    building = load_building(project_root / "scenarios" / "buildings" / name)
    assert building.made_up
    assert "synthetic" in f"{building.name} {building.description}".lower()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("dp_kpa: 8", "dp_kpa: 30000", "pump.dp_kpa: must be at most 200 kPa (got 30000; was it in Pa?)"),
        ("dp_kpa: 8", "dp_kpa: 0.008", "pump.dp_kpa: must be at least 0.1 kPa (got 0.008; was it in bar?)"),
        ("length_m: 6", "length_m: 6000", "pipe 'p1': must be at most 2000 m (got 6000; was it in mm?)"),
        ("length_m: 6", "length_m: 0.006", "pipe 'p1': must be at least 0.01 m (got 0.006; was it in km?)"),
        ("mm: 16.1", "mm: 0.0161", "pipe 'p1': must be at least 3 mm (got 0.0161; was it in m, cm or inches?)"),
        ("mm: 16.1", "mm: 1610", "pipe 'p1': must be at most 500 mm (got 1610)"),
        (
            "flow_l_h: 55",
            "flow_l_h: 0.055",
            "row of 'r1': must be at least 0.5 l/h (got 0.055; was it in m3/h or l/s?)",
        ),
        ("flow_l_h: 55", "flow_l_h: 5500000", "row of 'r1': must be at most 500000 l/h (got 5500000)"),
        (
            "left, heat_design_w: 900",
            "left, heat_design_w: 0.9",
            "zone 'left': must be at least 20 W (got 0.9; was it in kW?)",
        ),
        (
            "left, heat_design_w: 900",
            "left, heat_design_w: 9e7",
            "zone 'left': must be at most 1e+06 W (got 90000000.0)",
        ),
        (
            "left, heat_design_w: 900",
            "left, ua_outdoor_w_k: 0.024",
            "zone 'left': must be at least 0.1 W/K (got 0.024; was it in kW/K?)",
        ),
        (
            "left, heat_design_w: 900",
            "left, time_constant_d: 144",
            "zone 'left': must be at most 60 days (got 144; was it in hours?)",
        ),
        (
            "zone: left, at: foot",
            "zone: left, at: foot, heat_design_w: 0.9",
            "radiator 'r1': must be at least 20 W (got 0.9; was it in kW?)",
        ),
        (
            "zone: left, at: foot",
            "zone: left, at: foot, flow_design_l_h: 0.05",
            "radiator 'r1': must be at least 0.5 l/h (got 0.05; was it in m3/h or l/s?)",
        ),
        (
            "zone: left, at: foot",
            "zone: left, at: foot, kv_m3_h: 500",
            "radiator 'r1': must be at most 50 m3/h (got 500; was it in l/h?)",
        ),
        (
            "type: ra_n_15, setting: 5",
            "kv_min_m3_h: 40, kv_max_m3_h: 7300",
            "valve 'v1': must be at most 2000 m3/h (got 7300; was it in l/h?)",
        ),
        (
            "type: ra_n_15, setting: 5",
            "type: ra_n_15, kv_m3_h: 520",
            "valves.0.kv_m3_h: valve 'v1': before a radiator at most 20 m3/h (got 520; was it in l/h?)",
        ),
        ("{id: r1, flow_l_h: 55}", "{id: v1, kv_m3_h: 3000}", "must be at most 2000 m3/h (got 3000; was it in l/h?)"),
    ],
)
def test_a_figure_in_another_unit_is_told_by_its_range(
    told: Callable[..., list[str]], old: str, new: str, problem: str
) -> None:
    said = told((old, new))
    assert len(said) == 1, said
    assert said[0].endswith(problem), said


def test_own_valve_types_may_have_words_on_their_scale(
    told: Callable[..., list[str]], write: Callable[..., Path]
) -> None:
    own = "valve_types:\n  - {id: own, positions: [1, 2, 3], labels: [1, 2, N], kv_m3_h: [1, 2, 3], source: s}\npipes:"
    good = VALID.replace("pipes:", own).replace("type: stad_dn15, setting: 2.3", "type: own, setting: N")
    assert load_building(write(good, "b.yaml")).valve_types[0].labels == [1, 2, "N"]
    for labels, problem in (
        ("[1, N]", "valve_types.0.labels: valve type 'own': one label a position (got 2 for 3)"),
        ("[N, 2, n]", "valve_types.0.labels: valve type 'own': 'n' stands on the scale twice"),
        (
            "[1, 5, N]",
            "valve_types.0.labels: valve type 'own': the number 5 stands at position 2: say the same of both",
        ),
        ("[A, B, N]", "valve_types.0.labels: valve type 'own': words only: leave the numbers of some positions"),
        ("[1, 2, [3]]", "valve_types.0.labels: valve type 'own': expected what stands on the scale: numbers or words"),
    ):
        assert problem in told(("pipes:", own.replace("[1, 2, N]", labels)))[0]


def test_words_on_a_scale_stand_in_a_cell(write: Callable[..., Path]) -> None:
    own = "id;positions;labels;kv_m3_h;scale;source\nown;1 2 3,5;1|2|N;0,5 1 2;preset;made up for this test\n"
    for name, text in (TABLES | {"valve_types.csv": own}).items():
        write(text.replace("stad_dn15,2.3", "own,N"), f"house/{name}")
    (made,) = load_building("house").valve_types
    assert (made.positions, made.labels, made.kv_m3_h) == ([1, 2, 3.5], [1, 2, "N"], [0.5, 1, 2])


def test_settings_in_a_table_may_have_decimal_commas(write: Callable[..., Path]) -> None:
    valves = TABLES["valves.csv"].replace(",", ";").replace("2.3", "2,3")
    for name, text in (TABLES | {"valves.csv": valves}).items():
        write(text, f"house/{name}")
    assert load_building("house").valves[2].setting == 2.3
