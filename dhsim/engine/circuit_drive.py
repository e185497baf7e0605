"""What drives a detailed building: weather, gains, the law of the supply temperature, the law of the pump."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dhsim.engine.circuit_state import Inputs
from dhsim.errors import DhsimError
from dhsim.model.system import Floats
from dhsim.physics.water import REFERENCE_DENSITY_WATER_KG_M3


class SupplyLaw(NamedTuple):
    """The supply temperature: a base for each step, an answer to the zones' errors, and limits.

    ``u = base - F_e^T (y_ref - y)``, between the limits; y are the zones at the start of the step.
    """

    temp_base_c: Floats
    """(n_time,)"""
    feedback_rel: Floats
    """F_e, (n_zone,) or (1,) with 0 for none"""
    temp_ref_c: float
    temp_low_c: float
    temp_high_c: float


class PumpLaw(NamedTuple):
    """The pump's rise: ``dp = a + b m + c m^2``."""

    dp_zero_pa: float | Floats
    """a: one value, or one a step"""
    slope_pa_s_kg: float = 0.0
    bend_pa_s2_kg2: float = 0.0


@dataclass(frozen=True)
class BuildingDrive:
    """What drives a building; series hold from the start of their step to its end."""

    temp_outdoor_c: ArrayLike
    """(n_time,)"""
    supply: SupplyLaw
    heat_gain_w: ArrayLike = 0.0
    """People and appliances: one value, one a zone, or (n_time, n_zone)."""
    irradiance_w_m2: ArrayLike = 0.0
    """On the facades: one value, or (n_time,)."""
    pump: PumpLaw | None = None
    """None: the building's constant rise."""
    mass_flow_jet_kg_s: ArrayLike | None = None
    """(n_time,): network water through a jet pump's nozzle. The supply is then that water's, and the circuit mixes its
    own return in, as far as it takes more. None: the circuit gets the supply as it is."""


def supply_series(temp_supply_c: ArrayLike) -> SupplyLaw:
    """Return a supply temperature that is given.

    Parameters
    ----------
    temp_supply_c
        One value a step [degC].

    Returns
    -------
    SupplyLaw
        Without feedback and limits.
    """
    base = np.atleast_1d(np.asarray(temp_supply_c, dtype=np.float64))
    return SupplyLaw(base, np.zeros(1), 0.0, -np.inf, np.inf)


def supply_curve(temp_outdoor_c: ArrayLike, points_outdoor_c: ArrayLike, points_supply_c: ArrayLike) -> SupplyLaw:
    """Return a supply temperature that follows the outdoor one along a heating curve.

    Parameters
    ----------
    temp_outdoor_c
        One value a step [degC].
    points_outdoor_c, points_supply_c
        The curve, straight between its points and level beyond them [degC].

    Returns
    -------
    SupplyLaw
        Without feedback and limits.

    Raises
    ------
    DhsimError
        If the outdoor temperatures of the points do not rise.
    """
    outdoor, supply = np.asarray(points_outdoor_c, dtype=np.float64), np.asarray(points_supply_c, dtype=np.float64)
    if outdoor.shape != supply.shape or outdoor.ndim != 1 or (np.diff(outdoor) <= 0.0).any():
        raise DhsimError("a heating curve needs as many supply as outdoor temperatures, the latter rising")
    return supply_series(np.interp(np.asarray(temp_outdoor_c, dtype=np.float64), outdoor, supply))


def supply_control(
    temp_outdoor_c: ArrayLike,
    temp_ref_c: float,
    feedforward_rel: float,
    feedback_rel: ArrayLike = 0.0,
    *,
    temp_low_c: float = -np.inf,
    temp_high_c: float = np.inf,
) -> SupplyLaw:
    """Return the control law of the paper: feed-forward of the outdoor temperature, feedback of the zones' errors.

    ``u = y_ref - F_e^T (y_ref - y) - F_w (y_ref - w)``

    Parameters
    ----------
    temp_outdoor_c
        w, one value a step [degC].
    temp_ref_c
        Reference of the zones y_ref [degC].
    feedforward_rel
        F_w, negative: -1 raises the supply by a kelvin for each kelvin that it is colder [-].
    feedback_rel
        F_e, one a zone [-]; -g/Z in each of Z zones answers their mean error with the gain g.
    temp_low_c, temp_high_c
        What the plant can give [degC].

    Returns
    -------
    SupplyLaw
        The law.

    Notes
    -----
    Source: eq. (13) of doi 10.1016/j.enbuild.2025.116464.
    """
    outdoor = np.atleast_1d(np.asarray(temp_outdoor_c, dtype=np.float64))
    base = temp_ref_c - feedforward_rel * (temp_ref_c - outdoor)
    feedback = np.atleast_1d(np.asarray(feedback_rel, dtype=np.float64))
    return SupplyLaw(base, feedback, temp_ref_c, temp_low_c, temp_high_c)


