"""Flow and temperature of every building and pipe of the secondary network, run by run: the paper's figures 9 and 11.

Three flows are told apart. The primary flow is what the substation takes from the city's network: the part of the
secondary flow that is not mixed in, and what heats the hot water. The secondary flow goes through the pipes and the jet
pumps. Hot water comes through a third pipe (or from exchangers in the buildings, fed by the secondary pipes).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dhsim.errors import DhsimError
from dhsim.model.boundary import ABOVE_CPT, N_CLASS, OUT_OF_SEASON
from dhsim.model.system import Floats
from dhsim.network.parts import Line
from dhsim.study.flow_classes import class_of
from dhsim.study.types import Comparison, Run
from dhsim.units import J_PER_MWH, S_PER_H

Flags = NDArray[np.bool_]

PERIODS: Mapping[str, str] = {"season": "heating season", "above_cpt": "hours of it above the CPT"}
"""Suffix of a column -> the hours that it is a mean of; above the CPT is the paper's fall and spring operation."""
BUILDING_NEEDS = (
    *("mass_flow_building_kg_s", "temp_supply_building_c", "temp_return_building_c"),
    *("heat_flow_sh_w", "heat_flow_dhw_w"),
)
PIPE_NEEDS = ("mass_flow_pipe_kg_s", "temp_supply_pipe_c", "temp_return_pipe_c")
"""Series without which there are no frames."""


def building_flows(comparison: Comparison) -> pd.DataFrame:
    """Return flow, temperatures and heat of every building in every run.

    Returns
    -------
    pandas.DataFrame
        Index (scenario, building). For the heating season (`season`) and its hours above the CPT (`above_cpt`): mean
        flow through the jet pump (`mass_flow_*`, `volume_flow_*`), flow-weighted supply and return temperature, mean
        hot water drawn (`mass_flow_tap_*`), heat of rooms and of hot water; `max`: the highest mean over a step of the
        whole run. NaN where there was no such hour or no flow.

    Raises
    ------
    DhsimError
        If a run did not keep the series.
    """
    return pd.concat({run.name: _buildings(run) for run in comparison.runs}, names=["scenario"])


def pipe_flows(comparison: Comparison) -> pd.DataFrame:
    """Return flow, velocity, temperatures, heat loss and flow class of every pipe in every run.

    Returns
    -------
    pandas.DataFrame
        Index (scenario, pipe); start, end, length and inner diameter, buried, then as in `building_flows`. Supply
        temperature is that at the pipe's end, return temperature that at its start: where the water leaves. The loss
        is that of supply and return together. `flow_class`: of the paper's figures 9 and 11, see `flow_classes`.

    Raises
    ------
    DhsimError
        If a run did not keep the series.
    """
    return pd.concat({run.name: _pipes(run) for run in comparison.runs}, names=["scenario"])


def flows_of(flows: pd.DataFrame, scenario: str) -> pd.DataFrame:
    """Return one run's part of what `building_flows` or `pipe_flows` returned, by building or pipe."""
    return flows[flows.index.get_level_values("scenario") == scenario].droplevel("scenario")


def missing_series(run: Run, needed: tuple[str, ...]) -> tuple[str, ...]:
    """Return which series a run did not keep at every step."""
    arrays = run.solution.arrays
    return tuple(name for name in needed if name not in arrays or len(arrays[name]) != len(run.solution.time))


def hours_of(run: Run, period: str) -> Flags:
    """Return which steps belong to a period, (n_time,)."""
    kind = run.case.boundary.arrays.group % N_CLASS
    made: Flags = kind == ABOVE_CPT if period == "above_cpt" else kind != OUT_OF_SEASON
    return made


def mean_of(values: Floats, hours: Flags) -> Floats:
    """Return the mean of every column over some hours, NaN where there is none."""
    made: Floats = values[hours].mean(axis=0) if hours.any() else np.full(values.shape[1], math.nan)
    return made


def weighted_mean_of(values: Floats, weights: Floats, hours: Flags) -> Floats:
    """Return the mean of every column over some hours, weighted by another's; NaN where all weights are zero."""
    weight = weights[hours].sum(axis=0)
    total = (values[hours] * weights[hours]).sum(axis=0)
    made: Floats = np.divide(total, weight, out=np.full(total.shape, math.nan), where=weight > 0.0)
    return made


def _require(run: Run, needed: tuple[str, ...]) -> None:
    missing = missing_series(run, needed)
    if missing:
        raise DhsimError(f"{run.name} did not keep {', '.join(missing)}: simulate it with keep_pipes=True")


def _flows(run: Run, flow_kg_s: Floats, name: str = "") -> dict[str, Floats]:
    """Return the columns of a flow: means and peak, as mass and, for the water of the secondary network, as volume."""
    per_m3_h = S_PER_H / run.case.system.substation.density_water_kg_m3
    found = {period: mean_of(flow_kg_s, hours_of(run, period)) for period in PERIODS}
    found["max"] = flow_kg_s.max(axis=0)
    columns = {f"mass_flow_{name}{period}_kg_s": values for period, values in found.items()}
    if not name:
        columns |= {f"volume_flow_{period}_m3_h": values * per_m3_h for period, values in found.items()}
    return columns


def _temperatures(run: Run, supply_c: Floats, return_c: Floats, flow_kg_s: Floats) -> dict[str, Floats]:
    return {
        f"temp_{side}_{period}_c": weighted_mean_of(values, flow_kg_s, hours_of(run, period))
        for side, values in (("supply", supply_c), ("return", return_c))
        for period in PERIODS
    }


