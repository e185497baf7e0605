"""Frames for maps and profiles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dhsim.build.network import build_network
from dhsim.errors import DhsimError
from dhsim.scenario.network_read import load_network
from dhsim.study.network import run_network, solve_network
from dhsim.study.network_views import SUMMARY_ARRAYS, consumers_over_time, map_frame, path_frame, worst_consumer

NETWORKS = Path(__file__).parents[3] / "scenarios" / "networks"
VILLAGE, TOWN = NETWORKS / "village.yaml", NETWORKS / "town.geojson"


def test_a_way_to_the_worst_consumer() -> None:
    solution = solve_network(VILLAGE)
    assert worst_consumer(solution) == "h4"
    spare = solution.consumers["dp_pa"] - solution.consumers["dp_min_pa"]
    assert spare["h4"] == spare.min()
    path = path_frame(solution, "h4")
    assert path["node"].tolist() == ["boilers", "A", "B", "C", "h4"]
    lengths = solution.pipes.loc[["main 1", "main 2", "main 3", "to h4"], "length_m"]
    np.testing.assert_allclose(path["distance_m"], np.concatenate([[0.0], lengths.cumsum()]))
    np.testing.assert_allclose(path["pressure_supply_pa"], solution.nodes.loc[path["node"], "pressure_supply_pa"])
    head_m = path["elevation_m"] + path["static_pa"] / (solution.network.fluid.density_kg_m3 * 9.80665)
    np.testing.assert_allclose(head_m, head_m[0])  # water at rest stands level
    assert path["height_m"].tolist()[-1] == 15.0
    assert path["height_m"].isna().sum() == 4
    assert (path["pressure_max_pa"] == 600e3).all()
    assert path["pressure_boiling_pa"].isna().all()  # 90 degC does not boil under any overpressure


def test_a_way_through_a_pump_and_between_two_places() -> None:
    solution = solve_network(TOWN)
    path = path_frame(solution, "H2")
    booster = path.index[path["node"] == "booster"][0]
    assert path["pressure_supply_pa"].diff()[booster + 1] > 1e5
    assert path["distance_m"].diff()[booster + 1] == 0.0
    assert (path["pressure_boiling_pa"] > 0.0).all()
    assert path_frame(solution, "c3", "plant east")["node"].iloc[0] == "plant east"
    with pytest.raises(DhsimError, match=r"'HH2' \(did you mean H2\?\)"):
        path_frame(solution, "HH2")


def test_a_map_has_one_line_with_its_routes() -> None:
    solution = solve_network(TOWN)
    supply, back = map_frame(solution), map_frame(solution, "return")
    assert len(supply) == len(back) == len(solution.pipes)  # the pump and the valve stand at one place
    np.testing.assert_allclose(back["velocity_m_s"], solution.pipes["velocity_return_m_s"])
    route = supply.loc["ring 0", "geometry"]
    assert route.shape == (3, 2)
    np.testing.assert_allclose(route[0], solution.nodes.loc["plant west", ["x_m", "y_m"]].astype(float), atol=0.1)
    assert supply.loc["ring 2", "geometry"].shape == (2, 2)
    assert map_frame(solve_network(build_network(load_network(TOWN))))["geometry"].isna().all()


def test_elements_between_places_apart_are_drawn() -> None:
    said = load_network(TOWN)
    nodes = [node.model_copy(update={"x": None, "y": None}) for node in said.nodes]
    pipes = [pipe.model_copy(update={"route": None, "length_m": 100.0}) for pipe in said.pipes]
    schematic = solve_network(said.model_copy(update={"nodes": nodes, "pipes": pipes}))
    assert {"booster", "check valve east"} <= set(map_frame(schematic).index)
    assert "booster" not in map_frame(schematic, "return").index


def test_consumers_over_time() -> None:
    history = run_network(VILLAGE, {"heat_rel": pd.Series([0.5, 1.0])}, save=SUMMARY_ARRAYS)
    summary = consumers_over_time(history)
    assert summary.loc["school", "heat_mwh"] == pytest.approx(1.5 * 0.42)
    flows = history.frame("mass_flow_consumer_kg_s")
    assert summary.loc["h1", "mass_flow_peak_kg_s"] == pytest.approx(flows["h1"].max())
    assert summary.loc["h1", "temp_return_mean_c"] == pytest.approx(50.0)
    assert summary["dp_min_pa"].min() == pytest.approx(80e3)
