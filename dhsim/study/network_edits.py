"""A network as it would be said with other pipes, throttles or lift: what a design writes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from dhsim.errors import Problem, ScenarioError
from dhsim.network.throttling import Throttles
from dhsim.scenario.network_schema import NetworkConsumer, NetworkPipe, NetworkScenario
from dhsim.units import PA_PER_KPA

_PIPE_KEYS = ("id", "start", "end", "route", "line", "length_m", "zeta", "roughness_mm")
_SITE_KEYS = ("placement", "depth_m", "conductivity_soil_w_mk")
_DUCT_KEYS = ("duct_width_m", "duct_height_m", "film_coefficient_w_m2k", "speed_wind_m_s")
_FLOW_KEYS = ("mass_flow_kg_s", "kvs_m3_h", "orifice_mm", "nozzle_mm", "mass_flow_design_kg_s", "dp_design_kpa")
_TWIN, _BURIED_PAIR = "isoplus_twin", "isoplus"


def with_pipes(scenario: NetworkScenario, chosen: Mapping[str, str], family: str) -> NetworkScenario:
    """Return a network with pipes of the catalogue; where they lie stays as said.

    Parameters
    ----------
    scenario
        The network.
    chosen
        Pipe -> id in the catalogue.
    family
        Of these: twin pipes are laid as such, and those with a maker's heat loss as buried pairs.

    Raises
    ------
    ScenarioError
        Where a pipe does not fit its site, such as a duct; each pipe with its place.
    """
    made, problems = [], list[Problem]()
    for index, pipe in enumerate(scenario.pipes):
        said = pipe.model_dump(include=set(_PIPE_KEYS), exclude_unset=True)
        if family != _BURIED_PAIR:
            site = set(_SITE_KEYS) | (set() if family == _TWIN else set(_DUCT_KEYS))
            said |= pipe.model_dump(include=site, exclude_unset=True, exclude_none=True)
        if family == _TWIN or said.get("placement") == "twin":
            said["placement"] = "twin" if family == _TWIN else "buried"
        try:
            made.append(NetworkPipe.model_validate({**said, "pipe": chosen[pipe.id]}))
        except ValidationError as error:
            told = "; ".join(str(one.get("ctx", {}).get("error", one["msg"])) for one in error.errors())
            message = f"pipe {pipe.id!r} needs {chosen[pipe.id]}, which does not fit here: {told}"
            problems.append(scenario.problem(f"pipes.{index}", message))
    if problems:
        raise ScenarioError(problems)
    return scenario.model_copy(update={"pipes": made})


def with_throttles(scenario: NetworkScenario, throttles: Throttles, active: NDArray[np.bool_]) -> NetworkScenario:
    """Return a network whose consumers take their design flow at the pressure that their throttles burn."""
    made = []
    for i, consumer in enumerate(scenario.consumers):
        if not active[i]:
            made.append(consumer)
            continue
        said: dict[str, Any] = consumer.model_dump(exclude=set(_FLOW_KEYS), exclude_unset=True, exclude_none=True)
        if "heat_kw" in said:
            said.pop("temp_drop_k", None)
            said.pop("temp_return_c", None)
        flow_kg_s = float(throttles.mass_flow_kg_s[i])
        said["mass_flow_design_kg_s"] = flow_kg_s
        said["dp_design_kpa"] = (flow_kg_s / float(throttles.conductance_kg_s_pa05[i])) ** 2 / PA_PER_KPA
        made.append(NetworkConsumer.model_validate(said))
    return scenario.model_copy(update={"consumers": made})


def with_lift(scenario: NetworkScenario, extra_pa: float) -> NetworkScenario:
    """Return a network whose first producer holds that much more, as its lift or at the worst consumer [Pa]."""
    if extra_pa == 0.0:
        return scenario
    first, *others = scenario.producers
    key = "dp_set_kpa" if first.control == "worst_consumer" else "lift_kpa"
    raised = first.model_copy(update={key: (getattr(first, key) or 0.0) + extra_pa / PA_PER_KPA})
    return scenario.model_copy(update={"producers": [raised, *others]})
