"""Policy, timers, schedules and faults: how the substation is run."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, model_validator

from dhsim.scenario.section import (
    CurvePoints,
    Finite,
    NotNegative,
    Positive,
    RoomTemp,
    Section,
    WaterTemp,
    require_ascending,
)


class Fault(Section):
    """Something breaks: at a moment, or at random (seeded)."""

    kind: Literal["third_pipe_out", "sensor_out", "pump_out"]
    start: dt.datetime | None = None
    duration_h: Positive = 24.0
    """Time to repair; the mean of it if the fault is random."""
    mean_time_between_h: Positive | None = None

    @model_validator(mode="after")
    def _when(self) -> Fault:
        if (self.start is None) == (self.mean_time_between_h is None):
            raise ValueError("needs exactly one of start and mean_time_between_h")
        return self


class Setback(Section):
    """Lower secondary supply set-point between two times of the day."""

    start: dt.time
    end: dt.time
    delta_k: Positive
    weekdays_only: bool = False

    @model_validator(mode="after")
    def _two_times(self) -> Setback:
        if self.start == self.end:
            raise ValueError(f"start and end are the same time (got {self.start:%H:%M})")
        return self


PolicyName = Literal["baseline", "vfd_only", "cap70", "variable_flow", "compensated", "compensated_trim"]


class ControlSection(Section):
    """How the substation is run."""

    policy: PolicyName = "baseline"
    flow_law: Literal["dp", "general_curve"] | None = None
    """For `vfd_only`: hold dp (default), or the flow the general curve asks for at the delivered temperature."""
    temp_cap_secondary_c: WaterTemp = 70.0
    """`cap70` and `variable_flow`: highest secondary supply in BYPASS."""
    temp_mixed_min_c: WaterTemp = 40.0
    secondary_points: CurvePoints | None = None
    """The compensated curve as points [outdoor degC, supply degC] instead of eq. (2)."""
    filter_h: NotNegative = 24.0
    """Time constant of the outdoor temperature filter; 0 = raw, as the paper has it."""
    cpt_c: Finite | None = None
    """Change-point temperature of the switch; the design curve's own if left out."""
    hysteresis_k: NotNegative = 0.5
    temp_floor_alarm_c: WaterTemp = 67.0
    floor_alarm_hysteresis_k: NotNegative = 1.0
    floor_alarm_delay_min: NotNegative = 30.0
    dwell_min: NotNegative = 120.0
    """Least time between two normal mode changes; fail-safe changes are immediate."""
    flow_min_rel: Annotated[float, Field(gt=0, le=1)] = 0.3
    """Lower limit of the general curve's flow."""
    trim_temp_room_c: RoomTemp = 20.5
    """Set-point of the coldest monitored room."""
    trim_integral_h: Positive = 48.0
    """Integral time: 1 K of error for this long moves the set-point by 1 K x `trim_gain`."""
    trim_gain: Positive = 8.0
    trim_limit_k: NotNegative = 8.0
    setback: Setback | None = None
    faults: list[Fault] = Field(default_factory=list)
    strategy: str | None = None
    """A function `module:function` beside the scenario: decide(observation) -> Decision."""
    strategy_period_min: Positive = 60.0

    @model_validator(mode="after")
    def _points(self) -> ControlSection:
        require_ascending(self.secondary_points)
        if self.flow_law is not None and self.policy != "vfd_only":
            raise ValueError("flow_law belongs to policy vfd_only")
        return self
