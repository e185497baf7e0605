"""The rooms of a building and what warms them: zones, who borders on whom, radiators and thermostatic heads.

A zone is one temperature: ``C dT/dt = sum Q_rad + gains + A_sol I - UA (T - T_out) - sum G (T - T_neighbour)``. That is
eq. (7) of doi 10.1016/j.enbuild.2025.116464 with gains and neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dhsim.errors import DhsimError
from dhsim.model.system import Floats, Ints

NO_EDGE = -1
_NAMES_SHOWN = 5


class Zones(NamedTuple):
    """The zones; arrays of shape (n_zone,)."""

    heat_capacity_j_k: Floats
    """Of air, furniture and walls that go along; positive."""
    ua_outdoor_w_k: Floats
    """To the outdoor air, by walls and by ventilation."""
    aperture_solar_m2: Floats


class Neighbours(NamedTuple):
    """Pairs of zones with a wall between them, each pair once; arrays of shape (n_pair,)."""

    zone_first: Ints
    zone_second: Ints
    ua_w_k: Floats


class Radiators(NamedTuple):
    """The radiators; arrays of shape (n_radiator,)."""

    edge: Ints
    """The building's edge that is this radiator."""
    zone: Ints
    heat_design_w: Floats
    excess_design_k: Floats
    """Log-mean excess temperature at which it gives that heat."""
    exponent: Floats
    heat_capacity_j_k: Floats
    """Of its water and steel; 0 for a radiator that follows its water at once."""


class Trvs(NamedTuple):
    """The thermostatic valve of each radiator; arrays of shape (n_radiator,). See `dhsim.physics.trv`."""

    edge: Ints
    """The building's edge that the head throttles; NO_EDGE for a radiator without thermostatic valve."""
    valve_share_rel: Floats
    """What share of that edge's resistance is the valve's, fully open: 1 where the edge is the valve itself."""
    temp_set_c: Floats
    band_k: Floats
    hysteresis_k: Floats
    lag_s: Floats
    exponent: Floats
    leakage_rel: Floats
    head_on: Ints
    """0: the head is off and the valve stands at its preset."""


@dataclass(frozen=True)
class BuildingZones:
    """Zones, neighbours, radiators and heads of one building."""

    zone_ids: tuple[str, ...]
    zones: Zones
    neighbours: Neighbours
    radiators: Radiators
    trvs: Trvs

    @property
    def conductance_w_k(self) -> Floats:
        """Return the matrix K of ``C dT/dt = ... - K T``: neighbours and outdoor air, shape (n_zone, n_zone) [W/K]."""
        matrix = np.diag(self.zones.ua_outdoor_w_k).astype(np.float64)
        first, second, ua_w_k = self.neighbours
        np.add.at(matrix, (first, first), ua_w_k)
        np.add.at(matrix, (second, second), ua_w_k)
        np.add.at(matrix, (first, second), -ua_w_k)
        np.add.at(matrix, (second, first), -ua_w_k)
        return matrix


def neighbours_of(pairs: Iterable[tuple[int, int]], ua_w_k: ArrayLike) -> Neighbours:
    """Return neighbours from pairs of zone indices.

    Parameters
    ----------
    pairs
        Two zone indices each.
    ua_w_k
        Conductance of the wall between them, one or one a pair [W/K].

    Returns
    -------
    Neighbours
        The pairs.
    """
    table = np.array(list(pairs), dtype=np.int64).reshape(-1, 2)
    return Neighbours(table[:, 0].copy(), table[:, 1].copy(), _spread(ua_w_k, len(table)))


