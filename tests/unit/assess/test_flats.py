"""The flats' verdict: spread, coldest and warmest, throttling, and rows only where there are flats."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from dhsim.assess.flats import assess_flats
from dhsim.assess.scorecard import assess
from dhsim.build.case import build_case
from dhsim.engine.simulation import simulate
from dhsim.model.case import Case
from dhsim.scenario.load import load_scenario
from dhsim.solution import Solution
from dhsim.study.table import FLATS, comparison_table

RISERS = Path(__file__).parents[3] / "scenarios" / "risers" / "baseline.yaml"


@pytest.fixture(scope="module")
def run() -> tuple[Case, Solution]:
    case = build_case(load_scenario(RISERS, {"time.days": 2}))
    return case, simulate(case)


def test_figures_by_hand(run: tuple[Case, Solution]) -> None:
    """Two flats of one building and one of another, two steps that count and one that does not."""
    case, solution = run
    counted = np.zeros(len(solution.time), dtype=np.int64)
    counted[:2] = 1
    arrays = case.boundary.arrays._replace(comfort_counted=counted)
    case = dataclasses.replace(case, boundary=dataclasses.replace(case.boundary, arrays=arrays))
    temp_c = np.full((len(solution.time), 3), 99.0)
    temp_c[:2] = [[20.0, 22.0, 19.0], [21.0, 21.0, 25.0]]
    opening_rel = np.where(np.arange(3) == 1, 0.4, 1.0) * np.ones((len(solution.time), 1))
    made = dataclasses.replace(
        solution,
        arrays={"temp_flat_c": temp_c, "opening_flat_rel": opening_rel, "heat_flow_flat_w": 1000.0 * opening_rel},
        flat_ids=("A/1", "A/2", "B/1"),
        building_of_flat=("A", "A", "B"),
    )
    score = assess_flats(made, case)
    assert score is not None
    assert score.spread_k == pytest.approx(0.25)  # A: 1 and 0, B: 0 and 0
    assert (score.temp_coldest_c, score.coldest_flat) == (20.5, "A/1")
    assert (score.temp_warmest_c, score.warmest_flat) == (22.0, "B/1")
    assert (score.temp_min_c, score.temp_max_c) == (19.0, 25.0)
    assert score.throttling_rel == pytest.approx(0.2)
    assert score.by_flat.loc["A/1", "heat_mwh"] == pytest.approx(0.048)


def test_rows_are_there_only_with_flats(run: tuple[Case, Solution]) -> None:
    case, solution = run
    with_flats = assess(solution, case)
    lumped = dataclasses.replace(case, details=())
    without = dataclasses.replace(assess(simulate(lumped), lumped), name="lumped")
    assert without.flats is None
    assert "flats" not in without.to_dict()
    assert FLATS not in comparison_table([without]).index.get_level_values("group")
    table = comparison_table([with_flats, without]).xs(FLATS, level="group")
    assert table.iloc[0, 0] == pytest.approx(with_flats.flats.spread_k if with_flats.flats else np.nan)
    assert table["lumped"].isna().all()
    assert any("A is simulated flat by flat (12 flats, 30 radiators, 30" in text for text in with_flats.assumptions)
