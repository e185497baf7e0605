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
    with pytest.raises(ScenarioError, match="name their zone: --time-zone Europe/Stockholm"):
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
    with pytest.raises(ScenarioError, match=r"stairwell: sensor of an unknown zone.*--ignore 'stairwell'"):
        read_sensor_file(path, zone_ids=("A", "B"))
    series = read_sensor_file(path, zone_ids=("A", "B"), ignore=("stairwell",))
    assert series.zone_ids == ("A",)
    assert [(flag.kind, flag.zone) for flag in series.flags] == [("missing", "B")]


def test_several_readings_in_a_step_give_the_room_at_its_start_and_the_mean_of_the_inputs(tmp_path):
    frame = wide(96)
    series = read_sensor_file(written(frame, tmp_path / "a.csv"), step_s=7200.0)
    np.testing.assert_allclose(series.temp_zone_c[:, 0], frame["A"].to_numpy()[::2])
    means = frame["temp_supply_c"].to_numpy().reshape(-1, 2).mean(axis=1)
    np.testing.assert_allclose(series.temp_supply_c, means)


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
    assert "readings come every 1 h, and the step is 0.167 h: --step-h 1" in text


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


@pytest.mark.parametrize("name", ["temp_supply_c", "temp_outdoor_c"])
def test_one_impossible_reading_of_many_in_a_step_does_not_move_its_mean(tmp_path, name):
    frame = wide(24 * 20)
    expected = frame[name].to_numpy().reshape(-1, 2).mean(axis=1)
    expected[5] = frame[name][11]
    frame.loc[10, name] = -127.0
    series = read_sensor_file(written(frame, tmp_path / "a.csv"), step_s=7200.0)
    np.testing.assert_allclose(getattr(series, name), expected)
    assert [(flag.kind, flag.zone) for flag in series.flags] == [("range", name)]


def test_flags_of_the_inputs_and_of_readings_left_out_stay(tmp_path):
    frame = wide()
    frame.loc[20:90, "temp_supply_c"] = np.nan
    frame.loc[[7, 300], "temp_outdoor_c"] = 99.0
    frame.loc[8, "B"] = -127.0
    series = read_sensor_file(written(frame, tmp_path / "a.csv"))
    expected = {("gap", "temp_supply_c"), ("range", "temp_outdoor_c")}
    assert {(flag.kind, flag.zone) for flag in series.select(["A"]).flags} == expected
    assert {(flag.kind, flag.zone) for flag in series.usable().flags} == expected | {("range", "B")}
    part = series.between("2024-01-06", "2024-01-20")
    assert {(flag.kind, flag.zone) for flag in part.flags} == {("range", "temp_outdoor_c"), ("range", "B")}
    once_more = part.between("2024-01-08", "2024-01-20")
    assert [flag.kind for flag in once_more.flags] == ["range", "range"]


def test_a_sensor_with_few_readings_is_left_out_by_name_and_stops_nobody(tmp_path):
    frame = wide()
    frame["seldom"] = np.where(np.arange(len(frame)) % 48 == 0, frame["A"], np.nan)
    frame["second"] = np.where(np.arange(len(frame)) % 2 == 0, frame["B"], np.nan)
    series = read_sensor_file(written(frame, tmp_path / "a.csv"))
    few = {flag.zone: flag for flag in series.flags if flag.kind in ("few", "apart")}
    assert {zone: flag.kind for zone, flag in few.items()} == {"seldom": "few", "second": "apart"}
    assert few["seldom"].value == 0.0
    assert "10 readings" in few["seldom"].message
    assert "240 readings, one every 2 h" in few["second"].message
    assert "longer step" in few["second"].message
    assert series.usable().zone_ids == ("A", "B")
    assert series.usable(paired=False).zone_ids == ("A", "B", "second")  # a filter bears what misses
    # the reading of every other hour does at a step of two
    coarse = read_sensor_file(tmp_path / "a.csv", step_s=7200.0)
    assert coarse.usable().zone_ids == ("A", "B", "second")


@pytest.mark.parametrize("pairs", [23, 24])
def test_usable_leaves_out_just_what_identify_refuses(tmp_path, pairs):
    frame = wide()
    frame.loc[pairs + 1 :, "B"] = np.nan
    series = read_sensor_file(written(frame, tmp_path / "a.csv"))
    fits = "B" in series.usable().zone_ids
    assert fits == (pairs >= 24)
    readings = series.temp_zone_c, series.temp_supply_c, series.temp_outdoor_c, series.step_s
    if fits:
        assert identify(*readings, zone_ids=series.zone_ids).zone_ids == ("A", "B")
    else:
        with pytest.raises(DhsimError, match="B: 23 steps with all readings"):
            identify(*readings, zone_ids=series.zone_ids)


def test_few_readings_of_an_input_are_not_laid_to_the_zones(tmp_path):
    frame = wide()
    frame.loc[20:, "temp_supply_c"] = np.nan
    series = read_sensor_file(written(frame, tmp_path / "a.csv"))
    assert [flag.kind for flag in series.flags] == ["gap"]


def test_all_rooms_coarser_than_the_step_are_still_refused(tmp_path):
    frame = wide()
    frame.loc[1::2, ["A", "B"]] = np.nan
    with pytest.raises(ScenarioError, match=r"A: readings come every 2 h, and the step is 1 h: --step-h 2"):
        read_sensor_file(written(frame, tmp_path / "a.csv"))


@pytest.mark.parametrize(("name", "said"), [("temp_outdoor_c", "outdoor"), ("temp_supply_c", "supply")])
def test_a_room_sensor_that_reads_an_input_is_left_out_by_name(tmp_path, name, said):
    frame = wide()
    frame["temp_outdoor_c"] += 10.0  # within what a room may be
    frame["B"] = frame[name].clip(0.0, 45.0)
    frame[name] = frame["B"]
    for step_s in (3600.0, 7200.0):
        series = read_sensor_file(written(frame, tmp_path / "a.csv"), step_s=step_s)
        (flag,) = [flag for flag in series.flags if flag.kind == "same"]
        assert flag.zone == "B"
        assert f"always at the {said} temperature" in flag.message
        assert series.usable().zone_ids == ("A",)
        assert "same" in [flag.kind for flag in series.between("2024-01-05", "2024-01-15").flags]
