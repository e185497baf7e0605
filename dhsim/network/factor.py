"""L D L^T of the matrix that ties the nodes of a network, ordered so that trees fill nothing in and only loops cost."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import csc_array
from scipy.sparse.linalg import splu

from dhsim.elementwise import compiled
from dhsim.network.parts import Floats, Ints

NOT_UNKNOWN = -1
PIVOT_MIN = 1e-13
"""The loosest tie, a check valve that holds: a smaller pivot is rounding."""


class Pattern(NamedTuple):
    """Where the factor has entries. Rows are the unknown pressures in the order of elimination."""

    row_of_node: Ints
    """(n_node,); NOT_UNKNOWN where the pressure is given"""
    tie_start: Ints
    """(n_row + 1,): the branches from row k to earlier rows stand at tie_start[k] ... tie_start[k + 1]"""
    tie_branch: Ints
    tie_row: Ints
    """The earlier row that a tie leads to"""
    fill_start: Ints
    """(n_row + 1,): the columns of row k of L stand at fill_start[k] ... fill_start[k + 1], ascending"""
    fill_column: Ints
    column_start: Ints
    """(n_row + 1,): where column i of L is kept"""


class Factor(NamedTuple):
    """Work space of a factor; arrays."""

    entry_row: Ints
    """(n_fill,): row of every entry, column by column"""
    value: Floats
    """(n_fill,)"""
    column_end: Ints
    """(n_row,): where the next entry of each column goes"""
    diagonal: Floats
    """(n_row,): D"""
    solution: Floats
    """(n_row,): right-hand side, then solution"""
    scattered: Floats
    """(n_row,): the row under way"""


def pattern_of(n_node: int, node_start: Ints, node_end: Ints, given: Ints) -> Pattern:
    """Return the pattern of a network's factor.

    Parameters
    ----------
    n_node
        Number of nodes.
    node_start, node_end
        Of the branches.
    given
        Nodes whose pressure is given.
    """
    unknown = np.ones(n_node, dtype=bool)
    unknown[given] = False
    row_of_node = np.where(unknown, np.cumsum(unknown) - 1, NOT_UNKNOWN).astype(np.int64)
    start, end = row_of_node[node_start], row_of_node[node_end]
    ties = np.flatnonzero((start >= 0) & (end >= 0) & (start != end))
    n_row = int(unknown.sum())
    position = _elimination_order(n_row, start[ties], end[ties])
    row_of_node[unknown] = position[row_of_node[unknown]]
    later = np.maximum(position[start[ties]], position[end[ties]])
    earlier = np.minimum(position[start[ties]], position[end[ties]])
    by_row = np.lexsort((earlier, later))
    tie_start = np.searchsorted(later[by_row], np.arange(n_row + 1))
    fill = _fill(n_row, tie_start, earlier[by_row])
    fill_start = np.concatenate([[0], np.cumsum([len(columns) for columns in fill])])
    fill_column = np.array([column for columns in fill for column in columns], dtype=np.int64)
    column_count = np.bincount(fill_column, minlength=n_row)
    return Pattern(
        row_of_node=row_of_node,
        tie_start=tie_start.astype(np.int64),
        tie_branch=ties[by_row].astype(np.int64),
        tie_row=earlier[by_row].astype(np.int64),
        fill_start=fill_start.astype(np.int64),
        fill_column=fill_column,
        column_start=np.concatenate([[0], np.cumsum(column_count)]).astype(np.int64),
    )


def empty_factor(pattern: Pattern) -> Factor:
    """Return the work space for a pattern."""
    n_row, n_fill = pattern.tie_start.size - 1, pattern.fill_column.size
    return Factor(
        np.zeros(n_fill, dtype=np.int64),
        np.zeros(n_fill),
        np.zeros(n_row, dtype=np.int64),
        np.zeros(n_row),
        np.zeros(n_row),
        np.zeros(n_row),
    )


def _elimination_order(n_row: int, start: Ints, end: Ints) -> Ints:
    """Return the place of every row in the order of elimination: SuperLU's minimum degree on the symmetric pattern."""
    if n_row == 0:
        return np.zeros(0, dtype=np.int64)
    ones = np.ones(start.size)
    diagonal = np.bincount(start, minlength=n_row) + np.bincount(end, minlength=n_row) + 1.0
    rows = np.concatenate([np.arange(n_row), start, end])
    columns = np.concatenate([np.arange(n_row), end, start])
    matrix = csc_array((np.concatenate([diagonal, -ones, -ones]), (rows, columns)), shape=(n_row, n_row))
    options = {"SymmetricMode": True}
    order = splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options).perm_c
    return np.asarray(order, dtype=np.int64)


def _fill(n_row: int, tie_start: Ints, tie_row: Ints) -> list[list[int]]:
    """Return the columns of every row of L: all rows on the elimination tree's paths from its ties up to it."""
    parent = [-1] * n_row
    reached = [-1] * n_row
    rows: list[list[int]] = []
    tie_list, bounds = tie_row.tolist(), tie_start.tolist()
    for k in range(n_row):
        columns = []
        reached[k] = k
        for tie in tie_list[bounds[k] : bounds[k + 1]]:
            i = tie
            while reached[i] != k:
                if parent[i] < 0:
                    parent[i] = k
                columns.append(i)
                reached[i] = k
                i = parent[i]
        columns.sort()
        rows.append(columns)
    return rows


@compiled
def factorise(pattern: Pattern, factor: Factor, conductance: Floats) -> None:
    """Factorise the matrix with `factor.diagonal` and minus `conductance` (n_branch,) of every tie; D replaces it."""
    n_row = factor.diagonal.size
    scattered, diagonal, column_end = factor.scattered, factor.diagonal, factor.column_end
    entry_row, value = factor.entry_row, factor.value
    for k in range(n_row):
        column_end[k] = pattern.column_start[k]
        for t in range(pattern.tie_start[k], pattern.tie_start[k + 1]):
            scattered[pattern.tie_row[t]] -= conductance[pattern.tie_branch[t]]
        pivot = diagonal[k]
        for f in range(pattern.fill_start[k], pattern.fill_start[k + 1]):
            i = pattern.fill_column[f]
            entry = scattered[i]
            scattered[i] = 0.0
            end = column_end[i]
            for p in range(pattern.column_start[i], end):
                scattered[entry_row[p]] -= value[p] * entry
            scaled = entry / diagonal[i]
            pivot -= scaled * entry
            entry_row[end] = k
            value[end] = scaled
            column_end[i] = end + 1
        diagonal[k] = max(pivot, PIVOT_MIN)


@compiled
def substitute(pattern: Pattern, factor: Factor) -> None:
    """Solve for the right-hand side in `factor.solution`, in place, after `factorise`."""
    n_row = factor.diagonal.size
    solution, entry_row, value = factor.solution, factor.entry_row, factor.value
    for i in range(n_row):
        known = solution[i]
        for p in range(pattern.column_start[i], pattern.column_start[i + 1]):
            solution[entry_row[p]] -= value[p] * known
    for i in range(n_row):
        solution[i] /= factor.diagonal[i]
    for i in range(n_row - 1, -1, -1):
        found = solution[i]
        for p in range(pattern.column_start[i], pattern.column_start[i + 1]):
            found -= value[p] * solution[entry_row[p]]
        solution[i] = found
