"""A detailed building condensed to a consumer of the network; see `dhsim.engine.detailed` for both run together."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dhsim.engine.circuit_graph import Friction
from dhsim.engine.circuit_truth import building_flows, radiator_heat_w
from dhsim.model.building import Building
from dhsim.model.system import Floats
from dhsim.model.zones import BuildingZones


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
