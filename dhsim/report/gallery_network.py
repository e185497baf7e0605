"""Pictures of the secondary network: flow classes, temperatures and pressures, before and after."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from dhsim.errors import DhsimError
from dhsim.report.figures_pressure import profiles_before_after
from dhsim.report.figures_secondary import network_maps
from dhsim.report.gallery import Picture
from dhsim.report.tables import format_number
from dhsim.study.network_types import NetworkSolution
from dhsim.study.network_views import path_frame, worst_consumer
from dhsim.study.secondary import (
    BUILDING_NEEDS,
    PIPE_NEEDS,
    flows_of,
    map_nodes,
    map_pipes,
    missing_series,
    pipe_flows,
)
from dhsim.study.secondary_network import NEEDS, moments, solution_at
from dhsim.study.types import Comparison, Run
from dhsim.units import PA_PER_KPA

MAPS_MAX = 9
"""More runs than that are not drawn side by side; the reference and the first ones are."""
_UNCHANGED_REL = 0.02
_PERIOD = "above_cpt"


def network_missing(comparison: Comparison) -> tuple[str, ...]:
    """Return the series that some run lacks for this section; empty: all is there."""
    needed = tuple(dict.fromkeys((*BUILDING_NEEDS, *PIPE_NEEDS, *NEEDS)))
    return tuple(dict.fromkeys(name for run in comparison.runs for name in missing_series(run, needed)))


def network_pictures(comparison: Comparison) -> Iterator[Picture]:
    """Yield maps of flow and temperature and profiles of pressure; nothing without pipes or their series."""
    if not comparison.reference.case.system.pipe_ids or network_missing(comparison):
        return
    flows = pipe_flows(comparison)
    if bool(flows["mass_flow_above_cpt_kg_s"].notna().all()):
        yield _flow_classes(comparison, flows)
        yield _temperatures(comparison, flows)
    yield from _profiles(comparison)


def _layouts_alike(comparison: Comparison) -> tuple[Run, ...]:
    """Return the runs whose network is the reference's, at most as many as can be seen."""
    first = comparison.reference.case.system
    return tuple(
        run
        for run in comparison.runs
        if run.case.system.pipe_ids == first.pipe_ids and run.case.system.node_ids == first.node_ids
    )[:MAPS_MAX]


def _flow_classes(comparison: Comparison, flows: pd.DataFrame) -> Picture:
    reference = comparison.reference
    density = reference.case.system.substation.density_water_kg_m3
    states = {run.name: map_pipes(flows, run.name, _PERIOD) for run in _layouts_alike(comparison)}
    period = "mean of the heating season's hours above the CPT"
    figure = network_maps(states, map_nodes(reference), color_by="flow_class", period=period, density_kg_m3=density)
    changed = {name: _change_rel(flows, reference.name, name) for name in states if name != reference.name}
    return Picture(
        "network_flow",
        "As in the paper's figures 9 and 11, in their colours: each pipe by its mean flow in fall and spring "
        f"operation. {_changed_text(changed)} Hot water is not in these pipes where a third pipe brings it. "
        "Where bounds of the paper's classes overlap or leave a gap, ours are in the key.",
        figure,
    )


def _change_rel(flows: pd.DataFrame, first: str, name: str) -> float:
    """Return the largest change of a pipe's flow, with its sign, over its flow in the reference."""
    before, after = (flows_of(flows, run)["volume_flow_above_cpt_m3_h"].to_numpy(float) for run in (first, name))
    change = np.divide(after, before, out=np.ones_like(after), where=before > 0.0) - 1.0
    return float(change[int(np.argmax(np.abs(change)))])


def _changed_text(changed: dict[str, float]) -> str:
    """Return in words which runs leave every pipe its flow, and by how much the others change it."""
    same = [name for name, change in changed.items() if abs(change) <= _UNCHANGED_REL]
    other = [
        f"{name} ({format_number(100.0 * change, 0, signed=True)} %)"
        for name, change in changed.items()
        if abs(change) > _UNCHANGED_REL
    ]
    parts = [f"Largest change of a pipe: {', '.join(other)}."] if other else []
    if same:
        parts.append(
            f"Every pipe keeps its flow with {', '.join(same)}: mixing changes what is taken from the primary, not "
            "what the jet pumps let through."
        )
    return " ".join(parts)


def _temperatures(comparison: Comparison, flows: pd.DataFrame) -> Picture:
    reference = comparison.reference
    density = reference.case.system.substation.density_water_kg_m3
    states = {run.name: map_pipes(flows, run.name, _PERIOD) for run in _layouts_alike(comparison)}
    period = "flow-weighted mean of the hours above the CPT"
    figure = network_maps(
        states, map_nodes(reference), color_by="temp", line="return", period=period, density_kg_m3=density
    )
    supply = {name: frame["temp_supply_c"].max() for name, frame in states.items()}
    told = ", ".join(f"{name} {value:.1f} °C" for name, value in supply.items())
    return Picture(
        "network_return",
        "Return temperature where the water leaves each pipe towards the substation, and arrows along the return. "
        f"Highest supply at the end of a pipe in the same hours: {told}. Colder "
        "water comes back colder; with less flow it cools further in the radiators.",
        figure,
    )


def _profiles(comparison: Comparison) -> Iterator[Picture]:
    """Yield one picture a moment: the reference and the variant with the lowest secondary flow, on the same way."""
    reference, chosen = comparison.reference, chosen_run(comparison)
    for number, (name, step) in enumerate(moments(reference).items(), start=1):
        runs = [reference] if chosen is None else [reference, chosen]
        flowing = [run for run in runs if float(run.solution.arrays["dp_secondary_pa"][step, 0]) > 0.0]
        if reference not in flowing:
            continue
        try:
            found = {run.name: solution_at(run, step) for run in flowing}
        except DhsimError:  # said among the pressure limits
            continue
        end = worst_consumer(found[reference.name])
        when = reference.solution.time[step]
        outdoor = float(reference.case.boundary.arrays.temp_outdoor_c[step])
        paths = {f"{run}, {name}": path_frame(solution, end) for run, solution in found.items()}
        density = reference.case.system.substation.density_water_kg_m3
        figure = profiles_before_after(paths, density_kg_m3=density)
        yield Picture(
            f"network_profile_{number}",
            f"From the substation to building {end}, which has the least differential pressure: {name} of "
            f"{reference.name}, {when:%d %b %Y %H:%M}, {format_number(outdoor, 1)} °C outside. "
            f"{_least_text(found, end)} The static line is where the water would stand if the "
            "pumps stopped and the plant kept its return pressure.",
            figure,
        )


def _least_text(found: dict[str, NetworkSolution], end: str) -> str:
    told = []
    for name, solution in found.items():
        own = solution.consumers.loc[end]
        told.append(f"{name} {own['dp_pa'] / PA_PER_KPA:.0f} kPa and {own['mass_flow_kg_s']:.2f} kg/s")
    return f"There: {', '.join(told)}."


def chosen_run(comparison: Comparison) -> Run | None:
    """Return the variant that is drawn beside the reference: the one with the lowest mean flow above the CPT."""
    runs = _layouts_alike(comparison)[1:]
    return min(runs, key=lambda run: run.score.energy.mass_flow_secondary_above_cpt_kg_s, default=None)
