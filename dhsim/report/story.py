"""What the report says in words and small tables: the result in short, what must be known, what happened."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from dhsim.assess.types import EconomicScore
from dhsim.errors import Status
from dhsim.report.tables import THIN_SPACE, Block, format_number
from dhsim.study.types import Comparison, Run
from dhsim.units import S_PER_MIN

MAX_EVENTS = 12
QUIET_KINDS = ("mode", "stag")
"""Kinds of events that are counted but not listed one by one: normal mode changes and pump staging."""


@dataclass(frozen=True)
class Notes:
    """What a reader must know before believing a number."""

    synthetic: tuple[str, ...]
    calibrated: tuple[tuple[str, str], ...]
    assumed: tuple[str, ...]


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))


def _own(run: Run, texts: Iterable[str]) -> list[tuple[str, str]]:
    return [(run.name, text) for text in texts if text]


def notes(comparison: Comparison) -> Notes:
    """Collect assumptions, synthetic data and calibrated inputs; what all runs share is said once, the rest by name."""
    said: list[tuple[str, str]] = []
    for run in comparison.runs:
        boundary = run.case.boundary
        known = run.score.assumptions
        own = (f"Weather: {boundary.weather_source}", *boundary.notes)
        told = [text for text in own if not any(text.removeprefix("Weather: ") in other for other in known)]
        said += _own(run, (*told, *known))
    texts = _once(text for _, text in said)
    owners = {text: [name for name in comparison.names if (name, text) in said] for text in texts}
    full = {text: _with_owners(_in_words(text), owners[text], len(comparison.runs)) for text in texts}
    synthetic = tuple(full[text] for text in texts if "synthetic" in text.lower())
    calibrated: dict[tuple[str, str], list[str]] = {}
    for run in comparison.runs:
        for pair in run.case.assumptions.calibrated:
            calibrated.setdefault((str(pair[0]), str(pair[1])), []).append(run.name)
    rows = tuple((key, _with_owners(why, names, len(comparison.runs))) for (key, why), names in calibrated.items())
    assumed = tuple(
        full[text] for text in texts if "synthetic" not in text.lower() and not text.startswith("Calibrated input")
    )
    return Notes(synthetic, rows, assumed)


def _in_words(text: str) -> str:
    """Return a text with the names of weather statistics as the weather table says them."""
    for name, (label, unit) in _WEATHER_LABELS.items():
        text = re.sub(rf"\b{name} (-?[\d.]+)", rf"{label[0].lower()}{label[1:]}: \1 {unit}", text)
    return text


def _with_owners(text: str, owners: list[str], count: int) -> str:
    return text if len(owners) == count else f"{text} ({', '.join(owners)})"


def setup_block(comparison: Comparison) -> Block:
    """Return what was compared: one row a scenario."""
    rows = []
    for run in comparison.runs:
        score, case = run.score, run.case
        rows.append(
            (
                run.name,
                score.policy,
                score.description or "",
                f"{format_number(score.cpt_c, 2)} °C",
                score.economics.viewpoint.replace("_", " "),
                f"{score.emissions.fuel_name}, {score.emissions.allocation.replace('_', ' ')} method",
                f"{len(case.system.building_ids)}",
            )
        )
    return Block(
        "Scenarios",
        ("Scenario", "Policy", "What it is", "CPT", "Viewpoint", "Fuel and its allocation", "Buildings"),
        tuple(rows),
    )


def frame_text(run: Run) -> str:
    """Return the time grid and the money frame in a sentence."""
    solution, economics = run.solution, run.case.assumptions.economics
    minutes = solution.step_s / S_PER_MIN
    return (
        f"{format_number(len(solution.time), 0)} steps of {minutes:g} minutes, {solution.time[0].date()} to "
        f"{solution.time[-1].date()}, local "
        f"standard time. Money over {economics.lifetime_y} years at {100 * economics.discount_rate:.3g} % discount "
        "rate, viewpoint "
        f"{economics.viewpoint.replace('_', ' ')}. Figures of a part-year run are what was simulated, not extrapolated."
    )


_WEATHER_LABELS = {
    "temp_mean_c": ("Annual mean", "°C"),
    "temp_min_c": ("Coldest hour", "°C"),
    "temp_max_c": ("Warmest hour", "°C"),
    "heating_days": ("Heating days (5-day mean at or below 8 °C)", "d"),
    "temp_season_mean_c": ("Mean of the heating days", "°C"),
    "temp_coldest_five_days_c": ("Coldest five days", "°C"),
    "irradiance_horizontal_kwh_m2": ("Horizontal irradiation", "kWh/m²"),
}


def weather_block(run: Run) -> Block:
    """Return the statistics of the year's weather beside the published normals, where there are any."""
    found = run.case.boundary.weather_statistics
    rows = tuple(
        (label, unit, *(_statistic(found.get(key), unit) for key in (name, f"normal_{name}")))
        for name, (label, unit) in _WEATHER_LABELS.items()
        if name in found
    )
    return Block("Weather", ("Statistic", "Unit", "This run", "Normal"), rows)


