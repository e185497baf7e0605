"""What holds for every pipe, valve and pump."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dhsim.physics.friction import friction_factor, pressure_drop_pa
from dhsim.physics.pump import efficiency, flow_at_m3_s, pressure_rise_pa, speed_for_rel
from dhsim.physics.valve import conductance_kg_s_pa05
from dhsim.physics.valve import pressure_drop_pa as valve_drop_pa

flows = st.floats(1e-6, 200.0)
diameters = st.floats(0.015, 0.6)
roughness_shares = st.floats(0.0, 0.05)
curves = st.tuples(st.floats(1e4, 1e6), st.floats(-1e7, 0.0), st.floats(-1e10, -1e7))


@given(flows, diameters, roughness_shares, st.floats(0.0, 20.0))
def test_drop_is_odd_in_flow(flow: float, diameter: float, share: float, zeta: float) -> None:
    pipe = (50.0, diameter, share * diameter, zeta, 970.0, 4e-4, 3.71)
    assert pressure_drop_pa(-flow, *pipe) == -pressure_drop_pa(flow, *pipe)


@given(flows, st.floats(1.0001, 3.0), diameters, roughness_shares)
def test_drop_rises_with_flow(flow: float, factor: float, diameter: float, share: float) -> None:
    pipe = (50.0, diameter, share * diameter, 0.0, 970.0, 4e-4, 3.71)
    assert pressure_drop_pa(flow * factor, *pipe) > pressure_drop_pa(flow, *pipe) > 0.0


@given(st.floats(1.0, 1e8), roughness_shares)
def test_friction_factor_is_sensible(number: float, share: float) -> None:
    factor = friction_factor(number, share, 3.71)
    assert 0.005 < factor <= max(0.09, 64.0 / number)


@given(st.floats(0.1, 500.0), st.floats(900.0, 1000.0), st.floats(-100.0, 100.0))
def test_valve_round_trip(kvs: float, density: float, flow: float) -> None:
    conductance = conductance_kg_s_pa05(kvs, density)
    dp_pa = valve_drop_pa(flow, conductance)
    assert conductance * np.sign(dp_pa) * np.sqrt(abs(dp_pa)) == pytest.approx(flow, rel=1e-12)


@given(curves, st.floats(0.2, 1.2), st.floats(0.0, 0.05))
def test_pump_round_trips(curve: tuple[float, float, float], speed: float, flow: float) -> None:
    dp_pa = pressure_rise_pa(flow, speed, *curve)
    assume(dp_pa >= 0.0)
    assert speed_for_rel(flow, dp_pa, *curve) == pytest.approx(speed, rel=1e-9)
    back = flow_at_m3_s(dp_pa, speed, *curve)
    assert pressure_rise_pa(back, speed, *curve) == pytest.approx(dp_pa, rel=1e-9, abs=1e-9 * curve[0])


@given(curves, st.floats(0.2, 1.2), st.floats(0.0, 0.05), st.floats(0.1, 1.0))
def test_affinity_laws(curve: tuple[float, float, float], speed: float, flow: float, factor: float) -> None:
    scaled = pressure_rise_pa(flow * factor, speed * factor, *curve)
    assert scaled == pytest.approx(factor**2 * pressure_rise_pa(flow, speed, *curve), rel=1e-9, abs=1e-9 * curve[0])
    assert efficiency(flow * factor, speed * factor, 0.7, 0.01, 0.02) == pytest.approx(
        efficiency(flow, speed, 0.7, 0.01, 0.02)
    )


@given(st.floats(0.0, 0.1), st.floats(0.05, 1.2), st.floats(0.1, 0.9))
def test_efficiency_between_floor_and_best(flow: float, speed: float, best: float) -> None:
    assert 0.05 * best <= efficiency(flow, speed, best, 0.01, 0.02) <= best
