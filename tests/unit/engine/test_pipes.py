"""The water in the secondary network's pipes: it takes its time, it cools where it stands, and its heat is booked."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dhsim.assess.energy import balance_residual_rel, total
from dhsim.engine import simulate
from dhsim.errors import Status
from dhsim.model.case import Case
from dhsim.model.system import Mode, System
from dhsim.network.parts import Line
from dhsim.solution import Solution

MakeCase = Callable[..., Case]

LONG_PIPES = [
    {"id": "P1", "start": "substation", "end": "A", "length_m": 400, "diameter_inner_mm": 150},
    {"id": "Pa", "start": "A", "end": "a", "length_m": 50, "diameter_inner_mm": 80},
    {"id": "Pb", "start": "A", "end": "b", "length_m": 300, "diameter_inner_mm": 125},
    {"id": "Pc", "start": "b", "end": "c", "length_m": 300, "diameter_inner_mm": 100},
    {"id": "Pd", "start": "substation", "end": "d", "length_m": 45, "diameter_inner_mm": 80},
]
WAY_TO_C = ("P1", "Pb", "Pc")
WALL_J_MK = 6000.0
"""Of a steel pipe of about 100 x 5 mm."""
FROST = {"weather": {"constant_temp_outdoor_c": -10.0}, "heat_load.heating_season": "always", "time.step_min": 1}
SUMMER = {"time.start": "2021-07-10", "heat_load.heating_season": "never"}
LOCAL = {"dhw.supply": "local", "dhw.stochastic": False}


def with_walls(case: Case, wall_j_mk: float) -> Case:
    def thick(line: Line) -> Line:
        return line._replace(heat_capacity_wall_j_mk=np.full(line.length_m.size, wall_j_mk))

    system = case.system
    return dataclasses.replace(
        case, system=dataclasses.replace(system, supply=thick(system.supply), return_line=thick(system.return_line))
    )


def with_boundary(case: Case, **arrays: Any) -> Case:
    given = case.boundary.arrays._replace(**arrays)
    return dataclasses.replace(case, boundary=dataclasses.replace(case.boundary, arrays=given))


def content_kg(system: System, line: Line) -> np.ndarray:
    """Water plus wall, counted as water."""
    substation = system.substation
    water_kg_m = substation.density_water_kg_m3 * np.pi / 4.0 * line.diameter_m**2
    return line.length_m * (water_kg_m + line.heat_capacity_wall_j_mk / substation.heat_capacity_water_j_kgk)


def stepped_up(case: Case, first: int, rise_k: float) -> Case:
    supply = np.full_like(case.boundary.arrays.temp_supply_primary_c, 90.0)
    supply[first:] += rise_k
    return with_boundary(case, temp_supply_primary_c=supply)


@pytest.mark.parametrize("wall_j_mk", [0.0, WALL_J_MK])
def test_a_step_arrives_after_the_time_that_water_and_wall_take(small_case: MakeCase, wall_j_mk: float) -> None:
    first, later = 120, 600
    tight = {**FROST, "pipes": [{**pipe, "u_w_mk": 0.0} for pipe in LONG_PIPES], "time.days": 1}
    case = with_walls(small_case("vfd_only", tight), wall_j_mk)
    solution, without = simulate(stepped_up(case, first, 10.0)), simulate(stepped_up(case, first, 0.0))
    flow = solution.arrays["mass_flow_pipe_kg_s"][first]
    each_s = dict(zip(case.system.pipe_ids, content_kg(case.system, case.system.supply) / flow, strict=True))
    transit_s = sum(each_s[pipe] for pipe in WAY_TO_C)
    assert 3000.0 < transit_s < 10000.0

    def rise_k(name: str, column: str) -> np.ndarray:
        j = solution.columns(name).index(column)
        risen: np.ndarray = (solution.arrays[name] - without.arrays[name])[first:later, j]
        return risen

    far, near = rise_k("temp_supply_building_c", "c"), rise_k("temp_supply_building_c", "d")
    # the mean delay is the time to pass all of water and wall, also where the wall flattens the front
    assert float(np.sum(1.0 - far / 10.0)) * 60.0 == pytest.approx(transit_s, rel=1e-6)
    assert float(np.sum(1.0 - near / 10.0)) * 60.0 == pytest.approx(each_s["Pd"], rel=1e-6)
    half, twice = int(0.5 * transit_s / 60.0), int(2.0 * transit_s / 60.0)
    assert np.max(np.abs(far[:half])) < (0.05 if wall_j_mk else 1e-9)
    assert np.min(far[twice:]) > 9.99
    on_its_way = np.count_nonzero((far > 0.1) & (far < 9.9))
    assert on_its_way > 10 if wall_j_mk else on_its_way <= 3
    # the return of the far building sets out then, and comes to the substation later still
    out, back = rise_k("temp_return_building_c", "c"), rise_k("temp_return_pipe_c", "P1")
    assert np.argmax(out > 0.5) >= half
    assert np.argmax(back > 0.5 * back[-1]) > np.argmax(near > 5.0) + int(each_s["P1"] / 60.0)


@pytest.mark.parametrize("wall_j_mk", [0.0, WALL_J_MK])
def test_water_that_stands_cools_and_its_loss_is_counted(small_case: MakeCase, wall_j_mk: float) -> None:
    still = {**SUMMER, "weather": {"constant_temp_outdoor_c": 25.0}, "time.days": 2}
    case = with_walls(small_case("compensated", still), wall_j_mk)
    solution, system, given = simulate(case), case.system, case.boundary.arrays
    assert np.all(solution.arrays["mass_flow_pipe_kg_s"] == 0.0)
    held = []
    for name, line, start_c in (
        ("temp_supply_pipe_c", system.supply, given.temp_supply_primary_c[0]),
        ("temp_return_pipe_c", system.return_line, 40.0),
    ):
        capacity_j_k = content_kg(system, line) * system.substation.heat_capacity_water_j_kgk
        x = line.u_w_mk * line.length_m / capacity_j_k * solution.step_s
        temp = np.full(x.size, float(start_c))
        for k in range(len(solution.time)):
            ambient = np.where(line.buried == 1, given.temp_ground_c[k], given.temp_outdoor_c[k])
            mean = ambient + (temp - ambient) * (1.0 - np.exp(-x)) / x
            np.testing.assert_allclose(solution.arrays[name][k], mean, rtol=1e-10)
            temp = ambient + (temp - ambient) * np.exp(-x)
        assert np.all(np.abs(temp - ambient) < 0.9 * np.abs(start_c - ambient))
        held.append(float(np.sum(capacity_j_k * (temp - start_c))))
    assert solution.store_change_pipes_j == pytest.approx(sum(held), rel=1e-9)
    assert total(solution, "heat_loss_pipe_j") == pytest.approx(-sum(held), rel=1e-9)
    assert balance_residual_rel(solution) < 1e-12
    assert float(solution.arrays["heat_loss_pipe_w"][0, 0]) > system.substation.loss_third_pipe_w


def test_water_that_stands_is_shown_where_it_will_leave(small_case: MakeCase) -> None:
    """A front is on its way back when the season ends; the end of a return pipe is at the substation's side."""
    risen, stop = 60, 112
    case = stepped_up(small_case("vfd_only", {**FROST, "pipes": LONG_PIPES, "time.days": 1}), risen, 40.0)
    season = case.boundary.arrays.heating_season.copy()
    season[stop:] = 0
    solution = simulate(with_boundary(case, heating_season=season))
    flow = solution.arrays["mass_flow_pipe_kg_s"]
    assert np.all(flow[stop - 1] > 0.0)
    assert np.all(flow[stop] == 0.0)
    a = solution.building_ids.index("a")
    assert (
        solution.arrays["temp_return_building_c"][stop - 1, a] > solution.arrays["temp_return_building_c"][0, a] + 5.0
    )
    trunk = solution.pipe_ids.index("P1")
    for name in ("temp_return_pipe_c", "temp_supply_pipe_c"):
        series = solution.arrays[name][:, trunk]
        assert abs(series[stop] - series[stop - 1]) < 0.1, name
    root = solution.arrays["temp_return_secondary_c"][:, 0]
    assert abs(root[stop] - solution.arrays["temp_return_pipe_c"][stop, trunk]) < 1e-9


