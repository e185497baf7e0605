"""The balancing page: whole in itself, honest about synthetic data, and telling what was chosen."""

from __future__ import annotations

import dataclasses
import re
import shutil
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dhsim.balancing.expectation import heat_supply_ratio_rel
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
from dhsim.report.balancing_page import PAGE_NAME, render_balancing, told_of, write_balancing
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
    table.insert(0, "time", pd.date_range("2024-12-01", periods=len(table), freq="h", tz="UTC").astype(str))
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


def text_of(page: str) -> str:
    words = unescape(re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", page, flags=re.S)))
    return " ".join(words.split())


def test_a_fit_alone_makes_a_page(work: Path) -> None:
    page = render_balancing(open_workflow(work / "fitted"))
    assert "Nothing was chosen yet" in page
    assert page.count('<img src="data:image/svg+xml;base64,') == 4  # circuit, flats, spread, inputs
    assert "http" not in page.replace("http-equiv", "")
    assert "figure-pareto" not in page


def test_the_list_stands_first_and_the_expectation_after_it(work: Path) -> None:
    flow = open_workflow(work / "chosen")
    page = render_balancing(flow)
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
    assert "Synthetic data." in render_balancing(flow)
    measured = dataclasses.replace(flow, state=dataclasses.replace(flow.state, synthetic=False))
    assert "Synthetic data." not in render_balancing(measured)


def test_what_is_assumed_is_said(work: Path) -> None:
    words = text_of(render_balancing(open_workflow(work / "chosen")))
    assert "flat 14: no sensor: the zone cannot be identified" in words
    assert "Without a usable sensor, assumed flat 14" in words


def test_two_rounds_are_compared(work: Path) -> None:
    page = render_balancing(open_workflow(work / "state"))
    assert "Touched and untouched flats" in page
    for name in ("rounds", "anticipated", "changes", "boxes"):
        assert f'id="figure-{name}"' in page
    assert "intervened" in page


def test_page_is_one_file_and_the_same_again(work: Path, tmp_path: Path) -> None:
    flow = open_workflow(work / "chosen")
    path = write_balancing(flow, tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == [PAGE_NAME]
    assert path.read_text(encoding="utf-8") == render_balancing(open_workflow(work / "chosen"))
