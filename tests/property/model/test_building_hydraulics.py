"""Laws that every circuit obeys, drawn over two-pipe buildings of any size and settings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhsim.balancing.synthetic_building import synthetic_building
from dhsim.model.building_hydraulics import fit_radiators, solve_flows

FRICTION = st.sampled_from(["colebrook", "laminar_aware"])


@st.composite
def circuits(draw):
    """A building with valves anywhere in their ranges."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_floor = draw(st.integers(1, 4))
    n_flat = draw(st.integers(n_floor, 12))
    per_floor = -(-n_flat // n_floor)
    n_riser = draw(st.integers(per_floor, 5 * (n_flat // n_floor)))
    building = synthetic_building(n_flat, n_riser, n_floor, random=random).building
    low, high = building.resistance_min_pa_s2_m6[building.valves], building.resistance_max_pa_s2_m6[building.valves]
    return building.with_valves(low * (high / low) ** random.random(low.size)), random


@given(circuits(), FRICTION)
@settings(max_examples=25)
def test_mass_and_pressure_balance(circuit, friction) -> None:
    building, _ = circuit
    found = solve_flows(building, friction=friction)
    balance = np.zeros(len(building.node_ids))
    np.add.at(balance, building.downstream, found.flow_m3_s)
    np.subtract.at(balance, building.upstream, found.flow_m3_s)
    assert balance[building.inlet] == pytest.approx(found.flow_total_m3_s, rel=1e-9)
    balance[[building.inlet, building.outlet]] = 0.0
    assert np.abs(balance).max() < 1e-9 * found.flow_total_m3_s
    across = found.pressure_pa[building.upstream] - found.pressure_pa[building.downstream]
    fixed = ~building.frictional
    lost = building.resistance_pa_s2_m6[fixed] * found.flow_m3_s[fixed] ** 2
    np.testing.assert_allclose(across[fixed], lost, rtol=1e-7, atol=1e-6)
    assert (found.flow_m3_s > 0.0).all()
    assert (across > 0.0).all()
    assert found.flow_zone_m3_s.sum() == pytest.approx(found.flow_total_m3_s, rel=1e-9)


@given(circuits(), FRICTION)
@settings(max_examples=20)
def test_closing_a_valve_takes_flow_from_it_and_gives_to_its_neighbours(circuit, friction) -> None:
    building, random = circuit
    v = int(random.integers(building.valves.size))
    settings_ = building.resistance_valves_pa_s2_m6.copy()
    before = solve_flows(building, settings_, friction)
    settings_[v] *= 3.0
    after = solve_flows(building, settings_, friction)
    assert after.flow_m3_s[building.valves[v]] < before.flow_m3_s[building.valves[v]]
    assert after.flow_total_m3_s < before.flow_total_m3_s
    elsewhere = np.ones(building.radiators.size, bool)
    name = building.valve_ids[v].split()[-1].split(".")[0]
    elsewhere &= np.array([building.edge_ids[e].split()[-1].split(".")[0] != name for e in building.radiators])
    rise = (after.flow_m3_s - before.flow_m3_s)[building.radiators][elsewhere]
    assert (rise > -1e-9 * before.flow_total_m3_s).all()


@given(circuits(), FRICTION)
@settings(max_examples=15)
def test_a_protocol_that_the_circuit_gave_is_fitted(circuit, friction) -> None:
    building, _ = circuit
    protocol = solve_flows(building, friction=friction).flow_m3_s[building.radiators]
    fitted = fit_radiators(building, protocol, friction=friction)
    wanted = building.resistance_pa_s2_m6[building.radiators]
    np.testing.assert_allclose(fitted.resistance_pa_s2_m6[building.radiators], wanted, rtol=1e-5)
