"""What happened: arrays on the time grid, integrals, events and where it all came from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dhsim.errors import DhsimError, Status
from dhsim.model.system import Floats
from dhsim.quantities import QUANTITIES
from dhsim.units import S_PER_H


class SubstationTotals(NamedTuple):
    """Integrals over time of the substation, one a group of hours (see BoundaryArrays.group)."""

    seconds: float
    heat_primary_j: float
    heat_dhw_j: float
    heat_loss_pipe_j: float
    heat_loss_third_pipe_j: float
    energy_pump_j: float
    energy_pump_water_j: float
    mass_primary_kg: float
    mass_secondary_kg: float
    mass_dhw_primary_kg: float
    mass_temp_return_primary_kgk: float
    mass_temp_supply_secondary_kgk: float
    mass_temp_return_secondary_kgk: float
    temp_supply_primary_ks: float


class BuildingTotals(NamedTuple):
    """Integrals over time of each building, one a group of hours."""

    heat_sh_j: float
    heat_demand_j: float
    """Linear heat load of eq. (1), in the heating season."""
    heat_excess_j: float
    heat_gain_j: float
    heat_solar_j: float
    heat_envelope_j: float
    """Through the walls."""
    heat_ventilation_j: float
    """Ventilation and windows."""
    heat_tap_j: float
    overheating_ks: float
    underheating_ks: float
    seconds_in_band: float
    seconds_counted: float
    """Time counted for comfort (BoundaryArrays.comfort_counted)."""
    temp_indoor_ks: float


SUBSTATION_TOTALS = SubstationTotals._fields
BUILDING_TOTALS = BuildingTotals._fields
EXTREMES = (
    "mass_flow_primary_max_kg_s",
    "mass_flow_secondary_max_kg_s",
    "mass_flow_dhw_primary_max_kg_s",
    "heat_flow_hour_max_w",
    "balance_step_max_j",
)


@dataclass(frozen=True)
class Event:
    """Something that happened at a moment."""

    time: pd.Timestamp
    kind: str
    detail: str


@dataclass(frozen=True)
class Solution:
    """The result of one run; nothing in it refers to the Case."""

    time: pd.DatetimeIndex
    """Start of each step, local standard time."""
    step_s: float
    arrays: Mapping[str, Floats]
    """Quantity name -> (n_time, n_column); see dhsim.quantities."""
    building_ids: tuple[str, ...]
    pipe_ids: tuple[str, ...]
    totals: Mapping[str, Floats]
    """SUBSTATION_TOTALS: (N_GROUP,); BUILDING_TOTALS: (N_GROUP, n_building)."""
    extremes: Mapping[str, float]
    temp_indoor_min_c: Floats
    """(n_building,), over the time counted for comfort"""
    temp_indoor_max_c: Floats
    store_change_j: Floats
    """(n_building,): heat in rooms and walls, end minus start."""
    store_change_pipes_j: float
    """Heat in the pipes of the secondary network, end minus start."""
    status: NDArray[np.int64]
    """(n_time,) dhsim.errors.Status flags"""
    events: tuple[Event, ...]
    stats: Mapping[str, float]
    provenance: Mapping[str, str]
    flat_ids: tuple[str, ...] = ()
    """Of the buildings in detail: `building/flat`."""
    building_of_flat: tuple[str, ...] = ()

    def __repr__(self) -> str:
        span = f"{self.time[0]:%Y-%m-%d} to {self.time[-1]:%Y-%m-%d}" if len(self.time) else "no time"
        return (
            f"Solution({len(self.time)} steps, {span}, {len(self.building_ids)} buildings, {len(self.arrays)} series)"
        )

    def columns(self, name: str) -> tuple[str, ...]:
        """Return the column names of a quantity."""
        axis = QUANTITIES[name].axis
        known = {"building": self.building_ids, "pipe": self.pipe_ids, "flat": self.flat_ids}
        return known.get(axis, ("substation",))

    def frame(self, name: str) -> pd.DataFrame:
        """Return one quantity as a DataFrame (time x ids) with its unit in `attrs`."""
        if name not in self.arrays:
            raise DhsimError(f"no quantity {name!r} in this solution (it has {', '.join(sorted(self.arrays))})")
        frame = pd.DataFrame(self.arrays[name], index=self.time, columns=list(self.columns(name)))
        frame.attrs.update(unit=QUANTITIES[name].unit, label=QUANTITIES[name].label)
        return frame

    def series(self, name: str) -> pd.Series[float]:
        """Return a substation quantity as a Series."""
        return self.frame(name)["substation"].rename(name)

    def table(self) -> pd.DataFrame:
        """Return everything in one wide DataFrame; columns `quantity` or `quantity:id`."""
        columns: dict[str, NDArray[Any]] = {}
        for name, values in self.arrays.items():
            ids = self.columns(name)
            for index, column in enumerate(ids):
                columns[name if ids == ("substation",) else f"{name}:{column}"] = values[:, index]
        columns["status"] = self.status
        return pd.DataFrame(columns, index=self.time.rename("time"))

    def event_frame(self) -> pd.DataFrame:
        """Return the events as a DataFrame."""
        return pd.DataFrame([(e.time, e.kind, e.detail) for e in self.events], columns=["time", "kind", "detail"])

    def warnings(self) -> dict[str, float]:
        """Return hours a status flag was raised, by the flag's name."""
        hours = {
            flag.name or "": float(np.count_nonzero(self.status & flag)) * self.step_s / S_PER_H
            for flag in Status
            if flag
        }
        return {name: value for name, value in hours.items() if value}

    def save(self, path: str | Path) -> Path:
        """Write the whole Solution to one .npz file."""
        path = Path(path).with_suffix(".npz")
        meta = {
            "start": self.time[0].isoformat(),
            "step_s": self.step_s,
            "building_ids": self.building_ids,
            "pipe_ids": self.pipe_ids,
            "flat_ids": self.flat_ids,
            "building_of_flat": self.building_of_flat,
            "extremes": dict(self.extremes),
            "store_change_pipes_j": self.store_change_pipes_j,
            "events": [(e.time.isoformat(), e.kind, e.detail) for e in self.events],
            "stats": dict(self.stats),
            "provenance": dict(self.provenance),
        }
        fixed = {
            "temp_indoor_min_c": self.temp_indoor_min_c,
            "temp_indoor_max_c": self.temp_indoor_max_c,
            "store_change_j": self.store_change_j,
            "status": self.status,
        }
        named: dict[str, Any] = {f"array/{k}": v for k, v in self.arrays.items()}
        named |= {f"total/{k}": v for k, v in self.totals.items()} | {f"fixed/{k}": v for k, v in fixed.items()}
        np.savez_compressed(path, meta=np.array(json.dumps(meta)), **named)
        return path

    @classmethod
    def load(cls, path: str | Path) -> Solution:
        """Read what `save` wrote."""
        with np.load(path) as file:
            meta = json.loads(str(file["meta"]))
            parts: dict[str, dict[str, Any]] = {"array": {}, "total": {}, "fixed": {}}
            for key in file.files:
                if key != "meta":
                    kind, name = key.split("/", 1)
                    parts[kind][name] = file[key]
        n_time = len(parts["fixed"]["status"])
        time = pd.date_range(meta["start"], periods=n_time, freq=pd.Timedelta(seconds=meta["step_s"]))
        return cls(
            time=time,
            step_s=meta["step_s"],
            arrays=parts["array"],
            building_ids=tuple(meta["building_ids"]),
            pipe_ids=tuple(meta["pipe_ids"]),
            flat_ids=tuple(meta.get("flat_ids", ())),
            building_of_flat=tuple(meta.get("building_of_flat", ())),
            totals=parts["total"],
            extremes=meta["extremes"],
            events=tuple(Event(pd.Timestamp(t), kind, detail) for t, kind, detail in meta["events"]),
            stats=meta["stats"],
            provenance=meta["provenance"],
            store_change_pipes_j=meta["store_change_pipes_j"],
            **parts["fixed"],
        )
