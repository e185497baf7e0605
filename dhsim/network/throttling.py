"""What each consumer must burn so that all get their flow: orifices, jet-pump nozzles, balancing valves, and where.

The network is solved once with every consumer at its design flow. What a consumer then has between supply and return,
less what its own circuit needs, is to be burnt; with the conductances returned here a pressure-driven network gives
the design flows back. The throttle stands in the supply, as practice has it, unless the building's return pressure is
too low to fill its highest radiator: then in the return, as far as the radiators bear it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dhsim.network.limits import HEIGHT_MARGIN_M
from dhsim.network.parts import Floats, Fluid, Ints, Network, NetworkState
from dhsim.physics.jet_pump import nozzle_diameter_mm
from dhsim.physics.orifice import DIAMETER_MIN_MM, plate_diameter_m, washer_diameter_mm
from dhsim.physics.valve import conductance_kg_s_pa05
from dhsim.physics.water import GRAVITY_M_S2
from dhsim.units import M_PER_MM, PA_PER_KPA

Rule = Literal["washer", "iso5167"]

_TOLERANCE_REL = 1e-6
_CASCADE_MAX = 3  # more washers in series than this, and a valve is the better choice
_BETA_WIDE = 0.9  # a washer's hole wider than this share of its pipe burns nothing worth a washer

Flags = NDArray[np.bool_]


class ThrottleKind(StrEnum):
    """What burns the surplus."""

    ORIFICE = "orifice"
    NOZZLE = "nozzle"
    VALVE = "valve_kvs"


class LineThrottle(NamedTuple):
    """What goes into one line at each consumer; arrays of shape (n_consumer,), 0 or NaN where nothing does."""

    dp_pa: Floats
    """To burn in this line, all devices together; a jet pump's nozzle is not among them."""
    diameter_mm: Floats
    """Hole of one washer; NaN for a valve"""
    n_series: Ints
    """Devices in series: equal washers, or one valve"""
    kvs_m3_h: Floats
    """Setting of the valve; NaN for washers"""


@dataclass(frozen=True)
class Throttles:
    """What to install at each consumer, and what it then lets through; arrays of shape (n_consumer,)."""

    consumer_ids: tuple[str, ...]
    kind: tuple[ThrottleKind, ...]
    mass_flow_kg_s: Floats
    dp_available_pa: Floats
    dp_needed_pa: Floats
    dp_burn_pa: Floats
    """Available less needed; 0 where it is short."""
    dp_short_pa: Floats
    """Needed less available; 0 where there is enough."""
    lift_needed_pa: Floats
    """Lift of the first producer at which this consumer has enough; the largest cures all."""
    supply: LineThrottle
    return_line: LineThrottle
    dp_nozzle_pa: Floats
    """Before a jet pump's nozzle; 0 for other kinds."""
    diameter_nozzle_mm: Floats
    conductance_kg_s_pa05: Floats
    """Of circuit and throttles together; `Consumers.conductance_kg_s_pa05` takes it."""
    advice: tuple[str, ...]
    """What to know before installing; empty where all is well."""


class ThrottleRow(NamedTuple):
    """One line of the list of throttles to install."""

    consumer: str
    device: str
    """washer, nozzle or valve"""
    line: str
    """supply or return"""
    n_series: int
    mass_flow_kg_s: float
    dp_pa: float
    """All devices of this row together."""
    diameter_mm: float
    """NaN for a valve"""
    kvs_m3_h: float
    """NaN for washers and nozzles"""


class _Case(NamedTuple):
    """The checked input, and what follows from it at once; arrays of shape (n_consumer,)."""

    ids: tuple[str, ...]
    fluid: Fluid
    mass_flow_kg_s: Floats
    dp_available_pa: Floats
    dp_needed_pa: Floats
    surplus_pa: Floats
    active: Flags
    is_nozzle: Flags
    is_valve: Flags
    raise_return_pa: Floats
    """By how much the return pressure falls short of filling the building"""
    room_return_pa: Floats
    """By how much it may rise until the radiators break"""
    diameter_pipe_m: Floats
    rule: str


