"""The law of a branch: pressure drop and slope of pipes, valves, pumps, and of what is closed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dhsim.elementwise import compiled
from dhsim.network.branches import (
    RESISTANCE_CLOSED_PA_S_KG,
    SQUARE_LAW,
    drop_and_slope,
    joined,
    other_branches,
    pipe_branches,
)
from dhsim.network.parts import Fluid, Line
from dhsim.physics.friction import pressure_drop_pa

FLUID = Fluid(970.0, 4e-4, 4190.0)
FLOWS = [*10.0 ** np.linspace(-7.0, 2.5, 39), *np.linspace(0.05, 0.14, 19)]  # the latter between laminar and turbulent


@compiled
def _law(branches, e, flow, root, out):
    out[0], out[1] = drop_and_slope(branches, e, flow, root)


def law(branches, flow, e=0, root=None):
    out = np.zeros(2)
    _law(branches, e, float(flow), np.zeros(branches.node_start.size) if root is None else root, out)
    return out


def pipe(zeta=0.0, roughness_m=1e-4, times=1.0):
    one = np.ones(1)
    ends = np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.int64)
    line = Line(*ends, 100.0 * one, 0.1 * one, roughness_m * one, zeta * one, one, one, np.ones(1, dtype=np.int64))
    return pipe_branches(line, FLUID, 3.71, times=times)


def other(resistance=0.0, rise=(0.0, 0.0, 0.0), one_way=0, is_open=1):
    whole = [np.array([value]) for value in (0, 1)]
    return other_branches(
        *whole, np.array([resistance]), rise=tuple(np.array([a]) for a in rise), one_way=np.array([one_way]),
        is_open=np.array([is_open]),
    )  # fmt: skip


PUMP = (1e5, -100.0, -2000.0)
OPEN = {
    "pipe": pipe(), "rough pipe with fittings": pipe(12.0, 2e-3), "smooth pipe": pipe(roughness_m=0.0),
    "both lines": pipe(3.0, times=2.0), "valve": other(5e3), "wide valve": other(1e-4), "pump": other(10.0, PUMP),
    "check valve": other(40.0, one_way=1), "square law": other(1e14, is_open=SQUARE_LAW),
}  # fmt: skip


@pytest.mark.parametrize("flow", [-7.0, -0.08, -1e-4, 0.0, 1e-6, 0.07, 0.11, 0.3, 40.0])
@pytest.mark.parametrize(("zeta", "times"), [(0.0, 1.0), (15.0, 1.0), (4.0, 2.0)])
def test_a_pipe_costs_what_darcy_and_weisbach_say(flow, zeta, times):
    expected = times * pressure_drop_pa(flow, 100.0, 0.1, 1e-4, zeta, 970.0, 4e-4, 3.71)
    assert law(pipe(zeta, times=times), flow)[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", OPEN)
def test_slope_is_the_derivative_of_the_drop(name):
    for flow in FLOWS:
        if abs(flow - 1e-5) < 1e-7:  # where a valve's straight line ends, the slope jumps
            continue
        step = 1e-6 * flow
        low, high = (law(OPEN[name], flow + way * step)[0] for way in (-1.0, 1.0))
        slope = law(OPEN[name], flow)[1]
        assert slope > 0.0
        noise = 1e-13 * (abs(low) + abs(high)) / step
        if slope > 1.1e-5:  # what costs nothing is given a little slope, lest nothing holds it
            assert (high - low) / (2.0 * step) == pytest.approx(slope, rel=2e-4, abs=noise), (name, flow)


@pytest.mark.parametrize("name", [name for name in OPEN if name != "check valve"])
def test_drop_is_odd_and_rises(name):
    rise = 1e5 if name == "pump" else 0.0
    drops = [law(OPEN[name], flow)[0] for flow in np.unique(FLOWS)]
    assert np.all(np.diff(drops) > (0.0 if name != "pump" else -1e-10))
    for flow in FLOWS[::5]:
        forth, back = (law(OPEN[name], way * flow)[0] + rise for way in (1.0, -1.0))
        assert back == pytest.approx(-forth, rel=1e-9, abs=1e-9)
    assert law(OPEN[name], 0.0)[0] == -rise


@pytest.mark.parametrize("resistance", [1e2, 1e8, 1e16])
def test_the_square_law_holds_down_to_next_to_nothing(resistance):
    for flow in (1e-9, 1e-6, 1e-3, 1.0):
        if resistance * flow**2 < 1e-14:  # by then the little slope that holds every branch has taken over
            continue
        drop, slope = law(other(resistance, is_open=SQUARE_LAW), flow)
        assert drop == pytest.approx(resistance * flow**2, rel=1e-14)
        assert slope == pytest.approx(2.0 * resistance * flow, rel=1e-14)
    assert law(other(1e14), 1e-9)[0] > 100.0 * law(other(1e14, is_open=SQUARE_LAW), 1e-9)[0]


def test_friction_starts_from_the_last_root_without_a_change_of_the_answer():
    root = np.zeros(1)
    for flow in (0.5, 0.6, 30.0, 0.2):
        assert law(pipe(), flow, root=root)[0] == pytest.approx(law(pipe(), flow)[0], rel=1e-13)
        assert root[0] > 0.0


def test_closed_lets_nothing_through_and_has_no_say():
    drop, slope = law(other(10.0, PUMP, is_open=0), 0.0)
    assert drop == 0.0
    assert slope == math.inf


def test_check_valve_holds_against_the_flow():
    drop, slope = law(other(10.0, one_way=1), -1e-9)
    assert slope == RESISTANCE_CLOSED_PA_S_KG
    assert drop == -1e-9 * RESISTANCE_CLOSED_PA_S_KG
    with_pump = law(other(10.0, PUMP, one_way=1), -1e-9)[0]
    assert with_pump == drop - PUMP[0]


def test_joined_keeps_the_order():
    both = joined(other(1.0), other(2.0), pipe())
    np.testing.assert_array_equal(both.fitting_pa_s2_kg2[:2], [1.0, 2.0])
    assert both.friction_pa_s2_kg2[2] > 0.0
    assert law(both, 3.0, e=1)[0] == pytest.approx(18.0)
