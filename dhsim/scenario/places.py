"""Where things stand on a map: lengths between positions in lon/lat or metres, and both as metres east and north."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

Coordinates = Literal["metres", "lonlat"]
Position = Sequence[float]
"""East and north in metres, or longitude and latitude in degrees; what follows (an altitude) is left alone."""

_SEMI_MAJOR_M = 6378137.0
_FLATTENING = 1.0 / 298.257223563
_ECCENTRICITY_2 = _FLATTENING * (2.0 - _FLATTENING)


class Scale(NamedTuple):
    """How many metres a unit of each coordinate is."""

    east_m: float
    north_m: float


def scale_at(latitude_deg: float) -> Scale:
    """Return the metres in a degree of longitude and of latitude.

    ``N = a / sqrt(1 - e^2 sin^2 phi)``, ``M = N (1 - e^2) / (1 - e^2 sin^2 phi)``; east ``N cos(phi)``, north ``M`` a
    radian.

    Parameters
    ----------
    latitude_deg
        Latitude phi [deg].

    Notes
    -----
    Source: radii of curvature of the ellipsoid WGS 84 (a = 6378137 m, 1/f = 298.257223563; NIMA TR8350.2, table 3.1).
    Validity: for lengths up to 10 km within 1e-5 of the geodesic below a latitude of 75 degrees.

    Examples
    --------
    >>> [round(length_m) for length_m in scale_at(55.0)]
    [63994, 111324]
    """
    phi = math.radians(latitude_deg)
    bent = 1.0 - _ECCENTRICITY_2 * math.sin(phi) ** 2
    across_m = _SEMI_MAJOR_M / math.sqrt(bent)
    return Scale(math.radians(across_m * math.cos(phi)), math.radians(across_m * (1.0 - _ECCENTRICITY_2) / bent))


def distance_m(a: Position, b: Position, coordinates: Coordinates) -> float:
    """Return the length of the straight line between two positions [m].

    >>> distance_m((0.0, 0.0), (30.0, 40.0), "metres")
    50.0
    >>> round(distance_m((73.37, 54.99), (73.38, 54.99), "lonlat"), 1)
    640.1
    """
    scale = Scale(1.0, 1.0) if coordinates == "metres" else scale_at((a[1] + b[1]) / 2.0)
    return math.hypot(eastward(b[0] - a[0], coordinates) * scale.east_m, (b[1] - a[1]) * scale.north_m)


def eastward(difference: float, coordinates: Coordinates) -> float:
    """Return a difference of the first coordinate, the short way where longitudes jump from 180 to -180."""
    return difference if coordinates == "metres" else (difference + 180.0) % 360.0 - 180.0


def route_length_m(route: Sequence[Position], coordinates: Coordinates) -> float:
    """Return the length of a line through positions [m]."""
    return math.fsum(distance_m(a, b, coordinates) for a, b in pairwise(route))


def projection(positions: Sequence[Position], coordinates: Coordinates) -> Callable[[Position], tuple[float, float]]:
    """Return what turns positions near these into metres east and north.

    Metres stay as they are. Lon/lat count from the first position, at the scale of the mean latitude.
    """
    if coordinates == "metres" or not positions:
        return lambda position: (position[0], position[1])
    scale = scale_at(math.fsum(position[1] for position in positions) / len(positions))
    x, y = positions[0][0], positions[0][1]
    return lambda position: (
        eastward(position[0] - x, coordinates) * scale.east_m,
        (position[1] - y) * scale.north_m,
    )


def in_metres(positions: Sequence[Position], coordinates: Coordinates) -> list[tuple[float, float]]:
    """Return positions as metres east and north; see `projection`."""
    return list(map(projection(positions, coordinates), positions))


def off_segment_m(point: Position, a: Position, b: Position, coordinates: Coordinates) -> float:
    """Return how far a position is from the nearest one between two others [m].

    >>> off_segment_m((5.0, 3.0), (0.0, 0.0), (10.0, 0.0), "metres")
    3.0
    """
    (px, py), (ax, ay), (bx, by) = in_metres([point, a, b], coordinates)
    length_2 = (bx - ax) ** 2 + (by - ay) ** 2
    share = ((px - ax) * (bx - ax) + (py - ay) * (by - ay)) / length_2 if length_2 else 0.0
    share = min(max(share, 0.0), 1.0)
    return math.hypot(px - ax - share * (bx - ax), py - ay - share * (by - ay))
