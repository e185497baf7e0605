"""A network from the file to the answer."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import dhsim
from dhsim.build.network import build_network
from dhsim.errors import ConvergenceError, DhsimError, ScenarioError, Status
from dhsim.network.limits import LimitCode
from dhsim.report.geojson import network_geojson
from dhsim.scenario.network_read import load_network
from dhsim.study.network import run_network, solve_network

NETWORKS = Path(__file__).parents[3] / "scenarios" / "networks"
FILES = sorted(path for path in NETWORKS.iterdir() if not path.name.startswith("."))
VILLAGE, TOWN, DISTRICT = NETWORKS / "village.yaml", NETWORKS / "town.geojson", NETWORKS / "district"


def test_there_are_all_three_forms() -> None:
    assert {VILLAGE, TOWN, DISTRICT} <= set(FILES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_shipped_networks_are_valid_and_keep_their_limits(path: Path) -> None:
    said = load_network(path)
    assert "ynthetic" in said.description
    solution = solve_network(said)
    assert solution.balance.mass_residual_kg_s < 1e-6
    assert solution.warnings == ()
    assert (solution.consumers["dp_short_pa"] == 0.0).all()
    assert network_geojson(said)["features"]


@pytest.mark.parametrize("path", [VILLAGE, DISTRICT], ids=lambda path: path.name)
def test_heat_balances(path: Path) -> None:
    solution = solve_network(path)
    assert abs(solution.balance.heat_residual_rel) < 1e-9
    assert solution.status == Status.OK
    assert solution.balance.heat_lost_w == pytest.approx(solution.pipes["heat_loss_w"].sum())
    assert solution.balance.heat_produced_w == pytest.approx(solution.producers["heat_w"].sum())


def test_a_file_what_it_says_and_its_arrays_have_one_solution() -> None:
    said = dhsim.load_network(VILLAGE)
    solutions = [dhsim.solve_network(source) for source in (str(VILLAGE), VILLAGE, said, dhsim.build_network(said))]
    assert all(isinstance(solution, dhsim.NetworkSolution) for solution in solutions)
    for name in ("nodes", "consumers", "producers"):
        for other in solutions[1:]:
            pd.testing.assert_frame_equal(getattr(solutions[0], name), getattr(other, name))
    assert solutions[3].scenario is None
    assert solutions[0].scenario == said


def test_frames_agree_with_hand_made_sums() -> None:
    solution = solve_network(VILLAGE)
    fluid, pipes, nodes = solution.network.fluid, solution.pipes, solution.nodes
    main = pipes.loc["main 1"]
    assert main["mass_flow_kg_s"] == pytest.approx(solution.consumers["mass_flow_kg_s"].sum())
    area_m2 = np.pi / 4.0 * main["diameter_m"] ** 2
    assert main["velocity_m_s"] == pytest.approx(main["mass_flow_kg_s"] / fluid.density_kg_m3 / area_m2)
    level_pa = nodes["pressure_supply_pa"] + fluid.density_kg_m3 * 9.80665 * nodes["elevation_m"]
    assert main["pressure_drop_pa"] == pytest.approx(level_pa["boilers"] - level_pa["A"], rel=1e-6)
    # fittings come on top of what the gradient says
    fittings_pa = 2.5 * fluid.density_kg_m3 / 2.0 * main["velocity_m_s"] ** 2
    assert main["pressure_drop_pa"] == pytest.approx(180.0 * main["pressure_gradient_pa_m"] + fittings_pa, rel=1e-6)
    school = solution.consumers.loc["school"]
    assert school["temp_supply_c"] - school["temp_return_c"] == pytest.approx(35.0)
    heat_w = school["mass_flow_kg_s"] * fluid.heat_capacity_j_kgk * 35.0
    assert school["heat_w"] == pytest.approx(heat_w)
    assert solution.consumers.loc["h4", "dp_pa"] == pytest.approx(80e3)  # what the pumps hold at the worst consumer
    assert nodes.loc["school", "kind"] == "consumer"
    assert nodes.loc["boilers", "label"] == "boilers"


def test_flows_count_from_start_to_end_as_the_user_said() -> None:
    said = load_network(VILLAGE)
    pipe = said.pipes[0]
    turned = said.model_copy(
        update={"pipes": [pipe.model_copy(update={"start": pipe.end, "end": pipe.start}), *said.pipes[1:]]}
    )
    before, after = solve_network(said).pipes, solve_network(turned).pipes
    assert after.loc["main 1", ["start", "end"]].tolist() == ["A", "boilers"]
    for name in ("mass_flow_kg_s", "mass_flow_return_kg_s", "pressure_drop_pa"):
        assert after.loc["main 1", name] == pytest.approx(-before.loc["main 1", name])
        assert after.loc["main 2", name] == pytest.approx(before.loc["main 2", name])
    assert (after["velocity_m_s"] >= 0.0).all()
    series = run_network(turned, {"heat_rel": pd.Series([1.0, 1.0])}).frame("mass_flow_supply_kg_s")
    assert series["main 1"].to_numpy() == pytest.approx(np.full(2, after.loc["main 1", "mass_flow_kg_s"]))


def test_pumps_and_valves_in_lines_have_rows() -> None:
    elements = solve_network(TOWN).elements
    assert elements.loc["booster", "kind"] == "pump"
    assert elements.loc["booster", "pressure_rise_pa"] > 1e5
    assert elements.loc["check valve east", "kind"] == "check_valve"
    assert elements.loc["check valve east", "pressure_rise_pa"] < 0.0
    assert (elements["kind"] == "passage").sum() == 2


def test_limits_become_warnings() -> None:
    slow = solve_network(VILLAGE, velocity_max_m_s=0.7)
    assert {warning.code for warning in slow.warnings} == {LimitCode.VELOCITY_HIGH}
    hot = solve_network(VILLAGE, temp_highest_c=170.0)
    assert LimitCode.BOILING in {warning.code for warning in hot.warnings}
    with pytest.raises(DhsimError, match="temp_highest_c"):
        solve_network(VILLAGE, temp_highest_c=400.0)


def test_bad_files_and_impossible_networks_are_told(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="no such file"):
        solve_network(tmp_path / "none.yaml")
    network = build_network(load_network(VILLAGE))
    greedy = network.consumers._replace(heat_w=network.consumers.heat_w * 1e6)
    with pytest.raises((ConvergenceError, DhsimError)):
        solve_network(dataclasses.replace(network, consumers=greedy), temp_highest_c=400.0)


@pytest.fixture
def write_series(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "series.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_run_at_constant_demand_is_the_steady_state(write_series: Callable[[str], Path]) -> None:
    rows = "".join(f"2021-01-01 {hour:02d}:00,1.0\n" for hour in range(3))
    history = run_network(VILLAGE, write_series(f"time,heat_rel\n{rows}"))
    steady = solve_network(VILLAGE)
    assert history.step_s == 3600.0
    assert history.frame("heat_consumer_w").attrs["unit"] == "W"
    assert history.frame("temp_supply_c").index.name == "time"
    np.testing.assert_allclose(
        history.frame("mass_flow_consumer_kg_s").iloc[-1], steady.consumers["mass_flow_kg_s"], rtol=1e-8
    )
    np.testing.assert_allclose(history.frame("pressure_return_pa").iloc[-1], steady.nodes["pressure_return_pa"])
    assert history.totals["heat_consumed_kwh"] == pytest.approx(3.0 * steady.consumers["heat_w"].sum() / 1e3)
    assert abs(history.totals["residual_rel"]) < 1e-9


def test_plug_flow_comes_later_and_conserves_heat(write_series: Callable[[str], Path], tmp_path: Path) -> None:
    rows = "".join(f"{temp}\n" for temp in [80] * 30 + [95] * 30)
    path = write_series(f"temp_supply_c\n{rows}")
    saved = ("temp_supply_c", "mass_flow_supply_kg_s")
    history = run_network(VILLAGE, path, step="1min", plug_flow=True, save=saved, folder=tmp_path / "arrays")
    assert abs(history.totals["residual_rel"]) < 1e-9
    assert history.totals["heat_stored_kwh"] > 0.0
    temps = history.frame("temp_supply_c")
    assert temps.index.name == "time_s"
    assert temps["boilers"].iloc[30] == 95.0
    assert temps["h4"].iloc[31] < 80.0  # the front has not come yet
    assert temps["h4"].iloc[-1] > 90.0
    assert (tmp_path / "arrays" / "temp_supply_c.npy").is_file()
    with pytest.raises(KeyError, match="was not kept"):
        history.frame("heat_consumer_w")


def test_series_by_quantity() -> None:
    time = pd.date_range("2021-01-01", periods=4, freq="15min")
    heat = pd.DataFrame({"h1": [0.0, 50e3, 100e3, 160e3]}, index=time)
    history = run_network(VILLAGE, {"heat_w": heat, "temp_ground_c": pd.Series([4.0] * 4, index=time)})
    assert history.step_s == 900.0
    np.testing.assert_allclose(history.frame("heat_consumer_w")["h1"], heat["h1"])
    assert (history.frame("heat_consumer_w")["h2"] == 150e3).all()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time,heat_rel\n2021-01-01,a\n", ":2:2: heat_rel: expected a number (got 'a')"),
        ("h1\n1\n", ":1:1: h1: of what, and in which unit? Call it h1.heat_kw"),
        ("hh1.heat_kw\n1\n", "no consumer 'hh1' (did you mean h1?)"),
        ("heat_relative\n1\n", "unknown column"),
        ("h1.heat_kw,h2.heat_kw\n1,2\n,2\n", ":3:1: h1.heat_kw: 1 gaps; the first in row 2"),
        ("time,heat_rel\n2021-01-01,1\n2021-01-02,1\n2021-01-04,1\n", ":4: time: the moments must rise by even steps"),
        ("time,heat_rel\nnoon,1\n", ":1:1: time: expected moments"),
        ("heat_rel\n", "no rows"),
        ("heat_rel\n-1\n", ":2: heat_w must not be below 0"),
    ],
)
def test_bad_series_are_told_with_their_place(text: str, words: str, write_series: Callable[[str], Path]) -> None:
    with pytest.raises(ScenarioError) as caught:
        run_network(VILLAGE, write_series(text))
    assert words in str(caught.value)


def test_all_problems_of_a_series_at_once(write_series: Callable[[str], Path]) -> None:
    with pytest.raises(ScenarioError) as caught:
        run_network(VILLAGE, write_series("h1,hx.heat_kw,oops\n1,2,3\n"))
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize("step", ["soon", "-1h", 0.0, "30min"])
def test_bad_steps(step: str | float) -> None:
    time = pd.date_range("2021-01-01", periods=3, freq="h")
    with pytest.raises(DhsimError, match="step"):
        run_network(VILLAGE, {"heat_rel": pd.Series(1.0, index=time)}, step=step)


def test_heat_balances_through_pumps_and_valves() -> None:
    solution = solve_network(TOWN)
    assert abs(solution.balance.heat_residual_rel) < 1e-9
    assert solution.status == Status.OK
