"""What may be wrong with a building's circuit: values, ranges, zones and connections, with names and numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dhsim.model.building_edges import Edges
from dhsim.network.parts import Ints

_NAMED = 5


def building_problems(building: Edges) -> list[str]:
    """Return everything that is wrong with it, a sentence each; connections are looked at if the rest is fine."""
    parts = (_value_problems, radiator_problems, valve_problems, _zone_problems)
    found = [problem for part in parts for problem in part(building)]
    return found or _connection_problems(building)


def _listed(building: Edges, wrong: NDArray[np.bool_], *columns: str) -> str:
    edges = np.flatnonzero(wrong)
    shown = []
    for e in edges[:_NAMED]:
        values = ", ".join(f"{name} {getattr(building, name)[e]:g}" for name in columns)
        shown.append(building.edge_ids[e] + (f" ({values})" if values else ""))
    return "; ".join(shown) + (f" and {edges.size - _NAMED} more" if edges.size > _NAMED else "")


def _value_problems(building: Edges) -> list[str]:
    pipe, k = building.is_pipe, building.resistance_pa_s2_m6
    length, diameter, roughness = building.length_m, building.diameter_m, building.roughness_m
    has_length = pipe & ~np.isnan(length)
    checks = [
        (has_length & ~((length > 0.0) & np.isfinite(length)), "pipe lengths must be positive", ("length_m",)),
        (has_length & ~((diameter > 0.0) & (diameter < 5.0)), "pipe diameters must be given in m", ("diameter_m",)),
        (
            has_length & ~((roughness >= 0.0) & (roughness <= 0.05 * diameter)) & (diameter > 0.0),
            "roughness must be given in m, from 0 to 0.05 of the diameter",
            ("roughness_m", "diameter_m"),
        ),
        (
            pipe & np.isnan(length) & ~((k > 0.0) & np.isfinite(k)),
            "a pipe needs a length or a positive, finite resistance",
            ("resistance_pa_s2_m6",),
        ),
        (has_length & ~np.isnan(k), "a pipe takes a length or a resistance, not both", ("resistance_pa_s2_m6",)),
        (building.upstream == building.downstream, "an edge must join two nodes", ()),
    ]
    found = [f"{text}: {_listed(building, wrong, *columns)}" for wrong, text, columns in checks if wrong.any()]
    if not (building.dp_pump_pa > 0.0 and np.isfinite(building.dp_pump_pa)):
        found.append(f"the pump's pressure must be positive: dp_pump_pa {building.dp_pump_pa:g}")
    if not all(value > 0.0 and np.isfinite(value) for value in building.fluid):
        found.append("density, viscosity and heat capacity of the water must be positive")
    return found


def radiator_problems(building: Edges) -> list[str]:
    """Return what is wrong with the resistances of its radiators; NaN is still to be fitted."""
    k = building.resistance_pa_s2_m6
    wrong = building.is_radiator & ~np.isnan(k) & ~((k > 0.0) & np.isfinite(k))
    if not wrong.any():
        return []
    return [f"radiator resistances must be positive: {_listed(building, wrong, 'resistance_pa_s2_m6')}"]


def valve_problems(building: Edges) -> list[str]:
    """Return what is wrong with the settings and ranges of its valves."""
    valve, k = building.is_valve, building.resistance_pa_s2_m6
    low, high = building.resistance_min_pa_s2_m6, building.resistance_max_pa_s2_m6
    no_value = valve & ~((k > 0.0) & np.isfinite(k))
    turned = valve & ~((low > 0.0) & (low <= high)) & ~no_value
    beyond = valve & ~no_value & ~turned & ((k < low * (1.0 - 1e-9)) | (k > high * (1.0 + 1e-9)))
    ranges = ("resistance_pa_s2_m6", "resistance_min_pa_s2_m6", "resistance_max_pa_s2_m6")
    checks = [
        (no_value, "a valve needs a positive resistance (a closed one: its largest)", ranges[:1]),
        (turned, "a valve's range must be positive and not turned round", ranges[1:]),
        (beyond, "valves set beyond their range: correct the protocol or the valve's type", ranges),
    ]
    return [f"{text}: {_listed(building, wrong, *columns)}" for wrong, text, columns in checks if wrong.any()]


def _zone_problems(building: Edges) -> list[str]:
    radiator, found = building.is_radiator, []
    if not radiator.any():
        return ["there is no radiator"]
    homeless, strange = radiator & (building.zone < 0), ~radiator & (building.zone >= 0)
    if homeless.any():
        found.append(f"radiators without a zone: {_listed(building, homeless)}")
    if strange.any():
        found.append(f"only radiators heat a zone: {_listed(building, strange)}")
    empty = np.setdiff1d(np.arange(building.n_zone), building.zone)
    if empty.size:
        shown = ", ".join(building.zone_ids[z] for z in empty[:_NAMED])
        found.append(f"zones without a radiator ({empty.size}): {shown} (numbered zones count from 0)")
    return found


def _connection_problems(building: Edges) -> list[str]:
    """Return which radiators no water can pass, or only backwards; pipes may lead both ways."""
    radiator = building.is_radiator
    up, down = building.upstream, building.downstream
    pipe = building.is_pipe
    sources = np.concatenate([up, down[pipe]])
    targets = np.concatenate([down, up[pipe]])
    passes = np.concatenate([~radiator, np.ones(int(pipe.sum()), bool)])
    n_node = len(building.node_ids)
    supply = _reached(n_node, sources[passes], targets[passes], building.outlet)
    back = _reached(n_node, targets[passes], sources[passes], building.inlet)
    fed = _reached(n_node, sources, targets, building.outlet)
    drained = _reached(n_node, targets, sources, building.inlet)
    turned = radiator & back[up] & supply[down] & ~supply[up] & ~back[down]
    cut = radiator & ~turned & ~(fed[up] & drained[down])
    found = []
    if turned.any():
        found.append(f"radiators whose upstream node lies in the return line: {_listed(building, turned)}")
    if cut.any():
        found.append(f"radiators not connected to both sides of the pump: {_listed(building, cut)}")
    return found


def _reached(n_node: int, sources: Ints, targets: Ints, start: int) -> NDArray[np.bool_]:
    known = np.zeros(n_node, bool)
    known[start] = True
    count = 0
    while count < (count := int(known.sum())):
        known[targets[known[sources]]] = True
    return known
