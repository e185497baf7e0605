"""Circles in a line: what the solver of cut nodes finds is what sending the water round for ever finds."""

from __future__ import annotations

import numpy as np
import pytest

from dhsim.errors import ConvergenceError
from dhsim.network.run import solve_network
from dhsim.network.setup import CIRCLES_MAX
from tests.property.network.flow_equations import AIR, GROUND, check_temperatures, network_of

PUMP = {"a0": 1e5, "a2": -5e8, "resistance": 0.0}


def rings(count, **pipe):
    """A line with a pump back over every second pipe."""
    n_pipe = 2 * count
    pipes = [(k, k + 1, pipe) for k in range(n_pipe + 1)]
    elements = [(k + 1, k, PUMP) for k in range(1, n_pipe, 2)]
    return network_of(pipes, [(n_pipe + 1, {"heat_w": 5e4})], elements=elements, mirrored=False)


@pytest.mark.parametrize("count", [1, 3, CIRCLES_MAX])
def test_circles_one_after_the_other(count):
    network = rings(count, diameter_m=0.15)
    state, _ = solve_network(network)
    assert np.all(state.mass_flow_element_kg_s > 2.0)
    check_temperatures(network, state)


def test_without_loss_all_is_as_warm_as_the_plant():
    state, _ = solve_network(rings(4, u_w_mk=0.0))
    np.testing.assert_allclose(state.temp_supply_c, 95.0, rtol=1e-10)


def test_too_many_circles_are_an_error_not_a_guess():
    with pytest.raises(ConvergenceError):
        solve_network(rings(CIRCLES_MAX + 1))


def test_water_that_only_goes_round_stays_between_its_surroundings():
    network = network_of([(0, 1), (1, 2), (2, 3)], [(2, {"is_on": 0})], elements=[(3, 1, PUMP)], mirrored=False)
    state, _ = solve_network(network)
    assert np.all(state.mass_flow_supply_kg_s[1:] > 1.0)
    assert np.all((state.temp_supply_c >= AIR) & (state.temp_supply_c <= 95.0))
    np.testing.assert_allclose(state.temp_supply_c[1:], GROUND, atol=1e-6)
