"""What may be said about a pipe, and what is answered to the rest."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from dhsim.errors import CatalogueError
from dhsim.scenario.piping import PipeConstruction, is_twin, layers_of, pipe_row

LAYERS = {"diameter_inner_mm": 70.3, "wall_mm": 2.9, "insulation_mm": 39.0, "conductivity_insulation_w_mk": 0.027}
TWIN = {
    "diameter_inner_mm": 70.3,
    "wall_mm": 2.9,
    "diameter_casing_mm": 225,
    "distance_axes_m": 0.0961,
    "conductivity_insulation_w_mk": 0.027,
    "placement": "twin",
}


@pytest.mark.parametrize(
    "said",
    [
        {"diameter_inner_mm": 65},
        {"diameter_inner_mm": 65, "u_supply_w_mk": 0.32, "u_return_w_mk": 0.3, "placement": "above_ground"},
        {"diameter_inner_mm": 65, "u_supply_w_mk": 0.0},
        {"diameter_inner_mm": 65, "u_w_mk": 0.2, "wall_mm": 3},
        {"pipe": "en253_dn65_s2"},
        {"pipe": "gost30732_76_t2", "placement": "above_ground", "speed_wind_m_s": 4},
        {"pipe": "gost30732_76_t2", "placement": "duct", "duct_width_m": 0.8, "depth_m": 1.5},
        {"pipe": "isoplus_dn65_2x"},
        {"pipe": "isoplus_twin_dn65_1x"},
        {"pipe": "isoplus_twin_dn65_1x", "placement": "twin", "depth_m": 0.8},
        {"pipe": "en253_dn65_s2", "conductivity_insulation_w_mk": 0.035},
        LAYERS,
        TWIN,
    ],
)
def test_may_be_said(said: dict[str, Any]) -> None:
    PipeConstruction(**said)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ({}, "needs either pipe .* or diameter_inner_mm"),
        ({"pipe": "en253_dn65_s2", "diameter_inner_mm": 65}, "needs either pipe"),
        ({"pipe": "en253_dn65_s4"}, "no pipe 'en253_dn65_s4' in the catalogue.*en253_dn65_s"),
        ({"pipe": "en253_dn65_s2", "u_w_mk": 0.2}, "u_w_mk stands beside pipe"),
        ({"pipe": "en253_dn65_s2", "insulation_mm": 40}, "insulation_mm stands beside pipe"),
        ({"pipe": "en253_dn65_s2", "placement": "twin"}, "is a single pipe"),
        ({"pipe": "isoplus_twin_dn65_std", "placement": "above_ground"}, "placement must be twin"),
        ({"pipe": "isoplus_twin_dn65_std", "distance_axes_m": 0.1}, "distance_axes_m stands beside a twin pipe"),
        ({"pipe": "isoplus_dn65_std", "placement": "above_ground"}, "has the heat loss of a buried pair"),
        ({"pipe": "isoplus_dn65_std", "conductivity_insulation_w_mk": 0.03}, "changes nothing"),
        ({"pipe": "isoplus_dn65_std", "depth_m": 1.2}, "depth_m: changes nothing"),
        ({"diameter_inner_mm": 65, "u_w_mk": 0.2, "u_return_w_mk": 0.3}, "leave out u_return_w_mk"),
        ({"diameter_inner_mm": 65, "depth_m": 1.2}, "depth_m: changes nothing"),
        ({**LAYERS, "u_w_mk": 0.2}, "the heat loss is said twice"),
        ({"diameter_inner_mm": 65, "insulation_mm": 40}, "wall_mm is missing.*conductivity_insulation_w_mk is missing"),
        ({**LAYERS, "diameter_casing_mm": 160}, "either insulation_mm or diameter_casing_mm"),
        ({**LAYERS, "placement": "twin"}, "diameter_casing_mm is missing.*distance_axes_m is missing"),
        ({**LAYERS, "speed_wind_m_s": 4}, "speed_wind_m_s says nothing about a pipe with placement buried"),
        (
            {**LAYERS, "placement": "above_ground", "speed_wind_m_s": 4, "film_coefficient_w_m2k": 20},
            "say the same",
        ),
        ({**LAYERS, "depth_m": 0.05}, "sticks out of the ground"),
        ({**LAYERS, "distance_axes_m": 0.1}, "overlap: raise distance_axes_m"),
        ({**LAYERS, "placement": "duct", "duct_width_m": 0.2}, "do not fit into the duct"),
        ({**LAYERS, "placement": "duct", "depth_m": 0.2}, "the duct sticks out"),
        ({**TWIN, "distance_axes_m": 0.05}, "overlap or stick out of the casing"),
        ({**TWIN, "diameter_casing_mm": 70}, "the casing is too small"),
        ({**LAYERS, "thickness_mm": 3}, "Extra inputs"),
    ],
)
def test_is_answered(said: dict[str, Any], answer: str) -> None:
    with pytest.raises(ValidationError, match=f"(?s){answer}"):
        PipeConstruction(**said)


def test_all_is_said_at_once() -> None:
    with pytest.raises(ValidationError) as caught:
        PipeConstruction(pipe="en253_dn65_s2", wall_mm=3, u_w_mk=0.2)
    assert "wall_mm stands" in str(caught.value)
    assert "u_w_mk stands" in str(caught.value)


def test_layers_come_from_the_inside_out() -> None:
    layers = layers_of(PipeConstruction(**LAYERS, wall_casing_mm=3))
    assert layers is not None
    assert layers[:4] == pytest.approx((0.0703, 0.0761, 0.1541, 0.1601))


def test_casing_and_thickness_say_the_same() -> None:
    by_casing = PipeConstruction(
        diameter_inner_mm=70.3, wall_mm=2.9, diameter_casing_mm=154.1, conductivity_insulation_w_mk=0.027
    )
    assert layers_of(by_casing) == layers_of(PipeConstruction(**LAYERS))


def test_a_given_heat_loss_has_no_layers() -> None:
    assert layers_of(PipeConstruction(diameter_inner_mm=65)) is None
    assert layers_of(PipeConstruction(pipe="isoplus_dn65_std")) is None


def test_a_twin_id_is_a_twin_without_more_words() -> None:
    assert is_twin(PipeConstruction(pipe="isoplus_twin_dn65_std"))
    assert not is_twin(PipeConstruction(pipe="en253_dn65_s1"))


def test_an_unknown_pipe_is_answered_with_the_forms() -> None:
    with pytest.raises(CatalogueError, match=r"gost30732_76_t2"):
        pipe_row("dn65")
