"""Hidden truths: drawn about a plan, written and read, and made from a fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dhsim.balancing.identification import identify
from dhsim.balancing.performance import angle_rad
from dhsim.balancing.posterior import Posterior
from dhsim.balancing.protocol import BuildingCase, open_building
from dhsim.balancing.synthetic import simulate_zones, synthetic_weather
from dhsim.balancing.trial_truth import (
    CAPACITY_SD_REL,
    LOSS_SD_REL,
    Rough,
    drawn_truth,
    fitted_truth,
    with_heads,
)
from dhsim.build.building import build_building
from dhsim.build.building_zones import plan_zones
from dhsim.engine.circuit_truth import true_parameters
from dhsim.errors import DhsimError
from dhsim.units import S_PER_DAY, S_PER_H

BUILDINGS = Path(__file__).parents[3] / "scenarios" / "buildings"


@pytest.fixture(scope="module")
def flats12() -> BuildingCase:
    return open_building(BUILDINGS / "flats12")


@pytest.fixture(scope="module")
def fit(flats12: BuildingCase) -> Posterior:
    random = np.random.default_rng(4)
    weather = synthetic_weather(24 * 20, S_PER_H, random, supply_sd_k=2.0)
    theta = np.full(12, 1.0 / 6.0) / S_PER_DAY
    nu = 0.9 * theta * np.exp(0.1 * random.standard_normal(12))
    inputs = weather.temp_supply_c, weather.temp_outdoor_c
    rooms = simulate_zones(theta, nu, *inputs, S_PER_H, random, process_sd_k=0.02)
    return identify(rooms, *inputs, S_PER_H, zone_ids=flats12.building.zone_ids, draw_count=50)


class TestDrawn:
    def test_without_deviation_it_is_the_plan(self, flats12: BuildingCase) -> None:
        made, plan = (
            drawn_truth(flats12, np.random.default_rng(1), Rough(0.0)).zones,
            plan_zones(build_building(flats12.scenario)),
        )
        assert made.zones.ua_outdoor_w_k == pytest.approx(plan.zones.ua_outdoor_w_k, rel=1e-12)
        assert made.radiators.heat_design_w == pytest.approx(plan.radiators.heat_design_w, rel=1e-12)
        assert np.array_equal(made.neighbours.ua_w_k, plan.neighbours.ua_w_k)

    def test_deviates_as_it_says(self, flats12: BuildingCase) -> None:
        plan = plan_zones(build_building(flats12.scenario)).zones
        draws = [drawn_truth(flats12, np.random.default_rng(seed)).zones.zones for seed in range(60)]
        loss = np.log([draw.ua_outdoor_w_k / plan.ua_outdoor_w_k for draw in draws])
        stored = np.log([draw.heat_capacity_j_k / plan.heat_capacity_j_k for draw in draws])
        assert loss.std() == pytest.approx(LOSS_SD_REL, rel=0.1)
        assert stored.std() == pytest.approx(CAPACITY_SD_REL, rel=0.1)
        assert abs(np.corrcoef(loss.ravel(), stored.ravel())[0, 1]) < 0.15

    def test_a_synthetic_building_gives_its_own(self) -> None:
        case = open_building(BUILDINGS / "flats70.yaml", {"synthetic.flats": 12, "synthetic.risers": 6})
        assert case.truth is not None
        made = true_parameters(case.building, drawn_truth(case, np.random.default_rng(9)).zones)
        assert made.theta_per_s == pytest.approx(case.truth.theta_per_s, rel=1e-9)


class TestFitted:
    def test_gives_back_the_fit(self, flats12: BuildingCase, fit: Posterior) -> None:
        hidden = fitted_truth(flats12, fit)
        found = true_parameters(flats12.building, hidden.zones)
        assert found.theta_per_s == pytest.approx(fit.theta_per_s, rel=1e-9)
        assert found.nu_per_s == pytest.approx(fit.nu_per_s, rel=1e-6)
        assert angle_rad(found.theta_per_s, found.nu_per_s) == pytest.approx(fit.angle_rad(), rel=1e-5)
        assert hidden.flags == ()

    def test_takes_the_plans_heat_loss(self, flats12: BuildingCase, fit: Posterior) -> None:
        loss = fitted_truth(flats12, fit).zones.zones.ua_outdoor_w_k
        assert loss == pytest.approx(plan_zones(build_building(flats12.scenario)).zones.ua_outdoor_w_k, rel=1e-9)

    def test_radiators_share_a_flats_heat_as_in_the_plan(self, flats12: BuildingCase, fit: Posterior) -> None:
        radiators = fitted_truth(flats12, fit).zones.radiators
        mine = radiators.zone == 0
        planned = flats12.heat_design_w[mine]
        assert radiators.heat_design_w[mine] / radiators.heat_design_w[mine][0] == pytest.approx(planned / planned[0])
        assert np.ptp(planned) > 0.0

    def test_names_flats_whose_plan_does_not_fit(self, flats12: BuildingCase, fit: Posterior) -> None:
        said = list(flats12.scenario.zones)
        said[0] = said[0].model_copy(update={"heat_design_w": 80e3})
        said[3] = said[3].model_copy(update={"ua_outdoor_w_k": 1e4})
        scenario = flats12.scenario.model_copy(update={"zones": tuple(said)})
        hidden = fitted_truth(replace(flats12, scenario=scenario), fit)
        (flag,) = hidden.flags
        assert "flat 11, flat 14:" in str(flag)
        found = true_parameters(flats12.building, hidden.zones)
        assert found.nu_per_s == pytest.approx(fit.nu_per_s, rel=1e-6)
        assert found.ntu[[0, 3]] == pytest.approx([0.4, 0.4], rel=1e-6)


class TestHeads:
    def test_sit_on_the_catalogues_radiator_valves(self, flats12: BuildingCase) -> None:
        zones = drawn_truth(flats12, np.random.default_rng(1)).zones
        trvs = with_heads(flats12, zones, True, 20.5).trvs
        names = [flats12.building.edge_ids[e] for e in trvs.edge]
        assert names[0] == "v1.1"
        assert (trvs.temp_set_c == 20.5).all()
        assert not with_heads(flats12, zones, False, 20.5).trvs.head_on.any()

    def test_without_any_valve_that_bears_one_they_are_refused(self, flats12: BuildingCase) -> None:
        zones = drawn_truth(flats12, np.random.default_rng(1)).zones
        types = tuple(kind if kind is not None and kind.kind != "radiator" else None for kind in flats12.valve_types)
        bare = replace(flats12, valve_types=types)
        with pytest.raises(DhsimError, match="--heads off"):
            with_heads(bare, zones, True, 21.0)
        assert with_heads(bare, zones, False, 21.0).zone_ids == zones.zone_ids
