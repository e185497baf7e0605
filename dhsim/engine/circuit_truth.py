"""The hidden truth of a simulated building, for trying identification and rebalancing against it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dhsim.engine.circuit_flow import DP, FLOW, SOLVES, find_flows
from dhsim.engine.circuit_graph import Friction, graph_of
from dhsim.engine.circuit_run import BuildingRun
from dhsim.engine.circuit_setup import parts_of_building
from dhsim.engine.circuit_state import empty_work, start_state
from dhsim.errors import ConvergenceError, DhsimError
from dhsim.model.building import Building
from dhsim.model.system import Floats
from dhsim.model.zones import BuildingZones
from dhsim.physics.radiator import heat_flow_w
from dhsim.physics.trv import conductance_share_rel, opening_rel


class BuildingFlows(NamedTuple):
    """Flows of a building at one instant."""

    mass_flow_radiator_kg_s: Floats
    mass_flow_zone_kg_s: Floats
    """(n_zone,): the zone's radiators together"""
    mass_flow_kg_s: float
    """Through the pump."""
    dp_pa: float


class TrueParameters(NamedTuple):
    """Eqs. (7) to (10) of doi 10.1016/j.enbuild.2025.116464 for a simulated building; arrays of shape (n_zone,)."""

    theta_per_s: Floats
    """Thermal leakage: conductance to the outdoor air over heat capacity."""
    nu_per_s: Floats
    """Heat supply at these flows: radiator heat over heat capacity and over supply minus zone temperature."""
    temp_rise_k_j: Floats
    """C: one over the heat capacity."""
    mass_flow_zone_kg_s: Floats
    ua_zone_w_k: Floats
    """Q L m of the one radiator that gives the zone's heat at the zone's flow."""
    ntu: Floats
    """Its transfer units, UA over the water's capacity flow; infinite where nothing flows."""
    coupling_per_s: Floats
    """Conductance to all neighbours over heat capacity, which the paper's model does not have."""


class SensorReadings(NamedTuple):
    """What sensors would have said; rows are readings."""

    time_s: Floats
    """Since the start of the run."""
    temp_zone_c: Floats
    """(n_reading, n_zone)"""
    temp_supply_c: Floats
    temp_return_c: Floats
    """NaN where nothing flowed."""
    temp_outdoor_c: Floats


def building_flows(
    building: Building,
    zones: BuildingZones,
    *,
    temp_zone_c: ArrayLike | None = None,
    dp_pa: float | None = None,
    friction: Friction = "colebrook",
) -> BuildingFlows:
    """Return the flows of a building.

    Parameters
    ----------
    building, zones
        The circuit; radiators and heads.
    temp_zone_c
        Temperatures at which the heads have settled, one or one a zone [degC]; None: all heads off.
    dp_pa
        Rise of the pump [Pa]; None: the building's own.
    friction
        Law of the pipes, as in `graph_of`.

    Returns
    -------
    BuildingFlows
        By radiator, by zone, and the whole.

    Raises
    ------
    ConvergenceError
        If no flows were found.
    """
    graph = graph_of(building, friction)
    parts = parts_of_building(graph, zones)
    rooms = np.broadcast_to(np.asarray(21.0 if temp_zone_c is None else temp_zone_c, np.float64), len(zones.zone_ids))
    state, work = start_state(parts, rooms, rooms[zones.radiators.zone]), empty_work(parts)
    state.dp[SOLVES] = 0.0
    work.share_rel[:] = 1.0
    if temp_zone_c is not None:
        trvs = zones.trvs
        opening = opening_rel(rooms[zones.radiators.zone], trvs.temp_set_c, trvs.band_k)
        share = conductance_share_rel(opening, trvs.exponent, trvs.leakage_rel)
        work.share_rel[:] = np.where((trvs.edge >= 0) & (trvs.head_on == 1), share, 1.0)
    if find_flows(parts, state, work, graph.dp_pump_pa if dp_pa is None else float(dp_pa), 0.0, 0.0) == 0:
        raise ConvergenceError("no flows were found in the building: look at its resistances and at the pump")
    by_zone: Floats = np.bincount(zones.radiators.zone, state.mass_flow_kg_s, len(zones.zone_ids)).astype(np.float64)
    return BuildingFlows(state.mass_flow_kg_s, by_zone, float(state.dp[FLOW]), float(state.dp[DP]))


def radiator_heat_w(
    building: Building, zones: BuildingZones, flow_kg_s: Floats, temp_supply_c: float, temp_zone_c: ArrayLike
) -> Floats:
    """Return the steady heat of every radiator.

    Parameters
    ----------
    building, zones
        The building.
    flow_kg_s
        Flows of the radiators [kg/s].
    temp_supply_c
        Supply [degC].
    temp_zone_c
        Zones, one or one a zone [degC].

    Returns
    -------
    ndarray
        Heat [W], shape (n_radiator,).
    """
    radiators = zones.radiators
    rooms = np.broadcast_to(np.asarray(temp_zone_c, np.float64), len(zones.zone_ids))[radiators.zone]
    design = (radiators.heat_design_w, radiators.excess_design_k, radiators.exponent)
    capacity = building.fluid.heat_capacity_j_kgk
    return np.asarray(heat_flow_w(temp_supply_c, flow_kg_s, 0.0, rooms, 0.0, *design, 1.0, capacity))


