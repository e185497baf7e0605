"""The iterative workflow of figure 4: fit, front, choice, turn the valves, wait, fit again; kept in one folder.

A folder holds `building.json`, `state.json` and a folder for every round with its series, posterior, front and choice.
Each step reads what the one before it left, so that days or months may lie between them. `state.json` is written last:
a step that was broken off has not happened. Source: section 4.3 and figure 4 of doi 10.1016/j.enbuild.2025.116464.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from dhsim.balancing.completion import completed
from dhsim.balancing.flags import Flag
from dhsim.balancing.hydraulics import solve_flows
from dhsim.balancing.performance import Performance, performance
from dhsim.balancing.posterior import Posterior
from dhsim.balancing.protocol import BuildingCase, open_building
from dhsim.balancing.round_files import read_arrays, read_posterior, read_series, write_bytes, write_json
from dhsim.balancing.sensor_data import SensorSeries
from dhsim.errors import DhsimError
from dhsim.model.building import Building
from dhsim.network.parts import Floats

STATE_NAME, BUILDING_NAME = "state.json", "building.json"
SERIES_NAME, POSTERIOR_NAME, FRONT_NAME, CHOICE_NAME = "series.npz", "posterior.npz", "front.npz", "choice.npz"
STOP_PROXY_REL = 0.0025
"""L over the square of theta, sin^2 phi, at which balancing may stop: phi = 0.05. With leakage and heat supply about
alike, rooms then differ by half of 5 % of the difference to outdoors, 0.5 K at 0 degC. The paper names no number; this
one is an assumption of dhsim."""
_VERSION = 1


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


@dataclass(frozen=True)
class ChoiceState:
    """What was chosen."""

    zeta: float
    options: FrontOptions
    rounded: bool
    from_front: bool
    """Whether it is a point of the front; otherwise it was solved for the options of the choice."""


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


@dataclass(frozen=True)
class State:
    """What `state.json` holds."""

    source: str
    """Where the building was read from."""
    synthetic: bool
    stop_proxy_rel: float = STOP_PROXY_REL
    rounds: tuple[RoundState, ...] = ()


@dataclass(frozen=True, eq=False)
class Option:
    """One set of valve settings with what it would do, for the most likely leakage and heat supply."""

    zeta: float
    """NaN where no weighting belongs to it."""
    resistance_valves_pa_s2_m6: Floats
    flow_zone_m3_s: Floats
    flow_ratio_rel: Floats
    flow_total_rel: float
    performance: Performance

    @property
    def change_norm_m6_s2(self) -> float:
        """Square of the change of the zones' flows, as in figure 10 [m6/s2]."""
        return float(np.sum((self.flow_zone_m3_s * (1.0 - 1.0 / np.maximum(self.flow_ratio_rel, 1e-9))) ** 2))


@dataclass(frozen=True, eq=False)
class Round:
    """One round with what it left; front and choice empty where that step was not taken."""

    state: RoundState
    case: BuildingCase
    """With the valves as they stood in this round."""
    folder: Path

    @cached_property
    def series(self) -> SensorSeries:
        """The readings of the round."""
        return read_series(self.folder / SERIES_NAME)

    @cached_property
    def fit(self) -> Posterior:
        """Of the zones with sensors."""
        return read_posterior(self.folder / POSTERIOR_NAME)

    @cached_property
    def whole(self) -> Posterior:
        """Of all zones, those without a fit assumed."""
        return completed(self.fit, self.case.building.zone_ids)

    @property
    def building(self) -> Building:
        """As it stood."""
        return self.case.building

    @cached_property
    def front(self) -> tuple[Option, ...]:
        """By rising weight of the best case."""
        if self.state.front is None:
            return ()
        found = read_arrays(self.folder / FRONT_NAME)
        settings = zip(found["zetas"], found["resistance_valves_pa_s2_m6"], strict=True)
        return tuple(option_of(self, k, float(zeta)) for zeta, k in settings)

    @cached_property
    def choice(self) -> Option | None:
        """The settings that were chosen."""
        if self.state.choice is None:
            return None
        found = read_arrays(self.folder / CHOICE_NAME)
        return option_of(self, found["resistance_valves_pa_s2_m6"], self.state.choice.zeta)


@dataclass(frozen=True, eq=False)
class Workflow:
    """A folder's rounds."""

    folder: Path
    state: State
    case: BuildingCase
    """With the valves as protocol or scenario have them: before the first round."""
    rounds: tuple[Round, ...] = field(default=())

    @property
    def last(self) -> Round:
        """The round at hand."""
        return self.rounds[-1]


@dataclass(frozen=True)
class Verdict:
    """Whether the work may stop."""

    proxy_rel: float
    """L over the square of theta, of the most likely values."""
    stop_proxy_rel: float
    probability_rel: float
    """Share of the draws below the threshold. Uncertainty alone lifts draws, so that it errs on the side of work."""
    word: str
    """stop, go on, or more data"""
    text: str


