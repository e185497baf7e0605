"""The report's section on the secondary network: maps, tables, profiles and limits of real runs."""

from __future__ import annotations

import dataclasses
import itertools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex

from dhsim.report.figures_secondary import network_maps
from dhsim.report.gallery_network import chosen_run, network_missing, network_pictures
from dhsim.report.html import render_report
from dhsim.report.series import limits_of, scorecards_json, write_flows, write_scorecards
from dhsim.report.tables_network import ARROW, network_tables
from dhsim.scenario.load import load_scenario
from dhsim.study.compare import compare_runs
from dhsim.study.flow_classes import FLOW_CLASSES
from dhsim.study.run import run
from dhsim.study.secondary import building_flows, flows_of, map_nodes, map_pipes, pipe_flows
from dhsim.study.types import Comparison

DAYS = {"time.start": "2021-04-01", "time.days": 8}
POLICIES = ("baseline", "cap70", "variable_flow")


@pytest.fixture(scope="module")
def runs(omsk_folder) -> Comparison:
    return compare_runs([run(load_scenario(omsk_folder / f"{name}.yaml", DAYS)) for name in POLICIES])


@pytest.fixture(scope="module")
def section(runs: Comparison) -> str:
    page = render_report(runs)
    return page[page.index('<section id="network">') : page.index('<section id="heat">')]


def colours_of(axes) -> dict[str, int]:
    """Count the colours of the pipes that are drawn in axes."""
    lines = [one for one in axes.collections if isinstance(one, LineCollection)]
    drawn = [to_hex(colour) for one in lines for colour in one.get_colors()]
    return {colour: drawn.count(colour) for colour in set(drawn)}


def test_maps_have_a_panel_a_run_and_the_colours_of_its_flows(runs: Comparison) -> None:
    flows = pipe_flows(runs)
    states = {name: map_pipes(flows, name) for name in runs.names}
    figure = network_maps(states, map_nodes(runs.reference), density_kg_m3=977.8, period="a test")
    assert [axes.get_title() or axes.get_title(loc="left") for axes in figure.axes] == list(runs.names)
    assert "a test" in figure.get_suptitle()
    by_label = {one.label: one.colour for one in FLOW_CLASSES}
    for name, axes in zip(runs.names, figure.axes, strict=True):
        labels = flows_of(flows, name)["flow_class_above_cpt"]
        expected = {to_hex(by_label[label]): int((labels == label).sum()) for label in set(labels)}
        assert colours_of(axes) == expected
    assert colours_of(figure.axes[0]) == colours_of(figure.axes[1]) != colours_of(figure.axes[2])


def test_the_scale_bar_keeps_away_from_names(runs: Comparison) -> None:
    """Building 104k1 stands in the lower left corner of the Omsk network."""
    states = {"one": map_pipes(pipe_flows(runs), "baseline")}
    figure = network_maps(states, map_nodes(runs.reference), density_kg_m3=977.8)
    (axes,) = figure.axes
    (bar,) = (line for line in axes.lines if line.get_gid() == "scale bar")
    assert min(bar.get_xdata()) > 100.0


def test_pictures_come_with_what_they_show(runs: Comparison) -> None:
    pictures = {picture.id: picture for picture in network_pictures(runs)}
    assert list(pictures) == ["network_flow", "network_return", "network_profile_1", "network_profile_2"]
    flows = pipe_flows(runs)
    before, after = (flows_of(flows, name)["mass_flow_above_cpt_kg_s"] for name in ("baseline", "variable_flow"))
    change = 100.0 * (after / before - 1.0).min()
    assert f"variable_flow (−{abs(change):.0f} %)" in pictures["network_flow"].caption
    assert "Every pipe keeps its flow with cap70" in pictures["network_flow"].caption
    assert "building 155" in pictures["network_profile_1"].caption
    for picture in pictures.values():
        figure = picture.figure
        figure.canvas.draw()
        tight, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
        assert tight.x0 > -0.05
        assert tight.y0 > -0.05
        assert tight.x1 < width + 0.05
        assert tight.y1 < height + 0.05


def test_the_variant_beside_the_reference_has_the_lowest_flow(runs: Comparison) -> None:
    chosen = chosen_run(runs)
    assert chosen is not None
    assert chosen.name == "variable_flow"
    assert chosen_run(compare_runs(runs.runs[:1])) is None


def test_tables_show_before_and_after(runs: Comparison) -> None:
    made, buildings = network_tables(runs), flows_of(building_flows(runs), "variable_flow")
    assert [block.heading for block in made.buildings] == ["cap70", "variable_flow"]
    varied = made.buildings[1]
    column = varied.columns.index("Flow above the CPT, m³/h")
    for row in varied.rows:
        assert row[column].endswith(f"{ARROW}{buildings.loc[row[0], 'volume_flow_above_cpt_m3_h']:.2f}")
    mixed = made.buildings[0]
    assert all(ARROW not in row[column] for row in mixed.rows), "the flow is the same"
    assert all(ARROW in row[mixed.columns.index("Return above the CPT, °C")] for row in mixed.rows)
    assert made.flow.columns == ("Building", *POLICIES)
    assert made.pipe_flow.rows[0][0] == "P1"
    assert made.pipes[0].rows[0][1] == "substation to A, 40 m, 150 mm"
    assert made.pipes[0].rows[0][2] == "over 40"
    for block in (made.flow, made.temperature, made.pipe_flow, *made.buildings, *made.pipes):
        assert all(len(row) == len(block.columns) for row in block.rows)


