from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from dhsim.balancing.performance import (
    angle_rad,
    feedforward_rel,
    performance,
    performance_proxy_per_s2,
    single_radiator_error_rel,
)
from dhsim.errors import DhsimError

RANDOM = np.random.default_rng(4)
THETA, NU = RANDOM.normal(2e-6, 3e-7, 70), RANDOM.normal(2e-6, 3e-7, 70)
CP = 4190.0


def test_the_gain_makes_the_proxy_smallest():
    found = minimize_scalar(lambda gain: 1e12 * np.sum((THETA + gain * NU) ** 2))
    assert feedforward_rel(THETA, NU) == pytest.approx(found.x, rel=1e-6)
    assert performance_proxy_per_s2(THETA, NU) == pytest.approx(1e-12 * found.fun, rel=1e-9)


def test_proxy_is_the_sine_of_the_angle():
    size = float(THETA @ THETA)
    assert performance_proxy_per_s2(THETA, NU) == pytest.approx(size * np.sin(angle_rad(THETA, NU)) ** 2, rel=1e-12)


def test_a_small_angle_keeps_its_digits():
    """The arccos of eq. (37) has a floor near 1.5e-8."""
    assert angle_rad([1.0, 0.0], [1.0, 1e-10]) == pytest.approx(1e-10, rel=1e-6)
    assert angle_rad([1.0, 0.0], [0.0, 0.0]) == pytest.approx(np.pi / 2)


def test_result_holds_the_range_and_its_order():
    ratio = np.exp(RANDOM.normal(0.0, 0.2, 70))
    result = performance(THETA, NU, ratio)
    assert result.angle_best_rad < result.angle_rad < result.angle_worst_rad
    for proxy, angle in (
        (result.proxy_best_per_s2, result.angle_best_rad),
        (result.proxy_worst_per_s2, result.angle_worst_rad),
    ):
        assert proxy == pytest.approx(float(THETA @ THETA) * np.sin(angle) ** 2, rel=1e-9)
    assert result.feedforward_worst_rel == pytest.approx(feedforward_rel(THETA, result.nu_worst_per_s))
    unchanged = performance(THETA, NU)
    assert unchanged.angle_best_rad == pytest.approx(unchanged.angle_worst_rad, rel=1e-12)


def test_nothing_to_compare_is_refused():
    with pytest.raises(DhsimError, match="nu is zero in every zone"):
        performance([1.0, 1.0], [0.0, 0.0])


@pytest.mark.parametrize(
    ("theta", "nu", "ratio", "message"),
    [
        ([1.0, 2.0], [1.0], [1.0, 2.0], r"one value a zone.* \(2,\) and \(1,\)"),
        ([1.0, 2.0], [1.0], 1.0, r"one value a zone.* \(2,\) and \(1,\)"),
        ([[1.0, 2.0]], [[1.0, 2.0]], 1.0, "one value a zone"),
        ([1.0, 2.0], [1.0, 2.0], [1.0, 2.0, 3.0], r"shapes \(2,\) and \(3,\)"),
        (["a", "b"], [1.0, 1.0], 1.0, "theta: numbers are needed, got 'a'"),
        ([1.0, 1.0], [1.0, "b"], 1.0, "nu: numbers are needed, got 'b'"),
        ([1.0, 1.0], [1.0, [2.0]], 1.0, "nu: numbers are needed"),
        ([1.0, 1.0], [1.0, 1.0], "half", "flow_ratio: numbers are needed, got 'half'"),
        (None, [1.0], 1.0, r"theta\[0\] = nan"),
        ([1e-200, 1e-200], [1.0, 2.0], 1.0, "another unit"),
    ],
)
def test_what_does_not_fit_is_said(theta, nu, ratio, message):
    with pytest.raises(DhsimError, match=message):
        performance(theta, nu, ratio)


def test_angle_and_gain_bear_any_unit():
    expected = angle_rad([1.0, 2.0], [2.0, 1.0])
    for size in (1e-200, 1e200):
        assert angle_rad([size, 2.0 * size], [2.0, 1.0]) == pytest.approx(expected, rel=1e-14)
        assert angle_rad([1.0, 2.0], [2.0 * size, size]) == pytest.approx(expected, rel=1e-14)
        assert feedforward_rel([size, 2.0 * size], [2.0 * size, size]) == pytest.approx(-0.8, rel=1e-14)
    assert np.isnan(angle_rad([0.0, 0.0], [1.0, 1.0]))


def test_single_radiator_error_follows_the_series_of_the_paper():
    """Eq. (A.13), summed to where its terms vanish; radiators of one UA, in two zones."""
    flow, ua = np.array([0.01, 0.014, 0.02, 0.02]), np.full(4, 12.0)
    error = single_radiator_error_rel(flow, ua, [0, 0, 1, 1], CP)
    radiators, transfer, share = 2, -12.0 / CP, flow[:2] / flow[:2].mean()
    total, term = 0.0, 1.0
    for n in range(1, 40):
        term *= transfer / n
        total += CP * term * radiators ** (n - 1) / flow[:2].sum() ** (n - 1) * (radiators - np.sum(share ** (1.0 - n)))
    given = -np.sum(CP * flow[:2] * np.expm1(transfer / flow[:2]))
    # the series counts the heat of eq. (A.8) with the sign of K: heat given is minus it
    assert error[0] == pytest.approx(-total / given, rel=1e-9)
    assert error[1] == pytest.approx(0.0, abs=1e-14)


def test_taking_radiators_as_one_never_underrates_them():
    flow, ua = RANDOM.uniform(0.0, 0.03, 300), RANDOM.uniform(3.0, 30.0, 300)
    assert np.all(single_radiator_error_rel(flow, ua, np.arange(300) // 4, CP) >= -1e-14)


def test_a_radiator_with_negative_flow_is_named():
    with pytest.raises(DhsimError, match=r"radiator 1 has flow -0.01"):
        single_radiator_error_rel([0.01, -0.01], [10.0, 10.0], [0, 0], CP)
