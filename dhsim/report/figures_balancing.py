"""Figures of the balancing report: figures 3 and 5 to 10 of doi 10.1016/j.enbuild.2025.116464 for the user's data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dhsim.balancing.comparison import GroupComparison, temperature_spread_k
from dhsim.balancing.expectation import Expectation, Outlook, heat_supply_ratio_rel
from dhsim.balancing.outcome import simulated_zones_c
from dhsim.balancing.posterior import LEVEL, Posterior
from dhsim.balancing.prior import NtuPrior
from dhsim.balancing.sensor_data import SensorSeries
from dhsim.balancing.workflow import Option
from dhsim.report.round_rows import shown_probability
from dhsim.report.style import GUIDE_COLOUR, REFERENCE_COLOUR, VARIANT_COLOURS, date_axis, date_number, panels, styled
from dhsim.units import M3_PER_L, S_PER_DAY, S_PER_H

CHOSEN_COLOUR, CLASSICAL_COLOUR, REALISED_COLOUR = VARIANT_COLOURS[1], VARIANT_COLOURS[3], VARIANT_COLOURS[2]
FRONT_COLOUR = VARIANT_COLOURS[0]
_BAND = "#c9d3da"
_L_H = S_PER_H / M3_PER_L
_TICKS = 8
_ZONES_NAMED = 80
_WIDE = 0.8


@styled
def pareto_plot(
    front: Sequence[Option],
    angle_now_rad: float,
    others: Mapping[str, Option],
    realised_rad: float | None = None,
) -> Figure:
    """Draw the front of best and worst case with the chosen point, and their range over the size of the change.

    Parameters
    ----------
    front
        Points by rising weight.
    angle_now_rad
        phi as things stand [rad].
    others
        `chosen`, `plan's calculation`, ... -> settings to mark.
    realised_rad
        phi that the next round found [rad].
    """
    figure, (left, right) = panels(1, 2, height_in=4.4)
    best, worst = _ends(front)
    left.plot(worst, best, "-o", color=FRONT_COLOUR, markersize=4, label="front")
    _weights_named(left, front)
    left.plot(angle_now_rad, angle_now_rad, "s", color=REFERENCE_COLOUR, label="as it stands")
    for colour, (name, option) in zip((CHOSEN_COLOUR, CLASSICAL_COLOUR), others.items(), strict=False):
        bound = option.performance
        marker = "*" if name == "chosen" else "D"
        wide = 15.0 if name == "chosen" else 6.0
        left.plot(bound.angle_worst_rad, bound.angle_best_rad, marker, color=colour, markersize=wide, label=name)
        _range(right, option, colour, name)
    left.locator_params(axis="x", nbins=6)
    left.set_xlabel("φ in the worst case, rad")
    left.set_ylabel("φ in the best case, rad")
    left.set_title("What can be gained, and what is risked")
    left.legend(loc="best")
    for option in front:
        _range(right, option, FRONT_COLOUR, "front" if option is front[0] else "")
    right.axhline(angle_now_rad, color=REFERENCE_COLOUR, linewidth=1.0, linestyle="--", label="as it stands")
    if realised_rad is not None and others:
        size = _change_l_h(others["made" if "made" in others else "chosen"])
        right.plot(size, realised_rad, "X", color=REALISED_COLOUR, markersize=9, label="found in the next round")
    right.set_ylim(0.0, 1.35 * max(angle_now_rad, realised_rad or 0.0, *_worst(front, others)))
    right.set_xlabel("change of the flats' flows, root of the sum of squares, l/h")
    right.set_ylabel("range of φ, rad")
    right.set_title("The wider the change, the wider the range")
    right.legend(loc="best")
    return figure


def _worst(front: Sequence[Option], others: Mapping[str, Option]) -> list[float]:
    return [option.performance.angle_worst_rad for option in (*front, *others.values())]


def _ends(options: Sequence[Option]) -> tuple[list[float], list[float]]:
    return [o.performance.angle_best_rad for o in options], [o.performance.angle_worst_rad for o in options]


def _weights_named(panel: Axes, front: Sequence[Option]) -> None:
    """Write the weight beside points that are apart from those already named."""
    if not front:
        return
    best, worst = (np.array(side) for side in _ends(front))
    span = max(float(np.ptp(best)), float(np.ptp(worst)), 1e-9)
    named: list[int] = []
    for k, option in enumerate(front):
        if all(np.hypot(best[k] - best[j], worst[k] - worst[j]) > 0.09 * span for j in named):
            named.append(k)
            panel.annotate(
                f"ζ {option.zeta:.2g}", (worst[k], best[k]), xytext=(5, 5), textcoords="offset points", fontsize=7.5
            )


def _change_l_h(option: Option) -> float:
    return float(np.sqrt(option.change_norm_m6_s2)) * _L_H


def _range(panel: Axes, option: Option, colour: str, label: str) -> None:
    bound, at = option.performance, _change_l_h(option)
    wide = 5.0 if label and label != "front" else 2.0
    panel.vlines(
        at, bound.angle_best_rad, bound.angle_worst_rad, color=colour, linewidth=wide, alpha=0.8, label=label or "_none"
    )


@styled
def proxy_bars(options: Mapping[str, Option], proxy_now_rel: float, stop_proxy_rel: float) -> Figure:
    """Draw best and worst case of the proxy over the square of theta, a pair of bars for every option.

    Parameters
    ----------
    options
        Name -> settings.
    proxy_now_rel
        As things stand.
    stop_proxy_rel
        Threshold of the workflow.
    """
    figure, (panel,) = panels(height_in=3.6)
    at = np.arange(len(options))
    best, worst = (np.sin(np.array(side)) ** 2 for side in _ends(list(options.values())))
    panel.bar(at - 0.2, best, 0.38, color=FRONT_COLOUR, label="best case L_bc")
    panel.bar(at + 0.2, worst, 0.38, color=CHOSEN_COLOUR, label="worst case L_wc")
    panel.axhline(proxy_now_rel, color=REFERENCE_COLOUR, linestyle="--", linewidth=1.0, label="as it stands")
    panel.axhline(stop_proxy_rel, color=REALISED_COLOUR, linestyle=":", linewidth=1.4, label="threshold to stop")
    panel.set_xticks(at, list(options), rotation=0 if len(options) <= 10 else 60)
    panel.set_ylabel("L / |θ|², –")
    panel.set_ylim(0.0, 1.35 * max(float(worst.max()), proxy_now_rel, stop_proxy_rel))
    panel.legend(ncols=4, loc="upper left")
    return figure


@styled
def outlook_bars(expected: Expectation) -> Figure:
    """Draw angle and temperature spread before and after as intervals."""
    figure, axes = panels(1, 2, height_in=2.7)
    shown = ((expected.angle_rad, "angle φ, rad"), (expected.spread_k, "spread of the flats, K"))
    for panel, (outlook, label) in zip(axes, shown, strict=True):
        for place, (low, high, colour, width) in enumerate(_lines(outlook)):
            panel.hlines(-place, low, high, color=colour, linewidth=width)
        for place, middle in ((0, outlook.before.middle), (2, outlook.after.middle)):
            panel.plot(middle, -place, "o", color="white", markeredgecolor=REFERENCE_COLOUR, markersize=7)
        panel.plot([outlook.best, outlook.worst], [-1, -1], "|", color=CHOSEN_COLOUR, markersize=13)
        panel.set_yticks([0, -1, -2], ["now", "after: best to\nworst case", "after: with\nusual radiators"])
        panel.set_ylim(-2.6, 0.6)
        panel.set_xlim(left=0.0)
        panel.set_xlabel(label)
    axes[1].set_yticklabels([])
    return figure


def _lines(outlook: Outlook) -> list[tuple[float, float, str, float]]:
    return [
        (outlook.before.low, outlook.before.high, REFERENCE_COLOUR, 7.0),
        (outlook.after.low, outlook.after.high, CHOSEN_COLOUR, 5.0),
        (outlook.usual.low, outlook.usual.high, FRONT_COLOUR, 7.0),
    ]


@styled
def supply_bounds(fit: Posterior, zone: int, flow_ratio_rel: float, ntu_fitted: float | None = None) -> Figure:
    """Draw what a zone's heat supply may become over its flow: figure 3 for one of the user's zones.

    Parameters
    ----------
    fit
        Of the round.
    zone
        Its place in the fit.
    flow_ratio_rel
        New over present flow [-].
    ntu_fitted
        Transfer units that several rounds tell; None where they do not.
    """
    figure, (panel,) = panels(height_in=3.6)
    now = float(fit.nu_per_s[zone]) * S_PER_DAY
    r = np.linspace(0.0, max(1.6, 1.15 * flow_ratio_rel), 161)
    panel.fill_between(
        r,
        now * np.minimum(1.0, r),
        now * np.maximum(1.0, r),
        color=_BAND,
        label="possible: between constant and in proportion",
    )
    prior = NtuPrior()
    for times, style in ((np.exp(-prior.log_sd), ":"), (1.0, "-"), (np.exp(prior.log_sd), "--")):
        ntu = prior.median * float(times)
        panel.plot(
            r, now * heat_supply_ratio_rel(r, ntu), style, color=FRONT_COLOUR, label=f"radiator of NTU {ntu:.2f}"
        )
    if ntu_fitted is not None:
        curve = now * heat_supply_ratio_rel(r, ntu_fitted)
        panel.plot(r, curve, color=REALISED_COLOUR, linewidth=2.2, label=f"by all rounds: NTU {ntu_fitted:.2f}")
    panel.plot([0.0, 1.0], [0.0, now], "o", color="black", label="known")
    low, high = sorted((now, now * flow_ratio_rel))
    panel.vlines(flow_ratio_rel, low, high, color=CHOSEN_COLOUR, linewidth=4.0, label="after the change")
    panel.set_xlabel("flow over present flow, –")
    panel.set_ylabel("heat supply ν, 1/day")
    panel.set_title(f"{fit.zone_ids[zone]}: heat supply over flow")
    panel.legend(loc="lower right")
    return figure


@styled
def inputs(rounds: Mapping[str, SensorSeries]) -> Figure:
    """Draw supply and outdoor temperature over time, and against each other: figure 6.

    Parameters
    ----------
    rounds
        Title -> readings; one round or two, side by side.
    """
    figure, axes = panels(1, len(rounds) + 1, height_in=3.3)
    *left, right = axes
    for k, (panel, (title, series)) in enumerate(zip(left, rounds.items(), strict=True)):
        at = date_number(series.time)
        panel.plot(at, series.temp_supply_c, color=CHOSEN_COLOUR, linewidth=0.9, label="supply u")
        panel.plot(at, series.temp_outdoor_c, color=FRONT_COLOUR, linewidth=0.9, label="outdoor w")
        date_axis(panel, "%d %b", ticks=_TICKS // len(rounds))
        panel.set_ylabel("°C")
        panel.set_title(title)
        both = np.isfinite(series.temp_supply_c) & np.isfinite(series.temp_outdoor_c)
        supply, outdoor = series.temp_supply_c[both], series.temp_outdoor_c[both]
        # the last round is the one at hand
        colour = REFERENCE_COLOUR if k == len(rounds) - 1 else CLASSICAL_COLOUR
        label = f"{title}: correlation {np.corrcoef(supply, outdoor)[0, 1]:.2f}"
        right.plot(outdoor, supply, ".", color=colour, markersize=2.5, alpha=0.5, label=label)
    _same_height(left)
    left[0].legend(loc="best", ncols=2)
    right.legend(loc="best", markerscale=3.0)
    right.set_xlabel("outdoor temperature, °C")
    right.set_ylabel("supply temperature, °C")
    return figure


@styled
def spread_over_time(rounds: Mapping[str, tuple[Posterior, SensorSeries]]) -> Figure:
    """Draw the flats' temperatures over time, and their measured and simulated spread: figure 7.

    Parameters
    ----------
    rounds
        Title -> fit and readings; one round or two, side by side.
    """
    figure, axes = panels(2, len(rounds), height_in=5.0)
    upper, lower = axes[: len(rounds)], axes[len(rounds) :]
    for above, below, (title, (fit, series)) in zip(upper, lower, rounds.items(), strict=True):
        at = date_number(series.time)
        measured = series.select(fit.zone_ids).temp_zone_c
        there = np.isfinite(measured).any(axis=1)
        low, middle, high = np.full((3, len(at)), np.nan)
        low[there], middle[there], high[there] = np.nanquantile(measured[there], [0.05, 0.5, 0.95], axis=1)
        above.fill_between(at, low, high, color=_BAND, linewidth=0, label="nine flats of ten")
        above.plot(at, middle, color=REFERENCE_COLOUR, linewidth=1.0, label="median")
        above.set_title(title)
        for temp, colour, label in (
            (measured, REFERENCE_COLOUR, "measured"),
            (simulated_zones_c(fit, series), CHOSEN_COLOUR, "model"),
        ):
            below.plot(at, temperature_spread_k(temp, fit.zone_ids), color=colour, linewidth=1.1, label=label)
        for panel in (above, below):
            date_axis(panel, "%d %b", ticks=_TICKS // len(rounds))
    _same_height(upper)
    _same_height(lower, 0.0)
    upper[0].set_ylabel("flats, °C")
    lower[0].set_ylabel("standard deviation, K")
    for panel in (upper[0], lower[0]):
        panel.legend(loc="best", ncols=2)
    return figure


def _same_height(axes: Sequence[Axes], bottom: float | None = None) -> None:
    """Give panels that stand side by side one scale."""
    limits = np.array([panel.get_ylim() for panel in axes])
    for panel in axes:
        panel.set_ylim(limits[:, 0].min() if bottom is None else bottom, limits[:, 1].max())


def name_zones(panel: Axes, names: Sequence[str]) -> None:
    """Write flats' names under their places, as far as they can be read."""
    if len(names) <= _ZONES_NAMED:
        panel.set_xticks(range(len(names)), list(names), rotation=90, fontsize=8.5 if len(names) <= 40 else 7.0)
        panel.set_xlim(-0.8, len(names) - 0.2)
    else:
        panel.set_xlabel("flats, in order")


