"""Money, smoke and comfort: what a run is judged by."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from dhsim.scenario.section import NotNegative, Positive, RoomTemp, Section, Share, WaterTemp


class CapexItem(Section):
    """One line of the investment."""

    item: str
    """An entry of the unit cost catalogue, or free text with unit_cost_eur."""
    quantity: Positive = 1.0
    unit_cost_eur: NotNegative | None = None
    """Overrides the catalogue's."""
    year: Annotated[int, Field(ge=0, le=60)] = 0


class TariffSection(Section):
    """What the housing company pays for heat."""

    energy_eur_mwh: NotNegative = 44.0
    capacity_eur_kw_y: NotNegative = 0.0
    """On the highest hourly mean heat flow."""
    return_temp_eur_mwh_k: NotNegative = 0.0
    """Malus per MWh and K of return above the reference (a bonus below)."""
    return_temp_reference_c: WaterTemp = 50.0


class EconomicsSection(Section):
    """Money, eqs. (8)-(11)."""

    viewpoint: Literal["utility", "housing_company", "society"] = "society"
    lifetime_y: Annotated[int, Field(ge=1, le=60)] = 25
    discount_rate: Annotated[float, Field(gt=-0.5, le=1)] = 0.08
    tariff: TariffSection = TariffSection()
    price_fuel_eur_mwh: NotNegative = 12.0
    """Coal at the plant, per MWh of lower heating value."""
    price_electricity_eur_mwh: NotNegative = 60.0
    price_co2_eur_t: NotNegative = 0.0
    """Counted by viewpoint `society` only."""
    escalation_heat: Annotated[float, Field(gt=-0.5, le=0.5)] = 0.0
    """Yearly real growth of heat and fuel prices."""
    escalation_electricity: Annotated[float, Field(gt=-0.5, le=0.5)] = 0.0
    price_heat_path_eur_mwh: Annotated[list[NotNegative], Field(min_length=1)] | None = None
    """Heat price year by year instead of the escalation; the last one holds on."""
    service_eur_y: NotNegative = 0.0
    """Service of the substation: valves, pumps, sensors, pipes."""
    staff_eur_y: NotNegative = 0.0
    capex: list[CapexItem] | None = None
    """Required (may be empty) for every policy but the baseline."""


class EmissionsSection(Section):
    """Boiler fuel and smoke, eqs. (12)-(19)."""

    fuel: str = "ekibastuz_ss"
    allocation: Literal["energy", "alternative_generation", "exergy"] = "energy"
    """How the CHP plant's fuel is shared between heat and electricity."""
    efficiency_boiler: Annotated[float, Field(gt=0.1, le=1.1)] = 0.90
    efficiency_network: Annotated[float, Field(gt=0.1, le=1)] = 0.90
    """1 - loss share of the city network."""
    chp_power_to_heat: NotNegative = 0.45
    """Electricity per heat of the CHP plant, for the alternative-generation and exergy methods."""
    efficiency_reference_heat: Annotated[float, Field(gt=0.1, le=1.1)] = 0.88
    efficiency_reference_power: Annotated[float, Field(gt=0.1, le=1)] = 0.40
    excess_air: Annotated[float, Field(ge=1, le=4)] = 1.4
    q4_percent: Annotated[float, Field(ge=0, le=20)] = 1.5
    ash_carryover: Share = 0.95
    efficiency_filter: Share = 0.98
    so2_bound_in_ash: Share = 0.02
    so2_scrubbed: Share = 0.0
    nox_kg_gj: NotNegative = 0.25
    electricity_co2_kg_mwh: NotNegative = 450.0
    electricity_ch4_kg_mwh: NotNegative = 1.0
    gwp_ch4: NotNegative = 28.0


class ComfortSection(Section):
    """What counts as comfortable."""

    temp_low_c: RoomTemp = 20.0
    temp_high_c: RoomTemp = 22.0

    @model_validator(mode="after")
    def _order(self) -> ComfortSection:
        if self.temp_low_c >= self.temp_high_c:
            raise ValueError("needs temp_low_c < temp_high_c")
        return self
