"""The hydraulic operating point of the group substation: pumps, valves and the secondary tree behind them.

Pressures in one loop each, with x the mixing share and G the secondary flow:

- bypass closed: dp_available = main valve - pump rise + secondary dp (the pump boosts the primary);
- pump in the bypass line: it lifts x G by the secondary dp; the main valve burns dp_available - secondary dp;
- pump in the secondary supply or return: mixing needs a mixing point below the return, so the main valve burns all of
  dp_available and the pump lifts G by the whole secondary dp. Both places lie in the same loop, so their power is the
  same; they differ in the pressure level of the buildings (see `pressure_points`).
"""

from __future__ import annotations

import math
from typing import NamedTuple

from dhsim.control.commands import Commands
from dhsim.elementwise import compiled
from dhsim.errors import Status
from dhsim.model.system import Buildings, Control, FlowLaw, Mode, PumpPlace, Pumps, Substation
from dhsim.network.hydraulics import TreeFlow, solve_tree
from dhsim.network.parts import Floats, Line
from dhsim.physics.pump import efficiency, pressure_rise_pa, shaft_power_w, speed_for_rel

_BYPASS_LINE = int(PumpPlace.BYPASS_LINE)
_CONSTANT_SPEED = int(FlowLaw.CONSTANT_SPEED)
_DP_SHORT = int(Status.DP_SHORT)
_PUMP_AT_LIMIT = int(Status.PUMP_AT_LIMIT)
_NO_PUMP = int(Status.NO_PUMP)
_SUMMER_DHW = int(Mode.SUMMER_DHW)
_NOT_CONVERGED = int(Status.NOT_CONVERGED)

_ITERATIONS_MAX = 60
_TOLERANCE_REL = 1e-12


class OperatingPoint(NamedTuple):
    """Where pumps, valves and network meet; scalars."""

    dp_secondary_pa: float
    mass_flow_kg_s: float
    """Secondary flow, all consumers."""
    mixing_share: float
    """What the pumps could do of the share asked for."""
    dp_main_pa: float
    mass_flow_pump_kg_s: float
    dp_pump_pa: float
    speed_rel: float
    pumps_running: int
    power_electric_w: float
    power_water_w: float
    """Shaft power; all of it warms the water."""
    status: int


class Demand(NamedTuple):
    """What is asked of the hydraulics; scalars."""

    dp_available_pa: float
    mixing_share: float
    flow_rel: float
    """Secondary flow wanted relative to design; at `flow_set_rel` the dp set-point is held instead."""


@compiled
def _resistance_pa_s2_kg2(conductance_kg_s_pa05: float) -> float:
    return 1.0 / (conductance_kg_s_pa05 * conductance_kg_s_pa05)


@compiled
def flow_at_full_speed_kg_s(
    pumps: Pumps, n: int, density_kg_m3: float, resistance_pa_s2_kg2: float, dp_help_pa: float
) -> float:
    """Return the flow at which n pumps at nominal speed and `dp_help_pa` together overcome r G^2 [kg/s].

    Where the pumps would have to be dragged (or none runs), the water passes them by their check valves.
    """
    alone = math.sqrt(max(dp_help_pa, 0.0) / resistance_pa_s2_kg2)
    if n == 0:
        return alone
    per = 1.0 / (n * density_kg_m3)
    a = pumps.head_a2_pa_s2_m6 * per * per - resistance_pa_s2_kg2
    b = pumps.head_a1_pa_s_m3 * per
    c = pumps.head_a0_pa + dp_help_pa
    if c <= 0.0:
        return 0.0
    flow = (-b - math.sqrt(b * b - 4.0 * a * c)) / (2.0 * a)
    return max(flow, alone)


