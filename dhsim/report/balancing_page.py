"""The balancing report: the list of valves first, then what is expected, how it was found, and how far to trust it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dhsim.balancing.comparison import spread_quantiles, temperature_spread_k
from dhsim.balancing.expectation import Expectation, Interval, Outlook, expectation
from dhsim.balancing.flags import listed
from dhsim.balancing.guidance import ValveChange, riser_valves, valve_changes
from dhsim.balancing.outcome import RoundComparison, cautions, classical_option, compared_rounds
from dhsim.balancing.performance import feedforward_rel
from dhsim.balancing.posterior import LEVEL
from dhsim.balancing.workflow import FrontOptions, Option, Round, Verdict, Workflow, all_flags, verdict
from dhsim.report import figures_balancing as figures
from dhsim.report.figure_risers import riser_schematic
from dhsim.report.series import write_whole
from dhsim.report.style import svg_data_uri
from dhsim.units import S_PER_MIN

PAGE_NAME = "balancing.html"
_PLAN = "plan's calculation"
_PER_CENT = 100.0
_MARKS_MAX = 6


@dataclass(frozen=True)
class Told:
    """What the page and the command line both say of the last round."""

    verdict: Verdict
    changes: tuple[ValveChange, ...]
    expected: Expectation | None
    cautions: tuple[str, ...]


def told_of(flow: Workflow) -> Told:
    """Return verdict, list of valves and expectation of the last round.

    Parameters
    ----------
    flow
        With at least one fitted round.

    Returns
    -------
    Told
        Without a list and an expectation where nothing was chosen.
    """
    last = flow.last
    said = verdict(last.fit, flow.state.stop_proxy_rel)
    if last.choice is None:
        return Told(said, (), None, ())
    types = last.case.valve_types
    changes = valve_changes(last.building, types, last.choice.resistance_valves_pa_s2_m6, last.case.friction)
    room, outdoor = (float(np.nanmean(side)) for side in (last.series.temp_zone_c, last.series.temp_outdoor_c))
    expected = expectation(
        last.whole,
        last.choice.flow_ratio_rel,
        temp_ref_c=room,
        temp_outdoor_c=min(outdoor, room - 1.0),
        flow_total_rel=last.choice.flow_total_rel,
    )
    return Told(said, changes, expected, tuple(flag.message for flag in cautions(last, last.choice)))


def write_balancing(flow: Workflow, folder: str | Path) -> Path:
    """Write the report of a workflow.

    Parameters
    ----------
    flow
        With at least one fitted round.
    folder
        To write `balancing.html` into.

    Returns
    -------
    Path
        The file, which needs no other file.
    """
    page = render_balancing(flow)

    def write(partial: Path) -> None:
        partial.write_text(page, encoding="utf-8", newline="\n")

    return write_whole(Path(folder) / PAGE_NAME, write)


def render_balancing(flow: Workflow) -> str:
    """Return the page as text."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("balancing.html.j2").render(_context(flow)) + "\n"


def _context(flow: Workflow) -> dict[str, Any]:
    last, told = flow.last, told_of(flow)
    plan = classical_option(last)
    compared = compared_rounds(flow.rounds[-2], last) if len(flow.rounds) > 1 else RoundComparison(None, "")
    before = flow.rounds[-2] if compared.groups is not None else None
    return {
        "title": last.case.scenario.name,
        "synthetic": flow.state.synthetic,
        "round": last.state,
        "rounds": _rounds(flow),
        "verdict": told.verdict,
        "changes": [_change_cells(change) for change in told.changes],
        "has_choice": last.choice is not None,
        "choice": last.state.choice,
        "options": _options_text(last),
        "expected": None if told.expected is None else _expected_rows(told.expected),
        "expected_at": None if told.expected is None else _expected_at(told.expected),
        "cautions": told.cautions,
        "plan": None if plan is None else _plan_text(last, plan),
        "facts": _facts(flow),
        "zones": _zone_rows(last),
        "flags": _flag_rows(last),
        "comparison": None if compared.groups is None else _comparison_rows(compared),
        "comparison_reason": compared.reason,
        "spreads": None if before is None else _spread_rows(compared, before, last),
        "images": {name: svg_data_uri(figure) for name, figure in _figures(flow, told, plan, compared).items()},
        "level": f"{_PER_CENT * LEVEL:g}",
    }


