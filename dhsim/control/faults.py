"""When things break and when they are repaired: spans of time, fixed or drawn from a seeded generator."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from dhsim.errors import DhsimError
from dhsim.model.case import FaultPlan

_FAULT_STREAM = 0xFA17  # keeps the draws apart from those that others make with the same seed


class FaultText(NamedTuple):
    """How a kind of fault is told."""

    broken: str
    repaired: str


FAULT_TEXTS = {
    "third_pipe_out": FaultText("third pipe out of service", "third pipe back in service"),
    "sensor_out": FaultText("sensor out", "sensor back"),
    "pump_out": FaultText("pump broken", "pump repaired"),
}


def fault_generator(seed: int, index: int) -> np.random.Generator:
    """Return the random generator of the fault at place `index` of the plan; independent of the other faults'."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_FAULT_STREAM, index)))


def fault_spans(plan: FaultPlan, duration_s: float, generator: np.random.Generator) -> Iterator[tuple[float, float]]:
    """Yield (start, end) of each outage of one thing that begins within the run, in order and without overlap.

    A random fault is an alternating renewal process: from the run's start or the last repair to the next failure the
    time is exponential with mean T, the outage is exponential with mean D; the long-run share of time broken is
    D / (T + D). `start_s` of a random fault is not used.

    Parameters
    ----------
    plan : FaultPlan
        What breaks, and when.
    duration_s : float
        Length of the run [s].
    generator : numpy.random.Generator
        Source of the draws; a fixed fault draws nothing.

    Returns
    -------
    Iterator of tuple
        Start and end of the outage since the run's start [s], start >= 0; an outage from before the run starts at 0.

    Raises
    ------
    DhsimError
        If the kind is unknown or a time is not a positive number.

    Source: alternating renewal process, e.g. S. M. Ross, Introduction to Probability Models, chapter 7.

    >>> plan = FaultPlan("sensor_out", start_s=3600.0, duration_s=7200.0, mean_time_between_s=None)
    >>> list(fault_spans(plan, 86400.0, fault_generator(1, 0)))
    [(3600.0, 10800.0)]
    """
    _check(plan)
    if plan.mean_time_between_s is None:
        return _fixed_span(plan, duration_s)
    return _random_spans(plan.mean_time_between_s, plan.duration_s, duration_s, generator)


def _fixed_span(plan: FaultPlan, duration_s: float) -> Iterator[tuple[float, float]]:
    end_s = plan.start_s + plan.duration_s
    if plan.start_s < duration_s and end_s > 0.0:
        yield max(plan.start_s, 0.0), end_s


def _random_spans(
    mean_time_between_s: float, mean_outage_s: float, duration_s: float, generator: np.random.Generator
) -> Iterator[tuple[float, float]]:
    start_s = float(generator.exponential(mean_time_between_s))
    while start_s < duration_s:
        end_s = start_s + float(generator.exponential(mean_outage_s))
        yield start_s, end_s
        start_s = end_s + float(generator.exponential(mean_time_between_s))


def _check(plan: FaultPlan) -> None:
    if plan.kind not in FAULT_TEXTS:
        raise DhsimError(f"no fault of kind {plan.kind!r} (there are {', '.join(FAULT_TEXTS)})")
    times = {"duration_s": plan.duration_s}
    if plan.mean_time_between_s is None:
        if not math.isfinite(plan.start_s):
            raise DhsimError(f"fault {plan.kind}: start_s is {plan.start_s}, it should be a number")
    else:
        times["mean_time_between_s"] = plan.mean_time_between_s
    for name, value in times.items():
        if not (math.isfinite(value) and value > 0.0):
            raise DhsimError(f"fault {plan.kind}: {name} is {value}, it should be a positive number")
