from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dhsim.balancing.comparison import compare_groups, matched_control, spread_quantiles, temperature_spread_k
from dhsim.balancing.identification import identify
from dhsim.balancing.prior import prior_of_time_constants
from dhsim.balancing.synthetic import simulate_zones, synthetic_weather
from dhsim.errors import DhsimError

STEP_S = 3600.0
PRIOR = prior_of_time_constants()
NAMES = tuple(f"F{z:02d}" for z in range(64))
TOUCHED = NAMES[:16]
CONTROLS = {"control I": NAMES[16:32], "control II": NAMES[32:48], "control III": NAMES[48:]}


@pytest.fixture(scope="module")
def periods():
    """64 synthetic flats like those of the case study; the rebalancing moves 16 of them halfway to balance."""
    random = np.random.default_rng(11)
    theta = random.normal(PRIOR.mean_per_s, PRIOR.sd_per_s, 64)
    nu = theta * random.normal(1.0, 0.08, 64)
    better = nu.copy()
    better[:16] = (nu[:16] + theta[:16]) / 2.0
    fits, rooms = [], []
    for supply_coefficient, days in ((nu, 68), (better, 33)):
        weather = synthetic_weather(24 * days, STEP_S, random)
        inputs = weather.temp_supply_c, weather.temp_outdoor_c
        room = simulate_zones(theta, supply_coefficient, *inputs, STEP_S, random, 0.02)
        fits.append(identify(room, *inputs, STEP_S, PRIOR, zone_ids=NAMES, random=random))
        rooms.append((room, weather.temp_outdoor_c))
    return fits, rooms


def test_the_intervened_group_stands_out(periods):
    before, after = periods[0]
    result = compare_groups(before, after, TOUCHED, CONTROLS)
    table = result.frame()
    assert table.loc["intervened", "probability_decrease_rel"] > 0.99
    assert table.loc[list(CONTROLS), "probability_decrease_rel"].between(0.001, 0.999).all()
    assert result.excess_rad < 0.0
    assert result.probability_better_rel > 0.99
    assert result.placebo_share_rel < 0.02
    assert result.excess_interval_rad[0] < result.excess_rad < result.excess_interval_rad[1]
    assert table["zones"].eq(16).all()


def test_an_untouched_group_does_not(periods):
    before, after = periods[0]
    others = {name: zones for name, zones in CONTROLS.items() if name != "control I"}
    result = compare_groups(before, after, CONTROLS["control I"], others)
    assert 0.005 < result.probability_better_rel < 0.995
    assert result.placebo_share_rel > 0.05


@pytest.mark.parametrize(
    ("touched", "controls", "message"),
    [
        (TOUCHED, {"I": NAMES[10:20]}, "F10, F11, F12, F13, F14 and 1 more are both"),
        (TOUCHED, {}, "needs a control group"),
        (TOUCHED[:1], CONTROLS, "at least two different zones"),
        (("F01", "X"), CONTROLS, "unknown zones X"),
    ],
)
def test_unsound_comparisons_are_refused(periods, touched, controls, message):
    with pytest.raises(DhsimError, match=message):
        compare_groups(*periods[0], touched, controls)


def test_partners_are_the_most_alike(periods):
    before = periods[0][0]
    floor = pd.DataFrame({"floor": np.arange(64) % 4}, index=pd.Index(NAMES))
    chosen = matched_control(before, TOUCHED, characteristics=floor)
    assert len(set(chosen)) == 16
    assert not set(chosen) & set(TOUCHED)

    def distance(zones):
        ratio = before.nu_per_s / before.theta_per_s
        mine, theirs = (np.sort(ratio[[NAMES.index(zone) for zone in group]]) for group in (TOUCHED, zones))
        return np.abs(mine - theirs).mean()

    random = np.random.default_rng(0)
    others = [distance(random.choice(NAMES[16:], 16, replace=False)) for _ in range(50)]
    assert distance(chosen) < np.median(others)
    with pytest.raises(DhsimError, match="give more candidates"):
        matched_control(before, TOUCHED, NAMES[16:20])


def test_spread_counts_the_zones_that_are_there():
    room = np.array([[20.0, 22.0, 21.0, 21.0], [20.0, 22.0, np.nan, np.nan], [20.0, 24.0, 22.0, np.nan]])
    spread = temperature_spread_k(room, ("a", "b", "c", "d"), complete_rel=0.75)
    assert spread[0] == pytest.approx(np.std(room[0], ddof=1))
    assert np.isnan(spread[1])
    assert spread[2] == pytest.approx(2.0)


def test_spread_falls_in_the_touched_group_whatever_the_weather(periods):
    quantiles = [spread_quantiles(temperature_spread_k(room, NAMES, TOUCHED), outdoor) for room, outdoor in periods[1]]
    assert quantiles[1]["spread_per_k_median"] < 0.75 * quantiles[0]["spread_per_k_median"]
    assert list(quantiles[0].index) == [
        "spread_median_k",
        "spread_q05_k",
        "spread_q95_k",
        "spread_per_k_median",
        "times",
    ]


def test_a_blank_characteristic_is_refused_by_name(periods):
    before = periods[0][0]
    floor = pd.DataFrame({"floor": np.arange(64.0)}, index=pd.Index(NAMES))
    floor.loc[NAMES[10], "floor"] = np.nan
    with pytest.raises(DhsimError, match=f"{NAMES[10]}: no number for floor"):
        matched_control(before, TOUCHED, characteristics=floor)
