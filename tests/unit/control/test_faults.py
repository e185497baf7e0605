"""Outages: fixed ones where they were put, random ones seeded, without overlap and with the right share of time."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from dhsim.control.faults import FAULT_TEXTS, fault_generator, fault_spans
from dhsim.errors import DhsimError
from dhsim.model.case import FaultPlan

DAY = 86400.0


def fixed(start_s, duration_s, kind="sensor_out"):
    return FaultPlan(kind, start_s, duration_s, None)


def spans(plan, run_s=10 * DAY, seed=1, index=0):
    return list(fault_spans(plan, run_s, fault_generator(seed, index)))


@pytest.mark.parametrize(
    ("start_s", "duration_s", "expected"),
    [
        (3600.0, 7200.0, [(3600.0, 10800.0)]),
        (-3600.0, 7200.0, [(0.0, 3600.0)]),
        (-3600.0, 3600.0, []),
        (10 * DAY, 7200.0, []),
        (9.5 * DAY, 2 * DAY, [(9.5 * DAY, 11.5 * DAY)]),
    ],
)
def test_fixed_fault_stands_where_it_was_put(start_s, duration_s, expected):
    assert spans(fixed(start_s, duration_s)) == expected


def test_random_faults_do_not_overlap_and_begin_within_the_run():
    drawn = spans(FaultPlan("pump_out", math.nan, 6 * 3600.0, DAY), run_s=365 * DAY)
    assert len(drawn) > 100
    assert all(start < end for start, end in drawn)
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(drawn))
    assert drawn[0][0] >= 0.0
    assert drawn[-1][0] < 365 * DAY


def test_random_faults_follow_their_seed_and_their_place():
    plan = FaultPlan("pump_out", 0.0, 3600.0, DAY)
    assert spans(plan) == spans(plan)
    assert spans(plan) != spans(plan, seed=2)
    assert spans(plan) != spans(plan, index=1)


def test_draws_are_not_those_of_the_bare_seed():
    assert fault_generator(7, 0).random() != np.random.default_rng(7).random()
    assert fault_generator(7, 0).random() != np.random.default_rng(np.random.SeedSequence(7).spawn(1)[0]).random()


def test_share_of_time_broken_is_that_of_the_renewal_process():
    mean_between_s, mean_outage_s, run_s = 40 * 3600.0, 10 * 3600.0, 20_000 * DAY
    drawn = spans(FaultPlan("sensor_out", 0.0, mean_outage_s, mean_between_s), run_s=run_s)
    share = sum(end - start for start, end in drawn) / run_s
    # Standard error about 0.002: some 9,600 cycles.
    assert share == pytest.approx(mean_outage_s / (mean_between_s + mean_outage_s), abs=0.01)


@pytest.mark.parametrize(
    ("plan", "named"),
    [
        (fixed(0.0, 3600.0, kind="roof_out"), "roof_out"),
        (fixed(0.0, 0.0), "duration_s"),
        (fixed(0.0, math.inf), "duration_s"),
        (fixed(math.nan, 3600.0), "start_s"),
        (FaultPlan("pump_out", 0.0, 3600.0, -1.0), "mean_time_between_s"),
    ],
)
def test_nonsense_is_refused_before_the_run(plan, named):
    with pytest.raises(DhsimError, match=named):
        fault_spans(plan, DAY, fault_generator(1, 0))


def test_every_kind_of_the_scenario_has_its_words():
    from dhsim.scenario.schema import Fault

    kinds = Fault.model_fields["kind"].annotation.__args__
    assert set(kinds) == set(FAULT_TEXTS)
