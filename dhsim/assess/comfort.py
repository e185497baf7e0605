"""Room temperatures in the heating season, but for its first days; a building's room stands for its flats."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dhsim.assess.types import ComfortScore
from dhsim.model.system import Floats, System
from dhsim.physics.jet_pump import nozzle_diameter_mm
from dhsim.solution import Solution
from dhsim.units import J_PER_MWH, PA_PER_BAR, PA_PER_KPA, S_PER_H


def assess_comfort(solution: Solution, system: System) -> ComfortScore:
    """Return comfort of all buildings together and of each; NaN where there was no heating season."""

    def of_building(name: str) -> Floats:
        summed: Floats = solution.totals[name].sum(axis=0)
        return summed

    seconds = of_building("seconds_counted")
    counted = np.where(seconds > 0.0, seconds, np.nan)
    lowest = np.where(np.isfinite(solution.temp_indoor_min_c), solution.temp_indoor_min_c, np.nan)
    highest = np.where(np.isfinite(solution.temp_indoor_max_c), solution.temp_indoor_max_c, np.nan)
    table = pd.DataFrame(
        {
            "type": system.building_types,
            "temp_mean_c": of_building("temp_indoor_ks") / counted,
            "temp_min_c": lowest,
            "temp_max_c": highest,
            "overheating_kh": of_building("overheating_ks") / S_PER_H,
            "underheating_kh": of_building("underheating_ks") / S_PER_H,
            "share_in_band": of_building("seconds_in_band") / counted,
            "heat_sh_mwh": of_building("heat_sh_j") / J_PER_MWH,
            "heat_dhw_mwh": of_building("heat_tap_j") / J_PER_MWH,
            "dp_min_kpa": _lowest_dp_pa(solution) / PA_PER_KPA,
            "nozzle_mm": _nozzle_mm(system),
        },
        index=pd.Index(solution.building_ids, name="building"),
    )
    known = bool(np.isfinite(lowest).any())
    ids = solution.building_ids
    return ComfortScore(
        temp_mean_c=float(table["temp_mean_c"].mean()),
        temp_coldest_c=float(np.nanmin(lowest)) if known else float("nan"),
        temp_warmest_c=float(np.nanmax(highest)) if known else float("nan"),
        coldest_building=ids[int(np.nanargmin(lowest))] if known else "",
        warmest_building=ids[int(np.nanargmax(highest))] if known else "",
        overheating_kh=float(table["overheating_kh"].mean()),
        underheating_kh=float(table["underheating_kh"].mean()),
        share_in_band=float(table["share_in_band"].mean()),
        by_building=table,
    )


def _lowest_dp_pa(solution: Solution) -> Floats:
    """Return the lowest dp at every jet pump while water flows through it; NaN where none did or it was not kept."""
    names = ("dp_building_pa", "mass_flow_building_kg_s")
    if any(name not in solution.arrays for name in names):
        return np.full(len(solution.building_ids), np.nan)
    dp, flow = (solution.arrays[name] for name in names)
    lowest = np.min(np.where(flow > 0.0, dp, np.inf), axis=0)
    found: Floats = np.where(np.isfinite(lowest), lowest, np.nan)
    return found


def _nozzle_mm(system: System) -> Floats:
    """Return the jet pumps' nozzle diameters; flow over the root of dp is all that they depend on."""
    dp_pa = np.full(len(system.building_ids), PA_PER_BAR)
    nozzle: Floats = nozzle_diameter_mm(system.buildings.conductance_kg_s_pa05 * np.sqrt(dp_pa), dp_pa)
    return nozzle
