"""From the arrays of a network's state to frames with names, in the user's direction."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from dhsim.build.network import PipeSigns, pipe_signs
from dhsim.network.parts import ConsumerKind, Floats, Ints, Line, Network, NetworkState, ProducerKind
from dhsim.network.sizing import gradient_pa_m, velocity_m_s
from dhsim.physics.pump import efficiency, flow_at_m3_s, shaft_power_w, speed_for_rel
from dhsim.physics.water import GRAVITY_M_S2
from dhsim.scenario.network_schema import NetworkScenario
from dhsim.study.network_types import NetworkBalance


def signs_of(network: Network, scenario: NetworkScenario | None) -> PipeSigns:
    """Return which pipes the solver has turned round; none where nobody said how they run."""
    if scenario is not None:
        return pipe_signs(scenario, network)
    return PipeSigns(np.ones(len(network.supply_ids), dtype=np.int64), np.ones(len(network.return_ids), dtype=np.int64))


def nodes_frame(network: Network, state: NetworkState) -> pd.DataFrame:
    """Return places, pressures and temperatures, index node."""
    kind = np.full(len(network.node_ids), "junction", dtype=object)
    label = np.full(len(network.node_ids), "", dtype=object)
    for name, node in zip(network.element_ids, network.elements.node_start.tolist(), strict=True):
        if not _is_beside(name):
            label[node] = name
    for what, ids, nodes in (
        ("consumer", network.consumer_ids, network.consumers.node),
        ("producer", network.producer_ids, network.producers.node),
    ):
        for node in np.unique(nodes).tolist():
            there = [ids[i] for i in np.flatnonzero(nodes == node)]
            kind[node], label[node] = what, ", ".join(there)
    return pd.DataFrame(
        {
            "kind": kind,
            "label": label,
            "x_m": network.nodes.x_m,
            "y_m": network.nodes.y_m,
            "elevation_m": network.nodes.elevation_m,
            "pressure_supply_pa": state.pressure_supply_pa,
            "pressure_return_pa": state.pressure_return_pa,
            "dp_pa": state.pressure_supply_pa - state.pressure_return_pa,
            "temp_supply_c": state.temp_supply_c,
            "temp_return_c": state.temp_return_c,
        },
        index=pd.Index(network.node_ids, name="node"),
    )


def pipes_frame(network: Network, state: NetworkState, signs: PipeSigns, order: list[str]) -> pd.DataFrame:
    """Return the pipes in an order of their ids, index pipe; NaN for a line that a trench does not hold."""
    supply = _line_frame(network, state, signs.supply, False).reindex(order)
    back = _line_frame(network, state, signs.return_line, True).reindex(order)
    in_supply, in_return = supply["length_m"].notna(), back["length_m"].notna()
    line = np.where(in_supply & in_return, "both", np.where(in_supply, "supply", "return"))
    shared = supply[["start", "end", "length_m", "diameter_m", "buried"]].where(in_supply, back)
    per_line = {
        "mass_flow_kg_s": "mass_flow_return_kg_s",
        "velocity_m_s": "velocity_return_m_s",
        "pressure_gradient_pa_m": "pressure_gradient_return_pa_m",
        "pressure_drop_pa": "pressure_drop_return_pa",
    }
    columns: dict[str, object] = {
        "start": shared["start"],
        "end": shared["end"],
        "line": line,
        "length_m": shared["length_m"].astype(float),
        "diameter_m": shared["diameter_m"].astype(float),
        "buried": shared["buried"].astype(int),
    }
    for name, returned in per_line.items():
        columns |= {name: supply[name], returned: back[name]}
    for name in ("temp", "temp_outlet"):
        columns |= {f"{name}_supply_c": supply[f"{name}_c"], f"{name}_return_c": back[f"{name}_c"]}
    columns |= {"heat_loss_supply_w": supply["heat_loss_w"], "heat_loss_return_w": back["heat_loss_w"]}
    columns["heat_loss_w"] = supply["heat_loss_w"].add(back["heat_loss_w"], fill_value=0.0)
    return pd.DataFrame(columns, index=pd.Index(order, name="pipe"))


def _line_frame(network: Network, state: NetworkState, signs: Ints, is_return: bool) -> pd.DataFrame:
    """Return what one line's pipes do, in the user's direction."""
    line, ids, flow, pressure, temp_node, temp_outlet, loss = _of_line(network, state, is_return)
    first = np.where(signs > 0, line.node_start, line.node_end)
    last = np.where(signs > 0, line.node_end, line.node_start)
    level_pa = pressure + network.fluid.density_kg_m3 * GRAVITY_M_S2 * network.nodes.elevation_m
    upstream = np.where(flow >= 0.0, line.node_start, line.node_end)
    names = np.array(network.node_ids, dtype=object)
    return pd.DataFrame(
        {
            "start": names[first],
            "end": names[last],
            "length_m": line.length_m,
            "diameter_m": line.diameter_m,
            "buried": line.buried,
            "mass_flow_kg_s": flow * signs,
            "velocity_m_s": velocity_m_s(flow, line.diameter_m, network.fluid.density_kg_m3),
            "pressure_gradient_pa_m": gradient_pa_m(network, flow, line.diameter_m, line.roughness_m),
            "pressure_drop_pa": level_pa[first] - level_pa[last],
            "temp_c": np.where(flow == 0.0, temp_outlet, 0.5 * (temp_node[upstream] + temp_outlet)),
            "temp_outlet_c": temp_outlet,
            "heat_loss_w": loss,
        },
        index=pd.Index(ids, name="pipe"),
    )


def _of_line(
    network: Network, state: NetworkState, is_return: bool
) -> tuple[Line, tuple[str, ...], Floats, Floats, Floats, Floats, Floats]:
    if is_return:
        return (
            network.return_line,
            network.return_ids,
            state.mass_flow_return_kg_s,
            state.pressure_return_pa,
            state.temp_return_c,
            state.temp_outlet_return_c,
            state.heat_loss_return_w,
        )
    return (
        network.supply,
        network.supply_ids,
        state.mass_flow_supply_kg_s,
        state.pressure_supply_pa,
        state.temp_supply_c,
        state.temp_outlet_supply_c,
        state.heat_loss_supply_w,
    )


def consumers_frame(network: Network, state: NetworkState) -> pd.DataFrame:
    """Return what every consumer gets against what it asks for, index consumer."""
    consumers = network.consumers
    supply, back = state.pressure_supply_pa[consumers.node], state.pressure_return_pa[consumers.node]
    on = consumers.is_on == 1
    asked = np.where(on, consumers.heat_w, 0.0)
    with np.errstate(invalid="ignore"):
        heat_short = np.where(np.isnan(asked), 0.0, np.maximum(asked - state.heat_consumer_w, 0.0))
        heat_short[heat_short <= 1e-6 * np.abs(np.nan_to_num(asked))] = 0.0
        dp_short = np.where(on, np.fmax(consumers.dp_min_pa - (supply - back), 0.0), 0.0)
    return pd.DataFrame(
        {
            "node": np.array(network.node_ids, dtype=object)[consumers.node],
            "kind": [ConsumerKind(kind).name.lower() for kind in consumers.kind.tolist()],
            "on": on,
            "mass_flow_kg_s": state.mass_flow_consumer_kg_s,
            "heat_w": state.heat_consumer_w,
            "heat_asked_w": asked,
            "heat_short_w": heat_short,
            "temp_supply_c": state.temp_supply_c[consumers.node],
            "temp_return_c": state.temp_return_consumer_c,
            "pressure_supply_pa": supply,
            "pressure_return_pa": back,
            "dp_pa": supply - back,
            "dp_min_pa": consumers.dp_min_pa,
            "dp_short_pa": dp_short,
        },
        index=pd.Index(network.consumer_ids, name="consumer"),
    )


def producers_frame(network: Network, state: NetworkState) -> pd.DataFrame:
    """Return what every producer gives, index producer; speed and shaft power where its pumps are known."""
    producers = network.producers
    supply, back = state.pressure_supply_pa[producers.node], state.pressure_return_pa[producers.node]
    volume_m3_s = state.mass_flow_producer_kg_s / network.fluid.density_kg_m3
    frame = pd.DataFrame(
        {
            "node": np.array(network.node_ids, dtype=object)[producers.node],
            "kind": [ProducerKind(kind).name.lower() for kind in producers.kind.tolist()],
            "mass_flow_kg_s": state.mass_flow_producer_kg_s,
            "heat_w": state.heat_producer_w,
            "temp_supply_c": producers.temp_supply_c,
            "temp_return_c": state.temp_return_producer_c,
            "pressure_return_pa": back,
            "lift_pa": supply - back,
            "power_hydraulic_w": np.maximum((supply - back) * volume_m3_s, 0.0),
            "speed_pump_rel": np.nan,
            "power_shaft_w": np.nan,
        },
        index=pd.Index(network.producer_ids, name="producer"),
    )
    speed_rel, power_w = _pump_of_plant(network, float(volume_m3_s[0]), float((supply - back)[0]))
    frame.loc[network.producer_ids[0], ["speed_pump_rel", "power_shaft_w"]] = [speed_rel, power_w]
    return frame


def _pump_of_plant(network: Network, volume_m3_s: float, lift_pa: float) -> tuple[float, float]:
    """Return speed and power at the shaft of the first producer's pumps; NaN where no pump was given."""
    plant = network.plant
    if not (plant.n_parallel > 0 and plant.head_a0_pa > 0.0 and volume_m3_s >= 0.0):
        return math.nan, math.nan
    each_m3_s = volume_m3_s / plant.n_parallel
    curve = (plant.head_a0_pa, plant.head_a1_pa_s_m3, plant.head_a2_pa_s2_m6)
    speed_rel = float(speed_for_rel(each_m3_s, lift_pa, *curve))
    if math.isnan(speed_rel) or math.isnan(plant.efficiency_best):
        return speed_rel, math.nan
    flow_end_m3_s = float(flow_at_m3_s(0.0, 1.0, *curve))
    share = float(efficiency(each_m3_s, speed_rel, plant.efficiency_best, plant.flow_best_m3_s, flow_end_m3_s))
    return speed_rel, plant.n_parallel * float(shaft_power_w(each_m3_s, lift_pa, share))


