"""The validation page: every public reference case beside what dhsim predicts, as one self-contained HTML file."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from matplotlib.figure import Figure

from dhsim.report import figures_validation
from dhsim.report.series import write_whole
from dhsim.report.style import svg_data_uri
from dhsim.study.validation.cases import Progress, all_cases
from dhsim.study.validation.types import MEANINGS, CaseResult, Check, Verdict

PAGE_NAME = "validation.html"
VERDICT_CLASSES = {
    Verdict.PASSED: "good",
    Verdict.DIFFERENT: "fair",
    Verdict.FAILED: "bad",
    Verdict.SHOWN: "plain",
}
_FIGURES: dict[str, tuple[Callable[[CaseResult], Figure], str]] = {
    "destest-ce0": (
        lambda case: figures_validation.temperatures_with_spread(case.series["temperatures"]),
        "Temperatures as differences from the median of the five consistent tools; bars are the tools' spread.",
    ),
    "destest-ce1": (
        lambda case: figures_validation.heat_over_time(case.series["heat"]),
        "Seven days. Where no house needs heat water stands and cools (solid); the tools let a little pass (dotted).",
    ),
    "liege": (
        lambda case: figures_validation.outlets(dict(case.series)),
        "Measured and predicted outlets, with the inlet that drives them.",
    ),
    "graz": (
        lambda case: figures_validation.outlets(dict(case.series)),
        "Measured and predicted outlet; the band is where the eight tools lie.",
    ),
}


def validation_page(folder: str | Path, out: str | Path, *, progress: Progress | None = None) -> Path:
    """Run every reference case and write the page.

    Parameters
    ----------
    folder
        Where the reference cases lie.
    out
        Folder to write `validation.html` into.
    progress
        Called with the share done.

    Returns
    -------
    Path
        The file, which needs no other file.

    Raises
    ------
    ScenarioError
        Where files of the cases are missing or broken.
    """
    page = render_validation(all_cases(folder, progress=progress))

    def write(partial: Path) -> None:
        partial.write_text(page, encoding="utf-8", newline="\n")

    return write_whole(Path(out) / PAGE_NAME, write)


def render_validation(cases: Sequence[CaseResult]) -> str:
    """Return the page as text."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    counts = pd.DataFrame(
        [[sum(check.verdict is verdict for check in case.checks) for verdict in MEANINGS] for case in cases],
        index=[case.title for case in cases],
        columns=[str(verdict) for verdict in MEANINGS],
    )
    context = {
        "counts": [(str(v), VERDICT_CLASSES[v], int(counts[str(v)].sum()), text) for v, text in MEANINGS.items()],
        "overview": svg_data_uri(figures_validation.verdict_bars(counts)),
        "cases": [_case(case) for case in cases],
    }
    return environment.get_template("validation.html.j2").render(context) + "\n"


def _case(case: CaseResult) -> dict[str, Any]:
    draw = _FIGURES.get(case.id)
    has_series = draw is not None and bool(case.series)
    return {
        "id": case.id,
        "title": case.title,
        "source": case.source,
        "text": case.text,
        "passed": case.passed,
        "rows": [(VERDICT_CLASSES[check.verdict], _cells(check)) for check in case.checks],
        "figure": svg_data_uri(draw[0](case)) if draw is not None and has_series else "",
        "caption": draw[1] if draw is not None else "",
    }


def _cells(check: Check) -> list[str]:
    """Return a row: quantity, unit, dhsim, reference, peers, criterion, deviation, verdict, why."""
    digits = _digits(check)
    spread = "–"
    if not math.isnan(check.peers_low):
        spread = f"{_number(check.peers_low, digits)} … {_number(check.peers_high, digits)}"
    return [
        check.quantity,
        check.unit,
        _number(check.value, digits),
        _number(check.reference, digits),
        spread,
        check.criterion or "–",
        _deviation(check, digits),
        str(check.verdict),
        check.why,
    ]


def _digits(check: Check) -> int:
    """Return the decimals that show a value to about five digits, and its tolerance at least to two."""
    finite = [abs(x) for x in (check.value, check.reference) if math.isfinite(x) and x != 0.0]
    magnitude = math.floor(math.log10(max(finite))) if finite else 0
    width = check.pass_high - check.pass_low
    fine = 2 - math.floor(math.log10(width)) if math.isfinite(width) and width > 0.0 else 0
    return min(max(4 - magnitude, fine if fine <= 4 else 4, 0), 6)


def _number(value: float, digits: int) -> str:
    if not math.isfinite(value):
        return "–"
    if value != 0.0 and abs(value) < 0.5 * 10.0**-digits:
        return f"{value:.0e}"
    return f"{value:,.{digits}f}".replace(",", "\u2009").replace("-", "\u2212")


def _deviation(check: Check, digits: int) -> str:
    """Return the deviation in the unit, and in per cent where that says something."""
    if not math.isfinite(check.deviation):
        return "–"
    text = _number(check.deviation, digits)
    if check.unit in ("°C", "K", "%") or check.reference == 0.0:
        return text
    return f"{text} ({_number(100.0 * check.deviation / abs(check.reference), 2)} %)"
