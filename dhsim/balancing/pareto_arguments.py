"""What `pareto` and `rounded` are given, checked: weights, coefficients, valves, levels and limits."""

from __future__ import annotations

import math
import numbers
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from dhsim.balancing.continuation import ZETA_LAST
from dhsim.balancing.lifted import Thermal
from dhsim.errors import DhsimError
from dhsim.model.building import Building
from dhsim.network.parts import Floats, Ints

ZETA_MAX = ZETA_LAST
"""Beyond it the independent alphas are exploited: the true angle gets worse than doing nothing."""
_ZETA_COUNT = 21
_ROUNDING = 1e-9
_NAMED = 5


def weights_of(zetas: ArrayLike | None) -> list[float]:
    """Return the weights in the order they are asked for, without those that are too large."""
    if zetas is None:
        return [float(zeta) for zeta in np.linspace(0.0, ZETA_MAX, _ZETA_COUNT)]
    given = _array(zetas, "zetas").ravel()
    if not given.size or not ((given >= 0.0) & (given <= 1.0)).all():
        raise DhsimError("zetas: give weights from 0 to 1")
    inside = given <= ZETA_MAX + _ROUNDING
    if not inside.all():
        warnings.warn(
            f"weights beyond {ZETA_MAX} exploit the independence of the zones' best cases and make the true angle "
            f"worse: {', '.join(f'{zeta:g}' for zeta in np.unique(given[~inside]))} left out",
            UserWarning,
            stacklevel=3,
        )
    if not inside.any():
        raise DhsimError(f"zetas: none is at or below {ZETA_MAX}")
    return [float(zeta) for zeta in given[inside]]


def coefficients_of(building: Building, theta_per_s: ArrayLike, nu_per_s: ArrayLike) -> Thermal:
    """Return leakage and heat supply as samples, one a row."""
    theta, nu = (np.atleast_2d(_array(side, name)) for side, name in ((theta_per_s, "theta"), (nu_per_s, "nu")))
    if theta.shape != nu.shape or theta.ndim != 2 or theta.shape[1] != building.n_zone or not len(theta):
        shapes = [str(side.shape[1:] if len(side) == 1 else side.shape) for side in (theta, nu)]
        raise DhsimError(
            f"theta and nu need one value for each of {building.n_zone} zones, in one row or one a sample: "
            f"got shapes {' and '.join(shapes)}"
        )
    for name, values in (("theta", theta), ("nu", nu)):
        wrong = np.flatnonzero(~((values > 0.0) & np.isfinite(values)).all(axis=0))
        if wrong.size:
            more = f" (nor those of {wrong.size - 1} other zones)" if wrong.size > 1 else ""
            raise DhsimError(
                f"{name} of {building.zone_ids[wrong[0]]} is not positive{more}: leave the zone out or identify again"
            )
    return Thermal(theta, nu)


def limits_of(
    max_changed: Any, total_flow_tolerance_rel: Any, quantile: Any, effort: Any
) -> tuple[int | None, float | None, float | None, float]:
    """Return how many valves may be turned, how much the total flow may change, the quantile and the effort."""
    count = None if max_changed is None else _number(max_changed, "max_changed")
    if count is not None and not (count.is_integer() and count >= 1.0):
        raise DhsimError(f"max_changed {max_changed}: a whole number; at least one valve must be free to turn")
    tolerance = None if total_flow_tolerance_rel is None else _number(
        total_flow_tolerance_rel, "total_flow_tolerance_rel"
    )  # fmt: skip
    if tolerance is not None and not tolerance >= 0.0:
        raise DhsimError(f"total_flow_tolerance_rel {tolerance:g} must not be negative")
    level = None if quantile is None else _number(quantile, "quantile")
    if level is not None and not 0.0 <= level < 1.0:
        raise DhsimError(f"quantile {level:g} must lie from 0 to below 1")
    factor = _number(effort, "effort")
    if not 0.0 <= factor < math.inf:
        raise DhsimError(f"effort {factor:g}: a factor on the number of kicks, 0 or more")
    return None if count is None else int(count), tolerance, level, factor


def free_of(building: Building, given: Any) -> Ints:
    """Return the numbers of the valves that may be turned, each once; given by numbers, names or a mask."""
    count = building.valves.size
    asked = list(range(count)) if given is None else _listed(given)
    if asked and all(isinstance(v, bool) for v in asked):
        if len(asked) != count:
            raise DhsimError(f"free_valves: a mask needs one value for each of {count} valves, got {len(asked)}")
        asked = [v for v, turned in enumerate(asked) if turned]
    free = sorted(set(_numbers(building, asked)))
    edges = building.valves[free]
    turnable = building.resistance_max_pa_s2_m6[edges] > building.resistance_min_pa_s2_m6[edges]
    if not turnable.any():
        raise DhsimError("no valve may be turned: give ranges, or other free_valves")
    return np.array(free, dtype=np.int64)[turnable]


def levels_of(building: Building, given: ArrayLike | Mapping[int, ArrayLike] | Mapping[str, ArrayLike]
              ) -> dict[int, Floats]:  # fmt: skip
    """Return the resistances at which valves can stand, by the valve's number [Pa s2/m6]."""
    if isinstance(given, Mapping):
        by_valve = dict(zip(_numbers(building, list(given)), given.values(), strict=True))
    else:
        by_valve = dict.fromkeys(range(building.valves.size), given)
    levels = {}
    for v, values in by_valve.items():
        name = f"levels of {building.valve_ids[v]}"
        levels[v] = np.atleast_1d(_array(values, name)).ravel()
        if not levels[v].size or not ((levels[v] > 0.0) & np.isfinite(levels[v])).all():
            raise DhsimError(f"{name} must be positive resistances")
    return levels


def _listed(given: Any) -> list[Any]:
    """Return numbers, names or a mask as a list of plain values; a single one too."""
    if isinstance(given, str) or not isinstance(given, Iterable):
        return [given]
    return [
        v.item() if isinstance(v, np.generic) else v
        for v in (given.ravel() if isinstance(given, np.ndarray) else given)
    ]


def _numbers(building: Building, given: list[Any]) -> list[int]:
    """Return valves given by number or name as numbers."""
    count, place = building.valves.size, {name: v for v, name in enumerate(building.valve_ids)}
    found = [place.get(v, -1) if isinstance(v, str) else _whole(v) for v in given]
    unknown = [v for v, number in zip(given, found, strict=True) if not 0 <= number < count]
    if unknown:
        more = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
        shown = f"unknown valves {', '.join(map(str, unknown[:_NAMED]))}{more}: the building has {count}"
        raise DhsimError(f"{shown}, from 0; give their numbers or names (the first is {building.valve_ids[0]!r})")
    return found


def _whole(value: Any) -> int:
    """Return a whole number, or -1 for what is none."""
    number = isinstance(value, numbers.Real) and not isinstance(value, (bool, np.bool_))
    return int(value) if number and math.isfinite(value) and float(value).is_integer() else -1


def _number(value: Any, name: str) -> float:
    if isinstance(value, numbers.Real) and not isinstance(value, (bool, np.bool_)) and not math.isnan(value):
        return float(value)
    raise DhsimError(f"{name}: got {value!r}; it takes a number")


def _array(values: Any, name: str) -> Floats:
    try:
        return np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise DhsimError(f"{name}: got {values!r}; it takes numbers, as many in each row") from None