def proportional_pump(dp_design_pa: float, mass_flow_design_kg_s: float, share_zero_rel: float = 0.5) -> PumpLaw:
    """Return a pump whose rise grows with the flow in line.

    ``dp = dp_D (s + (1 - s) m / m_D)``

    Parameters
    ----------
    dp_design_pa, mass_flow_design_kg_s
        Rise [Pa] at the design flow [kg/s].
    share_zero_rel
        Share of the rise at no flow s [-].

    Returns
    -------
    PumpLaw
        The law.
    """
    if not (0.0 <= share_zero_rel <= 1.0 and mass_flow_design_kg_s > 0.0):
        raise DhsimError("a proportional pump needs a design flow above 0 and a share of its rise between 0 and 1")
    slope = (1.0 - share_zero_rel) * dp_design_pa / mass_flow_design_kg_s
    return PumpLaw(share_zero_rel * dp_design_pa, slope)


def curve_pump(
    head_a0_pa: float,
    head_a1_pa_s_m3: float,
    head_a2_pa_s2_m6: float,
    *,
    speed_rel: float = 1.0,
    density_kg_m3: float = REFERENCE_DENSITY_WATER_KG_M3,
) -> PumpLaw:
    """Return a pump on its curve at a fixed speed; see `dhsim.physics.pump.fit_curve`.

    Parameters
    ----------
    head_a0_pa, head_a1_pa_s_m3, head_a2_pa_s2_m6
        Curve at nominal speed: [Pa], [Pa s/m3], [Pa s2/m6].
    speed_rel
        Speed [-].
    density_kg_m3
        Of the water [kg/m3].

    Returns
    -------
    PumpLaw
        The law, in flow of mass.
    """
    bend = head_a2_pa_s2_m6 / density_kg_m3**2
    return PumpLaw(head_a0_pa * speed_rel**2, head_a1_pa_s_m3 * speed_rel / density_kg_m3, bend)


def inputs_of(drive: BuildingDrive, n_zone: int, dp_pump_pa: float) -> Inputs:
    """Return what drives a building as the kernel takes it.

    Parameters
    ----------
    drive
        What drives it.
    n_zone
        Number of zones.
    dp_pump_pa
        The building's own constant rise [Pa], where the drive names no pump.

    Returns
    -------
    Inputs
        Arrays.

    Raises
    ------
    DhsimError
        All series that have the wrong length or a gap, at once.
    """
    outdoor = np.atleast_1d(np.asarray(drive.temp_outdoor_c, dtype=np.float64))
    n_time = outdoor.size
    pump = drive.pump if drive.pump is not None else PumpLaw(dp_pump_pa)
    gain = np.asarray(drive.heat_gain_w, dtype=np.float64)
    wanted: dict[str, tuple[Floats, list[tuple[int, ...]]]] = {
        "temp_outdoor_c": (outdoor, [(n_time,)]),
        "supply temperature": (np.asarray(drive.supply.temp_base_c), [(n_time,), (1,)]),
        "feedback": (np.asarray(drive.supply.feedback_rel), [(1,), (n_zone,)]),
        "heat_gain_w": (gain, [(), (n_zone,), (n_time, n_zone)]),
        "irradiance_w_m2": (np.asarray(drive.irradiance_w_m2, dtype=np.float64), [(), (n_time,)]),
        "rise of the pump": (np.asarray(pump.dp_zero_pa, dtype=np.float64), [(), (n_time,)]),
    }
    if drive.mass_flow_jet_kg_s is not None:
        wanted["mass_flow_jet_kg_s"] = (np.asarray(drive.mass_flow_jet_kg_s, dtype=np.float64), [(n_time,)])
    problems = []
    for name, (values, shapes) in wanted.items():
        if values.shape not in shapes:
            problems.append(f"{name}: shape {values.shape}, expected {' or '.join(map(str, shapes))}")
        elif not np.isfinite(values).all():
            first = int(np.argmin(np.isfinite(values).reshape(values.shape[0] if values.ndim else 1, -1).all(axis=1)))
            problems.append(f"{name}: {int((~np.isfinite(values)).sum())} values missing, the first at step {first}")
    if n_zone > 1 and np.shape(drive.supply.feedback_rel) == (1,) and drive.supply.feedback_rel[0] != 0.0:
        problems.append("feedback: one gain for several zones says nothing; give one a zone")
    if problems:
        raise DhsimError("\n".join(problems))

    def series(name: str) -> Floats:
        return np.ascontiguousarray(np.broadcast_to(wanted[name][0], (n_time,)))

    rows = gain if gain.ndim == 2 else np.broadcast_to(gain, (1, n_zone))
    law = drive.supply
    return Inputs(
        outdoor,
        series("supply temperature"),
        np.ascontiguousarray(np.broadcast_to(law.feedback_rel, (n_zone,))),
        float(law.temp_ref_c),
        float(law.temp_low_c),
        float(law.temp_high_c),
        np.ascontiguousarray(rows),
        series("irradiance_w_m2"),
        series("rise of the pump"),
        float(pump.slope_pa_s_kg),
        float(pump.bend_pa_s2_kg2),
        np.full(n_time, np.nan) if drive.mass_flow_jet_kg_s is None else series("mass_flow_jet_kg_s"),
    )
