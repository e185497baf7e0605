"""A Scenario becomes a Case: seconds and fingerprints, once."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from dhsim.build.case import build_case
from dhsim.errors import ScenarioError
from dhsim.scenario.load import load_scenario

HOUR = 3600.0


def test_case_bears_the_scenarios_fingerprint(small_scenario):
    scenario = small_scenario()
    case = build_case(scenario)
    assert case.scenario_hash == scenario.content_hash()
    assert case.temp_start_c == 20.0
    other = build_case(small_scenario(overrides={"time.temp_indoor_start_c": 18.0}))
    assert other.temp_start_c == 18.0
    assert other.scenario_hash != case.scenario_hash


def test_timers_in_seconds(small_scenario):
    control = {"control.dwell_min": 90, "control.floor_alarm_delay_min": 20, "substation.pumps.min_run_min": 45}
    strategy = build_case(small_scenario(overrides={**control, "seed": 7})).strategy
    assert (strategy.dwell_s, strategy.floor_alarm_delay_s, strategy.min_run_s) == (5400.0, 1200.0, 2700.0)
    assert strategy.seed == 7
    assert strategy.third_pipe
    assert not build_case(small_scenario(overrides={"dhw.supply": "local"})).strategy.third_pipe


def test_faults_count_from_the_runs_start(small_scenario):
    faults = [
        {"kind": "sensor_out", "start": "2021-03-26T06:30:00", "duration_h": 2},
        {"kind": "pump_out", "start": "2021-03-24T23:00:00", "duration_h": 3},
        {"kind": "third_pipe_out", "mean_time_between_h": 100, "duration_h": 5},
    ]
    fixed, before, random = build_case(small_scenario(overrides={"control.faults": faults})).strategy.faults
    assert (fixed.kind, fixed.start_s, fixed.duration_s, fixed.mean_time_between_s) == (
        "sensor_out",
        30.5 * HOUR,
        2 * HOUR,
        None,
    )
    assert before.start_s == -HOUR
    assert (random.mean_time_between_s, random.duration_s) == (100 * HOUR, 5 * HOUR)


def test_setback_in_seconds_after_midnight(small_scenario):
    night = {"start": "21:30", "end": "05:15", "delta_k": 4, "weekdays_only": True}
    setback = build_case(small_scenario(overrides={"control.setback": night})).strategy.setback
    assert setback is not None
    assert (setback.start_s, setback.end_s, setback.delta_k) == (21.5 * HOUR, 5.25 * HOUR, 4.0)
    assert setback.weekdays_only


def test_user_strategy_is_kept_as_text_with_its_folder(omsk_folder, tmp_path):
    (tmp_path / "rule.py").write_text("def decide(seen):\n    return None\n")
    said = f"extends: {omsk_folder / 'compensated.yaml'}\nname: mine\ncontrol: {{strategy: 'rule:decide'}}\n"
    (tmp_path / "mine.yaml").write_text(said)
    strategy = build_case(load_scenario(tmp_path / "mine.yaml", {"control.strategy_period_min": 30})).strategy
    assert (strategy.user, strategy.user_period_s) == ("rule:decide", 1800.0)
    assert Path(strategy.user_folder) == tmp_path


def test_missing_user_strategy_is_refused_before_the_run(small_scenario):
    with pytest.raises(ScenarioError, match=r"control\.strategy: .*no file"):
        build_case(small_scenario(overrides={"control.strategy": "no_such_rule:decide"}))


def test_case_pickles(small_case):
    case = small_case()
    copy = pickle.loads(pickle.dumps(case))
    assert copy.scenario_hash == case.scenario_hash
    assert copy.assumptions == case.assumptions
    assert copy.strategy == case.strategy
    for part in ("buildings", "substation", "pumps", "curve", "control", "supply", "return_line"):
        for one, other in zip(getattr(copy.system, part), getattr(case.system, part), strict=True):
            np.testing.assert_array_equal(one, other)


def test_buildings_keep_the_scenarios_order(small_case):
    case = small_case()
    assert case.system.building_ids == ("a", "b", "c", "d")
    assert case.system.building_types == ("residential", "office", "residential", "residential")
    assert case.system.buildings.heat_design_w.tolist() == pytest.approx([312e3, 270e3, 330e3, 300e3])
