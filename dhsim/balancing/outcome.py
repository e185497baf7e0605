"""What became of a round: the model's rooms beside the measured ones, touched flats beside untouched ones."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dhsim.balancing.classical import classical_balancing
from dhsim.balancing.comparison import GroupComparison, compare_groups, matched_control
from dhsim.balancing.flags import Flag, listed
from dhsim.balancing.guidance import changed_valves, zones_behind
from dhsim.balancing.hydraulics import solve_flows
from dhsim.balancing.posterior import Posterior
from dhsim.balancing.sensor_data import SensorSeries
from dhsim.balancing.workflow import Option, Round, option_of
from dhsim.errors import DhsimError
from dhsim.network.parts import Floats

UNTOUCHED_REL = 0.03
"""Zones whose flow changed by less count as untouched."""
STARVED_REL = 0.3
"""Radiators left with less than this share of their flow are named."""
_GROUP_MIN = 2
_GROUPS_MAX = 3


class RoundComparison(NamedTuple):
    """Table 1 and figures 8 and 9 for two rounds, or why there are none."""

    groups: GroupComparison | None
    reason: str


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


def compared_rounds(before: Round, after: Round) -> RoundComparison:
    """Return how the flats behind turned valves changed, beside flats whose flow stayed.

    Parameters
    ----------
    before, after
        Two rounds, the first with a choice.

    Returns
    -------
    RoundComparison
        With up to three control groups of equal size where there are enough untouched flats.
    """
    if before.choice is None:
        return RoundComparison(None, "no settings were chosen in the round before")
    if before.fit.method != after.fit.method:
        return RoundComparison(None, "the two rounds were fitted by different methods")
    both = set(before.fit.zone_ids) & set(after.fit.zone_ids)
    ratio = dict(zip(before.building.zone_ids, before.choice.flow_ratio_rel.tolist(), strict=True))
    turned = changed_valves(before.building, before.choice.resistance_valves_pa_s2_m6)
    touched = [zone for zone in zones_behind(before.building, turned) if zone in both]
    pool = [zone for zone in ratio if zone in both - set(touched) and abs(ratio[zone] - 1.0) < UNTOUCHED_REL]
    if len(touched) < _GROUP_MIN or len(pool) < _GROUP_MIN:
        return RoundComparison(
            None,
            f"{len(touched)} flats with sensors were touched and {len(pool)} were not: a comparison needs two each",
        )
    controls: dict[str, tuple[str, ...]] = {}
    while len(pool) >= len(touched) and len(controls) < _GROUPS_MAX:
        group = matched_control(before.fit, touched, pool)
        controls[f"control {len(controls) + 1}"] = group
        pool = [zone for zone in pool if zone not in group]
    if not controls:
        controls["control"] = tuple(pool)
    return RoundComparison(compare_groups(before.fit, after.fit, touched, controls), "")


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
    """Return what a technician must know before turning valves: radiators that would be nearly shut, changed totals.

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
    made = []
    starved = np.flatnonzero(share < STARVED_REL)
    if starved.size:
        order = starved[np.argsort(share[starved])]
        names = listed(f"{building.edge_ids[building.radiators[r]]} ({100 * share[r]:.0f} %)" for r in order)
        made.append(
            Flag(
                "starved",
                "",
                f"radiators that keep less than {100 * STARVED_REL:.0f} % of their flow: {names}; the model counts a "
                "flat's radiators as one, so the room itself may stay cold: look at it, or choose riser valves only",
                float(starved.size),
            )
        )
    if friction != "colebrook":
        made.append(
            Flag(
                "friction", "", "settings were optimised with Colebrook's law; flows here are by the building's own law"
            )
        )
    return tuple(made)
