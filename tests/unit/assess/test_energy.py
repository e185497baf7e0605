"""Sums over groups of hours, and the balance that must close."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from dhsim.assess.energy import (
    assess_energy,
    balance_residual_rel,
    groups_of_class,
    groups_of_month,
    heat_split,
    total,
)
from dhsim.engine import simulate
from dhsim.model.boundary import ABOVE_CPT, BELOW_CPT, N_GROUP, OUT_OF_SEASON

MWH = 3.6e9


@pytest.fixture(scope="module")
def solution(small_case):
    return simulate(small_case("cap70", {"time.start": "2021-03-28", "time.days": 14}))


@pytest.fixture(scope="module")
def score(solution):
    return assess_energy(solution)


def test_classes_and_months_both_part_the_year():
    by_class = [groups_of_class(kind) for kind in (BELOW_CPT, ABOVE_CPT, OUT_OF_SEASON)]
    by_month = [groups_of_month(month) for month in range(1, 13)]
    for parts in (by_class, by_month):
        assert sorted(np.concatenate(parts)) == list(range(N_GROUP))


def test_parts_add_up_to_the_year(score):
    for parts in ((score.below_cpt, score.above_cpt, score.out_of_season), score.by_month):
        for field in dataclasses.fields(score.year):
            summed = sum(getattr(part, field.name) for part in parts)
            assert summed == pytest.approx(getattr(score.year, field.name), rel=1e-12), field.name
    assert score.year.hours == pytest.approx(14 * 24)
    assert score.by_month[2].hours == pytest.approx(4 * 24)
    assert score.by_month[6].hours == 0.0


def test_energy_is_power_times_time(solution, score):
    hours = solution.step_s / 3600.0
    assert score.year.heat_total_mwh == pytest.approx(solution.arrays["heat_flow_primary_w"].sum() * hours / 1e6)
    assert score.year.energy_pump_mwh == pytest.approx(solution.arrays["power_pump_w"].sum() * hours / 1e6)
    assert score.year.heat_loss_mwh == pytest.approx(solution.arrays["heat_loss_pipe_w"].sum() * hours / 1e6)


def test_hours_above_the_change_point_are_those_that_were(solution, score):
    outdoor = solution.arrays["temp_outdoor_c"][:, 0]
    assert score.above_cpt.hours == pytest.approx(np.count_nonzero(outdoor > 0.3206) * 0.25, abs=0.3)


def test_what_comes_from_the_primary_goes_somewhere(solution, score):
    year = score.year
    pump_water = total(solution, "energy_pump_water_j") / MWH
    leaving = year.heat_sh_mwh + year.heat_dhw_mwh + year.heat_loss_mwh + solution.store_change_pipes_j / MWH
    assert year.heat_total_mwh + pump_water == pytest.approx(leaving, rel=1e-9)


def test_useful_heat_is_what_is_left_without_the_excess(score):
    year = score.year
    assert 0.0 < year.heat_excess_mwh < year.heat_sh_mwh
    assert score.heat_useful_mwh == pytest.approx(year.heat_sh_mwh - year.heat_excess_mwh + year.heat_dhw_mwh)
    assert year.share_sh == pytest.approx(year.heat_sh_mwh / (year.heat_sh_mwh + year.heat_dhw_mwh))


def test_share_of_nothing_is_not_a_number(solution):
    assert math.isnan(heat_split(solution, groups_of_month(7)).share_sh)


def test_return_temperature_is_weighted_by_flow(solution, score):
    flow, temp = solution.arrays["mass_flow_primary_kg_s"], solution.arrays["temp_return_primary_c"]
    # the kernel weighs within a step too, where a valve is on its way
    assert score.temp_return_primary_mean_c == pytest.approx(float((flow * temp).sum() / flow.sum()), rel=1e-4)
    assert score.mass_flow_primary_max_kg_s >= flow.max() * (1 - 1e-12)
    assert score.mass_flow_primary_mean_kg_s <= score.mass_flow_primary_max_kg_s


def test_peak_of_the_hour_is_no_peak_of_the_step(solution, score):
    hourly = solution.arrays["heat_flow_primary_w"].reshape(-1, 4).mean(axis=1)
    assert score.heat_flow_hour_max_kw == pytest.approx(hourly.max() / 1e3, rel=1e-9)


@pytest.mark.parametrize("name", ["heat_primary_j", "heat_envelope_j", "heat_tap_j", "heat_loss_third_pipe_j"])
def test_a_lost_percent_shows_in_the_balance(solution, name):
    assert balance_residual_rel(solution) < 1e-12
    wrong = dict(solution.totals) | {name: 1.01 * solution.totals[name]}
    found = balance_residual_rel(dataclasses.replace(solution, totals=wrong))
    assert found == pytest.approx(0.01 * total(solution, name) / max(total(solution, "heat_primary_j"), 1.0), rel=0.02)


def test_a_forgotten_store_shows_in_the_balance(solution):
    without = dataclasses.replace(solution, store_change_j=np.zeros_like(solution.store_change_j))
    stored = abs(solution.store_change_j.sum()) / total(solution, "heat_primary_j")
    assert stored > 1e-6
    assert balance_residual_rel(without) == pytest.approx(stored, rel=1e-6)


def test_the_water_in_the_pipes_is_a_store(solution):
    without = dataclasses.replace(solution, store_change_pipes_j=0.0)
    stored = abs(solution.store_change_pipes_j) / total(solution, "heat_primary_j")
    assert stored > 1e-6
    assert balance_residual_rel(without) == pytest.approx(stored, rel=1e-6)
