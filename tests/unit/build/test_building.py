from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dhsim.build.building import build_building
from dhsim.build.building_zones import plan_zones
from dhsim.errors import DhsimError, ScenarioError
from dhsim.model.building import EdgeKind
from dhsim.model.zones import NO_EDGE
from dhsim.scenario.building_schema import BuildingScenario

SAID: dict[str, Any] = {
    "name": "two flats",
    "pump": {"dp_kpa": 8.0, "at": "cellar"},
    "roughness_mm": 0.045,
    "fluid": {"density_kg_m3": 983.2, "viscosity_pa_s": 4.66e-4, "heat_capacity_j_kgk": 4185.0},
    "design": {"temp_supply_c": 60.0, "temp_return_c": 45.0, "temp_indoor_c": 20.0, "temp_outdoor_c": -20.0},
    "zones": [{"id": "left", "heat_design_w": 900.0, "time_constant_d": 5.0}, {"id": "right", "heat_design_w": 1000.0}],
    "radiators": [
        {"id": "r1", "zone": "left", "at": "foot", "heat_design_w": 300.0},
        {"id": "r2", "zone": "right", "at": "top"},
        {"id": "r3", "zone": "left", "at": "top"},
    ],
    "valves": [
        {"id": "riser", "pipe": "p1", "type": "stad_dn15", "setting": 2.0},
        {"id": "v1", "radiator": "r1", "type": "ra_n_15", "setting": "n"},
        {"id": "meter", "radiator": "r2", "kv_m3_h": 2.0, "fixed": True},
    ],
    "pipes": [
        {"id": "p1", "start": "cellar", "end": "foot", "line": "both", "length_m": 6.0, "diameter_inner_mm": 16.1},
        {"id": "p2", "start": "foot", "end": "top", "line": "both", "length_m": 3.0, "diameter_inner_mm": 12.6},
    ],
    "protocol": [{"id": "r1", "flow_l_h": 36.0}],
}


def said(**changes: Any) -> BuildingScenario:
    return BuildingScenario.model_validate(SAID | changes)


def test_settings_become_resistances() -> None:
    plan = build_building(said())
    building = plan.building
    assert building.edge_ids[:6] == ("r1", "r2", "r3", "riser", "v1", "meter")
    rho = 983.2
    expected = 1.296e9 * rho / np.array([0.571, 0.73, 2.0]) ** 2
    np.testing.assert_allclose(building.resistance_valves_pa_s2_m6, expected, rtol=1e-12)
    np.testing.assert_allclose(building.resistance_min_pa_s2_m6[3], 1.296e9 * rho / 2.52**2, rtol=1e-12)
    np.testing.assert_allclose(building.resistance_max_pa_s2_m6[3], 1.296e9 * rho / 0.127**2, rtol=1e-12)
    assert building.resistance_min_pa_s2_m6[5] == building.resistance_max_pa_s2_m6[5]
    assert building.dp_pump_pa == 8000.0
    assert building.zone[:3].tolist() == [0, 1, 0]
    assert plan.flow_measured_m3_s[0] == pytest.approx(1e-5)
    assert np.isnan(plan.flow_measured_m3_s[1:]).all()


def test_design_heat_is_shared_and_gives_the_design_flow() -> None:
    plan = build_building(said())
    np.testing.assert_allclose(plan.heat_design_w, [300.0, 1000.0, 600.0])
    np.testing.assert_allclose(plan.flow_design_m3_s, plan.heat_design_w / (983.2 * 4185.0 * 15.0))


def test_a_zone_with_less_heat_than_its_radiators_is_refused() -> None:
    zones = [{"id": "left", "heat_design_w": 250.0}, {"id": "right"}]
    with pytest.raises(ScenarioError, match=r"zone 'left': its 250 W leave -50 W for 1 radiators"):
        build_building(said(zones=zones))


@pytest.mark.parametrize(
    ("valve", "problem"),
    [
        (
            {"type": "stad_dn15", "setting": 4.3},
            r"valve 'riser': STAD DN 15: a setting of 4.3 is beyond its range, 0.5 to",
        ),
        ({"type": "stad_dn15", "setting": "N"}, "no setting 'N' on its scale"),
        ({"type": "stad_dn15", "kv_m3_h": 3.0}, "Kv 3 m3/h is beyond its range, 0.127 to 2.52 m3/h"),
        ({"kv_min_m3_h": 0.5, "kv_max_m3_h": 2.0, "kv_m3_h": 0.4}, "Kv 0.4 m3/h is beyond its range, 0.5 to 2 m3/h"),
        ({"type": "stad_dn15"}, "no setting, here or in the protocol"),
        ({"type": "asv_pv_dn15", "setting": 10.0}, "holds a pressure difference"),
    ],
)
def test_valves_beyond_range_are_refused(valve: dict[str, Any], problem: str) -> None:
    with pytest.raises(ScenarioError, match=problem):
        build_building(said(valves=[{"id": "riser", "pipe": "p1", **valve}, *SAID["valves"][1:]]))


