"""Paper page, part two: heat saved, smoke, and what the smoke is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dhsim.assess.emissions import abatement_capex_eur_t, table1
from dhsim.physics.pollutants import co2_carbon_kg
from dhsim.study.paper_figures import (
    PAPER_POLICIES,
    REFERENCE,
    VARIANTS,
    Computation,
    Evidence,
    Figure,
    Finding,
    Verdict,
    capped,
    deviation,
    graded,
    shown,
)
from dhsim.units import J_PER_KWH, KG_PER_T

if TYPE_CHECKING:
    from dhsim.study.types import Run

# Below this total efficiency (boiler x network) no heating plant is meant: stoves quoted by the paper reach 0.35.
EFFICIENCY_LOWEST = 0.10
# A pollutant or a saving this many times what the runs give is not a matter of inputs.
_FAR = 10.0
_ROUNDING = 0.05


def _fuel_co2_kg_kwh(run: Run) -> float:
    """CO2 per kWh of fuel, by the fuel's carbon and all of it burnt."""
    fuel = run.case.assumptions.emissions.fuel
    return float(co2_carbon_kg(1.0, fuel.carbon_percent)) * J_PER_KWH / fuel.lhv_j_kg


def _avoided(evidence: Evidence) -> dict[str, float]:
    """CO2eq that each policy avoids, t a year."""
    before = evidence.year().score.emissions.co2eq_t
    return {policy: before - run.score.emissions.co2eq_t for policy, run in evidence.years().items()}


def _each(values: Mapping[str, float]) -> str:
    return "; ".join(f"{policy} {shown(value)}" for policy, value in values.items())


def _reported_cut(evidence: Evidence) -> float:
    before, after = evidence.reported("co2_before")[0], evidence.reported("co2_after")[0]
    return 1.0 - after / before