def test_the_page_has_a_section_of_the_network(section: str) -> None:
    for text in ("network_flow", "network_profile_2", "cap70</b>: all kept", "variable_flow: buildings and pipes"):
        assert text in section
    assert section.count("<details open") == 1
    assert "Three flows must not be mixed up" in section


def test_a_broken_limit_stands_in_the_page_and_in_the_scorecard(runs: Comparison, tmp_path: Path) -> None:
    base = runs.reference
    heights = np.full(12, 15.0)
    heights[0] = 60.0
    system = dataclasses.replace(base.case.system, building_heights_m=heights)
    high = dataclasses.replace(base, case=dataclasses.replace(base.case, system=system))
    made = compare_runs([high, *runs.runs[1:2]])
    page = render_report(made)
    assert "RETURN_TOO_LOW: consumer 46" in page
    cards = json.loads(write_scorecards(made, tmp_path / "scorecard.json").read_text(encoding="utf-8"))
    assert any("RETURN_TOO_LOW" in text for text in cards[0]["pressure_limits"])
    assert cards[1]["pressure_limits"] == []
    (unchecked,) = json.loads(scorecards_json([base.score]))
    assert unchecked["pressure_limits"] is None


def test_flows_are_written_as_they_are(runs: Comparison, tmp_path: Path) -> None:
    paths = write_flows(runs, tmp_path)
    assert [path.name for path in paths] == ["buildings.csv", "pipes.csv"]
    for path, frame, key in zip(paths, (building_flows(runs), pipe_flows(runs)), ("building", "pipe"), strict=True):
        back = pd.read_csv(path, dtype={"building": str}, keep_default_na=False).set_index(["scenario", key])
        pd.testing.assert_frame_equal(back, frame, rtol=1e-6, check_dtype=False)
    assert paths[0].read_bytes().count(b"\n") == 1 + 3 * 12


def test_without_pipes_the_section_is_left_out(comparison: Comparison, tmp_path: Path) -> None:
    """The made-up runs of this folder have no network."""
    assert "mass_flow_pipe_kg_s" in network_missing(comparison)
    assert list(network_pictures(comparison)) == []
    assert 'id="network"' not in render_report(comparison)
    assert write_flows(comparison, tmp_path) == []
    assert json.loads(scorecards_json(run.score for run in comparison.runs))[0]["pressure_limits"] is None


def test_frost_alone_has_profiles_but_no_maps(omsk_folder) -> None:
    frost = {"time.start": "2021-01-10", "time.days": 8}
    made = compare_runs([run(load_scenario(omsk_folder / "baseline.yaml", frost))])
    assert [picture.id for picture in network_pictures(made)] == ["network_profile_1", "network_profile_2"]
    page = render_report(made)
    assert 'id="network"' in page
    assert (
        "nan"
        not in page[page.index('<section id="network">') : page.index('<section id="heat">')]
        .replace("finan", "")
        .partition("<img")[0]
    )


def test_what_cannot_be_checked_is_said_and_nothing_is_lost(runs: Comparison) -> None:
    """A conductance that is no number cannot be solved; the page is written all the same."""
    base = runs.reference
    wrong = base.case.system.buildings._replace(conductance_kg_s_pa05=np.full(12, np.nan))
    system = dataclasses.replace(base.case.system, buildings=wrong)
    broken = dataclasses.replace(base, case=dataclasses.replace(base.case, system=system))
    page = render_report(compare_runs([broken]))
    assert "not checked: " in page
    assert "fig-network_flow" in page
    assert "fig-network_profile_1" not in page


def test_a_summer_has_nothing_to_check(omsk_folder) -> None:
    summer = {"time.start": "2021-07-01", "time.days": 8}
    made = compare_runs([run(load_scenario(omsk_folder / "baseline.yaml", summer))])
    assert limits_of(made) == {}
    assert "Not checked: no water flowed for heating" in render_report(made)


def test_runs_are_told_apart_in_the_side_by_side_tables(runs: Comparison) -> None:
    rows = network_tables(runs).temperature.rows
    assert all(a != b for row in rows for a, b in itertools.pairwise(row[1:]))


def test_a_report_without_pipes_has_no_maps(omsk_folder) -> None:
    alone = DAYS | {"network": None}
    comparison = compare_runs(
        [run(load_scenario(omsk_folder / f"{name}.yaml", alone)) for name in ("baseline", "cap70")]
    )
    assert not list(network_pictures(comparison))
    assert "<html" in render_report(comparison)
