"""The substation of the reference stepper: pumps and valves, DHW heaters, and the loop closed at one instant."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from dhsim.control.commands import Commands
from dhsim.errors import Status
from dhsim.model.system import FlowLaw, Mode, PumpPlace, System
from dhsim.physics.exchanger import hot_return_temp_c
from dhsim.physics.mixing import mixed_temp_c, mixing_share
from dhsim.physics.pump import efficiency, pressure_rise_pa, shaft_power_w, speed_for_rel
from dhsim.physics.radiator import heat_flow_w
from tests.benchmark.reference_network import Tree
from tests.benchmark.reference_pipes import Floats

CIRCULATION_DROP_K = 5.0
APPROACH_MIN_K = 3.0
COOLER_REL = 0.9
"""Where a DHW heater cannot do it, its rise is cut by a tenth until it can."""
TOLERANCE_K = 1e-11
ITERATIONS_MAX = 300
DRAWS_FREE, DRAWS_MAX, DRAWS_STEP_REL = 19, 80, 0.3
"""Local exchangers take all of what they ask for in so many iterations, then a part of the way, until they give up."""


class Wanted(NamedTuple):
    """What boundary and laws ask of the loop at this instant, for so many seconds."""

    seconds: float
    mode: Mode
    temp_supply_primary_c: float
    dp_available_pa: float
    temp_set_c: float
    flow_rel: float
    share_low: float
    share_high: float
    temp_cold_c: float
    ambient_c: Floats
    conductance: Floats
    tap_kg_s: Floats
    room_free_c: Floats
    room_rise_k_w: Floats


class Hydraulics(NamedTuple):
    """Where pumps, valves and network meet."""

    share: float
    dp_pa: float
    flow_kg_s: float
    dp_main_pa: float
    flow_pump_kg_s: float
    dp_pump_pa: float
    speed_rel: float
    running: int
    electric_w: float
    shaft_w: float
    status: Status


class Loop(NamedTuple):
    """The loop once its return agrees with what was mixed in."""

    hydraulics: Hydraulics
    temp_mixed_c: float
    temp_supply_c: float
    temp_return_c: float
    temp_node_c: Floats
    temp_pipe_return_c: Floats
    heat_sh_w: Floats
    heat_tap_w: Floats
    draw_kg_s: Floats
    temp_room_c: Floats
    temp_return_jet_c: Floats
    status: Status


def dhw_heaters(
    supply_c: Floats, tap_kg_s: Floats, cold_c: float, hot_c: float, loss_w: float, ua_w_k: Floats, cp: float
) -> tuple[Floats, Floats, Floats, Floats, Status]:
    """Return flow [kg/s], return [degC], heat tapped [W], heat lost [W] of counterflow heaters, and their status."""
    flow, back_hot, heat_tap, heat_loss = np.zeros_like(supply_c), supply_c.copy(), 0.0 * supply_c, 0.0 * supply_c
    status = Status.OK
    circulating = loss_w / (cp * CIRCULATION_DROP_K)
    hot = np.minimum(hot_c, supply_c - APPROACH_MIN_K)
    asked = (tap_kg_s > 0.0) | (loss_w > 0.0)
    open_ = np.flatnonzero(asked & (hot > cold_c))
    if np.any(asked & (hot < hot_c)):
        status |= Status.DHW_SHORT
    hot = hot[open_]
    back = np.maximum(hot - CIRCULATION_DROP_K, cold_c)
    for _ in range(60):
        if not open_.size:
            return flow, back_hot, heat_tap, heat_loss, status
        tap, source = tap_kg_s[open_], supply_c[open_]
        inlet = (tap * cold_c + circulating * back) / (tap + circulating)
        tapped, lost = tap * cp * (hot - cold_c), circulating * cp * (hot - back)
        found = hot_return_temp_c(source, inlet, hot, tapped + lost, ua_w_k[open_])
        good = found < source  # false for NaN
        done = open_[good]
        back_hot[done], heat_tap[done], heat_loss[done] = found[good], tapped[good], lost[good]
        flow[done] = (tapped + lost)[good] / (cp * (source - found)[good])
        if np.all(good):
            return flow, back_hot, heat_tap, heat_loss, status
        status |= Status.DHW_SHORT
        open_, inlet, back = open_[~good], inlet[~good], back[~good]
        hot = inlet + COOLER_REL * (hot[~good] - inlet)
        back = np.maximum(np.minimum(back, hot - CIRCULATION_DROP_K), cold_c)
    return flow, back_hot, heat_tap, heat_loss, status


class GroupSubstation:
    """Pumps, valves and DHW before and behind one secondary network."""

    def __init__(self, system: System, temp_supply_c: float, temp_return_c: float) -> None:
        self.system, self.tree = system, Tree(system, temp_supply_c, temp_return_c)
        substation = system.substation
        self.main = substation.conductance_main_kg_s_pa05**-2
        self.bypass = substation.conductance_bypass_kg_s_pa05**-2
        self.in_bypass_line = substation.pump_place == PumpPlace.BYPASS_LINE
        self.constant_speed = system.control.flow_law == FlowLaw.CONSTANT_SPEED
        self.log_mean = system.buildings.radiator_log_mean.astype(np.float64)

    def full_speed_flow(self, pumps_on: int, resistance: float, dp_help_pa: float) -> float:
        """Return the flow [kg/s] where the pumps' curve at nominal speed, plus what helps, meets r G^2."""
        passing = math.sqrt(max(dp_help_pa, 0.0) / resistance)  # by the check valves
        if pumps_on == 0:
            return passing
        pumps = self.system.pumps
        per = 1.0 / (pumps_on * self.system.substation.density_water_kg_m3)
        steep = resistance - pumps.head_a2_pa_s2_m6 * per**2
        half_slope = 0.5 * pumps.head_a1_pa_s_m3 * per
        head = pumps.head_a0_pa + dp_help_pa
        if head <= 0.0:
            return 0.0
        return max((half_slope + math.sqrt(half_slope**2 + steep * head)) / steep, passing)

    def reachable_dp(self, pumps_on: int, dp_available_pa: float, share: float, network: float) -> float:
        """Return the highest header dp [Pa] before a network of `network` Pa per (kg/s)^2."""
        if self.in_bypass_line:
            return dp_available_pa * network / (network + (1.0 - share) ** 2 * self.main)
        if share > 0.0:
            flow = self.full_speed_flow(pumps_on, network + share**2 * self.bypass, 0.0)
        else:
            throttle = self.system.substation.dp_throttle_pa_s2_kg2 if self.constant_speed else 0.0
            flow = self.full_speed_flow(pumps_on, network + self.main + throttle, dp_available_pa)
        return network * flow**2

    def hydraulics(self, wanted: Wanted, commands: Commands, share_wanted: float, draw: Floats) -> Hydraulics:
        """Return the operating point; the flows stand in the tree afterwards."""
        substation = self.system.substation
        pumps_on = min(commands.pumps_on, commands.pumps_available)
        if wanted.mode is Mode.SUMMER_DHW:
            pumps_on = min(pumps_on, 1)
        status, share = Status.OK, share_wanted
        if share > 0.0 and pumps_on == 0:
            share, status = 0.0, Status.NO_PUMP
        if not (np.any(wanted.conductance > 0.0) or np.any(draw > 0.0)):
            self.tree.solve(0.0, wanted.conductance, draw)
            return Hydraulics(share, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0.0, 0.0, status)
        asked = share
        flow_is_wanted = not self.constant_speed and wanted.flow_rel < substation.flow_set_rel
        dp = dp_wanted = substation.dp_set_pa * (wanted.flow_rel / substation.flow_set_rel) ** 2
        for _ in range(ITERATIONS_MAX):
            flow = self.tree.solve(dp, wanted.conductance, draw)
            network = dp / flow**2
            if flow_is_wanted:
                dp_wanted = network * (wanted.flow_rel * substation.mass_flow_design_kg_s) ** 2
            reachable = self.reachable_dp(pumps_on, wanted.dp_available_pa, share, network)
            limited = reachable < dp_wanted * (1.0 - 1e-9)
            dp_next = reachable if limited or self.constant_speed else dp_wanted
            share_next = asked
            if self.in_bypass_line and asked > 0.0:
                share_next = min(asked, self.full_speed_flow(pumps_on, self.bypass, -dp_next) / flow)
            settled = abs(dp_next - dp) <= 1e-13 * dp and abs(share_next - share) <= 1e-13
            dp, share = dp_next, share_next
            if settled:
                break
        else:
            status |= Status.NOT_CONVERGED
        if share < asked:
            status |= Status.PUMP_AT_LIMIT
        if limited:
            status |= Status.DP_SHORT
            if not self.in_bypass_line and pumps_on > 0 and not self.constant_speed:
                status |= Status.PUMP_AT_LIMIT
        return self._with_pumps(wanted.dp_available_pa, pumps_on, share, dp, flow, status)

    def _with_pumps(
        self, dp_available_pa: float, pumps_on: int, share: float, dp: float, flow: float, status: Status
    ) -> Hydraulics:
        dp_bypass = self.bypass * (share * flow) ** 2
        if self.in_bypass_line:
            through, lift = share * flow, (dp + dp_bypass if share > 0.0 else 0.0)
        elif share > 0.0:
            through, lift = flow, dp + dp_bypass
        else:
            throttle = self.system.substation.dp_throttle_pa_s2_kg2 if self.constant_speed else 0.0
            through, lift = flow, dp + (self.main + throttle) * flow**2 - dp_available_pa
        if pumps_on == 0 or lift <= 0.0 or through <= 0.0:
            return Hydraulics(share, dp, flow, dp_available_pa - dp, 0.0, 0.0, 0.0, 0, 0.0, 0.0, status)
        pumps = self.system.pumps
        curve = (pumps.head_a0_pa, pumps.head_a1_pa_s_m3, pumps.head_a2_pa_s2_m6)
        each_m3_s = through / (pumps_on * self.system.substation.density_water_kg_m3)
        speed, efficiency_drive = 1.0, pumps.efficiency_motor
        if not self.constant_speed:
            efficiency_drive *= pumps.efficiency_vfd
            needed = float(speed_for_rel(each_m3_s, lift, *curve))
            speed = min(max(needed, pumps.speed_min_rel), 1.0) if needed == needed else 1.0
        rise = float(pressure_rise_pa(each_m3_s, speed, *curve))
        hydraulic = efficiency(each_m3_s, speed, pumps.efficiency_best, pumps.flow_best_m3_s, pumps.flow_end_m3_s)
        shaft = pumps_on * float(shaft_power_w(each_m3_s, rise, hydraulic))
        running = pumps_on if rise > 0.0 else 0
        dp_main = dp_available_pa - dp + (0.0 if self.in_bypass_line else rise)
        through = through if running else 0.0
        electric = shaft / efficiency_drive
        return Hydraulics(share, dp, flow, dp_main, through, rise, speed, running, electric, shaft, status)

    def central_dhw(self, wanted: Wanted, commands: Commands) -> tuple[float, float, Floats, float, Status]:
        """Return flow [kg/s], return [degC], heat tapped by building [W], loss [W] and status of the third pipe."""
        t1, nothing = wanted.temp_supply_primary_c, np.zeros_like(wanted.tap_kg_s)
        if not commands.third_pipe_ok:
            return 0.0, t1, nothing, 0.0, Status.OK
        substation, tap = self.system.substation, float(wanted.tap_kg_s.sum())
        flow, back, tapped, lost, status = dhw_heaters(
            np.array([t1]),
            np.array([tap]),
            wanted.temp_cold_c,
            substation.temp_hot_c,
            substation.loss_third_pipe_w,
            np.array([substation.ua_dhw_w_k]),
            substation.heat_capacity_water_j_kgk,
        )
        by_building = tapped[0] * wanted.tap_kg_s / tap if tap > 0.0 else nothing
        return float(flow[0]), float(back[0]), by_building, float(lost[0]), status

    def solve(self, wanted: Wanted, commands: Commands, temp_return_c: float) -> Loop:
        """Return the loop, iterated from a guess of its return until that is what comes back."""
        local, t1 = not commands.third_pipe_ok, wanted.temp_supply_primary_c
        substation, buildings, cp = (
            self.system.substation,
            self.system.buildings,
            self.system.substation.heat_capacity_water_j_kgk,
        )
        nothing, coldest_good = np.zeros_like(wanted.tap_kg_s), substation.temp_hot_c + APPROACH_MIN_K
        draw, heat_tap, status_dhw = nothing, nothing, Status.OK
        at_building = np.full_like(nothing, t1)
        guess, before, converged = temp_return_c, (math.nan, math.nan), False
        for iteration in range(DRAWS_MAX if local else ITERATIONS_MAX):
            share = 0.0
            if wanted.mode is Mode.BYPASS:
                share = float(mixing_share(t1, guess, wanted.temp_set_c, substation.mixing_share_max))
            share = min(max(share, wanted.share_low), wanted.share_high)
            draw_before = draw
            if local:
                asked, _, heat_tap, _, status_dhw = dhw_heaters(
                    np.maximum(at_building, coldest_good),
                    wanted.tap_kg_s,
                    wanted.temp_cold_c,
                    substation.temp_hot_c,
                    0.0,
                    buildings.ua_dhw_w_k,
                    cp,
                )
                # what is too cold meets a valve as open as for the coldest that would do; all differences go in line
                warmth = np.clip((at_building - wanted.temp_cold_c) / (coldest_good - wanted.temp_cold_c), 0.0, 1.0)
                heat_tap = heat_tap * warmth
                if np.any((warmth < 1.0) & (wanted.tap_kg_s > 0.0)):
                    status_dhw |= Status.DHW_SHORT
                draw = draw + (1.0 if iteration < DRAWS_FREE else DRAWS_STEP_REL) * (asked - draw)
            point = self.hydraulics(wanted, commands, share, draw)
            flow = point.flow_kg_s
            mixed = float(mixed_temp_c(t1, guess, point.share))
            supply = mixed + (point.shaft_w / (flow * cp) if flow > 0.0 else 0.0)
            self.tree.prepare(wanted.ambient_c, wanted.seconds)
            temp_node = self.tree.supply(supply)
            at_building = temp_node[buildings.node]
            jet = self.tree.flow_jet
            heat = heat_flow_w(
                at_building,
                jet,
                buildings.mixing_ratio_jet,
                wanted.room_free_c,
                wanted.room_rise_k_w,
                buildings.heat_design_w,
                buildings.temp_excess_design_k,
                buildings.radiator_exponent,
                self.log_mean,
                cp,
            )
            room = wanted.room_free_c + wanted.room_rise_k_w * heat
            flowing = jet > 0.0
            back_jet = np.where(flowing, at_building - heat / np.where(flowing, jet * cp, 1.0), room)
            consumed = jet + draw
            drawn_w_k = draw * cp
            heat_tap = np.minimum(heat_tap, drawn_w_k * np.maximum(at_building - wanted.temp_cold_c, 0.0))
            back_dhw = at_building - heat_tap / np.where(draw > 0.0, drawn_w_k, 1.0)
            back = np.where(
                draw > 0.0, (jet * back_jet + draw * back_dhw) / np.where(consumed > 0.0, consumed, 1.0), back_jet
            )
            found, pipe_return = self.tree.back(consumed, back)
            if math.isnan(found) and flow == 0.0:  # neither flow nor pipe: it is what it was
                found = temp_return_c
            residual = found - guess
            draws_settled = bool(np.all(np.abs(draw - draw_before) <= 1e-13 * draw))
            mixes_right = point.share * abs(residual) <= TOLERANCE_K
            converged = flow <= 0.0 or (mixes_right and draws_settled)
            if converged:
                break
            following = found
            slope = (residual - before[1]) / (guess - before[0]) if guess != before[0] else math.nan
            if slope < -0.1 and not local:
                following = guess - residual / slope
            before, guess = (guess, residual), following
        status = point.status | status_dhw
        if not converged:  # draws that never settle are too small to arrive warm; what they tap still adds up
            status |= Status.DHW_SHORT if local and mixes_right else Status.NOT_CONVERGED
        return Loop(point, mixed, supply, found, temp_node, pipe_return, heat, heat_tap, draw, room, back_jet, status)
