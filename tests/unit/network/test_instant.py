"""One instant: flows that follow temperatures, heat that cannot be had, and what cuts or turns the water."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from dhsim.errors import Status
from dhsim.network.instant import Drive, solve_instant
from dhsim.network.parcels import full_pipes
from dhsim.network.run import network_parts, solve_network
from dhsim.network.setup import empty_state, empty_work, setup
from tests.property.network.flow_equations import (
    GROUND,
    MASS_FLOW,
    PRESSURE,
    TEMP_DROP,
    TEMP_RETURN,
    as_separate,
    check_energy,
    check_flows,
    check_temperatures,
    network_of,
)  # fmt: skip

CP = 4190.0
LINE = [(0, 1), (1, 2), (2, 3)]
SPLIT = [(0, 1), (2, 3)]
PUMP = {"a0": 1e5, "a2": -5e8, "resistance": 0.0}


def cooled(temp_c, length_m, flow, u_w_mk=0.4, around_c=GROUND):
    return around_c + (temp_c - around_c) * math.exp(-u_w_mk * length_m / (flow * CP))


@pytest.mark.parametrize("mirrored", [True, False])
def test_a_line_by_hand(mirrored):
    network = network_of([(0, 1)], [(1, {"kind": TEMP_DROP, "temp_drop_k": 30.0, "heat_w": 2e5})], mirrored=mirrored)
    state, status = solve_network(network)
    flow = 2e5 / (CP * 30.0)
    arrives = cooled(95.0, 100.0, flow)
    assert status == Status.OK
    np.testing.assert_allclose(state.mass_flow_consumer_kg_s, flow, rtol=1e-14)
    np.testing.assert_allclose(state.temp_supply_c, [95.0, arrives], rtol=1e-12)
    np.testing.assert_allclose(state.temp_return_c, [cooled(arrives - 30.0, 100.0, flow), arrives - 30.0], rtol=1e-12)
    assert state.heat_consumer_w[0] == pytest.approx(2e5, rel=1e-12)
    check_energy(state)


@pytest.mark.parametrize("mirrored", [True, False])
@pytest.mark.parametrize("temp_return_c", [20.0, 55.0, 85.0, 92.5])
def test_a_return_temperature_sets_the_flow(mirrored, temp_return_c):
    consumers = [
        (node, {"kind": TEMP_RETURN, "temp_return_c": temp_return_c, "heat_w": heat})
        for node, heat in ((3, 5e4), (1, 2e5))
    ]
    state, status = solve_network(network_of(LINE, consumers, mirrored=mirrored))
    assert status & (Status.HEAT_SHORT | Status.NOT_CONVERGED) == Status.OK
    np.testing.assert_allclose(state.temp_return_consumer_c, temp_return_c, atol=1e-6)
    np.testing.assert_allclose(state.heat_consumer_w, [5e4, 2e5], rtol=1e-8)


def test_a_supply_colder_than_the_return_wanted():
    network = network_of([(0, 1)], [(1, {"kind": TEMP_RETURN, "temp_return_c": 97.0, "heat_w": 1e5})])
    state, status = solve_network(network)
    assert Status.HEAT_SHORT in status
    assert state.mass_flow_consumer_kg_s[0] == pytest.approx(1e5 / CP)  # of a drop of 1 K, not more
    check_temperatures(network, state)


def test_a_long_thin_pipe_is_not_given_up_too_early():
    """At the flow that the plant's temperature asks for the water would come too cold; more of it comes warm enough."""
    consumer = {"kind": TEMP_RETURN, "temp_return_c": 50.0, "heat_w": 2e4}
    pipe = {"length_m": 1500.0, "u_w_mk": 1.0, "diameter_m": 0.05}
    state, status = solve_network(network_of([(0, 1, pipe)], [(1, consumer)], producers=[{"lift_pa": 2e6}]))
    assert cooled(95.0, 1500.0, 2e4 / (CP * 45.0), 1.0) < 50.0
    assert status == Status.OK
    assert state.temp_return_consumer_c[0] == pytest.approx(50.0, abs=1e-6)


@pytest.mark.parametrize("kind", [MASS_FLOW, PRESSURE])
def test_heat_that_cannot_be_had(kind):
    network = network_of([(0, 1)], [(1, {"kind": kind, "heat_w": 1e8})])
    state, status = solve_network(network)
    assert status == Status.HEAT_SHORT
    assert state.temp_return_consumer_c[0] == 0.0
    assert 0.0 < state.heat_consumer_w[0] < 1e8
    check_temperatures(network, state)


