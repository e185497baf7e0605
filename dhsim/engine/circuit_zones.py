"""Zones for a building, made up: from parameters that are to be found again, or drawn at random."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from dhsim.engine.circuit_graph import Friction, Graph, graph_of
from dhsim.engine.circuit_series import series_of
from dhsim.engine.circuit_truth import building_flows
from dhsim.errors import DhsimError
from dhsim.model.building import Building
from dhsim.model.system import Floats, Ints
from dhsim.model.zones import NO_EDGE, BuildingZones, Trvs, building_zones, neighbours_of, radiators_of, trvs_of
from dhsim.physics.exchanger import lmtd_k
from dhsim.physics.radiator import heat_flow_w
from dhsim.units import S_PER_DAY

_HALVINGS = 200
_NAMES_SHOWN = 5


def thermostats_of(
    building: Building,
    *,
    temp_set_c: ArrayLike = 21.0,
    band_k: ArrayLike = 2.0,
    hysteresis_k: ArrayLike = 0.4,
    lag_s: ArrayLike = 1200.0,
    leakage_rel: ArrayLike = 0.0,
    head_on: ArrayLike = 1,
) -> Trvs:
    """Return a thermostatic valve for every radiator that has a valve of its own on its connection.

    Parameters
    ----------
    building
        The circuit.
    temp_set_c, band_k
        Set-points [degC] and proportional bands [K], one or one a radiator.
    hysteresis_k, lag_s, leakage_rel
        As in `dhsim.model.zones.trvs_of`: [K], [s], [-].
    head_on
        1 with a head, 0 without; one or one a radiator.

    Returns
    -------
    Trvs
        In the order of the building's radiator edges; NO_EDGE where a connection has no valve.
    """
    return trvs_of(
        _own_valves(graph_of(building)),
        temp_set_c=temp_set_c,
        band_k=band_k,
        hysteresis_k=hysteresis_k,
        lag_s=lag_s,
        leakage_rel=leakage_rel,
        head_on=head_on,
    )


def _own_valves(graph: Graph) -> Ints:
    """Return the valve that carries each radiator's flow alone, the most resistant where there are several."""
    start, end = graph.branches.node_start, graph.branches.node_end
    series = series_of(start, end, graph.n_node, (graph.node_return, graph.node_supply)).of_edge
    valve_of: dict[int, int] = {}
    resistance = graph.branches.fitting_pa_s2_kg2
    for valve in np.flatnonzero(graph.is_valve):
        known = valve_of.get(int(series[valve]))
        if known is None or resistance[valve] > resistance[known]:
            valve_of[int(series[valve])] = int(valve)
    valve_of.pop(-1, None)
    found = [valve_of.get(int(series[edge]), NO_EDGE) for edge in np.flatnonzero(graph.is_radiator)]
    return np.array(found, dtype=np.int64)


def zones_of_truth(
    building: Building,
    theta_per_s: ArrayLike,
    heat_loss_w_k: ArrayLike,
    ua_radiator_w_k: ArrayLike,
    *,
    exponent: float = 1.0,
    excess_ref_k: float = 25.0,
    trvs: Trvs | None = None,
    neighbours: Iterable[tuple[int, int]] = (),
    ua_neighbour_w_k: float = 0.0,
    heat_capacity_radiator_j_k: float = 0.0,
) -> BuildingZones:
    """Return zones from leakage, heat loss and radiators, as a synthetic building hides them.

    ``C_J = UA / theta``, ``Q_r = UA_r X (X / X_ref)^(n - 1)``

    Parameters
    ----------
    building
        The circuit.
    theta_per_s
        Leakage of each zone [1/s].
    heat_loss_w_k
        Conductance of each zone to the outdoor air UA [W/K].
    ua_radiator_w_k
        Length times heat transfer coefficient of each radiator UA_r, in the order of `Building.radiators` [W/K].
    exponent
        Radiator exponent n [-]; with 1 the heat supply is eq. (10) exactly.
    excess_ref_k
        Log-mean excess X_ref at which a radiator of another exponent has its UA_r [K].
    trvs
        Thermostatic valves, see `thermostats_of`; None for none.
    neighbours
        Pairs of zones that border on each other.
    ua_neighbour_w_k
        Conductance between them [W/K].
    heat_capacity_radiator_j_k
        Of each radiator's water and steel [J/K].

    Returns
    -------
    BuildingZones
        `true_parameters` gives back theta, and nu at every setting of the valves.
    """
    theta, loss_w_k = np.asarray(theta_per_s, dtype=np.float64), np.asarray(heat_loss_w_k, dtype=np.float64)
    radiators = radiators_of(
        building.radiators,
        building.zone[building.radiators],
        np.asarray(ua_radiator_w_k, dtype=np.float64) * excess_ref_k,
        excess_design_k=excess_ref_k,
        exponent=exponent,
        heat_capacity_j_k=heat_capacity_radiator_j_k,
    )
    pairs = neighbours_of(neighbours, ua_neighbour_w_k)
    return building_zones(building.zone_ids, loss_w_k / theta, loss_w_k, radiators, trvs=trvs, neighbours=pairs)


