"""The steps of the workflow: fit a round's readings, compute its front, choose settings that can be made."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from dhsim.balancing.completion import completed
from dhsim.balancing.guidance import riser_valves
from dhsim.balancing.identification import identify
from dhsim.balancing.kalman import identify_kalman
from dhsim.balancing.pareto import ParetoFront, ParetoPoint, pareto, rounded
from dhsim.balancing.posterior import Posterior
from dhsim.balancing.protocol import BuildingCase, open_building, read_sensors
from dhsim.balancing.round_files import write_arrays, write_posterior, write_series
from dhsim.balancing.sensor_data import SensorSeries, read_sensor_file
from dhsim.balancing.valves import levels_pa_s2_m6
from dhsim.balancing.workflow import (
    CHOICE_NAME,
    FRONT_NAME,
    POSTERIOR_NAME,
    SERIES_NAME,
    STATE_NAME,
    STOP_PROXY_REL,
    ChoiceState,
    FrontOptions,
    Option,
    Round,
    RoundState,
    State,
    Workflow,
    is_synthetic,
    open_workflow,
    round_folder,
    write_building,
    write_state,
)
from dhsim.errors import ConvergenceError, DhsimError
from dhsim.network.parts import Floats
from dhsim.units import S_PER_H

METHODS = ("kalman", "regression")
KEEP_FLOW_REL = 1e-3
"""What "the total flow is kept" means."""
ZETA_SAME = 1e-6
_DRAWS_KEPT = 2000
_ONLY_OF_REGRESSION = ("trv",)
"""Flags that the Kalman fit does not raise itself."""


def fit_round(
    folder: str | Path,
    building: str | Path | None = None,
    data: str | Path | None = None,
    *,
    method: str = "kalman",
    time_zone: str | None = None,
    start: str | None = None,
    end: str | None = None,
    stop_proxy_rel: float | None = None,
    again: bool = False,
    synthetic: bool = False,
) -> Workflow:
    """Fit leakage and heat supply of all zones to a round's readings.

    The first call starts a workflow. A call after a choice starts the next round, with the valves as chosen; a call
    before one, or with `again`, fits the round at hand anew and drops its front and choice.

    Parameters
    ----------
    folder
        Of the workflow; made if need be.
    building
        File or folder of the building; only for the first round.
    data
        The readings; where the building's file says, if left out.
    method
        "kalman" (knows the sensors' noise) or "regression" (eq. (23)).
    time_zone
        Of times that bear none.
    start, end
        Part of the series to use, the end excluded.
    stop_proxy_rel
        L over the square of theta at which the work may stop [-]; kept for later rounds.
    again
        Fit the last round anew although its settings were chosen.
    synthetic
        Whether the readings were made up; then the report says so.

    Returns
    -------
    Workflow
        With the fitted round as its last.

    Raises
    ------
    DhsimError
        For a folder that cannot go on this way, or unfit readings.
    """
    if method not in METHODS:
        raise DhsimError(f"--method: got {method!r}; it takes {' or '.join(METHODS)}")
    if stop_proxy_rel is not None and not 0.0 < stop_proxy_rel < 1.0:
        raise DhsimError(f"the threshold of L over the square of theta lies between 0 and 1 (got {stop_proxy_rel:g})")
    at = Path(folder)
    before = open_workflow(at) if (at / STATE_NAME).is_file() else None
    case, state = _begun(at, before, building)
    state = replace(state, synthetic=state.synthetic or synthetic)
    if stop_proxy_rel is not None:
        state = replace(state, stop_proxy_rel=stop_proxy_rel)
    past = _past_rounds(state, again)
    number = len(past) + 1
    series = _series(case, data, time_zone)
    if start is not None or end is not None:
        series = _part(series, start, end)
    fit = _fitted(series.usable(), method)
    completed(fit, case.building.zone_ids)  # refuses what no later step could use
    told = RoundState(number, _data_name(case, data), str(series.time[0]), str(series.time[-1]), method)
    place = round_folder(at, number)
    write_series(place / SERIES_NAME, series)
    write_posterior(place / POSTERIOR_NAME, fit)
    if before is None:
        write_building(at, case)
    write_state(at, replace(state, rounds=(*past, told)))
    return open_workflow(at)


def _begun(folder: Path, before: Workflow | None, building: str | Path | None) -> tuple[BuildingCase, State]:
    if before is None:
        if building is None:
            raise DhsimError(f"{folder}: a new balancing needs --building")
        case = open_building(building)
        return case, State(str(building), is_synthetic(case), STOP_PROXY_REL)
    if building is not None:
        case = open_building(building)
        if case.scenario.model_copy(update={"sensors": None}).content_hash() != before.case.scenario.content_hash():
            raise DhsimError(
                f"{building}: another building than the one this folder was begun with ({before.state.source}), or "
                "changed since; its hydraulics stay as they are through all rounds: begin in a new folder"
            )
        return case, before.state
    return before.case, before.state


def _past_rounds(state: State, again: bool) -> tuple[RoundState, ...]:
    """Return the rounds before the one that is fitted."""
    if state.rounds and (again or state.rounds[-1].choice is None):
        return state.rounds[:-1]
    return state.rounds


def _series(case: BuildingCase, data: str | Path | None, time_zone: str | None) -> SensorSeries:
    if data is None or (case.scenario.sensors is not None and time_zone is None):
        return read_sensors(case, data)
    return read_sensor_file(data, time_zone=time_zone, step_s=S_PER_H, zone_ids=case.building.zone_ids)


def _part(series: SensorSeries, start: str | None, end: str | None) -> SensorSeries:
    """Return the readings from a start to an end, either of which may be open."""
    last = series.time[-1] + pd.Timedelta(seconds=series.step_s)
    try:
        return series.between(start or series.time[0], end or last)
    except ValueError as error:
        raise DhsimError(f"--start, --end: not a time ({error}); write 2024-02-07 or 2024-02-07T13:00+01:00") from error


def _data_name(case: BuildingCase, data: str | Path | None) -> str:
    if data is not None:
        return str(data)
    return "" if case.scenario.sensors is None else case.scenario.sensors.file


def _fitted(series: SensorSeries, method: str) -> Posterior:
    """Return the fit; the regression's residuals are looked at for thermostats whatever the method."""
    if not series.zone_ids:
        raise DhsimError("no zone has a usable sensor: nothing can be fitted")
    readings = series.temp_zone_c, series.temp_supply_c, series.temp_outdoor_c, series.step_s
    plain = identify(*readings, zone_ids=series.zone_ids, draw_count=_DRAWS_KEPT)
    if method == "regression":
        return plain
    fit = identify_kalman(*readings, zone_ids=series.zone_ids, draw_count=_DRAWS_KEPT)
    screened = [flag for flag in plain.flags if flag.kind in _ONLY_OF_REGRESSION]
    return dataclasses.replace(fit, flags=(*fit.flags, *screened))


def front_round(
    folder: str | Path,
    zetas: Sequence[float] | None = None,
    options: FrontOptions | None = None,
    *,
    effort: float = 1.0,
) -> Workflow:
    """Compute the Pareto front of the last round; a choice made before is dropped.

    Parameters
    ----------
    folder
        Of the workflow.
    zetas
        Weights of the best case; 21 from 0 to 0.95 if left out.
    options
        What the optimiser may do; anything if left out.
    effort
        Factor on the search for better valleys.

    Returns
    -------
    Workflow
        With the front in its last round.

    Raises
    ------
    DhsimError
        If no round was fitted, or options do not fit the building.
    MissingExtraError
        Without CasADi.
    """
    flow = open_workflow(folder)
    told = FrontOptions() if options is None else options
    front = _solved(flow.last, zetas, told, effort)
    settings = np.array([point.resistance_valves_pa_s2_m6 for point in front.points])
    write_arrays(
        flow.last.folder / FRONT_NAME,
        zetas=front.zetas,
        resistance_valves_pa_s2_m6=settings,
        objective_rel=front.objectives_rel,
    )
    _keep(flow, replace(flow.last.state, front=told, choice=None))
    return open_workflow(folder)


def choose_settings(
    folder: str | Path,
    zeta: float = 0.5,
    options: FrontOptions | None = None,
    *,
    keep_scale: bool = True,
    effort: float = 1.0,
) -> Workflow:
    """Choose the settings to be made, rounded to what the valves' scales show.

    The options of the front hold here too, and further ones narrow them. Without further ones the point of the front
    at that weight is taken, and solved if it is not there.

    Parameters
    ----------
    folder
        Of the workflow.
    zeta
        Weight of the best case.
    options
        What narrows those of the front.
    keep_scale
        Round to turns and presets; False takes the settings as they came.
    effort
        Factor on the search for better valleys where it is solved anew.

    Returns
    -------
    Workflow
        With the choice in its last round.

    Raises
    ------
    DhsimError
        If no round was fitted, or no settings fit the options.
    MissingExtraError
        Without CasADi.
    """
    flow = open_workflow(folder)
    last = flow.last
    used = narrowed(last.state.front or FrontOptions(), options)
    stored = _stored(last, zeta) if used == last.state.front else None
    front = _solved(last, [zeta], used, 0.0 if stored is not None else effort)
    point = front.points[0] if stored is None else _point(front.points[0], stored)
    if keep_scale:
        levels = {
            v: k
            for v, k in levels_pa_s2_m6(last.building, last.case.valve_types).items()
            if v in set(front.search.free)
        }
        point = _at_scale(front, point, levels) if levels else point
    write_arrays(last.folder / CHOICE_NAME, resistance_valves_pa_s2_m6=point.resistance_valves_pa_s2_m6)
    chosen = ChoiceState(zeta=float(zeta), options=used, rounded=keep_scale, from_front=stored is not None)
    _keep(flow, replace(last.state, choice=chosen))
    return open_workflow(folder)


def _at_scale(front: ParetoFront, point: ParetoPoint, levels: dict[int, Floats]) -> ParetoPoint:
    try:
        return rounded(front, point, levels)
    except ConvergenceError as error:
        raise ConvergenceError(f"{error}, allow more valves, or take the settings as they come (--exact)") from error


def narrowed(front: FrontOptions, own: FrontOptions | None) -> FrontOptions:
    """Return the options of a front narrowed by others; what to optimise over stays the front's."""
    if own is None:
        return front
    return replace(
        front,
        valves=own.valves or front.valves,
        riser_only=own.riser_only or front.riser_only,
        max_changed=front.max_changed if own.max_changed is None else own.max_changed,
        total_flow_tolerance_rel=(
            front.total_flow_tolerance_rel if own.total_flow_tolerance_rel is None else own.total_flow_tolerance_rel
        ),
    )


def _keep(flow: Workflow, told: RoundState) -> None:
    write_state(flow.folder, replace(flow.state, rounds=(*flow.state.rounds[:-1], told)))


def _stored(last: Round, zeta: float) -> Option | None:
    return next((option for option in last.front if abs(option.zeta - zeta) < ZETA_SAME), None)


def _point(like: ParetoPoint, stored: Option) -> ParetoPoint:
    return replace(like, resistance_valves_pa_s2_m6=stored.resistance_valves_pa_s2_m6, zeta=stored.zeta)


def _solved(last: Round, zetas: Sequence[float] | None, options: FrontOptions, effort: float) -> ParetoFront:
    """Return the front of a round under the options."""
    free: list[int] | list[str] | None = list(options.valves) or None
    if options.riser_only:
        risers = riser_valves(last.building)
        named = set(options.valves)
        free = [int(v) for v in risers if not named or last.building.valve_ids[v] in named]
        if not free:
            raise DhsimError("--riser-only: the building has no riser valve (a valve that several radiators hang on)")
    theta, nu = _coefficients(last.whole, options.samples)
    return pareto(
        last.building,
        theta,
        nu,
        None if zetas is None else list(zetas),
        free,
        max_changed=options.max_changed,
        total_flow_tolerance_rel=options.total_flow_tolerance_rel,
        quantile=options.quantile if options.samples else None,
        effort=effort,
    )


def _coefficients(whole: Posterior, samples: int) -> tuple[Floats, Floats]:
    if samples < 0 or samples > len(whole.theta_samples_per_s):
        raise DhsimError(f"--samples: between 0 and {len(whole.theta_samples_per_s)} draws (got {samples})")
    if samples == 0:
        return whole.theta_per_s, whole.nu_per_s
    some = np.linspace(0, len(whole.theta_samples_per_s) - 1, samples).round().astype(np.int64)
    return whole.theta_samples_per_s[some], whole.nu_samples_per_s[some]