def test_heat_left_open_follows_the_drop_or_the_return():
    consumers = [
        (1, {"heat_w": np.nan, "temp_drop_k": 30.0}),
        (1, {"kind": PRESSURE, "heat_w": np.nan, "temp_return_c": 40.0}),
        (1, {"heat_w": np.nan, "temp_return_c": 200.0}),
    ]
    state, status = solve_network(network_of([(0, 1)], consumers))
    supply = state.temp_supply_c[1]
    assert status == Status.OK
    np.testing.assert_allclose(state.temp_return_consumer_c, [supply - 30.0, 40.0, supply], rtol=1e-12)


@pytest.mark.parametrize("mirrored", [True, False])
def test_who_is_switched_off_takes_nothing(mirrored):
    kinds = [
        {},
        {"kind": TEMP_DROP, "temp_drop_k": 30.0},
        {"kind": TEMP_RETURN, "temp_return_c": 50.0},
        {"kind": PRESSURE},
    ]
    network = network_of([*LINE, (3, 1)], [(2, kind | {"is_on": 0}) for kind in kinds], mirrored=mirrored)
    state, status = solve_network(network)
    assert status == Status.OK
    for name, values in zip(state._fields, state, strict=True):
        assert np.all(np.isfinite(values)), name
        if name.startswith(("mass_flow", "heat")):
            assert np.abs(values).max(initial=0.0) < 1e-6, name
    np.testing.assert_allclose(state.pressure_supply_pa, 5e5)


@pytest.mark.parametrize(
    ("elements", "supply", "back"),
    [
        ([(1, 2, {"is_open": 0})], SPLIT, LINE),
        ([(1, 2, {"is_open": 0, "is_return": 1})], LINE, SPLIT),
        ([(1, 2, {"is_open": 0}), (1, 2, {"is_open": 0, "is_return": 1})], SPLIT, SPLIT),
        ([(2, 1, {"one_way": 1})], SPLIT, LINE),
    ],
)
@pytest.mark.parametrize("kind", [MASS_FLOW, TEMP_DROP, TEMP_RETURN, PRESSURE])
def test_a_closed_branch_with_a_consumer_behind_it(elements, supply, back, kind):
    consumer = {"kind": kind, "temp_drop_k": 30.0, "temp_return_c": 50.0}
    network = network_of(
        supply, [(1,), (3, consumer)], elements=elements, pipes_return=back, mirrored=False,
        elevation_m=[0.0, 5.0, 9.0, -4.0],
    )  # fmt: skip
    state, status = solve_network(network)
    assert Status.CUT_OFF in status
    assert Status.NOT_CONVERGED not in status
    assert abs(state.mass_flow_consumer_kg_s[1]) < 1e-7
    assert state.mass_flow_consumer_kg_s[0] == 1.0
    for name, values in zip(state._fields, state, strict=True):
        assert np.all(np.isfinite(values)), name
    assert np.all(state.pressure_supply_pa < 6e5)
    check_flows(network, state, cut_off=(1,))
    off = dataclasses.replace(network, consumers=network.consumers._replace(is_on=np.array([1, 0])))
    assert Status.CUT_OFF not in solve_network(off)[1]


def test_water_goes_through_valves_and_pumps_with_its_temperature():
    """Behind the valve and the pump the line goes on as warm as before them."""
    network = network_of(SPLIT, [(3,)], elements=[(1, 2, {}), (1, 2, PUMP), (2, 1, {"is_return": 1})],
                         pipes_return=SPLIT, mirrored=False)  # fmt: skip
    state, status = solve_network(network)
    assert status == Status.OK
    arrives = cooled(95.0, 100.0, 1.0)
    np.testing.assert_allclose(state.temp_supply_c, [95.0, arrives, arrives, cooled(arrives, 100.0, 1.0)], rtol=1e-9)
    assert state.temp_return_c[1] == pytest.approx(state.temp_return_c[2], rel=1e-12)
    check_flows(network, state)
    check_temperatures(network, state)


@pytest.mark.parametrize("is_return", [0, 1])
@pytest.mark.parametrize(("flow", "width_m"), [(1.0, 0.1), (0.01, 0.3), (1e-4, 0.3)])
def test_a_pump_that_sends_water_round(is_return, flow, width_m):
    """What circulates is up to 1e5 times what comes through; the temperatures settle all the same."""
    wide = {"diameter_m": width_m, "u_w_mk": 0.01}
    ring = [(0, 1), (1, 2, wide), (2, 3, wide)] if not is_return else [(0, 1), (2, 1, wide), (3, 2, wide)]
    ends = (3, 1) if not is_return else (1, 3)
    network = network_of(
        ring, [(2, {"mass_flow_kg_s": flow, "heat_w": flow * CP * 20.0})],
        elements=[(*ends, PUMP | {"is_return": is_return})], mirrored=False,
    )  # fmt: skip
    state, status = solve_network(network)
    assert Status.NOT_CONVERGED not in status
    assert state.mass_flow_element_kg_s[0] > 5.0 * flow
    check_flows(network, state)
    check_temperatures(network, state)


