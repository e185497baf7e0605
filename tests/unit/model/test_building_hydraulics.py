from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.linalg import spsolve

from dhsim.balancing.synthetic_building import synthetic_building, toy_building
from dhsim.errors import DhsimError
from dhsim.model.building import Building
from dhsim.model.building_hydraulics import dp_left_pa, fit_radiators, make_circuit, solve_flows
from dhsim.physics.friction import friction_factor


def colebrook(number, rough):
    """Darcy's factor by bisection in log f: slow, and nothing shared with the package."""
    low, high = np.full(number.shape, -9.0), np.full(number.shape, 9.0)
    for _ in range(80):
        middle = 0.5 * (low + high)
        root = np.exp(-0.5 * middle)
        above = root + 2.0 * np.log10(2.51 * root / number + rough / 3.72) > 0.0  # f is larger than the middle
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.exp(0.5 * (low + high))


def drops(building: Building, flow, friction):
    drop = np.nan_to_num(building.resistance_pa_s2_m6) * flow * np.abs(flow)
    pipe = building.frictional
    q, d = np.abs(flow[pipe]), building.diameter_m[pipe]
    density, viscosity, _ = building.fluid
    number = 4.0 * density * q / (np.pi * d * viscosity)
    rough = building.roughness_m[pipe] / d
    factor = colebrook(number, rough) if friction == "colebrook" else friction_factor(number, rough, 3.72)
    drop[pipe] = 8.0 * density * building.length_m[pipe] / (np.pi**2 * d**5) * factor * q * flow[pipe]
    return drop


def residual_of(building: Building, flow, friction):
    """Solve flows and pressures of the whole graph at once, from flows nearby, by Newton with a general solver."""
    n_edge, n_node = building.kind.size, len(building.node_ids)
    unknown = np.setdiff1d(np.arange(n_node), [building.outlet, building.inlet])
    column = np.full(n_node, -1)
    column[unknown] = n_edge + np.arange(unknown.size)
    pressure = np.zeros(n_node)
    pressure[building.outlet] = building.dp_pump_pa
    up, down, edge = building.upstream, building.downstream, np.arange(n_edge)
    for _ in range(40):
        step = 1e-6 * np.maximum(np.abs(flow), 1e-9)
        slope = (drops(building, flow + step, friction) - drops(building, flow - step, friction)) / (2.0 * step)
        rows, columns, values = [edge], [edge], [slope]
        for node, sign in ((up, -1.0), (down, 1.0)):
            inner = column[node] >= 0
            rows += [edge[inner], column[node[inner]]]
            columns += [column[node[inner]], edge[inner]]
            values += [np.full(inner.sum(), sign), np.full(inner.sum(), -sign)]
        matrix = coo_array((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))).tocsc()
        balance = np.zeros(n_node)
        np.add.at(balance, up, flow)
        np.subtract.at(balance, down, flow)
        right = np.concatenate([pressure[up] - pressure[down] - drops(building, flow, friction), -balance[unknown]])
        change = spsolve(matrix, right)
        flow, pressure[unknown] = flow + change[:n_edge], pressure[unknown] + change[n_edge:]
        if np.abs(change[:n_edge]).max() < 1e-13 * np.abs(flow).max():
            break
    return flow, pressure


@pytest.mark.parametrize("friction", ["colebrook", "laminar_aware"])
@pytest.mark.parametrize(
    "n_flat", [0, 12, 70, pytest.param(200, marks=pytest.mark.slow), pytest.param(1000, marks=pytest.mark.slow)]
)
def test_flows_agree_with_a_general_solver(n_flat, friction) -> None:
    building = toy_building() if n_flat == 0 else synthetic_building(n_flat, random=np.random.default_rng(4)).building
    found = solve_flows(building, friction=friction)
    flow, pressure = residual_of(building, found.flow_m3_s * 1.1, friction)
    np.testing.assert_allclose(found.flow_m3_s, flow, rtol=1e-8)
    np.testing.assert_allclose(found.pressure_pa, pressure, rtol=1e-8, atol=1e-8 * building.dp_pump_pa)


def test_flows_follow_the_law_of_a_single_path() -> None:
    nan = np.nan
    building = Building.from_edges(
        ["valve", "radiator", "pipe"], [0, 1, 2], [1, 2, 3], dp_pump_pa=6000.0,
        resistance_pa_s2_m6=[1e12, 2e12, 3e12], zone=[-1, 0, -1], length_m=[nan, nan, nan],
    )  # fmt: skip
    assert solve_flows(building).flow_total_m3_s == pytest.approx(np.sqrt(6000.0 / 6e12), rel=1e-10)
    changed = solve_flows(building, [3e12])
    assert changed.flow_zone_m3_s[0] == pytest.approx(np.sqrt(6000.0 / 8e12), rel=1e-10)


def two_zones(dp_pump_pa: float = 1e4) -> Building:
    """Two branches of valve and radiator side by side, behind one another nothing."""
    return Building.from_edges(
        ["valve", "radiator", "valve", "radiator"], [0, 1, 0, 2], [1, 3, 2, 3], dp_pump_pa=dp_pump_pa,
        resistance_pa_s2_m6=1e11, zone=[-1, 0, -1, 1],
    )  # fmt: skip


