"""Times with offsets of every spelling, the doubled hour of autumn in any order of rows, columns that come twice."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dhsim.balancing.sensor_table import long_table
from dhsim.errors import Problem

STOCKHOLM = "Europe/Stockholm"


def read(tmp_path, text, time_zone=None):
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    problems: list[Problem] = []
    return long_table(path, time_zone, problems), [str(problem) for problem in problems]


@pytest.mark.parametrize(
    "stamp",
    [
        "2024-02-01 00:00:00+01",
        "2024-02-01 00:00:00.5+01",
        "2024-02-01T00:00+01",
        "2024-02-01T00:00+0100",
        "2024-02-01T00:00:00+01:00",
        "2024-01-31T23:00Z",
        "2024-01-31 23:00:00Z",
        "2024-01-31 21:00:00-02",
        "20240201T000000+0100",
    ],
)
@pytest.mark.parametrize("time_zone", [None, STOCKHOLM, "UTC"])
def test_offsets_of_every_spelling_are_understood(tmp_path, stamp, time_zone):
    table, problems = read(tmp_path, f"time,A\n{stamp},21\n", time_zone)
    assert problems == []
    assert table.time.floor("s")[0] == pd.Timestamp("2024-01-31 23:00", tz="UTC")


@pytest.mark.parametrize("time_zone", [None, STOCKHOLM])
def test_offsets_of_summer_and_winter_may_be_mixed(tmp_path, time_zone):
    text = "time,A\n2023-10-29 02:30:00+02,21\n2023-10-29 02:30:00+01,22\n2023-10-29T03:30:00+01:00,23\n"
    table, problems = read(tmp_path, text, time_zone)
    assert problems == []
    expected = pd.DatetimeIndex(["2023-10-29 00:30", "2023-10-29 01:30", "2023-10-29 02:30"], tz="UTC")
    assert list(table.time) == list(expected)


@pytest.mark.parametrize("stamps", [("2024-02-07", "2024-02-08"), ("2024-02-07 13:00", "2024-02-07 14:00")])
def test_a_date_is_no_offset(tmp_path, stamps):
    text = "time,A\n" + "".join(f"{stamp},21\n" for stamp in stamps)
    table, problems = read(tmp_path, text, "UTC")
    assert problems == []
    assert table.time[0] == pd.Timestamp(stamps[0], tz="UTC")
    (problem,) = read(tmp_path, text)[1]
    assert "bear no offset" in problem


@pytest.mark.parametrize("odd", ["2024-02-01T00:00z", "2024-02-01 00:00 +01:00", "2024-02-01 00:00:00+1", "2024-13-01"])
@pytest.mark.parametrize("after", ["", "2024-02-01 01:00,21\n", "2024-02-01 01:00+02,21\n"])
@pytest.mark.parametrize("time_zone", [None, STOCKHOLM])
def test_odd_times_are_understood_or_named_and_never_crash(tmp_path, odd, after, time_zone):
    table, problems = read(tmp_path, f"time,A\n{odd},21\n{after}", time_zone)
    assert problems or not table.time.isna().any()


@pytest.mark.parametrize("odd", ["", "9999-12-31 00:00", "0001-01-01 00:00", "2024-02-30 00:00"])
def test_times_that_no_sensor_can_mean_are_named_with_their_line(tmp_path, odd):
    (problem,) = read(tmp_path, f"time,A\n2024-02-01 00:00,21\n{odd},22\n", "UTC")[1]
    assert "a.csv:3: time: not a time" in problem


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_a_parquet_row_without_a_time_is_refused(tmp_path, zone):
    time = pd.DatetimeIndex(["2024-02-01", pd.NaT, "2024-02-02"], tz=zone)
    path = tmp_path / "a.parquet"
    pd.DataFrame({"time": time, "A": 21.0}).to_parquet(path)
    problems: list[Problem] = []
    long_table(path, "UTC", problems)
    assert [str(problem) for problem in problems] == [f"{path}:3: time: a row without a time"]


def autumn(zones=("A", "B"), minutes=30):
    time = pd.date_range("2023-10-28", "2023-10-30", freq=f"{minutes}min", tz=STOCKHOLM)
    columns = {zone: np.arange(len(time)) + 0.25 * z for z, zone in enumerate(zones)}
    return time, pd.DataFrame({"time": time.tz_localize(None).astype(str), **columns})


@pytest.mark.parametrize("minutes", [15, 30, 60])
@pytest.mark.parametrize("newest_first", [False, True])
def test_the_doubled_hour_follows_the_order_of_the_rows(tmp_path, minutes, newest_first):
    time, frame = autumn(minutes=minutes)
    rows = frame.iloc[::-1] if newest_first else frame
    table, problems = read(tmp_path, rows.to_csv(index=False), STOCKHOLM)
    assert problems == []
    for zone in ("A", "B"):
        mine = table.series == zone
        found = pd.Series(table.temp_c[mine], table.time[mine]).sort_index()
        np.testing.assert_array_equal(found.to_numpy(), frame[zone].to_numpy())
        np.testing.assert_array_equal(found.index.asi8, time.tz_convert("UTC").as_unit(found.index.unit).asi8)


def test_two_autumns_in_a_file_are_both_resolved(tmp_path):
    time = pd.date_range("2022-10-29", "2023-10-31", freq="h", tz=STOCKHOLM)
    frame = pd.DataFrame({"time": time.tz_localize(None).astype(str), "A": np.arange(len(time))})
    table, problems = read(tmp_path, frame.to_csv(index=False), STOCKHOLM)
    assert problems == []
    np.testing.assert_array_equal(np.diff(table.time.as_unit("s").asi8), 3600)


def test_a_doubled_hour_among_rows_in_no_order_is_refused(tmp_path):
    _, frame = autumn(("A",))
    shuffled = frame.sample(frac=1.0, random_state=3)
    problems = read(tmp_path, shuffled.to_csv(index=False), STOCKHOLM)[1]
    assert len(problems) == 1
    assert "A: 2023-10-29" in problems[0]
    assert "neither in rising nor in falling order" in problems[0]
    # the hour's own rows in order, the others not: nothing says which way to read them
    doubled = frame["time"].str.startswith("2023-10-29 02")
    parts = pd.concat([frame[~doubled].sample(frac=1.0, random_state=3), frame[doubled]])
    assert "export in UTC" in read(tmp_path, parts.to_csv(index=False), STOCKHOLM)[1][0]


def test_rows_in_no_order_are_fine_where_no_hour_is_doubled(tmp_path):
    _, frame = autumn(("A",))
    clear = frame[~frame["time"].str.startswith("2023-10-29 02")].sample(frac=1.0, random_state=3)
    table, problems = read(tmp_path, clear.to_csv(index=False), STOCKHOLM)
    assert problems == []
    assert len(table.time) == len(clear)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("time,A,A\n2024-01-01T00:00Z,21,22\n", "a.csv:1: A: "),
        ("time;A;B; A\n2024-01-01T00:00Z;21;22;23\n", "a.csv:1: A: "),
        ('# synthetic\n# by hand\ntime,B,"A",A\n2024-01-01T00:00Z,21,22,23\n', "a.csv:3: A: "),
        ("time,time,A\n2024-01-01T00:00Z,2024-01-01T00:00Z,21\n", "a.csv:1: time: "),
    ],
)
def test_a_column_that_comes_twice_is_refused_with_its_line(tmp_path, text, place):
    problems = read(tmp_path, text)[1]
    assert len(problems) == 1
    assert place in problems[0]
    assert "the column comes 2 times" in problems[0]


def test_a_column_named_like_a_copy_is_no_copy(tmp_path):
    table, problems = read(tmp_path, "time,A,A.1\n2024-01-01T00:00Z,21,22\n")
    assert problems == []
    assert table.names == ["A", "A.1"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_columns_are_parted_by_comma_semicolon_or_tab(tmp_path, separator):
    rows = [["time", "A", "B"], ["2024-02-01T00:00Z", "21.5", "20"]]
    table, problems = read(tmp_path, "\r\n".join(separator.join(row) for row in rows))
    assert problems == []
    assert table.names == ["A", "B"]
    assert list(table.temp_c) == [21.5, 20.0]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_another_encoding_is_refused_with_the_way_out(tmp_path, encoding):
    path = tmp_path / "a.csv"
    path.write_bytes("time,Kök\n2024-02-01T00:00Z,21\n".encode(encoding))
    problems: list[Problem] = []
    long_table(path, None, problems)
    assert "save the file as UTF-8" in str(problems[0])
