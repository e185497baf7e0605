from __future__ import annotations

import sys
from itertools import product

import numpy as np
import pytest

from dhsim.balancing.lifted import run, start_at
from dhsim.balancing.pareto import ZETA_MAX, pareto, rounded
from dhsim.balancing.performance import performance
from dhsim.balancing.present import friction_variable
from dhsim.balancing.search import aggregate
from dhsim.balancing.synthetic_building import present_flows, synthetic_building, toy_building
from dhsim.errors import DhsimError, MissingExtraError
from dhsim.model.building import Building
from dhsim.model.building_hydraulics import solve_flows

casadi = pytest.importorskip("casadi", reason="the Pareto optimiser needs the extra [balancing]")

THETA = np.array([1.0, 0.8, 1.3]) / (6 * 86400.0)
NU = np.array([1.1, 1.0, 0.9]) / (6 * 86400.0)


@pytest.fixture(scope="module")
def made():
    return synthetic_building(12, n_floor=3, random=np.random.default_rng(5))


@pytest.fixture(scope="module")
def nu(made):
    return present_flows(made)[1]


@pytest.fixture(scope="module")
def front(made, nu):
    return pareto(made.building, made.theta_per_s, nu, [0.0, 0.2, 0.4, 0.6, 0.8], made.riser_valves)


def objective(building, theta, nu, zeta, resistance):
    ratio = solve_flows(building, resistance).flow_zone_m3_s / solve_flows(building).flow_zone_m3_s
    bound = performance(theta, nu, ratio)
    return (zeta * bound.proxy_best_per_s2 + (1.0 - zeta) * bound.proxy_worst_per_s2) / float(theta @ theta)


@pytest.mark.parametrize("zeta", [0.2, 0.5, 0.8])
def test_one_valve_agrees_with_a_fine_grid(zeta) -> None:
    toy = toy_building()
    point = pareto(toy, THETA, NU, [zeta], [1]).points[0]
    settings = toy.resistance_valves_pa_s2_m6.copy()

    def value(resistance):
        settings[1] = resistance
        return objective(toy, THETA, NU, zeta, settings)

    grid = np.geomspace(toy.resistance_min_pa_s2_m6[toy.valves[1]], toy.resistance_max_pa_s2_m6[toy.valves[1]], 400)
    coarse = grid[np.argmin([value(k) for k in grid])]
    fine = coarse * np.geomspace(0.98, 1.02, 200)
    assert point.objective_rel <= min(value(k) for k in fine) + 1e-8
    assert point.objective_rel < value(toy.resistance_valves_pa_s2_m6[0]) - 1e-4


@pytest.mark.parametrize("zeta", [0.2, 0.5, 0.8])
def test_where_all_flows_can_be_set_nothing_is_risked(zeta) -> None:
    """Each flat has its valve: nu can come to lie along theta without any flow going the wrong way."""
    toy = toy_building()
    point = pareto(toy, THETA, NU, [zeta]).points[0]
    present = performance(THETA, NU).proxy_per_s2 / float(THETA @ THETA)
    assert point.objective_rel == pytest.approx((1.0 - zeta) * present, rel=1e-7)


def test_points_report_exact_bounds(front, made, nu) -> None:
    present = solve_flows(made.building).flow_zone_m3_s
    for point in front.points:
        flow = solve_flows(made.building, point.resistance_valves_pa_s2_m6)
        np.testing.assert_allclose(point.flow_ratio_rel, flow.flow_zone_m3_s / present, rtol=1e-9)
        bound = performance(made.theta_per_s, nu, point.flow_ratio_rel)
        assert point.performance.proxy_worst_per_s2 == pytest.approx(bound.proxy_worst_per_s2, rel=1e-12)
        combined = point.zeta * bound.proxy_best_per_s2 + (1.0 - point.zeta) * bound.proxy_worst_per_s2
        assert point.objective_per_s2 == pytest.approx(combined, rel=1e-12)
        made.building.with_valves(point.resistance_valves_pa_s2_m6)  # within their ranges


def test_the_front_trades_risk_for_potential(front) -> None:
    best, worst = front.angles_rad.T
    assert (np.diff(best) < 1e-9).all()
    assert (np.diff(worst) > -1e-9).all()
    nothing = front.points[0].performance.angle_rad
    assert worst[0] == pytest.approx(nothing, rel=1e-3)
    assert best[0] < nothing
    assert (np.diff(front.objectives_rel) < 0.0).all()


