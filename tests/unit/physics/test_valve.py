"""kvs and conductance."""

from __future__ import annotations

import numpy as np
import pytest

from dhsim.physics.valve import conductance_kg_s_pa05, pressure_drop_pa


def test_kvs_is_cold_water_at_one_bar() -> None:
    assert conductance_kg_s_pa05(10.0, 1000.0) * np.sqrt(1e5) * 3.6 == pytest.approx(10.0)


def test_lighter_water_flows_faster_but_weighs_less() -> None:
    """V = kvs sqrt(1000/rho) at 1 bar: for 10 m3/h and 950 kg/m3 10.26 m3/h, 9.747 t/h."""
    assert conductance_kg_s_pa05(10.0, 950.0) * np.sqrt(1e5) * 3.6 == pytest.approx(9.7468, abs=1e-4)


def test_drop_inverts_flow_in_both_directions() -> None:
    conductance = conductance_kg_s_pa05(10.0, 970.0)
    assert pressure_drop_pa(conductance * np.sqrt(2e4), conductance) == pytest.approx(2e4)
    assert pressure_drop_pa(-conductance * np.sqrt(2e4), conductance) == pytest.approx(-2e4)


def test_closed_valve() -> None:
    assert pressure_drop_pa(0.0, 0.0) == 0.0
    with np.errstate(all="ignore"):
        assert pressure_drop_pa(1.0, 0.0) == np.inf
        assert pressure_drop_pa(-1.0, 0.0) == -np.inf
        assert np.isnan(pressure_drop_pa(1.0, -1.0))
        assert np.isnan(conductance_kg_s_pa05(-1.0, 970.0))