def radiators_of(
    edge: ArrayLike,
    zone: ArrayLike,
    heat_design_w: ArrayLike,
    *,
    excess_design_k: ArrayLike = 49.83,
    exponent: ArrayLike = 1.3,
    heat_capacity_j_k: ArrayLike = 0.0,
) -> Radiators:
    """Return radiators; single values hold for all of them.

    Parameters
    ----------
    edge
        The building's edges that are radiators.
    zone
        Zone of each.
    heat_design_w
        Design heat [W].
    excess_design_k
        Log-mean excess at design [K]; 49.83 K is EN 442's 75/65/20.
    exponent
        Radiator exponent [-]; 1 makes it linear, with UA = design heat over design excess.
    heat_capacity_j_k
        Heat capacity of water and steel [J/K].

    Returns
    -------
    Radiators
        Arrays of shape (n_radiator,).
    """
    edges = np.atleast_1d(np.asarray(edge, dtype=np.int64))
    parts = (heat_design_w, excess_design_k, exponent, heat_capacity_j_k)
    zones = np.broadcast_to(np.asarray(zone, dtype=np.int64), edges.shape).copy()
    return Radiators(edges, zones, *(_spread(part, edges.size) for part in parts))


def trvs_of(
    edge: ArrayLike,
    *,
    temp_set_c: ArrayLike = 21.0,
    band_k: ArrayLike = 2.0,
    hysteresis_k: ArrayLike = 0.4,
    lag_s: ArrayLike = 1200.0,
    exponent: ArrayLike = 1.0,
    leakage_rel: ArrayLike = 0.0,
    valve_share_rel: ArrayLike = 1.0,
    head_on: ArrayLike = 1,
) -> Trvs:
    """Return the thermostatic valves of all radiators; single values hold for all of them.

    Parameters
    ----------
    edge
        The edge that each radiator's head throttles, or NO_EDGE; one a radiator.
    temp_set_c
        Set-point: the valve stands at its preset up to it [degC].
    band_k
        Proportional band above it [K].
    hysteresis_k, lag_s
        Hysteresis [K] and time constant of the head [s]; the values are within the bounds of EN 215 (1 K, 40 min) and
        otherwise typical, not a data sheet's.
    exponent, leakage_rel
        Shape of the valve's characteristic [-] and what it lets through when closed [-].
    valve_share_rel
        Share of the edge's resistance that is the valve's [-].
    head_on
        1 with a head, 0 without.

    Returns
    -------
    Trvs
        Arrays of shape (n_radiator,).
    """
    edges = np.atleast_1d(np.asarray(edge, dtype=np.int64))
    parts = (valve_share_rel, temp_set_c, band_k, hysteresis_k, lag_s, exponent, leakage_rel)
    heads = np.broadcast_to(np.asarray(head_on, dtype=np.int64), edges.shape).copy()
    columns: list[Any] = [edges, *(_spread(part, edges.size) for part in parts), heads]
    return Trvs(*columns)


def building_zones(
    zone_ids: Sequence[str],
    heat_capacity_j_k: ArrayLike,
    ua_outdoor_w_k: ArrayLike,
    radiators: Radiators,
    *,
    trvs: Trvs | None = None,
    neighbours: Neighbours | None = None,
    aperture_solar_m2: ArrayLike = 0.0,
) -> BuildingZones:
    """Return the zones of a building after a check.

    Parameters
    ----------
    zone_ids
        Names.
    heat_capacity_j_k, ua_outdoor_w_k
        Heat capacity [J/K] and conductance to the outdoor air [W/K], one or one a zone.
    radiators
        The radiators.
    trvs
        Their thermostatic valves; None for none.
    neighbours
        Who borders on whom; None for nobody.
    aperture_solar_m2
        Area that would take up all of the facade's irradiance [m2].

    Returns
    -------
    BuildingZones
        Checked.

    Raises
    ------
    DhsimError
        All that is wrong at once, with the names of the zones.
    """
    count = len(zone_ids)
    made = BuildingZones(
        tuple(zone_ids),
        Zones(*(_spread(part, count) for part in (heat_capacity_j_k, ua_outdoor_w_k, aperture_solar_m2))),
        neighbours if neighbours is not None else neighbours_of([], 0.0),
        radiators,
        trvs if trvs is not None else trvs_of(np.full(radiators.edge.size, NO_EDGE)),
    )
    problems = _problems(made)
    if problems:
        raise DhsimError("\n".join(problems))
    return made


def _spread(values: ArrayLike, count: int) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.shape not in ((), (1,), (count,)):
        raise DhsimError(f"one value or {count} values are needed (got {array.shape})")
    return np.broadcast_to(array, (count,)).copy()


