"""What `dhsim check` says of buildings and networks. Heavy imports stand inside the functions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from dhsim.cli.common import say
from dhsim.cli.network import check as check_networks
from dhsim.errors import DhsimError

if TYPE_CHECKING:
    from dhsim.balancing.protocol import BuildingCase
    from dhsim.balancing.sensor_data import SensorSeries


def network_checked(file: Path) -> bool:
    """Print what a network is, or its problems; return whether it is good."""
    try:
        check_networks([file])
    except typer.Exit:
        return False
    return True


def building_checked(file: Path) -> bool:
    """Print what a building is and what to beware of, or its problems; return whether it is good.

    The protocol is held against the hydraulics, and the readings that the building names are read.
    """
    from dhsim.balancing.protocol import open_building, read_sensors

    try:
        case = open_building(file)
        series = None if case.scenario.sensors is None else read_sensors(case)
    except DhsimError as error:
        say(f"{file}: not good\n{error}")
        return False
    typer.echo(f"{file}: ok, {building_portrait(case, series)}")
    for flag in dict.fromkeys((*case.flags, *(() if series is None else series.flags))):
        say(f"{file}: caution: {flag}")
    return True


def building_portrait(case: BuildingCase, series: SensorSeries | None = None) -> str:
    """Return a building in a few words."""
    import numpy as np

    from dhsim.model.building_paths import radiators_behind
    from dhsim.units import M3_PER_L, PA_PER_KPA, S_PER_H, S_PER_MIN, W_PER_KW

    building, scenario = case.building, case.scenario
    shared = int((radiators_behind(building).number(building.valves.size) > 1).sum())
    known = np.isfinite(case.heat_design_w)
    heat = f" of {case.heat_design_w.sum() / W_PER_KW:.1f} kW design heat" if known.all() else ""
    flow_l_h = case.flow_radiators_m3_s.sum() / M3_PER_L * S_PER_H
    of_protocol = "as the protocol has it" if scenario.protocol else "computed, for want of a protocol"
    said = (
        f"{scenario.name}: {building.n_zone} flats{heat}, "
        f"{building.radiators.size} radiators, {building.valves.size} valves, {shared} of them for several radiators "
        f"(risers), total flow {flow_l_h:.0f} l/h at {building.dp_pump_pa / PA_PER_KPA:.4g} kPa, {of_protocol}"
        f"{'; made-up figures' if scenario.made_up or scenario.synthetic else ''}"
    )
    if series is None:
        return said
    return (
        f"{said}; readings of {len(series.zone_ids)} flats: {len(series.time)} steps of {series.step_s / S_PER_MIN:g} "
        f"min from {series.time[0]:%Y-%m-%d %H:%M} to {series.time[-1]:%Y-%m-%d %H:%M} UTC"
    )
