"""Small hydraulic and heat nets that OpenModelica and STANET have solved, and analytic temperatures (pandapipes)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from dhsim.errors import Problem, ScenarioError
from dhsim.network.branches import Branches, joined, other_branches
from dhsim.network.parts import Floats, Fluid, Ints
from dhsim.physics.water import density_kg_m3, dynamic_viscosity_pa_s, heat_capacity_j_kgk
from dhsim.study.validation.files import json_of
from dhsim.study.validation.open_line import FrictionLaw, OpenFlow, OpenLine, no_branches, plain_line, solve_flows
from dhsim.study.validation.types import PERCENT, CaseResult, Check, within
from dhsim.units import KELVIN_AT_0_C, M_PER_MM, PA_PER_BAR, S_PER_H

SOURCE = "pandapipes (e2nIEE, BSD-3): nets converted from OpenModelica and STANET, with their results"
STANET_WATER = Fluid(1000.0, 1.793e-3, 4186.8)
"""As the converted nets have it, whatever the temperature: viscosity of water at 0 degC."""
PUMP_CURVES: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "P2": ((0.0, 40.0, 60.0, 80.0, 90.0), (10.0, 8.4, 7.0, 4.5, 3.0)),
}
"""Name -> m3/h and bar; the points of pandapipes' type, taken as a parabola by least squares as there."""
ZETA_OPENMODELICA = 2.0
"""Its pressures and velocities at all seven valves are those of this loss coefficient, whatever the file says."""
_M_PER_KM = 1e3


def swamee_jain(reynolds: Floats, roughness_rel: Floats) -> Floats:
    """Return Swamee and Jain's friction factor, taken at every Reynolds number as the reference does.

    ``f = 0.25 / log10(k/d / 3.7 + 5.74 / Re^0.9)^2``

    Parameters
    ----------
    reynolds
        Reynolds number [-].
    roughness_rel
        Roughness over diameter [-].

    Examples
    --------
    >>> import numpy as np
    >>> swamee_jain(np.array([1e5]), np.array([1e-3])).round(4).tolist()
    [0.0222]
    """
    made: Floats = 0.25 / np.log10(roughness_rel / 3.7 + 5.74 / reynolds**0.9) ** 2
    return made


def nikuradse(reynolds: Floats, roughness_rel: Floats) -> Floats:
    """Return Nikuradse's friction factor of a rough pipe plus the laminar one, as the reference does.

    ``f = 1 / (2 log10(3.71 d / k))^2 + 64 / Re``

    Parameters
    ----------
    reynolds
        Reynolds number [-].
    roughness_rel
        Roughness over diameter [-].

    Examples
    --------
    >>> import numpy as np
    >>> nikuradse(np.array([12548.0]), np.array([0.1 / 75.0])).round(5).tolist()
    [0.02617]
    """
    made: Floats = 1.0 / (2.0 * np.log10(3.71 / roughness_rel)) ** 2 + 64.0 / reynolds
    return made


class Group(NamedTuple):
    """Nets of one program and friction law."""

    id: str
    title: str
    start: str
    end: str
    law: FrictionLaw | None
    text: str


GROUPS = (
    Group("openmodelica-colebrook", "OpenModelica: water nets with Colebrook",
          "openmodelica_test_networks/water_cases_colebrook/", "", None, "Colebrook, as in dhsim; water of 20 °C."),
    Group("openmodelica-swamee-jain", "OpenModelica: water nets with Swamee-Jain",
          "openmodelica_test_networks/water_cases_swamee-jain/", "", swamee_jain,
          "dhsim's solver with Swamee and Jain's factor put in, so that like is compared with like; water of 20 °C."),
    Group("stanet-prandtl-colebrook", "STANET: water nets with Prandtl-Colebrook", "stanet_test_networks/", "_PC", None,
          "Colebrook, as in dhsim; STANET has the viscosity of 0 °C (1.793 mPa s) and 1000 kg/m3."),
    Group("stanet-nikuradse", "STANET: water nets with Nikuradse", "stanet_test_networks/", "_N", nikuradse,
          "dhsim's solver with Nikuradse's factor put in; STANET has the viscosity of 0 °C (1.793 mPa s) and "
          "1000 kg/m3."),
)  # fmt: skip


