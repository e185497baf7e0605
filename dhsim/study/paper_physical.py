"""Paper page, part one: temperatures, heat demand and comfort."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from dhsim.model.boundary import ABOVE_CPT, OUT_OF_SEASON
from dhsim.physics.heat_load import relative_load
from dhsim.physics.heating_curve import change_point_temp_c, supply_temp_c
from dhsim.study.paper_figures import (
    PAPER_POLICIES,
    REFERENCE,
    VARIANTS,
    Computation,
    Evidence,
    Figure,
    Finding,
    MissingRunError,
    Verdict,
    capped,
    deviation,
    shown,
)
from dhsim.study.paper_runs import classes_of, series_of
from dhsim.units import S_PER_H

if TYPE_CHECKING:
    from dhsim.study.types import Run

# What the paper does not print and its CPT needs: radiators 95 degC (usual in the region), design outdoor temperature
# -37 degC (doi:10.1051/e3sconf/202014301011) and the radiator exponent 0.8 of Sokolov's curve.
TEMP_RADIATOR_SUPPLY_C = 95.0
TEMP_DESIGN_OUTDOOR_C = -37.0
CURVE_EXPONENT = 0.8

# ASHRAE Guideline 14-2014, calibrated simulation: CV(RMSE) and NMBE limits, %.
LIMITS_MONTHLY_PERCENT = (15.0, 5.0)
LIMITS_HOURLY_PERCENT = (30.0, 10.0)

_SITE_MEAN_K = 3.0
_LOWER_K = 0.1


def _curve(evidence: Evidence) -> tuple[float, ...]:
    """Return t_n, DOT, head, radiator drop, network drop and exponent of the paper's own curve."""
    supply, back = evidence.reported("regime")
    (indoor,) = evidence.reported("indoor")
    head = 0.5 * (TEMP_RADIATOR_SUPPLY_C + back) - indoor
    return indoor, TEMP_DESIGN_OUTDOOR_C, head, TEMP_RADIATOR_SUPPLY_C - back, supply - back, CURVE_EXPONENT


def _outdoor_at(evidence: Evidence, temp_supply_c: float) -> float:
    return float(change_point_temp_c(temp_supply_c, *_curve(evidence)))


def _supply_at(evidence: Evidence, temp_outdoor_c: float) -> float:
    indoor, design, *rest = _curve(evidence)
    return float(supply_temp_c(relative_load(temp_outdoor_c, indoor, design), 1.0, indoor, *rest))


def _calibrated(run: Run) -> str:
    keys = ", ".join(key for key, _ in run.case.assumptions.calibrated)
    return f"rests on the calibrated inputs {keys}" if keys else ""


def _with_calibration(run: Run, finding: Finding) -> Finding:
    reason = _calibrated(run)
    return capped(finding, reason) if reason else finding


