"""Flows and pressures of one instant: what consumers ask for, what the pumps hold, and what the pipes cost."""

from __future__ import annotations

import math

from dhsim.elementwise import compiled, inlined
from dhsim.network.branches import drop_and_slope
from dhsim.network.newton import Potential, solve
from dhsim.network.parts import (
    ConsumerKind,
    Consumers,
    Floats,
    Fluid,
    LiftLaw,
    NetworkState,
    Nodes,
    Plant,
    ProducerKind,
    Producers,
)
from dhsim.network.setup import Setup, Shape, Work
from dhsim.network.ties import level_islands
from dhsim.physics.pump import pressure_rise_pa
from dhsim.physics.water import GRAVITY_M_S2

_TREE = int(Shape.TREE)
_FULL = int(Shape.FULL)
_TEMP_DROP = int(ConsumerKind.TEMP_DROP)
_TEMP_RETURN = int(ConsumerKind.TEMP_RETURN)
_PRESSURE = int(ConsumerKind.PRESSURE)
_FIXED_FLOW = int(ProducerKind.MASS_FLOW)
_FIXED = int(LiftLaw.FIXED)
_WORST_CONSUMER = int(LiftLaw.WORST_CONSUMER)
_PROPORTIONAL = int(LiftLaw.PROPORTIONAL)
_PUMP_SPEED = int(LiftLaw.PUMP_SPEED)
DROP_MIN_K = 1.0
"""A consumer with a fixed return temperature takes no more flow than at this drop."""
_GROWTH_SHARE = (0.5, 0.9330127018922193, 0.0669872981077807)  # zeros of the third Chebyshev polynomial on 0 ... 1
_ROUNDS = len(_GROWTH_SHARE)
_PATIENCE = 6
"""Rounds before what has not settled is looked at one by one."""
_SLOPE_LEAST = 1e-4
_MOVED_MIN_REL = 1e-12
_STUBBORN = 60
"""Rounds before what still swings goes slower and slower."""
_PACE_RISE = 1.2
_LIFT_START_PA = 1e5
_LIFT_TOLERANCE_REL = 1e-9
_LIFT_ITERATIONS_MAX = 60


@inlined
def ask_for_flow(
    consumers: Consumers,
    made: Setup,
    heat_w: Floats,
    mass_flow_kg_s: Floats,
    temp_supply_c: Floats,
    temp_plant_c: float,
    temp_coldest_c: float,
    fluid: Fluid,
    iteration: int,
    work: Work,
) -> float:
    """Write the flow that every consumer asks for; return the largest relative change wanted.

    A fixed return temperature asks for more flow the colder the supply comes, and the supply comes warmer the more
    flows. How much warmer lies between not at all and what it would be if all flows grew together; three rounds step
    as is best for three values between (Chebyshev), which settles where the plain iteration would swing. The hottest
    producer's temperature stands for the plant's. After some rounds each goes by its own secant, as where a nearly
    still pipe of a loop brings colder water the more is taken; what then still swings goes slower and slower.
    """
    change, unknown, cp, asked_kg_s = 0.0, False, fluid.heat_capacity_j_kgk, work.mass_flow_asked_kg_s
    for i in range(consumers.node.size):
        kind, asked, wanted = consumers.kind[i], 0.0, 0.0
        if consumers.is_on[i] == 1 and made.reachable[i] == 1 and kind != _PRESSURE:
            if kind == _TEMP_DROP:
                wanted = heat_w[i] / (cp * consumers.temp_drop_k[i])
                asked = wanted
            elif kind == _TEMP_RETURN:
                temp = temp_supply_c[consumers.node[i]]
                before = asked_kg_s[i]
                known = before > 0.0
                if not known:
                    temp = temp_plant_c
                drop = max(temp - consumers.temp_return_c[i], DROP_MIN_K)
                wanted = heat_w[i] / (cp * drop)
                asked = wanted
                if known:
                    excess, growth = temp - temp_coldest_c, 0.0
                    is_near = 0.5 * before < wanted < 2.0 * before
                    if excess > 0.0 and temp_plant_c > temp and not (is_near and drop == DROP_MIN_K):
                        growth = excess * math.log((temp_plant_c - temp_coldest_c) / excess) / drop
                    share = 1.0 / (1.0 + growth * _GROWTH_SHARE[iteration % _ROUNDS])
                    miss, moved = wanted - before, before - work.asked_before_kg_s[i]
                    if iteration >= _STUBBORN:
                        work.pace[i] = _new_pace(work.pace[i], miss > 0.0, iteration)
                        share *= abs(work.pace[i])
                    elif iteration > _PATIENCE and abs(moved) > _MOVED_MIN_REL * before:
                        slope = (miss - work.asked_miss_kg_s[i]) / moved  # -1 where the supply does not answer
                        if slope < -_SLOPE_LEAST:
                            share = -1.0 / slope if slope > -1.0 else min(share, -1.0 / slope)
                    step = min(max(miss * share, -0.5 * before), before)
                    # far off, by its logarithm: the colder it comes, the steeper more flow warms it
                    asked = before + step if is_near else before * (wanted / before) ** share
                if iteration >= _PATIENCE:
                    work.asked_before_kg_s[i] = before
                    work.asked_miss_kg_s[i] = wanted - before
            else:
                wanted = mass_flow_kg_s[i]
                asked = wanted
        if math.isnan(wanted):
            unknown = True
        elif wanted != asked_kg_s[i]:
            change = max(change, abs(wanted - asked_kg_s[i]) / max(abs(wanted), abs(asked_kg_s[i])))
        asked_kg_s[i] = asked
    return math.nan if unknown else change