@styled
def zone_supply(fit: Posterior, level_rel: float = LEVEL) -> Figure:
    """Draw which flats get too much and which too little: heat supply over leakage, beside the building's mean."""
    ratio = fit.nu_per_s / fit.theta_per_s
    middle = float((fit.theta_per_s @ fit.nu_per_s) / (fit.theta_per_s @ fit.theta_per_s))
    tails = [(1.0 - level_rel) / 2.0, (1.0 + level_rel) / 2.0]
    low, high = np.quantile(fit.nu_samples_per_s / fit.theta_samples_per_s, tails, axis=0) / middle - 1.0
    order = np.argsort(ratio)
    figure, (panel,) = panels(height_in=3.6)
    at, value = np.arange(order.size), 100.0 * (ratio[order] / middle - 1.0)
    colours = [CHOSEN_COLOUR if v > 0.0 else FRONT_COLOUR for v in value]
    panel.vlines(at, 100.0 * low[order], 100.0 * high[order], color=_BAND, linewidth=4.0)
    panel.scatter(at, value, c=colours, s=18, zorder=3)
    panel.axhline(0.0, color=GUIDE_COLOUR, linewidth=0.9)
    name_zones(panel, [fit.zone_ids[z] for z in order])
    panel.set_ylabel("heat supply over leakage,\n% from the building's")
    panel.set_title("Too little heat (left) and too much (right)")
    return figure


