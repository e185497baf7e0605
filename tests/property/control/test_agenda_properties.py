"""Whatever the weather, the faults and the user do: dwell time, fail-safe, types and order of events hold."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from dhsim.control.agenda import Agenda
from dhsim.control.commands import Observation, Trip, TripReport
from dhsim.control.strategy import Decision
from dhsim.model.case import FaultPlan, SetbackPlan, Strategy
from dhsim.model.system import Mode

START = pd.Timestamp("2021-01-04")
STEP = 900.0
N_STEP = 3 * 96
DURATION = N_STEP * STEP
PUMPS = 2


def mostly(value):
    return st.sampled_from([value, value, value, not value])


moments = st.one_of(
    st.integers(0, N_STEP).map(lambda k: k * STEP),
    st.floats(-3600.0, DURATION * 1.1, allow_nan=False),
)
lengths = st.floats(1.0, DURATION, allow_nan=False)
kinds = st.sampled_from(["third_pipe_out", "sensor_out", "pump_out"])
faults = st.lists(
    st.builds(FaultPlan, kinds, moments, lengths, st.one_of(st.none(), st.floats(1800.0, DURATION, allow_nan=False))),
    max_size=4,
)
dwells = st.sampled_from([0.0, 100.0, 900.0, 7200.0, 7201.5])
setbacks = st.one_of(st.none(), st.just(SetbackPlan(79200.0, 21600.0, 3.0, True)))
plans = st.builds(
    lambda planned, dwell_s, delay_s, third_pipe, seed, setback: Strategy(
        seed=seed,
        dwell_s=dwell_s,
        floor_alarm_delay_s=delay_s,
        min_run_s=dwell_s,
        third_pipe=third_pipe,
        faults=tuple(planned),
        setback=setback,
    ),
    faults,
    dwells,
    st.sampled_from([0.0, 450.0, 1800.0]),
    mostly(True),
    st.integers(0, 2**32),
    setbacks,
)
SUPPLY_LOW = 2  # of the flags (mild, in season, supply low, one pump is enough)
worlds = st.lists(
    st.tuples(
        st.one_of(st.integers(1, 3), st.integers(4, 40)),
        st.tuples(st.booleans(), mostly(True), mostly(False), st.booleans()),
    ),
    min_size=1,
    max_size=40,
)
wishes = st.lists(
    st.builds(Decision, temp_offset_k=st.integers(-5, 5), mode=st.one_of(st.none(), st.sampled_from(Mode))), max_size=80
)


class Kernel:
    """The kernel's side of the bargain: laws that trip, and a record of what it ran with."""

    def __init__(self, plan, world):
        self.plan = plan
        self.weather = [flags for count, flags in world for _ in range(count)]
        self.latch = False
        self.ran = []

    def trip(self, k):
        commands = self.plan.commands
        mild, in_season, low, one_pump = self.weather[k % len(self.weather)]
        if low != self.latch:
            self.latch = low
            return TripReport(int(Trip.UNDERSUPPLY_ON if low else Trip.UNDERSUPPLY_OFF), 2 * int(low))
        broken = not commands.sensor_ok or not commands.third_pipe_ok or commands.undersupply
        wanted = Mode.BYPASS if mild and not broken else Mode.WINTER
        if not in_season:
            wanted = Mode.SUMMER_DHW
        if not commands.sensor_ok:
            wanted = Mode.WINTER
        fail_safe = broken and commands.mode == Mode.BYPASS
        if wanted != commands.mode and (fail_safe or not commands.mode_locked):
            return TripReport(int(Trip.MODE), int(wanted))
        pumps = 1 if one_pump else PUMPS
        if pumps != commands.pumps_on and not commands.staging_locked:
            return TripReport(int(Trip.STAGING), pumps)
        return TripReport(0, 0)

    def run(self, observe):
        k = 0
        while k < N_STEP:
            self.plan.run_due(k * STEP, observe)
            assert self.plan.peek_s() > k * STEP
            k_next = self.plan.next_step(STEP, N_STEP)
            assert k < k_next <= N_STEP
            while k < k_next:
                report = self.trip(k)
                if report.code:
                    self.plan.trip(k * STEP, report)
                    break
                self.ran.append((k * STEP, self.plan.commands))
                k += 1
        return self


