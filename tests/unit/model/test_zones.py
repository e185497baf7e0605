"""Zones and radiators are checked once, all at once, with names and numbers."""

from __future__ import annotations

import numpy as np
import pytest

from dhsim.errors import DhsimError
from dhsim.model.zones import NO_EDGE, building_zones, neighbours_of, radiators_of, trvs_of


def test_single_values_hold_for_all() -> None:
    made = building_zones(["a", "b"], 2e7, [60.0, 70.0], radiators_of([5, 9], [0, 1], 900.0))
    np.testing.assert_array_equal(made.zones.heat_capacity_j_k, [2e7, 2e7])
    np.testing.assert_array_equal(made.radiators.exponent, [1.3, 1.3])
    np.testing.assert_array_equal(made.trvs.edge, [NO_EDGE, NO_EDGE])


def test_conductance_matrix_conserves_heat_between_neighbours() -> None:
    neighbours = neighbours_of([(0, 1), (1, 2), (0, 1)], [10.0, 20.0, 5.0])
    made = building_zones("abc", 1e7, [50.0, 60.0, 70.0], radiators_of(0, 0, 1.0), neighbours=neighbours)
    matrix = made.conductance_w_k
    np.testing.assert_allclose(matrix, matrix.T)
    np.testing.assert_allclose(matrix.sum(axis=1), [50.0, 60.0, 70.0])
    assert matrix[0, 1] == -15.0


def test_all_problems_come_at_once_with_names_and_numbers() -> None:
    radiators = radiators_of([1, 2], [0, 1], [900.0, -5.0], exponent=[0.8, 1.3])
    with pytest.raises(DhsimError) as caught:
        building_zones(
            ["attic", "cellar"],
            [0.0, 2e7],
            -1.0,
            radiators,
            trvs=trvs_of([3, 4], leakage_rel=[1.5, 0.0], band_k=-1.0),
            neighbours=neighbours_of([(1, 1)], 3.0),
        )
    text = str(caught.value)
    for part in ("attic (0)", "cellar (-1)", "radiator 1 in cellar (-5)", "radiator 0 in attic (0.8)", "(1.5)", "(-1)"):
        assert part in text
    assert "does not border on itself" in text


@pytest.mark.parametrize(
    ("radiators", "trvs", "message"),
    [
        (radiators_of([0], [3], 1.0), None, "zone 3 of 2 zones"),
        (radiators_of([0, 1], [0, 1], 1.0), trvs_of([2]), "1 thermostatic valves for 2 radiators"),
    ],
)
def test_wrong_indices_and_counts_are_refused(radiators, trvs, message) -> None:
    with pytest.raises(DhsimError, match=message):
        building_zones(["a", "b"], 1e7, 50.0, radiators, trvs=trvs)


def test_wrong_length_is_refused() -> None:
    with pytest.raises(DhsimError, match="2 values are needed"):
        radiators_of([0, 1], [0, 1], [1.0, 2.0, 3.0])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_set_points_that_are_no_numbers_are_refused_by_name(bad) -> None:
    radiators = radiators_of([1, 2], [0, 1], 900.0)
    with pytest.raises(DhsimError, match=rf"set-point \[degC\] must be finite: radiator 1 in cellar \({bad:g}\)"):
        building_zones(["attic", "cellar"], 2e7, 50.0, radiators, trvs=trvs_of([3, 4], temp_set_c=[21.0, bad]))
    # without a head there is no set-point to be wrong
    building_zones(["attic", "cellar"], 2e7, 50.0, radiators, trvs=trvs_of([3, NO_EDGE], temp_set_c=[21.0, bad]))


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (
            lambda: building_zones("ab", [1e7, np.inf], 50.0, radiators_of(0, 0, 1.0)),
            r"heat capacity .* finite: b \(inf",
        ),
        (lambda: building_zones("ab", 1e7, [np.inf, 5.0], radiators_of(0, 0, 1.0)), r"outdoor air .* finite: a \(inf"),
        (
            lambda: building_zones("ab", 1e7, 50.0, radiators_of(0, 1, np.inf)),
            r"design heat .* finite: radiator 0 in b",
        ),
        (
            lambda: building_zones("ab", 1e7, 5.0, radiators_of(0, 1, 1.0), trvs=trvs_of(0, band_k=np.inf)),
            r"proportional band .* finite: radiator 0 in b",
        ),
        (
            lambda: building_zones("ab", 1e7, 5.0, radiators_of(0, 1, 1.0), trvs=trvs_of([0], exponent=np.inf)),
            r"exponent of the valve .* finite: radiator 0 in b",
        ),
    ],
)
def test_what_is_infinite_is_refused_by_name(made, message) -> None:
    with pytest.raises(DhsimError, match=message):
        made()
