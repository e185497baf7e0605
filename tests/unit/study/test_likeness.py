"""Only like is compared with like; what differs beside the substation is said."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dhsim.errors import DhsimError
from dhsim.model.case import Case
from dhsim.study.compare import compare_runs
from dhsim.study.likeness import require_comparable, unlike
from dhsim.study.run import run_case

MakeCase = Callable[..., Case]


def test_another_time_is_refused(small_case: MakeCase) -> None:
    with pytest.raises(DhsimError, match="differ in time"):
        require_comparable([small_case("baseline"), small_case("compensated", {"time.days": 5})])


def test_another_price_or_viewpoint_is_refused(small_case: MakeCase) -> None:
    other = small_case("compensated", {"economics.viewpoint": "utility", "economics.discount_rate": 0.05})
    with pytest.raises(DhsimError, match=r"viewpoint, discount_rate"):
        require_comparable([small_case("baseline"), other])


def test_one_name_twice_is_refused(small_case: MakeCase) -> None:
    with pytest.raises(DhsimError, match="one name"):
        require_comparable([small_case("baseline"), small_case("baseline")])


def test_policies_of_one_case_are_alike(small_case: MakeCase) -> None:
    assert unlike(small_case("baseline"), small_case("compensated")) == ()


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"weather.seed": 7}, "outdoor temperature"),
        ({"heat_load.demand_growth": 0.1}, "design heat demand"),
        ({"plant.dp_available_kpa": 200.0}, "primary differential pressure"),
        ({"dhw.temp_cold_winter_c": 8.0, "buildings.0.persons": 10.0}, "hot water draw"),
        ({"emissions.q4_percent": 3.0}, "fuel or emission factors"),
    ],
)
def test_what_differs_is_said(small_case: MakeCase, overrides: dict[str, object], said: str) -> None:
    assert said in unlike(small_case("baseline"), small_case("compensated", overrides))


def test_a_comparison_carries_the_caution(small_case: MakeCase) -> None:
    runs = [run_case(small_case("baseline")), run_case(small_case("compensated", {"weather.seed": 7}))]
    assert any("outdoor temperature" in text for text in compare_runs(runs).cautions)
