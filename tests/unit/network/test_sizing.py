"""Pipe sizes: by hand, at the edge of a limit, beyond the catalogue, and never wider downstream."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dhsim.network.sizing import gradient_pa_m, size_pipes, velocity_m_s
from dhsim.physics.friction import pressure_drop_pa

SIZES = np.array([0.0372, 0.0545, 0.0703, 0.0825, 0.1071, 0.1325, 0.1603, 0.2101])
IDS = tuple(f"DN{dn}" for dn in (32, 50, 65, 80, 100, 125, 150, 200))
FLOWS = np.array([11.5, 9.0, 5.0, 2.5])


def test_by_the_formulas_one_by_one(hand_network):
    network = hand_network()
    chosen = size_pipes(network, -FLOWS, SIZES, IDS, 1.5, 100.0)  # a direction against the arrows is as good

    def fits(flow, diameter):
        slow = flow / (960.0 * math.pi * diameter**2 / 4.0) <= 1.5
        return slow and pressure_drop_pa(flow, 1.0, diameter, 5e-4, 0.0, 960.0, 3e-4, 3.71) <= 100.0

    by_hand = [next(i for i, diameter in enumerate(SIZES) if fits(flow, diameter)) for flow in FLOWS]
    assert chosen.tolist() == by_hand
    assert len(set(by_hand)) == 3


def test_a_limit_may_be_reached_but_not_passed(hand_network):
    network = hand_network()
    exact = velocity_m_s(5.0, SIZES[3], 960.0)
    flows = np.full(4, 5.0)
    assert size_pipes(network, flows, SIZES, IDS, exact, 1e9).tolist() == [3] * 4
    assert size_pipes(network, flows, SIZES, IDS, exact * (1.0 - 1e-12), 1e9).tolist() == [4] * 4
    steep = gradient_pa_m(network, 5.0, SIZES[3], 5e-4)
    assert size_pipes(network, flows, SIZES, IDS, 99.0, steep).tolist() == [3] * 4
    assert size_pipes(network, flows, SIZES, IDS, 99.0, steep * (1.0 - 1e-12)).tolist() == [4] * 4


def test_a_velocity_per_size(hand_network):
    network = hand_network()
    speeds = np.where(SIZES < 0.1, 0.1, 3.0)
    assert size_pipes(network, np.full(4, 2.0), SIZES, IDS, speeds, 1e9).tolist() == [4] * 4


def test_without_flow_the_smallest(hand_network):
    assert size_pipes(hand_network(), np.zeros(4), SIZES, IDS, 1.0, 100.0).tolist() == [0] * 4


def test_beyond_the_catalogue_every_pipe_is_named(hand_network):
    network = hand_network()
    with pytest.raises(ValueError, match="no pipe of the catalogue") as caught:
        size_pipes(network, [900.0, 400.0, 5.0, 2.5], SIZES, IDS, 2.0, 150.0)
    text = str(caught.value)
    assert "DN200" in text
    assert "P3" not in text
    assert "P4" not in text
    for name, flow in (("P1", 900.0), ("P2", 400.0)):
        line = next(line for line in text.splitlines() if f" {name}:" in line)
        needed_m = float(line.split("needs ")[1].split(" mm")[0]) / 1e3
        number = int(line.split("or ")[1].split(" of")[0])

        def fits(flow, diameter):
            steep = gradient_pa_m(network, flow, diameter, 5e-4)
            return velocity_m_s(flow, diameter, 960.0) <= 2.0 and steep <= 150.0

        assert fits(flow, needed_m)
        assert not fits(flow, needed_m - 0.003)
        assert fits(flow / number, SIZES[-1])
        assert not fits(flow / (number - 1), SIZES[-1])


def test_what_feeds_is_as_wide_as_what_it_feeds(hand_network):
    """A flow that grows downstream (a storage that fills, say) widens everything before it."""
    network = hand_network()
    flows = [4.0, 3.0, 9.0, 2.5]
    free = size_pipes(network, flows, SIZES, IDS, 1.5, 100.0)
    ruled = size_pipes(network, flows, SIZES, IDS, 1.5, 100.0, narrowing_only=True)
    assert free[2] > max(free[0], free[1])
    assert ruled.tolist() == [free[2], free[2], free[2], free[3]]


def test_the_rule_does_not_depend_on_a_pipes_arrow(hand_network):
    flows = [4.0, 3.0, 9.0, 2.5]
    turned = hand_network(supply={"node_start": [1, 2, 2, 4], "node_end": [0, 1, 3, 1]})
    ruled = size_pipes(turned, flows, SIZES, IDS, 1.5, 100.0, narrowing_only=True)
    expected = size_pipes(hand_network(), flows, SIZES, IDS, 1.5, 100.0, narrowing_only=True)
    assert ruled.tolist() == expected.tolist()


def test_a_valve_passes_the_rule_on(hand_network):
    """P2 ends at a valve's one side, P3 begins at its other."""
    valve = {"is_return": [0], "node_start": [5], "node_end": [2], "resistance_pa_s2_kg2": [1.0], "head_a0_pa": [0.0]}
    valve |= {
        "head_a1_pa_s_m3": [0.0],
        "head_a2_pa_s2_m6": [0.0],
        "speed_rel": [1.0],
        "n_parallel": [1],
        "one_way": [0],
    }
    parts = {"element_ids": ("valve",), "elements": valve | {"is_open": [1]}}
    network = hand_network(node_ids=("plant", "a", "b", "c", "d", "b2"), supply={"node_start": [0, 1, 5, 1]}, **parts)
    flows = [4.0, 3.0, 9.0, 2.5]
    ruled = size_pipes(network, flows, SIZES, IDS, 1.5, 100.0, narrowing_only=True)
    assert ruled[0] == ruled[1] == ruled[2] > ruled[3]