def simulate(strategy, world, decisions=()):
    plan = Agenda(strategy, pumps_count=PUMPS, has_bypass=True, start=START, duration_s=DURATION)
    if decisions:
        remaining = iter(decisions)
        plan._ask = lambda observation, when: next(remaining, Decision())
        plan._environment.process(plan._remember_user())
    seen = Observation(0.0, 5.0, 5.0, 70.0, 40.0, 60.0, 12.0, 0, True, {}, ())
    return Kernel(plan, world).run(lambda: seen)


def seconds(event):
    return (event.time - START).total_seconds()


def broken_at(plan, kind, time_s):
    """Return how many faults of a kind the events say are open when the step at `time_s` begins."""
    word = kind.partition("_out")[0].replace("_", " ")
    told = [e for e in plan.events if e.detail.startswith(word) and seconds(e) <= time_s]
    return sum({"fault": 1, "repair": -1}.get(e.kind, 0) for e in told)


@given(plans, worlds, wishes)
def test_normal_mode_changes_keep_the_dwell_time(strategy, world, decisions):
    kernel = simulate(strategy, world, decisions)
    changes = [event for event in kernel.plan.events if event.kind == "mode"]
    fail_safe = re.compile(r"^BYPASS -> \w+ \((sensor out|no third pipe|primary supply too low)\)")
    for index, event in enumerate(changes[1:], start=1):
        if not fail_safe.search(event.detail):
            assert seconds(event) - seconds(changes[index - 1]) >= strategy.dwell_s


@given(plans, worlds, wishes)
def test_no_bypass_while_something_is_broken(strategy, world, decisions):
    for _, commands in simulate(strategy, world, decisions).ran:
        if not commands.third_pipe_ok or not commands.sensor_ok or commands.undersupply:
            assert commands.mode != Mode.BYPASS


@given(plans, worlds, wishes)
def test_types_of_the_commands_never_change(strategy, world, decisions):
    for _, commands in simulate(strategy, world, decisions).ran:
        assert [type(value) for value in commands] == [int] * 8 + [float] * 3


@given(plans, worlds)
def test_flags_agree_with_the_open_faults(strategy, world):
    kernel = simulate(strategy, world)
    for time_s, commands in kernel.ran[::7]:
        third_pipe_ok = strategy.third_pipe and broken_at(kernel.plan, "third_pipe_out", time_s) == 0
        assert commands.third_pipe_ok == int(third_pipe_ok)
        assert commands.sensor_ok == int(broken_at(kernel.plan, "sensor_out", time_s) == 0)
        assert commands.pumps_available == max(0, PUMPS - broken_at(kernel.plan, "pump_out", time_s))


@given(plans, worlds)
def test_fixed_faults_hold_from_their_start_to_their_end(strategy, world):
    kernel = simulate(strategy, world)
    outages = [f for f in strategy.faults if f.kind == "sensor_out"]
    if any(fault.mean_time_between_s is not None for fault in outages):
        return
    for time_s, commands in kernel.ran:
        if all(min(abs(time_s - f.start_s), abs(time_s - f.start_s - f.duration_s)) > 0.001 for f in outages):
            open_faults = [f for f in outages if f.start_s < time_s < f.start_s + f.duration_s]
            assert commands.sensor_ok == int(not open_faults)


@given(plans, worlds, wishes)
def test_events_are_in_order_and_every_repair_has_its_fault(strategy, world, decisions):
    events = simulate(strategy, world, decisions).plan.events
    assert all(first.time <= second.time for first, second in pairwise(events))
    open_faults = Counter()
    for event in events:
        if event.kind in ("fault", "repair"):
            number = re.search(r"\(fault (\d+)\)$", event.detail)[1]
            open_faults[number] += 1 if event.kind == "fault" else -1
            assert open_faults[number] in (0, 1)


@given(plans, worlds)
def test_every_step_is_run_once_and_two_runs_are_alike(strategy, world):
    first, second = simulate(strategy, world), simulate(strategy, world)
    assert [time_s for time_s, _ in first.ran] == [k * STEP for k in range(N_STEP)]
    assert first.plan.events == second.plan.events
    assert repr(first.ran) == repr(second.ran)  # NaN is not equal to itself


@given(plans, worlds)
def test_alarm_comes_only_after_its_delay(strategy, world):
    kernel = simulate(strategy, world)
    low_since = None
    for time_s, commands in kernel.ran:
        low = kernel.weather[int(time_s / STEP) % len(kernel.weather)][SUPPLY_LOW]
        low_since = (time_s if low_since is None else low_since) if low else None
        due = low_since is not None and time_s - low_since >= strategy.floor_alarm_delay_s
        assert commands.undersupply == int(due)
