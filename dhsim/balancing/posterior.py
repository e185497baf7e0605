"""What a fit knows about the zones: the most likely values, draws from the posterior, intervals and angles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dhsim.balancing.flags import Flag, listed, zone_indices
from dhsim.balancing.performance import angle_rad, angles_rad
from dhsim.balancing.prior import ThetaPrior
from dhsim.errors import DhsimError
from dhsim.units import S_PER_DAY

Floats = NDArray[np.float64]

LEVEL = 0.99
"""Of credible intervals, as in table 1 of doi 10.1016/j.enbuild.2025.116464."""
DRAW_LEAST_REL = 1e-3
"""Draws below this share of the most likely value are put there: a leakage cannot be negative."""


@dataclass(frozen=True)
class Posterior:
    """Thermal leakage theta and heat supply nu of each zone, given the data; arrays of shape (n_zone,).

    `method` says how: "regression" (eq. (23), takes the sensors at their word) or "kalman" (knows their noise). Its
    theta must not be shown as a time constant where a flag of kind "sensor noise" or "prior" stands.
    """

    zone_ids: tuple[str, ...]
    method: str
    step_s: float
    prior: ThetaPrior
    theta_per_s: Floats
    """Maximum a posteriori [1/s]."""
    nu_per_s: Floats
    """Maximum a posteriori [1/s]."""
    residual_sd_k: Floats
    """Standard deviation of what moves a zone's temperature within one step besides the model [K]."""
    theta_samples_per_s: Floats
    """Draws, shape (n_draw, n_zone) [1/s]."""
    nu_samples_per_s: Floats
    """Draws, shape (n_draw, n_zone) [1/s]; a row belongs to the same row of theta."""
    prior_share_rel: Floats
    """Posterior over prior standard deviation of theta [-]: 1 where the data say nothing about it."""
    pairs: NDArray[np.int64]
    """What was counted: steps with all readings, or, by a filter, readings beside the first."""
    sensor_sd_k: Floats | None = None
    """Standard deviation of the sensor's noise [K]; None where the method takes it as zero."""
    flags: tuple[Flag, ...] = ()

    def angle_rad(self, zones: Sequence[str] | None = None) -> float:
        """Return the angle of the most likely values over a group of zones, None for all."""
        chosen = zone_indices(zones, self.zone_ids)
        return angle_rad(self.theta_per_s[chosen], self.nu_per_s[chosen])

    def angle_samples_rad(self, zones: Sequence[str] | None = None) -> Floats:
        """Return the angle of each draw over a group of zones, shape (n_draw,).

        An angle cannot be negative and uncertainty of single zones adds to it: the draws lie above the angle of the
        most likely values, the more so the less the data say.
        """
        chosen = zone_indices(zones, self.zone_ids)
        return angles_rad(self.theta_samples_per_s[:, chosen], self.nu_samples_per_s[:, chosen])

    def angle_noise_rad(self, zones: Sequence[str] | None = None) -> float:
        """Return what uncertainty of single zones alone adds to an angle, in squares: ``E phi^2 - phi_map^2``, rooted.

        A short or quiet period makes a building look worse balanced than a long one does; an angle that is not well
        above this number says little, and periods of different length must be compared beside a control group.
        """
        excess = float(np.mean(self.angle_samples_rad(zones) ** 2)) - self.angle_rad(zones) ** 2
        return float(np.sqrt(max(excess, 0.0)))

    def angle_interval_rad(self, zones: Sequence[str] | None = None, level_rel: float = LEVEL) -> tuple[float, float]:
        """Return the equal-tailed credible interval of the angle over a group of zones."""
        low, high = np.quantile(self.angle_samples_rad(zones), _tails(level_rel))
        return float(low), float(high)

    def theta_interval_per_s(self, level_rel: float = LEVEL) -> Floats:
        """Return the equal-tailed credible interval of theta, shape (2, n_zone)."""
        return np.asarray(np.quantile(self.theta_samples_per_s, _tails(level_rel), axis=0))

    def nu_interval_per_s(self, level_rel: float = LEVEL) -> Floats:
        """Return the equal-tailed credible interval of nu, shape (2, n_zone)."""
        return np.asarray(np.quantile(self.nu_samples_per_s, _tails(level_rel), axis=0))

    def frame(self, level_rel: float = LEVEL) -> pd.DataFrame:
        """Return one row a zone: values and intervals in 1/day, prior share, noise, number of steps, flags."""
        theta, nu = self.theta_interval_per_s(level_rel) * S_PER_DAY, self.nu_interval_per_s(level_rel) * S_PER_DAY
        columns = {
            "theta_per_d": self.theta_per_s * S_PER_DAY,
            "theta_low_per_d": theta[0],
            "theta_high_per_d": theta[1],
            "nu_per_d": self.nu_per_s * S_PER_DAY,
            "nu_low_per_d": nu[0],
            "nu_high_per_d": nu[1],
            "prior_share_rel": self.prior_share_rel,
            "residual_sd_k": self.residual_sd_k,
            "pairs": self.pairs,
            "flags": [", ".join(flag.kind for flag in self.flags if flag.zone == zone) for zone in self.zone_ids],
        }
        if self.sensor_sd_k is not None:
            columns["sensor_sd_k"] = self.sensor_sd_k
        return pd.DataFrame(columns, index=pd.Index(self.zone_ids, name="zone"))


