"""The walk from the pump: wing by wing, branch by branch, nearest first."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dhsim.balancing.guidance import riser_valves
from dhsim.balancing.protocol import open_building
from dhsim.balancing.synthetic_building import synthetic_building, toy_building
from dhsim.balancing.work_order import distance_m, wings

FLATS12 = Path(__file__).parents[3] / "scenarios" / "buildings" / "flats12"


def test_a_wing_is_walked_to_its_end_before_the_other() -> None:
    building = open_building(FLATS12).building
    named = [[building.valve_ids[v] for v in wing] for wing in wings(building, riser_valves(building).tolist())]
    assert [[int(name.split()[-1]) for name in wing] for wing in named] == [[5, 4, 3, 2, 1], [6, 7, 8, 9, 10]]


def test_every_valve_comes_once_and_near_ones_first_in_a_wing() -> None:
    building = synthetic_building(30, random=np.random.default_rng(3)).building
    risers = riser_valves(building).tolist()
    found = wings(building, risers)
    assert sorted(v for wing in found for v in wing) == risers
    far_m = distance_m(building)[building.valves]
    for wing in found:
        assert (np.diff(far_m[list(wing)]) >= -1e-9).all()  # its mains do not fork again


def test_a_building_without_risers_has_no_wing() -> None:
    assert wings(toy_building(), []) == ()
