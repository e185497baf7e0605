from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dhsim.balancing.classical import classical_balancing
from dhsim.balancing.synthetic_building import SyntheticBuilding, synthetic_building, toy_building
from dhsim.balancing.valves import catalogue_valve
from dhsim.errors import DhsimError
from dhsim.model.building import Building
from dhsim.model.building_hydraulics import fit_radiators

TOY_FLOW = np.array([2e-5, 1.8e-5, 1.5e-5])


@pytest.fixture(scope="module")
def made() -> SyntheticBuilding:
    return synthetic_building(20, 18, 4, random=np.random.default_rng(3))


def test_every_radiator_gets_its_design_flow(made: SyntheticBuilding) -> None:
    building = made.building
    done = classical_balancing(building, made.flow_design_m3_s)
    assert not done.flags
    np.testing.assert_allclose(done.flow.flow_m3_s[building.radiators], made.flow_design_m3_s, rtol=1e-8)
    low, high = building.resistance_min_pa_s2_m6[building.valves], building.resistance_max_pa_s2_m6[building.valves]
    assert (done.resistance_valves_pa_s2_m6 >= low).all()
    assert (done.resistance_valves_pa_s2_m6 <= high).all()
    assert np.array_equal(done.resistance_set_pa_s2_m6, done.resistance_valves_pa_s2_m6)  # no types, nothing rounded
    np.testing.assert_allclose(done.excess_pa, 0.0, atol=1e-6)


def test_the_valve_nearer_to_the_pump_takes_what_all_behind_it_can_spare(made: SyntheticBuilding) -> None:
    building = made.building
    done = classical_balancing(building, made.flow_design_m3_s)
    low = building.resistance_min_pa_s2_m6[building.valves]
    opened = done.resistance_valves_pa_s2_m6 <= low * (1.0 + 1e-12)
    for riser in made.riser_valves:
        name = building.valve_ids[riser].split()[-1]
        mine = [v for v, one in enumerate(building.valve_ids) if one.startswith(f"radiator valve {name}.")]
        assert opened[mine].any()  # one radiator of each riser has its valve open


def test_the_index_circuit_just_gets_its_flow_at_the_pressure_it_needs(made: SyntheticBuilding) -> None:
    first = classical_balancing(made.building, made.flow_design_m3_s)
    assert first.dp_pump_needed_pa < made.building.dp_pump_pa
    lean = replace(made.building, dp_pump_pa=first.dp_pump_needed_pa)
    again = classical_balancing(lean, made.flow_design_m3_s)
    assert again.index_radiator == first.index_radiator
    assert again.dp_pump_needed_pa == pytest.approx(first.dp_pump_needed_pa, rel=1e-9)
    np.testing.assert_allclose(again.flow.flow_m3_s[lean.radiators], made.flow_design_m3_s, rtol=1e-6)


def test_a_weak_pump_is_flagged_with_names_and_numbers(made: SyntheticBuilding) -> None:
    first = classical_balancing(made.building, made.flow_design_m3_s)
    weak = replace(made.building, dp_pump_pa=first.dp_pump_needed_pa - 500.0)
    done = classical_balancing(weak, made.flow_design_m3_s)
    assert [flag.kind for flag in done.flags] == ["short"]
    name = weak.edge_ids[weak.radiators[first.index_radiator]]
    assert f"{name} (500 Pa)" in str(done.flags[0])
    assert done.excess_pa.min() == pytest.approx(-500.0, abs=1e-3)


def test_valves_that_cannot_close_enough_are_flagged() -> None:
    strong = replace(toy_building(), dp_pump_pa=4e5)
    narrow = replace(strong, resistance_max_pa_s2_m6=strong.resistance_min_pa_s2_m6 * 5.0)
    narrow = narrow.with_valves(narrow.resistance_min_pa_s2_m6[narrow.valves] * 2.0)
    done = classical_balancing(narrow, TOY_FLOW)
    assert [flag.kind for flag in done.flags] == ["excess"]
    assert done.flags[0].value == 3.0
    assert (done.deviation_rel(narrow) > 0.0).all()


