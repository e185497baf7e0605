"""What was it worth? A Solution and the Case's assumptions make a Scorecard."""

from __future__ import annotations

from collections import Counter

from dhsim.assess.comfort import assess_comfort
from dhsim.assess.economics import YearFacts, economics
from dhsim.assess.emissions import emissions
from dhsim.assess.energy import assess_energy, total
from dhsim.assess.flats import assess_flats
from dhsim.assess.types import EmissionScore, EnergyScore, Scorecard
from dhsim.model.case import Case
from dhsim.model.detailed import DetailedBuilding
from dhsim.model.system import Mode
from dhsim.model.zones import NO_EDGE
from dhsim.solution import Solution
from dhsim.units import J_PER_MWH, S_PER_DAY, S_PER_H

DAYS_PER_YEAR = 365.0


def assess(solution: Solution, case: Case) -> Scorecard:
    """Judge a run: heat, comfort, smoke and money.

    Parameters
    ----------
    solution
        What happened.
    case
        What was run; gives prices, fuel and comfort limits.

    Returns
    -------
    Scorecard
        All figures are of the simulated time. Money counts a run shorter than a year as if it were the whole year, and
        says so in `assumptions`; a longer one is averaged to a year.
    """
    energy = assess_energy(solution)
    smoke = _emissions(solution, case, energy)
    years = len(solution.time) * solution.step_s / (DAYS_PER_YEAR * S_PER_DAY)
    facts = year_facts(energy, smoke, years)
    hours = solution.step_s / S_PER_H
    mode = solution.arrays["mode"][:, 0]
    return Scorecard(
        name=case.assumptions.name,
        description=case.assumptions.description,
        policy=case.assumptions.policy,
        reference=case.assumptions.reference,
        years=years,
        cpt_c=case.boundary.cpt_c,
        energy=energy,
        comfort=assess_comfort(solution, case.system),
        flats=assess_flats(solution, case),
        emissions=smoke,
        economics=economics(facts, case.assumptions.economics),
        warnings=solution.warnings(),
        mode_hours={kind.name: float((mode == kind).sum()) * hours for kind in Mode},
        events=dict(sorted(Counter(event.kind for event in solution.events).items())),
        assumptions=_what_to_know(case, years),
        provenance=dict(solution.provenance),
    )


def year_facts(energy: EnergyScore, smoke: EmissionScore, years: float) -> YearFacts:
    """Return what the accounts need of a year; longer runs are averaged, shorter ones are taken as they are."""
    share = 1.0 / max(years, 1.0)
    year = energy.year
    return YearFacts(
        heat_primary_mwh=year.heat_total_mwh * share,
        heat_useful_mwh=energy.heat_useful_mwh * share,
        heat_delivered_mwh=(year.heat_sh_mwh + year.heat_dhw_mwh) * share,
        energy_pump_mwh=year.energy_pump_mwh * share,
        heat_flow_hour_max_kw=energy.heat_flow_hour_max_kw,
        temp_return_primary_mean_c=energy.temp_return_primary_mean_c,
        fuel_mwh=smoke.fuel_mwh * share,
        co2_t=(smoke.co2_t + smoke.co2_electricity_t) * share,
        heat_loss_mwh=year.heat_loss_mwh * share,
    )


def _emissions(solution: Solution, case: Case, energy: EnergyScore) -> EmissionScore:
    mass = total(solution, "mass_primary_kg")
    supply = float(
        (solution.arrays["mass_flow_primary_kg_s"] * solution.arrays["temp_supply_primary_c"]).sum()
        * solution.step_s
        / mass
        if mass
        else energy.temp_supply_primary_mean_c
    )
    return emissions(
        energy.year.heat_total_mwh,
        total(solution, "energy_pump_j") / J_PER_MWH,
        case.assumptions.emissions,
        temp_supply_mean_c=supply,
        temp_return_mean_c=energy.temp_return_primary_mean_c,
        temp_outdoor_mean_c=_heat_weighted_outdoor_c(solution, case),
    )


def _heat_weighted_outdoor_c(solution: Solution, case: Case) -> float:
    """Return the mean outdoor temperature that the heat was delivered at: the surroundings of its exergy [degC]."""
    outdoor, heat = case.boundary.arrays.temp_outdoor_c, solution.arrays["heat_flow_primary_w"][:, 0]
    total_w = float(heat.sum())
    return float((outdoor * heat).sum() / total_w) if total_w > 0.0 else float(outdoor.mean())


def _in_detail(case: Case, detail: DetailedBuilding) -> str:
    """Return what a building in detail is and is not."""
    houses = f", {detail.copies} equal houses" if detail.copies > 1 else ""
    heads = int(detail.zones.trvs.head_on[detail.zones.trvs.edge != NO_EDGE].sum())
    return (
        f"Building {case.system.building_ids[detail.index]} is simulated flat by flat ({len(detail.zones.zone_ids)} "
        f"flats, {detail.zones.radiators.edge.size} radiators, {heads} thermostatic heads{houses}); its entry gives it "
        "the same flow at every setting of its valves, all heads open, and nobody opens a window in it."
    )


def _what_to_know(case: Case, years: float) -> tuple[str, ...]:
    known = [f"Weather: {case.boundary.weather_source}"]
    known += list(case.boundary.notes)
    known += [f"Calibrated input {key}: {why}" for key, why in case.assumptions.calibrated]
    switch = case.system.control.cpt_c
    if switch != case.boundary.cpt_c:
        known.append(
            f"The switch to BYPASS acts at {switch:+.2f} degC; hours are counted above and below the design curve's "
            f"CPT of {case.boundary.cpt_c:+.2f} degC."
        )
    known += [_in_detail(case, detail) for detail in case.details]
    if years > 1.01:
        known.append(
            f"The run covers {years:.1f} years: heat, electricity and emissions are sums over all of them, "
            "money is per year."
        )
    if years < 0.99:
        known.append(
            f"The run covers {years * DAYS_PER_YEAR:.0f} days; its money counts them as if they were the year."
        )
    return tuple(known)
