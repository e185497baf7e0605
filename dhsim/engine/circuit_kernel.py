"""The time loop of a detailed building: heads, flows, radiators and zones, one implicit step after the other.

A step goes in this order. The supply temperature and the heads answer the zones at the start of the step: a control
law and a thermostat see what has been. Where a valve has moved, the flows are found anew. Then zones and radiators are
solved together at the end of the step (backward Euler): the matrix of the zones is constant but for the slope of the
radiators, which is kept until it has changed much; every round's error is known from that change.
"""

from __future__ import annotations

import math

from dhsim.elementwise import compiled, inlined
from dhsim.engine.circuit_flow import DP, DP_ZERO, FLOW, find_flows
from dhsim.engine.circuit_state import Inputs, Output, Parts, State, Work
from dhsim.errors import Status
from dhsim.model.system import Floats
from dhsim.network.factor import factorise, substitute
from dhsim.physics.radiator_body import body_step, steady_heat
from dhsim.physics.trv import conductance_share_rel, opening_rel, sensor_next_c, stem_next_c

TOLERANCE_K = 1e-8
"""Error of the zones' temperatures that a step may leave in its equations."""
ROUNDS_MAX = 50
_SLOPE_STALE = 1e-7
"""Change of the radiators' slope over the matrix's diagonal beyond which the matrix is factorised anew."""
_NOT_CONVERGED, _NOT_FINITE = int(Status.NOT_CONVERGED), int(Status.NOT_FINITE)


@inlined
def _move_heads(parts: Parts, state: State, work: Work) -> float:
    """Let every head answer its sensor; return how far flow coefficients are from those of the last flows."""
    trvs, moved = parts.trvs, 0.0
    for r in range(trvs.edge.size):
        share = 1.0
        if trvs.edge[r] >= 0 and trvs.head_on[r] == 1:
            state.temp_stem_c[r] = stem_next_c(state.temp_stem_c[r], state.temp_sensor_c[r], trvs.hysteresis_k[r])
            state.opening_rel[r] = opening_rel(state.temp_stem_c[r], trvs.temp_set_c[r], trvs.band_k[r])
            share = conductance_share_rel(state.opening_rel[r], trvs.exponent[r], trvs.leakage_rel[r])
        work.share_rel[r] = share
        if share != state.share_solved_rel[r]:
            change = abs(share - state.share_solved_rel[r])
            at_end = share == 0.0 or share == 1.0 or math.isnan(change)
            moved = max(moved, 1.0 if at_end else change)
    return moved


@inlined
def _supply_c(inputs: Inputs, state: State, k: int) -> float:
    """Return the supply temperature that the control law asks for, within its limits."""
    temp_c: float = inputs.temp_supply_base_c[k]
    for z in range(state.temp_zone_c.size):
        if inputs.feedback_rel[z] != 0.0:
            temp_c -= inputs.feedback_rel[z] * (inputs.temp_ref_c - state.temp_zone_c[z])
    return min(max(temp_c, inputs.temp_supply_low_c), inputs.temp_supply_high_c)


@inlined
def _radiate(parts: Parts, state: State, work: Work, temp_supply_c: float, step_s: float) -> None:
    """Write heat and slope of all radiators, and of the zones, at the zones' guessed temperatures."""
    radiators = parts.radiators
    work.heat_zone_w[:] = 0.0
    work.slope_zone_w_k[:] = 0.0
    for r in range(radiators.zone.size):
        z = radiators.zone[r]
        capacity_w_k = state.mass_flow_kg_s[r] * parts.heat_capacity_j_kgk
        design_w, excess_k, exponent = radiators.heat_design_w[r], radiators.excess_design_k[r], radiators.exponent[r]
        room_c, store_j_k = work.temp_guess_c[z], radiators.heat_capacity_j_k[r]
        if store_j_k > 0.0:
            store_w_k, body_c = store_j_k / step_s, state.temp_body_c[r]
            heat_w, next_c, slope = body_step(
                body_c, temp_supply_c, room_c, capacity_w_k, store_w_k, design_w, excess_k, exponent
            )
            work.taken_w[r] = heat_w + store_w_k * (next_c - body_c) if capacity_w_k > 0.0 else 0.0
        else:
            heat_w, slope = steady_heat(temp_supply_c, room_c, capacity_w_k, design_w, excess_k, exponent)
            next_c = room_c
            work.taken_w[r] = heat_w
        work.body_next_c[r] = next_c
        work.heat_radiator_w[r] = heat_w
        work.slope_radiator_w_k[r] = slope
        work.heat_zone_w[z] += heat_w
        work.slope_zone_w_k[z] += slope


