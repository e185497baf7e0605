"""L D L^T against dense matrices, and what it costs to keep."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhsim.network.factor import PIVOT_MIN, empty_factor, factorise, pattern_of, substitute


def tree(n_node, seed=0, reach=None):
    """Return where the pipes of a random tree start; pipe k ends at node k + 1."""
    rng = np.random.default_rng(seed)
    return np.array([rng.integers(0 if reach is None else max(0, k - reach), k) for k in range(1, n_node)])


def system(n_node, start, end, given_nodes, conductance):
    """Return the dense matrix of all nodes but the given ones."""
    full = np.zeros((n_node, n_node))
    for s, e, c in zip(start, end, conductance, strict=True):
        full[[s, e], [s, e]] += c
        full[s, e] -= c
        full[e, s] -= c
    unknown = np.setdiff1d(np.arange(n_node), given_nodes)
    return full[np.ix_(unknown, unknown)], unknown


def solved(n_node, start, end, given_nodes, conductance, right):
    """Solve by the factor; return the solution by node, the pattern and the work space."""
    pattern = pattern_of(n_node, start, end, given_nodes)
    factor = empty_factor(pattern)
    for s, e, c in zip(start, end, conductance, strict=True):
        for node in (s, e):
            if pattern.row_of_node[node] >= 0:
                factor.diagonal[pattern.row_of_node[node]] += c
    known = pattern.row_of_node >= 0
    factor.solution[pattern.row_of_node[known]] = right[known]
    factorise(pattern, factor, conductance)
    substitute(pattern, factor)
    found = np.zeros(n_node)
    found[known] = factor.solution[pattern.row_of_node[known]]
    return found, pattern, factor


@given(st.integers(2, 40), st.integers(0, 25), st.integers(1, 3), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=60)
def test_solves_what_the_dense_matrix_solves(n_node, n_loop, n_given, seed):
    rng = np.random.default_rng(seed)
    start = np.concatenate([tree(n_node, seed), rng.integers(0, n_node, n_loop)])
    end = np.concatenate([np.arange(1, n_node), rng.integers(0, n_node, n_loop)])
    start, end = start[start != end], end[start != end]
    given_nodes = np.unique(np.concatenate([[0], rng.integers(0, n_node, n_given - 1)])).astype(np.int64)
    conductance, right = 10.0 ** rng.uniform(-4.0, 2.0, start.size), rng.standard_normal(n_node)
    found, pattern, factor = solved(n_node, start, end, given_nodes, conductance, right)
    matrix, unknown = system(n_node, start, end, given_nodes, conductance)
    if unknown.size:
        expected = np.linalg.solve(matrix, right[unknown])
        np.testing.assert_allclose(found[unknown], expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())
    lower = np.eye(unknown.size)
    for column in range(unknown.size):
        for p in range(pattern.column_start[column], pattern.column_start[column + 1]):
            lower[factor.entry_row[p], column] = factor.value[p]
    row = pattern.row_of_node[unknown]
    permuted = np.empty_like(matrix)
    permuted[np.ix_(row, row)] = matrix
    np.testing.assert_allclose(lower @ np.diag(factor.diagonal) @ lower.T, permuted, atol=1e-12 * conductance.max())
    assert np.all(factor.scattered == 0.0)


@pytest.mark.parametrize("n_node", [2, 10, 1000, 20_000])
@pytest.mark.parametrize("reach", [1, 4, None])
def test_trees_fill_nothing_in(n_node, reach):
    pattern = pattern_of(n_node, tree(n_node, 3, reach), np.arange(1, n_node), np.zeros(1, dtype=np.int64))
    ties_between_unknown = int(np.count_nonzero(tree(n_node, 3, reach) > 0))
    assert pattern.fill_column.size == ties_between_unknown  # of n_node - 1 rows, less those tied to node 0 alone
    assert pattern.fill_column.size <= n_node - 2


def test_a_loop_costs_little():
    n_node, rng = 2000, np.random.default_rng(1)
    start, end = tree(n_node, 1), np.arange(1, n_node)
    bare = pattern_of(n_node, start, end, np.zeros(1, dtype=np.int64)).fill_column.size
    start, end = np.append(start, rng.integers(1, 1000, 20)), np.append(end, rng.integers(1000, n_node, 20))
    looped = pattern_of(n_node, start, end, np.zeros(1, dtype=np.int64)).fill_column.size
    assert bare < looped < bare + 20 * 60


def test_two_lines_tied_by_consumers_stay_sparse():
    """Supply and return of a tree with a consumer at every place: each adds a loop, but not a dense block."""
    n_node = 2000
    start, end = tree(n_node, 2), np.arange(1, n_node)
    both_start = np.concatenate([start, start + n_node, np.arange(n_node)])
    both_end = np.concatenate([end, end + n_node, np.arange(n_node) + n_node])
    pattern = pattern_of(2 * n_node, both_start, both_end, np.array([0, n_node]))
    assert pattern.fill_column.size < 4 * 2 * n_node


def test_no_unknown_at_all():
    pattern = pattern_of(2, np.array([0]), np.array([1]), np.array([0, 1]))
    assert pattern.fill_column.size == 0
    factor = empty_factor(pattern)
    factorise(pattern, factor, np.ones(1))
    substitute(pattern, factor)


def test_parallel_branches_and_branches_to_the_same_node():
    start, end = np.array([0, 1, 1, 2]), np.array([1, 2, 2, 2])
    found, *_ = solved(3, start, end, np.array([0]), np.array([2.0, 1.0, 3.0, 0.0]), np.array([0.0, 0.0, 1.0]))
    assert found[2] == pytest.approx(0.25 + 0.5)


def test_what_hangs_on_nothing_does_not_spoil_the_rest():
    """A part tied by closed branches only has a pivot of rounding: its level is anything, but finite."""
    start, end, conductance = np.array([0, 1, 2]), np.array([1, 2, 3]), np.array([1.0, 0.0, 0.7])
    found, _, factor = solved(4, start, end, np.array([0]), conductance, np.array([0.0, 1.0, 0.0, 0.0]))
    assert found[1] == pytest.approx(1.0)
    assert np.all(np.isfinite(found))
    assert factor.diagonal.min() >= PIVOT_MIN
