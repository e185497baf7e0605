"""The tree sweep against a general-purpose root finder on the same laws, and against what can be said by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import fsolve

from dhsim.network.hydraulics import COLEBROOK_CONSTANT, empty_flow, pipe_resistance, solve_tree
from dhsim.network.parts import Line
from dhsim.physics.friction import pressure_drop_pa

DENSITY, VISCOSITY = 977.8, 4.04e-4


def pipes_of(node_start, length_m, diameter_m, zeta=2.0, roughness_m=5e-4):
    n = len(node_start)
    return Line(
        node_start=np.array(node_start, dtype=np.int64),
        node_end=np.arange(1, n + 1),
        length_m=np.broadcast_to(np.asarray(length_m, dtype=float), n).copy(),
        diameter_m=np.broadcast_to(np.asarray(diameter_m, dtype=float), n).copy(),
        roughness_m=np.full(n, roughness_m),
        zeta=np.full(n, float(zeta)),
        u_w_mk=np.full(n, 0.4),
        heat_capacity_wall_j_mk=np.zeros(n),
        buried=np.ones(n, dtype=np.int64),
    )


def solved(pipes, node, conductance, draw, dp_pa, flow=None):
    flow = empty_flow(len(pipes.node_start), len(node)) if flow is None else flow
    arrays = (np.array(node, dtype=np.int64), np.array(conductance, dtype=float), np.array(draw, dtype=float))
    return solve_tree(pipes, *arrays, dp_pa, DENSITY, VISCOSITY, flow), flow


def drop_pa(pipes, j, mass_flow):
    args = (pipes.length_m[j], pipes.diameter_m[j], pipes.roughness_m[j], pipes.zeta[j])
    return 2.0 * float(pressure_drop_pa(mass_flow, *args, DENSITY, VISCOSITY, COLEBROOK_CONSTANT))


def independent(pipes, node, conductance, draw, dp_pa, guess):
    """Find the pipe flows at which water balances and pressures agree, all equations at once."""
    n = len(pipes.node_start)

    def residual(flows):
        dp = np.zeros(n + 1)
        dp[0] = dp_pa
        for j in range(n):
            dp[j + 1] = dp[pipes.node_start[j]] - drop_pa(pipes, j, flows[j])
        left = np.concatenate([[0.0], flows])
        for j in range(n):
            left[pipes.node_start[j]] -= flows[j]
        for i, at in enumerate(node):
            left[at] -= conductance[i] * math.copysign(math.sqrt(abs(dp[at])), dp[at]) + draw[i]
        return left[1:]

    flows, _, success, message = fsolve(residual, guess, xtol=1e-13, full_output=True)
    assert success == 1 or np.max(np.abs(residual(flows))) < 1e-11, message
    return flows


@st.composite
def random_trees(draw):
    n = draw(st.integers(1, 9))
    node_start = [0] + [draw(st.integers(0, j)) for j in range(1, n)]
    length = [draw(st.floats(5.0, 150.0)) for _ in range(n)]
    diameter = [draw(st.sampled_from([0.05, 0.065, 0.08, 0.1, 0.15])) for _ in range(n)]
    leaves = sorted(set(range(1, n + 1)) - set(node_start))
    others = [k for k in range(n + 1) if k not in leaves and draw(st.booleans())]
    node = leaves + others
    conductance = [draw(st.floats(5e-4, 5e-3)) for _ in node]
    drawn = [draw(st.sampled_from([0.0, 0.0, 0.05, 0.2])) for _ in node]
    return pipes_of(node_start, length, diameter), node, conductance, drawn, draw(st.floats(8e4, 3e5))


@given(case=random_trees())
@settings(max_examples=60)
def test_sweep_agrees_with_a_root_finder(case):
    pipes, node, conductance, draw, dp_pa = case
    iterations, flow = solved(*case)
    if iterations < 0:  # draws that the pressure cannot push through: the caller is told
        assert sum(draw) > 0.0
        return
    expected = independent(pipes, node, conductance, draw, dp_pa, 1.1 * flow.mass_flow_pipe_kg_s + 1e-3)
    np.testing.assert_allclose(flow.mass_flow_pipe_kg_s, expected, rtol=1e-9, atol=1e-9)


@given(case=random_trees())
@settings(max_examples=40)
def test_water_balances_and_pressures_add_up(case):
    pipes, node, conductance, draw, _dp_pa = case
    iterations, flow = solved(*case)
    if iterations < 0:
        return
    left = np.concatenate([[0.0], flow.mass_flow_pipe_kg_s])
    for j, start in enumerate(pipes.node_start):
        left[start] -= flow.mass_flow_pipe_kg_s[j]
        lost = flow.dp_node_pa[start] - flow.dp_node_pa[j + 1]
        assert lost == pytest.approx(drop_pa(pipes, j, flow.mass_flow_pipe_kg_s[j]), rel=1e-9, abs=1e-6)
    for i, at in enumerate(node):
        assert flow.dp_consumer_pa[i] == flow.dp_node_pa[at]
        assert flow.mass_flow_consumer_kg_s[i] == pytest.approx(conductance[i] * math.sqrt(flow.dp_node_pa[at]))
        left[at] -= flow.mass_flow_consumer_kg_s[i] + draw[i]
    np.testing.assert_allclose(left[1:], 0.0, atol=1e-9)


def test_warm_start_is_found_again_at_once():
    pipes = pipes_of([0, 1, 1, 3], [40, 20, 60, 30], [0.1, 0.065, 0.08, 0.065])
    cold, flow = solved(pipes, [2, 4], [3e-3, 2e-3], [0.0, 0.0], 2e5)
    kept = flow.mass_flow_pipe_kg_s.copy()
    warm, again = solved(pipes, [2, 4], [3e-3, 2e-3], [0.0, 0.0], 2e5, flow)
    assert warm == 1 < cold
    np.testing.assert_allclose(again.mass_flow_pipe_kg_s, kept, rtol=1e-13)


def test_consumer_at_the_header_needs_no_pipe():
    _, flow = solved(pipes_of([], [], []), [0, 0], [1e-3, 2e-3], [0.0, 0.0], 1e5)
    np.testing.assert_allclose(flow.mass_flow_consumer_kg_s, np.array([1e-3, 2e-3]) * math.sqrt(1e5))


def test_one_pipe_and_one_consumer_by_hand():
    # r and K in series: dp = (r + 1/K^2) m^2
    pipes = pipes_of([0], 100.0, 0.08)
    _, flow = solved(pipes, [1], [2e-3], [0.0], 1.5e5)
    m = flow.mass_flow_pipe_kg_s[0]
    r = pipe_resistance(pipes, 0, m, DENSITY, VISCOSITY)
    assert m == pytest.approx(math.sqrt(1.5e5 / (r + 1.0 / 2e-3**2)), rel=1e-12)
    assert r * m * m == pytest.approx(drop_pa(pipes, 0, m), rel=1e-12)


def test_fully_rough_flow_follows_the_root_of_the_pressure():
    # all drops quadratic: twice the pressure moves sqrt(2) of the water everywhere
    pipes = pipes_of([0, 1, 1], 0.01, 0.065, zeta=40.0)
    flows = [solved(pipes, [2, 3], [2e-3, 1e-3], [0.0, 0.0], dp)[1].mass_flow_pipe_kg_s for dp in (1e5, 2e5)]
    np.testing.assert_allclose(flows[1] / flows[0], math.sqrt(2.0), rtol=1e-5)


def test_closed_consumer_leaves_its_branch_still():
    _, flow = solved(pipes_of([0, 0], 50.0, 0.08), [1, 2], [2e-3, 0.0], [0.0, 0.0], 1e5)
    assert flow.mass_flow_pipe_kg_s[1] == 0.0
    assert flow.dp_node_pa[2] == 1e5


def test_no_pressure_no_flow():
    iterations, flow = solved(pipes_of([0], 50.0, 0.08), [1], [2e-3], [0.0], 0.0)
    assert iterations == 0
    assert flow.mass_flow_pipe_kg_s[0] == flow.mass_flow_consumer_kg_s[0] == 0.0


def test_a_draw_the_pressure_cannot_push_through_is_said():
    iterations, _ = solved(pipes_of([0], 200.0, 0.05), [1], [0.0], [20.0], 1e4)
    assert iterations < 0
