"""Synthetic two-pipe buildings of a given size: risers on a main in the basement, flats of one to five radiators."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dhsim.errors import DhsimError
from dhsim.model.building import Building, EdgeKind
from dhsim.model.building_branches import COLEBROOK_CONSTANT
from dhsim.model.building_hydraulics import dp_left_pa, solve_flows
from dhsim.network.parts import Floats, Fluid, Ints
from dhsim.physics.friction import pressure_drop_pa
from dhsim.units import S_PER_DAY

RADIATORS_MAX = 5
"""Of a flat, as in the case study of doi 10.1016/j.enbuild.2025.116464."""
RISERS_PER_FLAT = 61.0 / 70.0
_RISERS_PER_WING = 31
_HEIGHT_M = 2.8
_BAY_M = 3.5
_CONNECTION_M = 1.5
_ROUGHNESS_M = 4.5e-5
_DIAMETERS_M = (
    np.array([12.6, 16.1, 21.7, 27.3, 36.0, 41.9, 53.1, 68.9, 80.9, 105.3, 129.7, 155.2, 207.3, 260.4]) * 1e-3
)
"""Inner diameters of medium steel tubes DN 10 to DN 150, EN 10255, and of steel pipes beyond."""
_GRADIENT_PA_M = 100.0
_DROP_K = 15.0
_EFFECTIVENESS = 15.0 / 40.0
"""Of a radiator at 60/45 degC in a room of 20 degC."""
_DP_RADIATOR_PA = 1500.0
_DP_VALVE_PA = 4000.0
_DP_RISER_VALVE_PA = 3000.0
_RANGE_RADIATOR_PA_S2_M6 = (1.8e12, 8.1e14)
"""Kv 0.85 to 0.04 m3/h."""
_RANGE_RISER_PA_S2_M6 = (2.0e11, 8.0e13)
"""Kv 2.52 to 0.127 m3/h, as STAD DN 15."""


@dataclass(frozen=True, eq=False)
class SyntheticBuilding:
    """A made-up building and the truth that a balancer would not know."""

    building: Building
    """As it stands: not quite as the plan has it."""
    riser_valves: Ints
    """Which of `Building.valves` are riser valves."""
    theta_per_s: Floats
    """Thermal leakage of each zone, shape (n_zone,)."""
    heat_loss_w_k: Floats
    """Heat loss of each zone per kelvin to the outdoors, shape (n_zone,)."""
    ua_radiator_w_k: Floats
    """Length times heat transfer coefficient of each radiator, shape (n_radiator,)."""
    flow_design_m3_s: Floats
    """Flow of each radiator in the plan, shape (n_radiator,)."""

    def nu_per_s(self, flow_m3_s: Floats) -> Floats:
        """Return the true heat supply of each zone at the flows of all edges, eqs. (7) and (A.8)."""
        radiators, fluid = self.building.radiators, self.building.fluid
        capacity = fluid.heat_capacity_j_kgk * fluid.density_kg_m3 * flow_m3_s[radiators]
        given = -capacity * np.expm1(-self.ua_radiator_w_k / capacity)
        per_zone = np.zeros(self.building.n_zone)
        np.add.at(per_zone, self.building.zone[radiators], given)
        supply: Floats = np.multiply(self.theta_per_s, per_zone) / self.heat_loss_w_k
        return supply


class _Draft:
    """Edges in the making."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, str, str, float, float, int, str]] = []
        """Kind, upstream, downstream, length, design flow, zone, name."""

    def pipe(self, start: str, end: str, length_m: float, flow_m3_s: float) -> None:
        self.rows.append((EdgeKind.PIPE, start, end, length_m, flow_m3_s, -1, f"pipe {start} - {end}"))

    def element(self, kind: EdgeKind, start: str, end: str, flow_m3_s: float, zone: int, name: str) -> None:
        self.rows.append((kind, start, end, np.nan, flow_m3_s, zone, name))


