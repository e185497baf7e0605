"""What a study of a network leaves on disk: tables, the map for map programs, pictures."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from dhsim.errors import Status
from dhsim.report.figures_network import ColorBy, PipeLine, maps_before_after, network_map
from dhsim.report.figures_pressure import piezometric_profile, profiles_before_after
from dhsim.report.geojson import write_geojson
from dhsim.report.style import svg_bytes
from dhsim.study.network_types import NetworkHistory, NetworkSizing, NetworkSolution, NetworkThrottling
from dhsim.study.network_views import map_frame, path_frame, worst_consumer

_DPI = 150
_NOT_RESULTS = ("kind", "label", "x_m", "y_m", "elevation_m", "node", "start", "end", "line", "on")
"""Columns that a map has anyway."""


def write_solution(solution: NetworkSolution, folder: Path) -> None:
    """Write the tables, `network.geojson` where the network was read, and pictures: map and profile to the worst.

    Parameters
    ----------
    solution
        A state of a network.
    folder
        An existing folder.
    """
    for name, frame in _frames(solution).items():
        if not frame.empty:
            frame.to_csv(folder / f"{name}.csv")
    if solution.scenario is not None:
        write_solution_geojson(folder / "network.geojson", solution)
    save_figure(solution_map(solution), folder / "map.png")
    save_figure(solution_profile(solution), folder / "profile.png")


def write_solution_geojson(path: str | Path, solution: NetworkSolution) -> None:
    """Write the network as a GeoJSON map with its results as properties; `load_network` reads it again.

    Raises
    ------
    ValueError
        If the network was not read from a file: then nobody knows what was said.
    """
    scenario = solution.scenario
    if scenario is None:
        raise ValueError("a map needs the network as it was said: solve the file or the NetworkScenario")
    listed = {
        "nodes": [node.id for node in scenario.nodes],
        "valves": [valve.id for valve in scenario.valves],
        "pumps": [pump.id for pump in scenario.pumps],
    }
    results = {name: _results(frame) for name, frame in _frames(solution).items() if name != "warnings"}
    elements = results.pop("elements")
    nodes = results.pop("nodes")
    write_geojson(
        path,
        scenario,
        results["pipes"],
        nodes.loc[[name for name in listed["nodes"] if name in nodes.index]],
        results["consumers"],
        producers=results["producers"],
        valves=elements.loc[listed["valves"]],
        pumps=elements.loc[listed["pumps"]],
    )


def _results(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns=[name for name in _NOT_RESULTS if name in frame])


def _frames(solution: NetworkSolution) -> dict[str, pd.DataFrame]:
    warnings = pd.DataFrame([vars(warning) for warning in solution.warnings])
    return {
        "nodes": solution.nodes,
        "pipes": solution.pipes,
        "consumers": solution.consumers,
        "producers": solution.producers,
        "elements": solution.elements,
        "warnings": warnings.set_index("code") if len(warnings) else warnings,
    }


def solution_json(solution: NetworkSolution) -> str:
    """Return everything about a state as JSON; what is no number is null."""
    balance = solution.balance
    made: dict[str, Any] = {
        "name": solution.network.name,
        "status": [flag.name for flag in Status if flag and flag in solution.status],
        "advice": solution.status.advice,
        "balance": {**balance._asdict(), "heat_residual_rel": balance.heat_residual_rel},
    }
    for name, frame in _frames(solution).items():
        made[name] = records(frame)
    return _json(made)


def history_json(history: NetworkHistory, summary: pd.DataFrame) -> str:
    """Return what came of a run as JSON: heat in all, counts of status flags, and a row a consumer."""
    said = {"totals": history.totals.to_dict(), "status": history.status_counts()}
    return _json({"name": history.network.name, **said, "consumers": records(summary)})


def frames_json(frames: Mapping[str, pd.DataFrame]) -> str:
    """Return frames as JSON, a list of rows each."""
    return _json({name: records(frame) for name, frame in frames.items()})


def _json(said: Mapping[str, Any]) -> str:
    return json.dumps(said, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a frame's rows with their ids, as JSON knows them."""
    rows = frame.reset_index() if frame.index.name else frame
    return [
        {str(name): None if isinstance(value, float) and not math.isfinite(value) else value for name, value in row}
        for row in _rows(rows)
    ]


