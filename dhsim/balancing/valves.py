"""A building's valves in the technician's words: settings on their scales, positions that can be set, ranges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dhsim.balancing.flags import listed
from dhsim.errors import DhsimError
from dhsim.model.building import Building
from dhsim.model.valve_type import (
    ValveType,
    catalogue_valve,
    make_valve_type,
    valve_kv_m3_h,
    valve_resistance_pa_s2_m6,
)
from dhsim.network.parts import Floats

__all__ = [
    "ValveSetting",
    "ValveType",
    "catalogue_valve",
    "levels_pa_s2_m6",
    "make_valve_type",
    "rounded_pa_s2_m6",
    "valve_kv_m3_h",
    "valve_resistance_pa_s2_m6",
    "valve_settings",
]


_SAME = 1e-6
"""Positions closer than this are one."""


class ValveSetting(NamedTuple):
    """How one valve stands or is to stand."""

    valve: str
    type_name: str
    """Empty where only a range is known."""
    kv_m3_h: float
    position: float
    """On its scale; NaN without a type."""
    label: str
    """As it is read on the valve: `2.3 turns`, `N on the scale`, or the Kv."""


def valve_settings(
    building: Building,
    types: Sequence[ValveType | None],
    resistance_valves_pa_s2_m6: ArrayLike | None = None,
) -> list[ValveSetting]:
    """Return the settings of all valves in the technician's words.

    Parameters
    ----------
    building
        The circuit.
    types
        Type of each of `Building.valves`, or None.
    resistance_valves_pa_s2_m6
        Their resistances [Pa s2/m6]; as they stand if left out.

    Returns
    -------
    list of ValveSetting
        In the order of `Building.valves`.

    Raises
    ------
    DhsimError
        If a resistance is beyond its valve's scale.
    """
    _one_each(building, types)
    k = building.resistance_valves_pa_s2_m6 if resistance_valves_pa_s2_m6 is None else resistance_valves_pa_s2_m6
    kv = valve_kv_m3_h(k, building.fluid.density_kg_m3)
    position = _positions(building, types, kv)
    made = []
    for name, kind, one, at in zip(building.valve_ids, types, kv.tolist(), position.tolist(), strict=True):
        if kind is None:
            made.append(ValveSetting(name, "", one, float("nan"), f"Kv {one:.3g} m3/h"))
        else:
            made.append(ValveSetting(name, kind.name, one, at, f"{_shown(kind, at)} {kind.unit}"))
    return made


def _positions(building: Building, types: Sequence[ValveType | None], kv: Floats) -> Floats:
    """Return positions on the valves' scales, all valves of a type at once."""
    position = np.full(kv.size, np.nan)
    for kind in {id(one): one for one in types if one is not None}.values():
        mine = np.flatnonzero([one is kind for one in types])
        try:
            position[mine] = kind.position_at(kv[mine])
        except DhsimError as error:
            ends = np.array([kind.kv_m3_h[0] * (1.0 - 1e-9), kind.kv_m3_h[-1] * (1.0 + 1e-9)])
            wrong = mine[(kv[mine] < ends[0]) | (kv[mine] > ends[1])]
            names = listed(building.valve_ids[v] for v in wrong)
            raise DhsimError(f"{error} (valves {names})") from None
        near = kind.settable[np.argmin(np.abs(kind.settable - position[mine, None]), axis=1)]
        position[mine] = np.where(np.abs(near - position[mine]) < _SAME, near, position[mine])
    return position


def _shown(kind: ValveType, position: float) -> str:
    """Return a position as its scale shows it if it can be set, with one digit more if not."""
    return kind.label(position) if (kind.settable == position).any() else f"{position:.2f}"


def levels_pa_s2_m6(building: Building, types: Sequence[ValveType | None]) -> dict[int, Floats]:
    """Return the resistances that each valve with a scale can be set to, within its range.

    Parameters
    ----------
    building
        The circuit.
    types
        Type of each of `Building.valves`, or None.

    Returns
    -------
    dict
        Place among `Building.valves` -> resistances [Pa s2/m6], rising; valves without a type or with a range of one
        point (fixed ones) are left out.
    """
    _one_each(building, types)
    density = building.fluid.density_kg_m3
    low, high = building.resistance_min_pa_s2_m6[building.valves], building.resistance_max_pa_s2_m6[building.valves]
    known: dict[int, Floats] = {}
    made = {}
    for v, kind in enumerate(types):
        if kind is None or not high[v] > low[v]:
            continue
        if id(kind) not in known:
            known[id(kind)] = np.sort(valve_resistance_pa_s2_m6(kind.kv_at_m3_h(kind.settable), density))
        levels = known[id(kind)]
        made[v] = levels[(levels >= low[v] * (1.0 - 1e-9)) & (levels <= high[v] * (1.0 + 1e-9))]
    return made


def rounded_pa_s2_m6(
    building: Building, types: Sequence[ValveType | None], resistance_valves_pa_s2_m6: ArrayLike
) -> Floats:
    """Return the resistances at the nearest settings that can be set, nearest in ratio; others stay.

    Parameters
    ----------
    building
        The circuit.
    types
        Type of each of `Building.valves`, or None.
    resistance_valves_pa_s2_m6
        Wanted [Pa s2/m6].

    Returns
    -------
    ndarray
        Resistances [Pa s2/m6], shape (n_valve,).
    """
    made = np.array(resistance_valves_pa_s2_m6, dtype=np.float64)
    for v, levels in levels_pa_s2_m6(building, types).items():
        if levels.size:
            made[v] = levels[np.argmin(np.abs(np.log(levels / made[v])))]
    return made


def _one_each(building: Building, types: Sequence[ValveType | None]) -> None:
    if len(types) != building.valves.size:
        raise DhsimError(f"{building.valves.size} valves, but {len(types)} types: give one for each, None for unknown")
