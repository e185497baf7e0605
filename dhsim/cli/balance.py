"""dhsim balance: from readings to a list of valves, round by round. Heavy imports stand inside the functions."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dhsim.cli.balance_answers import (
    answer,
    choice_text,
    echo_json,
    ended_by_interrupt,
    fit_text,
    front_text,
    groups_said_of,
    made_text,
    names_said,
    next_of_fit,
    options_said,
    print_json,
    say_choice_kept,
    say_what_is_fitted,
    weights_said,
)
from dhsim.cli.common import console, progress, require_writable, say, spoken_errors, staged

balance_app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Balance a building's radiators from sensor data: fit, front, choose, report; then made, and fit again.",
    epilog="FOLDER keeps the work between the steps; after the valves were turned, `fit` with new readings goes on.",
)

Work = Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of the work.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print the results as JSON, and nothing else.")]
Valves = Annotated[
    str | None,
    typer.Option(
        "--valves",
        help="Only these may be turned: names, by commas; `choose` narrows those of `front`.",
        show_default="all",
    ),
]
MaxValves = Annotated[
    int | None, typer.Option("--max-valves", help="At most so many valves are turned.", show_default="any number")
]
RiserOnly = Annotated[bool, typer.Option("--riser-only", help="Only valves that several radiators hang on.")]
KeepFlow = Annotated[bool, typer.Option("--keep-flow", help="Keep the total flow within 0.1 %.")]
Effort = Annotated[
    float, typer.Option("--effort", help="Factor on the search for better settings, 0 or more; 0 is fastest.")
]


Touched = Annotated[
    str | None,
    typer.Option(
        "--touched", help="Flats of the intervened group, by commas; floor:2 for a floor.", show_default="by their flow"
    ),
]
Control = Annotated[
    list[str] | None,
    typer.Option("--control", help="A control group: NAME=FLATS; may come again.", show_default="matched flats"),
]
GroupFile = Annotated[
    Path | None, typer.Option("--groups", help="Groups: CSV (zone, group), YAML or JSON; one is `touched`.")
]

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        "-d",
        help="Readings, CSV or Parquet: columns time, temp_supply_c, temp_outdoor_c and one a flat; or long: time, "
        "series, temp_c. All in degC.",
        show_default="as the building's sensors: say",
    ),
]
TimeZone = Annotated[
    str | None,
    typer.Option(
        "--time-zone",
        help="Of times that bear none, in the readings, --start and --end: Europe/Stockholm.",
        show_default="as before; --start and --end: UTC",
    ),
]
Start = Annotated[
    str | None,
    typer.Option("--start", help="First time to use; a date is midnight in --time-zone.", show_default=False),
]
End = Annotated[str | None, typer.Option("--end", help="Time to stop before, likewise.", show_default=False)]
StepH = Annotated[
    float | None, typer.Option("--step-h", help="Step of the fit, hours.", show_default="1, or as before")
]
Ignored = Annotated[
    str | None, typer.Option("--ignore", help="Columns or series to leave out, by commas.", show_default=False)
]


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
    data: Data = None,
    method: Annotated[_Method, typer.Option("--method", help="How to fit.")] = _Method.KALMAN,
    time_zone: TimeZone = None,
    start: Start = None,
    end: End = None,
    step_h: StepH = None,
    ignore: Ignored = None,
    stop: Annotated[
        float | None,
        typer.Option("--stop", help="Stop when L/|theta|^2 is at most this.", show_default="0.0025, or as it was"),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Fit the last round anew although it has a choice, which is dropped.")
    ] = False,
    overlap: Annotated[
        bool, typer.Option("--overlap", help="Take readings that begin before the last round's end.")
    ] = False,
    synthetic: Annotated[bool, typer.Option("--synthetic", help="The readings are made up: say so.")] = False,
    json: AsJson = False,
) -> None:
    """Fit leakage and heat supply of every flat; after a choice this begins the next round.

    How readings are read (time zone, step, what to ignore) is kept for the rounds to come.
    """
    with spoken_errors():
        require_writable(folder)
        from dhsim.balancing.steps import fit_round
        from dhsim.units import S_PER_H

        say_what_is_fitted(folder, again)
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
                overlap=overlap,
                ignore=names_said(ignore),
                step_s=None if step_h is None else step_h * S_PER_H,
            )
        answer(flow, json, fit_text, next_of_fit(flow))


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
        from dhsim.balancing.choosing import front_round

        options = options_said(valves, max_valves, riser_only, keep_flow, samples, quantile)
        weights = weights_said(zetas)
        with progress("optimising"), ended_by_interrupt():
            flow = front_round(folder, weights, options, effort=effort)
        say_choice_kept(flow)
        answer(flow, json, front_text, f"next: dhsim balance choose {folder} --zeta 0.5")


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
        from dhsim.balancing.choosing import choose_settings

        own = bool(valves or max_valves is not None or riser_only or keep_flow)
        options = options_said(valves, max_valves, riser_only, keep_flow) if own else None
        with progress("choosing"), ended_by_interrupt():
            flow = choose_settings(folder, zeta, options, keep_scale=not exact, effort=effort)
        answer(flow, json, choice_text, f"next: dhsim balance report {folder}")


@balance_app.command()
def made(
    folder: Work,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", "-f", help="Table: id, setting; or valves.csv with its column `made`.", show_default=False
        ),
    ] = None,
    valve: Annotated[
        list[str] | None, typer.Option("--valve", help="NAME=SETTING; may come again.", show_default=False)
    ] = None,
    untouched: Annotated[
        bool, typer.Option("--untouched", help="Valves that are not named were left as they were.")
    ] = False,
    round_number: Annotated[
        int | None, typer.Option("--round", help="Of which round.", show_default="the last with a choice")
    ] = None,
    json: AsJson = False,
) -> None:
    """Keep the settings that were really made, where they differ from those chosen; the next fit takes them."""
    with spoken_errors():
        require_writable(folder)
        from dhsim.balancing.made import record_made

        with progress("recording"):
            flow = record_made(folder, file, valve or (), untouched=untouched, number=round_number)
        last = flow.last.state
        if not last.is_done:
            say(f"round {last.number}: its flows are computed anew; a front or choice of it is dropped")
        following = f"fit {folder} --data FILE" if last.is_done else f"front {folder}"
        answer(flow, json, made_text, f"next: dhsim balance {following}")


@balance_app.command()
def compare(
    folder: Work,
    touched: Touched = None,
    control: Control = None,
    groups: GroupFile = None,
    json: AsJson = False,
) -> None:
    """Compare flats that the rebalancing touched with flats that it did not, before and after."""
    with spoken_errors():
        from dhsim.balancing.workflow import open_workflow
        from dhsim.report.balancing_text import plain_comparison
        from dhsim.report.round_tables import comparison_parts

        with progress("comparing"):
            flow = open_workflow(folder)
            said = groups_said_of(flow, touched, control, groups)
            parts = comparison_parts(flow, said)
        if json:
            echo_json(plain_comparison(flow, said))
            return
        for part in parts:
            console().print(part)


@balance_app.command()
def report(
    folder: Work,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder for balancing.html.", show_default="the folder of the work"),
    ] = None,
    touched: Touched = None,
    control: Control = None,
    groups: GroupFile = None,
    json: AsJson = False,
) -> None:
    """Write one page: valves to turn, what is expected, how it was found.

    Page and list of every round stay in its folder, roundN; the newest stand at the top, too.
    """
    with spoken_errors():
        target = folder if out is None else out
        require_writable(target)
        from dhsim.balancing.workflow import open_workflow
        from dhsim.report.balancing_files import clear_lists, write_report

        flow = open_workflow(folder)
        said = groups_said_of(flow, touched, control, groups)
        with staged(target) as staging, progress("writing"):
            write_report(flow, staging, said)
            gone = clear_lists(flow, target)
        for text in gone:
            say(text)
        if json:
            print_json(flow, said)


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
            echo_json(classical_dict(case, made))
        else:
            console().print(classical_table(case, made))
