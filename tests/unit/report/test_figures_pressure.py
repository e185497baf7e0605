"""Piezometric profiles: heads, limits, buildings and names."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from dhsim.report import style
from dhsim.report.figures_pressure import head_m, piezometric_profile, profiles_before_after

DENSITY_KG_M3 = 977.8
PA_PER_M = DENSITY_KG_M3 * 9.80665


def path_of(count: int = 9, far_m: float = 1600.0, drop_m: float = 15.0) -> pd.DataFrame:
    """A way over a hill: standing water at 127 m, supply from 155 m down, return from 112 m up."""
    distance = np.linspace(0.0, far_m, count)
    ground = 85.0 + 6.0 * np.sin(4.0 * distance / far_m)
    return pd.DataFrame(
        {
            "distance_m": distance,
            "node": ["plant", *[f"K{k}" for k in range(1, count)]],
            "elevation_m": ground,
            "pressure_supply_pa": (155.0 - drop_m * distance / far_m - ground) * PA_PER_M,
            "pressure_return_pa": (112.0 + drop_m * distance / far_m - ground) * PA_PER_M,
            "static_pa": (127.0 - ground) * PA_PER_M,
        }
    )


def line(figure: Figure, gid: str, panel: int = 0):
    found = [drawn for drawn in figure.axes[panel].lines if drawn.get_gid() == gid]
    return found[0] if found else None


def bars(figure: Figure, gid: str) -> list:
    return [patch for patch in figure.axes[0].patches if patch.get_gid() == gid]


def names(figure: Figure, panel: int = 0) -> list[str]:
    return [text.get_text() for text in figure.axes[panel].texts if text.get_gid() == "node"]


def legend_texts(figure: Figure) -> list[str]:
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def test_lines_are_heads_above_sea_level() -> None:
    figure = piezometric_profile(path_of())
    assert line(figure, "supply").get_ydata() == pytest.approx(np.linspace(155.0, 140.0, 9))
    assert line(figure, "return").get_ydata() == pytest.approx(np.linspace(112.0, 127.0, 9))
    assert line(figure, "static").get_ydata() == pytest.approx(np.full(9, 127.0))
    assert line(figure, "ground").get_ydata()[1:-1] == pytest.approx(path_of()["elevation_m"])


def test_axes_bear_units_and_the_right_one_is_overpressure_at_the_first_node() -> None:
    figure = piezometric_profile(path_of())
    axes = figure.axes[0]
    (right,) = axes.child_axes
    assert axes.get_xlabel() == "Distance, m"
    assert axes.get_ylabel().startswith("Head above sea level, m of water")
    assert right.get_ylabel() == "Overpressure at 85 m, bar"
    figure.canvas.draw()
    low, high = axes.get_ylim()
    assert right.get_ylim() == pytest.approx(((low - 85.0) * PA_PER_M / 1e5, (high - 85.0) * PA_PER_M / 1e5))


def test_a_long_way_is_in_km() -> None:
    figure = piezometric_profile(path_of(far_m=12000.0))
    assert figure.axes[0].get_xlabel() == "Distance, km"
    assert line(figure, "supply").get_xdata()[-1] == 12.0


def test_the_pressure_between_the_lines_is_said_where_it_matters() -> None:
    path = path_of()
    path.loc[4, "pressure_return_pa"] = path.loc[4, "pressure_supply_pa"] + 0.5e5
    texts = [text.get_text() for text in piezometric_profile(path).axes[0].texts]
    first, last = (43.0 * PA_PER_M / 1e5, 13.0 * PA_PER_M / 1e5)
    assert f"Supply minus return: {first:.2f} bar at plant, least \u22120.50 bar at K4, {last:.2f} bar at K8" in texts


def test_limits_are_drawn_where_given_and_passing_them_is_marked() -> None:
    path = path_of().assign(pressure_max_pa=np.inf, pressure_boiling_pa=np.nan)
    plain = piezometric_profile(path)
    assert line(plain, "most") is None
    assert line(plain, "boiling") is None
    assert "limit passed" not in legend_texts(plain)
    path["pressure_max_pa"] = (125.0 - path["elevation_m"]) * PA_PER_M
    path["pressure_boiling_pa"] = (141.0 - path["elevation_m"]) * PA_PER_M
    figure = piezometric_profile(path)
    assert line(figure, "most").get_ydata() == pytest.approx(np.full(9, 125.0))
    crosses = {tuple(drawn.get_xdata()) for drawn in figure.axes[0].lines if drawn.get_marker() == "X"}
    assert crosses == {(1400.0, 1600.0), (1600.0,)}
    assert {"highest return allowed", "supply boils below", "limit passed"} <= set(legend_texts(figure))


def test_buildings_stand_on_the_ground_and_those_above_the_return_line_stand_out() -> None:
    path = path_of().assign(height_m=np.nan)
    assert not any("building" in text for text in legend_texts(piezometric_profile(path)))
    path.loc[3, "height_m"], path.loc[6, "height_m"] = 60.0, 20.0
    figure = piezometric_profile(path)
    (low,), (high,) = bars(figure, "building"), bars(figure, "building above the return line")
    assert (high.get_y(), high.get_height()) == pytest.approx((path.loc[3, "elevation_m"], 60.0))
    assert (low.get_y(), low.get_height()) == pytest.approx((path.loc[6, "elevation_m"], 20.0))
    assert low.get_facecolor() != high.get_facecolor()
    assert figure.axes[0].get_ylim()[1] > 155.0


def test_names_never_overlap_and_ends_and_buildings_come_first() -> None:
    path = path_of(200).assign(height_m=np.nan)
    path.loc[101, "height_m"] = 20.0
    figure = piezometric_profile(path)
    assert names(figure)[:3] == ["plant", "K199", "K101"]
    assert 30 < len(names(figure)) < 100
    figure.canvas.draw()
    spans = sorted(
        (text.get_window_extent().x0, text.get_window_extent().x1)
        for text in figure.axes[0].texts
        if text.get_gid() == "node"
    )
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))
    assert names(piezometric_profile(path_of())) == ["plant", "K8", *[f"K{k}" for k in range(1, 8)]]


def test_a_pump_on_the_way_is_a_step() -> None:
    path = path_of(3)
    path = pd.concat([path.iloc[:2], path.iloc[1:]], ignore_index=True)
    path.loc[2, "pressure_supply_pa"] += 1e5
    heads = line(piezometric_profile(path), "supply").get_ydata()
    assert heads[2] - heads[1] == pytest.approx(1e5 / PA_PER_M)


def test_profiles_side_by_side_have_one_scale_of_heads() -> None:
    figure = profiles_before_after({"before": path_of(drop_m=20.0), "after": path_of(drop_m=2.0)})
    left, right = figure.axes
    assert [panel.get_title(loc="left").strip() for panel in (left, right)] == ["before", "after"]
    assert left.get_ylim() == right.get_ylim()
    assert not left.child_axes
    assert len(right.child_axes) == 1
    assert len(names(figure, 0)) == len(names(figure, 1)) == 9
    assert line(figure, "supply", 1).get_ydata()[-1] == pytest.approx(153.0)


def test_ways_from_different_heights_have_their_own_right_axes() -> None:
    figure = profiles_before_after({"one": path_of(), "other": path_of().assign(elevation_m=100.0)})
    assert [panel.child_axes[0].get_ylabel() for panel in figure.axes] == [
        "Overpressure at 85 m, bar",
        "Overpressure at 100 m, bar",
    ]


def test_no_pressure_is_no_head() -> None:
    heads = head_m(np.array([10.0, 10.0, 10.0]), np.array([0.0, np.inf, np.nan]), DENSITY_KG_M3)
    assert heads[0] == 10.0
    assert np.isnan(heads[1:]).all()


def test_what_is_wrong_with_a_path_is_said() -> None:
    with pytest.raises(ValueError, match="lacks elevation_m, static_pa"):
        piezometric_profile(path_of().drop(columns=["elevation_m", "static_pa"]))
    with pytest.raises(ValueError, match="must grow from row to row"):
        piezometric_profile(path_of().iloc[::-1])
    with pytest.raises(ValueError, match="no nodes"):
        piezometric_profile(path_of().iloc[:0])


def test_profiles_fit_into_axes_of_others_and_nothing_is_clipped() -> None:
    figure, (ax,) = style.panels(height_in=5.0)
    assert piezometric_profile(path_of(), title="mine", ax=ax) is figure
    assert not figure.legends
    assert ax.get_legend() is not None
    for made in (figure, piezometric_profile(path_of()), piezometric_profile(path_of().iloc[:1])):
        made.canvas.draw()
        tight = made.get_tightbbox()
        width, height = made.get_size_inches()
        assert min(tight.x0, tight.y0) > -0.05
        assert tight.x1 < width + 0.05
        assert tight.y1 < height + 0.05
        assert made.canvas.manager is None
