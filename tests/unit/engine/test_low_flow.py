"""The warnings and modes that depend on the flow and on the season."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dhsim.engine import simulate
from dhsim.errors import Status
from dhsim.model.case import Case

MakeCase = Callable[..., Case]


def test_a_low_flow_is_told_without_a_bypass_line_too(small_case: MakeCase) -> None:
    mild = {"weather.constant_temp_outdoor_c": 8.0, "heat_load.heating_season": "always", "time.days": 1}
    run = simulate(small_case("vfd_only", {**mild, "control.flow_law": "general_curve"}))
    low = run.arrays["mass_flow_secondary_kg_s"][-1, 0]
    assert low < 0.6 * simulate(small_case("vfd_only", mild)).arrays["mass_flow_secondary_kg_s"][-1, 0] / 1.2
    assert run.status[-1] & Status.FLOW_LOW


def test_one_pump_is_enough_in_summer(small_case: MakeCase) -> None:
    summer = {"heat_load.heating_season": "never", "dhw.supply": "local", "time.days": 1}
    run = simulate(small_case("compensated", summer))
    running = run.arrays["pumps_running"][:, 0]
    assert running.max() <= 1.0
    assert np.any(running > 0.0)
