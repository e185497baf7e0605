"""Scenarios side by side: every row, savings twice, and an attribution that adds up."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from dhsim.assess.scorecard import assess
from dhsim.engine import simulate
from dhsim.errors import DhsimError
from dhsim.study.compare import attribution, compare, compare_runs
from dhsim.study.table import FLATS, ROWS
from dhsim.study.types import Run

POLICIES = ("baseline", "vfd_only", "cap70", "variable_flow", "compensated", "compensated_trim")


@pytest.fixture(scope="module")
def runs(small_case):
    made = []
    for policy in POLICIES:
        case = small_case(policy, {"time.start": "2021-04-01", "time.days": 10})
        solution = simulate(case)
        made.append(Run(case, solution, assess(solution, case)))
    return made


@pytest.fixture(scope="module")
def comparison(runs):
    return compare_runs(runs)


def heat(run):
    return run.score.energy.year.heat_total_mwh


def test_table_has_every_row_and_every_run(comparison):
    assert comparison.names == POLICIES
    assert list(comparison.table.columns) == list(POLICIES)
    without_flats = [row[:3] for row in ROWS if row[0] != FLATS]
    assert list(comparison.table.index) == without_flats
    assert len(set(comparison.table.index)) == len(without_flats)


def test_savings_are_given_twice(comparison, runs):
    base, trimmed = runs[0], runs[-1]
    saved = comparison.table["compensated_trim"].loc["Savings"].to_dict()
    year, above = "Heat saved, of the year", "Heat saved, of the hours above the CPT"
    assert saved[year, "MWh"] == pytest.approx(heat(base) - heat(trimmed))
    assert saved[year, "%"] == pytest.approx(100.0 * saved[year, "MWh"] / heat(base))
    of_above = base.score.energy.above_cpt.heat_total_mwh
    assert saved[above, "%"] == pytest.approx(100.0 * saved[above, "MWh"] / of_above)
    assert saved[above, "%"] > saved[year, "%"] > 0.0


def test_reference_saves_nothing_because_it_is_not_compared(comparison):
    against = ("Savings", "Money, against the reference")
    assert comparison.table.loc[list(against), "baseline"].isna().all()
    assert comparison.table.drop(index=list(against), level=0).loc[:, "baseline"].notna().any()


def test_attribution_adds_up(comparison, runs):
    chain = comparison.attribution[comparison.attribution["note"] == ""]
    assert chain["step"].tolist() == ["VFD", "bypass", "curve", "trim"]
    assert chain["from"].tolist() == ["baseline", "vfd_only", "cap70", "compensated"]
    assert chain["heat_saved_mwh"].sum() == pytest.approx(heat(runs[0]) - heat(runs[-1]), rel=1e-12)
    for name, part in (("heat_saved_above_cpt_mwh", "above_cpt"), ("electricity_saved_mwh", "year")):
        field = "heat_total_mwh" if part == "above_cpt" else "energy_pump_mwh"
        ends = [getattr(getattr(run.score.energy, part), field) for run in (runs[0], runs[-1])]
        assert chain[name].sum() == pytest.approx(ends[0] - ends[1], rel=1e-9)


def test_variable_flow_is_a_branch_of_its_own(comparison, runs):
    (branch,) = comparison.attribution[comparison.attribution["note"] != ""].itertuples(index=False)
    assert branch.step == "variable flow"
    assert branch.heat_saved_mwh == pytest.approx(heat(runs[2]) - heat(runs[3]))


@pytest.mark.parametrize(
    ("kept", "steps"),
    [
        (("baseline", "compensated"), ["VFD + bypass + curve"]),
        (("baseline", "cap70", "compensated_trim"), ["VFD + bypass", "curve + trim"]),
        (("baseline",), []),
    ],
)
def test_a_missing_policy_is_joined_with_the_next(runs, kept, steps):
    scores = [run.score for run in runs if run.name in kept]
    table = attribution(scores)
    assert table["step"].tolist() == steps
    if steps:
        ends = [score.energy.year.heat_total_mwh for score in (scores[0], scores[-1])]
        assert table["heat_saved_mwh"].sum() == pytest.approx(ends[0] - ends[1])


def test_order_of_the_runs_does_not_change_the_chain(runs):
    forward = attribution([run.score for run in runs])
    backward = attribution([run.score for run in reversed(runs)])
    pd.testing.assert_frame_equal(forward, backward)


def test_differences_are_to_the_first(comparison):
    row = ("Heat, year", "Heat from the primary", "MWh")
    absolute = comparison.differences.loc[row, ("cap70", "absolute")]
    assert absolute == pytest.approx(comparison.table.loc[row, "cap70"] - comparison.table.loc[row, "baseline"])
    percent = comparison.differences.loc[row, ("cap70", "percent")]
    assert percent == pytest.approx(100.0 * absolute / comparison.table.loc[row, "baseline"])
    assert np.isnan(comparison.differences.loc[("Comfort", "Coldest room", "degC"), ("cap70", "percent")])
    assert "baseline" not in comparison.differences.columns.get_level_values(0)


def test_incremental_money_is_variant_minus_reference(comparison, runs):
    for run in runs[1:]:
        money = comparison.incremental[run.name]
        assert money.incremental
        both = run.score.economics.capex_eur - runs[0].score.economics.capex_eur
        assert money.capex_eur == pytest.approx(both)
        net = run.score.economics.cash_flow["net"] - runs[0].score.economics.cash_flow["net"]
        np.testing.assert_allclose(money.cash_flow["net"], net, atol=0.01)
    assert set(comparison.incremental) == set(comparison.table1) == set(comparison.abatement_eur_t) == set(POLICIES[1:])


def test_table1_of_the_paper_is_before_and_after(comparison, runs):
    table = comparison.table1["compensated_trim"]
    # eqs. (12)-(18) are linear in heat: every pollutant falls as the heat does, and per kWh nothing changes
    np.testing.assert_allclose(table["after_t_y"] / table["before_t_y"], heat(runs[-1]) / heat(runs[0]), rtol=1e-9)
    np.testing.assert_allclose(table["after_kg_kwh"], table["before_kg_kwh"], rtol=1e-9)
    np.testing.assert_allclose(table["difference_t_y"], table["after_t_y"] - table["before_t_y"])


def test_compare_takes_scorecards_by_name(runs):
    table = compare({run.name: run.score for run in runs[:2]})
    assert list(table.columns) == ["baseline", "vfd_only"]


def test_one_run_alone_is_no_comparison(runs):
    alone = compare_runs(runs[:1])
    assert "Savings" not in alone.table.index.get_level_values("group")
    assert alone.differences.empty
    assert alone.attribution.empty


def test_nothing_and_twins_are_refused(runs):
    with pytest.raises(DhsimError, match="nothing to compare"):
        compare_runs([])
    with pytest.raises(DhsimError, match="two runs bear one name"):
        compare_runs([runs[0], runs[0]])


def test_same_policy_twice_counts_the_first(runs):
    renamed = dataclasses.replace(runs[2].score, name="cap70 again")
    table = attribution([*(run.score for run in runs), renamed])
    assert "cap70 again" not in set(table["from"]) | set(table["to"])
