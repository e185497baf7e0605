"""How fast a year is, as ratios within one run. `pytest tests/benchmark -m benchmark -s` shows the numbers.

Nothing is asserted about time: machines differ, and tests must not fail because one is busy. CPU seconds are compared,
so that other work on the machine falls out of the ratio.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

import dhsim
from dhsim.model.case import Case
from dhsim.report.html import write_report
from dhsim.study.compare import compare_runs
from dhsim.study.types import Run
from tests.benchmark.agreement import differences
from tests.benchmark.reference_stepper import simulate_reference

pytestmark = [pytest.mark.benchmark, pytest.mark.slow]

T = TypeVar("T")
RATIO_WANTED = 30
"""What was promised for a year of 12 buildings at 15-minute steps; printed beside the ratio, not asserted."""
REPEATS = 5


def cpu_seconds(work: Callable[[], T], repeats: int = 1) -> tuple[float, T]:
    """Return the shortest of some runs, and the result of the last."""
    best = float("inf")
    for _ in range(repeats):
        began = time.process_time()
        result = work()
        best = min(best, time.process_time() - began)
    return best, result


def omsk_case(project_root: Path, policy: str) -> Case:
    return dhsim.build_case(dhsim.load_scenario(project_root / "scenarios" / "omsk" / f"{policy}.yaml"))


@pytest.mark.parametrize("policy", ["baseline", "variable_flow", "compensated_trim"])
def test_year_against_the_reference_stepper(project_root: Path, policy: str) -> None:
    case = omsk_case(project_root, policy)
    n_steps = len(case.boundary.time)
    dhsim.simulate(case)  # compiles, if need be
    simulate_reference(case, 96)
    compiled_s, solution = cpu_seconds(lambda: dhsim.simulate(case), REPEATS)
    reference_s, reference = cpu_seconds(lambda: simulate_reference(case))
    ratio = reference_s / compiled_s
    print(
        f"\n{policy}, {len(case.system.building_ids)} buildings, {n_steps} steps of {case.boundary.step_s / 60:g} min: "
        f"compiled year {compiled_s:.3f} s ({1 / compiled_s:.1f} years a second, "
        f"{compiled_s / n_steps * 1e6:.1f} us a step); "
        f"reference year (full) {reference_s:.1f} s; ratio {ratio:.0f} (wanted: {RATIO_WANTED})"
    )
    assert ratio > 0.0
    assert differences(solution, reference) == []


def test_compare_all_six(project_root: Path, tmp_path: Path) -> None:
    def everything() -> dict[str, float]:
        spent, began = {}, time.perf_counter()

        def lap(what: str) -> None:
            nonlocal began
            spent[what] = time.perf_counter() - began
            began = time.perf_counter()

        scenarios = dhsim.load_scenarios([project_root / "scenarios" / "omsk"])
        lap("load")
        cases = [dhsim.build_case(scenario) for scenario in scenarios]
        lap("build")
        solutions = [dhsim.simulate(case) for case in cases]
        lap("simulate")
        runs = [
            Run(case, solution, dhsim.assess(solution, case)) for case, solution in zip(cases, solutions, strict=True)
        ]
        comparison = compare_runs(runs)
        lap("assess and compare")
        write_report(comparison, tmp_path)
        lap("report")
        return spent

    everything()
    spent = everything()
    parts = ", ".join(f"{what} {seconds:.2f}" for what, seconds in spent.items())
    print(f"\ncompare of all six, warm, with the report: {sum(spent.values()):.2f} s ({parts})")
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) > 0
