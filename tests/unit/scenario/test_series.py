"""Weather files: what is read, and what is refused, with file and row."""

from __future__ import annotations

import gzip
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dhsim.errors import MissingExtraError, ScenarioError
from dhsim.scenario.schema import WeatherSection
from dhsim.scenario.series import WeatherFile, read_weather_file

ROOT = Path(__file__).parents[3]
REAL = Path(os.environ.get("DHSIM_VALIDATION_DATA", ROOT.parent / "shared" / "validation")) / "weather"
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="validation data not at hand")

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def _write(text: str, name: str = "weather.csv") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return _write


def read(path: Path, **said: object) -> WeatherFile:
    return read_weather_file(path, WeatherSection.model_validate({"file": path.name, **said}))


def refused(path: Path, **said: object) -> ScenarioError:
    with pytest.raises(ScenarioError) as caught:
        read(path, **said)
    return caught.value


def hourly(start: str, n: int, header: str = "time,temp_outdoor_c", temp: float = 1.5) -> list[str]:
    return [
        header,
        *(f"{t:%Y-%m-%d %H:%M},{temp + k % 5}" for k, t in enumerate(pd.date_range(start, periods=n, freq="h"))),
    ]


def test_iso_times_begin_their_interval(write: Write) -> None:
    file = read(write("\n".join(hourly("2019-02-01", 48))))
    assert (file.start, file.step_min, file.hour_ending, file.in_utc) == (pd.Timestamp("2019-02-01"), 60, False, False)
    assert file.temp_outdoor_c[:6] == pytest.approx([1.5, 2.5, 3.5, 4.5, 5.5, 1.5])


def test_gzip_is_unpacked_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "weather.csv.gz"
    path.write_bytes(gzip.compress("\n".join(hourly("2019-02-01", 48)).encode()))
    assert len(read(path).temp_outdoor_c) == 48


def test_offset_in_the_times_means_utc(write: Write) -> None:
    rows = ["time,T_C", *(f"2019-01-01T{h:02d}:00:00+06:00,{h}" for h in range(24))]
    file = read(write("\n".join(rows)))
    assert file.in_utc
    assert file.start == pd.Timestamp("2018-12-31 18:00")


def test_offsets_that_follow_the_clock_change_are_unambiguous(write: Write) -> None:
    times = pd.date_range("2019-03-30", "2019-04-02", freq="h", tz="Europe/Stockholm")
    rows = ["time,T_C", *(f"{t.isoformat()},1" for t in times)]
    assert len(read(write("\n".join(rows))).temp_outdoor_c) == len(times)


def test_some_times_with_and_some_without_offset_are_refused(write: Write) -> None:
    error = refused(write("time,T_C\n2019-01-01T00:00Z,1\n2019-01-01T01:00,2\n2019-01-01T02:00Z,2\n"))
    assert any("offset" in problem.message and problem.line == 3 for problem in error.problems)


@pytest.mark.parametrize("name", ["temp_outdoor_c", "T_C", "Temperature", "temp_air", "Dry Bulb (°C)"])
def test_common_headers_are_recognised(write: Write, name: str) -> None:
    assert read(write("\n".join(hourly("2019-02-01", 24, f"time,{name}")))).temp_outdoor_c[0] == 1.5


def test_irradiance_headers_are_recognised(write: Write) -> None:
    file = read(write("hour_of_year,Temperature,DHI,GHI,DNI,Wind Speed\n0,1,10,20,30,4\n1,2,11,21,31,4\n"))
    assert file.irradiance_horizontal_w_m2 == pytest.approx([20, 21])
    assert file.irradiance_direct_normal_w_m2 == pytest.approx([30, 31])
    assert file.irradiance_diffuse_w_m2 == pytest.approx([10, 11])
    assert not file.dated


def test_columns_may_be_named_by_the_scenario(write: Write) -> None:
    path = write("when,outside,Temperature\n2019-01-01 00:00,7,1\n2019-01-01 01:00,8,1\n")
    file = read(path, columns={"time": "when", "temp_outdoor_c": "outside"})
    assert file.temp_outdoor_c == pytest.approx([7, 8])


def test_a_named_column_that_is_not_there_is_refused_with_the_nearest(write: Write) -> None:
    error = refused(write("\n".join(hourly("2019-02-01", 5))), columns={"temp_outdoor_c": "temp_outdor_c"})
    assert "did you mean 'temp_outdoor_c'" in str(error)


def test_a_column_that_dhsim_does_not_know_is_refused(write: Write) -> None:
    error = refused(write("\n".join(hourly("2019-02-01", 5))), columns={"temp_outdor_c": "x"})
    assert error.problems[0].key == "weather.columns"
    assert "did you mean 'temp_outdoor_c'" in str(error)


