"""What hangs together, where water can come to, and islands behind closed valves."""

from __future__ import annotations

import numpy as np
import pytest

from dhsim.elementwise import compiled
from dhsim.network.branches import other_branches
from dhsim.network.ties import NO_ISLAND, fed_from, islands_of, level_islands, parts_of


def branches(*rows):
    """Make branches of (start, end, {one_way, is_open})."""
    ends = [np.array([row[i] for row in rows]) for i in (0, 1)]
    said = [row[2] if len(row) > 2 else {} for row in rows]
    one_way, is_open = (
        np.array([each.get(key, value) for each in said]) for key, value in (("one_way", 0), ("is_open", 1))
    )
    return other_branches(*ends, np.ones(len(rows)), one_way=one_way, is_open=is_open)


SHUT = {"is_open": 0}
CHECK = {"one_way": 1}


@compiled
def _level(islands, pressure_pa):
    level_islands(islands, pressure_pa)


def test_parts():
    part = parts_of(5, np.array([0, 3]), np.array([1, 4]))
    assert part[0] == part[1]
    assert part[3] == part[4]
    assert len(set(part.tolist())) == 3


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([(0, 1), (2, 1)], [1, 1, 1]),
        ([(0, 1), (2, 1, CHECK)], [1, 1, 0]),
        ([(0, 1), (1, 2, CHECK)], [1, 1, 1]),
        ([(0, 1, SHUT), (1, 2)], [1, 0, 0]),
    ],
)
def test_where_water_can_come_to(rows, found):
    assert fed_from(3, branches(*rows), np.array([0])).tolist() == found


def test_islands_follow_each_other_and_take_the_pressure_before_the_valve():
    made = branches((0, 1), (1, 2, SHUT), (2, 3), (5, 4, SHUT), (3, 4, SHUT))
    islands = islands_of(6, made, np.array([0]))
    assert islands.island_of_node.tolist() == [NO_ISLAND, NO_ISLAND, 0, 0, 1, 2]
    pressure = np.array([9.0, 8.0, 0.0, -1.0, 100.0, 50.0])
    _level(islands, pressure)
    np.testing.assert_allclose(pressure, [9.0, 8.0, 8.0, 7.0, 7.0, 7.0])


def test_without_closed_valves_there_are_none():
    islands = islands_of(3, branches((0, 1), (1, 2)), np.array([0]))
    assert islands.node_held.size == 0
    assert np.all(islands.island_of_node == NO_ISLAND)


def test_what_nothing_ties_is_refused():
    with pytest.raises(ValueError, match=r"2 nodes are tied to no producer.*first: 2"):
        islands_of(4, branches((0, 1), (2, 3)), np.array([0]))
