"""The laws of control: what the substation wants at this instant. Timers and moments are the agenda's.

The state machine and the policies are those of the Omsk method, section 3b.
"""

from __future__ import annotations

import math

from dhsim.control.commands import Commands
from dhsim.elementwise import compiled
from dhsim.model.system import Control, Curve, FlowLaw, Mode, Pumps, SetPointLaw, Staging, Substation
from dhsim.physics.heat_load import relative_load
from dhsim.physics.heating_curve import flow_of_supply_rel, supply_temp_c
from dhsim.physics.pump import speed_for_rel

WINTER = int(Mode.WINTER)
BYPASS = int(Mode.BYPASS)
SUMMER_DHW = int(Mode.SUMMER_DHW)
_AS_DELIVERED = int(SetPointLaw.AS_DELIVERED)
_CAP = int(SetPointLaw.CAP)
_GENERAL_CURVE = int(FlowLaw.GENERAL_CURVE)
_CONSTANT_SPEED = int(FlowLaw.CONSTANT_SPEED)
_HEAT_50 = int(Staging.HEAT_50)

SPEED_DROP_REL = 0.92
"""A pump stops when the others would run below this speed."""
RUNOUT_DROP_REL = 1.3
RUNOUT_ADD_REL = 1.5
"""A pump stops only if the others stay below 1.3 times their best flow (by affinity), and starts above 1.5 times it: a
pump run out to the end of its curve would hold the pressure at a fraction of its efficiency."""
HEAT_OFF_REL = 0.50
HEAT_BACK_REL = 0.60


@compiled
def filtered_temp_c(temp_filtered_c: float, temp_outdoor_c: float, filter_s: float, step_s: float) -> float:
    """Return the first-order filtered outdoor temperature [degC] after a step; raw if `filter_s` is 0."""
    if filter_s <= 0.0:
        return temp_outdoor_c
    return temp_filtered_c + (1.0 - math.exp(-step_s / filter_s)) * (temp_outdoor_c - temp_filtered_c)


@compiled
def is_fail_safe(commands: Commands) -> bool:
    """Return whether something is broken that must end BYPASS at once."""
    return commands.sensor_ok == 0 or commands.third_pipe_ok == 0 or commands.undersupply == 1


@compiled
def mode_wanted(commands: Commands, control: Control, heating_season: int, temp_filtered_c: float) -> int:
    """Return the mode that the state machine wants, safety first.

    Parameters
    ----------
    commands
        The agenda's flags and the present mode.
    control
        Policy; gives the change-point temperature and its hysteresis.
    heating_season
        1 in the heating season.
    temp_filtered_c
        Filtered outdoor temperature [degC].

    Returns
    -------
    int
        dhsim.model.system.Mode.
    """
    if commands.sensor_ok == 0:
        return WINTER
    if heating_season == 0:
        return SUMMER_DHW
    if is_fail_safe(commands) or control.has_bypass == 0:
        return WINTER
    threshold = control.cpt_c - control.hysteresis_k if commands.mode == BYPASS else control.cpt_c
    return BYPASS if temp_filtered_c > threshold else WINTER


UNDERSUPPLY_MILD = 1
UNDERSUPPLY_COLD = 2
"""What an UNDERSUPPLY_ON trip says: a supply below the floor in mild weather, or where the rooms need more."""


@compiled
def undersupply_kind(heating_season: int, temp_filtered_c: float, control: Control) -> int:
    """Return whether a primary supply below the floor is an alarm (in the season and below the CPT) or only mild."""
    return UNDERSUPPLY_COLD if heating_season == 1 and temp_filtered_c < control.cpt_c else UNDERSUPPLY_MILD


@compiled
def undersupply_now(latch: int, temp_supply_primary_c: float, control: Control) -> int:
    """Return 1 while the primary supply is below the alarm threshold (with hysteresis on the way back)."""
    if latch == 1:
        return 1 if temp_supply_primary_c < control.temp_floor_alarm_c + control.floor_alarm_hysteresis_k else 0
    return 1 if temp_supply_primary_c < control.temp_floor_alarm_c else 0


@compiled
def curve_temp_c(curve: Curve, temp_outdoor_c: float) -> float:
    """Return the unfloored supply temperature of the heating curve, or of the points that replace it [degC]."""
    outdoor, supply = curve.points_outdoor_c, curve.points_supply_c
    n = outdoor.size
    if n == 0:
        load = relative_load(temp_outdoor_c, curve.temp_indoor_c, curve.temp_design_outdoor_c)
        return supply_temp_c(
            load,
            1.0,
            curve.temp_indoor_c,
            curve.head_design_k,
            curve.drop_radiator_k,
            curve.drop_network_k,
            curve.exponent,
        )
    if temp_outdoor_c <= outdoor[0]:
        return float(supply[0])
    for i in range(1, n):
        if temp_outdoor_c <= outdoor[i]:
            share = (temp_outdoor_c - outdoor[i - 1]) / (outdoor[i] - outdoor[i - 1])
            return float(supply[i - 1] + share * (supply[i] - supply[i - 1]))
    return float(supply[n - 1])


