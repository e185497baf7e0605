from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from dhsim.balancing.identification import identify
from dhsim.balancing.kalman import identify_kalman
from dhsim.balancing.neighbour_walls import GAP_STEPS_MAX, surroundings, wall_ratios_rel
from dhsim.balancing.prior import prior_of_time_constants
from dhsim.balancing.synthetic import synthetic_weather
from dhsim.errors import DhsimError

STEP_S = 3600.0
NAMES = tuple("abcdef")
PAIRS = list(pairwise(NAMES))


def rooms(ratios, days=60, seed=1):
    """Rooms with walls between them, by eq. (11) and coupling, small noise of process and sensor."""
    random = np.random.default_rng(seed)
    prior = prior_of_time_constants()
    theta = random.normal(prior.mean_per_s, 0.5 * prior.sd_per_s, len(NAMES))
    nu = theta * random.normal(1.0, 0.1, len(NAMES))
    weather = synthetic_weather(24 * days, STEP_S, random)
    supply = weather.temp_supply_c + 4.0 * random.choice([-1.0, 1.0], 2 * days // 3 + 1).repeat(36)[: 24 * days]
    room = np.full((len(supply), len(NAMES)), 21.0)
    for k in range(len(supply) - 1):
        for _ in range(4):
            now = room[k + 1] if _ else room[k]
            walls = theta * (ratios @ now - ratios.sum(axis=1) * now)
            push = theta * (weather.temp_outdoor_c[k] - now) + nu * (supply[k] - now) + walls
            room[k + 1] = now + push * STEP_S / 4.0
        room[k + 1] += 0.005 * random.standard_normal(len(NAMES))
    return theta, nu, (room + 0.02 * random.standard_normal(room.shape), supply, weather.temp_outdoor_c, STEP_S)


def ratios():
    return wall_ratios_rel(PAIRS, 20.0, np.full(len(NAMES), 40.0), NAMES)


def test_ratios_are_of_both_sides_and_leave_unknown_zones_out():
    matrix = wall_ratios_rel([("a", "b"), ("b", "x")], [10.0, 5.0], [20.0, 40.0], ("a", "b"))
    np.testing.assert_allclose(matrix, [[0.0, 0.5], [0.25, 0.0]])


@pytest.mark.parametrize("fit", [identify, identify_kalman])
def test_known_walls_give_leakage_and_supply_back_and_unknown_ones_flatten_them(fit):
    theta, nu, series = rooms(ratios())
    with_them = fit(*series, zone_ids=NAMES, walls_rel=ratios(), screen=False, draw_count=100)
    without = fit(*series, zone_ids=NAMES, screen=False, draw_count=100)
    true = nu / theta
    off = [np.abs(f.nu_per_s / f.theta_per_s - true).mean() for f in (with_them, without)]
    assert off[0] < 0.25 * off[1]
    contrast = (without.nu_per_s / without.theta_per_s).std() / true.std()
    assert contrast < 0.85
    np.testing.assert_allclose(with_them.theta_per_s, theta, rtol=0.15)


def test_without_walls_nothing_changes():
    _, _, series = rooms(np.zeros((6, 6)), days=20)
    plain = identify(*series, screen=False, draw_count=10)
    same = identify(*series, walls_rel=np.zeros((6, 6)), screen=False, draw_count=10)
    np.testing.assert_allclose(same.theta_per_s, plain.theta_per_s, rtol=1e-12)
    np.testing.assert_allclose(same.nu_per_s, plain.nu_per_s, rtol=1e-12)


def test_short_gaps_of_a_neighbour_are_bridged_and_long_ones_are_gaps():
    room = np.column_stack([np.linspace(20.0, 21.0, 60), np.full(60, 22.0)])
    room[10 : 10 + GAP_STEPS_MAX, 0] = np.nan
    room[30 : 31 + GAP_STEPS_MAX, 0] = np.nan
    found = surroundings(room, np.zeros(60), [[0.0, 0.0], [1.0, 0.0]])
    np.testing.assert_allclose(found.share_rel, [1.0, 2.0])
    expected = np.linspace(20.0, 21.0, 60) / 2.0
    expected[30 : 31 + GAP_STEPS_MAX] = np.nan
    np.testing.assert_allclose(found.temp_c[:, 1], expected)
    np.testing.assert_allclose(found.temp_c[:, 0], 0.0)


def test_a_neighbour_without_readings_is_named_by_the_fit():
    _, _, series = rooms(np.zeros((6, 6)), days=20)
    room, walls = series[0].copy(), np.zeros((6, 6))
    room[:60, 0] = np.nan
    room[60:, 1] = np.nan
    walls[0, 1] = 1.0
    with pytest.raises(DhsimError, match="zone 0: hardly a step where all neighbours have readings"):
        identify(room, *series[1:], walls_rel=walls, screen=False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda: wall_ratios_rel(PAIRS, -1.0, np.ones(6), NAMES), "must not be negative"),
        (lambda: wall_ratios_rel(PAIRS, 1.0, np.zeros(6), NAMES), "6 positive conductances"),
        (lambda: surroundings(np.zeros((3, 2)), np.zeros(3), [[-1.0, 0.0], [0.0, 0.0]]), "a ratio for each pair"),
        (lambda: surroundings(np.zeros((3, 2)), np.zeros(3), [1.0]), "a ratio for each pair"),
    ],
)
def test_what_cannot_be_is_refused(change, message):
    with pytest.raises(DhsimError, match=message):
        change()
