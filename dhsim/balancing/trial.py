"""A rebalancing tried in the simulator before anyone turns a valve: the same winter with the present and new settings.

Every setting gets the heating curve that keeps the flats' mean at the same temperature, as an operator would find it;
otherwise a building that gets more water would only be warmer. Flats start alike, so that the first days are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from dhsim.balancing.flags import Flag
from dhsim.balancing.outcome import classical_option
from dhsim.balancing.performance import angle_rad
from dhsim.balancing.trial_truth import HiddenTruth, with_heads
from dhsim.balancing.trial_weather import TrialWeather, on_steps
from dhsim.balancing.workflow import Round
from dhsim.engine.circuit import simulate_building
from dhsim.engine.circuit_drive import BuildingDrive, supply_series
from dhsim.engine.circuit_graph import Friction
from dhsim.engine.circuit_run import BuildingRun
from dhsim.engine.circuit_truth import TrueParameters, true_parameters
from dhsim.errors import DhsimError
from dhsim.model.building import Building
from dhsim.model.zones import BuildingZones
from dhsim.network.parts import Floats
from dhsim.units import J_PER_KWH, M3_PER_L, S_PER_DAY, S_PER_H

SETTLING_DAYS = 15.0
"""Left out before what is compared: several time constants of a heated flat."""
STEP_S = 900.0
"""Of the simulator; it steps implicitly, and at an hour its rooms would seem 0.7 % slower than they are."""
PRESENT, CHOSEN, MADE, PLAN = "present", "chosen", "made", "plan's calculation"
_ROUNDS = 4
"""To find the slope of the heating curve at the supply that it gives: radiators' exponents are near 1."""


class Winter(NamedTuple):
    """One simulated winter."""

    run: BuildingRun
    truth: TrueParameters
    """At the mean winter's day, heads off."""
    slope_rel: float
    """Of the heating curve: kelvin of supply for each kelvin that it is colder."""
    settling_days: float
    density_kg_m3: float

    def kept(self, name: str) -> Floats:
        """Return a series of the run without the days to settle."""
        return self.run[name][round(self.settling_days * S_PER_DAY / self.run.step_s) :]

    @property
    def angle_rad(self) -> float:
        """True angle at these settings, heads off [rad]."""
        return angle_rad(self.truth.theta_per_s, self.truth.nu_per_s)

    @property
    def temp_mean_zone_c(self) -> Floats:
        """Mean temperature of each flat, shape (n_zone,) [degC]."""
        return np.asarray(self.kept("temp_zone_c").mean(axis=0))

    @property
    def spread_mean_k(self) -> float:
        """Standard deviation of the flats' mean temperatures [K]."""
        return float(self.temp_mean_zone_c.std(ddof=1)) if len(self.run.zone_ids) > 1 else 0.0

    @property
    def spread_k(self) -> float:
        """Standard deviation over the flats, averaged over time [K]."""
        return self.run.mean_spread_k(self.settling_days * S_PER_DAY)

    @property
    def flow_l_h(self) -> float:
        """Mean flow through the pump [l/h]."""
        return float(self.kept("mass_flow_kg_s").mean() / self.density_kg_m3 / M3_PER_L * S_PER_H)

    @property
    def heat_kwh(self) -> float:
        """Heat taken from the water [kWh]."""
        return float(self.kept("heat_water_w").sum() * self.run.step_s / J_PER_KWH)

    @property
    def energy_pump_kwh(self) -> float:
        """Work of the pump on the water [kWh]."""
        power_w = self.kept("dp_pump_pa") * self.kept("mass_flow_kg_s") / self.density_kg_m3
        return float(power_w.sum() * self.run.step_s / J_PER_KWH)


