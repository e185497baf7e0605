"""dhsim network: solve, run, size, throttle and draw one network. Heavy imports stand inside the functions."""

from __future__ import annotations

import shutil
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dhsim.cli.common import console, progress, require_writable, say, series_formats, spoken_errors, staged
from dhsim.errors import DhsimError

if TYPE_CHECKING:
    import pandas as pd

    from dhsim.report.figures_network import ColorBy, PipeLine
    from dhsim.study.network_types import NetworkHistory, NetworkSolution

network_app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Solve, run, size, throttle and draw a network of pipes.",
    epilog="FILE: a GeoJSON map, a YAML or JSON file, or a folder of tables (pipes.csv, consumers.csv, ...).",
)

File = Annotated[Path, typer.Argument(help="A network: map, YAML, or folder of tables.", show_default=False)]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", help="Folder for tables, map and pictures.", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the results as JSON, and nothing else.")]
_PICTURES = (".png", ".svg")
_M_PER_KM = 1000.0


class _Color(StrEnum):
    FLOW = "flow"
    FLOW_CLASS = "flow_class"
    VELOCITY = "velocity"
    TEMP = "temp"
    LOSS = "loss"
    GRADIENT = "gradient"


class _Line(StrEnum):
    SUPPLY = "supply"
    RETURN = "return"


class _Throttle(StrEnum):
    ORIFICE = "orifice"
    NOZZLE = "nozzle"
    VALVE = "valve"


@network_app.command()
def solve(
    file: File,
    out: Out = None,
    json: AsJson = False,
    temp_highest: Annotated[
        float | None,
        typer.Option("--temp-highest", help="Supply temperature that must not boil, °C.", show_default="the hottest"),
    ] = None,
    velocity_max: Annotated[float, typer.Option("--velocity-max", help="Warn above this velocity, m/s.")] = 3.5,
) -> None:
    """Solve flows, pressures and temperatures once, and hold them against the limits."""
    with spoken_errors():
        require_writable(out)
        solution = _solution(file, temp_highest_c=temp_highest, velocity_max_m_s=velocity_max)
        if out is not None:
            from dhsim.report.network_files import write_solution

            with staged(out) as folder, progress("writing"):
                write_solution(solution, folder)
        if json:
            from dhsim.report.network_files import solution_json

            typer.echo(solution_json(solution), nl=False)
        else:
            from dhsim.report.network_tables import render_solution

            console().print(render_solution(solution))


@network_app.command()
def run(
    file: File,
    series: Annotated[
        Path,
        typer.Option(
            "--series",
            help="CSV or Parquet; columns time, <consumer>.heat_kw, <producer>.temp_supply_c, heat_rel, ...",
            show_default=False,
        ),
    ],
    step: Annotated[
        str | None, typer.Option("--step", help="Such as 15min; as `time` has it, else 1h.", show_default=False)
    ] = None,
    plug_flow: Annotated[bool, typer.Option("--plug-flow", help="Let the water need time to come.")] = False,
    formats: Annotated[str, typer.Option("--formats", help="csv, parquet, or csv,parquet.")] = "parquet",
    out: Out = None,
    json: AsJson = False,
) -> None:
    """Solve a network over a series of steps, in steady state or with plug flow."""
    with spoken_errors():
        require_writable(out)
        kinds = series_formats(formats)
        if out is None:
            history, summary = _history(file, series, step, plug_flow)
        else:
            from dhsim.report.network_files import write_history

            with staged(out) as folder:
                arrays = folder / "arrays"  # so that memory stays bounded
                history, summary = _history(file, series, step, plug_flow, folder=arrays)
                with progress("writing"):
                    write_history(history, folder, kinds)
                    summary.to_csv(folder / "consumers.csv")
                    shutil.rmtree(arrays)
        if json:
            from dhsim.report.network_files import history_json

            typer.echo(history_json(history, summary), nl=False)
        else:
            from dhsim.report.network_tables import render_history

            console().print(render_history(history, summary))


def _history(
    file: Path, series: Path, step: str | None, plug_flow: bool, folder: Path | None = None
) -> tuple[NetworkHistory, pd.DataFrame]:
    """Return what happened, with all arrays where a folder takes them, and the consumers' share of it."""
    from dhsim.network.parts import NetworkState
    from dhsim.study.network import run_network
    from dhsim.study.network_views import SUMMARY_ARRAYS, consumers_over_time

    save = SUMMARY_ARRAYS if folder is None else NetworkState._fields
    with progress(f"running {file.name}") as advance:
        history = run_network(file, series, step=step, plug_flow=plug_flow, save=save, folder=folder, progress=advance)
    return history, consumers_over_time(history)