def zones_of_parameters(
    building: Building,
    theta_per_s: ArrayLike,
    nu_per_s: ArrayLike,
    *,
    ua_outdoor_w_k: ArrayLike = 70.0,
    exponent: float = 1.0,
    temp_supply_c: float = 45.0,
    temp_zone_c: float = 21.0,
    trvs: Trvs | None = None,
    heat_capacity_radiator_j_k: float = 0.0,
    friction: Friction = "colebrook",
) -> BuildingZones:
    """Return zones whose true leakage and heat supply are given, at the flows of the building as it stands.

    The radiators of a zone are equal; they are as large as it takes for ``sum Q_r = nu C_J (u - y)``.

    Parameters
    ----------
    building
        The circuit.
    theta_per_s, nu_per_s
        Of each zone [1/s].
    ua_outdoor_w_k
        Conductance to the outdoor air, one or one a zone [W/K]; with theta it says the heat capacity.
    exponent
        Radiator exponent [-]; 1 keeps nu at every temperature.
    temp_supply_c, temp_zone_c
        Where nu holds, for other exponents [degC].
    trvs
        Thermostatic valves, see `thermostats_of`; None for none.
    heat_capacity_radiator_j_k
        Of each radiator's water and steel [J/K]; it is not in theta and nu.
    friction
        Law of the pipes, as in `graph_of`.

    Returns
    -------
    BuildingZones
        Without neighbours; `true_parameters` gives back theta and nu.

    Raises
    ------
    DhsimError
        If a zone's flow cannot carry the heat that nu asks for; it names the zones.
    """
    graph = graph_of(building)
    count = len(graph.zone_ids)
    given = (theta_per_s, nu_per_s, ua_outdoor_w_k)
    theta, nu, ua_w_k = (np.broadcast_to(np.asarray(part, dtype=np.float64), (count,)) for part in given)
    if not ((theta > 0.0).all() and (nu >= 0.0).all() and (ua_w_k > 0.0).all()):
        raise DhsimError("theta and the outdoor conductance must be positive, nu not negative, in every zone")
    edge = np.flatnonzero(graph.is_radiator)
    zone = graph.zone_of_edge[edge]
    excess_k = temp_supply_c - temp_zone_c
    plain = building_zones(graph.zone_ids, ua_w_k / theta, ua_w_k, radiators_of(edge, zone, 1.0))
    flow = building_flows(building, plain, friction=friction).mass_flow_radiator_kg_s
    capacity_w_k = graph.heat_capacity_j_kgk * np.bincount(zone, flow, minlength=count)
    wanted_w_k = nu * ua_w_k / theta
    short = np.flatnonzero(~(wanted_w_k < capacity_w_k))
    if short.size:
        shown = ", ".join(
            f"{graph.zone_ids[z]} (nu asks for {wanted_w_k[z]:.3g} W/K, the water carries {capacity_w_k[z]:.3g})"
            for z in short[:_NAMES_SHOWN]
        )
        raise DhsimError(f"the flow cannot carry the heat in {shown} ({short.size} in all): lower nu or the UA")
    heat_w = _sized(wanted_w_k * excess_k, flow, zone, (temp_supply_c, temp_zone_c), exponent, graph)
    radiators = radiators_of(
        edge,
        zone,
        heat_w[zone],
        excess_design_k=excess_k,
        exponent=exponent,
        heat_capacity_j_k=heat_capacity_radiator_j_k,
    )
    return building_zones(graph.zone_ids, ua_w_k / theta, ua_w_k, radiators, trvs=trvs)


