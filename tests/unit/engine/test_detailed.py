"""Buildings in detail behind a substation: mass, heat and temperatures close, and rebalanced risers show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dhsim.assess.scorecard import assess
from dhsim.build.case import build_case
from dhsim.engine import detailed
from dhsim.engine.simulation import simulate
from dhsim.errors import ConvergenceError
from dhsim.model.case import Case
from dhsim.physics.jet_pump import mixed_temp_c
from dhsim.scenario.load import load_scenario
from dhsim.solution import Solution

RISERS = Path(__file__).parents[3] / "scenarios" / "risers"
JETS = {
    "curve.temp_supply_design_c": 95,
    "plant.temp_floor_c": 65,
    "plant.temp_cap_c": 90,
    "plant.dp_available_kpa": 260,
    "substation.pumps.count": 2,
    "control.policy": "baseline",
}


def case_of(name: str = "baseline", **changes: Any) -> Case:
    said = {key.replace("__", "."): value for key, value in changes.items()}
    return build_case(load_scenario(RISERS / f"{name}.yaml", {"time.days": 21, **said}))


def run_of(case: Case) -> tuple[Case, Solution]:
    return case, simulate(case)


@pytest.fixture(scope="module")
def found() -> tuple[Case, Solution]:
    return run_of(case_of())


@pytest.fixture(scope="module")
def jets() -> tuple[Case, Solution]:
    """Two buildings behind jet pumps: A of two houses, C of one without heads."""
    return run_of(
        build_case(
            load_scenario(
                RISERS / "baseline.yaml",
                JETS
                | {
                    "time.days": 21,
                    "buildings.0.heat_design_kw": 77.2,
                    "details.A.copies": 2,
                    "details.C": {"building": "../buildings/flats12", "heads": False},
                },
            )
        )
    )


@pytest.mark.parametrize("kind", ["found", "jets"])
def test_mass_and_heat_close(kind: str, request: pytest.FixtureRequest) -> None:
    case, solution = request.getfixturevalue(kind)
    for detail in case.details:
        name = case.system.building_ids[detail.index]
        mine = np.array(solution.building_of_flat) == name
        heat_w = solution.arrays["heat_flow_sh_w"][:, detail.index]
        radiators_w = detail.copies * solution.arrays["heat_flow_flat_w"][:, mine].sum(axis=1)
        np.testing.assert_allclose(heat_w, radiators_w, atol=1e-6 * heat_w.max())
        flow_kg_s = solution.arrays["mass_flow_building_kg_s"][:, detail.index]
        through_kg_s = detail.copies * solution.arrays["mass_flow_flat_kg_s"][:, mine].sum(axis=1)
        if detail.mixing_ratio_jet == 0.0:
            np.testing.assert_allclose(flow_kg_s, through_kg_s, atol=1e-6 * flow_kg_s.max())
        capacity = case.system.substation.heat_capacity_water_j_kgk
        arrives_c, leaves_c = (
            solution.arrays[f"temp_{side}_building_c"][:, detail.index] for side in ("supply", "return")
        )
        np.testing.assert_allclose(flow_kg_s * capacity * (arrives_c - leaves_c), heat_w, rtol=1e-9)
    assert assess(solution, case).energy.balance_residual_rel < 1e-8
    assert solution.stats["change_flow_rel"] <= detailed.TOLERANCE_FLOW_REL
    assert solution.stats["change_supply_k"] <= detailed.TOLERANCE_SUPPLY_K


def test_flats_lose_what_they_get(found: tuple[Case, Solution]) -> None:
    """The run's own books: heat, gains and sun less outdoor loss is what the flats store."""
    case, solution = found
    [detail] = case.details
    zones, temp_c = detail.zones.zones, solution.arrays["temp_flat_c"]
    outdoor_c = case.boundary.arrays.temp_outdoor_c[:, np.newaxis]
    lost_j = float((zones.ua_outdoor_w_k * (temp_c - outdoor_c)).sum()) * solution.step_s
    got_j = sum(float(solution.totals[name][:, 0].sum()) for name in ("heat_sh_j", "heat_gain_j", "heat_solar_j"))
    stored_j = float(zones.heat_capacity_j_k @ (temp_c[-1] - case.temp_start_c))
    assert got_j - lost_j == pytest.approx(stored_j, abs=1e-8 * got_j)
    assert solution.store_change_j[0] == pytest.approx(stored_j, rel=1e-9)


