"""Whether the parts of a building agree: names, connections, valves and their settings, zones, protocol."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

from dhsim import catalogue
from dhsim.scenario.building_layout import BuildingEdge, building_edges, pump_nodes
from dhsim.scenario.consistency import Finding
from dhsim.scenario.wording import nearest

DESCRIBED = ("zones", "radiators", "valves", "pipes", "valve_types", "neighbours", "protocol")
_NEEDED = ("zones", "radiators", "pipes")
_KV_RADIATOR_MAX_M3_H = 20.0
"""Far above any radiator valve's; a Kv in l/h lies above it."""
_OWN_TABLE = (
    "; a valve that is not in the catalogue brings the table of its data sheet under `valve_types`: {{id: {id}, "
    "positions: [its settings, rising], kv_m3_h: [one Kv each, rising], scale: turns or preset, step: what the scale "
    "shows, source: the data sheet}}, and labels: [1, 2, N] where words stand on the scale (in a folder of tables: "
    "valve_types.csv, the numbers of a list parted by spaces)"
)


def building_disagreements(said: Any) -> list[Finding]:
    """Return all findings between the parts of a BuildingScenario."""
    if said.synthetic is not None:
        present = [name for name in (*DESCRIBED, "pump") if getattr(said, name)]
        return [
            *(Finding(name, "a synthetic building makes its own: leave this or `synthetic` out") for name in present),
            *_catalogue_names(said),
        ]
    missing = [name for name in _NEEDED if not getattr(said, name)]
    found = [Finding(name, "needs at least 1 entry, or say `synthetic`") for name in missing]
    found += [*_names(said), *_ends(said), *_references(said), *_pump(said), *_pipes(said), *_valves(said)]
    found += _protocol(said)
    return found if found else list(_connections(said))


def _names(said: Any) -> Iterator[Finding]:
    """Yield ids that come twice; radiators, valves and pipes share their names, for the protocol names them."""
    for groups in (("zones",), ("radiators", "valves", "pipes"), ("valve_types",)):
        first: dict[str, str] = {}
        for group in groups:
            for index, item in enumerate(getattr(said, group)):
                if item.id in first:
                    yield Finding(f"{group}.{index}.id", f"duplicate id {item.id!r} (first at {first[item.id]})")
                first.setdefault(item.id, f"{group}.{index}")


def _ends(said: Any) -> Iterator[Finding]:
    """Yield parts that do not say once where they stand."""
    for index, radiator in enumerate(said.radiators):
        key, name = f"radiators.{index}", f"radiator {radiator.id!r}"
        nodes = (radiator.start is not None) + (radiator.end is not None)
        if nodes + 2 * (radiator.at is not None) != 2:
            yield Finding(key, f"{name}: where does it stand? Give `at` (a place), or `start` and `end` (nodes)")
        elif nodes and radiator.start == radiator.end:
            yield Finding(f"{key}.end", f"{name}: starts and ends at {radiator.end!r}")
    for index, valve in enumerate(said.valves):
        key, name = f"valves.{index}", f"valve {valve.id!r}"
        nodes = (valve.start is not None) + (valve.end is not None)
        if nodes + 2 * (valve.radiator is not None) + 2 * (valve.pipe is not None) != 2:
            yield Finding(key, f"{name}: where does it stand? Give `radiator`, or `pipe`, or `start` and `end` (nodes)")
        elif nodes and valve.start == valve.end:
            yield Finding(f"{key}.end", f"{name}: starts and ends at {valve.end!r}")
    for index, pipe in enumerate(said.pipes):
        if pipe.start == pipe.end:
            yield Finding(f"pipes.{index}.end", f"pipe {pipe.id!r}: starts and ends at {pipe.end!r}")


