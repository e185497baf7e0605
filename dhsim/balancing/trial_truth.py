"""The hidden truth of a building that is tried in the simulator: drawn about its plan, or as fitted.

Rooms, radiators and walls of a truth belong to no setting of the valves: the same truth stands behind every one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from dhsim.balancing.flags import Flag, listed
from dhsim.balancing.posterior import Posterior
from dhsim.balancing.prior import NtuPrior
from dhsim.balancing.protocol import BuildingCase
from dhsim.build.building import build_building
from dhsim.build.building_zones import head_edges, plan_zones
from dhsim.engine.circuit_zones import thermostats_of, zones_of_truth
from dhsim.errors import DhsimError
from dhsim.model.building_hydraulics import BuildingFlow, solve_flows
from dhsim.model.zones import NO_EDGE, BuildingZones, neighbours_of, trvs_of
from dhsim.network.parts import Floats

LOSS_SD_REL, CAPACITY_SD_REL, RADIATOR_SD_REL = 0.15, 0.10, 0.10
"""How far flats differ from their plan: standard deviations of the logarithms of heat loss, heat capacity and radiator
size. Assumptions of dhsim."""
BAND_K = 2.0
_EFFECTIVENESS = (0.02, 0.9)
"""Of a flat's radiators: outside of this the plan's heat loss does not fit the fitted heat supply and the flow."""
_HALVINGS = 60
_EXPONENTS = 1.0, 2.0
_EXCESS_REF_K = 15.0
"""At which radiators of a made-up building keep their size whatever their exponent: near a mean winter's day."""


class Rough(NamedTuple):
    """How a truth that is drawn differs from the plan, and from what the method assumes."""

    deviation_rel: float = 1.0
    """Factor on the deviations of 15 % in heat loss, 10 % in heat capacity and 10 % in radiator size [-]."""
    exponent: float | None = None
    """Of all radiators [-]; None for the plan's, or 1 in a synthetic building."""
    ua_wall_w_k: float | None = None
    """Of each wall between flats [W/K]; None for the plan's, or none in a synthetic building."""
    gain_w: float = 0.0
    """Mean heat of people and appliances in each flat [W]; of the readings, no part of the truth."""


@dataclass(frozen=True, eq=False)
class HiddenTruth:
    """Rooms, radiators and walls as they are said to be."""

    zones: BuildingZones
    """Heads off."""
    about: str
    """Where it comes from."""
    flags: tuple[Flag, ...] = ()


def drawn_truth(case: BuildingCase, random: np.random.Generator, rough: Rough | None = None) -> HiddenTruth:
    """Return what a building hides: a synthetic one its truth, any other its plan with random deviations. Synthetic.

    Parameters
    ----------
    case
        The building.
    random
        Generator of the deviations.
    rough
        How the truth is drawn; None for usual deviations, radiators and walls as planned.

    Returns
    -------
    HiddenTruth
        Its walls lie where the plan has them; where it has none, and some were asked for, between each flat and the
        next.

    Raises
    ------
    DhsimError
        If the plan does not say what a simulation needs, or a deviation is negative or an exponent unlikely.
    """
    how = Rough() if rough is None else rough
    _check(how)
    hidden = case.truth
    if hidden is None:
        return _deviating(case, random, how)
    zones = zones_of_truth(
        case.building,
        hidden.theta_per_s,
        hidden.heat_loss_w_k,
        hidden.ua_radiator_w_k,
        exponent=1.0 if how.exponent is None else how.exponent,
        excess_ref_k=_EXCESS_REF_K,
    )
    bodies = "linear radiators" if how.exponent is None else f"radiators of exponent {how.exponent:g}"
    walls = f"walls of {how.ua_wall_w_k:g} W/K" if how.ua_wall_w_k else "no heat between flats"
    return HiddenTruth(_walled(zones, how), f"the truth of the synthetic building, {bodies}, {walls}")