def _problems(made: BuildingZones) -> list[str]:
    names, count = made.zone_ids, len(made.zone_ids)
    radiators, trvs, neighbours = made.radiators, made.trvs, made.neighbours
    places = np.concatenate([radiators.zone, neighbours.zone_first, neighbours.zone_second])
    if ((places < 0) | (places >= count)).any():
        return [f"a radiator or a neighbour names zone {int(places.max())} of {count} zones: count them from 0"]
    if trvs.edge.size != radiators.edge.size:
        return [f"{trvs.edge.size} thermostatic valves for {radiators.edge.size} radiators: one each, NO_EDGE for none"]
    of_radiator = [f"radiator {r} in {names[z]}" for r, z in enumerate(radiators.zone)]
    of_pair = [f"{names[a]} - {names[b]}" for a, b in zip(neighbours.zone_first, neighbours.zone_second, strict=True)]
    with_valve = trvs.edge != NO_EDGE
    band_k, hysteresis_k, lag_s, temp_set_c = (
        np.where(with_valve, part, 0.0) for part in (trvs.band_k, trvs.hysteresis_k, trvs.lag_s, trvs.temp_set_c)
    )
    checks: list[tuple[Sequence[str], Floats, str, str, float, bool]] = [
        (names, made.zones.heat_capacity_j_k, "heat capacity [J/K]", "positive", 0.0, True),
        (names, made.zones.ua_outdoor_w_k, "conductance to the outdoor air [W/K]", "0 or more", 0.0, False),
        (names, made.zones.aperture_solar_m2, "solar aperture [m2]", "0 or more", 0.0, False),
        (of_pair, neighbours.ua_w_k, "conductance between neighbours [W/K]", "0 or more", 0.0, False),
        (of_radiator, radiators.heat_design_w, "design heat [W]", "positive", 0.0, True),
        (of_radiator, radiators.excess_design_k, "design excess [K]", "positive", 0.0, True),
        (of_radiator, radiators.exponent, "radiator exponent", "1 or more", 1.0, False),
        (of_radiator, radiators.heat_capacity_j_k, "heat capacity [J/K]", "0 or more", 0.0, False),
        (of_radiator, temp_set_c, "set-point [degC]", "finite", -np.inf, False),
        (of_radiator, band_k, "proportional band [K]", "0 or more", 0.0, False),
        (of_radiator, hysteresis_k, "hysteresis [K]", "0 or more", 0.0, False),
        (of_radiator, lag_s, "lag [s]", "0 or more", 0.0, False),
        (of_radiator, trvs.leakage_rel, "leakage", "0 or more", 0.0, False),
        (of_radiator, -trvs.leakage_rel, "leakage", "below 1", -1.0, True),
        (of_radiator, trvs.valve_share_rel, "the valve's share of its edge", "positive", 0.0, True),
        (of_radiator, -trvs.valve_share_rel, "the valve's share of its edge", "1 or less", -1.0, False),
        (of_radiator, trvs.exponent, "exponent of the valve", "positive", 0.0, True),
    ]
    problems = [_wrong(*check) for check in checks]
    itself = np.flatnonzero(neighbours.zone_first == neighbours.zone_second)
    if itself.size:
        problems.append(f"{of_pair[itself[0]]}: a zone does not border on itself")
    return [problem for problem in problems if problem]


def _wrong(names: Sequence[str], values: Floats, what: str, rule: str, limit: float, strict: bool) -> str:
    """Return what breaks a rule, by name; what is not finite breaks every rule and is said first."""
    endless = ~np.isfinite(values)
    outside = ~(values > limit) if strict else ~(values >= limit)
    bad, rule = (np.flatnonzero(endless), "finite") if endless.any() else (np.flatnonzero(outside), rule)
    if not bad.size:
        return ""
    sign = -1.0 if -np.inf < limit < 0.0 else 1.0  # an upper limit is checked with both signs turned
    shown = ", ".join(f"{names[int(k)]} ({sign * values[k]:g})" for k in bad[:_NAMES_SHOWN])
    return f"{what} must be {rule}: {shown}; {bad.size} in all"
