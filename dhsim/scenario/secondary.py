"""The secondary network of a scenario from a file of its own: a map, tables, or YAML."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dhsim.errors import Problem, ScenarioError
from dhsim.scenario.consistency import ROOT
from dhsim.scenario.equipment import Pipe
from dhsim.scenario.network_agreement import node_positions, pipe_length_m, pipe_route
from dhsim.scenario.network_read import load_network
from dhsim.scenario.network_schema import NetworkPipe, NetworkScenario
from dhsim.scenario.places import projection
from dhsim.scenario.source import Entry, problem_at
from dhsim.scenario.wording import shown


def with_network(entry: Entry, folder: Path, problems: list[Problem]) -> Entry:
    """Return the scenario's entry with the pipes and nodes of the file that `network` names.

    The pipes keep their places in that file, so that what is wrong with them is said there. Its consumers and
    producers serve where the file is solved by itself; here the buildings and the substation take their place.
    """
    said = entry.value.get("network")
    if said is None or said.value is None:
        return entry
    if not isinstance(said.value, str) or not said.value:
        problems.append(problem_at(said.place, f"expected the name of a file (got {shown(said.value)})", "network"))
        return entry
    for name in ("pipes", "nodes"):
        if name in entry.value and entry.value[name].value is not None:
            problems.append(problem_at(entry.value[name].place, f"stand in {said.value} already (key network)", name))
    try:
        network = load_network(folder / said.value)
    except ScenarioError as error:
        problems += error.problems
        return Entry({name: part for name, part in entry.value.items() if name != "network"}, entry.place)
    problems += _unfit(network)
    made = {"pipes": _pipes(network), "nodes": _nodes(network)}
    return Entry({**entry.value, **made}, entry.place)


def _unfit(network: NetworkScenario) -> Iterator[Problem]:
    """Yield what a secondary network cannot have."""
    first = network.producers[0]
    if (first.node or first.id) != ROOT:
        yield network.problem("producers.0.id", f"expected the node {ROOT!r} (got {first.node or first.id!r})")
    for index in range(1, len(network.producers)):
        yield network.problem(f"producers.{index}", "a secondary network is fed by its substation alone")
    for name in ("valves", "pumps"):
        for index in range(len(getattr(network, name))):
            message = "a secondary network has its pumps and valves in the substation; put the resistance into zeta"
            yield network.problem(f"{name}.{index}", message)
    for index, pipe in enumerate(network.pipes):
        if pipe.line != "both":
            yield network.problem(f"pipes.{index}.line", f"supply and return go together here (got {pipe.line})")


def _pipes(network: NetworkScenario) -> Entry:
    positions = node_positions(network)
    items = [_pipe(network, f"pipes.{index}", pipe, positions) for index, pipe in enumerate(network.pipes)]
    return Entry(items, network.where("pipes"))


def _pipe(network: NetworkScenario, key: str, pipe: NetworkPipe, positions: dict[str, tuple[float, float]]) -> Entry:
    """Return a pipe in the shape of a scenario's, its length and route in metres."""
    made: dict[str, Any] = {
        name: value
        for name, value in pipe.model_dump(exclude_unset=True).items()
        if name in Pipe.model_fields and value is not None
    }
    made["length_m"] = pipe_length_m(pipe, positions, network.coordinates)
    route = pipe_route(pipe, positions)
    if route is not None:
        flat = projection(list(positions.values()), network.coordinates)
        made["route"] = [list(flat(point)) for point in route]
    return _placed(network, key, made)


def _nodes(network: NetworkScenario) -> Entry:
    positions = node_positions(network)
    flat = projection(list(positions.values()), network.coordinates)
    elevation = {node.id: node.elevation_m for node in network.nodes}
    items = []
    for name, position in positions.items():
        x, y = flat(position)
        items.append(_placed(network, "nodes", {"id": name, "x": x, "y": y, "elevation_m": elevation.get(name, 0.0)}))
    return Entry(items, network.where("nodes"))


def _placed(network: NetworkScenario, key: str, value: Any) -> Entry:
    """Return plain values as entries that stand where the network's file has them."""
    place = network.where(key)
    if isinstance(value, dict):
        return Entry({name: _placed(network, f"{key}.{name}", part) for name, part in value.items()}, place)
    if isinstance(value, list):
        return Entry([_placed(network, key, part) for part in value], place)
    return Entry(value, place)
