"""Orifice plates against the `fluids` library, and the throttle washer against its own arithmetic."""

from __future__ import annotations

import math

import numpy as np
import pytest
from fluids.flow_meter import C_Reader_Harris_Gallagher, dP_orifice
from hypothesis import given
from hypothesis import strategies as st

from dhsim.physics.orifice import (
    discharge_coefficient,
    loss_share_rel,
    plate_conductance_kg_s_pa05,
    plate_diameter_m,
    pressure_loss_pa,
    washer_conductance_kg_s_pa05,
    washer_diameter_mm,
)

DENSITY, VISCOSITY = 977.8, 4.04e-4


def flow_at_kg_s(reynolds: float, diameter_m: float) -> float:
    return 0.25 * math.pi * diameter_m * VISCOSITY * reynolds


@pytest.mark.parametrize("diameter_m", [0.04, 0.0711, 0.1, 0.3])
@pytest.mark.parametrize("beta", [0.1, 0.3, 0.6, 0.75])
@pytest.mark.parametrize("reynolds", [5e3, 1e5, 1e6])
def test_agrees_with_fluids(diameter_m: float, beta: float, reynolds: float) -> None:
    flow = flow_at_kg_s(reynolds, diameter_m)
    expected = C_Reader_Harris_Gallagher(diameter_m, beta * diameter_m, DENSITY, VISCOSITY, flow, taps="corner")
    coefficient = discharge_coefficient(beta, diameter_m, reynolds)
    assert coefficient == pytest.approx(expected, rel=1e-12)
    lost = dP_orifice(diameter_m, beta * diameter_m, 2e5, 1e5, expected)
    assert loss_share_rel(beta, coefficient) == pytest.approx(lost / 1e5, rel=1e-9)


def test_a_small_hole_is_a_hole_in_a_wall() -> None:
    """Nothing of the jet is recovered, and it is contracted to 0.6 of the hole."""
    loss = pressure_loss_pa(2.0, 0.01, 0.5, DENSITY, VISCOSITY)
    jet_m_s = 2.0 / (DENSITY * 0.25 * math.pi * 0.01**2 * 0.6)
    assert loss == pytest.approx(0.5 * DENSITY * jet_m_s**2, rel=0.03)


def test_loss_is_odd_and_nothing_at_rest() -> None:
    plate = (0.03, 0.08, DENSITY, VISCOSITY)
    assert pressure_loss_pa(-3.0, *plate) == -pressure_loss_pa(3.0, *plate)
    assert pressure_loss_pa(0.0, *plate) == 0.0


@given(st.floats(0.03, 0.5), st.floats(0.02, 0.7499), st.floats(5e3, 1e7))
def test_plate_round_trip(diameter_m: float, beta: float, reynolds: float) -> None:
    flow = flow_at_kg_s(reynolds * 1.000001, diameter_m)
    hole_m = beta * diameter_m
    loss = pressure_loss_pa(flow, hole_m, diameter_m, DENSITY, VISCOSITY)
    assert plate_diameter_m(flow, loss, diameter_m, DENSITY, VISCOSITY) == pytest.approx(hole_m, rel=1e-9)
    conductance = plate_conductance_kg_s_pa05(flow, hole_m, diameter_m, DENSITY, VISCOSITY)
    assert conductance * math.sqrt(loss) == pytest.approx(flow, rel=1e-12)


@given(st.floats(0.01, 200.0), st.floats(10.0, 1e6))
def test_washer_round_trip(flow_kg_s: float, dp_pa: float) -> None:
    conductance = washer_conductance_kg_s_pa05(washer_diameter_mm(flow_kg_s, dp_pa))
    assert conductance * math.sqrt(dp_pa) == pytest.approx(flow_kg_s, rel=1e-12)


def test_washer_by_hand() -> None:
    """9 t/h over 81 m of water: the fourth root of 81 / 81."""
    assert washer_diameter_mm(2.5, 81.0 * 9806.65) == pytest.approx(10.0, rel=1e-12)


def test_washer_and_plate_are_cousins() -> None:
    """For a small hole the plate's is wider by the root of 0.80 / 0.60."""
    washer_mm = washer_diameter_mm(1.0, 2e5)
    plate_mm = 1e3 * plate_diameter_m(1.0, 2e5, 0.1, 1000.0, VISCOSITY)
    assert plate_mm / washer_mm == pytest.approx(math.sqrt(0.7986 / 0.597), rel=1e-2)


def test_what_no_plate_can_do_is_nan() -> None:
    assert np.isnan(plate_diameter_m(1.0, 1.0, 0.05, DENSITY, VISCOSITY))  # a hole of the pipe's own width burns more
    assert np.isnan(plate_diameter_m(1.0, 0.0, 0.05, DENSITY, VISCOSITY))
    assert np.isnan(plate_diameter_m(0.0, 1e4, 0.05, DENSITY, VISCOSITY))
    assert np.isnan(pressure_loss_pa(1.0, 0.045, 0.05, DENSITY, VISCOSITY))
    assert np.isnan(discharge_coefficient(0.5, 0.05, 4999.0))
    assert np.isnan(loss_share_rel(1.1, 0.6))
    assert np.isnan(plate_conductance_kg_s_pa05(0.0, 0.02, 0.05, DENSITY, VISCOSITY))
    assert np.isnan(washer_diameter_mm(1.0, 0.0))
    assert np.isnan(washer_diameter_mm(-1.0, 1e4))
    assert np.isnan(washer_conductance_kg_s_pa05(-1.0))


def test_no_flow_needs_no_hole() -> None:
    assert washer_diameter_mm(0.0, 1e4) == 0.0


def test_takes_arrays() -> None:
    holes = plate_diameter_m(np.array([1.0, 2.0, 0.0]), 5e4, 0.05, DENSITY, VISCOSITY)
    assert holes[0] == pytest.approx(plate_diameter_m(1.0, 5e4, 0.05, DENSITY, VISCOSITY), rel=1e-12)
    assert holes[1] > holes[0]
    assert np.isnan(holes[2])
