"""What a step costs as networks grow, and a year that goes to disk. `pytest tests/benchmark -m benchmark -s` shows it.

Nothing is asserted about time; what makes it linear, the number of entries of the factor, is.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import deque
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from dhsim.errors import Status
from dhsim.network.instant import Drive, solve_instant
from dhsim.network.parcels import full_pipes
from dhsim.network.parts import ConsumerKind, Floats, Ints, Network
from dhsim.network.run import network_parts
from dhsim.network.setup import Shape, empty_state, empty_work, setup
from tests.benchmark.network_nets import ONE_THREAD, generator, net_of, peers_folder

SIZES = (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)
SIZE_LARGE = 1000
"""From here the call from Python, some 0.02 ms, is a small part."""
SIZES_SHORT = (100, 500, 2000)
STEPS_TIMED = 60
COLUMNS = {
    "tree, fixed drop": (False, ConsumerKind.TEMP_DROP),
    "tree, fixed return temperature": (False, ConsumerKind.TEMP_RETURN),
    "tree, pressure-driven": (False, ConsumerKind.PRESSURE),
    "looped, fixed drop": (True, ConsumerKind.TEMP_DROP),
}
STEPS_YEAR = 8760
MEBIBYTE = 2**20
GROWTH_MAX_MIB = 64.0
"""Of memory while a year goes to disk: a block of results is 17 MiB."""


@pytest.fixture(scope="module")
def made(project_root: Path) -> ModuleType:
    return generator(peers_folder(project_root))


def factor_entries(network: Network) -> int:
    return setup(network).problem.pattern.fill_column.size


def nodes_on_loops(n_node: int, start: Ints, end: Ints) -> int:
    """Return how many nodes are left when dead ends are cut off until there are none."""
    around: list[set[int]] = [set() for _ in range(n_node)]
    for a, b in zip(start.tolist(), end.tolist(), strict=True):
        around[a].add(b)
        around[b].add(a)
    ends = deque(node for node in range(n_node) if len(around[node]) == 1)
    while ends:
        node = ends.popleft()
        for beside in around[node]:
            around[beside].discard(node)
            if len(around[beside]) == 1:
                ends.append(beside)
        around[node].clear()
    return sum(1 for beside in around if beside)


@pytest.mark.parametrize("n", SIZES_SHORT)
def test_factor_of_a_tree_is_as_large_as_the_tree(made: ModuleType, n: int) -> None:
    ties = 2 * n - 1  # pipes but the first, whose pressure is given
    said = made.build(n)
    assert factor_entries(net_of(said, ConsumerKind.TEMP_DROP).network) == ties
    assert factor_entries(net_of(said, ConsumerKind.PRESSURE).network) == ties
    assert factor_entries(net_of(said, ConsumerKind.TEMP_DROP, mirrored=False).network) == 2 * ties


@pytest.mark.parametrize("n", SIZES_SHORT)
def test_factor_of_both_lines_with_consumers_between_grows_in_line(made: ModuleType, n: int) -> None:
    """Supply and return are a ladder then: every consumer adds a few entries, wherever it is."""
    entries = factor_entries(net_of(made.build(n), ConsumerKind.PRESSURE, mirrored=False).network)
    assert entries == 8 * n - 3


@pytest.mark.parametrize("n", SIZES_SHORT)
def test_loops_cost_what_lies_on_them(made: ModuleType, n: int) -> None:
    """A loop's nodes have one entry more each; where c chords meet, less than a full matrix of 2 (c - 1) rows."""
    network = net_of(made.build(n, True), ConsumerKind.TEMP_DROP).network
    line, n_node = network.supply, len(network.node_ids)
    chords = line.node_start.size - (n_node - 1)
    extra = factor_entries(network) - (2 * n - 1)
    crossings = 2 * (chords - 1)
    on_loops = nodes_on_loops(n_node, line.node_start, line.node_end)
    assert 0 < extra <= on_loops + crossings * (crossings - 1) / 2


