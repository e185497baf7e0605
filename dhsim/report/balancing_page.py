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

from dhsim.balancing.expectation import Expectation
from dhsim.balancing.groups import Groups
from dhsim.balancing.guidance import ValveChange, valve_changes
from dhsim.balancing.outcome import RoundComparison, cautions, classical_option, compared_rounds, expected_of
from dhsim.balancing.posterior import LEVEL
from dhsim.balancing.round_errors import ErrorRuns, ZoneErrors, error_runs, zone_errors
from dhsim.balancing.round_response import ResponseOutlook, response_outlook, zone_mass_flow_kg_s
from dhsim.balancing.state import STOP_PROXY_REL
from dhsim.balancing.verdict import Verdict, verdict
from dhsim.balancing.workflow import Option, Round, Workflow
from dhsim.report import balancing_rows, figures_rounds, round_rows
from dhsim.report import figures_balancing as figures
from dhsim.report.figure_risers import riser_schematic
from dhsim.report.series import write_whole
from dhsim.report.style import svg_data_uri

PAGE_NAME = "balancing.html"
_PLAN = "plan's calculation"
_MARKS_MAX = 6
_WHY_OTHER = (
    "This φ is not quite that of the Kalman fit: the rounds are fitted together by the regression, which takes the "
    "sensors at their word, so that their noise lifts leakage and heat supply alike; compare it before and after, not "
    "with the other."
)


@dataclass(frozen=True)
class Told:
    """What the page and the command line both say of the last round."""

    verdict: Verdict
    changes: tuple[ValveChange, ...]
    expected: Expectation | None
    cautions: tuple[str, ...]
    by_response: ResponseOutlook | None = None
    """The same by the radiators that several rounds tell."""


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
    said = verdict(last.whole, flow.state.stop_proxy_rel)
    if last.choice is None:
        return Told(said, (), None, ())
    types = last.case.valve_types
    changes = valve_changes(last.building, types, last.choice.resistance_valves_pa_s2_m6, last.case.friction)
    expected = expected_of(last, last.choice)
    warned = tuple(flag.message for flag in cautions(last, last.choice))
    return Told(said, changes, expected, warned, response_outlook(last, last.choice.flow_ratio_rel))


def write_balancing(flow: Workflow, folder: str | Path, groups: Groups | None = None) -> Path:
    """Write the report of a workflow.

    Parameters
    ----------
    flow
        With at least one fitted round.
    folder
        To write `balancing.html` into.
    groups
        Of the comparison with the round before; None goes by the change of flow.

    Returns
    -------
    Path
        The file, which needs no other file.
    """
    page = render_balancing(flow, groups)

    def write(partial: Path) -> None:
        partial.write_text(page, encoding="utf-8", newline="\n")

    return write_whole(Path(folder) / PAGE_NAME, write)