def curve_slope_rel(zones: BuildingZones, nu_per_s: ArrayLike) -> float:
    """Return the slope of the heating curve that keeps the flats' mean at its reference in every steady weather.

    ``u = y_ref + s (y_ref - w)``, ``s = mean(A^-1 UA) / mean(A^-1 G)``, ``A = K + diag(G)``, ``G = nu C_J``

    Parameters
    ----------
    zones
        Heat losses and walls, of which K is the matrix.
    nu_per_s
        Heat supply of each zone [1/s].

    Returns
    -------
    float
        Slope s [-].

    Raises
    ------
    DhsimError
        If no flat gets heat.

    Notes
    -----
    Source: steady state of eq. (7) of doi 10.1016/j.enbuild.2025.116464, with walls between flats.
    """
    supply_w_k = np.asarray(nu_per_s, np.float64) * zones.zones.heat_capacity_j_k
    if not supply_w_k.sum() > 0.0:
        raise DhsimError("no flat gets heat: look at the settings of the valves")
    matrix = zones.conductance_w_k + np.diag(supply_w_k)
    lost, given = np.linalg.solve(matrix, np.column_stack([zones.zones.ua_outdoor_w_k, supply_w_k])).mean(axis=0)
    return float(lost / given)


def simulated_winter(
    building: Building,
    zones: BuildingZones,
    weather: TrialWeather,
    *,
    temp_ref_c: float = 21.0,
    friction: Friction = "colebrook",
    step_s: float = STEP_S,
    settling_days: float = SETTLING_DAYS,
    heat_gain_w: ArrayLike = 0.0,
) -> Winter:
    """Simulate a building through a winter, with the heating curve that suits its valves.

    Parameters
    ----------
    building
        With the valves as they stand.
    zones
        Rooms, radiators and heads.
    weather
        Hourly.
    temp_ref_c
        Mean of the flats that the curve keeps, heads off and without gains [degC].
    friction
        Law of the pipes.
    step_s
        Step of the simulator; fits into an hour [s].
    settling_days
        Days left out of what is compared.
    heat_gain_w
        People and appliances, as in `BuildingDrive` [W].

    Returns
    -------
    Winter
        Run and truth.

    Raises
    ------
    ConvergenceError
        If a step did not settle.
    """
    outdoor, plant = (on_steps(series, step_s) for series in (weather.temp_outdoor_c, weather.plant_k))
    cold_k = max(temp_ref_c - float(outdoor.mean()), 1.0)
    slope = 1.0
    for _ in range(_ROUNDS):
        truth = true_parameters(
            building, zones, temp_supply_c=temp_ref_c + slope * cold_k, temp_zone_c=temp_ref_c, friction=friction
        )
        slope = curve_slope_rel(zones, truth.nu_per_s)
    supply = supply_series(temp_ref_c + slope * (temp_ref_c - outdoor) + plant)
    drive = BuildingDrive(outdoor, supply, heat_gain_w=heat_gain_w)
    run = simulate_building(building, zones, drive, step_s, temp_start_c=temp_ref_c, friction=friction)
    return Winter(run, truth, slope, settling_days, building.fluid.density_kg_m3)


