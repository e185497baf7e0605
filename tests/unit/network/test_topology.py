"""Names to indices: an order in which every sweep is one loop."""

from __future__ import annotations

import numpy as np
import pytest

from dhsim.network.topology import order_of_tree, tree

START = ["A", "root", "root", "A", "c"]
END = ["b", "A", "d", "c", "e"]


def test_every_pipe_comes_after_the_one_that_feeds_it():
    order = order_of_tree(START, END, "root")
    assert sorted(order) == list(range(5))
    reached = {"root"}
    for index in order:
        assert START[index] in reached
        reached.add(END[index])


def test_pipe_j_ends_at_node_j_plus_one():
    order = order_of_tree(START, END, "root")
    node_start, node = tree(order, START, END, "root")
    assert node["root"] == 0
    for position, index in enumerate(order):
        assert node[END[index]] == position + 1
        assert node_start[position] == node[START[index]]
    assert np.all(node_start <= np.arange(len(order)))


def test_no_pipes_is_a_tree_of_one_node():
    node_start, node = tree(order_of_tree([], [], "root"), [], [], "root")
    assert node_start.size == 0
    assert node == {"root": 0}


def test_a_loop_is_named():
    with pytest.raises(ValueError, match="'b' is reached twice"):
        order_of_tree(["root", "root", "a"], ["a", "b", "b"], "root")


def test_an_island_is_named():
    with pytest.raises(ValueError, match="not connected to 'root': x"):
        order_of_tree(["root", "x"], ["a", "y"], "root")