def test_only_the_valves_asked_for_are_turned(front, made, nu) -> None:
    for point in front.points:
        assert set(point.changed.tolist()) <= set(made.riser_valves.tolist())
    names = [made.building.valve_ids[v] for v in made.riser_valves[:2]]
    named = pareto(made.building, made.theta_per_s, nu, [0.4], names).points[0]
    assert set(named.changed.tolist()) <= set(made.riser_valves[:2].tolist())
    assert named.objective_rel >= front.points[2].objective_rel - 1e-9


def test_more_valves_do_no_harm(front, made, nu) -> None:
    everything = pareto(made.building, made.theta_per_s, nu, [0.4], effort=0.0).points[0]
    assert everything.objective_rel < front.points[2].objective_rel


def test_the_same_call_gives_the_same_points(front, made, nu) -> None:
    again = pareto(made.building, made.theta_per_s, nu, [0.0, 0.2, 0.4, 0.6, 0.8], made.riser_valves)
    for one, other in zip(front.points, again.points, strict=True):
        assert one.resistance_valves_pa_s2_m6.tobytes() == other.resistance_valves_pa_s2_m6.tobytes()


def test_the_total_flow_is_kept(made, nu) -> None:
    kept = pareto(made.building, made.theta_per_s, nu, [0.3, 0.9], made.riser_valves, total_flow_tolerance_rel=1e-3)
    free = pareto(made.building, made.theta_per_s, nu, [0.3, 0.9], made.riser_valves)
    for one, other in zip(kept.points, free.points, strict=True):
        assert abs(one.flow_total_rel - 1.0) <= 1e-3
        assert one.objective_rel >= other.objective_rel - 1e-7
    assert abs(free.points[1].flow_total_rel - 1.0) > 1e-3


def test_weights_beyond_the_useful_are_left_out_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="beyond 0.95"):
        found = pareto(toy_building(), THETA, NU, [0.5, 0.95, 1.0])
    assert found.zetas.tolist() == [0.5, ZETA_MAX]


def test_the_solver_is_silent(capfd) -> None:
    pareto(toy_building(), THETA, NU, [0.5])
    assert capfd.readouterr() == ("", "")


def test_samples_are_weighed_together() -> None:
    toy, random = toy_building(), np.random.default_rng(2)
    theta = THETA * random.normal(1.0, 0.1, (5, 3))
    nu = NU * random.normal(1.0, 0.1, (5, 3))
    robust = pareto(toy, theta, nu, [0.3, 0.6])
    tail = pareto(toy, theta, nu, [0.3, 0.6], quantile=0.6)
    for i, zeta in enumerate(robust.zetas):
        single = pareto(toy, theta[0], nu[0], [zeta]).points[0]

        def each(point, zeta=zeta):
            settings = point.resistance_valves_pa_s2_m6
            return np.array([objective(toy, *pair, zeta, settings) for pair in zip(theta, nu, strict=True)])

        assert robust.points[i].objective_rel == pytest.approx(each(robust.points[i]).mean(), rel=1e-9)
        assert robust.points[i].objective_rel <= each(single).mean() + 1e-9
        assert tail.points[i].objective_rel == pytest.approx(aggregate(each(tail.points[i]), 0.6), rel=1e-9)
        assert tail.points[i].objective_rel <= aggregate(each(robust.points[i]), 0.6) + 1e-9


def bridged(resistance_bridge, resistance_valve):
    """Two mains from the pump, joined by a bridge (NaN: of pipe); a valve and a radiator behind each end of it."""
    pipe = np.where((np.arange(8) == 2) & np.isnan(resistance_bridge), 1.0, np.nan)
    return Building.from_edges(
        ["pipe"] * 3 + ["valve", "radiator"] * 2 + ["pipe"],
        [0, 0, 1, 1, 3, 2, 4, 9],
        [1, 2, 2, 3, 9, 4, 9, 8],
        dp_pump_pa=1e4,
        resistance_pa_s2_m6=[1e11, 1e11, resistance_bridge, 1e10, 1e10, resistance_valve, 1e10, 1e8],
        length_m=pipe * 5.0,
        diameter_m=pipe * 0.012,
        roughness_m=pipe * 1e-5,
        zone=[-1, -1, -1, -1, 0, -1, 1, -1],
        resistance_min_pa_s2_m6=1e9,
        resistance_max_pa_s2_m6=1e14,
    )


def parallel(settings, low, high):
    """One main, and a valve and a radiator for each zone."""
    n = len(settings)
    return Building.from_edges(
        ["pipe"] + ["valve", "radiator"] * n,
        [0] + [node for j in range(n) for node in (1, 10 + j)],
        [1] + [node for j in range(n) for node in (10 + j, 99)],
        dp_pump_pa=1e4,
        resistance_pa_s2_m6=[1e9] + [k for setting in settings for k in (setting, 1e11)],
        zone=[-1] + [z for j in range(n) for z in (-1, j)],
        resistance_min_pa_s2_m6=low,
        resistance_max_pa_s2_m6=high,
    )


