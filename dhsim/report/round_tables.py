"""What the command line says of rounds: settings made, fitted radiators, compared groups; for terminal and JSON."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from rich.table import Table

from dhsim.balancing.groups import Groups
from dhsim.balancing.made import made_beside_chosen
from dhsim.balancing.outcome import RoundComparison, compared_rounds
from dhsim.balancing.posterior import LEVEL
from dhsim.balancing.round_errors import ErrorRuns, ZoneErrors, error_runs, zone_errors
from dhsim.balancing.round_response import informative, ntu_at, response_outlook, zone_mass_flow_kg_s
from dhsim.balancing.workflow import Option, Round, Workflow
from dhsim.errors import DhsimError
from dhsim.report import round_rows
from dhsim.report.terminal_table import plain_table

_TAILS = ((1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0)


def made_parts(at: Round) -> list[Table | str]:
    """Return what is known of the settings made in a round, for the terminal."""
    rows = round_rows.made_rows(at)
    table = [plain_table("not as chosen", round_rows.MADE_HEADS, rows, (0, 1, 2, 3, 4))] if rows else []
    return [round_rows.made_text(at), *table]


def response_parts(at: Round) -> list[Table | str]:
    """Return what the rounds together tell of the radiators, for the terminal; empty in a first round."""
    outlook = None if at.choice is None else response_outlook(at, at.choice.flow_ratio_rel)
    text = round_rows.response_text(at, outlook)
    rows = round_rows.response_rows(at)
    title = "Radiators from all rounds together; 99 % intervals, at the present flow"
    table = [plain_table(title, round_rows.RESPONSE_HEADS, rows, (0, 6))] if rows else []
    return [*table, *([text] if text else [])]


def comparison_parts(flow: Workflow, groups: Groups | None = None) -> list[Table | str]:
    """Return the comparison of the last two rounds, for the terminal.

    Raises
    ------
    DhsimError
        If there is one round only.
    """
    compared = comparison_of(flow, groups)
    if compared.groups is None:
        return [round_rows.comparison_text(compared)]
    before, last = flow.rounds[-2:]
    rows, spreads = round_rows.comparison_rows(compared), round_rows.spread_rows(compared, before, last)
    return [
        plain_table("Groups, 99 % intervals", round_rows.COMPARISON_HEADS, rows),
        plain_table("Measured spread, median over time", round_rows.SPREAD_HEADS, spreads),
        round_rows.comparison_text(compared),
    ]


def comparison_of(flow: Workflow, groups: Groups | None = None) -> RoundComparison:
    """Return the comparison of the last two rounds.

    Raises
    ------
    DhsimError
        If there is one round only.
    """
    if len(flow.rounds) < 2:
        raise DhsimError(
            f"{flow.folder}: one round was fitted; a comparison needs a second, after the valves were turned"
        )
    return compared_rounds(flow.rounds[-2], flow.last, groups)


def rounds_dict(flow: Workflow, groups: Groups | None = None) -> dict[str, Any]:
    """Return settings made, fitted radiators, comparison and the model's errors as plain data."""
    last = flow.last
    return {
        "rounds": [_round(one) for one in flow.rounds],
        "response": _response(last),
        "comparison": None if len(flow.rounds) < 2 else comparison_dict(comparison_of(flow, groups)),
        "single_radiator": _zone_errors(last, zone_errors(last)),
        "integrated_error": _runs(error_runs(last, last.applied)),
    }


