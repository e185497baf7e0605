"""Are a fit's residuals white? What is left of gains and slow walls in them makes intervals too narrow."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dhsim.balancing.flags import Flag, listed

Floats = NDArray[np.float64]

_SD_TO_ACT = 3.0
WIDENED_FLAGGED_REL = 1.2
_ZONES_FLAGGED_REL = 0.05


def long_run_covariance(score: Floats) -> Floats:
    """Return the covariance of the sum of a series of scores that may depend on each other.

    ``M = G_0 + sum_l (1 - l/(L + 1)) (G_l + G_l^T)``, ``G_l = sum_t s_t s_(t-l)^T``, ``L = sqrt(n)``

    Parameters
    ----------
    score
        One row a reading, shape (n_time, n_parameter).

    Returns
    -------
    ndarray
        Shape (n_parameter, n_parameter), in the square of the score's unit; never indefinite.

    Notes
    -----
    Source: W. K. Newey and K. D. West, Econometrica 55 (1987) 703, doi 10.2307/1913610. The number of lags is two days
    of hourly readings for a winter; memory that is longer is counted in part only.
    """
    centred = score - score.mean(axis=0)
    count, width = len(centred), lag_count(len(centred)) + 1
    # the weights are a box folded with itself: sums over a window that slides over the series
    running = np.concatenate([np.zeros((1, centred.shape[1])), np.cumsum(centred, axis=0)])
    end = np.arange(1, count + width)
    window = running[np.minimum(end, count)] - running[np.maximum(end - width, 0)]
    return np.asarray(window.T @ window / width)


def lag_count(count: int) -> int:
    """Return how many lags are looked at in a series of that length."""
    return round(math.sqrt(count))


def widening(covariance: Floats, prior_weight: Floats, score: Floats) -> tuple[Floats, float]:
    """Return the matrix that widens draws of the first two parameters about their middle, and by how much at most.

    ``C' = (A M^-1 A + P)^-1``, ``A = C^-1 - P``: what the data say counts as little as the long-run covariance M of
    their scores has it, the prior as before; draws are widened where C' is larger than C, and narrowed nowhere

    Parameters
    ----------
    covariance
        Of the draws C, shape (n_parameter, n_parameter).
    prior_weight
        Inverse covariance of the prior P.
    score
        Derivative of the logarithm of the likelihood of each reading, shape (n_time, n_parameter).

    Returns
    -------
    tuple
        Matrix for ``middle + matrix (draw - middle)``, shape (2, 2), and the largest factor on a standard deviation,
        1 where the residuals are as white as a sample of that length can tell.

    Notes
    -----
    The long-run covariance varies like one of ``3 n/(2 L)`` independent draws for L lags of n readings. The largest of
    its two stretches is above 1 by chance; what lies within three standard deviations of that is taken as white, so
    that intervals of a right model stay as they are. Source of that distribution: I. M. Johnstone, Ann. Statist. 29
    (2001) 295, doi 10.1214/aos/1009210544.
    """
    lengths = np.sqrt(np.diag(covariance))
    scale = np.outer(lengths, lengths)
    prior = prior_weight * scale
    told = np.linalg.pinv(covariance / scale, hermitian=True) - prior
    fewer = told @ np.linalg.pinv(long_run_covariance(score) * scale, hermitian=True) @ told
    wider = np.linalg.pinv(fewer + prior, hermitian=True)[:2, :2]
    values, vectors = np.linalg.eigh((covariance / scale)[:2, :2])
    values = np.maximum(values, np.finfo(float).eps)
    root, back = vectors * np.sqrt(values), (vectors / np.sqrt(values)).T
    stretch, turn = np.linalg.eigh(back @ wider @ back.T)
    stretch = np.where(stretch > _chance(score), stretch, 1.0)
    matrix = lengths[:2, None] * (root @ (turn * np.sqrt(stretch)) @ turn.T @ back) / lengths[:2]
    return matrix, float(np.sqrt(stretch.max()))


def _chance(score: Floats) -> float:
    """Return how large a stretch may come out of white residuals."""
    count = max(int(np.count_nonzero(score.any(axis=1))), 1)
    draws = 1.5 * count / lag_count(len(score))
    edge = 1.0 + np.sqrt(2.0 / draws)
    width = edge * (1.0 / np.sqrt(2.0) + 1.0 / np.sqrt(draws)) ** (1.0 / 3.0) / np.sqrt(draws)
    return float(edge**2 + _SD_TO_ACT * width)


def widened_flags(zone_ids: tuple[str, ...], widened_rel: Floats) -> list[Flag]:
    """Return a flag for each zone whose intervals were widened.

    Parameters
    ----------
    zone_ids
        Names.
    widened_rel
        Largest factor on a standard deviation of each [-].

    Returns
    -------
    list of Flag
        Kind "not white", one for all zones where it holds for more than one in twenty, with the median of the factors.
    """
    wide = np.flatnonzero(widened_rel > WIDENED_FLAGGED_REL)
    if wide.size <= _ZONES_FLAGGED_REL * len(zone_ids):
        return []
    middle = float(np.median(widened_rel[wide]))
    names = listed(zone_ids[z] for z in wide)
    text = f"residuals are not white in {wide.size} of {len(zone_ids)} zones ({names}): their intervals are widened "
    text += f"{middle:.2f}-fold (median; at most {float(widened_rel.max()):.2f}). Gains, walls or radiators do what "
    text += "the model has not; widening cures the scatter, not a bias"
    return [Flag("not white", "", text, middle)]
