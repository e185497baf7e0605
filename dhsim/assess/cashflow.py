"""What is a cash flow worth? NPV, IRR and three paybacks of plain yearly amounts, eqs. (9)-(11). Income is positive."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyxirr
from numpy.typing import NDArray
from scipy.optimize import brentq

from dhsim.errors import DhsimError

Flow = NDArray[np.float64]

_HALF_CENT_EUR = 0.005
_IRR_SEARCHED = (-0.99, 10.0)


@dataclass(frozen=True)
class Indicators:
    """What a plain cash flow is worth; `irr` is None wherever `irr_note` says why."""

    total_eur: float
    npv_eur: float
    irr: float | None
    irr_note: str
    payback_simple_y: float | None
    payback_discounted_y: float | None
    payback_mean_y: float | None


def indicators(
    net_eur: Sequence[float] | Flow, discount_rate: float, capex_eur: Sequence[float] | Flow | None = None
) -> Indicators:
    """Return NPV, IRR and paybacks of a plain cash flow, eqs. (9)-(11).

    NPV = sum_t net_t / (1 + i)^t, t = 0, 1, 2 ...

    Parameters
    ----------
    net_eur
        Net flow of year 0, 1, 2 ...; income positive [EUR].
    discount_rate
        i, per year.
    capex_eur
        Investment in each year, as a negative flow and part of `net_eur` [EUR]; left out: year 0, if it is negative.

    Returns
    -------
    Indicators
        `payback_mean_y` is eq. (10), investment over mean yearly cash flow of years 1 ... T.

    Notes
    -----
    Flows below half a cent count as zero where only the sign matters.

    Examples
    --------
    >>> made = indicators([-392.0] + [100.0] * 25, 0.08)
    >>> made.payback_simple_y, round(made.irr, 3)
    (3.92, 0.254)
    """
    net = np.asarray(net_eur, dtype=np.float64)
    if net.ndim != 1 or len(net) < 2 or not np.isfinite(net).all():
        raise DhsimError("a cash flow needs two years at least and finite amounts")
    capex = [min(net[0], 0.0)] if capex_eur is None else capex_eur
    discounted = net / growth_factors(discount_rate, len(net))
    irr, note = internal_rate(net)
    return Indicators(
        total_eur=math.fsum(net),
        npv_eur=float(pyxirr.npv(discount_rate, net) or 0.0),
        irr=irr,
        irr_note=note,
        payback_simple_y=payback_years(net),
        payback_discounted_y=payback_years(discounted),
        payback_mean_y=_payback_mean(net, capex),
    )


def payback_years(flow_eur: Sequence[float] | Flow) -> float | None:
    """Return when the cumulative flow turns positive for good, years, interpolated within the year.

    The last change of sign counts, so that staged investment is paid back too. 0 if the owner is never out of pocket;
    None if the sum stays negative, or if nothing flows.

    Examples
    --------
    >>> payback_years([-10.0, 4.0, 4.0, 4.0])
    2.5
    """
    cumulative = np.cumsum(np.asarray(flow_eur, dtype=np.float64))
    if np.abs(cumulative).max() < _HALF_CENT_EUR or cumulative[-1] <= -_HALF_CENT_EUR:
        return None
    below = np.flatnonzero(cumulative <= -_HALF_CENT_EUR)
    if not len(below):
        return 0.0
    last = int(below[-1])
    step = cumulative[last + 1] - cumulative[last]
    return float(last + min(1.0, -cumulative[last] / step))


def internal_rate(flow_eur: Sequence[float] | Flow) -> tuple[float | None, str]:
    """Return the internal rate of return, eq. (11), or None and why.

    A flow that changes sign once has one rate. With several changes it is returned only where it is proved unique:
    the cumulative flow starts negative, changes sign once and ends positive (Norstrom's criterion), and the search of
    -99 ... 1000 % finds no other root.

    Examples
    --------
    >>> rate, note = internal_rate([-100.0, 110.0])
    >>> round(rate, 6), note
    (0.1, '')
    >>> internal_rate([-100.0, 230.0, -132.0])
    (None, 'not unique: the cash flow changes sign 2 times; roots at 10.0 %, 20.0 %')
    """
    flow = np.asarray(flow_eur, dtype=np.float64)
    if np.abs(flow).max() < _HALF_CENT_EUR:
        return None, "none: nothing flows"
    flow = np.where(np.abs(flow) < _HALF_CENT_EUR, 0.0, flow)
    signs = flow[flow != 0.0]
    changes = len(pyxirr.zero_crossing_points(signs))
    if changes == 0:
        return None, f"none: the cash flow is all {'income' if signs[0] > 0 else 'cost'}"
    if changes == 1:
        return _single_rate(flow, income_first=bool(signs[0] > 0))
    roots = _roots(flow)
    if len(roots) == 1 and _norstrom(flow):
        return roots[0], ""
    if not roots:
        return None, f"none: the cash flow changes sign {changes} times; no root between -99 and 1000 %"
    found = ", ".join(f"{100.0 * root:.1f} %" for root in roots)
    return None, f"not unique: the cash flow changes sign {changes} times; roots at {found}"


def annuity_factor(discount_rate: float, lifetime_y: int) -> float:
    """Return the yearly payment per present value: i / (1 - (1 + i)^-T), and 1/T at i = 0.

    Examples
    --------
    >>> round(annuity_factor(0.08, 25), 4)
    0.0937
    """
    return 1.0 / math.fsum(1.0 / growth_factors(discount_rate, lifetime_y + 1)[1:])


def growth_factors(discount_rate: float, years: int) -> Flow:
    """Return (1 + i)^t for t = 0 ... years - 1, shape (years,).

    Examples
    --------
    >>> growth_factors(0.5, 3).tolist()
    [1.0, 1.5, 2.25]
    """
    return np.asarray((1.0 + discount_rate) ** np.arange(years), dtype=np.float64)


def _payback_mean(net: Flow, capex: Sequence[float] | Flow) -> float | None:
    invested = -math.fsum(capex)
    income = (math.fsum(net[1:]) - math.fsum(capex[1:])) / (len(net) - 1)
    return invested / income if invested >= _HALF_CENT_EUR and income > 0.0 else None


def _single_rate(flow: Flow, *, income_first: bool) -> tuple[float | None, str]:
    root = _roots(flow)
    if not root:
        return None, "none: no root between -99 and 1000 %"
    if income_first:
        return None, f"none: income first, cost later; {100.0 * root[0]:.1f} % is what the early money costs"
    return root[0], ""


def _roots(flow: Flow) -> list[float]:
    """Return the internal rates in the searched range, ascending; pyxirr gives one of them, without saying so."""
    flow = flow / np.abs(flow).max()
    first = int(np.flatnonzero(flow)[0])  # leading empty years move no root
    x = np.geomspace(1.0 + _IRR_SEARCHED[0], 1.0 + _IRR_SEARCHED[1], 4001)

    def worth(growth: float) -> float:
        return float(np.polynomial.polynomial.polyval(1.0 / growth, flow[first:]))

    values = np.polynomial.polynomial.polyval(1.0 / x, flow[first:])
    roots = [float(x[k]) - 1.0 for k in np.flatnonzero(values == 0.0)]
    between = np.flatnonzero(values[:-1] * values[1:] < 0.0)
    roots += [brentq(worth, x[k], x[k + 1], xtol=1e-13) - 1.0 for k in between]
    likely = pyxirr.irr(flow, silent=True)  # may know a double root that the scan steps over
    if likely is not None and _IRR_SEARCHED[0] < likely < _IRR_SEARCHED[1]:
        roots += [likely] if all(abs(likely - root) > 1e-6 for root in roots) else []
    return sorted(roots)


def _norstrom(flow: Flow) -> bool:
    cumulative = np.cumsum(flow)
    cumulative = cumulative[np.abs(cumulative) >= _HALF_CENT_EUR]
    changes = int(np.count_nonzero(np.diff(np.sign(cumulative))))
    return changes == 1 and bool(cumulative[0] < 0.0 < cumulative[-1])