def size_throttles(
    network: Network,
    state: NetworkState,
    dp_needed_pa: ArrayLike,
    kind: str | Sequence[str] = ThrottleKind.ORIFICE,
    mass_flow_kg_s: ArrayLike | None = None,
    *,
    rule: Rule = "washer",
    diameter_pipe_m: ArrayLike | None = None,
    lift_extra_pa: float = 0.0,
    height_margin_m: float = HEIGHT_MARGIN_M,
) -> Throttles:
    """Return what to install at each consumer so that all get their design flow.

    Parameters
    ----------
    network
        The network.
    state
        Its state with every consumer at its design flow and the plant at its lift.
    dp_needed_pa
        What each consumer's own circuit needs at its design flow, above 0 [Pa]; with a jet pump
        `jet_pump.dp_needed_pa`. Shape (n_consumer,) or one value.
    kind
        orifice, nozzle or valve_kvs; one for all or one per consumer. A jet pump's nozzle is made to take all that is
        there: it then draws in more than the mixing ratio that `dp_needed_pa` stands for.
    mass_flow_kg_s
        Design flows, to be compared with the state's; None takes those [kg/s].
    rule
        washer: the Soviet rule for throttle washers; iso5167: lasting loss of an orifice plate.
    diameter_pipe_m
        Inner diameter of the pipe that the orifice sits in [m]; iso5167 needs it.
    lift_extra_pa
        Rise of the lift over the state's that the throttles are made for [Pa].
    height_margin_m
        Water above the highest radiator of a building [m].

    Returns
    -------
    Throttles
        Consumers that are off or have no flow get nothing and keep their conductance. One that has too little gets
        no throttle and its circuit's own conductance, so at this lift it stays short and others get a little more.

    Raises
    ------
    ValueError
        If the state is not the design state, or the input is not sound (all problems at once).
    """
    kinds = _kinds(kind, network.consumer_ids)
    case = _case(network, state, dp_needed_pa, kinds, mass_flow_kg_s, rule, diameter_pipe_m)
    return _sized(network, state, _at_lift(case, network, state, lift_extra_pa, height_margin_m), kinds, lift_extra_pa)


def throttle_rows(throttles: Throttles) -> tuple[ThrottleRow, ...]:
    """Return the list of throttles to install, consumer by consumer, nozzle first."""
    rows = []
    for i, name in enumerate(throttles.consumer_ids):
        flow = float(throttles.mass_flow_kg_s[i])
        if throttles.dp_nozzle_pa[i] > 0.0:
            dp, diameter = float(throttles.dp_nozzle_pa[i]), float(throttles.diameter_nozzle_mm[i])
            rows.append(ThrottleRow(name, "nozzle", "supply", 1, flow, dp, diameter, np.nan))
        for side, line in (("supply", throttles.supply), ("return", throttles.return_line)):
            if line.n_series[i] > 0:
                device = "washer" if np.isnan(line.kvs_m3_h[i]) else "valve"
                figures = (float(line.dp_pa[i]), float(line.diameter_mm[i]), float(line.kvs_m3_h[i]))
                rows.append(ThrottleRow(name, device, side, int(line.n_series[i]), flow, *figures))
    return tuple(rows)


def _kinds(kind: str | Sequence[str], consumer_ids: tuple[str, ...]) -> tuple[ThrottleKind, ...]:
    named = (kind,) * len(consumer_ids) if isinstance(kind, str) else tuple(kind)
    if len(named) != len(consumer_ids):
        raise ValueError(f"kind: one for all, or one per consumer (got {len(named)} for {len(consumer_ids)})")
    known = [str(item) for item in ThrottleKind]
    wrong = [f"{id} ({name!r})" for id, name in zip(consumer_ids, named, strict=True) if name not in known]
    if wrong:
        raise ValueError(f"kind: must be one of {', '.join(known)}; it is not for {', '.join(wrong)}")
    return tuple(ThrottleKind(name) for name in named)


def _case(
    network: Network,
    state: NetworkState,
    dp_needed_pa: ArrayLike,
    kinds: tuple[ThrottleKind, ...],
    mass_flow_kg_s: ArrayLike | None,
    rule: str,
    diameter_pipe_m: ArrayLike | None,
) -> _Case:
    """Return the input as arrays; raise with everything that is wrong with it."""
    ids, consumers = network.consumer_ids, network.consumers
    shape = (len(ids),)
    found = state.mass_flow_consumer_kg_s
    flow = found if mass_flow_kg_s is None else np.asarray(mass_flow_kg_s, dtype=np.float64)
    needed = np.broadcast_to(np.asarray(dp_needed_pa, dtype=np.float64), shape)
    pipe = np.broadcast_to(np.asarray(np.nan if diameter_pipe_m is None else diameter_pipe_m, dtype=np.float64), shape)
    if flow.shape != shape:
        raise ValueError(f"mass_flow_kg_s: one value per consumer, {shape[0]} in all (got shape {flow.shape})")
    active = (consumers.is_on != 0) & (flow != 0.0)
    available = (state.pressure_supply_pa - state.pressure_return_pa)[consumers.node]
    problems = [
        f"{what} ({', '.join(ids[i] for i in np.flatnonzero(wrong).tolist())})"
        for what, wrong in (
            ("mass_flow_kg_s: must be 0 or more", ~(flow >= 0.0)),
            (
                "the state is not at the design flow: solve the network with the design flows first",
                active & ~(np.abs(found - flow) <= _TOLERANCE_REL * np.abs(flow)),
            ),
            ("dp_needed_pa: must be above 0", active & ~(needed > 0.0)),
            (
                "supply or return does not reach: open the valves on the way or switch it off",
                active & np.isnan(available),
            ),
            (
                "diameter_pipe_m: rule iso5167 needs that of the pipe the plate sits in, above 0",
                active & ~(pipe > 0.0) & (rule == "iso5167"),
            ),
        )
        if np.any(wrong)
    ]
    if rule not in ("washer", "iso5167"):
        problems.append(f"rule: must be washer or iso5167 (got {rule!r})")
    if problems:
        raise ValueError("\n".join(problems))
    is_nozzle = np.array([kind is ThrottleKind.NOZZLE for kind in kinds], dtype=bool)
    is_valve = np.array([kind is ThrottleKind.VALVE for kind in kinds], dtype=bool)
    zeros = np.zeros(shape)
    return _Case(
        ids, network.fluid, flow, available, needed, zeros, active, is_nozzle, is_valve, zeros, zeros, pipe, rule
    )


