"""The flats of buildings in detail, over the time that counts for comfort."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dhsim.assess.types import FlatScore
from dhsim.model.case import Case
from dhsim.solution import Solution
from dhsim.units import J_PER_MWH


def assess_flats(solution: Solution, case: Case) -> FlatScore | None:
    """Return how evenly warm the flats are; None where no building is in detail or their series were not kept."""
    needed = ("temp_flat_c", "opening_flat_rel", "heat_flow_flat_w")
    counted = case.boundary.arrays.comfort_counted == 1
    if not solution.flat_ids or any(name not in solution.arrays for name in needed) or not counted.any():
        return None
    temp_c, opening_rel, _ = (solution.arrays[name][counted] for name in needed)
    home = np.array(solution.building_of_flat)
    spreads = [temp_c[:, home == name].std(axis=1) for name in dict.fromkeys(solution.building_of_flat)]
    table = pd.DataFrame(
        {
            "building": solution.building_of_flat,
            "temp_mean_c": temp_c.mean(axis=0),
            "temp_min_c": temp_c.min(axis=0),
            "temp_max_c": temp_c.max(axis=0),
            "throttling_rel": 1.0 - opening_rel.mean(axis=0),
            "heat_mwh": solution.arrays["heat_flow_flat_w"].sum(axis=0) * solution.step_s / J_PER_MWH,
        },
        index=pd.Index(solution.flat_ids, name="flat"),
    )
    return FlatScore(
        spread_k=float(np.mean(spreads)),
        temp_coldest_c=float(table["temp_mean_c"].min()),
        temp_warmest_c=float(table["temp_mean_c"].max()),
        coldest_flat=str(table["temp_mean_c"].idxmin()),
        warmest_flat=str(table["temp_mean_c"].idxmax()),
        temp_min_c=float(table["temp_min_c"].min()),
        temp_max_c=float(table["temp_max_c"].max()),
        throttling_rel=float(table["throttling_rel"].mean()),
        by_flat=table,
    )
