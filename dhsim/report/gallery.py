"""All figures of the report, in order, each with a caption that says what to look for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dhsim.physics.heating_curve import supply_temp_c
from dhsim.report import figures_comfort, figures_control, figures_energy, figures_money, selection
from dhsim.report.diagram import pressure_diagram
from dhsim.report.pressures import pressures_of
from dhsim.report.style import scenario_colours
from dhsim.study.types import Comparison, Run


@dataclass(frozen=True)
class Picture:
    """A figure and what the reader is told about it."""

    id: str
    caption: str
    figure: Figure


@dataclass(frozen=True)
class Plan:
    """How a figure is made, and the series it needs."""

    id: str
    needs: tuple[str, ...]
    draw: Callable[[Comparison], tuple[Figure, str]]


def design_line(run: Run) -> pd.Series[float]:
    """Return the supply of the design curve, eq. (2), over the outdoor temperatures below room temperature."""
    curve = run.case.system.curve
    outdoor = np.arange(curve.temp_design_outdoor_c, curve.temp_indoor_c + 0.5, 1.0)
    load = np.clip((curve.temp_indoor_c - outdoor) / (curve.temp_indoor_c - curve.temp_design_outdoor_c), 0.0, 1.0)
    supply = supply_temp_c(
        load, 1.0, curve.temp_indoor_c, curve.head_design_k, curve.drop_radiator_k, curve.drop_network_k, curve.exponent
    )
    return pd.Series(supply, index=outdoor)


def _supply_return(comparison: Comparison) -> tuple[Figure, str]:
    reference = comparison.reference
    lowest = float(np.nanmin(reference.solution.arrays["temp_outdoor_c"]))
    design = design_line(reference)
    design = design[(design.index >= lowest - 2.0) & (design <= 160.0) & (design.index <= 12.0)]
    points = {run.name: selection.supply_return_points(run) for run in comparison.runs}
    figure = figures_control.supply_return(points, selection.plant_line(reference), reference.score.cpt_c, design)
    return figure, (
        "Right of the dashed line (CPT) the plant cannot go below its floor, so what arrives is hotter than the "
        "design curve asks for. A bypass brings the filled points down from the grey line. Left of the CPT the "
        "scenarios look alike, but for cold hours after mild days: a filtered outdoor temperature keeps the bypass "
        "open, and where the secondary flow varies the return moves with it. Every fifth hour is drawn."
    )


def _week(comparison: Comparison) -> tuple[Figure, str]:
    start, end = selection.spring_week(comparison.reference)
    frames = {run.name: selection.week_frame(run, start, end) for run in comparison.runs}
    modes = {run.name: selection.week_modes(run, start, end) for run in comparison.runs}
    last = (end - pd.Timedelta(days=1)).strftime("%d %b %Y")
    return figures_control.week(frames, modes, comparison.reference.score.cpt_c), (
        f"The week {start.strftime('%d %b')} to {last}, chosen because its mean lies nearest to CPT + 2 K. Where the "
        "mode is BYPASS return water is mixed in, and the supply and the primary flow fall below those of the "
        "scenarios in WINTER. A switch on the raw outdoor temperature turns every day, one on the filtered stays. "
        "A line that is not seen lies under another."
    )


def _duration(comparison: Comparison) -> tuple[Figure, str]:
    return figures_energy.duration([selection.duration_curve(run) for run in comparison.runs]), (
        "Hourly means of the heat taken from the primary, sorted. The peak on the left is set by frost and decides the "
        "capacity; what is saved in mild weather shows as a gap in the middle. The low tail is hot water and losses."
    )


def _indoor_time(comparison: Comparison) -> tuple[Figure, str]:
    comfort = comparison.reference.case.system.comfort
    daily = {run.name: selection.indoor_daily(run) for run in comparison.runs}
    stretches = selection.out_of_season(comparison.reference)
    return figures_comfort.indoor_time(daily, (comfort.temp_low_c, comfort.temp_high_c), stretches), (
        "Overheating in spring and autumn is what a bypass can cut. Rooms below the band in hard frost are the "
        "plant's cap at work: "
        "no policy behind it can help, and none is credited with it."
    )


def _indoor_bands(comparison: Comparison) -> tuple[Figure, str]:
    return figures_comfort.indoor_bands({run.name: selection.indoor_bands(run) for run in comparison.runs}), (
        "Hours of the heating season in bins of 5 K. Red at mild temperatures is overheating; blue at the cold end "
        "is underheating."
    )


def _excess(comparison: Comparison) -> tuple[Figure, str]:
    return figures_energy.excess({run.name: selection.heat_by_month(run.score) for run in comparison.runs}), (
        "As in the paper's figures 7 and 10: delivered heat, split into what 20 °C indoors, hot water and losses "
        "need, and the excess beyond it."
    )


def _monthly(comparison: Comparison) -> tuple[Figure, str]:
    months = {run.name: selection.heat_by_month(run.score) for run in comparison.runs}
    heat = pd.DataFrame({name: frame["total"] for name, frame in months.items()})
    electricity = pd.DataFrame({name: frame["electricity"] for name, frame in months.items()})
    return figures_energy.monthly(heat, electricity), (
        "The bypass can act only in months with hours above the CPT: look there for differences in heat. Electricity "
        "can differ in every month in which the speed may fall."
    )


def _profiles(comparison: Comparison) -> tuple[Figure, str]:
    reference = comparison.reference
    return figures_energy.day_profile(selection.day_profiles(reference)), (
        f"Mean day of December to February of “{reference.name}”, as in the paper's figures 8a and 8b. The shares "
        "come out of "
        "the simulation; where the hot water demand was calibrated, the list of assumptions says so."
    )


def _cash_flow(comparison: Comparison) -> tuple[Figure, str]:
    colours = scenario_colours(comparison.names)
    if comparison.incremental:
        scores = dict(comparison.incremental)
        title = f"Cumulative cash flow against {comparison.reference.name}"
    else:
        scores = {run.name: run.score.economics for run in comparison.runs}
        title = "Cumulative cash flow"
    curves = {
        name: figures_money.CashCurve(
            score.cash_flow, score.payback_simple_y, score.payback_discounted_y, colours[name]
        )
        for name, score in scores.items()
    }
    return figures_money.cash_flow(curves, title), (
        "Money in is positive. A diamond marks the payback: filled for the simple one, hollow for the discounted "
        "one, which is "
        "always later while the discount rate is positive."
    )


def _emissions(comparison: Comparison) -> tuple[Figure, str]:
    rows = {run.name: run.score.emissions for run in comparison.runs}
    table = pd.DataFrame(
        {name: {key: getattr(score, key) for key in figures_money.POLLUTANTS} for name, score in rows.items()}
    ).T
    return figures_money.emissions(table, scenario_colours(comparison.names)), (
        "SO₂, NOₓ and fly ash follow the heat in proportion. CO₂eq also counts the pumps' electricity, so its change "
        "may differ."
    )


PLANS = (
    Plan(
        "supply_return",
        ("temp_outdoor_c", "temp_supply_primary_c", "temp_supply_secondary_c", "temp_return_secondary_c"),
        _supply_return,
    ),
    Plan("week", ("temp_outdoor_c", "temp_supply_primary_c", "temp_supply_secondary_c", "mode"), _week),
    Plan("duration", ("heat_flow_primary_w",), _duration),
    Plan("indoor_time", ("temp_indoor_c",), _indoor_time),
    Plan("indoor_bands", ("temp_indoor_c", "temp_outdoor_c"), _indoor_bands),
    Plan("excess", (), _excess),
    Plan("monthly", (), _monthly),
    Plan("profiles", ("heat_flow_sh_w", "heat_flow_dhw_w"), _profiles),
    Plan("cash_flow", (), _cash_flow),
    Plan("emissions", (), _emissions),
)


def missing_series(comparison: Comparison) -> dict[str, tuple[str, ...]]:
    """Return figure -> series that were not kept by every run, so that the report can say why a figure is not there."""
    made = {}
    for plan in PLANS:
        absent = tuple(name for name in plan.needs if any(name not in run.solution.arrays for run in comparison.runs))
        if absent:
            made[plan.id] = absent
    return made


def pictures(comparison: Comparison) -> Iterator[Picture]:
    """Yield the figures one by one, so that only one is in memory; figures without their series are left out."""
    absent = missing_series(comparison)
    if len(comparison.attribution):
        yield Picture(
            "attribution",
            "Each step is one change of the equipment or of its control. The dark inner bar is the part of the "
            "saving that falls "
            "into the hours above the CPT. A bar to the left is a step that costs.",
            figures_energy.attribution(comparison.attribution),
        )
    for plan in PLANS:
        if plan.id not in absent:
            figure, caption = plan.draw(comparison)
            yield Picture(plan.id, caption, figure)
    for number, (title, points) in enumerate(pressures_of(comparison).items(), start=1):
        yield Picture(
            f"pressure_{number}",
            "Gauge pressures along the water's way at one operating point. The return is below the supply, so water "
            "passes the "
            "bypass only where a pump or a throttled valve turns the difference round.",
            pressure_diagram(points, title),
        )
