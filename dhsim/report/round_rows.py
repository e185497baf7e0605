"""What the page and the terminal both say of rounds: settings made, fitted radiators, groups, errors of the model."""

from __future__ import annotations

import numpy as np

from dhsim.balancing.comparison import spread_quantiles, temperature_spread_k
from dhsim.balancing.expectation import Interval
from dhsim.balancing.flags import listed
from dhsim.balancing.made import made_beside_chosen
from dhsim.balancing.outcome import RoundComparison
from dhsim.balancing.posterior import LEVEL
from dhsim.balancing.round_errors import ErrorRuns, ZoneErrors
from dhsim.balancing.round_response import ResponseOutlook, implausible, informative, ntu_at, zone_mass_flow_kg_s
from dhsim.balancing.workflow import Round
from dhsim.units import J_PER_KWH

MADE_HEADS = ("Valve", "Before", "Chosen", "Made", "")
RESPONSE_HEADS = ("Flat", "Flow changed", "Transfer units", "UA, W/K", "1/C, kWh/K", "posterior / prior sd", "Told by")
COMPARISON_HEADS = ("Group", "Flats", "Flow changed, median", "φ before, rad", "φ after, rad", "P(φ fell)")
SPREAD_HEADS = ("Group", "Spread before, K", "% of the cold outside", "Spread after, K", "% of the cold outside")
LAW_HEADS = (
    "Flows",
    "Control law",
    "F_w",
    "J simulated, K²",
    "Bound (20), K²",
    "J over bound",
    "per flat, K",
    "bound, K",
)
_ERROR_LARGE_REL = 0.05
"""An error of the single-radiator form that is worth a word."""
_PER_CENT = 100.0
_MINUS = "\u2212"
_SURE = 0.99


def shown(interval: Interval, digits: int) -> str:
    """Return a value with its interval."""
    return f"{interval.middle:.{digits}f} ({interval.low:.{digits}f} to {interval.high:.{digits}f})"


def shown_probability(probability_rel: float) -> str:
    """Return a probability with two digits; draws alone make nothing certain.

    Examples
    --------
    >>> shown_probability(1.0), shown_probability(0.5)
    ('>0.99', '0.50')
    """
    if probability_rel > _SURE:
        return f">{_SURE:g}"
    return f"<{1.0 - _SURE:.2g}" if probability_rel < 1.0 - _SURE else f"{probability_rel:.2f}"


def made_rows(at: Round) -> list[list[str]]:
    """Return chosen beside made of the valves that do not stand as chosen."""
    return [
        [one.valve, one.before, one.chosen, one.made, "reported" if one.reported else "not named: as before"]
        for one in made_beside_chosen(at)
        if not one.as_chosen
    ]


def made_text(at: Round) -> str:
    """Return what is known of the settings made in a round, in a sentence."""
    number = at.state.number
    if at.state.made is None:
        return f"Round {number}: nothing was reported of the settings made; they are taken to stand as chosen."
    rows = made_beside_chosen(at)
    off = [one.valve for one in rows if not one.as_chosen]
    count = len(at.state.made.reported)
    rest = "stayed as they were" if at.state.made.untouched or at.choice is None else "stand as chosen"
    said = (
        f"Round {number}: {count} {'valve' if count == 1 else 'valves'} reported ({at.state.made.source}), "
        f"the others {rest}. "
    )
    if not off:
        return said + "All stand as chosen."
    return said + f"{len(off)} of {len(rows)} differ from the choice: {listed(off)}."


def response_rows(at: Round) -> list[list[str]]:
    """Return what the rounds together tell of every flat's radiators."""
    response = at.response
    if response is None:
        return []
    place = [at.building.zone_ids.index(zone) for zone in response.zone_ids]
    flow = zone_mass_flow_kg_s(at)[place]
    units = ntu_at(response, flow)
    tails = [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0]
    ua = np.quantile(response.ua_zone_samples_w_k, tails, axis=0)
    capacity = np.quantile(1.0 / (response.temp_rise_samples_k_j * J_PER_KWH), tails, axis=0)
    told = informative(response)
    rows = []
    for z, zone in enumerate(response.zone_ids):
        likely = 1.0 / (response.temp_rise_k_j[z] * J_PER_KWH)
        change = _PER_CENT * (flow[z] / response.mass_flow_zone_kg_s[z] - 1.0)
        rows.append(
            [
                zone,
                f"{change:+.0f} %".replace("-", _MINUS),
                shown(Interval(*units[:, z]), 2),
                shown(Interval(ua[0, z], response.ua_zone_w_k[z], ua[1, z]), 0),
                shown(Interval(capacity[0, z], likely, capacity[1, z]), 1),
                f"{response.ntu_share_rel[z]:.2f}",
                "readings" if told[z] else "mostly the assumption",
            ]
        )
    return rows


