"""Irradiance on a grid of intervals: the sun's path, walls from global irradiance, and synthetic suns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dhsim.physics import solar
from dhsim.scenario.schema import SiteSection
from dhsim.units import H_PER_DAY, S_PER_H

Floats = NDArray[np.float64]

_SAMPLES = 6
"""Instants at which the sun is looked at within an interval."""
_BEAM_SHARE_MAX = 0.85
"""Beam at most this share of the extraterrestrial one: a low sun would make more of a small measured difference."""


@dataclass(frozen=True)
class SunPath:
    """The sun during each interval; angles of shape (n_interval, n_sample)."""

    elevation_sun_rad: Floats
    azimuth_sun_rad: Floats
    irradiance_extraterrestrial_normal_w_m2: Floats
    """(n_interval,)"""
    irradiance_extraterrestrial_w_m2: Floats
    """(n_interval,), mean on a level plane"""


def sun_path(begin: pd.DatetimeIndex, step_s: float, site: SiteSection) -> SunPath:
    """Return where the sun stands during intervals.

    Parameters
    ----------
    begin
        Beginning of each interval, local standard time of the site.
    step_s
        Length of an interval [s].
    site
        The place.
    """
    date = begin.day_of_year.to_numpy().astype(np.float64)[:, None]
    begin_h = np.asarray(begin.hour + begin.minute / 60.0, dtype=np.float64)[:, None]
    time_h = begin_h + (np.arange(_SAMPLES) + 0.5) / _SAMPLES * step_s / S_PER_H
    day = date + (time_h - 12.0) / H_PER_DAY
    angle = solar.hour_angle_rad(time_h, site.longitude_deg, site.utc_offset_h, solar.equation_of_time_min(day))
    latitude, declination = np.deg2rad(site.latitude_deg), solar.declination_sun_rad(day)
    elevation = solar.elevation_sun_rad(latitude, declination, angle)
    normal = solar.irradiance_extraterrestrial_normal_w_m2(date)
    level = solar.irradiance_extraterrestrial_horizontal_w_m2(normal, elevation)
    return SunPath(elevation, solar.azimuth_sun_rad(latitude, declination, angle), normal[:, 0], level.mean(axis=1))


def irradiance_facade(
    path: SunPath, horizontal_w_m2: Floats, direct_normal_w_m2: Floats | None, diffuse_w_m2: Floats | None
) -> Floats:
    """Return the mean irradiance on four vertical facades.

    Beam and diffuse are taken as given, or split by Erbs. The beam is constant during an interval, its angle is not.

    Parameters
    ----------
    path
        The sun.
    horizontal_w_m2
        Global irradiance [W/m2], shape (n_interval,).
    direct_normal_w_m2
        Beam [W/m2], if known.
    diffuse_w_m2
        Diffuse on a level plane [W/m2], if known.

    Returns
    -------
    ndarray
        Irradiance [W/m2], shape (n_interval,).
    """
    if direct_normal_w_m2 is None or diffuse_w_m2 is None:
        direct_normal_w_m2, diffuse_w_m2 = _split(path, horizontal_w_m2)
    walls = solar.irradiance_facade_mean_w_m2(
        direct_normal_w_m2[:, None],
        diffuse_w_m2[:, None],
        horizontal_w_m2[:, None],
        path.elevation_sun_rad,
        path.azimuth_sun_rad,
        solar.ALBEDO_GROUND_REL,
    )
    mean: Floats = walls.mean(axis=1)
    return mean


def _split(path: SunPath, horizontal_w_m2: Floats) -> tuple[Floats, Floats]:
    """Return beam (square to the rays) and diffuse; together they give the global irradiance again."""
    outside = path.irradiance_extraterrestrial_w_m2
    sine = np.maximum(np.sin(path.elevation_sun_rad), 0.0).mean(axis=1)
    up = sine > 0.0
    clearness = np.divide(horizontal_w_m2, outside, out=np.zeros_like(outside), where=up)
    beam_level = horizontal_w_m2 * (1.0 - solar.diffuse_fraction_rel(clearness))
    beam = np.divide(beam_level, sine, out=np.zeros_like(outside), where=up)
    beam = np.minimum(beam, _BEAM_SHARE_MAX * path.irradiance_extraterrestrial_normal_w_m2)
    return beam, np.maximum(horizontal_w_m2 - beam * sine, 0.0)


def share_in_the_dark(path: SunPath, horizontal_w_m2: Floats) -> float:
    """Return the share of measured irradiance that falls while the sun is down: large if the site is wrong."""
    total = float(horizontal_w_m2.sum())
    dark = path.irradiance_extraterrestrial_w_m2 <= 0.0
    return float(horizontal_w_m2[dark].sum()) / total if total > 0.0 else 0.0
