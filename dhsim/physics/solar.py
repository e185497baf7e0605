"""The sun: where it stands, how much of its light is diffuse, and what falls on a vertical wall.

Angles in radians; azimuth clockwise from north; hour angle zero at solar noon and positive in the afternoon.
"""

from __future__ import annotations

import math

from dhsim.elementwise import elementwise

SOLAR_CONSTANT_W_M2 = 1361.0
"""Kopp and Lean (2011), doi 10.1029/2010GL045777."""
ALBEDO_GROUND_REL = 0.2
_DAYS_PER_YEAR = 365.0


@elementwise
def declination_sun_rad(day_of_year: float) -> float:
    """Return the sun's declination.

    Equation: Fourier series of the day angle G = 2 pi (day - 1) / 365.

    Parameters
    ----------
    day_of_year
        1 at noon of the first of January; fractions of a day count.

    Returns
    -------
    float
        Declination [rad], positive in the northern summer.

    Validity: any day; up to 0.45 degrees off in a single year, because the leap-year cycle shifts the date.
    Source: Spencer (1971), Search 2(5), 172.

    Examples
    --------
    >>> round(float(declination_sun_rad(172.0)), 3)
    0.409
    """
    angle = 2.0 * math.pi * (day_of_year - 1.0) / _DAYS_PER_YEAR
    return (
        0.006918
        - 0.399912 * math.cos(angle)
        + 0.070257 * math.sin(angle)
        - 0.006758 * math.cos(2.0 * angle)
        + 0.000907 * math.sin(2.0 * angle)
        - 0.002697 * math.cos(3.0 * angle)
        + 0.00148 * math.sin(3.0 * angle)
    )


@elementwise
def equation_of_time_min(day_of_year: float) -> float:
    """Return how much the sundial is ahead of the clock.

    Equation: Fourier series of the day angle G = 2 pi (day - 1) / 365.

    Parameters
    ----------
    day_of_year
        1 on the first of January.

    Returns
    -------
    float
        Apparent minus mean solar time [min].

    Validity: error below 0.6 min.
    Source: Spencer (1971), Search 2(5), 172.

    Examples
    --------
    >>> round(float(equation_of_time_min(307.0)), 1)
    16.4
    """
    angle = 2.0 * math.pi * (day_of_year - 1.0) / _DAYS_PER_YEAR
    series = (
        0.000075
        + 0.001868 * math.cos(angle)
        - 0.032077 * math.sin(angle)
        - 0.014615 * math.cos(2.0 * angle)
        - 0.040849 * math.sin(2.0 * angle)
    )
    return series * 720.0 / math.pi


@elementwise
def hour_angle_rad(time_local_h: float, longitude_deg: float, utc_offset_h: float, sundial_min: float) -> float:
    """Return the hour angle of the sun.

    Equation: w = 2 pi / 24 (t + L/15 - offset + E/60 - 12).

    Parameters
    ----------
    time_local_h
        Local standard time [h] after midnight.
    longitude_deg
        Longitude [deg], east positive.
    utc_offset_h
        Local standard time minus UTC [h].
    sundial_min
        Equation of time [min].

    Returns
    -------
    float
        Hour angle [rad], zero at solar noon.

    Source: Duffie and Beckman, Solar Engineering of Thermal Processes, section 1.5.

    Examples
    --------
    >>> round(float(hour_angle_rad(12.0, 15.0, 1.0, 0.0)), 6)
    0.0
    """
    time_solar_h = time_local_h + longitude_deg / 15.0 - utc_offset_h + sundial_min / 60.0
    return math.pi / 12.0 * (time_solar_h - 12.0)


@elementwise
def elevation_sun_rad(latitude_rad: float, declination_rad: float, hour_angle_rad: float) -> float:
    """Return the sun's height above the horizon, without refraction.

    Equation: sin a = sin(phi) sin(d) + cos(phi) cos(d) cos(w).

    Parameters
    ----------
    latitude_rad
        Latitude [rad], north positive.
    declination_rad
        Declination of the sun [rad].
    hour_angle_rad
        Hour angle [rad].

    Returns
    -------
    float
        Elevation [rad], negative at night.

    Source: Duffie and Beckman, Solar Engineering of Thermal Processes, eq. (1.6.5).

    Examples
    --------
    >>> round(float(elevation_sun_rad(0.9, 0.4, 0.0)), 4)
    1.0708
    """
    sine = math.sin(latitude_rad) * math.sin(declination_rad) + math.cos(latitude_rad) * math.cos(
        declination_rad
    ) * math.cos(hour_angle_rad)
    return math.asin(min(1.0, max(-1.0, sine)))


