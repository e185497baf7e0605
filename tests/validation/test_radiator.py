"""Part load of radiators: 504 published points with the logarithmic mean excess temperature."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dhsim.physics.radiator import excess_log_mean_k, heat_flow_w

CP = 4190.0
DESIGN_W = 1000.0


@pytest.fixture(scope="module")
def table(validation_folder: Path) -> pd.DataFrame:
    return pd.read_csv(validation_folder / "radiator_en442" / "radiator_part_load_table.csv")


@pytest.fixture(scope="module")
def found_w(table: pd.DataFrame) -> pd.Series[float]:
    excess_k = excess_log_mean_k(table.T_supply_nom, table.T_return_nom, table.T_room)
    flow = design_flow(table) * table.flow_ratio
    return heat_flow_w(table.T_supply, flow, 0.0, table.T_room, 0.0, DESIGN_W, excess_k, table.n, 1.0, CP)  # type: ignore[return-value]


def design_flow(table: pd.DataFrame) -> pd.Series[float]:
    return DESIGN_W / (CP * (table.T_supply_nom - table.T_return_nom))


def test_all_points_are_there(table: pd.DataFrame) -> None:
    assert len(table) == 504


def test_return_temperature(table: pd.DataFrame, found_w: pd.Series[float]) -> None:
    return_c = table.T_supply - found_w / (design_flow(table) * table.flow_ratio * CP)
    assert np.abs(return_c - table.T_return_LMTD).max() < 0.05
    assert np.abs(return_c - table.T_return_LMTD).max() < 1e-4  # the table prints four decimals


def test_heat_ratio(table: pd.DataFrame, found_w: pd.Series[float]) -> None:
    assert np.abs(found_w / DESIGN_W - table.Q_ratio_LMTD).max() < 2e-6
