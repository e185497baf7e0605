"""Saturation: against IAPWS-IF97 as another program has it, and its inverse."""

from __future__ import annotations

import iapws
import numpy as np
import pytest

from dhsim.physics.boiling import ATMOSPHERIC_PRESSURE_PA, boiling_temp_c, saturation_pressure_pa
from dhsim.units import KELVIN_AT_0_C, PA_PER_MPA

TEMPS_C = np.linspace(0.0, 180.0, 181)


def reference_pa(temp_c: float) -> float:
    return iapws.iapws97._PSat_T(temp_c + KELVIN_AT_0_C) * PA_PER_MPA


def test_agrees_with_iapws() -> None:
    expected = np.array([reference_pa(temp_c) for temp_c in TEMPS_C])
    np.testing.assert_allclose(saturation_pressure_pa(TEMPS_C), expected, rtol=1e-12)


@pytest.mark.parametrize(("temp_k", "pressure_mpa"), [(300.0, 0.353658941e-2), (373.15, 0.101417978)])
def test_printed_values(temp_k: float, pressure_mpa: float) -> None:
    """The release prints the first in its table 35."""
    assert saturation_pressure_pa(temp_k - KELVIN_AT_0_C) == pytest.approx(pressure_mpa * PA_PER_MPA, rel=1e-6)


def test_the_inverse_comes_back() -> None:
    np.testing.assert_allclose(boiling_temp_c(saturation_pressure_pa(TEMPS_C)), TEMPS_C, atol=1e-6)


def test_water_boils_near_100_degrees() -> None:
    assert boiling_temp_c(ATMOSPHERIC_PRESSURE_PA) == pytest.approx(100.0, abs=0.05)


def test_rises_all_the_way() -> None:
    assert np.all(np.diff(saturation_pressure_pa(TEMPS_C)) > 0.0)


@pytest.mark.parametrize("temp_c", [-0.01, 180.01, np.nan])
def test_outside_its_range_is_nan(temp_c: float) -> None:
    assert np.isnan(saturation_pressure_pa(temp_c))


@pytest.mark.parametrize("pressure_pa", [611.0, 1.01e6, -1.0, np.nan])
def test_boiling_outside_its_range_is_nan(pressure_pa: float) -> None:
    assert np.isnan(boiling_temp_c(pressure_pa))
