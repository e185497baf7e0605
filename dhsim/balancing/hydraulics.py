"""Flows and pressures of a building's circuit, and the radiators' resistances that a balancing protocol implies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dhsim.errors import ConvergenceError, DhsimError
from dhsim.model.building import Building
from dhsim.network.branches import COLEBROOK_ONLY, Branches
from dhsim.network.newton import Potential, Problem, empty_potential, problem_of, solve
from dhsim.network.parts import Floats, Ints

Friction = Literal["colebrook", "laminar_aware"]
COLEBROOK_CONSTANT = 3.72
"""As in eq. (5d)."""
_FLOW_BACK_REL = 1e-9
_NAMED = 5


class BuildingFlow(NamedTuple):
    """Flows and pressures of a circuit; arrays."""

    flow_m3_s: Floats
    """(n_edge,): volume flow from upstream to downstream"""
    pressure_pa: Floats
    """(n_node,): above the pump's inlet"""
    flow_zone_m3_s: Floats
    """(n_zone,): sum over the radiators of a zone, eq. (9)"""
    flow_total_m3_s: float
    """Through the pump."""


@dataclass(frozen=True, eq=False)
class Circuit:
    """A building made ready for repeated solving with other valve settings."""

    building: Building
    problem: Problem
    edge: Ints
    """Edge of each branch."""


def make_circuit(building: Building, friction: Friction = "colebrook") -> Circuit:
    """Return a building ready for solving again and again; radiators must have their resistances."""
    unknown = building.radiators[np.isnan(building.resistance_pa_s2_m6[building.radiators])]
    if unknown.size:
        shown = ", ".join(building.edge_ids[e] for e in unknown[:_NAMED])
        raise DhsimError(f"{unknown.size} radiators have no resistance ({shown}): fit them to the protocol first")
    return _circuit(building, friction, np.arange(building.kind.size))


def solve_flows(
    building: Building | Circuit,
    resistance_valves_pa_s2_m6: ArrayLike | None = None,
    friction: Friction = "colebrook",
) -> BuildingFlow:
    """Return the flows and pressures of a building's circuit, eqs. (4) and (5).

    Parameters
    ----------
    building
        The building, or a circuit made of it where many settings are tried.
    resistance_valves_pa_s2_m6
        Setting of each valve, in the order of `Building.valves`; as they stand if left out [Pa s2/m6].
    friction
        "colebrook": eq. (5d) at every Reynolds number; "laminar_aware": 64/Re below 2300 and Colebrook above 4000. A
        circuit has its own.

    Returns
    -------
    BuildingFlow
        Volume flows [m3/s] and pressures [Pa].

    Raises
    ------
    DhsimError
        If a resistance is missing or not positive, or water would run backwards through a radiator or a valve.
    ConvergenceError
        If the pressures do not settle.

    Notes
    -----
    Pressures and flows are unique: every branch's drop grows with its flow. The valves' ranges are not looked at here.
    Source: eqs. (4) to (6) of doi 10.1016/j.enbuild.2025.116464.
    """
    circuit = building if isinstance(building, Circuit) else make_circuit(building, friction)
    building = circuit.building
    problem = circuit.problem
    if resistance_valves_pa_s2_m6 is not None:
        problem = _with_settings(circuit, np.asarray(resistance_valves_pa_s2_m6, np.float64))
    potential = _solved(building, problem, np.zeros(len(building.node_ids)))
    flow = potential.mass_flow_kg_s / building.fluid.density_kg_m3
    _refuse_backwards(building, flow)
    total = float(flow[building.upstream == building.outlet].sum() - flow[building.downstream == building.outlet].sum())
    return BuildingFlow(flow, potential.pressure_pa, building.zone_sums(flow), total)


