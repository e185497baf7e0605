"""Do thermostats throttle a zone? A test of its own readings: a heat supply that falls as the room gets warmer."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dhsim.balancing.flags import Flag
from dhsim.balancing.prior import NoisePrior
from dhsim.balancing.sensitivity import PARAMETERS, kalman_scores
from dhsim.balancing.whiteness import long_run_covariance

Floats = NDArray[np.float64]

TRV_SLOPE_FLAGGED_PER_K = -0.02
"""Walls to neighbours do as much as 0.01 to 0.02 per kelvin: less than that is not a thermostat's for sure."""
TRV_T_VALUE_FLAGGED = -4.0
PLAY_K = 1.0
"""Largest hysteresis of a thermostatic head that EN 215 allows: within it a head may stand still."""
ZONES_SCREENED_MAX = 500
"""Zones up to which a fit looks for thermostats unasked."""
_ROUNDS = 40
_GAIN_MIN = 1e-3
_SD_MIN_K = 1e-5
_SD_OF_RANGE = 3.29
"""Width of the central 90 % of a normal distribution, in standard deviations."""


class Thermostats(NamedTuple):
    """How a zone's heat supply answers its room; arrays of shape (n_zone,)."""

    slope_per_k: Floats
    """Relative change of nu for a kelvin of room temperature [1/K]: 0 for open valves, negative with thermostats."""
    slope_sd_per_k: Floats
    """Its standard error [1/K], widened where residuals are not white."""
    range_room_k: Floats
    """Width of the middle nine tenths of the room's temperatures, without the sensor's noise [K]."""

    @property
    def t_value(self) -> Floats:
        """Return slope over standard error [-]."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.slope_sd_per_k > 0.0, self.slope_per_k / self.slope_sd_per_k, 0.0)

    @property
    def slope_seen_per_k(self) -> Floats:
        """Return the weakest slope that would have been flagged [1/K]."""
        return np.minimum(TRV_SLOPE_FLAGGED_PER_K, TRV_T_VALUE_FLAGGED * self.slope_sd_per_k)


def thermostats(
    temp_zone_c: Floats,
    temp_supply_c: Floats,
    temp_outdoor_c: Floats,
    start: tuple[Floats, Floats, Floats],
    theta_prior_step: tuple[Floats, Floats],
    noise_prior: NoisePrior | None = None,
) -> Thermostats:
    """Return how every zone's heat supply answers its own room, by a Kalman filter that lets it.

    ``dx/dt = theta (w - x) + nu (1 + s (x - x_mean)) (u - x) + m``, to first order in the room's movement:
    a pull ``K = -s nu (u - x)`` towards the mean, so that the room is stiffer than theta + nu would have it

    Parameters
    ----------
    temp_zone_c
        Room temperatures, shape (n_time, n_zone), NaN where missing [degC].
    temp_supply_c, temp_outdoor_c
        Supply and outdoor temperature, shape (n_time,) [degC]; the latter may be (n_time, n_zone).
    start
        Theta and nu times the step, and the variance of a step: where the search starts.
    theta_prior_step
        Mean and standard deviation of the prior of theta times the step.
    noise_prior
        Of the sensor's standard deviation; None for `NoisePrior()`.

    Returns
    -------
    Thermostats
        One number of each kind a zone; slope 0 and error infinite where the search found nothing.

    Notes
    -----
    The filter knows the sensor's noise, in which the hourly difference quotient drowns. Steady gains m are fitted
    beside the slope. Walls to neighbours pull as well, towards rooms that move along: that looks like a slope of 0.01
    to 0.02 per kelvin (70 synthetic flats, a third of the outdoor conductance to each neighbour), hence the least slope
    that is flagged. What no such test can see is a head that does not move: rooms that stay within its play (0.4 K in
    dhsim's simulator, at most 1 K by EN 215) leave it at rest, and it is a preset. See `thermostat_flags`.

    Measured on 70 synthetic flats (130 days hourly, 0.05 K of noise), flats throttled for half of the time or more:
    usual operation 14 of 30 flagged (sun and people on top: 16 of 64), with the supply moved by 4 K either way every
    36 h at random 26 of 27 (63 of 65). Heads off: 0 of 70 in each; with walls between flats and usual operation 2.
    """
    believed = NoisePrior() if noise_prior is None else noise_prior
    count = temp_zone_c.shape[1]
    slope, error, width = np.zeros(count), np.full(count, np.inf), np.zeros(count)
    for z in range(count):
        column = np.ascontiguousarray(temp_zone_c[:, z])
        air = np.ascontiguousarray(temp_outdoor_c[:, z]) if temp_outdoor_c.ndim == 2 else temp_outdoor_c
        mean, sd = (float(side[z]) for side in theta_prior_step)
        search = _Search((column, temp_supply_c, air), mean, sd, believed)
        point = search.best(float(start[0][z]), float(start[1][z]), float(start[2][z]))
        if point is None:
            continue
        above = temp_supply_c - search.temp_mean_c
        scale = -1.0 / (point[1] * float(np.nanmean(above)))
        if not (np.isfinite(scale) and point[1] > 0.0):
            continue
        slope[z], error[z] = scale * point[2], abs(scale) * search.pull_sd(point)
        spread = float(np.nanvar(column)) - np.exp(2.0 * point[5])
        width[z] = _SD_OF_RANGE * np.sqrt(max(spread, 0.0))
    return Thermostats(slope, error, width)


class _Search:
    """Scoring for one zone: point, score and information of the posterior."""

    def __init__(self, series: tuple[Floats, Floats, Floats], mean: float, sd: float, noise: NoisePrior) -> None:
        column = series[0]
        self.series = series
        self.temp_mean_c = float(np.nanmean(column))
        self.centre = np.array([mean, 0.0, 0.0, 0.0, 0.0, np.log(noise.median_k)])
        self.weight = np.array([sd**-2.0, 0.0, 0.0, 0.0, 0.0, noise.log_sd**-2.0])
        self.score = np.zeros((len(column), PARAMETERS))
        self.fisher, self.work = np.zeros((PARAMETERS, PARAMETERS)), np.zeros((PARAMETERS, PARAMETERS))

    def deviance(self, point: Floats) -> float:
        """Return the deviance with the priors; writes score and information."""
        found = kalman_scores(*self.series, self.temp_mean_c, point, self.score, self.fisher, self.work)
        return float(found) + float(self.weight @ (point - self.centre) ** 2)

    def best(self, theta: float, nu: float, variance: float) -> Floats | None:
        """Return the most likely point by scoring with a trust that grows and shrinks; None if there is none."""
        first = max(0.5 * np.log(max(variance, _SD_MIN_K**2)) - 1.0, np.log(_SD_MIN_K))
        point = np.array([theta, nu, 0.0, 0.0, first, self.centre[5]])
        damping, height = 1e-2, self.deviance(point)
        for _ in range(_ROUNDS):
            slope = self.score.sum(axis=0) - self.weight * (point - self.centre)
            matrix = self.fisher + np.diag(self.weight)
            gained = 0.0
            while damping < 1e8:
                # a constant as large as the data allow, lest a parameter that nothing tells runs away
                step = np.linalg.solve(matrix + damping * np.diag(np.diag(matrix) + np.finfo(float).tiny), slope)
                step[4:] = np.clip(step[4:], -1.0, 1.0)
                tried = point + step
                tried[4:] = np.maximum(tried[4:], np.log(_SD_MIN_K))
                lower = self.deviance(tried)
                if np.isfinite(lower) and lower < height:
                    gained, point, height, damping = height - lower, tried, lower, damping / 10.0
                    break
                damping *= 10.0
            if gained < _GAIN_MIN:
                break
        return point if np.isfinite(height) else None

    def pull_sd(self, point: Floats) -> float:
        """Return the standard error of the pull; the larger of the model's own and what its residuals say."""
        self.deviance(point)
        prior = np.diag(self.weight)
        inverse = np.linalg.pinv(self.fisher + prior, hermitian=True)
        robust = inverse @ (long_run_covariance(self.score) + prior) @ inverse
        return float(np.sqrt(max(inverse[2, 2], robust[2, 2])))


def thermostat_flags(zone_ids: tuple[str, ...], seen: Thermostats) -> list[Flag]:
    """Return a flag for each zone that thermostats throttle, and one if they could not have been seen.

    Parameters
    ----------
    zone_ids
        Names.
    seen
        Of these zones.

    Returns
    -------
    list of Flag
        Kind "trv" with the slope for zones; kind "trv unseen" for the building, with the range of a usual room, where
        rooms moved less than the play of a head may be.

    Notes
    -----
    The first says that heads move; that there is none does not say that heads are off.
    """
    flags = []
    for zone, slope, t_value in zip(zone_ids, seen.slope_per_k, seen.t_value, strict=True):
        if slope < TRV_SLOPE_FLAGGED_PER_K and t_value < TRV_T_VALUE_FLAGGED:
            text = f"the heat supply falls by {-100 * slope:.1f} % for a kelvin of room temperature ({-t_value:.1f} "
            text += "standard errors), as thermostatic valves make it: the zone looks better balanced than it is, and "
            text += "nu is not that of the valve's setting; take the heads off for the test"
            flags.append(Flag("trv", zone, text, float(slope)))
    width = float(np.median(seen.range_room_k))
    if width < PLAY_K:
        text = f"rooms move within {width:.2f} K (median of their middle 90 %), less than the play of {PLAY_K:g} K "
        text += "that thermostatic heads may have (EN 215): heads that throttle may stand still and cannot be seen in "
        text += "these readings; make sure that they are off, or vary the supply temperature (dhsim balance excite)"
        flags.append(Flag("trv unseen", "", text, width))
    return flags


def screened_flags(zone_ids: tuple[str, ...], screening: Callable[[], Thermostats], screen: bool | None) -> list[Flag]:
    """Return what a fit says of thermostats: its flags, or that it did not look.

    Parameters
    ----------
    zone_ids
        Names.
    screening
        Looks for thermostats.
    screen
        Whether to; None for up to 500 zones.

    Returns
    -------
    list of Flag
        As `thermostat_flags`; where many zones were left unasked, one of kind "not screened".
    """
    if screen or (screen is None and len(zone_ids) <= ZONES_SCREENED_MAX):
        return thermostat_flags(zone_ids, screening())
    if screen is not None:
        return []
    text = f"{len(zone_ids)} zones, more than {ZONES_SCREENED_MAX}: no thermostats were looked for; ask for it with "
    return [Flag("not screened", "", f"{text}screen=True, or make sure that heads are off", float(len(zone_ids)))]
