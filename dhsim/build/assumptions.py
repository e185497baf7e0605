"""Prices, fuels and unit costs as plain data, looked up in the catalogues."""

from __future__ import annotations

from dhsim import catalogue
from dhsim.errors import CatalogueError, Problem, ScenarioError
from dhsim.model.assumptions import Assumptions, CapexLine, Economics, Emissions, Fuel, Tariff
from dhsim.scenario.schema import CapexItem, EconomicsSection, Scenario


def build_assumptions(scenario: Scenario) -> Assumptions:
    """Return what turns a Solution into a Scorecard.

    Raises
    ------
    ScenarioError
        For an unknown fuel or cost item; all of them at once.
    """
    problems: list[Problem] = []
    capex = tuple(
        line
        for index, item in enumerate(scenario.economics.capex or [])
        if (line := _capex_line(scenario, index, item, problems)) is not None
    )
    fuel = _fuel(scenario, problems)
    if problems or fuel is None:
        raise ScenarioError(problems)
    spec = scenario.emissions.model_dump(exclude={"fuel"})
    return Assumptions(
        name=scenario.name,
        description=scenario.description,
        policy=scenario.control.policy,
        reference=scenario.reference,
        economics=_economics(scenario.economics, capex),
        emissions=Emissions(fuel=fuel, **spec),
        calibrated=tuple(sorted(scenario.calibrated.items())),
    )


def _fuel(scenario: Scenario, problems: list[Problem]) -> Fuel | None:
    try:
        row = catalogue.entry("fuels", scenario.emissions.fuel)
    except CatalogueError as error:
        problems.append(scenario.problem("emissions.fuel", str(error)))
        return None
    names = ("water", "ash", "sulphur", "carbon", "hydrogen", "nitrogen", "oxygen")
    percents = {f"{name}_percent": float(row[f"{name}_percent"]) for name in names}
    return Fuel(
        id=scenario.emissions.fuel,
        name=str(row["name"]),
        lhv_j_kg=float(row["lhv_j_kg"]),
        source=str(row["source"]),
        **percents,
    )


def _capex_line(scenario: Scenario, index: int, item: CapexItem, problems: list[Problem]) -> CapexLine | None:
    if item.unit_cost_eur is not None and item.item not in catalogue.table("unit_costs"):
        return CapexLine(item.item, item.quantity, "-", item.unit_cost_eur, item.year, "scenario")
    try:
        row = catalogue.entry("unit_costs", item.item)
    except CatalogueError as error:
        message = f"{error}; or give unit_cost_eur"
        problems.append(scenario.problem(f"economics.capex.{index}.item", message))
        return None
    own = item.unit_cost_eur
    cost, source = (float(row["unit_cost_eur"]), str(row["source"])) if own is None else (own, "scenario")
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
