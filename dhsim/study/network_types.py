"""What a study of a network holds: one state, a history, a sizing, a list of throttles; each with its frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from dhsim.build.network import PipeSigns
from dhsim.errors import Status
from dhsim.network.limits import LimitWarning
from dhsim.network.parts import Floats, Ints, Network, NetworkState
from dhsim.quantities import unit_of_name
from dhsim.scenario.network_schema import NetworkScenario
from dhsim.units import J_PER_KWH


class NetworkBalance(NamedTuple):
    """What goes in against what comes out; scalars."""

    mass_residual_kg_s: float
    """Largest of all nodes of both lines"""
    heat_produced_w: float
    heat_consumed_w: float
    heat_lost_w: float

    @property
    def heat_residual_w(self) -> float:
        """Produced less consumed less lost [W]."""
        return self.heat_produced_w - self.heat_consumed_w - self.heat_lost_w

    @property
    def heat_residual_rel(self) -> float:
        """The same over what was produced [-]."""
        return self.heat_residual_w / max(abs(self.heat_produced_w), 1e-9)


@dataclass(frozen=True)
class NetworkSolution:
    """One state of a network in frames; SI units with degC, overpressures, flows from a pipe's start to its end."""

    network: Network
    state: NetworkState
    status: Status
    nodes: pd.DataFrame
    """index node: kind, label, place, pressures and temperatures of both lines"""
    pipes: pd.DataFrame
    """index pipe: one row a trench, with the supply line's figures and those of the return line"""
    consumers: pd.DataFrame
    producers: pd.DataFrame
    elements: pd.DataFrame
    """valves, check valves and pumps in lines; `passage`: the open way beside one of them in the other line"""
    warnings: tuple[LimitWarning, ...]
    balance: NetworkBalance
    temp_highest_c: float
    """Supply temperature at which the water must not boil"""
    scenario: NetworkScenario | None = None
    """What was said, where the network was read from a file"""

    def __repr__(self) -> str:
        return (
            f"NetworkSolution({self.network.name!r}, {len(self.pipes)} pipes, {len(self.consumers)} consumers, "
            f"{len(self.warnings)} warnings, {self.status!r})"
        )


_IDS_OF = {
    "mass_flow_supply_kg_s": "supply",
    "mass_flow_return_kg_s": "return",
    "mass_flow_element_kg_s": "element",
    "mass_flow_consumer_kg_s": "consumer",
    "mass_flow_producer_kg_s": "producer",
    "pressure_supply_pa": "node",
    "pressure_return_pa": "node",
    "temp_supply_c": "node",
    "temp_return_c": "node",
    "temp_outlet_supply_c": "supply",
    "temp_outlet_return_c": "return",
    "heat_loss_supply_w": "supply",
    "heat_loss_return_w": "return",
    "heat_consumer_w": "consumer",
    "temp_return_consumer_c": "consumer",
    "heat_producer_w": "producer",
    "temp_return_producer_c": "producer",
}


@dataclass(frozen=True)
class NetworkHistory:
    """What happened in a network over time."""

    network: Network
    time: pd.Index
    """Moments, or seconds from the start where none were given"""
    step_s: float
    is_plug_flow: bool
    arrays: Mapping[str, Floats]
    """(n_time, n) by the names of `NetworkState`, those that were kept; pipes as the solver has them, see `frame`"""
    status: Ints
    """(n_time,)"""
    heat_produced_j: float
    heat_consumed_j: float
    heat_lost_j: float
    heat_stored_j: float
    """Growth of the heat content of the pipes, in plug flow"""
    signs: PipeSigns

    def frame(self, name: str) -> pd.DataFrame:
        """Return one quantity over time, a column an id; pipes' flows from start to end as the user said it.

        Raises
        ------
        KeyError
            If it was not kept.
        """
        if name not in self.arrays:
            raise KeyError(f"{name!r} was not kept (kept: {', '.join(self.arrays)})")
        network, kind = self.network, _IDS_OF[name]
        ids = {
            "supply": network.supply_ids,
            "return": network.return_ids,
            "element": network.element_ids,
            "consumer": network.consumer_ids,
            "producer": network.producer_ids,
            "node": network.node_ids,
        }[kind]
        values = self.arrays[name]
        if name in ("mass_flow_supply_kg_s", "mass_flow_return_kg_s"):
            values = values * (self.signs.supply if kind == "supply" else self.signs.return_line)
        frame = pd.DataFrame(np.asarray(values), index=self.time, columns=pd.Index(ids, name=kind))
        frame.attrs["unit"] = unit_of_name(name) or "-"
        return frame

    @property
    def totals(self) -> pd.Series[float]:
        """Heat in all [kWh]; what does not balance stands last, over the heat produced [-]."""
        produced_j = self.heat_produced_j
        residual_j = produced_j - self.heat_consumed_j - self.heat_lost_j - self.heat_stored_j
        return pd.Series(
            {
                "heat_produced_kwh": produced_j / J_PER_KWH,
                "heat_consumed_kwh": self.heat_consumed_j / J_PER_KWH,
                "heat_lost_kwh": self.heat_lost_j / J_PER_KWH,
                "heat_stored_kwh": self.heat_stored_j / J_PER_KWH,
                "residual_rel": residual_j / max(abs(produced_j), 1e-9),
            }
        )

    def status_counts(self) -> dict[str, int]:
        """Return in how many steps each flag of `Status` was raised."""
        counts = {
            flag.name or "": int(np.count_nonzero(self.status & int(flag))) for flag in Status if flag is not Status.OK
        }
        return {name: count for name, count in counts.items() if count}


@dataclass(frozen=True)
class NetworkSizing:
    """Which pipes a network should have."""

    pipes: pd.DataFrame
    """index pipe: what was there, what was chosen, and flow, velocity and gradient of both"""
    before: NetworkSolution
    after: NetworkSolution
    """At the design flows, with the pipes chosen"""
    network: Network
    scenario: NetworkScenario | None


@dataclass(frozen=True)
class NetworkThrottling:
    """What to install so that every consumer gets its flow."""

    throttles: pd.DataFrame
    """A row a device: consumer, device, line, number in series, hole or kvs"""
    consumers: pd.DataFrame
    """index consumer: what there is, what is needed, what is to be burnt, the flow that comes out, advice"""
    before: NetworkSolution
    """As it was"""
    design: NetworkSolution
    """Every consumer at its design flow"""
    after: NetworkSolution
    """Driven by the pressure through the throttles: the proof"""
    network: Network
    scenario: NetworkScenario | None
