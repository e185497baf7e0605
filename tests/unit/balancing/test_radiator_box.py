from __future__ import annotations

import numpy as np
import pytest

from dhsim.balancing.bounds import supply_box
from dhsim.balancing.expectation import expectation
from dhsim.balancing.identification import identify
from dhsim.balancing.performance import performance
from dhsim.balancing.radiator_box import RadiatorChange, radiator_box, radiator_change
from dhsim.balancing.synthetic import simulate_zones, synthetic_weather
from dhsim.balancing.synthetic_building import synthetic_building
from dhsim.errors import DhsimError
from dhsim.model.building_hydraulics import solve_flows

STEP_S = 3600.0


def turned(seed=2):
    """A synthetic building, its riser valves throttled and opened by turns, and flows before and after."""
    truth = synthetic_building(12, 12, 3, random=np.random.default_rng(seed))
    building = truth.building
    settings = building.resistance_valves_pa_s2_m6.copy()
    settings[truth.riser_valves[::2]] *= 6.0
    settings[truth.riser_valves[1::2]] /= 6.0
    return truth, solve_flows(building), solve_flows(building, settings)


def test_one_ratio_a_zone_gives_the_box_of_the_paper():
    nu, ratio = np.array([1.0, 2.0]), np.array([0.7, 1.4])
    change = RadiatorChange(np.array([0, 0, 1]), ratio[[0, 0, 1]], np.array([0.3, 0.7, 1.0]))
    for mine, paper in zip(radiator_box(nu, change), supply_box(nu, ratio), strict=True):
        np.testing.assert_allclose(mine, paper, rtol=1e-15)


def test_the_true_heat_supply_stays_within_the_box_of_its_true_shares_and_leaves_that_of_eq_27():
    truth, now, then = turned()
    building = truth.building
    change = radiator_change(building, now, then)
    nu, after = truth.nu_per_s(now.flow_m3_s), truth.nu_per_s(then.flow_m3_s)
    fluid, radiators = building.fluid, building.radiators
    capacity = fluid.heat_capacity_j_kgk * fluid.density_kg_m3 * now.flow_m3_s[radiators]
    heat = -capacity * np.expm1(-truth.ua_radiator_w_k / capacity)
    share = heat / np.bincount(change.zone, heat)[change.zone]
    for box in (radiator_box(nu, change._replace(share_rel=share)), radiator_box(nu, change, shares_known=False)):
        assert (box.low_per_s <= after * (1.0 + 1e-12)).all()
        assert (after <= box.high_per_s * (1.0 + 1e-12)).all()
    paper = supply_box(nu, then.flow_zone_m3_s / now.flow_zone_m3_s)
    assert ((after < paper.low_per_s * (1.0 - 1e-9)) | (after > paper.high_per_s * (1.0 + 1e-9))).any()


def test_shares_go_by_design_heat_where_all_of_a_zone_have_it_else_by_flow():
    truth, now, then = turned()
    radiators = truth.building.radiators
    heat = np.linspace(400.0, 900.0, radiators.size)
    zone = truth.building.zone[radiators]
    heat[np.flatnonzero(zone == 0)[0]] = np.nan
    change = radiator_change(truth.building, now, then, heat)
    flow = now.flow_m3_s[radiators]
    np.testing.assert_allclose(change.share_rel[zone == 0], flow[zone == 0] / flow[zone == 0].sum())
    np.testing.assert_allclose(change.share_rel[zone == 1], heat[zone == 1] / heat[zone == 1].sum())
    assert change.from_design == (False, *[True] * (change.n_zone - 1))
    np.testing.assert_allclose(np.bincount(zone, change.share_rel), 1.0)


def test_what_cannot_be_is_refused():
    truth, now, then = turned()
    with pytest.raises(DhsimError, match="design heat must be positive, one a radiator"):
        radiator_change(truth.building, now, then, [100.0])
    dry = now._replace(flow_m3_s=np.zeros_like(now.flow_m3_s))
    with pytest.raises(DhsimError, match="radiators have no flow now"):
        radiator_change(truth.building, dry, then)
    with pytest.raises(DhsimError, match="one heat supply a zone"):
        radiator_box([1.0], radiator_change(truth.building, now, then))


def test_expectation_over_radiators_is_that_over_zones_where_they_change_alike_and_wider_where_not():
    random = np.random.default_rng(1)
    theta = np.full(4, 2e-6)
    weather = synthetic_weather(24 * 20, STEP_S, random)
    inputs = weather.temp_supply_c, weather.temp_outdoor_c
    fit = identify(simulate_zones(theta, theta, *inputs, STEP_S, random, 0.02), *inputs, STEP_S, draw_count=100)
    zone, share = np.repeat(np.arange(4), 2), np.full(8, 0.5)
    ratio = np.array([0.8, 1.0, 1.1, 1.3])
    plain = expectation(fit, ratio)
    alike = expectation(fit, ratio, radiators=RadiatorChange(zone, ratio[zone], share))
    assert alike.angle_rad.after == pytest.approx(plain.angle_rad.after, rel=1e-12)
    assert alike.spread_k.usual == pytest.approx(plain.spread_k.usual, rel=1e-12)
    apart = RadiatorChange(zone, ratio[zone] + np.tile([-0.3, 0.3], 4), share)
    wider = expectation(fit, ratio, radiators=apart)
    assert wider.angle_rad.worst > plain.angle_rad.worst
    assert wider.angle_rad.best <= plain.angle_rad.best + 1e-12
    widest = expectation(fit, ratio, radiators=apart, shares_known=False)
    assert widest.angle_rad.worst > wider.angle_rad.worst
    box = radiator_box(fit.nu_per_s, apart)
    assert wider.angle_rad.worst == performance(fit.theta_per_s, fit.nu_per_s, box=box).angle_worst_rad
    with pytest.raises(DhsimError, match="radiators of 4 zones, but 3"):
        expectation(fit.__class__(**{**vars(fit), "zone_ids": fit.zone_ids[:3], "theta_per_s": theta[:3]}), ratio[:3],
                    radiators=apart)  # fmt: skip
