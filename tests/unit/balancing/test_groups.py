"""Groups of flats named by the user, and the comparison of two rounds by them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from dhsim.balancing.groups import TOUCHED, groups_said
from dhsim.balancing.outcome import UNTOUCHED_REL, compared_rounds
from dhsim.balancing.protocol import BuildingCase, open_building
from dhsim.balancing.workflow import open_workflow
from dhsim.errors import DhsimError

FLATS12 = Path(__file__).parents[3] / "scenarios" / "buildings" / "flats12"
FLOOR1, FLOOR3 = (tuple(f"flat {floor}{k}" for k in range(1, 5)) for floor in (1, 3))


@pytest.fixture(scope="module")
def case() -> BuildingCase:
    return open_building(FLATS12)


def test_floors_and_flats_by_option(case: BuildingCase) -> None:
    said = groups_said(case, "floor:1", ["top=floor:3", "some = flat 21, flat 22"])
    assert said == {TOUCHED: FLOOR1, "top": FLOOR3, "some": ("flat 21", "flat 22")}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("g.csv", "zone;group\nflat 11;touched\nfloor:3;top\nflat 12;touched\nflat 13;\n"),
        ("g.yaml", "touched: [flat 11, flat 12]\ntop: ['floor:3']\n"),
        ("g.json", '{"touched": ["flat 11", "flat 12"], "top": ["floor:3"]}'),
    ],
)
def test_groups_of_a_file(case: BuildingCase, tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert groups_said(case, file=tmp_path / name) == {TOUCHED: ("flat 11", "flat 12"), "top": FLOOR3}


def test_all_that_is_wrong_is_said_with_its_place(case: BuildingCase, tmp_path: Path) -> None:
    (tmp_path / "g.csv").write_text("zone,group\nflat 11,a\nflat 99,a\nflat 12,a\nflat 12,b\n", encoding="utf-8")
    with pytest.raises(DhsimError) as caught:
        groups_said(case, "floor:9", ["east", "one=flat 21"], tmp_path / "g.csv")
    text = str(caught.value)
    assert "g.csv:3: a: no such flat: 'flat 99'" in text
    assert "g.csv:5: b: flat 12 stands in a already" in text
    assert "--touched: touched: no flat on floor '9'; there are 1, 2, 3" in text
    assert "--control: got 'east'; it takes NAME=FLATS" in text
    assert "--control: one: one flat (flat 21): a group needs two" in text


def test_a_list_is_asked_for(case: BuildingCase, tmp_path: Path) -> None:
    (tmp_path / "g.yaml").write_text("touched: flat 11\n", encoding="utf-8")
    with pytest.raises(DhsimError, match=r"g\.yaml:1:\d+: touched: expected a list of flats"):
        groups_said(case, file=tmp_path / "g.yaml")


def test_the_usual_groups_go_by_the_change_of_flow(two_rounds: Path) -> None:
    first, last = open_workflow(two_rounds).rounds
    found = compared_rounds(first, last)
    change = dict(zip(first.building.zone_ids, np.abs(first.choice.flow_ratio_rel - 1.0), strict=True))
    touched = {zone for zone, one in change.items() if one > UNTOUCHED_REL}
    if found.groups is None:  # all flats are touched: it says so
        assert len(touched) > 10
        assert f"{len(touched)} are touched" in found.reason
    else:
        assert set(found.groups.intervened.zones) == touched


def test_named_groups_are_compared(two_rounds: Path) -> None:
    first, last = open_workflow(two_rounds).rounds
    found = compared_rounds(first, last, {TOUCHED: FLOOR1, "top": FLOOR3})
    assert found.groups.intervened.zones == FLOOR1
    assert [group.name for group in found.groups.controls] == ["top"]
    assert found.flow_change_rel.keys() == {"intervened", "top"}


def test_flats_without_a_sensor_are_left_out_and_named(two_rounds: Path) -> None:
    first, last = open_workflow(two_rounds).rounds
    keep = [z for z, zone in enumerate(last.fit.zone_ids) if zone != "flat 14"]
    fit = last.fit
    fewer = dataclasses.replace(
        fit,
        zone_ids=tuple(fit.zone_ids[z] for z in keep),
        theta_per_s=fit.theta_per_s[keep],
        nu_per_s=fit.nu_per_s[keep],
        theta_samples_per_s=fit.theta_samples_per_s[:, keep],
        nu_samples_per_s=fit.nu_samples_per_s[:, keep],
    )
    other = dataclasses.replace(last)
    other.__dict__["fit"] = fewer
    found = compared_rounds(first, other, {TOUCHED: FLOOR1, "top": FLOOR3})
    assert found.left_out == ("flat 14",)
    assert found.groups.intervened.zones == FLOOR1[:3]
    alone = compared_rounds(first, other, {TOUCHED: ("flat 13", "flat 14"), "top": FLOOR3})
    assert alone.groups is None
    assert alone.left_out == ("flat 14",)
    with pytest.raises(DhsimError, match="at least two different zones"):
        compared_rounds(first, other, {TOUCHED: FLOOR3, "low": ("flat 13", "flat 14")})
