"""What can go wrong, and how it is said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntFlag


class DhsimError(Exception):
    """Base of every error that dhsim raises on purpose."""

    exit_code = 2


@dataclass(frozen=True)
class Problem:
    """One thing wrong with what the user said, and where it stands."""

    message: str
    path: str = ""
    line: int | None = None
    column: int | None = None
    key: str = ""

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.path, self.line, self.column) if part not in ("", None))
        return ": ".join(part for part in (place, self.key, self.message) if part)


class ScenarioError(DhsimError):
    """Everything that is wrong with a scenario or the files it names, at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    @classmethod
    def single(
        cls, message: str, *, path: str = "", line: int | None = None, column: int | None = None, key: str = ""
    ) -> ScenarioError:
        """Return an error with one problem."""
        return cls([Problem(message, path, line, column, key)])


class CatalogueError(DhsimError):
    """A catalogue has no such entry, or a row of it is broken."""


class MissingExtraError(DhsimError):
    """An optional dependency is needed; the text names the extra to install."""


class ConvergenceError(DhsimError):
    """An iteration inside a time step did not reach its tolerance."""

    exit_code = 3


class Status(IntFlag):
    """What the kernel has to say about a time step; flags may combine."""

    OK = 0
    NOT_CONVERGED = 1
    NOT_FINITE = 2
    DP_SHORT = 4
    PUMP_AT_LIMIT = 8
    DHW_SHORT = 16
    FLOW_LOW = 32
    NO_PUMP = 64
    HEAT_SHORT = 128
    CUT_OFF = 256

    @property
    def advice(self) -> str:
        """Return what to do about it, one sentence a flag."""
        return " ".join(_ADVICE[flag] for flag in type(self) if flag and flag in self)


_ADVICE = {
    Status.NOT_CONVERGED: "An iteration did not reach its tolerance: shorten time.step_min or check the pump curve.",
    Status.NOT_FINITE: "A value left the range its formula holds for (NaN): look at the inputs of that hour.",
    Status.DP_SHORT: "The secondary dp is below its set-point: raise dp_available_kpa or take larger pumps or valves.",
    Status.PUMP_AT_LIMIT: "The pumps run at full speed and cannot hold the set-point: choose larger pumps.",
    Status.DHW_SHORT: "Hot water is colder than asked for: the supply is too cold, or hardly flows, at its exchanger.",
    Status.FLOW_LOW: "The secondary flow is below 0.6 of design: vertical one-pipe risers go out of balance.",
    Status.NO_PUMP: "Mixing was asked for while no pump was running: the mixing share stayed at zero.",
    Status.HEAT_SHORT: "A consumer cannot get its heat: its supply is too cold or its flow too small.",
    Status.CUT_OFF: "A closed valve cuts a consumer off: open it, or switch the consumer off.",
}
