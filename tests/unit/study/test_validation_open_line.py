from __future__ import annotations

import numpy as np
import pytest

from dhsim.network.branches import other_branches
from dhsim.network.parts import Fluid
from dhsim.physics.friction import pressure_drop_pa
from dhsim.study.validation.open_line import OpenLine, no_branches, plain_line, solve_flows, solve_temperatures

WATER = Fluid(1000.0, 1e-3, 4200.0)


def chain(draw, given=(0,), pressures=(5e5,), elevation=(0.0, 0.0, 0.0), others=None):
    pipes = plain_line(
        np.array([0, 2]), np.array([1, 1]), np.array([100.0, 50.0]), np.array([0.1, 0.08]), np.full(2, 1e-4),
        np.array([2.0, 0.0]),
    )  # fmt: skip
    return OpenLine(
        pipes, others or no_branches(), np.array(elevation), np.array(given), np.array(pressures), np.array(draw), WATER
    )


def test_pressures_are_the_drops_of_the_flows() -> None:
    found = solve_flows(chain([0.0, 2.0, 3.0]))
    assert found.mass_flow_kg_s == pytest.approx([5.0, -3.0])
    first = float(pressure_drop_pa(5.0, 100.0, 0.1, 1e-4, 0.0, 1000.0, 1e-3, 3.71))
    second = float(pressure_drop_pa(3.0, 50.0, 0.08, 1e-4, 0.0, 1000.0, 1e-3, 3.71))
    assert found.pressure_pa == pytest.approx([5e5, 5e5 - first, 5e5 - first - second])


def test_height_counts_and_stands_still_alone() -> None:
    found = solve_flows(chain([0.0, 0.0, 0.0], elevation=(10.0, 0.0, 20.0)))
    assert found.mass_flow_kg_s == pytest.approx([0.0, 0.0], abs=1e-9)
    assert found.pressure_pa - 5e5 == pytest.approx([0.0, 98066.5, -98066.5], abs=1.0)


def test_a_law_of_its_own_is_met_at_the_flow_found() -> None:
    def law(reynolds, rough):
        return 0.02 + 10.0 / reynolds + 0.0 * rough

    two = chain([0.0, 4.0, 0.0], given=(0, 2), pressures=(5e5, 4.9e5))
    found = solve_flows(two, law=law)
    flow = found.mass_flow_kg_s[0]
    factor = 0.02 + 10.0 / (4.0 * flow / (np.pi * 0.1 * 1e-3))
    drop = factor * 1000.0 * flow**2 / (2.0 * 1000.0 * (np.pi * 0.1**2 / 4.0) ** 2)
    assert found.pressure_pa[0] - found.pressure_pa[1] == pytest.approx(drop, rel=1e-6)
    assert found.mass_flow_kg_s.sum() == pytest.approx(4.0)


def test_a_valve_beside_the_pipes() -> None:
    none = np.array([0])
    closed = other_branches(none, none + 2, np.array([1e3]), is_open=np.array([0]))
    found = solve_flows(chain([0.0, 2.0, 1.0], others=closed))
    assert found.mass_flow_kg_s == pytest.approx([3.0, -1.0, 0.0], abs=1e-6)


def test_temperatures_mix_and_decay() -> None:
    line = chain([0.0, 0.0, 0.0]).pipes
    nodes, outlets = solve_temperatures(
        line, np.array([1.0, 3.0]), np.array([1.0, 0.0, 3.0]), np.array([80.0, 0.0, 40.0]), np.full(2, 10.0), 4200.0
    )
    first = 10.0 + 70.0 * np.exp(-200.0 / 4200.0)
    assert outlets == pytest.approx([first, 40.0])
    assert nodes[1] == pytest.approx((first + 120.0) / 4.0)


def test_one_mixed_volume() -> None:
    line = chain([0.0, 0.0, 0.0]).pipes
    _, outlets = solve_temperatures(
        line, np.array([1.0, -1.0]), np.array([1.0, 0.0, 0.0]), np.array([80.0, 0.0, 0.0]), np.full(2, 10.0), 4200.0,
        n_mixed=np.array([1, 1]),
    )  # fmt: skip
    assert outlets[0] == pytest.approx(10.0 + 70.0 / (1.0 + 200.0 / 4200.0))