def _at_lift(case: _Case, network: Network, state: NetworkState, lift_extra_pa: float, height_margin_m: float) -> _Case:
    """Return the case with what each consumer has to burn at the lift, and what its return pressure asks for."""
    consumers = network.consumers
    available = case.dp_available_pa + lift_extra_pa
    surplus = np.where(case.active, available - case.dp_needed_pa, 0.0)
    surplus[np.abs(surplus) <= _TOLERANCE_REL * case.dp_needed_pa] = 0.0
    at_return_pa = state.pressure_return_pa[consumers.node]
    fills_pa = network.fluid.density_kg_m3 * GRAVITY_M_S2 * (consumers.height_m + height_margin_m)
    parted = ~np.isfinite(consumers.pressure_max_pa) | ~np.isfinite(consumers.height_m)
    return case._replace(
        dp_available_pa=available,
        surplus_pa=surplus,
        raise_return_pa=np.where(parted, 0.0, np.maximum(fills_pa - at_return_pa, 0.0)),
        room_return_pa=np.maximum(consumers.pressure_max_pa - at_return_pa, 0.0),
    )


def _sized(
    network: Network, state: NetworkState, case: _Case, kinds: tuple[ThrottleKind, ...], lift_extra_pa: float
) -> Throttles:
    burn, short = np.maximum(case.surplus_pa, 0.0), np.maximum(-case.surplus_pa, 0.0)
    in_return = np.minimum(np.minimum(case.raise_return_pa, case.room_return_pa), burn)
    one_throttle = (in_return > 0.0) & (burn <= case.room_return_pa) & ~case.is_nozzle
    in_return[one_throttle] = burn[one_throttle]  # all of it where the radiators bear it
    in_supply = burn - in_return
    dp_nozzle, in_supply, nozzle_mm = _nozzles(case, in_supply)
    plant = network.producers.node[0]
    lift_pa = float(state.pressure_supply_pa[plant] - state.pressure_return_pa[plant]) + lift_extra_pa
    kept = network.consumers.conductance_kg_s_pa05
    with np.errstate(divide="ignore", invalid="ignore"):
        sized = case.mass_flow_kg_s / np.sqrt(np.maximum(case.dp_available_pa, case.dp_needed_pa))
    supply, return_line = _line_throttle(case, in_supply), _line_throttle(case, in_return)
    throttles = Throttles(
        consumer_ids=case.ids,
        kind=kinds,
        mass_flow_kg_s=case.mass_flow_kg_s,
        dp_available_pa=case.dp_available_pa,
        dp_needed_pa=case.dp_needed_pa,
        dp_burn_pa=burn,
        dp_short_pa=short,
        lift_needed_pa=lift_pa + short,
        supply=supply,
        return_line=return_line,
        dp_nozzle_pa=dp_nozzle,
        diameter_nozzle_mm=nozzle_mm,
        conductance_kg_s_pa05=np.where(case.active, sized, kept),
        advice=("",) * len(case.ids),
    )
    advice = tuple(_advice(case, throttles, i) for i in range(len(case.ids)))
    return Throttles(**{**vars(throttles), "advice": advice})


