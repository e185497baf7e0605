"""A Scorecard says what was simulated, how long, and what the reader must know."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from dhsim.assess.scorecard import assess, year_facts
from dhsim.engine import simulate
from dhsim.errors import Status


@pytest.fixture(scope="module")
def case(small_case):
    return small_case("cap70", {"time.start": "2021-04-01", "time.days": 10})


@pytest.fixture(scope="module")
def solution(case):
    return simulate(case)


@pytest.fixture(scope="module")
def score(solution, case):
    return assess(solution, case)


def test_names_policy_and_hours(score, case, solution):
    assert (score.name, score.policy, score.reference) == ("cap70", "cap70", False)
    assert score.years == pytest.approx(10 / 365)
    assert score.cpt_c == pytest.approx(0.32, abs=0.02)
    assert sum(score.mode_hours.values()) == pytest.approx(240.0)
    assert score.mode_hours["BYPASS"] == pytest.approx(np.count_nonzero(solution.arrays["mode"] == 1.0) * 0.25)
    assert score.mode_hours["BYPASS"] > 20.0
    assert score.events["mode"] == sum(event.kind == "mode" for event in solution.events)
    assert score.provenance == dict(solution.provenance)


def test_a_part_of_a_year_says_so(score, omsk_runs):
    assert "The run covers 10 days; its money counts them as if they were the year." in score.assumptions
    assert not any("The run covers" in note for note in omsk_runs["baseline"].score.assumptions)


def test_synthetic_weather_and_calibrated_inputs_are_named(score):
    assert any(note.startswith("Weather: synthetic") for note in score.assumptions)
    calibrated = [note for note in score.assumptions if note.startswith("Calibrated input")]
    assert any("plant.overshoot_k" in note for note in calibrated)


def test_warnings_are_hours_of_a_flag(solution, case):
    status = solution.status.copy()
    status[:6] |= int(Status.DP_SHORT)
    assert assess(dataclasses.replace(solution, status=status), case).warnings["DP_SHORT"] == pytest.approx(1.5)


def test_money_takes_a_short_run_as_the_year_and_averages_a_long_one(score):
    short = year_facts(score.energy, score.emissions, score.years)
    assert short.heat_primary_mwh == score.energy.year.heat_total_mwh
    double = year_facts(score.energy, score.emissions, 2.0)
    assert double.heat_primary_mwh == pytest.approx(0.5 * short.heat_primary_mwh)
    assert double.energy_pump_mwh == pytest.approx(0.5 * short.energy_pump_mwh)
    assert double.co2_t == pytest.approx(0.5 * short.co2_t)
    assert double.heat_flow_hour_max_kw == short.heat_flow_hour_max_kw


def test_smoke_follows_the_heat(score):
    assert score.emissions.co2_kg_kwh == pytest.approx(0.418, abs=0.004)
    assert score.emissions.co2_t == pytest.approx(score.emissions.co2_kg_kwh * score.energy.year.heat_total_mwh)


def test_scorecard_is_plain_json(score):
    text = json.dumps(score.to_dict(), allow_nan=False)
    back = json.loads(text)
    assert back["energy"]["year"]["heat_total_mwh"] == score.energy.year.heat_total_mwh
    assert [row["building"] for row in back["comfort"]["by_building"]] == ["a", "b", "c", "d"]
