"""Jet pumps: mixing, pressure needed, nozzle."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dhsim.physics.jet_pump import dp_needed_pa, mixed_temp_c, mixing_ratio, nozzle_diameter_mm


def test_mixing_ratio_of_150_95_70() -> None:
    assert mixing_ratio(150.0, 95.0, 70.0) == pytest.approx(2.2)


def test_mixed_temperature_inverts_the_ratio() -> None:
    assert mixed_temp_c(130.0, 60.0, mixing_ratio(130.0, 83.0, 60.0)) == pytest.approx(83.0)


def test_without_mixing_the_supply_stays() -> None:
    assert mixing_ratio(95.0, 95.0, 70.0) == 0.0
    assert mixed_temp_c(95.0, 70.0, 0.0) == 95.0


@pytest.mark.parametrize("temps_c", [(90.0, 95.0, 70.0), (150.0, 70.0, 70.0), (150.0, 60.0, 70.0)])
def test_impossible_mixtures_are_nan(temps_c: tuple[float, float, float]) -> None:
    with np.errstate(all="ignore"):
        assert np.isnan(mixing_ratio(*temps_c))


@pytest.mark.parametrize(("circuit_pa", "needed_pa"), [(10e3, 143e3), (15e3, 215e3)])
def test_pressure_needed(circuit_pa: float, needed_pa: float) -> None:
    assert dp_needed_pa(circuit_pa, 2.2) == pytest.approx(needed_pa, abs=500.0)


def test_nozzle_is_a_free_jet() -> None:
    """v = phi sqrt(2 dp / rho) through the nozzle's area, with a velocity coefficient a real nozzle can have."""
    diameter_m = nozzle_diameter_mm(0.9, 143e3) / 1000.0
    speed_m_s = 0.9 / 1000.0 / (math.pi / 4.0 * diameter_m**2)
    assert 0.8 < speed_m_s / math.sqrt(2.0 * 143e3 / 1000.0) < 0.97


def test_flow_through_a_nozzle_goes_with_the_root_of_pressure() -> None:
    assert nozzle_diameter_mm(2.0, 4e5) == pytest.approx(nozzle_diameter_mm(1.0, 1e5))


def test_nozzle_limits() -> None:
    assert nozzle_diameter_mm(0.0, 1e5) == 0.0
    with np.errstate(all="ignore"):
        assert np.isnan(nozzle_diameter_mm(1.0, 0.0))
        assert np.isnan(dp_needed_pa(1e4, -0.1))
        assert np.isnan(mixed_temp_c(150.0, 70.0, -0.1))