def positive_draws(fit: Posterior) -> tuple[Floats, Floats]:
    """Return the draws of theta and nu with those that are not positive put at a small share of the most likely value.

    Parameters
    ----------
    fit
        Of zones whose most likely values are positive.

    Returns
    -------
    tuple of ndarray
        Theta and nu [1/s], shape (n_draw, n_zone).

    Raises
    ------
    DhsimError
        With the zones whose leakage or heat supply came out negative.
    """
    odd = [fit.zone_ids[z] for z in np.flatnonzero(~((fit.theta_per_s > 0.0) & (fit.nu_per_s > 0.0)))]
    if odd:
        text = f"{listed(odd)}: leakage or heat supply came out negative: leave such zones out, or have them assumed"
        raise DhsimError(f"{text} (`dhsim.balancing.completion.completed`)")
    return (
        np.maximum(fit.theta_samples_per_s, DRAW_LEAST_REL * fit.theta_per_s),
        np.maximum(fit.nu_samples_per_s, DRAW_LEAST_REL * fit.nu_per_s),
    )


def probability_of_decrease(before: Posterior, after: Posterior, zones: Sequence[str] | None = None) -> float:
    """Return the posterior probability that the angle of a group of zones became smaller.

    ``P(phi_post < phi_pre)``, from independent draws of both posteriors, each pair of draws compared

    Parameters
    ----------
    before, after
        Posteriors of the two periods.
    zones
        Names of the group; None for all, which must then be the same in both.

    Returns
    -------
    float
        Probability [-].

    Raises
    ------
    DhsimError
        If a zone is unknown in one of the periods.

    Notes
    -----
    Source: table 1 of doi 10.1016/j.enbuild.2025.116464.
    """
    group = same_zones(before, after, zones)
    earlier, later = np.sort(before.angle_samples_rad(group)), after.angle_samples_rad(group)
    # every draw after against every draw before, by counting
    return float(np.mean(1.0 - np.searchsorted(earlier, later, side="right") / len(earlier)))


def same_zones(before: Posterior, after: Posterior, zones: Sequence[str] | None) -> tuple[str, ...]:
    """Return the zones to compare; an error where the periods do not both have them."""
    if zones is None and set(before.zone_ids) != set(after.zone_ids):
        odd = sorted(set(before.zone_ids) ^ set(after.zone_ids))
        raise DhsimError(f"zones in one period only: {', '.join(odd[:5])} ({len(odd)}); name the zones to compare")
    group = before.zone_ids if zones is None else tuple(zones)
    zone_indices(group, before.zone_ids), zone_indices(group, after.zone_ids)
    return group


def _tails(level_rel: float) -> list[float]:
    if not 0.0 < level_rel < 1.0:
        raise DhsimError(f"a credible level lies between 0 and 1 (got {level_rel:g})")
    return [(1.0 - level_rel) / 2.0, (1.0 + level_rel) / 2.0]
