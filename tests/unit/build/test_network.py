from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from dhsim.build.network import build_network, pipe_signs
from dhsim.errors import ScenarioError
from dhsim.network.parts import ConsumerKind, LiftLaw, ProducerKind
from dhsim.physics.jet_pump import nozzle_diameter_mm
from dhsim.physics.orifice import washer_conductance_kg_s_pa05
from dhsim.physics.valve import conductance_kg_s_pa05
from dhsim.scenario.network_schema import NetworkScenario

PLANT = {"id": "plant", "temp_supply_c": 90, "pressure_return_kpa": 200, "lift_kpa": 300}


def _pipe(id: str, start: str, end: str, **said: Any) -> dict[str, Any]:
    return {"id": id, "start": start, "end": end, "length_m": 100, "diameter_inner_mm": 100, **said}


RING = [
    _pipe("back", "c", "b", u_supply_w_mk=0.4, u_return_w_mk=0.2),
    _pipe("chord", "b", "d", placement="above_ground", wall_mm=3),
    _pipe("main", "b", "plant", length_m=50, zeta=2, roughness_mm=0.1),
    _pipe("far", "d", "c", diameter_inner_mm=80),
]
HOUSES = [{"id": "c", "heat_kw": 100, "temp_drop_k": 30}, {"id": "d", "heat_kw": 50, "temp_return_c": 45}]


def _scenario(**parts: Any) -> NetworkScenario:
    said = {"name": "ring", "temp_ground_c": 8.0, "temp_air_c": -5.0}
    return NetworkScenario(**(said | {"pipes": RING, "consumers": HOUSES, "producers": [PLANT]} | parts))


def test_the_tree_comes_first_and_leads_away_from_the_producer() -> None:
    network = build_network(_scenario())
    assert network.node_ids == ("plant", "b", "c", "d")
    assert network.supply_ids == ("main", "back", "chord", "far")
    assert network.supply.node_start.tolist() == [0, 1, 1, 3]
    assert network.supply.node_end.tolist() == [1, 2, 3, 2]
    assert network.mirrored
    assert network.return_ids == network.supply_ids
    for name in set(network.supply._fields) - {"u_w_mk"}:
        assert np.array_equal(getattr(network.supply, name), getattr(network.return_line, name)), name


def test_turned_pipes_are_told() -> None:
    scenario = _scenario()
    signs = pipe_signs(scenario, build_network(scenario))
    assert signs.supply.tolist() == signs.return_line.tolist() == [-1, -1, 1, 1]


def test_pipes_in_si() -> None:
    network = build_network(_scenario())
    line = network.supply
    assert line.length_m.tolist() == [50, 100, 100, 100]
    assert line.diameter_m.tolist() == pytest.approx([0.1, 0.1, 0.1, 0.08])
    assert line.roughness_m[0] == pytest.approx(1e-4)
    assert line.zeta.tolist() == [2, 0, 0, 0]
    assert (line.u_w_mk[1], network.return_line.u_w_mk[1]) == (0.4, 0.2)
    assert line.buried.tolist() == [1, 1, 0, 1]
    assert line.heat_capacity_wall_j_mk[0] == 0.0
    assert line.heat_capacity_wall_j_mk[2] > 1000.0
    assert (network.temp_ground_c, network.temp_air_c, network.colebrook_constant) == (8.0, -5.0, 3.71)


def test_water_by_temperature_or_by_constants() -> None:
    assert build_network(_scenario()).fluid.density_kg_m3 == pytest.approx(977.8, abs=0.3)
    said = {"density_kg_m3": 988, "viscosity_pa_s": 5.4e-4, "heat_capacity_j_kgk": 4180}
    assert tuple(build_network(_scenario(fluid=said)).fluid) == (988, 5.4e-4, 4180)