def _change_point(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    (floor,) = evidence.reported("floor")
    why = f"the curve (1)-(6) reaches the floor of {floor:g} degC there, with radiators 95 degC, DOT -37 degC,"
    why += " exponent 0.8"
    if REFERENCE in evidence.runs:
        why += f"; the baseline's own CPT is {evidence.run().score.cpt_c:.2f} degC"
    return Finding(why, (_outdoor_at(evidence, floor),))


def _floor(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    lowest = float(np.min(evidence.run().case.boundary.arrays.temp_supply_primary_c))
    return Finding("lowest primary supply of the baseline, a key of the scenario", (lowest,))


def _regime(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    curve = evidence.run().case.system.curve
    back = curve.temp_indoor_c + curve.head_design_k - 0.5 * curve.drop_radiator_k
    return Finding("design point of the baseline's curve", (back + curve.drop_network_k, back))


def _indoor(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    return Finding("room temperature of the baseline's curve", (evidence.run().case.system.curve.temp_indoor_c,))


def _maximum_supply(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    supply, outdoor = figure.numbers
    on_curve, at_supply = _supply_at(evidence, outdoor), _outdoor_at(evidence, supply)
    agrees = deviation(figure, (on_curve, at_supply)) <= figure.tolerance_rel
    why = f"the declared 150/70 curve has {on_curve:.0f} degC at {outdoor:g} and reaches {supply:g} at"
    why += f" {at_supply:.1f} degC"
    why += "; dhsim's operational line takes both numbers as inputs"
    text = f"{on_curve:.0f} at {outdoor:g}; {supply:g} at {at_supply:.1f}"
    return Finding(why, text=text, verdict=Verdict.INPUT if agrees else Verdict.NOT_POSSIBLE)


def _modelled_day(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    outdoor, cap = figure.numbers
    needed = _supply_at(evidence, outdoor)
    why = f"at {outdoor:g} degC the curve asks for {needed:.1f} degC, less than the cap of {cap:g}"
    return Finding(why, text=f"{needed:.1f} degC needed at {outdoor:g} degC")


def _summer_supply(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    boundary = evidence.year().case.boundary
    summer = np.isin(np.asarray(boundary.time.month), (6, 7, 8))
    mean = float(boundary.arrays.temp_supply_primary_c[summer].mean())
    return Finding("June to August of the baseline; carried by the overshoot, a calibrated input", (mean,))


def _split_type(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    run = evidence.run()
    table = run.score.comfort.by_building
    heat = table.loc[table["type"] == argument, ["heat_sh_mwh", "heat_dhw_mwh"]].sum()
    if not heat.sum():
        raise MissingRunError(f"a building of type {argument} in {REFERENCE}")
    share = 100.0 * float(heat["heat_sh_mwh"] / heat.sum())
    why = f"SH/DHW of the {argument} buildings over the whole run, where the paper shows a typical day"
    return _with_calibration(run, Finding(why, (share, 100.0 - share)))


def _split_above(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    run = evidence.run()
    share = 100.0 * run.score.energy.above_cpt.share_sh
    why = "SH/DHW in the season's hours above the CPT, baseline; DHW from persons and litres"
    return _with_calibration(run, Finding(why, (share, 100.0 - share)))


def _dhw_share(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    run = evidence.year()
    finding = Finding(
        "DHW's share of what the consumers receive in the year, baseline",
        (100.0 * (1.0 - run.score.energy.year.share_sh),),
    )
    return _with_calibration(run, finding)


def _energy_printed(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    heat = evidence.year().score.energy.year.heat_total_mwh
    ratio, count = heat / figure.number, len(evidence.run().case.system.building_ids)
    why = f"the {count} buildings take {ratio:,.0f} times as much; {figure.number:g} MWh is what about one flat"
    why += " uses in a year"
    return Finding(why, (heat,), verdict=Verdict.NOT_POSSIBLE if ratio > 10.0 else None)


def _energy_gwh(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    run = evidence.year()
    finding = Finding("heat of the baseline's year", (run.score.energy.year.heat_total_mwh / 1e3,))
    return _with_calibration(run, capped(finding, "assumes that MWh is a misprint of GWh a year"))


def _annual_supply(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    run = evidence.year()
    mean = float(run.case.boundary.arrays.temp_supply_primary_c.mean())
    season = run.score.energy.temp_supply_primary_mean_c
    return Finding(f"mean of the baseline's year; of its heating season {season:.1f} degC", (mean,))


def _annual_outdoor(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    run = evidence.year()
    outdoor = run.case.boundary.arrays.temp_outdoor_c
    mean, season = float(outdoor.mean()), float(outdoor[classes_of(run) != OUT_OF_SEASON].mean())
    why = f"the year's mean is {mean:.1f} degC; the heating season's is {season:.1f}, so a minus sign may be lost"
    far = abs(mean - figure.number) > _SITE_MEAN_K
    return Finding(
        why, text=f"{mean:.1f} (heating season {season:.1f})", verdict=Verdict.NOT_POSSIBLE if far else Verdict.PARTLY
    )


def _forecast_error(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    own, other = figure.numbers
    why = f"the measured data are not published; {own:g} is {own / other:.2f} times the {other:g} it is"
    why += " compared with: less accurate"
    return Finding(why, text="no data", verdict=Verdict.NOT_POSSIBLE)


def _calibration_limits(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    printed = figure.numbers
    right = printed == LIMITS_HOURLY_PERCENT
    why = f"ASHRAE Guideline 14-2014 has {shown(*LIMITS_HOURLY_PERCENT)} % for hourly data"
    why += (
        f"; {shown(*LIMITS_MONTHLY_PERCENT)} % are its limits for monthly data"
        if printed == LIMITS_MONTHLY_PERCENT
        else ""
    )
    return Finding(why, LIMITS_HOURLY_PERCENT, verdict=Verdict.INPUT if right else Verdict.NOT_POSSIBLE)


def _calibration_quality(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    spread, bias = figure.numbers
    (indoor,) = evidence.reported("indoor")
    inside = spread <= LIMITS_MONTHLY_PERCENT[0] and abs(bias) <= LIMITS_MONTHLY_PERCENT[1]
    why = (
        "the measured data are not published; the numbers pass the "
        + ("monthly and hourly" if inside else "hourly")
        + " limits"
    )
    text = f"{spread:g} % of {indoor:g} degC is {spread / 100.0 * indoor:.1f} K"
    return Finding(why, text=text, verdict=Verdict.NOT_POSSIBLE)


def _group_size(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    count = len(evidence.run().case.system.building_ids)
    low, high = figure.numbers
    return Finding("inside the range" if low <= count <= high else "outside the range", text=f"{count} in the case")


def _return_lower(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    means = {}
    for policy in (REFERENCE, *(name for name in VARIANTS if name in evidence.runs)):
        run = evidence.run(policy)
        mild = classes_of(run) == ABOVE_CPT
        if not mild.any():
            raise MissingRunError(f"{policy} with hours above the CPT")
        means[policy] = series_of(run, "temp_return_building_c")[mild].mean(axis=0)
    shares = {
        name: 100.0 * float((means[REFERENCE] - mean > _LOWER_K).mean())
        for name, mean in means.items()
        if name != REFERENCE
    }
    paper = {name: shares[name] for name in PAPER_POLICIES if name in shares}
    if not paper:
        raise MissingRunError(" or ".join(PAPER_POLICIES))
    best = min(paper, key=lambda name: abs(paper[name] - figure.number))
    text = "; ".join(f"{name} {share:.0f}" for name, share in shares.items())
    finding = Finding(
        f"buildings whose mean return above the CPT is {_LOWER_K:g} K or more below the baseline's; judged by {best}",
        (paper[best],),
        text,
    )
    return capped(finding, "the paper's share is of measured buildings that are not named")


def _indoor_mild(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    run = evidence.run()
    mild = classes_of(run) == ABOVE_CPT
    if not mild.any():
        raise MissingRunError(f"{REFERENCE} with hours above the CPT")
    mean = float(series_of(run, "temp_indoor_c")[mild].mean())
    rise = (mean - figure.number) / figure.number
    why = f"mean of the rooms in the season's hours above the CPT, baseline: {mean - figure.number:+.1f} K"
    why += f"; `significantly` is read as more than {figure.number * figure.tolerance_rel:g} K"
    if rise > figure.tolerance_rel:
        return Finding(why, (mean,), verdict=Verdict.REPRODUCED)
    partly = rise > figure.tolerance_partly_rel
    return Finding(why, (mean,), verdict=Verdict.PARTLY if partly else Verdict.NOT_REPRODUCED)


def _one_pump(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    indoor, design = evidence.reported("indoor")[0], TEMP_DESIGN_OUTDOOR_C
    half = indoor - figure.number / 100.0 * (indoor - design)
    hours = {}
    for policy in (REFERENCE, *(name for name in VARIANTS if name in evidence.runs)):
        run = evidence.run(policy)
        running = series_of(run, "pumps_running")[:, 0]
        fewer = (running < running.max()) & (classes_of(run) != OUT_OF_SEASON)
        hours[policy] = float(fewer.sum()) * run.case.boundary.step_s / S_PER_H
    text = "; ".join(f"{policy} {value:,.0f} h" for policy, value in hours.items())
    why = f"{figure.number:g} % of design space heating is reached at {half:.1f} degC outside (1)"
    why += "; hours of the season with fewer than all pumps; staging is by flow and dp unless the scenario says heat_50"
    return Finding(why, text=text)


PHYSICAL: Mapping[str, Computation] = {
    "change_point": _change_point,
    "floor": _floor,
    "regime": _regime,
    "indoor": _indoor,
    "maximum_supply": _maximum_supply,
    "modelled_day": _modelled_day,
    "summer_supply": _summer_supply,
    "split_type": _split_type,
    "split_above": _split_above,
    "dhw_share": _dhw_share,
    "energy_printed": _energy_printed,
    "energy_gwh": _energy_gwh,
    "annual_supply": _annual_supply,
    "annual_outdoor": _annual_outdoor,
    "forecast_error": _forecast_error,
    "calibration_limits": _calibration_limits,
    "calibration_quality": _calibration_quality,
    "group_size": _group_size,
    "return_lower": _return_lower,
    "indoor_mild": _indoor_mild,
    "one_pump": _one_pump,
}
