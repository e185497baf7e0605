"""Best and worst case against brute force over all vertices and a fine search, on random and degenerate boxes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhsim.balancing.bounds import best_case, relaxed_worst_case, supply_box, worst_case

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