def synthetic_building(
    n_flat: int = 70,
    n_riser: int | None = None,
    n_floor: int = 5,
    *,
    random: np.random.Generator,
    scatter_rel: float = 0.1,
) -> SyntheticBuilding:
    """Return a made-up two-pipe building, balanced to a plan from which it differs. Synthetic.

    Each riser has a radiator on each floor and a valve at the foot of its return; neighbouring risers of a floor make a
    flat. Valves are set so that the plan's flows would run; resistances and heat losses then differ from the plan.

    Parameters
    ----------
    n_flat
        Number of flats, each a zone.
    n_riser
        Number of risers; in proportion to the 61 of 70 flats if left out.
    n_floor
        Number of floors.
    random
        Generator.
    scatter_rel
        Standard deviation of the building about its plan [-].

    Returns
    -------
    SyntheticBuilding
        The building as it stands, and its hidden thermal coefficients.

    Raises
    ------
    DhsimError
        If flats would have no radiator or more than five.
    """
    n_riser = n_riser if n_riser is not None else max(round(RISERS_PER_FLAT * n_flat), 1)
    zone, heat_w = _flats(n_flat, n_riser, n_floor, random)
    fluid = _fluid()
    flow = heat_w / (fluid.density_kg_m3 * fluid.heat_capacity_j_kgk * _DROP_K)
    draft = _Draft()
    _lay_mains(draft, flow.sum(axis=0))
    for riser in range(n_riser):
        _lay_riser(draft, riser, flow[:, riser], zone[:, riser])
    plan, design = _planned(draft, fluid)
    return _as_built(plan, design, random, scatter_rel)


def _flats(n_flat: int, n_riser: int, n_floor: int, random: np.random.Generator) -> tuple[Ints, Floats]:
    """Return zone and design heat of the radiator on each floor (rows) and riser (columns)."""
    per_floor = [part.size for part in np.array_split(np.arange(n_flat), n_floor)]
    if not all(count <= n_riser <= RADIATORS_MAX * count for count in per_floor):
        raise DhsimError(
            f"{n_flat} flats on {n_floor} floors with {n_riser} risers: each flat of a floor takes 1 to "
            f"{RADIATORS_MAX} neighbouring risers, so give {max(per_floor)} to {RADIATORS_MAX * min(per_floor)} risers"
        )
    zone, heat_w = np.zeros((n_floor, n_riser), dtype=np.int64), np.zeros((n_floor, n_riser))
    first = 0
    for floor, count in enumerate(per_floor):
        size = np.ones(count, dtype=np.int64)
        while size.sum() < n_riser:
            size[random.choice(np.flatnonzero(size < RADIATORS_MAX))] += 1
        zone[floor] = np.repeat(np.arange(first, first + count), size)
        edge = 1.25 if floor in (0, n_floor - 1) else 1.0  # below the roof and above the basement
        heat_w[floor] = edge * random.uniform(350.0, 900.0, n_riser)
        first += count
    return zone, heat_w


def _lay_mains(draft: _Draft, flow_riser: Floats) -> None:
    """Lay the main: wings of risers, joined to the pump by a trunk."""
    wings = np.array_split(np.arange(flow_riser.size), int(np.ceil(flow_riser.size / _RISERS_PER_WING)))
    flow_wing = np.array([flow_riser[wing].sum() for wing in wings])
    ahead = np.cumsum(flow_wing[::-1])[::-1]
    supply, back = "pump outlet", "pump inlet"
    for w, wing in enumerate(wings):
        length_m = 5.0 if w == 0 else 12.0
        draft.pipe(supply, f"S{w}", length_m, ahead[w])
        draft.pipe(f"R{w}", back, length_m, ahead[w])
        supply, back = f"S{w}", f"R{w}"
        rest = np.cumsum(flow_riser[wing][::-1])[::-1]
        from_, to = supply, back
        for flow, riser in zip(rest, wing, strict=True):
            draft.pipe(from_, f"s{riser}.0", _BAY_M, flow)
            draft.pipe(f"r{riser}", to, _BAY_M, flow)
            from_, to = f"s{riser}.0", f"r{riser}"


def _lay_riser(draft: _Draft, riser: int, flow: Floats, zone: Ints) -> None:
    ahead = np.cumsum(flow[::-1])[::-1]
    draft.element(EdgeKind.VALVE, f"r{riser}.0", f"r{riser}", ahead[0], -1, f"riser valve {riser}")
    for floor in range(flow.size):
        here, above = f"{riser}.{floor}", f"{riser}.{floor + 1}"
        draft.pipe(f"s{here}", f"s{above}", _HEIGHT_M, ahead[floor])
        draft.pipe(f"r{above}", f"r{here}", _HEIGHT_M, ahead[floor])
        draft.pipe(f"s{above}", f"a{above}", _CONNECTION_M, flow[floor])
        draft.element(EdgeKind.VALVE, f"a{above}", f"b{above}", flow[floor], -1, f"radiator valve {above}")
        draft.element(EdgeKind.RADIATOR, f"b{above}", f"c{above}", flow[floor], int(zone[floor]), f"radiator {above}")
        draft.pipe(f"c{above}", f"r{above}", _CONNECTION_M, flow[floor])