def test_room_that_control_sees_is_the_mean_of_the_flats(found: tuple[Case, Solution]) -> None:
    case, solution = found
    stored = case.details[0].zones.zones.heat_capacity_j_k
    mean_c = solution.arrays["temp_flat_c"] @ stored / stored.sum()
    np.testing.assert_allclose(solution.arrays["temp_indoor_c"][:, 0], mean_c, atol=1e-5)


def test_jet_pump_mixes_as_designed_while_heads_are_open(jets: tuple[Case, Solution]) -> None:
    case, solution = jets
    detail = case.details[1]
    mine = np.array(solution.building_of_flat) == "C"
    flow_kg_s = solution.arrays["mass_flow_building_kg_s"][:, detail.index]
    circuit_kg_s = solution.arrays["mass_flow_flat_kg_s"][:, mine].sum(axis=1)
    ratio = circuit_kg_s / flow_kg_s - 1.0
    np.testing.assert_allclose(ratio, detail.mixing_ratio_jet, rtol=0.02)
    supply_c, return_c = (solution.arrays[f"temp_{side}_building_c"][:, detail.index] for side in ("supply", "return"))
    mixed_c = mixed_temp_c(supply_c, return_c, ratio)
    capacity = case.system.substation.heat_capacity_water_j_kgk
    np.testing.assert_allclose(
        circuit_kg_s * capacity * (mixed_c - return_c), solution.arrays["heat_flow_sh_w"][:, detail.index], rtol=1e-6
    )
    # behind a header that does not answer to the return one round is enough
    assert solution.stats["rounds_detailed"] == 1.0


def test_lumped_buildings_are_as_without(found: tuple[Case, Solution]) -> None:
    """A building in detail that takes other heat is felt by its neighbours only through their common water."""
    case, solution = found
    lumped = simulate(replace(case, details=()))
    assert lumped.flat_ids == ()
    assert "temp_flat_c" not in lumped.arrays
    apart_k = np.abs(lumped.arrays["temp_indoor_c"] - solution.arrays["temp_indoor_c"]).max(axis=0)
    assert apart_k[0] > 0.05
    assert (apart_k[1:] < 0.05).all()


def test_control_that_reads_rooms_settles() -> None:
    case, solution = run_of(case_of(control__policy="compensated_trim", time__days=10))
    assert solution.stats["rounds_detailed"] > 1.0
    assert assess(solution, case).energy.balance_residual_rel < 1e-8


def test_rebalanced_risers_narrow_the_spread(found: tuple[Case, Solution]) -> None:
    before, after = (assess(solution, case).flats for case, solution in (found, run_of(case_of("rebalanced"))))
    assert before is not None
    assert after is not None
    assert after.spread_k < 0.4 * before.spread_k
    assert after.temp_coldest_c > before.temp_coldest_c + 0.1
    assert after.temp_warmest_c < before.temp_warmest_c


def test_heads_and_their_set_point_are_the_scenarios() -> None:
    off, low = (
        run_of(case_of(time__days=7, details__A__heads=heads, details__A__temp_head_c=set_c))[1]
        for heads, set_c in ((False, 21.0), (True, 18.0))
    )
    assert off.arrays["opening_flat_rel"].min() == 1.0
    assert low.arrays["opening_flat_rel"].mean() < 0.9
    assert low.arrays["heat_flow_sh_w"][:, 0].sum() < off.arrays["heat_flow_sh_w"][:, 0].sum()


def test_series_of_flats_are_saved_and_loaded(found: tuple[Case, Solution], tmp_path: Path) -> None:
    solution = found[1]
    loaded = Solution.load(solution.save(tmp_path / "run"))
    assert loaded.flat_ids == solution.flat_ids
    assert loaded.building_of_flat == ("A",) * 12
    assert loaded.frame("temp_flat_c").columns[0] == "A/flat 11"
    assert "temp_flat_c:A/flat 11" in loaded.table()


def test_rounds_that_do_not_close_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detailed, "ROUNDS_MAX", 1)
    with pytest.raises(ConvergenceError, match="the building in detail 'A' and the substation do not agree after 1"):
        simulate(case_of(time__days=2))
