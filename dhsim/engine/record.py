"""What the kernel writes down: rooms one sub-step on, series, integrals and extremes."""

from __future__ import annotations

from dhsim.control.commands import Commands
from dhsim.elementwise import compiled
from dhsim.engine.loop import Instant, LoopPoint, dhw_heater
from dhsim.engine.state import BuildingSeries, Output, PipeSeries, State, SubstationSeries, Work
from dhsim.model.boundary import BoundaryArrays
from dhsim.model.system import Buildings, Comfort, Curve, Floats, Substation
from dhsim.network.topology import Pipes
from dhsim.physics.heat_load import heat_demand_w, relative_load
from dhsim.physics.zone import mass_temp_next_c
from dhsim.solution import EXTREMES, BuildingTotals, SubstationTotals
from dhsim.units import S_PER_H

_PRIMARY_MAX = EXTREMES.index("mass_flow_primary_max_kg_s")
_SECONDARY_MAX = EXTREMES.index("mass_flow_secondary_max_kg_s")
_DHW_MAX = EXTREMES.index("mass_flow_dhw_primary_max_kg_s")
_HOUR_MAX = EXTREMES.index("heat_flow_hour_max_w")
_BALANCE_MAX = EXTREMES.index("balance_step_max_j")


@compiled
def settle_hour(heat_hour_j: float, seconds_hour: float, out: Output) -> bool:
    """Close an hour of heat for the capacity tariff, keeping the highest hourly mean; return whether one was full."""
    if seconds_hour < S_PER_H - 1e-6:
        return False
    out.extremes[_HOUR_MAX] = max(out.extremes[_HOUR_MAX], heat_hour_j / seconds_hour)
    return True


@compiled
def _record_buildings(
    buildings: Buildings,
    curve: Curve,
    comfort: Comfort,
    instant: Instant,
    heat_gain_w: Floats,
    comfort_counted: int,
    group: int,
    state: State,
    work: Work,
    out: Output,
    k: int,
    substep_s: float,
    weight: float,
) -> float:
    """Move every building one sub-step on, write it down, and return what their heat balances leave over [J]."""
    residual, outdoor = 0.0, instant.temp_outdoor_c
    season = 1.0 if instant.heating_season == 1 else 0.0
    counted = 1.0 if comfort_counted == 1 else 0.0
    load = relative_load(outdoor, comfort.temp_demand_c, curve.temp_design_outdoor_c)
    for i in range(buildings.node.size):
        room, heat, gain = work.temp_room_next_c[i], work.heat_sh_w[i], heat_gain_w[i]
        mass = mass_temp_next_c(
            state.temp_mass_c[i],
            room,
            outdoor,
            buildings.ua_inner_w_k[i],
            buildings.ua_outer_w_k[i],
            buildings.heat_capacity_mass_j_k[i],
            substep_s,
        )
        solar = buildings.aperture_solar_m2[i] * instant.irradiance_w_m2
        envelope = buildings.ua_outer_w_k[i] * (mass - outdoor)
        ventilation = (buildings.ua_direct_w_k[i] + work.ua_window_w_k[i]) * (room - outdoor)
        stored = buildings.heat_capacity_room_j_k[i] * (room - state.temp_room_c[i])
        stored += buildings.heat_capacity_mass_j_k[i] * (mass - state.temp_mass_c[i])
        residual += substep_s * (heat + gain + solar - envelope - ventilation) - stored
        state.temp_room_c[i] = room
        state.temp_mass_c[i] = mass
        demand = season * heat_demand_w(load, buildings.heat_design_w[i])
        totals = BuildingTotals(
            heat_sh_j=heat,
            heat_demand_j=demand,
            heat_excess_j=max(heat - demand, 0.0),
            heat_gain_j=gain,
            heat_solar_j=solar,
            heat_envelope_j=envelope,
            heat_ventilation_j=ventilation,
            heat_tap_j=work.heat_tap_w[i],
            overheating_ks=counted * max(room - comfort.temp_high_c, 0.0),
            underheating_ks=counted * max(comfort.temp_low_c - room, 0.0),
            seconds_in_band=counted if comfort.temp_low_c <= room <= comfort.temp_high_c else 0.0,
            seconds_counted=counted,
            temp_indoor_ks=counted * room,
        )
        for j in range(len(totals)):
            out.building_totals[group, j, i] += substep_s * totals[j]
        if counted > 0.0:
            out.temp_indoor_min_c[i] = min(out.temp_indoor_min_c[i], room)
            out.temp_indoor_max_c[i] = max(out.temp_indoor_max_c[i], room)
        series = BuildingSeries(
            temp_indoor_c=room,
            heat_flow_sh_w=heat,
            heat_flow_dhw_w=work.heat_tap_w[i],
            mass_flow_building_kg_s=state.flow.mass_flow_consumer_kg_s[i],
            temp_supply_building_c=work.temp_supply_node_c[buildings.node[i]],
            temp_return_building_c=work.temp_return_jet_c[i],
            dp_building_pa=state.flow.dp_consumer_pa[i],
        )
        for j in range(len(series)):
            out.building[j, k, i] += weight * series[j]
    return residual


