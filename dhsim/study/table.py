"""The comparison as a DataFrame: quantities down, scenarios across. Numbers only; the report formats them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from dhsim.assess.types import EconomicScore, FlatScore, HeatSplit, Scorecard
from dhsim.units import KG_PER_T, S_PER_H

NAN = math.nan
INDEX_NAMES = ("group", "quantity", "unit")
T_H_PER_KG_S = S_PER_H / KG_PER_T
PERCENT = 100.0


@dataclass(frozen=True)
class Against:
    """A variant's money against the reference."""

    economics: EconomicScore
    abatement_eur_t: float | None
    """Cost of a tonne of CO2eq avoided."""
    cost_saved_eur_mwh: float | None
    """Cost of a MWh of heat saved."""


@dataclass(frozen=True)
class Column:
    """All that one column of the table is made of."""

    score: Scorecard
    reference: Scorecard
    against: Against | None


Value = Callable[[Column], float | None]
Row = tuple[str, str, str, Value]


def _saved(part: Callable[[Scorecard], float]) -> Value:
    return lambda c: NAN if c.score is c.reference else part(c.reference) - part(c.score)


def _saved_percent(part: Callable[[Scorecard], float]) -> Value:
    def value(c: Column) -> float:
        before = part(c.reference)
        return NAN if c.score is c.reference or not before else PERCENT * (before - part(c.score)) / before

    return value


def _against(part: Callable[[Against], float | None]) -> Value:
    return lambda c: None if c.against is None else part(c.against)


def _incremental(part: Callable[[EconomicScore], float | None]) -> Value:
    return _against(lambda against: part(against.economics))


def _percent(value: float | None) -> float | None:
    return None if value is None else PERCENT * value


def _heat_above(score: Scorecard) -> float:
    return score.energy.above_cpt.heat_total_mwh


def _heat_year(score: Scorecard) -> float:
    return score.energy.year.heat_total_mwh


def _electricity(score: Scorecard) -> float:
    return score.energy.year.energy_pump_mwh


def _split_rows(group: str, part: Callable[[Scorecard], HeatSplit]) -> tuple[Row, ...]:
    return (
        (group, "Hours", "h", lambda c: part(c.score).hours),
        (group, "Heat from the primary", "MWh", lambda c: part(c.score).heat_total_mwh),
        (group, "Space heating", "MWh", lambda c: part(c.score).heat_sh_mwh),
        (group, "Domestic hot water", "MWh", lambda c: part(c.score).heat_dhw_mwh),
        (group, "Pipe losses", "MWh", lambda c: part(c.score).heat_loss_mwh),
        (group, "Excess heat", "MWh", lambda c: part(c.score).heat_excess_mwh),
        (group, "Share of space heating", "%", lambda c: PERCENT * part(c.score).share_sh),
    )


_SAVINGS: tuple[Row, ...] = (
    ("Savings", "Heat saved, of the year", "MWh", _saved(_heat_year)),
    ("Savings", "Heat saved, of the year", "%", _saved_percent(_heat_year)),
    ("Savings", "Heat saved, of the hours above the CPT", "MWh", _saved(_heat_above)),
    ("Savings", "Heat saved, of the hours above the CPT", "%", _saved_percent(_heat_above)),
    ("Savings", "Pump electricity saved", "MWh", _saved(_electricity)),
    ("Savings", "Pump electricity saved", "%", _saved_percent(_electricity)),
)


def _flow_rows(quantity: str, name: str) -> tuple[Row, ...]:
    """Return one of the three flows: mean of the season, of its hours above the CPT, and peak."""

    def row(what: str, field: str) -> Row:
        return "Flows", f"{quantity}, {what}", "t/h", lambda c: T_H_PER_KG_S * getattr(c.score.energy, field)

    return (
        row("mean", f"mass_flow_{name}_mean_kg_s"),
        row("mean above the CPT", f"mass_flow_{name}_above_cpt_kg_s"),
        row("peak", f"mass_flow_{name}_max_kg_s"),
    )


def _of_flats(part: Callable[[FlatScore], float]) -> Value:
    return lambda c: None if c.score.flats is None else part(c.score.flats)


FLATS = "Flats"
"""Group of rows that only a comparison with buildings in detail has."""
_FLATS: tuple[Row, ...] = (
    (FLATS, "Spread between the flats of a building", "K", _of_flats(lambda f: f.spread_k)),
    (FLATS, "Coldest flat, mean", "degC", _of_flats(lambda f: f.temp_coldest_c)),
    (FLATS, "Warmest flat, mean", "degC", _of_flats(lambda f: f.temp_warmest_c)),
    (FLATS, "Lowest of any flat", "degC", _of_flats(lambda f: f.temp_min_c)),
    (FLATS, "Highest of any flat", "degC", _of_flats(lambda f: f.temp_max_c)),
    (FLATS, "Throttling by the heads", "%", _of_flats(lambda f: PERCENT * f.throttling_rel)),
)

