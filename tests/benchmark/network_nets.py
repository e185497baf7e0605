"""The seeded networks of ../shared/peers as dhsim takes them, and how the peers' own Python is called.

A file says nodes 0 ... 2N (0 is the plant, N + 1 ... 2N the consumers), pipes from a to b in the supply line, and that
the return line mirrors it. The demand is synthetic, as its generator says.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order

from dhsim.network.parts import (
    ConsumerKind,
    Consumers,
    Elements,
    Floats,
    Fluid,
    Ints,
    LiftLaw,
    Line,
    Network,
    Nodes,
    Plant,
    ProducerKind,
    Producers,
)

PA_PER_BAR = 1e5
COLEBROOK_CONSTANT_PEERS = 3.71
DP_VALVE_PA = 1e5
"""At which a pressure-driven consumer gets its design flow."""
ZETA, HILL_M = 3.0, 20.0
"""Made up, to have fittings and elevation in the measured networks: of every pipe, and from valley to top."""
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")}
PEERS_PYTHON = "DHSIM_PEERS_PYTHON"


@dataclass(frozen=True)
class Net:
    """A network, and where the nodes and pipes of its file stand in the arrays."""

    network: Network
    node: Ints
    """(n_node of the file,): number in the arrays"""
    pipe: Ints
    """(n_pipe of the arrays,): index in the file"""
    sign: Ints
    """(n_pipe of the arrays,): -1 where a pipe runs the other way than in the file"""


def peers_folder(project_root: Path) -> Path:
    """Return the folder with networks and scripts; skip where it is absent."""
    folder = project_root.parent / "shared" / "peers"
    if not folder.is_dir():
        pytest.skip("no networks to compare with: shared/peers is not a folder beside the project")
    return folder


def generator(folder: Path) -> ModuleType:
    """Return the module that made the networks and makes their demand."""
    spec = importlib.util.spec_from_file_location("gen_network", folder / "gen_network.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_net(folder: Path, n: int, looped: bool) -> dict[str, Any]:
    """Return a network as its file says it."""
    net: dict[str, Any] = json.loads((folder / "networks" / f"net_{n}{'_loop' if looped else ''}.json").read_text())
    return net


def run_peer(script: Path, arguments: Sequence[str]) -> list[dict[str, Any]]:
    """Run a script in the peers' environment, on one thread, and return the lines of JSON that it prints.

    Skips the test where the environment variable DHSIM_PEERS_PYTHON does not name that environment's Python.
    """
    python = os.environ.get(PEERS_PYTHON)
    if not python:
        pytest.skip(f"no peers: {PEERS_PYTHON} does not name a Python that has pandapipes and wntr")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | ONE_THREAD
    done = subprocess.run([python, str(script), *arguments], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def net_of(said: dict[str, Any], kind: ConsumerKind, *, mirrored: bool = True, furnished: bool = False) -> Net:
    """Return a network for dhsim.

    Parameters
    ----------
    said
        What the file says.
    kind
        Of all consumers.
    mirrored
        Whether the return line is known to mirror the supply; otherwise both are solved.
    furnished
        Whether pipes have fittings and nodes lie at different heights, which the file does not say.
    """
    const, edges, n_node = said["const"], said["edges"], 2 * said["n"] + 1
    start, end = (np.array([edge[key] for edge in edges], dtype=np.int64) for key in "ab")
    node, pipe, sign = _order(n_node, start, end)
    start, end = node[np.where(sign > 0, start[pipe], end[pipe])], node[np.where(sign > 0, end[pipe], start[pipe])]

    def of_pipes(key: str) -> Floats:
        return np.array([edge[key] for edge in edges], dtype=np.float64)[pipe]

    zeros = np.zeros(pipe.size)
    line = Line(
        node_start=start,
        node_end=end,
        length_m=of_pipes("length_m"),
        diameter_m=of_pipes("d_m"),
        roughness_m=of_pipes("rough_mm") / 1e3,
        zeta=zeros + (ZETA if furnished else 0.0),
        u_w_mk=of_pipes("u_w_mk"),
        heat_capacity_wall_j_mk=zeros,
        buried=np.ones(pipe.size, dtype=np.int64),
    )
    x_m, y_m = np.empty((2, n_node))
    x_m[node], y_m[node] = np.array(said["xy"]).T
    elevation_m = HILL_M * np.sin(2.0 * np.pi * x_m / np.ptp(x_m)) if furnished else np.zeros(n_node)
    fluid = Fluid(const["rho"], const["mu"], const["cp"])
    pipe_ids = tuple(str(index) for index in pipe)
    plant = said["plant"]
    network = Network(
        name=f"{said['n']}{' looped' if said['loops'] else ''}",
        fluid=fluid,
        node_ids=tuple(str(index) for index in np.argsort(node)),
        nodes=Nodes(elevation_m, x_m, y_m),
        supply_ids=pipe_ids,
        supply=line,
        return_ids=pipe_ids,
        return_line=line,
        mirrored=mirrored,
        element_ids=(),
        elements=_no_elements(),
        consumer_ids=tuple(str(consumer["id"]) for consumer in said["consumers"]),
        consumers=_consumers(said, kind, node, fluid),
        producer_ids=("plant",),
        producers=_producer(plant),
        plant=_held(plant["p_return_bar"] * PA_PER_BAR),
        temp_ground_c=const["t_ground_c"],
        temp_air_c=const["t_ground_c"],
        colebrook_constant=COLEBROOK_CONSTANT_PEERS,
    )
    return Net(network, node, pipe, sign)


def _order(n_node: int, start: Ints, end: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the number of every node, and the pipes breadth first from node 0, those that close loops last."""
    graph = coo_array((np.ones(start.size), (start, end)), shape=(n_node, n_node)).tocsr()
    found, before = breadth_first_order(graph, 0, directed=False)
    assert found.size == n_node
    index_of = {frozenset(ends): index for index, ends in enumerate(zip(start.tolist(), end.tolist(), strict=True))}
    in_tree = [index_of[frozenset((int(before[name]), int(name)))] for name in found[1:]]
    pipe = np.array([*in_tree, *sorted(set(range(start.size)) - set(in_tree))], dtype=np.int64)
    sign = np.ones(start.size, dtype=np.int64)
    sign[: n_node - 1] = np.where(end[in_tree] == found[1:], 1, -1)
    return np.argsort(found).astype(np.int64), pipe, sign