def test_two_candidates_for_one_column_are_refused(write: Write) -> None:
    assert "say which" in str(refused(write("time,T_C,Temperature\n2019-01-01 00:00,7,1\n2019-01-01 01:00,8,1\n")))


def test_semicolons_with_decimal_commas(write: Write) -> None:
    file = read(write("time;T_C\n2019-01-01 00:00;-7,25\n2019-01-01 01:00;-6,5\n"))
    assert file.temp_outdoor_c == pytest.approx([-7.25, -6.5])


def test_hours_one_to_twenty_four_end_their_interval(write: Write) -> None:
    rows = ["month,day,hour,T_C", *(f"1,{d},{h},{h}" for d in (1, 2) for h in range(1, 25))]
    file = read(write("\n".join(rows)), year=2019)
    assert (file.start, file.hour_ending, file.dated) == (pd.Timestamp("2019-01-01"), True, True)
    assert len(file.temp_outdoor_c) == 48


def test_hours_from_zero_begin_their_interval(write: Write) -> None:
    rows = ["month,day,hour,T_C", *(f"1,1,{h},{h}" for h in range(24))]
    assert not read(write("\n".join(rows))).hour_ending


def test_months_of_different_years_are_a_typical_year(write: Write) -> None:
    rows = ["year,month,day,hour,T_C"]
    rows += [f"{1990 + m},{m},{d},{h},1" for m in (1, 2) for d in range(1, 29 if m == 2 else 32) for h in range(1, 25)]
    file = read(write("\n".join(rows)))
    assert not file.dated
    assert any("typical" in note for note in file.notes)


def test_year_column_dates_the_file(write: Write) -> None:
    rows = ["year,month,day,hour,T_C", *(f"2017,5,1,{h},1" for h in range(1, 25))]
    assert read(write("\n".join(rows))).start == pd.Timestamp("2017-05-01")


def test_year_of_a_file_that_has_its_own_is_refused(write: Write) -> None:
    assert "weather.year" in str(refused(write("\n".join(hourly("2019-02-01", 5))), year=2018))


def test_leap_year_of_a_file_with_365_days_is_told(write: Write) -> None:
    rows = ["hour_of_year,T_C", *(f"{h},1" for h in range(8760))]
    file = read(write("\n".join(rows)), year=2020)
    assert not file.dated
    assert any("29 February" in note for note in file.notes)


def test_quarter_hours_are_welcome_and_three_hours_are_not(write: Write) -> None:
    fine = ["time,T_C", *(f"{t},1" for t in pd.date_range("2019-01-01", periods=96, freq="15min"))]
    assert read(write("\n".join(fine))).step_min == 15
    coarse = ["time,T_C", *(f"{t},1" for t in pd.date_range("2019-01-01", periods=96, freq="3h"))]
    assert "180 min" in str(refused(write("\n".join(coarse))))


# --- refusals -------------------------------------------------------------------------------------------------------


def test_missing_file_names_the_nearest(write: Write) -> None:
    path = write("x", "northway.csv")
    assert "did you mean northway.csv" in str(refused(path.with_name("nortway.csv")))


@pytest.mark.parametrize(("text", "word"), [("", "empty"), ("\n \n", "empty"), ("time,T_C\n", "no rows")])
def test_empty_files_are_refused(write: Write, text: str, word: str) -> None:
    assert word in str(refused(write(text)))


def test_broken_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weather.csv.gz"
    path.write_bytes(gzip.compress(b"time,T_C\n" * 99)[:-12])
    assert "cannot be read" in str(refused(path))


def test_no_temperature_column_is_refused(write: Write) -> None:
    assert "no temperature column among time, GHI" in str(
        refused(write("time,GHI\n2019-01-01 00:00,1\n2019-01-01 01:00,1\n"))
    )


def test_no_time_column_is_refused(write: Write) -> None:
    assert "no time among" in str(refused(write("T_C\n1\n2\n")))


def test_every_bad_cell_is_named_with_its_row(write: Write) -> None:
    rows = hourly("2019-02-01", 20)
    rows[4], rows[9], rows[12] = "2019-02-01 03:00,warm", "2019-02-01 08:00,inf", "gestern,3"
    error = refused(write("\n".join(rows)))
    assert [problem.line for problem in error.problems] == [5, 10, 13]
    assert "'warm'" in error.problems[0].message
    assert all(problem.path.endswith("weather.csv") for problem in error.problems)


def test_problems_beyond_twenty_are_counted(write: Write) -> None:
    rows = ["time,T_C", *(f"{t},x" for t in pd.date_range("2019-01-01", periods=50, freq="h"))]
    error = refused(write("\n".join(rows)))
    assert len(error.problems) == 21
    assert "30 more" in error.problems[-1].message


