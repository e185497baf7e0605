"""From a Scenario to a Case: names become indices, units become SI, once."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd

from dhsim.build.assumptions import build_assumptions
from dhsim.build.boundary import build_boundary
from dhsim.build.detailed import build_details
from dhsim.build.system import build_system
from dhsim.control.strategy import load_strategy
from dhsim.errors import DhsimError, ScenarioError
from dhsim.model.case import Case, FaultPlan, SetbackPlan, Strategy
from dhsim.scenario.schema import Scenario
from dhsim.units import S_PER_H, S_PER_MIN


def build_case(scenario: Scenario) -> Case:
    """Build all arrays of a scenario.

    Raises
    ------
    ScenarioError
        For anything in the scenario, or in the files it names, that cannot be built.
    """
    assumptions = build_assumptions(scenario)
    boundary, peak = build_boundary(scenario)
    system = build_system(scenario, peak)
    return Case(
        system=system,
        boundary=boundary,
        strategy=strategy_of(scenario, boundary.time[0]),
        assumptions=assumptions,
        temp_start_c=scenario.time.temp_indoor_start_c,
        scenario_hash=scenario.content_hash(),
        details=build_details(scenario, system),
    )


def strategy_of(scenario: Scenario, start: pd.Timestamp) -> Strategy:
    """Return timers, schedules and faults in seconds."""
    spec = scenario.control
    if spec.strategy is not None:
        try:
            load_strategy(spec.strategy, str(_strategy_folder(scenario)))
        except DhsimError as error:
            raise ScenarioError([scenario.problem("control.strategy", str(error))]) from None
    faults = tuple(
        FaultPlan(
            kind=fault.kind,
            start_s=(pd.Timestamp(fault.start) - start).total_seconds() if fault.start is not None else 0.0,
            duration_s=fault.duration_h * S_PER_H,
            mean_time_between_s=None if fault.mean_time_between_h is None else fault.mean_time_between_h * S_PER_H,
        )
        for fault in spec.faults
    )
    setback = None
    if spec.setback is not None:
        setback = SetbackPlan(
            start_s=_seconds_of(spec.setback.start),
            end_s=_seconds_of(spec.setback.end),
            delta_k=spec.setback.delta_k,
            weekdays_only=spec.setback.weekdays_only,
        )
    return Strategy(
        seed=scenario.seed,
        dwell_s=spec.dwell_min * S_PER_MIN,
        floor_alarm_delay_s=spec.floor_alarm_delay_min * S_PER_MIN,
        min_run_s=scenario.substation.pumps.min_run_min * S_PER_MIN,
        third_pipe=scenario.dhw.supply == "third_pipe",
        faults=faults,
        setback=setback,
        user=spec.strategy,
        user_folder=str(_strategy_folder(scenario)),
        user_period_s=spec.strategy_period_min * S_PER_MIN,
    )


def _strategy_folder(scenario: Scenario) -> Path:
    """Return the folder of the file that names the user's strategy, which may be a parent of the scenario's own."""
    file = Path(scenario.where("control.strategy").path)
    return file.parent if file.is_file() else Path(scenario.folder)


def _seconds_of(time: dt.time) -> float:
    return time.hour * S_PER_H + time.minute * S_PER_MIN + time.second