@compiled
def pump_point(
    pumps: Pumps, n: int, mass_flow_kg_s: float, dp_pa: float, density_kg_m3: float, with_vfd: bool
) -> tuple[float, float, float, float]:
    """Return pressure rise [Pa], speed [-], electric power [W] and shaft power [W] of n equal pumps.

    A dp at or below zero needs no pump. The speed stays between its minimum and nominal.
    """
    if n == 0 or dp_pa <= 0.0 or mass_flow_kg_s <= 0.0:
        return 0.0, 0.0, 0.0, 0.0
    flow = mass_flow_kg_s / (n * density_kg_m3)
    speed = 1.0
    if with_vfd:
        wanted = speed_for_rel(flow, dp_pa, pumps.head_a0_pa, pumps.head_a1_pa_s_m3, pumps.head_a2_pa_s2_m6)
        speed = 1.0 if math.isnan(wanted) else min(max(wanted, pumps.speed_min_rel), 1.0)
    rise = pressure_rise_pa(flow, speed, pumps.head_a0_pa, pumps.head_a1_pa_s_m3, pumps.head_a2_pa_s2_m6)
    best = efficiency(flow, speed, pumps.efficiency_best, pumps.flow_best_m3_s, pumps.flow_end_m3_s)
    shaft = n * shaft_power_w(flow, rise, best)
    electric = shaft / (pumps.efficiency_motor * (pumps.efficiency_vfd if with_vfd else 1.0))
    return rise, speed, electric, shaft


@compiled
def dp_reachable_pa(
    substation: Substation,
    pumps: Pumps,
    control: Control,
    n: int,
    demand: Demand,
    share: float,
    conductance_kg_s_pa05: float,
) -> float:
    """Return the highest secondary dp [Pa] that primary and full-speed pumps can give a network of G = C sqrt(dp)."""
    network = _resistance_pa_s2_kg2(conductance_kg_s_pa05)
    main = _resistance_pa_s2_kg2(substation.conductance_main_kg_s_pa05)
    bypass = _resistance_pa_s2_kg2(substation.conductance_bypass_kg_s_pa05)
    if substation.pump_place == _BYPASS_LINE:
        return demand.dp_available_pa * network / (network + (1.0 - share) * (1.0 - share) * main)
    if share > 0.0:
        resistance, dp_help = network + share * share * bypass, 0.0
    else:
        resistance, dp_help = network + main, demand.dp_available_pa
        if control.flow_law == _CONSTANT_SPEED:
            resistance += substation.dp_throttle_pa_s2_kg2
    flow = flow_at_full_speed_kg_s(pumps, n, substation.density_water_kg_m3, resistance, dp_help)
    return flow * flow * network


@compiled
def share_reachable(
    substation: Substation, pumps: Pumps, n: int, share: float, mass_flow_kg_s: float, dp_secondary_pa: float
) -> float:
    """Return the mixing share that pumps in the bypass line can carry against the secondary dp, at most `share`."""
    if share == 0.0 or substation.pump_place != _BYPASS_LINE:
        return share
    bypass = _resistance_pa_s2_kg2(substation.conductance_bypass_kg_s_pa05)
    flow = flow_at_full_speed_kg_s(pumps, n, substation.density_water_kg_m3, bypass, -dp_secondary_pa)
    return min(share, flow / mass_flow_kg_s)


@compiled
def solve_network(
    pipes: Line,
    buildings: Buildings,
    substation: Substation,
    conductance_kg_s_pa05: Floats,
    draw_kg_s: Floats,
    dp_pa: float,
    flow: TreeFlow,
) -> tuple[float, int]:
    """Solve the secondary tree at a header dp; return its total flow [kg/s] and the iterations (negative: failed)."""
    iterations = solve_tree(
        pipes,
        buildings.node,
        conductance_kg_s_pa05,
        draw_kg_s,
        dp_pa,
        substation.density_water_kg_m3,
        substation.viscosity_water_pa_s,
        flow,
    )
    total = 0.0
    for i in range(buildings.node.size):
        total += flow.mass_flow_consumer_kg_s[i] + draw_kg_s[i]
    return total, iterations