@dataclass(frozen=True)
class Net:
    """A net of the file as the solver takes it, with the reference's answer."""

    name: str
    line: OpenLine
    pressure_bar: Floats
    """(n_node,): the reference's; NaN where it has none"""
    velocity_m_s: Floats
    """(n_pipe,)"""
    tables: Mapping[str, pd.DataFrame] = field(repr=False)


def nets(path: Path, *, zeta_valve: float | None = None) -> dict[str, Net]:
    """Return all nets of the file by their name.

    Parameters
    ----------
    path
        The file.
    zeta_valve
        Loss coefficient of every valve, instead of the file's [-].

    Raises
    ------
    ScenarioError
        Where the file is not what it should be; all nets that are broken are named.
    """
    made, problems = {}, []
    for name, content in json_of(path).items():
        try:
            made[name] = _net(name, _tables(content), zeta_valve)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            problems.append(Problem(f"no such net: {type(error).__name__}: {error}", path=str(path), key=name))
    if problems:
        raise ScenarioError(problems)
    return made


def _tables(content: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    return {
        table: pd.DataFrame(rows["data"], columns=rows["columns"], index=rows["index"])
        for table, rows in content.items()
    }


def _net(name: str, tables: dict[str, pd.DataFrame], zeta_valve: float | None) -> Net:
    """Return one net: pipes first, then valves, then pumps."""
    junction, pipe, grid = tables["junction"], tables["pipe"], tables["ext_grid"]
    place = {label: i for i, label in enumerate(junction.index)}
    fluid = STANET_WATER if "p_stanet" in junction else _water(float(junction["tfluid_k"].iloc[0]) - KELVIN_AT_0_C)
    draw = np.zeros(len(junction))
    for table, sign in (("sink", 1.0), ("source", -1.0)):
        rows = tables.get(table)
        if rows is not None:
            at = [place[label] for label in rows["junction"]]
            np.add.at(draw, at, sign * rows["mdot_kg_per_s"].to_numpy(float) * rows["scaling"].to_numpy(float))
    diameter = pipe["diameter_m"].to_numpy(float)
    pipes = plain_line(
        *_ends(pipe, place), _M_PER_KM * pipe["length_km"].to_numpy(float), diameter,
        M_PER_MM * pipe["k_mm"].to_numpy(float), math.pi * diameter * pipe["alpha_w_per_m2k"].to_numpy(float),
    )._replace(zeta=pipe["loss_coefficient"].to_numpy(float))  # fmt: skip
    others = joined(
        no_branches(),
        _valves(tables.get("valve"), place, fluid, zeta_valve),
        _pumps(tables.get("pump"), place, fluid),
    )
    given = np.array([place[label] for label in grid["junction"]], dtype=np.int64)
    which = "p_stanet" if "p_stanet" in junction else "p_om"
    return Net(
        name,
        OpenLine(
            pipes, others, junction["height_m"].to_numpy(float), given, PA_PER_BAR * grid["p_bar"].to_numpy(float),
            draw, fluid,
        ),
        junction[which].to_numpy(float),
        pipe[which.replace("p_", "v_")].to_numpy(float),
        tables,
    )  # fmt: skip


def _water(temp_c: float) -> Fluid:
    laws = (density_kg_m3, dynamic_viscosity_pa_s, heat_capacity_j_kgk)
    return Fluid(*(float(law(temp_c)) for law in laws))


def _ends(table: pd.DataFrame, place: Mapping[Any, int]) -> tuple[Ints, Ints]:
    start, end = (
        np.array([place[label] for label in table[f"{side}_junction"]], dtype=np.int64) for side in ("from", "to")
    )
    return start, end


def _valves(table: pd.DataFrame | None, place: Mapping[Any, int], fluid: Fluid, zeta: float | None) -> Branches:
    if table is None:
        return no_branches()
    area_m2 = 0.25 * math.pi * table["diameter_m"].to_numpy(float) ** 2
    named = table["loss_coefficient"].to_numpy(float) if "loss_coefficient" in table else np.zeros(len(table))
    lost = named if zeta is None else np.full(len(table), zeta)
    resistance = lost / (2.0 * fluid.density_kg_m3 * area_m2**2)
    return other_branches(*_ends(table, place), resistance, is_open=table["opened"].to_numpy().astype(np.int64))


def _pumps(table: pd.DataFrame | None, place: Mapping[Any, int], fluid: Fluid) -> Branches:
    if table is None:
        return no_branches()
    parabolas = np.array([pump_parabola(str(name)) for name in table["std_type"]]).T
    rise = (parabolas[0], parabolas[1] / fluid.density_kg_m3, parabolas[2] / fluid.density_kg_m3**2)
    return other_branches(*_ends(table, place), np.zeros(len(table)), rise=rise)


def pump_parabola(name: str) -> tuple[float, float, float]:
    """Return a pump's rise of pressure as a0 + a1 V + a2 V^2, in Pa and m3/s.

    Raises
    ------
    ValueError
        For a type whose points are not known.

    Examples
    --------
    >>> round(pump_parabola("P2")[0] / 1e5, 3)
    9.972
    """
    if name not in PUMP_CURVES:
        raise ValueError(f"no pump {name!r} (there are: {', '.join(PUMP_CURVES)})")
    flow_m3_h, rise_bar = PUMP_CURVES[name]
    square, slope, rest = np.polyfit(np.array(flow_m3_h) / S_PER_H, PA_PER_BAR * np.array(rise_bar), 2)
    return float(rest), float(slope), float(square)


def hydraulic_cases(folder: Path) -> list[CaseResult]:
    """Return the water nets, one case for each program and friction law."""
    path = folder / "pandapipes_refs" / "networks_handover.json"
    found, alike = nets(path), nets(path, zeta_valve=ZETA_OPENMODELICA)
    made = []
    for group in GROUPS:
        chosen = [name for name in found if name.startswith(group.start) and name.endswith(group.end)]
        checks: list[Check] = []
        for name in chosen:
            has_valves = name.startswith("openmodelica") and "valve" in found[name].tables
            checks += _net_checks(found[name], group.law, _VALVES if has_valves else "")
            if has_valves:
                checks += _net_checks(alike[name], group.law, _VALVES_ALIKE, ", valves alike")
        made.append(CaseResult(f"pandapipes-{group.id}", group.title, SOURCE, f"{group.text} {_WORST}", tuple(checks)))
    return made


_WORST = "Of every net the pressure and the velocity that deviate most are shown."
_VALVES = "the reference's own drop in the valves is that of a loss coefficient of 2.0, not of the file's"
_VALVES_ALIKE = "with the loss coefficient of 2.0 that the reference's own drops have in all its nets"


def velocities_m_s(net: Net, flow: OpenFlow) -> Floats:
    """Return the velocities in the pipes."""
    diameter = net.line.pipes.diameter_m
    made: Floats = flow.mass_flow_kg_s[: diameter.size] / (net.line.fluid.density_kg_m3 * 0.25 * math.pi * diameter**2)
    return made


def _net_checks(net: Net, law: FrictionLaw | None, why: str = "", extra: str = "") -> Iterable[Check]:
    flow = solve_flows(net.line, law=law)
    name = "/".join(net.name.split("/")[2:]) + extra
    unlike = why == _VALVES
    whys = [why] if why else []
    if law is not None:
        own = _relative(solve_flows(net.line), net)
        whys.append(f"with dhsim's own Colebrook {PERCENT * float(np.nanmax(np.abs(own))):.2f} % at most")
    node = int(np.nanargmax(np.abs(_relative(flow, net))))
    value, reference = float(flow.pressure_pa[node]) / PA_PER_BAR, float(net.pressure_bar[node])
    text = "; ".join(whys)
    yield within(f"{name}: pressure", "bar", value, reference, relative=3e-3, why=text, not_alike=unlike)
    speed = velocities_m_s(net, flow)
    pipe = int(np.nanargmax(np.abs(speed - net.velocity_m_s)))
    value, reference = float(speed[pipe]), float(net.velocity_m_s[pipe])
    yield within(f"{name}: velocity", "m/s", value, reference, absolute=0.01, why=why, not_alike=unlike)


def _relative(flow: OpenFlow, net: Net) -> Floats:
    made: Floats = flow.pressure_pa / PA_PER_BAR / net.pressure_bar - 1.0
    return made
