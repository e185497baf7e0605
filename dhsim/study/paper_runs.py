"""What the rows of the paper page read from a run: series at every step, classes of hours, volume flows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dhsim.model.boundary import N_CLASS, OUT_OF_SEASON
from dhsim.study.paper_figures import MissingRunError
from dhsim.units import S_PER_H

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dhsim.study.types import Run

NEAR_K = 1.0
"""Hours as far from the paper's modelled day count as that day."""


def series_of(run: Run, name: str) -> NDArray[np.float64]:
    """Return a series of a run.

    Raises
    ------
    MissingRunError
        It was not kept at every step.
    """
    values = run.solution.arrays.get(name)
    if values is None or len(values) != len(run.case.boundary.time):
        raise MissingRunError(f"the series {name} of {run.score.policy} at every step")
    return values


def classes_of(run: Run) -> NDArray[np.int64]:
    """Return the class of hours of every step: BELOW_CPT, ABOVE_CPT or OUT_OF_SEASON."""
    return run.case.boundary.arrays.group % N_CLASS


def volume_m3_h(run: Run, mass_flow_kg_s: float) -> float:
    """Return a flow as volume of the secondary network's water [m3/h]."""
    return mass_flow_kg_s * S_PER_H / run.case.system.substation.density_water_kg_m3


def near_day(run: Run, outdoor_c: float) -> NDArray[np.bool_]:
    """Return the hours of the season near the modelled day.

    Raises
    ------
    MissingRunError
        There is none.
    """
    near = np.abs(run.case.boundary.arrays.temp_outdoor_c - outdoor_c) <= NEAR_K
    near &= classes_of(run) != OUT_OF_SEASON
    if not near.any():
        raise MissingRunError(f"{run.score.policy} with heating at {outdoor_c:g} degC outside")
    return near
