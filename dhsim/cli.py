"""The command line: who asked, and where the answer goes. No physics; heavy imports stand inside the functions."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dhsim import __version__
from dhsim.errors import DhsimError, Problem, ScenarioError

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from dhsim.model.case import Case
    from dhsim.report.series import Format
    from dhsim.scenario.schema import Scenario
    from dhsim.study.types import Comparison, Run

_SERIES_FORMATS: tuple[Format, ...] = ("csv", "parquet")
_PAPER_POLICIES = {"baseline", "cap70", "variable_flow", "compensated"}
_PIPE_WIDTH = 160
"""Characters a line where stdout is no terminal."""
_INTERRUPTED = 130

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Simulate district-heating group substations and compare ways to run them.",
    epilog="Exit codes: 0 fine, 2 bad input, 3 a simulation did not converge.",
)

Paths = Annotated[list[Path], typer.Argument(help="Scenario files, or folders of them.", show_default=False)]
Folder = Annotated[
    Path | None, typer.Option("--scenarios", help="Folder of the case's scenarios, if not the shipped ones.")
]
Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", help="Folder for report.html, series and scorecard.json.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the scorecards as JSON, and nothing else.")]
Formats = Annotated[str, typer.Option("--formats", help="Formats of the series: csv, parquet, or csv,parquet.")]
WithReport = Annotated[bool, typer.Option("--report/--no-report", help="Write report.html.")]
WithSeries = Annotated[bool, typer.Option("--series/--no-series", help="Write the series.")]


def main() -> None:
    """Run the command line."""
    app(prog_name="dhsim")


@app.command()
def compare(
    paths: Paths,
    out: Out = None,
    json: AsJson = False,
    formats: Formats = "parquet",
    report: WithReport = True,
    series: WithSeries = True,
) -> None:
    """Simulate scenarios and put them side by side, with the differences to the reference."""
    with _spoken_errors():
        _study(paths, out, as_json=json, formats=_series_formats(formats), report=report, series=series)


@app.command()
def run(
    file: Annotated[Path, typer.Argument(help="A scenario file.", show_default=False)],
    out: Out = None,
    json: AsJson = False,
    formats: Formats = "parquet",
    report: WithReport = True,
    series: WithSeries = True,
) -> None:
    """Simulate one scenario and print its scorecard."""
    with _spoken_errors():
        if file.is_dir():
            raise DhsimError(f"{file} is a folder: `dhsim compare {file}` runs all of it")
        _study([file], out, as_json=json, formats=_series_formats(formats), report=report, series=series)


@app.command()
def check(paths: Paths) -> None:
    """Read scenarios and everything they name, and say what each case is or all that is wrong with it."""
    with _spoken_errors():
        from dhsim.scenario.load import scenario_files

        good = [_checked(file) for file in scenario_files(paths)]
        if not all(good):
            raise typer.Exit(DhsimError.exit_code)
        for folder in filter(Path.is_dir, paths):
            _loaded([folder])  # what is wrong only between files: names, references


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="A new or empty folder.", show_default=False)]) -> None:
    """Write a commented starter scenario that runs as it is."""
    with _spoken_errors():
        from dhsim.scenario.starter import init_case

        _require_writable(folder)
        for path in init_case(folder):
            typer.echo(f"wrote {path}")
        typer.echo(f"next: dhsim check {folder} && dhsim compare {folder} --out {folder / 'results'}")


@app.command()
def paper(
    name: Annotated[str, typer.Argument(help="Which paper: omsk.")],
    out: Out = None,
    scenarios: Folder = None,
) -> None:
    """List every result figure of the paper beside what dhsim computes, with the verdict."""
    with _spoken_errors():
        if name != "omsk":
            raise DhsimError(f"no paper {name!r} here (there is: omsk)")
        _paper(_shipped_omsk() if scenarios is None else scenarios, out)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(f"dhsim {__version__}")


def _study(
    paths: Sequence[Path], out: Path | None, *, as_json: bool, formats: tuple[Format, ...], report: bool, series: bool
) -> None:
    _require_writable(out)
    scenarios = _loaded(paths)
    runs = _simulated(scenarios)
    from dhsim.study.compare import compare_runs

    comparison = compare_runs(runs)
    if out is not None:
        page = _page_if_due(scenarios, runs) if report else None
        _write(out, comparison, page, formats if series else (), report=report)
    if as_json:
        from dhsim.report.series import scorecards_json

        typer.echo(scorecards_json(run.score for run in runs), nl=False)
    else:
        _show_comparison(comparison)


def _paper(scenarios: Path, out: Path | None) -> None:
    _require_writable(out)
    runs = _simulated(_loaded([scenarios]))
    from dhsim.study.compare import compare_runs
    from dhsim.study.paper import paper_page

    page = paper_page(runs)
    if out is not None:
        _write(out, compare_runs(runs), page, (), report=True)
    _show_paper(page)


def _shipped_omsk() -> Path:
    """Return the Omsk scenarios of the installed package, or of the clone that it is run from."""
    package = Path(__file__).parent
    for folder in (package / "data" / "omsk", package.parent / "scenarios" / "omsk"):
        if folder.is_dir():
            return folder
    raise DhsimError("the Omsk scenarios are not beside this package: give their folder with --scenarios")


def _page_if_due(scenarios: Sequence[Scenario], runs: Sequence[Run]) -> pd.DataFrame | None:
    """Return the paper page where the case is the paper's: Omsk's climate and the policies it is judged by."""
    if {scenario.weather.climate for scenario in scenarios} != {"omsk"}:
        return None
    if not {scenario.control.policy for scenario in scenarios} >= _PAPER_POLICIES:
        return None
    from dhsim.study.paper import paper_page

    return paper_page(runs)


def _loaded(paths: Sequence[Path]) -> list[Scenario]:
    """Load all scenarios; where some are wrong, say what is wrong with the cases of the others too."""
    from dhsim.scenario.load import load_scenario, load_scenarios, scenario_files

    try:
        return load_scenarios(paths)
    except ScenarioError as error:
        problems = list(error.problems)
        for file in scenario_files(paths):
            try:
                _built([load_scenario(file)])
            except ScenarioError as other:
                problems += other.problems
        raise ScenarioError(dict.fromkeys(problems)) from error


def _simulated(scenarios: Sequence[Scenario]) -> list[Run]:
    from dhsim.study.likeness import require_comparable
    from dhsim.study.run import run_case

    cases, runs = _built(scenarios), []
    require_comparable(cases)
    for case in cases:
        with _progress(f"simulating {case.assumptions.name}") as advance:
            runs.append(run_case(case, progress=advance))
    return runs


def _built(scenarios: Sequence[Scenario]) -> list[Case]:
    """Build all cases, so that all bad input is told before anything is simulated."""
    from dhsim.build import build_case

    cases: list[Case] = []
    problems: list[Problem] = []
    for scenario in scenarios:
        try:
            cases.append(build_case(scenario))
        except ScenarioError as error:
            problems += map(_from_here, error.problems)
    if problems:
        raise ScenarioError(dict.fromkeys(problems))
    return cases


def _from_here(problem: Problem) -> Problem:
    """Return a problem with its file's name as seen from the working directory, where that is shorter."""
    with suppress(ValueError):  # no path, or on another drive
        return replace(problem, path=min(problem.path, os.path.relpath(problem.path), key=len))
    return problem


