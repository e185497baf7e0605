"""Which buildings of a scenario are simulated flat by flat, and how their valves stand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import Field

from dhsim.errors import Problem, ScenarioError
from dhsim.scenario.building_parts import Turns
from dhsim.scenario.section import Positive, RoomTemp, Section
from dhsim.scenario.source import Entry, Place, problem_at
from dhsim.scenario.tables import table_rows
from dhsim.scenario.wording import shown

REPORT_COLUMNS = frozenset(
    {
        "order",
        "place",
        "zones",
        "type_name",
        "present",
        "new",
        "turn",
        "direction",
        "kv_present_m3_h",
        "flow_present_l_h",
        "flow_new_l_h",
    }
)
"""Columns of the `valves.csv` of `dhsim balance report` that say nothing new."""


class DetailSection(Section):
    """A building in detail in the place of one of the scenario's: circuit, radiators, heads and flats."""

    building: Annotated[str, Field(min_length=1)]
    """File or folder as for `dhsim balance`, relative to this file."""
    settings: Annotated[str, Field(min_length=1)] | None = None
    """CSV with the valves that stand otherwise than in the building's file: id and setting or kv_m3_h, or the
    `valves.csv` of `dhsim balance report`; relative to this file."""
    copies: Annotated[int, Field(ge=1, le=1000)] = 1
    """So many equal houses make up the scenario's building."""
    heads: bool = True
    """Thermostatic heads on; false: the valves stand at their presets."""
    temp_head_c: RoomTemp | None = None
    """Set-point of the heads; one kelvin above the plan's room temperature if left out."""


class SettingRow(Section):
    """A valve and how it stands."""

    id: str | None = None
    valve: str | None = None
    """In place of id."""
    setting: Turns | str | None = None
    """Turns, or the number or word of a preset."""
    kv_m3_h: Positive | None = None
    kv_new_m3_h: Positive | None = None
    """In place of kv_m3_h."""


class ValveStand(NamedTuple):
    """A row of settings, read."""

    valve: str
    setting: str | float | None
    kv_m3_h: float | None
    place: Place


def load_settings(path: str | Path) -> list[ValveStand]:
    """Read a table of valve settings.

    Parameters
    ----------
    path
        CSV with a row a valve: `id` (or `valve`) and one of `setting`, `kv_m3_h` (or `kv_new_m3_h`).

    Returns
    -------
    list of ValveStand
        In the order of the file.

    Raises
    ------
    ScenarioError
        With all problems, each with its line.
    """
    problems: list[Problem] = []
    rows = table_rows(Path(path), "settings", SettingRow, set(REPORT_COLUMNS), problems)
    made = [] if rows is None else [_stand(row) for row in rows.value]
    problems += _wrong(made)
    if problems:
        raise ScenarioError(problems)
    return made


def _stand(row: Entry) -> ValveStand:
    def said(*names: str) -> object:
        return next((row.value[name].value for name in names if name in row.value), None)

    valve, setting, kv = said("id", "valve"), said("setting"), said("kv_m3_h", "kv_new_m3_h")
    return ValveStand(
        "" if valve is None else str(valve),
        setting if isinstance(setting, (int, float, str)) else None,
        kv if isinstance(kv, (int, float)) else None if kv is None else float("nan"),
        row.place,
    )


def _wrong(rows: list[ValveStand]) -> Iterator[Problem]:
    first: dict[str, ValveStand] = {}
    for row in rows:
        name = f"valve {row.valve!r}: " if row.valve else ""
        if not row.valve:
            yield problem_at(row.place, "no valve named: fill in the column `id`", "id")
        elif row.valve in first:
            yield problem_at(row.place, f"{name}a second row (first in line {first[row.valve].place.line})", "id")
        first.setdefault(row.valve, row)
        if (row.setting is None) == (row.kv_m3_h is None):
            yield problem_at(row.place, f"{name}give its setting or its kv_m3_h, one of both", "setting")
        elif row.kv_m3_h is not None and not row.kv_m3_h > 0.0:
            yield problem_at(row.place, f"{name}expected a positive number (got {shown(row.kv_m3_h)})", "kv_m3_h")