def test_consumers_of_every_kind() -> None:
    houses = [
        {"id": "1", "node": "c", "mass_flow_kg_s": 2, "temp_drop_k": 30, "on": False, "height_m": 20},
        {"id": "2", "node": "c", "heat_kw": 10, "temp_drop_k": 30, "dp_min_kpa": 50},
        {"id": "3", "node": "c", "heat_kw": 10, "temp_return_c": 45, "connection": "exchanger"},
        {"id": "4", "node": "d", "kvs_m3_h": 10, "heat_kw": 10},
        {"id": "5", "node": "d", "orifice_mm": 12, "temp_return_c": 40},
        {"id": "6", "node": "d", "nozzle_mm": 8, "temp_drop_k": 40},
        {"id": "7", "node": "d", "mass_flow_design_kg_s": 2, "dp_design_kpa": 40, "heat_kw": 1, "building": "155"},
    ]
    network = build_network(_scenario(consumers=houses))
    consumers = network.consumers
    names = [ConsumerKind(kind).name for kind in consumers.kind]
    assert names == ["MASS_FLOW", "TEMP_DROP", "TEMP_RETURN"] + ["PRESSURE"] * 4
    assert consumers.node.tolist() == [2, 2, 2, 3, 3, 3, 3]
    assert consumers.is_on.tolist() == [0, 1, 1, 1, 1, 1, 1]
    density = network.fluid.density_kg_m3
    expected = [conductance_kg_s_pa05(10.0, density), washer_conductance_kg_s_pa05(12.0), 2 / math.sqrt(40e3)]
    assert consumers.conductance_kg_s_pa05[[3, 4, 6]].tolist() == pytest.approx(expected)
    flow = consumers.conductance_kg_s_pa05[5] * math.sqrt(1.4e5)
    assert float(nozzle_diameter_mm(flow, 1.4e5)) == pytest.approx(8.0)
    assert consumers.heat_w[:4].tolist() == pytest.approx([math.nan, 1e4, 1e4, 1e4], nan_ok=True)
    assert np.isnan(consumers.mass_flow_kg_s[1:]).all()
    assert (consumers.dp_min_pa[1], consumers.height_m[0]) == (50e3, 20)
    assert consumers.pressure_max_pa[[0, 2]].tolist() == [6e5, math.inf]


def test_valves_in_one_line_and_in_both() -> None:
    pipes = [_pipe("p1", "plant", "a"), _pipe("p2", "b", "c"), _pipe("p3", "d", "e")]
    valves = [
        {"id": "v1", "start": "a", "end": "b", "line": "supply", "kvs_m3_h": 63, "open": False},
        {"id": "v2", "start": "c", "end": "d", "line": "both", "zeta": 4, "diameter_inner_mm": 80, "check_valve": True},
    ]
    houses = [{"id": "e", "heat_kw": 100, "temp_drop_k": 30}]
    network = build_network(_scenario(pipes=pipes, valves=valves, consumers=houses))
    assert not network.mirrored
    assert network.element_ids == ("v1", "v2", "v2 (return)", "v1 (return passage)")
    elements, node = network.elements, network.node_ids.index
    assert elements.is_return.tolist() == [0, 0, 1, 1]
    assert elements.node_start.tolist() == [node("a"), node("c"), node("d"), node("a")]
    assert elements.node_end.tolist() == [node("b"), node("d"), node("c"), node("b")]
    assert elements.is_open.tolist() == [0, 1, 1, 1]
    assert elements.one_way.tolist() == [0, 1, 1, 0]
    density = network.fluid.density_kg_m3
    speed = 5.0 / (density * math.pi / 4 * 0.08**2)
    assert elements.resistance_pa_s2_kg2[1] * 25.0 == pytest.approx(4 * density / 2 * speed**2)
    assert elements.resistance_pa_s2_kg2[0] == pytest.approx(1 / conductance_kg_s_pa05(63.0, density) ** 2)


def test_lines_with_pipes_of_their_own() -> None:
    pipes = [
        _pipe("s1", "plant", "s", line="supply"),
        _pipe("s2", "s", "c", line="supply"),
        _pipe("r", "c", "plant", line="return", diameter_inner_mm=125),
    ]
    network = build_network(_scenario(pipes=pipes, consumers=HOUSES[:1]))
    assert not network.mirrored
    assert (network.supply_ids, network.return_ids) == (("s1", "s2"), ("r",))
    assert (network.return_line.node_start.tolist(), network.return_line.node_end.tolist()) == ([0], [2])
    assert network.return_line.diameter_m.tolist() == [0.125]


