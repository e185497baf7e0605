"""Whether a rebalancing helped: the zones it touched beside zones it did not, before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.optimize
from numpy.typing import ArrayLike, NDArray

from dhsim.balancing.flags import listed, zone_indices
from dhsim.balancing.posterior import LEVEL, Posterior, probability_of_decrease, same_zones
from dhsim.errors import DhsimError

Floats = NDArray[np.float64]

_PLACEBOS = 200
_CONTROLS_PER_ZONE_MAX = 3


@dataclass(frozen=True)
class GroupChange:
    """The change of a group's angle and its probability, one row of table 1."""

    name: str
    zones: tuple[str, ...]
    angle_before_rad: float
    interval_before_rad: tuple[float, float]
    angle_after_rad: float
    interval_after_rad: tuple[float, float]
    probability_decrease_rel: float
    change_samples_rad: Floats
    """Draws of phi_post - phi_pre, as figure 8."""


@dataclass(frozen=True)
class GroupComparison:
    """Intervened and control groups side by side."""

    intervened: GroupChange
    controls: tuple[GroupChange, ...]
    excess_rad: float
    """Change of the intervened group less the mean change of the controls, most likely values [rad]."""
    excess_interval_rad: tuple[float, float]
    probability_better_rel: float
    """Posterior probability that the excess is negative."""
    placebo_share_rel: float
    """Share of random groups of untouched zones whose angle fell at least as much: small where chance does not do it.

    NaN where fewer zones are untouched than touched."""

    def frame(self) -> pd.DataFrame:
        """Return table 1 of the paper for these groups: one row a group, angles in rad."""
        rows = [
            {
                "zones": len(group.zones),
                "angle_before_rad": group.angle_before_rad,
                "angle_before_low_rad": group.interval_before_rad[0],
                "angle_before_high_rad": group.interval_before_rad[1],
                "angle_after_rad": group.angle_after_rad,
                "angle_after_low_rad": group.interval_after_rad[0],
                "angle_after_high_rad": group.interval_after_rad[1],
                "probability_decrease_rel": group.probability_decrease_rel,
            }
            for group in (self.intervened, *self.controls)
        ]
        names = [group.name for group in (self.intervened, *self.controls)]
        return pd.DataFrame(rows, index=pd.Index(names, name="group"))


def compare_groups(
    before: Posterior,
    after: Posterior,
    intervened: Sequence[str],
    controls: Mapping[str, Sequence[str]],
    *,
    level_rel: float = LEVEL,
    random: np.random.Generator | None = None,
) -> GroupComparison:
    """Compare the change of the angle in the intervened zones with that in control groups.

    Parameters
    ----------
    before, after
        Posteriors of the two periods, by the same method.
    intervened
        Zones that the rebalancing touched.
    controls
        Names and zones of groups that it did not touch; none of them may be among the intervened.
    level_rel
        Level of the credible intervals [-].
    random
        Generator of the random groups; None for one of fixed seed.

    Returns
    -------
    GroupComparison
        Table 1 of the paper, the difference of the differences, and a placebo test.

    Raises
    ------
    DhsimError
        If a zone is unknown, stands on both sides, a group has fewer than two zones, or methods differ.

    Notes
    -----
    One zone has no angle: it can always be kept warm. Closing one riser raises all others, so that "untouched" zones
    are touched a little; the excess then understates or overstates by that. An angle grows with the uncertainty of its
    zones (`Posterior.angle_noise_rad`): after a rebalancing there is often less data, and groups nobody touched seem to
    get worse; the controls carry the same effect, so that the excess is to be believed rather than P of one group.
    Angles of groups of different size are not
    comparable in level, only in change. Source: table 1 and section 6.1 of doi 10.1016/j.enbuild.2025.116464.
    """
    _check(before, after, intervened, controls)
    touched = _change("intervened", before, after, intervened, level_rel)
    others = tuple(_change(name, before, after, zones, level_rel) for name, zones in controls.items())
    shift = _mode_change(touched) - float(np.mean([_mode_change(group) for group in others]))
    draws = touched.change_samples_rad - np.mean([group.change_samples_rad for group in others], axis=0)
    low, high = np.quantile(draws, [(1.0 - level_rel) / 2.0, (1.0 + level_rel) / 2.0])
    return GroupComparison(
        intervened=touched,
        controls=others,
        excess_rad=shift,
        excess_interval_rad=(float(low), float(high)),
        probability_better_rel=float(np.mean(draws < 0.0)),
        placebo_share_rel=_placebo(before, after, touched, random or np.random.default_rng(0)),
    )