def step_ms(network: Network, heat_w: Floats) -> float:
    """Return the median of CPU milliseconds of a step, called from Python."""
    problem, parts = setup(network), network_parts(network)
    work, state = empty_work(network, problem), empty_state(network)
    pipes = [full_pipes(line, network.fluid, 0.0, 2) for line in (network.supply, network.return_line)]
    driven, opening = problem.consumer_branch, network.consumers.conductance_kg_s_pa05
    spent_s, status = np.empty(len(heat_w)), 0
    for k, heat in enumerate(heat_w):
        if driven[0] >= 0:
            problem.problem.branches.fitting_pa_s2_kg2[driven] = (opening * heat / network.consumers.heat_w) ** -2.0
        drive = Drive(heat, network.consumers.mass_flow_kg_s, network.temp_ground_c, network.temp_air_c)
        began = time.process_time()
        status |= solve_instant(parts, problem, drive, 0.0, pipes[0], pipes[1], work, state)
        spent_s[k] = time.process_time() - began
    assert not status & Status.NOT_CONVERGED
    assert np.isfinite(state.temp_return_c).all()
    return 1e3 * float(np.median(spent_s))


@pytest.mark.slow
@pytest.mark.benchmark
def test_cost_of_a_step_over_size(made: ModuleType) -> None:
    table: dict[str, list[float]] = {name: [] for name in COLUMNS}
    setups_s = []
    for n in SIZES:
        for name, (looped, kind) in COLUMNS.items():
            said = made.build(n, looped)
            network = net_of(said, kind, furnished=True).network
            began = time.process_time()
            shape = setup(network).shape
            if name == next(iter(COLUMNS)):
                setups_s.append(time.process_time() - began)
                assert shape == Shape.TREE
            table[name].append(step_ms(network, made.demand(said, STEPS_TIMED)))
    print(f"\n\n{'CPU ms a step, median, one thread: N':<38}" + "".join(f"{n:>9}" for n in SIZES) + "  exponent")
    for name, values in table.items():
        large = SIZES.index(SIZE_LARGE)
        exponents = [np.polyfit(np.log(SIZES[i:]), np.log(values[i:]), 1)[0] for i in (0, large)]
        shown = f"{exponents[0]:10.2f}, from N = {SIZE_LARGE}: {exponents[1]:.2f}"
        print(f"{name:<38}" + "".join(f"{value:9.3f}" for value in values) + shown)
        print(f"{'  us a consumer':<38}" + "".join(f"{1e3 * v / n:9.3f}" for n, v in zip(SIZES, values, strict=True)))
    print(f"{'setup of a tree, once, ms':<38}" + "".join(f"{1e3 * value:9.1f}" for value in setups_s))


def year(project_root: Path, steps: int, folder: Path | None) -> dict[str, Any]:
    """Run `network_year` in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmark.network_year", str(peers_folder(project_root)), str(steps)]
    command += [str(folder)] if folder else []
    done = subprocess.run(command, capture_output=True, text=True, cwd=project_root, env=os.environ | ONE_THREAD)
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


@pytest.mark.slow
@pytest.mark.benchmark
@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="no /proc/self/status to read the memory from")
def test_year_streamed_to_disk(project_root: Path, tmp_path: Path) -> None:
    disk = {steps: year(project_root, steps, tmp_path / str(steps)) for steps in (STEPS_YEAR // 8, STEPS_YEAR)}
    memory = year(project_root, STEPS_YEAR, None)
    print("\n\nN = 1000, tree, fixed return temperature, all results, one call")
    for name, said in {
        "1095 steps to disk": disk[STEPS_YEAR // 8],
        "8760 steps to disk": disk[STEPS_YEAR],
        "8760 steps in memory": memory,
    }.items():
        grown, before, series, results = (
            said[f"{what}_bytes"] / MEBIBYTE for what in ("growth", "before", "series", "result")
        )
        print(
            f"{name:<22}{said['wall_s']:6.2f} s ({said['cpu_s']:.2f} s CPU), {results:5.0f} MiB of results; "
            f"memory grew by {grown:6.1f} MiB from {before:.0f} MiB ({series:.0f} MiB of it the demand)"
        )
    on_disk = sum(path.stat().st_size for path in (tmp_path / str(STEPS_YEAR)).iterdir())
    assert on_disk >= disk[STEPS_YEAR]["result_bytes"] == memory["result_bytes"]
    assert disk[STEPS_YEAR]["last"] == memory["last"]
    assert disk[STEPS_YEAR]["growth_bytes"] <= GROWTH_MAX_MIB * MEBIBYTE
    assert memory["growth_bytes"] >= 0.9 * memory["result_bytes"]
    for path in (tmp_path / str(STEPS_YEAR)).iterdir():  # pytest keeps the folders of its last runs
        path.unlink()
