"""Hot water and internal gains: means as stated, draws that follow the seed and the id only."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dhsim.build.dhw import heat_gain_w, hourly_shape, tap_mass_flow_kg_s, temp_cold_c
from dhsim.scenario.schema import Scenario

TYPES = {"flats": {}, "office": {"profile": "office", "dhw_litres_person_day": 5.0, "gain_share_design": 0.1}}
HOUSES = [
    {"id": "b01", "type": "flats", "persons": 150.0},
    {"id": "b02", "type": "flats", "persons": 50.0, "heat_design_kw": 100.0},
    {"id": "b03", "type": "office", "persons": 80.0},
    {"id": "b04", "type": "flats", "persons": 0.0},
]
WEEKS = pd.date_range("2021-01-04", periods=28 * 96, freq="15min")


def scenario(houses: list[dict[str, Any]] | None = None, **more: Any) -> Scenario:
    return Scenario.model_validate(
        {
            "schema_version": 1,
            "name": "dhw",
            "site": {"name": "Omsk", "latitude_deg": 55.0, "longitude_deg": 73.0, "utc_offset_h": 6},
            "weather": {"constant_temp_outdoor_c": 0.0},
            "substation": {"pumps": {"count": 0}},
            "building_types": TYPES,
            "buildings": HOUSES if houses is None else houses,
            **more,
        }
    )


def draw(said: Scenario, seed: int = 1, time: pd.DatetimeIndex = WEEKS) -> np.ndarray[Any, np.dtype[np.float64]]:
    return tap_mass_flow_kg_s(said, time, np.random.default_rng(seed))


def test_smooth_draw_is_persons_times_litres() -> None:
    flow = draw(scenario(dhw={"stochastic": False}))
    # 150 persons x 60 l x 983 kg/m3 / 86400 s = 0.1024 kg/s
    assert flow.mean(axis=0) == pytest.approx([0.102396, 0.034132, 0.004551, 0.0], rel=1e-4)


def test_random_draw_has_the_same_mean_and_follows_the_profile() -> None:
    said = scenario()
    year = pd.date_range("2021-01-04", periods=364 * 96, freq="15min")
    flow, smooth = draw(said, time=year), draw(scenario(dhw={"stochastic": False}), time=year)
    assert flow.mean(axis=0)[:2] == pytest.approx(smooth.mean(axis=0)[:2], rel=0.03)
    by_hour, expected = (pd.Series(f[:, 0]).groupby(year.hour).mean().to_numpy() for f in (flow, smooth))
    assert by_hour == pytest.approx(expected, abs=0.15 * expected.mean())
    assert not flow[:, 3].any()


def test_single_tappings_have_the_stated_volume() -> None:
    said = scenario([{"id": "b01", "type": "flats", "persons": 1.0}], dhw={"draw_mean_l": 40.0})
    time = pd.date_range("2021-01-04", periods=364 * 1440, freq="min")
    litres = draw(said, time=time)[:, 0] / 0.983 * 60.0
    drawn = litres[litres > 0.0]
    # 60 l a day in tappings of 40 l: 1.5 a day, hardly ever two in one minute
    assert len(drawn) == pytest.approx(1.5 * 364, rel=0.15)
    assert drawn.mean() == pytest.approx(40.0, rel=0.15)
    assert drawn.std() == pytest.approx(40.0, rel=0.25)


def test_variance_is_that_of_a_compound_poisson_process() -> None:
    said, time = scenario(), pd.date_range("2021-01-04", periods=364 * 96, freq="15min")
    litres = draw(said, time=time)[:, 0] / 0.983 * 900.0
    expected = draw(scenario(dhw={"stochastic": False}), time=time)[:, 0] / 0.983 * 900.0
    # Var = n E[V^2] = (expected / 30) x 2 x 30^2
    assert np.mean((litres - expected) ** 2) == pytest.approx(2.0 * 30.0 * expected.mean(), rel=0.05)


def test_same_seed_same_bytes_other_seed_other_draws() -> None:
    said = scenario()
    assert draw(said).tobytes() == draw(said).tobytes()
    assert not np.array_equal(draw(said), draw(said, seed=2))


def test_generator_may_be_left_out_for_the_scenarios_seed() -> None:
    first, again, other = (tap_mass_flow_kg_s(scenario(seed=seed), WEEKS) for seed in (3, 3, 4))
    assert first.tobytes() == again.tobytes()
    assert not np.array_equal(first, other)


def test_order_and_company_of_the_buildings_do_not_matter() -> None:
    forward, backward, alone = draw(scenario()), draw(scenario(HOUSES[::-1])), draw(scenario(HOUSES[1:2]))
    assert np.array_equal(forward, backward[:, ::-1])
    assert np.array_equal(forward[:, 1:2], alone)


def test_buildings_draw_independently() -> None:
    twins = scenario([{"id": f"t{k}", "type": "flats", "persons": 100.0} for k in range(2)])
    flow = draw(twins) - draw(scenario([{"id": "t0", "type": "flats", "persons": 100.0}], dhw={"stochastic": False}))
    assert abs(np.corrcoef(flow.T)[0, 1]) < 0.05


@pytest.mark.parametrize("name", ["dhw_profiles", "gain_profiles"])
@pytest.mark.parametrize("profile", ["residential", "office"])
def test_a_week_of_a_profile_has_mean_one(name: str, profile: str) -> None:
    assert hourly_shape(name, profile, WEEKS).mean() == pytest.approx(1.0)


def test_flats_peak_in_the_evening_and_offices_at_work() -> None:
    monday = WEEKS[:96]
    flats, office = (hourly_shape("gain_profiles", p, monday) for p in ("residential", "office"))
    assert 18 <= monday[np.argmax(flats)].hour <= 21
    assert 9 <= monday[np.argmax(office)].hour <= 16


def test_offices_rest_at_weekends() -> None:
    office = hourly_shape("dhw_profiles", "office", WEEKS)
    weekend = WEEKS.day_of_week >= 5
    assert office[weekend].mean() < 0.2 * office[~weekend].mean()


def test_gains_have_the_stated_mean_and_grow_with_demand() -> None:
    plain, grown = (heat_gain_w(scenario(heat_load={"demand_growth": g}), WEEKS) for g in (0.0, 0.2))
    assert plain.mean(axis=0) == pytest.approx([15e3, 5e3, 30e3, 15e3])
    assert grown == pytest.approx(1.2 * plain)


def test_cold_water_swings_between_its_two_values() -> None:
    year = pd.date_range("2021-01-01", periods=8760, freq="h")
    cold = temp_cold_c(scenario(), year)
    assert (cold.min(), cold.max()) == pytest.approx((5.0, 15.0), abs=1e-3)
    assert year[np.argmin(cold)].month == 2
    south = scenario(site={"name": "S", "latitude_deg": -35.0, "longitude_deg": 0.0, "utc_offset_h": 0})
    assert year[np.argmin(temp_cold_c(south, year))].month == 8
