"""One scenario from the file to the verdict."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dhsim.assess.scorecard import assess
from dhsim.build import build_case
from dhsim.engine import simulate
from dhsim.model.case import Case
from dhsim.scenario.load import load_scenario
from dhsim.scenario.schema import Scenario
from dhsim.study.types import Run


def run(scenario: Scenario | str | Path) -> Run:
    """Return a scenario (or the scenario in a file) built, simulated and judged.

    Raises
    ------
    ScenarioError
        For anything wrong with the scenario or the files it names.
    ConvergenceError
        If the simulation failed.
    """
    said = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    return run_case(build_case(said))


def run_case(case: Case, progress: Callable[[float], None] | None = None) -> Run:
    """Return a Case simulated and judged; `progress` is told the share done."""
    solution = simulate(case, progress=progress)
    return Run(case, solution, assess(solution, case))