def fit_radiators(
    building: Building,
    flow_radiators_m3_s: ArrayLike,
    resistance_valves_pa_s2_m6: ArrayLike | None = None,
    friction: Friction = "colebrook",
) -> Building:
    """Return the building with the radiator resistances at which the protocol's flows run, eq. (22).

    ``k_rad = (p_upstream - p_downstream) / V^2`` with the pressures that the protocol's flows leave on both sides

    Parameters
    ----------
    building
        Radiators may still be without a resistance.
    flow_radiators_m3_s
        Flow of each radiator in the protocol, in the order of `Building.radiators` [m3/s].
    resistance_valves_pa_s2_m6
        How the valves stood, in the order of `Building.valves`; as in the building if left out [Pa s2/m6].
    friction
        As in `solve_flows`.

    Returns
    -------
    Building
        With these resistances and valve settings.

    Raises
    ------
    DhsimError
        If flows are not positive, or leave no pressure for some radiator: all of them by name and number.

    Notes
    -----
    Supply and return may have loops; each flow path must have one radiator. Source: section 4.1 of
    doi 10.1016/j.enbuild.2025.116464.
    """
    if resistance_valves_pa_s2_m6 is not None:
        building = building.with_valves(resistance_valves_pa_s2_m6)
    radiators = building.radiators
    flow = np.atleast_1d(np.asarray(flow_radiators_m3_s, np.float64))
    left = dp_left_pa(building, flow, friction)
    short = np.flatnonzero(~(left > 0.0))
    if short.size:
        order = short[np.argsort(left[short])]
        shown = "; ".join(
            f"{building.edge_ids[radiators[i]]} at {flow[i]:.4g} m3/s is left with {left[i]:.0f} Pa "
            f"(k_rad = {left[i] / flow[i] ** 2:.3g} Pa s2/m6)"
            for i in order[:_NAMED]
        )
        more = f"; and {short.size - _NAMED} more" if short.size > _NAMED else ""
        raise DhsimError(
            f"the protocol's flows ask for more than the pump's {building.dp_pump_pa:g} Pa at {short.size} of "
            f"{radiators.size} radiators: {shown}{more}. Check the pump's pressure, these flows and the valve settings"
        )
    return building.with_radiators(left / flow**2)


def dp_left_pa(building: Building, flow_radiators_m3_s: ArrayLike, friction: Friction = "colebrook") -> Floats:
    """Return the pressure that given flows leave between both ends of every radiator.

    Parameters
    ----------
    building
        With its valves as they stand.
    flow_radiators_m3_s
        Flow of each radiator, in the order of `Building.radiators` [m3/s].
    friction
        As in `solve_flows`.

    Returns
    -------
    ndarray
        Pressure differences [Pa], shape (n_radiator,); negative where the flows ask for more than the pump has.

    Raises
    ------
    DhsimError
        If a flow is not positive or radiators stand in series.
    """
    radiators = building.radiators
    flow = np.atleast_1d(np.asarray(flow_radiators_m3_s, np.float64))
    if flow.shape != radiators.shape:
        raise DhsimError(f"{radiators.size} radiators, but {flow.size} flows: give one for each")
    wrong = np.flatnonzero(~((flow > 0.0) & np.isfinite(flow)))
    if wrong.size:
        shown = ", ".join(f"{building.edge_ids[radiators[i]]} ({flow[i]:g} m3/s)" for i in wrong[:_NAMED])
        raise DhsimError(f"the radiators' flows must be positive ({wrong.size} are not): {shown}")
    others = np.flatnonzero(~building.is_radiator)
    _refuse_series(building, others)
    draw = np.zeros(len(building.node_ids))
    np.add.at(draw, building.upstream[radiators], flow * building.fluid.density_kg_m3)
    np.subtract.at(draw, building.downstream[radiators], flow * building.fluid.density_kg_m3)
    potential = _solved(building, _circuit(building, friction, others).problem, draw)
    return potential.pressure_pa[building.upstream[radiators]] - potential.pressure_pa[building.downstream[radiators]]


def _circuit(building: Building, friction: Friction, edges: Ints) -> Circuit:
    if friction not in ("colebrook", "laminar_aware"):
        raise DhsimError(f"unknown friction {friction!r}: colebrook or laminar_aware")
    branches = _branches(building, friction, edges)
    given = np.array([building.outlet, building.inlet], dtype=np.int64)
    return Circuit(building, problem_of(branches, len(building.node_ids), given), edges)


