"""The error of one radiator a flat, and J beside its bound, for a round's own data."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from dhsim.balancing.round_errors import error_runs, zone_errors
from dhsim.balancing.round_response import informative
from dhsim.balancing.workflow import open_workflow


def test_every_flat_has_an_error_that_is_small_and_not_negative(chosen_once: Path) -> None:
    last = open_workflow(chosen_once).last
    errors = zone_errors(last)
    assert errors.radiators.sum() == last.building.radiators.size
    assert (errors.now_rel >= -1e-12).all()
    assert (errors.now_rel < 0.02).all()
    assert not errors.ntu_fitted.any()
    assert np.allclose(errors.ntu, 0.4)
    # a riser that is nearly shut makes the radiators of a flat unequal
    worst = last.building.zone_ids[int(np.argmax(errors.after_rel - errors.now_rel))]
    assert worst in {"flat 11", "flat 12", "flat 21", "flat 22", "flat 31", "flat 32", "flat 14", "flat 24", "flat 34"}
    assert errors.after_rel.max() > errors.now_rel.max()


def test_without_a_choice_after_is_now(two_rounds: Path) -> None:
    errors = zone_errors(open_workflow(two_rounds).last)
    assert np.array_equal(errors.now_rel, errors.after_rel)


def test_fitted_radiators_are_taken_where_they_are_told(two_rounds: Path) -> None:
    last = open_workflow(two_rounds).last
    errors = zone_errors(last)
    assert np.array_equal(errors.ntu_fitted, informative(last.response))
    assert np.allclose(errors.ntu[~errors.ntu_fitted], 0.4)
    assert not np.isclose(errors.ntu[errors.ntu_fitted], 0.4).any()


def test_shares_go_by_the_plan_or_are_equal(chosen_once: Path) -> None:
    last = open_workflow(chosen_once).last
    unknown = dataclasses.replace(last.case, heat_design_w=np.full_like(last.case.heat_design_w, np.nan))
    equal = dataclasses.replace(last, case=unknown)
    assert not np.allclose(zone_errors(last).now_rel, zone_errors(equal).now_rel)


def test_the_error_stays_below_its_bound_at_every_moment(chosen_once: Path) -> None:
    last = open_workflow(chosen_once).last
    found = error_runs(last, last.choice)
    assert [(one.flows, one.feedback_gain_rel) for one in found.runs] == [
        ("now", 0.0),
        ("now", 1.0),
        ("after", 0.0),
        ("after", 1.0),
    ]
    for one in found.runs:
        square = np.sum(one.run.error_k**2, axis=1)
        assert (square <= one.run.bound_square * (1.0 + 1e-9) + 1e-12).all()
        assert one.run.mean_square == pytest.approx(square.mean())
        assert one.run.bound_mean_square == pytest.approx(one.run.bound_square.mean())
    assert found.temp_ref_c == pytest.approx(np.nanmean(last.series.temp_zone_c))


def test_gaps_of_the_weather_are_left_out(chosen_once: Path) -> None:
    last = open_workflow(chosen_once).last
    outdoor = last.series.temp_outdoor_c.copy()
    outdoor[100] = np.nan
    gapped = dataclasses.replace(last)
    gapped.__dict__["series"] = dataclasses.replace(last.series, temp_outdoor_c=outdoor)
    found = error_runs(gapped)
    assert found.first == 101
    assert len(found.runs) == 2
    assert len(found.runs[0].run.error_k) == len(outdoor) - 101


def test_weather_in_single_readings_gives_no_course(chosen_once: Path) -> None:
    last = open_workflow(chosen_once).last
    outdoor = last.series.temp_outdoor_c.copy()
    outdoor[::2] = np.nan
    gapped = dataclasses.replace(last)
    gapped.__dict__["series"] = dataclasses.replace(last.series, temp_outdoor_c=outdoor)
    assert error_runs(gapped).runs == ()