@compiled
def _record_pipes(pipes: Pipes, state: State, work: Work, out: Output, k: int, weight: float) -> None:
    for pipe in range(pipes.length_m.size):
        series = PipeSeries(
            state.flow.mass_flow_pipe_kg_s[pipe], work.temp_supply_node_c[pipe + 1], work.temp_return_pipe_c[pipe]
        )
        for j in range(len(series)):
            out.pipe[j, k, pipe] += weight * series[j]


@compiled
def _central_dhw(
    substation: Substation, commands: Commands, instant: Instant, tap_kg_s: Floats, work: Work
) -> tuple[float, float, float, int]:
    """Return flow [kg/s], return [degC], loss [W] and status of the third pipe's heater; writes heat_tap_w."""
    if commands.third_pipe_ok == 0:
        return 0.0, instant.temp_supply_primary_c, 0.0, 0
    tap = 0.0
    for i in range(tap_kg_s.size):
        tap += tap_kg_s[i]
    dhw = dhw_heater(
        instant.temp_supply_primary_c,
        tap,
        instant.temp_cold_c,
        substation.temp_hot_c,
        substation.loss_third_pipe_w,
        substation.ua_dhw_w_k,
        substation.heat_capacity_water_j_kgk,
    )
    for i in range(tap_kg_s.size):
        work.heat_tap_w[i] = dhw.heat_tap_w * tap_kg_s[i] / tap if tap > 0.0 else 0.0
    return dhw.mass_flow_kg_s, dhw.temp_return_c, dhw.heat_loss_w, dhw.status