@elementwise
def azimuth_sun_rad(latitude_rad: float, declination_rad: float, hour_angle_rad: float) -> float:
    """Return the sun's azimuth.

    Equation: A = pi + atan2(sin(w) cos(d), cos(w) sin(phi) cos(d) - sin(d) cos(phi)).

    Parameters
    ----------
    latitude_rad
        Latitude [rad], north positive.
    declination_rad
        Declination of the sun [rad].
    hour_angle_rad
        Hour angle [rad].

    Returns
    -------
    float
        Azimuth [rad], clockwise from north, 0 ... 2 pi.

    Source: Duffie and Beckman, Solar Engineering of Thermal Processes, eq. (1.6.6), turned to north.

    Examples
    --------
    >>> round(float(azimuth_sun_rad(0.9, 0.4, 0.0)), 4)
    3.1416
    """
    east = math.sin(hour_angle_rad) * math.cos(declination_rad)
    south = math.cos(hour_angle_rad) * math.sin(latitude_rad) * math.cos(declination_rad) - math.sin(
        declination_rad
    ) * math.cos(latitude_rad)
    return math.pi + math.atan2(east, south)


@elementwise
def irradiance_extraterrestrial_normal_w_m2(day_of_year: float) -> float:
    """Return the irradiance outside the atmosphere, square to the rays.

    Equation: I = 1361 (r0/r)^2, the ratio as a Fourier series of the day angle.

    Parameters
    ----------
    day_of_year
        1 on the first of January.

    Returns
    -------
    float
        Irradiance [W/m2].

    Validity: ratio within 0.0001.
    Source: Spencer (1971), Search 2(5), 172; constant: Kopp and Lean (2011), doi 10.1029/2010GL045777.

    Examples
    --------
    >>> round(float(irradiance_extraterrestrial_normal_w_m2(3.0)))
    1409
    """
    angle = 2.0 * math.pi * (day_of_year - 1.0) / _DAYS_PER_YEAR
    ratio = (
        1.00011
        + 0.034221 * math.cos(angle)
        + 0.00128 * math.sin(angle)
        + 0.000719 * math.cos(2.0 * angle)
        + 0.000077 * math.sin(2.0 * angle)
    )
    return SOLAR_CONSTANT_W_M2 * ratio


@elementwise
def irradiance_extraterrestrial_horizontal_w_m2(
    irradiance_extraterrestrial_normal_w_m2: float, elevation_sun_rad: float
) -> float:
    """Return the irradiance outside the atmosphere on a level plane.

    Equation: G0 = I sin(a), 0 while the sun is down.

    Parameters
    ----------
    irradiance_extraterrestrial_normal_w_m2
        Irradiance square to the rays [W/m2].
    elevation_sun_rad
        Elevation [rad].

    Returns
    -------
    float
        Irradiance [W/m2], not negative.

    Source: Duffie and Beckman, Solar Engineering of Thermal Processes, eq. (1.10.2).

    Examples
    --------
    >>> round(float(irradiance_extraterrestrial_horizontal_w_m2(1361.0, 0.5)), 1)
    652.5
    >>> float(irradiance_extraterrestrial_horizontal_w_m2(1361.0, -0.1))
    0.0
    """
    return irradiance_extraterrestrial_normal_w_m2 * max(0.0, math.sin(elevation_sun_rad))


@elementwise
def diffuse_fraction_rel(clearness_rel: float) -> float:
    """Return the diffuse share of the global horizontal irradiance, hourly.

    Equation: polynomial in the clearness index kt in three ranges (up to 0.22, up to 0.80, above).

    Parameters
    ----------
    clearness_rel
        Global over extraterrestrial horizontal irradiance [-].

    Returns
    -------
    float
        Diffuse share [-], 0 ... 1; NaN for a negative index.

    Validity: hourly values; fitted to stations in the USA, 31 to 42 degrees north.
    Source: Erbs, Klein and Duffie (1982), doi 10.1016/0038-092X(82)90302-4.

    Examples
    --------
    >>> round(float(diffuse_fraction_rel(0.5)), 3)
    0.659
    """
    if not clearness_rel >= 0.0:
        return math.nan
    if clearness_rel <= 0.22:
        return 1.0 - 0.09 * clearness_rel
    if clearness_rel > 0.80:
        return 0.165
    return (
        0.9511
        - 0.1604 * clearness_rel
        + 4.388 * clearness_rel**2
        - 16.638 * clearness_rel**3
        + 12.336 * clearness_rel**4
    )