def test_without_pipe_and_flow_the_return_is_what_it_was(small_case: MakeCase) -> None:
    solution = simulate(small_case("compensated", {**SUMMER, "pipes": [], "time.days": 1}))
    np.testing.assert_array_equal(solution.arrays["temp_return_secondary_c"], 40.0)


def assert_closed(case: Case, solution: Solution) -> None:
    assert balance_residual_rel(solution) < 1e-9
    largest_j = float(case.system.buildings.heat_design_w.sum()) * solution.step_s
    assert solution.extremes["balance_step_max_j"] < 1e-9 * largest_j
    assert abs(solution.store_change_pipes_j) > 1e-6 * largest_j
    assert total(solution, "heat_loss_pipe_j") > 0.0


@pytest.mark.parametrize("wall_j_mk", [0.0, WALL_J_MK])
@pytest.mark.parametrize("place", ["secondary_supply", "bypass_line"])
def test_energy_closes_while_valves_and_setback_move_the_mixture(
    small_case: MakeCase, wall_j_mk: float, place: str
) -> None:
    night = {"control.setback": {"start": "22:00", "end": "05:00", "delta_k": 12}, "substation.pump_place": place}
    mild = {"weather": {"constant_temp_outdoor_c": 5.0}, "heat_load.heating_season": "always", "time.days": 3}
    case = with_walls(small_case("compensated", {**mild, **night}), wall_j_mk)
    solution = simulate(case)
    moved = np.abs(np.diff(solution.arrays["mixing_share_rel"][:, 0]))
    assert np.count_nonzero(moved > case.system.substation.stroke_share_per_s * 60.0) > 4  # further than in one minute
    assert_closed(case, solution)


