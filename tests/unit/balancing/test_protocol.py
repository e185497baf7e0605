from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dhsim.balancing.protocol import open_building, radiator_flows_m3_s, read_sensors
from dhsim.balancing.synthetic_building import SyntheticBuilding, synthetic_building
from dhsim.balancing.valves import valve_settings
from dhsim.errors import DhsimError, ScenarioError
from dhsim.model.building_hydraulics import solve_flows

BUILDING = """\
name: two flats
pump: {dp_kpa: 8, at: cellar}
roughness_mm: 0.045
zones:
  - {id: left, heat_design_w: 900}
  - {id: right, heat_design_w: 600}
radiators:
  - {id: r1, zone: left, at: foot}
  - {id: r2, zone: right, at: top}
valves:
  - {id: v1, radiator: r1, type: ra_n_15, setting: 6}
  - {id: v2, radiator: r2, type: ra_n_15, setting: N}
  - {id: riser, pipe: p1, type: stad_dn15, setting: 2.3}
pipes:
  - {id: p1, start: cellar, end: foot, line: both, length_m: 6, diameter_inner_mm: 16.1}
  - {id: p2, start: foot, end: top, line: both, length_m: 3, diameter_inner_mm: 12.6}
sensors: {file: rooms.csv, ignore: [attic]}
protocol:
"""
ROWS = "  - {id: r1, flow_l_h: 55}\n  - {id: r2, flow_l_h: 40}\n"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    monkeypatch.chdir(tmp_path)

    def write_file(text: str, name: str) -> Path:
        Path(name).write_text(text)
        return Path(name)

    return write_file


@pytest.fixture(scope="module")
def made() -> SyntheticBuilding:
    return synthetic_building(8, 8, 2, random=np.random.default_rng(5))


def test_the_fitted_building_has_the_protocols_flows(write: Callable[[str, str], Path]) -> None:
    case = open_building(write(BUILDING + ROWS, "b.yaml"))
    np.testing.assert_allclose(case.flow_radiators_m3_s * 3.6e6, [55.0, 40.0])
    again = solve_flows(case.building, friction=case.friction)
    np.testing.assert_allclose(again.flow_m3_s[case.building.radiators], case.flow_radiators_m3_s, rtol=1e-8)
    assert (case.building.resistance_pa_s2_m6[case.building.radiators] > 0.0).all()


def test_flows_that_contradict_the_pump_are_refused_with_place_and_numbers(write: Callable[[str, str], Path]) -> None:
    rows = ROWS.replace("40", "400")
    with pytest.raises(ScenarioError) as caught:
        open_building(write(BUILDING + rows, "b.yaml"))
    problems = {problem.key: problem for problem in caught.value.problems}
    assert sorted(problems) == ["protocol.0", "protocol.1"]  # the riser has no pressure left for either
    assert problems["protocol.1"].line == 20
    for part in ("radiator 'r2': 400 l/h leave it -", "of the pump's 8 kPa", "k_rad = -"):
        assert part in problems["protocol.1"].message


def test_a_risers_flow_is_shared_out_by_the_plan(write: Callable[[str, str], Path]) -> None:
    case = open_building(write(BUILDING + "  - {id: riser, flow_l_h: 100}\n", "b.yaml"))
    np.testing.assert_allclose(case.flow_radiators_m3_s * 3.6e6, [60.0, 40.0])
    assert "split" in [flag.kind for flag in case.flags]


def test_a_radiator_without_a_flow_is_refused_by_name(write: Callable[[str, str], Path]) -> None:
    with pytest.raises(ScenarioError, match="no flow in the protocol for 1 of 2 radiators: r2"):
        open_building(write(BUILDING + "  - {id: r1, flow_l_h: 55}\n", "b.yaml"))


def test_the_rest_of_a_risers_flow_goes_to_the_radiators_not_measured(made: SyntheticBuilding) -> None:
    building = made.building
    true = solve_flows(building).flow_m3_s
    measured = np.full(building.kind.size, np.nan)
    risers = building.valves[made.riser_valves]
    measured[risers] = true[risers]
    lower = [e for e in building.radiators if building.edge_ids[e].endswith(".1")]
    measured[lower] = true[lower]
    flow, flags = radiator_flows_m3_s(building, measured)
    np.testing.assert_allclose(flow, true[building.radiators], rtol=1e-9)  # two floors: one radiator is left on each
    assert not flags


def test_a_riser_that_does_not_add_up_is_flagged(made: SyntheticBuilding) -> None:
    building = made.building
    true = solve_flows(building).flow_m3_s
    measured = np.where(building.is_radiator, true, np.nan)
    riser = building.valves[made.riser_valves[0]]
    measured[riser] = 1.08 * true[riser]
    flow, flags = radiator_flows_m3_s(building, measured)
    np.testing.assert_allclose(flow, true[building.radiators])
    assert [(flag.kind, round(flag.value, 6)) for flag in flags] == [("sum", 0.08)]
    assert "riser valve 0" in str(flags[0])


