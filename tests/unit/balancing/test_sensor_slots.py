"""The grid: rooms at the start of a step, inputs as means, and what early, late and lacking readings do to it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dhsim.balancing.identification import identify
from dhsim.balancing.prior import prior_of_time_constants
from dhsim.balancing.sensor_slots import on_slots
from dhsim.balancing.sensor_table import Long
from dhsim.balancing.synthetic import simulate_zones, synthetic_weather

INPUTS = ("temp_supply_c", "temp_outdoor_c")
STEP_S = 3600.0
START_S = 1704067200.0  # 2024-01-01 UTC, a whole number of hours


def long(series):
    """Return a table of name -> (seconds since the start, values)."""
    time = np.concatenate([START_S + np.asarray(at, float) for at, _ in series.values()])
    names = np.concatenate([np.full(len(at), name, object) for name, (at, _) in series.items()])
    stamps = pd.to_datetime(np.rint(time * 1e9).astype(np.int64), unit="ns", utc=True)
    values = np.concatenate([np.asarray(v, float) for _, v in series.values()])
    return Long(pd.DatetimeIndex(stamps), names, values, np.arange(len(time)))


def slotted(series, step_s=STEP_S):
    return on_slots(long(series), INPUTS, [name for name in series if name not in INPUTS], step_s)


def minutes(hold_h, days, zones, process_sd_k=0.0, seed=1):
    """Return truth and readings of every minute, the supply switched by 4 K with a given hold. Synthetic."""
    random = np.random.default_rng(seed)
    prior = prior_of_time_constants()
    theta = np.abs(random.normal(prior.mean_per_s, prior.sd_per_s, zones))
    nu = theta * random.normal(1.0, 0.08, zones)
    count = days * 1440
    weather = synthetic_weather(days * 24, STEP_S, random)
    outdoor, supply = (np.repeat(values, 60) for values in weather)
    holds = random.choice([-4.0, 4.0], days * 24 // hold_h + 1)
    supply = supply + np.repeat(holds, hold_h * 60)[:count]
    room = simulate_zones(theta, nu, supply, outdoor, 60.0, random, process_sd_k / np.sqrt(60.0))
    at = 60.0 * np.arange(count)
    rooms = {f"z{z}": (at, room[:, z]) for z in range(zones)}
    return theta, nu, {"temp_supply_c": (at, supply), "temp_outdoor_c": (at, outdoor), **rooms}


def fitted(series):
    slots = slotted(series)
    rooms = [name for name in series if name not in INPUTS]
    zone = np.column_stack([slots.columns[name] for name in rooms])
    return identify(zone, slots.columns["temp_supply_c"], slots.columns["temp_outdoor_c"], STEP_S)


@pytest.mark.parametrize("hold_h", [6, 12, 36])
def test_readings_of_every_minute_do_not_bias_the_heat_supply(hold_h):
    """Means of the room over the hour gave 8.1, 4.3 and 2.2 % too little; what is left is (theta + nu) dt / 2."""
    theta, nu, series = minutes(hold_h, 40, 4)
    fit = fitted(series)
    left = -0.5 * (theta + nu) * STEP_S
    np.testing.assert_allclose(fit.nu_per_s / nu - 1.0, left, atol=0.003)


def test_intervals_of_readings_of_every_minute_hold_the_truth():
    """Of 90 zones; with means of the room over the hour some 40 % lay in the 90 % interval and 15 % in the 50 %."""
    _, nu, series = minutes(6, 25, 90, process_sd_k=0.03)
    fit = fitted(series)
    for share, least in ((0.9, 0.83), (0.5, 0.39)):  # 2.2 standard errors of a share of 90 below
        ends = 0.5 * (1.0 - share), 0.5 * (1.0 + share)
        low, high = np.quantile(fit.nu_samples_per_s, ends, axis=0)
        assert np.mean((low <= nu) & (nu <= high)) >= least


def hourly(count=500, seed=3):
    random = np.random.default_rng(seed)
    return STEP_S * np.arange(count), {name: random.normal(20.0, 1.0, count) for name in (*INPUTS, "A", "B")}


@pytest.mark.parametrize("late_s", [0.0, 600.0, 1800.0, 2700.0, 3300.0])
@pytest.mark.parametrize("jitter_s", [0.0, 5.0, 300.0])
def test_hourly_stamps_may_be_early_or_late(late_s, jitter_s):
    at, values = hourly()
    random = np.random.default_rng(4)
    off = {name: late_s + random.uniform(-jitter_s, jitter_s, len(at)) for name in values}
    slots = slotted({name: (at + off[name], v) for name, v in values.items()})
    for name, expected in values.items():
        np.testing.assert_allclose(slots.columns[name], expected)
    lag = (slots.time[0] - pd.Timestamp(START_S, unit="s", tz="UTC")).total_seconds()
    assert abs(lag - late_s) <= 180.0 + jitter_s / 5.0


@pytest.mark.parametrize("late_s", [900.0, 1800.0, -1800.0])
def test_sensors_with_a_rhythm_of_their_own_lose_no_reading(late_s):
    at, values = hourly()
    random = np.random.default_rng(4)
    series = {name: (at + random.uniform(-5.0, 5.0, len(at)), v) for name, v in values.items()}
    series |= {"C": series["A"], "D": series["A"]}
    series["B"] = (series["B"][0] + late_s, values["B"])
    series["temp_outdoor_c"] = (series["temp_outdoor_c"][0] + late_s, values["temp_outdoor_c"])
    slots = slotted(series)
    for name, expected in values.items():
        found = slots.columns[name]
        assert np.isfinite(found).sum() >= len(expected) - 1
        assert np.isin(found[np.isfinite(found)], expected).all()


def test_finer_readings_give_the_room_at_the_start_and_the_mean_of_the_inputs():
    at = 900.0 * np.arange(40)
    ramp = np.arange(40.0)
    slots = slotted({name: (at, ramp) for name in (*INPUTS, "A")})
    np.testing.assert_allclose(slots.columns["A"], np.arange(10) * 4.0)
    np.testing.assert_allclose(slots.columns["temp_supply_c"], np.arange(10) * 4.0 + 1.5)
    # at 7 minutes past, and so on: the steps begin there
    late = slotted({name: (at + 420.0, ramp) for name in (*INPUTS, "A")})
    np.testing.assert_allclose(late.columns["A"], np.arange(10) * 4.0)
    assert late.time[0] == pd.Timestamp("2024-01-01 00:07", tz="UTC")


def test_readings_at_any_time_give_the_nearest_one_once():
    random = np.random.default_rng(0)
    at = np.sort(random.uniform(0.0, 200 * STEP_S, 200 * 12))
    slots = slotted({name: (at, at) for name in (*INPUTS, "A")})
    start = STEP_S * np.arange(len(slots.time))
    found = slots.columns["A"]
    there = np.isfinite(found)
    nearest = at[np.abs(at[None, :] - start[:, None]).argmin(axis=1)]
    np.testing.assert_array_equal(found[there], nearest[there])
    assert np.abs(found - start)[there].max() <= 0.1 * STEP_S
    assert len(set(found[there])) == there.sum()
    assert there.mean() > 0.85


def test_no_reading_reaches_into_a_gap():
    at = 600.0 * np.arange(6 * 48)
    open_ = (at < 20.3 * STEP_S) | (at > 23.8 * STEP_S)
    series = {name: (at, at) for name in INPUTS} | {"A": (at[open_], at[open_])}
    found = slotted(series).columns["A"]
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(found)), [21, 22, 23])
    assert found[24] == 24 * STEP_S


def test_the_grid_spans_the_file_and_no_step_more():
    at = 60.0 * np.arange(24 * 60)
    empty = np.where(at < 20 * STEP_S, at, np.nan)
    slots = slotted({name: (at, empty) for name in (*INPUTS, "A")})
    assert len(slots.time) == 24
    assert np.isnan(slots.columns["A"][21:]).all()


def test_series_without_any_value_stay_empty():
    at, values = hourly(50)
    series = {name: (at, v) for name, v in values.items()}
    series["A"] = (at, np.full(50, np.nan))
    slots = slotted(series)
    assert np.isnan(slots.columns["A"]).all()
    np.testing.assert_allclose(slots.columns["B"], values["B"])
