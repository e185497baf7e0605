"""What a comparison holds: runs, their table, and where the savings come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from dhsim.assess.types import EconomicScore, Scorecard
from dhsim.model.case import Case
from dhsim.solution import Solution


@dataclass(frozen=True)
class Run:
    """One scenario: what it was, what happened, what it was worth."""

    case: Case
    solution: Solution
    score: Scorecard

    @property
    def name(self) -> str:
        """Name of the scenario."""
        return self.score.name

    def __repr__(self) -> str:
        return f"Run({self.name!r}, policy {self.score.policy}, {len(self.solution.time)} steps)"


@dataclass(frozen=True)
class Comparison:
    """Runs side by side; the first is the reference. One run alone is a Comparison too."""

    runs: tuple[Run, ...]
    table: pd.DataFrame
    """Scenarios side by side: index (group, quantity, unit), one column a scenario; see dhsim.study.table."""
    differences: pd.DataFrame
    """Same index; columns (scenario, `absolute` | `percent`), against the first."""
    incremental: Mapping[str, EconomicScore]
    """Name -> variant minus reference."""
    attribution: pd.DataFrame
    """columns: step, from, to, heat_saved_mwh, heat_saved_above_cpt_mwh, electricity_saved_mwh, note"""
    table1: Mapping[str, pd.DataFrame]
    """Name -> NOx, SO2, CO2 before and after, as in the paper's Table 1."""
    abatement_eur_t: Mapping[str, float | None]
    """Name -> cost of a tonne of CO2eq avoided."""
    cautions: tuple[str, ...] = ()
    """Why a difference may not be the policy's alone, one sentence a run that differs in more."""

    @property
    def reference(self) -> Run:
        """What the others are compared with."""
        return self.runs[0]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the scenarios, the reference first."""
        return tuple(run.name for run in self.runs)
