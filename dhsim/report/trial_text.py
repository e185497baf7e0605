"""What is said of a trial in the simulator and of a test signal: tables, sentences, plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from rich.table import Table

from dhsim.balancing.excitation import Excitation
from dhsim.balancing.expectation import Expectation
from dhsim.balancing.trial import PRESENT, Trial
from dhsim.balancing.trial_readings import MadeReadings
from dhsim.units import S_PER_H

_PER_CENT = 100.0
_ROWS = (
    ("angle_rad", "φ, heads off, rad", 3),
    ("temp_mean_c", "mean of the flats, °C", 2),
    ("spread_mean_k", "spread of the flats' means, K", 2),
    ("spread_k", "spread at any time, K", 2),
    ("coldest", "coldest flat", -1),
    ("temp_coldest_c", "  its mean, °C", 2),
    ("warmest", "warmest flat", -1),
    ("temp_warmest_c", "  its mean, °C", 2),
    ("flow_l_h", "flow, l/h", 0),
    ("heat_kwh", "heat, kWh", 0),
    ("energy_pump_kwh", "work of the pump on the water, kWh", 1),
)


def trial_cells(trial: Trial) -> tuple[list[str], list[list[str]]]:
    """Return heads and rows of the table that compares the settings.

    Parameters
    ----------
    trial
        As tried.

    Returns
    -------
    tuple
        Heads of the columns, and rows of cells; the first cell of each names the quantity.
    """
    cases = trial.frame().to_dict("records")
    heads = ["", *(f"{case['setting']}, heads {case['heads']}" for case in cases)]
    rows = []
    for key, label, digits in _ROWS:
        cells = [str(case[key]) if digits < 0 else f"{float(case[key]):,.{digits}f}" for case in cases]
        rows.append([label, *(cell.replace(",", " ") if digits >= 0 else cell for cell in cells)])
    return heads, rows


def trial_title(trial: Trial) -> str:
    """Return what the table is about, in a line."""
    return f"Tried for {trial.days:g} days: {trial.weather.source}; {trial.truth.about}"


def trial_table(trial: Trial) -> Table:
    """Return the table for the terminal."""
    heads, rows = trial_cells(trial)
    made = Table(title=trial_title(trial), title_justify="left", box=None, pad_edge=False)
    for k, head in enumerate(heads):
        made.add_column(head.replace(", heads", ",\nheads"), justify="left" if k == 0 else "right")
    for row in rows:
        made.add_row(*row)
    return made


def findings(trial: Trial, expected: Expectation | None) -> list[str]:
    """Return what the trial found, in sentences.

    Parameters
    ----------
    trial
        As tried.
    expected
        Of the choice, to hold the trial against; None leaves it out.

    Returns
    -------
    list of str
        One sentence or two each.
    """
    said = []
    for on in trial.heads:
        before, after = trial.winters[PRESENT, on], trial.winters[trial.new, on]
        cold = float(after.temp_mean_zone_c.min() - before.temp_mean_zone_c.min())
        heads = "on" if on else "off"
        said.append(
            f"Heads {heads}: the flats' mean temperatures spread by {before.spread_mean_k:.2f} K now and by "
            f"{after.spread_mean_k:.2f} K with the new settings; the coldest flat becomes {abs(cold):.2f} K "
            f"{'warmer' if cold >= 0.0 else 'colder'}{'' if on else ' at the same mean'}."
        )
        outside_k = float(after.temp_mean_zone_c.mean() - trial.weather.temp_outdoor_c.mean())
        if not on and cold > 0.0 and outside_k > 0.0:
            share = _PER_CENT * cold / outside_k
            said.append(
                f"If the heating curve is then lowered until the coldest flat is as now, about {share:.1f} % of the "
                "heat is saved; at the same mean, as simulated, next to nothing."
            )
    if expected is not None and False in trial.heads:
        phi, new_rad = expected.angle_rad, trial.winters[trial.new, False].angle_rad
        lies = "within" if phi.after.low <= new_rad <= phi.after.high else "outside"
        said.append(
            f"φ goes from {trial.winters[PRESENT, False].angle_rad:.3f} to {new_rad:.3f} rad, {lies} the interval "
            f"that the fit promised ({phi.after.low:.3f} to {phi.after.high:.3f}, "
            f"{_PER_CENT * expected.level_rel:g} %; {phi.usual.low:.3f} to {phi.usual.high:.3f} if radiators are "
            "usual ones)."
        )
    return said


def trial_dict(trial: Trial, expected: Expectation | None) -> dict[str, Any]:
    """Return a trial as plain data."""
    interval = None if expected is None else [expected.angle_rad.after.low, expected.angle_rad.after.high]
    zones = {
        name: {str(zone): float(temp) for zone, temp in column.items()} for name, column in trial.zone_frame().items()
    }
    return {
        "days": trial.days,
        "weather": trial.weather.source,
        "weather_synthetic": trial.weather.synthetic,
        "truth": trial.truth.about,
        "temp_ref_c": trial.temp_ref_c,
        "expected_angle_rad": interval,
        "cases": _records(trial.frame()),
        "temp_mean_zone_c": {str(name): values for name, values in zones.items()},
        "flags": [str(flag) for flag in trial.flags],
        "findings": findings(trial, expected),
    }


def excitation_table(plan: Excitation) -> Table:
    """Return what is expected of the test signal, and of the other holds."""
    made = Table(
        title=f"Expected of the test; proposed: ±{plan.amplitude_k:.1f} K, at most every {plan.hold_s / S_PER_H:g} h",
        title_justify="left",
        box=None,
        pad_edge=False,
    )
    heads = ("", "step, K", "rooms move, K", "posterior/prior sd of theta", "sd of phi, rad")
    for k, head in enumerate(heads):
        made.add_column(head, justify="left" if k == 0 else "right")
    without = plan.without
    made.add_row("no test", "0", "0", f"{without.theta_share_rel.mean():.3f}", f"{without.angle_sd_rad:.4f}")
    for row in best_by_hold(plan).to_dict("records"):
        mark = " (proposed)" if math.isclose(row["hold_h"] * S_PER_H, plan.hold_s) else ""
        made.add_row(
            f"hold {row['hold_h']:g} h{mark}",
            f"{row['amplitude_k']:.1f}",
            f"{row['comfort_peak_k']:.2f}",
            f"{row['theta_share_rel']:.3f}",
            f"{row['angle_sd_rad']:.4f}",
        )
    return made


def best_by_hold(plan: Excitation) -> pd.DataFrame:
    """Return the best candidate of every hold, shortest hold first."""
    return plan.candidates.sort_values("theta_share_rel").groupby("hold_h", as_index=False).first()


def excitation_dict(plan: Excitation, zone_ids: tuple[str, ...], notes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a test signal as plain data.

    Parameters
    ----------
    plan
        The proposal.
    zone_ids
        Of the fit.
    notes
        What it was planned for.

    Returns
    -------
    dict
        For JSON.
    """
    shares = {
        name: dict(zip(zone_ids, map(float, side.theta_share_rel), strict=True))
        for name, side in (("without", plan.without), ("with_test", plan.expected))
    }
    return {
        **notes,
        "amplitude_k": plan.amplitude_k,
        "hold_h": plan.hold_s / S_PER_H,
        "comfort_peak_k": plan.comfort_peak_k,
        "theta_share_rel": shares,
        "angle_sd_rad": {"without": plan.without.angle_sd_rad, "with_test": plan.expected.angle_sd_rad},
        "candidates": _records(best_by_hold(plan)),
        "offset_k": np.round(plan.offset_k, 3).tolist(),
    }


def readings_dict(made: MadeReadings) -> dict[str, Any]:
    """Return what was made up, as plain data."""
    temps = made.frame.select_dtypes("number")
    return {
        "synthetic": True,
        "readings": str(made.path),
        "truth": str(made.truth_path),
        "about": made.truth,
        "weather": made.weather,
        "rows": len(made.frame),
        "start": str(made.frame["time"].iloc[0]),
        "end": str(made.frame["time"].iloc[-1]),
        "temp_mean_c": {str(name): float(value) for name, value in temps.mean().items()},
    }


def readings_text(made: MadeReadings) -> str:
    """Return what was made up, in words."""
    rooms = made.frame.drop(columns=["time", "temp_supply_c", "temp_outdoor_c"]).mean()
    first, last = (made.frame["time"].iloc[k][:10] for k in (0, -1))
    return (
        f"synthetic readings of {len(rooms)} flats, {first} to {last}, {made.weather}\n"
        f"flats' means {rooms.min():.1f} to {rooms.max():.1f} degC; hidden: {made.truth}"
    )


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows of plain values; what is not finite as None."""
    return [
        {
            str(key): None if isinstance(value, float) and not math.isfinite(value) else value
            for key, value in row.items()
        }
        for row in frame.to_dict("records")
    ]
