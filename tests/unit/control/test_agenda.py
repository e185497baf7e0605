"""The agenda: moments take effect at the next step, timers hold, fail-safe rules stand above wishes."""

from __future__ import annotations

import math
import textwrap

import pandas as pd
import pytest

from dhsim.control.agenda import Agenda
from dhsim.control.commands import Observation, Trip, TripReport
from dhsim.control.laws import UNDERSUPPLY_COLD, UNDERSUPPLY_MILD
from dhsim.errors import DhsimError
from dhsim.model.case import FaultPlan, SetbackPlan, Strategy
from dhsim.model.system import Mode

HOUR = 3600.0
DAY = 86400.0
START = pd.Timestamp("2021-01-04")  # a Monday
STEP = 900.0


def agenda(*, pumps_count=2, has_bypass=True, days=2.0, mode_start=Mode.WINTER, **strategy):
    plan = {"seed": 1, "dwell_s": 2 * HOUR, "floor_alarm_delay_s": 1800.0, "min_run_s": HOUR, "third_pipe": True}
    return Agenda(
        Strategy(**(plan | strategy)),
        pumps_count=pumps_count,
        has_bypass=has_bypass,
        start=START,
        duration_s=days * DAY,
        mode_start=mode_start,
    )


def not_asked():
    raise AssertionError("nobody asked for an observation")


def observation(time_s=0.0, mode=0):
    return Observation(time_s, 5.0, 5.0, 70.0, 40.0, 60.0, 12.0, mode, True, {}, (5.0,) * 24)


def run_steps(plan, until_s, observe=not_asked, step_s=STEP, trips=None):
    """Walk the engine's loop with a kernel that only trips where told; return {step start: commands}."""
    n = math.ceil(until_s / step_s)
    trips = dict(trips or {})
    seen, k = {}, 0
    while k < n:
        time_s = k * step_s
        plan.run_due(time_s, observe)
        if time_s in trips:
            plan.trip(time_s, trips.pop(time_s))
            continue
        k_next = plan.next_step(step_s, n)
        assert k_next > k
        for stop in range(k, k_next):
            seen[stop * step_s] = plan.commands
            if stop + 1 < k_next and (stop + 1) * step_s in trips:
                k_next = stop + 1
                break
        k = k_next
    return seen


def said(plan, kind=None):
    return [((e.time - START).total_seconds(), e.detail) for e in plan.events if kind in (None, e.kind)]


def mode_trip(wanted):
    return TripReport(int(Trip.MODE), int(wanted))


# --- the empty agenda


def test_empty_agenda_lets_the_kernel_run_through():
    plan = agenda()
    assert plan.peek_s() == math.inf
    plan.run_due(0.0, not_asked)
    assert plan.next_step(STEP, 35040) == 35040
    assert plan.events == ()


def test_first_commands():
    commands = agenda(pumps_count=3, third_pipe=False, mode_start=Mode.SUMMER_DHW).commands
    assert commands[:9] == (2, 0, 3, 3, 0, 0, 1, 0, 0.0)
    assert math.isnan(commands.temp_set_c)
    assert math.isnan(commands.flow_set_rel)
    assert [type(value) for value in commands] == [int] * 8 + [float] * 3


# --- when things take effect


@pytest.mark.parametrize(
    ("fault_s", "first_step_s"),
    [(1800.0, 1800.0), (1800.0 + 1e-7, 1800.0), (1801.0, 2700.0), (2699.0, 2700.0), (0.0, 0.0)],
)
def test_fault_takes_effect_at_the_next_step_start(fault_s, first_step_s):
    plan = agenda(faults=(FaultPlan("sensor_out", fault_s, 3600.0, None),))
    seen = run_steps(plan, 2 * HOUR)
    assert min(time_s for time_s, commands in seen.items() if commands.sensor_ok == 0) == first_step_s


def test_event_bears_its_own_time_not_that_of_the_step():
    plan = agenda(faults=(FaultPlan("sensor_out", 1000.0, 1000.0, None),))
    run_steps(plan, 2 * HOUR)
    assert said(plan) == [(1000.0, "sensor out (fault 1)"), (2000.0, "sensor back (fault 1)")]


def test_fault_between_two_steps_is_told_and_changes_nothing():
    plan = agenda(faults=(FaultPlan("sensor_out", 1000.0, 60.0, None),))
    seen = run_steps(plan, 2 * HOUR)
    assert len(said(plan)) == 2
    assert {commands.sensor_ok for commands in seen.values()} == {1}