def _figures(flow: Workflow, told: Told, plan: Option | None, compared: RoundComparison) -> Mapping[str, Figure]:
    """Return the figures that the data allow."""
    last, made = flow.last, dict[str, Figure]()
    made["risers"] = riser_schematic(
        last.building, None if last.choice is None else last.choice.resistance_valves_pa_s2_m6
    )
    made["inputs"] = figures.inputs(last.series)
    made["spread"] = figures.spread_over_time(last.fit, last.series)
    made["zones"] = figures.zone_supply(last.whole)
    marks = {name: option for name, option in (("chosen", last.choice), (_PLAN, plan)) if option is not None}
    if last.front:
        made["pareto"] = figures.pareto_plot(last.front, last.whole.angle_rad(), marks)
    options = {f"ζ {option.zeta:.2g}": option for option in _few(last.front)} | marks
    if last.front or last.choice is not None:
        made["bars"] = figures.proxy_bars(
            options, float(np.sin(last.whole.angle_rad()) ** 2), flow.state.stop_proxy_rel
        )
    if told.expected is not None and last.choice is not None:
        made["outlook"] = figures.outlook_bars(told.expected)
        zone = int(np.argmax(np.abs(np.log(np.maximum(last.choice.flow_ratio_rel, 1e-3)))))
        made["bounds"] = figures.supply_bounds(last.whole, zone, float(last.choice.flow_ratio_rel[zone]))
    if len(flow.rounds) > 1:
        made |= _figures_of_rounds(flow, compared)
    return made


def _figures_of_rounds(flow: Workflow, compared: RoundComparison) -> dict[str, Figure]:
    before, last, made = flow.rounds[-2], flow.last, dict[str, Figure]()
    table = pd.DataFrame(
        [(r.state.number, r.fit.angle_rad(), *r.fit.angle_interval_rad()) for r in flow.rounds],
        columns=["round", "angle_rad", "low_rad", "high_rad"],
    ).set_index("round")
    made["rounds"] = figures.rounds_course(table, float(np.arcsin(np.sqrt(flow.state.stop_proxy_rel))))
    if before.front and before.choice is not None:
        made["anticipated"] = figures.pareto_plot(
            before.front, before.whole.angle_rad(), {"chosen": before.choice}, last.whole.angle_rad()
        )
    if compared.groups is not None:
        made["changes"] = figures.angle_changes(compared.groups)
        groups = {group.name: group.zones for group in (compared.groups.intervened, *compared.groups.controls)}
        made["boxes"] = figures.spread_boxes(groups, before.series, last.series)
    return made


def _few(front: tuple[Option, ...]) -> list[Option]:
    """Return some points of the front, evenly."""
    if len(front) <= _MARKS_MAX:
        return list(front)
    return [front[k] for k in np.unique(np.linspace(0, len(front) - 1, _MARKS_MAX).round().astype(int))]


def _rounds(flow: Workflow) -> list[list[str]]:
    rows = []
    for one in flow.rounds:
        low, high = one.fit.angle_interval_rad()
        said = verdict(one.fit, flow.state.stop_proxy_rel)
        choice = "–" if one.state.choice is None else f"ζ = {one.state.choice.zeta:g}"
        span = f"{one.state.start[:10]} to {one.state.end[:10]}"
        rows.append(
            [str(one.state.number), span, one.state.method, f"{one.fit.angle_rad():.3f}", f"{low:.3f} to {high:.3f}",
             f"{said.proxy_rel:.4f}", said.word, choice]
        )  # fmt: skip
    return rows


def _change_cells(change: ValveChange) -> list[str]:
    turn = "–" if np.isnan(change.turn) else f"{change.turn:+.2f}".rstrip("0").rstrip(".").replace("-", "\u2212")
    return [
        str(change.order), change.valve, change.place, listed(change.zones), change.type_name or "–", change.present,
        change.new, turn, change.direction, f"{change.kv_present_m3_h:.3g}", f"{change.kv_new_m3_h:.3g}",
        f"{change.flow_present_l_h:.0f}", f"{change.flow_new_l_h:.0f}", "\u2610",
    ]  # fmt: skip


def _options_text(last: Round) -> str:
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


def _shown(interval: Interval, digits: int) -> str:
    return f"{interval.middle:.{digits}f} ({interval.low:.{digits}f} to {interval.high:.{digits}f})"


def _expected_rows(expected: Expectation) -> list[list[str]]:
    def row(name: str, outlook: Outlook, digits: int) -> list[str]:
        return [
            name,
            _shown(outlook.before, digits),
            f"{outlook.best:.{digits}f} to {outlook.worst:.{digits}f}",
            f"{outlook.after.low:.{digits}f} to {outlook.after.high:.{digits}f}",
            _shown(outlook.usual, digits),
            f"{outlook.probability_decrease_rel:.2f}",
        ]

    return [row("angle φ, rad", expected.angle_rad, 3), row("spread of the flats, K", expected.spread_k, 2)]


def _expected_at(expected: Expectation) -> str:
    return (
        f"Spread at {expected.temp_outdoor_c:.1f} °C outside and {expected.temp_ref_c:.1f} °C inside, the means of the "
        f"readings. Total flow {_PER_CENT * (expected.flow_total_rel - 1.0):+.1f} %."
    ).replace("-", "\u2212")


