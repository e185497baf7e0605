"""The secondary network of a run as a network of its own at one moment: pressures of all nodes, and their limits."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dhsim.errors import DhsimError
from dhsim.model.boundary import N_CLASS, OUT_OF_SEASON
from dhsim.model.system import Floats, PumpPlace, System
from dhsim.network.hydraulics import COLEBROOK_CONSTANT
from dhsim.network.limits import LimitWarning
from dhsim.network.parts import (
    ConsumerKind,
    Consumers,
    Elements,
    Fluid,
    LiftLaw,
    Network,
    NetworkState,
    Plant,
    ProducerKind,
    Producers,
)
from dhsim.study.network import solve_network
from dhsim.study.network_types import NetworkSolution
from dhsim.study.secondary import missing_series
from dhsim.study.types import Run

NEEDS = (
    *("dp_secondary_pa", "dp_valve_main_pa", "dp_pump_pa", "mass_flow_secondary_kg_s", "temp_supply_secondary_c"),
    *("mass_flow_building_kg_s", "heat_flow_sh_w", "heat_flow_dhw_w", "mass_flow_pipe_kg_s"),
)
"""Series without which there is no network of a moment."""
PRESSURE_MAX_RADIATOR_PA = 0.6e6
"""What cast-iron radiators bear. A jet pump leaves them at the pressure of the return."""
_FLOW_MIN_KG_S = 1e-9
_ALIKE_REL = 1e-6


def step_of(run: Run, when: pd.Timestamp | int) -> int:
    """Return the step that a moment lies in.

    Raises
    ------
    DhsimError
        If the moment lies outside the run.
    """
    count = len(run.solution.time)
    step = when if isinstance(when, int) else int(run.solution.time.searchsorted(when, side="right")) - 1
    end = run.solution.time[-1] + pd.Timedelta(seconds=run.solution.step_s)
    if not 0 <= step < count or (not isinstance(when, int) and when >= end):
        raise DhsimError(f"{run.name}: {when} lies outside the run ({run.solution.time[0]} to {end})")
    return step


def moments(run: Run) -> dict[str, int]:
    """Return the steps that are worth a profile: highest secondary flow of the heating season, and at the CPT.

    Where the flow is as high for long, the coldest of those steps. At the CPT: in the heating season, where the outdoor
    temperature and its filtered value, by which the mode is chosen, lie nearest to it together.
    """
    arrays, outdoor = run.solution.arrays, run.case.boundary.arrays.temp_outdoor_c
    flow = arrays["mass_flow_secondary_kg_s"][:, 0]
    season = (run.case.boundary.arrays.group % N_CLASS != OUT_OF_SEASON) & (flow > _FLOW_MIN_KG_S)
    if not season.any():
        return {}
    filtered = arrays["temp_outdoor_filtered_c"][:, 0] if "temp_outdoor_filtered_c" in arrays else outdoor
    cpt = run.case.system.control.cpt_c
    highest = season & (flow >= (1.0 - _ALIKE_REL) * flow[season].max())
    distance = np.abs(outdoor - cpt) + np.abs(filtered - cpt)
    return {
        "highest secondary flow": int(np.argmin(np.where(highest, outdoor, np.inf))),
        "at the CPT": int(np.argmin(np.where(season, distance, np.inf))),
    }


def network_at(run: Run, when: pd.Timestamp | int) -> tuple[Network, NetworkState]:
    """Return the secondary network of a run at one moment, and its state; see `solution_at`."""
    found = solution_at(run, when)
    return found.network, found.state


def solution_at(run: Run, when: pd.Timestamp | int) -> NetworkSolution:
    """Return the secondary network of a run at one moment, solved: flows, pressures, steady temperatures, limits.

    The pumps' differential pressure, the supply temperature and the buildings' heat are those of the run; flows and
    pressures follow from them, by the solver of networks, and agree with the run's. Temperatures are in steady state,
    where the run's water needs its minutes. Flow of local hot-water exchangers is given, one consumer a node.

    Parameters
    ----------
    run
        A run that kept its series, pipes among them.
    when
        The moment, or the number of the step.

    Returns
    -------
    NetworkSolution
        Supply and mirrored return; the substation is the producer, the buildings are the first consumers. Pressures
        are overpressures, elevation included. Warnings: the supply must not boil at the run's highest temperature;
        radiators hang at the pressure of the return.

    Raises
    ------
    DhsimError
        If a series was not kept, the moment lies outside the run, no water flows then or the network has no answer.
    """
    missing = missing_series(run, NEEDS)
    if missing:
        raise DhsimError(f"{run.name} did not keep {', '.join(missing)}: pressures of its network are not known")
    step = step_of(run, when)
    if _value(run, "dp_secondary_pa", step) <= 0.0:
        raise DhsimError(f"{run.name}: no water flows in the secondary network at {run.solution.time[step]}")
    flowing = run.solution.arrays["mass_flow_secondary_kg_s"][:, 0] > _FLOW_MIN_KG_S
    highest_c = float(run.solution.arrays["temp_supply_secondary_c"][flowing, 0].max())
    try:
        return solve_network(_network(run, step), temp_highest_c=highest_c)
    except ValueError as error:
        raise DhsimError(f"{run.name} at {run.solution.time[step]}: {error}") from error


def pressure_limits(run: Run) -> tuple[str, ...]:
    """Return the limits that a run breaks at one of its `moments`, each once, the worst first; empty: all are kept."""
    found: dict[tuple[str, str, str], LimitWarning] = {}
    for step in moments(run).values():
        for warning in solution_at(run, step).warnings:
            key = (warning.code, warning.where, warning.line)
            if key not in found or warning.beyond_rel > found[key].beyond_rel:
                found[key] = warning
    return tuple(str(warning) for warning in sorted(found.values(), key=lambda one: -one.beyond_rel))


def return_pressure_pa(run: Run, step: int) -> float:
    """Return the overpressure at the secondary return header [Pa]: primary return, valves and pumps before it."""
    substation = run.case.system.substation
    inlet = substation.pressure_return_pa + float(run.case.boundary.arrays.dp_available_pa[step])
    header = inlet - _value(run, "dp_valve_main_pa", step)
    if substation.pump_place == PumpPlace.SECONDARY_SUPPLY:
        header += _value(run, "dp_pump_pa", step)
    return header - _value(run, "dp_secondary_pa", step)


def _value(run: Run, name: str, step: int) -> float:
    return float(run.solution.arrays[name][step, 0])


def _network(run: Run, step: int) -> Network:
    system, given = run.case.system, run.case.boundary.arrays
    substation = system.substation
    consumer_ids, consumers = _consumers(run, step)
    return Network(
        name=f"secondary network of {run.name}",
        fluid=Fluid(
            substation.density_water_kg_m3, substation.viscosity_water_pa_s, substation.heat_capacity_water_j_kgk
        ),
        node_ids=system.node_ids,
        nodes=system.nodes,
        supply_ids=system.pipe_ids,
        supply=system.supply,
        return_ids=system.pipe_ids,
        return_line=system.return_line,
        mirrored=True,
        element_ids=(),
        elements=_no_elements(),
        consumer_ids=consumer_ids,
        consumers=consumers,
        producer_ids=("substation",),
        producers=Producers(
            node=np.array([0]),
            kind=np.array([int(ProducerKind.LIFT)]),
            lift_pa=np.array([_value(run, "dp_secondary_pa", step)]),
            mass_flow_kg_s=np.array([np.nan]),
            temp_supply_c=np.array([_value(run, "temp_supply_secondary_c", step)]),
        ),
        plant=_plant(return_pressure_pa(run, step)),
        temp_ground_c=float(given.temp_ground_c[step]),
        temp_air_c=float(given.temp_outdoor_c[step]),
        colebrook_constant=COLEBROOK_CONSTANT,
    )


def _no_elements() -> Elements:
    """Return no valves and no pumps: those of the secondary network stand in the substation."""
    none, count = np.zeros(0), np.zeros(0, dtype=np.int64)
    return Elements(count, count, count, none, none, none, none, none, count, count, count)


def _plant(pressure_return_pa: float) -> Plant:
    """Return a plant that holds the lift as it is given."""
    return Plant(
        pressure_return_pa=pressure_return_pa,
        law=int(LiftLaw.FIXED),
        dp_set_pa=0.0,
        lift_zero_rel=0.0,
        mass_flow_design_kg_s=np.nan,
        head_a0_pa=0.0,
        head_a1_pa_s_m3=0.0,
        head_a2_pa_s2_m6=0.0,
        efficiency_best=np.nan,
        flow_best_m3_s=np.nan,
        speed_rel=1.0,
        n_parallel=0,
    )


def _consumers(run: Run, step: int) -> tuple[tuple[str, ...], Consumers]:
    """Return the buildings behind their jet pumps, then the local hot-water exchangers, one a node that has any."""
    system, arrays = run.case.system, run.solution.arrays
    jets = arrays["mass_flow_building_kg_s"][step]
    draw = _draw_kg_s(system, arrays["mass_flow_pipe_kg_s"][step], jets, _value(run, "mass_flow_secondary_kg_s", step))
    nodes = np.flatnonzero(draw > 1e-9 * float(jets.sum() + draw.sum()))
    dhw_w = np.bincount(system.buildings.node, arrays["heat_flow_dhw_w"][step], minlength=draw.size)
    n_jet, n_draw = jets.size, nodes.size
    ids = (*system.building_ids, *(f"hot water at {system.node_ids[node]}" for node in nodes))
    kinds = [int(ConsumerKind.PRESSURE)] * n_jet + [int(ConsumerKind.MASS_FLOW)] * n_draw
    unknown = np.full(n_jet + n_draw, np.nan)
    return ids, Consumers(
        node=np.concatenate([system.buildings.node, nodes]),
        kind=np.array(kinds, dtype=np.int64),
        mass_flow_kg_s=np.concatenate([np.full(n_jet, np.nan), draw[nodes]]),
        heat_w=np.concatenate([arrays["heat_flow_sh_w"][step], dhw_w[nodes]]),
        temp_drop_k=unknown,
        temp_return_c=unknown,
        conductance_kg_s_pa05=np.concatenate(
            [system.buildings.conductance_kg_s_pa05, np.full(n_draw, np.nan)],
        ),
        is_on=np.concatenate([(jets > 0.0).astype(np.int64), np.ones(n_draw, dtype=np.int64)]),
        dp_min_pa=np.zeros(n_jet + n_draw),
        height_m=np.concatenate([system.building_heights_m, np.full(n_draw, np.nan)]),
        pressure_max_pa=np.concatenate([np.full(n_jet, PRESSURE_MAX_RADIATOR_PA), np.full(n_draw, np.inf)]),
    )


def _draw_kg_s(system: System, pipe_kg_s: Floats, jet_kg_s: Floats, total_kg_s: float) -> Floats:
    """Return what leaves each node by neither a pipe nor a jet pump, (n_node,): flow of local hot-water exchangers."""
    inflow = np.concatenate([[total_kg_s], pipe_kg_s])  # pipe j ends in node j + 1
    onward = np.bincount(system.supply.node_start, pipe_kg_s, minlength=inflow.size)
    jets = np.bincount(system.buildings.node, jet_kg_s, minlength=inflow.size)
    drawn: Floats = np.maximum(inflow - onward - jets, 0.0)
    return drawn
