"""Whether the sections of a scenario agree with each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from dhsim.catalogue import entry
from dhsim.errors import CatalogueError
from dhsim.scenario.wording import nearest

ROOT = "substation"
"""The node all pipes come from: the substation's header."""

MIXING_POLICIES = ("cap70", "variable_flow", "compensated", "compensated_trim")
COMPENSATED_POLICIES = ("compensated", "compensated_trim")


class Finding(NamedTuple):
    """Something wrong between keys; `key` is where to look."""

    key: str
    message: str


class InconsistentError(ValueError):
    """The sections of a scenario contradict each other."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(f"{finding.key}: {finding.message}" for finding in self.findings))


def disagreements(said: Any) -> list[Finding]:
    """Return all findings between the sections that `said` has as attributes."""
    return [
        finding for needed, check in _CHECKS if all(hasattr(said, name) for name in needed) for finding in check(said)
    ]


def _catalogued(table: str, key: str, name: str | None) -> Iterator[Finding]:
    if name is not None:
        try:
            entry(table, name)
        except CatalogueError as error:
            yield Finding(key, str(error))


def _fuel(said: Any) -> Iterator[Finding]:
    yield from _catalogued("fuels", "emissions.fuel", said.emissions.fuel)


def _pump(said: Any) -> Iterator[Finding]:
    if said.substation.pumps.count:
        yield from _catalogued("pumps", "substation.pumps.model", said.substation.pumps.model)


def _climate(said: Any) -> Iterator[Finding]:
    yield from _catalogued("climates_sites", "weather.climate", said.weather.climate)


def _capex_items(said: Any) -> Iterator[Finding]:
    for index, item in enumerate(said.economics.capex or []):
        if item.unit_cost_eur is None:
            for finding in _catalogued("unit_costs", f"economics.capex.{index}.item", item.item):
                yield finding._replace(message=f"{finding.message}; or give unit_cost_eur")


def _seeds(said: Any) -> Iterator[Finding]:
    for key, seed in (("seed", said.seed), ("weather.seed", said.weather.seed)):
        if seed is not None and seed < 0:
            yield Finding(key, f"must be at least 0 (got {seed})")


def _temperatures(said: Any) -> Iterator[Finding]:
    design, floor, cap = said.curve.temp_supply_design_c, said.plant.temp_floor_c, said.plant.temp_cap_c
    for name, value in (("temp_floor_c", floor), ("temp_cap_c", cap)):
        if value > design:
            message = f"must be at most curve.temp_supply_design_c, {design:g} degC (got {value:g})"
            yield Finding(f"plant.{name}", message)


def _design_outdoor(said: Any) -> Iterator[Finding]:
    load = said.heat_load
    if load.temp_design_outdoor_c >= load.temp_indoor_c:
        message = f"must be below heat_load.temp_indoor_c, {load.temp_indoor_c:g} degC"
        yield Finding("heat_load.temp_design_outdoor_c", f"{message} (got {load.temp_design_outdoor_c:g})")


def _floor_alarm(said: Any) -> Iterator[Finding]:
    alarm, floor = said.control.temp_floor_alarm_c, said.plant.temp_floor_c
    if alarm > floor and said.plant.line != "points":
        message = f"must be at most plant.temp_floor_c, {floor:g} degC, or it always rings (got {alarm:g})"
        yield Finding("control.temp_floor_alarm_c", message)


def _investment(said: Any) -> Iterator[Finding]:
    if said.control.policy != "baseline" and said.economics.capex is None:
        message = f"CapEx missing: policy {said.control.policy} needs economics.capex (an empty list if there is none)"
        yield Finding("economics.capex", message)


def _policy_pumps(said: Any) -> Iterator[Finding]:
    policy, substation = said.control.policy, said.substation
    if policy in (*MIXING_POLICIES, "vfd_only") and substation.pumps.count < 1:
        why = "mixing needs a running pump" if policy in MIXING_POLICIES else "there is no pump to regulate"
        yield Finding("substation.pumps.count", f"policy {policy} needs at least 1 pump: {why} (got 0)")
    if policy not in MIXING_POLICIES and substation.pump_place == "bypass_line":
        message = f"policy {policy} has no bypass line: its pumps stand in secondary_supply or secondary_return"
        yield Finding("substation.pump_place", f"{message} (got bypass_line)")


def _trim(said: Any) -> Iterator[Finding]:
    if said.control.policy == "compensated_trim" and not any(building.monitored for building in said.buildings):
        yield Finding("control.policy", "policy compensated_trim needs at least one monitored building")


def _radiators(said: Any) -> Iterator[Finding]:
    back, room = said.curve.temp_return_design_c, said.heat_load.temp_indoor_c
    if back <= room:
        message = f"must be above heat_load.temp_indoor_c, {room:g} degC, or no radiator is large enough (got {back:g})"
        yield Finding("curve.temp_return_design_c", message)


def _capex_years(said: Any) -> Iterator[Finding]:
    last = said.economics.lifetime_y
    for index, item in enumerate(said.economics.capex or []):
        if item.year > last:
            yield Finding(f"economics.capex.{index}.year", f"is beyond economics.lifetime_y, {last} (got {item.year})")


def _hot_water(said: Any) -> Iterator[Finding]:
    hot, cold = said.dhw.temp_hot_c, max(said.dhw.temp_cold_winter_c, said.dhw.temp_cold_summer_c)
    if hot <= cold:
        yield Finding("dhw.temp_hot_c", f"must be above the cold water, {cold:g} degC (got {hot:g})")


def _setback(said: Any) -> Iterator[Finding]:
    control = said.control
    if control.setback is not None and control.policy not in COMPENSATED_POLICIES:
        message = f"a setback needs policy {' or '.join(COMPENSATED_POLICIES)} (policy is {control.policy})"
        yield Finding("control.setback", message)


def _unique(section: str, ids: list[str]) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for index, name in enumerate(ids):
        if name in first:
            yield Finding(f"{section}.{index}.id", f"duplicate id {name!r} (first in {section}.{first[name]})")
        first.setdefault(name, index)


def _building_ids(said: Any) -> Iterator[Finding]:
    yield from _unique("buildings", [building.id for building in said.buildings])
    for index, building in enumerate(said.buildings):
        if building.id == ROOT:
            yield Finding(f"buildings.{index}.id", f"{ROOT!r} is the name of the header, not of a building")


def _building_types(said: Any) -> Iterator[Finding]:
    for index, building in enumerate(said.buildings):
        if building.type not in said.building_types:
            message = f"unknown building type{_hint(building.type, said.building_types)}"
            yield Finding(f"buildings.{index}.type", message)


def _hint(name: str, known: Iterable[str]) -> str:
    near = nearest(name, known)
    return f" (got {name!r}" + (f"; did you mean {near})" if near else f"; known: {', '.join(known)})")


def _pipe_ends(said: Any) -> Iterator[Finding]:
    yield from _unique("pipes", [pipe.id for pipe in said.pipes])
    by_end: dict[str, str] = {}
    for index, pipe in enumerate(said.pipes):
        if pipe.end == ROOT:
            yield Finding(f"pipes.{index}.end", f"a pipe cannot end at {ROOT!r}: the network would be a loop")
        elif pipe.end in by_end:
            message = f"node {pipe.end!r} is the end of pipe {by_end[pipe.end]!r} already: the network would be a loop"
            yield Finding(f"pipes.{index}.end", message)
        by_end.setdefault(pipe.end, pipe.id)
    for index, pipe in enumerate(said.pipes):
        if pipe.start != ROOT and pipe.start not in by_end:
            message = f"unknown node: neither {ROOT!r} nor the end of a pipe{_hint(pipe.start, [ROOT, *by_end])}"
            yield Finding(f"pipes.{index}.start", message)
    yield from _circles(said.pipes)


def _circles(pipes: list[Any]) -> Iterator[Finding]:
    """Yield one finding for each ring of pipes that hangs on itself instead of on the substation."""
    above = {pipe.end: pipe.start for pipe in reversed(pipes)}
    index_of = {pipe.end: index for index, pipe in reversed(list(enumerate(pipes)))}
    settled = {ROOT}
    for first in list(above):
        trail: list[str] = []
        node = first
        while node in above and node not in settled and node not in trail:
            trail.append(node)
            node = above[node]
        if node in trail:
            ring = trail[trail.index(node) :]
            index = min(index_of[end] for end in ring)
            names = ", ".join(repr(pipes[index_of[end]].id) for end in reversed(ring))
            yield Finding(f"pipes.{index}.start", f"island: a ring of its own, not fed from {ROOT!r} (pipes {names})")
        settled.update(trail)


def _pipes_reach_buildings(said: Any) -> Iterator[Finding]:
    if not said.pipes:
        return
    ends, starts = {pipe.end for pipe in said.pipes}, {pipe.start for pipe in said.pipes}
    ids = {building.node or building.id for building in said.buildings}
    for index, building in enumerate(said.buildings):
        name = building.node or building.id
        if name not in ends and name != ROOT:
            message = f"no pipe ends at this building{_hint(name, sorted(ends - ids))}"
            yield Finding(f"buildings.{index}.{'node' if building.node else 'id'}", message)
    for index, pipe in enumerate(said.pipes):
        if pipe.end not in starts and pipe.end not in ids:
            message = f"dangling: neither a building nor the start of another pipe{_hint(pipe.end, sorted(ids))}"
            yield Finding(f"pipes.{index}.end", message)


def _details(said: Any) -> Iterator[Finding]:
    ids = [building.id for building in said.buildings]
    for name in said.details:
        if name not in ids:
            yield Finding(f"details.{name}", f"no building {name!r}{_hint(name, ids)}")


_CHECKS: tuple[tuple[tuple[str, ...], Callable[[Any], Iterator[Finding]]], ...] = (
    (("emissions",), _fuel),
    (("substation",), _pump),
    (("weather",), _climate),
    (("economics",), _capex_items),
    (("seed", "weather"), _seeds),
    (("heat_load",), _design_outdoor),
    (("curve", "plant"), _temperatures),
    (("control", "plant"), _floor_alarm),
    (("control", "economics"), _investment),
    (("control", "substation"), _policy_pumps),
    (("control",), _setback),
    (("control", "buildings"), _trim),
    (("curve", "heat_load"), _radiators),
    (("economics",), _capex_years),
    (("dhw",), _hot_water),
    (("buildings",), _building_ids),
    (("buildings", "details"), _details),
    (("buildings", "building_types"), _building_types),
    (("pipes",), _pipe_ends),
    (("pipes", "buildings"), _pipes_reach_buildings),
)
