"""Time EPANET's engine on the supply line of a network with given demands, hour by hour.

Called by the peers' own Python: NETWORK DEMAND ACCURACY, where NETWORK is a JSON file of plain lists, DEMAND a NumPy
file (n_hour, n_consumer) in l/s, and ACCURACY EPANET's own. It must not import dhsim: that environment has
another pandas. Prints one line of JSON: the time of the engine alone (its file is read before), and the heads of the
first hour.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

VALUES_A_LINE = 12


def written(said: dict[str, Any], demand_l_s: np.ndarray, accuracy: str) -> str:
    """Return the network as EPANET reads it: every consumer has a demand of 1 l/s and a pattern of its own."""
    n_hour, n_consumer = demand_l_s.shape
    lines = ["[RESERVOIRS]", f"N0 {said['head_m'] + said['elevation_m'][0]:.9g}", "[JUNCTIONS]"]
    lines += [f"N{i} {height:.9g} 0" for i, height in enumerate(said["elevation_m"]) if i]
    lines += ["[PIPES]"]
    lines += [
        f"P{j} N{a} N{b} {length:.9g} {1e3 * d:.9g} {1e3 * k:.9g} {zeta:.9g} Open"
        for j, (a, b, length, d, k, zeta) in enumerate(zip(*(said[key] for key in said["pipe_columns"]), strict=True))
    ]
    lines += ["[DEMANDS]", *(f"N{said['consumer_node'][i]} 1 M{i}" for i in range(n_consumer)), "[PATTERNS]"]
    for i in range(n_consumer):
        for first in range(0, n_hour, VALUES_A_LINE):
            values = " ".join(f"{value:.9g}" for value in demand_l_s[first : first + VALUES_A_LINE, i])
            lines.append(f"M{i} {values}")
    lines += ["[TIMES]", f"DURATION {n_hour - 1}:00", "HYDRAULIC TIMESTEP 1:00", "PATTERN TIMESTEP 1:00"]
    lines += ["[OPTIONS]", "UNITS LPS", "HEADLOSS D-W", f"VISCOSITY {said['viscosity_m2_s']:.9g}"]
    lines += [f"ACCURACY {accuracy}", "TRIALS 200", "[REPORT]", "STATUS NO", "SUMMARY NO", "[END]"]
    return "\n".join(lines) + "\n"


def main(network: str, demand: str, accuracy: str) -> None:
    from wntr.epanet.toolkit import ENepanet
    from wntr.epanet.util import EN

    said, demand_l_s = json.loads(Path(network).read_text()), np.load(demand)
    spent_s: list[float] = []
    heads_m: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.inp"
        path.write_text(written(said, demand_l_s, accuracy))
        engine = ENepanet(str(path), str(path.with_suffix(".rpt")), str(path.with_suffix(".bin")))
        engine.ENopen()
        engine.ENopenH()
        engine.ENinitH(0)
        more = 1
        while more > 0:
            began = time.process_time()
            engine.ENrunH()
            more = engine.ENnextH()
            spent_s.append(time.process_time() - began)
            if not heads_m:
                count = engine.ENgetcount(EN.NODECOUNT)
                of_id = {engine.ENgetnodeid(i): engine.ENgetnodevalue(i, EN.HEAD) for i in range(1, count + 1)}
                heads_m = [of_id[f"N{i}"] for i in range(count)]
        engine.ENcloseH()
        engine.ENclose()
    step_ms = 1e3 * float(np.median(spent_s))
    print(json.dumps({"tool": "EPANET", "steps": len(spent_s), "step_cpu_ms": step_ms, "heads_m": heads_m}))


if __name__ == "__main__":
    main(*sys.argv[1:])
