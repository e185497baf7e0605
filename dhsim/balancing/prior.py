"""What is assumed before any data: leakage of a zone, transfer units of its radiators, noise of its sensor."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dhsim.errors import DhsimError
from dhsim.units import S_PER_DAY

Floats = NDArray[np.float64]

TIME_CONSTANT_SHORTEST_D = 4.0
"""Swedish multi-family buildings: 4 to 12 days. L. Olsson Ingvarson and S. Werner, Building mass used as short term
heat storage, 11th International Symposium on District Heating and Cooling, Reykjavik, 2008."""
TIME_CONSTANT_LONGEST_D = 12.0


class ThetaPrior(NamedTuple):
    """Normal prior of the thermal leakage theta; scalars, or arrays of shape (n_zone,)."""

    mean_per_s: float | Floats
    sd_per_s: float | Floats


class NtuPrior(NamedTuple):
    """Log-normal prior of the radiators' number of transfer units at the present flow, ``N = UA / (c_p m)``.

    ``N = ln((T_supply - T_room) / (T_return - T_room))``: 0.20 at 75/65/20 (EN 442-2), 0.41 at 80/60/20 and 0.69 at
    60/40/20, older and newer Swedish design temperatures. Flows off their design spread it further, hence a factor
    of 2 either way as one standard deviation. An assumption of dhsim, to be replaced where return temperatures are
    known.
    """

    median: float = 0.4
    log_sd: float = 0.7


class NoisePrior(NamedTuple):
    """Log-normal prior of the standard deviation of a room sensor's noise; keeps the fit regular where there is none.

    0.05 K is what steps of 0.1 K and a quiet sensor give; a factor of e either way is one standard deviation. An
    assumption of dhsim.
    """

    median_k: float = 0.05
    log_sd: float = 1.0


def prior_of_time_constants(
    shortest_d: float = TIME_CONSTANT_SHORTEST_D, longest_d: float = TIME_CONSTANT_LONGEST_D
) -> ThetaPrior:
    """Return the normal prior on ``theta = 1/tau`` whose mean -+ 3 standard deviations cover a range of time constants.

    ``mean = (1/tau_min + 1/tau_max) / 2``, ``sd = (1/tau_min - 1/tau_max) / 6``

    Parameters
    ----------
    shortest_d, longest_d
        Shortest and longest time constant [d].

    Returns
    -------
    ThetaPrior
        Mean and standard deviation, in 1/s.

    Raises
    ------
    DhsimError
        If the range is empty or not positive.

    Notes
    -----
    Source: eq. (38) of doi 10.1016/j.enbuild.2025.116464 and the text after it.

    Examples
    --------
    >>> prior = prior_of_time_constants()
    >>> round(86400 * prior.mean_per_s, 4), round(86400 * prior.sd_per_s, 4)
    (0.1667, 0.0278)
    """
    if not 0.0 < shortest_d < longest_d < np.inf:
        raise DhsimError(f"time constants must satisfy 0 < shortest < longest (got {shortest_d:g} and {longest_d:g} d)")
    fast, slow = 1.0 / (shortest_d * S_PER_DAY), 1.0 / (longest_d * S_PER_DAY)
    return ThetaPrior((fast + slow) / 2.0, (fast - slow) / 6.0)


def prior_per_zone(prior: ThetaPrior | tuple[ArrayLike, ArrayLike], count: int) -> ThetaPrior:
    """Return a prior with one mean and one standard deviation a zone.

    Parameters
    ----------
    prior
        Mean and standard deviation, numbers for all zones or one a zone.
    count
        Number of zones.

    Returns
    -------
    ThetaPrior
        Arrays of shape (n_zone,).

    Raises
    ------
    DhsimError
        If a standard deviation is not positive, a value not finite, or a length differs.
    """
    sides = [np.asarray(side, np.float64) for side in prior]
    if len(sides) != 2 or any(side.shape not in ((), (1,), (count,)) for side in sides):
        shapes = " and ".join(str(side.shape) for side in sides)
        raise DhsimError(
            f"the prior needs a mean and a standard deviation, one or {count} of each: got shapes {shapes}"
        )
    mean, sd = (np.broadcast_to(side, (count,)).copy() for side in sides)
    if not (np.isfinite(mean).all() and np.isfinite(sd).all() and (sd > 0.0).all()):
        raise DhsimError("the prior needs finite means and positive standard deviations: see prior_of_time_constants")
    return ThetaPrior(mean, sd)
