"""Figures of what several rounds tell: fitted radiators, the error of the single-radiator form, J beside its bound."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dhsim.balancing.flow_response import FlowResponse
from dhsim.balancing.posterior import LEVEL
from dhsim.balancing.prior import NtuPrior
from dhsim.balancing.round_errors import ErrorRuns, LawRun, ZoneErrors
from dhsim.balancing.round_response import informative, ntu_at
from dhsim.balancing.sensor_data import SensorSeries
from dhsim.network.parts import Floats
from dhsim.report.figures_balancing import CHOSEN_COLOUR, FRONT_COLOUR, name_zones
from dhsim.report.style import GUIDE_COLOUR, REFERENCE_COLOUR, date_axis, date_number, panels, styled

_BAND = "#c9d3da"
_PALE = "#e9eef1"
_PER_CENT = 100.0
_TICKS = 8
_FLOWS_COLOURS = {"now": REFERENCE_COLOUR, "after": CHOSEN_COLOUR}


@styled
def transfer_units(response: FlowResponse, mass_flow_zone_kg_s: Floats, level_rel: float = LEVEL) -> Figure:
    """Draw the transfer units of every flat's radiators with their intervals, over what was assumed beforehand.

    Parameters
    ----------
    response
        Of all rounds.
    mass_flow_zone_kg_s
        Present flow of its zones [kg/s].
    level_rel
        Of the intervals [-].
    """
    low, middle, high = ntu_at(response, mass_flow_zone_kg_s, level_rel)
    told = informative(response)
    order = np.lexsort((middle, ~told))
    figure, (panel,) = panels(height_in=3.6)
    prior = NtuPrior()
    ends = prior.median * np.exp(prior.log_sd * np.array([-1.0, 1.0]))
    panel.axhspan(ends[0], ends[1], color=_PALE, label="assumed beforehand, two thirds")
    panel.axhline(prior.median, color=GUIDE_COLOUR, linewidth=0.9)
    at = np.arange(order.size)
    for mine, colour, label in (
        (told[order], FRONT_COLOUR, "told by the readings"),
        (~told[order], GUIDE_COLOUR, "mostly the assumption"),
    ):
        if mine.any():
            panel.vlines(at[mine], low[order][mine], high[order][mine], color=_BAND, linewidth=4.0)
            panel.plot(at[mine], middle[order][mine], "o", color=colour, markersize=4.5, label=label)
    panel.set_yscale("log")
    panel.set_yticks([0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2], ["0.05", "0.1", "0.2", "0.4", "0.8", "1.6", "3.2"])
    panel.minorticks_off()
    panel.set_ylim(min(0.05, 0.9 * float(low.min())), max(3.2, 1.6 * float(high.max())))
    panel.set_ylabel("transfer units UA/(c m), –")
    name_zones(panel, [response.zone_ids[z] for z in order])
    panel.legend(loc="upper left", ncols=3)
    return figure


@styled
def single_radiator(zone_ids: tuple[str, ...], errors: ZoneErrors, has_change: bool) -> Figure:
    """Draw by how much every flat's heat is overrated when its radiators are taken as one."""
    order = np.argsort(np.nan_to_num(np.maximum(errors.now_rel, errors.after_rel)))
    figure, (panel,) = panels(height_in=3.2)
    at = np.arange(order.size)
    now, after = _PER_CENT * errors.now_rel[order], _PER_CENT * errors.after_rel[order]
    if has_change:
        panel.vlines(at, np.minimum(now, after), np.maximum(now, after), color=_BAND, linewidth=2.0)
        panel.plot(at, after, "o", color=CHOSEN_COLOUR, markersize=5.0, label="with the settings to come")
    panel.plot(at, now, "s", color=REFERENCE_COLOUR, markersize=4.0, label="now")
    panel.set_ylim(0.0, 1.3 * max(float(np.nanmax([*now, *after, 0.1])), 0.1))
    panel.set_ylabel("heat overrated, %")
    name_zones(panel, [zone_ids[z] for z in order])
    panel.legend(loc="upper left", ncols=2)
    return figure


@styled
def error_course(runs: ErrorRuns, series: SensorSeries) -> Figure:
    """Draw the simulated error over time, and J beside its bound for every law.

    Parameters
    ----------
    runs
        Of the round.
    series
        Its readings.
    """
    figure, (above, below) = panels(2, 1, height_in=5.4, height_ratios=[1.35, 1.0])
    at = date_number(series.time)[runs.first :]
    for one in runs.runs:
        if one.feedback_gain_rel == 0.0:
            count = one.run.error_k.shape[1]
            colour = _FLOWS_COLOURS[one.flows]
            course = np.sqrt(np.sum(one.run.error_k**2, axis=1) / count)
            above.plot(at[: course.size], course, color=colour, linewidth=1.1, label=f"{one.flows}: simulated")
            bound = np.sqrt(one.run.bound_square / count)
            above.plot(
                at[: course.size], bound, color=colour, linewidth=1.1, linestyle="--", label=f"{one.flows}: bound"
            )
    date_axis(above, "%d %b", ticks=_TICKS)
    above.set_ylim(bottom=0.0)
    above.set_ylabel("error per flat,\nroot of mean square, K")
    above.set_title("Supply by the outdoor temperature only")
    above.legend(loc="upper left", ncols=4)
    above.set_ylim(top=1.3 * above.get_ylim()[1])
    _law_bars(below, runs.runs)
    return figure


def _law_bars(panel: Axes, runs: tuple[LawRun, ...]) -> None:
    """Draw J and bound of every law as bars."""
    at = np.arange(len(runs))
    values = np.array([[one.run.mean_square, one.run.bound_mean_square] for one in runs])
    for shift, column, colour, label in ((0.2, 0, FRONT_COLOUR, "J, simulated"), (-0.2, 1, _BAND, "bound of eq. (20)")):
        panel.barh(-at + shift, values[:, column], 0.36, color=colour, label=label)
        for y, value in enumerate(values[:, column]):
            panel.annotate(
                f"{value:.3g}",
                (value, -y + shift),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=8.0,
            )
    panel.set_xlim(0.0, 1.35 * max(float(values.max()), 1e-12))
    panel.set_yticks(-at, [f"{one.flows}, {one.law}" for one in runs])
    panel.set_xlabel("mean over time of |e|², summed over the flats, K²")
    panel.grid(visible=False, axis="y")
    panel.legend(loc="lower right")
