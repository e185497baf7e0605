"""The Omsk heating curve, eqs. (1)-(6) of doi 10.3390/en18112772, and the rooms that it gives."""

from __future__ import annotations

import math

import pytest

from dhsim.physics.heat_load import relative_load
from dhsim.physics.heating_curve import (
    change_point_temp_c,
    operational_supply_temp_c,
    radiator_supply_temp_c,
    return_temp_c,
    supply_temp_c,
)
from dhsim.physics.mixing import mixed_temp_c
from dhsim.physics.radiator import heat_flow_w

CP = 4190.0
DESIGN_W = 300e3
ROOM_C, DOT_C = 20.0, -37.0
HEAD_K, RADIATOR_K, NETWORK_K, EXPONENT = 62.5, 25.0, 80.0, 0.8
CURVE = (ROOM_C, HEAD_K, RADIATOR_K, NETWORK_K, EXPONENT)
UA_W_K = DESIGN_W / (ROOM_C - DOT_C)
FLOW_KG_S = DESIGN_W / (CP * NETWORK_K)
LOG_HEAD_K = 25.0 / math.log(75.0 / 50.0)


def settled(
    temp_supply_c: float, temp_outdoor_c: float, flow: float = 1.0, log_mean: bool = False
) -> tuple[float, float]:
    """Return heat and room temperature in steady state: the room rises 1/UA per watt above the outdoor air."""
    head_k = LOG_HEAD_K if log_mean else HEAD_K
    heat_w = heat_flow_w(
        temp_supply_c,
        FLOW_KG_S * flow,
        2.2,
        temp_outdoor_c,
        1.0 / UA_W_K,
        DESIGN_W,
        head_k,
        1.0 / EXPONENT,
        float(log_mean),
        CP,
    )
    return float(heat_w), float(temp_outdoor_c + heat_w / UA_W_K)


@pytest.mark.parametrize(
    ("temp_outdoor_c", "load", "supply_c", "return_c", "radiator_c"),
    [
        (-37.0, 1.000, 150.0, 70.0, 95.0),
        (-20.0, 0.702, 114.4, 58.3, 75.9),
        (-10.0, 0.526, 92.9, 50.8, 64.0),
        (0.0, 0.351, 70.7, 42.7, 51.4),
        (2.0, 0.316, 66.2, 40.9, 48.8),
        (5.0, 0.263, 59.2, 38.2, 44.8),
        (8.0, 0.211, 52.2, 35.3, 40.6),
    ],
)
def test_curve_table(temp_outdoor_c: float, load: float, supply_c: float, return_c: float, radiator_c: float) -> None:
    """The table has one decimal, so half a digit is 0.05 K."""
    found = relative_load(temp_outdoor_c, ROOM_C, DOT_C)
    assert found == pytest.approx(load, abs=5.1e-4)
    assert supply_temp_c(found, 1.0, *CURVE) == pytest.approx(supply_c, abs=0.0501)
    assert return_temp_c(found, 1.0, *CURVE) == pytest.approx(return_c, abs=0.0501)
    assert radiator_supply_temp_c(found, 1.0, ROOM_C, HEAD_K, RADIATOR_K, EXPONENT) == pytest.approx(
        radiator_c, abs=0.0501
    )


@pytest.mark.parametrize(
    ("room_c", "dot_c", "network_k", "exponent", "cpt_c"),
    [
        (20.0, -37.0, 80.0, 0.80, 0.32),
        (20.0, -37.0, 80.0, 0.75, 0.96),
        (20.0, -37.0, 80.0, 0.85, -0.29),
        (20.0, -37.0, 80.0, 1.00, -1.92),
        (20.0, -36.0, 80.0, 0.80, 0.66),
        (20.0, -39.0, 80.0, 0.80, -0.37),
        (20.0, -37.0, 60.0, 0.80, -3.32),
    ],
)
def test_change_point_and_its_sensitivities(
    room_c: float, dot_c: float, network_k: float, exponent: float, cpt_c: float
) -> None:
    found = change_point_temp_c(70.0, room_c, dot_c, HEAD_K, RADIATOR_K, network_k, exponent)
    assert found == pytest.approx(cpt_c, abs=0.02)


def test_change_point_with_rooms_at_18() -> None:
    """150/95/70 stays the design, so the mean radiator head grows with the colder room: 82.5 - 18 = 64.5 K."""
    assert change_point_temp_c(70.0, 18.0, DOT_C, 64.5, RADIATOR_K, NETWORK_K, EXPONENT) == pytest.approx(
        -1.47, abs=0.02
    )


def test_design_curve_meets_110_far_from_minus_28() -> None:
    """The paper's 110 degC at -28 degC is not on its own curve."""
    assert change_point_temp_c(110.0, ROOM_C, DOT_C, HEAD_K, RADIATOR_K, NETWORK_K, EXPONENT) == pytest.approx(
        -17.9, abs=0.05
    )
    assert supply_temp_c(relative_load(-28.0, ROOM_C, DOT_C), 1.0, *CURVE) == pytest.approx(131.0, abs=0.5)


@pytest.mark.parametrize("temp_outdoor_c", [-17.0, -10.0, -5.0, 0.0])
def test_rooms_on_the_design_curve_settle_at_20(temp_outdoor_c: float) -> None:
    load = relative_load(temp_outdoor_c, ROOM_C, DOT_C)
    heat_w, room_c = settled(supply_temp_c(load, 1.0, *CURVE), temp_outdoor_c)
    assert room_c == pytest.approx(20.0, abs=1e-9)
    assert heat_w == pytest.approx(DESIGN_W * load, rel=1e-9)
    assert settled(supply_temp_c(load, 1.0, *CURVE), temp_outdoor_c, log_mean=True)[1] == pytest.approx(20.0, abs=0.05)


@pytest.mark.parametrize(("log_mean", "room_c", "surplus"), [(False, 23.25, 0.217), (True, 23.29, 0.219)])
def test_rooms_at_the_floor_and_plus_5(log_mean: bool, room_c: float, surplus: float) -> None:
    heat_w, found_c = settled(70.0, 5.0, log_mean=log_mean)
    assert found_c == pytest.approx(room_c, abs=0.01)
    assert heat_w / (DESIGN_W * relative_load(5.0, ROOM_C, DOT_C)) - 1.0 == pytest.approx(surplus, abs=1e-3)


def test_mixing_share_of_0338_restores_20() -> None:
    """The return that is mixed in is that of rooms at 20 degC."""
    mixed_c = mixed_temp_c(70.0, return_temp_c(relative_load(5.0, ROOM_C, DOT_C), 1.0, *CURVE), 0.338)
    assert settled(mixed_c, 5.0)[1] == pytest.approx(20.0, abs=0.01)


@pytest.mark.parametrize(("temp_outdoor_c", "room_c"), [(-5.0, 16.3), (-10.0, 12.9), (-20.0, 6.0), (-30.0, -0.9)])
def test_a_cap_of_70_below_the_change_point_underheats(temp_outdoor_c: float, room_c: float) -> None:
    """Why the literal reading of the control text (bypass below the CPT) cannot be meant."""
    assert settled(70.0, temp_outdoor_c)[1] == pytest.approx(room_c, abs=0.06)


@pytest.mark.parametrize(("flow", "room_c"), [(1.0, 13.0), (1.2, 16.0)])
def test_operational_line_underheats_in_hard_frost(flow: float, room_c: float) -> None:
    supply_c = operational_supply_temp_c(-28.0, 0.3, 70.0, -28.0, 110.0)
    assert settled(supply_c, -28.0, flow)[1] == pytest.approx(room_c, abs=0.5)
