"""A second way through a Case: plain Python and NumPy, one step at a time.

It is what the compiled kernel is checked against and timed against. Common to both are the formulas of dhsim.physics,
the agenda and the data types; tree, operating point, laws, loop, sub-steps and totals are written a second time, from
the equations. Buildings are arrays, the network is swept by levels, and the water in its pipes stands in lists.
"""

from __future__ import annotations

import dataclasses
import math
import time as clock
from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from dhsim.control.agenda import Agenda
from dhsim.control.commands import Commands, Observation, Trip, TripReport
from dhsim.errors import Status
from dhsim.model.boundary import N_GROUP, BoundaryArrays
from dhsim.model.case import Case
from dhsim.model.system import Mode
from dhsim.physics.heat_load import heat_demand_w, relative_load
from dhsim.physics.zone import mass_temp_next_c, room_free_temp_c, room_rise_k_w, window_ua_w_k
from dhsim.solution import BUILDING_TOTALS, EXTREMES, SUBSTATION_TOTALS, Solution
from tests.benchmark.reference_laws import flow_wanted_rel, is_sound, mode_wanted, pumps_wanted, temp_set_c
from tests.benchmark.reference_loop import GroupSubstation, Loop, Wanted
from tests.benchmark.reference_pipes import Floats

SUBSTEP_S = 60.0
FLOW_LOW_REL = 0.6
TEMP_RETURN_START_C = 40.0
HOUR_S = 3600.0


def cut(case: Case, first: int, n_steps: int) -> Case:
    """Return the Case of `n_steps` steps from step `first` on; faults at a fixed moment keep it."""
    boundary = case.boundary
    part = slice(first, first + n_steps)
    arrays = BoundaryArrays._make(np.ascontiguousarray(values[part]) for values in boundary.arrays)
    shift_s = first * boundary.step_s
    faults = tuple(dataclasses.replace(fault, start_s=fault.start_s - shift_s) for fault in case.strategy.faults)
    return dataclasses.replace(
        case,
        boundary=dataclasses.replace(boundary, time=boundary.time[part], arrays=arrays),
        strategy=dataclasses.replace(case.strategy, faults=faults),
    )


def simulate_reference(case: Case, n_steps: int | None = None) -> Solution:
    """Return what `dhsim.simulate` should: of the whole Case, or of its first `n_steps` steps."""
    began = clock.perf_counter()
    if n_steps is not None:
        case = cut(case, 0, n_steps)
    stepper = Stepper(case)
    n_time = len(case.boundary.time)
    for k in range(n_time):
        stepper.step(k)
    return stepper.solution(clock.perf_counter() - began)


