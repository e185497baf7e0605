"""What a network must not be, lest a solver return nonsense: refused before the first step, all of it at once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dhsim.network.parts import ConsumerKind, Floats, LiftLaw, Network, ProducerKind

Flags = NDArray[np.bool_]

_HEAT_ASKED = (int(ConsumerKind.TEMP_DROP), int(ConsumerKind.TEMP_RETURN))


def refuse_unsound(network: Network) -> None:
    """Refuse a network that has no answer, whatever is asked of it.

    Parameters
    ----------
    network
        The network.

    Raises
    ------
    ValueError
        With everything that is wrong.
    """
    problems = [
        *_pipes(network),
        *_elements(network),
        *_producers(network),
        *_plant(network),
        *_consumers(network),
    ]
    if problems:
        raise ValueError(f"{network.name}: " + "\n".join(problems))


def bad_values(network: Network, name: str, values: Floats) -> Flags:
    """Return which values of a series are none, shape as `values`, (n_time, ...).

    Heat may be NaN where the flow does not follow from it, and flows may be anything where they are not given.
    """
    kind, nothing = network.consumers.kind, np.zeros(values.shape, dtype=np.bool_)
    if name == "mass_flow_kg_s":
        return np.where(kind == ConsumerKind.MASS_FLOW, ~((values >= 0.0) & (values < np.inf)), nothing)
    if name == "heat_w":
        bad: Flags = np.where(np.isin(kind, _HEAT_ASKED), ~((values >= 0.0) & (values < np.inf)), np.isinf(values))
        return bad
    return ~np.isfinite(values)


def _named(ids: tuple[str, ...], bad: Flags, message: str) -> Iterator[str]:
    if np.any(bad):
        names = [ids[i] for i in np.flatnonzero(bad)]
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        yield f"{', '.join(names[:5])}{more}: {message}"


def _pipes(network: Network) -> Iterator[str]:
    for ids, line in ((network.supply_ids, network.supply), (network.return_ids, network.return_line)):
        bad = ~((line.length_m > 0.0) & (line.diameter_m > 0.0) & np.isfinite(line.length_m / line.diameter_m))
        yield from _named(ids, bad, "length and diameter must be positive")
        bad = ~np.isfinite(line.roughness_m + line.zeta + line.u_w_mk + line.heat_capacity_wall_j_mk)
        bad |= (line.roughness_m < 0.0) | (line.zeta < 0.0) | (line.u_w_mk < 0.0) | (line.heat_capacity_wall_j_mk < 0.0)
        yield from _named(ids, bad, "roughness, zeta, heat loss and wall must be numbers, not negative")


def _elements(network: Network) -> Iterator[str]:
    each = network.elements
    head = each.head_a0_pa + each.head_a1_pa_s_m3 + each.head_a2_pa_s2_m6 + each.speed_rel
    bad = ~(np.isfinite(head) & (each.resistance_pa_s2_kg2 >= 0.0) & np.isfinite(each.resistance_pa_s2_kg2))
    yield from _named(network.element_ids, bad, "resistance and pump curve must be numbers, the former not negative")
    bad = (each.head_a0_pa != 0.0) & ((each.head_a2_pa_s2_m6 > 0.0) | (each.n_parallel < 1))
    yield from _named(network.element_ids, bad, "a pump's curve must fall with the flow, and n_parallel be at least 1")


def _producers(network: Network) -> Iterator[str]:
    producers = network.producers
    lifting = producers.kind == ProducerKind.LIFT
    if not lifting.size or not lifting[0] or producers.node[0] != 0:
        yield "the first producer must hold a lift, at node 0: something has to fix the pressure and make up the flow"
    again = np.zeros(lifting.size, dtype=bool)
    nodes = producers.node[lifting]
    again[lifting] = [node in nodes[:k] for k, node in enumerate(nodes)]
    yield from _named(network.producer_ids, again, "cannot fix the lift where another does: let it fix its flow")
    value = np.where(lifting, producers.lift_pa, producers.mass_flow_kg_s)
    value[:1] = 0.0  # the first one's lift comes with the demand
    yield from _named(network.producer_ids, ~np.isfinite(value), "lift_pa or mass_flow_kg_s must be a number")


def _plant(network: Network) -> Iterator[str]:
    plant = network.plant
    if plant.law == LiftLaw.PROPORTIONAL and not plant.mass_flow_design_kg_s > 0.0:
        yield "plant: a proportional lift needs mass_flow_design_kg_s above 0"
    if plant.law == LiftLaw.WORST_CONSUMER and not plant.dp_set_pa > 0.0:
        yield "plant: holding the worst consumer needs dp_set_pa above 0"
    if plant.law == LiftLaw.PUMP_SPEED and not (plant.head_a0_pa > 0.0 and plant.n_parallel >= 1):
        yield "plant: a pump at given speed needs its curve, head_a0_pa above 0, and n_parallel of at least 1"
    if not np.isfinite(plant.pressure_return_pa):
        yield "plant: pressure_return_pa must be a number"


def _consumers(network: Network) -> Iterator[str]:
    consumers = network.consumers
    bad = (consumers.kind == ConsumerKind.TEMP_DROP) & ~(consumers.temp_drop_k > 0.0)
    yield from _named(network.consumer_ids, bad, "temp_drop_k must be positive")
    bad = (consumers.kind == ConsumerKind.TEMP_RETURN) & ~np.isfinite(consumers.temp_return_c)
    yield from _named(network.consumer_ids, bad, "temp_return_c must be a number")
    bad = (consumers.kind == ConsumerKind.PRESSURE) & ~(consumers.conductance_kg_s_pa05 >= 0.0)
    yield from _named(network.consumer_ids, bad, "conductance_kg_s_pa05 must be a number, not negative")
