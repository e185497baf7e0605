"""Heat, flows and temperatures from a Solution's integrals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dhsim.assess.types import EnergyScore, HeatSplit
from dhsim.model.boundary import ABOVE_CPT, BELOW_CPT, N_CLASS, N_GROUP, OUT_OF_SEASON
from dhsim.solution import Solution
from dhsim.units import J_PER_MWH, S_PER_H, W_PER_KW

Groups = NDArray[np.int64]
_ALL: Groups = np.arange(N_GROUP)


def groups_of_class(kind: int) -> Groups:
    """Return the groups of hours of one class (BELOW_CPT, ABOVE_CPT, OUT_OF_SEASON) in all months."""
    groups: Groups = _ALL[_ALL % N_CLASS == kind]
    return groups


def groups_of_month(month: int) -> Groups:
    """Return the groups of hours of one month, 1 ... 12."""
    groups: Groups = _ALL[_ALL // N_CLASS == month - 1]
    return groups


def total(solution: Solution, name: str, groups: Groups = _ALL) -> float:
    """Return an integral summed over groups of hours, and over the buildings if it is theirs."""
    return float(solution.totals[name][groups].sum())


def heat_split(solution: Solution, groups: Groups) -> HeatSplit:
    """Return the heat of a part of the year."""

    def mwh(name: str) -> float:
        return total(solution, name, groups) / J_PER_MWH

    return HeatSplit(
        hours=total(solution, "seconds", groups) / S_PER_H,
        heat_total_mwh=mwh("heat_primary_j"),
        heat_sh_mwh=mwh("heat_sh_j"),
        heat_dhw_mwh=mwh("heat_tap_j"),
        heat_loss_mwh=mwh("heat_loss_pipe_j") + mwh("heat_loss_third_pipe_j"),
        heat_excess_mwh=mwh("heat_excess_j"),
        energy_pump_mwh=mwh("energy_pump_j"),
    )


def balance_residual_rel(solution: Solution) -> float:
    """Return how far the energy balance of the run is from closing.

    |primary heat + pump work + gains + solar - envelope - ventilation - DHW - pipe losses - change in store|,
    over the primary heat
    """
    came = ("heat_primary_j", "energy_pump_water_j", "heat_gain_j", "heat_solar_j")
    went = ("heat_envelope_j", "heat_ventilation_j", "heat_tap_j", "heat_loss_pipe_j", "heat_loss_third_pipe_j")
    residual = sum(total(solution, name) for name in came) - sum(total(solution, name) for name in went)
    residual -= float(solution.store_change_j.sum()) + solution.store_change_pipes_j
    scale = max(total(solution, "heat_primary_j"), total(solution, "heat_gain_j"), 1.0)
    return abs(residual) / scale


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else float("nan")


def assess_energy(solution: Solution) -> EnergyScore:
    """Return heat, flows and temperatures of a run."""
    season = np.concatenate([groups_of_class(BELOW_CPT), groups_of_class(ABOVE_CPT)])
    seconds = total(solution, "seconds", season)
    mild = groups_of_class(ABOVE_CPT)
    seconds_mild = total(solution, "seconds", mild)
    year = heat_split(solution, _ALL)
    return EnergyScore(
        year=year,
        above_cpt=heat_split(solution, groups_of_class(ABOVE_CPT)),
        below_cpt=heat_split(solution, groups_of_class(BELOW_CPT)),
        out_of_season=heat_split(solution, groups_of_class(OUT_OF_SEASON)),
        by_month=tuple(heat_split(solution, groups_of_month(month)) for month in range(1, 13)),
        heat_useful_mwh=year.heat_sh_mwh - year.heat_excess_mwh + year.heat_dhw_mwh,
        mass_flow_primary_mean_kg_s=_ratio(total(solution, "mass_primary_kg", season), seconds),
        mass_flow_primary_max_kg_s=solution.extremes["mass_flow_primary_max_kg_s"],
        mass_flow_secondary_mean_kg_s=_ratio(total(solution, "mass_secondary_kg", season), seconds),
        mass_flow_secondary_max_kg_s=solution.extremes["mass_flow_secondary_max_kg_s"],
        mass_flow_dhw_mean_kg_s=_ratio(total(solution, "mass_dhw_primary_kg", season), seconds),
        mass_flow_dhw_max_kg_s=solution.extremes["mass_flow_dhw_primary_max_kg_s"],
        heat_flow_hour_max_kw=solution.extremes["heat_flow_hour_max_w"] / W_PER_KW,
        temp_supply_primary_mean_c=_ratio(total(solution, "temp_supply_primary_ks", season), seconds),
        temp_return_primary_mean_c=_ratio(
            total(solution, "mass_temp_return_primary_kgk"), total(solution, "mass_primary_kg")
        ),
        balance_residual_rel=balance_residual_rel(solution),
        mass_flow_primary_above_cpt_kg_s=_ratio(total(solution, "mass_primary_kg", mild), seconds_mild),
        mass_flow_secondary_above_cpt_kg_s=_ratio(total(solution, "mass_secondary_kg", mild), seconds_mild),
        mass_flow_dhw_above_cpt_kg_s=_ratio(total(solution, "mass_dhw_primary_kg", mild), seconds_mild),
    )
