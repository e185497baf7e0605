"""Two rounds with really different flows, fitted together: what they tell of the radiators."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from dhsim.balancing.expectation import heat_supply_ratio_rel
from dhsim.balancing.round_response import informative, ntu_at, response_outlook, rounds_fit, zone_mass_flow_kg_s
from dhsim.balancing.steps import fit_round
from dhsim.balancing.workflow import open_workflow

NTU = 0.8  # as conftest.py makes the readings


def test_the_joint_fit_is_kept_in_the_second_round(two_rounds: Path) -> None:
    first, second = open_workflow(two_rounds).rounds
    assert first.state.response is None
    assert first.response is None
    assert second.state.response.rounds == (1, 2)
    made = rounds_fit((first, second))
    assert np.array_equal(second.response.ntu_samples, made.response.ntu_samples)
    assert second.response.zone_ids == made.response.zone_ids
    assert second.response.flags == made.response.flags


def test_zones_whose_flow_changed_most_are_told_and_the_truth_is_within(two_rounds: Path) -> None:
    last = open_workflow(two_rounds).last
    response = last.response
    change = np.abs(np.log(zone_mass_flow_kg_s(last) / response.mass_flow_zone_kg_s))
    told = informative(response)
    assert told[np.argsort(change)[-3:]].all()
    assert not told[np.argsort(change)[:2]].any()
    low, high = np.quantile(response.ntu_samples, [0.005, 0.995], axis=0)
    assert ((low < NTU) & (NTU < high)).all()
    assert {flag.zone for flag in response.flags} == {
        zone for zone, one in zip(response.zone_ids, told, strict=True) if not one
    }


def test_transfer_units_go_with_one_over_flow(two_rounds: Path) -> None:
    response = open_workflow(two_rounds).last.response
    low, middle, high = ntu_at(response, 2.0 * response.mass_flow_zone_kg_s)
    assert np.allclose(middle, response.ntu / 2.0)
    assert (low < middle).all()
    assert (middle < high).all()


def test_the_outlook_needs_no_box(two_rounds: Path) -> None:
    flow = open_workflow(two_rounds)
    last = flow.last
    same = response_outlook(last, np.ones(12))
    assert same.after == same.before
    assert same.probability_decrease_rel == 0.0
    back = 1.0 / flow.rounds[0].choice.flow_ratio_rel
    outlook = response_outlook(last, back)
    theta = np.linspace(0.13, 0.2, 12)
    truth = float(np.arccos(theta.sum() / np.linalg.norm(theta) / np.sqrt(12.0)))  # heat supply was alike at first
    assert outlook.after.low < truth < outlook.after.high
    assert response_outlook(flow.rounds[0], np.ones(12)) is None


def test_without_a_change_of_flow_there_is_a_reason(chosen_once: Path, tmp_path: Path) -> None:
    from dhsim.balancing.made import record_made

    shutil.copytree(chosen_once, tmp_path / "work")
    record_made(tmp_path / "work", untouched=True)
    flow = fit_round(tmp_path / "work", data=chosen_once.parent / "first.csv", method="regression", overlap=True)
    assert flow.last.response is None
    assert "no flat's flow changed by 5 %" in flow.last.state.response.reason


def test_one_round_alone_tells_nothing(chosen_once: Path) -> None:
    found = rounds_fit(open_workflow(chosen_once).rounds)
    assert found.response is None
    assert "two rounds" in found.reason


def test_the_second_rounds_supply_is_foretold_by_the_first_and_the_radiators(two_rounds: Path) -> None:
    first, last = open_workflow(two_rounds).rounds
    ratio = first.choice.flow_ratio_rel
    low, high = last.response.nu_interval_at_per_s(ratio, 0.9999)
    truth = 0.15 / 86400.0 * heat_supply_ratio_rel(ratio, NTU)
    # noise of the sensors lifts theta and nu alike, by up to some per cent here
    assert (low < 1.1 * truth).all()
    assert (high > 0.95 * truth).all()
    with pytest.raises(ValueError, match="shape"):
        last.response.nu_interval_at_per_s(ratio[:3])
