"""Prices and fuels that turn a Solution into a Scorecard. Plain data: `assess` knows no scenario file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tariff:
    """What the housing company pays for heat."""

    energy_eur_mwh: float
    capacity_eur_kw_y: float
    return_temp_eur_mwh_k: float
    return_temp_reference_c: float


@dataclass(frozen=True)
class CapexLine:
    """One line of the investment."""

    item: str
    quantity: float
    unit: str
    unit_cost_eur: float
    year: int
    source: str

    @property
    def cost_eur(self) -> float:
        """Quantity times unit cost."""
        return self.quantity * self.unit_cost_eur


@dataclass(frozen=True)
class Economics:
    """Everything about money, eqs. (8)-(11)."""

    viewpoint: str
    lifetime_y: int
    discount_rate: float
    tariff: Tariff
    price_heat_eur_mwh: tuple[float, ...]
    """Energy price of heat in year 1 ... lifetime_y."""
    price_fuel_eur_mwh: tuple[float, ...]
    price_electricity_eur_mwh: tuple[float, ...]
    price_co2_eur_t: float
    service_eur_y: float
    staff_eur_y: float
    capex: tuple[CapexLine, ...]


@dataclass(frozen=True)
class Fuel:
    """A fuel as received, mass per cent; LHV in J/kg."""

    id: str
    name: str
    water_percent: float
    ash_percent: float
    sulphur_percent: float
    carbon_percent: float
    hydrogen_percent: float
    nitrogen_percent: float
    oxygen_percent: float
    lhv_j_kg: float
    source: str


@dataclass(frozen=True)
class Emissions:
    """Boiler fuel and smoke, eqs. (12)-(19)."""

    fuel: Fuel
    allocation: str
    efficiency_boiler: float
    efficiency_network: float
    chp_power_to_heat: float
    efficiency_reference_heat: float
    efficiency_reference_power: float
    excess_air: float
    q4_percent: float
    ash_carryover: float
    efficiency_filter: float
    so2_bound_in_ash: float
    so2_scrubbed: float
    nox_kg_gj: float
    electricity_co2_kg_mwh: float
    electricity_ch4_kg_mwh: float
    gwp_ch4: float


@dataclass(frozen=True)
class Assumptions:
    """All of it, with what the reader must be told."""

    name: str
    description: str
    policy: str
    reference: bool
    economics: Economics
    emissions: Emissions
    calibrated: tuple[tuple[str, str], ...]
    """Inputs chosen to meet measured totals: (key, why)."""
