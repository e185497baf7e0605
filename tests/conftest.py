"""What all tests share: where things stand, and a hypothesis that draws the same examples on every machine."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

if TYPE_CHECKING:
    from dhsim.model.case import Case
    from dhsim.scenario.schema import Scenario
    from dhsim.study.types import Comparison, Run

os.environ.setdefault("MPLBACKEND", "agg")

hypothesis.settings.register_profile("dhsim", deadline=None, derandomize=True, max_examples=50)
hypothesis.settings.load_profile("dhsim")

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def project_root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def package_sources(project_root: Path) -> list[Path]:
    sources = sorted((project_root / "dhsim").rglob("*.py"))
    assert sources
    return sources


@pytest.fixture(scope="session")
def validation_folder(project_root: Path) -> Path:
    """Measured and published data beside the project; tests that need them skip where they are absent."""
    named = os.environ.get("DHSIM_VALIDATION_DATA")
    folder = Path(named) if named else project_root.parent / "shared" / "validation"
    if not folder.is_dir():
        pytest.skip(f"no validation data: {'DHSIM_VALIDATION_DATA' if named else 'shared/validation'} is not a folder")
    return folder


OMSK_POLICIES = ("baseline", "vfd_only", "cap70", "variable_flow", "compensated", "compensated_trim")

SMALL_BUILDINGS = [
    {"id": "a", "type": "residential", "heat_design_kw": 312, "persons": 200, "flow_factor": 1.05},
    {"id": "b", "type": "office", "heat_design_kw": 270, "persons": 260, "flow_factor": 0.97},
    {"id": "c", "type": "residential", "heat_design_kw": 330, "persons": 210, "flow_factor": 0.95},
    {"id": "d", "type": "residential", "heat_design_kw": 300, "persons": 190, "flow_factor": 1.00},
]
SMALL_PIPES = [
    {"id": "P1", "start": "substation", "end": "A", "length_m": 40, "diameter_inner_mm": 100, "zeta": 3,
     "u_supply_w_mk": 0.45, "u_return_w_mk": 0.42, "placement": "above_ground"},
    {"id": "Pa", "start": "A", "end": "a", "length_m": 25, "diameter_inner_mm": 65, "zeta": 4},
    {"id": "Pb", "start": "A", "end": "b", "length_m": 35, "diameter_inner_mm": 80, "zeta": 4},
    {"id": "Pc", "start": "b", "end": "c", "length_m": 30, "diameter_inner_mm": 65, "zeta": 4},
    {"id": "Pd", "start": "substation", "end": "d", "length_m": 45, "diameter_inner_mm": 65, "zeta": 4},
]  # fmt: skip
"""A tree with a junction without a building (A), a building that a pipe passes (b) and one at a pipe of its own (d)."""

SMALL = {"buildings": SMALL_BUILDINGS, "pipes": SMALL_PIPES, "time.start": "2021-03-25", "time.days": 7}


@pytest.fixture(scope="session")
def omsk_folder(project_root: Path) -> Path:
    return project_root / "scenarios" / "omsk"


@pytest.fixture(scope="session")
def small_scenario(omsk_folder: Path) -> Callable[..., Scenario]:
    """Four buildings of the Omsk case for a spring week; dotted overrides on top."""
    from dhsim.scenario.load import load_scenario

    def make(policy: str = "compensated", overrides: Mapping[str, Any] | None = None) -> Scenario:
        return load_scenario(omsk_folder / f"{policy}.yaml", {**SMALL, **(overrides or {})})

    return make


@pytest.fixture(scope="session")
def small_case(small_scenario: Callable[..., Scenario]) -> Callable[..., Case]:
    from dhsim.build.case import build_case

    def make(policy: str = "compensated", overrides: Mapping[str, Any] | None = None) -> Case:
        return build_case(small_scenario(policy, overrides))

    return make


@pytest.fixture(scope="session")
def weathered() -> Callable[..., Case]:
    """A scenario's Case with another outdoor temperature, an error of the primary supply, and a fault plan."""
    from dhsim.build.boundary import counted_of, group_of, plant_supply_c, season_of
    from dhsim.build.case import build_case

    def make(scenario: Scenario, outdoor_c: Any, supply_error_k: Any = 0.0, faults: Any = ()) -> Case:
        case = build_case(scenario)
        boundary = case.boundary
        steps_per_day = round(86400.0 / boundary.step_s)
        season = season_of(scenario, outdoor_c, steps_per_day)
        arrays = boundary.arrays._replace(
            temp_outdoor_c=outdoor_c,
            heating_season=season,
            comfort_counted=counted_of(season, steps_per_day),
            group=group_of(boundary.time, outdoor_c, season, case.system.control.cpt_c),
            temp_supply_primary_c=plant_supply_c(scenario, outdoor_c) + supply_error_k,
        )
        return dataclasses.replace(
            case,
            boundary=dataclasses.replace(boundary, arrays=arrays),
            strategy=dataclasses.replace(case.strategy, faults=tuple(faults)),
        )

    return make


@pytest.fixture(scope="session")
def omsk_runs(omsk_folder: Path) -> dict[str, Run]:
    """The six scenarios of the Omsk case over the whole year, one simulation each, the baseline first."""
    from dhsim.assess.scorecard import assess
    from dhsim.build.case import build_case
    from dhsim.engine.simulation import simulate
    from dhsim.scenario.load import load_scenario
    from dhsim.study.types import Run

    runs = {}
    for name in OMSK_POLICIES:
        case = build_case(load_scenario(omsk_folder / f"{name}.yaml"))
        solution = simulate(case, keep_pipes=False)
        runs[name] = Run(case, solution, assess(solution, case))
    return runs


@pytest.fixture(scope="session")
def omsk_comparison(omsk_runs: dict[str, Run]) -> Comparison:
    """The six of them compared, as `dhsim compare scenarios/omsk` does."""
    from dhsim.study.compare import compare_runs

    return compare_runs(list(omsk_runs.values()))
