"""The compiled kernel against the plain NumPy stepper: every series, integral, status and event.

The two share the formulas of dhsim.physics and the agenda only. Laws compare numbers with thresholds, so that
differences in the last digit could in principle move an event by a step; in these runs none does.
"""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dhsim.build.case import build_case
from dhsim.engine import simulate
from dhsim.errors import Status
from dhsim.model.case import Case
from dhsim.model.system import Mode
from dhsim.scenario.load import load_scenario
from dhsim.solution import Solution
from tests.benchmark.agreement import BALANCE_MAX_J, differences
from tests.benchmark.reference_pipes import PARCELS_MAX
from tests.benchmark.reference_stepper import Stepper, cut, simulate_reference

POLICIES = ("baseline", "vfd_only", "cap70", "variable_flow", "compensated", "compensated_trim")
SEASONS = {
    "winter": ("2021-01-10", 2),
    "spring": ("2021-03-25", 3),
    "summer": ("2021-07-03", 1),
    "autumn": ("2021-10-06", 2),
}
STROKES = ("2021-10-07", 1.5)
"""A day and a half in BYPASS."""


@cache
def year(scenario: Path, overrides: tuple[tuple[str, Any], ...] = ()) -> Case:
    return build_case(
        load_scenario(scenario, overrides={key: [] if value == () else value for key, value in overrides})
    )


def days(case: Case, start: str, length: float) -> Case:
    first = int(case.boundary.time.searchsorted(np.datetime64(start)))
    return cut(case, first, round(length * 86400.0 / case.boundary.step_s))


def agreed(case: Case) -> Solution:
    """Return the kernel's Solution after it has been found to agree with the reference's."""
    solution, reference = simulate(case), simulate_reference(case)
    assert differences(solution, reference) == []
    assert solution.extremes["balance_step_max_j"] < BALANCE_MAX_J
    assert reference.extremes["balance_step_max_j"] < BALANCE_MAX_J
    return solution


def fault(kind: str, start: str, hours: float) -> dict[str, Any]:
    return {"kind": kind, "start": start, "duration_h": hours}


def modes(solution: Solution) -> set[Mode]:
    return {Mode(int(mode)) for mode in np.unique(solution.arrays["mode"])}


def mixes(solution: Solution) -> bool:
    return bool(np.any(solution.arrays["mixing_share_rel"] > 0.0))


@pytest.fixture(scope="module")
def omsk(project_root: Path) -> Path:
    return project_root / "scenarios" / "omsk"


@pytest.mark.parametrize("season", SEASONS)
@pytest.mark.parametrize("policy", POLICIES)
def test_policy(omsk: Path, policy: str, season: str) -> None:
    solution = agreed(days(year(omsk / f"{policy}.yaml"), *SEASONS[season]))
    expected = {"winter": Mode.WINTER, "summer": Mode.SUMMER_DHW}.get(season)
    assert expected is None or modes(solution) == {expected}
    assert mixes(solution) == (expected is None and policy not in ("baseline", "vfd_only"))


@pytest.mark.parametrize("policy", ["cap70", "variable_flow"])
def test_third_pipe_out(omsk: Path, policy: str) -> None:
    fault_plan = {"control.faults": [fault("third_pipe_out", "2021-10-07T09:10:00", 12.0)]}
    case = build_case(load_scenario(omsk / f"{policy}.yaml", overrides=fault_plan))
    solution = agreed(days(case, *STROKES))
    assert modes(solution) == {Mode.WINTER, Mode.BYPASS}
    assert {event.kind for event in solution.events} >= {"fault", "repair", "mode"}


@pytest.mark.parametrize("start", ["2021-01-10", "2021-07-02T12:00"])
def test_local_exchangers(omsk: Path, start: str) -> None:
    solution = agreed(days(year(omsk / "cap70.yaml", (("dhw.supply", "local"),)), start, 0.5))
    assert np.all(solution.totals["heat_loss_third_pipe_j"] == 0.0)
    assert solution.totals["heat_tap_j"].sum() > 0.0


@pytest.mark.parametrize("kind", ["sensor_out", "pump_out"])
def test_other_faults(omsk: Path, kind: str) -> None:
    both = {"control.faults": [fault(kind, f"2021-10-07T{hour}:10:00", 9.0) for hour in ("06", "08")]}
    solution = agreed(days(build_case(load_scenario(omsk / "compensated.yaml", overrides=both)), *STROKES))
    assert (Mode.WINTER in modes(solution)) == (kind == "sensor_out")
    assert bool(np.any(solution.status & Status.NO_PUMP)) == (kind == "pump_out")


@pytest.mark.parametrize("place", ["bypass_line", "secondary_return"])
@pytest.mark.parametrize("policy", ["variable_flow", "compensated"])
def test_pump_place(omsk: Path, policy: str, place: str) -> None:
    assert mixes(agreed(days(year(omsk / f"{policy}.yaml", (("substation.pump_place", place),)), *STROKES)))


