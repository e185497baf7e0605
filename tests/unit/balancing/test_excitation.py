from __future__ import annotations

import numpy as np
import pytest

from dhsim.balancing.excitation import (
    expected_precision,
    propose_excitation,
    room_response_k,
    switching_signal,
)
from dhsim.balancing.identification import identify
from dhsim.balancing.prior import prior_of_time_constants
from dhsim.balancing.synthetic import simulate_zones, synthetic_weather
from dhsim.errors import DhsimError

STEP_S = 3600.0
PRIOR = prior_of_time_constants()


@pytest.fixture(scope="module")
def case():
    random = np.random.default_rng(5)
    theta = random.normal(PRIOR.mean_per_s, PRIOR.sd_per_s, 30)
    nu = theta * random.normal(1.0, 0.08, 30)
    weather, plan = (synthetic_weather(24 * 40, STEP_S, random) for _ in range(2))
    room = simulate_zones(theta, nu, weather.temp_supply_c, weather.temp_outdoor_c, STEP_S, random, 0.025)
    fit = identify(room, weather.temp_supply_c, weather.temp_outdoor_c, STEP_S, PRIOR)
    return theta, nu, fit, plan


@pytest.mark.parametrize("comfort_k", [0.4, 1.0])
def test_the_proposal_keeps_comfort_and_delivers_what_it_promises(case, comfort_k):
    theta, nu, fit, plan = case
    proposal = propose_excitation(fit, plan.temp_supply_c, plan.temp_outdoor_c, comfort_k)
    random = np.random.default_rng(1)
    supply = plan.temp_supply_c + proposal.offset_k
    room = simulate_zones(theta, nu, supply, plan.temp_outdoor_c, STEP_S, random, 0.025)
    after = identify(room, supply, plan.temp_outdoor_c, STEP_S, PRIOR)
    assert np.abs(room_response_k(fit.theta_per_s, fit.nu_per_s, proposal.offset_k, STEP_S)).max() <= comfort_k + 1e-9
    assert proposal.expected.theta_share_rel.mean() < 0.7 * proposal.without.theta_share_rel.mean()
    assert after.prior_share_rel.mean() == pytest.approx(proposal.expected.theta_share_rel.mean(), rel=0.15)
    # to first order, and for draws of both vectors at once
    assert after.angle_samples_rad().std() == pytest.approx(proposal.expected.angle_sd_rad, rel=0.25)
    assert proposal.candidates["theta_share_rel"].min() == pytest.approx(proposal.expected.theta_share_rel.mean())


def test_more_comfort_given_up_tells_more(case):
    _, _, fit, plan = case
    shares = [
        propose_excitation(fit, plan.temp_supply_c, plan.temp_outdoor_c, bound).expected.theta_share_rel.mean()
        for bound in (0.2, 0.5, 1.0)
    ]
    assert shares == sorted(shares, reverse=True)


def test_the_figure_of_the_method_note(case):
    """A switching of 4 K at 36 h cuts the share of the prior from some 0.5-0.6 to below 0.25."""
    _, _, fit, plan = case
    signal = 4.0 * switching_signal(len(plan.temp_supply_c), 36, np.random.default_rng(2))
    without = expected_precision(fit, plan.temp_supply_c, plan.temp_outdoor_c)
    with_it = expected_precision(fit, plan.temp_supply_c, plan.temp_outdoor_c, signal)
    assert without.theta_share_rel.mean() > 0.45
    assert with_it.theta_share_rel.mean() < 0.25


class OneOrder:
    """In place of a generator: puts the holds in a given order."""

    def __init__(self, order):
        self.order = order

    def shuffle(self, levels):
        levels[:] = self.order


def test_comfort_is_kept_to_the_end_of_the_last_sample(case):
    """The rooms go on moving through the last sample; a peak at its end must not pass unseen."""
    _, _, fit, plan = case
    order = [-1.0, -1.0, 1.0, -1.0, -1.0, 1.0, 1.0, 1.0]
    inputs = plan.temp_supply_c[: 72 * len(order)], plan.temp_outdoor_c[: 72 * len(order)]
    proposal = propose_excitation(fit, *inputs, 0.2, holds_h=(72.0,), random=OneOrder(order))
    through = np.append(proposal.offset_k, 0.0)
    course = np.abs(room_response_k(fit.theta_per_s, fit.nu_per_s, through, STEP_S)).max(axis=1)
    assert course.argmax() == len(through) - 1
    assert course.max() == pytest.approx(0.2)
    assert proposal.comfort_peak_k == pytest.approx(0.2)


def test_the_signal_has_no_mean_and_holds():
    signal = switching_signal(100, 6, np.random.default_rng(0))
    assert signal.sum() == 0.0
    changes = np.flatnonzero(np.diff(signal)) + 1
    assert np.all(changes % 6 == 0)


def test_the_plant_limits_the_amplitude(case):
    _, _, fit, plan = case
    ceiling = float(plan.temp_supply_c.max()) + 1.5
    proposal = propose_excitation(fit, plan.temp_supply_c, plan.temp_outdoor_c, 5.0, supply_range_c=(20.0, ceiling))
    supply = plan.temp_supply_c + proposal.offset_k
    assert np.all((supply >= 20.0 - 1e-9) & (supply <= ceiling + 1e-9))


def test_impossible_tests_are_refused(case):
    _, _, fit, plan = case
    with pytest.raises(DhsimError, match="no signal is possible: 24 h of plan for holds of 36 h"):
        propose_excitation(fit, plan.temp_supply_c[:24], plan.temp_outdoor_c[:24], 1.0, holds_h=(36.0,))
    with pytest.raises(DhsimError, match="must be positive"):
        propose_excitation(fit, plan.temp_supply_c, plan.temp_outdoor_c, 0.0)
    holed = np.where(np.arange(len(plan.temp_supply_c)) == 7, np.nan, plan.temp_supply_c)
    with pytest.raises(DhsimError, match=r"have gaps \(1 of"):
        propose_excitation(fit, holed, plan.temp_outdoor_c, 1.0)
