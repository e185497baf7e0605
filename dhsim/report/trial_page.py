"""The page of a trial in the simulator: what the new settings do, before anyone goes to the basement."""

from __future__ import annotations

from pathlib import Path

import jinja2
from matplotlib.figure import Figure

from dhsim.balancing.excitation import Excitation
from dhsim.balancing.expectation import Expectation
from dhsim.balancing.posterior import Posterior
from dhsim.balancing.trial import Trial
from dhsim.network.parts import Floats
from dhsim.report.series import write_whole
from dhsim.report.style import RASTER_DPI, svg_data_uri
from dhsim.report.trial_figures import flats_means, signal_course, spread_course
from dhsim.report.trial_text import findings, trial_cells, trial_title

PAGE_NAME = "try.html"
_DECIMALS = 4


def write_trial(trial: Trial, expected: Expectation | None, title: str, synthetic: bool, folder: str | Path) -> None:
    """Write a trial: page, figures, and tables of settings and flats.

    Parameters
    ----------
    trial
        As tried.
    expected
        Of the choice; None leaves it out.
    title
        Name of the building.
    synthetic
        Whether the readings that the work rests on were made up.
    folder
        To write `try.html`, `try_flats.png`, `try_spread.png`, `try.csv` and `try_flats.csv` into.
    """
    at = Path(folder)
    figures = {"flats": flats_means(trial), "spread": spread_course(trial)}
    page = render_trial(trial, expected, title, synthetic, figures)
    write_whole(at / PAGE_NAME, lambda partial: _write_text(partial, page))
    for name, figure in figures.items():
        _write_picture(figure, at / f"try_{name}.png")
    tables = {"try.csv": trial.frame().set_index("setting"), "try_flats.csv": trial.zone_frame()}
    for name, table in tables.items():
        text = table.to_csv(float_format=f"%.{_DECIMALS}f", lineterminator="\n")
        write_whole(at / name, lambda partial, text=text: _write_text(partial, text))  # type: ignore[misc]


def render_trial(
    trial: Trial, expected: Expectation | None, title: str, synthetic: bool, figures: dict[str, Figure]
) -> str:
    """Return the page as text.

    Parameters
    ----------
    trial, expected, title, synthetic
        As in `write_trial`.
    figures
        `flats` and `spread`.

    Returns
    -------
    str
        HTML that needs no other file.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    heads, rows = trial_cells(trial)
    zones = trial.zone_frame()
    page = environment.get_template("try.html.j2").render(
        title=title,
        lead=trial_title(trial),
        made_up=[text for text, said in (("readings", synthetic), ("weather", trial.weather.synthetic)) if said],
        findings=findings(trial, expected),
        heads=heads,
        rows=rows,
        flat_heads=["flat", *map(str, zones.columns)],
        flat_rows=[
            [str(zone), *(f"{temp:.2f}" for temp in row)]
            for zone, row in zip(zones.index, zones.to_numpy(), strict=True)
        ],
        flags=[str(flag) for flag in trial.flags],
        temp_ref=f"{trial.temp_ref_c:.2f}",
        images={name: svg_data_uri(figure) for name, figure in figures.items()},
    )
    return page.replace(" degC", " °C") + "\n"


def write_excitation_figure(plan: Excitation, fit: Posterior, temp_supply_c: Floats, path: str | Path) -> None:
    """Write the figure of a test signal.

    Parameters
    ----------
    plan
        The proposal.
    fit
        It was made from.
    temp_supply_c
        Planned supply temperature, shape (n_time,) [degC].
    path
        Of the PNG.
    """
    _write_picture(signal_course(plan, fit, temp_supply_c), Path(path))


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _write_picture(figure: Figure, path: Path) -> None:
    write_whole(path, lambda partial: figure.savefig(partial, format="png", dpi=RASTER_DPI))
