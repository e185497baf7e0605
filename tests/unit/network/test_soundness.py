"""Which values of a series are none; what a network must not be is tested with `setup`."""

from __future__ import annotations

import numpy as np
import pytest

from dhsim.network.soundness import bad_values
from tests.property.network.flow_equations import PRESSURE, TEMP_DROP, network_of

NETWORK = network_of([(0, 1)], [(1, {}), (1, {"kind": TEMP_DROP, "temp_drop_k": 30.0}), (1, {"kind": PRESSURE})])


@pytest.mark.parametrize(
    ("name", "value", "bad"),
    [
        ("mass_flow_kg_s", 1.0, [False, False, False]),
        ("mass_flow_kg_s", -1.0, [True, False, False]),
        ("mass_flow_kg_s", np.nan, [True, False, False]),
        ("heat_w", 0.0, [False, False, False]),
        ("heat_w", -1.0, [False, True, False]),
        ("heat_w", np.nan, [False, True, False]),
        ("heat_w", np.inf, [True, True, True]),
        ("temp_supply_c", np.nan, [True, True, True]),
        ("lift_pa", -np.inf, [True, True, True]),
    ],
)
def test_bad_values(name, value, bad):
    values = np.ones((2, 3))
    values[1] = value
    np.testing.assert_array_equal(bad_values(NETWORK, name, values), [[False] * 3, bad])