@pytest.mark.parametrize("step_s", [60.0, 300.0, 900.0, 3600.0])
def test_moments_on_the_grid_are_hit_all_year_long(step_s):
    plan = agenda(days=365, setback=SetbackPlan(22 * HOUR, 6 * HOUR, 2.0, False))
    n, k, visits = int(365 * DAY / step_s), 0, []
    while k < n:
        plan.run_due(k * step_s, not_asked)
        visits.append((k * step_s, plan.commands.temp_offset_k))
        k_next = plan.next_step(step_s, n)
        assert k_next > k
        k = k_next
    assert len(visits) == 1 + 365 * 2
    assert all(time_s % DAY == (22 * HOUR if offset else 6 * HOUR) for time_s, offset in visits[1:])


# --- faults


@pytest.mark.parametrize(
    ("kind", "field", "whole", "broken"),
    [
        ("third_pipe_out", "third_pipe_ok", 1, 0),
        ("sensor_out", "sensor_ok", 1, 0),
        ("pump_out", "pumps_available", 2, 1),
    ],
)
def test_fault_and_repair(kind, field, whole, broken):
    plan = agenda(faults=(FaultPlan(kind, HOUR, HOUR, None),))
    seen = run_steps(plan, 3 * HOUR)
    values = [getattr(seen[time_s], field) for time_s in (0.0, HOUR - STEP, HOUR, 2 * HOUR - STEP, 2 * HOUR)]
    assert values == [whole, whole, broken, broken, whole]
    assert [event.kind for event in plan.events] == ["fault", "repair"]


def test_overlapping_faults_of_one_kind_are_counted():
    faults = (FaultPlan("third_pipe_out", HOUR, 2 * HOUR, None), FaultPlan("third_pipe_out", 2 * HOUR, 2 * HOUR, None))
    seen = run_steps(agenda(faults=faults), 5 * HOUR)
    assert [seen[hour * HOUR].third_pipe_ok for hour in range(5)] == [1, 0, 0, 0, 1]


def test_more_broken_pumps_than_pumps():
    faults = tuple(FaultPlan("pump_out", HOUR * i, 5 * HOUR - HOUR * i, None) for i in (1, 2, 3))
    seen = run_steps(agenda(faults=faults), 6 * HOUR)
    assert [seen[hour * HOUR].pumps_available for hour in range(6)] == [2, 1, 0, 0, 0, 2]


def test_third_pipe_that_does_not_exist_is_never_repaired():
    seen = run_steps(agenda(third_pipe=False, faults=(FaultPlan("third_pipe_out", HOUR, HOUR, None),)), 4 * HOUR)
    assert {commands.third_pipe_ok for commands in seen.values()} == {0}


def test_random_faults_are_the_same_in_each_run_and_differ_with_the_seed():
    def events(seed):
        plan = agenda(days=60, seed=seed, faults=(FaultPlan("pump_out", 0.0, 6 * HOUR, 2 * DAY),))
        run_steps(plan, 60 * DAY)
        return plan.events

    assert len(events(1)) > 20
    assert events(1) == events(1)
    assert events(1) != events(2)


# --- mode


def test_mode_trip_is_granted_told_and_locked_for_the_dwell_time():
    plan = agenda()
    seen = run_steps(plan, 6 * HOUR, trips={HOUR: mode_trip(Mode.BYPASS)})
    assert [seen[hour * HOUR].mode for hour in range(4)] == [Mode.WINTER, Mode.BYPASS, Mode.BYPASS, Mode.BYPASS]
    assert [time_s for time_s, commands in seen.items() if commands.mode_locked][::7] == [HOUR, 3 * HOUR - STEP]
    assert said(plan) == [(HOUR, "WINTER -> BYPASS (outdoor temperature above the change-point)")]


def test_fail_safe_change_restarts_the_dwell_timer():
    faults = (FaultPlan("sensor_out", 2 * HOUR, HOUR, None),)
    plan = agenda(faults=faults)
    seen = run_steps(plan, 8 * HOUR, trips={HOUR: mode_trip(Mode.BYPASS), 2 * HOUR: mode_trip(Mode.WINTER)})
    # The first timer ends at 3 h and must not unlock what the second holds until 4 h.
    assert [seen[hour * HOUR].mode_locked for hour in range(6)] == [0, 1, 1, 1, 0, 0]
    assert said(plan, "mode")[1] == (2 * HOUR, "BYPASS -> WINTER (sensor out)")


