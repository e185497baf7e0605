"""A synthetic building's work through figure 4: fit, front, choice, turned valves, fit again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dhsim.balancing.choosing import choose_settings, front_round
from dhsim.balancing.comparison import temperature_spread_k
from dhsim.balancing.completion import completed
from dhsim.balancing.expectation import expectation, heat_supply_ratio_rel
from dhsim.balancing.guidance import changed_valves, riser_valves, valve_changes
from dhsim.balancing.identification import identify
from dhsim.balancing.limits import narrowed
from dhsim.balancing.outcome import cautions, classical_option, compared_rounds, simulated_zones_c
from dhsim.balancing.performance import angle_rad
from dhsim.balancing.protocol import open_building
from dhsim.balancing.steps import FitPlan, fit_round, planned_fit
from dhsim.balancing.synthetic import simulate_zones, synthetic_weather
from dhsim.balancing.verdict import verdict
from dhsim.balancing.workflow import STATE_NAME, FrontOptions, open_workflow
from dhsim.errors import DhsimError
from dhsim.units import S_PER_DAY, S_PER_H

pytest.importorskip("casadi", reason="the Pareto optimiser needs the extra [balancing]")

FLATS12 = Path(__file__).parents[3] / "scenarios" / "buildings" / "flats12"
NTU = 0.4
DAYS = 40


class Truth:
    """What the synthetic readings hide: leakage and heat supply of 12 flats, and how the latter follows the flow."""

    def __init__(self) -> None:
        random = np.random.default_rng(8)
        self.theta = np.clip(1.0 / 6.0 + random.standard_normal(12) / 40.0, 0.1, 0.24) / S_PER_DAY
        self.nu = 0.85 * self.theta * np.exp(0.12 * random.standard_normal(12))

    def after(self, ratio: np.ndarray) -> np.ndarray:
        return self.nu * heat_supply_ratio_rel(ratio, NTU)

    def readings(self, path: Path, nu: np.ndarray, seed: int) -> Path:
        random = np.random.default_rng(seed)
        weather = synthetic_weather(24 * DAYS, S_PER_H, random, supply_sd_k=2.0)
        inputs = weather.temp_supply_c, weather.temp_outdoor_c
        rooms = simulate_zones(self.theta, nu, *inputs, S_PER_H, random, process_sd_k=0.03, sensor_sd_k=0.05)
        table = pd.DataFrame(rooms, columns=open_building(FLATS12).building.zone_ids)
        table.insert(
            0,
            "time",
            pd.date_range("2024-12-01" if seed == 1 else "2025-02-01", periods=len(table), freq="h", tz="UTC").astype(
                str
            ),
        )
        table["temp_supply_c"], table["temp_outdoor_c"] = inputs
        table.to_csv(path, index=False, float_format="%.3f")
        return path


@pytest.fixture(scope="module")
def truth() -> Truth:
    return Truth()


@pytest.fixture(scope="module")
def work(tmp_path_factory, truth):
    """The folder after two rounds."""
    folder = tmp_path_factory.mktemp("work")
    at = folder / "state"
    fit_round(at, FLATS12, truth.readings(folder / "first.csv", truth.nu, 1), stop_proxy_rel=0.003)
    front_round(at, [0.2, 0.5, 0.8], FrontOptions(riser_only=True), effort=0.3)
    flow = choose_settings(at, 0.5, FrontOptions(max_changed=4), effort=0.3)
    nu = truth.after(flow.last.choice.flow_ratio_rel)
    fit_round(at, data=truth.readings(folder / "second.csv", nu, 2))
    return at


@pytest.fixture(scope="module")
def flow(work):
    return open_workflow(work)


def test_first_fit_finds_the_truth(flow, truth) -> None:
    fit = flow.rounds[0].fit
    low, high = fit.angle_interval_rad()
    assert fit.method == "kalman"
    assert low <= angle_rad(truth.theta, truth.nu) <= high
    assert abs(fit.angle_rad() - angle_rad(truth.theta, truth.nu)) < 0.01


def test_choice_keeps_all_limits(flow) -> None:
    first = flow.rounds[0]
    changed = changed_valves(first.building, first.choice.resistance_valves_pa_s2_m6)
    assert 1 <= changed.size <= 4
    assert set(changed) <= set(riser_valves(first.building))  # the front's limit holds for the choice
    assert first.state.choice.options == FrontOptions(riser_only=True, max_changed=4)
    for change in valve_changes(first.building, first.case.valve_types, first.choice.resistance_valves_pa_s2_m6):
        turns = float(change.new.split()[0])
        assert turns * 10 == pytest.approx(round(turns * 10), abs=1e-9)  # a tenth of a turn on the handwheel
        assert (change.turn > 0) == (change.direction == "open") == (change.kv_new_m3_h > change.kv_present_m3_h)


def test_expectation_holds_what_then_happens(flow, truth) -> None:
    first = flow.rounds[0]
    expected = expectation(first.whole, first.choice.flow_ratio_rel)
    nu = truth.after(first.choice.flow_ratio_rel)
    realised = angle_rad(truth.theta, nu)
    assert expected.angle_rad.after.low <= realised <= expected.angle_rad.after.high
    assert expected.angle_rad.usual.low <= realised <= expected.angle_rad.usual.high
    assert realised < angle_rad(truth.theta, truth.nu)


def test_next_round_stands_as_chosen(flow) -> None:
    first, second = flow.rounds
    assert np.allclose(second.building.resistance_valves_pa_s2_m6, first.choice.resistance_valves_pa_s2_m6)
    assert second.choice is None
    assert second.front == ()
    assert second.fit.angle_rad() < first.fit.angle_rad()


def test_model_follows_the_measured_spread(flow) -> None:
    last = flow.last
    measured = temperature_spread_k(last.series.temp_zone_c, last.series.zone_ids)
    model = temperature_spread_k(simulated_zones_c(last.fit, last.series), last.fit.zone_ids)
    assert np.corrcoef(measured, model)[0, 1] > 0.7


def test_rounds_are_compared_where_flats_were_left_alone(flow) -> None:
    found = compared_rounds(*flow.rounds)
    if found.groups is None:
        assert "touched" in found.reason
    else:
        assert not set(found.groups.intervened.zones) & {z for g in found.groups.controls for z in g.zones}


def test_plan_alone_is_an_option_too(flow) -> None:
    plan = classical_option(flow.rounds[0])
    assert plan is not None
    assert plan.performance.angle_rad == pytest.approx(flow.rounds[0].whole.angle_rad())


def test_a_stored_point_is_taken_and_rounded(work, tmp_path) -> None:
    import shutil

    shutil.copytree(work, tmp_path / "copy")
    made = front_round(tmp_path / "copy", [0.3], effort=0.0)
    exact = choose_settings(tmp_path / "copy", 0.3, keep_scale=False)
    assert exact.last.state.choice.from_front
    assert np.array_equal(exact.last.choice.resistance_valves_pa_s2_m6, made.last.front[0].resistance_valves_pa_s2_m6)
    # a new front keeps the choice, which is none of its points; a new fit drops both
    kept = front_round(tmp_path / "copy", [0.3], FrontOptions(riser_only=True), effort=0.0).last
    assert np.array_equal(kept.choice.resistance_valves_pa_s2_m6, exact.last.choice.resistance_valves_pa_s2_m6)
    assert not kept.state.choice.from_front
    assert planned_fit(tmp_path / "copy") == FitPlan(3, is_anew=False)
    assert planned_fit(tmp_path / "copy", again=True) == FitPlan(2, is_anew=True, drops=("front", "choice"))
    assert (
        fit_round(tmp_path / "copy", data=work.parent / "second.csv", method="regression", again=True).last.front == ()
    )


def test_nearly_shut_radiators_are_named(flow) -> None:
    first = flow.rounds[0]
    settings = first.building.resistance_valves_pa_s2_m6.copy()
    v = first.building.valve_ids.index("v4.1")
    settings[v] = first.building.resistance_max_pa_s2_m6[first.building.valves[v]]
    from dhsim.balancing.workflow import option_of

    assert any("r4.1" in flag.message for flag in cautions(first, option_of(first, settings)))


def test_valves_that_hardly_act_are_named(flow) -> None:
    from dhsim.balancing.workflow import option_of

    first = flow.rounds[0]
    settings = first.building.resistance_valves_pa_s2_m6.copy()
    v = first.building.valve_ids.index("riser valve 8")
    settings[v] *= 1.001
    [idle] = [flag for flag in cautions(first, option_of(first, settings)) if flag.kind == "authority"]
    assert "riser valve 8" in idle.message
    settings[v] *= 3.0
    assert not [flag for flag in cautions(first, option_of(first, settings)) if flag.kind == "authority"]


def test_riser_valves_are_not_advised_to_those_who_turn_no_others(flow) -> None:
    from dhsim.balancing.workflow import option_of

    first = flow.rounds[0]
    for name, advised in (("v4.1", True), ("riser valve 4", False)):
        settings = first.building.resistance_valves_pa_s2_m6.copy()
        v = first.building.valve_ids.index(name)
        settings[v] = 100.0 * first.building.resistance_max_pa_s2_m6[first.building.valves[v]]
        [starved] = [flag for flag in cautions(first, option_of(first, settings)) if flag.kind == "starved"]
        assert ("riser valves only" in starved.message) == advised


def test_verdict_goes_by_the_threshold(flow) -> None:
    fit = flow.last.fit
    proxy = np.sin(fit.angle_rad()) ** 2
    high = np.sin(fit.angle_interval_rad()[1]) ** 2
    assert verdict(fit, 1.01 * high).word == "stop"
    assert verdict(fit, 0.5 * (proxy + high)).word == "more data"  # below, but the interval reaches beyond
    assert not verdict(fit, 0.5 * proxy).may_stop
    assert verdict(fit, 0.5 * proxy).proxy_rel == pytest.approx(proxy)


def test_state_survives_reading_and_writing(work) -> None:
    one, two = open_workflow(work), open_workflow(work)
    assert one.state == two.state
    assert one.state.stop_proxy_rel == 0.003
    assert one.state.synthetic  # the building says so
    assert [r.number for r in one.state.rounds] == [1, 2]
    assert np.array_equal(one.last.fit.theta_samples_per_s, two.last.fit.theta_samples_per_s)
    assert one.case.scenario.content_hash() == open_building(FLATS12).scenario.content_hash()


def test_missing_and_broken_folders_are_refused(tmp_path) -> None:
    with pytest.raises(DhsimError, match="begin with `dhsim balance fit"):
        open_workflow(tmp_path)
    (tmp_path / STATE_NAME).write_text("{", encoding="utf-8")
    with pytest.raises(DhsimError, match="broken"):
        open_workflow(tmp_path)
    (tmp_path / STATE_NAME).write_text(json.dumps({"schema_version": 99}), encoding="utf-8")
    with pytest.raises(DhsimError, match="another version"):
        open_workflow(tmp_path)


def test_a_start_needs_a_building_and_another_one_is_refused(work, tmp_path) -> None:
    with pytest.raises(DhsimError, match="--building"):
        fit_round(tmp_path / "new", data="x.csv")
    with pytest.raises(DhsimError, match="begin in a new folder"):
        fit_round(work, FLATS12.parent / "toy.yaml", work.parent / "first.csv")


def test_options_narrow() -> None:
    front = FrontOptions(riser_only=True, samples=5)
    assert narrowed(front, None) is front
    assert narrowed(front, FrontOptions(max_changed=3)) == FrontOptions(riser_only=True, samples=5, max_changed=3)


def test_zones_without_a_fit_are_assumed_and_said_so() -> None:
    random = np.random.default_rng(0)
    weather = synthetic_weather(600, S_PER_H, random, supply_sd_k=2.0)
    theta = np.array([1.0, 1.2, 0.9]) / 6.0 / S_PER_DAY
    rooms = simulate_zones(theta, theta, weather.temp_supply_c, weather.temp_outdoor_c, S_PER_H, random, 0.02)
    fit = identify(rooms, weather.temp_supply_c, weather.temp_outdoor_c, S_PER_H, zone_ids=["a", "c", "d"])
    whole = completed(fit, ("a", "b", "c", "d"))
    assert whole.zone_ids == ("a", "b", "c", "d")
    assert np.array_equal(whole.theta_per_s[[0, 2, 3]], fit.theta_per_s)
    assert whole.theta_per_s[1] == pytest.approx(np.mean(fit.prior.mean_per_s))
    assert whole.prior_share_rel[1] == 1.0
    assert [flag.zone for flag in whole.flags if flag.kind == "assumed"] == ["b"]
    assert (whole.theta_samples_per_s > 0).all()
    with pytest.raises(DhsimError, match="at least 2"):
        completed(fit, ("a", "b"))
