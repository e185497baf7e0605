"""Solve a network once, or over a series of steps: steady temperatures or plug flow, kept in memory or on disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dhsim.elementwise import compiled
from dhsim.errors import ConvergenceError, Status
from dhsim.network.instant import Drive, NetworkParts, solve_instant
from dhsim.network.parcels import Parcels, full_pipes
from dhsim.network.parts import Floats, Ints, Network, NetworkState
from dhsim.network.plain import plain_network
from dhsim.network.setup import Setup, Work, empty_state, empty_work, setup
from dhsim.network.soundness import bad_values

Progress = Callable[[float], None]
BLOCK_STEPS = 96
"""Steps between two writings to disk."""
_PARCELS, _PARCELS_STEADY = 64, 2
_NO_VALUE = "has a value that is no number, or negative where it must not be"
_BAD = Status.NOT_CONVERGED | Status.NOT_FINITE


@dataclass(frozen=True)
class NetworkSeries:
    """What moves a network over time; arrays with time first, of `n_time` rows. None: as the network says."""

    n_time: int
    heat_w: Floats | None = None
    """(n_time, n_consumer)"""
    mass_flow_kg_s: Floats | None = None
    """(n_time, n_consumer): of consumers with a given flow"""
    temp_supply_c: Floats | None = None
    """(n_time, n_producer)"""
    lift_pa: Floats | None = None
    """(n_time,): of the first producer"""
    temp_ground_c: Floats | None = None
    """(n_time,)"""
    temp_air_c: Floats | None = None
    """(n_time,)"""


@dataclass(frozen=True)
class NetworkRun:
    """What happened over a series: arrays (n_time, n) by the names of `NetworkState`, and the heat in all."""

    network: Network
    step_s: float
    """0: temperatures in steady state at every step"""
    arrays: dict[str, Floats]
    status: Ints
    """(n_time,)"""
    heat_produced_j: float
    heat_consumed_j: float
    heat_lost_j: float
    heat_stored_j: float
    """Change of the heat content of the pipes, in plug flow"""


class _Block(NamedTuple):
    """The series of one block; arrays."""

    heat_w: Floats
    mass_flow_kg_s: Floats
    temp_supply_c: Floats
    lift_pa: Floats
    temp_ground_c: Floats
    temp_air_c: Floats


def network_parts(network: Network) -> NetworkParts:
    """Return a network as compiled code takes it; what a run changes is copied."""
    producers = network.producers._replace(
        lift_pa=network.producers.lift_pa.copy(), temp_supply_c=network.producers.temp_supply_c.copy()
    )
    return NetworkParts(
        network.nodes,
        network.supply,
        network.return_line,
        network.elements,
        network.consumers,
        producers,
        network.plant,
        network.fluid,
    )


def solve_network(network: Network) -> tuple[NetworkState, Status]:
    """Solve a network in steady state.

    Parameters
    ----------
    network
        The network with its demands; nothing is written into it.

    Returns
    -------
    NetworkState
        Flows, pressures, temperatures and heat.
    Status
        What is to be said about it, such as HEAT_SHORT.

    Raises
    ------
    ConvergenceError
        If flows and pressures did not settle.
    ValueError
        If the network has no answer, or its demand is no number.
    """
    network = plain_network(network)
    _refuse_bad(network, NetworkSeries(1))
    made, parts = setup(network), network_parts(network)
    work, state = empty_work(network, made), empty_state(network)
    drive = Drive(network.consumers.heat_w, network.consumers.mass_flow_kg_s, network.temp_ground_c, network.temp_air_c)
    pipes = [full_pipes(line, network.fluid, 0.0, _PARCELS_STEADY) for line in (network.supply, network.return_line)]
    status = Status(int(solve_instant(parts, made, drive, 0.0, pipes[0], pipes[1], work, state)))
    if status & _BAD:
        raise ConvergenceError(f"{network.name}: flows and pressures did not settle. {_ADVICE}")
    return state, status


_ADVICE = (
    "Look for a consumer that asks for more than the network can carry, a pump whose curve rises with the flow, "
    "or a supply that comes hardly warmer than the return it is to give."
)


@compiled
def _advance(
    parts: NetworkParts,
    made: Setup,
    block: _Block,
    step_s: float,
    parcels_supply: Parcels,
    parcels_return: Parcels,
    work: Work,
    state: NetworkState,
    out: NetworkState,
    status: Ints,
    totals: Floats,
) -> None:
    """Run the steps of a block and write them into `out`, whose arrays have no rows where nothing is kept."""
    seconds = step_s if step_s > 0.0 else 1.0
    for k in range(block.lift_pa.size):
        parts.producers.lift_pa[0] = block.lift_pa[k]
        for i in range(parts.producers.node.size):
            parts.producers.temp_supply_c[i] = block.temp_supply_c[k, i]
        drive = Drive(block.heat_w[k], block.mass_flow_kg_s[k], block.temp_ground_c[k], block.temp_air_c[k])
        status[k] = solve_instant(parts, made, drive, step_s, parcels_supply, parcels_return, work, state)
        totals[0] += state.heat_producer_w.sum() * seconds
        totals[1] += state.heat_consumer_w.sum() * seconds
        totals[2] += (state.heat_loss_supply_w.sum() + state.heat_loss_return_w.sum()) * seconds
        _keep(state, out, k)


@compiled
def _keep(state: NetworkState, out: NetworkState, k: int) -> None:
    _keep_row(state.mass_flow_supply_kg_s, out.mass_flow_supply_kg_s, k)
    _keep_row(state.mass_flow_return_kg_s, out.mass_flow_return_kg_s, k)
    _keep_row(state.mass_flow_element_kg_s, out.mass_flow_element_kg_s, k)
    _keep_row(state.mass_flow_consumer_kg_s, out.mass_flow_consumer_kg_s, k)
    _keep_row(state.mass_flow_producer_kg_s, out.mass_flow_producer_kg_s, k)
    _keep_row(state.pressure_supply_pa, out.pressure_supply_pa, k)
    _keep_row(state.pressure_return_pa, out.pressure_return_pa, k)
    _keep_row(state.temp_supply_c, out.temp_supply_c, k)
    _keep_row(state.temp_return_c, out.temp_return_c, k)
    _keep_row(state.temp_outlet_supply_c, out.temp_outlet_supply_c, k)
    _keep_row(state.temp_outlet_return_c, out.temp_outlet_return_c, k)
    _keep_row(state.heat_loss_supply_w, out.heat_loss_supply_w, k)
    _keep_row(state.heat_loss_return_w, out.heat_loss_return_w, k)
    _keep_row(state.heat_consumer_w, out.heat_consumer_w, k)
    _keep_row(state.temp_return_consumer_c, out.temp_return_consumer_c, k)
    _keep_row(state.heat_producer_w, out.heat_producer_w, k)
    _keep_row(state.temp_return_producer_c, out.temp_return_producer_c, k)


@compiled
def _keep_row(values: Floats, rows: Floats, k: int) -> None:
    if rows.shape[0] > 0:
        for i in range(values.size):
            rows[k, i] = values[i]


def run_network(
    network: Network,
    series: NetworkSeries,
    *,
    step_s: float = 3600.0,
    plug_flow: bool = False,
    temp_start_c: tuple[float, float] | None = None,
    save: Sequence[str] = NetworkState._fields,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> NetworkRun:
    """Solve a network over a series of steps.

    Parameters
    ----------
    network
        The network; nothing is written into it.
    series
        What moves it.
    step_s
        Length of a step [s].
    plug_flow
        Whether the water needs time to come through the pipes; otherwise every step is in steady state.
    temp_start_c
        Of the water in the supply and return pipes before the first step, in plug flow [degC]; the first supply
        temperature and the ground's where left out.
    save
        Which arrays of `NetworkState` are kept.
    folder
        Where each of them is written as a NumPy file while the run goes on, so that memory stays bounded; None: memory.
    progress
        Called with the share done between blocks.

    Returns
    -------
    NetworkRun
        The arrays kept, status of every step, and the heat in all.

    Raises
    ------
    ConvergenceError
        If a step did not settle; it names the first.
    ValueError
        For a name in `save` that is none, a series of the wrong shape or with values that are none (it names the
        step), or a network that has no answer.
    """
    unknown = sorted(set(save) - set(NetworkState._fields))
    if unknown:
        raise ValueError(f"save: unknown {', '.join(unknown)} (known: {', '.join(NetworkState._fields)})")
    given, network, step_s = network, plain_network(network), float(step_s)
    _refuse_bad(network, series)
    made, parts = setup(network), network_parts(network)
    work, state = empty_work(network, made), empty_state(network)
    starts = temp_start_c or (float(_column(series.temp_supply_c, network)[0]), network.temp_ground_c)
    lines, capacity = (network.supply, network.return_line), _PARCELS if plug_flow else _PARCELS_STEADY
    pipes = [full_pipes(line, network.fluid, t, capacity) for line, t in zip(lines, starts, strict=True)]
    stored_j = 0.0
    if plug_flow:
        state.temp_supply_c[:], state.temp_return_c[:] = starts
        masses = [float(parcels.mass_pipe_kg.sum()) for parcels in pipes]
        stored_j = -network.fluid.heat_capacity_j_kgk * sum(m * t for m, t in zip(masses, starts, strict=True))
    kept = _Kept(state, save, series.n_time, folder)
    status, totals = np.zeros(series.n_time, dtype=np.int64), np.zeros(3)
    for k in range(0, series.n_time, BLOCK_STEPS):
        rows = slice(k, min(k + BLOCK_STEPS, series.n_time))
        n_rows = rows.stop - rows.start
        out = _rows(state, save, n_rows)
        block = _block(network, series, rows)
        _advance(
            parts,
            made,
            block,
            step_s if plug_flow else 0.0,
            pipes[0],
            pipes[1],
            work,
            state,
            out,
            status[rows],
            totals,
        )
        kept.add(rows, out)
        _raise_if_bad(network, status[rows], k)
        if progress is not None:
            progress(rows.stop / series.n_time)
    if plug_flow:
        stored_j += float(work.heat_stored_supply_j.sum() + work.heat_stored_return_j.sum())
    produced_j, consumed_j, lost_j = (float(total) * (1.0 if plug_flow else step_s) for total in totals)
    return NetworkRun(
        given, step_s if plug_flow else 0.0, kept.arrays(), status, produced_j, consumed_j, lost_j, stored_j
    )


def _column(temp_supply_c: Floats | None, network: Network) -> Floats:
    return network.producers.temp_supply_c if temp_supply_c is None else np.atleast_2d(temp_supply_c)[0]


class _Kept:
    """What is kept of a run: arrays in memory, or NumPy files that grow block by block."""

    def __init__(self, state: NetworkState, save: Sequence[str], n_time: int, folder: Path | None) -> None:
        self._shapes = {name: (n_time, getattr(state, name).size) for name in save}
        self._folder = folder
        self._made: dict[str, Floats] = {}
        if folder is None:
            self._made = {name: np.empty(shape) for name, shape in self._shapes.items()}
            return
        folder.mkdir(parents=True, exist_ok=True)
        for name, shape in self._shapes.items():
            with (folder / f"{name}.npy").open("wb") as file:
                header = {"descr": "<f8", "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(file, header)

    def add(self, rows: slice, out: NetworkState) -> None:
        """Keep a block."""
        for name in self._shapes:
            values: Floats = getattr(out, name)
            if self._folder is None:
                self._made[name][rows] = values
            else:
                with (self._folder / f"{name}.npy").open("ab") as file:
                    values.tofile(file)

    def arrays(self) -> dict[str, Floats]:
        """Return all that was kept; files are mapped, not read."""
        if self._folder is None:
            return self._made
        return {name: np.load(self._folder / f"{name}.npy", mmap_mode="r") for name in self._shapes}


def _rows(state: NetworkState, save: Sequence[str], n_rows: int) -> NetworkState:
    return NetworkState(
        *(
            np.empty((n_rows if name in save else 0, values.size))
            for name, values in zip(NetworkState._fields, state, strict=True)
        )
    )


def _block(network: Network, series: NetworkSeries, rows: slice) -> _Block:
    """Return the series of some steps as arrays of their own."""
    n_rows = rows.stop - rows.start

    def part(name: str, fixed: Floats | float) -> Floats:
        given: Floats | None = getattr(series, name)
        values = np.broadcast_to(fixed, (n_rows, *np.shape(fixed))) if given is None else given[rows]
        return np.array(values, dtype=np.float64, order="C")  # a copy: also what may only be read compiles to the same

    return _Block(*(part(name, fixed) for name, fixed in _fixed(network).items()))


def _fixed(network: Network) -> dict[str, Floats | float]:
    """Return what a network says itself of all that a series may say, in the order of a block."""
    return {
        "heat_w": network.consumers.heat_w,
        "mass_flow_kg_s": network.consumers.mass_flow_kg_s,
        "temp_supply_c": network.producers.temp_supply_c,
        "lift_pa": float(network.producers.lift_pa[0]),
        "temp_ground_c": network.temp_ground_c,
        "temp_air_c": network.temp_air_c,
    }


def _refuse_bad(network: Network, series: NetworkSeries) -> None:
    """Refuse series of the wrong shape, and values that are no numbers where one is needed."""
    for name, fixed in _fixed(network).items():
        given: Floats | None = getattr(series, name)
        expected = (series.n_time, *np.shape(fixed))
        if given is None:
            if np.any(bad_values(network, name, np.asarray(fixed)[None])):
                raise ValueError(f"{network.name}: {name} {_NO_VALUE}")
            continue
        if np.shape(given) != expected:
            raise ValueError(f"{name} has the shape {np.shape(given)}, expected {expected}")
        for first in range(0, series.n_time, BLOCK_STEPS):  # a piece at a time: the series may be mapped from disk
            bad = bad_values(network, name, np.asarray(given[first : first + BLOCK_STEPS]))
            if np.any(bad):
                raise ValueError(f"{name} {_NO_VALUE}: step {first + int(np.argwhere(bad)[0, 0])}")


def _raise_if_bad(network: Network, status: Ints, first: int) -> None:
    bad = np.flatnonzero(status & int(_BAD))
    if bad.size:
        raise ConvergenceError(
            f"{network.name}: step {first + bad[0]} did not settle, nor did {bad.size - 1} more. {_ADVICE}"
        )
