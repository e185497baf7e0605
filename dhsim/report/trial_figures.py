"""Figures of a trial in the simulator, and of a test signal on the supply temperature."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from dhsim.balancing.excitation import Excitation, room_response_k
from dhsim.balancing.posterior import Posterior
from dhsim.balancing.trial import CHOSEN, MADE, PLAN, PRESENT, Trial
from dhsim.network.parts import Floats
from dhsim.report.style import GUIDE_COLOUR, REFERENCE_COLOUR, VARIANT_COLOURS, panels, styled
from dhsim.units import S_PER_DAY

COLOURS = {
    PRESENT: REFERENCE_COLOUR,
    CHOSEN: VARIANT_COLOURS[1],
    MADE: VARIANT_COLOURS[1],
    PLAN: VARIANT_COLOURS[3],
}
_MARKERS = {PRESENT: "s", CHOSEN: "o", MADE: "o", PLAN: "D"}
_ZONES_NAMED, _ZONES_BESIDE = 80, 24
"""With more flats their names are left out, or the panels stand one above the other."""
_HEADS = {False: "heads off", True: "heads on"}


@styled
def flats_means(trial: Trial) -> Figure:
    """Draw every flat's mean temperature with present and new settings, from the coldest flat of today on.

    Parameters
    ----------
    trial
        As tried.

    Returns
    -------
    Figure
        A panel for each kind of heads.
    """
    count, beside = len(trial.heads), len(trial.zone_ids) <= _ZONES_BESIDE
    shape = (1, count) if beside else (count, 1)
    figure, axes = panels(*shape, height_in=3.9 * shape[0], share_y=True)
    for panel, on in zip(axes, trial.heads, strict=True):
        order = np.argsort(trial.winters[PRESENT, on].temp_mean_zone_c)
        at = np.arange(order.size)
        before, after = (trial.winters[name, on].temp_mean_zone_c[order] for name in (PRESENT, trial.new))
        panel.vlines(at, before, after, color="#c9d3da", linewidth=2.0)
        for name in reversed(trial.settings):
            winter = trial.winters[name, on]
            label = f"{name}, spread {winter.spread_mean_k:.2f} K"
            size = 3.0 if name == PLAN else 5.0
            temps = winter.temp_mean_zone_c[order]
            panel.plot(at, temps, _MARKERS[name], color=COLOURS[name], markersize=size, label=label)
        panel.axhline(trial.temp_ref_c, color=GUIDE_COLOUR, linewidth=0.9)
        if order.size <= _ZONES_NAMED:
            panel.set_xticks(at, [trial.zone_ids[z] for z in order], rotation=90, fontsize=7.5)
        panel.set_title(_HEADS[on])
        handles, labels = panel.get_legend_handles_labels()
        panel.legend(handles[::-1], labels[::-1], loc="upper left")
        if panel is axes[0] or not beside:
            panel.set_ylabel("mean temperature, °C")
    low, high = axes[0].get_ylim()
    axes[0].set_ylim(low, high + 0.28 * (high - low))
    return figure


@styled
def spread_course(trial: Trial) -> Figure:
    """Draw the spread of the flats over the winter, and the outdoor temperature.

    Parameters
    ----------
    trial
        As tried.

    Returns
    -------
    Figure
        Two panels over time.
    """
    figure, (above, below) = panels(2, 1, share_x=True, height_in=4.8, height_ratios=(2.0, 1.0))
    for (name, on), winter in trial.winters.items():
        if name == PLAN:
            continue
        spread = winter.kept("temp_zone_c").std(axis=1, ddof=1)
        days = np.arange(spread.size) * winter.run.step_s / S_PER_DAY
        style = "--" if on else "-"
        above.plot(days, spread, style, color=COLOURS[name], linewidth=1.2, label=f"{name}, {_HEADS[on]}")
    above.set_ylim(bottom=0.0)
    above.set_ylabel("standard deviation\nof the flats, K")
    above.legend(ncols=2, loc="lower left")
    any_winter = trial.winters[PRESENT, trial.heads[0]]
    outdoor = any_winter.run.temp_outdoor_c[-any_winter.kept("mass_flow_kg_s").size :]
    below.plot(days, outdoor, color=VARIANT_COLOURS[0], linewidth=0.9)
    below.set_ylabel("outdoor, °C")
    below.set_xlabel(f"days ({trial.weather.source})".replace("degC", "°C"))
    return figure


@styled
def signal_course(plan: Excitation, fit: Posterior, temp_supply_c: Floats) -> Figure:
    """Draw a test signal: the supply with and without it, how rooms answer, and what it is expected to tell.

    Parameters
    ----------
    plan
        The proposal.
    fit
        It was made from.
    temp_supply_c
        Planned supply temperature, shape (n_time,) [degC].

    Returns
    -------
    Figure
        Three panels.
    """
    figure, (supply, rooms, told) = panels(3, 1, height_in=7.2)
    days = np.arange(plan.offset_k.size) * fit.step_s / S_PER_DAY
    supply.plot(days, temp_supply_c, color=REFERENCE_COLOUR, linewidth=1.0, label="planned")
    supply.plot(days, temp_supply_c + plan.offset_k, color=VARIANT_COLOURS[1], linewidth=1.2, label="with the test")
    supply.set_ylabel("supply, °C")
    supply.set_title(f"The supply is shifted by ±{plan.amplitude_k:.1f} K")
    supply.legend(ncols=2, loc="best")
    answer = room_response_k(fit.theta_per_s, fit.nu_per_s, plan.offset_k, fit.step_s)
    rooms.fill_between(days, answer.min(axis=1), answer.max(axis=1), color="#c9d3da", linewidth=0, label="all flats")
    rooms.plot(days, np.median(answer, axis=1), color=REFERENCE_COLOUR, linewidth=1.0, label="median flat")
    rooms.set_ylabel("shift of the rooms, K")
    rooms.set_xlabel("days")
    rooms.set_title(f"No room moves by more than {plan.comfort_peak_k:.2f} K")
    rooms.legend(ncols=2, loc="best")
    at = np.arange(len(fit.zone_ids))
    told.bar(at - 0.2, plan.without.theta_share_rel, 0.38, color=REFERENCE_COLOUR, label="without the test")
    told.bar(at + 0.2, plan.expected.theta_share_rel, 0.38, color=VARIANT_COLOURS[1], label="with the test")
    if at.size <= _ZONES_NAMED:
        told.set_xticks(at, fit.zone_ids, rotation=90, fontsize=7.5)
    told.set_ylabel("posterior over prior\nsd of θ, –")
    told.set_title("What remains of the doubt about the leakage")
    told.set_ylim(0.0, 1.25 * float(plan.without.theta_share_rel.max()))
    told.legend(ncols=2, loc="upper right")
    return figure