@pytest.mark.parametrize("resistance", [1e16, 1e18, 1e20, 1e21, 1e22, 1e24])
def test_a_valve_all_but_closed_still_follows_its_square_law(resistance) -> None:
    found = solve_flows(two_zones(), [resistance, 1e11])
    assert found.flow_m3_s[0] == pytest.approx(np.sqrt(1e4 / (resistance + 1e11)), rel=1e-8)
    assert found.flow_m3_s[2] == pytest.approx(np.sqrt(1e4 / 2e11), rel=1e-10)


@pytest.mark.parametrize("dp_pump_pa", [1e-6, 1e-3, 1.0])
def test_flows_follow_the_root_of_the_pumps_pressure(dp_pump_pa) -> None:
    flow = solve_flows(two_zones(dp_pump_pa), [1e11, 3e13]).flow_m3_s
    np.testing.assert_allclose(flow[[0, 2]], np.sqrt(dp_pump_pa / np.array([2e11, 3.01e13])), rtol=1e-8)


def fixed_resistances(random: np.random.Generator, *, bridges: bool) -> Building:
    """A ladder of risers with one zone each; with bridges, pipes between neighbours that water may pass either way."""
    kind, up, down, zone = [], [], [], []
    n = int(random.integers(2, 7))

    def add(word, start, end, number=-1):
        for column, value in zip((kind, up, down, zone), (word, start, end, number), strict=True):
            column.append(value)

    for i in range(n):
        add("pipe", f"s{i}", f"s{i + 1}")
        add("pipe", f"r{i + 1}", f"r{i}")
        add("valve", f"s{i + 1}", f"a{i}")
        add("valve", f"a{i}", f"b{i}")
        add("radiator", f"b{i}", f"r{i + 1}", i)
        if bridges and i:
            add("pipe", f"a{i - 1}", f"a{i}")
    power = np.where(
        np.array(kind) == "pipe", random.uniform(6.0, 12.0, len(kind)), random.uniform(8.0, 16.0, len(kind))
    )
    return Building.from_edges(
        kind, up, down, dp_pump_pa=10.0 ** random.uniform(1.0, 4.0), resistance_pa_s2_m6=10.0**power, zone=zone,
        outlet="s0", inlet="r0",
    )  # fmt: skip


@pytest.mark.parametrize("bridges", [False, True])
def test_every_edge_keeps_its_law_whatever_the_settings(bridges) -> None:
    """Resistances from 1e6 to 1e16: flows from litres a second to drops an hour stand side by side."""
    random = np.random.default_rng(6)
    solved = 0
    for _ in range(60):
        building = fixed_resistances(random, bridges=bridges)
        try:
            found = solve_flows(building)
        except DhsimError as error:  # a bridge may lead water back through a valve: that is refused
            if not bridges or "backwards" not in str(error):
                raise
            continue
        solved += 1
        across = found.pressure_pa[building.upstream] - found.pressure_pa[building.downstream]
        law = building.resistance_pa_s2_m6 * found.flow_m3_s * np.abs(found.flow_m3_s)
        np.testing.assert_allclose(across, law, rtol=1e-7, atol=1e-11 * building.dp_pump_pa)
    assert solved >= 30


def test_the_two_friction_laws_differ_where_flow_is_laminar() -> None:
    building = toy_building(dp_pump_pa=300.0)
    one, other = (solve_flows(building, friction=friction).flow_m3_s for friction in ("colebrook", "laminar_aware"))
    assert np.abs(one / other - 1.0).max() > 1e-3


def test_a_circuit_is_left_as_it_was() -> None:
    circuit = make_circuit(toy_building())
    before = solve_flows(circuit).flow_m3_s
    solve_flows(circuit, circuit.building.resistance_valves_pa_s2_m6 * 3.0)
    assert solve_flows(circuit).flow_m3_s.tobytes() == before.tobytes()


def test_a_loop_in_the_main_is_solved() -> None:
    nan = np.nan
    building = Building.from_edges(
        ["pipe", "pipe", "pipe", "pipe", "radiator", "radiator"], [0, 1, 1, 2, 2, 3], [1, 2, 3, 3, 4, 4],
        dp_pump_pa=5e3, length_m=[5.0, 10.0, 30.0, 10.0, nan, nan], diameter_m=[0.02] * 6, roughness_m=[1e-5] * 6,
        resistance_pa_s2_m6=[nan] * 4 + [1e12, 1e12], zone=[-1] * 4 + [0, 1],
    )  # fmt: skip
    found = solve_flows(building)
    flow, _ = residual_of(building, found.flow_m3_s * 0.9, "colebrook")
    np.testing.assert_allclose(found.flow_m3_s, flow, rtol=1e-8)


