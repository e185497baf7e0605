"""What a reference case gives: checks, each a value beside its reference, and the verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import pandas as pd

PERCENT = 100.0


class Verdict(StrEnum):
    """What came of a check."""

    PASSED = "passed"
    FAILED = "not passed"
    DIFFERENT = "not alike"
    SHOWN = "shown"


MEANINGS: Mapping[Verdict, str] = {
    Verdict.PASSED: "within the criterion",
    Verdict.FAILED: "outside of the criterion",
    Verdict.DIFFERENT: "outside of the criterion, and the reference computes something else; the reason stands beside",
    Verdict.SHOWN: "for information; there is no criterion",
}


@dataclass(frozen=True)
class Check:
    """One quantity of a case."""

    quantity: str
    unit: str
    value: float
    """dhsim's."""
    reference: float
    """The peers' median, a measurement or an analytic solution; NaN where there is none."""
    pass_low: float = math.nan
    pass_high: float = math.nan
    """What the value must lie between; NaN in both: no criterion."""
    peers_low: float = math.nan
    peers_high: float = math.nan
    """The peers' own spread; NaN where there is one reference alone."""
    criterion: str = ""
    why: str = ""
    not_alike: bool = False
    """The reference has another definition, which `why` names."""

    @property
    def deviation(self) -> float:
        """Value minus reference, in the unit."""
        return self.value - self.reference

    @property
    def verdict(self) -> Verdict:
        """What came of it."""
        if math.isnan(self.pass_low) and math.isnan(self.pass_high):
            return Verdict.SHOWN
        if self.pass_low <= self.value <= self.pass_high:
            return Verdict.PASSED
        return Verdict.DIFFERENT if self.not_alike else Verdict.FAILED


def within(
    quantity: str,
    unit: str,
    value: float,
    reference: float,
    *,
    absolute: float | None = None,
    relative: float | None = None,
    peers: pd.Series[float] | None = None,
    why: str = "",
    not_alike: bool = False,
) -> Check:
    """Return a check of a value against a reference and a tolerance.

    Parameters
    ----------
    quantity, unit
        What it is.
    value, reference
        In that unit.
    absolute
        Tolerance in the unit.
    relative
        Tolerance as a share of the reference [-].
    peers
        Results of other tools, for their lowest and highest.
    why
        What is to be said about it.
    not_alike
        Whether the reference has another definition.

    Examples
    --------
    >>> within("flow", "kg/h", 8848.0, 8847.9, relative=1e-3).verdict
    <Verdict.PASSED: 'passed'>
    """
    tolerance = math.nan
    criterion = ""
    if absolute is not None:
        tolerance, criterion = absolute, f"± {absolute:g} {unit}"
    elif relative is not None:
        tolerance, criterion = relative * abs(reference), f"± {PERCENT * relative:g} %"
    low, high = spread(peers)
    return Check(
        quantity,
        unit,
        value,
        reference,
        reference - tolerance,
        reference + tolerance,
        low,
        high,
        criterion,
        why,
        not_alike,
    )


def between(
    quantity: str,
    unit: str,
    value: float,
    low: float,
    high: float,
    *,
    reference: float = math.nan,
    peers: pd.Series[float] | None = None,
    why: str = "",
    not_alike: bool = False,
) -> Check:
    """Return a check of a value against a range.

    Examples
    --------
    >>> between("loss", "W", 340.0, 305.0, 330.0).verdict
    <Verdict.FAILED: 'not passed'>
    """
    peers_low, peers_high = spread(peers)
    criterion = f"at most {high:g}" if math.isinf(low) else f"{low:g} … {high:g}"
    return Check(quantity, unit, value, reference, low, high, peers_low, peers_high, criterion, why, not_alike)


def at_most(
    quantity: str, unit: str, value: float, limit: float, *, reference: float = math.nan, why: str = ""
) -> Check:
    """Return a check of an error against its limit."""
    return between(quantity, unit, value, -math.inf, limit, reference=reference, why=why)


def spread(peers: pd.Series[float] | None) -> tuple[float, float]:
    """Return the lowest and highest of the peers, or NaN."""
    if peers is None or not np.isfinite(peers.to_numpy(dtype=float)).any():
        return math.nan, math.nan
    return float(peers.min()), float(peers.max())


@dataclass(frozen=True)
class CaseResult:
    """One reference case: what it is, its checks, and series to draw."""

    id: str
    title: str
    source: str
    text: str
    """What was predicted from what, and what differs from the reference."""
    checks: tuple[Check, ...]
    series: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    """Name of a figure -> table, index time [s] or place."""

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return all(check.verdict is not Verdict.FAILED for check in self.checks)