@compiled
def record_substep(
    pipes: Pipes,
    buildings: Buildings,
    substation: Substation,
    curve: Curve,
    comfort: Comfort,
    boundary: BoundaryArrays,
    commands: Commands,
    instant: Instant,
    loop: LoopPoint,
    state: State,
    work: Work,
    out: Output,
    temp_filtered_c: float,
    k: int,
    substep_s: float,
    step_s: float,
    keep_pipes: bool,
) -> tuple[float, int]:
    """Write one sub-step into rooms, series and integrals; return the primary heat [W] and the status."""
    weight = substep_s / step_s
    group = boundary.group[k]
    point, cp, t1 = loop.point, substation.heat_capacity_water_j_kgk, instant.temp_supply_primary_c
    dhw_kg_s, temp_dhw, loss_third_w, status = _central_dhw(
        substation, commands, instant, boundary.mass_flow_tap_kg_s[k], work
    )
    main_kg_s = point.mass_flow_kg_s * (1.0 - point.mixing_share)
    primary_kg_s = main_kg_s + dhw_kg_s
    heat_primary = main_kg_s * cp * (t1 - loop.temp_return_c) + dhw_kg_s * cp * (t1 - temp_dhw)
    back = t1 - heat_primary / (primary_kg_s * cp) if primary_kg_s > 0.0 else t1
    residual = _record_buildings(
        buildings,
        curve,
        comfort,
        instant,
        boundary.heat_gain_w[k],
        boundary.comfort_counted[k],
        group,
        state,
        work,
        out,
        k,
        substep_s,
        weight,
    )
    tapped = 0.0
    for i in range(buildings.node.size):
        tapped += work.heat_tap_w[i]
        residual -= substep_s * (work.heat_sh_w[i] + work.heat_tap_w[i])
        dhw_kg_s += work.draw_kg_s[i]
    residual += substep_s * (heat_primary + point.power_water_w - loop.heat_loss_w - loss_third_w)
    if keep_pipes:
        _record_pipes(pipes, state, work, out, k, weight)
    totals = SubstationTotals(
        seconds=1.0,
        heat_primary_j=heat_primary,
        heat_dhw_j=tapped,
        heat_loss_pipe_j=loop.heat_loss_w,
        heat_loss_third_pipe_j=loss_third_w,
        energy_pump_j=point.power_electric_w,
        energy_pump_water_j=point.power_water_w,
        mass_primary_kg=primary_kg_s,
        mass_secondary_kg=point.mass_flow_kg_s,
        mass_dhw_primary_kg=dhw_kg_s,
        mass_temp_return_primary_kgk=primary_kg_s * back,
        mass_temp_supply_secondary_kgk=point.mass_flow_kg_s * loop.temp_supply_c,
        mass_temp_return_secondary_kgk=point.mass_flow_kg_s * loop.temp_return_c,
        temp_supply_primary_ks=t1,
    )
    for j in range(len(totals)):
        out.substation_totals[group, j] += substep_s * totals[j]
    series = SubstationSeries(
        temp_outdoor_c=instant.temp_outdoor_c,
        temp_outdoor_filtered_c=temp_filtered_c,
        irradiance_w_m2=instant.irradiance_w_m2,
        temp_supply_primary_c=t1,
        temp_return_primary_c=back,
        temp_mixed_c=loop.temp_mixed_c,
        temp_set_c=instant.temp_set_c,
        temp_supply_secondary_c=loop.temp_supply_c,
        temp_return_secondary_c=loop.temp_return_c,
        mixing_share_rel=point.mixing_share,
        mass_flow_primary_kg_s=primary_kg_s,
        mass_flow_secondary_kg_s=point.mass_flow_kg_s,
        mass_flow_dhw_primary_kg_s=dhw_kg_s,
        dp_secondary_pa=point.dp_secondary_pa,
        dp_valve_main_pa=point.dp_main_pa,
        dp_pump_pa=point.dp_pump_pa,
        mass_flow_pump_kg_s=point.mass_flow_pump_kg_s,
        heat_flow_primary_w=heat_primary,
        heat_loss_pipe_w=loop.heat_loss_w + loss_third_w,
        power_pump_w=point.power_electric_w,
        power_pump_water_w=point.power_water_w,
        speed_pump_rel=point.speed_rel,
        pumps_running=float(point.pumps_running),
        mode=float(commands.mode),
    )
    for j in range(len(series)):
        out.substation[j, k] += weight * series[j]
    out.extremes[_PRIMARY_MAX] = max(out.extremes[_PRIMARY_MAX], primary_kg_s)
    out.extremes[_SECONDARY_MAX] = max(out.extremes[_SECONDARY_MAX], point.mass_flow_kg_s)
    out.extremes[_DHW_MAX] = max(out.extremes[_DHW_MAX], dhw_kg_s)
    out.extremes[_BALANCE_MAX] = max(out.extremes[_BALANCE_MAX], abs(residual))
    return heat_primary, status
