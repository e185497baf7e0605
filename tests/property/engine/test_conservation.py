"""What must close for any policy, pump place, weather and fault: energy, and water at every junction."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dhsim.assess.energy import balance_residual_rel
from dhsim.engine.simulation import simulate
from dhsim.model.case import FaultPlan

HOUR = 3600.0
POLICIES = ("baseline", "vfd_only", "cap70", "variable_flow", "compensated", "compensated_trim")
PLACES = ("secondary_supply", "secondary_return", "bypass_line")
STARTS = ("2021-01-10", "2021-03-25", "2021-07-01", "2021-10-08")


@st.composite
def overrides(draw):
    policy = draw(st.sampled_from(POLICIES))
    place = draw(st.sampled_from(PLACES[:2] if policy in ("baseline", "vfd_only") else PLACES))
    head = draw(st.sampled_from(["arithmetic", "log_mean"]))
    return policy, {
        "time.days": draw(st.integers(1, 3)),
        "time.start": draw(st.sampled_from(STARTS)),
        "time.step_min": draw(st.sampled_from([5, 15, 60])),
        "seed": draw(st.integers(0, 9)),
        "substation.pump_place": place,
        "substation.pumps.count": draw(st.integers(1, 3)),
        "substation.pumps.staging": draw(st.sampled_from(["flow_dp", "heat_50"])),
        "substation.valve_bypass_kvs_m3_h": draw(st.sampled_from([25.0, 100.0])),
        "substation.flow_relative": draw(st.sampled_from([0.8, 1.0, 1.2])),
        "plant.dp_available_kpa": draw(st.sampled_from([120.0, 170.0, 320.0])),
        "plant.overshoot_k": draw(st.sampled_from([0.0, 7.2, 20.0])),
        "dhw.supply": draw(st.sampled_from(["third_pipe", "third_pipe", "local"])),
        "dhw.stochastic": draw(st.booleans()),
        "control.filter_h": draw(st.sampled_from([0.0, 24.0])),
        "building_types.residential.radiator_head": head,
        "building_types.office.radiator_head": head,
    }


def fault_plans():
    kinds = st.sampled_from(["third_pipe_out", "sensor_out", "pump_out"])
    fixed = st.builds(
        lambda kind, start_h, hours: FaultPlan(kind, start_h * HOUR, hours * HOUR, None),
        kinds,
        st.floats(-2.0, 60.0),
        st.floats(0.2, 20.0),
    )
    random = st.builds(
        lambda kind, between_h, hours: FaultPlan(kind, 0.0, hours * HOUR, between_h * HOUR),
        kinds,
        st.floats(3.0, 40.0),
        st.floats(0.2, 8.0),
    )
    return st.lists(st.one_of(fixed, random), max_size=3)


@st.composite
def weather(draw):
    """Return a function of the number of steps: outdoor temperature, and the supply's error against its line."""
    kind = draw(st.sampled_from(["constant", "step", "walk"]))
    level, other = draw(st.floats(-35.0, 20.0)), draw(st.floats(-35.0, 20.0))
    at, seed = draw(st.floats(0.1, 0.9)), draw(st.integers(0, 99))
    sag_k = draw(st.sampled_from([0.0, 0.0, 5.0, 25.0]))

    def make(n):
        outdoor = np.full(n, level)
        if kind == "step":
            outdoor[int(at * n) :] = other
        if kind == "walk":
            outdoor = np.clip(np.cumsum(np.random.default_rng(seed).normal(0.0, 0.8, n)), -45.0, 35.0)
        sag = np.zeros(n)
        sag[int(0.5 * at * n) : int(at * n)] = -sag_k
        return outdoor, sag

    return make


@pytest.fixture(scope="session")
def random_run(small_scenario, weathered):
    def make(settings_of, make_weather, faults):
        scenario = small_scenario(*settings_of)
        outdoor, sag = make_weather(scenario.time.days * 1440 // scenario.time.step_min)
        case = weathered(scenario, outdoor, sag, faults)
        return case, simulate(case)

    return make


@given(settings_of=overrides(), make_weather=weather(), faults=fault_plans())
@settings(max_examples=60)
def test_energy_closes(random_run, settings_of, make_weather, faults):
    case, solution = random_run(settings_of, make_weather, faults)
    assert balance_residual_rel(solution) < 1e-9  # the house asks for 1e-6 of the annual heat
    largest_j = float(case.system.buildings.heat_design_w.sum()) * solution.step_s
    assert solution.extremes["balance_step_max_j"] < 1e-9 * largest_j


@given(settings_of=overrides(), make_weather=weather(), faults=fault_plans())
@settings(max_examples=40)
def test_water_comes_out_of_every_junction_that_went_in(random_run, settings_of, make_weather, faults):
    case, solution = random_run(settings_of, make_weather, faults)
    pipe, jet = solution.arrays["mass_flow_pipe_kg_s"], solution.arrays["mass_flow_building_kg_s"]
    start, at = case.system.supply.node_start, case.system.buildings.node
    left = np.zeros((len(pipe), start.size + 1))
    left[:, 0] = solution.arrays["mass_flow_secondary_kg_s"][:, 0]
    for j, node in enumerate(start):
        left[:, node] -= pipe[:, j]
        left[:, j + 1] += pipe[:, j]
    for i, node in enumerate(at):
        left[:, node] -= jet[:, i]
    # what stays at a building is drawn by its own DHW exchanger; by the third pipe nothing is
    dhw = solution.arrays["mass_flow_dhw_primary_kg_s"][:, 0]
    share = solution.arrays["mixing_share_rel"][:, 0]
    main = solution.arrays["mass_flow_primary_kg_s"][:, 0] - dhw
    secondary = solution.arrays["mass_flow_secondary_kg_s"][:, 0]
    scale = float(case.system.substation.mass_flow_design_kg_s)
    consumers = set(at.tolist())
    for node in range(left.shape[1]):
        if node not in consumers:
            np.testing.assert_allclose(left[:, node], 0.0, atol=1e-9 * scale)
    drawn = left[:, sorted(consumers)]
    assert np.all(drawn > -1e-9 * scale)
    broken = [fault for fault in faults if fault.kind == "third_pipe_out"]
    if case.strategy.third_pipe and not broken:
        np.testing.assert_allclose(drawn, 0.0, atol=1e-9 * scale)
        steady = np.abs(np.diff(share, prepend=share[0])) < 1e-12  # a mean of products is no product of means
        np.testing.assert_allclose((main - secondary * (1.0 - share))[steady], 0.0, atol=1e-9 * scale)
    if not case.strategy.third_pipe:
        np.testing.assert_allclose(drawn.sum(axis=1), dhw, atol=1e-9 * scale)
