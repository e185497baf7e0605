"""What holds for any seed, place and clock: finite weather, kept integrals, a season of whole days."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from dhsim.build.calendar import lay
from dhsim.build.climate import climate_of, draw_clearness, draw_temperature, monthly_curve, stream
from dhsim.build.irradiance import irradiance_facade, sun_path
from dhsim.build.weather import heating_season
from dhsim.scenario.schema import SiteSection
from dhsim.scenario.series import WeatherFile

YEAR = pd.date_range("2021-01-01", periods=8760, freq="h")
DAYS = pd.date_range("2021-01-01", periods=365, freq="D")


@given(st.lists(st.floats(-40.0, 40.0), min_size=12, max_size=12))
@settings(max_examples=30, deadline=None)
def test_any_twelve_means_are_kept(values: list[float]) -> None:
    curve = monthly_curve(np.array(values), YEAR)
    assert np.allclose([curve[YEAR.month == m].mean() for m in range(1, 13)], values, atol=1e-8)


@given(st.integers(0, 2**32), st.sampled_from(["omsk", "northway", "stockholm", "helsinki"]))
@settings(max_examples=20, deadline=None)
def test_any_seed_makes_weather_of_this_world(seed: int, place: str) -> None:
    climate = climate_of(place)
    clearness = draw_clearness(climate.clearness_rel, DAYS, stream(seed, "clearness"))
    assert ((clearness >= 0.05) & (clearness <= 0.78)).all()
    temp = draw_temperature(climate, YEAR, clearness, seed)
    assert ((temp > -80.0) & (temp < 55.0)).all()
    assert np.abs(np.diff(temp)).max() < 8.0


@given(st.floats(-89.0, 89.0), st.floats(-180.0, 180.0), st.floats(0.0, 1.0))
@settings(max_examples=30, deadline=None)
def test_walls_get_light_only_when_there_is_some(latitude: float, longitude: float, clearness: float) -> None:
    site = SiteSection(name="x", latitude_deg=latitude, longitude_deg=longitude, utc_offset_h=round(longitude / 15.0))
    path = sun_path(YEAR[::7], 3600.0, site)
    level = clearness * path.irradiance_extraterrestrial_w_m2
    walls = irradiance_facade(path, level, None, None)
    assert (walls >= 0.0).all()
    assert (walls[level == 0.0] == 0.0).all()
    # diffuse and ground give 0.6 of the level at most; two walls see a beam of at most 0.85 of the sun's
    assert (walls <= 0.6 * level + 0.36 * 0.85 * 1410.0).all()


@given(
    st.lists(st.floats(-40.0, 40.0), min_size=1, max_size=120),
    st.sampled_from([1, 24]),
    st.floats(-10.0, 20.0),
)
def test_season_switches_at_midnight_and_never_for_less_than_five_days(
    daily: list[float], steps_per_day: int, limit: float
) -> None:
    season = heating_season(np.repeat(daily, steps_per_day), steps_per_day, limit).reshape(-1, steps_per_day)
    assert (season == season[:, :1]).all()
    changes = np.flatnonzero(np.diff(season[:, 0])) + 1
    assert (np.diff([*changes, len(daily)]) >= 5).all()


@given(
    st.sampled_from([10, 15, 30, 60]),
    st.sampled_from([-9.0, -3.5, 0.0, 5.75, 6.0, 14.0]),
    st.booleans(),
    st.booleans(),
    st.integers(0, 400),
    st.integers(1, 400),
)
@settings(max_examples=40, deadline=None)
def test_the_runs_hours_are_those_of_the_files_calendar(
    step_min: int, offset_h: float, in_utc: bool, hour_ending: bool, shift_days: int, days: int
) -> None:
    first = pd.Timestamp("2018-01-01")
    size = 8760 * 60 // step_min
    file = WeatherFile("f", "csv", first, step_min, np.zeros(size), hour_ending, in_utc=in_utc)
    start = (pd.Timestamp("2021-01-01") + pd.Timedelta(days=shift_days)).date()
    laid = lay(file, start, days, offset_h, "f")
    assert laid.minute[0] <= 0.0 < laid.minute[0] + step_min
    assert laid.minute[-1] < days * 1440.0 <= laid.minute[-1] + step_min
    assert np.allclose(np.diff(laid.minute), step_min)
    # month, day and hour on the file's clock are those of the run, seen from there
    ahead = pd.Timedelta(hours=offset_h if in_utc else 0.0)
    wanted = pd.DatetimeIndex(pd.Timestamp(start) + pd.to_timedelta(laid.minute, unit="min")) - ahead
    found = first + pd.to_timedelta(laid.index * step_min, unit="min")
    leap = (wanted.month == 2) & (wanted.day == 29)
    for part in ("month", "day", "hour", "minute"):
        assert (getattr(wanted, part)[~leap] == getattr(found, part)[~leap]).all()
    assert (found[leap].day == 28).all()
    delay = step_min if hour_ending else 0.0
    assert laid.temp_minute[0] <= delay
    assert np.all(np.diff(laid.temp_minute) > 0.0)