def _plan_text(last: Round, plan: Option) -> str:
    bound, now = plan.performance, last.whole.angle_rad()
    changed = int(np.sum(np.abs(plan.resistance_valves_pa_s2_m6 / last.building.resistance_valves_pa_s2_m6 - 1) > 1e-6))
    return (
        f"Set by the plan's calculation alone, as technicians do today, {changed} valves would be turned and φ would "
        f"lie between {bound.angle_best_rad:.3f} and {bound.angle_worst_rad:.3f} (now {now:.3f})."
    )


def _facts(flow: Workflow) -> list[tuple[str, str]]:
    last = flow.last
    building, fit = last.building, last.fit
    gain = feedforward_rel(last.whole.theta_per_s, last.whole.nu_per_s)
    assumed = [flag.zone for flag in last.whole.flags if flag.kind == "assumed"]
    facts = [
        ("Building", f"{building.n_zone} flats, {building.radiators.size} radiators, {building.valves.size} valves"),
        ("Read from", flow.state.source),
        ("Readings", f"{last.state.data}: {len(last.series.time)} steps of {last.series.step_s / S_PER_MIN:g} min"),
        ("Fit", f"{fit.method}, {len(fit.zone_ids)} flats with sensors"),
        (
            "Leakage",
            f"posterior over prior standard deviation {float(np.median(fit.prior_share_rel)):.2f} in the median",
        ),
        ("Uncertainty alone adds to φ", f"{fit.angle_noise_rad():.3f} rad"),
        ("Heating curve", f"supply rises {-gain:.2f} K for a kelvin of cold (F_w)"),
    ]
    return [*facts, ("Without a usable sensor, assumed", listed(assumed))] if assumed else facts


def _zone_rows(last: Round) -> list[list[str]]:
    frame = last.whole.frame()
    ratio = np.ones(len(frame)) if last.choice is None else last.choice.flow_ratio_rel
    rows = []
    for (zone, row), r in zip(frame.iterrows(), ratio, strict=True):
        rows.append(
            [str(zone), f"{row['theta_per_d']:.3f}", f"{row['theta_low_per_d']:.3f} to {row['theta_high_per_d']:.3f}",
             f"{row['nu_per_d']:.3f}", f"{row['nu_low_per_d']:.3f} to {row['nu_high_per_d']:.3f}",
             f"{row['prior_share_rel']:.2f}", f"{_PER_CENT * (r - 1):+.0f} %".replace("-", "\u2212"), str(row["flags"])]
        )  # fmt: skip
    return rows


def _flag_rows(last: Round) -> list[tuple[str, str]]:
    """Return flags by kind; where many zones share one kind only some are spelt out."""
    grouped: dict[str, list[str]] = {}
    for flag in all_flags(last):
        grouped.setdefault(flag.kind, []).append(str(flag))
    rows = []
    for kind, texts in grouped.items():
        more = f" … and {len(texts) - _MARKS_MAX} more" if len(texts) > _MARKS_MAX else ""
        rows.append((kind.replace("_", " "), "; ".join(texts[:_MARKS_MAX]) + more))
    return rows


def _comparison_rows(compared: RoundComparison) -> dict[str, Any]:
    groups = compared.groups
    assert groups is not None
    rows = [
        [
            group.name,
            str(len(group.zones)),
            _shown(Interval(group.interval_before_rad[0], group.angle_before_rad, group.interval_before_rad[1]), 3),
            _shown(Interval(group.interval_after_rad[0], group.angle_after_rad, group.interval_after_rad[1]), 3),
            f"{group.probability_decrease_rel:.3f}",
        ]
        for group in (groups.intervened, *groups.controls)
    ]
    low, high = groups.excess_interval_rad
    text = (
        f"Change of the touched flats beyond the others': {groups.excess_rad:+.3f} rad ({low:+.3f} to {high:+.3f}); "
        f"probability that it is a gain: {groups.probability_better_rel:.2f}."
    ).replace("-", "\u2212")
    return {"rows": rows, "text": text}


def _spread_rows(compared: RoundComparison, before: Round, after: Round) -> list[list[str]]:
    assert compared.groups is not None
    rows = []
    for group in (compared.groups.intervened, *compared.groups.controls):
        cells = [group.name]
        for one in (before, after):
            spread = temperature_spread_k(one.series.temp_zone_c, one.series.zone_ids, group.zones)
            found = spread_quantiles(spread, one.series.temp_outdoor_c, float(np.nanmean(one.series.temp_zone_c)))
            cells += [f"{found['spread_median_k']:.2f}", f"{_PER_CENT * found['spread_per_k_median']:.2f}"]
        rows.append(cells)
    return rows
