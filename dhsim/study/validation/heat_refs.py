"""Temperatures in small nets: OpenModelica's heat nets, and pandapipes' analytic tables."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dhsim.errors import ScenarioError
from dhsim.network.parts import Floats
from dhsim.physics.water import density_kg_m3, dynamic_viscosity_pa_s, heat_capacity_j_kgk
from dhsim.study.validation.files import text_of
from dhsim.study.validation.open_line import plain_line, solve_flows, solve_temperatures
from dhsim.study.validation.pandapipes_refs import SOURCE, Net, nets, velocities_m_s
from dhsim.study.validation.types import CaseResult, Check, within
from dhsim.units import KELVIN_AT_0_C, PA_PER_BAR

_START = "openmodelica_test_networks/heat_transfer_cases/"
_WHY = "the reference has {n} mixed volumes a pipe, dhsim plug flow"
_WHY_ALIKE = "with {n} mixed volumes a pipe, as the reference"
_BLOCK = ("alpha", "d", "mdot", "cp", "Text", "Tinit", "l", "T")


def heat_nets(folder: Path) -> CaseResult:
    """Return OpenModelica's heat nets: pressure, velocity and the temperature at the end of every pipe."""
    found = nets(folder / "pandapipes_refs" / "networks_handover.json")
    checks = [check for name, net in found.items() if name.startswith(_START) for check in _heat_checks(net)]
    return CaseResult(
        "pandapipes-heat",
        "OpenModelica: heat nets",
        SOURCE,
        "OpenModelica's water has properties that follow the temperature; dhsim has those at one temperature a net, "
        "the mean of source and surroundings. OpenModelica divides a pipe into 5 or 7 mixed volumes, each of one "
        "temperature, which is not the exact solution: water at the end of a long pipe comes too warm. So each pipe is "
        "shown twice: dhsim's plug flow, and the same flows with the reference's volumes. Temperatures are those "
        "of the last volume in the direction of the flow.",
        tuple(checks),
    )


def _heat_checks(net: Net) -> Iterable[Check]:
    pipe, grid = net.tables["pipe"], net.tables["ext_grid"]
    ambient_c = pipe["text_k"].to_numpy(float) - KELVIN_AT_0_C
    source_c = float(grid["t_k"].iloc[0]) - KELVIN_AT_0_C
    mean_c = 0.5 * (source_c + float(ambient_c.mean()))
    fluid = net.line.fluid._replace(
        density_kg_m3=float(density_kg_m3(mean_c)), viscosity_pa_s=float(dynamic_viscosity_pa_s(mean_c)),
        heat_capacity_j_kgk=float(heat_capacity_j_kgk(mean_c)),
    )  # fmt: skip
    warm = replace(net, line=replace(net.line, fluid=fluid))
    flow = solve_flows(warm.line)
    name = net.name.removeprefix(_START)
    node = int(np.argmax(np.abs(flow.pressure_pa / PA_PER_BAR / net.pressure_bar - 1.0)))
    yield within(
        f"{name}: pressure",
        "bar",
        float(flow.pressure_pa[node]) / PA_PER_BAR,
        float(net.pressure_bar[node]),
        relative=3e-3,
        not_alike=True,
        why="density and viscosity of one temperature here, of each place there",
    )
    inflow, temps = _inflow(warm, flow.mass_flow_kg_s, source_c)
    args = (warm.line.pipes, flow.mass_flow_kg_s, inflow, temps, ambient_c, fluid.heat_capacity_j_kgk)
    volumes = pipe["sections"].to_numpy().astype(np.int64)
    exact, alike = solve_temperatures(*args)[1], solve_temperatures(*args, n_mixed=volumes)[1]
    local_c = np.array([np.mean(kelvins) for kelvins in pipe["T_om"]]) - KELVIN_AT_0_C
    speed = velocities_m_s(warm, flow) * fluid.density_kg_m3 / np.asarray(density_kg_m3(local_c))
    worst = int(np.argmax(np.abs(speed - net.velocity_m_s)))
    yield within(
        f"{name}: velocity",
        "m/s",
        float(speed[worst]),
        float(net.velocity_m_s[worst]),
        absolute=0.01,
        why="mass flow over the density at the reference's mean temperature of the pipe",
    )
    for j in range(volumes.size):
        kelvins = pipe["T_om"].iloc[j]
        reference = float(kelvins[-1] if flow.mass_flow_kg_s[j] > 0.0 else kelvins[0]) - KELVIN_AT_0_C
        place, n = f"{name}: end of pipe {pipe.index[j]}", volumes[j]
        yield within(place, "°C", float(exact[j]), reference, absolute=0.3, why=_WHY.format(n=n), not_alike=True)
        yield within(f"{place}, volumes alike", "°C", float(alike[j]), reference, absolute=0.3,
                     why=_WHY_ALIKE.format(n=n))  # fmt: skip


