"""A run is a function of its Case: nothing is written into it, and order, threads and thinning change nothing."""

from __future__ import annotations

import dataclasses
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from dhsim.build.case import build_case
from dhsim.engine.simulation import simulate
from dhsim.errors import ConvergenceError
from dhsim.model.case import FaultPlan
from dhsim.quantities import QUANTITIES
from dhsim.solution import Solution

HOUR = 3600.0
FAULTS = (FaultPlan("sensor_out", 0.0, 5 * HOUR, 30 * HOUR), FaultPlan("pump_out", 40 * HOUR, 20 * HOUR, None))


def flat(value):
    """Every array and number of nested tuples and dataclasses, in order, as bytes."""
    if isinstance(value, np.ndarray):
        return [value.tobytes()]
    if dataclasses.is_dataclass(value):
        return [part for field in dataclasses.fields(value) for part in flat(getattr(value, field.name))]
    if isinstance(value, tuple):
        return [part for item in value for part in flat(item)]
    return [repr(value)]


def result_bytes(solution):
    arrays = {name: values.tobytes() for name, values in solution.arrays.items()}
    totals = {name: values.tobytes() for name, values in solution.totals.items()}
    fixed = [solution.temp_indoor_min_c, solution.temp_indoor_max_c, solution.store_change_j, solution.status]
    stored = (solution.store_change_pipes_j, [values.tobytes() for values in fixed])
    return arrays, totals, stored, solution.extremes, solution.events


@pytest.fixture(scope="module")
def case(small_case):
    made = small_case("compensated_trim")
    return dataclasses.replace(made, strategy=dataclasses.replace(made.strategy, faults=FAULTS))


@pytest.fixture(scope="module")
def solution(case):
    return simulate(case)


def test_same_case_gives_same_bytes(case, solution):
    assert {"mode", "fault", "repair"} <= {event.kind for event in solution.events}
    assert result_bytes(simulate(case)) == result_bytes(solution)


def test_same_scenario_built_twice_gives_same_bytes(small_case):
    one, other = (simulate(small_case("variable_flow", {"time.days": 3})) for _ in range(2))
    assert result_bytes(one) == result_bytes(other)


def test_another_seed_draws_other_weather_and_water(small_case):
    one, other = (simulate(small_case("cap70", {"seed": seed, "time.days": 3})) for seed in (1, 2))
    assert not np.array_equal(one.arrays["temp_outdoor_c"], other.arrays["temp_outdoor_c"])
    assert not np.array_equal(one.arrays["heat_flow_dhw_w"], other.arrays["heat_flow_dhw_w"])


def test_case_is_not_written_to(case):
    before = flat(case)
    simulate(case)
    assert flat(case) == before


def test_case_and_solution_pickle(case, solution):
    copy = pickle.loads(pickle.dumps(case))
    assert flat(copy) == flat(case)
    assert result_bytes(simulate(copy)) == result_bytes(solution)
    assert result_bytes(pickle.loads(pickle.dumps(solution))) == result_bytes(solution)


def test_cases_run_alternately_and_in_threads(case, small_case):
    other = small_case("cap70", {"time.days": 5, "dhw.supply": "local"})
    alone = {"case": result_bytes(simulate(case)), "other": result_bytes(simulate(other))}
    jobs = [("case", case), ("other", other)] * 4
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda job: (job[0], result_bytes(simulate(job[1]))), jobs))
    for name, found in done:
        assert found == alone[name]


def test_leaving_pipes_out_changes_nothing_else(case, solution):
    thin = simulate(case, keep_pipes=False)
    pipes = {name for name, quantity in QUANTITIES.items() if quantity.axis == "pipe"}
    assert solution.arrays.keys() - thin.arrays.keys() == pipes
    for name, values in thin.arrays.items():
        assert values.tobytes() == solution.arrays[name].tobytes(), name
    assert result_bytes(thin)[1:] == result_bytes(solution)[1:]


def test_order_of_buildings_and_pipes_does_not_matter(small_scenario):
    plain = small_scenario("compensated_trim", {"dhw.supply": "third_pipe"})
    said = plain.model_dump()
    said["buildings"] = [said["buildings"][i] for i in (2, 0, 3, 1)]
    said["pipes"] = [said["pipes"][i] for i in (3, 4, 0, 2, 1)]
    one, other = simulate(build_case(plain)), simulate(build_case(type(plain).model_validate(said)))
    assert one.building_ids != other.building_ids
    for name in one.arrays:
        found, expected = other.frame(name), one.frame(name)
        assert set(found.columns) == set(expected.columns)
        np.testing.assert_allclose(found[expected.columns], expected, rtol=1e-10, atol=1e-9, err_msg=name)
    for name in ("heat_primary_j", "energy_pump_j", "heat_sh_j", "heat_tap_j", "mass_primary_kg"):
        assert other.totals[name].sum() == pytest.approx(one.totals[name].sum(), rel=1e-10)