def test_gap_names_row_and_length_and_may_be_filled(write: Write) -> None:
    rows = hourly("2019-02-01", 20)
    del rows[6:9]
    path = write("\n".join(rows))
    problem = refused(path).problems[0]
    assert problem.line == 7
    assert "3 h missing" in problem.message
    assert "fill_gaps_up_to_h: 3" in problem.message
    file = read(path, fill_gaps_up_to_h=3)
    assert len(file.temp_outdoor_c) == 20
    assert file.temp_outdoor_c[4:9] == pytest.approx(np.linspace(5.5, 4.5, 5))
    assert any("3 hours" in note and "longest 3 h" in note for note in file.notes)
    assert refused(path, fill_gaps_up_to_h=2)


def test_empty_cells_are_a_gap_too(write: Write) -> None:
    rows = hourly("2019-02-01", 20)
    rows[6], rows[7] = rows[6].split(",")[0] + ",", rows[7].split(",")[0] + ",NaN"
    path = write("\n".join(rows))
    assert refused(path).problems[0].line == 7
    assert len(read(path, fill_gaps_up_to_h=2).temp_outdoor_c) == 20


def test_gap_and_bad_value_are_reported_together(write: Write) -> None:
    rows = hourly("2019-02-01", 30)
    rows[20] = rows[20].split(",")[0] + ",61"
    del rows[5]
    assert [problem.line for problem in refused(write("\n".join(rows))).problems] == [6, 20]


def test_doubled_and_disordered_times_are_refused(write: Write) -> None:
    rows = hourly("2019-02-01", 20)
    rows.insert(5, rows[4])
    rows[12], rows[13] = rows[13], rows[12]
    text = str(refused(write("\n".join(rows))))
    assert ":6: weather.file: the same time again" in text
    assert "wrong order" in text


@pytest.mark.parametrize("step", ["h", "15min"])
def test_clock_with_daylight_saving_is_refused_in_spring(write: Write, step: str) -> None:
    times = pd.date_range("2019-03-30", "2019-04-01", freq=step, tz="Europe/Stockholm").tz_localize(None)
    text = str(refused(write("\n".join(["time,T_C", *(f"{t},1" for t in times)]))))
    row = 2 + int(np.flatnonzero(np.diff(times) > pd.Timedelta(step if step[0].isdigit() else "1h"))[0]) + 1
    assert f"daylight-saving gap at row {row}: export in standard time or UTC" in text


@pytest.mark.parametrize("step", ["h", "15min"])
def test_clock_with_daylight_saving_is_refused_in_autumn(write: Write, step: str) -> None:
    times = pd.date_range("2019-10-26", "2019-10-28", freq=step, tz="Europe/Stockholm").tz_localize(None)
    text = str(refused(write("\n".join(["time,T_C", *(f"{t},1" for t in times)])), fill_gaps_up_to_h=6))
    assert "daylight-saving doubled hour at row" in text


@pytest.mark.parametrize(("shift", "scale", "word"), [(273.15, 1.0, "Kelvin"), (32.0, 1.8, "Fahrenheit")])
def test_wrong_units_are_guessed(write: Write, shift: float, scale: float, word: str) -> None:
    times = pd.date_range("2019-06-01", periods=48, freq="h")
    rows = ["time,T_C", *(f"{t},{shift + scale * (20 + 5 * np.sin(k / 4)):.2f}" for k, t in enumerate(times))]
    assert f"is the file in {word}?" in str(refused(write("\n".join(rows))))


def test_missing_value_code_is_guessed(write: Write) -> None:
    rows = hourly("2019-02-01", 20)
    rows[6] = rows[6].split(",")[0] + ",-999"
    assert "missing value" in str(refused(write("\n".join(rows))))


@pytest.mark.parametrize("value", [-3, 1700])
def test_impossible_irradiance_is_refused(write: Write, value: int) -> None:
    error = refused(write(f"hour_of_year,T_C,GHI\n0,1,0\n1,1,{value}\n2,1,0\n"))
    assert error.problems[0].line == 3


def test_hours_that_do_not_exist_are_refused(write: Write) -> None:
    error = refused(write("month,day,hour,T_C\n1,1,1,0\n2,30,2,0\n1,1,25,0\n"))
    assert [problem.line for problem in error.problems] == [3, 4]


def test_ragged_rows_are_refused(write: Write) -> None:
    assert refused(write("time,T_C\n2019-01-01 00:00,1,2\n2019-01-01 01:00,1\n")).problems[0].line == 2


# --- ISD-lite and EPW -----------------------------------------------------------------------------------------------


def isd_row(time: pd.Timestamp, temp: int) -> str:
    return f"{time:%Y %m %d %H} {temp:5d} -9999 -9999 -9999 -9999 -9999 -9999 -9999"


