from __future__ import annotations

import matplotlib as mpl
import pytest

from dhsim.quantities import QUANTITIES
from dhsim.report import style


def test_reference_is_grey_and_variants_keep_their_colours() -> None:
    names = ("base", "a", "b")
    colours = style.scenario_colours(names)
    assert colours["base"] == style.REFERENCE_COLOUR
    assert [colours["a"], colours["b"]] == list(style.VARIANT_COLOURS[:2])
    assert len(set(style.scenario_colours([f"s{k}" for k in range(7)]).values())) == 7


def test_line_style_changes_where_colours_run_out() -> None:
    names = [f"s{k}" for k in range(9)]
    colours, lines = style.scenario_colours(names), style.scenario_lines(names)
    assert len({(colours[name], lines[name]) for name in names}) == len(names)


@pytest.mark.parametrize(
    ("name", "unit", "factor"),
    [("mass_flow_primary_kg_s", "t/h", 3.6), ("power_pump_w", "kW", 1e-3), ("temp_indoor_c", "°C", 1.0)],
)
def test_people_read_their_own_units(name: str, unit: str, factor: float) -> None:
    assert style.display_unit(name) == unit
    assert style.display_factor(name) == pytest.approx(factor)


def test_axis_label_names_quantity_and_unit() -> None:
    assert style.axis_label("temp_indoor_c") == f"{QUANTITIES['temp_indoor_c'].label}, °C"
    assert style.axis_label("mixing_share_rel") == "Mixing share"


def test_users_settings_survive_and_do_not_leak_in() -> None:
    with mpl.rc_context({"font.size": 31.0}):
        inside = style.styled(lambda: mpl.rcParams["font.size"])()
        assert inside == 9.0
        assert mpl.rcParams["font.size"] == 31.0


@pytest.mark.parametrize(("value", "text"), [(0.01, "0"), (-4.25, "\u22124.2"), (1234.0, "+1\u2009234")])
def test_signed(value: float, text: str) -> None:
    assert style.signed(value) == text


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6])
def test_panel_grid_has_one_panel_a_scenario(count: int) -> None:
    figure, axes = style.panel_grid(count)
    assert len(axes) == count == len(figure.axes)


def test_svg_is_the_same_for_the_same_figure() -> None:
    def draw() -> bytes:
        figure, (axes,) = style.panels()
        axes.plot([0, 1], [2, 3], label="x")
        axes.legend()
        return style.svg_bytes(figure)

    first = draw()
    assert first == draw()
    assert b"<dc:date>" not in first
