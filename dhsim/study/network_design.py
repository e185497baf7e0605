"""Design and adjustment: which pipe for which flow, and what to throttle so that every consumer gets its share."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from dhsim.build.network import build_network
from dhsim.build.pipes import CataloguePipes, catalogue_pipes, pipe_data
from dhsim.errors import DhsimError
from dhsim.network.parts import ConsumerKind, Floats, LiftLaw, Line, Network
from dhsim.network.sizing import size_pipes
from dhsim.network.throttling import Rule, ThrottleKind, Throttles, size_throttles, throttle_rows
from dhsim.scenario.network_schema import NetworkScenario
from dhsim.scenario.piping import PipeConstruction
from dhsim.study.network import NetworkSource, network_of, solution_of
from dhsim.study.network_edits import with_lift, with_pipes, with_throttles
from dhsim.study.network_types import NetworkSizing, NetworkSolution, NetworkThrottling

VELOCITY_MAX_M_S = 2.0
GRADIENT_MAX_PA_M = 100.0
"""Customary in planning; ours where nobody says otherwise."""
_ROUNDS_MAX = 12


def size_network(
    source: NetworkSource,
    *,
    velocity_max_m_s: float = VELOCITY_MAX_M_S,
    gradient_max_pa_m: float = GRADIENT_MAX_PA_M,
    family: str = "en253",
    series: int = 1,
    narrowing_only: bool = False,
    mass_flow_design_kg_s: Mapping[str, float] | None = None,
) -> NetworkSizing:
    """Return the smallest pipes of a family that keep both limits at the design flows.

    Flows are found anew with the pipes chosen, and pipes that then break a limit are widened, until none does: loops
    and fixed return temperatures share their flows by the pipes. Consumers that the pressure drives are held at their
    design flow: as said here, else `mass_flow_design_kg_s` of the file, else what they get now. A trench with both
    lines gets one size.

    Parameters
    ----------
    source
        A file or folder, a NetworkScenario, or a Network.
    velocity_max_m_s
        Highest velocity [m/s].
    gradient_max_pa_m
        Highest friction loss per metre, without fittings [Pa/m].
    family, series
        Of the pipe catalogue, see `build.pipes.families()`.
    narrowing_only
        Let no pipe be wider than the one that feeds it; for trees with one producer.
    mass_flow_design_kg_s
        Design flow by consumer, of those that the pressure drives [kg/s].

    Returns
    -------
    NetworkSizing
        Pipes before and after, and the network with them, solved again at the design flows.

    Raises
    ------
    DhsimError
        No such family, a pipe beyond the largest, or anything wrong with the file.
    """
    network, scenario = network_of(source)
    catalogue = catalogue_pipes(family, series)
    before = solution_of(network, scenario)
    frozen = _design_flows(network, scenario, before, mass_flow_design_kg_s)
    design, sized, said = solution_of(_at_flows(network, frozen), scenario), network, scenario
    chosen: dict[str, int] = {}
    for _ in range(_ROUNDS_MAX):
        try:
            wanted = _chosen(design, catalogue, velocity_max_m_s, gradient_max_pa_m, narrowing_only)
        except ValueError as error:
            raise DhsimError(f"{network.name}: {error}") from error
        grown = {pipe: max(size, chosen.get(pipe, 0)) for pipe, size in wanted.items()}
        if grown == chosen:
            break
        chosen = grown
        ids = {pipe: catalogue.ids[size] for pipe, size in chosen.items()}
        if scenario is not None:
            said = with_pipes(scenario, ids, family)
            sized = build_network(said)
        else:
            sized = _with_sizes(network, chosen, catalogue)
        design = solution_of(_at_flows(sized, frozen), said)
    else:
        raise DhsimError(f"{network.name}: sizes and flows did not settle in {_ROUNDS_MAX} rounds: say narrowing_only")
    return NetworkSizing(_sizing_frame(before, design, chosen, catalogue, scenario), before, design, sized, said)


def _design_flows(
    network: Network, scenario: NetworkScenario | None, now: NetworkSolution, given: Mapping[str, float] | None
) -> Floats:
    """Return the flow to hold each pressure-driven consumer at; NaN for the others, who ask for theirs."""
    said = {} if scenario is None else {item.id: item.mass_flow_design_kg_s for item in scenario.consumers}
    strange = sorted(set(given or {}) - set(network.consumer_ids))
    if strange:
        raise DhsimError(f"{network.name}: mass_flow_design_kg_s: no consumer {', '.join(strange)}")
    flows = np.full(len(network.consumer_ids), np.nan)
    for i, (name, kind) in enumerate(zip(network.consumer_ids, network.consumers.kind.tolist(), strict=True)):
        design = (given or {}).get(name, said.get(name) if kind == ConsumerKind.PRESSURE else None)
        if design is not None:
            flows[i] = design
        elif kind == ConsumerKind.PRESSURE:
            flows[i] = now.state.mass_flow_consumer_kg_s[i]
    return flows


def _at_flows(network: Network, mass_flow_kg_s: Floats) -> Network:
    """Return a network in which some consumers are held at a flow, NaN for those that are not."""
    held = np.isfinite(mass_flow_kg_s)
    consumers = network.consumers._replace(
        kind=np.where(held, int(ConsumerKind.MASS_FLOW), network.consumers.kind),
        mass_flow_kg_s=np.where(
            held, np.where(network.consumers.is_on == 1, mass_flow_kg_s, 0.0), network.consumers.mass_flow_kg_s
        ),
    )
    return dataclasses.replace(network, consumers=consumers)


def _chosen(
    design: NetworkSolution, catalogue: CataloguePipes, velocity_max: float, gradient_max: float, narrowing_only: bool
) -> dict[str, int]:
    """Return pipe -> place in the catalogue; a trench with both lines takes the larger of the two."""
    network, state, wanted = design.network, design.state, dict[str, int]()
    for is_return, ids, flow in (
        (False, network.supply_ids, state.mass_flow_supply_kg_s),
        (True, network.return_ids, state.mass_flow_return_kg_s),
    ):
        sizes = size_pipes(
            network,
            flow,
            catalogue.diameter_inner_m,
            catalogue.ids,
            velocity_max,
            gradient_max,
            narrowing_only=narrowing_only,
            is_return=is_return,
        )
        for pipe, size in zip(ids, sizes.tolist(), strict=True):
            wanted[pipe] = max(wanted.get(pipe, 0), size)
    return wanted


def _with_sizes(network: Network, chosen: Mapping[str, int], catalogue: CataloguePipes) -> Network:
    """Return a network with other pipes, buried pairs; roughness and fittings stay."""
    walls = {
        size: pipe_data(PipeConstruction(pipe=catalogue.ids[size])).heat_capacity_wall_j_mk
        for size in set(chosen.values())
    }

    def line(pipes: Line, ids: Sequence[str]) -> Line:
        sizes = [chosen[name] for name in ids]
        return pipes._replace(
            diameter_m=catalogue.diameter_inner_m[sizes],
            u_w_mk=catalogue.u_w_mk[sizes],
            heat_capacity_wall_j_mk=np.array([walls[size] for size in sizes]),
            buried=np.ones(len(sizes), dtype=np.int64),
        )

    return dataclasses.replace(
        network,
        supply=line(network.supply, network.supply_ids),
        return_line=line(network.return_line, network.return_ids),
    )


def _sizing_frame(
    before: NetworkSolution,
    after: NetworkSolution,
    chosen: Mapping[str, int],
    catalogue: CataloguePipes,
    scenario: NetworkScenario | None,
) -> pd.DataFrame:
    was, now = before.pipes, after.pipes
    said = {} if scenario is None else {pipe.id: pipe.pipe or "" for pipe in scenario.pipes}
    size = [chosen[name] for name in now.index]
    grown_m = (now["diameter_m"] - was["diameter_m"]).to_numpy(dtype=np.float64).round(9)
    change = np.select([grown_m < 0.0, grown_m > 0.0], ["narrower", "wider"], "")
    flow = now[["mass_flow_kg_s", "mass_flow_return_kg_s"]].abs().max(axis=1)

    def larger(frame: pd.DataFrame, one: str, other: str) -> pd.Series[float]:
        return frame[[one, other]].max(axis=1)

    velocities = ("velocity_m_s", "velocity_return_m_s")
    gradients = ("pressure_gradient_pa_m", "pressure_gradient_return_pa_m")
    return pd.DataFrame(
        {
            "start": now["start"],
            "end": now["end"],
            "length_m": now["length_m"],
            "mass_flow_design_kg_s": flow,
            "pipe_before": [said.get(name, "") for name in now.index],
            "diameter_before_m": was["diameter_m"],
            "velocity_before_m_s": larger(was, *velocities),
            "pressure_gradient_before_pa_m": larger(was, *gradients),
            "pipe_chosen": [catalogue.ids[k] for k in size],
            "dn": catalogue.dn[size],
            "diameter_m": now["diameter_m"],
            "velocity_m_s": larger(now, *velocities),
            "pressure_gradient_pa_m": larger(now, *gradients),
            "change": change,
        }
    )


def throttle_network(
    source: NetworkSource,
    *,
    kind: str = "orifice",
    dp_needed_pa: Mapping[str, float] | float | None = None,
    mass_flow_design_kg_s: Mapping[str, float] | None = None,
    lift_extra_pa: float = 0.0,
    rule: Rule = "washer",
    diameter_pipe_m: float | None = None,
) -> NetworkThrottling:
    """Return what to install so that every consumer gets its design flow, and the network with it solved again.

    Parameters
    ----------
    source
        A file or folder, a NetworkScenario, or a Network.
    kind
        orifice, nozzle or valve.
    dp_needed_pa
        What each consumer's own circuit needs at its design flow [Pa], one or by consumer; where left out what its own
        valve, washer or `dp_design_kpa` makes of that flow, else `dp_min_kpa`.
    mass_flow_design_kg_s
        Design flow by consumer [kg/s]; as `size_network` has it where left out.
    lift_extra_pa
        Rise of the plant's lift that comes with the throttles [Pa].
    rule
        washer, or iso5167 with `diameter_pipe_m`.
    diameter_pipe_m
        Inner diameter of the pipes that the plates sit in [m].

    Returns
    -------
    NetworkThrottling
        Devices, consumers with advice, and the throttled network: each consumer driven by the pressure, with its heat.

    Raises
    ------
    DhsimError
        A consumer of which nobody says what it needs, or anything wrong with the file.
    """
    network, scenario = network_of(source)
    before = solution_of(network, scenario)
    frozen = _design_flows(network, scenario, before, mass_flow_design_kg_s)
    design = solution_of(_at_flows(network, frozen), scenario)
    needed = _needed_pa(network, scenario, design, dp_needed_pa)
    try:
        throttles = size_throttles(
            design.network,
            design.state,
            needed,
            ThrottleKind.VALVE if kind == "valve" else kind,
            rule=rule,
            diameter_pipe_m=diameter_pipe_m,
            lift_extra_pa=lift_extra_pa,
        )
    except ValueError as error:
        raise DhsimError(f"{network.name}: {error}") from error
    active = throttles.mass_flow_kg_s > 0.0
    throttled = _throttled(network, throttles, lift_extra_pa)
    said = None
    if scenario is not None:
        said = with_lift(with_throttles(scenario, throttles, active), lift_extra_pa)
    after = solution_of(throttled, said or scenario)
    rows = pd.DataFrame(throttle_rows(throttles))
    return NetworkThrottling(rows, _throttling_frame(throttles, before, after), before, design, after, throttled, said)


def _needed_pa(
    network: Network,
    scenario: NetworkScenario | None,
    design: NetworkSolution,
    given: Mapping[str, float] | float | None,
) -> Floats:
    """Return what each circuit needs at its design flow; names all of whom nobody says it."""
    flows, consumers = design.state.mass_flow_consumer_kg_s, network.consumers
    if given is not None and not isinstance(given, Mapping):
        return np.full(flows.size, float(given))
    driven = (consumers.kind == ConsumerKind.PRESSURE) & (consumers.conductance_kg_s_pa05 > 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        own = (flows / np.where(driven, consumers.conductance_kg_s_pa05, np.nan)) ** 2
    needed = np.where(driven, own, consumers.dp_min_pa)
    for name, dp_pa in (given or {}).items():
        if name not in network.consumer_ids:
            raise DhsimError(f"{network.name}: dp_needed_pa: no consumer {name!r}")
        needed[network.consumer_ids.index(name)] = dp_pa
    unsaid = [network.consumer_ids[i] for i in np.flatnonzero(~(needed > 0.0) & (flows > 0.0)).tolist()]
    if unsaid:
        where = "" if scenario is None else f" ({scenario.where('consumers').path})"
        raise DhsimError(
            f"{network.name}: what do the circuits of {', '.join(unsaid)} need at their design flow? "
            f"Say dp_min_kpa of these consumers{where}"
        )
    return needed


def _throttled(network: Network, throttles: Throttles, lift_extra_pa: float) -> Network:
    """Return the network with its consumers driven by the pressure through their throttles, and the lift raised."""
    active = throttles.mass_flow_kg_s > 0.0
    consumers = network.consumers._replace(
        kind=np.where(active, int(ConsumerKind.PRESSURE), network.consumers.kind),
        conductance_kg_s_pa05=np.where(
            active, throttles.conductance_kg_s_pa05, network.consumers.conductance_kg_s_pa05
        ),
    )
    network = dataclasses.replace(network, consumers=consumers)
    if lift_extra_pa == 0.0:
        return network
    if network.plant.law == LiftLaw.WORST_CONSUMER:
        plant = network.plant._replace(dp_set_pa=network.plant.dp_set_pa + lift_extra_pa)
        return dataclasses.replace(network, plant=plant)
    if network.plant.law != LiftLaw.FIXED:
        raise DhsimError(f"{network.name}: lift_extra_pa needs a plant whose lift or dp is held")
    lift_pa = network.producers.lift_pa.copy()
    lift_pa[0] += lift_extra_pa
    return dataclasses.replace(network, producers=network.producers._replace(lift_pa=lift_pa))


def _throttling_frame(throttles: Throttles, before: NetworkSolution, after: NetworkSolution) -> pd.DataFrame:
    design, got = throttles.mass_flow_kg_s, after.state.mass_flow_consumer_kg_s
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.where(design > 0.0, got / design - 1.0, 0.0)
    return pd.DataFrame(
        {
            "mass_flow_design_kg_s": design,
            "mass_flow_before_kg_s": before.state.mass_flow_consumer_kg_s,
            "mass_flow_kg_s": got,
            "flow_error_rel": error,
            "dp_available_pa": throttles.dp_available_pa,
            "dp_needed_pa": throttles.dp_needed_pa,
            "dp_burn_pa": throttles.dp_burn_pa,
            "dp_short_pa": throttles.dp_short_pa,
            "lift_needed_pa": throttles.lift_needed_pa,
            "advice": throttles.advice,
        },
        index=pd.Index(throttles.consumer_ids, name="consumer"),
    )
