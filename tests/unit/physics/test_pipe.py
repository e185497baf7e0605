"""Cooling on the way and U-values."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dhsim.physics.pipe import (
    layer_resistance_mk_w,
    neighbour_resistance_mk_w,
    outlet_temp_c,
    soil_resistance_mk_w,
    u_above_ground_w_mk,
    u_buried_w_mk,
)


def test_exponential_cooling() -> None:
    assert outlet_temp_c(80.0, 10.0, 0.5, 0.3, 500.0, 4190.0) == pytest.approx(10.0 + 70.0 * math.exp(-150.0 / 2095.0))


def test_both_directions_cool_alike() -> None:
    assert outlet_temp_c(80.0, 10.0, -0.5, 0.3, 500.0, 4190.0) == outlet_temp_c(80.0, 10.0, 0.5, 0.3, 500.0, 4190.0)


def test_standing_water_has_ambient_temperature() -> None:
    assert outlet_temp_c(80.0, 10.0, 0.0, 0.3, 500.0, 4190.0) == 10.0


def test_no_length_no_cooling() -> None:
    assert outlet_temp_c(80.0, 10.0, 1.0, 0.3, 0.0, 4190.0) == 80.0


def test_measured_pipe_of_liege() -> None:
    """60.3 mm steel, 13 mm of insulation at 0.04 W/(m K), 5 W/(m2 K) outside: 0.462 W/(m K)."""
    assert u_above_ground_w_mk(0.0603, 0.0863, 0.04, 5.0) == pytest.approx(0.462, abs=5e-4)


def test_layers_add_up() -> None:
    whole = layer_resistance_mk_w(0.1, 0.2, 0.03)
    assert layer_resistance_mk_w(0.1, 0.15, 0.03) + layer_resistance_mk_w(0.15, 0.2, 0.03) == pytest.approx(whole)


def test_a_layer_turned_inside_out_is_nan() -> None:
    with np.errstate(all="ignore"):
        assert np.isnan(layer_resistance_mk_w(0.2, 0.1, 0.03))


def test_deep_soil_is_the_usual_logarithm() -> None:
    depth_m = 3.0
    usual = math.log(4.0 * (depth_m + 0.0685 * 1.5) / 0.2) / (2.0 * math.pi * 1.5)
    assert soil_resistance_mk_w(0.2, depth_m, 1.5) == pytest.approx(usual, rel=1e-3)


def test_a_casing_above_the_ground_is_nan() -> None:
    with np.errstate(all="ignore"):
        assert np.isnan(soil_resistance_mk_w(0.2, 0.05, 1.5))


def test_the_neighbour_warms() -> None:
    single = u_buried_w_mk(0.1143, 0.2, 0.03, 1.0, np.inf, 1.5)
    assert u_buried_w_mk(0.1143, 0.2, 0.03, 1.0, 0.3, 1.5) < single
    assert neighbour_resistance_mk_w(1.0, np.inf, 1.5) == 0.0


def test_pair_equals_the_two_by_two_system() -> None:
    """Temperature rises over the ground: diag(R) and the coupling R_h off the diagonal, solved as a matrix."""
    own = layer_resistance_mk_w(0.1143, 0.2, 0.03) + soil_resistance_mk_w(0.2, 1.0, 1.5)
    coupling = neighbour_resistance_mk_w(1.0, 0.3, 1.5)
    losses = np.linalg.solve(np.array([[own, coupling], [coupling, own]]), np.array([80.0, 40.0]))
    assert u_buried_w_mk(0.1143, 0.2, 0.03, 1.0, 0.3, 1.5) * 120.0 == pytest.approx(losses.sum())