def _is_beside(name: str) -> bool:
    return name.endswith(" passage)")


def elements_frame(network: Network, state: NetworkState) -> pd.DataFrame:
    """Return valves and pumps in lines, index element; `pressure_rise_pa` is negative where pressure is lost."""
    elements = network.elements
    names = np.array(network.node_ids, dtype=object)
    in_return = elements.is_return == 1
    pressure = np.where(in_return[:, None], state.pressure_return_pa, state.pressure_supply_pa)
    level_pa = pressure + network.fluid.density_kg_m3 * GRAVITY_M_S2 * network.nodes.elevation_m
    rows = np.arange(in_return.size)
    kinds = [
        "passage" if _is_beside(name) else "pump" if head > 0.0 else "check_valve" if one_way else "valve"
        for name, head, one_way in zip(
            network.element_ids, elements.head_a0_pa.tolist(), elements.one_way.tolist(), strict=True
        )
    ]
    return pd.DataFrame(
        {
            "kind": kinds,
            "line": np.where(in_return, "return", "supply"),
            "start": names[elements.node_start],
            "end": names[elements.node_end],
            "open": elements.is_open == 1,
            "mass_flow_kg_s": state.mass_flow_element_kg_s,
            "pressure_rise_pa": level_pa[rows, elements.node_end] - level_pa[rows, elements.node_start],
        },
        index=pd.Index(network.element_ids, name="element"),
    )


def balance_of(network: Network, state: NetworkState) -> NetworkBalance:
    """Return what goes into every node and into the network against what comes out."""
    worst = 0.0
    for is_return in (False, True):
        net = np.zeros(len(network.node_ids))
        line, flow = (
            (network.return_line, state.mass_flow_return_kg_s)
            if is_return
            else (network.supply, state.mass_flow_supply_kg_s)
        )
        inward = -1.0 if is_return else 1.0
        np.add.at(net, line.node_start, -flow)
        np.add.at(net, line.node_end, flow)
        own = network.elements.is_return == int(is_return)
        np.add.at(net, network.elements.node_start[own], -state.mass_flow_element_kg_s[own])
        np.add.at(net, network.elements.node_end[own], state.mass_flow_element_kg_s[own])
        np.add.at(net, network.producers.node, inward * state.mass_flow_producer_kg_s)
        np.add.at(net, network.consumers.node, -inward * state.mass_flow_consumer_kg_s)
        worst = max(worst, float(np.abs(net).max()))
    lost_w = float(state.heat_loss_supply_w.sum() + state.heat_loss_return_w.sum())
    return NetworkBalance(worst, float(state.heat_producer_w.sum()), float(state.heat_consumer_w.sum()), lost_w)
