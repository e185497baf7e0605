"""The exact maximum where prior and data disagree, and sums that do not tell theta at all."""

from __future__ import annotations

import numpy as np
import pytest

from dhsim.balancing.regression import Reduced, most_likely, reduced, regression_sums, variance_grid


def line(best, weight, rest, steps=30.0):
    values = [np.array([float(value)]) for value in (best, weight, rest, 0.0, 0.0, 1.0, steps)]
    return Reduced._make(values)


def height(theta, of, mean, sd):
    square = of.rest[0] + of.weight[0] * (theta - of.best[0]) ** 2
    return -0.5 * (of.steps[0] + 2.0) * np.log(square) - 0.5 * ((theta - mean) / sd) ** 2


@pytest.mark.parametrize("sd", [0.05, 0.1, 0.15, 0.17, 0.2, 0.25, 0.3, 0.5])
@pytest.mark.parametrize("rest", [1e-6, 1e-3, 0.1, 10.0])
def test_the_higher_of_two_hills(sd, rest):
    of = line(best=1.0, weight=1.0, rest=rest)
    found = most_likely(of, np.array([0.0]), np.array([sd]))[0][0]
    grid = np.concatenate([np.linspace(-0.2, 1.2, 20001), 1.0 - np.geomspace(1e-9, 0.1, 2001)])
    best = max(height(theta, of, 0.0, sd) for theta in grid)
    assert height(found, of, 0.0, sd) >= best - 1e-9 * abs(best)


def test_both_hills_are_visited():
    """With a rest this small there are two maxima, and which is higher depends on the prior's width."""
    tops = [most_likely(line(1.0, 1.0, 1e-3), np.array([0.0]), np.array([sd]))[0][0] for sd in (0.03, 0.5)]
    assert tops[0] < 0.1
    assert tops[1] > 0.9


def test_where_the_data_do_not_tell_theta_it_is_the_prior():
    """Supply and outdoor temperature equally far from the room: the regressors are one."""
    random = np.random.default_rng(0)
    room = 21.0 + random.normal(0.0, 0.1, (200, 1))
    outdoor = np.full(200, 0.0)
    sums = regression_sums(room, outdoor, outdoor)
    mean, sd = np.array([0.007]), np.array([0.001])
    of = reduced(sums, mean)
    assert of.weight[0] == 0.0
    assert most_likely(of, mean, sd)[0][0] == pytest.approx(0.007)
    grid = variance_grid(of, mean, sd)
    assert np.isfinite(grid.density).all()
    assert grid.density.sum() == pytest.approx(1.0)


def test_an_uneven_grid_of_variance_holds_all_of_the_density():
    of = line(best=1.0, weight=1.0, rest=1e-3)
    grid = variance_grid(of, np.array([0.0]), np.array([0.1]))
    assert grid.density[0, 0] < 1e-10
    assert grid.density[-1, 0] < 1e-10
