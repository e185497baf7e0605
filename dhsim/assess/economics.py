"""Money, eqs. (8)-(11): cash flow, NPV, IRR, three paybacks and the levelised cost of heat.

Eq. (8) is read as: the investment is the sum of IC_t, and a year's cash flow is CF_t = ARR_t - OM_t. Year 0 holds
investment only; the simulated year then repeats in years 1 ... lifetime at each year's prices.

Whoever's viewpoint it is owns the substation: it pays the investment, the pump electricity, service and staff. What
differs is the worth of heat:

- `utility`: sells it by the tariff (energy, capacity, return temperature) and buys the fuel;
- `housing_company`: pays the tariff bill, so a saved MWh is worth its price;
- `society`: pays fuel and CO2; the tariff is a transfer and does not appear, so a saved MWh is worth its fuel.

Heat losses are not a column of their own: they are inside the fuel or the bill (`om_table` shows them). In the cash
flow money in is positive.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dhsim.assess.cashflow import Flow, Indicators, annuity_factor, growth_factors, indicators
from dhsim.assess.types import EconomicScore
from dhsim.errors import DhsimError
from dhsim.model.assumptions import CapexLine, Economics

__all__ = [
    "Indicators",
    "YearFacts",
    "annuity_factor",
    "cost_saved_heat_eur_mwh",
    "economics",
    "incremental",
    "indicators",
    "om_table",
    "tariff_revenue_eur_y",
]

VIEWPOINTS = ("utility", "housing_company", "society")
_MAY_DIFFER = ("capex", "service_eur_y", "staff_eur_y")
PARTS = ("capex", "heat", "fuel", "electricity", "service", "staff", "co2")


@dataclass(frozen=True)
class YearFacts:
    """What one simulated year gives to the accounts."""

    heat_primary_mwh: float
    """Taken from the primary: what the heat meter at the inlet reads and the tariff bills."""
    heat_useful_mwh: float
    """Space heating without the excess, and DHW."""
    heat_delivered_mwh: float
    """Space heating and DHW."""
    energy_pump_mwh: float
    heat_flow_hour_max_kw: float
    """Highest hourly mean, for the capacity part of the tariff."""
    temp_return_primary_mean_c: float
    """Flow-weighted."""
    fuel_mwh: float
    """Lower heating value of the fuel charged to the heat."""
    co2_t: float
    """CO2 that the CO2 price is paid on: of the fuel and of the pump electricity."""
    heat_loss_mwh: float
    """Secondary pipes and third pipe."""


def economics(facts: YearFacts, assumptions: Economics) -> EconomicScore:
    """Return the accounts of one scenario by itself.

    Parameters
    ----------
    facts
        The simulated year.
    assumptions
        Prices of every year, investment, viewpoint.

    Returns
    -------
    EconomicScore
        LCOH counts investment and all running costs (with fuel, or the heat bought), no revenue.

    Raises
    ------
    DhsimError
        Unknown viewpoint, price paths of a wrong length, or investment beyond the lifetime.

    Notes
    -----
    A scenario alone often has costs only (society, housing company): then there is no IRR and no payback, and
    `incremental` is the one to read.
    """
    columns = _columns(facts, assumptions)
    om = om_table(facts, assumptions)
    capex = _capex_table(assumptions.capex)
    return _score(
        columns, assumptions.viewpoint, assumptions.discount_rate, capex, incremental=False, heat=facts, om=om
    )


def incremental(base: tuple[YearFacts, Economics], variant: tuple[YearFacts, Economics]) -> EconomicScore:
    """Return the accounts of the difference: variant cash flow - base cash flow, column by column.

    Parameters
    ----------
    base, variant
        Year and assumptions; these may differ in capex, service and staff only.

    Returns
    -------
    EconomicScore
        The investment table shows what the two do not share, the base's lines with a negative quantity. LCOH is None:
        a difference of costs over a difference of heat is no cost of heat (see `cost_saved_heat_eur_mwh`).

    Raises
    ------
    DhsimError
        The assumptions differ in anything else.
    """
    different = differing(base[1], variant[1])
    if different:
        raise DhsimError(f"economics: the two scenarios differ in {', '.join(different)}; a difference needs the same")
    return difference(economics(*base), economics(*variant))


def differing(base: Economics, variant: Economics) -> list[str]:
    """Return what two sets of assumptions differ in beside investment, service and staff, which are the measure's."""
    names = [field.name for field in dataclasses.fields(Economics) if field.name not in _MAY_DIFFER]
    return [name for name in names if getattr(base, name) != getattr(variant, name)]


