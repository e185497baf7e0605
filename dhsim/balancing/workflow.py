"""The iterative workflow of figure 4: fit, front, choice, turn the valves, wait, fit again; kept in one folder.

A folder holds `building.json`, `state.json` and a folder for every round with its series, posterior, front and choice.
Each step reads what the one before it left, so that days or months may lie between them. `state.json` is written last:
a step that was broken off has not happened. Source: section 4.3 and figure 4 of doi 10.1016/j.enbuild.2025.116464.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from dhsim.balancing.completion import completed
from dhsim.balancing.flags import Flag
from dhsim.balancing.flow_response import FlowResponse
from dhsim.balancing.performance import Performance, performance
from dhsim.balancing.posterior import Posterior
from dhsim.balancing.protocol import BuildingCase, open_building
from dhsim.balancing.round_files import (
    read_arrays,
    read_posterior,
    read_response,
    read_series,
    write_bytes,
)
from dhsim.balancing.sensor_data import SensorSeries
from dhsim.balancing.state import (
    STATE_NAME,
    STOP_PROXY_REL,
    ChoiceState,
    FrontOptions,
    MadeState,
    ReadingsState,
    ResponseState,
    RoundState,
    State,
    read_state,
    write_state,
)
from dhsim.model.building import Building
from dhsim.model.building_hydraulics import solve_flows
from dhsim.network.parts import Floats

__all__ = [
    "BUILDING_NAME",
    "CHOICE_NAME",
    "FRONT_NAME",
    "MADE_NAME",
    "POSTERIOR_NAME",
    "RESPONSE_NAME",
    "SERIES_NAME",
    "STATE_NAME",
    "STOP_PROXY_REL",
    "ChoiceState",
    "FrontOptions",
    "MadeState",
    "Option",
    "ReadingsState",
    "ResponseState",
    "Round",
    "RoundState",
    "State",
    "Workflow",
    "all_flags",
    "is_synthetic",
    "open_workflow",
    "option_of",
    "read_state",
    "round_folder",
    "write_building",
    "write_state",
]

BUILDING_NAME = "building.json"
SERIES_NAME, POSTERIOR_NAME, FRONT_NAME, CHOICE_NAME = "series.npz", "posterior.npz", "front.npz", "choice.npz"
MADE_NAME, RESPONSE_NAME = "made.npz", "response.npz"


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

    @cached_property
    def made(self) -> Option | None:
        """The settings that were really made, where somebody reported them."""
        if self.state.made is None:
            return None
        return option_of(self, read_arrays(self.folder / MADE_NAME)["resistance_valves_pa_s2_m6"])

    @property
    def applied(self) -> Option | None:
        """What the next round's readings were taken with: the settings made, else those chosen."""
        return self.made or self.choice

    @cached_property
    def response(self) -> FlowResponse | None:
        """How the heat supply follows the flow, by all rounds up to this one."""
        if self.state.response is None or self.state.response.reason:
            return None
        return read_response(self.folder / RESPONSE_NAME)


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
        if told.is_done:
            name = CHOICE_NAME if told.made is None else MADE_NAME
            settings = read_arrays(made.folder / name)["resistance_valves_pa_s2_m6"]
            here = replace(here, building=here.building.with_valves(settings))
    return Workflow(at, state, case, tuple(rounds))


def write_building(folder: Path, case: BuildingCase) -> None:
    """Keep the building in the folder, so that it does not change under the work."""
    said = case.scenario.model_dump(mode="json", exclude_none=True, exclude={"sensors"})
    text = json.dumps(said, indent=1, ensure_ascii=False, allow_nan=False)
    write_bytes(folder / BUILDING_NAME, f"{text}\n".encode())


def is_synthetic(case: BuildingCase) -> bool:
    """Return whether a building says of itself that it is made up."""
    said = f"{case.scenario.name} {case.scenario.description}".lower()
    return case.truth is not None or case.scenario.made_up or "synthetic" in said


def all_flags(at: Round) -> tuple[Flag, ...]:
    """Return what the user must know about a round: of the building, the series and the fit."""
    return tuple(dict.fromkeys((*at.case.flags, *at.series.flags, *at.whole.flags)))
