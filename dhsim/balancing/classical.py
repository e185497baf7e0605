"""Classical balancing, what technicians do today: design flows from the plan, and the settings at which they run.

It is the baseline of the optimiser: it knows the plan and the pipes, but not how the building really loses heat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dhsim.balancing.flags import Flag, listed
from dhsim.balancing.valves import ValveSetting, rounded_pa_s2_m6, valve_settings
from dhsim.errors import DhsimError
from dhsim.model.building import Building
from dhsim.model.building_branches import Friction
from dhsim.model.building_hydraulics import BuildingFlow, dp_left_pa, solve_flows
from dhsim.model.building_paths import Behind, radiators_behind
from dhsim.model.valve_type import ValveType
from dhsim.network.parts import Floats

_DP_SMALL_PA = 1.0
"""Pressure that is left over or short and not worth a word."""


@dataclass(frozen=True)
class ClassicalBalancing:
    """Settings that give the plan's flows, exact and as the scales allow, with the flows that result."""

    flow_design_m3_s: Floats
    """Wanted, shape (n_radiator,)."""
    resistance_valves_pa_s2_m6: Floats
    """Exact, within the valves' ranges, shape (n_valve,)."""
    flow: BuildingFlow
    """At these."""
    resistance_set_pa_s2_m6: Floats
    """Rounded to what the scales show, shape (n_valve,)."""
    flow_set: BuildingFlow
    """At these."""
    settings: tuple[ValveSetting, ...]
    """The rounded ones in words."""
    excess_pa: Floats
    """What the valves could not take (positive) or the pump does not give (negative), shape (n_radiator,)."""
    index_radiator: int
    """Place among `Building.radiators` of the one that the pump serves with the most difficulty."""
    dp_pump_needed_pa: float
    """At which the index circuit, its valves open, just gets its design flow."""
    flags: tuple[Flag, ...]

    def deviation_rel(self, building: Building, rounded: bool = True) -> Floats:
        """Return each radiator's flow over its design flow, less one [-], shape (n_radiator,)."""
        flow = self.flow_set if rounded else self.flow
        return flow.flow_m3_s[building.radiators] / self.flow_design_m3_s - 1.0


def classical_balancing(
    building: Building,
    flow_design_m3_s: ArrayLike,
    types: Sequence[ValveType | None] | None = None,
    friction: Friction = "colebrook",
) -> ClassicalBalancing:
    """Return the valve settings at which every radiator gets its design flow, as the plan's calculation has them.

    With all valves open, the pressure that the design flows leave at each radiator is computed on the whole graph; the
    one with the least is the index circuit. What others have too much is taken by the valve nearest to the pump, as
    much as all radiators behind it can spare, and the rest by the valves nearer to the radiators.

    Parameters
    ----------
    building
        With the resistances of its radiators.
    flow_design_m3_s
        Design flow of each radiator, in the order of `Building.radiators` [m3/s].
    types
        Type of each of `Building.valves`, for rounding to its scale; None rounds nothing.
    friction
        As in `solve_flows`.

    Returns
    -------
    ClassicalBalancing
        With flags for radiators that get too little even so, valves at their smallest setting, and valves in loops,
        which are left as they stand.

    Raises
    ------
    DhsimError
        If radiators have no resistance or no positive design flow.

    Notes
    -----
    Pressures are exact for the given flows, so on a tree one pass is enough and the exact settings give the design
    flows to the solver's tolerance, where ranges allow it. Source: the calculated presetting and the compensated method
    of balancing manuals; pressures by eqs. (4) to (5) of doi 10.1016/j.enbuild.2025.116464.
    """
    radiators = building.radiators
    flow = np.atleast_1d(np.asarray(flow_design_m3_s, np.float64))
    unknown = radiators[np.isnan(building.resistance_pa_s2_m6[radiators])]
    if unknown.size:
        raise DhsimError(f"radiators without a resistance ({listed(building.edge_ids[e] for e in unknown)}): "
                         "fit them to the protocol first, or give their kv_m3_h")  # fmt: skip
    if flow.shape == radiators.shape and np.isnan(flow).any():
        silent = [building.edge_ids[e] for e in radiators[np.isnan(flow)]]
        raise DhsimError(f"no design flow for {len(silent)} radiators ({listed(silent)}): give heat_design_w")
    behind = radiators_behind(building)
    low, high = building.resistance_min_pa_s2_m6[building.valves], building.resistance_max_pa_s2_m6[building.valves]
    count = behind.number(building.valves.size)
    start = np.where(count > 0, low, building.resistance_valves_pa_s2_m6)
    excess = dp_left_pa(building.with_valves(start), flow, friction)
    excess -= building.resistance_pa_s2_m6[radiators] * flow**2
    index = int(np.argmin(excess))
    needed = building.dp_pump_pa - float(excess[index])
    exact, left = _throttled(behind, count, start, high, flow, excess)
    kinds = tuple(types) if types is not None else (None,) * building.valves.size
    rounded = rounded_pa_s2_m6(building, kinds, exact)
    return ClassicalBalancing(
        flow_design_m3_s=flow,
        resistance_valves_pa_s2_m6=exact,
        flow=solve_flows(building, exact, friction),
        resistance_set_pa_s2_m6=rounded,
        flow_set=solve_flows(building, rounded, friction),
        settings=tuple(valve_settings(building, kinds, rounded)),
        excess_pa=left,
        index_radiator=index,
        dp_pump_needed_pa=needed,
        flags=_flags(building, left, count),
    )


def _throttled(
    behind: Behind, count: np.ndarray, start: Floats, high: Floats, flow: Floats, excess: Floats
) -> tuple[Floats, Floats]:
    """Return the valves' resistances, and what is left at each radiator; valves nearest to the pump come first."""
    k, left = start.copy(), excess.copy()
    for v in np.argsort(-count, kind="stable"):
        mine = behind.of(int(v))
        if not mine.size:
            continue
        through = float(flow[mine].sum())
        extra = float(np.clip(left[mine].min(), 0.0, (high[v] - start[v]) * through**2))
        k[v] += extra / through**2
        left[mine] -= extra
    return np.minimum(k, np.maximum(high, start)), left


def _flags(building: Building, left: Floats, count: np.ndarray) -> tuple[Flag, ...]:
    radiators = building.radiators
    made = []
    for kind, wrong, text in (
        ("short", left < -_DP_SMALL_PA, "lack pressure for their design flow with all valves on their way open"),
        ("excess", left > _DP_SMALL_PA, "get more than their design flow with the valves on their way at the smallest"),
    ):
        found = np.flatnonzero(wrong)
        if found.size:
            order = found[np.argsort(-np.abs(left[found]))]
            names = listed(f"{building.edge_ids[radiators[r]]} ({abs(left[r]):.0f} Pa)" for r in order)
            made.append(
                Flag(kind, "", f"{found.size} of {radiators.size} radiators {text}: {names}", float(found.size))
            )
    idle = np.flatnonzero(count == 0)
    if idle.size:
        names = listed(building.edge_ids[building.valves[v]] for v in idle)
        made.append(Flag("loop", "", f"valves in a loop or bypass were left as they stand: {names}", float(idle.size)))
    return tuple(made)
