"""Whatever the building, its heads, its pump and its weather: heat and water are accounted for, step by step."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dhsim.engine.circuit import simulate_building
from dhsim.engine.circuit_drive import BuildingDrive, PumpLaw, supply_control
from dhsim.engine.circuit_zones import synthetic_zones, thermostats_of
from dhsim.model.building import Building

ALL = ("temp_zone_c", "heat_zone_w", "mass_flow_zone_kg_s", "mass_flow_radiator_kg_s", "heat_radiator_w",
       "temp_return_radiator_c", "opening_radiator_rel")  # fmt: skip


def building_of(n_zone: int, radiators: list[int], seed: int) -> Building:
    """Return zones along one supply and one return pipe, with a valve before every radiator."""
    random = np.random.default_rng(seed)
    rows, node = [], 2
    supply, back = 0, 1
    for zone in range(n_zone):
        rows += [("pipe", supply, node, np.nan, 4.0, -1), ("pipe", node + 1, back, np.nan, 4.0, -1)]
        supply, back, node = node, node + 1, node + 2
        for _ in range(radiators[zone]):
            resistance = 10.0 ** random.uniform(11.5, 13.0, 2)
            rows.append(("valve", supply, node, resistance[0], np.nan, -1))
            rows.append(("radiator", node, back, resistance[1], np.nan, zone))
            node += 1
    kind, start, stop, resistance, length, zones = (np.array(column) for column in zip(*rows, strict=True))
    is_pipe = kind == "pipe"
    return Building.from_edges(
        kind,
        start,
        stop,
        dp_pump_pa=12e3,
        resistance_pa_s2_m6=resistance,
        length_m=length,
        diameter_m=np.where(is_pipe, 0.025, np.nan),
        roughness_m=np.where(is_pipe, 5e-5, np.nan),
        zone=zones,
        outlet=0,
        inlet=1,
    )


@st.composite
def cases(draw):
    n_zone = draw(st.integers(1, 5))
    building = building_of(n_zone, [draw(st.integers(1, 3)) for _ in range(n_zone)], draw(st.integers(0, 99)))
    count = building.radiators.size
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    trvs = thermostats_of(
        building,
        temp_set_c=random.uniform(10.0, 26.0, count),
        head_on=random.integers(0, 2, count),
        band_k=draw(st.sampled_from([0.0, 0.5, 2.0])),
        hysteresis_k=draw(st.sampled_from([0.0, 0.4])),
        lag_s=draw(st.sampled_from([0.0, 1200.0])),
        leakage_rel=draw(st.sampled_from([0.0, 0.02])),
    )
    zones = synthetic_zones(
        building,
        random,
        neighbours=[(z, z + 1) for z in range(n_zone - 1)],
        ua_neighbour_w_k=draw(st.sampled_from([0.0, 60.0])),
        heat_capacity_radiator_j_k=draw(st.sampled_from([0.0, 3e3, 60e3])),
        exponent=draw(st.sampled_from([1.0, 1.3])),
        trvs=trvs,
    )
    n_time = 120
    outdoor = np.cumsum(random.normal(0.0, 1.0, n_time))
    law = supply_control(
        outdoor, 21.0, -draw(st.sampled_from([0.0, 1.0, 2.0])), np.full(n_zone, -1.0 / n_zone), temp_high_c=85.0
    )
    pump = draw(st.sampled_from([None, PumpLaw(8e3, 1e4, 0.0), PumpLaw(15e3, 0.0, -5e4)]))
    drive = BuildingDrive(outdoor, law, random.uniform(0.0, 800.0, (n_time, n_zone)), random.uniform(0, 200), pump)
    return building, zones, drive, draw(st.sampled_from([60.0, 900.0, 7200.0])), draw(st.floats(5.0, 28.0))


@settings(max_examples=60)
@given(cases())
def test_heat_and_water_close(case) -> None:
    building, zones, drive, step_s, temp_start_c = case
    run = simulate_building(building, zones, drive, step_s, temp_start_c=temp_start_c, save=ALL)
    assert abs(run.balance_rel) < 1e-9
    flow, heat = run["mass_flow_radiator_kg_s"], run["heat_radiator_w"]
    np.testing.assert_allclose(flow.sum(axis=1), run["mass_flow_kg_s"], rtol=1e-8, atol=1e-9)
    by_zone = np.zeros((len(flow), building.n_zone))
    np.add.at(by_zone.T, zones.radiators.zone, flow.T)
    np.testing.assert_allclose(run["mass_flow_zone_kg_s"], by_zone, rtol=1e-12)
    gave = np.zeros_like(by_zone)
    np.add.at(gave.T, zones.radiators.zone, heat.T)
    np.testing.assert_allclose(run["heat_zone_w"], gave, rtol=1e-9, atol=1e-7)
    np.testing.assert_allclose(run.heat_zone_j, run["heat_zone_w"].sum(axis=0) * step_s, rtol=1e-9, atol=1e-3)
    opening = run["opening_radiator_rel"]
    assert ((opening >= 0.0) & (opening <= 1.0)).all()
    assert (opening[:, zones.trvs.head_on == 0] == 1.0).all()


@settings(max_examples=60)
@given(cases())
def test_every_zone_balances_in_every_step(case) -> None:
    building, zones, drive, step_s, temp_start_c = case
    run = simulate_building(building, zones, drive, step_s, temp_start_c=temp_start_c, save=ALL)
    temp, before = run["temp_zone_c"], run.temp_zone_reading_c
    stored_w = zones.zones.heat_capacity_j_k * (temp - before) / step_s
    outdoor_w = np.outer(run.temp_outdoor_c, zones.zones.ua_outdoor_w_k)
    given_w = np.asarray(drive.heat_gain_w) + zones.zones.aperture_solar_m2 * drive.irradiance_w_m2
    left_w = run["heat_zone_w"] + given_w + outdoor_w - temp @ zones.conductance_w_k - stored_w
    scale_w = 1.0 + zones.zones.heat_capacity_j_k.max() / step_s
    assert np.abs(left_w).max() < 1e-12 * scale_w * 100.0


@settings(max_examples=30)
@given(cases())
def test_water_leaves_between_room_and_supply_where_radiators_have_no_mass(case) -> None:
    building, zones, drive, step_s, temp_start_c = case
    light = zones.radiators._replace(heat_capacity_j_k=np.zeros(zones.radiators.zone.size))
    zones = type(zones)(zones.zone_ids, zones.zones, zones.neighbours, light, zones.trvs)
    run = simulate_building(building, zones, drive, step_s, temp_start_c=temp_start_c, save=ALL)
    leaves = run["temp_return_radiator_c"]
    room = run["temp_zone_c"][:, zones.radiators.zone]
    supply = np.broadcast_to(run["temp_supply_c"][:, np.newaxis], leaves.shape)
    flowing = np.isfinite(leaves)
    assert (leaves[flowing] <= supply[flowing] + 1e-6).all()
    assert (leaves[flowing] >= np.minimum(room, supply)[flowing] - 1e-6).all()


@settings(max_examples=15)
@given(cases())
def test_same_input_same_output(case) -> None:
    building, zones, drive, step_s, temp_start_c = case
    first, second = (
        simulate_building(building, zones, drive, step_s, temp_start_c=temp_start_c, save=ALL) for _ in range(2)
    )
    for name, values in first.arrays.items():
        np.testing.assert_array_equal(values, second[name])