def _branches(building: Building, friction: Friction, edges: Ints) -> Branches:
    """Return edges as branches of the network solver, in mass flow."""
    fluid, pipe = building.fluid, building.frictional[edges]
    diameter = np.where(pipe, building.diameter_m[edges], 1.0)
    area_m2 = 0.25 * np.pi * diameter**2
    length, roughness = np.where(pipe, building.length_m[edges], 0.0), np.where(pipe, building.roughness_m[edges], 0.0)
    fixed = np.where(pipe, 0.0, building.resistance_pa_s2_m6[edges])
    zeros, none = np.zeros(edges.size), np.zeros(edges.size, dtype=np.int64)
    return Branches(
        node_start=building.upstream[edges],
        node_end=building.downstream[edges],
        reynolds_per_flow_s_kg=np.where(pipe, 4.0 / (np.pi * diameter * fluid.viscosity_pa_s), 0.0),
        roughness_share=roughness / diameter / COLEBROOK_CONSTANT,
        friction_pa_s2_kg2=length / diameter / (2.0 * fluid.density_kg_m3 * area_m2**2),
        fitting_pa_s2_kg2=fixed / fluid.density_kg_m3**2,
        rise_a0_pa=zeros,
        rise_a1_pa_s_kg=zeros,
        rise_a2_pa_s2_kg2=zeros,
        one_way=none,
        is_open=none + (COLEBROOK_ONLY if friction == "colebrook" else 1),
    )


def _with_settings(circuit: Circuit, settings: Floats) -> Problem:
    building = circuit.building
    if settings.shape != building.valves.shape or not (np.isfinite(settings) & (settings > 0.0)).all():
        raise DhsimError(f"give one positive resistance for each of the {building.valves.size} valves")
    fitting = circuit.problem.branches.fitting_pa_s2_kg2.copy()
    fitting[building.valves] = settings / building.fluid.density_kg_m3**2
    return circuit.problem._replace(branches=circuit.problem.branches._replace(fitting_pa_s2_kg2=fitting))


def _solved(building: Building, problem: Problem, draw_kg_s: Floats) -> Potential:
    potential = empty_potential(problem)
    potential.draw_kg_s[:] = draw_kg_s
    potential.pressure_pa[building.outlet] = building.dp_pump_pa
    rounds = solve(problem, potential)
    if rounds < 0 or not np.isfinite(potential.mass_flow_kg_s).all():
        raise ConvergenceError(f"the circuit's pressures did not settle in {abs(rounds)} rounds: look for edges of "
                               "extreme resistance, length or diameter")  # fmt: skip
    return potential


def _refuse_backwards(building: Building, flow: Floats) -> None:
    one_way = building.is_radiator | building.is_valve
    back = np.flatnonzero(one_way & (flow < -_FLOW_BACK_REL * np.abs(flow).max()))
    if back.size:
        shown = ", ".join(f"{building.edge_ids[e]} ({flow[e]:.3g} m3/s)" for e in back[:_NAMED])
        raise DhsimError(
            f"water would run backwards through {back.size} radiators or valves: {shown}. Turn the edge round"
        )


def _refuse_series(building: Building, others: Ints) -> None:
    """Refuse radiators in series: then the protocol does not say what runs between them."""
    root = np.arange(len(building.node_ids))
    start, end = building.upstream[others], building.downstream[others]
    while True:  # the smallest number of a connected part spreads through it
        least = np.minimum(root[start], root[end])
        following = root.copy()
        np.minimum.at(following, start, least)
        np.minimum.at(following, end, least)
        following = following[following]
        if (following == root).all():
            break
        root = following
    ends = np.concatenate([building.upstream[building.radiators], building.downstream[building.radiators]])
    tied = (root[ends] == root[building.outlet]) | (root[ends] == root[building.inlet])
    if not tied.all():
        bad = np.unique(np.tile(building.radiators, 2)[~tied])
        shown = ", ".join(building.edge_ids[e] for e in bad[:_NAMED])
        raise DhsimError(f"radiators in series ({shown}): eq. (22) needs one radiator on each flow path")
