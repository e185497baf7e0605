"""From features on a map to a network: ends of lines and points that stand at one place become one node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from dhsim.errors import Problem
from dhsim.scenario.places import Coordinates, Position, off_segment_m, route_length_m
from dhsim.scenario.snapping import Spots
from dhsim.scenario.source import Entry, Place, problem_at

RESULT_PREFIX = "result_"
"""Properties that begin so are results of dhsim and are not read."""
_SIDES = ("start", "end")


class Feature(NamedTuple):
    """One thing on the map."""

    kind: str
    """node, pipe, valve, pump, consumer or producer"""
    id: str
    said: dict[str, Entry]
    """the properties that are keys of the schema"""
    route: list[Position]
    """one position of a point, none without geometry"""
    place: Place

    def __str__(self) -> str:
        return f"{self.kind} {self.id!r}"


def straight_route(
    what: str, start: tuple[float, float] | None, end: tuple[float, float] | None
) -> list[list[float]] | None:
    """Return how something without a route is drawn between its nodes' coordinates; None where these are not known.

    A valve or pump whose nodes stand at one place is drawn as one position.
    """
    if start is None or end is None:
        return [list(start)] if what != "pipe" and start is not None else None
    return [list(start)] if what != "pipe" and start == end else [list(start), list(end)]


def join_features(
    features: Sequence[Feature], coordinates: Coordinates, tolerance_m: float, problems: list[Problem]
) -> dict[str, list[Entry]]:
    """Return the lists of a network: nodes, pipes and so on, each item as the schema has it.

    Parameters
    ----------
    features
        Everything drawn, in the order of the file.
    coordinates
        What the positions are.
    tolerance_m
        Ends and points closer than this are one place [m].
    problems
        Grows by lines too short, points far from every line, valves that part nothing.
    """
    join = _Join(features, coordinates, tolerance_m, problems)
    join.place_nodes()
    join.place_line_ends()
    join.part_lines()
    join.place_terminals()
    join.spots.name_the_rest()
    return join.entries()


class _Join:
    def __init__(
        self, features: Sequence[Feature], coordinates: Coordinates, tolerance_m: float, problems: list[Problem]
    ) -> None:
        self.features, self.coordinates, self.problems = features, coordinates, problems
        around = [position for feature in features for position in feature.route]
        self.spots = Spots(tolerance_m, coordinates, around)
        self.spot_of: dict[tuple[int, str], int] = {}
        """(feature, start | end | node) -> place"""
        self.snapped: dict[int, list[tuple[int, str]]] = {}
        """place -> the ends of lines that were joined there by the map, not by a name"""
        counted: Counter[str] = Counter()
        self.keys = []
        for feature in features:
            self.keys.append(f"{feature.kind}s.{counted[feature.kind]}")
            counted[feature.kind] += 1

    def place_nodes(self) -> None:
        """Place the nodes that are drawn."""
        for index, feature in enumerate(self.features):
            if feature.kind == "node" and feature.route:
                self.spot_of[index, "node"] = self.spots.add(feature.route[0], index, feature.id)

    def place_line_ends(self) -> None:
        """Place the ends of lines: first those with a name, then the others where something is near."""
        lines = [(index, feature) for index, feature in enumerate(self.features) if len(feature.route) > 1]
        ends = [
            (index, side, feature.route[0 if side == "start" else -1]) for index, feature in lines for side in _SIDES
        ]
        for index, side, position in ends:
            name = self._name(index, side)
            if name and name not in self.spots.by_name:
                self.spots.add(position, index, name)
        for index, side, position in ends:
            if side not in self.features[index].said:
                near = self.spots.near(position)
                spot = self.spots.add(position, index) if near is None else near
                self.spot_of[index, side] = spot
                self.snapped.setdefault(spot, []).append((index, side))
        for index, _ in lines:
            self._refuse_short(index)

    def part_lines(self) -> None:
        """Let valves and pumps that are drawn as points part the two lines that meet there."""
        for index, feature in enumerate(self.features):
            if feature.kind not in ("valve", "pump") or len(feature.route) != 1:
                continue
            if "start" in feature.said or "end" in feature.said:
                continue
            near = self.spots.near(feature.route[0])
            ends = self.snapped.get(near, []) if near is not None else []
            if near is None or len(ends) != 2:
                got = f"the ends of {len(ends)} lines are here"
                message = f"{feature} stands where two lines meet, or names its start and end ({got})"
                self._say(index, message if near is not None else message + self._far_from(feature.route[0]))
                continue
            self._part(index, near, ends)

    def place_terminals(self) -> None:
        """Place consumers and producers at the node that bears their id, or else the one near.

        A place without a name takes theirs.
        """
        named = set(self.spots.by_name)
        for index, feature in enumerate(self.features):
            if feature.kind not in ("consumer", "producer") or not feature.route:
                continue
            if "node" in feature.said or feature.id in named:
                continue
            near = self.spots.near(feature.route[0])
            if near is None:
                self._say(index, f"{feature} is nowhere near a pipe" + self._far_from(feature.route[0]))
                continue
            self.spot_of[index, "node"] = near
            if not self.spots.spots[near].name and feature.id and feature.id not in self.spots.by_name:
                self.spots.call(near, feature.id)

    def entries(self) -> dict[str, list[Entry]]:
        """Return everything as the schema has it."""
        made: dict[str, list[Entry]] = {}
        drawn = set()
        for index, feature in enumerate(self.features):
            said = dict(feature.said)
            if feature.kind == "node":
                spot = self.spot_of.get((index, "node"))
                if spot is not None:
                    drawn.add(spot)
                    said = self._node(spot, feature.place) | said | self._at(feature.route[0], feature.place)
            elif feature.kind in ("consumer", "producer"):
                said |= self._terminal(index)
            else:
                said |= self._line(index)
            made.setdefault(f"{feature.kind}s", []).append(Entry(said, feature.place))
        nodes = made.setdefault("nodes", [])
        for spot, held in enumerate(self.spots.spots):
            if spot not in drawn:
                place = self.features[held.source].place
                nodes.append(Entry(self._node(spot, place), place))
        return made

    def _say(self, index: int, message: str, part: str = "") -> None:
        key = f"{self.keys[index]}.{part}".strip(".")
        self.problems.append(problem_at(self.features[index].place, message, key))

    def _name(self, index: int, side: str) -> str:
        said = self.features[index].said.get(side)
        return said.value if said is not None and isinstance(said.value, str) else ""

    def _end(self, index: int, side: str) -> int | None:
        spot = self.spot_of.get((index, side))
        return self.spots.by_name.get(self._name(index, side)) if spot is None else spot

    def _refuse_short(self, index: int) -> None:
        """Say if the ends of a line that the map joins are one place."""
        feature = self.features[index]
        both_named = all(side in feature.said for side in _SIDES)
        length_m = route_length_m(feature.route, self.coordinates)
        if both_named or self._end(index, "start") != self._end(index, "end") or length_m > self.spots.tolerance_m:
            return
        limit = f"snap_tolerance_m, {self.spots.tolerance_m:g} m"
        what = "has zero length" if length_m == 0.0 else f"is {length_m:.3g} m long, shorter than {limit}"
        self._say(index, f"{feature} {what}: both ends are one place", "end")

    def _part(self, index: int, here: int, ends: list[tuple[int, str]]) -> None:
        """Put a valve or pump between two ends of lines at one place."""
        feature = self.features[index]
        before, after = ends if ends[0][1] == "end" else ends[::-1]
        check = feature.said.get("check_valve")
        if ends[0][1] == ends[1][1]:
            before, after = ends
            if feature.kind == "pump" or (check is not None and check.value is True):
                names = " and ".join(str(self.features[line]) for line, _ in ends)
                self._say(index, f"the direction of {feature} is not clear: turn one of {names} round")
        spot = self.spots.spots[here]
        if not spot.name and f"{feature.id} in" not in self.spots.by_name:
            self.spots.call(here, f"{feature.id} in")
        name = f"{feature.id} out"
        beyond = self.spots.add(spot.position, index, "" if name in self.spots.by_name else name)
        self.spot_of[after] = beyond
        self.snapped[here], self.snapped[beyond] = [before], [after]
        self.spot_of[index, "start"], self.spot_of[index, "end"] = here, beyond

    def _far_from(self, position: Position) -> str:
        """Return what is nearest to a point that is near nothing."""
        ends = sorted({spot for (_, side), spot in self.spot_of.items() if side != "node"})
        nearest = self.spots.nearest(position, ends)
        if nearest is None:
            return ""
        spot, away_m = nearest
        line = next(line for (line, side), found in self.spot_of.items() if found == spot and side != "node")
        for feature in self.features:
            for a, b in pairwise(feature.route):
                if off_segment_m(position, a, b, self.coordinates) <= self.spots.tolerance_m:
                    return f": it lies on {feature} between its ends, split that pipe there"
        limit = f"snap_tolerance_m is {self.spots.tolerance_m:g} m"
        return f": the nearest end, of {self.features[line]}, is {away_m:.3g} m away ({limit})"

    def _node(self, spot: int, place: Place) -> dict[str, Entry]:
        held = self.spots.spots[spot]
        made = {"id": Entry(held.name, place)} | self._at(held.position, place)
        if len(held.position) > 2:
            made["elevation_m"] = Entry(held.position[2], place)
        return made

    @staticmethod
    def _at(position: Position, place: Place) -> dict[str, Entry]:
        return {"x": Entry(position[0], place), "y": Entry(position[1], place)}

    def _terminal(self, index: int) -> dict[str, Entry]:
        feature, made = self.features[index], dict[str, Entry]()
        spot = self.spot_of.get((index, "node"))
        name = self._name(index, "node") or feature.id
        if spot is None:
            spot = self.spots.by_name.get(name)
        else:
            made["node"] = Entry(self.spots.spots[spot].name, feature.place)
        if feature.route and (spot is None or list(self.spots.spots[spot].position[:2]) != feature.route[0][:2]):
            made |= self._at(feature.route[0], feature.place)
        return made

    def _line(self, index: int) -> dict[str, Entry]:
        feature, made = self.features[index], dict[str, Entry]()
        ends: list[tuple[float, float] | None] = []
        for side in _SIDES:
            spot = self._end(index, side)
            if spot is not None and side not in feature.said:
                made[side] = Entry(self.spots.spots[spot].name, feature.place)
            at = None if spot is None else self.spots.spots[spot].position
            ends.append(None if at is None else (at[0], at[1]))
        parted = len(feature.route) == 1 and (index, "start") in self.spot_of
        if feature.route and not parted and list(feature.route) != straight_route(feature.kind, *ends):
            numbers = [[Entry(number, feature.place) for number in position] for position in feature.route]
            made["route"] = Entry([Entry(position, feature.place) for position in numbers], feature.place)
        return made
