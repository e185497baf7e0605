"""A detailed building: the paper's model in the limit, hand checks, valves, heads and pumps."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from dhsim.balancing.synthetic_building import synthetic_building
from dhsim.engine.circuit import simulate_building
from dhsim.engine.circuit_consumer import building_as_consumer
from dhsim.engine.circuit_drive import (
    BuildingDrive,
    PumpLaw,
    curve_pump,
    proportional_pump,
    supply_control,
    supply_curve,
    supply_series,
)
from dhsim.engine.circuit_run import BuildingRun
from dhsim.engine.circuit_truth import building_flows, sensor_readings, true_parameters
from dhsim.engine.circuit_zones import synthetic_zones, thermostats_of, zones_of_parameters, zones_of_truth
from dhsim.errors import ConvergenceError, DhsimError
from dhsim.model.building import Building
from dhsim.model.building_hydraulics import solve_flows
from dhsim.model.zones import building_zones, neighbours_of, radiators_of, trvs_of

DAY = 86400.0
ALL = (
    "temp_zone_c",
    "heat_zone_w",
    "mass_flow_zone_kg_s",
    "mass_flow_radiator_kg_s",
    "heat_radiator_w",
    "temp_return_radiator_c",
    "opening_radiator_rel",
)
CURVE = ([-20.0, 20.0], [65.0, 25.0])


def two_pipe(n_riser: int = 3, n_floor: int = 2, n_radiator: int = 1, dp_pump_pa: float = 15e3) -> Building:
    """Return a mirrored two-pipe building: mains, risers with a valve, floors, and a valve at every radiator."""
    random = np.random.default_rng(1)
    number = itertools.count(2)
    rows: list[tuple[str, int, int, float, float, float, int]] = []
    main_supply, main_return, zone = 0, 1, -1
    for _ in range(n_riser):
        supply, back = next(number), next(number)
        rows.append(("pipe", main_supply, supply, np.nan, 8.0, 0.05, -1))
        rows.append(("pipe", back, main_return, np.nan, 8.0, 0.05, -1))
        main_supply, main_return = supply, back
        foot, top = next(number), supply
        rows.append(("valve", top, foot, random.uniform(2e10, 2e11), np.nan, np.nan, -1))
        supply = foot
        for _ in range(n_floor):
            above, beside = next(number), next(number)
            rows += [("pipe", supply, above, np.nan, 3.0, 0.02, -1), ("pipe", beside, back, np.nan, 3.0, 0.02, -1)]
            supply, back, zone = above, beside, zone + 1
            for _ in range(n_radiator):
                inner, outer, end = next(number), next(number), next(number)
                rows += [
                    ("pipe", supply, inner, np.nan, 2.0, 0.015, -1),
                    ("valve", inner, outer, random.uniform(1e12, 3e12), np.nan, np.nan, -1),
                    ("radiator", outer, end, 2e11, np.nan, np.nan, zone),
                    ("pipe", end, back, np.nan, 2.0, 0.015, -1),
                ]
    kind, start, stop, resistance, length, width, zones = (np.array(column) for column in zip(*rows, strict=True))
    return Building.from_edges(
        kind,
        start,
        stop,
        dp_pump_pa=dp_pump_pa,
        resistance_pa_s2_m6=resistance,
        length_m=length,
        diameter_m=width,
        roughness_m=np.where(np.isnan(length), np.nan, 5e-5),
        zone=zones,
        resistance_max_pa_s2_m6=np.where(kind == "valve", 1e16, np.nan),
        outlet=0,
        inlet=1,
    )


@pytest.fixture(scope="module")
def building() -> Building:
    return two_pipe()


@pytest.fixture(scope="module")
def wide() -> Building:
    return two_pipe(n_riser=4, n_floor=3, n_radiator=2)


def drive(n_time: int, temp_outdoor_c: float = 0.0, temp_supply_c: float = 45.0, **rest) -> BuildingDrive:
    return BuildingDrive(np.full(n_time, temp_outdoor_c), supply_series(np.full(n_time, temp_supply_c)), **rest)


def linear(building: Building) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(5)
    theta = random.uniform(1 / 12, 1 / 4, building.n_zone) / DAY
    return theta, theta * random.uniform(0.6, 1.2, building.n_zone)


def assert_closes(run: BuildingRun) -> None:
    assert abs(run.balance_rel) < 1e-11
    assert run.heat_zone_j.sum() == pytest.approx(run.totals["heat_radiator_j"], rel=1e-12)
    assert not run.status.any()


# --- the linear zone model of the paper -------------------------------------------------------------------------------


def test_true_parameters_are_the_ones_asked_for(wide: Building) -> None:
    theta, nu = linear(wide)
    found = true_parameters(wide, zones_of_parameters(wide, theta, nu), temp_supply_c=70.0)
    np.testing.assert_allclose(found.theta_per_s, theta, rtol=1e-12)
    np.testing.assert_allclose(found.nu_per_s, nu, rtol=1e-12)
    supply = found.mass_flow_zone_kg_s * wide.fluid.heat_capacity_j_kgk
    by_hand = found.temp_rise_k_j * supply * -np.expm1(-found.ua_zone_w_k / supply)  # eq. (10)
    np.testing.assert_allclose(found.nu_per_s, by_hand, rtol=1e-12)
    assert not found.coupling_per_s.any()


def test_zones_of_a_synthetic_building_have_its_hidden_parameters() -> None:
    made = synthetic_building(12, random=np.random.default_rng(4))
    zones = zones_of_truth(made.building, made.theta_per_s, made.heat_loss_w_k, made.ua_radiator_w_k)
    for settings in (
        made.building,
        made.building.with_valves(made.building.resistance_max_pa_s2_m6[made.building.valves]),
    ):
        found = true_parameters(settings, zones, temp_supply_c=60.0)
        np.testing.assert_allclose(found.theta_per_s, made.theta_per_s, rtol=1e-12)
        np.testing.assert_allclose(found.nu_per_s, made.nu_per_s(solve_flows(settings).flow_m3_s), rtol=1e-6)


def test_each_step_is_the_implicit_step_of_the_linear_model(wide: Building) -> None:
    theta, nu = linear(wide)
    n_time, step_s = 300, 900.0
    outdoor, supply = 5.0 * np.sin(np.arange(n_time) / 20.0), 45.0 + 8.0 * np.cos(np.arange(n_time) / 33.0)
    zones = zones_of_parameters(wide, theta, nu)
    run = simulate_building(wide, zones, BuildingDrive(outdoor, supply_series(supply)), step_s, temp_start_c=18.0)
    temp, expected = np.full(wide.n_zone, 18.0), []
    for k in range(n_time):
        temp = (temp + step_s * (theta * outdoor[k] + nu * supply[k])) / (1.0 + step_s * (theta + nu))
        expected.append(temp)
    np.testing.assert_allclose(run["temp_zone_c"], expected, atol=1e-9)
    assert_closes(run)


def test_fine_steps_come_to_the_analytic_solution(building: Building) -> None:
    theta, nu = linear(building)
    zones = zones_of_parameters(building, theta, nu)
    rest = (theta * -5.0 + nu * 50.0) / (theta + nu)
    exact = rest + (20.0 - rest) * np.exp(-(theta + nu) * 3.0 * DAY)
    errors = []
    for step_s in (7200.0, 3600.0, 1800.0):
        run = simulate_building(building, zones, drive(round(3 * DAY / step_s), -5.0, 50.0), step_s, temp_start_c=20.0)
        errors.append(np.abs(run.temp_zone_end_c - exact).max())
    assert errors[1] / errors[0] == pytest.approx(0.5, abs=0.02)
    assert errors[2] / errors[1] == pytest.approx(0.5, abs=0.02)
    assert errors[2] < 0.02


def test_given_flows_are_the_constant_flows_of_the_paper(building: Building) -> None:
    radiators = radiators_of(building.radiators, building.zone[building.radiators], 900.0, exponent=1.0)
    zones = building_zones(building.zone_ids, 2e7, 60.0, radiators)
    flow = np.linspace(0.005, 0.02, building.radiators.size)
    run = simulate_building(building, zones, drive(4000, 0.0, 50.0), 3600.0, mass_flow_radiator_kg_s=flow, save=ALL)
    capacity = flow * building.fluid.heat_capacity_j_kgk
    supply_w_k = capacity * -np.expm1(-900.0 / 49.83 / capacity)
    np.testing.assert_allclose(run.temp_zone_end_c, supply_w_k * 50.0 / (supply_w_k + 60.0), rtol=1e-9)
    np.testing.assert_array_equal(run["mass_flow_radiator_kg_s"][-1], flow)
    assert run.stats["flow_solves"] == 0
    heads = building_zones(building.zone_ids, 2e7, 60.0, radiators, trvs=thermostats_of(building))
    with pytest.raises(DhsimError, match="take the heads off"):
        simulate_building(building, heads, drive(3), 900.0, mass_flow_radiator_kg_s=flow)


# --- steady state, neighbours, gains ----------------------------------------------------------------------------------


def test_steady_state_by_hand(building: Building) -> None:
    """Gains and sun against the outdoor air, through the neighbours too: one linear system."""
    radiators = radiators_of(building.radiators, building.zone[building.radiators], 900.0)
    pairs = [(z, z + 1) for z in range(building.n_zone - 1)]
    zones = building_zones(
        building.zone_ids,
        2e7,
        np.linspace(40.0, 80.0, building.n_zone),
        radiators,
        neighbours=neighbours_of(pairs, 35.0),
        aperture_solar_m2=2.0,
    )
    gain = np.linspace(100.0, 600.0, building.n_zone)
    off = drive(2000, 5.0, 0.0, heat_gain_w=gain, irradiance_w_m2=50.0)
    run = simulate_building(building, zones, off, 7200.0, temp_start_c=10.0)
    by_hand = 5.0 + np.linalg.solve(zones.conductance_w_k, gain + 100.0)
    np.testing.assert_allclose(run.temp_zone_end_c, by_hand, rtol=1e-9)
    assert run.totals["heat_water_j"] == 0.0
    assert_closes(run)


def test_neighbours_share_the_heat(building: Building) -> None:
    edges = building.radiators
    heat_w = np.where(np.arange(edges.size) == 0, 1e-6, 900.0)
    radiators = radiators_of(edges, building.zone[edges], heat_w)
    alone, tied = (
        simulate_building(
            building,
            building_zones(building.zone_ids, 1e7, 50.0, radiators, neighbours=neighbours_of([(0, 1)], ua_w_k)),
            drive(1000),
            3600.0,
        )
        for ua_w_k in (0.0, 100.0)
    )
    assert alone.temp_zone_end_c[0] == pytest.approx(0.0, abs=0.1)
    assert tied.temp_zone_end_c[0] > 4.0
    assert tied.temp_zone_end_c[1] < alone.temp_zone_end_c[1]
    np.testing.assert_allclose(tied.temp_zone_end_c[2:], alone.temp_zone_end_c[2:], atol=1e-6)


def test_radiators_with_mass_end_where_those_without_do(wide: Building) -> None:
    runs = []
    for mass_j_k in (0.0, 40e3):
        zones = synthetic_zones(wide, np.random.default_rng(4), heat_capacity_radiator_j_k=mass_j_k)
        runs.append(simulate_building(wide, zones, drive(3000), 3600.0, temp_start_c=15.0, save=ALL))
    np.testing.assert_allclose(runs[0].temp_zone_end_c, runs[1].temp_zone_end_c, atol=1e-6)
    assert runs[1].totals["store_radiator_j"] > 0.0 == runs[0].totals["store_radiator_j"]
    early = [run["heat_zone_w"][0].sum() for run in runs]
    assert early[1] < early[0]
    for run in runs:
        assert_closes(run)


# --- hydraulics -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("friction", ["colebrook", "laminar_aware"])
def test_flows_are_those_of_the_balancing_solver(wide: Building, friction) -> None:
    zones = synthetic_zones(wide, np.random.default_rng(0))
    found = building_flows(wide, zones, friction=friction)
    whole = solve_flows(wide, friction=friction)
    expected = whole.flow_m3_s[wide.radiators] * wide.fluid.density_kg_m3
    np.testing.assert_allclose(found.mass_flow_radiator_kg_s, expected, rtol=1e-8)
    assert found.mass_flow_kg_s == pytest.approx(whole.flow_total_m3_s * wide.fluid.density_kg_m3, rel=1e-9)
    assert found.mass_flow_zone_kg_s.sum() == pytest.approx(found.mass_flow_kg_s, rel=1e-9)


def test_closed_valve_lets_its_zone_cool_and_the_others_have_more(building: Building) -> None:
    zones = synthetic_zones(building, np.random.default_rng(2))
    own = thermostats_of(building).edge
    settings = building.resistance_valves_pa_s2_m6.copy()
    settings[np.flatnonzero(building.valves == own[0])] = 1e16
    shut = building.with_valves(settings)
    open_run, shut_run = (simulate_building(b, zones, drive(400), 3600.0, save=ALL) for b in (building, shut))
    zone = building.zone[building.radiators[0]]
    assert shut_run["mass_flow_radiator_kg_s"][-1, 0] < 0.02 * open_run["mass_flow_radiator_kg_s"][-1, 0]
    assert shut_run.temp_zone_end_c[zone] < open_run.temp_zone_end_c[zone] - 3.0
    others = np.arange(1, building.radiators.size)
    more = shut_run["mass_flow_radiator_kg_s"][-1, others] > open_run["mass_flow_radiator_kg_s"][-1, others]
    assert more.all()


def test_a_head_can_close_every_radiator_of_a_riser(building: Building) -> None:
    """Then nothing flows there, nothing is lost, and the rest runs on."""
    cold_set = np.array([5.0, 5.0, 30.0, 30.0, 30.0, 30.0])
    zones = synthetic_zones(building, np.random.default_rng(2), trvs=thermostats_of(building, temp_set_c=cold_set))
    run = simulate_building(building, zones, drive(200), 900.0, save=ALL)
    assert not run["mass_flow_radiator_kg_s"][:, :2].any()
    assert not run["heat_radiator_w"][:, :2].any()
    assert np.isnan(run["temp_return_radiator_c"][:, :2]).all()
    assert (run["mass_flow_radiator_kg_s"][:, 2:] > 0.0).all()
    assert_closes(run)


def test_all_heads_closed_is_a_building_without_heat(building: Building) -> None:
    zones = synthetic_zones(building, np.random.default_rng(2), trvs=thermostats_of(building, temp_set_c=5.0))
    run = simulate_building(building, zones, drive(50), 900.0, temp_start_c=20.0)
    assert run.totals["heat_water_j"] == 0.0
    assert np.abs(run["mass_flow_kg_s"]).max() < 1e-9
    assert_closes(run)


def test_pump_laws_meet_the_circuit(building: Building) -> None:
    zones = synthetic_zones(building, np.random.default_rng(2))
    design = building_flows(building, zones)
    held, proportional, curve = (
        simulate_building(building, zones, drive(3, pump=pump), 900.0)
        for pump in (
            None,
            proportional_pump(20e3, 2.0 * design.mass_flow_kg_s, 0.5),
            curve_pump(20e3, -1e6, -2e10, density_kg_m3=building.fluid.density_kg_m3),
        )
    )
    assert held["dp_pump_pa"][-1] == building.dp_pump_pa
    flow = proportional["mass_flow_kg_s"][-1]
    assert proportional["dp_pump_pa"][-1] == pytest.approx(10e3 + 5e3 * flow / design.mass_flow_kg_s, rel=1e-8)
    volume = curve["mass_flow_kg_s"][-1] / building.fluid.density_kg_m3
    assert curve["dp_pump_pa"][-1] == pytest.approx(20e3 - 1e6 * volume - 2e10 * volume**2, rel=1e-8)


def test_pump_that_stops_and_starts(building: Building) -> None:
    zones = synthetic_zones(building, np.random.default_rng(2))
    dp_pa = np.where(np.arange(30) // 10 == 1, 0.0, 15e3)
    run = simulate_building(building, zones, drive(30, pump=PumpLaw(dp_pa)), 900.0, save=ALL)
    assert not run["mass_flow_radiator_kg_s"][10:20].any()
    assert run["mass_flow_kg_s"][25] == pytest.approx(run["mass_flow_kg_s"][5], rel=1e-9)
    assert_closes(run)


# --- heads ------------------------------------------------------------------------------------------------------------


def test_heads_throttle_the_warm_and_feed_the_cold(wide: Building) -> None:
    gain = np.where(np.arange(wide.n_zone) % 2 == 0, 900.0, 0.0)
    hot = drive(2000, 0.0, 60.0, heat_gain_w=gain)
    off, on = (
        simulate_building(
            wide,
            synthetic_zones(wide, np.random.default_rng(11), trvs=thermostats_of(wide, head_on=head)),
            hot,
            1800.0,
            save=ALL,
        )
        for head in (0, 1)
    )
    warm = off.temp_zone_end_c > 24.0
    assert warm.any()
    assert (on.temp_zone_end_c[warm] < off.temp_zone_end_c[warm] - 0.5).all()
    assert on.temp_zone_end_c.max() < 26.0
    assert on.mean_spread_k(20 * DAY) < off.mean_spread_k(20 * DAY)
    open_still = on["opening_radiator_rel"][-1] == 1.0
    fed = on["mass_flow_radiator_kg_s"][-1] > off["mass_flow_radiator_kg_s"][-1]
    assert fed[open_still].all()
    assert on.totals["heat_water_j"] < off.totals["heat_water_j"]
    assert_closes(on)


def test_hysteresis_loop_in_the_building_is_closed(building: Building) -> None:
    """A day's wave of gains: opening against sensor runs round the same loop every day."""
    n_time, step_s = 12 * 96, 900.0
    wave = 2000.0 * np.maximum(0.0, np.sin(2.0 * np.pi * np.arange(n_time) / 96.0))
    gain = np.repeat(wave[:, np.newaxis], building.n_zone, axis=1)
    edges = building.radiators
    zones = building_zones(
        building.zone_ids,
        3e6,
        40.0,
        radiators_of(edges, building.zone[edges], 1200.0),
        trvs=thermostats_of(building, hysteresis_k=0.5, lag_s=0.0),
    )
    run = simulate_building(building, zones, drive(n_time, 0.0, 55.0, heat_gain_w=gain), step_s, save=ALL)
    opening, temp = run["opening_radiator_rel"][:, 0], run.temp_zone_reading_c[:, building.zone[edges[0]]]
    last, before = slice(-96, None), slice(-192, -96)
    np.testing.assert_allclose(opening[last], opening[before], atol=1e-3)
    assert np.ptp(opening[last]) > 0.1
    deviation = temp[last] - (21.0 + 2.0 * (1.0 - opening[last]))
    inside = (opening[last] > 0.0) & (opening[last] < 1.0)
    assert np.abs(deviation[inside]).max() <= 0.25 + 1e-9
    assert np.ptp(deviation[inside]) == pytest.approx(0.5, abs=0.02)