def verdict(fit: Posterior, stop_proxy_rel: float) -> Verdict:
    """Return whether balancing may stop: the proxy against its threshold.

    ``L / |theta|^2 = sin^2 phi``

    Parameters
    ----------
    fit
        Of the round.
    stop_proxy_rel
        Threshold [-].

    Returns
    -------
    Verdict
        "stop" where the most likely proxy lies below; "more data" where it lies above, but no further than what the
        uncertainty of single zones adds to an angle; "go on" otherwise.
    """
    angle, noise = fit.angle_rad(), fit.angle_noise_rad()
    proxy = float(np.sin(angle) ** 2)
    below = float(np.mean(np.sin(fit.angle_samples_rad()) ** 2 <= stop_proxy_rel))
    threshold = float(np.arcsin(np.sqrt(stop_proxy_rel)))
    shown = f"phi = {angle:.3f} (L/|theta|² = {proxy:.4f}, threshold {stop_proxy_rel:g})"
    if proxy <= stop_proxy_rel:
        word, text = "stop", f"{shown}: the flows fit the flats, the work may stop"
    elif angle - threshold <= noise and noise > threshold:
        word = "more data"
        text = f"{shown}: above the threshold by less than the fit's uncertainty ({noise:.3f}): more data, or excite"
    else:
        word, text = "go on", f"{shown}: go on balancing"
    return Verdict(proxy, stop_proxy_rel, below, word, text)


def option_of(at: Round, resistance_valves_pa_s2_m6: Floats, zeta: float = float("nan")) -> Option:
    """Return what valve settings would do in a round, by the flows of its building."""
    building, friction = at.building, at.case.friction
    present = solve_flows(building, friction=friction)
    flow = solve_flows(building, resistance_valves_pa_s2_m6, friction)
    ratio = np.maximum(flow.flow_zone_m3_s / present.flow_zone_m3_s, 0.0)
    return Option(
        zeta=zeta,
        resistance_valves_pa_s2_m6=np.asarray(resistance_valves_pa_s2_m6, np.float64),
        flow_zone_m3_s=flow.flow_zone_m3_s,
        flow_ratio_rel=ratio,
        flow_total_rel=flow.flow_total_m3_s / present.flow_total_m3_s,
        performance=performance(at.whole.theta_per_s, at.whole.nu_per_s, ratio),
    )


def round_folder(folder: Path, number: int) -> Path:
    """Return where a round keeps its files."""
    return folder / f"round{number}"


def open_workflow(folder: str | Path) -> Workflow:
    """Return the workflow that a folder holds.

    Parameters
    ----------
    folder
        As `fit_round` filled it.

    Returns
    -------
    Workflow
        Rounds read as far as they are asked for.

    Raises
    ------
    DhsimError
        If the folder holds no workflow, or a broken one.
    """
    at = Path(folder)
    state = read_state(at)
    case = open_building(at / BUILDING_NAME)
    rounds: list[Round] = []
    here = case
    for told in state.rounds:
        made = Round(told, here, round_folder(at, told.number))
        rounds.append(made)
        if told.choice is not None:
            settings = read_arrays(made.folder / CHOICE_NAME)["resistance_valves_pa_s2_m6"]
            here = replace(here, building=here.building.with_valves(settings))
    return Workflow(at, state, case, tuple(rounds))


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
        if told.pop("schema_version") != _VERSION:
            raise DhsimError(f"{path}: written by another version of dhsim: begin in a new folder")
        rounds = tuple(_round_state(row) for row in told.pop("rounds"))
        return State(rounds=rounds, **told)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DhsimError(f"{path}: broken ({error}): begin again in a new folder") from error


def write_state(folder: Path, state: State) -> None:
    """Write `state.json`."""
    write_json(folder / STATE_NAME, {"schema_version": _VERSION, **asdict(state)})


def write_building(folder: Path, case: BuildingCase) -> None:
    """Keep the building in the folder, so that it does not change under the work."""
    said = case.scenario.model_dump(mode="json", exclude_none=True, exclude={"sensors"})
    text = json.dumps(said, indent=1, ensure_ascii=False, allow_nan=False)
    write_bytes(folder / BUILDING_NAME, f"{text}\n".encode())


def is_synthetic(case: BuildingCase) -> bool:
    """Return whether a building says of itself that it is made up."""
    said = f"{case.scenario.name} {case.scenario.description}".lower()
    return case.truth is not None or "synthetic" in said


def all_flags(at: Round) -> tuple[Flag, ...]:
    """Return what the user must know about a round: of the building, the series and the fit."""
    return tuple(dict.fromkeys((*at.case.flags, *at.series.flags, *at.whole.flags)))


def _round_state(row: dict[str, Any]) -> RoundState:
    front, choice = row.pop("front"), row.pop("choice")
    return RoundState(
        **row,
        front=None if front is None else _options(front),
        choice=None if choice is None else ChoiceState(**{**choice, "options": _options(choice["options"])}),
    )


def _options(row: dict[str, Any]) -> FrontOptions:
    return FrontOptions(**{**row, "valves": tuple(row["valves"])})
