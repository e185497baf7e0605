"""The file of a hidden truth; what it refuses is tested at the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dhsim.balancing.protocol import BuildingCase, open_building
from dhsim.balancing.trial_truth import drawn_truth
from dhsim.balancing.trial_truth_file import read_truth, write_truth
from dhsim.errors import ScenarioError

BUILDINGS = Path(__file__).parents[3] / "scenarios" / "buildings"


@pytest.fixture(scope="module")
def flats12() -> BuildingCase:
    return open_building(BUILDINGS / "flats12")


def test_is_read_as_it_was_written(flats12: BuildingCase, tmp_path: Path) -> None:
    made = drawn_truth(flats12, np.random.default_rng(1))
    write_truth(tmp_path / "truth.json", flats12, made, {"seed": 1})
    again = read_truth(tmp_path / "truth.json", flats12)
    for part in ("zones", "neighbours", "radiators"):
        for one, other in zip(getattr(made.zones, part), getattr(again.zones, part), strict=True):
            assert np.array_equal(one, other)
    assert (tmp_path / "truth.json").read_text(encoding="utf-8").count("Synthetic") == 1


def test_another_building_is_refused_in_few_words(flats12: BuildingCase, tmp_path: Path) -> None:
    path = tmp_path / "truth.json"
    write_truth(path, flats12, drawn_truth(flats12, np.random.default_rng(1)), {})
    with pytest.raises(ScenarioError) as refused:
        read_truth(path, open_building(BUILDINGS / "flats70.yaml"))
    lines = str(refused.value).splitlines()
    assert len(lines) <= 6
    assert "not in the building: flat 11" not in lines[0]  # both buildings have one of that name
    assert any("radiators: not in the building: r1.1" in line for line in lines)
