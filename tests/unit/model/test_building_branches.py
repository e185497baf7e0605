"""A building's edges as branches of the network solver: laws, order, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from dhsim.errors import DhsimError
from dhsim.model.building import Building
from dhsim.model.building_branches import building_branches, require_resistances
from dhsim.network.branches import COLEBROOK_ONLY, pipe_branches
from dhsim.network.parts import Line


@pytest.fixture
def building() -> Building:
    return Building.from_edges(
        ["pipe", "radiator", "pipe"],
        ["out", "a", "b"],
        ["a", "b", "in"],
        resistance_pa_s2_m6=[np.nan, 4e11, np.nan],
        length_m=[8.0, np.nan, 5.0],
        diameter_m=[0.02, np.nan, 0.015],
        roughness_m=[5e-5, np.nan, 5e-5],
        zone=[-1, 0, -1],
        dp_pump_pa=1e4,
        outlet="out",
        inlet="in",
    )


def test_pipes_are_those_of_the_network(building: Building) -> None:
    zeros = np.zeros(2)
    line = Line(
        building.upstream[[0, 2]],
        building.downstream[[0, 2]],
        building.length_m[[0, 2]],
        building.diameter_m[[0, 2]],
        building.roughness_m[[0, 2]],
        zeros,
        zeros,
        zeros,
        zeros.astype(np.int64),
    )
    expected, made = pipe_branches(line, building.fluid, 3.72), building_branches(building, "laminar_aware")
    for name in ("reynolds_per_flow_s_kg", "roughness_share", "friction_pa_s2_kg2", "fitting_pa_s2_kg2", "is_open"):
        np.testing.assert_allclose(getattr(made, name)[[0, 2]], getattr(expected, name), rtol=1e-14)
    assert made.fitting_pa_s2_kg2[1] == pytest.approx(4e11 / building.fluid.density_kg_m3**2)


def test_some_edges_and_the_word_of_friction(building: Building) -> None:
    made = building_branches(building, edges=np.array([2, 1]))
    assert made.node_start.tolist() == [building.upstream[2], building.upstream[1]]
    assert (made.is_open == COLEBROOK_ONLY).all()
    with pytest.raises(DhsimError, match="unknown friction 'blasius'"):
        building_branches(building, "blasius")  # type: ignore[arg-type]


def test_radiators_without_resistance_are_named(building: Building) -> None:
    require_resistances(building)
    with pytest.raises(DhsimError, match=r"1 radiators have no resistance \(edge 1\): fit them"):
        require_resistances(building.with_radiators([np.nan]))
