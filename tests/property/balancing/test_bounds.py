"""Best and worst case against brute force over all vertices and a fine search, on random and degenerate boxes."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhsim.balancing.bounds import Box, best_case, relaxed_worst_case, supply_box, worst_case

TOLERANCE = 1e-12
KINDS = ("random", "two ratios", "closed zones", "zeros", "few values", "many powers of ten", "alike")


def drawn(kind, random, zones):
    theta, nu = random.uniform(0.5, 1.5, zones), random.uniform(0.5, 1.5, zones)
    ratio = np.exp(random.normal(0.0, 0.5, zones))
    if kind == "two ratios":
        theta[:], nu[:], ratio = 1.0, 1.0, random.choice([0.5, 2.0], zones)
    elif kind == "closed zones":
        ratio[random.random(zones) < 0.4] = 0.0
    elif kind == "zeros":
        theta[random.random(zones) < 0.3] = 0.0
        nu[random.random(zones) < 0.3] = 0.0
    elif kind == "few values":
        theta, nu = random.integers(0, 3, zones) * 1.0, random.integers(0, 3, zones) * 1.0
        ratio = random.choice([0.0, 0.5, 1.0, 2.0], zones)
    elif kind == "many powers of ten":
        theta, nu = 10.0 ** random.uniform(-3, 3, zones), 10.0 ** random.uniform(-3, 3, zones)
    elif kind == "alike":
        ratio = 1.4 + 1e-9 * random.normal(size=zones)
        theta, nu = 1.0 + 1e-9 * random.normal(size=zones), np.ones(zones)
    return theta, nu, ratio


def proxies(theta, vertices):
    square = np.sum(vertices**2, axis=1)
    scale = np.where(square > 0.0, vertices @ theta / np.where(square > 0.0, square, 1.0), 0.0)
    return np.sum((theta - scale[:, None] * vertices) ** 2, axis=1)


def brute_worst(theta, box):
    return proxies(theta, np.array(list(itertools.product(*zip(*box, strict=True))))).max()


def brute_best(theta, box):
    """Every assignment of 'at lo', 'between', 'at hi' is a least-squares problem; keep those that are consistent."""
    low, high = box
    best = float(theta @ theta) if not (high * theta).any() else np.inf
    for state in itertools.product((0, 1, 2), repeat=len(theta)):
        chosen = np.array(state)
        fixed = np.where(chosen == 0, low, high)[chosen != 1]
        if not fixed.any():
            scales = [0.0] if (chosen != 1).any() else _meeting(theta, low, high)
        else:
            scales = [float(theta[chosen != 1] @ fixed) / float(fixed @ fixed)]
        for scale in scales:
            outside = np.maximum(scale * low - theta, 0.0) + np.maximum(theta - scale * high, 0.0)
            best = min(best, float(outside @ outside))
    return best


def _meeting(theta, low, high):
    """Return scales at which every zone might be between its ends: the breakpoints."""
    return [t / v for t, v in zip(np.tile(theta, 2), np.concatenate([low, high]), strict=True) if v > 0.0] or [0.0]


@pytest.mark.parametrize("kind", KINDS)
def test_worst_case_is_the_brute_force_maximum(kind):
    random = np.random.default_rng(KINDS.index(kind))
    for _ in range(120):
        theta, nu, ratio = drawn(kind, random, int(random.integers(1, 13)))
        box = supply_box(nu, ratio)
        worst = worst_case(theta, box)
        truth, size = brute_worst(theta, box), max(float(theta @ theta), 1e-300)
        assert abs(worst.proxy_per_s2 - truth) <= TOLERANCE * size
        assert worst.open_per_s2 == 0.0
        assert relaxed_worst_case(theta, box).proxy_per_s2 >= truth - TOLERANCE * size
        at_vertex = (worst.nu_per_s == box.low_per_s) | (worst.nu_per_s == box.high_per_s)
        assert at_vertex.all()


@pytest.mark.parametrize("kind", KINDS)
def test_best_case_is_the_minimum(kind):
    random = np.random.default_rng(100 + KINDS.index(kind))
    for _ in range(15):
        theta, nu, ratio = drawn(kind, random, int(random.integers(1, 6)))
        box = supply_box(nu, ratio)
        best = best_case(theta, box)
        size = max(float(theta @ theta), 1e-300)
        assert abs(best.proxy_per_s2 - brute_best(theta, box)) <= TOLERANCE * size
        inside = (best.nu_per_s >= box.low_per_s) & (best.nu_per_s <= box.high_per_s)
        assert inside.all()
        assert proxies(theta, best.nu_per_s[None])[0] == pytest.approx(best.proxy_per_s2, abs=TOLERANCE * size)


def exact_best(theta, box) -> Fraction:
    """The minimum in rational arithmetic: the slope is followed from breakpoint to breakpoint without any rounding."""
    parts = [tuple(Fraction(float(value)) for value in row) for row in zip(theta, *box, strict=True)]
    points = sorted({t / side for t, low, high in parts for side in (low, high) if side > 0})

    def sums(scale):
        sides = [
            (t, low if scale * low > t else high) for t, low, high in parts if not scale * low <= t <= scale * high
        ]
        return sum(side * side for _, side in sides), sum(t * side for t, side in sides)

    def loss(scale):
        return sum(max(scale * low - t, 0) ** 2 + max(t - scale * high, 0) ** 2 for t, low, high in parts)

    tried = [Fraction(0), *points]
    for begin, end in itertools.pairwise([Fraction(0), *points, 2 * points[-1] + 1] if points else []):
        square, product = sums((begin + end) / 2)
        if square > 0:
            tried.append(min(max(product / square, begin), end))
    return min(loss(scale) for scale in tried)


WIDE = ("powers of ten everywhere", "wide ratios", "rounded", "from zero")


def drawn_wide(kind, random, zones):
    theta = random.uniform(0.5, 1.5, zones)
    if kind == "powers of ten everywhere":
        theta, high = 10.0 ** random.uniform(-12, 6, zones), 10.0 ** random.uniform(-12, 6, zones)
        low = high * 10.0 ** random.uniform(-12, 0, zones)
    elif kind == "wide ratios":
        low, high = supply_box(theta * random.uniform(0.6, 1.5, zones), 10.0 ** random.uniform(-8, 8, zones))
    elif kind == "rounded":
        theta, high = np.round(theta, 1), np.round(random.uniform(0.5, 1.5, zones), 1)
        low = np.round(high * random.random(zones), 1)
    else:
        high = random.uniform(0.5, 1.5, zones)
        low = high * random.integers(0, 2, zones)
    return theta, Box(low, high)


@pytest.mark.parametrize("kind", WIDE)
def test_best_case_is_exact_however_wide_the_box(kind):
    random = np.random.default_rng(WIDE.index(kind))
    for _ in range(100):
        theta, box = drawn_wide(kind, random, int(random.integers(2, 7)))
        best, size = best_case(theta, box).proxy_per_s2, Fraction(float(theta @ theta))
        assert abs(Fraction(best) - exact_best(theta, box)) <= Fraction(1e-14) * size


@pytest.mark.parametrize(
    ("theta", "low", "high"),
    [
        # running sums over the breakpoints lose all digits
        (
            [1.00497214, 0.74267509, 1.47939109],
            [0.76158965, 1.60384856e-4, 1.40152812],
            [12.4585, 0.50930969, 1.33076e8],
        ),
        # the parabola of the wrong segment has its minimum, but for rounding, at a breakpoint
        (
            [3.727924554301272, 0.29502731620427397, 3.927032243226667e-06],
            [0.00038017961547696455, 3.498958124991998e-15, 4.821381353346799e-10],
            [62470.57878885305, 9.259251356113192e-12, 2.4518964222230146e-08],
        ),
    ],
)
def test_best_case_is_exact_where_digits_are_lost(theta, low, high):
    rows = [np.array(row) for row in (theta, low, high)]
    box, size = Box(*rows[1:]), Fraction(float(rows[0] @ rows[0]))
    assert abs(Fraction(best_case(rows[0], box).proxy_per_s2) - exact_best(rows[0], box)) <= Fraction(1e-14) * size


@pytest.mark.parametrize(("unit_theta", "unit_nu"), [(1e-120, 1.0), (1e120, 1e-120), (1e-140, 1e140), (1e140, 1e140)])
def test_tiny_and_huge_units_do_no_harm(unit_theta, unit_nu):
    theta, nu, ratio = drawn("random", np.random.default_rng(2), 9)
    box, far = supply_box(nu, ratio), supply_box(nu * unit_nu, ratio)
    for law in (best_case, worst_case, relaxed_worst_case):
        one, other = law(theta, box), law(theta * unit_theta, far)
        assert other.proxy_per_s2 / unit_theta**2 == pytest.approx(one.proxy_per_s2, rel=1e-12)
        assert other.scale / unit_theta * unit_nu == pytest.approx(one.scale, rel=1e-12)


@given(st.integers(2, 40), st.integers(0, 2**32 - 1))
def test_anything_in_the_box_lies_between_the_two(zones, seed):
    random = np.random.default_rng(seed)
    theta, nu, ratio = drawn("random", random, zones)
    box = supply_box(nu, ratio)
    best, worst = best_case(theta, box).proxy_per_s2, worst_case(theta, box).proxy_per_s2
    inside = box.low_per_s + random.random((200, zones)) * (box.high_per_s - box.low_per_s)
    found = proxies(theta, np.vstack([inside, nu]))
    slack = TOLERANCE * float(theta @ theta)
    assert best - slack <= found.min()
    assert found.max() <= worst + slack


@given(st.floats(1e-9, 1e9), st.integers(0, 2**32 - 1))
def test_the_unit_of_time_does_not_matter(factor, seed):
    theta, nu, ratio = drawn("random", np.random.default_rng(seed), 9)
    one, other = (worst_case(theta * f, supply_box(nu * f, ratio)).proxy_per_s2 for f in (1.0, factor))
    assert other == pytest.approx(one * factor**2, rel=1e-9)


def test_a_prefix_of_the_sorted_zones_is_not_always_the_worst_vertex():
    """The search matters: without it some per cent of small boxes come out too good."""
    random = np.random.default_rng(3)
    beaten = 0
    for _ in range(400):
        theta, nu, ratio = drawn("random", random, 6)
        low, high = supply_box(nu, ratio)
        order = np.argsort(2.0 * theta / (low + high))
        prefixes = np.tile(low, (7, 1))
        for k in range(1, 7):
            prefixes[k, order[:k]] = high[order[:k]]
        beaten += proxies(theta, prefixes).max() < worst_case(theta, supply_box(nu, ratio)).proxy_per_s2 * (1.0 - 1e-9)
    assert beaten >= 3
