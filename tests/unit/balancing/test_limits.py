"""What the optimiser may do: checked by name and number, and narrowed for a choice."""

from __future__ import annotations

from pathlib import Path

import pytest

from dhsim.balancing.limits import check_options, check_zeta, free_valves, narrowed, weights_kept
from dhsim.balancing.protocol import open_building
from dhsim.balancing.state import FrontOptions
from dhsim.errors import DhsimError

FLATS12 = Path(__file__).parents[3] / "scenarios" / "buildings" / "flats12"


@pytest.fixture(scope="module")
def building():
    return open_building(FLATS12).building


def test_a_choice_narrows_and_never_widens() -> None:
    front = FrontOptions(valves=("a", "b"), max_changed=3, samples=5)
    assert narrowed(front, FrontOptions(valves=("b",), max_changed=9)) == FrontOptions(("b",), False, 3, None, 5)
    with pytest.raises(DhsimError, match="computed for a, b only, without c"):
        narrowed(front, FrontOptions(valves=("b", "c")))
    assert narrowed(FrontOptions(), FrontOptions(valves=("c",))).valves == ("c",)


def test_all_that_is_wrong_is_said_at_once(building) -> None:
    with pytest.raises(DhsimError) as caught:
        check_options(building, FrontOptions(("riser valv 1",), False, 0, None, 0, 0.5), -1.0)
    text = str(caught.value)
    assert "no valve 'riser valv 1'; did you mean riser valve 1?" in text
    assert "--max-valves: at least one" in text
    assert "--effort" in text
    assert "--quantile: it takes --samples" in text
    check_options(building, FrontOptions(("riser valve 1",), False, 2, None, 5, 0.5), 0.0)


def test_riser_valves_among_those_named(building) -> None:
    one = building.valve_ids.index("riser valve 1")
    assert free_valves(building, FrontOptions(("riser valve 1", "v1.1"), riser_only=True)) == [one]
    assert free_valves(building, FrontOptions()) is None
    with pytest.raises(DhsimError, match=r"none of v1\.1 is a riser valve; those are riser valve 1"):
        free_valves(building, FrontOptions(("v1.1",), riser_only=True))


def test_weights_of_the_best_case() -> None:
    assert weights_kept([0.0, 0.95, 1.0]) == ((0.0, 0.95), (1.0,))
    for odd in ([1.5], [-0.1], [0.99], [float("nan")], []):
        with pytest.raises(DhsimError, match=r"--zetas: weights from 0 to 0\.95"):
            weights_kept(odd)
    with pytest.raises(DhsimError, match=r"--zeta: a weight from 0 to 0\.95 \(got 1\.5\)"):
        check_zeta(1.5)
