"""A network and its results as a GeoJSON map that map programs show and `load_network` reads again."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from dhsim.scenario.network_agreement import node_positions
from dhsim.scenario.network_map import RESULT_PREFIX, straight_route
from dhsim.scenario.network_schema import NetworkScenario
from dhsim.scenario.network_tables import TABLES

_DRAWN = {"x", "y", "route"}


def network_geojson(
    scenario: NetworkScenario,
    pipes: pd.DataFrame | None = None,
    nodes: pd.DataFrame | None = None,
    consumers: pd.DataFrame | None = None,
    *,
    producers: pd.DataFrame | None = None,
    valves: pd.DataFrame | None = None,
    pumps: pd.DataFrame | None = None,
) -> dict[str, Any]:
    """Return a network as a FeatureCollection, its results as properties beside what was given.

    Reading it gives the same network again: every feature keeps its coordinates and names its nodes; results are left
    out. What has no coordinates gets no geometry, and nodes that were not listed get no feature.

    Parameters
    ----------
    scenario
        The network as it was said.
    pipes, nodes, consumers, producers, valves, pumps
        Results, one row an id, one column a quantity with its unit; the property is called `result_` and the column.

    Returns
    -------
    dict
        RFC 7946, but for coordinates in metres, which carry their `crs` where one is known.

    Raises
    ------
    ValueError
        A row of results for something that is not in the network, or two rows for one thing.
    """
    frames = {
        "nodes": nodes,
        "pipes": pipes,
        "valves": valves,
        "pumps": pumps,
        "consumers": consumers,
        "producers": producers,
    }
    implicit = {
        name for item in (*scenario.pipes, *scenario.valves, *scenario.pumps) for name in (item.start, item.end)
    }
    positions = node_positions(scenario)
    features = []
    for group in TABLES:
        items = getattr(scenario, group)
        known = {item.id for item in items} | (implicit if group == "nodes" else set())
        results = _results(group, frames[group], known)
        kind = group.removesuffix("s")
        for item in items:
            given = item.model_dump(mode="json", exclude_unset=True, exclude_none=True, exclude=_DRAWN)
            features.append(
                {
                    "type": "Feature",
                    "geometry": _geometry(kind, item, positions),
                    "properties": {"kind": kind, **given, **results.get(item.id, {})},
                }
            )
    lists_and_crs = {*TABLES, "crs"}
    scalars = scenario.model_dump(mode="json", exclude_unset=True, exclude_none=True, exclude=lists_and_crs)
    made: dict[str, Any] = {"type": "FeatureCollection", "name": scenario.name}
    if scenario.crs is not None:
        made["crs"] = {"type": "name", "properties": {"name": scenario.crs}}
    return {**made, "dhsim": {**scalars, "coordinates": scenario.coordinates}, "features": features}


def write_geojson(
    path: str | Path,
    scenario: NetworkScenario,
    pipes: pd.DataFrame | None = None,
    nodes: pd.DataFrame | None = None,
    consumers: pd.DataFrame | None = None,
    **others: pd.DataFrame | None,
) -> None:
    """Write `network_geojson` to a file, a line a feature."""
    made = network_geojson(scenario, pipes, nodes, consumers, **others)
    features = ",\n".join(_json(feature) for feature in made.pop("features"))
    head = _json(made).removesuffix("}")
    Path(path).write_text(f'{head}, "features": [\n{features}\n]}}\n', encoding="utf-8", newline="\n")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _results(group: str, frame: pd.DataFrame | None, known: set[str]) -> dict[str, dict[str, Any]]:
    """Return id -> properties of a frame."""
    if frame is None:
        return {}
    strange = [str(id_) for id_ in frame.index if id_ not in known]
    if strange:
        raise ValueError(f"results for {group} that are not in the network: {', '.join(strange[:5])}")
    if not frame.index.is_unique:
        twice = frame.index[frame.index.duplicated()][0]
        raise ValueError(f"two rows of results for {twice!r} of {group}")
    columns = {f"{RESULT_PREFIX}{name}": [_plain(value) for value in frame[name].tolist()] for name in frame.columns}
    return {id_: {name: values[row] for name, values in columns.items()} for row, id_ in enumerate(frame.index)}


def _plain(value: Any) -> Any:
    """Return a number that JSON knows: NaN and infinity become null."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _geometry(kind: str, item: Any, positions: Mapping[str, tuple[float, float]]) -> dict[str, Any] | None:
    """Return where something is drawn: as said, else at its nodes; None without coordinates."""
    if kind in ("node", "consumer", "producer"):
        at = (item.x, item.y) if item.x is not None else positions.get(getattr(item, "node", None) or item.id)
        return None if at is None else {"type": "Point", "coordinates": list(at)}
    route = item.route or straight_route(kind, positions.get(item.start), positions.get(item.end))
    if route is None:
        return None
    if len(route) == 1:
        return {"type": "Point", "coordinates": list(route[0])}
    return {"type": "LineString", "coordinates": [list(position) for position in route]}
