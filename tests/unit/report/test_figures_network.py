"""Maps of a network: what is drawn, in which colours and where."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex, to_rgba
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from dhsim.report import style
from dhsim.report.figures_network import FLOW_CLASSES, map_difference, maps_before_after, network_map
from dhsim.report.network_drawing import line_widths_pt
from dhsim.report.network_labels import round_length_m
from dhsim.report.network_layout import place, tree_layout
from dhsim.report.network_shades import NO_VALUE_COLOUR
from dhsim.study.flow_classes import class_of

PLACES = {
    "substation": (0, 0),
    **{"A": (40, 0), "B": (100, 0), "C": (155, 0), "D": (40, -70), "E": (100, -70)},
    **{"46": (40, 15), "46k1": (22, 18), "46k2": (100, 20), "48": (122, -20), "48k1": (80, 15), "50": (165, 17)},
    **{
        "102": (190, 0),
        "104": (22, -80),
        "104k1": (40, -110),
        "106": (100, -50),
        "153": (130, -70),
        "155": (100, -115),
    },
}
WAYS = (
    *("substation-A", "A-B", "B-C", "A-D", "D-E", "A-46", "A-46k1", "B-46k2", "B-48", "B-48k1", "C-50", "C-102"),
    *("D-104", "D-104k1", "E-106", "E-153", "E-155"),
)
DIAMETERS_MM = [150, 125, 100, 125, 100, *[65] * 12]
FLOWS_M3_H = [42.0, 18.0, 9.0, 21.0, 12.0, *[3.5] * 12]


def pipes_of(scale: float = 1.0) -> pd.DataFrame:
    """The 17 pipes of the Omsk scenario, with made-up results."""
    flow = np.array(FLOWS_M3_H) * scale
    return pd.DataFrame(
        {
            "start": [way.partition("-")[0] for way in WAYS],
            "end": [way.partition("-")[2] for way in WAYS],
            "diameter_m": np.array(DIAMETERS_MM) / 1000.0,
            "mass_flow_kg_s": flow * 1000.0 / 3600.0,
            "velocity_m_s": 0.02 * flow,
            "temp_supply_c": 70.0 - np.arange(17) / 10.0,
            "temp_return_c": 45.0 - np.arange(17) / 10.0,
            "heat_loss_w": 100.0 + 10.0 * np.arange(17),
            "pressure_gradient_pa_m": 3.0 * flow,
            "buried": [0, 0, *[1] * 15],
        },
        index=[f"P{k}" for k in range(17)],
    )


def nodes_of() -> pd.DataFrame:
    """The nodes of the same: buildings have names that begin with a digit."""
    kinds = ["producer" if n == "substation" else "consumer" if n[0].isdigit() else "junction" for n in PLACES]
    return pd.DataFrame(
        {
            "x_m": [float(x) for x, _ in PLACES.values()],
            "y_m": [float(y) for _, y in PLACES.values()],
            "kind": kinds,
            "label": [n if kind != "junction" else "" for n, kind in zip(PLACES, kinds, strict=True)],
        },
        index=list(PLACES),
    )


def city(count: int, *, gap_m: float = 30.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A long main with a consumer beside every junction."""
    half = count // 2
    main = [("n0" if k == 0 else f"j{k}", f"j{k + 1}") for k in range(half)]
    services = [(f"j{k + 1}", f"c{k + 1}") for k in range(half)]
    row, column = np.divmod(np.arange(half + 1), 25)
    x, y = gap_m * np.where(row % 2, 24 - column, column), 2 * gap_m * row.astype(float)
    nodes = pd.DataFrame(
        {
            "x_m": [*x, *x[1:]],
            "y_m": [*y, *(y[1:] + gap_m / 2)],
            "kind": ["producer", *["junction"] * half, *["consumer"] * half],
            "label": ["plant", *[""] * half, *[f"building {k}" for k in range(half)]],
        },
        index=["n0", *[f"j{k + 1}" for k in range(half)], *[f"c{k + 1}" for k in range(half)]],
    )
    flows = [*np.linspace(half, 1, half), *np.ones(half)]
    ends = [*main, *services]
    pipes = pd.DataFrame(
        {"start": [a for a, _ in ends], "end": [b for _, b in ends], "mass_flow_kg_s": flows, "diameter_m": 0.1}
    )
    return pipes, nodes


