"""What the command line says of a balancing: tables for the terminal, and the same as plain data for JSON."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.table import Table

from dhsim.balancing.classical import ClassicalBalancing
from dhsim.balancing.expectation import Expectation, Outlook
from dhsim.balancing.flags import listed
from dhsim.balancing.groups import Groups
from dhsim.balancing.guidance import SAME_REL, ValveChange, turn_text
from dhsim.balancing.protocol import BuildingCase
from dhsim.balancing.valves import valve_settings
from dhsim.balancing.verdict import verdict
from dhsim.balancing.workflow import Option, Workflow, all_flags
from dhsim.report.balancing_page import told_of
from dhsim.report.round_tables import comparison_dict, comparison_of, rounds_dict
from dhsim.report.terminal_table import plain_table

_PER_CENT = 100.0
_SAME_SHOWN_REL = 1e-3
"""Settings nearer than this look alike on every valve."""


def fit_table(flow: Workflow) -> Table:
    """Return leakage and heat supply of every flat with their intervals."""
    frame = flow.last.whole.frame()
    rows = [
        [
            str(zone),
            f"{row['theta_per_d']:.3f}",
            f"{row['theta_low_per_d']:.3f} … {row['theta_high_per_d']:.3f}",
            f"{row['nu_per_d']:.3f}",
            f"{row['nu_low_per_d']:.3f} … {row['nu_high_per_d']:.3f}",
            f"{row['prior_share_rel']:.2f}",
            str(row["flags"]),
        ]
        for zone, row in frame.iterrows()
    ]
    title = f"{flow.last.case.scenario.name}, round {flow.last.state.number}, {flow.last.fit.method}; 99 % intervals"
    heads = ["flat", "theta, 1/day", "interval", "nu, 1/day", "interval", "posterior/prior sd", "remarks"]
    return plain_table(title, heads, rows, (0, 6))


def verdict_text(flow: Workflow) -> str:
    """Return whether the work may stop, in a sentence."""
    low, high = flow.last.whole.angle_interval_rad()
    said = verdict(flow.last.whole, flow.state.stop_proxy_rel)
    made_up = " (synthetic data)" if flow.state.synthetic else ""
    return f"{said.word}{made_up}: {said.text}; 99 % interval of phi {low:.3f} to {high:.3f}"


def front_table(flow: Workflow) -> Table:
    """Return the points of the front; weights that come to the same settings stand in one row."""
    now = flow.last.building.resistance_valves_pa_s2_m6
    runs: list[list[Option]] = []
    for option in flow.last.front:
        if runs and _same_settings(runs[-1][0], option):
            runs[-1].append(option)
        else:
            runs.append([option])
    rows = [
        [
            f"{run[0].zeta:g}" + (f" to {run[-1].zeta:g}" if len(run) > 1 else ""),
            f"{run[0].performance.angle_best_rad:.4f}",
            f"{run[0].performance.angle_worst_rad:.4f}",
            str(int(np.sum(np.abs(run[0].resistance_valves_pa_s2_m6 / now - 1.0) > SAME_REL))),
            f"{_PER_CENT * (run[0].flow_total_rel - 1.0):+.1f} %",
        ]
        for run in runs
    ]
    title = f"Pareto front; phi now {flow.last.whole.angle_rad():.4f} rad; a flat's radiators taken as one"
    return plain_table(title, ["zeta", "phi best, rad", "phi worst, rad", "valves", "total flow"], rows, ())


def _same_settings(first: Option, second: Option) -> bool:
    sides = first.resistance_valves_pa_s2_m6, second.resistance_valves_pa_s2_m6
    return bool(np.allclose(*sides, rtol=_SAME_SHOWN_REL, atol=0.0))


def choice_table(changes: Sequence[ValveChange]) -> Table:
    """Return the valves to turn in the order of work."""
    rows = [
        [
            str(change.order),
            change.valve,
            change.new,
            turn_text(change) or "–",
            change.direction,
            change.present,
            change.place,
            listed(change.zones),
            f"{change.kv_present_m3_h:.3g} → {change.kv_new_m3_h:.3g}",
            f"{change.flow_present_l_h:.0f} → {change.flow_new_l_h:.0f}",
        ]
        for change in changes
    ]
    heads = ["no.", "valve", "new", "turn", "", "present", "at", "flats", "Kv, m3/h", "flow, l/h"]
    return plain_table(f"{len(changes)} valves to turn, in the order of work", heads, rows, (1, 2, 4, 5, 6, 7))


def expected_table(expected: Expectation) -> Table:
    """Return what the choice is expected to do."""

    def row(name: str, outlook: Outlook, digits: int) -> list[str]:
        def span(low: float, high: float) -> str:
            return f"{low:.{digits}f} … {high:.{digits}f}"

        return [
            name,
            f"{outlook.before.middle:.{digits}f} ({span(outlook.before.low, outlook.before.high)})",
            span(outlook.best, outlook.worst),
            span(outlook.after.low, outlook.after.high),
            f"{outlook.usual.middle:.{digits}f} ({span(outlook.usual.low, outlook.usual.high)})",
        ]

    title = (
        f"Expected, each radiator by its own flow ({_PER_CENT * expected.level_rel:g} % intervals; "
        f"spread at {expected.temp_outdoor_c:.1f} degC; "
        f"total flow {_PER_CENT * (expected.flow_total_rel - 1.0):+.1f} %)"
    )
    heads = ["", "now", "after: best … worst", "with the fit's uncertainty", "usual radiators"]
    return plain_table(title, heads, [row("phi, rad", expected.angle_rad, 3), row("spread, K", expected.spread_k, 2)])


def classical_table(case: BuildingCase, made: ClassicalBalancing) -> Table:
    """Return the settings of the plan's calculation, those that differ from the present ones."""
    rows = [
        [row["valve"], row["present"], row["new"], f"{row['kv_new_m3_h']:.3g}"]
        for row in classical_dict(case, made)["valves"]
        if row["changed"]
    ]
    off = _PER_CENT * np.abs(made.deviation_rel(case.building))
    title = (
        f"{len(rows)} of {case.building.valves.size} valves differ from the plan's calculation; at its rounded "
        f"settings radiators are within {off.max():.0f} % of their design flow (median {np.median(off):.1f} %)"
    )
    return plain_table(title, ["valve", "present", "new", "Kv, m3/h"], rows, (0, 1, 2))


