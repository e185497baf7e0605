"""What is shown of a trial: the page holds the numbers of the table, sentences follow them, figures their panels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dhsim.balancing.expectation import Expectation, Interval, Outlook
from dhsim.balancing.protocol import open_building
from dhsim.balancing.trial import CHOSEN, PRESENT, Trial, simulated_winter
from dhsim.balancing.trial_truth import drawn_truth, with_heads
from dhsim.balancing.trial_weather import trial_weather
from dhsim.report.trial_figures import flats_means, spread_course
from dhsim.report.trial_page import render_trial
from dhsim.report.trial_text import findings, trial_cells, trial_dict

TOY = Path(__file__).parents[3] / "scenarios" / "buildings" / "toy.yaml"


@pytest.fixture(scope="module")
def trial() -> Trial:
    case = open_building(TOY)
    hidden, sky = drawn_truth(case, np.random.default_rng(1)), trial_weather(20)
    half = case.building.with_valves(case.building.resistance_valves_pa_s2_m6 * [1.0, 4.0, 1.0])
    winters = {
        (name, on): simulated_winter(building, with_heads(case, hidden.zones, on, 21.0), sky, settling_days=10)
        for on in (False, True)
        for name, building in ((PRESENT, case.building), (CHOSEN, half))
    }
    return Trial(winters, sky, hidden, 21.0, 10.0, ())


def expected(low: float, high: float) -> Expectation:
    outlook = Outlook(Interval(0.0, 0.0, 0.0), low, high, Interval(low, low, high), Interval(low, low, high), 0.5)
    return Expectation(outlook, outlook, 21.0, 0.0, 0.99, 1.0)


def test_table_has_a_column_for_every_winter(trial: Trial) -> None:
    heads, rows = trial_cells(trial)
    assert heads[1:] == ["present, heads off", "chosen, heads off", "present, heads on", "chosen, heads on"]
    cells = {row[0].strip(): row[1:] for row in rows}
    assert cells["flow, l/h"][0] == f"{trial.winters[PRESENT, False].flow_l_h:.0f}"
    assert cells["coldest flat"][1] == "flat 2"


def test_sentences_follow_the_numbers(trial: Trial) -> None:
    said = " ".join(findings(trial, None))
    winter = trial.winters[CHOSEN, False]
    assert f"{winter.spread_mean_k:.2f} K with the new settings" in said
    assert "colder at the same mean" in said
    assert "saved" not in said
    turned = replace(trial, winters={(PRESENT, False): winter, (CHOSEN, False): trial.winters[PRESENT, False]})
    assert "warmer at the same mean" in " ".join(findings(turned, None))
    assert "% of the heat is saved" in " ".join(findings(turned, None))
    phi = winter.angle_rad
    assert "within the interval" in " ".join(findings(trial, expected(0.5 * phi, 2.0 * phi)))
    assert "outside the interval" in " ".join(findings(trial, expected(2.0 * phi, 3.0 * phi)))


def test_page_says_what_is_made_up(trial: Trial) -> None:
    figures = {"flats": flats_means(trial), "spread": spread_course(trial)}
    page = render_trial(trial, None, "toy", True, figures)
    assert "Synthetic readings and weather." in page
    assert all(cell in page for row in trial_cells(trial)[1] for cell in row[1:])
    measured = replace(trial, weather=trial.weather._replace(synthetic=False))
    assert "Synthetic readings." in render_trial(measured, None, "toy", True, figures)
    assert 'class="synthetic"' not in render_trial(measured, None, "toy", False, figures)
    assert render_trial(trial, None, "<toy>", True, figures).count("&lt;toy&gt;") == 2


def test_figures_have_a_panel_for_each_kind_of_heads(trial: Trial) -> None:
    assert [panel.get_title(loc="left") for panel in flats_means(trial).axes] == ["heads off", "heads on"]
    alone = replace(trial, winters={key: value for key, value in trial.winters.items() if not key[1]})
    assert len(flats_means(alone).axes) == 1
    assert len(spread_course(alone).axes[0].lines) == 2


def test_plain_data_holds_every_flat(trial: Trial) -> None:
    told = trial_dict(trial, expected(0.1, 0.2))
    assert told["expected_angle_rad"] == [0.1, 0.2]
    assert set(told["temp_mean_zone_c"]["chosen, heads on"]) == {"flat 1", "flat 2", "flat 3"}