def drawn(figure: Figure, gid: str, panel: int = 0):
    """Return the one artist of that name in one panel."""
    found = [artist for artist in figure.axes[panel].get_children() if artist.get_gid() == gid]
    assert len(found) == 1, gid
    return found[0]


def names(figure: Figure, panel: int = 0) -> list[Annotation]:
    return [text for text in figure.axes[panel].texts if text.get_zorder() == 6]


def legend_texts(figure: Figure) -> list[str]:
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


@pytest.mark.parametrize(
    ("color_by", "label"),
    [
        ("flow", "Flow, t/h"),
        ("velocity", "Velocity, m/s"),
        ("temp", "Supply temperature, °C"),
        ("loss", "Heat loss, kW"),
        ("gradient", "Pressure gradient, Pa/m"),
    ],
)
def test_the_colour_bar_names_quantity_and_unit(color_by, label) -> None:
    figure = network_map(pipes_of(), nodes_of(), color_by=color_by)
    assert figure.axes[1].get_ylabel() == label
    assert label.rpartition(", ")[2] in figure.axes[0].get_title(loc="left")


def test_every_pipe_is_one_segment_and_those_above_ground_are_dashed() -> None:
    figure = network_map(pipes_of(), nodes_of())
    solid, dashed = drawn(figure, "buried"), drawn(figure, "above ground")
    assert len(solid.get_segments()) == 15
    assert [segment.tolist() for segment in dashed.get_segments()] == [[[0, 0], [40, 0]], [[40, 0], [100, 0]]]
    assert all(dashes is None for _, dashes in solid.get_linestyle())
    assert all(dashes for _, dashes in dashed.get_linestyle())
    assert "above ground" in legend_texts(figure)
    assert "above ground" not in legend_texts(network_map(pipes_of().drop(columns="buried"), nodes_of()))


def test_lines_grow_with_the_diameter() -> None:
    figure = network_map(pipes_of().assign(buried=1), nodes_of())
    lines = drawn(figure, "buried")
    by_end = {
        tuple(segment[-1]): width for segment, width in zip(lines.get_segments(), lines.get_linewidths(), strict=True)
    }
    widths = [by_end[PLACES[end]] for end in pipes_of()["end"]]
    for a, b in itertools.pairwise(np.argsort(DIAMETERS_MM, kind="stable")):
        if DIAMETERS_MM[a] < DIAMETERS_MM[b]:
            assert widths[a] < widths[b]
        else:
            assert widths[a] == widths[b]


def test_widths_of_equal_pipes_are_equal_and_thin_where_there_are_many() -> None:
    assert np.ptp(line_widths_pt(np.full(5, 0.1), (0.1, 0.1), 5)) == 0.0
    few, many = (line_widths_pt(np.array([0.05, 0.3]), (0.05, 0.3), count) for count in (20, 1000))
    assert np.all(many < few)


def test_all_buildings_are_named_and_no_name_covers_another() -> None:
    figure = network_map(pipes_of(), nodes_of())
    figure.canvas.draw()
    assert sorted(text.get_text() for text in names(figure)) == sorted(set(nodes_of()["label"]) - {""})
    boxes = [text.get_window_extent() for text in names(figure)]
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    frame = figure.axes[0].get_window_extent()
    assert all(frame.contains(*corner) for box in boxes for corner in (box.min, box.max))


def test_names_are_dropped_where_they_do_not_fit_but_the_plant_keeps_its_own() -> None:
    pipes, nodes = city(1000)
    figure = network_map(pipes, nodes)
    assert [text.get_text() for text in names(figure)] == ["plant"]
    assert len(drawn(figure, "buried").get_segments()) == 1000


def test_arrows_turn_with_the_flow() -> None:
    """Water comes back in the return line, and a negative flow runs from end to start."""

    def first_tip(pipes: pd.DataFrame, **options: str) -> float:
        return float(drawn(network_map(pipes, nodes_of(), **options), "arrows").get_paths()[0].vertices[0, 0])

    assert first_tip(pipes_of()) > 0.0
    assert first_tip(pipes_of(-1.0)) < 0.0
    assert first_tip(pipes_of(), line="return") < 0.0
    own_return = pipes_of().assign(mass_flow_return_kg_s=1.0)
    assert first_tip(own_return, line="return") > 0.0


