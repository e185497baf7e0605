"""What was really made of a choice: a stuck valve, 3.4 turns instead of 3.5, or nothing at all.

The next round's flows are those of the valves as they stand, so that a difference which nobody reports would be taken
for one of the flats.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dhsim.balancing.flags import listed
from dhsim.balancing.guidance import SAME_REL
from dhsim.balancing.round_files import write_arrays
from dhsim.balancing.round_response import with_response
from dhsim.balancing.valves import ValveSetting, valve_kv_m3_h, valve_resistance_pa_s2_m6, valve_settings
from dhsim.balancing.work_tables import read_work_table
from dhsim.balancing.workflow import MADE_NAME, MadeState, Round, Workflow, open_workflow, write_state
from dhsim.errors import DhsimError, Problem, ScenarioError
from dhsim.model.valve_type import ValveType
from dhsim.network.parts import Floats

_OPTION = "--valve"
_KV = re.compile(r"kv\s*[=:]?\s*(?P<number>\S+?)\s*(m3/h|m³/h)?", re.IGNORECASE)
_RANGE_SLACK_REL = 1e-9


class SettingSaid(NamedTuple):
    """One setting as somebody reported it, and where."""

    valve: str
    setting: str
    path: str
    line: int | None = None

    def problem(self, message: str) -> Problem:
        """Return what is wrong with it."""
        return Problem(message, self.path, self.line, key=self.valve)


class SettingMade(NamedTuple):
    """A valve that was chosen to be turned, or that was turned: before, as chosen, and as made."""

    valve: str
    before: str
    chosen: str
    made: str
    as_chosen: bool
    reported: bool


def read_settings_made(path: str | Path) -> list[SettingSaid]:
    """Return the settings of a table: columns `id` and `setting`, or the report's `valves.csv` with its column `made`.

    Parameters
    ----------
    path
        CSV; rows without a setting say nothing.

    Returns
    -------
    list of SettingSaid
        In the order of the rows.

    Raises
    ------
    ScenarioError
        As `read_work_table`, and for a row without a valve.
    """
    rows = read_work_table(path, {"valve": ("id", "valve"), "setting": ("setting", "made")})
    nameless = [Problem("no valve named", str(path), row.line, key="id") for row in rows if not row.cells["valve"]]
    if nameless:
        raise ScenarioError(nameless)
    said = [SettingSaid(row.cells["valve"], row.cells["setting"], str(path), row.line) for row in rows]
    return [one for one in said if one.setting]


def settings_of_options(texts: Sequence[str]) -> list[SettingSaid]:
    """Return the settings of options as `v1=3.4`; one without a setting is refused by `settings_made`."""
    parts = [text.partition("=") for text in texts]
    return [SettingSaid(name.strip(), setting.strip(), _OPTION) for name, _, setting in parts]


def setting_kv_m3_h(kind: ValveType | None, text: str) -> float:
    """Return Kv of a setting in the technician's words.

    Parameters
    ----------
    kind
        Type of the valve; None where only a range is known, then a plain number is its Kv.
    text
        `3.4`, `3,4`, `3.4 turns`, `N`, `N on the scale`, `Kv 0.8 m3/h`.

    Returns
    -------
    float
        Kv [m3/h].

    Raises
    ------
    DhsimError
        If it is no setting of that valve's scale, or beyond it.

    Examples
    --------
    >>> from dhsim.model.valve_type import catalogue_valve
    >>> setting_kv_m3_h(catalogue_valve("stad_dn15"), "2,0 turns")
    0.571
    """
    words = text.strip()
    said = _KV.fullmatch(words)
    if said or kind is None:
        kv = _number(said["number"] if said else re.sub(r"\s*(m3/h|m³/h)$", "", words))
        if kv is None or not 0.0 < kv < np.inf:
            raise DhsimError(f"{text!r} is no Kv: it takes a positive number [m3/h]")
        return kv
    for unit in (kind.unit, kind.unit.removesuffix("s")):
        words = words.removesuffix(unit).strip()
    number = _number(words)
    return float(kind.kv_at_m3_h(kind.position_of(words if number is None else number)))


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def settings_made(at: Round, said: Sequence[SettingSaid], untouched: bool = False) -> Floats:
    """Return the resistances of all valves as they were made in a round.

    Parameters
    ----------
    at
        The round.
    said
        What was reported; valves that nobody named stand as chosen.
    untouched
        Valves that nobody named stand as before the choice.

    Returns
    -------
    ndarray
        Resistances [Pa s2/m6], shape (n_valve,).

    Raises
    ------
    ScenarioError
        For all unknown or doubled valves and settings beyond a scale or range at once, each with file, line and name.
    """
    building, types = at.building, at.case.valve_types
    before = building.resistance_valves_pa_s2_m6
    chosen = before if at.choice is None else at.choice.resistance_valves_pa_s2_m6
    made = np.array(before if untouched else chosen, np.float64)
    labels = [(valve_settings(building, types, k), k) for k in (chosen, before)]
    known = {name: v for v, name in enumerate(building.valve_ids)}
    seen: dict[str, SettingSaid] = {}
    problems = []
    for one in said:
        if not (one.valve and one.setting):
            problems.append(one.problem("it takes NAME=SETTING, as riser1=3.4"))
            continue
        v = known.get(one.valve)
        if v is None:
            near = difflib.get_close_matches(one.valve, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {listed(known)}"
            problems.append(one.problem(f"the building has no such valve; {hint}"))
            continue
        if one.valve in seen:
            first = seen[one.valve]
            where = f" (line {first.line})" if first.line else f" ({first.setting})"
            problems.append(one.problem(f"comes twice{where}: leave one out"))
            continue
        seen[one.valve] = one
        try:
            made[v] = _resistance(at, v, one.setting, labels)
        except DhsimError as error:
            problems.append(one.problem(str(error)))
    if problems:
        raise ScenarioError(problems)
    return made


def _resistance(at: Round, v: int, text: str, labels: Sequence[tuple[list[ValveSetting], Floats]]) -> float:
    building, kind = at.building, at.case.valve_types[v]
    kv = setting_kv_m3_h(kind, text)
    for settings, resistance in labels:
        # a label is rounded: who copies it means the setting behind it
        if abs(setting_kv_m3_h(kind, settings[v].label) / kv - 1.0) < _RANGE_SLACK_REL:
            return float(resistance[v])
    k = float(valve_resistance_pa_s2_m6(kv, building.fluid.density_kg_m3))
    low, high = (
        float(side[building.valves[v]]) for side in (building.resistance_min_pa_s2_m6, building.resistance_max_pa_s2_m6)
    )
    if not low * (1.0 - _RANGE_SLACK_REL) <= k <= high * (1.0 + _RANGE_SLACK_REL):
        reach = valve_kv_m3_h(np.array([high, low]), building.fluid.density_kg_m3)
        if high <= low * (1.0 + _RANGE_SLACK_REL):
            raise DhsimError(f"{text}: the building says that this valve is fixed at Kv {reach[0]:.3g} m3/h")
        raise DhsimError(f"{text} (Kv {kv:.3g} m3/h) is beyond its range, Kv {reach[0]:.3g} to {reach[1]:.3g} m3/h")
    return min(max(k, low), high)


def record_made(
    folder: str | Path,
    file: str | Path | None = None,
    valves: Sequence[str] = (),
    *,
    untouched: bool = False,
    number: int | None = None,
) -> Workflow:
    """Keep the settings that were really made in their round; the next round's fit takes them.

    Where readings of a later round were fitted already, that fit stays, its front and choice are dropped, and what all
    rounds tell together is computed anew.

    Parameters
    ----------
    folder
        Of the workflow.
    file
        Table of settings, see `read_settings_made`.
    valves
        Settings as `NAME=SETTING`; they come after the file's.
    untouched
        Valves that are not named stayed as they were; otherwise they stand as chosen.
    number
        Of the round; None for the last one with a choice, or the last one.

    Returns
    -------
    Workflow
        With the settings in that round.

    Raises
    ------
    DhsimError
        If nothing was said, the round is none that can be told of, or a setting does not fit its valve.
    """
    flow = open_workflow(folder)
    if file is None and not valves and not untouched:
        raise DhsimError("nothing was said of the valves: give --file, --valve NAME=SETTING, or --untouched")
    at = _round_of(flow, number)
    said = [*([] if file is None else read_settings_made(file)), *settings_of_options(valves)]
    if at.choice is None and not said:
        raise DhsimError(f"round {at.state.number}: nothing was chosen and no valve is named: there is nothing to keep")
    settings = settings_made(at, said, untouched)
    write_arrays(at.folder / MADE_NAME, resistance_valves_pa_s2_m6=settings)
    source = ", ".join([*([] if file is None else [str(file)]), *([_OPTION] if valves else [])]) or "--untouched"
    told = replace(at.state, made=MadeState(source, tuple(one.valve for one in said), untouched))
    later = tuple(replace(one, front=None, choice=None) for one in flow.state.rounds[at.state.number :])
    rounds = (*flow.state.rounds[: at.state.number - 1], told, *later)
    write_state(flow.folder, replace(flow.state, rounds=rounds))
    made = open_workflow(folder)
    return with_response(made) if later else made


def _round_of(flow: Workflow, number: int | None) -> Round:
    count = len(flow.rounds)
    if not count:
        raise DhsimError(f"{flow.folder}: no round was fitted: begin with `dhsim balance fit`")
    if number is None:
        done = [one for one in flow.rounds if one.state.is_done]
        number = done[-1].state.number if done else count
    if not max(count - 1, 1) <= number <= count:
        raise DhsimError(f"--round: the settings of the last two rounds can be told, up to {count} (got {number})")
    return flow.rounds[number - 1]


def made_beside_chosen(at: Round) -> tuple[SettingMade, ...]:
    """Return the valves that were to be turned or were turned, as chosen beside as made.

    Parameters
    ----------
    at
        The round.

    Returns
    -------
    tuple of SettingMade
        Empty where nothing was reported.
    """
    if at.made is None or at.state.made is None:
        return ()
    building, types = at.building, at.case.valve_types
    before = building.resistance_valves_pa_s2_m6
    chosen = before if at.choice is None else at.choice.resistance_valves_pa_s2_m6
    made = at.made.resistance_valves_pa_s2_m6
    labels = [valve_settings(building, types, k) for k in (before, chosen, made)]
    differs = (np.abs(chosen / before - 1.0) > SAME_REL) | (np.abs(made / before - 1.0) > SAME_REL)
    return tuple(
        SettingMade(
            valve=building.valve_ids[v],
            before=labels[0][v].label,
            chosen=labels[1][v].label,
            made=labels[2][v].label,
            as_chosen=bool(abs(made[v] / chosen[v] - 1.0) <= SAME_REL),
            reported=building.valve_ids[v] in at.state.made.reported,
        )
        for v in np.flatnonzero(differs)
    )
