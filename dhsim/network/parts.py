"""What a network is made of: plain arrays, the same for the city, a group substation's secondary side and risers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class ConsumerKind(IntEnum):
    """What fixes a consumer's flow."""

    MASS_FLOW = 0
    """A given flow; the heat demand says how much it cools."""
    TEMP_DROP = 1
    """Heat demand over a fixed temperature drop."""
    TEMP_RETURN = 2
    """Heat demand at a fixed return temperature: the flow follows the supply temperature."""
    PRESSURE = 3
    """K sqrt(dp) through a valve, an orifice or a jet pump; the heat demand says how much it cools."""


class ProducerKind(IntEnum):
    """What fixes a producer."""

    LIFT = 0
    """A fixed rise of pressure from return to supply; its flow follows. The first producer also fixes the level."""
    MASS_FLOW = 1
    """A fixed flow from return to supply."""


class LiftLaw(IntEnum):
    """What the first producer's pumps hold."""

    FIXED = 0
    """The rise of pressure at the producer."""
    WORST_CONSUMER = 1
    """The differential pressure at the consumer that has least."""
    PROPORTIONAL = 2
    """A rise that grows with the flow, in line, from `lift_zero_rel` of it at no flow to all of it at design flow."""
    PUMP_SPEED = 3
    """The speed of the pumps."""


class Fluid(NamedTuple):
    """Constants of the water; scalars."""

    density_kg_m3: float
    viscosity_pa_s: float
    heat_capacity_j_kgk: float


class Nodes(NamedTuple):
    """Places, each with a supply and a return side; arrays of shape (n_node,). Node 0 is the first producer's."""

    elevation_m: Floats
    x_m: Floats
    """East, or NaN where no place was given."""
    y_m: Floats
    """North, or NaN."""


class Line(NamedTuple):
    """The pipes of one line, supply or return; arrays of shape (n_pipe,). Flow counts from start to end."""

    node_start: Ints
    node_end: Ints
    length_m: Floats
    diameter_m: Floats
    roughness_m: Floats
    zeta: Floats
    """Sum of the loss coefficients of fittings."""
    u_w_mk: Floats
    heat_capacity_wall_j_mk: Floats
    """Of a metre of steel and whatever else warms with the water; 0 leaves it out."""
    buried: Ints
    """1: loses heat to the ground, 0: to the air."""


class Elements(NamedTuple):
    """Valves, check valves and pumps in a line, between two nodes of that line; arrays of shape (n_element,)."""

    is_return: Ints
    """0: in the supply line, 1: in the return line."""
    node_start: Ints
    node_end: Ints
    resistance_pa_s2_kg2: Floats
    """Pressure drop over flow squared."""
    head_a0_pa: Floats
    """Of one pump at nominal speed: rise = a0 n^2 + a1 n V + a2 V^2; all 0 for a valve."""
    head_a1_pa_s_m3: Floats
    head_a2_pa_s2_m6: Floats
    speed_rel: Floats
    n_parallel: Ints
    """Equal pumps."""
    one_way: Ints
    """1: a check valve lets nothing back."""
    is_open: Ints


class Consumers(NamedTuple):
    """Consumers, from the supply to the return side of their node; arrays of shape (n_consumer,)."""

    node: Ints
    kind: Ints
    """ConsumerKind"""
    mass_flow_kg_s: Floats
    heat_w: Floats
    temp_drop_k: Floats
    temp_return_c: Floats
    conductance_kg_s_pa05: Floats
    is_on: Ints
    dp_min_pa: Floats
    """Differential pressure that it needs."""
    height_m: Floats
    """Of the highest radiator above the node; NaN where nobody said."""
    pressure_max_pa: Floats
    """Overpressure that its radiators bear; infinite where a heat exchanger parts them."""


class Producers(NamedTuple):
    """Producers, from the return to the supply side of their node; arrays of shape (n_producer,)."""

    node: Ints
    kind: Ints
    """ProducerKind"""
    lift_pa: Floats
    mass_flow_kg_s: Floats
    temp_supply_c: Floats


class Plant(NamedTuple):
    """How the first producer holds the pressure; scalars. Pressures are overpressures."""

    pressure_return_pa: float
    law: int
    """LiftLaw"""
    dp_set_pa: float
    """WORST_CONSUMER: the differential pressure to hold."""
    lift_zero_rel: float
    mass_flow_design_kg_s: float
    head_a0_pa: float
    """Of one of its pumps at nominal speed; 0 where no pump was given."""
    head_a1_pa_s_m3: float
    head_a2_pa_s2_m6: float
    efficiency_best: float
    flow_best_m3_s: float
    speed_rel: float
    n_parallel: int


@dataclass(frozen=True)
class Network:
    """A network as the solvers take it: arrays, and the names of what they hold.

    `mirrored` says that supply and return have the same pipes (only their heat loss may differ) and no elements of
    their own: then one half is solved for both.
    """

    name: str
    fluid: Fluid
    node_ids: tuple[str, ...]
    nodes: Nodes
    supply_ids: tuple[str, ...]
    supply: Line
    return_ids: tuple[str, ...]
    return_line: Line
    mirrored: bool
    element_ids: tuple[str, ...]
    elements: Elements
    consumer_ids: tuple[str, ...]
    consumers: Consumers
    producer_ids: tuple[str, ...]
    producers: Producers
    plant: Plant
    temp_ground_c: float
    temp_air_c: float
    colebrook_constant: float


class NetworkState(NamedTuple):
    """What was found at one instant; arrays. Pressures are overpressures, elevation included."""

    mass_flow_supply_kg_s: Floats
    """(n_pipe of the supply line,)"""
    mass_flow_return_kg_s: Floats
    """(n_pipe of the return line,): a mirrored pipe's is the opposite of its supply's"""
    mass_flow_element_kg_s: Floats
    mass_flow_consumer_kg_s: Floats
    mass_flow_producer_kg_s: Floats
    pressure_supply_pa: Floats
    """(n_node,); NaN where the line does not reach"""
    pressure_return_pa: Floats
    temp_supply_c: Floats
    """(n_node,): after mixing"""
    temp_return_c: Floats
    temp_outlet_supply_c: Floats
    """(n_pipe,): where the water leaves the pipe"""
    temp_outlet_return_c: Floats
    heat_loss_supply_w: Floats
    """(n_pipe,)"""
    heat_loss_return_w: Floats
    heat_consumer_w: Floats
    temp_return_consumer_c: Floats
    heat_producer_w: Floats
    temp_return_producer_c: Floats
