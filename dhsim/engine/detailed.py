"""Buildings in detail behind a group substation: both are run in turn until each agrees with what the other assumed.

The substation's run says what water reaches a building; the building, flat by flat, says what heat it takes from it,
how warm it gets, and, where the network's pressure drives its circuit, how far its heads let water through. In the next
run the lumped building stays in its place, corrected by what the detailed one did otherwise; so the substation feels an
answer to what it does at once, and only the difference of both answers is left to the next round. In the end both
agree, and nothing of the lumped building is left in the result. Where a control has moments of its own (a pump staged
by a room temperature), rounds settle them one after the other in time and more of them are needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from dhsim.engine.circuit import simulate_building
from dhsim.engine.circuit_drive import BuildingDrive, PumpLaw, supply_series
from dhsim.engine.circuit_run import BuildingRun
from dhsim.errors import ConvergenceError
from dhsim.model.boundary import Given, GivenHeat
from dhsim.model.case import Case
from dhsim.model.detailed import DetailedBuilding
from dhsim.model.system import Floats, Mode
from dhsim.solution import Solution

ROUNDS_MAX = 60
TOLERANCE_FLOW_REL = 1e-7
"""Change of a building's flow from round to round, over its commissioned flow."""
TOLERANCE_SUPPLY_K = 1e-6
"""Change of its supply temperature while water flows."""
_SAVED = ("temp_zone_c", "heat_zone_w", "mass_flow_zone_kg_s", "opening_radiator_rel")

Progress = Callable[[float], None]


class Once(Protocol):
    """One run of the substation."""

    def __call__(self, case: Case, progress: Progress | None) -> Solution:
        """Return the run of a Case whose buildings are lumped or given."""


@dataclass(frozen=True)
class Change:
    """How far two rounds are apart, at the worst step of the worst building."""

    flow_rel: float
    supply_k: float
    building: str
    step: int

    @property
    def is_small(self) -> bool:
        """Return whether both are within tolerance."""
        return self.flow_rel <= TOLERANCE_FLOW_REL and self.supply_k <= TOLERANCE_SUPPLY_K


def simulate_detailed(case: Case, once: Once, progress: Progress | None = None) -> Solution:
    """Simulate a Case with its buildings in detail.

    Parameters
    ----------
    case
        With `details`.
    once
        Runs the substation with its buildings lumped or given.
    progress
        Told the share done, as far as it can be foretold.

    Returns
    -------
    Solution
        Of the substation, with the series of the flats; `stats` has `rounds_detailed`, `change_flow_rel` and
        `change_supply_k` of the last round.

    Raises
    ------
    ConvergenceError
        If the rounds do not close, or a run fails; it names the building and the time.
    """
    solution = once(case, _scaled(progress, 0))
    given: GivenHeat | None = None
    change = Change(np.inf, np.inf, "", 0)
    for number in range(1, ROUNDS_MAX + 1):
        runs = [_run(case, solution, place, given) for place in range(len(case.details))]
        given = _given(case, solution, runs, given)
        after = once(_with_given(case, given), _scaled(progress, number))
        change = _change(case, solution, after)
        solution = after
        if change.is_small:
            if progress is not None:
                progress(1.0)
            return _with_flats(case, solution, runs, change, number)
    raise ConvergenceError(
        f"{case.assumptions.name}: the building in detail {change.building!r} and the substation do not agree after "
        f"{ROUNDS_MAX} rounds: flow {change.flow_rel:.1g} of design and supply {change.supply_k:.1g} K apart at "
        f"{case.boundary.time[change.step]}. A shorter time.step_min or a slower control (trim, filter) may help."
    )


