"""Reading the folder of reference cases; what is absent is said with its name."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from dhsim.errors import Problem, ScenarioError

EXPECTED = (
    "destest_network/ce0_pipes.csv",
    "destest_network/ce0_results_by_tool.csv",
    "destest_network/ce1_pipe_data.csv",
    "destest_network/ce1_heat_profile_per_building_january_10min.csv",
    "destest_network/ce1_result_AixLib_Plug_Flow.csv",
    "destest_network/ce1_result_Buildings_Library_Dynamic_Pipe.csv",
    "destest_network/ce1_result_DIMOSIM_Dynamic_Pipe.csv",
    "destest_network/ce1_result_IBPSA_Library_Plug_Flow.csv",
    "ulg_pipe/PipeDataULg150801.csv",
    "ulg_pipe/PipeDataULg151202.csv",
    "ulg_pipe/PipeDataULg151204_1.csv",
    "ulg_pipe/PipeDataULg151204_2.csv",
    "ulg_pipe/PipeDataULg160118_1.csv",
    "ulg_pipe/reference_IBPSA_PlugFlowULg_151202.csv",
    "tugraz_pipe/case1_inputs_1s.csv",
    "tugraz_pipe/case1_results_by_tool.csv",
    "pandapipes_refs/networks_handover.json",
    "pandapipes_refs/analytic_Temperature_one_pipe_an.csv",
    "pandapipes_refs/analytic_Temperature_tee_2ab_1zu_an.csv",
    "pandapipes_refs/analytic_Temperature_tee_2zu_1ab_an.csv",
    "pandapipes_refs/analytic_Temperature_2zu_2ab_an.csv",
    "pandapipes_refs/analytic_Temperature_masche_1load_an.csv",
    "epanet_dw/destest_ce0_supply.inp",
    "epanet_dw/destest_ce0_supply_pipe_results.csv",
    "epanet_dw/destest_ce0_supply_dp_from_source_Pa.csv",
    "epanet_dw/mesh_3x3.inp",
)
"""All files that the cases read, below the folder."""

_ADVICE = "give the folder of the reference cases, in which each case has a folder of its own"


def require_complete(folder: Path) -> None:
    """Check that all files are there.

    Raises
    ------
    ScenarioError
        Naming each that is not.
    """
    if not folder.is_dir():
        problem = f"not a folder: {_ADVICE} ({', '.join(dict.fromkeys(name.split('/')[0] for name in EXPECTED))})"
        raise ScenarioError([Problem(problem, path=str(folder))])
    absent = [name for name in EXPECTED if not (folder / name).is_file()]
    if absent:
        raise ScenarioError(Problem(f"missing: {_ADVICE}", path=str(folder / name)) for name in absent)


def columns(path: Path, names: Iterable[str], index: str | None = None) -> pd.DataFrame:
    """Return a CSV file.

    Parameters
    ----------
    path
        The file.
    names
        Columns that it must have.
    index
        Column to take as the index.

    Raises
    ------
    ScenarioError
        Where it is absent, is no such table, or has not these columns.
    """
    try:
        frame = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise ScenarioError.single(f"cannot be read as a table: {error}", path=str(path)) from error
    absent = [name for name in (*names, *((index,) if index else ())) if name not in frame.columns]
    if absent:
        found = ", ".join(map(str, frame.columns))
        raise ScenarioError([Problem(f"column missing (there are: {found})", str(path), 1, None, n) for n in absent])
    return frame if index is None else frame.set_index(index)


def text_of(path: Path) -> str:
    """Return a text file.

    Raises
    ------
    ScenarioError
        Where it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ScenarioError.single(f"cannot be read: {error}", path=str(path)) from error


def json_of(path: Path) -> dict[str, Any]:
    """Return a JSON file whose top is an object.

    Raises
    ------
    ScenarioError
        Where it is none.
    """
    try:
        made = json.loads(text_of(path))
    except ValueError as error:
        raise ScenarioError.single(f"no JSON: {error}", path=str(path)) from error
    if not isinstance(made, dict):
        raise ScenarioError.single("expected an object with one entry a network", path=str(path))
    return made
