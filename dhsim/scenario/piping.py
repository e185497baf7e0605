"""How a pipe is built and where it lies, as the user says it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, model_validator

from dhsim.catalogue import Row, number, table
from dhsim.errors import CatalogueError
from dhsim.scenario.section import NotNegative, Positive, Section
from dhsim.scenario.wording import nearest
from dhsim.units import M_PER_MM

DEPTH_AXIS_M = 1.0
"""Of buried pipes and ducts where nothing was said."""
CLEARANCE_CASINGS_M = 0.15
"""Between the casings of a buried pair where no distance was said."""
CONDUCTIVITY_SOIL_W_MK = 1.5
"""Of moist soil; dry 1.0, wet 2.0."""
DUCT_WIDTH_M, DUCT_HEIGHT_M = 0.9, 0.6
"""Inner size of a duct where nothing was said."""

_PIPE_TABLES = ("pipes", "pipes_twin", "pipes_u")
_OWN_DIMENSIONS = ("diameter_inner_mm", "wall_mm", "insulation_mm", "diameter_casing_mm", "wall_casing_mm")
_U_VALUES = ("u_w_mk", "u_supply_w_mk", "u_return_w_mk")
_LAYER_KEYS = ("insulation_mm", "diameter_casing_mm", "wall_casing_mm", "conductivity_insulation_w_mk")
_SITE_KEYS = {
    "buried": ("depth_m", "distance_axes_m", "conductivity_soil_w_mk"),
    "twin": ("depth_m", "distance_axes_m", "conductivity_soil_w_mk"),
    "duct": ("depth_m", "conductivity_soil_w_mk", "duct_width_m", "duct_height_m"),
    "above_ground": ("film_coefficient_w_m2k", "speed_wind_m_s"),
}
_ALL_SITE_KEYS = tuple(dict.fromkeys(key for keys in _SITE_KEYS.values() for key in keys))


class PipeConstruction(Section):
    """How a pipe is built: an id of the catalogue, or its layers, or its inner diameter and heat loss; and its site.

    1. `pipe`: `en253_dn65_s2` (EN 253, insulation series 1 to 3), `gost30732_76_t2` (outer diameter of the steel, types
       1 and 2), `isoplus_twin_dn65_std` (or `_1x`: two pipes in one casing), `isoplus_dn65_std` (or `_1x`, `_2x`: with
       the heat loss that the maker prints for a buried pair).
    2. `diameter_inner_mm`, `wall_mm`, `conductivity_insulation_w_mk` and either `insulation_mm` or
       `diameter_casing_mm`.
    3. `diameter_inner_mm` with `u_w_mk`, or with `u_supply_w_mk` and `u_return_w_mk`; 0.35 where nothing is said.
    """

    pipe: str | None = None
    """An id of the pipe catalogue."""
    diameter_inner_mm: Positive | None = None
    wall_mm: Positive | None = None
    """Of the steel; beside a given heat loss it serves the heat capacity only."""
    insulation_mm: NotNegative | None = None
    """Thickness of the insulation."""
    diameter_casing_mm: Positive | None = None
    """Outer diameter of the casing, in place of `insulation_mm`."""
    wall_casing_mm: NotNegative | None = None
    """Thickness of a polyethylene casing, 0 where nothing is said."""
    conductivity_insulation_w_mk: Annotated[float, Field(gt=0.005, lt=0.5)] | None = None
    """Also in place of the catalogue's (aged foam)."""
    roughness_mm: NotNegative = 0.5
    u_w_mk: NotNegative | None = None
    """Heat loss per metre and kelvin, of supply and return alike."""
    u_supply_w_mk: NotNegative | None = None
    u_return_w_mk: NotNegative | None = None
    placement: Literal["buried", "twin", "duct", "above_ground"] = "buried"
    """`buried`: a pair in the ground. `twin`: both in one casing, buried. `duct`: both in a duct in the ground.
    `above_ground`: in the open air."""
    depth_m: Positive | None = None
    """Of the axis (of the duct's middle) below the surface; 1.0 where nothing is said."""
    distance_axes_m: Positive | None = None
    """Of supply and return; a buried pair's casings are 0.15 m apart where nothing is said."""
    conductivity_soil_w_mk: Annotated[float, Field(gt=0.1, lt=5)] | None = None
    """1.5 where nothing is said; dry 1.0, wet 2.0."""
    duct_width_m: Positive | None = None
    """Inside; 0.9 where nothing is said."""
    duct_height_m: Positive | None = None
    """Inside; 0.6 where nothing is said."""
    film_coefficient_w_m2k: Positive | None = None
    """Convection and radiation in the open; 25 where neither this nor the wind is said."""
    speed_wind_m_s: Annotated[float, Field(ge=0.5, le=40)] | None = None
    """Mean wind across the pipe, in place of the film coefficient."""

    @model_validator(mode="after")
    def _construction(self) -> PipeConstruction:
        problems = list(_problems(self))
        if problems:
            raise ValueError("; ".join(problems))
        return self


