"""A Case: all that a run needs, in arrays and plain data."""

from __future__ import annotations

from dataclasses import dataclass

from dhsim.model.assumptions import Assumptions
from dhsim.model.boundary import Boundary
from dhsim.model.detailed import DetailedBuilding
from dhsim.model.system import System


@dataclass(frozen=True)
class FaultPlan:
    """Something breaks at `start_s` into the run for `duration_s`; random if `mean_time_between_s` is given."""

    kind: str
    start_s: float
    duration_s: float
    mean_time_between_s: float | None


@dataclass(frozen=True)
class SetbackPlan:
    """Lower set-point between two times of the day, in seconds after midnight."""

    start_s: float
    end_s: float
    delta_k: float
    weekdays_only: bool


@dataclass(frozen=True)
class Strategy:
    """What happens at a moment: timers, schedules, faults and the user's own rule. The laws are in System.control."""

    seed: int
    dwell_s: float
    floor_alarm_delay_s: float
    min_run_s: float
    third_pipe: bool
    """Whether DHW comes by the third pipe when nothing is broken."""
    faults: tuple[FaultPlan, ...] = ()
    setback: SetbackPlan | None = None
    user: str | None = None
    """`module:function`, kept as text so that Cases pickle."""
    user_folder: str = "."
    user_period_s: float = 3600.0


@dataclass(frozen=True)
class Case:
    """What `simulate` runs and `assess` judges."""

    system: System
    boundary: Boundary
    strategy: Strategy
    assumptions: Assumptions
    temp_start_c: float
    """Temperature of rooms and walls at the start."""
    scenario_hash: str
    details: tuple[DetailedBuilding, ...] = ()
    """Buildings that are simulated flat by flat."""

    def __repr__(self) -> str:
        buildings = len(self.system.building_ids)
        return f"Case({self.assumptions.name!r}, {buildings} buildings, {len(self.boundary.time)} steps)"
