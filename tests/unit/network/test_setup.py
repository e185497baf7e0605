"""Which problem a network is, what hangs together in it, and what is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from dhsim.network.parts import LiftLaw
from dhsim.network.setup import Shape, empty_state, empty_work, setup
from tests.property.network.flow_equations import (
    PRESSURE,
    TEMP_DROP,
    TEMP_RETURN,
    as_separate,
    network_of,
)  # fmt: skip

TREE = [(0, 1), (1, 2), (1, 3)]


@pytest.mark.parametrize(
    ("network", "shape"),
    [
        (network_of(TREE, [(2,)]), Shape.TREE),
        (network_of([(0, 1), (2, 1)], [(2,)]), Shape.HALF),  # a pipe drawn against the flow
        (network_of([(2, 1), (1, 2), (0, 1)], [(2,)]), Shape.HALF),
        (network_of([*TREE, (3, 2)], [(2,)]), Shape.HALF),
        (network_of(TREE, [(2, {"kind": PRESSURE})]), Shape.HALF),
        (network_of(TREE, [(2,)], producers=[{}, {"node": 3}]), Shape.HALF),
        (network_of(TREE, [(2,)], producers=[{}, {"node": 3, "kind": 1}]), Shape.TREE),
        (as_separate(network_of(TREE, [(2,)])), Shape.FULL),
    ],
)
def test_shape(network, shape):
    assert setup(network).shape == shape


def test_branches_of_consumers_elements_and_producers():
    network = network_of(
        TREE,
        [(2,), (3, {"kind": PRESSURE}), (1, {"kind": PRESSURE, "is_on": 0})],
        elements=[(1, 3, {"is_return": 1}), (0, 2, {"a0": 1e5, "a2": -1e9, "n": 2, "speed": 0.5, "a1": -1e5})],
        producers=[{}, {"node": 3, "kind": 1}, {"node": 2, "lift_pa": 1e5}],
        mirrored=False,
    )
    made = setup(network)
    branches = made.problem.branches
    assert made.first_element == 6
    assert made.first_consumer == 8
    assert made.consumer_branch.tolist() == [-1, 8, 9]
    assert made.producer_branch.tolist() == [-1, -1, 10]
    assert branches.node_start[6:].tolist() == [1 + 4, 0, 3, 1, 2 + 4]
    assert branches.node_end[6:].tolist() == [3 + 4, 2, 3 + 4, 1 + 4, 2]
    assert branches.is_open.tolist() == [1] * 9 + [0, 1]
    assert branches.rise_a0_pa[7] == 1e5 * 0.5**2
    assert branches.rise_a1_pa_s_kg[7] == pytest.approx(-1e5 * 0.5 / (2 * 970.0))
    assert branches.rise_a2_pa_s2_kg2[7] == pytest.approx(-1e9 / (2 * 970.0) ** 2)
    assert branches.rise_a0_pa[10] == 1e5
    assert made.return_ways.element.tolist() == [0]
    assert made.supply_ways.element.tolist() == [1]
    assert made.supply_ways.node_end.tolist() == [1, 2, 3, 2]


SPLIT = [(0, 1), (2, 3)]
WHOLE = [(0, 1), (1, 2), (2, 3)]


@pytest.mark.parametrize(
    ("elements", "supply", "back", "producers", "reachable"),
    [
        ([(1, 2, {})], SPLIT, WHOLE, [{}], [1, 1, 1]),
        ([(1, 2, {"is_open": 0})], SPLIT, WHOLE, [{}], [1, 0, 0]),
        ([(1, 2, {"is_open": 0, "is_return": 1})], WHOLE, SPLIT, [{}], [1, 0, 0]),
        ([(1, 2, {"one_way": 1})], SPLIT, WHOLE, [{}], [1, 1, 1]),
        ([(2, 1, {"one_way": 1})], SPLIT, WHOLE, [{}], [1, 0, 0]),
        ([(1, 2, {"one_way": 1, "is_return": 1})], WHOLE, SPLIT, [{}], [1, 0, 0]),
        ([(2, 1, {"one_way": 1, "is_return": 1})], WHOLE, SPLIT, [{}], [1, 1, 1]),
        ([(1, 2, {"is_open": 0})], SPLIT, WHOLE, [{}, {"node": 3}], [1, 1, 1]),
        ([(2, 1, {"one_way": 1})], SPLIT, WHOLE, [{}, {"node": 3}], [1, 1, 1]),
        ([(1, 2, {"is_open": 0})], SPLIT, WHOLE, [{}, {"node": 3, "kind": 1}], [1, 0, 0]),
    ],
)
def test_whom_valves_cut_off(elements, supply, back, producers, reachable):
    """The pressure-driven consumer at 2 must not count as a way for the one at 3."""
    network = network_of(
        supply, [(1,), (2, {"kind": PRESSURE}), (3,)], elements=elements, pipes_return=back, producers=producers,
        mirrored=False,
    )  # fmt: skip
    assert setup(network).reachable.tolist() == reachable


def test_islands_are_held_but_not_solved_for():
    network = network_of(
        [(0, 1), (2, 3), (4, 5)],
        [(1,)],
        elements=[(3, 4, {"is_open": 0}), (1, 2, {"is_open": 0})],
        pipes_return=[(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)],
        mirrored=False,
    )
    islands = setup(network).islands
    assert islands.island_of_node.tolist() == [-1, -1, 0, 0, 1, 1] + [-1] * 6
    assert islands.node_held.tolist() == [2, 4]
    assert islands.node_outside.tolist() == [1, 3]
    assert islands.node_behind.tolist() == [2, 4]


def test_a_part_tied_to_nothing_is_refused():
    with pytest.raises(ValueError, match="tied to no producer"):
        setup(network_of([(0, 1), (2, 3)], [(1,)], pipes_return=WHOLE, mirrored=False))


def test_places_that_one_line_does_not_reach():
    made = setup(network_of(WHOLE, [(1,)], pipes_return=[(0, 1)], mirrored=False))
    assert np.flatnonzero(made.untouched).tolist() == [4 + 2, 4 + 3]


def changed(part, **fields):
    network = network_of(TREE, [(2,), (3, {"kind": TEMP_DROP, "temp_drop_k": 30.0})])
    values = {name: np.asarray(value) if part != "plant" else value for name, value in fields.items()}
    return dataclasses.replace(network, **{part: getattr(network, part)._replace(**values)})


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (changed("supply", length_m=[1.0, 0.0, 1.0]), "s1: length and diameter must be positive"),
        (changed("return_line", diameter_m=[1.0, 1.0, np.nan]), "r2: length and diameter must be positive"),
        (changed("supply", u_w_mk=[np.nan, 1.0, 1.0]), "s0: roughness, zeta"),
        (changed("consumers", temp_drop_k=[np.nan, 0.0]), "c1: temp_drop_k"),
        (network_of(TREE, [(1, {"kind": TEMP_RETURN})]), "c0: temp_return_c"),
        (network_of(TREE, [(1, {"kind": PRESSURE, "conductance": np.nan})]), "c0: conductance"),
        (network_of(TREE, [(1,)], producers=[{"kind": 1}]), "first producer must hold a lift"),
        (network_of(TREE, [(1,)], producers=[{"node": 1}]), "first producer must hold a lift"),
        (network_of(TREE, [(1,)], producers=[{}, {}]), "p1: cannot fix the lift where another does"),
        (network_of(TREE, [(1,)], producers=[{}, {"node": 2, "lift_pa": np.nan}]), "p1: lift_pa"),
        (changed("plant", law=int(LiftLaw.WORST_CONSUMER)), "dp_set_pa above 0"),
        (changed("plant", law=int(LiftLaw.PROPORTIONAL), mass_flow_design_kg_s=0.0), "mass_flow_design_kg_s"),
        (changed("plant", law=int(LiftLaw.PUMP_SPEED)), "needs its curve"),
        (changed("plant", pressure_return_pa=np.nan), "pressure_return_pa"),
        (network_of(TREE, [(1,)], elements=[(1, 2, {"a0": 1.0, "a2": 1.0})], mirrored=False), "e0: a pump's curve"),
        (network_of(TREE, [(1,)], elements=[(1, 2, {"resistance": -1.0})], mirrored=False), "e0: resistance"),
    ],
)
def test_what_has_no_answer_is_refused(network, message):
    with pytest.raises(ValueError, match=message):
        setup(network)


def test_everything_wrong_is_said_at_once():
    network = changed("supply", length_m=[1.0, 0.0, -1.0])
    network = dataclasses.replace(network, producers=network.producers._replace(kind=np.array([1])))
    with pytest.raises(ValueError, match=r"(?s)s1, s2: length.*the first producer"):
        setup(network)


def test_scratch_arrays_have_their_sizes():
    network = network_of(TREE, [(2,)], elements=[(1, 3), (0, 2, {"is_return": 1})], mirrored=False)
    work, state = empty_work(network, setup(network)), empty_state(network)
    assert work.a_supply.size == work.flow_return_kg_s.size == 4
    assert work.b_supply.tolist() == [1.0] * 4
    assert state.mass_flow_supply_kg_s.size == 3
    assert state.mass_flow_element_kg_s.size == 2