def difference(base: EconomicScore, variant: EconomicScore) -> EconomicScore:
    """Return the accounts of variant - base from the accounts of each, column by column of their cash flows.

    Raises
    ------
    DhsimError
        The two differ in viewpoint, lifetime or discount rate.
    """
    rates = [float(score.cash_flow.attrs["discount_rate"]) for score in (base, variant)]
    if base.viewpoint != variant.viewpoint or len(base.cash_flow) != len(variant.cash_flow) or rates[0] != rates[1]:
        raise DhsimError("economics: the two scenarios differ in viewpoint, lifetime or discount rate")
    columns = {part: (variant.cash_flow[part] - base.cash_flow[part]).to_numpy() for part in PARTS}
    om = variant.om.assign(
        quantity=variant.om["quantity"] - base.om["quantity"], cost_eur=variant.om["cost_eur"] - base.om["cost_eur"]
    )
    capex = _capex_difference(base.capex, variant.capex)
    return _score(columns, variant.viewpoint, rates[0], capex, incremental=True, heat=None, om=om)


def tariff_revenue_eur_y(facts: YearFacts, assumptions: Economics) -> Flow:
    """Return the heat bill of years 1 ... lifetime: energy, capacity and return temperature [EUR/y].

    bill_t = Q p_t + P_max k + Q m (T_return - T_reference)

    Only the energy price follows the price path; the malus is a bonus below the reference.
    """
    tariff = assumptions.tariff
    capacity = facts.heat_flow_hour_max_kw * tariff.capacity_eur_kw_y
    above_reference_k = facts.temp_return_primary_mean_c - tariff.return_temp_reference_c
    # an unset malus must not meet the NaN return temperature of a year without flow
    malus_eur_mwh = tariff.return_temp_eur_mwh_k * above_reference_k if tariff.return_temp_eur_mwh_k else 0.0
    return facts.heat_primary_mwh * (np.array(assumptions.price_heat_eur_mwh) + malus_eur_mwh) + capacity


def om_table(facts: YearFacts, assumptions: Economics) -> pd.DataFrame:
    """Return the first year's operation and maintenance, itemised.

    Heat losses are at what the viewpoint pays for a MWh: the price for the housing company, the fuel otherwise. They
    are part of that heat or fuel, not an addition to it.

    Returns
    -------
    DataFrame
        Columns item, quantity, unit, price_eur, cost_eur; cost positive.
    """
    per_heat = facts.fuel_mwh / facts.heat_primary_mwh if facts.heat_primary_mwh else 0.0
    bought = assumptions.viewpoint == "housing_company"
    price = assumptions.price_heat_eur_mwh[0] if bought else assumptions.price_fuel_eur_mwh[0] * per_heat
    rows = [
        ("heat losses of the pipes (inside the heat or fuel)", facts.heat_loss_mwh, "MWh", price),
        ("pump electricity", facts.energy_pump_mwh, "MWh", assumptions.price_electricity_eur_mwh[0]),
        ("service", 1.0, "year", assumptions.service_eur_y),
        ("staff", 1.0, "year", assumptions.staff_eur_y),
    ]
    table = pd.DataFrame(rows, columns=["item", "quantity", "unit", "price_eur"])
    return table.assign(cost_eur=table["quantity"] * table["price_eur"])


def cost_saved_heat_eur_mwh(score: EconomicScore, base: YearFacts, variant: YearFacts) -> float | None:
    """Return the levelised cost of a MWh of primary heat saved; None if nothing is saved.

    cost = sum (capex + electricity + service + staff)_t/(1+i)^t / sum (Q_base - Q_variant)/(1+i)^t

    `score` is the incremental one. Worth doing where it is below what a MWh is worth to the owner.
    """
    saved_mwh = base.heat_primary_mwh - variant.heat_primary_mwh
    if saved_mwh <= 0.0:
        return None
    flow = score.cash_flow
    growth = growth_factors(float(flow.attrs["discount_rate"]), len(flow))
    cost = -flow[["capex", "electricity", "service", "staff"]].sum(axis=1).to_numpy()
    return float(np.sum(cost / growth) / np.sum(saved_mwh / growth[1:]))


def _columns(facts: YearFacts, assumptions: Economics) -> dict[str, Flow]:
    _check(assumptions)
    a, zero = assumptions, np.zeros(assumptions.lifetime_y)
    bill = tariff_revenue_eur_y(facts, a)
    fuel = -facts.fuel_mwh * np.array(a.price_fuel_eur_mwh)
    yearly = {
        "heat": {"utility": bill, "housing_company": -bill, "society": zero}[a.viewpoint],
        "fuel": zero if a.viewpoint == "housing_company" else fuel,
        "electricity": -facts.energy_pump_mwh * np.array(a.price_electricity_eur_mwh),
        "service": zero - a.service_eur_y,
        "staff": zero - a.staff_eur_y,
        "co2": zero - facts.co2_t * a.price_co2_eur_t if a.viewpoint == "society" else zero,
    }
    capex = np.zeros(a.lifetime_y + 1)
    for line in a.capex:
        capex[line.year] -= line.cost_eur
    return {"capex": capex} | {part: np.concatenate(([0.0], flow)) for part, flow in yearly.items()}


