"""What the paper page is made of: the list of reported figures, the evidence of the runs, findings and verdicts."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from dhsim.catalogue import Row, number, table

if TYPE_CHECKING:
    from dhsim.assess.types import EconomicScore
    from dhsim.study.types import Run

REFERENCE = "baseline"
VARIANTS = ("vfd_only", "cap70", "variable_flow", "compensated", "compensated_trim")
PAPER_POLICIES = ("cap70", "variable_flow")
"""What the paper can mean by its new operation: the literal cap of 70 degC, and the variable flow of its title."""

_NUMBER = re.compile(r"(?<![\w.,])-?\d+(?:,\d{3})*(?:\.\d+)?|\bninth\b")
_ORDINALS = {"ninth": 9.0}
YEAR_TOLERANCE = 0.01


class Verdict(StrEnum):
    """What came of a figure."""

    REPRODUCED = "reproduced"
    PARTLY = "partly"
    NOT_REPRODUCED = "not reproduced"
    NOT_POSSIBLE = "not possible"
    INPUT = "input"
    QUOTED = "quoted"
    NOT_JUDGED = "not judged"


MEANINGS: Mapping[Verdict, str] = {
    Verdict.REPRODUCED: "computed within the row's tolerance",
    Verdict.PARTLY: "within the wider tolerance, or only with the assumption named",
    Verdict.NOT_REPRODUCED: "computed, and it comes out differently",
    Verdict.NOT_POSSIBLE: "contradicts itself or physics, or nothing is published to compute it from",
    Verdict.INPUT: "taken as given, or as a key of the scenario",
    Verdict.QUOTED: "quoted by the paper from elsewhere, not reproduced",
    Verdict.NOT_JUDGED: "a run that it needs is missing",
}


class MissingRunError(Exception):
    """A figure needs a run that was not given; the text names the policy."""


def numbers(text: str) -> tuple[float, ...]:
    """Return the numbers of a reported text, in its order; thousands have commas.

    >>> numbers("7.85 / 6.12"), numbers("EUR -5915"), numbers("ninth")
    ((7.85, 6.12), (-5915.0,), (9.0,))
    """
    return tuple(_ORDINALS.get(match) or float(match.replace(",", "")) for match in _NUMBER.findall(text))


def shown(*values: float) -> str:
    """Return numbers as text with three digits, and thousands with commas.

    >>> shown(25280.4, 0.00412, 1.58904)
    '25,280 / 0.00412 / 1.59'
    """
    return " / ".join(_shown_one(value) for value in values)


def _shown_one(value: float) -> str:
    if not math.isfinite(value):
        return "none"
    return f"{value:,.0f}" if abs(value) >= 1000.0 else f"{float(f'{value:.3g}') + 0.0:.10g}"


@dataclass(frozen=True)
class Figure:
    """One figure of the paper, a row of `data/paper_omsk.csv`."""

    id: str
    section: str
    figure: str
    reported: str
    unit: str
    kind: str
    """I input, O output, L quoted from other literature."""
    source: str
    key: str
    """Name of the computation, `name:argument`, or empty."""
    tolerance_rel: float
    tolerance_partly_rel: float
    """0 in both: the row is judged by an argument."""
    note: str
    """What is known without a computation; the last sentence of the row's reason."""

    @property
    def numbers(self) -> tuple[float, ...]:
        """The reported numbers."""
        return numbers(self.reported)

    @property
    def number(self) -> float:
        """The first reported number."""
        return self.numbers[0]


@dataclass(frozen=True)
class Finding:
    """What dhsim has to say about a figure."""

    why: str
    values: tuple[float, ...] = ()
    """Compared one by one with the reported numbers."""
    text: str = ""
    """Shown instead of the values."""
    verdict: Verdict | None = None
    """Decided by the computation itself; None: by the tolerances."""
    at_best: Verdict = Verdict.REPRODUCED


def load_figures() -> dict[str, Figure]:
    """Return the figures of the paper by id, in the order of the page."""
    return {id: _figure(row) for id, row in table("paper_omsk").items()}