def true_parameters(
    building: Building,
    zones: BuildingZones,
    *,
    temp_supply_c: float = 45.0,
    temp_zone_c: float = 21.0,
    dp_pa: float | None = None,
    friction: Friction = "colebrook",
) -> TrueParameters:
    """Return what identification should find: leakage and heat supply of every zone, with all heads off.

    ``theta = UA / C_J``, ``nu = sum Q_r / (C_J (u - y))`` and the UA of eq. (10) that gives this nu at the zone's flow.

    Parameters
    ----------
    building, zones
        The building, its valves as they stand.
    temp_supply_c, temp_zone_c
        Operating point of the radiators, supply above room [degC]; linear radiators (exponent 1) have the same nu at
        every one.
    dp_pa
        Rise of the pump [Pa]; None: the building's own.
    friction
        Law of the pipes, as in `graph_of`.

    Returns
    -------
    TrueParameters
        Arrays of shape (n_zone,).

    Raises
    ------
    DhsimError
        If the supply is not warmer than the rooms.
    """
    excess_k = temp_supply_c - temp_zone_c
    if not excess_k > 0.0:
        raise DhsimError(f"the supply ({temp_supply_c:g} degC) must be warmer than the rooms ({temp_zone_c:g} degC)")
    flows = building_flows(building, zones, dp_pa=dp_pa, friction=friction)
    heat_w = radiator_heat_w(building, zones, flows.mass_flow_radiator_kg_s, temp_supply_c, temp_zone_c)
    count, stored = len(zones.zone_ids), zones.zones.heat_capacity_j_k
    supply_w_k = np.bincount(zones.radiators.zone, heat_w, minlength=count) / excess_k
    capacity_w_k = building.fluid.heat_capacity_j_kgk * flows.mass_flow_zone_kg_s
    with np.errstate(divide="ignore", invalid="ignore"):
        ntu = np.where(capacity_w_k > 0.0, -np.log1p(-supply_w_k / capacity_w_k), np.inf)
        ua_w_k = np.where(capacity_w_k > 0.0, ntu * capacity_w_k, np.nan)
    first, second, between_w_k = zones.neighbours
    ends = np.concatenate([first, second])
    return TrueParameters(
        theta_per_s=zones.zones.ua_outdoor_w_k / stored,
        nu_per_s=supply_w_k / stored,
        temp_rise_k_j=1.0 / stored,
        mass_flow_zone_kg_s=flows.mass_flow_zone_kg_s,
        ua_zone_w_k=ua_w_k,
        ntu=ntu,
        coupling_per_s=np.bincount(ends, np.concatenate([between_w_k] * 2), minlength=count) / stored,
    )


def sensor_readings(
    run: BuildingRun,
    step_s: float,
    random: np.random.Generator,
    *,
    noise_sd_k: float = 0.05,
    offset_sd_k: float = 0.0,
    resolution_k: float = 0.0,
    share_missing_rel: float = 0.0,
) -> SensorReadings:
    """Return what sensors would have read during a run. Synthetic.

    The reading of a zone is its temperature at that moment; supply, return and outdoor temperature are the means over
    the step that begins there, and bear no noise: a law that holds a value through the step is what eq. (23) fits.

    Parameters
    ----------
    run
        A run that kept `temp_zone_c`.
    step_s
        Between two readings; a multiple of the run's step [s].
    random
        Generator of the noise.
    noise_sd_k, offset_sd_k
        Standard deviation of each reading's noise [K] and of each sensor's constant error [K].
    resolution_k
        Step to which a reading is rounded [K]; 0 for none.
    share_missing_rel
        Share of the readings that are lost (NaN) [-].

    Returns
    -------
    SensorReadings
        Arrays.

    Raises
    ------
    DhsimError
        If the interval is no multiple of the run's step.
    """
    every = round(step_s / run.step_s)
    if every < 1 or abs(every * run.step_s - step_s) > 1e-6 * step_s:
        raise DhsimError(f"readings every {step_s:g} s do not fit steps of {run.step_s:g} s: take a multiple")
    zones = run.temp_zone_reading_c
    count = zones.shape[0] // every
    temp_zone_c = zones[: count * every : every] + noise_sd_k * random.standard_normal((count, zones.shape[1]))
    temp_zone_c += offset_sd_k * random.standard_normal(zones.shape[1])
    if resolution_k > 0.0:
        temp_zone_c = np.round(temp_zone_c / resolution_k) * resolution_k
    if share_missing_rel > 0.0:
        temp_zone_c[random.random(temp_zone_c.shape) < share_missing_rel] = np.nan
    series = (run["temp_supply_c"], run["temp_return_c"], run.temp_outdoor_c)
    means = [values[: count * every].reshape(count, every).mean(axis=1) for values in series]
    return SensorReadings(np.arange(count) * step_s, temp_zone_c, *means)