def response_text(at: Round, outlook: ResponseOutlook | None) -> str:
    """Return what the fit of all rounds says, or why there is none; empty in a first round."""
    state, response = at.state.response, at.response
    if state is None:
        return ""
    if response is None:
        return f"Rounds were not fitted together: {state.reason}."
    told = informative(response)
    names = listed(zone for zone, one in zip(response.zone_ids, told, strict=True) if one) or "none"
    text = (
        f"Rounds {', '.join(map(str, state.rounds))} fitted together by the regression: the readings tell the "
        f"radiators of {int(told.sum())} of {told.size} flats ({names}); for the others the assumption speaks."
    )
    odd = [zone for zone, one in zip(response.zone_ids, implausible(response), strict=True) if one]
    if odd:
        text += (
            f" Radiators of {listed(odd)} come out far from usual ones, as they do where flows are not those of the "
            "settings: were the valves set as chosen? (`dhsim balance made`)"
        )
    return text if outlook is None else f"{text} {outlook_text(outlook)}"


def outlook_text(outlook: ResponseOutlook) -> str:
    """Return the angle before and after by the radiators that the rounds tell."""
    return (
        f"By the radiators that the rounds together tell φ of {outlook.zones} flats goes from "
        f"{shown(outlook.before, 3)} to {shown(outlook.after, 3)}; P(φ falls): "
        f"{shown_probability(outlook.probability_decrease_rel)}."
    )


def comparison_rows(compared: RoundComparison) -> list[list[str]]:
    """Return table 1 of the paper for the groups."""
    if compared.groups is None:
        return []
    return [
        [
            group.name,
            str(len(group.zones)),
            f"{_PER_CENT * compared.flow_change_rel.get(group.name, np.nan):.1f} %",
            shown(Interval(group.interval_before_rad[0], group.angle_before_rad, group.interval_before_rad[1]), 3),
            shown(Interval(group.interval_after_rad[0], group.angle_after_rad, group.interval_after_rad[1]), 3),
            shown_probability(group.probability_decrease_rel),
        ]
        for group in (compared.groups.intervened, *compared.groups.controls)
    ]


def comparison_text(compared: RoundComparison) -> str:
    """Return what the comparison amounts to, or why there is none."""
    groups = compared.groups
    absent = f" Left out for want of a sensor in both rounds: {listed(compared.left_out)}." if compared.left_out else ""
    if groups is None:
        return f"No comparison of touched and untouched flats: {compared.reason}.{absent}" if compared.reason else ""
    low, high = groups.excess_interval_rad
    text = (
        f"Change of the touched flats beyond the others': {groups.excess_rad:+.3f} rad ({low:+.3f} to {high:+.3f}); "
        f"probability that it is a gain: {shown_probability(groups.probability_better_rel)}."
    ).replace("-", _MINUS)
    if np.isfinite(groups.placebo_share_rel):
        text += f" Of random groups of other flats {_PER_CENT * groups.placebo_share_rel:.0f} % did as well."
    return text + absent


def spread_rows(compared: RoundComparison, before: Round, after: Round) -> list[list[str]]:
    """Return the measured spread of every group in both rounds."""
    if compared.groups is None:
        return []
    rows = []
    for group in (compared.groups.intervened, *compared.groups.controls):
        cells = [group.name]
        for one in (before, after):
            spread = temperature_spread_k(one.series.temp_zone_c, one.series.zone_ids, group.zones)
            found = spread_quantiles(spread, one.series.temp_outdoor_c, float(np.nanmean(one.series.temp_zone_c)))
            cells += [f"{found['spread_median_k']:.2f}", f"{_PER_CENT * found['spread_per_k_median']:.2f}"]
        rows.append(cells)
    return rows


def law_rows(runs: ErrorRuns) -> list[list[str]]:
    """Return the integrated error of every law beside its bound."""
    rows = []
    for one in runs.runs:
        run = one.run
        count = run.error_k.shape[1]
        rows.append(
            [
                one.flows,
                one.law,
                f"{run.feedforward_rel:.2f}".replace("-", _MINUS),
                f"{run.mean_square:.3g}",
                f"{run.bound_mean_square:.3g}",
                f"{run.mean_square / run.bound_mean_square:.2f}" if run.bound_mean_square > 0.0 else "–",
                f"{np.sqrt(run.mean_square / count):.2f}",
                f"{np.sqrt(run.bound_mean_square / count):.2f}",
            ]
        )
    return rows


def zone_error_cells(errors: ZoneErrors, z: int) -> list[str]:
    """Return radiators, transfer units, and the single-radiator error now and after of one flat."""
    ntu = f"{errors.ntu[z]:.2f}" if errors.ntu_fitted[z] else "usual"
    sides = (
        f"{_PER_CENT * side[z]:.2f} %" if np.isfinite(side[z]) else "–" for side in (errors.now_rel, errors.after_rel)
    )
    return [str(errors.radiators[z]), ntu, *sides]


def zone_error_text(errors: ZoneErrors, zone_ids: tuple[str, ...], has_change: bool) -> str:
    """Return the largest single-radiator errors in a sentence."""
    parts = []
    sides = (("now", errors.now_rel), ("with the settings to come", errors.after_rel))
    for name, side in sides[: 1 + has_change]:
        known = np.where(np.isfinite(side), side, -1.0)
        z = int(np.argmax(known))
        many = int(np.sum(known > _ERROR_LARGE_REL))
        beyond = f", {many} of {known.size} flats above {_PER_CENT * _ERROR_LARGE_REL:g} %" if many else ""
        parts.append(f"{name} at most {_PER_CENT * known[z]:.2f} % ({zone_ids[z]}){beyond}")
    return f"A flat's radiators count as one in the model, which overrates its heat supply: {'; '.join(parts)}."