class Layers(NamedTuple):
    """The diameters of a pipe from the inside out."""

    diameter_inner_m: float
    diameter_pipe_m: float
    diameter_insulation_m: float
    diameter_casing_m: float
    conductivity_insulation_w_mk: float
    distance_axes_m: float | None
    """As said, or as the twin pipe has it."""


def pipe_row(id: str) -> tuple[str, Row]:
    """Return the table that holds a pipe, and its row.

    Raises
    ------
    CatalogueError
        No such pipe; the text names the nearest and the families.
    """
    known: list[str] = []
    for name in _PIPE_TABLES:
        if id in table(name):
            return name, table(name)[id]
        known += table(name)
    forms = "en253_dn65_s2, gost30732_76_t2, isoplus_dn65_1x, isoplus_twin_dn65_std"
    raise CatalogueError(f"no pipe {id!r} in the catalogue{nearest(id, known)} (ids look like {forms})")


def layers_of(said: PipeConstruction) -> Layers | None:
    """Return the layers of a pipe; None where its heat loss was given instead."""
    if said.pipe is not None:
        name, row = pipe_row(said.pipe)
        return None if name == "pipes_u" else _catalogue_layers(said, row)
    if not _has_layers(said) or said.diameter_inner_mm is None:
        return None
    inner, pipe = said.diameter_inner_mm, said.diameter_inner_mm + 2.0 * (said.wall_mm or 0.0)
    wall_casing = said.wall_casing_mm or 0.0
    if said.diameter_casing_mm is not None:
        casing = said.diameter_casing_mm
    else:
        casing = pipe + 2.0 * ((said.insulation_mm or 0.0) + wall_casing)
    outward_mm = (inner, pipe, casing - 2.0 * wall_casing, casing)
    return _layers(outward_mm, said.conductivity_insulation_w_mk or float("nan"), said.distance_axes_m)


def is_twin(said: PipeConstruction) -> bool:
    """Return whether supply and return share a casing."""
    return said.placement == "twin" or (said.pipe is not None and pipe_row(said.pipe)[0] == "pipes_twin")


def _catalogue_layers(said: PipeConstruction, row: Row) -> Layers:
    pipe, casing = number(row, "diameter_outer_mm"), number(row, "diameter_casing_mm")
    inner, insulation = pipe - 2.0 * number(row, "wall_mm"), casing - 2.0 * number(row, "wall_casing_mm")
    distance_m = M_PER_MM * number(row, "distance_axes_mm") if "distance_axes_mm" in row else said.distance_axes_m
    conductivity = said.conductivity_insulation_w_mk or number(row, "conductivity_insulation_w_mk")
    return _layers((inner, pipe, insulation, casing), conductivity, distance_m)


def _layers(outward_mm: tuple[float, float, float, float], conductivity: float, distance_m: float | None) -> Layers:
    # without the last bits that the subtraction of a wall leaves
    inner, pipe, insulation, casing = (round(M_PER_MM * diameter, 7) for diameter in outward_mm)
    return Layers(inner, pipe, insulation, casing, conductivity, distance_m)


def _has_layers(said: PipeConstruction) -> bool:
    return bool(_given(said, _LAYER_KEYS))


def _given(said: PipeConstruction, keys: tuple[str, ...]) -> list[str]:
    return [key for key in keys if getattr(said, key) is not None]


def _problems(said: PipeConstruction) -> Iterator[str]:
    if (said.pipe is None) == (said.diameter_inner_mm is None):
        yield "needs either pipe (an id of the catalogue) or diameter_inner_mm"
        return
    found = list(_catalogue_problems(said) if said.pipe is not None else _own_problems(said))
    found += _site_problems(said) if not found else ()
    yield from found or _geometry_problems(said)