def _check(assumptions: Economics) -> None:
    if assumptions.viewpoint not in VIEWPOINTS:
        raise DhsimError(f"economics.viewpoint: no viewpoint {assumptions.viewpoint!r} ({', '.join(VIEWPOINTS)})")
    for name in ("price_heat_eur_mwh", "price_fuel_eur_mwh", "price_electricity_eur_mwh"):
        if len(getattr(assumptions, name)) != assumptions.lifetime_y:
            raise DhsimError(f"economics.{name}: needs a price for each of {assumptions.lifetime_y} years")
    last = assumptions.lifetime_y
    for line in assumptions.capex:
        if not 0 <= line.year <= last:
            raise DhsimError(f"economics.capex: {line.item}: year {line.year} is outside 0 ... {last}")


def _score(
    columns: dict[str, Flow],
    viewpoint: str,
    discount_rate: float,
    capex: pd.DataFrame,
    *,
    incremental: bool,
    heat: YearFacts | None,
    om: pd.DataFrame,
) -> EconomicScore:
    net = np.sum([columns[part] for part in PARTS], axis=0)
    growth = growth_factors(discount_rate, len(net))
    found = indicators(net, discount_rate, columns["capex"])
    own_om = columns["electricity"] + columns["service"] + columns["staff"]
    costs = -(own_om + columns["capex"] + columns["fuel"] + columns["co2"] + np.minimum(columns["heat"], 0.0))
    discounted_costs = float(np.sum(costs / growth))
    return EconomicScore(
        viewpoint=viewpoint,
        incremental=incremental,
        om=om,
        capex=capex,
        cash_flow=_cash_flow_table(columns, net, growth, discount_rate),
        capex_eur=math.fsum(capex["cost_eur"]),
        om_eur_y=float(-own_om[1]),
        npv_eur=found.npv_eur,
        irr=found.irr,
        irr_note=found.irr_note,
        payback_simple_y=found.payback_simple_y,
        payback_discounted_y=found.payback_discounted_y,
        payback_mean_y=found.payback_mean_y,
        lcoh_delivered_eur_mwh=_levelised(discounted_costs, heat.heat_delivered_mwh if heat else 0.0, growth),
        lcoh_useful_eur_mwh=_levelised(discounted_costs, heat.heat_useful_mwh if heat else 0.0, growth),
    )


def _levelised(discounted_costs_eur: float, heat_mwh: float, growth: Flow) -> float | None:
    return discounted_costs_eur / float(np.sum(heat_mwh / growth[1:])) if heat_mwh > 0.0 else None


def _capex_table(lines: Sequence[CapexLine]) -> pd.DataFrame:
    columns = ["item", "quantity", "unit", "unit_cost_eur", "year", "cost_eur", "source"]
    rows = [[getattr(line, column) for column in columns] for line in lines]
    return pd.DataFrame(rows, columns=columns)


def _cash_flow_table(columns: dict[str, Flow], net: Flow, growth: Flow, discount_rate: float) -> pd.DataFrame:
    table = pd.DataFrame({part: columns[part] for part in PARTS}, index=pd.RangeIndex(len(net), name="year"))
    table += 0.0  # -0.0 reads as a cost of nothing
    table["net"] = net
    table["cumulative"] = np.cumsum(net)
    table["discounted"] = net / growth
    table["cumulative_discounted"] = np.cumsum(net / growth)
    table.attrs.update(unit="EUR", discount_rate=discount_rate)
    return table


def _capex_difference(base: pd.DataFrame, variant: pd.DataFrame) -> pd.DataFrame:
    """Return the lines that the two do not share, the base's with a negative quantity."""
    columns = list(variant.columns)
    lines = {sign: list(map(tuple, table.to_numpy())) for sign, table in ((1.0, variant), (-1.0, base))}
    shared = Counter(lines[1.0]) & Counter(lines[-1.0])
    kept = []
    for sign, own in lines.items():
        left = shared.copy()
        for line in own:
            if left[line] > 0:
                left[line] -= 1
            else:
                kept.append(dict(zip(columns, line, strict=True), sign=sign))
    table = pd.DataFrame(kept, columns=[*columns, "sign"])
    signs = table.pop("sign").astype(float)
    return table.assign(quantity=table["quantity"] * signs, cost_eur=table["cost_eur"] * signs)
