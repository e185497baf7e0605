"""What holds for every sun: no negative energy, darkness at night, walls bounded by what comes in."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from dhsim.physics import solar

latitudes = st.floats(-math.pi / 2, math.pi / 2)
declinations = st.floats(-0.41, 0.41)
angles = st.floats(-math.pi, math.pi)
power = st.floats(0.0, 1400.0)


@given(latitudes, declinations, angles)
def test_elevation_and_azimuth_stay_in_range(latitude: float, declination: float, angle: float) -> None:
    assert -math.pi / 2 <= float(solar.elevation_sun_rad(latitude, declination, angle)) <= math.pi / 2
    assert 0.0 <= float(solar.azimuth_sun_rad(latitude, declination, angle)) <= 2.0 * math.pi


@given(latitudes, declinations, angles)
def test_morning_mirrors_evening(latitude: float, declination: float, angle: float) -> None:
    morning, evening = (float(solar.elevation_sun_rad(latitude, declination, sign * angle)) for sign in (-1.0, 1.0))
    assert math.isclose(morning, evening, abs_tol=1e-9)


@given(power, st.floats(-math.pi / 2, 0.0))
def test_night_is_dark(normal: float, elevation: float) -> None:
    assert float(solar.irradiance_extraterrestrial_horizontal_w_m2(normal, elevation)) == 0.0


@given(st.floats(0.0, 3.0))
def test_diffuse_fraction_is_a_share(clearness: float) -> None:
    assert 0.0 < float(solar.diffuse_fraction_rel(clearness)) <= 1.0


@given(power, power, power, st.floats(-1.5, 1.5), st.floats(0.0, 2.0 * math.pi))
def test_facades_get_no_more_than_comes_in(
    beam: float, diffuse: float, level: float, up: float, azimuth: float
) -> None:
    mean = float(solar.irradiance_facade_mean_w_m2(beam, diffuse, level, up, azimuth, 0.2))
    least = 0.5 * diffuse + 0.1 * level
    # of four walls at right angles the beam meets two at most: mean of cos and sin is at most sqrt(2)/4
    assert least - 1e-9 <= mean <= least + beam * math.sqrt(2.0) / 4.0 + 1e-9