def _references(said: Any) -> Iterator[Finding]:
    """Yield names of zones, radiators and pipes that are not there, and zones that nothing heats."""
    zones, radiators = [zone.id for zone in said.zones], [radiator.id for radiator in said.radiators]
    mirrored = {pipe.id: pipe.line for pipe in said.pipes}
    for index, radiator in enumerate(said.radiators):
        yield from _unknown(f"radiators.{index}.zone", f"radiator {radiator.id!r}: no zone", radiator.zone, zones)
    heated = {radiator.zone for radiator in said.radiators}
    for index, zone in enumerate(said.zones):
        if zone.id not in heated:
            yield Finding(f"zones.{index}", f"zone {zone.id!r}: no radiator names it")
    for index, valve in enumerate(said.valves):
        if valve.radiator is not None:
            yield from _unknown(
                f"valves.{index}.radiator", f"valve {valve.id!r}: no radiator", valve.radiator, radiators
            )
        if valve.pipe is not None:
            key = f"valves.{index}.pipe"
            yield from _unknown(key, f"valve {valve.id!r}: no pipe", valve.pipe, mirrored)
            if valve.pipe in mirrored and mirrored[valve.pipe] not in ("both", valve.line):
                yield Finding(
                    key, f"valve {valve.id!r}: pipe {valve.pipe!r} has no {valve.line} line: say `line: both`"
                )
    for index, pair in enumerate(said.neighbours):
        for side in ("first", "second"):
            yield from _unknown(f"neighbours.{index}.{side}", "no zone", getattr(pair, side), zones)
        if pair.first == pair.second:
            yield Finding(f"neighbours.{index}", f"zone {pair.first!r} does not border on itself")


def _unknown(key: str, message: str, name: str, known: Iterable[str]) -> Iterator[Finding]:
    if name not in known:
        near = nearest(name, known)
        yield Finding(key, f"{message} {name!r}" + (f" (did you mean {near})" if near else ""))


def _pump(said: Any) -> Iterator[Finding]:
    supply_c, return_c = said.design.temp_supply_c, said.design.temp_return_c
    if return_c >= supply_c:
        yield Finding("design.temp_return_c", f"must be below temp_supply_c, {supply_c:g} degC (got {return_c:g})")
    if said.pump is None:
        yield Finding("pump", "missing key: its dp_kpa, and `at` or `outlet` and `inlet`")
        return
    nodes = (said.pump.outlet is not None) + (said.pump.inlet is not None)
    if nodes + 2 * (said.pump.at is not None) != 2:
        yield Finding("pump", "where does it stand? Give `at` (a place), or `outlet` and `inlet` (nodes)")
    elif nodes and said.pump.outlet == said.pump.inlet:
        yield Finding("pump.inlet", f"outlet and inlet are both {said.pump.inlet!r}")


def _pipes(said: Any) -> Iterator[Finding]:
    for index, pipe in enumerate(said.pipes):
        key, name = f"pipes.{index}", f"pipe {pipe.id!r}"
        size = (pipe.length_m is not None, pipe.diameter_inner_mm is not None)
        if pipe.kv_m3_h is not None:
            if any(size):
                yield Finding(key, f"{name}: takes kv_m3_h, or length_m and diameter_inner_mm, not both")
            continue
        if not all(size):
            absent = " and ".join(
                n for n, there in zip(("length_m", "diameter_inner_mm"), size, strict=True) if not there
            )
            yield Finding(key, f"{name}: missing {absent} (or kv_m3_h for a fixed resistance)")
        roughness = pipe.roughness_mm if pipe.roughness_mm is not None else said.roughness_mm
        if roughness is None:
            yield Finding(key, f"{name}: missing roughness_mm, here or for all pipes (steel: 0.045)")
        elif pipe.diameter_inner_mm is not None and roughness > 0.05 * pipe.diameter_inner_mm:
            message = f"{name}: roughness of {roughness:g} mm in a pipe of {pipe.diameter_inner_mm:g} mm"
            yield Finding(f"{key}.roughness_mm", f"{message}: at most 0.05 of the diameter")


def _catalogue_names(said: Any) -> Iterator[Finding]:
    known = list(catalogue.table("valves"))
    for name in ("valve_riser_type", "valve_radiator_type"):
        chosen = getattr(said.synthetic, name)
        if chosen is not None:
            yield from _unknown(f"synthetic.{name}", "no valve type", chosen, known)