@compiled
def operating_point(
    pipes: Line,
    buildings: Buildings,
    substation: Substation,
    pumps: Pumps,
    control: Control,
    commands: Commands,
    demand: Demand,
    conductance_kg_s_pa05: Floats,
    draw_kg_s: Floats,
    flow: TreeFlow,
) -> OperatingPoint:
    """Return the operating point of substation and secondary network; writes the flows into `flow`.

    Parameters
    ----------
    demand
        Primary dp, mixing share and secondary flow asked for.
    conductance_kg_s_pa05
        Of each jet pump, 0 = closed; shape (n_building,) [kg/(s sqrt(Pa))].
    draw_kg_s
        Flow of each local DHW exchanger; shape (n_building,) [kg/s].
    flow
        Warm start and result of the network.
    """
    n = min(commands.pumps_on, commands.pumps_available)
    if commands.mode == _SUMMER_DHW:
        n = min(n, 1)
    status = 0
    share = demand.mixing_share
    if share > 0.0 and n == 0:
        share, status = 0.0, _NO_PUMP
    asked, open_sum = share, 0.0
    for i in range(conductance_kg_s_pa05.size):
        open_sum += conductance_kg_s_pa05[i] + draw_kg_s[i]
    if open_sum <= 0.0:
        solve_network(pipes, buildings, substation, conductance_kg_s_pa05, draw_kg_s, 0.0, flow)
        return OperatingPoint(0.0, 0.0, share, 0.0, 0.0, 0.0, 0.0, 0, 0.0, 0.0, status)

    fixed_flow = demand.flow_rel < substation.flow_set_rel and control.flow_law != _CONSTANT_SPEED
    wanted_kg_s = demand.flow_rel * substation.mass_flow_design_kg_s
    relative = demand.flow_rel / substation.flow_set_rel
    dp_wanted = substation.dp_set_pa * relative * relative
    dp = flow.dp_node_pa[0] if flow.dp_node_pa[0] > 0.0 else dp_wanted  # the last step's dp is the best guess
    total = 0.0
    converged = False
    limited = False
    for _ in range(_ITERATIONS_MAX):
        total, iterations = solve_network(pipes, buildings, substation, conductance_kg_s_pa05, draw_kg_s, dp, flow)
        if iterations < 0:
            break
        network = total / math.sqrt(dp)
        if fixed_flow:
            dp_wanted = (wanted_kg_s / network) * (wanted_kg_s / network)
        reachable = dp_reachable_pa(substation, pumps, control, n, demand, share, network)
        limited = reachable < dp_wanted * (1.0 - 1e-9)
        dp_next = reachable if limited or control.flow_law == _CONSTANT_SPEED else dp_wanted
        share_next = share_reachable(substation, pumps, n, asked, total, dp_next)
        done = abs(dp_next - dp) <= _TOLERANCE_REL * dp and abs(share_next - share) <= _TOLERANCE_REL
        dp, share = dp_next, share_next
        if done:
            converged = True
            break
    if not converged:
        status |= _NOT_CONVERGED
    if share < asked:
        status |= _PUMP_AT_LIMIT
    if limited:
        status |= _DP_SHORT
        if substation.pump_place != _BYPASS_LINE and n > 0 and control.flow_law != _CONSTANT_SPEED:
            status |= _PUMP_AT_LIMIT
    return _point_with_pumps(substation, pumps, control, demand, n, share, dp, total, status)


@compiled
def _point_with_pumps(
    substation: Substation,
    pumps: Pumps,
    control: Control,
    demand: Demand,
    n: int,
    share: float,
    dp: float,
    total: float,
    status: int,
) -> OperatingPoint:
    main = _resistance_pa_s2_kg2(substation.conductance_main_kg_s_pa05)
    bypass = _resistance_pa_s2_kg2(substation.conductance_bypass_kg_s_pa05)
    through_main = (1.0 - share) * total
    dp_bypass = share * total * share * total * bypass
    through_pump, dp_pump, dp_main = 0.0, 0.0, demand.dp_available_pa - dp
    constant_speed = control.flow_law == _CONSTANT_SPEED
    if substation.pump_place == _BYPASS_LINE:
        through_pump, dp_pump = share * total, dp + dp_bypass if share > 0.0 else 0.0
    elif share > 0.0:
        through_pump, dp_pump = total, dp + dp_bypass
    else:
        burnt = main * through_main * through_main
        if constant_speed:
            burnt += substation.dp_throttle_pa_s2_kg2 * total * total
        through_pump, dp_pump = total, dp + burnt - demand.dp_available_pa
    rise, speed, electric, shaft = pump_point(
        pumps, n, through_pump, dp_pump, substation.density_water_kg_m3, not constant_speed
    )
    if substation.pump_place != _BYPASS_LINE:
        dp_main = demand.dp_available_pa + rise - dp
    running = n if rise > 0.0 else 0
    if running == 0:
        through_pump = 0.0
    return OperatingPoint(dp, total, share, dp_main, through_pump, rise, speed, running, electric, shaft, status)
