"""Regression: the exact maximum, honest intervals, missing readings, what is flagged and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from dhsim.balancing.identification import identify
from dhsim.balancing.performance import angle_rad
from dhsim.balancing.posterior import probability_of_decrease
from dhsim.balancing.prior import prior_of_time_constants
from dhsim.balancing.synthetic import simulate_zones, synthetic_weather
from dhsim.errors import DhsimError

STEP_S = 3600.0
PRIOR = prior_of_time_constants()


def building(zones=20, days=60, process_sd_k=0.02, sensor_sd_k=0.0, seed=1, **how):
    random = np.random.default_rng(seed)
    theta = random.normal(PRIOR.mean_per_s, PRIOR.sd_per_s, zones)
    nu = theta * random.normal(1.0, 0.08, zones)
    weather = synthetic_weather(24 * days, STEP_S, random)
    inputs = weather.temp_supply_c, weather.temp_outdoor_c
    room = simulate_zones(theta, nu, *inputs, STEP_S, random, process_sd_k, sensor_sd_k, **how)
    return theta, nu, (room, *inputs, STEP_S)


def log_posterior(series, z, theta, nu, log_variance, prior=PRIOR):
    """Written down once more from eqs. (23) and (38), in 1/s and K/s."""
    room, supply, outdoor, step = series
    y = room[:, z]
    rest = np.diff(y) / step - theta * (outdoor - y)[:-1] - nu * (supply - y)[:-1]
    rest = rest[np.isfinite(rest)]
    variance = np.exp(log_variance)
    likelihood = -0.5 * len(rest) * log_variance - 0.5 * np.sum(rest**2) / variance
    return likelihood - log_variance - 0.5 * ((theta - prior[0]) / prior[1]) ** 2


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_most_likely_values_agree_with_direct_maximisation(seed, missing):
    _, _, series = building(zones=4, days=30, seed=seed)
    room = np.where(np.random.default_rng(seed).random(series[0].shape) < missing, np.nan, series[0])
    series = (room, *series[1:])
    fit = identify(*series, PRIOR)
    for z in range(4):
        unit = np.array([PRIOR.sd_per_s, PRIOR.sd_per_s, 1.0])
        start = np.array([PRIOR.mean_per_s, PRIOR.mean_per_s, np.log((0.05 / STEP_S) ** 2)]) / unit
        target = lambda x, z=z, unit=unit: -log_posterior(series, z, *(x * unit))  # noqa: E731
        found = minimize(target, start, method="BFGS", options={"gtol": 1e-9})
        found = minimize(
            target, found.x, method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-13, "maxiter": 4000}
        )
        theta, nu, log_variance = found.x * unit
        assert fit.theta_per_s[z] == pytest.approx(theta, rel=1e-6)
        assert fit.nu_per_s[z] == pytest.approx(nu, rel=1e-6)
        assert fit.residual_sd_k[z] == pytest.approx(np.sqrt(np.exp(log_variance)) * STEP_S, rel=1e-6)


def test_where_prior_and_data_contradict_each_other_the_higher_of_two_maxima_is_found():
    """Few data far from a narrow prior: the posterior has two hills."""
    _, _, series = building(zones=6, days=3, process_sd_k=0.02, seed=5)
    for factor in (0.2, 3.0, 8.0):
        prior = (PRIOR.mean_per_s * factor, PRIOR.sd_per_s * 0.3)
        fit = identify(*series, prior)
        for z in range(6):

            def height(theta, z=z, prior=prior):
                y = series[0][:, z]
                b = (series[1] - y)[:-1]
                r = np.diff(y) / STEP_S - theta * (series[2] - y)[:-1]
                nu = (b @ r) / (b @ b)
                rest = np.sum((r - nu * b) ** 2)
                return log_posterior(series, z, theta, nu, np.log(rest / (len(r) + 2)), prior)

            grid = np.linspace(-0.5, 1.5, 4001) * max(prior[0], 4.0 * PRIOR.mean_per_s)
            assert height(fit.theta_per_s[z]) >= max(height(theta) for theta in grid) - 1e-6


def test_draws_have_the_moments_of_the_posterior():
    """Mean and deviation of theta by numerical integration of the density of eqs. (23) and (38) with 1/s2."""
    _, _, series = building(zones=1, days=4, seed=3)
    fit = identify(*series, PRIOR, draw_count=200_000)
    y, (supply, outdoor) = series[0][:, 0], series[1:3]
    a, b, r = (outdoor - y)[:-1], (supply - y)[:-1], np.diff(y) / STEP_S

    def density(theta):
        rest = r - theta * a
        square = rest @ rest - (b @ rest) ** 2 / (b @ b)
        z = (theta - PRIOR.mean_per_s) / PRIOR.sd_per_s
        return np.exp(-0.5 * (len(r) - 1) * np.log(square / reference) - 0.5 * z * z)

    reference = float(r @ r)
    ends = PRIOR.mean_per_s - 8.0 * PRIOR.sd_per_s, PRIOR.mean_per_s + 8.0 * PRIOR.sd_per_s
    theta = np.linspace(*ends, 4001)
    weight = np.array([density(t) for t in theta])
    weight /= weight.sum()
    mean = weight @ theta
    sd = np.sqrt(weight @ (theta - mean) ** 2)
    assert fit.theta_samples_per_s.mean() == pytest.approx(mean, abs=0.01 * sd)
    assert fit.theta_samples_per_s.std() == pytest.approx(sd, rel=0.01)
    assert fit.prior_share_rel[0] == pytest.approx(sd / PRIOR.sd_per_s, rel=2e-3)


def test_without_noise_the_truth_comes_back():
    theta, nu, series = building(process_sd_k=0.0, exact=False)
    fit = identify(*series, PRIOR)
    np.testing.assert_allclose(fit.theta_per_s, theta, rtol=1e-6)
    np.testing.assert_allclose(fit.nu_per_s, nu, rtol=1e-6)
    assert fit.angle_rad() == pytest.approx(angle_rad(theta, nu), rel=1e-5)


def test_any_unit_of_time_does():
    _, _, series = building()
    day = 86400.0
    one, other = identify(*series, PRIOR), identify(*series[:3], STEP_S / day, (PRIOR[0] * day, PRIOR[1] * day))
    np.testing.assert_allclose(other.theta_per_s, one.theta_per_s * day, rtol=1e-9)
    np.testing.assert_allclose(other.angle_samples_rad(), one.angle_samples_rad(), rtol=1e-9)


def test_a_gap_only_takes_its_own_steps_away():
    _, _, series = building(zones=2)
    room, supply = series[0].copy(), series[1].copy()
    room[100:120, 0] = np.nan
    supply[500] = np.nan
    fit = identify(room, supply, *series[2:], PRIOR)
    assert fit.pairs.tolist() == [len(room) - 1 - 21 - 1, len(room) - 1 - 1]


def test_normal_operation_is_flagged_as_mostly_prior():
    _, _, series = building(process_sd_k=0.05)
    fit = identify(*series, PRIOR)
    flagged = [flag for flag in fit.flags if flag.kind == "prior"]
    assert len(flagged) == 20
    assert "dhsim balance excite" in flagged[0].message
    assert flagged[0].value == pytest.approx(fit.prior_share_rel[0])


def test_sensor_noise_is_measured_and_its_bias_foretold():
    theta, _, series = building(sensor_sd_k=0.05, zones=60)
    fit = identify(*series, PRIOR)
    flagged = [flag for flag in fit.flags if flag.kind == "sensor noise"]
    assert len(flagged) > 50
    real = np.mean(fit.theta_per_s) / np.mean(theta) - 1.0
    assert np.mean([flag.value for flag in flagged]) == pytest.approx(real, abs=0.06)
    assert not [flag for flag in identify(*building(zones=60)[2], PRIOR).flags if flag.kind == "sensor noise"]


def test_thermostats_are_seen_and_open_valves_are_not_accused():
    with_them = identify(*building(trv_slope_per_k=-0.5, process_sd_k=0.05)[2], PRIOR)
    assert len([flag for flag in with_them.flags if flag.kind == "trv"]) >= 15
    for noise in (0.0, 0.05):
        without = identify(*building(process_sd_k=0.05, sensor_sd_k=noise)[2], PRIOR)
        assert not [flag for flag in without.flags if flag.kind == "trv"]


def test_everything_unfit_is_refused_at_once_with_names():
    _, _, series = building(zones=3, days=10)
    room = series[0].copy()
    room[:, 1] = 21.5
    room[:, 2] = np.inf
    with pytest.raises(DhsimError) as refused:
        identify(room, np.full(len(room), 45.0), *series[2:], PRIOR, zone_ids=("A", "B", "C"))
    text = str(refused.value)
    assert "supply temperature: constant at 45 degC over 240 readings: a dead sensor, or a set-point?" in text
    assert "B: constant at 21.5 degC over 240 readings" in text
    assert "C: 0 steps with all readings" in text


def test_a_sensor_on_the_pipe_is_refused():
    _, _, series = building(zones=2, days=10)
    room = np.column_stack([series[0][:, 0], series[1]])
    with pytest.raises(DhsimError, match="zone 1: always at the supply temperature"):
        identify(room, *series[1:], PRIOR)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: (s[0], s[1][:-1], s[2], s[3]), "got .*, .* and"),
        (lambda s: (*s[:3], 0.0), "step must be positive"),
    ],
)
def test_wrong_shapes_and_steps_are_refused(change, message):
    with pytest.raises(DhsimError, match=message):
        identify(*change(building(zones=2, days=10)[2]), PRIOR)


def test_names_must_differ_and_be_as_many_as_columns():
    series = building(zones=2, days=10)[2]
    with pytest.raises(DhsimError, match="A come more than once"):
        identify(*series, PRIOR, zone_ids=("A", "A"))
    with pytest.raises(DhsimError, match="3 zone names for 2 columns"):
        identify(*series, PRIOR, zone_ids=("A", "B", "C"))


def test_a_true_improvement_is_probable_and_its_reverse_is_not():
    theta, nu, before = building(zones=30, seed=2)
    better = (nu + theta * nu.mean() / theta.mean()) / 2.0
    random = np.random.default_rng(9)
    after = (simulate_zones(theta, better, *before[1:3], STEP_S, random, 0.02), *before[1:])
    earlier, later = identify(*before, PRIOR), identify(*after, PRIOR)
    chance = probability_of_decrease(earlier, later)
    assert chance > 0.99
    assert probability_of_decrease(later, earlier) == pytest.approx(1.0 - chance, abs=1e-9)


def test_five_thousand_zones_are_one_call():
    _, _, series = building(zones=500, days=10)
    fit = identify(np.tile(series[0], (1, 10)), *series[1:], PRIOR, draw_count=100)
    assert fit.theta_samples_per_s.shape == (100, 5000)
    assert [flag.value for flag in fit.flags if flag.kind == "not screened"] == [5000.0]


@pytest.mark.slow
@pytest.mark.parametrize("process_sd_k", [0.01, 0.05])
def test_intervals_cover_the_truth_at_their_level(process_sd_k):
    """Truth from the prior (38), data from (23); 4000 zones, each with its own noise, in 40 winters of 30 days."""
    inside_theta, inside_nu = [], []
    for seed in range(40):
        theta, nu, series = building(zones=100, days=30, process_sd_k=process_sd_k, seed=1000 + seed, exact=False)
        fit = identify(*series, PRIOR, random=np.random.default_rng(seed))
        for truth, interval, kept in (
            (theta, fit.theta_interval_per_s(), inside_theta),
            (nu, fit.nu_interval_per_s(), inside_nu),
        ):
            kept.append((interval[0] < truth) & (truth < interval[1]))
    # 99 % of 4000: the count's own standard deviation is 0.16 %
    assert np.mean(inside_theta) == pytest.approx(0.99, abs=0.006)
    assert np.mean(inside_nu) == pytest.approx(0.99, abs=0.006)
