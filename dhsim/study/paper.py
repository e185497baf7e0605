"""The paper page: every result figure of the bypass-line paper beside what dhsim computes, and the verdict."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from dhsim.assess.economics import incremental as difference
from dhsim.assess.scorecard import year_facts
from dhsim.errors import DhsimError
from dhsim.study.paper_emissions import EMISSIONS
from dhsim.study.paper_figures import (
    MEANINGS,
    REFERENCE,
    YEAR_TOLERANCE,
    Computation,
    Evidence,
    Figure,
    Finding,
    MissingRunError,
    judged,
    load_figures,
    missing,
    shown,
    without_computation,
)
from dhsim.study.paper_flows import FLOWS
from dhsim.study.paper_money import MONEY
from dhsim.study.paper_physical import PHYSICAL

if TYPE_CHECKING:
    from dhsim.assess.types import EconomicScore
    from dhsim.study.types import Run

COLUMNS = ("section", "figure", "reported", "computed", "unit", "verdict", "why")
COMPUTATIONS: Mapping[str, Computation] = {**PHYSICAL, **FLOWS, **EMISSIONS, **MONEY}

_TITLE = "Conversion to Variable Flow Rate (Energies 2025, 18(11), 2772, doi:10.3390/en18112772)"


def paper_page(runs: Sequence[Run], incremental: Mapping[str, EconomicScore] | None = None) -> pd.DataFrame:
    """Return every figure of the paper beside what the runs and the formulas give.

    Nothing is tuned to meet a figure: a value is computed from the runs or by a formula when this is called, and the
    verdict follows from the row's tolerances or from the argument in `why`.

    Parameters
    ----------
    runs
        Runs of the six policies, found by `score.policy`; where one is missing the row says so.
    incremental
        Policy -> economics of that run against the baseline; made from the runs where left out.

    Returns
    -------
    DataFrame
        index `id`; columns section, figure, reported, computed, unit, verdict, why; one row a figure.
    """
    figures = load_figures()
    by_policy = {run.score.policy: run for run in runs}
    evidence = Evidence(figures, by_policy, _incremental(by_policy) if incremental is None else incremental)
    rows = [_row(evidence, figure) for figure in figures.values()]
    return pd.DataFrame(rows, columns=list(COLUMNS), index=pd.Index(list(figures), name="id"))


def paper_markdown(page: pd.DataFrame) -> str:
    """Return the page as Markdown: a count of the verdicts, what they mean, and a table a section."""
    counts = page["verdict"].value_counts()
    lines = ["# The paper's figures and what dhsim computes", "", f"Paper: {_TITLE}.", ""]
    lines += [
        f"- **{verdict}** ({counts[verdict]}): {text}." for verdict, text in MEANINGS.items() if verdict in counts.index
    ]
    for section, part in page.groupby("section", sort=False):
        lines += ["", f"## {section}", "", *_table(part)]
    return "\n".join(lines) + "\n"


def _incremental(runs: Mapping[str, Run]) -> dict[str, EconomicScore]:
    """Economics of each full-year run against the baseline; a policy that cannot be compared is left out."""
    base = runs.get(REFERENCE)
    made: dict[str, EconomicScore] = {}
    for policy, run in runs.items():
        if base is None or policy == REFERENCE or any(abs(r.score.years - 1.0) > YEAR_TOLERANCE for r in (base, run)):
            continue
        pair = [
            (year_facts(r.score.energy, r.score.emissions, r.score.years), r.case.assumptions.economics)
            for r in (base, run)
        ]
        # where the two do not share prices the page says that the comparison is missing
        with contextlib.suppress(DhsimError):
            made[policy] = difference(pair[0], pair[1])
    return made


def _row(evidence: Evidence, figure: Figure) -> tuple[str, ...]:
    finding = _finding(evidence, figure)
    why = "; ".join(part for part in (finding.why, figure.note) if part)
    computed = finding.text or shown(*finding.values)
    verdict = judged(figure, finding)
    return (figure.section, figure.figure, figure.reported, computed, figure.unit, str(verdict), why)


def _finding(evidence: Evidence, figure: Figure) -> Finding:
    if not figure.key:
        return without_computation(figure)
    name, _, argument = figure.key.partition(":")
    try:
        return COMPUTATIONS[name](evidence, figure, argument)
    except MissingRunError as error:
        return missing(error)


def _table(part: pd.DataFrame) -> list[str]:
    names = [name for name in COLUMNS if name != "section"]
    lines = ["| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    return lines + ["| " + " | ".join(_cell(row[name]) for name in names) + " |" for _, row in part.iterrows()]


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")
