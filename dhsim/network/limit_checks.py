"""Each limit of a network by itself: what is asked for, what there is, and what to do where it falls short."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dhsim.network.parts import Floats, Ints, Line, Network, NetworkState
from dhsim.physics.boiling import saturation_pressure_pa
from dhsim.units import PA_PER_MPA

_TOLERANCE_REL = 1e-6  # what a solver leaves is no breach of a limit
_SCALE_MIN_PA = 1e4  # how far beyond a limit near zero is told against this


class LimitCode(StrEnum):
    """What is wrong."""

    BOILING = "BOILING"
    RETURN_TOO_HIGH = "RETURN_TOO_HIGH"
    RETURN_TOO_LOW = "RETURN_TOO_LOW"
    MAX_PRESSURE = "MAX_PRESSURE"
    CAVITATION = "CAVITATION"
    DP_SHORT = "DP_SHORT"
    VELOCITY_HIGH = "VELOCITY_HIGH"
    STATIC_TOO_LOW = "STATIC_TOO_LOW"
    STATIC_TOO_HIGH = "STATIC_TOO_HIGH"
    NOT_REACHED = "NOT_REACHED"


@dataclass(frozen=True)
class LimitWarning:
    """One limit that one thing breaks."""

    code: LimitCode
    place: str
    """What `where` names: node, consumer, pipe, pump or producer."""
    where: str
    line: str
    """supply, return, or nothing where both or neither is meant"""
    value: float
    limit: float
    unit: str
    """Of value and limit."""
    beyond_rel: float
    """How far beyond: over the limit, or over 10 kPa where the limit is smaller."""
    advice: str
    """What to do about it."""

    def __str__(self) -> str:
        side = f" ({self.line})" if self.line else ""
        factor, unit = (1.0 / PA_PER_MPA, "MPa") if self.unit == "Pa" else (1.0, self.unit)
        figures = f"{self.value * factor:.3g} {unit}, limit {self.limit * factor:.3g} {unit}"
        return f"{self.code}: {self.place} {self.where}{side}: {figures}. {self.advice}"


class Checked(NamedTuple):
    """A network and its state, with what every check needs."""

    network: Network
    state: NetworkState
    temp_supply_c: Floats
    temp_return_c: Floats
    pressure_min_return_pa: float
    pressure_atmospheric_pa: float
    water_pa_m: float


class _Place(NamedTuple):
    """Of what kind the checked things are, their names, and the line they are in."""

    kind: str
    names: Sequence[str]
    line: str = ""


def _beyond(
    code: LimitCode,
    place: _Place,
    value: ArrayLike,
    limit: ArrayLike,
    unit: str,
    advise: Callable[[int, float], str],
    *,
    lowest: bool = False,
) -> list[LimitWarning]:
    """Return a warning for each value above its limit (`lowest`: below); NaN and infinite limits are none."""
    values, limits = np.broadcast_arrays(np.asarray(value, dtype=np.float64), np.asarray(limit, dtype=np.float64))
    scale_min = _SCALE_MIN_PA if unit == "Pa" else 1e-9
    with np.errstate(invalid="ignore"):
        excess = (limits - values) if lowest else (values - limits)
        share = np.where(np.isfinite(limits), excess / np.maximum(np.abs(limits), scale_min), np.nan)
        wrong = np.flatnonzero(share > _TOLERANCE_REL)
    return [
        LimitWarning(
            code=code,
            place=place.kind,
            where=place.names[int(i)],
            line=place.line,
            value=float(values[i]),
            limit=float(limits[i]),
            unit=unit,
            beyond_rel=float(share[i]),
            advice=advise(int(i), float(excess[i])),
        )
        for i in wrong
    ]


def _mpa(pressure_pa: float) -> str:
    """Return a difference of pressure for a sentence, rounded up so that following it suffices."""
    return f"{math.ceil(pressure_pa / 1e3 - 1e-6) * 1e3 / PA_PER_MPA:.3f} MPa"


def boiling(c: Checked, margin_pa: float) -> list[LimitWarning]:
    """Return where either line is closer to boiling than `margin_pa`."""
    found = []
    for line, pressure, temp in (
        ("supply", c.state.pressure_supply_pa, c.temp_supply_c),
        ("return", c.state.pressure_return_pa, c.temp_return_c),
    ):
        needed_pa = saturation_pressure_pa(temp) - c.pressure_atmospheric_pa + margin_pa

        def advise(i: int, short_pa: float, line: str = line) -> str:
            return f"Raise the plant's return pressure by {_mpa(short_pa)}, or lower the {line} temperature."

        place = _Place("node", c.network.node_ids, line)
        found += _beyond(LimitCode.BOILING, place, pressure, needed_pa, "Pa", advise, lowest=True)
    return found


def pipes_too_strained(c: Checked, pressure_max_pa: float) -> list[LimitWarning]:
    """Return where either line has more than its pipes bear."""
    found = []
    for line, pressure in (("supply", c.state.pressure_supply_pa), ("return", c.state.pressure_return_pa)):

        def advise(i: int, excess_pa: float) -> str:
            return (
                f"Lower the plant's return pressure or its lift by {_mpa(excess_pa)} together, or part this place off "
                "by a pressure reducer or a pumping station."
            )

        place = _Place("node", c.network.node_ids, line)
        found += _beyond(LimitCode.MAX_PRESSURE, place, pressure, pressure_max_pa, "Pa", advise)
    return found


def _needed_to_fill_pa(c: Checked, height_margin_m: float) -> Floats:
    """Return the overpressure that fills each consumer's building; NaN where an exchanger parts it off."""
    consumers = c.network.consumers
    needed_pa = c.water_pa_m * (consumers.height_m + height_margin_m)
    return np.where(np.isfinite(consumers.pressure_max_pa), needed_pa, np.nan)


