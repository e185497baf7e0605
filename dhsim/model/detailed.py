"""A building in detail behind a group substation: its circuit, its flats, and its entry as commissioned."""

from __future__ import annotations

from dataclasses import dataclass

from dhsim.model.building import Building
from dhsim.model.building_branches import Friction
from dhsim.model.system import Floats
from dhsim.model.zones import BuildingZones


@dataclass(frozen=True, eq=False)
class DetailedBuilding:
    """Stands in the place of one of the substation's buildings; flows and pressures are of one of its copies."""

    index: int
    """Of the building in the System."""
    building: Building
    """With its valves as they stand, and the substation's heat capacity of water."""
    zones: BuildingZones
    gain_share_rel: Floats
    """(n_zone,): how the building's internal gains fall on its flats"""
    copies: int
    """Equal houses that stand together for the substation's building."""
    mixing_ratio_jet: float
    """Of the jet pump with all heads open; 0: the network's pressure drives the circuit."""
    mass_flow_entry_kg_s: float
    """Network water of one house as commissioned, all heads open."""
    dp_circuit_pa: float
    """What its circuit then takes."""
    resistance_entry_pa_s2_kg2: float
    """Of the valve before a circuit without jet pump."""
    friction: Friction = "colebrook"