@elementwise
def irradiance_vertical_w_m2(
    irradiance_direct_normal_w_m2: float,
    irradiance_diffuse_w_m2: float,
    irradiance_horizontal_w_m2: float,
    elevation_sun_rad: float,
    azimuth_sun_rad: float,
    azimuth_facade_rad: float,
    albedo_rel: float,
) -> float:
    """Return the irradiance on a vertical wall under an isotropic sky.

    Equation: G = B cos(a) cos(A - A_wall) (if positive and the sun is up) + D/2 + albedo G_h/2.

    Parameters
    ----------
    irradiance_direct_normal_w_m2
        Beam, square to the rays [W/m2].
    irradiance_diffuse_w_m2
        Diffuse on a level plane [W/m2].
    irradiance_horizontal_w_m2
        Global on a level plane [W/m2].
    elevation_sun_rad
        Elevation [rad].
    azimuth_sun_rad
        Azimuth of the sun [rad], clockwise from north.
    azimuth_facade_rad
        Azimuth the wall looks to [rad], clockwise from north.
    albedo_rel
        Reflected share of the ground in front [-].

    Returns
    -------
    float
        Irradiance [W/m2]; NaN for negative irradiance.

    Source: Liu and Jordan (1960), doi 10.1016/0038-092X(60)90062-1, for a tilt of 90 degrees.

    Examples
    --------
    >>> round(float(irradiance_vertical_w_m2(500.0, 100.0, 350.0, 0.5, 3.1416, 3.1416, 0.2)), 1)
    523.8
    """
    if irradiance_direct_normal_w_m2 < 0.0 or irradiance_diffuse_w_m2 < 0.0 or irradiance_horizontal_w_m2 < 0.0:
        return math.nan
    beam = 0.0
    if elevation_sun_rad > 0.0:
        cosine = math.cos(elevation_sun_rad) * math.cos(azimuth_sun_rad - azimuth_facade_rad)
        beam = irradiance_direct_normal_w_m2 * max(0.0, cosine)
    return beam + 0.5 * irradiance_diffuse_w_m2 + 0.5 * albedo_rel * irradiance_horizontal_w_m2


@elementwise
def irradiance_facade_mean_w_m2(
    irradiance_direct_normal_w_m2: float,
    irradiance_diffuse_w_m2: float,
    irradiance_horizontal_w_m2: float,
    elevation_sun_rad: float,
    azimuth_sun_rad: float,
    albedo_rel: float,
) -> float:
    """Return the mean irradiance on walls that look north, east, south and west.

    Equation: mean of `irradiance_vertical_w_m2` over the four azimuths.

    Parameters
    ----------
    irradiance_direct_normal_w_m2
        Beam, square to the rays [W/m2].
    irradiance_diffuse_w_m2
        Diffuse on a level plane [W/m2].
    irradiance_horizontal_w_m2
        Global on a level plane [W/m2].
    elevation_sun_rad
        Elevation [rad].
    azimuth_sun_rad
        Azimuth of the sun [rad], clockwise from north.
    albedo_rel
        Reflected share of the ground in front [-].

    Returns
    -------
    float
        Irradiance [W/m2]; NaN for negative irradiance.

    Source: Liu and Jordan (1960), doi 10.1016/0038-092X(60)90062-1, for a tilt of 90 degrees.

    Examples
    --------
    >>> round(float(irradiance_facade_mean_w_m2(500.0, 100.0, 350.0, 0.5, 3.1416, 0.2)), 1)
    194.7
    """
    total = 0.0
    for quarter in range(4):
        total += irradiance_vertical_w_m2(
            irradiance_direct_normal_w_m2,
            irradiance_diffuse_w_m2,
            irradiance_horizontal_w_m2,
            elevation_sun_rad,
            azimuth_sun_rad,
            quarter * 0.5 * math.pi,
            albedo_rel,
        )
    return 0.25 * total
