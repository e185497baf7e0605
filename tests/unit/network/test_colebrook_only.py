"""The switch by which a pipe follows Colebrook's law at every Reynolds number."""

from __future__ import annotations

import numpy as np
import pytest

from dhsim.network.branches import COLEBROOK_ONLY, REYNOLDS_COLEBROOK_FIRST, Branches
from dhsim.network.newton import empty_potential, problem_of, solve

DIAMETER_M, VISCOSITY_PA_S, SHARE = 0.0161, 4.66e-4, 0.003 / 3.72
RATE = 4.0 / (np.pi * DIAMETER_M * VISCOSITY_PA_S)


def flow_at(dp_pa: float, is_open: int) -> float:
    """One pipe of friction 1e5 Pa s2/kg2 times f between two given pressures."""
    column, none = np.zeros(1), np.zeros(1, dtype=np.int64)
    branches = Branches(
        none,
        none + 1,
        column + RATE,
        column + SHARE,
        column + 1e5,
        column,
        column,
        column,
        column,
        none,
        none + is_open,
    )
    problem = problem_of(branches, 2, np.array([0, 1]))
    potential = empty_potential(problem)
    potential.pressure_pa[0] = dp_pa
    assert solve(problem, potential) > 0
    return float(potential.mass_flow_kg_s[0])


@pytest.mark.parametrize("number", [30.0, 500.0, 2299.0, 2301.0, 3999.0, 4001.0, 1e5])
def test_the_drop_is_colebrooks(number) -> None:
    root = 5.0
    for _ in range(200):
        root = 0.5 * (root - 2.0 * np.log10(SHARE + 2.51 * root / number))
    dp = 1e5 * root**-2 * (number / RATE) ** 2
    assert flow_at(dp, COLEBROOK_ONLY) == pytest.approx(number / RATE, rel=1e-9)
    if number > 4000.0:
        assert flow_at(dp, 1) == pytest.approx(number / RATE, rel=1e-9)
    elif number < 2000.0:
        assert abs(flow_at(dp, 1) * RATE / number - 1.0) > 0.01


def test_below_its_first_reynolds_number_the_drop_is_a_line() -> None:
    first = REYNOLDS_COLEBROOK_FIRST / RATE
    root = 1.0
    for _ in range(200):
        root = 0.5 * (root - 2.0 * np.log10(SHARE + 2.51 * root / REYNOLDS_COLEBROOK_FIRST))
    dp = 1e5 * root**-2 * first**2
    assert flow_at(0.25 * dp, COLEBROOK_ONLY) == pytest.approx(0.25 * first, rel=1e-9)
    assert flow_at(-0.25 * dp, COLEBROOK_ONLY) == pytest.approx(-0.25 * first, rel=1e-9)
