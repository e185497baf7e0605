"""Paper page, part three: investment, costs and cash flow."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq

from dhsim.assess.cashflow import annuity_factor, indicators
from dhsim.catalogue import entry, number
from dhsim.study.paper_figures import (
    PAPER_POLICIES,
    REFERENCE,
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

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dhsim.assess.types import EconomicScore
    from dhsim.study.types import Run

_ANY_RATE = 0.08
"""Discount rate where only rates of return and simple paybacks are read."""
_CONSISTENT_REL = 0.01
_HEAT_CUT_APART = 0.10


def _lifetime(evidence: Evidence) -> int:
    return int(evidence.reported("lifetime")[0])


def _rate(flow_eur: NDArray[np.float64]) -> float:
    """Internal rate of return, NaN where there is none."""
    found = indicators(list(flow_eur), _ANY_RATE).irr
    return math.nan if found is None else found


def _level_rate(payback_y: float, lifetime_y: int) -> float:
    """Internal rate of a level flow that pays back in so many years."""
    return _rate(np.array([-payback_y] + [1.0] * lifetime_y))


def _unit_costs(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    costs = [number(entry("unit_costs", id), "unit_cost_eur") for id in argument.split("+")]
    return Finding("unit costs of the catalogue", tuple(costs))


def _life(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    return Finding(
        "of the baseline, a key of the scenario", (float(evidence.run().case.assumptions.economics.lifetime_y),)
    )


def _heat_price(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    price = evidence.run().case.assumptions.economics.price_heat_eur_mwh
    lcoh, higher = evidence.reported("lcoh")[0], evidence.reported("lcoh_higher")[0]
    why = "the baseline's heat price in the first and last year; the reference LCOH of the paper is"
    why += f" {lcoh / (1.0 + higher / 100.0):.2f}"
    return Finding(why, (price[0], price[-1]))


def _upkeep_eur_y(run: Run) -> float:
    """Operation and maintenance as the paper counts it: with the heat that the pipes lose, at the price of heat."""
    price = run.case.assumptions.economics.price_heat_eur_mwh[0]
    return run.score.economics.om_eur_y + run.score.energy.year.heat_loss_mwh * price


def _om(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    before = _upkeep_eur_y(evidence.year())
    years = _lifetime(evidence)
    after = {policy: _upkeep_eur_y(run) for policy, run in evidence.years(PAPER_POLICIES).items()}
    pairs = {policy: (years * before, years * value) for policy, value in after.items()}
    best = min(pairs, key=lambda policy: deviation(figure, pairs[policy]))
    why = f"{years} years of pumping, service, staff and lost heat at the price of heat, {REFERENCE} and {best}"
    finding = Finding(why, pairs[best], "; ".join(f"{policy} {shown(*pair)}" for policy, pair in pairs.items()))
    return capped(finding, f"assumes totals of {years} years, undiscounted")


def _om_difference(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    regular, optimized = evidence.reported("om")
    return Finding(f"{regular:,.0f} - {optimized:,.0f}; the text's own difference is rounded", (regular - optimized,))


def _annualized(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    years, totals = _lifetime(evidence), evidence.reported("om")
    annuity = shown(*(value * annuity_factor(_ANY_RATE, years) for value in totals))
    why = f"the O&M costs over {years} years, undiscounted; as an investment's annuity at {100.0 * _ANY_RATE:g}"
    why += f" % they would be {annuity}"
    return Finding(why, tuple(value / years for value in totals))


def _annual_saving(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    (reference, new), (regular, optimized) = evidence.reported("annualized"), evidence.reported("om")
    why = f"1 - {new:,.0f}/{reference:,.0f}; the O&M costs give {100.0 * (1.0 - optimized / regular):.2f} %"
    return Finding(why, (100.0 * (1.0 - new / reference),))


def _ebitda(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    total, additional = sum(figure.numbers), evidence.reported("capex_additional")[0]
    reference = additional / (evidence.reported("capex_share")[0] / 100.0)
    invested = reference + additional
    same = abs(total / invested - 1.0) <= _CONSISTENT_REL
    why = (
        f"their sum {total:,.0f} is the reference investment {reference:,.0f} and the additional {additional:,.0f} EUR"
    )
    why += f" ({100.0 * abs(total / invested - 1.0):.1f} % apart), and"
    why += f" {evidence.reported('capex_abatement')[0]:,.0f} is divided by tonnes"
    text = "investments, not earnings" if same else f"{invested:,.0f}"
    return Finding(
        f"{why}: they are CapEx" if same else why, text=text, verdict=Verdict.NOT_POSSIBLE if same else Verdict.PARTLY
    )


def _ebitda_ratio(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    full, prepared = evidence.reported("ebitda")
    return Finding(f"{prepared:,.0f}/{full:,.0f}", (100.0 * prepared / full,))


def _paper_money(evidence: Evidence) -> dict[str, EconomicScore]:
    found = {policy: evidence.incremental[policy] for policy in PAPER_POLICIES if policy in evidence.incremental}
    if not found:
        raise MissingRunError(f"{' or '.join(PAPER_POLICIES)} against {REFERENCE}")
    return found


def _money_value(
    evidence: Evidence, figure: Figure, value: Callable[[EconomicScore], float | None], why: str
) -> Finding:
    """Judge a figure by the policy of the paper that comes closest, and show both."""
    found = {policy: value(score) for policy, score in _paper_money(evidence).items()}
    numbers = {policy: math.nan if own is None else own for policy, own in found.items()}
    best = min(numbers, key=lambda policy: deviation(figure, (numbers[policy],)))
    text = "; ".join(f"{policy} {shown(own)}" for policy, own in numbers.items())
    finding = Finding(f"{why}; against {REFERENCE}, judged by {best}", (numbers[best],), text)
    return capped(finding, "rests on dhsim's own unit costs and prices")


def _capex(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    return _money_value(
        evidence, figure, lambda score: score.capex_eur, "additional investment, an input of the scenario"
    )


def _capex_share(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    (additional,), (full, prepared) = evidence.reported("capex_additional"), evidence.reported("ebitda")
    why = f"of {full:,.0f} EUR; of {prepared:,.0f} it is {100.0 * additional / prepared:.1f} %"
    why += (
        f"; {figure.number:g} % means a base of {additional / figure.number * 100.0:,.0f}, which the text does not name"
    )
    return Finding(why, (100.0 * additional / full,))


def _flows_losses(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    low, high = figure.numbers
    runs = {REFERENCE: evidence.year(), **evidence.years(PAPER_POLICIES)}
    own = {}
    for policy, run in runs.items():
        prices, year = run.case.assumptions.economics, run.score.energy.year
        lost = year.heat_loss_mwh * prices.price_heat_eur_mwh[0]
        own[policy] = lost + year.energy_pump_mwh * prices.price_electricity_eur_mwh[0]
    inside = [low <= value <= high for value in own.values()]
    verdict = Verdict.PARTLY if any(inside) else Verdict.NOT_REPRODUCED
    why = "heat lost by the pipes at the price of heat, and pump electricity, in year 1; pipes and prices are assumed"
    return Finding(why, text="; ".join(f"{policy} {shown(value)}" for policy, value in own.items()), verdict=verdict)


def _flows_piping(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    low, high = figure.numbers
    crosses = low < 0.0 < high
    why = "a cost of equipment cannot range from income to cost; two separate numbers may be meant"
    return Finding(why, text="unreadable", verdict=Verdict.NOT_POSSIBLE if crosses else Verdict.PARTLY)


def _lcoh(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    runs = {REFERENCE: evidence.year(), **evidence.years(PAPER_POLICIES)}
    own = {policy: run.score.economics.lcoh_delivered_eur_mwh for policy, run in runs.items()}
    known = {policy: value for policy, value in own.items() if value is not None}
    after = {policy: value for policy, value in known.items() if policy != REFERENCE}
    if not after:
        raise MissingRunError("an LCOH of " + " or ".join(PAPER_POLICIES))
    best = min(after, key=lambda policy: deviation(figure, (after[policy],)))
    why = f"per MWh delivered, viewpoint {runs[REFERENCE].score.economics.viewpoint}, with fuel or the heat"
    why += f" bought; judged by {best}"
    text = "; ".join(f"{policy} {shown(value)}" for policy, value in known.items())
    return capped(Finding(why, (after[best],), text), "rests on dhsim's own unit costs and prices")


def _lcoh_higher(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    new, (cost_before, cost_after) = evidence.reported("lcoh")[0], evidence.reported("annualized")
    old = new / (1.0 + figure.number / 100.0)
    before, after = cost_before / old, cost_after / new
    cut = 1.0 - after / before
    own_cut = 1.0 - evidence.reported("co2_after")[0] / evidence.reported("co2_before")[0]
    why = f"with costs of {cost_before:,.0f} to {cost_after:,.0f} EUR the heat must fall from {before:.0f} to"
    why += f" {after:.0f} MWh a year"
    why += f", by {100.0 * cut:.0f} %, where the paper's CO2 falls by {100.0 * own_cut:.0f} %; a higher LCOH is"
    why += " also against a positive NPV"
    text = f"needs {100.0 * cut:.0f} % less heat"
    apart = cut - own_cut > _HEAT_CUT_APART
    return Finding(why, text=text, verdict=Verdict.NOT_POSSIBLE if apart else Verdict.PARTLY)


def _lcoh_other(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    (other, said), own = figure.numbers, evidence.reported("lcoh")[0]
    lower, higher = 100.0 * (1.0 - other / own), 100.0 * (own / other - 1.0)
    why = f"{other:g} is {lower:.1f} % lower than {own:g}; {own:g} is {higher:.1f} % higher than {other:g}"
    fits = abs(lower / said - 1.0) <= figure.tolerance_rel
    return Finding(why, text=f"{lower:.1f} % lower", verdict=Verdict.REPRODUCED if fits else Verdict.NOT_POSSIBLE)


def _ebitda_first(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    (price,) = evidence.reported("heat_price")
    why = f"at {price:g} EUR/MWh it is {abs(figure.number) / price:.1f} MWh; net flow of the first year after"
    why += " the investment"
    return _money_value(evidence, figure, lambda score: float(score.cash_flow["net"].iloc[1]), why)


def _ebitda_total(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    years, (reference, new) = _lifetime(evidence), evidence.reported("annualized")
    why = f"net flows without the investment, summed; {figure.number / years:,.0f} EUR a year, where the costs"
    why += f" fall by {reference - new:,.0f}"
    return _money_value(
        evidence, figure, lambda score: float((score.cash_flow["net"] - score.cash_flow["capex"]).sum()), why
    )


def _irr(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    notes = {policy: score.irr_note for policy, score in _paper_money(evidence).items() if score.irr_note}
    why = "incremental, eq. (11)" + "".join(f"; {policy}: {note}" for policy, note in notes.items())
    return _money_value(evidence, figure, lambda score: None if score.irr is None else 100.0 * score.irr, why)


def _npv_year(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    def year(score: EconomicScore) -> float | None:
        return None if score.payback_discounted_y is None else float(math.ceil(score.payback_discounted_y))

    rates = {100.0 * float(run.case.assumptions.economics.discount_rate) for run in evidence.runs.values()}
    why = f"year in which the discounted payback falls, at {shown(*sorted(rates))} %; the paper states no rate"
    return _money_value(evidence, figure, year, why)


def _payback(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    parts = []
    for policy, score in _paper_money(evidence).items():
        found = (score.payback_simple_y, score.payback_discounted_y, score.payback_mean_y)
        simple, discounted, mean = ("none" if value is None else shown(value) for value in found)
        parts.append(f"{policy}: simple {simple}, discounted {discounted}, IC over mean flow {mean}")
    finding = _money_value(evidence, figure, lambda score: score.payback_mean_y, "eq. (10), IC over mean flow")
    return dataclasses.replace(finding, text="; ".join(parts))


def _together(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    rate, year, payback = figure.numbers
    years = _lifetime(evidence)
    level = 100.0 * _level_rate(payback, years)
    quick = 1.0 / annuity_factor(rate / 100.0, years)
    why = f"level flows over {years} years: payback {payback:g} y is an IRR of {level:.1f} %, and an IRR of"
    why += f" {rate:g} % is a payback of {quick:.2f} y"
    why += f"; and discounting only delays: with a simple payback of {payback:g} y no rate above 0 turns the"
    why += f" NPV positive in year {year:g}"
    broken = abs(level / rate - 1.0) > _CONSISTENT_REL or payback > year
    text = f"IRR {level:.1f} % or payback {quick:.2f} y"
    return Finding(why, text=text, verdict=Verdict.NOT_POSSIBLE if broken else Verdict.REPRODUCED)


def _bound(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    rate, payback, total = figure.numbers
    years, early = _lifetime(evidence), math.floor(payback)
    best = {}
    for capex in (
        *evidence.reported("capex_abatement"),
        evidence.reported("ebitda")[1],
        *evidence.reported("capex_additional"),
    ):
        # of all flows that never fall, the level ones before and after the payback have the highest rate
        flow = np.array([-capex] + [capex / early] * early + [total / (years - early)] * (years - early))
        best[capex] = 100.0 * _rate(flow)
    text = "; ".join(f"{capex:,.0f} EUR: at most {value:.1f} %" for capex, value in best.items())
    why = f"highest IRR of flows that never fall, pay the investment back in {payback:g} y and leave"
    why += f" {total:,.0f} EUR net over {years} years"
    return Finding(why, text=text, verdict=Verdict.NOT_POSSIBLE if max(best.values()) < rate else Verdict.PARTLY)


def staged_flow(first_eur: float, total_eur: float, irr: float, years: int) -> NDArray[np.float64]:
    """Return the yearly flows that rise from `first_eur` towards a level, with a given sum and internal rate.

    CF_k = a - (a - first) exp(-k/tau), k = 0 ... years - 1, with a and tau from the sum and the rate.

    Parameters
    ----------
    first_eur
        Flow of the first year [EUR], negative.
    total_eur
        Sum of all flows [EUR].
    irr
        Internal rate of return, per year.
    years
        Number of flows.

    Returns
    -------
    array, shape (years,)
        Flows [EUR].

    Raises
    ------
    ValueError
        No time constant between 2 and 60 years gives this rate.

    Examples
    --------
    >>> flow = staged_flow(-5915.0, 174800.0, 0.254, 25)
    >>> round(flow[0]), round(flow.sum())
    (-5915, 174800)
    """

    def flow(tau_y: float) -> NDArray[np.float64]:
        decay = np.exp(-np.arange(years) / tau_y)
        level = (total_eur - first_eur * decay.sum()) / (years - decay.sum())
        return np.asarray(level - (level - first_eur) * decay, dtype=np.float64)

    return flow(float(brentq(lambda tau_y: _rate(flow(tau_y)) - irr, 2.0, 60.0)))


def _staged(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    first, total, rate = figure.numbers
    flow = staged_flow(first, total, rate / 100.0, _lifetime(evidence))
    (year,) = (int(value) for value in evidence.reported("npv_year"))
    low, high = 100.0 * _rate(flow[: year - 1]), 100.0 * _rate(flow[:year])
    negative = -float(flow[flow < 0.0].sum())
    why = f"flows that rise from the first one to {flow[-1]:,.0f} EUR, with the investment inside: the sum and"
    why += " the IRR are met by two fitted numbers"
    why += f"; then the NPV turns positive in year {year} for rates of {low:.1f} to {high:.1f} %"
    why += f" and the negative flows sum to {negative:,.0f} EUR (the paper invests"
    why += f" {evidence.reported('capex_additional')[0]:,.0f})"
    values = (float(flow[0]), float(flow.sum()), 100.0 * _rate(flow))
    return capped(Finding(why, values), "it shows consistency, not truth")


def _quoted_reduction(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    before, after, said = figure.numbers
    own = 100.0 * (1.0 - after / before)
    return Finding(
        f"quoted, not reproduced; the percentage of the two is {own:.2f}, quoted as {said:g}", text=f"{own:.2f} %"
    )


def _quoted_totals(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    totals = [100.0 * value / share for value, share in zip(figure.numbers[::2], figure.numbers[1::2], strict=True)]
    return Finding("quoted, not reproduced", text="totals " + shown(*totals))


MONEY: Mapping[str, Computation] = {
    "unit_costs": _unit_costs,
    "lifetime": _life,
    "heat_price": _heat_price,
    "om": _om,
    "om_difference": _om_difference,
    "annualized": _annualized,
    "annual_saving": _annual_saving,
    "ebitda": _ebitda,
    "ebitda_ratio": _ebitda_ratio,
    "capex": _capex,
    "capex_share": _capex_share,
    "flows_losses": _flows_losses,
    "flows_piping": _flows_piping,
    "lcoh": _lcoh,
    "lcoh_higher": _lcoh_higher,
    "lcoh_other": _lcoh_other,
    "ebitda_first": _ebitda_first,
    "ebitda_total": _ebitda_total,
    "irr": _irr,
    "npv_year": _npv_year,
    "payback": _payback,
    "together": _together,
    "bound": _bound,
    "staged": _staged,
    "quoted_reduction": _quoted_reduction,
    "quoted_totals": _quoted_totals,
}
