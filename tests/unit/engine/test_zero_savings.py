"""Where a measure has nothing to act on, it saves nothing: to the last bit, or to rounding where two pumps differ.

`vfd_only` with the same pumps is the twin that differs in nothing but the bypass line: equal to the bit. The baseline's
constant-speed pumps put other work into the water; only where no pump has to work (plenty of primary pressure) can the
heat be equal, and then it is to 1e-12.
"""

from __future__ import annotations

import numpy as np
import pytest

from dhsim.engine.simulation import simulate
from dhsim.model.system import Mode

PUMPS = {"model": "generic_inline_25m3h_32m", "count": 2}
PLENTY = {"plant.dp_available_kpa": 450.0}
RAW = {"control.filter_h": 0.0, "control.hysteresis_k": 0.0, "control.dwell_min": 0.0}
"""The paper-literal switch: a filter would keep BYPASS on while a frost has lifted the supply above 70 degC."""
BYPASS_POLICIES = ("cap70", "variable_flow", "compensated", "compensated_trim")
SPRING = {"time.start": "2021-03-20", "time.days": 28}


def heat_j(solution):
    return float(solution.totals["heat_primary_j"].sum())


def assert_same_bytes(one, other, but=("temp_outdoor_filtered_c",)):
    # the scenarios filter the outdoor temperature differently; what is compared must not depend on it
    assert one.arrays.keys() == other.arrays.keys()
    for name in one.arrays.keys() - set(but):
        assert one.arrays[name].tobytes() == other.arrays[name].tobytes(), name
    for name, values in one.totals.items():
        assert values.tobytes() == other.totals[name].tobytes(), name


@pytest.fixture(scope="module")
def run(small_case):
    def simulated(policy, **overrides):
        return simulate(small_case(policy, {**SPRING, "substation.pumps": PUMPS, **overrides}))

    return simulated


def test_cap70_without_overshoot_saves_nothing(run):
    no_overshoot = {**RAW, "plant.overshoot_k": 0.0}
    capped, twin = run("cap70", **no_overshoot), run("vfd_only", **no_overshoot)
    assert (capped.arrays["mode"] == Mode.BYPASS).sum() > 100
    assert np.all(capped.arrays["mixing_share_rel"] == 0.0)
    assert_same_bytes(capped, twin, but={"mode", "temp_outdoor_filtered_c"})


def test_cap70_without_overshoot_equals_the_baseline(run):
    still = {**RAW, **PLENTY, "plant.overshoot_k": 0.0}
    capped, base = run("cap70", **still), run("baseline", **still, **{"substation.pumps": {"count": 0}})
    assert np.all(capped.arrays["power_pump_w"] == 0.0)
    assert heat_j(capped) == pytest.approx(heat_j(base), rel=1e-12)
    np.testing.assert_allclose(capped.arrays["temp_indoor_c"], base.arrays["temp_indoor_c"], rtol=1e-11)


def test_cap70_with_overshoot_does_save(run):
    # so that the zeros above are not those of a policy that never acts
    assert heat_j(run("cap70", **RAW)) < 0.99 * heat_j(run("vfd_only", **RAW))


@pytest.mark.parametrize("policy", BYPASS_POLICIES)
def test_local_dhw_leaves_nothing_to_save(run, policy):
    local = {"dhw.supply": "local"}
    solution = run(policy, **local)
    assert not np.any(solution.arrays["mode"] == Mode.BYPASS)
    assert_same_bytes(solution, run("vfd_only", **local))


@pytest.mark.parametrize("policy", BYPASS_POLICIES)
def test_broken_third_pipe_leaves_nothing_to_save(run, policy):
    broken = {"control.faults": [{"kind": "third_pipe_out", "start": "2021-03-20T00:00:00", "duration_h": 5000}]}
    solution = run(policy, **broken)
    assert not np.any(solution.arrays["mode"] == Mode.BYPASS)
    assert_same_bytes(solution, run("vfd_only", **broken))


@pytest.mark.parametrize("policy", BYPASS_POLICIES)
def test_broken_third_pipe_equals_the_baseline(run, policy):
    # nobody draws: draws by local exchangers would move a constant-speed pump's pressure, which a drive holds
    dry = {**PLENTY, "control.faults": [{"kind": "third_pipe_out", "start": "2021-03-20T00:00:00", "duration_h": 5000}]}
    dry |= {f"buildings.{i}.persons": 0 for i in range(4)}
    solution, base = run(policy, **dry), run("baseline", **dry, **{"substation.pumps": {"count": 0}})
    assert heat_j(solution) == pytest.approx(heat_j(base), rel=1e-12)


@pytest.mark.parametrize("policy", BYPASS_POLICIES)
def test_hard_frost_leaves_nothing_to_save(run, policy):
    january = {"time.start": "2021-01-05", "time.days": 10, "weather": {"constant_temp_outdoor_c": -20.0}}
    assert_same_bytes(run(policy, **january), run("vfd_only", **january))
