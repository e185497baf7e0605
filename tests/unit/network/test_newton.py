"""Newton's method on pressures: by hand where a hand can, starts of all kinds, valves that fall shut."""

from __future__ import annotations

import numpy as np
import pytest

from dhsim.network.branches import other_branches
from dhsim.network.newton import empty_potential, problem_of, solve


def problem(branches, n_node, given=(0,)):
    """Make a problem of (start, end, resistance, {rise, one_way, is_open})."""
    rows = [(*branch, {})[:4] for branch in branches]
    ends = [np.array([row[i] for row in rows]) for i in (0, 1)]

    def column(key, default):
        return np.array([row[3].get(key, default) for row in rows])

    rise = tuple(np.array([row[3].get("rise", (0.0, 0.0, 0.0))[i] for row in rows]) for i in range(3))
    made = other_branches(
        *ends, np.array([float(row[2]) for row in rows]), rise=rise, one_way=column("one_way", 0),
        is_open=column("is_open", 1),
    )  # fmt: skip
    return problem_of(made, n_node, np.array(given, dtype=np.int64))


def found(made, pressures, draws=None, start=None):
    potential = empty_potential(made)
    for node, value in pressures.items():
        potential.pressure_pa[node] = value
    for node, value in (draws or {}).items():
        potential.draw_kg_s[node] = value
    if start is not None:
        potential.mass_flow_kg_s[:] = start
    rounds = solve(made, potential)
    return rounds, potential


def test_two_valves_in_a_row_and_two_side_by_side():
    made = problem([(0, 1, 100.0), (1, 2, 300.0), (1, 2, 300.0 / 4.0)], 3, (0, 2))
    rounds, potential = found(made, {0: 1e4, 2: 0.0})
    share = 300.0 / 9.0  # 1/sqrt(R) adds up side by side: 1 + 2 = 3
    flow = (1e4 / (100.0 + share)) ** 0.5
    assert rounds > 0
    np.testing.assert_allclose(potential.mass_flow_kg_s, [flow, flow / 3.0, 2.0 * flow / 3.0], rtol=1e-12)
    assert potential.pressure_pa[1] == pytest.approx(share * flow**2, rel=1e-12)


def test_pump_and_network_meet_on_both_curves():
    made = problem([(0, 1, 0.0, {"rise": (1e5, 0.0, -2000.0)}), (1, 0, 500.0)], 2)
    _, potential = found(made, {0: 0.0})
    np.testing.assert_allclose(potential.mass_flow_kg_s, (1e5 / 2500.0) ** 0.5, rtol=1e-12)


def test_pumps_against_each_other():
    pump = {"rise": (1e5, 0.0, -2000.0)}
    made = problem([(0, 1, 0.0, pump), (0, 1, 0.0, {"rise": (5e4, 0.0, -2000.0)}), (1, 0, 1e9)], 2)
    _, potential = found(made, {0: 0.0})
    strong, weak = potential.mass_flow_kg_s[:2]
    assert strong > 0.0 > weak
    assert 1e5 - 2000.0 * strong**2 == pytest.approx(5e4 + 2000.0 * weak**2, rel=1e-9)
    check = {"rise": (5e4, 0.0, -2000.0), "one_way": 1}
    made = problem([(0, 1, 0.0, pump), (0, 1, 0.0, check), (1, 0, 1e4)], 2)
    _, potential = found(made, {0: 0.0})
    assert abs(potential.mass_flow_kg_s[1]) < 1e-7
    assert potential.mass_flow_kg_s[0] == pytest.approx((1e5 / 1.2e4) ** 0.5, rel=1e-7)


@pytest.mark.parametrize("start", [0.0, 1e-9, -1e-9, 1.0, -1.0, 1e5, -1e5, np.nan, np.inf])
def test_any_start_leads_to_the_same_end(start):
    made = problem([(0, 1, 10.0), (1, 2, 40.0), (2, 0, 90.0), (1, 3, 20.0, {"one_way": 1}), (3, 2, 5.0)], 4)
    draws = {1: 0.5, 2: 2.0, 3: 0.1}
    expected = found(made, {0: 0.0}, draws)[1].mass_flow_kg_s
    potential = empty_potential(made)
    potential.mass_flow_kg_s[:] = start
    if not np.isfinite(start):
        potential.pressure_pa[1:] = np.nan
    for node, value in draws.items():
        potential.draw_kg_s[node] = value
    assert solve(made, potential) > 0
    np.testing.assert_allclose(potential.mass_flow_kg_s, expected, rtol=1e-9)


def test_a_warm_start_takes_two_rounds():
    made = problem([(0, 1, 10.0), (1, 2, 40.0), (2, 0, 90.0)], 3)
    rounds, potential = found(made, {0: 0.0}, {1: 1.0, 2: 2.0})
    assert rounds > 2
    assert solve(made, potential) == 2


@pytest.mark.parametrize("swing", [1e-6, 1.0, 1e3])
def test_check_valves_fall_shut_and_open_again(swing):
    """A ring of check valves whose draws change at random: none lets anything back, whatever came before."""
    rng = np.random.default_rng(7)
    ring = [(k, (k + 1) % 8, 10.0 * (k + 1), {"one_way": int(k % 2)}) for k in range(8)]
    made = problem([*ring, (0, 4, 3.0, {"one_way": 1}), (2, 6, 3.0)], 8)
    potential = empty_potential(made)
    for _ in range(200):
        potential.draw_kg_s[1:] = swing * rng.uniform(-1.0, 1.0, 7)
        assert solve(made, potential) > 0
        one_way = made.branches.one_way == 1
        held = potential.mass_flow_kg_s[one_way]
        across = (potential.pressure_pa[made.branches.node_start] - potential.pressure_pa[made.branches.node_end])[
            one_way
        ]
        cost = made.branches.fitting_pa_s2_kg2[one_way] * held * np.abs(held)
        scale = max(1.0, np.abs(across).max())
        assert np.all(held * 1e13 >= across.min() - scale)
        shut = held <= 0.0
        assert np.all(across[shut] <= 1e-6 * scale)
        np.testing.assert_allclose(across[~shut & (held > 1e-4)], cost[~shut & (held > 1e-4)], atol=1e-6 * scale)


def test_nothing_drawn_and_nothing_driven_is_no_flow():
    made = problem([(0, 1, 10.0), (1, 2, 0.0), (2, 0, 90.0), (2, 3, 4.0)], 4)
    rounds, potential = found(made, {0: 5e5})
    assert rounds > 0
    assert np.abs(potential.mass_flow_kg_s).max() < 1e-9
    np.testing.assert_allclose(potential.pressure_pa, 5e5)
    assert solve(made, potential) > 0


def test_closed_branches_carry_nothing():
    made = problem([(0, 1, 10.0), (1, 2, 10.0, {"is_open": 0}), (0, 2, 10.0)], 3)
    _, potential = found(made, {0: 1e5}, {1: 1.0, 2: 2.0})
    np.testing.assert_allclose(potential.mass_flow_kg_s, [1.0, 0.0, 2.0], atol=1e-12)
    assert potential.mass_flow_kg_s[1] == 0.0


def test_nan_is_no_solution():
    made = problem([(0, 1, 10.0)], 2)
    assert found(made, {0: 0.0}, {1: np.nan})[0] < 0
    _, potential = found(made, {0: 0.0}, {1: np.nan})
    potential.draw_kg_s[1] = 1.0
    assert solve(made, potential) > 0  # and the next instant starts anew
    assert potential.mass_flow_kg_s[0] == pytest.approx(1.0)