def _consumers(said: dict[str, Any], kind: ConsumerKind, node: Ints, fluid: Fluid) -> Consumers:
    const, n = said["const"], said["n"]
    heat_w = np.array([consumer["q_design_w"] for consumer in said["consumers"]])
    mass_flow_kg_s = heat_w / (fluid.heat_capacity_j_kgk * const["dT"])
    zeros, unsaid = np.zeros(n), np.full(n, np.nan)
    return Consumers(
        node=node[[consumer["node"] for consumer in said["consumers"]]],
        kind=np.full(n, int(kind), dtype=np.int64),
        mass_flow_kg_s=mass_flow_kg_s,
        heat_w=heat_w,
        temp_drop_k=zeros + const["dT"] if kind == ConsumerKind.TEMP_DROP else unsaid,
        temp_return_c=zeros + const["t_return_c"] if kind == ConsumerKind.TEMP_RETURN else unsaid,
        conductance_kg_s_pa05=mass_flow_kg_s / np.sqrt(DP_VALVE_PA),
        is_on=np.ones(n, dtype=np.int64),
        dp_min_pa=zeros,
        height_m=unsaid,
        pressure_max_pa=zeros + np.inf,
    )


def _producer(plant: dict[str, float]) -> Producers:
    return Producers(
        node=np.zeros(1, dtype=np.int64),
        kind=np.array([int(ProducerKind.LIFT)], dtype=np.int64),
        lift_pa=np.array([plant["p_supply_bar"] - plant["p_return_bar"]]) * PA_PER_BAR,
        mass_flow_kg_s=np.zeros(1),
        temp_supply_c=np.array([plant["t_supply_c"]]),
    )


def _held(pressure_return_pa: float) -> Plant:
    return Plant(pressure_return_pa, int(LiftLaw.FIXED), 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1)


def _no_elements() -> Elements:
    whole, real = np.zeros(0, dtype=np.int64), np.zeros(0)
    return Elements(whole, whole, whole, real, real, real, real, real, whole, whole, whole)