def _statistic(value: float | None, unit: str) -> str:
    return format_number(value, 1 if unit == "°C" else 0)


def findings(comparison: Comparison) -> list[tuple[str, str]]:
    """Return (variant, sentence): heat saved twice, electricity, rooms, money."""
    before = comparison.reference.score
    made = []
    for run in comparison.runs[1:]:
        after = run.score
        year = before.energy.year.heat_total_mwh - after.energy.year.heat_total_mwh
        above = before.energy.above_cpt.heat_total_mwh - after.energy.above_cpt.heat_total_mwh
        pumps = before.energy.year.energy_pump_mwh - after.energy.year.energy_pump_mwh
        text = (
            f"Heat: {_saved(year, before.energy.year.heat_total_mwh)} of the year's heat; "
            f"{_saved(above, before.energy.above_cpt.heat_total_mwh)} of the hours above the CPT. "
            f"Pump electricity: {_saved(pumps, before.energy.year.energy_pump_mwh)}. "
            f"Coldest room {after.comfort.temp_coldest_c:.1f} °C (reference {before.comfort.temp_coldest_c:.1f} °C), "
            f"{100 * after.comfort.share_in_band:.0f} % of the hours in the comfort band (reference "
            f"{100 * before.comfort.share_in_band:.0f} %). "
        )
        money = comparison.incremental.get(run.name)
        made.append((run.name, text + ("" if money is None else money_text(money))))
    return made


def _saved(saved_mwh: float, of_mwh: float) -> str:
    decimals = 0 if abs(of_mwh) >= 1000 else 1
    if of_mwh and round(100 * abs(saved_mwh) / of_mwh, 1) == 0.0:
        return "saves nothing"
    share = f" ({format_number(100 * abs(saved_mwh) / of_mwh, 1)}{THIN_SPACE}%)" if of_mwh else ""
    verb = "saves" if saved_mwh >= 0 else "takes another"
    return f"{verb} {format_number(abs(saved_mwh), decimals)} MWh{share}"


def money_text(score: EconomicScore) -> str:
    """Return investment, NPV, IRR and paybacks in a sentence; an IRR that does not exist is said so."""
    irr = "IRR: none" if score.irr is None else f"IRR {format_number(100 * score.irr, 1)}{THIN_SPACE}%"
    if score.irr_note:
        irr += f" ({score.irr_note})"
    return (
        f"Investment {format_number(score.capex_eur, 0)} EUR, NPV {format_number(score.npv_eur, 0)} EUR, {irr}, "
        "payback simple "
        f"{_years(score.payback_simple_y)}, discounted {_years(score.payback_discounted_y)}, "
        f"IC over mean cash flow {_years(score.payback_mean_y)}."
    )


def _years(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f} y"


_MODES = {"SUMMER_DHW": "SUMMER (hot water only)"}
_EVENTS = {"mode": "mode changes", "staging": "a pump started or stopped"}
_ABBREVIATIONS = {"dp": "dp", "dhw": "DHW"}


def warning_words(flag: str) -> str:
    """Return a status flag as words.

    >>> warning_words("DHW_SHORT")
    'DHW short'
    """
    return " ".join(_ABBREVIATIONS.get(word, word) for word in flag.lower().split("_"))