def _catalogue_problems(said: PipeConstruction) -> Iterator[str]:
    try:
        name, _ = pipe_row(said.pipe or "")
    except CatalogueError as error:
        yield str(error)
        return
    for key in _given(said, (*_OWN_DIMENSIONS, *_U_VALUES)):
        yield f"{key} stands beside pipe, which says it already: leave one out"
    if name == "pipes_twin" and "placement" in said.model_fields_set and said.placement != "twin":
        yield f"{said.pipe} is a twin pipe: placement must be twin"
    if name == "pipes_twin" and said.distance_axes_m is not None:
        yield "distance_axes_m stands beside a twin pipe, which says it already: leave it out"
    if name != "pipes_twin" and said.placement == "twin":
        yield f"{said.pipe} is a single pipe: placement twin needs a twin pipe such as isoplus_twin_dn65_std"
    if name == "pipes_u" and said.placement in ("duct", "above_ground"):
        yield f"{said.pipe} has the heat loss of a buried pair: use an en253 or gost30732 id for {said.placement}"
    if name == "pipes_u" and said.conductivity_insulation_w_mk is not None:
        yield f"conductivity_insulation_w_mk changes nothing: {said.pipe} has its maker's heat loss; use an en253 id"


def _own_problems(said: PipeConstruction) -> Iterator[str]:
    said_u = _given(said, _U_VALUES)
    if said.u_w_mk is not None and len(said_u) > 1:
        yield f"u_w_mk is for supply and return alike: leave out {' and '.join(said_u[1:])}"
    if not _has_layers(said):
        return
    if said_u:
        layers = ", ".join(_given(said, _LAYER_KEYS))
        yield f"the heat loss is said twice: leave out either {', '.join(said_u)} or the layers ({layers})"
    for key in ("wall_mm", "conductivity_insulation_w_mk"):
        if getattr(said, key) is None:
            yield f"{key} is missing: layers need wall_mm, conductivity_insulation_w_mk and the insulation"
    if (said.insulation_mm is None) == (said.diameter_casing_mm is None):
        yield "layers need either insulation_mm or diameter_casing_mm"
    if said.placement == "twin":
        for key in ("diameter_casing_mm", "distance_axes_m"):
            if getattr(said, key) is None:
                yield f"{key} is missing: a twin pipe needs its casing and the distance of its axes"


def _site_problems(said: PipeConstruction) -> Iterator[str]:
    placement = "twin" if is_twin(said) else said.placement
    given = _given(said, _ALL_SITE_KEYS)
    if given and layers_of(said) is None:
        yield f"{', '.join(given)}: changes nothing, as the heat loss is given; leave it out or describe the layers"
        return
    for key in given:
        if key not in _SITE_KEYS[placement]:
            yield f"{key} says nothing about a pipe with placement {placement}"
    if said.film_coefficient_w_m2k is not None and said.speed_wind_m_s is not None:
        yield "film_coefficient_w_m2k and speed_wind_m_s say the same: leave one out"


def _geometry_problems(said: PipeConstruction) -> Iterator[str]:
    layers = layers_of(said)
    if layers is None:
        return
    casing_m, depth_m = layers.diameter_casing_m, said.depth_m or DEPTH_AXIS_M
    if layers.diameter_insulation_m < layers.diameter_pipe_m:
        yield f"the casing is too small for the pipe of {layers.diameter_pipe_m / M_PER_MM:g} mm in it"
    elif said.placement == "duct":
        height_m = said.duct_height_m or DUCT_HEIGHT_M
        if casing_m > min(height_m, 0.5 * (said.duct_width_m or DUCT_WIDTH_M)):
            yield f"two casings of {casing_m / M_PER_MM:g} mm do not fit into the duct: say duct_width_m, duct_height_m"
        if 2.0 * depth_m < height_m:
            yield "the duct sticks out of the ground: raise depth_m"
    elif said.placement != "above_ground" and 2.0 * depth_m < casing_m:
        yield f"a casing of {casing_m / M_PER_MM:g} mm sticks out of the ground: raise depth_m"
    distance_m = layers.distance_axes_m
    if distance_m is not None and is_twin(said):
        if not layers.diameter_pipe_m <= distance_m <= layers.diameter_insulation_m - layers.diameter_pipe_m:
            yield "two pipes with this distance_axes_m overlap or stick out of the casing"
    elif distance_m is not None and distance_m < casing_m:
        yield f"casings of {casing_m / M_PER_MM:g} mm overlap: raise distance_axes_m"
