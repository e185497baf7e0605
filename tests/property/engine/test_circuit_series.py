"""A condensed circuit has the flows of the whole one, for trees and meshes alike."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhsim.engine.circuit_series import condensed, series_of
from dhsim.network.branches import Branches, joined, other_branches, pipe_branches
from dhsim.network.newton import empty_potential, problem_of, solve
from dhsim.network.parts import Fluid, Line

FLUID = Fluid(983.2, 4.66e-4, 4190.0)


def branches_of(start, end, is_pipe, random) -> Branches:
    """Return pipes of two widths, and resistances, in the given order of edges."""
    start, end = np.asarray(start, np.int64), np.asarray(end, np.int64)
    pipe, other = np.flatnonzero(is_pipe), np.flatnonzero(~is_pipe)
    zeros = np.zeros(pipe.size)
    line = Line(
        start[pipe],
        end[pipe],
        random.uniform(1.0, 20.0, pipe.size),
        random.choice([0.02, 0.032], pipe.size),
        np.full(pipe.size, 5e-5),
        random.choice([0.0, 1.5], pipe.size),
        zeros,
        zeros,
        np.zeros(pipe.size, np.int64),
    )
    resistance = 10.0 ** random.uniform(4.0, 7.0, other.size)
    both = joined(pipe_branches(line, FLUID, 3.71), other_branches(start[other], end[other], resistance))
    place = np.argsort(np.concatenate([pipe, other]))
    return Branches(*[column[place] for column in both])


def flows(branches: Branches, n_node: int, supply: int, back: int) -> np.ndarray:
    problem = problem_of(branches, n_node, np.unique([supply, back]).astype(np.int64))
    potential = empty_potential(problem)
    potential.pressure_pa[supply] = 2e4
    assert solve(problem, potential) > 0
    return potential.mass_flow_kg_s


@st.composite
def meshes(draw):
    """A path from the pump's outlet 0 to its inlet, ears between any two places, and dead ends."""
    n_node = draw(st.integers(2, 5))
    back = n_node - 1
    pairs = [(k, k + 1) for k in range(back)]
    for _ in range(draw(st.integers(0, 5))):
        first, last = draw(st.integers(0, n_node - 1)), draw(st.integers(0, n_node - 2))
        last += last >= first
        inner = list(range(n_node, n_node + draw(st.integers(0, 3))))
        n_node += len(inner)
        path = [first, *inner, last]
        pairs += list(itertools.pairwise(path))
    for _ in range(draw(st.integers(0, 3))):
        pairs.append((draw(st.integers(0, n_node - 1)), n_node))
        n_node += 1
    pairs = [(b, a) if draw(st.booleans()) else (a, b) for a, b in pairs]
    order = draw(st.permutations(range(len(pairs))))
    return n_node, np.array(pairs)[order], back, draw(st.integers(0, 10**6))


@settings(max_examples=80)
@given(meshes())
def test_condensed_flows_are_the_flows(mesh) -> None:
    n_node, pairs, back, seed = mesh
    random = np.random.default_rng(seed)
    branches = branches_of(pairs[:, 0], pairs[:, 1], random.random(len(pairs)) < 0.6, random)
    whole = flows(branches, n_node, 0, back)
    made = condensed(branches, n_node, (back, 0))
    assert made.branches.node_start.size <= len(pairs)
    few = flows(made.branches, made.n_node, int(made.node_of[0]), int(made.node_of[back]))
    there = made.branch_of_edge >= 0
    found = np.where(there, few[made.branch_of_edge] * made.sign_of_edge, 0.0)
    np.testing.assert_allclose(found, whole, rtol=1e-6, atol=1e-7 * np.abs(whole).max())


@settings(max_examples=40)
@given(meshes())
def test_series_are_the_pairs_that_cut(mesh) -> None:
    """Two edges share a series just where taking both away parts what taking one away does not."""
    n_node, pairs, back, _ = mesh
    closed = np.vstack([pairs, [back, 0]])

    def parts(without: set[int]) -> int:
        label = list(range(n_node))

        def root(node: int) -> int:
            while label[node] != node:
                node = label[node]
            return node

        for edge, (a, b) in enumerate(closed):
            if edge not in without:
                label[root(a)] = root(b)
        return len({root(node) for node in range(n_node)})

    series = series_of(pairs[:, 0], pairs[:, 1], n_node, (back, 0)).of_edge
    for i in range(len(pairs)):
        assert (series[i] < 0) == (parts({i}) > 1)
        for j in range(i):
            if series[i] >= 0 and series[j] >= 0:
                assert (series[i] == series[j]) == (parts({i, j}) > 1)


def test_a_mirrored_building_shrinks_to_its_tree() -> None:
    """Supply and return of three risers with two radiators each: one branch a section, one a radiator."""
    pairs, supply, back, node = [], 0, 1, 2
    for _ in range(3):
        pairs += [(supply, node), (node + 1, back)]
        supply, back = node, node + 1
        node += 2
        for _ in range(2):
            pairs += [(supply, node), (node, node + 1), (node + 1, back)]
            node += 2
    pairs = np.array(pairs)
    series = series_of(pairs[:, 0], pairs[:, 1], node, (1, 0))
    assert series.n_series == 9
    np.testing.assert_array_equal(np.sort(np.bincount(series.of_edge)), [2] * 3 + [3] * 6)


def test_what_no_water_reaches_has_no_branch() -> None:
    pairs = np.array([[0, 1], [1, 2], [1, 3]])
    branches = branches_of(pairs[:, 0], pairs[:, 1], np.ones(3, bool), np.random.default_rng(0))
    made = condensed(branches, 4, (2, 0))
    np.testing.assert_array_equal(made.branch_of_edge >= 0, [True, True, False])
    assert made.node_of[3] == made.node_of[1]
    assert pytest.approx(made.branches.friction_pa_s2_kg2.sum()) == branches.friction_pa_s2_kg2[:2].sum()
