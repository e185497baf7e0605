"""A radiator with thermal mass: at rest the radiator of EN 442, on the way there every joule accounted for."""

from __future__ import annotations

import numpy as np
import pytest

from dhsim.physics.radiator import excess_log_mean_k, heat_flow_w
from dhsim.physics.radiator_body import body_step, mean_share, mean_share_slope, steady_heat

DESIGN = (1000.0, 49.83, 1.3)


def _settled(supply_c: float, room_c: float, capacity_w_k: float, store_w_k: float = 30.0) -> tuple[float, float]:
    body_c, heat_w = 15.0, 0.0
    for _ in range(3000):
        heat_w, body_c, _ = body_step(body_c, supply_c, room_c, capacity_w_k, store_w_k, *DESIGN)
    return heat_w, body_c


@pytest.mark.parametrize("capacity_w_k", [2.0, 20.0, 200.0])
def test_at_rest_it_is_the_radiator_without_mass(capacity_w_k: float) -> None:
    heat_w, body_c = _settled(60.0, 21.0, capacity_w_k)
    expected = float(heat_flow_w(60.0, capacity_w_k, 0.0, 21.0, 0.0, *DESIGN, 1.0, 1.0))
    assert heat_w == pytest.approx(expected, rel=1e-9)
    return_c = 60.0 - heat_w / capacity_w_k
    assert body_c - 21.0 == pytest.approx(float(excess_log_mean_k(60.0, return_c, 21.0)), rel=1e-7)


def test_without_flow_it_cools_by_its_own_heat() -> None:
    """Fine steps follow C dX/dt = -K X^n, whose solution is a power law."""
    store_j_k, step_s, body_c = 30e3, 1.0, 70.0
    for _ in range(1800):
        heat_w, next_c, _ = body_step(body_c, 60.0, 20.0, 0.0, store_j_k / step_s, *DESIGN)
        assert heat_w == pytest.approx(-store_j_k * (next_c - body_c) / step_s, rel=1e-9)
        body_c = next_c
    emission = DESIGN[0] / DESIGN[1] ** 1.3
    exact_k = (50.0**-0.3 + 0.3 * emission / store_j_k * 1800.0) ** (-1.0 / 0.3)
    assert body_c - 20.0 == pytest.approx(exact_k, rel=2e-3)


def test_body_warmer_than_its_supply_warms_the_water() -> None:
    heat_w, body_c, _ = body_step(70.0, 40.0, 20.0, 20.0, 500.0, *DESIGN)
    taken_w = heat_w + 500.0 * (body_c - 70.0)
    assert taken_w == pytest.approx(20.0 * (40.0 - body_c), rel=1e-9)
    assert taken_w < 0.0 < heat_w


def test_cold_body_takes_heat_from_the_room() -> None:
    heat_w, body_c, _ = body_step(5.0, 15.0, 20.0, 5.0, 100.0, *DESIGN)
    assert heat_w < 0.0
    assert 5.0 < body_c < 20.0


@pytest.mark.parametrize("body_c", [10.0, 30.0, 45.0, 75.0])
@pytest.mark.parametrize("store_w_k", [5.0, 50.0])
def test_slope_is_the_derivative(body_c: float, store_w_k: float) -> None:
    def heat(room_c: float) -> float:
        return body_step(body_c, 60.0, room_c, 30.0, store_w_k, *DESIGN)[0]

    slope = body_step(body_c, 60.0, 21.0, 30.0, store_w_k, *DESIGN)[2]
    assert slope == pytest.approx((heat(20.99) - heat(21.01)) / 0.02, rel=1e-5)


@pytest.mark.parametrize("capacity_w_k", [1.0, 20.0, 500.0])
def test_steady_slope_is_the_derivative(capacity_w_k: float) -> None:
    colder, warmer = (steady_heat(60.0, room_c, capacity_w_k, *DESIGN)[0] for room_c in (20.99, 21.01))
    assert steady_heat(60.0, 21.0, capacity_w_k, *DESIGN)[1] == pytest.approx((colder - warmer) / 0.02, rel=1e-6)


@pytest.mark.parametrize(("supply_c", "capacity_w_k"), [(60.0, 0.0), (21.0, 30.0), (15.0, 30.0)])
def test_no_flow_or_cold_supply_gives_nothing(supply_c: float, capacity_w_k: float) -> None:
    assert steady_heat(supply_c, 21.0, capacity_w_k, *DESIGN) == (0.0, 0.0)


def test_mean_share_joins_its_series() -> None:
    just_below, just_above = 1e-4 * (1 - 1e-9), 1e-4 * (1 + 1e-9)
    assert float(mean_share(just_below)) == pytest.approx(float(mean_share(just_above)), abs=1e-12)
    assert float(mean_share_slope(just_below)) == pytest.approx(float(mean_share_slope(just_above)), abs=1e-9)
    assert np.all(np.diff(mean_share(np.linspace(0.0, 10.0, 101))) < 0.0)