def comparison_dict(compared: RoundComparison) -> dict[str, Any]:
    """Return a comparison as plain data."""
    made: dict[str, Any] = {"reason": compared.reason, "left_out": list(compared.left_out), "groups": []}
    groups = compared.groups
    if groups is not None:
        for group in (groups.intervened, *groups.controls):
            change = float(compared.flow_change_rel[group.name])
            made["groups"].append(
                {
                    "name": group.name,
                    "zones": list(group.zones),
                    "flow_change_median_rel": change,
                    "angle_before_rad": group.angle_before_rad,
                    "angle_before_interval_rad": list(group.interval_before_rad),
                    "angle_after_rad": group.angle_after_rad,
                    "angle_after_interval_rad": list(group.interval_after_rad),
                    "probability_decrease_rel": group.probability_decrease_rel,
                }
            )
        made |= {
            "excess_rad": groups.excess_rad,
            "excess_interval_rad": list(groups.excess_interval_rad),
            "probability_better_rel": groups.probability_better_rel,
            "placebo_share_rel": groups.placebo_share_rel,
        }
    return made


def _round(at: Round) -> dict[str, Any]:
    low, high = at.fit.angle_interval_rad()
    made = None
    if at.state.made is not None:
        made = {
            **dataclasses.asdict(at.state.made),
            "valves": [one._asdict() for one in made_beside_chosen(at)],
            **({} if at.made is None else _bounds(at.made)),
        }
    return {
        "round": at.state.number,
        "start": at.state.start,
        "end": at.state.end,
        "angle_rad": at.fit.angle_rad(),
        "angle_interval_rad": [low, high],
        "made": made,
    }


def _bounds(option: Option) -> dict[str, float]:
    return {
        "angle_best_rad": option.performance.angle_best_rad,
        "angle_worst_rad": option.performance.angle_worst_rad,
    }


def _response(at: Round) -> dict[str, Any] | None:
    state, response = at.state.response, at.response
    if state is None:
        return None
    made: dict[str, Any] = {"rounds": list(state.rounds), "reason": state.reason, "zones": [], "outlook": None}
    if response is None:
        return made
    place = [at.building.zone_ids.index(zone) for zone in response.zone_ids]
    units = ntu_at(response, zone_mass_flow_kg_s(at)[place])
    ua = np.quantile(response.ua_zone_samples_w_k, _TAILS, axis=0)
    rise = np.quantile(response.temp_rise_samples_k_j, _TAILS, axis=0)
    told = informative(response)
    for z, zone in enumerate(response.zone_ids):
        made["zones"].append(
            {
                "zone": zone,
                "ntu": float(units[1, z]),
                "ntu_interval": [float(units[0, z]), float(units[2, z])],
                "ua_w_k": float(response.ua_zone_w_k[z]),
                "ua_interval_w_k": ua[:, z].tolist(),
                "temp_rise_k_j": float(response.temp_rise_k_j[z]),
                "temp_rise_interval_k_j": rise[:, z].tolist(),
                "posterior_over_prior_rel": float(response.ntu_share_rel[z]),
                "informative": bool(told[z]),
            }
        )
    if at.choice is not None:
        outlook = response_outlook(at, at.choice.flow_ratio_rel)
        assert outlook is not None
        made["outlook"] = {
            "zones": outlook.zones,
            "before": outlook.before._asdict(),
            "after": outlook.after._asdict(),
            "probability_decrease_rel": outlook.probability_decrease_rel,
        }
    return made


def _zone_errors(at: Round, errors: ZoneErrors) -> list[dict[str, Any]]:
    return [
        {
            "zone": zone,
            "radiators": int(errors.radiators[z]),
            "ntu": float(errors.ntu[z]),
            "ntu_fitted": bool(errors.ntu_fitted[z]),
            "now_rel": float(errors.now_rel[z]),
            "after_rel": float(errors.after_rel[z]),
        }
        for z, zone in enumerate(at.building.zone_ids)
    ]


def _runs(runs: ErrorRuns) -> dict[str, Any]:
    return {
        "temp_ref_c": runs.temp_ref_c,
        "laws": [
            {
                "flows": one.flows,
                "law": one.law,
                "feedback_gain_rel": one.feedback_gain_rel,
                "feedforward_rel": one.run.feedforward_rel,
                "mean_square_k2": one.run.mean_square,
                "bound_mean_square_k2": one.run.bound_mean_square,
            }
            for one in runs.runs
        ],
    }
