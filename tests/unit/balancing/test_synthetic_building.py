from __future__ import annotations

import numpy as np
import pytest

from dhsim.balancing.performance import performance
from dhsim.balancing.synthetic_building import present_flows, synthetic_building
from dhsim.errors import DhsimError


def made(seed=0, **changes):
    return synthetic_building(**({"n_flat": 12, "n_floor": 3} | changes), random=np.random.default_rng(seed))


def test_the_case_study_has_70_flats_on_61_risers() -> None:
    found = made(n_flat=70, n_floor=5)
    assert found.building.n_zone == 70
    assert found.riser_valves.size == 61
    sizes = np.bincount(found.building.zone[found.building.radiators])
    assert sizes.min() >= 1
    assert sizes.max() <= 5


@pytest.mark.parametrize("n_flat", [1, 12, 200, pytest.param(1000, marks=pytest.mark.slow)])
def test_flows_lie_near_the_plan(n_flat) -> None:
    found = made(n_flat=n_flat, n_floor=1 if n_flat == 1 else 3)
    flow, nu = present_flows(found)
    share = flow[found.building.radiators] / found.flow_design_m3_s
    assert np.median(share) == pytest.approx(1.0, abs=0.1)
    assert (nu > 0.0).all()


def test_without_scatter_the_plan_runs_and_is_balanced() -> None:
    found = made(scatter_rel=0.0)
    flow, nu = present_flows(found)
    np.testing.assert_allclose(flow[found.building.radiators], found.flow_design_m3_s, rtol=1e-6)
    assert performance(found.theta_per_s, nu).angle_rad < 1e-6


def test_with_scatter_the_angle_is_of_the_order_of_the_case_study() -> None:
    found = made(n_flat=70, n_floor=5)
    assert 0.04 < performance(found.theta_per_s, present_flows(found)[1]).angle_rad < 0.15


def test_one_seed_gives_one_building() -> None:
    one, other = made(7).building, made(7).building
    assert one.resistance_pa_s2_m6.tobytes() == other.resistance_pa_s2_m6.tobytes()
    assert made(8).building.resistance_pa_s2_m6.tobytes() != one.resistance_pa_s2_m6.tobytes()


def test_flats_without_a_riser_are_refused() -> None:
    with pytest.raises(DhsimError, match="give 4 to 20 risers"):
        made(n_riser=3)
    with pytest.raises(DhsimError, match="give 4 to 20 risers"):
        made(n_riser=21)
