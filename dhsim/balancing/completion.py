"""Zones without a usable sensor: what is assumed of them, so that the rest of the building can be balanced."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dhsim.balancing.flags import Flag
from dhsim.balancing.posterior import DRAW_LEAST_REL, Posterior
from dhsim.balancing.prior import ThetaPrior
from dhsim.errors import DhsimError

Floats = NDArray[np.float64]
_KNOWN_MIN = 2
_SEED = 20251016


def completed(fit: Posterior, zone_ids: Sequence[str]) -> Posterior:
    """Return a posterior of all zones of a building, in its order.

    A zone that was not identified, or whose leakage or heat supply came out negative, gets the mean of the prior and
    the median of the other zones' heat supply over leakage; its draws take the prior's leakage and the ratio of another
    zone at random. Nothing then speaks for a change of its flow.

    Parameters
    ----------
    fit
        Of the zones with sensors.
    zone_ids
        All zones of the building.

    Returns
    -------
    Posterior
        With a flag "assumed" for each zone that was filled in, and draws that are positive.

    Raises
    ------
    DhsimError
        If fewer than two zones were identified.
    """
    place = {name: z for z, name in enumerate(fit.zone_ids)}
    asked = [place[name] for name in zone_ids if name in place]
    known = [z for z in asked if fit.theta_per_s[z] > 0.0 and fit.nu_per_s[z] > 0.0]
    if len(known) < _KNOWN_MIN:
        raise DhsimError(f"{len(known)} of {len(zone_ids)} zones were identified: at least {_KNOWN_MIN} are needed")
    at = np.array([place[name] if place.get(name) in known else -1 for name in zone_ids])
    absent = np.flatnonzero(at < 0)
    random = np.random.default_rng(_SEED)
    mean, sd = float(np.mean(fit.prior.mean_per_s)), float(np.mean(fit.prior.sd_per_s))
    ratio = fit.nu_per_s[known] / fit.theta_per_s[known]
    theta, nu = fit.theta_per_s[at], fit.nu_per_s[at]
    theta[absent], nu[absent] = mean, mean * float(np.median(ratio))
    draws = fit.theta_samples_per_s[:, at], fit.nu_samples_per_s[:, at]
    shape = (len(draws[0]), absent.size)
    draws[0][:, absent] = mean + sd * random.standard_normal(shape)
    draws[1][:, absent] = draws[0][:, absent] * ratio[random.integers(0, len(known), shape)]

    def filled(values: Floats, with_: float) -> Floats:
        made = values[at].astype(np.float64)
        made[absent] = with_
        return np.asarray(made)

    believed = [filled(np.broadcast_to(side, len(fit.zone_ids)), part) for side, part in
                zip(fit.prior, (mean, sd), strict=True)]  # fmt: skip
    pairs = fit.pairs[at]
    pairs[absent] = 0
    text = "not identified: leakage of the prior and the other zones' median heat supply are assumed"
    return Posterior(
        zone_ids=tuple(zone_ids),
        method=fit.method,
        step_s=fit.step_s,
        prior=ThetaPrior(*believed),
        theta_per_s=theta,
        nu_per_s=nu,
        residual_sd_k=filled(fit.residual_sd_k, float("nan")),
        theta_samples_per_s=np.maximum(draws[0], DRAW_LEAST_REL * theta),
        nu_samples_per_s=np.maximum(draws[1], DRAW_LEAST_REL * nu),
        prior_share_rel=filled(fit.prior_share_rel, 1.0),
        pairs=pairs,
        sensor_sd_k=None if fit.sensor_sd_k is None else filled(fit.sensor_sd_k, float("nan")),
        flags=(*fit.flags, *(Flag("assumed", zone_ids[z], text) for z in absent.tolist())),
    )
