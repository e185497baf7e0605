"""Steady temperatures of a mirrored tree: exponential loss in every pipe, ideal mixing at every node."""

from __future__ import annotations

from dhsim.elementwise import compiled
from dhsim.network.topology import Floats, Ints, Pipes
from dhsim.physics.pipe import outlet_temp_c


@compiled
def supply_sweep(
    pipes: Pipes,
    mass_flow_pipe_kg_s: Floats,
    temp_source_c: float,
    temp_ground_c: float,
    temp_outdoor_c: float,
    heat_capacity_j_kgk: float,
    temp_node_c: Floats,
) -> float:
    """Write the supply temperature at every node, shape (n_pipe + 1,), and return the heat lost [W]."""
    loss = 0.0
    temp_node_c[0] = temp_source_c
    for j in range(pipes.length_m.size):
        inlet = temp_node_c[pipes.node_start[j]]
        ambient = temp_ground_c if pipes.buried[j] else temp_outdoor_c
        m = mass_flow_pipe_kg_s[j]
        outlet = outlet_temp_c(inlet, ambient, m, pipes.u_supply_w_mk[j], pipes.length_m[j], heat_capacity_j_kgk)
        temp_node_c[j + 1] = outlet
        loss += m * heat_capacity_j_kgk * (inlet - outlet)
    return loss


@compiled
def return_sweep(
    pipes: Pipes,
    mass_flow_pipe_kg_s: Floats,
    node_consumer: Ints,
    mass_flow_consumer_kg_s: Floats,
    temp_return_consumer_c: Floats,
    temp_ground_c: float,
    temp_outdoor_c: float,
    heat_capacity_j_kgk: float,
    temp_node_c: Floats,
    temp_pipe_end_c: Floats,
    mass_node_kg_s: Floats,
) -> float:
    """Write the mixed return temperature at every node and return the heat lost [W].

    `temp_node_c`, `mass_node_kg_s` (n_pipe + 1,) are written; so is `temp_pipe_end_c` (n_pipe,), the return temperature
    where a pipe delivers into its upstream node. A node without flow keeps the ground's temperature.
    """
    n_pipe = pipes.length_m.size
    loss = 0.0
    for node in range(n_pipe + 1):
        temp_node_c[node] = 0.0
        mass_node_kg_s[node] = 0.0
    for i in range(node_consumer.size):
        temp_node_c[node_consumer[i]] += mass_flow_consumer_kg_s[i] * temp_return_consumer_c[i]
        mass_node_kg_s[node_consumer[i]] += mass_flow_consumer_kg_s[i]
    for j in range(n_pipe - 1, -1, -1):
        ambient = temp_ground_c if pipes.buried[j] else temp_outdoor_c
        m = mass_flow_pipe_kg_s[j]
        if m > 0.0 and mass_node_kg_s[j + 1] > 0.0:
            inlet = temp_node_c[j + 1] / mass_node_kg_s[j + 1]
            outlet = outlet_temp_c(inlet, ambient, m, pipes.u_return_w_mk[j], pipes.length_m[j], heat_capacity_j_kgk)
            temp_node_c[j + 1] = inlet
            loss += m * heat_capacity_j_kgk * (inlet - outlet)
            temp_node_c[pipes.node_start[j]] += m * outlet
            mass_node_kg_s[pipes.node_start[j]] += m
            temp_pipe_end_c[j] = outlet
        else:
            temp_node_c[j + 1] = temp_ground_c
            temp_pipe_end_c[j] = ambient
    if mass_node_kg_s[0] > 0.0:
        temp_node_c[0] /= mass_node_kg_s[0]
    else:
        temp_node_c[0] = temp_ground_c
    return loss
