"""The files of a report: page and list of the last round, at the top and in the round's own folder; no stale list."""

from __future__ import annotations

import shutil
from pathlib import Path

from dhsim.balancing.groups import Groups
from dhsim.balancing.guidance import ValveChange, changes_frame, valve_changes
from dhsim.balancing.made import read_settings_made
from dhsim.balancing.workflow import Workflow, round_folder
from dhsim.errors import DhsimError
from dhsim.report.balancing_page import PAGE_NAME, write_balancing

LIST_NAME = "valves.csv"


def write_report(flow: Workflow, folder: str | Path, groups: Groups | None = None) -> None:
    """Write page and list of valves of the last round, and the same into a folder of that round.

    Parameters
    ----------
    flow
        With at least one fitted round.
    folder
        To write into: `balancing.html`, `valves.csv` where valves are to be turned, and both in `roundN`.
    groups
        Of the comparison with the round before; None goes by the change of flow.
    """
    top = Path(folder)
    own = round_folder(top, flow.last.state.number)
    own.mkdir(parents=True, exist_ok=True)
    page = write_balancing(flow, top, groups)
    shutil.copyfile(page, own / PAGE_NAME)
    changes = _changes(flow)
    if changes:
        changes_frame(changes).to_csv(top / LIST_NAME)
        shutil.copyfile(top / LIST_NAME, own / LIST_NAME)


def clear_lists(flow: Workflow, folder: str | Path) -> list[str]:
    """Take away the lists that a report is about to replace, or that are out of date; lists filled in are kept.

    Parameters
    ----------
    flow
        With at least one fitted round.
    folder
        That a report is written into.

    Returns
    -------
    list of str
        What was done, in sentences.
    """
    said = []
    stays = bool(_changes(flow))
    for place in (Path(folder), round_folder(Path(folder), flow.last.state.number)):
        path = place / LIST_NAME
        if not path.is_file():
            continue
        if _is_filled_in(path):
            kept = _free_name(place)
            path.replace(kept)
            said.append(f"{path} was filled in: kept as {kept.name}")
        elif not stays:
            path.unlink()
            said.append(f"{path} was a list of valves turned, or dropped, before: removed; this round has none")
    return said


def _changes(flow: Workflow) -> tuple[ValveChange, ...]:
    """Return the valves to turn in the last round."""
    last = flow.last
    if last.choice is None:
        return ()
    settings = last.choice.resistance_valves_pa_s2_m6
    return valve_changes(last.building, last.case.valve_types, settings, last.case.friction)


def _is_filled_in(path: Path) -> bool:
    try:
        return bool(read_settings_made(path))
    except DhsimError:
        return True  # somebody wrote into it


def _free_name(place: Path) -> Path:
    """Return a name for a list that was filled in."""
    number = 1
    while (place / f"valves_filled_in_{number}.csv").exists():
        number += 1
    return place / f"valves_filled_in_{number}.csv"