@inlined
def _is_stale(work: Work) -> bool:
    """Return whether the radiators' slope in the factor is no longer good enough."""
    stale: bool = work.is_factored[0] == 0
    for z in range(work.slope_zone_w_k.size):
        slope, used = work.slope_zone_w_k[z], work.slope_used_w_k[z]
        if abs(slope - used) > _SLOPE_STALE * work.diagonal_w_k[z] or (slope == 0.0 and used > 0.0):
            stale = True
    return stale


@inlined
def _factorise(parts: Parts, work: Work, step_s: float) -> None:
    for z in range(work.diagonal_w_k.size):
        diagonal = parts.zones.heat_capacity_j_k[z] / step_s + parts.conductance_zone_w_k[z] + work.slope_zone_w_k[z]
        work.diagonal_w_k[z] = diagonal
        work.slope_used_w_k[z] = work.slope_zone_w_k[z]
        work.factor.diagonal[parts.pattern.row_of_node[z]] = diagonal
    factorise(parts.pattern, work.factor, parts.ua_pair_w_k)
    work.is_factored[0] = 1


@inlined
def _zones_next(parts: Parts, state: State, work: Work, temp_outdoor_c: float, step_s: float) -> None:
    """Write the zones' temperatures at the end of the step, with the radiators' heat as a tangent at the guess."""
    solution, rows = work.factor.solution, parts.pattern.row_of_node
    for z in range(rows.size):
        kept_w_k, ua_w_k = parts.zones.heat_capacity_j_k[z] / step_s, parts.zones.ua_outdoor_w_k[z]
        heat_w = work.heat_zone_w[z] + work.given_w[z] + work.slope_used_w_k[z] * work.temp_guess_c[z]
        solution[rows[z]] = kept_w_k * state.temp_zone_c[z] + ua_w_k * temp_outdoor_c + heat_w
    substitute(parts.pattern, work.factor)
    for z in range(rows.size):
        work.temp_new_c[z] = solution[rows[z]]


@inlined
def _error_k(work: Work, temp_supply_c: float) -> float:
    """Return what the round may be off: the slope's error and the bend of the radiators' law, times the last move."""
    worst = 0.0
    for z in range(work.temp_new_c.size):
        move_k = abs(work.temp_new_c[z] - work.temp_guess_c[z])
        slope = work.slope_zone_w_k[z]
        bend = slope * move_k / max(abs(temp_supply_c - work.temp_guess_c[z]), 1.0)
        error_k = (abs(slope - work.slope_used_w_k[z]) + bend) * move_k / work.diagonal_w_k[z]
        if not error_k <= worst and not math.isnan(worst):
            worst = error_k
    return worst


@inlined
def _share_tangent(parts: Parts, work: Work, step_s: float) -> None:
    """Write each radiator's part of the heat that the tangent gave, so that every balance closes to rounding."""
    radiators = parts.radiators
    for r in range(radiators.zone.size):
        z = radiators.zone[r]
        if work.slope_zone_w_k[z] > 0.0:
            share = work.slope_radiator_w_k[r] / work.slope_zone_w_k[z] * work.slope_used_w_k[z]
            less_w = share * (work.temp_new_c[z] - work.temp_guess_c[z])
            work.heat_radiator_w[r] -= less_w
            work.heat_zone_w[z] -= less_w
            if radiators.heat_capacity_j_k[r] > 0.0:
                work.body_next_c[r] += less_w * step_s / radiators.heat_capacity_j_k[r]
            else:
                work.taken_w[r] -= less_w


@inlined
def _guess(parts: Parts, state: State, work: Work, temp_outdoor_c: float, step_s: float) -> None:
    """Write where the zones would end if radiators answered as in the last step: often all but right."""
    for z in range(state.temp_zone_c.size):
        work.temp_guess_c[z] = state.temp_zone_c[z]
    if work.is_factored[0] == 1:
        _zones_next(parts, state, work, temp_outdoor_c, step_s)
        for z in range(state.temp_zone_c.size):
            work.temp_guess_c[z] = work.temp_new_c[z]


