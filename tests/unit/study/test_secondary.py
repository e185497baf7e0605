"""Buildings and pipes run by run: every number comes from the run, and the network of a moment agrees with it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from dhsim.errors import DhsimError
from dhsim.model.boundary import ABOVE_CPT, N_CLASS, OUT_OF_SEASON
from dhsim.network.limits import LimitCode
from dhsim.scenario.load import load_scenario
from dhsim.study.compare import compare_runs
from dhsim.study.flow_classes import FLOW_CLASSES, class_of
from dhsim.study.run import run
from dhsim.study.secondary import building_flows, flows_of, map_nodes, map_pipes, pipe_flows, pipe_losses_w
from dhsim.study.secondary_network import (
    moments,
    network_at,
    pressure_limits,
    return_pressure_pa,
    solution_at,
    step_of,
)
from dhsim.study.types import Comparison, Run

WEEKS = {"time.start": "2021-03-25", "time.days": 10}
POLICIES = ("baseline", "cap70", "variable_flow")


@pytest.fixture(scope="module")
def comparison(omsk_folder) -> Comparison:
    """The network of the Omsk case over ten days of spring, above and below the CPT."""
    return compare_runs([run(load_scenario(omsk_folder / f"{name}.yaml", WEEKS)) for name in POLICIES])


@pytest.fixture(scope="module")
def base(comparison: Comparison) -> Run:
    return comparison.reference


@pytest.fixture(scope="module")
def pipes(comparison: Comparison) -> pd.DataFrame:
    return pipe_flows(comparison)


def with_arrays(one: Run, **changed: np.ndarray) -> Run:
    return dataclasses.replace(
        one, solution=dataclasses.replace(one.solution, arrays={**one.solution.arrays, **changed})
    )


def alone(one: Run) -> Comparison:
    return compare_runs([one])


def test_every_building_and_pipe_of_every_run_has_a_row(comparison: Comparison, pipes: pd.DataFrame) -> None:
    system = comparison.reference.case.system
    buildings = building_flows(comparison)
    assert list(buildings.index) == [(name, item) for name in POLICIES for item in system.building_ids]
    assert list(pipes.index) == [(name, item) for name in POLICIES for item in system.pipe_ids]
    assert buildings.notna().all(axis=None)
    assert pipes.notna().all(axis=None)


def test_means_are_of_the_hours_they_say(comparison: Comparison) -> None:
    one = comparison.runs[2]
    kind = one.case.boundary.arrays.group % N_CLASS
    flow, back = (one.solution.arrays[name] for name in ("mass_flow_building_kg_s", "temp_return_building_c"))
    found = flows_of(building_flows(comparison), one.name)
    for period, hours in (("above_cpt", kind == ABOVE_CPT), ("season", kind != OUT_OF_SEASON)):
        assert 0 < hours.sum() <= len(kind)
        np.testing.assert_allclose(found[f"mass_flow_{period}_kg_s"], flow[hours].mean(axis=0), rtol=1e-12)
        weighted = (flow[hours] * back[hours]).sum(axis=0) / flow[hours].sum(axis=0)
        np.testing.assert_allclose(found[f"temp_return_{period}_c"], weighted, rtol=1e-12)
    assert (kind == ABOVE_CPT).sum() < (kind != OUT_OF_SEASON).sum()
    np.testing.assert_allclose(found["mass_flow_max_kg_s"], flow.max(axis=0), rtol=1e-12)
    heat = one.solution.arrays["heat_flow_sh_w"][kind == ABOVE_CPT].sum(axis=0) * 900.0 / 3.6e9
    np.testing.assert_allclose(found["heat_sh_above_cpt_mwh"], heat, rtol=1e-12)
    density = one.case.system.substation.density_water_kg_m3
    np.testing.assert_allclose(found["volume_flow_max_m3_h"], flow.max(axis=0) * 3600.0 / density, rtol=1e-12)


def test_the_numbers_follow_the_run_and_the_hours(base: Run) -> None:
    """A doubled flow, or one hour changed, shows in the columns that it belongs to, and in no other."""
    before = flows_of(pipe_flows(alone(base)), "baseline")
    flow = base.solution.arrays["mass_flow_pipe_kg_s"]
    mild = base.case.boundary.arrays.group % N_CLASS == ABOVE_CPT
    doubled = np.where(mild[:, None], 2.0 * flow, flow)
    after = flows_of(pipe_flows(alone(with_arrays(base, mass_flow_pipe_kg_s=doubled))), "baseline")
    np.testing.assert_allclose(after["velocity_above_cpt_m_s"], 2.0 * before["velocity_above_cpt_m_s"], rtol=1e-12)
    ratio = after["mass_flow_season_kg_s"] / before["mass_flow_season_kg_s"]
    assert ((ratio > 1.05) & (ratio < 1.95)).all()
    np.testing.assert_allclose(after["temp_supply_above_cpt_c"], before["temp_supply_above_cpt_c"], rtol=1e-12)
    colder = np.where(mild[:, None], base.solution.arrays["temp_return_pipe_c"], 0.0)
    frozen = flows_of(pipe_flows(alone(with_arrays(base, temp_return_pipe_c=colder))), "baseline")
    np.testing.assert_allclose(frozen["temp_return_above_cpt_c"], before["temp_return_above_cpt_c"], rtol=1e-12)
    assert (frozen["temp_return_season_c"] < before["temp_return_season_c"] - 5.0).all()


def test_pipes_carry_what_the_buildings_behind_them_take(comparison: Comparison, pipes: pd.DataFrame) -> None:
    buildings = building_flows(comparison)
    for name in POLICIES:
        taken, carried = flows_of(buildings, name), flows_of(pipes, name)
        for period in ("season", "above_cpt"):
            column = f"mass_flow_{period}_kg_s"
            assert carried.loc["P1", column] == pytest.approx(taken[column].sum(), rel=1e-12)
            assert carried.loc["S155", column] == pytest.approx(taken.loc["155", column], rel=1e-12)


def test_losses_add_up_to_what_the_engine_has(comparison: Comparison) -> None:
    for one in comparison.runs:
        totals = one.solution.totals
        seconds = totals["seconds"].sum()
        in_all = totals["heat_loss_pipe_j"].sum() / seconds
        assert pipe_losses_w(one).mean(axis=0).sum() == pytest.approx(in_all, rel=1e-3)


def test_standing_water_loses_as_long_as_it_is_warm(base: Run) -> None:
    still = with_arrays(base, mass_flow_pipe_kg_s=np.zeros_like(base.solution.arrays["mass_flow_pipe_kg_s"]))
    line, loss = base.case.system.supply, pipe_losses_w(still)
    assert np.isfinite(loss).all()
    buried = np.flatnonzero(line.buried == 1)[0]
    ground = base.case.boundary.arrays.temp_ground_c
    expected = line.length_m[buried] * (
        line.u_w_mk[buried] * (base.solution.arrays["temp_supply_pipe_c"][:, buried] - ground)
        + base.case.system.return_line.u_w_mk[buried] * (base.solution.arrays["temp_return_pipe_c"][:, buried] - ground)
    )
    np.testing.assert_allclose(loss[:, buried], expected, rtol=1e-12)


def test_mixing_alone_leaves_every_flow_and_cools_every_return(pipes: pd.DataFrame) -> None:
    base, mixed, varied = (flows_of(pipes, name) for name in POLICIES)
    np.testing.assert_allclose(mixed["mass_flow_above_cpt_kg_s"], base["mass_flow_above_cpt_kg_s"], rtol=1e-9)
    assert (mixed["temp_return_above_cpt_c"] < base["temp_return_above_cpt_c"] - 1.0).all()
    assert (varied["mass_flow_above_cpt_kg_s"] < 0.95 * base["mass_flow_above_cpt_kg_s"]).all()
    assert (mixed["flow_class_above_cpt"] == base["flow_class_above_cpt"]).all()
    assert base.loc["P1", "flow_class_above_cpt"] == "over 40"
    classes = [one.label if one else "" for one in class_of(varied["volume_flow_above_cpt_m3_h"].to_numpy())]
    assert varied["flow_class_above_cpt"].tolist() == classes


def test_an_upper_bound_belongs_to_its_class() -> None:
    labels = [one.label if one else None for one in class_of(np.array([0.0, 20.0, 20.001, 41.0, np.nan, -16.0]))]
    assert labels == ["up to 5", "15 to 20", "20 to 30", "over 40", None, "15 to 20"]
    assert len({one.colour for one in FLOW_CLASSES}) == len(FLOW_CLASSES)


def test_hours_that_never_were_are_no_numbers(omsk_folder) -> None:
    frost = {"time.start": "2021-01-10", "time.days": 1}
    made = compare_runs([run(load_scenario(omsk_folder / "baseline.yaml", frost))])
    found = building_flows(made)
    assert found["mass_flow_above_cpt_kg_s"].isna().all()
    assert found["mass_flow_season_kg_s"].notna().all()
    assert (pipe_flows(made)["flow_class_above_cpt"] == "").all()


def test_a_run_without_pipes_says_what_to_do(base: Run) -> None:
    kept = {name: values for name, values in base.solution.arrays.items() if "pipe_kg_s" not in name}
    bare = dataclasses.replace(base, solution=dataclasses.replace(base.solution, arrays=kept))
    with pytest.raises(DhsimError, match=r"mass_flow_pipe_kg_s.*keep_pipes=True"):
        pipe_flows(alone(bare))
    with pytest.raises(DhsimError, match="mass_flow_pipe_kg_s"):
        network_at(bare, 0)
    assert len(building_flows(alone(bare))) == 12


def test_the_map_has_the_places_and_the_values_of_the_run(base: Run, pipes: pd.DataFrame) -> None:
    nodes = map_nodes(base)
    assert nodes.loc["substation", ["kind", "x_m", "y_m"]].tolist() == ["producer", 0.0, 0.0]
    assert nodes.loc["A", ["kind", "label", "x_m"]].tolist() == ["junction", "", 40.0]
    assert nodes.loc["155", ["kind", "label", "x_m", "y_m"]].tolist() == ["consumer", "155", 136.0, -97.0]
    drawn = map_pipes(pipes, "baseline")
    own = flows_of(pipes, "baseline")
    assert drawn["mass_flow_kg_s"].tolist() == own["mass_flow_above_cpt_kg_s"].tolist()
    assert drawn["temp_return_c"].tolist() == own["temp_return_above_cpt_c"].tolist()
    assert map_pipes(pipes, "baseline", "max")["mass_flow_kg_s"].tolist() == own["mass_flow_max_kg_s"].tolist()


@pytest.mark.parametrize("policy", POLICIES)
def test_the_network_of_a_moment_has_the_flows_of_the_run(comparison: Comparison, policy: str) -> None:
    (one,) = (made for made in comparison.runs if made.name == policy)
    arrays = one.solution.arrays
    for step in moments(one).values():
        network, state = network_at(one, step)
        np.testing.assert_allclose(state.mass_flow_supply_kg_s, arrays["mass_flow_pipe_kg_s"][step], rtol=1e-6)
        np.testing.assert_allclose(state.mass_flow_consumer_kg_s, arrays["mass_flow_building_kg_s"][step], rtol=1e-6)
        dp = (state.pressure_supply_pa - state.pressure_return_pa)[network.consumers.node]
        np.testing.assert_allclose(dp, arrays["dp_building_pa"][step], rtol=1e-6)
        np.testing.assert_allclose(state.heat_consumer_w, arrays["heat_flow_sh_w"][step], rtol=1e-9)
        assert state.pressure_return_pa[0] == pytest.approx(return_pressure_pa(one, step))
        np.testing.assert_allclose(
            state.temp_return_consumer_c, arrays["temp_return_building_c"][step], atol=1.0, err_msg="minutes of delay"
        )


def test_the_return_header_stands_at_the_plants_return_pressure(base: Run) -> None:
    """Pumps in the secondary supply: nothing lies between the return header and the primary return."""
    step = moments(base)["at the CPT"]
    assert return_pressure_pa(base, step) == pytest.approx(base.case.system.substation.pressure_return_pa, rel=1e-9)


def test_moments_are_of_the_season_and_told_by_step_or_time(base: Run) -> None:
    found = moments(base)
    assert list(found) == ["highest secondary flow", "at the CPT"]
    outdoor = base.case.boundary.arrays.temp_outdoor_c
    assert outdoor[found["highest secondary flow"]] == outdoor.min(), "the flow is the same: the coldest step"
    assert abs(outdoor[found["at the CPT"]] - base.score.cpt_c) < 1.0
    time = base.solution.time[7]
    assert step_of(base, time) == step_of(base, time + pd.Timedelta(minutes=14)) == 7
    with pytest.raises(DhsimError, match="outside the run"):
        step_of(base, pd.Timestamp("2021-06-01"))
    with pytest.raises(DhsimError, match="outside the run"):
        step_of(base, -1)


def test_limits_are_kept_and_broken_by_name(base: Run) -> None:
    assert pressure_limits(base) == ()
    high = dataclasses.replace(
        base,
        case=dataclasses.replace(
            base.case,
            system=dataclasses.replace(base.case.system, building_heights_m=np.array([60.0] + [15.0] * 11)),
        ),
    )
    step = moments(base)["at the CPT"]
    codes = {(one.code, one.where) for one in solution_at(high, step).warnings}
    assert (LimitCode.RETURN_TOO_LOW, "46") in codes
    (first, *_) = pressure_limits(high)
    assert first.startswith(("RETURN_TOO_LOW: consumer 46", "STATIC_TOO_LOW: consumer 46"))
    assert len(set(pressure_limits(high))) == len(pressure_limits(high))


def test_no_water_no_pressures(base: Run) -> None:
    still = with_arrays(base, dp_secondary_pa=np.zeros_like(base.solution.arrays["dp_secondary_pa"]))
    with pytest.raises(DhsimError, match="no water flows"):
        network_at(still, 3)


def test_local_exchangers_draw_from_the_same_pipes(omsk_folder) -> None:
    one = run(
        load_scenario(
            omsk_folder / "baseline.yaml", {**WEEKS, "time.days": 1, "dhw.supply": "local", "dhw.stochastic": False}
        )
    )
    step = 48
    network, state = network_at(one, step)
    assert sum(name.startswith("hot water at ") for name in network.consumer_ids) == 12
    np.testing.assert_allclose(state.mass_flow_supply_kg_s, one.solution.arrays["mass_flow_pipe_kg_s"][step], rtol=1e-6)
