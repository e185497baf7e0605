"""What happens at a moment: timers, schedules, faults and the user's own rule, on a SimPy clock.

The kernel owns what happens every step. It asks the agenda until when it may run, and comes back early with a trip when
a law wants something that only the agenda may grant. The agenda never holds a temperature or a flow.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import Any

import pandas as pd
import simpy

from dhsim.control.commands import Commands, Observation, Trip, TripReport
from dhsim.control.faults import FAULT_TEXTS, fault_generator, fault_spans
from dhsim.control.laws import UNDERSUPPLY_COLD
from dhsim.control.setback import setback_spans, setback_text
from dhsim.control.strategy import ask, load_strategy
from dhsim.errors import ConvergenceError, DhsimError
from dhsim.model.case import FaultPlan, SetbackPlan, Strategy
from dhsim.model.system import Mode
from dhsim.solution import Event
from dhsim.units import S_PER_MIN

TIME_TOLERANCE_S = 1e-6
_TIME_DIGITS = 3  # moments stand on whole milliseconds, far above the tolerance and the rounding of the clock
_TRIPS_AT_ONE_TIME = 16

_Process = Generator[simpy.Event, Any, None]


class Timer:
    """One deadline that can be moved or called off; SimPy cannot withdraw a timeout: the old one rings unheard."""

    def __init__(self, environment: simpy.Environment, action: Callable[[], None]) -> None:
        self._environment = environment
        self._action = action
        self._pending: simpy.Event | None = None

    @property
    def running(self) -> bool:
        """Whether a deadline lies ahead."""
        return self._pending is not None

    def start(self, at_s: float) -> None:
        """Set the deadline, in place of the one before."""
        self._pending = wait_until(self._environment, at_s)
        assert self._pending.callbacks is not None
        self._pending.callbacks.append(self._ring)

    def cancel(self) -> None:
        """Call the deadline off."""
        self._pending = None

    def _ring(self, timeout: simpy.Event) -> None:
        if timeout is self._pending:
            self._pending = None
            self._action()


def wait_until(environment: simpy.Environment, at_s: float) -> simpy.Event:
    """Return a SimPy event at `at_s` on the clock (at once if that has passed)."""
    return environment.timeout(max(0.0, round(at_s, _TIME_DIGITS) - environment.now))


class Agenda:
    """The commands that hold now, and everything that will change them at a moment.

    Parameters
    ----------
    strategy : Strategy
        Timers, faults, setback and the user's rule.
    pumps_count : int
        Pumps that exist.
    has_bypass : bool
        Whether there is a bypass line; without it BYPASS is refused.
    start : pandas.Timestamp
        Start of the run, local standard time.
    duration_s : float
        Length of the run [s].
    mode_start : Mode
        Mode at the start; no dwell time runs then.

    Raises
    ------
    DhsimError
        If the plan contradicts itself or the user strategy cannot be loaded.
    """

    def __init__(
        self,
        strategy: Strategy,
        *,
        pumps_count: int,
        has_bypass: bool,
        start: pd.Timestamp,
        duration_s: float,
        mode_start: Mode = Mode.WINTER,
    ) -> None:
        if mode_start is Mode.BYPASS and not has_bypass:
            raise DhsimError("the run cannot start in BYPASS: there is no bypass line")
        self.commands = Commands(
            mode=int(mode_start),
            mode_locked=0,
            pumps_on=int(pumps_count),
            pumps_available=int(pumps_count),
            third_pipe_ok=int(strategy.third_pipe),
            sensor_ok=1,
            undersupply=0,
            staging_locked=0,
            temp_offset_k=0.0,
            temp_set_c=math.nan,
            flow_set_rel=math.nan,
        )
        self._strategy = strategy
        self._pumps_count = int(pumps_count)
        self._has_bypass = has_bypass
        self._start = start
        self._duration_s = duration_s
        self._now_s = 0.0
        self._trips_now = 0
        self._events: list[tuple[float, str, str]] = []
        self._broken: Counter[str] = Counter()
        self._setback_k = 0.0
        self._user_offset_k = 0.0
        self._held = False
        self._rooms_need_more = True
        self._heating_season = True
        self._refusal: tuple[Mode, str] | None = None
        self._decision_due = False
        self._environment = simpy.Environment()
        self._dwell = Timer(self._environment, self._lock_mode)
        self._min_run = Timer(self._environment, lambda: self._command(staging_locked=0))
        self._floor_alarm = Timer(self._environment, self._raise_alarm)
        self._plan()

    @property
    def events(self) -> tuple[Event, ...]:
        """What happened so far, by time."""
        return tuple(Event(self._timestamp(time_s), kind, detail) for time_s, kind, detail in self._events)

    def peek_s(self) -> float:
        """Return when the next event is due [s since the start], less the tolerance; inf if there is none."""
        return float(self._environment.peek()) - TIME_TOLERANCE_S

    def next_step(self, step_s: float, n_time: int) -> int:
        """Return the first step [s each] at whose start something is due, `n_time` if that is past the end.

        What is due between two steps takes effect at the later one.
        """
        due_s = self.peek_s()
        return n_time if due_s > step_s * (n_time - 1) else math.ceil(due_s / step_s)

    def run_due(self, time_s: float, observe: Callable[[], Observation]) -> None:
        """Let everything happen that is due at `time_s` [s] or before; afterwards `peek_s` lies beyond it.

        `observe` is called only when the user strategy is asked: after all else that is due, and once a step at most.
        """
        self._advance_clock(time_s)
        self._run_events()
        if self._decision_due:
            self._decision_due = False
            self._consult(observe)
            self._run_events()

    def trip(self, time_s: float, report: TripReport) -> None:
        """Answer what the kernel asks for at `time_s` [s], so that it will not ask for the same again.

        Raises
        ------
        DhsimError
            If the kernel asks for what it has, for what does not exist, or again and again within one step.
        """
        self._advance_clock(time_s)
        self._trips_now += 1
        if self._trips_now > _TRIPS_AT_ONE_TIME:
            when = self._timestamp(time_s)
            raise ConvergenceError(f"the control laws keep tripping at {when}: give them more hysteresis or dwell time")
        match Trip(report.code):
            case Trip.MODE:
                self._trip_mode(Mode(report.wanted))
            case Trip.STAGING:
                self._trip_staging(int(report.wanted))
            case Trip.UNDERSUPPLY_ON:
                self._rooms_need_more = report.wanted == UNDERSUPPLY_COLD
                if not (self._floor_alarm.running or self.commands.undersupply):
                    self._floor_alarm.start(time_s + self._strategy.floor_alarm_delay_s)
            case Trip.UNDERSUPPLY_OFF:
                self._clear_alarm()
            case Trip.NONE:
                pass

    # --- the clock

    def _advance_clock(self, time_s: float) -> None:
        if time_s > self._now_s:
            self._trips_now = 0
        self._now_s = time_s

    def _run_events(self) -> None:
        while self.peek_s() <= self._now_s:
            self._environment.step()

    def _timestamp(self, time_s: float) -> pd.Timestamp:
        return self._start + pd.Timedelta(round(time_s * 1000.0), unit="ms")

    def _record(self, kind: str, detail: str, time_s: float | None = None) -> None:
        self._events.append((round(self._now_s if time_s is None else time_s, _TIME_DIGITS), kind, detail))

    def _command(self, **changes: int | float) -> None:
        self.commands = self.commands._replace(**changes)  # type: ignore[arg-type]

    # --- what is planned

    def _plan(self) -> None:
        strategy = self._strategy
        for index, fault in enumerate(strategy.faults):
            spans = fault_spans(fault, self._duration_s, fault_generator(strategy.seed, index))
            self._environment.process(self._break(fault, index, spans))
        if strategy.setback is not None:
            self._record("schedule", setback_text(strategy.setback))
            self._environment.process(
                self._lower(strategy.setback, setback_spans(strategy.setback, self._start, self._duration_s))
            )
        if strategy.user is not None:
            if not strategy.user_period_s >= 1.0:
                raise DhsimError(f"user strategy {strategy.user!r}: a period of {strategy.user_period_s} s, below 1 s")
            decide = load_strategy(strategy.user, strategy.user_folder)
            self._ask = partial(ask, decide, strategy.user)
            self._environment.process(self._remember_user())

    def _break(self, fault: FaultPlan, index: int, spans: Iterator[tuple[float, float]]) -> _Process:
        text = FAULT_TEXTS[fault.kind]
        for start_s, end_s in spans:
            yield wait_until(self._environment, start_s)
            self._count_broken(fault.kind, 1)
            self._record("fault", f"{text.broken} (fault {index + 1})", self._environment.now)
            yield wait_until(self._environment, end_s)
            self._count_broken(fault.kind, -1)
            self._record("repair", f"{text.repaired} (fault {index + 1})", self._environment.now)

    def _count_broken(self, kind: str, change: int) -> None:
        self._broken[kind] += change
        self._command(
            third_pipe_ok=int(self._strategy.third_pipe and self._broken["third_pipe_out"] == 0),
            sensor_ok=int(self._broken["sensor_out"] == 0),
            pumps_available=max(0, self._pumps_count - self._broken["pump_out"]),
        )

    def _lower(self, setback: SetbackPlan, spans: Iterator[tuple[float, float]]) -> _Process:
        for start_s, end_s in spans:
            yield wait_until(self._environment, start_s)
            self._offset(setback_k=-setback.delta_k)
            yield wait_until(self._environment, end_s)
            self._offset(setback_k=0.0)

    def _offset(self, *, setback_k: float | None = None, user_k: float | None = None) -> None:
        if setback_k is not None:
            self._setback_k = setback_k
        if user_k is not None:
            self._user_offset_k = user_k
        self._command(temp_offset_k=self._setback_k + self._user_offset_k)

    # --- what the kernel asks for

    def _trip_mode(self, wanted: Mode) -> None:
        if wanted == self.commands.mode or (wanted is Mode.BYPASS and not self._has_bypass):
            when = self._timestamp(self._now_s)
            raise DhsimError(f"the mode law asks for {wanted.name} at {when} and cannot have it")
        self._held = False  # a fail-safe rule overrules the user's wish until the user is asked again
        self._change_mode(wanted, self._reason(wanted))

    def _reason(self, wanted: Mode) -> str:
        if wanted is Mode.SUMMER_DHW:
            return "out of the heating season"
        broken = self._broken_text()
        if broken is not None and self.commands.mode == Mode.BYPASS:
            return broken
        if wanted is Mode.BYPASS:
            return "outdoor temperature above the change-point"
        if self.commands.mode == Mode.SUMMER_DHW:
            return "in the heating season" if self.commands.sensor_ok else "sensor out"
        return "outdoor temperature below the change-point"

    def _change_mode(self, wanted: Mode, reason: str) -> None:
        self._record("mode", f"{Mode(self.commands.mode).name} -> {wanted.name} ({reason})")
        self._command(mode=int(wanted))
        if self._strategy.dwell_s > 0.0:
            self._dwell.start(self._now_s + self._strategy.dwell_s)
        self._lock_mode()

    def _lock_mode(self) -> None:
        self._command(mode_locked=int(self._dwell.running or self._held))

    def _trip_staging(self, wanted: int) -> None:
        if wanted == self.commands.pumps_on or not 0 <= wanted <= self._pumps_count:
            when = self._timestamp(self._now_s)
            raise DhsimError(f"the staging law asks for {wanted} pumps at {when} and cannot have them")
        self._record("staging", f"{self.commands.pumps_on} -> {wanted} pumps")
        self._command(pumps_on=wanted)
        if self._strategy.min_run_s > 0.0:
            self._command(staging_locked=1)
            self._min_run.start(self._now_s + self._strategy.min_run_s)

    def _raise_alarm(self) -> None:
        delay_min = self._strategy.floor_alarm_delay_s / S_PER_MIN
        self._command(undersupply=1)
        kind = "alarm" if self._rooms_need_more else "undersupply"
        self._record(kind, f"UNDERSUPPLY: primary supply too low for {delay_min:g} min", self._environment.now)

    def _clear_alarm(self) -> None:
        self._floor_alarm.cancel()
        if self.commands.undersupply:
            self._command(undersupply=0)
            self._record("alarm" if self._rooms_need_more else "undersupply", "UNDERSUPPLY over")

    # --- what the user's rule wants

    def _remember_user(self) -> _Process:
        period_s = self._strategy.user_period_s
        next_s = 0.0
        while next_s < self._duration_s:
            yield wait_until(self._environment, next_s)
            self._decision_due = True
            # A period shorter than the step: the same observation twice would say nothing new.
            next_s = (math.floor((self._now_s + 10.0**-_TIME_DIGITS) / period_s) + 1) * period_s

    def _consult(self, observe: Callable[[], Observation]) -> None:
        observation = observe()
        self._heating_season = observation.heating_season
        decision = self._ask(observation, self._timestamp(self._now_s))
        self._offset(user_k=float(decision.temp_offset_k))
        self._command(
            temp_set_c=math.nan if decision.temp_set_c is None else float(decision.temp_set_c),
            flow_set_rel=math.nan if decision.flow_set_rel is None else float(decision.flow_set_rel),
        )
        self._wish(decision.mode)

    def _wish(self, wanted: Mode | None) -> None:
        refused = None if wanted is None else self._refuse(wanted)
        if wanted is not None and refused is not None and self._refusal != (wanted, refused):
            self._record("refused", f"user strategy wants {wanted.name}: {refused}")
        self._refusal = None if wanted is None or refused is None else (wanted, refused)
        self._held = wanted is not None and refused is None
        if wanted is not None and self._held and wanted != self.commands.mode:
            self._change_mode(wanted, "user strategy")
        self._lock_mode()

    def _refuse(self, wanted: Mode) -> str | None:
        mode = self.commands.mode
        if wanted is Mode.BYPASS and not self._has_bypass:
            return "there is no bypass line"
        if wanted is Mode.BYPASS and not self._heating_season:
            return "it is not the heating season"
        broken = self._broken_text()
        # A summer that already is may stay without the third pipe, as the mode law has it.
        may_stay = wanted is Mode.SUMMER_DHW and wanted == mode and self.commands.sensor_ok
        if broken is not None and wanted is not Mode.WINTER and not may_stay:
            return broken
        return "the dwell time runs" if wanted != mode and self._dwell.running else None

    def _broken_text(self) -> str | None:
        if not self.commands.sensor_ok:
            return "sensor out"
        if not self.commands.third_pipe_ok:
            return "no third pipe"
        return "primary supply too low" if self.commands.undersupply else None