def test_pumps_that_cannot_carry_the_mixing_share(omsk: Path) -> None:
    """The share that the first guess of the counter-pressure allows must not stay the upper limit."""
    narrow = (
        ("substation.pump_place", "bypass_line"),
        ("substation.pumps.count", 1),
        ("substation.valve_bypass_kvs_m3_h", 20),
    )
    assert mixes(agreed(days(year(omsk / "compensated.yaml", narrow), *STROKES)))
    weak = (("substation.pump_place", "bypass_line"), ("substation.pumps.model", "generic_inline_25m3h_12m"))
    solution = agreed(days(year(omsk / "variable_flow.yaml", weak), "2021-10-08", 0.25))
    assert np.all(solution.status & Status.PUMP_AT_LIMIT)


def test_small_pumps(omsk: Path) -> None:
    small = (("substation.pumps.model", "generic_inline_25m3h_12m"),)
    solution = agreed(days(year(omsk / "compensated.yaml", small), *STROKES))
    assert np.any(solution.status & Status.DP_SHORT)


def test_staging_by_heat(omsk: Path) -> None:
    by_heat = (("substation.pumps.staging", "heat_50"),)
    solution = agreed(days(year(omsk / "vfd_only.yaml", by_heat), *SEASONS["spring"]))
    assert any(event.kind == "staging" for event in solution.events)


def test_general_curve_without_a_bypass_line(omsk: Path) -> None:
    solution = agreed(days(year(omsk / "vfd_only.yaml", (("control.flow_law", "general_curve"),)), *SEASONS["autumn"]))
    flow = solution.arrays["mass_flow_secondary_kg_s"]
    assert flow.min() < 0.8 * flow.max()


def test_setback_points_and_five_minutes(omsk: Path) -> None:
    overrides = {
        "control.setback": {"start": "22:00", "end": "06:00", "delta_k": 5},
        "control.secondary_points": [[-20, 95], [0, 60], [10, 40]],
        "time.step_min": 5,
        "building_types.residential.radiator_head": "log_mean",
    }
    case = build_case(load_scenario(omsk / "compensated.yaml", overrides=overrides))
    assert mixes(agreed(days(case, *STROKES)))


@pytest.mark.parametrize("wall_j_mk", [0.0, 15e3])
@pytest.mark.parametrize(
    ("policy", "dhw", "start"),
    [("compensated", "third_pipe", "2021-10-07"), ("cap70", "local", "2021-07-02T12:00")],
)
def test_pipes_of_any_wall(omsk: Path, policy: str, dhw: str, start: str, wall_j_mk: float) -> None:
    """A bare pipe has no mixed ends; the heaviest walls are mixed to the limit."""
    case = days(year(omsk / f"{policy}.yaml", (("dhw.supply", dhw),)), start, 0.5)
    system, wall = case.system, np.full(len(case.system.pipe_ids), wall_j_mk)
    supply, back = (line._replace(heat_capacity_wall_j_mk=wall) for line in (system.supply, system.return_line))
    system = dataclasses.replace(system, supply=supply, return_line=back)
    solution = agreed(dataclasses.replace(case, system=system))
    assert solution.store_change_pipes_j != 0.0


def test_season_ends_and_the_water_stands(omsk: Path) -> None:
    case = year(omsk / "compensated.yaml")
    ends = int(np.flatnonzero(np.diff(case.boundary.arrays.heating_season) < 0)[0])
    solution = agreed(cut(case, ends - 47, 96))
    flow = solution.arrays["mass_flow_secondary_kg_s"]
    assert flow[0] > 0.0
    assert flow[-1] == 0.0
    assert solution.arrays["heat_loss_pipe_w"][-1] > 3000.0  # the third pipe's, and more


def test_no_pipes_and_no_flow(omsk: Path) -> None:
    solution = agreed(days(year(omsk / "cap70.yaml", (("pipes", ()),)), "2021-07-03", 0.25))
    assert np.all(solution.arrays["mass_flow_secondary_kg_s"] == 0.0)


def test_trickles_of_a_night_minute_by_minute(omsk: Path) -> None:
    """So many parcels that they have to merge."""
    overrides = (("dhw.supply", "local"), ("time.step_min", 1), ("dhw.stochastic", False))
    case = days(year(omsk / "cap70.yaml", overrides), "2021-07-03T00:00", 0.25)
    agreed(case)
    stepper = Stepper(case)
    for k in range(len(case.boundary.time)):
        stepper.step(k)
    assert stepper.substation.tree.water_out.parcels_most() == PARCELS_MAX


@pytest.mark.slow
def test_random_faults(omsk: Path) -> None:
    random = [
        {"kind": "third_pipe_out", "mean_time_between_h": 60, "duration_h": 8},
        {"kind": "sensor_out", "mean_time_between_h": 40, "duration_h": 4},
        {"kind": "pump_out", "mean_time_between_h": 20, "duration_h": 10},
    ]
    case = build_case(load_scenario(omsk / "compensated_trim.yaml", overrides={"control.faults": random}))
    solution = agreed(days(case, "2021-09-20", 28))
    assert modes(solution) == set(Mode)
    assert sum(event.kind == "fault" for event in solution.events) > 10
