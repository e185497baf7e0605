"""Which edges a described building has: mirrored mains are unfolded, valves put before radiators and into pipes."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import Any, NamedTuple


class BuildingEdge(NamedTuple):
    """An edge from the node that water comes from to the node it goes to."""

    kind: str
    """pipe, radiator or valve"""
    group: str
    """List of the scenario that says it: pipes, radiators or valves."""
    row: int
    """Place in that list."""
    id: str
    start: str
    end: str

    @property
    def key(self) -> str:
        """Dotted key of what says it."""
        return f"{self.group}.{self.row}"


def supply_node(place: str) -> str:
    """Return the node of the supply line at a place of mirrored mains.

    >>> supply_node("riser 3")
    'riser 3 supply'
    """
    return f"{place} supply"


def return_node(place: str) -> str:
    """Return the node of the return line at a place of mirrored mains."""
    return f"{place} return"


def pump_nodes(said: Any) -> tuple[str | None, str | None]:
    """Return the nodes at the pump's outlet and inlet; None for one that is not said."""
    pump = said.pump
    if pump is None:
        return None, None
    if pump.at is not None:
        return supply_node(pump.at), return_node(pump.at)
    return pump.outlet, pump.inlet


def building_edges(said: Any) -> list[BuildingEdge]:
    """Return the edges of a described building, whose references and ends have been checked."""
    return [*_radiator_edges(said), *_free_valves(said), *_pipe_edges(said)]


def _radiator_edges(said: Any) -> Iterator[BuildingEdge]:
    """Yield radiators with the valves before them, in the order in which these are said."""
    before: dict[str, list[int]] = {}
    for index, valve in enumerate(said.valves):
        if valve.radiator is not None:
            before.setdefault(valve.radiator, []).append(index)
    for index, radiator in enumerate(said.radiators):
        if radiator.at is not None:
            start, end = supply_node(radiator.at), return_node(radiator.at)
        else:
            start, end = radiator.start, radiator.end
        start = yield from _chain(said, before.get(radiator.id, []), start)
        yield BuildingEdge("radiator", "radiators", index, radiator.id, start, end)


def _chain(said: Any, valves: Iterable[int], near: str, against: bool = False) -> Generator[BuildingEdge, None, str]:
    """Yield valves one after the other from a node on, with the flow or against it; return the last node."""
    for index in valves:
        id_ = said.valves[index].id
        far = f"before {id_}" if against else f"behind {id_}"
        yield BuildingEdge("valve", "valves", index, id_, *((far, near) if against else (near, far)))
        near = far
    return near


def _free_valves(said: Any) -> Iterator[BuildingEdge]:
    for index, valve in enumerate(said.valves):
        if valve.start is not None:
            yield BuildingEdge("valve", "valves", index, valve.id, valve.start, valve.end)


def _pipe_edges(said: Any) -> Iterator[BuildingEdge]:
    """Yield pipes with the valves at their near ends."""
    within: dict[tuple[str, str], list[int]] = {}
    for index, valve in enumerate(said.valves):
        if valve.pipe is not None:
            within.setdefault((valve.pipe, valve.line), []).append(index)
    for index, pipe in enumerate(said.pipes):
        if pipe.line is None:
            yield BuildingEdge("pipe", "pipes", index, pipe.id, pipe.start, pipe.end)
        if pipe.line in ("supply", "both"):
            near = yield from _chain(said, within.get((pipe.id, "supply"), []), supply_node(pipe.start))
            name = pipe.id if pipe.line == "supply" else f"{pipe.id} supply"
            yield BuildingEdge("pipe", "pipes", index, name, near, supply_node(pipe.end))
        if pipe.line in ("return", "both"):
            near = yield from _chain(said, within.get((pipe.id, "return"), []), return_node(pipe.start), against=True)
            name = pipe.id if pipe.line == "return" else f"{pipe.id} return"
            yield BuildingEdge("pipe", "pipes", index, name, return_node(pipe.end), near)
