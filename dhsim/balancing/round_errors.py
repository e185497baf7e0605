"""How far the model may be off for a round's flats, and what temperature error its control law leaves.

A flat's radiators counted as one, eq. (A.13), and J of eq. (2) beside its bound (20), both of
doi 10.1016/j.enbuild.2025.116464.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dhsim.balancing.error_dynamics import ErrorRun, integrated_error, mean_feedback_rel
from dhsim.balancing.expectation import heat_supply_ratio_rel
from dhsim.balancing.performance import single_radiator_error_rel
from dhsim.balancing.prior import NtuPrior
from dhsim.balancing.round_response import informative, ntu_at, zone_mass_flow_kg_s
from dhsim.balancing.workflow import Option, Round
from dhsim.model.building_hydraulics import solve_flows
from dhsim.network.parts import Floats

FEEDBACK_GAIN_REL = 1.0
"""Kelvin of supply for a kelvin of the rooms' mean error, in the law with feedback. The paper gives no number; this one
is an assumption of dhsim."""
_COLD_LEAST_K = 1.0


class ZoneErrors(NamedTuple):
    """By how much each flat's heat is overrated when its radiators are taken as one; arrays of shape (n_zone,)."""

    radiators: NDArray[np.int64]
    ntu: Floats
    """Transfer units at the round's flows [-]."""
    ntu_fitted: NDArray[np.bool_]
    """Where they come from the fit of all rounds; elsewhere the usual radiator's are assumed."""
    now_rel: Floats
    after_rel: Floats
    """With the settings to come; as now where none were chosen."""


class LawRun(NamedTuple):
    """One control law with one set of flows."""

    flows: str
    """now, or after"""
    law: str
    feedback_gain_rel: float
    run: ErrorRun


class ErrorRuns(NamedTuple):
    """The simulated errors of a round, all under one course of the outdoor temperature."""

    first: int
    """Step of the readings at which the course begins."""
    temp_ref_c: float
    runs: tuple[LawRun, ...]


def zone_errors(at: Round) -> ZoneErrors:
    """Return the error of the single-radiator form per flat, now and with the settings to come.

    ``m (1 - exp(-UA / (c_p m))) / sum m_r (1 - exp(-UA_r / (c_p m_r))) - 1``

    Parameters
    ----------
    at
        The round.

    Returns
    -------
    ZoneErrors
        Relative errors [-], never negative.

    Notes
    -----
    A flat's UA is shared out to its radiators by the plan's design heat where it gives that of all of them, else
    equally, as the paper has it. Source: eqs. (A.10) to (A.13) of doi 10.1016/j.enbuild.2025.116464.
    """
    building, fluid = at.building, at.building.fluid
    zone = building.zone[building.radiators]
    flow_zone = zone_mass_flow_kg_s(at)
    ntu, fitted = _transfer_units(at, flow_zone)
    share = _shares(at.case.heat_design_w, zone, building.n_zone)
    ua = np.maximum(ntu[zone] * fluid.heat_capacity_j_kgk * flow_zone[zone] * share, np.finfo(float).tiny)
    option = at.applied
    errors = []
    for settings in (None, None if option is None else option.resistance_valves_pa_s2_m6):
        flow = solve_flows(building, settings, at.case.friction).flow_m3_s[building.radiators] * fluid.density_kg_m3
        found = single_radiator_error_rel(np.maximum(flow, 0.0), ua, zone, fluid.heat_capacity_j_kgk)
        errors.append(np.concatenate([found, np.full(building.n_zone - found.size, np.nan)]))
    return ZoneErrors(np.bincount(zone, minlength=building.n_zone), ntu, fitted, *errors)


def _transfer_units(at: Round, flow_zone_kg_s: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Return transfer units of all zones, by the fit of all rounds where that is informative."""
    ntu = np.full(flow_zone_kg_s.size, NtuPrior().median)
    fitted = np.zeros(flow_zone_kg_s.size, dtype=bool)
    if at.response is not None:
        place = np.array([at.building.zone_ids.index(zone) for zone in at.response.zone_ids])
        told = informative(at.response)
        ntu[place[told]] = ntu_at(at.response, flow_zone_kg_s[place])[1][told]
        fitted[place[told]] = True
    return ntu, fitted


def _shares(heat_design_w: Floats, zone: NDArray[np.int64], n_zone: int) -> Floats:
    """Return each radiator's part of its zone's UA."""
    count, total = np.bincount(zone, minlength=n_zone), np.bincount(zone, heat_design_w, minlength=n_zone)
    known = np.isfinite(total[zone]) & (total[zone] > 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(known, heat_design_w / total[zone], 1.0 / count[zone]))


def error_runs(at: Round, option: Option | None = None) -> ErrorRuns:
    """Simulate the error of eq. (14) under the round's own outdoor temperature, with and without feedback.

    Parameters
    ----------
    at
        The round; its longest part without a gap in the outdoor temperature is taken.
    option
        Settings to come; their heat supply is that of usual radiators (`NtuPrior`).

    Returns
    -------
    ErrorRuns
        J and bound of every law, first for the present flows; empty where no two outdoor readings follow each other.
    """
    first, end = _longest(np.isfinite(at.series.temp_outdoor_c))
    outdoor = at.series.temp_outdoor_c[first:end]
    if outdoor.size < 2:
        return ErrorRuns(first, float(np.nanmean(at.series.temp_zone_c)), ())
    reference = max(float(np.nanmean(at.series.temp_zone_c)), float(outdoor.mean()) + _COLD_LEAST_K)
    whole = at.whole
    supplies = [("now", whole.nu_per_s)]
    if option is not None:
        turned = heat_supply_ratio_rel(option.flow_ratio_rel, NtuPrior().median)
        supplies.append(("after", np.asarray(whole.nu_per_s * turned)))
    runs = []
    for flows, nu in supplies:
        for law, gain in (("outdoor temperature only", 0.0), ("with feedback", FEEDBACK_GAIN_REL)):
            back = mean_feedback_rel(len(nu), gain)
            run = integrated_error(whole.theta_per_s, nu, outdoor, at.series.step_s, reference, back)
            runs.append(LawRun(flows, law, gain, run))
    return ErrorRuns(first, reference, tuple(runs))


def _longest(there: NDArray[np.bool_]) -> tuple[int, int]:
    """Return where the longest run of true values begins and ends."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], there, [False]]).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    best = int(np.argmax(ends - starts))
    return int(starts[best]), int(ends[best])
