from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from dhsim.balancing.pareto import pareto, point_of, rounded
from dhsim.balancing.search import UNCHANGED
from dhsim.balancing.selection import at_levels, ranked
from dhsim.balancing.synthetic_building import present_flows, synthetic_building
from dhsim.errors import ConvergenceError, DhsimError

pytest.importorskip("casadi", reason="the Pareto optimiser needs the extra [balancing]")


@pytest.fixture(scope="module")
def made():
    return synthetic_building(12, n_floor=3, random=np.random.default_rng(5))


@pytest.fixture(scope="module")
def nu(made):
    return present_flows(made)[1]


@pytest.mark.parametrize("zeta", [0.4, 0.8])
def test_two_valves_are_the_best_two(made, nu, zeta) -> None:
    found = pareto(made.building, made.theta_per_s, nu, [zeta], made.riser_valves, max_changed=2).points[0]
    assert found.changed.size <= 2
    pairs = [
        pareto(made.building, made.theta_per_s, nu, [zeta], pair, effort=0.0).points[0].objective_rel
        for pair in combinations(made.riser_valves.tolist(), 2)
    ]
    assert found.objective_rel <= min(pairs) + 1e-6


def test_few_valves_keep_the_total_flow_and_beat_the_ranking(made, nu) -> None:
    kept = {"total_flow_tolerance_rel": 1e-3}
    full = pareto(made.building, made.theta_per_s, nu, [0.5], made.riser_valves, **kept)
    few = pareto(made.building, made.theta_per_s, nu, [0.5], made.riser_valves, max_changed=4, **kept).points[0]
    assert few.changed.size <= 4
    assert abs(few.flow_total_rel - 1.0) <= 1e-3
    search, point = full.search, full.points[0]
    present = made.building.resistance_valves_pa_s2_m6
    start = search.evaluate(np.log(point.resistance_valves_pa_s2_m6 / present)[search.free])
    plain = search.objective_rel(ranked(search, start, 0.5, 4), 0.5)
    assert point.objective_rel < few.objective_rel < plain


def test_more_valves_than_there_are_is_all_of_them(made, nu) -> None:
    one = pareto(made.building, made.theta_per_s, nu, [0.5], made.riser_valves, max_changed=99).points[0]
    other = pareto(made.building, made.theta_per_s, nu, [0.5], made.riser_valves).points[0]
    assert one.objective_rel == other.objective_rel


def test_levels_too_coarse_for_the_total_flow_are_refused(made, nu) -> None:
    front = pareto(made.building, made.theta_per_s, nu, [0.5], made.riser_valves, total_flow_tolerance_rel=1e-6)
    search = front.search
    start = search.evaluate(
        np.log(front.points[0].resistance_valves_pa_s2_m6 / made.building.resistance_valves_pa_s2_m6)[search.free]
    )
    assert (np.abs(start.log_setting) >= UNCHANGED).any()
    levels = {v: np.array([search.low[v], search.high[v]]) for v in range(search.free.size)}
    with pytest.raises(ConvergenceError, match="keep the total flow"):
        at_levels(search, start, 0.5, levels)


def test_a_point_without_changes_is_rounded_to_itself(made, nu) -> None:
    front = pareto(made.building, made.theta_per_s, nu, [0.5], made.riser_valves, effort=0.0)
    start = front.search.evaluate(np.zeros(front.search.free.size))
    nothing = point_of(front.search, start, 0.5)
    assert rounded(front, nothing, [1e11, 1e12]).changed.size == 0
    changed = rounded(front, front.points[0], {int(v): [1e11] for v in made.riser_valves[:0]})
    assert changed.objective_rel == pytest.approx(front.points[0].objective_rel, rel=1e-9)


def test_levels_that_cannot_keep_the_total_flow_leave_the_valves_as_they_are(made, nu) -> None:
    kept = {"total_flow_tolerance_rel": 1e-6, "effort": 0.0}
    front = pareto(made.building, made.theta_per_s, nu, [0.5], made.riser_valves, **kept)
    assert front.points[0].changed.size
    found = rounded(front, front.points[0], [6e11, 6e13])
    assert abs(found.flow_total_rel - 1.0) <= 1.1e-6
    nothing = found.performance.proxy_per_s2 / float(made.theta_per_s @ made.theta_per_s)
    assert found.objective_rel <= nothing + 1e-12


def test_levels_are_for_valves_that_there_are(made, nu) -> None:
    front = pareto(made.building, made.theta_per_s, nu, [0.5], made.riser_valves, effort=0.0)
    name = made.building.valve_ids[made.riser_valves[0]]
    levels = np.geomspace(2e11, 8e13, 10)
    by_name, by_number = (
        rounded(front, front.points[0], {key: levels}).resistance_valves_pa_s2_m6
        for key in (name, int(made.riser_valves[0]))
    )
    assert by_name.tobytes() == by_number.tobytes()
    with pytest.raises(DhsimError, match="unknown valves 999"):
        rounded(front, front.points[0], {999: levels})


@pytest.mark.slow
def test_ten_of_61_valves_gain_far_more_than_the_ten_that_move_most() -> None:
    made = synthetic_building(70, 61, random=np.random.default_rng(1))
    nu = present_flows(made)[1]
    kept = {"total_flow_tolerance_rel": 1e-3}
    full = pareto(made.building, made.theta_per_s, nu, [0.3, 0.6], made.riser_valves, **kept)
    few = pareto(made.building, made.theta_per_s, nu, [0.3, 0.6], made.riser_valves, max_changed=10, **kept)
    search, present = full.search, made.building.resistance_valves_pa_s2_m6
    nothing = full.points[0].performance.proxy_per_s2 / float(made.theta_per_s @ made.theta_per_s)
    for whole, part in zip(full.points, few.points, strict=True):
        assert part.changed.size <= 10
        assert abs(part.flow_total_rel - 1.0) <= 1e-3
        start = search.evaluate(np.log(whole.resistance_valves_pa_s2_m6 / present)[search.free])
        plain = search.objective_rel(ranked(search, start, whole.zeta, 10), whole.zeta)
        assert nothing - part.objective_rel > 1.5 * (nothing - plain)
