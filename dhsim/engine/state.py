"""What the kernel carries from step to step and what it writes: NamedTuples of arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dhsim.model.boundary import N_GROUP, GivenHeat
from dhsim.model.system import (
    Buildings,
    Comfort,
    Control,
    Curve,
    Floats,
    Ints,
    Pumps,
    Substation,
    System,
)
from dhsim.network.hydraulics import TreeFlow, empty_flow
from dhsim.network.parcels import Parcels, full_pipes
from dhsim.network.parts import Fluid, Line
from dhsim.solution import BUILDING_TOTALS, EXTREMES, SUBSTATION_TOTALS

PARCELS = 32
"""Of water that a pipe can hold apart"""
TEMP_RETURN_START_C = 40.0


class SubstationSeries(NamedTuple):
    """One step of the substation's series; the fields are names of dhsim.quantities."""

    temp_outdoor_c: float
    temp_outdoor_filtered_c: float
    irradiance_w_m2: float
    temp_supply_primary_c: float
    temp_return_primary_c: float
    temp_mixed_c: float
    temp_set_c: float
    temp_supply_secondary_c: float
    temp_return_secondary_c: float
    mixing_share_rel: float
    mass_flow_primary_kg_s: float
    mass_flow_secondary_kg_s: float
    mass_flow_dhw_primary_kg_s: float
    dp_secondary_pa: float
    dp_valve_main_pa: float
    dp_pump_pa: float
    mass_flow_pump_kg_s: float
    heat_flow_primary_w: float
    heat_loss_pipe_w: float
    power_pump_w: float
    power_pump_water_w: float
    speed_pump_rel: float
    pumps_running: float
    mode: float


class BuildingSeries(NamedTuple):
    """One step of a building's series."""

    temp_indoor_c: float
    heat_flow_sh_w: float
    heat_flow_dhw_w: float
    mass_flow_building_kg_s: float
    temp_supply_building_c: float
    temp_return_building_c: float
    dp_building_pa: float


class PipeSeries(NamedTuple):
    """One step of a pipe's series."""

    mass_flow_pipe_kg_s: float
    temp_supply_pipe_c: float
    temp_return_pipe_c: float


class Parts(NamedTuple):
    """What exists, as the kernel takes it."""

    supply: Line
    return_line: Line
    """Each pipe from its end back to its start, as its water runs: what stands in it will leave at its end."""
    buildings: Buildings
    substation: Substation
    pumps: Pumps
    curve: Curve
    control: Control
    comfort: Comfort


class Memory(NamedTuple):
    """What the laws and the iterations remember from step to step; scalars."""

    temp_outdoor_filtered_c: float
    mixing_share: float
    temp_return_c: float
    """Secondary return, the start of the next iteration."""
    trim_k: float
    undersupply_latch: int
    flow_pump_m3_s: float
    dp_pump_pa: float
    pump_short: int
    heat_hour_j: float
    seconds_hour: float


class State(NamedTuple):
    """The physical state: arrays that the kernel moves on in place, so each run has its own."""

    temp_room_c: Floats
    temp_mass_c: Floats
    flow: TreeFlow
    """Flows of the last step, the start of the next solve."""
    parcels_supply: Parcels
    """The water in the pipes"""
    parcels_return: Parcels
    heat_stored_supply_j: Floats
    """(n_pipe,): heat content of water and wall above 0 degC"""
    heat_stored_return_j: Floats


class Work(NamedTuple):
    """Scratch arrays, so that the loop allocates nothing."""

    draw_kg_s: Floats
    conductance_kg_s_pa05: Floats
    temp_return_consumer_c: Floats
    """Mixed return of jet pump and local DHW exchanger."""
    temp_return_jet_c: Floats
    mass_consumer_kg_s: Floats
    temp_supply_node_c: Floats
    temp_return_node_c: Floats
    temp_return_pipe_c: Floats
    temp_supply_pipe_c: Floats
    inlet_supply_c: Floats
    inlet_return_c: Floats
    mass_flow_prepared_kg_s: Floats
    """(n_pipe,): the flow that a and b were made for"""
    a_supply_c: Floats
    """(n_pipe,): a and b of every pipe's outlet temperature a + b T_inlet"""
    b_supply: Floats
    a_return_c: Floats
    b_return: Floats
    heat_loss_supply_j: Floats
    heat_loss_return_j: Floats
    order_supply: Ints
    order_return: Ints
    mass_node_kg_s: Floats
    heat_node_kg_s_c: Floats
    temp_room_next_c: Floats
    heat_sh_w: Floats
    heat_tap_w: Floats
    ua_window_w_k: Floats
    room_free_c: Floats
    room_rise_k_w: Floats
    given: GivenHeat
    """(n_building,) each: of this step; zeros and NaN for buildings that stand for themselves"""


