"""The thermostatic valve: band, play, lag, and what the valve then lets through."""

from __future__ import annotations

import numpy as np
import pytest

from dhsim.physics.trv import (
    conductance_share_rel,
    opening_rel,
    resistance_factor_rel,
    sensor_next_c,
    stem_next_c,
)


def test_opening_ends_at_set_point_and_at_the_end_of_the_band() -> None:
    temps = np.array([18.0, 21.0, 21.5, 22.0, 23.0, 25.0])
    np.testing.assert_allclose(opening_rel(temps, 21.0, 2.0), [1.0, 1.0, 0.75, 0.5, 0.0, 0.0])


def test_no_band_is_an_on_off_valve() -> None:
    np.testing.assert_array_equal(opening_rel(np.array([20.9, 21.0, 21.1]), 21.0, 0.0), [1.0, 1.0, 0.0])


def test_sensor_lag_composes() -> None:
    """Two half steps are one step: the lag is exact."""
    half = sensor_next_c(sensor_next_c(20.0, 23.0, 900.0, 300.0), 23.0, 900.0, 300.0)
    assert float(half) == pytest.approx(float(sensor_next_c(20.0, 23.0, 900.0, 600.0)), rel=1e-14)
    assert float(sensor_next_c(20.0, 23.0, 0.0, 60.0)) == 23.0


def _loop(temps: np.ndarray, hysteresis_k: float) -> np.ndarray:
    stem, course = temps[0], []
    for temp in temps:
        stem = float(stem_next_c(stem, temp, hysteresis_k))
        course.append(float(opening_rel(stem, 21.0, 2.0)))
    return np.array(course)


def test_hysteresis_loop_is_closed_and_as_wide_as_said() -> None:
    there = np.linspace(20.0, 24.0, 401)
    cycle = np.concatenate([there, there[::-1]])
    opening = _loop(np.concatenate([cycle, cycle, cycle]), 0.4)
    second, third = opening[cycle.size : 2 * cycle.size], opening[2 * cycle.size :]
    np.testing.assert_array_equal(second, third)
    warming, cooling = third[: there.size], third[there.size :][::-1]
    at_half_warming = np.interp(-0.5, -warming, there)
    at_half_cooling = np.interp(-0.5, -cooling, there)
    assert at_half_warming - at_half_cooling == pytest.approx(0.4, abs=1e-9)
    assert np.trapezoid(warming - cooling, there) == pytest.approx(0.4, rel=1e-3)


def test_without_hysteresis_there_is_no_loop() -> None:
    there = np.linspace(20.0, 24.0, 101)
    opening = _loop(np.concatenate([there, there[::-1]]), 0.0)
    np.testing.assert_allclose(opening[:101], opening[101:][::-1])


def test_valve_characteristic() -> None:
    assert float(conductance_share_rel(1.0, 1.7, 0.0)) == 1.0
    assert float(conductance_share_rel(0.0, 1.0, 0.02)) == pytest.approx(0.02)
    assert float(conductance_share_rel(0.25, 0.5, 0.0)) == pytest.approx(0.5)


def test_resistance_follows_the_inverse_square_of_the_flow_coefficient() -> None:
    assert float(resistance_factor_rel(0.25, 1.0)) == pytest.approx(16.0)
    assert float(resistance_factor_rel(0.25, 0.5)) == pytest.approx(8.5)
    assert float(resistance_factor_rel(0.0, 0.5)) == np.inf
    assert float(resistance_factor_rel(0.0, 0.0)) == 1.0


@pytest.mark.parametrize(
    "value",
    [opening_rel(22.0, 21.0, -1.0), stem_next_c(20.0, 21.0, -0.1), conductance_share_rel(1.2, 1.0, 0.0)],
)
def test_out_of_range_is_nan(value: float) -> None:
    assert np.isnan(value)
