"""How fast networks of 1000 consumers are beside pandapipes and EPANET, on one thread in one run.

`DHSIM_PEERS_PYTHON=... pytest tests/benchmark -m "peers and benchmark" -s` shows the table. Nothing is asserted about
time. CPU seconds are compared, so that other work on the machine falls out of the ratio. dhsim solves a year of hours
with everything on (fittings, elevation, laminar flow, status); pandapipes a day of them without fittings and elevation.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from dhsim.errors import Status
from dhsim.network.instant import Drive, solve_instant
from dhsim.network.parcels import full_pipes
from dhsim.network.parts import ConsumerKind, Floats, Network, NetworkState
from dhsim.network.run import BLOCK_STEPS, NetworkSeries, network_parts, run_network
from dhsim.network.setup import empty_state, empty_work, setup
from dhsim.physics.water import GRAVITY_M_S2
from tests.benchmark.network_nets import DP_VALVE_PA, generator, net_of, peers_folder, read_net, run_peer

pytestmark = [pytest.mark.peers, pytest.mark.benchmark, pytest.mark.slow]

N = 1000
STEPS_YEAR, STEPS_WEEK = 8760, 168
KINDS = {"deltat": ConsumerKind.TEMP_DROP, "treturn": ConsumerKind.TEMP_RETURN}
NAMES = {"deltat": "fixed drop", "treturn": "fixed return temperature"}
WANTED = {(False, "deltat"): 400, (False, "treturn"): 300, (True, "deltat"): 40, (True, "treturn"): 40}
TOLERANCES = {"1e-5": "default", "1e-9": "tight"}
STEPS_PEER = {"1e-5": 24, "1e-9": 8}
"""pandapipes' own, and the one at which the two agree to what is promised."""
ACCURACIES = {"1e-3": "default", "1e-6": "tight"}
"""EPANET's."""
HEAD_DROP_REL = 0.02
"""EPANET's friction factor is an approximation of Colebrook's (Swamee and Jain): as much is allowed of the drop."""


class Timed(NamedTuple):
    step_ms: float
    """Median over the steps, each called from Python"""
    one_call_ms: float
    """Median over the blocks of one call for all steps"""
    state: NetworkState
    """Of the first step"""


class Table:
    """Lines of one width, printed at the end."""

    def __init__(self) -> None:
        self._lines = [
            f"{'N = 1000, CPU ms a step, median, one thread':<76}"
            f"{'dhsim':>8}{'one call':>10}{'peer':>9}{'ratio':>8}  wanted"
        ]

    def add(self, what: str, ours: Timed, peer_ms: float, wanted: str, *, ours_over_peer: bool = False) -> None:
        ratio = ours.step_ms / peer_ms if ours_over_peer else peer_ms / ours.step_ms
        shown = f"{ratio:8.2f}" if ours_over_peer else f"{ratio:8.0f}"
        self._lines.append(f"{what:<76}{ours.step_ms:8.3f}{ours.one_call_ms:10.3f}{peer_ms:9.2f}{shown}  {wanted}")

    def text(self) -> str:
        return "\n".join(self._lines)


@pytest.fixture(scope="module")
def folder(project_root: Path) -> Path:
    return peers_folder(project_root)


@pytest.fixture(scope="module")
def table() -> Iterator[Table]:
    made = Table()
    yield made
    print(f"\n\n{made.text()}")


@pytest.fixture(scope="module")
def pandapipes_ms(project_root: Path, folder: Path) -> dict[tuple[bool, str, str], float]:
    """Median CPU milliseconds of a step of pandapipes: (looped, kind, tolerance) -> ms."""
    cases = [(looped, kind, tolerance) for looped, kind in WANTED for tolerance in TOLERANCES]
    arguments = [
        [
            "--n",
            str(N),
            "--steps",
            str(STEPS_PEER[tolerance]),
            "--cons",
            kind,
            "--tol",
            tolerance,
            *(["--loops"] * looped),
        ]
        for looped, kind, tolerance in cases
    ]
    script = project_root / "tests" / "benchmark" / "peers_pandapipes.py"
    lines = run_peer(script, [str(folder), json.dumps(arguments)])
    assert [(line.get("error"), line["fails"]) for line in lines] == [(None, 0)] * len(cases)
    return {case: line["step_cpu_ms"] for case, line in zip(cases, lines, strict=True)}


def timed_steps(network: Network, heat_w: Floats, conductance_kg_s_pa05: Floats | None = None) -> tuple[Any, Any]:
    """Return CPU seconds of every step called from Python, and the state of the first.

    `conductance_kg_s_pa05` (n_time, n_consumer) moves the valves of pressure-driven consumers from step to step.
    """
    made, parts = setup(network), network_parts(network)
    work, state = empty_work(network, made), empty_state(network)
    pipes = [full_pipes(line, network.fluid, 0.0, 2) for line in (network.supply, network.return_line)]
    spent_s, first, status = np.empty(len(heat_w)), state, 0
    for k, heat in enumerate(heat_w):
        if conductance_kg_s_pa05 is not None:
            made.problem.branches.fitting_pa_s2_kg2[made.consumer_branch] = conductance_kg_s_pa05[k] ** -2.0
        drive = Drive(heat, network.consumers.mass_flow_kg_s, network.temp_ground_c, network.temp_air_c)
        began = time.process_time()
        status |= solve_instant(parts, made, drive, 0.0, pipes[0], pipes[1], work, state)
        spent_s[k] = time.process_time() - began
        if k == 0:
            first = NetworkState(*(values.copy() for values in state))
    assert not status & (Status.NOT_CONVERGED | Status.NOT_FINITE)
    assert all(np.isfinite(values).all() for values in state)
    return spent_s, first


