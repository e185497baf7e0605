from __future__ import annotations

import numpy as np
import pytest

from dhsim.balancing.kalman import kalman_deviance
from dhsim.balancing.sensitivity import PARAMETERS, kalman_scores

POINT = np.array([0.007, 0.008, 0.05, 0.03, np.log(0.02), np.log(0.05)])


def series(gap=False):
    random = np.random.default_rng(3)
    outdoor, supply = random.normal(0.0, 5.0, 200), random.normal(42.0, 3.0, 200)
    room = 21.0 + 0.3 * random.standard_normal(200)
    room[[5, 6, 50]] = np.nan
    if gap:
        supply[90:95] = np.nan
    return room, supply, outdoor


def passed(point, gap=False):
    room, supply, outdoor = series(gap)
    score, fisher = np.zeros((len(room), PARAMETERS)), np.zeros((PARAMETERS, PARAMETERS))
    deviance = kalman_scores(room, supply, outdoor, 21.0, point, score, fisher, np.ones_like(fisher))
    return deviance, score, fisher


@pytest.mark.parametrize("gap", [False, True])
def test_without_pull_and_gain_it_is_the_filter_of_the_fit(gap):
    point = POINT * [1.0, 1.0, 0.0, 0.0, 1.0, 1.0]
    room, supply, outdoor = series(gap)
    found = kalman_deviance(room, supply, outdoor, POINT[0], POINT[1], 0.02**2, 0.05**2)
    assert passed(point, gap)[0] == pytest.approx(found, rel=1e-12)


@pytest.mark.parametrize("gap", [False, True])
@pytest.mark.parametrize("factor", [1.0, 1e-9])
def test_scores_are_the_derivative_of_the_deviance(gap, factor):
    point = POINT * [factor, factor, factor, 1.0, 1.0, 1.0]
    score = passed(point, gap)[1].sum(axis=0)
    for i in range(PARAMETERS):
        shift = np.zeros(PARAMETERS)
        shift[i] = 1e-5 if i > 3 else 1e-7
        slope = (passed(point + shift, gap)[0] - passed(point - shift, gap)[0]) / (2.0 * shift[i])
        assert score[i] == pytest.approx(-0.5 * slope, rel=2e-4, abs=1e-3 * abs(score).max() * (factor < 1.0))


def test_information_is_the_covariance_of_the_score_where_the_model_is_right():
    random = np.random.default_rng(0)
    outdoor, supply = random.normal(0.0, 5.0, 200), random.normal(42.0, 3.0, 200)
    theta, nu, pull, gain = POINT[:4]
    rate = theta + nu + pull
    kept, span = np.exp(-rate), -np.expm1(-rate) / rate
    totals, fisher, mean = [], np.zeros((PARAMETERS, PARAMETERS)), np.zeros((PARAMETERS, PARAMETERS))
    for _ in range(2000):
        state = np.empty(200)
        state[0] = 21.0
        shock = 0.02 * random.standard_normal(200)
        for k in range(199):
            push = theta * outdoor[k] + nu * supply[k] + pull * 21.0 + gain
            state[k + 1] = kept * state[k] + span * push + shock[k]
        room = state + 0.05 * random.standard_normal(200)
        score = np.zeros((200, PARAMETERS))
        kalman_scores(room, supply, outdoor, 21.0, POINT, score, fisher, np.ones_like(fisher))
        totals.append(score.sum(axis=0))
        mean += fisher / 2000.0
    scale = np.sqrt(np.outer(np.diag(mean), np.diag(mean)))
    np.testing.assert_allclose(np.cov(np.array(totals).T) / scale, mean / scale, atol=0.15)