@compiled
def _settle(parts: Parts, state: State, work: Work, temps: tuple[float, float], step_s: float) -> int:
    """Solve zones and radiators for supply and outdoor temperature; return the rounds, negative where they failed."""
    _guess(parts, state, work, temps[1], step_s)
    for rounds in range(1, ROUNDS_MAX + 1):
        _radiate(parts, state, work, temps[0], step_s)
        if _is_stale(work):
            _factorise(parts, work, step_s)
        _zones_next(parts, state, work, temps[1], step_s)
        error_k = _error_k(work, temps[0])
        if error_k <= TOLERANCE_K or math.isnan(error_k):
            _share_tangent(parts, work, step_s)
            return rounds
        for z in range(work.temp_new_c.size):
            work.temp_guess_c[z] = work.temp_new_c[z]
    _share_tangent(parts, work, step_s)
    return -ROUNDS_MAX


@inlined
def _taken_w(work: Work) -> float:
    """Return the heat that the water leaves behind."""
    taken_w = 0.0
    for r in range(work.taken_w.size):
        taken_w += work.taken_w[r]
    return taken_w


@compiled
def _settle_mixed(
    parts: Parts, state: State, work: Work, temps: tuple[float, float], jet_kg_s: float, step_s: float
) -> tuple[int, float]:
    """Solve a step behind a jet pump; return the rounds (negative: failed) and the temperature of the mixture [degC].

    ``T_3 = T_s - x Q / (m c)`` with x = 1 - m / m_3: the network's m loses all of the heat Q, and of the circuit's m_3
    the share x is return. The heat answers T_3 almost in line, so that secants need about three rounds.
    """
    capacity_w_k = jet_kg_s * parts.heat_capacity_j_kgk
    share = max(1.0 - jet_kg_s / state.dp[FLOW], 0.0) if state.dp[FLOW] > 0.0 else 0.0
    mixed_c = temps[0] - share * _taken_w(work) / capacity_w_k
    before_c, residual_before, total = mixed_c, 0.0, 0
    for attempt in range(ROUNDS_MAX):
        rounds = _settle(parts, state, work, (mixed_c, temps[1]), step_s)
        total += abs(rounds)
        taken_k = share * _taken_w(work) / capacity_w_k
        residual = mixed_c - temps[0] + taken_k
        if rounds < 0 or abs(residual) <= TOLERANCE_K or math.isnan(residual):
            return (-total if rounds < 0 else total), mixed_c
        slope = 1.0 + taken_k / max(abs(mixed_c - state.temp_zone_c[0]), 1.0)
        if attempt > 0 and mixed_c != before_c:
            slope = max((residual - residual_before) / (mixed_c - before_c), 1.0)
        before_c, residual_before = mixed_c, residual
        mixed_c -= residual / slope
    return -total, mixed_c


@compiled
def _keep_row(values: Floats, rows: Floats, k: int) -> None:
    if rows.shape[0] > 0:
        for i in range(values.size):
            rows[k, i] = values[i]


@inlined
def _record(parts: Parts, state: State, work: Work, out: Output, k: int, temps: tuple[float, float], s: float) -> None:
    """Write the step's row and add to the totals."""
    radiators, flow, water_w = parts.radiators, state.dp[FLOW], 0.0
    _keep_row(work.temp_new_c, out.zone.temp_zone_c, k)
    _keep_row(work.heat_zone_w, out.zone.heat_zone_w, k)
    _keep_row(state.mass_flow_kg_s, out.radiator.mass_flow_radiator_kg_s, k)
    _keep_row(work.heat_radiator_w, out.radiator.heat_radiator_w, k)
    _keep_row(state.opening_rel, out.radiator.opening_radiator_rel, k)
    if out.zone.mass_flow_zone_kg_s.shape[0] > 0:
        out.zone.mass_flow_zone_kg_s[k, :] = 0.0
        for r in range(radiators.zone.size):
            out.zone.mass_flow_zone_kg_s[k, radiators.zone[r]] += state.mass_flow_kg_s[r]
    for r in range(radiators.zone.size):
        water_w += work.taken_w[r]
        if out.radiator.temp_return_radiator_c.shape[0] > 0 and state.mass_flow_kg_s[r] > 0.0:
            drop_k = work.taken_w[r] / (state.mass_flow_kg_s[r] * parts.heat_capacity_j_kgk)
            out.radiator.temp_return_radiator_c[k, r] = temps[0] - drop_k
    out.circuit.temp_supply_c[k] = temps[0]
    out.circuit.mass_flow_kg_s[k] = flow
    out.circuit.heat_water_w[k] = water_w
    out.circuit.dp_pump_pa[k] = state.dp[DP]
    if flow > 0.0:
        out.circuit.temp_return_c[k] = temps[0] - water_w / (flow * parts.heat_capacity_j_kgk)
    out.totals.heat_water_j[0] += water_w * s
    out.totals.energy_pump_water_j[0] += state.dp[DP] * flow / parts.density_kg_m3 * s
    for z in range(work.temp_new_c.size):
        out.totals.heat_radiator_j[z] += work.heat_zone_w[z] * s
        out.totals.heat_outdoor_j[0] += parts.zones.ua_outdoor_w_k[z] * (work.temp_new_c[z] - temps[1]) * s