def _valves(said: Any) -> Iterator[Finding]:
    for index, own in enumerate(said.valve_types):
        yield from _own_type(f"valve_types.{index}", own)
    known = [own.id for own in said.valve_types] + list(catalogue.table("valves"))
    explained: set[str] = set()
    for index, valve in enumerate(said.valves):
        key, name = f"valves.{index}", f"valve {valve.id!r}"
        if valve.type is not None and valve.type not in known:
            (finding,) = _unknown(f"{key}.type", f"{name}: no valve type", valve.type, known)
            # Sixty valves of one unknown type need the way out once.
            hint = "" if valve.type in explained else _OWN_TABLE.format(id=valve.type)
            explained.add(valve.type)
            yield finding._replace(message=finding.message + hint)
        bounds = (valve.kv_min_m3_h is not None) + (valve.kv_max_m3_h is not None)
        if not valve.fixed and bounds + 2 * (valve.type is not None) != 2:
            yield Finding(
                key, f"{name}: give its `type`, or kv_min_m3_h and kv_max_m3_h, or `fixed: true` with kv_m3_h"
            )
        elif bounds == 2 and valve.kv_min_m3_h >= valve.kv_max_m3_h:
            message = f"must be above kv_min_m3_h, {valve.kv_min_m3_h:g} m3/h (got {valve.kv_max_m3_h:g})"
            yield Finding(f"{key}.kv_max_m3_h", f"{name}: {message}")
        if valve.radiator is not None:
            yield from _radiator_kv(key, name, valve)
        if valve.setting is not None and valve.kv_m3_h is not None:
            yield Finding(f"{key}.setting", f"{name}: takes setting or kv_m3_h, not both")
        elif valve.setting is not None and valve.type is None:
            yield Finding(f"{key}.setting", f"{name}: a setting needs the `type` whose scale it is on; or give kv_m3_h")


def _radiator_kv(key: str, name: str, said: Any) -> Iterator[Finding]:
    for kv in ("kv_m3_h", "kv_min_m3_h", "kv_max_m3_h"):
        value = getattr(said, kv, None)
        if value is not None and value > _KV_RADIATOR_MAX_M3_H:
            message = f"before a radiator at most {_KV_RADIATOR_MAX_M3_H:g} m3/h (got {value:g}; was it in l/h?)"
            yield Finding(f"{key}.{kv}", f"{name}: {message}")


def _labels(key: str, own: Any) -> Iterator[Finding]:
    """Yield labels that are not one a position, stand twice, or are numbers that differ from their position."""
    name = f"valve type {own.id!r}"
    if len(own.labels) != len(own.positions):
        yield Finding(key, f"{name}: one label a position (got {len(own.labels)} for {len(own.positions)})")
        return
    numbers = [label for label in own.labels if not isinstance(label, str)]
    for index, (label, position) in enumerate(zip(own.labels, own.positions, strict=True)):
        if not isinstance(label, str):
            if label != position:
                message = f"the number {label:g} stands at position {position:g}: say the same of both"
                yield Finding(key, f"{name}: {message}")
        elif label.lower() in (str(other).lower() for other in own.labels[:index]):
            yield Finding(key, f"{name}: {label!r} stands on the scale twice")
    if not numbers:
        yield Finding(key, f"{name}: words only: leave the numbers of some positions")


def _own_type(key: str, own: Any) -> Iterator[Finding]:
    if own.labels is not None:
        yield from _labels(f"{key}.labels", own)
    if len(own.positions) != len(own.kv_m3_h):
        message = f"one Kv a position (got {len(own.kv_m3_h)} for {len(own.positions)})"
        yield Finding(f"{key}.kv_m3_h", f"valve type {own.id!r}: {message}")
    for name in ("positions", "kv_m3_h"):
        values = getattr(own, name)
        if any(b <= a for a, b in pairwise(values)) or (name == "kv_m3_h" and values[0] <= 0.0):
            yield Finding(f"{key}.{name}", f"valve type {own.id!r}: must ascend, and Kv be positive")
    if own.id in catalogue.table("valves"):
        yield Finding(f"{key}.id", f"valve type {own.id!r}: stands in the catalogue; take another name")