def test_lag_delays_the_head(building: Building) -> None:
    runs = []
    for lag_s in (0.0, 3600.0):
        trvs = thermostats_of(building, temp_set_c=20.0, hysteresis_k=0.0, lag_s=lag_s)
        zones = synthetic_zones(building, np.random.default_rng(2), trvs=trvs)
        warm = drive(60, heat_gain_w=5000.0)
        runs.append(simulate_building(building, zones, warm, 300.0, temp_start_c=19.5, save=ALL))
    prompt, late = (run["opening_radiator_rel"].sum(axis=0) for run in runs)
    assert (late > prompt).all()


# --- control ----------------------------------------------------------------------------------------------------------


def test_control_law_is_the_papers(building: Building) -> None:
    theta, nu = linear(building)
    zones = zones_of_parameters(building, theta, nu)
    outdoor = 3.0 * np.sin(np.arange(200) / 15.0)
    back = np.full(building.n_zone, -2.0 / building.n_zone)
    law = supply_control(outdoor, 21.0, -1.1, back, temp_low_c=20.0, temp_high_c=48.0)
    run = simulate_building(building, zones, BuildingDrive(outdoor, law), 3600.0, temp_start_c=20.0)
    error = 21.0 - run.temp_zone_reading_c
    expected = 21.0 - error @ back + 1.1 * (21.0 - outdoor)
    np.testing.assert_allclose(run["temp_supply_c"], np.clip(expected, 20.0, 48.0), rtol=1e-12)


