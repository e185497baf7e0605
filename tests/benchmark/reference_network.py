"""The secondary network of the reference stepper: NumPy sweeps over the levels of the tree.

Shares nothing with dhsim.network but its documented equations and the formulas of dhsim.physics.
"""

from __future__ import annotations

import math

import numpy as np

from dhsim.model.system import Substation, System
from dhsim.physics.friction import pressure_drop_pa
from tests.benchmark.reference_pipes import Floats, Water

COLEBROOK_CONSTANT = 3.71
ITERATIONS_MAX = 200
TOLERANCE_REL = 2e-14


class Tree:
    """Pipes by their distance from the root: what stands on one level depends on the level above only."""

    def __init__(self, system: System, temp_supply_c: float, temp_return_c: float) -> None:
        self.pipes, self.node = system.supply, system.buildings.node
        self.substation: Substation = system.substation
        start = self.pipes.node_start
        self.n_node = start.size + 1
        depth = np.zeros(self.n_node, dtype=np.int64)
        for pipe, upstream in enumerate(start):
            depth[pipe + 1] = depth[upstream] + 1
        # of each level: its pipes, the node a pipe starts from, and the one it ends in
        self.levels = [
            (pipe, start[pipe], pipe + 1)
            for pipe in (np.flatnonzero(depth[1:] == level) for level in range(1, int(depth.max()) + 1))
        ]
        self.first = int(np.argmax(start == 0)) if start.size else -1
        self.buried = self.pipes.buried == 1
        self.water_out = Water(system.supply, self.substation, temp_supply_c)
        self.water_back = Water(system.return_line, self.substation, temp_return_c)
        self.inlet_out, self.inlet_back = np.zeros(start.size), np.zeros(start.size)
        self.prepared_for: Floats | None = None
        self.flow_pipe = np.zeros(start.size)
        self.flow_jet = np.zeros(self.node.size)
        self.dp_consumer = np.zeros(self.node.size)

    def at_nodes(self, values: Floats) -> Floats:
        """Return the sum of the buildings' values at each node."""
        return np.asarray(np.bincount(self.node, weights=values, minlength=self.n_node), dtype=np.float64)

    def solve(self, dp_pa: float, conductance: Floats, draw: Floats) -> float:
        """Set the flows that a header dp [Pa] drives, and return their sum [kg/s]; the last flows are the first guess.

        Every branch is r m^2. Seen from above, a pipe r with a conductance K behind it conducts K / sqrt(1 + r K^2).
        """
        if dp_pa <= 0.0:
            self.flow_pipe[:], self.flow_jet[:], self.dp_consumer[:] = 0.0, 0.0, 0.0
            return float(draw.sum())
        for _ in range(ITERATIONS_MAX):
            guess = np.where(self.flow_pipe > 0.0, np.maximum(self.flow_pipe, 1e-9), 1.0)
            resistance = 2.0 * self._drop_pa(guess) / (guess * guess)
            seen_dp = np.where(self.dp_consumer > 1.0, self.dp_consumer, dp_pa)
            below = self.at_nodes(conductance + draw / np.sqrt(seen_dp))
            for pipe, upstream, end in reversed(self.levels):
                k = below[end]
                np.add.at(below, upstream, k / np.sqrt(1.0 + resistance[pipe] * k * k))
            dp_node = np.empty(self.n_node)
            dp_node[0] = dp_pa
            flow = np.empty_like(self.flow_pipe)
            for pipe, upstream, end in self.levels:
                k = below[end]
                dp_node[end] = dp_node[upstream] / (1.0 + resistance[pipe] * k * k)
                flow[pipe] = k * np.sqrt(dp_node[end])
            dp_consumer = dp_node[self.node]
            change = max(
                np.max(np.abs(flow - self.flow_pipe) / np.maximum(flow, 1e-6)),
                np.max(np.abs(dp_consumer - self.dp_consumer)) / dp_pa,
            )
            self.flow_pipe, self.dp_consumer = flow, dp_consumer
            if change < TOLERANCE_REL:
                break
        self.flow_jet = conductance * np.sqrt(self.dp_consumer)
        return float(self.flow_jet.sum() + draw.sum())

    def _drop_pa(self, flow_kg_s: Floats) -> Floats:
        pipes, water = self.pipes, self.substation
        return pressure_drop_pa(
            flow_kg_s,
            pipes.length_m,
            pipes.diameter_m,
            pipes.roughness_m,
            pipes.zeta,
            water.density_water_kg_m3,
            water.viscosity_water_pa_s,
            COLEBROOK_CONSTANT,
        )

    def ambient(self, temp_ground_c: float, temp_outdoor_c: float) -> Floats:
        """Return what surrounds each pipe [degC]."""
        return np.where(self.buried, temp_ground_c, temp_outdoor_c)

    def prepare(self, ambient: Floats, seconds: float) -> None:
        """Find how the pipes' outlets follow their inlets at the present flows, if that is not known."""
        if self.prepared_for is None or not np.array_equal(self.flow_pipe, self.prepared_for):
            self.out = self.water_out.response(self.flow_pipe, ambient, seconds)
            self.home = self.water_back.response(self.flow_pipe, ambient, seconds)
            self.prepared_for = self.flow_pipe.copy()

    def supply(self, temp_source_c: float) -> Floats:
        """Return the supply temperature at every node [degC]: what leaves its pipe, or stands at its end."""
        own, share = self.out
        temp = np.empty(self.n_node)
        temp[0] = temp_source_c
        for pipe, upstream, end in self.levels:
            temp[end] = own[pipe] + share[pipe] * temp[upstream]
        self.inlet_out = temp[self.pipes.node_start]
        return temp

    def back(self, mass_kg_s: Floats, temp_return_c: Floats) -> tuple[float, Floats]:
        """Return the mixed return at the root, and each pipe's where it leaves the pipe [degC].

        `mass_kg_s` and `temp_return_c` are the buildings'. Without flow the root has what stands in its first pipe, and
        without a pipe either NaN.
        """
        own, share = self.home
        mass, warmth = self.at_nodes(mass_kg_s), self.at_nodes(mass_kg_s * temp_return_c)
        delivered = own.copy()
        for level, starts, ends in reversed(self.levels):
            flowing = (self.flow_pipe[level] > 0.0) & (mass[ends] > 0.0)
            pipe, upstream, end = level[flowing], starts[flowing], ends[flowing]
            self.inlet_back[pipe] = warmth[end] / mass[end]
            delivered[pipe] += share[pipe] * self.inlet_back[pipe]
            np.add.at(warmth, upstream, self.flow_pipe[pipe] * delivered[pipe])
            np.add.at(mass, upstream, self.flow_pipe[pipe])
        standing = float(delivered[self.first]) if delivered.size else math.nan
        return (warmth[0] / mass[0] if mass[0] > 0.0 else standing), delivered

    def move(self, ambient: Floats, seconds: float) -> tuple[float, float]:
        """Move the water as the last sweeps had it; return the heat lost and the rise of what is stored [J]."""
        out = self.water_out.advance(self.flow_pipe, self.inlet_out, ambient, seconds)
        home = self.water_back.advance(self.flow_pipe, self.inlet_back, ambient, seconds)
        self.prepared_for = None
        return out[0] + home[0], out[1] + home[1]
