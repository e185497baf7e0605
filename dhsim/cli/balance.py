"""dhsim balance: from readings to a list of valves, round by round. Heavy imports stand inside the functions."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dhsim.cli.common import console, progress, require_writable, say, spoken_errors, staged
from dhsim.errors import DhsimError

if TYPE_CHECKING:
    from dhsim.balancing.workflow import FrontOptions, Workflow

balance_app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Balance a building's radiators from sensor data: fit, front, choose, report.",
    epilog="FOLDER keeps the work between the steps; after the valves were turned, `fit` with new readings goes on.",
)

Work = Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of the work.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print the results as JSON, and nothing else.")]
Valves = Annotated[
    str | None,
    typer.Option("--valves", help="Only these may be turned: names, separated by commas.", show_default="all"),
]
MaxValves = Annotated[
    int | None, typer.Option("--max-valves", help="At most so many valves are turned.", show_default="any number")
]
RiserOnly = Annotated[bool, typer.Option("--riser-only", help="Only valves that several radiators hang on.")]
KeepFlow = Annotated[bool, typer.Option("--keep-flow", help="Keep the total flow within 0.1 %.")]
Effort = Annotated[float, typer.Option("--effort", help="Factor on the search for better settings; 0 is fastest.")]


class _Method(StrEnum):
    KALMAN = "kalman"
    REGRESSION = "regression"


@balance_app.command()
def fit(
    folder: Work,
    building: Annotated[
        Path | None,
        typer.Option("--building", "-b", help="The building: YAML, JSON, or folder of tables.", show_default=False),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", "-d", help="Readings: CSV or Parquet.", show_default="as the building says"),
    ] = None,
    method: Annotated[_Method, typer.Option("--method", help="How to fit.")] = _Method.KALMAN,
    time_zone: Annotated[
        str | None, typer.Option("--time-zone", help="Of times that bear none: Europe/Stockholm.", show_default=False)
    ] = None,
    start: Annotated[str | None, typer.Option("--start", help="First time to use.", show_default=False)] = None,
    end: Annotated[str | None, typer.Option("--end", help="Time to stop before.", show_default=False)] = None,
    stop: Annotated[
        float | None,
        typer.Option("--stop", help="Stop when L/|theta|^2 is at most this.", show_default="0.0025, or as it was"),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Fit the last round anew although it has a choice.")] = False,
    synthetic: Annotated[bool, typer.Option("--synthetic", help="The readings are made up: say so.")] = False,
    json: AsJson = False,
) -> None:
    """Fit leakage and heat supply of every flat; after a choice this begins the next round."""
    with spoken_errors():
        require_writable(folder)
        from dhsim.balancing.steps import fit_round

        with progress("fitting"):
            flow = fit_round(
                folder,
                building,
                data,
                method=method.value,
                time_zone=time_zone,
                start=start,
                end=end,
                stop_proxy_rel=stop,
                again=again,
                synthetic=synthetic,
            )
        if len(flow.rounds) > 1 and not again:
            say(f"round {flow.last.state.number}: the valves are taken to stand as chosen in the round before")
        _answer(flow, json, _fit_text, _next_front(flow))


@balance_app.command()
def front(
    folder: Work,
    zetas: Annotated[
        str | None,
        typer.Option("--zetas", help="Weights of the best case, by commas.", show_default="21 from 0 to 0.95"),
    ] = None,
    valves: Valves = None,
    max_valves: MaxValves = None,
    riser_only: RiserOnly = False,
    keep_flow: KeepFlow = False,
    samples: Annotated[
        int, typer.Option("--samples", help="Optimise over so many draws of the fit; 0: the likeliest.")
    ] = 0,
    quantile: Annotated[
        float | None,
        typer.Option(
            "--quantile", help="With --samples: the mean of the worst part beyond it.", show_default="mean of all"
        ),
    ] = None,
    effort: Effort = 1.0,
    json: AsJson = False,
) -> None:
    """Compute the compromises between what may be gained and what is risked."""
    with spoken_errors():
        require_writable(folder)
        from dhsim.balancing.steps import front_round

        options = _options(valves, max_valves, riser_only, keep_flow, samples, quantile)
        weights = None if zetas is None else _numbers(zetas)
        with progress("optimising"):
            flow = front_round(folder, weights, options, effort=effort)
        _answer(flow, json, _front_text, f"next: dhsim balance choose {folder} --zeta 0.5")


@balance_app.command()
def choose(
    folder: Work,
    zeta: Annotated[float, typer.Option("--zeta", help="Weight of the best case, 0 to 0.95.")] = 0.5,
    valves: Valves = None,
    max_valves: MaxValves = None,
    riser_only: RiserOnly = False,
    keep_flow: KeepFlow = False,
    exact: Annotated[bool, typer.Option("--exact", help="Do not round to turns and presets.")] = False,
    effort: Effort = 1.0,
    json: AsJson = False,
) -> None:
    """Choose the settings to make, rounded to the valves' scales, and list them in the order of work."""
    with spoken_errors():
        require_writable(folder)
        from dhsim.balancing.steps import choose_settings

        own = bool(valves or max_valves is not None or riser_only or keep_flow)
        options = _options(valves, max_valves, riser_only, keep_flow, 0, None) if own else None
        with progress("choosing"):
            flow = choose_settings(folder, zeta, options, keep_scale=not exact, effort=effort)
        _answer(flow, json, _choice_text, f"next: dhsim balance report {folder}")