def _rows(frame: pd.DataFrame) -> Iterable[Iterable[tuple[Any, Any]]]:
    columns = [frame[name].tolist() for name in frame.columns]
    return (zip(frame.columns, row, strict=True) for row in zip(*columns, strict=True))


def solution_map(
    solution: NetworkSolution,
    color_by: ColorBy = "flow",
    line: PipeLine = "supply",
    *,
    before: NetworkSolution | None = None,
    titles: tuple[str, str] = ("before", "after"),
) -> Figure:
    """Draw a state of a network on the map, or two of them side by side.

    Parameters: solution; color_by: flow, flow_class, velocity, temp, loss, gradient; line: supply or return; before:
    another state, drawn first; titles: of the two.
    """
    density_kg_m3 = solution.network.fluid.density_kg_m3
    pipes = map_frame(solution, line)
    if before is None:
        return network_map(pipes, solution.nodes, color_by=color_by, line=line, density_kg_m3=density_kg_m3)
    earlier = map_frame(before, line)
    nodes = pd.concat([solution.nodes, before.nodes.loc[before.nodes.index.difference(solution.nodes.index)]])
    return maps_before_after(
        earlier, pipes, nodes, color_by=color_by, titles=titles, line=line, density_kg_m3=density_kg_m3
    )


def solution_profile(
    solution: NetworkSolution,
    end: str | None = None,
    start: str | None = None,
    *,
    before: NetworkSolution | None = None,
    titles: tuple[str, str] = ("before", "after"),
) -> Figure:
    """Draw the piezometric profile to a node or consumer, the worst one where left out; or two of them side by side.

    Parameters: solution; end, start: names of nodes, consumers or producers; before: another state, drawn first.
    """
    end = worst_consumer(solution) if end is None else end
    density_kg_m3 = solution.network.fluid.density_kg_m3
    path = path_frame(solution, end, start)
    if before is None:
        title = f"Piezometric profile to {end}"
        return piezometric_profile(path, title=title, density_kg_m3=density_kg_m3)
    paths = {f"{titles[0]}, to {end}": path_frame(before, end, start), f"{titles[1]}, to {end}": path}
    return profiles_before_after(paths, density_kg_m3=density_kg_m3)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PNG or SVG, by the name's ending."""
    if path.suffix.lower() == ".svg":
        path.write_bytes(svg_bytes(figure))
    else:
        figure.savefig(path, dpi=_DPI, format="png", metadata={"Software": None})


def write_sizing(sizing: NetworkSizing, folder: Path) -> None:
    """Write the pipes chosen, the network with them as a map where it was read, and gradients before and after."""
    sizing.pipes.to_csv(folder / "pipes.csv")
    if sizing.scenario is not None:
        write_geojson(folder / "network.geojson", sizing.scenario)
    figure = solution_map(sizing.after, "gradient", before=sizing.before, titles=("as it is", "sized"))
    save_figure(figure, folder / "map.png")


def write_throttling(throttling: NetworkThrottling, folder: Path) -> None:
    """Write the list of throttles, the consumers, the throttled network as a map where it was read, and its flows."""
    throttling.throttles.to_csv(folder / "throttles.csv", index=False)
    throttling.consumers.to_csv(folder / "consumers.csv")
    if throttling.scenario is not None:
        write_geojson(folder / "network.geojson", throttling.scenario)
    figure = solution_map(throttling.after, "flow", before=throttling.before, titles=("as it is", "throttled"))
    save_figure(figure, folder / "map.png")


def write_history(history: NetworkHistory, folder: Path, formats: Iterable[str]) -> None:
    """Write each quantity that was kept as a table over time, and the totals."""
    for name in history.arrays:
        frame = history.frame(name)
        for kind in formats if len(frame.columns) else ():
            if kind == "csv":
                frame.to_csv(folder / f"{name}.csv")
            else:
                frame.rename_axis(columns=None).to_parquet(folder / f"{name}.parquet")
    totals = {**history.totals.to_dict(), "status": history.status_counts()}
    (folder / "totals.json").write_text(json.dumps(totals, indent=1) + "\n", encoding="utf-8")