def timed(network: Network, heat_w: Floats, conductance_kg_s_pa05: Floats | None = None) -> Timed:
    """Return the time of a step of dhsim, compiled code loaded and everything else cold.

    In one call valves cannot move from step to step: there the lift follows the load, so that flows and pressures do.
    """
    solve = (network, heat_w[:2], None if conductance_kg_s_pa05 is None else conductance_kg_s_pa05[:2])
    timed_steps(*solve)
    spent_s, first = timed_steps(network, heat_w, conductance_kg_s_pa05)
    run_network(network, NetworkSeries(2, heat_w=heat_w[:2]), save=())
    load_rel = heat_w.sum(axis=1) / heat_w[0].sum()
    moved = None if conductance_kg_s_pa05 is None else load_rel * network.producers.lift_pa[0]
    marks_s = [time.process_time()]
    run_network(
        network,
        NetworkSeries(len(heat_w), heat_w=heat_w, lift_pa=moved),
        save=(),
        progress=lambda _: marks_s.append(time.process_time()),
    )
    blocks_s = np.diff(marks_s)[: len(heat_w) // BLOCK_STEPS]
    return Timed(1e3 * float(np.median(spent_s)), 1e3 * float(np.median(blocks_s)) / BLOCK_STEPS, first)


@pytest.mark.parametrize(("looped", "kind"), list(WANTED))
def test_beside_pandapipes(
    folder: Path, pandapipes_ms: dict[tuple[bool, str, str], float], table: Table, looped: bool, kind: str
) -> None:
    said = read_net(folder, N, looped)
    heat_w = generator(folder).demand(said, STEPS_YEAR)
    shape = "looped" if looped else "tree"
    ours = timed(net_of(said, KINDS[kind], furnished=True).network, heat_w)
    for tolerance, name in TOLERANCES.items():
        what = f"{shape}, {NAMES[kind]}; pandapipes, {name} tolerance"
        table.add(what, ours, pandapipes_ms[looped, kind, tolerance], f">= {WANTED[looped, kind]}")


def test_both_lines_beside_pandapipes(
    folder: Path, pandapipes_ms: dict[tuple[bool, str, str], float], table: Table
) -> None:
    """As if the return line were another: the dearest of the problems, over a part of the year."""
    said = read_net(folder, N, True)
    heat_w = generator(folder).demand(said, STEPS_YEAR // 8)
    for kind, of_peer in KINDS.items():
        ours = timed(net_of(said, of_peer, mirrored=False, furnished=True).network, heat_w)
        what = f"looped, {NAMES[kind]}, both lines; pandapipes, default tolerance"
        table.add(what, ours, pandapipes_ms[True, kind, "1e-5"], "")


def test_pressure_driven_beside_epanet(project_root: Path, folder: Path, tmp_path: Path, table: Table) -> None:
    said = read_net(folder, N, False)
    heat_w = generator(folder).demand(said, STEPS_WEEK)
    halves = {
        mirrored: net_of(said, ConsumerKind.PRESSURE, mirrored=mirrored, furnished=True).network
        for mirrored in (True, False)
    }
    network = halves[True]
    wanted_kg_s = heat_w / (network.fluid.heat_capacity_j_kgk * said["const"]["dT"])
    ours = {key: timed(half, heat_w, wanted_kg_s / np.sqrt(DP_VALVE_PA)) for key, half in halves.items()}
    first = ours[True].state
    demand_kg_s = wanted_kg_s * (first.mass_flow_consumer_kg_s / wanted_kg_s[0])
    supply = _written_for_epanet(network, demand_kg_s, tmp_path)
    for accuracy, name in ACCURACIES.items():
        script = project_root / "tests" / "benchmark" / "peers_epanet.py"
        (line,) = run_peer(script, [*supply, accuracy])
        assert line["steps"] == STEPS_WEEK
        for mirrored, timing in ours.items():
            what = f"pressure-driven, {'mirrored' if mirrored else 'both lines'}; EPANET, {name} accuracy"
            table.add(what, timing, line["step_cpu_ms"], "<= 5", ours_over_peer=True)
        _assert_same_problem(network, first, np.array(line["heads_m"]))


def _written_for_epanet(network: Network, demand_kg_s: Floats, folder: Path) -> list[str]:
    """Write the supply line and its demands for the script that times EPANET; return the paths."""
    supply, fluid = network.supply, network.fluid
    columns = ("node_start", "node_end", "length_m", "diameter_m", "roughness_m", "zeta")
    pressure_pa = network.plant.pressure_return_pa + float(network.producers.lift_pa[0])
    said = {
        "pipe_columns": columns,
        **{column: getattr(supply, column).tolist() for column in columns},
        "elevation_m": network.nodes.elevation_m.tolist(),
        "consumer_node": network.consumers.node.tolist(),
        "head_m": pressure_pa / (fluid.density_kg_m3 * GRAVITY_M_S2),
        "viscosity_m2_s": fluid.viscosity_pa_s / fluid.density_kg_m3,
    }
    (folder / "network.json").write_text(json.dumps(said))
    np.save(folder / "demand.npy", demand_kg_s / fluid.density_kg_m3 * 1e3)
    return [str(folder / "network.json"), str(folder / "demand.npy")]


def _assert_same_problem(network: Network, state: NetworkState, heads_m: Floats) -> None:
    """EPANET solved the supply line that dhsim did: the heads of the first hour agree but for the friction formula."""
    pascal_per_m = network.fluid.density_kg_m3 * GRAVITY_M_S2
    ours_m = state.pressure_supply_pa / pascal_per_m + network.nodes.elevation_m
    drop_m = ours_m[0] - ours_m
    assert np.abs(heads_m - ours_m).max() <= HEAD_DROP_REL * drop_m.max()