@styled
def angle_changes(groups: GroupComparison) -> Figure:
    """Draw the posterior of the change of phi of every group: figure 8."""
    every = [groups.intervened, *groups.controls]
    figure, axes = panels(1, len(every), height_in=2.9, share_x=True, share_y=True)
    for k, (panel, group) in enumerate(zip(axes, every, strict=True)):
        colour = CHOSEN_COLOUR if k == 0 else FRONT_COLOUR
        panel.hist(group.change_samples_rad, bins=40, density=True, color=colour, alpha=_WIDE)
        panel.axvline(0.0, color=GUIDE_COLOUR, linewidth=1.0)
        panel.set_title(f"{group.name}: P(φ fell): {shown_probability(group.probability_decrease_rel)}", fontsize=8.5)
        panel.set_xlabel("φ after – φ before, rad")
    axes[0].set_ylabel("posterior density")
    return figure


@styled
def spread_boxes(groups: Mapping[str, Sequence[str]], before: SensorSeries, after: SensorSeries) -> Figure:
    """Draw the spread of every group before and after, plain and for a kelvin of cold outside: figure 9."""
    figure, axes = panels(1, 2, height_in=3.6)
    for panel, per_kelvin, label in zip(
        axes, (False, True), ("standard deviation, K", "standard deviation per kelvin of cold, –"), strict=True
    ):
        boxes, places = [], []
        for k, zones in enumerate(groups.values()):
            for shift, series in ((-0.18, before), (0.18, after)):
                boxes.append(_spread_of(series, zones, per_kelvin))
                places.append(k + shift)
        drawn = panel.boxplot(boxes, positions=places, widths=0.3, whis=(5, 95), showfliers=False, patch_artist=True)
        for k, box in enumerate(drawn["boxes"]):
            box.set_facecolor(_BAND if k % 2 == 0 else CHOSEN_COLOUR)
        for line in drawn["medians"]:
            line.set_color("black")
        panel.set_xticks(range(len(groups)), list(groups))
        panel.set_ylim(bottom=0.0)
        panel.set_ylabel(label)
        panel.legend(drawn["boxes"][:2], ["before", "after"], loc="best")
    return figure