def events_block(comparison: Comparison) -> Block:
    """Return hours by mode, events by kind and hours of warnings, scenarios across."""
    scores = [run.score for run in comparison.runs]
    rows = []
    for mode in dict.fromkeys(name for score in scores for name in score.mode_hours):
        rows.append(
            (
                f"Mode {_MODES.get(mode, mode)}",
                "h",
                *(format_number(score.mode_hours.get(mode, 0.0), 0) for score in scores),
            )
        )
    for kind in dict.fromkeys(name for score in scores for name in score.events):
        rows.append(
            (
                f"Events: {_EVENTS.get(kind, kind.replace('_', ' '))}",
                "times",
                *(format_number(score.events.get(kind, 0), 0) for score in scores),
            )
        )
    for flag in dict.fromkeys(name for score in scores for name in score.warnings):
        rows.append(
            (
                f"Warning: {warning_words(flag)}",
                "h",
                *(format_number(score.warnings.get(flag, 0.0), 1) for score in scores),
            )
        )
    return Block("Events", ("What", "Unit", *comparison.names), tuple(rows))


def advice(comparison: Comparison) -> list[tuple[str, str]]:
    """Return (warning, what to do about it) for the warnings that were raised."""
    flags = dict.fromkeys(name for run in comparison.runs for name in run.score.warnings)
    return [(warning_words(name), Status[name].advice) for name in flags if name in Status.__members__]


def alarms_block(comparison: Comparison) -> tuple[Block, int]:
    """Return alarms and faults of all runs in order of time, at most a dozen a run, and how many were left out."""
    rows, left_out = [], 0
    for run in comparison.runs:
        loud = [event for event in run.solution.events if not event.kind.lower().startswith(QUIET_KINDS)]
        left_out += max(0, len(loud) - MAX_EVENTS)
        rows += [
            (run.name, event.time.strftime("%d %b %H:%M"), event.kind, event.detail) for event in loud[:MAX_EVENTS]
        ]
    return Block("Alarms and faults", ("Scenario", "When", "Kind", "What"), tuple(rows)), left_out


def buildings_block(run: Run) -> Block:
    """Return comfort and heat of each building."""
    columns = (
        "Building",
        "Type",
        "Mean °C",
        "Min °C",
        "Max °C",
        "Over K·h",
        "Under K·h",
        "In band %",
        "SH MWh",
        "DHW MWh",
        "Lowest dp kPa",
        "Nozzle mm",
    )
    rows = []
    for name, row in run.score.comfort.by_building.iterrows():
        numbers = [
            (row["temp_mean_c"], 2),
            (row["temp_min_c"], 2),
            (row["temp_max_c"], 2),
            (row["overheating_kh"], 0),
            (row["underheating_kh"], 0),
            (100 * row["share_in_band"], 1),
            (row["heat_sh_mwh"], 1),
            (row["heat_dhw_mwh"], 1),
            (row["dp_min_kpa"], 0),
            (row["nozzle_mm"], 1),
        ]
        rows.append(
            (str(name), str(row["type"]), *(format_number(float(value), decimals) for value, decimals in numbers))
        )
    return Block(run.name, columns, tuple(rows))


def provenance_block(comparison: Comparison) -> Block:
    """Return version, hash and seed of each run."""
    said = dict.fromkeys(key for run in comparison.runs for key in run.score.provenance)
    keys = [key for key in said if key != "scenario"]  # that is the first column
    rows = tuple((run.name, *(run.score.provenance.get(key, "") for key in keys)) for run in comparison.runs)
    return Block("Provenance", ("Scenario", *(key.replace("_", " ") for key in keys)), rows)


def frame_block(frame: pd.DataFrame, heading: str) -> Block:
    """Return any small DataFrame as text, its index as the first column where it has a name."""
    shown = frame.reset_index() if frame.index.name else frame
    rows = tuple(tuple(_cell(value) for value in row) for row in shown.itertuples(index=False, name=None))
    return Block(heading, tuple(_heading(str(column)) for column in shown.columns), rows)


_UNITS_OF_HEADINGS = {
    "_percent": ", %",
    "_kg_kwh": ", kg/kWh",
    "_t_y": ", t/y",
    "_t": ", t",
    "_mwh": ", MWh",
    "_eur": ", EUR",
}


def _heading(name: str) -> str:
    for suffix, unit in _UNITS_OF_HEADINGS.items():
        if name.endswith(suffix):
            return name.removesuffix(suffix).replace("_", " ").capitalize() + unit
    return name.replace("_", " ").capitalize()


def _cell(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "" if value is None else str(value)
    if isinstance(value, int):
        return format_number(value, 0)
    largest = abs(value)
    return format_number(value, 0 if largest >= 1000 else 1 if largest >= 100 else 2 if largest >= 1 else 4)
