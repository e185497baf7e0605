"""A building's heating circuit: a directed graph of pipes, valves and radiators from the pump's outlet to its inlet."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from dhsim.errors import DhsimError
from dhsim.model.building_checks import building_problems, valve_problems
from dhsim.model.building_edges import EdgeKind, Edges
from dhsim.network.parts import Floats, Fluid, Ints
from dhsim.physics.water import density_kg_m3, dynamic_viscosity_pa_s, heat_capacity_j_kgk

__all__ = ["TEMP_FLUID_C", "Building", "EdgeKind"]

TEMP_FLUID_C = 60.0
"""Of the water where nobody said."""
_NAMED = 5


@dataclass(frozen=True, eq=False)
class Building(Edges):
    """A building's circuit. Made by `from_edges`."""

    @classmethod
    def from_edges(
        cls,
        kind: ArrayLike,
        upstream: ArrayLike,
        downstream: ArrayLike,
        *,
        dp_pump_pa: float,
        resistance_pa_s2_m6: ArrayLike | None = None,
        length_m: ArrayLike | None = None,
        diameter_m: ArrayLike | None = None,
        roughness_m: ArrayLike | None = None,
        zone: ArrayLike | None = None,
        resistance_min_pa_s2_m6: ArrayLike | None = None,
        resistance_max_pa_s2_m6: ArrayLike | None = None,
        fluid: Fluid | None = None,
        outlet: int | str | None = None,
        inlet: int | str | None = None,
        edge_ids: ArrayLike | None = None,
        zone_ids: ArrayLike | None = None,
    ) -> Building:
        """Return a building from plain arrays, one entry an edge; NaN (zone: -1) where it does not apply.

        ``dp = k V^2`` for radiators, valves and pipes without a length, Darcy-Weisbach for pipes with one

        Parameters
        ----------
        kind
            EdgeKind of each edge: its number or its name, as "pipe", "radiator" or "valve".
        upstream, downstream
            Nodes that the water leaves and enters: numbers or names.
        dp_pump_pa
            What the pump holds between its outlet and its inlet [Pa].
        resistance_pa_s2_m6
            k of radiators (NaN: to be fitted), of valves as they are set, and of pipes without a length [Pa s2/m6].
        length_m, diameter_m, roughness_m
            Of pipes: length, inner diameter and sand roughness [m].
        zone
            Number of the zone of each radiator.
        resistance_max_pa_s2_m6
            Largest of each valve, beside the smallest, `resistance_min_pa_s2_m6`; without a range it cannot be turned
            [Pa s2/m6].
        fluid
            Constants of the water; water of 60 degC if left out.
        outlet, inlet
            Nodes of the pump; if left out, the only node that nothing enters and the only one that nothing leaves.
        edge_ids, zone_ids
            Names, for messages and lists.

        Returns
        -------
        Building
            Checked, with nodes numbered anew from 0.

        Raises
        ------
        DhsimError
            With all that is wrong at once, by name and number.

        Notes
        -----
        Source: eqs. (3) to (5) of doi 10.1016/j.enbuild.2025.116464, where upstream is called head and downstream tail.
        """
        kinds = _kinds(kind)
        n_edge = kinds.size
        ends = [np.atleast_1d(np.asarray(side)).astype(str) for side in (upstream, downstream)]
        if not (ends[0].shape == ends[1].shape == (n_edge,)):
            raise DhsimError(f"one kind, upstream and downstream an edge: got {n_edge}, {ends[0].size}, {ends[1].size}")
        names = sorted(set(ends[0].tolist()) | set(ends[1].tolist()), key=_by_number)
        place = {name: i for i, name in enumerate(names)}
        start, end = (np.array([place[name] for name in side.tolist()], dtype=np.int64) for side in ends)
        first, last = _pump_nodes(start, end, names, outlet, inlet)
        zones = np.full(n_edge, -1) if zone is None else np.atleast_1d(np.asarray(zone))
        n_zone = int(zones.max(initial=-1)) + 1
        resistance = _column(resistance_pa_s2_m6, n_edge, "resistance_pa_s2_m6")
        building = cls(
            kind=kinds,
            upstream=start,
            downstream=end,
            resistance_pa_s2_m6=resistance,
            length_m=_column(length_m, n_edge, "length_m"),
            diameter_m=_column(diameter_m, n_edge, "diameter_m"),
            roughness_m=_column(roughness_m, n_edge, "roughness_m"),
            zone=zones.astype(np.int64),
            resistance_min_pa_s2_m6=_range(resistance_min_pa_s2_m6, resistance, kinds, "resistance_min_pa_s2_m6"),
            resistance_max_pa_s2_m6=_range(resistance_max_pa_s2_m6, resistance, kinds, "resistance_max_pa_s2_m6"),
            outlet=first,
            inlet=last,
            dp_pump_pa=float(dp_pump_pa),
            fluid=fluid if fluid is not None else _water(),
            node_ids=tuple(names),
            edge_ids=_names(edge_ids, n_edge, "edge"),
            zone_ids=_names(zone_ids, n_zone, "zone"),
        )
        problems = building_problems(building)
        if problems:
            raise DhsimError("\n".join(problems))
        return building

    def with_valves(self, resistance_valves_pa_s2_m6: ArrayLike) -> Building:
        """Return the building with other settings of all its valves, each within its range."""
        settings = np.asarray(resistance_valves_pa_s2_m6, np.float64)
        if settings.shape != self.valves.shape:
            raise DhsimError(f"{self.valves.size} valves, but {settings.size} settings: give one for each")
        resistance = self.resistance_pa_s2_m6.copy()
        resistance[self.valves] = settings
        made = replace(self, resistance_pa_s2_m6=resistance)
        problems = valve_problems(made)
        if problems:
            raise DhsimError("\n".join(problems))
        return made

    def with_radiators(self, resistance_radiators_pa_s2_m6: ArrayLike) -> Building:
        """Return the building with other resistances of all its radiators."""
        fixed = np.asarray(resistance_radiators_pa_s2_m6, np.float64)
        if fixed.shape != self.radiators.shape:
            raise DhsimError(f"{self.radiators.size} radiators, but {fixed.size} resistances: give one for each")
        resistance = self.resistance_pa_s2_m6.copy()
        resistance[self.radiators] = fixed
        return replace(self, resistance_pa_s2_m6=resistance)

    def zone_sums(self, flow_m3_s: Floats) -> Floats:
        """Return the flow through the radiators of each zone, eq. (9), shape (n_zone,), from that of all edges."""
        total = np.zeros(self.n_zone)
        np.add.at(total, self.zone[self.radiators], flow_m3_s[self.radiators])
        return total


