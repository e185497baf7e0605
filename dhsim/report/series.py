"""Results as files: time series (Parquet, CSV) and scorecards (JSON). A file is whole or it is not there."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from dhsim.assess.types import Scorecard
from dhsim.errors import DhsimError
from dhsim.quantities import unit_of_name
from dhsim.study.secondary import BUILDING_NEEDS, PIPE_NEEDS, building_flows, missing_series, pipe_flows
from dhsim.study.secondary_network import NEEDS as NETWORK_NEEDS
from dhsim.study.secondary_network import moments, pressure_limits
from dhsim.study.types import Comparison, Run

Format = Literal["parquet", "csv"]
CSV_DECIMALS = 4
CSV_DECIMALS_COARSE = 1
"""For W and Pa: a tenth of a watt is finer than any meter."""
COARSE_UNITS = ("W", "Pa")
FLOW_DIGITS = 7
"""Of the frames of buildings and pipes."""


def write_whole(path: Path, write: Callable[[Path], None]) -> Path:
    """Let `write` fill a temporary file beside `path`, then put it in its place in one move."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    os.close(handle)
    partial = Path(name)
    try:
        write(partial)
        partial.chmod(0o644)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return path


def file_stem(name: str) -> str:
    """Return a scenario's name as a file name.

    >>> file_stem("Bypass line, cap 70/40")
    'Bypass_line_cap_70_40'
    """
    return re.sub(r"[^\w.-]+", "_", name).strip("._") or "scenario"


def file_stems(names: Iterable[str]) -> dict[str, str]:
    """Return name -> file name; names that would share a file are numbered."""
    made: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        stem = candidate = file_stem(name)
        number = 2
        while candidate.lower() in taken:
            candidate = f"{stem}_{number}"
            number += 1
        taken.add(candidate.lower())
        made[name] = candidate
    return made


def write_series(
    run: Run, out_dir: str | Path, formats: Sequence[Format] = ("parquet", "csv"), stem: str | None = None
) -> list[Path]:
    """Write everything the run kept, at its own time step; the names of the columns bear the units.

    Parquet holds seven digits. CSV is rounded to 4 decimals (W and Pa to one) and opens in a spreadsheet. Returns:
    the files written.
    """
    table = run.solution.table()
    out = Path(out_dir)
    name = stem or file_stem(run.name)
    written = []
    for kind in formats:
        path = out / f"{name}.{kind}"
        written.append(write_whole(path, _parquet(table) if kind == "parquet" else _csv(table)))
    return written


def write_all_series(
    comparison: Comparison, out_dir: str | Path, formats: Sequence[Format] = ("parquet", "csv")
) -> list[Path]:
    """Write the series of all runs, each under a name of its own; side by side, since the writers release Python."""
    stems = file_stems(comparison.names)
    with ThreadPoolExecutor() as pool:
        jobs = [pool.submit(write_series, run, out_dir, formats, stems[run.name]) for run in comparison.runs]
        return [path for job in jobs for path in job.result()]


def _parquet(table: pd.DataFrame) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        # Seven digits are finer than any sensor, and bytes sorted by place pack well: a fifth of the size.
        floats = {name: np.float32 for name, kind in table.dtypes.items() if kind == np.float64}
        arrow = pa.Table.from_pandas(table.astype(floats))
        columns = [str(name) for name in floats]
        pq.write_table(
            arrow,
            path,
            compression="zstd",
            use_dictionary=False,
            use_byte_stream_split=columns,
            write_statistics=False,
        )

    return write


def _csv(table: pd.DataFrame) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        columns: dict[str, pa.Array] = {"time": pa.array(pd.DatetimeIndex(table.index).strftime("%Y-%m-%dT%H:%M:%S"))}
        for name in table.columns:
            values = table[name].to_numpy()
            if values.dtype.kind == "f":
                coarse = unit_of_name(str(name).split(":", 1)[0]) in COARSE_UNITS
                values = np.round(values, CSV_DECIMALS_COARSE if coarse else CSV_DECIMALS) + 0.0
            columns[str(name)] = pa.array(values, from_pandas=True)
        pa_csv.write_csv(pa.table(columns), path, pa_csv.WriteOptions(quoting_style="needed", quoting_header="needed"))

    return write


def write_flows(comparison: Comparison, out_dir: str | Path) -> list[Path]:
    """Write flow and temperatures of every building and pipe in every run: buildings.csv and pipes.csv.

    The columns are those of `dhsim.study.secondary`. A frame whose series some run did not keep is left out. Returns:
    the files written.
    """
    frames = (
        ("buildings.csv", building_flows, BUILDING_NEEDS),
        ("pipes.csv", pipe_flows, PIPE_NEEDS),
    )
    written = []
    for name, frame_of, needed in frames:
        if not any(missing_series(run, needed) for run in comparison.runs):
            frame = frame_of(comparison).reset_index()
            written.append(write_whole(Path(out_dir) / name, partial(_frame_csv, frame)))
    return written


def _frame_csv(frame: pd.DataFrame, path: Path) -> None:
    frame.to_csv(path, index=False, float_format=f"%.{FLOW_DIGITS}g", lineterminator="\n", encoding="utf-8")


def scorecards_json(scores: Iterable[Scorecard], pressure_limits: Mapping[str, Sequence[str]] | None = None) -> str:
    """Return the scorecards as a JSON list; what does not exist is null.

    `pressure_limits`: name -> limits that the secondary network breaks, in words; null where they were not checked.
    """
    limits = pressure_limits or {}
    cards = [score.to_dict() | {"pressure_limits": _listed(limits.get(score.name))} for score in scores]
    return json.dumps(cards, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _listed(texts: Sequence[str] | None) -> list[str] | None:
    return None if texts is None else list(texts)


def limits_of(comparison: Comparison) -> dict[str, tuple[str, ...]]:
    """Return name -> pressure limits that the secondary network breaks, in words.

    Left out: runs that did not keep the series or in which no water flowed for heating. Where the network of a moment
    cannot be solved the text says so.
    """
    checked = (run for run in comparison.runs if not missing_series(run, NETWORK_NEEDS) and moments(run))
    return {run.name: _limits_or_why_not(run) for run in checked}


def _limits_or_why_not(run: Run) -> tuple[str, ...]:
    try:
        return pressure_limits(run)
    except DhsimError as error:  # the run itself is whole: its files must not be lost for this
        return (f"not checked: {error}",)


def write_scorecards(comparison: Comparison, path: str | Path) -> Path:
    """Write the scorecards of all runs, with the pressure limits they break, to one JSON file."""
    text = scorecards_json((run.score for run in comparison.runs), limits_of(comparison))

    def write(partial: Path) -> None:
        partial.write_text(text, encoding="utf-8")

    return write_whole(Path(path), write)
