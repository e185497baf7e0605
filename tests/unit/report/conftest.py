"""Made-up but plausible runs of a year: shapes and sizes like real ones, without an engine."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from dhsim.assess.types import ComfortScore, EconomicScore, EmissionScore, EnergyScore, HeatSplit, Scorecard
from dhsim.model.assumptions import Assumptions, Economics, Tariff
from dhsim.model.boundary import ABOVE_CPT, BELOW_CPT, N_CLASS, OUT_OF_SEASON, Boundary, BoundaryArrays
from dhsim.model.case import Case, Strategy
from dhsim.model.system import Comfort, Control, Curve, System
from dhsim.solution import Event, Solution
from dhsim.study.table import Against, comparison_table, differences
from dhsim.study.types import Comparison, Run

NAMES = ("baseline", "vfd_only", "cap70", "variable_flow", "compensated", "compensated_trim")
MONTH_MEANS_C = (-16.9, -15.2, -6.9, 4.6, 12.6, 17.9, 19.4, 16.9, 10.6, 3.6, -6.6, -13.9)
CPT_C = 0.32
BUILDINGS = tuple(f"b{k + 1:02d}" for k in range(4))
TYPES = ("residential", "residential", "residential", "office")
Q_DESIGN_W = 300e3
C_WATER = 4190.0


def weather(time: pd.DatetimeIndex, seed: int = 3) -> np.ndarray:
    """Hourly-like outdoor temperature: monthly means, day-to-day noise, a diurnal swing."""
    rng = np.random.default_rng(seed)
    day_of_year = time.day_of_year.to_numpy() + time.hour.to_numpy() / 24.0
    middles = np.array([-15.0, *(15.0 + 30.4 * k for k in range(12)), 380.0])
    means = np.array([MONTH_MEANS_C[-1], *MONTH_MEANS_C, MONTH_MEANS_C[0]])
    noise = np.zeros(400)
    for k in range(1, len(noise)):
        noise[k] = 0.78 * noise[k - 1] + rng.normal(0.0, 3.0)
    swing = 3.0 * np.sin(2 * np.pi * (time.hour.to_numpy() - 9) / 24.0)
    made: np.ndarray = np.interp(day_of_year, middles, means) + np.interp(day_of_year, np.arange(400.0), noise) + swing
    return made


def curve_supply_c(outdoor_c: np.ndarray) -> np.ndarray:
    q = np.clip((20.0 - outdoor_c) / 57.0, 0.0, 1.0)
    made: np.ndarray = 20.0 + 62.5 * q**0.8 + 67.5 * q
    return made


def boundary_of(days: int, step_s: float) -> Boundary:
    time = pd.date_range("2021-01-01", periods=round(days * 86400 / step_s), freq=pd.Timedelta(seconds=step_s))
    outdoor = weather(time)
    daily = pd.Series(outdoor, index=time).rolling("5D").mean().to_numpy()
    season = (daily <= 8.0).astype(np.int64)
    kind = np.where(season == 0, OUT_OF_SEASON, np.where(outdoor > CPT_C, ABOVE_CPT, BELOW_CPT))
    line = np.clip(70.0 + 40.0 * (CPT_C - outdoor) / 28.3, 70.0, 110.0) + 7.2 * (outdoor > CPT_C)
    shape = (len(time), len(BUILDINGS))
    arrays = BoundaryArrays(
        outdoor,
        np.full(len(time), 5.0),
        np.zeros(len(time)),
        line,
        np.full(len(time), 170e3),
        np.full(len(time), 8.0),
        season,
        season,
        (time.month.to_numpy() - 1) * N_CLASS + kind,
        np.full(shape, 15e3),
        np.zeros(shape),
    )
    return Boundary(
        time, step_s, arrays, 0.32, "synthetic year from the monthly means of Omsk (seed 3)", {"heating_days": 216.0}
    )


def case_of(name: str, boundary: Boundary) -> Case:
    control = Control(1, 1, 1, 0, 70.0, 40.0, 86400.0, CPT_C, 0.5, 67.0, 1.0, 0.3, 20.5, 1e-6, 8.0)
    curve = Curve(20.0, -37.0, 62.5, 25.0, 80.0, 0.8, np.empty(0), np.empty(0))
    known = {"curve": curve, "control": control, "comfort": Comfort(20.0, 22.0, 20.0)}
    named = {"building_ids": BUILDINGS, "building_types": TYPES, "pipe_ids": ()}
    unknown = dict.fromkeys(field.name for field in dataclasses.fields(System))
    system = System(**{**unknown, **named, **known})  # type: ignore[arg-type]
    calibrated = (("plant.overshoot_k", "7.2 K, so that the summer mean supply is 77.2 degC"),)
    prices = (44.0,) * 25
    economics = Economics("society", 25, 0.08, Tariff(44.0, 0.0, 0.0, 50.0), prices, prices, prices, 0.0, 0.0, 0.0, ())
    about = (name, f"The case {name}", name, name == "baseline")
    assumptions = Assumptions(*about, economics, None, calibrated)  # type: ignore[arg-type]
    strategy = Strategy(seed=1, dwell_s=7200.0, floor_alarm_delay_s=1800.0, min_run_s=1800.0, third_pipe=True)
    return Case(
        system=system,
        boundary=boundary,
        strategy=strategy,
        assumptions=assumptions,
        temp_start_c=20.0,
        scenario_hash="abc123",
    )


def arrays_of(index: int, boundary: Boundary) -> dict[str, np.ndarray]:
    """Substation and building series of scenario number `index`; more bypass means cooler mild weather."""
    b = boundary.arrays
    n, hour = len(boundary.time), boundary.time.hour.to_numpy() + boundary.time.minute.to_numpy() / 60.0
    on = b.heating_season.astype(float)
    bypass = (b.temp_outdoor_c > CPT_C) & (b.heating_season == 1) & (index >= 2)
    mode = np.where(b.heating_season == 0, 2, np.where(bypass, 1, 0)).astype(float)
    target = {2: 70.0, 3: 70.0, 4: None, 5: None}.get(index, np.inf)
    target = np.maximum(curve_supply_c(b.temp_outdoor_c) - (index == 5), 40.0) if target is None else target
    mixed = np.where(bypass, np.minimum(b.temp_supply_primary_c, target), b.temp_supply_primary_c)
    q = np.clip((20.0 - b.temp_outdoor_c) / 57.0, 0.0, 1.0)
    given = (
        q * (mixed - 20.0) / (np.maximum(curve_supply_c(b.temp_outdoor_c), 40.0) - 20.0) * (1.15 if index < 1 else 1.05)
    )
    ratio = np.where(q > 0, given / np.maximum(q, 0.02), 1.0)
    rooms = 20.0 + np.clip(0.35 * (ratio - 1.0) * (20.0 - b.temp_outdoor_c), -6.0, 4.5) * on + 4.0 * (1 - on)
    spread = np.array([-1.2, -0.3, 0.6, 1.1])
    indoor = rooms[:, None] + spread * (0.4 + on[:, None]) + 0.3 * np.sin(2 * np.pi * hour / 24)[:, None]
    sh = (on * given * Q_DESIGN_W)[:, None] * np.array([1.0, 0.97, 1.02, 0.9])
    peaks = 0.5 + np.exp(-(((hour - 8.0) / 1.5) ** 2)) + 1.3 * np.exp(-(((hour - 20.0) / 2.0) ** 2))
    dhw = 27e3 * peaks[:, None] * np.array([1.0, 0.9, 1.1, 0.3])
    loss = 25e3 + 2e3 * (mixed - 70.0) / 10.0
    heat = sh.sum(axis=1) + dhw.sum(axis=1) + loss
    flow = 4 * Q_DESIGN_W / C_WATER / 80.0 * np.where(on > 0, 1.1, 0.2) * (0.7 if index == 3 else 1.0)
    back = mixed - sh.sum(axis=1) / (C_WATER * flow)
    share = np.clip((b.temp_supply_primary_c - mixed) / np.maximum(b.temp_supply_primary_c - back, 2.0), 0.0, 0.85)
    power = np.where(index == 0, 6.0e3, 2.2e3 + 300.0 * index) * (0.3 + 0.7 * on)
    one = {
        "temp_outdoor_c": b.temp_outdoor_c,
        "temp_supply_primary_c": b.temp_supply_primary_c,
        "temp_return_primary_c": back - 2.0,
        "temp_supply_secondary_c": mixed,
        "temp_return_secondary_c": back,
        "mixing_share_rel": share,
        "mass_flow_primary_kg_s": flow * (1 - share) + 0.5,
        "mass_flow_secondary_kg_s": flow,
        "heat_flow_primary_w": heat,
        "heat_loss_pipe_w": loss,
        "power_pump_w": power,
        "mode": mode,
    }
    many = {"temp_indoor_c": indoor, "heat_flow_sh_w": sh, "heat_flow_dhw_w": dhw}
    return {k: np.broadcast_to(v, n)[:, None].astype(float) for k, v in one.items()} | many


def solution_of(index: int, boundary: Boundary) -> Solution:
    time = boundary.time
    events = (
        Event(time[len(time) // 3], "mode", "WINTER to BYPASS: filtered outdoor above the CPT"),
        Event(time[len(time) // 2], "mode", "BYPASS to WINTER"),
        Event(time[len(time) // 2 + 1], "alarm", "UNDERSUPPLY: primary supply below 67 degC"),
    )
    arrays = arrays_of(index, boundary)
    return Solution(
        time,
        boundary.step_s,
        arrays,
        BUILDINGS,
        (),
        {},
        {},
        np.full(4, 18.0),
        np.full(4, 25.0),
        np.zeros(4),
        0.0,
        np.zeros(len(time), dtype=np.int64),
        events,
        {"seconds_run": 0.1},
        {"version": "0.1", "scenario_hash": "abc123", "seed": "1"},
    )


def splits_of(solution: Solution, boundary: Boundary, keep: np.ndarray) -> HeatSplit:
    h = boundary.step_s / 3600.0
    q = np.clip((20.0 - boundary.arrays.temp_outdoor_c) / 57.0, 0.0, 1.0) * boundary.arrays.heating_season
    parts = {name: solution.arrays[name][keep].sum() * h / 1e6 for name in solution.arrays if name.endswith("_w")}
    excess = parts["heat_flow_sh_w"] - (q[keep] * 3.89 * Q_DESIGN_W).sum() * h / 1e6
    return HeatSplit(
        float(keep.sum() * h),
        parts["heat_flow_primary_w"],
        parts["heat_flow_sh_w"],
        parts["heat_flow_dhw_w"],
        parts["heat_loss_pipe_w"],
        float(excess),
        parts["power_pump_w"],
    )


def economics_of(capex_eur: float, yearly_eur: float, *, incremental: bool) -> EconomicScore:
    years = np.arange(26)
    flow = pd.DataFrame(index=pd.RangeIndex(26, name="year"))
    flow["capex"] = np.where(years == 0, -capex_eur, 0.0)
    flow["heat"] = np.where(years > 0, yearly_eur * 1.1, 0.0)
    flow["fuel"] = 0.0
    flow["electricity"] = np.where(years > 0, -yearly_eur * 0.1, 0.0)
    flow["service"] = flow["staff"] = flow["co2"] = 0.0
    flow["net"] = flow.sum(axis=1)
    flow["cumulative"] = flow["net"].cumsum()
    flow["discounted"] = flow["net"] / 1.08**years
    flow["cumulative_discounted"] = flow["discounted"].cumsum()
    pays = yearly_eur > 0 and capex_eur > 0
    capex = pd.DataFrame(
        [
            ("Bypass line, DN100", 12.0, "m", 100.0, 0, 1200.0, "paper"),
            ("Pump with VFD", 2.0, "piece", 5830.0, 0, 11660.0, "vendor"),
        ],
        columns=["item", "quantity", "unit", "unit_cost_eur", "year", "cost_eur", "source"],
    )
    below = flow["cumulative_discounted"] >= 0
    discounted = float(below.idxmax()) if pays and below.any() else None
    return EconomicScore(
        "society",
        incremental,
        pd.DataFrame({"item": ["service"], "quantity": [1.0], "unit": ["year"], "price_eur": [4e3], "cost_eur": [4e3]}),
        capex if capex_eur else capex.iloc[:0],
        flow,
        capex_eur,
        4000.0,
        float(flow["discounted"].sum()),
        0.3 if pays else None,
        "" if pays else "no sign change: there is no IRR",
        capex_eur / yearly_eur if pays else None,
        discounted,
        capex_eur / yearly_eur if pays else None,
        44.03,
        47.5,
    )


def score_of(name: str, solution: Solution, boundary: Boundary) -> Scorecard:
    group = boundary.arrays.group
    kind, month = group % N_CLASS, group // N_CLASS
    year = splits_of(solution, boundary, np.ones(len(group), dtype=bool))
    split = {k: splits_of(solution, boundary, kind == k) for k in range(N_CLASS)}
    months = tuple(splits_of(solution, boundary, month == m) for m in range(12))
    heat = year.heat_total_mwh
    energy = EnergyScore(
        year,
        split[ABOVE_CPT],
        split[BELOW_CPT],
        split[OUT_OF_SEASON],
        months,
        year.heat_sh_mwh - year.heat_excess_mwh + year.heat_dhw_mwh,
        8.1,
        12.2,
        11.0,
        12.4,
        0.5,
        1.3,
        4210.0,
        84.2,
        51.3,
        1e-9,
    )
    rooms = solution.arrays["temp_indoor_c"]
    table = pd.DataFrame(
        {
            "type": TYPES,
            "temp_mean_c": rooms.mean(axis=0),
            "temp_min_c": rooms.min(axis=0),
            "temp_max_c": rooms.max(axis=0),
            "overheating_kh": 3210.0,
            "underheating_kh": 456.0,
            "share_in_band": 0.41,
            "heat_sh_mwh": year.heat_sh_mwh / 4,
            "heat_dhw_mwh": year.heat_dhw_mwh / 4,
            "dp_min_kpa": 171.0,
            "nozzle_mm": 8.4,
        },
        index=pd.Index(BUILDINGS, name="building"),
    )
    comfort = ComfortScore(21.2, float(rooms.min()), float(rooms.max()), "b01", "b04", 3210.0, 456.0, 0.41, table)
    emission = EmissionScore(
        "Ekibastuz SS",
        "energy",
        0.265 * heat,
        1.23 * heat,
        0.418 * heat,
        0.0041 * heat,
        0.0011 * heat,
        0.002 * heat,
        0.45 * year.energy_pump_mwh,
        0.001 * year.energy_pump_mwh,
        0.418 * heat + 0.478 * year.energy_pump_mwh,
        0.418,
        0.0041,
        0.0011,
        0.002,
        0.001,
    )
    return Scorecard(
        name,
        f"The case {name}",
        name,
        name == "baseline",
        1.0,
        CPT_C,
        energy,
        comfort,
        emission,
        economics_of(0.0 if name == "baseline" else 12860.0, -150e3, incremental=False),
        {"FLOW_LOW": 12.5} if name == "variable_flow" else {},
        {"WINTER": 3600.0, "BYPASS": 0.0 if name == "baseline" else 1500.0, "SUMMER_DHW": 3660.0},
        {"mode": 2, "alarm": 1},
        ("Weather: synthetic year from monthly means (seed 3).", "Prices are assumed."),
        dict(solution.provenance),
    )


def comparison_of(names: tuple[str, ...], *, days: int = 365, step_s: float = 3600.0) -> Comparison:
    boundary = boundary_of(days, step_s)
    runs = []
    for name in names:
        solution = solution_of(NAMES.index(name), boundary)
        runs.append(Run(case_of(name, boundary), solution, score_of(name, solution, boundary)))
    reference = runs[0].score
    steps, incremental, abatement, table1 = [], {}, {}, {}
    for before, run in itertools.pairwise(runs):
        saved = reference.energy.year.heat_total_mwh - run.score.energy.year.heat_total_mwh
        incremental[run.name] = economics_of(12860.0, 20.0 * saved, incremental=True)
        abatement[run.name] = 12860.0 / (25 * 0.418 * saved) if saved > 0 else None
        old, new = before.score.energy, run.score.energy
        steps.append(
            {
                "step": run.name.replace("_", " "),
                "from": before.name,
                "to": run.name,
                "heat_saved_mwh": old.year.heat_total_mwh - new.year.heat_total_mwh,
                "heat_saved_above_cpt_mwh": old.above_cpt.heat_total_mwh - new.above_cpt.heat_total_mwh,
                "electricity_saved_mwh": old.year.energy_pump_mwh - new.year.energy_pump_mwh,
                "note": "",
            }
        )
        table1[run.name] = pd.DataFrame(
            {"before_t": [13.5, 50.2, 5120.0], "after_t": [12.9, 48.0, 4890.0]},
            index=pd.Index(["NOx", "SO2", "CO2"], name="pollutant"),
        )
    scores = [run.score for run in runs]
    against = {name: Against(money, abatement[name], 12.3) for name, money in incremental.items()}
    table = comparison_table(scores, against)
    columns = ["step", "from", "to", "heat_saved_mwh", "heat_saved_above_cpt_mwh", "electricity_saved_mwh", "note"]
    return Comparison(
        tuple(runs), table, differences(table), incremental, pd.DataFrame(steps, columns=columns), table1, abatement
    )


@pytest.fixture(scope="session")
def make_comparison() -> Callable[..., Comparison]:
    return comparison_of


@pytest.fixture(scope="session")
def comparison() -> Comparison:
    """Three scenarios, a year of hours."""
    return comparison_of(("baseline", "cap70", "compensated"))


@pytest.fixture(scope="session")
def single() -> Comparison:
    """One scenario alone, as `dhsim run` reports it."""
    return comparison_of(("baseline",), days=60)
