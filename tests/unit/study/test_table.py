"""The rows of the comparison that tell the three flows apart."""

from __future__ import annotations

import numpy as np
import pytest

from dhsim.model.boundary import ABOVE_CPT, N_CLASS, OUT_OF_SEASON
from dhsim.study.compare import compare_runs
from dhsim.study.run import run_case

SERIES = {
    "Primary flow": "mass_flow_primary_kg_s",
    "Secondary flow": "mass_flow_secondary_kg_s",
    "DHW flow": "mass_flow_dhw_primary_kg_s",
}


@pytest.fixture(scope="module")
def runs(small_case):
    return [run_case(small_case(policy)) for policy in ("baseline", "cap70", "variable_flow")]


@pytest.fixture(scope="module")
def flows(runs):
    return compare_runs(runs).table.loc["Flows"].droplevel("unit")


def test_each_flow_has_two_means_and_a_peak(runs, flows):
    for one in runs:
        kind = one.case.boundary.arrays.group % N_CLASS
        for quantity, name in SERIES.items():
            values = 3.6 * one.solution.arrays[name][:, 0]
            season, mild = values[kind != OUT_OF_SEASON].mean(), values[kind == ABOVE_CPT].mean()
            assert flows.loc[f"{quantity}, mean", one.name] == pytest.approx(season, rel=1e-9)
            assert flows.loc[f"{quantity}, mean above the CPT", one.name] == pytest.approx(mild, rel=1e-9)
            assert flows.loc[f"{quantity}, peak", one.name] >= values.max() * (1.0 - 1e-12)


def test_the_flows_are_different_things(flows):
    """Mixing takes from the primary and leaves the secondary; hot water is the same whatever the policy."""
    mild = [f"{quantity}, mean above the CPT" for quantity in SERIES]
    primary, secondary, hot = (flows.loc[row] for row in mild)
    assert secondary["cap70"] == pytest.approx(secondary["baseline"], rel=1e-6)
    assert primary["cap70"] < 0.95 * primary["baseline"]
    assert secondary["variable_flow"] < 0.98 * secondary["baseline"]
    np.testing.assert_allclose(hot, hot["baseline"], rtol=1e-9)
    assert primary["baseline"] == pytest.approx(secondary["baseline"] + hot["baseline"], rel=1e-9)
