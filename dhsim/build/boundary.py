"""Everything on the time grid: weather, plant supply, season, gains and hot water."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dhsim.build.dhw import heat_gain_w, tap_mass_flow_kg_s, temp_cold_c
from dhsim.build.system import DhwPeak, change_point_c, curve_of
from dhsim.build.weather import Weather, heating_season, make_weather
from dhsim.errors import ScenarioError
from dhsim.model.boundary import ABOVE_CPT, BELOW_CPT, N_CLASS, OUT_OF_SEASON, Boundary, BoundaryArrays
from dhsim.model.system import Floats, Ints
from dhsim.physics.heat_load import relative_load
from dhsim.physics.heating_curve import operational_supply_temp_c, supply_temp_c
from dhsim.physics.soil import DAYS_PER_YEAR, ground_temp_c
from dhsim.physics.water import HEAT_CAPACITY_WATER_J_KGK
from dhsim.scenario.schema import Scenario
from dhsim.units import PA_PER_KPA, S_PER_DAY, S_PER_MIN

GROUND_DEPTH_M = 1.5
GROUND_DIFFUSIVITY_M2_S = 0.6e-6
WARM_UP_DAYS = 3
"""Unheated rooms are at 13 degC or so when the season starts; that is no verdict on a policy."""
DAYS_FOR_HARMONIC = 300


def build_boundary(scenario: Scenario) -> tuple[Boundary, DhwPeak]:
    """Return what happens on the time grid, and the peak draws that size the DHW heaters."""
    weather = make_weather(scenario)
    step_s = scenario.time.step_min * S_PER_MIN
    outdoor = weather.temp_outdoor_c
    steps_per_day = round(S_PER_DAY / step_s)
    season = season_of(scenario, outdoor, steps_per_day)
    cpt = change_point_c(scenario)
    cold = temp_cold_c(scenario, weather.time)
    tap = tap_mass_flow_kg_s(scenario, weather.time)
    arrays = BoundaryArrays(
        temp_outdoor_c=outdoor,
        temp_ground_c=ground_of(weather),
        irradiance_w_m2=weather.irradiance_facade_w_m2,
        temp_supply_primary_c=plant_supply_c(scenario, outdoor),
        dp_available_pa=np.full(outdoor.size, scenario.plant.dp_available_kpa * PA_PER_KPA),
        temp_cold_c=cold,
        heating_season=season,
        comfort_counted=counted_of(season, steps_per_day),
        group=group_of(weather.time, outdoor, season, cpt),
        heat_gain_w=heat_gain_w(scenario, weather.time),
        mass_flow_tap_kg_s=tap,
    )
    heat = tap * HEAT_CAPACITY_WATER_J_KGK * (scenario.dhw.temp_hot_c - cold)[:, np.newaxis]
    peak = DhwPeak(heat.max(axis=0), float(heat.sum(axis=1).max()), float(cold.min()))
    notes = weather.notes
    if weather.year is None and scenario.time.days < DAYS_FOR_HARMONIC:
        notes += ("The ground is at the run's mean outdoor temperature: the run is too short to show the year.",)
    boundary = Boundary(weather.time, step_s, arrays, cpt, weather.source, weather.statistics, notes)
    return boundary, peak


def plant_supply_c(scenario: Scenario, temp_outdoor_c: Floats) -> Floats:
    """Return the primary supply at the inlet [degC]: line, floor, cap, and the overshoot at and above the CPT."""
    plant, curve, cpt = scenario.plant, curve_of(scenario), change_point_c(scenario)
    if plant.line == "points":
        assert plant.points is not None
        line = np.interp(temp_outdoor_c, [x for x, _ in plant.points], [y for _, y in plant.points])
    elif plant.line == "operational":
        if plant.operational_temp_outdoor_c >= cpt:
            message = f"must be below the CPT of {cpt:.2f} degC (got {plant.operational_temp_outdoor_c:g})"
            raise ScenarioError([scenario.problem("plant.operational_temp_outdoor_c", message)])
        line = operational_supply_temp_c(
            temp_outdoor_c, cpt, plant.temp_floor_c, plant.operational_temp_outdoor_c, plant.temp_cap_c
        )
    else:
        load = relative_load(temp_outdoor_c, curve.temp_indoor_c, curve.temp_design_outdoor_c)
        line = supply_temp_c(
            load,
            1.0,
            curve.temp_indoor_c,
            curve.head_design_k,
            curve.drop_radiator_k,
            curve.drop_network_k,
            curve.exponent,
        )
        line = np.clip(line, plant.temp_floor_c, plant.temp_cap_c)
    supply: Floats = np.asarray(line + np.where(temp_outdoor_c >= cpt, plant.overshoot_k, 0.0), dtype=np.float64)
    return supply


def season_of(scenario: Scenario, temp_outdoor_c: Floats, steps_per_day: int) -> Ints:
    """Return 1 in the heating season, per step."""
    rule = scenario.heat_load.heating_season
    if rule == "by_temperature":
        return heating_season(temp_outdoor_c, steps_per_day, scenario.heat_load.heating_limit_temp_c).astype(np.int64)
    return np.full(temp_outdoor_c.size, rule == "always", dtype=np.int64)


def counted_of(season: Ints, steps_per_day: int) -> Ints:
    """Return 1 in the heating season but for `WARM_UP_DAYS` after each start; a run starting in it counts at once."""
    counted = season.copy()
    for start in np.flatnonzero(np.diff(season) == 1) + 1:
        counted[start : start + WARM_UP_DAYS * steps_per_day] = 0
    return counted


def group_of(time: pd.DatetimeIndex, temp_outdoor_c: Floats, season: Ints, cpt_c: float) -> Ints:
    """Return the group of hours that each step's integrals belong to: month, and season below or above the CPT."""
    kind = np.where(season == 0, OUT_OF_SEASON, np.where(temp_outdoor_c > cpt_c, ABOVE_CPT, BELOW_CPT))
    group: Ints = ((time.month.to_numpy() - 1) * N_CLASS + kind).astype(np.int64)
    return group


def ground_of(weather: Weather) -> Floats:
    """Return the ground temperature at pipe depth on the run's grid [degC].

    From the first harmonic of the outdoor temperature: of the whole calendar year where it is known, else of the run; a
    run shorter than 300 days then has no yearly swing to fit, and its mean outdoor temperature is taken.
    """
    year = pd.Series(weather.temp_outdoor_c, weather.time) if weather.year is None else weather.year
    mean = float(year.mean())
    if year.index[-1] - year.index[0] < pd.Timedelta(days=DAYS_FOR_HARMONIC):
        return np.full(len(weather.time), mean)
    angle = 2.0 * np.pi * _day_of_year(pd.DatetimeIndex(year.index)) / DAYS_PER_YEAR
    off = year.to_numpy() - mean
    a, b = 2.0 * np.mean(off * np.cos(angle)), 2.0 * np.mean(off * np.sin(angle))
    coldest = (np.arctan2(-b, -a) % (2.0 * np.pi)) * DAYS_PER_YEAR / (2.0 * np.pi)
    ground: Floats = ground_temp_c(
        _day_of_year(weather.time),
        mean,
        float(np.hypot(a, b)),
        float(coldest),
        GROUND_DEPTH_M,
        GROUND_DIFFUSIVITY_M2_S,
    )
    return ground


def _day_of_year(time: pd.DatetimeIndex) -> Floats:
    day: Floats = time.day_of_year.to_numpy() - 1 + (time.hour.to_numpy() + time.minute.to_numpy() / 60.0) / 24.0
    return day
