"""Prices, fuels and unit costs as plain data, looked up in the catalogues."""

from __future__ import annotations

from dhsim import catalogue
from dhsim.model.assumptions import Assumptions, CapexLine, Economics, Emissions, Fuel, Tariff
from dhsim.scenario.schema import CapexItem, EconomicsSection, Scenario

_FUEL_PARTS = ("water", "ash", "sulphur", "carbon", "hydrogen", "nitrogen", "oxygen")


def build_assumptions(scenario: Scenario) -> Assumptions:
    """Return what turns a Solution into a Scorecard; the scenario's own checks know that the catalogues hold it."""
    spec = scenario.emissions.model_dump(exclude={"fuel"})
    return Assumptions(
        name=scenario.name,
        description=scenario.description,
        policy=scenario.control.policy,
        reference=scenario.reference,
        economics=_economics(scenario.economics, tuple(map(_capex_line, scenario.economics.capex or []))),
        emissions=Emissions(fuel=_fuel(scenario.emissions.fuel), **spec),
        calibrated=tuple(sorted(scenario.calibrated.items())),
    )


def _fuel(name: str) -> Fuel:
    row = catalogue.entry("fuels", name)
    percents = {f"{part}_percent": catalogue.number(row, f"{part}_percent") for part in _FUEL_PARTS}
    lhv_j_kg = catalogue.number(row, "lhv_j_kg")
    return Fuel(id=name, name=str(row["name"]), lhv_j_kg=lhv_j_kg, source=str(row["source"]), **percents)


def _capex_line(item: CapexItem) -> CapexLine:
    own, row = item.unit_cost_eur, catalogue.table("unit_costs").get(item.item)
    if row is None:  # free text with a cost of its own
        return CapexLine(item.item, item.quantity, "-", own or 0.0, item.year, "scenario")
    cost, source = (catalogue.number(row, "unit_cost_eur"), str(row["source"])) if own is None else (own, "scenario")
    return CapexLine(str(row["name"]), item.quantity, str(row["unit"]), cost, item.year, source)


def _economics(spec: EconomicsSection, capex: tuple[CapexLine, ...]) -> Economics:
    years = range(spec.lifetime_y)
    growth = [(1.0 + spec.escalation_heat) ** year for year in years]
    path = spec.price_heat_path_eur_mwh
    heat = [spec.tariff.energy_eur_mwh * factor for factor in growth]
    if path is not None:
        heat = [path[min(year, len(path) - 1)] for year in years]
    return Economics(
        viewpoint=spec.viewpoint,
        lifetime_y=spec.lifetime_y,
        discount_rate=spec.discount_rate,
        tariff=Tariff(**spec.tariff.model_dump()),
        price_heat_eur_mwh=tuple(heat),
        price_fuel_eur_mwh=tuple(spec.price_fuel_eur_mwh * factor for factor in growth),
        price_electricity_eur_mwh=tuple(
            spec.price_electricity_eur_mwh * (1.0 + spec.escalation_electricity) ** year for year in years
        ),
        price_co2_eur_t=spec.price_co2_eur_t,
        service_eur_y=spec.service_eur_y,
        staff_eur_y=spec.staff_eur_y,
        capex=capex,
    )