def classical_dict(case: BuildingCase, made: ClassicalBalancing) -> dict[str, Any]:
    """Return the plan's calculation as plain data."""
    building = case.building
    present = valve_settings(building, case.valve_types)
    same = np.abs(made.resistance_set_pa_s2_m6 / building.resistance_valves_pa_s2_m6 - 1.0) <= SAME_REL
    rows = [
        {
            "valve": new.valve,
            "present": old.label,
            "new": new.label,
            "kv_present_m3_h": old.kv_m3_h,
            "kv_new_m3_h": new.kv_m3_h,
            "changed": not bool(kept),
        }
        for old, new, kept in zip(present, made.settings, same, strict=True)
    ]
    return {
        "building": case.scenario.name,
        "dp_pump_needed_pa": made.dp_pump_needed_pa,
        "index_radiator": building.edge_ids[building.radiators[made.index_radiator]],
        "deviation_max_rel": float(np.abs(made.deviation_rel(building)).max()),
        "flags": [str(flag) for flag in (*case.flags, *made.flags)],
        "valves": rows,
    }


def workflow_dict(flow: Workflow, groups: Groups | None = None) -> dict[str, Any]:
    """Return the state of a work as plain data: verdict, fit, front, choice, expectation, and what the rounds tell."""
    last, told = flow.last, told_of(flow)
    low, high = last.whole.angle_interval_rad()
    frame = last.whole.frame().reset_index()
    made: dict[str, Any] = {
        "building": last.case.scenario.name,
        "synthetic": flow.state.synthetic,
        "round": last.state.number,
        "method": last.fit.method,
        "start": last.state.start,
        "end": last.state.end,
        "angle_rad": last.whole.angle_rad(),
        "angle_interval_rad": [low, high],
        "verdict": dataclasses.asdict(told.verdict),
        "zones": frame.to_dict("records"),
        "flags": [dataclasses.asdict(flag) for flag in all_flags(last)],
        "front": [_option(flow, option) for option in last.front],
        "choice": None,
    }
    if last.choice is not None and last.state.choice is not None:
        made["choice"] = {
            **_option(flow, last.choice),
            **dataclasses.asdict(last.state.choice),
            "valves": [dataclasses.asdict(change) for change in told.changes],
            "expected": _plain(told.expected),
            "cautions": list(told.cautions),
        }
    made |= rounds_dict(flow, groups)
    return dict(_finite(made))


def plain_comparison(flow: Workflow, groups: Groups | None = None) -> dict[str, Any]:
    """Return the comparison of the last two rounds as plain data."""
    return dict(_finite(comparison_dict(comparison_of(flow, groups))))


def _option(flow: Workflow, option: Option) -> dict[str, Any]:
    bound = option.performance
    return {
        "zeta": option.zeta,
        "angle_best_rad": bound.angle_best_rad,
        "angle_worst_rad": bound.angle_worst_rad,
        "proxy_best_per_s2": bound.proxy_best_per_s2,
        "proxy_worst_per_s2": bound.proxy_worst_per_s2,
        "flow_total_rel": option.flow_total_rel,
        "resistance_valves_pa_s2_m6": dict(
            zip(flow.last.building.valve_ids, option.resistance_valves_pa_s2_m6.tolist(), strict=True)
        ),
    }


def _plain(expected: Expectation | None) -> Any:
    if expected is None:
        return None

    def outlook(one: Outlook) -> dict[str, Any]:
        return {
            "before": one.before._asdict(),
            "best": one.best,
            "worst": one.worst,
            "after": one.after._asdict(),
            "usual": one.usual._asdict(),
            "probability_decrease_rel": one.probability_decrease_rel,
        }

    plain = {name: getattr(expected, name) for name in ("temp_ref_c", "temp_outdoor_c", "level_rel", "flow_total_rel")}
    return {"angle_rad": outlook(expected.angle_rad), "spread_k": outlook(expected.spread_k), **plain}


def _finite(content: Any) -> Any:
    """Return data that JSON can hold: what is no number is null, numpy's numbers are Python's."""
    if isinstance(content, dict):
        return {str(key): _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    if isinstance(content, np.generic):
        content = content.item()
    return None if isinstance(content, float) and not math.isfinite(content) else content
