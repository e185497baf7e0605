"""Twin pipes against the exact field, ducts, wind."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from dhsim.physics.pipe import soil_resistance_mk_w
from dhsim.physics.pipe_surroundings import (
    FILM_OPEN_AIR_W_M2K,
    duct_resistance_mk_w,
    film_wind_w_m2k,
    twin_antisymmetric_resistance_mk_w,
    twin_symmetric_resistance_mk_w,
)

TWINS = [(0.0269, 0.125, 0.0459), (0.0761, 0.225, 0.0961), (0.1143, 0.315, 0.1393), (0.2191, 0.560, 0.2641)]
"""Steel, casing and distance of the axes of twin pipes as they are sold, m."""


def exact_resistance_mk_w(
    pipe_m: float, casing_m: float, distance_m: float, insulation: float, soil: float, depth_m: float, other: float
) -> float:
    """Resistance of a pipe at 1 beside one at `other`: harmonic series in foam and soil, matched on all circles."""
    r, rc, at, points, order = 0.5 * pipe_m, 0.5 * casing_m, 0.5 * distance_m, 160, 8
    circle = np.exp(2j * np.pi * (np.arange(points) + 0.5) / points)

    def parts(base: NDArray[np.complex128]) -> list[NDArray[np.float64]]:
        return [part for k in range(1, order + 1) for part in ((base**k).real, (base**k).imag)]

    def foam(z: NDArray[np.complex128]) -> NDArray[np.float64]:
        columns = [np.ones(z.size), *parts(z / rc)]
        for centre in (-at, at):
            columns += [-np.log(np.abs(z - centre) / rc) / (2 * np.pi * insulation), *parts(r / (z - centre))]
        return np.array(columns).T

    def ground(z: NDArray[np.complex128]) -> NDArray[np.float64]:
        image = np.conj(z) + 2j * depth_m
        columns = [np.log(np.abs(image / z)) / (2 * np.pi * soil)]
        columns += [a - b for a, b in zip(parts(rc / z), parts(rc / image), strict=True)]
        return np.array(columns).T

    def slope(field, z):  # type: ignore[no-untyped-def]
        return (field(z * (1 + 1e-6)) - field(z * (1 - 1e-6))) / 2e-6

    rim = rc * circle
    rows = [
        np.hstack([foam(rim), -ground(rim)]),
        np.hstack([insulation * slope(foam, rim), -soil * slope(ground, rim)]),
    ]
    wanted = [np.zeros(points), np.zeros(points)]
    for centre, value in ((-at, other), (at, 1.0)):
        inside = foam(centre + r * circle)
        rows.append(np.hstack([inside, np.zeros((points, 1 + 2 * order))]))
        wanted.append(np.full(points, value))
    solved = np.linalg.lstsq(np.vstack(rows), np.concatenate(wanted), rcond=None)[0]
    return float(1.0 / solved[1 + 2 * order + 1 + 2 * order])


@pytest.mark.parametrize(("pipe_m", "casing_m", "distance_m"), TWINS)
@pytest.mark.parametrize("soil", [1.0, 1.8])
def test_symmetric_formula_meets_the_exact_field(
    pipe_m: float, casing_m: float, distance_m: float, soil: float
) -> None:
    exact = exact_resistance_mk_w(pipe_m, casing_m, distance_m, 0.027, soil, 1.0, other=1.0)
    ground = 2.0 * math.acosh(2.0 * 1.0 / casing_m) / (2.0 * math.pi * soil)
    formula = twin_symmetric_resistance_mk_w(pipe_m, casing_m, distance_m, 0.027, soil)
    assert formula + ground == pytest.approx(exact, rel=3e-3)


@pytest.mark.parametrize(("pipe_m", "casing_m", "distance_m"), TWINS)
def test_antisymmetric_formula_is_as_near_as_it_says(pipe_m: float, casing_m: float, distance_m: float) -> None:
    exact = exact_resistance_mk_w(pipe_m, casing_m, distance_m, 0.027, 1.8, 1.0, other=-1.0)
    formula = twin_antisymmetric_resistance_mk_w(pipe_m, casing_m, distance_m, 0.027, 1.8)
    assert exact < formula < 1.08 * exact


def test_thin_pipes_far_apart_are_two_single_ones_in_a_uniform_body() -> None:
    """With equal conductivities the casing vanishes: two line sources in one medium."""
    found = twin_symmetric_resistance_mk_w(1e-4, 0.4, 0.2, 1.5, 1.5)
    assert found == pytest.approx(math.log(0.2**2 / (0.2 * 0.5e-4)) / (2.0 * math.pi * 1.5), rel=1e-4)


def test_exchange_is_easier_than_loss() -> None:
    for twin in TWINS:
        assert twin_antisymmetric_resistance_mk_w(*twin, 0.027, 1.5) < twin_symmetric_resistance_mk_w(*twin, 0.027, 1.5)


@pytest.mark.parametrize("twin", [(0.1, 0.3, 0.09), (0.1, 0.3, 0.21)])
def test_overlapping_or_protruding_pipes_are_nan(twin: tuple[float, float, float]) -> None:
    with np.errstate(all="ignore"):
        assert np.isnan(twin_symmetric_resistance_mk_w(*twin, 0.027, 1.5))
        assert np.isnan(twin_antisymmetric_resistance_mk_w(*twin, 0.027, 1.5))


def test_a_square_duct_lies_like_a_pipe_of_its_side() -> None:
    without_film = duct_resistance_mk_w(0.6, 0.6, 1.2, 1.5, 1e9)
    assert without_film == pytest.approx(soil_resistance_mk_w(0.6, 1.2, 1.5), rel=1e-6)
    assert duct_resistance_mk_w(0.6, 0.6, 1.2, 1.5, 10.0) - without_film == pytest.approx(1.0 / 24.0, rel=1e-6)


def test_wind_cools_and_a_thick_pipe_less() -> None:
    assert film_wind_w_m2k(0.25, 2.0, 0.0, 0.9) < film_wind_w_m2k(0.25, 4.0, 0.0, 0.9)
    assert film_wind_w_m2k(0.5, 4.0, 0.0, 0.9) < film_wind_w_m2k(0.25, 4.0, 0.0, 0.9)


@pytest.mark.parametrize(("wind_m_s", "c", "m"), [(1.0, 0.193, 0.618), (2.5, 0.193, 0.618), (10.0, 0.027, 0.805)])
def test_wind_against_hilperts_correlation(wind_m_s: float, c: float, m: float) -> None:
    """Nu = C Re^m Pr^(1/3) with Hilpert's constants (1933); radiation 4 eps sigma T^3 = 4.16 beside it."""
    nusselt = c * (wind_m_s * 0.1 / 13.5e-6) ** m * 0.71 ** (1 / 3)
    assert film_wind_w_m2k(0.1, wind_m_s, 0.0, 0.9) == pytest.approx(nusselt * 0.0244 / 0.1 + 4.16, rel=0.12)


def test_the_default_film_is_that_of_a_fresh_breeze() -> None:
    assert film_wind_w_m2k(0.25, 5.0, 0.0, 0.9) == pytest.approx(FILM_OPEN_AIR_W_M2K, rel=0.05)


def test_calm_is_outside_the_formula() -> None:
    with np.errstate(all="ignore"):
        assert np.isnan(film_wind_w_m2k(0.25, 0.1, 0.0, 0.9))
