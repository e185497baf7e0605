from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from dhsim.balancing.error_dynamics import integrated_error, mean_feedback_rel
from dhsim.balancing.performance import feedforward_rel, performance_proxy_per_s2
from dhsim.balancing.synthetic import synthetic_weather
from dhsim.errors import DhsimError

STEP_S = 3600.0
RANDOM = np.random.default_rng(8)
THETA, NU = RANDOM.normal(2e-6, 2e-7, 12), RANDOM.normal(2e-6, 3e-7, 12)
OUTDOOR = synthetic_weather(24 * 90, STEP_S, RANDOM).temp_outdoor_c


@pytest.mark.parametrize("gain", [0.0, 3.0])
def test_course_is_the_solution_of_the_differential_equation(gain):
    feedback = mean_feedback_rel(12, gain)
    run = integrated_error(THETA, NU, OUTDOOR[:48], STEP_S, feedback_rel=feedback)

    def rate(t, error):
        outdoor = OUTDOOR[min(int(t / STEP_S), 46)]
        supply = 21.0 - feedback @ error - run.feedforward_rel * (21.0 - outdoor)
        room = 21.0 - error
        return -(THETA * (outdoor - room) + NU * (supply - room))

    error = np.zeros(12)
    for k in range(47):
        error = solve_ivp(rate, (k * STEP_S, (k + 1) * STEP_S - 1e-3), error, rtol=1e-10, atol=1e-12).y[:, -1]
    np.testing.assert_allclose(run.error_k[47], error, rtol=1e-5)


@pytest.mark.parametrize("gain", [None, 0.0, 1.0, 5.0])
def test_the_bound_lies_above_what_is_simulated(gain):
    feedback = None if gain is None else mean_feedback_rel(12, gain)
    run = integrated_error(THETA, NU, OUTDOOR, STEP_S, feedback_rel=feedback)
    assert 0.0 < run.mean_square <= run.bound_mean_square
    assert run.proxy_per_s2 == pytest.approx(performance_proxy_per_s2(THETA, NU), rel=1e-12)
    assert run.feedforward_rel == pytest.approx(feedforward_rel(THETA, NU))


def test_balanced_zones_have_no_error():
    run = integrated_error(THETA, 1.3 * THETA, OUTDOOR, STEP_S)
    assert run.mean_square < 1e-20


def test_feedback_reduces_a_common_error():
    wrong = -0.8
    without = integrated_error(THETA, NU, OUTDOOR, STEP_S, feedforward_gain_rel=wrong)
    with_it = integrated_error(
        THETA, NU, OUTDOOR, STEP_S, feedback_rel=mean_feedback_rel(12, 5.0), feedforward_gain_rel=wrong
    )
    common = [np.mean(run.error_k.mean(axis=1) ** 2) for run in (with_it, without)]
    assert common[0] < 0.2 * common[1]
    assert with_it.mean_square < without.mean_square


def test_feedback_of_the_wrong_sign_is_refused():
    with pytest.raises(DhsimError, match="unstable"):
        integrated_error(THETA, NU, OUTDOOR, STEP_S, feedback_rel=np.full(12, 5.0))
    with pytest.raises(DhsimError, match="heats where it is too warm"):
        mean_feedback_rel(12, -1.0)


def test_a_gap_in_the_weather_is_refused():
    with pytest.raises(DhsimError, match="1 values missing"):
        integrated_error(THETA, NU, np.where(np.arange(len(OUTDOOR)) == 5, np.nan, OUTDOOR), STEP_S)


@pytest.mark.parametrize("nu", [np.inf, np.nan, -1e-6])
def test_what_is_no_heat_supply_is_refused(nu):
    with pytest.raises(DhsimError, match="nu not negative"):
        integrated_error([1e-6, 1e-6], [1e-6, nu], np.zeros(48), 3600.0)
