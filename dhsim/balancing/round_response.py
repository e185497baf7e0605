"""The rounds fitted together: what C and L m the flats' radiators have, once their flows have really changed.

Section 6.3 of doi 10.1016/j.enbuild.2025.116464: after a rebalancing the heat supply can be computed for other flows,
instead of only bounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dhsim.balancing.expectation import Interval
from dhsim.balancing.flow_response import (
    SHARE_FLAGGED_REL,
    FlowResponse,
    Period,
    identify_flow_response,
    supply_ratio_rel,
)
from dhsim.balancing.performance import angles_rad
from dhsim.balancing.posterior import LEVEL
from dhsim.balancing.prior import NtuPrior
from dhsim.balancing.round_files import write_response
from dhsim.balancing.workflow import RESPONSE_NAME, ResponseState, Round, Workflow, open_workflow, write_state
from dhsim.errors import DhsimError
from dhsim.model.building_hydraulics import solve_flows
from dhsim.network.parts import Floats

FLOW_CHANGED_REL = 0.05
"""A flow that changed by less than this between rounds says nothing of the radiators."""
_DRAWS_KEPT = 1000
_ODD_SD = 2.0
_SEED = 20251016


class RoundsFit(NamedTuple):
    """All rounds fitted together, or why that is not possible."""

    response: FlowResponse | None
    rounds: tuple[int, ...]
    reason: str


class ResponseOutlook(NamedTuple):
    """The angle over the jointly fitted zones, now and with other settings; intervals at `LEVEL`."""

    zones: int
    before: Interval
    after: Interval
    probability_decrease_rel: float


def zone_mass_flow_kg_s(at: Round) -> Floats:
    """Return the flow of every zone of the building in a round [kg/s], shape (n_zone,)."""
    building = at.building
    return np.asarray(solve_flows(building, friction=at.case.friction).flow_zone_m3_s * building.fluid.density_kg_m3)


def rounds_fit(rounds: Sequence[Round]) -> RoundsFit:
    """Fit leakage, heat supply and transfer units of all zones to several rounds at once.

    Parameters
    ----------
    rounds
        In their order; those whose step differs from the last one's are left out.

    Returns
    -------
    RoundsFit
        Of the zones that were identified in every round; without a fit where no flow changed enough.
    """
    used = [one for one in rounds if one.series.step_s == rounds[-1].series.step_s]
    numbers = tuple(one.state.number for one in used)
    if len(used) < 2:
        return RoundsFit(None, numbers, "it takes two rounds with readings of one step")
    flows = np.array([zone_mass_flow_kg_s(one) for one in used])
    every = used[-1].building.zone_ids
    there = [set(one.fit.zone_ids) & set(one.series.usable().zone_ids) for one in used]
    kept = [z for z, name in enumerate(every) if all(name in names for names in there) and (flows[:, z] > 0.0).all()]
    if not kept:
        return RoundsFit(None, numbers, "no flat with water has a usable sensor in all rounds")
    change = float(np.exp(np.abs(np.log(flows[:, kept] / flows[0, kept])).max())) - 1.0
    if change < FLOW_CHANGED_REL:
        return RoundsFit(
            None, numbers, f"no flat's flow changed by {100 * FLOW_CHANGED_REL:g} % (at most by {100 * change:.1f} %)"
        )
    names = tuple(every[z] for z in kept)
    try:
        response = identify_flow_response(
            [_period(one, names, flow[kept]) for one, flow in zip(used, flows, strict=True)],
            used[-1].series.step_s,
            heat_capacity_j_kgk=used[-1].building.fluid.heat_capacity_j_kgk,
            zone_ids=names,
            draw_count=_DRAWS_KEPT,
            random=np.random.default_rng(_SEED),
        )
    except DhsimError as error:
        return RoundsFit(None, numbers, str(error))
    return RoundsFit(response, numbers, "")


def _period(one: Round, zones: tuple[str, ...], mass_flow_kg_s: Floats) -> Period:
    series = one.series.select(zones)
    return Period(series.temp_zone_c, series.temp_supply_c, series.temp_outdoor_c, mass_flow_kg_s)


def with_response(flow: Workflow) -> Workflow:
    """Fit all rounds together, keep that in the last one's folder, and return the workflow.

    Parameters
    ----------
    flow
        With a fitted round as its last; a first round stays as it is.

    Returns
    -------
    Workflow
        Opened anew where something was written.
    """
    if len(flow.rounds) < 2:
        return flow
    last = flow.last
    found = rounds_fit(flow.rounds)
    if found.response is not None:
        write_response(last.folder / RESPONSE_NAME, found.response)
    told = replace(last.state, response=ResponseState(found.rounds, found.reason))
    write_state(flow.folder, replace(flow.state, rounds=(*flow.state.rounds[:-1], told)))
    return open_workflow(flow.folder)


def informative(response: FlowResponse) -> NDArray[np.bool_]:
    """Return which zones' transfer units the readings tell, rather than the prior; shape (n_zone,)."""
    return np.asarray(response.ntu_share_rel <= SHARE_FLAGGED_REL)


