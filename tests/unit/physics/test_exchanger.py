"""The counterflow exchanger against an independent root finder."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import brentq

from dhsim.physics.exchanger import hot_return_temp_c, lmtd_k, ua_for_w_k


def test_lmtd() -> None:
    assert lmtd_k(30.0, 10.0) == pytest.approx(20.0 / math.log(3.0), rel=1e-14)
    assert lmtd_k(10.0, 30.0) == lmtd_k(30.0, 10.0)
    assert lmtd_k(10.0, 10.0) == 10.0
    assert lmtd_k(10.0, 0.0) == 0.0
    assert lmtd_k(1e-300, 10.0) == pytest.approx(10.0 / math.log(1e301), rel=1e-12)


def test_lmtd_of_crossing_temperatures_is_nan() -> None:
    with np.errstate(all="ignore"):
        assert np.isnan(lmtd_k(10.0, -0.1))
        assert np.isnan(lmtd_k(np.nan, 1.0))


@pytest.mark.parametrize("hot_in_c", [60.5, 65.0, 70.0, 110.0])
@pytest.mark.parametrize("heat_w", [1e-3, 1e3, 5e3, 10e3, 12e3])
def test_hot_return_against_brentq(hot_in_c: float, heat_w: float) -> None:
    def off(cold_end_k: float) -> float:
        return float(lmtd_k(hot_in_c - 60.0, cold_end_k)) - heat_w / 1000.0

    if off(hot_in_c - 5.0) < 0.0:
        with np.errstate(all="ignore"):
            assert np.isnan(hot_return_temp_c(hot_in_c, 5.0, 60.0, heat_w, 1000.0))
    else:
        expected_k = brentq(off, 0.0, hot_in_c - 5.0, xtol=1e-13, rtol=1e-14)
        assert hot_return_temp_c(hot_in_c, 5.0, 60.0, heat_w, 1000.0) == pytest.approx(5.0 + expected_k, abs=1e-10)


def test_no_duty_cools_to_the_cold_inlet() -> None:
    assert hot_return_temp_c(70.0, 5.0, 60.0, 0.0, 1000.0) == 5.0
    assert hot_return_temp_c(70.0, 5.0, 60.0, 1e-290, 1000.0) == 5.0


@pytest.mark.parametrize("relative", [-1e-2, -1e-5, -1e-9, 0.0, 1e-9, 1e-5, 1e-2])
def test_equal_ends(relative: float) -> None:
    """Q = UA a (1 + e): the other end is a (1 + 2 e) to first order, and exactly consistent with the LMTD."""
    found = hot_return_temp_c(70.0, 5.0, 60.0, 10e3 * (1.0 + relative), 1000.0)
    assert found == pytest.approx(15.0 + 20.0 * relative, abs=1e-12 + 10.0 * relative**2)
    assert lmtd_k(10.0, found - 5.0) == pytest.approx(10.0 * (1.0 + relative), rel=1e-13)


def test_out_of_reach_is_nan() -> None:
    with np.errstate(all="ignore"):
        assert np.isnan(hot_return_temp_c(60.0, 5.0, 60.0, 1e3, 1000.0))
        assert np.isnan(hot_return_temp_c(70.0, 5.0, 60.0, 30e3, 1000.0))
        assert np.isnan(hot_return_temp_c(70.0, 5.0, 60.0, 1e9, 1000.0))
        assert np.isnan(hot_return_temp_c(70.0, 5.0, 60.0, -1.0, 1000.0))
        assert np.isnan(hot_return_temp_c(70.0, 5.0, 60.0, np.nan, 1000.0))


def test_ua_inverts_the_return() -> None:
    ua_w_k = ua_for_w_k(70.0, 30.0, 5.0, 60.0, 50e3)
    assert hot_return_temp_c(70.0, 5.0, 60.0, 50e3, ua_w_k) == pytest.approx(30.0, abs=1e-11)


def test_ua_of_touching_temperatures_is_nan() -> None:
    with np.errstate(all="ignore"):
        assert np.isnan(ua_for_w_k(60.0, 30.0, 5.0, 60.0, 50e3))