def test_rounding_moves_the_flows_a_little() -> None:
    building = toy_building(dp_pump_pa=12000.0)
    ra_n = catalogue_valve("ra_n_15")
    low, high = ra_n.range_pa_s2_m6(building.fluid.density_kg_m3)
    is_valve = building.is_valve
    ranged = replace(
        building,
        resistance_min_pa_s2_m6=np.where(is_valve, low, np.nan),
        resistance_max_pa_s2_m6=np.where(is_valve, high, np.nan),
    )
    done = classical_balancing(ranged, TOY_FLOW, [ra_n] * 3)
    assert np.abs(done.deviation_rel(ranged, rounded=False)).max() < 1e-8
    rounded = np.abs(done.deviation_rel(ranged)).max()
    assert 1e-3 < rounded < 0.15
    assert all(one.position in ra_n.settable for one in done.settings)


def test_valves_in_a_loop_are_left_as_they_stand() -> None:
    """A second main with a valve beside the first: the design flows are still met by the radiators' valves."""
    toy = toy_building(dp_pump_pa=15000.0)
    ids = toy.node_ids
    n = toy.kind.size

    def longer(column: np.ndarray, value: float) -> np.ndarray:
        return np.append(column, value)

    looped = Building.from_edges(
        longer(toy.kind, 2),
        [*(ids[i] for i in toy.upstream), "1"],
        [*(ids[i] for i in toy.downstream), "3"],
        dp_pump_pa=toy.dp_pump_pa,
        resistance_pa_s2_m6=longer(toy.resistance_pa_s2_m6, 5e12),
        length_m=longer(toy.length_m, np.nan),
        diameter_m=longer(toy.diameter_m, np.nan),
        roughness_m=longer(toy.roughness_m, np.nan),
        zone=longer(toy.zone, -1).astype(int),
        resistance_min_pa_s2_m6=longer(toy.resistance_min_pa_s2_m6, 1e12),
        resistance_max_pa_s2_m6=longer(toy.resistance_max_pa_s2_m6, 1e14),
        fluid=toy.fluid,
        edge_ids=[*toy.edge_ids, "shunt"],
    )
    assert looped.kind.size == n + 1
    done = classical_balancing(looped, TOY_FLOW)
    assert [flag.kind for flag in done.flags] == ["loop"]
    assert "shunt" in str(done.flags[0])
    assert done.resistance_valves_pa_s2_m6[-1] == pytest.approx(5e12)
    np.testing.assert_allclose(done.flow.flow_m3_s[looped.radiators], TOY_FLOW, rtol=1e-7)


def test_what_is_missing_is_named(made: SyntheticBuilding) -> None:
    flow = made.flow_design_m3_s.copy()
    flow[2] = np.nan
    with pytest.raises(DhsimError, match=r"no design flow for 1 radiators \(radiator 0\.3\): give heat_design_w"):
        classical_balancing(made.building, flow)
    unfitted = made.building.with_radiators(np.full(made.building.radiators.size, np.nan))
    with pytest.raises(DhsimError, match="radiators without a resistance"):
        classical_balancing(unfitted, made.flow_design_m3_s)


def test_what_was_fitted_to_the_design_flows_needs_no_change() -> None:
    """Radiators fitted at open valves and the design flows: the calculation finds the valves open again."""
    toy = toy_building()
    opened = toy.with_valves(toy.resistance_min_pa_s2_m6[toy.valves])
    done = classical_balancing(fit_radiators(opened, TOY_FLOW), TOY_FLOW)
    np.testing.assert_allclose(done.resistance_valves_pa_s2_m6, toy.resistance_min_pa_s2_m6[toy.valves], rtol=1e-6)
    assert done.dp_pump_needed_pa == pytest.approx(toy.dp_pump_pa, rel=1e-9)
