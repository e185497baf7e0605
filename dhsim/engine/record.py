"""What the kernel writes down: rooms one sub-step on, series, integrals and extremes."""

from __future__ import annotations

from typing import NamedTuple

from dhsim.control.commands import Commands
from dhsim.elementwise import inlined
from dhsim.engine.loop import Instant, LoopPoint, move_building
from dhsim.engine.primary import Primary
from dhsim.engine.state import BuildingSeries, Output, Parts, PipeSeries, State, SubstationSeries, Work
from dhsim.model.system import Floats
from dhsim.physics.heat_load import heat_demand_w, relative_load
from dhsim.solution import EXTREMES, BuildingTotals, SubstationTotals
from dhsim.units import S_PER_H

_PRIMARY_MAX = EXTREMES.index("mass_flow_primary_max_kg_s")
_SECONDARY_MAX = EXTREMES.index("mass_flow_secondary_max_kg_s")
_DHW_MAX = EXTREMES.index("mass_flow_dhw_primary_max_kg_s")
_HOUR_MAX = EXTREMES.index("heat_flow_hour_max_w")
_BALANCE_MAX = EXTREMES.index("balance_step_max_j")


class Slot(NamedTuple):
    """Where and with what weight a sub-step is written; scalars."""

    k: int
    group: int
    comfort_counted: int
    substep_s: float
    weight: float
    """Share of the step."""


@inlined
def settle_hour(heat_hour_j: float, seconds_hour: float, out: Output) -> bool:
    """Close an hour of heat for the capacity tariff, keeping the highest hourly mean; return whether one was full."""
    if seconds_hour < S_PER_H - 1e-6:
        return False
    out.extremes[_HOUR_MAX] = max(out.extremes[_HOUR_MAX], heat_hour_j / seconds_hour)
    return True