def test_no_dwell_no_lock():
    plan = agenda(dwell_s=0.0)
    plan.run_due(0.0, not_asked)
    plan.trip(0.0, mode_trip(Mode.BYPASS))
    assert plan.commands.mode_locked == 0
    assert plan.peek_s() == math.inf


@pytest.mark.parametrize(
    ("before", "wanted", "strategy", "reason"),
    [
        (Mode.BYPASS, Mode.WINTER, {}, "outdoor temperature below the change-point"),
        (Mode.BYPASS, Mode.WINTER, {"third_pipe": False}, "no third pipe"),
        (Mode.BYPASS, Mode.SUMMER_DHW, {}, "out of the heating season"),
        (Mode.SUMMER_DHW, Mode.WINTER, {"third_pipe": False}, "in the heating season"),
        (Mode.SUMMER_DHW, Mode.BYPASS, {}, "outdoor temperature above the change-point"),
    ],
)
def test_reason_of_a_mode_change(before, wanted, strategy, reason):
    plan = agenda(mode_start=before, **strategy)
    plan.trip(0.0, mode_trip(wanted))
    assert said(plan) == [(0.0, f"{before.name} -> {wanted.name} ({reason})")]


@pytest.mark.parametrize(
    ("report", "has_bypass"),
    [
        (mode_trip(Mode.WINTER), True),
        (mode_trip(Mode.BYPASS), False),
        (TripReport(int(Trip.STAGING), 2), True),
        (TripReport(int(Trip.STAGING), 3), True),
    ],
)
def test_kernel_that_asks_for_what_it_cannot_have_is_stopped(report, has_bypass):
    with pytest.raises(DhsimError, match="cannot have"):
        agenda(has_bypass=has_bypass).trip(0.0, report)


def test_laws_without_hysteresis_do_not_spin_for_ever():
    plan = agenda(min_run_s=0.0)
    one, two = (TripReport(int(Trip.STAGING), count) for count in (1, 2))
    for _ in range(8):
        plan.trip(0.0, one)
        plan.trip(0.0, two)
    with pytest.raises(DhsimError, match="hysteresis"):
        plan.trip(0.0, one)
    plan.trip(STEP, one)  # a later step counts anew


def test_run_cannot_start_in_bypass_without_a_bypass():
    with pytest.raises(DhsimError, match="bypass line"):
        agenda(has_bypass=False, mode_start=Mode.BYPASS)


# --- staging and alarm


def test_staging_is_granted_told_and_locked_for_the_minimum_run():
    plan = agenda()
    seen = run_steps(plan, 3 * HOUR, trips={HOUR: TripReport(int(Trip.STAGING), 1)})
    assert [seen[time_s].pumps_on for time_s in (0.0, HOUR, 2 * HOUR)] == [2, 1, 1]
    assert [seen[time_s].staging_locked for time_s in (0.0, HOUR, 2 * HOUR - STEP, 2 * HOUR)] == [0, 1, 1, 0]
    assert said(plan) == [(HOUR, "2 -> 1 pumps")]


def undersupply(on_s, off_s, **strategy):
    plan = agenda(**strategy)
    trips = {
        on_s: TripReport(int(Trip.UNDERSUPPLY_ON), UNDERSUPPLY_COLD),
        off_s: TripReport(int(Trip.UNDERSUPPLY_OFF), 0),
    }
    return plan, run_steps(plan, 5 * HOUR, trips=trips)


def test_alarm_waits_for_its_delay():
    plan, seen = undersupply(HOUR, 3 * HOUR)
    raised = [time_s for time_s, commands in seen.items() if commands.undersupply]
    assert (raised[0], raised[-1]) == (HOUR + 1800.0, 3 * HOUR - STEP)
    assert said(plan, "alarm") == [
        (HOUR + 1800.0, "UNDERSUPPLY: primary supply too low for 30 min"),
        (3 * HOUR, "UNDERSUPPLY over"),
    ]


def test_low_supply_in_mild_weather_is_no_alarm():
    plan = agenda()
    run_steps(plan, 3 * HOUR, trips={HOUR: TripReport(int(Trip.UNDERSUPPLY_ON), UNDERSUPPLY_MILD)})
    assert said(plan, "alarm") == []
    assert [time_s for time_s, _ in said(plan, "undersupply")] == [HOUR + 1800.0]
    assert plan.commands.undersupply == 1


def test_short_dip_raises_no_alarm():
    plan, seen = undersupply(HOUR, HOUR + STEP)
    assert not any(commands.undersupply for commands in seen.values())
    assert plan.events == ()


