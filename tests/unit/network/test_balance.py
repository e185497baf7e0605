"""What pumps hold, where they cannot, and the pressures that come of it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from dhsim.errors import ConvergenceError, Status
from dhsim.network.parts import LiftLaw
from dhsim.network.run import solve_network
from tests.property.network.flow_equations import (
    FLUID,
    GRAVITY,
    PLANT,
    PRESSURE,
    as_separate,
    check_flows,
    network_of,
)  # fmt: skip

LINE = [(0, 1), (1, 2), (1, 3)]
LOOP = [*LINE, (2, 3)]
FIXED_FLOWS = [(2, {"mass_flow_kg_s": 2.0}), (3, {"mass_flow_kg_s": 1.0})]
DRIVEN = [(2, {"kind": PRESSURE}), (3, {"kind": PRESSURE, "conductance": 5e-3})]
CASES = {
    "tree": network_of(LINE, FIXED_FLOWS),
    "loop": network_of(LOOP, FIXED_FLOWS),
    "both lines": as_separate(network_of(LOOP, FIXED_FLOWS)),
    "driven": network_of(LOOP, DRIVEN),
    "driven, both lines": as_separate(network_of(LINE, DRIVEN)),
}


def with_plant(network, law, **fields):
    return dataclasses.replace(network, plant=PLANT._replace(law=int(law), **fields))


def dp(state):
    return state.pressure_supply_pa - state.pressure_return_pa


@pytest.mark.parametrize("name", CASES)
def test_fixed_lift(name):
    state, status = solve_network(CASES[name])
    assert status == Status.OK
    assert dp(state)[0] == pytest.approx(2e5, rel=1e-14)
    assert state.pressure_return_pa[0] == 3e5


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dp_set_pa", [1e3, 5e4, 8e5])
def test_the_worst_consumer_has_what_is_held(name, dp_set_pa):
    network = with_plant(CASES[name], LiftLaw.WORST_CONSUMER, dp_set_pa=dp_set_pa)
    state, _ = solve_network(network)
    assert dp(state)[network.consumers.node].min() == pytest.approx(dp_set_pa, rel=1e-8)
    check_flows(network, state)


def test_who_is_switched_off_is_not_the_worst():
    consumers = [*FIXED_FLOWS, (3, {"is_on": 0}), (4, {"is_on": 0})]
    network = network_of([*LINE, (3, 4)], [(1,), *consumers[2:]])
    state, _ = solve_network(with_plant(network, LiftLaw.WORST_CONSUMER, dp_set_pa=5e4))
    assert dp(state)[1] == pytest.approx(5e4, rel=1e-8)


def test_with_nobody_on_the_plant_holds_the_set_point_itself():
    network = with_plant(network_of(LINE, [(2, {"is_on": 0})]), LiftLaw.WORST_CONSUMER, dp_set_pa=5e4)
    assert dp(solve_network(network)[0])[0] == pytest.approx(5e4)


def test_a_pump_in_the_line_counts_for_the_worst_consumer():
    """All consumers have more than the plant lifts: the least of them is held, not the plant."""
    pump = {"a0": 6e4, "a2": -1e6, "resistance": 0.0}
    network = network_of([(0, 1), (2, 3)], [(3,), (2,)], elements=[(1, 2, pump)], pipes_return=[(0, 1), (1, 2), (2, 3)],
                         mirrored=False)  # fmt: skip
    network = with_plant(network, LiftLaw.WORST_CONSUMER, dp_set_pa=8e4)
    state, status = solve_network(network)
    assert status == Status.OK
    assert dp(state)[3] == pytest.approx(8e4, rel=1e-8)
    assert dp(state)[0] < 8e4


def test_pumps_stand_where_others_lift_enough():
    network = network_of(LINE, [(3,)], producers=[{}, {"node": 2, "lift_pa": 3e5}])
    state, _ = solve_network(with_plant(network, LiftLaw.WORST_CONSUMER, dp_set_pa=1e4))
    assert dp(state)[0] == 0.0
    assert dp(state)[3] > 1e4


@pytest.mark.parametrize("name", CASES)
def test_proportional_lift(name):
    network = with_plant(CASES[name], LiftLaw.PROPORTIONAL, lift_zero_rel=0.4, mass_flow_design_kg_s=6.0)
    state, _ = solve_network(network)
    expected = 2e5 * (0.4 + 0.6 * state.mass_flow_producer_kg_s[0] / 6.0)
    assert dp(state)[0] == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("name", CASES)
def test_pump_speed(name):
    curve = {"head_a0_pa": 4e5, "head_a1_pa_s_m3": -1e6, "head_a2_pa_s2_m6": -5e9}
    network = with_plant(CASES[name], LiftLaw.PUMP_SPEED, speed_rel=0.8, n_parallel=2, **curve)
    state, _ = solve_network(network)
    volume = state.mass_flow_producer_kg_s[0] / (2.0 * FLUID.density_kg_m3)
    assert dp(state)[0] == pytest.approx(4e5 * 0.64 - 1e6 * 0.8 * volume - 5e9 * volume**2, rel=1e-8)


@pytest.mark.parametrize("name", ["tree", "loop", "both lines"])
def test_a_pump_that_cannot_carry_the_flow_is_an_error(name):
    network = with_plant(CASES[name], LiftLaw.PUMP_SPEED, head_a0_pa=1e4, head_a2_pa_s2_m6=-1e10)
    with pytest.raises(ConvergenceError, match="made up: flows and pressures did not settle"):
        solve_network(network)


@pytest.mark.parametrize("name", ["tree", "loop", "both lines"])
def test_a_lift_too_small_for_the_flows_is_said(name):
    network = dataclasses.replace(CASES[name], producers=CASES[name].producers._replace(lift_pa=np.array([1e3])))
    state, status = solve_network(network)
    assert status == Status.DP_SHORT
    assert dp(state).min() < 0.0


def test_less_than_a_consumer_needs_is_said():
    needs = network_of(LINE, [(2, {"dp_min_pa": 1.99e5, "mass_flow_kg_s": 3.0})])
    assert solve_network(needs)[1] == Status.DP_SHORT
    off = network_of(LINE, [(2, {"dp_min_pa": 1.99e5, "is_on": 0})])
    assert solve_network(off)[1] == Status.OK


@pytest.mark.parametrize("name", CASES)
def test_height_moves_pressures_and_nothing_else(name):
    flat, _ = solve_network(CASES[name])
    elevation_m = np.array([12.0, 30.0, -5.0, 80.0])
    network = dataclasses.replace(CASES[name], nodes=CASES[name].nodes._replace(elevation_m=elevation_m))
    hilly, _ = solve_network(network)
    fall = FLUID.density_kg_m3 * GRAVITY * (elevation_m - 12.0)
    np.testing.assert_allclose(hilly.pressure_supply_pa, flat.pressure_supply_pa - fall, atol=1e-6)
    np.testing.assert_allclose(hilly.pressure_return_pa, flat.pressure_return_pa - fall, atol=1e-6)
    np.testing.assert_array_equal(hilly.mass_flow_supply_kg_s, flat.mass_flow_supply_kg_s)


def test_nothing_flows_back_through_a_pressure_driven_consumer():
    network = network_of(LINE, [(2, {"mass_flow_kg_s": 12.0}), (1, {"kind": PRESSURE})], producers=[{"lift_pa": 2e4}])
    for case in (network, as_separate(network)):
        state, status = solve_network(case)
        assert Status.DP_SHORT in status
        assert state.mass_flow_consumer_kg_s[1] == 0.0
        check_flows(case, state, relative=1e-7)
