"""A year of random flows with reversals and standstill: plug flow loses neither water nor heat, nor invents any."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhsim.network.parcels import Parcels, full_pipes
from dhsim.network.parts import Fluid, Line
from dhsim.network.plug_flow import plug_commit, plug_transfer
from dhsim.network.transport import flow_order, mix_sweep, order_work

FLUID = Fluid(980.0, 5e-4, 4186.0)
C = FLUID.heat_capacity_j_kgk
YEAR = 8760
GROUND, AIR = 6.0, -25.0
RELATIVE = 1e-9

STARTS = np.array([0, 0, 1, 2, 3, 1, 4, 5])
ENDS = np.array([1, 2, 3, 3, 4, 4, 5, 2])
"""Six nodes, eight pipes: three loops."""

YEARS = {
    "length_m": st.floats(1.0, 5000.0),
    "diameter_m": st.floats(0.015, 0.6),
    "u_w_mk": st.sampled_from([0.0, 0.02, 0.3, 3.0]),
    "wall_j_mk": st.sampled_from([0.0, 300.0, 10_000.0]),
    "contents_per_step": st.floats(-4.0, 3.0).map(lambda power: 10.0**power),
    "step_s": st.sampled_from([60.0, 900.0, 3600.0]),
    "capacity": st.sampled_from([2, 5, 64]),
    "seed": st.integers(0, 2**32 - 1),
}


def line_of(starts, ends, length_m, diameter_m, u_w_mk, wall_j_mk):
    n = starts.size
    spread = np.linspace(0.5, 1.5, n) if n > 1 else np.ones(1)
    each = np.ones(n)
    return Line(
        starts, ends, length_m * spread, diameter_m * spread[::-1], each * 1e-4, each * 0.0, each * u_w_mk,
        each * wall_j_mk, np.arange(n) % 2,
    )  # fmt: skip


def random_flows(rng, shape, content_kg, contents_per_step, step_s):
    """Log-normal sizes, either sign, a fifth of them zero, and a few next to nothing."""
    flows = contents_per_step * content_kg / step_s * rng.lognormal(0.0, 1.5, shape)
    flows *= rng.choice([-1.0, 0.0, 1.0, 1.0, 1e-12], shape)
    return flows


def held_kg(parcels: Parcels) -> np.ndarray:
    """Mass in each ring, counted over its places in use."""
    n_pipe, capacity = parcels.mass_kg.shape
    total = 2.0 * parcels.mass_mixed_kg
    for j in range(n_pipe):
        places = (parcels.head[j] + np.arange(parcels.n_parcel[j])) % capacity
        total[j] += parcels.mass_kg[j, places].sum()
    return total


@settings(max_examples=25)
@given(**YEARS)
def test_a_pipe_keeps_water_and_heat_for_a_year(
    length_m, diameter_m, u_w_mk, wall_j_mk, contents_per_step, step_s, capacity, seed
):
    rng = np.random.default_rng(seed)
    line = line_of(np.array([0]), np.array([1]), length_m, diameter_m, u_w_mk, wall_j_mk)
    parcels = full_pipes(line, FLUID, 40.0, capacity)
    flows = random_flows(rng, (YEAR, 1), parcels.mass_pipe_kg[0], contents_per_step, step_s)
    inlets = rng.uniform(5.0, 95.0, (YEAR, 1))
    a, b, lost, stored = (np.empty(1) for _ in range(4))
    stored[0] = parcels.mass_pipe_kg[0] * C * 40.0
    outlets, losses, holds = np.empty(YEAR), np.empty(YEAR), np.empty(YEAR + 1)
    holds[0] = stored[0]
    for k in range(YEAR):
        plug_transfer(line, flows[k], GROUND, AIR, C, step_s, parcels, a, b)
        plug_commit(line, flows[k], inlets[k], GROUND, AIR, C, step_s, parcels, lost, stored)
        outlets[k] = a[0] + b[0] * inlets[k, 0]
        losses[k], holds[k + 1] = lost[0], stored[0]
    moved = np.abs(flows[:, 0]) * C * step_s
    left = moved * (inlets[:, 0] - outlets) - losses - np.diff(holds)
    scale = moved * 95.0 + holds[0]
    assert np.max(np.abs(left) / scale) < RELATIVE
    assert abs(left.sum()) < RELATIVE * moved.sum() * 95.0 + 1e-12 * holds[0]
    np.testing.assert_allclose(held_kg(parcels), parcels.mass_pipe_kg, rtol=1e-11)
    assert 1 <= parcels.n_parcel[0] <= capacity
    assert np.all(outlets >= (AIR if u_w_mk else 5.0) - 1e-9)
    assert np.all(outlets <= 95.0 + 1e-9)


def year_of_a_net(line, parcels, step_s, contents_per_step, rng):
    """Yield of each step what came in, went out and was lost [J], and the temperatures at the nodes."""
    n_pipe, n_node = line.length_m.size, 6
    a, b, lost, stored, inlet, outlet = (np.empty(n_pipe) for _ in range(6))
    order, work = np.empty(n_pipe, dtype=np.int64), order_work(n_node, n_pipe)
    node_c = np.full(n_node, 40.0)
    for _ in range(YEAR):
        level = rng.normal(size=n_node) * rng.choice([0.0, 1.0, 1.0, 1.0], n_node)
        size = random_flows(rng, n_pipe, parcels.mass_pipe_kg, contents_per_step, step_s)
        flow = np.abs(size) * (level[line.node_start] - level[line.node_end])
        surplus = np.bincount(line.node_start, flow, n_node) - np.bincount(line.node_end, flow, n_node)
        mass = np.maximum(surplus, 0.0)
        put_in = mass * rng.uniform(5.0, 95.0, n_node)
        brought = put_in.sum()
        heat = put_in.copy()
        assert flow_order(line.node_start, line.node_end, flow, work, order) == n_pipe
        plug_transfer(line, flow, GROUND, AIR, C, step_s, parcels, a, b)
        mix_sweep(line.node_start, line.node_end, order, flow, a, b, mass, heat, node_c, inlet, outlet)
        plug_commit(line, flow, inlet, GROUND, AIR, C, step_s, parcels, lost, stored)
        taken = np.maximum(-surplus, 0.0) @ node_c
        yield brought * C * step_s, taken * C * step_s, lost.sum(), stored.sum(), node_c


@settings(max_examples=10)
@given(**YEARS)
def test_a_looped_net_keeps_water_and_heat(
    length_m, diameter_m, u_w_mk, wall_j_mk, contents_per_step, step_s, capacity, seed
):
    rng = np.random.default_rng(seed)
    line = line_of(STARTS, ENDS, length_m, diameter_m, u_w_mk, wall_j_mk)
    parcels = full_pipes(line, FLUID, 40.0, capacity)
    before = parcels.mass_pipe_kg.sum() * C * 40.0
    first, brought, taken, losses = before, 0.0, 0.0, 0.0
    for came, went, lost, stored, node_c in year_of_a_net(line, parcels, step_s, contents_per_step, rng):
        assert abs(came - went - lost - (stored - before)) < RELATIVE * (came + before)
        assert np.all((node_c >= AIR - 1e-9) & (node_c <= 95.0 + 1e-9))
        before = stored
        brought, taken, losses = brought + came, taken + went, losses + lost
    assert brought - taken - losses == pytest.approx(before - first, abs=RELATIVE * brought + 1e-12 * first)
    np.testing.assert_allclose(held_kg(parcels), parcels.mass_pipe_kg, rtol=1e-11)


@given(
    temps=st.lists(st.floats(-20.0, 120.0), min_size=1, max_size=30),
    flow=st.floats(-3.0, 3.0),
    u_w_mk=st.floats(0.0, 5.0),
    wall_j_mk=st.floats(0.0, 5000.0),
)
def test_temperatures_stay_between_inlets_and_surroundings(temps, flow, u_w_mk, wall_j_mk):
    line = line_of(np.array([0]), np.array([1]), 200.0, 0.1, u_w_mk, wall_j_mk)
    parcels = full_pipes(line, FLUID, temps[0], 8)
    a, b, lost, stored = (np.empty(1) for _ in range(4))
    low, high = min(*temps, AIR), max(*temps, AIR)
    for k, temp in enumerate(temps):
        flows, inlet = np.array([flow if k % 3 else -flow / 2.0]), np.array([temp])
        plug_transfer(line, flows, GROUND, AIR, C, 300.0, parcels, a, b)
        plug_commit(line, flows, inlet, GROUND, AIR, C, 300.0, parcels, lost, stored)
        places = (parcels.head[0] + np.arange(parcels.n_parcel[0])) % 8
        found = [a[0] + b[0] * temp, parcels.temp_start_c[0], parcels.temp_end_c[0], *parcels.temp_c[0, places]]
        assert min(found) >= low - 1e-9
        assert max(found) <= high + 1e-9
        assert 0.0 <= b[0] <= 1.0
        assert math.isfinite(lost[0])