class Output(NamedTuple):
    """Everything a run writes; series are (n_series, n_time) and (n_series, n_time, n_column)."""

    substation: Floats
    building: Floats
    pipe: Floats
    """n_time is 0 if pipes are not kept."""
    substation_totals: Floats
    """(N_GROUP, n)"""
    building_totals: Floats
    """(N_GROUP, n, n_building)"""
    extremes: Floats
    temp_indoor_min_c: Floats
    temp_indoor_max_c: Floats
    status: Ints
    iterations: Ints
    """(n_time,): solves of the secondary loop"""


def parts_of(system: System) -> Parts:
    """Return the arrays of a System as the kernel takes them."""
    line = system.return_line
    return Parts(
        system.supply,
        line._replace(node_start=line.node_end, node_end=line.node_start),
        system.buildings,
        system.substation,
        system.pumps,
        system.curve,
        system.control,
        system.comfort,
    )


def start_state(system: System, temp_start_c: float, temp_supply_c: float, temp_return_c: float) -> State:
    """Return the state before the first step: temperatures of rooms and walls, supply and return pipes; no flow yet."""
    n_building, substation = len(system.building_ids), system.substation
    fluid = Fluid(substation.density_water_kg_m3, substation.viscosity_water_pa_s, substation.heat_capacity_water_j_kgk)
    supply = full_pipes(system.supply, fluid, temp_supply_c, PARCELS)
    back = full_pipes(system.return_line, fluid, temp_return_c, PARCELS)
    return State(
        temp_room_c=np.full(n_building, temp_start_c),
        temp_mass_c=np.full(n_building, temp_start_c),
        flow=empty_flow(system.supply.length_m.size, n_building),
        parcels_supply=supply,
        parcels_return=back,
        heat_stored_supply_j=supply.mass_pipe_kg * (fluid.heat_capacity_j_kgk * temp_supply_c),
        heat_stored_return_j=back.mass_pipe_kg * (fluid.heat_capacity_j_kgk * temp_return_c),
    )


def start_memory(temp_outdoor_c: float) -> Memory:
    """Return the memory before the first step: valves as in WINTER, the filter at the outdoor temperature [degC]."""
    return Memory(
        temp_outdoor_filtered_c=float(temp_outdoor_c),
        mixing_share=0.0,
        temp_return_c=TEMP_RETURN_START_C,
        trim_k=0.0,
        undersupply_latch=0,
        flow_pump_m3_s=0.0,
        dp_pump_pa=0.0,
        pump_short=0,
        heat_hour_j=0.0,
        seconds_hour=0.0,
    )


def work_space(n_building: int, n_pipe: int) -> Work:
    """Return the scratch arrays of a system of this size."""
    of_node = ("temp_supply_node_c", "temp_return_node_c", "mass_node_kg_s", "heat_node_kg_s_c")
    first = Work._fields.index("temp_return_pipe_c")
    of_pipe = Work._fields[first : Work._fields.index("order_supply")]
    sizes = dict.fromkeys(of_node, n_pipe + 1) | dict.fromkeys(of_pipe, n_pipe)
    arrays: dict[str, Any] = {name: np.zeros(sizes.get(name, n_building)) for name in Work._fields}
    order = np.arange(n_pipe)
    zeros, none = (np.zeros(n_building), np.zeros(n_building)), (np.full(n_building, np.nan) for _ in range(2))
    given = GivenHeat(*zeros, *none)
    return Work(**(arrays | {"order_supply": order, "order_return": order[::-1].copy(), "given": given}))


def empty_output(n_time: int, n_building: int, n_pipe: int, n_time_pipe: int) -> Output:
    """Return the arrays a run writes into, not yet written."""
    return Output(
        substation=np.zeros((len(SubstationSeries._fields), n_time)),
        building=np.zeros((len(BuildingSeries._fields), n_time, n_building)),
        pipe=np.zeros((len(PipeSeries._fields), n_time_pipe, n_pipe)),
        substation_totals=np.zeros((N_GROUP, len(SUBSTATION_TOTALS))),
        building_totals=np.zeros((N_GROUP, len(BUILDING_TOTALS), n_building)),
        extremes=np.zeros(len(EXTREMES)),
        temp_indoor_min_c=np.full(n_building, np.inf),
        temp_indoor_max_c=np.full(n_building, -np.inf),
        status=np.zeros(n_time, dtype=np.int64),
        iterations=np.zeros(n_time, dtype=np.int64),
    )
