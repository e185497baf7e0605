"""The shortest way through a network."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhsim.network.paths import path_between


def test_a_way_goes_against_the_direction_of_its_pipes_too():
    nodes, pipes = path_between([1, 1, 2], [0, 2, 3], [10.0, 20.0, 30.0], 3, 0)
    assert nodes.tolist() == [3, 2, 1, 0]
    assert pipes.tolist() == [2, 1, 0]


def test_of_a_loop_the_shorter_side_is_taken():
    nodes, pipes = path_between([0, 1, 0], [1, 2, 2], [30.0, 40.0, 60.0], 0, 2)
    assert nodes.tolist() == [0, 2]
    assert pipes.tolist() == [2]


@pytest.mark.parametrize(("lengths", "expected"), [([50.0, 40.0, 5.0], [1, 2]), ([40.0, 50.0, 5.0], [0, 2])])
def test_of_parallel_pipes_the_shortest_is_taken(lengths, expected):
    _, pipes = path_between([0, 1, 1], [1, 0, 2], lengths, 0, 2)
    assert pipes.tolist() == expected


def test_parallel_pipes_do_not_add_up():
    """Two pipes of 50 m side by side are 50 m long, not 100 m: shorter than 80 m the other way."""
    nodes, _ = path_between([0, 0, 0, 2], [1, 1, 2, 1], [50.0, 50.0, 40.0, 40.0], 0, 1)
    assert nodes.tolist() == [0, 1]


def test_an_element_without_length_is_on_the_way():
    nodes, pipes = path_between([0, 1, 2], [1, 2, 3], [10.0, 0.0, 10.0], 0, 3)
    assert nodes.tolist() == [0, 1, 2, 3]
    assert pipes.tolist() == [0, 1, 2]


def test_from_a_node_to_itself_is_no_way_at_all():
    nodes, pipes = path_between([0], [1], [10.0], 1, 1)
    assert nodes.tolist() == [1]
    assert pipes.size == 0


def test_an_island_is_named():
    with pytest.raises(ValueError, match="no way leads from node 0 to node 3"):
        path_between([0, 2], [1, 3], [10.0, 10.0], 0, 3)


@pytest.mark.parametrize("length", [-1.0, float("nan"), float("inf")])
def test_a_wrong_length_names_its_pipe(length):
    with pytest.raises(ValueError, match=r"pipes \[1\]"):
        path_between([0, 1], [1, 2], [10.0, length], 0, 2)


def test_a_negative_index_is_refused():
    with pytest.raises(ValueError, match="count nodes from 0"):
        path_between([0, -1], [1, 2], [10.0, 10.0], 0, 2)


@given(st.integers(2, 40), st.randoms(use_true_random=False))
def test_in_a_tree_the_way_is_the_chain_of_parents(size, random):
    parent = [random.randrange(k) for k in range(1, size)]
    lengths = [random.uniform(1.0, 100.0) for _ in parent]
    nodes, pipes = path_between(parent, range(1, size), lengths, 0, size - 1)
    expected = [size - 1]
    while expected[-1]:
        expected.append(parent[expected[-1] - 1])
    assert nodes.tolist() == expected[::-1]
    assert np.array_equal(pipes, nodes[1:] - 1)
