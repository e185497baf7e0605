"""What a zone's heat supply may become where its radiators hang on different risers, each with a flow of its own."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dhsim.balancing.bounds import Box
from dhsim.balancing.flags import listed
from dhsim.errors import DhsimError
from dhsim.model.building import Building
from dhsim.model.building_hydraulics import BuildingFlow
from dhsim.network.parts import Floats, Ints


class RadiatorChange(NamedTuple):
    """How the flow of every radiator changes; arrays of shape (n_radiator,)."""

    zone: Ints
    """Number of the zone of each."""
    flow_ratio_rel: Floats
    """New over present flow [-]."""
    share_rel: Floats
    """What it gives of its zone's present heat supply [-]; sums to 1 in every zone."""
    from_design: tuple[bool, ...] = ()
    """Of each zone: whether the shares are those of design heat, else of present flow."""

    @property
    def n_zone(self) -> int:
        """Return the number of zones."""
        return int(self.zone.max(initial=-1)) + 1

    def zone_mean(self, values_rel: Floats) -> Floats:
        """Return the mean over each zone's radiators, by their shares; radiators along the last axis."""
        weights = np.zeros((self.zone.size, self.n_zone))
        weights[np.arange(self.zone.size), self.zone] = self.share_rel
        return np.asarray(values_rel @ weights)

    def range_rel(self, shares_known: bool = True) -> tuple[Floats, Floats]:
        """Return the least and the largest new heat supply of every zone over its present one.

        Parameters
        ----------
        shares_known
            Whether to believe `share_rel`; if not, the range holds for any shares.

        Returns
        -------
        tuple of ndarray
            Ratios [-], shape (n_zone,).
        """
        low, high = np.minimum(self.flow_ratio_rel, 1.0), np.maximum(self.flow_ratio_rel, 1.0)
        if shares_known:
            return self.zone_mean(low), self.zone_mean(high)
        least, most = np.full(self.n_zone, np.inf), np.zeros(self.n_zone)
        np.minimum.at(least, self.zone, low)
        np.maximum.at(most, self.zone, high)
        return least, most


def radiator_change(
    building: Building, before: BuildingFlow, after: BuildingFlow, heat_design_w: ArrayLike | None = None
) -> RadiatorChange:
    """Return how radiators' flows change between two settings of the valves.

    Parameters
    ----------
    building
        The circuit.
    before, after
        What `solve_flows` says of both settings.
    heat_design_w
        Of each radiator in the plan, in the order of `Building.radiators`, NaN where it does not say [W]; None where
        it says nothing.

    Returns
    -------
    RadiatorChange
        Shares of the heat supply from design heat in zones where the plan has it for every radiator, from present flow
        in the others.

    Raises
    ------
    DhsimError
        If a radiator has no flow now, or design heats are not positive or not one a radiator.

    Notes
    -----
    Both kinds of share are estimates: design heat is right as far as radiators were built and sized as planned, flow as
    far as all radiators of a zone cool the water alike. `RadiatorChange.range_rel(shares_known=False)` needs neither.
    """
    radiators = building.radiators
    zone = building.zone[radiators]
    now, then = before.flow_m3_s[radiators], np.maximum(after.flow_m3_s[radiators], 0.0)
    dry = radiators[~(now > 0.0)]
    if dry.size:
        shown = listed(building.edge_ids[e] for e in dry)
        raise DhsimError(f"{dry.size} radiators have no flow now ({shown}): nothing can be said of a ratio")
    heat = np.full(radiators.size, np.nan) if heat_design_w is None else np.asarray(heat_design_w, np.float64)
    if heat.shape != radiators.shape or (heat <= 0.0).any():
        raise DhsimError(f"design heat must be positive, one a radiator: got {heat.shape} for {radiators.size}")
    silent = np.bincount(zone, np.isnan(heat), building.n_zone) > 0
    weight = np.where(silent[zone], now, heat)
    share = weight / np.bincount(zone, weight, building.n_zone)[zone]
    return RadiatorChange(zone, then / now, share, tuple((~silent).tolist()))


def radiator_box(nu_per_s: ArrayLike, change: RadiatorChange, *, shares_known: bool = True) -> Box:
    """Return the bounds on the heat supply where every radiator's flow changes by its own ratio.

    ``lo = nu sum_r w_r min(1, r_r)``, ``hi = nu sum_r w_r max(1, r_r)``

    Parameters
    ----------
    nu_per_s
        Heat supply coefficient nu of each zone at the present flows [1/s].
    change
        Of the radiators.
    shares_known
        False: no shares w are believed, ``lo = nu min_r min(1, r_r)``, ``hi = nu max_r max(1, r_r)``.

    Returns
    -------
    Box
        Two arrays of shape (n_zone,).

    Raises
    ------
    DhsimError
        If the lengths differ.

    Notes
    -----
    Eq. (27) of doi 10.1016/j.enbuild.2025.116464 takes one ratio a zone, that of its whole flow, which holds where all
    radiators of a zone share a riser. Where flow moves from one riser to another, the zone's flow may stay and its heat
    change; eqs. (24) and (25) then hold for each radiator, and their sum is this box. It holds eq. (27)'s where shares
    go by flow, and is as right as the shares are.

    Examples
    --------
    >>> change = RadiatorChange(np.array([0, 0]), np.array([0.5, 1.5]), np.array([0.5, 0.5]))
    >>> [float(side[0]) for side in radiator_box([1.0], change)]
    [0.75, 1.25]
    """
    nu = np.atleast_1d(np.asarray(nu_per_s, np.float64))
    if nu.shape != (change.n_zone,):
        raise DhsimError(f"one heat supply a zone is needed: got shape {nu.shape} for {change.n_zone} zones")
    low, high = change.range_rel(shares_known)
    return Box(nu * low, nu * high)
