"""A scenario's buildings in detail: commissioned entries, settings, and what does not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dhsim.build.case import build_case
from dhsim.errors import ScenarioError
from dhsim.model.building_hydraulics import solve_flows
from dhsim.scenario.load import load_scenario

SCENARIOS = Path(__file__).parents[3] / "scenarios"
RISERS = SCENARIOS / "risers" / "baseline.yaml"


def refused(changes: dict[str, object]) -> str:
    with pytest.raises(ScenarioError) as caught:
        build_case(load_scenario(RISERS, {"time.days": 1, **changes}))
    return str(caught.value)


def test_entry_gives_the_scenarios_flow_at_every_setting() -> None:
    for settings in (None, "as_found.csv", "rebalanced.csv"):
        case = build_case(load_scenario(RISERS, {"time.days": 1, "details.A.settings": settings}))
        [detail] = case.details
        buildings = case.system.buildings
        design_kg_s = buildings.mass_flow_design_kg_s[0] * case.system.substation.flow_set_rel
        assert detail.mass_flow_entry_kg_s == pytest.approx(design_kg_s)
        flow = solve_flows(replace(detail.building, dp_pump_pa=detail.dp_circuit_pa)).flow_total_m3_s
        assert flow * detail.building.fluid.density_kg_m3 == pytest.approx(design_kg_s, rel=1e-9)
        entry_pa = detail.dp_circuit_pa + detail.resistance_entry_pa_s2_kg2 * design_kg_s**2
        assert entry_pa == pytest.approx((design_kg_s / buildings.conductance_kg_s_pa05[0]) ** 2)


def test_gains_and_sun_are_shared_out_whole() -> None:
    case = build_case(load_scenario(RISERS, {"time.days": 1}))
    [detail] = case.details
    assert detail.gain_share_rel.sum() == pytest.approx(1.0)
    assert detail.zones.zones.aperture_solar_m2.sum() == pytest.approx(case.system.buildings.aperture_solar_m2[0])


def test_settings_by_kv_and_from_the_report(tmp_path: Path) -> None:
    """The `valves.csv` of `dhsim balance report` is read as it is."""
    path = tmp_path / "valves.csv"
    path.write_text("order,valve,place,zones,kv_present_m3_h,kv_new_m3_h\n1,riser valve 1,riser,flat 11,0.9,0.5\n")
    plain, turned = (
        build_case(load_scenario(RISERS, {"time.days": 1, "details.A.settings": name})).details[0].building
        for name in (None, str(path))
    )
    ratio = turned.resistance_valves_pa_s2_m6 / plain.resistance_valves_pa_s2_m6
    changed = np.flatnonzero(np.abs(ratio - 1.0) > 1e-9)
    assert [plain.valve_ids[v] for v in changed] == ["riser valve 1"]


def test_house_must_be_the_scenarios() -> None:
    message = refused({"buildings.0.heat_design_kw": 77.2})
    assert "details.A.building" in message
    assert "38.59 kW (house), but the scenario's building has 77.2 kW" in message
    assert "`copies` (nearest: 2)" in message
    assert "heat loss at 38 K" in message
    assert "supply of 60 degC, but the scenario's curve has 70" in refused(
        {"curve.temp_supply_design_c": 70, "curve.temp_radiator_supply_design_c": 70}
    )


def test_circuit_that_needs_more_pressure_is_refused() -> None:
    message = refused(
        {"building_types.residential.dp_circuit_kpa": 4, "details": {"D": {"building": "../buildings/flats12"}}}
    )
    assert "but the scenario has 5.6 kPa" in message
    assert "raise building_types.residential.dp_circuit_kpa to 12.2" in message


def test_bad_settings_are_named_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "set.csv"
    path.write_text("id,setting,kv_m3_h\nriser valve 1,9,\nv1.9,3,\nv1.1,,900\nv2.1,3,0.2\n")
    message = refused({"details.A.settings": str(path)})
    assert "set.csv:5:1: setting: valve 'v2.1': give its setting or its kv_m3_h, one of both" in message
    path.write_text("id,setting,kv_m3_h\nriser valve 1,9,\nv1.9,3,\nv1.1,,900\n")
    message = refused({"details.A.settings": str(path)})
    assert "set.csv:2:1: setting: valve 'riser valve 1'" in message
    assert "set.csv:3:1: id: no valve 'v1.9' in 12 flats (synthetic)" in message
    assert "set.csv:4:1: kv_m3_h: valve 'v1.1': Kv 900 m3/h is beyond its range" in message


def test_files_that_are_not_there_and_made_up_houses_are_refused() -> None:
    assert "details.A.building: no such file or folder (got 'nowhere')" in refused({"details.A.building": "nowhere"})
    assert "details.A.settings: no such file or folder" in refused({"details.A.settings": "no.csv"})
    assert "a synthetic building has no plan" in refused({"details.A.building": "../buildings/flats70.yaml"})
