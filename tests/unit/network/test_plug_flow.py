"""Plug flow in one pipe: delay, loss by age, standstill, reversal, and a front that the wall delays and flattens."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dhsim.network.parcels import full_pipes
from dhsim.network.parts import Fluid, Line
from dhsim.network.plug_flow import plug_commit, plug_transfer
from dhsim.network.transport import steady_transfer

C = 4000.0
FLUID = Fluid(1000.0, 5e-4, C)
GROUND, AIR = 8.0, -10.0
WATER_KG = 50.0
WALL_J_MK = 2000.0


class Pipe:
    """One pipe of 50 kg of water, or 100 with its wall; a year of it is a loop in Python."""

    def __init__(self, temp_c=20.0, u_w_mk=0.0, wall_j_mk=0.0, buried=0, capacity=64):
        one = np.ones(1)
        self.line = Line(
            np.array([0]), np.array([1]), one * 100.0, one * math.sqrt(4.0 * 0.5e-3 / math.pi), one * 1e-4, one * 0.0,
            one * u_w_mk, one * wall_j_mk, np.array([buried]),
        )  # fmt: skip
        self.parcels = full_pipes(self.line, FLUID, temp_c, capacity)
        self.a, self.b = np.empty(1), np.empty(1)
        self.lost_j, self.stored_j = np.zeros(1), self.parcels.mass_pipe_kg * C * temp_c

    def step(self, flow, inlet_c, step_s):
        """Mean outlet temperature of the step."""
        flows = np.array([float(flow)])
        plug_transfer(self.line, flows, GROUND, AIR, C, step_s, self.parcels, self.a, self.b)
        inlet = np.array([float(inlet_c)])
        plug_commit(self.line, flows, inlet, GROUND, AIR, C, step_s, self.parcels, self.lost_j, self.stored_j)
        return float(self.a[0] + self.b[0] * inlet_c)


def test_water_comes_out_when_it_has_come_through():
    pipe = Pipe()
    out = [pipe.step(1.0, inlet, 20.0) for inlet in (80.0, 60.0, 60.0, 60.0, 60.0)]
    np.testing.assert_allclose(out, [20.0, 20.0, 50.0, 70.0, 60.0])


def test_a_long_step_gives_the_old_content_and_what_follows():
    pipe = Pipe()
    assert pipe.step(1.0, 80.0, 200.0) == pytest.approx((50.0 * 20.0 + 150.0 * 80.0) / 200.0)
    assert pipe.b[0] == pytest.approx(0.75)
    assert pipe.step(1.0, 60.0, 200.0) == pytest.approx((50.0 * 80.0 + 150.0 * 60.0) / 200.0)


def test_transfer_leaves_the_parcels_alone():
    pipe = Pipe(wall_j_mk=WALL_J_MK, u_w_mk=0.5)
    pipe.step(1.0, 70.0, 30.0)
    before = [field.copy() for field in pipe.parcels]
    plug_transfer(pipe.line, np.array([-2.0]), GROUND, AIR, C, 30.0, pipe.parcels, pipe.a, pipe.b)
    for field, kept in zip(pipe.parcels, before, strict=True):
        np.testing.assert_array_equal(field, kept)


def test_reversed_water_comes_back_last_in_first_out():
    pipe = Pipe()
    pipe.step(1.0, 80.0, 20.0)
    pipe.step(1.0, 60.0, 20.0)
    out = [pipe.step(-1.0, 5.0, 20.0) for _ in range(4)]
    np.testing.assert_allclose(out, [60.0, 80.0, 0.5 * (20.0 + 5.0), 5.0])


@pytest.mark.parametrize("wall_j_mk", [0.0, WALL_J_MK])
@pytest.mark.parametrize(("buried", "around_c"), [(1, GROUND), (0, AIR)])
def test_standing_water_cools_exponentially(wall_j_mk, buried, around_c):
    pipe = Pipe(80.0, 0.5, wall_j_mk, buried)
    held = pipe.stored_j.copy()
    for _ in range(10):
        pipe.step(0.0, 999.0, 3600.0)
    rate = 0.5 * 100.0 / (C * pipe.parcels.mass_pipe_kg[0])
    expected = around_c + (80.0 - around_c) * math.exp(-rate * 36000.0)
    assert pipe.stored_j[0] == pytest.approx(pipe.parcels.mass_pipe_kg[0] * C * expected, rel=1e-12)
    if wall_j_mk:
        assert pipe.parcels.temp_end_c[0] == pytest.approx(expected, rel=1e-12)
    assert held[0] > pipe.stored_j[0]


def test_the_outlet_of_standing_water_is_that_of_its_end():
    pipe = Pipe(20.0, 0.5)
    pipe.step(1.0, 80.0, 20.0)
    rate_s = 0.5 * 100.0 / (C * WATER_KG) * 60.0
    end_c = AIR + (20.0 - AIR) * math.exp(-rate_s / 3.0)
    assert pipe.step(0.0, 80.0, 60.0) == pytest.approx(AIR + (end_c - AIR) * (1.0 - math.exp(-rate_s)) / rate_s)
    assert pipe.b[0] == 0.0


@pytest.mark.parametrize("wall_j_mk", [0.0, WALL_J_MK])
@pytest.mark.parametrize(("flow", "step_s"), [(1.0, 900.0), (-0.2, 900.0), (0.01, 3600.0), (1.0, 7.0)])
def test_steady_flow_has_the_steady_outlet(wall_j_mk, flow, step_s):
    pipe = Pipe(20.0, 0.5, wall_j_mk)
    steps = math.ceil(20.0 * pipe.parcels.mass_pipe_kg[0] / abs(flow) / step_s) + 20
    out = [pipe.step(flow, 80.0, step_s) for _ in range(steps)]
    a, b = np.empty(1), np.empty(1)
    steady_transfer(pipe.line, np.array([flow]), GROUND, AIR, C, a, b)
    expected = a[0] + b[0] * 80.0
    cut_k = 100.0 * (0.5 * 100.0 / (C * WATER_KG) * step_s) ** 2 / 8.0  # of parcels that leave in two steps
    assert out[-1] == pytest.approx(expected, abs=1e-9 + (cut_k if abs(flow) * step_s < WATER_KG else 0.0))
    mean_c = np.mean(out[-10:])
    assert pipe.lost_j[0] == pytest.approx(abs(flow) * C * (80.0 - mean_c) * step_s, rel=1e-3)


def test_water_that_passes_within_the_step_cools_as_in_steady_flow():
    pipe = Pipe(20.0, 0.5)
    pipe.step(1.0, 80.0, 900.0)
    assert pipe.b[0] == pytest.approx((900.0 - WATER_KG) / 900.0 * math.exp(-0.5 * 100.0 / C))


def test_one_long_step_has_the_mean_of_many_short_ones():
    """But for the 0.2 K between the two ends of a parcel, which has one temperature."""
    coarse, fine = Pipe(60.0, 0.05), Pipe(60.0, 0.05, capacity=1024)
    for flow, inlet in ((0.5, 80.0), (0.4, 75.0), (0.0, 40.0), (0.05, 70.0), (0.4, 50.0)):
        long = coarse.step(flow, inlet, 100.0)
        lost = 0.0
        short = np.empty(100)
        for k in range(100):
            short[k] = fine.step(flow, inlet, 1.0)
            lost += fine.lost_j[0]
        assert coarse.lost_j[0] == pytest.approx(lost, rel=3e-3)
        assert coarse.stored_j[0] == pytest.approx(fine.stored_j[0], rel=4e-4)
        assert long == pytest.approx(short.mean(), abs=0.1)


def test_water_cools_by_the_age_of_its_middle():
    pipe = Pipe(60.0, 5.0)
    rate = 5.0 * 100.0 / (C * WATER_KG)
    out = pipe.step(0.5, 80.0, 60.0)
    half, whole = math.exp(-rate * 30.0), math.exp(-rate * 60.0)
    assert out == pytest.approx(AIR + 70.0 * half, rel=1e-13)
    lost = 30.0 * 70.0 * (1.0 - half) + 20.0 * 70.0 * (1.0 - whole) + 30.0 * 90.0 * (1.0 - half)
    assert pipe.lost_j[0] == pytest.approx(C * lost, rel=1e-12)
    assert pipe.b[0] == 0.0


def test_the_wall_delays_a_front_and_the_film_flattens_it():
    """Mean and variance of a front's arrival: M / m, and 2 t_wall^2 / N of the film alone (Giddings and Eyring)."""
    pipe = Pipe(0.0, wall_j_mk=WALL_J_MK, capacity=512)
    flow, step_s = 0.5, 0.5
    out = np.array([pipe.step(flow, 1.0, step_s) for _ in range(4000)])
    times = (np.arange(4000) + 0.5) * step_s
    arrival = np.diff(out, prepend=0.0)
    mean_s = arrival @ (times - 0.5 * step_s)
    variance = arrival @ (times - 0.5 * step_s - mean_s) ** 2
    assert mean_s == pytest.approx(100.0 / flow, rel=2e-3)
    wall_s = 100.0 * WALL_J_MK / C / flow
    stanton = 0.023 * (1000.0 * pipe.line.diameter_m[0] / 5e-4) ** -0.2 * (5e-4 * C / 0.65) ** (-2.0 / 3.0)
    units = 4.0 * stanton * 100.0 / pipe.line.diameter_m[0]
    assert variance == pytest.approx(2.0 * wall_s**2 / units, rel=2e-2)


