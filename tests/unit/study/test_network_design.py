"""Pipes and throttles that a network should have, and the proof."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from dhsim.build.network import build_network
from dhsim.errors import DhsimError, ScenarioError
from dhsim.scenario.network_read import load_network
from dhsim.study.network import solve_network
from dhsim.study.network_design import size_network, throttle_network

NETWORKS = Path(__file__).parents[3] / "scenarios" / "networks"
VILLAGE, TOWN, DISTRICT = NETWORKS / "village.yaml", NETWORKS / "town.geojson", NETWORKS / "district"


@pytest.mark.parametrize("path", [VILLAGE, TOWN, DISTRICT], ids=lambda path: path.name)
def test_sized_pipes_keep_both_limits_at_the_flows_they_bring_about(path: Path) -> None:
    sizing = size_network(path, velocity_max_m_s=1.0, gradient_max_pa_m=120.0)
    pipes = sizing.after.pipes
    assert (pipes["velocity_m_s"] <= 1.0).all()
    assert (pipes["pressure_gradient_pa_m"] <= 120.0).all()
    assert sizing.pipes["pipe_chosen"].str.startswith("en253_dn").all()
    narrower = size_network(path, velocity_max_m_s=1.0, gradient_max_pa_m=300.0).pipes
    assert (narrower["diameter_m"] <= sizing.pipes["diameter_m"] + 1e-12).all()
    assert (narrower["diameter_m"] < sizing.pipes["diameter_m"]).any()


def test_no_smaller_pipe_would_do_in_a_tree() -> None:
    sizing = size_network(VILLAGE, gradient_max_pa_m=120.0)
    sizes = sorted(set(sizing.pipes["diameter_m"]))
    said = sizing.scenario
    assert said is not None
    network = build_network(said)
    for name in ("main 1", "to h4"):
        index = network.supply_ids.index(name)
        smaller = [size for size in sizes if size < network.supply.diameter_m[index]]
        diameter_m = network.supply.diameter_m.copy()
        diameter_m[index] = smaller[-1]
        changed = dataclasses.replace(
            network,
            supply=network.supply._replace(diameter_m=diameter_m),
            return_line=network.return_line._replace(diameter_m=diameter_m),
        )
        assert solve_network(changed).pipes.loc[name, "pressure_gradient_pa_m"] > 120.0


def test_a_sized_network_can_be_said_and_read_again() -> None:
    sizing = size_network(VILLAGE, series=3)
    assert sizing.scenario is not None
    np.testing.assert_allclose(
        solve_network(sizing.scenario).pipes["velocity_m_s"], sizing.after.pipes["velocity_m_s"], rtol=1e-9
    )
    assert {pipe.pipe[-2:] for pipe in sizing.scenario.pipes if pipe.pipe} == {"s3"}
    assert sizing.scenario.where("pipes.0").line == load_network(VILLAGE).where("pipes.0").line


def test_pipes_stay_where_they_lie() -> None:
    sizing = size_network(DISTRICT, family="gost30732", series=2)
    assert sizing.scenario is not None
    assert [pipe.placement for pipe in sizing.scenario.pipes[:3]] == ["above_ground", "above_ground", "duct"]
    assert sizing.after.pipes["buried"].tolist()[:3] == [0, 0, 1]


def test_arrays_alone_are_sized_as_buried_pairs() -> None:
    by_file = size_network(VILLAGE, series=2)
    by_arrays = size_network(build_network(load_network(VILLAGE)), series=2)
    assert by_arrays.scenario is None
    assert by_arrays.pipes["pipe_chosen"].to_dict() == by_file.pipes["pipe_chosen"].to_dict()


def test_design_flows_of_those_the_pressure_drives() -> None:
    as_said = size_network(DISTRICT).pipes
    assert as_said.loc["branch 1", "mass_flow_design_kg_s"] == pytest.approx(2.2)
    more = size_network(DISTRICT, mass_flow_design_kg_s={"b1": 6.0}).pipes
    assert more.loc["branch 1", "mass_flow_design_kg_s"] == pytest.approx(6.0)
    with pytest.raises(DhsimError, match="no consumer bx"):
        size_network(DISTRICT, mass_flow_design_kg_s={"bx": 6.0})


def test_sizing_beyond_the_catalogue_or_in_a_loop_is_told() -> None:
    with pytest.raises(DhsimError, match=r"main 1: .* in parallel"):
        size_network(VILLAGE, family="isoplus_twin", velocity_max_m_s=0.1)
    with pytest.raises(DhsimError, match="narrowing_only"):
        size_network(TOWN, narrowing_only=True)
    with pytest.raises(DhsimError, match="no family"):
        size_network(VILLAGE, family="en25")


def test_a_pipe_that_does_not_fit_its_site_is_told_with_its_place() -> None:
    with pytest.raises(ScenarioError, match=r"pipes\.csv:4.*street 3.*do not fit into the duct"):
        size_network(DISTRICT, velocity_max_m_s=0.07)


@pytest.mark.parametrize("kind", ["orifice", "nozzle", "valve"])
@pytest.mark.parametrize("path", [VILLAGE, TOWN, DISTRICT], ids=lambda path: path.name)
def test_with_the_throttles_every_consumer_gets_its_design_flow(path: Path, kind: str) -> None:
    throttling = throttle_network(path, kind=kind)
    design = throttling.design.consumers["mass_flow_kg_s"]
    np.testing.assert_allclose(throttling.after.consumers["mass_flow_kg_s"], design, rtol=1e-6)
    assert set(throttling.after.consumers["kind"]) == {"pressure"}
    assert throttling.scenario is not None
    again = solve_network(throttling.scenario)
    np.testing.assert_allclose(again.consumers["mass_flow_kg_s"], design, rtol=1e-6)
    np.testing.assert_allclose(again.consumers["heat_asked_w"], throttling.design.consumers["heat_asked_w"])
    devices = {"orifice": {"washer"}, "nozzle": {"nozzle"}, "valve": {"valve"}}[kind]
    assert devices == set(throttling.throttles["device"])


def test_untouched_the_near_ones_take_too_much() -> None:
    consumers = throttle_network(DISTRICT).consumers
    excess = consumers["mass_flow_before_kg_s"] / consumers["mass_flow_design_kg_s"]
    assert excess["b1"] > excess["b5"] > 1.0


def test_who_is_short_is_named_and_a_higher_lift_cures_it() -> None:
    short = throttle_network(DISTRICT, dp_needed_pa=200e3)
    assert (short.consumers["dp_short_pa"] > 0.0).any()
    assert short.consumers.loc["b6 east", "advice"].startswith("Short by")
    extra_pa = float((short.consumers["lift_needed_pa"] - 250e3).max())
    cured = throttle_network(DISTRICT, dp_needed_pa=200e3, lift_extra_pa=extra_pa)
    assert cured.consumers["flow_error_rel"].abs().max() < 1e-6
    assert cured.scenario is not None
    assert cured.scenario.producers[0].lift_kpa == pytest.approx(250.0 + extra_pa / 1e3)
    np.testing.assert_allclose(
        solve_network(cured.scenario).consumers["mass_flow_kg_s"], cured.after.consumers["mass_flow_kg_s"], rtol=1e-6
    )


def test_nobody_says_what_a_circuit_needs() -> None:
    said = load_network(VILLAGE, {"consumers.0.dp_min_kpa": 0.0})
    with pytest.raises(DhsimError, match=r"circuits of school need .*dp_min_kpa"):
        throttle_network(said)
    assert throttle_network(said, dp_needed_pa={"school": 50e3}).consumers.loc["school", "dp_needed_pa"] == 50e3
