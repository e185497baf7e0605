"""dhsim balance readings, try, excite: made-up readings, a trial in the simulator, a test signal; light to import."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dhsim.cli.balance import AsJson, Work, balance_app
from dhsim.cli.common import console, progress, require_writable, say, spoken_errors, staged
from dhsim.errors import DhsimError

if TYPE_CHECKING:
    from dhsim.balancing.trial_truth import HiddenTruth
    from dhsim.balancing.workflow import Round

Weather = Annotated[str, typer.Option("--weather", "-w", help="'synthetic', or a file: EPW, CSV, ISD-lite.")]
Truth = Annotated[
    Path | None,
    typer.Option("--truth", help="A truth.json that `readings` wrote.", show_default=False),
]
Room = Annotated[float, typer.Option("--room", help="Mean of the flats that the heating curve keeps, degC.")]


class _Heads(StrEnum):
    OFF = "off"
    ON = "on"


class _Both(StrEnum):
    OFF = "off"
    ON = "on"
    BOTH = "both"


@balance_app.command()
def readings(
    building: Annotated[
        Path,
        typer.Argument(help="The building: YAML, JSON, folder of tables, or FOLDER of work.", show_default=False),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="CSV or Parquet to write; truth.json goes beside it.")],
    days: Annotated[float, typer.Option("--days", help="Length of the readings.")] = 60.0,
    step: Annotated[float, typer.Option("--step", help="Hours between two readings; at most 1.")] = 1.0,
    noise: Annotated[float, typer.Option("--noise", help="Noise of the room sensors, K.")] = 0.05,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of truth, weather and noise.")] = 1,
    heads: Annotated[_Heads, typer.Option("--heads", help="Thermostatic heads.")] = _Heads.OFF,
    weather: Weather = "synthetic",
    truth: Truth = None,
    deviation: Annotated[
        float, typer.Option("--deviation", help="Factor on how far the flats are off their plan.")
    ] = 1.0,
    gains: Annotated[float, typer.Option("--gains", min=0.0, help="Mean heat of people in each flat, W.")] = 0.0,
    exponent: Annotated[
        float | None, typer.Option("--exponent", help="Of all radiators.", show_default="the plan's")
    ] = None,
    walls: Annotated[
        float | None,
        typer.Option("--walls", min=0.0, help="Wall to each neighbour, W/K.", show_default="the plan's"),
    ] = None,
    room: Room = 21.0,
    start: Annotated[
        str | None, typer.Option("--start", help="First time, UTC.", show_default="2025-01-01, or after the last round")
    ] = None,
    json: AsJson = False,
) -> None:
    """Make up sensor readings: the building simulated with a hidden truth, to learn or to test with."""
    with spoken_errors():
        require_writable(out.parent)
        from dhsim.balancing.trial_readings import make_readings
        from dhsim.balancing.trial_truth import Rough
        from dhsim.report.trial_text import readings_dict, readings_text

        with progress("simulating"):
            made = make_readings(
                building,
                out,
                days=days,
                step_h=step,
                noise_sd_k=noise,
                seed=seed,
                heads_on=heads is _Heads.ON,
                weather=weather,
                truth=truth,
                rough=Rough(deviation, exponent, walls, gains),
                temp_ref_c=room,
                start=start,
            )
        if json:
            _echo_json(readings_dict(made))
        else:
            console().print(readings_text(made))
            say(f"wrote {made.path}" + (f" and {made.truth_path}, which no fit may see" if truth is None else ""))


@balance_app.command("try")
def try_(
    folder: Work,
    heads: Annotated[_Both, typer.Option("--heads", help="Thermostatic heads.")] = _Both.BOTH,
    weather: Weather = "synthetic",
    days: Annotated[float, typer.Option("--days", min=1.0, max=1000.0, help="Length of the winter.")] = 120.0,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of synthetic weather.")] = 1,
    truth: Truth = None,
    room: Annotated[
        float | None, typer.Option("--room", help="Mean of the flats, degC.", show_default="as in the readings")
    ] = None,
    plan: Annotated[bool, typer.Option("--plan/--no-plan", help="Try the plan's calculation, too.")] = True,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for try.html.", show_default="the folder of the work")
    ] = None,
    json: AsJson = False,
) -> None:
    """Try the new settings in the simulator, as made if told, else as chosen: one winter with present and new ones."""
    with spoken_errors():
        target = folder if out is None else out
        require_writable(target)
        from dhsim.balancing.outcome import expected_of
        from dhsim.balancing.trial import SETTLING_DAYS, tried
        from dhsim.balancing.trial_weather import trial_weather
        from dhsim.balancing.workflow import open_workflow
        from dhsim.report.trial_page import write_trial
        from dhsim.report.trial_text import findings, trial_dict, trial_table

        flow = open_workflow(folder)
        last = flow.last
        if last.applied is None:
            raise DhsimError(f"{folder}: no settings were chosen yet: `dhsim balance choose {folder}` first")
        sky = trial_weather(days + SETTLING_DAYS, weather, seed=seed, plant_sd_k=0.0)
        kinds = {_Both.OFF: (False,), _Both.ON: (True,), _Both.BOTH: (False, True)}[heads]
        with progress("simulating") as done:
            found = tried(
                last,
                _truth(last, truth),
                sky,
                heads=kinds,
                temp_ref_c=_room_c(last) if room is None else room,
                with_plan=plan,
                on_progress=done,
            )
        expected = None if last.applied is None else expected_of(last, last.applied)
        for flag in found.flags:
            say(f"caution: {flag}")
        if json:
            _echo_json(trial_dict(found, expected))
        else:
            console().print(trial_table(found))
            for text in findings(found, expected):
                console().print(text)
        with staged(target) as staging, progress("writing"):
            write_trial(found, expected, last.case.scenario.name, flow.state.synthetic, staging)


@balance_app.command()
def excite(
    folder: Work,
    comfort: Annotated[float, typer.Option("--comfort-k", help="No room may move by more than this, K.")] = 0.5,
    days: Annotated[float, typer.Option("--days", min=1.0, help="Length of the test.")] = 14.0,
    step_max: Annotated[float, typer.Option("--step-max-k", help="Largest step of the supply, K.")] = 6.0,
    supply_max: Annotated[float, typer.Option("--supply-max-c", help="What the plant can supply, degC.")] = 80.0,
    start: Annotated[
        str | None, typer.Option("--start", help="First time of the test, UTC, for the CSV.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="CSV to write; a figure goes beside it.", show_default="excitation.csv in FOLDER"
        ),
    ] = None,
    json: AsJson = False,
) -> None:
    """Propose a test on the supply temperature that tells leakage from heat supply, within comfort."""
    with spoken_errors():
        target = folder / "excitation.csv" if out is None else out
        if target.suffix != ".csv":
            raise DhsimError(f"--out: got {str(target)!r}; it takes a .csv file")
        require_writable(target.parent)
        from dhsim.balancing.trial_excitation import planned_test, signal_frame
        from dhsim.balancing.workflow import open_workflow
        from dhsim.report.trial_page import write_excitation_figure
        from dhsim.report.trial_text import excitation_dict, excitation_table

        last = open_workflow(folder).last
        with progress("searching"):
            test = planned_test(last.series, last.fit, comfort, days, amplitude_max_k=step_max, supply_max_c=supply_max)
        frame = signal_frame(test, start)
        for flag in test.flags:
            say(f"caution: {flag}")
        if json:
            notes = {"days": days, "comfort_k": comfort, "planned_for": test.about}
            _echo_json(excitation_dict(test.plan, last.fit.zone_ids, notes))
        else:
            console().print(excitation_table(test.plan))
            console().print(f"planned for {test.about}; with heads off, or set well above the rooms")
        with staged(target.parent) as staging:
            frame.to_csv(staging / target.name, index=False, float_format="%.2f", lineterminator="\n")
            picture = staging / target.with_suffix(".png").name
            write_excitation_figure(test.plan, last.fit, test.temp_supply_c, picture)


def _truth(last: Round, path: Path | None) -> HiddenTruth:
    from dhsim.balancing.trial_truth import fitted_truth
    from dhsim.balancing.trial_truth_file import read_truth

    return fitted_truth(last.case, last.whole) if path is None else read_truth(path, last.case)


def _room_c(last: Round) -> float:
    """Return the mean of the round's readings, as warm as the flats are kept."""
    import numpy as np

    return float(np.nanmean(last.series.temp_zone_c))


def _echo_json(content: Any) -> None:
    import json

    typer.echo(json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False))
