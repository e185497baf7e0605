"""Eqs. (2)-(6) and the operational line; the paper's table stands in the validation tests."""

from __future__ import annotations

import numpy as np
import pytest

from dhsim.physics.heating_curve import (
    change_point_temp_c,
    flow_of_supply_rel,
    operational_supply_temp_c,
    radiator_supply_temp_c,
    return_temp_c,
    supply_temp_c,
)

DESIGN = (20.0, 62.5, 25.0, 80.0, 0.8)


def test_design_point() -> None:
    assert supply_temp_c(1.0, 1.0, *DESIGN) == pytest.approx(150.0)
    assert return_temp_c(1.0, 1.0, *DESIGN) == pytest.approx(70.0)
    assert radiator_supply_temp_c(1.0, 1.0, 20.0, 62.5, 25.0, 0.8) == pytest.approx(95.0)


def test_spread_is_load_over_flow() -> None:
    spread_k = supply_temp_c(0.3, 0.7, *DESIGN) - return_temp_c(0.3, 0.7, *DESIGN)
    assert spread_k == pytest.approx(80.0 * 0.3 / 0.7)


def test_no_load_means_room_temperature_even_without_flow() -> None:
    assert supply_temp_c(0.0, 0.0, *DESIGN) == 20.0
    assert return_temp_c(0.0, 0.0, *DESIGN) == 20.0
    assert flow_of_supply_rel(0.0, 70.0, *DESIGN) == 0.0


def test_load_without_flow_is_nan() -> None:
    with np.errstate(all="ignore"):
        assert np.isnan(supply_temp_c(0.5, 0.0, *DESIGN))
        assert np.isnan(return_temp_c(-0.1, 1.0, *DESIGN))


def test_no_flow_is_enough_for_a_supply_below_the_mean_head() -> None:
    assert flow_of_supply_rel(1.0, 80.0, *DESIGN) == np.inf
    assert flow_of_supply_rel(1.0, 82.5, *DESIGN) == np.inf


@pytest.mark.parametrize(("temp_outdoor_c", "flow"), [(2.0, 0.85), (5.0, 0.62), (8.0, 0.44)])
def test_flow_at_a_supply_of_70(temp_outdoor_c: float, flow: float) -> None:
    load = (20.0 - temp_outdoor_c) / 57.0
    assert flow_of_supply_rel(load, 70.0, *DESIGN) == pytest.approx(flow, abs=0.005)


def test_change_point_lies_on_the_curve() -> None:
    cpt_c = change_point_temp_c(70.0, 20.0, -37.0, 62.5, 25.0, 80.0, 0.8)
    assert supply_temp_c((20.0 - cpt_c) / 57.0, 1.0, *DESIGN) == pytest.approx(70.0, abs=1e-9)


def test_change_point_limits() -> None:
    assert change_point_temp_c(20.0, 20.0, -37.0, 62.5, 25.0, 80.0, 0.8) == 20.0
    assert change_point_temp_c(15.0, 20.0, -37.0, 62.5, 25.0, 80.0, 0.8) == 20.0
    assert change_point_temp_c(150.0, 20.0, -37.0, 62.5, 25.0, 80.0, 0.8) == pytest.approx(-37.0, abs=1e-9)
    assert np.isnan(change_point_temp_c(150.1, 20.0, -37.0, 62.5, 25.0, 80.0, 0.8))


@pytest.mark.parametrize(("temp_outdoor_c", "expected"), [(10.0, 70.0), (0.3, 70.0), (-28.0, 110.0), (-40.0, 110.0)])
def test_operational_line_ends(temp_outdoor_c: float, expected: float) -> None:
    assert operational_supply_temp_c(temp_outdoor_c, 0.3, 70.0, -28.0, 110.0) == expected


def test_operational_line_slope() -> None:
    warm = operational_supply_temp_c(-10.0, 0.3, 70.0, -28.0, 110.0)
    cold = operational_supply_temp_c(-11.0, 0.3, 70.0, -28.0, 110.0)
    assert cold - warm == pytest.approx(1.413, abs=5e-4)


def test_operational_line_needs_its_ends_in_order() -> None:
    with np.errstate(all="ignore"):
        assert np.isnan(operational_supply_temp_c(0.0, -30.0, 70.0, -28.0, 110.0))
