"""Which ends of lines and points on a map are one place: those closer to each other than a tolerance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product

from dhsim.scenario.places import Coordinates, Position, projection


@dataclass
class Spot:
    """A place on the map where things meet."""

    position: Position
    source: int
    """index of the feature that it came from"""
    name: str = ""


@dataclass
class Spots:
    """The places of a map in the order they were seen, with a grid to find near ones."""

    tolerance_m: float
    coordinates: Coordinates
    around: Sequence[Position]
    """positions of the whole map"""
    spots: list[Spot] = field(default_factory=list)
    by_name: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._to_metres = projection(self.around, self.coordinates)
        self._metres: list[tuple[float, float]] = []
        self._grid: dict[tuple[int, int], list[int]] = {}

    def add(self, position: Position, source: int, name: str = "") -> int:
        """Return the index of a new place, whatever stands near it."""
        index = len(self.spots)
        self.spots.append(Spot(position, source))
        self._metres.append(self._to_metres(position))
        self._grid.setdefault(self._cell(self._metres[-1]), []).append(index)
        if name:
            self.call(index, name)
        return index

    def call(self, index: int, name: str) -> None:
        """Name a place."""
        self.spots[index].name = name
        self.by_name[name] = index

    def near(self, position: Position) -> int | None:
        """Return the nearest place within the tolerance; of equally near ones the first."""
        here = self._to_metres(position)
        column, row = self._cell(here)
        found, best_m = None, self.tolerance_m
        for across, up in product((-1, 0, 1), (-1, 0, 1)):
            for index in self._grid.get((column + across, row + up), ()):
                away_m = math.dist(here, self._metres[index])
                if away_m < best_m or (away_m == best_m and (found is None or index < found)):
                    found, best_m = index, away_m
        return found

    def nearest(self, position: Position, among: Sequence[int]) -> tuple[int, float] | None:
        """Return the nearest of some places, however far, and how far [m]."""
        here = self._to_metres(position)
        away = [(math.dist(here, self._metres[index]), index) for index in among]
        return (min(away)[1], min(away)[0]) if away else None

    def name_the_rest(self) -> None:
        """Name what has no name yet n1, n2 and so on."""
        number = 0
        for index, spot in enumerate(self.spots):
            if not spot.name:
                number += 1
                while f"n{number}" in self.by_name:
                    number += 1
                self.call(index, f"n{number}")

    def _cell(self, metres: tuple[float, float]) -> tuple[int, int]:
        return math.floor(metres[0] / self.tolerance_m), math.floor(metres[1] / self.tolerance_m)
