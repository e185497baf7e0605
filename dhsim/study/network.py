"""One network from the file to the answer: one state, or a history."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd

from dhsim.build.network import build_network
from dhsim.elementwise import cache_folder, jit_disabled
from dhsim.errors import DhsimError
from dhsim.network import run as solver
from dhsim.network.limits import check_limits
from dhsim.network.parts import Network, NetworkState
from dhsim.network.run import NetworkSeries
from dhsim.scenario.network_read import load_network
from dhsim.scenario.network_schema import NetworkScenario
from dhsim.study.network_frames import (
    balance_of,
    consumers_frame,
    elements_frame,
    nodes_frame,
    pipes_frame,
    producers_frame,
    signs_of,
)
from dhsim.study.network_series import timed_series
from dhsim.study.network_types import NetworkHistory, NetworkSolution
from dhsim.units import S_PER_H

__all__ = ["NetworkSource", "network_of", "run_network", "solution_of", "solve_network"]

NetworkSource = str | Path | NetworkScenario | Network
_LOG = logging.getLogger("dhsim")
_COMPILED_MARK = "network.done"


def network_of(source: NetworkSource) -> tuple[Network, NetworkScenario | None]:
    """Return a network as the solvers take it, and what was said of it where it was read.

    Parameters
    ----------
    source
        A file or folder, what was read from one, or a network.

    Raises
    ------
    ScenarioError
        For anything wrong with the file.
    """
    if isinstance(source, Network):
        return source, None
    scenario = source if isinstance(source, NetworkScenario) else load_network(source)
    return build_network(scenario), scenario


def solve_network(
    source: NetworkSource,
    *,
    temp_highest_c: float | None = None,
    velocity_max_m_s: float = 3.5,
    pressure_max_pipe_pa: float = 1.6e6,
) -> NetworkSolution:
    """Solve a network in steady state, and hold the result against its limits.

    Parameters
    ----------
    source
        A file or folder, a NetworkScenario, or a Network.
    temp_highest_c
        Supply temperature at which the water must not boil; the hottest producer's where left out [degC].
    velocity_max_m_s
        Velocity above which a pipe is named in the warnings [m/s].
    pressure_max_pipe_pa
        Overpressure above which a node is named in the warnings [Pa].

    Returns
    -------
    NetworkSolution
        Frames of nodes, pipes, consumers, producers and elements; warnings, status and balance.

    Raises
    ------
    ScenarioError
        For anything wrong with the file.
    ConvergenceError
        If flows and pressures did not settle.
    """
    network, scenario = network_of(source)
    return solution_of(
        network,
        scenario,
        temp_highest_c=temp_highest_c,
        velocity_max_m_s=velocity_max_m_s,
        pressure_max_pipe_pa=pressure_max_pipe_pa,
    )


def solution_of(
    network: Network,
    scenario: NetworkScenario | None,
    *,
    temp_highest_c: float | None = None,
    velocity_max_m_s: float = 3.5,
    pressure_max_pipe_pa: float = 1.6e6,
) -> NetworkSolution:
    """Return the solution of a network whose demands may differ from what was said; see `solve_network`."""
    _announce_compilation()
    state, status = solver.solve_network(network)
    _mark_compiled()
    highest_c = float(network.producers.temp_supply_c.max()) if temp_highest_c is None else temp_highest_c
    try:
        warnings = check_limits(network, state, highest_c, pressure_max_pipe_pa, velocity_max_m_s=velocity_max_m_s)
    except ValueError as error:
        raise DhsimError(f"{network.name}: {error}") from error
    order = list(dict.fromkeys([*network.supply_ids, *network.return_ids]))
    if scenario is not None:
        order = [pipe.id for pipe in scenario.pipes]
    return NetworkSolution(
        network=network,
        state=state,
        status=status,
        nodes=nodes_frame(network, state),
        pipes=pipes_frame(network, state, signs_of(network, scenario), order),
        consumers=consumers_frame(network, state),
        producers=producers_frame(network, state),
        elements=elements_frame(network, state),
        warnings=warnings,
        balance=balance_of(network, state),
        temp_highest_c=highest_c,
        scenario=scenario,
    )


def run_network(
    source: NetworkSource,
    series: str | Path | pd.DataFrame | Mapping[str, pd.DataFrame | pd.Series],
    *,
    step: float | str | pd.Timedelta | None = None,
    plug_flow: bool = False,
    temp_start_c: tuple[float, float] | None = None,
    save: Sequence[str] = NetworkState._fields,
    folder: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> NetworkHistory:
    """Solve a network over a series of steps.

    Parameters
    ----------
    source
        A file or folder, a NetworkScenario, or a Network.
    series
        What moves it: a CSV or Parquet file, or a table, with columns such as `h1.heat_kw`, `plant.temp_supply_c`,
        `heat_rel`, `temp_ground_c` and `time`; or frames by quantity (`{"heat_w": frame}`), a row a step and a column
        a consumer. What is left out stays as the network says.
    step
        Length of a step: seconds, or a text such as "15min"; as the moments of the series have it where left out, an
        hour where they have none.
    plug_flow
        Whether the water needs time to come through the pipes; otherwise every step is in steady state.
    temp_start_c
        Of the water in the supply and return pipes before the first step, in plug flow [degC]; where left out the first
        supply temperature, and the plant's return in steady state at the first step.
    save
        Which arrays of `NetworkState` are kept.
    folder
        Where they are written while the run goes on, so that memory stays bounded; None: memory.
    progress
        Called with the share done.

    Returns
    -------
    NetworkHistory
        Series as frames, heat in all, status of every step.

    Raises
    ------
    ScenarioError
        For anything wrong with the file or the series.
    ConvergenceError
        If a step did not settle.
    """
    network, scenario = network_of(source)
    timed = timed_series(network, series)
    step_s = _step_s(step, timed.step_s)
    _announce_compilation()
    try:
        run = solver.run_network(
            network,
            timed.series,
            step_s=step_s,
            plug_flow=plug_flow,
            temp_start_c=temp_start_c or (_temp_start_c(network, timed.series) if plug_flow else None),
            save=save,
            folder=folder,
            progress=progress,
        )
    except ValueError as error:
        raise DhsimError(f"{network.name}: {error}") from error
    _mark_compiled()
    time = timed.time
    if not isinstance(time, pd.DatetimeIndex):
        time = pd.Index(np.arange(timed.series.n_time) * step_s, name="time_s")
    return NetworkHistory(
        network=network,
        time=time,
        step_s=step_s,
        is_plug_flow=plug_flow,
        arrays=run.arrays,
        status=run.status,
        heat_produced_j=run.heat_produced_j,
        heat_consumed_j=run.heat_consumed_j,
        heat_lost_j=run.heat_lost_j,
        heat_stored_j=run.heat_stored_j,
        signs=signs_of(network, scenario),
    )


def _temp_start_c(network: Network, series: NetworkSeries) -> tuple[float, float]:
    """Return the temperatures that supply and return begin with: as if the first step had always been [degC]."""
    arrays = {field.name: getattr(series, field.name) for field in fields(series) if field.name != "n_time"}
    first = NetworkSeries(1, **{name: None if array is None else array[:1] for name, array in arrays.items()})
    back = solver.run_network(network, first, save=("temp_return_producer_c",)).arrays["temp_return_producer_c"]
    supply_c = network.producers.temp_supply_c if first.temp_supply_c is None else first.temp_supply_c[0]
    return float(supply_c[0]), float(back[0, 0])


def _step_s(said: float | str | pd.Timedelta | None, of_series_s: float | None) -> float:
    """Return the step; refuse one that contradicts the series' own moments [s]."""
    if said is None:
        return S_PER_H if of_series_s is None else of_series_s
    try:
        step_s = float(said) if isinstance(said, (int, float)) else pd.Timedelta(_spelt(said)).total_seconds()
    except ValueError as error:
        raise DhsimError(f"step: expected seconds or a text such as 15min or 1h (got {said!r})") from error
    if not step_s > 0.0:
        raise DhsimError(f"step: must be above 0 s (got {said!r})")
    if of_series_s is not None and abs(step_s - of_series_s) > 1e-6 * of_series_s:
        raise DhsimError(f"step: {step_s:g} s, but the moments of the series are {of_series_s:g} s apart: leave it out")
    return step_s


def _spelt(step: str | pd.Timedelta) -> str | pd.Timedelta:
    """Return seconds given as a bare number with their unit."""
    text = str(step).strip()
    return f"{text}s" if text.replace(".", "", 1).isdigit() else step


def _announce_compilation() -> None:
    if not jit_disabled() and not (cache_folder() / _COMPILED_MARK).exists():
        _LOG.warning("compiling the network solver (once after an install or upgrade, about half a minute)")


def _mark_compiled() -> None:
    if not jit_disabled() and cache_folder().is_dir():
        (cache_folder() / _COMPILED_MARK).touch()
