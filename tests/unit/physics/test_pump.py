"""Pump curves, their inverses and the fit."""

from __future__ import annotations

import numpy as np
import pytest

from dhsim.physics.pump import (
    efficiency,
    fit_curve,
    flow_at_m3_s,
    pressure_rise_pa,
    shaft_power_w,
    speed_for_rel,
)

CURVE = (2.5e5, -2.0e6, -1.2e9)


def test_affinity() -> None:
    assert pressure_rise_pa(0.004, 0.8, *CURVE) == pytest.approx(0.64 * pressure_rise_pa(0.005, 1.0, *CURVE))


def test_shut_off() -> None:
    assert pressure_rise_pa(0.0, 0.5, *CURVE) == pytest.approx(2.5e5 / 4.0)


@pytest.mark.parametrize("slope", [-2.0e6, 0.0, 1.5e6])
def test_speed_inverts_the_curve(slope: float) -> None:
    dp_pa = pressure_rise_pa(0.006, 0.77, 2.5e5, slope, -1.2e9)
    assert speed_for_rel(0.006, dp_pa, 2.5e5, slope, -1.2e9) == pytest.approx(0.77, rel=1e-12)


def test_speed_at_no_flow_and_no_pressure_is_zero() -> None:
    assert speed_for_rel(0.0, 0.0, *CURVE) == 0.0


def test_no_speed_for_a_pressure_far_below_the_curve() -> None:
    with np.errstate(all="ignore"):
        assert np.isnan(speed_for_rel(0.005, -1e6, *CURVE))


@pytest.mark.parametrize("slope", [-2.0e6, 0.0, 1.5e6])
def test_flow_inverts_the_curve(slope: float) -> None:
    dp_pa = pressure_rise_pa(0.009, 0.9, 2.5e5, slope, -1.2e9)
    assert flow_at_m3_s(dp_pa, 0.9, 2.5e5, slope, -1.2e9) == pytest.approx(0.009, rel=1e-12)


def test_no_flow_above_shut_off() -> None:
    assert flow_at_m3_s(2.5e5, 1.0, *CURVE) == 0.0
    with np.errstate(all="ignore"):
        assert flow_at_m3_s(2.6e5, 1.0, *CURVE) == 0.0
        assert flow_at_m3_s(9.0e5, 1.0, *CURVE) == 0.0


def test_flow_beyond_the_end_of_the_curve() -> None:
    """A pump that is pushed by outside pressure lets more through than at zero rise."""
    assert flow_at_m3_s(-1e4, 1.0, *CURVE) > flow_at_m3_s(0.0, 1.0, *CURVE) > 0.0


def test_efficiency_is_best_at_the_best_point_at_every_speed() -> None:
    assert efficiency(0.01, 1.0, 0.72, 0.01, 0.02) == pytest.approx(0.72)
    assert efficiency(0.006, 0.6, 0.72, 0.01, 0.02) == pytest.approx(0.72)
    assert efficiency(0.006, 1.0, 0.72, 0.01, 0.02) < 0.72


@pytest.mark.parametrize(("flow", "speed"), [(0.0, 1.0), (1e-5, 1.0), (0.03, 1.0), (-0.01, 1.0)])
def test_efficiency_floor(flow: float, speed: float) -> None:
    assert efficiency(flow, speed, 0.72, 0.01, 0.02) == pytest.approx(0.036)


def test_efficiency_of_a_stopped_pump_is_the_floor() -> None:
    with np.errstate(all="ignore"):
        assert efficiency(0.01, 0.0, 0.72, 0.01, 0.02) == pytest.approx(0.036)


def test_shaft_power() -> None:
    assert shaft_power_w(0.01, 2e5, 0.5) == pytest.approx(4000.0)
    with np.errstate(all="ignore"):
        assert np.isnan(shaft_power_w(0.01, 2e5, 0.0))


def test_fit_finds_an_exact_curve() -> None:
    flow = np.array([0.012, 0.0, 0.004, 0.008])
    assert fit_curve(flow, pressure_rise_pa(flow, 1.0, *CURVE)) == pytest.approx(CURVE, rel=1e-9)


def test_fit_of_a_flat_start_falls_everywhere() -> None:
    flow = np.array([0.0, 0.003, 0.006, 0.009, 0.012])
    a0, a1, a2 = fit_curve(flow, [2.0e5, 2.0e5, 1.9e5, 1.65e5, 1.2e5])
    assert a1 == 0.0
    assert a2 < 0.0
    assert a0 == pytest.approx(2.0e5, rel=0.05)


@pytest.mark.parametrize(
    ("flow", "rise", "message"),
    [
        ([0.0, 0.01, 0.02], [1e5, 2e5, 3e5], "rises with flow"),
        ([0.0, 0.01, 0.02], [3e5, 1e5, 0.5e5], "bend downward"),
        ([0.0, 0.01, 0.02], [3e5, 2e5, 1e5], "bend downward"),
        ([0.0, 0.01, 0.01], [3e5, 2e5, 1e5], "three different flows"),
        ([0.0, 0.01], [3e5, 2e5, 1e5], "same length"),
        ([0.0, -0.01, 0.02], [3e5, 2e5, 1e5], "not negative"),
        ([0.0, 0.01, 0.0101, 0.02], [3e5, 3e5, 1e5, 0.0], "misses a point"),
    ],
)
def test_impossible_pumps(flow: list[float], rise: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=f"impossible pump: .*{message}"):
        fit_curve(flow, rise)