def test_heating_curve_interpolates_and_holds_its_ends() -> None:
    law = supply_curve(np.array([-30.0, 0.0, 30.0]), *CURVE)
    np.testing.assert_allclose(law.temp_base_c, [65.0, 45.0, 25.0])
    with pytest.raises(DhsimError, match="the latter rising"):
        supply_curve(np.zeros(2), [0.0, 0.0], [40.0, 50.0])


# --- readings, consumer, substation -----------------------------------------------------------------------------------


def test_sensor_readings_pair_state_and_inputs(building: Building) -> None:
    theta, nu = linear(building)
    outdoor = 3.0 * np.sin(np.arange(400) / 15.0)
    run = simulate_building(
        building,
        zones_of_parameters(building, theta, nu),
        BuildingDrive(outdoor, supply_series(45.0 + outdoor)),
        900.0,
        temp_start_c=20.0,
    )
    clean = sensor_readings(run, 900.0, np.random.default_rng(0), noise_sd_k=0.0)
    np.testing.assert_array_equal(clean.temp_zone_c[0], np.full(building.n_zone, 20.0))
    change = np.diff(clean.temp_zone_c, axis=0) / 900.0
    end = clean.temp_zone_c[1:]
    rows = slice(None, -1)
    model = theta * (clean.temp_outdoor_c[rows, None] - end) + nu * (clean.temp_supply_c[rows, None] - end)
    np.testing.assert_allclose(change, model, atol=1e-12)
    noisy = sensor_readings(run, 3600.0, np.random.default_rng(0), noise_sd_k=0.05, share_missing_rel=0.1)
    assert noisy.temp_zone_c.shape == (100, building.n_zone)
    apart = noisy.temp_zone_c - run.temp_zone_reading_c[::4]
    assert np.nanstd(apart) == pytest.approx(0.05, rel=0.1)
    assert np.isnan(apart).mean() == pytest.approx(0.1, abs=0.04)
    assert sensor_readings(run, 900.0, np.random.default_rng(0), resolution_k=0.5).temp_zone_c[0, 0] % 0.5 == 0.0
    with pytest.raises(DhsimError, match="take a multiple"):
        sensor_readings(run, 1000.0, np.random.default_rng(0))


