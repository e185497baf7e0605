"""From what is said of a network to its arrays: names become indices, pipes come in the order that sweeps need."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dhsim import catalogue
from dhsim.build.network_order import Order, Way, order_of
from dhsim.build.pipes import PipeData, pipe_data
from dhsim.errors import Problem, ScenarioError
from dhsim.network.parts import (
    ConsumerKind,
    Consumers,
    Elements,
    Floats,
    Fluid,
    Ints,
    LiftLaw,
    Line,
    Network,
    Nodes,
    Plant,
    ProducerKind,
    Producers,
)
from dhsim.physics.jet_pump import nozzle_diameter_mm
from dhsim.physics.orifice import washer_conductance_kg_s_pa05
from dhsim.physics.pump import fit_curve, flow_at_m3_s
from dhsim.physics.valve import conductance_kg_s_pa05
from dhsim.physics.water import GRAVITY_M_S2, density_kg_m3, dynamic_viscosity_pa_s, heat_capacity_j_kgk
from dhsim.scenario.network_agreement import network_disagreements, node_positions, pipe_length_m
from dhsim.scenario.network_layout import Layout, layout_of, passages_of
from dhsim.scenario.network_schema import (
    NetworkConsumer,
    NetworkPipe,
    NetworkProducer,
    NetworkScenario,
    NetworkValve,
    PumpCurve,
)
from dhsim.scenario.piping import PipeConstruction
from dhsim.scenario.places import projection
from dhsim.units import M_PER_MM, PA_PER_KPA, S_PER_H, W_PER_KW

TEMP_SURROUNDINGS_C = 10.0
"""Where nothing was said because no pipe loses heat."""
_LAWS = {
    "fixed": LiftLaw.FIXED,
    "worst_consumer": LiftLaw.WORST_CONSUMER,
    "proportional": LiftLaw.PROPORTIONAL,
    "speed": LiftLaw.PUMP_SPEED,
}
_CONSTRUCTION = tuple(PipeConstruction.model_fields)


class PipeSigns(NamedTuple):
    """Whether a pipe of the arrays runs as the user said it (1) or the other way round (-1)."""

    supply: Ints
    """(n_pipe of the supply line,)"""
    return_line: Ints
    """(n_pipe of the return line,)"""


def build_network(scenario: NetworkScenario) -> Network:
    """Return a network as the solvers take it.

    Node 0 is the first producer's, the others are numbered breadth first along the supply line. The pipes of a line
    come with its spanning tree first; a pipe of the tree leads away from the producer, whichever way round it was said
    (`pipe_signs` tells). Valves and pumps that stand in one line get an open passage beside them in the other, unless
    something joins their ends there.

    Raises
    ------
    ScenarioError
        Parts that do not hang together, or an impossible pump; all problems at once, by name.
    """
    findings = network_disagreements(scenario)
    if findings:
        raise ScenarioError(scenario.problem(key, message) for key, message in findings)
    layout = layout_of(scenario)
    assert layout is not None
    order, fluid = order_of(layout), _fluid(scenario)
    supply_ids, supply, return_ids, return_line = _lines(scenario, order)
    element_ids, elements = _elements(scenario, layout, order, fluid)
    surroundings = [said for said in (scenario.temp_ground_c, scenario.temp_air_c) if said is not None]
    default_c = surroundings[0] if surroundings else TEMP_SURROUNDINGS_C
    return Network(
        name=scenario.name,
        fluid=fluid,
        node_ids=tuple(order.node),
        nodes=_nodes(scenario, order),
        supply_ids=supply_ids,
        supply=supply,
        return_ids=return_ids,
        return_line=return_line,
        mirrored=not element_ids and all(pipe.line == "both" for pipe in scenario.pipes),
        element_ids=element_ids,
        elements=elements,
        consumer_ids=tuple(consumer.id for consumer in scenario.consumers),
        consumers=_consumers(scenario, order, fluid),
        producer_ids=tuple(producer.id for producer in scenario.producers),
        producers=_producers(scenario, order),
        plant=_plant(scenario, fluid),
        temp_ground_c=default_c if scenario.temp_ground_c is None else scenario.temp_ground_c,
        temp_air_c=default_c if scenario.temp_air_c is None else scenario.temp_air_c,
        colebrook_constant=scenario.colebrook_constant,
    )


def pipe_signs(scenario: NetworkScenario, network: Network) -> PipeSigns:
    """Return +1 for every pipe that runs as the user said it, -1 for one that was turned; flows times this are his."""
    start_of = {pipe.id: pipe.start for pipe in scenario.pipes}

    def signs(ids: Sequence[str], line: Line) -> Ints:
        told = zip(ids, line.node_start, strict=True)
        return np.array([1 if network.node_ids[node] == start_of[id_] else -1 for id_, node in told], dtype=np.int64)

    return PipeSigns(signs(network.supply_ids, network.supply), signs(network.return_ids, network.return_line))


def _fluid(scenario: NetworkScenario) -> Fluid:
    said = scenario.fluid
    if said.temp_c is not None:
        temp_c = said.temp_c
        return Fluid(
            float(density_kg_m3(temp_c)), float(dynamic_viscosity_pa_s(temp_c)), float(heat_capacity_j_kgk(temp_c))
        )
    constants = (said.density_kg_m3, said.viscosity_pa_s, said.heat_capacity_j_kgk)
    return Fluid(*(float(constant) for constant in constants if constant is not None))


def _floats(values: Sequence[float | None]) -> Floats:
    """Return an array; NaN where nothing was said."""
    return np.array([math.nan if value is None else value for value in values], dtype=np.float64)


def _nodes(scenario: NetworkScenario, order: Order) -> Nodes:
    positions = node_positions(scenario)
    to_metres = projection([positions[name] for name in order.node if name in positions], scenario.coordinates)
    placed = [to_metres(positions[name]) if name in positions else (math.nan, math.nan) for name in order.node]
    elevation = {node.id: node.elevation_m for node in scenario.nodes}
    x_m, y_m = np.array(placed, dtype=np.float64).T.copy()
    return Nodes(_floats([elevation.get(name, 0.0) for name in order.node]), x_m, y_m)


def _lines(scenario: NetworkScenario, order: Order) -> tuple[tuple[str, ...], Line, tuple[str, ...], Line]:
    """Return ids and pipes of the supply line, and of the return line."""
    data = _pipe_data(scenario.pipes)
    positions = node_positions(scenario)
    lengths = _floats([pipe_length_m(pipe, positions, scenario.coordinates) for pipe in scenario.pipes])

    def line(ways: Sequence[Way], is_return: bool) -> tuple[tuple[str, ...], Line]:
        pipes, built = [scenario.pipes[way.pipe] for way in ways], [data[way.pipe] for way in ways]
        columns = Line(
            node_start=np.array([way.start for way in ways], dtype=np.int64),
            node_end=np.array([way.end for way in ways], dtype=np.int64),
            length_m=lengths[[way.pipe for way in ways]],
            diameter_m=_floats([item.diameter_inner_m for item in built]),
            roughness_m=_floats([item.roughness_m for item in built]),
            zeta=_floats([pipe.zeta for pipe in pipes]),
            u_w_mk=_floats([item.u_return_w_mk if is_return else item.u_supply_w_mk for item in built]),
            heat_capacity_wall_j_mk=_floats([item.heat_capacity_wall_j_mk for item in built]),
            buried=np.array([item.buried for item in built], dtype=np.int64),
        )
        return tuple(pipe.id for pipe in pipes), columns

    return *line(order.supply, False), *line(order.back, True)


def _pipe_data(pipes: Sequence[NetworkPipe]) -> list[PipeData]:
    """Return what each pipe is made of; equal constructions are worked out once."""
    known: dict[tuple[object, ...], PipeData] = {}
    made = []
    for pipe in pipes:
        said = tuple(getattr(pipe, name) for name in _CONSTRUCTION)
        if said not in known:
            known[said] = pipe_data(pipe)
        made.append(known[said])
    return made


class _Element(NamedTuple):
    id: str
    is_return: int
    start: str
    end: str
    resistance_pa_s2_kg2: float = 0.0
    head: tuple[float, float, float] = (0.0, 0.0, 0.0)
    speed_rel: float = 1.0
    parallel: int = 1
    one_way: bool = False
    is_open: bool = True


def _elements(
    scenario: NetworkScenario, layout: Layout, order: Order, fluid: Fluid
) -> tuple[tuple[str, ...], Elements]:
    made: list[_Element] = []
    for valve in scenario.valves:
        rest = (_valve_resistance_pa_s2_kg2(valve, fluid), (0.0, 0.0, 0.0), 1.0, 1, valve.check_valve, valve.open)
        if valve.line != "return":
            made.append(_Element(valve.id, 0, valve.start, valve.end, *rest))
        if valve.line == "return":
            made.append(_Element(valve.id, 1, valve.start, valve.end, *rest))
        elif valve.line == "both":
            made.append(_Element(f"{valve.id} (return)", 1, valve.end, valve.start, *rest))
    for index, pump in enumerate(scenario.pumps):
        head = _head(scenario, pump, f"pumps.{index}", fluid)
        is_return = int(pump.line == "return")
        rest = (0.0, head, pump.speed_rel, pump.count, True, pump.on)
        made.append(_Element(pump.id, is_return, pump.start, pump.end, *rest))
    made += [_Element(beside.id, beside.line, beside.start, beside.end) for beside in passages_of(layout)]
    node = order.node
    columns = Elements(
        is_return=np.array([item.is_return for item in made], dtype=np.int64),
        node_start=np.array([node[item.start] for item in made], dtype=np.int64),
        node_end=np.array([node[item.end] for item in made], dtype=np.int64),
        resistance_pa_s2_kg2=_floats([item.resistance_pa_s2_kg2 for item in made]),
        head_a0_pa=_floats([item.head[0] for item in made]),
        head_a1_pa_s_m3=_floats([item.head[1] for item in made]),
        head_a2_pa_s2_m6=_floats([item.head[2] for item in made]),
        speed_rel=_floats([item.speed_rel for item in made]),
        n_parallel=np.array([item.parallel for item in made], dtype=np.int64),
        one_way=np.array([item.one_way for item in made], dtype=np.int64),
        is_open=np.array([item.is_open for item in made], dtype=np.int64),
    )
    return tuple(item.id for item in made), columns


def _valve_resistance_pa_s2_kg2(valve: NetworkValve, fluid: Fluid) -> float:
    """Return pressure drop over flow squared: of the kvs, or ``zeta 8 / (pi^2 rho d^4)``."""
    if valve.kvs_m3_h is not None:
        return 1.0 / float(conductance_kg_s_pa05(valve.kvs_m3_h, fluid.density_kg_m3)) ** 2
    assert valve.zeta is not None
    assert valve.diameter_inner_mm is not None
    return valve.zeta * 8.0 / (math.pi**2 * fluid.density_kg_m3 * (valve.diameter_inner_mm * M_PER_MM) ** 4)


def _head(scenario: NetworkScenario, pump: PumpCurve, key: str, fluid: Fluid) -> tuple[float, float, float]:
    """Return a0, a1 and a2 of one pump."""
    flow_m3_h, head_m = pump.flow_m3_h or [], pump.head_m or []
    if pump.model is not None:
        row = catalogue.entry("pumps", pump.model)
        flow_m3_h = list(catalogue.points(row, "flow_points_m3_h"))
        head_m = list(catalogue.points(row, "head_points_m"))
    try:
        return fit_curve(np.array(flow_m3_h) / S_PER_H, np.array(head_m) * fluid.density_kg_m3 * GRAVITY_M_S2)
    except ValueError as error:
        raise ScenarioError([scenario.problem(key, str(error))]) from None


def _consumers(scenario: NetworkScenario, order: Order, fluid: Fluid) -> Consumers:
    said = scenario.consumers
    return Consumers(
        node=np.array([order.node[item.node or item.id] for item in said], dtype=np.int64),
        kind=np.array([_kind(item) for item in said], dtype=np.int64),
        mass_flow_kg_s=_floats([item.mass_flow_kg_s for item in said]),
        heat_w=_floats([None if item.heat_kw is None else item.heat_kw * W_PER_KW for item in said]),
        temp_drop_k=_floats([item.temp_drop_k for item in said]),
        temp_return_c=_floats([item.temp_return_c for item in said]),
        conductance_kg_s_pa05=_floats([_conductance_kg_s_pa05(item, fluid) for item in said]),
        is_on=np.array([item.on for item in said], dtype=np.int64),
        dp_min_pa=_floats([item.dp_min_kpa * PA_PER_KPA for item in said]),
        height_m=_floats([item.height_m for item in said]),
        pressure_max_pa=_floats(
            [item.pressure_max_kpa * PA_PER_KPA if item.connection == "direct" else math.inf for item in said]
        ),
    )


def _kind(consumer: NetworkConsumer) -> int:
    if consumer.mass_flow_kg_s is not None:
        return int(ConsumerKind.MASS_FLOW)
    driven = (consumer.kvs_m3_h, consumer.orifice_mm, consumer.nozzle_mm, consumer.mass_flow_design_kg_s)
    if any(key is not None for key in driven):
        return int(ConsumerKind.PRESSURE)
    return int(ConsumerKind.TEMP_DROP if consumer.temp_drop_k is not None else ConsumerKind.TEMP_RETURN)


def _conductance_kg_s_pa05(consumer: NetworkConsumer, fluid: Fluid) -> float | None:
    """Return K of a consumer that the pressure drives, None for the others [kg/(s sqrt(Pa))]."""
    if consumer.kvs_m3_h is not None:
        return float(conductance_kg_s_pa05(consumer.kvs_m3_h, fluid.density_kg_m3))
    if consumer.orifice_mm is not None:
        return float(washer_conductance_kg_s_pa05(consumer.orifice_mm))
    if consumer.nozzle_mm is not None:
        # the nozzle's diameter goes with the root of K, and this one has K = 1
        return (consumer.nozzle_mm / float(nozzle_diameter_mm(1.0, 1.0))) ** 2
    if consumer.mass_flow_design_kg_s is not None and consumer.dp_design_kpa is not None:
        return consumer.mass_flow_design_kg_s / math.sqrt(consumer.dp_design_kpa * PA_PER_KPA)
    return None


def _producers(scenario: NetworkScenario, order: Order) -> Producers:
    said = scenario.producers
    kinds = [ProducerKind.LIFT if item.mass_flow_kg_s is None else ProducerKind.MASS_FLOW for item in said]
    return Producers(
        node=np.array([order.node[item.node or item.id] for item in said], dtype=np.int64),
        kind=np.array([int(kind) for kind in kinds], dtype=np.int64),
        lift_pa=_floats([_lift_pa(item) for item in said]),
        mass_flow_kg_s=_floats([item.mass_flow_kg_s for item in said]),
        temp_supply_c=_floats([item.temp_supply_c for item in said]),
    )


def _lift_pa(producer: NetworkProducer) -> float | None:
    """Return the lift as said; 0 where the control of the pumps finds it, None for a given flow [Pa]."""
    if producer.lift_kpa is not None:
        return producer.lift_kpa * PA_PER_KPA
    return 0.0 if producer.mass_flow_kg_s is None else None


def _plant(scenario: NetworkScenario, fluid: Fluid) -> Plant:
    said = scenario.producers[0]
    pumps, head, best, flow_best_m3_s = said.pumps, (0.0, 0.0, 0.0), math.nan, math.nan
    if pumps is not None:
        head = _head(scenario, pumps, "producers.0.pumps", fluid)
        row = catalogue.entry("pumps", pumps.model) if pumps.model is not None else {}
        best = pumps.efficiency_best or catalogue.number(row, "efficiency_best")
        flow_best_m3_s = (pumps.flow_best_m3_h or catalogue.number(row, "flow_best_m3_h")) / S_PER_H
        if flow_best_m3_s >= float(flow_at_m3_s(0.0, 1.0, *head)):
            message = f"impossible pump: its best flow of {flow_best_m3_s * S_PER_H:g} m3/h lies beyond its curve's end"
            raise ScenarioError([_of_pumps(scenario, message)])
    return Plant(
        pressure_return_pa=(said.pressure_return_kpa or 0.0) * PA_PER_KPA,
        law=int(_LAWS[said.control]),
        dp_set_pa=(said.dp_set_kpa or 0.0) * PA_PER_KPA,
        lift_zero_rel=said.lift_zero_rel,
        mass_flow_design_kg_s=math.nan if said.mass_flow_design_kg_s is None else said.mass_flow_design_kg_s,
        head_a0_pa=head[0],
        head_a1_pa_s_m3=head[1],
        head_a2_pa_s2_m6=head[2],
        efficiency_best=best,
        flow_best_m3_s=flow_best_m3_s,
        speed_rel=1.0 if pumps is None else pumps.speed_rel,
        n_parallel=0 if pumps is None else pumps.count,
    )


def _of_pumps(scenario: NetworkScenario, message: str) -> Problem:
    return scenario.problem("producers.0.pumps.flow_best_m3_h", message)
