"""The steady solver against the plain equations, and against SciPy, on networks drawn at random."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhsim.errors import Status
from dhsim.network.parts import LiftLaw, ProducerKind
from dhsim.network.run import NetworkSeries, run_network, solve_network
from dhsim.network.setup import setup
from tests.property.network.flow_equations import (
    MASS_FLOW,
    PRESSURE,
    TEMP_DROP,
    TEMP_RETURN,
    all_flows,
    as_separate,
    check_flows,
    check_temperatures,
    levels_pa,
    network_of,
    solve_slowly,
)

CP = 4190.0
PUMP = {"a0": 1e5, "a2": -5e8, "resistance": 0.0}
LOOP = [(0, 1), (1, 2), (2, 3), (3, 1), (3, 4), (4, 5), (5, 2)]
ALL_KINDS = [
    (2, {}),
    (4, {"kind": TEMP_DROP, "temp_drop_k": 30.0}),
    (5, {"kind": TEMP_RETURN, "temp_return_c": 50.0}),
    (3, {"kind": PRESSURE}),
    (1, {"kind": TEMP_RETURN, "temp_return_c": 40.0, "heat_w": 2e5}),
]
SEEDS = st.integers(0, 2**32 - 1)
SLOWER = settings(deadline=None, max_examples=60)


def random_line(rng, n_node, n_loop):
    """A tree grown node by node, pipes drawn either way, and some more pipes."""

    def pipe():
        return {
            "length_m": float(10.0 ** rng.uniform(1.0, 2.7)), "diameter_m": float(rng.choice([0.05, 0.08, 0.15, 0.3])),
            "roughness_m": float(rng.choice([0.0, 1e-5, 5e-4])), "zeta": float(rng.choice([0.0, 2.0, 50.0])),
            "u_w_mk": float(rng.choice([0.0, 0.1, 0.5])), "buried": int(rng.integers(2)),
        }  # fmt: skip

    ends = [(int(rng.integers(max(0, k - 4), k)), k) for k in range(1, n_node)]
    ends += [tuple(int(node) for node in rng.choice(n_node, 2, replace=False)) for _ in range(n_loop)]
    return [(*(pair if rng.random() < 0.6 else pair[::-1]), pipe()) for pair in ends]


def random_elements(rng, n_node):
    choices = [
        {},
        {"one_way": 1},
        {"is_open": 0},
        {"a0": 5e4, "a2": -1e9, "resistance": 0.0, "n": 2, "speed": 0.8},
        {"a0": 1e5, "a2": -5e8, "resistance": 0.0, "one_way": 1},
    ]
    pairs = [rng.choice(n_node, 2, replace=False) for _ in range(int(rng.integers(0, 4)))]
    return [(int(a), int(b), choices[rng.integers(5)] | {"is_return": int(rng.integers(2))}) for a, b in pairs]


def random_consumers(rng, n_node, scale, kinds=(MASS_FLOW, TEMP_DROP, TEMP_RETURN, PRESSURE)):
    made = []
    for _ in range(int(rng.integers(1, 2 * n_node))):
        flow = float(scale * rng.uniform(0.1, 1.0) * (rng.random() > 0.1))
        asked = {"mass_flow_kg_s": flow, "heat_w": flow * CP * 30.0, "conductance": flow / 1e5**0.5}
        asked |= {"kind": int(rng.choice(kinds)), "is_on": int(rng.random() > 0.1)}
        asked |= {"temp_drop_k": float(rng.uniform(10.0, 50.0)), "temp_return_c": float(rng.uniform(25.0, 50.0))}
        made.append((int(rng.integers(n_node)), asked))
    return made


def random_network(rng, mirrored, with_elements):
    n_node = int(rng.integers(2, 12))
    scale = 10.0 ** rng.uniform(-4.0, 0.5)
    line = random_line(rng, n_node, int(rng.choice([0, 0, 1, 3])))
    producers = [{"lift_pa": float(rng.uniform(1e5, 6e5)), "temp_supply_c": 110.0}]
    if rng.random() < 0.4:
        kind = int(rng.integers(2))
        producers.append(
            {"node": int(rng.integers(1, n_node)), "kind": kind, "mass_flow_kg_s": scale, "temp_supply_c": 90.0}
            | {"lift_pa": producers[0]["lift_pa"] * float(rng.uniform(0.8, 1.1))}
        )
    return network_of(
        line,
        random_consumers(rng, n_node, scale),
        producers=producers,
        elements=random_elements(rng, n_node) if with_elements else None,
        pipes_return=random_line(rng, n_node, 1) if with_elements and rng.random() < 0.6 else None,
        mirrored=mirrored,
        elevation_m=rng.uniform(-30.0, 30.0, n_node),
    )


@given(SEEDS, st.sampled_from(["mirrored", "separate", "with elements"]))
@SLOWER
def test_balances_of_mass_pressure_and_heat_hold_everywhere(seed, how):
    network = random_network(np.random.default_rng(seed), how == "mirrored", how == "with elements")
    state, status = solve_network(network)
    reachable = setup(network).reachable
    assert (Status.CUT_OFF in status) == bool(np.any((reachable == 0) & (network.consumers.is_on == 1)))
    if Status.DP_SHORT in status:
        return  # pressures without sense: what nothing can carry was asked for, and is said to be
    check_flows(network, state, cut_off=tuple(np.flatnonzero(reachable == 0)))
    check_temperatures(network, state)


def _slow_case(rng):
    n_node = int(rng.integers(2, 6))
    elements = [(0, n_node - 1, {"resistance": 500.0, "is_return": int(rng.integers(2))})] if rng.random() < 0.4 else []
    if rng.random() < 0.4:
        elements.append((0, n_node - 1, PUMP | {"a1": -1e6}))
    kinds = (MASS_FLOW, PRESSURE)
    producers = [{}] + ([{"node": 1, "lift_pa": 1.9e5}] if rng.random() < 0.3 else [])
    producers += [{"node": 1, "kind": 1, "mass_flow_kg_s": 0.7}] if rng.random() < 0.3 else []
    return network_of(
        random_line(rng, n_node, int(rng.integers(0, 2))),
        random_consumers(rng, n_node, 0.3, kinds),
        producers=producers,
        elements=elements,
        mirrored=False,
        pipes_return=random_line(rng, n_node, int(rng.integers(0, 2))),
    )


@pytest.mark.parametrize("seed", range(25))
def test_agrees_with_scipy(seed):
    network = _slow_case(np.random.default_rng(seed))
    state, status = solve_network(network)
    if Status.DP_SHORT in status:
        pytest.skip("asks for more than it can carry")
    flows, level = solve_slowly(network, state.mass_flow_consumer_kg_s, network.producers.lift_pa[0])
    np.testing.assert_allclose(all_flows(state), flows, rtol=1e-8, atol=1e-8 * np.abs(flows).max())
    np.testing.assert_allclose(levels_pa(network, state), level + 3e5, atol=1e-8 * np.ptp(level))


@given(SEEDS)
@SLOWER
def test_mirrored_lines_solved_each_on_its_own_give_the_same(seed):
    network = random_network(np.random.default_rng(seed), True, False)
    mirrored, status = solve_network(network)
    if Status.DP_SHORT in status:
        return
    separate, _ = solve_network(as_separate(network))
    for name, values, others in zip(mirrored._fields, mirrored, separate, strict=True):
        if name.startswith("temp"):
            continue  # of a pipe in which all but nothing flows, which may be either way
        scale = np.abs(values).max(initial=1e-3 if "kg_s" in name else 1e3)
        np.testing.assert_allclose(others, values, atol=1e-8 * scale, err_msg=name)


@given(SEEDS, st.booleans())
@SLOWER
def test_order_of_nodes_pipes_and_consumers_does_not_matter(seed, mirrored):
    rng = np.random.default_rng(seed)
    network = random_network(rng, mirrored, False)
    n_node, n_pipe, n_consumer = len(network.node_ids), len(network.supply_ids), len(network.consumer_ids)
    new_place = np.concatenate([[0], 1 + rng.permutation(n_node - 1)])
    pipe, consumer = rng.permutation(n_pipe), rng.permutation(n_consumer)
    line = type(network.supply)(*(values[pipe] for values in network.supply))
    line = line._replace(node_start=new_place[line.node_start], node_end=new_place[line.node_end])
    consumers = type(network.consumers)(*(values[consumer] for values in network.consumers))
    elevation_m = np.empty(n_node)
    elevation_m[new_place] = network.nodes.elevation_m
    other = dataclasses.replace(
        network,
        nodes=network.nodes._replace(elevation_m=elevation_m),
        supply=line,
        return_line=line,
        consumers=consumers._replace(node=new_place[consumers.node]),
        producers=network.producers._replace(node=new_place[network.producers.node]),
    )
    first, status = solve_network(network)
    if Status.DP_SHORT in status:
        return
    second, _ = solve_network(other)
    scale = max(np.abs(first.mass_flow_supply_kg_s).max(), np.abs(first.mass_flow_consumer_kg_s).max(), 1e-3)
    tolerance = 1e-10 if not np.any(network.consumers.kind == TEMP_RETURN) else 1e-8  # flows settle to 1e-9
    np.testing.assert_allclose(second.mass_flow_supply_kg_s, first.mass_flow_supply_kg_s[pipe], atol=tolerance * scale)
    np.testing.assert_allclose(
        second.mass_flow_consumer_kg_s, first.mass_flow_consumer_kg_s[consumer], atol=tolerance * scale
    )
    np.testing.assert_allclose(second.pressure_supply_pa[new_place], first.pressure_supply_pa, atol=tolerance * 1e6)


NETWORKS = {
    "half": network_of(LOOP, ALL_KINDS),
    "full": network_of(LOOP, ALL_KINDS, mirrored=False),
    "tree": network_of(
        [(0, 1), (1, 2), (1, 3), (3, 4)],
        [(2, {"kind": TEMP_RETURN, "temp_return_c": 50.0}), (4, {"kind": TEMP_DROP, "temp_drop_k": 30.0})],
    ),
    "elements": network_of(
        LOOP,
        ALL_KINDS,
        elements=[(1, 4, {"one_way": 1}), (2, 5, PUMP | {"one_way": 1, "n": 2}), (3, 5, {"is_return": 1})],
        mirrored=False,
    ),
    "circling": network_of(LOOP, ALL_KINDS, elements=[(2, 1, PUMP), (3, 2, PUMP | {"is_return": 1})], mirrored=False),
    "several producers": network_of(
        LOOP,
        ALL_KINDS,
        producers=[
            {},
            {"node": 5, "lift_pa": 1.9e5, "temp_supply_c": 80.0},
            {"node": 3, "kind": int(ProducerKind.MASS_FLOW), "mass_flow_kg_s": 1.0, "temp_supply_c": 70.0},
        ],
        mirrored=False,
    ),
}
LAWS = {
    "dp_set_pa": 5e4, "lift_zero_rel": 0.5, "mass_flow_design_kg_s": 5.0, "head_a0_pa": 3e5, "head_a2_pa_s2_m6": -3e9,
}  # fmt: skip


def sudden_changes(network, n_time=1000, seed=5):
    """All, a part, next to nothing or nothing at all is asked for, in no order, consumer by consumer."""
    rng = np.random.default_rng(seed)
    share = rng.choice([0.0, 1.0, 0.3, 0.01], size=(n_time, 1)) * (
        rng.random((n_time, len(network.consumer_ids))) > 0.2
    )
    share[rng.random(n_time) < 0.1] = 0.0
    consumers = network.consumers
    return NetworkSeries(n_time, heat_w=share * consumers.heat_w, mass_flow_kg_s=share * consumers.mass_flow_kg_s)


@pytest.mark.parametrize("plug_flow", [False, True])
@pytest.mark.parametrize("law", list(LiftLaw))
@pytest.mark.parametrize("name", NETWORKS)
def test_sudden_changes_are_followed_and_no_heat_is_lost(name, law, plug_flow):
    network = NETWORKS[name]
    network = dataclasses.replace(network, plant=network.plant._replace(law=int(law), **LAWS))
    run = run_network(network, sudden_changes(network), plug_flow=plug_flow, step_s=900.0)
    rest_j = run.heat_produced_j - run.heat_consumed_j - run.heat_lost_j - run.heat_stored_j
    assert abs(rest_j) <= 1e-9 * run.heat_produced_j
    for values in run.arrays.values():
        assert np.all(np.isfinite(values))
    if law == LiftLaw.WORST_CONSUMER:
        dp = run.arrays["pressure_supply_pa"] - run.arrays["pressure_return_pa"]
        least = dp[:, network.consumers.node].min(axis=1)
        if name == "several producers":  # the others hold more than asked for: the first one's pumps stand
            assert np.all(least > 5e4)
        else:
            np.testing.assert_allclose(least, 5e4, rtol=2e-8)
