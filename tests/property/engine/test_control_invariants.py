"""The invariants of the control logic (omsk_method, section 3b) over random weather and faults.

The modes are also walked by a second, slow state machine that reads the rules as they are written down.
"""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhsim.assess.energy import balance_residual_rel
from dhsim.engine.simulation import simulate
from dhsim.errors import Status
from dhsim.model.case import FaultPlan
from dhsim.model.system import Mode

HOUR = 3600.0
DAYS = 3
STROKE_S = 20 * 60.0
"""At 5 %/min the whole stroke takes 20 minutes."""
FLOOR_C, BACK_C, ALARM_S, DWELL_S = 67.0, 68.0, 1800.0, 7200.0
PUMPS = 2
POLICIES = ("cap70", "variable_flow", "compensated", "compensated_trim")
FAIL_SAFE = ("sensor out", "no third pipe", "primary supply too low")


@dataclasses.dataclass(frozen=True)
class Story:
    """Weather, supply errors and faults of three days; small enough to be read when a test fails."""

    policy: str
    said: dict
    kind: str
    level_c: float
    later_c: float
    change_day: float
    seed: int
    sags: list
    """(first day, hours, depth in K) of the primary supply"""
    faults: list

    def series(self):
        step_min = self.said["time.step_min"]
        days = np.arange(DAYS * 1440 // step_min) * step_min / 1440.0
        outdoor = np.full(days.size, self.level_c)
        if self.kind == "step":
            outdoor[days >= self.change_day] = self.later_c
        if self.kind == "walk":
            noise = np.random.default_rng(self.seed).normal(0.0, 0.25 * math.sqrt(step_min), days.size)
            outdoor = outdoor + np.cumsum(noise)
        error = np.zeros(days.size)
        for first, hours, depth_k in self.sags:
            error[(days >= first) & (days < first + hours / 24.0)] -= depth_k
        return outdoor, error


def stories():
    kinds = st.sampled_from(["third_pipe_out", "sensor_out", "pump_out"])
    fault = st.builds(
        lambda kind, start_h, hours: FaultPlan(kind, start_h * HOUR, hours * HOUR, None),
        kinds,
        st.floats(-1.0, 70.0),
        st.floats(0.1, 15.0),
    )
    sag = st.tuples(st.floats(0.0, 2.9), st.floats(0.1, 6.0), st.sampled_from([3.0, 9.5, 15.0]))
    said = st.fixed_dictionaries(
        {
            "time.days": st.just(DAYS),
            "time.step_min": st.sampled_from([5, 15, 30]),
            "substation.pump_place": st.sampled_from(["secondary_supply", "secondary_return", "bypass_line"]),
            "control.filter_h": st.sampled_from([0.0, 6.0, 24.0]),
            "heat_load.heating_season": st.sampled_from(["always", "always", "by_temperature"]),
            "plant.overshoot_k": st.sampled_from([0.0, 7.2]),
            "dhw.stochastic": st.just(False),
        }
    )
    return st.builds(
        Story,
        policy=st.sampled_from(POLICIES),
        said=said,
        kind=st.sampled_from(["constant", "step", "walk", "walk"]),
        level_c=st.floats(-6.0, 8.0),
        later_c=st.floats(-25.0, 14.0),
        change_day=st.floats(0.0, 3.0),
        seed=st.integers(0, 999),
        sags=st.lists(sag, max_size=3),
        faults=st.lists(fault, max_size=3),
    )


class Run:
    """A run with its series as plain columns, and what was broken when."""

    def __init__(self, small_scenario, weathered, story):
        self.policy, self.faults = story.policy, story.faults
        outdoor, error = story.series()
        scenario = small_scenario(self.policy, story.said)
        self.case = weathered(scenario, outdoor, error, self.faults)
        self.solution = simulate(self.case)
        self.step_s = self.solution.step_s
        self.start_s = np.arange(len(outdoor)) * self.step_s

    def __getitem__(self, name):
        return self.solution.arrays[name][:, 0]

    def broken(self, kind):
        now = self.start_s + 1e-6
        spans = [(fault.start_s, fault.start_s + fault.duration_s) for fault in self.faults if fault.kind == kind]
        return np.array([any(first <= t and t >= 0 and t < last for first, last in spans) for t in now], dtype=bool)

    def seconds_low(self):
        """For how long the primary supply has been below 67 degC and not back above 68; -1 while it is not."""
        low, since, made = False, 0.0, []
        for t, supply in zip(self.start_s, self.case.boundary.arrays.temp_supply_primary_c, strict=True):
            was = low
            low = supply < (BACK_C if low else FLOOR_C)
            since = since if low and was else t
            made.append(t - since if low else -1.0)
        return np.array(made)

    def undersupply(self):
        """Whether the alarm rings, by the rule: too low for half an hour."""
        return self.seconds_low() >= ALARM_S - 1e-3

    def fail_safe(self):
        return self.broken("sensor_out") | self.broken("third_pipe_out") | self.undersupply()

    def seconds_since(self, happened):
        """Seconds between each step's start and the end of the last step at which something was so; inf if never."""
        last, made = -math.inf, []
        for t, now in zip(self.start_s, happened, strict=True):
            made.append(t - last)
            last = t + self.step_s if now else last
        return np.array(made)


@pytest.fixture(scope="session")
def run_of(small_scenario, weathered):
    return lambda story: Run(small_scenario, weathered, story)


def modes_by_the_book(run):
    """Walk the state machine of section 3b step by step."""
    control, arrays = run.case.system.control, run.case.boundary.arrays
    sensor_out, pipe_out, alarm = run.broken("sensor_out"), run.broken("third_pipe_out"), run.undersupply()
    mode, locked_until, filtered, modes = Mode.WINTER, -1.0, float(arrays.temp_outdoor_c[0]), []
    for k, t in enumerate(run.start_s):
        if not sensor_out[k]:
            weight = 1.0 if control.filter_s == 0.0 else 1.0 - math.exp(-run.step_s / control.filter_s)
            filtered += weight * (float(arrays.temp_outdoor_c[k]) - filtered)
        if sensor_out[k]:
            wanted = Mode.WINTER
        elif arrays.heating_season[k] == 0:
            wanted = Mode.SUMMER_DHW
        elif pipe_out[k] or alarm[k]:
            wanted = Mode.WINTER
        else:
            enough = control.cpt_c - (control.hysteresis_k if mode == Mode.BYPASS else 0.0)
            wanted = Mode.BYPASS if filtered > enough else Mode.WINTER
        broken = sensor_out[k] or pipe_out[k] or alarm[k]
        at_once = broken and (mode == Mode.BYPASS or wanted == Mode.WINTER)
        if wanted != mode and (at_once or t >= locked_until - 1e-3):
            mode, locked_until = wanted, t + DWELL_S
        modes.append(int(mode))
    return np.array(modes)


def assert_dwell_between_normal_changes(run):
    changes = [event for event in run.solution.events if event.kind == "mode"]
    for before, after in itertools.pairwise(changes):
        if not any(reason in after.detail for reason in FAIL_SAFE):
            assert after.time - before.time >= pd.Timedelta(seconds=DWELL_S)
    assert len(changes) == np.count_nonzero(np.diff(run["mode"], prepend=float(Mode.WINTER)))


def assert_alarm_rings_in_time(run):
    rings = run.undersupply()
    assert not np.any((run["mode"] == Mode.BYPASS) & rings)
    rang = [event for event in run.solution.events if "UNDERSUPPLY: primary supply too low" in event.detail]
    alarms = [event.time for event in rang]
    for first in np.flatnonzero(np.diff(rings.astype(int), prepend=0) == 1):
        moment = run.solution.time[first]
        # an alarm between two steps takes effect at the later one
        assert any(pd.Timedelta(0) <= moment - time < pd.Timedelta(seconds=run.step_s) for time in alarms)
    # a spell of just half an hour rings at the moment it ends
    begun = np.flatnonzero(run.seconds_low() == 0.0)
    assert len(alarms) <= len(begun)
    # it is an alarm where the rooms need more than the floor, and a note in mild weather
    cpt, season = run.case.system.control.cpt_c, run.case.boundary.arrays.heating_season
    for event in rang:
        onset = begun[run.solution.time[begun] <= event.time][-1]
        cold = season[onset] == 1 and run["temp_outdoor_filtered_c"][onset] < cpt
        assert event.kind == ("alarm" if cold else "undersupply")


def assert_mixing_only_in_bypass(run):
    share, bypass = run["mixing_share_rel"], run["mode"] == Mode.BYPASS
    long_out = ~bypass & (run.seconds_since(bypass) >= STROKE_S)
    assert np.all(share[long_out] == 0.0)
    assert np.all(share[run.fail_safe()] == 0.0)  # at once
    assert np.all((share >= 0.0) & (share <= run.case.system.substation.mixing_share_max + 1e-12))


def assert_mixture_below_its_parts_and_cap(run):
    supply, mixed = run["temp_supply_primary_c"], run["temp_mixed_c"]
    # while the valves close after a sudden sag of the primary, the return may be the warmer of the two; values are
    # means of a step, in which it may have fallen below the supply again
    reach = math.ceil(STROKE_S / run.step_s) + 1
    back = np.concatenate([np.full(reach, np.nan), run["temp_return_secondary_c"]])
    warmest = np.fmax(supply, np.fmax.reduce([back[shift : shift + supply.size] for shift in range(reach + 1)]))
    assert np.all(mixed <= warmest + 1e-9)
    if run.policy not in ("cap70", "variable_flow"):
        return
    bypass = run["mode"] == Mode.BYPASS
    rose = np.diff(supply, prepend=np.inf) > 0.0  # the valves follow a rising supply at their own speed
    hindered = (run.solution.status & int(Status.PUMP_AT_LIMIT | Status.NO_PUMP)) != 0
    unsettled = ~bypass | rose | hindered
    waited = np.minimum(run.seconds_since(unsettled), run.start_s)  # the run starts with closed valves
    settled = ~unsettled & (waited >= STROKE_S)
    assert np.all(mixed[settled] <= 70.0 + 1e-8)


def assert_mixing_needs_a_pump(run):
    mixing, running = run["mixing_share_rel"] > 0.0, run["pumps_running"] > 0.0
    assert np.all(running[mixing])
    assert np.all(run["mass_flow_pump_kg_s"][mixing] > 0.0)
    # the check valve of a stopped pump is closed
    for name in ("mass_flow_pump_kg_s", "dp_pump_pa", "power_pump_w", "power_pump_water_w"):
        assert np.all(run[name][~running] == 0.0), name
    broken = np.zeros(len(run.start_s))
    for fault in run.faults:
        now = run.start_s + 1e-6
        broken += (fault.kind == "pump_out") * (now >= fault.start_s) * (now < fault.start_s + fault.duration_s)
    assert np.all(run["pumps_running"] <= np.maximum(PUMPS - broken, 0.0))


@given(story=stories())
@settings(max_examples=80)
def test_modes(run_of, story):
    run = run_of(story)
    assert not np.any((run["mode"] == Mode.BYPASS) & (run.broken("third_pipe_out") | run.broken("sensor_out")))
    np.testing.assert_array_equal(run["mode"], modes_by_the_book(run))
    assert_dwell_between_normal_changes(run)
    assert_alarm_rings_in_time(run)


@given(story=stories())
@settings(max_examples=80)
def test_mixing(run_of, story):
    run = run_of(story)
    assert_mixing_only_in_bypass(run)
    assert_mixture_below_its_parts_and_cap(run)
    assert_mixing_needs_a_pump(run)
    assert balance_residual_rel(run.solution) < 1e-9


@pytest.mark.parametrize("policy", POLICIES)
def test_stories_do_reach_bypass_and_leave_it(run_of, policy):
    """The invariants above would hold for a substation that never mixes."""
    said = {"time.days": DAYS, "time.step_min": 15, "control.filter_h": 0.0, "plant.overshoot_k": 7.2}
    faults = [FaultPlan("sensor_out", 20 * HOUR, 5 * HOUR, None)]
    run = run_of(Story(policy, said, "step", 3.0, -8.0, 2.0, 0, [(1.5, 3.0, 15.0)], faults))
    changes = [event.detail for event in run.solution.events if event.kind == "mode"]
    assert [change.split(" (")[0] for change in changes] == ["WINTER -> BYPASS", "BYPASS -> WINTER"] * 3
    assert [reason in change for reason, change in zip(FAIL_SAFE[::2], changes[1:4:2], strict=True)] == [True, True]
    assert run["mixing_share_rel"].max() > 0.1


def test_a_fault_ends_bypass_at_once_also_when_the_season_has_just_ended(small_scenario, weathered):
    said = {"time.days": 1, "control.filter_h": 0.0, "heat_load.heating_season": "always"}
    scenario = small_scenario("compensated", said)
    case = weathered(scenario, np.full(96, 5.0), faults=[FaultPlan("third_pipe_out", 1.5 * HOUR, HOUR, None)])
    season = case.boundary.arrays.heating_season.copy()
    season[4:] = 0
    arrays = case.boundary.arrays._replace(heating_season=season)
    solution = simulate(dataclasses.replace(case, boundary=dataclasses.replace(case.boundary, arrays=arrays)))
    # BYPASS from the start, held by the dwell when the season ends after an hour, but not against the fault
    modes = solution.arrays["mode"][:8, 0]
    assert modes.tolist() == [Mode.BYPASS] * 6 + [Mode.SUMMER_DHW] * 2
