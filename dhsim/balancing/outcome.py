"""What became of a round: the model's rooms beside the measured ones, touched flats beside untouched ones."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from dhsim.balancing.classical import classical_balancing
from dhsim.balancing.comparison import GroupComparison, compare_groups, matched_control
from dhsim.balancing.expectation import Expectation, expectation
from dhsim.balancing.flags import Flag, listed
from dhsim.balancing.groups import TOUCHED, Groups
from dhsim.balancing.guidance import changed_valves, riser_valves
from dhsim.balancing.posterior import Posterior
from dhsim.balancing.radiator_box import radiator_change
from dhsim.balancing.sensor_data import SensorSeries
from dhsim.balancing.workflow import Option, Round, option_of
from dhsim.errors import DhsimError
from dhsim.model.building import Building
from dhsim.model.building_hydraulics import solve_flows
from dhsim.model.building_paths import radiators_behind
from dhsim.network.parts import Floats, Ints

UNTOUCHED_REL = 0.03
"""Zones whose flow changed by more count as touched, the others as untouched."""
STARVED_REL = 0.3
"""Radiators left with less than this share of their flow are named."""
ACT_REL = 0.02
"""Valves that change the flow of no radiator behind them by this part of its flat's flow hardly act."""
_GROUP_MIN = 2
_GROUPS_MAX = 3


class RoundComparison(NamedTuple):
    """Table 1 and figures 8 and 9 for two rounds, or why there are none."""

    groups: GroupComparison | None
    reason: str
    left_out: tuple[str, ...] = ()
    """Flats of the user's groups that had no usable sensor in one of the rounds."""
    flow_change_rel: Mapping[str, float] = MappingProxyType({})
    """Median of the change of flow, up or down, in every group [-]."""


def simulated_zones_c(fit: Posterior, series: SensorSeries) -> Floats:
    """Return the rooms' course by the fitted model, from their first reading on, as figure 7 shows it.

    Parameters
    ----------
    fit
        Of the zones of the series, or some of them.
    series
        Inputs and first readings; after a gap in the inputs the course starts anew from the readings.

    Returns
    -------
    ndarray
        Temperatures [degC], shape (n_time, n_zone of the fit), NaN where the inputs lack.
    """
    measured = series.select(fit.zone_ids).temp_zone_c
    rate = fit.theta_per_s + fit.nu_per_s
    kept = np.exp(-rate * series.step_s)
    room = np.full(measured.shape, np.nan)
    here = np.full(rate.size, np.nan)
    for k, (supply, outdoor) in enumerate(zip(series.temp_supply_c, series.temp_outdoor_c, strict=True)):
        here = np.where(np.isnan(here), measured[k], here)
        room[k] = here
        steady = (fit.theta_per_s * outdoor + fit.nu_per_s * supply) / rate
        here = steady + kept * (here - steady)
    return room


def compared_rounds(before: Round, after: Round, groups: Groups | None = None) -> RoundComparison:
    """Return how the flats whose flow was changed did, beside flats whose flow stayed.

    Parameters
    ----------
    before, after
        Two rounds, the first with settings chosen or made.
    groups
        The user's: `touched` and any others as controls; what is left out goes by the change of flow.

    Returns
    -------
    RoundComparison
        With up to three control groups of equal size where the user names none and there are enough untouched flats.

    Raises
    ------
    DhsimError
        If less than two flats of a control group of the user's were identified in both rounds.
    """
    applied, said = before.applied, dict(groups or {})
    if before.fit.method != after.fit.method:
        return RoundComparison(None, "the two rounds were fitted by different methods")
    if applied is None:
        return RoundComparison(None, "no settings were chosen in the round before")
    both = set(before.fit.zone_ids) & set(after.fit.zone_ids)
    absent = tuple(zone for zones in said.values() for zone in zones if zone not in both)
    said = {name: tuple(zone for zone in zones if zone in both) for name, zones in said.items()}
    change = dict(zip(before.building.zone_ids, np.abs(applied.flow_ratio_rel - 1.0).tolist(), strict=True))
    taken = {zone for name, zones in said.items() if name != TOUCHED for zone in zones}
    usual = [zone for zone in change if zone in both - taken and change[zone] > UNTOUCHED_REL]
    touched = list(said.pop(TOUCHED, usual))
    pool = [zone for zone in change if zone in both - set(touched) and change[zone] <= UNTOUCHED_REL]
    controls = said or (_controls(before, touched, pool) if len(touched) >= _GROUP_MIN else {})
    if len(touched) < _GROUP_MIN or not controls:
        limit = f"{100 * UNTOUCHED_REL:g} %"
        return RoundComparison(
            None,
            f"of the flats with sensors {len(touched)} are touched (flow changed by more than {limit}) and {len(pool)} "
            "are not: a comparison needs two each",
            absent,
        )
    found = compare_groups(before.fit, after.fit, touched, controls)
    medians = {
        group.name: float(np.median([change[zone] for zone in group.zones]))
        for group in (found.intervened, *found.controls)
    }
    return RoundComparison(found, "", absent, MappingProxyType(medians))