@pytest.mark.parametrize("wall_j_mk", [0.0, WALL_J_MK])
@pytest.mark.parametrize("step_min", [1, 15])
def test_energy_closes_with_local_hot_water_in_summer(small_case: MakeCase, wall_j_mk: float, step_min: int) -> None:
    summer = {**SUMMER, "dhw.supply": "local", "time.days": 2, "time.step_min": step_min}
    case = with_walls(small_case("cap70", summer), wall_j_mk)
    solution = simulate(case)
    flow = solution.arrays["mass_flow_pipe_kg_s"]
    assert np.any(flow == 0.0)
    assert np.any(flow > 0.0)
    assert_closed(case, solution)


@pytest.mark.parametrize("start", ["2021-03-26", "2021-07-10"])
def test_energy_closes_when_the_third_pipe_goes_out(small_case: MakeCase, start: str) -> None:
    fault = {"kind": "third_pipe_out", "start": f"{start}T09:07:00", "duration_h": 12.0}
    case = with_walls(
        small_case("compensated", {"time.start": start, "time.days": 2, "control.faults": [fault]}), WALL_J_MK
    )
    solution = simulate(case)
    assert {event.kind for event in solution.events} >= {"fault", "repair"}
    assert_closed(case, solution)


def tapped(case: Case, taps: np.ndarray) -> tuple[Solution, np.ndarray]:
    """Return the run with other taps, and the share of the heat that they want and get; NaN where none is."""
    solution = simulate(with_boundary(case, mass_flow_tap_kg_s=np.ascontiguousarray(taps)))
    lift_k = (case.system.substation.temp_hot_c - case.boundary.arrays.temp_cold_c)[:, np.newaxis]
    asked = taps * case.system.substation.heat_capacity_water_j_kgk * lift_k
    share = np.divide(solution.arrays["heat_flow_dhw_w"], asked, out=np.full_like(asked, np.nan), where=asked > 0.0)
    return solution, share


@pytest.mark.parametrize("step_min", [1, 15])
def test_the_first_tap_after_a_night_waits_for_its_water(small_case: MakeCase, step_min: int) -> None:
    case = small_case("cap70", {**SUMMER, **LOCAL, "time.days": 2, "time.step_min": step_min})
    taps = np.zeros_like(case.boundary.arrays.mass_flow_tap_kg_s)
    day = 1440 // step_min
    homes = np.array([kind == "residential" for kind in case.system.building_types])
    taps[: day // 4, homes], taps[day:, homes] = 0.05, 0.05  # a night of 18 h between
    solution, share = tapped(case, taps)
    assert np.all(solution.arrays["mass_flow_pipe_kg_s"][day // 4 : day] == 0.0)
    share = share[:, homes]
    np.testing.assert_allclose(share[day // 4 - 1], 1.0, rtol=1e-9)
    assert np.all(share[day] < 0.999)
    assert solution.status[day] & Status.DHW_SHORT
    flushed = day + 240 // step_min
    np.testing.assert_allclose(share[flushed:], 1.0, rtol=1e-9)
    assert not np.any(solution.status[flushed:] & Status.DHW_SHORT)


@pytest.mark.parametrize("step_min", [1, 15])
def test_a_trickle_brings_warm_water_after_days_of_standstill(small_case: MakeCase, step_min: int) -> None:
    """An exchanger whose water has gone as cold as the tap's has to let it through, or it stays so for ever."""
    case = small_case("cap70", {**SUMMER, **LOCAL, "time.days": 6, "time.step_min": step_min})
    taps = np.zeros_like(case.boundary.arrays.mass_flow_tap_kg_s)
    day, c = 1440 // step_min, case.system.building_ids.index("c")
    taps[5 * day :, c] = 0.05
    solution, share = tapped(case, taps)
    assert solution.arrays["temp_supply_building_c"][5 * day - 1, c] < case.boundary.arrays.temp_cold_c[0] + 3.0
    np.testing.assert_allclose(share[-1, c], 1.0, rtol=1e-9)
    assert solution.arrays["mode"][-1, 0] == Mode.SUMMER_DHW
