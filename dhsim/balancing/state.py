"""What `state.json` holds: the rounds, what was allowed, chosen and made in each, and how readings are read."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dhsim.balancing.round_files import write_json
from dhsim.errors import DhsimError
from dhsim.units import S_PER_H

STATE_NAME = "state.json"
STOP_PROXY_REL = 0.0025
"""L over the square of theta, sin^2 phi, at which balancing may stop: phi = 0.05. With leakage and heat supply about
alike, rooms then differ by half of 5 % of the difference to outdoors, 0.5 K at 0 degC. The paper names no number; this
one is an assumption of dhsim."""
_VERSION = 2
_VERSIONS_READ = (1, 2)
"""The first one knew neither the settings that were made, nor the fit of all rounds together, nor how readings are
read."""


@dataclass(frozen=True)
class FrontOptions:
    """What the optimiser was allowed."""

    valves: tuple[str, ...] = ()
    """That may be turned; empty for all."""
    riser_only: bool = False
    max_changed: int | None = None
    total_flow_tolerance_rel: float | None = None
    samples: int = 0
    """Draws of the posterior that are optimised together; 0 for the most likely values."""
    quantile: float | None = None

    @property
    def is_limited(self) -> bool:
        """Whether some settings were out of bounds."""
        return bool(self.valves or self.riser_only) or not (
            self.max_changed is None and self.total_flow_tolerance_rel is None
        )


@dataclass(frozen=True)
class ChoiceState:
    """What was chosen."""

    zeta: float
    options: FrontOptions
    rounded: bool
    from_front: bool
    """Whether it is a point of the front; otherwise it was solved for the options of the choice, or the front was
    computed anew after it."""


@dataclass(frozen=True)
class MadeState:
    """What was reported of the settings that were really made."""

    source: str
    """File or option that said it."""
    reported: tuple[str, ...]
    """Valves that were named; the others are taken to stand as chosen, or as before."""
    untouched: bool = False
    """Whether valves that were not named stayed as they were before."""


@dataclass(frozen=True)
class ResponseState:
    """The fit of several rounds together, or why there is none."""

    rounds: tuple[int, ...]
    reason: str = ""


@dataclass(frozen=True)
class ReadingsState:
    """How files of readings are read, by the building's `sensors:` and the options of the fits so far."""

    file: str = ""
    """Where the building says that they are; empty where it does not."""
    time_zone: str | None = None
    """Of times that bear none."""
    step_s: float = S_PER_H
    """Of the grid on which they are put."""
    ignore: tuple[str, ...] = ()
    """Columns or series that are no concern of the fit."""


@dataclass(frozen=True)
class RoundState:
    """One pass through figure 4, as `state.json` has it."""

    number: int
    data: str
    start: str
    end: str
    method: str
    front: FrontOptions | None = None
    choice: ChoiceState | None = None
    made: MadeState | None = None
    response: ResponseState | None = None

    @property
    def is_done(self) -> bool:
        """Whether settings were chosen or made, so that new readings begin another round."""
        return self.choice is not None or self.made is not None


@dataclass(frozen=True)
class State:
    """What `state.json` holds."""

    source: str
    """Where the building was read from."""
    synthetic: bool
    stop_proxy_rel: float = STOP_PROXY_REL
    rounds: tuple[RoundState, ...] = ()
    readings: ReadingsState | None = None
    """None in folders of an earlier version."""

    def past(self, again: bool = False) -> tuple[RoundState, ...]:
        """Return the rounds before the one that a fit is for: the last one's successor once that is done."""
        if self.rounds and (again or not self.rounds[-1].is_done):
            return self.rounds[:-1]
        return self.rounds


def read_state(folder: Path) -> State:
    """Return what `state.json` says.

    Raises
    ------
    DhsimError
        If it is missing or broken.
    """
    path = folder / STATE_NAME
    if not path.is_file():
        raise DhsimError(
            f"{folder}: no balancing is kept here: begin with `dhsim balance fit {folder} --building FILE --data FILE`"
        )
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if told.pop("schema_version") not in _VERSIONS_READ:
            raise DhsimError(f"{path}: written by another version of dhsim: begin in a new folder")
        rounds = tuple(_round_state(row) for row in told.pop("rounds"))
        readings = told.pop("readings", None)
        if readings is not None:
            readings = ReadingsState(**{**readings, "ignore": tuple(readings["ignore"])})
        return State(rounds=rounds, readings=readings, **told)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DhsimError(f"{path}: broken ({error}): begin again in a new folder") from error


def write_state(folder: Path, state: State) -> None:
    """Write `state.json`."""
    write_json(folder / STATE_NAME, {"schema_version": _VERSION, **asdict(state)})


def _round_state(row: dict[str, Any]) -> RoundState:
    front, choice = row.pop("front"), row.pop("choice")
    made, response = row.pop("made", None), row.pop("response", None)
    return RoundState(
        **row,
        made=None if made is None else MadeState(**{**made, "reported": tuple(made["reported"])}),
        response=None if response is None else ResponseState(tuple(response["rounds"]), response["reason"]),
        front=None if front is None else _options(front),
        choice=None if choice is None else ChoiceState(**{**choice, "options": _options(choice["options"])}),
    )


def _options(row: dict[str, Any]) -> FrontOptions:
    return FrontOptions(**{**row, "valves": tuple(row["valves"])})
