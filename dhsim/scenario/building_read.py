"""Building file or folder of tables -> BuildingScenario: read, checked, everything that is wrong said at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic_core import ErrorDetails

from dhsim.scenario.building_schema import BuildingScenario
from dhsim.scenario.building_tables import BUILDING_TABLES
from dhsim.scenario.consistency import Finding, InconsistentError
from dhsim.scenario.parts_read import Form, load_document, plain_english, whose
from dhsim.scenario.wording import UNITS, shown, unit_of

_SINGULAR = {
    "zones": "zone",
    "radiators": "radiator",
    "valves": "valve",
    "pipes": "pipe",
    "valve_types": "valve type",
    "protocol": "row of",
}

_NUMBER_OR_WORD = {
    "setting": "turns, or the number or word of a preset",
    "labels": "what stands on the scale: numbers or words",
}
_MISTAKEN = {
    ("less", "kpa"): "Pa",
    ("less", "m"): "mm",
    ("less", "d"): "hours",
    ("less", "m3_h"): "l/h",
    ("greater", "kpa"): "bar",
    ("greater", "m"): "km",
    ("greater", "mm"): "m, cm or inches",
    ("greater", "l_h"): "m3/h or l/s",
    ("greater", "w"): "kW",
    ("greater", "w_k"): "kW/K",
}
"""Whether a limit wants less or greater, and the key's unit -> unit in which a figure beyond it may have been meant."""


def load_building(path: str | Path, overrides: Mapping[str, Any] | None = None) -> BuildingScenario:
    """Read a building, whatever its form.

    A folder holds `radiators.csv`, `valves.csv`, `pipes.csv`, `zones.csv`, `protocol.csv` and so on, with the scalars
    in `building.yaml`; `.json` is read as JSON, anything else as YAML. The name falls back to the file's.

    Parameters
    ----------
    path
        The file or folder.
    overrides
        Dotted keys set after reading: `{"pump.dp_kpa": 12, "synthetic.flats": 200}`.

    Returns
    -------
    BuildingScenario
        Checked; knows the file, line and column of every key (`where`).

    Raises
    ------
    ScenarioError
        With all problems, each with its place.
    """
    return load_document(Path(path), overrides, _FORM)


def _findings(errors: Sequence[ErrorDetails], said: Mapping[str, Any]) -> list[Finding]:
    """Return the schema's errors in plain English, one a key."""
    made: dict[str, Finding] = {}
    for error in errors:
        reason = error.get("ctx", {}).get("error")
        if isinstance(reason, InconsistentError):
            return list(reason.findings)
        loc = error["loc"]
        union = next((name for name in _NUMBER_OR_WORD if name in loc), None)
        if union is not None:  # the schema complains of both
            loc = loc[: loc.index(union) + 1]
            message = f"expected {_NUMBER_OR_WORD[union]} (got {shown(error.get('input'))})"
        else:
            message = plain_english(error, BuildingScenario)
            message = message.removesuffix(")") + _mistaken(error) + ")" if message.endswith(")") else message
        key = ".".join(str(part) for part in loc)
        made.setdefault(key, Finding(key, whose(loc, said, _SINGULAR) + message))
    return list(made.values())


def _mistaken(error: ErrorDetails) -> str:
    """Return a question for a figure beyond its range that may be in another unit."""
    name = next((part for part in reversed(error["loc"]) if isinstance(part, str)), "")
    value = error.get("input")
    if not isinstance(value, (int, float)) or not value > 0:
        return ""
    for (side, suffix), unit in _MISTAKEN.items():
        if error["type"].startswith(side) and unit_of(name) == UNITS[suffix]:
            return f"; was it in {unit}?"
    return ""


_FORM = Form(BuildingScenario, BUILDING_TABLES, lambda path, entry, problems: entry, _findings)
