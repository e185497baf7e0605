"""What exists: struct-of-arrays of the secondary network, the buildings, the substation and its control.

All of it is NamedTuples of float64/int64 arrays and scalars, so that the same object is read by people and enters
compiled code. SI units with degC.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dhsim.network.parts import Line, Nodes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Mode(IntEnum):
    """Operating mode of the substation."""

    WINTER = 0
    BYPASS = 1
    SUMMER_DHW = 2


class PumpPlace(IntEnum):
    """Where the circulation pumps stand."""

    BYPASS_LINE = 0
    SECONDARY_SUPPLY = 1
    SECONDARY_RETURN = 2


class SetPointLaw(IntEnum):
    """What the secondary supply is held at in BYPASS."""

    AS_DELIVERED = 0
    CAP = 1
    COMPENSATED = 2


class FlowLaw(IntEnum):
    """What the pumps do."""

    CONSTANT_SPEED = 0
    DP_HELD = 1
    GENERAL_CURVE = 2


class Staging(IntEnum):
    """When a pump stops."""

    FLOW_DP = 0
    HEAT_50 = 1


class Buildings(NamedTuple):
    """The consumers, one zone each; arrays of shape (n_building,)."""

    node: Ints
    heat_design_w: Floats
    mass_flow_design_kg_s: Floats
    conductance_kg_s_pa05: Floats
    mixing_ratio_jet: Floats
    radiator_exponent: Floats
    radiator_log_mean: Ints
    temp_excess_design_k: Floats
    ua_direct_w_k: Floats
    ua_inner_w_k: Floats
    ua_outer_w_k: Floats
    heat_capacity_room_j_k: Floats
    heat_capacity_mass_j_k: Floats
    aperture_solar_m2: Floats
    temp_window_open_c: Floats
    window_share_per_k: Floats
    window_share_max: Floats
    ua_dhw_w_k: Floats
    monitored: Ints


class Substation(NamedTuple):
    """The group substation and the constants of its water; scalars."""

    pump_place: int
    dp_set_pa: float
    """Differential pressure at the secondary header that gives `flow_set_rel`."""
    mass_flow_design_kg_s: float
    flow_set_rel: float
    """Secondary flow at `dp_set_pa` relative to design."""
    conductance_main_kg_s_pa05: float
    conductance_bypass_kg_s_pa05: float
    dp_throttle_pa_s2_kg2: float
    stroke_share_per_s: float
    mixing_share_max: float
    ua_dhw_w_k: float
    temp_hot_c: float
    loss_third_pipe_w: float
    heat_capacity_water_j_kgk: float
    density_water_kg_m3: float
    viscosity_water_pa_s: float
    pressure_return_pa: float


class Pumps(NamedTuple):
    """Equal pumps in parallel; the curve is head = a0 n^2 + a1 n V + a2 V^2 of one pump, in Pa and m3/s; scalars."""

    n_pumps: int
    head_a0_pa: float
    head_a1_pa_s_m3: float
    head_a2_pa_s2_m6: float
    efficiency_best: float
    flow_best_m3_s: float
    flow_end_m3_s: float
    """Where the head is used up."""
    efficiency_motor: float
    efficiency_vfd: float
    speed_min_rel: float
    staging: int


class Curve(NamedTuple):
    """The heating curve, eqs. (2)-(6), or points that replace it."""

    temp_indoor_c: float
    temp_design_outdoor_c: float
    head_design_k: float
    drop_radiator_k: float
    drop_network_k: float
    exponent: float
    points_outdoor_c: Floats
    points_supply_c: Floats


class Control(NamedTuple):
    """The policy, taken apart into laws and their parameters; scalars."""

    has_bypass: int
    """1: there is a bypass line, so BYPASS is a mode."""
    set_point_law: int
    flow_law: int
    has_trim: int
    temp_cap_c: float
    temp_mixed_min_c: float
    filter_s: float
    cpt_c: float
    hysteresis_k: float
    temp_floor_alarm_c: float
    floor_alarm_hysteresis_k: float
    flow_min_rel: float
    trim_temp_room_c: float
    trim_gain_per_s: float
    trim_limit_k: float


class Comfort(NamedTuple):
    """What counts as comfortable; scalars."""

    temp_low_c: float
    temp_high_c: float
    temp_demand_c: float


@dataclass(frozen=True)
class System:
    """Everything that exists, with the names of it."""

    building_ids: tuple[str, ...]
    building_types: tuple[str, ...]
    pipe_ids: tuple[str, ...]
    node_ids: tuple[str, ...]
    nodes: Nodes
    supply: Line
    """Secondary network, a tree in the order of its sweeps: pipe j ends in node j + 1, node 0 is the substation."""
    return_line: Line
    """The same pipes the way back; only what they lose differs."""
    buildings: Buildings
    substation: Substation
    pumps: Pumps
    curve: Curve
    control: Control
    comfort: Comfort
    building_heights_m: Floats
    """(n_building,): of the highest radiator above the building's node; NaN where nobody said"""
