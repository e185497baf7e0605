from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from dhsim.report import figures_control, figures_energy, figures_money, gallery, style
from dhsim.report.diagram import PressurePoint, pressure_diagram
from dhsim.study.types import Comparison

POINTS = [
    PressurePoint("inlet", 0.0, 470e3),
    PressurePoint("before the valve", 1.0, 468e3),
    PressurePoint("after the valve", 1.0, 380e3),
    PressurePoint("building", 2.0, 310e3, "return"),
    PressurePoint("outlet", 0.0, 300e3, "return"),
    PressurePoint("branch", 1.0, 305e3, "bypass"),
    PressurePoint("mixing", 1.0, 380e3, "bypass"),
]


@pytest.fixture(scope="module")
def gallery_of(comparison: Comparison) -> dict[str, gallery.Picture]:
    return {picture.id: picture for picture in gallery.pictures(comparison)}


def test_gallery_is_complete_and_every_caption_speaks(gallery_of) -> None:
    assert list(gallery_of) == ["attribution", *(plan.id for plan in gallery.PLANS)]
    assert all(len(picture.caption) > 60 for picture in gallery_of.values())


def test_axes_say_what_they_show(gallery_of) -> None:
    for picture in gallery_of.values():
        figure = picture.figure
        has_title = bool(figure.get_suptitle()) or any(axes.get_title(loc="left") for axes in figure.axes)
        assert has_title, picture.id
        labels = [axes.get_ylabel() + axes.get_xlabel() + axes.get_title(loc="left") for axes in figure.axes]
        assert any("," in text or "MWh" in text or "kPa" in text for text in labels), picture.id


def test_nothing_is_clipped_by_the_edge_of_the_figure(gallery_of) -> None:
    for picture in gallery_of.values():
        figure = picture.figure
        figure.canvas.draw()
        tight = figure.get_tightbbox()
        width, height = figure.get_size_inches()
        assert tight.x0 > -0.05, picture.id
        assert tight.y0 > -0.05, picture.id
        assert tight.x1 < width + 0.05, picture.id
        assert tight.y1 < height + 0.05, picture.id


def test_no_pyplot_is_loaded(gallery_of) -> None:
    for picture in gallery_of.values():
        assert picture.figure.canvas.manager is None


def test_cpt_is_marked_where_it_is(comparison: Comparison, gallery_of) -> None:
    axes = gallery_of["supply_return"].figure.axes[0]
    verticals = [line.get_xdata()[0] for line in axes.lines if len(set(np.asarray(line.get_xdata()))) == 1]
    assert comparison.reference.score.cpt_c in verticals


def test_design_line_gives_the_hand_values(comparison: Comparison) -> None:
    line = gallery.design_line(comparison.reference)
    assert line[-37.0] == pytest.approx(150.0, abs=0.05)
    assert line[5.0] == pytest.approx(59.2, abs=0.05)


def test_colour_of_a_scenario_is_the_same_in_every_figure(comparison: Comparison, gallery_of) -> None:
    wanted = style.scenario_colours(comparison.names)["cap70"]
    duration = {to_hex(line.get_color()) for line in gallery_of["duration"].figure.axes[0].lines}
    emissions = {to_hex(patch.get_facecolor()) for patch in gallery_of["emissions"].figure.axes[0].patches}
    monthly = {to_hex(patch.get_facecolor()) for patch in gallery_of["monthly"].figure.axes[0].patches}
    assert wanted in duration & emissions & monthly


def test_series_that_were_not_kept_leave_out_their_figures_only(comparison: Comparison) -> None:
    runs = []
    for run in comparison.runs:
        arrays = {name: values for name, values in run.solution.arrays.items() if name != "temp_indoor_c"}
        runs.append(dataclasses.replace(run, solution=dataclasses.replace(run.solution, arrays=arrays)))
    thin = dataclasses.replace(comparison, runs=tuple(runs))
    assert set(gallery.missing_series(thin)) == {"indoor_time", "indoor_bands"}


def test_attribution_bar_starts_where_its_reference_ends() -> None:
    columns = ["step", "from", "to", "heat_saved_mwh", "heat_saved_above_cpt_mwh", "electricity_saved_mwh", "note"]
    rows = [
        ("VFD", "a", "b", 10.0, 4.0, 8.0, ""),
        ("bypass", "b", "c", 30.0, 30.0, -1.0, ""),
        ("x", "b", "d", 5.0, 5.0, 0.0, ""),
    ]
    figure = figures_energy.attribution(pd.DataFrame(rows, columns=columns))
    starts = [patch.get_x() for patch in figure.axes[0].patches[::2]]
    assert starts == [0.0, 10.0, 10.0]
    costs = figure.axes[1].patches[1]
    assert costs.get_width() == -1.0
    assert to_hex(costs.get_facecolor()) != to_hex(figure.axes[1].patches[0].get_facecolor())


def test_payback_is_marked_on_the_zero_line() -> None:
    flow = pd.DataFrame({"cumulative": [-10.0, -2.0, 6.0], "cumulative_discounted": [-10.0, -3.0, 3.0]})
    figure = figures_money.cash_flow({"a": figures_money.CashCurve(flow, 1.25, 1.5)}, "Cash")
    marks = [(line.get_xdata()[0], line.get_ydata()[0]) for line in figure.axes[0].lines if line.get_marker() == "D"]
    assert marks == [(1.25, 0), (1.5, 0)]


def test_what_does_not_pay_back_says_so() -> None:
    flow = pd.DataFrame({"cumulative": [-10.0, -9.0], "cumulative_discounted": [-10.0, -9.5]})
    figure = figures_money.cash_flow({"a": figures_money.CashCurve(flow, None, None)}, "Cash")
    assert "a: does not pay back" in [text.get_text() for text in figure.legends[0].get_texts()]


def test_negative_excess_is_drawn_below_zero() -> None:
    frame = pd.DataFrame({"dhw": 1.0, "loss": 1.0, "needed": 5.0, "excess": [2.0, -1.5]}, index=[1, 2])
    axes = figures_energy.excess({"a": frame}).axes[0]
    lowest = min(patch.get_y() + min(0.0, patch.get_height()) for patch in axes.patches)
    assert lowest == -1.5
    assert axes.get_ylim()[0] < -1.5


def test_mode_strip_changes_colour_at_the_change() -> None:
    time = pd.date_range("2021-04-01", periods=8, freq="15min")
    frame = pd.DataFrame({name: 1.0 for name in ("temp_outdoor_c", *figures_control.WEEK_PANELS)}, index=time)
    modes = pd.Series([0, 0, 0, 1, 1, 0, 0, 0], index=time)
    strip = figures_control.week({"a": frame}, {"a": modes}, 0.3).axes[-1].collections[0]
    widths = [np.ptp(path.vertices[:, 0]) * 96 for path in strip.get_paths()]
    assert widths == pytest.approx([3, 2, 3])


def test_pressure_diagram_lists_each_place_once() -> None:
    figure = pressure_diagram(POINTS, "Pump in the supply", pressure_boiling_pa=100e3)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert "5  300 kPa  outlet" in " ".join(text.strip() + " " for text in texts)
    assert sum("380 kPa" in text for text in texts) == 1


def test_a_figure_can_be_drawn_into_given_axes() -> None:
    figure, (axes,) = style.panels()
    made = figures_energy.duration([pd.Series([3.0, 2.0], index=[0.0, 1.0], name="a")], ax=axes)
    assert made is figure