def test_standing_water_has_no_arrow() -> None:
    pipes = pipes_of()
    moving = len(drawn(network_map(pipes, nodes_of()), "arrows").get_offsets())
    pipes.loc["P5", "mass_flow_kg_s"] = 0.0
    assert len(drawn(network_map(pipes, nodes_of()), "arrows").get_offsets()) == moving - 1
    network_map(pipes_of(0.0), nodes_of())


def test_arrows_stand_half_way_along_a_bent_pipe() -> None:
    pipes = pipes_of().iloc[:1].assign(geometry=[[(0.0, 0.0), (0.0, 30.0), (100.0, 30.0), (100.0, 0.0)]])
    figure = network_map(pipes, nodes_of())
    assert drawn(figure, "arrows").get_offsets().tolist() == [[50.0, 30.0]]
    assert drawn(figure, "above ground").get_segments()[0].shape == (4, 2)


def test_classes_leave_no_gap_do_not_overlap_and_lie_inside_the_printed_ones() -> None:
    assert FLOW_CLASSES[0].low_m3_h == 0.0
    assert FLOW_CLASSES[-1].high_m3_h == float("inf")
    assert all(a.high_m3_h == b.low_m3_h for a, b in itertools.pairwise(FLOW_CLASSES))
    blue, light_blue, green, orange, gap, red = FLOW_CLASSES
    assert (orange.low_m3_h, orange.high_m3_h) == (20.0, 30.0)
    assert red.low_m3_h == 40.0
    assert green.high_m3_h <= 30.0
    assert max(blue.high_m3_h, light_blue.high_m3_h) <= 20.0
    assert light_blue.low_m3_h < 10.0 < light_blue.high_m3_h
    assert "not in the paper" in gap.label
    assert len({one.colour for one in FLOW_CLASSES}) == 6


def test_bounds_belong_to_the_class_below() -> None:
    flows = np.array([0.0, 5.0, 20.0, 20.01, 30.0, 40.0, 40.01, -25.0, np.nan])
    labels = [one.label if one else None for one in class_of(flows)]
    assert labels[:3] == ["up to 5", "up to 5", "15 to 20"]
    assert labels[3:5] == ["20 to 30", "20 to 30"]
    assert labels[5:] == ["30 to 40 (not in the paper)", "over 40", "20 to 30", None]


def test_pipes_have_the_colours_of_their_classes() -> None:
    pipes = pipes_of().assign(buried=1)
    pipes.loc["P16", "mass_flow_kg_s"] = np.nan
    figure = network_map(pipes, nodes_of(), color_by="flow_class", density_kg_m3=1000.0)
    lines = drawn(figure, "buried")
    colour = {tuple(end[-1]): to_hex(own) for end, own in zip(lines.get_segments(), lines.get_colors(), strict=True)}
    blue, light_blue, green, orange, _, red = (one.colour for one in FLOW_CLASSES)
    expected = {"A": red, "B": green, "C": light_blue, "D": orange, "E": light_blue, "46": blue, "155": NO_VALUE_COLOUR}
    assert {node: colour[PLACES[node]] for node in expected} == expected
    assert [one.label for one in FLOW_CLASSES] == legend_texts(figure)[:6]
    assert "m³/h" in figure.legends[0].get_title().get_text()


def test_colours_are_told_apart_by_lightness_or_hue_without_red_and_green() -> None:
    """Seen without the green cones, every two neighbouring classes still differ."""
    seen = []
    for one in FLOW_CLASSES:
        red, green, blue = (channel**2.2 for channel in to_rgba(one.colour)[:3])
        # Viénot, Brettel and Mollon 1999, deuteranopia
        mixed = 0.29275 * red + 0.70725 * green
        seen.append(np.array([mixed, max(-0.02234 * red + 0.02234 * green + blue, 0.0)]) ** (1 / 2.2))
    assert min(np.hypot(*(a - b)) for a, b in itertools.pairwise(seen)) > 0.12