@inlined
def record_buildings(
    parts: Parts, instant: Instant, heat_gain_w: Floats, slot: Slot, state: State, work: Work, out: Output
) -> float:
    """Move every building one sub-step on, write it down, and return what their heat balances leave over [J]."""
    comfort, residual = parts.comfort, 0.0
    season = 1.0 if instant.heating_season == 1 else 0.0
    counted = 1.0 if slot.comfort_counted == 1 else 0.0
    load = season * relative_load(instant.temp_outdoor_c, comfort.temp_demand_c, parts.curve.temp_design_outdoor_c)
    for i in range(parts.buildings.node.size):
        solar, envelope, ventilation, left = move_building(
            parts, instant, heat_gain_w[i], i, state, work, slot.substep_s
        )
        residual += left
        room, heat = work.temp_room_next_c[i] + work.given.temp_room_more_k[i], work.heat_sh_w[i]
        demand = heat_demand_w(load, parts.buildings.heat_design_w[i])
        totals = BuildingTotals(
            heat_sh_j=heat,
            heat_demand_j=demand,
            heat_excess_j=max(heat - demand, 0.0) if room > comfort.temp_demand_c else 0.0,
            heat_gain_j=heat_gain_w[i],
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
            out.building_totals[slot.group, j, i] += slot.substep_s * totals[j]
        if counted > 0.0:
            out.temp_indoor_min_c[i] = min(out.temp_indoor_min_c[i], room)
            out.temp_indoor_max_c[i] = max(out.temp_indoor_max_c[i], room)
        series = BuildingSeries(
            temp_indoor_c=room,
            heat_flow_sh_w=heat,
            heat_flow_dhw_w=work.heat_tap_w[i],
            mass_flow_building_kg_s=state.flow.mass_flow_consumer_kg_s[i],
            temp_supply_building_c=work.temp_supply_node_c[parts.buildings.node[i]],
            temp_return_building_c=work.temp_return_jet_c[i],
            dp_building_pa=state.flow.dp_consumer_pa[i],
        )
        for j in range(len(series)):
            out.building[j, slot.k, i] += slot.weight * series[j]
    return residual


@inlined
def record_pipes(slot: Slot, state: State, work: Work, out: Output) -> None:
    """Write the series of the pipes."""
    for pipe in range(work.temp_supply_pipe_c.size):
        series = PipeSeries(
            mass_flow_pipe_kg_s=state.flow.mass_flow_pipe_kg_s[pipe],
            temp_supply_pipe_c=work.temp_supply_pipe_c[pipe],
            temp_return_pipe_c=work.temp_return_pipe_c[pipe],
        )
        for j in range(len(series)):
            out.pipe[j, slot.k, pipe] += slot.weight * series[j]


@inlined
def record_totals(
    instant: Instant,
    loop: LoopPoint,
    primary: Primary,
    slot: Slot,
    heat_loss_w: float,
    residual_j: float,
    work: Work,
    out: Output,
) -> None:
    """Write integrals and extremes of the substation.

    `residual_j` is what the buildings' balances left over, less what the pipes have stored.
    """
    point, tapped = loop.point, 0.0
    for i in range(work.heat_tap_w.size):
        tapped += work.heat_tap_w[i]
        residual_j -= slot.substep_s * (work.heat_sh_w[i] + work.heat_tap_w[i])
    residual_j += slot.substep_s * (primary.heat_w + point.power_water_w - heat_loss_w - primary.loss_third_pipe_w)
    totals = SubstationTotals(
        seconds=1.0,
        heat_primary_j=primary.heat_w,
        heat_dhw_j=tapped,
        heat_loss_pipe_j=heat_loss_w,
        heat_loss_third_pipe_j=primary.loss_third_pipe_w,
        energy_pump_j=point.power_electric_w,
        energy_pump_water_j=point.power_water_w,
        mass_primary_kg=primary.mass_flow_kg_s,
        mass_secondary_kg=point.mass_flow_kg_s,
        mass_dhw_primary_kg=primary.mass_flow_dhw_kg_s,
        mass_temp_return_primary_kgk=primary.mass_flow_kg_s * primary.temp_return_c,
        mass_temp_supply_secondary_kgk=point.mass_flow_kg_s * loop.temp_supply_c,
        mass_temp_return_secondary_kgk=point.mass_flow_kg_s * loop.temp_return_c,
        temp_supply_primary_ks=instant.temp_supply_primary_c,
    )
    for j in range(len(totals)):
        out.substation_totals[slot.group, j] += slot.substep_s * totals[j]
    out.extremes[_PRIMARY_MAX] = max(out.extremes[_PRIMARY_MAX], primary.mass_flow_kg_s)
    out.extremes[_SECONDARY_MAX] = max(out.extremes[_SECONDARY_MAX], point.mass_flow_kg_s)
    out.extremes[_DHW_MAX] = max(out.extremes[_DHW_MAX], primary.mass_flow_dhw_kg_s)
    out.extremes[_BALANCE_MAX] = max(out.extremes[_BALANCE_MAX], abs(residual_j))


@inlined
def record_series(
    commands: Commands,
    instant: Instant,
    temp_filtered_c: float,
    loop: LoopPoint,
    primary: Primary,
    slot: Slot,
    heat_loss_w: float,
    out: Output,
) -> None:
    """Write the substation's series: means over the step."""
    point = loop.point
    series = SubstationSeries(
        temp_outdoor_c=instant.temp_outdoor_c,
        temp_outdoor_filtered_c=temp_filtered_c,
        irradiance_w_m2=instant.irradiance_w_m2,
        temp_supply_primary_c=instant.temp_supply_primary_c,
        temp_return_primary_c=primary.temp_return_c,
        temp_mixed_c=loop.temp_mixed_c,
        temp_set_c=instant.temp_set_c,
        temp_supply_secondary_c=loop.temp_supply_c,
        temp_return_secondary_c=loop.temp_return_c,
        mixing_share_rel=point.mixing_share,
        mass_flow_primary_kg_s=primary.mass_flow_kg_s,
        mass_flow_secondary_kg_s=point.mass_flow_kg_s,
        mass_flow_dhw_primary_kg_s=primary.mass_flow_dhw_kg_s,
        dp_secondary_pa=point.dp_secondary_pa,
        dp_valve_main_pa=point.dp_main_pa,
        dp_pump_pa=point.dp_pump_pa,
        mass_flow_pump_kg_s=point.mass_flow_pump_kg_s,
        heat_flow_primary_w=primary.heat_w,
        heat_loss_pipe_w=heat_loss_w + primary.loss_third_pipe_w,
        power_pump_w=point.power_electric_w,
        power_pump_water_w=point.power_water_w,
        speed_pump_rel=point.speed_rel,
        pumps_running=float(point.pumps_running),
        mode=float(commands.mode),
    )
    for j in range(len(series)):
        out.substation[j, slot.k] += slot.weight * series[j]
