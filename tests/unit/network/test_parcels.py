"""The ring of parcels: always full, and merging keeps mass and heat."""

from __future__ import annotations

import numpy as np
import pytest

from dhsim.network.parcels import add_parcel, full_pipes, merge_nearest, mixed_end_kg, place_of
from dhsim.network.parts import Fluid, Line

FLUID = Fluid(1000.0, 5e-4, 4000.0)


def lines(n_pipe=2, length_m=100.0, wall_j_mk=0.0):
    each = np.ones(n_pipe)
    return Line(
        node_start=np.arange(n_pipe, dtype=np.int64),
        node_end=np.arange(1, n_pipe + 1, dtype=np.int64),
        length_m=each * length_m,
        diameter_m=each * 0.1,
        roughness_m=each * 1e-4,
        zeta=each * 0.0,
        u_w_mk=each * 0.4,
        heat_capacity_wall_j_mk=each * wall_j_mk,
        buried=np.zeros(n_pipe, dtype=np.int64),
    )


def contents(parcels, pipe):
    """Mass and temperature from the pipe's start to its end."""
    capacity = parcels.mass_kg.shape[1]
    places = [place_of(i, parcels.head[pipe], capacity) for i in range(parcels.n_parcel[pipe])]
    return parcels.mass_kg[pipe, places], parcels.temp_c[pipe, places]


def ring_of(temps_c, masses_kg, capacity=4, pipe=1):
    parcels = full_pipes(lines(), FLUID, 0.0, capacity)
    parcels.n_parcel[pipe] = 0
    for mass, temp in zip(masses_kg, temps_c, strict=True):
        add_parcel(*parcels[:4], pipe, False, mass, temp)
    return parcels


def test_full_pipes_hold_water_and_wall():
    parcels = full_pipes(lines(wall_j_mk=2000.0), FLUID, np.array([50.0, 30.0]), 8)
    whole = 100.0 * (1000.0 * np.pi * 0.01 / 4.0 + 2000.0 / 4000.0)
    np.testing.assert_allclose(parcels.mass_pipe_kg, whole)
    np.testing.assert_allclose(parcels.mass_kg.sum(axis=1) + 2.0 * parcels.mass_mixed_kg, whole)
    np.testing.assert_array_equal(parcels.temp_c[:, 0], [50.0, 30.0])
    np.testing.assert_array_equal(parcels.temp_start_c, [50.0, 30.0])
    np.testing.assert_array_equal(parcels.temp_end_c, [50.0, 30.0])


def test_a_wall_without_heat_capacity_mixes_nothing():
    assert np.all(full_pipes(lines(), FLUID, 20.0).mass_mixed_kg == 0.0)


def test_at_least_half_of_a_short_pipe_is_plug_flow():
    parcels = full_pipes(lines(length_m=0.5, wall_j_mk=5000.0), FLUID, 20.0)
    np.testing.assert_allclose(parcels.mass_mixed_kg, 0.25 * parcels.mass_pipe_kg)
    assert (
        mixed_end_kg(100.0, 0.1, 2000.0, *FLUID) < 0.25 * full_pipes(lines(wall_j_mk=2e3), FLUID, 1.0).mass_pipe_kg[0]
    )


def test_an_empty_pipe_is_refused():
    bad = lines()
    bad.length_m[1] = 0.0
    with pytest.raises(ValueError, match=r"without content: number \[1\]"):
        full_pipes(bad, FLUID, 20.0)
    with pytest.raises(ValueError, match="at least 2 parcels"):
        full_pipes(lines(), FLUID, 20.0, 1)


def test_places_go_round():
    assert [place_of(i, 3, 4) for i in (-1, 0, 1, 2)] == [2, 3, 0, 1]
    assert place_of(-1, 0, 4) == 3


@pytest.mark.parametrize("at_start", [True, False])
def test_parcels_are_added_at_either_end(at_start):
    parcels = ring_of([40.0], [1.0])
    for temp in (50.0, 60.0):
        add_parcel(*parcels[:4], 1, at_start, 2.0, temp)
    masses, temps = contents(parcels, 1)
    assert list(temps) == ([60.0, 50.0, 40.0] if at_start else [40.0, 50.0, 60.0])
    assert list(masses) == ([2.0, 2.0, 1.0] if at_start else [1.0, 2.0, 2.0])
    assert parcels.n_parcel[0] == 1, "another pipe's ring was touched"


def test_equal_temperatures_become_one_parcel():
    parcels = ring_of([40.0, 40.0 + 5e-10, 40.1], [1.0, 2.0, 3.0])
    masses, temps = contents(parcels, 1)
    np.testing.assert_allclose(masses, [3.0, 3.0])
    np.testing.assert_allclose(temps, [40.0, 40.1])


@pytest.mark.parametrize("shift", range(4))
def test_the_nearest_neighbours_merge(shift):
    parcels = ring_of([10.0, 30.0, 33.0, 70.0], [1.0, 2.0, 1.0, 4.0])
    for field in (parcels.mass_kg, parcels.temp_c):
        field[1] = np.roll(field[1], shift)
    parcels.head[1] = shift
    merge_nearest(*parcels[:4], 1)
    masses, temps = contents(parcels, 1)
    np.testing.assert_allclose(masses, [1.0, 3.0, 4.0])
    np.testing.assert_allclose(temps, [10.0, 31.0, 70.0])


@pytest.mark.parametrize("at_start", [True, False])
def test_a_full_ring_takes_one_more(at_start):
    parcels = ring_of([10.0, 30.0, 33.0, 70.0], [1.0, 2.0, 1.0, 4.0])
    add_parcel(*parcels[:4], 1, at_start, 0.5, 90.0)
    masses, temps = contents(parcels, 1)
    assert masses.size == 4
    assert temps[0 if at_start else -1] == 90.0
    assert masses.sum() == pytest.approx(8.5)
    assert masses @ temps == pytest.approx(10.0 + 60.0 + 33.0 + 280.0 + 45.0)
