"""What page and terminal say of a round: rounds, valves, options, expectation, facts and flats, as rows of text."""

from __future__ import annotations

import numpy as np

from dhsim.balancing.expectation import Expectation, Outlook
from dhsim.balancing.flags import listed
from dhsim.balancing.guidance import ValveChange, riser_valves, turn_text
from dhsim.balancing.performance import feedforward_rel
from dhsim.balancing.round_errors import ZoneErrors
from dhsim.balancing.state import FrontOptions
from dhsim.balancing.verdict import CANNOT_TELL, MORE_DATA, Verdict, verdict
from dhsim.balancing.workflow import Option, Round, Workflow, all_flags
from dhsim.report import round_rows
from dhsim.report.round_rows import shown, shown_probability
from dhsim.units import S_PER_MIN

CHANGE_HEADS = (
    "No.", "Valve", "New", "Turn", "", "Present", "At", "Flats", "Type", "Kv now, m³/h", "Kv new, m³/h",
    "Flow now, l/h", "Flow new, l/h", "Done",
)  # fmt: skip
_PER_CENT = 100.0
_MARKS_MAX = 6


def no_list_text(last: Round, said: Verdict) -> str:
    """Return why there is no list of valves in a round."""
    choice = last.state.choice
    if choice is None and said.may_stop:
        return "Nothing has to be turned: the flows fit the flats that were identified."
    if choice is None and said.word in (MORE_DATA, CANNOT_TELL):
        return "Nothing was chosen yet: first what is asked for above; then dhsim balance front and choose."
    if choice is None:
        return "Nothing was chosen yet: dhsim balance front, then dhsim balance choose."
    if choice.options.is_limited:
        return f"No valve can be turned to advantage within the limits: {options_text(last)}."
    return f"No valve has to be turned: {options_text(last)}."


def rounds_rows(flow: Workflow) -> list[list[str]]:
    """Return one row a round: readings, method, angle with its interval, proxy, verdict, choice."""
    rows = []
    for one in flow.rounds:
        low, high = one.whole.angle_interval_rad()
        said = verdict(one.whole, flow.state.stop_proxy_rel)
        choice = "–" if one.state.choice is None else f"ζ = {one.state.choice.zeta:g}"
        span = f"{one.state.start[:10]} to {one.state.end[:10]}"
        rows.append(
            [str(one.state.number), span, one.state.method, f"{one.whole.angle_rad():.3f}", f"{low:.3f} to {high:.3f}",
             f"{said.proxy_rel:.4f}", said.word, choice]
        )  # fmt: skip
    return rows


def change_cells(change: ValveChange) -> list[str]:
    """Return the cells of a valve to turn; what is done to it stands right behind its name."""
    turn = turn_text(change).replace("-", "\u2212") or "–"
    return [
        str(change.order), change.valve, change.new, turn, change.direction, change.present, change.place,
        listed(change.zones), change.type_name or "–", f"{change.kv_present_m3_h:.3g}", f"{change.kv_new_m3_h:.3g}",
        f"{change.flow_present_l_h:.0f}", f"{change.flow_new_l_h:.0f}", "\u2610",
    ]  # fmt: skip


def options_text(last: Round) -> str:
    """Return what the choice was allowed, in a sentence without its capital; empty without a choice."""
    if last.state.choice is None:
        return ""
    said: FrontOptions = last.state.choice.options
    parts = [f"the best case weighs ζ = {last.state.choice.zeta:g}"]
    if said.riser_only:
        parts.append(f"riser valves only ({riser_valves(last.building).size})")
    if said.valves:
        parts.append(f"only {listed(said.valves)}")
    if said.max_changed is not None:
        parts.append(f"at most {said.max_changed} valves")
    if said.total_flow_tolerance_rel is not None:
        parts.append(f"total flow kept within {_PER_CENT * said.total_flow_tolerance_rel:g} %")
    if said.samples:
        parts.append(f"over {said.samples} draws of the posterior")
    parts.append("rounded to the scales" if last.state.choice.rounded else "not rounded")
    return "; ".join(parts)