@pytest.mark.parametrize("wall_j_mk", [0.0, WALL_J_MK])
@pytest.mark.parametrize("flow", [1e-12, -1e-30, 1e9])
def test_flows_of_any_size_are_borne(wall_j_mk, flow):
    pipe = Pipe(80.0, 0.5, wall_j_mk)
    held = pipe.stored_j[0]
    out = pipe.step(flow, 40.0, 900.0)
    assert AIR <= out <= 80.0 + 1e-9
    moved = abs(flow) * C * (40.0 - out) * 900.0
    assert moved == pytest.approx(
        pipe.lost_j[0] + pipe.stored_j[0] - held, abs=1e-9 * (held + abs(flow) * C * 40.0 * 900)
    )


def test_a_flow_that_nobody_found_shows_and_leaves_the_parcels():
    pipe = Pipe(80.0, 0.5, WALL_J_MK)
    assert math.isnan(pipe.step(math.nan, 40.0, 900.0))
    assert math.isnan(pipe.lost_j[0])
    assert math.isnan(pipe.stored_j[0])
    assert pipe.step(1.0, 40.0, 1.0) == pytest.approx(80.0, abs=0.1)


def test_no_loss_without_a_difference():
    pipe = Pipe(AIR, 0.5, WALL_J_MK)
    for flow in (1.0, -0.1, 0.0):
        assert pipe.step(flow, AIR, 900.0) == pytest.approx(AIR, abs=1e-12)
        assert pipe.lost_j[0] == 0.0
