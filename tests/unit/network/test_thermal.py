"""Steady temperatures of a tree: exponential decay along a pipe, mixing at a node, and losses that add up."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dhsim.network.thermal import return_sweep, supply_sweep
from dhsim.network.topology import Pipes

CP = 4190.0
GROUND, OUTDOOR = 4.0, -12.0


@pytest.fixture
def pipes():
    return Pipes(
        node_start=np.array([0, 1, 1], dtype=np.int64),
        length_m=np.array([100.0, 50.0, 80.0]),
        diameter_m=np.full(3, 0.08),
        roughness_m=np.full(3, 5e-4),
        zeta=np.zeros(3),
        u_supply_w_mk=np.array([0.5, 0.4, 0.3]),
        u_return_w_mk=np.array([0.4, 0.3, 0.2]),
        buried=np.array([0, 1, 1], dtype=np.int64),
    )


def swept_supply(pipes, flow, source=90.0):
    temp = np.empty(4)
    loss = supply_sweep(pipes, np.array(flow), source, GROUND, OUTDOOR, CP, temp)
    return temp, loss


def swept_return(pipes, flow, consumer_flow, consumer_temp, node=(2, 3)):
    temp, end, mass = np.empty(4), np.empty(3), np.empty(4)
    loss = return_sweep(
        pipes, np.array(flow), np.array(node, dtype=np.int64), np.array(consumer_flow), np.array(consumer_temp),
        GROUND, OUTDOOR, CP, temp, end, mass,
    )  # fmt: skip
    return temp, end, mass, loss


def test_supply_decays_exponentially_towards_its_surroundings(pipes):
    temp, loss = swept_supply(pipes, [3.0, 2.0, 1.0])
    first = OUTDOOR + (90.0 - OUTDOOR) * math.exp(-0.5 * 100.0 / (3.0 * CP))
    second = GROUND + (first - GROUND) * math.exp(-0.4 * 50.0 / (2.0 * CP))
    third = GROUND + (first - GROUND) * math.exp(-0.3 * 80.0 / (1.0 * CP))
    np.testing.assert_allclose(temp, [90.0, first, second, third], rtol=1e-13)
    lost = CP * (3.0 * (90.0 - first) + 2.0 * (first - second) + 1.0 * (first - third))
    assert loss == pytest.approx(lost, rel=1e-12)


def test_return_mixes_by_mass_and_loses_on_the_way(pipes):
    temp, end, mass, loss = swept_return(pipes, [3.0, 2.0, 1.0], [2.0, 1.0], [50.0, 40.0])
    ends = [
        GROUND + (start - GROUND) * math.exp(-u * length / (m * CP))
        for start, u, length, m in ((50.0, 0.3, 50.0, 2.0), (40.0, 0.2, 80.0, 1.0))
    ]
    mixed = (2.0 * ends[0] + 1.0 * ends[1]) / 3.0
    arrived = OUTDOOR + (mixed - OUTDOOR) * math.exp(-0.4 * 100.0 / (3.0 * CP))
    np.testing.assert_allclose(temp, [arrived, mixed, 50.0, 40.0], rtol=1e-13)
    np.testing.assert_allclose(end, [arrived, *ends], rtol=1e-13)
    np.testing.assert_allclose(mass, [3.0, 3.0, 2.0, 1.0])
    assert loss == pytest.approx(CP * (2.0 * 50.0 + 1.0 * 40.0 - 3.0 * arrived), rel=1e-12)


def test_no_insulation_loss_leaves_the_temperature_alone(pipes):
    tight = pipes._replace(u_supply_w_mk=np.zeros(3), u_return_w_mk=np.zeros(3))
    temp, loss = swept_supply(tight, [3.0, 2.0, 1.0])
    np.testing.assert_array_equal(temp, 90.0)
    assert loss == 0.0


def test_water_that_stands_has_the_temperature_around_it(pipes):
    temp, loss = swept_supply(pipes, [2.0, 2.0, 0.0])
    assert temp[3] == GROUND
    assert loss == pytest.approx(CP * 2.0 * (90.0 - temp[2]))
    back, _, _, _ = swept_return(pipes, [2.0, 2.0, 0.0], [2.0, 0.0], [50.0, 30.0])
    assert back[3] == GROUND
    assert 45.0 < back[0] < 50.0


def test_nothing_flows_nothing_is_lost(pipes):
    temp, _, mass, loss = swept_return(pipes, [0.0, 0.0, 0.0], [0.0, 0.0], [30.0, 30.0])
    assert loss == 0.0
    assert np.all(mass == 0.0)
    assert np.all(temp == GROUND)
