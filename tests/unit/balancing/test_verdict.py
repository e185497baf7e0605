"""Stop only where every flat was seen, the interval lies below the threshold, and no head throttles."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from dhsim.balancing.flags import Flag
from dhsim.balancing.posterior import Posterior
from dhsim.balancing.prior import ThetaPrior
from dhsim.balancing.verdict import verdict

STOP = 0.0025


def whole(scatter_rel: float, off_rel: float = 0.0, *flags: Flag) -> Posterior:
    """Of four flats whose draws scatter, two of them off the mean."""
    random = np.random.default_rng(1)
    theta = np.full(4, 2e-6)
    nu = theta * np.array([1.0 + off_rel, 1.0 - off_rel, 1.0, 1.0])
    draws = nu * np.exp(scatter_rel * random.standard_normal((2000, 4)))
    zeros = np.zeros(4)
    return Posterior(
        zone_ids=("a", "b", "c", "d"),
        method="kalman",
        step_s=3600.0,
        prior=ThetaPrior(theta, theta / 10.0),
        theta_per_s=theta,
        nu_per_s=nu,
        residual_sd_k=zeros,
        theta_samples_per_s=np.tile(theta, (2000, 1)),
        nu_samples_per_s=draws,
        prior_share_rel=zeros,
        pairs=np.full(4, 500),
        flags=flags,
    )


ASSUMED = Flag("assumed", "d", "not identified")
THROTTLED = Flag("trv", "b", "heads")


@pytest.mark.parametrize(
    ("fit", "word", "part"),
    [
        (whole(0.001), "stop", "may stop"),
        (whole(0.001, 0.0, ASSUMED), "stop in part", "3 of 4 flats identified"),
        (whole(0.05), "more data", "interval reaches"),
        (whole(0.05, 0.0, ASSUMED), "more data", "mend the sensors of d"),
        (whole(0.001, 0.0, THROTTLED), "cannot tell", "take the thermostatic heads off or open them fully"),
        (whole(0.2, 0.08, THROTTLED), "cannot tell", "heads throttle b"),
        (whole(0.2, 0.08), "more data", "above the threshold by less than"),
        (whole(0.001, 0.3), "go on", "above the threshold"),
        (whole(0.001, 0.3, THROTTLED), "go on", "but first"),
    ],
)
def test_the_word_goes_by_what_is_known(fit: Posterior, word: str, part: str) -> None:
    said = verdict(fit, STOP)
    assert said.word == word
    assert part in said.text
    assert said.may_stop == (word in ("stop", "stop in part"))


def test_no_word_comes_twice() -> None:
    assert "go on" not in verdict(whole(0.001, 0.3), STOP).text


def test_a_flat_is_counted_once() -> None:
    twice = dataclasses.replace(whole(0.001), flags=(ASSUMED, Flag("assumed", "d", "again")))
    said = verdict(twice, STOP)
    assert (said.identified, said.flats) == (3, 4)
