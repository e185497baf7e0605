from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from dhsim.balancing.whiteness import lag_count, long_run_covariance, widened_flags, widening


def regression(kept, n=3000, seed=0):
    """Two slow regressors, noise with a memory, and the fit's covariance and scores for unit variance."""
    random = np.random.default_rng(seed)
    slow = lfilter([1.0], [1.0, -kept], random.standard_normal((n, 2)), axis=0)
    noise = lfilter([np.sqrt(1.0 - kept**2)], [1.0, -kept], random.standard_normal(n))
    weight = np.linalg.inv(slow.T @ slow)
    rest = noise - slow @ (weight @ slow.T @ noise)
    return weight * rest.var(), slow * rest[:, None] / rest.var()


def test_long_run_covariance_of_white_scores_is_their_own():
    score = np.random.default_rng(1).standard_normal((20_000, 2)) * [1.0, 3.0]
    np.testing.assert_allclose(np.diag(long_run_covariance(score)) / len(score), [1.0, 9.0], rtol=0.35)


def test_white_residuals_widen_nothing():
    factors = [widening(*regression(0.0, seed=seed)[:1], np.zeros((2, 2)), regression(0.0, seed=seed)[1])[1]
               for seed in range(60)]  # fmt: skip
    assert np.mean(np.array(factors) > 1.0) <= 0.05


def test_residuals_with_memory_widen_by_what_theory_says():
    # regressor and noise of AR(1) with a: var of the estimate grows by (1 + a^2)/(1 - a^2)
    kept = 0.8
    expected = np.sqrt((1.0 + kept**2) / (1.0 - kept**2))
    found = []
    for seed in range(30):
        covariance, score = regression(kept, seed=seed)
        matrix, factor = widening(covariance, np.zeros((2, 2)), score)
        found.append(np.sqrt((matrix @ covariance @ matrix.T)[0, 0] / covariance[0, 0]))
        assert factor >= found[-1] * (1.0 - 1e-9)
    assert np.median(found) == pytest.approx(expected, rel=0.15)


def test_a_strong_prior_is_not_widened_beyond_itself():
    covariance, score = regression(0.9)
    prior = np.diag([1e3 / covariance[0, 0], 0.0])
    whole = np.linalg.inv(np.linalg.inv(covariance) + prior)
    matrix, _ = widening(whole, prior, score)
    assert (matrix @ whole @ matrix.T)[0, 0] <= (1.0 + 1e-9) / prior[0, 0]


def test_the_flag_says_how_many_and_by_how_much():
    names = tuple("abcdefghij")
    assert widened_flags(names, np.ones(10)) == []
    (flag,) = widened_flags(names, np.array([1.0, 2.0, 1.5, *[1.0] * 7]))
    assert flag.kind == "not white"
    assert flag.value == pytest.approx(1.75)
    assert "2 of 10 zones (b, c)" in flag.message
    assert "widened 1.75-fold" in flag.message


@pytest.mark.parametrize("count", [2, 30, 500])
def test_long_run_covariance_is_the_sum_over_lags_written_out(count):
    score = np.random.default_rng(2).standard_normal((count, 3)).cumsum(axis=0)
    centred, lags = score - score.mean(axis=0), lag_count(count)
    expected = centred.T @ centred
    for lag in range(1, lags + 1):
        part = centred[lag:].T @ centred[:-lag]
        expected += (1.0 - lag / (lags + 1.0)) * (part + part.T)
    np.testing.assert_allclose(long_run_covariance(score), expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())