def test_alarm_is_not_put_off_by_being_asked_for_twice():
    plan = agenda()
    trips = {time_s: TripReport(int(Trip.UNDERSUPPLY_ON), UNDERSUPPLY_COLD) for time_s in (HOUR, HOUR + STEP)}
    run_steps(plan, 2 * HOUR, trips=trips)
    assert [time_s for time_s, _ in said(plan, "alarm")] == [HOUR + 1800.0]


def test_alarm_without_delay_is_immediate():
    _, seen = undersupply(HOUR, 2 * HOUR, floor_alarm_delay_s=0.0)
    assert [seen[time_s].undersupply for time_s in (HOUR - STEP, HOUR, 2 * HOUR - STEP, 2 * HOUR)] == [0, 1, 1, 0]


# --- setback


def test_setback_moves_the_offset_and_is_told_once():
    plan = agenda(setback=SetbackPlan(22 * HOUR, 6 * HOUR, 3.0, False))
    seen = run_steps(plan, 2 * DAY)
    assert [seen[hour * HOUR].temp_offset_k for hour in (0, 5.75, 6, 21.75, 22, 29.75, 30)] == [-3, -3, 0, 0, -3, -3, 0]
    assert said(plan) == [(0.0, "setback of 3 K from 22:00 to 06:00")]


# --- the user's rule


@pytest.fixture
def user(tmp_path):
    """Return a function that makes an agenda with the given body of `decide(o)`."""

    def make(body, **strategy):
        text = "from dhsim.control.strategy import Decision\nfrom dhsim.model.system import Mode\n\ndef decide(o):\n"
        (tmp_path / "rules.py").write_text(text + textwrap.indent(textwrap.dedent(body), "    "))
        return agenda(user="rules:decide", user_folder=str(tmp_path), **strategy)

    return make


class Asked:
    """An `observe` that keeps the times it was called at."""

    def __init__(self, plan):
        self.plan, self.times, self.time_s = plan, [], 0.0

    def __call__(self):
        self.time_s = self.plan._now_s
        self.times.append(self.time_s)
        return observation(self.time_s, self.plan.commands.mode)


@pytest.mark.parametrize(
    ("period_s", "expected"),
    [(HOUR, [0, 3600, 7200]), (300.0, list(range(0, 10800, 900))), (2000.0, [0, 2700, 4500, 6300, 8100])],
)
def test_user_is_asked_every_period_and_once_a_step_at_most(user, period_s, expected):
    plan = user("return None", user_period_s=period_s)
    asked = Asked(plan)
    run_steps(plan, 3 * HOUR, asked)
    assert asked.times == expected


def test_wishes_reach_the_commands_and_end_with_the_next_decision(user):
    plan = user("return Decision(temp_set_c=55, flow_set_rel=0.8, temp_offset_k=-1) if o.time_s < 3600 else None")
    seen = run_steps(plan, 2 * HOUR, Asked(plan))
    assert seen[0.0][8:] == (-1.0, 55.0, 0.8)
    assert [type(value) for value in seen[0.0]] == [int] * 8 + [float] * 3
    assert seen[HOUR].temp_offset_k == 0.0
    assert math.isnan(seen[HOUR].temp_set_c)
    assert math.isnan(seen[HOUR].flow_set_rel)


def test_offset_of_the_user_adds_to_the_setback(user):
    plan = user("return Decision(temp_offset_k=1.0)", setback=SetbackPlan(0.0, HOUR, 3, False))
    seen = run_steps(plan, 2 * HOUR, Asked(plan))
    assert {type(commands.temp_offset_k) for commands in seen.values()} == {float}
    assert [seen[time_s].temp_offset_k for time_s in (0.0, HOUR)] == [-2.0, 1.0]


def test_granted_mode_holds_until_it_is_wished_no_more(user):
    plan = user("return Decision(mode=Mode.BYPASS) if o.time_s < 18000 else None")
    seen = run_steps(plan, 7 * HOUR, Asked(plan))
    assert [seen[hour * HOUR].mode_locked for hour in range(7)] == [1, 1, 1, 1, 1, 0, 0]
    assert {commands.mode for commands in seen.values()} == {int(Mode.BYPASS)}
    assert said(plan) == [(0.0, "WINTER -> BYPASS (user strategy)")]


