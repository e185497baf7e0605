"""Weather on the run's grid: synthetic, from files, constant; the heating season and the statistics."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dhsim.build.climate import climate_of, monthly_curve
from dhsim.build.irradiance import irradiance_facade, sun_path
from dhsim.build.weather import Weather, heating_season, make_weather, statistics
from dhsim.errors import ScenarioError
from dhsim.scenario.schema import Scenario, SiteSection

ROOT = Path(__file__).parents[3]
REAL = Path(os.environ.get("DHSIM_VALIDATION_DATA", ROOT.parent / "shared" / "validation")) / "weather"
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="validation data not at hand")

OMSK = {"name": "Omsk", "latitude_deg": 54.98, "longitude_deg": 73.37, "utc_offset_h": 6}
NORTHWAY = {"name": "Northway", "latitude_deg": 62.96, "longitude_deg": -141.93, "utc_offset_h": -9}
STOCKHOLM = {"name": "Stockholm", "latitude_deg": 59.33, "longitude_deg": 18.07, "utc_offset_h": 1}


def scenario(
    weather: dict[str, Any],
    *,
    start: str = "2021-01-01",
    days: int = 365,
    step_min: int = 60,
    seed: int = 1,
    **more: Any,
) -> Scenario:
    return Scenario.model_validate(
        {
            "schema_version": 1,
            "name": "weather",
            "seed": seed,
            "site": OMSK,
            "time": {"start": start, "days": days, "step_min": step_min},
            "weather": weather,
            "substation": {"pumps": {"count": 0}},
            "building_types": {"residential": {}},
            "buildings": [{"id": "b01"}],
            **more,
        }
    )


def omsk(months: str = "normal", **said: Any) -> Weather:
    return make_weather(scenario({"climate": "omsk", "months": months}, **said))


# --- synthetic ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("year", [2020, 2021, 2100])
def test_monthly_curve_keeps_every_months_mean(year: int) -> None:
    hours = pd.date_range(f"{year}-01-01", f"{year}-12-31 23:00", freq="h")
    values = climate_of("omsk").temp_mean_c
    curve = monthly_curve(values, hours)
    assert [curve[hours.month == m].mean() for m in range(1, 13)] == pytest.approx(values.tolist(), abs=1e-9)
    assert np.abs(np.diff(curve)).max() < 0.05, "smooth from hour to hour"
    assert values.min() - 2.0 < curve.min() < values.min() + 2.0


def test_monthly_curve_closes_over_new_year() -> None:
    around = pd.DatetimeIndex(["2020-12-31 23:00", "2021-01-01 00:00"])
    before, after = monthly_curve(climate_of("omsk").temp_mean_c, around)
    assert before == pytest.approx(after, abs=0.05)


def test_same_seed_same_bytes_other_seed_other_year() -> None:
    first, again, other = omsk(seed=4, days=30), omsk(seed=4, days=30), omsk(seed=5, days=30)
    assert first.temp_outdoor_c.tobytes() == again.temp_outdoor_c.tobytes()
    assert first.irradiance_facade_w_m2.tobytes() == again.irradiance_facade_w_m2.tobytes()
    assert np.abs(first.temp_outdoor_c - other.temp_outdoor_c).max() > 1.0


def test_weather_seed_goes_before_the_scenarios() -> None:
    own = make_weather(scenario({"climate": "omsk", "seed": 9}, seed=1, days=10))
    assert own.temp_outdoor_c.tobytes() == omsk(seed=9, days=10).temp_outdoor_c.tobytes()


def test_a_longer_run_begins_like_a_shorter_one() -> None:
    assert omsk(days=60).temp_outdoor_c[: 24 * 30] == pytest.approx(omsk(days=30).temp_outdoor_c, abs=1e-5)


def test_a_finer_step_meets_the_hourly_values_and_keeps_the_sun() -> None:
    hourly, fine = omsk(days=40), omsk(days=40, step_min=15)
    assert fine.temp_outdoor_c[::4] == pytest.approx(hourly.temp_outdoor_c, abs=1e-9)
    assert fine.irradiance_horizontal_w_m2.reshape(-1, 4).mean(axis=1) == pytest.approx(
        hourly.irradiance_horizontal_w_m2
    )
    assert fine.temp_outdoor_c[2] == pytest.approx(0.5 * (fine.temp_outdoor_c[0] + fine.temp_outdoor_c[4]))


def test_expected_months_are_the_catalogues() -> None:
    made = [omsk(seed=seed) for seed in range(60)]
    month = made[0].time.month
    means = np.array([[w.temp_outdoor_c[month == m].mean() for m in range(1, 13)] for w in made])
    error = means.std(axis=0, ddof=1) / np.sqrt(len(made))
    deviation = (means.mean(axis=0) - climate_of("omsk").temp_mean_c) / error
    assert np.abs(deviation).max() < 4.0
    assert np.abs(means.mean(axis=0) - climate_of("omsk").temp_mean_c).max() < 1.5


def test_daily_noise_has_the_catalogues_spread_and_memory() -> None:
    drawn = [omsk("drawn", seed=seed).temp_outdoor_c for seed in range(40)]
    days = np.array([temp.reshape(365, 24).mean(axis=1) for temp in drawn])
    anomaly = days - days.mean(axis=0)
    month = pd.date_range("2021-01-01", periods=365).month
    spread = np.array([anomaly[:, month == m].std() for m in range(1, 13)])
    assert spread == pytest.approx(climate_of("omsk").temp_sd_daily_k, rel=0.15)
    assert np.corrcoef(anomaly[:, :-1].ravel(), anomaly[:, 1:].ravel())[0, 1] == pytest.approx(0.78, abs=0.03)


def test_months_of_a_normal_year_have_their_normal_means() -> None:
    year = omsk(seed=3)
    means = pd.Series(year.temp_outdoor_c, year.time).groupby(year.time.month).mean()
    assert means.to_numpy() == pytest.approx(climate_of("omsk").temp_mean_c, abs=1e-9)
    drawn = omsk("drawn", seed=3)
    off = pd.Series(drawn.temp_outdoor_c, drawn.time).groupby(drawn.time.month).mean().to_numpy() - means.to_numpy()
    assert np.abs(off).max() > 0.5


def test_a_part_of_the_year_is_a_piece_of_it() -> None:
    year, april = omsk(seed=5), omsk(seed=5, start="2021-04-01", days=10)
    assert april.temp_outdoor_c == pytest.approx(year.temp_outdoor_c[90 * 24 : 100 * 24], abs=1e-12)
    assert april.irradiance_facade_w_m2 == pytest.approx(year.irradiance_facade_w_m2[90 * 24 : 100 * 24], abs=1e-8)


def test_afternoons_are_warmest_by_the_swing_of_the_month() -> None:
    july = np.mean([omsk(seed=seed).temp_outdoor_c.reshape(365, 24)[181:212] for seed in range(20)], axis=(0, 1))
    assert np.argmax(july) in (14, 15, 16)  # two in the afternoon by the sun is 15:07 on Omsk's clock
    assert np.ptp(july) == pytest.approx(climate_of("omsk").swing_diurnal_k[6], rel=0.15)


def test_synthetic_sun_keeps_the_monthly_clearness() -> None:
    climate = climate_of("omsk")
    made = [omsk(seed=seed) for seed in range(20)]
    outside = sun_path(made[0].time, 3600.0, climate.site).irradiance_extraterrestrial_w_m2
    month = made[0].time.month
    for m in (1, 6, 12):
        clear = np.mean([w.irradiance_horizontal_w_m2[month == m].sum() for w in made]) / outside[month == m].sum()
        assert clear == pytest.approx(climate.clearness_rel[m - 1], abs=0.03)
    year_kwh_m2 = np.mean([w.statistics["irradiance_horizontal_kwh_m2"] for w in made])
    assert 1000.0 < year_kwh_m2 < 1350.0


def test_leap_years_and_several_years_run() -> None:
    leap = omsk(start="2020-01-01", days=366)
    assert len(leap.time) == 366 * 24
    assert np.isfinite(leap.temp_outdoor_c).all()
    assert omsk(start="2019-07-01", days=800).time[-1] == pd.Timestamp("2021-09-07 23:00")


def test_synthetic_weather_says_so_with_its_normals() -> None:
    made = omsk()
    assert "synthetic" in made.source
    assert made.statistics["normal_temp_mean_c"] == pytest.approx(2.27, abs=0.01)
    assert made.statistics["normal_heating_days"] == 221.0
    assert made.statistics["normal_temp_coldest_five_days_c"] == -37.0
    text = " ".join(made.notes)
    assert "0.92 quantile" in text
    assert "from memory" in text


@pytest.mark.parametrize("place", ["omsk", "northway", "stockholm", "helsinki"])
def test_every_climate_of_the_catalogue_makes_a_year(place: str) -> None:
    made = make_weather(scenario({"climate": place}))
    assert made.statistics["temp_mean_c"] == pytest.approx(made.statistics["normal_temp_mean_c"], abs=3.5)
    assert made.irradiance_horizontal_w_m2.min() == 0.0
    assert any("scenario's site is Omsk" in note for note in made.notes) == (place != "omsk")


def test_unknown_climate_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"weather\.climate: .*did you mean 'omsk'"):
        make_weather(scenario({"climate": "omsc"}))


def test_no_sun_on_request() -> None:
    assert not make_weather(scenario({"climate": "omsk", "solar": "none"}, days=200)).irradiance_facade_w_m2.any()


def test_constant_weather_is_constant_and_dark() -> None:
    made = make_weather(scenario({"constant_temp_outdoor_c": -12.5}, days=2, step_min=15))
    assert (made.temp_outdoor_c == -12.5).all()
    assert not made.irradiance_horizontal_w_m2.any()
    assert len(made.time) == 192
    assert np.isnan(made.statistics["temp_coldest_five_days_c"])


def test_shift_moves_every_hour_and_is_told() -> None:
    shifted = make_weather(scenario({"climate": "omsk", "temp_shift_k": 1.5}, days=20))
    assert shifted.temp_outdoor_c == pytest.approx(omsk(days=20).temp_outdoor_c + 1.5)
    assert any("+1.5 K" in note for note in shifted.notes)


# --- from files -----------------------------------------------------------------------------------------------------

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def _write(start: str, periods: int, *, freq: str = "h", offset: str = "", sun: bool = False) -> str:
        """Write a file whose temperature tells the hour of its year: 8760 hours are -43.8 to 43.8 degC."""
        times = pd.date_range(start, periods=periods, freq=freq)
        hour = (times.day_of_year.to_numpy() - 1) * 24 + times.hour.to_numpy() + times.minute.to_numpy() / 60
        light = [",GHI" if sun else "", *((f",{100 + t.hour}" if sun else "") for t in times)]
        rows = [f"{t:%Y-%m-%dT%H:%M}{offset},{h / 100 - 43.8:.4f}" for t, h in zip(times, hour, strict=True)]
        path = tmp_path / "weather.csv"
        path.write_text("\n".join(a + b for a, b in zip(["time,T_C", *rows], light, strict=True)))
        return str(path)

    return _write


def hour_of_year(made: Weather) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.asarray((made.temp_outdoor_c + 43.8) * 100)


def test_file_with_the_runs_dates_is_cut_to_them(write: Write) -> None:
    made = make_weather(scenario({"file": write("2020-06-01", 8784 + 2000)}, start="2021-02-01", days=10))
    assert hour_of_year(made) == pytest.approx(31 * 24 + np.arange(240))
    assert not any("laid on" in note for note in made.notes)


def test_file_of_another_year_is_laid_on_the_runs(write: Write) -> None:
    made = make_weather(scenario({"file": write("2018-01-01", 8760)}, start="2021-03-05", days=3))
    assert hour_of_year(made) == pytest.approx((31 + 28 + 4) * 24 + np.arange(72))
    assert any("2018 is laid on 2021" in note for note in made.notes)


def test_leap_day_of_the_file_is_dropped(write: Write) -> None:
    made = make_weather(scenario({"file": write("2020-01-01", 8784)}, start="2021-02-28", days=2))
    assert hour_of_year(made)[[0, 23, 24]] == pytest.approx([58 * 24, 58 * 24 + 23, 60 * 24])
    assert any("29 February is left out" in note for note in made.notes)


def test_leap_day_of_the_run_is_repeated(write: Write) -> None:
    made = make_weather(scenario({"file": write("2019-01-01", 8760)}, start="2020-02-28", days=3))
    assert hour_of_year(made)[[0, 24, 48]] == pytest.approx([58 * 24, 58 * 24, 59 * 24])
    assert any("28th is repeated" in note for note in made.notes)


def test_one_year_serves_several(write: Write) -> None:
    made = make_weather(scenario({"file": write("2019-01-01", 8760)}, start="2021-01-01", days=730))
    assert hour_of_year(made)[8760:] == pytest.approx(np.arange(8760.0))


def test_part_of_a_year_that_the_file_lacks_is_refused(write: Write) -> None:
    with pytest.raises(ScenarioError, match=r"too short .* 744 h are missing, the first at 01 Dec 00:00") as caught:
        make_weather(scenario({"file": write("2019-01-01", 334 * 24)}))
    assert caught.value.problems[0].path.endswith("weather.csv")


def test_twelve_months_over_new_year_make_a_calendar_year(write: Write) -> None:
    made = make_weather(scenario({"file": write("2018-07-01", 8760)}))
    assert hour_of_year(made) == pytest.approx(np.arange(8760.0))


def test_utc_file_is_read_at_the_sites_hours(write: Write) -> None:
    made = make_weather(scenario({"file": write("2021-01-01", 8760, offset="Z")}, start="2021-06-01", days=2))
    assert hour_of_year(made) == pytest.approx(151 * 24 - 6 + np.arange(48))  # midnight in Omsk is 18 h UTC
    site = {**OMSK, "utc_offset_h": 5.5}
    made = make_weather(
        scenario({"file": write("2021-01-01", 8760, offset="Z"), "site": site}, start="2021-06-01", days=2)
    )
    assert hour_of_year(made) == pytest.approx(151 * 24 - 5.5 + np.arange(48))


def test_utc_years_edge_comes_from_its_other_end(write: Write) -> None:
    made = make_weather(scenario({"file": write("2021-01-01", 8760, offset="Z")}))
    assert hour_of_year(made)[:7] == pytest.approx([8754, 8755, 8756, 8757, 8758, 8759, 0])
    assert any("6 hours at the run's edge" in note for note in made.notes)


def test_finer_steps_run_straight_between_hours_and_hold_the_sun(write: Write) -> None:
    made = make_weather(
        scenario({"file": write("2021-01-01", 8760, sun=True)}, start="2021-02-01", days=2, step_min=15)
    )
    assert hour_of_year(made)[:9] == pytest.approx(31 * 24 + np.arange(9) / 4)
    assert made.irradiance_horizontal_w_m2[:9] == pytest.approx([100] * 4 + [101] * 4 + [102])


def test_coarser_steps_than_the_files_take_the_mean_sun(tmp_path: Path) -> None:
    times = pd.date_range("2021-01-01", periods=96 * 3, freq="15min")
    rows = ["time,T_C,GHI", *(f"{t},{t.minute},{t.minute}" for t in times)]
    (tmp_path / "w.csv").write_text("\n".join(rows))
    made = make_weather(scenario({"file": str(tmp_path / "w.csv")}, days=2))
    assert (made.temp_outdoor_c == 0.0).all()
    assert made.irradiance_horizontal_w_m2 == pytest.approx(np.full(48, 22.5))


def test_hour_ending_rows_hold_their_temperature_at_the_end(tmp_path: Path) -> None:
    days = pd.date_range("2021-01-01", periods=365)
    rows = ["month,day,hour,T_C,GHI", *(f"{d.month},{d.day},{h},{h},{h}" for d in days for h in range(1, 25))]
    (tmp_path / "w.csv").write_text("\n".join(rows))
    made = make_weather(scenario({"file": str(tmp_path / "w.csv")}, days=2))
    assert made.temp_outdoor_c[1:25] == pytest.approx(np.arange(1.0, 25.0))  # at 01:00 the value of hour 1
    assert made.irradiance_horizontal_w_m2[:24] == pytest.approx(np.arange(1.0, 25.0))  # from 00:00 that of hour 1


def test_file_without_sun_gets_a_synthetic_one_and_says_so(write: Write) -> None:
    name = write("2021-01-01", 8760)
    made = make_weather(scenario({"file": name}))
    assert "synthetic" in made.source
    assert any("irradiance is synthetic" in note and "omsk" in note for note in made.notes)
    assert 900.0 < made.statistics["irradiance_horizontal_kwh_m2"] < 1400.0
    south = make_weather(scenario({"file": name, "site": {**OMSK, "latitude_deg": -30.0}}))
    assert any("0.45" in note for note in south.notes)


def test_files_sun_may_be_replaced_or_dropped(write: Write) -> None:
    name = write("2021-01-01", 8760, sun=True)
    assert "synthetic" not in make_weather(scenario({"file": name}, days=5)).source
    assert "synthetic" in make_weather(scenario({"file": name, "solar": "synthetic"}, days=5)).source
    assert not make_weather(scenario({"file": name, "solar": "none"}, days=5)).irradiance_horizontal_w_m2.any()


def test_sun_at_night_points_to_a_wrong_site(write: Write) -> None:
    made = make_weather(scenario({"file": write("2021-01-01", 8760, sun=True)}, days=60))
    assert any("while the sun is down" in note for note in made.notes)


def test_missing_file_is_a_problem_of_the_scenario() -> None:
    with pytest.raises(ScenarioError, match=r"no such file: nowhere\.csv") as caught:
        make_weather(scenario({"file": "nowhere.csv"}))
    assert caught.value.problems[0].key == "weather.file"


@needs_real
@pytest.mark.parametrize(
    ("name", "site", "mean", "coldest"),
    [
        ("USA_AK_Northway_TMY3_hourly.csv.gz", NORTHWAY, -4.49, -40.9),
        ("Stockholm_NSRDB_2019_hourly.csv.gz", STOCKHOLM, 7.49, -8.6),
        ("Northway_ISD-lite_702910-2018.gz", NORTHWAY, -3.49, -38.1),
        ("Northway_ISD-lite_702910-2019.gz", NORTHWAY, -1.78, -39.2),
    ],
)
def test_real_files_run_with_one_line(name: str, site: dict[str, Any], mean: float, coldest: float) -> None:
    plain = make_weather(scenario({"file": str(REAL / name)}, step_min=15))
    assert plain.statistics["temp_mean_c"] == pytest.approx(mean, abs=0.02)
    assert any("names no site" in note for note in plain.notes)
    made = make_weather(scenario({"file": str(REAL / name), "site": site}))
    assert made.statistics["temp_coldest_five_days_c"] == pytest.approx(coldest, abs=0.2)
    assert not any("check weather.site" in note for note in made.notes)
    walls, level = made.irradiance_facade_w_m2.mean(), made.irradiance_horizontal_w_m2.mean()
    assert 0.5 < walls / level < 0.9


@needs_real
def test_station_in_utc_with_the_wrong_site_is_noticed() -> None:
    made = make_weather(scenario({"file": str(REAL / "Northway_ISD-lite_702910-2018.gz")}))
    assert any("check weather.site and its utc_offset_h" in note for note in made.notes)


@needs_real
def test_split_of_global_irradiance_agrees_with_the_measured_one() -> None:
    frame = pd.read_csv(REAL / "USA_AK_Northway_TMY3_hourly.csv.gz")
    path = sun_path(pd.date_range("2021-01-01", periods=8760, freq="h"), 3600.0, SiteSection.model_validate(NORTHWAY))
    level = frame["GHI_Wh_m2"].to_numpy(dtype=float)
    pair = [
        irradiance_facade(path, level, None, None).sum(),
        irradiance_facade(path, level, frame["DNI_Wh_m2"].to_numpy(float), frame["DHI_Wh_m2"].to_numpy(float)).sum(),
    ]
    assert pair[0] == pytest.approx(pair[1], rel=0.1)


# --- season and statistics ------------------------------------------------------------------------------------------


def test_season_follows_the_five_day_mean() -> None:
    season = heating_season(np.array([0.0] * 20 + [16.0] * 20 + [0.0] * 20), 1, 8.0)
    # the mean of five passes 8 degC with the third warm day, and is back at it with the third cold one
    assert np.flatnonzero(np.diff(season)).tolist() == [21, 41]


def test_season_limit_itself_is_cold() -> None:
    assert heating_season(np.full(48, 8.0), 24, 8.0).all()
    assert not heating_season(np.full(48, 8.001), 24, 8.0).any()


def test_short_spells_do_not_switch_the_season() -> None:
    temp = np.array([0.0] * 20 + [30.0] * 2 + [0.0] * 20)
    assert (pd.Series(temp).rolling(5).mean() > 8.0).sum() == 4
    assert heating_season(temp, 1, 8.0).all()


def test_season_is_whole_days() -> None:
    season = heating_season(np.repeat([0.0] * 20 + [16.0] * 20, 96), 96, 8.0).reshape(-1, 96)
    assert (season == season[:, :1]).all()


def test_statistics_of_a_known_year() -> None:
    temp = np.repeat([-10.0] * 100 + [-30.0] * 5 + [-10.0] * 95 + [20.0] * 165, 24)
    found = statistics(temp, np.full(temp.size, 100.0), 24)
    assert found["temp_coldest_five_days_c"] == -30.0
    assert found["temp_min_c"] == -30.0
    assert found["heating_days"] == 203.0
    assert found["temp_season_mean_c"] == pytest.approx((195 * -10 + 5 * -30 + 3 * 20) / 203)
    assert found["irradiance_horizontal_kwh_m2"] == pytest.approx(876.0)


def test_run_starts_on_the_scenarios_first_day() -> None:
    made = omsk(start="2021-10-05", days=3, step_min=30)
    assert made.time[0].date() == dt.date(2021, 10, 5)
    assert len(made.time) == 144
