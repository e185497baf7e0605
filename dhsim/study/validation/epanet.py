"""EPANET: the supply tree of DESTEST's common exercise 0, and a looped grid."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from dhsim.errors import ScenarioError
from dhsim.network.parts import Floats, Fluid
from dhsim.physics.water import GRAVITY_M_S2
from dhsim.study.validation.files import columns, text_of
from dhsim.study.validation.open_line import OpenLine, no_branches, plain_line, solve_flows
from dhsim.study.validation.types import CaseResult, Check, at_most, within
from dhsim.units import M3_PER_L, M_PER_MM, PA_PER_KPA

SOURCE = "EPANET 2.2 (US EPA), Darcy-Weisbach; input files made for this comparison"
VISCOSITY_UNIT_M2_S = 1.1e-5 * 0.3048**2
"""What EPANET's relative viscosity refers to: 1.1e-5 square feet a second (manual, [OPTIONS])."""
DENSITY_KG_M3 = 988.0
"""Of DESTEST's specification; the inputs' demands in litres are its flows over this."""
HEAT_CAPACITY_J_KGK = 4180.0  # of no account here

MESH_FLOWS_L_S = {
    "P0": 8.2996, "P1": 3.8706, "P2": 1.57666, "P3": 1.25347, "P4": 0.95956, "P5": 0.54395, "P6": 0.60144,
    "P7": 4.429, "P8": 1.07937, "P9": 0.76694, "P10": 1.65731, "P11": 0.76599, "P12": 0.81557,
}  # fmt: skip
"""EPANET's answer for the looped grid, by pipe; computed with EPANET 2.2 through WNTR 1.5."""
MESH_HEAD_LOSSES_M = {
    "n00": 0.42543, "n01": 1.3149, "n02": 1.74018, "n10": 1.38593, "n11": 1.50068, "n12": 2.15479, "n20": 1.54179,
    "n21": 1.60326, "n22": 2.6366,
}  # fmt: skip
"""Below the reservoir, by node; as above."""


class EpanetInput(NamedTuple):
    """What is read of an input file: pipes, one reservoir, demands."""

    names: tuple[str, ...]
    """Nodes, the reservoir first"""
    pipe_names: tuple[str, ...]
    line: OpenLine


def read_input(path: Path) -> EpanetInput:
    """Return the network of an EPANET input file with pipes, junctions and one reservoir, in litres a second.

    Raises
    ------
    ScenarioError
        Where the file has other units, another friction law, or no reservoir.
    """
    sections: dict[str, list[list[str]]] = {}
    rows: list[list[str]] = []
    for said in text_of(path).splitlines():
        bare = said.partition(";")[0].split()
        if bare and bare[0].startswith("["):
            rows = sections.setdefault(bare[0].strip("[]").upper(), [])
        elif bare:
            rows.append(bare)
    options = {row[0].upper(): row[-1] for row in sections.get("OPTIONS", [])}
    wanted = {"UNITS": "LPS", "HEADLOSS": "D-W"}
    wrong = [
        f"{key} is {options.get(key)}, expected {value}" for key, value in wanted.items() if options.get(key) != value
    ]
    if wrong or len(sections.get("RESERVOIRS", [])) != 1:
        raise ScenarioError.single("; ".join(wrong) or "expected one reservoir", path=str(path), key="OPTIONS")
    junctions, pipes = sections["JUNCTIONS"], sections["PIPES"]
    names = (sections["RESERVOIRS"][0][0], *(row[0] for row in junctions))
    place = {name: i for i, name in enumerate(names)}
    length, diameter, roughness, zeta = (np.array([float(row[k]) for row in pipes]) for k in (3, 4, 5, 6))
    ends = [np.array([place[row[k]] for row in pipes], dtype=np.int64) for k in (1, 2)]
    line = plain_line(ends[0], ends[1], length, M_PER_MM * diameter, M_PER_MM * roughness, np.zeros(length.size))
    demand = np.array([0.0, *(float(row[2]) for row in junctions)])
    viscosity = float(options["VISCOSITY"]) * VISCOSITY_UNIT_M2_S * DENSITY_KG_M3
    return EpanetInput(
        names,
        tuple(row[0] for row in pipes),
        OpenLine(
            line._replace(zeta=zeta), no_branches(), np.array([0.0, *(float(row[1]) for row in junctions)]),
            np.zeros(1, dtype=np.int64), np.zeros(1), M3_PER_L * DENSITY_KG_M3 * demand,
            Fluid(DENSITY_KG_M3, viscosity, HEAT_CAPACITY_J_KGK),
        ),
    )  # fmt: skip