def _inflow(net: Net, mass_flow_kg_s: Floats, source_c: float) -> tuple[Floats, Floats]:
    """Return what enters at each node from outside, and how warm: at given pressures, and from sources."""
    junction, pipes = net.tables["junction"], net.line.pipes
    leaving = net.line.draw_kg_s.copy()
    np.add.at(leaving, pipes.node_start, mass_flow_kg_s)
    np.add.at(leaving, pipes.node_end, -mass_flow_kg_s)
    temps = junction["tfluid_k"].to_numpy(float) - KELVIN_AT_0_C
    inflow = np.maximum(-net.line.draw_kg_s, 0.0)
    inflow[net.line.given] += leaving[net.line.given]
    temps[net.line.given] = source_c
    return inflow, temps


class _Pipe(NamedTuple):
    """A row of an analytic table: a pipe with its inlet and outlet temperature."""

    film_w_m2k: float
    diameter_m: float
    mass_flow_kg_s: float
    heat_capacity_j_kgk: float
    temp_ambient_k: float
    temp_inlet_k: float
    length_m: float
    temp_outlet_k: float


class _Table(NamedTuple):
    """How a table's pipes hang together; the numbers of its rows come from the file."""

    file: str
    title: str
    ends: tuple[tuple[int, int], ...]
    rows: tuple[int, ...]
    """Row of each pipe among the file's rows with a length"""
    sources: tuple[tuple[int, float], ...]
    """Node and kelvins of what enters"""


TABLES = (
    _Table("one_pipe", "one pipe of 1 to 6 km", ((0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6)), (0, 1, 2, 3, 4, 5),
           ((0, 330.0),)),
    _Table("tee_2ab_1zu", "one inlet, two outlets", ((0, 1), (1, 2), (1, 3)), (0, 1, 2), ((0, 350.0),)),
    _Table("tee_2zu_1ab", "two inlets, one outlet", ((0, 2), (1, 2), (2, 3)), (0, 0, 1), ((0, 350.0), (1, 350.0))),
    _Table("2zu_2ab", "two inlets, two outlets", ((0, 2), (1, 2), (2, 3), (2, 4)), (1, 0, 2, 3),
           ((0, 350.0), (1, 300.0))),
    _Table("masche_1load", "a loop with one load", ((0, 1), (1, 2), (1, 3), (3, 2)), (2, 0, 3, 1), ((0, 350.0),)),
)  # fmt: skip


def analytic(folder: Path) -> CaseResult:
    """Return the analytic tables: every pipe's outlet, predicted from what enters the net alone."""
    checks: list[Check] = []
    for table in TABLES:
        path = folder / "pandapipes_refs" / f"analytic_Temperature_{table.file}_an.csv"
        pipes = _read(path)
        if max(table.rows) >= len(pipes):
            raise ScenarioError.single(f"expected {max(table.rows) + 1} pipes, found {len(pipes)}", path=str(path))
        checks += _table_checks(table, [pipes[row] for row in table.rows])
    return CaseResult(
        "pandapipes-analytic",
        "Analytic temperatures",
        SOURCE,
        "Steady temperatures with exponential loss and ideal mixing; flows as given in the tables.",
        tuple(checks),
    )


def _table_checks(table: _Table, pipes: list[_Pipe]) -> Iterable[Check]:
    n_node = 1 + max(max(ends) for ends in table.ends)
    start, end = (np.array([ends[k] for ends in table.ends], dtype=np.int64) for k in (0, 1))
    column = {name: np.array([getattr(pipe, name) for pipe in pipes]) for name in _Pipe._fields}
    lengths = column["length_m"]
    if table.file == "one_pipe":  # its rows are lengths from the inlet on
        lengths = np.diff(lengths, prepend=0.0)
    line = plain_line(
        start, end, lengths, column["diameter_m"], np.zeros(len(pipes)),
        math.pi * column["diameter_m"] * column["film_w_m2k"],
    )  # fmt: skip
    inflow, temps = np.zeros(n_node), np.zeros(n_node)
    for node, kelvins in table.sources:
        inflow[node] = column["mass_flow_kg_s"][start == node].sum()
        temps[node] = kelvins - KELVIN_AT_0_C
    _, outlets = solve_temperatures(
        line, column["mass_flow_kg_s"], inflow, temps, column["temp_ambient_k"] - KELVIN_AT_0_C,
        pipes[0].heat_capacity_j_kgk,
    )  # fmt: skip
    expected = column["temp_outlet_k"] - KELVIN_AT_0_C
    for j, (value, reference) in enumerate(zip(outlets, expected, strict=True)):
        yield within(f"{table.title}: end of pipe {j + 1}", "°C", float(value), float(reference), absolute=0.01)


def _read(path: Path) -> list[_Pipe]:
    """Return the rows with a length; some tables stand side by side in one file, with a header over the first alone."""
    blocks: dict[int, list[_Pipe]] = {}
    lines = text_of(path).splitlines()
    width = len(_BLOCK) + (1 if lines and "Node" in lines[0] else 0)
    for line in lines:
        cells = line.split(";")
        for first in range(0, len(cells) - len(_BLOCK) + 1, width):
            try:
                pipe = _Pipe(*(float(cell) for cell in cells[first : first + len(_BLOCK)]))
            except ValueError:
                continue
            if pipe.length_m > 0.0:
                blocks.setdefault(first, []).append(pipe)
    made = [pipe for first in sorted(blocks, reverse=True) for pipe in blocks[first]]
    if not made:
        raise ScenarioError.single(f"expected rows of {'; '.join(_BLOCK)}", path=str(path))
    return made