@inlined
def _new_pace(pace: float, is_up: bool, iteration: int) -> float:
    """Return the share of a step to take, with the step's sign: halved where it turned, raised where it did not."""
    share = 1.0
    if iteration > _STUBBORN:
        share = 0.5 * abs(pace) if (pace > 0.0) != is_up else min(_PACE_RISE * abs(pace), 1.0)
    return share if is_up else -share


@inlined
def _draw(consumers: Consumers, producers: Producers, made: Setup, n_node: int, work: Work) -> None:
    """Write what consumers and producers of a given flow take out of every node."""
    draw, shape = work.potential.draw_kg_s, made.shape
    draw[:] = 0.0
    for i in range(consumers.node.size):
        draw[consumers.node[i]] += work.mass_flow_asked_kg_s[i]
        if shape == _FULL:
            draw[consumers.node[i] + n_node] -= work.mass_flow_asked_kg_s[i]
    for i in range(producers.node.size):
        if producers.kind[i] == _FIXED_FLOW and made.producer_reachable[i] == 1:
            draw[producers.node[i]] -= producers.mass_flow_kg_s[i]
            if shape == _FULL:
                draw[producers.node[i] + n_node] += producers.mass_flow_kg_s[i]


@inlined
def add_up_tree(consumers: Consumers, producers: Producers, made: Setup, n_node: int, work: Work) -> None:
    """Write the flows of a tree: what is drawn at and behind the end of every pipe."""
    potential = work.potential
    _draw(consumers, producers, made, n_node, work)
    draw, node_start = potential.draw_kg_s, made.problem.branches.node_start
    for j in range(potential.mass_flow_kg_s.size - 1, -1, -1):
        potential.mass_flow_kg_s[j] = draw[j + 1]
        draw[node_start[j]] += draw[j + 1]


@inlined
def _solve_at(
    consumers: Consumers, producers: Producers, plant: Plant, made: Setup, n_node: int, lift_pa: float, work: Work
) -> int:
    """Solve flows and pressures at a lift of the first producer; return the rounds (negative: failed)."""
    potential, rounds = work.potential, 1
    if made.shape == _TREE:
        add_up_tree(consumers, producers, made, n_node, work)
        potential.pressure_pa[0] = lift_pa
        branches = made.problem.branches
        for j in range(potential.mass_flow_kg_s.size):
            drop, _ = drop_and_slope(branches, j, potential.mass_flow_kg_s[j], potential.root)
            potential.pressure_pa[j + 1] = potential.pressure_pa[branches.node_start[j]] - drop
    else:
        _draw(consumers, producers, made, n_node, work)
        potential.pressure_pa[0] = lift_pa
        if made.shape == _FULL:
            potential.pressure_pa[0] += plant.pressure_return_pa
            potential.pressure_pa[n_node] = plant.pressure_return_pa
        else:
            for i in range(1, producers.node.size):
                if producers.kind[i] != _FIXED_FLOW:
                    potential.pressure_pa[producers.node[i]] = producers.lift_pa[i]
        rounds = solve(made.problem, potential)
    return rounds


@inlined
def dp_at_pa(potential: Potential, shape: int, n_node: int, node: int) -> float:
    """Return supply minus return pressure at a node [Pa]."""
    dp: float = potential.pressure_pa[node]
    if shape == _FULL:
        dp -= potential.pressure_pa[node + n_node]
    return dp


@inlined
def outflow_kg_s(made: Setup, potential: Potential, node: int) -> float:
    """Return what a producer feeds into the supply line at a node whose pressure is given [kg/s]."""
    total: float = potential.draw_kg_s[node]  # in a tree the sweep has gathered everything there
    if made.shape != _TREE:
        branches = made.problem.branches
        for e in range(potential.mass_flow_kg_s.size):
            if branches.node_start[e] == node:
                total += potential.mass_flow_kg_s[e]
            if branches.node_end[e] == node:
                total -= potential.mass_flow_kg_s[e]
    return total