def expected_rows(expected: Expectation) -> list[list[str]]:
    """Return angle and spread before and after."""

    def row(name: str, outlook: Outlook, digits: int) -> list[str]:
        return [
            name,
            shown(outlook.before, digits),
            f"{outlook.best:.{digits}f} to {outlook.worst:.{digits}f}",
            f"{outlook.after.low:.{digits}f} to {outlook.after.high:.{digits}f}",
            shown(outlook.usual, digits),
            shown_probability(outlook.probability_decrease_rel),
        ]

    return [row("angle φ, rad", expected.angle_rad, 3), row("spread of the flats, K", expected.spread_k, 2)]


def expected_at(expected: Expectation) -> str:
    """Return at which temperatures the expectation is stated, and the change of the total flow."""
    return (
        f"Spread at {expected.temp_outdoor_c:.1f} °C outside and {expected.temp_ref_c:.1f} °C inside, the means of the "
        f"readings. Total flow {_PER_CENT * (expected.flow_total_rel - 1.0):+.1f} %."
    ).replace("-", "\u2212")


def plan_text(last: Round, plan: Option) -> str:
    """Return what the plan's calculation alone would do."""
    bound, now = plan.performance, last.whole.angle_rad()
    changed = int(np.sum(np.abs(plan.resistance_valves_pa_s2_m6 / last.building.resistance_valves_pa_s2_m6 - 1) > 1e-6))
    return (
        f"Set by the plan's calculation alone, as technicians do today, {changed} valves would be turned and φ would "
        f"lie between {bound.angle_best_rad:.3f} and {bound.angle_worst_rad:.3f} (now {now:.3f})."
    )


def facts(flow: Workflow) -> list[tuple[str, str]]:
    """Return what the round was made of, as pairs of a name and a text."""
    last = flow.last
    building, fit = last.building, last.fit
    told = verdict(last.whole, flow.state.stop_proxy_rel)
    gain = feedforward_rel(last.whole.theta_per_s, last.whole.nu_per_s)
    assumed = [flag.zone for flag in last.whole.flags if flag.kind == "assumed"]
    facts = [
        ("Building", f"{building.n_zone} flats, {building.radiators.size} radiators, {building.valves.size} valves"),
        ("Read from", flow.state.source),
        ("Readings", f"{last.state.data}: {len(last.series.time)} steps of {last.series.step_s / S_PER_MIN:g} min"),
        ("Fit", f"{fit.method}, {told.identified} of {told.flats} flats identified"),
        (
            "Leakage",
            f"posterior over prior standard deviation {float(np.median(fit.prior_share_rel)):.2f} in the median",
        ),
        ("Uncertainty alone adds to φ", f"{last.whole.angle_noise_rad():.3f} rad"),
        ("Heating curve", f"supply rises {-gain:.2f} K for a kelvin of cold (F_w)"),
    ]
    return [*facts, ("Without a usable sensor, assumed", listed(assumed))] if assumed else facts


def zone_rows(last: Round, errors: ZoneErrors) -> list[list[str]]:
    """Return one row a flat."""
    frame = last.whole.frame()
    ratio = np.ones(len(frame)) if last.choice is None else last.choice.flow_ratio_rel
    rows = []
    for z, ((zone, row), r) in enumerate(zip(frame.iterrows(), ratio, strict=True)):
        rows.append(
            [str(zone), f"{row['theta_per_d']:.3f}", f"{row['theta_low_per_d']:.3f} to {row['theta_high_per_d']:.3f}",
             f"{row['nu_per_d']:.3f}", f"{row['nu_low_per_d']:.3f} to {row['nu_high_per_d']:.3f}",
             f"{row['prior_share_rel']:.2f}", f"{_PER_CENT * (r - 1):+.0f} %".replace("-", "\u2212"),
             *round_rows.zone_error_cells(errors, z), str(row["flags"])]
        )  # fmt: skip
    return rows


def flag_rows(last: Round) -> list[tuple[str, str]]:
    """Return flags by kind; where many zones share one kind only some are spelt out."""
    grouped: dict[str, list[str]] = {}
    for flag in all_flags(last):
        grouped.setdefault(flag.kind, []).append(str(flag))
    rows = []
    for kind, texts in grouped.items():
        more = f" … and {len(texts) - _MARKS_MAX} more" if len(texts) > _MARKS_MAX else ""
        rows.append((kind.replace("_", " "), "; ".join(texts[:_MARKS_MAX]) + more))
    return rows
