"""What a building's circuit is made of: edges of three kinds as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dhsim.network.parts import Floats, Fluid, Ints


class EdgeKind(IntEnum):
    """What an edge is."""

    PIPE = 0
    """A length of pipe with friction, or a fixed resistance."""
    RADIATOR = 1
    """A fixed resistance that heats a zone; NaN until it is fitted to a protocol."""
    VALVE = 2
    """A resistance that can be set between two bounds."""


@dataclass(frozen=True, eq=False)
class Edges:
    """The edges of a circuit and its pump; arrays of shape (n_edge,), NaN where an edge has no such thing."""

    kind: Ints
    """EdgeKind"""
    upstream: Ints
    """Node that the water comes from, 0 to n_node - 1."""
    downstream: Ints
    resistance_pa_s2_m6: Floats
    """Pressure drop over volume flow squared of radiators, valves as they are set, and pipes without a length."""
    length_m: Floats
    diameter_m: Floats
    roughness_m: Floats
    zone: Ints
    """Zone that a radiator heats, 0 to n_zone - 1; -1 for pipes and valves."""
    resistance_min_pa_s2_m6: Floats
    """Of a valve that is fully open."""
    resistance_max_pa_s2_m6: Floats
    """Of a valve at its smallest setting."""
    outlet: int
    """Node at the pump's outlet."""
    inlet: int
    """Node at the pump's inlet."""
    dp_pump_pa: float
    fluid: Fluid
    node_ids: tuple[str, ...]
    edge_ids: tuple[str, ...]
    zone_ids: tuple[str, ...]

    @cached_property
    def is_pipe(self) -> NDArray[np.bool_]:
        """Whether an edge is a pipe, shape (n_edge,)."""
        return np.equal(self.kind, EdgeKind.PIPE)

    @cached_property
    def is_radiator(self) -> NDArray[np.bool_]:
        """Whether an edge is a radiator, shape (n_edge,)."""
        return np.equal(self.kind, EdgeKind.RADIATOR)

    @cached_property
    def is_valve(self) -> NDArray[np.bool_]:
        """Whether an edge is a valve, shape (n_edge,)."""
        return np.equal(self.kind, EdgeKind.VALVE)

    @cached_property
    def radiators(self) -> Ints:
        """Edges that are radiators."""
        return np.flatnonzero(self.is_radiator)

    @cached_property
    def valves(self) -> Ints:
        """Edges that are valves, in the order in which settings are given."""
        return np.flatnonzero(self.is_valve)

    @cached_property
    def frictional(self) -> NDArray[np.bool_]:
        """Whether an edge is a pipe with a length, shape (n_edge,)."""
        return self.is_pipe & np.isfinite(self.length_m)

    @property
    def n_zone(self) -> int:
        """Number of zones."""
        return len(self.zone_ids)

    @property
    def valve_ids(self) -> tuple[str, ...]:
        """Names of the valves."""
        return tuple(self.edge_ids[e] for e in self.valves)

    @property
    def resistance_valves_pa_s2_m6(self) -> Floats:
        """How the valves are set, shape (n_valve,) [Pa s2/m6]."""
        return self.resistance_pa_s2_m6[self.valves]
