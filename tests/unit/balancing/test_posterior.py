from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from dhsim.balancing.identification import identify
from dhsim.balancing.performance import angle_rad
from dhsim.balancing.posterior import Posterior, probability_of_decrease
from dhsim.balancing.prior import prior_of_time_constants
from dhsim.balancing.synthetic import simulate_zones, synthetic_weather
from dhsim.errors import DhsimError

STEP_S = 3600.0
PRIOR = prior_of_time_constants()


def fitted(random, days=32, spread=0.03, process_sd_k=0.05, zones=16):
    theta = random.normal(PRIOR.mean_per_s, PRIOR.sd_per_s, zones)
    nu = theta * random.normal(1.0, spread, zones)
    weather = synthetic_weather(24 * days, STEP_S, random)
    inputs = weather.temp_supply_c, weather.temp_outdoor_c
    room = simulate_zones(theta, nu, *inputs, STEP_S, random, process_sd_k)
    return angle_rad(theta, nu), identify(room, *inputs, STEP_S, PRIOR, draw_count=1000, random=random)


def test_uncertainty_adds_to_an_angle_by_the_amount_that_is_told():
    random = np.random.default_rng(0)
    squares = []
    for _ in range(60):
        true, fit = fitted(random)
        squares.append((true**2, fit.angle_rad() ** 2, fit.angle_noise_rad() ** 2))
    true, found, noise = np.mean(squares, axis=0)
    assert found > 1.1 * true
    assert found - noise == pytest.approx(true, rel=0.06)


def test_groups_tables_and_intervals_belong_together():
    fit = fitted(np.random.default_rng(1))[1]
    group = ("zone 3", "zone 5", "zone 8")
    assert fit.angle_rad(group) == pytest.approx(angle_rad(fit.theta_per_s[[3, 5, 8]], fit.nu_per_s[[3, 5, 8]]))
    narrow, wide = fit.angle_interval_rad(group, 0.5), fit.angle_interval_rad(group)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]
    table = fit.frame()
    assert table.index.tolist() == list(fit.zone_ids)
    assert (table["theta_low_per_d"] < table["theta_per_d"]).all()
    assert table.loc["zone 0", "theta_per_d"] == pytest.approx(fit.theta_per_s[0] * 86400.0)
    with pytest.raises(DhsimError, match="between 0 and 1"):
        fit.theta_interval_per_s(99.0)


def test_probability_compares_every_pair_of_draws():
    fit = fitted(np.random.default_rng(2))[1]

    def halves(chosen: slice) -> Posterior:
        return dataclasses.replace(
            fit, theta_samples_per_s=fit.theta_samples_per_s[chosen], nu_samples_per_s=fit.nu_samples_per_s[chosen]
        )

    before, after = halves(slice(0, 40)), halves(slice(40, 100))
    every = after.angle_samples_rad()[:, None] < before.angle_samples_rad()[None, :]
    assert probability_of_decrease(before, after) == pytest.approx(every.mean())


def test_different_zones_are_refused():
    fit = fitted(np.random.default_rng(3))[1]
    other = dataclasses.replace(fit, zone_ids=(*fit.zone_ids[:-1], "attic"))
    with pytest.raises(DhsimError, match="attic, zone 15"):
        probability_of_decrease(fit, other)
    assert 0.0 <= probability_of_decrease(fit, other, fit.zone_ids[:4]) <= 1.0
