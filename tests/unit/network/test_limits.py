"""Each limit broken on purpose, with the figures worked out here; and a sound network without a word."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dhsim.network.limits import LimitCode, check_limits
from dhsim.physics.boiling import saturation_pressure_pa

GRAVITY, ATMOSPHERE = 9.80665, 101325.0


def of(warnings, code, place=None):
    return {item.where: item for item in warnings if item.code == code and place in (None, item.place)}


def test_a_sound_network_is_silent(hand_network, hand_state):
    network = hand_network()
    assert check_limits(network, hand_state(network), 100.0) == ()


def test_boiling_names_the_node_and_what_cures_it(hand_network, hand_state):
    network = hand_network()
    state = hand_state(network, lift_pa=0.17e6)
    found = of(check_limits(network, state, 150.0), LimitCode.BOILING)
    needed = saturation_pressure_pa(150.0) - ATMOSPHERE + 0.05e6
    low = {name: p for name, p in zip(network.node_ids, state.pressure_supply_pa, strict=True) if p < needed}
    assert set(found) == set(low)
    assert 0 < len(low) < 5
    for name, pressure in low.items():
        assert (found[name].value, found[name].limit) == (pytest.approx(pressure), pytest.approx(needed))
        assert found[name].line == "supply"
    worst = min(low, key=low.get)
    assert next(iter(found)) == worst
    cure = float(found[worst].advice.split("by ")[1].split(" MPa")[0]) * 1e6
    raised = state._replace(pressure_supply_pa=state.pressure_supply_pa + cure)
    assert not of(check_limits(network, raised, 150.0), LimitCode.BOILING)


def test_boiling_takes_a_temperature_per_node(hand_network, hand_state):
    network = hand_network()
    temps = np.array([100.0, 100.0, 100.0, 175.0, 100.0])
    assert set(of(check_limits(network, hand_state(network), temps), LimitCode.BOILING)) == {"c"}


def test_hot_return_boils_too(hand_network, hand_state):
    network = hand_network()
    found = check_limits(network, hand_state(network), 100.0, temp_return_highest_c=150.0)
    assert {item.line for item in found if item.code == LimitCode.BOILING} == {"return"}


def test_radiators_that_the_return_would_break(hand_network, hand_state):
    network = hand_network(plant={"pressure_return_pa": 0.6e6})
    state = hand_state(network)
    found = of(check_limits(network, state, 100.0), LimitCode.RETURN_TOO_HIGH)
    assert "155 hot water" not in found  # a heat exchanger parts it off
    expected = {"46": 2, "155 heating": 3, "48": 4}
    assert set(found) == {name for name, node in expected.items() if state.pressure_return_pa[node] > 0.6e6}
    assert found["48"].value == pytest.approx(state.pressure_return_pa[4])
    assert found["48"].limit == 0.6e6


def test_building_that_the_return_does_not_fill(hand_network, hand_state):
    network = hand_network(consumers={"height_m": [15.0, 27.0, 60.0, np.nan]})
    state = hand_state(network)
    found = of(check_limits(network, state, 100.0), LimitCode.RETURN_TOO_LOW)
    assert set(found) == {"155 heating"}  # the tallest has an exchanger, of the last nobody knows the height
    assert found["155 heating"].limit == pytest.approx(960.0 * GRAVITY * 32.0)
    assert found["155 heating"].value == pytest.approx(state.pressure_return_pa[3])


def test_return_that_draws_in_air(hand_network, hand_state):
    network = hand_network(plant={"pressure_return_pa": 0.02e6}, consumers={"height_m": [np.nan] * 4})
    found = of(check_limits(network, hand_state(network), 100.0), LimitCode.RETURN_TOO_LOW)
    assert "plant" in found
    assert found["plant"].place == "node"
    assert found["plant"].limit == 0.05e6


def test_pipes_that_burst(hand_network, hand_state):
    network = hand_network()
    found = of(check_limits(network, hand_state(network), 100.0, pressure_max_pipe_pa=0.79e6), LimitCode.MAX_PRESSURE)
    assert set(found) == {"plant", "d"}  # the second lies 3 m lower
    assert found["plant"].value == pytest.approx(0.8e6)
    assert found["plant"].line == "supply"


def test_pump_at_the_producer_cavitates(hand_network, hand_state):
    network = hand_network(plant={"pressure_return_pa": -0.045e6})
    found = of(check_limits(network, hand_state(network), 100.0), LimitCode.CAVITATION)
    needed = saturation_pressure_pa(60.0) - ATMOSPHERE + 5.0 * 960.0 * GRAVITY
    assert found["station"].limit == pytest.approx(needed)
    assert found["station"].value == pytest.approx(-0.045e6)


@pytest.mark.parametrize(("is_open", "speed", "reported"), [(1, 1.0, True), (0, 1.0, False), (1, 0.0, False)])
@pytest.mark.parametrize(("is_return", "start", "end"), [(1, 3, 2), (0, 2, 3)])
def test_pump_in_a_line_cavitates_while_it_runs(
    hand_network, hand_state, is_return, start, end, is_open, speed, reported
):
    pump = {"is_return": [is_return], "node_start": [start], "node_end": [end], "resistance_pa_s2_kg2": [0.0]}
    pump |= {"head_a0_pa": [1e5], "head_a1_pa_s_m3": [0.0], "head_a2_pa_s2_m6": [0.0], "speed_rel": [speed]}
    network = hand_network(
        element_ids=("booster",), elements=pump | {"n_parallel": [1], "one_way": [0], "is_open": [is_open]}
    )
    state = hand_state(network)
    found = of(check_limits(network, state, 100.0, npsh_m=90.0), LimitCode.CAVITATION)
    assert ("booster" in found) == reported
    if reported:
        before = (state.pressure_supply_pa, state.pressure_return_pa)[is_return][start]
        temp_c = (100.0, 60.0)[is_return]
        needed = saturation_pressure_pa(temp_c) - ATMOSPHERE + 90.0 * 960.0 * GRAVITY
        assert (found["booster"].value, found["booster"].limit) == (pytest.approx(before), pytest.approx(needed))


def test_short_consumers_each_by_name(hand_network, hand_state):
    network = hand_network(consumers={"dp_min_pa": [30e3, 450e3, 480e3, 30e3]})
    state = hand_state(network)
    found = of(check_limits(network, state, 100.0), LimitCode.DP_SHORT)
    assert list(found) == ["155 hot water", "155 heating"]  # one node, two names, the worse first
    dp = state.pressure_supply_pa[3] - state.pressure_return_pa[3]
    assert found["155 heating"].value == pytest.approx(dp)
    cure = float(found["155 hot water"].advice.split("by ")[1].split(" MPa")[0]) * 1e6
    assert 0.0 <= dp + cure - 480e3 <= 1001.0


def test_consumer_that_is_off_is_not_short(hand_network, hand_state):
    network = hand_network(consumers={"dp_min_pa": [9e5] * 4, "is_on": [0, 1, 1, 0]})
    assert set(of(check_limits(network, hand_state(network), 100.0), LimitCode.DP_SHORT)) == {
        "155 heating",
        "155 hot water",
    }


def test_a_solvers_last_digit_is_no_shortage(hand_network, hand_state):
    network = hand_network()
    state = hand_state(network)
    dp = float((state.pressure_supply_pa - state.pressure_return_pa)[4])
    exact = hand_network(consumers={"dp_min_pa": [30e3, 30e3, 30e3, dp * (1.0 + 1e-8)]})
    assert not check_limits(exact, state, 100.0)
    more = hand_network(consumers={"dp_min_pa": [30e3, 30e3, 30e3, dp * (1.0 + 1e-4)]})
    assert set(of(check_limits(more, state, 100.0), LimitCode.DP_SHORT)) == {"48"}


def test_node_that_nothing_reaches(hand_network, hand_state):
    network = hand_network()
    state = hand_state(network)
    cut = state.pressure_supply_pa.copy()
    cut[4] = np.nan
    found = check_limits(network, state._replace(pressure_supply_pa=cut), 100.0)
    assert [(item.code, item.where) for item in found] == [(LimitCode.NOT_REACHED, "48")]
    off = hand_network(consumers={"is_on": [1, 1, 1, 0]})
    assert check_limits(off, hand_state(off)._replace(pressure_supply_pa=cut), 100.0) == ()


def test_fast_pipe_says_how_wide_and_whom_it_feeds(hand_network, hand_state):
    network = hand_network()
    found = of(
        check_limits(network, hand_state(network), 100.0, velocity_max_m_s=[3.5, 3.5, 0.5, 3.5]), "VELOCITY_HIGH"
    )
    assert set(found) == {"P3"}
    speed = 5.0 / (960.0 * math.pi * 0.05**2)
    assert found["P3"].value == pytest.approx(speed)
    wanted_mm = math.ceil(1e3 * math.sqrt(5.0 / (960.0 * 0.25 * math.pi * 0.5)))
    assert f"{wanted_mm} mm" in found["P3"].advice
    assert "5.00 kg/s, the sum of 155 heating, 155 hot water" in found["P3"].advice


def test_only_a_return_of_its_own_is_named(hand_network, hand_state):
    network = hand_network()
    assert {item.line for item in check_limits(network, hand_state(network), 100.0, velocity_max_m_s=0.1)} == {"supply"}
    parted = hand_network(mirrored=False)
    found = check_limits(parted, hand_state(parted), 100.0, velocity_max_m_s=0.1)
    assert {item.line for item in found} == {"supply", "return"}
    assert len(found) == 8
    with pytest.raises(ValueError, match="velocity_max_m_s"):
        check_limits(parted, hand_state(parted), 100.0, velocity_max_m_s=[1.0] * 4)


def test_water_at_rest(hand_network, hand_state):
    network = hand_network(nodes={"elevation_m": [0.0, 0.0, 14.0, 0.0, -40.0]})
    state = hand_state(network)
    found = check_limits(network, state, 100.0)
    level = {name: 0.3e6 - 960.0 * GRAVITY * z for name, z in (("46", 14.0), ("48", -40.0))}
    low, high = of(found, LimitCode.STATIC_TOO_LOW), of(found, LimitCode.STATIC_TOO_HIGH)
    assert set(low) == {"46"}
    assert low["46"].value == pytest.approx(level["46"])
    assert low["46"].limit == pytest.approx(960.0 * GRAVITY * 20.0)
    assert set(high) == {"48"}
    assert high["48"].value == pytest.approx(level["48"])
    filled = check_limits(network, state, 100.0, pressure_static_pa=0.33e6)
    assert not of(filled, LimitCode.STATIC_TOO_LOW)


def test_water_at_rest_boils(hand_network, hand_state):
    network = hand_network()
    found = of(check_limits(network, hand_state(network), 100.0, temp_static_c=150.0), LimitCode.STATIC_TOO_LOW)
    assert set(found) == set(network.node_ids)
    assert found["a"].limit == pytest.approx(saturation_pressure_pa(150.0) - ATMOSPHERE)


def test_worst_comes_first_and_reads_like_a_sentence(hand_network, hand_state):
    network = hand_network(plant={"pressure_return_pa": 0.1e6}, consumers={"dp_min_pa": [30e3, 450e3, 30e3, 30e3]})
    found = check_limits(network, hand_state(network), 130.0)
    beyond = [item.beyond_rel for item in found]
    assert beyond == sorted(beyond, reverse=True)
    assert len({(item.code, item.place, item.where, item.line) for item in found}) == len(found) > 3
    text = str(of(found, LimitCode.DP_SHORT)["155 heating"])
    assert text.startswith("DP_SHORT: consumer 155 heating: 0.4")
    assert "limit 0.45 MPa. Raise the plant's lift by" in text


@pytest.mark.parametrize("temps", [181.0, -1.0, np.nan])
def test_unknown_temperatures_are_refused(hand_network, hand_state, temps):
    network = hand_network()
    with pytest.raises(ValueError, match="temp_highest_c"):
        check_limits(network, hand_state(network), temps)
    with pytest.raises(ValueError, match="temp_static_c"):
        check_limits(network, hand_state(network), 100.0, temp_static_c=temps)


def test_a_state_without_temperatures_asks_for_them(hand_network, hand_state):
    network = hand_network()
    bare = hand_state(network)._replace(temp_return_c=np.full(5, np.nan))
    with pytest.raises(ValueError, match="temp_return_highest_c"):
        check_limits(network, bare, 100.0)
    assert check_limits(network, bare, 100.0, temp_return_highest_c=70.0) == ()