def _sized(
    wanted_w: Floats, flow: Floats, zone: Ints, temps: tuple[float, float], exponent: float, graph: Graph
) -> Floats:
    """Return the design heat at an excess of supply minus zone with which each zone's radiators give what is wanted."""
    excess_k = temps[0] - temps[1]
    low, high = np.full(wanted_w.size, -12.0), np.full(wanted_w.size, 12.0)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        size_w = np.exp(middle)[zone] * 1e3
        given = heat_flow_w(
            temps[0], flow, 0.0, temps[1], 0.0, size_w, excess_k, exponent, 1.0, graph.heat_capacity_j_kgk
        )
        enough = np.bincount(zone, given, minlength=wanted_w.size) >= wanted_w
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.asarray(np.exp(high) * 1e3)


def synthetic_zones(
    building: Building,
    random: np.random.Generator,
    *,
    temps_design_c: tuple[float, float, float, float] = (60.0, 45.0, 20.0, -16.0),
    ua_radiator_share_w_k: float = 28.0,
    ua_sd_rel: float = 0.2,
    oversize_rel: float = 1.15,
    oversize_sd_rel: float = 0.15,
    theta_day: tuple[float, float] = (1.0 / 6.0, 1.0 / 36.0),
    exponent: float = 1.3,
    heat_capacity_radiator_j_k: float = 0.0,
    neighbours: Iterable[tuple[int, int]] = (),
    ua_neighbour_w_k: float = 0.0,
    trvs: Trvs | None = None,
) -> BuildingZones:
    """Return zones drawn at random for a building: flats that are not quite what the plan says. Synthetic.

    Parameters
    ----------
    building
        The circuit.
    random
        Generator.
    temps_design_c
        Supply, return, room and outdoor temperature for which the radiators are sized [degC].
    ua_radiator_share_w_k
        Conductance to the outdoor air of a zone, for each of its radiators [W/K].
    ua_sd_rel
        Spread of that conductance among the zones, standard deviation of its logarithm [-].
    oversize_rel, oversize_sd_rel
        Design heat over design loss [-] and its spread, standard deviation of its logarithm [-]: with the first the
        error of the plan.
    theta_day
        Mean and standard deviation of the leakage, in 1/d; drawn within three of these.
    exponent, heat_capacity_radiator_j_k
        Of the radiators: exponent [-] and heat capacity [J/K].
    neighbours
        Pairs of zones that border on each other.
    ua_neighbour_w_k
        Conductance between them [W/K].
    trvs
        Thermostatic valves, see `thermostats_of`; None for none.

    Returns
    -------
    BuildingZones
        The hidden truth; `true_parameters` says what identification should find.

    Notes
    -----
    The prior of the leakage is the one of doi 10.1016/j.enbuild.2025.116464, eq. (38): 4 to 12 days.
    """
    graph = graph_of(building)
    count = len(graph.zone_ids)
    edge = np.flatnonzero(graph.is_radiator)
    zone = graph.zone_of_edge[edge]
    number = np.bincount(zone, minlength=count)
    ua_w_k = ua_radiator_share_w_k * number * np.exp(ua_sd_rel * random.standard_normal(count))
    deviation = np.clip(random.standard_normal(count), -3.0, 3.0)
    theta_per_s = (theta_day[0] + theta_day[1] * deviation) / S_PER_DAY
    supply_c, return_c, room_c, outdoor_c = temps_design_c
    size = oversize_rel * np.exp(oversize_sd_rel * random.standard_normal(count))
    heat_w = size * ua_w_k * (room_c - outdoor_c) / np.maximum(number, 1)
    radiators = radiators_of(
        edge,
        zone,
        heat_w[zone],
        excess_design_k=float(lmtd_k(supply_c - room_c, return_c - room_c)),
        exponent=exponent,
        heat_capacity_j_k=heat_capacity_radiator_j_k,
    )
    pairs = neighbours_of(neighbours, ua_neighbour_w_k)
    return building_zones(graph.zone_ids, ua_w_k / theta_per_s, ua_w_k, radiators, trvs=trvs, neighbours=pairs)
