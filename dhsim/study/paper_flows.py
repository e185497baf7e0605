"""Paper page, part two: the flows of its figures 9 and 11, of the substation and of every pipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from dhsim.model.boundary import BELOW_CPT
from dhsim.model.system import FlowLaw
from dhsim.study.paper_figures import (
    REFERENCE,
    Computation,
    Evidence,
    Figure,
    Finding,
    MissingRunError,
    Verdict,
    capped,
)
from dhsim.study.paper_runs import NEAR_K, classes_of, near_day, series_of, volume_m3_h
from dhsim.units import W_PER_MW

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dhsim.study.types import Run

_UNCHANGED_REL = 0.02
_MOSTLY_PERCENT = 50.0
_LAYOUT = "the layout of the pipes is ours"
_PUMPS = {
    FlowLaw.CONSTANT_SPEED: "the pumps run at constant speed",
    FlowLaw.DP_HELD: "the pumps hold the differential pressure before the jet pumps",
    FlowLaw.GENERAL_CURVE: "the pumps follow the general flow curve",
}


def _design_flow(run: Run) -> float:
    """Design flow of the primary, m3/h, eq. (7)."""
    system = run.case.system
    heat = float(system.buildings.heat_design_w.sum())
    return volume_m3_h(run, heat / (system.substation.heat_capacity_water_j_kgk * system.curve.drop_network_k))


def _flow_legend(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    orange_low, orange_high, green_high, red_low = figure.numbers
    overlap, gap = min(orange_high, green_high) - orange_low, red_low - max(orange_high, green_high)
    broken = overlap > 0.0 or gap > 0.0
    why = f"orange and green share {overlap:g} m3/h of the scale, and {gap:g} m3/h below red belong to no colour"
    text = f"overlap {overlap:g}, gap {gap:g}"
    return Finding(why, text=text, verdict=Verdict.NOT_POSSIBLE if broken else Verdict.REPRODUCED)


def _flow_largest(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    run = evidence.run()
    largest = volume_m3_h(run, run.score.energy.mass_flow_secondary_max_kg_s)
    mean = volume_m3_h(run, run.score.energy.mass_flow_secondary_mean_kg_s)
    heat_mw = float(run.case.system.buildings.heat_design_w.sum()) / W_PER_MW
    why = f"largest secondary flow of the baseline (mean {mean:.1f}); {heat_mw:.2g} MW at design needs"
    why += f" {_design_flow(run):.1f} m3/h"
    if largest > figure.number:
        return Finding(why, (largest,), verdict=Verdict.REPRODUCED)
    near = largest > figure.number * (1.0 - figure.tolerance_partly_rel)
    return Finding(why, (largest,), verdict=Verdict.PARTLY if near else Verdict.NOT_REPRODUCED)


def _pipe_means_m3_h(run: Run, hours: NDArray[np.bool_]) -> dict[str, float]:
    """Return the mean flow of every pipe over some hours."""
    means = series_of(run, "mass_flow_pipe_kg_s")[hours].mean(axis=0)
    return {name: volume_m3_h(run, float(flow)) for name, flow in zip(run.case.system.pipe_ids, means, strict=True)}


def _classes_before(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    orange_low, orange_high, red_low = figure.numbers
    run = evidence.run()
    winter = classes_of(run) == BELOW_CPT
    if not winter.any():
        raise MissingRunError(f"{REFERENCE} with hours below the CPT")
    flows = _pipe_means_m3_h(run, winter)
    red = {name: flow for name, flow in flows.items() if flow > red_low}
    orange = {name: flow for name, flow in flows.items() if orange_low < flow <= orange_high}
    below = [flow for flow in flows.values() if flow <= orange_low]
    why = f"mean of the season's hours below the CPT in the {len(flows)} pipes of the baseline, hot water not among it"
    why += f" (third pipe); {_LAYOUT}"
    if below and not orange:
        why += f"; the largest below {orange_low:g} carries {max(below):.1f}"
    text = f"{orange_low:g} to {orange_high:g}: {_listed(orange)}; over {red_low:g}: {_listed(red)}"
    verdict = Verdict.PARTLY if red or orange else Verdict.NOT_REPRODUCED
    return Finding(why, text=text, verdict=verdict)


def _listed(flows: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {flow:.1f}" for name, flow in flows.items()) or "none"


def _flow_after(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    outdoor, _ = evidence.reported("modelled_day")
    (second_before, first_before), (second, first) = (
        _substation_means_m3_h(evidence.run(policy), outdoor) for policy in (REFERENCE, argument)
    )
    why = f"hours at {outdoor:g} +- {NEAR_K:g} degC: secondary {second_before:.1f} to {second:.1f}, primary (with DHW)"
    why += f" {first_before:.1f} to {first:.1f}"
    fall = 100.0 * (1.0 - first / first_before)
    if abs(second / second_before - 1.0) <= _UNCHANGED_REL < fall / 100.0:
        why += f"; mixing leaves the flow through the jet pumps and takes {fall:.0f} % from the primary only"
    why += f"; {_PUMPS[FlowLaw(evidence.run(argument).case.system.control.flow_law)]}"
    text = f"secondary {second:.1f}, primary {first:.1f}"
    limit = figure.number * (1.0 + figure.tolerance_rel)
    if second <= limit < second_before:
        return Finding(why, text=text, verdict=Verdict.REPRODUCED)
    if first <= limit < first_before:
        return Finding(f"{why}; only the primary is at or below {figure.number:g}", text=text, verdict=Verdict.PARTLY)
    if second_before <= limit:
        why += "; the baseline is already below"
    return Finding(why, text=text, verdict=Verdict.NOT_REPRODUCED)


def _substation_means_m3_h(run: Run, outdoor_c: float) -> tuple[float, float]:
    """Return mean secondary and primary flow of the hours near the modelled day."""
    near = near_day(run, outdoor_c)
    names = ("mass_flow_secondary_kg_s", "mass_flow_primary_kg_s")
    secondary, primary = (volume_m3_h(run, float(series_of(run, name)[near].mean())) for name in names)
    return secondary, primary


def _pipes_after(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    outdoor, _ = evidence.reported("modelled_day")
    before, after = (evidence.run(policy) for policy in (REFERENCE, argument))
    old, new = (_pipe_means_m3_h(run, near_day(run, outdoor)) for run in (before, after))
    limit = figure.number * (1.0 + figure.tolerance_rel)
    below = [_share_below_percent(run, flows, limit) for run, flows in ((before, old), (after, new))]
    largest = max(new, key=lambda name: new[name])
    change = max((abs(new[name] / old[name] - 1.0) for name in new if old.get(name)), default=0.0)
    why = f"hours at {outdoor:g} +- {NEAR_K:g} degC, {len(new)} pipes: {below[0]:.0f} % of their length at or below"
    why += f" {figure.number:g} before, {below[1]:.0f} % after; largest {old.get(largest, float('nan')):.1f} to"
    why += f" {new[largest]:.1f} ({largest}); {_why_pipes(before, after, outdoor, change)}"
    text = f"largest {new[largest]:.1f}, {below[1]:.0f} % of the length at or below"
    if change <= _UNCHANGED_REL or new[largest] >= old.get(largest, 0.0) or below[1] <= _MOSTLY_PERCENT:
        return Finding(why, text=text, verdict=Verdict.NOT_REPRODUCED)
    verdict = Verdict.REPRODUCED if new[largest] <= limit else Verdict.PARTLY
    return capped(Finding(why, text=text, verdict=verdict), _LAYOUT)


def _share_below_percent(run: Run, flows: Mapping[str, float], limit_m3_h: float) -> float:
    """Return the share of the pipes' length that carries no more than a limit."""
    length_m = run.case.system.supply.length_m
    return 100.0 * float(length_m[np.array(list(flows.values())) <= limit_m3_h].sum() / length_m.sum())


