"""Water against IAPWS-IF97."""

from __future__ import annotations

from collections.abc import Callable

import iapws
import numpy as np
import pytest

from dhsim.physics.water import (
    HEAT_CAPACITY_WATER_J_KGK,
    REFERENCE_DENSITY_WATER_KG_M3,
    density_kg_m3,
    dynamic_viscosity_pa_s,
    heat_capacity_j_kgk,
)
from dhsim.units import KELVIN_AT_0_C

TEMPS_C = (0.01, 4.0, 10.0, 25.0, 40.0, 55.0, 70.0, 95.0, 110.0, 130.0, 150.0)


def reference(temp_c: float) -> iapws.IAPWS97:
    return iapws.IAPWS97(T=temp_c + KELVIN_AT_0_C, P=0.6)


@pytest.mark.parametrize("temp_c", TEMPS_C)
def test_agrees_with_iapws(temp_c: float) -> None:
    water = reference(temp_c)
    assert density_kg_m3(temp_c) == pytest.approx(water.rho, rel=1e-4)
    assert dynamic_viscosity_pa_s(temp_c) == pytest.approx(water.mu, rel=3e-3)
    assert heat_capacity_j_kgk(temp_c) == pytest.approx(1000.0 * water.cp, rel=1e-3)


@pytest.mark.parametrize("formula", [density_kg_m3, dynamic_viscosity_pa_s, heat_capacity_j_kgk])
def test_out_of_range_is_nan(formula: Callable[[float], float]) -> None:
    with np.errstate(all="ignore"):
        assert np.isnan(formula(-0.1))
        assert np.isnan(formula(150.1))
        assert np.isnan(formula(np.nan))


def test_constants() -> None:
    assert pytest.approx(heat_capacity_j_kgk(75.0), rel=1e-3) == HEAT_CAPACITY_WATER_J_KGK
    assert pytest.approx(density_kg_m3(70.0), rel=3e-4) == REFERENCE_DENSITY_WATER_KG_M3
