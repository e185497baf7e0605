"""The balancing page: whole in itself, honest about synthetic data, and telling what was chosen."""

from __future__ import annotations

import dataclasses
import functools
import re
import shutil
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dhsim.balancing.expectation import heat_supply_ratio_rel
from dhsim.balancing.made import record_made
from dhsim.balancing.protocol import open_building
from dhsim.balancing.steps import fit_round
from dhsim.balancing.synthetic import simulate_zones, synthetic_weather
from dhsim.balancing.workflow import (
    CHOICE_NAME,
    FRONT_NAME,
    ChoiceState,
    FrontOptions,
    open_workflow,
    option_of,
    round_folder,
    write_state,
)
from dhsim.report.balancing_files import LIST_NAME, clear_lists, write_report
from dhsim.report.balancing_page import PAGE_NAME, render_balancing, told_of, write_balancing
from dhsim.report.balancing_rows import no_list_text
from dhsim.report.balancing_text import front_table
from dhsim.units import S_PER_DAY, S_PER_H

FLATS12 = Path(__file__).parents[3] / "scenarios" / "buildings" / "flats12"
DAYS = 30


def readings(path: Path, nu_rel: np.ndarray, seed: int) -> Path:
    zones = open_building(FLATS12).building.zone_ids
    theta = np.linspace(0.13, 0.2, len(zones)) / S_PER_DAY
    random = np.random.default_rng(seed)
    weather = synthetic_weather(24 * DAYS, S_PER_H, random, supply_sd_k=2.0)
    inputs = weather.temp_supply_c, weather.temp_outdoor_c
    nu = 0.15 / S_PER_DAY * nu_rel
    rooms = simulate_zones(theta, nu, *inputs, S_PER_H, random, process_sd_k=0.03, sensor_sd_k=0.05)
    table = pd.DataFrame(rooms, columns=zones).drop(columns="flat 14" if seed == 1 else [])
    start = "2024-12-01" if seed == 1 else "2025-02-01"
    table.insert(0, "time", pd.date_range(start, periods=len(table), freq="h", tz="UTC").astype(str))
    table["temp_supply_c"], table["temp_outdoor_c"] = inputs
    table.to_csv(path, index=False, float_format="%.3f")
    return path


def chosen(folder: Path) -> None:
    """Put a front of two points and a choice beside the first fit, without the optimiser."""
    flow = open_workflow(folder)
    settings = flow.last.building.resistance_valves_pa_s2_m6.copy()
    settings[flow.last.building.valve_ids.index("riser valve 1")] *= 0.6
    at = round_folder(folder, 1)
    present = flow.last.building.resistance_valves_pa_s2_m6
    np.savez(at / FRONT_NAME, zetas=[0.0, 0.5], resistance_valves_pa_s2_m6=[present, settings])
    np.savez(at / CHOICE_NAME, resistance_valves_pa_s2_m6=settings)
    state = ChoiceState(0.5, FrontOptions(max_changed=4), rounded=False, from_front=True)
    told = dataclasses.replace(flow.last.state, front=FrontOptions(), choice=state)
    write_state(folder, dataclasses.replace(flow.state, rounds=(told,)))