def test_uneven_values_get_a_square_root_scale_that_says_so() -> None:
    pipes = pipes_of()
    pipes.loc["P0", "mass_flow_kg_s"] = 500.0
    assert network_map(pipes, nodes_of()).axes[1].get_ylabel() == "Flow, t/h (square-root scale)"


def test_values_outside_given_limits_are_shown_to_be_so() -> None:
    def outside(limits: tuple[float, float]) -> str:
        return network_map(pipes_of(), nodes_of(), limits=limits).axes[1]._colorbar.extend

    assert outside((0.0, 100.0)) == "neither"
    assert outside((10.0, 20.0)) == "both"


def test_a_missing_value_is_pale_and_explained() -> None:
    pipes = pipes_of().assign(buried=1)
    assert "no value" not in legend_texts(network_map(pipes, nodes_of()))
    pipes.loc["P3", "temp_supply_c"] = np.nan
    figure = network_map(pipes, nodes_of(), color_by="temp")
    assert [to_hex(colour) for colour in drawn(figure, "buried").get_colors()].count(NO_VALUE_COLOUR) == 1
    assert "no value" in legend_texts(figure)


def test_before_and_after_share_one_scale() -> None:
    before, after = pipes_of().assign(buried=1), pipes_of(0.5).assign(buried=1)
    figure = maps_before_after(before, after, nodes_of(), titles=("as it is", "with mixing"))
    assert [axes.get_title(loc="left") for axes in figure.axes[:2]] == ["as it is", "with mixing"]
    assert len(figure.axes) == 3
    alone = network_map(before, nodes_of())
    old, new = (drawn(figure, "buried", panel).get_colors() for panel in (0, 1))
    assert np.allclose(old, drawn(alone, "buried").get_colors())
    assert not np.allclose(old[0], new[0])
    # 21 t/h before in A-D, and 42 t/h halved in substation-A after
    thick_first = np.argsort([-diameter for diameter in DIAMETERS_MM], kind="stable").tolist()
    assert np.allclose(old[thick_first.index(WAYS.index("A-D"))], new[0])


def test_less_is_blue_and_more_is_red() -> None:
    before, after = pipes_of().assign(buried=1), pipes_of().assign(buried=1)
    after.loc["P0", "mass_flow_kg_s"] *= 0.5
    after.loc["P16", "mass_flow_kg_s"] *= -5.0
    after = after.rename(index={"P15": "new"})
    figure = map_difference(before, after, nodes_of())
    lines = drawn(figure, "buried")
    colour = {tuple(end[-1]): own for end, own in zip(lines.get_segments(), lines.get_colors(), strict=True)}
    less, more, same = colour[PLACES["A"]], colour[PLACES["155"]], colour[PLACES["46"]]
    assert less[2] > less[0]
    assert more[0] > more[2]
    assert same[0] == same[1] == same[2]
    assert to_hex(colour[PLACES["153"]]) == NO_VALUE_COLOUR
    assert "no value" in legend_texts(figure)
    low, high = figure.axes[1].get_ylim()
    assert low == -high
    assert figure.axes[1].get_ylabel() == "Change of flow, t/h"


def test_a_change_of_temperature_is_in_kelvin() -> None:
    figure = map_difference(pipes_of(), pipes_of(), nodes_of(), color_by="temp", line="return")
    assert figure.axes[1].get_ylabel() == "Change of return temperature, K"


def test_a_scale_bar_is_as_long_as_it_says() -> None:
    figure = network_map(pipes_of(), nodes_of())
    bar = drawn(figure, "scale bar")
    assert any(text.get_text() == f"{np.ptp(bar.get_xdata()):g} m" for text in figure.axes[0].texts)
    assert figure.axes[0].get_aspect() == 1.0


@pytest.mark.parametrize(("span", "length"), [(100.0, 20.0), (2600.0, 500.0), (9.0, 1.0), (45.5, 10.0)])
def test_a_scale_bar_has_a_round_length(span, length) -> None:
    assert round_length_m(span) == length