def test_radiators_fitted_to_a_protocol_give_its_flows() -> None:
    building = synthetic_building(12, n_floor=3, random=np.random.default_rng(0)).building
    protocol = solve_flows(building).flow_m3_s[building.radiators] * np.random.default_rng(1).uniform(
        0.9, 1.0, building.radiators.size
    )
    unknown = building.with_radiators(np.full(building.radiators.size, np.nan))
    fitted = fit_radiators(unknown, protocol)
    np.testing.assert_allclose(solve_flows(fitted).flow_m3_s[building.radiators], protocol, rtol=1e-9)


def test_without_fitted_radiators_nothing_is_solved() -> None:
    toy = toy_building()
    with pytest.raises(DhsimError, match=r"3 radiators have no resistance \(radiator 0"):
        solve_flows(toy.with_radiators([np.nan] * 3))


def test_a_protocol_beyond_the_pump_is_refused_by_name_and_number() -> None:
    toy = toy_building()
    with pytest.raises(
        DhsimError, match=r"pump's 8000 Pa at 2 of 3 radiators: radiator [12] at 4e-05 m3/s is left with"
    ):
        fit_radiators(toy, [2e-5, 4e-5, 4e-5])
    with pytest.raises(DhsimError, match="must be positive"):
        fit_radiators(toy, [2e-5, 0.0, 1e-5])
    with pytest.raises(DhsimError, match="3 radiators, but 2 flows"):
        fit_radiators(toy, [2e-5, 1e-5])


def test_radiators_in_series_are_refused() -> None:
    building = Building.from_edges(
        ["radiator", "radiator", "pipe"], [0, 1, 2], [1, 2, 3], dp_pump_pa=6e3,
        resistance_pa_s2_m6=[1e12, 2e12, 3e12], zone=[0, 1, -1],
    )  # fmt: skip
    with pytest.raises(DhsimError, match="radiators in series"):
        dp_left_pa(building.with_radiators([1e12, 2e12]), [1e-5, 1e-5])


def test_water_backwards_through_a_valve_is_refused() -> None:
    building = Building.from_edges(
        ["valve", "pipe", "pipe", "pipe", "radiator", "radiator"], [3, 0, 1, 1, 2, 3], [2, 1, 2, 3, 4, 4],
        dp_pump_pa=5e3, resistance_pa_s2_m6=[1e12, 1e11, 1e11, 9e12, 1e12, 1e12], zone=[-1, -1, -1, -1, 0, 1],
    )  # fmt: skip
    with pytest.raises(DhsimError, match=r"backwards through 1 radiators or valves: edge 0 \(-"):
        solve_flows(building)


def test_still_water_behind_narrow_pipes_is_not_called_backwards() -> None:
    """Colebrook's pipes all but block four floors in turn: on the last, what turns round is a rounding of pressures."""
    nan = np.nan
    for seed in (3, 5, 17, 27):
        random = np.random.default_rng(seed)
        rows = [("valve", "s", "s0", -1, 1e13, nan), ("pipe", "r0", "r", -1, 1e13, nan)]
        for floor in range(4):
            if floor:
                rows += [("pipe", f"s{floor - 1}", f"s{floor}", -1, nan, 3.0)]
                rows += [("pipe", f"r{floor}", f"r{floor - 1}", -1, nan, 3.0)]
            for side in (0, 1):
                valve = 10.0 ** random.uniform(9.0, 16.0 if floor else 11.0)
                rows += [("valve", f"s{floor}", f"{floor}.{side}", -1, valve, nan)]
                radiator = 10.0 ** random.uniform(10.0, 11.0)
                rows += [("radiator", f"{floor}.{side}", f"r{floor}", 2 * floor + side, radiator, nan)]
        kind, up, down, zone, resistance, length = zip(*rows, strict=True)
        building = Building.from_edges(
            kind, up, down, dp_pump_pa=1e3, zone=zone, resistance_pa_s2_m6=resistance, length_m=length,
            diameter_m=0.007, roughness_m=0.0, outlet="s", inlet="r",
        )  # fmt: skip
        flow = solve_flows(building).flow_m3_s
        assert flow.min() > -1e-8 * flow.max()


def test_unknown_friction_is_refused() -> None:
    with pytest.raises(DhsimError, match="unknown friction 'rough'"):
        solve_flows(toy_building(), friction="rough")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ([1e12, -1e12, 1e12], r"must be positive: valve 1 \(-1e\+12 Pa s2/m6\)"),
        ([np.nan, 1e12, np.inf], r"must be positive: valve 0 \(nan Pa s2/m6\), valve 2 \(inf Pa s2/m6\)"),
        ([1e12, 1e12], "3 valves, but 2 settings"),
        (1e12, "3 valves, but 1 settings"),
        ([1e12, "shut", 1e12], "valve settings: numbers are needed, but valve 1 has 'shut'"),
    ],
)
def test_a_wrong_setting_is_named(settings, message) -> None:
    with pytest.raises(DhsimError, match=message):
        solve_flows(toy_building(), settings)


def test_flows_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(DhsimError, match="radiator flows: numbers are needed, but radiator 1 has 'some'"):
        dp_left_pa(toy_building(), [1e-5, "some", 1e-5])
