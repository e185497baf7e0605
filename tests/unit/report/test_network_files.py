"""What a study of a network leaves on disk, and what people see of it."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from dhsim.build.network import build_network
from dhsim.report.network_files import records, solution_json, write_solution, write_solution_geojson
from dhsim.report.network_tables import Column, frame_table, render_solution
from dhsim.scenario.network_read import load_network
from dhsim.study.network import solve_network
from dhsim.study.network_types import NetworkBalance

DISTRICT = Path(__file__).parents[3] / "scenarios" / "networks" / "district"


def shown(renderable: object) -> str:
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(renderable)
    return console.export_text()


def test_a_network_without_a_file_has_tables_and_pictures_but_no_map_file(tmp_path: Path) -> None:
    solution = solve_network(build_network(load_network(DISTRICT)))
    write_solution(solution, tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"nodes.csv", "pipes.csv", "consumers.csv", "producers.csv", "map.png", "profile.png"}
    with pytest.raises(ValueError, match="as it was said"):
        write_solution_geojson(tmp_path / "map.geojson", solution)


def test_json_has_no_nan() -> None:
    frame = pd.DataFrame(
        {"a": [np.nan, 1.0], "b": ["x", "y"], "c": [True, False]}, index=pd.Index(["p", "q"], name="id")
    )
    assert records(frame) == [
        {"id": "p", "a": None, "b": "x", "c": True},
        {"id": "q", "a": 1.0, "b": "y", "c": False},
    ]
    said = json.loads(solution_json(solve_network(DISTRICT)))
    assert said["producers"][0]["power_shaft_w"] is None


def test_heat_that_does_not_balance_is_told() -> None:
    solution = solve_network(DISTRICT)
    assert "does not balance" not in shown(render_solution(solution))
    wrong = dataclasses.replace(solution, balance=NetworkBalance(0.0, 100e3, 80e3, 10e3))
    assert "The heat does not balance: 10.00% of it is missing." in shown(render_solution(wrong))


def test_long_tables_say_how_much_is_left_out() -> None:
    frame = pd.DataFrame({"x_pa": np.arange(50) * 1e5}, index=pd.Index([f"r{k}" for k in range(50)], name="row"))
    text = shown(frame_table(frame, "Many", [Column("x_pa", "bar", 1e-5, 1)]))
    assert "r29" in text
    assert "r30" not in text
    assert "and 20 more" in text
