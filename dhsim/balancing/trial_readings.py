"""Made-up sensor readings of a building: simulated with a hidden truth, written as a fit reads them."""

from __future__ import annotations

import io
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from dhsim.balancing.protocol import BuildingCase, open_building
from dhsim.balancing.round_files import write_bytes
from dhsim.balancing.sensor_data import OUTDOOR, SUPPLY
from dhsim.balancing.sensor_table import REMARK_KEY, TIME
from dhsim.balancing.trial import SETTLING_DAYS, STEP_S, simulated_winter
from dhsim.balancing.trial_truth import HiddenTruth, Rough, drawn_truth, with_heads
from dhsim.balancing.trial_truth_file import TRUTH_NAME, read_truth, write_truth
from dhsim.balancing.trial_weather import SYNTHETIC, trial_weather
from dhsim.balancing.workflow import STATE_NAME, open_workflow
from dhsim.engine.circuit_truth import SensorReadings, sensor_readings
from dhsim.errors import DhsimError
from dhsim.network.parts import Floats
from dhsim.units import S_PER_DAY, S_PER_H

START = "2025-01-01"
_DECIMALS = 3


class MadeReadings(NamedTuple):
    """Readings as they were written."""

    path: Path
    truth_path: Path
    frame: pd.DataFrame
    remark: str
    """First line of a CSV file, metadata of a Parquet file's schema."""
    weather: str
    truth: str
    """In words."""


def case_of(source: str | Path) -> BuildingCase:
    """Return a building from its file, or as a folder of work has it: with the valves as made or chosen last.

    Parameters
    ----------
    source
        File or folder of a building, or a folder that `dhsim balance fit` began.

    Returns
    -------
    BuildingCase
        The building.

    Raises
    ------
    DhsimError
        If it cannot be read.
    """
    if not (Path(source) / STATE_NAME).is_file():
        return open_building(source)
    last = open_workflow(source).last
    if last.applied is None:
        return last.case
    return replace(last.case, building=last.building.with_valves(last.applied.resistance_valves_pa_s2_m6))


def make_readings(
    source: str | Path,
    out: str | Path,
    *,
    days: float = 60.0,
    step_h: float = 1.0,
    noise_sd_k: float = 0.05,
    seed: int = 1,
    heads_on: bool = False,
    weather: str = SYNTHETIC,
    truth: str | Path | None = None,
    rough: Rough | None = None,
    temp_ref_c: float = 21.0,
    start: str | None = None,
) -> MadeReadings:
    """Simulate a building with a hidden truth and write what its sensors would have read. Synthetic.

    Parameters
    ----------
    source
        The building, see `case_of`.
    out
        The file, `.csv` or `.parquet`; `truth.json` goes beside it, unless a truth is given.
    days
        Length of the readings in days.
    step_h
        Between two readings [h].
    noise_sd_k
        Of the room sensors [K].
    seed
        Of truth, weather and noise.
    heads_on
        Whether thermostatic heads are on.
    weather
        `synthetic` or a file.
    truth
        File of a truth; None draws one.
    rough
        How a truth is drawn, and gains; None for usual deviations and no gains.
    temp_ref_c
        Mean of the flats that the heating curve keeps [degC].
    start
        First time, in UTC; None for the day after the last round of a folder of work, else for the year's first.

    Returns
    -------
    MadeReadings
        What was written, and where.

    Raises
    ------
    DhsimError
        If the building cannot be simulated, or an option is unfit.
    """
    _check(out, days, step_h, noise_sd_k)
    if truth is None:
        _spare(Path(out))
    first, how = _start(_usual_start(source) if start is None else start), Rough() if rough is None else rough
    case, hidden = _hidden(source, truth, how, seed)
    sky = trial_weather(days + SETTLING_DAYS, weather, seed=seed)
    zones = with_heads(case, hidden.zones, heads_on, temp_ref_c)
    run_step_s = step_h * S_PER_H / math.ceil(step_h * S_PER_H / STEP_S - 1e-9)
    winter = simulated_winter(
        case.building,
        zones,
        sky,
        temp_ref_c=temp_ref_c,
        friction=case.friction,
        step_s=run_step_s,
        heat_gain_w=_gains_w(how.gain_w, sky.temp_outdoor_c.size, case.building.n_zone, run_step_s, seed),
    )
    read = sensor_readings(winter.run, step_h * S_PER_H, np.random.default_rng([seed, 1]), noise_sd_k=noise_sd_k)
    frame = _frame(case, read, first, round(SETTLING_DAYS * S_PER_DAY / (step_h * S_PER_H)))
    heads = "on" if heads_on else "off"
    remark = (
        f"# synthetic: {case.scenario.name}, simulated with hidden true parameters, seed {seed}, "
        f"noise {noise_sd_k:g} K, heads {heads}, {sky.source}"
    )
    remark += f", gains of {how.gain_w:g} W a flat" if how.gain_w else ""
    target = Path(out)
    truth_path = target.parent / TRUTH_NAME if truth is None else Path(truth)
    if truth is None:
        write_truth(truth_path, case, hidden, {"readings": target.name, "seed": seed, "weather": sky.source})
    write_bytes(target, _written(frame, remark, target.suffix))
    return MadeReadings(target, truth_path, frame, remark, sky.source, hidden.about)


