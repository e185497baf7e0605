"""Bounds: what is refused, many zones in milliseconds, and zones that are all but alike."""

from __future__ import annotations

import time

import numpy as np
import pytest

from dhsim.balancing.bounds import Box, best_case, relaxed_worst_case, supply_box, worst_case
from dhsim.errors import DhsimError


def test_the_box_is_the_secant_below_and_the_present_value_above_for_less_flow():
    box = supply_box([2.0, 2.0, 2.0], [0.5, 1.0, 1.5])
    np.testing.assert_array_equal(box.low_per_s, [1.0, 2.0, 2.0])
    np.testing.assert_array_equal(box.high_per_s, [2.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("nu", "ratio", "message"),
    [
        ([1.0, -1.0], 1.0, r"nu\[1\] = -1"),
        ([1.0, 1.0], [1.0, np.nan], r"flow_ratio\[1\] = nan"),
        ([1.0, 1.0], [1.0, 1.0, 1.0], r"shapes \(2,\) and \(3,\)"),
    ],
)
def test_impossible_boxes_are_refused_with_the_zone(nu, ratio, message):
    with pytest.raises(DhsimError, match=message):
        supply_box(nu, ratio)


def test_negative_leakage_and_a_turned_box_are_refused():
    with pytest.raises(DhsimError, match=r"theta\[0\] = -1"):
        worst_case([-1.0], supply_box([1.0], [2.0]))
    with pytest.raises(DhsimError, match="wrong way round"):
        best_case([1.0], Box(np.array([2.0]), np.array([1.0])))


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_what_no_number_can_hold_is_refused(size):
    """L would be the square of it."""
    for law in (best_case, worst_case, relaxed_worst_case):
        with pytest.raises(DhsimError, match=r"theta .* another unit of time"):
            law([size, size], supply_box([1.0, 2.0], 2.0))
        with pytest.raises(DhsimError, match=r"heat supply .* another unit of time"):
            law([1.0, 1.0], supply_box([size, 2.0 * size], 2.0))


def test_what_is_no_number_is_refused_by_name():
    with pytest.raises(DhsimError, match="nu: numbers are needed, got 'a'"):
        supply_box(["a", "b"], 1.0)
    with pytest.raises(DhsimError, match="theta: numbers are needed"):
        best_case(["a"], supply_box([1.0], 1.0))


def test_flows_kept_leave_no_range():
    theta, nu = np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 2.0])
    box = supply_box(nu, np.ones(3))
    assert best_case(theta, box).proxy_per_s2 == pytest.approx(worst_case(theta, box).proxy_per_s2, rel=1e-14)


def test_five_thousand_zones_take_milliseconds():
    random = np.random.default_rng(0)
    theta, nu = (random.normal(1.0, 0.15, 5000).clip(0.1) for _ in range(2))
    box = supply_box(nu, np.exp(random.normal(0.0, 0.3, 5000)))
    spent = []
    for _ in range(5):
        begin = time.perf_counter()
        best_case(theta, box)
        assert worst_case(theta, box).open_per_s2 == 0.0
        spent.append(time.perf_counter() - begin)
    assert min(spent) < 0.05  # measured: 1.2 ms


def test_zones_exactly_alike_are_counted_not_enumerated():
    theta = np.ones(4001)
    worst = worst_case(theta, supply_box(np.ones(4001), np.full(4001, 1.37)))
    assert worst.open_per_s2 == 0.0
    counts = np.arange(4002)
    product = (4001 - counts) + 1.37 * counts
    square = (4001 - counts) + 1.37**2 * counts
    assert worst.proxy_per_s2 == pytest.approx((4001 - product**2 / square).max(), rel=1e-12)


def test_where_the_search_is_cut_short_the_answer_lies_on_the_safe_side():
    random = np.random.default_rng(0)
    theta = 1.0 + 1e-9 * random.normal(size=1001)
    box = supply_box(np.ones(1001), 1.37 + 1e-9 * random.normal(size=1001))
    worst, relaxed = worst_case(theta, box), relaxed_worst_case(theta, box)
    assert worst.proxy_per_s2 == pytest.approx(relaxed.proxy_per_s2, rel=1e-12)
    assert 0.0 < worst.open_per_s2 < 1e-5 * float(theta @ theta)


@pytest.mark.parametrize("seed", range(6))
def test_zones_that_turn_at_one_scale_are_told_apart(seed):
    """The bound leaves most of them open, and half of them hardly weigh: all vertices agree."""
    random = np.random.default_rng(seed)
    theta = random.normal(1.0, 0.15, 13).clip(0.1)
    change = np.where(np.arange(13) % 2, 1e-8, 0.1) * random.normal(size=13)
    nu = 2.0 * theta / (1.0 + np.exp(change)) * (1.0 + 1e-3 * random.normal(size=13))
    box = supply_box(nu, np.exp(change))
    vertices = np.where(np.arange(2**13)[:, None] >> np.arange(13) & 1, box.high_per_s, box.low_per_s)
    scales = (vertices @ theta) / (vertices**2).sum(axis=1)
    proxies = ((theta - scales[:, None] * vertices) ** 2).sum(axis=1)
    worst = worst_case(theta, box)
    assert worst.open_per_s2 == 0.0
    assert worst.proxy_per_s2 == pytest.approx(proxies.max(), rel=1e-11)
