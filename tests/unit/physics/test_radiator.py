"""Radiators: excess temperatures and the coupled solver at known points."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dhsim.physics.radiator import excess_arithmetic_k, excess_log_mean_k, heat_flow_of_excess_w, heat_flow_w

CP = 4190.0
FLOW = 300e3 / CP / 80.0
LOG_DESIGN_K = 25.0 / math.log(75.0 / 50.0)


def test_log_mean_excess() -> None:
    assert excess_log_mean_k(95.0, 70.0, 20.0) == pytest.approx(LOG_DESIGN_K, rel=1e-14)
    assert excess_log_mean_k(70.0, 70.0, 20.0) == 50.0
    assert excess_log_mean_k(70.0 + 1e-9, 70.0, 20.0) == pytest.approx(50.0 + 0.5e-9, rel=1e-14)
    assert excess_log_mean_k(70.0, 20.0, 20.0) == 0.0


def test_log_mean_of_a_return_below_the_room_is_nan() -> None:
    with np.errstate(all="ignore"):
        assert np.isnan(excess_log_mean_k(70.0, 19.0, 20.0))
        assert np.isnan(excess_log_mean_k(np.nan, 30.0, 20.0))


def test_characteristic_equation() -> None:
    excess_k = excess_arithmetic_k(60.0, 50.0, 23.75)
    assert heat_flow_of_excess_w(excess_k, 1000.0, 62.5, 1.0) == pytest.approx(500.0)
    assert heat_flow_of_excess_w(62.5, 1000.0, 62.5, 1.3) == 1000.0
    with np.errstate(all="ignore"):
        assert np.isnan(heat_flow_of_excess_w(-1.0, 1000.0, 62.5, 1.3))


@pytest.mark.parametrize(("log_mean", "excess_k"), [(0.0, 62.5), (1.0, LOG_DESIGN_K)])
def test_design_point(log_mean: float, excess_k: float) -> None:
    found = heat_flow_w(150.0, FLOW, 2.2, 20.0, 0.0, 300e3, excess_k, 1.25, log_mean, CP)
    assert found == pytest.approx(300e3, rel=1e-13)


@pytest.mark.parametrize("log_mean", [0.0, 1.0])
def test_room_answer_is_the_same_as_a_warmer_room(log_mean: float) -> None:
    rise_k_w = 2e-5
    found = heat_flow_w(90.0, 0.8, 2.2, 17.0, rise_k_w, 300e3, 62.0, 1.3, log_mean, CP)
    held = heat_flow_w(90.0, 0.8, 2.2, 17.0 + rise_k_w * found, 0.0, 300e3, 62.0, 1.3, log_mean, CP)
    assert found == pytest.approx(held, rel=1e-12)


@pytest.mark.parametrize("log_mean", [0.0, 1.0])
@pytest.mark.parametrize(("supply_c", "flow"), [(20.0, 1.0), (15.0, 1.0), (80.0, 0.0), (80.0, -1.0)])
def test_no_heat(log_mean: float, supply_c: float, flow: float) -> None:
    assert heat_flow_w(supply_c, flow, 2.2, 20.0, 1e-6, 300e3, 62.5, 1.25, log_mean, CP) == 0.0


@pytest.mark.parametrize("log_mean", [0.0, 1.0])
def test_a_trickle_leaves_at_room_temperature(log_mean: float) -> None:
    found = heat_flow_w(80.0, 1e-6, 2.2, 20.0, 0.0, 300e3, 62.5, 1.25, log_mean, CP)
    assert found == pytest.approx(60.0 * 1e-6 * CP, rel=1e-12)


@pytest.mark.parametrize("log_mean", [0.0, 1.0])
def test_a_flood_leaves_at_supply_temperature(log_mean: float) -> None:
    found = heat_flow_w(80.0, 1e9, 0.0, 20.0, 0.0, 1000.0, 50.0, 1.3, log_mean, CP)
    assert found == pytest.approx(1000.0 * 1.2**1.3, rel=1e-8)


def test_linear_radiator_with_log_mean_has_a_closed_form() -> None:
    """Exponent 1: the water decays as exp(-UA / (m c))."""
    ua_w_k = 1000.0 / 50.0
    expected = 0.01 * CP * 60.0 * -math.expm1(-ua_w_k / (0.01 * CP))
    assert heat_flow_w(80.0, 0.01, 0.0, 20.0, 0.0, 1000.0, 50.0, 1.0, 1.0, CP) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("wrong", [{"exponent": 0.9}, {"ratio": -0.1}, {"rise": -1e-6}, {"design": -1.0}])
def test_out_of_range_is_nan(wrong: dict[str, float]) -> None:
    given = {"exponent": 1.25, "ratio": 2.2, "rise": 0.0, "design": 300e3} | wrong
    with np.errstate(all="ignore"):
        found = heat_flow_w(
            80.0, 1.0, given["ratio"], 20.0, given["rise"], given["design"], 62.5, given["exponent"], 1.0, CP
        )
    assert np.isnan(found)


@pytest.mark.parametrize("place", [0, 1, 2, 3, 4, 5, 6, 7, 9])
@pytest.mark.parametrize("log_mean", [0.0, 1.0])
def test_nan_in_nan_out(place: int, log_mean: float) -> None:
    given = [80.0, 1.0, 2.2, 20.0, 1e-6, 300e3, 62.5, 1.25, log_mean, CP]
    given[place] = np.nan
    with np.errstate(all="ignore"):
        assert np.isnan(heat_flow_w(*given))