def implausible(response: FlowResponse) -> NDArray[np.bool_]:
    """Return which zones' radiators come out unlike any that are built; shape (n_zone,).

    The prior pulls the other way: the readings must insist. More often than the radiators the flows are wrong, as where
    a valve was not set as chosen.
    """
    prior = NtuPrior()
    return np.asarray(np.abs(np.log(response.ntu / prior.median)) > _ODD_SD * prior.log_sd)


def ntu_at(response: FlowResponse, mass_flow_zone_kg_s: ArrayLike, level_rel: float = LEVEL) -> Floats:
    """Return transfer units at other flows: lower end, most likely value, upper end; shape (3, n_zone).

    Parameters
    ----------
    response
        Of all rounds.
    mass_flow_zone_kg_s
        Flow of its zones [kg/s].
    level_rel
        Of the interval [-].

    Returns
    -------
    ndarray
        Transfer units [-].
    """
    scale = response.mass_flow_zone_kg_s / np.asarray(mass_flow_zone_kg_s, np.float64)
    tails = [(1.0 - level_rel) / 2.0, (1.0 + level_rel) / 2.0]
    low, high = np.quantile(response.ntu_samples, tails, axis=0)
    return np.asarray(np.array([low, response.ntu, high]) * scale)


def response_outlook(at: Round, flow_ratio_rel: ArrayLike, level_rel: float = LEVEL) -> ResponseOutlook | None:
    """Return the angle before and after a change of flows by the radiators that all rounds together tell.

    Parameters
    ----------
    at
        A round with such a fit.
    flow_ratio_rel
        New over present flow of all the building's zones [-], shape (n_zone,).
    level_rel
        Of the intervals [-].

    Returns
    -------
    ResponseOutlook or None
        None in a round without the fit.

    Notes
    -----
    No bounds are needed; where a zone is not informative its draws carry the prior's spread. The fit takes sensors at
    their word, as the regression does, so that its angles may differ a little from those of a Kalman fit.
    """
    response = at.response
    if response is None:
        return None
    place = [at.building.zone_ids.index(zone) for zone in response.zone_ids]
    now = zone_mass_flow_kg_s(at)[place] / response.mass_flow_zone_kg_s
    new = now * np.maximum(np.asarray(flow_ratio_rel, np.float64)[place], 0.0)
    sides = []
    for ratio in (now, new):
        likely = response.nu_per_s * supply_ratio_rel(response.ntu, ratio)
        drawn = response.nu_samples_at_per_s(ratio)
        sides.append(
            angles_rad(
                np.vstack([response.theta_per_s, response.theta_samples_per_s]),
                np.maximum(np.vstack([likely, drawn]), 0.0),
            )
        )
    before, after = sides
    return ResponseOutlook(
        len(response.zone_ids),
        _interval(before, level_rel),
        _interval(after, level_rel),
        float(np.mean(after[1:] < before[1:])),
    )


def _interval(angles: Floats, level_rel: float) -> Interval:
    """Return the most likely angle, which stands first, between the quantiles of the draws."""
    low, high = np.quantile(angles[1:], [(1.0 - level_rel) / 2.0, (1.0 + level_rel) / 2.0])
    middle = float(angles[0])
    return Interval(min(float(low), middle), middle, max(float(high), middle))
