"""Measured pipes: five tests of the University of Liege and case 1 of TU Graz, predicted without a fitted constant."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from dhsim.network.parcels import full_pipes
from dhsim.network.parts import Floats, Fluid, Line
from dhsim.network.plug_flow import plug_commit, plug_transfer
from dhsim.physics.pipe import u_above_ground_w_mk
from dhsim.physics.water import density_kg_m3, dynamic_viscosity_pa_s, heat_capacity_j_kgk
from dhsim.study.validation.files import columns
from dhsim.study.validation.types import PERCENT, CaseResult, Check, at_most, between, spread
from dhsim.units import S_PER_H

LIEGE_SOURCE = "University of Liège, measured pipe (in ibpsa/modelica-ibpsa, BSD-3)"
GRAZ_SOURCE = "TU Graz, measured pipe, and eight tools (GersHub/DistrictEnergyTools, MIT)"
LIEGE_TESTS = ("150801", "151202", "151204_1", "151204_2", "160118_1")
LIEGE_AIR_C = 18.0
GRAZ_STEPS = 1839


class Sheet(NamedTuple):
    """What is known of a pipe before it is measured."""

    length_m: float
    diameter_inner_m: float
    diameter_outer_m: float
    diameter_insulated_m: float
    conductivity_w_mk: float
    film_w_m2k: float
    heat_capacity_wall_j_m3k: float


LIEGE_PIPE = Sheet(39.0, 0.05248, 0.0603, 0.0603 + 2 * 0.013, 0.04, 5.0, 8000.0 * 500.0)
GRAZ_PIPE = Sheet(60.33, 0.020, 0.022, 0.022 + 2 * 0.013, 0.0442, 9.35, 8960.0 * 385.0)
_ROUGHNESS_M = 1e-5  # of no account for the temperatures


class Outlet(NamedTuple):
    """Predicted and measured outlet, between the samples; arrays."""

    time_s: Floats
    temp_predicted_c: Floats
    temp_measured_c: Floats


def line_of(sheet: Sheet) -> Line:
    """Return a line with this one pipe, in air."""
    one = np.ones(1)
    area_m2 = 0.25 * math.pi * (sheet.diameter_outer_m**2 - sheet.diameter_inner_m**2)
    u_w_mk = u_above_ground_w_mk(
        sheet.diameter_outer_m, sheet.diameter_insulated_m, sheet.conductivity_w_mk, sheet.film_w_m2k
    )
    return Line(
        np.array([0]), np.array([1]), one * sheet.length_m, one * sheet.diameter_inner_m, one * _ROUGHNESS_M,
        np.zeros(1), one * float(u_w_mk), one * sheet.heat_capacity_wall_j_m3k * area_m2, np.array([0]),
    )  # fmt: skip


def predicted(line: Line, data: pd.DataFrame, temp_air_c: float) -> Outlet:
    """Return the outlet of a pipe between the samples of its inlet.

    Parameters
    ----------
    line
        The pipe.
    data
        Columns time_s, mass_flow_kg_s, temp_inlet_c, temp_outlet_c; only the first of the outlets is looked at, as
        the temperature that the pipe starts with.
    temp_air_c
        Around it [degC].
    """
    names = ("time_s", "mass_flow_kg_s", "temp_inlet_c", "temp_outlet_c")
    times, flows, inlets, measured = (data[name].to_numpy(float) for name in names)
    mean_c = float(inlets.mean())
    fluid = Fluid(*(float(law(mean_c)) for law in (density_kg_m3, dynamic_viscosity_pa_s, heat_capacity_j_kgk)))
    parcels = full_pipes(line, fluid, float(measured[0]))
    a, b, lost, stored = (np.empty(1) for _ in range(4))
    found = np.empty(times.size - 1)
    for k in range(found.size):
        step_s = float(times[k + 1] - times[k])
        flow, inlet = flows[k : k + 2].mean(keepdims=True), inlets[k : k + 2].mean(keepdims=True)
        plug_transfer(line, flow, temp_air_c, temp_air_c, fluid.heat_capacity_j_kgk, step_s, parcels, a, b)
        plug_commit(line, flow, inlet, temp_air_c, temp_air_c, fluid.heat_capacity_j_kgk, step_s, parcels, lost, stored)
        found[k] = a[0] + b[0] * inlet[0]
    middle = 0.5 * (times[1:] + times[:-1])
    return Outlet(middle, found, np.interp(middle, times, measured))


def half_rise_s(time_s: Floats, temp_c: Floats, temp_low_c: float, temp_high_c: float) -> float:
    """Return when a temperature first passes the middle of two [s].

    Examples
    --------
    >>> import numpy as np
    >>> half_rise_s(np.array([0.0, 10.0, 20.0]), np.array([20.0, 20.0, 60.0]), 20.0, 60.0)
    15.0
    """
    middle_c = 0.5 * (temp_low_c + temp_high_c)
    after = max(int(np.argmax(temp_c > middle_c)), 1)
    return float(np.interp(middle_c, temp_c[after - 1 : after + 1], time_s[after - 1 : after + 1]))


def errors(outlet: Outlet) -> tuple[float, float, float]:
    """Return root mean square and bias of the outlet [K], and by how much the half-rise is late, relative."""
    error = outlet.temp_predicted_c - outlet.temp_measured_c
    ends = float(outlet.temp_measured_c[0]), float(outlet.temp_measured_c.max())
    late = half_rise_s(outlet.time_s, outlet.temp_predicted_c, *ends) / half_rise_s(
        outlet.time_s, outlet.temp_measured_c, *ends
    )
    return float(np.sqrt(np.mean(error**2))), float(error.mean()), late - 1.0


def liege_data(folder: Path, test: str) -> pd.DataFrame:
    """Return one test of Liège with the columns of `predicted`."""
    names = {"time_s": "time_s", "mass_flow_kg_s": "mass_flow_kg_s", "T_water_in_C": "temp_inlet_c",
             "T_water_out_C": "temp_outlet_c"}  # fmt: skip
    return columns(folder / "ulg_pipe" / f"PipeDataULg{test}.csv", names).rename(columns=names)


def liege(folder: Path) -> CaseResult:
    """Return the five tests of Liège."""
    line, checks, series = line_of(LIEGE_PIPE), [], {}
    modelica = columns(
        folder / "ulg_pipe" / "reference_IBPSA_PlugFlowULg_151202.csv", ["T_out_model_C"], index="time_s"
    )["T_out_model_C"]
    for test in LIEGE_TESTS:
        data = liege_data(folder, test)
        outlet = predicted(line, data, LIEGE_AIR_C)
        rmse_k, bias_k, late = errors(outlet)
        other = math.nan
        table = pd.DataFrame(
            {"predicted": outlet.temp_predicted_c, "measured": outlet.temp_measured_c,
             "inlet": np.interp(outlet.time_s, data["time_s"], data["temp_inlet_c"])}, index=outlet.time_s,
        )  # fmt: skip
        if test == "151202":
            table["IBPSA Modelica"] = np.interp(outlet.time_s, modelica.index, modelica)
            inside = outlet.time_s <= modelica.index[-1]
            off = (table["IBPSA Modelica"] - table["measured"])[inside]
            other = float(np.sqrt(np.mean(off**2)))
        series[test] = table
        why = "reference: the IBPSA Modelica model" if test == "151202" else ""
        checks += [
            at_most(f"{test}: RMSE of the outlet", "K", rmse_k, 0.9, reference=other, why=why),
            between(f"{test}: bias of the outlet", "K", bias_k, -0.25, 0.25),
            between(f"{test}: half-rise, late by", "%", PERCENT * late, -6.0, 6.0),
        ]
    return CaseResult(
        "liege",
        "University of Liège: a measured pipe of 39 m",
        LIEGE_SOURCE,
        "Known are the pipe's data sheet, the measured inlet and flow, and the outlet's first value. Plug flow with "
        "the wall's heat capacity; the film between water and wall by Colburn. An RMSE of 0.6 K counts as good.",
        tuple(checks),
        series,
    )


def graz_data(folder: Path) -> tuple[pd.DataFrame, float]:
    """Return case 1 of Graz with the columns of `predicted`, and the mean temperature around it."""
    names = {"time_s": "time_s", "T_in_C": "temp_inlet_c", "T_out_C": "temp_outlet_c"}
    data = columns(folder / "tugraz_pipe" / "case1_inputs_1s.csv", [*names, "flow_kg_h", "T_amb_C"]).iloc[:GRAZ_STEPS]
    made = data.rename(columns=names)
    made["mass_flow_kg_s"] = made["flow_kg_h"] / S_PER_H
    return made, float(data["T_amb_C"].mean())


def graz(folder: Path) -> CaseResult:
    """Return case 1 of TU Graz."""
    data, air_c = graz_data(folder)
    outlet = predicted(line_of(GRAZ_PIPE), data, air_c)
    rmse_k, bias_k, late = errors(outlet)
    tools = columns(folder / "tugraz_pipe" / "case1_results_by_tool.csv", ["T_out_measured_C"], index="time_s").iloc[
        :GRAZ_STEPS
    ]
    simulated = tools.filter(like="sim_")
    off = simulated.sub(tools["T_out_measured_C"], axis=0)
    rmses, biases = (off**2).mean() ** 0.5, off.mean()
    table = pd.DataFrame(
        {"predicted": outlet.temp_predicted_c, "measured": outlet.temp_measured_c,
         "inlet": np.interp(outlet.time_s, data["time_s"], data["temp_inlet_c"]),
         "tools, lowest": np.interp(outlet.time_s, tools.index, simulated.min(axis=1)),
         "tools, highest": np.interp(outlet.time_s, tools.index, simulated.max(axis=1))}, index=outlet.time_s,
    )  # fmt: skip
    return CaseResult(
        "graz",
        "TU Graz: a measured pipe of 60 m, case 1",
        GRAZ_SOURCE,
        "As for Liège. The reference of a row is the median of the eight tools.",
        (
            _of_tools("RMSE of the outlet", rmse_k, -math.inf, 0.55, rmses),
            _of_tools("Bias of the outlet", bias_k, -0.15, 0.15, biases),
            Check("Half-rise, late by", "%", PERCENT * late, math.nan),
        ),
        {"case 1": table},
    )


def _of_tools(name: str, value: float, low: float, high: float, tools: pd.Series[float]) -> Check:
    criterion = f"at most {high:g}" if math.isinf(low) else f"{low:g} … {high:g}"
    return Check(name, "K", value, float(tools.median()), low, high, *spread(tools), criterion)