def test_a_riser_with_less_than_its_radiators_is_refused(made: SyntheticBuilding) -> None:
    building = made.building
    true = solve_flows(building).flow_m3_s
    measured = np.where(building.is_radiator, true, np.nan)
    measured[[e for e in building.radiators if building.edge_ids[e] == "radiator 0.2"]] = np.nan
    measured[building.valves[made.riser_valves[0]]] = 1e-9
    with pytest.raises(DhsimError, match=r"riser valve 0: .* nothing is left for radiator 0\.2"):
        radiator_flows_m3_s(building, measured)


def test_without_a_protocol_radiators_need_a_kv(write: Callable[[str, str], Path]) -> None:
    text = BUILDING.replace("protocol:\n", "")
    with pytest.raises(ScenarioError, match="2 radiators have no resistance"):
        open_building(write(text, "b.yaml"))
    case = open_building(write(text.replace("at: foot", "at: foot, kv_m3_h: 1").replace("at: top", "at: top, kv_m3_h: 1"), "b.yaml"))  # fmt: skip  # noqa: E501
    assert (case.flow_radiators_m3_s > 0.0).all()


def test_a_radiator_far_from_the_others_is_flagged(project_root: Path) -> None:
    folder = project_root / "scenarios" / "buildings" / "flats12"
    case = open_building(folder)
    assert case.flags == ()
    row = next(i for i, row in enumerate(case.scenario.protocol) if row.id == "r4.2")
    odd = open_building(folder, {f"protocol.{row}.flow_l_h": 12.0})
    flags = [flag for flag in odd.flags if flag.kind == "odd_resistance"]
    assert len(flags) == 1
    assert "r4.2" in flags[0].message
    assert flags[0].value > 30.0


def test_a_valve_whose_table_rests_on_one_source_is_flagged(project_root: Path) -> None:
    folder = project_root / "scenarios" / "buildings" / "flats12"
    (flag,) = open_building(folder, {"valves.0.type": "ra_n_15_earlier"}).flags
    assert flag.kind == "unverified_valve"
    assert "RA-N 15, earlier table" in flag.message


def test_an_own_table_sets_its_valve(write: Callable[[str, str], Path]) -> None:
    own = "valve_types:\n  - {id: asv_bd, positions: [1, 2, 3], kv_m3_h: [0.5, 1, 2], source: made up for this test}\n"
    case = open_building(write(own + (BUILDING + ROWS).replace("stad_dn15", "asv_bd"), "b.yaml"))
    setting = {one.valve: one for one in valve_settings(case.building, case.valve_types)}["riser"]
    assert (setting.type_name, setting.label) == ("asv_bd", "2.3 turns")
    assert 1.0 < setting.kv_m3_h < 2.0


def test_a_synthetic_building_comes_with_scales_and_truth(write: Callable[[str, str], Path]) -> None:
    text = "synthetic: {flats: 12, risers: 10, floors: 3, seed: 4, valve_riser_type: stad_dn15}\n"
    case, again = open_building(write(text, "s.yaml")), open_building("s.yaml")
    assert case.truth is not None
    assert case.truth.building is case.building
    risers = np.zeros(case.building.valves.size, bool)
    risers[case.truth.riser_valves] = True
    assert [kind is not None for kind in case.valve_types] == risers.tolist()
    assert np.array_equal(case.flow_radiators_m3_s, again.flow_radiators_m3_s)
    assert "synthetic" in [flag.kind for flag in case.flags]
    k, low = case.building.resistance_valves_pa_s2_m6, case.building.resistance_min_pa_s2_m6[case.building.valves]
    assert (k >= low).all()


def _rooms(**zones: object) -> str:
    time = pd.date_range("2024-01-01", periods=48, freq="h", tz="UTC").strftime("%Y-%m-%dT%H:%M:%SZ")
    wave = np.sin(np.arange(48) / 7.0)
    columns = {"time": time, "temp_supply_c": 50 + wave, "temp_outdoor_c": -5 + 3 * wave, **zones}
    return pd.DataFrame(columns).to_csv(index=False)


def test_sensors_of_unknown_zones_are_refused(write: Callable[[str, str], Path]) -> None:
    case = open_building(write(BUILDING + ROWS, "b.yaml"))
    room = 21 + np.cos(np.arange(48) / 9.0)
    write(_rooms(left=room, rihgt=room, attic=room), "rooms.csv")
    with pytest.raises(ScenarioError, match=r"rihgt: sensor of an unknown zone; did you mean right\?") as caught:
        read_sensors(case)
    assert "rooms.csv" in str(caught.value)


def test_constant_and_missing_sensors_are_flagged(write: Callable[[str, str], Path]) -> None:
    case = open_building(write(BUILDING + ROWS, "b.yaml"))
    write(_rooms(left=np.full(48, 21.0), attic=np.arange(48.0) / 3), "rooms.csv")
    series = read_sensors(case)
    assert {(flag.kind, flag.zone) for flag in series.flags} >= {("constant", "left"), ("missing", "right")}


def test_a_building_without_sensors_says_so(write: Callable[[str, str], Path]) -> None:
    text = (BUILDING + ROWS).replace("sensors: {file: rooms.csv, ignore: [attic]}\n", "")
    with pytest.raises(ScenarioError, match="sensors: missing key"):
        read_sensors(open_building(write(text, "b.yaml")))
