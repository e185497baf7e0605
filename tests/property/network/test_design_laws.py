"""What holds for every sizing, every list of throttles and every list of warnings, on random trees."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dhsim.network.limits import LimitCode, check_limits
from dhsim.network.parts import Consumers, Elements, Fluid, Line, Network, NetworkState, Nodes, Plant, Producers
from dhsim.network.sizing import gradient_pa_m, size_pipes, velocity_m_s
from dhsim.network.throttling import size_throttles, throttle_rows

SIZES = np.array([0.0217, 0.0372, 0.0545, 0.0825, 0.1071, 0.1603, 0.2101, 0.3127, 0.5])
IDS = tuple("abcdefghi")
GRAVITY = 9.80665


def whole(values):
    return np.asarray(values, dtype=np.int64)


def random_tree(rng: np.random.Generator, n: int) -> Network:
    """Node j + 1 hangs on an earlier one by pipe j; every node but the first has one consumer, some have two."""
    above = whole([rng.integers(0, j + 1) for j in range(n)])
    node = np.sort(np.concatenate([np.arange(1, n + 1), rng.integers(1, n + 1, size=n // 3)])).astype(np.int64)
    turned = rng.random(n) < 0.3
    ends = np.where(turned, np.arange(1, n + 1), above), np.where(turned, above, np.arange(1, n + 1))
    lengths, ones = rng.uniform(10.0, 300.0, n), np.ones(n)
    rough, k = rng.choice([1e-4, 5e-4, 2e-3], n), len(node)
    line = Line(*ends, lengths, 0.1 * ones, rough, ones, ones, 0.0 * ones, whole(ones))
    none, ids = np.zeros(0), whole([])
    consumers = Consumers(
        *(node, whole(np.full(k, 3)), rng.uniform(0.05, 5.0, k), np.ones(k), np.ones(k), np.ones(k), np.ones(k)),
        *(whole(rng.random(k) < 0.9), rng.uniform(1e4, 3e5, k), rng.uniform(3.0, 60.0, k)),
        rng.choice([0.6e6, 1.0e6, np.inf], k),
    )
    return Network(
        *("random", Fluid(970.0, 3.5e-4, 4190.0), tuple(f"n{i}" for i in range(n + 1))),
        Nodes(rng.uniform(-20.0, 20.0, n + 1), np.full(n + 1, np.nan), np.full(n + 1, np.nan)),
        *(tuple(f"p{j}" for j in range(n)), line, tuple(f"p{j}" for j in range(n)), line, True),
        *((), Elements(ids, ids, ids, none, none, none, none, none, ids, ids, ids)),
        *(tuple(f"c{i}" for i in range(k)), consumers, ("plant",)),
        Producers(whole([0]), whole([0]), np.array([5e5]), np.zeros(1), np.array([130.0])),
        Plant(3e5, 0, 0.0, 1.0, 10.0, 0.0, 0.0, 0.0, 0.7, 0.01, 1.0, 1),
        *(5.0, -20.0, 3.71),
    )


def random_state(rng: np.random.Generator, network: Network) -> NetworkState:
    """Pressures out of the blue: the laws here do not ask where they come from."""
    n, k = len(network.supply_ids), len(network.consumer_ids)
    low = rng.uniform(-5e4, 9e5, n + 1)
    flow = rng.uniform(-60.0, 60.0, n)
    drawn = network.consumers.mass_flow_kg_s * network.consumers.is_on
    return NetworkState(
        *(flow, -flow, np.zeros(0), drawn, np.array([flow[0]])),
        *(low + rng.uniform(0.0, 1e6, n + 1), low, np.full(n + 1, 100.0), np.full(n + 1, 60.0)),
        *(np.full(n, 100.0), np.full(n, 60.0), np.zeros(n), np.zeros(n)),
        *(np.zeros(k), np.full(k, 60.0), np.zeros(1), np.full(1, 60.0)),
    )


seeds, counts = st.integers(0, 2**32 - 1), st.integers(1, 12)


@given(seeds, counts, st.floats(0.3, 5.0), st.floats(10.0, 1000.0))
def test_a_size_keeps_both_limits_and_the_next_smaller_one_does_not(seed, n, speed, gradient):
    rng = np.random.default_rng(seed)
    network = random_tree(rng, n)
    flows = rng.uniform(-20.0, 20.0, n)
    speeds = speed * np.linspace(0.7, 1.3, SIZES.size)

    def keeps(choice):
        slow = velocity_m_s(flows, SIZES[choice], 970.0) <= speeds[choice]
        return slow & (gradient_pa_m(network, flows, SIZES[choice], network.supply.roughness_m) <= gradient)

    chosen = size_pipes(network, flows, SIZES, IDS, speeds, gradient)
    assert np.all(keeps(chosen))
    assert not np.any(keeps(np.maximum(chosen - 1, 0))[chosen > 0])


@given(seeds, counts)
def test_narrowing_only_widens_and_no_more_than_it_must(seed, n):
    rng = np.random.default_rng(seed)
    network = random_tree(rng, n)
    flows = rng.uniform(0.0, 20.0, n)
    free = size_pipes(network, flows, SIZES, IDS, 2.0, 200.0)
    ruled = size_pipes(network, flows, SIZES, IDS, 2.0, 200.0, narrowing_only=True)
    feeds = np.minimum(network.supply.node_start, network.supply.node_end) - 1  # the pipe above, -1 at the root
    below = [[j] for j in range(n)]
    for j in range(n - 1, -1, -1):
        if feeds[j] >= 0:
            below[feeds[j]] += below[j]
            assert ruled[feeds[j]] >= ruled[j]
    assert ruled.tolist() == [max(free[i] for i in below[j]) for j in range(n)]


@given(seeds, counts, st.sampled_from(["orifice", "nozzle", "valve_kvs"]), st.floats(0.0, 2e5))
def test_what_is_burnt_and_needed_is_what_there_is(seed, n, kind, lift_extra):
    rng = np.random.default_rng(seed)
    network = random_tree(rng, n)
    state = random_state(rng, network)
    needed = rng.uniform(1e4, 5e5, len(network.consumer_ids))
    sized = size_throttles(network, state, needed, kind, lift_extra_pa=lift_extra)
    on = network.consumers.is_on != 0
    enough = on & (sized.dp_burn_pa > 0.0)
    at = network.consumers.node
    there = (state.pressure_supply_pa - state.pressure_return_pa)[at] + lift_extra
    own = sized.dp_nozzle_pa if kind == "nozzle" else needed
    total = sized.supply.dp_pa + sized.return_line.dp_pa + own
    np.testing.assert_allclose(total[enough], there[enough], rtol=1e-12)
    np.testing.assert_allclose((there + sized.dp_short_pa)[on & ~enough], needed[on & ~enough], rtol=1e-5)
    flow = sized.conductance_kg_s_pa05 * np.sqrt(np.maximum(there, 0.0))
    np.testing.assert_allclose(flow[enough], network.consumers.mass_flow_kg_s[enough], rtol=1e-12)
    assert np.all(
        sized.dp_nozzle_pa[enough & (sized.dp_nozzle_pa > 0.0)] >= needed[enough & (sized.dp_nozzle_pa > 0.0)]
    )
    raised = sized.return_line.dp_pa > 0.0
    after = state.pressure_return_pa[at] + sized.return_line.dp_pa
    assert np.all(after[raised] <= network.consumers.pressure_max_pa[raised] * (1.0 + 1e-12))
    for row in throttle_rows(sized):
        assert on[network.consumer_ids.index(row.consumer)]
        assert row.device != "washer" or row.diameter_mm >= 3.0 * (1.0 - 1e-9)


@given(seeds, counts, st.floats(60.0, 170.0))
def test_warnings_are_those_that_a_loop_finds(seed, n, temp_c):
    rng = np.random.default_rng(seed)
    network = random_tree(rng, n)
    state = random_state(rng, network)
    found = {(item.code, item.where, item.line) for item in check_limits(network, state, temp_c, velocity_max_m_s=2.0)}
    expected = set()
    consumers, water = network.consumers, 970.0 * GRAVITY
    for i, name in enumerate(network.consumer_ids):
        node = consumers.node[i]
        low = state.pressure_return_pa[node]
        rest = 3e5 + water * (network.nodes.elevation_m[0] - network.nodes.elevation_m[node])
        fills = water * (consumers.height_m[i] + 5.0)
        if consumers.is_on[i] and state.pressure_supply_pa[node] - low < consumers.dp_min_pa[i]:
            expected.add((LimitCode.DP_SHORT, name, ""))
        if math.isfinite(consumers.pressure_max_pa[i]):
            if low > consumers.pressure_max_pa[i]:
                expected.add((LimitCode.RETURN_TOO_HIGH, name, "return"))
            if low < fills:
                expected.add((LimitCode.RETURN_TOO_LOW, name, "return"))
            if rest < fills:
                expected.add((LimitCode.STATIC_TOO_LOW, name, ""))
            if rest > consumers.pressure_max_pa[i]:
                expected.add((LimitCode.STATIC_TOO_HIGH, name, ""))
    for j, name in enumerate(network.supply_ids):
        if abs(state.mass_flow_supply_kg_s[j]) > 2.0 * 970.0 * math.pi * 0.05**2:
            expected.add((LimitCode.VELOCITY_HIGH, name, "supply"))
    for i, name in enumerate(network.node_ids):
        for line, pressure in (("supply", state.pressure_supply_pa[i]), ("return", state.pressure_return_pa[i])):
            if pressure > 1.6e6:
                expected.add((LimitCode.MAX_PRESSURE, name, line))
        if state.pressure_return_pa[i] < 0.05e6:
            expected.add((LimitCode.RETURN_TOO_LOW, name, "return"))
    others = {LimitCode.BOILING, LimitCode.CAVITATION}
    at_nodes = {item for item in found if item[0] is LimitCode.STATIC_TOO_LOW and item[1] in network.node_ids}
    assert {item for item in found if item[0] not in others} - at_nodes == expected