_OPERATION: tuple[Row, ...] = (
    *_flow_rows("Primary flow", "primary"),
    *_flow_rows("Secondary flow", "secondary"),
    *_flow_rows("DHW flow", "dhw"),
    ("Flows", "Peak heat, hourly mean", "kW", lambda c: c.score.energy.heat_flow_hour_max_kw),
    ("Flows", "Primary supply, season mean", "degC", lambda c: c.score.energy.temp_supply_primary_mean_c),
    ("Flows", "Primary return, flow-weighted", "degC", lambda c: c.score.energy.temp_return_primary_mean_c),
    ("Comfort", "Room temperature, mean", "degC", lambda c: c.score.comfort.temp_mean_c),
    ("Comfort", "Coldest room", "degC", lambda c: c.score.comfort.temp_coldest_c),
    ("Comfort", "Warmest room", "degC", lambda c: c.score.comfort.temp_warmest_c),
    ("Comfort", "Hours in the comfort band", "%", lambda c: PERCENT * c.score.comfort.share_in_band),
    ("Comfort", "Overheating", "K h", lambda c: c.score.comfort.overheating_kh),
    ("Comfort", "Underheating", "K h", lambda c: c.score.comfort.underheating_kh),
    *_FLATS,
    ("Electricity", "Pumps, year", "MWh", lambda c: c.score.energy.year.energy_pump_mwh),
    ("Electricity", "Pumps, hours above the CPT", "MWh", lambda c: c.score.energy.above_cpt.energy_pump_mwh),
    ("Emissions", "Fuel", "t", lambda c: c.score.emissions.fuel_t),
    ("Emissions", "CO2 of the heat", "t", lambda c: c.score.emissions.co2_t),
    ("Emissions", "SO2", "t", lambda c: c.score.emissions.so2_t),
    ("Emissions", "NOx", "t", lambda c: c.score.emissions.nox_t),
    ("Emissions", "Fly ash", "t", lambda c: c.score.emissions.fly_ash_t),
    ("Emissions", "CO2 of pump electricity", "t", lambda c: c.score.emissions.co2_electricity_t),
    ("Emissions", "CO2eq, all", "t", lambda c: c.score.emissions.co2eq_t),
)

_MONEY: tuple[Row, ...] = (
    ("Money, each alone", "Investment", "EUR", lambda c: c.score.economics.capex_eur),
    ("Money, each alone", "Operation and maintenance", "EUR/y", lambda c: c.score.economics.om_eur_y),
    ("Money, each alone", "NPV", "EUR", lambda c: c.score.economics.npv_eur),
    ("Money, each alone", "LCOH, delivered heat", "EUR/MWh", lambda c: c.score.economics.lcoh_delivered_eur_mwh),
    ("Money, each alone", "LCOH, useful heat", "EUR/MWh", lambda c: c.score.economics.lcoh_useful_eur_mwh),
    ("Money, against the reference", "Investment", "EUR", _incremental(lambda e: e.capex_eur)),
    ("Money, against the reference", "NPV", "EUR", _incremental(lambda e: e.npv_eur)),
    ("Money, against the reference", "IRR", "%", _incremental(lambda e: _percent(e.irr))),
    ("Money, against the reference", "Payback, simple", "y", _incremental(lambda e: e.payback_simple_y)),
    ("Money, against the reference", "Payback, discounted", "y", _incremental(lambda e: e.payback_discounted_y)),
    ("Money, against the reference", "Payback, IC over mean CF", "y", _incremental(lambda e: e.payback_mean_y)),
    (
        "Money, against the reference",
        "Cost of a MWh saved",
        "EUR/MWh",
        _against(lambda a: a.cost_saved_eur_mwh),
    ),
    (
        "Money, against the reference",
        "Cost of a t CO2eq avoided",
        "EUR/t",
        _against(lambda a: a.abatement_eur_t),
    ),
)

ROWS: tuple[Row, ...] = (
    *_split_rows("Heat, year", lambda s: s.energy.year),
    ("Heat, year", "Useful heat", "MWh", lambda c: c.score.energy.heat_useful_mwh),
    *_split_rows("Heat, hours above the CPT", lambda s: s.energy.above_cpt),
    *_SAVINGS,
    *_OPERATION,
    *_MONEY,
)


def comparison_table(scores: Sequence[Scorecard], against: Mapping[str, Against] | None = None) -> pd.DataFrame:
    """Return quantities down (index group, quantity, unit), scenarios across; the first score is the reference.

    Savings are given twice: of the hours above the CPT and of the year. What does not exist (an IRR, the savings of the
    reference) is NaN. With one score the rows against a reference are left out; without flats, theirs.
    """
    columns = [Column(score, scores[0], (against or {}).get(score.name)) for score in scores]
    alone = ("Savings", "Money, against the reference")
    absent = {*(alone if len(scores) < 2 else ()), *(() if any(score.flats for score in scores) else (FLATS,))}
    rows = [row for row in ROWS if row[0] not in absent]
    index = pd.MultiIndex.from_tuples([row[:3] for row in rows], names=INDEX_NAMES)
    data = {c.score.name: [NAN if (value := row[3](c)) is None else float(value) for row in rows] for c in columns}
    return pd.DataFrame(data, index=index, dtype=float)


def differences(table: pd.DataFrame) -> pd.DataFrame:
    """Return each scenario minus the first: columns (scenario, `absolute`) and (scenario, `percent`).

    Rows that already compare with the reference, and hours, are left out. Percent is NaN where the reference is zero,
    and for temperatures, whose zero means nothing.
    """
    compares = table.index.get_level_values("group").isin(["Savings", "Money, against the reference"])
    own = table.loc[~compares & (table.index.get_level_values("quantity") != "Hours")]
    reference = own.iloc[:, 0]
    no_percent = own.index.get_level_values("unit").isin(["degC", "%"]) | (reference == 0).to_numpy()
    parts: dict[tuple[str, str], pd.Series[float]] = {}
    for name in own.columns[1:]:
        absolute = own[name] - reference
        parts[name, "absolute"] = absolute
        parts[name, "percent"] = (PERCENT * absolute / reference.abs().where(~no_percent)).astype(float)
    made = pd.DataFrame(parts, index=own.index)
    made.columns = pd.MultiIndex.from_tuples(list(parts), names=["scenario", "difference"])
    return made
