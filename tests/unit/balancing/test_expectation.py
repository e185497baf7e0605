"""What a change of flows is expected to do: fits whose draws turn negative, and flows that stop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dhsim.balancing.expectation import expectation
from dhsim.balancing.identification import identify
from dhsim.balancing.posterior import DRAW_LEAST_REL, Posterior, positive_draws
from dhsim.balancing.synthetic import simulate_zones, synthetic_weather
from dhsim.errors import DhsimError

STEP_S, ZONES = 3600.0, 4
RATIO = np.array([0.8, 1.0, 1.1, 1.3])


@pytest.fixture(scope="module")
def fit() -> Posterior:
    random = np.random.default_rng(1)
    theta = np.full(ZONES, 2e-6)
    weather = synthetic_weather(24 * 20, STEP_S, random)
    inputs = weather.temp_supply_c, weather.temp_outdoor_c
    room = simulate_zones(theta, theta, *inputs, STEP_S, random, 0.02)
    return identify(room, *inputs, STEP_S, draw_count=200)


def test_negative_draws_of_a_short_period_are_put_at_a_small_share(fit: Posterior) -> None:
    nu = fit.nu_samples_per_s.copy()
    nu[::20, 1] = -4.5e-7
    odd = replace(fit, nu_samples_per_s=nu)
    assert positive_draws(odd)[1].min() == DRAW_LEAST_REL * fit.nu_per_s[1]
    found, usual = expectation(odd, RATIO), expectation(fit, RATIO)
    assert found.angle_rad.after.low <= usual.angle_rad.after.middle <= found.angle_rad.after.high
    assert found.angle_rad.after.high > usual.angle_rad.after.high


def test_a_negative_most_likely_value_is_refused_with_the_way_out(fit: Posterior) -> None:
    odd = replace(fit, nu_per_s=fit.nu_per_s * [1.0, -1.0, 1.0, 1.0])
    with pytest.raises(DhsimError, match=r"zone 1: .*negative.*completed"):
        expectation(odd, RATIO)


def test_flows_that_all_stop_are_refused_and_one_that_stops_is_not(fit: Posterior) -> None:
    with pytest.raises(DhsimError, match="no zone keeps a flow"):
        expectation(fit, np.zeros(ZONES))
    found = expectation(fit, np.array([0.0, 1.0, 1.0, 1.0]))
    assert found.angle_rad.worst > found.angle_rad.before.middle
    assert np.isfinite(found.spread_k.after).all()


def test_a_flow_that_turns_round_is_refused(fit: Posterior) -> None:
    with pytest.raises(DhsimError, match="cannot turn round"):
        expectation(fit, np.array([-0.1, 1.0, 1.0, 1.0]))
