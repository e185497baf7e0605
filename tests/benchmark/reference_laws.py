"""What the reference stepper wants at an instant: modes, pumps, set-points, from section 3b of the Omsk method."""

from __future__ import annotations

import numpy as np

from dhsim.control.commands import Commands
from dhsim.model.system import Control, FlowLaw, Mode, SetPointLaw, Staging, System
from dhsim.physics.heat_load import relative_load
from dhsim.physics.heating_curve import flow_of_supply_rel, supply_temp_c
from dhsim.physics.pump import speed_for_rel

SPEED_DROP_REL, RUNOUT_DROP_REL, RUNOUT_ADD_REL = 0.92, 1.3, 1.5
HEAT_OFF_REL, HEAT_BACK_REL = 0.5, 0.6


def is_sound(commands: Commands) -> bool:
    """Return whether nothing is broken that must end BYPASS at once."""
    return bool(commands.sensor_ok and commands.third_pipe_ok and not commands.undersupply)


def mode_wanted(control: Control, commands: Commands, heating: bool, filtered_c: float) -> Mode:
    """Return the mode of the state machine, safety first."""
    if not commands.sensor_ok:
        return Mode.WINTER
    if not heating:
        return Mode.SUMMER_DHW
    if not is_sound(commands) or not control.has_bypass:
        return Mode.WINTER
    stay_k = control.hysteresis_k if commands.mode == Mode.BYPASS else 0.0
    return Mode.BYPASS if filtered_c > control.cpt_c - stay_k else Mode.WINTER


def pumps_wanted(
    system: System, commands: Commands, filtered_c: float, flow_m3_s: float, dp_pa: float, short: bool
) -> int:
    """Return how many pumps staging wants, from what they did last."""
    on, pumps = commands.pumps_on, system.pumps
    if pumps.n_pumps < 2 or system.control.flow_law == FlowLaw.CONSTANT_SPEED:
        return on
    if pumps.staging == Staging.HEAT_50:
        load = _load(system, filtered_c)
        return pumps.n_pumps - 1 if load < HEAT_OFF_REL else pumps.n_pumps if load > HEAT_BACK_REL else on
    if flow_m3_s <= 0.0:
        return on
    if on < pumps.n_pumps and (short or _speed_and_runout(system, flow_m3_s / on, dp_pa)[1] > RUNOUT_ADD_REL):
        return on + 1
    if on > 1:
        speed, runout = _speed_and_runout(system, flow_m3_s / (on - 1), dp_pa)
        if speed < SPEED_DROP_REL and runout < RUNOUT_DROP_REL:
            return on - 1
    return on


def temp_set_c(system: System, commands: Commands, t1: float, filtered_c: float, trim_k: float) -> float:
    """Return what the secondary supply is held at [degC]."""
    control, curve = system.control, system.curve
    if commands.mode != Mode.BYPASS:
        return t1
    if not np.isnan(commands.temp_set_c):
        return min(max(commands.temp_set_c, system.control.temp_mixed_min_c), t1)
    if control.set_point_law == SetPointLaw.AS_DELIVERED:
        return t1
    if control.set_point_law == SetPointLaw.CAP:
        return min(control.temp_cap_c, t1)
    if curve.points_outdoor_c.size:
        wanted = float(np.interp(filtered_c, curve.points_outdoor_c, curve.points_supply_c))
    else:
        wanted = float(supply_temp_c(_load(system, filtered_c), 1.0, *_curve(system)))
    return min(max(wanted + trim_k + commands.temp_offset_k, control.temp_mixed_min_c), t1)


def flow_wanted_rel(system: System, commands: Commands, heating: bool, filtered_c: float, set_c: float) -> float:
    """Return the secondary flow wanted, relative to design."""
    control, full = system.control, system.substation.flow_set_rel
    in_bypass = commands.mode == Mode.BYPASS
    if control.flow_law != FlowLaw.CONSTANT_SPEED and not np.isnan(commands.flow_set_rel):
        return min(max(commands.flow_set_rel, 0.0), full)
    mild = in_bypass if control.has_bypass else heating and filtered_c > control.cpt_c and is_sound(commands)
    if control.flow_law != FlowLaw.GENERAL_CURVE or not mild:
        return full
    wanted = float(flow_of_supply_rel(_load(system, filtered_c), set_c, *_curve(system)))
    return min(max(wanted, control.flow_min_rel), full)


def _load(system: System, outdoor_c: float) -> float:
    return float(relative_load(outdoor_c, system.curve.temp_indoor_c, system.curve.temp_design_outdoor_c))


def _curve(system: System) -> tuple[float, ...]:
    curve = system.curve
    return curve.temp_indoor_c, curve.head_design_k, curve.drop_radiator_k, curve.drop_network_k, curve.exponent


def _speed_and_runout(system: System, flow_m3_s: float, dp_pa: float) -> tuple[float, float]:
    """Return the speed a pump needs, and its flow over the best flow at that speed."""
    pumps = system.pumps
    curve = (pumps.head_a0_pa, pumps.head_a1_pa_s_m3, pumps.head_a2_pa_s2_m6)
    speed = float(speed_for_rel(flow_m3_s, dp_pa, *curve))
    return speed, flow_m3_s / (speed * pumps.flow_best_m3_s)
