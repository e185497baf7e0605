"""All reference cases in the order of the page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from dhsim.study.validation import destest, epanet, heat_refs, pandapipes_refs, pipes_measured
from dhsim.study.validation.files import require_complete
from dhsim.study.validation.types import CaseResult

Progress = Callable[[float], None]


def all_cases(folder: str | Path, *, progress: Progress | None = None) -> list[CaseResult]:
    """Run every reference case.

    Parameters
    ----------
    folder
        Where the cases lie, each in a folder of its own (`dhsim.study.validation.files.EXPECTED`).
    progress
        Called with the share done.

    Returns
    -------
    list of CaseResult
        What was predicted beside the references.

    Raises
    ------
    ScenarioError
        Where files are missing or are not what they should be; all that are missing are named.
    """
    base = Path(folder)
    require_complete(base)
    singles = (
        destest.ce0, destest.ce1, pipes_measured.liege, pipes_measured.graz, heat_refs.analytic, heat_refs.heat_nets,
        epanet.tree, epanet.mesh,
    )  # fmt: skip
    made = []
    for k, case in enumerate(singles):
        made.append(case(base))
        if progress is not None:
            progress((k + 1) / (len(singles) + 1))
    made += pandapipes_refs.hydraulic_cases(base)
    if progress is not None:
        progress(1.0)
    return made


def table_of(cases: list[CaseResult]) -> pd.DataFrame:
    """Return all checks as one table, a row each."""
    rows = [
        (case.id, check.quantity, check.unit, check.value, check.reference, check.peers_low, check.peers_high,
         check.criterion, check.deviation, str(check.verdict), check.why)
        for case in cases
        for check in case.checks
    ]  # fmt: skip
    names = ["case", "quantity", "unit", "dhsim", "reference", "peers_low", "peers_high", "criterion", "deviation",
             "verdict", "why"]  # fmt: skip
    return pd.DataFrame(rows, columns=names)
