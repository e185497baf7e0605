"""Throttles for a tree whose pressures are worked out by hand; and that they give every consumer its flow."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import fsolve

from dhsim.network.throttling import size_throttles, throttle_rows
from dhsim.physics.friction import pressure_drop_pa
from dhsim.physics.jet_pump import nozzle_diameter_mm
from dhsim.physics.orifice import plate_conductance_kg_s_pa05, washer_conductance_kg_s_pa05
from dhsim.physics.valve import conductance_kg_s_pa05

GRAVITY = 9.80665
NEEDED = np.array([40e3, 60e3, 25e3, 30e3])


def available_pa(state, network):
    return (state.pressure_supply_pa - state.pressure_return_pa)[network.consumers.node]


def flows_of_pressure(network, conductance, lift_pa):
    """Solve the tree for consumers of K sqrt(dp) with a general root finder; pipe flows are the unknowns."""
    line, fluid = network.supply, network.fluid

    def dps(flow):
        pipe = (line.length_m, line.diameter_m, line.roughness_m, line.zeta)
        drop = 2.0 * pressure_drop_pa(
            flow, *pipe, fluid.density_kg_m3, fluid.viscosity_pa_s, network.colebrook_constant
        )
        a = lift_pa - drop[0]
        b = a - drop[1]
        return np.array([b, b - drop[2], b - drop[2], a - drop[3]])

    def consumers(flow):
        return conductance * np.sqrt(np.maximum(dps(flow), 0.0))

    def residual(flow):
        q = consumers(flow)
        return flow - np.array([q.sum(), q[0] + q[1] + q[2], q[1] + q[2], q[3]])

    flow = fsolve(residual, np.array([8.0, 6.0, 3.0, 2.0]), xtol=1e-13)
    return consumers(flow)


@pytest.mark.parametrize("kind", ["orifice", "nozzle", "valve_kvs", ["orifice", "nozzle", "valve_kvs", "orifice"]])
@pytest.mark.parametrize("lift_extra", [0.0, 50e3])
def test_every_consumer_gets_its_flow_back(hand_network, hand_state, kind, lift_extra):
    network = hand_network()
    state = hand_state(network)
    sized = size_throttles(network, state, NEEDED, kind, lift_extra_pa=lift_extra)
    flows = flows_of_pressure(network, sized.conductance_kg_s_pa05, 0.5e6 + lift_extra)
    np.testing.assert_allclose(flows, network.consumers.mass_flow_kg_s, rtol=1e-9)


def test_without_throttles_the_near_ones_take_it(hand_network, hand_state):
    network = hand_network()
    flows = flows_of_pressure(network, network.consumers.mass_flow_kg_s / np.sqrt(NEEDED), 0.5e6)
    assert np.max(flows / network.consumers.mass_flow_kg_s) > 1.3


@pytest.mark.parametrize("rule", ["washer", "iso5167"])
def test_orifice_and_circuit_in_series_make_the_conductance(hand_network, hand_state, rule):
    network = hand_network()
    state = hand_state(network)
    pipe_m = 0.07
    sized = size_throttles(network, state, NEEDED, rule=rule, diameter_pipe_m=pipe_m)
    np.testing.assert_allclose(sized.dp_burn_pa, available_pa(state, network) - NEEDED)
    assert np.all(sized.supply.n_series == 1)
    assert np.all(sized.return_line.n_series == 0)
    flow = network.consumers.mass_flow_kg_s
    circuit = flow / np.sqrt(NEEDED)
    if rule == "washer":
        hole = washer_conductance_kg_s_pa05(sized.supply.diameter_mm)
    else:
        hole = plate_conductance_kg_s_pa05(flow, sized.supply.diameter_mm / 1e3, pipe_m, 960.0, 3e-4)
    np.testing.assert_allclose(sized.conductance_kg_s_pa05, (circuit**-2 + hole**-2) ** -0.5, rtol=1e-9)


def test_balancing_valve(hand_network, hand_state):
    network = hand_network()
    state = hand_state(network)
    sized = size_throttles(network, state, NEEDED, "valve_kvs")
    burnt = (network.consumers.mass_flow_kg_s / conductance_kg_s_pa05(sized.supply.kvs_m3_h, 960.0)) ** 2
    np.testing.assert_allclose(burnt, available_pa(state, network) - NEEDED)
    assert np.all(np.isnan(sized.supply.diameter_mm))
    assert {row.device for row in throttle_rows(sized)} == {"valve"}


def test_nozzle_takes_all_that_is_there(hand_network, hand_state):
    network = hand_network()
    state = hand_state(network)
    sized = size_throttles(network, state, NEEDED, "nozzle")
    np.testing.assert_allclose(sized.dp_nozzle_pa, available_pa(state, network))
    expected = nozzle_diameter_mm(network.consumers.mass_flow_kg_s, available_pa(state, network))
    np.testing.assert_allclose(sized.diameter_nozzle_mm, expected)
    assert [row.device for row in throttle_rows(sized)] == ["nozzle"] * 4


def test_small_hole_becomes_a_cascade(hand_network, hand_state):
    network = hand_network(consumers={"mass_flow_kg_s": [4.0, 0.08, 2.0, 0.02]})
    state = hand_state(network)
    sized = size_throttles(network, state, NEEDED)
    n = sized.supply.n_series
    assert n[0] == n[2] == 1
    assert 1 < n[1] < n[3]
    assert np.all(sized.supply.diameter_mm >= 3.0)
    one_less = washer_conductance_kg_s_pa05(3.0) * np.sqrt(sized.dp_burn_pa / (n - 1.0).clip(1.0))
    assert one_less[1] > 0.08  # with one washer less each would have to be narrower than 3 mm
    series = washer_conductance_kg_s_pa05(sized.supply.diameter_mm[1])
    assert n[1] * (0.08 / series) ** 2 == pytest.approx(sized.dp_burn_pa[1])
    assert f"put {n[1]} in series" in sized.advice[1]
    assert "balancing valve is the better choice" in sized.advice[3]
    assert sized.advice[0] == ""


def test_small_nozzle_gets_washers_before_it(hand_network, hand_state):
    network = hand_network(consumers={"mass_flow_kg_s": [4.0, 0.1, 2.0, 0.02]})
    state = hand_state(network)
    sized = size_throttles(network, state, [40e3, 10e3, 25e3, 30e3], "nozzle")
    assert sized.diameter_nozzle_mm[1] == pytest.approx(3.0)
    assert sized.dp_nozzle_pa[1] + sized.supply.dp_pa[1] == pytest.approx(available_pa(state, network)[1])
    assert sized.supply.diameter_mm[1] >= 3.0
    assert sized.diameter_nozzle_mm[3] < 3.0  # even what its circuit needs asks for less than 3 mm
    assert sized.dp_nozzle_pa[3] == pytest.approx(30e3)
    assert "mixing pump" in sized.advice[3]
    devices = [(row.consumer, row.device) for row in throttle_rows(sized)]
    assert devices[1:3] == [("155 heating", "nozzle"), ("155 heating", "washer")]


def test_short_consumers_are_named_with_the_cure(hand_network, hand_state):
    network = hand_network()
    state = hand_state(network)
    there = available_pa(state, network)
    needed = there + np.array([-10e3, 20e3, -5e3, 30e3])
    sized = size_throttles(network, state, needed)
    np.testing.assert_allclose(sized.dp_short_pa, [0.0, 20e3, 0.0, 30e3], atol=1e-6)
    np.testing.assert_allclose(sized.lift_needed_pa, 0.5e6 + sized.dp_short_pa)
    assert "Short by 30.0 kPa: raise the lift to 530.0 kPa" in sized.advice[3]
    assert {row.consumer for row in throttle_rows(sized)} == {"46", "155 hot water"}
    np.testing.assert_allclose(sized.conductance_kg_s_pa05[3], 2.5 / math.sqrt(needed[3]))
    extra = float(sized.lift_needed_pa.max()) - 0.5e6
    cured = size_throttles(network, state, needed, lift_extra_pa=extra)
    assert np.all(cured.dp_short_pa == 0.0)
    np.testing.assert_allclose(cured.lift_needed_pa, 0.5e6 + extra)
    flows = flows_of_pressure(network, cured.conductance_kg_s_pa05, 0.5e6 + extra)
    np.testing.assert_allclose(flows, network.consumers.mass_flow_kg_s, rtol=1e-9)


def test_return_that_is_too_low_gets_the_throttle(hand_network, hand_state):
    """One consumer may have all of it in the return, one only a part before its radiators break, one none at all."""
    bears = [1.2e6, 0.5e6, np.inf, 0.6e6]
    network = hand_network(consumers={"height_m": [32.0, 32.0, 60.0, 15.0], "pressure_max_pa": bears})
    state = hand_state(network)
    sized = size_throttles(network, state, NEEDED)
    fills = 960.0 * GRAVITY * 37.0
    low = state.pressure_return_pa[network.consumers.node]
    assert low[0] < fills
    assert low[1] < fills < low[1] + sized.dp_burn_pa[1]
    assert low[1] + sized.dp_burn_pa[1] > bears[1]
    assert (sized.return_line.dp_pa[0], sized.supply.dp_pa[0]) == (sized.dp_burn_pa[0], 0.0)
    assert sized.return_line.dp_pa[1] == pytest.approx(fills - low[1])
    assert sized.supply.dp_pa[1] == pytest.approx(sized.dp_burn_pa[1] - sized.return_line.dp_pa[1])
    assert sized.return_line.n_series.tolist() == [1, 1, 0, 0]
    assert sized.supply.n_series.tolist() == [0, 1, 1, 1]
    rows = {(row.consumer, row.line): row for row in throttle_rows(sized)}
    assert rows["155 heating", "return"].dp_pa == pytest.approx(fills - low[1])
    assert rows["155 heating", "return"].diameter_mm == sized.return_line.diameter_mm[1]


def test_return_stays_too_low_where_there_is_too_little_to_burn(hand_network, hand_state):
    network = hand_network(consumers={"height_m": [32.0] * 4, "pressure_max_pa": [1.2e6] * 4})
    state = hand_state(network)
    sized = size_throttles(network, state, available_pa(state, network) - 1e3)
    np.testing.assert_allclose(sized.return_line.dp_pa[:3], 1e3, rtol=1e-6)
    left = 960.0 * GRAVITY * 37.0 - state.pressure_return_pa[2] - 1e3
    assert f"stays {left / 1e3:.1f} kPa too low" in sized.advice[0]


def test_jet_pump_keeps_its_nozzle_in_the_supply(hand_network, hand_state):
    network = hand_network(consumers={"height_m": [32.0] * 4, "pressure_max_pa": [1.2e6] * 4})
    state = hand_state(network)
    sized = size_throttles(network, state, NEEDED, "nozzle")
    short = 960.0 * GRAVITY * 37.0 - state.pressure_return_pa[2]
    assert sized.return_line.dp_pa[0] == pytest.approx(short)
    assert sized.dp_nozzle_pa[0] == pytest.approx(available_pa(state, network)[0] - short)
    assert sized.supply.dp_pa[0] == 0.0


def test_who_is_off_gets_nothing(hand_network, hand_state):
    network = hand_network(consumers={"is_on": [1, 1, 1, 0], "mass_flow_kg_s": [4.0, 0.0, 2.0, 2.5]})
    sized = size_throttles(network, hand_state(network), NEEDED)
    assert {row.consumer for row in throttle_rows(sized)} == {"46", "155 hot water"}
    assert sized.conductance_kg_s_pa05[[1, 3]].tolist() == [0.01, 0.01]
    assert "nothing to install" in sized.advice[3]
    assert np.all(np.isfinite(sized.dp_burn_pa))


def test_just_enough_needs_no_throttle(hand_network, hand_state):
    network = hand_network()
    state = hand_state(network)
    sized = size_throttles(network, state, available_pa(state, network) * (1.0 + 1e-9))
    assert throttle_rows(sized) == ()
    assert np.all(sized.dp_short_pa == 0.0)


def test_washer_as_wide_as_its_pipe_is_left_out(hand_network, hand_state):
    network = hand_network()
    state = hand_state(network)
    sized = size_throttles(network, state, available_pa(state, network) - 50.0, diameter_pipe_m=0.05)
    assert all("as wide as the pipe" in text for text in sized.advice)
    iso = size_throttles(network, state, available_pa(state, network) - 50.0, rule="iso5167", diameter_pipe_m=0.05)
    assert all("ISO 5167 knows no plate" in text for text in iso.advice)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dp_needed_pa": [1e4, 0.0, 1e4, np.nan]}, r"dp_needed_pa: must be above 0 \(155 heating, 48\)"),
        ({"mass_flow_kg_s": [4.0, 3.1, 2.0, 2.5]}, r"not at the design flow.*\(155 heating\)"),
        ({"mass_flow_kg_s": [-4.0, 3.0, 2.0, 2.5]}, r"0 or more \(46\)"),
        ({"mass_flow_kg_s": [4.0]}, "4 in all"),
        ({"kind": "tap"}, "orifice, nozzle, valve_kvs"),
        ({"kind": ["orifice"]}, "one per consumer"),
        ({"rule": "iso5167"}, "diameter_pipe_m"),
        ({"rule": "folklore"}, "washer or iso5167"),
    ],
)
def test_unsound_input_is_named(hand_network, hand_state, changes, message):
    network = hand_network()
    arguments = {"dp_needed_pa": NEEDED, **changes}
    with pytest.raises(ValueError, match=message):
        size_throttles(network, hand_state(network), **arguments)


def test_a_consumer_that_nothing_reaches_is_named(hand_network, hand_state):
    network = hand_network()
    state = hand_state(network)
    cut = state.pressure_supply_pa.copy()
    cut[4] = np.nan
    with pytest.raises(ValueError, match=r"does not reach.*\(48\)"):
        size_throttles(network, state._replace(pressure_supply_pa=cut), NEEDED)