@inlined
def _give(parts: Parts, inputs: Inputs, work: Work, out: Output, k: int, step_s: float) -> None:
    """Write gains and sun of the step."""
    row = min(k, inputs.heat_gain_w.shape[0] - 1)
    for z in range(work.given_w.size):
        gain_w = inputs.heat_gain_w[row, z]
        solar_w = parts.zones.aperture_solar_m2[z] * inputs.irradiance_w_m2[k]
        work.given_w[z] = gain_w + solar_w
        out.totals.heat_gain_j[0] += gain_w * step_s
        out.totals.heat_solar_j[0] += solar_w * step_s


@inlined
def _carry_over(parts: Parts, state: State, work: Work, step_s: float) -> None:
    """Write the state at the end of the step."""
    for z in range(work.temp_new_c.size):
        state.temp_zone_c[z] = work.temp_new_c[z]
    for r in range(parts.radiators.zone.size):
        room_c = state.temp_zone_c[parts.radiators.zone[r]]
        state.temp_body_c[r] = work.body_next_c[r]
        state.temp_sensor_c[r] = sensor_next_c(state.temp_sensor_c[r], room_c, parts.trvs.lag_s[r], step_s)


@compiled
def advance_building(
    parts: Parts, inputs: Inputs, state: State, work: Work, out: Output, step_s: float, tolerance_rel: float
) -> int:
    """Run a building over all its steps; writes into `state` and `out`.

    Parameters
    ----------
    parts, inputs
        The building and what drives it.
    state, work, out
        Where it stands, scratch space, and what happened.
    step_s
        Time step [s].
    tolerance_rel
        Change of a valve's flow coefficient, over the fully open one, below which flows are kept [-].

    Returns
    -------
    int
        Steps done; fewer than there are where a value was no longer finite.
    """
    for k in range(inputs.temp_outdoor_c.size):
        moved = _move_heads(parts, state, work)
        lift = inputs.dp_zero_pa[k]
        found = 1
        if parts.hydraulics.given == 0 and (moved > tolerance_rel or lift != state.dp[DP_ZERO]):
            found = find_flows(parts, state, work, lift, inputs.dp_slope_pa_s_kg, inputs.dp_bend_pa_s2_kg2)
        temps = (_supply_c(inputs, state, k), inputs.temp_outdoor_c[k])
        _give(parts, inputs, work, out, k, step_s)
        jet_kg_s = inputs.mass_flow_jet_kg_s[k]
        if jet_kg_s > 0.0:
            rounds, mixed_c = _settle_mixed(parts, state, work, temps, jet_kg_s, step_s)
            temps = (mixed_c, temps[1])
        else:
            rounds = _settle(parts, state, work, temps, step_s)
        out.iterations[k] = abs(rounds)
        if rounds < 0 or found == 0:
            out.status[k] |= _NOT_CONVERGED
        for z in range(work.temp_new_c.size):
            if not math.isfinite(work.temp_new_c[z]):
                out.status[k] |= _NOT_FINITE
        if out.status[k] & _NOT_FINITE:
            return k
        _record(parts, state, work, out, k, temps, step_s)
        _carry_over(parts, state, work, step_s)
    return inputs.temp_outdoor_c.size