def _checked(file: Path) -> bool:
    """Print what a scenario is, or its problems; return whether it is good."""
    try:
        [case] = _built(_loaded([file]))
    except DhsimError as error:
        _say(f"{file}: not good\n{error}")
        return False
    typer.echo(f"{file}: ok, {_portrait(case)}")
    return True


def _portrait(case: Case) -> str:
    """Return a case in a few words."""
    from dhsim.units import S_PER_DAY, W_PER_MW

    system, boundary = case.system, case.boundary
    days = len(boundary.time) * boundary.step_s / S_PER_DAY
    load_mw = float(system.buildings.heat_design_w.sum()) / W_PER_MW
    return (
        f"{case.assumptions.name} ({case.assumptions.policy}): {len(system.building_ids)} buildings, "
        f"design load {load_mw:.2f} MW, CPT {system.control.cpt_c:+.2f} degC, "
        f"{days:g} days from {boundary.time[0]:%Y-%m-%d}, weather: {boundary.weather_source}"
    )


def _write(
    out: Path, comparison: Comparison, page: pd.DataFrame | None, formats: tuple[Format, ...], *, report: bool
) -> None:
    """Write everything beside its place first, and move it there only when all of it is whole."""
    from dhsim.report.html import write_report
    from dhsim.report.series import write_all_series, write_scorecards

    try:
        out.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(dir=out, prefix=".writing-") as staging,
            _progress("writing"),
            ThreadPoolExecutor(1) as beside,
        ):
            folder = Path(staging)
            # packing leaves Python to the figures
            series = beside.submit(write_all_series, comparison, folder, formats)
            write_scorecards(comparison, folder / "scorecard.json")
            if report:
                write_report(comparison, folder, paper=page)
            series.result()
            written = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
            for path in written:
                (out / path).parent.mkdir(parents=True, exist_ok=True)
                os.replace(folder / path, out / path)
    except OSError as error:
        raise DhsimError(f"cannot write to {out}: {error.strerror or error}") from error
    _say(f"wrote {', '.join(str(path) for path in written)} to {out}")


