"""Whether two runs may be compared: what must be alike, and what the reader must be told if it is not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dhsim.assess.economics import differing
from dhsim.errors import DhsimError
from dhsim.model.case import Case


def require_comparable(cases: Sequence[Case]) -> None:
    """Refuse a comparison of cases whose totals or money cannot be set against each other.

    Raises
    ------
    DhsimError
        If two cases bear one name, or differ from the first in time, viewpoint, lifetime, prices or discount rate.
    """
    if not cases:
        raise DhsimError("nothing to compare: no run was given")
    names = [case.assumptions.name for case in cases]
    if len(set(names)) < len(names):
        raise DhsimError(f"two runs bear one name ({', '.join(names)}): a comparison needs different ones")
    first = cases[0]
    for case in cases[1:]:
        pair = f"{case.assumptions.name} and {first.assumptions.name}"
        if not case.boundary.time.equals(first.boundary.time):
            raise DhsimError(f"{pair} cannot be compared: they differ in time (start, days or step_min)")
        money = differing(first.assumptions.economics, case.assumptions.economics)
        if money:
            raise DhsimError(f"{pair} cannot be compared: they differ in economics ({', '.join(money)})")


def _in_detail(case: Case) -> list[tuple[int, int]]:
    return [(detail.index, detail.copies) for detail in case.details]


def unlike(reference: Case, case: Case) -> tuple[str, ...]:
    """Return what else differs than the way the substation is run, so that a saving is not its alone; a phrase each."""
    a, b = reference.boundary.arrays, case.boundary.arrays
    pairs = {
        "outdoor temperature": (a.temp_outdoor_c, b.temp_outdoor_c),
        "sun": (a.irradiance_w_m2, b.irradiance_w_m2),
        "primary supply temperature": (a.temp_supply_primary_c, b.temp_supply_primary_c),
        "primary differential pressure": (a.dp_available_pa, b.dp_available_pa),
        "heating season": (a.heating_season, b.heating_season),
        "internal gains": (a.heat_gain_w, b.heat_gain_w),
        "hot water draw": (a.mass_flow_tap_kg_s, b.mass_flow_tap_kg_s),
        "design heat demand": (reference.system.buildings.heat_design_w, case.system.buildings.heat_design_w),
        "radiators": (reference.system.buildings.temp_excess_design_k, case.system.buildings.temp_excess_design_k),
    }
    made = [name for name, (left, right) in pairs.items() if not np.array_equal(left, right)]
    if reference.system.building_ids != case.system.building_ids:
        made.append("buildings")
    if _in_detail(reference) != _in_detail(case):
        made.append("which buildings are in detail")
    if reference.strategy.faults != case.strategy.faults:
        made.append("faults")
    if reference.assumptions.emissions != case.assumptions.emissions:
        made.append("fuel or emission factors")
    return tuple(made)