@pytest.fixture(scope="module")
def work(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    at = folder / "state"
    fit_round(at, FLATS12, readings(folder / "first.csv", np.ones(12), 1), method="regression")
    shutil.copytree(at, folder / "fitted")
    chosen(at)
    first = open_workflow(at).last
    change = heat_supply_ratio_rel(option_of(first, first.choice.resistance_valves_pa_s2_m6).flow_ratio_rel, 0.4)
    shutil.copytree(at, folder / "chosen")
    fit_round(at, data=readings(folder / "second.csv", change, 2), method="regression")
    return folder


@functools.cache
def page_of(folder: Path) -> str:
    return render_balancing(open_workflow(folder))


def text_of(page: str) -> str:
    words = unescape(re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", page, flags=re.S)))
    return " ".join(words.split())


def test_a_fit_alone_makes_a_page(work: Path) -> None:
    page = page_of(work / "fitted")
    assert "Nothing was chosen yet" in page
    assert page.count('<img src="data:image/svg+xml;base64,') == 6  # circuit, flats, spread, inputs, one radiator, J
    assert "http" not in page.replace("http-equiv", "")
    assert "figure-pareto" not in page


def test_the_list_stands_first_and_the_expectation_after_it(work: Path) -> None:
    flow = open_workflow(work / "chosen")
    page = page_of(work / "chosen")
    words = text_of(page)
    [change] = told_of(flow).changes
    assert change.valve == "riser valve 1"
    assert f"{change.present}" in words
    assert page.index('id="valves"') < page.index('id="expected"') < page.index('id="front"') < page.index('id="data"')
    expected = told_of(flow).expected
    assert f"{expected.angle_rad.after.low:.3f} to {expected.angle_rad.after.high:.3f}" in words
    for name in ("pareto", "bars", "outlook", "bounds", "risers", "inputs", "spread", "zones"):
        assert f'id="figure-{name}"' in page
    assert "plan's calculation alone" in words


def test_synthetic_data_is_called_synthetic(work: Path) -> None:
    flow = open_workflow(work / "chosen")
    assert "Synthetic data." in page_of(work / "chosen")
    measured = dataclasses.replace(flow, state=dataclasses.replace(flow.state, synthetic=False))
    assert "Synthetic data." not in render_balancing(measured)


def test_what_is_assumed_is_said(work: Path) -> None:
    words = text_of(page_of(work / "chosen"))
    assert "flat 14: no sensor: the zone cannot be identified" in words
    assert "Without a usable sensor, assumed flat 14" in words


def test_two_rounds_are_compared(work: Path) -> None:
    page = page_of(work / "state")
    assert "Touched and untouched flats" in page
    for name in ("rounds", "anticipated", "changes", "boxes"):
        assert f'id="figure-{name}"' in page
    assert "intervened" in page


def test_every_figure_of_the_paper_is_there_with_its_number(work: Path) -> None:
    page = page_of(work / "state")
    first = page_of(work / "chosen")
    for number in (5, 6, 7, 8, 9, 10):
        assert f"figure {number} of the paper" in page, number
    for number in (3, 5, 6, 7, 10):
        assert f"figure {number} of the paper" in first, number


def test_the_threshold_is_called_an_assumption(work: Path) -> None:
    flow = open_workflow(work / "fitted")
    assert "L/|θ|² = 0.0025, is an assumption of dhsim; the paper names no number" in text_of(render_balancing(flow))
    own = dataclasses.replace(flow, state=dataclasses.replace(flow.state, stop_proxy_rel=0.001))
    assert "L/|θ|² = 0.001, was given by the user" in text_of(render_balancing(own))


def test_errors_of_the_model_are_told(work: Path) -> None:
    page = page_of(work / "chosen")
    words = text_of(page)
    for name in ("single", "errors"):
        assert f'id="figure-{name}"' in page
    assert "A flat's radiators count as one in the model" in words
    assert "J over bound" in words
    assert "after with feedback" in words


def test_settings_made_stand_beside_those_chosen(work: Path, tmp_path: Path) -> None:
    shutil.copytree(work / "chosen", tmp_path / "made")
    quiet = text_of(page_of(work / "state"))
    assert "Round 1: nothing was reported of the settings made; they are taken to stand as chosen." in quiet
    words = text_of(render_balancing(record_made(tmp_path / "made", None, ["riser valve 1=1.9"])))
    assert "1 valve reported (--valve), the others stand as chosen. 1 of 1 differ from the choice" in words
    assert "1.9 turns reported" in words


def test_rounds_that_tell_no_radiators_say_why(work: Path) -> None:
    page = page_of(work / "state")
    if open_workflow(work / "state").last.response is None:
        assert "Rounds were not fitted together" in text_of(page)
    else:
        assert 'id="figure-units"' in page
        assert "fitted together by the regression" in text_of(page)


def test_groups_may_be_named(work: Path) -> None:
    flow = open_workflow(work / "state")
    groups = {"touched": ("flat 11", "flat 12"), "the top": ("flat 31", "flat 32", "flat 33")}
    assert "the top" not in text_of(page_of(work / "state"))
    assert "the top" in text_of(render_balancing(flow, groups))


def test_a_page_without_a_course_of_the_weather_says_so(work: Path) -> None:
    flow = open_workflow(work / "fitted")
    outdoor = flow.last.series.temp_outdoor_c.copy()
    outdoor[::2] = np.nan
    flow.last.__dict__["series"] = dataclasses.replace(flow.last.series, temp_outdoor_c=outdoor)
    page = render_balancing(flow)
    assert "the integrated error was not simulated" in page
    assert 'id="figure-errors"' not in page


def test_a_page_without_a_list_says_why(work: Path) -> None:
    flow = open_workflow(work / "fitted")
    easy = dataclasses.replace(flow, state=dataclasses.replace(flow.state, stop_proxy_rel=0.9))
    said = told_of(easy).verdict
    assert said.word == "stop in part"  # one flat has no sensor
    assert no_list_text(easy.last, said).startswith("Nothing has to be turned")
    unsure = dataclasses.replace(said, word="cannot tell")
    assert "first what is asked for above" in no_list_text(easy.last, unsure)
    page = text_of(render_balancing(easy))
    assert "Nothing was chosen yet" not in page
    assert "11 of 12 flats identified" in page
    last = open_workflow(work / "chosen").last
    assert "No valve can be turned to advantage within the limits" in no_list_text(last, said)
    choice = dataclasses.replace(last.state.choice, options=FrontOptions())
    free = dataclasses.replace(last, state=dataclasses.replace(last.state, choice=choice))
    assert "No valve has to be turned" in no_list_text(free, said)


def test_what_to_turn_stands_right_behind_the_valve(work: Path) -> None:
    heads = re.findall(r'<th scope="col">([^<]*)</th>', page_of(work / "chosen"))
    assert heads[:4] == ["No.", "Valve", "New", "Turn"]


def test_every_radiator_counts_by_its_own_flow(work: Path) -> None:
    last = open_workflow(work / "chosen").last
    expected = told_of(open_workflow(work / "chosen")).expected
    bound = last.choice.performance  # of flats as a whole
    assert expected.angle_rad.worst > bound.angle_worst_rad


def test_one_angle_stands_everywhere(work: Path) -> None:
    flow = open_workflow(work / "chosen")
    angle = f"{flow.last.whole.angle_rad():.3f}"
    assert f"phi = {angle}" in told_of(flow).verdict.text
    assert f"{told_of(flow).expected.angle_rad.before.middle:.3f}" == angle


def test_equal_points_of_a_front_stand_in_one_row(work: Path) -> None:
    last = open_workflow(work / "chosen").last
    last.__dict__["front"] = (last.front[0], last.front[1], dataclasses.replace(last.front[1], zeta=0.8))
    table = front_table(dataclasses.replace(open_workflow(work / "chosen"), rounds=(last,)))
    assert list(table.columns[0].cells) == ["0", "0.5 to 0.8"]


def test_lists_are_kept_by_round_and_none_is_stale(work: Path, tmp_path: Path) -> None:
    flow = open_workflow(work / "chosen")
    write_report(flow, tmp_path)
    assert (tmp_path / "round1" / LIST_NAME).read_bytes() == (tmp_path / LIST_NAME).read_bytes()
    following = open_workflow(work / "state")
    [said] = clear_lists(following, tmp_path)
    assert "removed" in said
    assert not (tmp_path / LIST_NAME).exists()
    assert (tmp_path / "round1" / LIST_NAME).is_file()
    table = pd.read_csv(tmp_path / "round1" / LIST_NAME, dtype=str)
    table.loc[0, "made"] = "2"
    table.to_csv(tmp_path / LIST_NAME, index=False)
    [said] = clear_lists(flow, tmp_path)
    assert "filled in: kept" in said
    assert (tmp_path / "valves_filled_in_1.csv").is_file()


def test_page_is_one_file_and_the_same_again(work: Path, tmp_path: Path) -> None:
    flow = open_workflow(work / "chosen")
    path = write_balancing(flow, tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == [PAGE_NAME]
    assert path.read_text(encoding="utf-8") == page_of(work / "chosen")