def _planned(draft: _Draft, fluid: Fluid) -> tuple[Building, Floats]:
    """Return the building as planned, its valves set so that the design flows run, and these of all edges."""
    kind, start, end, length, flow, zone, name = (np.array(column) for column in zip(*draft.rows, strict=True))
    radiator, valve = kind == EdgeKind.RADIATOR, kind == EdgeKind.VALVE
    riser = np.char.startswith(name, "riser")
    low = np.where(riser, _RANGE_RISER_PA_S2_M6[0], _RANGE_RADIATOR_PA_S2_M6[0])
    high = np.where(riser, _RANGE_RISER_PA_S2_M6[1], _RANGE_RADIATOR_PA_S2_M6[1])
    wanted = np.where(riser, _DP_RISER_VALVE_PA, _DP_VALVE_PA) / flow**2
    resistance = np.where(radiator, _DP_RADIATOR_PA / flow**2, np.where(valve, np.clip(wanted, low, high), np.nan))
    pipe = kind == EdgeKind.PIPE
    nan = np.nan
    plan = Building.from_edges(
        kind,
        start,
        end,
        dp_pump_pa=1e5,
        resistance_pa_s2_m6=resistance,
        length_m=length,
        diameter_m=np.where(pipe, _diameters(flow, fluid), nan),
        roughness_m=np.where(pipe, _ROUGHNESS_M, nan),
        zone=zone,
        resistance_min_pa_s2_m6=np.where(valve, low, nan),
        resistance_max_pa_s2_m6=np.where(valve, high, nan),
        fluid=fluid,
        outlet="pump outlet",
        inlet="pump inlet",
        edge_ids=name,
        zone_ids=[f"flat {z}" for z in range(int(zone.max()) + 1)],
    )
    return _throttled(plan, flow), flow


def _diameters(flow_m3_s: Floats, fluid: Fluid) -> Floats:
    """Return the smallest tube in which a metre costs no more than the usual gradient."""
    mass_flow = fluid.density_kg_m3 * flow_m3_s[:, None]
    water = (fluid.density_kg_m3, fluid.viscosity_pa_s, COLEBROOK_CONSTANT)
    drop = np.asarray(pressure_drop_pa(mass_flow, 1.0, _DIAMETERS_M[None, :], _ROUGHNESS_M, 0.0, *water))
    fits = drop <= _GRADIENT_PA_M
    fits[:, -1] = True
    diameters: Floats = _DIAMETERS_M[np.argmax(fits, axis=1)]
    return diameters


def _throttled(plan: Building, flow: Floats) -> Building:
    """Return the plan with a pump that just serves the worst radiator, and valves that take what others have too much.

    First the riser valve takes what all radiators of the riser have in common, then each radiator's valve its own.
    """
    radiators, valves = plan.radiators, plan.valves
    is_riser = np.array([name.startswith("riser") for name in plan.valve_ids])
    left = dp_left_pa(plan, flow[radiators]) - _DP_RADIATOR_PA
    dp_pump = plan.dp_pump_pa - float(left.min())
    left -= left.min()
    riser_of_radiator = np.array([int(plan.edge_ids[e].split()[-1].split(".")[0]) for e in radiators])
    common = np.full(int(is_riser.sum()), np.inf)
    np.minimum.at(common, riser_of_radiator, left)
    extra = np.zeros(valves.size)
    extra[is_riser] = common
    extra[~is_riser] = left - common[riser_of_radiator]  # each radiator's valve stands before it
    k = plan.resistance_valves_pa_s2_m6 + extra / flow[valves] ** 2
    low, high = plan.resistance_min_pa_s2_m6[valves], plan.resistance_max_pa_s2_m6[valves]
    return replace(plan, dp_pump_pa=dp_pump).with_valves(np.clip(k, low, high))


