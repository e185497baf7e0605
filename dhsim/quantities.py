"""The registry of result quantities: name -> unit, long name, axis. It drives columns, labels and checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Axis = Literal["substation", "building", "pipe", "flat"]


@dataclass(frozen=True)
class Quantity:
    """A named series: its unit, what to call it in a figure, and what its columns are."""

    name: str
    unit: str
    label: str
    axis: Axis


_SUFFIX_UNITS = {
    "_c": "degC",
    "_k": "K",
    "_w": "W",
    "_pa": "Pa",
    "_kg_s": "kg/s",
    "_rel": "-",
    "_j": "J",
    "_w_k": "W/K",
    "_j_k": "J/K",
    "_w_m2": "W/m2",
    "_m_s": "m/s",
}

_ALL = (
    Quantity("temp_outdoor_c", "degC", "Outdoor temperature", "substation"),
    Quantity("temp_outdoor_filtered_c", "degC", "Filtered outdoor temperature", "substation"),
    Quantity("irradiance_w_m2", "W/m2", "Mean irradiance on facades", "substation"),
    Quantity("temp_supply_primary_c", "degC", "Primary supply", "substation"),
    Quantity("temp_return_primary_c", "degC", "Primary return", "substation"),
    Quantity("temp_mixed_c", "degC", "Mixed supply", "substation"),
    Quantity("temp_set_c", "degC", "Supply set-point", "substation"),
    Quantity("temp_supply_secondary_c", "degC", "Secondary supply", "substation"),
    Quantity("temp_return_secondary_c", "degC", "Secondary return", "substation"),
    Quantity("mixing_share_rel", "-", "Mixing share", "substation"),
    Quantity("mass_flow_primary_kg_s", "kg/s", "Primary flow", "substation"),
    Quantity("mass_flow_secondary_kg_s", "kg/s", "Secondary flow", "substation"),
    Quantity("mass_flow_dhw_primary_kg_s", "kg/s", "DHW flow", "substation"),
    Quantity("dp_secondary_pa", "Pa", "Secondary differential pressure", "substation"),
    Quantity("dp_valve_main_pa", "Pa", "Pressure drop of the main valve", "substation"),
    Quantity("dp_pump_pa", "Pa", "Pump pressure rise", "substation"),
    Quantity("mass_flow_pump_kg_s", "kg/s", "Pump flow", "substation"),
    Quantity("heat_flow_primary_w", "W", "Heat taken from the primary", "substation"),
    Quantity("heat_loss_pipe_w", "W", "Pipe heat loss", "substation"),
    Quantity("power_pump_w", "W", "Pump electricity", "substation"),
    Quantity("power_pump_water_w", "W", "Pump work into the water", "substation"),
    Quantity("speed_pump_rel", "-", "Pump speed", "substation"),
    Quantity("pumps_running", "-", "Pumps running", "substation"),
    Quantity("mode", "-", "Mode", "substation"),
    Quantity("temp_indoor_c", "degC", "Room temperature", "building"),
    Quantity("heat_flow_sh_w", "W", "Space heating", "building"),
    Quantity("heat_flow_dhw_w", "W", "Domestic hot water", "building"),
    Quantity("mass_flow_building_kg_s", "kg/s", "Jet pump flow", "building"),
    Quantity("temp_supply_building_c", "degC", "Supply at the building", "building"),
    Quantity("temp_return_building_c", "degC", "Return of the building", "building"),
    Quantity("dp_building_pa", "Pa", "Differential pressure at the jet pump", "building"),
    Quantity("mass_flow_pipe_kg_s", "kg/s", "Pipe flow", "pipe"),
    Quantity("temp_supply_pipe_c", "degC", "Supply at the pipe's end", "pipe"),
    Quantity("temp_return_pipe_c", "degC", "Return at the pipe's start", "pipe"),
    Quantity("temp_flat_c", "degC", "Temperature of the flat", "flat"),
    Quantity("heat_flow_flat_w", "W", "Heat of the flat's radiators", "flat"),
    Quantity("mass_flow_flat_kg_s", "kg/s", "Flow through the flat's radiators", "flat"),
    Quantity("opening_flat_rel", "-", "Opening of the flat's thermostatic heads", "flat"),
)

QUANTITIES: dict[str, Quantity] = {quantity.name: quantity for quantity in _ALL}


def unit_of_name(name: str) -> str | None:
    """Return the unit that a name's suffix states, or None for counts, ids and flags."""
    for suffix in sorted(_SUFFIX_UNITS, key=len, reverse=True):
        if name.endswith(suffix):
            return _SUFFIX_UNITS[suffix]
    return None
