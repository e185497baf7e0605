"""The two-node zone against an independent matrix solution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm

from dhsim.physics.zone import mass_temp_next_c, room_free_temp_c, room_rise_k_w, window_ua_w_k

UA = (1580.0, 20e3, 3680.0)
CAPACITY = (1.5e8, 1.35e9)


def advance(
    room_c: float, mass_c: float, outdoor_c: float, heat_w: float, gain_w: float, step_s: float
) -> tuple[float, float]:
    free_c = room_free_temp_c(room_c, mass_c, outdoor_c, gain_w, *UA, *CAPACITY, step_s)
    next_c = free_c + room_rise_k_w(*UA, *CAPACITY, step_s) * heat_w
    return next_c, mass_temp_next_c(mass_c, next_c, outdoor_c, UA[1], UA[2], CAPACITY[1], step_s)


def test_one_step_equals_the_matrix() -> None:
    step_s, heat_w, gain_w, outdoor_c = 900.0, 150e3, 15e3, -12.0
    direct, inner, outer = UA
    room_cap, mass_cap = CAPACITY
    matrix = np.array([[room_cap / step_s + direct + inner, -inner], [-inner, mass_cap / step_s + inner + outer]])
    right = np.array(
        [room_cap / step_s * 21.0 + direct * outdoor_c + heat_w + gain_w, mass_cap / step_s * 19.0 + outer * outdoor_c]
    )
    assert advance(21.0, 19.0, outdoor_c, heat_w, gain_w, step_s) == pytest.approx(
        tuple(np.linalg.solve(matrix, right)), rel=1e-13
    )


def test_small_steps_approach_the_exact_solution() -> None:
    direct, inner, outer = UA
    system = np.array(
        [[-(direct + inner) / CAPACITY[0], inner / CAPACITY[0]], [inner / CAPACITY[1], -(inner + outer) / CAPACITY[1]]]
    )
    exact = expm(system * 36000.0) @ np.array([30.0, 28.0]) - 10.0
    room_c, mass_c = 20.0, 18.0
    for _ in range(3600):
        room_c, mass_c = advance(room_c, mass_c, -10.0, 0.0, 0.0, 10.0)
    assert (room_c, mass_c) == pytest.approx(tuple(exact), abs=0.01)


def test_steady_state_loses_what_it_gets() -> None:
    room_c, mass_c = advance(20.0, 20.0, -37.0, 300e3, 0.0, 1e12)
    assert UA[0] * (room_c + 37.0) + UA[2] * (mass_c + 37.0) == pytest.approx(300e3, rel=1e-6)


def test_equilibrium_stays() -> None:
    assert advance(5.0, 5.0, 5.0, 0.0, 0.0, 900.0) == (5.0, 5.0)


@pytest.mark.parametrize(
    ("room_c", "extra_w_k"), [(20.0, 0.0), (23.5, 0.0), (24.5, 600.0), (27.0, 2100.0), (35.0, 2500.0)]
)
def test_windows(room_c: float, extra_w_k: float) -> None:
    assert window_ua_w_k(room_c, 5000.0, 23.5, 0.12, 0.5) == pytest.approx(extra_w_k)
