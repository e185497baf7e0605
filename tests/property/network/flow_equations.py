"""Small networks made up for tests, the equations that a solved one must fulfil, and a slow solver of its own.

Written one pipe and one node at a time, with nothing from the solver but `pressure_drop_pa`.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
from scipy.optimize import root

from dhsim.network.parts import (
    ConsumerKind,
    Consumers,
    Elements,
    Fluid,
    LiftLaw,
    Line,
    Network,
    NetworkState,
    Nodes,
    Plant,
    ProducerKind,
    Producers,
)
from dhsim.physics.friction import pressure_drop_pa

FLUID = Fluid(970.0, 4e-4, 4190.0)
GRAVITY = 9.80665
GROUND, AIR = 6.0, -20.0
MASS_FLOW, TEMP_DROP, TEMP_RETURN, PRESSURE = (int(kind) for kind in ConsumerKind)
PIPE = {
    "length_m": 100.0, "diameter_m": 0.1, "roughness_m": 2e-4, "zeta": 1.0, "u_w_mk": 0.4, "wall": 0.0, "buried": 1,
}  # fmt: skip
CONSUMER = {
    "kind": MASS_FLOW, "mass_flow_kg_s": 1.0, "heat_w": 1e5, "temp_drop_k": np.nan, "temp_return_c": np.nan,
    "conductance": 3e-3, "is_on": 1, "dp_min_pa": 0.0,
}  # fmt: skip
ELEMENT = {
    "is_return": 0, "resistance": 100.0, "a0": 0.0, "a1": 0.0, "a2": 0.0, "speed": 1.0, "n": 1, "one_way": 0,
    "is_open": 1,
}  # fmt: skip
PRODUCER = {"node": 0, "kind": int(ProducerKind.LIFT), "lift_pa": 2e5, "mass_flow_kg_s": 0.0, "temp_supply_c": 95.0}
PLANT = Plant(3e5, int(LiftLaw.FIXED), 0.0, 1.0, 10.0, 0.0, 0.0, 0.0, 0.7, 0.01, 1.0, 1)


def _column(rows: list[dict[str, Any]], key: str, default: Any) -> Any:
    kind = np.int64 if isinstance(default, int) else np.float64
    return np.array([row.get(key, default) for row in rows], dtype=kind)


def line_of(pipes: list[tuple[Any, ...]]) -> Line:
    """Make a line of (start, end) or (start, end, {what differs from PIPE})."""
    rows = [pipe[2] if len(pipe) > 2 else {} for pipe in pipes]
    ends = [np.array([pipe[i] for pipe in pipes], dtype=np.int64) for i in (0, 1)]
    return Line(*ends, *(_column(rows, key, default) for key, default in PIPE.items()))


def network_of(
    pipes: list[tuple[Any, ...]],
    consumers: list[tuple[Any, ...]],
    *,
    producers: list[dict[str, Any]] | None = None,
    elements: list[tuple[Any, ...]] | None = None,
    pipes_return: list[tuple[Any, ...]] | None = None,
    mirrored: bool = True,
    elevation_m: Any = None,
    plant: dict[str, Any] | None = None,
    fluid: Fluid = FLUID,
) -> Network:
    """Make a network: consumers are (node, {...}), elements (start, end, {...}); what is left out is as above."""
    supply = line_of(pipes)
    back = supply if pipes_return is None else line_of(pipes_return)
    elements, producers = elements or [], producers or [{}]
    nodes = [0, *supply.node_start, *supply.node_end, *back.node_start, *back.node_end]
    nodes += [c[0] for c in consumers] + [n for e in elements for n in e[:2]] + [p.get("node", 0) for p in producers]
    n_node = int(max(nodes)) + 1
    rows = [c[1] if len(c) > 1 else {} for c in consumers]
    of_consumer = [_column(rows, key, default) for key, default in CONSUMER.items()]
    each = [e[2] if len(e) > 2 else {} for e in elements]
    of_element = {key: _column(each, key, default) for key, default in ELEMENT.items()}
    ends = [np.array([e[i] for e in elements], dtype=np.int64) for i in (0, 1)]
    n = len(consumers)
    return Network(
        name="made up",
        fluid=fluid,
        node_ids=tuple(f"n{i}" for i in range(n_node)),
        nodes=Nodes(
            np.zeros(n_node) if elevation_m is None else np.asarray(elevation_m, dtype=np.float64),
            np.full(n_node, np.nan),
            np.full(n_node, np.nan),
        ),
        supply_ids=tuple(f"s{j}" for j in range(supply.length_m.size)),
        supply=supply,
        return_ids=tuple(f"r{j}" for j in range(back.length_m.size)),
        return_line=back,
        mirrored=mirrored,
        element_ids=tuple(f"e{j}" for j in range(len(elements))),
        elements=Elements(of_element.pop("is_return"), *ends, *of_element.values()),
        consumer_ids=tuple(f"c{i}" for i in range(n)),
        consumers=Consumers(
            np.array([c[0] for c in consumers], dtype=np.int64), *of_consumer, np.full(n, np.nan), np.full(n, np.inf)
        ),
        producer_ids=tuple(f"p{i}" for i in range(len(producers))),
        producers=Producers(*(_column(producers, key, default) for key, default in PRODUCER.items())),
        plant=PLANT._replace(**(plant or {})),
        temp_ground_c=GROUND,
        temp_air_c=AIR,
        colebrook_constant=3.71,
    )


def as_separate(network: Network) -> Network:
    """Return a mirrored network as one whose lines are solved each on its own."""
    return dataclasses.replace(network, mirrored=False)


def pipe_drop_pa(network: Network, line: Line, j: int, flow: float) -> float:
    """Return the pressure drop of one pipe."""
    of_pipe = (line.length_m[j], line.diameter_m[j], line.roughness_m[j], line.zeta[j])
    fluid = network.fluid
    return float(
        pressure_drop_pa(flow, *of_pipe, fluid.density_kg_m3, fluid.viscosity_pa_s, network.colebrook_constant)
    )


def element_drop_pa(network: Network, j: int, flow: float) -> float:
    """Return the pressure drop of one open element that lets the flow through."""
    e = network.elements
    drop = e.resistance_pa_s2_kg2[j] * flow * abs(flow)
    if e.head_a0_pa[j] != 0.0:
        n, volume = e.speed_rel[j], flow / (e.n_parallel[j] * network.fluid.density_kg_m3)
        drop -= e.head_a0_pa[j] * n * n + e.head_a1_pa_s_m3[j] * n * volume
        drop -= e.head_a2_pa_s2_m6[j] * volume * abs(volume)
    return float(drop)


def imbalances_kg_s(network: Network, state: NetworkState) -> tuple[Any, Any]:
    """Return what flows in less what flows out at every node of either line, and all that passes there."""
    n = len(network.node_ids)
    net, passing = np.zeros((2, n)), np.zeros((2, n))

    def add(side: int, node: int, flow: float) -> None:
        net[side, node] += flow
        passing[side, node] += abs(flow)

    for side, line, flows in (
        (0, network.supply, state.mass_flow_supply_kg_s),
        (1, network.return_line, state.mass_flow_return_kg_s),
    ):
        for j, flow in enumerate(flows):
            add(side, line.node_start[j], -flow)
            add(side, line.node_end[j], flow)
    for j, flow in enumerate(state.mass_flow_element_kg_s):
        side = int(network.elements.is_return[j])
        add(side, network.elements.node_start[j], -flow)
        add(side, network.elements.node_end[j], flow)
    for i, flow in enumerate(state.mass_flow_consumer_kg_s):
        add(0, network.consumers.node[i], -flow)
        add(1, network.consumers.node[i], flow)
    for i, flow in enumerate(state.mass_flow_producer_kg_s):
        add(0, network.producers.node[i], flow)
        add(1, network.producers.node[i], -flow)
    return net, passing


def levels_pa(network: Network, state: NetworkState) -> Any:
    """Return the pressures without the height of the places, (2, n_node)."""
    rise = network.nodes.elevation_m - network.nodes.elevation_m[0]
    return np.array([state.pressure_supply_pa, state.pressure_return_pa]) + network.fluid.density_kg_m3 * GRAVITY * rise


def check_flows(
    network: Network, state: NetworkState, *, relative: float = 1e-8, cut_off: tuple[int, ...] = ()
) -> None:
    """Assert that mass balances at every node and that pressures are those that the flows cost."""
    net, passing = imbalances_kg_s(network, state)
    largest = max(passing.max(initial=0.0), 1e-2)
    assert np.abs(net).max() <= 1e-9 * largest, np.abs(net).max() / largest
    level = levels_pa(network, state)
    scale = max(np.nanmax(np.abs(level - level[1, 0])), 1e3)
    for side, line, flows in (
        (0, network.supply, state.mass_flow_supply_kg_s),
        (1, network.return_line, state.mass_flow_return_kg_s),
    ):
        for j, flow in enumerate(flows):
            across = level[side, line.node_start[j]] - level[side, line.node_end[j]]
            miss = across - pipe_drop_pa(network, line, j, flow)
            assert abs(miss) <= relative * scale, ("pipe", side, j, flow, across)
    e = network.elements
    for j, flow in enumerate(state.mass_flow_element_kg_s):
        side = int(e.is_return[j])
        across = level[side, e.node_start[j]] - level[side, e.node_end[j]]
        if not e.is_open[j]:
            assert flow == 0.0
        elif e.one_way[j] and flow <= 0.0:
            assert flow > -1e-6
            assert across + e.head_a0_pa[j] * e.speed_rel[j] ** 2 <= relative * scale
        else:
            assert abs(across - element_drop_pa(network, j, flow)) <= relative * scale, ("element", j, flow, across)
    _check_consumers(network, state, level[0] - level[1], relative, largest, cut_off)


def _check_consumers(
    network: Network, state: NetworkState, dp: Any, relative: float, largest: float, cut_off: tuple[int, ...]
) -> None:
    c = network.consumers
    for i, flow in enumerate(state.mass_flow_consumer_kg_s):
        if c.kind[i] == PRESSURE:
            expected = c.conductance_kg_s_pa05[i] * math.sqrt(max(dp[c.node[i]], 0.0)) if c.is_on[i] else 0.0
            assert abs(flow - expected) <= max(relative * largest, 2e-5), ("consumer", i, flow, expected)
            if flow > 1e-3:
                assert abs(flow - expected) <= relative * 10.0 * flow
        elif not c.is_on[i] or i in cut_off:
            assert flow == 0.0
        elif c.kind[i] == MASS_FLOW:
            assert flow == c.mass_flow_kg_s[i]
        elif c.kind[i] == TEMP_DROP:
            expected = c.heat_w[i] / (network.fluid.heat_capacity_j_kgk * c.temp_drop_k[i])
            assert math.isclose(flow, expected, rel_tol=1e-12)


def check_temperatures(network: Network, state: NetworkState, *, tolerance_k: float = 1e-7) -> None:
    """Assert that water mixes, cools and is used as it should, and that no heat gets lost or made (steady state)."""
    cp, n = network.fluid.heat_capacity_j_kgk, len(network.node_ids)
    mass, heat = np.zeros((2, n)), np.zeros((2, n))
    temps = (state.temp_supply_c, state.temp_return_c)

    def bring(side: int, node: int, flow: float, temp: float) -> None:
        if flow > 0.0:
            mass[side, node] += flow
            heat[side, node] += flow * temp

    for side, line, flows, outlets in (
        (0, network.supply, state.mass_flow_supply_kg_s, state.temp_outlet_supply_c),
        (1, network.return_line, state.mass_flow_return_kg_s, state.temp_outlet_return_c),
    ):
        for j, flow in enumerate(flows):
            if flow != 0.0:
                up, down = line.node_start[j], line.node_end[j]
                up, down = (up, down) if flow > 0.0 else (down, up)
                around = network.temp_ground_c if line.buried[j] else network.temp_air_c
                if abs(flow) > 1e-9:
                    kept = math.exp(-line.u_w_mk[j] * line.length_m[j] / (abs(flow) * cp))
                    miss = outlets[j] - around - (temps[side][up] - around) * kept
                    assert abs(miss) <= tolerance_k, ("pipe", side, j)
                bring(side, down, abs(flow), outlets[j])
    for j, flow in enumerate(state.mass_flow_element_kg_s):
        side, ends = int(network.elements.is_return[j]), (network.elements.node_start[j], network.elements.node_end[j])
        up, down = ends if flow > 0.0 else ends[::-1]
        bring(side, down, abs(flow), temps[side][up])
    for i, flow in enumerate(state.mass_flow_consumer_kg_s):
        node = network.consumers.node[i]
        bring(1, node, flow, state.temp_return_consumer_c[i])
        used = flow * cp * (temps[0][node] - state.temp_return_consumer_c[i])
        assert math.isclose(used, state.heat_consumer_w[i], rel_tol=1e-9, abs_tol=1e-3)
    for i, flow in enumerate(state.mass_flow_producer_kg_s):
        node = network.producers.node[i]
        bring(0, node, flow, network.producers.temp_supply_c[i])
        bring(1, node, -flow, temps[0][node])
    for side in (0, 1):
        for node in np.flatnonzero(mass[side] > 1e-9):
            mixed = heat[side, node] / mass[side, node]
            assert abs(temps[side][node] - mixed) <= tolerance_k, ("node", side, node, temps[side][node], mixed)
    check_energy(state)


def check_energy(state: NetworkState, *, relative: float = 1e-9) -> None:
    """Assert that what is produced is what is used and lost."""
    losses = state.heat_loss_supply_w.sum() + state.heat_loss_return_w.sum()
    scale = np.abs(state.heat_producer_w).sum() + np.abs(state.heat_consumer_w).sum()
    assert abs(state.heat_producer_w.sum() - state.heat_consumer_w.sum() - losses) <= relative * max(scale, 1e3)


def solve_slowly(network: Network, asked_kg_s: Any, lift_pa: float, *, start: Any = None) -> tuple[Any, Any]:
    """Solve all equations of both lines at once with SciPy; return flows and levels [Pa] of both lines.

    Unknown are the flows of pipes, elements, pressure-driven consumers and producers with a fixed lift, and the levels.
    Check valves are not solved for. Flows stand in the order supply, return, elements, consumers, producers.
    """
    n, c, p, e = len(network.node_ids), network.consumers, network.producers, network.elements
    ways = [(s, t) for s, t in zip(network.supply.node_start, network.supply.node_end, strict=True)]
    ways += [(s + n, t + n) for s, t in zip(network.return_line.node_start, network.return_line.node_end, strict=True)]
    shift = e.is_return * n
    ways += list(zip(e.node_start + shift, e.node_end + shift, strict=True))
    ways += [(node, node + n) for node in c.node]
    ways += [(node + n, node) for node in p.node]
    n_supply, n_return, n_element = len(network.supply_ids), len(network.return_ids), len(network.element_ids)
    first_consumer = n_supply + n_return + n_element
    first_producer = first_consumer + len(network.consumer_ids)
    scale_flow, scale_level = 1.0, 1e5

    def law(b: int, flow: float, across: float) -> float:
        if b < n_supply:
            return (across - pipe_drop_pa(network, network.supply, b, flow)) / scale_level
        if b < n_supply + n_return:
            return (across - pipe_drop_pa(network, network.return_line, b - n_supply, flow)) / scale_level
        if b < first_consumer:
            j = b - n_supply - n_return
            return (across - element_drop_pa(network, j, flow)) / scale_level if e.is_open[j] else flow
        if b < first_producer:
            i = b - first_consumer
            if c.kind[i] != PRESSURE or not c.is_on[i]:
                return flow - asked_kg_s[i]
            k = c.conductance_kg_s_pa05[i]
            return (across - flow * abs(flow) / k**2) / scale_level if k > 0.0 else flow
        i = b - first_producer
        if p.kind[i] == ProducerKind.MASS_FLOW:
            return flow - p.mass_flow_kg_s[i]
        return (across + (lift_pa if i == 0 else p.lift_pa[i])) / scale_level

    def residual(x: Any) -> Any:
        flow, level = x[: len(ways)] * scale_flow, x[len(ways) :] * scale_level
        out = [law(b, flow[b], level[s] - level[t]) for b, (s, t) in enumerate(ways)]
        balance = np.zeros(2 * n)
        for b, (s, t) in enumerate(ways):
            balance[s] -= flow[b]
            balance[t] += flow[b]
        balance[n] = level[n] / scale_level  # one balance follows from the others; the level is ours to choose
        return np.array([*out, *balance])

    guess = np.concatenate([np.ones(len(ways)), np.zeros(2 * n)]) if start is None else start
    found = root(residual, guess, method="hybr", options={"xtol": 1e-13, "maxfev": 100_000})
    miss = np.abs(found.fun).max()
    assert miss < 1e-9, f"the slow solver failed: {found.message} ({miss:g})"
    return found.x[: len(ways)], found.x[len(ways) :].reshape(2, n) * scale_level


def all_flows(state: NetworkState) -> Any:
    """Return the flows of a state in the order of `solve_slowly`."""
    return np.concatenate(
        [
            state.mass_flow_supply_kg_s, state.mass_flow_return_kg_s, state.mass_flow_element_kg_s,
            state.mass_flow_consumer_kg_s, state.mass_flow_producer_kg_s,
        ]
    )  # fmt: skip