def least_on_a_grid(building, theta, nu, zeta, n_each):
    """Smallest F/|theta|^2 over a grid of all valves' log settings, and once more round the best of it."""
    low, high = (np.log(side[building.valves]) for side in
                 (building.resistance_min_pa_s2_m6, building.resistance_max_pa_s2_m6))  # fmt: skip
    best, at = np.inf, None
    for _ in range(3):
        axes = [np.linspace(a, b, n_each) for a, b in zip(low, high, strict=True)]
        for settings in product(*axes):
            value = objective(building, np.array(theta), np.array(nu), zeta, np.exp(settings))
            best, at = min((best, at), (value, settings), key=lambda pair: pair[0])
        step = (high - low) / (n_each - 1)
        low, high = np.maximum(low, at - step), np.minimum(high, at + step)
    return best


@pytest.mark.parametrize("resistance_valve", [1e10, 2e10])
@pytest.mark.parametrize("resistance_bridge", [1e8, 1e10])
def test_a_bridge_may_turn_round(resistance_bridge, resistance_valve) -> None:
    """Balanced it carries nothing at present, and with other settings water in either direction."""
    building = bridged(resistance_bridge, resistance_valve)
    for nu in ([2.0, 0.5], [0.5, 2.0]):
        found = pareto(building, [1.0, 1.0], nu, [0.35]).objectives_rel[0]
        assert found <= least_on_a_grid(building, [1.0, 1.0], nu, 0.35, 13) + 1e-6


def test_the_bridge_of_pipe_lets_both_flats_have_what_they_need() -> None:
    """Nothing need be risked: each flat's flow can be set, so that F is (1 - zeta) times what it is today."""
    building = bridged(np.nan, 2e10)
    found = pareto(building, [1.0, 1.0], [2.0, 0.5], [0.35]).objectives_rel[0]
    assert found == pytest.approx(0.65 * performance([1.0, 1.0], [2.0, 0.5]).proxy_per_s2 / 2.0, rel=1e-6)


@pytest.mark.parametrize(
    ("settings", "theta", "nu", "expected"),
    [
        ([1e15, 1e11, 1e12], [1.0, 1.0, 0.5], [0.01, 1.0, 0.4], 0.2854086),
        ([1e12, 1e12], [1e-3, 1.0], [1.0, 1e-3], 0.9680060),
    ],
)
def test_valves_can_go_all_the_way(settings, theta, nu, expected) -> None:
    """A valve that stands nearly closed opens to a hundred times its flow; expected are the results of a fine grid."""
    building = parallel(settings, 1e8, 1e16)
    point = pareto(building, theta, nu, [0.35]).points[0]
    assert point.objective_rel == pytest.approx(expected, abs=1e-6)


def test_points_come_in_the_order_asked(front, made, nu) -> None:
    again = pareto(made.building, made.theta_per_s, nu, [0.4, 0.2, 0.4], made.riser_valves, effort=0.0)
    assert again.zetas.tolist() == [0.4, 0.2, 0.4]
    assert again.points[0].objective_rel == again.points[2].objective_rel < again.points[1].objective_rel


def test_a_mask_frees_what_it_marks() -> None:
    point = pareto(toy_building(), THETA, NU, [0.4], np.array([False, True, False])).points[0]
    assert point.changed.tolist() == [1]


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "zeta"), [(2, 0.6), (3, 0.9)])
def test_a_single_weight_is_served_as_well_as_many(seed, zeta) -> None:
    made = synthetic_building(30, 12, random=np.random.default_rng(seed))
    nu = present_flows(made)[1]
    alone = pareto(made.building, made.theta_per_s, nu, [zeta]).objectives_rel[0]
    among = pareto(made.building, made.theta_per_s, nu, [zeta, *np.linspace(0.0, 0.95, 20)]).objectives_rel[0]
    assert alone == pytest.approx(among, abs=1e-6 if zeta <= 0.7 else 3e-5)


def test_the_tail_is_the_mean_of_the_worst() -> None:
    assert aggregate(np.array([1.0, 2.0, 3.0, 4.0]), 0.5) == pytest.approx(3.5)
    assert aggregate(np.array([1.0, 2.0, 3.0, 4.0]), 0.0) == pytest.approx(2.5)


