"""Which pipe for which flow: the smallest of a catalogue that is neither too fast nor too steep."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from dhsim.network.parts import Floats, Ints, Line, Network
from dhsim.physics.friction import pressure_drop_pa


def velocity_m_s(mass_flow_kg_s: ArrayLike, diameter_m: ArrayLike, density_kg_m3: float) -> Floats:
    """Return the mean velocity in a round pipe, without sign.

    ``v = 4 |m| / (pi d^2 rho)``

    Parameters
    ----------
    mass_flow_kg_s
        Mass flow m [kg/s], any shape.
    diameter_m
        Inner diameter d [m].
    density_kg_m3
        Density rho [kg/m3].

    Returns
    -------
    array
        Velocity [m/s].

    Examples
    --------
    >>> round(float(velocity_m_s(10.0, 0.1, 1000.0)), 3)
    1.273
    """
    flow, diameter = np.asarray(mass_flow_kg_s, dtype=np.float64), np.asarray(diameter_m, dtype=np.float64)
    velocity: Floats = np.abs(flow) / (density_kg_m3 * 0.25 * math.pi * diameter**2)
    return velocity


def gradient_pa_m(network: Network, mass_flow_kg_s: ArrayLike, diameter_m: ArrayLike, roughness_m: ArrayLike) -> Floats:
    """Return the pressure that friction alone takes per metre, without sign and without fittings.

    Parameters
    ----------
    network
        Gives the water and Colebrook's constant.
    mass_flow_kg_s
        Mass flow [kg/s], any shape.
    diameter_m
        Inner diameter [m].
    roughness_m
        Sand roughness [m].

    Returns
    -------
    array
        Gradient [Pa/m].
    """
    fluid, flow = network.fluid, np.abs(np.asarray(mass_flow_kg_s, dtype=np.float64))
    diameter, roughness = np.asarray(diameter_m, dtype=np.float64), np.asarray(roughness_m, dtype=np.float64)
    water = (fluid.density_kg_m3, fluid.viscosity_pa_s, network.colebrook_constant)
    return np.asarray(pressure_drop_pa(flow, 1.0, diameter, roughness, 0.0, *water))


def size_pipes(
    network: Network,
    mass_flow_kg_s: ArrayLike,
    diameter_m: ArrayLike,
    catalogue_ids: Sequence[str],
    velocity_max_m_s: ArrayLike,
    gradient_max_pa_m: float,
    *,
    narrowing_only: bool = False,
    is_return: bool = False,
) -> Ints:
    """Return for each pipe the smallest of a catalogue that keeps both limits.

    Parameters
    ----------
    network
        Its pipes' roughness, its water; their present diameters do not matter.
    mass_flow_kg_s
        Design flow of each pipe of the line, either direction [kg/s], shape (n_pipe,).
    diameter_m
        Inner diameters of the catalogue, rising [m], shape (n_size,).
    catalogue_ids
        Their names.
    velocity_max_m_s
        Highest velocity, one or per size [m/s].
    gradient_max_pa_m
        Highest friction loss per metre, without fittings [Pa/m].
    narrowing_only
        Let no pipe be wider than the one that feeds it: what feeds is widened. For trees fed at node 0.
    is_return
        Size the return line's pipes instead of the supply's.

    Returns
    -------
    array
        Place in the catalogue, shape (n_pipe,). It never goes below a limit; a pipe without flow gets the smallest.

    Raises
    ------
    ValueError
        If a pipe needs more than the largest (every such pipe, with the diameter it needs and how many of the largest
        would do), if the input is not sound, or if `narrowing_only` meets a loop or a second producer.
    """
    line, ids = (network.return_line, network.return_ids) if is_return else (network.supply, network.supply_ids)
    flow_kg_s = np.abs(np.asarray(mass_flow_kg_s, dtype=np.float64))
    sizes_m = np.asarray(diameter_m, dtype=np.float64)
    speeds_m_s = np.asarray(velocity_max_m_s, dtype=np.float64)
    _check_input(flow_kg_s, ids, sizes_m, catalogue_ids, speeds_m_s, gradient_max_pa_m)
    speeds_m_s = np.broadcast_to(speeds_m_s, sizes_m.shape)

    fits = velocity_m_s(flow_kg_s[:, None], sizes_m, network.fluid.density_kg_m3) <= speeds_m_s
    fits &= gradient_pa_m(network, flow_kg_s[:, None], sizes_m, line.roughness_m[:, None]) <= gradient_max_pa_m
    beyond = np.flatnonzero(~fits.any(axis=1)).tolist()
    if beyond:
        largest = f"{catalogue_ids[-1]} ({1e3 * sizes_m[-1]:g} mm)"
        limits = (float(speeds_m_s[-1]), gradient_max_pa_m)
        lines = [
            _what_it_needs(network, ids[j], flow_kg_s[j], line.roughness_m[j], sizes_m[-1], limits) for j in beyond
        ]
        raise ValueError(
            f"no pipe of the catalogue is wide enough; its largest is {largest}:\n" + "\n".join(lines) + "\n"
            "Take a catalogue with larger pipes, lay pipes in parallel, or allow more velocity or gradient."
        )
    chosen: Ints = np.argmax(fits, axis=1).astype(np.int64)
    return _not_wider_downstream(network, line, ids, chosen, is_return) if narrowing_only else chosen


def _check_input(
    flow_kg_s: Floats,
    ids: Sequence[str],
    sizes_m: Floats,
    catalogue_ids: Sequence[str],
    speeds_m_s: Floats,
    gradient_max_pa_m: float,
) -> None:
    problems = []
    if flow_kg_s.shape != (len(ids),):
        problems.append(f"mass_flow_kg_s: one value per pipe, {len(ids)} in all (got shape {flow_kg_s.shape})")
    else:
        unknown = [ids[j] for j in np.flatnonzero(~np.isfinite(flow_kg_s)).tolist()]
        problems += [f"mass_flow_kg_s: no number for {', '.join(unknown)}"] if unknown else []
    if sizes_m.ndim != 1 or sizes_m.size == 0 or not np.all(np.diff(sizes_m, prepend=0.0) > 0.0):
        problems.append("diameter_m: the catalogue must hold rising diameters above 0")
    if len(catalogue_ids) != sizes_m.size:
        problems.append(f"catalogue_ids: one name per diameter (got {len(catalogue_ids)} for {sizes_m.size})")
    if speeds_m_s.shape not in ((), sizes_m.shape) or not np.all(speeds_m_s > 0.0):
        problems.append("velocity_max_m_s: one value above 0, or one per diameter")
    if not gradient_max_pa_m > 0.0:
        problems.append(f"gradient_max_pa_m: must be above 0 (got {gradient_max_pa_m})")
    if problems:
        raise ValueError("\n".join(problems))


def _what_it_needs(
    network: Network, id: str, flow_kg_s: float, roughness_m: float, largest_m: float, limits: tuple[float, float]
) -> str:
    """Return a line on a pipe beyond the catalogue: the diameter it needs, and how many of the largest would do."""
    velocity_max_m_s, gradient_max_pa_m = limits

    def fits(flow: float, diameter_m: float) -> bool:
        slow = float(velocity_m_s(flow, diameter_m, network.fluid.density_kg_m3)) <= velocity_max_m_s
        return slow and float(gradient_pa_m(network, flow, diameter_m, roughness_m)) <= gradient_max_pa_m

    number = 2
    while not fits(flow_kg_s / number, largest_m):
        number += 1
    low_m, high_m = largest_m, largest_m * number  # a pipe of n diameters holds more than n pipes
    while high_m - low_m > 1e-4 * low_m:
        middle_m = 0.5 * (low_m + high_m)
        low_m, high_m = (low_m, middle_m) if fits(flow_kg_s, middle_m) else (middle_m, high_m)
    return f"  {id}: {flow_kg_s:.4g} kg/s needs {math.ceil(1e3 * high_m)} mm, or {number} of the largest in parallel"


def _not_wider_downstream(network: Network, line: Line, ids: Sequence[str], chosen: Ints, is_return: bool) -> Ints:
    """Widen each pipe to the widest that it feeds, from the ends of the tree to its root."""
    if len(network.producer_ids) > 1:
        raise ValueError(
            f"narrowing_only: which pipe feeds which is not known with {len(network.producer_ids)} producers; "
            "leave it out, or size each producer's part for itself"
        )
    elements = network.elements
    between = np.flatnonzero((elements.is_return != 0) == is_return).tolist()  # valves and pumps pass the rule on
    start = np.concatenate([line.node_start, elements.node_start[between]]).tolist()
    end = np.concatenate([line.node_end, elements.node_end[between]]).tolist()
    names = [*ids, *(network.element_ids[i] for i in between)]
    order, feeder = _from_the_root(list(zip(start, end, strict=True)), names, len(network.node_ids))
    widest = np.concatenate([chosen, np.zeros(len(between), dtype=np.int64)])
    for pipe in reversed(order):
        if feeder[pipe] >= 0:
            widest[feeder[pipe]] = max(widest[feeder[pipe]], widest[pipe])
    return widest[: chosen.size]


def _from_the_root(ends: Sequence[tuple[int, int]], ids: Sequence[str], n_node: int) -> tuple[list[int], list[int]]:
    """Return the pipes so that each comes after the one that feeds it, and that one's place (-1 at node 0)."""
    at_node: list[list[int]] = [[] for _ in range(n_node)]
    for pipe, (start, end) in enumerate(ends):
        at_node[start].append(pipe)
        at_node[end].append(pipe)
    order: list[int] = []
    feeder = [-2] * len(ends)
    reached = {0}
    frontier = [(0, -1)]
    for node, came_by in frontier:  # grows while it is walked through
        for pipe in at_node[node]:
            if pipe == came_by:
                continue
            other = sum(ends[pipe]) - node
            if other in reached:
                raise ValueError(f"narrowing_only: {ids[pipe]} closes a loop, where no pipe feeds the next")
            reached.add(other)
            feeder[pipe] = came_by
            order.append(pipe)
            frontier.append((other, pipe))
    islands = [ids[pipe] for pipe, by in enumerate(feeder) if by == -2]
    if islands:
        raise ValueError(f"narrowing_only: not connected to node 0: {', '.join(islands)}")
    return order, feeder