def test_two_rings_that_meet():
    ring = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]
    network = network_of(
        ring, [(5, {"mass_flow_kg_s": 0.1, "heat_w": 1e4})],
        elements=[(3, 1, PUMP), (4, 2, PUMP), (5, 3, PUMP)], mirrored=False,
    )  # fmt: skip
    state, status = solve_network(network)
    assert status == Status.OK
    check_temperatures(network, state)


@pytest.mark.parametrize("mirrored", [True, False])
def test_more_fed_in_than_taken_flows_back_through_the_first_producer(mirrored):
    producers = [{}, {"node": 3, "kind": 1, "mass_flow_kg_s": 4.0, "temp_supply_c": 80.0}]
    network = network_of(LINE, [(2,)], producers=producers, mirrored=mirrored)
    state, _ = solve_network(network)
    assert state.mass_flow_producer_kg_s[0] == pytest.approx(-3.0)
    assert state.heat_producer_w[0] == 0.0
    check_flows(network, state)
    check_temperatures(network, state)


def test_two_producers_at_one_place():
    producers = [{}, {"kind": 1, "mass_flow_kg_s": 0.4, "temp_supply_c": 60.0}]
    network = network_of(LINE, [(3,)], producers=producers)
    for case in (network, as_separate(network)):
        state, _ = solve_network(case)
        np.testing.assert_allclose(state.mass_flow_producer_kg_s, [0.6, 0.4], rtol=1e-12)
        assert state.temp_supply_c[0] == pytest.approx(0.6 * 95.0 + 0.4 * 60.0)
        check_temperatures(case, state)


@pytest.mark.parametrize("flow", [1e-9, 1e-6, 1e-3, 0.05, 0.1, 100.0, 2e3])
@pytest.mark.parametrize("mirrored", [True, False])
def test_any_size_of_flow(flow, mirrored):
    network = network_of([*LINE, (3, 1)], [(3, {"mass_flow_kg_s": flow, "heat_w": 0.0})], mirrored=mirrored)
    state, status = solve_network(network)
    assert Status.NOT_CONVERGED not in status
    check_flows(network, state)
    check_temperatures(network, state)


def instant(network, drive, work=None, state=None, lift_pa=None):
    made, parts = setup(network), network_parts(network)
    work, state = work or empty_work(network, made), state or empty_state(network)
    if lift_pa is not None:
        parts.producers.lift_pa[0] = lift_pa
    pipes = [full_pipes(line, network.fluid, 0.0, 2) for line in (network.supply, network.return_line)]
    return Status(int(solve_instant(parts, made, drive, 0.0, *pipes, work, state))), work, state


@pytest.mark.parametrize("pipes", [LINE, [*LINE, (3, 1)]])
@pytest.mark.parametrize("kind", [MASS_FLOW, TEMP_DROP, TEMP_RETURN, PRESSURE])
def test_nan_is_flagged_and_the_next_instant_recovers(pipes, kind):
    consumer = {"kind": kind, "temp_drop_k": 30.0, "temp_return_c": 50.0}
    network = network_of(pipes, [(3, consumer)])
    heat, flow = network.consumers.heat_w, network.consumers.mass_flow_kg_s
    expected = instant(network, Drive(heat, flow, 6.0, -20.0))[2]
    bad = [Drive(heat, flow, math.nan, 1.0)]
    if kind == MASS_FLOW:
        bad.append(Drive(heat, flow * math.nan, 6.0, 1.0))
    if kind in (TEMP_DROP, TEMP_RETURN):
        bad.append(Drive(heat * math.nan, flow, 6.0, 1.0))
    for drive in bad:
        status, work, state = instant(network, drive)
        assert status & (Status.NOT_FINITE | Status.NOT_CONVERGED)
        status, _, state = instant(network, Drive(heat, flow, 6.0, -20.0), work, state)
        assert status == Status.OK
        np.testing.assert_allclose(state.mass_flow_supply_kg_s, expected.mass_flow_supply_kg_s, rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(state.temp_supply_c, expected.temp_supply_c, rtol=1e-8)
    assert instant(network, Drive(heat, flow, 6.0, -20.0), lift_pa=math.nan)[0] != Status.OK