def test_consumer_is_the_building_at_rest(building: Building) -> None:
    zones = synthetic_zones(building, np.random.default_rng(2), trvs=thermostats_of(building, hysteresis_k=0.0))
    run = simulate_building(building, zones, drive(3000, 0.0, 60.0), 3600.0, tolerance_valve_rel=0.0)
    point = building_as_consumer(building, zones, 60.0, temp_zone_c=run.temp_zone_end_c)
    assert point.mass_flow_kg_s == pytest.approx(run["mass_flow_kg_s"][-1], rel=1e-6)
    assert point.heat_w == pytest.approx(run["heat_water_w"][-1], rel=1e-6)
    assert point.temp_return_c == pytest.approx(run["temp_return_c"][-1], abs=1e-4)
    assert point.conductance_kg_s_pa05**2 * point.dp_pa == pytest.approx(point.mass_flow_kg_s**2)
    np.testing.assert_allclose(point.heat_zone_w, run["heat_zone_w"][-1], rtol=1e-5)
    assert building_as_consumer(building, zones, 60.0, temp_zone_c=40.0).heat_w == 0.0


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_parts_that_do_not_fit_are_refused_with_names(building: Building) -> None:
    edges, zone = building.radiators, building.zone[building.radiators]
    wrong_edge, wrong_zone = edges.copy(), zone.copy()
    wrong_edge[0] = building.valves[0]
    wrong_zone[1] = (zone[1] + 1) % building.n_zone
    radiators = radiators_of(wrong_edge, wrong_zone, 900.0)
    trvs = trvs_of(np.roll(thermostats_of(building).edge, 1))
    zones = building_zones(building.zone_ids, 2e7, 50.0, radiators, trvs=trvs)
    with pytest.raises(DhsimError) as caught:
        simulate_building(building, zones, drive(3), 900.0)
    text = str(caught.value)
    assert f"edge {building.valves[0]}: not a radiator of the building" in text
    assert f"edge {edges[0]}: a radiator of the building without a zone" in text
    assert f"edge {edges[1]} heats zone {zone[1]} in the building, but zone {wrong_zone[1]} here" in text
    assert "does not lie on its own connection" in text