def test_rounded_settings_stand_at_levels(front, made) -> None:
    point = front.points[2]
    levels = np.geomspace(2e11, 8e13, 40)
    found = rounded(front, point, levels)
    changed = found.resistance_valves_pa_s2_m6[found.changed]
    assert np.abs(np.log(changed[:, None] / levels)).min(axis=1).max() < 1e-9
    start = made.building.resistance_valves_pa_s2_m6.copy()
    nearest = levels[np.argmin(np.abs(np.log(point.resistance_valves_pa_s2_m6[:, None] / levels)), axis=1)]
    start[point.changed] = nearest[point.changed]
    naive = objective(made.building, *front.search.thermal.theta_per_s, *front.search.thermal.nu_per_s, 0.4, start)
    assert point.objective_rel - 1e-9 <= found.objective_rel <= naive
    with pytest.raises(DhsimError, match="levels of riser valve 0 must be positive"):
        rounded(front, point, {int(made.riser_valves[0]): [-1.0]})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"theta_per_s": THETA[:2]}, "one value for each of 3 zones"),
        ({"nu_per_s": NU * [1, 0, 1]}, "nu of zone 1 is not positive"),
        ({"zetas": [-0.1]}, "weights from 0 to 1"),
        ({"free_valves": [7]}, "unknown valves 7: the building has 3"),
        ({"free_valves": ["tap"]}, "unknown valves tap"),
        ({"max_changed": 0}, "max_changed 0"),
        ({"total_flow_tolerance_rel": -1.0}, "must not be negative"),
        ({"quantile": 1.0}, "quantile 1"),
        ({"theta_per_s": ["warm"] * 3}, "theta: got"),
        ({"theta_per_s": THETA, "nu_per_s": NU[:1]}, "one value for each of 3 zones"),
        ({"theta_per_s": [[1.0, 2.0, 3.0], [1.0]]}, "theta: got"),
        ({"theta_per_s": np.ones((2, 2, 3)), "nu_per_s": np.ones((2, 2, 3))}, "one value for each of 3 zones"),
        ({"theta_per_s": np.ones((0, 3)), "nu_per_s": np.ones((0, 3))}, "one value for each of 3 zones"),
        ({"max_changed": 1.5}, "max_changed 1.5"),
        ({"effort": np.nan}, "effort"),
        ({"free_valves": [1.9]}, "unknown valves 1.9"),
    ],
)
def test_what_does_not_fit_is_refused(changes, message) -> None:
    with pytest.raises(DhsimError, match=message):
        pareto(**({"building": toy_building(), "theta_per_s": THETA, "nu_per_s": NU, "zetas": [0.5]} | changes))


def test_without_casadi_the_extra_is_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "casadi", None)
    with pytest.raises(MissingExtraError, match=r"dhsim\[balancing\]"):
        pareto(toy_building(), THETA, NU, [0.5])


@pytest.mark.parametrize("number", [30.0, 2e3, 1e5, 1e7])
@pytest.mark.parametrize("share", [0.0, 1e-5, 1e-2])
def test_the_friction_variable_solves_colebrook(number, share) -> None:
    y = friction_variable(np.array([number]), np.array([share]))[0]
    assert -2.0 * y * np.log10(2.51 / y + share) == pytest.approx(number, rel=1e-11)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_no_long_search_finds_much_better(seed) -> None:
    """Multi-start and basin hopping, both far longer than the front takes, on a building like the case study's."""
    made = synthetic_building(70, 61, random=np.random.default_rng(seed))
    nu = present_flows(made)[1]
    front = pareto(made.building, made.theta_per_s, nu, np.linspace(0.0, 0.95, 20), made.riser_valves)
    search, random = front.search, np.random.default_rng(99)
    for zeta, allowed in ((0.3, 1e-6), (0.6, 1e-6), (0.7, 1e-6), (0.8, 3e-5), (0.9, 3e-5)):
        trials = []
        for i in range(30):
            kick = np.clip(random.normal(0.0, (0.3, 1.0, 2.0)[i % 3], search.free.size), search.low, search.high)
            x = start_at(search.model, solve_flows(search.circuit, search.settings(kick)), kick, zeta)
            found = run(search.model, (search.model.cold, search.model.kick)[i % 2], zeta, x)
            if found.converged:
                trials.append(search.evaluate(found.x[: search.free.size], found))
        best = min(trials, key=lambda candidate: search.objective_rel(candidate, zeta))
        for _ in range(120):
            trial = search.kicked(best, zeta, random)
            best = min((c for c in (best, trial) if c is not None), key=lambda c: search.objective_rel(c, zeta))
        point = front.points[int(np.argmin(np.abs(front.zetas - zeta)))]
        assert point.objective_rel <= search.objective_rel(best, zeta) + allowed