def render_balancing(flow: Workflow, groups: Groups | None = None) -> str:
    """Return the page as text."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("balancing.html.j2").render(_context(flow, groups)) + "\n"


@dataclass(frozen=True, eq=False)
class _Found:
    """What a page is made of."""

    told: Told
    plan: Option | None
    compared: RoundComparison
    errors: ZoneErrors
    runs: ErrorRuns


def _found(flow: Workflow, groups: Groups | None) -> _Found:
    last = flow.last
    compared = compared_rounds(flow.rounds[-2], last, groups) if len(flow.rounds) > 1 else RoundComparison(None, "")
    return _Found(told_of(flow), classical_option(last), compared, zone_errors(last), error_runs(last, last.applied))


def _context(flow: Workflow, groups: Groups | None) -> dict[str, Any]:
    last, found = flow.last, _found(flow, groups)
    told, plan, compared = found.told, found.plan, found.compared
    reported = [one for one in flow.rounds[-2:] if _is_told(flow, one)]
    return {
        "title": last.case.scenario.name,
        "synthetic": flow.state.synthetic,
        "round": last.state,
        "rounds": balancing_rows.rounds_rows(flow),
        "verdict": told.verdict,
        "threshold": _threshold_text(flow),
        "made": [(round_rows.made_text(one), round_rows.made_rows(one)) for one in reported],
        "made_heads": round_rows.MADE_HEADS,
        "changes": [balancing_rows.change_cells(change) for change in told.changes],
        "change_heads": balancing_rows.CHANGE_HEADS,
        "no_list": balancing_rows.no_list_text(last, told.verdict),
        "options": _sentence(balancing_rows.options_text(last)),
        "expected": None if told.expected is None else balancing_rows.expected_rows(told.expected),
        "expected_at": None if told.expected is None else balancing_rows.expected_at(told.expected),
        "by_response": "" if told.by_response is None else round_rows.outlook_text(told.by_response),
        "why_other": _WHY_OTHER if last.fit.method == "kalman" else "",
        "cautions": told.cautions,
        "plan": None if plan is None else balancing_rows.plan_text(last, plan),
        "facts": balancing_rows.facts(flow),
        "zones": balancing_rows.zone_rows(last, found.errors),
        "flags": balancing_rows.flag_rows(last),
        "comparison": round_rows.comparison_rows(compared),
        "comparison_text": round_rows.comparison_text(compared),
        "comparison_heads": round_rows.COMPARISON_HEADS,
        "spreads": round_rows.spread_rows(compared, flow.rounds[-2], last) if compared.groups is not None else [],
        "spread_heads": round_rows.SPREAD_HEADS,
        "response": round_rows.response_rows(last),
        "response_text": round_rows.response_text(last, None),
        "response_heads": round_rows.RESPONSE_HEADS,
        "laws": round_rows.law_rows(found.runs),
        "law_heads": round_rows.LAW_HEADS,
        "law_ref": f"{found.runs.temp_ref_c:.1f}",
        "zone_error": round_rows.zone_error_text(found.errors, last.building.zone_ids, last.applied is not None),
        "images": {name: svg_data_uri(figure) for name, figure in _figures(flow, found).items()},
        "level": f"{100.0 * LEVEL:g}",
    }


def _sentence(text: str) -> str:
    """Return a text with its first letter large; names in it stay as they are."""
    return text[:1].upper() + text[1:]


def _is_told(flow: Workflow, one: Round) -> bool:
    """Return whether the page tells of the settings made in a round: where reported, or taken for granted since."""
    return one.state.made is not None or (one is not flow.last and one.state.choice is not None)


def _threshold_text(flow: Workflow) -> str:
    stop = flow.state.stop_proxy_rel
    if stop == STOP_PROXY_REL:
        return f"The threshold to stop, L/|θ|² = {stop:g}, is an assumption of dhsim; the paper names no number."
    usual = f"dhsim's own assumption is {STOP_PROXY_REL:g}, and the paper names no number"
    return f"The threshold to stop, L/|θ|² = {stop:g}, was given by the user; {usual}."


def _figures(flow: Workflow, found: _Found) -> Mapping[str, Figure]:
    """Return the figures that the data allow."""
    told, plan, compared = found.told, found.plan, found.compared
    last, made = flow.last, dict[str, Figure]()
    made["risers"] = riser_schematic(
        last.building, None if last.choice is None else last.choice.resistance_valves_pa_s2_m6
    )
    shown_rounds = {f"round {one.state.number}": one for one in flow.rounds[-2:]}
    made["inputs"] = figures.inputs({title: one.series for title, one in shown_rounds.items()})
    made["spread"] = figures.spread_over_time({title: (one.fit, one.series) for title, one in shown_rounds.items()})
    made["single"] = figures_rounds.single_radiator(last.building.zone_ids, found.errors, last.applied is not None)
    if found.runs.runs:
        made["errors"] = figures_rounds.error_course(found.runs, last.series)
    if last.response is not None:
        place = [last.building.zone_ids.index(zone) for zone in last.response.zone_ids]
        made["units"] = figures_rounds.transfer_units(last.response, zone_mass_flow_kg_s(last)[place])
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
        ntu = float(found.errors.ntu[zone]) if found.errors.ntu_fitted[zone] else None
        made["bounds"] = figures.supply_bounds(last.whole, zone, float(last.choice.flow_ratio_rel[zone]), ntu)
    if len(flow.rounds) > 1:
        made |= _figures_of_rounds(flow, compared)
    return made


def _figures_of_rounds(flow: Workflow, compared: RoundComparison) -> dict[str, Figure]:
    before, last, made = flow.rounds[-2], flow.last, dict[str, Figure]()
    table = pd.DataFrame(
        [(r.state.number, r.whole.angle_rad(), *r.whole.angle_interval_rad()) for r in flow.rounds],
        columns=["round", "angle_rad", "low_rad", "high_rad"],
    ).set_index("round")
    made["rounds"] = figures.rounds_course(table, float(np.arcsin(np.sqrt(flow.state.stop_proxy_rel))))
    marks = {name: option for name, option in (("chosen", before.choice), ("made", before.made)) if option is not None}
    if marks:
        made["anticipated"] = figures.pareto_plot(before.front, before.whole.angle_rad(), marks, last.whole.angle_rad())
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
