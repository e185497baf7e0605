"""What moves a network over time: tables whose columns say which thing and in which unit, or frames by quantity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from dhsim.errors import Problem, ScenarioError
from dhsim.network.parts import Floats, Network
from dhsim.network.run import NetworkSeries
from dhsim.scenario.wording import nearest
from dhsim.units import PA_PER_KPA, W_PER_KW

TIME = "time"
_COLUMN_KEYS = {
    "heat_kw": ("heat_w", W_PER_KW),
    "heat_w": ("heat_w", 1.0),
    "mass_flow_kg_s": ("mass_flow_kg_s", 1.0),
    "temp_supply_c": ("temp_supply_c", 1.0),
}
_WHOLE_KEYS = {
    "heat_rel": ("heat_rel", 1.0),
    "temp_supply_c": ("temp_supply_c", 1.0),
    "lift_kpa": ("lift_pa", PA_PER_KPA),
    "lift_pa": ("lift_pa", 1.0),
    "temp_ground_c": ("temp_ground_c", 1.0),
    "temp_air_c": ("temp_air_c", 1.0),
}
_AXES = {"heat_w": "consumer", "mass_flow_kg_s": "consumer", "temp_supply_c": "producer"}
_FORMS = (
    "columns are <consumer>.heat_kw, <consumer>.mass_flow_kg_s, <producer>.temp_supply_c, or for all "
    f"{', '.join(_WHOLE_KEYS)}"
)
_PROBLEMS_MAX = 20


@dataclass(frozen=True)
class TimedSeries:
    """Series with their moments."""

    series: NetworkSeries
    time: pd.Index
    step_s: float | None
    """As the moments have it; None where there are none"""


def read_series(path: str | Path) -> pd.DataFrame:
    """Read a CSV or Parquet file of series: a row a step, one column `time` if there are moments.

    Raises
    ------
    ScenarioError
        No such file, or no table; cells that are no numbers, each with its line and column.
    """
    path = Path(path)
    if not path.is_file():
        raise ScenarioError.single("no such file", path=str(path))
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            frame = pd.read_parquet(path)
            return frame if TIME in frame or not isinstance(frame.index, pd.DatetimeIndex) else frame.reset_index(TIME)
        frame = pd.read_csv(path)
    except (ValueError, OSError, KeyError) as error:  # pandas' and pyarrow's own errors are ValueErrors
        raise ScenarioError.single(f"cannot be read as a table ({error})", path=str(path)) from error
    problems = [
        Problem(f"expected a number (got {cell!r})", str(path), row + 2, position + 1, str(name))
        for position, name in enumerate(frame.columns)
        if name != TIME and not pd.api.types.is_numeric_dtype(frame[name])
        for row, cell in _no_numbers(frame[name])
    ]
    if problems:
        raise ScenarioError(problems[:_PROBLEMS_MAX])
    return frame


def _no_numbers(column: pd.Series) -> Iterable[tuple[int, object]]:
    bad = pd.to_numeric(column, errors="coerce").isna() & column.notna()
    return [(int(row), column.iloc[row]) for row in np.flatnonzero(bad)]


def timed_series(
    network: Network, given: str | Path | pd.DataFrame | Mapping[str, pd.DataFrame | pd.Series]
) -> TimedSeries:
    """Return series as the solver takes them; what is not given stays as the network says.

    Parameters
    ----------
    network
        Gives the names, and the values of what is left out.
    given
        A file as `read_series` takes it; the table in it; or frames by quantity (heat_w, mass_flow_kg_s by consumer,
        temp_supply_c by producer; series lift_pa, temp_ground_c, temp_air_c), with one index.

    Raises
    ------
    ScenarioError
        Unknown names, gaps, uneven moments; all problems at once.
    """
    path = str(given) if isinstance(given, (str, Path)) else ""
    frame = read_series(given) if isinstance(given, (str, Path)) else given
    problems: list[Problem] = []
    if isinstance(frame, pd.DataFrame):
        columns, time = _from_table(network, frame, path, problems)
    else:
        columns, time = _from_frames(network, frame, problems)
    if len(time) == 0:
        problems.append(Problem("no rows: series need at least one step", path))
    step_s = _step_s(time, path, problems)
    arrays = {} if problems else _arrays(network, columns, len(time))
    _check(arrays, path, problems)
    if problems:
        raise ScenarioError(problems[:_PROBLEMS_MAX])
    return TimedSeries(NetworkSeries(len(time), **arrays), time, step_s)


_Columns = dict[tuple[str, str], Floats]
"""(name in NetworkSeries, id or nothing) -> values"""


def _from_table(network: Network, frame: pd.DataFrame, path: str, problems: list[Problem]) -> tuple[_Columns, pd.Index]:
    columns: _Columns = {}
    time: pd.Index = frame.index if isinstance(frame.index, pd.DatetimeIndex) else pd.RangeIndex(len(frame))
    for position, header in enumerate(map(str, frame.columns)):
        here = (path, 1 if path else None, position + 1 if path else None, header)
        if header == TIME:
            try:
                time = pd.DatetimeIndex(pd.to_datetime(frame[header]), name=TIME)
            except ValueError as error:
                problems.append(Problem(f"expected moments such as 2021-01-01 00:00 ({error})", *here))
            continue
        owner, _, key = header.rpartition(".")
        known = _COLUMN_KEYS if owner else _WHOLE_KEYS
        if key not in known:
            problems.append(Problem(_unknown_column(network, header), *here))
            continue
        name, factor = known[key]
        ids = _ids(network, name) if owner else ()
        if owner and owner not in ids:
            near = nearest(owner, ids)
            problems.append(
                Problem(f"no {_AXES[name]} {owner!r}" + (f" (did you mean {near}?)" if near else ""), *here)
            )
            continue
        values = frame[frame.columns[position]].to_numpy(dtype=np.float64) * factor
        if np.isnan(values).any():
            row = int(np.flatnonzero(np.isnan(values))[0])
            message = f"{int(np.isnan(values).sum())} gaps; the first in row {row + 1}"
            problems.append(Problem(message, path, row + 2 if path else None, here[2], header))
        columns[name, owner] = values
    return columns, time


def _unknown_column(network: Network, header: str) -> str:
    if header in (*network.consumer_ids, *network.producer_ids):
        key = "heat_kw" if header in network.consumer_ids else "temp_supply_c"
        return f"of what, and in which unit? Call it {header}.{key}, for example"
    return f"unknown column: {_FORMS}"


def _from_frames(
    network: Network, frames: Mapping[str, pd.DataFrame | pd.Series], problems: list[Problem]
) -> tuple[_Columns, pd.Index]:
    columns: _Columns = {}
    time: pd.Index | None = None
    for name, frame in frames.items():
        if name not in {"heat_rel", "lift_pa", "temp_ground_c", "temp_air_c", *_AXES}:
            known = ", ".join((*_AXES, "heat_rel", "lift_pa", "temp_ground_c", "temp_air_c"))
            problems.append(Problem(f"unknown quantity (known: {known})", key=name))
            continue
        if time is not None and not time.equals(frame.index):
            problems.append(Problem("its index differs from the one before it", key=name))
        time = frame.index if time is None else time
        if isinstance(frame, pd.Series):
            columns[name, ""] = frame.to_numpy(dtype=np.float64)
            continue
        ids = _ids(network, name)
        strange = [str(column) for column in frame.columns if column not in ids]
        if strange:
            problems.append(Problem(f"no {_AXES.get(name, 'such column')} {', '.join(strange)}", key=name))
            continue
        columns |= {(name, str(column)): frame[column].to_numpy(dtype=np.float64) for column in frame.columns}
    return columns, pd.RangeIndex(0) if time is None else time


def _ids(network: Network, name: str) -> tuple[str, ...]:
    return {"consumer": network.consumer_ids, "producer": network.producer_ids}.get(_AXES.get(name, ""), ())


def _step_s(time: pd.Index, path: str, problems: list[Problem]) -> float | None:
    if not isinstance(time, pd.DatetimeIndex) or len(time) < 2:
        return None
    steps = np.diff(time.to_numpy()) / np.timedelta64(1, "s")
    uneven = np.flatnonzero(steps != steps[0])
    if uneven.size or not steps[0] > 0.0:
        row = int(uneven[0]) + 1 if uneven.size else 1
        message = f"the moments must rise by even steps ({steps[0]:g} s, then {steps[row - 1]:g} s at {time[row]})"
        problems.append(Problem(message, path, row + 2 if path else None, None, TIME))
        return None
    return float(steps[0])


def _arrays(network: Network, columns: _Columns, n_time: int) -> dict[str, Floats]:
    """Return each quantity as one array; ids without a column keep the network's value."""
    arrays: dict[str, Floats] = {}
    fixed = {
        "heat_w": network.consumers.heat_w,
        "mass_flow_kg_s": network.consumers.mass_flow_kg_s,
        "temp_supply_c": network.producers.temp_supply_c,
    }
    for name, own in fixed.items():
        named = {owner: values for (quantity, owner), values in columns.items() if quantity == name}
        if not named:
            continue
        array = np.broadcast_to(own, (n_time, own.size)).copy()
        if "" in named:
            array[:] = named.pop("")[:, None]
        for owner, values in named.items():
            array[:, _ids(network, name).index(owner)] = values
        arrays[name] = array
    for name in ("lift_pa", "temp_ground_c", "temp_air_c"):
        if (name, "") in columns:
            arrays[name] = columns[name, ""]
    if ("heat_rel", "") in columns:
        heat = arrays.get("heat_w", np.broadcast_to(network.consumers.heat_w, (n_time, len(network.consumer_ids))))
        arrays["heat_w"] = heat * columns["heat_rel", ""][:, None]
    return arrays


def _check(arrays: Mapping[str, Floats], path: str, problems: list[Problem]) -> None:
    for name, lowest in (("heat_w", 0.0), ("mass_flow_kg_s", 0.0), ("temp_supply_c", 0.0), ("lift_pa", 0.0)):
        if name in arrays and np.any(arrays[name] < lowest):
            row = int(np.argwhere(arrays[name] < lowest)[0][0])
            problems.append(Problem(f"{name} must not be below 0", path, row + 2 if path else None))
