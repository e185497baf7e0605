"""Sun geometry against astronomy and hand calculation; irradiance formulas against their limits."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dhsim.physics import solar


@pytest.mark.parametrize(("day", "degrees"), [(80, 0.0), (172, 23.45), (266, 0.0), (355, -23.45)])
def test_declination_at_equinoxes_and_solstices(day: int, degrees: float) -> None:
    assert math.degrees(float(solar.declination_sun_rad(float(day)))) == pytest.approx(degrees, abs=0.6)


@pytest.mark.parametrize(("day", "minutes"), [(42, -14.2), (134, 3.7), (207, -6.5), (307, 16.4)])
def test_equation_of_time_at_its_extremes(day: int, minutes: float) -> None:
    assert float(solar.equation_of_time_min(float(day))) == pytest.approx(minutes, abs=0.4)


def test_hour_angle_is_zero_at_solar_noon_of_another_meridian() -> None:
    # Omsk, 73.37 E, UTC+6: the sun crosses the meridian 66.5 min after clock noon
    assert float(solar.hour_angle_rad(12.0 + 66.52 / 60.0, 73.37, 6.0, 0.0)) == pytest.approx(0.0, abs=1e-4)
    assert float(solar.hour_angle_rad(6.0, 0.0, 0.0, 0.0)) == pytest.approx(-math.pi / 2.0)


def test_noon_elevation_is_ninety_minus_latitude_plus_declination() -> None:
    latitude, declination = math.radians(55.0), math.radians(23.45)
    assert math.degrees(float(solar.elevation_sun_rad(latitude, declination, 0.0))) == pytest.approx(58.45)


def test_sun_rises_in_the_east_and_sets_in_the_west() -> None:
    morning = float(solar.azimuth_sun_rad(math.radians(55.0), 0.0, -math.pi / 2.0))
    evening = float(solar.azimuth_sun_rad(math.radians(55.0), 0.0, math.pi / 2.0))
    assert math.degrees(morning) == pytest.approx(90.0)
    assert math.degrees(evening) == pytest.approx(270.0)


def test_sun_stands_north_at_noon_in_the_south() -> None:
    azimuth = float(solar.azimuth_sun_rad(math.radians(-35.0), math.radians(20.0), 0.0))
    assert math.cos(azimuth) == pytest.approx(1.0)


def test_extraterrestrial_irradiance_swings_by_the_orbit() -> None:
    january, july = (float(solar.irradiance_extraterrestrial_normal_w_m2(day)) for day in (3.0, 185.0))
    assert january / july == pytest.approx(1.069, abs=0.003)


def test_diffuse_fraction_is_continuous_where_its_ranges_meet() -> None:
    below, above = (float(solar.diffuse_fraction_rel(0.22 + d)) for d in (-1e-9, 1e-9))
    assert below == pytest.approx(above, abs=2e-3)
    below, above = (float(solar.diffuse_fraction_rel(0.80 + d)) for d in (-1e-9, 1e-9))
    assert below == pytest.approx(above, abs=2e-3)
    assert math.isnan(float(solar.diffuse_fraction_rel(-0.1)))


def test_wall_facing_away_sees_no_beam() -> None:
    south, north = (
        float(solar.irradiance_vertical_w_m2(800.0, 100.0, 500.0, 0.6, math.pi, a, 0.2)) for a in (math.pi, 0)
    )
    assert north == pytest.approx(50.0 + 50.0)
    assert south - north == pytest.approx(800.0 * math.cos(0.6))


def test_beam_below_the_horizon_does_not_count() -> None:
    assert float(solar.irradiance_vertical_w_m2(800.0, 0.0, 0.0, -0.1, math.pi, math.pi, 0.2)) == 0.0


def test_negative_irradiance_is_not_clamped_in_silence() -> None:
    assert math.isnan(float(solar.irradiance_vertical_w_m2(-1.0, 0.0, 0.0, 0.5, 3.0, 3.0, 0.2)))


def test_facade_mean_is_the_mean_of_four_walls() -> None:
    args = (600.0, 120.0, 400.0, 0.5, 2.2)
    walls = [float(solar.irradiance_vertical_w_m2(*args, k * math.pi / 2.0, 0.2)) for k in range(4)]
    assert float(solar.irradiance_facade_mean_w_m2(*args, 0.2)) == pytest.approx(np.mean(walls))


def test_position_agrees_with_pvlib() -> None:
    pvlib = pytest.importorskip("pvlib", reason="pvlib (extra `weather`) is the oracle")
    import pandas as pd

    time = pd.date_range("2021-01-01 00:30", periods=8760, freq="h", tz="Etc/GMT-6")
    oracle = pvlib.solarposition.get_solarposition(time, 54.98, 73.37)
    hour = time.hour.to_numpy() + 0.5
    day = time.day_of_year.to_numpy() + (hour - 12.0) / 24.0
    angle = solar.hour_angle_rad(hour, 73.37, 6.0, solar.equation_of_time_min(day))
    declination = solar.declination_sun_rad(day)
    elevation = np.degrees(solar.elevation_sun_rad(math.radians(54.98), declination, angle))
    azimuth = np.degrees(solar.azimuth_sun_rad(math.radians(54.98), declination, angle))
    assert np.abs(elevation - oracle["elevation"].to_numpy()).max() < 0.5
    up = oracle["elevation"].to_numpy() > 3.0
    assert np.abs(azimuth - oracle["azimuth"].to_numpy())[up].max() < 1.2
