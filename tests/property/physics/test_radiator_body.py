"""Whatever the temperatures: the radiator's balance closes, and the heat is the one of its mean excess."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhsim.physics.radiator_body import body_step

temps = st.floats(5.0, 90.0)


@given(temps, temps, st.floats(10.0, 30.0), st.floats(0.0, 300.0), st.floats(0.5, 1000.0), st.floats(1.0, 1.5))
def test_heat_is_the_one_of_the_bodys_excess(
    body_c: float, supply_c: float, room_c: float, capacity_w_k: float, store_w_k: float, exponent: float
) -> None:
    heat_w, next_c, slope_w_k = body_step(body_c, supply_c, room_c, capacity_w_k, store_w_k, 800.0, 40.0, exponent)
    excess_k = next_c - room_c
    expected = math.copysign(800.0 * (abs(excess_k) / 40.0) ** exponent, excess_k)
    assert heat_w == pytest.approx(expected, rel=1e-6, abs=1e-5)
    assert slope_w_k >= 0.0
    lowest, highest = min(body_c, supply_c, room_c), max(body_c, supply_c, room_c)
    assert lowest - 1e-9 <= next_c <= highest + 1e-9


@given(st.floats(30.0, 90.0), st.floats(1.0, 200.0), st.floats(0.5, 500.0), st.floats(1.0, 1.5))
def test_return_is_between_room_and_supply_once_warm(
    supply_c: float, capacity_w_k: float, store_w_k: float, exponent: float
) -> None:
    body_c = 20.0
    for _ in range(20):
        heat_w, next_c, _ = body_step(body_c, supply_c, 20.0, capacity_w_k, store_w_k, 800.0, 40.0, exponent)
        return_c = supply_c - (heat_w + store_w_k * (next_c - body_c)) / capacity_w_k
        assert 20.0 - 1e-6 <= return_c <= supply_c + 1e-6
        assert next_c >= body_c - 1e-9
        body_c = next_c