def test_isd_lite_is_recognised_and_its_day_of_gaps_filled(write: Write) -> None:
    times = pd.date_range("2018-01-01", "2018-01-20 23:00", freq="h")
    rows = [isd_row(t, -100 + k % 7) for k, t in enumerate(times) if not 30 < k <= 52]
    rows[20] = isd_row(times[20], -9999)
    file = read(write("\n".join(rows), "702910-2018"))
    assert (file.format, file.in_utc, len(file.temp_outdoor_c)) == ("isd_lite", True, len(times))
    assert any("23 hours" in note and "longest 22 h" in note for note in file.notes)


def test_isd_lite_gap_above_a_day_is_refused_with_its_row(write: Write) -> None:
    times = pd.date_range("2018-01-01", "2018-01-20 23:00", freq="h")
    rows = [isd_row(t, -100) for k, t in enumerate(times) if not 30 < k <= 55]
    problem = refused(write("\n".join(rows), "702910-2018")).problems[0]
    assert problem.line == 32
    assert "25 h missing" in problem.message


def test_isd_lite_row_that_is_none_is_refused(write: Write) -> None:
    rows = [isd_row(t, 0) for t in pd.date_range("2018-01-01", periods=5, freq="h")]
    rows[3] = "2018 01 01 xx 12"
    assert refused(write("\n".join(rows), "702910-2018")).problems[0].line == 4


def epw(n_day: int = 365, temp: float = -5.0) -> str:
    header = ["LOCATION,Omsk,-,RUS,IWEC,286980,54.93,73.40,6.0,123.0", *["-"] * 6, "DATA PERIODS,1,1"]
    rows = []
    for day in pd.date_range("2001-01-01", periods=n_day, freq="D"):
        for hour in range(1, 25):
            sun = 100 if 9 <= hour <= 16 else 0
            when = f"1999,{day.month},{day.day},{hour},60,A7"
            air = f"{temp + hour / 10},-9,70,100000,0,0,300,{sun},50,40"
            rows.append(f"{when},{air}" + ",0" * 19)
    return "\n".join(header + rows) + "\n"


def test_epw_is_read_with_its_site_and_hours_that_end(write: Write) -> None:
    pytest.importorskip("pvlib", reason="EPW needs the extra `weather`")
    file = read(write(epw(), "omsk.epw"))
    assert file.site is not None
    assert (file.site.name, file.site.latitude_deg, file.site.utc_offset_h) == ("Omsk", 54.93, 6.0)
    assert file.hour_ending
    assert file.start == pd.Timestamp("1999-01-01")
    assert file.temp_outdoor_c[:2] == pytest.approx([-4.9, -4.8])
    assert file.irradiance_horizontal_w_m2 is not None
    assert np.flatnonzero(file.irradiance_horizontal_w_m2[:24])[0] == 8


def test_epw_with_a_missing_value_is_refused_at_its_row(write: Write) -> None:
    pytest.importorskip("pvlib", reason="EPW needs the extra `weather`")
    lines = epw(3).splitlines()
    cells = lines[30].split(",")
    cells[6] = "99.9"
    lines[30] = ",".join(cells)
    assert refused(write("\n".join(lines) + "\n", "omsk.epw")).problems[0].line == 31


def test_epw_without_pvlib_names_the_extra(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pvlib", None)
    with pytest.raises(MissingExtraError, match=r"dhsim\[weather\]"):
        read(write(epw(2), "omsk.epw"))


# --- real files -----------------------------------------------------------------------------------------------------


@needs_real
@pytest.mark.parametrize(
    ("name", "mean", "ending", "utc"),
    [
        ("USA_AK_Northway_TMY3_hourly.csv.gz", -4.494, True, False),
        ("Stockholm_NSRDB_2019_hourly.csv.gz", 7.492, False, False),
        ("Northway_ISD-lite_702910-2018.gz", -3.492, False, True),
        ("Northway_ISD-lite_702910-2019.gz", -1.782, False, True),
    ],
)
def test_real_files_are_read_as_they_are(name: str, mean: float, ending: bool, utc: bool) -> None:
    file = read(REAL / name)
    assert len(file.temp_outdoor_c) == 8760
    assert file.temp_outdoor_c.mean() == pytest.approx(mean, abs=0.001)
    assert (file.hour_ending, file.in_utc) == (ending, utc)


@needs_real
def test_longest_gap_of_the_real_station_is_told() -> None:
    assert any(
        "211 hours" in note and "longest 22 h" in note for note in read(REAL / "Northway_ISD-lite_702910-2019.gz").notes
    )
    assert "weather.fill_gaps_up_to_h: 22" in str(
        refused(REAL / "Northway_ISD-lite_702910-2019.gz", fill_gaps_up_to_h=12)
    )
