"""Steady transfer, the order of pipes, and mixing where they meet."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dhsim.network.parts import Line
from dhsim.network.transport import flow_order, mix_sweep, order_work, steady_transfer

C = 4190.0
GROUND, AIR = 4.0, -12.0

LOOP = ([0, 0, 1, 2, 3], [1, 2, 3, 3, 4])
"""Two ways from 0 to 3, and on to 4."""


def line_of(starts, ends, u_w_mk=0.4, buried=1):
    n = len(starts)
    each = np.ones(n)
    return Line(
        np.array(starts), np.array(ends), each * 100.0, each * 0.08, each * 1e-4, each * 0.0, each * u_w_mk, each * 0.0,
        np.full(n, buried),
    )  # fmt: skip


def ordered(starts, ends, flow, n_node=None):
    n_node = n_node or max(max(starts), max(ends)) + 1
    order = np.full(len(starts), -99)
    count = flow_order(
        np.array(starts), np.array(ends), np.array(flow, dtype=float), order_work(n_node, len(starts)), order
    )
    return count, order


def is_fed_first(starts, ends, flow, order):
    place = {int(pipe): at for at, pipe in enumerate(order)}
    ways = [(s, e) if m > 0 else (e, s) for s, e, m in zip(starts, ends, flow, strict=True)]
    return all(
        place[feeder] < place[fed]
        for feeder, (_, into) in enumerate(ways)
        for fed, (out_of, _) in enumerate(ways)
        if into == out_of and flow[feeder] != 0.0 and flow[fed] != 0.0
    )


class Sweep:
    """A line that is swept with what is put into its nodes: {node: (kg/s, degC)}."""

    def __init__(self, starts, ends, flow, put_in, a, b, kept_c=50.0):
        self.starts, self.ends = np.array(starts), np.array(ends)
        self.flow, self.a, self.b = (np.array(given, dtype=float) for given in (flow, a, b))
        self.put_in = put_in
        n_node = max(max(starts), max(ends)) + 1
        self.node_c = np.full(n_node, kept_c)
        self.inlet_c, self.outlet_c = np.full(len(starts), np.nan), np.full(len(starts), np.nan)
        self.count, self.order = ordered(starts, ends, flow)

    def run(self):
        mass, heat = np.zeros(self.node_c.size), np.zeros(self.node_c.size)
        for node, (kg_s, temp_c) in self.put_in.items():
            mass[node], heat[node] = kg_s, kg_s * temp_c
        mix_sweep(
            self.starts, self.ends, self.order, self.flow, self.a, self.b, mass, heat, self.node_c, self.inlet_c,
            self.outlet_c,
        )  # fmt: skip
        return self


def test_steady_transfer_decays_towards_the_surroundings():
    line = line_of([0, 1, 2], [1, 2, 3])._replace(buried=np.array([1, 0, 1]))
    a, b = np.empty(3), np.empty(3)
    steady_transfer(line, np.array([2.0, -2.0, 0.0]), GROUND, AIR, C, a, b)
    kept = math.exp(-0.4 * 100.0 / (2.0 * C))
    np.testing.assert_allclose(b, [kept, kept, 0.0], rtol=1e-14)
    np.testing.assert_allclose(a, [GROUND * (1.0 - kept), AIR * (1.0 - kept), GROUND], rtol=1e-10)


@pytest.mark.parametrize(
    "flow", [[1, 1, 1, 1, 2], [-1, 1, 1, 1, 2], [-2, -1, -2, -1, -3], [1, -1, -1, -1, 0], [0, 0, 0, 0, 0]]
)
def test_every_pipe_comes_after_those_that_feed_it(flow):
    count, order = ordered(*LOOP, flow)
    assert count == 5
    assert sorted(order) == list(range(5))
    assert is_fed_first(*LOOP, flow, order)


def test_random_nets_are_ordered():
    rng = np.random.default_rng(5)
    for _ in range(50):
        n_node, n_pipe = 20, 40
        starts = rng.integers(0, n_node, n_pipe)
        ends = (starts + rng.integers(1, n_node, n_pipe)) % n_node
        level = rng.permutation(n_node)
        flow = np.sign(level[starts] - level[ends]) * rng.choice([0.0, 1.0, 2.0], n_pipe)
        count, order = ordered(list(starts), list(ends), flow, n_node)
        assert count == n_pipe
        assert sorted(order) == list(range(n_pipe))
        assert is_fed_first(starts, ends, flow, order)


def test_water_mixes_by_mass():
    swept = Sweep(*LOOP, [1, 3, 1, 3, 4], {0: (4.0, 80.0)}, a=[0, 0, 10.0, 2.0, 0], b=[1, 1, 0.5, 0.9, 1]).run()
    np.testing.assert_allclose(swept.outlet_c[:4], [80.0, 80.0, 50.0, 74.0])
    np.testing.assert_allclose(swept.node_c, [80.0, 80.0, 80.0, 68.0, 68.0])
    np.testing.assert_allclose(swept.inlet_c, [80.0, 80.0, 80.0, 80.0, 68.0])


def test_reversed_flow_runs_the_other_way():
    """As in a return line: what consumers at 4 and 1 put in arrives at 0."""
    swept = Sweep(*LOOP, [-2, -1, -1, -1, -2], {4: (2.0, 40.0), 1: (1.0, 60.0)}, a=[0] * 5, b=[1] * 5).run()
    np.testing.assert_allclose(swept.node_c, [140.0 / 3.0, 50.0, 40.0, 40.0, 40.0])


def test_a_node_that_nothing_flows_into_keeps_its_temperature():
    swept = Sweep(*LOOP, [1, 0, 1, 0, 1], {0: (1.0, 80.0)}, a=[0, 7.0, 0, 8.0, 0], b=[1] * 5, kept_c=33.0).run()
    np.testing.assert_allclose(swept.node_c, [80.0, 80.0, 33.0, 80.0, 80.0])
    np.testing.assert_allclose(swept.outlet_c, [80.0, 7.0, 80.0, 8.0, 80.0])
    np.testing.assert_allclose(swept.inlet_c, [80.0, 7.0, 80.0, 8.0, 80.0])


def test_a_source_without_inflow_gives_what_it_has():
    swept = Sweep([0], [1], [1.0], {}, a=[0.0], b=[1.0], kept_c=60.0).run()
    np.testing.assert_allclose(swept.node_c, 60.0)


def test_flow_in_a_circle_settles_by_repeating():
    """1 kg/s at 80 degC comes in at node 1, which 2 kg/s of a circle pass, cooled by a tenth each time round."""
    circle = Sweep([0, 1, 2, 3], [1, 2, 3, 1], [1, 3, 2, 2], {0: (1.0, 80.0)}, a=[0] * 4, b=[1, 1, 1, 0.9])
    assert circle.count == 3
    assert sorted(pipe if pipe >= 0 else -1 - pipe for pipe in circle.order) == [0, 1, 2, 3]
    for _ in range(200):
        circle.run()
    expected = 80.0 / (3.0 - 2.0 * 0.9)
    np.testing.assert_allclose(circle.node_c[1:], expected, rtol=1e-12)


def test_a_circle_of_its_own_keeps_its_temperature():
    circle = Sweep([0, 1, 2], [1, 2, 0], [1, 1, 1], {}, a=[0] * 3, b=[1] * 3, kept_c=45.0)
    assert circle.count == 2
    np.testing.assert_allclose(circle.run().node_c, 45.0)


def test_a_steady_line_keeps_its_energy():
    line = line_of(*LOOP)
    flow = np.array([1.0, 3.0, 1.0, 3.0, 4.0])
    a, b = np.empty(5), np.empty(5)
    steady_transfer(line, flow, GROUND, AIR, C, a, b)
    swept = Sweep(*LOOP, flow, {0: (4.0, 80.0)}, a, b).run()
    lost = float(flow @ (swept.inlet_c - swept.outlet_c))
    assert lost == pytest.approx(4.0 * (80.0 - swept.node_c[4]), rel=1e-12)
    assert lost > 0.0
