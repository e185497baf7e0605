"""A detailed building as one consumer, and behind a group substation.

`building_behind` couples one way: the substation's run says with what temperature and pressure the water comes; what
the building does with it does not reach back to the substation, whose own, simpler building stands in its place there.
How far both agree in flow, return and heat is the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dhsim.engine.circuit import simulate_building
from dhsim.engine.circuit_drive import BuildingDrive, PumpLaw, supply_series
from dhsim.engine.circuit_graph import Friction
from dhsim.engine.circuit_run import BuildingRun
from dhsim.engine.circuit_truth import building_flows, radiator_heat_w
from dhsim.errors import DhsimError
from dhsim.model.building import Building
from dhsim.model.system import Floats
from dhsim.model.zones import BuildingZones
from dhsim.physics.mixing import mixed_temp_c
from dhsim.solution import Solution


class ConsumerPoint(NamedTuple):
    """A building seen from outside, at given conditions and at rest."""

    mass_flow_kg_s: float
    temp_return_c: float
    """NaN where nothing flows."""
    heat_w: float
    conductance_kg_s_pa05: float
    """Flow over the root of the pressure difference; it moves with the heads, and a little with the flow."""
    dp_pa: float
    heat_zone_w: Floats
    """(n_zone,)"""


@dataclass(frozen=True)
class BehindSubstation:
    """A detailed building on the water of a substation's run, beside that run's own building; arrays (n_time,)."""

    run: BuildingRun
    mass_flow_detailed_kg_s: Floats
    """From the secondary network, before the mixing of a jet pump."""
    mass_flow_substation_kg_s: Floats
    temp_return_detailed_c: Floats
    temp_return_substation_c: Floats
    heat_detailed_w: Floats
    heat_substation_w: Floats

    @property
    def heat_ratio_rel(self) -> float:
        """Return the detailed building's heat over the one of the substation's run [-]."""
        return float(self.heat_detailed_w.sum() / self.heat_substation_w.sum())

    @property
    def temp_return_difference_k(self) -> float:
        """Return by how much the detailed building's return is warmer, weighted with its flow [K]."""
        flowing = np.isfinite(self.temp_return_detailed_c)
        weight = self.mass_flow_detailed_kg_s[flowing]
        apart = (self.temp_return_detailed_c - self.temp_return_substation_c)[flowing]
        return float(weight @ apart / weight.sum())


def building_as_consumer(
    building: Building,
    zones: BuildingZones,
    temp_supply_c: float,
    *,
    temp_zone_c: ArrayLike = 21.0,
    dp_pa: float | None = None,
    friction: Friction = "colebrook",
) -> ConsumerPoint:
    """Condense a building to flow, return temperature and heat at given conditions.

    Parameters
    ----------
    building, zones
        The building; heads that are on stand as they would after a long time in these zones.
    temp_supply_c
        Supply [degC].
    temp_zone_c
        Zones, one or one a zone [degC].
    dp_pa
        Pressure difference at its entry [Pa]; None: the building's own pump.
    friction
        Law of the pipes, as in `graph_of`.

    Returns
    -------
    ConsumerPoint
        For a consumer of the network: the first three, or the conductance for a pressure-driven one.
    """
    flows = building_flows(building, zones, temp_zone_c=temp_zone_c, dp_pa=dp_pa, friction=friction)
    heat_w = radiator_heat_w(building, zones, flows.mass_flow_radiator_kg_s, temp_supply_c, temp_zone_c)
    capacity_w_k = building.fluid.heat_capacity_j_kgk * flows.mass_flow_kg_s
    return ConsumerPoint(
        mass_flow_kg_s=flows.mass_flow_kg_s,
        temp_return_c=temp_supply_c - float(heat_w.sum()) / capacity_w_k if capacity_w_k > 0.0 else np.nan,
        heat_w=float(heat_w.sum()),
        conductance_kg_s_pa05=flows.mass_flow_kg_s / np.sqrt(flows.dp_pa) if flows.dp_pa > 0.0 else 0.0,
        dp_pa=flows.dp_pa,
        heat_zone_w=np.bincount(zones.radiators.zone, heat_w, len(zones.zone_ids)).astype(np.float64),
    )


def building_behind(
    solution: Solution,
    building_id: str,
    building: Building,
    zones: BuildingZones,
    *,
    mixing_ratio_jet: float = 0.0,
    dp_of_solution: bool = False,
    heat_gain_w: ArrayLike = 0.0,
    temp_start_c: ArrayLike = 21.0,
    save: tuple[str, ...] = ("temp_zone_c",),
    friction: Friction = "colebrook",
) -> BehindSubstation:
    """Run a detailed building on the water that a substation's run delivers to one of its buildings; one way.

    Parameters
    ----------
    solution
        A run of the substation.
    building_id
        Whose water the detailed building gets.
    building, zones
        The detailed building.
    mixing_ratio_jet
        Of the jet pump at its entry, return over supply water [-]; 0 for none. The return that it mixes in is the
        substation's building's, the flow that comes from the network the circuit's over one plus this.
    dp_of_solution
        Whether the pressure difference of the run drives the circuit; otherwise its own pump does. Not with a jet pump.
    heat_gain_w
        People and appliances, as in `BuildingDrive` [W].
    temp_start_c
        As in `simulate_building` [degC].
    save, friction
        As in `simulate_building`.

    Returns
    -------
    BehindSubstation
        The detailed run, and both buildings side by side.

    Raises
    ------
    DhsimError
        If the run has no such building, or both a jet pump and the run's pressure are asked for.
    """
    if building_id not in solution.building_ids:
        raise DhsimError(f"no building {building_id!r} in this run (it has {', '.join(solution.building_ids)})")
    if dp_of_solution and mixing_ratio_jet > 0.0:
        raise DhsimError("behind a jet pump the network's pressure does not drive the circuit: dp_of_solution=False")
    column = solution.building_ids.index(building_id)
    arrives_c, returns_c, dp_pa, flow_kg_s, heat_w = (
        np.asarray(solution.arrays[name][:, column])
        for name in (
            "temp_supply_building_c",
            "temp_return_building_c",
            "dp_building_pa",
            "mass_flow_building_kg_s",
            "heat_flow_sh_w",
        )
    )
    share = mixing_ratio_jet / (1.0 + mixing_ratio_jet)
    drive = BuildingDrive(
        solution.arrays["temp_outdoor_c"][:, 0],
        supply_series(np.asarray(mixed_temp_c(arrives_c, returns_c, share))),
        heat_gain_w,
        solution.arrays["irradiance_w_m2"][:, 0],
        PumpLaw(dp_pa) if dp_of_solution else None,
    )
    run = simulate_building(
        building, zones, drive, solution.step_s, temp_start_c=temp_start_c, save=save, friction=friction
    )
    return BehindSubstation(
        run=run,
        mass_flow_detailed_kg_s=run["mass_flow_kg_s"] / (1.0 + mixing_ratio_jet),
        mass_flow_substation_kg_s=flow_kg_s,
        temp_return_detailed_c=run["temp_return_c"],
        temp_return_substation_c=returns_c,
        heat_detailed_w=run["heat_water_w"],
        heat_substation_w=heat_w,
    )