def _level(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    given = {REFERENCE: evidence.run()} if argument == REFERENCE else evidence.years(PAPER_POLICIES)
    run = next(iter(given.values()))
    factor, own = _fuel_co2_kg_kwh(run), run.score.emissions.co2_kg_kwh
    implied, plant = factor / figure.number, run.case.assumptions.emissions
    why = (
        f"{factor:.3f} kg of CO2 a kWh of coal: the reported level means a total efficiency of {100.0 * implied:.1f} %"
    )
    why += f" (here {plant.efficiency_boiler:g} x {plant.efficiency_network:g})"
    (energy,) = evidence.reported("energy_gwh")
    rate = figure.number / energy
    why += f"; read as t/h at {energy:g} MW it is {rate:.3f} kg/kWh, efficiency {factor / rate:.2f}"
    return Finding(why, (own,), verdict=Verdict.NOT_POSSIBLE if implied < EFFICIENCY_LOWEST else None)


def _cut(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    before, after = evidence.year(), evidence.year(argument)
    above, year = _cuts_percent(before, after)
    reported = 100.0 * _reported_cut(evidence)
    why = f"the paper's two levels mean {reported:.1f} %; smoke follows the heat, (12)-(18) are linear"
    text = f"above the CPT {above:z.1f} %; year {year:z.1f} %"
    near = [abs(value / reported - 1.0) <= figure.tolerance_rel for value in (year, above)]
    if near[0]:
        return Finding(f"{why}; met over the year", text=text, verdict=Verdict.REPRODUCED)
    if near[1]:
        return Finding(f"{why}; met in the hours above the CPT only", text=text, verdict=Verdict.PARTLY)
    return Finding(f"{why}; met neither above the CPT nor over the year", text=text, verdict=Verdict.NOT_REPRODUCED)


def _cuts_percent(before: Run, after: Run) -> tuple[float, float]:
    """Return the heat saved in the hours above the CPT and over the year, each of its own heat, %."""
    pairs = [(getattr(before.score.energy, part), getattr(after.score.energy, part)) for part in ("above_cpt", "year")]
    shares = [1.0 - new.heat_total_mwh / old.heat_total_mwh if old.heat_total_mwh else 0.0 for old, new in pairs]
    return 100.0 * shares[0], 100.0 * shares[1]


def _cut_abstract(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    before, after = evidence.reported("co2_before")[0], evidence.reported("co2_after")[0]
    return Finding(
        f"{shown(before)} to {shown(after)} kg/kWh of the same paper is this cut", (100.0 * _reported_cut(evidence),)
    )


def _efficiency(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    share, cut = figure.number / 100.0, _reported_cut(evidence)
    factor = 1.0 / (1.0 - cut)
    relative, start = 1.0 - 1.0 / (1.0 + share), share / (factor - 1.0)
    why = f"the levels fall by {100.0 * cut:.1f} %, a factor of {factor:.3f}; +{figure.number:g} % relative"
    why += f" would give {100.0 * relative:.1f} %"
    why += f"; as percentage points it fits {start:.2f} to {start + share:.2f}"
    text = f"{100.0 * (factor - 1.0):.1f} % relative"
    return Finding(why, text=text, verdict=Verdict.PARTLY if 0.0 < start < 1.0 - share else Verdict.NOT_POSSIBLE)


def _so2(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    run = evidence.run()
    own, sulphur = run.score.emissions.so2_kg_kwh, run.case.assumptions.emissions.fuel.sulphur_percent
    why = f"with {sulphur:g} % sulphur in the coal; {figure.number:g} needs {sulphur * figure.number / own:.2f} %"
    why += "; the paper's own sulphur content is lost"
    ratio = figure.number / evidence.reported("co2_after")[0]
    why += f"; SO2/CO2 is {shown(ratio)} in the paper and {shown(own / run.score.emissions.co2_kg_kwh)} here:"
    why += " its CO2 is off"
    return Finding(why, (own,))


def _table1(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    policy, after = next(iter(evidence.years(PAPER_POLICIES).items()))
    before = evidence.year()
    table = table1(before.score.emissions, after.score.emissions)
    rows = [f"{name} {shown(row['before_t_y'])} to {shown(row['after_t_y'])}" for name, row in table.iterrows()]
    why = f"baseline to {policy}; the table's numbers are not in the text, and NOx has no equation there"
    return Finding(why, text=", ".join(rows), verdict=Verdict.NOT_POSSIBLE)


def _co2_annual(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    run = evidence.year()
    own, heat = run.score.emissions.co2_t, run.score.energy.year.heat_total_mwh
    why = f"CO2 of the baseline's year, {heat:,.0f} MWh at {run.score.emissions.co2_kg_kwh:.3f} kg/kWh"
    why += f"; the reported one needs {figure.number / heat:.3f} kg/kWh"
    return capped(Finding(why, (own,)), "assumes that the reported one is the annual total of the reference")


def _co2_as_cut(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    run = evidence.year()
    heat, needed = run.score.energy.year.heat_total_mwh, figure.number / run.score.emissions.co2_kg_kwh
    avoided = _avoided(evidence)
    why = f"as a yearly cut it needs {needed:,.0f} MWh less heat; the baseline takes {heat:,.0f} MWh in all"
    best = min(avoided.values(), key=lambda value: abs(value - figure.number))
    return Finding(why, (best,), _each(avoided), Verdict.NOT_POSSIBLE if needed > heat else None)


def _equivalent(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    (total,) = evidence.reported("co2_annual")
    cut_t = _reported_cut(evidence) * total
    each, own = cut_t / figure.number, float(argument)
    why = f"{100.0 * _reported_cut(evidence):.1f} % of {total:,.0f} t is {cut_t:,.0f} t, or {each:.2f} t each;"
    why += f" taken as {own:g} t each"
    if REFERENCE in evidence.runs and any(policy in evidence.runs for policy in VARIANTS):
        why += f"; the runs avoid, t a year: {_each(_avoided(evidence))}"
    return capped(Finding(why, (cut_t / own,)), "the factor is the US EPA calculator's of about 2018, not checked")


def _pump_co2(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    runs = {REFERENCE: evidence.year(), **evidence.years()}
    own = {policy: run.score.emissions.co2_electricity_t for policy, run in runs.items()}
    largest = max(own, key=lambda policy: own[policy])
    run = runs[largest]
    needed = figure.number * KG_PER_T / run.case.assumptions.emissions.electricity_co2_kg_mwh
    used = run.score.energy.year.energy_pump_mwh
    why = f"it needs {needed:,.0f} MWh of electricity a year; the pumps use {shown(used)} MWh ({largest}, the most)"
    why += f"; the heat of the year is {run.score.energy.year.heat_total_mwh:,.0f} MWh"
    why += f"; over {run.case.assumptions.economics.lifetime_y} years the pumps cause"
    why += f" {own[largest] * run.case.assumptions.economics.lifetime_y:,.0f} t"
    return Finding(why, (own[largest],), _each(own), Verdict.NOT_POSSIBLE if needed > _FAR * used else None)


def _avoided_year(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    run = evidence.year()
    total, avoided = run.score.emissions.co2eq_t, _avoided(evidence)
    (annual,), (pumps,) = evidence.reported("co2_annual"), evidence.reported("pump_co2")
    why = f"more than the baseline emits in a year ({total:,.0f} t; the paper's own {annual:,.0f} t)"
    why += f"; less {annual:,.0f} and {pumps:,.0f} t it leaves {figure.number - annual - pumps:,.0f} t: no sum"
    why += " of its parts"
    best = min(avoided.values(), key=lambda value: abs(value - figure.number))
    if figure.number <= total:
        return Finding("CO2eq avoided a year", (best,), _each(avoided))
    return Finding(why, (best,), _each(avoided), Verdict.NOT_POSSIBLE)


def _avoided_lifetime(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    years = evidence.year().case.assumptions.economics.lifetime_y
    totals = {policy: value * years for policy, value in _avoided(evidence).items()}
    (annual,) = evidence.reported("co2_annual")
    paper = {policy: totals[policy] for policy in PAPER_POLICIES if policy in totals} or totals
    best = min(paper, key=lambda policy: deviation(figure, (paper[policy],)))
    why = f"over {years} years, judged by {best}; the reported one is {figure.number / years:,.0f} t a year, "
    why += f"{100.0 * figure.number / years / annual:.1f} % of {annual:,.0f} t"
    return capped(
        Finding(why, (paper[best],), _each(totals)), "assumes that the reported one is the total of the lifetime"
    )


def _abatement(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    cost, tonnes = evidence.reported("capex_abatement")[0], evidence.reported("avoided_lifetime")[0]
    why = f"{cost:,.0f} EUR over {tonnes:,.0f} t; an investment over a lifetime's tonnes is no cost `per year`"
    before = evidence.runs.get(REFERENCE)
    for policy in PAPER_POLICIES:
        if before and policy in evidence.runs and policy in evidence.incremental:
            own = abatement_capex_eur_t(
                evidence.incremental[policy], before.score.emissions, evidence.runs[policy].score.emissions
            )
            why += f"; {policy}: " + (f"{shown(own)} EUR/t" if own is not None else "nothing avoided")
    return capped(Finding(why, (cost / tonnes,)), "the division is right, the unit is not")


def _heat_saving(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    before = evidence.year().score.energy.year.heat_total_mwh
    saved = {policy: before - run.score.energy.year.heat_total_mwh for policy, run in evidence.years().items()}
    reference, new = figure.numbers
    lcoh, higher = evidence.reported("lcoh")[0], evidence.reported("lcoh_higher")[0] / 100.0
    price = lcoh / (1.0 + higher)
    reported = (reference - new) / price
    paper = {policy: saved[policy] for policy in PAPER_POLICIES if policy in saved} or saved
    best = min(paper, key=lambda policy: abs(paper[policy] - reported))
    why = f"{reference - new:,.0f} EUR a year at {price:.2f} EUR/MWh is {reported:.0f} MWh a year; judged by {best}"
    off = abs(paper[best] / reported - 1.0)
    if off <= figure.tolerance_rel:
        verdict = Verdict.REPRODUCED
    else:
        verdict = Verdict.PARTLY if off <= figure.tolerance_partly_rel else Verdict.NOT_REPRODUCED
    return Finding(why, text=_each(saved) + " MWh/y", verdict=verdict)


def _sensitivity(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    shares = (5.0, 10.0, 15.0)
    year = evidence.year().score.energy.year
    loss = year.heat_loss_mwh / year.heat_total_mwh
    low = max((value - _ROUNDING) / share for value, share in zip(figure.numbers, shares, strict=True))
    high = min((value + _ROUNDING) / share for value, share in zip(figure.numbers, shares, strict=True))
    ratios = shown(*(value / share for value, share in zip(figure.numbers, shares, strict=True)))
    why = f"(12)-(18) are linear in the heat: (1 - f) of each step, with the fixed loss share f = {loss:.3f} of"
    why += " the baseline"
    why += f"; the reported ones are {ratios} of their steps, which no fixed share gives" if low > high else ""
    values = tuple((1.0 - loss) * share for share in shares)
    return Finding(why, values, verdict=Verdict.NOT_POSSIBLE if low > high else graded(figure, values))


EMISSIONS: Mapping[str, Computation] = {
    "co2_level": _level,
    "cut": _cut,
    "cut_abstract": _cut_abstract,
    "efficiency": _efficiency,
    "so2": _so2,
    "table1": _table1,
    "co2_annual": _co2_annual,
    "co2_as_cut": _co2_as_cut,
    "equivalent": _equivalent,
    "pump_co2": _pump_co2,
    "avoided_year": _avoided_year,
    "avoided_lifetime": _avoided_lifetime,
    "abatement": _abatement,
    "heat_saving": _heat_saving,
    "sensitivity": _sensitivity,
}