def _why_pipes(before: Run, after: Run, outdoor_c: float, change_rel: float) -> str:
    """Return in words why the pipes' flow is as it was, or is not."""
    first_before, first = (_substation_means_m3_h(run, outdoor_c)[1] for run in (before, after))
    fall = 100.0 * (1.0 - first / first_before)
    primary = f"the primary flow falls by {fall:.0f} %" if fall > 100.0 * _UNCHANGED_REL else "the primary flow stays"
    pumps = _PUMPS[FlowLaw(after.case.system.control.flow_law)]
    if change_rel > _UNCHANGED_REL:
        return f"{pumps}: the flow of a pipe changes by up to {100.0 * change_rel:.0f} %, {primary}"
    cause = "mixing alone leaves the flow through the jet pumps, " if fall > 100.0 * _UNCHANGED_REL else ""
    return f"{cause}every pipe keeps its flow ({pumps}), {primary}"


def _flow_building(evidence: Evidence, figure: Figure, argument: str) -> Finding:
    run = evidence.run()
    system = run.case.system
    hot = volume_m3_h(run, run.score.energy.mass_flow_dhw_mean_kg_s)
    why = f"the layout and the substations of building {argument} are not published; here hot water has a third pipe,"
    why += f" whose heater takes {hot:.1f} m3/h for all {len(system.building_ids)} buildings"
    if argument not in system.building_ids:
        one = volume_m3_h(run, run.score.energy.mass_flow_secondary_mean_kg_s) / len(system.building_ids)
        return Finding(why, text=f"{one:.1f} a building", verdict=Verdict.NOT_POSSIBLE)
    outdoor, _ = evidence.reported("modelled_day")
    ways = []
    for policy in (REFERENCE, *(name for name in ("variable_flow",) if name in evidence.runs)):
        other = evidence.run(policy)
        flows = list(_pipe_means_m3_h(other, near_day(other, outdoor)).items())
        ways.append(f"{policy} {_listed(dict(flows[pipe] for pipe in _last_pipes(other, argument)))}")
    return Finding(f"{why}; {_LAYOUT}", text="; ".join(ways), verdict=Verdict.NOT_POSSIBLE)


def _last_pipes(run: Run, building: str) -> list[int]:
    """Return the last two pipes before a building, the main first."""
    system = run.case.system
    node = int(system.buildings.node[system.building_ids.index(building)])
    made: list[int] = []
    while node > 0 and len(made) < 2:  # pipe j ends in node j + 1
        made.insert(0, node - 1)
        node = int(system.supply.node_start[node - 1])
    return made


FLOWS: Mapping[str, Computation] = {
    "flow_legend": _flow_legend,
    "flow_largest": _flow_largest,
    "classes_before": _classes_before,
    "flow_after": _flow_after,
    "pipes_after": _pipes_after,
    "flow_building": _flow_building,
}