def test_wish_waits_for_the_dwell_time(user):
    plan = user("return Decision(mode=Mode.BYPASS if o.time_s < 3600 else Mode.WINTER)")
    seen = run_steps(plan, 4 * HOUR, Asked(plan))
    assert [seen[hour * HOUR].mode for hour in range(4)] == [Mode.BYPASS, Mode.BYPASS, Mode.WINTER, Mode.WINTER]
    assert said(plan, "refused") == [(HOUR, "user strategy wants WINTER: the dwell time runs")]


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        ({"third_pipe": False}, "no third pipe"),
        ({"has_bypass": False}, "there is no bypass line"),
        ({"faults": (FaultPlan("sensor_out", 0.0, 50 * HOUR, None),)}, "sensor out"),
        ({"faults": (FaultPlan("third_pipe_out", 0.0, 50 * HOUR, None),)}, "no third pipe"),
    ],
)
def test_bypass_is_refused_and_told_once(user, plan, reason):
    refusing = user("return Decision(mode=Mode.BYPASS)", **plan)
    seen = run_steps(refusing, DAY, Asked(refusing))
    assert {commands.mode for commands in seen.values()} == {int(Mode.WINTER)}
    assert {commands.mode_locked for commands in seen.values()} == {0}
    assert said(refusing, "refused") == [(0.0, f"user strategy wants BYPASS: {reason}")]


def test_bypass_is_refused_during_undersupply(user):
    plan = user("return Decision(mode=Mode.BYPASS) if o.time_s >= 7200 else None", floor_alarm_delay_s=0.0)
    run_steps(plan, 3 * HOUR, Asked(plan), trips={HOUR: TripReport(int(Trip.UNDERSUPPLY_ON), 1)})
    assert said(plan, "refused") == [(2 * HOUR, "user strategy wants BYPASS: primary supply too low")]


def test_fault_ends_a_granted_wish_and_the_repair_gives_it_back(user):
    faults = (FaultPlan("third_pipe_out", 4.5 * HOUR, HOUR, None),)
    plan = user("return Decision(mode=Mode.BYPASS)", faults=faults)
    seen = run_steps(plan, 9 * HOUR, Asked(plan), trips={4.5 * HOUR: mode_trip(Mode.WINTER)})
    assert [seen[hour * HOUR].mode for hour in (4, 5, 6, 7, 8)] == [1, 0, 0, 1, 1]
    assert said(plan, "refused") == [
        (5 * HOUR, "user strategy wants BYPASS: no third pipe"),
        (6 * HOUR, "user strategy wants BYPASS: the dwell time runs"),
    ]


def test_fail_safe_change_drops_the_hold_at_once(user):
    plan = user("return Decision(mode=Mode.BYPASS)", dwell_s=0.0)
    seen = run_steps(plan, HOUR, Asked(plan), trips={1800.0: mode_trip(Mode.WINTER)})
    assert [seen[time_s].mode_locked for time_s in (0.0, 1800.0 - STEP, 1800.0, 2700.0)] == [1, 1, 0, 0]


def test_what_a_decision_brings_about_at_once_is_done_at_once(user):
    plan = user("return Decision(mode=Mode.BYPASS) if o.time_s == 0 else None", dwell_s=1e-4)
    plan.run_due(0.0, Asked(plan))
    assert plan.peek_s() > 0.0
    assert not plan._dwell.running


def test_summer_may_stay_without_the_third_pipe(user):
    plan = user("return Decision(mode=Mode.SUMMER_DHW)", mode_start=Mode.SUMMER_DHW, third_pipe=False)
    seen = run_steps(plan, HOUR, Asked(plan))
    assert (seen[0.0].mode, seen[0.0].mode_locked) == (int(Mode.SUMMER_DHW), 1)


def test_user_is_asked_after_all_else_that_is_due(user):
    plan = user("return None", faults=(FaultPlan("sensor_out", HOUR, HOUR, None),))
    flags = []

    def observe():
        flags.append(plan.commands.sensor_ok)
        return observation()

    run_steps(plan, 3 * HOUR, observe)
    assert flags == [1, 0, 1]


def test_failure_of_the_users_code_names_function_and_time(user):
    plan = user("return Decision(temp_offset_k=1 / (3600 - o.time_s))")
    with pytest.raises(DhsimError, match="ZeroDivisionError") as caught:
        run_steps(plan, 3 * HOUR, Asked(plan))
    assert "rules:decide" in str(caught.value)
    assert "2021-01-04 01:00" in str(caught.value)


def test_too_short_a_period_is_refused(user):
    with pytest.raises(DhsimError, match="below 1 s"):
        user("return None", user_period_s=0.0)


def test_missing_strategy_is_refused_before_the_run(tmp_path):
    with pytest.raises(DhsimError, match="no file"):
        agenda(user="rules:decide", user_folder=str(tmp_path))
