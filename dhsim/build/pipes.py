"""From what is said about a pipe to its diameter, heat loss and heat capacity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dhsim.catalogue import number, table
from dhsim.errors import CatalogueError
from dhsim.physics.pipe import (
    film_resistance_mk_w,
    layer_resistance_mk_w,
    neighbour_resistance_mk_w,
    soil_resistance_mk_w,
)
from dhsim.physics.pipe_surroundings import (
    EMISSIVITY_CASING,
    FILM_DUCT_W_M2K,
    FILM_OPEN_AIR_W_M2K,
    duct_resistance_mk_w,
    film_wind_w_m2k,
    twin_symmetric_resistance_mk_w,
)
from dhsim.physics.pipe_wall import (
    CONDUCTIVITY_CASING_W_MK,
    CONDUCTIVITY_STEEL_W_MK,
    construction_resistance_mk_w,
    heat_capacity_wall_j_mk,
)
from dhsim.scenario.piping import (
    CLEARANCE_CASINGS_M,
    CONDUCTIVITY_SOIL_W_MK,
    DEPTH_AXIS_M,
    DUCT_HEIGHT_M,
    DUCT_WIDTH_M,
    Layers,
    PipeConstruction,
    is_twin,
    layers_of,
    pipe_row,
)
from dhsim.units import M_PER_MM

U_UNSAID_W_MK = 0.35
"""Heat loss of a pipe of which only the inner diameter was said."""

TEMP_AIR_RADIATION_C = 0.0
"""Air temperature for the radiative part of the film in the wind."""

_TABLES = ("pipes", "pipes_twin", "pipes_u")


@dataclass(frozen=True)
class PipeData:
    """A pipe as the network needs it, per metre."""

    diameter_inner_m: float
    roughness_m: float
    u_supply_w_mk: float
    """Over the ambient temperature; equal for both of a pair, so that their sum is right (see `u_buried_w_mk`)."""
    u_return_w_mk: float
    heat_capacity_wall_j_mk: float
    """Of the steel of one pipe; 0 where its wall was not said."""
    diameter_outer_m: float
    """Of the outermost layer that was said."""
    buried: bool
    """Loses to the ground, otherwise to the air."""
    source: str


class CataloguePipes(NamedTuple):
    """The pipes of one family and series, by rising inner diameter; arrays of shape (n_pipe,)."""

    ids: tuple[str, ...]
    dn: NDArray[np.int64]
    diameter_inner_m: NDArray[np.float64]
    u_w_mk: NDArray[np.float64]


def pipe_data(spec: PipeConstruction) -> PipeData:
    """Return a pipe's diameters, heat loss and heat capacity.

    Parameters
    ----------
    spec
        What was said about the pipe (checked by its section).

    Examples
    --------
    >>> data = pipe_data(PipeConstruction(pipe="en253_dn65_s2"))
    >>> round(1e3 * data.diameter_inner_m, 1), round(data.u_supply_w_mk, 3)
    (70.3, 0.211)
    """
    layers = layers_of(spec)
    buried = spec.placement != "above_ground"
    if layers is not None:
        u_w_mk = u_placed_w_mk(spec, layers)
        wall = float(heat_capacity_wall_j_mk(layers.diameter_inner_m, layers.diameter_pipe_m))
        inner_m, outer_m, u_both = layers.diameter_inner_m, layers.diameter_casing_m, (u_w_mk, u_w_mk)
        source = _source_of(spec) or "layers as given"
    elif spec.pipe is not None:
        row = pipe_row(spec.pipe)[1]
        inner_m, outer_m = (M_PER_MM * number(row, f"diameter_{side}_mm") for side in ("inner", "outer"))
        wall = float(heat_capacity_wall_j_mk(inner_m, outer_m))
        u_both, source = (number(row, "u_w_mk"),) * 2, _source_of(spec)
    else:
        inner_m = M_PER_MM * (spec.diameter_inner_mm or float("nan"))
        outer_m = inner_m + 2.0 * M_PER_MM * (spec.wall_mm or 0.0)
        wall = float(heat_capacity_wall_j_mk(inner_m, outer_m))
        u_both, source = _u_said(spec), "heat loss as given"
    return PipeData(inner_m, M_PER_MM * spec.roughness_mm, *u_both, wall, outer_m, buried, source)


def u_placed_w_mk(spec: PipeConstruction, layers: Layers) -> float:
    """Return the heat loss per metre and kelvin of each of two pipes where they lie.

    Parameters
    ----------
    spec
        What was said about the site.
    layers
        The pipe's diameters.

    Returns
    -------
    float
        Heat loss over the ambient temperature [W/(m K)].
    """
    soil = spec.conductivity_soil_w_mk or CONDUCTIVITY_SOIL_W_MK
    depth_m, casing_m = spec.depth_m or DEPTH_AXIS_M, layers.diameter_casing_m
    if is_twin(spec):
        return 1.0 / _twin_mk_w(layers, depth_m, soil)
    own = construction_resistance_mk_w(*layers[:5])
    if spec.placement == "above_ground":
        film = spec.film_coefficient_w_m2k or FILM_OPEN_AIR_W_M2K
        if spec.speed_wind_m_s is not None:
            film = float(film_wind_w_m2k(casing_m, spec.speed_wind_m_s, TEMP_AIR_RADIATION_C, EMISSIVITY_CASING))
        around = film_resistance_mk_w(casing_m, film)
    elif spec.placement == "duct":
        size = (spec.duct_width_m or DUCT_WIDTH_M, spec.duct_height_m or DUCT_HEIGHT_M)
        # the heat of both pipes leaves the duct
        shared = 2.0 * duct_resistance_mk_w(*size, depth_m, soil, FILM_DUCT_W_M2K)
        around = film_resistance_mk_w(casing_m, FILM_DUCT_W_M2K) + shared
    else:
        distance_m = layers.distance_axes_m or casing_m + CLEARANCE_CASINGS_M
        around = soil_resistance_mk_w(casing_m, depth_m, soil) + neighbour_resistance_mk_w(depth_m, distance_m, soil)
    return float(1.0 / (own + around))


def families() -> tuple[str, ...]:
    """Return the families of pipes that `catalogue_pipes` knows."""
    return tuple(dict.fromkeys(str(row["family"]) for name in _TABLES for row in table(name).values()))


def catalogue_pipes(family: str = "en253", series: int = 1, site: Mapping[str, Any] | None = None) -> CataloguePipes:
    """Return the pipes of a family and series by rising inner diameter, for sizing.

    Parameters
    ----------
    family
        One of `families()`.
    series
        Insulation: 1 standard, 2, 3 (GOST: type 1 or 2).
    site
        Keys of `PipeConstruction` that say where the pipes lie, such as `{"placement": "duct"}`.

    Raises
    ------
    CatalogueError
        No such family or series.

    Examples
    --------
    >>> catalogue_pipes("gost30732", series=2).ids[:2]
    ('gost30732_32_t2', 'gost30732_38_t2')
    """
    rows = [row for name in _TABLES for row in table(name).values() if row["family"] == family]
    if not rows:
        raise CatalogueError(f"no family of pipes {family!r} (there are: {', '.join(families())})")
    chosen = [row for row in rows if row["series"] == series]
    if not chosen:
        there = sorted({f"{number(row, 'series'):g}" for row in rows})
        raise CatalogueError(f"{family}: no series {series!r} (there are: {', '.join(there)})")
    made = [(row, pipe_data(PipeConstruction.model_validate({"pipe": row["id"], **(site or {})}))) for row in chosen]
    made.sort(key=lambda pair: pair[1].diameter_inner_m)
    return CataloguePipes(
        tuple(str(row["id"]) for row, _ in made),
        np.array([number(row, "dn") for row, _ in made], dtype=np.int64),
        np.array([data.diameter_inner_m for _, data in made]),
        np.array([data.u_supply_w_mk for _, data in made]),
    )


def _twin_mk_w(layers: Layers, depth_m: float, conductivity_soil_w_mk: float) -> float:
    distance_m = layers.distance_axes_m or float("nan")
    foam = twin_symmetric_resistance_mk_w(
        layers.diameter_pipe_m,
        layers.diameter_insulation_m,
        distance_m,
        layers.conductivity_insulation_w_mk,
        conductivity_soil_w_mk,
    )
    steel = layer_resistance_mk_w(layers.diameter_inner_m, layers.diameter_pipe_m, CONDUCTIVITY_STEEL_W_MK)
    casing = layer_resistance_mk_w(layers.diameter_insulation_m, layers.diameter_casing_m, CONDUCTIVITY_CASING_W_MK)
    soil = soil_resistance_mk_w(layers.diameter_casing_m, depth_m, conductivity_soil_w_mk)
    return float(steel + foam + 2.0 * (casing + soil))


def _u_said(spec: PipeConstruction) -> tuple[float, float]:
    alike = U_UNSAID_W_MK if spec.u_w_mk is None else spec.u_w_mk
    supply, back = (alike if u is None else u for u in (spec.u_supply_w_mk, spec.u_return_w_mk))
    return supply, back


def _source_of(spec: PipeConstruction) -> str:
    if spec.pipe is None:
        return ""
    row = pipe_row(spec.pipe)[1]
    return f"{row['source']}; casing unverified" if row.get("check") == "unverified" else str(row["source"])