@balance_app.command()
def report(
    folder: Work,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder for balancing.html.", show_default="the folder of the work"),
    ] = None,
    json: AsJson = False,
) -> None:
    """Write one page: valves to turn, what is expected, how it was found."""
    with spoken_errors():
        target = folder if out is None else out
        require_writable(target)
        from dhsim.balancing.guidance import changes_frame
        from dhsim.balancing.workflow import open_workflow
        from dhsim.report.balancing_page import told_of, write_balancing

        flow = open_workflow(folder)
        with staged(target) as staging, progress("writing"):
            write_balancing(flow, staging)
            changes = told_of(flow).changes
            if changes:
                changes_frame(changes).to_csv(staging / "valves.csv")
        if json:
            _print_json(flow)


@balance_app.command()
def classical(
    building: Annotated[
        Path, typer.Argument(help="The building: YAML, JSON, or folder of tables.", show_default=False)
    ],
    json: AsJson = False,
) -> None:
    """Set the valves by the plan's calculation alone, as technicians do today."""
    with spoken_errors():
        from dhsim.balancing.classical import classical_balancing
        from dhsim.balancing.protocol import open_building
        from dhsim.report.balancing_text import classical_dict, classical_table

        with progress("calculating"):
            case = open_building(building)
            made = classical_balancing(case.building, case.flow_design_m3_s, case.valve_types, case.friction)
        for flag in (*case.flags, *made.flags):
            say(f"caution: {flag}")
        if json:
            _echo_json(classical_dict(case, made))
        else:
            console().print(classical_table(case, made))


def _options(
    valves: str | None,
    max_valves: int | None,
    riser_only: bool,
    keep_flow: bool,
    samples: int,
    quantile: float | None,
) -> FrontOptions:
    from dhsim.balancing.steps import KEEP_FLOW_REL
    from dhsim.balancing.workflow import FrontOptions

    names = tuple(part.strip() for part in (valves or "").split(",") if part.strip())
    tolerance = KEEP_FLOW_REL if keep_flow else None
    return FrontOptions(names, riser_only, max_valves, tolerance, samples, quantile)


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise DhsimError(f"--zetas: got {text!r}; it takes numbers separated by commas, as 0.1,0.5,0.9") from None


def _answer(flow: Workflow, json: bool, text: Any, following: str) -> None:
    """Print the results; cautions and what comes next go to stderr."""
    if json:
        _print_json(flow)
        return
    screen = console()
    for part in text(flow):
        screen.print(part)
    say(following)


def _print_json(flow: Workflow) -> None:
    from dhsim.report.balancing_text import workflow_dict

    _echo_json(workflow_dict(flow))


def _echo_json(content: Any) -> None:
    import json

    typer.echo(json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False))


def _fit_text(flow: Workflow) -> list[Any]:
    from dhsim.balancing.workflow import all_flags
    from dhsim.report.balancing_text import fit_table, verdict_text

    for flag in all_flags(flow.last):
        say(f"caution: {flag}")
    return [fit_table(flow), verdict_text(flow)]


def _front_text(flow: Workflow) -> list[Any]:
    from dhsim.report.balancing_text import front_table

    return [front_table(flow)]


def _choice_text(flow: Workflow) -> list[Any]:
    from dhsim.report.balancing_page import told_of
    from dhsim.report.balancing_text import choice_table, expected_table

    told = told_of(flow)
    for text in told.cautions:
        say(f"caution: {text}")
    if not told.changes:
        return ["No valve has to be turned."]
    return [choice_table(told.changes), *([] if told.expected is None else [expected_table(told.expected)])]


def _next_front(flow: Workflow) -> str:
    from dhsim.balancing.workflow import verdict

    if verdict(flow.last.fit, flow.state.stop_proxy_rel).word == "stop":
        return f"next: dhsim balance report {flow.folder}"
    return f"next: dhsim balance front {flow.folder}"
