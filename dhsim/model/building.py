"""A building's heating circuit: a directed graph of pipes, valves and radiators from the pump's outlet to its inlet."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from dhsim.errors import DhsimError
from dhsim.model.building_checks import building_problems, radiator_problems, valve_problems
from dhsim.model.building_columns import (
    all_or_nothing,
    cells,
    kinds_of,
    names_of,
    nodes_of,
    numbers,
    one_number,
    word,
    zones_of,
)
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
        """Return a building from plain arrays, one entry an edge; NaN where it does not apply.

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
            Zone of each radiator: its number, counted from 0, or its name; -1, NaN, None or "" for other edges.
        resistance_max_pa_s2_m6
            Largest of each valve, beside the smallest, `resistance_min_pa_s2_m6`; without a range it cannot be turned
            [Pa s2/m6].
        fluid
            Constants of the water; water of 60 degC if left out.
        outlet, inlet
            Nodes of the pump; if left out, the only node that nothing enters and the only one that nothing leaves.
        edge_ids, zone_ids
            Names, for messages and lists; `zone_ids` also gives named zones their order, else that of appearance.

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
        kinds, problems = kinds_of(kind), list[str]()
        ids = names_of(edge_ids, kinds.size, "edge", problems)
        all_or_nothing(problems)
        ends = {"upstream": cells(upstream), "downstream": cells(downstream)}
        if not all(side.shape == (kinds.size,) for side in ends.values()):
            sizes = ", ".join(str(side.shape) for side in ends.values())
            raise DhsimError(f"one kind, upstream and downstream an edge: got {kinds.size} kinds and nodes of {sizes}")
        start, end, names = nodes_of(ends, ids)
        first, last = _pump_nodes(start, end, names, outlet, inlet)
        zones, zone_names = zones_of(zone, zone_ids, ids, problems)
        resistance = numbers(resistance_pa_s2_m6, ids, "resistance_pa_s2_m6", problems)
        low = numbers(resistance_min_pa_s2_m6, ids, "resistance_min_pa_s2_m6", problems)
        high = numbers(resistance_max_pa_s2_m6, ids, "resistance_max_pa_s2_m6", problems)
        building = cls(
            kind=kinds,
            upstream=start,
            downstream=end,
            resistance_pa_s2_m6=resistance,
            length_m=numbers(length_m, ids, "length_m", problems),
            diameter_m=numbers(diameter_m, ids, "diameter_m", problems),
            roughness_m=numbers(roughness_m, ids, "roughness_m", problems),
            zone=zones,
            resistance_min_pa_s2_m6=_range(low, resistance, kinds),
            resistance_max_pa_s2_m6=_range(high, resistance, kinds),
            outlet=first,
            inlet=last,
            dp_pump_pa=one_number(dp_pump_pa, "dp_pump_pa", problems),
            fluid=Fluid(*fluid) if fluid is not None else _water(),
            node_ids=tuple(names),
            edge_ids=ids,
            zone_ids=zone_names,
        )
        all_or_nothing(problems)
        all_or_nothing(building_problems(building))
        return building

    def with_valves(self, resistance_valves_pa_s2_m6: ArrayLike) -> Building:
        """Return the building with other settings of all its valves, each within its range."""
        made = self._with(self.valves, resistance_valves_pa_s2_m6, "valve settings")
        all_or_nothing(valve_problems(made))
        return made

    def with_radiators(self, resistance_radiators_pa_s2_m6: ArrayLike) -> Building:
        """Return the building with other resistances of all its radiators; NaN where they are still to be fitted."""
        made = self._with(self.radiators, resistance_radiators_pa_s2_m6, "radiator resistances")
        all_or_nothing(radiator_problems(made))
        return made

    def _with(self, edges: Ints, resistance_pa_s2_m6: ArrayLike, name: str) -> Building:
        resistance = self.resistance_pa_s2_m6.copy()
        resistance[edges] = self.each(edges, resistance_pa_s2_m6, name)
        return replace(self, resistance_pa_s2_m6=resistance)

    def each(self, edges: Ints, values: ArrayLike, name: str) -> Floats:
        """Return one number for each of some edges, such as its valves; else refuse it by `name` and edge."""
        given = cells(values)
        if given.shape != edges.shape:
            plural, what = name.split()
            raise DhsimError(f"{edges.size} {plural}s, but {given.size} {what}: give one for each")
        problems: list[str] = []
        found = numbers(given, tuple(self.edge_ids[e] for e in edges), name, problems)
        all_or_nothing(problems)
        return found

    def zone_sums(self, flow_m3_s: Floats) -> Floats:
        """Return the flow through the radiators of each zone, eq. (9), shape (n_zone,), from that of all edges."""
        total = np.zeros(self.n_zone)
        np.add.at(total, self.zone[self.radiators], flow_m3_s[self.radiators])
        return total


def _pump_nodes(
    start: Ints, end: Ints, names: list[str], outlet: int | str | None, inlet: int | str | None
) -> tuple[int, int]:
    """Return the pump's outlet and inlet: as named, or the only source and the only sink of the graph."""
    found = []
    for side, named, others in (("outlet", outlet, end), ("inlet", inlet, start)):
        if named is not None:
            if word(named) not in names:
                raise DhsimError(f"the pump's {side} {named} is no node of any edge")
            found.append(names.index(word(named)))
            continue
        ends = np.setdiff1d(np.arange(len(names)), others)
        if ends.size != 1:
            shown = ", ".join(names[i] for i in ends[:_NAMED]) or "none"
            verb = "enters" if side == "outlet" else "leaves"
            raise DhsimError(f"no single node that no edge {verb} ({ends.size}: {shown}): name the pump's {side}")
        found.append(int(ends[0]))
    return found[0], found[1]


def _range(side: Floats, resistance: Floats, kinds: Ints) -> Floats:
    """Return one side of the valves' range: their setting where none was given, NaN for what is no valve."""
    return np.where(kinds == EdgeKind.VALVE, np.where(np.isnan(side), resistance, side), np.nan)


def _water() -> Fluid:
    return Fluid(
        float(density_kg_m3(TEMP_FLUID_C)),
        float(dynamic_viscosity_pa_s(TEMP_FLUID_C)),
        float(heat_capacity_j_kgk(TEMP_FLUID_C)),
    )
