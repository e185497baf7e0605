from __future__ import annotations

from itertools import pairwise, permutations

import numpy as np
import pytest

from dhsim.balancing.reversal import reversible


def found(arcs, one_way=()):
    start, end = (np.array(side) for side in zip(*arcs, strict=True))
    only = np.isin(np.arange(len(arcs)), one_way)
    return np.flatnonzero(reversible(int(max(start.max(), end.max())) + 1, start, end, only)).tolist()


def ways_through(arcs, one_way):
    """Edges that some way from the outlet to the inlet without a node twice runs through backwards: all ways tried."""
    nodes, back = {n for arc in arcs for n in arc} - {0, 1}, set()
    for size in range(len(nodes) + 1):
        for inner in permutations(sorted(nodes), size):
            way = [0, *inner, 1]
            steps = [
                [(e, False) for e, arc in enumerate(arcs) if arc == (a, b)]
                + [(e, True) for e, arc in enumerate(arcs) if arc == (b, a) and e not in one_way]
                for a, b in pairwise(way)
            ]
            if all(steps):
                back |= {e for step in steps for e, turned in step if turned}
    return back


def test_a_bridge_can_turn_and_a_tree_cannot() -> None:
    bridge = [(0, 2), (0, 3), (2, 3), (2, 1), (3, 1)]
    assert found(bridge) == [2]
    assert found([(0, 2), (2, 3), (2, 1), (3, 1), (3, 1)]) == []


def test_reversed_return_is_no_loop_where_water_only_falls_through_radiators() -> None:
    """Supply 0-2-3, return 4-5-1, radiators 2-4 and 3-5: only a way back through a radiator could turn a main."""
    mains = [(0, 2), (2, 3), (4, 5), (5, 1), (2, 4), (3, 5)]
    assert found(mains, [4, 5]) == []
    assert found(mains) == []


def test_a_ring_can_turn_but_where_it_leaves_the_pump() -> None:
    ring = [(0, 2), (2, 3), (3, 4), (4, 5), (2, 5), (3, 1), (4, 1), (5, 1)]
    assert found(ring, [5, 6, 7]) == [2, 3]


@pytest.mark.parametrize("seed", range(30))
def test_no_edge_that_can_turn_is_missed(seed) -> None:
    random = np.random.default_rng(seed)
    arcs = [(0, 2), (3, 1)]
    arcs += [tuple(random.choice(6, 2, replace=False).tolist()) for _ in range(random.integers(4, 9))]
    arcs = [(a, b) for a, b in arcs if a != 1 and b != 0]
    one_way = np.flatnonzero(random.random(len(arcs)) < 0.4).tolist()
    assert ways_through(arcs, one_way) - set(one_way) <= set(found(arcs, one_way))
