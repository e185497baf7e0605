"""From words about a pipe to numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dhsim.build.pipes import catalogue_pipes, families, pipe_data
from dhsim.errors import CatalogueError
from dhsim.physics.pipe import layer_resistance_mk_w, u_buried_w_mk
from dhsim.physics.pipe_surroundings import film_wind_w_m2k
from dhsim.scenario.piping import PipeConstruction

LAYERS = {"diameter_inner_mm": 70.3, "wall_mm": 2.9, "insulation_mm": 39.0, "conductivity_insulation_w_mk": 0.027}


def u_of(**said: object) -> float:
    return pipe_data(PipeConstruction.model_validate(said)).u_supply_w_mk


def test_old_keys_mean_what_they_meant() -> None:
    data = pipe_data(
        PipeConstruction(diameter_inner_mm=65, u_supply_w_mk=0.32, u_return_w_mk=0.3, placement="above_ground")
    )
    assert (data.diameter_inner_m, data.roughness_m) == pytest.approx((0.065, 0.0005))
    assert (data.u_supply_w_mk, data.u_return_w_mk, data.heat_capacity_wall_j_mk) == (0.32, 0.3, 0.0)
    assert not data.buried


@pytest.mark.parametrize(
    ("said", "u_values"),
    [
        ({}, (0.35, 0.35)),
        ({"u_supply_w_mk": 0.2}, (0.2, 0.35)),
        ({"u_return_w_mk": 0.0}, (0.35, 0.0)),
        ({"u_w_mk": 0.0}, (0.0, 0.0)),
        ({"u_w_mk": 0.25}, (0.25, 0.25)),
    ],
)
def test_heat_loss_as_said(said: dict[str, float], u_values: tuple[float, float]) -> None:
    data = pipe_data(PipeConstruction.model_validate({"diameter_inner_mm": 65, **said}))
    assert (data.u_supply_w_mk, data.u_return_w_mk) == u_values
    assert data.buried


def test_layers_in_the_ground_are_the_formula() -> None:
    said = u_of(**LAYERS, depth_m=1.2, distance_axes_m=0.4, conductivity_soil_w_mk=1.8)
    formula = u_buried_w_mk(0.0761, 0.1541, 0.027, 1.2, 0.4, 1.8)
    assert 1.0 / said - 1.0 / formula == pytest.approx(layer_resistance_mk_w(0.0703, 0.0761, 55.0))


def test_catalogue_and_its_layers_agree() -> None:
    written_out = u_of(
        diameter_inner_mm=70.3,
        wall_mm=2.9,
        diameter_casing_mm=160,
        wall_casing_mm=3,
        conductivity_insulation_w_mk=0.027,
    )
    assert u_of(pipe="en253_dn65_s2") == pytest.approx(written_out)


def test_a_twin_of_the_catalogue_and_its_layers_agree() -> None:
    written_out = u_of(
        diameter_inner_mm=69.7,
        wall_mm=3.2,
        diameter_casing_mm=225,
        wall_casing_mm=3.4,
        distance_axes_m=0.0961,
        conductivity_insulation_w_mk=0.027,
        placement="twin",
    )
    assert u_of(pipe="isoplus_twin_dn65_std") == pytest.approx(written_out)


def test_a_twin_loses_less_than_a_pair() -> None:
    assert u_of(pipe="isoplus_twin_dn65_std") < u_of(pipe="en253_dn65_s1")


def test_a_duct_insulates_and_the_open_air_does_not() -> None:
    buried, duct, open_air = (u_of(**LAYERS, placement=site) for site in ("buried", "duct", "above_ground"))
    assert duct < open_air
    assert buried < open_air
    assert open_air < 1.0 / layer_resistance_mk_w(0.0761, 0.1541, 0.027)


def test_wind_gives_the_film_of_its_formula() -> None:
    film = float(film_wind_w_m2k(0.1541, 8.0, 0.0, 0.9))
    by_wind = u_of(**LAYERS, placement="above_ground", speed_wind_m_s=8)
    assert by_wind == pytest.approx(u_of(**LAYERS, placement="above_ground", film_coefficient_w_m2k=film))


def test_aged_foam_loses_more() -> None:
    assert u_of(pipe="en253_dn65_s2", conductivity_insulation_w_mk=0.035) > u_of(pipe="en253_dn65_s2")


def test_a_makers_heat_loss_is_passed_on() -> None:
    data = pipe_data(PipeConstruction(pipe="isoplus_dn100_1x"))
    assert (data.u_supply_w_mk, data.u_return_w_mk) == (0.2148, 0.2148)
    assert data.heat_capacity_wall_j_mk == pytest.approx(7850.0 * 490.0 * math.pi * (0.1143**2 - 0.1071**2) / 4.0)
    assert "isoplus" in data.source


def test_an_unverified_casing_says_so() -> None:
    assert "unverified" in pipe_data(PipeConstruction(pipe="gost30732_426_t1")).source
    assert "unverified" not in pipe_data(PipeConstruction(pipe="gost30732_76_t1")).source


@pytest.mark.parametrize("family", families())
def test_families_come_by_rising_diameter(family: str) -> None:
    pipes = catalogue_pipes(family, 1)
    assert np.all(np.diff(pipes.diameter_inner_m) > 0.0)
    assert np.all(np.diff(pipes.dn) > 0)
    assert np.all((pipes.u_w_mk > 0.05) & (pipes.u_w_mk < 1.5))
    assert len(pipes.ids) == pipes.dn.size == pipes.u_w_mk.size


def test_the_site_enters_the_heat_loss() -> None:
    dry, wet = (catalogue_pipes("en253", 2, {"conductivity_soil_w_mk": soil}).u_w_mk for soil in (0.8, 2.0))
    assert np.all(dry < wet)


def test_unknown_family_or_series_is_an_error_with_the_list() -> None:
    with pytest.raises(CatalogueError, match=r"no family of pipes 'en254' .*gost30732"):
        catalogue_pipes("en254")
    with pytest.raises(CatalogueError, match=r"gost30732: no series 3 .*1, 2"):
        catalogue_pipes("gost30732", 3)
