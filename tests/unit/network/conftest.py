"""A small tree with made-up figures and a state worked out by hand: sums of flows, drops added along the way."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dhsim.network.parts import (
    Consumers,
    Elements,
    Fluid,
    LiftLaw,
    Line,
    Network,
    NetworkState,
    Nodes,
    Plant,
    Producers,
)
from dhsim.physics.friction import pressure_drop_pa

# plant -P1- a -P2- b -P3- c, and a -P4- d: two consumers at c (155 heating, 155 hot water), one each at b and d
START, END = [0, 1, 2, 1], [1, 2, 3, 4]
NODE_OF_CONSUMER = [2, 3, 3, 4]
GRAVITY = 9.80665


def _floats(*values: float) -> Any:
    return np.array(values, dtype=np.float64)


def _ints(values: list[int]) -> Any:
    return np.array(values, dtype=np.int64)


def _line() -> Line:
    n = len(START)
    return Line(
        node_start=_ints(START),
        node_end=_ints(END),
        length_m=_floats(300.0, 120.0, 80.0, 150.0),
        diameter_m=_floats(0.15, 0.125, 0.1, 0.08),
        roughness_m=np.full(n, 5e-4),
        zeta=_floats(3.0, 2.0, 4.0, 4.0),
        u_w_mk=np.full(n, 0.4),
        heat_capacity_wall_j_mk=np.zeros(n),
        buried=np.ones(n, dtype=np.int64),
    )


def _no_elements() -> Elements:
    return Elements(*(np.zeros(0, dtype=np.int64 if i in {0, 1, 2, 8, 9, 10} else np.float64) for i in range(11)))


def _plant() -> Plant:
    return Plant(0.3e6, int(LiftLaw.FIXED), 0.0, 1.0, 20.0, 0.0, 0.0, 0.0, 0.7, 0.02, 1.0, 1)


def _network() -> Network:
    n = len(NODE_OF_CONSUMER)
    consumers = Consumers(
        node=_ints(NODE_OF_CONSUMER),
        kind=_ints([3] * n),
        mass_flow_kg_s=_floats(4.0, 3.0, 2.0, 2.5),
        heat_w=np.full(n, 4e5),
        temp_drop_k=np.full(n, 40.0),
        temp_return_c=np.full(n, 60.0),
        conductance_kg_s_pa05=np.full(n, 0.01),
        is_on=np.ones(n, dtype=np.int64),
        dp_min_pa=np.full(n, 30e3),
        height_m=np.full(n, 15.0),
        pressure_max_pa=_floats(0.6e6, 0.6e6, np.inf, 0.6e6),
    )
    return Network(
        name="hand",
        fluid=Fluid(960.0, 3e-4, 4200.0),
        node_ids=("plant", "a", "b", "c", "d"),
        nodes=Nodes(_floats(0.0, 0.0, 2.0, 4.0, -3.0), np.full(5, np.nan), np.full(5, np.nan)),
        supply_ids=("P1", "P2", "P3", "P4"),
        supply=_line(),
        return_ids=("P1", "P2", "P3", "P4"),
        return_line=_line(),
        mirrored=True,
        element_ids=(),
        elements=_no_elements(),
        consumer_ids=("46", "155 heating", "155 hot water", "48"),
        consumers=consumers,
        producer_ids=("station",),
        producers=Producers(_ints([0]), _ints([0]), _floats(0.5e6), _floats(0.0), _floats(130.0)),
        plant=_plant(),
        temp_ground_c=5.0,
        temp_air_c=-20.0,
        colebrook_constant=3.71,
    )


def _drops_pa(network: Network, flow: Any) -> Any:
    line, fluid = network.supply, network.fluid
    pipe = (line.length_m, line.diameter_m, line.roughness_m, line.zeta)
    return pressure_drop_pa(flow, *pipe, fluid.density_kg_m3, fluid.viscosity_pa_s, network.colebrook_constant)


def state_by_hand(network: Network, flow_consumer: Any = None, lift_pa: float = 0.5e6) -> NetworkState:
    """Add up flows from the ends, and drops and heights from the plant."""
    asked = network.consumers.mass_flow_kg_s * network.consumers.is_on if flow_consumer is None else flow_consumer
    nodes = np.bincount(network.consumers.node, weights=asked, minlength=5)
    flow = _floats(nodes[1:].sum(), nodes[2] + nodes[3], nodes[3], nodes[4])
    drop = _drops_pa(network, flow)
    lost = _floats(0.0, drop[0], drop[0] + drop[1], drop[0] + drop[1] + drop[2], drop[0] + drop[3])
    height = network.fluid.density_kg_m3 * GRAVITY * (network.nodes.elevation_m - network.nodes.elevation_m[0])
    low_pa = network.plant.pressure_return_pa
    n_node, n_pipe, n_consumer = len(lost), len(flow), len(network.consumer_ids)
    return NetworkState(
        mass_flow_supply_kg_s=flow,
        mass_flow_return_kg_s=-flow,
        mass_flow_element_kg_s=np.zeros(len(network.element_ids)),
        mass_flow_consumer_kg_s=np.asarray(asked, dtype=np.float64),
        mass_flow_producer_kg_s=_floats(flow[0]),
        pressure_supply_pa=low_pa + lift_pa - lost - height,
        pressure_return_pa=low_pa + lost - height,
        temp_supply_c=np.full(n_node, 100.0),
        temp_return_c=np.full(n_node, 60.0),
        temp_outlet_supply_c=np.full(n_pipe, 100.0),
        temp_outlet_return_c=np.full(n_pipe, 60.0),
        heat_loss_supply_w=np.zeros(n_pipe),
        heat_loss_return_w=np.zeros(n_pipe),
        heat_consumer_w=np.zeros(n_consumer),
        temp_return_consumer_c=np.full(n_consumer, 60.0),
        heat_producer_w=np.zeros(1),
        temp_return_producer_c=np.full(1, 60.0),
    )


@pytest.fixture
def hand_network() -> Callable[..., Network]:
    """Make the network; `consumers`, `plant` and `nodes` change some of their fields, other keywords Network's own."""

    def make(**changes: Any) -> Network:
        network = _network()
        for part in ("consumers", "plant", "nodes", "elements", "supply"):
            fields = changes.pop(part, {})
            fields = {name: np.asarray(value) if part != "plant" else value for name, value in fields.items()}
            network = dataclasses.replace(network, **{part: getattr(network, part)._replace(**fields)})
        return dataclasses.replace(network, **changes)

    return make


@pytest.fixture
def hand_state() -> Callable[..., NetworkState]:
    return state_by_hand