def test_steps_add_up_to_the_integrals(solution):
    for name, total in (
        ("heat_flow_primary_w", "heat_primary_j"),
        ("power_pump_w", "energy_pump_j"),
        ("mass_flow_secondary_kg_s", "mass_secondary_kg"),
        ("heat_flow_sh_w", "heat_sh_j"),
        ("heat_flow_dhw_w", "heat_tap_j"),
    ):
        summed = float(solution.arrays[name].sum()) * solution.step_s
        assert float(solution.totals[total].sum()) == pytest.approx(summed, rel=1e-12), name


def test_a_finer_step_changes_little(small_case):
    smooth = {"dhw.stochastic": False}
    runs = [simulate(small_case("cap70", {**smooth, "time.step_min": step})) for step in (15, 5)]
    coarse, fine = (float(run.totals["heat_primary_j"].sum()) for run in runs)
    assert coarse == pytest.approx(fine, rel=2e-3)


def test_every_quantity_is_there_in_full(solution):
    assert set(solution.arrays) == {name for name, quantity in QUANTITIES.items() if quantity.axis != "flat"}
    for name, values in solution.arrays.items():
        assert values.shape == (len(solution.time), len(solution.columns(name)))
        assert np.all(np.isfinite(values)), name


def test_solution_survives_its_file(solution, tmp_path):
    loaded = Solution.load(solution.save(tmp_path / "run"))
    assert result_bytes(loaded) == result_bytes(solution)
    assert loaded.time.equals(solution.time)
    assert loaded.provenance == solution.provenance


def test_progress_ends_at_one(case):
    seen = []
    simulate(case, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_provenance_names_scenario_seed_and_weather(case, solution):
    assert solution.provenance["scenario"] == "compensated_trim"
    assert solution.provenance["scenario_hash"] == case.scenario_hash
    assert solution.provenance["seed"] == str(case.strategy.seed)
    assert "synthetic" in solution.provenance["weather"]


def test_nan_in_the_boundary_is_named_not_passed_on(case):
    outdoor = case.boundary.arrays.temp_outdoor_c.copy()
    outdoor[100] = np.nan
    broken = dataclasses.replace(
        case,
        boundary=dataclasses.replace(case.boundary, arrays=case.boundary.arrays._replace(temp_outdoor_c=outdoor)),
    )
    with pytest.raises(ConvergenceError, match=str(case.boundary.time[100])):
        simulate(broken)


def test_events_lie_on_the_time_grid_in_order(solution):
    times = [event.time for event in solution.events if event.kind == "mode"]
    assert times == sorted(times)
    assert all((time - solution.time[0]) % pd.Timedelta(seconds=solution.step_s) == pd.Timedelta(0) for time in times)


def test_user_strategy_sees_what_is_and_is_obeyed(small_scenario, tmp_path):
    (tmp_path / "rule.py").write_text(
        "from dhsim.control.strategy import Decision\n"
        "def decide(seen):\n"
        "    assert seen.mode in (0, 1, 2)\n"
        "    assert set(seen.temp_indoor_c) == set('abcd')\n"
        "    assert len(seen.forecast_temp_outdoor_c) > 0\n"
        "    return Decision(temp_set_c=50.0)\n"
    )
    made = build_case(small_scenario("compensated", {"weather": {"constant_temp_outdoor_c": 5.0}, "time.days": 2}))
    told = dataclasses.replace(made.strategy, user="rule:decide", user_folder=str(tmp_path))
    obeyed = simulate(dataclasses.replace(made, strategy=told))
    assert obeyed.arrays["temp_mixed_c"][-1, 0] == pytest.approx(50.0, abs=1e-8)


def test_user_strategy_does_not_see_through_a_broken_sensor(small_scenario, tmp_path):
    (tmp_path / "rule.py").write_text(
        "import math\n"
        "def decide(seen):\n"
        "    broken = 6 * 3600.0 <= seen.time_s < 12 * 3600.0\n"
        "    assert math.isnan(seen.temp_outdoor_c) == broken, seen\n"
    )
    made = build_case(small_scenario("compensated", {"time.days": 2}))
    plan = dataclasses.replace(
        made.strategy,
        user="rule:decide",
        user_folder=str(tmp_path),
        faults=(FaultPlan("sensor_out", 6 * HOUR, 6 * HOUR, None),),
    )
    simulate(dataclasses.replace(made, strategy=plan))