def _require_writable(folder: Path | None) -> None:
    """Refuse before the simulation what could not be written after it; leave nothing behind."""
    if folder is None:
        return
    ancestor = folder
    while not ancestor.exists() and ancestor != ancestor.parent:
        ancestor = ancestor.parent
    try:
        with tempfile.TemporaryFile(dir=ancestor):
            pass
    except OSError as error:
        raise DhsimError(f"cannot write to {folder}: {error.strerror or error}") from error


def _series_formats(text: str) -> tuple[Format, ...]:
    wanted = [part.strip() for part in text.split(",") if part.strip()]
    known = tuple(kind for kind in _SERIES_FORMATS if kind in wanted)
    if not wanted or set(wanted) - set(known):
        raise DhsimError(f"--formats: got {text!r}; it takes {', '.join(_SERIES_FORMATS)}, separated by commas")
    return known


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _show_comparison(comparison: Comparison) -> None:
    from dhsim.report.tables import render_differences, render_table

    console = _console()
    console.print(render_table(comparison.table, console.width))
    for caution in comparison.cautions:
        _say(f"caution: {caution}")
    for run in comparison.runs:
        if run.score.warnings:
            hours = ", ".join(f"{name} {value:,.0f} h" for name, value in run.score.warnings.items())
            _say(f"caution: {run.name}: {hours}; what it means stands in the report, under What happened")
    if len(comparison.runs) > 1:
        console.print(render_differences(comparison.differences, console.width))


def _show_paper(page: pd.DataFrame) -> None:
    from dhsim.report.tables import render_paper

    counts = page["verdict"].value_counts()
    console = _console()
    console.print(render_paper(page))
    console.print(", ".join(f"{counts[verdict]} {verdict}" for verdict in counts.index))


def _console() -> Console:
    """Return the console of stdout, wide enough where that is no terminal."""
    from rich.console import Console

    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = max(console.width, _PIPE_WIDTH)
    return console


@contextmanager
def _progress(what: str) -> Iterator[Callable[[float], None]]:
    """Give a function that takes the share done; on a terminal it draws a bar on stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda share: bar.update(task, completed=share)


@contextmanager
def _spoken_errors() -> Iterator[None]:
    """Turn what may go wrong on purpose into a message on stderr and an exit code."""
    try:
        yield
    except DhsimError as error:
        _say(str(error))
        raise typer.Exit(error.exit_code) from error
    except KeyboardInterrupt as error:
        _say("stopped; nothing was written")
        raise typer.Exit(_INTERRUPTED) from error
    except BrokenPipeError as error:
        # the reader of stdout (head, less) has gone: there is nobody left to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from error
