"""The front of a round and the choice of settings that can be made, both within what may be turned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from dhsim.balancing.limits import check_options, check_zeta, free_valves, narrowed
from dhsim.balancing.pareto import ParetoFront, ParetoPoint, pareto, rounded
from dhsim.balancing.posterior import Posterior
from dhsim.balancing.round_files import write_arrays
from dhsim.balancing.state import ChoiceState, FrontOptions, RoundState, write_state
from dhsim.balancing.valves import levels_pa_s2_m6, valve_kv_m3_h
from dhsim.balancing.workflow import CHOICE_NAME, FRONT_NAME, Option, Round, Workflow, open_workflow
from dhsim.errors import ConvergenceError, DhsimError
from dhsim.model.valve_type import ValveType
from dhsim.network.parts import Floats

ZETA_SAME = 1e-6
STEP_LEAST_REL = 0.5
"""Part of a step of a valve's scale below which turning it is no work that anybody could do."""
_SLACK = 1e-9


def front_round(
    folder: str | Path,
    zetas: Sequence[float] | None = None,
    options: FrontOptions | None = None,
    *,
    effort: float = 1.0,
) -> Workflow:
    """Compute the Pareto front of the last round; a choice stays, but is no point of the new front.

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
    check_options(flow.last.building, told, effort)
    front = _solved(flow.last, zetas, told, effort)
    settings = np.array([point.resistance_valves_pa_s2_m6 for point in front.points])
    write_arrays(
        flow.last.folder / FRONT_NAME,
        zetas=front.zetas,
        resistance_valves_pa_s2_m6=settings,
        objective_rel=front.objectives_rel,
    )
    choice = flow.last.state.choice
    _keep(flow, replace(flow.last.state, front=told, choice=choice and replace(choice, from_front=False)))
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
    at that weight is taken, and solved if it is not there. What was made of an earlier choice is dropped.

    Parameters
    ----------
    folder
        Of the workflow.
    zeta
        Weight of the best case.
    options
        What narrows those of the front.
    keep_scale
        Round to turns and presets, and leave valves alone that would move by less than half a step of their scale;
        False takes the settings as they came.
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
    check_zeta(zeta)
    if options is not None:
        check_options(last.building, options, effort)
    used = narrowed(last.state.front or FrontOptions(), options)
    check_options(last.building, used, effort)
    stored = _stored(last, zeta) if used == last.state.front else None
    front = _solved(last, [zeta], used, 0.0 if stored is not None else effort)
    point = front.points[0] if stored is None else _point(front.points[0], stored)
    if keep_scale:
        levels = {
            v: worth_turning_pa_s2_m6(last, v, k)
            for v, k in levels_pa_s2_m6(last.building, last.case.valve_types).items()
            if v in set(front.search.free)
        }
        point = _at_scale(front, point, levels) if levels else point
    write_arrays(last.folder / CHOICE_NAME, resistance_valves_pa_s2_m6=point.resistance_valves_pa_s2_m6)
    chosen = ChoiceState(zeta=float(zeta), options=used, rounded=keep_scale, from_front=stored is not None)
    _keep(flow, replace(last.state, choice=chosen, made=None))
    return open_workflow(folder)


def worth_turning_pa_s2_m6(at: Round, valve: int, levels_pa_s2_m6: Floats) -> Floats:
    """Return the settings of a valve that are at least half a step of its scale away, and the present one.

    Parameters
    ----------
    at
        The round.
    valve
        Place among `Building.valves`, of a valve with a scale.
    levels_pa_s2_m6
        Settings that can be made [Pa s2/m6].

    Returns
    -------
    ndarray
        Some of these, and the present one [Pa s2/m6].
    """
    kind = at.case.valve_types[valve]
    present = float(at.building.resistance_valves_pa_s2_m6[valve])
    if kind is None:
        return levels_pa_s2_m6
    density = at.building.fluid.density_kg_m3
    position = kind.position_at(valve_kv_m3_h(np.append(levels_pa_s2_m6, present), density))
    far = np.abs(position[:-1] - position[-1]) >= STEP_LEAST_REL * _step(kind, float(position[-1])) - _SLACK
    return np.append(levels_pa_s2_m6[far], present)


def _step(kind: ValveType, position: float) -> float:
    """Return the step of a scale around a position."""
    marks = kind.settable
    after = int(np.clip(np.searchsorted(marks, position), 1, marks.size - 1))
    return float(marks[after] - marks[after - 1])


def _at_scale(front: ParetoFront, point: ParetoPoint, levels: dict[int, Floats]) -> ParetoPoint:
    try:
        return rounded(front, point, levels)
    except ConvergenceError as error:
        raise ConvergenceError(f"{error}, allow more valves, or take the settings as they come (--exact)") from error


def _keep(flow: Workflow, told: RoundState) -> None:
    write_state(flow.folder, replace(flow.state, rounds=(*flow.state.rounds[:-1], told)))


def _stored(last: Round, zeta: float) -> Option | None:
    return next((option for option in last.front if abs(option.zeta - zeta) < ZETA_SAME), None)


def _point(like: ParetoPoint, stored: Option) -> ParetoPoint:
    return replace(like, resistance_valves_pa_s2_m6=stored.resistance_valves_pa_s2_m6, zeta=stored.zeta)


def _solved(last: Round, zetas: Sequence[float] | None, options: FrontOptions, effort: float) -> ParetoFront:
    """Return the front of a round under the options."""
    theta, nu = _coefficients(last.whole, options.samples)
    return pareto(
        last.building,
        theta,
        nu,
        None if zetas is None else list(zetas),
        free_valves(last.building, options),
        max_changed=options.max_changed,
        total_flow_tolerance_rel=options.total_flow_tolerance_rel,
        quantile=options.quantile,
        effort=effort,
    )


def _coefficients(whole: Posterior, samples: int) -> tuple[Floats, Floats]:
    if samples > len(whole.theta_samples_per_s):
        raise DhsimError(f"--samples: at most {len(whole.theta_samples_per_s)} draws are kept (got {samples})")
    if samples == 0:
        return whole.theta_per_s, whole.nu_per_s
    some = np.linspace(0, len(whole.theta_samples_per_s) - 1, samples).round().astype(np.int64)
    return whole.theta_samples_per_s[some], whole.nu_samples_per_s[some]
