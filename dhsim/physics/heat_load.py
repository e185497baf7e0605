"""How much heat the buildings need at an outdoor temperature, eq. (1)."""

from __future__ import annotations

import numpy as np

from dhsim.elementwise import elementwise


@elementwise
def relative_load(temp_outdoor_c: float, temp_indoor_c: float, temp_design_outdoor_c: float) -> float:
    """Return the linear heat load relative to design.

    ``q = (t_n - t_out) / (t_n - DOT)``, limited to 0 ... 1: no cooling, and no more than the design load.

    Parameters
    ----------
    temp_outdoor_c
        Outdoor temperature [degC].
    temp_indoor_c
        Indoor temperature t_n that the design stands for [degC].
    temp_design_outdoor_c
        Design outdoor temperature DOT [degC].

    Returns
    -------
    float
        Relative load [-], shape of the inputs. NaN unless t_n > DOT.

    Notes
    -----
    Source: eq. (1) of doi 10.3390/en18112772.

    Examples
    --------
    >>> round(float(relative_load(2.0, 20.0, -37.0)), 4)
    0.3158
    """
    if temp_indoor_c <= temp_design_outdoor_c:
        return np.nan
    load_rel = (temp_indoor_c - temp_outdoor_c) / (temp_indoor_c - temp_design_outdoor_c)
    if load_rel < 0.0:
        return 0.0
    if load_rel > 1.0:
        return 1.0
    return load_rel


@elementwise
def heat_demand_w(relative_load: float, heat_design_w: float) -> float:
    """Return the heat demand.

    ``Q_T = q Q_D``

    Parameters
    ----------
    relative_load
        Load relative to design q [-].
    heat_design_w
        Design heat demand Q_D [W].

    Returns
    -------
    float
        Heat demand [W], shape of the inputs.

    Notes
    -----
    Source: eq. (1) of doi 10.3390/en18112772.

    Examples
    --------
    >>> float(heat_demand_w(0.5, 300e3))
    150000.0
    """
    return relative_load * heat_design_w
