"""What holds for every radiator, zone, exchanger, mixture and curve."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dhsim.physics.exchanger import hot_return_temp_c, lmtd_k
from dhsim.physics.heating_curve import change_point_temp_c, flow_of_supply_rel, return_temp_c, supply_temp_c
from dhsim.physics.mixing import mixed_temp_c, mixing_share
from dhsim.physics.pipe import outlet_temp_c
from dhsim.physics.radiator import excess_arithmetic_k, excess_log_mean_k, heat_flow_of_excess_w, heat_flow_w
from dhsim.physics.zone import mass_temp_next_c, room_free_temp_c, room_rise_k_w

CP = 4190.0
radiators = st.tuples(
    st.floats(21.0, 150.0),
    st.floats(1e-3, 30.0),
    st.floats(0.0, 5.0),
    st.floats(-10.0, 20.0),
    st.one_of(st.just(0.0), st.floats(1e-8, 1e-4)),
    st.floats(1e3, 1e6),
    st.floats(20.0, 80.0),
    st.floats(1.0, 1.6),
)
uas = st.floats(10.0, 1e5)
capacities = st.floats(1e6, 1e11)
temps = st.floats(-40.0, 40.0)
powers = st.floats(0.0, 5e5)


@given(radiators, st.booleans())
def test_radiator_solves_its_equation(case: tuple[float, ...], log_mean: bool) -> None:
    supply_c, flow, ratio, free_c, rise, design_w, excess_design_k, exponent = case
    heat_w = heat_flow_w(*case, float(log_mean), CP)
    return_c = supply_c - heat_w / (flow * CP)
    mixed_c = (supply_c + ratio * return_c) / (1.0 + ratio)
    room_c = free_c + rise * heat_w
    assert return_c >= room_c - 1e-9
    assume(return_c - room_c > 1e-3)  # nearer to the room the head is all cancellation
    mean = excess_log_mean_k if log_mean else excess_arithmetic_k
    given_w = heat_flow_of_excess_w(mean(mixed_c, return_c, room_c), design_w, excess_design_k, exponent)
    assert given_w == pytest.approx(heat_w, rel=1e-8)


@given(radiators, st.booleans(), st.floats(1.001, 1.5))
def test_more_flow_or_hotter_water_give_more_heat(case: tuple[float, ...], log_mean: bool, factor: float) -> None:
    supply_c, flow, *rest = case
    heat_w = heat_flow_w(*case, float(log_mean), CP)
    assert heat_flow_w(supply_c * factor, flow, *rest, float(log_mean), CP) > heat_w
    assert heat_flow_w(supply_c, flow * factor, *rest, float(log_mean), CP) >= heat_w * (1.0 - 1e-13)


@given(
    temps,
    temps,
    temps,
    st.floats(0.0, 5e5),
    st.floats(0.0, 5e4),
    uas,
    uas,
    uas,
    capacities,
    capacities,
    st.floats(60.0, 1e4),
)
def test_zone_keeps_energy(
    room_c: float,
    mass_c: float,
    outdoor_c: float,
    heat_w: float,
    gain_w: float,
    direct: float,
    inner: float,
    outer: float,
    room_cap: float,
    mass_cap: float,
    step_s: float,
) -> None:
    free_c = room_free_temp_c(room_c, mass_c, outdoor_c, gain_w, direct, inner, outer, room_cap, mass_cap, step_s)
    next_c = free_c + room_rise_k_w(direct, inner, outer, room_cap, mass_cap, step_s) * heat_w
    mass_next_c = mass_temp_next_c(mass_c, next_c, outdoor_c, inner, outer, mass_cap, step_s)
    stored_j = room_cap * (next_c - room_c) + mass_cap * (mass_next_c - mass_c)
    lost_w = direct * (next_c - outdoor_c) + outer * (mass_next_c - outdoor_c)
    scale_j = (room_cap + mass_cap + step_s * (direct + outer)) * 80.0 + step_s * (heat_w + gain_w)
    assert stored_j == pytest.approx(step_s * (heat_w + gain_w - lost_w), abs=1e-12 * scale_j, rel=1e-9)


@given(temps, temps, temps, uas, uas, uas, capacities, capacities, st.floats(60.0, 1e6))
def test_zone_without_heat_stays_between_its_neighbours(
    room_c: float,
    mass_c: float,
    outdoor_c: float,
    direct: float,
    inner: float,
    outer: float,
    room_cap: float,
    mass_cap: float,
    step_s: float,
) -> None:
    next_c = room_free_temp_c(room_c, mass_c, outdoor_c, 0.0, direct, inner, outer, room_cap, mass_cap, step_s)
    assert min(room_c, mass_c, outdoor_c) - 1e-9 <= next_c <= max(room_c, mass_c, outdoor_c) + 1e-9


@given(st.floats(1e-3, 100.0), st.floats(1e-3, 100.0))
def test_log_mean_lies_between_geometric_and_arithmetic(dt_a: float, dt_b: float) -> None:
    assert np.sqrt(dt_a * dt_b) * (1.0 - 1e-12) <= lmtd_k(dt_a, dt_b) <= 0.5 * (dt_a + dt_b) * (1.0 + 1e-12)


@given(st.floats(0.01, 60.0), st.floats(1e-3, 1.0), st.floats(10.0, 1e5))
def test_exchanger_delivers_its_duty(hot_end_k: float, cold_share: float, ua_w_k: float) -> None:
    cold_end_k = cold_share * (55.0 + hot_end_k)
    heat_w = ua_w_k * lmtd_k(hot_end_k, cold_end_k)
    assume(cold_share < 0.999)
    found = hot_return_temp_c(60.0 + hot_end_k, 5.0, 60.0, heat_w, ua_w_k)
    assert found == pytest.approx(5.0 + cold_end_k, abs=1e-9)


@given(st.floats(40.0, 150.0), st.floats(20.0, 39.0), st.floats(10.0, 160.0))
def test_mixture_is_the_set_point_or_at_a_limit(supply_c: float, return_c: float, set_c: float) -> None:
    share = mixing_share(supply_c, return_c, set_c, 0.85)
    assert 0.0 <= share <= 0.85
    if 0.0 < share < 0.85:
        assert mixed_temp_c(supply_c, return_c, share) == pytest.approx(set_c)


@given(st.floats(0.01, 1.0), st.floats(0.1, 1.5), st.floats(0.5, 1.0))
def test_curve_flow_round_trip(load: float, flow: float, exponent: float) -> None:
    design = (20.0, 62.5, 25.0, 80.0, exponent)
    assert flow_of_supply_rel(load, supply_temp_c(load, flow, *design), *design) == pytest.approx(flow, rel=1e-9)
    assert return_temp_c(load, flow, *design) < supply_temp_c(load, flow, *design)


@given(st.floats(25.0, 150.0), st.floats(0.4, 1.0), st.floats(-50.0, 0.0))
def test_change_point_meets_the_floor(floor_c: float, exponent: float, dot_c: float) -> None:
    cpt_c = change_point_temp_c(floor_c, 20.0, dot_c, 62.5, 25.0, 80.0, exponent)
    load = (20.0 - cpt_c) / (20.0 - dot_c)
    assert supply_temp_c(load, 1.0, 20.0, 62.5, 25.0, 80.0, exponent) == pytest.approx(floor_c, abs=1e-8)


@given(temps, temps, st.floats(-10.0, 10.0), st.floats(0.0, 3.0), st.floats(0.0, 5e3))
def test_outlet_lies_between_inlet_and_ambient(
    inlet: float, ambient: float, flow: float, u: float, length: float
) -> None:
    assume(flow == 0.0 or abs(flow) > 1e-3)
    outlet = outlet_temp_c(inlet, ambient, flow, u, length, CP)
    assert min(inlet, ambient) - 1e-9 <= outlet <= max(inlet, ambient) + 1e-9