def _spread_of(series: SensorSeries, zones: Sequence[str], per_kelvin: bool) -> np.ndarray:
    spread = temperature_spread_k(series.temp_zone_c, series.zone_ids, zones)
    cold = np.nanmean(series.temp_zone_c) - series.temp_outdoor_c
    kept = np.isfinite(spread) & (cold > 1.0)
    return spread[kept] / cold[kept] if per_kelvin else spread[kept]


@styled
def rounds_course(table: pd.DataFrame, stop_angle_rad: float) -> Figure:
    """Draw phi of every round with its interval and the threshold.

    Parameters
    ----------
    table
        Index number of the round; columns angle_rad, low_rad, high_rad.
    stop_angle_rad
        Threshold as an angle [rad].
    """
    figure, (panel,) = panels(height_in=2.8)
    at = table.index.to_numpy(float)
    panel.vlines(at, table["low_rad"], table["high_rad"], color=_BAND, linewidth=7.0)
    panel.plot(at, table["angle_rad"], "-o", color=REFERENCE_COLOUR)
    panel.axhline(stop_angle_rad, color=REALISED_COLOUR, linestyle=":", label="threshold to stop")
    panel.set_xticks(at, [f"round {int(k)}" for k in at])
    panel.set_ylim(bottom=0.0)
    panel.set_ylabel("φ, rad")
    panel.legend(loc="best")
    return figure