@inlined
def _lift_wanted_pa(
    consumers: Consumers,
    producers: Producers,
    plant: Plant,
    fluid: Fluid,
    made: Setup,
    n_node: int,
    lift_pa: float,
    potential: Potential,
) -> float:
    """Return the lift that the control asks for at the present flows [Pa]."""
    wanted: float = producers.lift_pa[0]
    if plant.law == _WORST_CONSUMER:
        least = math.inf
        for i in range(consumers.node.size):
            if consumers.is_on[i] == 1 and made.reachable[i] == 1:
                least = min(least, dp_at_pa(potential, made.shape, n_node, consumers.node[i]))
        wanted = plant.dp_set_pa
        if least < math.inf:
            wanted += lift_pa - least
    elif plant.law != _FIXED:
        flow = outflow_kg_s(made, potential, 0)
        if plant.law == _PROPORTIONAL:
            share = flow / plant.mass_flow_design_kg_s
            wanted *= plant.lift_zero_rel + (1.0 - plant.lift_zero_rel) * share
        else:
            per_pump = flow / (plant.n_parallel * fluid.density_kg_m3)
            wanted = pressure_rise_pa(
                per_pump, plant.speed_rel, plant.head_a0_pa, plant.head_a1_pa_s_m3, plant.head_a2_pa_s2_m6
            )
    return wanted


@compiled
def solve_hydraulics(
    consumers: Consumers, producers: Producers, plant: Plant, fluid: Fluid, made: Setup, n_node: int, work: Work
) -> int:
    """Solve flows and pressures with the lift that the pumps' control holds; writes into `work`.

    Parameters
    ----------
    consumers, producers, plant, fluid
        Of the network; the first producer's lift is that of this instant.
    made
        Its problem.
    n_node
        Number of places.
    work
        In: the flows asked for, and a warm start. Out: flows and pressures; the first of its numbers is the lift.

    Returns
    -------
    int
        1 if everything settled, otherwise 0.
    """
    lift = producers.lift_pa[0]
    if plant.law != _FIXED:
        lift = work.numbers[0] if work.numbers[0] > 0.0 else max(lift, plant.dp_set_pa, _LIFT_START_PA)
    lift_before, error_before, settled = 0.0, 0.0, 0
    for iteration in range(_LIFT_ITERATIONS_MAX):
        rounds = _solve_at(consumers, producers, plant, made, n_node, lift, work)
        error = lift - _lift_wanted_pa(consumers, producers, plant, fluid, made, n_node, lift, work.potential)
        idle = lift == 0.0 and error > 0.0  # others lift enough: the pumps stand
        if rounds < 0 or idle or abs(error) <= _LIFT_TOLERANCE_REL * max(lift, 1.0):
            settled = 1 if rounds > 0 else 0
            break
        following = lift - error
        if iteration > 0 and error != error_before:
            following = lift - error * (lift - lift_before) / (error - error_before)
        lift_before, error_before = lift, error
        lowest = 0.5 * lift if plant.law == _PUMP_SPEED else 0.0  # a pump beyond its curve does not stand
        lift = following if following > 0.0 else lowest
    work.numbers[0] = lift
    return settled


@inlined
def write_pressures(
    nodes: Nodes, plant: Plant, fluid: Fluid, made: Setup, n_node: int, work: Work, state: NetworkState
) -> None:
    """Write the pressures of both lines with the height of every place."""
    potential, lift = work.potential, work.numbers[0]
    level_islands(made.islands, potential.pressure_pa)
    for node in range(n_node):
        height_pa = fluid.density_kg_m3 * GRAVITY_M_S2 * (nodes.elevation_m[node] - nodes.elevation_m[0])
        if made.shape == _FULL:
            state.pressure_supply_pa[node] = potential.pressure_pa[node] - height_pa
            state.pressure_return_pa[node] = potential.pressure_pa[node + n_node] - height_pa
        else:
            rise = 0.5 * (lift - potential.pressure_pa[node])
            state.pressure_supply_pa[node] = plant.pressure_return_pa + lift - rise - height_pa
            state.pressure_return_pa[node] = plant.pressure_return_pa + rise - height_pa
    if made.shape == _FULL:
        for node in range(1, n_node):
            if made.untouched[node] == 1:
                state.pressure_supply_pa[node] = math.nan
            if made.untouched[node + n_node] == 1:
                state.pressure_return_pa[node] = math.nan