def return_pressure(c: Checked, height_margin_m: float) -> list[LimitWarning]:
    """Return where the return breaks radiators, leaves them empty, or draws in air."""
    at_consumer_pa = c.state.pressure_return_pa[c.network.consumers.node]
    consumers = _Place("consumer", c.network.consumer_ids, "return")

    def too_high(i: int, excess_pa: float) -> str:
        return (
            f"Lower the plant's return pressure by {_mpa(excess_pa)}, widen the return pipes on the way, or connect "
            "the building through a heat exchanger."
        )

    def too_low(i: int, short_pa: float) -> str:
        return (
            f"Raise the plant's return pressure by {_mpa(short_pa)}, or burn as much in a throttle or a "
            "pressure-holding valve in this consumer's return."
        )

    def air(i: int, short_pa: float) -> str:
        return f"Air may be drawn in: raise the plant's return pressure by {_mpa(short_pa)}."

    nodes = _Place("node", c.network.node_ids, "return")
    bears_pa = c.network.consumers.pressure_max_pa
    fills_pa = _needed_to_fill_pa(c, height_margin_m)
    low = LimitCode.RETURN_TOO_LOW
    return [
        *_beyond(LimitCode.RETURN_TOO_HIGH, consumers, at_consumer_pa, bears_pa, "Pa", too_high),
        *_beyond(low, consumers, at_consumer_pa, fills_pa, "Pa", too_low, lowest=True),
        *_beyond(low, nodes, c.state.pressure_return_pa, c.pressure_min_return_pa, "Pa", air, lowest=True),
    ]


def cavitation(c: Checked, npsh_m: float) -> list[LimitWarning]:
    """Return the pumps, in lines and at producers, with too little pressure at their suction side."""
    net = c.network
    pumps = net.elements
    runs = (pumps.head_a0_pa > 0.0) & (pumps.is_open != 0) & (pumps.speed_rel > 0.0) & (pumps.n_parallel > 0)
    in_return = pumps.is_return != 0
    before_return_pa, before_supply_pa = (
        c.state.pressure_return_pa[pumps.node_start],
        c.state.pressure_supply_pa[pumps.node_start],
    )
    at_pump = np.where(in_return, before_return_pa, before_supply_pa)
    temp_pump_c = np.where(in_return, c.temp_return_c[pumps.node_start], c.temp_supply_c[pumps.node_start])

    def advise(i: int, short_pa: float) -> str:
        return (
            f"Raise the pressure before the pump by {_mpa(short_pa)}, cool what it takes in, or choose one that needs "
            "less at its suction side."
        )

    found = []
    node = net.producers.node
    for place, pressure, temp_c in (
        (_Place("pump", net.element_ids), np.where(runs, at_pump, np.nan), temp_pump_c),
        (_Place("producer", net.producer_ids, "return"), c.state.pressure_return_pa[node], c.temp_return_c[node]),
    ):
        needed_pa = saturation_pressure_pa(temp_c) - c.pressure_atmospheric_pa + npsh_m * c.water_pa_m
        found += _beyond(LimitCode.CAVITATION, place, pressure, needed_pa, "Pa", advise, lowest=True)
    return found


def differential_pressure(c: Checked) -> list[LimitWarning]:
    """Return the consumers that are on and have too little between supply and return, or none."""
    consumers = c.network.consumers
    dp_pa = (c.state.pressure_supply_pa - c.state.pressure_return_pa)[consumers.node]
    on = consumers.is_on != 0
    place = _Place("consumer", c.network.consumer_ids)

    def short(i: int, short_pa: float) -> str:
        return f"Raise the plant's lift by {_mpa(short_pa)}, throttle consumers that have too much, or widen the pipes."

    def cut_off(i: int, _: float) -> str:
        return "It is on, but supply or return does not reach its node: open the valves on the way or switch it off."

    return [
        *_beyond(LimitCode.DP_SHORT, place, dp_pa, np.where(on, consumers.dp_min_pa, np.nan), "Pa", short, lowest=True),
        *_beyond(LimitCode.NOT_REACHED, place, np.where(on & np.isnan(dp_pa), 1.0, np.nan), 0.0, "-", cut_off),
    ]


