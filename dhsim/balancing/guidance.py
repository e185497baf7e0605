"""The list for the technician: which valves to turn, from where to where, in which order, and what then flows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from dhsim.balancing.flags import listed
from dhsim.balancing.valves import valve_settings
from dhsim.balancing.work_order import distance_m, wings
from dhsim.model.building import Building
from dhsim.model.building_branches import Friction
from dhsim.model.building_hydraulics import solve_flows
from dhsim.model.building_paths import radiators_behind
from dhsim.model.valve_type import ValveType
from dhsim.network.parts import Ints
from dhsim.units import M3_PER_L, S_PER_H

SAME_REL = 1e-6
"""Change of a resistance that is none."""
_L_H = S_PER_H / M3_PER_L


@dataclass(frozen=True)
class ValveChange:
    """One line of the list."""

    order: int
    """1 for the first valve to turn."""
    valve: str
    place: str
    """`riser` where several radiators hang on it, else `radiator`."""
    zones: tuple[str, ...]
    """That get water through it."""
    type_name: str
    """Empty where only a range is known."""
    present: str
    """As it is read on the valve: turns, number of the preset, or Kv."""
    new: str
    turn: float
    """New less present position on its scale; NaN without one."""
    direction: str
    """open or close"""
    kv_present_m3_h: float
    kv_new_m3_h: float
    flow_present_l_h: float
    flow_new_l_h: float


def changed_valves(building: Building, resistance_valves_pa_s2_m6: ArrayLike) -> Ints:
    """Return the places among `Building.valves` of those that do not stand as asked for."""
    new = np.asarray(resistance_valves_pa_s2_m6, np.float64)
    return np.flatnonzero(np.abs(new / building.resistance_valves_pa_s2_m6 - 1.0) > SAME_REL)


def riser_valves(building: Building) -> Ints:
    """Return the places of the valves that several radiators hang on: those in the basement.

    A riser with one radiator alone is told by what else stands in its way: of two valves before one radiator the one
    nearer to the pump counts as the riser's.
    """
    behind = radiators_behind(building)
    count = behind.number(building.valves.size)
    depth = distance_m(building)[building.valves]
    found = set(np.flatnonzero(count > 1).tolist())
    for r in range(building.radiators.size):
        alone = [int(v) for v in behind.valve[behind.radiator == r] if count[v] == 1]
        if len(alone) > 1 and not any(v in found for v in behind.valve[behind.radiator == r].tolist()):
            found.add(min(alone, key=lambda v: depth[v]))
    return np.array(sorted(found), dtype=np.int64)


def zones_behind(building: Building, valves: ArrayLike) -> tuple[str, ...]:
    """Return the zones that get water through some valves, in the building's order."""
    behind = radiators_behind(building)
    radiators = behind.radiator[np.isin(behind.valve, np.asarray(valves))]
    return tuple(building.zone_ids[z] for z in np.unique(building.zone[building.radiators[radiators]]))


def valve_changes(
    building: Building,
    types: Sequence[ValveType | None],
    resistance_valves_pa_s2_m6: ArrayLike,
    friction: Friction = "colebrook",
) -> tuple[ValveChange, ...]:
    """Return the valves to turn in the order of work.

    Risers come first, wing by wing and branch by branch from the pump: one walk through the basement without asking
    anybody. Radiator valves follow zone by zone, so that every flat is visited once. Flows are those at the end, when
    all are turned; measured on the way they differ.

    Parameters
    ----------
    building
        As it stands.
    types
        Type of each of `Building.valves`, or None.
    resistance_valves_pa_s2_m6
        How they are to stand [Pa s2/m6].
    friction
        As in `solve_flows`.

    Returns
    -------
    tuple of ValveChange
        Only those that change.
    """
    new = np.asarray(resistance_valves_pa_s2_m6, np.float64)
    changed = changed_valves(building, new)
    before, after = valve_settings(building, types), valve_settings(building, types, new)
    flows = [np.abs(solve_flows(building, k, friction).flow_m3_s[building.valves]) * _L_H for k in (None, new)]
    is_riser = np.isin(np.arange(building.valves.size), riser_valves(building))
    made: list[ValveChange] = []
    for v in _order(building, changed, is_riser):
        made.append(
            ValveChange(
                order=len(made) + 1,
                valve=building.valve_ids[v],
                place="riser" if is_riser[v] else "radiator",
                zones=zones_behind(building, [v]),
                type_name=before[v].type_name,
                present=before[v].label,
                new=after[v].label,
                turn=after[v].position - before[v].position,
                direction="open" if after[v].kv_m3_h > before[v].kv_m3_h else "close",
                kv_present_m3_h=before[v].kv_m3_h,
                kv_new_m3_h=after[v].kv_m3_h,
                flow_present_l_h=float(flows[0][v]),
                flow_new_l_h=float(flows[1][v]),
            )
        )
    return tuple(made)


def _order(building: Building, changed: Ints, is_riser: NDArray[np.bool_]) -> list[int]:
    behind = radiators_behind(building)
    zone = np.full(building.valves.size, -1)
    zone[behind.valve] = building.zone[building.radiators[behind.radiator]]
    walk = [v for wing in wings(building, np.flatnonzero(is_riser).tolist()) for v in wing]
    turned = set(changed.tolist())
    rest = sorted((int(v) for v in changed if not is_riser[v]), key=lambda v: (zone[v], v))
    return [v for v in walk if v in turned] + rest


def changes_frame(changes: Sequence[ValveChange]) -> pd.DataFrame:
    """Return the list as a table, one row a valve in the order of work; the column `made` is to be filled in.

    Numbers are rounded to what can be read: turns to two digits with their sign, Kv to three figures, flows to 0.1 l/h.
    """
    columns = [name for name in ValveChange.__dataclass_fields__ if name != "zones"]
    rows = [{name: getattr(change, name) for name in columns} for change in changes]
    frame = pd.DataFrame(rows, columns=columns)
    frame["turn"] = [turn_text(change) for change in changes]
    for name in ("kv_present_m3_h", "kv_new_m3_h"):
        frame[name] = [float(f"{value:.3g}") for value in frame[name]]
    for name in ("flow_present_l_h", "flow_new_l_h"):
        frame[name] = [round(float(value), 1) for value in frame[name]]
    frame.insert(3, "zones", [listed(change.zones) for change in changes])
    frame.insert(list(frame.columns).index("new") + 1, "made", "")
    return frame.set_index("order")


def turn_text(change: ValveChange) -> str:
    """Return by how much a valve is turned, with its sign and two digits; empty where it has no scale.

    Examples
    --------
    >>> turn_text(ValveChange(1, "v1", "riser", (), "", "1.7", "1.9", 0.20000000000000018, "open", 1.0, 1.1, 9.0, 9.5))
    '+0.20'
    """
    return "" if np.isnan(change.turn) else f"{change.turn:+.2f}"
