from __future__ import annotations

import numpy as np
import pytest

from dhsim.balancing.flow_response import Period, identify_flow_response, supply_ratio_rel
from dhsim.balancing.prior import NtuPrior, prior_of_time_constants
from dhsim.balancing.synthetic import simulate_zones, synthetic_weather
from dhsim.errors import DhsimError

STEP_S, CP = 3600.0, 4190.0
PRIOR = prior_of_time_constants()
ZONES = 45
RATIO = np.repeat([1.0, 1.6, 0.5], ZONES // 3)
FLOW = np.full(ZONES, 0.02)


@pytest.fixture(scope="module")
def truth():
    random = np.random.default_rng(6)
    theta = random.normal(PRIOR.mean_per_s, PRIOR.sd_per_s, ZONES)
    units = NtuPrior()
    return (
        theta,
        theta * random.normal(1.0, 0.08, ZONES),
        units.median * np.exp(units.log_sd * random.normal(size=ZONES)),
    )


@pytest.fixture(scope="module")
def periods(truth):
    theta, nu, ntu = truth
    random = np.random.default_rng(7)
    made = []
    for ratio in (np.ones(ZONES), RATIO):
        weather = synthetic_weather(24 * 60, STEP_S, random)
        inputs = weather.temp_supply_c, weather.temp_outdoor_c
        room = simulate_zones(theta, nu * supply_ratio_rel(ntu, ratio), *inputs, STEP_S, random, 0.02)
        made.append(Period(room, *inputs, FLOW * ratio))
    return made


@pytest.fixture(scope="module")
def fit(periods):
    return identify_flow_response(periods, STEP_S)


def test_where_the_flow_changed_the_transfer_units_are_found(fit, truth):
    ntu = truth[2]
    changed = RATIO != 1.0
    off = np.log(fit.ntu / ntu)[changed] / (fit.ntu_share_rel * NtuPrior().log_sd)[changed]
    assert np.median(fit.ntu_share_rel[changed]) < 0.3
    assert abs(off.mean()) < 0.6
    assert 0.6 < off.std() < 1.5
    low, high = np.quantile(fit.ntu_samples, [0.005, 0.995], axis=0)
    assert np.mean((low < ntu) & (ntu < high)) > 0.93


def test_where_it_did_not_the_prior_stays_and_is_flagged(fit):
    kept = RATIO == 1.0
    assert np.all(fit.ntu_share_rel[kept] > 0.98)
    assert [flag.zone for flag in fit.flags if flag.value > 0.98] == [f"zone {z}" for z in np.flatnonzero(kept)]


def test_c_and_ua_give_back_the_heat_supply(fit):
    flow = CP * FLOW
    again = fit.temp_rise_k_j * flow * -np.expm1(-fit.ua_zone_w_k / flow)
    np.testing.assert_allclose(again, fit.nu_per_s, rtol=1e-12)
    samples = fit.temp_rise_samples_k_j * flow * -np.expm1(-fit.ua_zone_samples_w_k / flow)
    np.testing.assert_allclose(samples, fit.nu_samples_per_s, rtol=1e-12)


def test_a_third_flow_is_foretold(fit, truth):
    _, nu, ntu = truth
    low, high = fit.nu_interval_at_per_s(np.full(ZONES, 0.75))
    there = nu * supply_ratio_rel(ntu, 0.75)
    assert np.mean((low < there) & (there < high)) > 0.93


def test_the_ratio_lies_between_one_and_the_flows():
    ratio = np.array([0.0, 0.3, 1.0, 2.0])
    for ntu in (1e-6, 0.4, 50.0):
        found = supply_ratio_rel(ntu, ratio)
        assert np.all((np.minimum(ratio, 1.0) - 1e-9 <= found) & (found <= np.maximum(ratio, 1.0) + 1e-9))


def test_one_period_and_closed_zones_are_refused(periods):
    with pytest.raises(DhsimError, match="at least two"):
        identify_flow_response(periods[:1], STEP_S)
    closed = periods[1]._replace(mass_flow_zone_kg_s=np.where(np.arange(ZONES) == 3, 0.0, FLOW))
    with pytest.raises(DhsimError, match="zone 3: 0 kg/s in period 2"):
        identify_flow_response([periods[0], closed], STEP_S)


def test_flows_of_the_wrong_length_are_refused(periods):
    odd = periods[1]._replace(mass_flow_zone_kg_s=np.full(ZONES - 1, 0.01))
    with pytest.raises(DhsimError, match="period 2: one flow a zone is needed"):
        identify_flow_response([periods[0], odd], STEP_S)
