"""Whether the parts of a network agree: what hangs together, lengths and routes, surroundings, producers, pumps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from dhsim.catalogue import entry
from dhsim.errors import CatalogueError
from dhsim.scenario.consistency import Finding
from dhsim.scenario.network_layout import Edge, layout_findings, layout_of
from dhsim.scenario.places import Coordinates, Position, distance_m, off_segment_m, route_length_m

_HINTS_MAX = 20
"""Loose ends that are looked for on the map, which takes time."""


def network_disagreements(said: Any) -> list[Finding]:
    """Return all findings between the parts of a NetworkScenario."""
    layout = layout_of(said)
    assert layout is not None  # the schema has seen to ids and ends

    hints_left = iter(range(_HINTS_MAX))

    def hint(names: Sequence[str], edges: Sequence[Edge]) -> str:
        if next(hints_left, None) is None:
            return ""
        return _nearly_touched(said, names[:_HINTS_MAX], {edge.id for edge in edges if edge.what == "pipe"})

    return [
        *layout_findings(layout, hint),
        *_degrees(said),
        *_lengths(said),
        *_routes(said),
        *_surroundings(said),
        *_producers(said),
        *_pump_models(said),
    ]


def node_positions(said: Any) -> dict[str, tuple[float, float]]:
    """Return the coordinates of the nodes that have some."""
    return {node.id: (node.x, node.y) for node in said.nodes if node.x is not None and node.y is not None}


def pipe_route(pipe: Any, positions: dict[str, tuple[float, float]]) -> list[Position] | None:
    """Return a pipe's positions: its route, or from node to node; None where these are not known."""
    if pipe.route is not None:
        return list(pipe.route)
    if pipe.start in positions and pipe.end in positions:
        return [positions[pipe.start], positions[pipe.end]]
    return None


def pipe_length_m(pipe: Any, positions: dict[str, tuple[float, float]], coordinates: Coordinates) -> float | None:
    """Return a pipe's length as said, or as its route has it [m]; None where neither is known."""
    if pipe.length_m is not None:
        return float(pipe.length_m)
    route = pipe_route(pipe, positions)
    return None if route is None else route_length_m(route, coordinates)


def _degrees(said: Any) -> Iterator[Finding]:
    if said.coordinates != "lonlat":
        return
    for index, node in enumerate(said.nodes):
        if node.x is not None and not (abs(node.x) <= 180.0 and abs(node.y) <= 90.0):
            message = "no longitude and latitude in degrees: are these metres? Then say `coordinates: metres`"
            yield Finding(f"nodes.{index}", f"node {node.id!r}: {message} (got {node.x:g}, {node.y:g})")
            return  # one tells it for all


def _lengths(said: Any) -> Iterator[Finding]:
    positions = node_positions(said)
    for index, pipe in enumerate(said.pipes):
        length_m = pipe_length_m(pipe, positions, said.coordinates)
        if length_m is None:
            without = " and ".join(repr(name) for name in (pipe.start, pipe.end) if name not in positions)
            message = f"no coordinates at node {without} to take it from"
            yield Finding(f"pipes.{index}", f"pipe {pipe.id!r}: length_m missing, and {message}")
        elif length_m <= 0.0 and pipe.start != pipe.end:
            message = f"its ends {pipe.start!r} and {pipe.end!r} stand at one place: zero length (give length_m)"
            yield Finding(f"pipes.{index}", f"pipe {pipe.id!r}: {message}")


def _routes(said: Any) -> Iterator[Finding]:
    """Yield what is wrong with routes: they begin and end where the nodes are."""
    positions = node_positions(said)
    for group, what in (("pipes", "pipe"), ("valves", "valve"), ("pumps", "pump")):
        for index, item in enumerate(getattr(said, group)):
            if item.route is None or (what != "pipe" and len(item.route) == 1):
                continue
            key = f"{group}.{index}.route"
            if len(item.route) < 2:
                yield Finding(key, f"{what} {item.id!r}: a route needs at least 2 positions (got 1)")
                continue
            for side, name, position in (("starts", item.start, item.route[0]), ("ends", item.end, item.route[-1])):
                if name not in positions:
                    yield Finding(key, f"{what} {item.id!r}: its route needs x and y at node {name!r}")
                elif (away := distance_m(position, positions[name], said.coordinates)) > said.snap_tolerance_m:
                    reach = f"{away:.3g} m off node {name!r} (at most {said.snap_tolerance_m:g} m, snap_tolerance_m)"
                    yield Finding(key, f"{what} {item.id!r}: its route {side} {reach}")


def _surroundings(said: Any) -> Iterator[Finding]:
    open_air = {"temp_ground_c": False, "temp_air_c": True}
    for key, above_ground in open_air.items():
        if getattr(said, key) is None:
            for pipe in said.pipes:
                if (pipe.placement == "above_ground") == above_ground and _loses_heat(pipe):
                    where = "above ground" if above_ground else "in the ground"
                    yield Finding(key, f"missing key: pipe {pipe.id!r} lies {where} and loses heat")
                    break


def _loses_heat(pipe: Any) -> bool:
    given = [u for u in (pipe.u_w_mk, pipe.u_supply_w_mk, pipe.u_return_w_mk) if u is not None]
    return not given or any(given)


def _producers(said: Any) -> Iterator[Finding]:
    for index, producer in enumerate(said.producers):
        key, name = f"producers.{index}", f"producer {producer.id!r}"
        if index == 0:
            if producer.mass_flow_kg_s is not None:
                message = "is the first one and holds the pressure: it needs lift_kpa or pumps, not a given flow"
                yield Finding(f"{key}.mass_flow_kg_s", f"{name} {message} (list another one first)")
            if producer.pressure_return_kpa is None:
                yield Finding(key, f"{name} is the first one and holds the pressure: pressure_return_kpa missing")
            continue
        if producer.pressure_return_kpa is not None:
            message = f"only the first producer, {said.producers[0].id!r}, holds the pressure: leave it out"
            yield Finding(f"{key}.pressure_return_kpa", message)
        if producer.control != "fixed" or producer.pumps is not None:
            message = f"only the first producer, {said.producers[0].id!r}, has controlled pumps"
            yield Finding(key, f"{name}: {message}; give lift_kpa or mass_flow_kg_s")


def _pump_models(said: Any) -> Iterator[Finding]:
    pumps = [(f"pumps.{index}", pump) for index, pump in enumerate(said.pumps)]
    pumps += [(f"producers.{index}.pumps", producer.pumps) for index, producer in enumerate(said.producers)]
    for key, pump in pumps:
        if pump is not None and pump.model is not None:
            try:
                entry("pumps", pump.model)
            except CatalogueError as error:
                yield Finding(f"{key}.model", str(error))


def _nearly_touched(said: Any, names: Sequence[str], own: set[str]) -> str:
    """Return a hint where a loose node lies on another pipe between its ends, as maps often have it."""
    positions = node_positions(said)
    for name in names:
        for pipe in said.pipes if name in positions else ():
            route = pipe_route(pipe, positions)
            if pipe.id in own or name in (pipe.start, pipe.end) or route is None:
                continue
            away_m = min(off_segment_m(positions[name], a, b, said.coordinates) for a, b in pairwise(route))
            if away_m <= said.snap_tolerance_m:
                return f"; node {name!r} lies on pipe {pipe.id!r} between its ends: split that pipe there"
    return ""
