"""Friction against an independent root finder and Hagen-Poiseuille."""

from __future__ import annotations

import math

import pytest
from scipy.optimize import brentq

from dhsim.physics.friction import friction_factor, pressure_drop_pa, reynolds


def colebrook(number: float, roughness_rel: float, constant: float) -> float:
    def off(root: float) -> float:
        return root + 2.0 * math.log10(roughness_rel / constant + 2.51 * root / number)

    return float(brentq(off, 1.0, 50.0, xtol=1e-14, rtol=1e-15)) ** -2


@pytest.mark.parametrize("number", [4000.0, 1e4, 1.3e5, 1e6, 1e8])
@pytest.mark.parametrize("roughness_rel", [0.0, 1e-6, 1e-4, 1e-3, 0.02, 0.05])
@pytest.mark.parametrize("constant", [3.7, 3.71])
def test_colebrook_to_machine_precision(number: float, roughness_rel: float, constant: float) -> None:
    found = friction_factor(number, roughness_rel, constant)
    assert found == pytest.approx(colebrook(number, roughness_rel, constant), rel=1e-12)


def test_moody_chart() -> None:
    """Read off the chart: Re 1e5, k/d 0.001 gives 0.0222."""
    assert friction_factor(1e5, 1e-3, 3.71) == pytest.approx(0.0222, abs=1e-4)


def test_laminar() -> None:
    assert friction_factor(1000.0, 0.01, 3.71) == pytest.approx(0.064)
    assert math.isfinite(friction_factor(0.0, 0.01, 3.71))


@pytest.mark.parametrize("border", [2300.0, 4000.0])
@pytest.mark.parametrize("roughness_rel", [0.0, 1e-3, 0.05])
def test_transition_is_smooth(border: float, roughness_rel: float) -> None:
    def slope(a: float, b: float) -> float:
        return (friction_factor(b, roughness_rel, 3.71) - friction_factor(a, roughness_rel, 3.71)) / (b - a)

    below, above = border - 1e-6, border + 1e-6
    assert friction_factor(below, roughness_rel, 3.71) == pytest.approx(
        friction_factor(above, roughness_rel, 3.71), rel=1e-8
    )
    assert slope(border - 1e-2, border) == pytest.approx(slope(border, border + 1e-2), rel=1e-3)


def test_hagen_poiseuille() -> None:
    """dp = 128 mu L V / (pi d^4)."""
    dp_pa = pressure_drop_pa(0.001, 10.0, 0.02, 1e-5, 0.0, 1000.0, 1e-3, 3.71)
    assert dp_pa == pytest.approx(128.0 * 1e-3 * 10.0 * 1e-6 / (math.pi * 0.02**4), rel=1e-12)


def test_fittings_add_velocity_heads() -> None:
    with_fittings = pressure_drop_pa(10.0, 100.0, 0.1, 5e-4, 3.0, 977.8, 4e-4, 3.71)
    without = pressure_drop_pa(10.0, 100.0, 0.1, 5e-4, 0.0, 977.8, 4e-4, 3.71)
    speed_m_s = 10.0 / (977.8 * math.pi / 4.0 * 0.01)
    assert with_fittings - without == pytest.approx(3.0 * 977.8 / 2.0 * speed_m_s**2)


def test_no_flow_no_drop() -> None:
    assert pressure_drop_pa(0.0, 100.0, 0.1, 5e-4, 3.0, 977.8, 4e-4, 3.71) == 0.0


def test_reynolds_of_both_directions() -> None:
    assert reynolds(-1.0, 0.1, 1e-3) == reynolds(1.0, 0.1, 1e-3) == pytest.approx(4.0 / (math.pi * 1e-4))