def test_a_network_without_coordinates_is_a_tree_without_a_scale() -> None:
    nodes = nodes_of()
    nodes.loc["155", "x_m"] = np.nan
    figure = network_map(pipes_of(), nodes)
    assert any("not to scale" in text.get_text() for text in figure.axes[0].texts)
    assert not any(child.get_gid() == "scale bar" for child in figure.axes[0].get_children())
    assert sum(len(drawn(figure, kind).get_segments()) for kind in ("buried", "above ground")) == 17
    assert len(names(figure)) == 13


def test_pipes_of_a_tidy_tree_do_not_cross_and_nodes_do_not_meet() -> None:
    rng = np.random.default_rng(5)
    for size in (2, 12, 60):
        parent = [int(rng.integers(0, k)) for k in range(1, size)]
        where = tree_layout(size, parent, range(1, size), [0])
        assert len({tuple(np.round(row, 9)) for row in where}) == size
        columns = np.unique(where[:, 0])
        for left, right in itertools.pairwise(columns):
            pipes = [(where[a, 1], where[b, 1]) for b, a in enumerate(parent, 1) if where[b, 0] == right]
            assert all(where[a, 0] == left for b, a in enumerate(parent, 1) if where[b, 0] == right)
            assert not any((a - c) * (b - d) < 0.0 for (a, b), (c, d) in itertools.combinations(pipes, 2))


def test_a_deep_chain_a_loop_and_an_island_are_laid_out_too() -> None:
    chain = tree_layout(5000, range(4999), range(1, 5000), [0])
    assert np.ptp(chain[:, 1]) == 0.0
    loop = tree_layout(3, [0, 1, 2], [1, 2, 0], [0])
    assert np.isfinite(loop).all()
    island = tree_layout(4, [0, 2], [1, 3], [0])
    assert island[2:, 1].max() < island[:2, 1].min()


def test_one_straight_line_is_drawn_with_room_for_names() -> None:
    pipes = pipes_of().iloc[:2]
    nodes = nodes_of().loc[["substation", "A", "B"]].assign(label=["plant", "a", "b"])
    figure = network_map(pipes, nodes)
    assert len(names(figure)) == 3


def test_what_is_missing_or_unknown_is_named() -> None:
    with pytest.raises(ValueError, match="lacks velocity_m_s"):
        network_map(pipes_of().drop(columns="velocity_m_s"), nodes_of(), color_by="velocity")
    with pytest.raises(ValueError, match="lacks y_m, label"):
        network_map(pipes_of(), nodes_of().drop(columns=["y_m", "label"]))
    with pytest.raises(ValueError, match=r"not in the frame of nodes: 104, 155"):
        place(pipes_of(), nodes_of().drop(index=["155", "104"]))
    with pytest.raises(ValueError, match="it can be flow, flow_class"):
        network_map(pipes_of(), nodes_of(), color_by="colour")
    with pytest.raises(ValueError, match="got school"):
        network_map(pipes_of(), nodes_of().replace({"kind": {"consumer": "school"}}))


def test_maps_fit_into_axes_of_others() -> None:
    figure, (left, right) = style.panels(1, 2)
    assert network_map(pipes_of(), nodes_of(), ax=left) is figure
    assert network_map(pipes_of(), nodes_of(), color_by="flow_class", ax=right) is figure
    assert not figure.legends
    assert right.get_legend().get_texts()[0].get_text() == "producer"


def test_nothing_is_clipped_and_no_pyplot_is_loaded() -> None:
    for figure in (
        network_map(pipes_of(), nodes_of(), color_by="flow_class"),
        maps_before_after(pipes_of(), pipes_of(0.3), nodes_of(), color_by="flow_class"),
        map_difference(pipes_of(), pipes_of(0.3), nodes_of()),
    ):
        figure.canvas.draw()
        tight = figure.get_tightbbox()
        width, height = figure.get_size_inches()
        assert min(tight.x0, tight.y0) > -0.05
        assert tight.x1 < width + 0.05
        assert tight.y1 < height + 0.05
        assert figure.canvas.manager is None


def test_the_same_map_gives_the_same_bytes() -> None:
    first, second = (style.svg_bytes(network_map(pipes_of(), nodes_of())) for _ in range(2))
    assert first == second
