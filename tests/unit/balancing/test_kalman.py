from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from dhsim.balancing.identification import identify
from dhsim.balancing.kalman import identify_kalman, kalman_deviance
from dhsim.balancing.prior import prior_of_time_constants
from dhsim.balancing.synthetic import simulate_zones, synthetic_weather
from dhsim.errors import DhsimError

STEP_S = 3600.0
PRIOR = prior_of_time_constants()


def building(zones, days, process_sd_k, sensor_sd_k, seed=1):
    random = np.random.default_rng(seed)
    theta = random.normal(PRIOR.mean_per_s, PRIOR.sd_per_s, zones)
    nu = theta * random.normal(1.0, 0.08, zones)
    weather = synthetic_weather(24 * days, STEP_S, random)
    inputs = weather.temp_supply_c, weather.temp_outdoor_c
    return theta, nu, (simulate_zones(theta, nu, *inputs, STEP_S, random, process_sd_k, sensor_sd_k), *inputs, STEP_S)


def test_deviance_is_the_joint_density_of_all_readings():
    """Against the multivariate normal of the readings, written out; two readings missing."""
    theta, nu, (room, supply, outdoor, _) = building(1, 1, 0.02, 0.05)
    t, v, q, r = theta[0] * STEP_S, nu[0] * STEP_S, 0.02**2, 0.05**2
    y = room[:12, 0].copy()
    y[[4, 7]] = np.nan
    kept, span = np.exp(-t - v), -np.expm1(-t - v) / (t + v)
    mean, covariance = [y[0]], np.zeros((12, 12))
    covariance[0, 0] = r
    for k in range(11):
        mean.append(kept * mean[k] + span * (t * outdoor[k] + v * supply[k]))
        covariance[k + 1, : k + 1] = covariance[: k + 1, k + 1] = kept * covariance[k, : k + 1]
        covariance[k + 1, k + 1] = kept**2 * covariance[k, k] + q
    there = np.flatnonzero(np.isfinite(y))[1:]
    joint = covariance[np.ix_(there, there)] + r * np.eye(len(there))
    density = multivariate_normal(np.array(mean)[there], joint).logpdf(y[there])
    found = kalman_deviance(y, supply[:12], outdoor[:12], t, v, q, r)
    assert found == pytest.approx(-2.0 * density - len(there) * np.log(2.0 * np.pi), rel=1e-10)


def test_sensor_noise_inflates_the_regression_and_not_the_filter():
    """0.05 K of noise: theta and nu of eq. (23) some 20 % too large, its angle nearly right; the filter cures it."""
    theta, nu, series = building(40, 60, 0.02, 0.05)
    plain, filtered = identify(*series, PRIOR), identify_kalman(*series, PRIOR)
    assert 1.12 < plain.theta_per_s.mean() / theta.mean() < 1.35
    assert 1.12 < plain.nu_per_s.mean() / nu.mean() < 1.35
    assert filtered.theta_per_s.mean() / theta.mean() == pytest.approx(1.0, abs=0.05)
    assert filtered.nu_per_s.mean() / nu.mean() == pytest.approx(1.0, abs=0.05)
    assert filtered.sensor_sd_k is not None
    assert filtered.sensor_sd_k.mean() == pytest.approx(0.05, rel=0.05)
    assert filtered.residual_sd_k.mean() == pytest.approx(0.02, rel=0.15)
    cosine = theta @ nu / np.linalg.norm(theta) / np.linalg.norm(nu)
    assert plain.angle_rad() == pytest.approx(np.arccos(cosine), rel=0.1)
    # in units of their own standard deviations the filter's errors are those of a calibrated fit
    off = (filtered.theta_per_s - theta) / (filtered.prior_share_rel * PRIOR.sd_per_s)
    assert abs(off.mean()) < 0.6
    assert 0.6 < off.std() < 1.4


def test_gaps_in_rooms_and_inputs_are_borne():
    theta, _, series = building(3, 40, 0.01, 0.02)
    room, supply = series[0].copy(), series[1].copy()
    room[np.random.default_rng(0).random(room.shape) < 0.3] = np.nan
    supply[300:340] = np.nan
    fit = identify_kalman(room, supply, *series[2:], PRIOR)
    sd = fit.prior_share_rel * PRIOR.sd_per_s
    assert np.all(np.abs(fit.theta_per_s - theta) < 3.5 * sd)


@pytest.mark.parametrize("every", [2, 3])
def test_readings_at_every_second_step_are_enough(every):
    """No two readings follow each other: eq. (23) has no step to count, the filter finds the truth."""
    theta, nu, series = building(4, 90, 0.01, 0.03)
    room = np.full_like(series[0], np.nan)
    room[::every] = series[0][::every]
    with pytest.raises(DhsimError, match="zone 1: 0 steps with all readings"):
        identify(room, *series[1:], PRIOR)
    fit = identify_kalman(room, *series[1:], PRIOR)
    sd = fit.prior_share_rel * PRIOR.sd_per_s
    assert np.all(np.abs(fit.theta_per_s - theta) < 3.5 * sd)
    assert fit.nu_per_s / fit.theta_per_s == pytest.approx(nu / theta, rel=0.05)
    assert fit.pairs.tolist() == [len(room[::every]) - 1] * 4
    # one zone read at all times beside: each counts for itself
    mixed = np.column_stack([series[0][:, 0], room[:, 1:]])
    assert identify_kalman(mixed, *series[1:], PRIOR).nu_per_s[1:] == pytest.approx(fit.nu_per_s[1:], rel=1e-3)


def test_too_few_readings_are_refused_by_the_filter_too():
    series = building(2, 10, 0.01, 0.03)[2]
    room = series[0].copy()
    room[23:, 1] = np.nan
    with pytest.raises(DhsimError, match="zone 1: 23 times with all readings, at least 24"):
        identify_kalman(room, *series[1:], PRIOR)


def test_a_steady_gain_is_told_from_leakage_where_it_is_asked_for():
    """3 K of gain: as if it were so much warmer outside. Without it theta and nu are off, and so is their ratio."""
    random = np.random.default_rng(2)
    theta = random.normal(PRIOR.mean_per_s, 0.5 * PRIOR.sd_per_s, 12)
    nu = theta * random.normal(1.0, 0.08, 12)
    weather = synthetic_weather(24 * 90, STEP_S, random)
    warmer = weather.temp_supply_c, weather.temp_outdoor_c + 3.0
    room = simulate_zones(theta, nu, *warmer, STEP_S, random, 0.01, 0.05)
    series = room, weather.temp_supply_c, weather.temp_outdoor_c, STEP_S
    known, blind = (
        identify_kalman(*series, PRIOR, gains=gains, screen=False, draw_count=2000) for gains in (True, False)
    )
    ratio = nu / theta
    off = [np.abs(fit.nu_per_s / fit.theta_per_s - ratio).mean() for fit in (known, blind)]
    assert off[0] < 0.3 * off[1]
    low, high = known.theta_interval_per_s(0.999)
    assert ((low < theta) & (theta < high)).all()


@pytest.mark.slow
def test_intervals_of_the_filter_cover_the_truth():
    inside = []
    for seed in range(12):
        theta, _, series = building(50, 60, 0.02, 0.05, seed=seed)
        low, high = identify_kalman(*series, PRIOR, random=np.random.default_rng(seed)).theta_interval_per_s()
        inside.append((low < theta) & (theta < high))
    assert np.mean(inside) == pytest.approx(0.99, abs=0.015)
