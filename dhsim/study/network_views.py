"""Frames for pictures of a network: one line's pipes with their routes for a map, a way through it for a profile."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from dhsim.errors import DhsimError
from dhsim.network.parts import Floats
from dhsim.network.paths import path_between
from dhsim.physics.boiling import ATMOSPHERIC_PRESSURE_PA, saturation_pressure_pa
from dhsim.physics.water import GRAVITY_M_S2
from dhsim.scenario.network_agreement import node_positions
from dhsim.scenario.places import projection
from dhsim.scenario.wording import nearest
from dhsim.study.network_types import NetworkHistory, NetworkSolution
from dhsim.units import J_PER_MWH

_OF_RETURN = {
    "mass_flow_return_kg_s": "mass_flow_kg_s",
    "velocity_return_m_s": "velocity_m_s",
    "pressure_gradient_return_pa_m": "pressure_gradient_pa_m",
    "pressure_drop_return_pa": "pressure_drop_pa",
}


def map_frame(solution: NetworkSolution, line: Literal["supply", "return"] = "supply") -> pd.DataFrame:
    """Return the pipes of one line as `report.figures_network.network_map` takes them, each with its route.

    Valves and pumps whose ends stand apart are drawn too, as if they were pipes as wide as the narrowest one.

    Parameters
    ----------
    solution
        A state of a network.
    line
        Which of the two lines.
    """
    pipes = solution.pipes[solution.pipes["line"].isin(["both", line])].copy()
    if line == "return":
        for own, shown in _OF_RETURN.items():
            pipes[shown] = pipes[own]
    routes = _routes_m(solution)
    pipes["geometry"] = pd.Series([routes.get(name) for name in pipes.index], index=pipes.index, dtype=object)
    between = _elements_apart(solution, line, float(pipes["diameter_m"].min()))
    return pipes if between.empty else pd.concat([pipes, between])


def _elements_apart(solution: NetworkSolution, line: str, diameter_m: float) -> pd.DataFrame:
    elements, nodes = solution.elements, solution.nodes
    drawn = elements[(elements["line"] == line) & (elements["kind"] != "passage")]
    place = nodes[["x_m", "y_m"]]
    if bool(np.isfinite(place.to_numpy()).all()):
        apart = (place.loc[drawn["start"]].to_numpy() != place.loc[drawn["end"]].to_numpy()).any(axis=1)
        drawn = drawn[apart]
    if drawn.empty:
        return pd.DataFrame()
    frame = drawn[["start", "end", "mass_flow_kg_s"]].assign(
        mass_flow_return_kg_s=drawn["mass_flow_kg_s"],
        diameter_m=diameter_m,
        buried=1,
        line=line,
        velocity_m_s=np.nan,
        pressure_gradient_pa_m=np.nan,
        heat_loss_w=0.0,
    )
    for side in ("supply", "return"):
        frame[f"temp_{side}_c"] = nodes.loc[drawn["end"], f"temp_{side}_c"].to_numpy()
    return frame.assign(geometry=pd.Series([None] * len(frame), index=frame.index, dtype=object))


def _routes_m(solution: NetworkSolution) -> dict[str, Floats]:
    """Return the points of each pipe that has a route, in metres as the nodes are."""
    scenario = solution.scenario
    if scenario is None:
        return {}
    positions = node_positions(scenario)
    placed = [positions[name] for name in solution.network.node_ids if name in positions]
    to_metres = projection(placed, scenario.coordinates)
    return {
        pipe.id: np.array([to_metres(position) for position in pipe.route])
        for pipe in scenario.pipes
        if pipe.route is not None
    }


def worst_consumer(solution: NetworkSolution) -> str:
    """Return the consumer that is on and has the least differential pressure beyond what it needs."""
    consumers = solution.consumers[solution.consumers["on"]]
    spare = consumers["dp_pa"] - consumers["dp_min_pa"]
    if spare.notna().sum() == 0:
        return str(solution.consumers.index[0])
    return str(spare.idxmin())


def path_frame(solution: NetworkSolution, end: str, start: str | None = None) -> pd.DataFrame:
    """Return the shortest way along the supply line as `report.figures_pressure.piezometric_profile` takes it.

    The static line is that of the plant's return pressure; the highest return allowed is what the weakest directly
    connected radiators of the whole network bear; the supply boils below the saturation pressure at the highest
    supply temperature (NaN below 100 degC, where it does not).

    Parameters
    ----------
    solution
        A state of a network.
    end
        A node, consumer or producer.
    start
        Likewise; the first producer's node where left out.

    Returns
    -------
    pandas.DataFrame
        A row a node: distance_m, node, elevation_m, pressures of supply, return and static, height_m of the highest
        building there, pressure_max_pa, pressure_boiling_pa.

    Raises
    ------
    DhsimError
        An unknown name, or no way.
    """
    network = solution.network
    first = 0 if start is None else _node_of(solution, start)
    last = _node_of(solution, end)
    between = network.elements.is_return == 0
    starts = np.concatenate([network.supply.node_start, network.elements.node_start[between]])
    ends = np.concatenate([network.supply.node_end, network.elements.node_end[between]])
    lengths = np.concatenate([network.supply.length_m, np.zeros(int(between.sum()))])
    try:
        way, steps = path_between(starts, ends, lengths, first, last)
    except ValueError as error:
        raise DhsimError(f"no way in the supply line from {start or network.node_ids[0]!r} to {end!r}") from error
    nodes = solution.nodes.iloc[way]
    rise_m = network.nodes.elevation_m[0] - network.nodes.elevation_m[way]
    boiling_pa = float(saturation_pressure_pa(solution.temp_highest_c)) - ATMOSPHERIC_PRESSURE_PA
    bears_pa = float(np.min(network.consumers.pressure_max_pa, initial=np.inf))
    return pd.DataFrame(
        {
            "distance_m": np.concatenate([[0.0], np.cumsum(lengths[steps])]),
            "node": [label or name for name, label in zip(nodes.index, nodes["label"], strict=True)],
            "elevation_m": nodes["elevation_m"].to_numpy(),
            "pressure_supply_pa": nodes["pressure_supply_pa"].to_numpy(),
            "pressure_return_pa": nodes["pressure_return_pa"].to_numpy(),
            "static_pa": network.plant.pressure_return_pa + network.fluid.density_kg_m3 * GRAVITY_M_S2 * rise_m,
            "height_m": _heights_m(solution)[way],
            "pressure_max_pa": bears_pa if np.isfinite(bears_pa) else np.nan,
            "pressure_boiling_pa": boiling_pa if boiling_pa > 0.0 else np.nan,
        }
    )


def _heights_m(solution: NetworkSolution) -> Floats:
    """Return the highest directly connected building at each node; NaN where there is none."""
    consumers = solution.network.consumers
    heights = np.full(len(solution.network.node_ids), np.nan)
    direct = np.isfinite(consumers.pressure_max_pa) & np.isfinite(consumers.height_m)
    for node, height_m in zip(consumers.node[direct].tolist(), consumers.height_m[direct].tolist(), strict=True):
        heights[node] = np.fmax(heights[node], height_m)
    return heights


def _node_of(solution: NetworkSolution, name: str) -> int:
    network = solution.network
    if name in network.node_ids:
        return network.node_ids.index(name)
    if name in network.consumer_ids:
        return int(network.consumers.node[network.consumer_ids.index(name)])
    if name in network.producer_ids:
        return int(network.producers.node[network.producer_ids.index(name)])
    near = nearest(name, [*network.node_ids, *network.consumer_ids])
    hint = f" (did you mean {near}?)" if near else ""
    raise DhsimError(f"{network.name}: no node, consumer or producer is called {name!r}{hint}")


SUMMARY_ARRAYS = (
    "mass_flow_consumer_kg_s",
    "heat_consumer_w",
    "temp_return_consumer_c",
    "temp_supply_c",
    "pressure_supply_pa",
    "pressure_return_pa",
)
"""What `consumers_over_time` needs of a history."""


def consumers_over_time(history: NetworkHistory) -> pd.DataFrame:
    """Return heat, mean and peak flow, coldest supply, mean return (by flow) and least dp of each consumer.

    Raises
    ------
    KeyError
        If one of SUMMARY_ARRAYS was not kept.
    """
    network, arrays = history.network, history.arrays
    flow, node = np.asarray(arrays["mass_flow_consumer_kg_s"]), network.consumers.node
    back = np.asarray(arrays["temp_return_consumer_c"])
    with np.errstate(divide="ignore", invalid="ignore"):
        temp_return_mean_c = (flow * back).sum(axis=0) / flow.sum(axis=0)
    dp_pa = np.asarray(arrays["pressure_supply_pa"])[:, node] - np.asarray(arrays["pressure_return_pa"])[:, node]
    return pd.DataFrame(
        {
            "heat_mwh": np.asarray(arrays["heat_consumer_w"]).sum(axis=0) * (history.step_s / J_PER_MWH),
            "mass_flow_mean_kg_s": flow.mean(axis=0),
            "mass_flow_peak_kg_s": flow.max(axis=0),
            "temp_supply_min_c": np.asarray(arrays["temp_supply_c"])[:, node].min(axis=0),
            "temp_return_mean_c": temp_return_mean_c,
            "dp_min_pa": dp_pa.min(axis=0),
        },
        index=pd.Index(network.consumer_ids, name="consumer"),
    )
