"""Put runs side by side: table, differences, incremental money, and where the savings come from."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import pandas as pd

from dhsim.assess.economics import cost_saved_heat_eur_mwh, difference
from dhsim.assess.emissions import abatement_cost_eur_t, table1
from dhsim.assess.scorecard import year_facts
from dhsim.assess.types import Scorecard
from dhsim.errors import DhsimError
from dhsim.study.likeness import require_comparable, unlike
from dhsim.study.table import Against, comparison_table, differences
from dhsim.study.types import Comparison, Run

_CHAIN = (
    ("baseline", ""),
    ("vfd_only", "VFD"),
    ("cap70", "bypass"),
    ("compensated", "curve"),
    ("compensated_trim", "trim"),
)
"""Policies, each the one before plus one measure."""
_BRANCH = ("cap70", "variable_flow", "variable flow")
"""Another way to go on from the bypass line than the curve."""
_COLUMNS = ["step", "from", "to", "heat_saved_mwh", "heat_saved_above_cpt_mwh", "electricity_saved_mwh", "note"]


def compare(scores: Mapping[str, Scorecard]) -> pd.DataFrame:
    """Return scorecards side by side: quantities down, the names across, the first being the reference.

    Raises
    ------
    DhsimError
        If there is none, or the accounts of two cannot be set against each other (viewpoint, lifetime, discount rate).
    """
    if not scores:
        raise DhsimError("nothing to compare: no scorecard was given")
    named = [dataclasses.replace(score, name=name) for name, score in scores.items()]
    return comparison_table(named, {score.name: against(named[0], score) for score in named[1:]})


def compare_runs(runs: Sequence[Run]) -> Comparison:
    """Return everything that a comparison holds; the first run is the reference.

    Raises
    ------
    DhsimError
        If there is no run, two runs bear one name, or they differ in time or in prices.
    """
    require_comparable([run.case for run in runs])
    reference, others = runs[0], runs[1:]
    money = {run.name: against(reference.score, run.score) for run in others}
    table = comparison_table([run.score for run in runs], money)
    return Comparison(
        runs=tuple(runs),
        table=table,
        differences=differences(table),
        incremental={name: one.economics for name, one in money.items()},
        attribution=attribution([run.score for run in runs]),
        table1={run.name: table1(reference.score.emissions, run.score.emissions) for run in others},
        abatement_eur_t={name: one.abatement_eur_t for name, one in money.items()},
        cautions=_cautions(reference, others),
    )


def _cautions(reference: Run, others: Sequence[Run]) -> tuple[str, ...]:
    """Return what the reader must know where runs differ in more than the substation."""
    return tuple(
        f"{run.name} is not like {reference.name} in: {', '.join(differing)}. Differences are not the policy's alone."
        for run in others
        if (differing := unlike(reference.case, run.case))
    )


def against(base: Scorecard, variant: Scorecard) -> Against:
    """Return the money of a variant minus that of the reference, and what a tonne and a MWh cost to save."""
    before, after = (year_facts(score.energy, score.emissions, score.years) for score in (base, variant))
    money = difference(base.economics, variant.economics)
    return Against(
        economics=money,
        abatement_eur_t=abatement_cost_eur_t(money, base.emissions, variant.emissions, variant.years),
        cost_saved_eur_mwh=cost_saved_heat_eur_mwh(money, before, after),
    )


def attribution(scores: Sequence[Scorecard]) -> pd.DataFrame:
    """Return what each measure saves on top of the one before it: drives, bypass line, curve, trim.

    The chain goes through the policies that are there; where one is missing, its measure is joined with the next. The
    flow by the general curve is a branch of its own, beside curve and trim. Savings count heat taken from the primary.
    """
    by_policy: dict[str, Scorecard] = {}
    for score in scores:
        by_policy.setdefault(score.policy, score)
    rows: list[tuple[object, ...]] = []
    before: Scorecard | None = None
    measures: list[str] = []
    for policy, measure in _CHAIN:
        measures += [measure] if measure else []
        if policy not in by_policy:
            continue
        if before is not None:
            rows.append(_step(" + ".join(measures), before, by_policy[policy], ""))
        before, measures = by_policy[policy], []
    start, branch, measure = _BRANCH
    if start in by_policy and branch in by_policy:
        rows.append(_step(measure, by_policy[start], by_policy[branch], "beside them: instead of curve and trim"))
    return pd.DataFrame(rows, columns=_COLUMNS)


def _step(measure: str, before: Scorecard, after: Scorecard, note: str) -> tuple[object, ...]:
    saved = before.energy.year.heat_total_mwh - after.energy.year.heat_total_mwh
    above = before.energy.above_cpt.heat_total_mwh - after.energy.above_cpt.heat_total_mwh
    electricity = before.energy.year.energy_pump_mwh - after.energy.year.energy_pump_mwh
    return measure, before.name, after.name, saved, above, electricity, note