def _figure(row: Row) -> Figure:
    texts = {name: str(row[name]) for name in ("id", "section", "figure", "reported", "unit", "source", "key", "note")}
    rel, partly = number(row, "tolerance_rel"), number(row, "tolerance_partly_rel")
    return Figure(**texts, kind=str(row["class"]), tolerance_rel=rel, tolerance_partly_rel=partly)


@dataclass(frozen=True)
class Evidence:
    """What verdicts rest on: the reported figures, the runs by policy and their economics against the baseline."""

    figures: Mapping[str, Figure]
    runs: Mapping[str, Run]
    incremental: Mapping[str, EconomicScore]

    def reported(self, figure_id: str) -> tuple[float, ...]:
        """Return the numbers of another row, so that arithmetic never types them again."""
        return self.figures[figure_id].numbers

    def run(self, policy: str = REFERENCE) -> Run:
        """Return a run by its policy.

        Raises
        ------
        MissingRunError
            It was not given.
        """
        if policy not in self.runs:
            raise MissingRunError(policy)
        return self.runs[policy]

    def year(self, policy: str = REFERENCE) -> Run:
        """Return a run of a full year.

        Raises
        ------
        MissingRunError
            It was not given, or is not one year long.
        """
        run = self.run(policy)
        if abs(run.score.years - 1.0) > YEAR_TOLERANCE:
            raise MissingRunError(f"{policy} over a full year (this run: {run.score.years:.3g} y)")
        return run

    def years(self, policies: Sequence[str] = VARIANTS) -> dict[str, Run]:
        """Return the full-year runs among some policies; at least one.

        Raises
        ------
        MissingRunError
            None of them was given.
        """
        given = {policy: self.year(policy) for policy in policies if policy in self.runs}
        if not given:
            raise MissingRunError(" or ".join(policies))
        return given


Computation = Callable[[Evidence, Figure, str], Finding]
"""(evidence, the row, the argument after the colon of its key) -> finding"""


def deviation(figure: Figure, values: Sequence[float]) -> float:
    """Return the largest relative deviation of computed from reported numbers; inf if they do not pair up."""
    pairs = list(zip(values, figure.numbers, strict=False))
    if not pairs or len(values) != len(figure.numbers) or not all(math.isfinite(value) for value in values):
        return math.inf
    return max(abs(value - reported) / abs(reported) if reported else math.inf for value, reported in pairs)


def graded(figure: Figure, values: Sequence[float]) -> Verdict:
    """Return the verdict of numbers by the row's two tolerances."""
    off = deviation(figure, values)
    if off <= figure.tolerance_rel:
        return Verdict.REPRODUCED
    return Verdict.PARTLY if off <= figure.tolerance_partly_rel else Verdict.NOT_REPRODUCED


def judged(figure: Figure, finding: Finding) -> Verdict:
    """Return the verdict of a row: its class, the computation's own, or the tolerances."""
    if figure.kind == "L":
        return Verdict.QUOTED
    if figure.kind == "I" and finding.verdict is not Verdict.NOT_POSSIBLE:
        return Verdict.INPUT
    verdict = finding.verdict or graded(figure, finding.values)
    return finding.at_best if verdict is Verdict.REPRODUCED else verdict


def without_computation(figure: Figure) -> Finding:
    """Return what is said of a row that names no computation."""
    if figure.kind == "L":
        return Finding(f"quoted, not reproduced ({figure.source.rpartition(', ')[2]})", text="not computed")
    if figure.kind == "I":
        return Finding("", text="taken as given")
    return Finding("", text="not computed", verdict=Verdict.NOT_POSSIBLE)


def missing(error: MissingRunError) -> Finding:
    """Return what is said of a row whose run is missing."""
    return Finding(f"not among what was run: {error}", text=f"needs {error}", verdict=Verdict.NOT_JUDGED)


def capped(finding: Finding, reason: str) -> Finding:
    """Return a finding that is at best `partly`, and why."""
    return dataclasses.replace(finding, at_best=Verdict.PARTLY, why=f"{finding.why}; {reason}")
