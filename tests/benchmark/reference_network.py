"""The secondary network of the reference stepper: NumPy sweeps over the levels of the tree.

Shares nothing with dhsim.network but its documented equations and the formulas of dhsim.physics.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dhsim.model.system import Substation, System
from dhsim.physics.friction import pressure_drop_pa
from dhsim.physics.pipe import outlet_temp_c

Floats = NDArray[np.float64]
COLEBROOK_CONSTANT = 3.71
ITERATIONS_MAX = 200
TOLERANCE_REL = 2e-14


class Tree:
    """Pipes by their distance from the root: what stands on one level depends on the level above only."""

    def __init__(self, system: System) -> None:
        self.pipes, self.node = system.pipes, system.buildings.node
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
        self.buried = self.pipes.buried == 1
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

    def supply(self, temp_source_c: float, ambient: Floats) -> tuple[Floats, float]:
        """Return the supply temperature at every node [degC] and the heat lost on the way [W]."""
        pipes, cp, flow = self.pipes, self.substation.heat_capacity_water_j_kgk, self.flow_pipe
        temp = np.empty(self.n_node)
        temp[0] = temp_source_c
        for pipe, upstream, end in self.levels:
            temp[end] = outlet_temp_c(
                temp[upstream], ambient[pipe], flow[pipe], pipes.u_supply_w_mk[pipe], pipes.length_m[pipe], cp
            )
        return temp, float(np.sum(flow * cp * (temp[pipes.node_start] - temp[1:])))

    def back(
        self, mass_kg_s: Floats, temp_return_c: Floats, ambient: Floats, temp_ground_c: float
    ) -> tuple[float, Floats, float]:
        """Return the mixed return at the root [degC], each pipe's at its upstream end [degC], and the heat lost [W].

        `mass_kg_s` and `temp_return_c` are the buildings'. Without flow the root has the ground's temperature and a
        pipe that of its surroundings.
        """
        pipes, cp, flow = self.pipes, self.substation.heat_capacity_water_j_kgk, self.flow_pipe
        mass, warmth = self.at_nodes(mass_kg_s), self.at_nodes(mass_kg_s * temp_return_c)
        delivered, loss = ambient.copy(), 0.0
        for level, starts, ends in reversed(self.levels):
            flowing = (flow[level] > 0.0) & (mass[ends] > 0.0)
            pipe, upstream, end = level[flowing], starts[flowing], ends[flowing]
            if not pipe.size:
                continue
            inlet = warmth[end] / mass[end]
            outlet = outlet_temp_c(
                inlet, ambient[pipe], flow[pipe], pipes.u_return_w_mk[pipe], pipes.length_m[pipe], cp
            )
            delivered[pipe] = outlet
            loss += float(np.sum(flow[pipe] * cp * (inlet - outlet)))
            np.add.at(warmth, upstream, flow[pipe] * outlet)
            np.add.at(mass, upstream, flow[pipe])
        return (warmth[0] / mass[0] if mass[0] > 0.0 else temp_ground_c), delivered, loss
