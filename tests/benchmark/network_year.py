"""A year of hourly steps of 1000 consumers in one call, in a process of its own: time, size and memory.

Called as a module: PEERS STEPS [FOLDER]. With FOLDER all results go to disk, otherwise they stay in memory. Prints a
line of JSON.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np

from dhsim.network.parts import ConsumerKind
from dhsim.network.run import NetworkSeries, run_network
from tests.benchmark.network_nets import generator, net_of, read_net

N = 1000
BYTES_PER_KB = 1024


def resident_bytes() -> int:
    """Return the memory that this process holds just now; the cache of the files that it wrote is not in it."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * BYTES_PER_KB
    raise ValueError("no VmRSS in /proc/self/status")


def main(peers: str, steps: str, folder: str | None = None) -> None:
    said = read_net(Path(peers), N, False)
    heat_w = generator(Path(peers)).demand(said, int(steps))
    network = net_of(said, ConsumerKind.TEMP_RETURN, furnished=True).network
    run_network(network, NetworkSeries(2, heat_w=heat_w[:2]))  # loads the compiled code
    before = resident_bytes()
    seen = [before]
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    run = run_network(
        network,
        NetworkSeries(len(heat_w), heat_w=heat_w),
        folder=Path(folder) if folder else None,
        progress=lambda _: seen.append(resident_bytes()),
    )
    said_of_it = {
        "wall_s": time.perf_counter() - began_s,
        "cpu_s": time.process_time() - began_cpu_s,
        "result_bytes": sum(values.nbytes for values in run.arrays.values()),
        "series_bytes": heat_w.nbytes,
        "before_bytes": before,
        "growth_bytes": max(seen) - before,
        "status": int(np.bitwise_or.reduce(run.status)),
        "last": {name: float(values[-1].sum()) for name, values in run.arrays.items()},
    }
    print(json.dumps(said_of_it))


if __name__ == "__main__":
    main(*sys.argv[1:])