def _check(before: Posterior, after: Posterior, touched: Sequence[str], controls: Mapping[str, Sequence[str]]) -> None:
    if before.method != after.method:
        raise DhsimError(f"both periods need one method (got {before.method} and {after.method}): biases would differ")
    if not controls:
        raise DhsimError("a comparison needs a control group; matched_control proposes one")
    for name, zones in {"intervened": touched, **controls}.items():
        same_zones(before, after, tuple(zones))
        if len(set(zones)) < 2 or len(set(zones)) < len(zones):
            raise DhsimError(f"{name}: a group needs at least two different zones (got {listed(zones)})")
    both = sorted(set(touched) & {zone for zones in controls.values() for zone in zones})
    if both:
        raise DhsimError(f"zones {listed(both)} are both intervened and controls: take them out of one")


def _change(name: str, before: Posterior, after: Posterior, zones: Sequence[str], level: float) -> GroupChange:
    earlier, later = before.angle_samples_rad(zones), after.angle_samples_rad(zones)
    count = min(len(earlier), len(later))
    return GroupChange(
        name=name,
        zones=tuple(zones),
        angle_before_rad=before.angle_rad(zones),
        interval_before_rad=before.angle_interval_rad(zones, level),
        angle_after_rad=after.angle_rad(zones),
        interval_after_rad=after.angle_interval_rad(zones, level),
        probability_decrease_rel=probability_of_decrease(before, after, zones),
        # the periods are independent: draws may be paired in any order, but not in the one of a shared seed
        change_samples_rad=later[:count] - np.roll(earlier[:count], count // 2),
    )


def _mode_change(group: GroupChange) -> float:
    return group.angle_after_rad - group.angle_before_rad


def _placebo(before: Posterior, after: Posterior, touched: GroupChange, random: np.random.Generator) -> float:
    """Return how many random groups of untouched zones, of the same size, did at least as well."""
    known = set(after.zone_ids)
    rest = [zone for zone in before.zone_ids if zone in known and zone not in touched.zones]
    size = len(touched.zones)
    if len(rest) < size:
        return float("nan")
    as_good = 0
    for _ in range(_PLACEBOS):
        group = [rest[k] for k in random.choice(len(rest), size, replace=False)]
        as_good += after.angle_rad(group) - before.angle_rad(group) <= _mode_change(touched)
    return (1 + as_good) / (1 + _PLACEBOS)


def matched_control(
    before: Posterior,
    intervened: Sequence[str],
    candidates: Sequence[str] | None = None,
    characteristics: pd.DataFrame | None = None,
    per_zone: int = 1,
) -> tuple[str, ...]:
    """Return untouched zones that were most like the intervened ones before: a control group by matching.

    Each intervened zone gets its own partners such that the sum of squared distances is smallest; distances are in
    standard deviations of theta, of nu over theta, and of the given characteristics.

    Parameters
    ----------
    before
        Posterior of the period before.
    intervened
        Zones that are or will be touched.
    candidates
        Zones to choose from; None for all others. Leave out those whose flow the rebalancing changes notably.
    characteristics
        Numbers to match besides (floor, area, facade ...), one row a zone.
    per_zone
        Partners of each intervened zone.

    Returns
    -------
    tuple of str
        Zones, `per_zone` times as many as intervened.

    Raises
    ------
    DhsimError
        If there are too few candidates, or a zone or its characteristics are missing.
    """
    pool = [zone for zone in (candidates or before.zone_ids) if zone not in set(intervened)]
    if not 1 <= per_zone <= _CONTROLS_PER_ZONE_MAX or len(pool) < per_zone * len(intervened):
        raise DhsimError(
            f"{per_zone} partners for {len(intervened)} zones from {len(pool)} candidates: give more candidates"
        )
    ratio = before.nu_per_s / before.theta_per_s
    table = pd.DataFrame({"theta": before.theta_per_s, "ratio": ratio}, index=pd.Index(before.zone_ids))
    if characteristics is not None:
        lacking = [zone for zone in [*intervened, *pool] if zone not in characteristics.index]
        if lacking:
            raise DhsimError(f"no characteristics of {listed(lacking)}")
        table = table.join(characteristics.select_dtypes("number"))
    blank = table.loc[[*intervened, *pool]].isna()
    if blank.to_numpy().any():
        columns = listed(str(name) for name in blank.columns[blank.any(axis=0)])
        raise DhsimError(f"{listed(blank.index[blank.any(axis=1)])}: no number for {columns}: fill in or leave out")
    scaled = ((table - table.mean()) / table.std().replace(0.0, 1.0)).to_numpy()
    mine, theirs = zone_indices(intervened, before.zone_ids), zone_indices(pool, before.zone_ids)
    distance = ((scaled[mine][:, None, :] - scaled[theirs][None, :, :]) ** 2).sum(axis=-1)
    chosen = scipy.optimize.linear_sum_assignment(np.tile(distance, (per_zone, 1)))[1]
    return tuple(pool[k] for k in sorted(chosen))


def temperature_spread_k(
    temp_zone_c: ArrayLike, zone_ids: Sequence[str], zones: Sequence[str] | None = None, complete_rel: float = 0.8
) -> Floats:
    """Return the standard deviation across zones at each time, of those that have a reading.

    Parameters
    ----------
    temp_zone_c
        Room temperatures, shape (n_time, n_zone), NaN where missing [degC].
    zone_ids
        Names of the columns.
    zones
        The group; None for all.
    complete_rel
        Least share of the group that must have a reading [-].

    Returns
    -------
    ndarray
        Spread [K], shape (n_time,), NaN where too few zones have a reading.
    """
    group = np.asarray(temp_zone_c, np.float64)[:, zone_indices(zones, zone_ids)]
    there = np.isfinite(group)
    count = there.sum(axis=1)
    enough = (count >= complete_rel * group.shape[1]) & (count >= 2)
    filled = np.where(there, group, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = filled.sum(axis=1) / count
        square = np.where(there, (group - middle[:, None]) ** 2, 0.0).sum(axis=1) / (count - 1)
    return np.where(enough, np.sqrt(np.where(enough, square, 0.0)), np.nan)


def spread_quantiles(
    spread_k: ArrayLike, temp_outdoor_c: ArrayLike, temp_ref_c: float = 21.0, quantiles: Sequence[float] = (0.05, 0.95)
) -> pd.Series:
    """Return what figure 9 shows of a spread, plain and for a kelvin of cold outside.

    The error is in proportion to ``y_ref - w`` in the steady state, so that a mild period looks balanced; per kelvin
    of indoor over outdoor temperature, periods can be compared.

    Parameters
    ----------
    spread_k
        From `temperature_spread_k` [K].
    temp_outdoor_c
        Outdoor temperature [degC].
    temp_ref_c
        Reference of the rooms [degC].
    quantiles
        Which to give.

    Returns
    -------
    Series
        spread_median_k, spread_q05_k ..., spread_per_k_median, and the number of times counted.
    """
    spread, cold = np.asarray(spread_k, np.float64), temp_ref_c - np.asarray(temp_outdoor_c, np.float64)
    counted = np.isfinite(spread) & np.isfinite(cold) & (cold > 1.0)
    if not counted.any():
        raise DhsimError("no time with a spread and an outdoor temperature below the rooms': nothing to compare")
    values = {"spread_median_k": float(np.median(spread[counted]))}
    values |= {f"spread_q{round(100 * q):02d}_k": float(np.quantile(spread[counted], q)) for q in quantiles}
    values["spread_per_k_median"] = float(np.median(spread[counted] / cold[counted]))
    return pd.Series({**values, "times": float(counted.sum())})
