"""What a round of balancing leaves in its folder: series, posterior and settings, each in one file that is whole."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import pandas as pd

from dhsim.balancing.flags import Flag
from dhsim.balancing.flow_response import FlowResponse
from dhsim.balancing.posterior import Posterior
from dhsim.balancing.prior import ThetaPrior
from dhsim.balancing.sensor_data import SensorSeries
from dhsim.errors import DhsimError

_SERIES = ("temp_zone_c", "temp_supply_c", "temp_outdoor_c")
_POSTERIOR = tuple(
    name for name in get_type_hints(Posterior) if name not in ("zone_ids", "method", "step_s", "prior", "flags")
)
_RESPONSE = tuple(
    name for name in get_type_hints(FlowResponse) if name not in ("zone_ids", "heat_capacity_j_kgk", "flags")
)
_MODE = 0o644


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file beside its place and move it there when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(_MODE)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def write_json(path: Path, content: Any) -> None:
    """Write JSON that people can read."""
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    write_bytes(path, f"{text}\n".encode())


def write_arrays(path: Path, **arrays: Any) -> None:
    """Write arrays into one compressed file."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    write_bytes(path, buffer.getvalue())


def read_arrays(path: Path) -> dict[str, Any]:
    """Return the arrays of a file.

    Raises
    ------
    DhsimError
        If the file is missing or broken.
    """
    try:
        with np.load(path, allow_pickle=False) as found:
            return {name: found[name] for name in found.files}
    except (OSError, ValueError) as error:
        raise DhsimError(f"{path}: missing or broken ({error}): run `dhsim balance fit` again") from error


def flags_to_rows(flags: tuple[Flag, ...]) -> list[dict[str, Any]]:
    """Return flags as JSON can hold them: a value that is no number as null."""
    return [
        {**dataclasses.asdict(flag), "value": float(flag.value) if np.isfinite(flag.value) else None} for flag in flags
    ]


def flags_from_rows(rows: list[dict[str, Any]]) -> tuple[Flag, ...]:
    """Return the flags that `flags_to_rows` wrote."""
    return tuple(
        Flag(row["kind"], row["zone"], row["message"], float("nan") if row["value"] is None else float(row["value"]))
        for row in rows
    )


def write_posterior(path: Path, fit: Posterior) -> None:
    """Write a posterior with its draws."""
    arrays = {name: getattr(fit, name) for name in _POSTERIOR if getattr(fit, name) is not None}
    mean, sd = (np.broadcast_to(side, len(fit.zone_ids)) for side in fit.prior)
    told = json.dumps({"method": fit.method, "step_s": fit.step_s, "flags": flags_to_rows(fit.flags)})
    write_arrays(
        path, zone_ids=np.array(fit.zone_ids), prior_mean_per_s=mean, prior_sd_per_s=sd, told=np.array(told), **arrays
    )


def read_posterior(path: Path) -> Posterior:
    """Return the posterior of a file."""
    found = read_arrays(path)
    told = json.loads(str(found["told"]))
    arrays: dict[str, Any] = {name: found.get(name) for name in _POSTERIOR}
    return Posterior(
        zone_ids=tuple(str(name) for name in found["zone_ids"]),
        method=told["method"],
        step_s=float(told["step_s"]),
        prior=ThetaPrior(found["prior_mean_per_s"], found["prior_sd_per_s"]),
        flags=flags_from_rows(told["flags"]),
        **arrays,
    )


def write_response(path: Path, fit: FlowResponse) -> None:
    """Write the fit of several rounds together, with its draws."""
    told = json.dumps({"heat_capacity_j_kgk": fit.heat_capacity_j_kgk, "flags": flags_to_rows(fit.flags)})
    arrays = {name: getattr(fit, name) for name in _RESPONSE}
    write_arrays(path, zone_ids=np.array(fit.zone_ids), told=np.array(told), **arrays)


def read_response(path: Path) -> FlowResponse:
    """Return the fit of several rounds of a file."""
    found = read_arrays(path)
    told = json.loads(str(found["told"]))
    arrays: dict[str, Any] = {name: found[name] for name in _RESPONSE}
    return FlowResponse(
        zone_ids=tuple(str(name) for name in found["zone_ids"]),
        heat_capacity_j_kgk=float(told["heat_capacity_j_kgk"]),
        flags=flags_from_rows(told["flags"]),
        **arrays,
    )


def write_series(path: Path, series: SensorSeries) -> None:
    """Write sensor series."""
    told = json.dumps({"step_s": series.step_s, "flags": flags_to_rows(series.flags)})
    arrays = {name: getattr(series, name) for name in _SERIES}
    stamps = series.time.as_unit("ns").asi8
    write_arrays(path, time_ns=stamps, zone_ids=np.array(series.zone_ids), told=np.array(told), **arrays)


def read_series(path: Path) -> SensorSeries:
    """Return the series of a file."""
    found = read_arrays(path)
    told = json.loads(str(found["told"]))
    return SensorSeries(
        time=pd.DatetimeIndex(pd.to_datetime(found["time_ns"], unit="ns", utc=True)),
        step_s=float(told["step_s"]),
        zone_ids=tuple(str(name) for name in found["zone_ids"]),
        flags=flags_from_rows(told["flags"]),
        **{name: found[name] for name in _SERIES},
    )
