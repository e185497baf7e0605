"""Mixing share and mixed temperature."""

from __future__ import annotations

import pytest

from dhsim.physics.mixing import mixed_temp_c, mixing_share


def test_share_reaches_the_set_point() -> None:
    share = mixing_share(77.2, 45.0, 70.0, 0.85)
    assert mixed_temp_c(77.2, 45.0, share) == pytest.approx(70.0)


@pytest.mark.parametrize(
    ("supply_c", "return_c", "set_c", "share"),
    [
        (70.0, 45.0, 70.0, 0.0),
        (68.0, 45.0, 70.0, 0.0),
        (70.0, 45.0, 20.0, 0.85),
        (47.0, 45.0, 40.0, 0.0),
        (40.0, 45.0, 30.0, 0.0),
    ],
)
def test_limits(supply_c: float, return_c: float, set_c: float, share: float) -> None:
    assert mixing_share(supply_c, return_c, set_c, 0.85) == share


def test_all_and_nothing() -> None:
    assert mixed_temp_c(70.0, 40.0, 0.0) == 70.0
    assert mixed_temp_c(70.0, 40.0, 1.0) == 40.0
