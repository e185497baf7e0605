"""A test signal planned for the last days of a round's readings."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from dhsim.balancing.sensor_data import SensorSeries
from dhsim.balancing.steps import fit_round
from dhsim.balancing.trial_excitation import planned_test, signal_frame
from dhsim.balancing.trial_readings import make_readings
from dhsim.balancing.workflow import Round
from dhsim.errors import DhsimError
from dhsim.units import S_PER_H

TOY = Path(__file__).parents[3] / "scenarios" / "buildings" / "toy.yaml"


@pytest.fixture(scope="module")
def last(tmp_path_factory) -> Round:
    folder = tmp_path_factory.mktemp("work")
    make_readings(TOY, folder / "rooms.csv", days=20)
    return fit_round(folder / "house", TOY, folder / "rooms.csv", method="regression").last


def with_gaps(last: Round, gone: slice) -> SensorSeries:
    supply = last.series.temp_supply_c.copy()
    supply[gone] = np.nan
    return dataclasses.replace(last.series, temp_supply_c=supply)


def test_is_planned_for_the_last_days_and_stays_within_comfort(last: Round) -> None:
    test = planned_test(last.series, last.fit, 0.4, 10.0)
    assert np.array_equal(test.temp_supply_c, last.series.temp_supply_c[-240:])
    assert test.about == "weather and supply like 2025-01-11 to 2025-01-20"
    assert test.plan.comfort_peak_k <= 0.4 + 1e-9
    assert test.plan.expected.theta_share_rel.mean() < test.plan.without.theta_share_rel.mean()
    assert test.flags == ()


def test_a_plant_at_its_limit_allows_less(last: Round) -> None:
    free = planned_test(last.series, last.fit, 0.4, 10.0)
    tight = planned_test(last.series, last.fit, 0.4, 10.0, supply_max_c=float(free.temp_supply_c.max()) + 1.0)
    assert (free.temp_supply_c + free.plan.offset_k).max() > (tight.temp_supply_c + tight.plan.offset_k).max()


def test_gaps_are_bridged_and_said(last: Round) -> None:
    test = planned_test(with_gaps(last, slice(-100, -50)), last.fit, 0.4, 10.0)
    assert np.isfinite(test.temp_supply_c).all()
    assert "21 %" in str(test.flags[0])
    with pytest.raises(DhsimError, match="no reading in the last days"):
        planned_test(with_gaps(last, slice(None)), last.fit, 0.4, 10.0)


def test_a_test_longer_than_the_readings_is_refused(last: Round) -> None:
    with pytest.raises(DhsimError, match="20 days long"):
        planned_test(last.series, last.fit, 0.4, 21.0)


def test_rows_are_counted_in_hours_or_bear_their_time(last: Round) -> None:
    test = planned_test(last.series, last.fit, 0.4, 2.0)
    plain, dated = signal_frame(test), signal_frame(test, "2025-02-01T00:00+01:00")
    assert list(plain.columns) == ["hour", "offset_k"]
    assert plain["hour"].iloc[-1] * S_PER_H == 47 * S_PER_H
    assert dated["time"].iloc[0] == "2025-01-31T23:00:00Z"
    with pytest.raises(DhsimError, match="--start"):
        signal_frame(test, "soon")