def _check(how: Rough) -> None:
    problems = []
    if not how.deviation_rel >= 0.0:
        problems.append(f"--deviation: must not be negative (got {how.deviation_rel:g})")
    if how.exponent is not None and not _EXPONENTS[0] <= how.exponent <= _EXPONENTS[1]:
        problems.append(f"--exponent: {_EXPONENTS[0]:g} to {_EXPONENTS[1]:g} (got {how.exponent:g})")
    if how.ua_wall_w_k is not None and not 0.0 <= how.ua_wall_w_k < np.inf:
        problems.append(f"--walls: must not be negative (got {how.ua_wall_w_k:g} W/K)")
    if not 0.0 <= how.gain_w < np.inf:
        problems.append(f"--gains: must not be negative (got {how.gain_w:g} W)")
    if problems:
        raise DhsimError("\n".join(problems))


def _walled(zones: BuildingZones, how: Rough) -> BuildingZones:
    """Return zones with the walls that were asked for."""
    if how.ua_wall_w_k is None:
        return zones
    pairs = list(zip(zones.neighbours.zone_first.tolist(), zones.neighbours.zone_second.tolist(), strict=True))
    return replace(zones, neighbours=neighbours_of(pairs or pairwise(range(len(zones.zone_ids))), how.ua_wall_w_k))


def _deviating(case: BuildingCase, random: np.random.Generator, how: Rough) -> HiddenTruth:
    """Return the plan with random deviations."""
    plan, deviation_rel = plan_zones(build_building(case.scenario), heads_on=False), how.deviation_rel

    def scatter(sd_rel: float, count: int) -> Floats:
        return np.exp(deviation_rel * sd_rel * random.standard_normal(count))

    count = len(plan.zone_ids)
    loss = plan.zones.ua_outdoor_w_k * scatter(LOSS_SD_REL, count)
    capacity = plan.zones.heat_capacity_j_k * scatter(CAPACITY_SD_REL, count)
    heat = plan.radiators.heat_design_w * scatter(RADIATOR_SD_REL, plan.radiators.edge.size)
    exponent = plan.radiators.exponent if how.exponent is None else np.full(heat.size, how.exponent)
    made = replace(
        plan,
        zones=plan.zones._replace(ua_outdoor_w_k=loss, heat_capacity_j_k=capacity),
        radiators=plan.radiators._replace(heat_design_w=heat, exponent=exponent),
    )
    sizes = (LOSS_SD_REL, CAPACITY_SD_REL, RADIATOR_SD_REL)
    loss_pct, capacity_pct, radiator_pct = (100.0 * deviation_rel * sd for sd in sizes)
    about = (
        f"the plan with random deviations (standard deviation {loss_pct:g} % in heat loss, {capacity_pct:g} % in heat "
        f"capacity, {radiator_pct:g} % in radiator size)"
    )
    about += "" if how.exponent is None else f", radiators of exponent {how.exponent:g}"
    about += "" if how.ua_wall_w_k is None else f", walls of {how.ua_wall_w_k:g} W/K"
    return HiddenTruth(_walled(made, how), about)


def fitted_truth(case: BuildingCase, fit: Posterior) -> HiddenTruth:
    """Return the building that a fit describes: leakage and heat supply at the present flows, as most likely.

    The fit does not tell how large a flat's radiators are for their water, on which depends what another flow does.
    The plan's heat loss says so, ``Q_r / (u - y) = nu UA / theta``, shared among a flat's radiators as in the plan;
    where it does not, or its figure does not fit the flow, the flat gets the usual radiator of `NtuPrior`.

    Parameters
    ----------
    case
        The building, with its valves as in the round of the fit.
    fit
        Of all zones.

    Returns
    -------
    HiddenTruth
        Linear radiators, and no heat from flat to flat: that is in the fitted figures already.
    """
    building = case.building
    flows = solve_flows(building, friction=case.friction)
    capacity_w_k = building.fluid.heat_capacity_j_kgk * building.fluid.density_kg_m3 * flows.flow_zone_m3_s
    usual = capacity_w_k * -np.expm1(-NtuPrior().median) * fit.theta_per_s / fit.nu_per_s
    planned = _planned_loss_w_k(case)
    share = planned * fit.nu_per_s / fit.theta_per_s / capacity_w_k
    fits = (share > _EFFECTIVENESS[0]) & (share < _EFFECTIVENESS[1])
    loss = np.where(fits, planned, usual)
    zones = zones_of_truth(
        building, fit.theta_per_s, loss, _ua_radiators_w_k(case, flows, fit.nu_per_s * loss / fit.theta_per_s)
    )
    names = [name for name, good in zip(building.zone_ids, fits, strict=True) if not good]
    text = f"{listed(names)}: the plan's heat loss does not fit, or is not known: a usual radiator was taken"
    flags = (Flag("radiator size", "", text, float(len(names))),) if names else ()
    return HiddenTruth(zones, "the fit's most likely leakage and heat supply", flags)


