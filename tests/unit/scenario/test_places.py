from __future__ import annotations

import math

import pytest

from dhsim.scenario.places import distance_m, in_metres, off_segment_m, route_length_m, scale_at
from dhsim.scenario.snapping import Spots


@pytest.mark.parametrize(
    ("latitude_deg", "east_m", "north_m"),
    [(0.0, 111320, 110574), (30.0, 96486, 110852), (45.0, 78847, 111132), (60.0, 55800, 111412)],
)
def test_a_degree_is_as_long_as_the_tables_say(latitude_deg: float, east_m: float, north_m: float) -> None:
    # lengths of a degree on WGS 84 as tables print them, to the metre
    assert scale_at(latitude_deg) == pytest.approx((east_m, north_m), abs=1.0)


def test_lengths_are_within_a_third_of_a_percent_of_the_sphere() -> None:
    a, b = (73.30, 54.95), (73.40, 55.00)
    phi_a, phi_b = math.radians(a[1]), math.radians(b[1])
    haversine = (
        math.sin((phi_b - phi_a) / 2) ** 2
        + math.cos(phi_a) * math.cos(phi_b) * math.sin(math.radians(b[0] - a[0]) / 2) ** 2
    )
    assert distance_m(a, b, "lonlat") == pytest.approx(2 * 6371008.8 * math.asin(math.sqrt(haversine)), rel=3.4e-3)


def test_a_line_across_the_date_line_is_short() -> None:
    assert distance_m((179.999, 0.0), (-179.999, 0.0), "lonlat") == pytest.approx(222.64, abs=0.01)


def test_a_map_keeps_its_lengths_in_metres() -> None:
    route = [(73.37, 54.99), (73.38, 54.99), (73.38, 54.995)]
    flat = in_metres(route, "lonlat")
    assert flat[0] == (0.0, 0.0)
    assert route_length_m(flat, "metres") == pytest.approx(route_length_m(route, "lonlat"), rel=1e-4)


def test_off_a_segment_beyond_its_end() -> None:
    assert off_segment_m((13.0, 4.0), (0.0, 0.0), (10.0, 0.0), "metres") == 5.0
    assert off_segment_m((3.0, 4.0), (0.0, 0.0), (0.0, 0.0), "metres") == 5.0


def test_snapping_takes_the_nearest_and_of_equals_the_first() -> None:
    spots = Spots(1.0, "metres", [(0.0, 0.0)])
    for x in (0.0, 1.5, 0.0):
        spots.add((x, 0.0), 0)
    assert spots.near((0.6, 0.0)) == 0
    assert spots.near((0.8, 0.0)) == 1
    assert spots.near((2.5, 0.0)) == 1
    assert spots.near((2.6, 0.0)) is None


def test_names_that_are_taken_are_left_out() -> None:
    spots = Spots(1.0, "metres", [(0.0, 0.0)])
    spots.add((0.0, 0.0), 0, "n1")
    spots.add((5.0, 0.0), 0)
    spots.name_the_rest()
    assert [spot.name for spot in spots.spots] == ["n1", "n2"]