def test_the_rule_needs_a_tree_with_one_producer(hand_network):
    loop = hand_network(supply={"node_start": [0, 1, 2, 3], "node_end": [1, 2, 3, 1]})
    with pytest.raises(ValueError, match="closes a loop"):
        size_pipes(loop, FLOWS, SIZES, IDS, 1.5, 100.0, narrowing_only=True)
    island = hand_network(supply={"node_start": [0, 1, 2, 4], "node_end": [1, 2, 3, 4]})
    with pytest.raises(ValueError, match="not connected to node 0: P4"):
        size_pipes(island, FLOWS, SIZES, IDS, 1.5, 100.0, narrowing_only=True)
    two = hand_network(producer_ids=("one", "two"))
    with pytest.raises(ValueError, match="2 producers"):
        size_pipes(two, FLOWS, SIZES, IDS, 1.5, 100.0, narrowing_only=True)


def test_return_pipes_have_a_roughness_of_their_own(hand_network):
    network = hand_network()
    rough = network.return_line._replace(roughness_m=np.full(4, 5e-3))
    network = hand_network(return_line=rough, mirrored=False)
    supply = size_pipes(network, FLOWS, SIZES, IDS, 9.0, 100.0)
    returned = size_pipes(network, FLOWS, SIZES, IDS, 9.0, 100.0, is_return=True)
    assert np.all(returned >= supply)
    assert np.any(returned > supply)


@pytest.mark.parametrize(
    ("flows", "sizes", "ids", "speed", "gradient", "message"),
    [
        ([1.0, np.nan, 1.0, np.inf], SIZES, IDS, 1.0, 100.0, "no number for P2, P4"),
        ([1.0], SIZES, IDS, 1.0, 100.0, "4 in all"),
        (FLOWS, SIZES[::-1], IDS, 1.0, 100.0, "rising diameters"),
        (FLOWS, SIZES, IDS[1:], 1.0, 100.0, "one name per diameter"),
        (FLOWS, SIZES, IDS, 0.0, 100.0, "velocity_max_m_s"),
        (FLOWS, SIZES, IDS, [1.0, 2.0], 100.0, "velocity_max_m_s"),
        (FLOWS, SIZES, IDS, 1.0, np.nan, "gradient_max_pa_m"),
    ],
)
def test_unsound_input_is_named(hand_network, flows, sizes, ids, speed, gradient, message):
    with pytest.raises(ValueError, match=message):
        size_pipes(hand_network(), flows, sizes, ids, speed, gradient)


def test_all_problems_at_once(hand_network):
    with pytest.raises(ValueError, match=r"(?s)rising.*gradient_max_pa_m"):
        size_pipes(hand_network(), FLOWS, SIZES[::-1], IDS, 1.0, -1.0)