def velocity(c: Checked, velocity_max_m_s: Floats) -> list[LimitWarning]:
    """Return the pipes in which the water is too fast."""
    net = c.network
    found = _velocity_of(c, net.supply, net.supply_ids, c.state.mass_flow_supply_kg_s, velocity_max_m_s, "supply")
    if not net.mirrored:  # a mirrored return has the same velocities
        flow_kg_s = c.state.mass_flow_return_kg_s
        found += _velocity_of(c, net.return_line, net.return_ids, flow_kg_s, velocity_max_m_s, "return")
    return found


def _velocity_of(
    c: Checked, line: Line, ids: Sequence[str], mass_flow_kg_s: Floats, velocity_max_m_s: Floats, side: str
) -> list[LimitWarning]:
    area_m2 = 0.25 * math.pi * line.diameter_m**2
    velocity_m_s = np.abs(mass_flow_kg_s) / (c.network.fluid.density_kg_m3 * area_m2)
    limits = np.broadcast_to(velocity_max_m_s, velocity_m_s.shape)
    pipes_at = np.bincount(np.concatenate([line.node_start, line.node_end]), minlength=len(c.network.node_ids))

    def advise(i: int, excess_m_s: float) -> str:
        wanted_mm = 1e3 * line.diameter_m[i] * math.sqrt(velocity_m_s[i] / limits[i])
        return f"Take an inner diameter of {math.ceil(wanted_mm)} mm at least.{_fed_by(c, line, i, pipes_at)}"

    return _beyond(LimitCode.VELOCITY_HIGH, _Place("pipe", ids, side), velocity_m_s, limits, "m/s", advise)


def _fed_by(c: Checked, line: Line, pipe: int, pipes_at: Ints) -> str:
    """Return who stands at the end of a branch, with the sum of their flows, where they are several."""
    ends = [node for node in (line.node_start[pipe], line.node_end[pipe]) if pipes_at[node] == 1]
    fed: NDArray[np.bool_] = np.isin(c.network.consumers.node, ends) & (c.network.consumers.is_on != 0)
    if fed.sum() < 2:
        return ""
    names = ", ".join(c.network.consumer_ids[i] for i in np.flatnonzero(fed))
    return f" It carries {np.sum(c.state.mass_flow_consumer_kg_s[fed]):.2f} kg/s, the sum of {names}."


def pressure_at_rest(
    c: Checked, static_pa: float, temp_static_c: float, pressure_max_pipe_pa: float, height_margin_m: float
) -> list[LimitWarning]:
    """Return what the pressure that stands when the pumps do not would break, empty or let boil."""
    net = c.network
    reached = np.isfinite(c.state.pressure_supply_pa) | np.isfinite(c.state.pressure_return_pa)
    level_m = net.nodes.elevation_m
    at_rest_pa = np.where(reached, static_pa + c.water_pa_m * (level_m[0] - level_m), np.nan)
    at_consumer_pa = at_rest_pa[net.consumers.node]
    boils_pa = float(saturation_pressure_pa(float(temp_static_c))) - c.pressure_atmospheric_pa
    if math.isnan(boils_pa):
        raise ValueError(f"temp_static_c: must lie in 0 ... 180 degC (got {temp_static_c})")

    def low(i: int, short_pa: float) -> str:
        return f"Hold {_mpa(short_pa)} more at the plant when the pumps stand, or part the high places off."

    def high(i: int, excess_pa: float) -> str:
        return f"Hold {_mpa(excess_pa)} less when the pumps stand, or connect the low places through a heat exchanger."

    nodes, consumers = _Place("node", net.node_ids), _Place("consumer", net.consumer_ids)
    fills_pa, bears_pa = _needed_to_fill_pa(c, height_margin_m), net.consumers.pressure_max_pa
    least_pa = max(c.pressure_min_return_pa, boils_pa)
    too_low, too_high = LimitCode.STATIC_TOO_LOW, LimitCode.STATIC_TOO_HIGH
    return [
        *_beyond(too_low, nodes, at_rest_pa, least_pa, "Pa", low, lowest=True),
        *_beyond(too_low, consumers, at_consumer_pa, fills_pa, "Pa", low, lowest=True),
        *_beyond(too_high, nodes, at_rest_pa, pressure_max_pipe_pa, "Pa", high),
        *_beyond(too_high, consumers, at_consumer_pa, bears_pa, "Pa", high),
    ]