class Stepper:
    """One run: what stands, what it remembers and what it has written."""

    def __init__(self, case: Case) -> None:
        self.case, self.system, self.given = case, case.system, case.boundary.arrays
        self.step_s = case.boundary.step_s
        n_time, n_building = len(case.boundary.time), len(case.system.building_ids)
        self.substation = GroupSubstation(case.system, float(self.given.temp_supply_primary_c[0]), TEMP_RETURN_START_C)
        self.agenda = Agenda(
            case.strategy,
            pumps_count=case.system.pumps.n_pumps,
            has_bypass=bool(case.system.control.has_bypass),
            start=case.boundary.time[0],
            duration_s=n_time * self.step_s,
        )
        b = case.system.buildings
        self.ua_closed = b.ua_direct_w_k + b.ua_inner_w_k * b.ua_outer_w_k / (b.ua_inner_w_k + b.ua_outer_w_k)
        self.monitored = b.monitored == 1
        self.room = np.full(n_building, float(case.temp_start_c))
        self.mass = self.room.copy()
        self.outdoor_filtered = float(self.given.temp_outdoor_c[0])
        self.share, self.temp_return, self.trim_k = 0.0, TEMP_RETURN_START_C, 0.0
        self.too_cold = False
        self.flow_pump_m3_s, self.dp_pump_pa, self.short = 0.0, 0.0, False
        self.hour_j, self.hour_s = 0.0, 0.0
        self.store_start_j, self.pipes_rise_j = self._store_j(), 0.0
        self.series: dict[str, Floats] = {}
        self.totals: dict[str, Floats] = defaultdict(lambda: np.zeros(N_GROUP)) | {
            name: np.zeros((N_GROUP, n_building)) for name in BUILDING_TOTALS
        }
        self.extremes = dict.fromkeys(EXTREMES, 0.0)
        self.coldest, self.warmest = np.full(n_building, np.inf), np.full(n_building, -np.inf)
        self.status = np.zeros(n_time, dtype=np.int64)
        self.solves = 0

    # --- one step

    def step(self, k: int) -> None:
        """Ask the agenda, settle modes and pumps, and move everything one step on."""
        filtered = self._decide(k)
        commands = self.agenda.commands
        pieces = 1
        if self.step_s > SUBSTEP_S and self._valve_is_far(commands, k, filtered):
            pieces = math.ceil(self.step_s / SUBSTEP_S)
        for _ in range(pieces):
            self._substep(commands, k, filtered, self.step_s / pieces)
        self._write("mode", k, float(commands.mode), 0.0)
        self.outdoor_filtered = filtered
        if self.hour_s >= HOUR_S - 1e-6:
            self._highest("heat_flow_hour_max_w", self.hour_j / self.hour_s)
            self.hour_j, self.hour_s = 0.0, 0.0

    def _decide(self, k: int) -> float:
        """Let the agenda and the laws settle; return the filtered outdoor temperature of this step [degC]."""
        now_s, control, outdoor = k * self.step_s, self.system.control, float(self.given.temp_outdoor_c[k])
        while True:
            self.agenda.run_due(now_s, lambda: self._observe(k))
            filtered = self.outdoor_filtered
            if self.agenda.commands.sensor_ok:
                share = 1.0 - math.exp(-self.step_s / control.filter_s) if control.filter_s > 0.0 else 1.0
                filtered = filtered + share * (outdoor - filtered) if share < 1.0 else outdoor
            report = self._report(self.agenda.commands, k, filtered)
            if report is None:
                return filtered
            self.agenda.trip(now_s, report)

    def _report(self, commands: Commands, k: int, filtered: float) -> TripReport | None:
        """Return what the laws want and only the agenda may grant."""
        control = self.system.control
        back_k = control.floor_alarm_hysteresis_k if self.too_cold else 0.0
        too_cold = bool(self.given.temp_supply_primary_c[k] < control.temp_floor_alarm_c + back_k)
        if too_cold != self.too_cold:
            self.too_cold = too_cold
            if not too_cold:
                return TripReport(int(Trip.UNDERSUPPLY_OFF), 0)
            rooms_need_more = self.given.heating_season[k] and filtered < control.cpt_c
            return TripReport(int(Trip.UNDERSUPPLY_ON), 2 if rooms_need_more else 1)
        mode = mode_wanted(control, commands, bool(self.given.heating_season[k]), filtered)
        at_once = (mode is Mode.WINTER or commands.mode == Mode.BYPASS) and not is_sound(commands)
        if mode != commands.mode and (at_once or not commands.mode_locked):
            return TripReport(int(Trip.MODE), int(mode))
        pumps = pumps_wanted(self.system, commands, filtered, self.flow_pump_m3_s, self.dp_pump_pa, self.short)
        if pumps != commands.pumps_on and not commands.staging_locked:
            return TripReport(int(Trip.STAGING), pumps)
        return None

    def _valve_is_far(self, commands: Commands, k: int, filtered: float) -> bool:
        t1 = float(self.given.temp_supply_primary_c[k])
        low, high = self._reach(commands, SUBSTEP_S)
        wanted = 0.0
        if commands.mode == Mode.BYPASS and high > 0.0 and t1 > self.temp_return:
            wanted = (t1 - temp_set_c(self.system, commands, t1, filtered, self.trim_k)) / (t1 - self.temp_return)
            wanted = min(wanted, self.system.substation.mixing_share_max)
        return not low <= wanted <= high

    def _reach(self, commands: Commands, seconds: float) -> tuple[float, float]:
        """Return the mixing shares that the valves can be at after so long; fail-safe closes the bypass at once."""
        if not is_sound(commands):
            return 0.0, 0.0
        stroke = self.system.substation.stroke_share_per_s * seconds
        return max(self.share - stroke, 0.0), self.share + stroke

    # --- physics

    def _substep(self, commands: Commands, k: int, filtered: float, seconds: float) -> None:
        given, b = self.given, self.system.buildings
        outdoor, t1 = float(given.temp_outdoor_c[k]), float(given.temp_supply_primary_c[k])
        heating = bool(given.heating_season[k])
        open_jets = heating and commands.mode != Mode.SUMMER_DHW
        solar, gain = b.aperture_solar_m2 * given.irradiance_w_m2[k], given.heat_gain_w[k]
        window = window_ua_w_k(
            self.room, self.ua_closed, b.temp_window_open_c, b.window_share_per_k, b.window_share_max
        )
        direct = b.ua_direct_w_k + window
        zone = (direct, b.ua_inner_w_k, b.ua_outer_w_k, b.heat_capacity_room_j_k, b.heat_capacity_mass_j_k, seconds)
        temp_set = temp_set_c(self.system, commands, t1, filtered, self.trim_k)
        low, high = self._reach(commands, seconds)
        wanted = Wanted(
            seconds=seconds,
            mode=Mode(commands.mode),
            temp_supply_primary_c=t1,
            dp_available_pa=float(given.dp_available_pa[k]),
            temp_set_c=temp_set,
            flow_rel=flow_wanted_rel(self.system, commands, heating, filtered, temp_set),
            share_low=low,
            share_high=high,
            temp_cold_c=float(given.temp_cold_c[k]),
            ambient_c=self.substation.tree.ambient(float(given.temp_ground_c[k]), outdoor),
            conductance=b.conductance_kg_s_pa05 if open_jets else np.zeros_like(self.room),
            tap_kg_s=given.mass_flow_tap_kg_s[k],
            room_free_c=room_free_temp_c(self.room, self.mass, outdoor, gain + solar, *zone),
            room_rise_k_w=room_rise_k_w(*zone),
        )
        loop = self.substation.solve(wanted, commands, self.temp_return)
        mass = mass_temp_next_c(
            self.mass, loop.temp_room_c, outdoor, b.ua_inner_w_k, b.ua_outer_w_k, b.heat_capacity_mass_j_k, seconds
        )
        envelope, ventilation = b.ua_outer_w_k * (mass - outdoor), direct * (loop.temp_room_c - outdoor)
        lost = {"heat_envelope_j": envelope, "heat_ventilation_j": ventilation}
        gained = {"heat_gain_j": gain, "heat_solar_j": solar}
        store_before_j = self._store_j()
        self.room, self.mass = loop.temp_room_c, mass
        stored_j = float(np.sum(self._store_j() - store_before_j))
        lost_j, rise_j = self.substation.tree.move(wanted.ambient_c, seconds)
        self.pipes_rise_j += rise_j
        self._record(commands, wanted, loop, k, filtered, gained, lost, stored_j + rise_j, lost_j / seconds)
        self._remember(commands, loop, seconds)

    def _remember(self, commands: Commands, loop: Loop, seconds: float) -> None:
        control, point = self.system.control, loop.hydraulics
        if control.has_trim and commands.mode == Mode.BYPASS and commands.sensor_ok:
            error_k = control.trim_temp_room_c - float(np.min(self.room[self.monitored], initial=np.inf))
            moved = self.trim_k + control.trim_gain_per_s * error_k * seconds
            self.trim_k = min(max(moved, -control.trim_limit_k), control.trim_limit_k)
        self.share = point.share
        if point.flow_kg_s > 0.0:
            self.temp_return = loop.temp_return_c
        self.flow_pump_m3_s = point.flow_pump_kg_s / self.system.substation.density_water_kg_m3
        self.dp_pump_pa, self.short = point.dp_pump_pa, bool(loop.status & Status.PUMP_AT_LIMIT)
        self.solves += 1

    # --- what is written down

    def _record(
        self,
        commands: Commands,
        wanted: Wanted,
        loop: Loop,
        k: int,
        filtered: float,
        gained: Mapping[str, Floats],
        lost: Mapping[str, Floats],
        stored_j: float,
        loss_w: float,
    ) -> None:
        seconds, outdoor = wanted.seconds, float(self.given.temp_outdoor_c[k])
        point, t1, cp = loop.hydraulics, wanted.temp_supply_primary_c, self.system.substation.heat_capacity_water_j_kgk
        dhw, dhw_back, dhw_tap, loss_third, status = self.substation.central_dhw(wanted, commands)
        tap = dhw_tap + loop.heat_tap_w
        main = point.flow_kg_s * (1.0 - point.share)
        primary = main + dhw
        heat = main * cp * (t1 - loop.temp_return_c) + dhw * cp * (t1 - dhw_back)
        back = t1 - heat / (primary * cp) if primary > 0.0 else t1
        dhw_all = dhw + float(loop.draw_kg_s.sum())
        inflow = heat + point.shaft_w + sum(float(np.sum(part)) for part in gained.values())
        outflow = loss_w + loss_third + float(tap.sum()) + sum(float(np.sum(part)) for part in lost.values())
        if not math.isfinite(heat):
            status |= Status.NOT_FINITE
        if self.given.heating_season[k] and wanted.flow_rel < FLOW_LOW_REL:
            status |= Status.FLOW_LOW
        self.status[k] |= int(status | loop.status)
        self._sum_substation(
            int(self.given.group[k]),
            seconds,
            (
                1.0, heat, float(tap.sum()), loss_w, loss_third, point.electric_w, point.shaft_w, primary,
                point.flow_kg_s, dhw_all, primary * back, point.flow_kg_s * loop.temp_supply_c,
                point.flow_kg_s * loop.temp_return_c, t1,
            ),
        )  # fmt: skip
        self._sum_buildings(k, seconds, outdoor, loop.heat_sh_w, tap, {**gained, **lost})
        self._highest("mass_flow_primary_max_kg_s", primary)
        self._highest("mass_flow_secondary_max_kg_s", point.flow_kg_s)
        self._highest("mass_flow_dhw_primary_max_kg_s", dhw_all)
        self._highest("balance_step_max_j", abs(seconds * (inflow - outflow) - stored_j))
        self.hour_j += heat * seconds
        self.hour_s += seconds
        at_building = loop.temp_node_c[self.system.buildings.node]
        written: dict[str, float | Floats] = {
            "temp_outdoor_c": outdoor,
            "temp_outdoor_filtered_c": filtered,
            "irradiance_w_m2": float(self.given.irradiance_w_m2[k]),
            "temp_supply_primary_c": t1,
            "temp_return_primary_c": back,
            "temp_mixed_c": loop.temp_mixed_c,
            "temp_set_c": wanted.temp_set_c,
            "temp_supply_secondary_c": loop.temp_supply_c,
            "temp_return_secondary_c": loop.temp_return_c,
            "mixing_share_rel": point.share,
            "mass_flow_primary_kg_s": primary,
            "mass_flow_secondary_kg_s": point.flow_kg_s,
            "mass_flow_dhw_primary_kg_s": dhw_all,
            "dp_secondary_pa": point.dp_pa,
            "dp_valve_main_pa": point.dp_main_pa,
            "dp_pump_pa": point.dp_pump_pa,
            "mass_flow_pump_kg_s": point.flow_pump_kg_s,
            "heat_flow_primary_w": heat,
            "heat_loss_pipe_w": loss_w + loss_third,
            "power_pump_w": point.electric_w,
            "power_pump_water_w": point.shaft_w,
            "speed_pump_rel": point.speed_rel,
            "pumps_running": float(point.running),
            "temp_indoor_c": self.room,
            "heat_flow_sh_w": loop.heat_sh_w,
            "heat_flow_dhw_w": tap,
            "mass_flow_building_kg_s": self.substation.tree.flow_jet,
            "temp_supply_building_c": at_building,
            "temp_return_building_c": loop.temp_return_jet_c,
            "dp_building_pa": self.substation.tree.dp_consumer,
            "mass_flow_pipe_kg_s": self.substation.tree.flow_pipe,
            "temp_supply_pipe_c": loop.temp_node_c[1:],
            "temp_return_pipe_c": loop.temp_pipe_return_c,
        }
        for name, value in written.items():
            self._write(name, k, value, seconds / self.step_s)

    def _write(self, name: str, k: int, value: float | Floats, weight: float) -> None:
        """Add a sub-step's part to the mean of the step; weight 0 sets the value."""
        if name not in self.series:
            self.series[name] = np.zeros((len(self.status), np.size(value)))
        if weight == 0.0:
            self.series[name][k] = value
        else:
            self.series[name][k] += weight * np.asarray(value)

    def _sum_substation(self, group: int, seconds: float, values: tuple[float, ...]) -> None:
        for name, value in zip(SUBSTATION_TOTALS, values, strict=True):
            self.totals[name][group] += seconds * value

    def _sum_buildings(
        self, k: int, seconds: float, outdoor: float, heat: Floats, tap: Floats, flows: Mapping[str, Floats]
    ) -> None:
        comfort, room = self.system.comfort, self.room
        sums = {"heat_sh_j": heat, "heat_tap_j": tap, **flows}
        demand = np.zeros_like(heat)
        if self.given.heating_season[k]:
            load = relative_load(outdoor, comfort.temp_demand_c, self.system.curve.temp_design_outdoor_c)
            demand = heat_demand_w(load, self.system.buildings.heat_design_w)
        excess = np.maximum(heat - demand, 0.0) * (room > comfort.temp_demand_c)
        sums |= {"heat_demand_j": demand, "heat_excess_j": excess}
        if self.given.comfort_counted[k]:
            sums |= {
                "overheating_ks": np.maximum(room - comfort.temp_high_c, 0.0),
                "underheating_ks": np.maximum(comfort.temp_low_c - room, 0.0),
                "seconds_in_band": np.where((comfort.temp_low_c <= room) & (room <= comfort.temp_high_c), 1.0, 0.0),
                "seconds_counted": np.ones_like(room),
                "temp_indoor_ks": room,
            }
            np.minimum(self.coldest, room, out=self.coldest)
            np.maximum(self.warmest, room, out=self.warmest)
        group = int(self.given.group[k])
        for name, value in sums.items():
            self.totals[name][group] += seconds * value

    def _highest(self, name: str, value: float) -> None:
        self.extremes[name] = max(self.extremes[name], value)

    def _store_j(self) -> Floats:
        b = self.system.buildings
        stored: Floats = b.heat_capacity_room_j_k * self.room + b.heat_capacity_mass_j_k * self.mass
        return stored

    def _observe(self, k: int) -> Observation:
        given, hours, commands = self.given, max(1, round(HOUR_S / self.step_s)), self.agenda.commands
        seen = 1.0 if commands.sensor_ok else math.nan
        t1, temp_return = seen * float(given.temp_supply_primary_c[k]), seen * self.temp_return
        names = np.array(self.system.building_ids)
        return Observation(
            time_s=k * self.step_s,
            temp_outdoor_c=seen * float(given.temp_outdoor_c[k]),
            temp_outdoor_filtered_c=self.outdoor_filtered,
            temp_supply_primary_c=t1,
            temp_return_secondary_c=temp_return,
            temp_mixed_c=t1 - self.share * (t1 - temp_return),
            mass_flow_secondary_kg_s=float(self.substation.tree.flow_jet.sum()),
            mode=commands.mode,
            heating_season=bool(given.heating_season[k]),
            temp_indoor_c=dict(zip(names[self.monitored].tolist(), self.room[self.monitored].tolist(), strict=True)),
            forecast_temp_outdoor_c=tuple(given.temp_outdoor_c[k : k + 24 * hours : hours].tolist()),
        )

    def solution(self, seconds: float) -> Solution:
        """Return what was written, as the kernel's `simulate` does."""
        names = SUBSTATION_TOTALS + BUILDING_TOTALS
        return Solution(
            time=self.case.boundary.time,
            step_s=self.step_s,
            arrays=self.series,
            building_ids=self.system.building_ids,
            pipe_ids=self.system.pipe_ids,
            totals={name: self.totals[name] for name in names},
            extremes=self.extremes,
            temp_indoor_min_c=self.coldest,
            temp_indoor_max_c=self.warmest,
            store_change_j=self._store_j() - self.store_start_j,
            store_change_pipes_j=self.pipes_rise_j,
            status=self.status,
            events=self.agenda.events,
            stats={"blocks": float(len(self.status)), "loop_solves": float(self.solves), "wall_s": seconds},
            provenance={"scenario": self.case.assumptions.name, "scenario_hash": self.case.scenario_hash},
        )