def _ua_radiators_w_k(case: BuildingCase, flows: BuildingFlow, supply_w_k: Floats) -> Floats:
    """Return each radiator's UA: by the plan's heat within a flat, all together giving the flat's heat supply.

    ``sum_r C_r (1 - exp(-f w_r / C_r)) = nu C_J`` for the factor f of each flat
    """
    building = case.building
    zone, fluid = building.zone[building.radiators], building.fluid
    capacity_w_k = fluid.heat_capacity_j_kgk * fluid.density_kg_m3 * flows.flow_m3_s[building.radiators]
    said = np.bincount(zone, ~np.isfinite(case.heat_design_w), minlength=building.n_zone) == 0
    weight = np.where(said[zone], case.heat_design_w, 1.0)
    weight = weight / np.bincount(zone, weight, minlength=building.n_zone)[zone]
    low, high = np.full((2, building.n_zone), [[-12.0], [12.0]]) + np.log(supply_w_k)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        given_w_k = -capacity_w_k * np.expm1(-np.exp(middle)[zone] * weight / capacity_w_k)
        enough = np.bincount(zone, given_w_k, minlength=building.n_zone) >= supply_w_k
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.asarray(np.exp(high)[zone] * weight)


def _planned_loss_w_k(case: BuildingCase) -> Floats:
    """Return each flat's heat loss by the plan, NaN where it does not say."""
    building, design = case.building, case.scenario.design
    heat_w = np.bincount(building.zone[building.radiators], case.heat_design_w, minlength=building.n_zone)
    for z, zone in enumerate(case.scenario.zones):
        heat_w[z] = heat_w[z] if zone.heat_design_w is None else zone.heat_design_w
    planned = heat_w / (design.temp_indoor_c - design.temp_outdoor_c)
    for z, zone in enumerate(case.scenario.zones):
        planned[z] = planned[z] if zone.ua_outdoor_w_k is None else zone.ua_outdoor_w_k
    return planned


def with_heads(
    case: BuildingCase, zones: BuildingZones, heads_on: bool, temp_set_c: float, band_k: float = BAND_K
) -> BuildingZones:
    """Return zones with thermostatic heads on their radiator valves, or with the heads taken off.

    Parameters
    ----------
    case
        The building; a head sits on every radiator valve of the catalogue, or, where no type is known, on every valve
        that stands before one radiator alone.
    zones
        Its zones.
    heads_on
        Whether the heads are on.
    temp_set_c
        Set-point: the valve stands at its preset up to it [degC].
    band_k
        Proportional band above it [K].

    Returns
    -------
    BuildingZones
        With other heads.

    Raises
    ------
    DhsimError
        If heads shall be on and no valve can bear one.
    """
    edge = head_edges(case.building, case.valve_types)
    if all(kind is None for kind in case.valve_types):
        edge = thermostats_of(case.building).edge
    if heads_on and (edge == NO_EDGE).all():
        raise DhsimError(f"{case.scenario.name}: no radiator valve can bear a thermostatic head: try with --heads off")
    return replace(zones, trvs=trvs_of(edge, temp_set_c=temp_set_c, band_k=band_k, head_on=int(heads_on)))
