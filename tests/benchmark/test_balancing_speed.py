"""The Pareto optimiser beside the naive one: SLSQP with finite differences on the same problem, in one run."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.optimize import minimize

from dhsim.balancing.pareto import pareto
from dhsim.balancing.performance import performance
from dhsim.balancing.synthetic_building import present_flows, synthetic_building
from dhsim.model.building_hydraulics import make_circuit, solve_flows

pytest.importorskip("casadi", reason="the Pareto optimiser needs the extra [balancing]")
ZETAS = np.linspace(0.0, 0.95, 21)


@pytest.mark.slow
@pytest.mark.benchmark
@pytest.mark.parametrize("zeta", [0.38, 0.76])
def test_a_point_is_better_and_20_times_faster_than_slsqp(zeta: float) -> None:
    made = synthetic_building(70, 61, random=np.random.default_rng(1))
    building, theta = made.building, made.theta_per_s
    nu = present_flows(made)[1]
    circuit, valves = make_circuit(building), building.valves[made.riser_valves]
    present = solve_flows(circuit).flow_zone_m3_s
    start = building.resistance_valves_pa_s2_m6
    pareto(building, theta, nu, [0.1], made.riser_valves, effort=0.0)  # compiles

    def value(log_setting: np.ndarray) -> float:
        settings = start.copy()
        settings[made.riser_valves] *= np.exp(log_setting)
        bound = performance(theta, nu, solve_flows(circuit, settings).flow_zone_m3_s / present)
        total = zeta * bound.proxy_best_per_s2 + (1.0 - zeta) * bound.proxy_worst_per_s2
        return total / float(theta @ theta)

    began = time.perf_counter()
    front = pareto(building, theta, nu, ZETAS, made.riser_valves)
    per_point = (time.perf_counter() - began) / ZETAS.size
    point = front.points[int(np.argmin(np.abs(ZETAS - zeta)))]
    settings = start[made.riser_valves]
    ends = (building.resistance_min_pa_s2_m6[valves], building.resistance_max_pa_s2_m6[valves])
    box = np.log(np.column_stack(ends) / settings[:, None])
    began = time.perf_counter()
    naive = minimize(value, np.zeros(valves.size), method="SLSQP", bounds=box, options={"maxiter": 200, "ftol": 1e-9})
    taken = time.perf_counter() - began
    shown = f"F {point.objective_rel:.6f} in {per_point:.2f} s, SLSQP {naive.fun:.6f} in {taken:.1f} s"
    print(shown)
    assert point.objective_rel < naive.fun, shown
    assert taken > 20.0 * per_point, shown


@pytest.mark.slow
@pytest.mark.benchmark
@pytest.mark.parametrize(("n_flat", "n_riser"), [(70, 61), (200, None)])
def test_times_of_a_front(n_flat: int, n_riser: int | None) -> None:
    """Reported, not judged: a slower machine is no fault."""
    made = synthetic_building(n_flat, n_riser, random=np.random.default_rng(1))
    nu = present_flows(made)[1]
    began = time.perf_counter()
    front = pareto(made.building, made.theta_per_s, nu, ZETAS, made.riser_valves)
    print(f"{n_flat} flats, {made.riser_valves.size} riser valves, 21 points: {time.perf_counter() - began:.1f} s")
    assert (np.diff(front.objectives_rel) < 0.0).all()


@pytest.mark.slow
@pytest.mark.benchmark
@pytest.mark.parametrize("n_flat", [70, 1000])
def test_times_of_a_cold_solve(n_flat: int) -> None:
    building = synthetic_building(n_flat, random=np.random.default_rng(1)).building
    solve_flows(building)
    taken = []
    for _ in range(5):
        began = time.perf_counter()
        solve_flows(building)
        taken.append(time.perf_counter() - began)
    print(f"{n_flat} flats, {building.kind.size} edges: {1e3 * min(taken):.1f} ms with all preparation")
