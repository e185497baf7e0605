from __future__ import annotations

import numpy as np
import pytest

from dhsim.balancing.condense import condense
from dhsim.balancing.ports import without_ports
from dhsim.balancing.present import friction_variable
from dhsim.balancing.synthetic_building import synthetic_building, toy_building
from dhsim.model.building import Building
from dhsim.model.building_hydraulics import solve_flows

NONE = np.zeros(0, dtype=np.int64)


def through(found, flow):
    part = found.edge_of >= 0
    carried = np.full(found.start.size, np.nan)
    for e in np.flatnonzero(part):
        value = flow[e] / found.share_of[e]
        if np.isnan(carried[found.edge_of[e]]):
            carried[found.edge_of[e]] = value
        assert value == pytest.approx(carried[found.edge_of[e]], rel=1e-9)
    return carried


def drops(found, building, free, carried):
    y = friction_variable(found.pipe_reynolds_s_m3 * carried[found.pipe_edge], found.pipe_share)
    drop = found.quadratic_pa_s2_m6 * carried * np.abs(carried)
    np.add.at(drop, found.pipe_edge, found.pipe_drop_pa * y**2 * np.sign(carried[found.pipe_edge]))
    settings = building.resistance_valves_pa_s2_m6[free]
    np.add.at(drop, found.valve_edge, settings * carried[found.valve_edge] ** 2)
    return drop


def assert_same_physics(building, free):
    """The flows of the building balance the condensed circuit in mass and pressure."""
    found = condense(building, free)
    carried = through(found, solve_flows(building).flow_m3_s)
    drop = drops(found, building, free, carried)
    balance = np.zeros(found.n_node)
    np.add.at(balance, found.end, carried)
    np.subtract.at(balance, found.start, carried)
    np.testing.assert_allclose(balance[2:], 0.0, atol=1e-9 * carried.max())
    pressure = np.full(found.n_node, np.nan)
    pressure[:2] = building.dp_pump_pa, 0.0
    for _ in range(found.n_node):
        for a, b, d in zip(found.start, found.end, drop, strict=True):
            if np.isnan(pressure[b]) and not np.isnan(pressure[a]):
                pressure[b] = pressure[a] - d
    np.testing.assert_allclose(pressure[found.start] - pressure[found.end], drop, atol=1e-7 * building.dp_pump_pa)
    return found


def test_the_toy_becomes_its_two_junctions() -> None:
    found = assert_same_physics(toy_building(), np.arange(3))
    assert found.n_node == 4  # pump outlet, pump inlet, two tees
    assert found.start.size == 5  # two mains, three flats
    assert sorted(found.valve_edge.tolist()) == sorted(set(found.valve_edge.tolist()))


@pytest.mark.parametrize("free", ["riser", "all", "none"])
def test_a_two_pipe_building_becomes_a_tree_above_one_return(free) -> None:
    made = synthetic_building(12, n_floor=3, random=np.random.default_rng(3))
    valves = {"riser": made.riser_valves, "all": np.arange(made.building.valves.size), "none": NONE}[free]
    found = assert_same_physics(made.building, valves)
    inner = found.end != 1
    assert np.bincount(found.end[inner], minlength=found.n_node).max() == 1
    assert inner.sum() == found.n_node - 2
    assert found.start.size < 0.3 * made.building.kind.size


def test_a_loop_keeps_its_edges() -> None:
    nan = np.nan
    building = Building.from_edges(
        ["pipe", "pipe", "pipe", "pipe", "radiator", "radiator"], [0, 1, 1, 2, 2, 3], [1, 2, 3, 3, 4, 4],
        dp_pump_pa=5e3, length_m=[5.0, 10.0, 30.0, 10.0, nan, nan], diameter_m=[0.02] * 6, roughness_m=[1e-5] * 6,
        resistance_pa_s2_m6=[nan] * 4 + [1e12, 1e12], zone=[-1] * 4 + [0, 1],
    )  # fmt: skip
    assert assert_same_physics(building, NONE).start.size == 6


def test_a_dead_end_carries_nothing() -> None:
    building = Building.from_edges(
        ["radiator", "pipe", "pipe"], [0, 1, 1], [1, 2, 3], dp_pump_pa=5e3, outlet=0, inlet=2,
        resistance_pa_s2_m6=[1e12, 1e11, 1e11], zone=[0, -1, -1],
    )  # fmt: skip
    found = condense(building, NONE)
    assert found.edge_of.tolist() == [0, 0, -1]


def test_fixed_resistances_shrink_to_one_and_share_the_flow() -> None:
    building = Building.from_edges(
        ["pipe", "radiator", "radiator", "pipe"], [0, 1, 1, 2], [1, 2, 2, 3], dp_pump_pa=5e3,
        resistance_pa_s2_m6=[1e11, 1e12, 4e12, 2e11], zone=[-1, 0, 1, -1],
    )  # fmt: skip
    found = assert_same_physics(building, NONE)
    assert found.start.size == 1
    np.testing.assert_allclose(found.share_of, [1.0, 2.0 / 3.0, 1.0 / 3.0, 1.0])
    assert found.quadratic_pa_s2_m6[0] == pytest.approx(1e11 + 2e11 + 4e12 / 9.0)


def test_ports_give_the_flows_of_what_hangs_on_them() -> None:
    made = synthetic_building(12, n_floor=3, random=np.random.default_rng(3))
    building, free = made.building, made.riser_valves
    found = assert_same_physics(building, free)
    flow = solve_flows(building)
    carried = through(found, flow.flow_m3_s)
    assert (carried > 0.0).all()
    drop = drops(found, building, free, carried)
    pressure = np.full(found.n_node, np.nan)
    pressure[:2] = building.dp_pump_pa, 0.0
    for _ in range(found.n_node):
        for a, b, d in zip(found.start, found.end, drop, strict=True):
            if np.isnan(pressure[b]):
                pressure[b] = pressure[a] - d
    rest, ports = without_ports(found, building, pressure)
    assert ports.node.size == free.size
    u = -ports.middle / ports.half
    powers = u[:, None] ** np.arange(ports.total.shape[1])
    into = np.zeros(rest.n_node)
    np.add.at(into, rest.end, through(rest, flow.flow_m3_s))
    np.subtract.at(into, rest.start, through(rest, flow.flow_m3_s))
    np.testing.assert_allclose(np.exp((ports.total * powers).sum(axis=1)), into[ports.node], rtol=1e-6)
    zone = np.zeros(building.n_zone)
    np.add.at(zone, ports.zone, np.exp((ports.zone_flow * powers[ports.zone_port]).sum(axis=1)))
    np.testing.assert_allclose(zone, flow.flow_zone_m3_s, rtol=1e-6)