@network_app.command()
def size(
    file: File,
    velocity_max: Annotated[float, typer.Option("--velocity-max", help="Highest velocity, m/s.")] = 2.0,
    gradient_max: Annotated[float, typer.Option("--gradient-max", help="Highest friction loss, Pa/m.")] = 100.0,
    family: Annotated[str, typer.Option("--family", help="Pipes of the catalogue: en253, gost30732, ...")] = "en253",
    series: Annotated[int, typer.Option("--series", help="Insulation series, 1 to 3.")] = 1,
    narrowing_only: Annotated[
        bool, typer.Option("--narrowing-only", help="No pipe wider than the one that feeds it; trees only.")
    ] = False,
    out: Out = None,
    json: AsJson = False,
) -> None:
    """Choose the smallest pipes of a catalogue that keep a velocity and a pressure gradient."""
    with spoken_errors():
        require_writable(out)
        from dhsim.study.network_design import size_network

        with progress(f"sizing {file.name}"):
            sizing = size_network(
                file,
                velocity_max_m_s=velocity_max,
                gradient_max_pa_m=gradient_max,
                family=family,
                series=series,
                narrowing_only=narrowing_only,
            )
        if out is not None:
            from dhsim.report.network_files import write_sizing

            with staged(out) as folder, progress("writing"):
                write_sizing(sizing, folder)
        if json:
            from dhsim.report.network_files import frames_json

            typer.echo(frames_json({"pipes": sizing.pipes}), nl=False)
        else:
            from dhsim.report.network_tables import render_sizing

            console().print(render_sizing(sizing))


@network_app.command()
def throttle(
    file: File,
    kind: Annotated[_Throttle, typer.Option("--kind", help="What burns the surplus.")] = _Throttle.ORIFICE,
    dp_needed: Annotated[
        float | None,
        typer.Option("--dp-needed", help="What every circuit needs, kPa.", show_default="as the file says"),
    ] = None,
    lift_extra: Annotated[float, typer.Option("--lift-extra", help="Raise the plant's lift by this too, kPa.")] = 0.0,
    out: Out = None,
    json: AsJson = False,
) -> None:
    """List the throttles to install so that every consumer gets its flow, and prove it."""
    with spoken_errors():
        require_writable(out)
        from dhsim.study.network_design import throttle_network
        from dhsim.units import PA_PER_KPA

        with progress(f"throttling {file.name}"):
            throttling = throttle_network(
                file,
                kind=kind.value,
                dp_needed_pa=None if dp_needed is None else dp_needed * PA_PER_KPA,
                lift_extra_pa=lift_extra * PA_PER_KPA,
            )
        if out is not None:
            from dhsim.report.network_files import write_throttling

            with staged(out) as folder, progress("writing"):
                write_throttling(throttling, folder)
        if json:
            from dhsim.report.network_files import frames_json

            frames = {"throttles": throttling.throttles, "consumers": throttling.consumers}
            typer.echo(frames_json(frames), nl=False)
        else:
            from dhsim.report.network_tables import render_throttling

            console().print(render_throttling(throttling))


@network_app.command(name="map")
def draw(
    file: File,
    out: Annotated[Path, typer.Option("--out", "-o", help="The picture: .png or .svg.", show_default=False)],
    color_by: Annotated[_Color, typer.Option("--color-by", help="What the colours show.")] = _Color.FLOW,
    line: Annotated[_Line, typer.Option("--line", help="Which line.")] = _Line.SUPPLY,
    path: Annotated[
        str | None,
        typer.Option("--path", help="Draw the pressures to this node or consumer instead.", show_default=False),
    ] = None,
    before: Annotated[
        Path | None, typer.Option("--before", help="Another network, drawn beside it as it was.", show_default=False)
    ] = None,
) -> None:
    """Draw a network on the map, or its piezometric profile to a node; alone, or beside another state of it."""
    with spoken_errors():
        if out.suffix.lower() not in _PICTURES:
            raise DhsimError(f"--out: a picture ends with {' or '.join(_PICTURES)} (got {out.name!r})")
        require_writable(out.parent)
        after = _solution(file)
        earlier = None if before is None else _solution(before)
        from dhsim.report.network_files import save_figure, solution_map, solution_profile

        titles = (earlier.network.name if earlier else "", after.network.name)
        if titles[0] == titles[1]:
            titles = ("before", "after")
        with staged(out.parent) as folder, progress("drawing"):
            if path is not None:
                figure = solution_profile(after, path, before=earlier, titles=titles)
            else:
                colour: ColorBy = color_by.value
                side: PipeLine = line.value
                figure = solution_map(after, colour, side, before=earlier, titles=titles)
            save_figure(figure, folder / out.name)


@network_app.command()
def check(files: Annotated[list[Path], typer.Argument(help="Networks.", show_default=False)]) -> None:
    """Read networks and say what each one is, or all that is wrong with it."""
    with spoken_errors():
        from dhsim.study.network import network_of

        good = True
        for file in files:
            try:
                network, _ = network_of(file)
            except DhsimError as error:
                say(f"{file}: not good\n{error}")
                good = False
                continue
            own = network.elements.is_return == 0
            start = [*network.supply.node_start, *network.elements.node_start[own]]
            end = [*network.supply.node_end, *network.elements.node_end[own]]
            loops = len(start) - len({*start, *end}) + 1
            km = float(network.supply.length_m.sum()) / _M_PER_KM
            typer.echo(
                f"{file}: ok, {network.name}: {len(network.supply_ids)} supply pipes ({km:.2f} km), nodes: "
                f"{len(network.node_ids)}, loops: {loops}, consumers: {len(network.consumer_ids)}, "
                f"producers: {len(network.producer_ids)}, valves and pumps: {len(network.element_ids)}"
            )
        if not good:
            raise typer.Exit(DhsimError.exit_code)


def _solution(file: Path, **limits: float | None) -> NetworkSolution:
    from dhsim.study.network import solve_network

    with progress(f"solving {file.name}"):
        return solve_network(file, **limits)  # type: ignore[arg-type]
