"""The file of a hidden truth: rooms, radiators and walls by name, so that any setting of the valves can be tried."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dhsim.balancing.flags import listed
from dhsim.balancing.protocol import BuildingCase
from dhsim.balancing.round_files import write_json
from dhsim.balancing.trial_truth import HiddenTruth
from dhsim.errors import DhsimError, Problem, ScenarioError
from dhsim.model.zones import building_zones, neighbours_of, radiators_of
from dhsim.network.parts import Floats
from dhsim.units import S_PER_DAY

TRUTH_NAME = "truth.json"
_VERSION = 1
_ZONE_KEYS = ("id", "heat_loss_w_k", "heat_capacity_j_k")
_RADIATOR_KEYS = ("id", "heat_design_w", "excess_design_k", "exponent")
_PAIR_KEYS = ("first", "second", "ua_w_k")


def write_truth(path: Path, case: BuildingCase, truth: HiddenTruth, made: Mapping[str, Any]) -> None:
    """Write a truth, said to be one.

    Parameters
    ----------
    path
        The file.
    case
        The building.
    truth
        What is hidden.
    made
        How it was made: seed and the like.
    """
    zones, building = truth.zones, case.building
    rooms, radiators = zones.zones, zones.radiators
    names = [building.edge_ids[e] for e in radiators.edge]
    theta_per_d = rooms.ua_outdoor_w_k / rooms.heat_capacity_j_k * S_PER_DAY
    columns = (radiators.heat_design_w, radiators.excess_design_k, radiators.exponent)
    content = {
        "schema_version": _VERSION,
        "about": f"Synthetic. The hidden truth behind made-up readings: {truth.about}",
        "building": case.scenario.name,
        **made,
        "zones": [
            {**dict(zip(_ZONE_KEYS, (name, float(loss), float(stored)), strict=True)), "theta_per_d": float(theta)}
            for name, loss, stored, theta in zip(
                zones.zone_ids, rooms.ua_outdoor_w_k, rooms.heat_capacity_j_k, theta_per_d, strict=True
            )
        ],
        "radiators": [
            dict(zip(_RADIATOR_KEYS, (name, *map(float, row)), strict=True))
            for name, *row in zip(names, *columns, strict=True)
        ],
        "neighbours": [
            dict(zip(_PAIR_KEYS, (zones.zone_ids[a], zones.zone_ids[b], float(ua)), strict=True))
            for a, b, ua in zip(*zones.neighbours, strict=True)
        ],
    }
    write_json(path, content)


def read_truth(path: str | Path, case: BuildingCase) -> HiddenTruth:
    """Return the truth of a file for a building.

    Parameters
    ----------
    path
        As `write_truth` left it.
    case
        The building; flats and radiators are found by name.

    Returns
    -------
    HiddenTruth
        Heads off.

    Raises
    ------
    ScenarioError
        All that is wrong with the file at once, with its keys.
    """
    content = _content(Path(path))
    building, problems = case.building, list[Problem]()
    edge_names = [building.edge_ids[e] for e in building.radiators]
    rooms = _rows(content, "zones", _ZONE_KEYS, str(path), problems)
    bodies = _rows(content, "radiators", _RADIATOR_KEYS, str(path), problems)
    pairs = _rows(content, "neighbours", _PAIR_KEYS, str(path), problems)
    _compare([row["id"] for row in rooms], building.zone_ids, "zones", str(path), problems)
    _compare([row["id"] for row in bodies], edge_names, "radiators", str(path), problems)
    place = {name: z for z, name in enumerate(building.zone_ids)}
    for side in ("first", "second"):
        strange = [row[side] for row in pairs if row[side] not in place]
        if strange:
            problems.append(Problem(f"unknown flats {listed(strange)}", str(path), key=f"neighbours.{side}"))
    if problems:
        raise ScenarioError(problems)
    loss, stored = _columns(rooms, _ZONE_KEYS[1:], building.zone_ids)
    heat, excess, exponent = _columns(bodies, _RADIATOR_KEYS[1:], edge_names)
    radiators = radiators_of(
        building.radiators,
        building.zone[building.radiators],
        heat,
        excess_design_k=excess,
        exponent=exponent,
    )
    walls = neighbours_of(
        [(place[row["first"]], place[row["second"]]) for row in pairs], [row["ua_w_k"] for row in pairs]
    )
    try:
        zones = building_zones(building.zone_ids, stored, loss, radiators, neighbours=walls)
    except DhsimError as error:
        raise ScenarioError([Problem(line, str(path)) for line in str(error).splitlines()]) from None
    return HiddenTruth(zones, f"the truth of {Path(path).name}")


def _content(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        hint = f"no such file; `dhsim balance readings` writes a {TRUTH_NAME} beside its readings"
        raise ScenarioError([Problem(hint, str(path))]) from None
    except json.JSONDecodeError as error:
        raise ScenarioError([Problem(f"no JSON: {error.msg}", str(path), error.lineno, error.colno)]) from None
    except (OSError, ValueError) as error:
        raise ScenarioError([Problem(f"cannot be read ({error})", str(path))]) from None
    if not isinstance(content, dict) or content.get("schema_version") != _VERSION:
        hint = f"not a truth that this version wrote: it takes the {TRUTH_NAME} of `dhsim balance readings`"
        raise ScenarioError([Problem(hint, str(path), key="schema_version")])
    return content


def _rows(
    content: Mapping[str, Any], key: str, wanted: tuple[str, ...], path: str, problems: list[Problem]
) -> list[dict[str, Any]]:
    """Return the rows of a list that are whole: names as text, all else as numbers."""
    rows, kept = content.get(key), []
    if not isinstance(rows, list):
        problems.append(Problem("missing: a list of objects", path, key=key))
        return []
    for k, row in enumerate(rows):
        row = row if isinstance(row, dict) else {}
        bad = [name for name in wanted if not isinstance(row.get(name), str if _is_name(name) else int | float)]
        problems += [
            Problem(f"missing or of the wrong kind (got {row.get(name)!r})", path, key=f"{key}.{k}.{name}")
            for name in bad
        ]
        if not bad:
            kept.append(row)
    return kept


def _is_name(key: str) -> bool:
    return key in ("id", "first", "second")


def _compare(found: list[str], wanted: Any, key: str, path: str, problems: list[Problem]) -> None:
    """Note what a list has too much, too little or twice."""
    known, there = list(wanted), set(found)
    twice = sorted({name for name in found if found.count(name) > 1})
    if twice:
        problems.append(Problem(f"{listed(twice)} come more than once", path, key=key))
    strange = [name for name in found if name not in known]
    if strange:
        near = difflib.get_close_matches(strange[0], known, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        problems.append(Problem(f"not in the building: {listed(strange)}{hint}", path, key=key))
    lost = [name for name in known if name not in there]
    if lost:
        problems.append(Problem(f"nothing is said of {listed(lost)}", path, key=key))


def _columns(rows: list[dict[str, Any]], keys: tuple[str, ...], order: Any) -> Floats:
    by_name = {row["id"]: row for row in rows}
    return np.array([[float(by_name[name][key]) for name in order] for key in keys])