def _hidden(source: str | Path, truth: str | Path | None, how: Rough, seed: int) -> tuple[BuildingCase, HiddenTruth]:
    """Return the building and what it hides: drawn, or read."""
    if truth is None and (Path(source) / STATE_NAME).is_file():
        raise DhsimError(f"{source}: a folder of work hides no truth of its own: give it with --truth {TRUTH_NAME}")
    if truth is not None and how != Rough(gain_w=how.gain_w):
        raise DhsimError(f"--deviation, --exponent, --walls: they draw a truth, and {truth} gives one: leave them out")
    case = case_of(source)
    drawn = drawn_truth(case, np.random.default_rng([seed, 0]), how)
    return case, drawn if truth is None else read_truth(truth, case)


def _gains_w(gain_w: float, n_hour: int, n_zone: int, step_s: float, seed: int) -> Floats | float:
    """Return heat that comes and goes by the hour, at random about its mean, by step and flat."""
    if gain_w == 0.0:
        return 0.0
    hourly = gain_w * np.random.default_rng([seed, 2]).standard_exponential((n_hour, n_zone))
    return np.repeat(hourly, round(S_PER_H / step_s), axis=0)


def _written(frame: pd.DataFrame, remark: str, suffix: str) -> bytes:
    """Return the file's bytes, which say that it is made up."""
    if suffix == ".csv":
        text = frame.to_csv(index=False, float_format=f"%.{_DECIMALS}f", lineterminator="\n")
        return f"{remark}\n{text}".encode()
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.Table.from_pandas(frame.round(_DECIMALS), preserve_index=False)
    said = {**(table.schema.metadata or {}), REMARK_KEY: remark.removeprefix("#").strip().encode()}
    target = io.BytesIO()
    pyarrow.parquet.write_table(table.replace_schema_metadata(said), target)
    return target.getvalue()


def _check(out: str | Path, days: float, step_h: float, noise_sd_k: float) -> None:
    problems = []
    if Path(out).suffix not in (".csv", ".parquet"):
        problems.append(f"--out: got {str(out)!r}; it takes a .csv or .parquet file")
    if not 1.0 <= days <= 1000.0:
        problems.append(f"--days: 1 to 1000 (got {days:g})")
    parts = 1.0 / step_h if 0.0 < step_h < 1.0 else step_h
    if not 1.0 / 60.0 <= step_h <= 1.0 or abs(parts - round(parts)) > 1e-6:
        problems.append(f"--step: an hour or a whole part of it, such as 0.25 (got {step_h:g})")
    if not 0.0 <= noise_sd_k <= 5.0:
        problems.append(f"--noise: 0 to 5 K (got {noise_sd_k:g})")
    if problems:
        raise DhsimError("\n".join(problems))


def _spare(out: Path) -> None:
    """Refuse to write a truth over that of other readings."""
    path = out.parent / TRUTH_NAME
    if not path.is_file():
        return
    try:
        owner = json.loads(path.read_text(encoding="utf-8"))["readings"]
    except (OSError, ValueError, KeyError, TypeError):
        owner = "something else"
    if owner != out.name:
        raise DhsimError(
            f"{path}: is the truth of {owner}: write {out.name} to another folder, or give --truth {path} to have it "
            "made from the same truth"
        )


def _usual_start(source: str | Path) -> str:
    """Return when readings begin that follow the last round, or stand alone."""
    if not (Path(source) / STATE_NAME).is_file():
        return START
    last = pd.Timestamp(open_workflow(source).last.state.end)
    return str(last.ceil("D") + pd.Timedelta(days=1))


def _start(start: str) -> pd.Timestamp:
    try:
        stamp = pd.Timestamp(start)
    except ValueError as error:
        raise DhsimError(f"--start: not a time ({error}); write 2025-01-15") from error
    return stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")


def _frame(case: BuildingCase, read: SensorReadings, first: pd.Timestamp, skip: int) -> pd.DataFrame:
    """Return the readings without the days to settle, in the columns of a sensor file."""
    time = first + pd.to_timedelta(read.time_s[skip:] - read.time_s[skip], unit="s")
    table = pd.DataFrame(read.temp_zone_c[skip:], columns=pd.Index(case.building.zone_ids))
    table.insert(0, TIME, time.strftime("%Y-%m-%dT%H:%M:%SZ"))
    table.insert(1, SUPPLY, read.temp_supply_c[skip:])
    table.insert(2, OUTDOOR, read.temp_outdoor_c[skip:])
    return table
