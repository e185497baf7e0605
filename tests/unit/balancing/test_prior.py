from __future__ import annotations

import numpy as np
import pytest

from dhsim.balancing.prior import prior_of_time_constants, prior_per_zone
from dhsim.errors import DhsimError


def test_three_standard_deviations_cover_the_time_constants():
    prior = prior_of_time_constants(4.0, 12.0)
    ends = 1.0 / (86400.0 * (prior.mean_per_s + np.array([-3.0, 3.0]) * prior.sd_per_s))
    np.testing.assert_allclose(ends, [12.0, 4.0])


@pytest.mark.parametrize("ends", [(0.0, 4.0), (5.0, 5.0), (12.0, 4.0)])
def test_empty_ranges_are_refused(ends):
    with pytest.raises(DhsimError, match="0 < shortest < longest"):
        prior_of_time_constants(*ends)


def test_one_prior_is_spread_over_the_zones():
    prior = prior_per_zone((1.0, 0.2), 3)
    np.testing.assert_array_equal(prior.sd_per_s, [0.2, 0.2, 0.2])


@pytest.mark.parametrize("prior", [(1.0, 0.0), (np.nan, 1.0), ([1.0, 2.0], 1.0)])
def test_unusable_priors_are_refused(prior):
    with pytest.raises(DhsimError, match="prior needs"):
        prior_per_zone(prior, 3)