def test_series_that_do_not_fit_are_refused_all_at_once(building: Building) -> None:
    zones = synthetic_zones(building, np.random.default_rng(0))
    gappy = BuildingDrive(
        np.array([0.0, np.nan, 1.0]), supply_series([40.0, 41.0]), heat_gain_w=np.zeros((3, 2)), irradiance_w_m2=[1.0]
    )
    with pytest.raises(DhsimError) as caught:
        simulate_building(building, zones, gappy, 900.0)
    text = str(caught.value)
    for part in ("temp_outdoor_c: 1 values missing, the first at step 1", "supply temperature: shape (2,)"):
        assert part in text
    assert "heat_gain_w: shape (3, 2)" in text
    assert "irradiance_w_m2: shape (1,)" in text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"step_s": 0.0}, "the step must be positive"),
        ({"save": ("temp",)}, "save: unknown temp"),
        ({"temp_start_c": [20.0, 21.0]}, "temp_start_c"),
        ({"friction": "blasius"}, "unknown friction"),
    ],
)
def test_wrong_arguments_are_refused(building: Building, change, message) -> None:
    zones = synthetic_zones(building, np.random.default_rng(0))
    with pytest.raises(DhsimError, match=message):
        simulate_building(building, zones, drive(3), **({"step_s": 900.0} | change))


def test_pump_that_cannot_meet_the_circuit_is_an_error(building: Building) -> None:
    """A rise that grows with the flow faster than any circuit's drop."""
    zones = synthetic_zones(building, np.random.default_rng(0))
    with pytest.raises(ConvergenceError, match="first is step 0"):
        simulate_building(building, zones, drive(3, pump=PumpLaw(1e4, 0.0, 1e9)), 900.0)


def test_nu_beyond_what_the_water_carries_is_refused(building: Building) -> None:
    theta, _ = linear(building)
    with pytest.raises(DhsimError, match="the water carries"):
        zones_of_parameters(building, theta, 100.0 * theta)


def test_what_was_not_kept_is_said(building: Building) -> None:
    run = simulate_building(building, synthetic_zones(building, np.random.default_rng(0)), drive(3), 900.0, save=())
    with pytest.raises(DhsimError, match="was not kept"):
        run["temp_zone_c"]
    assert "6 zones, 6 radiators" in repr(run)