def _protocol(said: Any) -> Iterator[Finding]:
    """Yield rows about unknown things, second rows, and settings that contradict the list of valves."""
    valves = {valve.id: valve for valve in said.valves}
    before: dict[str, list[str]] = {radiator.id: [] for radiator in said.radiators}
    for valve in said.valves:
        before.get(valve.radiator, []).append(valve.id)
    first: dict[str, int] = {}
    set_by: dict[str, int] = {}
    for index, row in enumerate(said.protocol):
        key = f"protocol.{index}"
        yield from _unknown(f"{key}.id", "no radiator or valve", row.id, [*before, *valves])
        if row.id in first:
            yield Finding(
                f"{key}.id", f"a second row of {row.id!r} (first at protocol.{first[row.id]}): keep the newer"
            )
        first.setdefault(row.id, index)
        if row.setting is not None and row.kv_m3_h is not None:
            yield Finding(f"{key}.setting", f"{row.id!r}: takes setting or kv_m3_h, not both")
        if row.flow_l_h is None and row.setting is None and row.kv_m3_h is None:
            yield Finding(key, f"{row.id!r}: says nothing: flow_l_h, setting or kv_m3_h")
        if row.setting is None and row.kv_m3_h is None:
            continue
        if row.id in before and len(before[row.id]) != 1:
            message = f"{len(before[row.id])} valves stand before this radiator: give the setting in a row of the valve"
            yield Finding(f"{key}.setting", f"{row.id!r}: {message}")
        chosen = valves.get(row.id) or valves.get(next(iter(before.get(row.id, [])), ""))
        if chosen is not None:
            if chosen.id in set_by:
                yield Finding(key, f"valve {chosen.id!r}: set a second time (first at protocol.{set_by[chosen.id]})")
            set_by.setdefault(chosen.id, index)
            yield from _contradiction(key, row, chosen)
            if chosen.radiator is not None:
                yield from _radiator_kv(key, f"valve {chosen.id!r}", row)


def _contradiction(key: str, row: Any, valve: Any) -> Iterator[Finding]:
    for name in ("setting", "kv_m3_h"):
        ours, theirs = getattr(row, name), getattr(valve, name)
        if ours is not None and theirs is not None and str(ours) != str(theirs):
            message = f"the protocol says {ours}, the list of valves {theirs}: leave one out"
            yield Finding(f"{key}.{name}", f"valve {valve.id!r}: {message}")
    if row.setting is not None and valve.type is None:
        message = "a setting needs the valve's `type` whose scale it is on; or give kv_m3_h"
        yield Finding(f"{key}.setting", f"valve {valve.id!r}: {message}")


def _connections(said: Any) -> Iterator[Finding]:
    """Yield what the pump does not reach: both sides of every radiator, one side of every valve and pipe."""
    edges = building_edges(said)
    outlet, inlet = pump_nodes(said)
    root = _parts([edge for edge in edges if edge.kind != "radiator"])
    nodes = {node for edge in edges for node in (edge.start, edge.end)}
    for name, node in (("outlet", outlet), ("inlet", inlet)):
        if node not in nodes:
            key = "pump.at" if said.pump.at is not None else f"pump.{name}"
            near = nearest(str(node), nodes)
            yield Finding(
                key, f"no pipe meets the pump's {name} {node!r}" + (f" (did you mean {near})" if near else "")
            )
            return
    supply, back = root[str(outlet)], root[str(inlet)]
    for edge in edges:
        start, end = root.get(edge.start, edge.start), root.get(edge.end, edge.end)
        if edge.kind != "radiator":
            if start not in (supply, back):
                yield Finding(edge.key, f"{edge.kind} {edge.id!r}: nothing joins it to the pump")
        elif (start, end) == (back, supply) != (supply, back):
            yield Finding(edge.key, f"radiator {edge.id!r}: its start is in the return line: exchange start and end")
        else:
            yield from _loose_ends(edge, start == supply, end == back)


def _loose_ends(edge: BuildingEdge, fed: bool, drained: bool) -> Iterator[Finding]:
    sides = (("supply", edge.start, fed), ("return", edge.end, drained))
    loose = [f"its {word} node {node!r}" for word, node, joined in sides if not joined]
    if loose:
        yield Finding(
            edge.key, f"radiator {edge.id!r}: not connected: no pipe leads from the pump to {' and '.join(loose)}"
        )


def _parts(edges: Iterable[BuildingEdge]) -> dict[str, str]:
    """Return for every node one that stands for all it is joined to."""
    root: dict[str, str] = {}

    def top(node: str) -> str:
        root.setdefault(node, node)
        while root[node] != node:
            root[node] = root[root[node]]
            node = root[node]
        return node

    for edge in edges:
        root[top(edge.start)] = top(edge.end)
    return {node: top(node) for node in list(root)}
