"""EPANET's answers with Darcy-Weisbach: a tree, and a looped grid."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from dhsim.errors import ScenarioError
from dhsim.study.validation import epanet
from dhsim.study.validation.types import Verdict

_SOLVE = """
import json, sys, wntr
network = wntr.network.WaterNetworkModel(sys.argv[1])
found = wntr.sim.EpanetSimulator(network).run_sim(file_prefix=sys.argv[2])
print("ANSWER" + json.dumps(found.link["flowrate"].iloc[0].to_dict()))
"""


@pytest.mark.parametrize("case", [epanet.tree, epanet.mesh])
def test_case_passes(case, validation_folder: Path) -> None:
    checks = case(validation_folder).checks
    assert [check.quantity for check in checks if check.verdict is not Verdict.PASSED] == []


def test_grid_flows_follow_the_diameters(validation_folder: Path, tmp_path: Path) -> None:
    """The comparison can tell: a pipe one size smaller sends the water elsewhere."""
    text = (validation_folder / "epanet_dw" / "mesh_3x3.inp").read_text()
    folder = tmp_path / "epanet_dw"
    folder.mkdir()
    pipe = next(line for line in text.splitlines() if line.split()[:1] == ["P1"])
    (folder / "mesh_3x3.inp").write_text(text.replace(pipe, pipe.replace("82.5", "53.9")))
    checks = epanet.mesh(tmp_path).checks
    assert checks[0].verdict is Verdict.FAILED


def test_grid_against_epanet_itself(validation_folder: Path, tmp_path: Path) -> None:
    """Where an interpreter with WNTR is named by DHSIM_PEERS_PYTHON, EPANET solves the grid anew."""
    python = os.environ.get("DHSIM_PEERS_PYTHON", "")
    if not shutil.which(python):
        pytest.skip("DHSIM_PEERS_PYTHON names no interpreter with wntr")
    file = validation_folder / "epanet_dw" / "mesh_3x3.inp"
    command = [python, "-c", _SOLVE, str(file), str(tmp_path / "grid")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    flows = pd.Series(json.loads(said.partition("ANSWER")[2])) * 988.0
    own = epanet.mesh_flows(validation_folder)
    assert float((own - flows[own.index]).abs().max()) < 0.01 * float(flows.abs().max())
    written = pd.Series(epanet.MESH_FLOWS_L_S) * 0.988
    assert float((written - flows[written.index]).abs().max()) < 1e-5


def test_other_units_are_refused(validation_folder: Path, tmp_path: Path) -> None:
    text = (validation_folder / "epanet_dw" / "mesh_3x3.inp").read_text()
    file = tmp_path / "grid.inp"
    file.write_text(text.replace("LPS", "GPM").replace("D-W", "H-W"))
    with pytest.raises(ScenarioError, match=r"UNITS is GPM.*HEADLOSS is H-W"):
        epanet.read_input(file)
