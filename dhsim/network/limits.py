"""Where the water would boil, burst a radiator, run dry or rush: a network's state against what it has to keep.

Pressures are overpressures. Rules and defaults: SP 124.13330.2012 (SNiP 41-02-2003), section 8, quoted from memory:
no boiling at the highest temperature anywhere in the supply; at least 0.05 MPa in the return; static pressure that
fills the highest radiators without breaking the lowest, for water of 100 degC; at most 3.5 m/s. The 5 m above the
building and above boiling are the margins of practice.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from dhsim.network.limit_checks import (
    Checked,
    LimitCode,
    LimitWarning,
    boiling,
    cavitation,
    differential_pressure,
    pipes_too_strained,
    pressure_at_rest,
    return_pressure,
    velocity,
)
from dhsim.network.parts import Floats, Network, NetworkState
from dhsim.physics.boiling import ATMOSPHERIC_PRESSURE_PA, saturation_pressure_pa
from dhsim.physics.water import GRAVITY_M_S2

__all__ = ["HEIGHT_MARGIN_M", "LimitCode", "LimitWarning", "check_limits"]

HEIGHT_MARGIN_M = 5.0
"""Water that has to stand above a building's highest radiator, m."""


def check_limits(
    network: Network,
    state: NetworkState,
    temp_highest_c: ArrayLike,
    pressure_max_pipe_pa: float = 1.6e6,
    *,
    temp_return_highest_c: ArrayLike | None = None,
    pressure_min_return_pa: float = 0.05e6,
    margin_boiling_pa: float = 0.05e6,
    height_margin_m: float = HEIGHT_MARGIN_M,
    velocity_max_m_s: ArrayLike = 3.5,
    npsh_m: float = 5.0,
    pressure_static_pa: float | None = None,
    temp_static_c: float = 100.0,
    pressure_atmospheric_pa: float = ATMOSPHERIC_PRESSURE_PA,
) -> tuple[LimitWarning, ...]:
    """Return every limit that a state of a network breaks, the worst first.

    Parameters
    ----------
    network
        The network.
    state
        Its flows, pressures and temperatures; nodes that a line does not reach (NaN) are left out.
    temp_highest_c
        Highest supply temperature, one or per node [degC], 0 ... 180.
    pressure_max_pipe_pa
        Overpressure that pipes and fittings bear [Pa].
    temp_return_highest_c
        Highest return temperature, one or per node [degC]; None takes the state's.
    pressure_min_return_pa
        Least overpressure anywhere in the return, and anywhere at rest [Pa].
    margin_boiling_pa
        Distance to keep above the saturation pressure [Pa].
    height_margin_m
        Water above the highest radiator of a building [m].
    velocity_max_m_s
        Highest velocity, one or per pipe of the supply line [m/s]; per pipe only where the network is mirrored.
    npsh_m
        What a pump needs at its suction side above the saturation pressure, margin included [m].
    pressure_static_pa
        Overpressure at node 0 when the pumps stand; None: the plant goes on holding its return pressure [Pa].
    temp_static_c
        Temperature for which the water at rest must not boil [degC].
    pressure_atmospheric_pa
        Of the air [Pa].

    Returns
    -------
    tuple of LimitWarning
        One per code and thing (consumers that share a node each by their own name), sorted by `beyond_rel`.

    Raises
    ------
    ValueError
        If a temperature lies outside the saturation curve or is not known, or a shape does not fit.
    """
    if not network.mirrored and np.ndim(velocity_max_m_s) > 0:
        raise ValueError("velocity_max_m_s: give one value where supply and return have pipes of their own")
    checked = Checked(
        network,
        state,
        _temps(temp_highest_c, state, "temp_highest_c"),
        _return_temps(temp_return_highest_c, state),
        pressure_min_return_pa,
        pressure_atmospheric_pa,
        network.fluid.density_kg_m3 * GRAVITY_M_S2,
    )
    static_pa = network.plant.pressure_return_pa if pressure_static_pa is None else pressure_static_pa
    found = [
        *boiling(checked, margin_boiling_pa),
        *pipes_too_strained(checked, pressure_max_pipe_pa),
        *return_pressure(checked, height_margin_m),
        *cavitation(checked, npsh_m),
        *differential_pressure(checked),
        *velocity(checked, np.asarray(velocity_max_m_s, dtype=np.float64)),
        *pressure_at_rest(checked, static_pa, temp_static_c, pressure_max_pipe_pa, height_margin_m),
    ]
    return tuple(sorted(found, key=lambda item: (-item.beyond_rel, item.code, item.where, item.line)))


def _temps(temp_c: ArrayLike, state: NetworkState, name: str) -> Floats:
    temps: Floats = np.broadcast_to(np.asarray(temp_c, dtype=np.float64), state.pressure_supply_pa.shape)
    with np.errstate(invalid="ignore"):
        unknown = np.flatnonzero(~np.isfinite(saturation_pressure_pa(temps)))
    if unknown.size:
        raise ValueError(
            f"{name}: must lie in 0 ... 180 degC, where water's saturation pressure is known "
            f"(got {temps[unknown[0]]:g} at node {unknown[0]} and {unknown.size - 1} more)"
        )
    return temps


def _return_temps(temp_c: ArrayLike | None, state: NetworkState) -> Floats:
    """Return what was given, or the state's; where the return does not reach, any will do."""
    if temp_c is not None:
        return _temps(temp_c, state, "temp_return_highest_c")
    if np.any(np.isnan(state.temp_return_c) & np.isfinite(state.pressure_return_pa)):
        raise ValueError("the state knows no return temperatures: give temp_return_highest_c")
    return _temps(np.where(np.isfinite(state.pressure_return_pa), state.temp_return_c, 0.0), state, "temp_return_c")
