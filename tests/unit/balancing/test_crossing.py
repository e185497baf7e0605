"""Moves across the kinks: slopes against differences, and starts that stand on the other side."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from dhsim.balancing.continuation import followed
from dhsim.balancing.crossing import Sides, crossings, flow_slopes
from dhsim.balancing.pareto import pareto
from dhsim.balancing.synthetic_building import present_flows, synthetic_building

pytest.importorskip("casadi", reason="the Pareto optimiser needs the extra [balancing]")


@pytest.fixture(scope="module", params=[(30, 12, False), (70, 61, True)], ids=["all valves", "riser valves"])
def search(request):
    n_flat, n_riser, risers = request.param
    made = synthetic_building(n_flat, n_riser, random=np.random.default_rng(1))
    free = made.riser_valves if risers else None
    return pareto(made.building, made.theta_per_s, present_flows(made)[1], [0.1], free, effort=0.0).search


@pytest.fixture(scope="module")
def candidate(search):
    return followed(search, [0.9], 0.0)[0.9]


def ratio(search, log_setting):
    return search.evaluate(log_setting).flow.flow_zone_m3_s / search.present.flow_zone_m3_s


def test_slopes_are_those_of_the_flows(search, candidate) -> None:
    slope = flow_slopes(search.model, candidate)
    inside = np.flatnonzero((candidate.log_setting > search.low + 0.01) & (candidate.log_setting < search.high - 0.01))
    assert inside.size > 5
    for v in inside[:: inside.size // 5]:
        step = np.zeros(search.free.size)
        step[v] = 1e-3
        ends = [np.log(ratio(search, candidate.log_setting + side * step)) for side in (-1.0, 1.0)]
        np.testing.assert_allclose(slope[:, v], (ends[1] - ends[0]) / 2e-3, atol=2e-6)


def test_a_crossing_starts_on_the_other_side(search, candidate) -> None:
    before = ratio(search, candidate.log_setting)
    moves = crossings(search, candidate, 0.9)
    assert len({move.zone for move in moves}) == len(moves) > 10
    for move in moves[:10]:
        assert (move.log_setting >= search.low).all()
        assert (move.log_setting <= search.high).all()
        after = ratio(search, move.log_setting)[move.zone]
        assert (after > 1.0) != (before[move.zone] > 1.0)


def test_crossings_come_in_turns(search, candidate) -> None:
    sides, moves = Sides(search), crossings(search, candidate, 0.9)
    for move in [*moves, moves[0]]:
        np.testing.assert_array_equal(sides.following(candidate, 0.9), move.log_setting)
    np.testing.assert_array_equal(sides.following(candidate, 0.8), crossings(search, candidate, 0.8)[0].log_setting)


def test_crossings_lead_to_other_valleys(search, candidate) -> None:
    if search.free.size > 61:
        pytest.skip("where nearly all flows can be set, all crossings lead back")
    ends = [search.polished(search.evaluate(move.log_setting), 0.9) for move in crossings(search, candidate, 0.9)[:15]]
    values = [search.objective_rel(end, 0.9) for end in ends if end is not None]
    assert min(values) < search.objective_rel(candidate, 0.9) - 1e-5
    assert len({round(value, 7) for value in values}) > 2


def test_without_slopes_there_is_no_crossing(search, candidate) -> None:
    def empty(x):
        return [np.zeros(part.shape) for part in search.model.slopes(x)]

    empty.size1_in = search.model.slopes.size1_in
    model = dataclasses.replace(search.model, slopes=empty)
    assert np.isnan(flow_slopes(model, candidate)).all()
    assert crossings(dataclasses.replace(search, model=model), candidate, 0.9) == []
    assert Sides(dataclasses.replace(search, model=model)).following(candidate, 0.9) is None
