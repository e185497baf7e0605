"""Eq. (1)."""

from __future__ import annotations

import numpy as np
import pytest

from dhsim.physics.heat_load import heat_demand_w, relative_load


@pytest.mark.parametrize(
    ("temp_outdoor_c", "expected"), [(-37.0, 1.0), (-8.5, 0.5), (20.0, 0.0), (25.0, 0.0), (-45.0, 1.0)]
)
def test_linear_between_room_and_design_and_limited_outside(temp_outdoor_c: float, expected: float) -> None:
    assert relative_load(temp_outdoor_c, 20.0, -37.0) == pytest.approx(expected, abs=1e-15)


def test_design_temperature_not_below_the_room_is_nan() -> None:
    assert np.isnan(relative_load(0.0, 20.0, 20.0))


def test_nan_outdoor_stays_nan() -> None:
    with np.errstate(invalid="ignore"):
        assert np.isnan(relative_load(np.nan, 20.0, -37.0))


def test_arrays_give_arrays() -> None:
    assert relative_load(np.array([-37.0, 20.0]), 20.0, -37.0).tolist() == [1.0, 0.0]


def test_demand_is_share_of_design() -> None:
    assert heat_demand_w(0.345, 300e3) == pytest.approx(103.5e3)
