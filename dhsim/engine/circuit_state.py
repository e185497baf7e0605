"""What the compiled loop of a building sees: its parts, what drives it, its state, its work space and its output."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dhsim.model.system import Floats, Ints
from dhsim.model.zones import BuildingZones, Radiators, Trvs, Zones
from dhsim.network.factor import Factor, Pattern, empty_factor
from dhsim.network.newton import Potential, Problem, empty_potential


class Hydraulics(NamedTuple):
    """The circuit's water; arrays and scalars."""

    problem: Problem
    """The condensed circuit; the kernel writes resistances of moving valves into its branches."""
    fitting_open_pa_s2_kg2: Floats
    """(n_branch,): fittings, radiators and valves with every head fully open"""
    branch_of_radiator: Ints
    """(n_radiator,): -1 where nothing can flow"""
    branch_of_valve: Ints
    """(n_radiator,): the branch its head throttles; -1 for none"""
    resistance_valve_pa_s2_kg2: Floats
    """(n_radiator,): of the valve, fully open"""
    outlet_branch: Ints
    """Branches at the pump's outlet"""
    outlet_sign: Floats
    node_supply: int
    node_return: int
    given: int
    """1: the flows are given and the hydraulics are not solved"""


class Parts(NamedTuple):
    """A building for the kernel."""

    hydraulics: Hydraulics
    zones: Zones
    ua_pair_w_k: Floats
    """(n_pair,): conductance between neighbours"""
    conductance_zone_w_k: Floats
    """(n_zone,): to the outdoor air and all neighbours"""
    pattern: Pattern
    radiators: Radiators
    trvs: Trvs
    heat_capacity_j_kgk: float
    density_kg_m3: float


class Inputs(NamedTuple):
    """What drives the building; arrays of shape (n_time,) and (n_time, n_zone), and the constants of the laws."""

    temp_outdoor_c: Floats
    temp_supply_base_c: Floats
    feedback_rel: Floats
    """(n_zone,)"""
    temp_ref_c: float
    temp_supply_low_c: float
    temp_supply_high_c: float
    heat_gain_w: Floats
    """(n_time, n_zone), or one row that holds all the time"""
    irradiance_w_m2: Floats
    dp_zero_pa: Floats
    """Rise of the pump at no flow."""
    dp_slope_pa_s_kg: float
    dp_bend_pa_s2_kg2: float
    mass_flow_jet_kg_s: Floats
    """Of the network's water; the circuit mixes return in up to its own flow. NaN: no jet pump"""


class State(NamedTuple):
    """Where a run stands; arrays of shape (n_zone,) and (n_radiator,)."""

    temp_zone_c: Floats
    temp_body_c: Floats
    temp_sensor_c: Floats
    temp_stem_c: Floats
    opening_rel: Floats
    share_solved_rel: Floats
    """Flow coefficients of the valves for which the flows were found."""
    mass_flow_kg_s: Floats
    """Of the radiators, not negative."""
    potential: Potential
    dp: Floats
    """(4,): rise of the pump, its zero-flow rise for which the flows were found, whole flow, solves"""


class Work(NamedTuple):
    """Scratch arrays."""

    factor: Factor
    diagonal_w_k: Floats
    """(n_zone,)"""
    slope_used_w_k: Floats
    """(n_zone,): the radiators' slope in the factor"""
    slope_zone_w_k: Floats
    heat_zone_w: Floats
    temp_guess_c: Floats
    temp_new_c: Floats
    given_w: Floats
    """(n_zone,): gains and sun"""
    heat_radiator_w: Floats
    slope_radiator_w_k: Floats
    body_next_c: Floats
    taken_w: Floats
    """(n_radiator,): heat the water leaves behind"""
    share_rel: Floats
    """(n_radiator,): flow coefficients of the valves"""
    is_factored: Ints
    """(1,)"""


class ZoneSeries(NamedTuple):
    """What is kept of the zones; arrays of shape (n_time, n_zone)."""

    temp_zone_c: Floats
    """At the end of the step."""
    heat_zone_w: Floats
    """From the radiators."""
    mass_flow_zone_kg_s: Floats


class RadiatorSeries(NamedTuple):
    """What is kept of the radiators; arrays of shape (n_time, n_radiator)."""

    mass_flow_radiator_kg_s: Floats
    heat_radiator_w: Floats
    """To the room."""
    temp_return_radiator_c: Floats
    """NaN where nothing flows."""
    opening_radiator_rel: Floats


class CircuitSeries(NamedTuple):
    """What is kept of the whole; arrays of shape (n_time,)."""

    temp_supply_c: Floats
    temp_return_c: Floats
    """Mixed; NaN where nothing flows."""
    mass_flow_kg_s: Floats
    heat_water_w: Floats
    """What the water leaves in the building."""
    dp_pump_pa: Floats


class Totals(NamedTuple):
    """Integrals over the run; each an array of one, and one a zone where said."""

    heat_water_j: Floats
    heat_radiator_j: Floats
    """(n_zone,): what the radiators gave to the zones"""
    heat_gain_j: Floats
    heat_solar_j: Floats
    heat_outdoor_j: Floats
    """Lost to the outdoor air."""
    energy_pump_water_j: Floats
    """What the pump does to the water; it is not in the heat."""


class Output(NamedTuple):
    """What the kernel writes; arrays without rows are not kept."""

    zone: ZoneSeries
    radiator: RadiatorSeries
    circuit: CircuitSeries
    totals: Totals
    status: Ints
    iterations: Ints
    """(n_time,): evaluations of the radiators"""


def empty_work(parts: Parts) -> Work:
    """Return scratch arrays for a building."""
    zones, radiators = parts.zones.heat_capacity_j_k.size, parts.radiators.zone.size
    scratch = [np.zeros(zones) for _ in range(6)] + [np.zeros(radiators) for _ in range(5)]
    columns: list[Any] = [empty_factor(parts.pattern), np.zeros(zones), *scratch, np.zeros(1, dtype=np.int64)]
    return Work(*columns)


def start_state(parts: Parts, temp_zone_c: Floats, temp_body_c: Floats) -> State:
    """Return the state of a building whose heads have settled at the zones' temperatures, before any flow is known."""
    of_radiator = temp_zone_c[parts.radiators.zone]
    count = of_radiator.size
    return State(
        temp_zone_c.copy(),
        temp_body_c.copy(),
        of_radiator.copy(),
        of_radiator.copy(),
        np.ones(count),
        np.full(count, np.nan),
        np.zeros(count),
        empty_potential(parts.hydraulics.problem),
        np.full(4, np.nan),
    )


def empty_output(zones: BuildingZones, n_time: int, save: frozenset[str]) -> Output:
    """Return room for what is asked for; `save` names fields of `ZoneSeries` and `RadiatorSeries`."""
    n_zone, n_radiator = len(zones.zone_ids), zones.radiators.zone.size

    def rows(name: str, width: int) -> Floats:
        return np.full((n_time if name in save else 0, width), np.nan)

    return Output(
        ZoneSeries(*(rows(name, n_zone) for name in ZoneSeries._fields)),
        RadiatorSeries(*(rows(name, n_radiator) for name in RadiatorSeries._fields)),
        CircuitSeries(*(np.full(n_time, np.nan) for _ in CircuitSeries._fields)),
        Totals(*(np.zeros(n_zone if name == "heat_radiator_j" else 1) for name in Totals._fields)),
        np.zeros(n_time, dtype=np.int64),
        np.zeros(n_time, dtype=np.int64),
    )