def _as_built(plan: Building, design: Floats, random: np.random.Generator, scatter_rel: float) -> SyntheticBuilding:
    """Return the building that differs from its plan, with the zones' leakage and heat loss."""
    radiators, fluid, n_zone = plan.radiators, plan.fluid, plan.n_zone
    valves, zone = plan.valves, plan.zone[radiators]
    settings = plan.resistance_valves_pa_s2_m6 * np.exp(2.0 * scatter_rel * random.standard_normal(valves.size))
    low, high = plan.resistance_min_pa_s2_m6[valves], plan.resistance_max_pa_s2_m6[valves]
    fixed = plan.resistance_pa_s2_m6[radiators] * np.exp(2.0 * scatter_rel * random.standard_normal(radiators.size))
    building = plan.with_valves(np.clip(settings, low, high)).with_radiators(fixed)
    flow_design = design[radiators]
    capacity = fluid.heat_capacity_j_kgk * fluid.density_kg_m3 * flow_design
    ua = -np.log1p(-_EFFECTIVENESS) * capacity
    given = np.zeros(n_zone)
    np.add.at(given, zone, _EFFECTIVENESS * capacity)
    true_rel = np.exp(scatter_rel * random.standard_normal(n_zone))
    theta = np.clip(1.0 / 6.0 + random.standard_normal(n_zone) / 36.0, 1.0 / 12.0, 1.0 / 4.0) / S_PER_DAY
    riser = np.flatnonzero([name.startswith("riser") for name in plan.valve_ids])
    return SyntheticBuilding(building, riser, theta, given * true_rel, ua, flow_design)


def _fluid() -> Fluid:
    return Fluid(density_kg_m3=983.2, viscosity_pa_s=4.66e-4, heat_capacity_j_kgk=4185.0)


def toy_building(dp_pump_pa: float = 8000.0) -> Building:
    """Return three flats of one radiator each, as figures 1 and 2 of the paper draw them; its numbers are synthetic.

    Parameters
    ----------
    dp_pump_pa
        What the pump holds [Pa].

    Returns
    -------
    Building
        3 radiators, 3 valves, 11 pipes, 16 nodes.
    """
    draft = _Draft()
    flow = 2e-5
    mains = [("1", "2", 5.0, 3), ("2", "3", 8.0, 2), ("13", "14", 8.0, 2), ("14", "15", 3.0, 3), ("15", "16", 5.0, 3)]
    for from_, to, length_m, times in mains:
        draft.pipe(from_, to, length_m, times * flow)
    for z, (tee, joint) in enumerate((("2", "14"), ("3", "13"), ("3", "13"))):
        inner = [str(4 + 3 * z + i) for i in range(3)]
        draft.pipe(tee, inner[0], 3.0 + 2.0 * z, flow)
        draft.element(EdgeKind.RADIATOR, inner[0], inner[1], flow, z, f"radiator {z}")
        draft.element(EdgeKind.VALVE, inner[1], inner[2], flow, -1, f"valve {z}")
        draft.pipe(inner[2], joint, 3.0 + 2.0 * z, flow)
    kind, start, end, length, _, zone, name = (np.array(column) for column in zip(*draft.rows, strict=True))
    pipe, valve = kind == EdgeKind.PIPE, kind == EdgeKind.VALVE
    nan = np.nan
    return Building.from_edges(
        kind,
        start,
        end,
        dp_pump_pa=dp_pump_pa,
        resistance_pa_s2_m6=np.where(pipe, nan, np.where(valve, 8e12, 4e12)),
        length_m=length,
        diameter_m=np.where(pipe, 0.0161, nan),
        roughness_m=np.where(pipe, _ROUGHNESS_M, nan),
        zone=zone,
        resistance_min_pa_s2_m6=np.where(valve, _RANGE_RADIATOR_PA_S2_M6[0], nan),
        resistance_max_pa_s2_m6=np.where(valve, _RANGE_RADIATOR_PA_S2_M6[1], nan),
        fluid=_fluid(),
        edge_ids=name,
    )


def present_flows(made: SyntheticBuilding) -> tuple[Floats, Floats]:
    """Return flow of all edges [m3/s] and true heat supply of all zones [1/s] as the building stands."""
    flow = solve_flows(made.building).flow_m3_s
    return flow, made.nu_per_s(flow)