def test_without_a_protocol_an_unset_valve_is_open_and_noted() -> None:
    valves = [{"id": "riser", "pipe": "p1", "type": "stad_dn15"}, *SAID["valves"][1:]]
    plan = build_building(said(valves=valves, protocol=[]))
    assert plan.building.resistance_pa_s2_m6[3] == plan.building.resistance_min_pa_s2_m6[3]
    assert "valve 'riser': no setting: taken as fully open" in str(plan.notes[0])


def test_the_protocol_sets_the_only_valve_before_a_radiator() -> None:
    valves = [SAID["valves"][0], {"id": "v1", "radiator": "r1", "type": "ra_n_15"}, SAID["valves"][2]]
    plan = build_building(said(valves=valves, protocol=[{"id": "r1", "flow_l_h": 36.0, "setting": 4.0}]))
    assert plan.building.resistance_pa_s2_m6[4] == pytest.approx(1.296e9 * 983.2 / 0.25**2)


def test_a_fixed_resistance_may_stand_for_a_pipe() -> None:
    meter = {"id": "p1", "start": "cellar", "end": "foot", "line": "both", "kv_m3_h": 2.5}
    building = build_building(said(pipes=[meter, SAID["pipes"][1]])).building
    pipe = building.edge_ids.index("p1 supply")
    assert building.kind[pipe] == EdgeKind.PIPE
    assert building.resistance_pa_s2_m6[pipe] == pytest.approx(1.296e9 * 983.2 / 2.5**2)


def test_words_on_a_scale_of_ones_own_are_understood() -> None:
    own = {"id": "own", "positions": [1.0, 2.0], "labels": [1.0, "N"], "kv_m3_h": [0.2, 0.6], "source": "made up"}
    riser = {**SAID["valves"][0], "type": "own", "setting": "n"}
    plan = build_building(said(valve_types=[own], valves=[riser, *SAID["valves"][1:]]))
    kind = plan.valve_types[0]
    assert kind is not None
    assert (kind.labels, kind.range_text) == (("1", "N"), "1 to N turns")
    np.testing.assert_allclose(plan.building.resistance_valves_pa_s2_m6[0], 1.296e9 * 983.2 / 0.6**2, rtol=1e-12)


def test_a_synthetic_building_is_not_built_from_parts() -> None:
    with pytest.raises(DhsimError, match=r"balancing\.protocol\.open_building.*circuit_zones\.synthetic_zones"):
        build_building(BuildingScenario.model_validate({"name": "s", "synthetic": {"flats": 9}}))


def test_zones_get_loss_capacity_radiators_and_heads() -> None:
    zones = [SAID["zones"][0], SAID["zones"][1] | {"time_constant_d": 6.0, "ua_outdoor_w_k": 30.0}]
    pairs = [{"first": "left", "second": "right", "ua_w_k": 12.0}]
    made = plan_zones(build_building(said(zones=zones, neighbours=pairs)), heads_on=False)
    np.testing.assert_allclose(made.zones.ua_outdoor_w_k, [900.0 / 40.0, 30.0])
    np.testing.assert_allclose(made.zones.heat_capacity_j_k, [22.5 * 5 * 86400, 30.0 * 6 * 86400])
    np.testing.assert_allclose(made.radiators.excess_design_k, 15.0 / np.log(40.0 / 25.0))
    assert made.trvs.edge.tolist() == [4, NO_EDGE, NO_EDGE]
    assert not made.trvs.head_on.any()
    assert made.neighbours.ua_w_k.tolist() == [12.0]


def test_zones_name_what_the_simulation_lacks() -> None:
    with pytest.raises(ScenarioError, match=r"zone 'right': needs time_constant_d"):
        plan_zones(build_building(said()))


def test_shipped_buildings_are_built(project_root: Path) -> None:
    from dhsim.scenario.building_read import load_building

    plan = build_building(load_building(project_root / "scenarios" / "buildings" / "flats12"))
    assert (plan.building.radiators.size, plan.building.valves.size, plan.building.n_zone) == (30, 40, 12)
    toy = build_building(load_building(project_root / "scenarios" / "buildings" / "toy.yaml")).building
    kinds = [int((toy.kind == kind).sum()) for kind in (EdgeKind.RADIATOR, EdgeKind.VALVE, EdgeKind.PIPE)]
    assert (*kinds, len(toy.node_ids)) == (3, 3, 11, 16)  # figure 1 of the paper
