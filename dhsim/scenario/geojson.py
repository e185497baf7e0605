"""Read the features of a GeoJSON map: what each is, what it says, and where it is drawn (RFC 7946)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

from dhsim.errors import Problem
from dhsim.scenario.network_map import RESULT_PREFIX, Feature, join_features
from dhsim.scenario.network_schema import NetworkScenario
from dhsim.scenario.network_tables import TABLES
from dhsim.scenario.places import Coordinates, Position
from dhsim.scenario.source import Entry, Place, problem_at
from dhsim.scenario.tables import ignored
from dhsim.scenario.wording import nearest, part_type, shown, unknown_key, wrong_type

GROUPS = {name.removesuffix("s"): name for name in TABLES}
"""Kind of a feature -> the key of the network it belongs to."""
MEMBERS = ("type", "features", "bbox", "crs", "dhsim", "xy_coordinate_resolution")
_LINES = ("pipe", "valve", "pump")
_LIST_KEYS = tuple(TABLES)
_DEGREES = re.compile(r"(.*CRS84$)|(.*EPSG:+(?:[\d.]*:)?4326$)", re.IGNORECASE)
_PROJECTED = re.compile(r".*EPSG:+(?:[\d.]*:)?(32[67]\d\d|258\d\d|284\d\d|3146\d)$", re.IGNORECASE)


def map_entry(entry: Entry, problems: list[Problem]) -> Entry | None:
    """Return what a FeatureCollection says in the shape of the schema, or None; what is wrong goes to `problems`.

    LineStrings are pipes (or valves and pumps, if their `kind` says so); Points are nodes, consumers, producers, valves
    or pumps after their `kind`. Names of the schema are properties; scalars of the network stand in the member `dhsim`
    or at the top. Ends of lines and points within `snap_tolerance_m` are one node. A line may name its `start` and
    `end`, a point its `node`; such names count before the map. A valve or pump drawn as a point parts the two lines
    that meet there. Coordinates are lon/lat unless `coordinates: metres` or a projected `crs` says otherwise.
    """
    features = entry.value.get("features")
    kind = entry.value.get("type")
    if kind is None or kind.value != "FeatureCollection" or features is None or not isinstance(features.value, list):
        got = shown(kind.value) if kind else "nothing"
        problems.append(problem_at(entry.place, f"expected a FeatureCollection with features (got {got})", "type"))
        return None
    made = _scalars(entry, problems)
    left_out = ignored(made)
    read = [_feature(item, f"features.{index}", left_out, problems) for index, item in enumerate(features.value)]
    usable = [feature for feature in read if feature is not None]
    tolerance_m = _tolerance_m(made, problems)
    coordinates = made["coordinates"].value
    if tolerance_m is None or _out_of_degrees(usable, coordinates, problems):
        return None
    groups = join_features(usable, coordinates, tolerance_m, problems)
    for name, items in groups.items():
        if items:
            made[name] = Entry(items, features.place)
    return Entry(made, entry.place)


def _scalars(entry: Entry, problems: list[Problem]) -> dict[str, Entry]:
    """Return what the collection says of the whole network."""
    made: dict[str, Entry] = {}
    fields = [name for name in NetworkScenario.model_fields if name not in _LIST_KEYS]
    inner = entry.value.get("dhsim")
    if inner is not None and isinstance(inner.value, dict):
        for name, part in inner.value.items():
            if name in _LIST_KEYS:
                problems.append(problem_at(part.place, "stands for features: draw them on the map", f"dhsim.{name}"))
            else:
                made[name] = part
    elif inner is not None:
        problems.append(problem_at(inner.place, "expected an object, {...}", "dhsim"))
    for name, part in entry.value.items():
        if name in fields and name != "crs":
            made.setdefault(name, part)
        elif name not in MEMBERS:
            problems.append(problem_at(part.place, unknown_key(name, fields, {}), name))
    _coordinate_system(entry.value.get("crs"), made, problems)
    made.setdefault("coordinates", Entry("lonlat", entry.place))
    return made


def _tolerance_m(made: dict[str, Entry], problems: list[Problem]) -> float | None:
    """Return the tolerance; None if it or the coordinates are not fit to join anything."""
    coordinates, said = made["coordinates"], made.get("snap_tolerance_m")
    tolerance_m = NetworkScenario.model_fields["snap_tolerance_m"].default if said is None else said.value
    fit = isinstance(tolerance_m, (int, float)) and not isinstance(tolerance_m, bool) and 0 < tolerance_m < math.inf
    if said is not None and not fit:
        problems.append(problem_at(said.place, f"must be above 0 m (got {shown(said.value)})", "snap_tolerance_m"))
    if coordinates.value not in ("metres", "lonlat"):
        message = wrong_type(Coordinates, "coordinates", coordinates.value)
        problems.append(problem_at(coordinates.place, message, "coordinates"))
        return None
    return float(tolerance_m) if fit else None


def _coordinate_system(crs: Entry | None, made: dict[str, Entry], problems: list[Problem]) -> None:
    """Read the member `crs` of older GeoJSON, as map programs still write it."""
    if crs is None or crs.value is None:
        return
    inner = crs.value.get("properties") if isinstance(crs.value, dict) else None
    name = inner.value.get("name") if inner is not None and isinstance(inner.value, dict) else None
    text = name.value if name is not None and isinstance(name.value, str) else ""
    if _DEGREES.fullmatch(text):
        return
    if _PROJECTED.fullmatch(text):
        made.setdefault("coordinates", Entry("metres", crs.place))
    elif "coordinates" not in made:
        message = "is neither lon/lat nor a grid known to be in metres: say `coordinates: metres`, or save as EPSG:4326"
        problems.append(problem_at(crs.place, f"{message} (got {text or shown(crs.value)!r})", "crs"))
    if text:
        made.setdefault("crs", Entry(text, crs.place))


def _out_of_degrees(features: Iterable[Feature], coordinates: str, problems: list[Problem]) -> bool:
    """Say if positions are no longitude and latitude; the first one tells it for all."""
    for feature in features if coordinates == "lonlat" else ():
        for x, y, *_ in feature.route:
            if abs(x) > 180.0 or abs(y) > 90.0:
                message = "no longitude and latitude in degrees: are these metres? Then say `coordinates: metres`"
                what = f"{feature.kind} {feature.id!r}: {message} (got {x:g}, {y:g})"
                problems.append(problem_at(feature.place, what, "coordinates"))
                return True
    return False


def _feature(entry: Entry, key: str, left_out: set[str], problems: list[Problem]) -> Feature | None:
    """Return a feature, or None with what is wrong."""

    def wrong(message: str, part: str = "", place: Place = entry.place) -> None:
        problems.append(problem_at(place, message, f"{key}.{part}".strip(".")))

    if not isinstance(entry.value, dict) or "type" not in entry.value or entry.value["type"].value != "Feature":
        wrong("expected an object with type Feature")
        return None
    told = entry.value.get("properties")
    properties = dict(told.value) if told is not None and isinstance(told.value, dict) else {}
    geometry = entry.value.get("geometry")
    what, route = _geometry(geometry, wrong)
    said_kind = properties.pop("kind", None)
    kind = said_kind.value if said_kind is not None else "pipe" if what == "line" else None
    id_ = properties.get("id", entry.value.get("id"))
    name = f" (feature {id_.value!r})" if id_ is not None and isinstance(id_.value, (str, int)) else ""
    if not isinstance(kind, str) or kind not in GROUPS:
        near = nearest(str(kind), GROUPS)
        got = "nothing" if kind is None else shown(kind) + (f"; did you mean {near}" if near else "")
        place = said_kind.place if said_kind is not None else entry.place
        wrong(f"expected one of {', '.join(GROUPS)} (got {got}){name}", "properties.kind", place)
        return None
    if route is None:
        return None
    if what == "line" and kind not in _LINES:
        wrong(f"a {kind} is a Point (got a LineString){name}", "geometry")
        return None
    if what == "point" and kind == "pipe":
        wrong(f"a pipe is a LineString (got a Point){name}", "geometry")
        return None
    if id_ is not None:
        properties["id"] = id_
    said = _said(properties, kind, left_out)
    id_text = said["id"].value if "id" in said and isinstance(said["id"].value, str) else ""
    return Feature(kind, id_text, said, route, entry.place)


def _said(properties: dict[str, Entry], kind: str, left_out: set[str]) -> dict[str, Entry]:
    """Return the properties that are keys of the schema; ids that are numbers become texts."""
    section = TABLES[GROUPS[kind]]
    said: dict[str, Entry] = {}
    for name, part in properties.items():
        if part.value is None or name in left_out or name.startswith(RESULT_PREFIX):
            continue
        number = isinstance(part.value, int) and not isinstance(part.value, bool)
        said[name] = Entry(str(part.value), part.place) if number and part_type(section, name) is str else part
    return said


def _geometry(geometry: Entry | None, wrong: Any) -> tuple[str, list[Position] | None]:
    """Return `line`, `point` or nothing, and the positions; None in their place if they cannot be read."""
    if geometry is None or geometry.value is None:
        return "", []
    parts = geometry.value if isinstance(geometry.value, dict) else {}
    kind = parts["type"].value if "type" in parts else None
    held = parts.get("coordinates")
    items = held.value if held is not None and isinstance(held.value, list) else []
    if kind in ("MultiLineString", "MultiPoint") and len(items) == 1:  # as map programs save single ones
        kind, items = str(kind).removeprefix("Multi"), items[0].value
    if kind not in ("LineString", "Point"):
        several = f"; {len(items)} parts: split it" if isinstance(kind, str) and kind.startswith("Multi") else ""
        wrong(f"expected a LineString or Point (got {shown(kind)}{several})", "geometry", geometry.place)
        return "", None
    if kind == "Point":
        items = [Entry(items, geometry.place)]
    route = [_position(item) for item in items]
    if any(position is None for position in route) or (kind == "LineString" and len(route) < 2):
        needed = "a position of 2 or 3 numbers" if kind == "Point" else "at least 2 positions of 2 or 3 numbers"
        wrong(f"a {kind} needs {needed}", "geometry.coordinates", geometry.place)
        return "", None
    return ("point" if kind == "Point" else "line"), [position for position in route if position is not None]


def _position(entry: Entry) -> Position | None:
    numbers = [item.value for item in entry.value] if isinstance(entry.value, list) else []
    fine = all(isinstance(number, (int, float)) and not isinstance(number, bool) for number in numbers)
    if len(numbers) not in (2, 3) or not fine or not all(math.isfinite(number) for number in numbers):
        return None
    return [float(number) for number in numbers]
