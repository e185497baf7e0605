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
from dhsim.scenario.wording import shown

_SINGULAR = {
    "zones": "zone",
    "radiators": "radiator",
    "valves": "valve",
    "pipes": "pipe",
    "valve_types": "valve type",
    "protocol": "row of",
}


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
        if "setting" in loc:  # a number or a word: the schema complains of both
            loc = loc[: loc.index("setting") + 1]
            message = f"expected turns, or the number or word of a preset (got {shown(error.get('input'))})"
        else:
            message = plain_english(error, BuildingScenario)
        key = ".".join(str(part) for part in loc)
        made.setdefault(key, Finding(key, whose(loc, said, _SINGULAR) + message))
    return list(made.values())


_FORM = Form(BuildingScenario, BUILDING_TABLES, lambda path, entry, problems: entry, _findings)
