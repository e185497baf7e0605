"""Layers, steel and water of a pipe."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dhsim.physics.pipe import layer_resistance_mk_w
from dhsim.physics.pipe_wall import construction_resistance_mk_w, heat_capacity_wall_j_mk, volume_water_m3


def test_the_foam_is_what_insulates() -> None:
    foam = layer_resistance_mk_w(0.0761, 0.154, 0.027)
    assert foam < construction_resistance_mk_w(0.0703, 0.0761, 0.154, 0.160, 0.027) < 1.01 * foam


def test_a_bare_pipe_is_its_steel() -> None:
    bare = construction_resistance_mk_w(0.0703, 0.0761, 0.0761, 0.0761, 0.027)
    assert bare == pytest.approx(math.log(0.0761 / 0.0703) / (2.0 * math.pi * 55.0))


def test_layers_in_the_wrong_order_are_nan() -> None:
    with np.errstate(all="ignore"):
        assert np.isnan(construction_resistance_mk_w(0.0703, 0.0761, 0.07, 0.16, 0.027))
        assert np.isnan(heat_capacity_wall_j_mk(0.0761, 0.0703))


def test_steel_weighs_what_tables_say() -> None:
    """EN 10220: 114.3 x 3.6 mm weighs 9.83 kg/m."""
    assert heat_capacity_wall_j_mk(0.1071, 0.1143) / 490.0 == pytest.approx(9.83, abs=0.005)


def test_water_fills_the_bore() -> None:
    assert volume_water_m3(1.0, 2.0) == pytest.approx(math.pi / 2.0)
