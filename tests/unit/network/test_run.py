"""Series of steps: what is kept and where, what is refused, and who is told."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from dhsim.elementwise import jit_disabled
from dhsim.errors import ConvergenceError, Status
from dhsim.network.instant import solve_instant
from dhsim.network.parts import LiftLaw, NetworkState
from dhsim.network.run import BLOCK_STEPS, NetworkSeries, _advance, run_network, solve_network
from tests.property.network.flow_equations import PRESSURE, TEMP_DROP, TEMP_RETURN, network_of

N_TIME = 2 * BLOCK_STEPS + 17
NETWORK = network_of(
    [(0, 1), (1, 2), (1, 3), (3, 2)],
    [
        (2, {"kind": TEMP_RETURN, "temp_return_c": 50.0}),
        (3, {"kind": PRESSURE}),
        (1, {}),
        (3, {"kind": TEMP_DROP, "temp_drop_k": 30.0}),
    ],
)


def series(network=NETWORK, n_time=N_TIME, seed=3, **changes):
    rng = np.random.default_rng(seed)
    consumers = network.consumers
    share = rng.uniform(0.2, 1.0, (n_time, len(network.consumer_ids)))
    made = NetworkSeries(
        n_time,
        heat_w=share * consumers.heat_w,
        mass_flow_kg_s=share * consumers.mass_flow_kg_s,
        temp_supply_c=rng.uniform(80.0, 110.0, (n_time, 1)),
        lift_pa=rng.uniform(1e5, 3e5, n_time),
        temp_ground_c=rng.uniform(2.0, 9.0, n_time),
        temp_air_c=rng.uniform(-20.0, 20.0, n_time),
    )
    return dataclasses.replace(made, **changes)


@pytest.mark.parametrize("plug_flow", [False, True])
def test_on_disk_is_what_is_in_memory(tmp_path, plug_flow):
    kept = run_network(NETWORK, series(), plug_flow=plug_flow)
    on_disk = run_network(NETWORK, series(), plug_flow=plug_flow, folder=tmp_path / "new" / "run")
    assert list(on_disk.arrays) == list(NetworkState._fields)
    for name, values in kept.arrays.items():
        assert isinstance(on_disk.arrays[name], np.memmap) or values.size == 0
        assert np.load(tmp_path / "new" / "run" / f"{name}.npy").tobytes() == values.tobytes(), name
    np.testing.assert_array_equal(kept.status, on_disk.status)
    assert kept.heat_produced_j == on_disk.heat_produced_j


def test_only_what_is_asked_for_is_kept(tmp_path):
    whole = run_network(NETWORK, series())
    part = run_network(NETWORK, series(), save=("temp_supply_c", "heat_producer_w"), folder=tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["heat_producer_w.npy", "temp_supply_c.npy"]
    assert list(part.arrays) == ["temp_supply_c", "heat_producer_w"]
    for name, values in part.arrays.items():
        np.testing.assert_array_equal(values, whole.arrays[name])
    assert part.heat_lost_j == whole.heat_lost_j
    assert run_network(NETWORK, series(), save=()).arrays == {}


def test_a_step_is_what_solve_network_finds():
    asked = series()
    run = run_network(NETWORK, asked)
    k = N_TIME - 1
    consumers = NETWORK.consumers._replace(heat_w=asked.heat_w[k], mass_flow_kg_s=asked.mass_flow_kg_s[k])
    producers = NETWORK.producers._replace(lift_pa=asked.lift_pa[k : k + 1], temp_supply_c=asked.temp_supply_c[k])
    alone = dataclasses.replace(
        NETWORK, consumers=consumers, producers=producers, temp_ground_c=float(asked.temp_ground_c[k]),
        temp_air_c=float(asked.temp_air_c[k]),
    )  # fmt: skip
    state, _ = solve_network(alone)
    for name, values in run.arrays.items():
        expected = getattr(state, name)
        np.testing.assert_allclose(
            values[k], expected, rtol=1e-7, atol=1e-7 * max(np.abs(expected).max(initial=0), 1e-3)
        )


def test_what_is_left_out_is_the_networks_own():
    run = run_network(NETWORK, NetworkSeries(3))
    state, _ = solve_network(NETWORK)
    np.testing.assert_allclose(
        run.arrays["mass_flow_supply_kg_s"], np.tile(state.mass_flow_supply_kg_s, (3, 1)), rtol=1e-8
    )


@pytest.mark.parametrize("plug_flow", [False, True])
def test_nothing_is_written_into_what_was_given(plug_flow):
    network, asked = NETWORK, series()
    before = [values.copy() for part in (network.consumers, network.producers, network.supply) for values in part]
    given = {name: values.copy() for name, values in vars(asked).items() if name != "n_time"}
    first = run_network(network, asked, plug_flow=plug_flow)
    second = run_network(network, asked, plug_flow=plug_flow)
    after = [values for part in (network.consumers, network.producers, network.supply) for values in part]
    for values, others in zip(before, after, strict=True):
        np.testing.assert_array_equal(values, others)
    for name, values in given.items():
        np.testing.assert_array_equal(values, getattr(asked, name))
    for name, values in first.arrays.items():
        np.testing.assert_array_equal(values, second.arrays[name])


def test_progress_is_told_between_blocks():
    told = []
    run_network(NETWORK, series(), progress=told.append)
    assert told == [BLOCK_STEPS / N_TIME, 2 * BLOCK_STEPS / N_TIME, 1.0]


def test_heat_adds_up_in_steady_state():
    run = run_network(NETWORK, series(), step_s=600.0)
    assert run.heat_stored_j == 0.0
    assert run.heat_produced_j == pytest.approx(run.arrays["heat_producer_w"].sum() * 600.0, rel=1e-12)
    assert run.heat_consumed_j + run.heat_lost_j == pytest.approx(run.heat_produced_j, rel=1e-9)


def test_water_in_the_pipes_starts_as_told():
    run = run_network(NETWORK, NetworkSeries(1), plug_flow=True, step_s=1.0, temp_start_c=(70.0, 30.0))
    assert run.arrays["temp_outlet_supply_c"][0, -1] == pytest.approx(70.0, abs=0.1)
    assert run.arrays["temp_return_producer_c"][0, 0] == pytest.approx(30.0, abs=0.1)


def test_standing_water_is_shown_as_cold_as_it_is():
    tree = network_of([(0, 1), (1, 2)], [(2, {"kind": TEMP_DROP, "temp_drop_k": 30.0})])
    heat_w = np.full((30, 1), tree.consumers.heat_w[0])
    heat_w[5:] = 0.0
    run = run_network(tree, NetworkSeries(30, heat_w=heat_w), plug_flow=True)
    at_house, outlet = run.arrays["temp_supply_c"][:, 2], run.arrays["temp_outlet_supply_c"][:, 1]
    np.testing.assert_array_equal(at_house[5:], outlet[5:])
    assert np.all(np.diff(at_house[5:]) < 0.0)
    assert at_house[-1] < at_house[4] - 1.0


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("heat_w", (N_TIME, 3)), ("heat_w", (N_TIME - 1, 4)), ("mass_flow_kg_s", (4,)), ("temp_supply_c", (N_TIME,)),
        ("temp_supply_c", (N_TIME, 2)), ("lift_pa", (N_TIME, 1)), ("temp_ground_c", (1,)), ("temp_air_c", (N_TIME, 4)),
    ],
)  # fmt: skip
def test_wrong_shapes_are_refused(name, shape):
    with pytest.raises(ValueError, match=name):
        run_network(NETWORK, series(**{name: np.ones(shape)}))


@pytest.mark.parametrize(
    "name", ["heat_w", "mass_flow_kg_s", "temp_supply_c", "lift_pa", "temp_ground_c", "temp_air_c"]
)
def test_nan_in_a_series_is_refused_with_its_step(name):
    values = getattr(series(), name).copy()
    values[BLOCK_STEPS + 5] = np.nan
    with pytest.raises(ValueError, match=rf"{name}.*step {BLOCK_STEPS + 5}"):
        run_network(NETWORK, series(**{name: values}))


@pytest.mark.parametrize(
    ("consumer", "message"),
    [
        ({"mass_flow_kg_s": -1.0}, "mass_flow_kg_s"),
        ({"mass_flow_kg_s": np.nan}, "mass_flow_kg_s"),
        ({"heat_w": np.inf}, "heat_w"),
        ({"kind": TEMP_DROP, "temp_drop_k": 30.0, "heat_w": np.nan}, "heat_w"),
        ({"kind": TEMP_DROP, "temp_drop_k": 30.0, "heat_w": -1.0}, "heat_w"),
    ],
)
def test_a_demand_that_is_none_is_refused_unless_a_series_takes_its_place(consumer, message):
    network = network_of([(0, 1)], [(1, consumer)])
    with pytest.raises(ValueError, match=f"made up: {message} has a value that is no number"):
        solve_network(network)
    with pytest.raises(ValueError, match=f"made up: {message}"):
        run_network(network, NetworkSeries(2))
    ones = np.ones((2, 1))
    run_network(network, NetworkSeries(2, heat_w=ones, mass_flow_kg_s=ones))


def test_heat_may_be_unknown_where_a_drop_says_it():
    solve_network(network_of([(0, 1)], [(1, {"heat_w": np.nan, "temp_drop_k": 30.0})]))


def test_a_lift_that_is_none_is_refused():
    with pytest.raises(ValueError, match="made up: lift_pa"):
        solve_network(network_of([(0, 1)], [(1,)], producers=[{"lift_pa": np.nan}]))


def test_a_name_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"save: unknown temp_c \(known: mass_flow_supply_kg_s"):
        run_network(NETWORK, series(), save=("temp_c",))


def test_the_first_step_that_did_not_settle_is_named():
    curve = {"head_a0_pa": 3e5, "head_a2_pa_s2_m6": -1e10, "law": int(LiftLaw.PUMP_SPEED)}
    network = network_of([(0, 1)], [(1,)], plant=curve)
    flow = np.full((N_TIME, 1), 1.0)
    flow[[BLOCK_STEPS + 7, BLOCK_STEPS + 9]] = 50.0
    with pytest.raises(ConvergenceError, match=rf"made up: step {BLOCK_STEPS + 7} did not settle, nor did 1 more"):
        run_network(network, NetworkSeries(N_TIME, mass_flow_kg_s=flow))


def test_status_is_kept_by_step():
    network = network_of([(0, 1)], [(1,)])
    heat = np.full((3, 1), 1e4)
    heat[1] = 1e8
    run = run_network(network, NetworkSeries(3, heat_w=heat))
    assert run.status.tolist() == [0, int(Status.HEAT_SHORT), 0]


def _as_others_give_it(part):
    """The same figures, as arrays that may only be read, or are every other place of a longer one."""
    made = []
    for values in part:
        strided = np.repeat(values, 2)[::2]
        strided.setflags(write=False)
        made.append(strided.astype(np.int32)[:] if values.dtype == np.int64 else strided)
    return type(part)(*made)


def test_compiled_once_for_whatever_arrays_come(tmp_path):
    """Strided, read-only and short integers, whole numbers for floats, islands, single steps: no second compilation."""
    if jit_disabled():
        pytest.skip("nothing is compiled")
    solve_network(NETWORK)
    run_network(NETWORK, series())
    before = len(solve_instant.signatures), len(_advance.signatures)
    shut = network_of(
        [(0, 1), (2, 3)], [(3,), (1,)], elements=[(1, 2, {"is_open": 0})], pipes_return=[(0, 1), (1, 2), (2, 3)],
        mirrored=False,
    )  # fmt: skip
    solve_network(shut)
    odd = dataclasses.replace(
        NETWORK,
        consumers=_as_others_give_it(NETWORK.consumers),
        supply=_as_others_give_it(NETWORK.supply),
        return_line=_as_others_give_it(NETWORK.return_line),
        producers=_as_others_give_it(NETWORK.producers),
        nodes=_as_others_give_it(NETWORK.nodes),
        plant=NETWORK.plant._replace(law=LiftLaw.WORST_CONSUMER, dp_set_pa=50_000, n_parallel=np.int32(1)),
        temp_ground_c=6,
    )
    solve_network(odd)
    run_network(odd, NetworkSeries(BLOCK_STEPS + 1), plug_flow=True, step_s=900)
    np.save(tmp_path / "heat.npy", series().heat_w)
    run_network(odd, series(heat_w=np.load(tmp_path / "heat.npy", mmap_mode="r")))
    assert (len(solve_instant.signatures), len(_advance.signatures)) == before