def test_pumps_in_a_line_and_at_the_producer() -> None:
    curve = {"flow_m3_h": [0, 20, 40], "head_m": [30, 28, 22]}
    pumps = [
        {"id": "k", "start": "a", "end": "c", "line": "return", "count": 2, "speed_rel": 0.9, "on": False, **curve}
    ]
    plant = PLANT | {
        "control": "speed",
        "lift_kpa": None,
        "pumps": {**curve, "efficiency_best": 0.7, "flow_best_m3_h": 30, "count": 3},
    }
    pipes = [_pipe("p1", "plant", "a")]
    network = build_network(_scenario(pipes=pipes, pumps=pumps, consumers=HOUSES[:1], producers=[plant]))
    elements, law = network.elements, network.plant
    assert network.element_ids == ("k", "k (supply passage)")
    assert (elements.n_parallel[0], elements.speed_rel[0], elements.one_way[0], elements.is_open[0]) == (2, 0.9, 1, 0)
    density = network.fluid.density_kg_m3
    volume = 20 / 3600
    head_pa = elements.head_a0_pa[0] + elements.head_a1_pa_s_m3[0] * volume + elements.head_a2_pa_s2_m6[0] * volume**2
    assert head_pa == pytest.approx(28 * density * 9.80665, rel=1e-9)
    assert (law.law, law.n_parallel, law.efficiency_best) == (LiftLaw.PUMP_SPEED, 3, 0.7)
    assert law.head_a0_pa == elements.head_a0_pa[0]
    assert network.producers.lift_pa[0] == 0.0


def test_producers_and_the_laws_of_the_first() -> None:
    plant = PLANT | {"control": "worst_consumer", "dp_set_kpa": 60, "lift_kpa": None}
    second = {"id": "b", "temp_supply_c": 80, "mass_flow_kg_s": 3}
    network = build_network(_scenario(producers=[plant, second]))
    assert network.producers.kind.tolist() == [ProducerKind.LIFT, ProducerKind.MASS_FLOW]
    assert (network.plant.law, network.plant.dp_set_pa) == (LiftLaw.WORST_CONSUMER, 60e3)
    assert network.plant.pressure_return_pa == 200e3
    proportional = PLANT | {"control": "proportional", "mass_flow_design_kg_s": 9}
    held = build_network(_scenario(producers=[proportional])).plant
    assert (held.law, held.lift_zero_rel, held.mass_flow_design_kg_s) == (LiftLaw.PROPORTIONAL, 0.5, 9)


def test_places_in_metres() -> None:
    nodes = [{"id": "plant", "x": 73.37, "y": 54.99, "elevation_m": 90}, {"id": "b", "x": 73.38, "y": 54.99}]
    pipes = [{**RING[2], "length_m": None}, *RING[:2], RING[3]]
    network = build_network(_scenario(nodes=nodes, pipes=pipes, coordinates="lonlat"))
    assert network.nodes.x_m[:2].tolist() == pytest.approx([0.0, 640.1], abs=0.1)
    assert np.isnan(network.nodes.x_m[2:]).all()
    assert network.nodes.elevation_m.tolist() == [90, 0, 0, 0]
    assert network.supply.length_m[0] == pytest.approx(640.1, abs=0.1)


def test_a_scenario_put_together_in_python_is_checked_by_name() -> None:
    broken = _scenario().model_copy(update={"consumers": _scenario().consumers[:1]})
    far = broken.model_copy(update={"pipes": [pipe for pipe in broken.pipes if pipe.id in ("main", "far")]})
    with pytest.raises(ScenarioError) as caught:
        build_network(far)
    assert [str(problem) for problem in caught.value.problems] == [
        "pipes.1: island: not connected with producer 'plant' (pipe 'far')",
        "pipes.0.start: dangling: at the start 'b' of pipe 'main' there is no consumer, producer, valve or other pipe",
    ]


def test_an_impossible_pump() -> None:
    curve = {"flow_m3_h": [0, 20, 40], "head_m": [30, 20, 19]}
    pumps = [{"id": "k", "start": "b", "end": "c", "line": "supply", **curve}]
    with pytest.raises(ScenarioError, match=r"pumps\.0: impossible pump"):
        build_network(_scenario(pumps=pumps))
    best = {"flow_m3_h": [0, 20, 40], "head_m": [30, 28, 22], "efficiency_best": 0.7, "flow_best_m3_h": 90}
    with pytest.raises(ScenarioError, match="its best flow of 90 m3/h lies beyond its curve's end"):
        build_network(_scenario(producers=[PLANT | {"control": "speed", "lift_kpa": None, "pumps": best}]))
