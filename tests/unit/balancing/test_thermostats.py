from __future__ import annotations

import numpy as np
import pytest

from dhsim.balancing.identification import identify
from dhsim.balancing.kalman import identify_kalman
from dhsim.balancing.prior import prior_of_time_constants
from dhsim.balancing.regression import most_likely, reduced, regression_sums
from dhsim.balancing.synthetic import simulate_zones, synthetic_weather
from dhsim.balancing.thermostats import PLAY_K, Thermostats, screened_flags, thermostat_flags, thermostats

STEP_S = 3600.0
PRIOR = prior_of_time_constants()


def rooms(slope_per_k, zones=20, days=60, process_sd_k=0.02, sensor_sd_k=0.05, swing_k=0.0, seed=1):
    random = np.random.default_rng(seed)
    theta = random.normal(PRIOR.mean_per_s, PRIOR.sd_per_s, zones)
    nu = theta * random.normal(1.0, 0.08, zones)
    weather = synthetic_weather(24 * days, STEP_S, random)
    moved = swing_k * random.choice([-1.0, 1.0], 2 * days // 3 + 1).repeat(36)[: 24 * days]
    inputs = weather.temp_supply_c + moved, weather.temp_outdoor_c
    noise = {"process_sd_k": process_sd_k, "sensor_sd_k": sensor_sd_k}
    return simulate_zones(theta, nu, *inputs, STEP_S, random, **noise, trv_slope_per_k=slope_per_k), *inputs


def seen(series):
    mean, sd = (np.full(series[0].shape[1], side * STEP_S) for side in PRIOR)
    start = most_likely(reduced(regression_sums(*series), mean), mean, sd)[:3]
    return thermostats(*series, start, (mean, sd))


@pytest.mark.parametrize("slope_per_k", [0.0, -0.1, -0.3])
def test_the_slope_is_found_and_its_error_is_right(slope_per_k):
    found = seen(rooms(slope_per_k))
    off = (found.slope_per_k - slope_per_k) / found.slope_sd_per_k
    assert np.median(found.slope_per_k) == pytest.approx(slope_per_k, abs=0.03)
    assert np.abs(off.mean()) < 1.0
    assert off.std() < 1.8


def test_range_is_the_rooms_without_the_sensor():
    series = rooms(0.0, sensor_sd_k=0.3)
    quiet = rooms(0.0, sensor_sd_k=0.0)
    np.testing.assert_allclose(seen(series).range_room_k, 3.29 * quiet[0].std(axis=0), rtol=0.1)


@pytest.mark.parametrize("fit", [identify, identify_kalman])
def test_both_methods_flag_thermostats_and_spare_open_valves(fit):
    with_them, without = (fit(*rooms(slope), STEP_S, draw_count=50) for slope in (-0.3, 0.0))
    flagged = [flag for flag in with_them.flags if flag.kind == "trv"]
    assert len(flagged) >= 18
    assert "take the heads off" in flagged[0].message
    assert flagged[0].value < -0.1
    assert not [flag for flag in without.flags if flag.kind == "trv"]
    assert not [f for f in fit(*rooms(-0.3), STEP_S, draw_count=50, screen=False).flags if f.kind.startswith("trv")]


def test_rooms_that_hardly_move_are_said_to_hide_thermostats():
    (flag,) = [f for f in identify(*rooms(0.0), STEP_S, draw_count=50).flags if f.kind == "trv unseen"]
    assert flag.zone == ""
    assert 0.0 < flag.value < PLAY_K
    assert "dhsim balance excite" in flag.message
    moved = identify(*rooms(0.0, swing_k=4.0), STEP_S, draw_count=50)
    assert not [f for f in moved.flags if f.kind == "trv unseen"]


def test_missing_readings_are_borne():
    room, *inputs = rooms(-0.3, zones=5)
    room[np.random.default_rng(0).random(room.shape) < 0.3] = np.nan
    inputs[0][300:330] = np.nan
    found = seen((room, *inputs))
    assert (found.t_value < -4.0).all()


def test_a_slope_is_flagged_by_size_and_by_certainty():
    made = Thermostats(np.array([-0.3, -0.3, -0.01, 0.3]), np.array([0.02, 0.2, 0.001, 0.01]), np.full(4, 2.0))
    assert [flag.zone for flag in thermostat_flags(("a", "b", "c", "d"), made)] == ["a"]
    np.testing.assert_allclose(made.slope_seen_per_k, [-0.08, -0.8, -0.02, -0.04])


def test_data_without_any_noise_break_nothing():
    found = seen(rooms(0.0, zones=3, process_sd_k=0.0, sensor_sd_k=0.0))
    assert np.isfinite(found.slope_per_k).all()
    assert not [flag for flag in thermostat_flags(("a", "b", "c"), found) if flag.kind == "trv"]


def test_a_fit_of_many_zones_says_that_it_did_not_look():
    names = tuple(map(str, range(501)))
    flags = screened_flags(names, lambda: pytest.fail("looked"), None)
    assert [(flag.kind, flag.value) for flag in flags] == [("not screened", 501.0)]
    assert screened_flags(names, lambda: pytest.fail("looked"), False) == []