def _controls(before: Round, touched: list[str], pool: list[str]) -> Groups:
    """Return untouched flats like the touched ones, in groups of equal size; what there is, where it is less."""
    if len(pool) < _GROUP_MIN:
        return {}
    if len(pool) < len(touched):
        return {"control": tuple(pool)}
    made: dict[str, tuple[str, ...]] = {}
    while len(pool) >= len(touched) and len(made) < _GROUPS_MAX:
        group = matched_control(before.fit, touched, pool)
        made[f"control {len(made) + 1}"] = group
        pool = [zone for zone in pool if zone not in group]
    return made


def classical_option(at: Round) -> Option | None:
    """Return what the plan's calculation alone would do in a round; None where the plan does not say enough."""
    design = at.case.flow_design_m3_s
    if not np.isfinite(design).all():
        return None
    try:
        made = classical_balancing(at.building, design, at.case.valve_types, at.case.friction)
        return option_of(at, made.resistance_set_pa_s2_m6)
    except DhsimError:
        return None


def cautions(at: Round, option: Option) -> tuple[Flag, ...]:
    """Return what a technician must know before turning valves: radiators nearly shut, valves that hardly act.

    Parameters
    ----------
    at
        The round.
    option
        Settings in it.

    Returns
    -------
    tuple of Flag
        Empty where nothing is to be said.
    """
    building, friction = at.building, at.case.friction
    before = solve_flows(building, friction=friction).flow_m3_s[building.radiators]
    after = solve_flows(building, option.resistance_valves_pa_s2_m6, friction).flow_m3_s[building.radiators]
    share = after / before
    changed = changed_valves(building, option.resistance_valves_pa_s2_m6)
    is_riser_only = set(changed.tolist()) <= set(riser_valves(building).tolist())
    made = []
    starved = np.flatnonzero(share < STARVED_REL)
    if starved.size:
        order = starved[np.argsort(share[starved])]
        way = "a smaller zeta, or other valves" if is_riser_only else "riser valves only"
        names = listed(f"{building.edge_ids[building.radiators[r]]} ({100 * share[r]:.0f} %)" for r in order)
        made.append(
            Flag(
                "starved",
                "",
                f"radiators that keep less than {100 * STARVED_REL:.0f} % of their flow: {names}; the model counts a "
                f"flat's radiators as one, so the room itself may stay cold: look at it, or choose {way}",
                float(starved.size),
            )
        )
    idle = _idle(building, changed, before, after)
    if idle:
        names = listed(building.valve_ids[v] for v in idle)
        made.append(
            Flag(
                "authority",
                "",
                f"listed valves that hardly act ({len(idle)} of {changed.size}): {names}; no radiator's flow behind "
                f"them changes by {100 * ACT_REL:g} % of its flat's, for want of valve authority or because turns "
                "cancel out: check their present setting and the pump's pressure before the work",
                float(len(idle)),
            )
        )
    if friction != "colebrook":
        made.append(
            Flag(
                "friction", "", "settings were optimised with Colebrook's law; flows here are by the building's own law"
            )
        )
    return tuple(made)


def _idle(building: Building, changed: Ints, before_m3_s: Floats, after_m3_s: Floats) -> list[int]:
    """Return the changed valves behind which no radiator's flow changes by much of its flat's flow."""
    zone = building.zone[building.radiators]
    flat = np.bincount(zone, before_m3_s, building.n_zone)[zone]
    moved = np.abs(after_m3_s - before_m3_s) / flat
    behind = radiators_behind(building)
    return [int(v) for v in changed if behind.of(int(v)).size and moved[behind.of(int(v))].max() < ACT_REL]


def expected_of(at: Round, option: Option) -> Expectation:
    """Return what a round's readings make expect of settings, radiator by radiator.

    Parameters
    ----------
    at
        The round.
    option
        The settings, chosen or made.

    Returns
    -------
    Expectation
        At the readings' mean room and outdoor temperature; by flats where a radiator has no flow now.
    """
    room_c, outdoor_c = (float(np.nanmean(side)) for side in (at.series.temp_zone_c, at.series.temp_outdoor_c))
    now = solve_flows(at.building, friction=at.case.friction)
    then = solve_flows(at.building, option.resistance_valves_pa_s2_m6, at.case.friction)
    all_flow = bool((now.flow_m3_s[at.building.radiators] > 0.0).all())
    return expectation(
        at.whole,
        option.flow_ratio_rel,
        temp_ref_c=room_c,
        temp_outdoor_c=min(outdoor_c, room_c - 1.0),
        flow_total_rel=option.flow_total_rel,
        radiators=radiator_change(at.building, now, then, at.case.heat_design_w) if all_flow else None,
    )
