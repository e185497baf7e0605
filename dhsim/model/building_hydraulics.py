"""Flows and pressures of a building's circuit, and the radiators' resistances that a balancing protocol implies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dhsim.errors import ConvergenceError, DhsimError
from dhsim.model.building import Building
from dhsim.model.building_branches import Friction, building_branches, require_resistances
from dhsim.network.branches import SQUARE_LAW
from dhsim.network.newton import Potential, Problem, empty_potential, problem_of, solve
from dhsim.network.parts import Floats, Ints

_FLOW_BACK_REL = 1e-9
_ROUNDING_REL = 1e-12
"""Of the pump's pressure: smaller differences of pressures are rounding."""
_LAW_REL = 1e-9
_SLOPE_LEAST_PA_S_KG = 1e-5  # of every branch in the solver, lest nothing holds what costs nothing
_POLISHED_MAX = 10
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
    require_resistances(building)
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
        "colebrook": eq. (5d), laminar flow or not, down to a Reynolds number of 20; "laminar_aware": 64/Re below 2300
        and Colebrook above 4000. A circuit has its own.

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
    Eq. (5d) leaves a drop at no flow at all, of which nothing would tell how large a share acts on still water: below a
    Reynolds number of 20 the drop falls in a line to zero instead.
    Source: eqs. (4) to (6) of doi 10.1016/j.enbuild.2025.116464.
    """
    circuit = building if isinstance(building, Circuit) else make_circuit(building, friction)
    building = circuit.building
    problem = circuit.problem
    if resistance_valves_pa_s2_m6 is not None:
        problem = _with_settings(circuit, resistance_valves_pa_s2_m6)
    potential = _solved(building, problem, np.zeros(len(building.node_ids)))
    flow = potential.mass_flow_kg_s / building.fluid.density_kg_m3
    _refuse_backwards(building, flow, potential.pressure_pa)
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
    flow = building.each(radiators, flow_radiators_m3_s, "radiator flows")
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
    flow = building.each(radiators, flow_radiators_m3_s, "radiator flows")
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
    branches = building_branches(building, friction, edges, square_law=True)
    given = np.array([building.outlet, building.inlet], dtype=np.int64)
    return Circuit(building, problem_of(branches, len(building.node_ids), given), edges)


def _with_settings(circuit: Circuit, resistance_valves_pa_s2_m6: ArrayLike) -> Problem:
    building = circuit.building
    settings = building.each(building.valves, resistance_valves_pa_s2_m6, "valve settings")
    wrong = np.flatnonzero(~(np.isfinite(settings) & (settings > 0.0)))
    if wrong.size:
        shown = ", ".join(f"{building.valve_ids[v]} ({settings[v]:g} Pa s2/m6)" for v in wrong[:_NAMED])
        more = f" and {wrong.size - _NAMED} more" if wrong.size > _NAMED else ""
        raise DhsimError(f"valve settings must be positive: {shown}{more}. A closed valve has a large one")
    fitting = circuit.problem.branches.fitting_pa_s2_kg2.copy()
    fitting[building.valves] = settings / building.fluid.density_kg_m3**2
    return circuit.problem._replace(branches=circuit.problem.branches._replace(fitting_pa_s2_kg2=fitting))


def _solved(building: Building, problem: Problem, draw_kg_s: Floats) -> Potential:
    potential = _cold(building, problem, draw_kg_s)
    rounds = solve(problem, potential)
    if rounds < 0:  # next to no flow, the square law has next to no slope: come to it from one that has
        branches = problem.branches
        eased = problem._replace(branches=branches._replace(is_open=np.where(branches.is_open == SQUARE_LAW, 1,
                                                                             branches.is_open)))  # fmt: skip
        potential = _cold(building, problem, draw_kg_s)
        solve(eased, potential)
        rounds = solve(problem, potential)
    for _ in range(_POLISHED_MAX):
        if rounds < 0 or not _beside_law(problem, potential, building.dp_pump_pa).any():
            break
        rounds = solve(problem, potential)
    if rounds < 0 or not np.isfinite(potential.mass_flow_kg_s).all():
        raise ConvergenceError(f"the circuit's pressures did not settle in {abs(rounds)} rounds: look for edges of "
                               "extreme resistance, length or diameter")  # fmt: skip
    return potential


def _cold(building: Building, problem: Problem, draw_kg_s: Floats) -> Potential:
    potential = empty_potential(problem)
    potential.draw_kg_s[:] = draw_kg_s
    potential.pressure_pa[building.outlet] = building.dp_pump_pa
    return potential


def _beside_law(problem: Problem, potential: Potential, dp_pump_pa: float) -> NDArray[np.bool_]:
    """Return which fixed resistances are not yet on their law: the solver measures flows against the largest."""
    branches, flow = problem.branches, potential.mass_flow_kg_s
    across = potential.pressure_pa[branches.node_start] - potential.pressure_pa[branches.node_end]
    beside = np.abs(branches.fitting_pa_s2_kg2 * flow * np.abs(flow) - across)
    allowed = _LAW_REL * np.abs(across) + _ROUNDING_REL * dp_pump_pa + _SLOPE_LEAST_PA_S_KG * np.abs(flow)
    return np.asarray((branches.is_open == SQUARE_LAW) & (beside > allowed))


def _refuse_backwards(building: Building, flow: Floats, pressure_pa: Floats) -> None:
    one_way = building.is_radiator | building.is_valve
    across = pressure_pa[building.upstream] - pressure_pa[building.downstream]
    runs = (flow < -_FLOW_BACK_REL * np.abs(flow).max()) & (across < -_ROUNDING_REL * building.dp_pump_pa)
    back = np.flatnonzero(one_way & runs)
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
