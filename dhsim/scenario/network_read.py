"""Network file, folder of tables or map -> NetworkScenario: read, checked, everything that is wrong said at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic_core import ErrorDetails

from dhsim.errors import Problem
from dhsim.scenario.consistency import Finding, InconsistentError
from dhsim.scenario.geojson import map_entry
from dhsim.scenario.network_layout import layout_findings, layout_of
from dhsim.scenario.network_schema import NetworkScenario
from dhsim.scenario.network_tables import NETWORK_TABLES
from dhsim.scenario.parts_read import Form, load_document, plain_english, whose
from dhsim.scenario.source import Entry

_SINGULAR = {
    "nodes": "node",
    "pipes": "pipe",
    "valves": "valve",
    "pumps": "pump",
    "consumers": "consumer",
    "producers": "producer",
}


def load_network(path: str | Path, overrides: Mapping[str, Any] | None = None) -> NetworkScenario:
    """Read a network, whatever its form.

    A folder holds `pipes.csv`, `consumers.csv` and so on, with the scalars in `network.yaml`; a `.geojson` file is a
    map; `.json` is either, by its `type`; anything else is read as YAML. The name falls back to the file's.

    Parameters
    ----------
    path
        The file or folder.
    overrides
        Dotted keys set after reading: `{"fluid.temp_c": 60, "consumers.0.on": False}`.

    Returns
    -------
    NetworkScenario
        Checked; knows the file, line and column of every key (`where`).

    Raises
    ------
    ScenarioError
        With all problems, each with its place.
    """
    return load_document(Path(path), overrides, _FORM)


def _of_json(path: Path, entry: Entry, problems: list[Problem]) -> Entry | None:
    """Return what a JSON file or a map says in the shape of the schema."""
    kind = entry.value.get("type")
    if path.suffix.lower() == ".geojson" or (kind is not None and "Feature" in str(kind.value)):
        return map_entry(entry, problems)
    return entry


def _findings(errors: Sequence[ErrorDetails], said: Mapping[str, Any]) -> list[Finding]:
    """Return the schema's errors in plain English; names that are well are still compared with each other."""
    made: list[Finding] = []
    for error in errors:
        reason = error.get("ctx", {}).get("error")
        if isinstance(reason, InconsistentError):
            return list(reason.findings)
        key = ".".join(str(part) for part in error["loc"])
        made.append(Finding(key, whose(error["loc"], said, _SINGULAR) + plain_english(error, NetworkScenario)))
    broken = {finding.key for finding in made}
    layout = layout_of(said) if _lists_of_mappings(said) else None
    if layout is not None and layout.edges:
        made += [finding for finding in layout_findings(layout) if finding.key not in broken]
    return made


def _lists_of_mappings(said: Mapping[str, Any]) -> bool:
    groups = [said.get(name, []) for name in _SINGULAR]
    return all(isinstance(group, list) and all(isinstance(item, dict) for item in group) for group in groups)


_FORM = Form(NetworkScenario, NETWORK_TABLES, _of_json, _findings, (".json", ".geojson"))
