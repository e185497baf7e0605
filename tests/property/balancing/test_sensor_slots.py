"""What the grid owes to any readings, however irregular."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from dhsim.balancing.sensor_slots import on_slots
from dhsim.balancing.sensor_table import Long

STEP_S = 3600
INPUTS = ("temp_supply_c", "temp_outdoor_c")


@st.composite
def readings(draw):
    """Return at least one reading of each of three series at whole seconds within three days, each value its own."""
    parts = []
    for name in (*INPUTS, "A"):
        times = draw(st.lists(st.integers(0, 3 * 86400), min_size=1, max_size=60, unique=True))
        parts += [(time, name) for time in times]
    order = draw(st.permutations(range(len(parts))))
    return [parts[k] for k in order], draw(st.permutations(range(len(parts))))


def table(parts, values, shift_s=0):
    time = pd.to_datetime(np.array([part[0] for part in parts]) + 1704067200 + shift_s, unit="s", utc=True)
    names = np.array([part[1] for part in parts], object)
    return Long(pd.DatetimeIndex(time), names, np.asarray(values, float), np.arange(len(parts)))


@given(readings(), st.integers(-50, 50))
def test_order_of_rows_and_whole_steps_do_not_matter(drawn, steps):
    parts, order = drawn
    values = np.arange(len(parts))
    found = on_slots(table(parts, values), INPUTS, ["A"], STEP_S)
    turned = on_slots(table([parts[k] for k in order], values[list(order)]), INPUTS, ["A"], STEP_S)
    moved = on_slots(table(parts, values, steps * STEP_S), INPUTS, ["A"], STEP_S)
    for other in (turned, moved):
        for name, column in found.columns.items():
            np.testing.assert_allclose(other.columns[name], column)
    assert (moved.time - found.time == pd.Timedelta(seconds=steps * STEP_S)).all()


@given(readings())
def test_rooms_are_readings_near_the_start_and_serve_once_and_no_input_is_lost(drawn):
    parts, _ = drawn
    values = np.arange(len(parts))
    found = on_slots(table(parts, values), INPUTS, ["A"], STEP_S)
    start = (found.time - pd.Timestamp(1704067200, unit="s", tz="UTC")).total_seconds().to_numpy()
    taken = np.flatnonzero(np.isfinite(found.columns["A"]))
    rooms = found.columns["A"][taken].astype(int)
    assert len(set(rooms)) == len(rooms)
    for k, value in zip(taken, rooms, strict=True):
        time, name = parts[value]
        assert name == "A"
        # half a step off at most, and as much again for a sensor that keeps its rhythm only roughly
        assert abs(time - start[k]) <= STEP_S + 1
    for name in INPUTS:
        own = [k for k, part in enumerate(parts) if part[1] == name]
        column = found.columns[name]
        there = column[np.isfinite(column)]
        assert len(there) > 0
        assert min(own) <= there.min()
        assert there.max() <= max(own)