def water_of(case: Case, solution: Solution, detail: DetailedBuilding, conductance_kg_s_pa05: Floats) -> BuildingDrive:
    """Return what a substation's run brings to one house of a building in detail.

    A jet pump lifts its circuit in proportion to the square of the nozzle's flow, so that with all heads open it mixes
    as designed; what heads throttle is mixed in less. Without one the network's pressure, as it stands before the
    commissioned entry valve, drives the circuit.

    Parameters
    ----------
    case, solution
        The substation and a run of it.
    detail
        The building.
    conductance_kg_s_pa05
        What that run took for its entry and circuit, shape (n_time,) [kg/(s sqrt(Pa))].

    Returns
    -------
    BuildingDrive
        For `simulate_building`.
    """
    arrays, i = case.boundary.arrays, detail.index
    flow_kg_s = solution.arrays["mass_flow_building_kg_s"][:, i]
    house_kg_s = flow_kg_s / detail.copies
    nozzle_kg_s: Floats | None = None
    if detail.mixing_ratio_jet > 0.0:
        pump = PumpLaw(detail.dp_circuit_pa * (house_kg_s / detail.mass_flow_entry_kg_s) ** 2)
        nozzle_kg_s = house_kg_s
    else:
        is_open = (arrays.heating_season == 1) & (solution.arrays["mode"][:, 0] != Mode.SUMMER_DHW)
        # of the means over a step, flow and pressure, the flow counts: so mass closes
        through = (flow_kg_s > 0.0) & (conductance_kg_s_pa05 > 0.0)
        lift_pa = np.where(is_open, solution.arrays["dp_building_pa"][:, i], 0.0)
        lift_pa[through] = (flow_kg_s[through] / conductance_kg_s_pa05[through]) ** 2
        pump = PumpLaw(lift_pa, 0.0, -detail.resistance_entry_pa_s2_kg2)
    return BuildingDrive(
        temp_outdoor_c=arrays.temp_outdoor_c,
        supply=supply_series(solution.arrays["temp_supply_building_c"][:, i]),
        heat_gain_w=arrays.heat_gain_w[:, i, np.newaxis] / detail.copies * detail.gain_share_rel,
        irradiance_w_m2=arrays.irradiance_w_m2,
        pump=pump,
        mass_flow_jet_kg_s=nozzle_kg_s,
    )


def _run(case: Case, solution: Solution, place: int, given: GivenHeat | None) -> BuildingRun:
    detail = case.details[place]
    used = np.full(len(case.boundary.time), case.system.buildings.conductance_kg_s_pa05[detail.index])
    if given is not None:
        said = given.conductance_kg_s_pa05[:, place]
        used = np.where(np.isnan(said), used, said)
    try:
        return simulate_building(
            detail.building,
            detail.zones,
            water_of(case, solution, detail, used),
            case.boundary.step_s,
            temp_start_c=case.temp_start_c,
            save=_SAVED,
            friction=detail.friction,
            tolerance_valve_rel=0.0,  # a valve that is let move unseen would move at another step in the next round
        )
    except ConvergenceError as error:
        raise ConvergenceError(f"{_name(case, detail)}: {error}") from error


def _given(case: Case, solution: Solution, runs: Sequence[BuildingRun], before: GivenHeat | None) -> GivenHeat:
    columns = []
    for place, (detail, run) in enumerate(zip(case.details, runs, strict=True)):
        own = _lumped(solution, detail.index, None if before is None else GivenHeat(*(one[:, place] for one in before)))
        columns.append(_given_by(detail, run, own))
    return GivenHeat(*(np.column_stack(parts) for parts in zip(*columns, strict=True)))


def _lumped(solution: Solution, index: int, given: GivenHeat | None) -> tuple[Floats, Floats]:
    """Return heat [W] and room temperature [degC] of the lumped building alone."""
    heat_w, flow_kg_s, room_c = (
        solution.arrays[name][:, index] for name in ("heat_flow_sh_w", "mass_flow_building_kg_s", "temp_indoor_c")
    )
    if given is None:
        return heat_w, room_c
    return heat_w - np.where(flow_kg_s > 0.0, given.heat_more_w, 0.0), room_c - given.temp_room_more_k