def _kinds(kind: ArrayLike) -> Ints:
    given = np.atleast_1d(np.asarray(kind))
    by_name = {member.name.lower(): int(member) for member in EdgeKind} | {str(int(m)): int(m) for m in EdgeKind}
    words = [str(word).lower() if not isinstance(word, EdgeKind) else str(int(word)) for word in given.tolist()]
    wrong = sorted({word for word in words if word not in by_name})
    if wrong or not words:
        raise DhsimError(f"unknown kind {', '.join(wrong[:_NAMED])}: give pipe, radiator or valve for each edge")
    return np.array([by_name[word] for word in words], dtype=np.int64)


def _by_number(name: str) -> tuple[int, float, str]:
    return (0, float(name), name) if name.lstrip("-").isdigit() else (1, 0.0, name)


def _pump_nodes(
    start: Ints, end: Ints, names: list[str], outlet: int | str | None, inlet: int | str | None
) -> tuple[int, int]:
    """Return the pump's outlet and inlet: as named, or the only source and the only sink of the graph."""
    found = []
    for word, named, others in (("outlet", outlet, end), ("inlet", inlet, start)):
        if named is not None:
            if str(named) not in names:
                raise DhsimError(f"the pump's {word} {named} is no node of any edge")
            found.append(names.index(str(named)))
            continue
        ends = np.setdiff1d(np.arange(len(names)), others)
        if ends.size != 1:
            shown = ", ".join(names[i] for i in ends[:_NAMED]) or "none"
            verb = "enters" if word == "outlet" else "leaves"
            raise DhsimError(f"no single node that no edge {verb} ({ends.size}: {shown}): name the pump's {word}")
        found.append(int(ends[0]))
    return found[0], found[1]


def _column(values: ArrayLike | None, n_edge: int, name: str) -> Floats:
    if values is None:
        return np.full(n_edge, np.nan)
    column = np.array(np.broadcast_to(np.asarray(values, np.float64), (n_edge,)) if np.ndim(values) == 0 else values)
    if column.shape != (n_edge,):
        raise DhsimError(f"{name}: one value an edge, {n_edge}, but got shape {column.shape}")
    return column.astype(np.float64)


def _range(values: ArrayLike | None, resistance: Floats, kinds: Ints, name: str) -> Floats:
    """Return one side of the valves' range: their setting where none was given, NaN for what is no valve."""
    side = _column(values, kinds.size, name)
    return np.where(kinds == EdgeKind.VALVE, np.where(np.isnan(side), resistance, side), np.nan)


def _names(given: ArrayLike | None, count: int, word: str) -> tuple[str, ...]:
    if given is None:
        return tuple(f"{word} {i}" for i in range(count))
    names = tuple(str(name) for name in np.atleast_1d(np.asarray(given)).tolist())
    if len(names) < count or (word == "edge" and len(names) != count):
        raise DhsimError(f"{len(names)} names for {count} {word}s: give one for each")
    if len(set(names)) != len(names):
        raise DhsimError(f"{word} names are not unique: {', '.join(sorted({n for n in names if names.count(n) > 1}))}")
    return names


def _water() -> Fluid:
    return Fluid(
        float(density_kg_m3(TEMP_FLUID_C)),
        float(dynamic_viscosity_pa_s(TEMP_FLUID_C)),
        float(heat_capacity_j_kgk(TEMP_FLUID_C)),
    )
