"""Sensor files: time zones, gaps, and everything wrong with a file at once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dhsim.balancing.identification import identify
from dhsim.balancing.sensor_data import read_sensor_file
from dhsim.errors import DhsimError, ScenarioError


def wide(hours=24 * 20, start="2024-01-01", zone="UTC"):
    random = np.random.default_rng(0)
    time = pd.date_range(start, periods=hours, freq="h", tz=zone)
    slow = np.cumsum(random.normal(0.0, 0.3, hours))
    return pd.DataFrame(
        {
            "time": time,
            "temp_supply_c": 45.0 - slow + random.normal(0.0, 0.5, hours),
            "temp_outdoor_c": slow,
            "A": 21.0 + 0.1 * slow + random.normal(0.0, 0.1, hours),
            "B": 22.0 + 0.1 * slow + random.normal(0.0, 0.1, hours),
        }
    )


def written(frame, path, **how):
    frame.to_parquet(path) if path.suffix == ".parquet" else frame.to_csv(path, index=False, **how)
    return path


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_a_wide_file_is_read(tmp_path, name):
    frame = wide()
    series = read_sensor_file(written(frame, tmp_path / name))
    assert series.zone_ids == ("A", "B")
    np.testing.assert_allclose(series.temp_zone_c[:, 1], frame["B"])
    assert str(series.time.tz) == "UTC"
    assert series.flags == ()
    fit = identify(
        series.temp_zone_c, series.temp_supply_c, series.temp_outdoor_c, series.step_s, zone_ids=series.zone_ids
    )
    assert fit.zone_ids == ("A", "B")


def test_a_long_file_with_semicolons_and_decimal_commas_is_the_same(tmp_path):
    frame = wide(100)
    tall = frame.melt(id_vars="time", var_name="series", value_name="temp_c")
    path = written(tall, tmp_path / "tall.csv", sep=";", decimal=",")
    one, other = read_sensor_file(path), read_sensor_file(written(frame, tmp_path / "wide.csv"))
    np.testing.assert_allclose(one.temp_zone_c, other.temp_zone_c)
    np.testing.assert_allclose(one.temp_supply_c, other.temp_supply_c)


def test_both_clock_changes_of_local_time_are_resolved(tmp_path):
    for start in ("2023-10-28", "2024-03-30"):
        frame = wide(72, start, "Europe/Stockholm")
        local = frame.assign(time=frame["time"].dt.tz_localize(None))
        series = read_sensor_file(written(local, tmp_path / "local.csv"), time_zone="Europe/Stockholm")
        expected = read_sensor_file(written(frame, tmp_path / "offset.csv"))
        pd.testing.assert_index_equal(series.time, expected.time)
        np.testing.assert_array_equal(series.temp_zone_c, expected.temp_zone_c)
        assert np.isfinite(series.temp_zone_c).all()


def test_times_without_a_zone_are_not_guessed(tmp_path):
    frame = wide(100)
    path = written(frame.assign(time=frame["time"].dt.tz_localize(None)), tmp_path / "naive.csv")
    with pytest.raises(ScenarioError, match="name their zone, for example time_zone='Europe/Stockholm'"):
        read_sensor_file(path)
    with pytest.raises(ScenarioError, match="unknown time zone 'Europe/Stokholm'"):
        read_sensor_file(path, time_zone="Europe/Stokholm")


def test_an_hour_that_does_not_exist_is_named(tmp_path):
    frame = wide(72, "2024-03-30")
    path = written(frame.assign(time=frame["time"].dt.tz_localize(None)), tmp_path / "a.csv")
    with pytest.raises(ScenarioError, match=r"a.csv:28: A: 2024-03-31 02:00:00 does not exist in Europe/Stockholm"):
        read_sensor_file(path, time_zone="Europe/Stockholm")


def test_an_hour_that_comes_twice_and_is_given_once_is_refused(tmp_path):
    frame = wide(72, "2023-10-28")
    path = written(frame.assign(time=frame["time"].dt.tz_localize(None)), tmp_path / "a.csv")
    with pytest.raises(ScenarioError, match="comes twice on the clocks of Europe/Stockholm"):
        read_sensor_file(path, time_zone="Europe/Stockholm")


def test_gaps_stay_gaps_and_are_flagged(tmp_path):
    frame = wide()
    frame.loc[50:129, "A"] = np.nan
    frame = frame.drop(index=range(200, 210))
    series = read_sensor_file(written(frame, tmp_path / "a.csv"))
    assert len(series.time) == 24 * 20
    assert np.isnan(series.temp_zone_c[50:130, 0]).all()
    assert np.isnan(series.temp_supply_c[200:210]).all()
    (gap,) = [flag for flag in series.flags if flag.kind == "gap"]
    assert gap.zone == "A"
    assert "the longest gap 80 h" in gap.message
    assert gap.value == pytest.approx(90 / 480)


def test_odd_series_are_flagged_with_numbers(tmp_path):
    frame = wide()
    frame["C"] = 21.5
    frame["D"] = frame["A"]
    frame.loc[100:200, "D"] = 20.25
    frame["E"] = np.nan
    frame.loc[7, "B"] = -127.0
    series = read_sensor_file(written(frame, tmp_path / "a.csv"), zone_ids=tuple("ABCDEF"))
    found = {(flag.kind, flag.zone): flag for flag in series.flags}
    assert set(found) == {
        ("constant", "C"), ("stuck", "D"), ("empty", "E"), ("range", "B"), ("missing", "F")
    }  # fmt: skip
    assert "-127" in found["range", "B"].message
    assert np.isnan(series.temp_zone_c[7, 1])
    assert found["stuck", "D"].value == 101.0
    assert series.usable().zone_ids == ("A", "B", "D")


def test_unknown_zones_are_refused_unless_ignored(tmp_path):
    path = written(wide().rename(columns={"B": "stairwell"}), tmp_path / "a.csv")
    with pytest.raises(ScenarioError, match=r"stairwell: sensor of an unknown zone.*ignore=\['stairwell'\]"):
        read_sensor_file(path, zone_ids=("A", "B"))
    series = read_sensor_file(path, zone_ids=("A", "B"), ignore=("stairwell",))
    assert series.zone_ids == ("A",)
    assert [(flag.kind, flag.zone) for flag in series.flags] == [("missing", "B")]


def test_several_readings_in_a_step_are_averaged(tmp_path):
    frame = wide(96)
    series = read_sensor_file(written(frame, tmp_path / "a.csv"), step_s=7200.0)
    np.testing.assert_allclose(series.temp_zone_c[:, 0], frame["A"].to_numpy().reshape(-1, 2).mean(axis=1))


def test_all_problems_come_at_once_with_their_lines(tmp_path):
    frame = wide(60).astype({"A": object}).rename(columns={"temp_outdoor_c": "temp_outdor_c"})
    frame.loc[3, "A"] = "warm"
    frame = pd.concat([frame, frame.iloc[[10]]])
    with pytest.raises(ScenarioError) as refused:
        read_sensor_file(written(frame, tmp_path / "a.csv"))
    assert "a.csv:5: A: not a temperature (got 'warm')" in str(refused.value)
    frame.loc[3, "A"] = 21.0
    with pytest.raises(ScenarioError) as refused:
        read_sensor_file(written(frame, tmp_path / "a.csv"), step_s=600.0)
    text = str(refused.value)
    assert "temp_outdoor_c: no such series; did you mean temp_outdor_c?" in text
    assert "a.csv:62: A: a second reading" in text
    assert "readings come every 3600 s; set step_s" in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time,temp_supply_c,temp_outdoor_c,A\n", "the file holds no reading"),
        ("when,A\n2024-01-01T00:00Z,21\n", "no column of times"),
        ("time,A\n2024-01-01T00:00Z,21\n2024-01-01 01:00,21\n", "with and without an offset are mixed"),
        ("time,A\n7 Feb,21\n", r"a.csv:2: time: not a time \(got '7 Feb'\)"),
    ],
)
def test_unreadable_files_are_refused(tmp_path, text, message):
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError, match=message):
        read_sensor_file(path)


def test_a_missing_file_names_its_neighbour(tmp_path):
    written(wide(50), tmp_path / "sensors.csv")
    with pytest.raises(ScenarioError, match=r"did you mean sensors.csv\?"):
        read_sensor_file(tmp_path / "sensor.csv")


def test_periods_and_zones_are_cut_out(tmp_path):
    series = read_sensor_file(written(wide(), tmp_path / "a.csv"), zone_ids=("A", "B", "C"))
    part = series.between("2024-01-05", "2024-01-10").select(["B"])
    assert part.temp_zone_c.shape == (120, 1)
    assert part.time[0] == pd.Timestamp("2024-01-05", tz="UTC")
    assert [flag.kind for flag in series.between("2024-01-05", "2024-01-10").flags] == ["missing"]
    with pytest.raises(DhsimError, match="no readings from 2025"):
        series.between("2025-01-01", "2025-02-01")
    with pytest.raises(DhsimError, match="unknown zones Q"):
        series.select(["Q"])
