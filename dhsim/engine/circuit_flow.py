"""The flows of a building as its heads stand: the condensed circuit, and the pump that feeds it.

The pump is a parabola in the flow, ``dp = a + b m + c m^2``: constant, proportional or a curve. The circuit answers
``m = K sqrt(dp)`` with a K that hardly moves, so both meet after two or three solves.
"""

from __future__ import annotations

import math

from dhsim.elementwise import compiled, inlined
from dhsim.engine.circuit_state import Parts, State, Work
from dhsim.network.newton import solve
from dhsim.physics.trv import resistance_factor_rel

SHARE_CLOSED = 1e-4
"""Flow coefficient, over the fully open one, below which a valve counts as closed."""
DP, DP_ZERO, FLOW, SOLVES = range(4)
_CLOSED_PA_S2_KG2 = 1e26  # next to nothing flows, but what lies behind it stays tied to the pump
_TOLERANCE_PUMP_REL = 1e-10
_PUMP_ROUNDS_MAX = 50


@compiled
def flow_at_rise_kg_s(conductance: float, dp_zero_pa: float, slope: float, bend: float) -> float:
    """Return the flow at which a pump's rise is the circuit's drop: m with ``a + b m + c m^2 = m^2 / K^2``."""
    steepness = 1.0 / (conductance * conductance) - bend
    under_root = slope * slope + 4.0 * dp_zero_pa * steepness
    if not (steepness > 0.0 and under_root >= 0.0):
        return math.nan
    root = math.sqrt(under_root)
    if slope >= 0.0:
        return (slope + root) / (2.0 * steepness)
    return 2.0 * dp_zero_pa / (root - slope)


@inlined
def _set_valves(parts: Parts, work: Work) -> None:
    hydraulics = parts.hydraulics
    branches = hydraulics.problem.branches
    for b in range(branches.fitting_pa_s2_kg2.size):
        branches.fitting_pa_s2_kg2[b] = hydraulics.fitting_open_pa_s2_kg2[b]
    for r in range(work.share_rel.size):
        b = hydraulics.branch_of_valve[r]
        if b >= 0:
            share = work.share_rel[r]
            if share <= SHARE_CLOSED:
                branches.fitting_pa_s2_kg2[b] += _CLOSED_PA_S2_KG2
            else:
                more = resistance_factor_rel(share, parts.trvs.valve_share_rel[r]) - 1.0
                branches.fitting_pa_s2_kg2[b] += hydraulics.resistance_valve_pa_s2_kg2[r] * more


@inlined
def _whole_flow_kg_s(parts: Parts, state: State) -> float:
    hydraulics = parts.hydraulics
    flow = 0.0
    for i in range(hydraulics.outlet_branch.size):
        flow += hydraulics.outlet_sign[i] * state.potential.mass_flow_kg_s[hydraulics.outlet_branch[i]]
    return flow


@compiled
def _solve_with_pump(parts: Parts, state: State, dp_zero_pa: float, slope: float, bend: float) -> int:
    """Solve circuit and pump together; 1 where they met, 0 where not."""
    potential, hydraulics = state.potential, parts.hydraulics
    dp = state.dp[DP] if state.dp[DP] > 0.0 else dp_zero_pa
    if slope == 0.0 and bend == 0.0:
        dp = dp_zero_pa
    for _ in range(_PUMP_ROUNDS_MAX):
        potential.pressure_pa[hydraulics.node_supply] = dp
        potential.pressure_pa[hydraulics.node_return] = 0.0
        state.dp[SOLVES] += 1.0
        if solve(hydraulics.problem, potential) < 0:
            return 0
        flow = _whole_flow_kg_s(parts, state)
        state.dp[DP], state.dp[FLOW] = dp, flow
        if slope == 0.0 and bend == 0.0:
            return 1
        flow = flow_at_rise_kg_s(flow / math.sqrt(dp), dp_zero_pa, slope, bend)
        new = dp_zero_pa + (slope + bend * flow) * flow
        if not new > 0.0:
            return 0
        if abs(new - dp) <= _TOLERANCE_PUMP_REL * new:
            return 1
        for e in range(potential.mass_flow_kg_s.size):
            potential.mass_flow_kg_s[e] *= math.sqrt(new / dp)
        dp = new
    return 0


@compiled
def find_flows(parts: Parts, state: State, work: Work, dp_zero_pa: float, slope: float, bend: float) -> int:
    """Find the flows of all radiators for the valves' flow coefficients in `work.share_rel`; writes into `state`.

    Parameters
    ----------
    parts, state, work
        The building, where it stands, and scratch space.
    dp_zero_pa
        Rise of the pump at no flow [Pa]; at or below 0 nothing flows.
    slope, bend
        How the rise goes with the flow and its square, Pa s/kg and Pa s2/kg2.

    Returns
    -------
    int
        1, or 0 where no solution was found.
    """
    hydraulics = parts.hydraulics
    _set_valves(parts, work)
    found = 1
    if dp_zero_pa > 0.0:
        found = _solve_with_pump(parts, state, dp_zero_pa, slope, bend)
    else:
        state.dp[DP] = state.dp[FLOW] = 0.0
    state.dp[DP_ZERO] = dp_zero_pa
    for r in range(work.share_rel.size):
        b = hydraulics.branch_of_radiator[r]
        state.share_solved_rel[r] = work.share_rel[r]
        state.mass_flow_kg_s[r] = 0.0
        if b >= 0 and dp_zero_pa > 0.0 and hydraulics.problem.branches.fitting_pa_s2_kg2[b] < _CLOSED_PA_S2_KG2:
            state.mass_flow_kg_s[r] = abs(state.potential.mass_flow_kg_s[b])
    return found
