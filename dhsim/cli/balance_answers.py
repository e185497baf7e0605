"""What `dhsim balance` understands of options and says of the work; heavy imports stand inside the functions."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import typer

from dhsim.cli.common import console, say
from dhsim.errors import DhsimError

if TYPE_CHECKING:
    from dhsim.balancing.groups import Groups
    from dhsim.balancing.state import FrontOptions
    from dhsim.balancing.workflow import Workflow


_INTERRUPTED = 130


@contextmanager
def ended_by_interrupt() -> Iterator[None]:
    """End the process at Ctrl-C, also while a solver runs that would take the interrupt for itself.

    CasADi turns an interrupt into a failed solution, and the search goes on with the next one. What is kept in a folder
    is whole at any moment: files move to their place when they are written, and `state.json` comes last.
    """

    def end(_signal: int, _frame: FrameType | None) -> None:
        from rich.console import Console

        Console(stderr=True).show_cursor(True)
        say("stopped; nothing was written")
        os._exit(_INTERRUPTED)

    before = signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def names_said(text: str | None) -> tuple[str, ...]:
    """Return names that stand separated by commas."""
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def options_said(
    valves: str | None,
    max_valves: int | None,
    riser_only: bool,
    keep_flow: bool,
    samples: int = 0,
    quantile: float | None = None,
) -> FrontOptions:
    """Return what the optimiser may do."""
    from dhsim.balancing.limits import KEEP_FLOW_REL
    from dhsim.balancing.state import FrontOptions

    tolerance = KEEP_FLOW_REL if keep_flow else None
    return FrontOptions(names_said(valves), riser_only, max_valves, tolerance, samples, quantile)


def weights_said(text: str | None) -> list[float] | None:
    """Return weights of the best case; those that cannot be used are named and left out."""
    if text is None:
        return None
    from dhsim.balancing.limits import ZETA_LARGEST, weights_kept

    try:
        found = weights_kept([float(part) for part in text.split(",") if part.strip()])
    except ValueError:
        raise DhsimError(f"--zetas: got {text!r}; it takes numbers separated by commas, as 0.1,0.5,0.9") from None
    if found.beyond:
        beyond = ", ".join(f"{zeta:g}" for zeta in found.beyond)
        say(
            f"caution: --zetas: {beyond} left out: weights beyond {ZETA_LARGEST:g} trust to all flats answering at "
            "their best at once, and make the true angle worse"
        )
    return list(found.kept)


def groups_said_of(flow: Workflow, touched: str | None, control: list[str] | None, file: Path | None) -> Groups | None:
    """Return the groups of a comparison; None where nothing was said."""
    if touched is None and not control and file is None:
        return None
    from dhsim.balancing.groups import groups_said

    if len(flow.rounds) < 2:
        raise DhsimError(f"{flow.folder}: groups are compared between two rounds, and one was fitted: leave them out")
    return groups_said(flow.case, touched, control or (), file)


def answer(flow: Workflow, json: bool, text: Callable[[Workflow], list[Any]], following: str) -> None:
    """Print the results; cautions and what comes next go to stderr."""
    if json:
        print_json(flow)
        return
    screen = console()
    for part in text(flow):
        screen.print(part)
    say(following)


def print_json(flow: Workflow, groups: Groups | None = None) -> None:
    """Print the state of the work as JSON."""
    from dhsim.report.balancing_text import workflow_dict

    echo_json(workflow_dict(flow, groups))


def echo_json(content: Any) -> None:
    """Print plain data as JSON."""
    import json

    typer.echo(json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False))


def say_what_is_fitted(folder: Path, again: bool) -> None:
    """Say which round a fit is for, and what it drops; nothing of the first one."""
    from dhsim.balancing.steps import planned_fit
    from dhsim.balancing.workflow import read_state

    plan = planned_fit(folder, again)
    if plan.is_anew:
        why = "as --again asks" if again else "for no settings were chosen or made in it"
        drops = f"; its {', '.join(plan.drops)} will be dropped" if plan.drops else ""
        say(f"round {plan.number} is fitted anew, {why}{drops}")
        if not again:
            say(f"(if valves were turned since its readings, tell it first: dhsim balance made {folder})")
    elif plan.number > 1:
        before = read_state(folder).rounds[-1]
        how = "as chosen" if before.made is None else f"as they were made, {before.made.source},"
        say(f"round {plan.number} begins: the valves are taken to stand {how} in round {before.number}")


def say_choice_kept(flow: Workflow) -> None:
    """Say that a choice outlives a new front."""
    choice = flow.last.state.choice
    if choice is not None:
        say(
            f"the choice of round {flow.last.state.number} (zeta {choice.zeta:g}) is kept; it is no point of this "
            "front: dhsim balance choose replaces it"
        )


def fit_text(flow: Workflow) -> list[Any]:
    """Return what a fit says; cautions go to stderr."""
    from dhsim.balancing.flags import told_together
    from dhsim.balancing.workflow import all_flags
    from dhsim.report.balancing_text import fit_table, verdict_text
    from dhsim.report.round_tables import response_parts

    for text in told_together(all_flags(flow.last)):
        say(f"caution: {text}")
    return [fit_table(flow), *response_parts(flow.last), verdict_text(flow)]


def made_text(flow: Workflow) -> list[Any]:
    """Return what is known of the settings that were made."""
    from dhsim.report.round_tables import made_parts

    return made_parts([one for one in flow.rounds if one.state.made is not None][-1])


def front_text(flow: Workflow) -> list[Any]:
    """Return the points of the front."""
    from dhsim.report.balancing_text import front_table

    return [front_table(flow)]


def choice_text(flow: Workflow) -> list[Any]:
    """Return the valves to turn and what is expected; cautions go to stderr."""
    from dhsim.report.balancing_page import told_of
    from dhsim.report.balancing_rows import no_list_text
    from dhsim.report.balancing_text import choice_table, expected_table
    from dhsim.report.round_rows import outlook_text

    told = told_of(flow)
    for text in told.cautions:
        say(f"caution: {text}")
    if not told.changes:
        return [no_list_text(flow.last, told.verdict)]
    expected = [] if told.expected is None else [expected_table(told.expected)]
    by_response = [] if told.by_response is None else [outlook_text(told.by_response)]
    return [choice_table(told.changes), *expected, *by_response]


def next_of_fit(flow: Workflow) -> str:
    """Return what comes after a fit."""
    from dhsim.balancing.verdict import CANNOT_TELL, MORE_DATA, verdict

    said = verdict(flow.last.whole, flow.state.stop_proxy_rel)
    if said.word == CANNOT_TELL:
        return f"next: heads off, new readings, then dhsim balance fit {flow.folder} --data FILE"
    if said.word == MORE_DATA:
        longer = "longer readings (dhsim balance excite proposes some) and dhsim balance fit"
        return f"next: {longer}, or dhsim balance front {flow.folder}"
    return f"next: dhsim balance {'report' if said.may_stop else 'front'} {flow.folder}"