def _given_by(detail: DetailedBuilding, run: BuildingRun, lumped: tuple[Floats, Floats]) -> GivenHeat:
    """Return what a run of one house says of all of them, each of shape (n_time,)."""
    zones, copies, temp_c = detail.zones.zones, detail.copies, run["temp_zone_c"]
    outdoor_w = temp_c @ zones.ua_outdoor_w_k - zones.ua_outdoor_w_k.sum() * run.temp_outdoor_c
    room_c = temp_c @ zones.heat_capacity_j_k / zones.heat_capacity_j_k.sum()
    conductance = np.full(temp_c.shape[0], np.nan)
    if detail.mixing_ratio_jet == 0.0:
        # before the entry valve: what the circuit takes and what the valve takes
        lift_pa = run["dp_pump_pa"] + detail.resistance_entry_pa_s2_kg2 * run["mass_flow_kg_s"] ** 2
        driven = lift_pa > 0.0
        conductance[driven] = copies * run["mass_flow_kg_s"][driven] / np.sqrt(lift_pa[driven])
    return GivenHeat(
        heat_more_w=copies * run["heat_water_w"] - lumped[0],
        temp_room_more_k=room_c - lumped[1],
        conductance_kg_s_pa05=conductance,
        heat_outdoor_w=copies * outdoor_w,
    )


def _with_given(case: Case, given: GivenHeat) -> Case:
    index = np.array([detail.index for detail in case.details], dtype=np.int64)
    return replace(case, boundary=replace(case.boundary, given=Given(index, given)))


def _change(case: Case, before: Solution, after: Solution) -> Change:
    worst = Change(0.0, 0.0, "", 0)
    for detail in case.details:
        i = detail.index
        flows = [one.arrays["mass_flow_building_kg_s"][:, i] for one in (before, after)]
        supplies = [one.arrays["temp_supply_building_c"][:, i] for one in (before, after)]
        flow_rel = np.abs(flows[1] - flows[0]) / (detail.copies * detail.mass_flow_entry_kg_s)
        supply_k = np.where(flows[1] > 0.0, np.abs(supplies[1] - supplies[0]), 0.0)
        step = int(np.argmax(flow_rel / TOLERANCE_FLOW_REL + supply_k / TOLERANCE_SUPPLY_K))
        found = Change(float(flow_rel.max()), float(supply_k.max()), _name(case, detail), step)
        further = found.flow_rel > worst.flow_rel or found.supply_k > worst.supply_k
        worst = Change(
            max(worst.flow_rel, found.flow_rel),
            max(worst.supply_k, found.supply_k),
            found.building if further else worst.building,
            found.step if further else worst.step,
        )
    return worst


def _with_flats(case: Case, solution: Solution, runs: Sequence[BuildingRun], change: Change, rounds: int) -> Solution:
    """Return the run with the flats' series, and with what the buildings in detail have stored."""
    flats: list[tuple[str, str]] = []
    series: dict[str, list[Floats]] = {}
    stored_j = solution.store_change_j.copy()
    for detail, run in zip(case.details, runs, strict=True):
        name = _name(case, detail)
        flats += [(f"{name}/{zone}", name) for zone in run.zone_ids]
        stored_j[detail.index] = detail.copies * (run.totals["store_zone_j"] + run.totals["store_radiator_j"])
        radiators = np.bincount(run.zone_of_radiator, minlength=len(run.zone_ids))
        share = (run.zone_of_radiator[:, np.newaxis] == np.arange(len(run.zone_ids))) / radiators
        for column, values in (
            ("temp_flat_c", run["temp_zone_c"]),
            ("heat_flow_flat_w", run["heat_zone_w"]),
            ("mass_flow_flat_kg_s", run["mass_flow_zone_kg_s"]),
            ("opening_flat_rel", run["opening_radiator_rel"] @ share),
        ):
            series.setdefault(column, []).append(values)
    known = {
        "rounds_detailed": float(rounds),
        "change_flow_rel": change.flow_rel,
        "change_supply_k": change.supply_k,
    }
    return replace(
        solution,
        arrays={**solution.arrays, **{name: np.hstack(parts) for name, parts in series.items()}},
        store_change_j=stored_j,
        stats={**solution.stats, **known},
        flat_ids=tuple(flat for flat, _ in flats),
        building_of_flat=tuple(home for _, home in flats),
    )


def _name(case: Case, detail: DetailedBuilding) -> str:
    return case.system.building_ids[detail.index]


def _scaled(progress: Progress | None, number: int) -> Progress | None:
    """Return a progress that goes half of what is left with each round."""
    if progress is None:
        return None
    return lambda share: progress(1.0 - 0.5**number * (1.0 - 0.5 * share))
