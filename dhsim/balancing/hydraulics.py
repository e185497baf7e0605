"""Flows and pressures of a building's circuit, as the balancing sees them; they stand in `dhsim.model`."""

from __future__ import annotations

from dhsim.model.building_branches import COLEBROOK_CONSTANT, Friction
from dhsim.model.building_hydraulics import (
    BuildingFlow,
    Circuit,
    dp_left_pa,
    fit_radiators,
    make_circuit,
    solve_flows,
)

__all__ = [
    "COLEBROOK_CONSTANT",
    "BuildingFlow",
    "Circuit",
    "Friction",
    "dp_left_pa",
    "fit_radiators",
    "make_circuit",
    "solve_flows",
]
