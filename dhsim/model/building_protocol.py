"""The radiators' flows as a balancing protocol tells them: measured at themselves, or at the valves before them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from dhsim.errors import DhsimError
from dhsim.model.building import Building
from dhsim.model.building_paths import radiators_behind
from dhsim.network.parts import Floats
from dhsim.units import M3_PER_L, S_PER_H

SUM_REL = 0.05
"""How far a riser's measured flow may be from the sum of its radiators' before it is remarked on."""
_L_H = S_PER_H / M3_PER_L
_NAMES_SHOWN = 5


class ProtocolRemark(NamedTuple):
    """What the reader of a protocol must know."""

    kind: str
    """`split`: a riser's flow was shared out by the plan; `sum`: a riser and its radiators differ; `unused`"""
    message: str
    value: float = math.nan


def protocol_flows(
    building: Building, flow_measured_m3_s: Floats, weight: Floats | None = None
) -> tuple[Floats, tuple[ProtocolRemark, ...]]:
    """Return the flow of every radiator from what was measured at radiators and valves.

    What a valve lets through, less the known flows behind it, is shared by the other radiators behind it in proportion
    to their weights; valves with the fewest radiators go first.

    Parameters
    ----------
    building
        The circuit.
    flow_measured_m3_s
        Of each edge, NaN where nothing was measured [m3/s], shape (n_edge,).
    weight
        Of each radiator, as the plan's flow; where one is NaN the riser's radiators count alike.

    Returns
    -------
    tuple
        Flows [m3/s], shape (n_radiator,), and remarks.

    Raises
    ------
    DhsimError
        For radiators whose flow cannot be told, and valves that let less through than was measured behind them.
    """
    radiators, valves = building.radiators, building.valves
    flow = np.asarray(flow_measured_m3_s, np.float64)[radiators].copy()
    through = np.asarray(flow_measured_m3_s, np.float64)[valves]
    behind = radiators_behind(building)
    count = behind.number(valves.size)
    remarks, problems = list[ProtocolRemark](), list[str]()
    measured = np.flatnonzero(np.isfinite(through))
    for v in measured[np.argsort(count[measured], kind="stable")]:
        mine, name = behind.of(int(v)), building.edge_ids[valves[v]]
        if not mine.size:
            text = "its flow was not used: no radiator gets all its water through it"
            remarks.append(ProtocolRemark("unused", f"{name}: {text}"))
            continue
        known = float(np.nansum(flow[mine]))
        silent = mine[np.isnan(flow[mine])]
        if not silent.size:
            remarks += _sum_remark(name, float(through[v]), known, mine.size)
        elif through[v] <= known:
            problems.append(
                f"{name}: {through[v] * _L_H:.4g} l/h, but {known * _L_H:.4g} l/h were measured behind it: "
                f"nothing is left for {_listed(building.edge_ids[e] for e in radiators[silent])}"
            )
        else:
            share = np.ones(silent.size) if weight is None else weight[silent]
            share = share if np.isfinite(share).all() else np.ones(silent.size)
            flow[silent] = (through[v] - known) * share / share.sum()
            if silent.size > 1:
                text = f"its flow was shared out to {silent.size} radiators by the plan"
                remarks.append(ProtocolRemark("split", f"{name}: {text}"))
    unknown = np.flatnonzero(np.isnan(flow))
    if unknown.size and not problems:
        names = _listed(building.edge_ids[e] for e in radiators[unknown])
        problems.append(f"no flow in the protocol for {unknown.size} of {radiators.size} radiators: {names}")
    if problems:
        raise DhsimError("\n".join(problems))
    return flow, tuple(remarks)


def _sum_remark(name: str, through_m3_s: float, known_m3_s: float, count: int) -> list[ProtocolRemark]:
    off = through_m3_s / known_m3_s - 1.0
    if abs(off) <= SUM_REL:
        return []
    message = (
        f"{name}: {through_m3_s * _L_H:.4g} l/h measured, but the {count} radiators behind it add up to "
        f"{known_m3_s * _L_H:.4g} l/h; the radiators' flows are used"
    )
    return [ProtocolRemark("sum", message, off)]


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - _NAMES_SHOWN} more" if len(every) > _NAMES_SHOWN else ""
    return ", ".join(every[:_NAMES_SHOWN]) + more
