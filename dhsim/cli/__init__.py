"""The command line: who asked, and where the answer goes. No physics; heavy imports stand inside the functions."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import dhsim.cli.balance_trial  # noqa: F401 - registers its commands
from dhsim import __version__
from dhsim.cli.balance import balance_app
from dhsim.cli.common import console, progress, require_writable, say, series_formats, spoken_errors, staged
from dhsim.cli.network import network_app
from dhsim.errors import DhsimError, Problem, ScenarioError

if TYPE_CHECKING:
    import pandas as pd

    from dhsim.model.case import Case
    from dhsim.report.series import Format
    from dhsim.scenario.schema import Scenario
    from dhsim.study.types import Comparison, Run

_PAPER_POLICIES = {"baseline", "cap70", "variable_flow", "compensated"}

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


app.add_typer(network_app, name="network")
app.add_typer(balance_app, name="balance")


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
    with spoken_errors():
        _study(paths, out, as_json=json, formats=series_formats(formats), report=report, series=series)


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
    with spoken_errors():
        if file.is_dir():
            raise DhsimError(f"{file} is a folder: `dhsim compare {file}` runs all of it")
        _study([file], out, as_json=json, formats=series_formats(formats), report=report, series=series)


@app.command()
def check(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Scenarios, networks, buildings (YAML, JSON, maps, folders of tables), or folders of them.",
            show_default=False,
        ),
    ],
) -> None:
    """Read scenarios, networks and buildings with all they name; say what each is, or all that is wrong with it."""
    with spoken_errors():
        from dhsim.cli.checking import building_checked, network_checked
        from dhsim.scenario.kinds import documents

        checks = {"scenario": _checked, "network": network_checked, "building": building_checked}
        good = [checks[kind](file) for file, kind in documents(paths)]
        if not all(good):
            raise typer.Exit(DhsimError.exit_code)
        for folder in filter(Path.is_dir, paths):
            scenarios = [file for file, kind in documents([folder]) if kind == "scenario"]
            if scenarios:
                _loaded(scenarios)  # what is wrong only between files: names, references


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.", show_default=False)],
    building: Annotated[
        bool, typer.Option("--building", help="A building to balance, as a folder of tables to fill in.")
    ] = False,
) -> None:
    """Write a commented starter scenario, or building, that works as it is."""
    with spoken_errors():
        from dhsim.scenario.starter import init_building, init_case

        require_writable(folder)
        for path in init_building(folder) if building else init_case(folder):
            typer.echo(f"wrote {path}")
        following = f"balance classical {folder}" if building else f"compare {folder} --out {folder / 'results'}"
        typer.echo(f"next: dhsim check {folder} && dhsim {following}")


@app.command()
def paper(
    name: Annotated[str, typer.Argument(help="Which paper: omsk.")],
    out: Out = None,
    scenarios: Folder = None,
) -> None:
    """List every result figure of the paper beside what dhsim computes, with the verdict."""
    with spoken_errors():
        if name != "omsk":
            raise DhsimError(f"no paper {name!r} here (there is: omsk)")
        _paper(_shipped_omsk() if scenarios is None else scenarios, out)


@app.command()
def validation(
    folder: Annotated[Path, typer.Argument(help="Folder of the reference cases.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for validation.html.", show_default=False)],
) -> None:
    """Run every reference case and write one page: dhsim beside the reference and its peers."""
    with spoken_errors():
        if not folder.is_dir():
            raise DhsimError(f"{folder}: no such folder")
        require_writable(out)
        from dhsim.report.validation_page import validation_page

        with progress("running the reference cases") as advance, staged(out) as staging:
            validation_page(folder, staging, progress=advance)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(f"dhsim {__version__}")


def _study(
    paths: Sequence[Path], out: Path | None, *, as_json: bool, formats: tuple[Format, ...], report: bool, series: bool
) -> None:
    require_writable(out)
    scenarios = _loaded(paths)
    runs = _simulated(scenarios)
    from dhsim.study.compare import compare_runs

    comparison = compare_runs(runs)
    if out is not None:
        page = _page_if_due(scenarios, runs) if report else None
        _write(out, comparison, page, formats if series else (), report=report)
    if as_json:
        from dhsim.report.series import limits_of, scorecards_json

        typer.echo(scorecards_json((run.score for run in runs), limits_of(comparison)), nl=False)
    else:
        _show_comparison(comparison)


def _paper(scenarios: Path, out: Path | None) -> None:
    require_writable(out)
    runs = _simulated(_loaded([scenarios]))
    from dhsim.study.compare import compare_runs
    from dhsim.study.paper import paper_page

    page = paper_page(runs)
    if out is not None:
        _write(out, compare_runs(runs), page, (), report=True)
    _show_paper(page)


def _shipped_omsk() -> Path:
    """Return the Omsk scenarios of the installed package, or of the clone that it is run from."""
    package = Path(__file__).parents[1]
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
        with progress(f"simulating {case.assumptions.name}") as advance:
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
        say(f"{file}: not good\n{error}")
        return False
    typer.echo(f"{file}: ok, {_portrait(case)}")
    return True


def _portrait(case: Case) -> str:
    """Return a case in a few words."""
    from dhsim.units import S_PER_DAY, W_PER_MW

    system, boundary = case.system, case.boundary
    days = len(boundary.time) * boundary.step_s / S_PER_DAY
    load_mw = float(system.buildings.heat_design_w.sum()) / W_PER_MW
    in_detail = f" ({len(case.details)} in detail)" if case.details else ""
    return (
        f"{case.assumptions.name} ({case.assumptions.policy}): {len(system.building_ids)} buildings{in_detail}, "
        f"design load {load_mw:.2f} MW, CPT {system.control.cpt_c:+.2f} degC, "
        f"{days:g} days from {boundary.time[0]:%Y-%m-%d}, weather: {boundary.weather_source}"
    )


def _write(
    out: Path, comparison: Comparison, page: pd.DataFrame | None, formats: tuple[Format, ...], *, report: bool
) -> None:
    """Write everything beside its place first, and move it there only when all of it is whole."""
    from dhsim.report.html import write_report
    from dhsim.report.series import write_all_series, write_flows, write_scorecards

    with staged(out) as folder, progress("writing"), ThreadPoolExecutor(1) as beside:
        # packing leaves Python to the figures
        series = beside.submit(write_all_series, comparison, folder, formats)
        write_scorecards(comparison, folder / "scorecard.json")
        if formats:
            write_flows(comparison, folder)
        if report:
            write_report(comparison, folder, paper=page)
        series.result()


def _show_comparison(comparison: Comparison) -> None:
    from dhsim.report.tables import render_differences, render_table

    screen = console()
    screen.print(render_table(comparison.table, screen.width))
    for caution in comparison.cautions:
        say(f"caution: {caution}")
    for run in comparison.runs:
        if run.score.warnings:
            hours = ", ".join(f"{name} {value:,.0f} h" for name, value in run.score.warnings.items())
            say(f"caution: {run.name}: {hours}; what it means stands in the report, under What happened")
    if len(comparison.runs) > 1:
        screen.print(render_differences(comparison.differences, screen.width))


def _show_paper(page: pd.DataFrame) -> None:
    from dhsim.report.tables import render_paper

    counts = page["verdict"].value_counts()
    screen = console()
    screen.print(render_paper(page))
    screen.print(", ".join(f"{counts[verdict]} {verdict}" for verdict in counts.index))
