"""The Scorecard and its parts: unit-suffixed numbers, per building and total."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class HeatSplit:
    """Heat of one part of the year, MWh."""

    hours: float
    heat_total_mwh: float
    """Taken from the primary."""
    heat_sh_mwh: float
    """Given to the rooms by radiators."""
    heat_dhw_mwh: float
    """Given to the tap water."""
    heat_loss_mwh: float
    """Pipes: secondary and third."""
    heat_excess_mwh: float
    """Space heating beyond the linear load of eq. (1) while the rooms are above 20 degC; gains are not deducted."""
    energy_pump_mwh: float

    @property
    def share_sh(self) -> float:
        """Share of space heating in what the consumers receive."""
        received = self.heat_sh_mwh + self.heat_dhw_mwh
        return self.heat_sh_mwh / received if received else float("nan")


@dataclass(frozen=True)
class EnergyScore:
    """Heat, flows and temperatures."""

    year: HeatSplit
    above_cpt: HeatSplit
    """Hours of the heating season with the outdoor temperature above the CPT."""
    below_cpt: HeatSplit
    """The other hours of the heating season."""
    out_of_season: HeatSplit
    by_month: tuple[HeatSplit, ...]
    """January ... December."""
    heat_useful_mwh: float
    """Space heating without the excess, and DHW."""
    mass_flow_primary_mean_kg_s: float
    """Means over the hours of the heating season."""
    mass_flow_primary_max_kg_s: float
    mass_flow_secondary_mean_kg_s: float
    mass_flow_secondary_max_kg_s: float
    mass_flow_dhw_mean_kg_s: float
    mass_flow_dhw_max_kg_s: float
    heat_flow_hour_max_kw: float
    temp_supply_primary_mean_c: float
    """Time mean over the heating season."""
    temp_return_primary_mean_c: float
    """Flow-weighted over the year."""
    balance_residual_rel: float
    """|heat in + pump work + gains + solar - what left - change in store| / heat in"""
    mass_flow_primary_above_cpt_kg_s: float = math.nan
    """Means over the hours of the heating season above the CPT."""
    mass_flow_secondary_above_cpt_kg_s: float = math.nan
    mass_flow_dhw_above_cpt_kg_s: float = math.nan


@dataclass(frozen=True)
class ComfortScore:
    """Rooms in the heating season, without the first three days after its start."""

    temp_mean_c: float
    temp_coldest_c: float
    temp_warmest_c: float
    coldest_building: str
    warmest_building: str
    overheating_kh: float
    """Degree-hours above the comfort band, mean of the buildings."""
    underheating_kh: float
    share_in_band: float
    by_building: pd.DataFrame
    """index: building; columns: type, temp_mean_c, temp_min_c, temp_max_c, overheating_kh, underheating_kh,
    share_in_band, heat_sh_mwh, heat_dhw_mwh, dp_min_kpa, nozzle_mm"""


@dataclass(frozen=True)
class FlatScore:
    """The flats of the buildings in detail, over the same time as the rooms."""

    spread_k: float
    """Standard deviation over the flats of a building, mean over time and buildings."""
    temp_coldest_c: float
    """Mean of the flat that is coldest on the whole."""
    temp_warmest_c: float
    coldest_flat: str
    warmest_flat: str
    temp_min_c: float
    """Of any flat at any moment."""
    temp_max_c: float
    throttling_rel: float
    """How far the thermostatic heads are closed, mean over time and flats; 0 where they are off."""
    by_flat: pd.DataFrame
    """index: flat; columns: building, temp_mean_c, temp_min_c, temp_max_c, throttling_rel, heat_mwh"""


@dataclass(frozen=True)
class EmissionScore:
    """Fuel and smoke of the heat taken from the primary, t per year."""

    fuel_name: str
    allocation: str
    fuel_t: float
    fuel_mwh: float
    co2_t: float
    so2_t: float
    nox_t: float
    fly_ash_t: float
    co2_electricity_t: float
    ch4_electricity_t: float
    co2eq_t: float
    """CO2 of fuel and pump electricity and CH4 of the electricity."""
    co2_kg_kwh: float
    """Per kWh of heat taken from the primary."""
    so2_kg_kwh: float
    nox_kg_kwh: float
    fly_ash_kg_kwh: float
    carbon_balance_rel: float
    """CO2 by (18) over CO2 by the fuel's carbon, minus 1"""


@dataclass(frozen=True)
class EconomicScore:
    """Money of one scenario or of the difference of two; income positive in the cash flow."""

    viewpoint: str
    incremental: bool
    om: pd.DataFrame
    """First year; columns: item, quantity, unit, price_eur, cost_eur. Heat losses are inside the heat or fuel."""
    capex: pd.DataFrame
    """columns: item, quantity, unit, unit_cost_eur, year, cost_eur, source"""
    cash_flow: pd.DataFrame
    """index year 0 ... lifetime; columns: capex, heat, fuel, electricity, service, staff, co2, net,
    cumulative, discounted, cumulative_discounted (EUR)"""
    capex_eur: float
    om_eur_y: float
    """First-year operation and maintenance without heat or fuel."""
    npv_eur: float
    irr: float | None
    irr_note: str
    """Why there is no IRR, or why it is not unique; empty if all is well."""
    payback_simple_y: float | None
    payback_discounted_y: float | None
    payback_mean_y: float | None
    """IC over mean yearly cash flow, eq. (10)."""
    lcoh_delivered_eur_mwh: float | None
    lcoh_useful_eur_mwh: float | None


@dataclass(frozen=True)
class Scorecard:
    """What a run was worth."""

    name: str
    description: str
    policy: str
    reference: bool
    years: float
    """Length of the run; all figures of a part-year run are what was simulated, not extrapolated."""
    cpt_c: float
    energy: EnergyScore
    comfort: ComfortScore
    emissions: EmissionScore
    economics: EconomicScore
    warnings: dict[str, float]
    """Status flag -> hours."""
    mode_hours: dict[str, float]
    events: dict[str, int]
    """Kind of event -> how often."""
    assumptions: tuple[str, ...]
    """What the reader must know: synthetic data, calibrated inputs, filled gaps."""
    provenance: dict[str, str]
    flats: FlatScore | None = None
    """Of buildings in detail, if there are any."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON (DataFrames as records, NaN as None); `flats` only where there are some."""
        made: dict[str, Any] = _plain(self)
        if self.flats is None:
            del made["flats"]
        return made


def _plain(value: Any) -> Any:
    if isinstance(value, pd.DataFrame):
        return _plain(value.reset_index().to_dict(orient="records"))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, float) or hasattr(value, "item"):
        number = value.item() if hasattr(value, "item") else value
        return None if isinstance(number, float) and number != number else number
    return value