@compiled
def temp_set_c(
    mode: int,
    commands: Commands,
    control: Control,
    curve: Curve,
    temp_filtered_c: float,
    temp_supply_primary_c: float,
    trim_k: float,
) -> float:
    """Return the set-point of the secondary supply [degC]: as delivered outside BYPASS, by the policy inside."""
    if mode != BYPASS:
        return temp_supply_primary_c
    if not math.isnan(commands.temp_set_c):
        wanted = max(commands.temp_set_c, control.temp_mixed_min_c)
    elif control.set_point_law == _AS_DELIVERED:
        wanted = temp_supply_primary_c
    elif control.set_point_law == _CAP:
        wanted = control.temp_cap_c
    else:
        wanted = curve_temp_c(curve, temp_filtered_c) + trim_k + commands.temp_offset_k
        wanted = max(wanted, control.temp_mixed_min_c)
    return min(wanted, temp_supply_primary_c)


@compiled
def flow_wanted_rel(
    mode: int,
    commands: Commands,
    control: Control,
    curve: Curve,
    substation: Substation,
    heating_season: int,
    temp_filtered_c: float,
    temp_set: float,
) -> float:
    """Return the secondary flow wanted, relative to design.

    The general curve acts in mild weather only (in BYPASS; without a bypass line above the change point and while
    nothing is broken), and never asks for more than the dp set-point gives.
    """
    if not math.isnan(commands.flow_set_rel) and control.flow_law != _CONSTANT_SPEED:
        return min(max(commands.flow_set_rel, 0.0), substation.flow_set_rel)
    if control.flow_law != _GENERAL_CURVE:
        return substation.flow_set_rel
    mild = mode == BYPASS
    if control.has_bypass == 0:
        mild = heating_season == 1 and temp_filtered_c > control.cpt_c and not is_fail_safe(commands)
    if not mild:
        return substation.flow_set_rel
    load = relative_load(temp_filtered_c, curve.temp_indoor_c, curve.temp_design_outdoor_c)
    wanted = flow_of_supply_rel(
        load,
        temp_set,
        curve.temp_indoor_c,
        curve.head_design_k,
        curve.drop_radiator_k,
        curve.drop_network_k,
        curve.exponent,
    )
    return min(max(wanted, control.flow_min_rel), substation.flow_set_rel)


@compiled
def trim_next_k(
    trim_k: float, mode: int, control: Control, sensor_ok: int, temp_room_coldest_c: float, step_s: float
) -> float:
    """Return the slow integral of (set-point - coldest monitored room), limited; it rests outside BYPASS [K]."""
    if control.has_trim == 0 or mode != BYPASS or sensor_ok == 0 or not math.isfinite(temp_room_coldest_c):
        return trim_k
    moved = trim_k + control.trim_gain_per_s * (control.trim_temp_room_c - temp_room_coldest_c) * step_s
    return min(max(moved, -control.trim_limit_k), control.trim_limit_k)


@compiled
def pumps_wanted(
    commands: Commands,
    control: Control,
    curve: Curve,
    pumps: Pumps,
    flow_pump_m3_s: float,
    dp_pump_pa: float,
    temp_outdoor_c: float,
    short: int,
) -> int:
    """Return the number of pumps that staging wants.

    Parameters
    ----------
    flow_pump_m3_s
        Flow of all pumps together at the last operating point [m3/s].
    dp_pump_pa
        Their pressure rise there [Pa].
    temp_outdoor_c
        Filtered outdoor temperature, for the heat demand of `heat_50` [degC].
    short
        1 if the running pumps could not hold the set-point.
    """
    on = commands.pumps_on
    if pumps.n_pumps < 2 or control.flow_law == _CONSTANT_SPEED:
        return on
    if pumps.staging == _HEAT_50:
        load = relative_load(temp_outdoor_c, curve.temp_indoor_c, curve.temp_design_outdoor_c)
        if load < HEAT_OFF_REL:
            return pumps.n_pumps - 1
        if load > HEAT_BACK_REL:
            return pumps.n_pumps
        return on
    if flow_pump_m3_s <= 0.0:
        return on
    a0, a1, a2 = pumps.head_a0_pa, pumps.head_a1_pa_s_m3, pumps.head_a2_pa_s2_m6
    speed = speed_for_rel(flow_pump_m3_s / on, dp_pump_pa, a0, a1, a2)
    if on < pumps.n_pumps and (short == 1 or flow_pump_m3_s / on > RUNOUT_ADD_REL * speed * pumps.flow_best_m3_s):
        return on + 1
    if on > 1:
        speed = speed_for_rel(flow_pump_m3_s / (on - 1), dp_pump_pa, a0, a1, a2)
        if speed < SPEED_DROP_REL and flow_pump_m3_s / (on - 1) < RUNOUT_DROP_REL * speed * pumps.flow_best_m3_s:
            return on - 1
    return on