@dataclass(frozen=True, eq=False)
class Trial:
    """The winters of a trial by setting and heads."""

    winters: dict[tuple[str, bool], Winter]
    """(setting, whether the heads are on) -> winter."""
    weather: TrialWeather
    truth: HiddenTruth
    temp_ref_c: float
    days: float
    flags: tuple[Flag, ...]

    @property
    def settings(self) -> tuple[str, ...]:
        """Names of the settings, the present one first."""
        return tuple(dict.fromkeys(name for name, _ in self.winters))

    @property
    def new(self) -> str:
        """Name of the new setting: as made, where that was reported, else as chosen."""
        return MADE if MADE in self.settings else CHOSEN

    @property
    def heads(self) -> tuple[bool, ...]:
        """Whether heads were on, as far as tried."""
        return tuple(dict.fromkeys(on for _, on in self.winters))

    @property
    def zone_ids(self) -> tuple[str, ...]:
        """Names of the flats."""
        return next(iter(self.winters.values())).run.zone_ids

    def frame(self) -> pd.DataFrame:
        """Return what is compared, one row a setting and kind of heads."""
        rows = []
        for (name, on), winter in self.winters.items():
            mean = winter.temp_mean_zone_c
            rows.append(
                {
                    "setting": name,
                    "heads": "on" if on else "off",
                    "angle_rad": winter.angle_rad,
                    "temp_mean_c": float(mean.mean()),
                    "spread_mean_k": winter.spread_mean_k,
                    "spread_k": winter.spread_k,
                    "coldest": self.zone_ids[int(mean.argmin())],
                    "temp_coldest_c": float(mean.min()),
                    "warmest": self.zone_ids[int(mean.argmax())],
                    "temp_warmest_c": float(mean.max()),
                    "flow_l_h": winter.flow_l_h,
                    "heat_kwh": winter.heat_kwh,
                    "energy_pump_kwh": winter.energy_pump_kwh,
                    "curve_slope_rel": winter.slope_rel,
                }
            )
        return pd.DataFrame(rows)

    def zone_frame(self) -> pd.DataFrame:
        """Return each flat's mean temperature [degC], one column a setting and kind of heads."""
        columns = {
            f"{name}, heads {'on' if on else 'off'}": winter.temp_mean_zone_c
            for (name, on), winter in self.winters.items()
        }
        return pd.DataFrame(columns, index=pd.Index(self.zone_ids, name="flat"))


def tried(
    at: Round,
    truth: HiddenTruth,
    weather: TrialWeather,
    *,
    heads: Sequence[bool] = (False, True),
    temp_ref_c: float = 21.0,
    with_plan: bool = True,
    settling_days: float = SETTLING_DAYS,
    on_progress: Callable[[float], None] | None = None,
) -> Trial:
    """Try a round's new settings: the same winter with present and new ones, as made if that was reported.

    Parameters
    ----------
    at
        The round; its settings must have been chosen, or made.
    truth
        Rooms and radiators.
    weather
        Hourly, the days to settle included.
    heads
        Whether thermostatic heads are on, one case each.
    temp_ref_c
        Mean of the flats that the heating curve keeps, and set-point of the heads [degC].
    with_plan
        Also try the settings of the plan's calculation, where the plan says enough.
    settling_days
        Days left out of what is compared.
    on_progress
        Takes the share done.

    Returns
    -------
    Trial
        All winters.

    Raises
    ------
    DhsimError
        If nothing was chosen.
    """
    applied = at.applied
    if applied is None:
        raise DhsimError(f"{at.folder}: no settings were chosen yet: `dhsim balance choose {at.folder.parent}` first")
    name = CHOSEN if at.made is None else MADE
    settings = {PRESENT: at.building, name: at.building.with_valves(applied.resistance_valves_pa_s2_m6)}
    plan, flags = classical_option(at) if with_plan else None, list(truth.flags)
    if plan is not None:
        settings[PLAN] = at.building.with_valves(plan.resistance_valves_pa_s2_m6)
    elif with_plan:
        flags.append(Flag("plan", "", "the plan does not say enough for its own calculation: it is not tried"))
    if at.made is not None:
        flags.append(Flag("made", "", "tried are the settings that were recorded as made, not those that were chosen"))
    cases = [(name, on) for on in heads for name in settings]
    winters = {}
    for k, (name, on) in enumerate(cases):
        zones = with_heads(at.case, truth.zones, on, temp_ref_c)
        winters[name, on] = simulated_winter(
            settings[name],
            zones,
            weather,
            temp_ref_c=temp_ref_c,
            friction=at.case.friction,
            settling_days=settling_days,
        )
        if on_progress is not None:
            on_progress((k + 1) / len(cases))
    days = weather.temp_outdoor_c.size * S_PER_H / S_PER_DAY - settling_days
    return Trial(winters, weather, truth, temp_ref_c, days, tuple(flags))
