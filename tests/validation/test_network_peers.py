"""Flows, pressures and temperatures against pandapipes, on trees and looped networks of 16 to 1000 consumers."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from dhsim.errors import Status
from dhsim.network.parts import ConsumerKind, Floats
from dhsim.network.run import solve_network
from tests.benchmark.network_nets import PA_PER_BAR, Net, net_of, peers_folder, read_net, run_peer

pytestmark = [pytest.mark.peers, pytest.mark.slow]

SIZES = (16, 100, 500, 1000)
KINDS = {"deltat": ConsumerKind.TEMP_DROP, "treturn": ConsumerKind.TEMP_RETURN}
CASES = [(n, looped, kind) for n in SIZES for looped in (False, True) for kind in KINDS]
PRESSURE_BAR, TEMPERATURE_K, FLOW_REL = 1e-5, 1e-4, 1e-6
TOLERANCE_PEER = "1e-9"


class Found(NamedTuple):
    """What pandapipes wrote: node -> pressures [bar] and temperatures [degC], flows [kg/s] in the file's order."""

    nodes: Floats
    pipe_kg_s: Floats
    consumer_kg_s: Floats


def name_of(n: int, looped: bool, kind: str) -> str:
    return f"{n}-{'looped' if looped else 'tree'}-{kind}"


@pytest.fixture(scope="module")
def folder(project_root: Path) -> Path:
    return peers_folder(project_root)


@pytest.fixture(scope="module")
def found(project_root: Path, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Found]:
    """All cases at design demand, found by pandapipes in one process."""
    out = tmp_path_factory.mktemp("pandapipes")
    arguments = []
    for n, looped, kind in CASES:
        arguments.append(["--n", str(n), "--steps", "1", "--cons", kind, "--tol", TOLERANCE_PEER])
        arguments[-1] += ["--out", str(out / name_of(n, looped, kind)), *(["--loops"] if looped else [])]
    script = project_root / "tests" / "benchmark" / "peers_pandapipes.py"
    lines = run_peer(script, [str(folder), json.dumps(arguments)])
    assert [(line.get("error"), line.get("fails")) for line in lines] == [(None, 0)] * len(CASES)
    return {path.name: read_found(path) for path in out.iterdir()}


def read_found(path: Path) -> Found:
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    columns = ("p_supply_bar", "p_return_bar", "t_supply_c", "t_return_c")
    of_kind = {kind: [row for row in rows if row["kind"] == kind] for kind in ("node", "edge", "consumer")}
    return Found(
        np.array([[float(row[column]) for column in columns] for row in of_kind["node"]]),
        np.array([float(row["mdot_kg_s"]) for row in of_kind["edge"]]),
        np.array([float(row["mdot_kg_s"]) for row in of_kind["consumer"]]),
    )


def difference_rel(ours: Floats, theirs: Floats) -> float:
    return float(np.abs(ours / theirs - 1.0).max())


def differences(net: Net, theirs: Found) -> tuple[float, float, float, float]:
    """Return the largest differences of pressure [bar], temperature [K], pipe and consumer flow [-]."""
    state, status = solve_network(net.network)
    assert status == Status.OK
    nodes = np.column_stack(
        [
            state.pressure_supply_pa[net.node] / PA_PER_BAR,
            state.pressure_return_pa[net.node] / PA_PER_BAR,
            state.temp_supply_c[net.node],
            state.temp_return_c[net.node],
        ]
    )
    off = np.abs(nodes - theirs.nodes).max(axis=0)
    expected_kg_s = net.sign * theirs.pipe_kg_s[net.pipe]
    return (
        float(off[:2].max()),
        float(off[2:].max()),
        difference_rel(np.array([state.mass_flow_supply_kg_s, -state.mass_flow_return_kg_s]), expected_kg_s),
        difference_rel(state.mass_flow_consumer_kg_s, theirs.consumer_kg_s),
    )


@pytest.mark.parametrize("mirrored", [True, False], ids=["half", "both lines"])
@pytest.mark.parametrize(("n", "looped", "kind"), CASES, ids=[name_of(*case) for case in CASES])
def test_agrees_with_pandapipes(
    folder: Path, found: dict[str, Found], n: int, looped: bool, kind: str, mirrored: bool
) -> None:
    net = net_of(read_net(folder, n, looped), KINDS[kind], mirrored=mirrored)
    pressure_bar, temperature_k, flow_rel, consumer_rel = differences(net, found[name_of(n, looped, kind)])
    print(
        f"\n{name_of(n, looped, kind)}, {'half' if mirrored else 'both lines'}: {pressure_bar:.1e} bar, "
        f"{temperature_k:.1e} K, {flow_rel:.1e} of a pipe's flow, {consumer_rel:.1e} of a consumer's"
    )
    assert pressure_bar <= PRESSURE_BAR
    assert temperature_k <= TEMPERATURE_K
    assert max(flow_rel, consumer_rel) <= FLOW_REL
