"""The points of a pressure diagram from one operating point of a run."""

from __future__ import annotations

import numpy as np

from dhsim.model.system import Mode, PumpPlace
from dhsim.report.diagram import PressurePoint
from dhsim.study.types import Comparison, Run

_PLACE_NAMES = {
    PumpPlace.BYPASS_LINE: "pumps in the bypass line",
    PumpPlace.SECONDARY_SUPPLY: "pumps in the secondary supply",
    PumpPlace.SECONDARY_RETURN: "pumps in the secondary return",
}
_VALVE, _BRANCH, _PUMP, _HEADER, _BUILDING = 1.0, 1.5, 2.0, 3.0, 5.0
"""Where things stand along the page."""


def typical_step(run: Run, mode: Mode) -> int | None:
    """Return the step of a mode with the median mixing share; None if the run was never in it with water flowing."""
    arrays = run.solution.arrays
    here = np.flatnonzero((arrays["mode"][:, 0] == mode) & (arrays["mass_flow_secondary_kg_s"][:, 0] > 0.0))
    if not here.size:
        return None
    share = arrays["mixing_share_rel"][here, 0]
    return int(here[np.argsort(share, kind="stable")[here.size // 2]])


def pressure_points(run: Run, step: int) -> list[PressurePoint]:
    """Return gauge pressures along supply, return and bypass line at one step, inlet to farthest building."""

    def value(name: str) -> float:
        return float(run.solution.arrays[name][step, 0])

    substation = run.case.system.substation
    place = PumpPlace(substation.pump_place)
    rise, secondary = value("dp_pump_pa"), value("dp_secondary_pa")
    back = float(substation.pressure_return_pa)
    inlet = back + float(run.case.boundary.arrays.dp_available_pa[step])
    mixing = inlet - value("dp_valve_main_pa")
    header = mixing + (rise if place == PumpPlace.SECONDARY_SUPPLY else 0.0)
    lowest = float(run.solution.arrays["dp_building_pa"][step].min())
    half_drop = (secondary - lowest) / 2.0
    points = [
        PressurePoint("primary supply", 0.0, inlet),
        PressurePoint("before the main valve", _VALVE, inlet),
        PressurePoint("mixing point", _VALVE, mixing),
    ]
    if place == PumpPlace.SECONDARY_SUPPLY and rise > 0.0:
        points += [PressurePoint("before the pumps", _PUMP, mixing), PressurePoint("behind the pumps", _PUMP, header)]
    points += [
        PressurePoint("secondary supply header", _HEADER, header),
        PressurePoint("supply, farthest building", _BUILDING, header - half_drop),
        PressurePoint("return, farthest building", _BUILDING, header - half_drop - lowest, "return"),
        PressurePoint("secondary return header", _HEADER, header - secondary, "return"),
    ]
    if place == PumpPlace.SECONDARY_RETURN and rise > 0.0:
        points += [
            PressurePoint("before the pumps", _PUMP, header - secondary, "return"),
            PressurePoint("behind the pumps", _PUMP, back, "return"),
        ]
    points += [PressurePoint("primary return", 0.0, back, "return")]
    if value("mixing_share_rel") > 0.0:
        points += [PressurePoint("bypass, return side", _BRANCH, back, "bypass")]
        if place == PumpPlace.BYPASS_LINE:
            points += [PressurePoint("bypass, behind the pumps", _BRANCH, back + rise, "bypass")]
        points += [PressurePoint("bypass, mixing point", _VALVE, mixing, "bypass")]
    return points


NEEDS = (
    *("mode", "mixing_share_rel", "mass_flow_secondary_kg_s", "dp_secondary_pa", "dp_valve_main_pa", "dp_pump_pa"),
    "dp_building_pa",
)
"""Series without which there is no diagram."""


def pressures_of(comparison: Comparison) -> dict[str, list[PressurePoint]]:
    """Return the diagrams a report needs: the reference in WINTER, and every place of the pumps once in BYPASS."""
    made: dict[str, list[PressurePoint]] = {}
    if any(name not in run.solution.arrays for run in comparison.runs for name in NEEDS):
        return made
    winter = typical_step(comparison.reference, Mode.WINTER)
    if winter is not None:
        made[f"Pressures in WINTER, {comparison.reference.name}"] = pressure_points(comparison.reference, winter)
    seen: set[PumpPlace] = set()
    for run in comparison.runs:
        place = PumpPlace(run.case.system.substation.pump_place)
        step = typical_step(run, Mode.BYPASS)
        mixes = step is not None and float(run.solution.arrays["mixing_share_rel"][step, 0]) > 0.0
        if step is not None and mixes and place not in seen:
            seen.add(place)
            made[f"Pressures in BYPASS, {run.name}: {_PLACE_NAMES[place]}"] = pressure_points(run, step)
    return made