def tree(folder: Path) -> CaseResult:
    """Return the supply tree of common exercise 0 against EPANET's own answer."""
    base = folder / "epanet_dw"
    given = read_input(base / "destest_ce0_supply.inp")
    flows = columns(base / "destest_ce0_supply_pipe_results.csv", ["mdot_kg_s"], index="pipe")["mdot_kg_s"]
    drops = columns(base / "destest_ce0_supply_dp_from_source_Pa.csv", ["dp_Pa"], index="node")["dp_Pa"]
    found = solve_flows(given.line)
    dp = pd.Series(found.pressure_pa[0] - found.pressure_pa, index=list(given.names))
    own = pd.Series(found.mass_flow_kg_s, index=list(given.pipe_names))
    checks = [_worst_flow(own, flows)]
    why = "EPANET has Swamee and Jain's friction factor, up to 1 % from Colebrook's"
    for place in ("h", "g", "f", "e", "SimpleDistrict_1"):
        checks.append(
            within(f"Pressure drop from the source to {place}", "kPa", float(dp[place]) / PA_PER_KPA,
                   float(drops[place]) / PA_PER_KPA, relative=0.015, why=why)
        )  # fmt: skip
    others = float(np.max(np.abs(dp[drops.index] / drops - 1.0)))
    checks.append(at_most("Pressure drop, largest deviation of all nodes", "%", 100.0 * others, 1.5))
    return CaseResult(
        "epanet-ce0",
        "EPANET: the supply tree of common exercise 0",
        SOURCE,
        "Flows are litres a second of water of 988 kg/m3; friction by Colebrook here, by Swamee and Jain there.",
        tuple(checks),
    )


def _worst_flow(own: pd.Series[float], reference: pd.Series[float], why: str = "") -> Check:
    """Return the check of the flow that deviates most, within 1 % of the largest."""
    worst = str(reference.index[int(np.argmax(np.abs(own[reference.index] - reference)))])
    return within(
        f"Flow of {worst}, which deviates most", "kg/s", float(own[worst]), float(reference[worst]),
        absolute=0.01 * float(reference.abs().max()), why=why,
    )  # fmt: skip


def mesh_flows(folder: Path) -> pd.Series[float]:
    """Return dhsim's flows in the looped grid [kg/s], by pipe."""
    given = read_input(folder / "epanet_dw" / "mesh_3x3.inp")
    return pd.Series(solve_flows(given.line).mass_flow_kg_s, index=list(given.pipe_names))


def mesh(folder: Path) -> CaseResult:
    """Return the looped grid against EPANET's answer, which was computed for this page."""
    given = read_input(folder / "epanet_dw" / "mesh_3x3.inp")
    found = solve_flows(given.line)
    own = pd.Series(found.mass_flow_kg_s, index=list(given.pipe_names))
    reference = pd.Series(MESH_FLOWS_L_S) * M3_PER_L * DENSITY_KG_M3
    drops = pd.Series(MESH_HEAD_LOSSES_M) * DENSITY_KG_M3 * GRAVITY_M_S2
    dp = pd.Series(found.pressure_pa[0] - found.pressure_pa, index=list(given.names))
    checks = [_worst_flow(own, reference)]
    worst = str(drops.index[int(np.argmax(np.abs(dp[drops.index] / drops - 1.0)))])
    checks.append(
        within(f"Pressure drop from the source to {worst}, which deviates most", "kPa", float(dp[worst]) / PA_PER_KPA,
               float(drops[worst]) / PA_PER_KPA, relative=0.015)
    )  # fmt: skip
    off = float(np.max(np.abs(_imbalance_kg_s(given, found.mass_flow_kg_s))))
    checks.append(at_most("Own balance of mass at the nodes", "kg/s", off, 1e-9))
    return CaseResult(
        "epanet-mesh",
        "EPANET: a looped grid of nine nodes",
        SOURCE,
        "The folder has the input alone; the answer was computed with EPANET 2.2 (through WNTR 1.5) and is written "
        "down in dhsim. Friction by Colebrook here, by Swamee and Jain there.",
        tuple(checks),
    )


def _imbalance_kg_s(given: EpanetInput, mass_flow_kg_s: Floats) -> Floats:
    pipes, balance = given.line.pipes, -given.line.draw_kg_s
    np.add.at(balance, pipes.node_end, mass_flow_kg_s)
    np.add.at(balance, pipes.node_start, -mass_flow_kg_s)
    rest: Floats = balance[1:]
    return rest