def _nozzles(case: _Case, in_supply_pa: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the pressure before each nozzle, what is left for washers in the supply, and the nozzles' diameters."""
    jets = case.is_nozzle & case.active
    wanted_pa = np.where(jets, case.dp_needed_pa + in_supply_pa, np.nan)
    with np.errstate(invalid="ignore"):  # NaN marks who has no jet pump
        wanted_mm = nozzle_diameter_mm(case.mass_flow_kg_s, wanted_pa)
        # d ~ dp^(-1/4): what a nozzle of the least width burns; the circuit's need comes first
        least_pa = wanted_pa * (wanted_mm / DIAMETER_MIN_MM) ** 4
        taken_pa = np.where(wanted_mm < DIAMETER_MIN_MM, np.maximum(least_pa, case.dp_needed_pa), wanted_pa)
        diameter_mm = np.asarray(nozzle_diameter_mm(case.mass_flow_kg_s, taken_pa))
    left_pa = np.where(jets, wanted_pa - taken_pa, in_supply_pa)
    return np.where(jets, taken_pa, 0.0), left_pa, diameter_mm


def _line_throttle(case: _Case, dp_pa: Floats) -> LineThrottle:
    """Return the devices that burn `dp_pa` at each consumer in one line."""
    some = dp_pa > 0.0
    valves, holes = some & case.is_valve, some & ~case.is_valve
    with np.errstate(divide="ignore", invalid="ignore"):
        kvs = case.mass_flow_kg_s / np.sqrt(dp_pa) / float(conductance_kg_s_pa05(1.0, case.fluid.density_kg_m3))
    diameter_mm = _hole_mm(case, np.where(holes, dp_pa, np.nan))
    count = np.where(some, 1, 0).astype(np.int64)
    narrow = holes & (diameter_mm < DIAMETER_MIN_MM)
    with np.errstate(invalid="ignore"):
        needed = np.ceil((DIAMETER_MIN_MM / diameter_mm) ** 4 - 1e-9)
    count[narrow] = needed[narrow].astype(np.int64)
    diameter_mm = _hole_mm(case, np.where(holes, dp_pa / np.maximum(count, 1), np.nan))
    return LineThrottle(dp_pa, diameter_mm, count, np.where(valves, kvs, np.nan))


def _hole_mm(case: _Case, dp_pa: Floats) -> Floats:
    """Return the hole that burns `dp_pa`; NaN where that is NaN or no such hole exists."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if case.rule == "washer":
            return np.asarray(washer_diameter_mm(case.mass_flow_kg_s, dp_pa))
        water = (case.fluid.density_kg_m3, case.fluid.viscosity_pa_s)
        return np.asarray(plate_diameter_m(case.mass_flow_kg_s, dp_pa, case.diameter_pipe_m, *water)) / M_PER_MM


def _kpa(pressure_pa: float) -> str:
    return f"{pressure_pa / PA_PER_KPA:.1f} kPa"


def _advice(case: _Case, throttles: Throttles, i: int) -> str:
    """Return what to know about one consumer, or nothing."""
    if not case.active[i]:
        return "Off or without flow in the design case: nothing to install."
    notes = []
    if throttles.dp_short_pa[i] > 0.0:
        notes.append(
            f"Short by {_kpa(throttles.dp_short_pa[i])}: raise the lift to {_kpa(throttles.lift_needed_pa[i])}, widen "
            "the pipes on the way, or let its circuit need less."
        )
    left_low = case.raise_return_pa[i] - throttles.return_line.dp_pa[i]
    if left_low > _TOLERANCE_REL * max(case.raise_return_pa[i], 1.0):
        notes.append(
            f"Its return pressure stays {_kpa(left_low)} too low to fill the building: raise the plant's return "
            "pressure or connect it through a heat exchanger."
        )
    if throttles.diameter_nozzle_mm[i] < DIAMETER_MIN_MM * (1.0 - 1e-9):
        notes.append(f"A nozzle below {DIAMETER_MIN_MM:g} mm clogs: take a mixing pump instead of the jet pump.")
    for line in (throttles.supply, throttles.return_line):
        notes += _washer_notes(case, line, i)
    return " ".join(notes)


def _washer_notes(case: _Case, line: LineThrottle, i: int) -> list[str]:
    if line.n_series[i] == 0 or not np.isnan(line.kvs_m3_h[i]):
        return []
    if np.isnan(line.diameter_mm[i]):
        return ["ISO 5167 knows no plate for this little flow or pressure: take a balancing valve, or the washer rule."]
    notes = []
    if line.n_series[i] > 1:
        better = "; a balancing valve is the better choice" if line.n_series[i] > _CASCADE_MAX else ""
        notes.append(
            f"One washer would be narrower than {DIAMETER_MIN_MM:g} mm: put {line.n_series[i]} in series{better}."
        )
    if line.diameter_mm[i] > _BETA_WIDE * case.diameter_pipe_m[i] / M_PER_MM:
        notes.append("The hole is about as wide as the pipe: leave the washer out, or take a balancing valve.")
    return notes