def _buildings(run: Run) -> pd.DataFrame:
    _require(run, BUILDING_NEEDS)
    arrays = run.solution.arrays
    flow = arrays["mass_flow_building_kg_s"]
    columns = _flows(run, flow)
    columns |= _temperatures(run, arrays["temp_supply_building_c"], arrays["temp_return_building_c"], flow)
    for period in PERIODS:
        hours = hours_of(run, period)
        for use in ("sh", "dhw"):
            heat_j = arrays[f"heat_flow_{use}_w"][hours].sum(axis=0) * run.solution.step_s
            columns[f"heat_{use}_{period}_mwh"] = heat_j / J_PER_MWH
    columns |= _flows(run, run.case.boundary.arrays.mass_flow_tap_kg_s, "tap_")
    return pd.DataFrame(columns, index=pd.Index(run.solution.building_ids, name="building"))


def _pipes(run: Run) -> pd.DataFrame:
    _require(run, PIPE_NEEDS)
    arrays, system = run.solution.arrays, run.case.system
    flow, names, line = arrays["mass_flow_pipe_kg_s"], np.array(system.node_ids, dtype=object), system.supply
    columns: dict[str, object] = {
        "start": names[line.node_start],
        "end": names[line.node_end],
        "length_m": line.length_m,
        "diameter_m": line.diameter_m,
        "buried": line.buried,
    }
    flows = _flows(run, flow)
    columns |= flows
    area_m2 = 0.25 * math.pi * line.diameter_m**2
    per_m_s = 1.0 / (system.substation.density_water_kg_m3 * area_m2)
    columns |= {f"velocity_{part}_m_s": flows[f"mass_flow_{part}_kg_s"] * per_m_s for part in (*PERIODS, "max")}
    columns |= _temperatures(run, arrays["temp_supply_pipe_c"], arrays["temp_return_pipe_c"], flow)
    loss_w = pipe_losses_w(run)
    columns |= {f"heat_loss_{period}_w": mean_of(loss_w, hours_of(run, period)) for period in PERIODS}
    for part in (*PERIODS, "max"):
        classes = class_of(flows[f"volume_flow_{part}_m3_h"])
        columns[f"flow_class_{part}"] = ["" if one is None else one.label for one in classes]
    return pd.DataFrame(columns, index=pd.Index(system.pipe_ids, name="pipe"))


def pipe_losses_w(run: Run) -> Floats:
    """Return what supply and return of every pipe lose at every step, (n_time, n_pipe) [W].

    From where the water leaves each pipe, back along its exponential to where it came in:
    ``m c (T_out - T_amb) (exp(U L / (m c)) - 1)``; the heat that the water stores within a step is left out.

    Parameters
    ----------
    run
        A run that kept its pipes.
    """
    arrays, system, given = run.solution.arrays, run.case.system, run.case.boundary.arrays
    ambient = np.where(system.supply.buried == 1, given.temp_ground_c[:, None], given.temp_outdoor_c[:, None])
    flow = arrays["mass_flow_pipe_kg_s"]
    cp = system.substation.heat_capacity_water_j_kgk
    sides = ((system.supply, "temp_supply_pipe_c"), (system.return_line, "temp_return_pipe_c"))
    made: Floats = sum((_line_losses_w(line, flow, arrays[name] - ambient, cp) for line, name in sides), np.zeros(1))
    return made


_TRANSFER_UNITS_MAX = 1.0
"""U L / (m c) beyond which the water hardly moves: it then loses as if it stood at the temperature it leaves with."""


def _line_losses_w(line: Line, flow_kg_s: Floats, excess_k: Floats, heat_capacity_j_kgk: float) -> Floats:
    ua_w_k = line.u_w_mk * line.length_m
    units = np.divide(
        ua_w_k, np.abs(flow_kg_s) * heat_capacity_j_kgk, out=np.zeros_like(flow_kg_s), where=flow_kg_s != 0
    )
    units[units > _TRANSFER_UNITS_MAX] = 0.0
    rise = np.divide(np.expm1(units), units, out=np.ones_like(units), where=units > 0.0)
    made: Floats = ua_w_k * excess_k * rise
    return made


def map_nodes(run: Run) -> pd.DataFrame:
    """Return the nodes of the secondary network as `report.figures_network` takes them, index node."""
    system = run.case.system
    names: dict[int, list[str]] = {node: [] for node in range(len(system.node_ids))}
    for building, node in zip(system.building_ids, system.buildings.node.tolist(), strict=True):
        names[node].append(building)
    label = [", ".join(names[node]) for node in range(len(system.node_ids))]
    kind = ["consumer" if text else "junction" for text in label]
    kind[0], label[0] = "producer", ", ".join([system.node_ids[0], *names[0]])
    return pd.DataFrame(
        {"kind": kind, "label": label, "x_m": system.nodes.x_m, "y_m": system.nodes.y_m},
        index=pd.Index(system.node_ids, name="node"),
    )


def map_pipes(flows: pd.DataFrame, scenario: str, period: str = "above_cpt") -> pd.DataFrame:
    """Return one run's pipes in one period as `report.figures_network` takes them, from `pipe_flows`.

    Parameters
    ----------
    flows
        What `pipe_flows` returned.
    scenario
        Name of the run.
    period
        One of PERIODS, or `max`, which has no temperatures.
    """
    own = flows_of(flows, scenario)
    made = own[["start", "end", "length_m", "diameter_m", "buried"]].copy()
    taken = {"mass_flow": "kg_s", "velocity": "m_s"}
    if period in PERIODS:
        taken |= {"temp_supply": "c", "temp_return": "c", "heat_loss": "w"}
    for name, unit in taken.items():
        made[f"{name}_{unit}"] = own[f"{name}_{period}_{unit}"]
    return made
